//! Gröbner bases modulo the prime, for the small systems that preimages solve.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use super::prime;

/// The most variables of a system.
pub const VARIABLES: usize = 15;

/// A product of variables: its degree, and its exponents, eight bits for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Power {
    degree: u16,
    exponents: u128,
}

/// The highest bit of each exponent, which exponents never reach.
const GUARDS: u128 = u128::from_ne_bytes([0x80; 16]);

impl Power {
    /// The empty product.
    pub const ONE: Power = Power { degree: 0, exponents: 0 };

    /// A variable.
    pub fn variable(v: usize) -> Power {
        Power { degree: 1, exponents: 1 << (8 * v) }
    }

    /// The product; nothing when an exponent is beyond 127.
    fn times(self, other: Power) -> Option<Power> {
        let exponents = self.exponents + other.exponents;
        (exponents & GUARDS == 0).then_some(Power { degree: self.degree + other.degree, exponents })
    }

    fn divides(self, other: Power) -> bool {
        ((other.exponents | GUARDS) - self.exponents) & GUARDS == GUARDS
    }

    fn over(self, other: Power) -> Power {
        Power { degree: self.degree - other.degree, exponents: self.exponents - other.exponents }
    }

    /// The exponent of a variable.
    pub fn exponent(self, v: usize) -> u8 {
        (self.exponents >> (8 * v)) as u8
    }

    fn least_common(self, other: Power) -> Power {
        let mut result = Power::ONE;
        for v in 0..VARIABLES {
            let e = self.exponent(v).max(other.exponent(v));
            result.exponents |= u128::from(e) << (8 * v);
            result.degree += u16::from(e);
        }
        result
    }
}

/// Graded reverse lexicographic order.
impl Ord for Power {
    fn cmp(&self, other: &Self) -> Ordering {
        self.degree.cmp(&other.degree).then_with(|| other.exponents.cmp(&self.exponents))
    }
}

impl PartialOrd for Power {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A polynomial: powers in descending order with residues other than zero.
pub type Polynomial = Vec<(Power, u64)>;

/// The sum of terms in any order.
pub fn collect(mut terms: Polynomial) -> Polynomial {
    terms.sort_unstable_by_key(|t| std::cmp::Reverse(t.0));
    let mut kept: Polynomial = Vec::with_capacity(terms.len());
    for (power, c) in terms {
        match kept.last_mut() {
            Some((last, total)) if *last == power => *total = prime::add(*total, c),
            _ => kept.push((power, c)),
        }
    }
    kept.retain(|(_, c)| *c != 0);
    kept
}

/// The product of two polynomials; nothing when an exponent is beyond 127.
pub fn product(a: &Polynomial, b: &Polynomial) -> Option<Polynomial> {
    let mut terms = Vec::with_capacity(a.len() * b.len());
    for (p, x) in a {
        for (q, y) in b {
            terms.push((p.times(*q)?, prime::mul(*x, *y)));
        }
    }
    Some(collect(terms))
}

/// Why there is no basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// More work than allowed.
    Work,
    /// It was stopped.
    Interrupted,
}

/// A Gröbner basis in graded reverse lexicographic order.
pub struct Basis {
    elements: Vec<Polynomial>,
    variables: usize,
    /// Additions of terms that are left.
    work: u64,
    stop: fn() -> bool,
}

impl Basis {
    /// The basis of the ideal of some polynomials, by Buchberger's algorithm with both of his
    /// criteria, pairs of low degree first.
    ///
    /// # Errors
    /// When it takes more than `work` additions of terms, or `stop` says so.
    pub fn new(
        generators: Vec<Polynomial>,
        variables: usize,
        work: u64,
        stop: fn() -> bool,
    ) -> Result<Basis, Ended> {
        let mut basis = Basis { elements: Vec::new(), variables, work, stop };
        let mut alive: Vec<bool> = Vec::new();
        let mut pairs: Vec<(Power, usize, usize)> = Vec::new();
        let mut open: Vec<Polynomial> = generators;
        open.sort_by(|a, b| b.first().map(|t| t.0).cmp(&a.first().map(|t| t.0)));
        loop {
            let next = match open.pop() {
                Some(generator) => generator,
                None => {
                    let Some(at) = (0..pairs.len()).min_by_key(|&k| (pairs[k].0, pairs[k].2))
                    else {
                        break;
                    };
                    let (lcm, i, j) = pairs.swap_remove(at);
                    basis.s_polynomial(lcm, i, j)?
                }
            };
            let reduced = basis.reduce_with(next, &alive)?;
            let Some(&(lead, _)) = reduced.first() else { continue };
            let k = basis.elements.len();
            if lead == Power::ONE {
                basis.elements = vec![vec![(Power::ONE, 1)]];
                return Ok(basis);
            }
            let leads: Vec<Power> = basis.elements.iter().map(|e| e[0].0).collect();
            // Gebauer and Möller: old pairs whose lcm the new element divides properly.
            pairs.retain(|&(lcm, i, j)| {
                !lead.divides(lcm)
                    || leads[i].least_common(lead) == lcm
                    || leads[j].least_common(lead) == lcm
            });
            let mut new: Vec<(Power, usize)> =
                (0..k).filter(|&i| alive[i]).map(|i| (leads[i].least_common(lead), i)).collect();
            new.sort();
            let mut kept: Vec<(Power, usize)> = Vec::new();
            for (lcm, i) in new {
                if !kept.iter().any(|(other, _)| other.divides(lcm)) {
                    kept.push((lcm, i));
                }
            }
            for (lcm, i) in kept {
                // Coprime leading terms give nothing.
                if leads[i].times(lead) != Some(lcm) {
                    pairs.push((lcm, i, k));
                }
            }
            for (i, other) in leads.iter().enumerate() {
                if lead.divides(*other) {
                    alive[i] = false;
                }
            }
            basis.elements.push(reduced);
            alive.push(true);
        }
        let mut keep = alive.iter();
        basis.elements.retain(|_| *keep.next().unwrap_or(&false));
        Ok(basis)
    }

    fn s_polynomial(&mut self, lcm: Power, i: usize, j: usize) -> Result<Polynomial, Ended> {
        let mut terms = Vec::new();
        for (k, sign) in [(i, 1), (j, prime::P - 1)] {
            let factor = lcm.over(self.elements[k][0].0);
            for (power, c) in &self.elements[k] {
                let power = power.times(factor).ok_or(Ended::Work)?;
                terms.push((power, prime::mul(*c, sign)));
            }
        }
        Ok(collect(terms))
    }

    /// The remainder of a polynomial by the elements that are alive, with leading coefficient one.
    fn reduce_with(&mut self, polynomial: Polynomial, alive: &[bool]) -> Result<Polynomial, Ended> {
        let mut rest = self.remainder(polynomial, Some(alive))?;
        if let Some(&(_, lead)) = rest.first() {
            let inverse = prime::invert(lead);
            rest.iter_mut().for_each(|(_, c)| *c = prime::mul(*c, inverse));
        }
        Ok(rest)
    }

    fn remainder(
        &mut self,
        polynomial: Polynomial,
        alive: Option<&[bool]>,
    ) -> Result<Polynomial, Ended> {
        let mut open: std::collections::BTreeMap<Power, u64> = polynomial.into_iter().collect();
        let mut done = Vec::new();
        while let Some((power, c)) = open.pop_last() {
            if c == 0 {
                continue;
            }
            let usable =
                |k: &usize| alive.is_none_or(|a| a[*k]) && self.elements[*k][0].0.divides(power);
            let Some(k) = (0..self.elements.len()).find(usable) else {
                done.push((power, c));
                continue;
            };
            let factor = power.over(self.elements[k][0].0);
            let minus = prime::sub(0, c);
            let cost = self.elements[k].len() as u64;
            if self.work < cost {
                return Err(Ended::Work);
            }
            self.work -= cost;
            if (self.stop)() {
                return Err(Ended::Interrupted);
            }
            for (p, x) in &self.elements[k][1..] {
                let power = p.times(factor).ok_or(Ended::Work)?;
                let entry = open.entry(power).or_insert(0);
                *entry = prime::mul_add(minus, *x, *entry);
            }
        }
        Ok(done)
    }

    /// Whether the system has no solution at all.
    pub fn is_one(&self) -> bool {
        self.elements.iter().any(|e| e[0].0 == Power::ONE)
    }

    /// The products that are no leading terms: their number is that of the solutions, with
    /// multiplicity. Nothing when there are infinitely many, or more than `most`.
    pub fn standard(&self, most: usize) -> Option<Vec<Power>> {
        let leads: Vec<Power> = self.elements.iter().map(|e| e[0].0).collect();
        let pure =
            |v: usize| leads.iter().any(|l| l.degree > 0 && u16::from(l.exponent(v)) == l.degree);
        if self.is_one() {
            return Some(Vec::new());
        }
        if !(0..self.variables).all(pure) {
            return None;
        }
        let mut all = vec![Power::ONE];
        let mut at = 0;
        while at < all.len() {
            let power = all[at];
            at += 1;
            // Each product is made once, by its last variable.
            let last = (0..self.variables).rev().find(|&v| power.exponent(v) > 0).unwrap_or(0);
            for v in last..self.variables {
                let next = power.times(Power::variable(v))?;
                if !leads.iter().any(|l| l.divides(next)) {
                    all.push(next);
                    if all.len() > most {
                        return None;
                    }
                }
            }
        }
        Some(all)
    }

    /// How many values a variable has on the solutions: the degree of its minimal polynomial.
    ///
    /// # Errors
    /// As [`Basis::new`].
    pub fn values_of(&mut self, v: usize, standard: &[Power]) -> Result<usize, Ended> {
        let places: FxHashMap<Power, usize> =
            standard.iter().enumerate().map(|(k, p)| (*p, k)).collect();
        let mut rows: Vec<Vec<u64>> = Vec::new();
        let mut current: Polynomial = vec![(Power::ONE, 1)];
        loop {
            let mut row = vec![0; standard.len()];
            current.iter().for_each(|(p, c)| row[places[p]] = *c);
            let before = rows.len();
            rows.push(row);
            prime::reduce(&mut rows);
            if rows.len() == before {
                return Ok(before);
            }
            let factor = vec![(Power::variable(v), 1)];
            let next = product(&current, &factor).ok_or(Ended::Work)?;
            current = self.remainder(next, None)?;
        }
    }
}
