//! The text form of a tape: one line for each step, loops indented, inputs by name.

use std::fmt::{self, Display, Formatter};

use super::tape::{Input, Instruction, Loop, LoopId, Operand, Place, Step, Tape};

/// Names of loop indices by nesting depth.
const LETTERS: [&str; 6] = ["i", "j", "k", "l", "m", "n"];

/// Writes lines such as `v3 = mul v1 u[i - 1]`, `out[i] = v3` and
/// `for i in 1..10, v9 += v8 in pairs` with the body indented below.
impl Display for Tape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut printer = Printer { tape: self, open: Vec::new() };
        printer.block(&self.steps, f)
    }
}

struct Printer<'a> {
    tape: &'a Tape,
    open: Vec<&'a Loop>,
}

impl<'a> Printer<'a> {
    fn block(&mut self, steps: &'a [Step], f: &mut Formatter<'_>) -> fmt::Result {
        for step in steps {
            write!(f, "{:1$}", "", 2 * self.open.len())?;
            match step {
                Step::Let(value, instruction) => {
                    write!(f, "v{} = ", value.0)?;
                    match instruction {
                        Instruction::Call(op, _) => f.write_str(op.row().name)?,
                        Instruction::Apply(function, _) => {
                            f.write_str(&self.tape.functions[*function as usize].name)?;
                        }
                    }
                    for &operand in instruction.operands() {
                        write!(f, " {}", self.operand(operand))?;
                    }
                    writeln!(f)?;
                }
                Step::Store(place, operand) => {
                    let place = self.affine(self.tape.place(*place));
                    writeln!(f, "out[{place}] = {}", self.operand(*operand))?;
                }
                Step::Loop(inner) => {
                    let letter = letter(self.open.len());
                    write!(f, "for {letter} in {}..{}", inner.from, inner.to)?;
                    self.open.push(inner);
                    for accumulator in &inner.accumulators {
                        let addend = self.operand(accumulator.addend);
                        let pairs = if inner.pairs { " in pairs" } else { "" };
                        write!(f, ", v{} += {addend}{pairs}", accumulator.total.0)?;
                    }
                    writeln!(f)?;
                    self.block(&inner.body, f)?;
                    self.open.pop();
                }
            }
        }
        Ok(())
    }

    fn operand(&self, operand: Operand) -> String {
        match operand {
            Operand::Value(value) => format!("v{}", value.0),
            Operand::Constant(number) => self.tape.constant(number).to_string(),
            Operand::Time => self.tape.time.clone().unwrap_or_else(|| "t".to_owned()),
            Operand::State(place) => self.element(&self.tape.states, self.tape.place(place)),
            Operand::Parameter(place) => {
                self.element(&self.tape.parameters, self.tape.place(place))
            }
            Operand::Index(place) => format!("({})", self.affine(self.tape.place(place))),
        }
    }

    /// The element of a named input at a flat place, with one index for each dimension.
    fn element(&self, inputs: &[Input], place: &Place) -> String {
        let first = place.at(|id| self.opened(id).map_or(0, |(_, inner)| inner.from));
        let position = inputs.partition_point(|input| input.offset as i64 <= first);
        let Some(input) = position.checked_sub(1).map(|p| &inputs[p]) else {
            return format!("?[{}]", self.affine(place));
        };
        if input.extents.is_empty() {
            return input.name.clone();
        }
        let mut rest = first - input.offset as i64;
        let mut strides = place.strides.to_vec();
        let mut indices = Vec::with_capacity(input.extents.len());
        for (dimension, extent) in input.extents.iter().enumerate() {
            let inner: i64 =
                input.extents[dimension + 1..].iter().map(|(a, b)| b - a + 1).product();
            let mut index = Place {
                offset: extent.0 + rest / inner,
                strides: strides
                    .iter()
                    .map(|&(id, stride)| (id, stride / inner))
                    .filter(|&(_, factor)| factor != 0)
                    .collect(),
            };
            for &(id, factor) in &index.strides {
                index.offset -= factor * self.opened(id).map_or(0, |(_, inner)| inner.from);
            }
            rest %= inner;
            for (_, stride) in &mut strides {
                *stride %= inner;
            }
            indices.push(self.affine(&index));
        }
        format!("{}[{}]", input.name, indices.join(", "))
    }

    fn affine(&self, place: &Place) -> String {
        let mut text = String::new();
        for &(id, stride) in &place.strides {
            let letter = self.opened(id).map_or("?".into(), |(depth, _)| letter(depth));
            text += match (text.is_empty(), stride < 0) {
                (true, true) => "-",
                (true, false) => "",
                (false, true) => " - ",
                (false, false) => " + ",
            };
            match stride.unsigned_abs() {
                1 => text += &letter,
                k => text += &format!("{k}*{letter}"),
            }
        }
        match place.offset {
            0 if !text.is_empty() => {}
            k if text.is_empty() => text = k.to_string(),
            k if k < 0 => text += &format!(" - {}", k.unsigned_abs()),
            k => text += &format!(" + {k}"),
        }
        text
    }

    fn opened(&self, id: LoopId) -> Option<(usize, &'a Loop)> {
        let depth = self.open.iter().position(|inner| inner.id == id)?;
        Some((depth, self.open[depth]))
    }
}

fn letter(depth: usize) -> String {
    match LETTERS.get(depth) {
        Some(letter) => (*letter).to_owned(),
        None => format!("i{depth}"),
    }
}
