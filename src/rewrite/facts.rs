//! What is known of each class: constant, range, sign, integrality, and values at sample points.
//!
//! Every merge in the graph is exact: both sides have the same domain and the same value on it.
//! Facts of merged classes are therefore intersected; when nothing is left the merge was wrong,
//! and the [`Conflict`] makes the caller return its input.

use egg::{Analysis, DidMerge, EGraph, Id};
use rustc_hash::FxHashMap;

use super::language::Form;
use crate::term::interval::Defined;
use crate::term::{Function, Interval, Number, Op, Term};

/// Sample points carried by each class.
pub const POINTS: usize = 6;

/// The set of signs that a value may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signs(u8);

impl Signs {
    const NEGATIVE: Signs = Signs(1);
    const ZERO: Signs = Signs(2);
    const POSITIVE: Signs = Signs(4);
    /// Nothing known.
    pub const ANY: Signs = Signs(7);
    /// Any but zero.
    pub const NONZERO: Signs = Signs(5);

    /// The signs inside an interval.
    pub fn of(range: Interval) -> Signs {
        let mut signs = 0;
        if range.lo < 0.0 {
            signs |= Self::NEGATIVE.0;
        }
        if range.contains(0.0) {
            signs |= Self::ZERO.0;
        }
        if range.hi > 0.0 {
            signs |= Self::POSITIVE.0;
        }
        Signs(signs)
    }

    fn has(self, other: Signs) -> bool {
        self.0 & other.0 != 0
    }

    /// Certainly not zero.
    pub fn nonzero(self) -> bool {
        !self.has(Self::ZERO)
    }

    /// Certainly at least zero.
    pub fn nonnegative(self) -> bool {
        !self.has(Self::NEGATIVE)
    }

    /// Certainly at most zero.
    pub fn nonpositive(self) -> bool {
        !self.has(Self::POSITIVE)
    }

    /// The signs that both allow.
    pub fn both(self, other: Signs) -> Signs {
        Signs(self.0 & other.0)
    }

    fn pairs(self, other: Signs, f: impl Fn(i8, i8) -> Signs) -> Signs {
        let list =
            |s: Signs| [(1, -1i8), (2, 0), (4, 1)].into_iter().filter(move |(b, _)| s.0 & b != 0);
        Signs(
            list(self)
                .flat_map(|(_, a)| list(other).map(move |(_, b)| (a, b)))
                .fold(0, |m, (a, b)| m | f(a, b).0),
        )
    }

    fn times(self, other: Signs) -> Signs {
        self.pairs(other, |a, b| match a * b {
            -1 => Self::NEGATIVE,
            0 => Self::ZERO,
            _ => Self::POSITIVE,
        })
    }

    fn plus(self, other: Signs) -> Signs {
        self.pairs(other, |a, b| match (a, b) {
            (0, 0) => Self::ZERO,
            (-1 | 0, -1 | 0) => Self::NEGATIVE,
            (0 | 1, 0 | 1) => Self::POSITIVE,
            _ => Self::ANY,
        })
    }

    fn scaled(self, factor: &Number) -> Signs {
        self.times(Signs::of(factor.enclosure()))
    }

    fn power(self, exponent: &Number) -> Signs {
        match exponent.to_i64() {
            Some(n) if n % 2 == 0 => {
                if self.nonzero() {
                    Self::POSITIVE
                } else {
                    Signs(Self::ZERO.0 | Self::POSITIVE.0)
                }
            }
            Some(_) => self,
            // A real power of a base that is not negative.
            None if self.nonzero() || exponent.is_negative() => Self::POSITIVE,
            None => Signs(Self::ZERO.0 | Self::POSITIVE.0),
        }
    }
}

/// The facts of one class.
#[derive(Clone, PartialEq, Debug)]
pub struct Facts {
    /// The exact value, when the class is constant and rational.
    pub constant: Option<Number>,
    /// Enclosure over all values of the symbols, with whether it is defined everywhere.
    pub range: Interval,
    /// Possible signs.
    pub signs: Signs,
    /// Whether every value is an integer.
    pub integer: bool,
    /// Enclosures at fixed points: the classes must agree there to be merged.
    pub samples: [Interval; POINTS],
}

impl Facts {
    /// Facts of an exact number.
    pub fn number(n: &Number) -> Facts {
        let range = n.enclosure();
        Facts {
            constant: Some(n.clone()),
            range,
            signs: Signs::of(if n.is_zero() { Interval::point(0.0) } else { range }),
            integer: n.is_integer(),
            samples: [range; POINTS],
        }
    }

    /// Whether the class has a value for all real values of the symbols.
    pub fn total(&self) -> bool {
        self.range.defined == Defined::Always
    }

    fn meet(&mut self, other: &Facts) -> Result<bool, ()> {
        let before = self.clone();
        match (&self.constant, &other.constant) {
            (Some(a), Some(b)) if a != b => return Err(()),
            (None, Some(b)) => self.constant = Some(b.clone()),
            _ => {}
        }
        self.range = self.range.intersect(&other.range);
        self.signs = self.signs.both(other.signs);
        self.integer |= other.integer;
        for (a, b) in self.samples.iter_mut().zip(&other.samples) {
            let both = a.defined == Defined::Always && b.defined == Defined::Always;
            if both && a.is_disjoint(b) {
                return Err(());
            }
            *a = if b.defined > a.defined || !both { pick(*a, *b) } else { a.intersect(b) };
        }
        let somewhere = self.samples.iter().any(|s| s.defined == Defined::Always);
        if somewhere && (self.range.lo > self.range.hi || self.signs.0 == 0) {
            return Err(());
        }
        Ok(*self != before)
    }
}

/// The more certain of two enclosures.
fn pick(a: Interval, b: Interval) -> Interval {
    if b.defined > a.defined { b } else { a }
}

/// Two classes were merged that cannot be equal: some rule is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict;

/// The analysis: knows the leaves and the functions, and remembers a conflict.
#[derive(Default)]
pub struct Knowledge {
    /// Facts of the leaves.
    pub leaves: FxHashMap<Term, Facts>,
    /// The registered functions, by id.
    pub functions: Vec<Function>,
    /// Set when a merge contradicted the facts.
    pub conflict: Option<Conflict>,
}

/// The e-graph of this crate.
pub type Graph = EGraph<Form, Knowledge>;

impl Knowledge {
    /// The facts of a node whose arguments have the facts that `get` gives.
    pub(super) fn make_facts(&self, node: &Form, get: impl Fn(Id) -> Facts) -> Facts {
        match node {
            Form::Leaf(t) => self.leaves[t].clone(),
            Form::Number(n) => Facts::number(n),
            Form::Sum { constant, .. } => {
                let mut all = Facts::number(constant);
                for (c, id) in node.terms() {
                    let part = get(id);
                    all.constant = match (&all.constant, &part.constant) {
                        (Some(a), Some(b)) => Some(a + &(c * b)),
                        _ => None,
                    };
                    all.signs = all.signs.plus(part.signs.scaled(c));
                    all.integer &= part.integer && c.is_integer();
                    let c = c.enclosure();
                    all.zip(&part, |a, b| a.add(c.mul(b)));
                }
                all.closed()
            }
            Form::Product { .. } => {
                let mut all = Facts::number(&Number::ONE);
                for (id, e) in node.factors() {
                    let part = get(id);
                    let power = part.constant.as_ref().and_then(|b| b.pow(e.to_i64()?));
                    all.constant = match (&all.constant, power) {
                        (Some(a), Some(b)) => Some(a * &b),
                        _ => None,
                    };
                    all.signs = all.signs.times(part.signs.power(e));
                    all.integer &= part.integer && e.is_integer() && !e.is_negative();
                    all.zip(&part, |a, b| a.mul(raise(b, e)));
                }
                all.closed()
            }
            Form::Call(op, ids) => {
                let args: Vec<Facts> = ids.iter().map(|&id| get(id)).collect();
                let ranges: Vec<Interval> = args.iter().map(|a| a.range).collect();
                let samples = std::array::from_fn(|k| {
                    let points: Vec<Interval> = args.iter().map(|a| a.samples[k]).collect();
                    op.enclosure(&points)
                });
                let numbers: Option<Vec<&Number>> =
                    args.iter().map(|a| a.constant.as_ref()).collect();
                let constant = numbers.filter(|n| !n.is_empty()).and_then(|n| (op.row().exact)(&n));
                let range = op.enclosure(&ranges);
                let integer = match op {
                    Op::Floor | Op::Ceil | Op::Round | Op::Sign => true,
                    Op::Min | Op::Max => args.iter().all(|a| a.integer),
                    Op::Abs => args[0].integer,
                    _ => op.is_truth(),
                };
                let signs = match op {
                    // exp never reaches zero although its enclosure does.
                    Op::Exp => Signs::POSITIVE,
                    // Nor does a power of a positive base.
                    Op::Pow if args[0].signs == Signs::POSITIVE => Signs::POSITIVE,
                    Op::Abs => Signs::of(range).both(args[0].signs.power(&2.into())),
                    _ => Signs::of(range),
                };
                Facts { constant, range, signs, integer, samples }
            }
            Form::Apply(f, ids) => {
                let function = &self.functions[f.0 as usize];
                let total = function.total && ids.iter().all(|&id| get(id).total());
                let defined = if total { Defined::Always } else { Defined::Sometimes };
                let range = Interval { defined, ..function.range.unwrap_or(Interval::ALL) };
                Facts {
                    constant: None,
                    range,
                    signs: Signs::of(range),
                    integer: false,
                    samples: [range; POINTS],
                }
            }
            Form::Reduce(_, _, _, ids) => {
                let body = get(ids[0]);
                let range = Interval { defined: body.range.defined, ..Interval::ALL };
                let signs = if body.signs.nonnegative() {
                    Signs(Signs::ZERO.0 | Signs::POSITIVE.0)
                } else {
                    Signs::ANY
                };
                Facts {
                    constant: None,
                    range,
                    signs,
                    integer: body.integer,
                    samples: [range; POINTS],
                }
            }
        }
    }
}

impl Facts {
    fn zip(&mut self, other: &Facts, f: impl Fn(Interval, Interval) -> Interval) {
        self.range = f(self.range, other.range);
        for (a, b) in self.samples.iter_mut().zip(&other.samples) {
            *a = f(*a, *b);
        }
    }

    /// Brings constant, sign and range into line with each other.
    fn closed(mut self) -> Facts {
        self.signs = self.signs.both(Signs::of(self.range));
        if let Some(n) = &self.constant {
            let mut facts = Facts { samples: self.samples, ..Facts::number(n) };
            facts.range.defined = self.range.defined;
            return facts;
        }
        if self.signs.nonnegative() {
            self.range.lo = self.range.lo.max(0.0);
        }
        if self.signs.nonpositive() {
            self.range.hi = self.range.hi.min(0.0);
        }
        self
    }
}

/// The enclosure of a power with an exact exponent.
pub fn raise(base: Interval, exponent: &Number) -> Interval {
    match exponent.small() {
        Some((1, 1)) => base,
        Some((1, 2)) => base.sqrt(),
        Some((n, 1)) => base.powi(n),
        _ if exponent.is_integer() => base.pow(Interval::around(exponent.to_f64())),
        _ => base.pow_fraction(exponent.to_f64()),
    }
}

impl Analysis<Form> for Knowledge {
    type Data = Facts;

    fn make(egraph: &mut Graph, node: &Form, _id: Id) -> Facts {
        egraph.analysis.make_facts(node, |id| egraph[id].data.clone())
    }

    fn merge(&mut self, a: &mut Facts, b: Facts) -> DidMerge {
        match a.meet(&b) {
            // Facts only ever shrink, so both sides may have changed when the first has.
            Ok(changed) => DidMerge(changed, *a != b),
            Err(()) => {
                self.conflict = Some(Conflict);
                DidMerge(false, false)
            }
        }
    }

    fn modify(egraph: &mut Graph, id: Id) {
        let Some(n) = egraph[id].data.constant.clone() else {
            return;
        };
        let total = egraph[id].data.total();
        let known = egraph[id].nodes.iter().any(|node| matches!(node, Form::Number(_)));
        // A constant value with a smaller domain, such as 0*log(x), is not the number itself.
        if total && !known && egraph.analysis.conflict.is_none() {
            let number = egraph.add(Form::Number(n));
            egraph.union(id, number);
        }
    }
}
