//! Grids of points on which a polynomial of bounded degrees is zero only if it is zero.

use super::monomial::{Exponents, Pairs};
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::numeric::random::Random;

/// The grid of one certificate.
pub struct Job<'a> {
    /// The graph.
    pub graph: &'a MixedGraph,
    /// Its observed variables.
    pub observed: &'a [usize],
    /// The effects that are not scaled to 1.
    pub effects: &'a [usize],
    /// The variances and covariances that are not scaled to 1.
    pub covariances: &'a [usize],
    /// The highest exponent of each effect.
    pub highest: &'a [usize],
    /// The highest sum of exponents of effects.
    pub total: usize,
    /// The highest sum of exponents of covariances.
    pub half: usize,
    /// The pairs of observed variables.
    pub pairs: &'a Pairs,
    /// The polynomial.
    pub terms: &'a [(Exponents, i64)],
    /// Whether to end.
    pub stop: fn() -> bool,
}

impl Job<'_> {
    /// The number of points at which the polynomial is zero modulo 2^K − 1; an error at a point where
    /// it is not, nothing when it was stopped or the prime has no such grid.
    pub fn run<const K: u32>(&self) -> Option<Result<u64, ()>> {
        let field = Mersenne::<K>;
        let residue = |w: &Weight, values: &[u64]| match w {
            Weight::Parameter(p) => values[*p],
            Weight::Constant(c) => field.signed(c.to_i64().unwrap_or(0)),
        };
        let program = Program::new(self.terms);
        let n = self.graph.size();
        let mut values = vec![1u64; self.graph.parameters.len()];
        let mut points = 0;
        let mut exponents = vec![0; self.effects.len()];
        let mut scratch = Scratch::default();
        let highest_omega = vec![self.half; self.covariances.len()];
        let mut batch = vec![[0u64; LANES]; self.pairs.all().len()];
        let mut filled = 0;
        loop {
            for (e, &k) in self.effects.iter().enumerate() {
                values[k] = field.place(e as u64, exponents[e] as u64)?;
            }
            // Δ² Σ would do at every point; where Δ is zero, Σ does not, and the grid is moved.
            let mut m = vec![vec![0u64; n]; n];
            for (v, row) in m.iter_mut().enumerate() {
                row[v] = 1;
            }
            for (a, b, w) in self.graph.effects() {
                m[a][b] = field.sub(0, residue(w, &values));
            }
            let total = field.inverse(m)?;
            let mut omega = vec![0; self.covariances.len()];
            loop {
                if points % 4096 == 0 && (self.stop)() {
                    return None;
                }
                for (e, &k) in self.covariances.iter().enumerate() {
                    values[k] = field.place(e as u64 + 8, omega[e] as u64)?;
                }
                let sigma: Vec<u64> = self
                    .pairs
                    .all()
                    .iter()
                    .map(|&(i, j)| {
                        let (i, j) = (self.observed[i], self.observed[j]);
                        let mut sum = 0;
                        for (a, b, w) in self.graph.covariances() {
                            let mut part = field.mul(total[a][i], total[b][j]);
                            if a != b {
                                part = field.add(part, field.mul(total[b][i], total[a][j]));
                            }
                            sum = field.add(sum, field.mul(residue(w, &values), part));
                        }
                        sum
                    })
                    .collect();
                points += 1;
                for (lanes, s) in batch.iter_mut().zip(&sigma) {
                    lanes[filled] = *s;
                }
                filled += 1;
                if filled == LANES {
                    if !program.vanishes::<K>(&batch, &mut scratch) {
                        return Some(Err(()));
                    }
                    filled = 0;
                }
                if !advance(&mut omega, &highest_omega, self.half) {
                    break;
                }
            }
            if !advance(&mut exponents, self.highest, self.total) {
                // Lanes that are not filled again hold points that were looked at before.
                let zero = program.vanishes::<K>(&batch, &mut scratch);
                return Some(if zero { Ok(points) } else { Err(()) });
            }
        }
    }
}

/// Points that are evaluated together, so that products do not wait for each other.
const LANES: usize = 8;

/// The next exponent vector below the bounds; whether there is one.
fn advance(exponents: &mut [usize], highest: &[usize], total: usize) -> bool {
    let mut sum: usize = exponents.iter().sum();
    for (e, &h) in exponents.iter_mut().zip(highest) {
        if *e < h && sum < total {
            *e += 1;
            return true;
        }
        sum -= *e;
        *e = 0;
    }
    false
}

/// A polynomial as a walk along its monomials in order, where a monomial shares the beginning of the
/// one before.
struct Program {
    /// Factors (place, exponent) of each monomial that differ from the one before, with how many
    /// are kept, and the coefficient.
    steps: Vec<(usize, Vec<(usize, usize)>, i64)>,
    highest: Vec<usize>,
}

#[derive(Default)]
struct Scratch {
    powers: Vec<Vec<[u64; LANES]>>,
    stack: Vec<[u64; LANES]>,
}

/// Orders of the variables that are tried for a program.
const ORDERS: usize = 40;

impl Program {
    /// The program of a polynomial in the order of its variables that shares most.
    fn new(terms: &[(Exponents, i64)]) -> Program {
        let width = terms.first().map_or(0, |(m, _)| m.len());
        let mut random = Random::new(23);
        let mut order: Vec<usize> = (0..width).collect();
        let mut best: Option<(usize, Program)> = None;
        for _ in 0..ORDERS {
            let program = Self::in_order(terms, &order);
            let cost = program.steps.iter().map(|(_, factors, _)| factors.len()).sum();
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, program));
            }
            random.shuffle(&mut order);
        }
        best.map(|(_, program)| program).expect("an order was tried")
    }

    fn in_order(terms: &[(Exponents, i64)], order: &[usize]) -> Program {
        let mut all: Vec<(Vec<(usize, usize)>, i64)> = terms
            .iter()
            .map(|(monomial, coefficient)| {
                let factors = order.iter().map(|&p| (p, usize::from(monomial[p])));
                (factors.filter(|(_, e)| *e > 0).collect(), *coefficient)
            })
            .collect();
        all.sort();
        let mut highest = vec![0; order.len()];
        let mut before: Vec<(usize, usize)> = Vec::new();
        let mut steps = Vec::new();
        for (factors, coefficient) in all {
            factors.iter().for_each(|&(place, e)| highest[place] = highest[place].max(e));
            let shared = factors.iter().zip(&before).take_while(|(a, b)| a == b).count();
            steps.push((shared, factors[shared..].to_vec(), coefficient));
            before = factors;
        }
        Program { steps, highest }
    }

    /// Whether the polynomial is zero at all points of a batch.
    fn vanishes<const K: u32>(&self, batch: &[[u64; LANES]], scratch: &mut Scratch) -> bool {
        let field = Mersenne::<K>;
        scratch.powers.resize(batch.len(), Vec::new());
        for ((list, s), &highest) in scratch.powers.iter_mut().zip(batch).zip(&self.highest) {
            list.clear();
            list.push([1; LANES]);
            for e in 0..highest {
                list.push(field.times(&list[e], s));
            }
        }
        let stack = &mut scratch.stack;
        stack.clear();
        stack.push([1; LANES]);
        // Whole coefficients below 2^50: sums of products stay below 2^127.
        let mut sums = [0i128; LANES];
        for (shared, factors, coefficient) in &self.steps {
            stack.truncate(shared + 1);
            for &(place, e) in factors {
                let last = &stack[stack.len() - 1];
                let next = field.times(last, &scratch.powers[place][e]);
                stack.push(next);
            }
            let last = &stack[stack.len() - 1];
            for (sum, x) in sums.iter_mut().zip(last) {
                *sum += i128::from(*coefficient) * i128::from(*x);
            }
        }
        sums.iter().all(|s| s % i128::from(Mersenne::<K>::P) == 0)
    }
}

/// Residues modulo 2^K − 1.
#[derive(Clone, Copy)]
struct Mersenne<const K: u32>;

impl<const K: u32> Mersenne<K> {
    const P: u64 = (1 << K) - 1;

    #[inline]
    fn add(self, a: u64, b: u64) -> u64 {
        let s = a + b;
        if s >= Self::P { s - Self::P } else { s }
    }

    #[inline]
    fn sub(self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + Self::P - b }
    }

    #[inline]
    fn mul(self, a: u64, b: u64) -> u64 {
        let wide = u128::from(a) * u128::from(b);
        let s = (wide as u64 & Self::P) + (wide >> K) as u64;
        if s >= Self::P { s - Self::P } else { s }
    }

    #[inline]
    fn times(self, a: &[u64; LANES], b: &[u64; LANES]) -> [u64; LANES] {
        std::array::from_fn(|k| self.mul(a[k], b[k]))
    }

    #[inline]
    fn signed(self, value: i64) -> u64 {
        value.rem_euclid(Self::P as i64) as u64
    }

    /// A coordinate of the grid: distinct residues for the places of one axis; nothing when the prime
    /// is too small for them.
    fn place(self, axis: u64, at: u64) -> Option<u64> {
        (at < Self::P / 2).then(|| {
            let start = (axis + 2).wrapping_mul(0x9e37_79b9_7f4a_7c15) % Self::P;
            self.add(start, at)
        })
    }

    fn inverse(self, m: Vec<Vec<u64>>) -> Option<Vec<Vec<u64>>> {
        let n = m.len();
        let mut rows: Vec<Vec<u64>> = m
            .into_iter()
            .enumerate()
            .map(|(i, row)| row.into_iter().chain((0..n).map(|j| u64::from(i == j))).collect())
            .collect();
        for c in 0..n {
            let found = (c..n).find(|&r| rows[r][c] != 0)?;
            rows.swap(c, found);
            let inverse = self.power(rows[c][c], Self::P - 2);
            rows[c].iter_mut().for_each(|x| *x = self.mul(*x, inverse));
            let pivot = rows[c].clone();
            for (r, row) in rows.iter_mut().enumerate() {
                if r != c && row[c] != 0 {
                    let factor = Self::P - row[c];
                    for (x, y) in row.iter_mut().zip(&pivot) {
                        *x = self.add(*x, self.mul(factor, *y));
                    }
                }
            }
        }
        Some(rows.into_iter().map(|r| r[n..].to_vec()).collect())
    }

    fn power(self, mut base: u64, mut exponent: u64) -> u64 {
        let mut result = 1;
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = self.mul(result, base);
            }
            base = self.mul(base, base);
            exponent >>= 1;
        }
        result
    }
}
