//! Construction: the first simplifier. Sums and products are flattened, sorted and collected.
//!
//! Everything here keeps the value wherever the written expression has one. Two steps may extend
//! the domain, cancelling a term in a sum and merging powers of one base; both ask for a
//! [`Claim`] first, and leave the parts side by side when no witness is found.

use smallvec::SmallVec;

use super::graph::{Form, Graph, Node, Term};
use super::number::Number;
use super::op::Op;
use super::sample::Claim;
use super::table::Key;

pub(super) type Terms = SmallVec<[(Number, Term); 6]>;
pub(super) type Factors = SmallVec<[(Term, Number); 6]>;

/// Arithmetic.
impl Graph {
    /// `a + b`.
    pub fn add(&mut self, a: Term, b: Term) -> Term {
        self.call(Op::Add, &[a, b])
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Term, b: Term) -> Term {
        self.call(Op::Sub, &[a, b])
    }

    /// `a * b`.
    pub fn mul(&mut self, a: Term, b: Term) -> Term {
        self.call(Op::Mul, &[a, b])
    }

    /// `a / b`.
    pub fn div(&mut self, a: Term, b: Term) -> Term {
        self.call(Op::Div, &[a, b])
    }

    /// `-a`.
    pub fn neg(&mut self, a: Term) -> Term {
        self.call(Op::Neg, &[a])
    }

    /// `a ^ b`.
    pub fn pow(&mut self, a: Term, b: Term) -> Term {
        self.call(Op::Pow, &[a, b])
    }

    /// `base ^ exponent` for an exact exponent.
    pub fn power(&mut self, base: Term, exponent: impl Into<Number>) -> Term {
        let exponent = exponent.into();
        match self.form() {
            Form::Canonical => self.product([(base, exponent)]),
            Form::Written => {
                let exponent = self.number(exponent);
                self.call(Op::Pow, &[base, exponent])
            }
        }
    }

    /// `factor * a`.
    pub fn scale(&mut self, factor: impl Into<Number>, a: Term) -> Term {
        self.sum(Number::ZERO, [(factor.into(), a)])
    }

    /// `constant + Σ coefficient · term`.
    pub fn sum(
        &mut self,
        constant: Number,
        parts: impl IntoIterator<Item = (Number, Term)>,
    ) -> Term {
        if self.form() == Form::Written {
            return self.written_sum(constant, parts);
        }
        let (mut constant, mut terms) = (constant, Terms::new());
        let mut long = Terms::new();
        for (c, t) in parts {
            if self.is_long(t) {
                long.push((c, t));
            } else {
                self.flatten_sum(c, t, &mut constant, &mut terms);
            }
        }
        let sizes = long.iter().map(|(_, t)| match self.node(*t) {
            Node::Sum { terms, .. } => terms.len(),
            _ => 1,
        });
        let closed = stays_closed(sizes, terms.len());
        for ((c, t), closed) in long.into_iter().zip(closed) {
            match closed {
                true => terms.push((c, t)),
                false => self.flatten_sum(c, t, &mut constant, &mut terms),
            }
        }
        // Nothing is to be done for terms that come in order, each once.
        while !terms.windows(2).all(|w| w[0].1 < w[1].1) || terms.iter().any(|(c, _)| c.is_zero()) {
            terms.sort_by_key(|(_, t)| *t);
            let again = self.collect_sum(&mut terms);
            // Collecting can turn the coefficient of an inner sum into one: open it then.
            if !again {
                break;
            }
            for (c, t) in std::mem::take(&mut terms) {
                self.flatten_sum(c, t, &mut constant, &mut terms);
            }
        }
        if let Some(&(_, t)) = terms.iter().find(|(_, t)| self.is_undefined(*t)) {
            return t;
        }
        match terms.as_slice() {
            [] => self.number(constant),
            [(c, t)] if c.is_one() && constant.is_zero() => *t,
            _ => self.find_or_insert(Key::Sum(&constant, &terms)),
        }
    }

    fn flatten_sum(&mut self, c: Number, t: Term, constant: &mut Number, terms: &mut Terms) {
        match self.node(t) {
            Node::Number(n) => *constant = &*constant + &(&c * n),
            Node::Sum { constant: k, terms: inner } => {
                if c.is_unit() || (k.is_zero() && inner.len() == 1) {
                    *constant = &*constant + &(&c * k);
                    terms.extend(inner.iter().map(|(ci, ti)| (&c * ci, *ti)));
                } else {
                    terms.push((c, t));
                }
            }
            _ => terms.push((c, t)),
        }
    }

    /// Adds equal terms; whether one of them became a sum that can be opened.
    fn collect_sum(&mut self, terms: &mut Terms) -> bool {
        let (mut kept, mut again): (Terms, bool) = (Terms::new(), false);
        for (c, t) in terms.drain(..) {
            match kept.last_mut() {
                Some((total, last)) if *last == t => {
                    *total = &*total + &c;
                    again |= total.is_unit() && matches!(self.node(t), Node::Sum { .. });
                }
                _ => kept.push((c, t)),
            }
        }
        kept.retain(|(c, t)| !c.is_zero() || !self.witness(*t, Claim::Defined));
        *terms = kept;
        again
    }

    /// `Π base ^ exponent`.
    pub fn product(&mut self, parts: impl IntoIterator<Item = (Term, Number)>) -> Term {
        if self.form() == Form::Written {
            return self.written_product(parts);
        }
        let (mut coefficient, mut factors) = (Number::ONE, Factors::new());
        let mut long = Factors::new();
        for (base, exponent) in parts {
            if exponent.is_one() && self.is_long(base) {
                long.push((base, exponent));
            } else if !self.flatten_product(base, exponent, &mut coefficient, &mut factors) {
                return self.undefined();
            }
        }
        let sizes = long.iter().map(|(t, _)| match self.node(*t) {
            Node::Product(factors) => factors.len(),
            _ => 1,
        });
        let closed = stays_closed(sizes, factors.len());
        for ((base, exponent), closed) in long.into_iter().zip(closed) {
            match closed {
                true => factors.push((base, exponent)),
                // A long sum or product has a value, so that this is never undefined.
                false => {
                    self.flatten_product(base, exponent, &mut coefficient, &mut factors);
                }
            }
        }
        // Nothing is to be done for bases that come in order, each once.
        while !factors.windows(2).all(|w| w[0].0 < w[1].0) {
            factors.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
            let again = self.collect_product(&mut factors);
            if again.is_empty() {
                break;
            }
            for (base, exponent) in again {
                if !self.flatten_product(base, exponent, &mut coefficient, &mut factors) {
                    return self.undefined();
                }
            }
        }
        let body = match factors.as_slice() {
            [] => return self.number(coefficient),
            [(t, e)] if e.is_one() => *t,
            _ => self.find_or_insert(Key::Product(&factors)),
        };
        if coefficient.is_one() { body } else { self.scale(coefficient, body) }
    }

    /// Adds `base ^ exponent` to the parts of a product; false when it is undefined.
    fn flatten_product(
        &mut self,
        base: Term,
        exponent: Number,
        coefficient: &mut Number,
        factors: &mut Factors,
    ) -> bool {
        if exponent.is_zero() {
            return !self.is_undefined(base);
        }
        match self.node(base) {
            Node::Number(n) => {
                let n = n.clone();
                return self.number_power(n, exponent, coefficient, factors);
            }
            Node::Call(Op::Undefined, _) => return false,
            Node::Sum { constant, terms } if constant.is_zero() && terms.len() == 1 => {
                // (c*t)^n = c^n * t^n holds for integers n, where c is not a domain guard.
                let (c, t) = terms[0].clone();
                if let Some(power) = exponent.to_i64().and_then(|n| c.pow(n)) {
                    *coefficient = &*coefficient * &power;
                    return self.flatten_product(t, exponent, coefficient, factors);
                }
            }
            Node::Product(inner) if exponent.is_one() => {
                factors.extend(inner.iter().cloned());
                return true;
            }
            Node::Product(inner) => {
                let inner = inner.clone();
                if let Some(opened) = self.open_power(&inner, &exponent) {
                    factors.extend(opened);
                    return true;
                }
            }
            _ => {}
        }
        factors.push((base, exponent));
        true
    }

    /// The parts of `(Π bᵢ^eᵢ)^k` as `bᵢ^(eᵢ k)` where that keeps values.
    fn open_power(&mut self, inner: &[(Term, Number)], k: &Number) -> Option<Factors> {
        let odd = |e: &Number| e.small().is_some_and(|(n, d)| d == 1 && n % 2 != 0);
        let mut opened = Factors::new();
        for (b, e) in inner {
            let exponent = e * k;
            // Only a single odd or fractional power has the sign, or the domain, of its base.
            let single = inner.len() == 1 && (odd(e) || !e.is_integer());
            if !k.is_integer() && !single {
                return None;
            }
            let integers = e.is_integer() && k.is_integer();
            // 1/(1/b) is the only integer case with a smaller domain than b.
            let same_domain =
                !exponent.is_integer() || (integers && !(k.is_negative() && e.is_negative()));
            let claim = if integers { Claim::Nonzero } else { Claim::Positive };
            if !same_domain && !self.witness(*b, claim) {
                return None;
            }
            opened.push((*b, exponent));
        }
        Some(opened)
    }

    /// A power of a number: its rational part to the coefficient, the rest to the factors.
    fn number_power(
        &mut self,
        n: Number,
        exponent: Number,
        coefficient: &mut Number,
        factors: &mut Factors,
    ) -> bool {
        if n.is_zero() {
            *coefficient = Number::ZERO;
            return !exponent.is_negative();
        }
        if n.is_negative() && !exponent.is_integer() {
            return false;
        }
        let whole = exponent.floor();
        let fraction = &exponent - &whole;
        // A root that is rational takes the whole power with it: 8^(2/3) = 4.
        if let Some((p, q)) = fraction.small()
            && let Some(root) = u32::try_from(q).ok().and_then(|q| n.root(q))
            && let Some(power) = whole.to_i64().and_then(|w| n.pow(w))
            && let Some(part) = root.pow(p)
        {
            *coefficient = &(&*coefficient * &power) * &part;
            return true;
        }
        let base = self.number(n.clone());
        match whole.to_i64().and_then(|w| n.pow(w)) {
            Some(power) if fraction.is_zero() => *coefficient = &*coefficient * &power,
            Some(power) => {
                *coefficient = &*coefficient * &power;
                factors.push((base, fraction));
            }
            None => factors.push((base, exponent)),
        }
        true
    }

    /// Merges powers of one base; returns parts that have to be flattened again.
    fn collect_product(&mut self, factors: &mut Factors) -> Factors {
        let mut again = Factors::new();
        let parts = std::mem::take(factors);
        let mut rest = parts.as_slice();
        while let Some((base, _)) = rest.first() {
            let run = rest.iter().take_while(|(b, _)| b == base).count();
            let (group, tail) = rest.split_at(run);
            rest = tail;
            if group.len() == 1 {
                factors.push(group[0].clone());
                continue;
            }
            let total = group.iter().fold(Number::ZERO, |sum, (_, e)| &sum + e);
            let integers = group.iter().all(|(_, e)| e.is_integer());
            let one_sign = group.iter().all(|(_, e)| e.is_negative())
                || group.iter().all(|(_, e)| e.is_positive());
            let claim = if integers { Claim::Nonzero } else { Claim::Positive };
            if (integers && one_sign) || self.witness(*base, claim) {
                let opens = matches!(
                    self.node(*base),
                    Node::Number(_) | Node::Product(_) | Node::Sum { .. }
                );
                if opens && !total.is_zero() {
                    again.push((*base, total));
                } else if !total.is_zero() {
                    factors.push((*base, total));
                }
            } else {
                factors.extend(group.iter().cloned());
            }
        }
        again
    }
}

/// The most parts of a sum or product that holds a long one, before it counts as long itself.
const SHORT: usize = 32;

/// Which of long sums or products of so many parts stay closed beside each other and so many more
/// parts: those to which all else adds too little to copy them. Then the copies of one that grows
/// add up to a few times its length.
fn stays_closed(sizes: impl Iterator<Item = usize> + Clone, more: usize) -> SmallVec<[bool; 6]> {
    let all = more + sizes.clone().sum::<usize>();
    sizes.map(|size| size > SHORT && size / 8 > all - size).collect()
}

/// Sums and products of parts that are in normal form already, as those of a polynomial.
impl Graph {
    /// Whether a product keeps whole powers of this base as they are: it is neither a number nor a
    /// product nor a multiple of one term.
    pub(crate) fn is_factor(&self, base: Term) -> bool {
        match self.node(base) {
            Node::Number(_) | Node::Product(_) | Node::Call(Op::Undefined, _) => false,
            Node::Sum { constant, terms } => !constant.is_zero() || terms.len() > 1,
            _ => true,
        }
    }

    /// The product of powers of bases that increase, each a factor in the sense of
    /// [`Graph::is_factor`], with exponents that are whole and not zero; of at least one.
    pub(crate) fn monomial(&mut self, factors: &[(Term, Number)]) -> Term {
        debug_assert!(factors.windows(2).all(|w| w[0].0 < w[1].0));
        match factors {
            [(t, e)] if e.is_one() => *t,
            _ => self.find_or_insert(Key::Product(factors)),
        }
    }

    /// The sum of different terms, none a number or a sum, with coefficients that are not zero.
    pub(crate) fn collected_sum(
        &mut self,
        constant: Number,
        mut terms: Vec<(Number, Term)>,
    ) -> Term {
        terms.sort_by_key(|(_, t)| *t);
        debug_assert!(terms.windows(2).all(|w| w[0].1 < w[1].1));
        match terms.as_slice() {
            [] => self.number(constant),
            [(c, t)] if c.is_one() && constant.is_zero() => *t,
            _ => self.find_or_insert(Key::Sum(&constant, &terms)),
        }
    }
}

/// Sums and products of binary operations, for graphs that keep what was written.
impl Graph {
    fn written_sum(
        &mut self,
        constant: Number,
        parts: impl IntoIterator<Item = (Number, Term)>,
    ) -> Term {
        let mut total: Option<Term> = None;
        for (c, t) in parts {
            let (magnitude, negative) = (c.abs(), c.is_negative());
            let part = if magnitude.is_one() {
                t
            } else {
                let c = self.number(magnitude);
                self.call(Op::Mul, &[c, t])
            };
            total = Some(match total {
                Some(sum) => self.call(if negative { Op::Sub } else { Op::Add }, &[sum, part]),
                None if negative => self.call(Op::Neg, &[part]),
                None => part,
            });
        }
        match total {
            Some(sum) if constant.is_zero() => sum,
            Some(sum) => {
                let k = self.number(constant);
                self.call(Op::Add, &[sum, k])
            }
            None => self.number(constant),
        }
    }

    fn written_product(&mut self, parts: impl IntoIterator<Item = (Term, Number)>) -> Term {
        let mut total: Option<Term> = None;
        for (t, e) in parts {
            let factor = if e.is_one() { t } else { self.power(t, e) };
            total = Some(match total {
                Some(product) => self.call(Op::Mul, &[product, factor]),
                None => factor,
            });
        }
        total.unwrap_or_else(|| self.number(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_terms_collect() {
        let mut g = Graph::new();
        let (x, y) = (g.symbol("x"), g.symbol("y"));
        let a = g.add(x, y);
        let b = g.sub(a, x);
        assert_eq!(b, y);
        let two_x = g.add(x, x);
        assert_eq!(two_x, g.scale(2, x));
        let square = g.mul(two_x, x);
        let four = g.power(two_x, 2);
        let twice = g.scale(2, square);
        assert_eq!(four, twice);
    }

    #[test]
    fn nothing_is_derived_from_a_quotient_of_zero() {
        let mut g = Graph::new();
        let (x, y) = (g.symbol("x"), g.symbol("y"));
        let zero = g.sub(x, x);
        let ratio = g.div(zero, zero);
        assert!(g.is_undefined(ratio));
        let sum = g.add(ratio, y);
        assert!(g.is_undefined(sum));
    }

    #[test]
    fn a_base_that_may_vanish_everywhere_does_not_cancel() {
        let mut g = Graph::new();
        let x = g.symbol("x");
        let (s, c) = (g.call(Op::Sin, &[x]), g.call(Op::Cos, &[x]));
        let (s2, c2) = (g.power(s, 2), g.power(c, 2));
        let zero = g.sum(Number::MINUS_ONE, [(Number::ONE, s2), (Number::ONE, c2)]);
        let ratio = g.div(zero, zero);
        assert_eq!(g.as_number(ratio), None);
        let x1 = g.sum(Number::ONE, [(Number::ONE, x)]);
        let one = g.div(x1, x1);
        assert_eq!(g.as_number(one), Some(&Number::ONE));
        // log(-x^2 - 1) has no value anywhere: its difference with itself stays.
        let square = g.power(x, 2);
        let negative = g.sum(Number::MINUS_ONE, [(Number::MINUS_ONE, square)]);
        let log = g.call(Op::Log, &[negative]);
        let difference = g.sub(log, log);
        assert_eq!(g.as_number(difference), None);
    }

    #[test]
    fn roots_are_real() {
        let mut g = Graph::new();
        let x = g.symbol("x");
        let minus_eight = g.number(-8);
        let root = g.power(minus_eight, Number::ratio(1, 3).unwrap());
        assert!(g.is_undefined(root));
        let cube_root = g.call(Op::Cbrt, &[minus_eight]);
        assert_eq!(g.as_number(cube_root), Some(&Number::from(-2)));
        let square = g.power(x, 2);
        let abs = g.power(square, Number::HALF);
        assert_ne!(abs, x);
        let root = g.power(x, Number::HALF);
        assert_eq!(g.power(root, 2), x);
        let two = g.number(2);
        let s = g.power(two, Number::HALF);
        let p = g.mul(s, s);
        assert_eq!(p, two);
    }

    #[test]
    fn zero_to_the_zero_is_one() {
        let mut g = Graph::new();
        let (zero, x) = (g.number(0), g.symbol("x"));
        let p = g.power(zero, 0);
        assert_eq!(g.as_number(p), Some(&Number::ONE));
        let q = g.pow(zero, x);
        assert!(matches!(g.node(q), Node::Call(Op::Pow, _)));
        assert!({
            let r = g.power(zero, -1);
            g.is_undefined(r)
        });
    }

    #[test]
    fn parity_moves_signs_out() {
        let mut g = Graph::new();
        let x = g.symbol("x");
        let minus = g.neg(x);
        let (a, b) = (g.call(Op::Sin, &[minus]), g.call(Op::Sin, &[x]));
        assert_eq!(a, g.neg(b));
        let (a, b) = (g.call(Op::Cos, &[minus]), g.call(Op::Cos, &[x]));
        assert_eq!(a, b);
    }
}
