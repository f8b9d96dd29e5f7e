//! The tape under construction: open loops, shared instructions, interned places and constants.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Options;
use crate::kernel::error::Error;
use crate::kernel::tape::{
    Accumulator, Instruction, Loop, LoopId, Operand, Place, Step, Tape, Value,
};
use crate::term::{Affine, Binder, FunctionId, Graph, Op, Term};

/// A bound index and the loop that runs it.
struct Binding {
    binder: Binder,
    from: i64,
    to: i64,
    /// None for a single iteration, which needs no loop.
    id: Option<LoopId>,
}

/// An open loop, or the whole tape.
#[derive(Default)]
struct Scope {
    binding: Option<Binding>,
    steps: Vec<Step>,
    terms: FxHashMap<Term, Operand>,
    instructions: FxHashMap<Instruction, Value>,
}

pub(super) struct Builder<'a> {
    graph: &'a Graph,
    /// Open scopes; the position is the level. The first is the whole tape.
    path: Vec<Scope>,
    /// Inner scopes set aside while a reduction that does not depend on them is computed.
    suspended: Vec<Vec<Scope>>,
    /// The level of each value.
    levels: Vec<u8>,
    places: Interned<Place>,
    constants: Interned<u64>,
    functions: Interned<FunctionId>,
    loops: u32,
    emitted: usize,
    limit: usize,
    pairs: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(graph: &'a Graph, options: &Options) -> Self {
        Builder {
            graph,
            path: vec![Scope::default()],
            suspended: Vec::new(),
            levels: Vec::new(),
            places: Interned::default(),
            constants: Interned::default(),
            functions: Interned::default(),
            loops: 0,
            emitted: 0,
            limit: options.instructions,
            pairs: options.pairs,
        }
    }

    /// Opens a loop over a nonempty range inside the current scope.
    pub(super) fn enter(&mut self, binder: Binder, from: i64, to: i64) {
        let id = (from < to).then(|| {
            self.loops += 1;
            LoopId(self.loops - 1)
        });
        self.path
            .push(Scope { binding: Some(Binding { binder, from, to, id }), ..Scope::default() });
    }

    /// Closes the innermost loop.
    pub(super) fn leave(&mut self, accumulators: &[Accumulator]) {
        let scope = self.path.pop().expect("an open loop");
        let outer = self.path.last_mut().expect("the tape itself");
        match scope.binding {
            Some(Binding { from, to, id: Some(id), .. }) => outer.steps.push(Step::Loop(Loop {
                id,
                from,
                to,
                body: scope.steps,
                accumulators: accumulators.to_vec(),
                pairs: self.pairs && !accumulators.is_empty(),
            })),
            _ => outer.steps.extend(scope.steps),
        }
    }

    /// Opens the loop of a reduction in the scope of the given level.
    pub(super) fn enter_reduction(&mut self, level: usize, binder: Binder, from: i64, to: i64) {
        let inner = self.path.split_off(level + 1);
        self.suspended.push(inner);
        self.enter(binder, from, to);
    }

    /// Closes the loop of reductions over one range; their totals.
    pub(super) fn leave_reductions(&mut self, addends: Vec<Operand>) -> Vec<Operand> {
        let binding = self.path.last().and_then(|scope| scope.binding.as_ref());
        let totals = if binding.is_some_and(|binding| binding.id.is_some()) {
            let level = self.path.len() - 2;
            let sums: Vec<Accumulator> = addends
                .into_iter()
                .map(|addend| Accumulator { total: self.fresh(level), addend })
                .collect();
            self.leave(&sums);
            sums.iter().map(|sum| Operand::Value(sum.total)).collect()
        } else {
            self.leave(&[]);
            addends
        };
        let inner = self.suspended.pop().expect("scopes set aside");
        self.path.extend(inner);
        totals
    }

    /// The level of the innermost open scope that binds an index of the term.
    ///
    /// # Errors
    /// An index that nothing binds.
    pub(super) fn level(&self, term: Term) -> Result<usize, Error> {
        let mut free = self.graph.free_binders(term);
        let mut innermost = 0;
        for (level, scope) in self.path.iter().enumerate().rev() {
            let Some(binding) = &scope.binding else {
                continue;
            };
            let bit = 1 << binding.binder.0;
            if free & bit != 0 {
                innermost = innermost.max(level);
                free &= !bit;
            }
        }
        if free != 0 {
            return Err(Error::UnboundIndex { level: free.trailing_zeros() as u8 });
        }
        Ok(innermost)
    }

    pub(super) fn remembered(&self, term: Term) -> Result<Option<Operand>, Error> {
        Ok(self.path[self.level(term)?].terms.get(&term).copied())
    }

    pub(super) fn remember(&mut self, term: Term, operand: Operand) -> Result<(), Error> {
        let level = self.level(term)?;
        self.path[level].terms.insert(term, operand);
        Ok(())
    }

    pub(super) fn constant(&mut self, value: f64) -> Operand {
        Operand::Constant(self.constants.number(value.to_bits()))
    }

    pub(super) fn function(&mut self, function: FunctionId) -> u32 {
        self.functions.number(function)
    }

    /// The value of an index expression.
    pub(super) fn index(&mut self, affine: &Affine) -> Result<Operand, Error> {
        self.range(affine)?;
        let number = self.place([(1, affine)])?;
        let place = &self.places.items[number as usize];
        Ok(if place.strides.is_empty() {
            self.constant(place.offset as f64)
        } else {
            Operand::Index(number)
        })
    }

    /// The smallest and largest value of an index expression, clamped to 64 bits.
    ///
    /// # Errors
    /// An index that nothing binds.
    pub(super) fn range(&self, affine: &Affine) -> Result<(i64, i64), Error> {
        let (mut low, mut high) = (i128::from(affine.offset), i128::from(affine.offset));
        for &(binder, factor) in &affine.terms {
            let binding = self.binding(binder)?;
            let a = i128::from(factor) * i128::from(binding.from);
            let b = i128::from(factor) * i128::from(binding.to);
            low += a.min(b);
            high += a.max(b);
        }
        let clamp = |x: i128| x.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        Ok((clamp(low), clamp(high)))
    }

    /// The number of the place `Σ factor · affine`, which the caller has checked to stay small.
    pub(super) fn place<'b>(
        &mut self,
        parts: impl IntoIterator<Item = (i64, &'b Affine)>,
    ) -> Result<u32, Error> {
        let mut offset = 0_i64;
        let mut strides: Vec<(LoopId, i64)> = Vec::new();
        for (factor, affine) in parts {
            offset = offset.wrapping_add(factor.wrapping_mul(affine.offset));
            for &(binder, by) in &affine.terms {
                let stride = factor.wrapping_mul(by);
                let binding = self.binding(binder)?;
                match binding.id {
                    None => offset = offset.wrapping_add(stride.wrapping_mul(binding.from)),
                    Some(id) => match strides.iter_mut().find(|(known, _)| *known == id) {
                        Some((_, total)) => *total = total.wrapping_add(stride),
                        None => strides.push((id, stride)),
                    },
                }
            }
        }
        strides.retain(|&(_, stride)| stride != 0);
        strides.sort_by_key(|&(id, _)| self.loop_level(id));
        Ok(self.places.number(Place { offset, strides: strides.into() }))
    }

    pub(super) fn call(&mut self, op: Op, mut operands: Vec<Operand>) -> Result<Operand, Error> {
        // Either order gives the same bits; one order lets equal instructions meet.
        if matches!(op, Op::Add | Op::Mul) && operands[1] < operands[0] {
            operands.swap(0, 1);
        }
        let known: Option<SmallVec<[f64; 3]>> = operands
            .iter()
            .map(|operand| match operand {
                Operand::Constant(k) => Some(f64::from_bits(self.constants.items[*k as usize])),
                _ => None,
            })
            .collect();
        if let Some(args) = known {
            return Ok(self.constant(op.value(&args)));
        }
        self.emit(Instruction::Call(op, operands.into()))
    }

    pub(super) fn apply(&mut self, function: u32, args: Vec<Operand>) -> Result<Operand, Error> {
        self.emit(Instruction::Apply(function, args.into()))
    }

    pub(super) fn store(&mut self, place: u32, value: Operand) -> Result<(), Error> {
        self.count()?;
        let scope = self.path.last_mut().expect("the tape itself");
        scope.steps.push(Step::Store(place, value));
        Ok(())
    }

    /// The finished tape, without names and lengths.
    pub(super) fn finish(mut self) -> Tape {
        let scope = self.path.pop().expect("the tape itself");
        let mut tape = Tape {
            steps: scope.steps,
            places: self.places.items,
            constants: self.constants.items.into_iter().map(f64::from_bits).collect(),
            functions: self
                .functions
                .items
                .into_iter()
                .map(|id| self.graph.function(id).clone())
                .collect(),
            time: None,
            states: Vec::new(),
            parameters: Vec::new(),
            state_length: 0,
            parameter_length: 0,
            output_length: 0,
            values: self.levels.len() as u32,
            loops: self.loops,
        };
        let mut numbers = vec![Value(0); self.levels.len()];
        let mut next = 0;
        renumber(&mut tape.steps, &mut numbers, &mut next);
        tape
    }

    /// An instruction in the innermost scope where its operands change, or the equal one there.
    fn emit(&mut self, instruction: Instruction) -> Result<Operand, Error> {
        let level = instruction
            .operands()
            .iter()
            .map(|&operand| self.operand_level(operand))
            .max()
            .unwrap_or(0);
        if let Some(&value) = self.path[level].instructions.get(&instruction) {
            return Ok(Operand::Value(value));
        }
        self.count()?;
        let value = self.fresh(level);
        let scope = &mut self.path[level];
        scope.instructions.insert(instruction.clone(), value);
        scope.steps.push(Step::Let(value, instruction));
        Ok(Operand::Value(value))
    }

    fn count(&mut self) -> Result<(), Error> {
        self.emitted += 1;
        if self.emitted > self.limit {
            return Err(Error::TooManyInstructions { limit: self.limit });
        }
        Ok(())
    }

    fn fresh(&mut self, level: usize) -> Value {
        self.levels.push(level as u8);
        Value(self.levels.len() as u32 - 1)
    }

    fn operand_level(&self, operand: Operand) -> usize {
        match operand {
            Operand::Value(Value(v)) => usize::from(self.levels[v as usize]),
            Operand::Constant(_) | Operand::Time => 0,
            Operand::State(p) | Operand::Parameter(p) | Operand::Index(p) => {
                let strides = &self.places.items[p as usize].strides;
                strides.last().map_or(0, |&(id, _)| self.loop_level(id))
            }
        }
    }

    fn loop_level(&self, id: LoopId) -> usize {
        self.path
            .iter()
            .position(|scope| scope.binding.as_ref().and_then(|b| b.id) == Some(id))
            .unwrap_or(0)
    }

    fn binding(&self, binder: Binder) -> Result<&Binding, Error> {
        self.path
            .iter()
            .rev()
            .filter_map(|scope| scope.binding.as_ref())
            .find(|binding| binding.binder == binder)
            .ok_or(Error::UnboundIndex { level: binder.0 })
    }
}

/// Distinct items in order of their first appearance.
struct Interned<T> {
    items: Vec<T>,
    numbers: FxHashMap<T, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Interned { items: Vec::new(), numbers: FxHashMap::default() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interned<T> {
    fn number(&mut self, item: T) -> u32 {
        let next = self.items.len() as u32;
        *self.numbers.entry(item).or_insert_with_key(|item| {
            self.items.push(item.clone());
            next
        })
    }
}

/// Numbers the values in program order.
fn renumber(steps: &mut [Step], numbers: &mut [Value], next: &mut u32) {
    let define = |value: &mut Value, numbers: &mut [Value], next: &mut u32| {
        numbers[value.0 as usize] = Value(*next);
        *value = Value(*next);
        *next += 1;
    };
    let renamed = |operand: &mut Operand, numbers: &[Value]| {
        if let Operand::Value(value) = operand {
            *value = numbers[value.0 as usize];
        }
    };
    for step in steps {
        match step {
            Step::Let(value, Instruction::Call(_, operands) | Instruction::Apply(_, operands)) => {
                for operand in operands {
                    renamed(operand, numbers);
                }
                define(value, numbers, next);
            }
            Step::Store(_, operand) => renamed(operand, numbers),
            Step::Loop(inner) => {
                renumber(&mut inner.body, numbers, next);
                for accumulator in &mut inner.accumulators {
                    renamed(&mut accumulator.addend, numbers);
                    define(&mut accumulator.total, numbers, next);
                }
            }
        }
    }
}
