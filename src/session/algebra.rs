//! Expressions with matrices: sums, products, powers, transposes and inverses.
//!
//! What holds no matrix is read as any expression; from there on numbers and matrices are
//! combined here. Entries are simplified after each product, so that powers stay short.

use rustc_hash::FxHashMap;

use super::definitions::Formula;
use super::matrix;
use super::request::{Answer, Workspace};
use crate::syntax::{Id, Item, Tree, expression, lexeme};
use crate::term::{Number, Op, Term};
use crate::text::{Diagnostic, Kind, Source, Span};

/// The entries of a matrix by rows.
pub type Rows = Vec<Vec<Term>>;

/// The largest power of a matrix.
const LARGEST_POWER: i64 = 1000;

/// What is called on matrices inside expressions; alone these are commands.
pub const FUNCTIONS: [&str; 2] = ["transpose", "inverse"];

/// A part of an expression.
enum Value {
    Number(Term),
    Matrix(Rows),
}

impl Workspace {
    /// The matrix that an expression stands for; nothing when it holds no matrix.
    ///
    /// # Errors
    /// What is wrong with the text, and shapes that do not fit.
    pub fn matrix(&mut self, text: &str) -> Answer<Option<Rows>> {
        let (plain, literals) = set_apart(text);
        if literals.is_empty() && !self.names_matrix(text) {
            return Ok(None);
        }
        let mut known: FxHashMap<String, Rows> = FxHashMap::default();
        for (name, start, literal) in &literals {
            let moved = |errors: Vec<Diagnostic>| shifted(errors, *start);
            let rows = matrix::formulas(literal, &self.limits).map_err(moved)?;
            let rows = rows.iter().map(|r| self.entries(r)).collect::<Answer<_>>();
            known.insert(name.clone(), rows?);
        }
        let mut tree = Tree::new();
        let source = Source::new("expression", plain);
        let root = expression::parse(&source, &mut tree, &self.limits)?;
        self.combine(tree, root, known)
    }

    /// Whether a text has a name that stands for a matrix.
    fn names_matrix(&self, text: &str) -> bool {
        let mut words = text.split(|c| !lexeme::continues_name(c));
        words.any(|word| self.definitions.get(word).is_some_and(|d| d.is_matrix()))
    }

    fn entries(&mut self, row: &[Formula]) -> Answer<Vec<Term>> {
        row.iter().map(|entry| self.read(&entry.text)).collect()
    }

    /// The value of the root, from the leaves up.
    fn combine(
        &mut self,
        tree: Tree,
        root: Id,
        mut known: FxHashMap<String, Rows>,
    ) -> Answer<Option<Rows>> {
        // Arguments come before their users.
        let mut order = vec![root];
        let mut k = 0;
        while let Some(&id) = order.get(k) {
            tree.each_part(tree.item(id), |part| order.push(part));
            k += 1;
        }
        order.sort_unstable();
        let mut values: FxHashMap<Id, Rows> = FxHashMap::default();
        for id in order {
            let mut holds = false;
            tree.each_part(tree.item(id), |part| holds |= values.contains_key(&part));
            let rows = match tree.item(id) {
                Item::Name(name) => {
                    let name = tree.name(*name);
                    match known.remove(name) {
                        Some(rows) => rows,
                        None => match self.definitions.get(name) {
                            Some(d) if d.is_matrix() => {
                                let rows = d.rows.clone();
                                rows.iter().map(|r| self.entries(r)).collect::<Answer<_>>()?
                            }
                            _ => continue,
                        },
                    }
                }
                _ if holds => self.operation(&tree, id, &values)?,
                _ => continue,
            };
            values.insert(id, rows);
        }
        values.remove(&root).map(|rows| self.simplified(rows)).transpose()
    }

    /// An item with a matrix among its parts.
    fn operation(&mut self, tree: &Tree, id: Id, values: &FxHashMap<Id, Rows>) -> Answer<Rows> {
        let span = tree.span(id);
        let mut part = |id: Id| -> Answer<Value> {
            Ok(match values.get(&id) {
                Some(rows) => Value::Matrix(rows.clone()),
                None => Value::Number(self.part(tree, id)?),
            })
        };
        match tree.item(id) {
            Item::Prefix(o, a) if o.row().op == Op::Neg => {
                let Value::Matrix(rows) = part(*a)? else { return Err(unsuited(span)) };
                Ok(self.each(rows, |g, t| g.neg(t)))
            }
            Item::Infix(o, a, b) => {
                let (a, b) = (part(*a)?, part(*b)?);
                self.infix(o.row().op, a, b, span)
            }
            Item::Call(name, list) => match (tree.name(*name), tree.arguments(*list)) {
                ("transpose", &[a]) => {
                    let Value::Matrix(rows) = part(a)? else { return Err(unsuited(span)) };
                    Ok(transposed(&rows))
                }
                ("inverse", &[a]) => {
                    let Value::Matrix(rows) = part(a)? else { return Err(unsuited(span)) };
                    self.inverse(&rows).map(|(rows, _)| rows)
                }
                _ => Err(unsuited(span)),
            },
            _ => Err(unsuited(span)),
        }
    }

    fn infix(&mut self, op: Op, a: Value, b: Value, span: Span) -> Answer<Rows> {
        match (op, a, b) {
            (Op::Add | Op::Sub, Value::Matrix(a), Value::Matrix(b)) => {
                if shape(&a) != shape(&b) {
                    let what = "a sum needs matrices of one shape";
                    return Err(misshapen(span, &a, &b, what));
                }
                let rows = a.iter().zip(&b);
                let row = |(a, b): (&Vec<Term>, &Vec<Term>)| {
                    let pairs = a.iter().zip(b);
                    let entry = |(&x, &y)| match op {
                        Op::Add => self.graph.add(x, y),
                        _ => self.graph.sub(x, y),
                    };
                    pairs.map(entry).collect()
                };
                Ok(rows.map(row).collect())
            }
            (Op::Mul, Value::Matrix(a), Value::Matrix(b)) => self.product(&a, &b, span),
            (Op::Mul, Value::Number(c), Value::Matrix(rows))
            | (Op::Mul, Value::Matrix(rows), Value::Number(c)) => {
                Ok(self.each(rows, |g, t| g.mul(c, t)))
            }
            (Op::Div, Value::Matrix(rows), Value::Number(c)) => {
                Ok(self.each(rows, |g, t| g.div(t, c)))
            }
            (Op::Pow, Value::Matrix(rows), Value::Number(n)) => self.power(rows, n, span),
            _ => Err(unsuited(span)),
        }
    }

    fn product(&mut self, a: &Rows, b: &Rows, span: Span) -> Answer<Rows> {
        if shape(a).1 != shape(b).0 {
            let what = "a product needs as many columns on the left as rows on the right";
            return Err(misshapen(span, a, b, what));
        }
        let columns = transposed(b);
        let rows = a
            .iter()
            .map(|row| {
                let entry = |column: &Vec<Term>| {
                    let pairs = row.iter().zip(column);
                    let parts: Vec<(Number, Term)> =
                        pairs.map(|(&x, &y)| (Number::ONE, self.graph.mul(x, y))).collect();
                    self.graph.sum(Number::ZERO, parts)
                };
                columns.iter().map(entry).collect()
            })
            .collect();
        self.simplified(rows)
    }

    fn power(&mut self, rows: Rows, exponent: Term, span: Span) -> Answer<Rows> {
        let n = self.graph.as_number(exponent).and_then(Number::to_i64);
        let Some(n) = n.filter(|n| n.abs() <= LARGEST_POWER) else {
            let message = format!(
                "a power of a matrix has a whole number from -{LARGEST_POWER} to {LARGEST_POWER} \
                 as its exponent"
            );
            return Err(vec![Diagnostic::error(Kind::Domain, span, message)]);
        };
        let (height, width) = shape(&rows);
        if height != width {
            let message = format!("a power needs a square matrix, not one of {height} × {width}");
            return Err(vec![Diagnostic::error(Kind::Arity, span, message)]);
        }
        let mut square = if n < 0 { self.inverse(&rows)?.0 } else { rows };
        let mut power: Option<Rows> = None;
        let mut left = n.unsigned_abs();
        while left > 0 {
            if left % 2 == 1 {
                power = Some(match power {
                    Some(power) => self.product(&power, &square, span)?,
                    None => square.clone(),
                });
            }
            left /= 2;
            if left > 0 {
                square = self.product(&square, &square, span)?;
            }
        }
        Ok(power.unwrap_or_else(|| {
            let one = |i: usize, j: usize| i64::from(i == j);
            let row = |i| (0..width).map(|j| self.graph.number(one(i, j))).collect();
            (0..height).map(row).collect()
        }))
    }

    fn each(&mut self, rows: Rows, entry: impl Fn(&mut crate::term::Graph, Term) -> Term) -> Rows {
        let graph = &mut self.graph;
        rows.into_iter().map(|r| r.into_iter().map(|t| entry(graph, t)).collect()).collect()
    }
}

/// Rows become columns.
pub fn transposed(rows: &Rows) -> Rows {
    let width = shape(rows).1;
    (0..width).map(|k| rows.iter().map(|row| row[k]).collect()).collect()
}

/// Rows and columns.
fn shape(rows: &Rows) -> (usize, usize) {
    (rows.len(), rows.first().map_or(0, Vec::len))
}

fn misshapen(span: Span, a: &Rows, b: &Rows, what: &str) -> Vec<Diagnostic> {
    let [(m, n), (p, q)] = [shape(a), shape(b)];
    let message = format!("matrices of {m} × {n} and {p} × {q}: {what}");
    vec![Diagnostic::error(Kind::Arity, span, message)]
}

fn unsuited(span: Span) -> Vec<Diagnostic> {
    let message = "this is not done with a matrix";
    vec![Diagnostic::error(Kind::Arity, span, message).help(
        "there are sums, products, whole powers, quotients by a number, `transpose(A)` and \
         `inverse(A)`; `det A` is a command",
    )]
}

fn shifted(errors: Vec<Diagnostic>, by: usize) -> Vec<Diagnostic> {
    let moved = |mut e: Diagnostic| {
        e.span = e.span.map(|s| Span::new(by + s.start as usize, by + s.end as usize));
        e
    };
    errors.into_iter().map(moved).collect()
}

/// The text with a name of the same length in place of each matrix `[[…]]`; the names with the
/// places and texts of these.
fn set_apart(text: &str) -> (String, Vec<(String, usize, String)>) {
    let (mut plain, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find("[[") {
        let Some(literal) = matrix::enclosed(&rest[start..]) else { break };
        let end = start + literal.len();
        plain += &rest[..start];
        // Names of this form are no names that anybody types.
        let name = format!("_{:_>1$}", literals.len(), end - start - 1);
        literals.push((name.clone(), plain.len(), literal.to_owned()));
        plain += &name;
        rest = &rest[end..];
    }
    plain += rest;
    (plain, literals)
}
