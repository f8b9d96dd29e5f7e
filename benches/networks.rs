//! Reaction networks from text to values: what each stage of optimisation is worth, how long the
//! stages take and how they grow, and evaluations against other ways to compute the same.
//!
//! `cargo bench --bench networks -- bcr` is for one network, `-- cost`, `-- growth` and
//! `-- evaluation` for one table; `-- all` also compiles C that takes gcc minutes.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use isoterm::kernel::{OperationCounts, Scratch};
use isoterm::model::System;
use isoterm::model::network::generate::{Multisite, multisite};
use isoterm::rewrite::extract::Effort;
use isoterm::rewrite::prologue::Prologue;
use isoterm::rewrite::seed::seeds;
use isoterm::rewrite::{Options, Ruleset, optimise_with};
use isoterm::session::{load, models};
use isoterm::study::export::export;
use isoterm::study::{Compilation, Compiled};
use isoterm::term::Term;
use isoterm::text::{Limits, Source};

mod network;
mod table;
use table::levels::Levels;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let has = |word: &str| words.iter().any(|w| w == word);
    let tables = ["cost", "growth", "evaluation"];
    let wanted = |table: &str| has(table) || !tables.iter().any(|t| has(t));
    let published = network::published();
    let chosen = |name: &str| has(name) || !published.iter().any(|(n, _)| has(n));
    let files: Vec<(String, System, Duration)> = published
        .iter()
        .filter(|(name, _)| chosen(name))
        .map(|(name, file)| {
            let start = Instant::now();
            let system = load(file.to_str().expect("a path"), &Limits::default());
            (name.clone(), system.unwrap_or_else(|e| panic!("{e}")).remove(0), start.elapsed())
        })
        .collect();
    if wanted("cost") {
        ablation(&files);
        if words.is_empty() || has("sites") {
            ablation(&generated(&[5, 8, 11]));
        }
    }
    if wanted("evaluation") {
        evaluation(&files, has("all"));
        if words.is_empty() || has("sites") {
            evaluation(&generated(&[8, 11]), false);
        }
    }
    if wanted("growth") {
        growth(&files);
    }
}

/// Generated networks, with the seconds that they take to read.
fn generated(sites: &[u32]) -> Vec<(String, System, Duration)> {
    let read = |sites: &u32| {
        let source = Source::new("multisite.net", multisite(Multisite::Phosphorylation, *sites));
        let start = Instant::now();
        let system = models(source, Path::new("."), &Limits::default());
        let system = system.unwrap_or_else(|e| panic!("{e}")).remove(0);
        (format!("{sites} sites"), system, start.elapsed())
    };
    sites.iter().map(read).collect()
}

/// What the roots cost by the measure of the article (+1, *3, /24), and by measured cycles.
fn priced(graph: &isoterm::term::Graph, roots: &[Term]) -> (f64, f64) {
    let counts = OperationCounts::of_terms(graph, roots);
    (counts.published(), counts.cycles())
}

/// Cost after each stage of optimisation; what depends on parameters alone is hoisted in all of
/// them but the first.
fn ablation(files: &[(String, System, Duration)]) {
    println!("\ncost of the right-hand side (+1, *3, /24; in brackets measured cycles)");
    for (name, system, _) in files {
        let roots: Vec<Term> = system.equations.iter().map(|e| e.value).collect();
        let mut graph = system.graph.clone();
        let names: Vec<_> = system.parameters.iter().map(|p| graph.intern(&p.name)).collect();
        let row = |what: &str, (published, cycles): (f64, f64), time: Duration| {
            let ms = time.as_secs_f64() * 1e3;
            println!(
                "{name:<14} {what:<32} {published:>9} {:>10} {ms:>9.1} ms",
                format!("({cycles:.0})")
            );
        };
        if let Some(written) = &system.written {
            row("as written", priced(&written.graph, &written.values()), Duration::ZERO);
        }
        row("canonical", priced(&graph, &roots), Duration::ZERO);
        let mut prologue = Prologue::new(&graph, names.iter().copied(), "prologue");
        let hoisted = prologue.hoist(&mut graph, &roots);
        row("canonical, hoisted", priced(&graph, &hoisted), Duration::ZERO);
        let start = Instant::now();
        let all = seeds(&mut graph, &roots, &mut prologue, f64::MAX);
        let time = start.elapsed();
        for seed in all {
            row(&format!("seed: {}", seed.name), priced(&graph, &seed.roots), time);
        }
        for (what, options) in [
            ("seeds alone", Options { phases: 0, ..Options::kernel() }),
            ("saturation alone", Options { seeds: false, ..Options::kernel() }),
            (
                "both, without local search",
                Options {
                    saturated: usize::MAX,
                    effort: Effort { improve: 0, prove: 0 },
                    ..Options::kernel()
                },
            ),
            ("both, with it", Options { saturated: usize::MAX, ..Options::kernel() }),
            ("what is used", Options::kernel()),
        ] {
            let mut graph = system.graph.clone();
            let mut prologue = Prologue::new(&graph, names.iter().copied(), "prologue");
            let start = Instant::now();
            let rules = Ruleset::standard();
            let out = optimise_with(&mut graph, &roots, rules, &options, &mut prologue);
            row(what, priced(&graph, &out.roots), start.elapsed());
        }
    }
}

/// Nanoseconds of one call: the least mean of several batches.
fn nanoseconds(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    call();
    let once = start.elapsed().as_secs_f64().max(1e-9);
    let batch = (2e-3 / once).clamp(1.0, 1e6) as usize;
    let mut least = f64::INFINITY;
    for _ in 0..15 {
        let start = Instant::now();
        for _ in 0..batch {
            call();
        }
        least = least.min(start.elapsed().as_secs_f64() / batch as f64);
    }
    least * 1e9
}

fn compiled(system: &System, how: &Compilation) -> Compiled {
    Compiled::new(system, how, &mut |_| {}).unwrap_or_else(|e| panic!("{e}"))
}

fn rates(compiled: &Compiled) -> Vec<f64> {
    let mut du = vec![0.0; compiled.initial().len()];
    compiled.rates(0.0, &state(compiled), &mut du, &mut Scratch::new());
    du
}

/// A state in which nothing vanishes.
fn state(compiled: &Compiled) -> Vec<f64> {
    let vary = |(k, x): (usize, &f64)| x + 1.0 + (k % 7) as f64 * 0.125;
    compiled.initial().iter().enumerate().map(vary).collect()
}

/// The largest difference relative to the largest value.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    let size = a.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0_f64, |m, (x, y)| m.max((x - y).abs())) / size
}

/// Operations that a C compiler takes minutes for.
const LARGE: u64 = 40_000;

fn evaluation(files: &[(String, System, Duration)], all: bool) {
    println!(
        "\nnanoseconds of an evaluation (difference to the first relative to the largest rate)"
    );
    for (name, system, _) in files {
        let best = compiled(system, &Compilation::default());
        let (u, expected) = (state(&best), rates(&best));
        let row = |what: &str, ns: f64, values: Option<&[f64]>| {
            let error =
                values.map_or(String::new(), |v| format!("{:.1e}", difference(&expected, v)));
            println!("{name:<14} {what:<36} {ns:>12.1} {error:>9}");
        };
        let (mut du, mut scratch) = (vec![0.0; u.len()], Scratch::new());
        let ns = nanoseconds(|| best.rates(0.0, black_box(&u), &mut du, &mut scratch));
        row("optimised, own JIT", ns, Some(&du));
        let (mut entries, mut slots) = (vec![0.0; best.nonzeros()], Vec::new());
        let ns = nanoseconds(|| {
            best.jacobian(0.0, black_box(&u), &mut entries, &mut slots, &mut scratch);
        });
        row("Jacobian, own JIT", ns, None);
        let written = Compilation { exact_order: true, ..Compilation::default() };
        let written = compiled(system, &written);
        let ns = nanoseconds(|| written.rates(0.0, black_box(&u), &mut du, &mut scratch));
        row("as written, own JIT", ns, Some(&du));
        if let Some(table) = table::Table::new(system, &written) {
            let ns = nanoseconds(|| table.rates(black_box(&u), &mut du));
            row("table-driven loop, as written", ns, Some(&du));
        }
        if let Some(levels) = Levels::new(&best, best.kernel_parameters()) {
            let ns = nanoseconds(|| levels.rates(black_box(&u), &mut du));
            row("table-driven loops, optimised", ns, Some(&du));
        }
        for (what, compiled) in [("factored", &best), ("as written", &written)] {
            if compiled.tape.operations().total() > LARGE && !all {
                println!("{name:<14} C {what}: takes a C compiler minutes; ask for `all`");
                continue;
            }
            for options in [&["-O2"][..], &["-O3", "-march=native"]] {
                if let Some((seconds, ns, values)) = in_c(system, compiled, &u, options) {
                    let what = format!("C {what}, {} ({seconds:.1} s)", options.join(" "));
                    row(&what, ns, Some(&values));
                }
            }
        }
    }
}

/// The seconds that a C compiler takes, nanoseconds of its code, and its values.
fn in_c(
    system: &System,
    compiled: &Compiled,
    u: &[f64],
    options: &[&str],
) -> Option<(f64, f64, Vec<f64>)> {
    let text = export(system, compiled, "c").ok()?;
    let name = text.split("void ").nth(1)?.split("_rhs").next()?.to_owned();
    let folder = std::env::temp_dir().join(format!("isoterm-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).ok()?;
    let [model, driver, program] = ["model.c", "driver.c", "program"].map(|f| folder.join(f));
    std::fs::write(&model, text).ok()?;
    let states: Vec<String> = u.iter().map(|x| format!("{x:?}")).collect();
    let n = u.len();
    // A call through a pointer in another unit: the compiler cannot move it out of the loop.
    let main = format!(
        "#include <stdio.h>\n#include <time.h>\n\
         void {name}_rhs(double, const double *, const double *, double *);\n\
         extern const double {name}_p0[];\n\
         static double u[{n}] = {{{}}}, du[{n}];\n\
         static double now(void) {{ struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); \
         return t.tv_sec + 1e-9 * t.tv_nsec; }}\n\
         int main(void) {{ double best = 1e9; int batch = 1 + 2000000 / (10 * {n} + 100);\n\
         for (int r = 0; r < 15; r++) {{ double s = now(); \
         for (int k = 0; k < batch; k++) {name}_rhs(0.0, u, {name}_p0, du); \
         double e = (now() - s) / batch; if (e < best) best = e; }}\n\
         printf(\"%.17g\\n\", best * 1e9); \
         for (int k = 0; k < {n}; k++) printf(\"%.17g\\n\", du[k]); return 0; }}\n",
        states.join(",")
    );
    std::fs::write(&driver, main).ok()?;
    let start = Instant::now();
    let built = Command::new("cc")
        .args(["-std=gnu99"])
        .args(options)
        .args([&model, &driver])
        .arg("-o")
        .arg(&program)
        .arg("-lm")
        .output();
    let seconds = start.elapsed().as_secs_f64();
    match built {
        Ok(out) if out.status.success() => {}
        Ok(out) => {
            println!("cc: {}", String::from_utf8_lossy(&out.stderr));
            return None;
        }
        Err(_) => {
            println!("there is no C compiler `cc`");
            return None;
        }
    }
    let out = Command::new(&program).output().ok()?;
    let mut numbers: Vec<f64> =
        String::from_utf8(out.stdout).ok()?.lines().filter_map(|line| line.parse().ok()).collect();
    std::fs::remove_dir_all(&folder).ok()?;
    let values = numbers.split_off(1);
    Some((seconds, numbers[0], values))
}

/// Seconds of each stage, and how they grow.
fn growth(files: &[(String, System, Duration)]) {
    let stages = ["read", "optimise", "differentiate", "compile", "initialise", "values"];
    println!("\nseconds of each stage, from text to the first rates and Jacobian");
    print!("{:<14} {:>9} {:>9}", "network", "reactions", "species");
    stages.iter().for_each(|s| print!(" {s:>13}"));
    println!(" {:>9} {:>8}", "total", "peak MB");
    let mut rows: Vec<(f64, Vec<f64>)> = Vec::new();
    for (name, system, read) in files {
        row(name, None, system, *read);
    }
    for &sites in &SITES {
        // One at a time: what is read takes memory that counts.
        for (name, system, read) in generated(&[sites]) {
            let count = (3 * sites as usize) << sites;
            rows.push((count as f64, row(&name, Some(count), &system, read)));
        }
    }
    exponents("fitted exponent", &rows);
    exponents("of the last two", &rows[rows.len() - 2..]);
}

/// Sites of networks of about a thousand, ten thousand and a hundred thousand reactions.
const SITES: [u32; 5] = [6, 8, 9, 11, 12];

/// The slopes of the logarithms, by least squares.
fn exponents(name: &str, rows: &[(f64, Vec<f64>)]) {
    print!("{name:<14} {:>9}", "");
    let mean =
        |f: &dyn Fn(&(f64, Vec<f64>)) -> f64| rows.iter().map(f).sum::<f64>() / rows.len() as f64;
    let x = mean(&|row| row.0.ln());
    for k in 0..rows[0].1.len() {
        let y = mean(&|row| row.1[k].ln());
        let xy = mean(&|row| (row.0.ln() - x) * (row.1[k].ln() - y));
        print!(" {:>13.2}", xy / mean(&|row| (row.0.ln() - x).powi(2)));
    }
    println!();
}

fn row(name: &str, reactions: Option<usize>, system: &System, read: Duration) -> Vec<f64> {
    let mut marks: Vec<Instant> = Vec::new();
    let compiled =
        Compiled::new(system, &Compilation::default(), &mut |_| marks.push(Instant::now()))
            .unwrap_or_else(|e| panic!("{e}"));
    marks.push(Instant::now());
    black_box(rates(&compiled));
    let (mut entries, mut slots) = (vec![0.0; compiled.nonzeros()], Vec::new());
    compiled.jacobian(0.0, &state(&compiled), &mut entries, &mut slots, &mut Scratch::new());
    black_box(&entries);
    marks.push(Instant::now());
    let mut times = vec![read.as_secs_f64()];
    times.extend(marks.windows(2).map(|w| (w[1] - w[0]).as_secs_f64()));
    let total: f64 = times.iter().sum();
    let count = reactions.map_or(String::new(), |n| n.to_string());
    print!("{name:<14} {count:>9} {:>9}", system.dimension());
    times.iter().for_each(|t| print!(" {t:>13.3}"));
    println!(" {total:>9.3} {:>8}", peak().map_or("?".to_owned(), |kb| (kb / 1024).to_string()));
    times.push(total);
    times
}

/// Kilobytes of the largest memory that this process has had, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
