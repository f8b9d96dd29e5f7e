//! Whether two expressions are equal wherever the first has a value: by rewriting, by exact algebra,
//! or not, by a point where they differ.

use super::request::{Answer, Workspace, names};
use super::witness::{self, Region};
use crate::algebra::basis::Knowledge;
use crate::algebra::constant::{Sign, sign};
use crate::algebra::domain;
use crate::algebra::identity::{self, Proof};
use crate::calculus::expand;
use crate::rewrite::Assumptions;
use crate::rewrite::change::changes;
use crate::rewrite::defined::{gaps, holding};
use crate::rewrite::derived::derived;
use crate::rewrite::known::Known;
use crate::term::sample::Claim;
use crate::term::visit::reachable;
use crate::term::{Graph, Node, Number, Op, Term};

/// Whether two expressions are the same function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Wherever the first has a value, the second has the same.
    Equal(Shown),
    /// They differ at a point.
    Different(Vec<(String, Number)>),
    /// Neither was shown.
    Unknown,
}

/// How two expressions were shown to be equal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// The argument, in sentences.
    pub because: Vec<String>,
    /// What the second expression divides by: it has no value at the isolated points where one of
    /// these is zero although the first may have one.
    pub except: Vec<String>,
}

/// Terms of the difference multiplied out.
const EXPANDED: usize = 10_000;

/// Larger pairs are not looked at as functions of another variable.
const CHANGED: u64 = 120;

/// Signs that are distinguished, one after the other.
const CASES: usize = 4;

impl Workspace {
    /// Whether the first text equals the second wherever the first has a value.
    ///
    /// # Errors
    /// What is wrong with the texts.
    pub fn equal(&mut self, a: &str, b: &str) -> Answer<Verdict> {
        let (left, right) = (self.read(a)?, self.read(b)?);
        // Reading closes gaps such as that of x/x at zero; the texts as they stand keep them.
        let mut written = Graph::written();
        let x = self.definitions.written(a, &mut written, &self.limits)?;
        let y = self.definitions.written(b, &mut written, &self.limits)?;
        if x == y {
            let because = vec!["both are the same expression".to_owned()];
            return Ok(Verdict::Equal(Shown { because, except: Vec::new() }));
        }
        let known = Region::new(&self.graph, self.assumptions());
        if let Some(point) = witness::difference(&written, x, y, &known) {
            return Ok(Verdict::Different(point));
        }
        let kept = [x, y].map(|t| self.graph.kept_from(&written, t));
        let facts = self.assumptions().clone();
        let open = gaps(&mut self.graph, &facts, kept);
        let mut readable = open.is_some();
        // Points that formulas with functions are commonly read over count in rational ones.
        for gap in open.iter().flatten().filter(|_| witness::is_rational(&written, y)) {
            readable = false;
            let Some((name, zeros)) = domain::rational_zeros(&mut self.graph, *gap) else {
                continue;
            };
            let Node::Symbol(symbol) = self.graph.node(name) else { continue };
            let name = self.graph.name(*symbol).to_owned();
            let known = Region::new(&self.graph, &facts);
            let points = zeros.into_iter().map(|n| vec![(name.clone(), n)]);
            let mut gaps = points.filter(|p| witness::is_gap(&written, x, y, p, &known));
            if let Some(point) = gaps.next() {
                return Ok(Verdict::Different(point));
            }
        }
        if let Some(gaps) = open.filter(|_| readable)
            && let Some(shown) = self.shown(left, right, kept, gaps)?
        {
            return Ok(Verdict::Equal(shown));
        }
        let known = Region::new(&self.graph, self.assumptions());
        Ok(match witness::close_difference(&written, x, y, &known) {
            Some(point) => Verdict::Different(point),
            None => Verdict::Unknown,
        })
    }

    /// The argument that two terms are equal, when one is found.
    fn shown(
        &mut self,
        left: Term,
        right: Term,
        kept: [Term; 2],
        gaps: Vec<Term>,
    ) -> Answer<Option<Shown>> {
        let facts = derived(&mut self.graph, &self.known.facts, &[left, right]);
        if Known::new(&facts).of(&mut self.graph, kept[0]).nowhere() {
            return Ok(None);
        }
        let because = match self.argument(left, right, kept, &facts)? {
            Some(because) => because,
            None => match self.by_changes(left, right, &facts)? {
                Some(because) => because,
                None => return Ok(None),
            },
        };
        let except = gaps.into_iter().map(|t| self.print(t)).collect::<Answer<_>>()?;
        Ok(Some(Shown { because, except }))
    }

    fn argument(
        &mut self,
        left: Term,
        right: Term,
        kept: [Term; 2],
        facts: &Assumptions,
    ) -> Answer<Option<Vec<String>>> {
        if left == right {
            return Ok(Some(vec![format!("both are {}", self.print(left)?)]));
        }
        let difference = self.graph.sub(left, right);
        let constant = names(&self.graph, difference).is_empty();
        if constant {
            match sign(&mut self.graph, difference) {
                Some(Sign::Zero) => {
                    let because = "the difference is an algebraic number below the bound that \
                                   separates those of its degree and size from zero";
                    return Ok(Some(vec![because.to_owned()]));
                }
                Some(_) => return Ok(None),
                None => {}
            }
        }
        let both = self.shortest_of(&[left, right]);
        if both[0] == both[1] {
            return Ok(Some(vec![format!("by the rules both are {}", self.print(both[0])?)]));
        }
        let mut held = facts.clone();
        for term in kept {
            let granted = domain::implied(&mut self.graph, term);
            held = holding(&mut self.graph, &held, &granted);
        }
        if let Some(proof) = self.zero(difference, &held) {
            return self.told_proof(&proof).map(Some);
        }
        let expanded = expand(&mut self.graph, difference, EXPANDED).unwrap_or(difference);
        for candidate in [difference, expanded] {
            let rest = self.shortest(candidate);
            if self.graph.as_number(rest).is_some_and(Number::is_zero) {
                return Ok(Some(vec!["by the rules the difference is 0".to_owned()]));
            }
        }
        let Some(cases) = self.by_cases(difference, &held, CASES)? else { return Ok(None) };
        Ok(Some(cases))
    }

    /// The argument that two terms are equal as functions of another variable.
    fn by_changes(
        &mut self,
        left: Term,
        right: Term,
        facts: &Assumptions,
    ) -> Answer<Option<Vec<String>>> {
        if self.size(left) + self.size(right) > CHANGED {
            return Ok(None);
        }
        for change in changes(&mut self.graph, &[left, right], facts) {
            let [left, right] = change.images[..] else { continue };
            let given = std::mem::replace(&mut self.known.facts, change.facts.clone());
            let found = self.argument(left, right, [left, right], &change.facts);
            self.known.facts = given;
            if let Some(mut because) = found? {
                let (name, meaning) = (self.print(change.name)?, self.print(change.meaning)?);
                because.insert(0, format!("{name} stands for {meaning}"));
                return Ok(Some(because));
            }
        }
        Ok(None)
    }

    /// The proof that a term is zero wherever it has a value.
    fn zero(&mut self, term: Term, facts: &Assumptions) -> Option<Proof> {
        identity::zero(&mut self.graph, term, &mut Known::new(facts))
    }

    /// Shows that a term is zero where something is positive and where it is not.
    fn by_cases(
        &mut self,
        term: Term,
        facts: &Assumptions,
        depth: usize,
    ) -> Answer<Option<Vec<String>>> {
        if self.graph.as_number(term).is_some_and(Number::is_zero) {
            return Ok(Some(vec!["by the rules the difference is 0".to_owned()]));
        }
        let Some(on) = undecided(&mut self.graph, term, facts).filter(|_| depth > 0) else {
            return Ok(None);
        };
        let zero = self.graph.number(0);
        let mut told = Vec::new();
        let positive = self.graph.call(Op::Less, &[zero, on]);
        for (condition, truth) in [(">", true), ("<=", false)] {
            let mut held = facts.clone();
            held.hold(&mut self.graph, positive, truth);
            if held.is_contradictory() {
                continue;
            }
            let case = format!("where {} {condition} 0", self.print(on)?);
            let inner = match self.zero(term, &held) {
                Some(proof) => self.told_proof(&proof)?,
                None => {
                    // What is known of signs decides choices and inner minima.
                    let given = std::mem::replace(&mut self.known.facts, held.clone());
                    let rest = self.shortest_of(&[term])[0];
                    self.known.facts = given;
                    match self.by_cases(rest, &held, depth - 1)? {
                        Some(inner) => inner,
                        None => return Ok(None),
                    }
                }
            };
            told.extend(inner.into_iter().map(|line| format!("{case}: {line}")));
        }
        Ok(Some(told))
    }

    fn told_proof(&self, proof: &Proof) -> Answer<Vec<String>> {
        let all = |terms: &[Term]| terms.iter().map(|&t| self.print(t)).collect::<Answer<Vec<_>>>();
        let basis = all(&proof.basis)?;
        let mut line = match proof.by {
            Some(by) => format!("{by}, as rational functions"),
            None => "the difference is 0 as a rational function".to_owned(),
        };
        if !basis.is_empty() {
            line += &format!(" of {}", basis.join(", "));
        }
        let mut equations = Vec::new();
        for (power, value) in &proof.equations {
            equations.push(format!("{} = {}", self.print(*power)?, self.print(*value)?));
        }
        if !equations.is_empty() {
            line += &format!(", where {}", equations.join(", "));
        }
        Ok(vec![line])
    }
}

/// A term whose sign decides the value of a part: under a magnitude, or the difference of what a
/// minimum is taken of.
fn undecided(graph: &mut Graph, root: Term, facts: &Assumptions) -> Option<Term> {
    let mut known = Known::new(facts);
    for term in reachable(graph, &[root]) {
        let Node::Call(op, args) = graph.node(term).clone() else { continue };
        let on = match (op, &*args) {
            (Op::Abs | Op::Sign, &[a]) => a,
            (Op::Max | Op::Min, &[a, b]) => graph.sub(a, b),
            // Positive exactly where the condition holds, or where it does not.
            (Op::If, &[condition, ..]) => match graph.node(condition).clone() {
                Node::Call(Op::Less, sides) => graph.sub(sides[1], sides[0]),
                Node::Call(Op::LessEqual, sides) => graph.sub(sides[0], sides[1]),
                _ => continue,
            },
            _ => continue,
        };
        let minus = graph.neg(on);
        if !known.nonnegative(graph, on)
            && !known.nonnegative(graph, minus)
            && graph.witness(on, Claim::Defined)
        {
            return Some(on);
        }
    }
    None
}
