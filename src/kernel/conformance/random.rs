//! Seeded random tapes: short ones of all operations, and long ones that are cut into functions.

use super::super::error::Error;
use super::super::lower::{Options, Output};
use super::super::tape::Tape;
use super::{Case, GRID, scalars};
use crate::term::op::TABLE;
use crate::term::{Graph, Number, Term};

const STATES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

pub(super) fn cases(cases: &mut Vec<Case>) -> Result<(), Error> {
    for seed in 0..120 {
        let mut draw = Draw(seed);
        let graph = if seed % 2 == 0 { Graph::new() } else { Graph::written() };
        cases.push(case(graph, 40, &mut draw)?);
    }
    for seed in 1_000..1_002 {
        cases.push(case(Graph::written(), 6_000, &mut Draw(seed))?);
    }
    Ok(())
}

fn case(mut graph: Graph, size: usize, draw: &mut Draw) -> Result<Case, Error> {
    let (layout, mut terms) = scalars(&mut graph, &STATES);
    let mut outputs = Vec::new();
    for step in 0..size {
        let term = node(&mut graph, &terms, draw);
        terms.push(term);
        if step % 5 == 4 {
            outputs.push(Output::scalar(outputs.len() as i64, term));
        }
    }
    let options = Options { fma: draw.below(2) == 0, ..Options::default() };
    let points = (0..20)
        .map(|point| {
            let special = |draw: &mut Draw| GRID[draw.below(GRID.len())];
            let usual = |draw: &mut Draw| draw.below(4_001) as f64 / 1_000.0 - 2.0;
            STATES.map(|_| if point < 10 { usual(draw) } else { special(draw) })
        })
        .map(Vec::from)
        .collect();
    Ok(Case {
        name: format!("random tape of {size}"),
        tape: Tape::lower(&graph, &layout, &outputs, &options)?,
        points,
    })
}

/// A random node over terms built before, recent ones preferred.
fn node(graph: &mut Graph, terms: &[Term], draw: &mut Draw) -> Term {
    let pick = |draw: &mut Draw| {
        let reach = if draw.below(3) == 0 { terms.len() } else { terms.len().min(12) };
        terms[terms.len() - 1 - draw.below(reach)]
    };
    let number = |draw: &mut Draw| {
        Number::ratio(draw.below(19) as i64 - 9, 1 + draw.below(4) as i64).unwrap_or(Number::ONE)
    };
    match draw.below(4) {
        0 => {
            let parts: Vec<(Number, Term)> =
                (0..2 + draw.below(5)).map(|_| (number(draw), pick(draw))).collect();
            let constant = number(draw);
            graph.sum(constant, parts)
        }
        1 => {
            let parts: Vec<(Term, Number)> =
                (0..1 + draw.below(3)).map(|_| (pick(draw), number(draw))).collect();
            graph.product(parts)
        }
        _ => {
            let row = &TABLE[draw.below(TABLE.len())];
            let args: Vec<Term> = (0..row.arity()).map(|_| pick(draw)).collect();
            graph.call(row.op, &args)
        }
    }
}

/// Numbers from a seed (SplitMix64, Steele, Lea and Flood 2014).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
