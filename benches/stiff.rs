//! Stiff integration: time against delivered error, our methods and diffsol's BDF in one run.
//!
//! `cargo bench --bench stiff` integrates each problem at tolerances from 1e-4 to 1e-10 and prints,
//! for each method, the least time of several runs, the error at the end in units of
//! `1e-6 |u| + 1e-9`, and what was done. The figures go to `target/stiff/NAME.svg`, the numbers to
//! `target/stiff/NAME.csv`. Names after `--` choose problems. Networks are read from
//! `../shared/data/networks`, which is not part of the repository; what is absent is said so.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use isoterm::model::{System, Times};
use isoterm::numeric::integrate::{Clock, Method};
use isoterm::plot::{Curve, Figure};
use isoterm::session::load;
use isoterm::study::{Compilation, Compiled, Settings, Solution};
use isoterm::text::Limits;

/// A problem, its time range if its file has none, and methods that it is too large for.
struct Case {
    name: &'static str,
    file: &'static str,
    until: Option<f64>,
    reference: Reference,
    without: &'static [Method],
}

/// Where the states at the end are known from.
enum Reference {
    /// A block of `tests/data/ivp.txt`.
    Table,
    /// A file with a state a line, by order.
    States(&'static str),
    /// Our own run at the tolerances 1e-11 and 1e-14.
    Own,
}

const NETWORKS: &str = "../shared/data/networks";

const CASES: &[Case] = &[
    example("robertson"),
    example("hires"),
    example("pollution"),
    example("van_der_pol"),
    Case { reference: Reference::Own, ..example("brusselator_1d") },
    Case {
        name: "multisite2",
        file: "multisite2.net",
        until: Some(2.0),
        reference: Reference::States("reference/multisite2.final_state.txt"),
        without: &[],
    },
    Case {
        name: "bcr",
        file: "bcr/bcr.net",
        until: Some(1e4),
        reference: Reference::Own,
        without: &[Method::Rodas5p],
    },
];

const fn example(name: &'static str) -> Case {
    Case { name, file: "", until: None, reference: Reference::Table, without: &[] }
}

const METHODS: [Method; 4] = [Method::Bdf, Method::BdfKrylov, Method::Rodas5p, Method::DiffsolBdf];

/// Relative tolerances; the absolute ones are 1e-3 of them.
const TOLERANCES: [f64; 7] = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10];

/// Runs are repeated for this long, or done once.
const PATIENCE: Duration = Duration::from_millis(200);

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let folder = root.join("target/stiff");
    std::fs::create_dir_all(&folder).expect("a folder for the figures");
    for case in CASES.iter().filter(|c| wanted.is_empty() || wanted.iter().any(|w| w == c.name)) {
        let file = match case.file {
            "" => root.join(format!("examples/models/{}.model", case.name)),
            file => root.join(NETWORKS).join(file),
        };
        if !file.exists() {
            println!("\n{}: there is no {}", case.name, file.display());
            continue;
        }
        match load(file.to_str().expect("a path in UTF-8"), &Limits::default()) {
            Ok(mut systems) => compare(case, &systems.remove(0), &folder),
            Err(why) => {
                let why = why.to_string();
                println!("\n{}: not read: {}", case.name, why.lines().next().unwrap_or_default());
            }
        }
    }
}

fn compare(case: &Case, system: &System, folder: &Path) {
    let compiled = Compiled::new(system, &Compilation::default(), &mut |_| {}).expect("a kernel");
    let mut settings = match case.until {
        Some(end) => Settings::between(0.0, end),
        None => Settings::of(system).expect("a plan"),
    };
    settings.times = Times::Linear(2);
    settings.integration.clock = Clock(Some(nanos));
    let exact = exact(case, system, &compiled, &settings);
    let states = system.dimension();
    println!("\n{}: {states} states, {} nonzeros", case.name, compiled.nonzeros());
    println!(
        "{:<12} {:>6} {:>11} {:>10} {:>6} {:>5} {:>6} {:>6} {:>8}  parts (ms): f, J, LU, solve",
        "method", "rtol", "time, ms", "error", "steps", "rej.", "f", "LU", "fill"
    );
    let mut table =
        "method,rtol,milliseconds,error,steps,rejected,rhs,jacobians,factorizations,fill\n"
            .to_owned();
    let mut curves = Vec::new();
    for method in METHODS.iter().filter(|m| !case.without.contains(m)) {
        let mut points = Vec::new();
        for rtol in TOLERANCES {
            settings.integration.method = *method;
            (settings.integration.rtol, settings.integration.atol) = (rtol, vec![rtol * 1e-3]);
            let Some((time, solution)) = timed(system, &compiled, &settings) else {
                println!("{:<12} {rtol:>6.0e} fails", method.name());
                continue;
            };
            let last = solution.rows.last().expect("an end");
            let error = error(&exact, last);
            let s = &solution.statistics;
            let milliseconds = time.as_secs_f64() * 1e3;
            let parts = [s.nanos.rhs, s.nanos.jacobian, s.nanos.factorization, s.nanos.solve];
            let parts = parts.map(|n| format!("{:.2}", n as f64 / 1e6)).join(", ");
            println!(
                "{:<12} {rtol:>6.0e} {milliseconds:>11.3} {error:>10.3e} {:>6} {:>5} {:>6} {:>6} \
                 {:>8}  {parts}",
                method.name(),
                s.steps,
                s.rejected,
                s.rhs_evaluations,
                s.factorizations,
                s.fill,
            );
            let _ = writeln!(
                table,
                "{},{rtol:e},{milliseconds},{error:e},{},{},{},{},{},{}",
                method.name(),
                s.steps,
                s.rejected,
                s.rhs_evaluations,
                s.jacobian_evaluations,
                s.factorizations,
                s.fill,
            );
            points.push((error, milliseconds));
        }
        curves.push(Curve { label: method.name().to_owned(), points, run: 0 });
    }
    let figure = Figure {
        title: format!("{}: work and precision", case.name),
        x_label: "error at the end, in units of 1e-6 |u| + 1e-9".to_owned(),
        y_label: "milliseconds".to_owned(),
        x_log: true,
        y_log: true,
        curves,
    };
    let path = |kind: &str| -> PathBuf { folder.join(format!("{}.{kind}", case.name)) };
    std::fs::write(path("csv"), table).expect("the table");
    std::fs::write(path("svg"), figure.svg(900, 600).expect("a picture")).expect("the picture");
    println!("figure: {}", path("svg").display());
}

/// The least time of some runs, and what they gave.
fn timed(
    system: &System,
    compiled: &Compiled,
    settings: &Settings,
) -> Option<(Duration, Solution)> {
    let begun = Instant::now();
    let mut least = Duration::MAX;
    let mut found = None;
    while found.is_none() || begun.elapsed() < PATIENCE {
        let start = Instant::now();
        let solution = compiled.run(system, settings, &|_| false).ok()?;
        least = least.min(start.elapsed());
        found = Some(solution);
    }
    found.map(|solution| (least, solution))
}

fn nanos() -> u64 {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGUN.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// The places of states and their values at the end.
fn exact(
    case: &Case,
    system: &System,
    compiled: &Compiled,
    settings: &Settings,
) -> Vec<(usize, f64)> {
    match case.reference {
        Reference::Table => {
            let names = system.state_names();
            let table = include_str!("../tests/data/ivp.txt");
            let block = table.lines().skip_while(|l| l.split(' ').next() != Some(case.name));
            let lines = block.skip(1).take_while(|l| l.starts_with("  "));
            let pairs = lines.filter_map(|l| l.trim().split_once(' '));
            pairs
                .map(|(name, value)| {
                    let place = names.iter().position(|n| n == name).expect("a state");
                    (place, value.trim().parse().expect("a number"))
                })
                .collect()
        }
        Reference::States(file) => {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(NETWORKS).join(file);
            let text = std::fs::read_to_string(path).expect("the states at the end");
            text.lines().map(|l| l.trim().parse().expect("a number")).enumerate().collect()
        }
        Reference::Own => {
            let mut tight = settings.clone();
            tight.integration.method = Method::Bdf;
            (tight.integration.rtol, tight.integration.atol) = (1e-11, vec![1e-14]);
            let solution = compiled.run(system, &tight, &|_| false).expect("a solution");
            let row = solution.rows.last().expect("an end");
            row.iter().take(system.dimension()).copied().enumerate().collect()
        }
    }
}

/// The largest error in units of `1e-6 |u| + 1e-9`.
fn error(exact: &[(usize, f64)], states: &[f64]) -> f64 {
    let units = exact.iter().map(|&(k, e)| (states[k] - e).abs() / (1e-6 * e.abs() + 1e-9));
    units.fold(0.0, f64::max)
}
