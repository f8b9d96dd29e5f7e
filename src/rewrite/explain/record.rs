//! The steps of a run as they are taken.

use super::derive::{STEPS, Unexplained};
use super::identity::Identities;
use super::replace;
use super::step::{Explanation, Reason, Step};
use crate::rewrite::classical::{Taken, Trail};
use crate::term::{Graph, Node, Number, Op, Term};

/// Levels of nesting beyond which an explanation is given up.
const DEPTH: usize = 1_000;

/// An explanation that grows.
#[derive(Clone, Debug)]
pub struct Record {
    start: Term,
    whole: Term,
    steps: Vec<Step>,
}

impl Record {
    /// Begins with a term.
    pub fn new(start: Term) -> Record {
        Record { start, whole: start, steps: Vec::new() }
    }

    /// The term that has been reached.
    pub fn whole(&self) -> Term {
        self.whole
    }

    /// How many steps there are.
    pub fn length(&self) -> usize {
        self.steps.len()
    }

    /// The steps after the first `count`, which lead to `start`.
    pub fn since(&self, count: usize, start: Term) -> Explanation {
        Explanation { start, steps: self.steps[count..].to_vec(), end: self.whole }
    }

    /// Steps on the whole.
    pub fn extend(&mut self, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            self.whole = step.whole;
            self.steps.push(step);
        }
    }

    /// The whole is the same polynomial in the same parts as another term; steps are taken on the
    /// innermost parts that differ.
    pub fn normal(&mut self, graph: &mut Graph, to: Term) {
        let whole = self.whole;
        self.align(graph, &mut Vec::new(), whole, to);
    }

    fn align(&mut self, graph: &mut Graph, path: &mut Vec<usize>, old: Term, new: Term) {
        let mut part = old;
        let pairs = differing(graph, old, new);
        // By symmetry a call may be the same although its arguments are not.
        let alike = pairs.iter().all(|&(_, from, to)| {
            Identities::new(graph, &[from, to]).identical(from, to) == Ok(true)
        });
        for (k, from, to) in pairs {
            if !alike || path.len() > DEPTH {
                break;
            }
            // Arguments of sums and products move as they are replaced.
            let at = match graph.node(part) {
                Node::Sum { .. } | Node::Product(_) => graph.position(part, from),
                _ => k,
            };
            path.push(at);
            self.align(graph, path, from, to);
            path.pop();
            part = graph.with_argument(part, at, to).0;
        }
        if part == new {
            return;
        }
        let reason = Reason::NormalForm;
        if let Some((whole, moved)) = replace::at(graph, self.whole, path, part, new) {
            let path = std::mem::replace(path, moved);
            self.extend([Step { path, old: part, new, reason, whole }]);
        }
    }

    /// The steps of the classical rewriter.
    ///
    /// # Errors
    /// When there are too many: a part is explained at each place where it stands.
    pub fn classical(&mut self, graph: &mut Graph, trail: &Trail) -> Result<(), Unexplained> {
        let start = self.whole;
        let mut walk = Walk { graph, trail, record: self, path: Vec::new() };
        walk.go(0, start)
    }

    /// Steps on an argument of a part, taken at each place where the part stands.
    ///
    /// # Errors
    /// When there are too many.
    pub fn embed(
        &mut self,
        graph: &mut Graph,
        argument: Term,
        position: usize,
        part: Term,
        steps: &Record,
    ) -> Result<(), Unexplained> {
        // Each round finds one place: the part is another one after it.
        while let Some(mut prefix) = replace::find(graph, self.whole, part, DEPTH) {
            prefix.push(position);
            if replace::part_at(graph, self.whole, &prefix) != Some(argument) {
                return Err(Unexplained::NotEqual);
            }
            for step in &steps.steps {
                if self.steps.len() >= STEPS {
                    return Err(Unexplained::TooLong);
                }
                let path = [prefix.as_slice(), &step.path].concat();
                let (whole, moved) = replace::at(graph, self.whole, &path, step.old, step.new)
                    .ok_or(Unexplained::NotEqual)?;
                let length = prefix.len();
                prefix.copy_from_slice(&moved[..length]);
                let (old, new, reason) = (step.old, step.new, step.reason.clone());
                self.extend([Step { path, old, new, reason, whole }]);
            }
        }
        Ok(())
    }

    /// What was recorded.
    pub fn finish(self) -> Explanation {
        Explanation { start: self.start, steps: self.steps, end: self.whole }
    }
}

/// Arguments that differ between two nodes of one kind, in pairs; nothing when the nodes themselves
/// are too different for that.
fn differing(graph: &Graph, old: Term, new: Term) -> Vec<(usize, Term, Term)> {
    let pairs = |old: &[Term], new: &[Term]| -> Vec<(usize, Term, Term)> {
        let pairs = old.iter().zip(new).enumerate().map(|(k, (&a, &b))| (k, a, b));
        pairs.filter(|(_, a, b)| a != b).collect()
    };
    // Of sums and products, what stands alone on both sides with one factor.
    fn alone<T: PartialEq + Clone>(
        old: &[(T, Term)],
        new: &[(T, Term)],
    ) -> Vec<(usize, Term, Term)> {
        let mut rest: Vec<&(T, Term)> = new.iter().filter(|p| !old.contains(p)).collect();
        let mut pairs = Vec::new();
        for (k, (factor, t)) in old.iter().enumerate().filter(|(_, p)| !new.contains(p)) {
            let Some(at) = rest.iter().position(|(f, _)| f == factor) else { return Vec::new() };
            pairs.push((k, *t, rest.remove(at).1));
        }
        if rest.is_empty() && pairs.len() == 1 { pairs } else { Vec::new() }
    }
    match (graph.node(old), graph.node(new)) {
        (Node::Call(f, a), Node::Call(g, b)) if f == g => pairs(a, b),
        (Node::Apply(f, a), Node::Apply(g, b)) if f == g => pairs(a, b),
        (Node::Sum { constant: j, terms: a }, Node::Sum { constant: k, terms: b }) if j == k => {
            alone(a, b)
        }
        (Node::Product(a), Node::Product(b)) => {
            let turned = |list: &[(Term, Number)]| -> Vec<(Number, Term)> {
                list.iter().map(|(t, e)| (e.clone(), *t)).collect()
            };
            alone(&turned(a), &turned(b))
        }
        _ => Vec::new(),
    }
}

/// A walk along the trail of the classical rewriter that keeps the whole up to date.
struct Walk<'a, 'r> {
    graph: &'a mut Graph,
    trail: &'a Trail<'r>,
    record: &'a mut Record,
    path: Vec<usize>,
}

impl Walk<'_, '_> {
    /// Brings the part at the path, a term of the trail, to its final form.
    fn go(&mut self, context: usize, mut term: Term) -> Result<(), Unexplained> {
        if self.path.len() > DEPTH {
            return Err(Unexplained::TooLong);
        }
        while let Some((next, step)) = self.trail.next(context, term) {
            match step {
                Some(step) => self.step(step.old, step.new, used(step))?,
                None => {
                    let kept = self.arguments(context, term)?;
                    self.step(kept, next, Reason::NormalForm)?;
                }
            }
            term = next;
        }
        Ok(())
    }

    /// Brings the arguments of the part to their final forms; the part with them.
    fn arguments(&mut self, context: usize, term: Term) -> Result<Term, Unexplained> {
        let node = self.graph.node(term).clone();
        let mut arguments = Vec::new();
        self.graph.each_argument(&node, |t| arguments.push(t));
        let mut part = term;
        for (k, &t) in arguments.iter().enumerate() {
            let inner = match (&node, k) {
                (Node::Call(Op::If, args), 1 | 2) => {
                    let condition = self.trail.image(context, args[0]);
                    self.trail.branch(context, condition, k == 1)
                }
                _ => Some(context),
            };
            let Some(inner) = inner else { continue };
            let image = self.trail.image(inner, t);
            if image == t {
                continue;
            }
            // Arguments of sums and products move as they are replaced.
            let at = match node {
                Node::Sum { .. } | Node::Product(_) => self.graph.position(part, t),
                _ => k,
            };
            self.path.push(at);
            self.go(inner, t)?;
            self.path.pop();
            part = self.graph.with_argument(part, at, image).0;
        }
        Ok(part)
    }

    fn step(&mut self, old: Term, new: Term, reason: Reason) -> Result<(), Unexplained> {
        if old == new {
            return Ok(());
        }
        if self.record.steps.len() >= STEPS {
            return Err(Unexplained::TooLong);
        }
        let (whole, moved) = replace::at(self.graph, self.record.whole, &self.path, old, new)
            .ok_or(Unexplained::NotEqual)?;
        let path = std::mem::replace(&mut self.path, moved);
        self.record.extend([Step { path, old, new, reason, whole }]);
        Ok(())
    }
}

/// A step of the classical rewriter as a reason.
fn used(step: &Taken) -> Reason {
    let Some(rule) = step.rule else { return Reason::Constant { backwards: false } };
    let named = step.bindings.iter().zip(&rule.variables);
    Reason::Rule {
        name: rule.name.clone(),
        backwards: false,
        bindings: named.filter_map(|(b, n)| Some((n.clone(), (*b)?))).collect(),
        around: step.around.clone(),
        because: Vec::new(),
    }
}
