//! LaTeX mathematics.

use super::DIGITS;
use super::notation::{ATOM, Notation, Piece, tightness};
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

impl Latex {
    /// The argument of a function or an exponent, where brackets are already there.
    fn braced(&self, text: &str) -> String {
        format!("{{{text}}}")
    }
}

impl Notation for Latex {
    fn symbol(&self, name: &str) -> String {
        match parts(name).as_slice() {
            ["_"] | [] => "\\_".to_owned(),
            [one] => word(one),
            [first, rest @ ..] => {
                let rest: Vec<String> = rest.iter().map(|r| word(r)).collect();
                format!("{}_{{{}}}", word(first), rest.join(","))
            }
        }
    }

    fn number(&self, n: &Number) -> Piece {
        match n.to_decimal(DIGITS) {
            Some(text) => {
                let text = match text.split_once('e') {
                    Some(("1", power)) => format!("10^{{{power}}}"),
                    Some((digits, power)) => format!("{digits} \\cdot 10^{{{power}}}"),
                    None => text,
                };
                let level = if n.is_negative() { tightness(Op::Neg) } else { ATOM };
                Piece::new(text, level)
            }
            None => {
                let text = n.abs().to_string();
                let (over, under) = text.split_once('/').unwrap_or((&text, "1"));
                let sign = if n.is_negative() { "-" } else { "" };
                Piece::new(format!("{sign}\\frac{{{over}}}{{{under}}}"), tightness(Op::Div))
            }
        }
    }

    fn brackets(&self, text: &str) -> String {
        format!("\\left({text}\\right)")
    }

    fn factors(&self, factors: &[Piece]) -> String {
        let level = tightness(Op::Mul);
        let mut text = String::new();
        for (k, factor) in factors.iter().enumerate() {
            let written = self.within(factor, level);
            if k > 0 {
                // A digit after a factor would read as part of it.
                let digit = written.starts_with(|c: char| c.is_ascii_digit());
                text.push_str(if digit { " \\cdot " } else { " \\, " });
            }
            text.push_str(&written);
        }
        text
    }

    fn fraction(&self, over: &[Piece], under: &[Piece]) -> String {
        let part = |factors: &[Piece]| match factors {
            [] => "1".to_owned(),
            [one] => one.text.clone(),
            _ => self.factors(factors),
        };
        format!("\\frac{{{}}}{{{}}}", part(over), part(under))
    }

    fn power(&self, base: &Piece, exponent: &Piece) -> Piece {
        let exponent = self.braced(&exponent.text);
        let text = match base.exponent_at {
            Some(at) => format!("{}^{exponent}{}", &base.text[..at], &base.text[at..]),
            None => format!("{}^{exponent}", self.within(base, tightness(Op::Pow))),
        };
        Piece::new(text, tightness(Op::Pow))
    }

    fn root(&self, argument: &Piece) -> Piece {
        Piece::atom(format!("\\sqrt{{{}}}", argument.text))
    }

    fn prefix(&self, operator: Operator, argument: &str) -> String {
        let argument = match operator.row().op {
            Op::Not => self.brackets(argument),
            _ => argument.to_owned(),
        };
        format!("{} {argument}", operator.row().op.row().latex)
    }

    fn infix(&self, operator: Operator, left: &str, right: &str) -> String {
        let row = operator.row();
        let symbol = if row.negated { "\\ne" } else { row.op.row().latex };
        format!("{left} {symbol} {right}")
    }

    fn call(&self, op: Op, args: &[&Piece]) -> Piece {
        let latex = op.row().latex;
        match (op, args) {
            (_, []) => Piece::atom(latex.to_owned()),
            (Op::Sqrt | Op::Cbrt, [a]) => Piece::atom(format!("{latex}{{{}}}", a.text)),
            (Op::Abs, [a]) => Piece::atom(format!("\\left|{}\\right|", a.text)),
            (Op::Floor, [a]) => Piece::atom(format!("\\left\\lfloor {}\\right\\rfloor", a.text)),
            (Op::Ceil, [a]) => Piece::atom(format!("\\left\\lceil {}\\right\\rceil", a.text)),
            (Op::If, [condition, then, otherwise]) => Piece::atom(format!(
                "\\begin{{cases}} {} & \\text{{if }} {} \\\\ {} & \\text{{otherwise}} \\end{{cases}}",
                then.text, condition.text, otherwise.text
            )),
            _ => {
                let args: Vec<&str> = args.iter().map(|a| a.text.as_str()).collect();
                let text = format!("{latex}{}", self.brackets(&args.join(", ")));
                Piece { exponent_at: Some(latex.len()), ..Piece::atom(text) }
            }
        }
    }

    fn apply(&self, name: &str, args: &[&str]) -> Piece {
        let plain = name.trim_end_matches('\'');
        let dashes = &name[plain.len()..];
        Piece::atom(format!("{}{dashes}{}", self.symbol(plain), self.brackets(&args.join(", "))))
    }

    fn element(&self, array: &str, indices: &[String]) -> String {
        let indices = indices.join(", ").replace('*', " ").replace('_', "\\prime ");
        match parts(array).as_slice() {
            [_, _, ..] => format!("{{{}}}_{{{indices}}}", self.symbol(array)),
            _ => format!("{}_{{{indices}}}", self.symbol(array)),
        }
    }

    fn reduce(&self, body: &Piece, index: &str, from: i64, to: i64) -> Piece {
        let index = index.replace('_', "'");
        // The sum reaches over products, not over what stands after a plus sign.
        let body = self.within(body, tightness(Op::Add));
        let text = format!("\\sum_{{{index}={from}}}^{{{to}}} {body}");
        Piece::new(text, tightness(Op::Add) + 1)
    }
}
