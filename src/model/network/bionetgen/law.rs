//! Rate laws of BioNetGen: mass action, saturation, Hill's and that of Michaelis and Menten.
//!
//! Source: the laws as BioNetGen's simulator `run_network` computes them (Faeder, Blinov and
//! Hlavacek 2009, section on rate laws).

use super::Lowering;
use super::expression::{Formula, Meaning, too_large};
use super::text::{Column, ReactionLine, is_name};
use crate::term::{Number, Term};
use crate::text::{Diagnostic, Kind, Span, nearest};

/// Laws with a name, and the least and largest number of their parameters.
const LAWS: [(&str, usize, usize); 4] =
    [("Ele", 1, 1), ("MM", 2, 2), ("Sat", 1, usize::MAX), ("Hill", 3, 3)];

/// Laws that BioNetGen has and that a `.net` file does not reduce to others.
const UNSUPPORTED: [&str; 2] = ["Arrhenius", "FunctionProduct"];

/// The rate of a reaction.
pub struct Rate {
    /// What is multiplied with the factor, and with the reactants under mass action.
    pub rate: Term,
    /// The factor.
    pub factor: Number,
    /// Whether it is multiplied with the reactants.
    pub mass_action: bool,
}

impl Lowering<'_, '_> {
    /// The rate that a line of the block `reactions` describes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn rate(&mut self, line: &ReactionLine<'_>) -> Result<Rate, Diagnostic> {
        let (factor, law) = factored(line.law);
        if !factor.to_f64().is_finite() {
            return Err(too_large(line.law.span));
        }
        let mass_action = |rate| Rate { rate, factor: factor.clone(), mass_action: true };
        let name = law.text.strip_suffix("()").unwrap_or(law.text);
        let is_law = |word: &str| LAWS.iter().any(|(n, ..)| *n == word);
        if is_name(name) && (!is_law(name) || self.names.known.contains_key(name)) {
            return self.named(Column { text: name, span: law.span }).map(mass_action);
        }
        let word = law.text.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("");
        if let Some(&(_, least, most)) = LAWS.iter().find(|(n, ..)| *n == word) {
            let parameters = self.parameters(law, word.len())?;
            let most = most.min(line.reactants.len().max(1) + 1).max(least);
            if !(least..=most).contains(&parameters.len()) {
                let wanted = match least == most {
                    true => format!("{least}"),
                    false => format!("{least} to {most}"),
                };
                let message = format!(
                    "the rate law `{word}` takes {wanted} parameters here, {} given",
                    parameters.len()
                );
                return Err(Diagnostic::error(Kind::Arity, law.span, message));
            }
            if word == "Ele" {
                return Ok(mass_action(parameters[0]));
            }
            if line.reactants.is_empty() && parameters.len() > 1 {
                let message = format!("the rate law `{word}` needs a reactant");
                return Err(Diagnostic::error(Kind::Domain, line.span, message));
            }
            let reactants: Vec<Term> =
                line.reactants.iter().map(|&s| self.species[s as usize]).collect();
            let rate = match word {
                "MM" => self.michaelis_menten(&reactants, parameters[0], parameters[1]),
                "Sat" => self.saturation(&reactants, &parameters),
                _ => self.hill(&reactants, &parameters),
            };
            return Ok(Rate { rate, factor, mass_action: false });
        }
        if UNSUPPORTED.contains(&word) {
            let message = format!("the rate law `{word}` of BioNetGen is not supported");
            return Err(Diagnostic::error(Kind::Name, law.span, message));
        }
        if is_name(word)
            && law.text[word.len()..].starts_with(char::is_whitespace)
            && law.text[word.len()..]
                .trim_start()
                .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        {
            if self.names.known.contains_key(word) {
                let rest = law.text[word.len()..].trim_start();
                let start = law.span.end as usize - rest.len();
                let span = Span::new(start, start + rest.len());
                let message = format!("expected the end of the line after the rate `{word}`");
                return Err(Diagnostic::error(Kind::Syntax, span, message));
            }
            let known: Vec<&str> = LAWS.iter().map(|l| l.0).collect();
            let start = law.span.start as usize;
            let span = Span::new(start, start + word.len());
            return Err(Diagnostic::error(Kind::Name, span, format!("unknown rate law `{word}`"))
                .did_you_mean(nearest(word, known.iter().copied()))
                .note(format!("rate laws are {}", known.join(", "))));
        }
        let formula = Formula::read(self.source, law, self.limits)?;
        self.formula(&formula).map(mass_action)
    }

    /// The parameter, function or number of a name.
    fn named(&mut self, column: Column<'_>) -> Result<Term, Diagnostic> {
        if let Some(number) = Number::from_decimal(column.text) {
            return Ok(self.graph.number(number));
        }
        match self.names.known.get(column.text) {
            Some(Meaning::Value(term)) => Ok(*term),
            // Functions of arguments, constants and errors are a matter of expressions.
            _ => {
                let formula = Formula::read(self.source, column, self.limits)?;
                self.formula(&formula)
            }
        }
    }

    /// The parameters after the name of a law, which may stand in brackets.
    fn parameters(&mut self, law: Column<'_>, at: usize) -> Result<Vec<Term>, Diagnostic> {
        let separates = |c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '\\');
        let (mut found, mut rest) = (Vec::new(), at);
        while let Some(skip) = law.text[rest..].find(|c| !separates(c)) {
            let start = rest + skip;
            let end = law.text[start..].find(separates).map_or(law.text.len(), |n| start + n);
            let offset = law.span.start as usize;
            let span = Span::new(offset + start, offset + end);
            found.push(self.named(Column { text: &law.text[start..end], span })?);
            rest = end;
        }
        Ok(found)
    }

    /// `kcat·E·S/(Km + S)` where `S` is the substrate that is not bound to an enzyme: the first
    /// reactant is all substrate, the others together are all enzyme.
    fn michaelis_menten(&mut self, reactants: &[Term], kcat: Term, km: Term) -> Term {
        let total = reactants[0];
        let enzyme = self.graph.sum(Number::ZERO, reactants[1..].iter().map(|&e| (Number::ONE, e)));
        let b = self.graph.sub(total, km);
        let b = self.graph.sub(b, enzyme);
        let square = self.graph.power(b, 2);
        let four = self.graph.number(4);
        let product = self.graph.product([four, total, km].map(|t| (t, Number::ONE)));
        let discriminant = self.graph.add(square, product);
        let root = self.graph.call(crate::term::Op::Sqrt, &[discriminant]);
        let sum = self.graph.add(b, root);
        let half = self.graph.number(Number::ratio(1, 2).expect("a half"));
        let free = self.graph.mul(half, sum);
        let bottom = self.graph.add(km, free);
        let top = self.graph.product([kcat, enzyme, free].map(|t| (t, Number::ONE)));
        self.graph.div(top, bottom)
    }

    /// `k·Π R / Π (K + R)` over the first reactants, one for each constant; `k` alone is the rate.
    fn saturation(&mut self, reactants: &[Term], parameters: &[Term]) -> Term {
        let mut rate = parameters[0];
        if parameters.len() == 1 {
            return rate;
        }
        for &reactant in reactants {
            rate = self.graph.mul(rate, reactant);
        }
        for (&constant, &reactant) in parameters[1..].iter().zip(reactants) {
            let bottom = self.graph.add(constant, reactant);
            rate = self.graph.div(rate, bottom);
        }
        rate
    }

    /// `V·Rʰ/(Kʰ + Rʰ)` in the first reactant, times the others.
    fn hill(&mut self, reactants: &[Term], parameters: &[Term]) -> Term {
        let &[v, k, h] = parameters else { return parameters[0] };
        let top = self.graph.pow(reactants[0], h);
        let constant = self.graph.pow(k, h);
        let bottom = self.graph.add(constant, top);
        let mut rate = self.graph.mul(v, top);
        rate = self.graph.div(rate, bottom);
        for &reactant in &reactants[1..] {
            rate = self.graph.mul(rate, reactant);
        }
        rate
    }
}

/// The factor of `2*kon` and what it is multiplied with.
fn factored(law: Column<'_>) -> (Number, Column<'_>) {
    if let Some((number, rest)) = law.text.split_once('*')
        && let Some(factor) = Number::from_decimal(number.trim())
        && !rest.contains(['+', '-', '/', '*', '<', '>', '=', '&', '|', '?', '^'])
    {
        let skipped = law.text.len() - rest.trim_start().len();
        let start = law.span.start as usize + skipped;
        let text = rest.trim_start();
        return (factor, Column { text, span: Span::new(start, start + text.len()) });
    }
    (Number::ONE, law)
}
