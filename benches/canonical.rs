//! Random expressions of 15 tokens over the whole operation table: from text to canonical form to
//! text, and to the shortest form that is found.
//!
//! Each expression has a graph of its own, so that nothing is found that another one has built.
//! Times are given for single expressions, once the process is warm: their quantiles say more
//! than a mean over all. SimpliPy, whose expressions of 15 tokens these are like, was measured at
//! a median of 52 and a mean of 498 microseconds, SymPy's `simplify` at a median of 30,000.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use isoterm::session::{simplify, term};
use isoterm::syntax::print::print;
use isoterm::term::op::{Class, TABLE};
use isoterm::term::{Graph, Op};
use isoterm::text::{Limits, Source};
use seeded::Random;

#[path = "../tests/suite/seeded.rs"]
mod seeded;

const TOKENS: usize = 15;
const EXPRESSIONS: u64 = 10_000;
/// Expressions that are simplified, which takes longer.
const SIMPLIFIED: usize = 300;

/// Functions of so many arguments.
fn functions(arity: usize) -> Vec<&'static str> {
    let rows = TABLE.iter().filter(|r| r.class == Class::Function || r.op == Op::Sqrt);
    rows.filter(|r| r.arity() == arity).map(|r| r.name).collect()
}

/// Writes an expression of exactly `tokens` operators, functions, variables and numbers.
fn write(text: &mut String, random: &mut Random, tokens: usize) {
    match (tokens, random.below(8)) {
        (1, 0..6) => text.push_str(["x", "y", "z"][random.below(3)]),
        (1, _) => text.push_str(["1", "2", "3", "0.5", "4"][random.below(5)]),
        (2, _) | (_, 0..3) => {
            let names = functions(1);
            let pick = random.below(names.len() + 3);
            match names.get(pick) {
                Some(name) => text.push_str(&format!("{name}(")),
                None => text.push_str("(-"),
            }
            write(text, random, tokens - 1);
            text.push(')');
        }
        (_, 3) => {
            // A power with a short exponent is what people write.
            text.push('(');
            write(text, random, tokens - 2);
            text.push_str([")^2", ")^3", ")^(-1)", ")^(1/2)"][random.below(4)]);
        }
        (_, way) => {
            let left = 1 + random.below(tokens - 2);
            let names = functions(2);
            if way == 7 && random.below(4) == 0 {
                text.push_str(names[random.below(names.len())]);
                text.push('(');
                write(text, random, left);
                text.push(',');
            } else {
                text.push('(');
                write(text, random, left);
                text.push(['+', '-', '*', '/', '+', '*', '^'][random.below(7)]);
            }
            write(text, random, tokens - 1 - left);
            text.push(')');
        }
    }
}

fn expressions() -> Vec<String> {
    (0..EXPRESSIONS)
        .map(|seed| {
            let mut text = String::new();
            write(&mut text, &mut Random(seed), TOKENS);
            text
        })
        .collect()
}

fn canonical(text: &str, limits: &Limits) -> String {
    let mut graph = Graph::new();
    let source = Source::new("expression", text);
    let root = term(&source, &mut graph, limits).expect("an expression");
    print(&graph, root)
}

/// Prints quantiles of the times that a call takes for each text.
fn report(name: &str, texts: &[String], call: impl Fn(&str)) {
    // The first round warms caches, tables and the allocator up.
    texts.iter().take(1000).for_each(|t| call(t));
    let mut times: Vec<Duration> = texts
        .iter()
        .map(|t| {
            let start = Instant::now();
            call(t);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let micros = |d: Duration| d.as_secs_f64() * 1e6;
    let mean = micros(times.iter().sum::<Duration>()) / times.len() as f64;
    let at = |part: f64| micros(times[((times.len() - 1) as f64 * part) as usize]);
    println!(
        "{name:<40} median {:>9.1}, mean {mean:>9.1}, 95 % {:>9.1}, most {:>9.1}",
        at(0.5),
        at(0.95),
        at(1.0)
    );
}

fn bench(c: &mut Criterion) {
    let (texts, limits) = (expressions(), Limits::default());
    println!("microseconds for one expression of {TOKENS} tokens, over {EXPRESSIONS}");
    println!("such as {}", texts[1]);
    report("text to canonical form to text", &texts, |t| drop(black_box(canonical(t, &limits))));
    report("text to canonical form", &texts, |t| {
        let mut graph = Graph::new();
        black_box(term(&Source::new("expression", t), &mut graph, &limits).expect("a term"));
    });
    report("text to shortest form to text", &texts[..SIMPLIFIED], |t| {
        drop(black_box(simplify(Source::new("expression", t), &limits)));
    });
    let mut group = c.benchmark_group("canonical");
    group.sample_size(10);
    group.bench_function("1,000 expressions", |b| {
        b.iter(|| texts[..1000].iter().map(|t| canonical(t, &limits).len()).sum::<usize>())
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
