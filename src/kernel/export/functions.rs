//! How each language spells the functions of the operation table; one row for each operation that
//! is no operator of all languages.

use crate::term::Op;

/// The names of one operation.
pub struct Row {
    /// The operation.
    pub op: Op,
    /// From `math.h` of C99, or a helper of `c.rs`.
    pub c: &'static str,
    /// A method of `f64`, or a helper of `rust.rs`.
    pub rust: &'static str,
    /// Of NumPy, or a helper of `python.rs`.
    pub python: &'static str,
}

macro_rules! rows {
    ($($op:ident $c:literal $rust:literal $python:literal;)*) => {
        &[$(Row { op: Op::$op, c: $c, rust: $rust, python: $python },)*]
    };
}

pub(super) static FUNCTIONS: &[Row] = rows! {
//  op    C         Rust            Python
    Fma   "fma"     "f64::mul_add"  "_fma";
    Pow   "pow"     "f64::powf"     "np.float_power";
    Sqrt  "sqrt"    "f64::sqrt"     "np.sqrt";
    Exp   "exp"     "f64::exp"      "np.exp";
    Log   "log"     "f64::ln"       "np.log";
    Log2  "log2"    "f64::log2"     "np.log2";
    Log10 "log10"   "f64::log10"    "np.log10";
    Log1p "log1p"   "f64::ln_1p"    "np.log1p";
    Expm1 "expm1"   "f64::exp_m1"   "np.expm1";
    Cbrt  "cbrt"    "f64::cbrt"     "np.cbrt";
    Abs   "fabs"    "f64::abs"      "np.abs";
    Sign  "sign"    "sign"          "_sign";
    Floor "floor"   "f64::floor"    "np.floor";
    Ceil  "ceil"    "f64::ceil"     "np.ceil";
    Round "round"   "f64::round"    "_round";
    Min   "minimum" "minimum"       "_minimum";
    Max   "maximum" "maximum"       "_maximum";
    Hypot "hypot"   "f64::hypot"    "np.hypot";
    Sin   "sin"     "f64::sin"      "np.sin";
    Cos   "cos"     "f64::cos"      "np.cos";
    Tan   "tan"     "f64::tan"      "np.tan";
    Asin  "asin"    "f64::asin"     "np.arcsin";
    Acos  "acos"    "f64::acos"     "np.arccos";
    Atan  "atan"    "f64::atan"     "np.arctan";
    Atan2 "atan2"   "f64::atan2"    "np.arctan2";
    Sinh  "sinh"    "f64::sinh"     "np.sinh";
    Cosh  "cosh"    "f64::cosh"     "np.cosh";
    Tanh  "tanh"    "f64::tanh"     "np.tanh";
    Asinh "asinh"   "asinh"         "np.arcsinh";
    Acosh "acosh"   "acosh"         "np.arccosh";
    Atanh "atanh"   "f64::atanh"    "np.arctanh";
    Erf   "erf"     "erf"           "_erf";
};

/// The row of an operation that is spelled as a function.
pub(super) fn row(op: Op) -> Option<&'static Row> {
    FUNCTIONS.iter().find(|row| row.op == op)
}
