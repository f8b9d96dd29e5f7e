//! From an e-graph to an extraction problem whose prices are those of the lowered tape.
//!
//! Lowering shares more than classes: a scaled term `2*x`, the square inside a cube, the inverse
//! of a divisor are each computed once for all that need them. Each such part becomes a class of
//! its own here, so that its price is paid once. What is left out is sharing by accident: two
//! sums that balance the same terms into the same pair.

use egg::{Id, Language};
use rustc_hash::FxHashMap;

use super::problem::{Price, Problem};
use crate::kernel::LARGEST_POWER;
use crate::rewrite::cost::{Measure, size};
use crate::rewrite::facts::Graph as Classes;
use crate::rewrite::language::Form;
use crate::term::{Graph, Number, Op};

/// Factors with their exponents.
type Factors = Box<[(Id, Number)]>;

/// What a class of the problem stands for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// A class of the e-graph.
    Class(Id),
    /// A class times a constant.
    Scaled(Number, Id),
    /// A product of positive integer powers, by repeated squaring of what they have in common.
    Powers(Box<[(Id, i64)]>),
    /// A square root.
    Root(Id),
    /// A power by a call.
    Power(Id, Number),
    /// A product on one side of a division, with roots or called powers among its factors.
    Side(Factors),
    /// One over a product.
    Inverse(Factors),
}

/// What taking a node of the problem means.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// The class of the e-graph is built like this.
    Form(Form),
    /// A part of a form is computed.
    Part,
    /// A constant is divided by what this class, built like this, is one over.
    Quotient(Id, Form),
}

/// A problem with what its classes and nodes stand for.
pub struct Loaded {
    /// The problem.
    pub problem: Problem,
    /// What each class stands for.
    pub parts: Vec<Part>,
    /// What each node means.
    pub meanings: Vec<Meaning>,
    /// The class of the problem of each class of the e-graph below the roots.
    pub index: FxHashMap<Part, u32>,
}

/// A candidate for a part: own price, parts that it needs, what it means.
type Candidate = (f64, Vec<Part>, Meaning);

/// Loads what is below the roots.
pub fn load(graph: &Graph, classes: &Classes, roots: &[Id], measure: Measure) -> Loaded {
    let mut loader = Loader {
        graph,
        classes,
        measure,
        trips: trips(classes),
        binders: FxHashMap::default(),
        index: FxHashMap::default(),
        parts: Vec::new(),
    };
    loader.spread_binders();
    let roots: Vec<u32> =
        roots.iter().map(|&id| loader.number(Part::Class(classes.find(id)))).collect();
    let (mut problem, mut meanings) = (Problem::new(), Vec::new());
    while problem.classes() < loader.parts.len() {
        let part = loader.parts[problem.classes()].clone();
        let mut candidates = loader.candidates(&part);
        candidates.sort_by(|a, b| {
            a.0.total_cmp(&b.0).then_with(|| match (&a.2, &b.2) {
                (Meaning::Form(a), Meaning::Form(b)) => a.cmp(b),
                _ => std::cmp::Ordering::Equal,
            })
        });
        let mut nodes: Vec<(Price, Vec<u32>)> = Vec::with_capacity(candidates.len());
        for (price, needs, meaning) in candidates {
            let children = needs.into_iter().map(|part| loader.number(part)).collect();
            nodes.push(((price * 1000.0).round() as Price, children));
            meanings.push(meaning);
        }
        problem.push(nodes);
    }
    problem.set_roots(roots);
    Loaded { problem, parts: loader.parts, meanings, index: loader.index }
}

/// How often each index runs: by level, at least once.
fn trips(classes: &Classes) -> [f64; 32] {
    let mut trips = [1.0_f64; 32];
    for class in classes.classes() {
        for node in &class.nodes {
            if let Form::Reduce(binder, from, to, _) = node {
                let trips = &mut trips[usize::from(binder.0)];
                *trips = trips.max(to.saturating_sub(*from).saturating_add(1) as f64);
            }
        }
    }
    trips
}

struct Loader<'a> {
    graph: &'a Graph,
    classes: &'a Classes,
    measure: Measure,
    /// How often each index runs, by level.
    trips: [f64; 32],
    /// The indices that classes depend on, as bits; empty when nothing is summed over a range.
    binders: FxHashMap<Id, u32>,
    index: FxHashMap<Part, u32>,
    parts: Vec<Part>,
}

impl Loader<'_> {
    fn number(&mut self, part: Part) -> u32 {
        let parts = &mut self.parts;
        *self.index.entry(part).or_insert_with_key(|part| {
            parts.push(part.clone());
            parts.len() as u32 - 1
        })
    }

    fn candidates(&self, part: &Part) -> Vec<Candidate> {
        match part {
            Part::Class(id) => self.class(*id),
            Part::Scaled(c, id) => self.scaled(c, *id),
            Part::Powers(powers) => vec![self.powers(powers)],
            Part::Root(id) => vec![self.one(Op::Sqrt, *id)],
            Part::Power(id, _) => vec![self.one(Op::Pow, *id)],
            Part::Side(factors) => vec![self.side(factors)],
            Part::Inverse(factors) => {
                let price = self.times(&[factors[0].0], Op::Div.row().cycles);
                vec![(price, vec![part_of(factors)], Meaning::Part)]
            }
        }
    }

    /// The forms of a class of the e-graph.
    fn class(&self, id: Id) -> Vec<Candidate> {
        let mut forms: Vec<Form> = self.classes[id]
            .nodes
            .iter()
            .map(|n| n.clone().map_children(|c| self.classes.find(c)))
            .filter(|n| !n.children().contains(&id))
            .collect();
        forms.sort_unstable();
        forms.dedup();
        forms.into_iter().flat_map(|form| self.form(form)).collect()
    }

    fn form(&self, form: Form) -> Vec<Candidate> {
        let all = || form.children().iter().map(|&id| Part::Class(id)).collect::<Vec<Part>>();
        if !self.measure.shares() {
            return vec![(size(&form), all(), Meaning::Form(form))];
        }
        let price = match &form {
            Form::Leaf(_) | Form::Number(_) => 0.0,
            Form::Sum { .. } => return vec![self.sum(form)],
            Form::Product { .. } => return self.product(form),
            Form::Call(op, ids) => self.times(ids, op.row().cycles),
            Form::Apply(f, ids) => self.times(ids, self.graph.function(*f).cycles),
            Form::Reduce(_, from, to, _) if from >= to => 0.0,
            // Each member is added inside of the loop.
            Form::Reduce(.., ids) => self.times(ids, Op::Add.row().cycles),
        };
        vec![(price, all(), Meaning::Form(form))]
    }

    /// Additions and subtractions of scaled terms; a sign is turned in a constant where there is
    /// one, else by an operation.
    fn sum(&self, form: Form) -> Candidate {
        let Form::Sum { constant, .. } = &form else { unreachable!("a sum") };
        let unit = |c: &Number| c.is_one() || *c == Number::MINUS_ONE;
        let (mut needs, mut members, mut price) = (Vec::new(), Vec::new(), 0.0);
        let mut turn = form.terms().all(|(c, _)| c.is_negative()) && !constant.is_positive();
        if !constant.is_zero() {
            turn = false;
            members.push(0);
        }
        for (c, id) in form.terms() {
            members.push(self.binders(&[id]));
            needs.push(match unit(c) {
                true => Part::Class(id),
                false => {
                    let turned = std::mem::take(&mut turn);
                    Part::Scaled(if turned { c.clone() } else { c.abs() }, id)
                }
            });
        }
        if turn {
            price += self.times(form.children(), Op::Neg.row().cycles);
        }
        price += self.joins(&mut members, Op::Add.row().cycles);
        (price, needs, Meaning::Form(form))
    }

    /// A product, and with a divisor once as a quotient and once with the divisor's inverse, which
    /// other products may share.
    fn product(&self, form: Form) -> Vec<Candidate> {
        let (over, under) = sides(form.factors());
        let (mul, div) = (Op::Mul.row().cycles, Op::Div.row().cycles);
        let meaning = Meaning::Form(form.clone());
        if under.is_empty() {
            return vec![(0.0, vec![part_of(&over)], meaning)];
        }
        let inverse = Part::Inverse(under.clone());
        if over.is_empty() {
            return vec![(0.0, vec![inverse], meaning)];
        }
        let price = |cycles| self.times(form.children(), cycles);
        vec![
            (price(div), vec![part_of(&over), part_of(&under)], meaning.clone()),
            (price(mul), vec![part_of(&over), inverse], meaning),
        ]
    }

    /// A multiplication by a constant, or the division of the constant where the class is one
    /// over something.
    fn scaled(&self, c: &Number, id: Id) -> Vec<Candidate> {
        let price = self.times(&[id], Op::Mul.row().cycles);
        let mut found = vec![(price, vec![Part::Class(id)], Meaning::Part)];
        debug_assert!(!c.is_one());
        for form in &self.classes[id].nodes {
            let form = form.clone().map_children(|c| self.classes.find(c));
            let (over, under) = sides(form.factors());
            if over.is_empty() && !under.is_empty() {
                let price = self.times(form.children(), Op::Div.row().cycles);
                found.push((price, vec![part_of(&under)], Meaning::Quotient(id, form)));
            }
        }
        found
    }

    /// `Π base ^ n`: the square of the powers halved, times the bases with odd powers.
    fn powers(&self, powers: &[(Id, i64)]) -> Candidate {
        let mul = Op::Mul.row().cycles;
        if powers.iter().all(|(_, n)| *n == 1) {
            let mut members: Vec<u32> = powers.iter().map(|(id, _)| self.binders(&[*id])).collect();
            let needs = powers.iter().map(|(id, _)| Part::Class(*id)).collect();
            return (self.joins(&mut members, mul), needs, Meaning::Part);
        }
        let halves: Vec<(Id, i64)> =
            powers.iter().filter(|(_, n)| *n > 1).map(|(id, n)| (*id, n / 2)).collect();
        let odd: Vec<(Id, i64)> =
            powers.iter().filter(|(_, n)| n % 2 == 1).map(|(id, _)| (*id, 1)).collect();
        let ids = |list: &[(Id, i64)]| list.iter().map(|(id, _)| *id).collect::<Vec<Id>>();
        let (mut price, mut needs) =
            (self.times(&ids(&halves), mul), vec![product_of_powers(halves)]);
        if !odd.is_empty() {
            price += self.times(&ids(powers), mul);
            needs.push(product_of_powers(odd));
        }
        (price, needs, Meaning::Part)
    }

    /// A side with roots or called powers: each computed apart and multiplied.
    fn side(&self, factors: &[(Id, Number)]) -> Candidate {
        let (mut powers, mut needs) = (Vec::new(), Vec::new());
        for (id, exponent) in factors {
            match exponent.small() {
                Some((n, 1)) if (1..=LARGEST_POWER).contains(&n) => powers.push((*id, n)),
                Some((n, 2)) if (1..=LARGEST_POWER).contains(&n) => {
                    needs.push(Part::Root(*id));
                    if n > 1 {
                        powers.push((*id, n / 2));
                    }
                }
                _ => needs.push(Part::Power(*id, exponent.clone())),
            }
        }
        if !powers.is_empty() {
            needs.push(product_of_powers(powers));
        }
        let mut members: Vec<u32> = needs.iter().map(|part| self.binders_of(part)).collect();
        (self.joins(&mut members, Op::Mul.row().cycles), needs, Meaning::Part)
    }

    fn one(&self, op: Op, id: Id) -> Candidate {
        (self.times(&[id], op.row().cycles), vec![Part::Class(id)], Meaning::Part)
    }

    /// The price of an operation on these classes, as often as its loops run.
    fn times(&self, ids: &[Id], cycles: f64) -> f64 {
        cycles * self.runs(self.binders(ids))
    }

    /// The price of joining members: those of outer loops among themselves first, outside.
    fn joins(&self, members: &mut [u32], cycles: f64) -> f64 {
        let mut runs: Vec<f64> = members.iter().map(|&binders| self.runs(binders)).collect();
        runs.sort_by(|a, b| b.total_cmp(a));
        // The innermost joins with each outer group once.
        let groups = runs.chunk_by(|a, b| a == b);
        let inside: f64 = groups.clone().map(|g| g[0] * (g.len() - 1) as f64).sum();
        let across = runs.first().map_or(0.0, |most| most * (groups.count() - 1) as f64);
        cycles * (inside + across)
    }

    /// How often something that depends on these indices is computed.
    fn runs(&self, binders: u32) -> f64 {
        let depth = (32 - binders.leading_zeros()) as usize;
        self.trips[..depth].iter().product()
    }

    fn binders(&self, ids: &[Id]) -> u32 {
        ids.iter().fold(0, |all, id| all | self.binders.get(id).copied().unwrap_or(0))
    }

    fn binders_of(&self, part: &Part) -> u32 {
        match part {
            Part::Class(id) | Part::Scaled(_, id) | Part::Root(id) | Part::Power(id, _) => {
                self.binders(&[*id])
            }
            Part::Powers(list) => list.iter().fold(0, |all, (id, _)| all | self.binders(&[*id])),
            Part::Side(list) | Part::Inverse(list) => {
                list.iter().fold(0, |all, (id, _)| all | self.binders(&[*id]))
            }
        }
    }

    /// Finds the indices that each class depends on: those that all of its forms have in common.
    fn spread_binders(&mut self) {
        if self.trips.iter().all(|&n| n == 1.0) {
            return;
        }
        // From all indices downwards: what depends on itself keeps only what its other forms have.
        self.binders = self.classes.classes().map(|class| (class.id, u32::MAX)).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for class in self.classes.classes() {
                let of = |node: &Form| match node {
                    Form::Leaf(term) => self.graph.free_binders(*term),
                    Form::Reduce(binder, _, _, ids) => self.binders(ids) & !(1 << binder.0),
                    _ => node
                        .children()
                        .iter()
                        .fold(0, |all, &id| all | self.binders(&[self.classes.find(id)])),
                };
                let common = class.nodes.iter().map(of).fold(u32::MAX, |all, b| all & b);
                if common != self.binders[&class.id] {
                    self.binders.insert(class.id, common);
                    changed = true;
                }
            }
        }
    }
}

/// Numerator and denominator of a product, both with positive exponents; powers by a call stand in
/// the numerator with their own.
fn sides<'a>(factors: impl Iterator<Item = (Id, &'a Number)>) -> (Factors, Factors) {
    let (mut over, mut under) = (Vec::new(), Vec::new());
    for (id, exponent) in factors {
        let size = exponent.abs();
        match size.small() {
            Some((0, _)) => {}
            Some((n, 1 | 2)) if n <= LARGEST_POWER => match exponent.is_negative() {
                true => under.push((id, size)),
                false => over.push((id, size)),
            },
            _ => over.push((id, exponent.clone())),
        }
    }
    (over.into(), under.into())
}

/// One side of a division, not empty.
fn part_of(factors: &[(Id, Number)]) -> Part {
    let powers: Option<Vec<(Id, i64)>> = factors
        .iter()
        .map(|(id, e)| match e.small() {
            Some((n, 1)) if (1..=LARGEST_POWER).contains(&n) => Some((*id, n)),
            _ => None,
        })
        .collect();
    match powers {
        Some(powers) => product_of_powers(powers),
        None => Part::Side(factors.into()),
    }
}

fn product_of_powers(powers: Vec<(Id, i64)>) -> Part {
    match powers[..] {
        [(id, 1)] => Part::Class(id),
        _ => Part::Powers(powers.into()),
    }
}
