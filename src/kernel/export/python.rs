//! Python with NumPy: innermost loops become operations on slices.

use super::Program;
use super::functions::Row;
use super::language::{Array, Arrays, Entry, FORM, Language, comment, indent};

/// A module of Python 3 that needs NumPy.
pub struct Python;

impl Language for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn extension(&self) -> &'static str {
        "py"
    }

    /// The file's own names begin with an underscore.
    fn identifier(&self, _: &str, base: &str) -> String {
        let private = base == "positions" || base.starts_with("curve");
        format!("{}{base}", if private { "_" } else { "" })
    }

    fn head(&self, program: &Program, _: &dyn Fn(&str) -> String) -> String {
        let mut text = format!("# The model {}: u' = f(t, u, p).\n#\n", comment(program.name));
        for note in program.notes {
            text += &format!("#   {}\n", comment(note));
        }
        text += "#
# `rhs(t, u, p)` gives the rates of change of the states `u`; `p0` and `u0` hold the parameters and
# the states at the start, in the order of the names below. With SciPy:
#
#   solve_ivp(rhs, (0.0, 1.0), u0, jac=jacobian, method=\"BDF\")
#
# `jacobian(t, u, p)` gives df/du as a dense matrix; `jacobian_values(t, u, p)` its nonzero entries
# in compressed columns, those of column j in rows `row_indices[column_starts[j]:column_starts[j+1]]`.
";
        if !program.observables.is_empty() {
            text += "# `observe(t, u, p)` gives the observables.\n";
        }
        for line in FORM {
            text += &format!("# {line}\n");
        }
        text += "\nimport numpy as np\n\n";
        text
    }

    fn helpers(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("_fma", FMA),
            ("_sign", SIGN),
            ("_round", ROUND),
            ("_minimum", MINIMUM),
            ("_maximum", MAXIMUM),
            ("_erf", ERF),
            ("spline", SPLINE),
            ("total", TOTAL),
        ]
    }

    fn count(&self, name: &str, value: usize) -> String {
        format!("{name} = {value}\n")
    }

    fn array(&self, name: &str, what: &str, array: Array<'_>, _: bool) -> String {
        let (items, what) = (array.items(self), comment(what));
        let value = match array {
            Array::Names(_) => format!("[{items}]"),
            Array::Numbers(_) => format!("np.array([{items}], dtype=float)"),
            Array::Integers(_) => format!("np.array([{items}], dtype=np.intp)"),
        };
        format!("\n# {what}\n{name} = {value}\n")
    }

    fn entry(&self, entry: Entry, _: &dyn Fn(&str) -> String, body: &str, _: bool) -> String {
        let (what, function, output, length) = match entry {
            Entry::RightHandSide => ("The rates of change of the states.", "rhs", "du", "states"),
            Entry::Jacobian => (
                "The nonzero entries of the Jacobian, in compressed columns.",
                "jacobian_values",
                "values",
                "nonzeros",
            ),
            Entry::Observables => ("The observables.", "observe", "observed", "observables"),
        };
        let mut text = format!(
            "\n\n@np.errstate(all=\"ignore\")\ndef {function}(t, u, p=p0):\n    \"\"\"{what}\"\"\"\n"
        );
        text += "    t = np.float64(t)\n    u, p = np.asarray(u, dtype=float), np.asarray(p, dtype=float)\n";
        text += &format!("    {output} = np.zeros({length})\n");
        text += &indent(body);
        text += &format!("    return {output}\n");
        if entry == Entry::Jacobian {
            text += DENSE;
        }
        text
    }

    fn escape(&self, c: char) -> String {
        format!("\\U{:08x}", c as u32)
    }

    fn number(&self, x: f64) -> String {
        if x.is_nan() {
            "np.nan".to_owned()
        } else if x.is_infinite() {
            if x > 0.0 { "np.inf".to_owned() } else { "-np.inf".to_owned() }
        } else {
            format!("{x:?}")
        }
    }

    fn function(&self, row: &Row) -> &'static str {
        row.python
    }

    fn choose(&self, condition: &str, then: &str, otherwise: &str) -> String {
        format!("np.where({condition}, {then}, {otherwise})")
    }

    fn connectives(&self) -> [&'static str; 2] {
        ["&", "|"]
    }

    fn spline(&self, [x, y, slope]: [String; 3], _: usize, order: usize, argument: &str) -> String {
        format!("_spline({x}, {y}, {slope}, {order}, {argument})")
    }

    fn define(&self, value: &str, expression: &str) -> String {
        format!("{value} = {expression}")
    }

    fn begin(&self, sum: &str, pair: bool) -> String {
        let zero = if pair { "np.zeros(2)" } else { "np.float64(0.0)" };
        format!("{sum} = {zero}")
    }

    fn end(&self) -> &'static str {
        ""
    }

    fn open(&self, index: &str, from: i64, to: i64, _: bool) -> String {
        format!("for {index} in range({from}, {}):", i128::from(to) + 1)
    }

    fn close(&self) -> Option<&'static str> {
        None
    }

    fn index(&self, expression: &str, _: bool) -> String {
        format!("np.float64({expression})")
    }

    /// Plain numbers of Python raise exceptions where doubles have infinities.
    fn lone(&self, number: String) -> String {
        format!("np.float64({number})")
    }

    fn arrays(&self) -> Option<&dyn Arrays> {
        Some(self)
    }
}

impl Arrays for Python {
    fn range(&self, from: i64, to: i64) -> String {
        format!("np.arange({from}, {}, dtype=float)", i128::from(to) + 1)
    }

    fn slice(&self, first: &str, end: &str, step: i64) -> String {
        if step == 1 { format!("{first}:{end}") } else { format!("{first}:{end}:{step}") }
    }

    /// A running total adds one after the other, as loops do; `np.sum` has an order of its own.
    fn total(&self, addend: &str, count: u64, pair: bool) -> String {
        match pair {
            true => format!("_total({addend}, {count})"),
            false => format!("np.add.accumulate(np.broadcast_to({addend}, {count}))[-1]"),
        }
    }

    fn scatter(&self, array: &str, places: &str, values: &str) -> String {
        format!("np.add.at({array}, {places}, {values})")
    }
}

const DENSE: &str = "

def jacobian(t, u, p=p0):
    \"\"\"The Jacobian as a dense matrix.\"\"\"
    dense = np.zeros((states, states))
    columns = np.repeat(np.arange(states), np.diff(column_starts))
    dense[row_indices, columns] = jacobian_values(t, u, p)
    return dense
";

const FMA: &str = "
import math
from fractions import Fraction


def _fused(a, b, c):
    \"\"\"a*b + c with one rounding.\"\"\"
    a, b, c = float(a), float(b), float(c)
    if not (math.isfinite(a) and math.isfinite(b)):
        return a * b + c
    if not math.isfinite(c):
        return c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return a * b + c
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


_fma = np.vectorize(_fused, otypes=[float])

";

const SIGN: &str = "
def _sign(x):
    \"\"\"-1, 0 or 1; the sign of zero is kept and NaN stays NaN.\"\"\"
    return np.where(x > 0.0, 1.0, np.where(x < 0.0, -1.0, x))

";

const ROUND: &str = "
def _round(x):
    \"\"\"The nearest integer, halves away from zero.\"\"\"
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= 0.5, whole + np.copysign(1.0, x), whole)

";

const MINIMUM: &str = "
def _minimum(a, b):
    \"\"\"The smaller one; NaN if either is; -0 is smaller than 0 (IEEE 754-2019).\"\"\"
    return np.where(np.equal(a, b), np.where(np.signbit(a), a, b), np.minimum(a, b))

";

const MAXIMUM: &str = "
def _maximum(a, b):
    \"\"\"The larger one; NaN if either is; 0 is larger than -0 (IEEE 754-2019).\"\"\"
    return np.where(np.equal(a, b), np.where(np.signbit(a), b, a), np.maximum(a, b))

";

const ERF: &str = "
import math

_erf = np.vectorize(math.erf, otypes=[float])

";

const TOTAL: &str = "
def _total(addends, count):
    \"\"\"The sum of every other addend from the first plus that from the second, each in order.\"\"\"
    a = np.broadcast_to(addends, count)
    return 0.0 + (np.add.accumulate(a[0::2])[-1] + np.add.accumulate(a[1::2])[-1])

";

const SPLINE: &str = "
def _spline(x, y, slope, order, at):
    \"\"\"A cubic spline or its first or second derivative; NaN outside of the points.\"\"\"
    k = np.clip(np.searchsorted(x, at, side=\"right\"), 1, len(x) - 1) - 1
    h, s = x[k + 1] - x[k], at - x[k]
    secant = (y[k + 1] - y[k]) / h
    c = 3.0 * secant - 2.0 * slope[k] - slope[k + 1]
    b = (slope[k] + slope[k + 1] - 2.0 * secant) / h
    if order == 0:
        value = y[k] + s * (slope[k] + s * (c + s * b) / h)
    elif order == 1:
        value = slope[k] + s * (2.0 * c + 3.0 * s * b) / h
    else:
        value = (2.0 * c + 6.0 * s * b) / h
    return np.where((at >= x[0]) & (at <= x[-1]), value, np.nan)

";
