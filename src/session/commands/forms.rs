//! Commands that bring rational functions into shapes that have names.

use serde_json::json;

use super::expressions::{answer, assuming, text_of};
use super::{ASSUME, EXPRESSION};
use crate::session::Session;
use crate::session::command::{Answer, Argument, Call, Command, Example, Place, Sort, Stop};

const VARIABLE: Argument = Argument {
    name: "VARIABLE",
    about: "the name that counts; other names are coefficients",
    sort: Sort::Expression,
    optional: false,
    many: false,
};

/// Reads the expression, changes its shape, and says what it no longer needs.
fn shape(session: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    let name = call.command.name;
    let text = text_of(call.argument(0), &session.limits)?;
    let by = matches!(name, "collect" | "apart").then(|| call.argument(1).to_owned());
    assuming(session, call, |workspace| {
        let read = workspace.read(&text);
        let shaped = read.and_then(|root| workspace.shape(root, name, by.as_deref()));
        let shaped = shaped.map_err(|e| Stop::about("expression", &text, e))?;
        let plain = answer(&shaped.reduced);
        let mut json = plain.json.clone();
        json["nonzero"] = json!(shaped.nonzero);
        json["complete"] = json!(shaped.complete);
        if shaped.nonzero.is_empty() && shaped.complete {
            return Ok(plain.json(json));
        }
        let mut lines = vec![shaped.reduced.expression.clone()];
        lines.extend(shaped.nonzero.iter().map(|t| format!("also where {t} = 0")));
        if !shaped.complete {
            lines.push("a factor may be a product: it is too large to be taken apart".to_owned());
        }
        Ok(Answer::text(lines.join("\n")).json(json))
    })
}

/// What all of these commands have in common.
const SHAPE: Command = Command {
    name: "",
    about: "",
    more: "",
    arguments: &[EXPRESSION],
    options: &[ASSUME],
    place: Place::Everywhere,
    examples: &[],
    run: shape,
};
/// Powers of one name.
pub const COLLECT: Command = Command {
    name: "collect",
    about: "the expression as a sum of powers of a name",
    arguments: &[EXPRESSION, VARIABLE],
    examples: &[Example { line: "collect (a + x)^2 + b*x, x", result: "a^2 + x*(2*a + b) + x^2" }],
    ..SHAPE
};

/// One fraction.
pub const TOGETHER: Command = Command {
    name: "together",
    about: "one fraction in lowest terms, the denominator in factors",
    examples: &[Example { line: "together 1/x + 1/y", result: "(x + y)/(x*y)" }],
    ..SHAPE
};

/// Lowest terms.
pub const CANCEL: Command = Command {
    name: "cancel",
    about: "one fraction in lowest terms, with the points that this adds",
    more: "Functions, roots and powers with names in the exponent count as names.",
    examples: &[Example {
        line: "cancel (x^4 - 1)/(x^2 - 1)",
        result: "x^2 + 1\nalso where x^2 - 1 = 0",
    }],
    ..SHAPE
};

/// Factors.
pub const FACTOR: Command = Command {
    name: "factor",
    about: "the product of the irreducible factors over the rationals",
    examples: &[
        Example { line: "factor x^4 + 4", result: "(x^2 - 2*x + 2)*(2*x + x^2 + 2)" },
        Example {
            line: "factor x^3 + y^3 + z^3 - 3*x*y*z",
            result: "(x + y + z)*(x^2 - x*y - x*z + y^2 - y*z + z^2)",
        },
    ],
    ..SHAPE
};

/// Partial fractions.
pub const APART: Command = Command {
    name: "apart",
    about: "partial fractions in a name",
    arguments: &[EXPRESSION, VARIABLE],
    examples: &[Example { line: "apart 1/(x^2 - 1), x", result: "0.5/(x - 1) - 0.5/(x + 1)" }],
    ..SHAPE
};
