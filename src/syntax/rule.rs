//! Rules as written: `name: lhs => rhs if condition`.

use super::expression::Reader;
use super::lexeme::continues_name;
use super::model::{Word, logical_lines, word};
use super::operators::{Fixity, Operator};
use super::tree::{Id, Tree};
use crate::term::Op;
use crate::text::{Diagnostic, Limits, Source, Span};

/// A rule file.
#[derive(Clone, Debug, Default)]
pub struct RulesText {
    /// The expressions of all rules.
    pub tree: Tree,
    /// The rules, in order.
    pub rules: Vec<RuleText>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct RuleText {
    /// Its name.
    pub name: Word,
    /// The words in square brackets after the name.
    pub attributes: Vec<Word>,
    /// What is matched.
    pub lhs: Id,
    /// What it equals.
    pub rhs: Id,
    /// Whether it is written with `<=>`.
    pub both_ways: bool,
    /// What must hold, all of it.
    pub conditions: Vec<ConditionText>,
    /// The whole rule.
    pub span: Span,
}

/// One condition of a rule.
#[derive(Clone, Debug)]
pub struct ConditionText {
    /// The expression that it is about.
    pub subject: Id,
    /// What is demanded of it.
    pub demand: DemandText,
    /// The whole of it.
    pub span: Span,
}

/// What a condition demands.
#[derive(Clone, Debug)]
pub enum DemandText {
    /// A comparison with another expression.
    Compared(Word, Id),
    /// `in low..high`, ends included.
    Within(Id, Id),
    /// A property by its name, as in `?n integer`.
    Property(Word),
}

/// Parses a rule file.
///
/// In rules an expression may contain `?x`, and calls of any name are kept as they are.
///
/// # Errors
/// Every error of the file; a rule ends with its line, or continues as model lines do.
pub fn parse(source: &Source, limits: &Limits) -> Result<RulesText, Vec<Diagnostic>> {
    let (rules, errors) = parse_all(source, limits);
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// Parses a rule file: the rules that can be read, and every error.
pub fn parse_all(source: &Source, limits: &Limits) -> (RulesText, Vec<Diagnostic>) {
    if let Err(e) = limits.check_bytes(source.text().len()) {
        return (RulesText::default(), vec![e]);
    }
    let mut tree = Tree::new();
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    let mut reader = Reader::new(source.text(), 0, &mut tree, limits);
    reader.rules = true;
    for line in logical_lines(source.text(), &[]) {
        reader.within(line.start as usize, line.end as usize);
        match rule(&mut reader) {
            Ok(found) => rules.push(found),
            Err(e) if errors.len() < limits.errors => errors.push(e),
            Err(_) => break,
        }
    }
    (RulesText { tree, rules }, errors)
}

/// `name [attribute]…: lhs => rhs [if condition and …]`.
fn rule(reader: &mut Reader<'_>) -> Result<RuleText, Diagnostic> {
    let name = rule_name(reader)?;
    let mut attributes = Vec::new();
    while reader.symbol("[") {
        attributes.push(word(reader, "an attribute")?);
        if !reader.symbol("]") {
            return Err(reader.unexpected("`]`"));
        }
    }
    if !reader.symbol(":") {
        return Err(reader.unexpected("`:`"));
    }
    let lhs = reader.expression(0)?;
    let both_ways = reader.symbol("<=>");
    if !both_ways && !reader.symbol("=>") {
        return Err(reader.unexpected("`=>` or `<=>`"));
    }
    let rhs = reader.expression(0)?;
    let mut conditions = Vec::new();
    if reader.keyword("if") {
        conditions.push(condition(reader)?);
        while reader.keyword("and") {
            conditions.push(condition(reader)?);
        }
    }
    let end = reader.at;
    reader.skip_blank();
    if !reader.rest().is_empty() {
        return Err(reader.unexpected("`if`, `and` or the end of the rule"));
    }
    let span = Span::new(name.span.start as usize, end);
    Ok(RuleText { name, attributes, lhs, rhs, both_ways, conditions, span })
}

/// A name of letters, digits and hyphens.
fn rule_name(reader: &mut Reader<'_>) -> Result<Word, Diagnostic> {
    reader.skip_blank();
    let start = reader.at;
    let len =
        reader.rest().find(|c: char| !continues_name(c) && c != '-').unwrap_or(reader.rest().len());
    if len == 0 {
        return Err(reader.unexpected("the name of a rule"));
    }
    let text = reader.rest()[..len].to_owned();
    reader.at += len;
    Ok(Word { text, span: Span::new(start, start + len) })
}

/// `expression comparator expression`, `expression in low..high` or `expression property`.
fn condition(reader: &mut Reader<'_>) -> Result<ConditionText, Diagnostic> {
    reader.skip_blank();
    let start = reader.at;
    let subject = reader.expression(comparisons())?;
    reader.skip_blank();
    let at = reader.at;
    let demand = match Operator::at_start(reader.rest(), Fixity::Infix) {
        Some((operator, len)) if operator.row().precedence == comparisons() => {
            reader.at += len;
            let text = operator.row().symbol.to_owned();
            let comparator = Word { text, span: Span::new(at, reader.at) };
            DemandText::Compared(comparator, reader.expression(comparisons())?)
        }
        _ if reader.keyword("in") => {
            let low = reader.expression(comparisons())?;
            if !reader.symbol("..") {
                return Err(reader.unexpected("`..`"));
            }
            DemandText::Within(low, reader.expression(comparisons())?)
        }
        _ => DemandText::Property(word(reader, "a comparison, `in` or a property")?),
    };
    Ok(ConditionText { subject, demand, span: Span::new(start, reader.at) })
}

/// The precedence of comparisons: both sides of one bind tighter.
fn comparisons() -> u8 {
    Operator::all().find(|o| o.row().op == Op::Less).map_or(0, |o| o.row().precedence)
}
