//! Networks for benches: the published ones where they are present, and generated ones.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Names of published networks and their files, those of them that are there.
pub fn published() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/networks");
    let files = [
        ("multistate", "multistate.net"),
        ("multisite2", "multisite2.net"),
        ("repressilator", "repressilator/Repressilator.net"),
        ("bcr", "bcr/bcr.net"),
    ];
    let (found, missing): (Vec<_>, Vec<_>) = files
        .into_iter()
        .map(|(name, file)| (name.to_owned(), folder.join(file)))
        .partition(|(_, file)| file.is_file());
    for (name, file) in missing {
        println!("{name} is absent: there is no {}", file.display());
    }
    found
}

/// A protein with `sites` sites, each phosphorylated by one of two kinases and dephosphorylated by
/// a phosphatase, which all bind first: `.net` text with about `6 sites 2^sites` reactions.
///
/// Rates depend on the site's kind alone, so that few rate constants are repeated often, as rules
/// make them.
pub fn multisite(sites: u32) -> String {
    let states = 1_usize << sites;
    let mut species = vec!["K1".to_owned(), "K2".to_owned(), "P".to_owned()];
    species.extend((0..states).map(|s| format!("S{s}")));
    let enzyme = |site: u32| 1 + (site % 2) as usize;
    let plain = |s: usize| 4 + s;
    // Complexes of a state with the enzyme at a site, in order of their first use.
    let mut reactions: Vec<String> = Vec::new();
    for s in 0..states {
        for site in 0..sites {
            let bit = 1_usize << site;
            let (from, with, name) = match s & bit == 0 {
                true => (s, enzyme(site), "k"),
                false => (s, 3, "p"),
            };
            let kind = site % 3;
            species.push(format!("C{s}x{site}"));
            let complex = species.len();
            let (a, b) = (plain(from), with);
            let pair = format!("{},{}", a.min(b), a.max(b));
            let made = plain(s ^ bit);
            let made = format!("{},{}", made.min(b), made.max(b));
            reactions.push(format!("{pair} {complex} {name}on{kind}"));
            reactions.push(format!("{complex} {pair} {name}off{kind}"));
            reactions.push(format!("{complex} {made} {name}cat{kind}"));
        }
    }
    let mut text = String::from("begin parameters\n");
    let mut number = 0;
    for name in ["k", "p"] {
        for (part, value) in [("on", 0.01), ("off", 0.1), ("cat", 0.3)] {
            for kind in 0..3 {
                number += 1;
                writeln!(text, "{number} {name}{part}{kind} {}", value * f64::from(1 + kind))
                    .expect("memory");
            }
        }
    }
    text += "end parameters\nbegin species\n";
    for (k, name) in species.iter().enumerate() {
        let start = match k {
            0..3 => 10.0,
            3 => 100.0,
            _ => 0.0,
        };
        writeln!(text, "{} {name}() {start}", k + 1).expect("memory");
    }
    text += "end species\nbegin reactions\n";
    for (k, reaction) in reactions.iter().enumerate() {
        writeln!(text, "{} {reaction}", k + 1).expect("memory");
    }
    text + "end reactions\n"
}
