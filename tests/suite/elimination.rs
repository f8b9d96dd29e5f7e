//! `--eliminate`: species that conservation laws give leave the equations, and nothing else changes.

use std::path::Path;

use isoterm::model::network::eliminate::{Kept, LONG, Refusal, eliminate};
use isoterm::model::network::generate::{Multisite, multisite};
use isoterm::model::network::structure;
use isoterm::model::{System, Times};
use isoterm::session::models;
use isoterm::study::sensitivity::extend;
use isoterm::study::steady::{Options, steady};
use isoterm::study::{Compilation, Compiled, Settings, Solution};
use isoterm::text::{Limits, Source};

use crate::reference::model;

/// The system of a text.
fn read(name: &str, text: &str) -> System {
    let source = Source::new(name, text);
    models(source, Path::new(""), &Limits::default()).unwrap_or_else(|e| panic!("{e}")).remove(0)
}

fn smaller(system: &System) -> System {
    eliminate(system).unwrap_or_else(|e| panic!("{}: {e:?}", system.name))
}

/// Other initial values and parameters, by name.
type Set<'a> = &'a [(&'a str, f64)];

/// The run of a system to a time, with some values of its own.
fn run(system: &System, to: f64, set: Set<'_>, how: &Compilation) -> Solution {
    let mut compiled = Compiled::new(system, how, &mut |_| {}).expect("kernels");
    let set: Vec<(String, f64)> = set.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect();
    compiled.set(system, &set).unwrap_or_else(|e| panic!("{}: {e}", system.name));
    let mut settings = Settings { times: Times::Linear(11), ..Settings::between(0.0, to) };
    (settings.integration.rtol, settings.integration.atol) = (1e-10, vec![1e-12]);
    compiled.run(system, &settings, &|_| false).unwrap_or_else(|e| panic!("{}: {e}", system.name))
}

/// Runs a system with and without elimination: columns, events and values agree, and what was
/// eliminated keeps the laws to rounding.
fn compare(system: &System, to: f64, set: Set<'_>, how: &Compilation) {
    let less = smaller(system);
    let (whole, part) = (run(system, to, set, how), run(&less, to, set, how));
    let columns = Solution::columns(system);
    assert_eq!(columns, Solution::columns(&less));
    assert_eq!(whole.events.len(), part.events.len(), "{}", system.name);
    let largest = |k: usize| whole.rows.iter().fold(1e-9_f64, |m, row| m.max(row[k].abs()));
    for (k, name) in columns.iter().enumerate() {
        let scale = largest(k);
        for (a, b) in whole.rows.iter().zip(&part.rows) {
            assert!(
                (a[k] - b[k]).abs() < 1e-6 * scale,
                "{}, {name}: {} {}",
                system.name,
                a[k],
                b[k]
            );
        }
    }
    let eliminated = less.eliminated.as_ref().expect("what was done");
    let kept: Vec<_> = eliminated.kept.iter().map(|(law, _)| law).collect();
    let found = structure(system.network.as_ref().expect("a network")).expect("small");
    assert_eq!(eliminated.dependent.len() + kept.len(), found.laws.len());
    assert_eq!(less.dimension() + eliminated.dependent.len(), system.dimension());
    for law in found.laws.iter().filter(|law| !kept.contains(law)) {
        let total = |row: &[f64]| -> f64 {
            law.parts.iter().map(|(place, weight)| weight.to_f64() * row[*place]).sum()
        };
        let first = total(&part.rows[0]);
        for row in &part.rows {
            assert!((total(row) - first).abs() <= 1e-12 * first.abs(), "{}: {law:?}", system.name);
        }
    }
}

#[test]
fn curves_are_those_of_the_whole_network() {
    let how = Compilation::default();
    for (name, to, count) in [
        ("michaelis_menten", 40.0, 2),
        ("mapk_cascade", 100.0, 7),
        ("egf_receptor", 60.0, 6),
        ("sites", 10.0, 1),
    ] {
        let system = model(name);
        compare(&system, to, &[], &how);
        compare(&system, to, &[], &Compilation { exact_order: true, ..how.clone() });
        compare(&system, to, &[], &Compilation { prologue: false, ..how.clone() });
        let eliminated = smaller(&system).eliminated.expect("what was done");
        assert_eq!(eliminated.dependent.len(), count, "{name}");
    }
}

#[test]
fn curves_of_generated_networks_are_those_of_the_whole() {
    let how = Compilation { backend: "interpreter".to_owned(), ..Compilation::default() };
    for (kind, sites) in [
        (Multisite::Binding, 1),
        (Multisite::Binding, 3),
        (Multisite::Phosphorylation, 1),
        (Multisite::Phosphorylation, 2),
    ] {
        let system = read("generated.net", &multisite(kind, sites));
        compare(&system, 5.0, &[], &how);
        // A parameter, an initial value that is an expression of one, and one that stays.
        compare(&system, 5.0, &[("P0", 150.0), ("S1", 20.0), ("S3", 7.0)], &how);
    }
}

#[test]
fn a_law_of_many_species_stays() {
    let system = read("generated.net", &multisite(Multisite::Binding, 5));
    let less = smaller(&system);
    let eliminated = less.eliminated.as_ref().expect("what was done");
    assert!(eliminated.dependent.is_empty());
    assert_eq!(less.dimension(), system.dimension());
    let kept: Vec<_> = eliminated.kept.iter().map(|(l, why)| (l.parts.len() > LONG, why)).collect();
    assert_eq!(kept, [(true, &Kept::Long), (true, &Kept::Long)]);
}

#[test]
fn one_equation_is_left_of_an_isomerisation() {
    // A' = -k A + r B with A + B = T has the solution A = e + (A(0) - e) exp(-(k + r) t), where
    // e = r T/(k + r).
    let system = read(
        "iso.model",
        "network iso
           parameter k = 1, r = 0.5, a = 2
           species A = a, B = A/4
           A <-> B, k, r
         end",
    );
    let less = smaller(&system);
    assert_eq!((less.dimension(), less.unknowns[0].name.as_str()), (1, "B"));
    for (set, a, b) in [
        (&[][..], 2.0, 0.5),
        (&[("a", 4.0)][..], 4.0, 1.0),
        (&[("A", 1.0)][..], 1.0, 0.25),
        (&[("B", 3.0)][..], 2.0, 3.0),
        (&[("A", 0.0), ("B", 1.0)][..], 0.0, 1.0),
    ] {
        let solution = run(&less, 2.0, set, &Compilation::default());
        let rest = 0.5 * (a + b) / 1.5;
        for (t, row) in solution.times.iter().zip(&solution.rows) {
            let exact = rest + (a - rest) * (-1.5 * t).exp();
            assert!((row[0] - exact).abs() < 1e-8, "{set:?}: {} for {exact} at {t}", row[0]);
            assert!((row[0] + row[1] - a - b).abs() < 1e-14);
        }
    }
}

#[test]
fn fixed_species_events_and_observables_stay_what_they_are() {
    let system = read(
        "events.model",
        "network events
           parameter k = 1, r = 0.5
           species A = 2, B
           species C = 3, D
           species X = 1, Y
           fixed F = 0.25
           state clock = 0
           clock' = 1
           A <-> B, k, r
           C + F -> D + F, k*B
           X <-> Y, r, k
           when A < 1 { C = C + 1 }
           when D > 0.5 { clock = clock + A }
           observe A
           observe ratio = A/(A + B)
         end",
    );
    compare(&system, 5.0, &[], &Compilation::default());
    let eliminated = smaller(&system).eliminated.expect("what was done");
    let names: Vec<&str> = eliminated.dependent.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let [(law, why)] = &eliminated.kept[..] else { panic!("{:?}", eliminated.kept) };
    assert_eq!((law.parts.len(), why), (2, &Kept::Event("C".to_owned())));
    let solution = run(&smaller(&system), 5.0, &[], &Compilation::default());
    assert_eq!(solution.events.len(), 2);
    let columns = Solution::columns(&system);
    assert_eq!(columns.iter().filter(|c| *c == "A").count(), 2, "{columns:?}");
}

#[test]
fn sensitivities_are_those_of_the_whole_network() {
    let system = model("michaelis_menten");
    let by = ["kf", "E", "P(0)"].map(str::to_owned);
    let whole = extend(&system, &by).expect("sensitivities").system;
    let part = extend(&smaller(&system), &by).expect("sensitivities").system;
    assert_eq!(Solution::columns(&whole), Solution::columns(&part));
    let how = Compilation::default();
    let (whole, part) = (run(&whole, 10.0, &[], &how), run(&part, 10.0, &[], &how));
    for (a, b) in whole.rows.iter().flatten().zip(part.rows.iter().flatten()) {
        assert!((a - b).abs() < 1e-6 * a.abs().max(1.0), "{a} {b}");
    }
}

#[test]
fn the_state_of_rest_has_no_zero_eigenvalues_left() {
    let system = smaller(&model("michaelis_menten"));
    let compiled = Compiled::new(&system, &Compilation::default(), &mut |_| {}).expect("kernels");
    let found = steady(&system, &compiled, &Options::default(), &|_| false).expect("a rest");
    let spectrum = found.spectrum.expect("eigenvalues");
    assert_eq!((spectrum.conserved, spectrum.eigenvalues.len()), (0, 2));
    let all = compiled.reported(&system, 0.0, &found.states);
    for (value, expected) in all.iter().zip([0.0, 5.0, 0.0, 100.0]) {
        assert!((value - expected).abs() < 1e-9, "{all:?}");
    }
}

#[test]
fn the_jacobian_of_a_cascade_has_fewer_entries() {
    let system = model("mapk_cascade");
    let entries = |system: &System| {
        let how = Compilation { backend: "interpreter".to_owned(), ..Compilation::default() };
        Compiled::new(system, &how, &mut |_| {}).expect("kernels").nonzeros()
    };
    let (whole, part) = (entries(&system), entries(&smaller(&system)));
    assert!(part < whole, "{part} for {whole}");
}

#[test]
fn only_networks_have_laws() {
    assert_eq!(eliminate(&model("lorenz")).err(), Some(Refusal::NoNetwork));
    let repressilator = smaller(&model("repressilator"));
    assert!(repressilator.eliminated.expect("what was done").dependent.is_empty());
}
