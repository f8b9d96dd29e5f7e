//! Events against closed forms: when they happen, what they set, what they end.

use isoterm::model::System;
use isoterm::numeric::integrate::Method;
use isoterm::session::models;
use isoterm::study::{Compilation, Compiled, Error, Settings, Solution};
use isoterm::text::{Limits, Source};

fn system(text: &str) -> System {
    let source = Source::new("events.model", text);
    models(source, ".".as_ref(), &Limits::default()).unwrap_or_else(|e| panic!("{e}")).remove(0)
}

fn run_with(text: &str, method: &str, backend: &str) -> Result<Solution, Error> {
    let system = system(text);
    let how = Compilation { backend: backend.to_owned(), ..Compilation::default() };
    let compiled = Compiled::new(&system, &how, &mut |_| {})?;
    let mut settings = Settings::of(&system)?;
    if let Some(method) = Method::named(method) {
        settings.integration.method = method;
    }
    compiled.run(&system, &settings, &|_| false)
}

fn run(text: &str) -> Solution {
    run_with(text, "", "jit").unwrap_or_else(|e| panic!("{e}"))
}

/// The times of the events of one number.
fn times(solution: &Solution, event: usize) -> Vec<f64> {
    solution.events.iter().filter(|e| e.event == event).map(|e| e.time).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{found:?} instead of {expected:?}");
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= tolerance, "{f} instead of {e}");
    }
}

fn ball(restitution: f64, end: f64) -> String {
    format!(
        "ode ball
           parameter g = 9.81, e = {restitution}
           state h = 1, v = 0
           h' = v
           v' = -g
           when h < 0 {{ v = -e*v }}
           simulate t = 0..{end}, points = 40, rtol = 1e-12, atol = 1e-14
         end"
    )
}

#[test]
fn a_bouncing_ball_follows_its_closed_form_with_every_method() {
    let (g, e) = (9.81_f64, 0.8_f64);
    let fall = (2.0 / g).sqrt();
    // Impact k is at t_k = t_0 (1 + 2 Σ e^j) with the speed g t_0 e^k before and e times it after.
    let impacts: Vec<f64> =
        (0..14).map(|k| fall * (1.0 + 2.0 * (1..=k).map(|j| e.powi(j)).sum::<f64>())).collect();
    for method in ["tsit5", "dop853", "bdf", "auto", "tr_bdf2", "esdirk34"] {
        for backend in ["jit", "interpreter"] {
            let solution = run_with(&ball(e, 3.9), method, backend).unwrap();
            assert_close(&times(&solution, 0), &impacts, 1e-9);
            for (k, event) in solution.events.iter().enumerate() {
                let speed = g * fall * e.powi(k as i32);
                assert_close(&event.before, &[0.0, -speed], 1e-9);
                assert_close(&event.after, &[0.0, e * speed], 1e-9);
            }
            assert_eq!(solution.times.len(), 40, "{method}");
            for (t, row) in solution.times.iter().zip(&solution.rows) {
                let k = impacts.partition_point(|i| i <= t);
                let height = if k == 0 {
                    1.0 - 0.5 * g * t * t
                } else {
                    let since = t - impacts[k - 1];
                    g * fall * e.powi(k as i32) * since - 0.5 * g * since * since
                };
                assert_close(&row[..1], &[height], 1e-8);
            }
        }
    }
}

#[test]
fn a_terminal_event_ends_the_run_with_a_row() {
    for method in ["tsit5", "dop853", "bdf", "auto"] {
        let text = "ode decay
              state A = 1
              A' = -A
              when A < 0.5 { stop }
              simulate t = 0..10, points = 11, rtol = 1e-12, atol = 1e-14
            end";
        let solution = run_with(text, method, "jit").unwrap();
        assert_eq!(solution.times.len(), 2);
        assert_close(&solution.times, &[0.0, 2.0_f64.ln()], 1e-10);
        assert_close(&solution.rows[1], &[0.5], 1e-12);
        assert_close(&times(&solution, 0), &[2.0_f64.ln()], 1e-10);
    }
    let resets_first = run("ode m
          state x = 0
          x' = 1
          when x > 1 {
            x = 7
            stop
          }
          simulate t = 0..10, points = 11
        end");
    assert_eq!(resets_first.rows.last(), Some(&vec![7.0]));
    // At an output time there is one row.
    let at_output = run("ode m
          state x = 0
          x' = 1
          when t >= 2 { stop }
          simulate t = 0..10, points = 11
        end");
    assert_eq!(at_output.times, [0.0, 1.0, 2.0]);
}

#[test]
fn repeated_doses_follow_their_closed_form() {
    let solution = run("ode doses
          parameter k = 0.3, every = 2
          state A = 1, n = 1
          A' = -k*A
          n' = 0
          when t >= n*every and n < 5 { A = A + 1, n = n + 1 }
          simulate t = 0..20, points = 41, rtol = 1e-12, atol = 1e-14
        end");
    assert_eq!(times(&solution, 0), [2.0, 4.0, 6.0, 8.0]);
    for (t, row) in solution.times.iter().zip(&solution.rows) {
        let given = (0..5).map(|k| 2.0 * f64::from(k)).filter(|s| s <= t);
        let amount: f64 = given.map(|s| (-0.3 * (t - s)).exp()).sum();
        assert_close(&row[..1], &[amount], 1e-10);
    }
}

#[test]
fn a_leaky_neuron_fires_with_its_period() {
    // V' = (I - V)/τ from 0 to the threshold 1 takes τ ln(I/(I - 1)).
    let solution = run("ode neuron
          parameter tau = 10, I = 1.5
          state V = 0
          V' = (I - V)/tau
          when V > 1 { V = 0 }
          simulate t = 0..100, points = 11, rtol = 1e-12, atol = 1e-14
        end");
    let period = 10.0 * 3.0_f64.ln();
    let expected: Vec<f64> = (1..=9).map(|k| f64::from(k) * period).collect();
    assert_close(&times(&solution, 0), &expected, 1e-9);
}

#[test]
fn events_are_found_in_stiff_runs() {
    // Past the transient y = (λ² cos t + λ sin t)/(λ² + 1): zero at tan t = -λ. A reset there
    // starts the transient again.
    let text = "ode relaxation
          parameter rate = 1000
          state y = 0, n = 0
          y' = -rate*(y - cos(t))
          n' = 0
          when y < 0 { y = 1, n = n + 1 }
          simulate t = 0..4, points = 5, rtol = 1e-10, atol = 1e-12
        end";
    let first = std::f64::consts::PI - 1000.0_f64.atan();
    for method in ["bdf", "esdirk34", "auto"] {
        let solution = run_with(text, method, "jit").unwrap();
        let found = times(&solution, 0);
        assert_close(&found[..1], &[first], 1e-7);
        // y = s(t) + (1 - s(first)) exp(-λ (t - first)) falls to zero once more and stays below.
        let slow = |t: f64| (1e6 * t.cos() + 1e3 * t.sin()) / (1e6 + 1.0);
        let again = |t: f64| slow(t) + (1.0 - slow(first)) * (-1e3 * (t - first)).exp();
        assert!(found.len() > 1 && again(found[1]).abs() < 1e-6, "{found:?}");
    }
}

#[test]
fn automatic_choice_stays_with_the_stiff_method_after_an_event() {
    // The slow solution of the test above with a hundred times its rate; z is a clock.
    let solution = run("ode relaxation
          parameter rate = 1e5
          state y = 1, z = 0
          y' = -rate*(y - cos(t))
          z' = 1
          when y < 0 and t < 2 { z = 0 }
          when z > 1 and t > 2 { stop }
          simulate t = 0..4, points = 5
        end");
    let first = std::f64::consts::PI - 1e5_f64.atan();
    assert_eq!(solution.statistics.methods, [Method::Tsit5, Method::Bdf]);
    assert_close(&times(&solution, 0), &[first], 1e-5);
    assert_close(&times(&solution, 1), &[first + 1.0], 1e-5);
}

#[test]
fn families_are_reset_in_large_stiff_systems() {
    let solution = run("ode family
          size N = 40
          state x[i] = 1 for i in 1..N
          x[i]' = -i*x[i] for i in 1..N
          when t >= 1 { x[i] = 3*i for i in 1..N-1, x[N] = x[1] }
          simulate t = 0..2, points = 3, method = bdf, rtol = 1e-10, atol = 1e-13
        end");
    let last = solution.rows.last().unwrap();
    for i in 1..40 {
        let i_f = i as f64;
        assert!((last[i - 1] - 3.0 * i_f * (-i_f).exp()).abs() < 1e-7, "x[{i}]");
    }
    assert!((solution.events[0].after[39] - (-1.0_f64).exp()).abs() < 1e-7);
}

#[test]
fn resets_are_simultaneous_and_events_at_one_time_are_in_order() {
    let solution = run("ode m
          state x = 1, y = 2, z = 0, w = 0
          x' = 0
          y' = 0
          z' = 0
          w' = 0
          when t >= 1 { x = y, y = x }
          when t > 3 { z = z + 1 }
          when 2*t > 6 { z = 10*z }
          when z > 9 { w = t }
          simulate t = 0..4, points = 5
        end");
    assert_eq!(solution.rows[0], [1.0, 2.0, 0.0, 0.0]);
    assert_eq!(solution.rows[1], [2.0, 1.0, 0.0, 0.0]);
    let last = &solution.rows[4];
    assert_eq!(last[..3], [2.0, 1.0, 10.0]);
    // What a reset makes true happens at the same time.
    assert!((last[3] - 3.0).abs() < 1e-12);
    let order: Vec<usize> = solution.events.iter().map(|e| e.event).collect();
    assert_eq!(order, [0, 1, 2, 3]);
}

#[test]
fn events_at_output_times_and_at_the_start() {
    let counts = |condition: &str| -> Vec<f64> {
        let solution = run(&format!(
            "ode m
               state n = 0
               n' = 0
               when {condition} {{ n = n + 1 }}
               simulate t = 0..4, points = 5
             end"
        ));
        solution.rows.iter().map(|r| r[0]).collect()
    };
    assert_eq!(counts("t >= 2"), [0.0, 0.0, 1.0, 1.0, 1.0]);
    assert_eq!(counts("t > 2"), [0.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(counts("t >= 4"), [0.0, 0.0, 0.0, 0.0, 1.0]);
    // True at the start: it did not become true.
    assert_eq!(counts("t >= 0"), [0.0; 5]);
    assert_eq!(counts("t < 3"), [0.0; 5]);
    assert_eq!(counts("t > 0"), [0.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(counts("t > 1 and t < 2 or t > 2.5 and not t > 3.5"), [0.0, 0.0, 1.0, 2.0, 2.0]);
    assert_eq!(counts("if(n > 0, t > 3, t > 1)"), [0.0, 0.0, 1.0, 1.0, 2.0]);
}

#[test]
fn short_truths_within_long_steps_are_found() {
    // Nothing moves, so a step may be as long as the run.
    let text = |condition: &str| {
        format!(
            "ode m
               state n = 0
               n' = 0
               when {condition} {{ n = n + 1 }}
               simulate t = 0..100, points = 2
             end"
        )
    };
    let brief = run(&text("(t - 50.371)^2 < 1e-6"));
    assert_close(&times(&brief, 0), &[50.370], 1e-9);
    let waves = run(&text("sin(t) > 0.999999"));
    let first = 0.999999_f64.asin();
    let expected: Vec<f64> =
        (0..16).map(|k| first + std::f64::consts::TAU * f64::from(k)).collect();
    assert_close(&times(&waves, 0), &expected, 1e-9);
}

#[test]
fn accumulating_events_end_with_their_time() {
    for (restitution, method) in
        [(0.8, "auto"), (0.8, "bdf"), (0.5, "tsit5"), (0.99, "dop853"), (0.05, "tsit5")]
    {
        let fall = (2.0_f64 / 9.81).sqrt();
        let limit = fall * (1.0 + restitution) / (1.0 - restitution);
        match run_with(&ball(restitution, 2.0 * limit), method, "jit") {
            Err(error @ Error::Accumulation { .. }) => {
                let message = error.to_string();
                assert!(message.contains("`h < 0`") && message.contains("t = "), "{message}");
                let Error::Accumulation { time, .. } = error else { unreachable!() };
                assert!((time - limit).abs() < 1e-6 * limit, "{time} instead of {limit}");
            }
            other => panic!(
                "{restitution} {method}: {:?}",
                other.map(|s| s.events[s.events.len() - 6..].to_vec())
            ),
        }
    }
    // Two events that undo each other.
    let chatter = run_with(
        "ode m
           state x = 0, s = 1
           x' = s
           s' = 0
           when x > 1 { s = -1 }
           when x <= 1 { s = 1 }
           simulate t = 0..4
         end",
        "",
        "jit",
    );
    assert!(matches!(chatter, Err(Error::Accumulation { .. })), "{:?}", chatter.map(|s| s.rows));
}

#[test]
fn a_reset_without_a_value_is_an_error() {
    let failed = run_with(
        "ode m
           state x[i] = i for i in 1..3
           x[i]' = -1 for i in 1..3
           when x[2] < 0 { x[3] = log(x[2]) }
           simulate t = 0..4
         end",
        "",
        "jit",
    );
    let message = failed.map(|s| s.rows.len()).unwrap_err().to_string();
    assert!(message.contains("`x[2] < 0` at t = 2 sets `x[3]` to NaN"), "{message}");
}

#[test]
fn events_follow_other_parameters_without_compiling() {
    let system = system(
        "ode decay
           parameter level = 0.5
           state A = 1
           A' = -A
           when A < level { stop }
           simulate t = 0..10, rtol = 1e-11, atol = 1e-13
         end",
    );
    let mut compiled = Compiled::new(&system, &Compilation::default(), &mut |_| {}).unwrap();
    let settings = Settings::of(&system).unwrap();
    for level in [0.5, 0.25, 0.1] {
        compiled.set(&system, &[("level".to_owned(), level)]).unwrap();
        let solution = compiled.run(&system, &settings, &|_| false).unwrap();
        assert_close(&times(&solution, 0), &[-f64::ln(level)], 1e-9);
    }
}

#[test]
fn algebraic_states_are_consistent_after_a_reset() {
    let solution = run("ode saw
           state x = 0, y = 0
           x' = 1
           0 = y^3 + y - x
           when x > 1 { x = 0 }
           simulate t = 0..2.5, points = 6, rtol = 1e-10, atol = 1e-12
         end");
    assert_close(&times(&solution, 0), &[1.0, 2.0], 1e-8);
    for event in &solution.events {
        // The real root of y³ + y = 1 before, of y³ + y = 0 after.
        assert_close(&event.before, &[1.0, 0.6823278038280193], 1e-7);
        assert_close(&event.after, &[0.0, 0.0], 1e-9);
    }
    for row in &solution.rows {
        assert!((row[1].powi(3) + row[1] - row[0]).abs() < 1e-7, "{row:?}");
    }
}
