//! Commands about several derivatives at once.

use super::expressions::{assuming, matrix_answer, text_of};
use super::{ASSUME, EXPRESSION};
use crate::session::Session;
use crate::session::command::{Answer, Argument, Call, Command, Example, Flag, Place, Stop};
use crate::session::line;
use crate::session::request::{Workspace, names};
use crate::term::Term;

const FOR: Flag =
    Flag::with("for", "NAMES", "the names to differentiate by, divided by commas [default: all]");

/// The expressions of a call, read.
fn read(workspace: &mut Workspace, texts: &[String]) -> Result<Vec<Term>, Stop> {
    let mut read = |t: &String| workspace.read(t).map_err(|e| Stop::about("expression", t, e));
    texts.iter().map(&mut read).collect()
}

/// The names that are asked for; all names of the expressions if none are.
fn unknowns(workspace: &Workspace, roots: &[Term], asked: Vec<String>) -> Vec<String> {
    if !asked.is_empty() {
        return asked;
    }
    let mut all: Vec<String> = Vec::new();
    for &root in roots {
        for name in names(&workspace.graph, root) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all.sort();
    all
}

fn texts(session: &Session, call: &Call<'_>) -> Result<Vec<String>, Stop> {
    let mut texts = Vec::new();
    for argument in &call.arguments {
        let text = text_of(argument, &session.limits)?;
        texts.extend(line::outer(&text, ',').into_iter().map(|t| t.trim().to_owned()));
    }
    Ok(texts)
}

fn run(session: &mut Session, call: &Call<'_>, second: bool) -> Result<Answer, Stop> {
    let (texts, asked) = (texts(session, call)?, call.list("for"));
    assuming(session, call, |workspace| {
        let roots = read(workspace, &texts)?;
        let names = unknowns(workspace, &roots, asked);
        let rows = match second {
            true => workspace.hessian(roots[0], &names)?,
            false => workspace.jacobian(&roots, &names)?,
        };
        matrix_answer(workspace, rows, None)
    })
}

/// First derivatives of several expressions.
pub const JACOBIAN: Command = Command {
    name: "jacobian",
    about: "the matrix of the derivatives of expressions by names",
    more: "A row for each expression, a column for each name.",
    arguments: &[Argument { about: "expressions, divided by commas", many: true, ..EXPRESSION }],
    options: &[FOR, ASSUME],
    place: Place::Everywhere,
    examples: &[Example {
        line: "jacobian x^2*y, 5*x + sin(y) --for x,y",
        result: "[[2*x*y, x^2], [5, cos(y)]]",
    }],
    run: |session, call| run(session, call, false),
};

/// Second derivatives of one expression.
pub const HESSIAN: Command = Command {
    name: "hessian",
    about: "the matrix of the second derivatives of an expression by names",
    more: "",
    arguments: &[EXPRESSION],
    options: &[FOR, ASSUME],
    place: Place::Everywhere,
    examples: &[Example {
        line: "hessian x^3 + x*y^2 --for x,y",
        result: "[[6*x, 2*y], [2*y, 2*x]]",
    }],
    run: |session, call| run(session, call, true),
};
