//! Explanations as people read them: each step with its rule, what it replaces, and why it may.

use serde_json::{Value as Json, json};

use super::request::{Answer, Reduced, Workspace};
use crate::rewrite::explain::{Explanation, Kind, Reason, Step, given_up};
use crate::term::Term;

/// An expression and the steps to its shortest form.
pub struct Explained {
    /// The expression.
    pub start: String,
    /// The steps.
    pub lines: Vec<Line>,
    /// What they lead to.
    pub result: Reduced,
}

/// A step as texts.
pub struct Line {
    /// The rule, or the kind of step.
    pub by: String,
    /// The part that is replaced, and what by.
    pub part: [String; 2],
    /// Facts that the rule needs.
    pub since: Vec<String>,
    /// What had to hold for the part to have a value and need not hold any more: the points where
    /// it does not are added.
    pub without: Vec<String>,
    /// Steps that show a fact is about an equal term.
    pub because: Vec<Line>,
    /// The whole expression afterwards.
    pub whole: String,
}

impl Line {
    /// The step for programs.
    pub fn json(&self) -> Json {
        let because: Vec<Json> = self.because.iter().map(Line::json).collect();
        json!({
            "rule": self.by, "part": self.part[0], "becomes": self.part[1], "since": self.since,
            "without": self.without, "because": because, "expr": self.whole,
        })
    }
}

impl Workspace {
    /// The steps of an explanation.
    ///
    /// # Errors
    /// When a text is too long.
    pub fn told(&mut self, explanation: &Explanation) -> Answer<Vec<Line>> {
        explanation.steps.iter().map(|step| self.line(step)).collect()
    }

    fn line(&mut self, step: &Step) -> Answer<Line> {
        let (by, since, because) = match &step.reason {
            Reason::NormalForm => ("arithmetic".to_owned(), Vec::new(), Vec::new()),
            Reason::Constant { .. } => ("the only value".to_owned(), Vec::new(), Vec::new()),
            Reason::Rule { name, backwards, bindings, because, .. } => {
                let by = if *backwards { format!("{name}, backwards") } else { name.clone() };
                let mut lines = Vec::new();
                for (_, reason) in because {
                    lines.extend(self.told(reason)?);
                }
                (by, self.since(name, bindings)?, lines)
            }
        };
        let known = self.assumptions().clone();
        let without = given_up(&mut self.graph, &known, step.old, step.new);
        let without: Answer<Vec<String>> = without
            .into_iter()
            .map(|r| {
                let of = self.print(r.of)?;
                Ok(match r.kind {
                    Kind::Nonzero => format!("{of} != 0"),
                    Kind::Nonnegative => format!("{of} >= 0"),
                    Kind::Positive => format!("{of} > 0"),
                    Kind::Call => format!("{of} to have a value"),
                })
            })
            .collect();
        Ok(Line {
            by,
            part: [self.print(step.old)?, self.print(step.new)?],
            since,
            without: without?,
            because,
            whole: self.print(step.whole)?,
        })
    }

    /// The conditions of a rule about what its variables stand for.
    fn since(&self, name: &str, bindings: &[(String, Term)]) -> Answer<Vec<String>> {
        let conditions = self.rules().named(name).and_then(|rule| rule.conditions_as_written());
        let Some(conditions) = conditions else { return Ok(Vec::new()) };
        let mut texts = Vec::new();
        for (variable, term) in bindings {
            texts.push((variable.as_str(), self.print(*term)?));
        }
        Ok(conditions.split(" and ").map(|c| with_terms(c.trim(), &texts)).collect())
    }
}

/// A condition with texts in place of the variables of its rule.
fn with_terms(condition: &str, texts: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = condition;
    while let Some(at) = rest.find('?') {
        out += &rest[..at];
        let end = rest[at + 1..]
            .find(|c| !crate::syntax::lexeme::continues_name(c))
            .map_or(rest.len(), |n| at + 1 + n);
        let variable = &rest[at..end];
        match texts.iter().find(|(name, _)| *name == variable) {
            // A word after it, as in `x integer`, belongs to all of the text.
            Some((_, text)) if crate::syntax::expression::is_name(text) => out += text,
            Some((_, text)) if text.bytes().all(|b| b.is_ascii_digit()) => out += text,
            Some((_, text)) => out += &format!("({text})"),
            None => out += variable,
        }
        rest = &rest[end..];
    }
    out + rest
}

/// An explanation as text: the expression, then each form with what led to it.
pub fn text(start: &str, lines: &[Line]) -> String {
    let mut out = start.to_owned();
    let mut before = start;
    for line in lines {
        // What only changes how a term is held looks the same.
        if line.whole == before {
            continue;
        }
        before = &line.whole;
        out += &format!("\n= {}", line.whole);
        reasons(&mut out, line, before, 4);
    }
    out
}

fn reasons(out: &mut String, line: &Line, whole: &str, indent: usize) {
    let [part, becomes] = &line.part;
    let margin = " ".repeat(indent);
    *out += &format!("\n{margin}{}", line.by);
    if becomes != whole {
        *out += &format!(": {part} is {becomes}");
    }
    if !line.since.is_empty() {
        *out += &format!("\n{margin}  since {}", line.since.join(" and "));
    }
    if !line.without.is_empty() {
        *out += &format!("\n{margin}  no longer needs {}", line.without.join(" and "));
    }
    for inner in line.because.iter().filter(|l| l.part[0] != l.part[1]) {
        reasons(out, inner, "", indent + 4);
    }
}
