//! Construction of calls: exact values, parity, choice, reductions and their instances.

use smallvec::SmallVec;

use super::function::FunctionId;
use super::graph::{Form, Graph, Node, Term};
use super::index::{Affine, Binder};
use super::interval::{Defined, Interval};
use super::number::Number;
use super::op::{Op, Parity};
use super::sample::Claim;
use super::table::Key;

enum Folded {
    Exact(Number),
    Undefined,
    Open,
}

/// Calls of operations and functions.
impl Graph {
    /// An operation of the table on terms, in this graph's form.
    ///
    /// # Panics
    /// When the number of arguments is not the arity of the operation.
    pub fn call(&mut self, op: Op, args: &[Term]) -> Term {
        assert_eq!(args.len(), op.arity(), "arguments of {}", op.row().name);
        if self.form() == Form::Written {
            return self.find_or_insert(Key::Call(op, args));
        }
        let one = Number::ONE;
        match (op, args) {
            (Op::Add, &[a, b]) => self.sum(Number::ZERO, [(one.clone(), a), (one, b)]),
            (Op::Sub, &[a, b]) => self.sum(Number::ZERO, [(one, a), (Number::MINUS_ONE, b)]),
            (Op::Mul, &[a, b]) if a != b && self.is_factor(a) && self.is_factor(b) => {
                self.monomial(&[(a.min(b), one.clone()), (a.max(b), one)])
            }
            (Op::Mul, &[a, b]) => self.product([(a, one.clone()), (b, one)]),
            (Op::Div, &[a, b]) => self.product([(a, one), (b, Number::MINUS_ONE)]),
            (Op::Neg, &[a]) => self.scale(Number::MINUS_ONE, a),
            (Op::Sqrt, &[a]) => self.product([(a, Number::HALF)]),
            (Op::Fma, &[a, b, c]) => {
                let product = self.mul(a, b);
                self.add(product, c)
            }
            (Op::Pow, &[a, b]) => self.general_power(a, b),
            (Op::If, &[c, a, b]) => self.choice(c, a, b),
            _ => self.strict_call(op, args),
        }
    }

    fn general_power(&mut self, base: Term, exponent: Term) -> Term {
        if let Some(e) = self.as_number(exponent) {
            let e = e.clone();
            return self.product([(base, e)]);
        }
        if self.is_undefined(base) || self.is_undefined(exponent) {
            return self.undefined();
        }
        // e^y is the exponential function itself.
        if let Node::Call(Op::Exp, args) = self.node(base)
            && self.as_number(args[0]).is_some_and(Number::is_one)
        {
            return self.call(Op::Exp, &[exponent]);
        }
        self.find_or_insert(Key::Call(Op::Pow, &[base, exponent]))
    }

    fn choice(&mut self, condition: Term, then: Term, otherwise: Term) -> Term {
        if self.is_undefined(condition) {
            return condition;
        }
        if let Some(c) = self.as_number(condition) {
            return if c.is_zero() { otherwise } else { then };
        }
        if then == otherwise && self.witness(condition, Claim::Defined) {
            return then;
        }
        self.find_or_insert(Key::Call(Op::If, &[condition, then, otherwise]))
    }

    fn strict_call(&mut self, op: Op, args: &[Term]) -> Term {
        if let Some(&t) = args.iter().find(|&&t| self.is_undefined(t)) {
            return t;
        }
        let row = op.row();
        match self.fold(op, args) {
            Folded::Exact(value) => return self.number(value),
            Folded::Undefined => return self.undefined(),
            Folded::Open => {}
        }
        match (row.parity, op, args) {
            (Parity::Odd, _, &[a]) if self.leads_negative(a) => {
                let positive = self.scale(Number::MINUS_ONE, a);
                let value = self.strict_call(op, &[positive]);
                self.scale(Number::MINUS_ONE, value)
            }
            (Parity::Even, _, &[a]) if self.leads_negative(a) => {
                let positive = self.scale(Number::MINUS_ONE, a);
                self.strict_call(op, &[positive])
            }
            // Of two orders one is canonical.
            (Parity::Swap, _, &[a, b]) if b < a => self.strict_call(op, &[b, a]),
            (_, Op::Min | Op::Max | Op::And | Op::Or, &[a, b]) if a == b => a,
            _ => self.find_or_insert(Key::Call(op, args)),
        }
    }

    /// What an operation on numbers is known to be.
    fn fold(&self, op: Op, args: &[Term]) -> Folded {
        let mut numbers: SmallVec<[&Number; 3]> = SmallVec::new();
        for &t in args {
            match self.as_number(t) {
                Some(n) => numbers.push(n),
                None => return Folded::Open,
            }
        }
        if numbers.is_empty() {
            return Folded::Open;
        }
        if let Some(value) = (op.row().exact)(&numbers) {
            return Folded::Exact(value);
        }
        let points: SmallVec<[Interval; 3]> = numbers.iter().map(|n| n.enclosure()).collect();
        if op.enclosure(&points).defined == Defined::Never {
            return Folded::Undefined;
        }
        Folded::Open
    }

    /// Whether the first coefficient of the term is negative, so that `-term` reads better.
    pub fn leads_negative(&self, term: Term) -> bool {
        match self.node(term) {
            Node::Number(n) => n.is_negative(),
            Node::Sum { terms, .. } => terms[0].0.is_negative(),
            _ => false,
        }
    }

    /// The part of a term that takes a minus sign before it inside: an odd function of a difference,
    /// alone or as a factor. `-sin(x - y)` is written `sin(y - x)`, which reads back as the same.
    pub fn turned_part(&self, term: Term) -> Option<Term> {
        let turns = |t: Term| match self.node(t) {
            Node::Call(op, args) if op.row().parity == Parity::Odd && args.len() == 1 => {
                let Node::Sum { constant, terms } = self.node(args[0]) else { return false };
                let positive = terms.iter().any(|(c, _)| !c.is_negative());
                let negative = terms.iter().any(|(c, _)| c.is_negative());
                (positive || constant.is_positive()) && (negative || constant.is_negative())
            }
            _ => false,
        };
        match self.node(term) {
            _ if self.form() != Form::Canonical => None,
            Node::Product(factors) => {
                let odd = |e: &Number| e.is_integer() && !(e * &Number::HALF).is_integer();
                factors.iter().find(|(t, e)| odd(e) && turns(*t)).map(|(t, _)| *t)
            }
            _ => turns(term).then_some(term),
        }
    }

    /// A registered function on terms.
    ///
    /// # Panics
    /// When the number of arguments is not the arity of the function.
    pub fn apply(&mut self, function: FunctionId, args: &[Term]) -> Term {
        assert_eq!(args.len(), self.function(function).arity, "arguments of a registered function");
        if self.form() == Form::Canonical
            && let Some(&t) = args.iter().find(|&&t| self.is_undefined(t))
        {
            return t;
        }
        self.insert(Node::Apply(function, args.into()))
    }

    /// `sum(body for binder in from..to)`, inclusive; an empty range is zero.
    pub fn reduce(&mut self, binder: Binder, from: i64, to: i64, body: Term) -> Term {
        if self.form() == Form::Canonical {
            if from > to {
                return self.number(0);
            }
            if self.is_undefined(body) {
                return body;
            }
            if self.free_binders(body) & (1 << binder.0) == 0 {
                let count = &Number::from(to) - &Number::from(from);
                return self.scale(&count + &Number::ONE, body);
            }
            // A rational factor of the summand belongs outside the loop.
            if let Node::Sum { constant, terms } = self.node(body)
                && constant.is_zero()
                && let [(c, t)] = &**terms
            {
                let (c, t) = (c.clone(), *t);
                let inner = self.reduce(binder, from, to, t);
                return self.scale(c, inner);
            }
        }
        self.insert(Node::Reduce { binder, from, to, body })
    }

    /// The term with a free index replaced by another index expression; a reduction that binds an
    /// index of `by` binds another one instead.
    ///
    /// # Panics
    /// When an index leaves the range of 64-bit integers; model limits keep indices far below.
    pub fn instantiate(&mut self, root: Term, binder: Binder, by: &Affine) -> Term {
        if !self.has_free(root, binder) {
            return root;
        }
        let affine = |a: &Affine| a.substitute(binder, by).expect("index within 64 bits");
        let mut map = Vec::new();
        for leaf in self.outside_reductions(root) {
            let image = match self.node(leaf).clone() {
                // What a reduction binds is not free in it, whatever its body says.
                Node::Reduce { .. } if !self.has_free(leaf, binder) => leaf,
                Node::Reduce { binder: own, from, to, body } => {
                    let free =
                        self.free_binders(body) | by.terms.iter().fold(0, |m, t| m | 1 << t.0.0);
                    let (own, body) = match by.factor(own) {
                        0 => (own, body),
                        _ => {
                            let fresh = Binder((!free).trailing_zeros() as u8);
                            (fresh, self.instantiate(body, own, &Affine::binder(fresh)))
                        }
                    };
                    let body = self.instantiate(body, binder, by);
                    self.reduce(own, from, to, body)
                }
                Node::Element(array, indices) => {
                    let indices: Box<[Affine]> = indices.iter().map(affine).collect();
                    self.insert(Node::Element(array, indices))
                }
                Node::Index(a) => self.index(affine(&a)),
                _ => continue,
            };
            map.push((leaf, image));
        }
        super::visit::substitute(self, root, &map)
    }

    fn has_free(&self, term: Term, binder: Binder) -> bool {
        self.free_binders(term) & (1 << binder.0) != 0
    }

    /// The terms below the root, reductions among them and what is inside of these not.
    fn outside_reductions(&self, root: Term) -> Vec<Term> {
        let (mut seen, mut stack) = (rustc_hash::FxHashSet::default(), vec![root]);
        while let Some(term) = stack.pop() {
            let node = self.node(term);
            if seen.insert(term) && !matches!(node, Node::Reduce { .. }) {
                self.each_argument(node, |t| stack.push(t));
            }
        }
        let mut found: Vec<Term> = seen.into_iter().collect();
        found.sort_unstable();
        found
    }
}

impl Number {
    /// The tightest interval of doubles around the number.
    pub fn enclosure(&self) -> Interval {
        let x = self.to_f64();
        // In lowest terms only a denominator that is a power of two makes a double.
        let exact = self.small().is_some_and(|(n, d)| {
            n.unsigned_abs() <= 1 << 53 && d.unsigned_abs().is_power_of_two()
        });
        if exact { Interval::point(x) } else { Interval::around(x) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_no_double() {
        let tenth = Number::ratio(1, 10).expect("a ratio").enclosure();
        assert!(tenth.lo < 0.1 && 0.1 < tenth.hi);
        let quarter = Number::ratio(-3, 4).expect("a ratio").enclosure();
        assert_eq!(quarter, Interval::point(-0.75));
    }
}
