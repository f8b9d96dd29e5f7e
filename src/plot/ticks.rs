//! Round numbers along an axis and their labels.

/// The ticks of an axis: places between 0 and 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ticks {
    /// Places and labels.
    pub(super) major: Vec<(f64, String)>,
    /// Places without labels between them, on logarithmic axes.
    pub(super) minor: Vec<f64>,
    /// What was subtracted from each label, when the values differ only in late digits.
    pub(super) offset: Option<String>,
}

type Place<'a> = &'a dyn Fn(f64) -> Option<f64>;
type Fits<'a> = &'a dyn Fn(&[(f64, String)]) -> bool;

/// More digits than this in a label, and what the labels have in common is said once.
const DIGITS: u32 = 6;

/// Multiples of 1, 2 or 5 times a power of ten (after Heckbert 1990, "Nice numbers for graph
/// labels"): the finest that fits, with at least one tick.
pub(super) fn linear(low: f64, high: f64, most: usize, place: Place, fits: Fits) -> Ticks {
    for count in (1..=most.max(2)).rev() {
        let ticks = multiples(low, high, (high / 2.0 - low / 2.0) / count as f64 * 2.0, place);
        if !ticks.major.is_empty() && (fits(&ticks.major) || ticks.major.len() == 1) {
            return ticks;
        }
    }
    Ticks::default()
}

/// Multiples of the first round step that is at least `wanted`.
fn multiples(low: f64, high: f64, wanted: f64, place: Place) -> Ticks {
    let mut exponent = libm::log10(wanted).floor() as i32;
    let digit = [1_i64, 2, 5].into_iter().find(|d| decimal(*d, exponent) >= wanted * (1.0 - 1e-9));
    let digit = digit.unwrap_or_else(|| {
        exponent += 1;
        1
    });
    let step = decimal(digit, exponent);
    if !(step.is_normal() && step.is_finite()) {
        return Ticks::default();
    }
    // Tick number `i` is `i * digit * 10^exponent`: whole numbers, so labels are exact.
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let numbers: Vec<i64> = (first..=last).map(|i| i * digit).collect();
    let base = common(&numbers, exponent);
    let major = numbers
        .iter()
        .filter_map(|&n| Some((place(decimal(n, exponent))?, label(n - base, exponent))))
        .collect();
    let offset = (base != 0).then(|| label(base, exponent));
    Ticks { major, minor: Vec::new(), offset }
}

/// The part of long numbers that is the same in all of them, or 0.
fn common(numbers: &[i64], exponent: i32) -> i64 {
    let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else { return 0 };
    let width = |n: i64| n.unsigned_abs().checked_ilog10().map_or(1, |d| d + 1);
    let longest = width(first).max(width(last));
    // Zeros at the end of a whole number are not digits that one must read.
    let trailing = numbers.iter().all(|n| n % 1000 == 0) && exponent >= 0;
    if longest <= DIGITS || trailing || numbers.len() < 2 {
        return 0;
    }
    let unit = 10_i64.pow(width(last - first));
    first.div_euclid(unit) * unit
}

/// `number * 10^exponent` as the nearest double.
fn decimal(number: i64, exponent: i32) -> f64 {
    format!("{number}e{exponent}").parse().unwrap_or(f64::NAN)
}

/// `number * 10^exponent` in digits: `0.002`, `1500`, `1.5e-12`.
fn label(number: i64, exponent: i32) -> String {
    if number == 0 {
        return "0".into();
    }
    let sign = if number < 0 { "-" } else { "" };
    let digits = number.unsigned_abs().to_string();
    let significant = digits.trim_end_matches('0');
    // The power of ten of the first digit.
    let leading = digits.len() as i32 - 1 + exponent;
    if (-4..6).contains(&leading) {
        let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
        let after = significant.len() as i32 - 1 - leading;
        return if leading < 0 {
            format!("{sign}0.{}{significant}", zeros(-leading - 1))
        } else if after > 0 {
            let (whole, rest) = significant.split_at(significant.len() - after as usize);
            format!("{sign}{whole}.{rest}")
        } else {
            format!("{sign}{significant}{}", zeros(-after))
        };
    }
    let (head, tail) = significant.split_at(1);
    let point = if tail.is_empty() { "" } else { "." };
    format!("{sign}{head}{point}{tail}e{leading}")
}

/// Powers of ten, every power or every few as fits; within two decades also their multiples, and
/// in a part of one decade the ticks of a linear axis. `low` and `high` are decimal logarithms.
pub(super) fn logarithmic(low: f64, high: f64, most: usize, place: Place, fits: Fits) -> Ticks {
    let (first, last) = ((low - 1e-9).ceil() as i32, (high + 1e-9).floor() as i32);
    if last - first < 1 {
        let multiples: Vec<i64> = if high - low > 0.7 { vec![1, 2, 5] } else { vec![] };
        let major = labelled(first - 1..=last + 1, &multiples, place);
        if major.len() > 1 && fits(&major) {
            return Ticks { major, minor: minor(first - 1..=last, place), offset: None };
        }
        return linear(libm::exp10(low), libm::exp10(high), most, place, fits);
    }
    for stride in [1, 2, 3, 5, 10, 20, 50, 100, 200, 500] {
        let exponents = (first..=last).filter(|e| e % stride == 0);
        let plain = first >= -3 && last <= 4;
        let major: Vec<(f64, String)> = exponents
            .filter_map(|e| {
                let text = if plain { label(1, e) } else { format!("1e{e}") };
                Some((inside(place(decimal(1, e)))?, text))
            })
            .collect();
        if !major.is_empty() && major.len() <= most.max(2) && fits(&major) || stride == 500 {
            let minor = match last - first {
                0..=8 if stride == 1 => minor(first - 1..=last, place),
                0..=40 if stride > 1 => {
                    (first..=last).filter_map(|e| inside(place(decimal(1, e)))).collect()
                }
                _ => Vec::new(),
            };
            return Ticks { major, minor, offset: None };
        }
    }
    Ticks::default()
}

fn labelled(
    exponents: impl Iterator<Item = i32>,
    multiples: &[i64],
    place: Place,
) -> Vec<(f64, String)> {
    exponents
        .flat_map(|e| multiples.iter().map(move |&m| (m, e)))
        .filter_map(|(m, e)| Some((inside(place(decimal(m, e)))?, label(m, e))))
        .collect()
}

/// Two to nine times each power.
fn minor(exponents: impl Iterator<Item = i32>, place: Place) -> Vec<f64> {
    exponents
        .flat_map(|e| (2..10).map(move |m| (m, e)))
        .filter_map(|(m, e)| inside(place(decimal(m, e))))
        .collect()
}

fn inside(place: Option<f64>) -> Option<f64> {
    place.filter(|p| (-1e-9..=1.0 + 1e-9).contains(p))
}

#[cfg(test)]
mod tests {
    use super::label;

    /// Expected texts are what the standard library writes for the same numbers where it uses the
    /// same notation.
    #[test]
    fn labels_are_the_numbers() {
        for (number, exponent, text) in [
            (0, 5, "0"),
            (1, -12, "1e-12"),
            (15, -13, "1.5e-12"),
            (-25, -1, "-2.5"),
            (2, -4, "0.0002"),
            (20, -5, "0.0002"),
            (2, -5, "2e-5"),
            (1, 5, "100000"),
            (1, 6, "1e6"),
            (1200, 0, "1200"),
            (1200, -2, "12"),
            (1205, -2, "12.05"),
        ] {
            assert_eq!(label(number, exponent), text);
            let value: f64 = text.parse().expect("a number");
            assert_eq!(value, super::decimal(number, exponent));
        }
    }
}
