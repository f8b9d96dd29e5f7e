//! Unicode mathematics on one line, for people at a terminal.

use std::borrow::Cow;

use super::latex::{GREEK, parts};
use super::notation::{ATOM, Notation, Piece, tightness};
use super::page::{Page, Text, text};
use super::plain::{Plain, joined, slashed};
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

/// Exponents of more bytes are not looked at for digits.
const EXPONENT: usize = 40;

impl Notation for Unicode {
    fn symbol<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let letter = |word: &str| match GREEK.iter().find(|(n, _)| *n == word) {
            Some((_, c)) => c.to_string(),
            None => word.to_owned(),
        };
        let written = match parts(name).as_slice() {
            [one] => Some(letter(one)),
            [first, number] => {
                digits(number, SUBSCRIPTS).map(|low| format!("{}{low}", letter(first)))
            }
            _ => None,
        };
        written.map_or(Cow::Borrowed(name), Cow::Owned)
    }

    fn element(&self, array: &str, indices: &[String]) -> String {
        let low: Option<Vec<String>> = indices.iter().map(|i| digits(i, SUBSCRIPTS)).collect();
        match low.as_deref() {
            Some([one]) => format!("{}{one}", self.symbol(array)),
            _ => format!("{}[{}]", self.symbol(array), indices.join(", ")),
        }
    }

    fn number(&self, page: &mut Page, n: &Number) -> Piece {
        Plain.number(page, n)
    }

    fn brackets(&self, page: &mut Page, text: Text) -> Text {
        Plain.brackets(page, text)
    }

    fn factors(&self, page: &mut Page, factors: &[Piece]) -> Text {
        joined(self, page, factors, "·")
    }

    fn fraction(&self, page: &mut Page, over: &[Piece], under: &[Piece]) -> Text {
        slashed(self, page, over, under)
    }

    fn power(&self, page: &mut Page, base: Piece, exponent: Piece) -> Piece {
        let level = tightness(Op::Pow);
        let short = exponent.text.bytes() <= EXPONENT;
        let high = short.then(|| digits(&page.read(exponent.text), SUPERSCRIPTS)).flatten();
        let Some(high) = high else {
            let (base, exponent) =
                (self.within(page, base, level), self.within(page, exponent, level));
            return Piece::new(text!(page, base, "^", exponent), level);
        };
        let high = page.word(&high);
        let text = match base.call {
            Some((name, rest)) => text!(page, name, high, rest),
            None => {
                let base = self.within(page, base, level);
                text!(page, base, high)
            }
        };
        Piece::new(text, level)
    }

    fn root(&self, page: &mut Page, argument: Piece) -> Piece {
        Piece::atom(match (argument.tightness, argument.call) {
            (ATOM, None) => text!(page, "√", argument.text),
            _ => text!(page, "√(", argument.text, ")"),
        })
    }

    fn prefix(&self, page: &mut Page, operator: Operator, argument: Text) -> Text {
        match operator.row().op {
            Op::Not => text!(page, "¬(", argument, ")"),
            _ => Plain.prefix(page, operator, argument),
        }
    }

    fn infix(&self, page: &mut Page, operator: Operator, left: Text, right: Text) -> Text {
        let row = operator.row();
        let symbol = match (row.op, row.negated) {
            (Op::LessEqual, _) => " ≤ ",
            (Op::Equal, true) => " ≠ ",
            (Op::Equal, false) => " = ",
            (Op::And, _) => " ∧ ",
            (Op::Or, _) => " ∨ ",
            _ => return Plain.infix(page, operator, left, right),
        };
        text!(page, left, symbol, right)
    }

    fn call(&self, page: &mut Page, op: Op, args: &[Piece]) -> Piece {
        match (op, args) {
            (Op::Pi, _) => Piece::atom(text!(page, "π")),
            (Op::Sqrt, [a]) => self.root(page, *a),
            (Op::Abs, [a]) => Piece::atom(text!(page, "|", a.text, "|")),
            (Op::Floor, [a]) => Piece::atom(text!(page, "⌊", a.text, "⌋")),
            (Op::Ceil, [a]) => Piece::atom(text!(page, "⌈", a.text, "⌉")),
            (_, [a]) => {
                let (name, rest) = (text!(page, op.row().name), text!(page, "(", a.text, ")"));
                Piece { call: Some((name, rest)), ..Piece::atom(text!(page, name, rest)) }
            }
            _ => Plain.call(page, op, args),
        }
    }

    fn apply(&self, page: &mut Page, name: &str, args: &[Text]) -> Piece {
        Plain.apply(page, name, args)
    }

    fn reduce(&self, page: &mut Page, body: Piece, index: &str, from: i64, to: i64) -> Piece {
        let body = self.within(page, body, tightness(Op::Add));
        let sum = page.word(&format!("Σ({index}={from}..{to}) "));
        Piece::new(text!(page, sum, body), tightness(Op::Add) + 1)
    }
}
