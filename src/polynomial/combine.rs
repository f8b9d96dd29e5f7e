//! True factors as products of factors of an image: combinations are tried, small ones first.

use super::budget::Exceeded;

/// How a search has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Searched {
    /// What is left has no further factors.
    All,
    /// So many combinations were tried that it was given up.
    GivenUp,
}

/// Tries combinations of parts, by their number and then in lexicographic order. `taken` says whether
/// a combination was a factor; its parts are left out from there on. At most half of the parts are
/// combined: what is left is a factor itself.
pub(super) fn combined<T>(
    mut parts: Vec<T>,
    most: u64,
    mut taken: impl FnMut(&[T], &[usize]) -> Result<bool, Exceeded>,
) -> Result<Searched, Exceeded> {
    let (mut tried, mut size) = (0, 1);
    while 2 * size <= parts.len() {
        let mut chosen: Vec<usize> = (0..size).collect();
        loop {
            tried += 1;
            if tried > most {
                return Ok(Searched::GivenUp);
            }
            if taken(&parts, &chosen)? {
                let mut k = 0;
                parts.retain(|_| {
                    k += 1;
                    !chosen.contains(&(k - 1))
                });
                break;
            }
            if !next(&mut chosen, parts.len()) {
                size += 1;
                break;
            }
        }
    }
    Ok(Searched::All)
}

/// The next combination in lexicographic order.
fn next(chosen: &mut [usize], n: usize) -> bool {
    let size = chosen.len();
    let Some(at) = (0..size).rev().find(|&k| chosen[k] < n - size + k) else { return false };
    chosen[at] += 1;
    for k in at + 1..size {
        chosen[k] = chosen[k - 1] + 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_tried_once_and_taken_parts_left_out() {
        let mut seen = Vec::new();
        let found = combined(vec![2, 3, 5, 7], 100, |parts, chosen| {
            let product: u32 = chosen.iter().map(|&k| parts[k]).product();
            seen.push(product);
            Ok(product == 21)
        });
        assert_eq!(found, Ok(Searched::All));
        // 2 and 5 are left after 3 and 7; no pair is tried of two.
        assert_eq!(seen, [2, 3, 5, 7, 6, 10, 14, 15, 21]);
        assert_eq!(combined(vec![1; 9], 5, |_, _| Ok(false)), Ok(Searched::GivenUp));
    }
}
