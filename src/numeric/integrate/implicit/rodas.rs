//! Rodas5P, a linearly implicit Runge–Kutta method of Rosenbrock's kind: order 5, stiffly accurate.
//!
//! Each stage solves one linear system with `I − γhJ`, no iteration is needed (Steinebach, 2023,
//! with the coefficients of that paper; form of Hairer and Wanner, 1996, IV.7).

use isoterm_stiff::{Cause, Problem, Work};

use super::super::Options;
use super::super::start::first_step;
use super::matrix::Matrix;
use super::{Stepper, Stopped, begin};

const STAGES: usize = 8;
const ORDER: u32 = 5;
const GAMMA: f64 = 0.21193756319429014;

/// Weights of earlier stages in the state of stages 2 to 6; the state of stage 7 adds stage 6 to
/// that, that of stage 8 also stage 7, and the new state also stage 8, which is the error estimate.
const STATE: [&[f64]; 5] = [
    &[3.0],
    &[2.849394379747939, 0.45842242204463923],
    &[-6.954028509809101, 2.489845061869568, -10.358996098473584],
    &[2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
    &[
        -7.502846399306121,
        2.561846144803919,
        -11.627539656261098,
        -0.18268767659942256,
        0.030198172008377946,
    ],
];

/// Weights of earlier stages in the right-hand side of stages 2 to 8.
const COUPLING: [&[f64]; 7] = [
    &[-14.155112264123755],
    &[-17.97296035885952, -2.859693295451294],
    &[147.12150275711716, -1.41221402718213, 71.68940251302358],
    &[165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
    &[
        24.854864614690072,
        -3.0009227002832186,
        47.4931110020768,
        5.5814197821558125,
        -0.6610691825249471,
    ],
    &[
        30.91273214028599,
        -3.1208243349937974,
        77.79954646070892,
        34.28646028294783,
        -19.097331116725623,
        -28.087943162872662,
    ],
    &[
        37.80277123390563,
        -3.2571969029072276,
        112.26918849496327,
        66.9347231244047,
        -40.06618937091002,
        -54.66780262877968,
        -9.48861652309627,
    ],
];

/// Times of the stages, as parts of a step.
const NODES: [f64; STAGES] = [
    0.0,
    0.6358126895828704,
    0.4095798393397535,
    0.9769306725060716,
    0.4288403609558664,
    1.0,
    1.0,
    1.0,
];

/// Weights of the derivative by time.
const TIME: [f64; STAGES] = [
    0.21193756319429014,
    -0.42387512638858027,
    -0.3384627126235924,
    1.8046452872882734,
    2.325825639765069,
    0.0,
    0.0,
    0.0,
];

/// Weights of all stages in the interpolant.
const DENSE: [[f64; STAGES]; 3] = [
    [
        25.948786856663858,
        -2.5579724845846235,
        10.433815404888879,
        -2.3679251022685204,
        0.524948541321073,
        1.1241088310450404,
        0.4272876194431874,
        -0.17202221070155493,
    ],
    [
        -9.91568850695171,
        -0.9689944594115154,
        3.0438037242978453,
        -24.495224566215796,
        20.176138334709044,
        15.98066361424651,
        -6.789040303419874,
        -6.710236069923372,
    ],
    [
        11.419903575922262,
        2.8879645146136994,
        72.92137995996029,
        80.12511834622643,
        -52.072871366152654,
        -59.78993625266729,
        -0.15582684282751913,
        4.883087185713722,
    ],
];

/// Step factors: safety, smallest, largest.
const SAFETY: f64 = 0.9;
const SHRINK: f64 = 0.2;
const GROW: f64 = 6.0;
/// The derivative by time is a difference over this part of a step.
const DIFFERENCE: f64 = 1e-5;
/// Part of a right-hand side that an iterative linear solver may leave: nothing corrects it later.
const ACCURACY: f64 = 1e-8;
/// Failed tries of one step before the method gives up.
const FAILURES: usize = 60;

pub struct Rodas<'a> {
    problem: &'a dyn Problem,
    options: &'a Options,
    n: usize,
    sign: f64,
    t: f64,
    h: f64,
    /// The last step: where it began, its size, and the state there.
    from: f64,
    tried: f64,
    before: Vec<f64>,
    u: Vec<f64>,
    /// The state of a stage, in the end the new one.
    next: Vec<f64>,
    stages: Vec<f64>,
    dense: Vec<f64>,
    /// Rates at `t`, and their derivative by time.
    rates: Vec<f64>,
    by_time: Vec<f64>,
    slope: Vec<f64>,
    weights: Vec<f64>,
    matrix: Matrix<'a>,
    error: f64,
    work: Work,
}

impl<'a> Rodas<'a> {
    pub fn new(
        problem: &'a dyn Problem,
        u0: &[f64],
        (start, end): (f64, f64),
        options: &'a Options,
    ) -> Result<Rodas<'a>, Stopped> {
        let n = u0.len();
        let (matrix, rates) = begin(problem, u0, start, (false, ACCURACY), options)?;
        let h = first_step(problem, (start, end), u0, &rates, options, ORDER);
        Ok(Rodas {
            problem,
            options,
            n,
            sign: (end - start).signum(),
            t: start,
            h,
            from: start,
            tried: h,
            before: u0.to_vec(),
            u: u0.to_vec(),
            next: u0.to_vec(),
            stages: vec![0.0; STAGES * n],
            dense: vec![0.0; DENSE.len() * n],
            by_time: vec![0.0; n],
            slope: vec![0.0; n],
            weights: vec![0.0; n],
            rates,
            matrix,
            error: 1e-4,
            work: Work {
                rhs_evaluations: 1 + usize::from(options.initial_step.is_none()),
                ..Work::default()
            },
        })
    }

    /// Jacobian and derivative by time at the state reached.
    fn linearise(&mut self) {
        self.matrix.linearise(self.t, &self.u);
        let least = 1e3 * f64::EPSILON * self.t.abs();
        let ahead = self.sign * (DIFFERENCE * self.h).max(least).min(self.h);
        self.evaluate(self.t + ahead, false);
        for ((d, then), now) in self.by_time.iter_mut().zip(&self.slope).zip(&self.rates) {
            let derivative = (then - now) / ahead;
            *d = if derivative.is_finite() { derivative } else { 0.0 };
        }
    }

    /// The rates at a time and the state reached, or that of a stage, into `slope`.
    fn evaluate(&mut self, t: f64, stage: bool) {
        let clock = self.options.clock;
        let start = clock.now();
        self.problem.rhs(t, if stage { &self.next } else { &self.u }, &mut self.slope);
        self.work.rhs_evaluations += 1;
        self.matrix.counts.nanos.rhs += clock.since(start);
    }

    /// All stages of a step of signed size `h`; the error in units of the tolerance. The state of
    /// the first stage whose rates are not finite, or the row without a pivot.
    fn step(&mut self, h: f64) -> Result<f64, (Cause, Option<usize>)> {
        let n = self.n;
        self.matrix.factorize(GAMMA * h).map_err(|row| (Cause::Unsolvable, Some(row)))?;
        for s in 0..STAGES {
            self.next.copy_from_slice(&self.u);
            let given = match s {
                0 => &[][..],
                1..=5 => STATE[s - 1],
                _ => STATE[4],
            };
            let ones = [1.0; 2];
            let weights = given.iter().chain(&ones[..s.saturating_sub(5)]);
            for (stage, a) in self.stages.chunks_exact(n).zip(weights) {
                self.next.iter_mut().zip(stage).for_each(|(u, k)| *u += a * k);
            }
            if s == 0 {
                self.slope.copy_from_slice(&self.rates);
            } else {
                self.evaluate(self.t + NODES[s] * h, true);
            }
            if let Some(k) = self.slope.iter().position(|x| !x.is_finite()) {
                return Err((Cause::NonFinite, Some(k)));
            }
            let (earlier, rest) = self.stages.split_at_mut(s * n);
            let stage = &mut rest[..n];
            for ((k, f), d) in stage.iter_mut().zip(&self.slope).zip(&self.by_time) {
                *k = h * (f + TIME[s] * h * d);
            }
            let coupling = if s == 0 { &[][..] } else { COUPLING[s - 1] };
            for (other, c) in earlier.chunks_exact(n).zip(coupling) {
                stage.iter_mut().zip(other).for_each(|(k, other)| *k += c * other);
            }
            stage.iter_mut().for_each(|k| *k *= GAMMA);
            if !self.matrix.solve(stage, &self.weights) {
                return Err((Cause::Unsolvable, None));
            }
        }
        let last = &self.stages[(STAGES - 1) * n..];
        let mut sum = 0.0;
        for (i, k) in last.iter().enumerate() {
            self.next[i] += k;
            let size = self.u[i].abs().max(self.next[i].abs());
            sum += (k / self.options.tolerance(i, size)).powi(2);
        }
        let error = (sum / n as f64).sqrt();
        self.dense.fill(0.0);
        for (row, target) in DENSE.iter().zip(self.dense.chunks_exact_mut(n)) {
            for (stage, w) in self.stages.chunks_exact(n).zip(row) {
                target.iter_mut().zip(stage).for_each(|(y, k)| *y += w * k);
            }
        }
        Ok(error.max(self.interpolation_error()))
    }

    /// How well the solution between the ends of a step is known, in units of the tolerance. In
    /// the stiff limit the error at the end of a step vanishes, however long the step is.
    ///
    /// The last term of the interpolant has order four, one less than the error: it is compared
    /// with the power 4/5 of the tolerance.
    fn interpolation_error(&self) -> f64 {
        let n = self.n;
        let last = &self.dense[(DENSE.len() - 1) * n..];
        let scaled = last.iter().zip(&self.weights).map(|(k, w)| k * w);
        // In the middle of a step.
        let size = scaled.map(|x| x * x).sum::<f64>().sqrt() / (16.0 * (n as f64).sqrt());
        (size * self.options.rtol.min(1.0).powf(0.2)).powf(1.25)
    }

    /// Keeps the step with what its interpolant needs.
    fn accept(&mut self, now: f64) -> Option<usize> {
        std::mem::swap(&mut self.before, &mut self.u);
        std::mem::swap(&mut self.u, &mut self.next);
        (self.from, self.t) = (self.t, now);
        self.work.steps += 1;
        self.evaluate(now, false);
        std::mem::swap(&mut self.rates, &mut self.slope);
        self.rates.iter().position(|x| !x.is_finite())
    }
}

impl Stepper for Rodas<'_> {
    fn advance(&mut self, end: f64) -> Result<(), Stopped> {
        for (i, (w, u)) in self.weights.iter_mut().zip(&self.u).enumerate() {
            *w = 1.0 / self.options.tolerance(i, u.abs());
        }
        self.linearise();
        let exponent = 1.0 / f64::from(ORDER);
        let (mut failures, mut trouble) = (0, (Cause::StepTooSmall, None));
        loop {
            let remaining = (end - self.t).abs();
            let floor = 16.0 * f64::EPSILON * self.t.abs().max(f64::MIN_POSITIVE);
            let finishing = self.h >= remaining * (1.0 - 1e-12);
            if finishing {
                self.h = remaining;
            } else if self.h < floor || failures > FAILURES {
                let (cause, component) = trouble;
                return Err(Stopped { cause, component: component.or_else(|| self.fastest()) });
            }
            self.tried = self.h;
            match self.step(self.sign * self.h) {
                Ok(error) if error <= 1.0 => {
                    let now = if finishing { end } else { self.t + self.sign * self.h };
                    if let Some(k) = self.accept(now) {
                        return Err(Stopped { cause: Cause::NonFinite, component: Some(k) });
                    }
                    // Proportional-integral control; no growth right after a refusal.
                    let error = error.max(1e-10);
                    let factor =
                        SAFETY * error.powf(-0.7 * exponent) * self.error.powf(0.4 * exponent);
                    self.error = error;
                    self.h *= factor.clamp(SHRINK, if failures > 0 { 1.0 } else { GROW });
                    return Ok(());
                }
                Ok(error) => {
                    let factor = if error.is_finite() { error.powf(-exponent) } else { 0.0 };
                    self.h *= (SAFETY * factor).clamp(SHRINK, SAFETY);
                    trouble = (Cause::StepTooSmall, None);
                }
                Err(why) => {
                    self.h *= SHRINK;
                    trouble = why;
                }
            }
            self.work.rejected += 1;
            failures += 1;
        }
    }

    fn time(&self) -> f64 {
        self.t
    }

    fn size(&self) -> f64 {
        self.tried
    }

    fn state(&self) -> &[f64] {
        &self.u
    }

    fn interpolate(&self, time: f64, state: &mut [f64]) {
        let theta = (time - self.from) / (self.t - self.from);
        let (n, rest) = (self.n, 1.0 - theta);
        for (i, value) in state.iter_mut().enumerate() {
            let inner = self.dense[i] + theta * (self.dense[n + i] + theta * self.dense[2 * n + i]);
            *value = rest * self.before[i] + theta * (self.u[i] + rest * inner);
        }
    }

    fn fastest(&self) -> Option<usize> {
        self.options.fastest(&self.rates, &self.u)
    }

    fn steps(&self) -> Work {
        self.work
    }

    fn matrix(&self) -> &Matrix<'_> {
        &self.matrix
    }
}
