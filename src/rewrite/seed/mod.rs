//! Seeds: whole alternative forms of large systems, found on polynomials in near-linear time.
//!
//! The equations below the roots are read as sums of monomials (`system`): each product of
//! species and rates once, which is how reaction networks are written. From there they are
//! factored (`factor`) or left alone, and what sums and products have in common is shared
//! (`pairs`). Every seed is compared with the input modulo a prime ([`fingerprint`]) before it
//! counts; no form wins on every system, so that the cheapest is kept.

mod build;
mod factor;
pub mod fingerprint;
mod form;
mod pairs;
mod system;

use rayon::prelude::*;
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

/// Forms that promise more than this multiple of the cheapest are not built.
pub const MARGIN: f64 = 1.2;

/// The seeds of a system that are the same polynomials as its roots, without those whose operations
/// promise more than `margin` times the cheapest; `f64::MAX` is for all.
pub fn seeds(graph: &mut Graph, roots: &[Term], prologue: &mut Prologue, margin: f64) -> Vec<Seed> {
    let systems = [false, true].map(|merged| System::read(graph, roots, prologue, merged));
    let read = |way: &Way| &systems[usize::from(way.merged)];
    // Forms know no graph: they are made side by side.
    let forms: Vec<Form> = WAYS.par_iter().map(|way| way.form(read(way))).collect();
    // Sharing does not make up for a form that is twice as long.
    let least = forms.iter().map(Form::length).min().unwrap_or(0);
    let forms: Vec<Option<(Form, f64)>> = WAYS
        .par_iter()
        .zip(forms)
        .map(|(way, mut form)| {
            if form.length() / 2 > least {
                return None;
            }
            if way.shared {
                pairs::share(&mut form);
            }
            let cycles = form.cycles();
            Some((form, cycles))
        })
        .collect();
    let least = forms.iter().flatten().map(|(_, c)| *c).fold(f64::INFINITY, f64::min);
    let mut seeds: Vec<Seed> = Vec::new();
    for (way, made) in WAYS.iter().zip(forms) {
        let Some((form, _)) = made.filter(|(_, cycles)| *cycles <= margin * least) else {
            continue;
        };
        let images = build::images(graph, read(way), &form, prologue);
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

impl Way {
    /// The system's equations in this form, before pairs are shared.
    fn form(&self, system: &System) -> Form {
        let mut form = Form::default();
        let equations = system.terms.iter().filter_map(|t| system.equations.get(t));
        let equations = equations.map(|monomials| match self.factored {
            true => factored(&mut form, monomials.clone()),
            false => {
                let parts = monomials.iter().map(|m| (m.negative, monomial(&mut form, m)));
                let parts = parts.collect();
                form.sum(parts)
            }
        });
        form.roots = equations.collect();
        form
    }
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
