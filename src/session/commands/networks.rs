//! Commands about reaction networks: what `info` says of their structure.

use serde_json::{Value as Json, json};

use crate::model::System;
use crate::model::network::structure::Law;
use crate::model::network::{Structure, structure};

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
    let json = details(system, &found, initial);
    Some((lines, json))
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
        text += &format!("{sign}{factor}{}", system.state_name(*place));
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
                system.state_name(*place),
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
