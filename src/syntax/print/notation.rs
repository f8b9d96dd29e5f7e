//! What a notation decides; the order of terms and the need for brackets are the same in all.

use std::borrow::Cow;

use super::page::{Page, Text};
use crate::syntax::operators::Operator;
use crate::term::{Number, Op};

/// Text and how tight its outermost operator binds.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// The text.
    pub text: Text,
    /// The precedence of its outermost operator.
    pub tightness: u8,
    /// For a call its name and the rest, between which an exponent may stand as in `sin²(x)`.
    pub call: Option<(Text, Text)>,
}

/// Tighter than every operator: names, calls, brackets.
pub const ATOM: u8 = u8::MAX;

/// The precedence of an operation's operator; calls bind like names.
pub fn tightness(op: Op) -> u8 {
    Operator::of(op).map_or(ATOM, |o| o.row().precedence)
}

impl Piece {
    /// Text with an operator of this precedence outermost.
    pub fn new(text: Text, tightness: u8) -> Piece {
        Piece { text, tightness, call: None }
    }

    /// Text that never needs brackets.
    pub fn atom(text: Text) -> Piece {
        Piece::new(text, ATOM)
    }
}

/// How terms are written.
pub trait Notation {
    /// A name.
    fn symbol<'n>(&self, name: &'n str) -> Cow<'n, str>;

    /// An element of an array.
    fn element(&self, array: &str, indices: &[String]) -> String;

    /// An exact number.
    fn number(&self, page: &mut Page, n: &Number) -> Piece;

    /// A text in brackets.
    fn brackets(&self, page: &mut Page, text: Text) -> Text;

    /// A part, in brackets unless it binds tighter than `least`.
    fn within(&self, page: &mut Page, piece: Piece, least: u8) -> Text {
        if piece.tightness > least { piece.text } else { self.brackets(page, piece.text) }
    }

    /// Factors side by side.
    fn factors(&self, page: &mut Page, factors: &[Piece]) -> Text;

    /// A fraction; an empty numerator is 1.
    fn fraction(&self, page: &mut Page, over: &[Piece], under: &[Piece]) -> Text;

    /// A power.
    fn power(&self, page: &mut Page, base: Piece, exponent: Piece) -> Piece;

    /// A square root.
    fn root(&self, page: &mut Page, argument: Piece) -> Piece;

    /// An operator before its operand.
    fn prefix(&self, page: &mut Page, operator: Operator, argument: Text) -> Text;

    /// An operator between its operands; not a power.
    fn infix(&self, page: &mut Page, operator: Operator, left: Text, right: Text) -> Text;

    /// A function of the table, or a constant.
    fn call(&self, page: &mut Page, op: Op, args: &[Piece]) -> Piece;

    /// A registered function.
    fn apply(&self, page: &mut Page, name: &str, args: &[Text]) -> Piece;

    /// A sum over an index.
    fn reduce(&self, page: &mut Page, body: Piece, index: &str, from: i64, to: i64) -> Piece;
}
