//! The language of models: what is printed can be read again.

use std::borrow::Cow;

use super::DIGITS;
use super::notation::{Notation, Piece, tightness};
use super::page::{Page, Text, text};
use crate::syntax::operators::Operator;
use crate::term::{Number, Op};

/// The notation of the grammar.
pub struct Plain;

impl Notation for Plain {
    fn symbol<'n>(&self, name: &'n str) -> Cow<'n, str> {
        Cow::Borrowed(name)
    }

    fn element(&self, array: &str, indices: &[String]) -> String {
        format!("{array}[{}]", indices.join(", "))
    }

    fn number(&self, page: &mut Page, n: &Number) -> Piece {
        match n.to_decimal(DIGITS) {
            Some(text) if n.is_negative() => Piece::new(page.word(&text), tightness(Op::Neg)),
            Some(text) => Piece::atom(page.word(&text)),
            None => Piece::new(page.word(&n.to_string()), tightness(Op::Div)),
        }
    }

    fn brackets(&self, page: &mut Page, text: Text) -> Text {
        text!(page, "(", text, ")")
    }

    fn factors(&self, page: &mut Page, factors: &[Piece]) -> Text {
        joined(self, page, factors, "*")
    }

    fn fraction(&self, page: &mut Page, over: &[Piece], under: &[Piece]) -> Text {
        slashed(self, page, over, under)
    }

    fn power(&self, page: &mut Page, base: Piece, exponent: Piece) -> Piece {
        let level = tightness(Op::Pow);
        let (base, exponent) = (self.within(page, base, level), self.within(page, exponent, level));
        Piece::new(text!(page, base, "^", exponent), level)
    }

    fn root(&self, page: &mut Page, argument: Piece) -> Piece {
        Piece::atom(text!(page, "sqrt(", argument.text, ")"))
    }

    fn prefix(&self, page: &mut Page, operator: Operator, argument: Text) -> Text {
        let row = operator.row();
        text!(page, row.symbol, if row.is_word() { " " } else { "" }, argument)
    }

    fn infix(&self, page: &mut Page, operator: Operator, left: Text, right: Text) -> Text {
        let row = operator.row();
        let gap = if row.precedence >= tightness(Op::Mul) { "" } else { " " };
        text!(page, left, gap, row.symbol, gap, right)
    }

    fn call(&self, page: &mut Page, op: Op, args: &[Piece]) -> Piece {
        let name = op.row().name;
        match (op, args) {
            (Op::Undefined, _) => Piece::new(text!(page, "0/0"), tightness(Op::Div)),
            (_, []) => Piece::atom(text!(page, name)),
            (_, [a]) => Piece::atom(text!(page, name, "(", a.text, ")")),
            _ => {
                let args: Vec<Text> = args.iter().map(|a| a.text).collect();
                let args = page.list(&args, ", ");
                Piece::atom(text!(page, name, "(", args, ")"))
            }
        }
    }

    fn apply(&self, page: &mut Page, name: &str, args: &[Text]) -> Piece {
        let (name, args) = (page.word(name), page.list(args, ", "));
        Piece::atom(text!(page, name, "(", args, ")"))
    }

    fn reduce(&self, page: &mut Page, body: Piece, index: &str, from: i64, to: i64) -> Piece {
        let range = page.word(&format!(" for {index} in {from}..{to})"));
        Piece::atom(text!(page, "sum(", body.text, range))
    }
}

/// Factors with a sign between them.
pub(super) fn joined(
    notation: &dyn Notation,
    page: &mut Page,
    factors: &[Piece],
    sign: &'static str,
) -> Text {
    let level = tightness(Op::Mul);
    let texts: Vec<Text> = factors.iter().map(|&f| notation.within(page, f, level)).collect();
    page.list(&texts, sign)
}

/// A fraction on one line.
pub(super) fn slashed(
    notation: &dyn Notation,
    page: &mut Page,
    over: &[Piece],
    under: &[Piece],
) -> Text {
    let over = if over.is_empty() { text!(page, "1") } else { notation.factors(page, over) };
    let under = match under {
        [one] => notation.within(page, *one, tightness(Op::Mul)),
        _ => {
            let factors = notation.factors(page, under);
            notation.brackets(page, factors)
        }
    };
    text!(page, over, "/", under)
}
