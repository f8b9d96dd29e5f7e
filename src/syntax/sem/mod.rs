//! Structural equation models as written: formulas in the syntax of lavaan (Rosseel 2012).
//!
//! ```text
//! f =~ x1 + a*x2 + start(0.5)*x3     # f is measured by x1, x2 and x3
//! y  ~ b*f + c(d1, d2)*z + 1         # y is regressed on f and z, with an intercept
//! x1 ~~ x2                           # x1 and x2 covary
//! ab := a*b                          # a quantity to report
//! d1 == d2
//! group: 1                           # what follows is said of the first group alone
//! ```
//!
//! A statement is a line, or what stands between semicolons. It goes on in the next line while a
//! bracket is open, after an operator or a comma, and when the next line begins with one.
//! Comments begin with `#` or `!`.

mod unsupported;

use super::block::{Failed, ModelText, Word};
use super::expression::{Dialect, Reader};
use super::lexeme;
use super::model::{BlockKind, Content};
use super::tree::{Id, Tree};
use crate::syntax::block::{Block, Statement as Line};
use crate::term::Number;
use crate::text::{Diagnostic, Kind, Limits, Source, Span, nearest};
use unsupported::{heads, trailing, unsupported};

/// One statement.
#[derive(Clone, Debug)]
pub enum Statement {
    /// `f =~ x1 + x2`, `y ~ x`, `x ~~ y` and the like.
    Formula(Formula),
    /// `ab := a*b`.
    Definition {
        /// The name of the quantity.
        name: Word,
        /// What it is, of labels.
        value: Id,
    },
    /// `group: 2`: the formulas below are those of this group, counted from 1.
    Group(usize),
    /// `a == b^2`, `a > 0`.
    Constraint {
        /// The left side, of labels.
        left: Id,
        /// How the sides compare.
        relation: Relation,
        /// The right side.
        right: Id,
    },
}

/// How the sides of a constraint compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// `==`.
    Equal,
    /// `<` or `<=`: an estimate may lie on the border.
    AtMost,
    /// `>` or `>=`.
    AtLeast,
}

/// Signs of constraints; a longer one stands before its beginning.
const RELATIONS: [(&str, Relation); 5] = [
    ("==", Relation::Equal),
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("<", Relation::AtMost),
    (">", Relation::AtLeast),
];

/// What a formula says of its two sides.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operator {
    /// `f =~ x`: the latent variable `f` is measured by `x`.
    Measured,
    /// `y ~ x`: `y` is regressed on `x`.
    Regressed,
    /// `x ~~ y`: a variance or covariance.
    Covaries,
}

/// Operators of formulas; a longer one stands before its parts.
pub const OPERATORS: [(&str, Operator); 3] =
    [("=~", Operator::Measured), ("~~", Operator::Covaries), ("~", Operator::Regressed)];

impl Operator {
    /// How it is written.
    pub fn symbol(self) -> &'static str {
        let row = OPERATORS.iter().find(|(_, operator)| *operator == self);
        row.map_or("", |(symbol, _)| symbol)
    }
}

/// A formula: each variable on the left with each term on the right.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The variables on the left.
    pub left: Vec<Word>,
    /// The operator.
    pub operator: Operator,
    /// The terms on the right.
    pub terms: Vec<Term>,
}

/// One term on the right of a formula, with what is multiplied to it.
#[derive(Clone, Debug)]
pub struct Term {
    /// What is said of its coefficient.
    pub modifiers: Vec<Modifier>,
    /// The variable; absent for the intercept `1`.
    pub variable: Option<Word>,
    /// The whole of it.
    pub span: Span,
}

/// Something said of a coefficient.
#[derive(Clone, Debug)]
pub struct Modifier {
    /// What it is about.
    pub role: Role,
    /// One value, or one for each group.
    pub values: Vec<Value>,
    /// Where it stands.
    pub span: Span,
}

/// What a modifier is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// `1*x`, `a*x`, `NA*x`, `c(a, b)*x`: a fixed value, a label, or neither.
    Coefficient,
    /// `start(0.5)*x` or `0.5?x`: where the search begins.
    Start,
    /// `label("a")*x`.
    Label,
    /// `equal("a")*x`: equal to the coefficient of that label.
    Equal,
    /// `lower(0)*x`.
    Lower,
    /// `upper(1)*x`.
    Upper,
}

/// Functions that are modifiers.
const FUNCTIONS: [(&str, Role); 6] = [
    ("c", Role::Coefficient),
    ("start", Role::Start),
    ("label", Role::Label),
    ("equal", Role::Equal),
    ("lower", Role::Lower),
    ("upper", Role::Upper),
];

/// A value in a modifier.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A number.
    Number(Number),
    /// A label.
    Label(String),
    /// `NA`: nothing is said.
    Free,
}

/// Parses a file that is nothing but statements; the model is called `name`.
///
/// # Errors
/// All syntax errors of the file and what could be read in spite of them.
pub fn parse(source: &Source, name: &str, limits: &Limits) -> Result<ModelText, Box<Failed>> {
    let mut tree = Tree::new();
    let text = source.text();
    let whole = Span::new(0, text.len().min(u32::MAX as usize - 1));
    let (lines, mut errors) = match limits.check_bytes(text.len()) {
        Ok(()) => read(&mut Reader::new(text, text.len(), &mut tree, limits), whole, limits),
        Err(e) => (Vec::new(), vec![e]),
    };
    if lines.is_empty() && errors.is_empty() {
        let error = Diagnostic::error(Kind::Syntax, Span::at(text.len()), "there is no formula");
        errors.push(error.help("a formula reads `y ~ x`, `x ~~ y` or `f =~ x1 + x2`"));
    }
    let word = Word { text: name.to_owned(), span: Span::at(0) };
    let block = Block { kind: BlockKind::Sem, name: word, statements: lines, span: whole };
    let model = ModelText { tree, blocks: vec![block] };
    match errors.is_empty() {
        true => Ok(model),
        false => Err(Box::new(Failed { diagnostics: errors, partial: model })),
    }
}

/// Reads the statements of a stretch of text, and all that is wrong with them.
pub(super) fn read(
    reader: &mut Reader<'_>,
    within: Span,
    limits: &Limits,
) -> (Vec<Line>, Vec<Diagnostic>) {
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    reader.dialect = Dialect::Lavaan;
    for span in statements(reader.text(), within) {
        reader.within(span.start as usize, span.end as usize);
        match statement(reader) {
            Ok(content) => lines.push(Line { content: Content::Structural(content), span }),
            Err(e) => errors.push(e),
        }
        if errors.len() >= limits.errors {
            break;
        }
    }
    reader.dialect = Dialect::Model;
    (lines, errors)
}

/// The code of a line, which ends where a comment begins.
fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => return &line[..at],
            '!' if !quoted && !line[at + 1..].starts_with('=') => return &line[..at],
            _ => {}
        }
    }
    line
}

/// Stretches of text that hold one statement each.
pub fn statements(text: &str, within: Span) -> Vec<Span> {
    const JOINTS: [char; 11] = ['+', '*', '~', ',', '=', '<', '>', '-', '/', '^', '?'];
    let mut found: Vec<Span> = Vec::new();
    // Where the statement begins that may go on, the brackets open in it, and where it ends so far.
    let (mut open, mut depth, mut end) = (None::<usize>, 0_usize, 0);
    let mut offset = within.start as usize;
    for line in text[within.range()].split_inclusive('\n') {
        let code = without_comment(line);
        let (mut from, mut quoted) = (0, false);
        let marks = code.char_indices().filter(|(_, c)| {
            quoted ^= *c == '"';
            !quoted && *c == ';'
        });
        let cuts: Vec<usize> = marks.map(|(at, _)| at).chain([code.len()]).collect();
        for (k, &cut) in cuts.iter().enumerate() {
            let piece = &code[from..cut];
            let trimmed = piece.trim();
            let start = offset + from + (piece.len() - piece.trim_start().len());
            from = (cut + 1).min(code.len());
            if trimmed.is_empty() {
                // A semicolon ends what was open.
                if k + 1 < cuts.len() {
                    found.extend(open.take().map(|begin| Span::new(begin, end)));
                    depth = 0;
                }
                continue;
            }
            let goes_on = depth > 0
                || text[..end].ends_with(JOINTS)
                || k == 0 && trimmed.starts_with(['+', '*']);
            if !goes_on {
                found.extend(open.take().map(|begin| Span::new(begin, end)));
            }
            open = open.or(Some(start));
            end = start + trimmed.len();
            for c in trimmed.chars() {
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            if k + 1 < cuts.len() {
                found.extend(open.take().map(|begin| Span::new(begin, end)));
                depth = 0;
            }
        }
        offset += line.len();
    }
    found.extend(open.map(|begin| Span::new(begin, end)));
    found
}

/// Reads one statement to its end.
fn statement(reader: &mut Reader<'_>) -> Result<Statement, Diagnostic> {
    let code: String = reader.rest().lines().map(without_comment).collect();
    let statement = if let Some(error) = unsupported(reader, &code) {
        return Err(error);
    } else if heads(&code, "group") {
        group(reader)?
    } else if code.contains('~') {
        Statement::Formula(formula(reader)?)
    } else if code.contains(":=") {
        let name = word(reader, "the name of a quantity")?;
        if !reader.symbol(":=") {
            return Err(reader.unexpected("`:=`"));
        }
        Statement::Definition { name, value: reader.expression(0)? }
    } else {
        constraint(reader)?
    };
    reader.skip_blank();
    match reader.rest().is_empty() {
        true => Ok(statement),
        false => Err(trailing(reader, &statement)),
    }
}

/// `group: 2`.
fn group(reader: &mut Reader<'_>) -> Result<Statement, Diagnostic> {
    word(reader, "`group`")?;
    reader.symbol(":");
    reader.skip_blank();
    let at = reader.at;
    let number = reader.take(lexeme::number).and_then(|text| text.parse().ok());
    number.filter(|n| *n > 0).map(Statement::Group).ok_or_else(|| {
        reader.at = at;
        let help = "groups are counted from 1, in the order in which the data show them";
        reader.unexpected("the number of a group").help(help)
    })
}

/// `y1 + y2 ~ a*x + z`.
fn formula(reader: &mut Reader<'_>) -> Result<Formula, Diagnostic> {
    let mut left = vec![word(reader, "a variable")?];
    while reader.symbol("+") {
        left.push(word(reader, "a variable")?);
    }
    reader.skip_blank();
    let found = OPERATORS.iter().find(|(symbol, _)| reader.rest().starts_with(symbol));
    let Some((symbol, operator)) = found else {
        let error = reader.unexpected("`~`, `~~`, `=~` or `+`");
        return Err(match reader.rest().starts_with('*') {
            true => error.help("coefficients stand on the right of a formula"),
            false => error,
        });
    };
    reader.at += symbol.len();
    let mut terms = vec![term(reader, *operator)?];
    while reader.symbol("+") {
        terms.push(term(reader, *operator)?);
    }
    Ok(Formula { left, operator: *operator, terms })
}

/// Modifiers, each with its `*`, then a variable or an intercept.
fn term(reader: &mut Reader<'_>, operator: Operator) -> Result<Term, Diagnostic> {
    reader.skip_blank();
    let start = reader.at;
    let mut modifiers = Vec::new();
    loop {
        reader.skip_blank();
        let at = reader.at;
        if let Some(text) = reader.take(lexeme::string) {
            if !reader.symbol("*") {
                return Err(reader.unexpected("`*` after a label in quotes"));
            }
            let values = vec![Value::Label(text.to_owned())];
            modifiers.push(Modifier { role: Role::Label, values, span: Span::new(at, reader.at) });
            continue;
        }
        if reader.rest().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')) {
            let value = number(reader)?;
            let span = Span::new(at, reader.at);
            let bare = !reader.text()[span.range()].contains(['-', '/']);
            let role = if reader.symbol("*") {
                Role::Coefficient
            } else if reader.symbol("?") {
                Role::Start
            } else if bare && (value.is_one() || value.is_zero()) {
                return intercept(operator, modifiers, value, Span::new(start, reader.at));
            } else {
                return Err(reader.unexpected("`*` after a number"));
            };
            modifiers.push(Modifier { role, values: vec![Value::Number(value)], span });
            continue;
        }
        let variable = word(reader, "a variable, a number or a label")?;
        if reader.symbol("(") {
            modifiers.push(call(reader, &variable)?);
            if !reader.symbol("*") {
                return Err(reader.unexpected("`*` after a modifier"));
            }
        } else if reader.symbol("*") {
            let values = vec![label(variable.text)];
            modifiers.push(Modifier { role: Role::Coefficient, values, span: variable.span });
        } else {
            let span = Span::new(start, variable.span.end as usize);
            return Ok(Term { modifiers, variable: Some(variable), span });
        }
    }
}

/// `1`, or `0`, which is an intercept fixed at zero.
fn intercept(
    operator: Operator,
    mut modifiers: Vec<Modifier>,
    value: Number,
    span: Span,
) -> Result<Term, Diagnostic> {
    if operator != Operator::Regressed {
        let message = format!("an intercept cannot stand on the right of `{}`", operator.symbol());
        return Err(Diagnostic::error(Kind::Syntax, span, message).help("write `y ~ 1`"));
    }
    if value.is_zero() {
        let values = vec![Value::Number(value)];
        modifiers.push(Modifier { role: Role::Coefficient, values, span });
    }
    Ok(Term { modifiers, variable: None, span })
}

fn label(text: String) -> Value {
    if text == "NA" { Value::Free } else { Value::Label(text) }
}

/// A number with its sign, or a quotient of two.
fn number(reader: &mut Reader<'_>) -> Result<Number, Diagnostic> {
    let negative = reader.symbol("-");
    let digits = |reader: &mut Reader<'_>| {
        reader.skip_blank();
        let start = reader.at;
        let text = reader.take(lexeme::number).ok_or_else(|| reader.unexpected("a number"))?;
        // Doubles in the end: longer numbers are a mistake.
        match Number::from_decimal(text).filter(|n| n.to_f64().is_finite() && text.len() < 400) {
            Some(n) => Ok(n),
            None => Err(Diagnostic::error(
                Kind::Resource,
                Span::new(start, reader.at),
                "this number is too large or too long",
            )),
        }
    };
    let mut value = digits(reader)?;
    if reader.symbol("/") {
        reader.skip_blank();
        let at = reader.at;
        let divisor = digits(reader)?;
        let error =
            || Diagnostic::error(Kind::Domain, Span::new(at, reader.at), "division by zero");
        value = &value * &divisor.recip().ok_or_else(error)?;
    }
    Ok(if negative { -&value } else { value })
}

/// `start(…)`, `c(…)` and the like, after the opening bracket.
fn call(reader: &mut Reader<'_>, name: &Word) -> Result<Modifier, Diagnostic> {
    let Some((_, role)) = FUNCTIONS.iter().find(|(f, _)| *f == name.text) else {
        let message = format!("unknown modifier `{}`", name.text);
        let error = Diagnostic::error(Kind::Name, name.span, message);
        let known = FUNCTIONS.iter().map(|(f, _)| *f);
        let meant = nearest(&name.text, known.clone());
        let list = known.collect::<Vec<_>>().join(", ");
        return Err(match meant {
            Some(_) => error.did_you_mean(meant),
            None => {
                error.help("a function of a variable is a column of the data: compute it there")
            }
        }
        .note(format!("modifiers are {list}")));
    };
    let mut values = Vec::new();
    let nested = *role != Role::Coefficient && {
        let at = reader.at;
        let found = reader.keyword("c") && reader.symbol("(");
        if !found {
            reader.at = at;
        }
        found
    };
    loop {
        values.push(value(reader, *role)?);
        if !reader.symbol(",") {
            break;
        }
    }
    for _ in 0..=usize::from(nested) {
        if !reader.symbol(")") {
            return Err(reader.unexpected("`,` or `)`"));
        }
    }
    Ok(Modifier { role: *role, values, span: Span::new(name.span.start as usize, reader.at) })
}

/// One value among the arguments of a modifier of this role.
fn value(reader: &mut Reader<'_>, role: Role) -> Result<Value, Diagnostic> {
    reader.skip_blank();
    let start = reader.at;
    let numbers = matches!(role, Role::Start | Role::Lower | Role::Upper);
    let labels = matches!(role, Role::Label | Role::Equal);
    let expected = match (numbers, labels) {
        (true, _) => "a number",
        (_, true) => "a label in quotes",
        _ => "a number, a label or `NA`",
    };
    let found = if let Some(text) = reader.take(lexeme::string) {
        Value::Label(text.to_owned())
    } else if reader.rest().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')) {
        Value::Number(number(reader)?)
    } else {
        label(word(reader, expected)?.text)
    };
    let fits = match found {
        Value::Number(_) => !labels,
        Value::Label(_) => !numbers,
        Value::Free => true,
    };
    if !fits {
        reader.at = start;
        return Err(reader.unexpected(expected));
    }
    Ok(found)
}

/// `a == b`, `a > 0`.
fn constraint(reader: &mut Reader<'_>) -> Result<Statement, Diagnostic> {
    // Comparisons are looser than all that a side may hold.
    const LOOSER: u8 = 4;
    let left = reader.expression(LOOSER)?;
    reader.skip_blank();
    let found = RELATIONS.iter().find(|(symbol, _)| reader.rest().starts_with(symbol));
    let Some((symbol, relation)) = found else {
        let error = reader.unexpected("`~`, `~~`, `=~`, `:=` or a comparison");
        return Err(match reader.rest().starts_with('=') {
            true => error.help("a regression is `y ~ x`, a constraint `a == b`"),
            false => error.help("a formula reads `y ~ x`, `x ~~ y` or `f =~ x1 + x2`"),
        });
    };
    reader.at += symbol.len();
    Ok(Statement::Constraint { left, relation: *relation, right: reader.expression(LOOSER)? })
}

/// A name of R: dots may stand in it.
fn word(reader: &mut Reader<'_>, expected: &str) -> Result<Word, Diagnostic> {
    reader.skip_blank();
    let start = reader.at;
    match reader.take(lexeme::dotted) {
        Some(text) => Ok(Word { text: text.to_owned(), span: Span::new(start, reader.at) }),
        None => Err(reader.unexpected(expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        let all = statements(text, Span::new(0, text.len()));
        all.into_iter().map(|s| &text[s.range()]).collect()
    }

    #[test]
    fn statements_end_at_lines_and_semicolons() {
        assert_eq!(pieces("a ~ b; c ~ d\ne ~ f # g ~ h"), ["a ~ b", "c ~ d", "e ~ f"]);
        assert_eq!(pieces("f =~ x1 +\n x2\n + x3\ny ~ f"), ["f =~ x1 +\n x2\n + x3", "y ~ f"]);
        assert_eq!(pieces("y ~ c(a, ! one\n b)*x\n\n z ~ x"), ["y ~ c(a, ! one\n b)*x", "z ~ x"]);
        assert_eq!(pieces(";;\n! nothing\n"), [] as [&str; 0]);
        assert_eq!(pieces("a != b\nc ~\n~ d"), ["a != b", "c ~\n~ d"]);
    }
}
