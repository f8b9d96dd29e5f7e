//! Samples and path diagrams of structural equation models, and the block `sem` of model files.

use isoterm::model::sem::diagram::{Sketch, dot, svg};
use isoterm::model::sem::graph::read_dot;
use isoterm::model::sem::{Conventions, MixedGraph};
use isoterm::session::command::Silent;
use isoterm::session::{Session, command};
use isoterm::text::{Limits, Source};
use serde_json::Value as Json;

/// A folder of a test, removed in the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("isoterm-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn example(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn run(name: &str, file: &str, options: &[(&'static str, &str)]) -> Result<Json, String> {
    let mut session = Session::new(&Limits::default(), || false);
    let row = command(name).expect("a command");
    let options = options.iter().map(|&(n, v)| (n, v.to_owned())).collect();
    let answer = session.command(row, vec![file.to_owned()], options, &Silent);
    answer.map(|a| a.json).map_err(|e| e.render(false))
}

fn sketch_of(graph: &MixedGraph) -> Sketch {
    let model = graph.to_model().completed(&Conventions::default());
    Sketch::of_model(&model, 0, &|_| None)
}

fn numbers(path: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let text = std::fs::read_to_string(path).expect("a table");
    let mut lines = text.lines();
    let names = lines.next().expect("names").split(',').map(str::to_owned).collect();
    let row = |l: &str| l.split(',').map(|c| c.parse().expect("a number")).collect();
    (names, lines.map(row).collect())
}

#[test]
fn samples_have_the_moments_of_their_model() {
    let folder = Folder::new("moments");
    let model = folder.file(
        "population.sem",
        "# Two that act on each other, one of them caused by z, a latent cause of both.\n\
         f =~ 1*x + 0.5*y\nx ~ 0.4*y + 2*z\ny ~ -0.5*x\nf ~~ 2*f\nx ~~ 0.3*y\nx ~ 1*1\nz ~~ 0*z\n\
         z ~ 3*1\n",
    );
    let out = folder.path("sample.csv");
    let count = 200_000;
    let answer = run("sem simulate", &model, &[("count", "200000"), ("output", &out)]);
    let answer = answer.expect("a sample");
    assert_eq!(answer["assumed"].to_string(), r#"["x~~x = 1","y~~y = 1","y~1 = 0"]"#);
    let (names, rows) = numbers(&out);
    assert_eq!(names, ["x", "y", "z"]);
    let n = f64::from(count);
    let mean = |k: usize| rows.iter().map(|r| r[k]).sum::<f64>() / n;
    let covariance = |i: usize, j: usize| {
        let (a, b) = (mean(i), mean(j));
        rows.iter().map(|r| (r[i] - a) * (r[j] - b)).sum::<f64>() / n
    };
    // x = 1 + 0.4 y + 2 z + u, y = −0.5 x + v, z = 3, so that x = (7 + u + 0.4 v)/1.2; u and v have
    // variances 1 + 2 and 1 + 0.5 and covariance 0.3 + 1.
    let (uu, vv, uv) = (3.0, 1.5, 1.3);
    let xx = (uu + 0.8 * uv + 0.16 * vv) / 1.44;
    let xv = (uv + 0.4 * vv) / 1.2;
    let (xy, yy) = (-0.5 * xx + xv, 0.25 * xx - xv + vv);
    for (found, expected) in [
        (mean(0), 7.0 / 1.2),
        (mean(1), -3.5 / 1.2),
        (covariance(0, 0), xx),
        (covariance(0, 1), xy),
        (covariance(1, 1), yy),
    ] {
        assert!((found - expected).abs() < 0.03, "{found} and not {expected}");
    }
    assert!(rows.iter().all(|r| r[2] == 3.0));
    // Equal seeds give equal samples, others others; latent variables on request.
    let small = |seed: &str, more: &[(&'static str, &str)]| {
        let path = folder.path("small.csv");
        let mut options = vec![("count", "3"), ("seed", seed), ("output", path.as_str())];
        options.extend(more);
        run("sem simulate", &model, &options).expect("a sample");
        std::fs::read_to_string(&path).expect("a table")
    };
    assert_eq!(small("7", &[]), small("7", &[]));
    assert_ne!(small("7", &[]), small("8", &[]));
    assert!(small("7", &[("latent", "")]).starts_with("f,x,y,z\n"));
}

#[test]
fn samples_of_fitted_models_give_the_estimates_back() {
    let folder = Folder::new("fitted");
    let out = folder.path("wheaton.csv");
    let model = example("examples/models/wheaton.sem");
    let data = example("examples/data/wheaton_cov.csv");
    let options = [("covariance", data.as_str()), ("observations", "932")];
    let first = run("sem fit", &model, &options).expect("a fit");
    let more = [options[0], options[1], ("count", "50000"), ("output", out.as_str())];
    run("sem simulate", &model, &more).expect("a sample");
    let again = run("sem fit", &model, &[("data", out.as_str())]).expect("a fit");
    let list = |fit: &Json| fit["estimates"].as_array().expect("estimates").clone();
    for (a, b) in list(&first).iter().zip(list(&again)) {
        let (x, y) = (a["estimate"].as_f64(), b["estimate"].as_f64());
        let error = b["se"].as_f64().unwrap_or(0.0);
        let gap = (x.unwrap_or(f64::NAN) - y.unwrap_or(f64::NAN)).abs();
        assert!(gap <= 4.5 * error, "{a} {b}");
    }
}

#[test]
fn what_has_no_value_or_no_covariance_is_no_population() {
    let folder = Folder::new("refused");
    let out = folder.path("out.csv");
    for (text, options, wanted) in [
        ("y ~ x", vec![], "no value of y~x"),
        ("y ~ start(2)*x", vec![("set", "y~z=1")], "did you mean `y~x`?"),
        ("y ~ b*x", vec![("set", "c=1")], "no parameter `c`"),
        ("y ~ 1*x\nx ~ 1*y", vec![], "det(I - Λ) is zero"),
        ("x ~~ 2*y", vec![], "not positive semidefinite"),
        ("x ~~ -1*x", vec![], "not positive semidefinite"),
        ("y ~ 1*x", vec![("count", "0")], "a whole number from 1"),
        ("y ~ 1*x", vec![("count", "1e15")], "beyond the limit `cells`"),
        ("y ~ 1*x", vec![("seed", "-1")], "--seed is a whole number"),
        ("y ~ 1*x", vec![("output", "x.xls")], "no format `.xls`"),
    ] {
        let file = folder.file("model.sem", text);
        let mut all = vec![("output", out.as_str())];
        all.extend(options);
        let error = run("sem simulate", &file, &all).expect_err(text);
        assert!(error.contains(wanted), "{text}\n{error}");
        assert!(!std::path::Path::new(&out).exists(), "{text}");
    }
    let file = folder.file("labelled.sem", "y ~ b*x");
    let all = [("set", "b=0.5,x~~x=4"), ("count", "5"), ("output", out.as_str())];
    assert!(run("sem simulate", &file, &all).is_ok());
}

#[test]
fn diagrams_name_all_variables_and_come_back_from_dot() {
    let folder = Folder::new("diagrams");
    let (model, data) = (
        example("examples/models/political_democracy.sem"),
        example("examples/data/political_democracy.csv"),
    );
    let out = folder.path("democracy.svg");
    run("sem draw", &model, &[("data", &data), ("output", &out)]).expect("a picture");
    let picture = std::fs::read_to_string(&out).expect("a picture");
    for text in [">ind60<", ">dem65<", ">y8<", ">1.48<", ">0.84<", ">2.15<", ">1<"] {
        assert!(picture.contains(text), "{text}");
    }
    assert_eq!(picture.matches("<ellipse").count(), 3);
    // A circle for one feedback loop, two arrows for a pair, and names that XML would misread.
    let text = "digraph { \"a&b\" -> c -> d -> \"a&b\"; c -> \"a&b\"; c -> d [dir=both, label=k] }";
    let graph = read_dot(&Source::new("loop.dot", text), &Limits::default()).expect("a graph");
    let sketch = sketch_of(&graph);
    let picture = svg(std::slice::from_ref(&sketch));
    assert!(picture.contains("a&amp;b") && !picture.contains("a&b"), "{picture}");
    assert!(!picture.contains("NaN"), "{picture}");
    let again = read_dot(&Source::new("loop.dot", dot(&sketch, "loop")), &Limits::default());
    let again = again.expect("a graph");
    let arrows = |g: &MixedGraph| {
        let effects: Vec<_> = g.effects().map(|(a, b, _)| (a, b)).collect();
        let covariances: Vec<_> = g.covariances().map(|(a, b, _)| (a, b)).collect();
        (effects, covariances, g.parameters.clone())
    };
    assert_eq!(arrows(&again).0, arrows(&graph).0);
    assert_eq!(again.parameters.len(), graph.parameters.len());
    assert!(again.parameters.iter().any(|p| p.name == "k"));
    for (options, wanted) in [
        (vec![("output", "x.png")], "drawn as .svg or .dot"),
        (vec![("standardised", "")], "needs data"),
    ] {
        let error = run("sem draw", &model, &options).expect_err(wanted);
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn variables_of_a_diagram_stand_apart() {
    // Any graph: no two variables overlap, and everything is inside of the picture.
    let mut random = crate::random::Random(5);
    for _ in 0..60 {
        let n = 1 + random.below(9);
        let mut text = String::from("digraph {\n");
        for v in 0..n {
            text +=
                &format!("v{v}{}\n", if random.below(4) == 0 { " [shape=ellipse]" } else { "" });
        }
        for a in 0..n {
            for b in 0..n {
                match random.below(6) {
                    0 if a != b => text += &format!("v{a} -> v{b}\n"),
                    1 if a < b => text += &format!("v{a} -> v{b} [dir=both]\n"),
                    _ => {}
                }
            }
        }
        text += "}\n";
        let graph = read_dot(&Source::new("g.dot", text.clone()), &Limits::default());
        let picture = svg(&[sketch_of(&graph.expect("a graph"))]);
        let number = |tag: &str, key: &str| -> f64 {
            let rest = tag.split(&format!(" {key}=\"")).nth(1).expect("an attribute");
            rest.split('"').next().and_then(|t| t.parse().ok()).expect("a number")
        };
        let head = picture.lines().next().expect("a line");
        let (width, height) = (number(head, "width"), number(head, "height"));
        let mut boxes: Vec<[f64; 4]> = Vec::new();
        for line in picture.lines().filter(|l| l.contains("stroke-width=\"1.4\"")) {
            let (x, y, w, h) = match line.starts_with("<ellipse") {
                true => {
                    let (rx, ry) = (number(line, "rx"), number(line, "ry"));
                    (number(line, "cx") - rx, number(line, "cy") - ry, 2.0 * rx, 2.0 * ry)
                }
                false => (
                    number(line, "x"),
                    number(line, "y"),
                    number(line, "width"),
                    number(line, "height"),
                ),
            };
            assert!(x >= 0.0 && y >= 0.0 && x + w <= width && y + h <= height, "{text}\n{line}");
            for [a, b, c, d] in &boxes {
                let apart = x >= a + c || *a >= x + w || y >= b + d || *b >= y + h;
                assert!(apart, "{text}\n{picture}");
            }
            boxes.push([x, y, w, h]);
        }
        assert_eq!(boxes.len(), n, "{text}");
    }
}

#[test]
fn blocks_stand_beside_each_other_in_a_model_file() {
    let folder = Folder::new("blocks");
    let file = folder.file(
        "two.model",
        "ode decay\n  state A = 1\n  A' = -A\nend\n\nsem first\n  y ~ b*x  ! a comment\n  x ~~ x\nend\n\
         sem second\n  f =~ x1 + x2\n    + x3\nend\n",
    );
    let answer = run("sem covariance", &file, &[("model", "first")]).expect("formulas");
    assert_eq!(answer["entries"].as_array().map(Vec::len), Some(3));
    let error = run("sem covariance", &file, &[]).expect_err("two models");
    assert!(error.contains("choose one with --model: first, second"), "{error}");
    let error = run("sem covariance", &file, &[("model", "frist")]).expect_err("a typo");
    assert!(error.contains("did you mean `first`?"), "{error}");
    // A file of formulas may have any name.
    let text = folder.file("lavaan.txt", "! a model of R\ny ~ b*x\n");
    let answer = run("sem covariance", &text, &[]).expect("formulas");
    assert_eq!(answer["entries"].as_array().map(Vec::len), Some(3));
    let other = folder.file("ode.model", "ode decay\n  state A = 1\n  A' = -A\nend\n");
    let error = run("sem covariance", &other, &[]).expect_err("no such model");
    assert!(error.contains("has no structural equation model"), "{error}");
    let wrong = folder.file("wrong.model", "sem m\n  y ~ 2x\n  y ~ (x)\nend\n");
    let error = run("sem covariance", &wrong, &[]).expect_err("no formula");
    assert!(error.contains("wrong.model:2:") && error.contains("wrong.model:3:"), "{error}");
}

#[test]
fn graphs_are_fitted_as_they_are_drawn() {
    let folder = Folder::new("graphs");
    let data = example("examples/data/wheaton_cov.csv");
    // The model of Wheaton and others, where the diagram leaves out nothing but scales.
    let graph = folder.file(
        "wheaton.dot",
        "digraph wheaton { Alien67 [shape=ellipse]; Alien71 [shape=ellipse]; SES [shape=ellipse];\n\
         Alien67 -> Anomia67; Alien67 -> Powerless67; Alien71 -> Anomia71; Alien71 -> Powerless71;\n\
         SES -> Education; SES -> SEI; SES -> Alien67 -> Alien71; SES -> Alien71;\n\
         Anomia67 -> Anomia71 [dir=both]; Powerless67 -> Powerless71 [dir=both] }",
    );
    let options = [("covariance", data.as_str()), ("observations", "932")];
    let fit = run("sem fit", &graph, &options).expect("a fit");
    assert!((fit["fit"]["chisq"].as_f64().unwrap_or(f64::NAN) - 4.735_260).abs() < 1e-6);
    assert_eq!(fit["fit"]["df"], 4.0);
    // Outcomes without an arrow between them have no covariance of their own.
    let fork = folder.file("fork.dot", "digraph { SEI -> Anomia67; SEI -> Powerless67 }");
    let fit = run("sem fit", &fork, &options).expect("a fit");
    assert_eq!(fit["fit"]["df"], 1.0);
}

#[test]
fn large_graphs_share_parts_instead_of_reaching_limits() {
    let folder = Folder::new("shared");
    // Twelve variables, each with effects on three others that follow it at different distances: few
    // one-connections between two, but many altogether.
    let arrows: Vec<String> = (0..12)
        .flat_map(|v| [1, 5, 8].map(|step| format!("v{v} -> v{}", (v + step) % 12)))
        .collect();
    let dense = folder.file("dense.dot", &format!("digraph {{ {} }}", arrows.join("; ")));
    let json = run("sem covariance", &dense, &[]).expect("formulas");
    assert_eq!(json["method"], "shared");
    assert_eq!(json["entries"].as_array().map(Vec::len), Some(78));
    let characters = |j: &Json| j["formula"].as_str().map_or(0, str::len);
    let list =
        |key: &str| json[key].as_array().expect("a list").iter().map(characters).sum::<usize>();
    assert!(list("definitions") + list("entries") < 1_000_000);
    // What could never be printed is not made.
    let chain: Vec<String> = (0..400).map(|v| format!("v{v} -> v{}", v + 1)).collect();
    let chain = folder.file("chain.dot", &format!("digraph {{ {} }}", chain.join("; ")));
    let error = run("sem covariance", &chain, &[]).expect_err("too much");
    assert!(error.contains("beyond the limit `printed`"), "{error}");
    let error = run("sem ideal", &chain, &[]).expect_err("too much");
    assert!(error.contains("multidegrees of 401 variables"), "{error}");
}

#[test]
fn effects_of_which_nothing_is_known_are_not_called_unidentified() {
    let folder = Folder::new("undecided");
    // One more parameter than dimensions, but no direction of the kernel moves three effects (by the rank of
    // an independent Jacobian with and without their columns): they have finitely many values, maybe one.
    let graph = "digraph { 1 -> 3; 4 -> 1; 2 -> 3; 4 -> 3; 3 -> 2; 3 -> 4; 3 -> 4 [dir=both] }";
    let json = run("sem info", &folder.file("undecided.dot", graph), &[]).expect("a report");
    let verdict = |name: &str| {
        let list = json["identification"].as_array().expect("a list");
        list.iter().find(|e| e["name"] == name).expect("the effect")["identified"].clone()
    };
    for undecided in ["l_4_1", "l_3_2", "l_3_4"] {
        assert_eq!(verdict(undecided), Json::Null, "{undecided}");
    }
    for moved in ["l_1_3", "l_2_3", "l_4_3"] {
        assert_eq!(verdict(moved), Json::Bool(false), "{moved}");
    }
}

#[test]
fn names_that_are_not_plain_have_formulas_that_can_be_read_again() {
    let folder = Folder::new("names");
    let graph = "digraph { \"a b\" -> \"x,y\"; a -> b_c; a_b -> c; a -> a_b }";
    let file = folder.file("names.dot", graph);
    let json = run("sem covariance", &file, &[("entry", "a b,x,y")]).expect("a formula");
    let formula = json["entries"][0]["formula"].as_str().expect("a text");
    let mut session = Session::new(&Limits::default(), || false);
    assert!(session.line(formula, &Silent).is_ok(), "{formula}");
    // `a_b -> c` by regression, and not by the covariance of `a` and `b_c`.
    let json = run("sem info", &file, &[]).expect("a report");
    let list = json["identification"].as_array().expect("a list");
    let formula = list.iter().find(|e| e["from"] == "a_b").expect("the effect")["formula"].clone();
    assert_eq!(formula, "s_a_b__c/s_a_b__a_b");
    let mut session = Session::new(&Limits::default(), || false);
    let error = session.line("sem idel", &Silent).expect_err("no action").render(false);
    assert!(error.contains("did you mean `ideal`?"), "{error}");
    assert!(session.line("sem path\n y ~ x\nend", &Silent).is_ok());
}
