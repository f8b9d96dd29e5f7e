//! What mixed graphs imply: ranks, vanishing polynomials, identification.

use isoterm::model::sem::MixedGraph;
use isoterm::model::sem::structure::ideal::{Certificate, Exponents, Name, Pairs, Search};
use isoterm::model::sem::structure::point::rank;

use crate::mixed_graphs::{graph_of, numbered, published};

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
    let start = std::time::Instant::now();
    let found = search.multidegree(degree).expect("few monomials");
    println!("{:?} {:?}", start.elapsed(), found.counted);
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
