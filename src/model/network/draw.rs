//! Networks as pictures: the graph of species and reactions in the language of Graphviz.

use std::fmt::Write;

use super::structure::each_member;
use crate::model::System;

/// The most reactions that are drawn; a picture of more shows nothing.
pub const DRAWN: usize = 500;

/// The graph of species (ellipses) and reactions (dots) in the language DOT, with stoichiometric
/// numbers at the arrows; what a reaction needs and gives back is joined to it by a dotted line.
/// `None` when the system is no network, or has more than [`DRAWN`] reactions.
pub fn dot(system: &System) -> Option<String> {
    let network = system.network.as_ref().filter(|n| n.len() <= DRAWN)?;
    let mut text = format!("digraph \"{}\" {{\n", system.name);
    text += "  node [fontname=\"Helvetica\"];\n";
    for species in &network.species {
        for place in species.place..species.place + species.len {
            let shape = if species.fixed { "box" } else { "ellipse" };
            let name = system.species_name(place);
            let _ = match species.pattern.as_str() {
                "" => writeln!(text, "  s{place} [label=\"{name}\", shape={shape}];"),
                pattern => writeln!(
                    text,
                    "  s{place} [label=\"{name}\", tooltip=\"{pattern}\", shape={shape}];"
                ),
            };
        }
    }
    let mut count = 0;
    for reaction in &network.reactions {
        each_member(reaction, |reactants, products| {
            let _ = writeln!(text, "  r{count} [shape=point, width=0.08];");
            let label = |n: &crate::term::Number| match n.is_one() {
                true => String::new(),
                false => format!(" [label=\"{n}\"]"),
            };
            for (place, n) in &reactants {
                let _ = match products.contains(&(*place, n.clone())) {
                    true => writeln!(text, "  s{place} -> r{count} [style=dotted, dir=none];"),
                    false => writeln!(text, "  s{place} -> r{count}{};", label(n)),
                };
            }
            for (place, n) in products.iter().filter(|part| !reactants.contains(part)) {
                let _ = writeln!(text, "  r{count} -> s{place}{};", label(n));
            }
            count += 1;
        });
    }
    text += "}\n";
    Some(text)
}
