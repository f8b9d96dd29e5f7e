//! The operators of `grammar/operators.txt`, as a table for parser and printer.

use std::sync::LazyLock;

use crate::term::{self, Op};

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

/// The rows, and where they are found quickly.
struct Table {
    rows: Vec<OperatorRow>,
    /// By operation: the operator that writes it, and the one that writes its negation.
    of: Vec<(Option<Operator>, Option<Operator>)>,
    /// By the first byte of the symbol, the longest symbol first.
    starting: Vec<Vec<Operator>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows = read(include_str!("../../grammar/operators.txt"));
    let all = || rows.iter().zip(0..).map(|(row, k)| (row, Operator(k)));
    let mut of = vec![(None, None); term::op::TABLE.len()];
    let mut starting = vec![Vec::new(); 256];
    for (row, operator) in all() {
        let place = &mut of[row.op as usize];
        match (row.swapped, row.negated) {
            (false, false) => _ = place.0.get_or_insert(operator),
            (false, true) => _ = place.1.get_or_insert(operator),
            _ => {}
        }
        starting[usize::from(row.symbol.as_bytes()[0])].push(operator);
    }
    for list in &mut starting {
        list.sort_by_key(|o: &Operator| std::cmp::Reverse(rows[o.0 as usize].symbol.len()));
    }
    Table { rows, of, starting }
});

impl Operator {
    /// The row of this operator.
    pub fn row(self) -> &'static OperatorRow {
        &TABLE.rows[self.0 as usize]
    }

    /// All operators, in the order of the table.
    pub fn all() -> impl Iterator<Item = Operator> {
        (0..TABLE.rows.len()).map(|i| Operator(i as u8))
    }

    /// The operator that writes an operation as it is, neither swapped nor negated.
    pub fn of(op: Op) -> Option<Operator> {
        TABLE.of[op as usize].0
    }

    /// The operator that writes `not` of an operation, as `!=` does.
    pub fn of_negated(op: Op) -> Option<Operator> {
        TABLE.of[op as usize].1
    }

    /// The operator of this fixity that a text begins with, and the length of its symbol.
    ///
    /// Symbols are taken as long as possible; a word is not taken out of a longer name.
    pub fn at_start(text: &str, fixity: Fixity) -> Option<(Operator, usize)> {
        let table = &*TABLE;
        let candidates = &table.starting[usize::from(*text.as_bytes().first()?)];
        let found = candidates.iter().find(|o| {
            let row = &table.rows[o.0 as usize];
            let ends = |rest: &str| !rest.starts_with(super::lexeme::continues_name);
            row.fixity == fixity
                && text.strip_prefix(row.symbol).is_some_and(|rest| !row.is_word() || ends(rest))
        });
        found.map(|o| (*o, table.rows[o.0 as usize].symbol.len()))
    }

    /// Whether a word is an operator.
    pub fn is_word(word: &str) -> bool {
        let Some(first) = word.as_bytes().first() else { return false };
        TABLE.starting[usize::from(*first)].iter().any(|o| o.row().symbol == word)
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
