//! The left side of an equation or family, and the ranges of its indices, as text.

use crate::calculus::Equation;
use crate::model::{System, Variable};
use crate::syntax::print::{Notation, index_names};
use crate::term::Affine;

/// What an equation defines.
pub struct Line {
    /// The variable, with its indices.
    pub left: String,
    /// Whether the equation says `0 = …`; the left side is then the state whose row it has.
    pub algebraic: bool,
    /// Letter, first and last value of each index.
    pub ranges: Vec<(String, i64, i64)>,
}

impl Line {
    /// The left side of an equation whose row is a place among `variables`.
    pub fn new(
        system: &System,
        variables: &[Variable],
        equation: &Equation,
        notation: &dyn Notation,
    ) -> Line {
        let letters = index_names(&system.graph, equation.value);
        let ranges = equation.ranges.iter();
        let ranges = ranges.map(|r| (letters[usize::from(r.binder.0)].clone(), r.from, r.to));
        let first = equation
            .row
            .at(|b| equation.ranges.iter().find(|r| r.binder == b).map_or(0, |r| r.from));
        let holds = |v: &&Variable| (v.offset as i64..(v.offset + v.len()) as i64).contains(&first);
        let left = variables.iter().find(holds).map_or(String::new(), |variable| {
            if variable.axes.is_empty() {
                return notation.symbol(&variable.name).into_owned();
            }
            let indices = indices(variable, equation, first);
            let text = |index: &Affine| {
                // Binders of more digits first, so that `#1` is not found inside of `#12`.
                let text = index.to_string().replace(' ', "");
                let levels = (0..letters.len()).rev();
                levels.fold(text, |text, k| text.replace(&format!("#{k}"), &letters[k]))
            };
            let indices: Vec<String> = indices.iter().map(text).collect();
            notation.element(&variable.name, &indices)
        });
        let place = usize::try_from(first).unwrap_or(usize::MAX);
        let algebraic = system.algebraic.binary_search(&place).is_ok();
        Line { left, algebraic, ranges: ranges.collect() }
    }

    /// `i in 1..N, j in 1..M`; empty for a single equation.
    pub fn family(&self) -> String {
        let ranges = self.ranges.iter().map(|(i, from, to)| format!("{i} in {from}..{to}"));
        ranges.collect::<Vec<_>>().join(", ")
    }
}

/// The index expressions of an array whose place is an equation's row: the inverse of
/// [`Variable::place`], known from the row of the first member.
fn indices(variable: &Variable, equation: &Equation, first: i64) -> Vec<Affine> {
    let mut rest = first - variable.offset as i64;
    let mut factors: Vec<_> = equation.row.terms.to_vec();
    let axes = variable.axes.iter().enumerate();
    axes.map(|(dimension, axis)| {
        let inner: i64 = variable.axes[dimension + 1..].iter().map(|a| a.len()).product();
        let mut index = Affine::constant(axis.from + rest / inner);
        for (binder, factor) in &mut factors {
            let steps = *factor / inner;
            *factor %= inner;
            let from = equation.ranges.iter().find(|r| r.binder == *binder).map_or(0, |r| r.from);
            let moved = Affine::binder(*binder).plus(-from, &Affine::constant(1));
            index = moved.and_then(|m| index.plus(steps, &m)).unwrap_or(index);
        }
        rest %= inner;
        index
    })
    .collect()
}
