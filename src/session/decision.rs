//! Whether a claim, a comparison or several joined by `and`, `or` and `not`, holds wherever it has a
//! value.

use super::equality::Verdict;
use super::request::{Answer, Workspace, names};
use super::witness::{self, Region};
use crate::algebra::domain::{Condition, Sign};
use crate::algebra::forms;
use crate::algebra::identity;
use crate::calculus::expand;
use crate::rewrite::Assumptions;
use crate::rewrite::defined::is_met;
use crate::rewrite::derived::derived;
use crate::rewrite::known::Known;
use crate::term::sample::Claim;
use crate::term::visit::{contains, substitute};
use crate::term::{Graph, Node, Number, Op, Term};
use crate::text::Source;

/// Terms of a difference multiplied out.
const EXPANDED: usize = 1_000;

fn is_symbol(graph: &Graph, term: Term) -> bool {
    matches!(graph.node(term), Node::Symbol(_))
}

impl Workspace {
    /// Whether a claim holds at all points that fulfil the assumptions: `Equal` to true, `Different`
    /// at a point, or unknown.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn decide(&mut self, claim: &str) -> Answer<Verdict> {
        let source = Source::new("claim", claim);
        let term = self.definitions.condition(&source, &mut self.graph, &self.limits)?;
        let mut written = Graph::written();
        let said = self.definitions.condition(&source, &mut written, &self.limits)?;
        let truth = written.number(1);
        let region = Region::new(&self.graph, self.assumptions());
        if let Some(point) = witness::difference(&written, said, truth, &region) {
            return Ok(Verdict::Different(point));
        }
        let facts = derived(&mut self.graph, &self.known.facts, &[term]);
        if self.holds(term, true, &facts) {
            return Ok(Verdict::Equal(Default::default()));
        }
        let constant = names(&self.graph, term).is_empty();
        Ok(match constant && self.holds(term, false, &facts) {
            true => Verdict::Different(Vec::new()),
            false => Verdict::Unknown,
        })
    }

    /// Whether a condition is shown to be true, or false, everywhere.
    fn holds(&mut self, condition: Term, truth: bool, facts: &Assumptions) -> bool {
        if let Some(n) = self.graph.as_number(condition) {
            return n.is_zero() != truth;
        }
        let Node::Call(op, args) = self.graph.node(condition).clone() else { return false };
        match (op, &*args, truth) {
            (Op::Not, &[a], _) => self.holds(a, !truth, facts),
            (Op::And, &[a, b], true) | (Op::Or, &[a, b], false) => {
                self.holds(a, truth, facts) && self.holds(b, truth, facts)
            }
            (Op::Or, &[a, b], true) | (Op::And, &[a, b], false) => {
                self.holds(a, truth, facts) || self.holds(b, truth, facts)
            }
            (Op::Less, &[a, b], true) | (Op::LessEqual, &[b, a], false) => {
                self.compares(b, a, Sign::Positive, facts)
            }
            (Op::LessEqual, &[a, b], true) | (Op::Less, &[b, a], false) => {
                self.compares(b, a, Sign::Nonnegative, facts)
            }
            (Op::Equal, &[a, b], false) => self.compares(a, b, Sign::Nonzero, facts),
            (Op::Equal, &[a, b], true) => {
                let difference = self.graph.sub(a, b);
                identity::zero(&mut self.graph, difference, &mut Known::new(facts)).is_some()
            }
            _ => false,
        }
    }

    /// Whether `a - b` has a sign everywhere: as it stands, in factors, or in its shortest form.
    fn compares(&mut self, a: Term, b: Term, sign: Sign, facts: &Assumptions) -> bool {
        let of = self.graph.sub(a, b);
        if !self.graph.witness(of, Claim::Defined) {
            return false;
        }
        if is_met(&mut self.graph, facts, Condition { of, sign }) {
            return true;
        }
        // Multiplied out, with what is assumed to have a sign in place of a name.
        if self.by_assumptions(of, sign, facts) {
            return true;
        }
        let factored = forms::factor(&mut self.graph, of, self.limits.terms);
        let shapes = [factored.ok().map(|(shaped, _)| shaped.term), Some(self.shortest(of))];
        shapes.into_iter().flatten().any(|of| {
            let facts = derived(&mut self.graph, facts, &[of]);
            is_met(&mut self.graph, &facts, Condition { of, sign })
        })
    }

    /// Whether a term has a sign in terms of a sum that is assumed to have one: with `x > y > 0` and
    /// `s = x - y` the difference `x^2 - y^2` is `s^2 + 2*s*y`.
    fn by_assumptions(&mut self, of: Term, sign: Sign, facts: &Assumptions) -> bool {
        // No name of an expression has a blank.
        let name = self.graph.symbol("assumed sum");
        for sum in facts.terms() {
            let Node::Sum { constant, terms } = self.graph.node(sum).clone() else { continue };
            let Some(known) = facts.of(sum).cloned() else { continue };
            for (c, x) in &terms {
                let replaces = is_symbol(&self.graph, *x) && contains(&self.graph, of, *x);
                let Some(inverse) = c.recip().filter(|_| replaces) else { continue };
                let rest =
                    terms.iter().filter(|(_, t)| t != x).map(|(d, t)| (-&(d * &inverse), *t));
                let parts: Vec<(Number, Term)> = rest.chain([(inverse.clone(), name)]).collect();
                let image = self.graph.sum(-&(&constant * &inverse), parts);
                let other = substitute(&mut self.graph, of, &[(*x, image)]);
                let Ok(of) = expand(&mut self.graph, other, EXPANDED) else { continue };
                let mut facts = facts.clone();
                facts.inherit(name, &known);
                if is_met(&mut self.graph, &facts, Condition { of, sign }) {
                    return true;
                }
            }
        }
        false
    }
}
