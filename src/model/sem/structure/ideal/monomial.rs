//! Monomials in the covariances of a given multidegree: symmetric matrices with given row sums.

/// The exponents of a monomial, one for each pair of [`Pairs`].
pub type Exponents = Box<[u8]>;

/// The pairs `i <= j` of observed variables in order, by positions among the observed.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// The number of variables.
    pub size: usize,
    list: Vec<(usize, usize)>,
}

impl Pairs {
    /// The pairs of `size` variables.
    pub fn new(size: usize) -> Pairs {
        let list = (0..size).flat_map(|i| (i..size).map(move |j| (i, j))).collect();
        Pairs { size, list }
    }

    /// All pairs.
    pub fn all(&self) -> &[(usize, usize)] {
        &self.list
    }

    /// The place of a pair in any order.
    pub fn place(&self, i: usize, j: usize) -> usize {
        let (i, j) = (i.min(j), i.max(j));
        i * self.size - i * (i + 1) / 2 + j
    }

    /// The multidegree of a monomial.
    pub fn degree(&self, monomial: &[u8]) -> Vec<usize> {
        let mut degree = vec![0; self.size];
        for (&(i, j), &e) in self.list.iter().zip(monomial) {
            degree[i] += usize::from(e);
            degree[j] += usize::from(e);
        }
        degree
    }

    /// All monomials of a multidegree in the pairs that are `allowed`, in descending order of their
    /// exponents; nothing when there are more than `most`.
    pub fn monomials(
        &self,
        degree: &[usize],
        allowed: &[bool],
        most: usize,
    ) -> Option<Vec<Exponents>> {
        let mut found = Vec::new();
        let mut left = degree.to_vec();
        let mut current = vec![0u8; self.list.len()];
        let complete = self.extend(0, &mut left, &mut current, allowed, most, &mut found);
        complete.then_some(found)
    }

    fn extend(
        &self,
        at: usize,
        left: &mut [usize],
        current: &mut [u8],
        allowed: &[bool],
        most: usize,
        found: &mut Vec<Exponents>,
    ) -> bool {
        let Some(&(i, j)) = self.list.get(at) else {
            if left.iter().all(|d| *d == 0) {
                found.push(current.into());
            }
            return found.len() <= most;
        };
        let room = if i == j { left[i] / 2 } else { left[i].min(left[j]) };
        // The last pair of a variable takes what is left of it.
        let last = j + 1 == self.size;
        let room = if allowed[at] { room.min(255) } else { 0 };
        let least = if last { if i == j { left[i].div_ceil(2) } else { left[i] } } else { 0 };
        for e in (least..=room).rev() {
            left[i] -= e;
            left[j] -= e;
            current[at] = e as u8;
            let more = self.extend(at + 1, left, current, allowed, most, found);
            current[at] = 0;
            left[i] += e;
            left[j] += e;
            if !more {
                return false;
            }
        }
        true
    }
}

/// How many ways there are to write a sum with so many numbers.
pub fn ways(sum: usize, numbers: usize) -> f64 {
    (1..numbers).fold(1.0, |w, k| w * (sum + k) as f64 / k as f64)
}

/// Multidegrees of a sum that stay non-negative with a weight, in ascending order.
pub fn multidegrees(sum: usize, weight: &[i64]) -> Vec<Vec<usize>> {
    fn extend(left: usize, weight: &[i64], current: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        let at = current.len();
        if at == weight.len() {
            if left == 0 {
                all.push(current.clone());
            }
            return;
        }
        let least = (-weight[at]).max(0) as usize;
        for d in least..=left {
            current.push(d);
            extend(left - d, weight, current, all);
            current.pop();
        }
    }
    let mut all = Vec::new();
    extend(sum, weight, &mut Vec::new(), &mut all);
    all
}
