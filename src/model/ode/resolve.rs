//! Families without wrapped or conditional indices: their ranges are split until every index is
//! in range and every condition on indices is decided.
//!
//! Inside a box of index values a periodic neighbour is either wrapped everywhere or nowhere, and
//! `if(i > 1, x[i-1], left)` takes one branch everywhere; where it does not, the box is cut in
//! two and tried again. A family over a ring ends as one large box and a few small ones.

use rustc_hash::FxHashMap;

use crate::calculus::{Equation, IndexRange};
use crate::model::system::Axis;
use crate::term::visit::reachable;
use crate::term::{Affine, Binder, Graph, Node, Number, Op, Symbol, Term};

/// The longest reduction that is written out when its range cannot be split.
pub const UNROLLED: i64 = 16;

/// The most boxes that one family may be split into.
pub const BOXES: usize = 4096;

/// The deepest nesting of families and reductions.
const LEVELS: usize = 16;

/// Why a family could not be resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// An index outside its array.
    OutOfRange {
        /// The element as written.
        leaf: Term,
        /// Its array.
        array: String,
        /// Position of the index, from 0.
        dimension: usize,
        /// The value of the index.
        value: i64,
        /// Values of the family's indices, by level.
        at: Vec<i64>,
    },
    /// A condition or a wrapped index that depends on several indices.
    SeveralIndices,
    /// More boxes than [`BOXES`].
    TooManyBoxes,
    /// More nested indices than are supported.
    TooDeep,
}

/// What a binder stands for inside a box.
#[derive(Clone, Copy)]
enum Index {
    Constant(i64),
    Range(IndexRange),
}

/// Why a box has to be tried differently.
enum Halt {
    /// Cut the range of this binder: `at` starts the upper part.
    Cut {
        binder: Binder,
        at: i64,
    },
    /// Write this reduction out.
    Unroll(Binder),
    Fatal(Problem),
}

/// The arrays of a model with their dimensions.
pub type Arrays = FxHashMap<Symbol, Vec<Axis>>;

/// Splits a family into equations whose indices are all in range.
///
/// The indices of the family are binders 0, 1, … in the order of `ranges`; `row` is the place of
/// a member. Boxes of a single index value become constants.
///
/// # Errors
/// The first [`Problem`] in the order of the ranges.
pub fn resolve(
    graph: &mut Graph,
    arrays: &Arrays,
    ranges: &[IndexRange],
    row: &Affine,
    value: Term,
) -> Result<Vec<Equation>, Problem> {
    let indexed = |t: &Term| {
        matches!(graph.node(*t), Node::Element(..) | Node::Index(_) | Node::Reduce { .. })
    };
    if ranges.is_empty() && !reachable(graph, &[value]).iter().any(indexed) {
        return Ok(vec![Equation { ranges: Vec::new(), row: row.clone(), value }]);
    }
    let mut pending: Vec<Vec<IndexRange>> = vec![ranges.to_vec()];
    let mut equations = Vec::new();
    while let Some(part) = pending.pop() {
        if part.iter().any(IndexRange::is_empty) {
            continue;
        }
        if equations.len() + pending.len() >= BOXES {
            return Err(Problem::TooManyBoxes);
        }
        // A condition on several indices is left to run time; only where an index would leave its
        // array must it be decided before.
        let mut image = None;
        for defer in [true, false] {
            let indices = part.iter().map(|&r| (r.binder, constant_or(r))).collect();
            let mut resolver = Resolver { graph, arrays, indices, family: part.len(), defer };
            image = Some(resolver.term(value).map(|value| (resolver.affine(row), value)));
            if !matches!(image, Some(Err(Halt::Fatal(Problem::OutOfRange { .. })))) {
                break;
            }
        }
        match image.expect("an attempt") {
            Ok((row, value)) => {
                equations.push(Equation {
                    ranges: part.into_iter().filter(|r| r.len() > 1).collect(),
                    row,
                    value,
                });
            }
            Err(Halt::Cut { binder, at }) => {
                let (mut low, mut high) = (part.clone(), part);
                for range in &mut low {
                    if range.binder == binder {
                        range.to = at - 1;
                    }
                }
                for range in &mut high {
                    if range.binder == binder {
                        range.from = at;
                    }
                }
                // The lower part is next, so that boxes come out in the order of the indices.
                pending.push(high);
                pending.push(low);
            }
            Err(Halt::Unroll(_)) => return Err(Problem::SeveralIndices),
            Err(Halt::Fatal(problem)) => return Err(problem),
        }
    }
    Ok(equations)
}

/// The least index that is on the other side of `bound` than those below it: where
/// `factor*index + offset` reaches `bound` if it grows, and has fallen below it if it falls.
pub fn boundary(factor: i64, offset: i64, bound: i64) -> i64 {
    let distance = bound - offset;
    match factor > 0 {
        true => -(-distance).div_euclid(factor),
        false => (-distance).div_euclid(-factor) + 1,
    }
}

fn constant_or(range: IndexRange) -> Index {
    if range.from == range.to { Index::Constant(range.from) } else { Index::Range(range) }
}

struct Resolver<'a> {
    graph: &'a mut Graph,
    arrays: &'a Arrays,
    /// Written binders with what they stand for, innermost last; resolved binders are numbered
    /// by their place here.
    indices: Vec<(Binder, Index)>,
    /// How many of the indices are those of the family.
    family: usize,
    /// Whether conditions on several indices are kept.
    defer: bool,
}

impl Resolver<'_> {
    fn bind(&mut self, binder: Binder, index: Index) {
        self.indices.push((binder, index));
    }

    /// The resolved form of a term at the current indices, with a stack of its own.
    fn term(&mut self, root: Term) -> Result<Term, Halt> {
        let mut done: FxHashMap<Term, Term> = FxHashMap::default();
        let mut stack = vec![root];
        while let Some(&term) = stack.last() {
            if done.contains_key(&term) {
                stack.pop();
                continue;
            }
            let node = self.graph.node(term).clone();
            let mut missing: Vec<Term> = Vec::new();
            match &node {
                Node::Reduce { .. } => {}
                // Only the branch that is taken has to make sense.
                Node::Call(Op::If, args) => match done.get(&args[0]) {
                    None => missing.push(args[0]),
                    Some(&condition) => {
                        let taken = match self.graph.as_number(condition) {
                            Some(n) if n.is_zero() => &args[2..],
                            Some(_) => &args[1..2],
                            None => &args[1..],
                        };
                        missing.extend(taken.iter().filter(|t| !done.contains_key(t)));
                    }
                },
                _ => self.graph.each_argument(&node, |t| {
                    if !done.contains_key(&t) {
                        missing.push(t);
                    }
                }),
            }
            if missing.is_empty() {
                let image = self.node(term, &node, &done)?;
                done.insert(term, image);
                stack.pop();
            } else {
                stack.append(&mut missing);
            }
        }
        Ok(done[&root])
    }

    fn node(
        &mut self,
        term: Term,
        node: &Node,
        done: &FxHashMap<Term, Term>,
    ) -> Result<Term, Halt> {
        let image = |t: &Term| done[t];
        Ok(match node {
            Node::Number(_) | Node::Symbol(_) => term,
            Node::Sum { constant, terms } => {
                let parts: Vec<(Number, Term)> =
                    terms.iter().map(|(c, t)| (c.clone(), image(t))).collect();
                self.graph.sum(constant.clone(), parts)
            }
            Node::Product(factors) => {
                let parts: Vec<(Term, Number)> =
                    factors.iter().map(|(t, e)| (image(t), e.clone())).collect();
                self.graph.product(parts)
            }
            Node::Call(Op::If, args) => {
                let condition = image(&args[0]);
                match self.graph.as_number(condition) {
                    Some(n) if n.is_zero() => image(&args[2]),
                    Some(_) => image(&args[1]),
                    None => {
                        let (a, b) = (image(&args[1]), image(&args[2]));
                        self.graph.call(Op::If, &[condition, a, b])
                    }
                }
            }
            Node::Call(op, args) => {
                let args: Vec<Term> = args.iter().map(image).collect();
                self.call(*op, &args)?
            }
            Node::Apply(f, args) => {
                let args: Vec<Term> = args.iter().map(image).collect();
                self.graph.apply(*f, &args)
            }
            Node::Index(affine) => {
                let affine = self.affine(affine);
                self.graph.index(affine)
            }
            Node::Element(array, indices) => self.element(term, *array, indices)?,
            &Node::Reduce { binder, from, to, body } => {
                self.reduce(IndexRange { binder, from, to }, body)?
            }
        })
    }

    /// An index expression in the current indices.
    fn affine(&self, affine: &Affine) -> Affine {
        let mut sum = Affine::constant(affine.offset);
        for &(binder, factor) in &affine.terms {
            let part = match self.index(binder) {
                Some(Index::Constant(value)) => Affine::constant(value),
                Some(Index::Range(range)) => Affine::binder(range.binder),
                None => Affine::binder(binder),
            };
            sum = sum.plus(factor, &part).unwrap_or(sum);
        }
        sum
    }

    fn index(&self, binder: Binder) -> Option<Index> {
        let found = self.indices.iter().rev().find(|(b, _)| *b == binder);
        found.map(|&(_, index)| index)
    }

    /// The range of a resolved binder.
    fn range(&self, binder: Binder) -> (i64, i64) {
        self.indices
            .iter()
            .find_map(|(_, index)| match index {
                Index::Range(r) if r.binder == binder => Some((r.from, r.to)),
                _ => None,
            })
            .unwrap_or((0, 0))
    }

    fn call(&mut self, op: Op, args: &[Term]) -> Result<Term, Halt> {
        if let (Op::Less | Op::LessEqual | Op::Equal, &[a, b]) = (op, args)
            && let (Some(a), Some(b)) = (self.as_affine(a), self.as_affine(b))
            && let Some(difference) = a.plus(-1, &b)
        {
            return match self.compare(op, &difference) {
                Ok(holds) => Ok(self.graph.number(Number::from(holds))),
                Err(_) if self.defer && difference.terms.len() > 1 => Ok(self.graph.call(op, args)),
                Err(halt) => Err(halt),
            };
        }
        // A decided part may decide the whole, whatever the other part is.
        if let (Op::And | Op::Or, &[a, b]) = (op, args) {
            let decisive = |n: &Number| n.is_zero() == (op == Op::And);
            for (one, other) in [(a, b), (b, a)] {
                if let Some(n) = self.graph.as_number(one) {
                    return Ok(if decisive(n) { one } else { other });
                }
            }
        }
        Ok(self.graph.call(op, args))
    }

    /// Whether `difference op 0` holds over the whole box.
    fn compare(&self, op: Op, difference: &Affine) -> Result<bool, Halt> {
        let (low, high) = difference.range(|b| self.range(b));
        match op {
            Op::Less if high < 0 => Ok(true),
            Op::Less if low >= 0 => Ok(false),
            Op::Less => Err(self.cut(difference, 0)),
            Op::LessEqual if high <= 0 => Ok(true),
            Op::LessEqual if low > 0 => Ok(false),
            Op::LessEqual => Err(self.cut(difference, 1)),
            _ if low == 0 && high == 0 => Ok(true),
            _ if low > 0 || high < 0 => Ok(false),
            _ if low < 0 => Err(self.cut(difference, 0)),
            _ => Err(self.cut(difference, 1)),
        }
    }

    /// The cut that separates the indices with `affine < bound` from the others, where both
    /// occur.
    fn cut(&self, affine: &Affine, bound: i64) -> Halt {
        let &[(binder, factor)] = &*affine.terms else {
            // With one index written out as constants, the others can be cut.
            let short = affine.terms.iter().rev().find(|(b, _)| {
                let (from, to) = self.range(*b);
                self.is_reduction(*b) && to - from < UNROLLED
            });
            return match short {
                Some(&(binder, _)) => Halt::Unroll(binder),
                None => Halt::Fatal(Problem::SeveralIndices),
            };
        };
        let at = boundary(factor, affine.offset, bound);
        Halt::Cut { binder, at }
    }

    fn is_reduction(&self, binder: Binder) -> bool {
        usize::from(binder.0) >= self.family
    }

    /// The integer value of an index expression, when the term is one.
    fn as_affine(&self, term: Term) -> Option<Affine> {
        let graph = &*self.graph;
        match graph.node(term) {
            Node::Number(n) => Some(Affine::constant(n.to_i64()?)),
            Node::Index(affine) => Some(affine.clone()),
            Node::Sum { constant, terms } => {
                let start = Affine::constant(constant.to_i64()?);
                terms.iter().try_fold(start, |sum, (c, t)| {
                    let Node::Index(affine) = graph.node(*t) else {
                        return None;
                    };
                    sum.plus(c.to_i64()?, affine)
                })
            }
            Node::Call(op @ (Op::Add | Op::Sub), args) => {
                let (a, b) = (self.as_affine(args[0])?, self.as_affine(args[1])?);
                a.plus(if *op == Op::Add { 1 } else { -1 }, &b)
            }
            Node::Call(Op::Neg, args) => Affine::constant(0).plus(-1, &self.as_affine(args[0])?),
            Node::Call(Op::Mul, args) => {
                let (a, b) = (self.as_affine(args[0])?, self.as_affine(args[1])?);
                match (a.as_constant(), b.as_constant()) {
                    (Some(k), _) => Affine::constant(0).plus(k, &b),
                    (_, Some(k)) => Affine::constant(0).plus(k, &a),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn element(&mut self, leaf: Term, array: Symbol, indices: &[Affine]) -> Result<Term, Halt> {
        let axes = self.arrays.get(&array).cloned().unwrap_or_default();
        let mut resolved: Vec<Affine> = Vec::with_capacity(indices.len());
        for (dimension, index) in indices.iter().enumerate() {
            let index = self.affine(index);
            let (low, high) = index.range(|b| self.range(b));
            resolved.push(match axes.get(dimension) {
                Some(axis) if axis.periodic && !axis.is_empty() => {
                    let turn = |i: i64| (i - axis.from).div_euclid(axis.len());
                    if turn(low) != turn(high) {
                        return Err(self.cut(&index, axis.from + (turn(low) + 1) * axis.len()));
                    }
                    let back = Affine::constant(turn(low) * axis.len());
                    index.plus(-1, &back).unwrap_or(index)
                }
                Some(axis) if low < axis.from || high > axis.to => {
                    let value = if low < axis.from { low } else { high };
                    return Err(Halt::Fatal(self.outside(leaf, array, dimension, value, &index)));
                }
                _ => index,
            });
        }
        let name = self.graph.name(array).to_owned();
        Ok(self.graph.element(&name, resolved))
    }

    /// The report on an index that takes a value outside of its array.
    fn outside(
        &self,
        leaf: Term,
        array: Symbol,
        dimension: usize,
        value: i64,
        index: &Affine,
    ) -> Problem {
        let (low, _) = index.range(|b| self.range(b));
        let smallest = value == low;
        let extreme = |binder: Binder| {
            let (from, to) = self.range(binder);
            if (index.factor(binder) >= 0) == smallest { from } else { to }
        };
        let at = self.indices.iter().map(|(_, index)| match index {
            Index::Constant(k) => *k,
            Index::Range(r) => extreme(r.binder),
        });
        Problem::OutOfRange {
            leaf,
            array: self.graph.name(array).to_owned(),
            dimension,
            value,
            at: at.collect(),
        }
    }

    /// A reduction over parts of its range, each of which is resolved.
    fn reduce(&mut self, range: IndexRange, body: Term) -> Result<Term, Halt> {
        let depth = self.indices.len();
        if depth >= LEVELS {
            return Err(Halt::Fatal(Problem::TooDeep));
        }
        let level = Binder(depth as u8);
        let mut pending = vec![(range.from, range.to)];
        let mut parts = Vec::new();
        while let Some((from, to)) = pending.pop() {
            if from > to {
                continue;
            }
            if parts.len() + pending.len() >= BOXES {
                return Err(Halt::Fatal(Problem::TooManyBoxes));
            }
            let part = IndexRange { binder: level, from, to };
            self.bind(range.binder, constant_or(part));
            let image = self.term(body);
            self.indices.truncate(depth);
            match image {
                Ok(image) if from == to => parts.push((Number::ONE, image)),
                Ok(image) => {
                    let sum = self.graph.reduce(level, from, to, image);
                    parts.push((Number::ONE, sum));
                }
                Err(Halt::Cut { binder, at }) if binder == level => {
                    pending.push((at, to));
                    pending.push((from, at - 1));
                }
                Err(Halt::Unroll(binder)) if binder == level => {
                    pending.extend((from..=to).rev().map(|j| (j, j)));
                }
                Err(halt) => return Err(halt),
            }
        }
        Ok(self.graph.sum(Number::ZERO, parts))
    }
}
