//! Requests and answers as lines of JSON, for other programs over a pipe.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::equality::Verdict;
use super::explanation::Line;
use super::request::{DIGITS, Reduced, Workspace};
use crate::rewrite::{ENGINES, Ruleset, engine};
use crate::term::{Number, Term};
use crate::text::{Diagnostic, Kind, Limits};

/// Digits of a value when none are asked for.
const USUAL_DIGITS: usize = 17;

/// Highest order of a derivative.
const ORDERS: u64 = 100;

/// An operation: its name, the fields that it reads, and what it does.
pub struct Operation {
    /// The name in the field `op`.
    pub name: &'static str,
    /// The fields of a request.
    pub fields: &'static str,
    /// The fields of an answer.
    pub answer: &'static str,
    run: fn(&mut Request<'_>) -> Result<Value, Vec<Diagnostic>>,
}

/// All operations.
pub static OPERATIONS: &[Operation] = &[
    Operation {
        name: "parse",
        fields: "expr",
        answer: "expr, size",
        run: |r| {
            let root = r.root()?;
            Ok(json!({"expr": r.workspace.print(root)?, "size": r.workspace.size(root)}))
        },
    },
    Operation {
        name: "simplify",
        fields: "expr, assume, engine, explain",
        answer: "expr, size, cost_before, cost_after, steps",
        run: |r| {
            let name = r.fields.get("engine").and_then(Value::as_str);
            let engine = name.map_or(Some(ENGINES[0]), engine);
            let engine = engine.ok_or_else(|| config("`engine` is `egraph` or `classical`"))?;
            if r.fields.get("explain") == Some(&Value::Bool(true)) {
                let found = r.workspace.explain(&r.text("expr")?, engine)?;
                let mut answer = reduced(found.result);
                answer["steps"] = found.lines.iter().map(Line::json).collect();
                return Ok(answer);
            }
            let root = r.root()?;
            r.workspace.simplify_by(root, engine).map(reduced)
        },
    },
    Operation {
        name: "expand",
        fields: "expr",
        answer: "expr, size, cost_before, cost_after",
        run: |r| r.root().and_then(|t| r.workspace.expand(t)).map(reduced),
    },
    Operation {
        name: "diff",
        fields: "expr, var, order, assume",
        answer: "expr, size, cost_before, cost_after, except",
        run: |r| {
            let root = r.root()?;
            let order = r.whole("order", 1, ORDERS)?;
            let name = r.text("var")?;
            let mut answer = reduced(r.workspace.differentiate(root, &name, order)?);
            answer["except"] = json!(r.workspace.kinks(root, &name, order)?);
            Ok(answer)
        },
    },
    Operation {
        name: "eval",
        fields: "expr, at, digits",
        answer: "value",
        run: |r| {
            let at = r.point()?;
            let digits = r.whole("digits", USUAL_DIGITS, DIGITS as u64)?;
            let value = r.workspace.evaluate(&r.text("expr")?, &at, digits)?;
            Ok(json!({"value": value}))
        },
    },
    Operation {
        name: "equal",
        fields: "a, b, assume",
        answer: "verdict, witness, because, except",
        run: |r| {
            let (a, b) = (r.text("a")?, r.text("b")?);
            Ok(match r.workspace.equal(&a, &b)? {
                Verdict::Equal(shown) => json!({
                    "verdict": "equal", "because": shown.because, "except": shown.except
                }),
                Verdict::Unknown => json!({"verdict": "unknown"}),
                Verdict::Different(point) => {
                    let point = point.into_iter().map(|(n, v)| (n, json!(v.to_string())));
                    json!({"verdict": "different", "witness": Map::from_iter(point)})
                }
            })
        },
    },
    Operation {
        name: "decide",
        fields: "claim, assume",
        answer: "verdict, witness",
        run: |r| {
            let claim = r.text("claim")?;
            Ok(match r.workspace.decide(&claim)? {
                Verdict::Equal(_) => json!({"verdict": "true"}),
                Verdict::Unknown => json!({"verdict": "unknown"}),
                Verdict::Different(point) => {
                    let point = point.into_iter().map(|(n, v)| (n, json!(v.to_string())));
                    json!({"verdict": "false", "witness": Map::from_iter(point)})
                }
            })
        },
    },
    Operation {
        name: "det",
        fields: "matrix, assume",
        answer: "expr, size, cost_before, cost_after",
        run: |r| {
            let rows = r.list("matrix")?;
            let matrix: Vec<Vec<Term>> =
                rows.iter().map(|row| r.roots(row)).collect::<Result<_, _>>()?;
            r.workspace.determinant(&matrix).map(reduced)
        },
    },
    Operation {
        name: "inverse",
        fields: "matrix, assume",
        answer: "matrix, nonzero",
        run: |r| {
            let rows = r.list("matrix")?;
            let matrix: Vec<Vec<Term>> =
                rows.iter().map(|row| r.roots(row)).collect::<Result<_, _>>()?;
            let (inverse, nonzero) = r.workspace.inverse(&matrix)?;
            Ok(json!({"matrix": r.printed(&inverse)?, "nonzero": nonzero}))
        },
    },
    Operation {
        name: "jacobian",
        fields: "exprs, vars, assume",
        answer: "matrix",
        run: |r| {
            let exprs = r.field("exprs")?.clone();
            let (roots, names) = (r.roots(&exprs)?, r.names()?);
            let rows = r.workspace.jacobian(&roots, &names)?;
            Ok(json!({"matrix": r.printed(&rows)?}))
        },
    },
    Operation {
        name: "hessian",
        fields: "expr, vars, assume",
        answer: "matrix",
        run: |r| {
            let (root, names) = (r.root()?, r.names()?);
            let rows = r.workspace.hessian(root, &names)?;
            Ok(json!({"matrix": r.printed(&rows)?}))
        },
    },
    Operation {
        name: "latex",
        fields: "expr",
        answer: "latex",
        run: |r| {
            let root = r.root()?;
            Ok(json!({"latex": r.workspace.latex(root)?}))
        },
    },
    Operation {
        name: "kernel",
        fields: "exprs, vars, points",
        answer: "values, null where there is none",
        run: |r| {
            let exprs = r.field("exprs")?.clone();
            let roots = r.roots(&exprs)?;
            let names = r.names()?;
            let points: Option<Vec<Vec<f64>>> = r
                .list("points")?
                .iter()
                .map(|p| p.as_array()?.iter().map(Value::as_f64).collect())
                .collect();
            let points = points.ok_or_else(|| config("`points` is a list of lists of numbers"))?;
            let values = r.workspace.kernel(&roots, &names, &points)?;
            Ok(json!({"values": values}))
        },
    },
];

fn reduced(r: Reduced) -> Value {
    json!({"expr": r.expression, "size": r.size, "cost_before": r.size_before, "cost_after": r.size})
}

fn config(message: impl Into<String>) -> Vec<Diagnostic> {
    vec![Diagnostic::without_place(Kind::Config, message.into())]
}

/// A request that is being answered.
struct Request<'a> {
    fields: &'a Map<String, Value>,
    workspace: Workspace,
}

impl Request<'_> {
    fn field(&self, name: &str) -> Result<&Value, Vec<Diagnostic>> {
        self.fields.get(name).ok_or_else(|| config(format!("the field `{name}` is missing")))
    }

    fn text(&self, name: &str) -> Result<String, Vec<Diagnostic>> {
        match self.field(name)? {
            Value::String(text) => Ok(text.clone()),
            _ => Err(config(format!("the field `{name}` is a string"))),
        }
    }

    fn list(&self, name: &str) -> Result<Vec<Value>, Vec<Diagnostic>> {
        match self.field(name)? {
            Value::Array(list) => Ok(list.clone()),
            _ => Err(config(format!("the field `{name}` is a list"))),
        }
    }

    fn whole(&self, name: &str, usual: usize, most: u64) -> Result<usize, Vec<Diagnostic>> {
        let Some(value) = self.fields.get(name) else { return Ok(usual) };
        match value.as_u64() {
            Some(n) if (1..=most).contains(&n) => Ok(n as usize),
            _ => Err(config(format!("the field `{name}` is a whole number from 1 to {most}"))),
        }
    }

    fn root(&mut self) -> Result<Term, Vec<Diagnostic>> {
        let text = self.text("expr")?;
        self.workspace.read(&text)
    }

    fn roots(&mut self, list: &Value) -> Result<Vec<Term>, Vec<Diagnostic>> {
        let list = list.as_array().ok_or_else(|| config("a list of expressions is needed"))?;
        list.iter()
            .map(|e| match e {
                Value::String(text) => self.workspace.read(text),
                Value::Number(n) => self.workspace.read(&n.to_string()),
                _ => Err(config("an expression is a string")),
            })
            .collect()
    }

    /// The names in the field `vars`.
    fn names(&self) -> Result<Vec<String>, Vec<Diagnostic>> {
        let names = self.list("vars")?;
        let names: Option<Vec<String>> =
            names.iter().map(|n| n.as_str().map(str::to_owned)).collect();
        names.ok_or_else(|| config("`vars` is a list of names"))
    }

    fn printed(&self, rows: &[Vec<Term>]) -> Result<Vec<Vec<String>>, Vec<Diagnostic>> {
        let row = |row: &Vec<Term>| row.iter().map(|&t| self.workspace.print(t)).collect();
        rows.iter().map(row).collect()
    }

    /// The values of names in the field `at`, strings or numbers.
    fn point(&self) -> Result<Vec<(String, Number)>, Vec<Diagnostic>> {
        let Some(at) = self.fields.get("at") else { return Ok(Vec::new()) };
        let at = at.as_object().ok_or_else(|| config("the field `at` is an object"))?;
        at.iter()
            .map(|(name, value)| {
                let text = match value {
                    Value::String(text) => text.clone(),
                    value => value.to_string(),
                };
                Ok((name.clone(), number(&text)?))
            })
            .collect()
    }
}

/// A number as text: a decimal with a sign, or a ratio of two.
///
/// # Errors
/// When the text is no number.
pub fn number(text: &str) -> Result<Number, Vec<Diagnostic>> {
    let signed = |text: &str| {
        let text = text.trim();
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let n = Number::from_decimal(digits)?;
        Some(if text.starts_with('-') { -&n } else { n })
    };
    let value = match text.split_once('/') {
        Some((n, d)) => signed(n).zip(signed(d)).and_then(|(n, d)| Some(&n * &d.recip()?)),
        None => signed(text),
    };
    value.ok_or_else(|| {
        config(match text.trim() {
            "" => "a number is missing".to_owned(),
            _ => format!("`{text}` is not a number"),
        })
    })
}

/// Answers one line; `clock` gives microseconds.
pub fn answer(
    line: &[u8],
    limits: &Limits,
    rules: &Arc<Ruleset>,
    clock: &dyn Fn() -> u64,
) -> String {
    let begun = clock();
    let request: Result<Value, String> = match limits.check_bytes(line.len()) {
        Err(e) => Err(e.message),
        Ok(()) => serde_json::from_slice(line).map_err(|e| e.to_string()),
    };
    let mut about = String::new();
    let (id, outcome) = match request {
        Err(message) => (Value::Null, Err(vec![Diagnostic::without_place(Kind::Format, message)])),
        Ok(Value::Object(fields)) => {
            let id = fields.get("id").cloned().unwrap_or(Value::Null);
            let texts = ["expr", "a"].iter().filter_map(|f| fields.get(*f)?.as_str());
            about = texts.map(str::to_owned).next().unwrap_or_default();
            (id, run(&fields, limits, rules))
        }
        Ok(_) => (Value::Null, Err(config("a request is an object"))),
    };
    let mut reply = Map::new();
    reply.insert("id".to_owned(), id);
    reply.insert("ok".to_owned(), outcome.is_ok().into());
    match outcome {
        Ok(Value::Object(fields)) => reply.extend(fields),
        Ok(value) => drop(reply.insert("value".to_owned(), value)),
        Err(errors) => drop(reply.insert("error".to_owned(), failure(&errors, &about))),
    }
    reply.insert("micros".to_owned(), (clock() - begun).into());
    Value::Object(reply).to_string()
}

fn run(
    fields: &Map<String, Value>,
    limits: &Limits,
    rules: &Arc<Ruleset>,
) -> Result<Value, Vec<Diagnostic>> {
    let workspace = Workspace::new(limits).with_rules(rules.clone());
    let mut request = Request { fields, workspace };
    let name = request.text("op")?;
    let names = OPERATIONS.iter().map(|o| o.name);
    let operation = OPERATIONS.iter().find(|o| o.name == name).ok_or_else(|| {
        let nearest = crate::text::nearest(&name, names.clone());
        let list = names.clone().collect::<Vec<_>>().join(", ");
        config(format!("unknown operation `{name}`; there are {list}"))
            .into_iter()
            .map(|d| d.did_you_mean(nearest))
            .collect::<Vec<_>>()
    })?;
    if let Some(assumptions) = fields.get("assume") {
        let list = assumptions.as_array().ok_or_else(|| config("`assume` is a list"))?;
        for assumption in list {
            let text = assumption.as_str().ok_or_else(|| config("an assumption is a string"))?;
            request.workspace.assume(text)?;
        }
    }
    (operation.run)(&mut request)
}

/// The first error of several: its kind, what it says, and where it is in characters of the text.
pub(super) fn failure(errors: &[Diagnostic], text: &str) -> Value {
    let Some(first) = errors.first() else { return Value::Null };
    let mut value = json!({"kind": first.kind.code(), "message": first.message});
    if let Some(help) = &first.help {
        value["help"] = json!(help);
    }
    if let Some(span) = first.span {
        let before = text.get(..span.start as usize).unwrap_or(text);
        value["position"] = json!(before.chars().count());
    }
    value
}
