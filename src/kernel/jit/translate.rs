//! From one piece of a tape to a Cranelift function.
//!
//! Leaves are loaded where they are used, not kept: a load folds into the instruction that needs
//! it, while a value kept for long would be spilled to memory and loaded all the same.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, MemFlagsData, SigRef, Signature,
    StackSlotData, StackSlotKind, Value as Clif, types,
};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rustc_hash::FxHashMap;

use super::lanes;
use super::operation::{self, Emitted, Features};
use super::partition::{Partition, each_operand};
use crate::kernel::error::Error;
use crate::kernel::tape::{Instruction, Loop, LoopId, Operand, Place, Slice, Step, Tape, Value};
use crate::term::Op;

/// Instructions after which a leaf is loaded again instead of kept in a register.
const KEPT: usize = 16;
/// The most leaves loaded before a loop and kept in registers inside.
const HOISTED: usize = 10;

/// Signatures of called functions.
pub(super) struct Signatures {
    /// Of one, two and three doubles to a double.
    pub(super) doubles: [SigRef; 3],
    /// Of [`super::call_function`].
    function: SigRef,
}

/// The signature of generated functions; see [`super::Code`].
pub(super) fn signature(isa: &OwnedTargetIsa) -> Signature {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params.push(AbiParam::new(types::F64));
    signature.params.extend([AbiParam::new(types::I64); 6]);
    signature
}

/// Translates one piece.
///
/// # Errors
/// A target whose addresses do not have 64 bits.
pub(super) fn translate(
    tape: &Tape,
    partition: &Partition,
    piece: usize,
    isa: &OwnedTargetIsa,
) -> Result<Function, Error> {
    if isa.pointer_type() != types::I64 {
        return Err(super::refused("the host does not have 64-bit addresses"));
    }
    let mut context = FunctionBuilderContext::new();
    let mut function = Function::new();
    function.signature = signature(isa);
    let mut builder = FunctionBuilder::new(&mut function, &mut context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let convention = isa.default_call_conv();
    let mut import = |params: &[types::Type]| {
        let mut signature = Signature::new(convention);
        signature.params.extend(params.iter().map(|&t| AbiParam::new(t)));
        signature.returns.push(AbiParam::new(types::F64));
        builder.import_signature(signature)
    };
    let signatures = Signatures {
        doubles: [1, 2, 3].map(|arity| import(&[types::F64; 3][..arity])),
        function: import(&[types::I64; 4]),
    };
    let arguments: [Clif; 7] =
        builder.block_params(entry).try_into().expect("generated functions have seven parameters");
    let part = &partition.pieces[piece];
    let mut translator = Translator {
        tape,
        partition,
        first: part.values.start,
        values: vec![None; part.values.len()],
        flags: FxHashMap::default(),
        leaves: FxHashMap::default(),
        pointers: FxHashMap::default(),
        open: Vec::new(),
        lanes: None,
        emitted: 0,
        features: Features::of(&**isa),
        signatures,
        arguments,
        builder,
    };
    translator.block(&tape.steps[part.steps.clone()]);
    translator.builder.ins().return_(&[]);
    translator.builder.seal_all_blocks();
    translator.builder.finalize(isa.frontend_config());
    Ok(function)
}

struct Translator<'a, 'f> {
    tape: &'a Tape,
    partition: &'a Partition,
    /// The number of the first value defined in this piece.
    first: u32,
    values: Vec<Option<Clif>>,
    /// Truth values as flags.
    flags: FxHashMap<Value, Clif>,
    leaves: FxHashMap<Operand, Leaf>,
    /// Addresses without their constant part, as far as loops are open.
    pointers: FxHashMap<(Slice, Box<[(LoopId, i64)]>), Clif>,
    /// Open loops with their indices.
    open: Vec<(LoopId, Clif)>,
    /// The loop whose members are computed two at a time, and its operands that do not change.
    lanes: Option<(LoopId, FxHashMap<Operand, Clif>)>,
    emitted: usize,
    features: Features,
    signatures: Signatures,
    arguments: [Clif; 7],
    builder: FunctionBuilder<'f>,
}

#[derive(Clone, Copy)]
struct Leaf {
    value: Clif,
    /// Instructions emitted when it was loaded; none for one that is kept through a loop.
    loaded: Option<usize>,
}

/// A loop that is being translated.
struct Frame {
    body: Block,
    index: Clif,
    /// Values from the iteration before.
    carried: Vec<Clif>,
}

fn block_arguments(first: Clif, rest: &[Clif]) -> Vec<BlockArg> {
    [first].iter().chain(rest).map(|&value| BlockArg::Value(value)).collect()
}

impl Translator<'_, '_> {
    fn block(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Let(value, instruction) => self.instruction(*value, instruction),
                Step::Store(place, operand) => {
                    let value = self.read(*operand);
                    let tape = self.tape;
                    let (pointer, offset) = self.address(Slice::Output, tape.place(*place));
                    let flags = self.flags_of_store();
                    self.builder.ins().store(flags, value, pointer, offset);
                }
                Step::Loop(inner) if lanes::fit(self.tape, inner) => self.loop_of_pairs(inner),
                Step::Loop(inner) => self.counted_loop(inner),
            }
        }
    }

    fn instruction(&mut self, value: Value, instruction: &Instruction) {
        self.emitted += 1;
        let result = match instruction {
            Instruction::Call(Op::If, operands) => {
                let condition = self.flag(operands[0]);
                let (then, otherwise) = (self.read(operands[1]), self.read(operands[2]));
                Emitted::Double(operation::choose(&mut self.builder, condition, then, otherwise))
            }
            Instruction::Call(op @ (Op::And | Op::Or), operands) => {
                let (a, b) = (self.flag(operands[0]), self.flag(operands[1]));
                let ins = self.builder.ins();
                Emitted::Flag(match op {
                    Op::And => ins.band(a, b),
                    _ => ins.bor(a, b),
                })
            }
            Instruction::Call(Op::Not, operands) => {
                let a = self.flag(operands[0]);
                Emitted::Flag(operation::not(&mut self.builder, a))
            }
            Instruction::Call(op, operands) => {
                let args: Vec<Clif> = operands.iter().map(|&o| self.read(o)).collect();
                let (builder, signatures) = (&mut self.builder, &self.signatures);
                operation::emit(builder, self.features, signatures, *op, &args)
            }
            Instruction::Apply(function, operands) => {
                Emitted::Double(self.apply(*function, operands))
            }
        };
        let result = match result {
            Emitted::Double(result) => result,
            Emitted::Flag(flag) => {
                self.flags.insert(value, flag);
                operation::double(&mut self.builder, flag)
            }
        };
        self.define(value, result);
    }

    /// Calls a registered function with its arguments in a stack slot.
    fn apply(&mut self, function: u32, operands: &[Operand]) -> Clif {
        let size = (operands.len() * 8) as u32;
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
        let slot = self.builder.create_sized_stack_slot(slot);
        for (position, &operand) in operands.iter().enumerate() {
            let value = self.read(operand);
            let ins = self.builder.ins();
            ins.stack_store(types::I64, value, slot, position as i32 * 8);
        }
        let ins = &mut self.builder;
        let args = [
            self.arguments[6],
            ins.ins().iconst(types::I64, i64::from(function)),
            ins.ins().stack_addr(types::I64, slot, 0),
            ins.ins().iconst(types::I64, operands.len() as i64),
        ];
        let address = super::call_function as *const () as usize as i64;
        let address = ins.ins().iconst(types::I64, address);
        let call = ins.ins().call_indirect(self.signatures.function, address, &args);
        ins.inst_results(call)[0]
    }

    /// Notes a value; later pieces find theirs in the scratch buffer.
    fn define(&mut self, value: Value, result: Clif) {
        self.values[(value.0 - self.first) as usize] = Some(result);
        if let Some(&slot) = self.partition.slots.get(&value) {
            let (pointer, offset) = (self.arguments[4], slot as i32 * 8);
            let flags = MemFlagsData::trusted();
            self.builder.ins().store(flags, result, pointer, offset);
        }
    }

    /// A pair of members has no alignment of its own.
    fn flags_of_store(&self) -> MemFlagsData {
        match self.lanes {
            Some(_) => MemFlagsData::new().with_notrap(),
            None => MemFlagsData::trusted(),
        }
    }

    /// A loop over pairs of members, each operation on two lanes; a last odd member follows alone.
    /// Each lane has its sum of a pair.
    fn loop_of_pairs(&mut self, inner: &Loop) {
        self.leaves.retain(|_, leaf| leaf.loaded.is_none());
        let outer = self.leaves.clone();
        self.prepare(inner);
        let mut fixed = FxHashMap::default();
        for operand in lanes::invariant(self.tape, inner) {
            let value = self.read(operand);
            let both = self.builder.ins().splat(types::F64X2, value);
            fixed.insert(operand, both);
            if fixed.len() >= HOISTED {
                break;
            }
        }
        let zero = self.builder.ins().f64const(0.0);
        let zeros = self.builder.ins().splat(types::F64X2, zero);
        let frame = self.open_loop(inner, types::F64X2, &vec![zeros; inner.accumulators.len()]);
        self.lanes = Some((inner.id, fixed));
        let invariant = self.leaves.clone();
        self.block(&inner.body);
        let sums: Vec<Clif> = inner
            .accumulators
            .iter()
            .zip(&frame.carried)
            .map(|(accumulator, &sum)| {
                let addends = self.read(accumulator.addend);
                self.builder.ins().fadd(sum, addends)
            })
            .collect();
        self.lanes = None;
        let pairs = inner.trips() as i64 / 2;
        let sums = self.close_loop(inner, &frame, inner.from + 2 * (pairs - 1), 2, &sums);
        self.leaves = invariant;
        let mut lanes: Vec<[Clif; 2]> = sums
            .into_iter()
            .map(|sum| [0, 1].map(|lane| self.builder.ins().extractlane(sum, lane)))
            .collect();
        if inner.trips() % 2 == 1 {
            let index = self.builder.ins().iconst(types::I64, inner.to);
            self.open.push((inner.id, index));
            self.block(&inner.body);
            for (accumulator, [first, _]) in inner.accumulators.iter().zip(&mut lanes) {
                let addend = self.read(accumulator.addend);
                *first = self.builder.ins().fadd(*first, addend);
            }
            self.open.pop();
            self.forget(inner.id);
        }
        self.leaves = outer;
        for (accumulator, [first, second]) in inner.accumulators.iter().zip(lanes) {
            let total = self.builder.ins().fadd(first, second);
            self.define(accumulator.total, total);
        }
    }

    /// A loop over members one by one.
    fn counted_loop(&mut self, inner: &Loop) {
        self.leaves.retain(|_, leaf| leaf.loaded.is_none());
        let outer = self.leaves.clone();
        self.prepare(inner);
        // The sums of a pair take turns: the one that is added to goes behind the other.
        let sums = inner.accumulators.len() * if inner.pairs { 2 } else { 1 };
        let zero = self.builder.ins().f64const(0.0);
        let frame = self.open_loop(inner, types::F64, &vec![zero; sums]);
        self.block(&inner.body);
        let mut next = frame.carried.clone();
        for (k, accumulator) in inner.accumulators.iter().enumerate() {
            let addend = self.read(accumulator.addend);
            if inner.pairs {
                next[2 * k] = frame.carried[2 * k + 1];
                next[2 * k + 1] = self.builder.ins().fadd(frame.carried[2 * k], addend);
            } else {
                next[k] = self.builder.ins().fadd(frame.carried[k], addend);
            }
        }
        let sums = self.close_loop(inner, &frame, inner.to, 1, &next);
        self.leaves = outer;
        for (k, accumulator) in inner.accumulators.iter().enumerate() {
            let total = match inner.pairs {
                true => self.builder.ins().fadd(sums[2 * k], sums[2 * k + 1]),
                false => sums[k],
            };
            self.define(accumulator.total, total);
        }
    }

    /// Begins a loop with its index and values that are carried from one iteration to the next.
    fn open_loop(&mut self, inner: &Loop, carried: types::Type, start: &[Clif]) -> Frame {
        let body = self.builder.create_block();
        let index = self.builder.append_block_param(body, types::I64);
        let from = self.builder.ins().iconst(types::I64, inner.from);
        let values = start.iter().map(|_| self.builder.append_block_param(body, carried)).collect();
        let arguments = block_arguments(from, start);
        self.builder.ins().jump(body, &arguments);
        self.builder.switch_to_block(body);
        self.open.push((inner.id, index));
        Frame { body, index, carried: values }
    }

    /// Ends a loop, with its test at the end: the tape has no loop that runs zero times. Gives
    /// the carried values after the loop.
    fn close_loop(
        &mut self,
        inner: &Loop,
        frame: &Frame,
        last: i64,
        step: i64,
        next: &[Clif],
    ) -> Vec<Clif> {
        let exit = self.builder.create_block();
        let ended = next
            .iter()
            .map(|&value| {
                let kind = self.builder.func.dfg.value_type(value);
                self.builder.append_block_param(exit, kind)
            })
            .collect();
        let last = self.builder.ins().iconst(types::I64, last);
        let more = self.builder.ins().icmp(IntCC::SignedLessThan, frame.index, last);
        let index = self.builder.ins().iadd_imm_s(frame.index, step);
        let again = block_arguments(index, next);
        self.builder.ins().brif(more, frame.body, &again, exit, &again[1..]);
        self.builder.switch_to_block(exit);
        self.open.pop();
        self.forget(inner.id);
        ended
    }

    /// Forgets addresses that change in a loop.
    fn forget(&mut self, id: LoopId) {
        self.pointers.retain(|(_, strides), _| strides.iter().all(|&(known, _)| known != id));
    }

    /// Before a loop: addresses that do not change in it, and its leaves if they are few.
    fn prepare(&mut self, inner: &Loop) {
        let tape = self.tape;
        let is_open = |open: &[(LoopId, Clif)], id| open.iter().any(|&(known, _)| known == id);
        let mut invariant = Vec::new();
        let mut addresses = Vec::new();
        each_place(tape, inner, &mut |slice, place| addresses.push((slice, place)));
        for (slice, place) in addresses {
            let outer =
                place.strides.iter().take_while(|&&(id, _)| is_open(&self.open, id)).count();
            self.pointer(slice, &place.strides[..outer]);
        }
        let mut consider = |operand: Operand| {
            let fixed = match operand {
                Operand::Value(value) => value.0 < self.first,
                Operand::Constant(_) | Operand::Time => true,
                Operand::State(p) | Operand::Parameter(p) | Operand::Index(p) => {
                    let strides = &tape.place(p).strides;
                    strides.iter().all(|&(id, _)| is_open(&self.open, id))
                }
            };
            let known = operand == Operand::Time || self.leaves.contains_key(&operand);
            // One more than can be kept is enough to know that they are too many.
            if fixed && !known && invariant.len() <= HOISTED && !invariant.contains(&operand) {
                invariant.push(operand);
            }
        };
        each_operand(&inner.body, &mut consider);
        for accumulator in &inner.accumulators {
            consider(accumulator.addend);
        }
        if self.leaves.len() + invariant.len() <= HOISTED {
            for operand in invariant {
                let value = self.load(operand);
                let loaded = None;
                self.leaves.insert(operand, Leaf { value, loaded });
            }
        }
    }

    fn flag(&mut self, operand: Operand) -> Clif {
        if let Operand::Value(value) = operand
            && let Some(&flag) = self.flags.get(&value)
            // A flag from outside of a loop of pairs is one for both lanes.
            && self.lanes.is_some() == operation::is_mask(&self.builder, flag)
        {
            return flag;
        }
        let double = self.read(operand);
        operation::flag(&mut self.builder, double)
    }

    /// The value of an operand; in a loop of pairs those of two members.
    fn read(&mut self, operand: Operand) -> Clif {
        if let Some((id, fixed)) = &self.lanes {
            if let Some(&both) = fixed.get(&operand) {
                return both;
            }
            if !lanes::changes(self.tape, *id, operand) {
                let value = self.read_one(operand);
                let pair = self.builder.func.dfg.value_type(value) == types::F64X2;
                return if pair { value } else { self.builder.ins().splat(types::F64X2, value) };
            }
        }
        self.read_one(operand)
    }

    fn read_one(&mut self, operand: Operand) -> Clif {
        match operand {
            Operand::Time => return self.arguments[0],
            Operand::Value(value) if value.0 >= self.first => {
                let value = self.values[(value.0 - self.first) as usize];
                return value.expect("values are defined before they are used");
            }
            _ => {}
        }
        if let Some(leaf) = self.leaves.get(&operand)
            && leaf.loaded.is_none_or(|at| self.emitted - at < KEPT)
        {
            return leaf.value;
        }
        let value = self.load(operand);
        let loaded = Some(self.emitted);
        self.leaves.insert(operand, Leaf { value, loaded });
        value
    }

    fn load(&mut self, operand: Operand) -> Clif {
        let tape = self.tape;
        let (pointer, offset) = match operand {
            Operand::Time => return self.arguments[0],
            Operand::Value(value) => {
                let slot = self.partition.slots[&value];
                (self.arguments[4], slot as i32 * 8)
            }
            Operand::Constant(number) => (self.arguments[5], number as i32 * 8),
            Operand::State(place) => self.address(Slice::States, tape.place(place)),
            Operand::Parameter(place) => self.address(Slice::Parameters, tape.place(place)),
            Operand::Index(place) => return self.load_index(place, operand),
        };
        let pair = self.lanes.as_ref().is_some_and(|(id, _)| lanes::changes(tape, *id, operand));
        let (kind, flags) = match pair {
            true => (types::F64X2, MemFlagsData::new().with_notrap()),
            false => (types::F64, MemFlagsData::trusted()),
        };
        let mut flags = flags.with_can_move();
        // Other pieces write the scratch buffer; nothing writes the inputs during a call.
        if !matches!(operand, Operand::Value(_)) {
            flags = flags.with_readonly();
        }
        self.builder.ins().load(kind, flags, pointer, offset)
    }

    /// An index as a double; in a loop of pairs those of two members.
    fn load_index(&mut self, place: u32, operand: Operand) -> Clif {
        let index = self.index(self.tape.place(place));
        let first = self.builder.ins().fcvt_from_sint(types::F64, index);
        let step = match &self.lanes {
            Some((id, _)) => lanes::step(self.tape, *id, operand),
            None => 0,
        };
        if step == 0 {
            return first;
        }
        let next = self.builder.ins().iadd_imm_s(index, step);
        let second = self.builder.ins().fcvt_from_sint(types::F64, next);
        let both = self.builder.ins().splat(types::F64X2, first);
        self.builder.ins().insertlane(both, second, 1)
    }

    /// A pointer and an offset in bytes that together address a place.
    fn address(&mut self, slice: Slice, place: &Place) -> (Clif, i32) {
        let pointer = self.pointer(slice, &place.strides);
        let bytes = place.offset * 8;
        match i32::try_from(bytes) {
            Ok(offset) => (pointer, offset),
            Err(_) => (self.builder.ins().iadd_imm_s(pointer, bytes), 0),
        }
    }

    /// The start of a slice plus the strides of open loops.
    fn pointer(&mut self, slice: Slice, strides: &[(LoopId, i64)]) -> Clif {
        let Some((&(id, stride), outer)) = strides.split_last() else {
            return self.arguments[match slice {
                Slice::States => 1,
                Slice::Parameters => 2,
                Slice::Output => 3,
            }];
        };
        let key = (slice, Box::from(strides));
        if let Some(&pointer) = self.pointers.get(&key) {
            return pointer;
        }
        let outer = self.pointer(slice, outer);
        let step = self.scaled(id, stride * 8);
        let pointer = self.builder.ins().iadd(outer, step);
        self.pointers.insert(key, pointer);
        pointer
    }

    fn index(&mut self, place: &Place) -> Clif {
        let mut total = self.builder.ins().iconst(types::I64, place.offset);
        for &(id, stride) in &place.strides {
            let part = self.scaled(id, stride);
            total = self.builder.ins().iadd(total, part);
        }
        total
    }

    /// The index of an open loop times a factor.
    fn scaled(&mut self, id: LoopId, factor: i64) -> Clif {
        let open = self.open.iter().rev().find(|(known, _)| *known == id);
        let &(_, index) = open.expect("places use the indices of open loops");
        if factor > 0 && factor.count_ones() == 1 {
            let shift = i64::from(factor.trailing_zeros());
            self.builder.ins().ishl_imm_u(index, shift)
        } else {
            self.builder.ins().imul_imm_s(index, factor)
        }
    }
}

/// Calls `f` with every address of a loop.
fn each_place<'a>(tape: &'a Tape, inner: &Loop, f: &mut impl FnMut(Slice, &'a Place)) {
    fn stores<'a>(tape: &'a Tape, steps: &[Step], f: &mut impl FnMut(Slice, &'a Place)) {
        for step in steps {
            match step {
                Step::Store(place, _) => f(Slice::Output, tape.place(*place)),
                Step::Loop(inner) => stores(tape, &inner.body, f),
                Step::Let(..) => {}
            }
        }
    }
    stores(tape, &inner.body, f);
    each_operand(&inner.body, &mut |operand| match operand {
        Operand::State(p) => f(Slice::States, tape.place(p)),
        Operand::Parameter(p) => f(Slice::Parameters, tape.place(p)),
        _ => {}
    });
}
