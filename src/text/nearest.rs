//! The known name that a misspelt one most likely meant.

/// The candidate nearest to `name`, if it is near enough to be worth suggesting.
///
/// Distance is the number of inserted, deleted, replaced or swapped neighbouring characters
/// (Damerau 1964, optimal string alignment); a difference of case only counts as less than one.
/// The first of equally near candidates wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().take(LONGEST + 1).collect();
    if wanted.len() > LONGEST {
        return None;
    }
    // Doubled, so that a change of case fits between no change and one change.
    let most = 2 * wanted.len().div_ceil(3).min(3);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|&(d, _)| d <= most)
        .min_by_key(|&(d, _)| d)
        .map(|(_, candidate)| candidate)
}

/// Names longer than this get no suggestion: the work is quadratic in their length.
const LONGEST: usize = 64;

/// Twice the edit distance, with 1 for a change of case.
fn distance(a: &[char], candidate: &str) -> usize {
    let b: Vec<char> = candidate.chars().take(LONGEST + 1).collect();
    if b.len() > LONGEST {
        return usize::MAX;
    }
    let replace = |x: char, y: char| match (x == y, x.eq_ignore_ascii_case(&y)) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).map(|j| 2 * j).collect();
    for i in 1..=a.len() {
        rows[i][0] = 2 * i;
        for j in 1..=b.len() {
            let mut best = rows[i - 1][j - 1] + replace(a[i - 1], b[j - 1]);
            best = best.min(rows[i - 1][j] + 2).min(rows[i][j - 1] + 2);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 2);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("Bb", ["A", "B", "C"]), Some("B"));
        assert_eq!(nearest("Sin", ["asin", "sin"]), Some("sin"));
        assert_eq!(nearest("paramter", ["state", "parameter"]), Some("parameter"));
        assert_eq!(nearest("setp", ["step"]), Some("step"));
        assert_eq!(nearest("flux", ["k1", "total"]), None);
        assert_eq!(nearest("x", ["x"]), None);
    }
}
