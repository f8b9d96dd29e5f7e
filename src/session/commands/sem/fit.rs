//! `sem fit`: estimates with their errors, and how well they fit.

use serde_json::{Value as Json, json};

use super::data::{GROUP, SAMPLE};
use super::{CONVENTIONS, SCALES, SEM_FILE, about_variable, conventions, data, report, target};
use crate::model::sem::StructuralModel;
use crate::numeric::minimum::End;
use crate::numeric::probability::two_sided;
use crate::session::Session;
use crate::session::command::{Answer, Call, Command, Example, Flag, Place, Stop};
use crate::session::output::Partial;
use crate::study::sem::fit::Error;
use crate::study::sem::{Errors, Fit, Method, Options, fit};
use crate::text::{Diagnostic, Kind, nearest};

const ESTIMATOR: Flag = Flag {
    choices: &["ml", "wishart", "gls", "uls"],
    ..Flag::with(
        "estimator",
        "NAME",
        "ml (maximum likelihood), wishart (the same of covariances with the divisor N - 1), gls or uls \
         (generalised or unweighted least squares) [default: ml]",
    )
};
const SE: Flag = Flag {
    choices: &["expected", "observed", "robust"],
    ..Flag::with("se", "KIND", "standard errors: expected, observed or robust [default: expected]")
};
const STARTS: Flag =
    Flag::with("starts", "N", "searches from N other starts beside the usual one [default: 0]");
const OUTPUT: Flag = Flag {
    short: Some('o'),
    ..Flag::with("output", "FILE", "writes the table of estimates as CSV; `-` is standard output")
};
const EFFECTS: Flag = Flag::switch("effects", "direct, indirect and total effects");
const RESIDUALS: Flag =
    Flag::switch("residuals", "observed less implied covariances, and as correlations");

/// Estimates of a structural equation model.
pub const FIT: Command = Command {
    name: "sem fit",
    about: "fits a structural equation model to data",
    more: "Formulas are written as for lavaan; what they leave out is added as lavaan's function \
           `sem` does it.",
    arguments: &[SEM_FILE],
    options: &Flag::list::<19>(&[
        SAMPLE,
        &[ESTIMATOR, SE, STARTS, EFFECTS, RESIDUALS],
        SCALES,
        CONVENTIONS,
        &[OUTPUT],
    ]),
    place: Place::Everywhere,
    examples: &[Example {
        line: "sem fit examples/models/political_democracy.sem --data examples/data/political_democracy.csv",
        result: "political_democracy, maximum likelihood, 75 observations, 31 parameters\n…",
    }],
    run: |session, call| {
        let fitted = fitted(session, call)?;
        let file = call.option(OUTPUT.long).map(Partial::create).transpose()?;
        let (fit, incomplete) = fitted;
        if let Some(file) = file {
            file.write(&table(&fit))?;
            if file.path.as_os_str() == "-" {
                return Ok(Answer::text("").json(json(&fit)));
            }
        }
        let text =
            report::report(&fit, incomplete, call.has(EFFECTS.long), call.has(RESIDUALS.long));
        Ok(Answer::text(text).json(json(&fit)))
    },
};

/// The fit that a call asks for, and how many rows were left out.
///
/// # Errors
/// What is wrong with model or data, or why there is no fit.
pub fn fitted(session: &mut Session, call: &Call<'_>) -> Result<(Fit, usize), Stop> {
    let model: StructuralModel = target(session, call)?;
    let options = Options {
        conventions: conventions(call),
        method: match call.option(ESTIMATOR.long) {
            Some("wishart") => Method::WishartLikelihood,
            Some("gls") => Method::GeneralizedLeastSquares,
            Some("uls") => Method::UnweightedLeastSquares,
            _ => Method::MaximumLikelihood,
        },
        errors: match call.option(SE.long) {
            Some("observed") => Errors::Observed,
            Some("robust") => Errors::Robust,
            _ => Errors::Expected,
        },
        starts: call
            .number(STARTS.long, "a whole number up to 10000", |x| {
                x >= 0.0 && x.fract() == 0.0 && x <= 1e4
            })?
            .map_or(0, |x| x as usize),
        ..Options::default()
    };
    let sample = data::sample(session, call, &model.observed_names(), call.option(GROUP.long))?;
    let stop = call.host.stop();
    let fit = fit(&model, &sample, &options, &stop).map_err(|e| match &e {
        Error::Sample(crate::study::sem::SampleError::Unknown(name)) => {
            let known = sample.names.iter().map(String::as_str);
            let error = Diagnostic::without_place(Kind::Name, e.to_string());
            about_variable(session, call, name, error.did_you_mean(nearest(name, known)))
        }
        Error::NotConverged(minimum, _) => {
            let help = match minimum.end {
                End::Infeasible => "leave one of them out",
                _ => "give starts, as in `start(0.5)*x`, more `--starts`, or another scale: `--std-lv`",
            };
            let error = Diagnostic::without_place(Kind::Domain, e.to_string());
            Stop { code: 1, ..error.help(help).into() }
        }
        _ => Stop::refused(Kind::Domain, e),
    })?;
    Ok((fit, sample.incomplete))
}

/// The table of estimates as CSV.
fn table(fit: &Fit) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let head =
        ["lhs", "op", "rhs", "group", "label", "est", "se", "z", "pvalue", "std.lv", "std.all"];
    let _ = out.write_record(head);
    // Small probabilities with an exponent.
    let show = |x: Option<f64>| x.map_or(String::new(), |x| format!("{x:?}"));
    for e in &fit.estimates {
        let arrow = &fit.model.arrows[e.arrow];
        let formula = fit.model.formula(arrow);
        let mut parts = formula.split(' ').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        let z = e.error.map(|s| e.value / s);
        let label = arrow.coefficient(e.group).label.clone().unwrap_or_default();
        let _ = out.write_record([
            next(),
            next(),
            next(),
            (e.group + 1).to_string(),
            label,
            show(Some(e.value)),
            show(e.error),
            show(z),
            show(z.map(two_sided)),
            show(Some(e.latent)),
            show(Some(e.standardised)),
        ]);
    }
    out.into_inner().unwrap_or_default()
}

/// A fit for programs.
fn json(fit: &Fit) -> Json {
    let estimates: Vec<Json> = fit
        .estimates
        .iter()
        .map(|e| {
            let arrow = &fit.model.arrows[e.arrow];
            let z = e.error.map(|s| e.value / s);
            json!({
                "formula": fit.model.formula(arrow), "group": e.group + 1,
                "label": arrow.coefficient(e.group).label, "free": e.parameter.is_some(),
                "estimate": e.value, "se": e.error, "z": z, "p": z.map(two_sided),
                "std_lv": e.latent, "std_all": e.standardised, "std_all_se": e.standardised_error,
            })
        })
        .collect();
    let name = |v: usize| fit.model.variables[v].name.clone();
    let effects: Vec<Json> = fit
        .effects
        .iter()
        .map(|e| {
            let value = |k: usize| json!({"estimate": e.values[k].0, "se": e.values[k].1});
            json!({"from": name(e.from), "to": name(e.to), "group": e.group + 1,
                   "direct": value(0), "indirect": value(1), "total": value(2)})
        })
        .collect();
    let quantities: Vec<Json> = fit
        .quantities
        .iter()
        .map(|q| json!({"name": q.name, "estimate": q.value, "se": q.error}))
        .collect();
    let explained: Vec<Json> = fit
        .explained
        .iter()
        .map(|(g, v, r)| json!({"variable": name(*v), "group": g + 1, "r2": r}))
        .collect();
    let i = &fit.indices;
    json!({
        "model": fit.model.name, "observations": fit.observations(),
        "parameters": i.parameters, "steps": fit.minimum.steps, "gradient": fit.minimum.slope,
        "estimates": estimates, "defined": quantities, "effects": effects, "r2": explained,
        "fit": {
            "chisq": i.chi_square, "df": i.df, "p": i.p,
            "baseline_chisq": i.baseline, "baseline_df": i.baseline_df,
            "cfi": i.cfi, "tli": i.tli, "rmsea": i.rmsea,
            "rmsea_lower": i.rmsea_interval.0, "rmsea_upper": i.rmsea_interval.1,
            "rmsea_p": i.rmsea_close, "srmr": i.srmr, "loglik": i.log_likelihood,
            "aic": i.aic, "bic": i.bic,
        },
        "stability": fit.stability.iter()
            .map(|(radius, determinant)| json!({"spectral_radius": radius, "determinant": determinant}))
            .collect::<Vec<_>>(),
        "unidentified": fit.unidentified, "warnings": fit.warnings,
    })
}
