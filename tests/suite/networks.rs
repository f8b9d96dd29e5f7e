//! Reaction networks: derivatives and curves against references that others computed.
//!
//! The `.net` files are not ours; they are read from `../shared/data/networks` where that exists.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use isoterm::model::{System, Times};
use isoterm::numeric::integrate::Method;
use isoterm::session::load;
use isoterm::study::{Compilation, Compiled, Settings, Solution};
use isoterm::term::evaluate::{Floating, evaluate};
use isoterm::text::Limits;

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
