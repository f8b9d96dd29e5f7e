//! Explanations replay: those of random terms, and of terms in which rules find something to do.

use isoterm::rewrite::explain::check::instance;
use isoterm::rewrite::explain::replace::at;
use isoterm::rewrite::explain::{Explanation, Reason, Step, check};
use isoterm::rewrite::{Assumptions, ENGINES, Options, Ruleset, Stop, optimise, simplify};
use isoterm::syntax::print;
use isoterm::term::evaluate::{Enclosing, evaluate};
use isoterm::term::interval::Defined;
use isoterm::term::visit::Rebuild;
use isoterm::term::{Graph, Interval, Op, Term};
use isoterm::text::Source;

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

/// An explanation with something wrong in it; `None` when this change does not apply.
fn mutated(
    graph: &mut Graph,
    random: &mut Random,
    explanation: &Explanation,
) -> Option<(&'static str, Explanation)> {
    let mut wrong = explanation.clone();
    let k = random.below(wrong.steps.len());
    let stranger = graph.symbol("stranger");
    let step = &mut wrong.steps[k];
    let what = match random.below(7) {
        0 => {
            // Another value: every later place is moved along, so that only the step is wrong.
            if graph.is_undefined(step.new) {
                // Nothing but nothing comes of it.
                return None;
            }
            let more = graph.add(step.new, stranger);
            let (old, path) = (step.old, step.path.clone());
            step.new = more;
            let before = if k == 0 { wrong.start } else { wrong.steps[k - 1].whole };
            let (whole, _) = at(graph, before, &path, old, more)?;
            wrong.steps.truncate(k + 1);
            wrong.steps[k].whole = whole;
            wrong.end = whole;
            "another value"
        }
        1 => {
            let Reason::Rule { bindings, .. } = &mut step.reason else { return None };
            let place = random.below(bindings.len().max(1));
            bindings.get_mut(place)?.1 = stranger;
            "another binding"
        }
        2 => {
            let Reason::Rule { name, .. } = &mut step.reason else { return None };
            *name = "no-such-rule".to_owned();
            "an unknown rule"
        }
        3 => {
            // Rules of functions are no identities of polynomials.
            let Reason::Rule { name, .. } = &step.reason else { return None };
            if ![
                "sine",
                "cosine",
                "pythagoras",
                "abs",
                "log",
                "exp",
                "tangent",
                "sign",
                "max",
                "min",
            ]
            .iter()
            .any(|word| name.contains(word))
            {
                return None;
            }
            step.reason = Reason::NormalForm;
            "a normal form that is none"
        }
        4 => {
            step.path.push(random.below(3));
            "another place"
        }
        5 => {
            wrong.steps.remove(k);
            "a step left out"
        }
        _ => {
            wrong.end = stranger;
            "another end"
        }
    };
    Some((what, wrong))
}

#[test]
fn mutated_explanations_are_refused() {
    let (rules, nothing) = (Ruleset::standard(), Assumptions::default());
    let (mut refused, mut seed) = (0, 5_000);
    while refused < 1_000 {
        seed += 1;
        let mut random = Random(seed);
        let mut g = Graph::new();
        let root = planted(&mut g, &mut random);
        let engine = ENGINES[random.below(ENGINES.len())];
        let options = Options { engine, explain: true, ..Options::reading() };
        let out = optimise(&mut g, &[root], rules, &options);
        let Some(explanation) = out.explanation.filter(|e| !e.steps.is_empty()) else { continue };
        for _ in 0..4 {
            let Some((what, wrong)) = mutated(&mut g, &mut random, &explanation) else { continue };
            let verdict = check(&mut g, rules, &nothing, &wrong);
            assert!(verdict.is_err(), "seed {seed}: {what}\n{}", shown(&g, &wrong));
            refused += 1;
        }
    }
}

#[test]
fn explanations_replay() {
    assert!(replay(400, 77) > 150);
}

#[test]
#[ignore = "the long run: a hundred thousand terms"]
fn many_explanations_replay() {
    assert!(replay(100_000, 10_000) > 10_000);
}

#[test]
fn rules_that_contradict_each_other_leave_the_input_and_are_explained() {
    // Parsed and not judged, as a program might.
    let text = "half: sin(2*?x) => sin(?x)*cos(?x)\nnames: cos(?x)^2 => 1 - sin(?x)^2";
    let rules = Ruleset::parse(&Source::new("wrong.rules", text)).expect("rules");
    let mut g = Graph::new();
    let x = g.symbol("x");
    let double = g.scale(2, x);
    let [sine, cosine, twice] =
        [(Op::Sin, x), (Op::Cos, x), (Op::Sin, double)].map(|(op, t)| g.call(op, &[t]));
    let product = g.mul(sine, cosine);
    let root = g.add(product, twice);
    for take in [
        |g: &mut Graph, root, rules: &Ruleset| optimise(g, &[root], rules, &Options::kernel()),
        |g: &mut Graph, root, rules: &Ruleset| simplify(g, root, rules, &Options::reading()),
    ] {
        let out = take(&mut g, root, &rules);
        assert!(out.stops.contains(&Stop::Conflict));
        assert_eq!(out.roots, [root]);
        let conflict = out.conflict.expect("it is explained");
        let nothing = Assumptions::default();
        assert_eq!(check(&mut g, &rules, &nothing, &conflict), Ok(()));
        // Both ends have a value at a point, and not the same.
        let at = |t| evaluate(&g, t, &mut Enclosing::new(|_: &str| Interval::point(0.7)));
        let (a, b) = (at(conflict.start), at(conflict.end));
        assert!(a.defined == Defined::Always && b.defined == Defined::Always && a.is_disjoint(&b));
        let named = |s: &Step| matches!(&s.reason, Reason::Rule { name, .. } if name == "half");
        assert!(conflict.steps.iter().any(named), "the wrong rule is named");
    }
}
