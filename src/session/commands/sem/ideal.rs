//! `sem ideal`: polynomials in the covariances that vanish on a model, certified and tested.

use serde_json::{Value as Json, json};

use super::data::{self, MATRICES};
use super::graph::{NUMBER, graph};
use super::{SCALES, SEM_FILE};
use crate::model::sem::MixedGraph;
use crate::model::sem::structure::ideal::{
    Certificate, Exponents, Generator, Name, Refused, Search, Test, wald, ways,
};
use crate::session::Session;
use crate::session::command::{Answer, Call, Command, Example, Flag, Place, Stop};
use crate::text::{Diagnostic, Kind, Limits};

/// One multidegree.
const MULTIDEGREE: Flag =
    Flag::with("multidegree", "A,B,…", "how often each observed variable occurs, in their order");

/// All multidegrees.
const UP_TO_DEGREE: Flag =
    Flag::with("up-to-degree", "D", "all multidegrees up to this degree; 2 if nothing is said");

/// Vanishing polynomials.
pub const IDEAL: Command = Command {
    name: "sem ideal",
    about: "polynomials in the covariances that vanish on a structural equation model",
    more: "One multidegree after the other; each polynomial is certified and called by its name where it \
           has one. A file holds formulas, or a mixed graph: in DOT (.dot, .gv), where `x <-> y`, `x -- y` and \
           `[dir=both]` are covariances, or as two matrices of 0 and 1 (.adj).",
    arguments: &[SEM_FILE],
    options: &Flag::list::<11>(&[&[MULTIDEGREE, UP_TO_DEGREE], MATRICES, &[NUMBER], SCALES]),
    place: Place::Everywhere,
    examples: &[Example {
        line: "sem ideal examples/models/verma.dot --multidegree 3,2,2,1",
        result: "11 monomials…",
    }],
    run: answer,
};

/// Terms of a polynomial that are printed in the text; programs get all of them.
const PRINTED: usize = 1000;

/// The minimal generators of the vanishing ideal that a call asks for.
///
/// # Errors
/// A multidegree that does not fit, a model without multidegrees, limits.
fn answer(session: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    let mixed = graph(session, call)?;
    let observed = mixed.observed();
    let names: Vec<String> = observed.iter().map(|&v| mixed.vertex_name(v).to_owned()).collect();
    let single = call.option("multidegree").map(|text| multidegree(text, &names)).transpose()?;
    let most = match single {
        Some(_) => 0,
        None => highest(call, names.len())?,
    };
    let limit = session.limits.monomials;
    let mut search =
        Search::new(&mixed, limit, call.host.stop()).map_err(|r| refusal(&mixed, r, limit))?;
    let place = |&(i, j): &(usize, usize)| (search.observed[i], search.observed[j]);
    let covariances = search.pairs.all().iter().map(place);
    let symbols: Vec<String> = covariances.map(|(i, j)| mixed.naming.covariance(i, j)).collect();
    let tested = match data::given(call) {
        true => {
            let targets = data::sample(session, call, &names, None)?.targets(&names, false);
            Some(targets.map_err(|e| Stop::refused(Kind::Format, e))?.remove(0))
        }
        false => None,
    };
    let degrees = match single {
        Some(degree) => vec![degree],
        None => (1..=most).flat_map(|d| search.degrees(d)).collect(),
    };
    let one = degrees.len() == 1;
    let (mut lines, mut list, mut monomials) = (Vec::new(), Vec::new(), [0, 0]);
    for (k, degree) in degrees.iter().enumerate() {
        call.host.progress(k as f64 / degrees.len() as f64);
        let found = search.multidegree(degree);
        let found = found.map_err(|r| {
            call.host.progress(2.0);
            refusal(&mixed, r, limit)
        })?;
        monomials[0] += found.counted.before;
        monomials[1] += found.counted.after;
        if one && found.generators.is_empty() {
            lines.push(match found.dimension {
                0 => "no polynomial of this multidegree vanishes on the model".to_owned(),
                d => format!(
                    "{d} polynomials vanish, all of them combinations of such of lower degree"
                ),
            });
        }
        for generator in &found.generators {
            lines.push(headline(&names, generator));
            lines.push(format!("  {}", printed(&symbols, &generator.terms, PRINTED)));
            let mut json = described(&names, &symbols, generator);
            if let Some(sample) = &tested {
                let test = wald(&search.pairs, &generator.terms, &sample.covariance, sample.count);
                lines.push(format!("  {}", outcome(test.as_ref(), sample.count)));
                json["test"] = test.map_or(Json::Null, |t| {
                    json!({"value": t.value, "standard_error": t.error, "z": t.z, "wald": t.statistic, "p": t.p})
                });
            }
            list.push(json);
        }
    }
    call.host.progress(2.0);
    let counted = format!(
        "{} monomials in {} multidegree{}, {} after pruning by the closed form",
        monomials[0],
        degrees.len(),
        if one { "" } else { "s" },
        monomials[1]
    );
    if !one && list.is_empty() {
        lines.push("no polynomial up to this degree vanishes on the model".to_owned());
    }
    lines.insert(0, counted);
    let json = json!({
        "model": mixed.name,
        "variables": names,
        "multidegrees": degrees.len(),
        "monomials": monomials[0],
        "monomials_after_pruning": monomials[1],
        "generators": list,
    });
    Ok(Answer::text(lines.join("\n")).json(json))
}

/// The highest degree that is looked at.
fn highest(call: &Call<'_>, variables: usize) -> Result<usize, Stop> {
    let fits = |x: f64| x >= 1.0 && x.fract() == 0.0 && x <= 100.0;
    let most = call.number("up-to-degree", "a whole number from 1 to 100", fits)?.unwrap_or(2.0);
    let total = (1..=most as usize).map(|d| ways(2 * d, variables)).sum::<f64>();
    if total > MULTIDEGREES {
        let message = format!(
            "{total:.0} multidegrees of {variables} variables up to degree {most}, where {MULTIDEGREES} are looked at"
        );
        let error = Diagnostic::without_place(Kind::Resource, message);
        return Err(error.help("name one with --multidegree, or a lower degree").into());
    }
    Ok(most as usize)
}

/// Multidegrees that one call looks at.
const MULTIDEGREES: f64 = 100_000.0;

fn multidegree(text: &str, names: &[String]) -> Result<Vec<usize>, Stop> {
    let refuse = |message: String| Err(Stop::refused(Kind::Config, message));
    let parts: Result<Vec<usize>, _> = text.split(',').map(|p| p.trim().parse::<usize>()).collect();
    let Ok(degree) = parts else {
        return refuse(format!("--multidegree is whole numbers as in `2,1,1`, not `{text}`"));
    };
    if degree.len() != names.len() {
        return refuse(format!(
            "--multidegree has {} numbers for {} observed variables: {}",
            degree.len(),
            names.len(),
            names.join(", ")
        ));
    }
    let sum: usize = degree.iter().sum();
    if sum == 0 || sum % 2 == 1 || degree.iter().any(|d| *d > 200) {
        return refuse(
            "the numbers of a multidegree have an even sum, each at most 200: every \
             covariance counts for two variables"
                .to_owned(),
        );
    }
    Ok(degree)
}

fn refusal(mixed: &MixedGraph, refused: Refused, limit: usize) -> Stop {
    match refused {
        Refused::NotGraded => {
            let message = format!(
                "the vanishing ideal of `{}` has no multidegrees: fixed or shared coefficients tie the \
                 scales of observed variables together",
                mixed.name
            );
            Stop::from(
                Diagnostic::without_place(Kind::Domain, message)
                    .help("free the coefficients between observed variables, or give them labels of their own"),
            )
        }
        Refused::Singular => {
            Stop::failed(Kind::Domain, "det(I - Λ) is zero whatever the parameters are")
        }
        Refused::TooMany(_) => {
            Limits::exceeded("monomials", limit, "monomials in one multidegree", None).into()
        }
        Refused::Interrupted => Stop::failed(Kind::Interrupted, "the search was stopped"),
    }
}

fn headline(names: &[String], g: &Generator) -> String {
    let degree: usize = g.degree.iter().sum::<usize>() / 2;
    let multidegree: Vec<String> = g.degree.iter().map(usize::to_string).collect();
    let name = g.name.as_ref().map_or(String::new(), |n| format!(": {}", title(names, n)));
    format!(
        "degree {degree}, multidegree ({}), {} term{}{name}; {}",
        multidegree.join(","),
        g.terms.len(),
        if g.terms.len() == 1 { "" } else { "s" },
        certified(&g.certificate)
    )
}

/// A test in words.
fn outcome(test: Option<&Test>, count: f64) -> String {
    match test {
        Some(t) => format!(
            "at the correlations of {count} observations: {:.6}, standard error {:.6}; Wald {:.3} on 1 \
             degree of freedom, p = {:.4}",
            t.value, t.error, t.statistic, t.p
        ),
        None => format!(
            "at the correlations of {count} observations: no test, the sample is a singular point"
        ),
    }
}

/// A name in words.
fn title(names: &[String], name: &Name) -> String {
    let list = |of: &[usize]| of.iter().map(|&v| names[v].as_str()).collect::<Vec<_>>().join(", ");
    match name {
        Name::Covariance(i, j) => {
            format!("vanishing covariance of {} and {}", names[*i], names[*j])
        }
        Name::PartialCorrelation(i, j, given) => {
            format!(
                "vanishing partial correlation of {} and {} given {}",
                names[*i],
                names[*j],
                list(given)
            )
        }
        Name::Tetrad(a, b) => format!("tetrad of {} by {}", list(a), list(b)),
        Name::Minor(rows, columns) => {
            format!("minor of rows {} and columns {} (t-separation)", list(rows), list(columns))
        }
        Name::Verma(order) => format!("Verma constraint of {}", list(order)),
    }
}

fn certified(certificate: &Certificate) -> String {
    match certificate {
        Certificate::Exact { points, primes } => {
            let primes = if *primes == 1 { "a prime that suffices" } else { "primes that suffice" };
            format!("exact: zero at {points} points that determine it, modulo {primes}")
        }
        Certificate::Random { needed } if needed.is_finite() => {
            format!("zero at random points modulo 2^61 - 1; a proof would take {needed:.1e} points")
        }
        Certificate::Random { .. } => {
            "zero at random points modulo 2^61 - 1; the closed form is too large for a proof"
                .to_owned()
        }
        Certificate::NotLifted(terms) => format!(
            "its {terms} coefficients have no short fractions modulo 2^61 - 1, so it is not shown"
        ),
        Certificate::Wrong => "REFUTED: it does not vanish on the model".to_owned(),
    }
}

/// A polynomial in the covariances of all pairs, which are called `symbols`.
fn printed(symbols: &[String], terms: &[(Exponents, i64)], most: usize) -> String {
    let mut text = String::new();
    for (k, (monomial, coefficient)) in terms.iter().take(most).enumerate() {
        text += match (k, *coefficient < 0) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        let mut factors = Vec::new();
        if coefficient.abs() != 1 || monomial.iter().all(|e| *e == 0) {
            factors.push(coefficient.abs().to_string());
        }
        for (symbol, &e) in symbols.iter().zip(monomial).filter(|(_, e)| **e > 0) {
            let power = if e == 1 { String::new() } else { format!("^{e}") };
            factors.push(format!("{symbol}{power}"));
        }
        text += &factors.join("*");
    }
    if terms.len() > most {
        text += &format!(" + … ({} more terms; --json has all)", terms.len() - most);
    }
    text
}

fn described(names: &[String], symbols: &[String], g: &Generator) -> Json {
    let certificate = match &g.certificate {
        Certificate::Exact { points, primes } => {
            json!({"exact": true, "points": points, "primes": primes})
        }
        other => json!({"exact": false, "about": certified(other)}),
    };
    json!({
        "degree": g.degree.iter().sum::<usize>() / 2,
        "multidegree": g.degree,
        "terms": g.terms.len(),
        "polynomial": printed(symbols, &g.terms, usize::MAX),
        "name": g.name.as_ref().map(|n| title(names, n)),
        "certificate": certificate,
    })
}
