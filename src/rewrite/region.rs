//! A region: part of a term graph loaded into an e-graph, with its leaves.

use egg::Id;
use rustc_hash::{FxHashMap, FxHashSet};

use super::assumption::Assumptions;
use super::facts::{Facts, POINTS};
use super::knowledge::{Classes, Knowledge};
use super::language::{Form, Ids};
use crate::term::evaluate::{self, Enclosing};
use crate::term::interval::Defined;
use crate::term::sample::value_at;
use crate::term::{Graph, Interval, Node, Term};

/// Terms loaded into an e-graph: the class of each term.
pub struct Region {
    /// The e-graph.
    pub classes: Classes,
    /// The class of each loaded term.
    pub ids: FxHashMap<Term, Id>,
    /// The classes of the roots, in their order.
    pub roots: Vec<Id>,
}

impl Region {
    /// Loads the roots and everything below them down to `boundary`, whose terms become leaves;
    /// `traced` keeps the equations behind all merges.
    pub fn load(
        graph: &Graph,
        roots: &[Term],
        boundary: &FxHashSet<Term>,
        assumptions: &Assumptions,
        traced: bool,
    ) -> Region {
        let order = inside(graph, roots, boundary);
        let is_leaf = |t: Term| {
            boundary.contains(&t) && !roots.contains(&t)
                || matches!(graph.node(t), Node::Symbol(_) | Node::Element(..) | Node::Index(_))
        };
        let points = Points::new(graph, assumptions);
        let leaves = order
            .iter()
            .filter(|&&t| is_leaf(t))
            .map(|&t| {
                let mut facts = leaf_facts(graph, t);
                facts.samples = std::array::from_fn(|k| points.value(graph, t, k));
                if let Some(known) = assumptions.of(t) {
                    // Only assumptions that no point fulfils contradict each other.
                    let _ = facts.meet(&points.at_no_point(known));
                }
                (t, facts)
            })
            .collect();
        let functions = graph.functions().to_vec();
        let trace = traced.then(Vec::new);
        let knowledge = Knowledge { leaves, functions, conflict: false, trace };
        let mut region = Region {
            classes: Classes::new(knowledge),
            ids: FxHashMap::default(),
            roots: Vec::new(),
        };
        for &term in &order {
            let form = match is_leaf(term) {
                true => Form::Leaf(term),
                false => form_of(graph, term, |t| region.ids[&t]),
            };
            let id = region.classes.add(form);
            if !is_leaf(term)
                && let Some(known) = assumptions.of(term)
            {
                region.classes.assume(id, &points.at_no_point(known));
            }
            region.ids.insert(term, id);
        }
        region.roots = roots.iter().map(|t| region.ids[t]).collect();
        region.classes.rebuild();
        region
    }
}

/// Facts from outside for a class.
trait Assume {
    fn assume(&mut self, id: Id, known: &Facts);
}

impl Assume for Classes {
    fn assume(&mut self, id: Id, known: &Facts) {
        let mut facts = self[id].data.clone();
        if facts.meet(known).is_ok() {
            self.set_analysis_data(id, facts);
        }
    }
}

/// The sample points: values of names that fulfil what is assumed.
struct Points {
    /// Values of the names that something is assumed of.
    chosen: FxHashMap<String, [f64; POINTS]>,
    /// Which points fulfil the assumptions about compound terms too.
    usable: [bool; POINTS],
}

impl Points {
    fn new(graph: &Graph, assumptions: &Assumptions) -> Points {
        let mut points = Points { chosen: FxHashMap::default(), usable: [true; POINTS] };
        let assumed = assumptions.terms();
        for &term in &assumed {
            if let (Node::Symbol(s), Some(known)) = (graph.node(term), assumptions.of(term)) {
                let name = graph.name(*s);
                let values = std::array::from_fn(|k| inside_of(known, value_at(name, k as u64)));
                points.chosen.insert(name.to_owned(), values);
            }
        }
        for term in assumed {
            let Some(known) = assumptions.of(term) else { continue };
            for k in 0..POINTS {
                points.usable[k] &= known.allows(points.value(graph, term, k));
            }
        }
        points
    }

    fn named(&self, name: &str, point: usize) -> f64 {
        self.chosen.get(name).map_or_else(|| value_at(name, point as u64), |values| values[point])
    }

    /// The value of a term at a point; anything at points that are not usable.
    fn value(&self, graph: &Graph, term: Term, point: usize) -> Interval {
        let unknown = Interval { defined: Defined::Sometimes, ..Interval::ALL };
        match graph.node(term) {
            _ if !self.usable[point] => unknown,
            Node::Symbol(s) => Interval::point(self.named(graph.name(*s), point)),
            // Inside a family an element or an index is one more free value.
            node @ (Node::Element(..) | Node::Index(_)) if graph.free_binders(term) != 0 => {
                Interval::point(value_at(&format!("{node:?}"), point as u64))
            }
            _ if graph.free_binders(term) != 0 => unknown,
            _ => {
                let leaf = |leaf: &str| Interval::point(self.named(leaf, point));
                evaluate::evaluate(graph, term, &mut Enclosing::new(leaf))
            }
        }
    }

    /// Facts that say nothing about the sample points.
    fn at_no_point(&self, known: &Facts) -> Facts {
        let unknown = Interval { defined: Defined::Sometimes, ..Interval::ALL };
        Facts { samples: [unknown; POINTS], ..known.clone() }
    }
}

/// A value that facts allow, as near as may be to a given one.
fn inside_of(known: &Facts, value: f64) -> f64 {
    let (lo, hi) = (known.range.lo, known.range.hi);
    // Sample values are at most 12.5 in size.
    let part = (value + 13.0) / 26.0;
    let value = match (lo.is_finite(), hi.is_finite()) {
        _ if lo < value && value < hi => value,
        (true, true) => lo + part * (hi - lo),
        (true, false) => lo + value.abs(),
        (false, true) => hi - value.abs(),
        (false, false) => value,
    };
    match known.integer && lo.ceil() <= hi.floor() {
        true => value.round().clamp(lo.ceil(), hi.floor()),
        false => value,
    }
}

/// The node of a term whose arguments have classes.
pub fn form_of(graph: &Graph, term: Term, id: impl Fn(Term) -> Id) -> Form {
    let ids = |args: &[Term]| args.iter().map(|&a| id(a)).collect::<Ids>();
    match graph.node(term) {
        Node::Number(n) => Form::Number(n.clone()),
        Node::Sum { constant, terms } => {
            Form::sum(constant.clone(), terms.iter().map(|(c, t)| (c.clone(), id(*t))).collect())
        }
        Node::Product(factors) => {
            Form::product(factors.iter().map(|(t, e)| (id(*t), e.clone())).collect())
        }
        Node::Call(op, args) => Form::Call(*op, ids(args)),
        Node::Apply(f, args) => Form::Apply(*f, ids(args)),
        Node::Reduce { binder, from, to, body } => Form::Reduce(*binder, *from, *to, ids(&[*body])),
        Node::Symbol(_) | Node::Element(..) | Node::Index(_) => Form::Leaf(term),
    }
}

/// Terms between the roots and the boundary, arguments first.
fn inside(graph: &Graph, roots: &[Term], boundary: &FxHashSet<Term>) -> Vec<Term> {
    let mut seen: FxHashSet<Term> = roots.iter().copied().collect();
    let mut stack: Vec<Term> = roots.to_vec();
    while let Some(term) = stack.pop() {
        if boundary.contains(&term) && !roots.contains(&term) {
            continue;
        }
        graph.each_argument(graph.node(term), |t| {
            if seen.insert(t) {
                stack.push(t);
            }
        });
    }
    let mut order: Vec<Term> = seen.into_iter().collect();
    order.sort_unstable();
    order
}

/// Facts of a leaf: a free real value, or a part that is not looked into.
pub fn leaf_facts(graph: &Graph, term: Term) -> Facts {
    let defined = if graph.is_total(term) { Defined::Always } else { Defined::Sometimes };
    let mut facts = Facts::within(Interval { defined, ..Interval::ALL });
    facts.integer = matches!(graph.node(term), Node::Index(_));
    facts
}
