//! Whether two terms are the same rational function of their opaque parts, decided exactly.
//!
//! Sums, products and exact powers are arithmetic; a call, a symbol, a root is a part. Two calls
//! are one part when their arguments are identical in this sense. Nothing is known of functions
//! beyond their symmetry and their exact values, so that what is identical here is equal for any
//! functions: an identity of polynomials.

use std::rc::Rc;

use num_integer::Integer;
use rustc_hash::{FxHashMap, FxHashSet};

use super::polynomial::{Polynomial, TooLarge, common};
use crate::term::op::{Class, Parity};
use crate::term::visit::reachable;
use crate::term::{Graph, Node, Number, Op, Term};

/// A quotient of polynomials.
#[derive(Clone, Debug)]
pub struct Fraction {
    /// Numerator.
    pub over: Polynomial,
    /// Denominator.
    pub under: Polynomial,
}

impl Fraction {
    /// A quotient with common powers of parts cancelled.
    fn new(over: Polynomial, under: Polynomial) -> Fraction {
        if under.is_zero() {
            return Fraction::undefined();
        }
        let shared = common(&over.content(), &under.content());
        let (over, under) = (over.without(&shared), under.without(&shared));
        // A multiple of the denominator is a number.
        if let Some(inverse) = under.leading().recip() {
            let factor = &over.leading() * &inverse;
            if !factor.is_zero() && over == under.scaled(&factor) {
                return Fraction::constant(factor);
            }
        }
        Fraction { over, under }
    }

    /// What has no value: a denominator is zero.
    fn undefined() -> Fraction {
        let under = Polynomial::default();
        Fraction { over: Polynomial::constant(Number::ONE), under }
    }

    /// Whether this has no value for any values of the parts.
    pub fn is_undefined(&self) -> bool {
        self.under.is_zero()
    }

    fn constant(n: Number) -> Fraction {
        Fraction { over: Polynomial::constant(n), under: Polynomial::constant(Number::ONE) }
    }

    fn part(part: u32) -> Fraction {
        Fraction { over: Polynomial::part(part, 1), under: Polynomial::constant(Number::ONE) }
    }

    fn as_constant(&self) -> Option<Number> {
        Some(&self.over.as_constant()? * &self.under.as_constant()?.recip()?)
    }

    fn scaled(&self, factor: &Number) -> Fraction {
        Fraction { over: self.over.scaled(factor), under: self.under.clone() }
    }
}

/// What a part is.
#[derive(Clone, Debug)]
enum Part {
    /// A symbol, an element, an index.
    Leaf(Term),
    /// An operation or a function, told apart by a node whose arguments do not count.
    Call(Head, Vec<Rc<Fraction>>),
    /// The root of a base with the common degree.
    Root(Rc<Fraction>),
}

/// What a call calls.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Head {
    Op(Op),
    Function(crate::term::FunctionId),
    Reduce(crate::term::Binder, i64, i64),
}

/// The parts met so far, and the rational functions of terms in them.
pub struct Identities<'g> {
    graph: &'g Graph,
    /// The common denominator of exponents.
    degree: i64,
    parts: Vec<Part>,
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
    fn same(&mut self, a: &Fraction, sign: &Number, b: &Fraction) -> Result<bool, TooLarge> {
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

    fn product(&mut self, a: &Fraction, b: &Fraction) -> Result<Fraction, TooLarge> {
        self.reduced(a.over.times(&b.over)?, a.under.times(&b.under)?)
    }

    /// Powers of roots that reach the base are the base.
    fn reduced(&mut self, over: Polynomial, under: Polynomial) -> Result<Fraction, TooLarge> {
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

    /// The power with `steps` over the common degree.
    fn root_power(&mut self, base: &Rc<Fraction>, steps: u32) -> Result<Fraction, TooLarge> {
        // The root of a product is the product of roots where all factors but one are certainly
        // not negative.
        let (Some(over), Some(under)) = (monomial(&base.over), monomial(&base.under)) else {
            return self.polynomial_root(base, steps);
        };
        if !over.0.is_positive() || !under.0.is_positive() {
            return self.joint_root((base.over.clone(), base.under.clone()), steps);
        }
        if self.signed(&over) + self.signed(&under) <= 1 {
            return self.quotient_root((&base.over, &base.under), steps);
        }
        let (safe_over, odd_over) = self.separated(&over);
        let (safe_under, odd_under) = self.separated(&under);
        // (x*y)^3 is not negative where x*y is not.
        let exponents = odd_over.iter().chain(&odd_under).map(|(_, n)| *n);
        let common = exponents.reduce(|a, b| Integer::gcd(&a, &b)).unwrap_or(1);
        let joint = |odd: &[(u32, u32)]| {
            let parts = odd.iter().map(|(p, n)| Polynomial::part(*p, n / common));
            let one = Polynomial::constant(Number::ONE);
            parts.into_iter().try_fold(one, |product, part| product.times(&part))
        };
        let joint = (joint(&odd_over)?, joint(&odd_under)?);
        let safe = self.quotient_root((&safe_over, &safe_under), steps)?;
        let joint = self.joint_root(joint, steps * common)?;
        self.product(&safe, &joint)
    }

    /// Numbers, roots and even powers, and the other powers.
    fn separated(&self, monomial: &(Number, Vec<(u32, u32)>)) -> (Polynomial, Vec<(u32, u32)>) {
        let (c, parts) = monomial;
        let (odd, safe): (Vec<_>, Vec<_>) =
            parts.iter().partition(|(p, n)| n % 2 == 1 && !self.is_safe(*p));
        (Polynomial::monomial(c.clone(), safe), odd)
    }

    /// The root of a quotient as a quotient of roots.
    fn quotient_root(
        &mut self,
        (over, under): (&Polynomial, &Polynomial),
        steps: u32,
    ) -> Result<Fraction, TooLarge> {
        let (over, under) = (self.root_of(over, steps)?, self.root_of(under, steps)?);
        let inverse = Fraction { over: under.under, under: under.over };
        self.product(&over, &inverse)
    }

    /// The root of a quotient that is no quotient of monomials; a number is taken out of it.
    fn polynomial_root(&mut self, base: &Rc<Fraction>, steps: u32) -> Result<Fraction, TooLarge> {
        let parts = base.over.terms().chain(base.under.terms());
        let rooted = parts.flat_map(|(m, _)| m).any(|&(part, _)| self.is_root(part));
        let (over, under) = (base.over.leading().abs(), base.under.leading().abs());
        let content = under.recip().map(|inverse| &over * &inverse);
        let (Some(content), false) = (content, rooted) else {
            return self.joint_root((base.over.clone(), base.under.clone()), steps);
        };
        let Some(inverse) = content.recip() else { return Err(TooLarge) };
        let number = self.number_root(&content, steps)?;
        let rest = self.joint_root((base.over.scaled(&inverse), base.under.clone()), steps)?;
        self.product(&number, &rest)
    }

    /// The root of a quotient as one part: that of the quotient or of its inverse.
    fn joint_root(
        &mut self,
        (over, under): (Polynomial, Polynomial),
        steps: u32,
    ) -> Result<Fraction, TooLarge> {
        let inverse = Fraction { over: under.clone(), under: over.clone() };
        let base = Fraction { over, under };
        for k in 0..self.parts.len() {
            let Part::Root(known) = self.parts[k].clone() else { continue };
            if self.same(&known, &Number::ONE, &inverse)? {
                let power = Polynomial::part(k as u32, steps);
                return self.reduced(Polynomial::constant(Number::ONE), power);
            }
        }
        let root = self.part(Part::Root(Rc::new(base)))?;
        self.reduced(root.over.power(steps)?, Polynomial::constant(Number::ONE))
    }

    /// How many factors of a monomial may be negative.
    fn signed(&self, (_, parts): &(Number, Vec<(u32, u32)>)) -> usize {
        parts.iter().filter(|(p, n)| n % 2 == 1 && !self.is_safe(*p)).count()
    }

    /// The root of a monomial as the product of roots of its factors.
    fn root_of(&mut self, p: &Polynomial, steps: u32) -> Result<Fraction, TooLarge> {
        let whole = |p: Polynomial| Fraction { over: p, under: Polynomial::constant(Number::ONE) };
        let Some((c, parts)) = monomial(p) else { return Err(TooLarge) };
        let mut total = self.number_root(&c, steps)?;
        for (part, n) in parts {
            let degree = self.degree as u32;
            let power = if self.is_root(part) && (n * steps).is_multiple_of(degree) {
                Polynomial::part(part, n * steps / degree)
            } else {
                // An even power is a power of the square.
                let square = n % 2 == 0 && !self.is_safe(part);
                let (inner, n) = if square { (2, n / 2) } else { (1, n) };
                let base = whole(Polynomial::part(part, inner));
                self.part(Part::Root(Rc::new(base)))?.over.power(n * steps)?
            };
            total = self.product(&total, &whole(power))?;
        }
        Ok(total)
    }

    /// The root of a positive number by the roots of its prime factors.
    fn number_root(&mut self, c: &Number, steps: u32) -> Result<Fraction, TooLarge> {
        let mut total = Fraction::constant(Number::ONE);
        let Some((n, d)) = c.small() else {
            let root = self.part(Part::Root(Rc::new(Fraction::constant(c.clone()))))?;
            let power = root.over.power(steps)?;
            return self.reduced(power, Polynomial::constant(Number::ONE));
        };
        for (n, below) in [(n, false), (d, true)] {
            for (prime, e) in factors(n) {
                let base = Rc::new(Fraction::constant(Number::from(prime)));
                let root = self.part(Part::Root(base))?;
                let power = root.over.power(e * steps)?;
                let power = self.reduced(power, Polynomial::constant(Number::ONE))?;
                let power = match below {
                    true => Fraction { over: power.under, under: power.over },
                    false => power,
                };
                total = self.product(&total, &power)?;
            }
        }
        Ok(total)
    }

    fn is_root(&self, part: u32) -> bool {
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
    fn part(&mut self, part: Part) -> Result<Fraction, TooLarge> {
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
                        if commutes(*op) && self.same(x, &one, v)? && self.same(y, &one, u)? =>
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

/// `a + factor * b`.
fn sum(a: &Fraction, factor: &Number, b: &Fraction) -> Result<Fraction, TooLarge> {
    if a.under == b.under {
        return Ok(Fraction::new(a.over.plus(factor, &b.over)?, a.under.clone()));
    }
    let over = a.over.times(&b.under)?.plus(factor, &b.over.times(&a.under)?)?;
    Ok(Fraction::new(over, a.under.times(&b.under)?))
}

/// Coefficient and powers of a polynomial of one term.
fn monomial(p: &Polynomial) -> Option<(Number, Vec<(u32, u32)>)> {
    let mut terms = p.terms();
    match (terms.next(), terms.next()) {
        (Some((m, c)), None) => Some((c.clone(), m.clone())),
        _ => None,
    }
}

/// Small prime factors with their exponents, and what is left as it is.
fn factors(mut n: i64) -> Vec<(i64, u32)> {
    let mut found = Vec::new();
    let mut prime = 2;
    while prime * prime <= n && prime < 1 << 16 {
        let mut e = 0;
        while n % prime == 0 {
            (n, e) = (n / prime, e + 1);
        }
        if e > 0 {
            found.push((prime, e));
        }
        prime += 1;
    }
    if n > 1 {
        found.push((n, 1));
    }
    found
}

fn commutes(op: Op) -> bool {
    op.row().class == Class::Logic && op.arity() == 2
        || matches!(op, Op::Min | Op::Max | Op::Hypot | Op::Equal)
}

/// `n ^ size` where that is rational.
fn exact_root(n: &Number, size: &Number) -> Option<Number> {
    let (p, q) = size.small()?;
    n.root(u32::try_from(q).ok()?)?.pow(p)
}
