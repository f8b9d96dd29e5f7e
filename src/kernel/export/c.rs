//! C99: functions over arrays of the caller, no allocation, no state.

use super::Program;
use super::functions::Row;
use super::language::{Array, Entry, FORM, Language, comment, indent};

/// Standard C of 1999 with its mathematical library.
pub struct C;

/// Letters of a model's name that can stand in an identifier; others by their code point.
fn prefix(model: &str) -> String {
    let mut name = String::new();
    for c in model.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
            c => name += &format!("u{:04x}", c as u32),
        }
    }
    // Names that begin with an underscore are the compiler's.
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("model{name}") }
}

/// The head of a function, as in its prototype.
fn signature(entry: Entry, name: &dyn Fn(&str) -> String) -> String {
    let (function, output) = match entry {
        Entry::RightHandSide => ("rhs", "du"),
        Entry::Jacobian => ("jacobian", "values"),
        Entry::Observables => ("observe", "observed"),
    };
    format!("void {}(double t, const double *u, const double *p, double *{output})", name(function))
}

impl Language for C {
    fn name(&self) -> &'static str {
        "c"
    }

    fn extension(&self) -> &'static str {
        "c"
    }

    fn identifier(&self, model: &str, base: &str) -> String {
        format!("{}_{base}", prefix(model))
    }

    fn head(&self, program: &Program, name: &dyn Fn(&str) -> String) -> String {
        let mut text = format!(
            "/* The model {}: u' = f(t, u, p), in C99 (cc -std=c99, link with -lm).\n *\n",
            comment(program.name)
        );
        for note in program.notes {
            text += &format!(" *   {}\n", comment(note));
        }
        text += &format!(
            " *\n * {rhs}(t, u, p, du) writes the rates of change of the states u; {p0} and {u0} hold\n \
             * the parameters and the states at the start, in the order of the names below.\n \
             * {jacobian}(t, u, p, values) writes the nonzero entries of df/du in compressed columns:\n \
             * those of column j are values[k] in row {rows}[k], for k from {starts}[j] to\n \
             * before {starts}[j + 1].\n",
            rhs = name("rhs"),
            p0 = name("p0"),
            u0 = name("u0"),
            jacobian = name("jacobian"),
            rows = name("row_indices"),
            starts = name("column_starts"),
        );
        if !program.observables.is_empty() {
            text += &format!(" * {}(t, u, p, observed) writes the observables.\n", name("observe"));
        }
        for line in FORM {
            text += &format!(" * {line}\n");
        }
        text += " * An array of no elements is written as one element that means nothing.\n */\n";
        text += "#include <math.h>\n#include <stddef.h>\n\n\
                 #if defined(__clang__)\n#pragma STDC FP_CONTRACT OFF\n#endif\n\n";
        for entry in Entry::ALL {
            if entry != Entry::Observables || !program.observables.is_empty() {
                text += &format!("{};\n", signature(entry, name));
            }
        }
        text.push('\n');
        text
    }

    fn helpers(&self) -> &'static [(&'static str, &'static str)] {
        &[("sign", SIGN), ("minimum", MINIMUM), ("maximum", MAXIMUM), ("spline", SPLINE)]
    }

    fn count(&self, name: &str, value: usize) -> String {
        format!("enum {{ {name} = {value} }};\n")
    }

    fn array(&self, name: &str, what: &str, array: Array<'_>, public: bool) -> String {
        let (kind, nothing) = match array {
            Array::Names(_) => ("char *const ", "\"\""),
            Array::Numbers(_) => ("double ", "0.0"),
            Array::Integers(_) => ("size_t ", "0"),
        };
        // C has no empty arrays.
        let items = match array.len() {
            0 => format!("\n    {nothing}\n"),
            _ => array.items(self),
        };
        let (storage, what) = (if public { "" } else { "static " }, comment(what));
        let length = array.len().max(1);
        format!("\n/* {what} */\n{storage}const {kind}{name}[{length}] = {{{items}}};\n")
    }

    fn entry(&self, entry: Entry, name: &dyn Fn(&str) -> String, body: &str, sums: bool) -> String {
        let output = match entry {
            Entry::RightHandSide => "du",
            Entry::Jacobian => "values",
            Entry::Observables => "observed",
        };
        let mut text = format!("\n{}\n{{\n", signature(entry, name));
        text += &format!("    (void)t, (void)u, (void)p, (void){output};\n");
        if sums && entry == Entry::Jacobian {
            let nonzeros = name("nonzeros");
            text += &format!(
                "    for (ptrdiff_t i = 0; i < {nonzeros}; ++i) {{\n        values[i] = 0.0;\n    }}\n"
            );
        }
        text + &indent(body) + "}\n"
    }

    fn escape(&self, c: char) -> String {
        c.to_string().bytes().map(|byte| format!("\\{byte:03o}")).collect()
    }

    fn number(&self, x: f64) -> String {
        if x.is_nan() {
            "NAN".to_owned()
        } else if x.is_infinite() {
            if x > 0.0 { "INFINITY".to_owned() } else { "-INFINITY".to_owned() }
        } else {
            format!("{x:?}")
        }
    }

    fn function(&self, row: &Row) -> &'static str {
        row.c
    }

    fn choose(&self, condition: &str, then: &str, otherwise: &str) -> String {
        format!("{condition} ? {then} : {otherwise}")
    }

    fn connectives(&self) -> [&'static str; 2] {
        ["&&", "||"]
    }

    fn spline(
        &self,
        [x, y, slope]: [String; 3],
        points: usize,
        order: usize,
        argument: &str,
    ) -> String {
        format!("spline({x}, {y}, {slope}, {points}, {order}, {argument})")
    }

    fn define(&self, value: &str, expression: &str) -> String {
        format!("const double {value} = {expression};")
    }

    fn begin(&self, sum: &str, pair: bool) -> String {
        match pair {
            true => format!("double {sum}[2] = {{0.0, 0.0}};"),
            false => format!("double {sum} = 0.0;"),
        }
    }

    fn end(&self) -> &'static str {
        ";"
    }

    fn open(&self, index: &str, from: i64, to: i64, _: bool) -> String {
        format!("for (ptrdiff_t {index} = {from}; {index} <= {to}; ++{index}) {{")
    }

    fn close(&self) -> Option<&'static str> {
        Some("}")
    }

    fn index(&self, expression: &str, _: bool) -> String {
        format!("(double)({expression})")
    }
}

const SIGN: &str = "
/* -1, 0 or 1; the sign of zero is kept and NAN stays NAN. */
static double sign(double x)
{
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x;
}
";

const MINIMUM: &str = "
/* The smaller one; NAN if either is; -0 is smaller than 0 (IEEE 754-2019). */
static double minimum(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return NAN;
    }
    return a < b || (a == b && signbit(a)) ? a : b;
}
";

const MAXIMUM: &str = "
/* The larger one; NAN if either is; 0 is larger than -0 (IEEE 754-2019). */
static double maximum(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return NAN;
    }
    return a > b || (a == b && !signbit(a)) ? a : b;
}
";

const SPLINE: &str = "
/* A cubic spline through n points with given slopes, or its first or second derivative; NAN
 * outside of the points. */
static double spline(const double *x, const double *y, const double *slope, size_t n, int order,
                     double at)
{
    size_t k = 0, after = n - 1;
    if (!(at >= x[0] && at <= x[n - 1])) {
        return NAN;
    }
    while (after - k > 1) {
        const size_t middle = k + (after - k) / 2;
        if (x[middle] <= at) {
            k = middle;
        } else {
            after = middle;
        }
    }
    const double h = x[k + 1] - x[k], s = at - x[k];
    const double secant = (y[k + 1] - y[k]) / h;
    const double c = 3.0 * secant - 2.0 * slope[k] - slope[k + 1];
    const double b = (slope[k] + slope[k + 1] - 2.0 * secant) / h;
    if (order == 0) {
        return y[k] + s * (slope[k] + s * (c + s * b) / h);
    }
    if (order == 1) {
        return slope[k] + s * (2.0 * c + 3.0 * s * b) / h;
    }
    return (2.0 * c + 6.0 * s * b) / h;
}
";
