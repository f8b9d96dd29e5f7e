//! Explanations: the steps from one term to an equal one.

use crate::term::{Number, Term};

/// Why a term is equal to another, wherever it has a value.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The term.
    pub start: Term,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What it is equal to.
    pub end: Term,
}

/// One part of the term replaced by what it is equal to.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where the part stands: positions of arguments from the whole down.
    pub path: Vec<usize>,
    /// The part.
    pub old: Term,
    /// What it is replaced by.
    pub new: Term,
    /// Why they are equal.
    pub reason: Reason,
    /// The whole term after the step.
    pub whole: Term,
}

/// Why two terms are equal.
#[derive(Clone, Debug)]
pub enum Reason {
    /// By a rule.
    Rule {
        /// Its name.
        name: String,
        /// Whether it is used from right to left.
        backwards: bool,
        /// What its variables stand for.
        bindings: Vec<(String, Term)>,
        /// What stands beside the matched part.
        around: Around,
        /// Terms that a binding is equal to, with the reasons: their facts count too.
        because: Vec<(String, Explanation)>,
    },
    /// As polynomials in the same parts: collecting, expanding, factoring, exact values.
    NormalForm,
    /// The facts leave only one value; backwards from the value.
    Constant {
        /// Whether it is used from right to left.
        backwards: bool,
    },
}

/// What stands beside the part that a rule matched.
#[derive(Clone, PartialEq, Debug)]
pub enum Around {
    /// Nothing.
    Nothing,
    /// The matched part times a number, plus a term.
    Sum(Number, Term),
    /// The matched part times a term.
    Product(Term),
}
