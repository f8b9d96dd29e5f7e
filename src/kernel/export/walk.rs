//! The walk over a tape that writes statements of any language.

use super::functions;
use super::language::{Arrays, Language};
use super::{Error, Program, Used};
use crate::kernel::tape::{Instruction, Loop, LoopId, Operand, Place, Step, Tape, Value};
use crate::term::Op;

/// Where results go.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// The name of the array.
    pub(super) array: &'static str,
    /// The place to which each result is added; `None` when results are stored where they say.
    pub(super) positions: Option<&'a [usize]>,
}

impl Target<'_> {
    /// Results are stored where they say.
    pub(super) fn plain(array: &'static str) -> Self {
        Target { array, positions: None }
    }
}

/// The name of a part of a curve's data.
pub(super) fn curve(number: usize, part: &str) -> String {
    format!("curve{number}_{part}")
}

/// Names of loop indices by depth.
const LETTERS: [&str; 6] = ["i", "j", "k", "l", "m", "n"];

/// A loop that is being written.
#[derive(Clone, Copy)]
struct Open<'a> {
    inner: &'a Loop,
    /// Its iterations are one operation on arrays.
    at_once: bool,
}

pub(super) struct Walk<'a> {
    language: &'a dyn Language,
    name: String,
    tape: &'a Tape,
    target: Target<'a>,
    /// Curve and order of derivative of each function of the tape.
    curves: Vec<(usize, usize)>,
    /// The number of points of each curve.
    points: Vec<usize>,
    needed: Needed,
    used: &'a mut Used,
    positions: String,
    open: Vec<Open<'a>>,
    lines: Vec<String>,
}

impl<'a> Walk<'a> {
    /// # Errors
    /// A function that no curve is, an operation without a row.
    pub(super) fn new(
        language: &'a dyn Language,
        program: &'a Program,
        tape: &'a Tape,
        target: Target<'a>,
        used: &'a mut Used,
    ) -> Result<Self, Error> {
        let curves = tape.functions.iter().map(|function| {
            let places = program.curves.iter().enumerate().find_map(|(number, curve)| {
                let order = curve.names.iter().position(|name| *name == function.name)?;
                Some((number, order))
            });
            places.ok_or_else(|| Error::Function(function.name.clone()))
        });
        let curves = curves.collect::<Result<Vec<_>, Error>>()?;
        check(&tape.steps, language)?;
        Ok(Walk {
            language,
            name: program.name.to_owned(),
            tape,
            target,
            curves,
            points: program.curves.iter().map(|curve| curve.x.len()).collect(),
            needed: Needed::of(tape),
            used,
            positions: language.identifier(program.name, "positions"),
            open: Vec::new(),
            lines: Vec::new(),
        })
    }

    /// The statements, a line each.
    pub(super) fn body(mut self) -> String {
        let tape = self.tape;
        self.block(&tape.steps);
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn line(&mut self, text: String) {
        let depth = self.open.iter().filter(|o| !o.at_once).count();
        self.lines.push(format!("{:1$}{text}", "", 4 * depth));
    }

    fn block(&mut self, steps: &'a [Step]) {
        for step in steps {
            match step {
                Step::Let(value, instruction) if self.needed.value(*value) => {
                    let expression = self.expression(instruction);
                    self.line(self.language.define(&named(*value), &expression));
                }
                Step::Let(..) => {}
                Step::Store(place, operand) => self.store(*place, *operand),
                Step::Loop(inner) => self.repeat(inner),
            }
        }
    }

    fn repeat(&mut self, inner: &'a Loop) {
        let totals: Vec<_> =
            inner.accumulators.iter().filter(|a| self.needed.value(a.total)).collect();
        let end = self.language.end();
        let index = letter(self.open.len());
        let arrays = self.language.arrays().filter(|_| self.is_elementwise(inner));
        if let Some(arrays) = arrays {
            if self.needed.indexed(inner.id) {
                self.line(self.language.define(&index, &arrays.range(inner.from, inner.to)));
            }
            self.open.push(Open { inner, at_once: true });
            self.block(&inner.body);
            for sum in totals {
                let addend = self.operand(sum.addend, false);
                if inner.pairs {
                    self.used.functions.insert("total");
                }
                let total = arrays.total(&addend, inner.trips(), inner.pairs);
                self.line(self.language.define(&named(sum.total), &total));
            }
            self.open.pop();
            return;
        }
        let name = |total: Value| match inner.pairs {
            true => format!("s{}", total.0),
            false => named(total),
        };
        for sum in &totals {
            self.line(self.language.begin(&name(sum.total), inner.pairs));
        }
        let turn = inner.pairs && !totals.is_empty();
        let used = self.needed.mentioned(inner.id) || turn;
        self.line(self.language.open(&index, inner.from, inner.to, used));
        self.open.push(Open { inner, at_once: false });
        let before = self.lines.len();
        self.block(&inner.body);
        for sum in &totals {
            let addend = self.operand(sum.addend, false);
            let sum = match turn {
                true => format!("{}[{}]", name(sum.total), self.language.turn(&index, inner.from)),
                false => name(sum.total),
            };
            self.line(format!("{sum} += {addend}{end}"));
        }
        let empty = self.lines.len() == before;
        self.open.pop();
        if empty {
            self.lines.pop();
        } else if let Some(close) = self.language.close() {
            self.line(close.to_owned());
        }
        for sum in totals.iter().filter(|_| turn) {
            let pair = name(sum.total);
            let both = format!("{pair}[0] + {pair}[1]");
            self.line(self.language.define(&named(sum.total), &both));
        }
    }

    /// Whether all iterations can be done at once: no loop inside, no step backwards, and each
    /// iteration writes a place of its own.
    fn is_elementwise(&self, inner: &Loop) -> bool {
        let stride = |place: u32| stride(self.tape.place(place), inner.id);
        inner.body.iter().all(|step| match step {
            Step::Loop(_) => false,
            Step::Store(place, operand) => stride(*place) > 0 && self.forward(*operand, inner),
            Step::Let(_, instruction) => {
                instruction.operands().iter().all(|&o| self.forward(o, inner))
            }
        }) && inner.accumulators.iter().all(|a| self.forward(a.addend, inner))
    }

    fn forward(&self, operand: Operand, inner: &Loop) -> bool {
        match operand {
            Operand::State(place) | Operand::Parameter(place) => {
                stride(self.tape.place(place), inner.id) >= 0
            }
            _ => true,
        }
    }

    fn store(&mut self, place: u32, operand: Operand) {
        let place = self.tape.place(place);
        let at_once = self.at_once(place).is_some();
        let (array, end) = (self.target.array, self.language.end());
        let value = self.operand(operand, false);
        let text = match (self.target.positions, place.strides.is_empty()) {
            (None, _) => format!("{array}[{}] = {value}{end}", self.subscript(place)),
            (Some(positions), true) => {
                format!("{array}[{}] += {value}{end}", positions[place.offset as usize])
            }
            (Some(_), false) => {
                let places = format!("{}[{}]", self.positions, self.subscript(place));
                match self.language.arrays().filter(|_| at_once) {
                    Some(arrays) => arrays.scatter(array, &places, &value),
                    None => format!("{array}[{places}] += {value}{end}"),
                }
            }
        };
        self.line(text);
    }

    fn expression(&mut self, instruction: &Instruction) -> String {
        let language = self.language;
        let (op, operands) = match instruction {
            Instruction::Call(op, operands) => (*op, operands),
            Instruction::Apply(function, operands) => {
                let (number, order) = self.curves[*function as usize];
                self.used.curves.insert(number);
                self.used.functions.insert("spline");
                let array = |part| language.identifier(&self.name, &curve(number, part));
                let argument = self.operand(operands[0], false);
                let points = self.points[number];
                return language.spline(["x", "y", "slope"].map(array), points, order, &argument);
            }
        };
        let lone = operands.iter().all(|o| matches!(o, Operand::Constant(_)));
        let tight: Vec<String> = operands
            .iter()
            .map(|&o| {
                let text = self.operand(o, true);
                if lone { language.lone(text) } else { text }
            })
            .collect();
        let [both, either] = language.connectives();
        let truth = |condition: &str| language.choose(condition, "1.0", "0.0");
        match (op, tight.as_slice()) {
            (Op::Add, [a, b]) => format!("{a} + {b}"),
            (Op::Sub, [a, b]) => format!("{a} - {b}"),
            (Op::Mul, [a, b]) => format!("{a} * {b}"),
            (Op::Div, [a, b]) => format!("{a} / {b}"),
            (Op::Neg, [a]) => format!("-{a}"),
            (Op::Less, [a, b]) => truth(&format!("{a} < {b}")),
            (Op::LessEqual, [a, b]) => truth(&format!("{a} <= {b}")),
            (Op::Equal, [a, b]) => truth(&format!("{a} == {b}")),
            (Op::And, [a, b]) => truth(&format!("({a} != 0.0) {both} ({b} != 0.0)")),
            (Op::Or, [a, b]) => truth(&format!("({a} != 0.0) {either} ({b} != 0.0)")),
            (Op::Not, [a]) => truth(&format!("{a} == 0.0")),
            (Op::If, [c, _, _]) => {
                let [then, otherwise] = [1, 2].map(|k| self.operand(operands[k], false));
                language.choose(&format!("{c} != 0.0"), &then, &otherwise)
            }
            (_, []) => language.lone(language.number(op.value(&[]))),
            _ => {
                let args: Vec<String> = operands
                    .iter()
                    .map(|&o| {
                        let text = self.operand(o, false);
                        if lone { language.lone(text) } else { text }
                    })
                    .collect();
                // `check` has seen that there is a row.
                let function = functions::row(op).map_or("", |row| language.function(row));
                self.used.functions.insert(function);
                format!("{function}({})", args.join(", "))
            }
        }
    }

    /// An operand, as the operand of an operator when `tight`.
    fn operand(&self, operand: Operand, tight: bool) -> String {
        let number = |x: f64| {
            let text = self.language.number(x);
            if tight && text.starts_with('-') { format!("({text})") } else { text }
        };
        match operand {
            Operand::Value(value) => named(value),
            Operand::Constant(c) => number(self.tape.constant(c)),
            Operand::Time => "t".to_owned(),
            Operand::State(p) => format!("u[{}]", self.subscript(self.tape.place(p))),
            Operand::Parameter(p) => format!("p[{}]", self.subscript(self.tape.place(p))),
            Operand::Index(p) => {
                let place = self.tape.place(p);
                if place.strides.is_empty() {
                    return number(place.offset as f64);
                }
                let text = self.affine(place);
                match self.at_once(place) {
                    Some(_) if tight && text.contains(' ') => format!("({text})"),
                    Some(_) => text,
                    None => self.language.index(&text, tight),
                }
            }
        }
    }

    /// The loop done at once that a place changes in, with its stride.
    fn at_once(&self, place: &Place) -> Option<(&'a Loop, i64)> {
        let open = self.open.iter().find(|o| o.at_once)?;
        let step = stride(place, open.inner.id);
        (step != 0).then_some((open.inner, step))
    }

    fn subscript(&self, place: &Place) -> String {
        let Some((inner, step)) = self.at_once(place) else {
            let text = self.affine(place);
            let constant = place.strides.is_empty();
            return if constant { text } else { self.language.subscript(&text) };
        };
        let at = |index: i64, beyond: i64| {
            let others = place.strides.iter().filter(|(id, _)| *id != inner.id);
            self.affine(&Place {
                offset: place.offset + step * index + beyond,
                strides: others.copied().collect(),
            })
        };
        let slice = |arrays: &dyn Arrays| arrays.slice(&at(inner.from, 0), &at(inner.to, 1), step);
        self.language.arrays().map_or(String::new(), slice)
    }

    /// An integer expression in the indices of open loops.
    fn affine(&self, place: &Place) -> String {
        let mut text = String::new();
        for &(id, factor) in &place.strides {
            let depth = self.open.iter().position(|o| o.inner.id == id).unwrap_or(0);
            let letter = letter(depth);
            text += match (text.is_empty(), factor < 0) {
                (true, true) => "-",
                (true, false) => "",
                (false, true) => " - ",
                (false, false) => " + ",
            };
            text += &match factor.unsigned_abs() {
                1 => letter,
                k => format!("{k} * {letter}"),
            };
        }
        match place.offset {
            0 if !text.is_empty() => {}
            k if text.is_empty() => text = k.to_string(),
            k if k < 0 => text += &format!(" - {}", k.unsigned_abs()),
            k => text += &format!(" + {k}"),
        }
        text
    }
}

fn named(value: Value) -> String {
    format!("v{}", value.0)
}

fn letter(depth: usize) -> String {
    LETTERS.get(depth).map_or_else(|| format!("i{depth}"), |&l| l.to_owned())
}

fn stride(place: &Place, id: LoopId) -> i64 {
    place.strides.iter().find(|(l, _)| *l == id).map_or(0, |&(_, s)| s)
}

/// # Errors
/// The first operation that the language cannot spell.
fn check(steps: &[Step], language: &dyn Language) -> Result<(), Error> {
    steps.iter().try_for_each(|step| match step {
        Step::Loop(inner) => check(&inner.body, language),
        Step::Let(_, Instruction::Call(op, _))
            if !is_operator(*op) && functions::row(*op).is_none() =>
        {
            Err(Error::Operation(op.row().name, language.name()))
        }
        _ => Ok(()),
    })
}

/// Whether the walk itself spells an operation.
fn is_operator(op: Op) -> bool {
    matches!(
        op,
        Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Neg
            | Op::Less
            | Op::LessEqual
            | Op::Equal
            | Op::And
            | Op::Or
            | Op::Not
            | Op::If
            | Op::Pi
            | Op::Undefined
    )
}

/// Values and indices that a result depends on: compilers warn of others.
struct Needed {
    values: Vec<bool>,
    /// Loops whose index stands in a needed operand or place.
    mentioned: Vec<bool>,
    /// Loops whose index is needed as a number.
    indexed: Vec<bool>,
}

impl Needed {
    fn of(tape: &Tape) -> Needed {
        let loops = vec![false; tape.loops as usize];
        let mut needed = Needed {
            values: vec![false; tape.values as usize],
            mentioned: loops.clone(),
            indexed: loops,
        };
        needed.block(tape, &tape.steps);
        needed
    }

    fn value(&self, value: Value) -> bool {
        self.values[value.0 as usize]
    }

    fn mentioned(&self, id: LoopId) -> bool {
        self.mentioned[id.0 as usize]
    }

    fn indexed(&self, id: LoopId) -> bool {
        self.indexed[id.0 as usize]
    }

    /// Backwards: values are used after they are defined.
    fn block(&mut self, tape: &Tape, steps: &[Step]) {
        for step in steps.iter().rev() {
            match step {
                Step::Let(value, instruction) if self.value(*value) => {
                    instruction.operands().iter().for_each(|&o| self.operand(tape, o));
                }
                Step::Let(..) => {}
                Step::Store(place, operand) => {
                    self.place(tape.place(*place));
                    self.operand(tape, *operand);
                }
                Step::Loop(inner) => {
                    for sum in &inner.accumulators {
                        if self.value(sum.total) {
                            self.operand(tape, sum.addend);
                        }
                    }
                    self.block(tape, &inner.body);
                }
            }
        }
    }

    fn operand(&mut self, tape: &Tape, operand: Operand) {
        match operand {
            Operand::Value(value) => self.values[value.0 as usize] = true,
            Operand::State(p) | Operand::Parameter(p) => self.place(tape.place(p)),
            Operand::Index(p) => {
                self.place(tape.place(p));
                for &(id, _) in &tape.place(p).strides {
                    self.indexed[id.0 as usize] = true;
                }
            }
            Operand::Constant(_) | Operand::Time => {}
        }
    }

    fn place(&mut self, place: &Place) {
        for &(id, _) in &place.strides {
            self.mentioned[id.0 as usize] = true;
        }
    }
}
