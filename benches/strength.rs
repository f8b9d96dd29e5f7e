//! How far and how fast simplification and equality reach, and common divisors of polynomials.
//!
//! Reads the cases of `tests/data/expressions` (and those beside the repository, when they are
//! there): how many reach the short form, how many pairs are decided, median and slowest case. Then
//! times of greatest common divisors by size.

use std::path::Path;
use std::time::Instant;

use isoterm::polynomial::{Budget, Polynomial};
use isoterm::rewrite::Ruleset;
use isoterm::session::batch::answer;
use isoterm::term::Number;
use isoterm::text::Limits;
use serde_json::{Value, json};

#[path = "../tests/suite/seeded.rs"]
mod seeded;

use seeded::Random;

/// Each case is run so many times; the fastest counts.
const RUNS: usize = 3;

/// An answer and the milliseconds that it took.
fn ask(request: &Value, limits: &Limits, rules: &std::sync::Arc<Ruleset>) -> (Value, f64) {
    let line = request.to_string();
    let mut best = f64::INFINITY;
    let mut reply = String::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        reply = answer(line.as_bytes(), limits, rules, &|| 0);
        best = best.min(begun.elapsed().as_secs_f64() * 1e3);
    }
    (serde_json::from_str(&reply).expect("an answer is JSON"), best)
}

/// A request with the text of the case and what is wanted: a size or a verdict.
type Case = (Value, String, Value);

fn assumed(domain: &str) -> Vec<String> {
    let name = |part: &str| part.split_once(':').map(|(name, range)| format!("{name} in {range}"));
    domain.split_whitespace().filter_map(name).collect()
}

fn ranges(case: &Value) -> Value {
    if !case["assume"].is_null() {
        return case["assume"].clone();
    }
    let ranges = case["domain"].as_object().map(|object| {
        let range =
            |(name, range): (&String, &Value)| format!("{name} in {}..{}", range[0], range[1]);
        object.iter().map(range).collect::<Vec<String>>()
    });
    json!(ranges.unwrap_or_default())
}

/// The cases of a file of JSON lines.
fn from_json(path: &Path) -> Vec<Case> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let cases = text.lines().map(|l| serde_json::from_str::<Value>(l).expect("a case is JSON"));
    cases
        .map(|case| {
            let assume = ranges(&case);
            match case["a"].as_str() {
                Some(a) => {
                    let wanted = if case["equivalent"] == true { "equal" } else { "different" };
                    let request = json!({"op": "equal", "a": a, "b": case["b"], "assume": assume});
                    (request, format!("{a}, {}", case["b"]), json!(wanted))
                }
                None => {
                    let size = [&case["simple_size"], &case["size"]]
                        .into_iter()
                        .find(|s| !s.is_null())
                        .cloned();
                    let text = case["expr"].as_str().unwrap_or_default().to_owned();
                    let request = json!({"op": "simplify", "expr": text, "assume": assume});
                    (request, text, size.filter(|_| has_form(&case)).unwrap_or(Value::Null))
                }
            }
        })
        .collect()
}

/// Whether a case has a short form that is known, and not only its own size.
fn has_form(case: &Value) -> bool {
    case["domain"].is_null() || !case["simple_size"].is_null()
}

/// The cases of a table of pairs.
fn identities(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(';').map(str::trim).collect();
            let wanted = if fields[0] == "T" { "equal" } else { "different" };
            let request = json!({
                "op": "equal", "a": fields[1], "b": fields[2], "assume": assumed(fields[3])
            });
            (request, line.to_owned(), json!(wanted))
        })
        .collect()
}

fn measured(name: &str, cases: &[Case]) {
    if cases.is_empty() {
        println!("{name}: absent");
        return;
    }
    let (limits, rules) = (Limits::default(), Ruleset::shared());
    let (mut times, mut reached, mut asked, mut wrong) = (Vec::new(), 0, 0, 0);
    for (request, text, wanted) in cases {
        let (reply, time) = ask(request, &limits, &rules);
        times.push((time, text));
        match wanted {
            Value::Null => {}
            Value::String(_) => {
                asked += 1;
                reached += usize::from(reply["verdict"] == *wanted);
                wrong += usize::from(reply["verdict"] != *wanted && reply["verdict"] != "unknown");
            }
            size => {
                asked += 1;
                reached += usize::from(reply["size"].as_u64() <= size.as_u64());
            }
        }
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (slowest, text) = times[times.len() - 1];
    println!(
        "{name}: {reached} of {asked} as wanted, {wrong} wrong; median {:.2} ms, 95 % {:.2} ms, \
         slowest {slowest:.1} ms: {}",
        times[times.len() / 2].0,
        times[times.len() * 95 / 100].0,
        text.chars().take(60).collect::<String>(),
    );
}

/// A random polynomial with so many terms.
fn polynomial(random: &mut Random, variables: usize, degree: usize, terms: usize) -> Polynomial {
    let list: Vec<(Number, Vec<(usize, u32)>)> = (0..terms)
        .map(|_| {
            let powers = (0..variables).map(|v| (v, random.below(degree + 1) as u32)).collect();
            (Number::from(random.below(199) as i64 - 99), powers)
        })
        .collect();
    let sum = Polynomial::from_terms(variables, list).expect("few exponents");
    let one = Polynomial::constant(variables, Number::ONE).expect("few variables");
    sum.plus(&one).expect("few terms")
}

fn divisors() {
    for (variables, degree, terms) in
        [(1, 10, 8), (1, 40, 20), (1, 100, 40), (2, 6, 10), (3, 4, 10), (4, 3, 10), (5, 3, 8)]
    {
        let (mut times, mut beyond) = (Vec::new(), 0);
        for seed in 0..9 {
            let mut random = Random(seed);
            let mut part = || polynomial(&mut random, variables, degree, terms);
            let (a, b, common) = (part(), part(), part());
            let mut budget = Budget::default();
            let a = a.times(&common, &mut budget).expect("short");
            let b = b.times(&common, &mut budget).expect("short");
            let begun = Instant::now();
            let gcd = a.gcd(&b, &mut budget);
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            let Ok(gcd) = gcd else {
                beyond += 1;
                continue;
            };
            assert!(gcd.divided_by(&common.primitive().1, &mut budget).expect("short").is_some());
        }
        times.sort_by(f64::total_cmp);
        println!(
            "gcd of products of {terms} terms, {variables} variables, degree {degree}: median \
             {:.2} ms, slowest {:.1} ms; {beyond} of 9 beyond the budget",
            times[4], times[8]
        );
    }
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (own, beside) =
        (folder.join("tests/data/expressions"), folder.join("../shared/data/expressions"));
    measured("simplify", &from_json(&own.join("simplify.jsonl")));
    measured("equal", &from_json(&own.join("equiv.jsonl")));
    measured("identities", &identities(&own.join("identities.txt")));
    for file in ["simplify.jsonl", "simplify_obf.jsonl", "equiv.jsonl"] {
        measured(&format!("beside the repository, {file}"), &from_json(&beside.join(file)));
    }
    divisors();
}
