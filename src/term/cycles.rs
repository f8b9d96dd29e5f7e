//! The table of cycles, `cycles.txt`: what operations take inside compiled kernels, measured.
//!
//! `isoterm calibrate` writes the file; it is read at compile time. The unit of all its numbers is
//! the time of one addition among additions that do not wait for each other.

const TEXT: &[u8] = include_bytes!("cycles.txt");

/// What a call takes that nobody has measured: more than any operation, so that it is noticed.
const UNMEASURED: f64 = 500.0;

/// Cycles of one operation among operations that do not wait for it.
pub(super) const fn throughput(name: &str) -> f64 {
    match number(name, 0, 1) {
        Some(cycles) => cycles,
        None => UNMEASURED,
    }
}

/// Cycles until an operation that needs the result can begin.
pub(super) const fn latency(name: &str) -> f64 {
    match (number(name, 0, 2), number(name, 0, 1)) {
        (Some(cycles), _) | (None, Some(cycles)) => cycles,
        _ => UNMEASURED,
    }
}

/// Whether an operation has been measured.
pub const fn is_measured(name: &str) -> bool {
    number(name, 0, 1).is_some()
}

/// Cycles of calling a compiled kernel and coming back.
pub const EVALUATION: f64 = measured("evaluation");

/// Cycles of calling a registered function, without what it does.
pub const FUNCTION: f64 = measured("function");

/// Instructions of straight-line kernels of sums and products, and the cycles of each: with its
/// share of loads, and of fetching code that no longer fits the nearest caches.
pub const KERNELS: [(f64, f64); 5] = [kernel(0), kernel(1), kernel(2), kernel(3), kernel(4)];

const fn measured(name: &str) -> f64 {
    number(name, 0, 1).expect("the row is in cycles.txt")
}

const fn kernel(line: usize) -> (f64, f64) {
    let row = (number("kernel", line, 1), number("kernel", line, 2));
    let (Some(size), Some(cycles)) = row else {
        panic!("cycles.txt has five rows for kernels");
    };
    (size, cycles)
}

/// A number of the table: in the given column of the given line of those that begin with `name`.
const fn number(name: &str, line: usize, column: usize) -> Option<f64> {
    let name = name.as_bytes();
    let (mut at, mut met) = (0, 0);
    while at < TEXT.len() {
        if begins(at, name) {
            if met == line {
                return word(at, column);
            }
            met += 1;
        }
        while at < TEXT.len() && TEXT[at] != b'\n' {
            at += 1;
        }
        at += 1;
    }
    None
}

/// Whether the word at a position is this one.
const fn begins(at: usize, name: &[u8]) -> bool {
    let mut k = 0;
    while k < name.len() {
        if at + k >= TEXT.len() || TEXT[at + k] != name[k] {
            return false;
        }
        k += 1;
    }
    at + k < TEXT.len() && TEXT[at + k] == b' '
}

/// The decimal number that is this word of the line at a position, if the line has so many.
const fn word(mut at: usize, column: usize) -> Option<f64> {
    let mut k = 0;
    while k < column {
        while at < TEXT.len() && TEXT[at] != b' ' && TEXT[at] != b'\n' {
            at += 1;
        }
        while at < TEXT.len() && TEXT[at] == b' ' {
            at += 1;
        }
        k += 1;
    }
    let (mut value, mut scale, mut digits) = (0.0, 0.0, 0);
    while at < TEXT.len() && (TEXT[at].is_ascii_digit() || TEXT[at] == b'.') {
        if TEXT[at] == b'.' {
            scale = 1.0;
        } else {
            value = value * 10.0 + (TEXT[at] - b'0') as f64;
            scale *= 10.0;
            digits += 1;
        }
        at += 1;
    }
    match digits {
        0 => None,
        _ => Some(if scale > 0.0 { value / scale } else { value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::op::TABLE;

    #[test]
    fn every_operation_is_measured() {
        let missing: Vec<&str> = TABLE
            .iter()
            .filter(|row| row.arity() > 0 && !is_measured(row.name))
            .map(|row| row.name)
            .collect();
        assert!(missing.is_empty(), "run `isoterm calibrate` for {missing:?}");
        assert_eq!((throughput("add"), latency("nothing")), (1.0, UNMEASURED));
        assert!(KERNELS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
