//! Shapes of rational functions, and what exact algebra adds to simplification and equality.

use super::request::{Answer, Reduced, Workspace, error, helped};
use crate::algebra::forms::{self, Shaped, Unshaped};
use crate::algebra::radical;
use crate::rewrite::known::Known;
use crate::rewrite::{Measure, Options, cost, simplify};
use crate::term::{Graph, Term};
use crate::text::{Kind, Limits};

/// Times that another shape is simplified again.
const ROUNDS: usize = 3;

/// Larger terms keep their shape when they are simplified.
const SIZE: u64 = 400;

/// A result and what had to be different from zero before.
pub struct Reshaped {
    /// The result.
    pub reduced: Reduced,
    /// What must not be zero for the expression to have a value, and may be for the result.
    pub nonzero: Vec<String>,
    /// Whether the factors are certainly irreducible.
    pub complete: bool,
}

fn size(graph: &Graph, term: Term) -> u64 {
    cost(graph, &[term], Measure::Size) as u64
}

impl Workspace {
    /// A term in the shape of that name: `together`, `cancel`, `factor`, or, by a variable,
    /// `collect` and `apart`.
    ///
    /// # Errors
    /// When it takes too much, or the term is no rational function of the variable.
    pub fn shape(&mut self, root: Term, name: &str, variable: Option<&str>) -> Answer<Reshaped> {
        let limit = self.limits.terms;
        let mut complete = true;
        let variable = match variable {
            Some(v) if !crate::syntax::expression::is_name(v) => {
                return Err(error(Kind::Name, format!("`{v}` is not a name")));
            }
            Some(v) => self.graph.symbol(v),
            None => root,
        };
        let graph = &mut self.graph;
        let shaped = match name {
            "collect" => forms::collect(graph, root, variable, limit),
            "apart" => forms::apart(graph, root, variable, limit),
            "factor" => forms::factor(graph, root, limit).map(|(shaped, all)| {
                complete = all;
                shaped
            }),
            "together" => forms::together(graph, root, limit),
            _ => forms::cancel(graph, root, limit),
        };
        let Shaped { term, nonzero } = shaped.map_err(|e| match e {
            Unshaped::TooLarge(_) => {
                helped(error(Kind::Resource, e.to_string()), &Limits::remedy("terms"))
            }
            Unshaped::Undefined => error(Kind::Undefined, e.to_string()),
            Unshaped::Entangled => error(Kind::Domain, e.to_string()),
        })?;
        let reduced = self.reduced(root, term)?;
        let nonzero = nonzero.into_iter().map(|t| self.print(t)).collect::<Answer<_>>()?;
        Ok(Reshaped { reduced, nonzero, complete })
    }

    /// The shortest of what rewriting found and what it finds from other shapes of it.
    pub(super) fn reshaped(&mut self, root: Term, found: Term, options: &Options) -> Term {
        let mut best = found;
        let mut tried: Vec<Term> = vec![root, found];
        for start in [root, found] {
            let mut from = start;
            for _ in 0..ROUNDS {
                if size(&self.graph, from) > SIZE {
                    break;
                }
                let shapes = self.shapes(from, options);
                let before = best;
                for shape in shapes {
                    if tried.contains(&shape) {
                        continue;
                    }
                    tried.push(shape);
                    let next = simplify(&mut self.graph, shape, &self.rules, options).roots[0];
                    if size(&self.graph, next) < size(&self.graph, best) {
                        best = next;
                    }
                }
                if best == before {
                    break;
                }
                from = best;
            }
        }
        radical::normal(&mut self.graph, best, &size)
    }

    /// Other shapes of a term, for rewriting to begin from.
    fn shapes(&mut self, from: Term, options: &Options) -> Vec<Term> {
        let shaped = forms::shortest(&mut self.graph, from, &size);
        let mut shapes = vec![radical::normal(&mut self.graph, shaped, &size)];
        let mut known = Known::new(&options.assumptions);
        let most = 2 * size(&self.graph, from) + 20;
        for shape in forms::over_basis(&mut self.graph, from, &mut known, &size) {
            if size(&self.graph, shape) <= most {
                shapes.push(shape);
            }
        }
        shapes
    }
}
