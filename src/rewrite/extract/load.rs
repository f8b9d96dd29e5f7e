//! From an e-graph to an extraction problem whose prices are those of the lowered tape.
//!
//! Lowering shares more than classes: a scaled term `2*x`, the square inside a cube, the inverse
//! of a divisor are each computed once for all that need them. Each such part becomes a class of
//! its own here, so that its price is paid once. So do pairs of a longer sum or product that
//! several of them have in common ([`super::share`]). What is left out is sharing by accident, of
//! what lowering happens to group alike.

use egg::{Id, Language};
use rustc_hash::{FxHashMap, FxHashSet};

use super::problem::{NONE, Price, Problem};
use super::share::share;
use crate::kernel::LARGEST_POWER;
use crate::rewrite::cost::{Measure, size};
use crate::rewrite::knowledge::Classes;
use crate::rewrite::language::Form;
use crate::term::{Graph, Number, Op};

/// Factors with their exponents.
pub type Factors = Box<[(Id, Number)]>;

/// What a class of the problem stands for. Members of sums and products are classes of the
/// problem.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// A class of the e-graph.
    Class(Id),
    /// A number in a sum.
    Constant(Number),
    /// A class times a constant.
    Scaled(Number, Id),
    /// A sum of two or more members, sorted, with whether each is subtracted.
    Plus(Box<[(u32, bool)]>),
    /// A product of two or more members, sorted.
    Times(Box<[u32]>),
    /// A product of powers, not all of them first, by squaring what they have in common.
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
    /// The part is computed as it stands.
    Plain,
    /// The sum or product is computed as this one, in which two members are one.
    Through(u32),
    /// A constant is divided by what this is one over.
    Quotient(Form),
}

/// A way to compute a part: its own cycles, the classes of the problem that it needs, what it
/// means.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Cycles without those of its needs.
    pub cycles: f64,
    /// The needs.
    pub needs: Vec<u32>,
    /// What it means.
    pub meaning: Meaning,
}

/// A problem with what its classes and nodes stand for.
pub struct Loaded {
    /// The problem.
    pub problem: Problem,
    /// What each class stands for.
    pub parts: Vec<Part>,
    /// What each node means.
    pub meanings: Vec<Meaning>,
    /// For each class that is no class of the e-graph the node that computes it by itself.
    pub plain: Vec<u32>,
    /// The class of the problem of each part.
    pub index: FxHashMap<Part, u32>,
}

/// Loads what is below the roots.
pub fn load(graph: &Graph, classes: &Classes, roots: &[Id], measure: Measure) -> Loaded {
    let mut loader = Loader::new(graph, classes, measure);
    let roots: Vec<u32> =
        roots.iter().map(|&id| loader.number(Part::Class(classes.find(id)))).collect();
    loader.complete();
    share(&mut loader);
    let (mut problem, mut meanings, mut plain) = (Problem::new(), Vec::new(), Vec::new());
    for mut candidates in loader.candidates {
        candidates.sort_by(|a, b| {
            a.cycles.total_cmp(&b.cycles).then_with(|| match (&a.meaning, &b.meaning) {
                (Meaning::Form(a), Meaning::Form(b)) => a.cmp(b),
                _ => std::cmp::Ordering::Equal,
            })
        });
        let is_plain = |c: &Candidate| matches!(c.meaning, Meaning::Plain);
        let at = candidates.iter().position(is_plain);
        plain.push(at.map_or(NONE, |at| (meanings.len() + at) as u32));
        problem.push(candidates.into_iter().map(|c| {
            meanings.push(c.meaning);
            ((c.cycles * 1000.0).round() as Price, c.needs)
        }));
    }
    problem.set_roots(roots);
    Loaded { problem, parts: loader.parts, meanings, plain, index: loader.index }
}

/// The parts met so far and the ways to compute them.
pub struct Loader<'a> {
    graph: &'a Graph,
    classes: &'a Classes,
    measure: Measure,
    /// How often each index runs, by level.
    trips: [f64; 32],
    /// The indices that classes depend on, as bits; empty when nothing is summed over a range.
    binders: FxHashMap<Id, u32>,
    /// Classes that are known before the kernel runs.
    constants: FxHashSet<Id>,
    index: FxHashMap<Part, u32>,
    /// All parts, by number.
    pub parts: Vec<Part>,
    /// Their candidates; of the last ones perhaps not yet known.
    pub candidates: Vec<Vec<Candidate>>,
}

impl<'a> Loader<'a> {
    fn new(graph: &'a Graph, classes: &'a Classes, measure: Measure) -> Loader<'a> {
        let mut loader = Loader {
            graph,
            classes,
            measure,
            trips: trips(classes),
            binders: FxHashMap::default(),
            constants: FxHashSet::default(),
            index: FxHashMap::default(),
            parts: Vec::new(),
            candidates: Vec::new(),
        };
        if measure.shares() {
            loader.find_binders();
            loader.find_constants();
        }
        loader
    }

    /// The number of a part.
    pub fn number(&mut self, part: Part) -> u32 {
        let parts = &mut self.parts;
        *self.index.entry(part).or_insert_with_key(|part| {
            parts.push(part.clone());
            parts.len() as u32 - 1
        })
    }

    /// Finds the candidates of all parts, and of the parts that these need.
    pub fn complete(&mut self) {
        while let Some(part) = self.parts.get(self.candidates.len()).cloned() {
            let candidates = self.candidates_of(&part);
            self.candidates.push(candidates);
        }
    }

    fn candidates_of(&mut self, part: &Part) -> Vec<Candidate> {
        let mul = Op::Mul.row().cycles;
        let plain = |cycles: f64, needs: Vec<u32>| {
            vec![Candidate { cycles, needs, meaning: Meaning::Plain }]
        };
        match part {
            Part::Class(id) => self.class(*id),
            Part::Constant(_) => plain(0.0, Vec::new()),
            Part::Scaled(_, id) => self.scaled(*id),
            Part::Plus(members) => {
                let members: Vec<u32> = members.iter().map(|(member, _)| *member).collect();
                plain(self.joins(&members, Op::Add.row().cycles), members)
            }
            Part::Times(members) => plain(self.joins(members, mul), members.to_vec()),
            Part::Powers(powers) => {
                let (cycles, needs) = self.powers(powers);
                plain(cycles, needs)
            }
            Part::Root(id) => plain(
                self.times(&[*id], Op::Sqrt.row().cycles),
                vec![self.number(Part::Class(*id))],
            ),
            Part::Power(id, _) => {
                plain(self.times(&[*id], Op::Pow.row().cycles), vec![self.number(Part::Class(*id))])
            }
            Part::Side(factors) => {
                let members = self.side(factors);
                plain(self.joins(&members, mul), members)
            }
            Part::Inverse(factors) => {
                let ids: Vec<Id> = factors.iter().map(|(id, _)| *id).collect();
                plain(self.times(&ids, Op::Div.row().cycles), vec![self.product_part(factors)])
            }
        }
    }

    /// The forms of a class of the e-graph.
    fn class(&mut self, id: Id) -> Vec<Candidate> {
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

    fn form(&mut self, form: Form) -> Vec<Candidate> {
        let cycles = match &form {
            _ if !self.measure.shares() => size(&form),
            Form::Leaf(_) | Form::Number(_) => 0.0,
            Form::Sum { .. } => return vec![self.sum(form)],
            Form::Product { .. } => return self.product(form),
            Form::Call(op, ids) => self.times(ids, op.row().cycles),
            Form::Apply(f, ids) => self.times(ids, self.graph.function(*f).cycles),
            Form::Reduce(_, from, to, _) if from >= to => 0.0,
            // Each member is added inside of the loop.
            Form::Reduce(.., ids) => self.times(ids, Op::Add.row().cycles),
        };
        let needs = form.children().iter().map(|&id| self.number(Part::Class(id))).collect();
        vec![Candidate { cycles, needs, meaning: Meaning::Form(form) }]
    }

    /// Additions and subtractions of scaled terms; a sign is turned in a constant where there is
    /// one, else by an operation.
    fn sum(&mut self, form: Form) -> Candidate {
        let Form::Sum { constant, .. } = &form else { unreachable!("a sum") };
        let mut members: Vec<(u32, bool)> = Vec::new();
        let mut turn = form.terms().all(|(c, _)| c.is_negative()) && !constant.is_positive();
        if !constant.is_zero() {
            let turned = std::mem::take(&mut turn);
            let part = Part::Constant(if turned { constant.clone() } else { constant.abs() });
            members.push((self.number(part), constant.is_negative() && !turned));
        }
        for (c, id) in form.terms() {
            let unit = c.is_one() || *c == Number::MINUS_ONE;
            let turned = !unit && std::mem::take(&mut turn);
            let part = match unit {
                true => Part::Class(id),
                false => Part::Scaled(if turned { c.clone() } else { c.abs() }, id),
            };
            members.push((self.number(part), c.is_negative() && !turned));
        }
        let mut cycles = 0.0;
        if turn {
            // A sum of plain terms that are all subtracted is added up and turned.
            cycles = self.times(form.children(), Op::Neg.row().cycles);
            members.iter_mut().for_each(|(_, minus)| *minus = false);
        }
        let needs = self.sum_of(members).into_iter().collect();
        Candidate { cycles, needs, meaning: Meaning::Form(form) }
    }

    /// The number of the sum of some members; of one member itself.
    pub fn sum_of(&mut self, mut members: Vec<(u32, bool)>) -> Option<u32> {
        members.sort_unstable();
        match members[..] {
            [] => None,
            [(member, _)] => Some(member),
            _ => Some(self.number(Part::Plus(members.into()))),
        }
    }

    /// The number of the product of some members; of one member itself.
    pub fn product_of(&mut self, mut members: Vec<u32>) -> u32 {
        members.sort_unstable();
        match members[..] {
            [member] => member,
            _ => self.number(Part::Times(members.into())),
        }
    }

    /// A product, and with a divisor once as a quotient and once with the divisor's inverse, which
    /// other products may share.
    fn product(&mut self, form: Form) -> Vec<Candidate> {
        let (over, under) = sides(form.factors());
        let meaning = Meaning::Form(form.clone());
        let mut found = Vec::new();
        let mut push = |cycles: f64, needs: Vec<u32>| {
            found.push(Candidate { cycles, needs, meaning: meaning.clone() });
        };
        if under.is_empty() {
            push(0.0, vec![self.product_part(&over)]);
            return found;
        }
        let inverse = self.number(Part::Inverse(under.clone()));
        if over.is_empty() {
            push(0.0, vec![inverse]);
            return found;
        }
        let (above, below) = (self.product_part(&over), self.product_part(&under));
        push(self.times(form.children(), Op::Div.row().cycles), vec![above, below]);
        push(self.times(form.children(), Op::Mul.row().cycles), vec![above, inverse]);
        found
    }

    /// A multiplication by a constant, or the division of the constant where the class is one
    /// over something.
    fn scaled(&mut self, id: Id) -> Vec<Candidate> {
        let mut found = vec![Candidate {
            cycles: self.times(&[id], Op::Mul.row().cycles),
            needs: vec![self.number(Part::Class(id))],
            meaning: Meaning::Plain,
        }];
        let classes = self.classes;
        for form in &classes[id].nodes {
            let form = form.clone().map_children(|c| classes.find(c));
            let (over, under) = sides(form.factors());
            if over.is_empty() && !under.is_empty() {
                found.push(Candidate {
                    cycles: self.times(form.children(), Op::Div.row().cycles),
                    needs: vec![self.product_part(&under)],
                    meaning: Meaning::Quotient(form),
                });
            }
        }
        found
    }

    /// `Π base ^ n`: the square of the powers halved, times the bases with odd powers.
    fn powers(&mut self, powers: &[(Id, i64)]) -> (f64, Vec<u32>) {
        let mul = Op::Mul.row().cycles;
        let halves: Vec<(Id, i64)> =
            powers.iter().filter(|(_, n)| *n > 1).map(|(id, n)| (*id, n / 2)).collect();
        let odd: Vec<(Id, i64)> =
            powers.iter().filter(|(_, n)| n % 2 == 1).map(|(id, _)| (*id, 1)).collect();
        let ids = |list: &[(Id, i64)]| list.iter().map(|(id, _)| *id).collect::<Vec<Id>>();
        let (mut cycles, mut needs) =
            (self.times(&ids(&halves), mul), vec![self.product_of_powers(halves)]);
        if !odd.is_empty() {
            cycles += self.times(&ids(powers), mul);
            needs.push(self.product_of_powers(odd));
        }
        (cycles, needs)
    }

    /// The members of a side with roots or called powers: each computed apart and multiplied.
    fn side(&mut self, factors: &[(Id, Number)]) -> Vec<u32> {
        let (mut powers, mut members) = (Vec::new(), Vec::new());
        for (id, exponent) in factors {
            match exponent.small() {
                Some((n, 1)) if (1..=LARGEST_POWER).contains(&n) => powers.push((*id, n)),
                Some((n, 2)) if (1..=LARGEST_POWER).contains(&n) => {
                    members.push(self.number(Part::Root(*id)));
                    if n > 1 {
                        powers.push((*id, n / 2));
                    }
                }
                _ => members.push(self.number(Part::Power(*id, exponent.clone()))),
            }
        }
        if !powers.is_empty() {
            members.push(self.product_of_powers(powers));
        }
        members
    }

    /// One side of a division, not empty.
    fn product_part(&mut self, factors: &[(Id, Number)]) -> u32 {
        let powers: Option<Vec<(Id, i64)>> = factors
            .iter()
            .map(|(id, e)| match e.small() {
                Some((n, 1)) if (1..=LARGEST_POWER).contains(&n) => Some((*id, n)),
                _ => None,
            })
            .collect();
        match powers {
            Some(powers) => self.product_of_powers(powers),
            None => self.number(Part::Side(factors.into())),
        }
    }

    fn product_of_powers(&mut self, powers: Vec<(Id, i64)>) -> u32 {
        if powers.iter().any(|(_, n)| *n != 1) {
            return self.number(Part::Powers(powers.into()));
        }
        let members = powers.iter().map(|(id, _)| self.number(Part::Class(*id))).collect();
        self.product_of(members)
    }

    /// The price of an operation on these classes, as often as its loops run; what is known
    /// before the kernel runs costs nothing.
    fn times(&self, ids: &[Id], cycles: f64) -> f64 {
        match !ids.is_empty() && ids.iter().all(|id| self.constants.contains(id)) {
            true => 0.0,
            false => cycles * self.runs(self.binders(ids)),
        }
    }

    /// The price of joining members: those of outer loops among themselves first, outside.
    fn joins(&self, members: &[u32], cycles: f64) -> f64 {
        let mut ids: Vec<Vec<Id>> = Vec::new();
        let mut known = 0;
        for &member in members {
            let list = self.ids(member);
            known += usize::from(list.iter().all(|id| self.constants.contains(id)));
            ids.push(list);
        }
        if known == members.len() {
            return 0.0;
        }
        let mut runs: Vec<f64> = ids.iter().map(|ids| self.runs(self.binders(ids))).collect();
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

    /// The classes of the e-graph that a part is made of.
    fn ids(&self, part: u32) -> Vec<Id> {
        match &self.parts[part as usize] {
            Part::Class(id) | Part::Scaled(_, id) | Part::Root(id) | Part::Power(id, _) => {
                vec![*id]
            }
            Part::Constant(_) => Vec::new(),
            Part::Plus(members) => members.iter().flat_map(|(m, _)| self.ids(*m)).collect(),
            Part::Times(members) => members.iter().flat_map(|m| self.ids(*m)).collect(),
            Part::Powers(list) => list.iter().map(|(id, _)| *id).collect(),
            Part::Side(list) | Part::Inverse(list) => list.iter().map(|(id, _)| *id).collect(),
        }
    }

    /// Finds the indices that each class depends on: those that all of its forms have in common.
    fn find_binders(&mut self) {
        if self.trips.iter().all(|&n| n == 1.0) {
            return;
        }
        // From all indices downwards: what depends on itself keeps only what its other forms have.
        self.binders = self.classes.classes().map(|class| (class.id, u32::MAX)).collect();
        self.spread(|loader, class| {
            let of = |node: &Form| match node {
                Form::Leaf(term) => loader.graph.free_binders(*term),
                Form::Reduce(binder, _, _, ids) => loader.binders(ids) & !(1 << binder.0),
                _ => node
                    .children()
                    .iter()
                    .fold(0, |all, &id| all | loader.binders(&[loader.classes.find(id)])),
            };
            let common =
                loader.classes[class].nodes.iter().map(of).fold(u32::MAX, |all, b| all & b);
            loader.binders.insert(class, common) != Some(common)
        });
    }

    /// Finds the classes with a form whose arguments are known before the kernel runs.
    fn find_constants(&mut self) {
        self.spread(|loader, class| {
            let known = |node: &Form| match node {
                Form::Leaf(_) | Form::Reduce(..) | Form::Apply(..) => false,
                _ => node
                    .children()
                    .iter()
                    .all(|&id| loader.constants.contains(&loader.classes.find(id))),
            };
            loader.classes[class].nodes.iter().any(known) && loader.constants.insert(class)
        });
    }

    /// Visits all classes until nothing changes.
    fn spread(&mut self, mut visit: impl FnMut(&mut Self, Id) -> bool) {
        let ids: Vec<Id> = self.classes.classes().map(|class| class.id).collect();
        while ids.iter().fold(false, |changed, &id| visit(self, id) | changed) {}
    }
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

/// Numerator and denominator of a product, both with positive exponents; powers by a call stand in
/// the numerator with their own.
pub fn sides<'a>(factors: impl Iterator<Item = (Id, &'a Number)>) -> (Factors, Factors) {
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
