//! From a form back to terms of the graph, in the grouping that the form has.

use rustc_hash::FxHashMap;

use super::form::{Form, Id, Node};
use super::system::System;
use crate::rewrite::prologue::Prologue;
use crate::term::{Graph, Number, Term};

/// A multiple of a term, or of one.
#[derive(Clone)]
struct Multiple {
    scale: Number,
    body: Option<Term>,
}

impl Multiple {
    fn of(graph: &Graph, term: Term) -> Multiple {
        match graph.as_number(term) {
            Some(n) => Multiple { scale: n.clone(), body: None },
            None => Multiple { scale: Number::ONE, body: Some(term) },
        }
    }
}

/// The image of each term of the system; `form.roots` are its equations in the order of its terms.
pub fn images(
    graph: &mut Graph,
    system: &System,
    form: &Form,
    prologue: &mut Prologue,
) -> FxHashMap<Term, Term> {
    let mut images: FxHashMap<Term, Term> = FxHashMap::default();
    let mut built: Vec<Option<Multiple>> = vec![None; form.nodes().len()];
    let mut roots = form.roots.iter();
    for &term in &system.terms {
        let image = if prologue.is_fixed(graph, term) {
            prologue.place(graph, term)
        } else if system.equations.contains_key(&term) {
            match roots.next().expect("a form of each equation") {
                None => graph.number(0),
                Some((negative, id)) => {
                    build(graph, system, form, prologue, &images, &mut built, *id);
                    let made = built[*id as usize].clone().expect("it is built");
                    let scale = if *negative { -&made.scale } else { made.scale };
                    match made.body {
                        Some(body) => graph.grouped_sum(Number::ZERO, vec![(scale, body)]),
                        None => graph.number(scale),
                    }
                }
            }
        } else {
            super::argued(graph, term, &images)
        };
        images.insert(term, image);
    }
    images
}

/// Builds a node and what it needs.
fn build(
    graph: &mut Graph,
    system: &System,
    form: &Form,
    prologue: &mut Prologue,
    images: &FxHashMap<Term, Term>,
    built: &mut [Option<Multiple>],
    root: Id,
) {
    let mut stack = vec![(root, false)];
    while let Some((id, ready)) = stack.pop() {
        if built[id as usize].is_some() {
            continue;
        }
        let node = &form.nodes()[id as usize];
        if !ready {
            stack.push((id, true));
            match node {
                Node::Atom(_) => {}
                Node::Product(factors) => stack.extend(factors.iter().map(|&f| (f, false))),
                Node::Sum(terms) => stack.extend(terms.iter().map(|t| (t.1, false))),
            }
            continue;
        }
        let part = |id: Id| built[id as usize].as_ref().expect("parts are built first");
        let made = match node {
            Node::Atom(atom) => {
                let powers = &system.atoms[*atom as usize];
                let mut parts = Vec::with_capacity(powers.len());
                for (base, e) in powers {
                    let base = match prologue.is_fixed(graph, *base) {
                        true => prologue.place(graph, *base),
                        // Numbers are no terms of the system.
                        false => images.get(base).copied().unwrap_or(*base),
                    };
                    parts.push((base, e.clone()));
                }
                let term = match parts.as_slice() {
                    [(t, e)] if e.is_one() => *t,
                    _ => graph.grouped_product(parts),
                };
                Multiple::of(graph, term)
            }
            Node::Product(factors) => {
                let (mut scale, mut parts) = (Number::ONE, Vec::<(Term, Number)>::new());
                for &f in factors {
                    let Multiple { scale: c, body } = part(f);
                    scale = &scale * c;
                    match (*body, parts.last_mut()) {
                        (Some(t), Some((last, e))) if *last == t => *e = &*e + &Number::ONE,
                        (Some(t), _) => parts.push((t, Number::ONE)),
                        (None, _) => {}
                    }
                }
                let body = (!parts.is_empty()).then(|| graph.grouped_product(parts));
                Multiple { scale, body }
            }
            Node::Sum(terms) => {
                let (mut constant, mut parts) = (Number::ZERO, Vec::with_capacity(terms.len()));
                for &(negative, t) in terms {
                    let Multiple { scale, body } = part(t);
                    let scale = if negative { -scale } else { scale.clone() };
                    match body {
                        Some(body) => parts.push((scale, *body)),
                        None => constant = &constant + &scale,
                    }
                }
                match (parts.as_slice(), constant.is_zero()) {
                    ([(c, t)], true) => Multiple { scale: c.clone(), body: Some(*t) },
                    _ => {
                        let sum = graph.grouped_sum(constant, parts);
                        Multiple::of(graph, sum)
                    }
                }
            }
        };
        built[id as usize] = Some(made);
    }
}
