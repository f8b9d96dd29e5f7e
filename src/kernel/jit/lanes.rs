//! Which loops can compute two members at a time, lane by lane with the same bits.

use crate::kernel::tape::{Instruction, Loop, LoopId, Operand, Place, Step, Tape, Value};
use crate::term::Op;

use super::partition::each_operand;

/// Whether a loop is innermost, of plain arithmetic and comparisons on neighbouring elements, and
/// its totals are pairs of sums.
pub(super) fn fit(tape: &Tape, inner: &Loop) -> bool {
    let stride = |place: u32| stride(tape.place(place), inner.id);
    let operand = |o: &Operand| match o {
        Operand::State(p) | Operand::Parameter(p) => matches!(stride(*p), 0 | 1),
        Operand::Index(_) | Operand::Value(_) | Operand::Constant(_) | Operand::Time => true,
    };
    inner.trips() >= 4
        && (inner.pairs || inner.accumulators.is_empty())
        && inner.accumulators.iter().all(|a| operand(&a.addend))
        && inner.body.iter().all(|step| match step {
            Step::Let(_, instruction @ Instruction::Call(op, _)) => {
                PLAIN.contains(op) && instruction.operands().iter().all(operand)
            }
            Step::Let(_, Instruction::Apply(..)) | Step::Loop(_) => false,
            Step::Store(place, value) => stride(*place) == 1 && operand(value),
        })
}

/// Operations that have an instruction for both lanes.
const PLAIN: [Op; 14] = [
    Op::Add,
    Op::Sub,
    Op::Mul,
    Op::Div,
    Op::Neg,
    Op::Abs,
    Op::Sqrt,
    Op::Less,
    Op::LessEqual,
    Op::Equal,
    Op::And,
    Op::Or,
    Op::Not,
    Op::If,
];

/// Whether the value that an operand stands for differs between the members of a loop.
pub(super) fn changes(tape: &Tape, id: LoopId, operand: Operand) -> bool {
    step(tape, id, operand) != 0
}

/// How far the place or the index that an operand stands for moves from one member to the next.
pub(super) fn step(tape: &Tape, id: LoopId, operand: Operand) -> i64 {
    match operand {
        Operand::State(p) | Operand::Parameter(p) | Operand::Index(p) => stride(tape.place(p), id),
        Operand::Value(_) | Operand::Constant(_) | Operand::Time => 0,
    }
}

/// The operands of a loop that are the same for all members, each once.
pub(super) fn invariant(tape: &Tape, inner: &Loop) -> Vec<Operand> {
    let own = |value: Value| {
        inner.body.iter().any(|step| matches!(step, Step::Let(defined, _) if *defined == value))
    };
    let mut found = Vec::new();
    let mut consider = |operand: Operand| {
        let fixed = match operand {
            Operand::Value(value) => !own(value),
            _ => !changes(tape, inner.id, operand),
        };
        if fixed && !found.contains(&operand) {
            found.push(operand);
        }
    };
    each_operand(&inner.body, &mut consider);
    inner.accumulators.iter().for_each(|a| consider(a.addend));
    found
}

fn stride(place: &Place, id: LoopId) -> i64 {
    place.strides.iter().find(|(known, _)| *known == id).map_or(0, |&(_, stride)| stride)
}
