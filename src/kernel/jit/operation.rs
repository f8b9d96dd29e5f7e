//! Operations of the table as machine instructions, or as calls of their functions.
//!
//! An operation is inline only where the instructions give the same bits as the table's function
//! for every argument, up to the payload of NaN; the conformance suite checks each of them.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Value as Clif, types};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilder;

use super::translate::Signatures;
use crate::term::Op;
use crate::term::op;

/// Instructions that not every processor of an architecture has.
#[derive(Clone, Copy)]
pub(super) struct Features {
    fma: bool,
    rounding: bool,
}

impl Features {
    pub(super) fn of(isa: &dyn TargetIsa) -> Features {
        let has = |name| {
            isa.isa_flags().iter().any(|flag| flag.name == name && flag.as_bool() == Some(true))
        };
        let arm = isa.name() == "aarch64";
        Features { fma: arm || has("has_fma"), rounding: arm || has("has_sse41") }
    }
}

/// The result of an operation: a double, or a flag that becomes one only where it must.
pub(super) enum Emitted {
    Double(Clif),
    Flag(Clif),
}

/// Emits one operation on doubles.
pub(super) fn emit(
    builder: &mut FunctionBuilder,
    features: Features,
    signatures: &Signatures,
    operation: Op,
    args: &[Clif],
) -> Emitted {
    let ins = builder.ins();
    Emitted::Double(match (operation, args) {
        (Op::Add, &[a, b]) => ins.fadd(a, b),
        (Op::Sub, &[a, b]) => ins.fsub(a, b),
        (Op::Mul, &[a, b]) => ins.fmul(a, b),
        (Op::Div, &[a, b]) => ins.fdiv(a, b),
        (Op::Neg, &[a]) => ins.fneg(a),
        (Op::Abs, &[a]) => ins.fabs(a),
        (Op::Sqrt, &[a]) => ins.sqrt(a),
        (Op::Min, &[a, b]) => ins.fmin(a, b),
        (Op::Max, &[a, b]) => ins.fmax(a, b),
        (Op::Fma, &[a, b, c]) if features.fma => ins.fma(a, b, c),
        (Op::Floor, &[a]) if features.rounding => ins.floor(a),
        (Op::Ceil, &[a]) if features.rounding => ins.ceil(a),
        (Op::Less, &[a, b]) => return Emitted::Flag(ins.fcmp(FloatCC::LessThan, a, b)),
        (Op::LessEqual, &[a, b]) => {
            return Emitted::Flag(ins.fcmp(FloatCC::LessThanOrEqual, a, b));
        }
        (Op::Equal, &[a, b]) => return Emitted::Flag(ins.fcmp(FloatCC::Equal, a, b)),
        _ => call(builder, signatures, operation, args),
    })
}

/// A truth value as 1 or 0; of two lanes both.
pub(super) fn double(builder: &mut FunctionBuilder, flag: Clif) -> Clif {
    if is_mask(builder, flag) {
        let one = builder.ins().f64const(1.0);
        let ones = builder.ins().splat(types::F64X2, one);
        let mask = as_doubles(builder, flag);
        return builder.ins().band(mask, ones);
    }
    let one = builder.ins().iconst(types::I64, 1.0_f64.to_bits() as i64);
    let zero = builder.ins().iconst(types::I64, 0);
    let bits = builder.ins().select(flag, one, zero);
    builder.ins().bitcast(types::F64, MemFlagsData::new(), bits)
}

/// Whether a truth value is that of two lanes: all bits of a lane set, or none.
pub(super) fn is_mask(builder: &FunctionBuilder, flag: Clif) -> bool {
    builder.func.dfg.value_type(flag) == types::I64X2
}

fn as_doubles(builder: &mut FunctionBuilder, mask: Clif) -> Clif {
    let flags = MemFlagsData::new().with_endianness(Endianness::Little);
    builder.ins().bitcast(types::F64X2, flags, mask)
}

/// The opposite of a truth value.
pub(super) fn not(builder: &mut FunctionBuilder, flag: Clif) -> Clif {
    match is_mask(builder, flag) {
        true => builder.ins().bnot(flag),
        false => builder.ins().bxor_imm_u(flag, 1),
    }
}

/// One of two values, in each lane.
pub(super) fn choose(builder: &mut FunctionBuilder, flag: Clif, then: Clif, other: Clif) -> Clif {
    if is_mask(builder, flag) {
        let mask = as_doubles(builder, flag);
        return builder.ins().bitselect(mask, then, other);
    }
    builder.ins().select(flag, then, other)
}

/// Whether a double counts as true: anything but zero, NaN included.
pub(super) fn flag(builder: &mut FunctionBuilder, double: Clif) -> Clif {
    let mut zero = builder.ins().f64const(0.0);
    if builder.func.dfg.value_type(double) == types::F64X2 {
        zero = builder.ins().splat(types::F64X2, zero);
    }
    builder.ins().fcmp(FloatCC::NotEqual, double, zero)
}

fn call(
    builder: &mut FunctionBuilder,
    signatures: &Signatures,
    operation: Op,
    args: &[Clif],
) -> Clif {
    let address = match operation.row().value {
        op::Value::Constant(value) => return builder.ins().f64const(value),
        op::Value::Unary(f) => f as usize,
        op::Value::Binary(f) => f as usize,
        op::Value::Ternary(f) => f as usize,
    };
    let address = builder.ins().iconst(types::I64, address as i64);
    let signature = signatures.doubles[args.len() - 1];
    let call = builder.ins().call_indirect(signature, address, args);
    builder.inst_results(call)[0]
}
