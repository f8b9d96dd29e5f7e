//! A fit as the table that people recognise.

use std::fmt::Write as _;

use crate::model::sem::Kind;
use crate::numeric::probability::two_sided;
use crate::study::sem::{Errors, Fit, Method};

/// The report of a fit.
pub fn report(fit: &Fit, incomplete: usize, effects: bool, residuals: bool) -> String {
    let method = match fit.method {
        Method::MaximumLikelihood => "maximum likelihood",
        Method::WishartLikelihood => "maximum likelihood (Wishart)",
        Method::GeneralizedLeastSquares => "generalised least squares",
        Method::UnweightedLeastSquares => "unweighted least squares",
    };
    let i = &fit.indices;
    let mut out = format!(
        "{}, {method}, {} observations, {} parameters\n",
        fit.model.name,
        fit.observations(),
        i.parameters
    );
    if incomplete > 0 {
        let rows = if incomplete == 1 {
            "row with a missing value was"
        } else {
            "rows with missing values were"
        };
        let _ = writeln!(out, "{incomplete} {rows} left out");
    }
    let errors = match (fit.errors, fit.method) {
        (Errors::Robust, _) => "of a sandwich with the cases",
        (Errors::Observed, _) => "from observed information",
        (Errors::Expected, Method::UnweightedLeastSquares) => "of a sandwich for normal data",
        (Errors::Expected, _) => "from expected information",
    };
    let _ = writeln!(
        out,
        "converged in {} steps, gradient {:.1e}; standard errors {errors}",
        fit.minimum.steps, fit.minimum.slope
    );
    for warning in &fit.warnings {
        let _ = writeln!(out, "warning: {warning}");
    }
    if !fit.unidentified.is_empty() {
        let list = fit.unidentified.join(", ");
        let _ = writeln!(out, "warning: not identified: the data cannot tell apart {list};");
        let _ =
            writeln!(out, "         other values fit as well, and there are no standard errors");
    } else if fit.covariance.is_none() {
        let _ =
            writeln!(out, "warning: the information is not positive definite: no standard errors");
    }
    out.push('\n');
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<28} {value:>14}");
    };
    let statistic = match fit.method {
        Method::UnweightedLeastSquares => "chi-square (Browne)",
        _ => "chi-square",
    };
    line(statistic, format!("{:.3}", i.chi_square));
    line("degrees of freedom", format!("{}", i.df));
    // A model with as many parameters as moments fits whatever the data are.
    let judged = |p: f64| if i.df > 0.0 { format!("{p:.3}") } else { "-".to_owned() };
    line("p", judged(i.p));
    line("baseline chi-square", format!("{:.3} ({})", i.baseline, i.baseline_df));
    line("CFI", format!("{:.3}", i.cfi));
    line("TLI", format!("{:.3}", i.tli));
    line("RMSEA", format!("{:.3}", i.rmsea));
    let (low, high) = i.rmsea_interval;
    line("  90 % interval", format!("{low:.3} - {high:.3}"));
    line("  P(RMSEA <= 0.05)", judged(i.rmsea_close));
    line("SRMR", format!("{:.3}", i.srmr));
    if fit.method == Method::MaximumLikelihood {
        line("log-likelihood", format!("{:.3}", i.log_likelihood));
        line("AIC", format!("{:.3}", i.aic));
        line("BIC", format!("{:.3}", i.bic));
    }
    for (radius, determinant) in &fit.stability {
        line("spectral radius of Λ", format!("{radius:.3}"));
        line("det(I - Λ)", format!("{determinant:.3}"));
    }
    for group in 0..fit.targets.len() {
        if fit.targets.len() > 1 {
            let target = &fit.targets[group];
            let _ = write!(
                out,
                "\nGroup {}: {}, {} observations\n",
                group + 1,
                target.label,
                target.count
            );
        }
        estimates(fit, group, &mut out);
    }
    if !fit.quantities.is_empty() {
        let _ = write!(out, "\nDefined quantities\n{}", head(false));
        for q in &fit.quantities {
            row(&q.name, q.value, q.error, None, &mut out);
        }
    }
    if effects {
        let _ = write!(out, "\nEffects\n{}", head(false));
        for e in &fit.effects {
            let name = |v: usize| &fit.model.variables[v].name;
            let _ = writeln!(out, "  {} -> {}", name(e.from), name(e.to));
            for (what, (value, error)) in ["direct", "indirect", "total"].iter().zip(e.values) {
                row(&format!("  {what}"), value, error, None, &mut out);
            }
        }
    }
    if residuals {
        self::residuals(fit, &mut out);
    }
    out.trim_end().to_owned()
}

fn head(standardised: bool) -> String {
    let more =
        if standardised { format!("{:>10}{:>10}", "Std.lv", "Std.all") } else { String::new() };
    format!("{:<24}{:>11}{:>10}{:>10}{:>9}{more}\n", "", "Estimate", "Std.Err", "z", "P(>|z|)")
}

fn row(name: &str, value: f64, error: Option<f64>, both: Option<(f64, f64)>, out: &mut String) {
    let _ = write!(out, "    {name:<20}{value:>11.3}");
    match error {
        Some(s) => {
            let _ = write!(out, "{s:>10.3}{:>10.3}{:>9.3}", value / s, two_sided(value / s));
        }
        None => {
            let _ = write!(out, "{:>29}", "");
        }
    }
    if let Some((latent, all)) = both {
        let _ = write!(out, "{latent:>10.3}{all:>10.3}");
    }
    while out.ends_with(' ') {
        out.pop();
    }
    out.push('\n');
}

/// Titles of the parts of the table, with what stands there.
const PARTS: [(&str, Kind, bool); 5] = [
    ("Latent variables", Kind::Loading, false),
    ("Regressions", Kind::Regression, false),
    ("Covariances", Kind::Covariance, false),
    ("Intercepts", Kind::Intercept, false),
    ("Variances", Kind::Covariance, true),
];

fn estimates(fit: &Fit, group: usize, out: &mut String) {
    for (title, kind, variances) in PARTS {
        let mut above = usize::MAX;
        for e in fit.estimates.iter().filter(|e| e.group == group) {
            let arrow = &fit.model.arrows[e.arrow];
            if arrow.kind != kind || arrow.is_variance() != variances {
                continue;
            }
            if above == usize::MAX {
                let _ = write!(out, "\n{title}\n{}", head(true));
            }
            let name = |v: usize| fit.model.variables[v].name.as_str();
            let alone = variances || kind == Kind::Intercept;
            let (owner, other) = match kind {
                Kind::Regression => (arrow.to, arrow.from),
                _ => (arrow.from, arrow.to),
            };
            if !alone && owner != above {
                let _ = writeln!(out, "  {} {}", name(owner), kind.operator().symbol());
            }
            above = owner;
            let label = arrow.coefficient(group).label.as_ref();
            let shown = match label {
                Some(label) => format!("{} ({label})", name(other)),
                None => name(other).to_owned(),
            };
            row(&shown, e.value, e.error, Some((e.latent, e.standardised)), out);
        }
    }
    let explained: Vec<_> = fit.explained.iter().filter(|(g, _, _)| *g == group).collect();
    if !explained.is_empty() {
        let _ = writeln!(out, "\nR-square");
        for (_, v, share) in explained {
            let _ = writeln!(out, "    {:<20}{share:>11.3}", fit.model.variables[*v].name);
        }
    }
}

fn residuals(fit: &Fit, out: &mut String) {
    for (g, target) in fit.targets.iter().enumerate() {
        let (p, sigma) = (fit.layout.observed.len(), &fit.implied[g].0);
        let _ = write!(out, "\nResiduals {}\n", target.label);
        let _ = writeln!(out, "{:<24}{:>11}{:>11}", "", "covariance", "correlation");
        for i in 0..p {
            for j in 0..=i {
                let name = |k: usize| &fit.model.variables[fit.layout.observed[k]].name;
                let s = &target.covariance;
                let gap = s[i * p + j] - sigma[i * p + j];
                let unit = |m: &[f64]| m[i * p + j] / (m[i * p + i] * m[j * p + j]).sqrt();
                let pair = format!("{} ~~ {}", name(i), name(j));
                let _ = writeln!(out, "    {pair:<20}{gap:>11.3}{:>11.3}", unit(s) - unit(sigma));
            }
        }
    }
}
