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

fn run_file(file: String, options: &[(&'static str, &str)]) -> Result<Json, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = |name: &str| root.join("tests/data/sem").join(name).to_string_lossy().into_owned();
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
    let options =
        [("data", "holzinger_swineford_1939.csv"), ("group", "school"), ("meanstructure", "")];
    let free = run("holzinger_swineford.sem", &options).expect("a fit");
    near(&free, &[("chisq", 115.851, 5e-4), ("df", 48.0, 0.0)]);
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
fn wheaton() {
    let options = [("covariance", "wheaton_cov.csv"), ("observations", "932")];
    let fit = run("wheaton.sem", &options).expect("a fit");
    near(&fit, &[("chisq", 4.735_260, 1e-6), ("df", 4.0, 0.0)]);
}

#[test]
fn duncan_haller_portes() {
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
