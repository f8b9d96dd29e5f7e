//! `sem info`: what a mixed graph implies.

use serde_json::{Value as Json, json};

use super::data::{GROUP, MATRICES, covariances};
use super::graph::{NUMBER, graph, graph_of};
use super::values::{SET, at_values, solutions, values};
use super::{SCALES, SEM_FILE};
use crate::model::sem::MixedGraph;
use crate::model::sem::graph::Weight;
use crate::model::sem::structure::equivalent::{Verdict, compare};
use crate::model::sem::structure::fibre::{Answer as Fibre, fibre};
use crate::model::sem::structure::global::{Obstacle, obstacle};
use crate::model::sem::structure::identify::{Formula, Identified, identify};
use crate::model::sem::structure::point::{Rank, rank};
use crate::model::sem::structure::preimage::preimages;
use crate::model::sem::symbolic::counts;
use crate::session::Session;
use crate::session::command::{Answer, Call, Command, Example, Flag, Place, Stop};
use crate::syntax::print::{Plain, try_print};
use crate::term::Graph;
use crate::term::visit::free_symbols;
use crate::text::Kind;

/// Covariances whose parameters are wanted.
const OF: Flag = Flag::with(
    "of",
    "FILE",
    "looks for all parameters with the covariances of a CSV file: a matrix, or observations",
);

/// The model to compare with.
const EQUIVALENT: Flag =
    Flag::with("equivalent", "FILE", "compares with the model or graph of another file");

/// What a graph implies.
pub const INFO: Command = Command {
    name: "sem info",
    about: "what a structural equation model implies: rank, identification, formulas of its parameters",
    more: "Its dimension, how many parameters have the same covariances, which effects are \
           identified and by which formula; equivalence with another model; stability at given values. A file holds formulas, or a mixed graph: in DOT (.dot, .gv), where `x <-> y`, `x -- y` and \
           `[dir=both]` are covariances, or as two matrices of 0 and 1 (.adj).",
    arguments: &[SEM_FILE],
    options: &Flag::list::<13>(&[&[SET], MATRICES, &[GROUP, OF, EQUIVALENT, NUMBER], SCALES]),
    place: Place::Everywhere,
    examples: &[Example {
        line: "sem info examples/models/verma.dot",
        result: "verma          4 variables, 4 effects, 1 covariance…",
    }],
    run: answer,
};

/// Characters of a formula that is shown to a person.
const LONG: usize = 1000;

/// Lines of a report with what they are about, and the same for programs.
pub struct Report {
    lines: Vec<String>,
    json: serde_json::Map<String, Json>,
}

impl Report {
    pub fn say(&mut self, about: &str, text: impl AsRef<str>) {
        self.lines.push(format!("{about:<14} {}", text.as_ref()));
    }

    pub fn put(&mut self, key: &str, value: Json) {
        self.json.insert(key.to_owned(), value);
    }
}

/// What the graph of a call implies.
///
/// # Errors
/// What is wrong with its file or values, a model without covariances.
fn answer(session: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    let mixed = graph(session, call)?;
    let values = values(session, call, &mixed)?;
    let mut report = Report { lines: Vec::new(), json: serde_json::Map::new() };
    let Some(rank) = rank(&mixed) else {
        return Err(Stop::failed(Kind::Domain, "det(I - Λ) is zero whatever the parameters are"));
    };
    if let Some(file) = call.option("equivalent") {
        let other = graph_of(session, call, Some(file))?;
        equivalent(&mut report, &mixed, &other, call)?;
        return Ok(finish(report));
    }
    structure(&mut report, &mixed);
    dimension(&mut report, &mixed, &rank);
    let fibre = degree(&mut report, &mixed, &rank, call);
    if let Some(Fibre::Interrupted) = fibre {
        return Err(Stop::failed(Kind::Interrupted, "the computation was stopped"));
    }
    global(&mut report, &mixed);
    // Without a fibre a parameter may have one value as long as no direction moves it.
    let single = |p: usize| match &fibre {
        Some(Fibre::Finite(f)) => f.values.iter().any(|(q, v)| *q == p && *v == 1),
        _ => rank.determined[p],
    };
    // In a plain graph the fibre is that of Λ alone.
    if let Some(found) = identify(&mixed, &single, call.host.stop()) {
        effects(&mut report, session, &mixed, &rank, &found, fibre.as_ref())?;
    }
    at_values(&mut report, &mixed, &values, fibre.as_ref(), call);
    if let Some(path) = call.option("of") {
        let observed = mixed.observed();
        let names: Vec<String> =
            observed.iter().map(|&v| mixed.vertex_name(v).to_owned()).collect();
        let given = covariances(session, call, path, &names)?;
        let mut target = vec![vec![0.0; mixed.size()]; mixed.size()];
        for (row, &i) in given.chunks(observed.len()).zip(&observed) {
            row.iter().zip(&observed).for_each(|(x, &j)| target[i][j] = *x);
        }
        match &fibre {
            Some(Fibre::Finite(f)) => {
                let all = preimages(&mixed, &target, None, f.degree, call.host.stop());
                solutions(&mut report, &mixed, &all, f.degree);
            }
            _ => report.say("solutions", "not looked for: their number is not finite or not known"),
        }
    }
    Ok(finish(report))
}

fn finish(report: Report) -> Answer {
    Answer::text(report.lines.join("\n")).json(Json::Object(report.json))
}

fn names(mixed: &MixedGraph, vertices: &[usize]) -> String {
    vertices.iter().map(|&v| mixed.vertex_name(v)).collect::<Vec<_>>().join(", ")
}

/// A number of things.
fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Vertices, arrows, cycles, counts.
fn structure(report: &mut Report, mixed: &MixedGraph) {
    let latent = mixed.size() - mixed.observed().len();
    let covariances = mixed.covariances().filter(|(a, b, _)| a != b).count();
    let effects = mixed.effects().count();
    let with_latent = if latent > 0 { format!(", {latent} of them latent") } else { String::new() };
    report.say(
        &mixed.name,
        format!(
            "{} variables{with_latent}, {}, {}",
            mixed.size(),
            number(effects, "effect"),
            number(covariances, "covariance")
        ),
    );
    let cycles: Vec<Vec<usize>> = mixed.components().into_iter().filter(|c| c.len() > 1).collect();
    match cycles.as_slice() {
        [] => report.say("feedback", "none: the graph is acyclic"),
        some => {
            let sets: Vec<String> =
                some.iter().map(|c| format!("{{{}}}", names(mixed, c))).collect();
            report.say("feedback", format!("strongly connected: {}", sets.join(", ")));
        }
    }
    match counts(mixed) {
        Some((all, between)) => {
            let most = between.iter().flatten().copied().max().unwrap_or(0);
            report.say(
                "connections",
                format!("{all}; at most {most} one-connections between two variables"),
            );
            report.put("connections", json!(all.to_string()));
            let rows: Vec<Vec<String>> =
                between.iter().map(|r| r.iter().map(u128::to_string).collect()).collect();
            report.put("one_connections", json!(rows));
        }
        None => report.say("connections", "too many to count"),
    }
    let all: Vec<&str> = (0..mixed.size()).map(|v| mixed.vertex_name(v)).collect();
    report.put("model", json!(mixed.name));
    report.put("variables", json!(all));
    report.put("latent", json!(latent));
    report.put("effects", json!(effects));
    report.put("covariances", json!(covariances));
    let cycles: Vec<Vec<&str>> =
        cycles.iter().map(|c| c.iter().map(|&v| mixed.vertex_name(v)).collect()).collect();
    report.put("feedback", json!(cycles));
}

/// Rank and what follows from it.
fn dimension(report: &mut Report, mixed: &MixedGraph, rank: &Rank) {
    let finite = rank.rank == rank.parameters;
    let codimension = rank.moments - rank.rank;
    report.say(
        "dimension",
        format!(
            "{} of {} variances and covariances; {} parameters (rank at a random point modulo 2^61 - 1)",
            rank.rank, rank.moments, rank.parameters
        ),
    );
    let constraints = match codimension {
        0 => "none: the model fills an open set of covariance matrices".to_owned(),
        1 => "one: the model is a hypersurface".to_owned(),
        c => format!("codimension {c}"),
    };
    report.say("constraints", constraints);
    let pair = mixed.double_arrow();
    let simple = mixed.is_plain() && pair.is_none();
    let reason = match (finite, simple, pair) {
        (true, true, _) => {
            "generically finite-to-one: the graph is simple, so that at Λ = 0, Ω = I the \
             derivative dσ_ij = dλ_ij + dλ_ji + dω_ij has full rank"
                .to_owned()
        }
        (true, false, Some((a, b))) if mixed.is_plain() => format!(
            "generically finite-to-one by its rank, although {} and {} are joined twice",
            mixed.vertex_name(a),
            mixed.vertex_name(b)
        ),
        (true, _, _) => "generically finite-to-one by its rank".to_owned(),
        (false, _, _) => {
            let free: Vec<&str> = mixed
                .parameters
                .iter()
                .zip(&rank.determined)
                .filter(|(_, d)| !**d)
                .map(|(p, _)| p.name.as_str())
                .collect();
            format!(
                "infinite-to-one: {} more parameters than dimensions; not identified: {}",
                rank.parameters - rank.rank,
                free.join(", ")
            )
        }
    };
    report.say("parameters", reason);
    report.put("moments", json!(rank.moments));
    report.put("parameters", json!(rank.parameters));
    report.put("rank", json!(rank.rank));
    report.put("simple", json!(pair.is_none()));
    report.put("finite_to_one", json!(finite));
}

/// The degree of the generic fibre.
fn degree(report: &mut Report, mixed: &MixedGraph, rank: &Rank, call: &Call<'_>) -> Option<Fibre> {
    if rank.rank < rank.parameters {
        return None;
    }
    let answer = fibre(mixed, call.host.stop())?;
    match &answer {
        Fibre::Finite(f) => {
            let text = match f.degree {
                1 => "one parameter vector has the covariances of a generic point (complex ones counted): \
                     rationally identifiable"
                    .to_owned(),
                d => {
                    let several: Vec<String> = f
                        .values
                        .iter()
                        .filter(|(_, v)| *v > 1)
                        .map(|(p, v)| format!("{} ({v})", mixed.parameters[*p].name))
                        .collect();
                    format!(
                        "{d} parameter vectors, complex ones counted, have the covariances of a generic \
                         point; values of each: {}",
                        several.join(", ")
                    )
                }
            };
            report.say("fibre", text);
            report.say("", "(counted by a Gröbner basis at a random point modulo 2^61 - 1)");
            report.put("fibre", json!(f.degree));
            let values: serde_json::Map<String, Json> = f
                .values
                .iter()
                .map(|(p, v)| (mixed.parameters[*p].name.clone(), json!(v)))
                .collect();
            report.put("fibre_values", Json::Object(values));
        }
        Fibre::Infinite => report.say("fibre", "infinite"),
        Fibre::TooLarge(unknowns) => {
            report.say("fibre", format!("not computed: {unknowns} unknowns, where 15 are the most"))
        }
        Fibre::TooLong => report.say("fibre", "not computed: the Gröbner basis takes too long"),
        Fibre::Interrupted => {}
    }
    Some(answer)
}

/// Global identifiability.
fn global(report: &mut Report, mixed: &MixedGraph) {
    if !mixed.is_plain() {
        return;
    }
    let found = obstacle(mixed);
    let text = match &found {
        None => {
            "identifiable everywhere: no two parameter vectors have the same covariances".to_owned()
        }
        Some(Obstacle::Cycle(vertices)) => {
            format!(
                "not identifiable everywhere: {} are on a directed cycle",
                names(mixed, vertices)
            )
        }
        Some(Obstacle::Subgraph { vertices, sink }) => format!(
            "not identifiable everywhere: {} all lead to {} and covariances connect them",
            names(mixed, vertices),
            mixed.vertex_name(*sink)
        ),
    };
    report.say("global", text);
    report.put("globally_identifiable", json!(found.is_none()));
}

/// Formulas of the effects.
fn effects(
    report: &mut Report,
    session: &Session,
    mixed: &MixedGraph,
    rank: &Rank,
    found: &Identified,
    fibre: Option<&Fibre>,
) -> Result<(), Stop> {
    if mixed.is_plain() {
        let solved: Vec<usize> = found.systems.iter().map(|s| s.vertex).collect();
        let text = match solved.len() == mixed.size() {
            true => "all vertices: the model is rationally identifiable".to_owned(),
            false => {
                let left: Vec<usize> = (0..mixed.size()).filter(|v| !solved.contains(v)).collect();
                format!("not decided for effects on {}", names(mixed, &left))
            }
        };
        report.say("half-treks", text);
        report.put("half_trek", json!(solved.len() == mixed.size()));
    } else {
        let why = match mixed.observed().len() == mixed.size() {
            true => "some coefficients are fixed or shared",
            false => "some variables are latent",
        };
        report.say("half-treks", format!("the criterion does not apply: {why}"));
    }
    let (mut terms, mut list, mut roots) = (Graph::new(), Vec::new(), Vec::new());
    let weights = mixed.effects().chain(mixed.covariances().take(found.covariances.len()));
    let weights: Vec<Weight> = weights.map(|(_, _, w)| w.clone()).collect();
    let mut about = "identified";
    for (arrow, weight) in found.effects.iter().chain(&found.covariances).zip(&weights) {
        let (x, y, formula) = arrow;
        let Weight::Parameter(p) = *weight else { continue };
        let name = &mixed.parameters[p].name;
        let term = found.term(mixed, &mut terms, arrow);
        roots.extend(term);
        let written = match term {
            Some(term) => Some(
                try_print(&Plain, &terms, term, &session.limits)
                    .map_err(|_| Stop::failed(Kind::Resource, "a formula is too long"))?,
            ),
            None => None,
        };
        let values = match fibre {
            Some(Fibre::Finite(f)) => f.values.iter().find(|(q, _)| *q == p).map(|(_, v)| *v),
            _ => None,
        };
        let how = match formula {
            Some(Formula::Instrument { instrument, given }) => {
                let given = match given.as_slice() {
                    [] => String::new(),
                    list => format!(" given {}", names(mixed, list)),
                };
                match instrument == x {
                    true if given.is_empty() => "regression".to_owned(),
                    true => format!("regression{given}"),
                    false => format!("instrument {}{given}", mixed.vertex_name(*instrument)),
                }
            }
            Some(Formula::Fraction(_)) => "fraction of covariances".to_owned(),
            Some(Formula::Residual) => "entry of (I - Λ)ᵀ Σ (I - Λ)".to_owned(),
            Some(Formula::HalfTrek(place)) => {
                let s = &found.systems[*place];
                format!("half-treks from {}", names(mixed, &s.sources))
            }
            None => match values {
                Some(1) => {
                    "identified: one value in a generic fibre, but no formula was found".to_owned()
                }
                Some(v) => format!("{v} values in a generic fibre"),
                None if !rank.determined[p] => "not identified".to_owned(),
                None => "finitely many values; no formula was found".to_owned(),
            },
        };
        // Finitely many values may be one: that is not decided.
        let verdict = match (formula, values) {
            (Some(_), _) => Some(true),
            (None, Some(v)) => Some(v == 1),
            (None, None) => (!rank.determined[p]).then_some(false),
        };
        let text = match (&written, formula) {
            (Some(value), _) if value.len() > LONG => {
                let length = value.len();
                format!("{name} = …   [{how}; a formula of {length} characters, which --json has]")
            }
            (Some(value), _) => format!("{name} = {value}   [{how}]"),
            (None, Some(_)) => format!("{name} solves linear equations   [{how}]"),
            (None, None) => format!("{name}: {how}"),
        };
        report.say(std::mem::take(&mut about), text);
        list.push(json!({
            "name": name,
            "from": mixed.vertex_name(*x),
            "to": mixed.vertex_name(*y),
            "formula": written,
            "by": how,
            "identified": verdict,
        }));
    }
    if found.complete() && mixed.is_plain() && !found.effects.is_empty() {
        report.say("", "then Ω = (I - Λ)ᵀ Σ (I - Λ)");
    }
    // Covariances of latent variables, those that a formula names.
    let used: Vec<String> =
        free_symbols(&terms, &roots).iter().map(|&s| terms.name(s).to_owned()).collect();
    let mut about = "where";
    for arrow in &found.latent {
        let Some(term) = found.term(mixed, &mut terms, arrow) else { continue };
        let value = try_print(&Plain, &terms, term, &session.limits)
            .map_err(|_| Stop::failed(Kind::Resource, "a formula is too long"))?;
        let name = mixed.naming.covariance(arrow.0, arrow.1);
        if !used.contains(&name) {
            continue;
        }
        report.say(std::mem::take(&mut about), format!("{name} = {value}"));
        list.push(json!({"name": name, "formula": value}));
    }
    report.put("identification", json!(list));
    Ok(())
}

/// The comparison with another model.
fn equivalent(
    report: &mut Report,
    mixed: &MixedGraph,
    other: &MixedGraph,
    call: &Call<'_>,
) -> Result<(), Stop> {
    let verdict = compare(mixed, other, call.host.stop()).map_err(|name| {
        let message = format!("`{name}` is observed in only one of the two models");
        Stop::refused(Kind::Config, message)
    })?;
    let Some(verdict) = verdict else {
        return Err(Stop::failed(Kind::Domain, "det(I - Λ) is zero whatever the parameters are"));
    };
    let (equal, text) = match &verdict {
        Verdict::Equal => (
            Some(true),
            "the models are equivalent: their dimensions agree, and a random point of one has complex \
             parameters in the other"
                .to_owned(),
        ),
        Verdict::Unrestricted => (
            Some(true),
            "the models are equivalent up to inequalities: neither constrains the covariances by equations"
                .to_owned(),
        ),
        Verdict::Dimension(a, b) => {
            (Some(false), format!("the models differ: their dimensions are {a} and {b}"))
        }
        Verdict::Rank { covariances, ranks } => {
            let text = format!(
                "the models differ: {} have rank {} in one and {} in the other",
                covariances.join(", "),
                ranks.0,
                ranks.1
            );
            (Some(false), text)
        }
        Verdict::Apart => (
            Some(false),
            "the models differ: a random point of one has no parameters in the other".to_owned(),
        ),
        Verdict::Undecided(sets) => (
            None,
            format!(
                "not decided: dimensions and the ranks of {sets} sets of covariances agree, and the \
                 equations are too many to solve"
            ),
        ),
    };
    report.say("equivalence", text.clone());
    report.put("equivalent", json!(equal));
    report.put("about", json!(text));
    Ok(())
}
