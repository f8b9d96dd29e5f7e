//! Networks that BioNetGen has generated: `.net` files.
//!
//! Species are called `S1`, `S2`, … as in BioNetGen's own tables, since their patterns are no
//! names; [`super::Species::pattern`] keeps these. Groups are observables. A rate is that of mass
//! action over the reactants as they are listed, so that `A + A` reacts with the rate `k*A*A`:
//! BioNetGen writes symmetry factors out.

mod expression;
mod law;
mod table;
mod text;

use rustc_hash::FxHashMap;

use super::types::{Reaction, ReactionNetwork, Species};
use crate::calculus::Equation;
use crate::model::system::{Observable, System, Variable, Written};
use crate::term::visit::substitute;
use crate::term::{Affine, Graph, Number, Term};
use crate::text::{Diagnostic, Kind, Limits, Source, Span};
use expression::{Formula, Meaning, Names};
use text::{Column, NetText};

/// Whether a source is a `.net` file: by its name, because a block of one begins in it, or because
/// it begins with a block at all.
pub fn is_network(source: &Source) -> bool {
    let lines = || source.text().lines().map(str::trim_start);
    let first = lines().find(|line| !line.is_empty() && !line.starts_with('#'));
    let mut begun = lines().filter_map(|line| line.strip_prefix("begin "));
    source.name().ends_with(".net")
        || first.is_some_and(|line| line.starts_with("begin "))
        || begun.any(|name| text::is_block(name.trim()))
}

/// Reads a `.net` file; the model is called as the file.
///
/// # Errors
/// Everything that is wrong with the text, each with its place.
pub fn system(source: &Source, limits: &Limits) -> Result<System, Vec<Diagnostic>> {
    let mut net = text::read(source, limits);
    let mut errors = std::mem::take(&mut net.errors);
    if errors.is_empty() {
        match lowered(&net, source, limits, Graph::new()) {
            Ok(system) => {
                // What was sound in one form is sound in the other.
                let written = lowered(&net, source, limits, Graph::written())?;
                let written = Written { graph: written.graph, equations: written.equations };
                return Ok(System { written: Some(written), ..system });
            }
            Err(found) => errors = found,
        }
    }
    errors.sort_by_key(|e| e.span.map_or(0, |s| s.start));
    errors.truncate(limits.errors);
    Err(errors)
}

/// What is known of a file while it becomes terms.
struct Lowering<'t, 'g> {
    source: &'t Source,
    limits: &'t Limits,
    graph: &'g mut Graph,
    names: Names<'t>,
    /// The functions of the file: what stands for their arguments, and their values.
    functions: Vec<(Vec<Term>, Option<Term>)>,
    /// The species.
    species: Vec<Term>,
    errors: Vec<Diagnostic>,
}

fn lowered(
    net: &NetText<'_>,
    source: &Source,
    limits: &Limits,
    mut graph: Graph,
) -> Result<System, Vec<Diagnostic>> {
    let named = |definitions: &[text::Definition<'_>]| -> Vec<String> {
        definitions.iter().map(|d| d.name.text.to_owned()).collect()
    };
    let mut taken = named(&net.parameters);
    taken.extend(named(&net.functions));
    taken.extend(net.groups.iter().map(|g| g.name.text.to_owned()));
    let is_free = |name: &str| !taken.iter().any(|n| n == name);
    let time = ["t", "time", "time_"].into_iter().find(|n| is_free(n)).unwrap_or("_t");
    let prefix = species_prefix(&taken);
    let names = Names { known: FxHashMap::default(), time };
    let mut lowering = Lowering {
        source,
        limits,
        graph: &mut graph,
        names,
        functions: Vec::new(),
        species: Vec::new(),
        errors: Vec::new(),
    };
    let unknowns: Vec<Variable> =
        (0..net.species.len()).map(|k| scalar(format!("{prefix}{}", k + 1), k)).collect();
    lowering.species = unknowns.iter().map(|v| lowering.graph.symbol(&v.name)).collect();
    let parameters: Vec<Variable> =
        (0..).zip(&net.parameters).map(|(k, p)| scalar(p.name.text.to_owned(), k)).collect();
    let parameter_values = lowering.parameters_of(net);
    let initial = lowering.initial_values(net);
    let observables = lowering.groups(net);
    lowering.functions_of(net);
    let (equations, network) = lowering.reactions(net);
    if !lowering.errors.is_empty() {
        return Err(lowering.errors);
    }
    Ok(System {
        name: model_name(source.name()),
        time: time.to_owned(),
        unknowns,
        parameters,
        parameter_values,
        equations,
        algebraic: Vec::new(),
        initial,
        observables,
        events: Vec::new(),
        plan: None,
        tables: Vec::new(),
        written: None,
        network: Some(network),
        eliminated: None,
        graph,
    })
}

fn scalar(name: String, offset: usize) -> Variable {
    Variable { name, axes: Vec::new(), offset }
}

/// What stands before the numbers of species so that no other name is hit.
fn species_prefix(taken: &[String]) -> &'static str {
    let clashes = |prefix: &&str| {
        taken.iter().any(|n| {
            n.strip_prefix(prefix)
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    ["S", "S_", "species_"].into_iter().find(|p| !clashes(p)).unwrap_or("_S_")
}

/// The file without its folder and extension.
fn model_name(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.strip_suffix(".net").unwrap_or(name);
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = stem.chars().map(legal).collect();
    if name.chars().all(|c| c == '_') { "network".to_owned() } else { name }
}

impl<'t> Lowering<'t, '_> {
    /// Gives a name its meaning; an error when it has one.
    fn declare(&mut self, name: Column<'t>, meaning: Meaning) {
        if self.names.known.insert(name.text, meaning).is_some() {
            let message = format!("`{}` is declared twice", name.text);
            self.errors.push(Diagnostic::error(Kind::Name, name.span, message));
        }
    }

    /// The value of an expression.
    fn formula(&mut self, formula: &Formula) -> Result<Term, Diagnostic> {
        self.with_arguments(formula, &[])
    }

    /// The value of an expression, which is one.
    fn defined(&mut self, formula: &Formula, column: Column<'_>) -> Result<Term, Diagnostic> {
        let term = self.formula(formula)?;
        match self.graph.is_undefined(term) {
            true => {
                let message = format!("`{}` has no value", column.text);
                Err(Diagnostic::error(Kind::Domain, column.span, message))
            }
            false => Ok(term),
        }
    }

    fn with_arguments(
        &mut self,
        formula: &Formula,
        own: &[(&str, Term)],
    ) -> Result<Term, Diagnostic> {
        let functions = &self.functions;
        let mut call = |graph: &mut Graph, f: usize, arguments: &[Term]| {
            let (symbols, value) = &functions[f];
            if symbols.len() != arguments.len() {
                let (wanted, given) = (symbols.len(), arguments.len());
                return Err(format!("the function takes {wanted} arguments, {given} given"));
            }
            // A function whose own line is wrong has no value; that was said.
            let Some(value) = *value else { return Ok(graph.undefined()) };
            let map: Vec<(Term, Term)> =
                symbols.iter().copied().zip(arguments.iter().copied()).collect();
            Ok(if map.is_empty() { value } else { substitute(graph, value, &map) })
        };
        formula.lower(self.graph, &self.names, own, &mut call)
    }

    /// The formula of a column; an error is noted.
    fn read(&mut self, column: Column<'t>) -> Option<Formula> {
        Formula::read(self.source, column, self.limits).map_err(|e| self.errors.push(e)).ok()
    }

    /// The values of parameters, each after those that it uses.
    fn parameters_of(&mut self, net: &NetText<'t>) -> Vec<Equation> {
        for parameter in &net.parameters {
            let symbol = self.graph.symbol(parameter.name.text);
            self.declare(parameter.name, Meaning::Value(symbol));
        }
        let places: FxHashMap<&str, usize> =
            (0..).zip(&net.parameters).map(|(k, p)| (p.name.text, k)).collect();
        let formulas: Vec<Option<Formula>> =
            net.parameters.iter().map(|p| self.read(p.value)).collect();
        let uses = |formula: &Option<Formula>| -> Vec<usize> {
            let names = formula.iter().flat_map(Formula::names);
            names.filter_map(|n| places.get(n).copied()).collect()
        };
        let order = self.order(&formulas.iter().map(uses).collect::<Vec<_>>(), |k| {
            let parameter = &net.parameters[k];
            (parameter.name.span, format!("`{}` is defined by itself", parameter.name.text))
        });
        let mut values = Vec::new();
        for k in order {
            let Some(formula) = &formulas[k] else { continue };
            match self.defined(formula, net.parameters[k].value) {
                Ok(term) => values.push(Equation::scalar(k, term)),
                Err(error) => self.errors.push(error),
            }
        }
        values
    }

    fn initial_values(&mut self, net: &NetText<'t>) -> Vec<Equation> {
        let mut values = Vec::new();
        for (k, species) in net.species.iter().enumerate() {
            let value = match Number::from_decimal(species.value.text) {
                Some(number) if number.to_f64().is_finite() => Some(self.graph.number(number)),
                _ => self.read(species.value).and_then(|formula| {
                    self.defined(&formula, species.value).map_err(|e| self.errors.push(e)).ok()
                }),
            };
            values.extend(value.map(|value| Equation::scalar(k, value)));
        }
        values
    }

    fn groups(&mut self, net: &NetText<'t>) -> Vec<Observable> {
        let mut observables = Vec::new();
        for (k, group) in net.groups.iter().enumerate() {
            let mut parts = Vec::new();
            for (weight, species) in &group.parts {
                match self.species.get(*species as usize) {
                    Some(&term) => parts.push((weight.clone(), term)),
                    None => {
                        let error = no_species(*species, net.species.len(), group.name.span);
                        self.errors.push(error);
                    }
                }
            }
            let total = self.graph.sum(Number::ZERO, parts);
            // Old versions call a group as the parameter that is its initial value.
            if !net.parameters.iter().any(|p| p.name.text == group.name.text) {
                self.declare(group.name, Meaning::Value(total));
            }
            let variable = scalar(group.name.text.to_owned(), k);
            observables.push(Observable { variable, equations: vec![Equation::scalar(k, total)] });
        }
        observables
    }

    /// Gives functions their values.
    fn functions_of(&mut self, net: &NetText<'t>) {
        let places: FxHashMap<&str, usize> =
            (0..).zip(&net.functions).map(|(k, f)| (f.name.text, k)).collect();
        for (k, function) in net.functions.iter().enumerate() {
            self.declare(function.name, Meaning::Function(k));
            let held = |a: &Column<'_>| format!("{}.{}", function.name.text, a.text);
            let symbols = function.arguments.iter().map(|a| self.graph.symbol(&held(a))).collect();
            self.functions.push((symbols, None));
        }
        let formulas: Vec<Option<Formula>> =
            net.functions.iter().map(|f| self.read(f.value)).collect();
        let uses = |formula: &Option<Formula>| -> Vec<usize> {
            let names = formula.iter().flat_map(Formula::names);
            names.filter_map(|n| places.get(n).copied()).collect()
        };
        let order = self.order(&formulas.iter().map(uses).collect::<Vec<_>>(), |k| {
            let function = &net.functions[k];
            (function.name.span, format!("`{}` calls itself", function.name.text))
        });
        for k in order {
            let Some(formula) = &formulas[k] else { continue };
            let arguments = net.functions[k].arguments.iter().map(|a| a.text);
            let own: Vec<(&str, Term)> =
                arguments.zip(self.functions[k].0.iter().copied()).collect();
            match self.with_arguments(formula, &own) {
                Ok(term) => self.functions[k].1 = Some(term),
                Err(error) => self.errors.push(error),
            }
        }
    }

    /// Places in an order in which each comes after those it uses, as near to the given order as
    /// that goes; those that use themselves are errors.
    fn order(
        &mut self,
        uses: &[Vec<usize>],
        wrong: impl Fn(usize) -> (Span, String),
    ) -> Vec<usize> {
        // 0: not seen, 1: being done, 2: done.
        let (mut state, mut order) = (vec![0_u8; uses.len()], Vec::new());
        let mut stack: Vec<(usize, usize)> = Vec::new();
        for start in 0..uses.len() {
            if state[start] != 0 {
                continue;
            }
            state[start] = 1;
            stack.push((start, 0));
            while let Some((k, next)) = stack.last_mut() {
                let k = *k;
                match uses[k].get(*next) {
                    Some(&used) => {
                        *next += 1;
                        if state[used] == 1 {
                            let (span, message) = wrong(used);
                            self.errors.push(Diagnostic::error(Kind::Name, span, message));
                        } else if state[used] == 0 {
                            state[used] = 1;
                            stack.push((used, 0));
                        }
                    }
                    None => {
                        state[k] = 2;
                        order.push(k);
                        stack.pop();
                    }
                }
            }
        }
        order
    }

    /// The equations of all species, and the network.
    fn reactions(&mut self, net: &NetText<'t>) -> (Vec<Equation>, ReactionNetwork) {
        let mut changes: Vec<Vec<(Number, Term)>> = vec![Vec::new(); net.species.len()];
        let mut reactions = Vec::with_capacity(net.reactions.len());
        for line in &net.reactions {
            let sides = line.reactants.iter().chain(&line.products);
            let count = net.species.len();
            if let Some(&species) = sides.clone().find(|&&s| s as usize >= count) {
                self.errors.push(no_species(species, count, line.span));
                continue;
            }
            let rate = match self.rate(line) {
                Ok(rate) => rate,
                Err(error) => {
                    self.errors.push(error);
                    if self.errors.len() >= self.limits.errors {
                        break;
                    }
                    continue;
                }
            };
            let mut factors: Vec<(Term, Number)> = Vec::with_capacity(4);
            if !rate.factor.is_one() {
                factors.push((self.graph.number(rate.factor), Number::ONE));
            }
            factors.push((rate.rate, Number::ONE));
            let written = self.graph.product(factors.iter().cloned());
            if rate.mass_action {
                let species = &self.species;
                factors.extend(line.reactants.iter().map(|&s| (species[s as usize], Number::ONE)));
            }
            let flux = self.graph.product(factors);
            let mut net_change: Vec<(u32, i64)> = Vec::with_capacity(4);
            for (side, sign) in [(&line.reactants, -1), (&line.products, 1)] {
                for &species in side {
                    match net_change.iter_mut().find(|(s, _)| *s == species) {
                        Some((_, change)) => *change += sign,
                        None => net_change.push((species, sign)),
                    }
                }
            }
            for (species, change) in net_change {
                if change != 0 && !net.species[species as usize].fixed {
                    changes[species as usize].push((change.into(), flux));
                }
            }
            reactions.push(Reaction {
                ranges: Vec::new(),
                reactants: collected(&line.reactants),
                products: collected(&line.products),
                rate: written,
                mass_action: rate.mass_action,
            });
        }
        let values = changes.into_iter().enumerate();
        let equations =
            values.map(|(k, parts)| Equation::scalar(k, self.graph.sum(Number::ZERO, parts)));
        let equations = equations.collect();
        let species = net.species.iter().enumerate().map(|(place, s)| Species {
            place,
            len: 1,
            pattern: s.name.text.to_owned(),
            fixed: s.fixed,
        });
        (equations, ReactionNetwork { species: species.collect(), reactions })
    }
}

/// One side of a reaction with species that are listed several times counted.
fn collected(side: &[u32]) -> Vec<(Affine, Number)> {
    let mut counts: Vec<(u32, i64)> = Vec::with_capacity(side.len());
    for &species in side {
        match counts.iter_mut().find(|(s, _)| *s == species) {
            Some((_, n)) => *n += 1,
            None => counts.push((species, 1)),
        }
    }
    counts.into_iter().map(|(s, n)| (Affine::constant(i64::from(s)), n.into())).collect()
}

fn no_species(species: u32, count: usize, span: Span) -> Diagnostic {
    let message = format!("there is no species {}", u64::from(species) + 1);
    Diagnostic::error(Kind::Name, span, message).note(format!("the block `species` has {count}"))
}
