//! The two ways to rewrite, behind one trait: classical rewriting and equality saturation, over the
//! same rules and facts.

use rustc_hash::FxHashSet;

use super::classical::Classical;
use super::equality::Equality;
use super::explain::{Explanation, Record};
use super::optimise::Options;
use super::rule::{Rule, Ruleset};
use super::saturate::Stop;
use super::terms::Terms;
use crate::term::{Graph, Term};

/// What an engine has found.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// The roots, in the order given.
    pub roots: Vec<Term>,
    /// Why it ended, for each round.
    pub stops: Vec<Stop>,
    /// Names of rules that extended a domain.
    pub extended: Vec<String>,
    /// The steps of the first root, when they were asked for; `None` too when there are too many.
    pub record: Option<Record>,
    /// Steps between two terms that contradict each other, when some were found.
    pub conflict: Option<Explanation>,
}

impl Rewritten {
    /// Nothing done yet.
    pub fn new(roots: &[Term], options: &Options) -> Rewritten {
        Rewritten {
            roots: roots.to_vec(),
            stops: Vec::new(),
            extended: Vec::new(),
            record: roots.first().filter(|_| options.explain).map(|&t| Record::new(t)),
            conflict: None,
        }
    }
}

/// A way to rewrite the terms of one region to cheaper ones.
pub trait Engine: Sync + std::fmt::Debug {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Rewrites the roots; terms of the boundary are leaves.
    fn rewrite(
        &self,
        graph: &mut Graph,
        roots: &[Term],
        boundary: &FxHashSet<Term>,
        rules: &Ruleset,
        options: &Options,
    ) -> Rewritten;
}

/// The engines, the one used by default first.
pub static ENGINES: &[&dyn Engine] = &[&Equality, &Rewriting];

/// The engine of this name.
pub fn engine(name: &str) -> Option<&'static dyn Engine> {
    ENGINES.iter().copied().find(|e| e.name() == name)
}

/// Classical rewriting.
#[derive(Clone, Copy, Debug)]
pub struct Rewriting;

impl Engine for Rewriting {
    fn name(&self) -> &'static str {
        "classical"
    }

    fn rewrite(
        &self,
        graph: &mut Graph,
        roots: &[Term],
        boundary: &FxHashSet<Term>,
        rules: &Ruleset,
        options: &Options,
    ) -> Rewritten {
        let mut out = Rewritten::new(roots, options);
        let stop = classically(graph, &mut out, boundary, rules.rules.iter(), options);
        out.stops.push(stop);
        out
    }
}

/// Rewrites roots classically with some rules; why it ended.
pub fn classically<'r>(
    graph: &mut Graph,
    out: &mut Rewritten,
    boundary: &FxHashSet<Term>,
    rules: impl Iterator<Item = &'r Rule>,
    options: &Options,
) -> Stop {
    let terms = Terms::new(graph, boundary, &options.assumptions);
    let mut run = Classical::new(terms, rules, options.measure, options.budget.work, options.stop);
    for root in &mut out.roots {
        *root = run.rewrite(*root);
    }
    let stop = match (run.interrupted(), run.exhausted()) {
        (true, _) => Stop::Interrupted,
        (_, true) => Stop::Work,
        _ => Stop::Saturated,
    };
    let trail = run.finish();
    let used = trail.steps.iter().filter_map(|s| s.rule);
    let widening = used.filter(|r| r.extends || !r.dropped.is_empty());
    out.extended.extend(widening.map(|r| r.name.clone()));
    if let Some(record) = &mut out.record
        && record.classical(graph, &trail).is_err()
    {
        out.record = None;
    }
    stop
}
