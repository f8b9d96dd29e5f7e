//! Terms as text with as few brackets as the grammar allows, in the notation that is asked for.

mod latex;
mod notation;
mod plain;
mod unicode;

use std::fmt;

use rustc_hash::FxHashMap;

use super::operators::Operator;
pub use latex::{GREEK, Latex};
pub use notation::{Notation, Piece};
pub use plain::Plain;
pub use unicode::Unicode;

use crate::term::visit::{free_symbols, reachable};
use crate::term::{Affine, Graph, Node, Number, Op, Term};
use crate::text::Limits;
use notation::{ATOM, tightness};

/// A term whose text would be longer than [`Limits::printed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLong {
    /// The limit, in bytes.
    pub limit: usize,
    /// Terms in the graph below it, each counted once.
    pub terms: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the text of this term of {} nodes is longer than the limit `printed` of {} bytes",
            self.terms, self.limit
        )
    }
}

impl std::error::Error for TooLong {}

/// The text of a term in the language of models; it parses back to the term. One that is too long
/// is elided as `… (N nodes)`.
pub fn print(graph: &Graph, term: Term) -> String {
    print_as(&Plain, graph, term)
}

/// The text of a term in a notation, elided as `… (N nodes)` when it is too long.
pub fn print_as(notation: &dyn Notation, graph: &Graph, term: Term) -> String {
    try_print(notation, graph, term, &Limits::default())
        .unwrap_or_else(|e| format!("… ({} nodes)", e.terms))
}

/// The text of a term in a notation.
///
/// # Errors
/// When it is longer than [`Limits::printed`]; shared terms are written at each occurrence.
pub fn try_print(
    notation: &dyn Notation,
    graph: &Graph,
    term: Term,
    limits: &Limits,
) -> Result<String, TooLong> {
    let order = reachable(graph, &[term]);
    let indices = index_names(graph, term);
    let mut printer = Printer { notation, graph, indices, pieces: FxHashMap::default() };
    let mut written = 0;
    for &t in &order {
        let piece = printer.piece(t);
        written += piece.text.len();
        // All parts together: deep chains repeat their parts in each longer piece.
        if written > limits.printed.saturating_mul(8) || piece.text.len() > limits.printed {
            return Err(TooLong { limit: limits.printed, terms: order.len() });
        }
        printer.pieces.insert(t, piece);
    }
    Ok(printer.pieces.remove(&term).map(|p| p.text).unwrap_or_default())
}

struct Printer<'a> {
    notation: &'a dyn Notation,
    graph: &'a Graph,
    indices: Vec<String>,
    pieces: FxHashMap<Term, Piece>,
}

/// A letter for each level of bound indices that no symbol of the term uses.
pub fn index_names(graph: &Graph, term: Term) -> Vec<String> {
    let used: Vec<&str> = free_symbols(graph, &[term]).iter().map(|&s| graph.name(s)).collect();
    let letters = ["i", "j", "k", "l", "m", "n"].map(str::to_owned);
    let letters = letters.into_iter().chain((6..).map(|level| format!("i{level}")));
    letters.filter(|letter| !used.contains(&letter.as_str())).take(32).collect()
}

impl Printer<'_> {
    fn piece(&self, term: Term) -> Piece {
        match self.graph.node(term) {
            Node::Number(n) => self.notation.number(n),
            Node::Symbol(s) => Piece::atom(self.notation.symbol(self.graph.name(*s))),
            Node::Sum { constant, terms } => self.sum(constant, terms),
            Node::Product(factors) => self.product(&Number::ONE, factors),
            Node::Call(op, args) => self.call(*op, args),
            Node::Apply(f, args) => {
                self.notation.apply(&self.graph.function(*f).name, &self.list(args))
            }
            Node::Element(array, indices) => {
                let indices: Vec<String> = indices.iter().map(|a| self.affine(a)).collect();
                Piece::atom(self.notation.element(self.graph.name(*array), &indices))
            }
            Node::Index(affine) => {
                let plain = affine.offset == 0 && affine.terms.len() == 1 && affine.terms[0].1 == 1;
                let tightness = if plain { ATOM } else { tightness(Op::Add) };
                Piece::new(self.affine(affine), tightness)
            }
            Node::Reduce { binder, from, to, body } => {
                let index = &self.indices[usize::from(binder.0)];
                self.notation.reduce(&self.pieces[body], index, *from, *to)
            }
        }
    }

    fn list(&self, args: &[Term]) -> Vec<&str> {
        args.iter().map(|a| self.pieces[a].text.as_str()).collect()
    }

    fn sum(&self, constant: &Number, terms: &[(Number, Term)]) -> Piece {
        if let [(c, t)] = terms
            && constant.is_zero()
        {
            return self.scaled(c, *t);
        }
        // A positive part leads where there is one, so that no minus sign does.
        let mut parts: Vec<(bool, Piece)> =
            terms.iter().map(|(c, t)| (c.is_negative(), self.scaled(&c.abs(), *t))).collect();
        if !constant.is_zero() {
            parts.push((constant.is_negative(), self.notation.number(&constant.abs())));
        }
        if let Some(first) = parts.iter().position(|(negative, _)| !negative) {
            parts[..=first].rotate_right(1);
        }
        let add = tightness(Op::Add);
        let mut text = String::new();
        for (k, (negative, piece)) in parts.iter().enumerate() {
            text.push_str(match (k, negative) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            });
            text.push_str(&self.notation.within(piece, add));
        }
        Piece::new(text, add)
    }

    /// `c * term`.
    fn scaled(&self, c: &Number, term: Term) -> Piece {
        if c.is_negative() {
            let piece = self.scaled(&c.abs(), term);
            // -x*y reads as (-x)*y, which is the same product.
            let text = format!("-{}", self.notation.within(&piece, tightness(Op::Mul) - 1));
            return Piece::new(text, tightness(Op::Neg).min(piece.tightness));
        }
        match self.graph.node(term) {
            Node::Product(factors) => self.product(c, factors),
            _ if c.is_one() => self.pieces[&term].clone(),
            _ => self.product(c, &[(term, Number::ONE)]),
        }
    }

    fn product(&self, coefficient: &Number, factors: &[(Term, Number)]) -> Piece {
        let (mut over, mut under): (Vec<Piece>, Vec<Piece>) = (Vec::new(), Vec::new());
        // A ratio that is no short decimal becomes numerator and denominator of the fraction.
        if let (None, Some((n, d))) = (coefficient.to_decimal(DIGITS), coefficient.small()) {
            if n != 1 {
                over.push(Piece::atom(n.to_string()));
            }
            under.push(Piece::atom(d.to_string()));
        } else if !coefficient.is_one() {
            over.push(self.notation.number(coefficient));
        }
        for (base, e) in factors {
            let list = if e.is_negative() { &mut under } else { &mut over };
            let base = &self.pieces[base];
            let e = e.abs();
            list.push(if e.is_one() {
                base.clone()
            } else if e == Number::HALF {
                self.notation.root(base)
            } else {
                self.notation.power(base, &self.notation.number(&e))
            });
        }
        if let ([_], true) = (over.as_slice(), under.is_empty()) {
            return over.remove(0);
        }
        let text = if under.is_empty() {
            self.notation.factors(&over)
        } else {
            self.notation.fraction(&over, &under)
        };
        Piece::new(text, tightness(Op::Mul))
    }

    fn call(&self, op: Op, args: &[Term]) -> Piece {
        if op == Op::Not
            && let Node::Call(inner, parts) = self.graph.node(args[0])
            && let Some(operator) = Operator::of_negated(*inner)
        {
            return self.infix(operator, parts);
        }
        match (Operator::of(op), args) {
            (Some(_), [a, b]) if op == Op::Pow => {
                self.notation.power(&self.pieces[a], &self.pieces[b])
            }
            (Some(operator), [_, _]) => self.infix(operator, args),
            (Some(operator), [a]) => {
                let level = operator.row().precedence;
                let argument = self.notation.within(&self.pieces[a], level);
                Piece::new(self.notation.prefix(operator, &argument), level)
            }
            _ => {
                let parts: Vec<&Piece> = args.iter().map(|a| &self.pieces[a]).collect();
                self.notation.call(op, &parts)
            }
        }
    }

    fn infix(&self, operator: Operator, args: &[Term]) -> Piece {
        let level = operator.row().precedence;
        // The right side does not group, so it needs brackets at equal tightness.
        let a = self.notation.within(&self.pieces[&args[0]], level - 1);
        let b = self.notation.within(&self.pieces[&args[1]], level);
        Piece::new(self.notation.infix(operator, &a, &b), level)
    }

    fn affine(&self, affine: &Affine) -> String {
        let mut text = String::new();
        for &(binder, factor) in &affine.terms {
            let index = &self.indices[usize::from(binder.0)];
            let sign = match (text.is_empty(), factor < 0) {
                (true, false) => "",
                (_, true) => "-",
                (false, false) => "+",
            };
            let factor = factor.unsigned_abs();
            let times = if factor == 1 { String::new() } else { format!("{factor}*") };
            text.push_str(&format!("{sign}{times}{index}"));
        }
        match affine.offset {
            0 if !text.is_empty() => {}
            k if k < 0 || text.is_empty() => text.push_str(&k.to_string()),
            k => text.push_str(&format!("+{k}")),
        }
        text
    }
}

/// Digits up to which a number is written as a decimal.
const DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::super::{Tree, expression, lower};
    use super::*;
    use crate::text::{Diagnostic, Kind, Source};

    /// Every unknown name is a symbol.
    struct Free;

    impl crate::syntax::Scope for Free {
        fn symbol(&mut self, _: &mut Graph, _: &str) -> Option<Term> {
            None
        }
        fn call(&mut self, _: &mut Graph, _: &str, _: &[Term], _: u8) -> Result<Term, Diagnostic> {
            Err(Diagnostic::without_place(Kind::Name, "unknown function"))
        }
        fn unknown(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
            Some(graph.symbol(name))
        }
    }

    fn read(graph: &mut Graph, text: &str) -> Term {
        let (mut tree, limits) = (Tree::new(), Limits::default());
        let source = Source::new("test", text);
        let root = expression::parse(&source, &mut tree, &limits).expect(text);
        lower::lower(&tree, root, graph, &mut Free, &[], &limits).expect(text)
    }

    #[test]
    fn text_reads_as_people_write_it() {
        for (text, printed) in [
            ("x+2*y", "x + 2*y"),
            ("-x+y", "y - x"),
            ("-k1*A+k3*B*C", "k3*B*C - k1*A"),
            ("x/3", "x/3"),
            ("0.04*x", "0.04*x"),
            ("1/x^2", "1/x^2"),
            ("a*b/(c*d)", "a*b/(c*d)"),
            ("(x+y)^2", "(x + y)^2"),
            ("2^x^y", "2^(x^y)"),
            ("(2^x)^y", "(2^x)^y"),
            ("-x^2", "-x^2"),
            ("sqrt(x)", "sqrt(x)"),
            ("x^(2/3)", "x^(2/3)"),
            ("a-(b-c)", "a - b + c"),
            ("2*(x+y)", "2*(x + y)"),
            ("if(x<1 and not y>=2, 1, 0/0)", "if(x < 1 and not 2 <= y, 1, 0/0)"),
            ("x != y", ""),
        ] {
            if printed.is_empty() {
                continue;
            }
            let mut g = Graph::new();
            let t = read(&mut g, text);
            let shown = print(&g, t);
            assert_eq!(shown, printed, "{text}");
            assert_eq!(read(&mut g, &shown), t, "{text} printed as {shown}");
        }
    }

    #[test]
    fn a_text_that_explodes_is_refused() {
        let mut g = Graph::new();
        let mut t = g.symbol("x");
        for _ in 0..100 {
            let s = g.call(Op::Sin, &[t]);
            let c = g.call(Op::Cos, &[t]);
            t = g.mul(s, c);
        }
        assert!(try_print(&Plain, &g, t, &Limits::default()).is_err());
    }
}
