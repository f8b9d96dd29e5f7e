//! Rust: a module without dependencies.

use super::Program;
use super::functions::Row;
use super::language::{Array, Entry, FORM, Language, comment, indent};

/// A module of safe Rust that needs the standard library only.
pub struct Rust;

impl Language for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn extension(&self) -> &'static str {
        "rs"
    }

    fn identifier(&self, _: &str, base: &str) -> String {
        base.to_uppercase()
    }

    fn head(&self, program: &Program, _: &dyn Fn(&str) -> String) -> String {
        let mut text = format!("// The model {}: u' = f(t, u, p).\n//\n", comment(program.name));
        for note in program.notes {
            text += &format!("//   {}\n", comment(note));
        }
        text += "//
// `rhs(t, u, p, du)` writes the rates of change of the states `u`; `P0` and `U0` hold the
// parameters and the states at the start, in the order of the names below.
// `jacobian(t, u, p, values)` writes the nonzero entries of df/du in compressed columns: those of
// column j are `values[k]` in row `ROW_INDICES[k]`, for k in `COLUMN_STARTS[j]..COLUMN_STARTS[j + 1]`.
";
        if !program.observables.is_empty() {
            text += "// `observe(t, u, p, observed)` writes the observables.\n";
        }
        for line in FORM {
            text += &format!("// {line}\n");
        }
        text += "// Slices that are too short panic.\n";
        text
    }

    fn helpers(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("sign", SIGN),
            ("minimum", MINIMUM),
            ("maximum", MAXIMUM),
            ("asinh", ASINH),
            ("acosh", ACOSH),
            ("erf", ERF),
            ("spline", SPLINE),
        ]
    }

    fn count(&self, name: &str, value: usize) -> String {
        format!(
            "\n/// The number of {}.\npub const {name}: usize = {value};\n",
            name.to_lowercase()
        )
    }

    fn array(&self, name: &str, what: &str, array: Array<'_>, public: bool) -> String {
        let kind = match array {
            Array::Names(_) => "&str",
            Array::Numbers(_) => "f64",
            Array::Integers(_) => "usize",
        };
        let (length, items) = (array.len(), array.items(self));
        let (what, public) = (comment(what), if public { "pub " } else { "" });
        format!("\n/// {what}\n{public}static {name}: [{kind}; {length}] = [{items}];\n")
    }

    fn entry(&self, entry: Entry, _: &dyn Fn(&str) -> String, body: &str, sums: bool) -> String {
        let (what, function, output) = match entry {
            Entry::RightHandSide => ("The rates of change of the states.", "rhs", "du"),
            Entry::Jacobian => ("The nonzero entries of the Jacobian.", "jacobian", "values"),
            Entry::Observables => ("The observables.", "observe", "observed"),
        };
        let mut text = format!(
            "\n/// {what}\npub fn {function}(t: f64, u: &[f64], p: &[f64], {output}: &mut [f64]) {{\n"
        );
        text += &format!("    let _ = (t, u, p, &{output});\n");
        if sums && entry == Entry::Jacobian {
            text += "    values[..NONZEROS].fill(0.0);\n";
        }
        text + &indent(body) + "}\n"
    }

    fn escape(&self, c: char) -> String {
        format!("\\u{{{:x}}}", c as u32)
    }

    fn number(&self, x: f64) -> String {
        if x.is_nan() {
            "f64::NAN".to_owned()
        } else if x.is_infinite() {
            if x > 0.0 { "f64::INFINITY".to_owned() } else { "-f64::INFINITY".to_owned() }
        } else {
            format!("{x:?}")
        }
    }

    fn function(&self, row: &Row) -> &'static str {
        row.rust
    }

    fn choose(&self, condition: &str, then: &str, otherwise: &str) -> String {
        format!("if {condition} {{ {then} }} else {{ {otherwise} }}")
    }

    fn connectives(&self) -> [&'static str; 2] {
        ["&&", "||"]
    }

    fn spline(&self, [x, y, slope]: [String; 3], _: usize, order: usize, argument: &str) -> String {
        format!("spline(&{x}, &{y}, &{slope}, {order}, {argument})")
    }

    fn define(&self, value: &str, expression: &str) -> String {
        format!("let {value} = {expression};")
    }

    fn begin(&self, sum: &str, pair: bool) -> String {
        let zero = if pair { "[0.0, 0.0]" } else { "0.0" };
        format!("let mut {sum} = {zero};")
    }

    fn end(&self) -> &'static str {
        ";"
    }

    fn open(&self, index: &str, from: i64, to: i64, named: bool) -> String {
        format!("for {} in {from}_i64..={to} {{", if named { index } else { "_" })
    }

    fn close(&self) -> Option<&'static str> {
        Some("}")
    }

    fn subscript(&self, expression: &str) -> String {
        format!("{} as usize", part(expression))
    }

    fn index(&self, expression: &str, tight: bool) -> String {
        let cast = format!("{} as f64", part(expression));
        // Before `<` the type would read as a generic one.
        if tight { format!("({cast})") } else { cast }
    }
}

/// An integer expression before a cast: rustc warns of brackets around a name.
fn part(expression: &str) -> String {
    let name = expression.chars().all(|c| c.is_ascii_alphanumeric());
    if name { expression.to_owned() } else { format!("({expression})") }
}

const SIGN: &str = "
/// -1, 0 or 1; the sign of zero is kept and NaN stays NaN.
fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}
";

const MINIMUM: &str = "
/// The smaller one; NaN if either is; -0 is smaller than 0 (IEEE 754-2019).
fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a < b || (a == b && a.is_sign_negative()) {
        a
    } else {
        b
    }
}
";

const MAXIMUM: &str = "
/// The larger one; NaN if either is; 0 is larger than -0 (IEEE 754-2019).
fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a > b || (a == b && a.is_sign_positive()) {
        a
    } else {
        b
    }
}
";

const ASINH: &str = "
/// The inverse of sinh, for the largest numbers as well.
fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let inverse = if a > 1e8 {
        a.ln() + std::f64::consts::LN_2
    } else {
        (a + a * a / (1.0 + (1.0 + a * a).sqrt())).ln_1p()
    };
    inverse.copysign(x)
}
";

const ACOSH: &str = "
/// The inverse of cosh, to the last digits near 1 as well.
fn acosh(x: f64) -> f64 {
    if !(x >= 1.0) {
        return f64::NAN;
    }
    if x > 1e8 {
        return x.ln() + std::f64::consts::LN_2;
    }
    let above = x - 1.0;
    (above + (above * (x + 1.0)).sqrt()).ln_1p()
}
";

const ERF: &str = "
/// The error function by its series of positive terms (Abramowitz and Stegun 1964, 7.1.6).
fn erf(x: f64) -> f64 {
    if x.abs() >= 6.0 {
        return 1.0_f64.copysign(x);
    }
    let (mut sum, mut term, mut k) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        term *= 2.0 * x * x / (2.0 * k + 1.0);
        sum += term;
        k += 1.0;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}
";

const SPLINE: &str = "
/// A cubic spline through points with given slopes, or its first or second derivative; NaN outside
/// of the points.
fn spline(x: &[f64], y: &[f64], slope: &[f64], order: usize, at: f64) -> f64 {
    if !(at >= x[0] && at <= x[x.len() - 1]) {
        return f64::NAN;
    }
    let k = x.partition_point(|&p| p <= at).clamp(1, x.len() - 1) - 1;
    let (h, s) = (x[k + 1] - x[k], at - x[k]);
    let secant = (y[k + 1] - y[k]) / h;
    let c = 3.0 * secant - 2.0 * slope[k] - slope[k + 1];
    let b = (slope[k] + slope[k + 1] - 2.0 * secant) / h;
    match order {
        0 => y[k] + s * (slope[k] + s * (c + s * b) / h),
        1 => slope[k] + s * (2.0 * c + 3.0 * s * b) / h,
        _ => (2.0 * c + 6.0 * s * b) / h,
    }
}
";
