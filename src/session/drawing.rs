//! Reaction networks as graphs to be drawn: species, reactions as dots, and lines between them.

use rustc_hash::FxHashMap;

use crate::model::network::structure::{Complex, each_index, side};
use crate::model::{System, Variable};
use crate::plot::graph::{self, Graph, Line, Shape};
use crate::term::visit::reachable;
use crate::term::{Affine, Binder, Node, Number};

/// The most reactions that are drawn; a picture of more shows nothing.
pub const DRAWN: usize = 500;

/// The graph of species (ellipses, fixed ones boxes) and reactions (dots), with stoichiometric
/// numbers beside the lines. What a reaction needs and leaves as it is is joined to it by a dotted
/// line, and a reaction and its reverse are one dot. `None` when the system is no network, or has more
/// than [`DRAWN`] reactions.
pub fn graph(system: &System) -> Option<Graph> {
    let network = system.network.as_ref().filter(|n| n.len() <= DRAWN)?;
    let mut graph = Graph { name: system.name.clone(), ..Graph::default() };
    let mut species: Vec<usize> = Vec::new();
    for entry in &network.species {
        for place in entry.place..entry.place + entry.len {
            // Other states than species have places too.
            species.resize(species.len().max(place + 1), usize::MAX);
            species[place] = graph.nodes.len();
            graph.nodes.push(graph::Node {
                name: system.species_name(place),
                about: entry.pattern.clone(),
                shape: if entry.fixed { Shape::Box } else { Shape::Ellipse },
            });
        }
    }
    let named: FxHashMap<&str, &Variable> =
        system.variables().iter().map(|v| (v.name.as_str(), v)).collect();
    let mut drawn: Vec<Drawn> = Vec::new();
    for reaction in &network.reactions {
        let leaves: Vec<(&Variable, &[Affine])> = reachable(&system.graph, &[reaction.rate])
            .into_iter()
            .filter_map(|term| match system.graph.node(term) {
                Node::Symbol(name) => Some((name, &[][..])),
                Node::Element(name, indices) => Some((name, &indices[..])),
                _ => None,
            })
            .filter_map(|(name, indices)| Some((*named.get(system.graph.name(*name))?, indices)))
            .collect();
        each_index(reaction, |value| {
            let [mut reactants, mut products] =
                [&reaction.reactants, &reaction.products].map(|s| side(s, value));
            reactants.sort_by_key(|part| part.0);
            products.sort_by_key(|part| part.0);
            let needs = |place: &usize| {
                let is = |(p, _): &(usize, Number)| p == place;
                species.get(*place).is_some_and(|k| *k != usize::MAX) && !reactants.iter().any(is)
            };
            let bound = |b: &Binder| reaction.ranges.iter().any(|r| r.binder == *b);
            // What is summed over has no one place.
            let places = leaves
                .iter()
                .filter(|(_, indices)| indices.iter().flat_map(|i| &i.terms).all(|t| bound(&t.0)))
                .filter_map(|(variable, indices)| place(variable, indices, value));
            let mut needed: Vec<usize> = places.filter(needs).collect();
            needed.sort_unstable();
            needed.dedup();
            let back = |d: &Drawn| {
                !(d.reversible || reactants.is_empty() || products.is_empty())
                    && d.reactants == products
                    && d.products == reactants
            };
            match drawn.iter_mut().find(|d| back(d)) {
                Some(forward) => {
                    forward.reversible = true;
                    needed.retain(|p| !forward.needed.contains(p));
                    forward.needed.append(&mut needed);
                }
                None => drawn.push(Drawn { reactants, products, needed, reversible: false }),
            }
        });
    }
    for reaction in &drawn {
        reaction.draw(&mut graph, &species);
    }
    Some(graph)
}

/// The place of an element, wrapped around where its array is periodic.
fn place(variable: &Variable, indices: &[Affine], value: &dyn Fn(Binder) -> i64) -> Option<usize> {
    let at = indices.iter().zip(&variable.axes).map(|(index, axis)| {
        let index = index.at(value);
        match axis.periodic {
            true => axis.from + (index - axis.from).rem_euclid(axis.len()),
            false => index,
        }
    });
    variable.place_at(&at.collect::<Vec<i64>>())
}

/// A reaction, and perhaps its reverse.
struct Drawn {
    reactants: Complex,
    products: Complex,
    /// Further species that its rate depends on.
    needed: Vec<usize>,
    reversible: bool,
}

impl Drawn {
    fn draw(&self, graph: &mut Graph, species: &[usize]) {
        let dot = graph.nodes.len();
        graph.nodes.push(graph::Node {
            name: String::new(),
            about: String::new(),
            shape: Shape::Dot,
        });
        let label = |n: &Number| match n.is_one() {
            true => String::new(),
            false => n.to_string(),
        };
        let plain = |from: usize, to: usize, label: String| Line {
            from,
            to,
            label,
            head: false,
            tail: false,
            dotted: false,
        };
        for part in &self.reactants {
            let line = plain(species[part.0], dot, label(&part.1));
            graph.lines.push(match self.products.contains(part) {
                true => Line { dotted: true, ..line },
                false => Line { tail: self.reversible, ..line },
            });
        }
        for &place in &self.needed {
            graph.lines.push(Line { dotted: true, ..plain(species[place], dot, String::new()) });
        }
        for part in self.products.iter().filter(|part| !self.reactants.contains(part)) {
            let line = plain(dot, species[part.0], label(&part.1));
            graph.lines.push(Line { head: true, ..line });
        }
    }
}
