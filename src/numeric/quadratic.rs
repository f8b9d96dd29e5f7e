//! Convex quadratic programs by the dual method of Goldfarb and Idnani (Mathematical Programming
//! 27, 1983).

use super::dense::{Cholesky, add_scaled, dot};

/// `min ½ dᵀBd + gᵀd` subject to `h + Jd = 0` in the first rows and `c + Jd ≥ 0` in the others.
pub struct Program<'a> {
    /// The factors of `B`.
    pub factors: &'a Cholesky,
    /// `g`.
    pub gradient: &'a [f64],
    /// `h`, then `c`.
    pub values: &'a [f64],
    /// `J`, row by row.
    pub jacobian: &'a [f64],
    /// How many rows are equalities.
    pub equalities: usize,
}

/// The solution of a program.
pub struct Solution {
    /// `d`.
    pub step: Vec<f64>,
    /// For each row its multiplier `λ`: `Bd + g = Jᵀλ`, zero for rows that do not bind.
    pub multipliers: Vec<f64>,
}

/// A row that binds: its number, its sign, its multiplier, and `L⁻¹` times its normal.
struct Active {
    row: usize,
    sign: f64,
    multiplier: f64,
    normal: Vec<f64>,
}

/// Solves a program; nothing when its constraints exclude each other.
pub fn solve(program: &Program<'_>) -> Option<Solution> {
    /// A violation in units of the row that counts as none.
    const TOLERANCE: f64 = 1e-13;
    let n = program.gradient.len();
    let rows = program.values.len();
    let mut step: Vec<f64> = program.gradient.iter().map(|g| -g).collect();
    program.factors.solve(&mut step);
    let mut active: Vec<Active> = Vec::new();
    let row = |k: usize| &program.jacobian[k * n..(k + 1) * n];
    // Each added row lowers the dual, so this bound is for rounding only.
    for _ in 0..20 * (rows + 10) {
        let violation = |k: usize, step: &[f64]| {
            let value = program.values[k] + dot(row(k), step);
            let size = program.values[k].abs() + dot(row(k), row(k)).sqrt() * (1.0 + norm(step));
            let amount = if k < program.equalities { value.abs() } else { -value };
            (amount > TOLERANCE * size.max(1.0)).then_some((amount, value))
        };
        let free = |k: &usize| active.iter().all(|a| a.row != *k);
        let open = (0..rows).filter(free).filter_map(|k| Some((k, violation(k, &step)?)));
        // Equalities first, then the row that is violated most.
        let worst = open.fold(None, |best: Option<(usize, (f64, f64))>, next| match best {
            Some(b) if b.0 < program.equalities || b.1.0 >= next.1.0 => Some(b),
            _ => Some(next),
        });
        let Some((added, (_, value))) = worst else {
            let mut multipliers = vec![0.0; rows];
            for a in &active {
                multipliers[a.row] = a.sign * a.multiplier;
            }
            return Some(Solution { step, multipliers });
        };
        let sign = if added < program.equalities && value > 0.0 { -1.0 } else { 1.0 };
        let mut normal: Vec<f64> = row(added).iter().map(|x| sign * x).collect();
        program.factors.forward(&mut normal);
        let mut slack = sign * value;
        let mut multiplier = 0.0;
        loop {
            let weights = project(&active, &normal)?;
            let mut direction = normal.clone();
            for (a, weight) in active.iter().zip(&weights) {
                add_scaled(&mut direction, -weight, &a.normal);
            }
            let curvature = dot(&direction, &direction);
            // The longest step on which no multiplier of an inequality becomes negative.
            let limit = active
                .iter()
                .zip(&weights)
                .enumerate()
                .filter(|(_, (a, w))| a.row >= program.equalities && **w > 0.0);
            let limit = limit.map(|(k, (a, w))| (a.multiplier / w, k));
            let limit = limit.fold(None, |best: Option<(f64, usize)>, next| match best {
                Some(b) if b.0 <= next.0 => Some(b),
                _ => Some(next),
            });
            let independent = curvature > 1e-14 * dot(&normal, &normal);
            let full = if independent { -slack / curvature } else { f64::INFINITY };
            let length = limit.map_or(full, |(length, _)| length.min(full));
            if !length.is_finite() {
                return None;
            }
            for (a, weight) in active.iter_mut().zip(&weights) {
                a.multiplier -= length * weight;
            }
            multiplier += length;
            if independent {
                let mut direction = direction;
                program.factors.backward(&mut direction);
                add_scaled(&mut step, length, &direction);
                slack += length * curvature;
            }
            if length == full {
                active.push(Active { row: added, sign, multiplier, normal });
                break;
            }
            if let Some((_, dropped)) = limit {
                active.remove(dropped);
            }
        }
    }
    None
}

/// The combination of active normals that is nearest to a normal.
fn project(active: &[Active], normal: &[f64]) -> Option<Vec<f64>> {
    let n = active.len();
    let mut gram = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            gram[i * n + j] = dot(&active[i].normal, &active[j].normal);
        }
    }
    let mut weights: Vec<f64> = active.iter().map(|a| dot(&a.normal, normal)).collect();
    Cholesky::of(&gram, n, 0.0).ok()?.solve(&mut weights);
    Some(weights)
}

fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solved(b: &[f64], g: &[f64], c: &[f64], j: &[f64], equalities: usize) -> Option<Solution> {
        let factors = Cholesky::of(b, g.len(), 0.0).expect("positive definite");
        let program =
            Program { factors: &factors, gradient: g, values: c, jacobian: j, equalities };
        solve(&program)
    }

    #[test]
    fn the_example_of_the_article() {
        // Goldfarb and Idnani 1983, section 4, with its solution.
        let b = [4.0, -2.0, -2.0, 4.0];
        let j = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let found = solved(&b, &[6.0, 0.0], &[0.0, 0.0, -2.0], &j, 0).expect("feasible");
        for (value, expected) in found.step.iter().zip([0.5, 1.5]) {
            assert!((value - expected).abs() < 1e-14, "{:?}", found.step);
        }
        assert!((found.multipliers[2] - 5.0).abs() < 1e-13, "{:?}", found.multipliers);
    }

    #[test]
    fn equalities_hold_and_contradictions_are_noticed() {
        let identity = [1.0, 0.0, 0.0, 1.0];
        let found = solved(&identity, &[0.0, 0.0], &[-1.0], &[1.0, 1.0], 1).expect("feasible");
        assert!((found.step[0] - 0.5).abs() < 1e-15 && (found.step[1] - 0.5).abs() < 1e-15);
        assert!((found.multipliers[0] - 0.5).abs() < 1e-15);
        let j = [1.0, 0.0, -1.0, 0.0];
        assert!(solved(&identity, &[0.0, 0.0], &[-1.0, 0.0], &j, 0).is_none());
    }
}
