//! A network as tables: what a programmer writes who generates no code. Each flux once, from the
//! numbers of its species; then every flux is added where it belongs.

pub mod levels;

use isoterm::model::System;
use isoterm::study::Compiled;
use isoterm::term::{Node, Term};

/// Fluxes and where they go.
pub struct Table {
    rate: Vec<f64>,
    /// Places of at most two species; the place behind the last holds one.
    species: Vec<[u32; 2]>,
    /// Equation, flux and coefficient.
    entries: Vec<(u32, u32, f64)>,
    values: std::cell::RefCell<(Vec<f64>, Vec<f64>)>,
}

impl Table {
    /// The tables of a system; `None` when it is no mass action of at most two species.
    pub fn new(system: &System, compiled: &Compiled) -> Option<Table> {
        let graph = &system.graph;
        let place = |list: &[isoterm::model::Variable], name: &str| {
            list.iter().find(|v| v.name == name).map(|v| v.offset)
        };
        let mut places = std::collections::HashMap::new();
        for variable in &system.unknowns {
            places.insert(variable.name.as_str(), variable.offset as u32);
        }
        let one = system.dimension() as u32;
        let mut table = Table {
            rate: Vec::new(),
            species: Vec::new(),
            entries: Vec::new(),
            values: Default::default(),
        };
        let mut known = std::collections::HashMap::<Term, u32>::new();
        for equation in &system.equations {
            let row = equation.row.as_constant()? as u32;
            let parts = match graph.node(equation.value) {
                Node::Number(n) if n.is_zero() => continue,
                Node::Sum { constant, terms } if constant.is_zero() => terms.to_vec(),
                _ => vec![(isoterm::term::Number::ONE, equation.value)],
            };
            for (c, term) in parts {
                let next = known.len() as u32;
                let flux = *known.entry(term).or_insert(next);
                if flux == next {
                    let own = [(term, isoterm::term::Number::ONE)];
                    let factors = match graph.node(term) {
                        Node::Product(factors) => factors.to_vec(),
                        _ => own.to_vec(),
                    };
                    let (mut rate, mut species) = (1.0, vec![]);
                    for (base, e) in factors {
                        let Node::Symbol(name) = graph.node(base) else { return None };
                        let name = graph.name(*name);
                        match (places.get(name), e.to_i64()) {
                            (Some(&s), Some(n @ 1..=2)) => species.extend((0..n).map(|_| s)),
                            (None, Some(n)) => {
                                let k = place(&system.parameters, name)?;
                                rate *= compiled.parameters()[k].powi(n as i32);
                            }
                            _ => return None,
                        }
                    }
                    if species.len() > 2 {
                        return None;
                    }
                    species.resize(2, one);
                    table.rate.push(rate);
                    table.species.push([species[0], species[1]]);
                }
                table.entries.push((row, flux, c.to_f64()));
            }
        }
        *table.values.borrow_mut() = (vec![1.0; one as usize + 1], vec![0.0; table.rate.len()]);
        Some(table)
    }

    /// The rates of change.
    pub fn rates(&self, u: &[f64], du: &mut [f64]) {
        let (states, fluxes) = &mut *self.values.borrow_mut();
        states[..u.len()].copy_from_slice(u);
        for ((flux, rate), [a, b]) in fluxes.iter_mut().zip(&self.rate).zip(&self.species) {
            *flux = rate * states[*a as usize] * states[*b as usize];
        }
        du.fill(0.0);
        for &(row, flux, c) in &self.entries {
            du[row as usize] += c * fluxes[flux as usize];
        }
    }
}
