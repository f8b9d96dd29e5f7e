//! What the judge says to people: refusals as diagnostics with their place and counterexample.

use std::fmt;

use rayon::prelude::*;

use super::{Counterexample, POINTS, Refusal, Verdict, judge};
use crate::rewrite::rule::{Growth, Rule, Ruleset};
use crate::term::real::Real;
use crate::text::{Diagnostic, Kind, Limits, Source};

/// Digits of the values of a counterexample.
const DIGITS: usize = 17;

/// Rules that may be used with what the judge found of them, and refusals with their text.
pub type Judged = (Vec<(Rule, Verdict)>, Vec<(Diagnostic, Option<Refusal>)>);

impl Ruleset {
    /// What the judge finds of each rule of a set, in their order.
    pub fn judged(&self) -> Judged {
        let verdicts: Vec<Result<Verdict, Refusal>> =
            self.rules.par_iter().map(|rule| judge(rule, POINTS)).collect();
        let (mut sound, mut refused) = (Vec::new(), Vec::new());
        for (rule, verdict) in self.rules.iter().zip(verdicts) {
            match verdict {
                Ok(verdict) => sound.push((rule.clone(), verdict)),
                Err(refusal) => refused.push((refusal.diagnostic(rule), Some(refusal))),
            }
        }
        (sound, refused)
    }

    /// What the judge finds of each rule of a file, and every error of the file: what cannot be
    /// read and what is refused, by place.
    pub fn check(source: &Source) -> Judged {
        let (read, errors) = Ruleset::read(source);
        together(read.judged(), errors)
    }

    /// The rules of a file, all of which the judge accepts.
    ///
    /// # Errors
    /// Every error of the file: what cannot be read, and what is refused with a counterexample.
    pub fn load(source: &Source) -> Result<Ruleset, Vec<Diagnostic>> {
        let (sound, refused) = Ruleset::check(source);
        match refused.is_empty() {
            true => Ok(Ruleset { rules: sound.into_iter().map(|(rule, _)| rule).collect() }),
            false => Err(refused.into_iter().map(|(error, _)| error).collect()),
        }
    }
}

/// What the judge found of the rules of a file together with what could not be read, by place.
pub fn together((sound, mut refused): Judged, errors: Vec<Diagnostic>) -> Judged {
    refused.extend(errors.into_iter().map(|e| (e, None)));
    refused.sort_by_key(|(e, _)| e.span.map_or(0, |s| s.start));
    refused.truncate(Limits::default().errors);
    (sound, refused)
}

impl Refusal {
    /// The refusal with the place of the rule.
    pub fn diagnostic(&self, rule: &Rule) -> Diagnostic {
        let error = |message: String| Diagnostic::error(Kind::Rule, rule.origin.span, message);
        let name = &rule.name;
        match self {
            Refusal::Counterexample(found) => {
                let refused = error(format!("the rule `{name}` is wrong")).note(found.to_string());
                match (&found.left, &found.right) {
                    (None, Some(_)) => refused.help(
                        "if the right side is meant to have more values, mark the rule `[extends]`",
                    ),
                    (Some(_), None) => refused
                        .help("a condition can keep the rule to where the right side has one"),
                    _ => refused,
                }
            }
            Refusal::Grows(growth) => {
                let how = match growth {
                    Growth::Variable(v) => {
                        format!("`{}` occurs more often on the right", rule.variables[*v])
                    }
                    Growth::Weight(left, right) => {
                        format!("the left side weighs {left}, the right side {right}")
                    }
                };
                error(format!("the rule `{name}` makes terms grow"))
                    .note(how)
                    .help("mark it `[expanding]` if that is meant")
            }
            Refusal::NeverHolds(0) => {
                error(format!("the conditions of `{name}` hold at no sampled point"))
            }
            Refusal::NeverHolds(points) => error(format!(
                "the conditions of `{name}` hold at too few points to check it: {points}"
            )),
            Refusal::TooFewPoints(tally) => error(format!(
                "the rule `{name}` could be checked at too few points"
            ))
            .note(format!(
                "of {} points both sides have a value at {}, no value at {}, only the right \
                     side has one at {}; {} could not be decided",
                tally.points, tally.agree, tally.outside, tally.extended, tally.undecided
            )),
        }
    }
}

/// `at ?x = -1 the left side is 1 and the right side is -1`.
impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |value: &Option<Real>| match value {
            Some(value) => format!("is {}", value.decimal(DIGITS)),
            None => "has no value".to_owned(),
        };
        let point: Vec<String> = self
            .point
            .iter()
            .map(|(name, value)| match value {
                Some(value) => format!("{name} = {}", short(value)),
                None => format!("{name} without a value"),
            })
            .collect();
        let (left, right) = (side(&self.left), side(&self.right));
        let place =
            if point.is_empty() { String::new() } else { format!("at {} ", point.join(", ")) };
        if left == right {
            // Nearer to each other than the digits that are shown.
            let (a, b) = (shown(&self.left), shown(&self.right));
            return write!(f, "{place}the left side is {a} and the right side is {b}");
        }
        write!(f, "{place}the left side {left} and the right side {right}")
    }
}

/// An exact value as people write it: `1e300`, `2/3`, `3*pi/2`.
pub fn short(x: &Real) -> String {
    match x {
        Real::Exact(n) => n.to_decimal(DIGITS).unwrap_or_else(|| n.to_string()),
        Real::Turns(factor) => {
            let (n, d) = factor.small().unwrap_or((1, 1));
            let n = match n {
                1 => "pi".to_owned(),
                -1 => "-pi".to_owned(),
                n => format!("{n}*pi"),
            };
            if d == 1 { n } else { format!("{n}/{d}") }
        }
        Real::Between(..) => x.decimal(DIGITS),
    }
}

/// A value to so many digits that near ones are told apart.
fn shown(value: &Option<Real>) -> String {
    value.as_ref().map_or_else(String::new, |v| v.decimal(40))
}
