//! How far simplification, equality and derivatives reach: identities of textbooks.

use std::collections::BTreeMap;

use isoterm::rewrite::Ruleset;
use isoterm::session::batch::answer;
use isoterm::text::Limits;
use serde_json::{Value, json};

const FORMS: &str = include_str!("../data/expressions/forms.txt");
const IDENTITIES: &str = include_str!("../data/expressions/identities.txt");
const WESTER: &str = include_str!("../data/expressions/wester.jsonl");

fn ask(request: &Value) -> Value {
    let reply =
        answer(request.to_string().as_bytes(), &Limits::default(), &Ruleset::shared(), &|| 0);
    serde_json::from_str(&reply).expect("an answer is JSON")
}

/// The fields of the lines that are no comments.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    lines.map(|l| l.split(';').map(str::trim).collect())
}

/// What `x:-4..4 y:0..1` assumes.
fn assumed(domain: &str) -> Vec<String> {
    let name = |part: &str| part.split_once(':').map(|(name, range)| format!("{name} in {range}"));
    domain.split_whitespace().filter_map(name).collect()
}

/// Names, numbers and operators of a text.
fn size(text: &str) -> usize {
    let (mut count, mut inside) = (0, false);
    for c in text.chars() {
        let word = c.is_alphanumeric() || c == '.' || c == '_';
        count += usize::from(word && !inside || "+-*/^<>=".contains(c));
        inside = word;
    }
    count
}

#[test]
fn forms_that_people_expect_are_reached_and_final() {
    let (mut short, mut all, mut long) = (0, 0, Vec::new());
    for line in lines(FORMS) {
        let [text, form, domain] = line[..] else { panic!("{line:?}") };
        let assume = assumed(domain);
        let reply = ask(&json!({"op": "simplify", "expr": text, "assume": assume}));
        let found = reply["expr"].as_str().unwrap_or_else(|| panic!("{text}: {reply}"));
        // Both are the same function, which is decided on its own.
        let same = ask(&json!({"op": "equal", "a": found, "b": form, "assume": assume}));
        assert_ne!(same["verdict"], "different", "{text} became {found}: {same}");
        let again = ask(&json!({"op": "simplify", "expr": found, "assume": assume}));
        assert_eq!(again["expr"], found, "{text} goes on");
        all += 1;
        match size(found) <= size(form) {
            true => short += 1,
            false => long.push(format!("{text} became {found}, not {form}")),
        }
    }
    println!("{short} of {all} as short as expected\n{}", long.join("\n"));
    assert!(100 * short >= 98 * all, "{long:?}");
}

#[test]
fn identities_are_decided() {
    let (mut decided, mut all, mut open) = (0, 0, Vec::new());
    for line in lines(IDENTITIES) {
        let [truth, a, b, domain] = line[..] else { panic!("{line:?}") };
        let reply = ask(&json!({"op": "equal", "a": a, "b": b, "assume": assumed(domain)}));
        all += 1;
        match reply["verdict"].as_str() {
            Some("unknown") => open.push(format!("{a} and {b}")),
            found => {
                let wanted = if truth == "T" { "equal" } else { "different" };
                assert_eq!(found, Some(wanted), "{a} and {b}: {reply}");
                decided += 1;
            }
        }
    }
    println!("{decided} of {all} decided; unknown: {open:?}");
    assert!(100 * decided >= 99 * all, "{open:?}");
}

#[test]
fn the_core_of_westers_review() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for line in WESTER.lines() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let ask = |fields: &[(&str, &Value)]| {
            let mut request = json!({"assume": case["assume"]});
            for (name, value) in fields {
                request[*name] = (*value).clone();
            }
            ask(&request)
        };
        let (lhs, rhs) = (&case["lhs"], &case["rhs"]);
        let equal = |found: &Value| {
            let reply = ask(&[("op", &json!("equal")), ("a", found), ("b", rhs)]);
            assert_eq!(reply["verdict"], "equal", "{case}: {found}: {reply}");
        };
        let kind = case["kind"].as_str().expect("a kind");
        match kind {
            "const" | "identity" => equal(lhs),
            "det" => equal(&ask(&[("op", &json!("det")), ("matrix", &case["matrix"])])["expr"]),
            "deriv" => {
                let fields = [
                    ("op", &json!("diff")),
                    ("expr", lhs),
                    ("var", &case["var"]),
                    ("order", &case["order"]),
                ];
                equal(&ask(&fields)["expr"]);
            }
            "undefined_everywhere" => {
                let reply = ask(&[("op", &json!("simplify")), ("expr", lhs)]);
                let found = reply["expr"].as_str();
                // Its value is none, or it stays a quotient.
                let evaluated = ask(&[
                    ("op", &json!("eval")),
                    ("expr", &json!(found)),
                    ("at", &json!({"x": "0.3"})),
                ]);
                assert_eq!(evaluated["ok"], false, "{case}: {reply}");
            }
            _ => panic!("{case}"),
        }
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    assert!(kinds.values().sum::<usize>() >= 12, "{kinds:?}");
}

#[test]
fn identities_for_all_integers_are_decided() {
    // Problems I3 to I5 and C3 of Wester's review (1999), and a near miss.
    for (a, b, verdict) in [
        ("cos(n*pi) + sin((4*n - 1)/2*pi)", "(-1)^n - 1", "equal"),
        ("cos(pi*cos(n*pi)) + sin(pi/2*cos(n*pi))", "(-1)^n - 1", "equal"),
        ("sin((n^5/5 + n^4/2 + n^3/3 - n/30)*pi)", "0", "equal"),
        ("(-1)^(n*(n + 1))", "1", "equal"),
        ("cos(n*pi)", "(-1)^(n + 1)", "different"),
        ("(-1)^(n*(n + 2))", "1", "different"),
    ] {
        let reply = ask(&json!({"op": "equal", "a": a, "b": b, "assume": ["n integer"]}));
        assert_eq!(reply["verdict"], verdict, "{a} and {b}: {reply}");
    }
}

#[test]
fn claims_are_decided() {
    // Problems N1 to N5 of Wester's review (1999) and inequalities of textbooks.
    for (claim, assume, verdict) in [
        ("exp(pi) > pi^e", json!([]), "true"),
        ("x^4 - x + 1 > 0", json!([]), "true"),
        ("x^4 - x + 1 > 1", json!([]), "false"),
        ("2*x^2 > 2*y^2", json!(["x > y"]), "false"),
        ("2*x^2 > 2*y^2", json!(["x > y", "y > 0"]), "true"),
        ("k*x^2 > k*y^2", json!(["x > y", "y > 0", "k > 0"]), "true"),
        ("x^2 + y^2 >= 2*x*y", json!([]), "true"),
        ("x^2 + y^2 > 2*x*y", json!([]), "false"),
        ("-1 < x and x < 1", json!(["x in -1/2..1/2"]), "true"),
        ("x < 0 or x > 0", json!([]), "false"),
        ("not x^2 < 0", json!([]), "true"),
        ("sin(x)^2 + cos(x)^2 == 1", json!([]), "true"),
        ("exp(x) >= 1", json!(["x >= 0"]), "true"),
        ("sqrt(2) + sqrt(3) > pi", json!([]), "true"),
        ("22/7 < pi", json!([]), "false"),
        ("1/x > 0", json!(["x > 0"]), "true"),
    ] {
        let reply = ask(&json!({"op": "decide", "claim": claim, "assume": assume}));
        assert_eq!(reply["verdict"], verdict, "{claim}: {reply}");
    }
}

#[test]
fn explanations_lead_to_what_simplification_finds() {
    let (mut same, mut all) = (0, 0);
    let mut apart = Vec::new();
    for line in lines(FORMS).step_by(4) {
        let [text, _, domain] = line[..] else { panic!("{line:?}") };
        let assume = assumed(domain);
        let plain = ask(&json!({"op": "simplify", "expr": text, "assume": assume}));
        let told = ask(&json!({"op": "simplify", "expr": text, "assume": assume, "explain": true}));
        assert_eq!(told["ok"], true, "{text}: {told}");
        let steps = told["steps"].as_array().expect("steps");
        let last = steps.last().map_or(&json!(text), |step| &step["expr"]).clone();
        assert!(steps.is_empty() || last == told["expr"], "{text}: {told}");
        all += 1;
        match told["expr"] == plain["expr"] {
            true => same += 1,
            false => apart.push(format!("{text}: {} but {}", plain["expr"], told["expr"])),
        }
    }
    println!("{same} of {all} explained to the end\n{}", apart.join("\n"));
    assert!(100 * same >= 90 * all, "{apart:?}");
}

#[test]
fn near_misses_are_told_apart_by_as_many_bits_as_it_takes() {
    for (a, b) in [
        ("x + 1e-300*x", "x"),
        ("sin(x) + 1e-200", "sin(x)"),
        ("sqrt(2) + 1e-3000", "sqrt(2)"),
        ("exp(log(3)) + 1e-500", "3"),
        ("pi + 1e-1000", "pi"),
    ] {
        let reply = ask(&json!({"op": "equal", "a": a, "b": b, "assume": ["x in 1/4..4"]}));
        assert_eq!(reply["verdict"], "different", "{a} and {b}: {reply}");
    }
}

#[test]
fn a_second_expression_with_a_smaller_domain_is_not_equal() {
    for (a, b, assume) in [
        ("x + 10", "exp(log(x + 10))", json!([])),
        ("x", "(x^2 - 7*x)/(x - 7)", json!([])),
        ("x", "sqrt(x - 900)^2 + 900", json!([])),
        ("log(x^2)", "2*log(x)", json!([])),
        ("x", "tan(atan(x))*sin(asin(x))/x", json!([])),
        ("x", "cosh(acosh(x))", json!(["x > -5"])),
        // Zero on an interval far out.
        ("x", "x*max(0, abs(x - 900) - 1)/max(0, abs(x - 900) - 1)", json!([])),
        ("x", "x*(abs(x - 900) - x + 900)/(abs(x - 900) - x + 900)", json!([])),
    ] {
        let reply = ask(&json!({"op": "equal", "a": a, "b": b, "assume": assume}));
        assert_ne!(reply["verdict"], "equal", "{a} and {b}: {reply}");
    }
    // The other way round they are; gaps are named.
    for (a, b) in [("exp(log(x + 10))", "x + 10"), ("(x^2 - 7*x)/(x - 7)", "x")] {
        let reply = ask(&json!({"op": "equal", "a": a, "b": b}));
        assert_eq!(reply["verdict"], "equal", "{a} and {b}: {reply}");
    }
    let reply = ask(&json!({"op": "equal", "a": "tanh(x/2)", "b": "(cosh(x) - 1)/sinh(x)"}));
    assert_eq!((&reply["verdict"], &reply["except"]), (&json!("equal"), &json!(["sinh(x)"])));
}

#[test]
fn no_shape_has_a_smaller_domain() {
    for (text, at, value) in [
        ("sqrt(x^2*y)", json!({"x": "0", "y": "-1"}), "0"),
        ("sqrt((x - 1)^2*(y + 1))*z", json!({"x": "1", "y": "-3", "z": "2"}), "0"),
        ("sqrt(x^2*(y + 1)^3) + sqrt(x^4*y)", json!({"x": "0", "y": "-2"}), "0"),
        ("sqrt(x*y)*sqrt(x*y^3)", json!({"x": "-1", "y": "-2"}), "4"),
        ("log(x^2*y^2) - log(y^2)", json!({"x": "-1", "y": "-2"}), "0"),
        ("(x^2)^y*x^(2*y)", json!({"x": "-1", "y": "2"}), "1"),
        ("exp(y*log(x^2))", json!({"x": "-1", "y": "2"}), "1"),
        ("sqrt(1 - cos(x)^2)/sqrt(1 - cos(x))", json!({"x": "-1"}), "1.24108"),
    ] {
        let reply = ask(&json!({"op": "simplify", "expr": text}));
        let found = reply["expr"].as_str().unwrap_or_else(|| panic!("{text}: {reply}"));
        let evaluated = ask(&json!({"op": "eval", "expr": found, "at": at, "digits": 30}));
        let number = evaluated["value"].as_str().unwrap_or_else(|| panic!("{found}: {evaluated}"));
        assert!(number.starts_with(value), "{text} became {found}: {number}");
    }
}

#[test]
fn places_without_a_derivative_are_named() {
    for (text, order, except) in [
        ("abs(x)", 1, json!(["x = 0"])),
        ("x*abs(x)", 1, json!([])),
        ("x*abs(x)", 2, json!(["x = 0"])),
        ("abs(x)^3", 2, json!([])),
        ("max(x, 1 - x)", 1, json!(["2*x - 1 = 0"])),
        ("if(x > 0, x^2, 0)", 1, json!([])),
        ("if(x > 0, x^2, 0)", 2, json!(["x = 0"])),
        ("floor(2*x)", 1, json!(["2*x integer"])),
        ("sin(x)", 3, json!([])),
    ] {
        let reply = ask(&json!({"op": "diff", "expr": text, "var": "x", "order": order}));
        assert_eq!(reply["except"], except, "{text}: {reply}");
    }
}
