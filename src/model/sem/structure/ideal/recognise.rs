//! Names of vanishing polynomials: what statisticians call them.

use num_integer::Integer;
use rustc_hash::FxHashMap;

use super::monomial::{Exponents, Pairs};

/// What a vanishing polynomial is called; positions are those of observed variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// `σ_ij = 0`.
    Covariance(usize, usize),
    /// The partial correlation of two variables given others.
    PartialCorrelation(usize, usize, Vec<usize>),
    /// A minor of two rows and two columns, all different (Spearman 1904).
    Tetrad([usize; 2], [usize; 2]),
    /// A minor: rows and columns are separated by few vertices on all treks (Sullivant, Talaska,
    /// Draisma 2010).
    Minor(Vec<usize>, Vec<usize>),
    /// The constraint of Verma's graph `1 -> 2 -> 3 -> 4`, `1 -> 3`, `2 <-> 4` (Verma, Pearl 1990),
    /// by the variables in its places.
    Verma([usize; 4]),
}

/// Terms in the order of their monomials.
type Terms = Vec<(Exponents, i64)>;

/// The minor of Σ with these rows and columns.
pub fn minor(pairs: &Pairs, rows: &[usize], columns: &[usize]) -> Terms {
    fn expand(
        pairs: &Pairs,
        rows: &[usize],
        columns: &mut Vec<usize>,
        sign: i64,
        current: &mut [u8],
        all: &mut FxHashMap<Exponents, i64>,
    ) {
        let Some((&row, rest)) = rows.split_first() else {
            *all.entry(Exponents::from(&*current)).or_default() += sign;
            return;
        };
        for k in 0..columns.len() {
            let column = columns.remove(k);
            let place = pairs.place(row, column);
            current[place] += 1;
            let sign = if k % 2 == 1 { -sign } else { sign };
            expand(pairs, rest, columns, sign, current, all);
            current[place] -= 1;
            columns.insert(k, column);
        }
    }
    let mut all = FxHashMap::default();
    let mut current = vec![0u8; pairs.all().len()];
    expand(pairs, rows, &mut columns.to_vec(), 1, &mut current, &mut all);
    standard(all.into_iter().collect())
}

/// Sorted, without zeros and common divisors, the first coefficient positive.
fn standard(mut terms: Terms) -> Terms {
    terms.retain(|(_, c)| *c != 0);
    terms.sort_by(|a, b| b.0.cmp(&a.0));
    let divisor = terms.iter().fold(0, |d: i64, (_, c)| d.gcd(c));
    let sign = terms.first().map_or(1, |(_, c)| c.signum());
    terms.iter_mut().for_each(|(_, c)| *c = *c / divisor * sign);
    terms
}

/// The product of two polynomials.
fn times(a: &Terms, b: &Terms) -> FxHashMap<Exponents, i64> {
    let mut all: FxHashMap<Exponents, i64> = FxHashMap::default();
    for (m, x) in a {
        for (n, y) in b {
            let product = m.iter().zip(&**n).map(|(e, f)| e + f).collect();
            *all.entry(product).or_default() += x * y;
        }
    }
    all
}

/// The largest minor that is compared.
const LARGEST: usize = 5;

/// The name of a polynomial of a multidegree.
pub fn recognise(pairs: &Pairs, degree: &[usize], terms: &[(Exponents, i64)]) -> Option<Name> {
    let mine = standard(terms.to_vec());
    if mine.is_empty() {
        return None;
    }
    let once: Vec<usize> = (0..degree.len()).filter(|&v| degree[v] == 1).collect();
    let twice: Vec<usize> = (0..degree.len()).filter(|&v| degree[v] == 2).collect();
    let size = degree.iter().sum::<usize>() / 2;
    if size == 1 {
        return match once.as_slice() {
            [i, j] => Some(Name::Covariance(*i, *j)),
            _ => None,
        };
    }
    if degree.iter().all(|d| *d <= 2) && size <= LARGEST {
        // Variables of degree 2 are in rows and columns, the others in one of them.
        for half in halves(&once) {
            let rows: Vec<usize> = half.iter().chain(&twice).copied().collect();
            let rest = once.iter().filter(|v| !half.contains(v));
            let columns: Vec<usize> = rest.chain(&twice).copied().collect();
            if minor(pairs, &rows, &columns) == mine {
                return Some(match (once.as_slice(), twice.as_slice()) {
                    ([i, j], given) => Name::PartialCorrelation(*i, *j, given.to_vec()),
                    ([_, _, _, _], []) => {
                        Name::Tetrad([rows[0], rows[1]], [columns[0], columns[1]])
                    }
                    _ => Name::Minor(rows, columns),
                });
            }
        }
    }
    verma(pairs, degree, &mine)
}

/// The halves of a list that hold its first element.
fn halves(list: &[usize]) -> Vec<Vec<usize>> {
    if list.is_empty() {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for mask in 0u32..1 << list.len().min(2 * LARGEST) {
        if mask & 1 == 1 && mask.count_ones() as usize * 2 == list.len() {
            found.push((0..list.len()).filter(|k| mask >> k & 1 == 1).map(|k| list[k]).collect());
        }
    }
    found
}

/// `σ_13 |Σ_{123,124}| = σ_14 |Σ_{123,123}|` up to the names of the variables: the effect of 3 on 4 by
/// the instrument 1 is that by what is left of 3 given 1 and 2.
fn verma(pairs: &Pairs, degree: &[usize], mine: &Terms) -> Option<Name> {
    let involved: Vec<usize> = (0..degree.len()).filter(|&v| degree[v] > 0).collect();
    let [a, b, c, d] = involved.as_slice() else { return None };
    let list = [*a, *b, *c, *d];
    let mut orders = Vec::new();
    for w in 0..4 {
        for x in (0..4).filter(|x| *x != w) {
            for y in (0..4).filter(|y| *y != w && *y != x) {
                orders.push([list[w], list[x], list[y], list[6 - w - x - y]]);
            }
        }
    }
    orders.into_iter().find_map(|[p, q, r, s]| {
        let entry = |i: usize, j: usize| -> Terms {
            let mut monomial = vec![0u8; pairs.all().len()];
            monomial[pairs.place(i, j)] = 1;
            vec![(monomial.into(), 1)]
        };
        let with_sign = |rows: &[usize], columns: &[usize]| signed_minor(pairs, rows, columns);
        let mut all = times(&entry(p, r), &with_sign(&[p, q, r], &[p, q, s]));
        for (m, c) in times(&entry(p, s), &with_sign(&[p, q, r], &[p, q, r])) {
            *all.entry(m).or_default() -= c;
        }
        (standard(all.into_iter().collect()) == *mine).then_some(Name::Verma([p, q, r, s]))
    })
}

/// A minor with its own sign and scale.
fn signed_minor(pairs: &Pairs, rows: &[usize], columns: &[usize]) -> Terms {
    let normal = minor(pairs, rows, columns);
    // The product along the diagonal has the coefficient one, unless others fall together with it.
    let mut diagonal = vec![0u8; pairs.all().len()];
    for (r, c) in rows.iter().zip(columns) {
        diagonal[pairs.place(*r, *c)] += 1;
    }
    let at = normal.iter().find(|(m, _)| **m == *diagonal).map_or(1, |(_, c)| *c);
    normal.into_iter().map(|(m, c)| (m, c * at.signum())).collect()
}
