//! Computer algebra as a competent programmer first writes it: boxed trees, a match for each
//! operation, neutral elements dropped and numbers folded, nothing shared and nothing remembered.

use std::collections::BTreeMap;

/// An expression as a tree of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tree {
    /// An integer.
    Number(i128),
    /// A variable by its number.
    Symbol(usize),
    /// A sum.
    Add(Box<Tree>, Box<Tree>),
    /// A product.
    Mul(Box<Tree>, Box<Tree>),
    /// A power.
    Pow(Box<Tree>, Box<Tree>),
    /// A function.
    Call(Function, Box<Tree>),
}

/// The functions that are known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Function {
    Sin,
    Cos,
    Exp,
    Log,
}

use Tree::{Add, Call, Mul, Number, Pow, Symbol};

/// `a + b`.
pub fn add(a: Tree, b: Tree) -> Tree {
    match (a, b) {
        (Number(a), Number(b)) => Number(a + b),
        (Number(0), x) | (x, Number(0)) => x,
        (a, b) => Add(Box::new(a), Box::new(b)),
    }
}

/// `a * b`.
pub fn mul(a: Tree, b: Tree) -> Tree {
    match (a, b) {
        (Number(a), Number(b)) => Number(a * b),
        (Number(0), _) | (_, Number(0)) => Number(0),
        (Number(1), x) | (x, Number(1)) => x,
        (a, b) => Mul(Box::new(a), Box::new(b)),
    }
}

/// `a ^ b`.
pub fn pow(a: Tree, b: Tree) -> Tree {
    match (a, b) {
        (_, Number(0)) => Number(1),
        (x, Number(1)) => x,
        (a, b) => Pow(Box::new(a), Box::new(b)),
    }
}

/// A function of a tree.
pub fn call(f: Function, a: Tree) -> Tree {
    Call(f, Box::new(a))
}

fn negative(a: Tree) -> Tree {
    mul(Number(-1), a)
}

impl Tree {
    /// The derivative by a variable.
    pub fn derivative(&self, by: usize) -> Tree {
        match self {
            Number(_) => Number(0),
            Symbol(s) => Number(i128::from(*s == by)),
            Add(a, b) => add(a.derivative(by), b.derivative(by)),
            Mul(a, b) => {
                add(mul(a.derivative(by), (**b).clone()), mul((**a).clone(), b.derivative(by)))
            }
            Pow(a, n) if matches!(**n, Number(_)) => {
                let less = add((**n).clone(), Number(-1));
                mul(mul((**n).clone(), pow((**a).clone(), less)), a.derivative(by))
            }
            Pow(a, b) => {
                // a^b (b' log a + b a'/a)
                let log = mul(b.derivative(by), call(Function::Log, (**a).clone()));
                let inverse = pow((**a).clone(), Number(-1));
                let ratio = mul(mul((**b).clone(), a.derivative(by)), inverse);
                mul(self.clone(), add(log, ratio))
            }
            Call(f, a) => {
                let inner = (**a).clone();
                let outer = match f {
                    Function::Sin => call(Function::Cos, inner),
                    Function::Cos => negative(call(Function::Sin, inner)),
                    Function::Exp => self.clone(),
                    Function::Log => pow(inner, Number(-1)),
                };
                mul(outer, a.derivative(by))
            }
        }
    }

    /// The tree with a variable replaced.
    pub fn substitute(&self, symbol: usize, by: &Tree) -> Tree {
        match self {
            Number(n) => Number(*n),
            Symbol(s) if *s == symbol => by.clone(),
            Symbol(s) => Symbol(*s),
            Add(a, b) => add(a.substitute(symbol, by), b.substitute(symbol, by)),
            Mul(a, b) => mul(a.substitute(symbol, by), b.substitute(symbol, by)),
            Pow(a, b) => pow(a.substitute(symbol, by), b.substitute(symbol, by)),
            Call(f, a) => call(*f, a.substitute(symbol, by)),
        }
    }

    /// The value where variable `k` has the value `at[k]`.
    pub fn value(&self, at: &[f64]) -> f64 {
        match self {
            Number(n) => *n as f64,
            Symbol(s) => at[*s],
            Add(a, b) => a.value(at) + b.value(at),
            Mul(a, b) => a.value(at) * b.value(at),
            Pow(a, b) => a.value(at).powf(b.value(at)),
            Call(Function::Sin, a) => a.value(at).sin(),
            Call(Function::Cos, a) => a.value(at).cos(),
            Call(Function::Exp, a) => a.value(at).exp(),
            Call(Function::Log, a) => a.value(at).ln(),
        }
    }

    /// Products of sums multiplied out, with like terms collected.
    pub fn expand(&self) -> Tree {
        let mut terms = self.terms().into_iter().map(|(monomial, c)| {
            let powers = monomial.into_iter().map(|(base, n)| pow(base, Number(n)));
            powers.fold(Number(c), mul)
        });
        let first = terms.next().unwrap_or(Number(0));
        terms.fold(first, add)
    }

    fn terms(&self) -> Terms {
        match self {
            Number(0) => Terms::new(),
            Number(n) => Terms::from([(Vec::new(), *n)]),
            Add(a, b) => {
                let mut sum = a.terms();
                b.terms().into_iter().for_each(|(m, c)| collect(&mut sum, m, c));
                sum
            }
            Mul(a, b) => product(&a.terms(), &b.terms()),
            Pow(a, n) => match **n {
                Number(n) if n > 0 => {
                    let base = a.terms();
                    (1..n).fold(base.clone(), |power, _| product(&power, &base))
                }
                _ => Terms::from([(vec![(self.clone(), 1)], 1)]),
            },
            other => Terms::from([(vec![(other.clone(), 1)], 1)]),
        }
    }
}

/// A sum: for each monomial, bases with exponents in order, its coefficient.
type Terms = BTreeMap<Vec<(Tree, i128)>, i128>;

fn collect(terms: &mut Terms, monomial: Vec<(Tree, i128)>, c: i128) {
    use std::collections::btree_map::Entry;
    match terms.entry(monomial) {
        Entry::Vacant(place) => drop(place.insert(c)),
        Entry::Occupied(mut place) => {
            *place.get_mut() += c;
            if *place.get() == 0 {
                place.remove();
            }
        }
    }
}

fn product(a: &Terms, b: &Terms) -> Terms {
    let mut product = Terms::new();
    for (x, c) in a {
        for (y, d) in b {
            let mut monomial = x.clone();
            for (base, n) in y {
                match monomial.binary_search_by(|(other, _)| other.cmp(base)) {
                    Ok(k) => monomial[k].1 += n,
                    Err(k) => monomial.insert(k, (base.clone(), *n)),
                }
            }
            collect(&mut product, monomial, c * d);
        }
    }
    product
}

/// The determinant by expansion along the first row.
pub fn determinant(matrix: &[Vec<Tree>]) -> Tree {
    let Some((row, rest)) = matrix.split_first() else { return Number(1) };
    let mut total = Number(0);
    for (column, entry) in row.iter().enumerate() {
        let minor: Vec<Vec<Tree>> = rest
            .iter()
            .map(|r| {
                let kept = r.iter().enumerate().filter(|(c, _)| *c != column);
                kept.map(|(_, t)| t.clone()).collect()
            })
            .collect();
        let part = mul(entry.clone(), determinant(&minor));
        total = add(total, if column % 2 == 0 { part } else { negative(part) });
    }
    total
}
