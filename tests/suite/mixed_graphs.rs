//! Covariances by the one-connection rule: ten published graphs, and random ones against the
//! doubled graph, against exact inversion and against an independent greatest common divisor.

use isoterm::model::sem::MixedGraph;
use isoterm::model::sem::graph::{Vertex, Weight};
use isoterm::model::sem::structure::prime;
use isoterm::model::sem::symbolic::{
    Exact, Expansion, Method, Modular, Monomial, Polynomial, Polynomials, Ring, Terms, connections,
    counts, doubled, one_connections, terms_of, treks,
};
use isoterm::numeric::random::Random;
use isoterm::session::Session;
use isoterm::session::command::Silent;
use isoterm::term::evaluate::{Floating, evaluate};
use isoterm::term::{Graph, Number};
use isoterm::text::Limits;
use proptest::prelude::*;
use serde_json::Value as Json;

/// The cases of `tests/data/sem/mixed_graphs.json`.
pub fn published() -> Vec<Json> {
    let text = include_str!("../data/sem/mixed_graphs.json");
    let all: Json = serde_json::from_str(text).expect("JSON");
    all["cases"].as_array().expect("a list").clone()
}

fn pairs(list: &Json) -> Vec<(usize, usize)> {
    let place = |x: &Json| x.as_u64().expect("a vertex") as usize - 1;
    list.as_array().expect("a list").iter().map(|p| (place(&p[0]), place(&p[1]))).collect()
}

/// The graph with vertices `1`, `2`, …
pub fn numbered(
    n: usize,
    directed: &[(usize, usize)],
    bidirected: &[(usize, usize)],
) -> MixedGraph {
    let vertices = (1..=n).map(|k| Vertex { name: k.to_string(), latent: false }).collect();
    MixedGraph::with_arrows("g", vertices, directed, bidirected)
}

/// The graph of a case.
pub fn graph_of(case: &Json) -> MixedGraph {
    let n = case["n"].as_u64().expect("a size") as usize;
    numbered(n, &pairs(&case["directed"]), &pairs(&case["bidirected"]))
}

/// A polynomial as the file writes it: terms like `-2*l_1_2^2*w_1_1`.
fn polynomial(text: &str, graph: &MixedGraph) -> Polynomial {
    let mut terms = Vec::new();
    for part in text.replace("- ", "+ -").split(" + ") {
        let part = part.trim().trim_start_matches("+ ");
        let (sign, part) = match part.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, part),
        };
        let mut coefficient = Number::from(sign);
        let mut monomial = Monomial::new();
        for factor in part.split('*') {
            let (base, power) = factor.split_once('^').unwrap_or((factor, "1"));
            match base.parse::<i64>() {
                Ok(n) => coefficient = &coefficient * &n.into(),
                Err(_) => {
                    let p = graph.parameters.iter().position(|p| p.name == base);
                    let p = p.unwrap_or_else(|| panic!("no parameter {base}")) as u16;
                    let power: usize = power.parse().expect("a power");
                    monomial.extend(std::iter::repeat_n(p, power));
                }
            }
        }
        monomial.sort_unstable();
        terms.push((monomial, coefficient));
    }
    Polynomial::collect(terms)
}

#[test]
fn published_entries_are_the_same_polynomials() {
    let mut compared = 0;
    for case in published() {
        let graph = graph_of(&case);
        let mut rule = Expansion::new(&graph, Polynomials).expect("small components");
        for (key, entry) in case["sigma"].as_object().expect("entries") {
            let (i, j) = key.split_once(',').expect("two ends");
            let end = |t: &str| t.parse::<usize>().expect("a vertex") - 1;
            let found = rule.entry(end(i), end(j));
            let (over, under) = (rule.numerator(&found), rule.denominator(&found));
            let text = |k: &str| entry[k].as_str().expect("a polynomial");
            assert_eq!(*over, polynomial_or_zero(text("num"), &graph), "{} {key}", case["name"]);
            assert_eq!(*under, polynomial(text("den"), &graph), "{} {key}", case["name"]);
            assert_eq!(over.terms().len() as u64, entry["num_terms"].as_u64().expect("a count"));
            compared += 1;
        }
        let delta = rule.delta();
        let published = case["detI_minus_Lambda"].as_str().expect("a polynomial");
        assert_eq!(*delta, polynomial(published, &graph), "{}", case["name"]);
    }
    assert!(compared > 90, "{compared}");
}

fn polynomial_or_zero(text: &str, graph: &MixedGraph) -> Polynomial {
    if text == "0" { Polynomial::default() } else { polynomial(text, graph) }
}

#[test]
fn published_counts_are_those_of_the_lists() {
    for case in published() {
        let graph = graph_of(&case);
        let (all, between) = counts(&graph).expect("small components");
        assert_eq!(all, u128::from(case["num_connections"].as_u64().expect("a count")));
        assert_eq!(connections(&graph, usize::MAX).len() as u128, all);
        for (k, row) in between.iter().enumerate() {
            for (i, count) in row.iter().enumerate() {
                let published = case["num_one_connections"][k][i].as_u64().expect("a count");
                assert_eq!(*count, u128::from(published), "{} {k} {i}", case["name"]);
                let listed = one_connections(&graph, k, i, usize::MAX);
                assert_eq!(listed.len() as u128, *count);
                let mut distinct = listed.clone();
                distinct.dedup();
                assert_eq!(distinct.len(), listed.len());
            }
        }
    }
}

#[test]
fn published_values_at_exact_points() {
    for case in published() {
        let graph = graph_of(&case);
        for check in case["numeric_checks"].as_array().expect("a list") {
            let number = |x: &Json| {
                let text = x.as_str().map_or_else(|| x.to_string(), str::to_owned);
                let (n, d) = text.split_once('/').unwrap_or((&text, "1"));
                let whole = |t: &str| t.parse::<i64>().expect("a number");
                Number::ratio(whole(n), whole(d)).expect("a fraction")
            };
            let values: Vec<Number> =
                graph.parameters.iter().map(|p| number(&check["params"][&p.name])).collect();
            let mut rule = Expansion::new(&graph, Exact(&values)).expect("small components");
            for i in 0..graph.size() {
                for j in 0..graph.size() {
                    let entry = rule.entry(i, j);
                    let (over, under) = (rule.numerator(&entry), rule.denominator(&entry));
                    let published = number(&check["sigma"][i][j]);
                    assert_eq!(over, &published * &under, "{} {i} {j}", case["name"]);
                }
            }
        }
    }
}

/// Graphs of up to seven vertices, with two-way arrows and cycles.
pub fn random_graph() -> impl Strategy<Value = MixedGraph> {
    (2usize..=7).prop_flat_map(|n| {
        let pairs = n * (n - 1) / 2;
        // 0: nothing, 1 and 2: one direction, 3: both, 4: covariance, 5 and 6: with a direction.
        prop::collection::vec(prop_oneof![5 => Just(0u8), 6 => 1u8..=6], pairs).prop_map(
            move |kinds| {
                let (mut directed, mut bidirected) = (Vec::new(), Vec::new());
                let mut kinds = kinds.into_iter();
                for i in 0..n {
                    for j in i + 1..n {
                        let kind = kinds.next().expect("one for each pair");
                        if matches!(kind, 1 | 3 | 5) {
                            directed.push((i, j));
                        }
                        if matches!(kind, 2 | 3 | 6) {
                            directed.push((j, i));
                        }
                        if kind >= 4 {
                            bidirected.push((i, j));
                        }
                    }
                }
                numbered(n, &directed, &bidirected)
            },
        )
    })
}

/// `Σ = (I−Λ)^{-T} Ω (I−Λ)^{-1}` by exact elimination; nothing at a singular point.
pub fn inverted(graph: &MixedGraph, values: &[Number]) -> Option<Vec<Vec<Number>>> {
    let n = graph.size();
    let mut ring = Exact(values);
    let mut m = vec![vec![Number::ZERO; 2 * n]; n];
    let mut omega = vec![vec![Number::ZERO; n]; n];
    for (i, row) in m.iter_mut().enumerate() {
        row[i] = Number::ONE;
        row[n + i] = Number::ONE;
    }
    for (a, b, w) in graph.effects() {
        m[a][b] = -&ring.weight(w);
    }
    for (a, b, w) in graph.covariances() {
        omega[a][b] = ring.weight(w);
        omega[b][a] = ring.weight(w);
    }
    for c in 0..n {
        let pivot = (c..n).find(|&r| !m[r][c].is_zero())?;
        m.swap(c, pivot);
        let inverse = m[c][c].recip()?;
        let row: Vec<Number> = m[c].iter().map(|x| x * &inverse).collect();
        for r in (0..n).filter(|&r| r != c) {
            let factor = m[r][c].clone();
            for (x, y) in m[r].iter_mut().zip(&row) {
                *x = &*x - &(&factor * y);
            }
        }
        m[c] = row;
    }
    let p = |k: usize, i: usize| &m[k][n + i];
    let entry = |i: usize, j: usize| {
        let mut sum = Number::ZERO;
        for (k, row) in omega.iter().enumerate() {
            for (l, covariance) in row.iter().enumerate() {
                sum = &sum + &(&(covariance * p(k, i)) * p(l, j));
            }
        }
        sum
    };
    Some((0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect())
}

/// The degree of the greatest common divisor of two polynomials on a random line modulo the prime.
///
/// A common factor that is not constant shows on nearly every line; coprime polynomials are coprime
/// on nearly every line.
fn common_degree(a: &Polynomial, b: &Polynomial, parameters: usize, seed: u64) -> usize {
    let mut random = Random::new(seed);
    let (base, slope) =
        (prime::randoms(&mut random, parameters), prime::randoms(&mut random, parameters));
    let on_line = |p: &Polynomial| -> Vec<u64> {
        let degree = p.terms().iter().map(|(m, _)| m.len()).max().unwrap_or(0);
        // Interpolation at 0, 1, …, degree.
        let points: Vec<u64> = (0..=degree as u64).collect();
        let value = |t: &u64| {
            let at: Vec<u64> =
                base.iter().zip(&slope).map(|(x, s)| prime::add(*x, prime::mul(*t, *s))).collect();
            p.value(&mut Modular(&at))
        };
        let mut rows: Vec<Vec<u64>> = Vec::new();
        for t in &points {
            let mut row: Vec<u64> = (0..=degree as u64).map(|e| prime::power(*t, e)).collect();
            row.push(value(t));
            rows.push(row);
        }
        prime::reduce(&mut rows);
        let mut found: Vec<u64> = rows.iter().map(|r| r[degree + 1]).collect();
        while found.last() == Some(&0) {
            found.pop();
        }
        found
    };
    let (mut x, mut y) = (on_line(a), on_line(b));
    while !y.is_empty() {
        // The remainder of x by y.
        let inverse = prime::invert(*y.last().expect("not empty"));
        while x.len() >= y.len() {
            let factor = prime::mul(*x.last().expect("not empty"), inverse);
            let shift = x.len() - y.len();
            for (k, c) in y.iter().enumerate() {
                x[shift + k] = prime::sub(x[shift + k], prime::mul(factor, *c));
            }
            while x.last() == Some(&0) {
                x.pop();
            }
        }
        std::mem::swap(&mut x, &mut y);
    }
    x.len().saturating_sub(1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn rule_doubled_graph_and_inversion_agree(graph in random_graph(), seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let values: Vec<Number> = graph.parameters.iter().map(|_| {
            let n = (random.bits() % 19) as i64 - 9;
            Number::ratio(if n == 0 { 10 } else { n }, 1 + (random.bits() % 5) as i64).expect("a fraction")
        }).collect();
        let Some(sigma) = inverted(&graph, &values) else { return Ok(()) };
        for method in [Method::Walked, Method::Shared, Method::Eliminated] {
            // A pivot may vanish at a point where the determinant does not.
            let Some(mut rule) = Expansion::by(&graph, Exact(&values), method) else { continue };
            for (i, row) in sigma.iter().enumerate() {
                for (j, value) in row.iter().enumerate() {
                    let entry = rule.entry(i, j);
                    let (over, under) = (rule.numerator(&entry), rule.denominator(&entry));
                    prop_assert!(!under.is_zero());
                    prop_assert_eq!(over, value * &under, "{:?} {} {}", method, i, j);
                }
            }
        }
        let n = graph.size();
        for (i, j) in [(0, n - 1), (n / 2, 0), (n - 1, n - 1)] {
            let (over, under) = doubled(&graph, &mut Exact(&values), i, j);
            prop_assert_eq!(over, &sigma[i][j] * &under);
        }
    }

    #[test]
    fn entries_are_in_lowest_terms(graph in random_graph(), seed in any::<u64>()) {
        let mut rule = Expansion::new(&graph, Polynomials).expect("small components");
        for i in 0..graph.size() {
            for j in i..graph.size() {
                let entry = rule.entry(i, j);
                let (over, under) = (rule.numerator(&entry), rule.denominator(&entry));
                if over.is_zero() {
                    prop_assert!(under.is_one());
                } else {
                    prop_assert_eq!(common_degree(&over, &under, graph.parameters.len(), seed), 0);
                }
            }
        }
    }

    #[test]
    fn acyclic_graphs_follow_the_trek_rule(graph in random_graph()) {
        if !graph.is_acyclic() {
            return Ok(());
        }
        let mut rule = Expansion::new(&graph, Polynomials).expect("small components");
        let effects: Vec<(usize, usize, usize)> = graph.effects().enumerate().map(|(p, (a, b, _))| (a, b, p)).collect();
        for i in 0..graph.size() {
            for j in 0..graph.size() {
                let entry = rule.entry(i, j);
                prop_assert!(rule.denominator(&entry).is_one());
                let mut terms = Vec::new();
                for trek in treks(&graph, i, j, usize::MAX) {
                    let Weight::Parameter(w) = trek.weight else { unreachable!() };
                    let mut monomial = Monomial::from_slice(&[w as u16]);
                    for path in [&trek.left, &trek.right] {
                        for step in path.windows(2) {
                            let (_, _, p) = effects.iter().find(|(a, b, _)| (*a, *b) == (step[0], step[1])).expect("an arrow");
                            monomial.push(*p as u16);
                        }
                    }
                    monomial.sort_unstable();
                    terms.push((monomial, Number::ONE));
                }
                prop_assert_eq!((*rule.numerator(&entry)).clone(), Polynomial::collect(terms));
            }
        }
    }
}

#[test]
fn complete_and_large_graphs_are_written_with_shared_minors() {
    let mut complete = Vec::new();
    for i in 0..8 {
        complete.extend((0..8).filter(|&j| j != i).map(|j| (i, j)));
    }
    let mut random = Random::new(3);
    let mut sparse = Vec::new();
    for i in 0..20 {
        sparse.push((i, (i + 1) % 20));
        while sparse.len() < 3 * (i + 1) {
            let j = (random.bits() % 20) as usize;
            if j != i && !sparse.contains(&(i, j)) {
                sparse.push((i, j));
            }
        }
    }
    for (n, directed, most) in [(8, complete, 4_000), (20, sparse, 20_000)] {
        let mixed = numbered(n, &directed, &[(0, 3), (2, 5)]);
        let mut graph = Graph::new();
        let mut rule =
            Expansion::new(&mixed, Terms::new(&mut graph, &mixed)).expect("terms divide");
        let all: Vec<(usize, usize)> = (0..n).flat_map(|i| (i..n).map(move |j| (i, j))).collect();
        let terms = terms_of(&mut rule, &all);
        assert_ne!(rule.minors[0].method, Method::Walked);
        assert!(graph.len() < most, "{} nodes for {n} vertices", graph.len());
        // The terms have the values of an inversion.
        let point: Vec<Number> = mixed
            .parameters
            .iter()
            .enumerate()
            .map(|(k, _)| Number::ratio(1 + (k as i64 * 7) % 11, 23).expect("a fraction"))
            .collect();
        let sigma = inverted(&mixed, &point).expect("no singular point");
        let names: Vec<(&str, f64)> = mixed
            .parameters
            .iter()
            .zip(&point)
            .map(|(p, v)| (p.name.as_str(), v.to_f64()))
            .collect();
        for (term, (i, j)) in terms.iter().zip(&all).step_by(7) {
            let leaf = |name: &str| names.iter().find(|(n, _)| *n == name).expect("a parameter").1;
            let value = evaluate(&graph, *term, &mut Floating(leaf));
            let exact = sigma[*i][*j].to_f64();
            assert!((value - exact).abs() < 1e-8 * (1.0 + exact.abs()), "{i} {j}: {value} {exact}");
        }
    }
}

/// What a line of the prompt prints, or its error.
fn say(line: &str) -> String {
    let mut session = Session::new(&Limits::default(), || false);
    session.line(line, &Silent).unwrap_or_else(|stop| stop.render(false))
}

/// A file of a test in a folder of its own.
fn file(name: &str, text: &str) -> String {
    let folder = std::env::temp_dir().join(format!("isoterm-mixed-graphs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn formulas_have_their_forms() {
    let path = file("cycle.dot", "digraph { x -> y; y -> x; z <-> y }");
    let entry = |form: &str| say(&format!("sem covariance {path} --entry x,z --form {form}"));
    assert_eq!(entry("factored"), "sigma(x, z) = l_y_x*w_y_z/(1 - l_x_y*l_y_x)");
    assert_eq!(entry("expanded"), "sigma(x, z) = l_y_x*w_y_z/(1 - l_x_y*l_y_x)");
    let latex = entry("latex");
    assert!(
        latex.starts_with("\\sigma_{x,z} = \\frac{\\lambda_{y,x} \\, \\omega_{y,z}}"),
        "{latex}"
    );
    let tree = entry("tree");
    assert!(tree.contains("├─ w_y_z · N(y → x) · N(z → z)"), "{tree}");
    assert!(tree.contains("└─ Δ(x, y) = 1 - l_x_y*l_y_x"), "{tree}");
    let json: Json = serde_json::from_str(&entry("json")).expect("JSON");
    assert_eq!(json["entries"][0]["denominator"][0]["delta"], "1 - l_x_y*l_y_x");
    let picture = file("one.svg", "");
    let listed =
        say(&format!("sem covariance {path} --entry x,x --one-connections --picture {picture}"));
    assert!(listed.contains("+ y → x"), "{listed}");
    let svg = std::fs::read_to_string(&picture).expect("a picture");
    assert!(svg.starts_with("<svg") && svg.contains("y → x"), "{svg}");
}

#[test]
fn labels_and_values_of_formulas_are_kept() {
    let path = file("labels.sem", "f =~ a + k*b + k*c\ng =~ d + 0.5*e\ng ~ f\n");
    let text = say(&format!("sem covariance {path} --entry b,c"));
    assert_eq!(text, "sigma(b, c) = k^2*w_f_f");
    let text = say(&format!("sem covariance {path} --entry a,e"));
    assert_eq!(text, "sigma(a, e) = 0.5*l_f_g*w_f_f");
}

#[test]
fn mistakes_of_the_commands_name_the_fix() {
    let path = file("wrong.dot", "digraph { price -> sales; cost -> price }");
    let fixed = file("fixed.dot", "digraph { x -> y [label=1]; y -> x [label=1] }");
    let data = file("data.csv", "price,sales,cost\n1,2,3\n1,4,5\n1,3,9\n1,2,1\n1,0,3\n");
    let short = file("short.csv", "price,sales,cost\n1,2,3\n2,4,5\n");
    let gap = file("gap.csv", "price,sales,cost\n1,2,3\n2,,5\n");
    for (line, wanted) in [
        (format!("sem covariance {path} --entry prise,sales"), "did you mean `price`?"),
        (format!("sem covariance {path} --entry price"), "--entry names two variables"),
        (format!("sem covariance {path} --form latx"), "did you mean `latex`?"),
        (format!("sem covariance {path} --picture x.png"), "drawn as .svg"),
        (format!("sem covariance {fixed}"), "det(I - Λ) is zero"),
        (format!("sem info {fixed}"), "det(I - Λ) is zero"),
        (format!("sem info {path} --set l_price_sale=1"), "did you mean `l_price_sales`?"),
        (format!("sem info {path} --set l_price_sales"), "NAME=VALUE"),
        (
            format!("sem info {path} --equivalent {fixed}"),
            "is observed in only one of the two models",
        ),
        (format!("sem ideal {path} --multidegree 1,1"), "2 numbers for 3 observed variables"),
        (format!("sem ideal {path} --multidegree 1,1,1"), "an even sum"),
        (format!("sem ideal {path} --multidegree 1,x,1"), "whole numbers"),
        (format!("sem ideal {path} --up-to-degree 0"), "a whole number from 1"),
        (format!("sem ideal {path} --up-to-degree 100"), "multidegrees of 3 variables"),
        (format!("sem ideal {path} --multidegree 150,150,150"), "beyond the limit `monomials`"),
        (format!("sem ideal {path} --data {data}"), "`price` is 1 in every row"),
        (format!("sem ideal {path} --data {short}"), "2 observations of 3 variables"),
        (format!("sem ideal {path} --data {gap}"), "1 observation of 3 variables"),
        ("sem info /nowhere.dot".to_owned(), "/nowhere.dot"),
    ] {
        let text = say(&line);
        assert!(text.contains(wanted), "{line}\n{text}");
    }
}

#[test]
fn vanishing_polynomials_are_tested_with_a_sample() {
    let path = file("collider.dot", "digraph { x -> z; y -> z }");
    // x and y are orthogonal.
    let data = file("orthogonal.csv", "x,y,z,other\n1,1,3,a\n-1,1,0,b\n1,-1,1,c\n-1,-1,-1,d\n");
    let text = say(&format!("sem ideal {path} --data {data}"));
    assert!(text.contains("vanishing covariance of x and y; exact"), "{text}");
    assert!(
        text.contains("of 4 observations: 0.000000, standard error 0.500000; Wald 0.000"),
        "{text}"
    );
    let matrix = file("matrix.csv", ",x,y,z\nx,4,1.2,0\ny,1.2,9,0\nz,0,0,1\n");
    let text = say(&format!("sem ideal {path} --covariance {matrix} --observations 50"));
    assert!(
        text.contains("of 50 observations: 0.200000, standard error 0.144222; Wald 1.923"),
        "{text}"
    );
    let text = say(&format!("sem ideal {path} --covariance {matrix}"));
    assert!(text.contains("add `--observations N`"), "{text}");
}

#[test]
fn what_a_graph_implies_is_said_in_words() {
    let path = file("three.dot", "digraph three { 1 -> 2 -> 3 -> 1 }");
    let set = "--set l_1_2=0.5,l_2_3=0.4,l_3_1=-0.7,w_1_1=1,w_2_2=2,w_3_3=1.5";
    let text = say(&format!("sem info {path} {set}"));
    for wanted in [
        "feedback       strongly connected: {1, 2, 3}",
        "6 of 6 variances and covariances; 6 parameters",
        "generically finite-to-one: the graph is simple",
        "2 parameter vectors, complex ones counted",
        "not identifiable everywhere: 1, 2, 3 are on a directed cycle",
        "spectral radius of Λ 0.519249: feedback dies out",
        "2 of 2 with these covariances found, 2 of them real",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    let bow = file("bow.dot", "digraph bow { x -> y; x <-> y }");
    let text = say(&format!("sem info {bow}"));
    assert!(text.contains("not identified: l_x_y, w_x_y, w_y_y"), "{text}");
    let instrument = file("instrument.dot", "digraph { z -> x -> y; x <-> y }");
    let text = say(&format!("sem info {instrument}"));
    assert!(text.contains("l_x_y = s_z_y/s_z_x   [instrument z]"), "{text}");
    let sample = file("sample.csv", ",1,2,3\n1,2,0.5,0.3\n2,0.5,3,-0.4\n3,0.3,-0.4,1.5\n");
    let text = say(&format!("sem info {path} --of {sample}"));
    assert!(text.contains("2 of 2 with these covariances found"), "{text}");
    let chain = file("chain.dot", "digraph { a -> b -> c }");
    let back = file("back.dot", "digraph { c -> b -> a }");
    let text = say(&format!("sem info {chain} --equivalent {back}"));
    assert!(text.contains("the models are equivalent"), "{text}");
}
