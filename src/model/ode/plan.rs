//! The `simulate` line of a model.

use super::names::Names;
use crate::model::system::{Plan, Times};
use crate::numeric::integrate::{METHODS, Method};
use crate::syntax::block::{Block, Content, Setting, SettingValue};
use crate::syntax::{Id, Item, Tree, lower};
use crate::term::Graph;
use crate::term::evaluate::{Floating, evaluate};
use crate::text::{Diagnostic, Kind, Limits, nearest};

/// Settings that a `simulate` line knows.
const SETTINGS: [&str; 5] = ["t", "points", "rtol", "atol", "method"];

/// Output points when none are asked for.
const POINTS: usize = 200;

/// Most output points.
const MOST_POINTS: f64 = 1e7;

/// What the block asks for; errors go to `errors`.
pub fn plan(
    tree: &Tree,
    block: &Block,
    names: &mut Names<'_>,
    graph: &mut Graph,
    limits: &Limits,
    errors: &mut Vec<Diagnostic>,
) -> Option<Plan> {
    let mut lines = block.statements.iter().filter_map(|s| match &s.content {
        Content::Simulate(settings) => Some((settings, s.span)),
        _ => None,
    });
    let (settings, span) = lines.next()?;
    errors.extend(lines.map(|(_, again)| {
        Diagnostic::error(Kind::Name, again, "a model has one `simulate` line")
            .help("put all settings on the first one")
    }));
    let mut plan = Plan {
        from: 0.0,
        to: f64::NAN,
        times: Times::Linear(POINTS),
        rtol: None,
        atol: None,
        method: None,
    };
    let mut number = |id: Id, errors: &mut Vec<Diagnostic>| {
        let value = lower(tree, id, graph, names, &[], limits);
        match value.map(|t| evaluate(graph, t, &mut Floating(|_: &str| f64::NAN))) {
            Ok(x) if x.is_finite() => Some(x),
            Ok(_) => {
                let message = "a number is needed here, without states and parameters";
                errors.push(Diagnostic::error(Kind::Config, tree.span(id), message));
                None
            }
            Err(mut found) => {
                errors.append(&mut found);
                None
            }
        }
    };
    for (k, setting) in settings.iter().enumerate() {
        let wrong = |message: String| Diagnostic::error(Kind::Config, setting.span, message);
        if settings[..k].iter().any(|s| s.name.text == setting.name.text) {
            errors.push(wrong(format!("`{}` is given twice", setting.name.text)));
            continue;
        }
        match (setting.name.text.as_str(), &setting.value) {
            ("t", SettingValue::Range(from, to)) => {
                if let (Some(from), Some(to)) = (number(*from, errors), number(*to, errors)) {
                    (plan.from, plan.to) = (from, to);
                    if from >= to {
                        errors.push(
                            wrong(format!("the time range {from}..{to} is empty"))
                                .help("write `t = 0..10`"),
                        );
                    }
                }
            }
            ("points", SettingValue::Expression(id)) => {
                if let Some(n) = number(*id, errors) {
                    if !(2.0..=MOST_POINTS).contains(&n) || n.fract() != 0.0 {
                        errors.push(wrong(format!(
                            "`points` is a whole number from 2 to {MOST_POINTS}"
                        )));
                    } else {
                        plan.times = times(setting, n as usize, errors);
                    }
                }
            }
            ("rtol" | "atol", SettingValue::Expression(id)) => {
                if let Some(x) = number(*id, errors) {
                    if x <= 0.0 {
                        errors.push(wrong(format!("`{}` must be positive", setting.name.text)));
                    }
                    let field =
                        if setting.name.text == "rtol" { &mut plan.rtol } else { &mut plan.atol };
                    *field = Some(x);
                }
            }
            ("method", SettingValue::Expression(id)) => match tree.item(*id) {
                Item::Name(name) => {
                    let name = tree.name(*name);
                    if Method::named(name).is_none() {
                        let known = METHODS.iter().map(|(n, ..)| *n);
                        let message = format!("unknown method `{name}`");
                        let list = known.clone().collect::<Vec<_>>().join(", ");
                        errors.push(
                            Diagnostic::error(Kind::Config, tree.span(*id), message)
                                .did_you_mean(nearest(name, known))
                                .note(format!("methods are {list}")),
                        );
                    }
                    plan.method = Some(name.to_owned());
                }
                _ => errors.push(wrong("`method` is a name such as `auto` or `bdf`".to_owned())),
            },
            (name, _) if SETTINGS.contains(&name) => {
                let form = if name == "t" { "a range such as `0..10`" } else { "one value" };
                errors.push(wrong(format!("`{name}` takes {form}")));
            }
            (name, _) => errors.push(
                Diagnostic::error(
                    Kind::Config,
                    setting.name.span,
                    format!("unknown setting `{name}`"),
                )
                .did_you_mean(nearest(name, SETTINGS)),
            ),
        }
    }
    if plan.to.is_nan() && errors.is_empty() {
        errors.push(
            Diagnostic::error(Kind::Config, span, "no time range")
                .help("write `simulate t = 0..10`"),
        );
    }
    Some(plan)
}

fn times(setting: &Setting, points: usize, errors: &mut Vec<Diagnostic>) -> Times {
    match setting.qualifier.as_ref().map(|w| (w.text.as_str(), w.span)) {
        None | Some(("linear" | "lin", _)) => Times::Linear(points),
        Some(("log", _)) => Times::Logarithmic(points),
        Some((word, span)) => {
            let error = Diagnostic::error(Kind::Config, span, format!("unknown spacing `{word}`"));
            errors.push(error.did_you_mean(nearest(word, ["linear", "log"])));
            Times::Linear(points)
        }
    }
}
