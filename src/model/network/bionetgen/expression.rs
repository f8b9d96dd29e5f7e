//! Expressions of BioNetGen: values of parameters, functions of observables and of the time.
//!
//! A comparison is a number there, one or zero, and a number is true unless it is zero.

use rustc_hash::FxHashMap;

use super::table::{self, Lookup, Table};
use super::text::Column;
use crate::syntax::expression::{Dialect, Reader};
use crate::syntax::{Item, Tree};
use crate::term::{Graph, Number, Op, Term};
use crate::text::{Diagnostic, Kind, Limits, Source, Span, nearest};

/// Functions that BioNetGen knows, by its names for them.
const FUNCTIONS: [(&str, Op); 18] = [
    ("exp", Op::Exp),
    ("ln", Op::Log),
    ("log10", Op::Log10),
    ("log2", Op::Log2),
    ("abs", Op::Abs),
    ("sqrt", Op::Sqrt),
    ("sin", Op::Sin),
    ("cos", Op::Cos),
    ("tan", Op::Tan),
    ("asin", Op::Asin),
    ("acos", Op::Acos),
    ("atan", Op::Atan),
    ("sinh", Op::Sinh),
    ("cosh", Op::Cosh),
    ("tanh", Op::Tanh),
    ("asinh", Op::Asinh),
    ("acosh", Op::Acosh),
    ("atanh", Op::Atanh),
];

/// Functions that take a list.
const FOLDS: [&str; 4] = ["min", "max", "sum", "avg"];

/// What a name stands for.
#[derive(Clone, Copy)]
pub enum Meaning {
    /// A parameter, an observable, or an argument of a function.
    Value(Term),
    /// A function of the file, by its place in the block.
    Function(usize),
}

/// What names mean in a file.
pub struct Names<'t> {
    /// Parameters, observables and functions.
    pub known: FxHashMap<&'t str, Meaning>,
    /// The name of the independent variable.
    pub time: &'static str,
}

/// An expression that was read.
pub struct Formula {
    tree: Tree,
    /// The table in which the value of the expression is looked up.
    table: Option<Table>,
}

/// A value, which is a number or a condition.
#[derive(Clone, Copy)]
struct Value {
    term: Term,
    truth: bool,
}

impl Formula {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first place that cannot be read.
    pub fn read(
        source: &Source,
        column: Column<'_>,
        limits: &Limits,
    ) -> Result<Formula, Diagnostic> {
        let (column, table) = match table::read(column)? {
            Some(Lookup { table, index }) => (index, Some(table)),
            None => (column, None),
        };
        let mut tree = Tree::new();
        let (start, end) = (column.span.start as usize, column.span.end as usize);
        let mut reader = Reader::new(source.text(), end, &mut tree, limits);
        reader.dialect = Dialect::BioNetGen;
        reader.within(start, end);
        reader.expression(0)?;
        reader.skip_blank();
        if !reader.rest().is_empty() {
            return Err(reader.unexpected("an operator or the end of the line"));
        }
        Ok(Formula { tree, table })
    }

    /// The names that occur.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tree.since(0).filter_map(|id| match self.tree.item(id) {
            Item::Name(name) | Item::Call(name, _) => Some(self.tree.name(*name)),
            _ => None,
        })
    }

    /// The term of the expression; `own` are arguments, which come before other names.
    ///
    /// # Errors
    /// The first name that means nothing here.
    pub fn lower(
        &self,
        graph: &mut Graph,
        names: &Names<'_>,
        own: &[(&str, Term)],
        call: &mut dyn FnMut(&mut Graph, usize, &[Term]) -> Result<Term, String>,
    ) -> Result<Term, Diagnostic> {
        let tree = &self.tree;
        let mut values: Vec<Value> = Vec::with_capacity(tree.len());
        for id in tree.since(0) {
            let span = tree.span(id);
            let fail = |message: String| Diagnostic::error(Kind::Name, span, message);
            let at = |id: &crate::syntax::Id, values: &[Value]| values[id.place()];
            let value = match tree.item(id) {
                Item::Number(n) => {
                    if !n.to_f64().is_finite() {
                        return Err(too_large(span));
                    }
                    Value { term: graph.number(n.clone()), truth: false }
                }
                Item::Name(name) => {
                    let text = tree.name(*name);
                    let argument = own.iter().find(|(n, _)| *n == text).map(|(_, t)| *t);
                    let term = match (argument, names.known.get(text)) {
                        (Some(term), _) => Some(term),
                        (None, Some(Meaning::Value(term))) => Some(*term),
                        (None, Some(Meaning::Function(f))) => {
                            Some(call(graph, *f, &[]).map_err(fail)?)
                        }
                        (None, None) => constant(graph, text, names.time),
                    };
                    let term = term.ok_or_else(|| unknown(text, "name", span, names, false))?;
                    Value { term, truth: false }
                }
                Item::Prefix(operator, a) => {
                    let op = operator.row().op;
                    let a = at(a, &values);
                    let a = if op == Op::Not { condition(graph, a) } else { number(graph, a) };
                    Value { term: graph.call(op, &[a]), truth: op == Op::Not }
                }
                Item::Infix(operator, a, b) => {
                    let row = operator.row();
                    let logic = matches!(row.op, Op::And | Op::Or);
                    let mut arguments = [at(a, &values), at(b, &values)].map(|v| match logic {
                        true => condition(graph, v),
                        false => number(graph, v),
                    });
                    if row.swapped {
                        arguments.reverse();
                    }
                    let mut term = graph.call(row.op, &arguments);
                    if row.negated {
                        term = graph.call(Op::Not, &[term]);
                    }
                    Value { term, truth: row.op.is_truth() }
                }
                Item::Call(name, arguments) => {
                    let text = tree.name(*name);
                    let arguments: Vec<Value> =
                        tree.arguments(*arguments).iter().map(|id| at(id, &values)).collect();
                    if text == "if" && arguments.len() == 3 {
                        let c = condition(graph, arguments[0]);
                        let (a, b) = (number(graph, arguments[1]), number(graph, arguments[2]));
                        Value { term: graph.call(Op::If, &[c, a, b]), truth: false }
                    } else {
                        let numbers: Vec<Term> =
                            arguments.into_iter().map(|a| number(graph, a)).collect();
                        let term = match names.known.get(text) {
                            Some(Meaning::Function(f)) => {
                                call(graph, *f, &numbers).map_err(fail)?
                            }
                            // An observable may be written with brackets.
                            Some(Meaning::Value(term)) if numbers.is_empty() => *term,
                            _ => builtin(graph, text, &numbers, span, names)?,
                        };
                        Value { term, truth: false }
                    }
                }
                Item::Element(..) | Item::Reduce(..) | Item::Pattern(_) => {
                    return Err(fail("BioNetGen has no indices".to_owned()));
                }
            };
            values.push(value);
        }
        let last = *values.last().expect("an expression has an item");
        let value = number(graph, last);
        Ok(match &self.table {
            Some(table) => table.at(graph, value),
            None => value,
        })
    }
}

/// The error about a number that no double holds.
pub fn too_large(span: Span) -> Diagnostic {
    let message = "a number is beyond the range of doubles, 1.8e308";
    Diagnostic::error(Kind::Domain, span, message)
}

fn number(graph: &mut Graph, value: Value) -> Term {
    if !value.truth {
        return value.term;
    }
    let (one, zero) = (graph.number(1), graph.number(0));
    graph.call(Op::If, &[value.term, one, zero])
}

fn condition(graph: &mut Graph, value: Value) -> Term {
    if value.truth {
        return value.term;
    }
    let zero = graph.number(0);
    let equal = graph.call(Op::Equal, &[value.term, zero]);
    graph.call(Op::Not, &[equal])
}

/// A name that BioNetGen itself gives a value.
fn constant(graph: &mut Graph, name: &str, time: &str) -> Option<Term> {
    match name {
        "_pi" | "pi" => Some(graph.call(Op::Pi, &[])),
        "_e" => {
            let one = graph.number(1);
            Some(graph.call(Op::Exp, &[one]))
        }
        "time" | "t" => Some(graph.symbol(time)),
        _ => None,
    }
}

fn unknown(text: &str, what: &str, span: Span, names: &Names<'_>, functions: bool) -> Diagnostic {
    // The map has no order; the nearest of sorted names is always the same.
    let mut known: Vec<&str> = names.known.keys().copied().collect();
    if functions {
        known.extend(FUNCTIONS.iter().map(|(n, _)| *n).chain(FOLDS).chain(["if", "rint", "time"]));
    }
    known.sort_unstable();
    Diagnostic::error(Kind::Name, span, format!("unknown {what} `{text}`"))
        .did_you_mean(nearest(text, known))
}

/// A function of BioNetGen.
fn builtin(
    graph: &mut Graph,
    name: &str,
    arguments: &[Term],
    span: Span,
    names: &Names<'_>,
) -> Result<Term, Diagnostic> {
    let wrong = |message: String| Diagnostic::error(Kind::Name, span, message);
    let count = |wanted: usize| match arguments.len() == wanted {
        true => Ok(()),
        false => {
            let message = format!("`{name}` takes {wanted} arguments, {} given", arguments.len());
            Err(Diagnostic::error(Kind::Arity, span, message))
        }
    };
    if let Some((_, op)) = FUNCTIONS.iter().find(|(n, _)| *n == name) {
        count(1)?;
        return Ok(graph.call(*op, arguments));
    }
    match name {
        "time" | "t" if arguments.is_empty() => Ok(graph.symbol(names.time)),
        "min" | "max" if !arguments.is_empty() => {
            let op = if name == "min" { Op::Min } else { Op::Max };
            let all = arguments.iter().copied().reduce(|a, b| graph.call(op, &[a, b]));
            Ok(all.expect("an argument"))
        }
        "sum" | "avg" if !arguments.is_empty() => {
            let total = graph.sum(Number::ZERO, arguments.iter().map(|&a| (Number::ONE, a)));
            if name == "sum" {
                return Ok(total);
            }
            let n = graph.number(arguments.len() as i64);
            Ok(graph.div(total, n))
        }
        "rint" => {
            // BioNetGen rounds halves up.
            count(1)?;
            let half = graph.number(Number::ratio(1, 2).expect("a half"));
            let shifted = graph.add(arguments[0], half);
            Ok(graph.call(Op::Floor, &[shifted]))
        }
        "sign" => {
            count(1)?;
            Ok(graph.call(Op::Sign, arguments))
        }
        "if" => {
            count(3)?;
            Err(wrong("a condition is needed".to_owned()))
        }
        "log" => Err(wrong("`log` is the decadic logarithm in some versions of BioNetGen and the natural one in others".to_owned())
            .help("write `ln(…)` or `log10(…)`")),
        "mratio" => {
            Err(wrong(format!("the function `{name}` of BioNetGen is not supported")))
        }
        _ => Err(unknown(name, "function", span, names, true)),
    }
}
