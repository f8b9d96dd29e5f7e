//! Proof that one side of a rule has a value wherever the other has, by structure.
//!
//! What the one side evaluates in any case has a value where that side has one, and tells what
//! its partial operations demand: `log(a)` that `a > 0`, `1/a` that `a` is not zero. With this, and
//! with the conditions of the rule, the facts of the other side's arguments may show that its
//! partial operations have values too.

use crate::rewrite::condition::{Condition, Demand, Evidence, Property, Relation, Threshold};
use crate::rewrite::facts::Facts;
use crate::rewrite::pattern::Pattern;
use crate::rewrite::signs::Signs;
use crate::term::interval::Defined;
use crate::term::{Interval, Number, Op};

/// Whether the structure proves that `right` has a value wherever `left` has one and the
/// conditions hold.
pub fn proves(left: &Pattern, right: &Pattern, conditions: &[Condition]) -> bool {
    let mut known = Known { conditions, defined: Vec::new(), demands: Vec::new() };
    known.learn(left);
    known.defined(right)
}

/// What is known where the one side has a value.
struct Known<'p> {
    conditions: &'p [Condition],
    /// Patterns that have a value.
    defined: Vec<&'p Pattern>,
    /// What partial operations demand of their arguments.
    demands: Vec<(Pattern, Demand)>,
}

fn against(relation: Relation, bound: i64) -> Demand {
    let exact = Number::from(bound);
    let range = exact.enclosure();
    Demand::Compared(relation, Threshold { exact: Some(exact), range })
}

/// What an operation demands of its argument.
fn demands(op: Op, args: &[Pattern]) -> Vec<(Pattern, Demand)> {
    let (least, most, open) = match op {
        Op::Log | Op::Log2 | Op::Log10 => (Some(0), None, true),
        Op::Log1p => (Some(-1), None, true),
        Op::Asin | Op::Acos => (Some(-1), Some(1), false),
        Op::Atanh => (Some(-1), Some(1), true),
        Op::Acosh => (Some(1), None, false),
        Op::Tan => {
            let cosine = Pattern::Call(Op::Cos, args.to_vec());
            return vec![(cosine, against(Relation::Unequal, 0))];
        }
        _ => return Vec::new(),
    };
    let (above, below) = match open {
        true => (Relation::Greater, Relation::Less),
        false => (Relation::GreaterEqual, Relation::LessEqual),
    };
    let least = least.map(|b| (args[0].clone(), against(above, b)));
    let most = most.map(|b| (args[0].clone(), against(below, b)));
    least.into_iter().chain(most).collect()
}

/// What a power demands of its base.
fn base_demand(exponent: &Number) -> Option<Demand> {
    match (exponent.is_integer(), exponent.is_negative()) {
        (true, false) => None,
        (true, true) => Some(against(Relation::Unequal, 0)),
        (false, false) => Some(against(Relation::GreaterEqual, 0)),
        (false, true) => Some(against(Relation::Greater, 0)),
    }
}

/// A demand on `k + c*x` as one on `x`, where the bound is rational.
fn shifted(pattern: &Pattern, demand: Demand) -> (Pattern, Demand) {
    let (Pattern::Sum(constant, parts), Demand::Compared(relation, bound)) = (pattern, &demand)
    else {
        return (pattern.clone(), demand);
    };
    let Some(exact) = &bound.exact else { return (pattern.clone(), demand) };
    let mut exact = exact - constant;
    let (mut relation, mut inner) = (*relation, Pattern::Sum(Number::ZERO, parts.clone()));
    if let [(c, part)] = parts.as_slice()
        && let Some(inverse) = c.recip()
    {
        exact = &exact * &inverse;
        relation = if c.is_negative() { relation.reversed() } else { relation };
        inner = part.clone();
    }
    let range = exact.enclosure();
    (inner, Demand::Compared(relation, Threshold { exact: Some(exact), range }))
}

impl<'p> Known<'p> {
    /// Takes note of what has a value where the pattern has one.
    fn learn(&mut self, pattern: &'p Pattern) {
        self.defined.push(pattern);
        match pattern {
            // Of a choice only the condition is evaluated in any case.
            Pattern::Call(Op::If, args) => return self.learn(&args[0]),
            Pattern::Call(op, args) => {
                demands(*op, args).into_iter().for_each(|(p, demand)| self.demand(&p, demand));
            }
            Pattern::Product(parts) => {
                for (base, e) in parts {
                    if let Some(demand) = base_demand(e) {
                        self.demand(base, demand);
                    }
                }
            }
            _ => {}
        }
        if let Some((_, parts)) = pattern.form() {
            parts.into_iter().for_each(|p| self.learn(p));
        }
    }

    /// A demand; that a product is not zero says so of its factors.
    fn demand(&mut self, pattern: &Pattern, demand: Demand) {
        let (pattern, demand) = shifted(pattern, demand);
        let nonzero = demand == against(Relation::Unequal, 0);
        match &pattern {
            Pattern::Product(parts) if nonzero => {
                parts.iter().for_each(|(p, _)| self.demand(p, demand.clone()));
            }
            _ => self.demands.push((pattern, demand)),
        }
    }

    /// Whether the pattern has a value.
    fn defined(&mut self, pattern: &Pattern) -> bool {
        if self.defined.contains(&pattern) {
            return true;
        }
        let Some((_, parts)) = pattern.form() else { return true };
        if !parts.into_iter().all(|p| self.defined(p)) {
            return false;
        }
        match pattern {
            Pattern::Product(parts) => parts
                .iter()
                .all(|(base, e)| base_demand(e).is_none_or(|demand| self.proves(base, &demand))),
            Pattern::Call(op, _) if op.row().total => true,
            Pattern::Call(Op::Pow, args) => self.proves(&args[0], &against(Relation::Greater, 0)),
            Pattern::Call(op, args) => {
                let demands = demands(*op, args);
                !demands.is_empty() && demands.iter().all(|(p, demand)| self.proves(p, demand))
            }
            _ => true,
        }
    }

    fn proves(&mut self, pattern: &Pattern, demand: &Demand) -> bool {
        let (pattern, demand) = shifted(pattern, demand.clone());
        if self.demands.contains(&(pattern.clone(), demand.clone())) {
            return true;
        }
        let facts = self.expression(&pattern);
        demand.proved_by(&facts)
    }

    /// Facts restricted by all that is known of the pattern itself.
    fn restrict(&self, pattern: &Pattern, facts: &mut Facts) {
        let conditions = self.conditions.iter().map(|c| (&c.expression, &c.demand));
        let learnt = self.demands.iter().map(|(p, demand)| (p, demand));
        for (_, demand) in conditions.chain(learnt).filter(|(p, _)| *p == pattern) {
            match demand {
                Demand::Compared(relation, bound) => {
                    let (range, zero) =
                        (bound.range, bound.exact.as_ref().is_some_and(Number::is_zero));
                    match relation {
                        Relation::Greater | Relation::GreaterEqual => {
                            facts.range.lo = facts.range.lo.max(range.lo);
                        }
                        Relation::Less | Relation::LessEqual => {
                            facts.range.hi = facts.range.hi.min(range.hi);
                        }
                        Relation::Equal => {
                            facts.range.lo = facts.range.lo.max(range.lo);
                            facts.range.hi = facts.range.hi.min(range.hi);
                        }
                        Relation::Unequal => {}
                    }
                    let signs = facts.signs.both(Signs::of(facts.range));
                    let strict = matches!(relation, Relation::Greater | Relation::Less);
                    // Strictly beyond a bound on this side of zero, or unequal to zero.
                    let excludes = match relation {
                        Relation::Greater => range.lo >= 0.0,
                        Relation::Less => range.hi <= 0.0,
                        _ => false,
                    };
                    facts.signs =
                        match (strict && excludes) || (*relation == Relation::Unequal && zero) {
                            true => signs.both(Signs::NONZERO),
                            false => signs,
                        };
                }
                Demand::Is(Property::Total | Property::Number) => {}
                Demand::Is(_) => facts.integer = true,
            }
        }
    }
}

impl Evidence for Known<'_> {
    fn variable(&mut self, variable: usize) -> Facts {
        let mut facts = Facts::within(Interval::ALL);
        self.restrict(&Pattern::Variable(variable), &mut facts);
        facts
    }

    fn expression(&mut self, pattern: &Pattern) -> Facts {
        let mut facts = match pattern {
            Pattern::Variable(v) => return self.variable(*v),
            _ => self.composed(pattern),
        };
        if self.defined.contains(&pattern) {
            facts.range.defined = Defined::Always;
        }
        self.restrict(pattern, &mut facts);
        facts
    }
}
