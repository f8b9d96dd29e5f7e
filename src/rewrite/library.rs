//! The rules that isoterm ships, and the reading of rules files.

use std::sync::OnceLock;

use super::condition::{Condition, PREDICATES};
use super::rule::{Rule, Ruleset};
use crate::syntax::rule::{self as text, Condition as Said, ConditionText, RuleText, RulesText};
use crate::syntax::tree::Item;
use crate::syntax::{Scope, lower};
use crate::term::{Graph, Term};
use crate::text::{Diagnostic, Kind, Limits, Source, nearest};

/// The shipped rules files of the rewriter: name and text.
pub const FILES: &[(&str, &str)] = &[
    ("arithmetic.rules", include_str!("../../rules/arithmetic.rules")),
    ("power.rules", include_str!("../../rules/power.rules")),
    ("exponential.rules", include_str!("../../rules/exponential.rules")),
    ("trigonometric.rules", include_str!("../../rules/trigonometric.rules")),
    ("hyperbolic.rules", include_str!("../../rules/hyperbolic.rules")),
    ("piecewise.rules", include_str!("../../rules/piecewise.rules")),
];

impl Ruleset {
    /// All shipped rules, read once for each process.
    ///
    /// # Panics
    /// When a shipped file has an error, which the tests exclude.
    pub fn standard() -> &'static Ruleset {
        static RULES: OnceLock<Ruleset> = OnceLock::new();
        RULES.get_or_init(|| {
            FILES.iter().fold(Ruleset::default(), |all, (name, text)| {
                let source = Source::new(*name, *text);
                let rules = Ruleset::parse(&source).unwrap_or_else(|errors| {
                    panic!(
                        "{}",
                        errors.iter().map(|e| e.render(&source, false)).collect::<String>()
                    )
                });
                all.with(rules)
            })
        })
    }

    /// The rules of a file.
    ///
    /// # Errors
    /// Every error of the file: syntax, unknown predicates and attributes, variables that only
    /// the right side has, sides that patterns cannot express.
    pub fn parse(source: &Source) -> Result<Ruleset, Vec<Diagnostic>> {
        let file = text::parse(source, &Limits::default())?;
        let (mut rules, mut errors) = (Vec::new(), Vec::new());
        for rule in &file.rules {
            match compile(&file, rule) {
                Ok(found) => rules.extend(found),
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() { Ok(Ruleset { rules }) } else { Err(errors) }
    }
}

/// The graph that both sides of a rule are built in, with the variables met so far.
#[derive(Default)]
struct Variables {
    names: Vec<String>,
    terms: Vec<Term>,
}

impl Scope for Variables {
    fn symbol(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        name.starts_with('?').then(|| {
            let term = graph.symbol(name);
            if !self.terms.contains(&term) {
                self.names.push(name.to_owned());
                self.terms.push(term);
            }
            term
        })
    }

    fn call(
        &mut self,
        _: &mut Graph,
        function: &str,
        _: &[Term],
        _: u8,
    ) -> Result<Term, Diagnostic> {
        Err(Diagnostic::without_place(Kind::Name, format!("unknown function `{function}`")))
    }
}

/// The one or two rules of a line.
fn compile(file: &RulesText, rule: &RuleText) -> Result<Vec<Rule>, Vec<Diagnostic>> {
    let (mut graph, mut variables) = (Graph::new(), Variables::default());
    let limits = Limits::default();
    let lhs = lower(&file.tree, rule.lhs, &mut graph, &mut variables, &[], &limits)?;
    let rhs = lower(&file.tree, rule.rhs, &mut graph, &mut variables, &[], &limits)?;
    let mut conditions = Vec::new();
    for condition in &rule.conditions {
        conditions.push(predicate(file, condition, &variables).map_err(|e| vec![e])?);
    }
    let (mut extends, mut expanding) = (false, false);
    for word in &rule.attributes {
        match word.text.as_str() {
            "extends" => extends = true,
            "expanding" => expanding = true,
            other => {
                let error = Diagnostic::error(
                    Kind::Rule,
                    word.span,
                    format!("unknown attribute `{other}`"),
                )
                .did_you_mean(nearest(other, ["extends", "expanding"]));
                return Err(vec![error]);
            }
        }
    }
    let build = |name: &str, sides: (Term, Term)| {
        let names = variables.names.clone();
        Rule::new(name, &graph, sides, &variables.terms, names, conditions.clone())
            .map(|r| Rule { extends, expanding, ..r })
            .ok_or_else(|| {
                vec![
                    Diagnostic::error(Kind::Rule, rule.span, format!("`{name}` cannot be used as a rule"))
                        .help("the left side must be more than a variable and have every variable of the right side"),
                ]
            })
    };
    let mut rules = vec![build(&rule.name.text, (lhs, rhs))?];
    if rule.both_ways {
        rules.push(build(&format!("{}-reversed", rule.name.text), (rhs, lhs))?);
    }
    Ok(rules)
}

/// A condition as a row of the table of predicates.
fn predicate(
    file: &RulesText,
    said: &ConditionText,
    variables: &Variables,
) -> Result<Condition, Diagnostic> {
    let unknown = |message: String| {
        let known: Vec<String> =
            PREDICATES.iter().map(|(name, _)| format!("`?x {name}`")).collect();
        Diagnostic::error(Kind::Rule, said.span, message)
            .help(format!("conditions are {}", known.join(", ")))
    };
    let (variable, text) = match &said.content {
        Said::Predicate(word, args) => match args.as_slice() {
            [arg] => (*arg, word.text.clone()),
            _ => return Err(unknown(format!("`{}` takes one variable", word.text))),
        },
        Said::Comparison(id) => match file.tree.item(*id) {
            Item::Infix(operator, a, b) => match file.tree.item(*b) {
                Item::Number(n) => (*a, format!("{} {n}", operator.row().symbol)),
                _ => return Err(unknown("a condition compares a variable with 0".to_owned())),
            },
            _ => {
                return Err(unknown("a condition is a comparison or a predicate".to_owned()));
            }
        },
    };
    let Item::Pattern(name) = file.tree.item(variable) else {
        return Err(unknown("a condition is about one variable".to_owned()));
    };
    let name = format!("?{}", file.tree.name(*name).trim_start_matches('?'));
    let position = variables
        .names
        .iter()
        .position(|n| *n == name)
        .ok_or_else(|| unknown(format!("`{name}` does not occur in the rule")))?;
    match PREDICATES.iter().find(|(p, _)| *p == text) {
        Some((_, predicate)) => Ok(Condition { variable: position, predicate: *predicate }),
        None => Err(unknown(format!("unknown condition `{name} {text}`"))),
    }
}
