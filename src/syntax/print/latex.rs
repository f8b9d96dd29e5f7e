//! LaTeX mathematics.

use std::borrow::Cow;

use super::DIGITS;
use super::notation::{ATOM, Notation, Piece, tightness};
use super::page::{Page, Part, Text, text};
use crate::syntax::operators::Operator;
use crate::term::{Number, Op};

/// Names of Greek letters, which are written as letters.
pub const GREEK: &[(&str, char)] = &[
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("epsilon", 'ε'),
    ("zeta", 'ζ'),
    ("eta", 'η'),
    ("theta", 'θ'),
    ("iota", 'ι'),
    ("kappa", 'κ'),
    ("lambda", 'λ'),
    ("mu", 'μ'),
    ("nu", 'ν'),
    ("xi", 'ξ'),
    ("rho", 'ρ'),
    ("sigma", 'σ'),
    ("tau", 'τ'),
    ("phi", 'φ'),
    ("chi", 'χ'),
    ("psi", 'ψ'),
    ("omega", 'ω'),
    ("Gamma", 'Γ'),
    ("Delta", 'Δ'),
    ("Theta", 'Θ'),
    ("Lambda", 'Λ'),
    ("Xi", 'Ξ'),
    ("Sigma", 'Σ'),
    ("Phi", 'Φ'),
    ("Psi", 'Ψ'),
    ("Omega", 'Ω'),
];

/// The notation of LaTeX, for math mode with the package amsmath.
pub struct Latex;

/// One part of a name: a letter as it is, a Greek letter, or an upright word.
fn word(text: &str) -> String {
    if GREEK.iter().any(|(name, _)| *name == text) {
        format!("\\{text}")
    } else if text.chars().count() <= 1 || text.chars().all(|c| c.is_ascii_digit()) {
        text.to_owned()
    } else {
        format!("\\mathrm{{{text}}}")
    }
}

/// A name in its letters and, after `_` or before final digits, its subscripts.
pub fn parts(name: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = name.split('_').filter(|p| !p.is_empty()).collect();
    if let Some(first) = parts.first().copied() {
        let letters = first.trim_end_matches(|c: char| c.is_ascii_digit());
        if !letters.is_empty() && letters.len() < first.len() {
            parts.splice(0..1, [letters, &first[letters.len()..]]);
        }
    }
    if parts.is_empty() { vec![name] } else { parts }
}

impl Notation for Latex {
    fn symbol<'n>(&self, name: &'n str) -> Cow<'n, str> {
        Cow::Owned(match parts(name).as_slice() {
            ["_"] | [] => "\\_".to_owned(),
            [one] => word(one),
            [first, rest @ ..] => {
                let rest: Vec<String> = rest.iter().map(|r| word(r)).collect();
                format!("{}_{{{}}}", word(first), rest.join(","))
            }
        })
    }

    fn element(&self, array: &str, indices: &[String]) -> String {
        let indices = indices.join(", ").replace('*', " ").replace('_', "\\prime ");
        match parts(array).as_slice() {
            [_, _, ..] => format!("{{{}}}_{{{indices}}}", self.symbol(array)),
            _ => format!("{}_{{{indices}}}", self.symbol(array)),
        }
    }

    fn number(&self, page: &mut Page, n: &Number) -> Piece {
        match n.to_decimal(DIGITS) {
            Some(text) => {
                let text = match text.split_once('e') {
                    Some(("1", power)) => format!("10^{{{power}}}"),
                    Some((digits, power)) => format!("{digits} \\cdot 10^{{{power}}}"),
                    None => text,
                };
                let level = if n.is_negative() { tightness(Op::Neg) } else { ATOM };
                Piece::new(page.word(&text), level)
            }
            None => {
                let text = n.abs().to_string();
                let (over, under) = text.split_once('/').unwrap_or((&text, "1"));
                let sign = if n.is_negative() { "-" } else { "" };
                let text = page.word(&format!("{sign}\\frac{{{over}}}{{{under}}}"));
                Piece::new(text, tightness(Op::Div))
            }
        }
    }

    fn brackets(&self, page: &mut Page, text: Text) -> Text {
        text!(page, "\\left(", text, "\\right)")
    }

    fn factors(&self, page: &mut Page, factors: &[Piece]) -> Text {
        let level = tightness(Op::Mul);
        let mut parts = Vec::with_capacity(2 * factors.len());
        for (k, &factor) in factors.iter().enumerate() {
            let written = self.within(page, factor, level);
            // A digit after a factor would read as part of it.
            parts.push(Part::Fixed(match (k, written.begins_with_digit()) {
                (0, _) => "",
                (_, true) => " \\cdot ",
                (_, false) => " \\, ",
            }));
            parts.push(Part::Text(written));
        }
        page.join(parts)
    }

    fn fraction(&self, page: &mut Page, over: &[Piece], under: &[Piece]) -> Text {
        let mut part = |factors: &[Piece]| match factors {
            [] => text!(page, "1"),
            [one] => one.text,
            _ => self.factors(page, factors),
        };
        let (over, under) = (part(over), part(under));
        text!(page, "\\frac{", over, "}{", under, "}")
    }

    fn power(&self, page: &mut Page, base: Piece, exponent: Piece) -> Piece {
        let text = match base.call {
            Some((name, rest)) => text!(page, name, "^{", exponent.text, "}", rest),
            None => {
                let base = self.within(page, base, tightness(Op::Pow));
                text!(page, base, "^{", exponent.text, "}")
            }
        };
        Piece::new(text, tightness(Op::Pow))
    }

    fn root(&self, page: &mut Page, argument: Piece) -> Piece {
        Piece::atom(text!(page, "\\sqrt{", argument.text, "}"))
    }

    fn prefix(&self, page: &mut Page, operator: Operator, argument: Text) -> Text {
        let op = operator.row().op;
        let argument = if op == Op::Not { self.brackets(page, argument) } else { argument };
        text!(page, op.row().latex, " ", argument)
    }

    fn infix(&self, page: &mut Page, operator: Operator, left: Text, right: Text) -> Text {
        let row = operator.row();
        let symbol = if row.negated { "\\ne" } else { row.op.row().latex };
        text!(page, left, " ", symbol, " ", right)
    }

    fn call(&self, page: &mut Page, op: Op, args: &[Piece]) -> Piece {
        let latex = op.row().latex;
        Piece::atom(match (op, args) {
            (_, []) => text!(page, latex),
            (Op::Sqrt | Op::Cbrt, [a]) => text!(page, latex, "{", a.text, "}"),
            (Op::Abs, [a]) => text!(page, "\\left|", a.text, "\\right|"),
            (Op::Floor, [a]) => text!(page, "\\left\\lfloor ", a.text, "\\right\\rfloor"),
            (Op::Ceil, [a]) => text!(page, "\\left\\lceil ", a.text, "\\right\\rceil"),
            (Op::If, [condition, then, otherwise]) => text!(
                page,
                "\\begin{cases} ",
                then.text,
                " & \\text{if } ",
                condition.text,
                " \\\\ ",
                otherwise.text,
                " & \\text{otherwise} \\end{cases}"
            ),
            _ => {
                let args: Vec<Text> = args.iter().map(|a| a.text).collect();
                let args = page.list(&args, ", ");
                let (name, rest) = (text!(page, latex), self.brackets(page, args));
                let text = text!(page, name, rest);
                return Piece { call: Some((name, rest)), ..Piece::atom(text) };
            }
        })
    }

    fn apply(&self, page: &mut Page, name: &str, args: &[Text]) -> Piece {
        let plain = name.trim_end_matches('\'');
        let name = page.word(&format!("{}{}", self.symbol(plain), &name[plain.len()..]));
        let args = page.list(args, ", ");
        let args = self.brackets(page, args);
        Piece::atom(text!(page, name, args))
    }

    fn reduce(&self, page: &mut Page, body: Piece, index: &str, from: i64, to: i64) -> Piece {
        let index = index.replace('_', "'");
        // The sum reaches over products, not over what stands after a plus sign.
        let body = self.within(page, body, tightness(Op::Add));
        let sum = page.word(&format!("\\sum_{{{index}={from}}}^{{{to}}} "));
        Piece::new(text!(page, sum, body), tightness(Op::Add) + 1)
    }
}
