//! Polynomials in one variable modulo a small prime, and their factors.

/// Coefficients modulo a prime below 2^31, from the constant up, the last one not zero.
pub(super) type Residues = Vec<u64>;

/// Arithmetic modulo a prime.
#[derive(Clone, Copy)]
pub(super) struct Prime(pub u64);

impl Prime {
    /// `a ^ n`.
    pub(super) fn power(self, a: u64, n: u64) -> u64 {
        let (mut result, mut square, mut n) = (1, a % self.0, n);
        while n > 0 {
            if n & 1 == 1 {
                result = result * square % self.0;
            }
            square = square * square % self.0;
            n >>= 1;
        }
        result
    }

    fn inverse(self, a: u64) -> u64 {
        self.power(a, self.0 - 2)
    }

    pub(super) fn trimmed(self, mut a: Residues) -> Residues {
        while a.last() == Some(&0) {
            a.pop();
        }
        a
    }

    pub(super) fn minus(self, a: &[u64], b: &[u64]) -> Residues {
        let at = |p: &[u64], k: usize| p.get(k).copied().unwrap_or(0);
        let n = a.len().max(b.len());
        self.trimmed((0..n).map(|k| (at(a, k) + self.0 - at(b, k)) % self.0).collect())
    }

    pub(super) fn times(self, a: &[u64], b: &[u64]) -> Residues {
        if a.is_empty() || b.is_empty() {
            return Vec::new();
        }
        let mut product = vec![0; a.len() + b.len() - 1];
        for (i, &x) in a.iter().enumerate() {
            for (j, &y) in b.iter().enumerate() {
                product[i + j] = (product[i + j] + x * y) % self.0;
            }
        }
        self.trimmed(product)
    }

    /// Quotient and remainder of a division by what is not zero.
    pub(super) fn divided(self, a: &[u64], b: &[u64]) -> (Residues, Residues) {
        let mut rest = a.to_vec();
        let Some(shift) = a.len().checked_sub(b.len()) else { return (Vec::new(), rest) };
        let inverse = self.inverse(b[b.len() - 1]);
        let mut quotient = vec![0; shift + 1];
        for k in (0..=shift).rev() {
            let c = rest[k + b.len() - 1] * inverse % self.0;
            quotient[k] = c;
            for (j, &y) in b.iter().enumerate() {
                rest[k + j] = (rest[k + j] + self.0 - c * y % self.0) % self.0;
            }
        }
        (self.trimmed(quotient), self.trimmed(rest))
    }

    pub(super) fn monic(self, a: &[u64]) -> Residues {
        let Some(&last) = a.last() else { return Vec::new() };
        let inverse = self.inverse(last);
        a.iter().map(|x| x * inverse % self.0).collect()
    }

    pub(super) fn gcd(self, a: &[u64], b: &[u64]) -> Residues {
        let (mut a, mut b) = (a.to_vec(), b.to_vec());
        while !b.is_empty() {
            let rest = self.divided(&a, &b).1;
            a = std::mem::replace(&mut b, rest);
        }
        self.monic(&a)
    }

    /// `s` and `t` with `s*a + t*b = 1`, for coprime polynomials.
    pub(super) fn bezout(self, a: &[u64], b: &[u64]) -> (Residues, Residues) {
        let (mut r, mut s, mut t) =
            ([a.to_vec(), b.to_vec()], [vec![1], vec![]], [vec![], vec![1]]);
        while !r[1].is_empty() {
            let (q, rest) = self.divided(&r[0], &r[1]);
            let step = |pair: &mut [Residues; 2], new: Residues| {
                pair.swap(0, 1);
                pair[1] = new;
            };
            let (u, v) = (
                self.minus(&s[0], &self.times(&q, &s[1])),
                self.minus(&t[0], &self.times(&q, &t[1])),
            );
            step(&mut r, rest);
            step(&mut s, u);
            step(&mut t, v);
        }
        let inverse = self.inverse(r[0][0]);
        let scaled = |p: &[u64]| p.iter().map(|x| x * inverse % self.0).collect();
        (scaled(&s[0]), scaled(&t[0]))
    }

    pub(super) fn derivative(self, a: &[u64]) -> Residues {
        let terms = a.iter().enumerate().skip(1).map(|(k, c)| k as u64 % self.0 * c % self.0);
        self.trimmed(terms.collect())
    }

    /// `a ^ n` modulo a polynomial.
    fn power_modulo(self, a: &[u64], n: u64, modulus: &[u64]) -> Residues {
        let reduce = |p: Residues| self.divided(&p, modulus).1;
        let (mut result, mut square, mut n) = (reduce(vec![1]), reduce(a.to_vec()), n);
        while n > 0 {
            if n & 1 == 1 {
                result = reduce(self.times(&result, &square));
            }
            square = reduce(self.times(&square, &square));
            n >>= 1;
        }
        result
    }

    /// Products of the irreducible factors of each degree of a monic square-free polynomial.
    pub(super) fn by_degree(self, f: &[u64]) -> Vec<(usize, Residues)> {
        let (mut rest, mut found) = (f.to_vec(), Vec::new());
        let x = vec![0, 1];
        let mut power = x.clone();
        let mut degree = 0;
        while rest.len() > 2 * (degree + 1) {
            degree += 1;
            power = self.power_modulo(&power, self.0, &rest);
            let part = self.gcd(&self.minus(&power, &x), &rest);
            if part.len() > 1 {
                rest = self.divided(&rest, &part).0;
                power = self.divided(&power, &rest).1;
                found.push((degree, part));
            }
        }
        if rest.len() > 1 {
            found.push((rest.len() - 1, rest));
        }
        found
    }

    /// The irreducible factors of a product of factors of one degree (Cantor and Zassenhaus 1981),
    /// for an odd prime.
    pub(super) fn split(self, f: Residues, degree: usize, seed: &mut u64) -> Vec<Residues> {
        let (mut open, mut done) = (vec![f], Vec::new());
        while let Some(f) = open.pop() {
            if f.len() - 1 == degree {
                done.push(f);
                continue;
            }
            let n = f.len() - 1;
            let draw = |seed: &mut u64| {
                *seed ^= *seed << 13;
                *seed ^= *seed >> 7;
                *seed ^= *seed << 17;
                *seed % self.0
            };
            let random = self.trimmed((0..n).map(|_| draw(seed)).collect());
            // random^((p^d - 1)/2) = (random^(1 + p + … + p^(d-1)))^((p - 1)/2)
            let (mut norm, mut power) = (random.clone(), random);
            for _ in 1..degree {
                power = self.power_modulo(&power, self.0, &f);
                norm = self.divided(&self.times(&norm, &power), &f).1;
            }
            let half = self.power_modulo(&norm, (self.0 - 1) / 2, &f);
            let part = self.gcd(&self.minus(&half, &[1]), &f);
            if part.len() > 1 && part.len() < f.len() {
                open.push(self.divided(&f, &part).0);
                open.push(part);
            } else {
                open.push(f);
            }
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cyclotomic_polynomial_of_five_has_the_factors_that_the_order_of_a_prime_gives() {
        let phi = [1, 1, 1, 1, 1];
        // The order of the prime modulo 5 is the degree of the factors.
        for (p, degree) in [(11, 1), (19, 2), (29, 2), (3, 4), (7, 4)] {
            let (prime, mut seed) = (Prime(p), 1);
            let by_degree = prime.by_degree(&phi);
            assert_eq!(by_degree.len(), 1);
            assert_eq!(by_degree[0].0, degree, "modulo {p}");
            let factors = prime.split(by_degree[0].1.clone(), degree, &mut seed);
            assert_eq!(factors.len(), 4 / degree);
            let product = factors.iter().fold(vec![1], |product, f| prime.times(&product, f));
            assert_eq!(product, phi);
        }
    }
}
