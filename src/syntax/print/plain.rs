//! The language of models: what is printed can be read again.

use super::DIGITS;
use super::notation::{Notation, Piece, tightness};
use crate::syntax::operators::Operator;
use crate::term::{Number, Op};

/// The notation of the grammar.
pub struct Plain;

impl Notation for Plain {
    fn symbol(&self, name: &str) -> String {
        name.to_owned()
    }

    fn number(&self, n: &Number) -> Piece {
        match n.to_decimal(DIGITS) {
            Some(text) if n.is_negative() => Piece::new(text, tightness(Op::Neg)),
            Some(text) => Piece::atom(text),
            None => Piece::new(n.to_string(), tightness(Op::Div)),
        }
    }

    fn brackets(&self, text: &str) -> String {
        format!("({text})")
    }

    fn factors(&self, factors: &[Piece]) -> String {
        let level = tightness(Op::Mul);
        factors.iter().map(|f| self.within(f, level)).collect::<Vec<_>>().join("*")
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
        let text = format!("{}^{}", self.within(base, level), self.within(exponent, level));
        Piece::new(text, level)
    }

    fn root(&self, argument: &Piece) -> Piece {
        Piece::atom(format!("sqrt({})", argument.text))
    }

    fn prefix(&self, operator: Operator, argument: &str) -> String {
        let row = operator.row();
        format!("{}{}{argument}", row.symbol, if row.is_word() { " " } else { "" })
    }

    fn infix(&self, operator: Operator, left: &str, right: &str) -> String {
        let symbol = operator.row().symbol;
        if operator.row().precedence >= tightness(Op::Mul) {
            format!("{left}{symbol}{right}")
        } else {
            format!("{left} {symbol} {right}")
        }
    }

    fn call(&self, op: Op, args: &[&Piece]) -> Piece {
        match op {
            Op::Undefined => Piece::new("0/0".to_owned(), tightness(Op::Div)),
            _ if args.is_empty() => Piece::atom(op.row().name.to_owned()),
            _ => {
                let args: Vec<&str> = args.iter().map(|a| a.text.as_str()).collect();
                self.apply(op.row().name, &args)
            }
        }
    }

    fn apply(&self, name: &str, args: &[&str]) -> Piece {
        Piece::atom(format!("{name}({})", args.join(", ")))
    }

    fn element(&self, array: &str, indices: &[String]) -> String {
        format!("{array}[{}]", indices.join(", "))
    }

    fn reduce(&self, body: &Piece, index: &str, from: i64, to: i64) -> Piece {
        Piece::atom(format!("sum({} for {index} in {from}..{to})", body.text))
    }
}
