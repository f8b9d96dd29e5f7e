//! The Jacobian of equations and equation families, as scalar entries and families of entries.

use rustc_hash::FxHashMap;

use super::derivative::{Error, IndexRange, Target, targets};
use super::gradients::Gradients;
use crate::term::{Affine, Graph, Node, Term};

/// A scalar equation, or a family of equations over index ranges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Equation {
    /// The indices of the family, outermost first; none for a scalar equation.
    pub ranges: Vec<IndexRange>,
    /// The row of a member: its place among all equations, counted from 0.
    pub row: Affine,
    /// The right-hand side of a member.
    pub value: Term,
}

/// An entry of the Jacobian, or a family of entries over index ranges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The indices of the family: those of the equations, then those of reductions.
    pub ranges: Vec<IndexRange>,
    /// The row of a member.
    pub row: Affine,
    /// The column of a member.
    pub column: Affine,
    /// The value of a member.
    pub value: Term,
}

impl Block {
    /// The number of entries.
    pub fn len(&self) -> usize {
        self.ranges.iter().map(IndexRange::len).product()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slot of a member when the block's members are stored in row-major order from `first`.
    ///
    /// `None` when the slots do not fit 64-bit integers.
    pub fn slot(&self, first: usize) -> Option<Affine> {
        let mut place = Affine::constant(i64::try_from(first).ok()?);
        let mut stride = 1_i64;
        for range in self.ranges.iter().rev() {
            let steps = Affine::binder(range.binder).plus(-range.from, &Affine::constant(1))?;
            place = place.plus(stride, &steps)?;
            stride = stride.checked_mul(i64::try_from(range.len()).ok()?)?;
        }
        Some(place)
    }
}

/// The derivatives of all equations by all unknowns that occur in them.
///
/// `column` places an unknown: it maps an array name or symbol and its indices to the column, and
/// answers `None` for what is not an unknown. A family is differentiated once by each element
/// that is written in it, whatever its range. Several blocks may hold the same entry, such as
/// `x[i-1]` of a family and `x[j]` of a reduction; the entry is their sum. Entries that are zero
/// by construction are absent. Scalar entries come first, ordered by column and row.
///
/// # Errors
/// When a function without a known derivative depends on an unknown.
pub fn jacobian(
    graph: &mut Graph,
    equations: &[Equation],
    column: impl Fn(&str, &[Affine]) -> Option<Affine>,
) -> Result<Vec<Block>, Error> {
    // The targets of each equation, as positions among those of all, with their columns.
    let (mut all, mut position) = (Vec::new(), FxHashMap::default());
    let mut wanted: Vec<Vec<(usize, Affine)>> = Vec::with_capacity(equations.len());
    for equation in equations {
        let found = targets(graph, equation.value, |_| true).into_iter();
        let placed = found.filter_map(|target| {
            let place = place_of(graph, target.leaf, &column)?;
            let k = *position.entry(target).or_insert_with_key(|target: &Target| {
                all.push(target.clone());
                all.len() - 1
            });
            Some((k, place))
        });
        wanted.push(placed.collect());
    }
    let mut gradients = Gradients::by(all.iter().cloned());
    let (mut scalars, mut families) = (Vec::new(), Vec::new());
    for (equation, wanted) in equations.iter().zip(wanted) {
        gradients.of(graph, equation.value)?;
        for (k, mut place) in wanted {
            let Some(value) = gradients.get(equation.value, k) else { continue };
            let mut ranges = equation.ranges.clone();
            for range in &all[k].through {
                let promoted = IndexRange { binder: range.promoted(), ..*range };
                place = place
                    .substitute(range.binder, &Affine::binder(promoted.binder))
                    .expect("renaming an index keeps its factors");
                ranges.push(promoted);
            }
            let block = Block { row: equation.row.clone(), column: place, value, ranges };
            if block.ranges.is_empty() {
                scalars.push(block);
            } else {
                families.push(block);
            }
        }
    }
    scalars.sort_by_key(|b| (b.column.offset, b.row.offset));
    scalars.append(&mut families);
    Ok(scalars)
}

fn place_of(
    graph: &Graph,
    leaf: Term,
    column: impl Fn(&str, &[Affine]) -> Option<Affine>,
) -> Option<Affine> {
    match graph.node(leaf) {
        Node::Symbol(s) => column(graph.name(*s), &[]),
        Node::Element(a, indices) => column(graph.name(*a), indices),
        _ => None,
    }
}
