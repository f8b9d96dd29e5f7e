//! What mixed graphs imply: ranks, vanishing polynomials, identification.

use isoterm::model::sem::MixedGraph;
use isoterm::model::sem::graph::{Weight, read_dot};
use isoterm::model::sem::structure::equivalent::{Verdict, compare};
use isoterm::model::sem::structure::fibre::{Answer, Fibre, fibre};
use isoterm::model::sem::structure::global::{Obstacle, obstacle};
use isoterm::model::sem::structure::ideal::{
    Certificate, Certifier, Exponents, Name, Pairs, Refused, Search, wald,
};
use isoterm::model::sem::structure::identify::{Formula, Identified, identify};
use isoterm::model::sem::structure::point::rank;
use isoterm::model::sem::structure::preimage::{preimages, sigma, stability};
use isoterm::term::evaluate::{Algebra, evaluate};
use isoterm::term::function::Function;
use isoterm::term::{Graph, Number, Op};
use isoterm::text::{Limits, Source};
use proptest::prelude::*;

use crate::mixed_graphs::{graph_of, inverted, numbered, published, random_graph};

#[test]
fn published_ranks() {
    for case in published() {
        let graph = graph_of(&case);
        let found = rank(&graph).expect("no singular model");
        assert_eq!(Some(found.rank as u64), case["jacobian_rank"].as_u64(), "{}", case["name"]);
        assert_eq!(Some(found.parameters as u64), case["num_params"].as_u64());
        let finite = case["generically_finite_to_one"].as_bool();
        assert_eq!(Some(found.rank == found.parameters), finite);
        assert_eq!(Some(graph.double_arrow().is_none()), case["simple"].as_bool());
        assert_eq!(Some(graph.is_acyclic()), case["acyclic"].as_bool());
    }
}

/// A polynomial as the file writes it: terms like `s_1_2*s_2_3`.
fn published_terms(text: &str, pairs: &Pairs) -> Vec<(Exponents, i64)> {
    let mut terms: Vec<(Exponents, i64)> = Vec::new();
    for part in text.replace("- ", "+ -").split(" + ") {
        let part = part.trim();
        let (sign, part) = part.strip_prefix('-').map_or((1, part), |rest| (-1, rest));
        let mut monomial = vec![0u8; pairs.all().len()];
        for factor in part.split('*') {
            let mut parts =
                factor.split('_').skip(1).map(|p| p.parse::<usize>().expect("a vertex") - 1);
            let (i, j) = (parts.next().expect("i"), parts.next().expect("j"));
            monomial[pairs.place(i, j)] += 1;
        }
        terms.push((monomial.into(), sign));
    }
    terms.sort_by(|a, b| b.0.cmp(&a.0));
    if terms[0].1 < 0 {
        terms.iter_mut().for_each(|(_, c)| *c = -*c);
    }
    terms
}

#[test]
fn published_vanishing_generators() {
    let mut compared = 0;
    for case in published() {
        let Some(most) = case["vanishing_generators_up_to_degree"].as_u64() else { continue };
        let graph = graph_of(&case);
        let mut search = Search::new(&graph, 3_000, || false).expect("a graded ideal");
        let mut found = Vec::new();
        for d in 1..=most as usize {
            for degree in search.degrees(d) {
                let answer = search.multidegree(&degree).expect("few monomials");
                for generator in answer.generators {
                    assert!(
                        matches!(generator.certificate, Certificate::Exact { .. }),
                        "{:?}",
                        generator.certificate
                    );
                    found.push(generator.terms);
                }
            }
        }
        let published = case["vanishing_generators"].as_array().expect("a list");
        let pairs = Pairs::new(graph.size());
        let mut expected: Vec<Vec<(Exponents, i64)>> = published
            .iter()
            .map(|g| published_terms(g["poly"].as_str().expect("text"), &pairs))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{}", case["name"]);
        compared += expected.len();
    }
    assert_eq!(compared, 7);
}

fn generator(
    graph: &MixedGraph,
    degree: &[usize],
) -> (usize, usize, usize, Certificate, Option<Name>) {
    let mut search = Search::new(graph, 3_000, || false).expect("a graded ideal");
    let found = search.multidegree(degree).expect("few monomials");
    let [only] = found.generators.as_slice() else {
        panic!("{} generators", found.generators.len())
    };
    (
        found.counted.before,
        found.counted.after,
        only.terms.len(),
        only.certificate.clone(),
        only.name.clone(),
    )
}

#[test]
fn four_cycle_with_a_covariance_has_a_generator_of_degree_ten() {
    let graph = numbered(4, &[(0, 1), (1, 2), (2, 3), (3, 0)], &[(0, 2)]);
    let (before, _, terms, certificate, _) = generator(&graph, &[5, 5, 5, 5]);
    assert_eq!((before, terms), (306, 187));
    assert!(matches!(certificate, Certificate::Exact { .. }), "{certificate:?}");
}

#[test]
fn large_coefficients_take_a_second_prime() {
    let graph = numbered(4, &[(0, 1), (1, 2), (2, 3), (3, 0)], &[(0, 2)]);
    let mut search = Search::new(&graph, 3_000, || false).expect("a graded ideal");
    let found = search.multidegree(&[5, 5, 5, 5]).expect("few monomials");
    let terms = found.generators[0].terms.iter().map(|(m, c)| (m.clone(), c << 40));
    let mut terms: Vec<(Exponents, i64)> = terms.collect();
    let certifier = Certifier::new(&graph, &[0, 1, 2, 3]).expect("a graded ideal");
    let pairs = Pairs::new(4);
    let found = certifier.certify(&graph, &pairs, &terms, || false);
    assert!(matches!(found, Certificate::Exact { primes: 2, .. }), "{found:?}");
    terms[7].1 += 1;
    assert_eq!(certifier.certify(&graph, &pairs, &terms, || false), Certificate::Wrong);
}

#[test]
#[ignore = "twenty seconds without optimisation; `cargo bench --bench mixed_graphs` asserts the same"]
fn two_three_cycles_have_a_generator_of_degree_thirteen() {
    let graph = numbered(4, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 1)], &[]);
    let (_, _, terms, certificate, _) = generator(&graph, &[6, 6, 8, 6]);
    assert_eq!(terms, 516);
    assert!(matches!(certificate, Certificate::Exact { .. }), "{certificate:?}");
}

/// The names of all generators up to a degree.
fn names(graph: &MixedGraph, most: usize) -> Vec<Name> {
    let mut search = Search::new(graph, 3_000, || false).expect("a graded ideal");
    let mut found = Vec::new();
    for d in 1..=most {
        for degree in search.degrees(d) {
            let answer = search.multidegree(&degree).expect("few monomials");
            for g in answer.generators {
                assert!(matches!(g.certificate, Certificate::Exact { .. }), "{:?}", g.certificate);
                found.push(g.name.expect("a name"));
            }
        }
    }
    found
}

#[test]
fn vanishing_polynomials_have_their_names() {
    // A diamond: 2 and 3 given 1, 1 and 4 given 2 and 3, in degrees 2 and 3.
    let diamond = numbered(4, &[(0, 1), (0, 2), (1, 3), (2, 3)], &[]);
    let expected =
        [Name::PartialCorrelation(1, 2, vec![0]), Name::PartialCorrelation(0, 3, vec![1, 2])];
    assert_eq!(names(&diamond, 3), expected);
    let verma = numbered(4, &[(0, 1), (0, 2), (1, 2), (2, 3)], &[(1, 3)]);
    assert_eq!(names(&verma, 4), [Name::Verma([0, 1, 2, 3])]);
    let collider = numbered(3, &[(0, 2), (1, 2)], &[]);
    assert_eq!(names(&collider, 2), [Name::Covariance(0, 1)]);
    // Three causes act on three effects through two variables.
    let mut through = Vec::new();
    for middle in [3, 4] {
        through.extend((0..3).map(|c| (c, middle)));
        through.extend((5..8).map(|e| (middle, e)));
    }
    let covariances = [(0, 1), (0, 2), (1, 2), (3, 4), (5, 6), (5, 7), (6, 7)];
    let graph = numbered(8, &through, &covariances);
    let mut search = Search::new(&graph, 3_000, || false).expect("a graded ideal");
    let found = search.multidegree(&[1, 1, 1, 0, 0, 1, 1, 1]).expect("few monomials");
    let found: Vec<Option<Name>> = found.generators.into_iter().map(|g| g.name).collect();
    assert_eq!(found, [Some(Name::Minor(vec![0, 1, 2], vec![5, 6, 7]))]);
}

#[test]
fn a_factor_has_its_tetrads_and_its_parameters() {
    let graph = factor(4);
    let found = names(&graph, 2);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|n| matches!(n, Name::Tetrad(..))), "{found:?}");
    let fibre = fibre(&graph, || false).expect("no singular model");
    assert!(matches!(fibre, Answer::Finite(Fibre { degree: 1, .. })), "{fibre:?}");
    let found = identify(&graph, &|_| true, || false).expect("no singular model");
    let check = |list: &[(usize, usize, Option<Formula>)], count: usize| {
        assert_eq!(list.iter().filter(|(_, _, f)| f.is_some()).count(), count);
    };
    // The first loading is one.
    check(&found.effects, 3);
    check(&found.covariances, 5);
    assert_eq!(checked_formulas(&graph, &found), 8);
}

/// A latent variable with so many indicators, the first loading fixed.
fn factor(indicators: usize) -> MixedGraph {
    let names: Vec<String> = (0..indicators).map(|k| format!("x{k}")).collect();
    let loadings: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(k, x)| if k == 0 { format!("f -> {x} [label=1]") } else { format!("f -> {x}") })
        .collect();
    let text = format!("digraph factor {{ f [latent]; {} }}", loadings.join("; "));
    read_dot(&Source::new("factor.dot", text), &Limits::default()).expect("a graph")
}

/// Exact rationals as an algebra of terms.
struct Rationals<'a>(&'a dyn Fn(&str) -> Number);

impl Algebra for Rationals<'_> {
    type Value = Number;
    fn number(&mut self, n: &Number) -> Number {
        n.clone()
    }
    fn symbol(&mut self, name: &str) -> Number {
        (self.0)(name)
    }
    fn element(&mut self, _: &str, _: &[i64]) -> Number {
        unreachable!("formulas have no arrays")
    }
    fn add(&mut self, a: Number, b: Number) -> Number {
        &a + &b
    }
    fn mul(&mut self, a: Number, b: Number) -> Number {
        &a * &b
    }
    fn power(&mut self, a: Number, exponent: &Number) -> Number {
        a.pow(exponent.to_i64().expect("a whole exponent")).expect("a value")
    }
    fn call(&mut self, _: Op, _: &[Number]) -> Number {
        unreachable!("formulas are rational")
    }
    fn apply(&mut self, _: &Function, _: &[Number]) -> Number {
        unreachable!("formulas are rational")
    }
}

/// Evaluates all formulas at a point in exact arithmetic and compares them with its parameters;
/// how many there were.
fn checked_formulas(graph: &MixedGraph, found: &Identified) -> usize {
    // A point at which I − Λ is not singular.
    let point = |shift: i64| -> Vec<Number> {
        let value = |k: i64| Number::ratio(3 + (5 * k + shift) % 17, 7 + (k * k + shift) % 5);
        (0..graph.parameters.len()).map(|k| value(k as i64).expect("a fraction")).collect()
    };
    let regular = (0..20).find_map(|shift| Some((point(shift), inverted(graph, &point(shift))?)));
    let (values, sigma) = regular.expect("a regular point");
    let look_up = |name: &str| -> Number {
        if let Some(p) = graph.parameters.iter().position(|p| p.name == name) {
            return values[p].clone();
        }
        let n = graph.size();
        for (i, j) in (0..n).flat_map(|i| (i..n).map(move |j| (i, j))) {
            if name == format!("s_{}_{}", graph.vertex_name(i), graph.vertex_name(j)) {
                return sigma[i][j].clone();
            }
        }
        panic!("no {name}")
    };
    let mut terms = Graph::new();
    let mut count = 0;
    let weights = graph.effects().chain(graph.covariances());
    for (formula, (_, _, weight)) in found.effects.iter().chain(&found.covariances).zip(weights) {
        let Weight::Parameter(p) = weight else { continue };
        let Some(term) = found.term(graph, &mut terms, formula) else { continue };
        let value = evaluate(&terms, term, &mut Rationals(&look_up));
        assert_eq!(value, values[*p], "{}", graph.parameters[*p].name);
        count += 1;
    }
    count
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn formulas_have_the_values_of_the_parameters(graph in random_graph()) {
        let Some(found) = identify(&graph, &|_| false, || false) else { return Ok(()) };
        checked_formulas(&graph, &found);
        // What the criterion identifies is not moved by the kernel of the Jacobian.
        let rank = rank(&graph).expect("no singular model");
        for ((_, _, formula), (_, _, weight)) in found.effects.iter().zip(graph.effects()) {
            let Weight::Parameter(p) = weight else { unreachable!() };
            prop_assert!(formula.is_none() || rank.determined[*p]);
        }
    }
}

#[test]
fn a_cycle_with_a_covariance_across_it_is_solved_by_fractions_and_half_treks() {
    let graph = numbered(4, &[(0, 1), (1, 2), (2, 3), (3, 0)], &[(0, 2)]);
    let found = identify(&graph, &|_| true, || false).expect("no singular model");
    assert!(found.complete());
    assert_eq!(checked_formulas(&graph, &found), 4);
}

#[test]
fn fibres_have_their_degrees() {
    // The variances of a directed cycle are fixed points of a Möbius map: two.
    for n in [3, 4] {
        let cycle: Vec<(usize, usize)> = (0..n).map(|v| (v, (v + 1) % n)).collect();
        let graph = numbered(n, &cycle, &[]);
        let Some(Answer::Finite(found)) = fibre(&graph, || false) else { panic!("a finite fibre") };
        assert_eq!(found.degree, 2);
        assert!(found.values.iter().all(|(_, v)| *v == 2));
    }
    let two = numbered(2, &[(0, 1), (1, 0)], &[]);
    assert_eq!(fibre(&two, || false), Some(Answer::Infinite));
    for case in published() {
        let graph = graph_of(&case);
        let finite = case["generically_finite_to_one"].as_bool().expect("a truth");
        match fibre(&graph, || false) {
            Some(Answer::Finite(_)) => assert!(finite, "{}", case["name"]),
            Some(Answer::Infinite) => assert!(!finite, "{}", case["name"]),
            other => panic!("{}: {other:?}", case["name"]),
        }
    }
}

#[test]
fn all_parameters_with_the_same_covariances_are_found() {
    let graph = numbered(3, &[(0, 1), (1, 2), (2, 0)], &[]);
    let values = [0.5, 0.4, -0.7, 1.0, 2.0, 1.5];
    let wanted = sigma(&graph, &values).expect("not singular");
    let all = preimages(&graph, &wanted, Some(&values), 2, || false);
    assert_eq!(all.len(), 2);
    let unaided = preimages(&graph, &wanted, None, 2, || false);
    assert_eq!(unaided.len(), 2);
    for solution in &all {
        let real: Vec<f64> = solution.iter().map(|x| x.re).collect();
        assert!(solution.iter().all(|x| x.im.abs() < 1e-9));
        let found = sigma(&graph, &real).expect("not singular");
        for (x, y) in found.iter().flatten().zip(wanted.iter().flatten()) {
            assert!((x - y).abs() < 1e-8, "{x} {y}");
        }
    }
    // Two cycles that share an edge, with small effects: those of the other solution are large. (Its
    // fibre of 2 was counted by a Gröbner basis of SymPy too.)
    let cycles = numbered(4, &[(2, 0), (1, 0), (3, 2), (1, 3), (0, 3), (2, 1)], &[]);
    let small = [0.6013, 0.6292, -0.3021, 0.0514, 0.0845, 0.3797, 1.6569, 1.3468, 1.7354, 1.6615];
    let covariances = sigma(&cycles, &small).expect("not singular");
    assert_eq!(preimages(&cycles, &covariances, Some(&small), 2, || false).len(), 2);
    assert_eq!(preimages(&cycles, &covariances, None, 2, || false).len(), 2);
    // Λ³ = 0.5 · 0.4 · (−0.7) on the diagonal.
    let found = stability(&graph, &values);
    assert!((found.radius - 0.14_f64.cbrt()).abs() < 1e-12, "{}", found.radius);
    assert!((found.delta - 1.14).abs() < 1e-14);
}

#[test]
fn global_identifiability_is_decided() {
    let bow = numbered(2, &[(0, 1)], &[(0, 1)]);
    assert_eq!(obstacle(&bow), Some(Obstacle::Subgraph { vertices: vec![0, 1], sink: 1 }));
    let verma = numbered(4, &[(0, 1), (0, 2), (1, 2), (2, 3)], &[(1, 3)]);
    assert_eq!(obstacle(&verma), None);
    let cycle = numbered(3, &[(0, 1), (1, 2), (2, 0)], &[]);
    assert_eq!(obstacle(&cycle), Some(Obstacle::Cycle(vec![0, 1, 2])));
}

#[test]
fn models_are_compared() {
    let chain = numbered(3, &[(0, 1), (1, 2)], &[]);
    let reversed = numbered(3, &[(2, 1), (1, 0)], &[]);
    let collider = numbered(3, &[(0, 1), (2, 1)], &[]);
    let verdict =
        |a, b| compare(a, b, || false).expect("the same variables").expect("not singular");
    assert_eq!(verdict(&chain, &reversed), Verdict::Equal);
    assert!(matches!(verdict(&chain, &collider), Verdict::Rank { ranks: (1, 0), .. }));
    let full = numbered(3, &[(0, 1), (1, 2), (0, 2)], &[]);
    assert_eq!(verdict(&chain, &full), Verdict::Dimension(5, 6));
    let cycle = numbered(3, &[(0, 1), (1, 2), (2, 0)], &[]);
    assert_eq!(verdict(&full, &cycle), Verdict::Unrestricted);
    // Verma's graph and a chain with a covariance have one constraint each, of other degrees.
    let verma = numbered(4, &[(0, 1), (0, 2), (1, 2), (2, 3)], &[(1, 3)]);
    let other = numbered(4, &[(0, 1), (0, 2), (1, 2), (2, 3), (1, 3)], &[]);
    assert!(!matches!(verdict(&verma, &other), Verdict::Equal | Verdict::Unrestricted));
    let elsewhere = numbered(2, &[(0, 1)], &[]);
    assert_eq!(compare(&chain, &elsewhere, || false), Err("3".to_owned()));
}

#[test]
fn a_vanishing_covariance_is_tested_as_a_correlation() {
    let pairs = Pairs::new(2);
    let mut monomial = vec![0u8; 3];
    monomial[pairs.place(0, 1)] = 1;
    let s = [4.0, 1.2, 1.2, 9.0];
    let test = wald(&pairs, &[(monomial.into(), 1)], &s, 50.0).expect("a test");
    // r = 0.2, and its variance as a covariance of standardised variables is (1 + r²)/N.
    assert!((test.value - 0.2).abs() < 1e-15);
    assert!((test.error - (1.04_f64 / 50.0).sqrt()).abs() < 1e-15);
    assert!((test.statistic - 0.04 * 50.0 / 1.04).abs() < 1e-12);
    // P(χ² > 1.923) on one degree of freedom.
    assert!((test.p - 0.165_5).abs() < 1e-3, "{}", test.p);
}

#[test]
fn fixed_coefficients_between_observed_variables_have_no_multidegrees() {
    let text = "digraph { x -> y [label=1]; y -> z }";
    let graph = read_dot(&Source::new("g.dot", text), &Limits::default()).expect("a graph");
    assert_eq!(Search::new(&graph, 100, || false).err(), Some(Refused::NotGraded));
}

#[test]
fn a_polynomial_that_does_not_vanish_is_refuted() {
    let verma = numbered(4, &[(0, 1), (0, 2), (1, 2), (2, 3)], &[(1, 3)]);
    let mut search = Search::new(&verma, 3_000, || false).expect("a graded ideal");
    let found = search.multidegree(&[3, 2, 2, 1]).expect("few monomials");
    let mut terms = found.generators[0].terms.clone();
    let certifier = Certifier::new(&verma, &[0, 1, 2, 3]).expect("a graded ideal");
    let pairs = Pairs::new(4);
    assert!(matches!(
        certifier.certify(&verma, &pairs, &terms, || false),
        Certificate::Exact { .. }
    ));
    for k in 0..terms.len() {
        terms[k].1 += 1;
        assert_eq!(certifier.certify(&verma, &pairs, &terms, || false), Certificate::Wrong);
        terms[k].1 -= 1;
    }
}

#[test]
fn feedback_between_latent_variables_is_solved_through_their_covariances() {
    let text =
        "digraph { f [latent]; g [latent]; f -> a [label=1]; f -> b; g -> c [label=1]; g -> d;
        x -> f; y -> g; f -> g -> f; f <-> g; x <-> y }";
    let graph = read_dot(&Source::new("g.dot", text), &Limits::default()).expect("a graph");
    let found = identify(&graph, &|_| true, || false).expect("no singular model");
    let weights: Vec<&Weight> = graph.effects().map(|(_, _, w)| w).collect();
    for ((x, y, formula), weight) in found.effects.iter().zip(weights) {
        let names = (graph.vertex_name(*x), graph.vertex_name(*y));
        assert!(formula.is_some() || matches!(weight, Weight::Constant(_)), "{names:?}");
    }
    // Six effects, eight variances and two covariances.
    assert_eq!(checked_formulas(&graph, &found), 16);
}
