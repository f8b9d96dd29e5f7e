//! From the text of a rules file to rules.

use super::condition::{Condition, Demand, PROPERTIES, RELATIONS, Relation, Threshold};
use super::pattern::Pattern;
use super::rule::{Origin, REVERSED, Rule, Ruleset, Unfit};
use crate::syntax::model::Word;
use crate::syntax::rule::{self as text, ConditionText, DemandText, RuleText, RulesText};
use crate::syntax::{Id, Scope, lower, lower_any};
use crate::term::evaluate::evaluate;
use crate::term::real::{Precision, Real};
use crate::term::visit::free_symbols;
use crate::term::{Graph, Node, Number, Term};
use crate::text::{Diagnostic, Kind, Limits, Source, nearest};

/// The words that may stand in brackets after the name of a rule.
pub const MARKS: [&str; 2] = ["extends", "expanding"];

/// Bits to which the constants of conditions are known.
const BITS: usize = 128;

impl Ruleset {
    /// The rules of a file, as they stand: whether they are true is for the judge to say.
    ///
    /// # Errors
    /// Every error of the file: syntax, unknown properties and marks, names used twice, variables
    /// that only the right side has, sides that patterns cannot express.
    pub fn parse(source: &Source) -> Result<Ruleset, Vec<Diagnostic>> {
        let (rules, errors) = Ruleset::read(source);
        if errors.is_empty() { Ok(rules) } else { Err(errors) }
    }

    /// The rules of a file that can be read, and every error.
    pub fn read(source: &Source) -> (Ruleset, Vec<Diagnostic>) {
        let (file, mut errors) = text::parse_all(source, &Limits::default());
        let mut rules = Vec::<Rule>::new();
        for line in &file.rules {
            let name = &line.name;
            if rules.iter().any(|r| r.line_name() == name.text) {
                let message = format!("there is a rule `{}` already", name.text);
                errors.push(Diagnostic::error(Kind::Rule, name.span, message));
                continue;
            }
            match compile(source, &file, line) {
                Ok(found) => rules.extend(found),
                Err(found) => errors.extend(found),
            }
        }
        (Ruleset { rules }, errors)
    }
}

/// The variables met so far.
#[derive(Default)]
struct Variables {
    names: Vec<String>,
    terms: Vec<Term>,
    /// Whether further ones are unknown.
    closed: bool,
}

impl Scope for Variables {
    fn symbol(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        if !name.starts_with('?') {
            return None;
        }
        let term = graph.symbol(name);
        if !self.terms.contains(&term) {
            if self.closed {
                return None;
            }
            self.names.push(name.to_owned());
            self.terms.push(term);
        }
        Some(term)
    }
}

/// A line of a file on its way to rules.
struct Line<'a> {
    file: &'a RulesText,
    graph: Graph,
    variables: Variables,
}

impl Line<'_> {
    fn lower(&mut self, id: Id) -> Result<Term, Vec<Diagnostic>> {
        let limits = Limits::default();
        lower(&self.file.tree, id, &mut self.graph, &mut self.variables, &[], &limits)
    }
}

/// The one or two rules of a line.
fn compile(
    source: &Source,
    file: &RulesText,
    rule: &RuleText,
) -> Result<Vec<Rule>, Vec<Diagnostic>> {
    let mut line = Line { file, graph: Graph::new(), variables: Variables::default() };
    let limits = Limits::default();
    let (lhs, condition) =
        lower_any(&file.tree, rule.lhs, &mut line.graph, &mut line.variables, &limits)?;
    let (rhs, also) =
        lower_any(&file.tree, rule.rhs, &mut line.graph, &mut line.variables, &limits)?;
    // True and false are written 1 and 0.
    let truth = |term: Term| line.graph.as_number(term).is_some_and(|n| n.is_zero() || n.is_one());
    if let (Some(left), Some(right)) = (condition, also)
        && left != right
        && !truth(if left { rhs } else { lhs })
    {
        let message = "one side is a condition and the other a number";
        return Err(vec![Diagnostic::error(Kind::Rule, rule.span, message)]);
    }
    line.variables.closed = true;
    let mut conditions = Vec::new();
    for condition in &rule.conditions {
        conditions.extend(line.condition(condition)?);
    }
    let marked = marks(rule)?;
    let text = source.slice(rule.span).split_whitespace().collect::<Vec<_>>().join(" ");
    let build = |name: String, sides: (Term, Term), written: Id| -> Result<Rule, Vec<Diagnostic>> {
        let names = line.variables.names.clone();
        let built =
            Rule::new(&name, &line.graph, sides, &line.variables.terms, names, conditions.clone());
        let mut built = built.map_err(|unfit| vec![line.unfit(rule, written, sides.0, unfit)])?;
        built.extends = marked[0];
        // The mark of a line in both directions is about the direction that grows.
        built.expanding = marked[1] && (!rule.both_ways || built.growth().is_some());
        let file = source.name().to_owned();
        built.origin = Origin { file, text: text.clone(), span: rule.span };
        Ok(built)
    };
    let mut rules = vec![build(rule.name.text.clone(), (lhs, rhs), rule.lhs)?];
    if rule.both_ways {
        rules.push(build(format!("{}{REVERSED}", rule.name.text), (rhs, lhs), rule.rhs)?);
    }
    Ok(rules)
}

/// Which of [`MARKS`] a line has.
fn marks(rule: &RuleText) -> Result<[bool; 2], Vec<Diagnostic>> {
    let mut marked = [false; 2];
    for word in &rule.attributes {
        match MARKS.iter().position(|m| *m == word.text) {
            Some(k) => marked[k] = true,
            None => {
                let message = format!("unknown mark `{}`", word.text);
                return Err(vec![
                    Diagnostic::error(Kind::Rule, word.span, message)
                        .did_you_mean(nearest(&word.text, MARKS))
                        .note(format!("marks are {}", MARKS.join(", "))),
                ]);
            }
        }
    }
    if marked[0] && rule.both_ways {
        let message = "a rule that extends the domain has one direction";
        return Err(vec![
            Diagnostic::error(Kind::Rule, rule.name.span, message).help("write `=>` for `<=>`"),
        ]);
    }
    Ok(marked)
}

impl Line<'_> {
    fn unfit(&self, rule: &RuleText, left: Id, read: Term, unfit: Unfit) -> Diagnostic {
        let tree = &self.file.tree;
        match unfit {
            Unfit::Inexpressible => {
                let message = "a rule is about operations of the table on variables and numbers";
                Diagnostic::error(Kind::Rule, rule.span, message)
            }
            Unfit::Trivial => {
                let read = crate::syntax::print(&self.graph, read);
                let message = format!("the left side is read as `{read}`, which is no pattern");
                Diagnostic::error(Kind::Rule, tree.span(left), message).help(
                    "terms are simplified when they are read; a rule is for what is left over",
                )
            }
            Unfit::Same => {
                let read = crate::syntax::print(&self.graph, read);
                let message = format!("both sides are read as `{read}`");
                Diagnostic::error(Kind::Rule, rule.span, message)
                    .help("terms are simplified when they are read; this needs no rule")
            }
            Unfit::Unbound(v) => {
                let message =
                    format!("the left side does not say what `{}` is", self.variables.names[v]);
                let right = if left == rule.lhs { rule.rhs } else { rule.lhs };
                Diagnostic::error(Kind::Rule, tree.span(right), message)
            }
        }
    }

    /// A condition as written: one, or two for a range.
    fn condition(&mut self, said: &ConditionText) -> Result<Vec<Condition>, Vec<Diagnostic>> {
        let subject = self.lower(said.subject)?;
        match &said.demand {
            DemandText::Property(word) => {
                let demand = Demand::Is(property(word).map_err(|e| vec![e])?);
                Ok(vec![Condition { expression: self.pattern(said, subject)?, demand }])
            }
            DemandText::Compared(word, other) => {
                let relation = RELATIONS.iter().find(|(symbol, _)| *symbol == word.text);
                let relation = relation.expect("the parser knows the comparators").1;
                let other = self.lower(*other)?;
                Ok(vec![self.compared(said, subject, relation, other)?])
            }
            DemandText::Within(low, high) => {
                let (low, high) = (self.lower(*low)?, self.lower(*high)?);
                Ok(vec![
                    self.compared(said, subject, Relation::GreaterEqual, low)?,
                    self.compared(said, subject, Relation::LessEqual, high)?,
                ])
            }
        }
    }

    fn pattern(&self, said: &ConditionText, term: Term) -> Result<Pattern, Vec<Diagnostic>> {
        let pattern = Pattern::of(&self.graph, term, &self.variables.terms);
        pattern.filter(|_| !free_symbols(&self.graph, &[term]).is_empty()).ok_or_else(|| {
            let message = "a condition is about variables of the rule";
            vec![Diagnostic::error(Kind::Rule, said.span, message)]
        })
    }

    /// `a relation b` as a demand on the part of `a - b` that varies.
    fn compared(
        &mut self,
        said: &ConditionText,
        a: Term,
        relation: Relation,
        b: Term,
    ) -> Result<Condition, Vec<Diagnostic>> {
        let difference = self.graph.sub(a, b);
        let (constant, terms) = match self.graph.node(difference).clone() {
            Node::Sum { constant, terms } => (constant, terms.into_vec()),
            _ => (Number::ZERO, vec![(Number::ONE, difference)]),
        };
        let (varying, fixed): (Vec<_>, Vec<_>) =
            terms.into_iter().partition(|(_, t)| !free_symbols(&self.graph, &[*t]).is_empty());
        let mut varying = self.graph.sum(Number::ZERO, varying);
        let negated = fixed.into_iter().map(|(c, t)| (-&c, t));
        let mut bound = self.graph.sum(-&constant, negated);
        let mut relation = relation;
        if self.graph.leads_negative(varying) {
            (varying, bound) = (self.graph.neg(varying), self.graph.neg(bound));
            relation = relation.reversed();
        }
        let expression = self.pattern(said, varying)?;
        let known = evaluate(&self.graph, bound, &mut Precision::new(BITS, &|_| None));
        let value = known.map_err(|_| {
            vec![Diagnostic::error(Kind::Rule, said.span, "a number in the condition has no value")]
        })?;
        Ok(Condition { expression, demand: Demand::Compared(relation, Threshold::of(&value)) })
    }
}

impl Threshold {
    fn of(value: &Real) -> Threshold {
        Threshold { exact: value.exact().cloned(), range: value.enclosure() }
    }
}

/// The property that a word names.
fn property(word: &Word) -> Result<super::condition::Property, Diagnostic> {
    let names = PROPERTIES.iter().map(|(name, ..)| *name);
    match PROPERTIES.iter().find(|(name, ..)| *name == word.text) {
        Some((_, property, _)) => Ok(*property),
        None => {
            let message = format!("unknown property `{}`", word.text);
            Err(Diagnostic::error(Kind::Rule, word.span, message)
                .did_you_mean(nearest(&word.text, names.clone()))
                .note(format!("properties are {}", names.collect::<Vec<_>>().join(", ")))
                .note("comparisons are `?x > 0`, `?x != ?y`, `?x in -1..1` and the like"))
        }
    }
}
