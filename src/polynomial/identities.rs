//! Identities of the ring of polynomials, on random ones, and powers against closed forms.

use proptest::prelude::*;

use super::{Budget, Exceeded, Polynomial};
use crate::term::Number;

const VARIABLES: usize = 3;

type Term = ((i64, i64), [u32; VARIABLES]);

fn terms(count: usize, degree: u32) -> impl Strategy<Value = Vec<Term>> {
    let numerator = prop_oneof![-5..6_i64, any::<i64>()];
    prop::collection::vec(
        ((numerator, prop_oneof![Just(1), 1..50_i64]), [0..degree, 0..degree, 0..degree]),
        0..count,
    )
}

fn polynomial(terms: &[Term]) -> Polynomial {
    let terms = terms.iter().map(|&((n, d), powers)| {
        let c = Number::ratio(n, d).expect("a positive denominator");
        (c, powers.into_iter().enumerate().collect::<Vec<_>>())
    });
    Polynomial::from_terms(VARIABLES, terms).expect("few bits")
}

fn budget() -> Budget {
    Budget::default()
}

fn point() -> [Number; VARIABLES] {
    [Number::from(3), Number::ratio(-2, 5).unwrap(), Number::ratio(7, 3).unwrap()]
}

fn value(p: &Polynomial) -> Number {
    p.value(&point()).expect("small numbers")
}

proptest! {
    #[test]
    fn operations_agree_with_those_on_values(a in terms(12, 6), b in terms(12, 6), n in 0..5_u32) {
        let (a, b) = (polynomial(&a), polynomial(&b));
        prop_assert_eq!(value(&a.plus(&b).unwrap()), &value(&a) + &value(&b));
        prop_assert_eq!(value(&a.minus(&b).unwrap()), &value(&a) - &value(&b));
        prop_assert_eq!(value(&a.times(&b, &mut budget()).unwrap()), &value(&a) * &value(&b));
        let power = a.power(n, &mut budget()).unwrap();
        prop_assert_eq!(Some(value(&power)), value(&a).pow(n.into()));
        let both = [(Number::HALF, &a), (Number::from(-3), &b)];
        let sum = Polynomial::sum(VARIABLES, both, &mut budget()).unwrap();
        let expected = &(&value(&a) * &Number::HALF) - &(&value(&b) * &Number::from(3));
        prop_assert_eq!(value(&sum), expected);
    }

    #[test]
    fn sparse_and_dense_products_agree(a in terms(8, 40), b in terms(8, 40)) {
        // Large exponents go through the heap; a shift of both factors does not change that the
        // quotient gives the other factor back.
        let (a, b) = (polynomial(&a), polynomial(&b));
        let product = a.times(&b, &mut budget()).unwrap();
        let quotient = product.divided_by(&b, &mut budget()).unwrap();
        if b.is_zero() {
            prop_assert_eq!(quotient, None);
        } else {
            prop_assert_eq!(quotient, Some(a.clone()));
        }
        let one = Polynomial::constant(VARIABLES, Number::ONE).unwrap();
        let off = product.plus(&one).unwrap();
        let whole = b.as_constant().is_some() && !b.is_zero();
        prop_assert_eq!(off.divided_by(&b, &mut budget()).unwrap().is_some(), whole);
    }

    #[test]
    fn powers_agree_with_products(a in terms(6, 9), n in 2..6_u32) {
        let a = polynomial(&a);
        let mut product = a.clone();
        for _ in 1..n {
            product = product.times(&a, &mut budget()).unwrap();
        }
        prop_assert_eq!(a.power(n, &mut budget()).unwrap(), product);
    }

    #[test]
    fn a_primitive_part_has_coprime_integers(a in terms(8, 5)) {
        let a = polynomial(&a);
        let (content, part) = a.primitive();
        prop_assert_eq!(part.scaled(&content), a.clone());
        prop_assert!(part.coefficients().iter().all(Number::is_integer));
        if !a.is_zero() {
            prop_assert_eq!(part.content(), Number::ONE);
        }
    }
}

fn x() -> Polynomial {
    Polynomial::variable(1, 0).unwrap()
}

#[test]
fn binomials_and_trinomials() {
    let one = Polynomial::constant(1, Number::ONE).unwrap();
    let power = x().plus(&one).unwrap().power(100, &mut budget()).unwrap();
    // The middle binomial coefficient (DLMF 26.3, OEIS A000984).
    let middle = Number::from_decimal("100891344545564193334812497256").unwrap();
    assert_eq!(power.coefficients()[50], middle);
    // Central trinomial coefficients (OEIS A002426) end at 3^n in total.
    let three = x().plus(&one).unwrap().plus(&x().power(2, &mut budget()).unwrap()).unwrap();
    let power = three.power(10, &mut budget()).unwrap();
    assert_eq!(power.coefficients()[10], Number::from(8953));
    assert_eq!(power.value(&[Number::ONE]), Some(Number::from(59049)));
}

#[test]
fn a_dense_product_with_long_coefficients() {
    // (1 + 2^40 x)^8 squared is its 16th power, with coefficients beyond 127 bits.
    let one = Polynomial::constant(1, Number::ONE).unwrap();
    let base = x().scaled(&Number::from(1_i64 << 40)).plus(&one).unwrap();
    let eighth = base.power(8, &mut budget()).unwrap();
    let squared = eighth.times(&eighth, &mut budget()).unwrap();
    assert_eq!(squared, base.power(16, &mut budget()).unwrap());
}

#[test]
fn many_variables_take_several_words() {
    let n = 60;
    let variables: Vec<Polynomial> = (0..n).map(|v| Polynomial::variable(n, v).unwrap()).collect();
    let parts = variables.iter().map(|v| (Number::ONE, v));
    let sum = Polynomial::sum(n, parts, &mut budget()).unwrap();
    let cube = sum.power(3, &mut budget()).unwrap();
    // Monomials of degree 3 in 60 variables.
    assert_eq!(cube.term_count(), 60 * 61 * 62 / 6);
    assert_eq!(sum.times(&sum, &mut budget()).unwrap().times(&sum, &mut budget()).unwrap(), cube);
    assert_eq!(cube.divided_by(&sum, &mut budget()).unwrap(), sum.power(2, &mut budget()).ok());
}

#[test]
fn budgets_end_work() {
    let one = Polynomial::constant(1, Number::ONE).unwrap();
    let base = x().plus(&one).unwrap();
    let few = Budget { terms: 100, work: 1_000_000 };
    assert_eq!(base.power(100, &mut few.clone()), Err(Exceeded::Terms));
    assert_eq!(base.power(99, &mut few.clone()).map(|p| p.term_count()), Ok(100));
    let little = Budget { terms: 1000, work: 100 };
    assert_eq!(base.power(500, &mut little.clone()), Err(Exceeded::Work));
    let square = x().power(1 << 31, &mut budget());
    assert_eq!(square.and_then(|s| s.times(&s, &mut budget())), Err(Exceeded::Exponents));
}
