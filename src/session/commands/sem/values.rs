//! Values of parameters in `sem info`: given ones or estimates, whether feedback dies out there, and
//! the other parameters with the same covariances.

use serde_json::{Value as Json, json};

use super::data;
use super::fit::fitted;
use super::info::Report;
use crate::model::sem::graph::Weight;
use crate::model::sem::structure::fibre::Answer as Fibre;
use crate::model::sem::structure::preimage::{Complex, preimages, sigma, stability};
use crate::model::sem::{Kind as Arrow, MixedGraph};
use crate::session::Session;
use crate::session::command::{Call, Flag, Stop};
use crate::text::{Diagnostic, Kind, nearest};

/// Values of parameters.
pub const SET: Flag = Flag::with(
    "set",
    "NAME=VALUE",
    "a value of a parameter: with all effects stability is judged, with all parameters the other \
     solutions are looked for; may be repeated",
);

/// Values of parameters: estimates from data, else those of `--set`, else those that the model gives as starts.
pub fn values(
    session: &mut Session,
    call: &Call<'_>,
    mixed: &MixedGraph,
) -> Result<Vec<Option<f64>>, Stop> {
    if data::given(call) {
        return estimates(session, call, mixed);
    }
    let mut values: Vec<Option<f64>> =
        mixed.parameters.iter().map(|p| p.start.as_ref().map(|n| n.to_f64())).collect();
    for setting in call.list("set") {
        let refuse = || {
            let message = format!("--set is `NAME=VALUE` with a number, not `{setting}`");
            Stop::refused(Kind::Config, message)
        };
        let (name, value) = setting.split_once('=').ok_or_else(refuse)?;
        let value: f64 =
            value.trim().parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(refuse)?;
        let name = name.trim();
        let known = || mixed.parameters.iter().map(|p| p.name.as_str());
        let Some(place) = known().position(|n| n == name) else {
            let error = Diagnostic::without_place(Kind::Name, format!("no parameter `{name}`"));
            let list: Vec<&str> = known().take(20).collect();
            return Err(error
                .did_you_mean(nearest(name, known()))
                .note(format!("the parameters are {}", list.join(", ")))
                .into());
        };
        values[place] = Some(value);
    }
    Ok(values)
}

/// Estimates from data as values of parameters.
fn estimates(
    session: &mut Session,
    call: &Call<'_>,
    mixed: &MixedGraph,
) -> Result<Vec<Option<f64>>, Stop> {
    if call.has(SET.long) {
        let message = "--set gives values, and with data they are estimated";
        return Err(Stop::refused(Kind::Config, message));
    }
    let group = super::graph::number(call)?;
    let (fit, _) = fitted(session, call)?;
    let mut values = vec![None; mixed.parameters.len()];
    let directed = mixed.effects().map(|e| (true, e));
    for (effect, (a, b, weight)) in directed.chain(mixed.covariances().map(|e| (false, e))) {
        let found = fit.estimates.iter().find(|e| {
            let arrow = &fit.model.arrows[e.arrow];
            let ends = (arrow.from, arrow.to);
            e.group == group
                && match arrow.kind {
                    Arrow::Loading | Arrow::Regression => effect && ends == (a, b),
                    Arrow::Covariance => !effect && (ends == (a, b) || ends == (b, a)),
                    Arrow::Intercept => false,
                }
        });
        if let (Weight::Parameter(p), Some(e)) = (weight, found) {
            values[*p] = Some(e.value);
        }
    }
    Ok(values)
}

/// Digits of numbers in the text.
fn short(x: f64) -> String {
    let rounded = format!("{x:.6}");
    let text = rounded.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Stability and other solutions at given values.
pub fn at_values(
    report: &mut Report,
    mixed: &MixedGraph,
    values: &[Option<f64>],
    fibre: Option<&Fibre>,
    call: &Call<'_>,
) {
    let known = |w: &Weight| match w {
        Weight::Parameter(p) => values[*p].is_some(),
        Weight::Constant(_) => true,
    };
    if values.iter().all(Option::is_none) || !mixed.effects().all(|(_, _, w)| known(w)) {
        return;
    }
    let filled: Vec<f64> = values.iter().map(|v| v.unwrap_or(0.0)).collect();
    let found = stability(mixed, &filled);
    let verdict = match found.radius < 1.0 {
        true => "feedback dies out",
        false => "feedback does not die out: the model is no equilibrium of a process in steps",
    };
    report.say("stability", format!("spectral radius of Λ {}: {verdict}", short(found.radius)));
    let near = if found.delta.abs() < 1e-6 {
        ", so close to zero that covariances hardly exist"
    } else {
        ""
    };
    report.say("", format!("Δ = det(I - Λ) = {}{near}", short(found.delta)));
    report.put("spectral_radius", json!(found.radius));
    report.put("delta", json!(found.delta));
    if values.iter().any(Option::is_none) {
        return;
    }
    let Some(target) = sigma(mixed, &filled) else { return };
    report.put("sigma", json!(target));
    let Some(Fibre::Finite(f)) = fibre else { return };
    if f.degree < 2 {
        return;
    }
    let all = preimages(mixed, &target, Some(&filled), f.degree, call.host.stop());
    solutions(report, mixed, &all, f.degree);
}

/// Parameters with the same covariances.
pub fn solutions(report: &mut Report, mixed: &MixedGraph, all: &[Vec<Complex>], degree: usize) {
    let real = |v: &Vec<Complex>| v.iter().all(|x| x.im.abs() < 1e-9);
    report.say(
        "solutions",
        format!(
            "{} of {} with these covariances found, {} of them real",
            all.len(),
            degree,
            all.iter().filter(|v| real(v)).count()
        ),
    );
    let mut list = Vec::new();
    for (k, solution) in all.iter().enumerate() {
        let part = |x: &Complex| match x.im.abs() < 1e-9 {
            true => short(x.re),
            false => format!(
                "{}{}{}i",
                short(x.re),
                if x.im < 0.0 { "-" } else { "+" },
                short(x.im.abs())
            ),
        };
        let text: Vec<String> = mixed
            .parameters
            .iter()
            .zip(solution)
            .map(|(p, x)| format!("{} = {}", p.name, part(x)))
            .collect();
        report.say("", format!("{}. {}", k + 1, text.join(", ")));
        let parts: serde_json::Map<String, Json> = mixed
            .parameters
            .iter()
            .zip(solution)
            .map(|(p, x)| (p.name.clone(), json!([x.re, x.im])))
            .collect();
        list.push(json!({"real": real(solution), "values": parts}));
    }
    report.put("solutions", json!(list));
}
