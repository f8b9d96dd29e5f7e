//! Terms over a basis: few functions that are independent of each other, with the equations that
//! hold between them.
//!
//! Functions of multiples of one argument are polynomials in those of the smallest one: `cos(6*x)`
//! is a polynomial in `cos(x)`, `sinh(x)` a fraction in `exp(x)`, `log(x^2*y)` a sum of logarithms,
//! `sqrt(x^2)` is `abs(x)`. Each function of the basis is a *generator*, a symbol of its own; a
//! generator may be algebraic over those before it: `sin(x)^2 = 1 - cos(x)^2`. What is left is a
//! rational function of generators, which is zero when its numerator is, reduced by the equations.
//!
//! Each step holds wherever the term has a value, so that a numerator that reduces to zero is a
//! proof; a remainder proves nothing.

mod circle;
mod exponential;
mod fourier;
mod root;

use rustc_hash::FxHashMap;

use super::fraction::Fraction;
use super::kernels::Kernels;
use crate::polynomial::{Budget, Exceeded, Polynomial};
use crate::term::visit::{Rebuild, reachable};
use crate::term::{Graph, Interval, Node, Number, Op, Term};

/// What is known of the values of terms.
pub trait Knowledge {
    /// An enclosure of the values of a term, wherever it has one.
    fn range(&mut self, graph: &mut Graph, term: Term) -> Interval;
    /// Whether the term is greater than zero wherever it has a value.
    fn positive(&mut self, graph: &mut Graph, term: Term) -> bool;
    /// Whether the term is at least zero wherever it has a value.
    fn nonnegative(&mut self, graph: &mut Graph, term: Term) -> bool;
    /// Whether every value of the term is an integer.
    fn integer(&mut self, _: &mut Graph, _: Term) -> bool {
        false
    }
}

/// Which functions are expressed by which others: of sine and cosine one keeps powers higher than the
/// first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeping {
    /// `sin(x)^2 = 1 - cos(x)^2`.
    Cosines,
    /// `cos(x)^2 = 1 - sin(x)^2`.
    Sines,
    /// `sinh(x)^2 = cosh(x)^2 - 1` besides the first, in place of exponentials.
    Hyperbolic,
}

/// Products of machine words for one term.
const WORK: u64 = 6_000_000;

/// Most terms of a numerator or denominator.
const TERMS: usize = 3_000;

/// Times that arguments are divided into smaller steps.
const ROUNDS: usize = 5;

/// The largest denominator of a step.
const FINEST: u64 = 240;

/// Most nodes of a term that is looked at.
const NODES: usize = 2_000;

/// What a generator stands for: a function of a term over the basis, perhaps of a part of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Sine(Term, u64),
    Cosine(Term, u64),
    HyperbolicSine(Term, u64),
    HyperbolicCosine(Term, u64),
    Power(Term, u64),
    Root(Term, u64),
    CubeRoot(Term),
    Log(Term),
    Magnitude(Term),
}

/// The families of functions whose arguments have steps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Family {
    Circle,
    Hyperbola,
    Power,
    Root,
}

struct Generator {
    key: Key,
    symbol: Term,
    /// What it stands for, in the terms that were given.
    meaning: Term,
    /// Its power that is a fraction in the generators before it.
    relation: Option<(u32, Term)>,
}

/// A basis that grows as terms are expressed by it.
pub struct Basis<'k> {
    knowledge: &'k mut dyn Knowledge,
    keeping: Keeping,
    generators: Vec<Generator>,
    by_key: FxHashMap<Key, usize>,
    by_symbol: FxHashMap<Term, usize>,
    /// Into how many steps an argument is divided.
    steps: FxHashMap<(Family, Term), u64>,
    /// Whether a step has become smaller after it was used.
    finer: bool,
    images: FxHashMap<Term, Term>,
    canonical: FxHashMap<Term, Term>,
    budget: Budget,
}

impl<'k> Basis<'k> {
    /// An empty basis.
    pub fn new(knowledge: &'k mut dyn Knowledge, keeping: Keeping) -> Basis<'k> {
        Basis {
            knowledge,
            keeping,
            generators: Vec::new(),
            by_key: FxHashMap::default(),
            by_symbol: FxHashMap::default(),
            steps: FxHashMap::default(),
            finer: false,
            images: FxHashMap::default(),
            canonical: FxHashMap::default(),
            budget: Budget { terms: TERMS, work: WORK },
        }
    }

    /// The term over the basis; `None` when it takes too much.
    pub fn express(&mut self, graph: &mut Graph, root: Term) -> Option<Term> {
        for _ in 0..ROUNDS {
            self.finer = false;
            let image = self.image(graph, root)?;
            if !self.finer {
                return Some(image);
            }
            // What was expressed by the longer steps is expressed anew.
            self.generators.clear();
            self.by_key.clear();
            self.by_symbol.clear();
            self.images.clear();
            self.canonical.clear();
        }
        None
    }

    /// Whether an expression over the basis is proved to be zero wherever it has a value.
    pub fn is_zero(&mut self, graph: &mut Graph, image: Term) -> bool {
        self.reduced(graph, image).is_some_and(|(_, f)| f.is_zero())
    }

    /// Whether a term, as given, is a polynomial over the basis: it has a value wherever the
    /// generators have one.
    pub fn is_whole(&mut self, graph: &mut Graph, given: Term) -> bool {
        let image = self.express(graph, given);
        let reduced = image.and_then(|image| self.reduced(graph, image));
        reduced.is_some_and(|(_, f)| f.is_whole())
    }

    /// As [`Basis::is_zero`], with up to `depth` square roots taken to the other side:
    /// `a + b*r` with `r^2 = c` and `r` not negative is zero when `a^2 = b^2*c`, and `a` and `b`
    /// have opposite signs.
    pub fn is_zero_by_squares(&mut self, graph: &mut Graph, image: Term, depth: usize) -> bool {
        depth > 0 && self.by_squares(graph, image, depth).is_some()
    }

    fn by_squares(&mut self, graph: &mut Graph, image: Term, depth: usize) -> Option<()> {
        let (kernels, fraction) = self.reduced(graph, image)?;
        let numerator = fraction.numerator;
        for v in numerator.occurring().into_iter().rev() {
            let generator = self.generator_at(kernels.kernel(v).0);
            let Some(Generator { key: Key::Root(..) | Key::Magnitude(_), relation, .. }) =
                generator
            else {
                continue;
            };
            let Some((2, square)) = *relation else { continue };
            let mut parts = [graph.number(0); 2];
            for (e, part) in numerator.in_variable(v).ok()? {
                *parts.get_mut(e as usize)? = kernels.expanded(graph, &part);
            }
            let [a, b] = parts;
            let [x, y] = parts.map(|t| self.meaning(graph, t));
            let [minus_x, minus_y] = [x, y].map(|t| graph.neg(t));
            let mut both =
                |p, q| self.knowledge.nonnegative(graph, p) && self.knowledge.nonnegative(graph, q);
            if !both(x, minus_y) && !both(minus_x, y) {
                continue;
            }
            let [left, right] = [a, b].map(|t| graph.power(t, 2));
            let right = graph.mul(right, square);
            let difference = graph.sub(left, right);
            if self.is_zero(graph, difference)
                || self.is_zero_by_squares(graph, difference, depth - 1)
            {
                return Some(());
            }
        }
        None
    }

    /// A term over the basis in the terms that were given.
    pub fn meaning(&self, graph: &mut Graph, image: Term) -> Term {
        let map = self.generators.iter().map(|g| (g.symbol, g.meaning));
        // Meanings are terms as given, so that one pass is enough.
        Rebuild::with(map).within(graph, image)
    }

    /// The equations that have been used, as pairs of a power of what a generator stands for and
    /// what it is equal to.
    pub fn relations(&self, graph: &mut Graph) -> Vec<(Term, Term)> {
        let mut found = Vec::new();
        for g in &self.generators {
            if let Some((n, value)) = g.relation {
                let value = self.meaning(graph, value);
                let power = graph.power(g.meaning, i64::from(n));
                // That of a root is what it is.
                if power != value {
                    found.push((power, value));
                }
            }
        }
        found
    }

    /// The generators, in the terms that were given.
    pub fn generators(&self) -> impl Iterator<Item = Term> {
        self.generators.iter().map(|g| g.meaning)
    }

    fn image(&mut self, graph: &mut Graph, root: Term) -> Option<Term> {
        let order = reachable(graph, &[root]);
        if order.len() > NODES {
            return None;
        }
        for term in order {
            if !self.images.contains_key(&term) {
                let image = self.node(graph, term)?;
                self.images.insert(term, image);
            }
        }
        Some(self.images[&root])
    }

    fn node(&mut self, graph: &mut Graph, term: Term) -> Option<Term> {
        Some(match graph.node(term).clone() {
            Node::Number(_)
            | Node::Symbol(_)
            | Node::Element(..)
            | Node::Index(_)
            | Node::Reduce { .. } => term,
            Node::Sum { constant, terms } => {
                let parts: Vec<(Number, Term)> =
                    terms.iter().map(|(c, t)| (c.clone(), self.images[t])).collect();
                graph.sum(constant, parts)
            }
            Node::Product(factors) => {
                let mut parts = Vec::with_capacity(factors.len());
                for (base, exponent) in &*factors {
                    let image = self.images[base];
                    match exponent.is_integer() {
                        true => parts.push((image, exponent.clone())),
                        false => {
                            let power = self.power(graph, image, exponent)?;
                            parts.push((power, Number::ONE));
                        }
                    }
                }
                graph.product(parts)
            }
            Node::Call(op, args) => {
                let args: Vec<Term> = args.iter().map(|a| self.images[a]).collect();
                self.call(graph, op, &args)?
            }
            Node::Apply(f, args) => {
                let args = args.iter().map(|a| self.normal(graph, self.images[a]));
                let args: Vec<Term> = args.collect::<Option<_>>()?;
                graph.apply(f, &args)
            }
        })
    }

    fn call(&mut self, graph: &mut Graph, op: Op, args: &[Term]) -> Option<Term> {
        let one = Number::ONE;
        Some(match (op, args) {
            (Op::Sin, &[a]) => self.circle(graph, a)?.0,
            (Op::Cos, &[a]) => self.circle(graph, a)?.1,
            (Op::Tan, &[a]) => {
                let (sine, cosine) = self.circle(graph, a)?;
                graph.div(sine, cosine)
            }
            (Op::Exp, &[a]) => self.exponential(graph, a)?,
            (Op::Expm1, &[a]) => {
                let e = self.exponential(graph, a)?;
                graph.sum(Number::MINUS_ONE, [(one, e)])
            }
            (Op::Sinh | Op::Cosh | Op::Tanh, &[a]) if self.keeping == Keeping::Hyperbolic => {
                let (sine, cosine) = self.hyperbola(graph, a)?;
                match op {
                    Op::Sinh => sine,
                    Op::Cosh => cosine,
                    _ => graph.div(sine, cosine),
                }
            }
            (Op::Sinh | Op::Cosh | Op::Tanh, &[a]) => {
                let e = self.exponential(graph, a)?;
                let inverse = graph.power(e, -1);
                let (sum, difference) = (graph.add(e, inverse), graph.sub(e, inverse));
                match op {
                    Op::Sinh => graph.scale(Number::HALF, difference),
                    Op::Cosh => graph.scale(Number::HALF, sum),
                    _ => graph.div(difference, sum),
                }
            }
            (Op::Log, &[a]) => self.logarithm(graph, a)?,
            (Op::Log1p, &[a]) => {
                let sum = graph.sum(Number::ONE, [(one, a)]);
                self.logarithm(graph, sum)?
            }
            (Op::Log2 | Op::Log10, &[a]) => {
                let base = graph.number(if op == Op::Log2 { 2 } else { 10 });
                let (log, unit) = (self.logarithm(graph, a)?, self.logarithm(graph, base)?);
                graph.div(log, unit)
            }
            (Op::Atanh, &[a]) => {
                let (above, below) = (
                    graph.sum(Number::ONE, [(one.clone(), a)]),
                    graph.sum(Number::ONE, [(Number::MINUS_ONE, a)]),
                );
                let (above, below) = (self.logarithm(graph, above)?, self.logarithm(graph, below)?);
                let difference = graph.sub(above, below);
                graph.scale(Number::HALF, difference)
            }
            (Op::Pow, &[a, b]) => self.general_power(graph, a, b)?,
            (Op::Cbrt, &[a]) => self.cube_root(graph, a)?,
            (Op::Abs, &[a]) => self.magnitude(graph, a)?,
            (Op::Hypot, &[a, b]) => {
                let (a, b) = (graph.power(a, 2), graph.power(b, 2));
                let sum = graph.add(a, b);
                self.power(graph, sum, &Number::HALF)?
            }
            (Op::Max | Op::Min, &[a, b]) => {
                let (sum, difference) = (graph.add(a, b), graph.sub(a, b));
                let distance = self.magnitude(graph, difference)?;
                let both = match op {
                    Op::Max => graph.add(sum, distance),
                    _ => graph.sub(sum, distance),
                };
                graph.scale(Number::HALF, both)
            }
            (Op::Sign, &[a]) => {
                let given = self.meaning(graph, a);
                let minus = graph.neg(given);
                if self.knowledge.positive(graph, given) {
                    graph.number(1)
                } else if self.knowledge.positive(graph, minus) {
                    graph.number(-1)
                } else {
                    let a = self.normal(graph, a)?;
                    graph.call(op, &[a])
                }
            }
            _ => {
                let args: Option<Vec<Term>> = args.iter().map(|&a| self.normal(graph, a)).collect();
                graph.call(op, &args?)
            }
        })
    }

    /// The generator of a key, made when it is missing.
    fn generator(
        &mut self,
        graph: &mut Graph,
        key: Key,
        meaning: Term,
        relation: Option<(u32, Term)>,
    ) -> Term {
        if let Some(&known) = self.by_key.get(&key) {
            return self.generators[known].symbol;
        }
        let count = self.generators.len();
        // No name of an expression has a blank.
        let symbol = graph.symbol(&format!("generator {count}"));
        self.by_key.insert(key.clone(), count);
        self.by_symbol.insert(symbol, count);
        self.generators.push(Generator { key, symbol, meaning, relation });
        symbol
    }

    fn generator_at(&self, symbol: Term) -> Option<&Generator> {
        self.by_symbol.get(&symbol).map(|&k| &self.generators[k])
    }

    /// Into how many steps an argument is divided, so that a multiple of it is a whole number of
    /// steps.
    fn steps(&mut self, family: Family, base: Term, multiple: &Number) -> Option<u64> {
        let (_, needed) = multiple.small()?;
        let needed = u64::try_from(needed).ok()?;
        let steps = self.steps.entry((family, base)).or_insert(1);
        if !steps.is_multiple_of(needed) {
            *steps = num_integer::lcm(*steps, needed);
            self.finer = true;
        }
        (*steps <= FINEST).then_some(*steps)
    }

    /// A fraction in generators and other kernels, reduced by the equations.
    fn reduced(&mut self, graph: &mut Graph, image: Term) -> Option<(Kernels, Fraction)> {
        let mut roots = vec![image];
        let mut used: Vec<usize> = Vec::new();
        let kernels = loop {
            let kernels = Kernels::of(graph, &roots);
            let mut more = Vec::new();
            for k in 0..kernels.len() {
                let at = self.by_symbol.get(&kernels.kernel(k).0).copied();
                if let Some(at) = at.filter(|at| !used.contains(at)) {
                    used.push(at);
                    more.extend(self.generators[at].relation.map(|(_, value)| value));
                }
            }
            if more.is_empty() {
                break kernels;
            }
            roots.extend(more);
        };
        used.sort_unstable();
        let mut budget = self.budget.clone();
        let reduced = self.reduced_by(graph, image, &kernels, &used, &mut budget);
        self.budget.work = budget.work;
        let fraction = reduced.ok()??;
        Some((kernels, fraction))
    }

    fn reduced_by(
        &self,
        graph: &Graph,
        image: Term,
        kernels: &Kernels,
        used: &[usize],
        budget: &mut Budget,
    ) -> Result<Option<Fraction>, Exceeded> {
        let Some((mut fraction, _)) = kernels.fraction(graph, image, budget)? else {
            return Ok(None);
        };
        // The last ones first: their values hold the ones before.
        for &at in used.iter().rev() {
            let Generator { symbol, relation, .. } = &self.generators[at];
            let (Some((n, value)), Some(v)) = (relation, kernels.variable(*symbol)) else {
                continue;
            };
            let high = |p: &Polynomial| p.degree(v) >= *n;
            if !high(&fraction.numerator) && !high(&fraction.denominator) {
                continue;
            }
            let Some((value, _)) = kernels.fraction(graph, *value, budget)? else {
                return Ok(None);
            };
            let numerator = lowered(&fraction.numerator, v, *n, &value, budget)?;
            let denominator = lowered(&fraction.denominator, v, *n, &value, budget)?;
            let Some(inverse) = denominator.recip() else { return Ok(None) };
            fraction = numerator.times(&inverse, budget)?;
        }
        Ok(Some(fraction))
    }

    /// A term over the basis in a form that depends on little but its value: numerator and
    /// denominator multiplied out and reduced.
    fn normal(&mut self, graph: &mut Graph, image: Term) -> Option<Term> {
        if let Some(&known) = self.canonical.get(&image) {
            return Some(known);
        }
        let (kernels, fraction) = self.reduced(graph, image)?;
        let numerator = kernels.expanded(graph, &fraction.numerator);
        let denominator = kernels.expanded(graph, &fraction.denominator);
        let normal = graph.div(numerator, denominator);
        self.canonical.insert(image, normal);
        Some(normal)
    }

    /// The fraction of a term, reduced, in the terms that were given.
    pub fn restored(&mut self, graph: &mut Graph, image: Term) -> Option<Term> {
        let normal = self.normal(graph, image)?;
        Some(self.meaning(graph, normal))
    }

    /// A term as a sum of multiples of others, each with coefficient one in lowest terms.
    fn linear(&mut self, graph: &mut Graph, image: Term) -> Option<Vec<(Number, Term)>> {
        let (kernels, fraction) = self.reduced(graph, image)?;
        let denominator = kernels.expanded(graph, &fraction.denominator);
        let unit = graph.as_number(denominator).and_then(Number::recip);
        let n = fraction.numerator.variables();
        let mut monomials: Vec<(Number, Vec<(usize, u32)>)> = Vec::new();
        fraction.numerator.each_term_by_degree(|c, p| monomials.push((c.clone(), p.to_vec())));
        let mut parts = Vec::with_capacity(monomials.len());
        for (c, powers) in monomials {
            let monomial = Polynomial::from_terms(n, [(Number::ONE, powers)]).ok()?;
            let term = kernels.expanded(graph, &monomial);
            match &unit {
                Some(unit) => parts.push((&c * unit, term)),
                None => parts.push((c, graph.div(term, denominator))),
            }
        }
        Some(parts)
    }

    /// The factors of a fraction: a number, and polynomials with their exponents, which are
    /// negative in the denominator.
    fn factors(&mut self, graph: &mut Graph, image: Term) -> Option<(Number, Vec<(Term, i64)>)> {
        let (kernels, fraction) = self.reduced(graph, image)?;
        let mut budget = self.budget.clone();
        let above = fraction.numerator.factored(&mut budget).ok()?;
        let below = fraction.denominator.factored(&mut budget).ok()?;
        self.budget.work = budget.work;
        let unit = &above.unit * &below.unit.recip()?;
        let mut factors = Vec::new();
        for (list, sign) in [(above.factors, 1), (below.factors, -1)] {
            for (p, n) in list {
                factors.push((kernels.expanded(graph, &p), sign * i64::from(n)));
            }
        }
        Some((unit, factors))
    }
}

/// A polynomial in which the `n`-th power of a variable is replaced by a fraction.
fn lowered(
    p: &Polynomial,
    variable: usize,
    n: u32,
    value: &Fraction,
    budget: &mut Budget,
) -> Result<Fraction, Exceeded> {
    let mut total = Fraction::whole(Polynomial::zero(p.variables())?)?;
    let mut powers: Vec<Fraction> =
        vec![Fraction::whole(Polynomial::constant(p.variables(), Number::ONE)?)?];
    for (e, part) in p.in_variable(variable)? {
        let (times, rest) = ((e / n) as usize, e % n);
        while powers.len() <= times {
            let last = &powers[powers.len() - 1];
            powers.push(last.times(value, budget)?);
        }
        let part = Fraction::whole(part.raised(variable, rest)?)?;
        total = total.plus(&part.times(&powers[times], budget)?, budget)?;
    }
    Ok(total)
}
