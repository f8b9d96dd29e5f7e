//! Unicode mathematics on one line, for people at a terminal.

use super::latex::{GREEK, parts};
use super::notation::{Notation, Piece, tightness};
use super::plain::Plain;
use crate::syntax::operators::Operator;
use crate::term::{Number, Op};

/// The notation of mathematics on one line of text.
pub struct Unicode;

const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
const SUBSCRIPTS: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];

/// Digits raised or lowered; `None` when something else than digits stands there.
fn digits(text: &str, letters: [char; 10]) -> Option<String> {
    text.chars().map(|c| c.to_digit(10).map(|d| letters[d as usize])).collect()
}

impl Notation for Unicode {
    fn symbol(&self, name: &str) -> String {
        let letter = |word: &str| match GREEK.iter().find(|(n, _)| *n == word) {
            Some((_, c)) => c.to_string(),
            None => word.to_owned(),
        };
        match parts(name).as_slice() {
            [one] => letter(one),
            [first, number] => match digits(number, SUBSCRIPTS) {
                Some(low) => format!("{}{low}", letter(first)),
                None => name.to_owned(),
            },
            _ => name.to_owned(),
        }
    }

    fn number(&self, n: &Number) -> Piece {
        Plain.number(n)
    }

    fn brackets(&self, text: &str) -> String {
        Plain.brackets(text)
    }

    fn factors(&self, factors: &[Piece]) -> String {
        let level = tightness(Op::Mul);
        factors.iter().map(|f| self.within(f, level)).collect::<Vec<_>>().join("·")
    }

    fn fraction(&self, over: &[Piece], under: &[Piece]) -> String {
        let over = if over.is_empty() { "1".to_owned() } else { self.factors(over) };
        match under {
            [one] => format!("{over}/{}", self.within(one, tightness(Op::Mul))),
            _ => format!("{over}/({})", self.factors(under)),
        }
    }

    fn power(&self, base: &Piece, exponent: &Piece) -> Piece {
        let level = tightness(Op::Pow);
        let Some(high) = digits(&exponent.text, SUPERSCRIPTS) else {
            let exponent = self.within(exponent, level);
            return Piece::new(format!("{}^{exponent}", self.within(base, level)), level);
        };
        let text = match base.exponent_at {
            Some(at) => format!("{}{high}{}", &base.text[..at], &base.text[at..]),
            None => format!("{}{high}", self.within(base, level)),
        };
        Piece::new(text, level)
    }

    fn root(&self, argument: &Piece) -> Piece {
        Piece::atom(match argument.tightness {
            super::notation::ATOM if argument.exponent_at.is_none() => {
                format!("√{}", argument.text)
            }
            _ => format!("√({})", argument.text),
        })
    }

    fn prefix(&self, operator: Operator, argument: &str) -> String {
        match operator.row().op {
            Op::Not => format!("¬({argument})"),
            _ => Plain.prefix(operator, argument),
        }
    }

    fn infix(&self, operator: Operator, left: &str, right: &str) -> String {
        let row = operator.row();
        let symbol = match (row.op, row.negated) {
            (Op::LessEqual, _) => "≤",
            (Op::Equal, true) => "≠",
            (Op::Equal, false) => "=",
            (Op::And, _) => "∧",
            (Op::Or, _) => "∨",
            _ => return Plain.infix(operator, left, right),
        };
        format!("{left} {symbol} {right}")
    }

    fn call(&self, op: Op, args: &[&Piece]) -> Piece {
        match (op, args) {
            (Op::Pi, _) => Piece::atom("π".to_owned()),
            (Op::Sqrt, [a]) => self.root(a),
            (Op::Abs, [a]) => Piece::atom(format!("|{}|", a.text)),
            (Op::Floor, [a]) => Piece::atom(format!("⌊{}⌋", a.text)),
            (Op::Ceil, [a]) => Piece::atom(format!("⌈{}⌉", a.text)),
            (_, [_]) => {
                let piece = Plain.call(op, args);
                Piece { exponent_at: Some(op.row().name.len()), ..piece }
            }
            _ => Plain.call(op, args),
        }
    }

    fn apply(&self, name: &str, args: &[&str]) -> Piece {
        Plain.apply(name, args)
    }

    fn element(&self, array: &str, indices: &[String]) -> String {
        let low: Option<Vec<String>> = indices.iter().map(|i| digits(i, SUBSCRIPTS)).collect();
        match low.as_deref() {
            Some([one]) => format!("{}{one}", self.symbol(array)),
            _ => format!("{}[{}]", self.symbol(array), indices.join(", ")),
        }
    }

    fn reduce(&self, body: &Piece, index: &str, from: i64, to: i64) -> Piece {
        let body = self.within(body, tightness(Op::Add));
        Piece::new(format!("Σ({index}={from}..{to}) {body}"), tightness(Op::Add) + 1)
    }
}
