//! The derivative rules of the operation table, read from `rules/derivative.rules`.

use std::sync::LazyLock;

use crate::syntax::lower::function_named;
use crate::syntax::{Id, Item, Scope, Tree, lower, rule};
use crate::term::op::TABLE;
use crate::term::visit::{Rebuild, substitute};
use crate::term::{Graph, Op, Term};
use crate::text::{Diagnostic, Kind, Limits, Source};

/// The rules as embedded in the program.
const TEXT: &str = include_str!("../../rules/derivative.rules");

/// How each operation is differentiated.
pub struct Rules {
    /// Holds the right sides.
    graph: Graph,
    /// The rule of each operation that has one, by position in the table.
    rules: Vec<Option<Rule>>,
}

/// One rule, specialised to each set of arguments that depend on the target.
struct Rule {
    /// Symbols that stand for the arguments.
    arguments: Vec<Term>,
    /// Symbols that stand for the derivatives of the arguments.
    derivatives: Vec<Term>,
    /// The right side by the set of derivatives that are not zero, as bits.
    variants: Vec<Term>,
}

impl Rules {
    /// The embedded rules.
    ///
    /// # Panics
    /// When the embedded text is wrong, which a test excludes.
    pub fn standard() -> &'static Rules {
        static STANDARD: LazyLock<Rules> =
            LazyLock::new(|| Rules::parse(TEXT).expect("the embedded derivative rules are sound"));
        &STANDARD
    }

    /// The derivative of an operation from its arguments and their derivatives.
    ///
    /// `None` stands for a derivative that is zero; the answer is `None` when no rule is known.
    pub fn apply(
        &self,
        graph: &mut Graph,
        op: Op,
        args: &[Term],
        derivatives: &[Option<Term>],
    ) -> Option<Term> {
        let rule = self.rules[op as usize].as_ref()?;
        let mut set = 0;
        let mut map: Vec<(Term, Term)> =
            rule.arguments.iter().copied().zip(args.iter().copied()).collect();
        for (k, d) in derivatives.iter().enumerate() {
            if let Some(d) = d {
                set |= 1 << k;
                map.push((rule.derivatives[k], *d));
            }
        }
        Some(Rebuild::with(map).across(&self.graph, graph, rule.variants[set]))
    }

    fn specialise(
        graph: &mut Graph,
        right: Term,
        arguments: Vec<Term>,
        derivatives: Vec<Term>,
    ) -> Rule {
        let zero = graph.number(0);
        let variants = (0..1_usize << derivatives.len())
            .map(|set| {
                let absent = derivatives.iter().enumerate().filter(|(k, _)| set & (1 << k) == 0);
                let map: Vec<(Term, Term)> = absent.map(|(_, &d)| (d, zero)).collect();
                substitute(graph, right, &map)
            })
            .collect();
        Rule { arguments, derivatives, variants }
    }
}

impl Rules {
    /// Reads rules of the form `name: d(operation of ?x, …) => right side with d(?x), …`.
    fn parse(text: &str) -> Result<Rules, String> {
        let source = Source::new("derivative.rules", text);
        let shown = |errors: Vec<Diagnostic>| -> String {
            errors.iter().map(|e| e.render(&source, false)).collect()
        };
        let limits = Limits::default();
        let file = rule::parse(&source, &limits).map_err(shown)?;
        let mut graph = Graph::new();
        let mut rules: Vec<Option<Rule>> = TABLE.iter().map(|_| None).collect();
        for line in &file.rules {
            let (op, names) = left_side(&file.tree, line.lhs).ok_or_else(|| {
                format!("`{}`: the left side is d(operation of variables)", line.name.text)
            })?;
            let arguments: Vec<Term> =
                names.iter().map(|n| graph.symbol(&format!("?{n}"))).collect();
            let derivatives: Vec<Term> =
                names.iter().map(|n| graph.symbol(&format!("d?{n}"))).collect();
            let mut scope = Differential { arguments: &arguments, derivatives: &derivatives };
            let right =
                lower(&file.tree, line.rhs, &mut graph, &mut scope, &[], &limits).map_err(shown)?;
            rules[op as usize] = Some(Self::specialise(&mut graph, right, arguments, derivatives));
        }
        Ok(Rules { graph, rules })
    }
}

/// The operation inside `d(…)` and the names of its arguments.
fn left_side(tree: &Tree, lhs: Id) -> Option<(Op, Vec<String>)> {
    let Item::Call(_, args) = tree.item(lhs) else { return None };
    let &[inner] = tree.arguments(*args) else { return None };
    let (op, parts) = match tree.item(inner) {
        Item::Prefix(operator, a) => (operator.row().op, vec![*a]),
        Item::Infix(operator, a, b) => (operator.row().op, vec![*a, *b]),
        Item::Call(name, args) => {
            (function_named(tree.name(*name))?, tree.arguments(*args).to_vec())
        }
        _ => return None,
    };
    let names: Option<Vec<String>> = parts
        .iter()
        .map(|&p| match tree.item(p) {
            Item::Pattern(name) => Some(tree.name(*name).to_owned()),
            _ => None,
        })
        .collect();
    Some((op, names?)).filter(|(op, names)| op.arity() == names.len())
}

/// The names of a right side: the arguments of the operation, and `d` of each.
struct Differential<'a> {
    arguments: &'a [Term],
    derivatives: &'a [Term],
}

impl Scope for Differential<'_> {
    fn symbol(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        let term = name.starts_with('?').then(|| graph.symbol(name))?;
        self.arguments.contains(&term).then_some(term)
    }

    fn arity(&self, function: &str) -> Option<usize> {
        (function == "d").then_some(1)
    }

    fn call(&mut self, _: &mut Graph, _: &str, args: &[Term], _: u8) -> Result<Term, Diagnostic> {
        let position = self.arguments.iter().position(|a| args.first() == Some(a));
        position.map(|k| self.derivatives[k]).ok_or_else(|| {
            Diagnostic::without_place(Kind::Rule, "`d` is taken of an argument of the operation")
        })
    }
}
