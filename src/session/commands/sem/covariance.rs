//! `sem covariance`: Σ as formulas by the one-connection rule.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::{Value as Json, json};

use super::graph::{NUMBER, graph, vertex};
use super::{SCALES, SEM_FILE};
use crate::model::sem::MixedGraph;
use crate::model::sem::graph::Weight;
use crate::model::sem::symbolic::{
    Entry, Expansion, OneConnection, Polynomial, Polynomials, Ring, Terms, WALKED, one_connections,
    picture, size, terms_of,
};
use crate::session::Session;
use crate::session::command::{Answer, Call, Command, Example, Flag, Place, Stop};
use crate::session::output::Partial;
use crate::syntax::print::{Latex, Notation, Plain, print_as, try_print};
use crate::term::visit::{Rebuild, reachable};
use crate::term::{Graph, Node, Number, Term};
use crate::text::{Diagnostic, Kind, Limits};

/// One entry.
const ENTRY: Flag = Flag::with("entry", "Y,X", "only this entry of Σ; may be repeated");

/// How formulas look.
const FORM: Flag = Flag {
    choices: &["factored", "expanded", "tree", "latex", "json"],
    ..Flag::with("form", "FORM", "factored (sums of ω·N·N over Δ·Δ), expanded, tree, latex or json")
};

/// The one-connections instead of formulas.
const ONE_CONNECTIONS: Flag =
    Flag::switch("one-connections", "list the one-connections that each entry consists of");

/// Where to draw them.
const PICTURE: Flag = Flag::with("picture", "FILE", "draws the one-connections into a file, .svg");

/// Covariances as formulas.
pub const COVARIANCE: Command = Command {
    name: "sem covariance",
    about: "the covariances of a structural equation model as formulas, cycles included",
    more: "By the one-connection rule: σ_ij = Σ ω_kl N_ki N_lj / (Δ Δ'), in lowest terms when every \
           arrow has a parameter of its own. A file holds formulas, or a mixed graph: in DOT (.dot, .gv), where `x <-> y`, `x -- y` and \
           `[dir=both]` are covariances, or as two matrices of 0 and 1 (.adj).",
    arguments: &[SEM_FILE],
    options: &Flag::list::<9>(&[&[ENTRY, FORM, ONE_CONNECTIONS, PICTURE, NUMBER], SCALES]),
    place: Place::Everywhere,
    examples: &[Example {
        line: "sem covariance examples/models/supply_demand.dot --entry income,price",
        result: "sigma(income, price) = (l_cost_price*w_income_cost + \
                 l_income_quantity*l_quantity_price*w_income_income)/(1 - \
                 l_quantity_price*l_price_quantity)",
    }],
    run: answer,
};

/// One-connections of all entries together that are written out: about a megabyte. With more the
/// entries share their parts.
const WRITTEN: u128 = 20_000;

/// Characters that a summand of a numerator takes at least, as `w_1_1 + ` does.
const SUMMAND: usize = 8;

/// One-connections of two vertices of a component that are written out where entries share parts.
const SHORT: u128 = 20;

/// One-connections that are listed or drawn.
const LISTED: usize = 400;

/// The entries of Σ that a call asks for.
///
/// # Errors
/// A name that is no variable, a covariance matrix that does not exist, a formula beyond the limits.
fn answer(session: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    let mixed = graph(session, call)?;
    let entries = wanted(call, &mixed)?;
    if call.has("one-connections") || call.option("picture").is_some() {
        return listed(call, &mixed, &entries);
    }
    let form = call.option("form").unwrap_or("factored");
    let shares = !["expanded", "tree"].contains(&form);
    let limits = &session.limits;
    let size = size(&mixed, &entries, limits.printed / SUMMAND);
    if size.is_some_and(|s| s.summands > limits.printed / SUMMAND) {
        let what = format!("characters: those of {} entries", entries.len());
        let error = Limits::exceeded("printed", limits.printed, &what, None);
        return Err(error.note("name single entries with --entry").into());
    }
    let few = size.is_some_and(|s| s.most <= WALKED && (!shares || s.total <= WRITTEN));
    let stop = call.host.stop();
    let shown = match few {
        true => walked(&mixed, &entries, form, limits, stop)?,
        false => shared(&mixed, &entries, form, limits, stop)?,
    };
    let text = match form {
        "json" => format!("{:#}", shown.json),
        _ => shown.text,
    };
    Ok(Answer::text(text).json(shown.json))
}

/// The pairs of `--entry`, else all pairs of observed variables.
fn wanted(call: &Call<'_>, mixed: &MixedGraph) -> Result<Vec<(usize, usize)>, Stop> {
    let mut entries = Vec::new();
    for (_, text) in call.options.iter().filter(|(name, _)| *name == "entry") {
        let halves = |k: usize| (text[..k].trim(), text[k + 1..].trim());
        let splits: Vec<(&str, &str)> = text.match_indices(',').map(|(k, _)| halves(k)).collect();
        // Names may have commas.
        let known = |(i, j): &(&str, &str)| Some((mixed.position(i)?, mixed.position(j)?));
        entries.push(match (splits.iter().find_map(known), splits.as_slice()) {
            (Some(entry), _) => entry,
            (None, [(i, j)]) => (vertex(mixed, i)?, vertex(mixed, j)?),
            (None, _) => {
                let message = format!("--entry names two variables as in `y,x`, not `{text}`");
                return Err(Stop::refused(Kind::Config, message));
            }
        });
    }
    if entries.is_empty() {
        let observed = mixed.observed();
        for (k, &i) in observed.iter().enumerate() {
            entries.extend(observed[k..].iter().map(|&j| (i, j)));
        }
    }
    Ok(entries)
}

struct Shown {
    text: String,
    json: Json,
}

/// The name of an entry.
fn heading(mixed: &MixedGraph, (i, j): (usize, usize)) -> String {
    format!("sigma({}, {})", mixed.vertex_name(i), mixed.vertex_name(j))
}

fn interrupted() -> Stop {
    Stop::failed(Kind::Interrupted, "the formulas were stopped")
}

fn singular(mixed: &MixedGraph, component: Option<&[usize]>) -> Result<(), Stop> {
    let Some(vertices) = component else { return Ok(()) };
    let names: Vec<&str> = vertices.iter().map(|&v| mixed.vertex_name(v)).collect();
    let message = format!(
        "the model has no covariances: det(I - Λ) is zero on {} whatever the parameters are",
        names.join(", ")
    );
    Err(Stop::failed(Kind::Domain, message))
}

/// Entries by walking along all one-connections.
fn walked(
    mixed: &MixedGraph,
    entries: &[(usize, usize)],
    form: &str,
    limits: &Limits,
    stop: fn() -> bool,
) -> Result<Shown, Stop> {
    let mut rule = Expansion::new(mixed, Polynomials)
        .ok_or_else(|| Stop::failed(Kind::Resource, "the components are too large"))?;
    singular(mixed, rule.singular())?;
    let mut graph = Graph::new();
    let (mut lines, mut list) = (Vec::<String>::new(), Vec::new());
    let mut length = 0;
    for (done, &(i, j)) in entries.iter().enumerate() {
        if stop() {
            return Err(interrupted());
        }
        length += lines.last().map_or(0, String::len);
        if length > limits.printed {
            let what = format!("characters: those of {done} of {} entries", entries.len());
            let error = Limits::exceeded("printed", limits.printed, &what, None);
            return Err(error.note("name single entries with --entry").into());
        }
        let entry = rule.entry(i, j);
        let size: usize = entry
            .summands
            .iter()
            .map(|s| s.left.terms().len().saturating_mul(s.right.terms().len()))
            .fold(0, usize::saturating_add);
        if form == "expanded" && size > limits.terms {
            let what =
                format!("terms: {} has up to {size} when multiplied out", heading(mixed, (i, j)));
            return Err(Limits::exceeded("terms", limits.terms, &what, None).into());
        }
        let mut ring = match form {
            "latex" => Terms::notation(&mut graph, mixed),
            _ => Terms::new(&mut graph, mixed),
        };
        let term = match form {
            "expanded" => {
                let (over, under) = (rule.numerator(&entry), rule.denominator(&entry));
                let (over, under) = (over.value(&mut ring), under.value(&mut ring));
                ring.graph.div(over, under)
            }
            _ => factored(&mut ring, &rule, &entry),
        };
        let head = heading(mixed, (i, j));
        match form {
            "latex" => {
                let ends = format!("{}_{}", mixed.vertex_name(i), mixed.vertex_name(j));
                let symbol = graph.symbol(&format!("sigma_{ends}"));
                let name = print_as(&Latex, &graph, symbol);
                lines.push(format!("{name} = {}", written(&Latex, &graph, term, limits)?));
            }
            "tree" => lines.extend(tree(mixed, &rule, &entry, &mut graph, limits)?),
            _ => lines.push(format!("{head} = {}", written(&Plain, &graph, term, limits)?)),
        }
        list.push(described(mixed, &rule, &entry, &mut graph, limits)?);
    }
    let json = json!({
        "model": mixed.name,
        "method": "walked",
        "lowest_terms": mixed.has_own_parameters(),
        "parameters": mixed.parameters.iter().map(|p| &p.name).collect::<Vec<_>>(),
        "entries": list,
    });
    Ok(Shown { text: lines.join("\n"), json })
}

fn written(
    notation: &dyn Notation,
    graph: &Graph,
    term: Term,
    limits: &Limits,
) -> Result<String, Stop> {
    try_print(notation, graph, term, limits).map_err(|_| {
        Limits::exceeded("printed", limits.printed, "characters in one formula", None).into()
    })
}

/// `Σ ω N N / (Δ Δ')` as a term in which nothing is multiplied out.
fn factored(
    ring: &mut Terms<'_>,
    rule: &Expansion<'_, Polynomials>,
    entry: &Entry<Arc<Polynomial>>,
) -> Term {
    let mut parts = Vec::new();
    for s in &entry.summands {
        let times = ring.whole(if s.doubled { 2 } else { 1 });
        let factors = [times, ring.weight(&s.weight), s.left.value(ring), s.right.value(ring)];
        parts.push(ring.product(&factors));
    }
    let mut factors = vec![(ring.sum(&parts), Number::ONE)];
    for &(c, power) in &entry.denominator {
        factors.push((rule.minors[c].delta.value(ring), (-i64::from(power)).into()));
    }
    ring.graph.product(factors)
}

/// An entry for programs.
fn described(
    mixed: &MixedGraph,
    rule: &Expansion<'_, Polynomials>,
    entry: &Entry<Arc<Polynomial>>,
    graph: &mut Graph,
    limits: &Limits,
) -> Result<Json, Stop> {
    let mut print = |p: &Polynomial| -> Result<String, Stop> {
        let term = p.value(&mut Terms::new(graph, mixed));
        written(&Plain, graph, term, limits)
    };
    let name = |v: usize| mixed.vertex_name(v);
    let mut summands = Vec::new();
    for s in &entry.summands {
        summands.push(json!({
            "sources": [name(s.sources.0), name(s.sources.1)],
            "weight": weight_name(mixed, &s.weight),
            "times": if s.doubled { 2 } else { 1 },
            "left": print(&s.left)?,
            "right": print(&s.right)?,
        }));
    }
    let mut denominator = Vec::new();
    for &(c, power) in &entry.denominator {
        let vertices: Vec<&str> = rule.components[c].iter().map(|&v| name(v)).collect();
        let delta = print(&rule.minors[c].delta)?;
        denominator.push(json!({"component": vertices, "delta": delta, "power": power}));
    }
    let term = factored(&mut Terms::new(graph, mixed), rule, entry);
    Ok(json!({
        "entry": [name(entry.ends.0), name(entry.ends.1)],
        "formula": written(&Plain, graph, term, limits)?,
        "numerator": summands,
        "denominator": denominator,
    }))
}

/// The name of a coefficient, or its value.
fn weight_name(mixed: &MixedGraph, weight: &Weight) -> String {
    match weight {
        Weight::Parameter(p) => mixed.parameters[*p].name.clone(),
        Weight::Constant(c) => c.to_string(),
    }
}

/// An entry as a tree: its summands, below each the sums over one-connections.
fn tree(
    mixed: &MixedGraph,
    rule: &Expansion<'_, Polynomials>,
    entry: &Entry<Arc<Polynomial>>,
    graph: &mut Graph,
    limits: &Limits,
) -> Result<Vec<String>, Stop> {
    let name = |v: usize| mixed.vertex_name(v).to_owned();
    let mut print = |p: &Polynomial| -> Result<String, Stop> {
        let term = p.value(&mut Terms::new(graph, mixed));
        written(&Plain, graph, term, limits)
    };
    let mut branches: Vec<(String, Vec<String>)> = Vec::new();
    let (i, j) = entry.ends;
    for s in &entry.summands {
        let (k, l) = s.sources;
        let (left, right) =
            (format!("N({} → {})", name(k), name(i)), format!("N({} → {})", name(l), name(j)));
        let times = if s.doubled { "2 · " } else { "" };
        let head = format!("{times}{} · {left} · {right}", weight_name(mixed, &s.weight));
        let mut leaves = vec![format!("{left} = {}", print(&s.left)?)];
        if left != right {
            leaves.push(format!("{right} = {}", print(&s.right)?));
        }
        branches.push((head, leaves));
    }
    for &(c, power) in &entry.denominator {
        let vertices: Vec<String> = rule.components[c].iter().map(|&v| name(v)).collect();
        let square = if power == 2 { "²" } else { "" };
        let delta = format!("Δ({})", vertices.join(", "));
        let leaf = format!("{delta} = {}", print(&rule.minors[c].delta)?);
        branches.push((format!("divided by {delta}{square}"), vec![leaf]));
    }
    let mut lines = vec![heading(mixed, entry.ends)];
    if branches.is_empty() {
        lines[0] += " = 0";
    }
    let last = branches.len().saturating_sub(1);
    for (b, (head, leaves)) in branches.into_iter().enumerate() {
        let (fork, bar) = if b == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        lines.push(format!("{fork}{head}"));
        let end = leaves.len() - 1;
        for (k, leaf) in leaves.into_iter().enumerate() {
            let fork = if k == end { "└─ " } else { "├─ " };
            lines.push(format!("{bar}{fork}{leaf}"));
        }
    }
    Ok(lines)
}

/// Entries by shared minors: definitions of what is used several times, then the entries.
fn shared(
    mixed: &MixedGraph,
    entries: &[(usize, usize)],
    form: &str,
    limits: &Limits,
    stop: fn() -> bool,
) -> Result<Shown, Stop> {
    if form == "expanded" || form == "tree" {
        let what = format!(
            "terms: an entry has more than {WALKED} one-connections, which are not written out"
        );
        let error = Limits::exceeded("terms", limits.terms, &what, None);
        return Err(Stop::from(Diagnostic {
            help: Some("the forms `factored` and `latex` share their parts".to_owned()),
            ..error
        }));
    }
    let mut graph = Graph::new();
    let ring = match form {
        "latex" => Terms::notation(&mut graph, mixed),
        _ => Terms::new(&mut graph, mixed),
    };
    let mut rule = Expansion::within(mixed, ring, SHORT).ok_or_else(|| {
        Stop::failed(Kind::Domain, "det(I - Λ) is zero whatever the parameters are")
    })?;
    singular(mixed, rule.singular())?;
    let mut roots = Vec::with_capacity(entries.len());
    for entry in entries {
        if stop() {
            return Err(interrupted());
        }
        roots.extend(terms_of(&mut rule, std::slice::from_ref(entry)));
    }
    let definitions = Definitions::new(&graph, &roots);
    let notation: &dyn Notation = if form == "latex" { &Latex } else { &Plain };
    let (lines, parts) = definitions.print(notation, &graph, mixed, limits)?;
    let mut text: Vec<String> =
        lines.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let mut list = Vec::new();
    for (&(i, j), value) in entries.iter().zip(&parts) {
        text.push(format!("{} = {value}", heading(mixed, (i, j))));
        let ends = [mixed.vertex_name(i), mixed.vertex_name(j)];
        list.push(json!({"entry": ends, "formula": value}));
    }
    let definitions: Vec<Json> =
        lines.iter().map(|(name, value)| json!({"name": name, "formula": value})).collect();
    let json = json!({
        "model": mixed.name,
        "method": "shared",
        "parameters": mixed.parameters.iter().map(|p| &p.name).collect::<Vec<_>>(),
        "definitions": definitions,
        "entries": list,
    });
    Ok(Shown { text: text.join("\n"), json })
}

/// Terms that are used several times, each with a name of its own.
struct Definitions {
    named: Vec<Term>,
    roots: Vec<Term>,
}

impl Definitions {
    fn new(graph: &Graph, roots: &[Term]) -> Definitions {
        let mut uses: FxHashMap<Term, usize> = FxHashMap::default();
        let order = reachable(graph, roots);
        for &term in &order {
            graph.each_argument(graph.node(term), |t| *uses.entry(t).or_default() += 1);
        }
        let leaf = |t: Term| match graph.node(t) {
            Node::Number(_) | Node::Symbol(_) => true,
            // A negative is no work of its own.
            Node::Sum { constant, terms } => constant.is_zero() && terms.len() == 1,
            _ => false,
        };
        let several = |t: &Term| uses.get(t).copied().unwrap_or(0) > 1;
        let named = order.iter().copied().filter(|t| several(t) && !leaf(*t)).collect();
        Definitions { named, roots: roots.to_vec() }
    }

    /// The named terms with what they are, and the roots in terms of them.
    fn print(
        &self,
        notation: &dyn Notation,
        graph: &Graph,
        mixed: &MixedGraph,
        limits: &Limits,
    ) -> Result<(Vec<(String, String)>, Vec<String>), Stop> {
        let mut target = Graph::new();
        let mut rebuild = Rebuild::with([]);
        let taken =
            |name: &str| mixed.parameters.iter().any(|p| p.name == name || p.notation == name);
        let mut lines = Vec::new();
        let mut next = 1;
        for &term in &self.named {
            while taken(&format!("t{next}")) {
                next += 1;
            }
            let value = rebuild.across(graph, &mut target, term);
            let value = written(notation, &target, value, limits)?;
            let symbol = target.symbol(&format!("t{next}"));
            lines.push((print_as(notation, &target, symbol), value));
            rebuild.replace(term, symbol);
            next += 1;
        }
        let mut roots = Vec::new();
        for &root in &self.roots {
            let value = rebuild.across(graph, &mut target, root);
            roots.push(written(notation, &target, value, limits)?);
        }
        Ok((lines, roots))
    }
}

/// The one-connections of entries, in words and drawn.
fn listed(call: &Call<'_>, mixed: &MixedGraph, entries: &[(usize, usize)]) -> Result<Answer, Stop> {
    let path = call.option("picture");
    if let Some(path) = path
        && !path.to_lowercase().ends_with(".svg")
    {
        let message = format!("one-connections are drawn as .svg, not as `{path}`");
        return Err(Stop::refused(Kind::Config, message));
    }
    // Every N_ki that one of the entries is made of, once.
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for &(i, j) in entries {
        let (mine, other) = (mixed.ancestors(&[i]), mixed.ancestors(&[j]));
        for (a, b, _) in mixed.covariances() {
            for (k, l) in [(a, b), (b, a)] {
                if mine[k] && other[l] {
                    pairs.extend([(k, i), (l, j)]);
                }
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let name = |v: usize| mixed.vertex_name(v);
    let (mut lines, mut list, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
    let mut whole = true;
    for (k, i) in pairs {
        let found = one_connections(mixed, k, i, LISTED + 1 - drawn.len().min(LISTED));
        whole &= drawn.len() + found.len() <= LISTED;
        lines.push(format!("{} → {}", name(k), name(i)));
        for one in found.into_iter().take(LISTED - drawn.len().min(LISTED)) {
            lines.push(format!("  {}", sentence(mixed, &one)));
            let cycles: Vec<Vec<&str>> =
                one.cycles.iter().map(|c| c.iter().map(|&v| name(v)).collect()).collect();
            let along: Vec<&str> = one.path.iter().map(|&v| name(v)).collect();
            let sign = if one.is_negative() { -1 } else { 1 };
            list.push(json!({"from": name(k), "to": name(i), "path": along, "cycles": cycles, "sign": sign}));
            drawn.push(one);
        }
    }
    if !whole {
        lines.push(format!(
            "only the first {LISTED} one-connections are listed; name one entry with --entry"
        ));
    }
    if let Some(path) = path {
        Partial::create(path)?.write(picture(mixed, &drawn).as_bytes())?;
        lines.push(format!("{:<12} {path}", "picture"));
    }
    let json =
        json!({"model": mixed.name, "one_connections": list, "complete": whole, "picture": path});
    Ok(Answer::text(lines.join("\n")).json(json))
}

/// A one-connection in words: its sign, its path and its cycles.
fn sentence(mixed: &MixedGraph, one: &OneConnection) -> String {
    let name = |v: &usize| mixed.vertex_name(*v);
    let path: Vec<&str> = one.path.iter().map(name).collect();
    let mut text = format!("{} {}", if one.is_negative() { "-" } else { "+" }, path.join(" → "));
    for cycle in &one.cycles {
        let mut around: Vec<&str> = cycle.iter().map(name).collect();
        around.push(around[0]);
        text += &format!("   and {}", around.join(" → "));
    }
    text
}
