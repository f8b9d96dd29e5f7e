//! Taking one match: whether it may be, and what it gives.

use egg::Id;

use super::condition;
use super::pattern::{Match, Pattern, Rest};
use super::rule::Rule;
use super::space::Space;
use crate::term::Number;

/// Whether the conditions of a rule hold for a match, by the facts.
///
/// What is undefined everywhere takes part in no rewrite.
pub fn allowed(space: &mut impl Space, rule: &Rule, m: &Match) -> bool {
    !space.facts(m.class).nowhere() && condition::holds(space, &rule.conditions, &m.bindings)
}

/// The class of the right side together with the rest of what was matched.
pub fn result(space: &mut impl Space, rhs: &Pattern, m: &Match) -> Id {
    match &m.rest {
        Rest::None => rhs.build(space, &m.bindings),
        Rest::Sum(scale, constant, left) => {
            let (mut constant, mut terms) = (constant.clone(), left.clone());
            // A sum on the right side joins the sum that it stands in.
            let parts = match rhs {
                Pattern::Sum(k, parts) => {
                    constant = &constant + &(scale * k);
                    parts.iter().map(|(c, p)| (scale * c, p.build(space, &m.bindings))).collect()
                }
                _ => vec![(scale.clone(), rhs.build(space, &m.bindings))],
            };
            terms.extend(parts);
            space.sum_of(constant, terms)
        }
        Rest::Product(left) => {
            let mut factors = left.clone();
            factors.push((rhs.build(space, &m.bindings), Number::ONE));
            space.product_of(Number::ONE, factors)
        }
    }
}
