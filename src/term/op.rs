//! The operation table: every fact about an operation is in its one row here.
//!
//! The parser takes names from it, the printer LaTeX, the graph exact values and parity, the
//! e-graph enclosures, the extractor costs, the interpreter and the JIT values. Derivatives are
//! lines of `rules/derivative.rules`. A new function is a row and a line.

use super::cycles;
use super::interval::Interval;
use super::number::Number;

/// What kind of thing an operation is, which decides where its result may stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// `+ - * / ^` and the forms that canonical graphs rewrite into sums and products.
    Arithmetic,
    /// A function of real numbers.
    Function,
    /// Two numbers to a truth value.
    Comparison,
    /// Truth values to a truth value.
    Logic,
    /// `if(condition, then, otherwise)`.
    Choice,
    /// A named constant.
    Constant,
}

/// The symmetry of a function of one argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parity {
    /// `f(-x) = f(x)`.
    Even,
    /// `f(-x) = -f(x)`.
    Odd,
    /// `f(x, y) = f(y, x)`.
    Swap,
    /// None of these.
    Neither,
}

/// How an operation computes on doubles; interpreter and compiled kernels use the same functions.
///
/// They have the C calling convention because machine code calls them by address.
#[derive(Clone, Copy)]
pub enum Value {
    /// No arguments.
    Constant(f64),
    /// One argument.
    Unary(extern "C" fn(f64) -> f64),
    /// Two arguments.
    Binary(extern "C" fn(f64, f64) -> f64),
    /// Three arguments.
    Ternary(extern "C" fn(f64, f64, f64) -> f64),
}

/// How an operation encloses its real value over intervals.
#[derive(Clone, Copy)]
pub enum Enclosure {
    /// No arguments.
    Constant(fn() -> Interval),
    /// One argument.
    Unary(fn(Interval) -> Interval),
    /// Two arguments.
    Binary(fn(Interval, Interval) -> Interval),
    /// Three arguments.
    Ternary(fn(Interval, Interval, Interval) -> Interval),
}

/// One row of the table.
pub struct Operation {
    /// The operation.
    pub op: Op,
    /// Its name in model text, in rules and in the text form of tapes.
    pub name: &'static str,
    /// LaTeX of the function's name.
    pub latex: &'static str,
    /// Kind.
    pub class: Class,
    /// Symmetry.
    pub parity: Parity,
    /// Whether it is defined for all real arguments.
    pub total: bool,
    /// Cycles of one evaluation inside a kernel, in units of an addition's throughput; measured,
    /// see [`super::cycles`].
    pub cycles: f64,
    /// Cycles until what needs the result can begin, in the same unit.
    pub latency: f64,
    /// Value on doubles.
    pub value: Value,
    /// Enclosure of the real value.
    pub enclosure: Enclosure,
    /// Whether it is strictly increasing on its domain.
    pub increasing: bool,
    /// The exact value at exact arguments, where it is rational and known.
    pub exact: fn(&[&Number]) -> Option<Number>,
}

impl Operation {
    /// Whether compiled kernels call a function for it instead of doing it in place.
    pub fn is_called(&self) -> bool {
        match self.class {
            Class::Arithmetic => self.op == Op::Pow,
            Class::Function => {
                !matches!(self.op, Op::Abs | Op::Floor | Op::Ceil | Op::Min | Op::Max)
            }
            Class::Comparison | Class::Logic | Class::Choice | Class::Constant => false,
        }
    }

    /// The number of arguments.
    pub fn arity(&self) -> usize {
        match self.value {
            Value::Constant(_) => 0,
            Value::Unary(_) => 1,
            Value::Binary(_) => 2,
            Value::Ternary(_) => 3,
        }
    }
}

macro_rules! table {
    ($($op:ident $name:literal $latex:literal $class:ident $parity:ident $total:ident
       $kind:ident($value:expr, $enclosure:expr) $exact:expr;)*) => {
        /// An operation of the table.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = concat!("`", $name, "`")] $op,)*
        }

        /// All rows, in the order of [`Op`].
        pub static TABLE: &[Operation] = &[$(Operation {
            op: Op::$op,
            name: $name,
            latex: $latex,
            class: Class::$class,
            parity: Parity::$parity,
            total: table!(@total $total),
            cycles: table!(@cycles $kind throughput $name),
            latency: table!(@cycles $kind latency $name),
            value: table!(@value $kind $value),
            enclosure: table!(@enclosure $kind $enclosure),
            increasing: table!(@increasing $kind),
            exact: $exact,
        },)*];
    };
    (@value Constant $value:expr) => { Value::Constant($value) };
    (@value Rising $value:expr) => { table!(@value Unary $value) };
    (@value Unary $value:expr) => {
        Value::Unary({
            extern "C" fn value(a: f64) -> f64 {
                let value: fn(f64) -> f64 = $value;
                value(a)
            }
            value
        })
    };
    (@value Binary $value:expr) => {
        Value::Binary({
            extern "C" fn value(a: f64, b: f64) -> f64 {
                let value: fn(f64, f64) -> f64 = $value;
                value(a, b)
            }
            value
        })
    };
    (@value Ternary $value:expr) => {
        Value::Ternary({
            extern "C" fn value(a: f64, b: f64, c: f64) -> f64 {
                let value: fn(f64, f64, f64) -> f64 = $value;
                value(a, b, c)
            }
            value
        })
    };
    (@cycles Constant $column:ident $name:literal) => { 0.0 };
    (@cycles $kind:ident $column:ident $name:literal) => { cycles::$column($name) };
    (@enclosure Rising $enclosure:expr) => { Enclosure::Unary($enclosure) };
    (@enclosure $kind:ident $enclosure:expr) => { Enclosure::$kind($enclosure) };
    (@increasing Rising) => { true };
    (@increasing $kind:ident) => { false };
    (@total total) => { true };
    (@total partial) => { false };
}

type Args<'a> = &'a [&'a Number];

fn unknown(_: Args) -> Option<Number> {
    None
}

table! {
//  op           name         latex        class      parity  domain  kind(value, enclosure)                       exact
    Add          "add"        "+"          Arithmetic Swap    total   Binary(|a, b| a + b, Interval::add)            |a| Some(a[0] + a[1]);
    Sub          "sub"        "-"          Arithmetic Neither total   Binary(|a, b| a - b, Interval::sub)            |a| Some(a[0] - a[1]);
    Mul          "mul"        "\\cdot"     Arithmetic Swap    total   Binary(|a, b| a * b, Interval::mul)            |a| Some(a[0] * a[1]);
    Div          "div"        "/"          Arithmetic Neither partial Binary(|a, b| a / b, Interval::div)            |a| Some(a[0] * &a[1].recip()?);
    Neg          "neg"        "-"          Arithmetic Odd     total   Unary(|a| -a, Interval::neg)                   |a| Some(-a[0]);
    Fma          "fma"        "\\mathrm{fma}" Arithmetic Neither total   Ternary(libm::fma, Interval::fma)              |a| Some(&(a[0] * a[1]) + a[2]);
    Pow          "pow"        "pow"        Arithmetic Neither partial Binary(libm::pow, Interval::pow)               |a| a[0].pow(a[1].to_i64()?);
    Sqrt         "sqrt"       "\\sqrt"     Arithmetic Neither partial Rising(libm::sqrt, Interval::sqrt)              |a| a[0].root(2);
    Exp          "exp"        "\\exp"      Function   Neither total   Rising(libm::exp, Interval::exp)                |a| at(a, 0, 1);
    Log          "log"        "\\log"      Function   Neither partial Rising(libm::log, Interval::log)                |a| at(a, 1, 0);
    Log2         "log2"       "\\log_2"    Function   Neither partial Rising(libm::log2, Interval::log2)              |a| exponent_of(a[0], 2);
    Log10        "log10"      "\\log_{10}" Function   Neither partial Rising(libm::log10, Interval::log10)            |a| exponent_of(a[0], 10);
    Log1p        "log1p"      "\\operatorname{log1p}" Function Neither partial Rising(libm::log1p, Interval::log1p)   |a| at(a, 0, 0);
    Expm1        "expm1"      "\\operatorname{expm1}" Function Neither total   Rising(libm::expm1, Interval::expm1)     |a| at(a, 0, 0);
    Cbrt         "cbrt"       "\\sqrt[3]"  Function   Odd     total   Rising(libm::cbrt, Interval::cbrt)              |a| cube_root(a[0]);
    Abs          "abs"        "abs"        Function   Even    total   Unary(libm::fabs, Interval::abs)               |a| Some(a[0].abs());
    Sign         "sign"       "\\operatorname{sign}" Function Odd total   Unary(sign, Interval::sign)                   |a| Some(sign_of(a[0]));
    Floor        "floor"      "floor"      Function   Neither total   Unary(libm::floor, Interval::floor)            |a| Some(a[0].floor());
    Ceil         "ceil"       "ceil"       Function   Neither total   Unary(libm::ceil, Interval::ceil)              |a| Some(-&(-a[0]).floor());
    Round        "round"      "\\operatorname{round}" Function Odd total   Unary(libm::round, Interval::round)          |a| Some(round_half_away(a[0]));
    Min          "min"        "\\min"      Function   Swap    total   Binary(minimum, Interval::min)                 |a| Some(a[0].min(a[1]).clone());
    Max          "max"        "\\max"      Function   Swap    total   Binary(maximum, Interval::max)                 |a| Some(a[0].max(a[1]).clone());
    Hypot        "hypot"      "\\operatorname{hypot}" Function Swap    total   Binary(libm::hypot, Interval::hypot)    |a| (&(a[0] * a[0]) + &(a[1] * a[1])).root(2);
    Sin          "sin"        "\\sin"      Function   Odd     total   Unary(libm::sin, Interval::sin)                |a| at(a, 0, 0);
    Cos          "cos"        "\\cos"      Function   Even    total   Unary(libm::cos, Interval::cos)                |a| at(a, 0, 1);
    Tan          "tan"        "\\tan"      Function   Odd     partial Unary(libm::tan, Interval::tan)                |a| at(a, 0, 0);
    Asin         "asin"       "\\arcsin"   Function   Odd     partial Rising(libm::asin, Interval::asin)              |a| at(a, 0, 0);
    Acos         "acos"       "\\arccos"   Function   Neither partial Unary(libm::acos, Interval::acos)              |a| at(a, 1, 0);
    Atan         "atan"       "\\arctan"   Function   Odd     total   Rising(libm::atan, Interval::atan)              |a| at(a, 0, 0);
    Atan2        "atan2"      "\\operatorname{atan2}" Function Neither partial Binary(libm::atan2, Interval::atan2)  |a| (a[0].is_zero() && a[1].is_positive()).then_some(Number::ZERO);
    Sinh         "sinh"       "\\sinh"     Function   Odd     total   Rising(libm::sinh, Interval::sinh)              |a| at(a, 0, 0);
    Cosh         "cosh"       "\\cosh"     Function   Even    total   Unary(libm::cosh, Interval::cosh)              |a| at(a, 0, 1);
    Tanh         "tanh"       "\\tanh"     Function   Odd     total   Rising(libm::tanh, Interval::tanh)              |a| at(a, 0, 0);
    Asinh        "asinh"      "\\operatorname{arsinh}" Function Odd total   Rising(libm::asinh, Interval::asinh)        |a| at(a, 0, 0);
    Acosh        "acosh"      "\\operatorname{arcosh}" Function Neither partial Rising(libm::acosh, Interval::acosh)  |a| at(a, 1, 0);
    Atanh        "atanh"      "\\operatorname{artanh}" Function Odd partial Rising(libm::atanh, Interval::atanh)      |a| at(a, 0, 0);
    Erf          "erf"        "\\operatorname{erf}" Function Odd total   Rising(libm::erf, Interval::erf)               |a| at(a, 0, 0);
    Less         "less"       "<"          Comparison Neither total   Binary(|a, b| truth(a < b), Interval::less)    |a| Some((a[0] < a[1]).into());
    LessEqual    "less_equal" "\\le"       Comparison Neither total   Binary(|a, b| truth(a <= b), Interval::less_equal) |a| Some((a[0] <= a[1]).into());
    Equal        "equal"      "="          Comparison Swap    total   Binary(|a, b| truth(a == b), Interval::equal)  |a| Some((a[0] == a[1]).into());
    And          "and"        "\\land"     Logic      Swap    total   Binary(|a, b| truth(a != 0.0 && b != 0.0), Interval::and) |a| Some((!a[0].is_zero() && !a[1].is_zero()).into());
    Or           "or"         "\\lor"      Logic      Swap    total   Binary(|a, b| truth(a != 0.0 || b != 0.0), Interval::or) |a| Some((!a[0].is_zero() || !a[1].is_zero()).into());
    Not          "not"        "\\lnot"     Logic      Neither total   Unary(|a| truth(a == 0.0), Interval::not)      |a| Some(a[0].is_zero().into());
    If           "if"         "if"         Choice     Neither total   Ternary(|c, a, b| if c != 0.0 { a } else { b }, Interval::choose) |a| Some(if a[0].is_zero() { a[2] } else { a[1] }.clone());
    Pi           "pi"         "\\pi"       Constant   Neither total   Constant(std::f64::consts::PI, pi)                            unknown;
    Undefined    "undefined"  "\\bot"      Constant   Neither partial Constant(f64::NAN, || Interval::NEVER)          unknown;
}

impl Op {
    /// The row of this operation.
    pub fn row(self) -> &'static Operation {
        &TABLE[self as usize]
    }

    /// The operation of this name.
    pub fn named(name: &str) -> Option<Op> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.op)
    }

    /// The number of arguments.
    pub fn arity(self) -> usize {
        self.row().arity()
    }

    /// Whether its two arguments may change places.
    pub fn commutes(self) -> bool {
        self.row().parity == Parity::Swap
    }

    /// Whether the result is a truth value.
    pub fn is_truth(self) -> bool {
        matches!(self.row().class, Class::Comparison | Class::Logic)
    }

    /// The value at double arguments.
    ///
    /// # Panics
    /// When the number of arguments is not [`Op::arity`].
    pub fn value(self, args: &[f64]) -> f64 {
        match (self.row().value, args) {
            (Value::Constant(c), []) => c,
            (Value::Unary(f), &[a]) => f(a),
            (Value::Binary(f), &[a, b]) => f(a, b),
            (Value::Ternary(f), &[a, b, c]) => f(a, b, c),
            _ => panic!("{} takes {} arguments", self.row().name, self.arity()),
        }
    }

    /// The enclosure of the real value over intervals of arguments.
    ///
    /// # Panics
    /// When the number of arguments is not [`Op::arity`].
    pub fn enclosure(self, args: &[Interval]) -> Interval {
        match (self.row().enclosure, args) {
            (Enclosure::Constant(f), []) => f(),
            (Enclosure::Unary(f), &[a]) => f(a),
            (Enclosure::Binary(f), &[a, b]) => f(a, b),
            (Enclosure::Ternary(f), &[a, b, c]) => f(a, b, c),
            _ => panic!("{} takes {} arguments", self.row().name, self.arity()),
        }
    }
}

/// The double nearest to π is less than π.
fn pi() -> Interval {
    Interval::new(std::f64::consts::PI, std::f64::consts::PI.next_up())
}

fn truth(b: bool) -> f64 {
    if b { 1.0 } else { 0.0 }
}

/// −1, 0 or 1; the sign of zero is kept and NaN stays NaN.
pub(crate) fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

/// The smaller value; NaN if either is NaN; −0 is smaller than 0 (IEEE 754-2019 `minimum`).
fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b {
        if a.is_sign_negative() { a } else { b }
    } else if a < b {
        a
    } else {
        b
    }
}

/// The larger value; NaN if either is NaN; 0 is larger than −0 (IEEE 754-2019 `maximum`).
fn maximum(a: f64, b: f64) -> f64 {
    -minimum(-a, -b)
}

/// The exact value `y` at the one argument `x` where it is rational.
fn at(args: Args, x: i64, y: i64) -> Option<Number> {
    (args[0].to_i64() == Some(x)).then(|| y.into())
}

fn sign_of(x: &Number) -> Number {
    Number::from(i64::from(x.is_positive()) - i64::from(x.is_negative()))
}

fn cube_root(x: &Number) -> Option<Number> {
    let root = x.abs().root(3)?;
    Some(if x.is_negative() { -&root } else { root })
}

fn round_half_away(x: &Number) -> Number {
    let away = (&x.abs() + &Number::HALF).floor();
    if x.is_negative() { -&away } else { away }
}

/// The integer `k` with `base^k = x`, for `|k|` up to 1100.
fn exponent_of(x: &Number, base: i64) -> Option<Number> {
    if !x.is_positive() || x.bits() > 4000 {
        return None;
    }
    let up = *x >= Number::ONE;
    let target = if up { x.clone() } else { x.recip()? };
    let (mut power, mut k) = (Number::ONE, 0);
    while power < target {
        power = &power * &Number::from(base);
        k += 1;
    }
    (power == target).then(|| Number::from(if up { k } else { -k }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_operations() {
        for (i, row) in TABLE.iter().enumerate() {
            assert_eq!(row.op as usize, i, "{}", row.name);
            assert_eq!(Op::named(row.name), Some(row.op));
        }
    }

    #[test]
    fn exact_values_lie_in_the_enclosures_and_agree_with_the_doubles() {
        let values = [-8, -2, -1, 0, 1, 2, 4, 8, 10, 100].map(Number::from);
        for row in TABLE {
            let tuples: Vec<Vec<&Number>> = match row.arity() {
                1 => values.iter().map(|a| vec![a]).collect(),
                2 => values.iter().flat_map(|a| values.iter().map(move |b| vec![a, b])).collect(),
                3 => values.iter().map(|a| vec![a, &values[4], &values[5]]).collect(),
                _ => continue,
            };
            for args in tuples {
                let Some(exact) = (row.exact)(&args) else {
                    continue;
                };
                let doubles: Vec<f64> = args.iter().map(|n| n.to_f64()).collect();
                let points: Vec<Interval> = doubles.iter().map(|&x| Interval::point(x)).collect();
                let value = row.op.value(&doubles);
                assert!(
                    (value - exact.to_f64()).abs() <= 1e-15 * value.abs(),
                    "{} {args:?}",
                    row.name
                );
                assert!(
                    row.op.enclosure(&points).contains(exact.to_f64()),
                    "{} {args:?}",
                    row.name
                );
            }
        }
    }
}
