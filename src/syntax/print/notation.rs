//! What a notation decides; the order of terms and the need for brackets are the same in all.

use crate::syntax::operators::Operator;
use crate::term::{Number, Op};

/// Text and how tight its outermost operator binds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// The precedence of its outermost operator.
    pub tightness: u8,
    /// Where an exponent may stand inside of it, as in `sin²(x)`.
    pub exponent_at: Option<usize>,
}

/// Tighter than every operator: names, calls, brackets.
pub const ATOM: u8 = u8::MAX;

/// The precedence of an operation's operator; calls bind like names.
pub fn tightness(op: Op) -> u8 {
    Operator::of(op).map_or(ATOM, |o| o.row().precedence)
}

impl Piece {
    /// Text with an operator of this precedence outermost.
    pub fn new(text: String, tightness: u8) -> Piece {
        Piece { text, tightness, exponent_at: None }
    }

    /// Text that never needs brackets.
    pub fn atom(text: String) -> Piece {
        Piece::new(text, ATOM)
    }
}

/// How terms are written.
pub trait Notation {
    /// A name.
    fn symbol(&self, name: &str) -> String;

    /// An exact number.
    fn number(&self, n: &Number) -> Piece;

    /// A text in brackets.
    fn brackets(&self, text: &str) -> String;

    /// A part, in brackets unless it binds tighter than `least`.
    fn within(&self, piece: &Piece, least: u8) -> String {
        if piece.tightness > least { piece.text.clone() } else { self.brackets(&piece.text) }
    }

    /// Factors side by side.
    fn factors(&self, factors: &[Piece]) -> String;

    /// A fraction; an empty numerator is 1.
    fn fraction(&self, over: &[Piece], under: &[Piece]) -> String;

    /// A power.
    fn power(&self, base: &Piece, exponent: &Piece) -> Piece;

    /// A square root.
    fn root(&self, argument: &Piece) -> Piece;

    /// An operator before its operand.
    fn prefix(&self, operator: Operator, argument: &str) -> String;

    /// An operator between its operands; not a power.
    fn infix(&self, operator: Operator, left: &str, right: &str) -> String;

    /// A function of the table, or a constant.
    fn call(&self, op: Op, args: &[&Piece]) -> Piece;

    /// A registered function.
    fn apply(&self, name: &str, args: &[&str]) -> Piece;

    /// An element of an array.
    fn element(&self, array: &str, indices: &[String]) -> String;

    /// A sum over an index.
    fn reduce(&self, body: &Piece, index: &str, from: i64, to: i64) -> Piece;
}
