//! Where an expression has no derivative although the formula may have a value: at kinks of
//! magnitudes, minima and choices, and at steps.

use super::request::{Answer, Workspace, error};
use crate::calculus;
use crate::term::visit::{contains, reachable, substitute};
use crate::term::{Graph, Node, Number, Op, Term};
use crate::text::Kind;

/// Something that changes its formula where a term is zero.
struct Kink {
    /// The part.
    part: Term,
    /// The term that is zero there.
    of: Term,
    /// The formulas on both sides.
    sides: [Term; 2],
}

impl Workspace {
    /// Where an expression has no derivative of some order by a name, besides where the formula of
    /// the derivative has no value.
    ///
    /// # Errors
    /// When a derivative is not known or a text is too long.
    pub fn kinks(&mut self, root: Term, name: &str, order: usize) -> Answer<Vec<String>> {
        let by = self.graph.symbol(name);
        let mut texts = Vec::new();
        for kink in kinks(&mut self.graph, root, by) {
            if !self.smooth(root, by, &kink, order)? {
                let minus = self.graph.leads_negative(kink.of);
                let of = if minus { self.graph.neg(kink.of) } else { kink.of };
                texts.push(format!("{} = 0", self.print(of)?));
            }
        }
        for (of, half) in steps(&self.graph, root, by) {
            let of = match half {
                true => self.graph.sum(Number::HALF, [(Number::ONE, of)]),
                false => of,
            };
            texts.push(format!("{} integer", self.print(of)?));
        }
        texts.sort();
        texts.dedup();
        Ok(texts)
    }

    /// Whether the formulas on both sides of a kink have the same derivatives there.
    fn smooth(&mut self, root: Term, by: Term, kink: &Kink, order: usize) -> Answer<bool> {
        let slope = self.derivative(kink.of, by)?;
        let Some(inverse) = self.graph.as_number(slope).and_then(Number::recip) else {
            return Ok(false);
        };
        // The term is linear in the name, zero at one place.
        let zero = self.graph.number(0);
        let constant = substitute(&mut self.graph, kink.of, &[(by, zero)]);
        let place = self.graph.scale(-&inverse, constant);
        let [a, b] = kink.sides.map(|side| substitute(&mut self.graph, root, &[(kink.part, side)]));
        let mut jump = self.graph.sub(a, b);
        for _ in 0..=order {
            let there = substitute(&mut self.graph, jump, &[(by, place)]);
            let there = self.shortest(there);
            if !self.graph.as_number(there).is_some_and(Number::is_zero) {
                return Ok(false);
            }
            jump = self.derivative(jump, by)?;
        }
        Ok(true)
    }

    fn derivative(&mut self, of: Term, by: Term) -> Answer<Term> {
        calculus::derivative(&mut self.graph, of, by)
            .map_err(|e| error(Kind::Domain, e.to_string()))
    }
}

/// The kinks of a term in a name.
fn kinks(graph: &mut Graph, root: Term, by: Term) -> Vec<Kink> {
    let mut found = Vec::new();
    for part in reachable(graph, &[root]) {
        let Node::Call(op, args) = graph.node(part).clone() else { continue };
        match (op, &*args) {
            (Op::Abs, &[of]) => {
                let minus = graph.neg(of);
                found.push(Kink { part, of, sides: [of, minus] });
            }
            (Op::Sign, &[of]) => {
                let sides = [1, -1].map(|n| graph.number(n));
                found.push(Kink { part, of, sides });
            }
            (Op::Max | Op::Min, &[a, b]) => {
                let of = graph.sub(a, b);
                found.push(Kink { part, of, sides: [a, b] });
            }
            (Op::If, &[condition, a, b]) => {
                for comparison in reachable(graph, &[condition]) {
                    let compared = match graph.node(comparison) {
                        Node::Call(Op::Less | Op::LessEqual | Op::Equal, args) => {
                            [args[0], args[1]]
                        }
                        _ => continue,
                    };
                    let of = graph.sub(compared[0], compared[1]);
                    found.push(Kink { part, of, sides: [a, b] });
                }
            }
            _ => {}
        }
    }
    found.retain(|kink| contains(graph, kink.of, by));
    found
}

/// Arguments at whose integers there is a step, and whether the step is half-way between them.
fn steps(graph: &Graph, root: Term, by: Term) -> Vec<(Term, bool)> {
    let steps = reachable(graph, &[root]).into_iter().filter_map(|t| match graph.node(t) {
        Node::Call(Op::Floor | Op::Ceil, args) => Some((args[0], false)),
        Node::Call(Op::Round, args) => Some((args[0], true)),
        _ => None,
    });
    steps.filter(|(of, _)| contains(graph, *of, by)).collect()
}
