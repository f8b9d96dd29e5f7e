//! Rules: two patterns, conditions, and what the engine has to know about their domains.

use super::condition::Condition;
use super::pattern::Pattern;
use crate::term::{Graph, Term};

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
    /// Whether the right side is defined on more points.
    pub extends: bool,
    /// Whether the right side may be larger.
    pub expanding: bool,
}

impl Rule {
    /// A rule from two canonical terms over variables.
    ///
    /// `None` when a side holds something that patterns do not have, the left side is a variable
    /// or a number, or the right side has a variable that the left has not.
    pub fn new(
        name: &str,
        graph: &Graph,
        sides: (Term, Term),
        variables: &[Term],
        names: Vec<String>,
        conditions: Vec<Condition>,
    ) -> Option<Rule> {
        let lhs = Pattern::of(graph, sides.0, variables)?;
        let rhs = Pattern::of(graph, sides.1, variables)?;
        let (mut left, mut right) = (vec![0; variables.len()], vec![0; variables.len()]);
        lhs.each_variable(&mut |v| left[v] += 1);
        rhs.each_variable(&mut |v| right[v] += 1);
        let unbound = (0..variables.len()).any(|v| left[v] == 0 && right[v] > 0);
        if unbound || matches!(lhs, Pattern::Variable(_) | Pattern::Number(_)) {
            return None;
        }
        let dropped = (0..variables.len()).filter(|&v| left[v] > 0 && right[v] == 0).collect();
        Some(Rule {
            name: name.to_owned(),
            lhs: lhs.ordered(&left),
            rhs,
            conditions,
            variables: names,
            dropped,
            extends: false,
            expanding: false,
        })
    }
}

/// Rules that are used together.
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

    /// Both sets.
    pub fn with(mut self, other: Ruleset) -> Ruleset {
        self.rules.extend(other.rules);
        self
    }
}
