//! Boxes of indices: which elements a family covers, and which none does.

/// An inclusive range for each dimension; no dimensions for a scalar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region(pub Vec<(i64, i64)>);

impl Region {
    /// A point that two regions of the same dimensions share.
    pub fn meets(&self, other: &Region) -> Option<Vec<i64>> {
        let pairs = self.0.iter().zip(&other.0);
        pairs
            .map(|(a, b)| {
                let low = a.0.max(b.0);
                (low <= a.1.min(b.1)).then_some(low)
            })
            .collect()
    }

    /// The first point of the region, in row-major order, that no part covers.
    pub fn first_outside(&self, parts: &[Region]) -> Option<Vec<i64>> {
        let mut point = Vec::with_capacity(self.0.len());
        let parts: Vec<&Region> = parts.iter().collect();
        self.search(&parts, &mut point).then_some(point)
    }

    /// Disjoint regions that together hold the points which no part covers.
    pub fn outside(&self, parts: &[Region]) -> Vec<Region> {
        let mut left = vec![self.clone()];
        for part in parts {
            left = left.iter().flat_map(|region| region.without(part)).collect();
        }
        left
    }

    /// The points of the region that another does not cover, in disjoint regions.
    fn without(&self, other: &Region) -> Vec<Region> {
        if self.meets(other).is_none() {
            return vec![self.clone()];
        }
        let (mut rest, mut cut) = (self.clone(), Vec::new());
        for (dimension, &(low, high)) in other.0.iter().enumerate() {
            let (from, to) = rest.0[dimension];
            for (part, is_there) in [((from, low - 1), from < low), ((high + 1, to), high < to)] {
                if is_there {
                    let mut side = rest.clone();
                    side.0[dimension] = part;
                    cut.push(side);
                }
            }
            rest.0[dimension] = (from.max(low), to.min(high));
        }
        cut
    }

    /// Extends a prefix of coordinates, inside all given parts, to a point outside all of them.
    fn search(&self, parts: &[&Region], point: &mut Vec<i64>) -> bool {
        let depth = point.len();
        let Some(&(from, to)) = self.0.get(depth) else {
            return parts.is_empty();
        };
        // Coverage changes only where a part starts or has just ended.
        let mut corners: Vec<i64> = vec![from];
        for part in parts {
            let (low, high) = part.0[depth];
            corners.extend([low, high.saturating_add(1)]);
        }
        corners.retain(|&c| from <= c && c <= to);
        corners.sort_unstable();
        corners.dedup();
        for corner in corners {
            let inside = |p: &&&Region| (p.0[depth].0..=p.0[depth].1).contains(&corner);
            let rest: Vec<&Region> = parts.iter().filter(inside).copied().collect();
            point.push(corner);
            if self.search(&rest, point) {
                return true;
            }
            point.pop();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_uncovered_point_is_found_without_visiting_all() {
        let whole = Region(vec![(1, 1_000_000_000), (1, 5)]);
        let left = Region(vec![(1, 999_999_999), (1, 5)]);
        let right = Region(vec![(1_000_000_000, 1_000_000_000), (1, 3)]);
        let missing = whole.first_outside(&[left.clone(), right.clone()]);
        assert_eq!(missing, Some(vec![1_000_000_000, 4]));
        assert_eq!(left.meets(&right), None);
        let rest = whole.outside(&[left.clone(), right.clone()]);
        assert_eq!(rest, [Region(vec![(1_000_000_000, 1_000_000_000), (4, 5)])]);
        let middle = Region(vec![(1, 9), (1, 9)]).outside(&[Region(vec![(3, 4), (5, 5)])]);
        let points: i64 =
            middle.iter().map(|r| r.0.iter().map(|d| d.1 - d.0 + 1).product::<i64>()).sum();
        assert_eq!((middle.len(), points), (4, 79));
        let scalar = Region(vec![]);
        assert_eq!(scalar.outside(std::slice::from_ref(&scalar)), []);
        assert_eq!(scalar.first_outside(&[]), Some(vec![]));
        assert_eq!(scalar.first_outside(std::slice::from_ref(&scalar)), None);
        assert_eq!(scalar.meets(&scalar), Some(vec![]));
    }
}
