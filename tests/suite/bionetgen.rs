//! Rate laws and functions of `.net` files, against their formulas worked out by hand.

use std::path::Path;

use isoterm::model::{System, Times};
use isoterm::session::models;
use isoterm::study::{Compilation, Compiled, Settings, Solution};
use isoterm::text::{Limits, Source};

use crate::networks::derivatives;

fn read(text: &str) -> System {
    let source = Source::new("laws.net", text);
    models(source, Path::new(""), &Limits::default()).unwrap_or_else(|e| panic!("{e}")).remove(0)
}

#[test]
fn rate_laws_have_the_values_of_their_formulas() {
    let laws: [(&str, f64); 9] = [
        ("0.5*k", 0.5 * 0.1 * 2.0 * 3.0),
        ("Ele k", 0.1 * 2.0 * 3.0),
        ("f()", 0.4 * 2.0 * 3.0),
        ("2*f", 2.0 * 0.4 * 2.0 * 3.0),
        // k A B/(K + A), and over both.
        ("Sat k K", 0.1 * 2.0 * 3.0 / (5.0 + 2.0)),
        ("0.5*Sat k K L", 0.5 * 0.1 * 2.0 * 3.0 / ((5.0 + 2.0) * (7.0 + 3.0))),
        // k A^h B/(K^h + A^h)
        ("Hill k K h", 0.1 * 4.0 * 3.0 / (25.0 + 4.0)),
        // The substrate that is not bound: x = (S - K - E + sqrt((S - K - E)^2 + 4 K S))/2 with
        // S = 2, K = 5, E = 3 is (-6 + sqrt(76))/2; the rate is k E x/(K + x).
        ("MM k K", 0.1 * 3.0 * 1.358_898_943_540_673_6 / 6.358_898_943_540_674),
        ("2*MM(k,K)", 2.0 * 0.1 * 3.0 * 1.358_898_943_540_673_6 / 6.358_898_943_540_674),
    ];
    for (law, expected) in laws {
        let system = read(&format!(
            "begin parameters\n 1 k 0.1\n 2 K 5\n 3 L 7\n 4 h 2\nend parameters\n\
             begin functions\n 1 f() if(A_tot>1,k*A_tot^2,0)\nend functions\n\
             begin species\n 1 A() 2\n 2 B() 3\n 3 C() 0\n 4 $D() 1\nend species\n\
             begin reactions\n 1 1,2 3,4 {law} #R1\nend reactions\n\
             begin groups\n 1 A_tot 1\nend groups\n"
        ));
        let rates: Vec<f64> = derivatives(&system).into_iter().map(|(rate, _)| rate).collect();
        for (rate, expected) in rates.iter().zip([-expected, -expected, expected, 0.0]) {
            assert!((rate - expected).abs() < 1e-14, "{law}: {rates:?} for {expected}");
        }
    }
}

/// What a species made at the rate of a function amounts to, at some times.
fn amounts(function: &str, times: &[f64]) -> Vec<f64> {
    let system = read(&format!(
        "begin functions\n 1 f() {function}\nend functions\nbegin species\n 1 X() 0\nend species\n\
         begin reactions\n 1 0 1 f #_R1\nend reactions\nbegin groups\n 1 Xtot 1\nend groups\n"
    ));
    let compiled = Compiled::new(&system, &Compilation::default(), &mut |_| {}).expect("kernels");
    let to = *times.last().expect("a time");
    let mut settings = Settings { times: Times::At(times.to_vec()), ..Settings::between(0.0, to) };
    (settings.integration.rtol, settings.integration.atol) = (1e-10, vec![1e-10]);
    let solution = compiled.run(&system, &settings, &|_| false).expect("a run");
    let place = Solution::columns(&system).iter().position(|c| c == "Xtot").expect("a group");
    solution.rows.iter().map(|row| row[place]).collect()
}

#[test]
fn functions_of_the_time_are_followed() {
    let cases: [(&str, &[f64], &[f64]); 6] = [
        ("time()", &[0.0, 2.0], &[0.0, 2.0]),
        ("if(time>1,3,0)", &[0.0, 1.0, 2.0], &[0.0, 0.0, 3.0]),
        // 10 + 10 t until t = 2, and 30 from there.
        ("tfun([0,1,2],[10,20,30],time)", &[0.0, 1.0, 2.0, 3.0], &[0.0, 15.0, 40.0, 70.0]),
        // Before the first point the value is that of the first.
        ("tfun([1,2],[4,6],time())", &[0.0, 1.0, 2.0], &[0.0, 4.0, 9.0]),
        (
            "tfun([0, 5, 10],[1, 2, 3],time,method=>\"step\")",
            &[0.0, 5.0, 10.0, 12.0],
            &[0.0, 5.0, 15.0, 21.0],
        ),
        // X' = 2 - X has the solution 2 (1 - exp(-t)).
        ("tfun([0,1,2],[2,1,0],Xtot)", &[0.0, 1.0], &[0.0, 1.264_241_117_657_115_4]),
    ];
    for (function, times, expected) in cases {
        let found = amounts(function, times);
        for (value, expected) in found.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-7, "{function}: {found:?}");
        }
    }
}

#[test]
fn any_part_of_a_file_is_read_or_refused_with_a_place() {
    let text = isoterm::model::network::generate::multisite(
        isoterm::model::network::generate::Multisite::Phosphorylation,
        1,
    );
    let cut = |text: &str| {
        let source = Source::new("cut.net", text);
        match models(source, Path::new(""), &Limits::default()) {
            Ok(systems) => assert_eq!(systems.len(), 1),
            Err(refused) => {
                let shown = refused.render(false);
                let whole =
                    shown.contains("there are no species") || shown.contains("--> cut.net:");
                assert!(whole, "{shown}");
            }
        }
    };
    for end in 0..text.len() {
        cut(&text[..end]);
    }
    // Each character in turn left out, or another one.
    for (at, c) in text.char_indices() {
        for by in ["", "x", "9", ",", "-", "(", "*", "\n"] {
            cut(&format!("{}{by}{}", &text[..at], &text[at + c.len_utf8()..]));
        }
    }
}
