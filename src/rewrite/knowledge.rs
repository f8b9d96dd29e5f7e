//! How facts follow from the facts of arguments, and how the e-graph carries them.
//!
//! Every merge in the e-graph is exact: both sides have the same domain and the same value on it.
//! Facts of merged classes are therefore intersected; when nothing is left the merge was wrong,
//! and the conflict makes the caller return its input.

use egg::{Analysis, DidMerge, EGraph, Id};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::facts::{Facts, odd, raise};
use super::language::Form;
use super::signs::Signs;
use super::trace::{Event, Sketch};
use crate::term::interval::Defined;
use crate::term::{Function, Interval, Number, Op, Term};

/// The facts of a node whose arguments have the given facts; `leaf` answers for leaves.
///
/// With `sampled` false the values at sample points are left out, which the classical rewriter
/// does not need.
pub fn facts_of<'f>(
    node: &Form,
    functions: &[Function],
    sampled: bool,
    leaf: impl Fn(Term) -> Facts,
    get: impl Fn(Id) -> &'f Facts,
) -> Facts {
    match node {
        Form::Leaf(t) => leaf(*t),
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
                let step = match odd(c) {
                    Some(false) if part.integer => Some(false),
                    Some(true) => part.odd,
                    _ => None,
                };
                all.odd = all.odd.zip(step).map(|(a, b)| a != b);
                let [low, high] = part.open;
                let open = match c.is_zero() {
                    // Where the part has a value, nothing of it is left.
                    true => [false; 2],
                    false if c.is_negative() => [high, low],
                    false => [low, high],
                };
                all.open = [all.open[0] || open[0], all.open[1] || open[1]];
                let c = c.enclosure();
                all.range = all.range.add(c.mul(part.range));
                if sampled {
                    for (a, b) in all.samples.iter_mut().zip(&part.samples) {
                        *a = a.add(c.mul(*b));
                    }
                }
            }
            all.close();
            all
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
                all.odd = match (all.odd, part.odd) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), odd) => odd,
                    (None, _) => None,
                };
                let mut range = raise(part.range, e);
                // The range may touch zero although the value does not.
                let safe = part.total() && part.signs.nonzero();
                if safe && (e.is_integer() || part.signs.nonnegative()) {
                    range.defined = Defined::Always;
                }
                all.range = all.range.mul(range);
                if sampled {
                    for (a, b) in all.samples.iter_mut().zip(&part.samples) {
                        *a = a.mul(raise(*b, e));
                    }
                }
            }
            all.odd = all.odd.filter(|_| all.integer);
            all.open = [false; 2];
            all.close();
            all
        }
        Form::Call(op, ids) => {
            let args: SmallVec<[&Facts; 3]> = ids.iter().map(|&id| get(id)).collect();
            call(*op, &args, sampled)
        }
        Form::Apply(f, ids) => {
            let function = &functions[f.0 as usize];
            let total = function.total && ids.iter().all(|&id| get(id).total());
            let defined = if total { Defined::Always } else { Defined::Sometimes };
            Facts::within(Interval { defined, ..function.range.unwrap_or(Interval::ALL) })
        }
        Form::Reduce(_, _, _, ids) => {
            let body = get(ids[0]);
            let mut all = Facts::within(Interval { defined: body.range.defined, ..Interval::ALL });
            all.integer = body.integer;
            if body.signs.nonnegative() {
                all.signs = Signs::NONNEGATIVE;
                all.close();
            }
            all
        }
    }
}

/// The facts of an operation of the table.
fn call(op: Op, args: &[&Facts], sampled: bool) -> Facts {
    let ranges: SmallVec<[Interval; 3]> = args.iter().map(|a| a.range).collect();
    let mut facts = Facts::within(op.enclosure(&ranges));
    if sampled {
        facts.samples = std::array::from_fn(|k| {
            let points: SmallVec<[Interval; 3]> = args.iter().map(|a| a.samples[k]).collect();
            op.enclosure(&points)
        });
    }
    if facts.range.defined == Defined::Sometimes && args.iter().all(|a| a.total()) {
        // Edges of domains are doubles: a bound that is no value may lie on one.
        let inside: SmallVec<[Interval; 3]> = args.iter().map(|a| inside(a)).collect();
        facts.range.defined = op.enclosure(&inside).defined;
    }
    let numbers: Option<SmallVec<[&Number; 3]>> =
        args.iter().map(|a| a.constant.as_ref()).collect();
    facts.constant = numbers.filter(|n| !n.is_empty()).and_then(|n| (op.row().exact)(&n));
    facts.integer = match op {
        Op::Floor | Op::Ceil | Op::Round | Op::Sign => true,
        Op::Min | Op::Max => args.iter().all(|a| a.integer),
        Op::If => args[1].integer && args[2].integer,
        Op::Abs => args[0].integer,
        Op::Pow => {
            let unit = args[0].constant.as_ref().is_some_and(Number::is_unit);
            args[1].integer && (unit || (args[0].integer && args[1].signs.nonnegative()))
        }
        _ => op.is_truth(),
    };
    facts.odd = match op {
        Op::Abs => args[0].odd,
        Op::Pow if args[0].odd == Some(true) && facts.integer => Some(true),
        _ => None,
    };
    match op {
        // exp never reaches zero although its enclosure does.
        Op::Exp => facts.signs = Signs::POSITIVE,
        // Nor does a power of a positive base.
        Op::Pow if args[0].signs == Signs::POSITIVE => facts.signs = Signs::POSITIVE,
        Op::Abs => facts.signs = facts.signs.both(args[0].signs.power(&2.into())),
        Op::If => {
            facts.signs = args[1].signs.or(args[2].signs);
        }
        _ => {}
    }
    if op.row().increasing {
        image(op, args[0], &mut facts);
    }
    facts.close();
    facts
}

/// The range without bounds that are no values.
fn inside(facts: &Facts) -> Interval {
    let Interval { lo, hi, defined } = facts.range;
    Interval {
        lo: if facts.open[0] { lo.next_up() } else { lo },
        hi: if facts.open[1] { hi.next_down() } else { hi },
        defined,
    }
}

/// Bounds of an increasing function where they are known exactly: `exp(x) > 1` for `x > 0`.
fn image(op: Op, arg: &Facts, facts: &mut Facts) {
    let exact = |x: f64| {
        let n =
            (x.is_finite() && x == x.trunc() && x.abs() < 1e9).then(|| Number::from(x as i64))?;
        let value = (op.row().exact)(&[&n])?;
        value.is_integer().then(|| value.to_f64())
    };
    if let Some(lo) = exact(arg.range.lo) {
        (facts.range.lo, facts.open[0]) = (lo, arg.open[0]);
    }
    if let Some(hi) = exact(arg.range.hi) {
        (facts.range.hi, facts.open[1]) = (hi, arg.open[1]);
    }
}

/// The analysis: knows the leaves and the functions, and remembers a conflict.
pub struct Knowledge {
    /// Facts of the leaves.
    pub leaves: FxHashMap<Term, Facts>,
    /// The registered functions, by id.
    pub functions: Vec<Function>,
    /// Whether a merge contradicted the facts: some rule is wrong.
    pub conflict: bool,
    /// The equations behind the merges, when they are asked for.
    pub trace: Option<Vec<Event>>,
}

/// The e-graph of this crate.
pub type Classes = EGraph<Form, Knowledge>;

impl Analysis<Form> for Knowledge {
    type Data = Facts;

    fn make(egraph: &mut Classes, node: &Form, _id: Id) -> Facts {
        let knowledge = &egraph.analysis;
        let leaf = |t: Term| knowledge.leaves[&t].clone();
        facts_of(node, &knowledge.functions, true, leaf, |id| &egraph[id].data)
    }

    fn merge(&mut self, a: &mut Facts, b: Facts) -> DidMerge {
        let before = a.clone();
        match a.meet(&b) {
            // Facts only ever shrink, so both sides may have changed when the first has.
            Ok(()) => DidMerge(*a != before, *a != b),
            Err(_) => {
                self.conflict = true;
                DidMerge(false, false)
            }
        }
    }

    fn modify(egraph: &mut Classes, id: Id) {
        let class = &egraph[id];
        let Some(n) = &class.data.constant else {
            return;
        };
        let known = class.nodes.iter().any(|node| matches!(node, Form::Number(_)));
        // A constant value with a smaller domain, such as 0*log(x), is not the number itself.
        if class.data.total() && !known && !egraph.analysis.conflict {
            let n = n.clone();
            if egraph.analysis.trace.is_some() {
                let event = constant(egraph, id, &n);
                egraph.analysis.trace.iter_mut().for_each(|t| t.extend(event.clone()));
            }
            let number = egraph.add(Form::Number(n));
            egraph.union(id, number);
        }
    }
}

/// Why a class has one value: a node whose arguments, numbers where they are constant, leave no
/// other.
fn constant(classes: &Classes, id: Id, n: &Number) -> Option<Event> {
    let functions = &classes.analysis.functions;
    let leaf = |t: Term| classes.analysis.leaves[&t].clone();
    let node = classes[id].nodes.iter().find(|node| {
        let facts = facts_of(node, functions, false, leaf, |id| &classes[id].data);
        facts.constant.as_ref() == Some(n) && facts.total()
    })?;
    let numbers = egg::Language::children(node)
        .iter()
        .filter_map(|&c| Some((c, Sketch::Number(classes[c].data.constant.clone()?))))
        .collect();
    Some(Event::Constant(Sketch::form(node).opened(&numbers), n.clone()))
}
