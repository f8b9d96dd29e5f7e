//! Identities of divisors and factors, on random polynomials and published ones.

use proptest::prelude::*;

use super::{Budget, Polynomial};
use crate::term::Number;

const VARIABLES: usize = 3;

fn budget() -> Budget {
    Budget::default()
}

fn variables<const N: usize>() -> [Polynomial; N] {
    std::array::from_fn(|v| Polynomial::variable(N, v).unwrap())
}

fn plus(p: &Polynomial, q: &Polynomial) -> Polynomial {
    p.plus(q).unwrap()
}

fn times(p: &Polynomial, q: &Polynomial) -> Polynomial {
    p.times(q, &mut budget()).unwrap()
}

fn power(p: &Polynomial, n: u32) -> Polynomial {
    p.power(n, &mut budget()).unwrap()
}

fn number(variables: usize, n: i64) -> Polynomial {
    Polynomial::constant(variables, n.into()).unwrap()
}

/// A polynomial in one variable by its coefficients, the leading one first.
fn univariate(coefficients: &[i64]) -> Polynomial {
    let degree = coefficients.len() as u32 - 1;
    let terms = coefficients.iter().zip(0..).map(|(&c, k)| (Number::from(c), [(0, degree - k)]));
    Polynomial::from_terms(1, terms).unwrap()
}

fn divides(divisor: &Polynomial, p: &Polynomial) -> bool {
    p.divided_by(divisor, &mut budget()).unwrap().is_some()
}

fn polynomials(count: usize, degree: u32) -> impl Strategy<Value = Polynomial> {
    let term = (-9..10_i64, [0..degree, 0..degree, 0..degree]);
    prop::collection::vec(term, 1..count).prop_map(|terms| {
        let terms = terms.into_iter().map(|(c, powers)| {
            (Number::from(c), powers.into_iter().enumerate().collect::<Vec<_>>())
        });
        Polynomial::from_terms(VARIABLES, terms).unwrap()
    })
}

proptest! {
    #[test]
    fn a_common_factor_divides_the_gcd(
        a in polynomials(5, 4), b in polynomials(5, 4), c in polynomials(4, 3)
    ) {
        let (x, y) = (times(&a, &c), times(&b, &c));
        let found = x.divided(&y, &mut budget()).unwrap();
        prop_assert_eq!(times(&found.gcd, &found.cofactors[0]), x.clone());
        prop_assert_eq!(times(&found.gcd, &found.cofactors[1]), y.clone());
        if !x.is_zero() || !y.is_zero() {
            prop_assert!(c.is_zero() || divides(&c, &found.gcd));
            let rest = found.cofactors[0].gcd(&found.cofactors[1], &mut budget()).unwrap();
            prop_assert_eq!(rest, number(VARIABLES, 1));
        }
    }

    #[test]
    fn factors_multiply_to_what_was_factored(
        a in polynomials(4, 3), b in polynomials(4, 3), n in 1..3_u32
    ) {
        let p = times(&power(&a, n), &b);
        let factors = p.factored(&mut budget()).unwrap();
        prop_assert_eq!(factors.product(VARIABLES, &mut budget()).unwrap(), p.clone());
        let parts = p.square_free(&mut budget()).unwrap();
        prop_assert_eq!(parts.product(VARIABLES, &mut budget()).unwrap(), p.clone());
        if factors.complete && !p.is_zero() {
            // Each factor of the parts is among those of the product.
            for (factor, _) in a.factored(&mut budget()).unwrap().factors {
                prop_assert!(factors.factors.iter().any(|(f, _)| *f == factor), "{factor:?}");
            }
        }
    }

    #[test]
    fn univariate_products_are_taken_apart(
        a in prop::collection::vec(-20..21_i64, 2..7), b in prop::collection::vec(-20..21_i64, 2..7)
    ) {
        let (a, b) = (univariate(&a), univariate(&b));
        let p = times(&a, &b);
        let factors = p.factored(&mut budget()).unwrap();
        prop_assert!(factors.complete);
        prop_assert_eq!(factors.product(1, &mut budget()).unwrap(), p.clone());
        let count = |p: &Polynomial| -> u32 {
            p.factored(&mut budget()).unwrap().factors.iter().map(|(_, n)| n).sum()
        };
        if !p.is_zero() {
            prop_assert_eq!(count(&p), count(&a) + count(&b));
        }
    }

    #[test]
    fn a_resultant_vanishes_exactly_with_a_common_factor(
        a in polynomials(4, 3), b in polynomials(4, 3)
    ) {
        if a.degree(0) > 0 && b.degree(0) > 0 {
            let resultant = a.resultant(&b, 0, &mut budget()).unwrap();
            let gcd = a.gcd(&b, &mut budget()).unwrap();
            prop_assert_eq!(resultant.is_zero(), gcd.degree(0) > 0);
        }
    }
}

#[test]
fn divisors_of_wang_and_of_brown() {
    // Knuth, The Art of Computer Programming 2, 4.6.1: coprime in spite of long remainders.
    let a = univariate(&[1, 0, 1, 0, -3, -3, 8, 2, -5]);
    let b = univariate(&[3, 0, 5, 0, -4, -9, 21]);
    assert_eq!(a.gcd(&b, &mut budget()).unwrap(), number(1, 1));
    // Resultant of the same pair, from the same page.
    let resultant = a.resultant(&b, 0, &mut budget()).unwrap().as_constant().unwrap();
    assert_eq!(resultant.abs(), Number::from(260_708));
    // Dense polynomials in four variables with a common factor of degree 2 (Zippel 1979, case 1).
    let [w, x, y, z] = variables::<4>();
    let d = plus(&plus(&times(&w, &x), &power(&y, 2)), &plus(&z, &number(4, 1)));
    let f = plus(&power(&plus(&w, &z), 3), &times(&x, &y));
    let g = plus(&power(&plus(&x, &y), 2), &number(4, -7));
    let (f, g) = (times(&f, &d), times(&g, &d));
    assert_eq!(f.gcd(&g, &mut budget()).unwrap(), d.primitive().1);
}

#[test]
fn cyclotomic_factors() {
    // x^100 - 1 has a factor for each of the nine divisors of 100.
    let [x] = variables::<1>();
    let p = plus(&power(&x, 100), &number(1, -1));
    let factors = p.factored(&mut budget()).unwrap();
    assert!(factors.complete);
    let degrees: Vec<u32> = factors.factors.iter().map(|(f, _)| f.degree(0)).collect();
    assert_eq!(degrees, [1, 1, 2, 4, 4, 8, 20, 20, 40]);
    // x^4 + 1 is irreducible, and has two factors or more modulo every prime.
    let p = plus(&power(&x, 4), &number(1, 1));
    assert_eq!(p.factored(&mut budget()).unwrap().factors, [(p, 1)]);
    // Swinnerton-Dyer's polynomial of sqrt(2), sqrt(3), sqrt(5): only linear and quadratic factors
    // modulo primes.
    let p = univariate(&[1, 0, -40, 0, 352, 0, -960, 0, 576]);
    assert_eq!(p.factored(&mut budget()).unwrap().factors, [(p, 1)]);
    // Aurifeuille: 4x^4 + 1.
    let p = univariate(&[4, 0, 0, 0, 1]);
    let factors = p.factored(&mut budget()).unwrap().factors;
    assert_eq!(factors, [(univariate(&[2, -2, 1]), 1), (univariate(&[2, 2, 1]), 1)]);
}

#[test]
fn factors_in_several_variables() {
    let [x, y, z] = variables::<3>();
    let cubes = [&x, &y, &z].map(|p| power(p, 3));
    let product = times(&times(&x, &y), &z).scaled(&Number::from(-3));
    let p = plus(&plus(&cubes[0], &cubes[1]), &plus(&cubes[2], &product));
    let factors = p.factored(&mut budget()).unwrap();
    assert_eq!(factors.factors.len(), 2);
    assert_eq!(factors.factors[0].0, plus(&plus(&x, &y), &z));
    // (x + y + z)^3 - x^3 - y^3 - z^3 = 3 (x + y) (y + z) (z + x)
    let whole = power(&plus(&plus(&x, &y), &z), 3);
    let p = cubes.iter().fold(whole, |p, c| p.minus(c).unwrap());
    let factors = p.factored(&mut budget()).unwrap();
    assert_eq!((factors.unit.clone(), factors.factors.len()), (Number::from(3), 3));
    // x^6 - y^6 and a polynomial that is not homogeneous.
    let p = power(&x, 6).minus(&power(&y, 6)).unwrap();
    assert_eq!(p.factored(&mut budget()).unwrap().factors.len(), 4);
    let one = number(3, 1);
    let (a, b) = (plus(&times(&x, &x), &plus(&y, &one)), plus(&times(&y, &y), &plus(&x, &z)));
    let factors = times(&power(&a, 2), &b).factored(&mut budget()).unwrap();
    assert!(factors.complete);
    let mut found: Vec<(Polynomial, u32)> = factors.factors;
    found.sort_by_key(|(_, n)| *n);
    assert_eq!(found, [(b, 1), (a, 2)]);
}

#[test]
fn real_roots_are_counted() {
    // Wilkinson's of degree 10, x^4 - x + 1 without real roots (Wester's review, N2), and one with
    // a double root.
    let [x] = variables::<1>();
    let wilkinson = (1..=10).fold(number(1, 1), |p, k| times(&p, &plus(&x, &number(1, -k))));
    let roots = |p: &Polynomial, low: Option<i64>, high: Option<i64>| {
        let (low, high) = (low.map(Number::from), high.map(Number::from));
        p.real_roots(low.as_ref(), high.as_ref(), &mut budget()).unwrap()
    };
    assert_eq!(roots(&wilkinson, None, None), Some(10));
    assert_eq!(roots(&wilkinson, Some(0), None), Some(10));
    assert_eq!(roots(&wilkinson, None, Some(0)), Some(0));
    assert_eq!(roots(&univariate(&[1, 0, 0, -1, 1]), None, None), Some(0));
    assert_eq!(roots(&univariate(&[-1, 0, 0, 1, -1]), None, None), Some(0));
    assert_eq!(roots(&univariate(&[1, 0, -3, 2]), None, None), Some(2));
    assert_eq!(roots(&univariate(&[-2, 0, 0, 4, 1]), None, None), Some(2));
}
