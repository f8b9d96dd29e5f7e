//! Parameters that follow from others: kernels have their definitions in their place, so that
//! parameters defined alike are one coefficient.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::System;
use crate::term::visit::{Rebuild, reachable};
use crate::term::{Graph, Node, Term};

/// The names of scalar parameters that are defined by others, each with its definition in terms of
/// parameters that are not; those named in `independent` count as not defined.
pub fn derived(
    system: &System,
    graph: &mut Graph,
    independent: &[String],
) -> Vec<(String, Term, Term)> {
    let scalars: FxHashMap<i64, &str> = system
        .parameters
        .iter()
        .filter(|p| p.axes.is_empty())
        .map(|p| (p.offset as i64, p.name.as_str()))
        .collect();
    let mut open: Vec<(&str, Term)> = system
        .parameter_values
        .iter()
        .filter_map(|e| Some((*scalars.get(&e.row.as_constant()?)?, e.value)))
        .filter(|(name, value)| {
            graph.as_number(*value).is_none() && !independent.iter().any(|i| i == name)
        })
        .collect();
    // Definitions may come in any order, and stand on each other.
    let mut found: Vec<(String, Term, Term)> = Vec::new();
    let mut rebuild = Rebuild::with([]);
    let mut waiting: FxHashSet<String> = open.iter().map(|(name, _)| (*name).to_owned()).collect();
    loop {
        let before = open.len();
        open.retain(|&(name, value)| {
            let blocked = reachable(graph, &[value]).into_iter().any(
                |t| matches!(graph.node(t), Node::Symbol(s) if waiting.contains(graph.name(*s))),
            );
            if blocked {
                return true;
            }
            let symbol = graph.symbol(name);
            let value = rebuild.within(graph, value);
            found.push((name.to_owned(), symbol, value));
            waiting.remove(name);
            rebuild = Rebuild::with(found.iter().map(|(_, s, v)| (*s, *v)));
            false
        });
        if open.is_empty() || open.len() == before {
            return found;
        }
    }
}
