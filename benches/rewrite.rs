//! The spike behind the n-ary e-graph: one rule inside a 12-term sum, against binary egg.
//!
//! `nary` loads the sum, searches and applies; `binary` is the textbook encoding with
//! commutativity and associativity rules, run until the rule has fired or 100,000 nodes. Then what
//! the number of rules costs in a round, and what the judge costs.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use egg::{Pattern, RecExpr, Rewrite, Runner, SymbolLang, rewrite};
use isoterm::rewrite::around::Around;
use isoterm::rewrite::judge::{POINTS, judge};
use isoterm::rewrite::matcher::Matcher;
use isoterm::rewrite::region::Region;
use isoterm::rewrite::saturate::{saturate, search};
use isoterm::rewrite::{Assumptions, Budget, Options, Ruleset, library, optimise};
use isoterm::session::term;
use isoterm::term::{Graph, Number, Op, Term};
use isoterm::text::{Limits, Source};
use rustc_hash::FxHashSet;

/// A sum of twelve terms that holds `extra` among exponentials.
fn twelve(g: &mut Graph, extra: &[Term]) -> Term {
    let mut parts: Vec<(Number, Term)> = extra.iter().map(|&t| (Number::ONE, t)).collect();
    for k in parts.len()..12 {
        let s = g.symbol(&format!("s{k}"));
        parts.push((Number::ONE, g.call(Op::Exp, &[s])));
    }
    g.sum(Number::ZERO, parts)
}

fn squares(g: &mut Graph) -> Vec<Term> {
    let x = g.symbol("x");
    let (s, c) = (g.call(Op::Sin, &[x]), g.call(Op::Cos, &[x]));
    vec![g.power(s, 2), g.power(c, 2)]
}

fn products(g: &mut Graph) -> Vec<Term> {
    let [a, b, x] = ["a", "b", "x"].map(|n| g.symbol(n));
    vec![g.mul(a, x), g.mul(b, x)]
}

fn binary_rules(rule: Rewrite<SymbolLang, ()>) -> Vec<Rewrite<SymbolLang, ()>> {
    vec![
        rewrite!("commute"; "(+ ?a ?b)" => "(+ ?b ?a)"),
        rewrite!("associate"; "(+ ?a (+ ?b ?c))" => "(+ (+ ?a ?b) ?c)"),
        rewrite!("commute-product"; "(* ?a ?b)" => "(* ?b ?a)"),
        rule,
    ]
}

/// The two terms stand first and last, as unrelated terms of a model do.
fn binary_sum(first: &str, last: &str) -> RecExpr<SymbolLang> {
    let mut text = last.to_owned();
    for k in 2..12 {
        text = format!("(+ (exp s{k}) {text})");
    }
    format!("(+ {first} {text})").parse().expect("an s-expression")
}

fn run_binary(
    start: &RecExpr<SymbolLang>,
    rule: Rewrite<SymbolLang, ()>,
    goal: &str,
) -> (bool, usize) {
    let goal: Pattern<SymbolLang> = goal.parse().expect("a pattern");
    let target = goal.clone();
    let runner = Runner::default()
        .with_expr(start)
        .with_node_limit(100_000)
        .with_iter_limit(50)
        .with_time_limit(std::time::Duration::from_secs(20))
        .with_hook(move |r| {
            use egg::Searcher;
            if target.n_matches(&r.egraph) > 0 { Err("fired".into()) } else { Ok(()) }
        })
        .run(&binary_rules(rule));
    use egg::Searcher;
    (goal.n_matches(&runner.egraph) > 0, runner.egraph.total_size())
}

/// An e-graph that holds a term of which nothing is assumed.
fn loaded(g: &Graph, root: Term) -> Region {
    Region::load(g, &[root], &FxHashSet::default(), &Assumptions::default(), false)
}

fn spike(c: &mut Criterion) {
    let text = "factor: ?a*?x + ?b*?x => (?a + ?b)*?x\npythagoras: sin(?x)^2 + cos(?x)^2 => 1";
    let rules = Ruleset::parse(&Source::new("spike.rules", text)).expect("rules");
    let options = Options {
        budget: Budget { iterations: 1, ..Budget::default() },
        phases: 1,
        ..Options::kernel()
    };
    let once = Budget { iterations: 1, ..Budget::default() };
    let mut group = c.benchmark_group("one rule in 12 terms");
    group.sample_size(10);
    for (name, build) in
        [("pythagoras", squares as fn(&mut Graph) -> Vec<Term>), ("factor", products)]
    {
        let mut g = Graph::new();
        let parts = build(&mut g);
        let root = twelve(&mut g, &parts);
        let out = optimise(&mut g, &[root], &rules, &options);
        println!("{name}: cost {} -> {}", out.cost_before, out.cost_after);
        group.bench_function(format!("nary/{name}, with loading and extraction"), |b| {
            b.iter(|| optimise(&mut g, &[root], &rules, &options).cost_after);
        });
        // One round of all rules in a loaded e-graph: search, apply, rebuild.
        let load = || loaded(&g, root);
        group.bench_function(format!("nary/{name}"), |b| {
            b.iter_batched(
                load,
                |mut region| {
                    saturate(&mut region.classes, &rules, &once, || false);
                    region
                },
                BatchSize::SmallInput,
            );
        });
        let region = load();
        let around = Around::of(&region.classes);
        let rule = rules.exact().find(|r| r.name == name).expect("the rule");
        group.bench_function(format!("nary/{name}, search alone"), |b| {
            b.iter(|| {
                let mut found = Vec::new();
                let matcher = Matcher::new(&region.classes, once.work);
                search(&region.classes, &around, &matcher, rule, once.matches, &mut found);
                assert!(!found.is_empty());
            });
        });
    }
    let pythagoras = binary_sum("(pow (sin x) 2)", "(pow (cos x) 2)");
    let factor = binary_sum("(* a x)", "(* b x)");
    for (name, start, goal) in
        [("pythagoras", pythagoras, "one"), ("factor", factor, "(* (+ a b) x)")]
    {
        let rule = || match name {
            "pythagoras" => rewrite!("r"; "(+ (pow (sin ?x) 2) (pow (cos ?x) 2))" => "one"),
            _ => rewrite!("r"; "(+ (* ?a ?x) (* ?b ?x))" => "(* (+ ?a ?b) ?x)"),
        };
        let (fired, size) = run_binary(&start, rule(), goal);
        println!("binary {name}: fired {fired}, {size} nodes");
        group.bench_function(format!("binary/{name}"), |b| {
            b.iter(|| run_binary(&start, rule(), goal).1);
        });
    }
    group.finish();
}

/// What the number of rules costs: a round of saturation with all shipped rules and with those of
/// arithmetic alone, which are the only ones that a polynomial needs.
fn number_of_rules(c: &mut Criterion) {
    let all = Ruleset::standard();
    let (name, text) = library::FILES[0];
    let few = Ruleset::parse(&Source::new(name, text)).expect("shipped rules");
    println!("{} rules against {}", all.rules.len(), few.rules.len());
    let once = Budget { iterations: 1, work: 1_000_000, ..Budget::default() };
    let mut group = c.benchmark_group("a round of all rules");
    for (name, text) in [
        ("polynomial", "k1*a*b - k2*c*b - k3*b^2 + k1*a*c"),
        ("circular", "sin(x)^2*y + cos(x)^2*y - tan(x)*cos(x) + sin(x + y)"),
        ("choices", "max(a, b) + min(a, b) - abs(a - b) + if(a < b, a*c, b*c)"),
    ] {
        let mut g = Graph::new();
        let root = term(&Source::new("bench", text), &mut g, &Limits::default()).expect("a term");
        for (set, rules) in [("all", all), ("arithmetic", &few)] {
            group.bench_function(format!("{name}, {set}"), |b| {
                b.iter_batched(
                    || loaded(&g, root),
                    |mut region| {
                        saturate(&mut region.classes, rules, &once, || false);
                        region
                    },
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

/// What the judge costs for rules of several kinds.
fn judgement(c: &mut Criterion) {
    let mut group = c.benchmark_group("judge at 10,000 points");
    group.sample_size(10);
    for name in ["factor", "pythagoras", "sum-of-logs", "arcsine-of-sine", "choice-of-sums"] {
        let rule = Ruleset::standard().named(name).expect("a shipped rule");
        group.bench_function(name, |b| b.iter(|| judge(rule, POINTS).expect("a sound rule")));
    }
    group.finish();
}

criterion_group!(benches, spike, number_of_rules, judgement);
criterion_main!(benches);
