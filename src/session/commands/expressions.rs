//! Commands about expressions.

use serde_json::{Map, json};

use super::{ASSUME, EXPRESSION};
use crate::rewrite::{ENGINES, engine};
use crate::session::algebra::{Rows, transposed};
use crate::session::command::{
    Answer, Argument, Call, Command, Example, Flag, Place, Shown, Sort, Stop,
};
use crate::session::equality::Verdict;
use crate::session::explanation::{self, Line};
use crate::session::request::{Reduced, Workspace};
use crate::session::{Session, batch, line, matrix};
use crate::term::{Number, Term};
use crate::text::{Diagnostic, Kind, Limits, Source};

const EXPLAINED: Flag = Flag::switch("explain", "show the steps, as the command `explain` does");

const ENGINE: Flag = Flag {
    choices: &["egraph", "classical"],
    ..Flag::with("engine", "NAME", "how to rewrite: egraph or classical [default: egraph]")
};

/// The text of an argument; `-` is standard input.
pub(super) fn text_of(argument: &str, limits: &Limits) -> Result<String, Stop> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let bytes = crate::session::bytes("-", limits)?;
    Ok(Source::from_bytes("standard input", bytes, limits)?.text().to_owned())
}

/// Works under the assumptions of a call, which are forgotten afterwards.
pub(super) fn assuming<T>(
    session: &mut Session,
    call: &Call<'_>,
    work: impl FnOnce(&mut Workspace) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let before = session.workspace.known().clone();
    let mut outcome = Ok(());
    for assumption in call.list("assume") {
        let assumed = session.workspace.assume(&assumption);
        outcome = outcome.and(assumed.map_err(|e| Stop::about("assumption", &assumption, e)));
    }
    let outcome = outcome.and_then(|()| work(&mut session.workspace));
    session.workspace.know(before);
    outcome
}

/// Reads the expression, asks, and answers.
fn ask(
    session: &mut Session,
    call: &Call<'_>,
    text: &str,
    question: impl FnOnce(&mut Workspace, Term) -> Result<Reduced, Vec<Diagnostic>>,
) -> Result<Answer, Stop> {
    assuming(session, call, |workspace| {
        let asked = workspace.read(text).and_then(|root| question(workspace, root));
        Ok(answer(&asked.map_err(|e| Stop::about("expression", text, e))?))
    })
}

pub(super) fn answer(r: &Reduced) -> Answer {
    let json = json!({"expr": r.expression, "size": r.size, "size_before": r.size_before});
    Answer::term(r.term, json)
}

/// The shortest equal form.
pub const SIMPLIFY: Command = Command {
    name: "simplify",
    about: "the shortest form that is equal wherever the expression has a value",
    more: "At the prompt an expression alone is simplified too. Names and `[[a, b], [c, d]]` may be \
           matrices: sums, products, whole powers, `transpose(A)` and `inverse(A)`.",
    arguments: &[EXPRESSION],
    options: &[ASSUME, EXPLAINED, ENGINE],
    place: Place::Everywhere,
    examples: &[
        Example { line: "simplify 3*sin(x)^2 + 3*cos(x)^2 + y - y", result: "3" },
        Example { line: "simplify sqrt(x^2) --assume x>0", result: "x" },
        Example { line: "simplify sqrt(x^2)", result: "abs(x)" },
        Example { line: "simplify [[1, x], [0, 1]]^2*[[1], [2]]", result: "[[4*x + 1], [2]]" },
    ],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        let found = assuming(session, call, |workspace| {
            let rows = workspace.matrix(&text).map_err(|e| Stop::about("expression", &text, e))?;
            rows.map(|rows| matrix_answer(workspace, rows, None)).transpose()
        })?;
        match found {
            Some(answer) => Ok(answer),
            None => simplified(session, call, &text, call.has("explain")),
        }
    },
};

/// The steps to the shortest equal form.
pub const EXPLAIN: Command = Command {
    name: "explain",
    about: "how an expression is simplified, step by step: rules, the parts they replace, facts used",
    more: "Every step has been checked without the e-graph that found it. `no longer needs x != 0` \
           names the points that a step adds: there the result has a value and the expression has none.",
    arguments: &[EXPRESSION],
    options: &[ASSUME, ENGINE],
    place: Place::Everywhere,
    examples: &[Example {
        line: "explain sin(x)^2/x + cos(x)^2/x",
        result: "sin(x)^2/x + cos(x)^2/x\n= (1/x)*(sin(x)^2 + cos(x)^2)\n    factor\n\
                 = (sin(x)^2 + cos(x)^2)/x\n    arithmetic\n\
                 = 1/x\n    pythagoras: sin(x)^2 + cos(x)^2 is 1",
    }],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        simplified(session, call, &text, true)
    },
};

/// The answer of an engine, with its steps when they are asked for.
fn simplified(
    session: &mut Session,
    call: &Call<'_>,
    text: &str,
    explain: bool,
) -> Result<Answer, Stop> {
    let engine = call.option("engine").and_then(engine).unwrap_or(ENGINES[0]);
    assuming(session, call, |workspace| {
        let about = |e| Stop::about("expression", text, e);
        if !explain {
            let root = workspace.read(text).map_err(about)?;
            return Ok(answer(&workspace.simplify_by(root, engine).map_err(about)?));
        }
        let found = workspace.explain(text, engine).map_err(about)?;
        let mut answer = answer(&found.result);
        answer.shown = Shown::Text(explanation::text(&found.start, &found.lines));
        answer.json["start"] = json!(found.start);
        answer.json["steps"] = found.lines.iter().map(Line::json).collect();
        Ok(answer)
    })
}

/// Products multiplied out.
pub const EXPAND: Command = Command {
    name: "expand",
    about: "the expression with products of sums multiplied out",
    more: "",
    arguments: &[EXPRESSION],
    options: &[ASSUME],
    place: Place::Everywhere,
    examples: &[Example { line: "expand (x + 1)^3", result: "3*x + 3*x^2 + x^3 + 1" }],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        ask(session, call, &text, Workspace::expand)
    },
};

const VARIABLE: Argument = Argument {
    name: "VARIABLE",
    about: "the name to differentiate by",
    sort: Sort::Expression,
    optional: false,
    many: false,
};

/// A derivative.
pub const DIFF: Command = Command {
    name: "diff",
    about: "the derivative of an expression by a name",
    more: "",
    arguments: &[EXPRESSION, VARIABLE],
    options: &[Flag::with("order", "N", "the order, from 1 to 100 [default: 1]"), ASSUME],
    place: Place::Everywhere,
    examples: &[
        Example { line: "diff x^3 + exp(2*x), x", result: "2*exp(2*x) + 3*x^2" },
        Example { line: "diff x^5, x --order 3", result: "60*x^2" },
        Example { line: "diff abs(x), x", result: "sign(x)\nbut none where x = 0" },
    ],
    run: |session, call| {
        let whole = |x: f64| (1.0..=100.0).contains(&x) && x.fract() == 0.0;
        let order = call.number("order", "a whole number from 1 to 100", whole)?.unwrap_or(1.0);
        let name = call.argument(1).to_owned();
        let text = text_of(call.argument(0), &session.limits)?;
        assuming(session, call, |workspace| {
            let about = |e| Stop::about("expression", &text, e);
            let root = workspace.read(&text).map_err(about)?;
            let found = workspace.differentiate(root, &name, order as usize).map_err(about)?;
            let except = workspace.kinks(root, &name, order as usize).map_err(about)?;
            let plain = answer(&found);
            let mut json = plain.json.clone();
            json["except"] = json!(except);
            if except.is_empty() {
                return Ok(plain.json(json));
            }
            let mut lines = vec![found.expression.clone()];
            lines.extend(except.iter().map(|place| format!("but none where {place}")));
            Ok(Answer::text(lines.join("\n")).json(json))
        })
    },
};

/// A value.
pub const EVAL: Command = Command {
    name: "eval",
    about: "the value of an expression, to any number of digits",
    more: "The text is evaluated as it stands: x/x has no value at zero.",
    arguments: &[EXPRESSION],
    options: &[
        Flag::with("at", "NAME=NUMBER", "values of names, as in `x=1.5,y=2/3`"),
        Flag::with("digits", "N", "significant digits [default: 17]"),
    ],
    place: Place::Everywhere,
    examples: &[
        Example { line: "eval x^2/3 --at x=1/2", result: "0.083333333333333333" },
        Example {
            line: "eval exp(pi*sqrt(163)) --digits 30",
            result: "262537412640768743.999999999999",
        },
    ],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        let mut at = Vec::new();
        for given in call.list("at") {
            let (name, value) = given.split_once('=').ok_or_else(|| {
                Stop::refused(Kind::Config, format!("`{given}` is not of the form NAME=NUMBER"))
            })?;
            let value = batch::number(value).map_err(|e| Stop::about("value", value, e))?;
            at.push((name.trim().to_owned(), value));
        }
        let whole = |x: f64| x >= 1.0 && x.fract() == 0.0;
        let digits = call.number("digits", "a whole number of at least 1", whole)?;
        let value = session
            .workspace
            .evaluate(&text, &at, digits.unwrap_or(17.0) as usize)
            .map_err(|e| Stop::about("expression", &text, e))?;
        Ok(Answer::text(value.clone()).json(json!({"value": value})))
    },
};

/// Equality.
pub const EQUAL: Command = Command {
    name: "equal",
    about: "whether two expressions are equal wherever the first has a value",
    more: "The answer is `equal`, `different` with a point where they differ, or `unknown`; in the \
           shell the exit code is 0 only for `equal`.",
    arguments: &[
        EXPRESSION,
        Argument { name: "OTHER", about: "what it is compared with", ..EXPRESSION },
    ],
    options: &[ASSUME, Flag::switch("explain", "show how equality was shown")],
    place: Place::Everywhere,
    examples: &[
        Example { line: "equal (a + b)^2, a^2 + 2*a*b + b^2", result: "equal" },
        Example { line: "equal sqrt(x^2), x", result: "different at x = -1" },
    ],
    run: |session, call| {
        if call.argument(0) == "-" && call.argument(1) == "-" {
            let message = "standard input can be read once, not for both expressions";
            return Err(Stop::refused(Kind::Config, message));
        }
        let a = text_of(call.argument(0), &session.limits)?;
        let b = text_of(call.argument(1), &session.limits)?;
        let (verdict, steps) = assuming(session, call, |workspace| {
            for text in [&a, &b] {
                workspace.read(text).map_err(|e| Stop::about("expression", text, e))?;
            }
            let verdict = workspace.equal(&a, &b).map_err(|e| Stop::about("expression", &a, e))?;
            let told = call.has("explain") && matches!(verdict, Verdict::Equal(_));
            Ok((verdict, if told { both_ways(workspace, &a, &b)? } else { Vec::new() }))
        })?;
        let (text, json) = match &verdict {
            Verdict::Equal(shown) => {
                let mut lines = vec!["equal".to_owned()];
                lines.extend(shown.except.iter().map(|t| format!("but for gaps where {t} = 0")));
                if call.has("explain") {
                    lines.extend(shown.because.iter().map(|line| format!("since {line}")));
                    lines.extend(steps);
                }
                let json = json!({
                    "verdict": "equal", "because": shown.because, "except": shown.except
                });
                (lines.join("\n"), json)
            }
            Verdict::Unknown => ("unknown".to_owned(), json!({"verdict": "unknown"})),
            Verdict::Different(point) => {
                let (place, witness) = place(point);
                let json = json!({"verdict": "different", "witness": witness});
                (format!("different{place}"), json)
            }
        };
        Ok(Answer { yes: matches!(verdict, Verdict::Equal(_)), ..Answer::text(text).json(json) })
    },
};

/// Claims.
pub const DECIDE: Command = Command {
    name: "decide",
    about: "whether a claim, such as `x^4 - x + 1 > 0`, holds wherever it has a value",
    more: "A claim is a comparison, or several joined by `and`, `or` and `not`. The answer is `true`, \
           `false` with a point where it does not hold, or `unknown`; in the shell the exit code is 0 \
           only for `true`.",
    arguments: &[Argument {
        name: "CLAIM",
        about: "a comparison; in the shell `-` reads standard input",
        ..EXPRESSION
    }],
    options: &[ASSUME],
    place: Place::Everywhere,
    examples: &[
        Example { line: "decide x^4 - x + 1 > 0", result: "true" },
        Example { line: "decide x^2 > y^2 --assume x>y", result: "false at x = 1, y = -1" },
        Example { line: "decide 2*x^2 > 2*y^2 --assume x>y --assume y>0", result: "true" },
    ],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        let verdict = assuming(session, call, |workspace| {
            workspace.decide(&text).map_err(|e| Stop::about("claim", &text, e))
        })?;
        let (text, json) = match &verdict {
            Verdict::Equal(_) => ("true".to_owned(), json!({"verdict": "true"})),
            Verdict::Unknown => ("unknown".to_owned(), json!({"verdict": "unknown"})),
            Verdict::Different(point) => {
                let (place, witness) = place(point);
                (format!("false{place}"), json!({"verdict": "false", "witness": witness}))
            }
        };
        Ok(Answer { yes: matches!(verdict, Verdict::Equal(_)), ..Answer::text(text).json(json) })
    },
};

/// A point as text and as an object.
fn place(point: &[(String, Number)]) -> (String, Map<String, serde_json::Value>) {
    let list: Vec<String> = point.iter().map(|(n, v)| format!("{n} = {v}")).collect();
    let at = if point.is_empty() { "" } else { " at " };
    let witness = point.iter().map(|(n, v)| (n.clone(), json!(v.to_string())));
    (format!("{at}{}", list.join(", ")), Map::from_iter(witness))
}

/// The steps from both expressions to one form, when they lead to the same.
fn both_ways(workspace: &mut Workspace, a: &str, b: &str) -> Result<Vec<String>, Stop> {
    let mut told = Vec::new();
    let mut ends = Vec::new();
    for text in [a, b] {
        let about = |e| Stop::about("expression", text, e);
        let found = workspace.explain(text, ENGINES[0]).map_err(about)?;
        told.push(explanation::text(&found.start, &found.lines));
        ends.push(found.result.term);
    }
    Ok(if ends[0] == ends[1] { told } else { Vec::new() })
}

/// Linear systems.
pub const SOLVE: Command = Command {
    name: "solve",
    about: "the solution of linear equations",
    more: "Without `--for` all names are unknowns. A solution with symbols holds where the \
           determinant, which is shown with it, is not zero.",
    arguments: &[Argument {
        name: "EQUATION",
        about: "equations `left = right`, divided by commas",
        many: true,
        ..EXPRESSION
    }],
    options: &[Flag::with("for", "NAMES", "the unknowns, divided by commas"), ASSUME],
    place: Place::Everywhere,
    examples: &[
        Example { line: "solve x + y = 3, x - y = 1", result: "x = 2\ny = 1" },
        Example {
            line: "solve a*x + y = 1, x + y = 0 --for x,y",
            result: "x = 1/(a - 1)\ny = 1/(1 - a)\nprovided that a - 1 is not zero",
        },
    ],
    run: |session, call| {
        let mut texts = Vec::new();
        for argument in &call.arguments {
            let text = text_of(argument, &session.limits)?;
            let parts = line::outer(&text, ',').into_iter().flat_map(|t| line::outer(t, ';'));
            texts.extend(parts.map(|t| t.trim().to_owned()));
        }
        let asked = call.list("for");
        assuming(session, call, |workspace| {
            let mut equations = Vec::new();
            for text in &texts {
                let (left, right) = text.split_once('=').ok_or_else(|| {
                    Stop::refused(Kind::Syntax, format!("`{text}` is no equation `left = right`"))
                })?;
                let mut read =
                    |side: &str| workspace.read(side).map_err(|e| Stop::about("equation", side, e));
                equations.push((read(left)?, read(right)?));
            }
            let mut unknowns = asked;
            if unknowns.is_empty() {
                for &(a, b) in &equations {
                    for side in [a, b] {
                        for name in crate::session::request::names(&workspace.graph, side) {
                            if !unknowns.contains(&name) {
                                unknowns.push(name);
                            }
                        }
                    }
                }
            }
            let (values, condition) = workspace.solve(&equations, &unknowns)?;
            let pairs = unknowns.iter().zip(&values);
            let mut lines: Vec<String> =
                pairs.clone().map(|(n, r)| format!("{n} = {}", r.expression)).collect();
            let json: Map<String, _> =
                pairs.map(|(n, r)| (n.clone(), json!(r.expression))).collect();
            lines.extend(condition.iter().map(|c| format!("provided that {c} is not zero")));
            Ok(Answer::text(lines.join("\n")).json(json!({"solution": json, "nonzero": condition})))
        })
    },
};

const MATRIX: Argument = Argument {
    name: "MATRIX",
    about: "a matrix `[[a, b], [c, d]]` or `a, b; c, d`, or an expression of matrices",
    ..EXPRESSION
};

/// The matrix that a text stands for: an expression of matrices, or entries `a, b; c, d`.
fn read_matrix(workspace: &mut Workspace, limits: &Limits, text: &str) -> Result<Rows, Stop> {
    let about = |e| Stop::about("matrix", text, e);
    if let Some(rows) = workspace.matrix(text).map_err(about)? {
        return Ok(rows);
    }
    let rows = matrix::formulas(text, limits).map_err(about)?;
    let entry = |text: &str| workspace.read(text).map_err(|e| Stop::about("entry", text, e));
    let mut entry = entry;
    rows.iter().map(|row| row.iter().map(|f| entry(&f.text)).collect()).collect()
}

/// A matrix as an answer.
pub(super) fn matrix_answer(
    workspace: &Workspace,
    rows: Rows,
    nonzero: Option<String>,
) -> Result<Answer, Stop> {
    let mut printed = Vec::new();
    for row in &rows {
        let row: Result<Vec<String>, _> = row.iter().map(|&t| workspace.print(t)).collect();
        printed.push(row?);
    }
    let json = json!({"matrix": printed, "nonzero": nonzero});
    Ok(Answer { shown: Shown::Matrix(rows), json, yes: true })
}

/// A determinant.
pub const DET: Command = Command {
    name: "det",
    about: "the determinant of a matrix of expressions",
    more: "",
    arguments: &[MATRIX],
    options: &[ASSUME],
    place: Place::Everywhere,
    examples: &[
        Example { line: "det [[a, b], [c, d]]", result: "a*d - b*c" },
        Example { line: "det 1, x; x, x^2", result: "0" },
    ],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        let limits = session.limits.clone();
        assuming(session, call, |workspace| {
            let rows = read_matrix(workspace, &limits, &text)?;
            Ok(answer(&workspace.determinant(&rows).map_err(|e| Stop::about("matrix", &text, e))?))
        })
    },
};

/// An inverse.
pub const INVERSE: Command = Command {
    name: "inverse",
    about: "the inverse of a matrix of expressions",
    more: "",
    arguments: &[MATRIX],
    options: &[ASSUME],
    place: Place::Everywhere,
    examples: &[Example { line: "inverse [[2, 1], [1, 1]]", result: "[[1, -1], [-1, 2]]" }],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        let limits = session.limits.clone();
        assuming(session, call, |workspace| {
            let rows = read_matrix(workspace, &limits, &text)?;
            let found = workspace.inverse(&rows).map_err(|e| Stop::about("matrix", &text, e))?;
            let (inverse, condition) = found;
            matrix_answer(workspace, inverse, condition)
        })
    },
};

/// A transpose.
pub const TRANSPOSE: Command = Command {
    name: "transpose",
    about: "a matrix with its rows as columns",
    more: "",
    arguments: &[MATRIX],
    options: &[ASSUME],
    place: Place::Everywhere,
    examples: &[Example { line: "transpose [[a, b], [c, d]]", result: "[[a, c], [b, d]]" }],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        let limits = session.limits.clone();
        assuming(session, call, |workspace| {
            let rows = read_matrix(workspace, &limits, &text)?;
            matrix_answer(workspace, transposed(&rows), None)
        })
    },
};

/// LaTeX.
pub const LATEX: Command = Command {
    name: "latex",
    about: "the expression in LaTeX",
    more: "",
    arguments: &[EXPRESSION],
    options: &[],
    place: Place::Everywhere,
    examples: &[Example {
        line: "latex sqrt(x)/(1 + alpha)",
        result: r"\frac{\sqrt{x}}{\alpha + 1}",
    }],
    run: |session, call| {
        let text = text_of(call.argument(0), &session.limits)?;
        let workspace = &mut session.workspace;
        let written = workspace.read(&text).and_then(|root| workspace.latex(root));
        let latex = written.map_err(|e| Stop::about("expression", &text, e))?;
        Ok(Answer::text(latex.clone()).json(json!({"latex": latex})))
    },
};
