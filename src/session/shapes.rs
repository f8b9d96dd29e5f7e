//! Shapes of rational functions, and what exact algebra adds to simplification and equality.

use super::request::{Answer, Reduced, Workspace, error, helped};
use crate::algebra::forms::{self, Shaped, Unshaped};
use crate::algebra::guess::guess;
use crate::algebra::radical;
use crate::rewrite::change::changes;
use crate::rewrite::defined::gaps;
use crate::rewrite::explain::algebraic::proof;
use crate::rewrite::explain::{Explanation, Record, check};
use crate::rewrite::known::Known;
use crate::rewrite::{Measure, Options, cost, simplify};
use crate::term::sample::Claim;
use crate::term::visit::free_symbols;
use crate::term::{Graph, Term};
use crate::text::{Kind, Limits};

/// Times that another shape is simplified again.
const ROUNDS: usize = 3;

/// Larger terms keep their shape when they are simplified.
const SIZE: u64 = 400;

/// Smaller terms are not tried as functions of another variable.
const FINAL: u64 = 4;

/// Nor are larger ones.
const CHANGED: u64 = 40;

/// Larger ones are only rewritten as functions of another variable.
const SHAPED: u64 = 25;

/// A result and what had to be different from zero before.
pub struct Reshaped {
    /// The result.
    pub reduced: Reduced,
    /// What must not be zero for the expression to have a value, and may be for the result.
    pub nonzero: Vec<String>,
    /// Whether the factors are certainly irreducible.
    pub complete: bool,
}

/// A term, another shape of it, and what that was simplified to.
#[derive(Clone, Debug)]
pub(super) struct Link {
    from: Term,
    shape: Term,
    next: Term,
}

/// The shortest form found, and the way to it.
pub(super) struct Reshaping {
    pub best: Term,
    pub way: Vec<Link>,
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

    /// The shortest of what rewriting found and what it finds from other shapes of it, and the way
    /// there.
    pub(super) fn reshaped(&mut self, root: Term, found: Term, options: &Options) -> Reshaping {
        self.reshaped_as(root, found, options, true)
    }

    /// As [`Workspace::reshaped`], also as a function of other variables or not.
    pub(super) fn reshaped_as(
        &mut self,
        root: Term,
        found: Term,
        options: &Options,
        changing: bool,
    ) -> Reshaping {
        let mut links: Vec<Link> = Vec::new();
        let mut best = self.by_shapes(root, found, options, &mut links);
        let mut changed: Vec<Term> = Vec::new();
        while changing && !changed.contains(&best) && !(options.stop)() {
            changed.push(best);
            best = self.by_changes_of_variables(root, best, options, &mut links);
        }
        let shape = match (options.stop)() {
            true => best,
            false => radical::normal(&mut self.graph, best, &size),
        };
        if shape != best {
            links.push(Link { from: best, shape, next: shape });
        }
        let turned = forms::with_signs_inside(&mut self.graph, shape);
        let shorter = size(&self.graph, turned) < size(&self.graph, shape);
        let shape = match shorter {
            true => {
                links.push(Link { from: shape, shape: turned, next: turned });
                turned
            }
            false => shape,
        };
        // Back from the end: each link leads on from one before it, or from where all began.
        let mut way: Vec<Link> = Vec::new();
        let mut end = shape;
        for link in links.into_iter().rev() {
            if link.next == end {
                end = link.from;
                way.push(link);
            }
        }
        way.reverse();
        Reshaping { best: shape, way }
    }

    /// The shortest of what rewriting found and what it finds from other shapes.
    fn by_shapes(
        &mut self,
        root: Term,
        found: Term,
        options: &Options,
        links: &mut Vec<Link>,
    ) -> Term {
        let mut tried: Vec<Term> = vec![root, found];
        let mut best = found;
        for start in [root, found] {
            let mut from = start;
            for _ in 0..ROUNDS {
                if size(&self.graph, from) > SIZE || (options.stop)() {
                    break;
                }
                let before = best;
                for shape in self.shapes(from, options) {
                    if tried.contains(&shape) || (options.stop)() {
                        continue;
                    }
                    tried.push(shape);
                    let next = simplify(&mut self.graph, shape, &self.rules, options).roots[0];
                    if size(&self.graph, next) < size(&self.graph, best) {
                        best = next;
                        links.push(Link { from, shape, next });
                    }
                }
                if best == before {
                    break;
                }
                from = best;
            }
        }
        best
    }

    /// The shortest of what was found and what is found as a function of another variable.
    fn by_changes_of_variables(
        &mut self,
        root: Term,
        found: Term,
        given: &Options,
        links: &mut Vec<Link>,
    ) -> Term {
        let mut best = found;
        if size(&self.graph, found) <= FINAL || !self.graph.witness(root, Claim::Defined) {
            return found;
        }
        let mut starts = vec![found];
        // What became much shorter has lost what would be in the way.
        if root != found && size(&self.graph, root) <= 2 * size(&self.graph, found) {
            starts.insert(0, root);
        }
        starts.retain(|&t| size(&self.graph, t) <= CHANGED);
        for from in starts {
            for change in changes(&mut self.graph, &[from], &given.assumptions) {
                if (given.stop)() {
                    return best;
                }
                let options = Options { assumptions: change.facts.clone(), ..given.clone() };
                let image = change.images[0];
                let next = simplify(&mut self.graph, image, &self.rules, &options).roots[0];
                let next = match size(&self.graph, image) <= SHAPED {
                    true => self.by_shapes(image, next, &options, &mut Vec::new()),
                    false => next,
                };
                let shape = change.undone(&mut self.graph, next);
                if size(&self.graph, shape) >= size(&self.graph, best) {
                    continue;
                }
                // What it stands for may lead on.
                let next = simplify(&mut self.graph, shape, &self.rules, given).roots[0];
                links.push(Link { from, shape, next });
                best = self.by_shapes(shape, next, given, links);
            }
        }
        best
    }

    /// The steps of a way of shapes, as far as the checker follows them.
    pub(super) fn steps_of(
        &mut self,
        root: Term,
        found: Option<Explanation>,
        way: &[Link],
        options: &Options,
    ) -> Option<Explanation> {
        let mut record = Record::new(root);
        match way.first() {
            Some(link) if link.from == root => {}
            _ => record.extend(found?.steps),
        }
        for link in way {
            self.add_shape(&mut record, link.shape, options)?;
            if link.next == link.shape {
                continue;
            }
            let more = simplify(&mut self.graph, link.shape, &self.rules, options);
            record.extend(more.explanation?.steps);
            if record.whole() != link.next {
                self.add_shape(&mut record, link.next, options)?;
            }
        }
        Some(record.finish())
    }

    /// A step to another shape: by arithmetic if that is enough.
    fn add_shape(&mut self, record: &mut Record, shape: Term, options: &Options) -> Option<()> {
        let (from, before) = (record.whole(), record.length());
        let mut plain = record.clone();
        plain.normal(&mut self.graph, shape);
        let known = &options.assumptions;
        let taken = plain.since(before, from);
        if plain.whole() == shape && check(&mut self.graph, &self.rules, known, &taken).is_ok() {
            *record = plain;
            return Some(());
        }
        record.algebra(&mut self.graph, shape);
        let taken = record.since(before, from);
        check(&mut self.graph, &self.rules, known, &taken).ok()
    }

    /// Other shapes of a term, for rewriting to begin from.
    fn shapes(&mut self, from: Term, options: &Options) -> Vec<Term> {
        let shaped = forms::shortest(&mut self.graph, from, &size);
        let mut shapes = vec![radical::normal(&mut self.graph, shaped, &size)];
        if size(&self.graph, from) > 3 && free_symbols(&self.graph, &[from]).is_empty() {
            // What the digits suggest is a shape once it is proved.
            let guessed = guess(&mut self.graph, from).filter(|&t| t != from);
            shapes.extend(
                guessed
                    .filter(|&t| proof(&mut self.graph, &options.assumptions, from, t).is_some()),
            );
        }
        let mut known = Known::new(&options.assumptions);
        let most = 2 * size(&self.graph, from) + 20;
        for shape in forms::over_basis(&mut self.graph, from, &mut known, &size) {
            // sqrt(x^2*y) has a value where x is zero and y negative, abs(x)*sqrt(y) has none.
            if size(&self.graph, shape) <= most
                && gaps(&mut self.graph, &options.assumptions, [from, shape])
                    .is_some_and(|gaps| gaps.is_empty())
            {
                shapes.push(shape);
            }
        }
        shapes
    }
}
