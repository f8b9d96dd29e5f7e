//! Reaction networks: derivatives and curves against references that others computed.
//!
//! The `.net` files are not ours; they are read from `../shared/data/networks` where that exists.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use isoterm::kernel::Scratch;
use isoterm::model::network::generate::{Multisite, multisite};
use isoterm::model::network::structure;
use isoterm::model::{System, Times};
use isoterm::numeric::integrate::Method;
use isoterm::session::{load, models};
use isoterm::study::{Compilation, Compiled, Settings, Solution};
use isoterm::term::evaluate::{Floating, evaluate};
use isoterm::text::{Limits, Source};

use crate::reference::model;

/// The folder of networks, if it is there.
pub fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/networks");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("{} is absent: nothing is checked", folder.display());
    None
}

fn read(path: &Path) -> System {
    let path = path.to_str().expect("a path in UTF-8");
    load(path, &Limits::default()).unwrap_or_else(|e| panic!("{e}")).remove(0)
}

/// The files of a folder, and of the folders in it, with an extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The numbers of a table, line by line; comments and words give nothing.
fn numbers(path: &Path) -> Vec<Vec<f64>> {
    let text = fs::read_to_string(path).expect("a table");
    let rows = text.lines().filter(|l| !l.starts_with('#'));
    let rows = rows.map(|l| l.split_whitespace().filter_map(|n| n.parse().ok()).collect());
    rows.filter(|row: &Vec<f64>| !row.is_empty()).collect()
}

/// The values of names at the start: the time, parameters and states.
fn start(system: &System) -> HashMap<String, f64> {
    let mut values = HashMap::from([(system.time.clone(), 0.0)]);
    for (variables, equations) in
        [(&system.parameters, &system.parameter_values), (&system.unknowns, &system.initial)]
    {
        for equation in equations {
            let place = equation.row.as_constant().expect("a scalar") as usize;
            let mut scope = Floating(|name: &str| values[name]);
            let value = evaluate(&system.graph, equation.value, &mut scope);
            values.insert(variables[place].name.clone(), value);
        }
    }
    values
}

/// For each place the derivative, and the largest of the fluxes that it is the sum of.
pub fn derivatives(system: &System) -> Vec<(f64, f64)> {
    let values = start(system);
    let at = |term| evaluate(&system.graph, term, &mut Floating(|name: &str| values[name]));
    let mut found = vec![(f64::NAN, 0.0_f64); system.dimension()];
    for equation in &system.equations {
        found[equation.row.as_constant().expect("a scalar") as usize].0 = at(equation.value);
    }
    for reaction in &system.network.as_ref().expect("a network").reactions {
        let place = |p: &isoterm::term::Affine| p.as_constant().expect("a scalar") as usize;
        let mut flux = at(reaction.rate);
        for (species, count) in reaction.reactants.iter().filter(|_| reaction.mass_action) {
            flux *= values[&system.unknowns[place(species)].name].powf(count.to_f64());
        }
        for (species, count) in reaction.reactants.iter().chain(&reaction.products) {
            let largest = &mut found[place(species)].1;
            *largest = largest.max((flux * count.to_f64()).abs());
        }
    }
    found
}

#[test]
fn derivatives_at_the_start_equal_the_reference() {
    let Some(folder) = shared() else { return };
    for (file, reference) in [
        ("multistate.net", "multistate"),
        ("multisite2.net", "multisite2"),
        ("bcr/bcr.net", "bcr_t1e4"),
    ] {
        let system = read(&folder.join(file));
        let expected = numbers(&folder.join(format!("reference/{reference}.rhs0.txt")));
        let found = derivatives(&system);
        assert_eq!(found.len(), expected.len(), "{file}");
        let mut worst = 0.0_f64;
        for (k, ((value, largest), expected)) in found.iter().zip(&expected).enumerate() {
            let error = (value - expected[0]).abs() / largest.max(f64::MIN_POSITIVE);
            assert!(error <= 1e-12, "{file}: species {}: {value} for {}", k + 1, expected[0]);
            worst = worst.max(error);
        }
        println!("{file}: {} species, largest relative error {worst:.1e}", found.len());
    }
}

/// The largest error of the compiled rates at the start, in terms of the largest flux of each.
fn error_of_the_kernel(system: &System, compiled: &Compiled, reference: &Path) -> f64 {
    let mut rates = vec![0.0; system.dimension()];
    compiled.rates(0.0, compiled.initial(), &mut rates, &mut Scratch::new());
    let each = derivatives(system).into_iter().zip(numbers(reference)).zip(rates);
    each.map(|(((_, largest), expected), rate)| {
        (rate - expected[0]).abs() / largest.max(f64::MIN_POSITIVE)
    })
    .fold(0.0, f64::max)
}

#[test]
fn compiled_derivatives_equal_the_reference() {
    let Some(folder) = shared() else { return };
    for name in ["multistate", "multisite2"] {
        let system = read(&folder.join(format!("{name}.net")));
        let compiled = Compiled::new(&system, &Compilation::default(), &mut |_| {}).expect("it");
        let reference = folder.join(format!("reference/{name}.rhs0.txt"));
        let error = error_of_the_kernel(&system, &compiled, &reference);
        assert!(error <= 1e-12, "{name}: {error:e}");
    }
}

/// bcr has pulses that are near-vertical: peaks are compared, and the states at the end in units of
/// the tolerances, where CVODE is 222 units away.
#[test]
#[ignore = "minutes unless optimised: cargo test --release --test suite -- --ignored bcr"]
fn bcr_to_ten_thousand_seconds() {
    let Some(folder) = shared() else { return };
    let system = read(&folder.join("bcr/bcr.net"));
    let compiled = Compiled::new(&system, &Compilation::default(), &mut |_| {}).expect("it");
    let error =
        error_of_the_kernel(&system, &compiled, &folder.join("reference/bcr_t1e4.rhs0.txt"));
    assert!(error <= 1e-12, "{error:e}");

    let times: Vec<f64> = (0..=10_000).map(f64::from).collect();
    let solution = run(&system, times, 1e-6, 1e-9);
    let syk = column(&system, &solution, "Activated_Syk");
    let peak = |range: std::ops::Range<usize>| {
        let place = range.max_by(|&a, &b| syk[a].total_cmp(&syk[b])).expect("a time");
        (place as f64, syk[place])
    };
    for (range, time, height) in [(0..5_000, 189.0, 177_095.08), (5_000..10_001, 9506.0, 171_539.1)]
    {
        let (at, value) = peak(range);
        assert!((at - time).abs() <= 1.0 && (value - height).abs() <= 0.5, "{value} at {at}");
    }
    let expected = numbers(&folder.join("reference/bcr_t1e4_tight.final_state.txt"));
    let last = solution.rows.last().expect("a row");
    let units = last
        .iter()
        .zip(&expected)
        .map(|(value, expected)| (value - expected[0]).abs() / (1e-6 * expected[0].abs() + 1e-9));
    let units = units.fold(0.0, f64::max);
    assert!(units < 222.0, "{units} units of the tolerances");
}

/// The run of a network at given times.
fn run(system: &System, times: Vec<f64>, rtol: f64, atol: f64) -> Solution {
    let compiled = Compiled::new(system, &Compilation::default(), &mut |_| {}).expect("a kernel");
    let (from, to) = (times[0], *times.last().expect("a time"));
    let mut settings = Settings { times: Times::At(times), ..Settings::between(from, to) };
    settings.integration.method = Method::named("bdf").expect("a method");
    (settings.integration.rtol, settings.integration.atol) = (rtol, vec![atol]);
    compiled.run(system, &settings, &|_| false).unwrap_or_else(|e| panic!("{}: {e}", system.name))
}

#[test]
fn observables_follow_the_published_curves() {
    let Some(folder) = shared() else { return };
    let mut compared = 0;
    for file in files(&folder, "net") {
        let system = read(&file);
        if system.dimension() > 100 {
            continue;
        }
        let beside = file.with_extension("gdat");
        let apart = folder.join("reference").join(beside.file_name().expect("a name"));
        let Some(table) = [beside, apart].into_iter().find(|p| p.is_file()) else {
            println!("{}: no reference", file.display());
            continue;
        };
        let text = fs::read_to_string(&table).expect("a table");
        let head = text.lines().next().expect("a head").trim_start_matches('#');
        let names: Vec<&str> = head.split_whitespace().skip(1).collect();
        let rows = numbers(&table);
        let solution = run(&system, rows.iter().map(|r| r[0]).collect(), 1e-9, 1e-9);
        let columns = Solution::columns(&system);
        // Some tables call groups by older names, but all list them in order.
        let observed = columns.len() - system.dimension();
        assert_eq!(observed, names.len(), "{}: columns {columns:?}", file.display());
        let places: Vec<(usize, usize)> =
            (1..=observed).map(|k| (k, system.dimension() + k - 1)).collect();
        let largest = |k: usize| rows.iter().fold(1e-300_f64, |m, row| m.max(row[k].abs()));
        let largest: Vec<f64> = (0..=names.len()).map(largest).collect();
        let error = |row: &[f64], expected: &[f64]| -> f64 {
            let of = |&(k, p): &(usize, usize)| (row[p] - expected[k]).abs() / largest[k];
            places.iter().map(of).fold(0.0, f64::max)
        };
        if error(&solution.rows[0], &rows[0]) > 1e-6 {
            println!("{}: the curves begin elsewhere than the file", file.display());
            continue;
        }
        let worst = solution.rows.iter().zip(&rows).map(|(a, b)| error(a, b)).fold(0.0, f64::max);
        println!("{}: {worst:.1e} of the largest value", file.display());
        assert!(worst < 2e-5, "{}: {worst:e}", file.display());
        compared += 1;
    }
    assert!(compared >= 8, "{compared} curves");
}

#[test]
fn final_states_agree_with_the_reference() {
    let Some(folder) = shared() else { return };
    for (name, end) in [("multistate", 20.0), ("multisite2", 2.0)] {
        let system = read(&folder.join(format!("{name}.net")));
        let expected = numbers(&folder.join(format!("reference/{name}.final_state.txt")));
        let solution = run(&system, vec![0.0, end], 1e-10, 1e-10);
        let last = &solution.rows[1];
        for (k, (value, expected)) in last.iter().zip(&expected).enumerate() {
            let error = (value - expected[0]).abs();
            assert!(error <= 1e-6 * expected[0].abs() + 1e-6, "{name}, S{}: {value}", k + 1);
        }
    }
}

/// The run of an example over its own time range.
fn own_run(system: &System) -> Solution {
    let compiled = Compiled::new(system, &Compilation::default(), &mut |_| {}).expect("a kernel");
    let mut settings = Settings::of(system).expect("a plan");
    (settings.integration.rtol, settings.integration.atol) = (1e-9, vec![1e-13]);
    compiled.run(system, &settings, &|_| false).unwrap_or_else(|e| panic!("{}: {e}", system.name))
}

/// The values of a column.
fn column(system: &System, solution: &Solution, name: &str) -> Vec<f64> {
    let place = Solution::columns(system).iter().position(|c| c == name).expect("a column");
    solution.rows.iter().map(|row| row[place]).collect()
}

#[test]
fn every_law_of_an_example_holds_along_its_curves() {
    // The laws that each network must have, by counting its molecules.
    for (name, count) in [
        ("michaelis_menten", 2),
        ("mapk_cascade", 7),
        ("egf_receptor", 6),
        ("sites", 2),
        ("repressilator", 0),
    ] {
        let system = model(name);
        let found = structure(system.network.as_ref().expect("a network")).expect("small");
        assert_eq!(found.laws.len(), count, "{name}: {:?}", found.laws);
        let solution = own_run(&system);
        for law in &found.laws {
            let total = |row: &Vec<f64>| -> f64 {
                law.parts.iter().map(|(place, weight)| weight.to_f64() * row[*place]).sum()
            };
            let (first, last) = (total(&solution.rows[0]), total(solution.rows.last().unwrap()));
            assert!((first - last).abs() <= 1e-9 * first.abs(), "{name}: {first} became {last}");
        }
    }
}

/// Where `kon·(sites − B)·(ligands − B) = koff·B`.
fn occupied(sites: f64, ligands: f64, dissociation: f64) -> f64 {
    let b = sites + ligands + dissociation;
    (b - (b * b - 4.0 * sites * ligands).sqrt()) / 2.0
}

#[test]
fn independent_sites_come_to_the_equilibrium_of_one() {
    let system = model("sites");
    let bound = *column(&system, &own_run(&system), "bound").last().expect("a row");
    let expected = occupied(20.0 * 6.0, 120.0, 0.3 / 0.02);
    assert!((bound - expected).abs() < 1e-6 * expected, "{bound} for {expected}");
    let text = multisite(Multisite::Binding, 4);
    let source = Source::new("sites.net", text.as_str());
    let system = models(source, Path::new(""), &Limits::default()).expect("a network").remove(0);
    let bound = run(&system, vec![0.0, 50.0], 1e-9, 1e-9);
    let bound = *column(&system, &bound, "occupied").last().expect("a row");
    let expected = occupied(400.0, 300.0, 50.0);
    assert!((bound - expected).abs() < 1e-6 * expected, "{bound} for {expected}");
}

#[test]
fn the_steady_state_of_a_complex_predicts_the_rate() {
    let system = model("michaelis_menten");
    let solution = own_run(&system);
    let [rate, predicted] = ["rate", "predicted"].map(|n| column(&system, &solution, n));
    // Behind the transient the approximation of Briggs and Haldane is good while S is plenty.
    let late = solution.rows.len() / 20;
    assert!(
        (rate[late] / predicted[late] - 1.0).abs() < 0.02,
        "{} {}",
        rate[late],
        predicted[late]
    );
    assert_eq!(rate[0], 0.0);
}

/// The receptor network after 15 and 60 seconds: the 23 equations of the article, written out by hand
/// as fluxes, by the classical method of Runge and Kutta with 400 steps a second; half as many give
/// the same to 1e-9.
const RECEPTOR: [(f64, [(&str, f64); 12]); 2] = [
    (
        15.0,
        [
            ("EGF", 580.311167052),
            ("Ra", 9.04775527065),
            ("R2", 8.50256862463),
            ("RP", 1.00498620276),
            ("PLCg", 59.6683412635),
            ("RPLP", 9.76692586011),
            ("GS", 3.21372903392),
            ("Shc", 59.7457266868),
            ("RShP", 12.8411733363),
            ("RShGS", 3.72219328386),
            ("ShGS", 22.1686279951),
            ("PLCgPI", 28.5149937411),
        ],
    ),
    (
        60.0,
        [
            ("EGF", 580.599561285),
            ("Ra", 17.4150430553),
            ("R2", 30.4071404313),
            ("RP", 3.62452094812),
            ("PLCg", 0.45298784596),
            ("RPLP", 0.704982755912),
            ("GS", 1.71261495498),
            ("Shc", 1.15370516186),
            ("RShP", 1.86176033661),
            ("RShGS", 0.361049737715),
            ("ShGS", 29.413826664),
            ("PLCgPI", 100.575963548),
        ],
    ),
];

#[test]
fn the_receptor_of_the_growth_factor_answers_as_published() {
    let system = model("egf_receptor");
    assert_eq!((system.dimension(), system.network.as_ref().map(|n| n.len())), (23, Some(47)));
    let solution = own_run(&system);
    for (time, expected) in RECEPTOR {
        let row = solution.times.iter().position(|t| *t == time).expect("a time");
        for (name, expected) in expected {
            let value = column(&system, &solution, name)[row];
            assert!((value / expected - 1.0).abs() < 1e-6, "{name}({time}) is {value}");
        }
    }
    // "Transient responses exhibit pronounced maxima, reached within 15-30 s of EGF stimulation and
    // followed by a decline to relatively low (quasi-steady-state) levels", says the abstract; that
    // of Shc is sustained.
    let peak = |name: &str| {
        let values = column(&system, &solution, name);
        let at = (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).expect("a row");
        (solution.times[at], values[at], *values.last().expect("a row"))
    };
    for name in ["phosphorylated_PLCg", "Grb2_on_receptor"] {
        let (time, highest, end) = peak(name);
        assert!((10.0..=30.0).contains(&time), "{name}: the maximum is at {time}");
        assert!(end < 0.6 * highest, "{name}: {end} after {highest}");
    }
    let (_, highest, end) = peak("phosphorylated_Shc");
    assert!(end > 0.95 * highest, "{end} after {highest}");
}

#[test]
fn the_repressilator_oscillates() {
    let system = model("repressilator");
    let solution = own_run(&system);
    let p = column(&system, &solution, "p[1]");
    let late = &p[p.len() / 2..];
    let peaks = late.windows(3).filter(|w| w[1] > w[0] && w[1] > w[2]).count();
    assert!(peaks >= 2, "{peaks} peaks in {late:?}");
}

#[test]
fn generated_networks_have_the_size_that_they_promise() {
    for sites in 1..=6_u32 {
        let (states, n) = (1_usize << sites, sites as usize);
        for (kind, species, reactions, laws) in [
            (Multisite::Binding, states + 1, n * states, 2),
            (Multisite::Phosphorylation, states + 2 + n * states, 3 * n * states, 3),
        ] {
            let source = Source::new("generated.net", multisite(kind, sites));
            let systems = models(source, Path::new(""), &Limits::default());
            let system = systems.unwrap_or_else(|e| panic!("{e}")).remove(0);
            let found = structure(system.network.as_ref().expect("a network")).expect("small");
            assert_eq!((found.species, found.reactions), (species, reactions), "{kind:?} {sites}");
            assert_eq!(found.laws.len(), laws, "{kind:?} {sites}");
            assert_eq!(found.rank + laws, species);
        }
    }
}
