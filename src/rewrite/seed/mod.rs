//! Seeds: whole alternative forms of large systems, found on polynomials in near-linear time.
//!
//! The equations below the roots are read as sums of monomials ([`system`]): each product of
//! species and rates once, which is how reaction networks are written. From there they are
//! factored ([`factor`]) or left alone, and what sums and products have in common is shared
//! ([`pairs`]). Every seed is compared with the input modulo a prime ([`fingerprint`]) before it
//! counts; no form wins on every system, so that the cheapest is kept.

mod build;
mod factor;
pub mod fingerprint;
mod form;
mod pairs;
mod system;

use rustc_hash::FxHashMap;

use super::prologue::Prologue;
use crate::term::{Graph, Node, Term};
use factor::{factored, monomial};
use form::Form;
use system::System;

/// One way to write a system.
#[derive(Clone, Debug)]
pub struct Seed {
    /// How it was found.
    pub name: &'static str,
    /// The roots in this form, what depends on parameters alone hoisted.
    pub roots: Vec<Term>,
}

/// A way to find a form.
struct Way {
    name: &'static str,
    /// Whether coefficients of the same monomial are taken together.
    merged: bool,
    factored: bool,
    shared: bool,
}

const WAYS: [Way; 4] = [
    Way { name: "factored", merged: false, factored: true, shared: false },
    Way { name: "factored, shared", merged: false, factored: true, shared: true },
    Way { name: "each flux once, shared", merged: false, factored: false, shared: true },
    Way { name: "merged, factored, shared", merged: true, factored: true, shared: true },
];

/// The seeds of a system that are the same polynomials as its roots.
pub fn seeds(graph: &mut Graph, roots: &[Term], prologue: &mut Prologue) -> Vec<Seed> {
    let mut seeds: Vec<Seed> = Vec::new();
    let mut least = usize::MAX;
    for way in &WAYS {
        let system = System::read(graph, roots, prologue, way.merged);
        let mut form = Form::default();
        let equations = system.terms.iter().filter_map(|t| system.equations.get(t));
        let equations = equations.map(|monomials| match way.factored {
            true => factored(&mut form, monomials.clone()),
            false => {
                let parts = monomials.iter().map(|m| (m.negative, monomial(&mut form, m)));
                let parts = parts.collect();
                form.sum(parts)
            }
        });
        form.roots = equations.collect();
        // Sharing does not make up for a form that is twice as long.
        let length = form.length();
        least = least.min(length);
        if length / 2 > least {
            continue;
        }
        if way.shared {
            pairs::share(&mut form);
        }
        let images = build::images(graph, &system, &form, prologue);
        let roots = roots.iter().map(|t| images[t]).collect();
        if seeds.iter().all(|s| s.roots != roots) {
            seeds.push(Seed { name: way.name, roots });
        }
    }
    let places = prologue.pairs();
    let given = fingerprint::fingerprints(graph, roots, &places);
    seeds.retain(|seed| {
        let found = fingerprint::fingerprints(graph, &seed.roots, &places);
        found.iter().zip(&given).all(|(a, b)| a.is_some() && a == b)
    });
    seeds
}

/// A term that is no sum and no product, on the images of its arguments.
fn argued(graph: &mut Graph, term: Term, images: &FxHashMap<Term, Term>) -> Term {
    let image = |t: &Term| images[t];
    match graph.node(term).clone() {
        Node::Call(op, args) => {
            let args: Vec<Term> = args.iter().map(image).collect();
            graph.call(op, &args)
        }
        Node::Apply(f, args) => {
            let args: Vec<Term> = args.iter().map(image).collect();
            graph.apply(f, &args)
        }
        Node::Reduce { binder, from, to, body } => graph.reduce(binder, from, to, images[&body]),
        _ => term,
    }
}
