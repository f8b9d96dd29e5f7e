//! `isoterm batch`: the protocol, and the development cases of `tests/data/expressions` through it.

use std::io::Write;
use std::process::{Command, Stdio};

use isoterm::rewrite::Ruleset;
use isoterm::session::batch::{OPERATIONS, answer};
use isoterm::term::Number;
use isoterm::text::Limits;
use serde_json::{Value, json};

fn ask(request: &Value) -> Value {
    let reply =
        answer(request.to_string().as_bytes(), &Limits::default(), &Ruleset::shared(), &|| 0);
    serde_json::from_str(&reply).expect("an answer is JSON")
}

fn cases(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a case is JSON")).collect()
}

/// A decimal with a sign and perhaps an exponent, exactly.
fn number(text: &str) -> Number {
    let n = Number::from_decimal(text.trim_start_matches('-')).expect("a decimal");
    if text.starts_with('-') { -&n } else { n }
}

/// Whether two decimals agree to thirty digits.
fn agree(a: &str, b: &str) -> bool {
    let (a, b) = (number(a), number(b));
    let scale = Number::from(10).pow(30).expect("a power of ten");
    let tiny = scale.recip().expect("not zero");
    &(&a - &b).abs() * &scale <= a.abs().max(b.abs()).max(tiny)
}

/// The values of an expression at the points of a case must be those of the case.
fn keeps_values(case: &Value, expression: &str) {
    let points = case["points"].as_array().expect("points");
    for (point, value) in points.iter().zip(case["values"].as_array().expect("values")) {
        let reply = ask(&json!({"op": "eval", "expr": expression, "at": point, "digits": 40}));
        let (found, value) = (reply["value"].as_str(), value.as_str().expect("a decimal"));
        let found = found.unwrap_or_else(|| panic!("{}: {expression}: {reply}", case["id"]));
        assert!(agree(found, value), "{}: {expression} is {found}, not {value}", case["id"]);
    }
}

#[test]
fn simplified_expressions_keep_their_values() {
    let cases = cases(include_str!("../data/expressions/simplify.jsonl"));
    let (mut short, mut sized) = (0, 0);
    for case in &cases {
        let request = json!({"op": "simplify", "expr": case["expr"], "assume": case["assume"]});
        let reply = ask(&request);
        let expression = reply["expr"].as_str().unwrap_or_else(|| panic!("{case}: {reply}"));
        keeps_values(case, expression);
        if let Some(size) = case["size"].as_u64() {
            sized += 1;
            short += usize::from(reply["size"].as_u64().is_some_and(|found| found <= size));
        }
    }
    println!("{short} of {sized} reach the known size");
    assert!(100 * short >= 96 * sized, "{short} of {sized}");
}

#[test]
fn derivatives_have_the_known_values() {
    for case in cases(include_str!("../data/expressions/derivative.jsonl")) {
        let reply = ask(&json!({
            "op": "diff", "expr": case["expr"], "var": case["var"], "order": case["order"]
        }));
        keeps_values(&case, reply["expr"].as_str().unwrap_or_else(|| panic!("{case}: {reply}")));
    }
}

#[test]
fn equality_is_never_the_opposite_of_the_truth() {
    let cases = cases(include_str!("../data/expressions/equiv.jsonl"));
    let mut decided = 0;
    for case in &cases {
        let request =
            json!({"op": "equal", "a": case["a"], "b": case["b"], "assume": case["assume"]});
        let reply = ask(&request);
        let truth = if case["equivalent"] == true { "equal" } else { "different" };
        match reply["verdict"].as_str() {
            Some("unknown") => {}
            found => {
                assert_eq!(found, Some(truth), "{case}: {reply}");
                decided += 1;
            }
        }
    }
    println!("{decided} of {} decided", cases.len());
    assert!(100 * decided >= 96 * cases.len(), "{decided}");
}

/// The bytes of the expression of a case.
fn input(case: &Value) -> Vec<u8> {
    let input = &case["input"];
    let count = |v: &Value| v.as_u64().expect("a count") as usize;
    if let Some(text) = input["text"].as_str() {
        text.as_bytes().to_vec()
    } else if let Some(hex) = input["hex"].as_str() {
        let byte = |k: usize| u8::from_str_radix(&hex[k..k + 2], 16).expect("a byte");
        (0..hex.len()).step_by(2).map(byte).collect()
    } else if let Some(pieces) = input["pieces"].as_array() {
        let piece = |p: &Value| p[0].as_str().expect("a piece").repeat(count(&p[1]));
        pieces.iter().map(piece).collect::<String>().into_bytes()
    } else {
        let template = input["template"].as_str().expect("a template");
        let parts: Vec<String> =
            (0..count(&input["n"])).map(|k| template.replace("{i}", &k.to_string())).collect();
        parts.join(input["sep"].as_str().expect("a separator")).into_bytes()
    }
}

#[test]
fn bad_input_is_answered_with_an_accepted_outcome_and_place() {
    for case in cases(include_str!("../data/expressions/badinput.jsonl")) {
        let bytes = input(&case);
        // Half a minute of digits without optimisation; the program has a limit for them.
        if bytes.len() > 10_000_000 {
            continue;
        }
        let request = match case["op"].as_str() {
            Some("compile") => {
                json!({"op": "kernel", "exprs": ["@"], "vars": ["x", "y"], "points": [[1, 2]]})
            }
            _ => json!({"op": case["op"], "expr": "@", "var": "x"}),
        };
        let request = request.to_string();
        let (before, after) = request.split_once("\"@\"").expect("the place of the expression");
        let quoted = match std::str::from_utf8(&bytes) {
            Ok(text) => json!(text).to_string().into_bytes(),
            Err(_) => [b"\"".as_slice(), &bytes, b"\""].concat(),
        };
        let line = [before.as_bytes(), &quoted, after.as_bytes()].concat();
        let reply = answer(&line, &Limits::default(), &Ruleset::shared(), &|| 0);
        let reply: Value = serde_json::from_str(&reply).expect("an answer is JSON");
        let accepted = case["expect"].as_array().expect("outcomes");
        let outcome = reply["error"]["kind"].as_str().unwrap_or("value");
        let fits = |o: &Value| *o == outcome || (*o == "unchanged" && outcome == "value");
        assert!(accepted.iter().any(fits), "{case}: {reply}");
        if let (Some(places), false) = (case["positions"].as_array(), outcome == "value") {
            assert!(places.contains(&reply["error"]["position"]), "{case}: {reply}");
        }
        if let (Some(value), "value") = (case["value"].as_str(), outcome) {
            assert_eq!(reply["value"], value, "{case}");
        }
    }
}

#[test]
fn a_stream_goes_on_after_a_bad_line() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_isoterm"))
        .arg("batch")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let lines = [
        r#"{"id":1,"op":"parse","expr":"2*x+1"}"#,
        r#"{"id":2,"op":"pars","expr":"2*x+1"}"#,
        r#"{"id":3,"#,
        "[]",
        "",
        r#"{"id":"four","op":"det","matrix":[["a","b"],["c","d"]]}"#,
        r#"{"id":5,"op":"kernel","exprs":["x*y","1/x"],"vars":["x","y"],"points":[[1,2],[0,3]]}"#,
        r#"{"id":6,"op":"latex","expr":"x^2"}"#,
        r#"{"id":7,"op":"expand","expr":"(x+1)^2"}"#,
        r#"{"id":8,"op":"eval","expr":"x/3","at":{"x":"1"},"digits":5}"#,
        r#"{"id":9,"op":"simplify","expr":"sqrt(x^2)","assume":["x>0"]}"#,
        r#"{"id":10,"op":"eval","expr":"x"}"#,
        r#"{"id":11,"op":"simplify","expr":"x","assume":["x is nice"]}"#,
        r#"{"id":12,"op":"diff","expr":"x","var":"x","order":0}"#,
    ];
    let mut stdin = program.stdin.take().expect("a pipe");
    stdin.write_all(lines.join("\n").as_bytes()).expect("written");
    drop(stdin);
    let output = program.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    let replies = cases(&text);
    assert_eq!(replies.len(), lines.len() - 1);
    let kind = |k: usize| replies[k]["error"]["kind"].as_str().expect("an error");
    assert_eq!(replies[0]["expr"], "2*x + 1");
    assert_eq!(replies[0]["size"], 5);
    assert_eq!((kind(1), &replies[1]["id"]), ("config_error", &json!(2)));
    assert!(replies[1]["error"]["help"].as_str().is_some_and(|h| h.contains("`parse`")));
    assert_eq!(kind(2), "format_error");
    assert_eq!(kind(3), "config_error");
    assert_eq!((&replies[4]["id"], &replies[4]["expr"]), (&json!("four"), &json!("a*d - b*c")));
    assert_eq!(replies[5]["values"], json!([[2.0, 1.0], [0.0, null]]));
    assert_eq!(replies[6]["latex"], "x^{2}");
    assert_eq!(replies[7]["expr"], "2*x + x^2 + 1");
    assert_eq!(replies[8]["value"], "0.33333");
    assert_eq!(replies[9]["expr"], "x");
    assert_eq!(kind(10), "name_error");
    assert_eq!(kind(11), "syntax_error");
    assert_eq!(kind(12), "config_error");
    // Every operation of the table is asked for somewhere in these tests.
    let equal = ask(&json!({"op": "equal", "a": "x/x", "b": "1"}));
    assert_eq!(equal["verdict"], "equal");
    let different = ask(&json!({"op": "equal", "a": "1", "b": "x/x"}));
    assert_eq!(
        (&different["verdict"], &different["witness"]["x"]),
        (&json!("different"), &json!("0"))
    );
    let inverse = ask(&json!({"op": "inverse", "matrix": [["a", 1], [0, "b"]]}));
    assert_eq!(inverse["matrix"], json!([["1/a", "-1/(a*b)"], ["0", "1/b"]]));
    assert_eq!(inverse["nonzero"], "a*b");
    let jacobian =
        ask(&json!({"op": "jacobian", "exprs": ["x^2*y", "sin(y)"], "vars": ["x", "y"]}));
    assert_eq!(jacobian["matrix"], json!([["2*x*y", "x^2"], ["0", "cos(y)"]]));
    let hessian = ask(&json!({"op": "hessian", "expr": "x^3 + x*y^2", "vars": ["x", "y"]}));
    assert_eq!(hessian["matrix"], json!([["6*x", "2*y"], ["2*y", "2*x"]]));
    let claim = ask(&json!({"op": "decide", "claim": "x^2 > x", "assume": ["x > 0"]}));
    assert_eq!((&claim["verdict"], &claim["witness"]["x"]), (&json!("false"), &json!("1")));
    assert_eq!(OPERATIONS.len(), 13);
}
