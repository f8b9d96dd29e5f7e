//! Kernels of moments against exact matrix algebra, and their derivatives against exact differences.

use isoterm::kernel::Scratch;
use isoterm::model::sem::{Conventions, MixedGraph};
use isoterm::session::contents;
use isoterm::study::sem::MomentKernels;
use isoterm::study::sem::kernels::{Form, KernelError};
use isoterm::term::Number;
use isoterm::text::{Limits, Source};
use proptest::prelude::*;

use super::mixed_graphs::{graph_of, inverted, published, random_graph};

/// The entries of the lower triangle of Σ, exactly; nothing where `I − Λ` is singular.
fn moments(graph: &MixedGraph, values: &[Number]) -> Option<Vec<Number>> {
    let sigma = inverted(graph, values)?;
    let observed = graph.observed();
    let pairs = (0..observed.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
    Some(pairs.map(|(i, j)| sigma[observed[i]][observed[j]].clone()).collect())
}

/// The values of a kernel's part.
fn evaluated(part: &isoterm::study::sem::kernels::Part, at: &[f64], count: usize) -> Vec<f64> {
    let mut values = vec![f64::NAN; count];
    part.evaluate(at, &mut values, &mut Scratch::new());
    values
}

fn near(found: f64, exact: f64, scale: f64, what: &str) {
    assert!((found - exact).abs() <= 1e-9 * scale.max(exact.abs()), "{what}: {found}, not {exact}");
}

/// Checks all parts at a point of small rationals.
fn check(graph: &MixedGraph, seed: u64) {
    let kernels = MomentKernels::of_graph(graph, || false).expect("kernels");
    let n = graph.parameters.len();
    let small = |k: u64| Number::ratio(((seed >> (k % 50)) % 13) as i64 + 1, 17);
    let at: Vec<Number> = (0..n as u64).filter_map(small).collect();
    let Some(exact) = moments(graph, &at) else { return };
    let point: Vec<f64> = at.iter().map(Number::to_f64).collect();
    let values = evaluated(&kernels.values, &point, kernels.moments.len());
    let scale = exact.iter().map(|x| x.to_f64().abs()).fold(1.0, f64::max);
    for (k, (found, exact)) in values.iter().zip(&exact).enumerate() {
        near(*found, exact.to_f64(), scale, &format!("moment {k}"));
    }
    // Exact arithmetic has no cancellation: differences over 2^-40 err by their second order alone.
    let step = Number::ratio(1, 1 << 40).expect("not by zero");
    let moved = |moves: &[(usize, i64)]| {
        let mut at = at.clone();
        for &(k, times) in moves {
            at[k] = &at[k] + &(&step * &Number::from(times));
        }
        moments(graph, &at)
    };
    let first = |k: usize| {
        let (up, down) = (moved(&[(k, 1)])?, moved(&[(k, -1)])?);
        let half = (&step * &Number::from(2)).recip()?;
        let slopes = up.iter().zip(&down).map(|(a, b)| (&(a - b) * &half).to_f64());
        Some(slopes.collect::<Vec<_>>())
    };
    // By parameter, then moment.
    let mut dense = vec![vec![0.0; exact.len()]; n];
    let slopes = kernels.gradient.as_ref().expect("few derivatives");
    let gradient = evaluated(&slopes.part, &point, slopes.places.len());
    for (&(m, k), value) in slopes.places.iter().zip(&gradient) {
        dense[k][m] = *value;
    }
    let wide = dense.iter().flatten().fold(scale, |a, x| a.max(x.abs()));
    for (k, found) in dense.iter().enumerate() {
        let Some(slopes) = first(k) else { continue };
        for (found, slope) in found.iter().zip(&slopes) {
            near(*found, *slope, wide, &format!("derivative by {k}"));
        }
    }
    let bends = kernels.hessian.as_ref().expect("few derivatives");
    let hessian = evaluated(&bends.part, &point, bends.places.len());
    let wide = hessian.iter().fold(wide, |a, x| a.max(x.abs()));
    let mut second = vec![0.0; exact.len() * n * n];
    for (&(m, k, l), value) in bends.places.iter().zip(&hessian) {
        second[(m * n + k) * n + l] = *value;
    }
    let quarter = (&(&step * &step) * &Number::from(4)).recip().expect("not zero");
    for k in 0..n {
        for l in 0..=k {
            let corner = |a: i64, b: i64| moved(&[(k, a), (l, b)]);
            let corners = (corner(1, 1), corner(-1, -1), corner(1, -1), corner(-1, 1));
            let (Some(a), Some(b), Some(c), Some(d)) = corners else { continue };
            for m in 0..exact.len() {
                let bend = &(&(&a[m] + &b[m]) - &(&c[m] + &d[m])) * &quarter;
                let found = second[(m * n + k) * n + l];
                near(found, bend.to_f64(), wide, &format!("second derivative of {m} by {k}, {l}"));
            }
        }
    }
}

#[test]
fn published_graphs_have_kernels() {
    for case in published() {
        check(&graph_of(&case), 0x1234_5678_9abc_def1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn random_graphs_have_kernels(graph in random_graph(), seed in any::<u64>()) {
        prop_assume!(graph.parameters.len() <= 14);
        check(&graph, seed);
    }
}

#[test]
fn means_and_fixed_coefficients_are_in_kernels() {
    let text = "f =~ x1 + 0.5*x2 + c*x3\nf ~ 0.25*z + 2*1\nx1 ~ 1\nx3 ~ m*1\nz ~ m*1\n";
    let found = contents(
        Source::new("means.sem", format!("sem\n{text}end\n")),
        "".as_ref(),
        &Limits::default(),
    );
    let model = found.expect("a model").structures.remove(0);
    let model = model.completed(&Conventions { as_written: true, ..Conventions::default() });
    let kernels = MomentKernels::new(&model, 0, || false).expect("kernels");
    assert_eq!(kernels.means, 4);
    let value = |name: &str| match name {
        "m_x1" => 3.0,
        "m" => 8.0,
        "c" => 2.0,
        "m_x2" => 0.5,
        _ => 1.0,
    };
    let at: Vec<f64> = kernels.parameters.iter().map(|p| value(p)).collect();
    let values = evaluated(&kernels.values, &at, kernels.moments.len());
    let means = &values[kernels.moments.len() - kernels.means..];
    let mean = |name: &str| {
        let place = kernels.observed.iter().position(|v| v == name).expect("a variable");
        means[place]
    };
    // f has the mean 0.25·8 + 2, and as written the loading of x1 is free, here 1.
    let f = 0.25 * 8.0 + 2.0;
    assert_eq!(mean("z"), 8.0);
    assert_eq!(mean("x1"), f + 3.0);
    assert_eq!(mean("x2"), 0.5 * f + 0.5);
    assert_eq!(mean("x3"), 2.0 * f + 8.0);
    // The label m is both the intercept of x3 and that of z.
    let slope = |name: &str| {
        let place = kernels.observed.iter().position(|v| v == name).expect("a variable");
        let moment = kernels.moments.len() - kernels.means + place;
        let parameter = kernels.parameters.iter().position(|p| p == "m").expect("the label");
        let slopes = kernels.gradient.as_ref().expect("few derivatives");
        let at_place = slopes.places.iter().position(|p| *p == (moment, parameter));
        let gradient = evaluated(&slopes.part, &at, slopes.places.len());
        at_place.map(|k| gradient[k])
    };
    assert_eq!(slope("x3"), Some(1.0 + 2.0 * 0.25));
    assert_eq!(slope("x1"), Some(0.25));
}

#[test]
fn work_that_is_stopped_and_too_many_moments_are_said() {
    let graph = super::mixed_graphs::numbered(3, &[(0, 1)], &[]);
    let stopped = MomentKernels::of_graph(&graph, || true);
    assert!(matches!(stopped, Err(KernelError::Stopped)));
    let graph = super::mixed_graphs::numbered(400, &[(0, 1)], &[]);
    assert!(matches!(MomentKernels::of_graph(&graph, || false), Err(KernelError::TooLarge)));
}

#[test]
fn forms_that_divide_by_more_than_the_model_are_not_taken() {
    // Two loops that share no vertex which both pass: elimination divides by a minor on its way.
    let directed = [(0, 1), (1, 2), (2, 0), (0, 2), (2, 1), (1, 0)];
    let graph = super::mixed_graphs::numbered(3, &directed, &[]);
    let kernels = MomentKernels::of_graph(&graph, || false).expect("kernels");
    let elimination = kernels.costs.iter().find(|(form, _)| *form == Form::Elimination);
    assert_eq!(elimination.map(|(_, cost)| *cost), Some(None));
    // One loop: it divides by det(I − Λ) alone.
    let graph = super::mixed_graphs::numbered(3, &directed[..3], &[]);
    let kernels = MomentKernels::of_graph(&graph, || false).expect("kernels");
    assert!(kernels.costs.iter().all(|(_, cost)| cost.is_some()));
}
