//! Reaction networks: what `info` says of their structure, and networks of any size.

use serde_json::{Value as Json, json};

use super::models::target;
use super::{FILE, MODEL};
use crate::model::System;
use crate::model::network::eliminate::{Eliminated, Kept, LONG};
use crate::model::network::generate::{KINDS, SITES, multisite};
use crate::model::network::structure::Law;
use crate::model::network::{Structure, structure};
use crate::session::command::{Answer, Argument, Command, Example, Flag, Place, Sort, Stop};
use crate::session::drawing::{DRAWN, graph};
use crate::session::output::Partial;
use crate::text::{Diagnostic, Kind, nearest};

/// Networks of any size.
pub const GENERATE: Command = Command {
    name: "generate",
    about: "a network of any size: a protein whose sites bind ligands or are phosphorylated",
    more: "The sites share their rate constants; `n` of them make 2^n states and n 2^n reactions \
           of binding, or 3 n 2^n of phosphorylation. Without `--output` the text is printed.",
    arguments: &[Argument {
        name: "KIND",
        about: "binding or phosphorylation",
        sort: Sort::Word,
        optional: false,
        many: false,
    }],
    options: &[
        Flag::with("sites", "N", "the number of sites [default: 4]"),
        Flag {
            short: Some('o'),
            ..Flag::with("output", "FILE", "where to write the network, a `.net` file")
        },
    ],
    place: Place::Everywhere,
    examples: &[Example {
        line: "generate binding --sites 2",
        result: "# A protein with 2 sites.…",
    }],
    run: |_, call| {
        let name = call.argument(0);
        let kinds = || KINDS.iter().map(|(n, _)| *n);
        let Some((_, kind)) = KINDS.iter().find(|(n, _)| *n == name) else {
            let known = kinds().collect::<Vec<_>>().join(" and ");
            let error = Diagnostic::without_place(Kind::Name, format!("no network `{name}`"));
            let error = error.did_you_mean(nearest(name, kinds()));
            return Err(error.note(format!("there are {known}")).into());
        };
        let sites = call.option("sites").unwrap_or("4");
        let Some(sites) = sites.parse().ok().filter(|n| (1..=SITES).contains(n)) else {
            let message = format!("the number of sites is from 1 to {SITES}, not `{sites}`");
            return Err(Stop::refused(Kind::Config, message));
        };
        let text = multisite(*kind, sites);
        let Some(path) = call.option("output").filter(|path| *path != "-") else {
            let json = json!({"network": name, "sites": sites, "text": text});
            return Ok(Answer::text(text.trim_end()).json(json));
        };
        Partial::create(path)?.write(text.as_bytes())?;
        let json = json!({"network": name, "sites": sites, "output": path});
        Ok(Answer::text(format!("{path} ({} lines)", text.lines().count())).json(json))
    },
};

/// The graph of a network.
pub const DRAW: Command = Command {
    name: "draw",
    about: "the graph of a reaction network, as SVG or in Graphviz's language DOT",
    more: "Species are ellipses, fixed ones boxes, reactions dots, and a reversible reaction is \
           one; the \
           hollow arrow heads are where it leads backwards. A dotted line is a species that a \
           reaction depends on and leaves as it is. Without \
           `--format` the ending of the file decides, and DOT is printed without one.",
    arguments: &[FILE],
    options: &[
        MODEL,
        Flag {
            short: Some('o'),
            ..Flag::with("output", "FILE", "where to write the graph: .svg or .dot")
        },
        Flag { choices: &["svg", "dot"], ..Flag::with("format", "FORMAT", "svg or dot") },
    ],
    place: Place::Everywhere,
    examples: &[
        Example {
            line: "draw examples/models/michaelis_menten.model",
            result: "digraph \"michaelis_menten\" {…",
        },
        Example {
            line: "draw examples/models/michaelis_menten.model --format svg",
            result: "<svg xmlns=…",
        },
    ],
    run: |session, call| {
        let path = call.option("output").filter(|path| *path != "-").map(str::to_owned);
        let svg = match (call.option("format"), &path) {
            (Some(format), _) => format == "svg",
            (None, Some(path)) => match ending(path).as_str() {
                "svg" => true,
                "dot" | "gv" => false,
                other => {
                    let message = format!("no picture of a graph ends in `.{other}`: {path}");
                    let help = "name a file .svg or .dot, or say which with `--format`";
                    let error = Diagnostic::without_place(Kind::Config, message);
                    return Err(error.help(help).into());
                }
            },
            (None, None) => false,
        };
        let system = &target(session, call)?.system;
        let Some(graph) = graph(system) else {
            let message = match system.network.as_ref().map(|n| n.len()) {
                None => format!("`{}` is no reaction network", system.name),
                Some(n) => format!("{n} reactions are too many to draw: {DRAWN} at most"),
            };
            return Err(Stop::refused(Kind::Domain, message));
        };
        let text = if svg { graph.svg() } else { graph.dot() };
        let name = &system.name;
        let Some(path) = path else {
            return Ok(Answer::text(text.trim_end()).json(json!({"model": name, "text": text})));
        };
        Partial::create(&path)?.write(text.as_bytes())?;
        let json = json!({"model": name, "output": path});
        Ok(Answer::text(format!("{path} ({} lines)", text.lines().count())).json(json))
    },
};

/// The ending of a file's name, without the dot.
fn ending(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase()
}

/// Laws listed at most.
const LISTED: usize = 8;

/// Species of a law that are listed at most.
const PARTS: usize = 8;

/// What a network is, as lines with their names, and as JSON; nothing for other models.
pub fn lines(system: &System, initial: &[f64]) -> Option<(Vec<(&'static str, String)>, Json)> {
    let network = system.network.as_ref()?;
    let Some(found) = structure(network) else {
        let text = format!("{} reactions, too many to look at", network.len());
        return Some((vec![("network", text)], json!({"reactions": network.len()})));
    };
    let several = |n: usize, one: &str| match (n, one.strip_suffix('s')) {
        (1, _) => format!("1 {one}"),
        (n, Some(_)) => format!("{n} {one}es"),
        (n, None) => format!("{n} {one}s"),
    };
    let species = match found.fixed {
        0 => format!("{} species", found.species),
        fixed => format!("{} species and {fixed} fixed", found.species),
    };
    let reversible = if found.is_weakly_reversible() { ", weakly reversible" } else { "" };
    let mut lines = vec![
        ("network", format!("{species}, {}", several(found.reactions, "reaction"))),
        (
            "complexes",
            format!(
                "{} in {} ({} strong, {} terminal){reversible}",
                found.complexes,
                several(found.linkage_classes, "linkage class"),
                found.strong_linkage_classes,
                found.terminal_classes,
            ),
        ),
        ("deficiency", format!("{}, with rank {}", found.deficiency(), found.rank)),
    ];
    let count = found.laws.len();
    for (k, law) in found.laws.iter().take(LISTED).enumerate() {
        let name = if k == 0 { "conserved" } else { "" };
        lines.push((name, written(system, law, initial)));
    }
    if count > LISTED {
        lines.push(("", format!("… and {} more", count - LISTED)));
    }
    let mut json = details(system, &found, initial);
    if let Some(eliminated) = &system.eliminated {
        lines.push(("eliminated", taken_out(eliminated)));
        for (k, (law, why)) in eliminated.kept.iter().take(LISTED).enumerate() {
            let name = if k == 0 { "kept" } else { "" };
            lines.push((name, format!("{}: {}", reason(why), written(system, law, initial))));
        }
        if eliminated.kept.len() > LISTED {
            lines.push(("", format!("… and {} more", eliminated.kept.len() - LISTED)));
        }
        let names = eliminated.dependent.iter().map(|(name, _)| name);
        json["eliminated"] = names.cloned().collect::<Vec<_>>().into();
    }
    Some((lines, json))
}

/// The species that were eliminated, counted and named.
pub fn taken_out(eliminated: &Eliminated) -> String {
    let count = eliminated.dependent.len();
    let names = eliminated.dependent.iter().map(|(name, _)| name.as_str());
    let mut listed = names.take(LISTED).collect::<Vec<_>>().join(", ");
    if count > LISTED {
        listed += ", …";
    }
    match count {
        0 => "no species".to_owned(),
        _ => format!("{count} species: {listed}"),
    }
}

/// Why a law was not used.
fn reason(why: &Kept) -> String {
    match why {
        Kept::Long => format!("more than {LONG} species"),
        Kept::Event(species) => format!("an event changes `{species}`"),
        Kept::Arrays => "no scalar species of its own".to_owned(),
    }
}

/// `A + 2*B + C = 3`.
fn written(system: &System, law: &Law, initial: &[f64]) -> String {
    let mut text = String::new();
    for (k, (place, weight)) in law.parts.iter().take(PARTS).enumerate() {
        let sign = match (k, weight.is_negative()) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        let weight = weight.abs();
        let factor = if weight.is_one() { String::new() } else { format!("{weight}*") };
        text += &format!("{sign}{factor}{}", system.species_name(*place));
    }
    if law.parts.len() > PARTS {
        text += &format!(" + … ({} species)", law.parts.len());
    }
    format!("{text} = {}", total(law, initial))
}

/// The value of a law at the start.
fn total(law: &Law, initial: &[f64]) -> f64 {
    law.parts.iter().map(|(place, weight)| weight.to_f64() * initial[*place]).sum()
}

fn details(system: &System, found: &Structure, initial: &[f64]) -> Json {
    let laws = found.laws.iter().map(|law| {
        let weights = law.parts.iter().map(|(place, weight)| {
            (
                system.species_name(*place),
                weight.to_i64().map_or_else(|| json!(weight.to_f64()), Json::from),
            )
        });
        let weights: serde_json::Map<String, Json> = weights.collect();
        json!({"weights": weights, "total": total(law, initial)})
    });
    json!({
        "species": found.species,
        "fixed": found.fixed,
        "reactions": found.reactions,
        "complexes": found.complexes,
        "linkage_classes": found.linkage_classes,
        "strong_linkage_classes": found.strong_linkage_classes,
        "terminal_classes": found.terminal_classes,
        "weakly_reversible": found.is_weakly_reversible(),
        "rank": found.rank,
        "deficiency": found.deficiency(),
        "conserved": laws.collect::<Vec<_>>(),
    })
}
