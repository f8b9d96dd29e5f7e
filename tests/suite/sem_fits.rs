//! Fits of structural equation models against published values.

use std::path::Path;

use isoterm::session::command::Silent;
use isoterm::session::{Session, command};
use isoterm::text::Limits;
use serde_json::Value as Json;

fn run(model: &str, options: &[(&'static str, &str)]) -> Result<Json, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("examples/models").join(model).to_string_lossy().into_owned();
    run_file(file, options)
}

/// A file of the data that come with the tests.
fn data(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("examples/data").join(name).to_string_lossy().into_owned()
}

fn run_file(file: String, options: &[(&'static str, &str)]) -> Result<Json, String> {
    let options = options.iter().map(|&(name, value)| match name {
        "data" | "covariance" | "correlation" if !value.starts_with('/') => (name, data(value)),
        _ => (name, value.to_owned()),
    });
    let mut session = Session::new(&Limits::default(), || false);
    let fit = command("sem fit").expect("a command");
    let answer = session.command(fit, vec![file], options.collect(), &Silent);
    answer.map(|a| a.json).map_err(|e| e.render(false))
}

/// A file with a text, removed in the end.
struct Text(std::path::PathBuf);

impl Text {
    fn new(name: &str, text: &str) -> Text {
        let path = std::env::temp_dir().join(format!("isoterm-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a temporary file");
        Text(path)
    }
    fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn estimate<'j>(fit: &'j Json, formula: &str, key: &str) -> f64 {
    let all = fit["estimates"].as_array().expect("estimates");
    let found: Option<&'j Json> = all.iter().find(|e| e["formula"] == formula);
    found.and_then(|e| e[key].as_f64()).unwrap_or_else(|| panic!("{formula} {key}"))
}

fn near(fit: &Json, expected: &[(&str, f64, f64)]) {
    for (key, value, tolerance) in expected {
        let found = fit["fit"][key].as_f64().unwrap_or(f64::NAN);
        assert!((found - value).abs() <= *tolerance, "{key}: {found} and not {value}");
    }
    let gradient = fit["gradient"].as_f64().unwrap_or(f64::NAN);
    assert!(gradient < 1e-10, "gradient {gradient}");
}

/// The options that fit a model of `tests/data/sem/fits.json`.
fn data_of(name: &str) -> Vec<(&'static str, &'static str)> {
    match name {
        "wheaton" => vec![("covariance", "wheaton_cov.csv"), ("observations", "932")],
        "duncan_haller_portes" => {
            vec![("correlation", "duncan_haller_portes_cor.csv"), ("observations", "329")]
        }
        "holzinger_swineford" => vec![("data", "holzinger_swineford_1939.csv")],
        _ => vec![("data", "political_democracy.csv")],
    }
}

#[test]
fn estimates_and_errors_are_those_of_an_independent_computation() {
    let reference: Json =
        serde_json::from_str(include_str!("../data/sem/fits.json")).expect("JSON");
    let equal = Text::new(
        "equal_loadings.sem",
        "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + a*y2 + b*y3 + c*y4\n\
         dem65 =~ y5 + a*y6 + b*y7 + c*y8\ndem60 ~ ind60\ndem65 ~ ind60 + dem60\n\
         y1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8\n",
    );
    let mut compared = 0;
    for model in reference["models"].as_array().expect("models") {
        let name = model["model"].as_str().expect("a name");
        let number =
            |x: &Json| -> f64 { x.as_str().and_then(|t| t.parse().ok()).expect("a number") };
        for expected in model["fits"].as_array().expect("fits") {
            let method = expected["method"].as_str().expect("a method");
            for kind in ["expected", "observed", "robust"] {
                let Some(errors) = expected[kind].as_array() else { continue };
                let mut options = data_of(name);
                options.push(("se", kind));
                let methods = ["ml", "gls", "uls"];
                options.extend(methods.iter().find(|m| **m == method).map(|m| ("estimator", *m)));
                let fit = match name {
                    "political_democracy_equal" => run_file(equal.path(), &options),
                    _ => run(&format!("{name}.sem"), &options),
                };
                let fit = fit.expect("a fit");
                let chi = number(&expected["chisq"]);
                near(&fit, &[("chisq", chi, 1e-6 * chi)]);
                let values = expected["estimates"].as_array().expect("estimates");
                let names = model["parameters"].as_array().expect("parameters");
                for ((formula, value), error) in names.iter().zip(values).zip(errors) {
                    let formula = formula.as_str().expect("a formula");
                    let (value, error) = (number(value), number(error));
                    let found = estimate(&fit, formula, "estimate");
                    let close = (found - value).abs() <= 1e-6 * value.abs().max(1.0);
                    assert!(close, "{name} {method} {formula}: {found} and not {value}");
                    let found = estimate(&fit, formula, "se");
                    let close = (found - error).abs() <= 1e-5 * error.abs().max(1.0);
                    assert!(close, "{name} {method} {kind} {formula}: {found} and not {error}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn least_squares_have_the_published_indices() {
    // lavaan 0.6-22, `sem(estimator = "GLS", meanstructure = TRUE)`, as its own checks record it.
    let options =
        [("data", "holzinger_swineford_1939.csv"), ("estimator", "gls"), ("meanstructure", "")];
    let fit = run("holzinger_swineford.sem", &options).expect("a fit");
    near(
        &fit,
        &[
            ("chisq", 77.471, 5e-4),
            ("df", 24.0, 0.0),
            ("baseline_chisq", 277.991, 5e-4),
            ("baseline_df", 36.0, 0.0),
            ("cfi", 0.779, 5e-4),
            ("tli", 0.669, 5e-4),
            ("rmsea", 0.086, 5e-4),
            ("rmsea_lower", 0.065, 5e-4),
            ("rmsea_upper", 0.108, 5e-4),
            ("rmsea_p", 0.003, 5e-4),
            ("srmr", 0.080, 5e-4),
        ],
    );
    for (formula, value) in
        [("visual =~ x2", 0.481), ("speed =~ x9", 1.115), ("textual ~~ speed", 0.197)]
    {
        assert!((estimate(&fit, formula, "estimate") - value).abs() < 6e-4, "{formula}");
    }
}

#[test]
fn bounds_hold_and_improper_solutions_are_said() {
    let matrix = Text::new("heywood.csv", "a,b,c\n1,0.8,0.8\n0.8,1,0.5\n0.8,0.5,1\n");
    let path = matrix.path();
    let options = [("correlation", path.as_str()), ("observations", "100")];
    let free = Text::new("heywood.sem", "f =~ a + b + c\n");
    let fit = run_file(free.path(), &options).expect("a fit");
    // Saturated: the variance of a is 1 - 0.8 * 0.8/0.5, times 99/100.
    let improper = 0.99 * (1.0 - 0.8 * 0.8 / 0.5);
    assert!((estimate(&fit, "a ~~ a", "estimate") - improper).abs() < 1e-9);
    let warnings = fit["warnings"].to_string();
    assert!(warnings.contains("residual variance of a is negative"), "{warnings}");
    let bounded = Text::new("bounded.sem", "f =~ a + b + c\na ~~ lower(0)*a\n");
    let fit = run_file(bounded.path(), &options).expect("a fit");
    assert_eq!(estimate(&fit, "a ~~ a", "estimate"), 0.0);
    let warnings = fit["warnings"].to_string();
    assert!(warnings.contains("a~~a is at its bound"), "{warnings}");
    let held = fit["estimates"].as_array().expect("estimates");
    let held = held.iter().find(|e| e["formula"] == "a ~~ a").expect("the variance");
    assert!(held["se"].is_null());
    // With a as the factor itself, b and c are regressed on it.
    assert!((estimate(&fit, "f =~ b", "estimate") - 0.8).abs() < 1e-9);
}

#[test]
fn searches_that_fail_are_said_and_other_starts_help() {
    // One factor has these correlations only with a negative variance, far from the usual start.
    let matrix = Text::new("negative.csv", "a,b,c\n1,0.4,0.4\n0.4,1,-0.4\n0.4,-0.4,1\n");
    let path = matrix.path();
    let options = [("correlation", path.as_str()), ("observations", "100")];
    let model = Text::new("negative.sem", "f =~ a + b + c\n");
    let fit = run_file(model.path(), &options).expect("a fit");
    near(&fit, &[("chisq", 0.0, 1e-9)]);
    assert!((estimate(&fit, "f =~ b", "estimate") + 1.0).abs() < 1e-8);
    let warnings = fit["warnings"].to_string();
    assert!(warnings.contains("the variance of f is negative"), "{warnings}");
    assert!(warnings.contains("not from the usual one"), "{warnings}");
    // A marker that nothing ties to its factor: loadings of the others grow without end.
    let matrix = Text::new("apart.csv", "a,b,c\n1,,\n0,1,\n0,0.5,1\n");
    let path = matrix.path();
    let options = [("correlation", path.as_str()), ("observations", "100")];
    let error = run_file(model.path(), &options).expect_err("no minimum anywhere");
    assert!(error.contains("no search converged"), "{error}");
    assert!(error.contains("farthest from their starts are f=~"), "{error}");
    assert!(error.contains("--std-lv"), "{error}");
}

#[test]
fn equalities_that_repeat_each_other_count_once() {
    let text = Text::new(
        "twice.sem",
        "visual =~ x1 + a*x2 + b*x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n\
         a - b == 0\n2*a - 2*b == 0\n",
    );
    let once = Text::new(
        "once.sem",
        "visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n",
    );
    let options = [("data", "holzinger_swineford_1939.csv")];
    let (twice, once) = (run_file(text.path(), &options), run_file(once.path(), &options));
    let (twice, once) = (twice.expect("a fit"), once.expect("a fit"));
    let chi = once["fit"]["chisq"].as_f64().unwrap_or(f64::NAN);
    near(&twice, &[("df", 25.0, 0.0), ("chisq", chi, 1e-8)]);
    let (a, b) = (estimate(&once, "visual =~ x3", "se"), estimate(&twice, "visual =~ x3", "se"));
    assert!((a - b).abs() < 1e-9, "{a} {b}");
}

#[test]
fn feedback_is_judged_at_the_estimates() {
    let fit = run("duncan_haller_portes.sem", &data_of("duncan_haller_portes")).expect("a fit");
    let stability = &fit["stability"][0];
    // 1/(1 − β₁₂β₂₁) = 1.04535, and the eigenvalues of a pair are ±√(β₁₂β₂₁).
    let product = 0.18423_f64 * 0.23548;
    let found = |key: &str| stability[key].as_f64().unwrap_or(f64::NAN);
    assert!((found("determinant") - 1.0 / 1.04535).abs() < 1e-5, "{stability}");
    assert!((found("spectral_radius") - product.sqrt()).abs() < 1e-5, "{stability}");
}

#[test]
fn political_democracy() {
    // Bollen 1989; the indices and the table of lavaan's tutorial.
    let fit =
        run("political_democracy.sem", &[("data", "political_democracy.csv")]).expect("a fit");
    near(
        &fit,
        &[
            ("chisq", 38.125_218, 1e-6),
            ("df", 35.0, 0.0),
            ("p", 0.329, 5e-4),
            ("cfi", 0.99537, 5e-6),
            ("tli", 0.99273, 5e-6),
            ("rmsea", 0.03450, 5e-6),
            ("rmsea_lower", 0.0, 0.0),
            ("rmsea_upper", 0.092, 5e-4),
            // P(χ² > 38.125218) for 35 degrees and noncentrality 75·35·0.05²: mpmath.
            ("rmsea_p", 0.611_103_83, 1e-7),
            ("srmr", 0.04442, 5e-6),
            ("baseline_chisq", 730.654, 5e-4),
            ("baseline_df", 55.0, 0.0),
            ("loglik", -1547.791, 5e-4),
            ("aic", 3157.582, 5e-4),
            ("bic", 3229.424, 5e-4),
        ],
    );
    for (formula, value, error, all) in [
        ("ind60 =~ x2", 2.180, 0.139, 0.973),
        ("ind60 =~ x3", 1.819, 0.152, 0.872),
        ("dem60 =~ y2", 1.257, 0.182, 0.717),
        ("dem60 =~ y4", 1.265, 0.145, 0.846),
        ("dem60 ~ ind60", 1.483, 0.399, 0.447),
        ("dem65 ~ ind60", 0.572, 0.221, 0.182),
        ("dem65 ~ dem60", 0.837, 0.098, 0.885),
        ("y1 ~~ y5", 0.624, 0.358, 0.296),
        ("y2 ~~ y6", 2.153, 0.734, 0.356),
        ("y2 ~~ y2", 7.373, 1.374, 0.486),
        ("ind60 ~~ ind60", 0.448, 0.087, 1.0),
    ] {
        assert!((estimate(&fit, formula, "estimate") - value).abs() < 6e-4, "{formula}");
        assert!((estimate(&fit, formula, "se") - error).abs() < 6e-4, "{formula}");
        assert!((estimate(&fit, formula, "std_all") - all).abs() < 6e-4, "{formula}");
    }
}

#[test]
fn holzinger_swineford() {
    let options = [("data", "holzinger_swineford_1939.csv")];
    let fit = run("holzinger_swineford.sem", &options).expect("a fit");
    near(
        &fit,
        &[
            ("chisq", 85.305_522, 1e-6),
            ("df", 24.0, 0.0),
            ("cfi", 0.93056, 5e-6),
            ("tli", 0.89584, 5e-6),
            ("rmsea", 0.09212, 5e-6),
            ("rmsea_lower", 0.071, 5e-4),
            ("rmsea_upper", 0.114, 5e-4),
            ("srmr", 0.06521, 5e-6),
            ("baseline_chisq", 918.852, 5e-4),
            ("loglik", -3737.745, 5e-4),
            ("aic", 7517.490, 5e-4),
            ("bic", 7595.339, 5e-4),
        ],
    );
    for (formula, value, error) in [
        ("visual =~ x2", 0.554, 0.100),
        ("visual =~ x3", 0.729, 0.109),
        ("textual =~ x5", 1.113, 0.065),
        ("textual =~ x6", 0.926, 0.055),
        ("speed =~ x8", 1.180, 0.165),
        ("speed =~ x9", 1.082, 0.151),
        ("visual ~~ textual", 0.408, 0.074),
    ] {
        assert!((estimate(&fit, formula, "estimate") - value).abs() < 6e-4, "{formula}");
        assert!((estimate(&fit, formula, "se") - error).abs() < 6e-4, "{formula}");
    }
    // Variances of one instead of loadings of one are the same model.
    let unit = [options[0], ("std-lv", "")];
    let unit = run("holzinger_swineford.sem", &unit).expect("a fit");
    near(&unit, &[("chisq", 85.305_522, 1e-6)]);
    // Means that nothing restricts change neither the fit nor the errors.
    let means = [options[0], ("meanstructure", "")];
    let means = run("holzinger_swineford.sem", &means).expect("a fit");
    near(&means, &[("chisq", 85.305_522, 1e-6), ("df", 24.0, 0.0), ("srmr", 0.060, 5e-4)]);
    let (a, b) = (estimate(&fit, "speed =~ x9", "se"), estimate(&means, "speed =~ x9", "se"));
    assert!((a - b).abs() < 1e-9);
}

#[test]
fn holzinger_swineford_in_two_schools() {
    // The chi-squares of lavaan's tutorial on several groups: free, and with equal loadings.
    // There are 60 parameters there: groups have means.
    let options = [("data", "holzinger_swineford_1939.csv"), ("group", "school")];
    let free = run("holzinger_swineford.sem", &options).expect("a fit");
    near(&free, &[("chisq", 115.851, 5e-4), ("df", 48.0, 0.0), ("aic", 7484.395, 5e-4)]);
    assert_eq!(free["parameters"], 60);
    let alone = [options[0], options[1], ("no-means", "")];
    let alone = run("holzinger_swineford.sem", &alone).expect("a fit");
    near(&alone, &[("chisq", 115.851, 5e-4), ("df", 48.0, 0.0)]);
    assert_eq!(alone["parameters"], 42);
    let text = Text::new(
        "equal.sem",
        "visual =~ x1 + c(a, a)*x2 + c(b, b)*x3\ntextual =~ x4 + c(d, d)*x5 + c(e, e)*x6\n\
         speed =~ x7 + c(f, f)*x8 + c(g, g)*x9\n",
    );
    let equal = run_file(text.path(), &options).expect("a fit");
    near(&equal, &[("chisq", 124.044, 5e-4), ("df", 54.0, 0.0)]);
    // The same by constraints that the optimiser must hold.
    let text = Text::new(
        "constraints.sem",
        "visual =~ x1 + c(a, a2)*x2 + c(b, b2)*x3\ntextual =~ x4 + c(d, d2)*x5 + c(e, e2)*x6\n\
         speed =~ x7 + c(f, f2)*x8 + c(g, g2)*x9\n\
         a - a2 == 0; b - b2 == 0; d == d2; e == e2; f == f2; 2*g == 2*g2\n",
    );
    let held = run_file(text.path(), &options).expect("a fit");
    near(&held, &[("chisq", 124.044, 5e-4), ("df", 54.0, 0.0)]);
    let error = |fit: &Json| estimate(fit, "speed =~ x9", "se");
    assert!((error(&equal) - error(&held)).abs() < 1e-7);
}

#[test]
fn groups_may_have_formulas_of_their_own() {
    let factors = |marks: [&str; 6]| {
        let [a, b, c, d, e, f] = marks;
        format!(
            "visual =~ x1 + {a}x2 + {b}x3\ntextual =~ x4 + {c}x5 + {d}x6\nspeed =~ x7 + {e}x8 + {f}x9\n"
        )
    };
    let (free, equal) = (factors([""; 6]), factors(["a*", "b*", "c*", "d*", "e*", "f*"]));
    let options = [("data", "holzinger_swineford_1939.csv"), ("group", "school")];
    // Equal loadings once more, now in two blocks.
    let text = Text::new("blocks.sem", &format!("group: 1\n{equal}group: 2\n{equal}"));
    let fit = run_file(text.path(), &options).expect("a fit");
    near(&fit, &[("chisq", 124.044, 5e-4), ("df", 54.0, 0.0)]);
    // Groups that share nothing fit as each does alone.
    let more = format!("{free}x7 ~~ x8\nx2 ~ x9\n");
    let text = Text::new("apart.sem", &format!("group: 1\n{more}group: 2\n{free}"));
    let both = run_file(text.path(), &options).expect("a fit");
    let table = std::fs::read_to_string(data("holzinger_swineford_1939.csv")).expect("the data");
    let (head, rows) = table.split_once('\n').expect("a line of names");
    let alone = |school: &str, model: &str| {
        let rows: Vec<&str> = rows.lines().filter(|row| row.contains(school)).collect();
        let file = Text::new(&format!("{school}.csv"), &format!("{head}\n{}\n", rows.join("\n")));
        let model = Text::new(&format!("{school}.sem"), model);
        let path = file.path();
        let fit = run_file(model.path(), &[("data", path.as_str()), ("meanstructure", "")]);
        let fit = fit.expect("a fit")["fit"].clone();
        ["chisq", "df", "loglik"].map(|name| fit[name].as_f64().unwrap_or(f64::NAN))
    };
    let (a, b) = (alone("Pasteur", &more), alone("Grant-White", &free));
    near(
        &both,
        &[("chisq", a[0] + b[0], 1e-8), ("df", a[1] + b[1], 0.0), ("loglik", a[2] + b[2], 1e-8)],
    );
    let error = Text::new("lacks.sem", "group: 1\nx1 ~ x2\ngroup: 2\nx1 ~ x3\n");
    let error = run_file(error.path(), &options).expect_err("groups have the same variables");
    assert!(error.contains("the formulas of group 2 do not name `x2`"), "{error}");
}

#[test]
fn wheaton() {
    let options = [("covariance", "wheaton_cov.csv"), ("observations", "932")];
    let fit = run("wheaton.sem", &options).expect("a fit");
    near(&fit, &[("chisq", 4.735_260, 1e-6), ("df", 4.0, 0.0)]);
}

#[test]
fn duncan_haller_portes() {
    // The chi-square of Wishart's likelihood, as the programs of the time printed it.
    let wishart = [
        ("correlation", "duncan_haller_portes_cor.csv"),
        ("observations", "329"),
        ("estimator", "wishart"),
    ];
    let wishart = run("duncan_haller_portes.sem", &wishart).expect("a fit");
    near(&wishart, &[("chisq", 26.697_22, 1e-5), ("df", 15.0, 0.0)]);
    let options = [("correlation", "duncan_haller_portes_cor.csv"), ("observations", "329")];
    let fit = run("duncan_haller_portes.sem", &options).expect("a fit");
    near(&fit, &[("chisq", 26.778_609, 1e-6), ("df", 15.0, 0.0)]);
    assert!((estimate(&fit, "RGenAsp ~ FGenAsp", "estimate") - 0.18423).abs() < 5e-6);
    assert!((estimate(&fit, "FGenAsp ~ RGenAsp", "estimate") - 0.23548).abs() < 5e-6);
    let product = fit["defined"][0]["estimate"].as_f64().unwrap_or(f64::NAN);
    assert!((product - 1.04535).abs() < 5e-6, "{product}");
    // The total effect of an ambition on itself by way of the other: 1/(1 − β₁₂β₂₁) times β.
    let effects = fit["effects"].as_array().expect("effects");
    let total = effects.iter().find(|e| e["from"] == "FGenAsp" && e["to"] == "RGenAsp");
    let total = total.and_then(|e| e["total"]["estimate"].as_f64()).unwrap_or(f64::NAN);
    assert!((total - 0.18423 * 1.04535).abs() < 1e-5, "{total}");
}

#[test]
fn mistakes_are_said_plainly() {
    let democracy = "political_democracy.csv";
    let refused = |text: &str, options: &[(&'static str, &str)], said: &str| {
        let file = Text::new(&format!("{}.sem", said.len()), text);
        let error = run_file(file.path(), options).expect_err(said);
        assert!(error.contains(said), "{said}\n{error}");
    };
    refused("y1 ~ x11", &[("data", democracy)], "has no column `x11`");
    refused("y1 ~ x1", &[], "there are no data");
    refused("y1 ~ x1", &[("covariance", "wheaton_cov.csv")], "how many observations");
    let wheaton = [("covariance", "wheaton_cov.csv"), ("observations", "932")];
    refused("SEI ~ Educatoin", &wheaton, "did you mean `Education`");
    refused("SEI ~ Education + 1", &wheaton, "a covariance matrix has no means");
    let few = [("covariance", "wheaton_cov.csv"), ("observations", "2")];
    refused("SEI ~ Education", &few, "there must be more observations than variables");
    refused(
        "f =~ y1 + NA*y2; f ~~ y3; y1 ~~ y2 + y3; y2 ~~ y3",
        &[("data", democracy)],
        "not identified",
    );
    let constant = Text::new("constant.csv", "a,b\n1,2\n1,3\n1,5\n");
    refused("b ~ a", &[("data", &constant.path())], "`a` is 1 in every row");
    let odd = Text::new("odd.csv", "a,b\n1,2\n1\n");
    refused("b ~ a", &[("data", &odd.path())], "1 values, where the first line has 2");
    let wide = Text::new("wide.csv", "a,b\n1,0.5\n");
    let size = [("covariance", "x"), ("observations", "9")];
    let wide = [("covariance", wide.0.to_str().unwrap_or("")), size[1]];
    refused("b ~ a", &wide, "a matrix of covariances is square");
    let bad = Text::new("bad.csv", "a,b\n1,2\n2,1\n");
    let bad = [("covariance", bad.0.to_str().unwrap_or("")), size[1]];
    refused("b ~ a", &bad, "is not positive definite");
    let skew = Text::new("skew.csv", "a,b\n1,0.2\n0.3,1\n");
    let skew = [("covariance", skew.0.to_str().unwrap_or("")), size[1]];
    refused("b ~ a", &skew, "the matrix is not symmetric");
    let text = "y1 ~ b*x1; b > 2; b < 1";
    refused(text, &[("data", democracy)], "the constraints exclude each other");
}
