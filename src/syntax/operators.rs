//! The operators of `grammar/operators.txt`, as a table for parser and printer.

use std::sync::LazyLock;

use crate::term::Op;

/// Where an operator stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fixity {
    /// Before its operand.
    Prefix,
    /// Between its operands.
    Infix,
}

/// Which way equal precedence groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Associativity {
    /// `(a ∘ b) ∘ c`.
    Left,
    /// `a ∘ (b ∘ c)`.
    Right,
}

/// One row of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperatorRow {
    /// The symbol or word.
    pub symbol: &'static str,
    /// Where it stands.
    pub fixity: Fixity,
    /// Higher binds tighter; at least 1.
    pub precedence: u8,
    /// How equal precedence groups.
    pub associativity: Associativity,
    /// The operation it stands for.
    pub op: Op,
    /// Whether the operands change places.
    pub swapped: bool,
    /// Whether the result is wrapped in `not`.
    pub negated: bool,
}

/// An operator: its position in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Operator(u8);

static TABLE: LazyLock<Vec<OperatorRow>> =
    LazyLock::new(|| read(include_str!("../../grammar/operators.txt")));

impl Operator {
    /// The row of this operator.
    pub fn row(self) -> &'static OperatorRow {
        &TABLE[self.0 as usize]
    }

    /// All operators, in the order of the table.
    pub fn all() -> impl Iterator<Item = Operator> {
        (0..TABLE.len()).map(|i| Operator(i as u8))
    }

    /// The operator that writes an operation as it is, neither swapped nor negated.
    pub fn of(op: Op) -> Option<Operator> {
        Self::all().find(|o| o.row().op == op && !o.row().swapped && !o.row().negated)
    }

    /// The operator that writes `not` of an operation, as `!=` does.
    pub fn of_negated(op: Op) -> Option<Operator> {
        Self::all().find(|o| o.row().op == op && !o.row().swapped && o.row().negated)
    }

    /// The operator of this fixity that a text begins with, and the length of its symbol.
    ///
    /// Symbols are taken as long as possible; a word is not taken out of a longer name.
    pub fn at_start(text: &str, fixity: Fixity) -> Option<(Operator, usize)> {
        Self::all()
            .filter(|o| o.row().fixity == fixity && text.starts_with(o.row().symbol))
            .map(|o| (o, o.row().symbol.len()))
            .filter(|&(o, len)| {
                !o.row().is_word() || !text[len..].starts_with(super::lexeme::continues_name)
            })
            .max_by_key(|&(_, len)| len)
    }
}

impl OperatorRow {
    /// Whether the symbol is a word such as `and`, which is then no name.
    pub fn is_word(&self) -> bool {
        self.symbol.starts_with(|c: char| c.is_ascii_alphabetic())
    }
}

/// Reads the table; a malformed row is a defect of this package, found by its tests.
fn read(text: &'static str) -> Vec<OperatorRow> {
    let lines = text.lines().filter(|l| !l.starts_with('#'));
    let rows = lines.filter(|l| !l.trim().is_empty()).map(|line| {
        row(line).unwrap_or_else(|| panic!("grammar/operators.txt: cannot read `{line}`"))
    });
    rows.collect()
}

fn row(line: &'static str) -> Option<OperatorRow> {
    let mut words = line.split_whitespace();
    let mut row = OperatorRow {
        symbol: words.next()?,
        fixity: match words.next()? {
            "prefix" => Fixity::Prefix,
            "infix" => Fixity::Infix,
            _ => return None,
        },
        precedence: words.next()?.parse().ok().filter(|&p| p > 0)?,
        associativity: match words.next()? {
            "left" => Associativity::Left,
            "right" => Associativity::Right,
            _ => return None,
        },
        op: Op::named(words.next()?)?,
        swapped: false,
        negated: false,
    };
    for word in words {
        match word {
            "swapped" => row.swapped = true,
            "negated" => row.negated = true,
            _ => return None,
        }
    }
    let arity = if row.fixity == Fixity::Prefix { 1 } else { 2 };
    (row.op.arity() == arity).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads() {
        assert!(Operator::all().count() >= 15);
        let (power, _) = Operator::at_start("^2", Fixity::Infix).unwrap();
        assert_eq!(power.row().op, Op::Pow);
        assert_eq!(power.row().associativity, Associativity::Right);
        let (at_most, len) = Operator::at_start("<=x", Fixity::Infix).unwrap();
        assert_eq!((at_most.row().op, len), (Op::LessEqual, 2));
        assert!(Operator::at_start("order", Fixity::Infix).is_none());
        assert!(Operator::at_start("or der", Fixity::Infix).is_some());
    }

    #[test]
    fn rows_of_one_precedence_group_the_same_way() {
        for a in Operator::all() {
            for b in Operator::all() {
                let (a, b) = (a.row(), b.row());
                assert!(a.precedence != b.precedence || a.associativity == b.associativity);
            }
        }
    }
}
