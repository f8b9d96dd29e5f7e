//! Operations of the table as machine instructions, or as calls of their functions.
//!
//! An operation is inline only where the instructions give the same bits as the table's function
//! for every argument, up to the payload of NaN; the conformance suite checks each of them.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value as Clif, types};
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

/// A truth value as 1 or 0.
pub(super) fn double(builder: &mut FunctionBuilder, flag: Clif) -> Clif {
    let one = builder.ins().iconst(types::I64, 1.0_f64.to_bits() as i64);
    let zero = builder.ins().iconst(types::I64, 0);
    let bits = builder.ins().select(flag, one, zero);
    let flags = cranelift_codegen::ir::MemFlagsData::new();
    builder.ins().bitcast(types::F64, flags, bits)
}

/// Whether a double counts as true: anything but zero, NaN included.
pub(super) fn flag(builder: &mut FunctionBuilder, double: Clif) -> Clif {
    let zero = builder.ins().f64const(0.0);
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
