//! From terms to a tape: depth first, each value once, at the outermost loop that it needs.
//!
//! Lowering walks the graph with its own stack, so chains of any depth are fine. Outputs are
//! lowered one after the other, arguments just before their use, which keeps live ranges short.
//! A term is remembered in the innermost loop that binds one of its indices; an instruction is
//! placed in the innermost loop that one of its operands changes in. Both follow from what a
//! term contains, so moving invariant work out of loops needs no separate pass.

mod builder;
mod cluster;
mod plan;
mod survey;

use rustc_hash::FxHashMap;

use super::error::Error;
use super::signature::{Inputs, Layout, Meaning, Variable};
use super::tape::{Input, Operand, Slice, Tape};
use crate::term::{Affine, Binder, Graph, Node, Op, Symbol, Term};
use builder::Builder;
use cluster::Clusters;
pub use plan::LARGEST_POWER;
use plan::Task;
use survey::Survey;

/// One scalar result, or a family of results over ranges of bound indices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// Bound indices with their first and last values, outermost loop first; none for a scalar.
    ///
    /// An empty range means no results.
    pub ranges: Vec<(Binder, i64, i64)>,
    /// Index in the output buffer, affine in the bound indices.
    pub place: Affine,
    /// The value, whose free indices are the bound ones.
    pub value: Term,
}

impl Output {
    /// A scalar result at a place of the output buffer.
    pub fn scalar(place: i64, value: Term) -> Output {
        Output { ranges: Vec::new(), place: Affine::constant(place), value }
    }
}

/// Choices of lowering that change rounding, and limits.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether products are fused into the innermost additions of a sum.
    ///
    /// Backends compute a fused operation exactly; it is a slow call on a host that lacks it.
    pub fma: bool,
    /// Whether a divisor that several quotients share, or that does not change inside a loop,
    /// is inverted once and multiplied.
    pub reciprocals: bool,
    /// Whether reductions add every other term apart; see [`Loop::pairs`](super::Loop::pairs).
    pub pairs: bool,
    /// The most instructions and stores that a tape may have.
    pub instructions: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { fma: false, reciprocals: true, pairs: true, instructions: 1 << 22 }
    }
}

impl Options {
    /// Nothing that rounds otherwise than the terms say.
    pub fn exact() -> Options {
        Options { fma: false, reciprocals: false, pairs: false, ..Options::default() }
    }
}

impl Tape {
    /// The tape that computes the outputs.
    ///
    /// Outputs with equal ranges share their loops. In a canonical graph sums are
    /// balanced trees and products share their powers; in a written graph every operation is one
    /// instruction, in the written order.
    ///
    /// # Errors
    /// A name that the layout lacks, an index outside its array, an unbound index, a negative
    /// place, or too many instructions.
    pub fn lower(
        graph: &Graph,
        layout: &Layout,
        outputs: &[Output],
        options: &Options,
    ) -> Result<Tape, Error> {
        let inputs = Inputs::new(layout, |name| graph.name(name).to_owned())?;
        let mut tape = lower(graph, inputs, outputs, options)?;
        tape.time = layout.time.map(|name| graph.name(name).to_owned());
        tape.states = named(graph, &layout.states);
        tape.parameters = named(graph, &layout.parameters);
        tape.state_length = layout.state_length();
        tape.parameter_length = layout.parameter_length();
        Ok(tape)
    }

    /// The tape of terms whose leaves are not laid out: for counting, not for evaluating.
    ///
    /// An index that is free in a term belongs to a loop over two members.
    pub(super) fn of_terms(graph: &Graph, terms: &[Term]) -> Tape {
        let binders = |term| (0..32).filter(move |k| graph.free_binders(term) >> k & 1 == 1);
        let mut outputs: Vec<Output> = terms
            .iter()
            .map(|&term| Output {
                ranges: binders(term).map(|k| (Binder(k), 0, 1)).collect(),
                ..Output::scalar(0, term)
            })
            .collect();
        outputs.sort_by(|a, b| a.ranges.cmp(&b.ranges));
        let options = Options { instructions: usize::MAX, ..Options::default() };
        lower(graph, Inputs::anywhere(), &outputs, &options)
            .expect("every index is bound and there is no limit")
    }
}

fn lower(
    graph: &Graph,
    inputs: Inputs<'_>,
    outputs: &[Output],
    options: &Options,
) -> Result<Tape, Error> {
    let roots: Vec<Term> = outputs.iter().map(|o| o.value).collect();
    let mut lowering = Lowering {
        graph,
        inputs,
        options,
        survey: Survey::new(graph, &roots),
        builder: Builder::new(graph, options),
        clusters: Clusters::default(),
        output_length: 0,
    };
    for family in families(outputs) {
        let roots: Vec<Term> = family.iter().map(|o| o.value).collect();
        lowering.clusters = Clusters::new(graph, &roots);
        lowering.family(&family)?;
    }
    let output_length = lowering.output_length;
    Ok(Tape { output_length, ..lowering.builder.finish() })
}

/// The outputs by their ranges, in the order in which these appear.
fn families(outputs: &[Output]) -> Vec<Vec<&Output>> {
    let mut place: FxHashMap<&[(Binder, i64, i64)], usize> = FxHashMap::default();
    let mut families: Vec<Vec<&Output>> = Vec::new();
    for output in outputs {
        let family = *place.entry(&output.ranges).or_insert(families.len());
        match families.get_mut(family) {
            Some(members) => members.push(output),
            None => families.push(vec![output]),
        }
    }
    families
}

fn named(graph: &Graph, variables: &[Variable]) -> Vec<Input> {
    let mut inputs: Vec<Input> = variables
        .iter()
        .map(|v| Input {
            name: graph.name(v.name).to_owned(),
            extents: v.extents.clone(),
            offset: v.offset,
        })
        .collect();
    inputs.sort_by_key(|input| input.offset);
    inputs
}

/// Places beyond this are refused: they could not be addresses.
const MAX_PLACE: i64 = 1 << 48;

struct Lowering<'a> {
    graph: &'a Graph,
    inputs: Inputs<'a>,
    options: &'a Options,
    survey: Survey,
    builder: Builder<'a>,
    clusters: Clusters,
    output_length: usize,
}

impl Lowering<'_> {
    /// Outputs with the same ranges, in one loop nest.
    fn family(&mut self, outputs: &[&Output]) -> Result<(), Error> {
        let ranges = &outputs[0].ranges;
        if ranges.iter().any(|&(_, from, to)| from > to) {
            return Ok(());
        }
        for &(binder, from, to) in ranges {
            self.builder.enter(binder, from, to);
        }
        for output in outputs {
            let value = self.evaluate(output.value)?;
            let reached = self.builder.range(&output.place)?;
            if reached.0 < 0 || reached.1 >= MAX_PLACE {
                return Err(Error::OutputPlace { reached });
            }
            self.output_length = self.output_length.max(reached.1 as usize + 1);
            let place = self.builder.place([(1, &output.place)])?;
            self.builder.store(place, value)?;
        }
        for _ in ranges {
            self.builder.leave(&[]);
        }
        Ok(())
    }

    /// The value of a term at the current position, by a stack of tasks and one of operands.
    fn evaluate(&mut self, root: Term) -> Result<Operand, Error> {
        let mut tasks = vec![Task::Term(root)];
        let mut operands: Vec<Operand> = Vec::new();
        while let Some(task) = tasks.pop() {
            match task {
                Task::Term(term) => match self.builder.remembered(term)? {
                    Some(operand) => operands.push(operand),
                    None => self.expand(term, &mut tasks, &mut operands)?,
                },
                Task::Constant(value) => operands.push(self.builder.constant(value)),
                Task::Call(op) => {
                    let args = operands.split_off(operands.len() - op.arity());
                    operands.push(self.builder.call(op, args)?);
                }
                Task::ReversedSub => {
                    let mut args = operands.split_off(operands.len() - 2);
                    args.reverse();
                    operands.push(self.builder.call(Op::Sub, args)?);
                }
                Task::Square => {
                    let base = operands.pop().expect("the base of a square");
                    operands.push(self.builder.call(Op::Mul, vec![base, base])?);
                }
                Task::Apply(function, arity) => {
                    let args = operands.split_off(operands.len() - arity);
                    let function = self.builder.function(function);
                    operands.push(self.builder.apply(function, args)?);
                }
                Task::Remember(term) => {
                    let &operand = operands.last().expect("the value to remember");
                    self.builder.remember(term, operand)?;
                }
                Task::Accumulate(cluster) => {
                    let cluster = self.clusters.members(cluster);
                    let addends = operands.split_off(operands.len() - cluster.len());
                    let totals = self.builder.leave_reductions(addends);
                    for (&reduction, &total) in cluster.iter().zip(&totals) {
                        self.builder.remember(reduction, total)?;
                    }
                    // The reduction that was asked for is remembered like any other term.
                    let asked = tasks.iter().rev().find_map(|task| match task {
                        Task::Remember(term) => cluster.iter().position(|c| c == term),
                        _ => None,
                    });
                    operands.push(totals[asked.expect("a reduction of the cluster")]);
                }
            }
        }
        Ok(operands.pop().expect("the value of the root"))
    }

    /// Pushes the operand of a leaf, or the tasks that compute a term.
    fn expand(
        &mut self,
        term: Term,
        tasks: &mut Vec<Task>,
        operands: &mut Vec<Operand>,
    ) -> Result<(), Error> {
        let graph = self.graph;
        let mut plan = Vec::new();
        match graph.node(term) {
            Node::Number(n) => operands.push(self.builder.constant(n.to_f64())),
            Node::Symbol(name) => operands.push(self.input(*name, &[])?),
            Node::Element(name, indices) => operands.push(self.input(*name, indices)?),
            Node::Index(affine) => operands.push(self.builder.index(affine)?),
            Node::Sum { constant, terms } => self.plan_sum(constant, terms, &mut plan),
            Node::Product(factors) => self.plan_product(factors, &mut plan),
            Node::Call(op, args) => match (op, &**args) {
                (_, []) => operands.push(self.builder.constant(op.value(&[]))),
                (Op::Pow, &[base, exponent]) if let Some(n) = graph.as_number(exponent) => {
                    self.plan_product(&[(base, n.clone())], &mut plan);
                }
                // Both branches of an `if` are evaluated: no operation traps or has an effect,
                // and an undefined value that is not chosen is dropped.
                _ => {
                    plan.extend(args.iter().map(|&a| Task::Term(a)));
                    plan.push(Task::Call(*op));
                }
            },
            Node::Apply(function, args) => {
                plan.extend(args.iter().map(|&a| Task::Term(a)));
                plan.push(Task::Apply(*function, args.len()));
            }
            &Node::Reduce { binder, from, to, .. } => {
                if from > to {
                    operands.push(self.builder.constant(0.0));
                } else {
                    let level = self.builder.level(term)?;
                    self.builder.enter_reduction(level, binder, from, to);
                    let (number, cluster) = self.clusters.of(term);
                    plan.extend(cluster.iter().map(|&body| Task::Term(body)));
                    plan.push(Task::Accumulate(number));
                }
            }
        }
        if !plan.is_empty() {
            tasks.push(Task::Remember(term));
            tasks.extend(plan.into_iter().rev());
        }
        Ok(())
    }

    fn input(&mut self, name: Symbol, indices: &[Affine]) -> Result<Operand, Error> {
        let text = || self.graph.name(name).to_owned();
        let (slice, variable) = match self.inputs.get(name) {
            Some(Meaning::Variable(slice, variable)) => (slice, variable),
            Some(Meaning::Anywhere) => return self.anywhere(name, indices),
            Some(Meaning::Time) if indices.is_empty() => return Ok(Operand::Time),
            Some(Meaning::Time) => {
                return Err(Error::Dimensions { name: text(), expected: 0, found: indices.len() });
            }
            None => return Err(Error::UnknownName { name: text() }),
        };
        if indices.len() != variable.extents.len() {
            return Err(Error::Dimensions {
                name: text(),
                expected: variable.extents.len(),
                found: indices.len(),
            });
        }
        let mut stride = 1;
        let first = Affine::constant(variable.offset as i64);
        let mut parts = vec![(1, first)];
        for (dimension, (index, &extent)) in indices.iter().zip(&variable.extents).enumerate().rev()
        {
            let reached = self.builder.range(index)?;
            if reached.0 < extent.0 || reached.1 > extent.1 {
                return Err(Error::OutOfRange {
                    array: text(),
                    dimension,
                    index: index.to_string(),
                    reached,
                    extent,
                });
            }
            parts.push((stride, index.clone()));
            parts.push((-stride, Affine::constant(extent.0)));
            // The layout was checked: the product of the extents is below 2^48.
            stride *= extent.1 - extent.0 + 1;
        }
        let place = self.builder.place(parts.iter().map(|(s, a)| (*s, a)))?;
        Ok(match slice {
            Slice::Parameters => Operand::Parameter(place),
            Slice::States | Slice::Output => Operand::State(place),
        })
    }

    /// An element of an array of unknown extents: far from those of other arrays.
    fn anywhere(&mut self, name: Symbol, indices: &[Affine]) -> Result<Operand, Error> {
        let bits = ELEMENTS / indices.len().max(1) as u32;
        let first = Affine::constant(i64::from(name.0) << ELEMENTS);
        let strides = (0..).map(|dimension| 1 << (bits * dimension));
        let parts = strides.zip(indices).chain([(1, &first)]);
        Ok(Operand::State(self.builder.place(parts)?))
    }
}

/// Bits of the number of an element in an array of unknown extents.
const ELEMENTS: u32 = 40;
