//! Numbers: stability of a model at given values, and all parameters with the same covariances.

use super::point::pairs;
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::numeric::dense;
use crate::numeric::random::Random;

/// A complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    /// The real part.
    pub re: f64,
    /// The imaginary part.
    pub im: f64,
}

impl Complex {
    const ZERO: Complex = Complex { re: 0.0, im: 0.0 };
    const ONE: Complex = Complex { re: 1.0, im: 0.0 };

    fn real(re: f64) -> Complex {
        Complex { re, im: 0.0 }
    }

    fn plus(self, o: Complex) -> Complex {
        Complex { re: self.re + o.re, im: self.im + o.im }
    }

    fn minus(self, o: Complex) -> Complex {
        Complex { re: self.re - o.re, im: self.im - o.im }
    }

    fn times(self, o: Complex) -> Complex {
        Complex { re: self.re * o.re - self.im * o.im, im: self.re * o.im + self.im * o.re }
    }

    fn conjugate(self) -> Complex {
        Complex { re: self.re, im: -self.im }
    }

    fn size(self) -> f64 {
        libm::hypot(self.re, self.im)
    }

    fn over(self, o: Complex) -> Complex {
        let square = o.re * o.re + o.im * o.im;
        let p = self.times(o.conjugate());
        Complex { re: p.re / square, im: p.im / square }
    }
}

type Matrix = Vec<Vec<Complex>>;

/// Solves `a x = b` for several right-hand sides, with pivots; nothing when it is singular.
fn solve(mut a: Matrix, mut b: Matrix) -> Option<Matrix> {
    let n = a.len();
    for c in 0..n {
        let pivot = (c..n).max_by(|&x, &y| a[x][c].size().total_cmp(&a[y][c].size()))?;
        if a[pivot][c].size() < 1e-300 || !a[pivot][c].size().is_finite() {
            return None;
        }
        a.swap(c, pivot);
        b.swap(c, pivot);
        let (row, right) = (a[c].clone(), b[c].clone());
        for r in (0..n).filter(|&r| r != c) {
            let factor = a[r][c].over(row[c]);
            if factor != Complex::ZERO {
                for (x, y) in a[r].iter_mut().zip(&row) {
                    *x = x.minus(factor.times(*y));
                }
                for (x, y) in b[r].iter_mut().zip(&right) {
                    *x = x.minus(factor.times(*y));
                }
            }
        }
    }
    for (row, right) in a.iter().enumerate().map(|(k, row)| (k, row[k])) {
        b[row].iter_mut().for_each(|x| *x = x.over(right));
    }
    Some(b)
}

/// `P = (I−Λ)^{-1}` and Σ at complex parameters.
fn covariance(graph: &MixedGraph, values: &[Complex]) -> Option<(Matrix, Matrix)> {
    let n = graph.size();
    let value = |w: &Weight| match w {
        Weight::Parameter(p) => values[*p],
        Weight::Constant(c) => Complex::real(c.to_f64()),
    };
    let mut system = vec![vec![Complex::ZERO; n]; n];
    let mut unit = system.clone();
    let mut omega = system.clone();
    for v in 0..n {
        system[v][v] = Complex::ONE;
        unit[v][v] = Complex::ONE;
    }
    for (a, b, w) in graph.effects() {
        system[a][b] = system[a][b].minus(value(w));
    }
    for (a, b, w) in graph.covariances() {
        omega[a][b] = value(w);
        omega[b][a] = value(w);
    }
    let total = solve(system, unit)?;
    let times = |a: &Matrix, b: &Matrix| -> Matrix {
        let entry =
            |i: usize, j: usize| (0..n).fold(Complex::ZERO, |s, k| s.plus(a[i][k].times(b[k][j])));
        (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect()
    };
    let turned: Matrix = (0..n).map(|i| (0..n).map(|j| total[j][i]).collect()).collect();
    let sigma = times(&times(&turned, &omega), &total);
    Some((total, sigma))
}

/// Σ at real parameters; nothing when `I − Λ` is singular.
pub fn sigma(graph: &MixedGraph, values: &[f64]) -> Option<Vec<Vec<f64>>> {
    let values: Vec<Complex> = values.iter().map(|&x| Complex::real(x)).collect();
    let (_, sigma) = covariance(graph, &values)?;
    Some(sigma.iter().map(|row| row.iter().map(|x| x.re).collect()).collect())
}

/// How far a model is from losing its equilibrium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stability {
    /// The spectral radius of Λ: below 1 the feedback dies out.
    pub radius: f64,
    /// `Δ = det(I−Λ)`.
    pub delta: f64,
}

/// The spectral radius of Λ, and `Δ`.
pub fn stability(graph: &MixedGraph, values: &[f64]) -> Stability {
    let n = graph.size();
    let mut lambda = vec![0.0; n * n];
    for (a, b, w) in graph.effects() {
        lambda[a * n + b] = match w {
            Weight::Parameter(p) => values[*p],
            Weight::Constant(c) => c.to_f64(),
        };
    }
    let mut system: Vec<f64> =
        lambda.iter().enumerate().map(|(k, x)| f64::from(k % (n + 1) == 0) - x).collect();
    let delta = dense::solve(&mut system, n, &mut [], 0);
    Stability { radius: dense::spectral_radius(&lambda, n), delta }
}

/// Starts for each solution that is looked for.
const STARTS: usize = 400;

/// Steps from one start.
const STEPS: usize = 60;

/// Parameters with given covariances of the observed variables, real and complex ones: `known`, and
/// those that Newton's method finds from random starts until `wanted` are known or it has tried long
/// enough.
///
/// `target` holds the covariances of all variables, of which those of latent ones do not matter.
/// Equal parameters within 1e-6 are one. Real ones come first.
pub fn preimages(
    graph: &MixedGraph,
    target: &[Vec<f64>],
    known: Option<&[f64]>,
    wanted: usize,
    stop: fn() -> bool,
) -> Vec<Vec<Complex>> {
    let target: Matrix =
        target.iter().map(|row| row.iter().map(|&x| Complex::real(x)).collect()).collect();
    let equations = Equations::new(graph, target, known);
    let mut found: Vec<Vec<Complex>> =
        known.iter().map(|v| v.iter().map(|&x| Complex::real(x)).collect()).collect();
    let mut random = Random::new(17);
    for start in 0..STARTS * wanted.max(1) {
        if found.len() >= wanted || stop() {
            break;
        }
        // Real starts find real solutions first.
        let at = equations.start(&mut random, start % 3 == 2);
        if let Some(end) =
            newton(at, |at| equations.at(at)).and_then(|at| equations.parameters(&at))
        {
            let same = |other: &Vec<Complex>| {
                other.iter().zip(&end).all(|(a, b)| a.minus(*b).size() < 1e-6 * (1.0 + a.size()))
            };
            if !found.iter().any(same) {
                // With a complex solution its conjugate is one.
                let conjugate: Vec<Complex> = end.iter().map(|x| x.conjugate()).collect();
                let real = end.iter().all(|x| x.im.abs() < 1e-9 * (1.0 + x.size()));
                found.push(end);
                if !real {
                    found.push(conjugate);
                }
            }
        }
    }
    let first = usize::from(known.is_some());
    found[first..].sort_by(|a, b| {
        let key = |v: &[Complex]| v.iter().map(|x| x.im.abs()).fold(0.0, f64::max);
        let parts = |v: &[Complex]| v.iter().flat_map(|x| [x.re, x.im]).collect::<Vec<_>>();
        (key(a) > 1e-9).cmp(&(key(b) > 1e-9)).then_with(|| {
            parts(a)
                .iter()
                .zip(&parts(b))
                .map(|(x, y)| x.total_cmp(y))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    found
}

/// What is farther than this has gone astray.
const FAR: f64 = 1e8;

/// Covariances that agree so well, relative to the greatest, are equal.
const EQUAL: f64 = 1e-8;

/// Residuals of equations with their derivatives by the unknowns, and the size of what cancels in
/// them.
struct Linear {
    residual: Vec<Complex>,
    jacobian: Matrix,
    size: f64,
}

/// The equations of all parameters with given covariances.
struct Equations<'g> {
    graph: &'g MixedGraph,
    target: Matrix,
    /// The pairs of variables with an equation.
    pairs: Vec<(usize, usize)>,
    /// In a plain graph the standard deviations: then Λ alone is unknown, in units of these.
    units: Option<Vec<f64>>,
    /// How far starts are from zero.
    spread: f64,
}

impl<'g> Equations<'g> {
    fn new(graph: &'g MixedGraph, target: Matrix, known: Option<&[f64]>) -> Equations<'g> {
        let observed = pairs(&graph.observed());
        let sizes = observed.iter().map(|&(i, j)| target[i][j].size());
        let spread = 2.0
            * match known {
                Some(values) => values.iter().fold(0.5f64, |s, x| s.max(x.abs())),
                None => sizes.fold(1.0, f64::max),
            };
        if !graph.is_plain() {
            return Equations { graph, target, pairs: observed, units: None, spread };
        }
        let unit = |v: usize| match libm::sqrt(target[v][v].size()) {
            0.0 => 1.0,
            unit => unit,
        };
        let units: Vec<f64> = (0..graph.size()).map(unit).collect();
        let joined: Vec<(usize, usize)> = graph.covariances().map(|(a, b, _)| (a, b)).collect();
        let pairs = observed.into_iter().filter(|p| !joined.contains(p)).collect();
        Equations { graph, target, pairs, units: Some(units), spread }
    }

    /// A random start.
    fn start(&self, random: &mut Random, complex: bool) -> Vec<Complex> {
        let mut uniform = || random.uniform() * 2.0 - 1.0;
        let turn = if complex { 1.0 } else { 0.0 };
        match &self.units {
            None => (0..self.graph.parameters.len())
                .map(|_| Complex {
                    re: self.spread * uniform(),
                    im: turn * self.spread * uniform(),
                })
                .collect(),
            // Another solution may have the inverse of what is around a cycle: sizes are spread evenly
            // between 1/20 and 20.
            Some(_) => (0..self.graph.effects().count())
                .map(|_| {
                    let size = libm::pow(20.0, uniform());
                    let (re, im) = (uniform(), turn * uniform());
                    let length = libm::hypot(re, im);
                    Complex { re: size * re / length, im: size * im / length }
                })
                .collect(),
        }
    }

    /// The equations at some unknowns; nothing when `I − Λ` is singular there.
    fn at(&self, at: &[Complex]) -> Option<Linear> {
        match &self.units {
            None => self.covariances(at),
            Some(units) => Some(self.residual_covariances(at, units)),
        }
    }

    /// `Σ(θ) = target`.
    fn covariances(&self, at: &[Complex]) -> Option<Linear> {
        let (graph, target) = (self.graph, &self.target);
        let (total, sigma) = covariance(graph, at)?;
        let residual = self.pairs.iter().map(|&(i, j)| sigma[i][j].minus(target[i][j])).collect();
        let derivatives = |&(i, j): &(usize, usize)| {
            let mut row = vec![Complex::ZERO; at.len()];
            for (a, b, w) in graph.effects() {
                if let Weight::Parameter(p) = w {
                    let change =
                        total[b][i].times(sigma[a][j]).plus(total[b][j].times(sigma[i][a]));
                    row[*p] = row[*p].plus(change);
                }
            }
            for (a, b, w) in graph.covariances() {
                if let Weight::Parameter(p) = w {
                    let mut change = total[a][i].times(total[b][j]);
                    if a != b {
                        change = change.plus(total[b][i].times(total[a][j]));
                    }
                    row[*p] = row[*p].plus(change);
                }
            }
            row
        };
        let jacobian = self.pairs.iter().map(derivatives).collect();
        let size = self.pairs.iter().map(|&(i, j)| target[i][j].size()).fold(0.0, f64::max);
        Some(Linear { residual, jacobian, size })
    }

    /// `I − Λ` in the given units, and `Σ (I − Λ)`.
    fn reduced(&self, at: &[Complex], units: &[f64]) -> (Matrix, Matrix) {
        let n = self.graph.size();
        let mut system = vec![vec![Complex::ZERO; n]; n];
        (0..n).for_each(|v| system[v][v] = Complex::ONE);
        for ((a, b, _), value) in self.graph.effects().zip(at) {
            system[a][b] = system[a][b].minus(*value);
        }
        let sigma = |i: usize, j: usize| {
            self.target[i][j].times(Complex::real(1.0 / (units[i] * units[j])))
        };
        let entry = |i: usize, j: usize| {
            (0..n).fold(Complex::ZERO, |s, k| s.plus(sigma(i, k).times(system[k][j])))
        };
        let right = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
        (system, right)
    }

    /// An entry of `(I−Λ)ᵀ Σ (I−Λ)` from its two factors.
    fn residual(system: &Matrix, right: &Matrix, i: usize, j: usize) -> Complex {
        (0..system.len()).fold(Complex::ZERO, |s, k| s.plus(system[k][i].times(right[k][j])))
    }

    /// `(I−Λ)ᵀ Σ (I−Λ)` is zero wherever Ω is: equations of degree two.
    fn residual_covariances(&self, at: &[Complex], units: &[f64]) -> Linear {
        let (system, right) = self.reduced(at, units);
        let residual =
            self.pairs.iter().map(|&(i, j)| Self::residual(&system, &right, i, j)).collect();
        let derivatives = |&(i, j): &(usize, usize)| {
            let by = |(a, b, _): (usize, usize, &Weight)| match (b == i, b == j) {
                (true, _) => Complex::ZERO.minus(right[a][j]),
                (_, true) => Complex::ZERO.minus(right[a][i]),
                _ => Complex::ZERO,
            };
            self.graph.effects().map(by).collect()
        };
        let jacobian = self.pairs.iter().map(derivatives).collect();
        let size = at.iter().fold(1.0, |s: f64, x| s.max(x.size() * x.size()));
        Linear { residual, jacobian, size }
    }

    /// All parameters from the unknowns; nothing when they have not the covariances after all: where
    /// `I − Λ` is singular.
    fn parameters(&self, at: &[Complex]) -> Option<Vec<Complex>> {
        let graph = self.graph;
        let Some(units) = &self.units else { return Some(at.to_vec()) };
        let (system, right) = self.reduced(at, units);
        let mut all = vec![Complex::ZERO; graph.parameters.len()];
        for ((a, b, w), value) in graph.effects().zip(at) {
            if let Weight::Parameter(p) = w {
                all[*p] = value.times(Complex::real(units[b] / units[a]));
            }
        }
        for (a, b, w) in graph.covariances() {
            if let Weight::Parameter(p) = w {
                let scale = Complex::real(units[a] * units[b]);
                all[*p] = Self::residual(&system, &right, a, b).times(scale);
            }
        }
        let (_, sigma) = covariance(graph, &all)?;
        let far = |(i, j): (usize, usize)| {
            let error = sigma[i][j].minus(self.target[i][j]).size();
            error.is_nan() || error > EQUAL * units[i] * units[j]
        };
        (!pairs(&graph.observed()).into_iter().any(far)).then_some(all)
    }
}

/// Newton's method by least squares.
fn newton(
    mut at: Vec<Complex>,
    equations: impl Fn(&[Complex]) -> Option<Linear>,
) -> Option<Vec<Complex>> {
    let mut last = f64::INFINITY;
    for step in 0..STEPS {
        let Linear { residual, jacobian, size } = equations(&at)?;
        // A maximum of floats passes over what is no number.
        if residual.iter().chain(&at).any(|x| !x.size().is_finite() || x.size() > FAR) {
            return None;
        }
        let error = residual.iter().map(|r| r.size()).fold(0.0, f64::max) / size.max(1e-300);
        if error < 1e-12 || (error < 1e-9 && error >= last) {
            return Some(at);
        }
        // What has come nowhere after half of the steps rarely does.
        if step > STEPS / 2 && error > 1e-2 {
            return None;
        }
        last = error;
        let n = at.len();
        let entry = |x: usize, y: usize| {
            jacobian.iter().fold(Complex::ZERO, |s, row| s.plus(row[x].conjugate().times(row[y])))
        };
        let normal: Matrix = (0..n).map(|x| (0..n).map(|y| entry(x, y)).collect()).collect();
        let right: Matrix = (0..n)
            .map(|x| {
                let sum = jacobian
                    .iter()
                    .zip(&residual)
                    .fold(Complex::ZERO, |s, (row, r)| s.plus(row[x].conjugate().times(*r)));
                vec![sum]
            })
            .collect();
        let change = solve(normal, right)?;
        for (x, d) in at.iter_mut().zip(&change) {
            *x = x.minus(d[0]);
        }
    }
    None
}
