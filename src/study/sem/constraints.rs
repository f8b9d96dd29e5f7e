//! Constraints and bounds of a fit with their derivatives, and the search that holds them.

use super::discrepancy::Discrepancy;
use super::fit::Error;
use crate::calculus;
use crate::model::sem::parameters::{Cell, Layout};
use crate::model::sem::{Comparison, StructuralModel};
use crate::numeric::minimum;
use crate::term::evaluate::{Floating, evaluate};
use crate::term::{Graph, Term};

/// A constraint with its derivatives by parameters.
pub struct Condition {
    value: Term,
    first: Vec<(usize, Term)>,
    second: Vec<(usize, usize, Term)>,
}

/// Names that terms may have, with what they are.
pub struct Conditions<'a> {
    graph: Graph,
    layout: &'a Layout,
    /// Equalities first.
    pub rows: Vec<Condition>,
    /// How many are equalities.
    pub equalities: usize,
    /// Bounds: parameter, bound, 1 for a lower one and -1 for an upper one.
    pub bounds: Vec<(usize, f64, f64)>,
}

impl<'a> Conditions<'a> {
    /// Those of a model.
    ///
    /// # Errors
    /// One without a derivative.
    pub fn new(model: &StructuralModel, layout: &'a Layout) -> Result<Conditions<'a>, Error> {
        let mut graph = model.terms.clone();
        let mut rows = Vec::new();
        let merged = |c: &crate::model::sem::Constraint| {
            c.same.as_ref().is_some_and(|(a, b)| {
                let cell = |l: &String| layout.labels.get(l);
                cell(a).is_some() && cell(a) == cell(b)
            })
        };
        let of = |comparison: Comparison| {
            model.constraints.iter().filter(move |c| c.comparison == comparison && !merged(c))
        };
        let equal = of(Comparison::Zero).count();
        for c in of(Comparison::Zero).chain(of(Comparison::NotNegative)) {
            let row = Condition::new(&mut graph, layout, c.margin);
            rows.push(row.ok_or_else(|| Error::Constraint(c.text.clone()))?);
        }
        let mut bounds = Vec::new();
        for (k, p) in layout.parameters.iter().enumerate() {
            bounds.extend(p.lower.map(|low| (k, low, 1.0)));
            bounds.extend(p.upper.map(|high| (k, high, -1.0)));
        }
        Ok(Conditions { graph, layout, rows, equalities: equal, bounds })
    }

    fn at(&self, term: Term, x: &[f64]) -> f64 {
        value(&self.graph, self.layout, term, x)
    }

    /// Puts parameters that are at a bound up to rounding exactly there; these parameters.
    pub fn hold(&self, x: &mut [f64]) -> Vec<usize> {
        let mut held = Vec::new();
        for &(k, bound, _) in &self.bounds {
            if (x[k] - bound).abs() < 1e-8 * bound.abs().max(1.0) {
                x[k] = bound;
                held.push(k);
            }
        }
        held
    }

    /// The values and their derivatives, row by row.
    pub fn values(&self, x: &[f64], values: &mut [f64], jacobian: &mut [f64]) {
        let n = x.len();
        jacobian.fill(0.0);
        for (k, row) in self.rows.iter().enumerate() {
            values[k] = self.at(row.value, x);
            for &(i, slope) in &row.first {
                jacobian[k * n + i] += self.at(slope, x);
            }
        }
        for (k, &(i, bound, sign)) in self.bounds.iter().enumerate() {
            values[self.rows.len() + k] = sign * (x[i] - bound);
            jacobian[(self.rows.len() + k) * n + i] = sign;
        }
    }
}

/// The value of a term of labels.
pub fn value(graph: &Graph, layout: &Layout, term: Term, x: &[f64]) -> f64 {
    let leaf = |name: &str| match layout.labels.get(name) {
        Some(Cell::Free(k)) => x[*k],
        Some(Cell::Constant(value)) => *value,
        None => f64::NAN,
    };
    evaluate(graph, term, &mut Floating(leaf))
}

/// The derivatives of a term by parameters, through their labels.
pub fn slopes(graph: &mut Graph, layout: &Layout, term: Term) -> Option<Vec<(usize, Term)>> {
    let symbols = crate::term::visit::free_symbols(graph, &[term]);
    let mut names: Vec<String> = symbols.iter().map(|s| graph.name(*s).to_owned()).collect();
    names.sort();
    let mut out = Vec::new();
    for name in names {
        if let Some(Cell::Free(k)) = layout.labels.get(&name) {
            let by = graph.symbol(&name);
            out.push((*k, calculus::derivative(graph, term, by).ok()?));
        }
    }
    Some(out)
}

impl Condition {
    fn new(graph: &mut Graph, layout: &Layout, value: Term) -> Option<Condition> {
        let first = slopes(graph, layout, value)?;
        let mut second = Vec::new();
        for &(i, slope) in &first {
            second.extend(slopes(graph, layout, slope)?.into_iter().map(|(j, t)| (i, j, t)));
        }
        Some(Condition { value, first, second })
    }
}

/// The discrepancy under constraints.
pub struct Search<'a> {
    /// What is minimised.
    pub discrepancy: &'a Discrepancy,
    /// What must hold.
    pub conditions: &'a Conditions<'a>,
}

impl minimum::Problem for Search<'_> {
    fn dimension(&self) -> usize {
        self.discrepancy.size()
    }
    fn value(&mut self, x: &[f64]) -> Option<f64> {
        self.discrepancy.value(x)
    }
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Option<f64> {
        self.discrepancy.gradient(x, gradient)
    }
    fn model(&mut self, x: &[f64], matrix: &mut [f64]) {
        let _ = self.discrepancy.curvature(x, false, matrix);
    }
    fn curvature(&mut self, x: &[f64], matrix: &mut [f64]) {
        let _ = self.discrepancy.curvature(x, true, matrix);
    }
    fn constraints(&self) -> (usize, usize) {
        let c = self.conditions;
        (c.equalities, c.rows.len() - c.equalities + c.bounds.len())
    }
    fn constrain(&mut self, x: &[f64], values: &mut [f64], jacobian: &mut [f64]) {
        self.conditions.values(x, values, jacobian);
    }
    fn bend(&mut self, x: &[f64], multipliers: &[f64], matrix: &mut [f64]) {
        let n = x.len();
        for (row, multiplier) in self.conditions.rows.iter().zip(multipliers) {
            for &(i, j, term) in &row.second {
                matrix[i * n + j] -= multiplier * self.conditions.at(term, x);
            }
        }
    }
}
