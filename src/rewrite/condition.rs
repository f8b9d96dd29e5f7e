//! Conditions of rules: data from a table, decided on facts.

use std::f64::consts::FRAC_PI_2;

use super::facts::Facts;
use super::pattern::Bindings;
use super::space::Space;

/// One requirement on one variable of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Condition {
    /// The variable, by position.
    pub variable: usize,
    /// What it must satisfy.
    pub predicate: Predicate,
}

/// A row of the table of predicates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Predicate {
    /// `?x > 0`
    Positive,
    /// `?x >= 0`
    Nonnegative,
    /// `?x < 0`
    Negative,
    /// `?x <= 0`
    Nonpositive,
    /// `?x != 0`
    Nonzero,
    /// `?x integer`: every value is an integer.
    Integer,
    /// `?x even`: an even integer constant.
    Even,
    /// `?x odd`: an odd integer constant.
    Odd,
    /// `?x number`: an exact rational constant.
    Number,
    /// `?x total`: defined for all real values of its symbols.
    Total,
    /// `?x unit`: between −1 and 1.
    Unit,
    /// `?x halfturn`: between −π/2 and π/2.
    HalfTurn,
}

/// The text of each predicate after the variable, as rules write it.
pub const PREDICATES: &[(&str, Predicate)] = &[
    ("> 0", Predicate::Positive),
    (">= 0", Predicate::Nonnegative),
    ("< 0", Predicate::Negative),
    ("<= 0", Predicate::Nonpositive),
    ("!= 0", Predicate::Nonzero),
    ("integer", Predicate::Integer),
    ("even", Predicate::Even),
    ("odd", Predicate::Odd),
    ("number", Predicate::Number),
    ("total", Predicate::Total),
    ("unit", Predicate::Unit),
    ("halfturn", Predicate::HalfTurn),
];

impl Predicate {
    /// Whether the facts prove it.
    pub fn holds(self, facts: &Facts) -> bool {
        let (signs, range) = (facts.signs, facts.range);
        let remainder = facts.constant.as_ref().and_then(|n| n.to_i64()).map(|n| n.rem_euclid(2));
        match self {
            Predicate::Positive => signs.nonnegative() && signs.nonzero(),
            Predicate::Nonnegative => signs.nonnegative(),
            Predicate::Negative => signs.nonpositive() && signs.nonzero(),
            Predicate::Nonpositive => signs.nonpositive(),
            Predicate::Nonzero => signs.nonzero(),
            Predicate::Integer => facts.integer,
            Predicate::Even => remainder == Some(0),
            Predicate::Odd => remainder == Some(1),
            Predicate::Number => facts.constant.is_some(),
            Predicate::Total => facts.total(),
            Predicate::Unit => range.lo >= -1.0 && range.hi <= 1.0,
            Predicate::HalfTurn => range.lo >= -FRAC_PI_2 && range.hi <= FRAC_PI_2,
        }
    }
}

/// Whether the bindings satisfy all conditions; a bound part that has no class yet gets one.
pub fn holds(space: &mut impl Space, conditions: &[Condition], bindings: &Bindings) -> bool {
    conditions.iter().all(|c| {
        let Some(bound) = &bindings[c.variable] else {
            return false;
        };
        let id = bound.class(space);
        c.predicate.holds(space.facts(id))
    })
}
