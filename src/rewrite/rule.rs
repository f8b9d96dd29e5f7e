//! Rules: two patterns, conditions, and what the engine has to know about their domains.

use egg::Language;

use super::around::near;
use super::condition::Condition;
use super::cost::size;
use super::language::Head;
use super::pattern::Pattern;
use crate::term::op::Class;
use crate::term::{Graph, Op, Term};
use crate::text::Span;

/// One rewrite in one direction.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name in the rules file; the reverse direction of `<=>` has a `-reversed` suffix.
    pub name: String,
    /// What is matched.
    pub lhs: Pattern,
    /// What it is equal to.
    pub rhs: Pattern,
    /// What the facts must prove.
    pub conditions: Vec<Condition>,
    /// Names of the variables, by position.
    pub variables: Vec<String>,
    /// Variables that only the left side has: they must be defined wherever the rule is used.
    pub dropped: Vec<usize>,
    /// Variables that stand for conditions.
    pub truths: Vec<usize>,
    /// Whether the right side is defined on more points.
    pub extends: bool,
    /// Whether the right side may be larger.
    pub expanding: bool,
    /// Operations that a term must contain to be matched.
    pub needs: Operations,
    /// Operations that must stand close below what is matched.
    pub near: Operations,
    /// The line that it was read from.
    pub origin: Origin,
}

/// Where a rule was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// The file; empty for a rule made by a program.
    pub file: String,
    /// The line, with its name and marks.
    pub text: String,
    /// The place of the line in the file.
    pub span: Span,
}

/// A set of operations of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Operations(u64);

const _: () = assert!(crate::term::op::TABLE.len() <= 64, "a set of operations is one word");

impl Operations {
    /// The set with one more operation.
    pub fn with(self, op: Op) -> Operations {
        Operations(self.0 | 1 << op as u64)
    }

    /// The operations of both sets.
    pub fn union(self, other: Operations) -> Operations {
        Operations(self.0 | other.0)
    }

    /// Whether every operation is in the other set.
    pub fn within(self, other: Operations) -> bool {
        self.0 & !other.0 == 0
    }
}

impl FromIterator<Op> for Operations {
    fn from_iter<I: IntoIterator<Item = Op>>(operations: I) -> Operations {
        operations.into_iter().fold(Operations::default(), Operations::with)
    }
}

/// Why two terms make no rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// A side holds something that patterns do not have.
    Inexpressible,
    /// The left side is a variable or a number.
    Trivial,
    /// Both sides are one term.
    Same,
    /// The right side has this variable and the left side has not.
    Unbound(usize),
}

impl Rule {
    /// A rule from two canonical terms over variables.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub fn new(
        name: &str,
        graph: &Graph,
        sides: (Term, Term),
        variables: &[Term],
        names: Vec<String>,
        conditions: Vec<Condition>,
    ) -> Result<Rule, Unfit> {
        let pattern = |side| Pattern::of(graph, side, variables).ok_or(Unfit::Inexpressible);
        let (lhs, rhs) = (pattern(sides.0)?, pattern(sides.1)?);
        if matches!(lhs, Pattern::Variable(_) | Pattern::Number(_)) {
            return Err(Unfit::Trivial);
        }
        if lhs == rhs {
            return Err(Unfit::Same);
        }
        let (left, right) =
            (occurrences(&lhs, variables.len()), occurrences(&rhs, variables.len()));
        if let Some(v) = (0..variables.len()).find(|&v| left[v] == 0 && right[v] > 0) {
            return Err(Unfit::Unbound(v));
        }
        let mut truths = Vec::new();
        truth_variables(&lhs, &mut truths);
        truth_variables(&rhs, &mut truths);
        let mut needs = Operations::default();
        needed(&lhs, &mut needs);
        Ok(Rule {
            name: name.to_owned(),
            dropped: (0..variables.len()).filter(|&v| left[v] > 0 && right[v] == 0).collect(),
            near: near(&lhs),
            lhs: lhs.ordered(&left),
            rhs,
            conditions,
            variables: names,
            truths,
            extends: false,
            expanding: false,
            needs,
            origin: Origin::default(),
        })
    }

    /// Why the right side may be larger than the left, for large bindings or for small ones;
    /// `None` when it never is.
    pub fn growth(&self) -> Option<Growth> {
        let count = self.variables.len();
        let (left, right) = (occurrences(&self.lhs, count), occurrences(&self.rhs, count));
        if let Some(variable) = (0..count).find(|&v| right[v] > left[v]) {
            return Some(Growth::Variable(variable));
        }
        let (left, right) = (weight(&self.lhs), weight(&self.rhs));
        (right > left).then_some(Growth::Weight(left, right))
    }
}

/// How a right side grows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Growth {
    /// It has more occurrences of a variable, which may stand for anything.
    Variable(usize),
    /// It weighs more: the weights of both sides.
    Weight(f64, f64),
}

/// How often each variable occurs.
fn occurrences(pattern: &Pattern, variables: usize) -> Vec<usize> {
    let mut counts = vec![0; variables];
    pattern.each_variable(&mut |v| counts[v] += 1);
    counts
}

/// What a call of a function weighs beyond its place in the text: `sin(x)*cos(x)` may become
/// `sin(2*x)/2`, which has one function less and one sign more.
const CALL: f64 = 2.0;

/// The size of a pattern as text, where calls of functions weigh more.
fn weight(pattern: &Pattern) -> f64 {
    let Some((form, parts)) = pattern.form() else { return 1.0 };
    let call = match pattern {
        Pattern::Call(op, _) if op.row().class == Class::Function => CALL,
        _ => 0.0,
    };
    let parts: f64 = parts.into_iter().map(weight).sum();
    size(&form) + call + parts
}

/// Collects variables in places where a condition stands.
fn truth_variables(pattern: &Pattern, found: &mut Vec<usize>) {
    let Some((form, parts)) = pattern.form() else { return };
    for (k, part) in parts.into_iter().enumerate() {
        let condition = match form.discriminant() {
            Head::Call(Op::If) => k == 0,
            Head::Call(op) => op.row().class == Class::Logic,
            _ => false,
        };
        match part {
            Pattern::Variable(v) if condition && !found.contains(v) => found.push(*v),
            _ => truth_variables(part, found),
        }
    }
}

/// Collects operations that must occur in a term that matches; `?x^?n` also stands for `x^2`.
fn needed(pattern: &Pattern, needs: &mut Operations) {
    if let Pattern::Call(op, _) = pattern
        && *op != Op::Pow
    {
        *needs = needs.with(*op);
    }
    for part in pattern.form().into_iter().flat_map(|(_, parts)| parts) {
        needed(part, needs);
    }
}

/// Rules that are used together; sets compose by the names of their rules.
///
/// ```
/// use isoterm::{rewrite::Ruleset, text::Source};
/// let text = "softplus-reflected: log1p(exp(?x)) - ?x => log1p(exp(-?x))";
/// let own = Ruleset::load(&Source::new("own.rules", text)).unwrap();
/// let rules = Ruleset::standard().clone().with(own).without("pythagoras");
/// assert!(rules.named("softplus-reflected").is_some() && rules.named("pythagoras").is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    /// The rules, in the order of their files.
    pub rules: Vec<Rule>,
}

impl Ruleset {
    /// Rules for the e-graph: both sides have one domain.
    pub fn exact(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|r| !r.extends)
    }

    /// Rules for terms: those that extend the domain, or may by dropping a variable.
    pub fn extending(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|r| r.extends || !r.dropped.is_empty())
    }

    /// Both sets; a rule of the other set takes the place of one with the same name.
    pub fn with(mut self, other: Ruleset) -> Ruleset {
        for rule in other.rules {
            match self.rules.iter_mut().find(|r| r.name == rule.name) {
                Some(known) => *known = rule,
                None => self.rules.push(rule),
            }
        }
        self
    }

    /// The set without the rule of this name, in both directions.
    pub fn without(mut self, name: &str) -> Ruleset {
        self.rules.retain(|r| r.line_name() != name && r.name != name);
        self
    }

    /// The rule of this name.
    pub fn named(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.name == name)
    }
}

/// What the name of the reverse direction ends in.
pub(super) const REVERSED: &str = "-reversed";

impl Rule {
    /// The name of its line, which the two directions of `<=>` share.
    pub fn line_name(&self) -> &str {
        self.name.strip_suffix(REVERSED).unwrap_or(&self.name)
    }

    /// The text of its conditions in the file; `None` when it has none or no text.
    pub fn conditions_as_written(&self) -> Option<&str> {
        Some(self.origin.text.split_once(" if ")?.1.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn rule(text: &str) -> Rule {
        Ruleset::parse(&Source::new("test.rules", text)).expect("a rule").rules.remove(0)
    }

    #[test]
    fn growth_counts_variables_and_weighs_calls() {
        assert_eq!(rule("r: sin(?x)*cos(?x) => sin(2*?x)/2").growth(), None);
        assert_eq!(
            rule("r [expanding]: ?x*(?a + ?b) => ?x*?a + ?x*?b").growth(),
            Some(Growth::Variable(0))
        );
        assert!(matches!(
            rule("r [expanding]: tan(?x) => sin(?x)*cos(?x)").growth(),
            Some(Growth::Variable(0))
        ));
        assert!(matches!(
            rule("r [expanding]: sinh(?x) => cosh(?x + 1)*3").growth(),
            Some(Growth::Weight(..))
        ));
    }

    #[test]
    fn sets_compose_by_name() {
        let set = |text: &str| Ruleset::parse(&Source::new("test.rules", text)).expect("rules");
        let first = set("a: abs(abs(?x)) => abs(?x)\nb: exp(?x)*exp(?y) <=> exp(?x + ?y)");
        let names = |s: &Ruleset| s.rules.iter().map(|r| r.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&first), ["a", "b", "b-reversed"]);
        assert_eq!(names(&first.clone().without("b")), ["a"]);
        let replaced = first.with(set("a: abs(?x^2) => ?x^2\nc: abs(?x)^2 => ?x^2"));
        assert_eq!(names(&replaced), ["a", "b", "b-reversed", "c"]);
        assert_eq!(replaced.rules[0].origin.text, "a: abs(?x^2) => ?x^2");
    }

    #[test]
    fn what_a_term_must_contain() {
        let needs = rule("r: sin(?x)^2 + cos(?x)^2 => 1").needs;
        assert_eq!(needs, [Op::Sin, Op::Cos].into_iter().collect());
        assert!(!needs.within([Op::Sin].into_iter().collect()));
        assert_eq!(rule("r: ?x^?a*?x^?b => ?x^(?a + ?b) if ?x > 0").needs, Operations::default());
    }
}
