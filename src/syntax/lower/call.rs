//! Calls: which function a name means, and what it does with its arguments.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Lowering, Sort, Value, count};
use crate::syntax::expression::is_name;
use crate::syntax::tree::Id;
use crate::term::op::{Class, TABLE};
use crate::term::{Op, Term};
use crate::text::{Diagnostic, Kind, Span};

/// Functions that the table has under another name.
const ALIASES: &[(&str, Op)] = &[("ln", Op::Log)];

impl Lowering<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        args: &[Id],
        span: Span,
        environment: usize,
    ) -> Value {
        let wrong_count = |wanted: String| {
            let message = format!("`{name}` takes {wanted}, {} given", args.len());
            Diagnostic::error(Kind::Arity, span, message)
        };
        if let Some(arity) = self.scope.arity(name) {
            if arity != args.len() {
                return self.fail(wrong_count(count(arity, "argument")));
            }
            let args: Vec<Term> = args.iter().map(|&a| self.expect(a, Sort::Number)).collect();
            let level = self.depth(environment) as u8;
            return match self.scope.call(self.graph, name, &args, level) {
                Ok(term) => Value { term, sort: Sort::Number },
                Err(e) => self.fail(Diagnostic { span: Some(e.span.unwrap_or(span)), ..e }),
            };
        }
        if let Some(function) = self.graph.function_named(name) {
            let arity = self.graph.function(function).arity;
            if arity != args.len() {
                return self.fail(wrong_count(count(arity, "argument")));
            }
            let args: Vec<Term> = args.iter().map(|&a| self.expect(a, Sort::Number)).collect();
            return Value { term: self.graph.apply(function, &args), sort: Sort::Number };
        }
        match name {
            "piecewise" => return self.piecewise(args, span),
            "min" | "max" if args.len() != 2 => {
                let op = if name == "min" { Op::Min } else { Op::Max };
                let terms: Vec<Term> = args.iter().map(|&a| self.expect(a, Sort::Number)).collect();
                let all = terms.into_iter().reduce(|a, b| self.graph.call(op, &[a, b]));
                return match all {
                    Some(term) => Value { term, sort: Sort::Number },
                    None => self.fail(wrong_count("at least one argument".to_owned())),
                };
            }
            _ => {}
        }
        let Some(op) = function_named(name) else {
            let end = span.start as usize + name.len();
            return self.unknown(
                "function",
                name,
                Span::new(span.start as usize, end),
                environment,
            );
        };
        if op.arity() != args.len() {
            return self.fail(wrong_count(count(op.arity(), "argument")));
        }
        if op == Op::If {
            let condition = self.expect(args[0], Sort::Truth);
            let (a, b) = (self.value(args[1]), self.value(args[2]));
            let sort = if a.sort == Sort::Truth { Sort::Truth } else { Sort::Number };
            let (a, b) = (
                self.expect(args[1], sort),
                self.expect(args[2], if b.sort == Sort::Either { b.sort } else { sort }),
            );
            return Value { term: self.graph.call(op, &[condition, a, b]), sort };
        }
        let args: Vec<Term> = args.iter().map(|&a| self.expect(a, Sort::Number)).collect();
        Value { term: self.graph.call(op, &args), sort: Sort::Number }
    }

    /// `piecewise(c1, v1, c2, v2, …, otherwise)`; without the last it is undefined elsewhere.
    fn piecewise(&mut self, args: &[Id], span: Span) -> Value {
        if args.len() < 2 {
            let message =
                format!("`piecewise` takes conditions and values in pairs, {} given", args.len());
            return self.fail(Diagnostic::error(Kind::Arity, span, message));
        }
        let (pairs, otherwise) = args.split_at(args.len() / 2 * 2);
        let mut term = match otherwise.first() {
            Some(&o) => self.expect(o, Sort::Number),
            None => self.graph.undefined(),
        };
        for pair in pairs.rchunks(2) {
            let (c, v) = (self.expect(pair[0], Sort::Truth), self.expect(pair[1], Sort::Number));
            term = self.graph.call(Op::If, &[c, v, term]);
        }
        Value { term, sort: Sort::Number }
    }
}

/// The operation that a call of this name means.
pub fn function_named(name: &str) -> Option<Op> {
    static NAMED: LazyLock<FxHashMap<&str, Op>> = LazyLock::new(|| {
        let table = TABLE.iter().filter(|r| callable(r.op)).map(|r| (r.name, r.op));
        table.chain(ALIASES.iter().copied()).collect()
    });
    NAMED.get(name).copied()
}

/// The names of all functions that can be called.
pub fn functions() -> impl Iterator<Item = &'static str> {
    let table = TABLE.iter().filter(|r| callable(r.op)).map(|r| r.name);
    table.chain(ALIASES.iter().map(|(n, _)| *n)).chain(["piecewise"])
}

fn callable(op: Op) -> bool {
    let named = matches!(op.row().class, Class::Function | Class::Choice)
        || matches!(op, Op::Pow | Op::Sqrt | Op::Fma);
    named && is_name(op.row().name)
}
