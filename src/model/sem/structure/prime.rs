//! Arithmetic and linear algebra modulo the prime 2^61 − 1.

use num_integer::Integer;

use crate::model::sem::graph::Weight;
use crate::numeric::random::Random;
use crate::term::Number;
pub use crate::term::modular::{P, add, from_i64, invert, mul, mul_add, power, residue, sub};

/// The residue of a rational; a denominator that the prime divides gives zero.
pub fn from_number(value: &Number) -> u64 {
    residue(value).unwrap_or(0)
}

/// The residue of a coefficient.
pub fn value(weight: &Weight, values: &[u64]) -> u64 {
    match weight {
        Weight::Parameter(p) => values[*p],
        Weight::Constant(c) => from_number(c),
    }
}

/// The fraction `n/d` with small `|n|` and `d` of a residue (Wang 1981); nothing when there is none
/// with both below 2^30.
pub fn reconstruct(residue: u64) -> Option<(i64, i64)> {
    let (mut r0, mut r1) = (P as i64, residue as i64);
    let (mut t0, mut t1) = (0i64, 1i64);
    while r1 >= 1 << 30 {
        let q = r0 / r1;
        (r0, r1) = (r1, r0 - q * r1);
        (t0, t1) = (t1, t0 - q * t1);
    }
    let (n, d) = if t1 < 0 { (-r1, -t1) } else { (r1, t1) };
    (d != 0 && d < 1 << 30 && n.gcd(&d) == 1).then_some((n, d))
}

/// A random residue other than zero.
pub fn random(random: &mut Random) -> u64 {
    1 + random.bits() % (P - 1)
}

/// Several random residues other than zero.
pub fn randoms(source: &mut Random, count: usize) -> Vec<u64> {
    (0..count).map(|_| random(source)).collect()
}

/// Brings a matrix to reduced row echelon form; the columns of its pivots.
pub fn reduce(rows: &mut Vec<Vec<u64>>) -> Vec<usize> {
    let width = rows.first().map_or(0, Vec::len);
    let mut pivots = Vec::new();
    for column in 0..width {
        let done = pivots.len();
        let Some(found) = (done..rows.len()).find(|&r| rows[r][column] != 0) else { continue };
        rows.swap(done, found);
        let inverse = invert(rows[done][column]);
        rows[done][column..].iter_mut().for_each(|x| *x = mul(*x, inverse));
        let pivot = std::mem::take(&mut rows[done]);
        for row in rows.iter_mut().filter(|r| !r.is_empty()) {
            let factor = row[column];
            if factor != 0 {
                let factor = P - factor;
                for (x, y) in row[column..].iter_mut().zip(&pivot[column..]) {
                    *x = mul_add(factor, *y, *x);
                }
            }
        }
        rows[done] = pivot;
        pivots.push(column);
        if pivots.len() == rows.len() {
            break;
        }
    }
    rows.truncate(pivots.len());
    pivots
}

/// The rank of a matrix.
pub fn rank(mut rows: Vec<Vec<u64>>) -> usize {
    reduce(&mut rows).len()
}

/// The determinant of a square matrix.
pub fn determinant(mut m: Vec<Vec<u64>>) -> u64 {
    let n = m.len();
    let mut result = 1;
    for c in 0..n {
        let Some(found) = (c..n).find(|&r| m[r][c] != 0) else { return 0 };
        if found != c {
            m.swap(c, found);
            result = sub(0, result);
        }
        result = mul(result, m[c][c]);
        let inverse = invert(m[c][c]);
        let pivot = m[c].clone();
        for row in &mut m[c + 1..] {
            let factor = sub(0, mul(row[c], inverse));
            if factor != 0 {
                for (x, y) in row[c..].iter_mut().zip(&pivot[c..]) {
                    *x = mul_add(factor, *y, *x);
                }
            }
        }
    }
    result
}

/// The inverse of a square matrix; nothing when it is singular.
pub fn inverse(m: &[Vec<u64>]) -> Option<Vec<Vec<u64>>> {
    let n = m.len();
    let mut rows: Vec<Vec<u64>> = m
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let unit = (0..n).map(|j| u64::from(i == j));
            row.iter().copied().chain(unit).collect()
        })
        .collect();
    let pivots = reduce(&mut rows);
    (pivots.len() == n && pivots.last().is_none_or(|&p| p < n))
        .then(|| rows.into_iter().map(|r| r[n..].to_vec()).collect())
}

/// The product of two matrices.
pub fn multiply(a: &[Vec<u64>], b: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let columns = b.first().map_or(0, Vec::len);
    let product = |row: &Vec<u64>| {
        let mut sum = vec![0; columns];
        for (&x, other) in row.iter().zip(b).filter(|(x, _)| **x != 0) {
            sum.iter_mut().zip(other).for_each(|(s, y)| *s = mul_add(x, *y, *s));
        }
        sum
    };
    a.iter().map(product).collect()
}

/// The transpose of a matrix.
pub fn transpose(a: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let columns = a.first().map_or(0, Vec::len);
    (0..columns).map(|j| a.iter().map(|r| r[j]).collect()).collect()
}

/// Conditions in echelon form.
pub struct Echelon {
    width: usize,
    /// Rows with a one at their pivot, in the order of the pivots.
    pub rows: Vec<Vec<u64>>,
    pivots: Vec<usize>,
}

impl Echelon {
    /// No conditions on so many unknowns.
    pub fn new(width: usize) -> Echelon {
        Echelon { width, rows: Vec::new(), pivots: Vec::new() }
    }

    /// The number of independent conditions.
    pub fn rank(&self) -> usize {
        self.rows.len()
    }

    /// Adds a condition; whether it is new.
    pub fn add(&mut self, mut row: Vec<u64>) -> bool {
        // Earlier rows are zero before their pivots only, so they are used in the order of these.
        for (known, &pivot) in self.rows.iter().zip(&self.pivots) {
            let factor = row[pivot];
            if factor != 0 {
                let factor = P - factor;
                for (x, y) in row[pivot..].iter_mut().zip(&known[pivot..]) {
                    *x = mul_add(factor, *y, *x);
                }
            }
        }
        let Some(pivot) = row.iter().position(|x| *x != 0) else { return false };
        let inverse = invert(row[pivot]);
        row[pivot..].iter_mut().for_each(|x| *x = mul(*x, inverse));
        let place = self.pivots.partition_point(|&p| p < pivot);
        self.pivots.insert(place, pivot);
        self.rows.insert(place, row);
        true
    }

    /// A vector for each column without a pivot.
    pub fn null_space(&self) -> Vec<Vec<u64>> {
        let mut free = vec![true; self.width];
        self.pivots.iter().for_each(|&p| free[p] = false);
        let each = (0..self.width).filter(|&c| free[c]).map(|column| {
            let mut vector = vec![0; self.width];
            vector[column] = 1;
            for (row, &pivot) in self.rows.iter().zip(&self.pivots).rev() {
                let mut sum = 0;
                for k in pivot + 1..self.width {
                    if vector[k] != 0 && row[k] != 0 {
                        sum = add(sum, mul(row[k], vector[k]));
                    }
                }
                vector[pivot] = sub(0, sum);
            }
            vector
        });
        each.collect()
    }
}
