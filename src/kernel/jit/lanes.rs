//! Which loops can compute two members at a time, lane by lane with the same bits.

use crate::kernel::tape::{Instruction, Loop, LoopId, Operand, Place, Step, Tape, Value};
use crate::term::Op;

use super::partition::each_operand;

/// Whether a loop is innermost, without totals, of plain arithmetic on neighbouring elements.
pub(super) fn fit(tape: &Tape, inner: &Loop) -> bool {
    let stride = |place: u32| stride(tape.place(place), inner.id);
    let operand = |o: &Operand| match o {
        Operand::State(p) | Operand::Parameter(p) => matches!(stride(*p), 0 | 1),
        Operand::Index(_) => false,
        Operand::Value(_) | Operand::Constant(_) | Operand::Time => true,
    };
    inner.trips() >= 4
        && inner.accumulators.is_empty()
        && inner.body.iter().all(|step| match step {
            Step::Let(_, instruction @ Instruction::Call(op, _)) => {
                let plain = [Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Neg, Op::Abs, Op::Sqrt];
                plain.contains(op) && instruction.operands().iter().all(operand)
            }
            Step::Let(_, Instruction::Apply(..)) | Step::Loop(_) => false,
            Step::Store(place, value) => stride(*place) == 1 && operand(value),
        })
}

/// Whether the memory that an operand stands for differs between the members of a loop.
pub(super) fn changes(tape: &Tape, id: LoopId, operand: Operand) -> bool {
    match operand {
        Operand::State(p) | Operand::Parameter(p) | Operand::Index(p) => {
            stride(tape.place(p), id) != 0
        }
        Operand::Value(_) | Operand::Constant(_) | Operand::Time => false,
    }
}

/// The operands of a loop that are the same for all members, each once.
pub(super) fn invariant(tape: &Tape, inner: &Loop) -> Vec<Operand> {
    let own = |value: Value| {
        inner.body.iter().any(|step| matches!(step, Step::Let(defined, _) if *defined == value))
    };
    let mut found = Vec::new();
    each_operand(&inner.body, &mut |operand| {
        let fixed = match operand {
            Operand::Value(value) => !own(value),
            _ => !changes(tape, inner.id, operand),
        };
        if fixed && !found.contains(&operand) {
            found.push(operand);
        }
    });
    found
}

fn stride(place: &Place, id: LoopId) -> i64 {
    place.strides.iter().find(|(known, _)| *known == id).map_or(0, |&(_, stride)| stride)
}
