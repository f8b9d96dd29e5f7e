//! Patterns compiled to a flat program, so that thousands of points cost little each.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::rewrite::pattern::Pattern;
use crate::term::evaluate::Algebra;
use crate::term::{Number, Op};

/// One step: what it computes from the results of earlier steps.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Step {
    Number(Number),
    Variable(usize),
    Add(usize, usize),
    Mul(usize, usize),
    Power(usize, Number),
    Call(Op, SmallVec<[usize; 3]>),
}

/// Several patterns as one program; what they share is computed once.
#[derive(Clone, Debug, Default)]
pub struct Program {
    steps: Vec<Step>,
    known: FxHashMap<Step, usize>,
    results: Vec<usize>,
}

/// The numbers of a program in some algebra, and room for the results of its steps.
pub struct Run<V> {
    values: Vec<V>,
}

impl Program {
    /// The program of patterns.
    pub fn of(patterns: &[&Pattern]) -> Program {
        let mut program = Program::default();
        for pattern in patterns {
            let result = program.pattern(pattern);
            program.results.push(result);
        }
        program
    }

    fn push(&mut self, step: Step) -> usize {
        let next = self.steps.len();
        let at = *self.known.entry(step.clone()).or_insert(next);
        if at == next {
            self.steps.push(step);
        }
        at
    }

    fn pattern(&mut self, pattern: &Pattern) -> usize {
        match pattern {
            Pattern::Variable(v) => self.push(Step::Variable(*v)),
            Pattern::Number(n) => self.push(Step::Number(n.clone())),
            Pattern::Sum(constant, parts) => {
                let mut total =
                    (!constant.is_zero()).then(|| self.push(Step::Number(constant.clone())));
                for (c, part) in parts {
                    let mut part = self.pattern(part);
                    if !c.is_one() {
                        let c = self.push(Step::Number(c.clone()));
                        part = self.push(Step::Mul(c, part));
                    }
                    total = Some(match total {
                        Some(sum) => self.push(Step::Add(sum, part)),
                        None => part,
                    });
                }
                total.unwrap_or_else(|| self.push(Step::Number(Number::ZERO)))
            }
            Pattern::Product(parts) => {
                let mut total = None;
                for (part, e) in parts {
                    let mut part = self.pattern(part);
                    if !e.is_one() {
                        part = self.push(Step::Power(part, e.clone()));
                    }
                    total = Some(match total {
                        Some(product) => self.push(Step::Mul(product, part)),
                        None => part,
                    });
                }
                total.unwrap_or_else(|| self.push(Step::Number(Number::ONE)))
            }
            Pattern::Call(op, args) => {
                let args = args.iter().map(|p| self.pattern(p)).collect();
                self.push(Step::Call(*op, args))
            }
            Pattern::Apply(..) => unreachable!("rules know no registered functions"),
        }
    }

    /// Whether every step gives a rational number for rational numbers.
    pub fn is_rational(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Power(_, e) => e.is_integer(),
            Step::Call(op, _) => matches!(
                op,
                Op::Abs
                    | Op::Sign
                    | Op::Floor
                    | Op::Ceil
                    | Op::Round
                    | Op::Min
                    | Op::Max
                    | Op::Less
                    | Op::LessEqual
                    | Op::Equal
                    | Op::And
                    | Op::Or
                    | Op::Not
                    | Op::If
            ),
            _ => true,
        })
    }

    /// Prepares the numbers of the program for an algebra.
    pub fn start<A: Algebra>(&self, algebra: &mut A) -> Run<A::Value> {
        let zero = algebra.number(&Number::ZERO);
        let values = self.steps.iter().map(|step| match step {
            Step::Number(n) => algebra.number(n),
            _ => zero.clone(),
        });
        Run { values: values.collect() }
    }

    /// The values of the patterns at a point.
    pub fn evaluate<A: Algebra, const N: usize>(
        &self,
        algebra: &mut A,
        run: &mut Run<A::Value>,
        point: &[A::Value],
    ) -> [A::Value; N] {
        for (k, step) in self.steps.iter().enumerate() {
            let at = |i: &usize| run.values[*i].clone();
            run.values[k] = match step {
                Step::Number(_) => continue,
                Step::Variable(v) => point[*v].clone(),
                Step::Add(a, b) => algebra.add(at(a), at(b)),
                Step::Mul(a, b) => algebra.mul(at(a), at(b)),
                Step::Power(a, e) => algebra.power(at(a), e),
                Step::Call(op, args) => {
                    let args: SmallVec<[A::Value; 3]> = args.iter().map(at).collect();
                    algebra.call(*op, &args)
                }
            };
        }
        std::array::from_fn(|k| run.values[self.results[k]].clone())
    }
}
