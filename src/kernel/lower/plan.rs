//! Orders of evaluation: balanced sums, shared powers, one division for each product.

use super::Lowering;
use super::survey;
use crate::term::{FunctionId, Node, Number, Op, Term};

/// One step of lowering; operands are passed on a stack.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Pushes the value of a term.
    Term(Term),
    /// Pushes a constant.
    Constant(f64),
    /// Replaces the arguments on the stack by the result.
    Call(Op),
    /// Replaces `a, b` by `b - a`.
    ReversedSub,
    /// Replaces `a` by `a * a`.
    Square,
    /// Calls a registered function with so many arguments.
    Apply(FunctionId, usize),
    /// Notes that the top of the stack is the value of the term.
    Remember(Term),
    /// Ends the loop of a reduction and of those that share it: the position of the cluster.
    Accumulate(usize),
}

/// The largest integer power computed by multiplications; dearer ones call `pow`.
pub const LARGEST_POWER: i64 = 64;

/// A summand: a term with the magnitude of its coefficient, or a constant.
#[derive(Clone)]
struct Leaf {
    negative: bool,
    magnitude: f64,
    term: Option<Term>,
}

impl Leaf {
    /// Whether its sign can be had by changing a constant.
    fn is_scaled(&self) -> bool {
        self.term.is_none() || self.magnitude != 1.0
    }
}

/// What a product is made of on one side of its division.
#[derive(Default)]
struct Side {
    powers: Vec<(Term, i64)>,
    /// Factors with a task list of their own: roots and general powers.
    others: Vec<(Term, Vec<Task>)>,
}

impl Side {
    fn is_empty(&self) -> bool {
        self.powers.is_empty() && self.others.is_empty()
    }
}

impl Lowering<'_> {
    /// `constant + Σ coefficient · term`: per loop level a balanced tree, negative parts
    /// subtracted.
    pub(super) fn plan_sum(
        &self,
        constant: &Number,
        terms: &[(Number, Term)],
        plan: &mut Vec<Task>,
    ) {
        let mut leaves: Vec<(usize, Leaf)> = terms
            .iter()
            .map(|(c, t)| {
                let leaf =
                    Leaf { negative: c.is_negative(), magnitude: c.abs().to_f64(), term: Some(*t) };
                (self.level(*t), leaf)
            })
            .collect();
        if !constant.is_zero() || leaves.is_empty() {
            let leaf = Leaf {
                negative: constant.is_negative(),
                magnitude: constant.abs().to_f64(),
                term: None,
            };
            leaves.push((0, leaf));
        }
        // The constant before all: the product of a negative coefficient is shared with nobody.
        if leaves.iter().all(|(_, leaf)| leaf.negative)
            && let Some((_, leaf)) = leaves
                .iter_mut()
                .filter(|(_, leaf)| leaf.is_scaled())
                .min_by_key(|(_, leaf)| leaf.term.is_some())
        {
            leaf.negative = false;
            leaf.magnitude = -leaf.magnitude;
        }
        // What does not change in the inner loops is summed apart, outside of them.
        leaves.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
        let mut negative = None;
        for group in leaves.chunk_by(|a, b| a.0 == b.0) {
            let leaves: Vec<Leaf> = group.iter().map(|(_, leaf)| leaf.clone()).collect();
            let right = self.plan_tree(&leaves, plan);
            negative = Some(match negative {
                None => right,
                Some(left) => combine(left, right, plan),
            });
        }
        if negative == Some(true) {
            plan.push(Task::Call(Op::Neg));
        }
    }

    /// A balanced sum; whether what it leaves on the stack is the negative of the sum.
    fn plan_tree(&self, leaves: &[Leaf], plan: &mut Vec<Task>) -> bool {
        let (left, right) = match leaves {
            [] => unreachable!("a sum has parts"),
            [leaf] => {
                self.plan_leaf(leaf, plan);
                return leaf.negative;
            }
            _ => leaves.split_at(leaves.len().div_ceil(2)),
        };
        if self.options.fma {
            for (product, rest) in [(right, left), (left, right)] {
                if let [leaf] = product
                    && let Some(negative) = self.plan_fused(leaf, rest, plan)
                {
                    return negative;
                }
            }
        }
        let left = self.plan_tree(left, plan);
        let right = self.plan_tree(right, plan);
        combine(left, right, plan)
    }

    /// `leaf + rest` as one fused operation, when the leaf is a product nobody else needs.
    fn plan_fused(&self, leaf: &Leaf, rest: &[Leaf], plan: &mut Vec<Task>) -> Option<bool> {
        let term = leaf.term?;
        // A sum comes out negated when all its parts are negative.
        let negative = rest.iter().all(|leaf| leaf.negative);
        if leaf.magnitude != 1.0 {
            let sign = if leaf.negative == negative { 1.0 } else { -1.0 };
            plan.extend([Task::Constant(sign * leaf.magnitude), Task::Term(term)]);
        } else if let Node::Product(factors) = self.graph.node(term)
            && let [(a, first), (b, second)] = &**factors
            && first.is_one()
            && second.is_one()
            && leaf.negative == negative
            && self.survey.is_used_once(term)
        {
            plan.extend([Task::Term(*a), Task::Term(*b)]);
        } else {
            return None;
        }
        self.plan_tree(rest, plan);
        plan.push(Task::Call(Op::Fma));
        Some(negative)
    }

    fn plan_leaf(&self, leaf: &Leaf, plan: &mut Vec<Task>) {
        let Some(term) = leaf.term else {
            plan.push(Task::Constant(leaf.magnitude));
            return;
        };
        if leaf.magnitude == 1.0 {
            plan.push(Task::Term(term));
            return;
        }
        plan.push(Task::Constant(leaf.magnitude));
        // A constant over something is one division.
        if let Node::Product(factors) = self.graph.node(term)
            && factors.iter().all(|(_, e)| e.is_negative())
            && self.survey.is_used_once(term)
            && let (numerator, denominator) = self.sides(factors)
            && numerator.is_empty()
            && !self.inverts(factors)
        {
            self.plan_side(denominator, plan);
            plan.push(Task::Call(Op::Div));
            return;
        }
        plan.extend([Task::Term(term), Task::Call(Op::Mul)]);
    }

    /// `Π base ^ exponent`: powers by shared squaring, negative exponents in one division.
    pub(super) fn plan_product(&self, factors: &[(Term, Number)], plan: &mut Vec<Task>) {
        let (numerator, denominator) = self.sides(factors);
        if denominator.is_empty() {
            return self.plan_side(numerator, plan);
        }
        if numerator.is_empty() {
            plan.push(Task::Constant(1.0));
            self.plan_side(denominator, plan);
            plan.push(Task::Call(Op::Div));
        } else if self.inverts(factors) {
            self.plan_side(numerator, plan);
            plan.push(Task::Constant(1.0));
            self.plan_side(denominator, plan);
            plan.extend([Task::Call(Op::Div), Task::Call(Op::Mul)]);
        } else {
            self.plan_side(numerator, plan);
            self.plan_side(denominator, plan);
            plan.push(Task::Call(Op::Div));
        }
    }

    /// Whether a product multiplies by the inverse of its divisor instead of dividing.
    fn inverts(&self, factors: &[(Term, Number)]) -> bool {
        let level = |parts: &mut dyn Iterator<Item = &(Term, Number)>| {
            parts.map(|(t, _)| self.level(*t)).max().unwrap_or(0)
        };
        let divisor = survey::divisor(factors);
        self.options.reciprocals
            && (self.survey.is_shared(&divisor)
                || level(&mut divisor.iter()) < level(&mut factors.iter()))
    }

    /// The numerator and the denominator of a product.
    fn sides(&self, factors: &[(Term, Number)]) -> (Side, Side) {
        let (mut numerator, mut denominator) = (Side::default(), Side::default());
        for (base, exponent) in factors {
            let side = if exponent.is_negative() { &mut denominator } else { &mut numerator };
            match exponent.abs().small() {
                Some((0, _)) => {}
                Some((n, 1)) if n <= LARGEST_POWER => side.powers.push((*base, n)),
                Some((n, 2)) if n <= LARGEST_POWER => {
                    let root = vec![Task::Term(*base), Task::Call(Op::Sqrt)];
                    side.others.push((*base, root));
                    if n > 1 {
                        side.powers.push((*base, n / 2));
                    }
                }
                _ => {
                    let exponent = Task::Constant(exponent.to_f64());
                    let power = vec![Task::Term(*base), exponent, Task::Call(Op::Pow)];
                    numerator.others.push((*base, power));
                }
            }
        }
        (numerator, denominator)
    }

    /// The product of one side, or 1; factors of outer loops are multiplied apart.
    fn plan_side(&self, side: Side, plan: &mut Vec<Task>) {
        let powers = side.powers.into_iter().map(|(t, n)| (t, Ok(n)));
        let others = side.others.into_iter().map(|(t, tasks)| (t, Err(tasks)));
        let mut parts: Vec<(usize, Term, Result<i64, Vec<Task>>)> =
            powers.chain(others).map(|(t, part)| (self.level(t), t, part)).collect();
        if parts.is_empty() {
            plan.push(Task::Constant(1.0));
        }
        parts.sort_by_key(|(level, ..)| std::cmp::Reverse(*level));
        let mut first = true;
        for group in parts.chunk_by(|a, b| a.0 == b.0) {
            let powers: Vec<(Term, i64)> = group
                .iter()
                .filter_map(|(_, t, part)| part.as_ref().ok().map(|&n| (*t, n)))
                .collect();
            if !powers.is_empty() {
                plan_powers(&powers, plan);
                multiply_unless(&mut first, plan);
            }
            for tasks in group.iter().filter_map(|(.., part)| part.as_ref().err()) {
                plan.extend(tasks);
                multiply_unless(&mut first, plan);
            }
        }
    }

    /// The loop level of a term; unbound indices are reported where the term is lowered.
    fn level(&self, term: Term) -> usize {
        self.builder.level(term).unwrap_or(0)
    }
}

/// Adds or subtracts two partial sums; whether the result is negated.
fn combine(left_negative: bool, right_negative: bool, plan: &mut Vec<Task>) -> bool {
    plan.push(match (left_negative, right_negative) {
        (false, true) => Task::Call(Op::Sub),
        (true, false) => Task::ReversedSub,
        (false, false) | (true, true) => Task::Call(Op::Add),
    });
    left_negative && right_negative
}

fn multiply_unless(first: &mut bool, plan: &mut Vec<Task>) {
    if !std::mem::take(first) {
        plan.push(Task::Call(Op::Mul));
    }
}

/// `Π base ^ n` for positive integers by squaring the common part: `x²y² = (xy)²`.
fn plan_powers(powers: &[(Term, i64)], plan: &mut Vec<Task>) {
    let largest = powers.iter().map(|&(_, n)| n).max().unwrap_or(1);
    let mut started = false;
    for bit in (0..=largest.ilog2()).rev() {
        if started {
            plan.push(Task::Square);
        }
        let bases: Vec<Term> =
            powers.iter().filter(|&&(_, n)| n >> bit & 1 == 1).map(|&(t, _)| t).collect();
        if !bases.is_empty() {
            plan_balanced_product(&bases, plan);
            if started {
                plan.push(Task::Call(Op::Mul));
            }
            started = true;
        }
    }
}

fn plan_balanced_product(bases: &[Term], plan: &mut Vec<Task>) {
    if let [base] = bases {
        plan.push(Task::Term(*base));
        return;
    }
    let (left, right) = bases.split_at(bases.len().div_ceil(2));
    plan_balanced_product(left, plan);
    plan_balanced_product(right, plan);
    plan.push(Task::Call(Op::Mul));
}
