//! Parts of a term replaced at one place, everything else kept as it is.

use crate::term::visit::contains;
use crate::term::{Graph, Term};

/// The part at a path of argument positions.
pub fn part_at(graph: &Graph, root: Term, path: &[usize]) -> Option<Term> {
    path.iter().try_fold(root, |term, &k| {
        let mut at = None;
        let mut position = 0;
        graph.each_argument(graph.node(term), |t| {
            if position == k {
                at = Some(t);
            }
            position += 1;
        });
        at
    })
}

/// A path to a part, by the first arguments that lead to it; none when it is deeper than `depth`.
pub fn find(graph: &Graph, whole: Term, part: Term, depth: usize) -> Option<Vec<usize>> {
    let (mut path, mut here) = (Vec::new(), whole);
    while here != part {
        let (mut next, mut k) = (None, 0);
        graph.each_argument(graph.node(here), |t| {
            if next.is_none() && contains(graph, t, part) {
                next = Some((k, t));
            }
            k += 1;
        });
        let (k, t) = next?;
        path.push(k);
        here = t;
        if path.len() > depth {
            return None;
        }
    }
    Some(path)
}

/// The whole with the part at a path replaced, and the path of what took its place: arguments of
/// sums and products are in order of construction.
pub fn at(
    graph: &mut Graph,
    whole: Term,
    path: &[usize],
    old: Term,
    new: Term,
) -> Option<(Term, Vec<usize>)> {
    let mut above = vec![whole];
    for depth in 0..path.len() {
        above.push(part_at(graph, above[depth], &path[depth..=depth])?);
    }
    if *above.last()? != old {
        return None;
    }
    let (mut part, mut moved) = (new, path.to_vec());
    for depth in (0..path.len()).rev() {
        (part, moved[depth]) = graph.with_argument(above[depth], path[depth], part);
    }
    Some((part, moved))
}
