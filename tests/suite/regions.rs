//! Regions to extract from: polynomials, reaction networks, expressions and the example models.

use isoterm::calculus;
use isoterm::kernel::OperationCounts;
use isoterm::rewrite::region::Region;
use isoterm::rewrite::saturate::{Budget, saturate};
use isoterm::rewrite::{Assumptions, Ruleset};
use isoterm::term::{Graph, Number, Op, Term};
use rustc_hash::FxHashSet;

use super::seeded::Random;

/// Some roots of a graph, and where they come from.
pub struct Roots {
    /// Where they come from.
    pub name: String,
    /// The graph.
    pub graph: Graph,
    /// The roots.
    pub terms: Vec<Term>,
}

impl Roots {
    /// Operations of the roots.
    pub fn operations(&self) -> u64 {
        OperationCounts::of_terms(&self.graph, &self.terms).total()
    }

    /// The roots in an e-graph, with all rules applied within a budget.
    pub fn saturated(&self, budget: &Budget) -> Region {
        let (boundary, nothing) = (FxHashSet::default(), Assumptions::default());
        let mut region = Region::load(&self.graph, &self.terms, &boundary, &nothing, false);
        saturate(&mut region.classes, Ruleset::standard(), budget, || false);
        region
    }
}

/// The most operations of a region.
pub const LARGEST: u64 = 100;

/// So many regions of up to [`LARGEST`] operations: those of the systems, then random ones from
/// seeds, of each kind in turn.
pub fn regions(systems: &[isoterm::model::System], count: usize) -> Vec<Roots> {
    let mut found: Vec<Roots> = systems.iter().flat_map(of_system).collect();
    found.truncate(count / 3);
    for seed in 0.. {
        if found.len() >= count {
            break;
        }
        let mut random = Random(seed);
        let mut graph = Graph::new();
        let (kind, terms) = match seed % 3 {
            0 => ("polynomials", polynomials(&mut graph, &mut random)),
            1 => ("network", network(&mut graph, &mut random)),
            _ => ("expressions", expressions(&mut graph, &mut random)),
        };
        let region = Roots { name: format!("{kind} {seed}"), graph, terms };
        if (4..=LARGEST).contains(&region.operations()) {
            found.push(region);
        }
    }
    found
}

/// The right-hand side and the Jacobian of a system, cut into regions.
fn of_system(system: &isoterm::model::System) -> Vec<Roots> {
    let mut graph = system.graph.clone();
    let rates: Vec<Term> = system.equations.iter().map(|e| e.value).collect();
    let blocks =
        calculus::jacobian(&mut graph, &system.equations, system.places()).expect("derivatives");
    let entries: Vec<Term> = blocks.iter().map(|block| block.value).collect();
    let mut found = Vec::new();
    for (kind, roots) in [("rates", rates), ("Jacobian", entries)] {
        let mut rest = &roots[..];
        while !rest.is_empty() {
            let fits =
                |n: &usize| OperationCounts::of_terms(&graph, &rest[..*n]).total() <= LARGEST;
            let length = (1..=rest.len()).take_while(fits).last().unwrap_or(1);
            let (terms, after) = rest.split_at(length);
            rest = after;
            let name = format!("{} {kind} {}", system.name, found.len());
            let region = Roots { name, graph: graph.clone(), terms: terms.to_vec() };
            if (4..=LARGEST).contains(&region.operations()) {
                found.push(region);
            }
        }
    }
    found
}

fn polynomials(graph: &mut Graph, random: &mut Random) -> Vec<Term> {
    let variables = 2 + random.below(4);
    let x: Vec<Term> = (0..variables).map(|k| graph.symbol(&format!("x{k}"))).collect();
    let polynomial = |graph: &mut Graph, random: &mut Random| {
        let parts: Vec<(Number, Term)> = (0..3 + random.below(10))
            .map(|_| {
                let factors: Vec<(Term, Number)> = (0..1 + random.below(3))
                    .map(|_| (x[random.below(variables)], Number::from(1 + random.below(2) as i64)))
                    .collect();
                let coefficient = [1_i64, 1, 1, -1, 2, 3, -2][random.below(7)];
                (Number::from(coefficient), graph.product(factors))
            })
            .collect();
        graph.sum(Number::from(random.below(2) as i64), parts)
    };
    (0..1 + random.below(3)).map(|_| polynomial(graph, random)).collect()
}

/// The right-hand side of a mass-action network.
fn network(graph: &mut Graph, random: &mut Random) -> Vec<Term> {
    let (species, reactions) = (3 + random.below(8), 4 + random.below(14));
    let mut rates: Vec<Vec<(Number, Term)>> = vec![Vec::new(); species];
    for reaction in 0..reactions {
        let [a, b, c, d] = [(); 4].map(|()| random.below(species));
        let mut left = vec![a];
        left.extend((random.below(3) > 0).then_some(b));
        let mut factors = vec![(graph.symbol(&format!("k{reaction}")), Number::ONE)];
        factors.extend(left.iter().map(|s| (graph.symbol(&format!("x{s}")), Number::ONE)));
        let flux = graph.product(factors);
        left.iter().for_each(|&s| rates[s].push((Number::MINUS_ONE, flux)));
        let right = [c, d];
        right[..1 + random.below(2)].iter().for_each(|&s| rates[s].push((Number::ONE, flux)));
    }
    rates.into_iter().map(|parts| graph.sum(Number::ZERO, parts)).collect()
}

fn expressions(graph: &mut Graph, random: &mut Random) -> Vec<Term> {
    (0..1 + random.below(3))
        .map(|_| {
            let size = 10 + random.below(25);
            expression(graph, random, size)
        })
        .collect()
}

fn expression(graph: &mut Graph, random: &mut Random, size: usize) -> Term {
    if size <= 1 {
        return match random.below(4) {
            0 => {
                let number = Number::ratio(random.below(9) as i64 - 4, 1 + random.below(3) as i64);
                graph.number(number.expect("a positive denominator"))
            }
            _ => graph.symbol(["x", "y", "z"][random.below(3)]),
        };
    }
    match random.below(10) {
        0..=5 => {
            let left = 1 + random.below(size - 1);
            let args = [expression(graph, random, left), expression(graph, random, size - left)];
            let op = [Op::Add, Op::Sub, Op::Mul, Op::Mul, Op::Div][random.below(5)];
            graph.call(op, &args)
        }
        6 => {
            let base = expression(graph, random, size - 1);
            let exponents = [(2, 1), (3, 1), (-1, 1), (1, 2), (-1, 2), (3, 2)];
            let (n, d) = exponents[random.below(exponents.len())];
            graph.power(base, Number::ratio(n, d).expect("a positive denominator"))
        }
        _ => {
            let arg = expression(graph, random, size - 1);
            let op = [Op::Exp, Op::Sin, Op::Cos, Op::Log, Op::Tanh][random.below(5)];
            graph.call(op, &[arg])
        }
    }
}
