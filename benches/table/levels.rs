//! An optimised tape as loops over index tables: what a kernel would be without machine code of its
//! own. Instructions of one operation that do not wait for each other run in one loop.

use std::cell::RefCell;
use std::collections::BTreeMap;

use isoterm::kernel::{Instruction, Operand, Step, Tape};
use isoterm::study::Compiled;
use isoterm::term::Op;

/// Instructions of one operation at one depth.
struct Run {
    op: Op,
    /// Places of the operands; a missing second one is the first.
    operands: Vec<[u32; 2]>,
}

/// The runs of a tape in their order. Values stand behind constants, parameters and states.
pub struct Levels {
    runs: Vec<Run>,
    first_state: usize,
    first_value: usize,
    /// Places of the output and of what goes there.
    stores: Vec<[u32; 2]>,
    values: RefCell<Vec<f64>>,
}

impl Levels {
    /// The loops of a right-hand side; `None` when its tape has loops of its own or operations
    /// that no network of mass action needs.
    pub fn new(compiled: &Compiled, parameters: &[f64]) -> Option<Levels> {
        let tape: &Tape = &compiled.tape;
        let constants = tape.constants.len();
        let first_state = constants + parameters.len();
        let first_value = first_state + tape.state_length;
        // The depth of each value, and its place once all runs are known.
        let mut depth = vec![0_u32; tape.values as usize];
        let mut runs: BTreeMap<(u32, u16), Vec<(u32, Op, [Operand; 2])>> = BTreeMap::new();
        let mut stores = Vec::new();
        for step in &tape.steps {
            match step {
                Step::Let(value, Instruction::Call(op, operands)) => {
                    if !matches!(op, Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Neg) {
                        return None;
                    }
                    let level = operands.iter().fold(0, |most, operand| match operand {
                        Operand::Value(v) => most.max(depth[v.0 as usize] + 1),
                        _ => most,
                    });
                    depth[value.0 as usize] = level;
                    let pair = [operands[0], *operands.last()?];
                    runs.entry((level, *op as u16)).or_default().push((value.0, *op, pair));
                }
                Step::Store(place, operand) => stores.push((tape.place(*place).offset, *operand)),
                _ => return None,
            }
        }
        let mut places = vec![0_u32; tape.values as usize];
        for (next, (value, ..)) in (first_value as u32..).zip(runs.values().flatten()) {
            places[*value as usize] = next;
        }
        let at = |operand: Operand| match operand {
            Operand::Value(v) => Some(places[v.0 as usize]),
            Operand::Constant(k) => Some(k),
            Operand::Parameter(k) => Some(constants as u32 + tape.place(k).offset as u32),
            Operand::State(k) => Some(first_state as u32 + tape.place(k).offset as u32),
            _ => None,
        };
        let run = |run: Vec<(u32, Op, [Operand; 2])>| {
            let op = run[0].1;
            let operands = run.into_iter().map(|(.., [a, b])| Some([at(a)?, at(b)?]));
            Some(Run { op, operands: operands.collect::<Option<_>>()? })
        };
        let mut values = tape.constants.clone();
        values.extend_from_slice(parameters);
        values.resize(first_value + tape.values as usize, 0.0);
        Some(Levels {
            runs: runs.into_values().map(run).collect::<Option<_>>()?,
            first_state,
            first_value,
            stores: stores
                .into_iter()
                .map(|(place, operand)| Some([place as u32, at(operand)?]))
                .collect::<Option<_>>()?,
            values: RefCell::new(values),
        })
    }

    /// The rates of change.
    pub fn rates(&self, u: &[f64], du: &mut [f64]) {
        let values = &mut *self.values.borrow_mut();
        values[self.first_state..][..u.len()].copy_from_slice(u);
        let mut start = self.first_value;
        for run in &self.runs {
            let (known, new) = values.split_at_mut(start);
            start += run.operands.len();
            let each = new.iter_mut().zip(&run.operands);
            let [x, y] = [0, 1].map(|k| move |p: &[u32; 2]| p[k] as usize);
            match run.op {
                Op::Add => each.for_each(|(v, p)| *v = known[x(p)] + known[y(p)]),
                Op::Sub => each.for_each(|(v, p)| *v = known[x(p)] - known[y(p)]),
                Op::Mul => each.for_each(|(v, p)| *v = known[x(p)] * known[y(p)]),
                Op::Div => each.for_each(|(v, p)| *v = known[x(p)] / known[y(p)]),
                _ => each.for_each(|(v, p)| *v = -known[x(p)]),
            }
        }
        for &[place, value] in &self.stores {
            du[place as usize] = values[value as usize];
        }
    }
}
