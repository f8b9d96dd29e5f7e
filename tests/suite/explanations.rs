//! Explanations replay: those of random terms, and of terms in which rules find something to do.

use isoterm::rewrite::explain::check::instance;
use isoterm::rewrite::explain::{Explanation, check};
use isoterm::rewrite::{Assumptions, ENGINES, Options, Ruleset, optimise};
use isoterm::syntax::print;
use isoterm::term::visit::Rebuild;
use isoterm::term::{Graph, Op, Term};

use crate::random::{Random, term};

/// A term with an instance of the left side of some rule inside.
fn planted(graph: &mut Graph, random: &mut Random) -> Term {
    let rules = &Ruleset::standard().rules;
    let rule = &rules[random.below(rules.len())];
    let bound: Vec<Term> = rule
        .variables
        .iter()
        .map(|_| {
            let size = 1 + random.below(3);
            term(graph, random, size)
        })
        .collect();
    let kept = instance(graph, &rule.lhs, &bound);
    let part = Rebuild::default().within(graph, kept);
    let size = 1 + random.below(4);
    let other = term(graph, random, size);
    let whole = match random.below(4) {
        0 => part,
        1 => graph.add(part, other),
        2 => graph.mul(part, other),
        _ => graph.call(Op::Exp, &[part]),
    };
    if random.below(3) == 0 {
        let again = graph.call(Op::Cos, &[part]);
        return graph.mul(whole, again);
    }
    whole
}

fn shown(graph: &Graph, explanation: &Explanation) -> String {
    let mut text = format!("{}\n", print(graph, explanation.start));
    for step in &explanation.steps {
        let (old, new) = (print(graph, step.old), print(graph, step.new));
        text += &format!("  {:?}\n    {old}\n    {new}\n", step.reason);
    }
    text
}

/// How many of `count` random terms were rewritten; every explanation must replay.
fn replay(count: u64, seed: u64) -> u64 {
    let mut explained = 0;
    let mut failures = Vec::new();
    for k in 0..count {
        for engine in ENGINES {
            let mut random = Random(seed + k);
            let mut g = Graph::new();
            let root = match k % 2 {
                0 => planted(&mut g, &mut random),
                _ => {
                    let size = 3 + random.below(12);
                    term(&mut g, &mut random, size)
                }
            };
            if g.is_undefined(root) {
                continue;
            }
            let options = Options { engine: *engine, explain: true, ..Options::reading() };
            let out = optimise(&mut g, &[root], Ruleset::standard(), &options);
            let name = engine.name();
            let Some(explanation) = out.explanation else {
                failures.push(format!(
                    "seed {} {name}: no explanation of {}",
                    seed + k,
                    print(&g, root)
                ));
                continue;
            };
            assert_eq!(explanation.start, root);
            assert_eq!(explanation.end, out.roots[0], "seed {} {name}", seed + k);
            explained += u64::from(out.roots[0] != root);
            let nothing = Assumptions::default();
            if let Err(flaw) = check(&mut g, Ruleset::standard(), &nothing, &explanation) {
                failures.push(format!(
                    "seed {} {name}: {flaw:?}\n{}",
                    seed + k,
                    shown(&g, &explanation)
                ));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count}: {}",
        failures.len(),
        failures[..failures.len().min(6)].join("\n")
    );
    explained
}

#[test]
fn explanations_replay() {
    assert!(replay(std::env::var("N").map_or(400, |n| n.parse().unwrap()), 77) > 150);
}
