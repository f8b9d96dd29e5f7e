//! Cuts a long tape into functions: the generator's time is superlinear in a function's length.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::kernel::tape::{Operand, Step, Tape, Value};

/// The most operations of a tape that stays one function.
const WHOLE: usize = 4_000;
/// Operations after which a function ends at the next output.
const PIECE: usize = 1_000;
/// Operations after which a function ends in any case.
const LONGEST: usize = 2_000;

/// The functions of a tape and the values that pass between them.
pub(super) struct Partition {
    pub(super) pieces: Vec<Piece>,
    /// The place in the scratch buffer of each value used by a later function.
    pub(super) slots: FxHashMap<Value, u32>,
}

/// One function: consecutive steps of the tape.
pub(super) struct Piece {
    pub(super) steps: Range<usize>,
    /// The numbers of the values defined in it.
    pub(super) values: Range<u32>,
}

impl Partition {
    pub(super) fn new(tape: &Tape) -> Partition {
        let mut sizes = tape.steps.iter().map(size);
        let whole = sizes.clone().sum::<usize>() <= WHOLE;
        let mut partition = Partition { pieces: Vec::new(), slots: FxHashMap::default() };
        let (mut start, mut first, mut next, mut operations) = (0, 0, 0, 0);
        for (position, step) in tape.steps.iter().enumerate() {
            operations += sizes.next().unwrap_or(0);
            next += definitions(step);
            let ends = !matches!(step, Step::Let(..));
            if !whole && (operations >= LONGEST || (ends && operations >= PIECE)) {
                partition.pieces.push(Piece { steps: start..position + 1, values: first..next });
                (start, first, operations) = (position + 1, next, 0);
            }
        }
        if start < tape.steps.len() || partition.pieces.is_empty() {
            partition.pieces.push(Piece { steps: start..tape.steps.len(), values: first..next });
        }
        for piece in &partition.pieces {
            each_operand(&tape.steps[piece.steps.clone()], &mut |operand| {
                if let Operand::Value(value) = operand
                    && value.0 < piece.values.start
                {
                    let slot = partition.slots.len() as u32;
                    partition.slots.entry(value).or_insert(slot);
                }
            });
        }
        partition
    }
}

/// Calls `f` with every operand of a block, those of inner loops included.
pub(super) fn each_operand(steps: &[Step], f: &mut impl FnMut(Operand)) {
    for step in steps {
        match step {
            Step::Let(_, instruction) => instruction.operands().iter().for_each(|&o| f(o)),
            Step::Store(_, operand) => f(*operand),
            Step::Loop(inner) => {
                each_operand(&inner.body, f);
                inner.accumulators.iter().for_each(|a| f(a.addend));
            }
        }
    }
}

fn size(step: &Step) -> usize {
    match step {
        Step::Loop(inner) => inner.body.iter().map(size).sum(),
        Step::Let(..) | Step::Store(..) => 1,
    }
}

fn definitions(step: &Step) -> u32 {
    match step {
        Step::Let(..) => 1,
        Step::Store(..) => 0,
        Step::Loop(inner) => {
            inner.body.iter().map(definitions).sum::<u32>() + inner.accumulators.len() as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Layout, Options, Output, Variable};
    use crate::term::{Graph, Op};

    #[test]
    fn long_tapes_are_cut_and_shared_values_get_slots() {
        let mut g = Graph::new();
        let mut x = g.symbol("x");
        let name = g.intern("x");
        let first = g.call(Op::Sin, &[x]);
        let mut outputs = Vec::new();
        for place in 0..5_000 {
            x = g.call(Op::Sin, &[x]);
            let sum = g.add(x, first);
            outputs.push(Output::scalar(place, sum));
        }
        let layout = Layout {
            states: vec![Variable { name, extents: Vec::new(), offset: 0 }],
            ..Layout::default()
        };
        let tape = Tape::lower(&g, &layout, &outputs, &Options::default()).unwrap();
        let partition = Partition::new(&tape);
        assert!(partition.pieces.len() > 5);
        assert!(partition.slots.contains_key(&Value(0)));
        let defined: u32 = partition.pieces.iter().map(|p| p.values.len() as u32).sum();
        assert_eq!(defined, tape.values);
    }
}
