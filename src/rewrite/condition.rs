//! Conditions of rules: data from two tables, decided on facts.
//!
//! A condition demands something of an expression in the rule's variables: a comparison with a
//! number (a comparison of two expressions is one of their difference with zero) or a property.
//! It holds when the facts of the expression prove it; where the facts come from is the business
//! of an [`Evidence`]: classes of an e-graph, terms, or the values of a sampled point.

use egg::{Id, Language};

use super::facts::Facts;
use super::knowledge::facts_of;
use super::language::Form;
use super::pattern::{Bindings, Bound, Pattern};
use super::space::Space;
use crate::term::{Interval, Number};

/// One requirement of a rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    /// What it is about.
    pub expression: Pattern,
    /// What must be so.
    pub demand: Demand,
}

/// What a condition demands of its expression.
#[derive(Clone, PartialEq, Debug)]
pub enum Demand {
    /// A comparison with a number.
    Compared(Relation, Threshold),
    /// A property.
    Is(Property),
}

/// How two numbers compare: a row of [`RELATIONS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

/// What can be demanded of an expression by one word: a row of [`PROPERTIES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property {
    /// Every value is an integer.
    Integer,
    /// Every value is an even integer.
    Even,
    /// Every value is an odd integer.
    Odd,
    /// An exact rational constant.
    Number,
    /// Defined for all real values of its symbols.
    Total,
}

/// The comparators: `?x > 0`, `?a + ?b != ?c`.
pub const RELATIONS: &[(&str, Relation)] = &[
    ("<", Relation::Less),
    ("<=", Relation::LessEqual),
    (">", Relation::Greater),
    (">=", Relation::GreaterEqual),
    ("==", Relation::Equal),
    ("!=", Relation::Unequal),
];

/// The properties, as in `?n even`, with what they mean.
pub const PROPERTIES: &[(&str, Property, &str)] = &[
    ("integer", Property::Integer, "every value is an integer"),
    ("even", Property::Even, "every value is an even integer"),
    ("odd", Property::Odd, "every value is an odd integer"),
    ("number", Property::Number, "an exact rational constant"),
    ("total", Property::Total, "defined for all real values of its symbols"),
];

/// A real constant that an expression is compared with.
#[derive(Clone, PartialEq, Debug)]
pub struct Threshold {
    /// The number, when it is rational.
    pub exact: Option<Number>,
    /// The double that it is, or the two neighbouring doubles between which it lies.
    pub range: Interval,
}

impl Threshold {
    /// Zero.
    pub const ZERO: Threshold = Threshold { exact: Some(Number::ZERO), range: Interval::FALSE };

    /// Whether a value inside a range may be less than, equal to, and greater than the bound.
    fn possible(&self, range: Interval) -> [bool; 3] {
        let Interval { lo, hi, .. } = self.range;
        if lo == hi {
            return [range.lo < lo, range.contains(lo), range.hi > hi];
        }
        // No double is the bound itself: it lies inside.
        [range.lo <= lo, range.lo <= lo && range.hi >= hi, range.hi >= hi]
    }
}

impl Relation {
    /// The relation between the negated sides.
    pub fn reversed(self) -> Relation {
        match self {
            Relation::Less => Relation::Greater,
            Relation::LessEqual => Relation::GreaterEqual,
            Relation::Greater => Relation::Less,
            Relation::GreaterEqual => Relation::LessEqual,
            same => same,
        }
    }

    /// Whether it holds for a value less than, equal to, and greater than the bound.
    fn accepts(self) -> [bool; 3] {
        match self {
            Relation::Less => [true, false, false],
            Relation::LessEqual => [true, true, false],
            Relation::Greater => [false, false, true],
            Relation::GreaterEqual => [false, true, true],
            Relation::Equal => [false, true, false],
            Relation::Unequal => [true, false, true],
        }
    }
}

impl Demand {
    /// Whether the facts of the expression prove it.
    pub fn proved_by(&self, facts: &Facts) -> bool {
        match self {
            Demand::Compared(relation, bound) => {
                let mut possible = bound.possible(facts.range);
                let Interval { lo, hi, .. } = bound.range;
                let open = (facts.range.lo == lo && facts.open[0])
                    || (facts.range.hi == hi && facts.open[1]);
                possible[1] &= !(open && lo == hi);
                if let (Some(a), Some(b)) = (&facts.constant, &bound.exact) {
                    possible = [a < b, a == b, a > b];
                } else if bound.exact.as_ref().is_some_and(Number::is_zero) {
                    let signs = facts.signs;
                    let known = [!signs.nonnegative(), !signs.nonzero(), !signs.nonpositive()];
                    possible = std::array::from_fn(|k| possible[k] && known[k]);
                }
                possible.iter().zip(relation.accepts()).all(|(p, accepted)| !p || accepted)
            }
            Demand::Is(Property::Integer) => facts.integer,
            Demand::Is(Property::Even) => facts.odd == Some(false),
            Demand::Is(Property::Odd) => facts.odd == Some(true),
            Demand::Is(Property::Number) => facts.constant.is_some(),
            Demand::Is(Property::Total) => facts.total(),
        }
    }
}

/// Where the facts about a rule's variables come from.
pub trait Evidence {
    /// What is known of the value that a variable is bound to.
    fn variable(&mut self, variable: usize) -> Facts;

    /// What is known of an expression in the variables.
    fn expression(&mut self, pattern: &Pattern) -> Facts {
        self.composed(pattern)
    }

    /// What follows for an expression from the facts of its parts.
    fn composed(&mut self, pattern: &Pattern) -> Facts {
        match (pattern, pattern.form()) {
            (Pattern::Variable(v), _) => self.variable(*v),
            (_, Some((form, parts))) => {
                let parts: Vec<Facts> = parts.into_iter().map(|p| self.expression(p)).collect();
                plain_facts(&form, |id| &parts[usize::from(id)])
            }
            (_, None) => unreachable!("only a variable has no form"),
        }
    }
}

impl Condition {
    /// Whether the evidence proves it.
    pub fn holds(&self, evidence: &mut impl Evidence) -> bool {
        self.demand.proved_by(&evidence.expression(&self.expression))
    }
}

/// The facts of a node of arithmetic and functions of the table.
fn plain_facts<'f>(form: &Form, get: impl Fn(Id) -> &'f Facts) -> Facts {
    facts_of(form, &[], false, |_| unreachable!("conditions have no leaves"), get)
}

/// The classes that a match has bound the variables to; a bound part of a sum or product that has
/// no class yet gets one.
struct Matched<'a, S> {
    space: &'a mut S,
    bindings: &'a Bindings,
}

impl<S: Space> Evidence for Matched<'_, S> {
    fn variable(&mut self, variable: usize) -> Facts {
        let id = self.bound(variable).clone().class(self.space);
        self.space.facts(id).clone()
    }

    fn expression(&mut self, pattern: &Pattern) -> Facts {
        let mut facts = self.composed(pattern);
        if let Pattern::Sum(constant, parts) = pattern
            && let Some(form) = self.opened(constant, parts)
        {
            let open = plain_facts(&form, |id| self.space.facts(id));
            // Both hold of the same value, so that they cannot contradict each other.
            let _ = facts.meet(&open);
        }
        facts
    }
}

impl<S: Space> Matched<'_, S> {
    fn bound(&self, variable: usize) -> &Bound {
        self.bindings[variable].as_ref().expect("a match binds every variable")
    }

    /// A sum of variables with the sums that they are bound to opened, so that what they share
    /// cancels: of `x + 1` and `x` the difference is 1.
    fn opened(&self, constant: &Number, parts: &[(Number, Pattern)]) -> Option<Form> {
        let (mut constant, mut terms) = (constant.clone(), Vec::<(Id, Number)>::new());
        for (c, part) in parts {
            let Pattern::Variable(v) = part else { return None };
            let inner = match self.bound(*v) {
                Bound::Class(id) => {
                    let sums =
                        self.space.forms(*id).iter().filter(|n| {
                            matches!(n, Form::Sum { .. }) && !n.children().contains(id)
                        });
                    match sums.min_by_key(|n| n.children().len()) {
                        Some(sum) => sum.clone(),
                        None => Form::sum(Number::ZERO, vec![(Number::ONE, *id)]),
                    }
                }
                Bound::Linear(k, inner) => Form::sum(k.clone(), inner.clone()),
                Bound::Monomial(k, factors) => match factors.as_slice() {
                    [] => Form::sum(k.clone(), Vec::new()),
                    [(id, e)] if e.is_one() => Form::sum(Number::ZERO, vec![(k.clone(), *id)]),
                    _ => return None,
                },
            };
            let Form::Sum { constant: k, .. } = &inner else { return None };
            constant = &constant + &(c * k);
            terms.extend(inner.terms().map(|(d, id)| (self.space.find(id), c * d)));
        }
        let mut sum = Form::sum(constant, terms.into_iter().map(|(id, c)| (c, id)).collect());
        if let Form::Sum { constant, .. } = &sum {
            let left = sum.terms().filter(|(c, _)| !c.is_zero());
            let left = left.map(|(c, id)| (c.clone(), id)).collect();
            sum = Form::sum(constant.clone(), left);
        }
        Some(sum)
    }
}

/// Whether the bindings satisfy all conditions.
pub fn holds(space: &mut impl Space, conditions: &[Condition], bindings: &Bindings) -> bool {
    let mut evidence = Matched { space, bindings };
    conditions.iter().all(|c| c.holds(&mut evidence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Op;

    fn within(lo: f64, hi: f64) -> Facts {
        Facts::within(Interval::new(lo, hi))
    }

    fn compared(relation: Relation, bound: Threshold) -> Demand {
        Demand::Compared(relation, bound)
    }

    #[test]
    fn a_bound_between_two_doubles_is_met_by_the_lower_one() {
        let half_pi = std::f64::consts::FRAC_PI_2;
        let bound = Threshold { exact: None, range: Interval::new(half_pi, half_pi.next_up()) };
        assert!(compared(Relation::LessEqual, bound.clone()).proved_by(&within(0.0, half_pi)));
        assert!(compared(Relation::Less, bound.clone()).proved_by(&within(0.0, half_pi)));
        assert!(
            !compared(Relation::Less, bound.clone()).proved_by(&within(0.0, half_pi.next_up()))
        );
        assert!(compared(Relation::Greater, bound).proved_by(&within(half_pi.next_up(), 9.0)));
    }

    #[test]
    fn signs_decide_what_ranges_leave_open() {
        struct Known(Facts);
        impl Evidence for Known {
            fn variable(&mut self, _: usize) -> Facts {
                self.0.clone()
            }
        }
        let exp = Pattern::Call(Op::Exp, vec![Pattern::Variable(0)]);
        let positive =
            Condition { expression: exp, demand: compared(Relation::Greater, Threshold::ZERO) };
        assert!(positive.holds(&mut Known(within(f64::NEG_INFINITY, f64::INFINITY))));
        let unequal = compared(Relation::Unequal, Threshold::ZERO);
        assert!(!unequal.proved_by(&within(0.0, 1.0)));
        assert!(unequal.proved_by(&within(0.5, 1.0)));
    }
}
