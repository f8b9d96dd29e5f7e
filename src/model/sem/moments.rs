//! Means and covariances that a model implies, with their derivatives.
//!
//! With total effects `T = (I − Λᵀ)⁻¹` the implied covariances are `Σ = T Ω Tᵀ` and the means
//! `μ = T α`. Effects are eliminated one strongly connected component after the other, so that an
//! acyclic model takes one sparse update for each arrow. Each derivative of `Σ` is `u vᵀ + v uᵀ`
//! where `u` and `v` are columns of `T` or `Σ`; first and second derivatives of any function of
//! the moments are then looked up in the products `Xᵀ A X` of these columns.

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use super::parameters::{Cell, Entry, Layout};
use super::types::Kind;
use crate::numeric::dense::{add_scaled, solve};

/// The structure of the moments of one group.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Variables.
    pub size: usize,
    /// The observed ones.
    pub observed: Vec<usize>,
    /// Coefficients.
    pub entries: Vec<Entry>,
    /// Strongly connected components of the arrows, causes first.
    order: Vec<Vec<usize>>,
    /// Arrows into each variable: from where, and the number of the entry.
    incoming: Vec<Vec<(usize, usize)>>,
    /// Columns of `T`, then of `Σ`, that derivatives are made of.
    columns: Vec<usize>,
    /// What an entry that is estimated does.
    pub directions: Vec<Direction>,
    /// Whether means are fitted.
    pub means: bool,
}

/// The derivative by one coefficient: `scale (u vᵀ + v uᵀ)`.
#[derive(Clone, Copy, Debug)]
pub struct Direction {
    /// The parameter.
    pub parameter: usize,
    /// What it is.
    pub kind: Kind,
    /// Where the arrow begins and ends.
    pub from: usize,
    /// Where the arrow ends.
    pub to: usize,
    /// Places of `u` and `v` among the columns.
    pub u: usize,
    /// The second column.
    pub v: usize,
    /// One half for variances.
    pub scale: f64,
}

/// Moments at given parameters.
#[derive(Clone, Debug)]
pub struct Implied {
    /// Total effects: row `a` holds those of `a` on every variable.
    pub effects: Vec<f64>,
    /// Covariances of all variables.
    pub full: Vec<f64>,
    /// Means of all variables.
    pub full_means: Vec<f64>,
    /// Covariances of the observed variables.
    pub covariance: Vec<f64>,
    /// Means of the observed variables.
    pub means: Vec<f64>,
    /// `det(I − Λ)`.
    pub determinant: f64,
}

impl Moments {
    /// The moments of a group.
    pub fn new(layout: &Layout, group: usize) -> Moments {
        let (size, entries) = (layout.size, layout.groups[group].clone());
        let mut graph: DiGraph<(), ()> = DiGraph::new();
        let nodes: Vec<_> = (0..size).map(|_| graph.add_node(())).collect();
        let mut incoming = vec![Vec::new(); size];
        for (k, e) in entries.iter().enumerate() {
            if matches!(e.kind, Kind::Loading | Kind::Regression) {
                graph.add_edge(nodes[e.from], nodes[e.to], ());
                incoming[e.to].push((e.from, k));
            }
        }
        let mut order: Vec<Vec<usize>> = tarjan_scc(&graph)
            .into_iter()
            .map(|c| c.into_iter().map(petgraph::graph::NodeIndex::index).collect())
            .collect();
        order.reverse();
        order.iter_mut().for_each(|c| c.sort_unstable());
        let mut columns: Vec<usize> = Vec::new();
        let mut place = |column: usize| match columns.iter().position(|c| *c == column) {
            Some(place) => place,
            None => {
                columns.push(column);
                columns.len() - 1
            }
        };
        let mut directions = Vec::new();
        for e in &entries {
            let Cell::Free(parameter) = e.cell else { continue };
            let (u, v, scale) = match e.kind {
                Kind::Loading | Kind::Regression => (place(e.to), place(size + e.from), 1.0),
                Kind::Covariance if e.from == e.to => (place(e.from), place(e.from), 0.5),
                Kind::Covariance => (place(e.from), place(e.to), 1.0),
                Kind::Intercept => (place(e.to), place(e.to), 0.0),
            };
            let (kind, from, to) = (e.kind, e.from, e.to);
            directions.push(Direction { parameter, kind, from, to, u, v, scale });
        }
        let observed = layout.observed.clone();
        let means = layout.means;
        Moments { size, observed, entries, order, incoming, columns, directions, means }
    }

    /// Whether a variable acts on itself by way of others.
    pub fn has_feedback(&self) -> bool {
        self.order.iter().any(|component| component.len() > 1)
    }

    /// Λ at `parameters`, row by row: row `i` holds the direct effects of `i`.
    pub fn coefficients(&self, parameters: &[f64]) -> Vec<f64> {
        let mut matrix = vec![0.0; self.size * self.size];
        for e in self.entries.iter().filter(|e| matches!(e.kind, Kind::Loading | Kind::Regression))
        {
            matrix[e.from * self.size + e.to] += match e.cell {
                Cell::Constant(value) => value,
                Cell::Free(k) => parameters[k],
            };
        }
        matrix
    }

    /// The moments at `parameters`; nothing where `det(I − Λ)` is zero.
    pub fn at(&self, parameters: &[f64]) -> Option<Implied> {
        let n = self.size;
        let value = |e: &Entry| match e.cell {
            Cell::Constant(value) => value,
            Cell::Free(k) => parameters[k],
        };
        // Row j of `reached` holds the effects of every variable on j.
        let mut reached = vec![0.0; n * n];
        let mut determinant = 1.0;
        for component in &self.order {
            if let [j] = component[..] {
                let mut row = vec![0.0; n];
                row[j] = 1.0;
                for &(i, k) in &self.incoming[j] {
                    add_scaled(&mut row, value(&self.entries[k]), &reached[i * n..(i + 1) * n]);
                }
                reached[j * n..(j + 1) * n].copy_from_slice(&row);
                continue;
            }
            let size = component.len();
            let (mut matrix, mut right) = (vec![0.0; size * size], vec![0.0; size * n]);
            for (r, &j) in component.iter().enumerate() {
                matrix[r * size + r] += 1.0;
                right[r * n + j] = 1.0;
                for &(i, k) in &self.incoming[j] {
                    let weight = value(&self.entries[k]);
                    match component.binary_search(&i) {
                        Ok(c) => matrix[r * size + c] -= weight,
                        Err(_) => {
                            let row = &mut right[r * n..(r + 1) * n];
                            add_scaled(row, weight, &reached[i * n..(i + 1) * n]);
                        }
                    }
                }
            }
            let factor = solve(&mut matrix, size, &mut right, n);
            if factor == 0.0 || !factor.is_finite() {
                return None;
            }
            determinant *= factor;
            for (r, &j) in component.iter().enumerate() {
                reached[j * n..(j + 1) * n].copy_from_slice(&right[r * n..(r + 1) * n]);
            }
        }
        let mut effects = vec![0.0; n * n];
        for j in 0..n {
            for a in 0..n {
                effects[a * n + j] = reached[j * n + a];
            }
        }
        // Row a of `spread` is Σ_b ω_ab t_b.
        let (mut spread, mut full_means) = (vec![0.0; n * n], vec![0.0; n]);
        for e in &self.entries {
            let (a, b, w) = (e.from, e.to, value(e));
            match e.kind {
                Kind::Covariance => {
                    let (row, other) = (a * n..(a + 1) * n, b * n..(b + 1) * n);
                    add_scaled(&mut spread[row.clone()], w, &effects[other.clone()]);
                    if a != b {
                        add_scaled(&mut spread[other], w, &effects[row]);
                    }
                }
                Kind::Intercept => add_scaled(&mut full_means, w, &effects[b * n..(b + 1) * n]),
                Kind::Loading | Kind::Regression => {}
            }
        }
        let mut full = vec![0.0; n * n];
        for a in 0..n {
            for j in 0..n {
                let effect = effects[a * n + j];
                if effect != 0.0 {
                    add_scaled(&mut full[j * n..(j + 1) * n], effect, &spread[a * n..(a + 1) * n]);
                }
            }
        }
        let pick = |i: usize, j: usize| 0.5 * (full[i * n + j] + full[j * n + i]);
        let pairs = self.observed.iter().flat_map(|&i| self.observed.iter().map(move |&j| (i, j)));
        let covariance = pairs.map(|(i, j)| pick(i, j)).collect();
        let means = self.observed.iter().map(|&i| full_means[i]).collect();
        Some(Implied { effects, full, full_means, covariance, means, determinant })
    }

    /// The columns of which derivatives are made, one after the other, over observed variables.
    pub fn columns(&self, at: &Implied) -> Vec<f64> {
        let n = self.size;
        let mut out = Vec::with_capacity(self.columns.len() * self.observed.len());
        for &column in &self.columns {
            let row = match column < n {
                true => &at.effects[column * n..(column + 1) * n],
                false => &at.full[(column - n) * n..(column - n + 1) * n],
            };
            out.extend(self.observed.iter().map(|&i| row[i]));
        }
        out
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The derivative of the means by a coefficient is the column `u` times this.
    pub fn mean_factor(&self, d: &Direction, at: &Implied) -> f64 {
        match d.kind {
            Kind::Loading | Kind::Regression => at.full_means[d.from],
            Kind::Intercept => 1.0,
            Kind::Covariance => 0.0,
        }
    }

    /// `tr(W ∂²Σ)` by two coefficients, and `qᵀ ∂²μ`; `w` gives `xᵀ W y` for two variables, each as a
    /// column of `T` (false) or `Σ` (true), and `q` gives `qᵀ t` of a column of `T`.
    pub fn second(
        &self,
        at: &Implied,
        (x, y): (&Direction, &Direction),
        w: &dyn Fn((bool, usize), (bool, usize)) -> f64,
        q: &dyn Fn(usize) -> f64,
    ) -> (f64, f64) {
        let n = self.size;
        let arrow = |d: &Direction| matches!(d.kind, Kind::Loading | Kind::Regression);
        let (x, y) = if arrow(y) { (x, y) } else { (y, x) };
        if !arrow(y) {
            return (0.0, 0.0);
        }
        let effect = |of: usize, on: usize| at.effects[of * n + on];
        let (a, b, c, d) = (x.from, x.to, y.from, y.to);
        match x.kind {
            Kind::Covariance => {
                let mut value = 0.0;
                if effect(a, c) != 0.0 {
                    value += effect(a, c) * w((false, d), (false, b));
                }
                if effect(b, c) != 0.0 {
                    value += effect(b, c) * w((false, a), (false, d));
                }
                (2.0 * x.scale * value, 0.0)
            }
            Kind::Intercept => match effect(a, c) {
                0.0 => (0.0, 0.0),
                through => (0.0, through * q(d)),
            },
            Kind::Loading | Kind::Regression => {
                let (mut value, mut mean) = (at.full[c * n + a] * w((false, b), (false, d)), 0.0);
                if effect(b, c) != 0.0 {
                    value += effect(b, c) * w((false, d), (true, a));
                    mean += effect(b, c) * at.full_means[a] * q(d);
                }
                if effect(d, a) != 0.0 {
                    value += effect(d, a) * w((false, b), (true, c));
                    mean += effect(d, a) * at.full_means[c] * q(b);
                }
                (2.0 * value, mean)
            }
        }
    }

    /// The place of a column of `T` (false) or `Σ` (true), for [`Moments::second`].
    pub fn place(&self, (of_sigma, variable): (bool, usize)) -> usize {
        let column = if of_sigma { self.size + variable } else { variable };
        self.columns.iter().position(|c| *c == column).unwrap_or(0)
    }

    /// The places of all columns, by [`Moments::place`].
    pub fn places(&self) -> Vec<usize> {
        let both = [false, true].into_iter();
        both.flat_map(|s| (0..self.size).map(move |v| (s, v))).map(|x| self.place(x)).collect()
    }
}
