//! Whether two terms are the same rational function of their opaque parts, decided exactly.
//!
//! Sums, products and exact powers are arithmetic; a call, a symbol, a root is a part. Two calls
//! are one part when their arguments are identical in this sense. Nothing is known of functions
//! beyond their symmetry and their exact values, so that what is identical here is equal for any
//! functions: an identity of polynomials.

use std::rc::Rc;

use num_integer::Integer;
use rustc_hash::{FxHashMap, FxHashSet};

use super::fraction::{Fraction, sum};
use super::polynomial::{Polynomial, TooLarge};
use crate::term::op::Parity;
use crate::term::visit::reachable;
use crate::term::{Graph, Node, Number, Op, Term};

/// What a part is.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// A symbol, an element, an index.
    Leaf(Term),
    /// An operation or a function, told apart by a node whose arguments do not count.
    Call(Head, Vec<Rc<Fraction>>),
    /// The root of a base with the common degree.
    Root(Rc<Fraction>),
}

/// What a call calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Head {
    Op(Op),
    Function(crate::term::FunctionId),
    Reduce(crate::term::Binder, i64, i64),
}

/// The parts met so far, and the rational functions of terms in them.
pub struct Identities<'g> {
    graph: &'g Graph,
    /// The common denominator of exponents.
    pub(super) degree: i64,
    pub(super) parts: Vec<Part>,
    /// Which parts are not negative wherever they have a value.
    safe: Vec<bool>,
    known: FxHashMap<Term, Rc<Fraction>>,
    /// Terms that are not negative wherever they have a value.
    nonnegative: FxHashSet<Term>,
    /// The term whose part is made.
    current: Option<Term>,
}

impl<'g> Identities<'g> {
    /// For terms reachable from these.
    pub fn new(graph: &'g Graph, terms: &[Term]) -> Identities<'g> {
        let mut degree = 1;
        for t in reachable(graph, terms) {
            if let Node::Product(factors) = graph.node(t) {
                for (_, e) in factors {
                    if let Some((_, d)) = e.small() {
                        degree = Integer::lcm(&degree, &d);
                    }
                }
            }
            if matches!(graph.node(t), Node::Call(Op::Sqrt, _)) {
                degree = Integer::lcm(&degree, &2);
            }
        }
        Identities {
            graph,
            degree,
            parts: Vec::new(),
            safe: Vec::new(),
            known: FxHashMap::default(),
            nonnegative: FxHashSet::default(),
            current: None,
        }
    }

    /// With terms that are known not to be negative.
    pub fn knowing(self, nonnegative: FxHashSet<Term>) -> Identities<'g> {
        Identities { nonnegative, ..self }
    }

    /// Whether two terms are the same rational function.
    ///
    /// # Errors
    /// When it takes too many terms to say.
    pub fn identical(&mut self, a: Term, b: Term) -> Result<bool, TooLarge> {
        if a == b {
            return Ok(true);
        }
        let (a, b) = (self.fraction(a)?, self.fraction(b)?);
        self.same(&a, &Number::ONE, &b)
    }

    /// Whether one quotient is `sign` times another.
    pub(super) fn same(
        &mut self,
        a: &Fraction,
        sign: &Number,
        b: &Fraction,
    ) -> Result<bool, TooLarge> {
        if a.is_undefined() || b.is_undefined() {
            return Ok(a.is_undefined() && b.is_undefined());
        }
        let left = a.over.times(&b.under)?;
        let mut rest = left.plus(&-sign, &b.over.times(&a.under)?)?;
        // Powers of roots that reach their base may cancel what is left, and so may theirs.
        while !rest.is_zero() {
            let reduced = self.reduce(&rest)?.over;
            if reduced == rest {
                return Ok(false);
            }
            rest = reduced;
        }
        Ok(true)
    }

    /// The part that a term is, up to a factor.
    ///
    /// # Errors
    /// When it takes too many terms to say.
    pub fn part_of(&mut self, term: Term) -> Result<Option<u32>, TooLarge> {
        let fraction = self.fraction(term)?;
        let single = fraction.under.as_constant().is_some();
        let mut terms = fraction.over.terms();
        Ok(match (terms.next(), terms.next()) {
            (Some((m, _)), None) if single && m.len() == 1 && m[0].1 == 1 => Some(m[0].0),
            _ => None,
        })
    }

    /// A term as a rational function.
    ///
    /// # Errors
    /// When it has too many terms.
    pub fn fraction(&mut self, root: Term) -> Result<Rc<Fraction>, TooLarge> {
        let mut stack = vec![root];
        while let Some(&term) = stack.last() {
            if self.known.contains_key(&term) {
                stack.pop();
                continue;
            }
            let waiting = stack.len();
            self.graph.each_argument(self.graph.node(term), |t| {
                if !self.known.contains_key(&t) {
                    stack.push(t);
                }
            });
            if stack.len() == waiting {
                stack.pop();
                self.current = Some(term);
                let fraction = self.of_node(term)?;
                self.known.insert(term, Rc::new(fraction));
            }
        }
        Ok(self.known[&root].clone())
    }

    fn of_node(&mut self, term: Term) -> Result<Fraction, TooLarge> {
        let graph = self.graph;
        match graph.node(term) {
            Node::Number(n) => Ok(Fraction::constant(n.clone())),
            Node::Sum { constant, terms } => {
                let mut total = Fraction::constant(constant.clone());
                for (c, t) in terms {
                    total = sum(&total, c, &self.known[t].clone())?;
                }
                Ok(total)
            }
            Node::Product(factors) => {
                let mut total = Fraction::constant(Number::ONE);
                for (t, e) in factors {
                    let power = self.power(&self.known[t].clone(), e)?;
                    total = self.product(&total, &power)?;
                }
                Ok(total)
            }
            Node::Call(op, args) => {
                let args: Vec<Rc<Fraction>> = args.iter().map(|t| self.known[t].clone()).collect();
                self.call(*op, args)
            }
            Node::Apply(f, args) => {
                let args = args.iter().map(|t| self.known[t].clone()).collect();
                self.part(Part::Call(Head::Function(*f), args))
            }
            Node::Reduce { binder, from, to, body } => {
                let body = self.known[body].clone();
                // A reduction is linear: its content stands before it.
                let content = body.over.leading();
                let Some(inverse) = content.recip() else {
                    return Ok(Fraction::constant(Number::ZERO));
                };
                let head = Head::Reduce(*binder, *from, *to);
                let part = self.part(Part::Call(head, vec![Rc::new(body.scaled(&inverse))]))?;
                Ok(part.scaled(&content))
            }
            Node::Symbol(_) | Node::Element(..) | Node::Index(_) => self.part(Part::Leaf(term)),
        }
    }

    pub(super) fn product(&mut self, a: &Fraction, b: &Fraction) -> Result<Fraction, TooLarge> {
        self.reduced(a.over.times(&b.over)?, a.under.times(&b.under)?)
    }

    /// Powers of roots that reach the base are the base.
    pub(super) fn reduced(
        &mut self,
        over: Polynomial,
        under: Polynomial,
    ) -> Result<Fraction, TooLarge> {
        let degree = self.degree as u32;
        if degree == 1 {
            return Ok(Fraction::new(over, under));
        }
        let (a, b) = (self.reduce(&over)?, self.reduce(&under)?);
        Ok(Fraction::new(a.over.times(&b.under)?, a.under.times(&b.over)?))
    }

    fn reduce(&mut self, p: &Polynomial) -> Result<Fraction, TooLarge> {
        let degree = self.degree as u32;
        let mut total = Fraction::constant(Number::ZERO);
        for (monomial, c) in p.terms() {
            let mut part = Fraction::constant(c.clone());
            for &(p, e) in monomial {
                let root = match &self.parts[p as usize] {
                    Part::Root(base) if e >= degree => Some(base.clone()),
                    _ => None,
                };
                let (rest, whole) = if root.is_some() { (e % degree, e / degree) } else { (e, 0) };
                part.over = part.over.times(&Polynomial::part(p, rest))?;
                if let Some(base) = root {
                    part.over = part.over.times(&base.over.power(whole)?)?;
                    part.under = part.under.times(&base.under.power(whole)?)?;
                }
            }
            total = sum(&total, &Number::ONE, &part)?;
        }
        Ok(total)
    }

    /// A power with an exact exponent.
    fn power(&mut self, base: &Rc<Fraction>, exponent: &Number) -> Result<Fraction, TooLarge> {
        let size = exponent.abs();
        let raised = if let Some(n) = size.to_i64() {
            let n = u32::try_from(n).map_err(|_| TooLarge)?;
            Fraction { over: base.over.power(n)?, under: base.under.power(n)? }
        } else {
            let steps = (&size * &Number::from(self.degree)).to_i64().ok_or(TooLarge)?;
            match base.as_constant().and_then(|n| exact_root(&n, &size)) {
                Some(value) => Fraction::constant(value),
                None => self.root_power(base, u32::try_from(steps).map_err(|_| TooLarge)?)?,
            }
        };
        Ok(match exponent.is_negative() {
            _ if base.is_undefined() => Fraction::undefined(),
            true => Fraction { over: raised.under, under: raised.over },
            false => raised,
        })
    }

    pub(super) fn is_root(&self, part: u32) -> bool {
        matches!(self.parts[part as usize], Part::Root(_))
    }

    /// Whether a part is not negative wherever it has a value.
    pub fn is_safe(&self, part: u32) -> bool {
        self.safe[part as usize]
    }

    /// What a part is the root of.
    pub fn base(&self, part: u32) -> Option<Rc<Fraction>> {
        match &self.parts[part as usize] {
            Part::Root(base) => Some(base.clone()),
            _ => None,
        }
    }

    fn call(&mut self, op: Op, args: Vec<Rc<Fraction>>) -> Result<Fraction, TooLarge> {
        let strict = if op == Op::If { &args[..1] } else { &args[..] };
        if op == Op::Undefined || strict.iter().any(|a| a.is_undefined()) {
            return Ok(Fraction::undefined());
        }
        let numbers: Option<Vec<Number>> = args.iter().map(|a| a.as_constant()).collect();
        if let Some(numbers) = numbers.filter(|n| !n.is_empty())
            && let Some(value) = (op.row().exact)(&numbers.iter().collect::<Vec<_>>())
        {
            return Ok(Fraction::constant(value));
        }
        match (op, args.as_slice()) {
            (Op::Add, [a, b]) => return sum(a, &Number::ONE, b),
            (Op::Sub, [a, b]) => return sum(a, &Number::MINUS_ONE, b),
            (Op::Mul, [a, b]) => return self.product(a, b),
            (Op::Div, [a, b]) => {
                let inverse = Fraction { over: b.under.clone(), under: b.over.clone() };
                return self.product(a, &inverse);
            }
            (Op::Neg, [a]) => return Ok(a.scaled(&Number::MINUS_ONE)),
            (Op::Sqrt, [a]) => return self.power(a, &Number::HALF),
            (Op::Pow, [a, b]) => {
                if let Some(e) = b.as_constant()
                    && e.small().is_some_and(|(_, d)| self.degree % d == 0)
                {
                    return self.power(a, &e);
                }
                // e^y is the exponential function.
                if self.is_euler(a)? {
                    return self.call(Op::Exp, vec![b.clone()]);
                }
            }
            (Op::If, [c, a, b]) => {
                if let Some(c) = c.as_constant() {
                    return Ok(if c.is_zero() { b } else { a }.as_ref().clone());
                }
                if self.same(a, &Number::ONE, b)? {
                    return Ok(a.as_ref().clone());
                }
            }
            (Op::Min | Op::Max, [a, b]) if self.same(a, &Number::ONE, b)? => {
                return Ok(a.as_ref().clone());
            }
            _ => {}
        }
        self.part(Part::Call(Head::Op(op), args))
    }

    /// Whether this is the part `exp(1)`.
    fn is_euler(&mut self, a: &Fraction) -> Result<bool, TooLarge> {
        let one = Rc::new(Fraction::constant(Number::ONE));
        let euler = self.part(Part::Call(Head::Op(Op::Exp), vec![one]))?;
        self.same(a, &Number::ONE, &euler)
    }

    /// The rational function that is one part, up to the symmetry of what it calls.
    pub(super) fn part(&mut self, part: Part) -> Result<Fraction, TooLarge> {
        for k in 0..self.parts.len() {
            let known = self.parts[k].clone();
            if let Some(sign) = self.same_part(&known, &part)? {
                return Ok(Fraction::part(k as u32).scaled(&sign));
            }
        }
        // A root is not negative; a call is the whole of the term that it is made for.
        let leaf = matches!(part, Part::Leaf(_) | Part::Call(..));
        let known = leaf && self.current.is_some_and(|t| self.nonnegative.contains(&t));
        self.safe.push(known || matches!(part, Part::Root(_)));
        self.parts.push(part);
        Ok(Fraction::part(self.parts.len() as u32 - 1))
    }

    /// The factor by which a part is a known one: 1 or, by odd symmetry, −1.
    fn same_part(&mut self, known: &Part, part: &Part) -> Result<Option<Number>, TooLarge> {
        let one = Number::ONE;
        Ok(match (known, part) {
            (Part::Leaf(a), Part::Leaf(b)) if a == b => Some(one),
            (Part::Root(a), Part::Root(b)) if self.same(a, &one, b)? => Some(one),
            (Part::Call(f, a), Part::Call(g, b)) if f == g && a.len() == b.len() => {
                let mut alike = true;
                for (x, y) in a.iter().zip(b) {
                    alike = alike && self.same(x, &one, y)?;
                }
                if alike {
                    return Ok(Some(one));
                }
                let Head::Op(op) = f else { return Ok(None) };
                match (op.row().parity, a.as_slice(), b.as_slice()) {
                    (Parity::Odd, [x], [y]) if self.same(x, &Number::MINUS_ONE, y)? => {
                        Some(Number::MINUS_ONE)
                    }
                    (Parity::Even, [x], [y]) if self.same(x, &Number::MINUS_ONE, y)? => Some(one),
                    (_, [x, y], [u, v])
                        if op.commutes() && self.same(x, &one, v)? && self.same(y, &one, u)? =>
                    {
                        Some(one)
                    }
                    _ => None,
                }
            }
            _ => None,
        })
    }
}

/// `n ^ size` where that is rational.
fn exact_root(n: &Number, size: &Number) -> Option<Number> {
    let (p, q) = size.small()?;
    n.root(u32::try_from(q).ok()?)?.pow(p)
}
