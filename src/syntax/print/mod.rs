//! Terms as text with as few brackets as the grammar allows, in the notation that is asked for.

mod latex;
mod notation;
mod page;
mod plain;
mod unicode;

use std::fmt;

use super::operators::Operator;
pub use latex::{GREEK, Latex};
pub use notation::{Notation, Piece};
pub use page::{Page, Text};
pub use plain::Plain;
pub use unicode::Unicode;

use crate::term::visit::{free_symbols, reachable};
use crate::term::{Affine, ByTerm, Graph, Node, Number, Op, Term};
use crate::text::Limits;
use notation::{ATOM, tightness};
use page::{Part, text};

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
    let indexed = |t: &Term| match graph.node(*t) {
        Node::Reduce { .. } => true,
        _ => graph.free_binders(*t) != 0,
    };
    let indices = match order.iter().any(indexed) {
        true => index_names(graph, term),
        false => Vec::new(),
    };
    let pieces = ByTerm::of(&order);
    let mut printer = Printer { notation, graph, indices, page: Page::default(), pieces };
    for &t in &order {
        let piece = printer.piece(t);
        printer.pieces.insert(t, piece);
    }
    let text = printer.pieces[term].text;
    if text.bytes() > limits.printed {
        return Err(TooLong { limit: limits.printed, terms: order.len() });
    }
    Ok(printer.page.read(text))
}

struct Printer<'a> {
    notation: &'a dyn Notation,
    graph: &'a Graph,
    indices: Vec<String>,
    page: Page,
    pieces: ByTerm<Piece>,
}

/// A letter for each level of bound indices that no symbol of the term uses.
pub fn index_names(graph: &Graph, term: Term) -> Vec<String> {
    let used: Vec<&str> = free_symbols(graph, &[term]).iter().map(|&s| graph.name(s)).collect();
    let letters = ["i", "j", "k", "l", "m", "n"].map(str::to_owned);
    let letters = letters.into_iter().chain((6..).map(|level| format!("i{level}")));
    letters.filter(|letter| !used.contains(&letter.as_str())).take(32).collect()
}

impl Printer<'_> {
    fn piece(&mut self, term: Term) -> Piece {
        let graph = self.graph;
        match graph.node(term) {
            Node::Number(n) => self.notation.number(&mut self.page, n),
            Node::Symbol(s) => Piece::atom(self.page.word(&self.notation.symbol(graph.name(*s)))),
            Node::Sum { constant, terms } => self.sum(constant, terms),
            Node::Product(factors) => self.product(&Number::ONE, factors),
            Node::Call(op, args) => self.call(*op, args),
            Node::Apply(f, args) => {
                let args: Vec<Text> = args.iter().map(|a| self.pieces[*a].text).collect();
                self.notation.apply(&mut self.page, &graph.function(*f).name, &args)
            }
            Node::Element(array, indices) => {
                let indices: Vec<String> = indices.iter().map(|a| self.affine(a)).collect();
                let element = self.notation.element(graph.name(*array), &indices);
                Piece::atom(self.page.word(&element))
            }
            Node::Index(affine) => {
                let plain = affine.offset == 0 && affine.terms.len() == 1 && affine.terms[0].1 == 1;
                let tightness = if plain { ATOM } else { tightness(Op::Add) };
                Piece::new(self.page.word(&self.affine(affine)), tightness)
            }
            Node::Reduce { binder, from, to, body } => {
                let index = &self.indices[usize::from(binder.0)];
                self.notation.reduce(&mut self.page, self.pieces[*body], index, *from, *to)
            }
        }
    }

    fn within(&mut self, piece: Piece, least: u8) -> Text {
        self.notation.within(&mut self.page, piece, least)
    }

    fn sum(&mut self, constant: &Number, terms: &[(Number, Term)]) -> Piece {
        if let [(c, t)] = terms
            && constant.is_zero()
        {
            return match self.graph.turned_part(*t).filter(|_| c.is_negative()) {
                Some(part) => self.turned(c, *t, part),
                None => self.scaled(c, *t),
            };
        }
        // A positive part leads where there is one, so that no minus sign does.
        let mut parts: Vec<(bool, Piece)> = Vec::with_capacity(terms.len() + 1);
        for (c, t) in terms {
            parts.push((c.is_negative(), self.scaled(&c.abs(), *t)));
        }
        if !constant.is_zero() {
            let piece = self.notation.number(&mut self.page, &constant.abs());
            parts.push((constant.is_negative(), piece));
        }
        if let Some(first) = parts.iter().position(|(negative, _)| !negative) {
            parts[..=first].rotate_right(1);
        }
        let add = tightness(Op::Add);
        let mut texts = Vec::with_capacity(2 * parts.len());
        for (k, &(negative, piece)) in parts.iter().enumerate() {
            texts.push(Part::Fixed(match (k, negative) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            }));
            texts.push(Part::Text(self.within(piece, add)));
        }
        Piece::new(self.page.join(texts), add)
    }

    /// `c * term`, with the minus sign of `c` inside of an odd function that is a part of it.
    fn turned(&mut self, c: &Number, term: Term, part: Term) -> Piece {
        let graph = self.graph;
        let before = self.pieces[part];
        if let Node::Call(op, args) = graph.node(part)
            && let Node::Sum { constant, terms } = graph.node(args[0])
        {
            let opposite: Vec<(Number, Term)> = terms.iter().map(|(c, t)| (-c, *t)).collect();
            let argument = self.sum(&-constant, &opposite);
            let piece = self.notation.call(&mut self.page, *op, &[argument]);
            self.pieces.insert(part, piece);
        }
        let piece = self.scaled(&c.abs(), term);
        self.pieces.insert(part, before);
        piece
    }

    /// `c * term`.
    fn scaled(&mut self, c: &Number, term: Term) -> Piece {
        if c.is_negative() {
            let piece = self.scaled(&c.abs(), term);
            // -x*y reads as (-x)*y, which is the same product.
            let inner = self.within(piece, tightness(Op::Mul) - 1);
            let text = text!(self.page, "-", inner);
            return Piece::new(text, tightness(Op::Neg).min(piece.tightness));
        }
        match self.graph.node(term) {
            Node::Product(factors) => self.product(c, factors),
            _ if c.is_one() => self.pieces[term],
            _ => self.product(c, &[(term, Number::ONE)]),
        }
    }

    fn product(&mut self, coefficient: &Number, factors: &[(Term, Number)]) -> Piece {
        let (notation, page) = (self.notation, &mut self.page);
        let (mut over, mut under): (Vec<Piece>, Vec<Piece>) = (Vec::new(), Vec::new());
        // A ratio that is no short decimal becomes numerator and denominator of the fraction.
        if let Some((n, d)) = coefficient.small().filter(|_| !coefficient.is_one()) {
            if d == 1 || coefficient.to_decimal(DIGITS).is_some() {
                over.push(notation.number(page, coefficient));
            } else {
                if n != 1 {
                    over.push(Piece::atom(page.word(&n.to_string())));
                }
                under.push(Piece::atom(page.word(&d.to_string())));
            }
        } else if !coefficient.is_one() {
            over.push(notation.number(page, coefficient));
        }
        for (base, e) in factors {
            let list = if e.is_negative() { &mut under } else { &mut over };
            let base = self.pieces[*base];
            let e = e.abs();
            list.push(if e.is_one() {
                base
            } else if e == Number::HALF {
                notation.root(page, base)
            } else {
                let exponent = notation.number(page, &e);
                notation.power(page, base, exponent)
            });
        }
        if let ([one], true) = (over.as_slice(), under.is_empty()) {
            return *one;
        }
        let text = match under.is_empty() {
            true => notation.factors(page, &over),
            false => notation.fraction(page, &over, &under),
        };
        Piece::new(text, tightness(Op::Mul))
    }

    fn call(&mut self, op: Op, args: &[Term]) -> Piece {
        if op == Op::Not
            && let Node::Call(inner, parts) = self.graph.node(args[0])
            && let Some(operator) = Operator::of_negated(*inner)
        {
            return self.infix(operator, parts);
        }
        match (Operator::of(op), args) {
            (Some(_), [a, b]) if op == Op::Pow => {
                self.notation.power(&mut self.page, self.pieces[*a], self.pieces[*b])
            }
            (Some(operator), [_, _]) => self.infix(operator, args),
            (Some(operator), [a]) => {
                let level = operator.row().precedence;
                let argument = self.within(self.pieces[*a], level);
                Piece::new(self.notation.prefix(&mut self.page, operator, argument), level)
            }
            _ => {
                let parts: Vec<Piece> = args.iter().map(|a| self.pieces[*a]).collect();
                self.notation.call(&mut self.page, op, &parts)
            }
        }
    }

    fn infix(&mut self, operator: Operator, args: &[Term]) -> Piece {
        let level = operator.row().precedence;
        // The right side does not group, so it needs brackets at equal tightness.
        let a = self.within(self.pieces[args[0]], level - 1);
        let b = self.within(self.pieces[args[1]], level);
        Piece::new(self.notation.infix(&mut self.page, operator, a, b), level)
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
    use crate::text::Source;

    /// Every unknown name is a symbol.
    struct Free;

    impl crate::syntax::Scope for Free {
        fn symbol(&mut self, _: &mut Graph, _: &str) -> Option<Term> {
            None
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
