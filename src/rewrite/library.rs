//! The rules that isoterm ships.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::rule::Ruleset;
use crate::text::Source;

/// The shipped rules files of the rewriter: name and text.
pub const FILES: &[(&str, &str)] = &[
    ("arithmetic.rules", include_str!("../../rules/arithmetic.rules")),
    ("power.rules", include_str!("../../rules/power.rules")),
    ("exponential.rules", include_str!("../../rules/exponential.rules")),
    ("trigonometric.rules", include_str!("../../rules/trigonometric.rules")),
    ("hyperbolic.rules", include_str!("../../rules/hyperbolic.rules")),
    ("piecewise.rules", include_str!("../../rules/piecewise.rules")),
];

impl Ruleset {
    /// All shipped rules, read once for each process; a test judges them.
    ///
    /// # Panics
    /// When a shipped file has an error, which the tests exclude.
    pub fn standard() -> &'static Ruleset {
        Self::shipped()
    }

    /// All shipped rules, to be kept beside others.
    ///
    /// # Panics
    /// As [`Ruleset::standard`].
    pub fn shared() -> Arc<Ruleset> {
        Self::shipped().clone()
    }

    fn shipped() -> &'static Arc<Ruleset> {
        static RULES: OnceLock<Arc<Ruleset>> = OnceLock::new();
        RULES.get_or_init(|| {
            // No name occurs twice, so that the files only have to be put together.
            let files = FILES.par_iter().flat_map(|(name, text)| {
                let source = Source::new(*name, *text);
                let rules = Ruleset::parse(&source).unwrap_or_else(|errors| {
                    panic!(
                        "{}",
                        errors.iter().map(|e| e.render(&source, false)).collect::<String>()
                    )
                });
                rules.rules
            });
            Arc::new(Ruleset { rules: files.collect() })
        })
    }
}
