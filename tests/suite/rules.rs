//! Rules: the shipped ones survive the judge, faulty ones are refused with a counterexample that
//! plain doubles confirm, and files of one's own are checked and used.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use isoterm::rewrite::judge::{Basis, POINTS, Refusal, judge};
use isoterm::rewrite::{Options, Rule, Ruleset, library, optimise};
use isoterm::session::term;
use isoterm::syntax::print;
use isoterm::term::evaluate::{Algebra, evaluate};
use isoterm::term::real::Real;
use isoterm::term::{Function, Graph, Number, Op};
use isoterm::text::{Limits, Source};

fn read(text: &str) -> Ruleset {
    let source = Source::new("test.rules", text);
    Ruleset::parse(&source).unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(|e| e.render(&source, false)).collect::<String>())
    })
}

fn one(text: &str) -> Rule {
    read(text).rules.remove(0)
}

/// What is wrong with a file, as it is shown.
fn complaints(text: &str) -> String {
    let source = Source::new("test.rules", text);
    let (_, refused) = Ruleset::check(&source);
    refused.iter().map(|(e, _)| e.render(&source, false)).collect()
}

#[test]
fn shipped_rules_hold_at_ten_thousand_points() {
    let mut all = 0;
    for (file, text) in library::FILES {
        let source = Source::new(*file, *text);
        let (sound, refused) = Ruleset::check(&source);
        let errors: String = refused.iter().map(|(e, _)| e.render(&source, false)).collect();
        assert!(errors.is_empty(), "{errors}");
        let mut proved = [0, 0];
        for (rule, verdict) in &sound {
            let tally = verdict.tally;
            let ground = rule.variables.is_empty();
            assert_eq!(tally.points, if ground { 1 } else { POINTS }, "{}", rule.name);
            assert!(tally.agree >= tally.points / 20, "{}: {tally:?}", rule.name);
            // Doubles and many bits never contradict each other: both are enclosures.
            assert_eq!(tally.defects, 0, "{}", rule.name);
            assert!(
                ground || tally.close >= 20 || tally.undecided == 0,
                "{}: {tally:?}",
                rule.name
            );
            proved[0] += usize::from(verdict.value == Basis::Proved);
            proved[1] += usize::from(verdict.domain == Basis::Proved);
        }
        println!(
            "{file}: {} rules; the value of {} and the domain of {} are proved",
            sound.len(),
            proved[0],
            proved[1]
        );
        all += sound.len();
    }
    assert!(all > 300, "{all}");
}

#[test]
fn every_shipped_file_says_what_it_is_for_and_no_name_occurs_twice() {
    let mut names = Vec::new();
    for (file, text) in library::FILES {
        assert!(
            text.starts_with("# ") && text.contains("Already done where terms are built"),
            "{file}"
        );
        names.extend(read(text).rules.into_iter().map(|r| r.name));
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    assert_eq!(Ruleset::standard().rules.len(), count);
}

/// Doubles that have a value only where every operation on the way has a finite one: IEEE lets
/// `1/(1 + 1/0)` and the zeroth power of nothing pass.
struct Strict<'a>(&'a [(String, Option<Real>)]);

impl Algebra for Strict<'_> {
    type Value = Option<f64>;
    fn number(&mut self, n: &Number) -> Option<f64> {
        Some(n.to_f64())
    }
    fn symbol(&mut self, name: &str) -> Option<f64> {
        let known = self.0.iter().find(|(n, _)| n.replace('?', "v_") == name);
        known.and_then(|(_, v)| v.as_ref()?.exact()).map(Number::to_f64)
    }
    fn element(&mut self, _: &str, _: &[i64]) -> Option<f64> {
        None
    }
    fn add(&mut self, a: Option<f64>, b: Option<f64>) -> Option<f64> {
        self.call(Op::Add, &[a, b])
    }
    fn mul(&mut self, a: Option<f64>, b: Option<f64>) -> Option<f64> {
        self.call(Op::Mul, &[a, b])
    }
    fn power(&mut self, a: Option<f64>, exponent: &Number) -> Option<f64> {
        self.call(Op::Pow, &[a, Some(exponent.to_f64())])
    }
    fn call(&mut self, op: Op, args: &[Option<f64>]) -> Option<f64> {
        if op == Op::If {
            return args[if args[0]? != 0.0 { 1 } else { 2 }];
        }
        let args: Option<Vec<f64>> = args.iter().copied().collect();
        Some(op.value(&args?)).filter(|x| x.is_finite())
    }
    fn apply(&mut self, _: &Function, _: &[Option<f64>]) -> Option<f64> {
        None
    }
}

/// The value of an expression in `?x` at a point, in doubles; `None` when there is none.
fn double(expression: &str, point: &[(String, Option<Real>)]) -> Option<f64> {
    let mut graph = Graph::written();
    let text = expression.replace('?', "v_");
    let mut read = |text: String| term(&Source::new("side", text), &mut graph, &Limits::default());
    // A condition is one or zero.
    let root = read(text.clone()).or_else(|_| read(format!("if({text}, 1, 0)"))).expect("a side");
    evaluate(&graph, root, &mut Strict(point))
}

/// The two sides of a rule as written, and its condition.
fn sides(line: &str) -> (&str, &str, Option<&str>) {
    let line = line.split_once(": ").map_or(line, |(_, rest)| rest);
    let (rule, condition) = match line.split_once(" if ") {
        Some((rule, condition)) => (rule, Some(condition)),
        None => (line, None),
    };
    let (left, right) = rule.split_once(" => ").expect("a rule");
    (left, right, condition)
}

/// Whether doubles confirm that a point speaks against a rule.
///
/// They do not hit multiples of π, where the judge is exact.
fn confirmed(line: &str, point: &[(String, Option<Real>)]) -> bool {
    if point.iter().any(|(_, v)| matches!(v, Some(Real::Turns(_)))) {
        return true;
    }
    let (left, right, _) = sides(line);
    match (double(left, point), double(right, point)) {
        (Some(a), Some(b)) => (a - b).abs() > 1e-12 * a.abs().max(b.abs()),
        (None, None) => false,
        _ => true,
    }
}

/// Faulty rules by the kind of their fault. All growing ones are marked, so that it is the fault
/// that the judge must find.
const FAULTY: &[&str] = &[
    // Branch cuts.
    "root-of-square: sqrt(?x^2) => ?x",
    "log-of-product [expanding]: log(?x*?y) => log(?x) + log(?y)",
    "arcsine: asin(sin(?x)) => ?x",
    "arccosine: acos(cos(?x)) => ?x",
    "arctangent: atan(tan(?x)) => ?x",
    "area-cosine: acosh(cosh(?x)) => ?x",
    "power-of-power: (?x^?a)^?b => ?x^(?a*?b) if ?x != 0",
    "sum-of-arctangents [expanding]: atan(?x) + atan(?y) => atan((?x + ?y)/(1 - ?x*?y))",
    "angle [expanding]: atan2(?y, ?x) => atan(?y/?x)",
    "cube-root [expanding]: cbrt(?x) => ?x^(1/3)",
    "log-of-square [expanding]: log(?x^2) => 2*log(?x)",
    "half-angle: sqrt((1 + cos(?x))/2) => cos(?x/2)",
    // Lost or wrong conditions.
    "abs: abs(?x) => ?x",
    "abs-above-minus-one: abs(?x) => ?x if ?x >= -1",
    "max-of-scaled: max(?a*?x, ?a*?y) => ?a*max(?x, ?y)",
    "compare-scaled: ?a*?x < ?b*?x => ?a < ?b",
    "same-base: ?x^?a*?x^?b => ?x^(?a + ?b)",
    "sine-of-arcsine: sin(asin(?x)) => ?x if ?x in -2..2",
    "even-power: (?x^?n)^(1/?n) => ?x if ?n even and ?n > 0",
    "integer-power [expanding]: ?x^?n => abs(?x)^?n if ?n integer",
    "zero-power: 0^?y => 0 if ?y >= 0",
    // Gaps: 0/0 and its like.
    "sine-over-tangent: sin(?x)/tan(?x) => cos(?x)",
    "quotient-of-squares: (?x^2 - ?y^2)/(?x - ?y) => ?x + ?y",
    "over-abs: ?x/abs(?x) => sign(?x)",
    "cancelled: ?x/?x + ?y => ?y + 2",
    "roots: sqrt(?x)*sqrt(?y) => sqrt(?x*?y)",
    "exp-of-log: exp(log(?x)) => ?x",
    "half-tangent: (1 - cos(?x))/sin(?x) => tan(?x/2)",
    // Sign slips.
    "square [expanding]: (?x + ?y)^2 => ?x^2 - 2*?x*?y + ?y^2",
    "cosine-of-sum: cos(?x)*cos(?y) + sin(?x)*sin(?y) => cos(?x + ?y)",
    "shift: sin(?x + ?n*pi) => sin(?x) if ?n odd",
    "pythagoras: cosh(?x)^2 - sinh(?x)^2 => -1",
    "one-minus: cos(?x)^2 - 1 => sin(?x)^2",
    "lattice: min(?x, ?y) + max(?x, ?y) => ?x - ?y",
    // Wrong ranges of inverse functions.
    "arcsine-range: asin(sin(?x)) => pi - ?x if ?x in 0..pi",
    "arccosine-range: acos(cos(?x)) => abs(?x) if ?x in -4..4",
    "arcsine-of-double: asin(2*?x/(1 + ?x^2)) => 2*atan(?x)",
    "complement: atan(?x) + atan(1/?x) => pi/2",
    // Coefficients off by little.
    "double-sine [expanding]: sin(?x)*cos(?x) => 0.500000001*sin(2*?x)",
    "shifted-exp [expanding]: exp(?x)*exp(?y) => exp(?x + ?y) + 1e-9",
    // Steps.
    "floor [expanding]: floor(?x + ?y) => floor(?x) + floor(?y)",
    "round: round(?x + ?n) => round(?x) + ?n if ?n integer",
    "sign: sign(?x)^2 => 1",
    "triangle [expanding]: abs(?x + ?y) => abs(?x) + abs(?y)",
    // Marked as extending the domain, but losing a part of it.
    "shrinks [extends] [expanding]: sqrt(?x^2*?y) => abs(?x)*sqrt(?y)",
    "shrinks-too [extends] [expanding]: log(?x^2) => 2*log(?x)",
];

#[test]
fn faulty_rules_are_refused_with_a_counterexample_that_doubles_confirm() {
    for line in FAULTY {
        let verdict = judge(&one(line), POINTS);
        let Err(Refusal::Counterexample(found)) = &verdict else {
            panic!("{line}: {verdict:?}");
        };
        assert!(confirmed(line, &found.point), "{line}: {found}");
    }
    assert!(FAULTY.len() >= 40);
}

#[test]
fn what_doubles_cannot_tell_is_found_with_more_bits() {
    // A relative error of 1e-30, and one that hides behind cancellation.
    for line in [
        "slip [expanding]: 2*cos(?x)^2 - 1 => cos(2*?x) + 1e-30",
        "hidden [expanding]: (1e20 + sin(?x)) - 1e20 => sin(?x) + 1e-25",
        "exact [expanding]: (?x + ?y)^2 => ?x^2 + 2*?x*?y + ?y^2 + 1e-40",
    ] {
        let verdict = judge(&one(line), POINTS);
        let Err(Refusal::Counterexample(found)) = &verdict else {
            panic!("{line}: {verdict:?}");
        };
        let (Some(left), Some(right)) = (&found.left, &found.right) else {
            panic!("{line}: {found}");
        };
        assert_ne!(left.decimal(60), right.decimal(60), "{line}");
    }
}

#[test]
fn a_branch_that_is_not_chosen_needs_no_value() {
    // Where ?c holds the left side does not look at ?d, and the right side does.
    let line = "same-end: if(?c, ?a, if(?d, ?a, ?b)) => if(?c or ?d, ?a, ?b)";
    let Err(Refusal::Counterexample(found)) = judge(&one(line), POINTS) else {
        panic!("{line}");
    };
    assert!(found.point.iter().any(|(_, v)| v.is_none()), "{found}");
    assert!(found.to_string().contains("?d without a value"), "{found}");
    assert!(judge(&one(&format!("{line} if ?d total")), POINTS).is_ok());
}

#[test]
fn growth_must_be_marked_in_each_direction() {
    let refused = |line: &str, which: usize| {
        matches!(judge(&read(line).rules[which], POINTS), Err(Refusal::Grows(_)))
    };
    assert!(refused("r: ?x*(?a + ?b) => ?x*?a + ?x*?b", 0));
    assert!(refused("r: sinh(?x) => cosh(?x + 1)*3", 0));
    let both = "r: exp(?a)*exp(?b) <=> exp(?a + ?b)";
    assert!(!refused(both, 0) && refused(both, 1));
    let marked = read("r [expanding]: exp(?a)*exp(?b) <=> exp(?a + ?b)");
    assert_eq!(marked.rules.iter().map(|r| r.expanding).collect::<Vec<_>>(), [false, true]);
    assert!(marked.rules.iter().all(|r| judge(r, POINTS).is_ok()));
    assert!(complaints("r: ?x*(?a + ?b) => ?x*?a + ?x*?b").contains("mark it `[expanding]`"));
}

#[test]
fn rules_that_are_checked_nowhere_are_refused() {
    let verdict = |line: &str| judge(&one(line), POINTS);
    assert!(matches!(
        verdict("never: abs(?x) => ?x if ?x > 0 and ?x < 0"),
        Err(Refusal::NeverHolds(0))
    ));
    // Neither side has a value anywhere.
    assert!(matches!(
        verdict("nowhere [expanding]: log(-?x^2) => log(-?x^2 - ?x^4)"),
        Err(Refusal::TooFewPoints(_))
    ));
    // Beyond every number that is computed nothing is decided.
    assert!(matches!(
        verdict("vast: exp(exp(exp(?x + 100))) => exp(exp(exp(?x + 100))) + 1 if ?x > 0"),
        Err(Refusal::Grows(_))
    ));
    assert!(matches!(
        verdict(
            "vast [expanding]: exp(exp(exp(?x + 100))) => exp(exp(exp(?x + 100))) + 1 if ?x > 0"
        ),
        Err(Refusal::TooFewPoints(_))
    ));
}

#[test]
fn conditions_with_narrow_places_have_many_points() {
    for line in [
        "r: abs(?x - 1/2) => ?x - 1/2 if ?x in 1/2..1/2 + 1e-6",
        "r: abs(?x) => ?x if ?x > 1e6 and ?x < 1e6 + 1",
        "r: cos(?n*pi) => 1 if ?n even",
        "r: sin(?n*pi) => 1 if ?n - 1/2 even",
        "r: abs(?x + ?y) => ?x + ?y if ?x + ?y > 0",
        "r: abs(?x - ?y) => ?x - ?y if ?x - ?y > 0 and ?x < 1e-3 and ?y in 0..1e-4",
        "r: asin(sin(?x)) => ?x if ?x in -pi/2..pi/2",
        "r: abs(?a*?x + 1) => ?a*?x + 1 if ?a > 0 and ?a*?x > -1",
    ] {
        let verdict = judge(&one(line), POINTS).unwrap_or_else(|e| panic!("{line}: {e:?}"));
        assert_eq!(verdict.tally.points, POINTS, "{line}");
        assert!(verdict.tally.agree > POINTS / 2, "{line}: {verdict:?}");
    }
}

#[test]
fn the_judge_says_the_same_every_time() {
    let rule =
        one("r: sum: log(?x) + log(?y) => log(?x*?y) if ?x > 0 and ?y > 0"
            .trim_start_matches("r: "));
    assert_eq!(judge(&rule, 2_000), judge(&rule, 2_000));
    let wrong = one("r: asin(sin(?x)) => ?x");
    assert_eq!(judge(&wrong, POINTS), judge(&wrong, POINTS));
}

#[test]
fn proofs_are_told_from_samples() {
    let basis = |line: &str| {
        let verdict = judge(&one(line), 1_000).unwrap_or_else(|e| panic!("{line}: {e:?}"));
        (verdict.value, verdict.domain)
    };
    use Basis::{Proved, Sampled};
    assert_eq!(basis("r: ?a*?x + ?b*?x => (?a + ?b)*?x"), (Proved, Proved));
    assert_eq!(basis("r: sin(?x)*?y + cos(?z)*?y => (sin(?x) + cos(?z))*?y"), (Proved, Proved));
    assert_eq!(basis("r: sin(?x)^2 + cos(?x)^2 => 1"), (Sampled, Proved));
    assert_eq!(basis("r: log(?x) + log(?y) => log(?x*?y) if ?x > 0 and ?y > 0"), (Sampled, Proved));
    assert_eq!(basis("r: log(1 + ?x) => log1p(?x)"), (Sampled, Proved));
    assert_eq!(basis("r: sin(?x)/cos(?x) => tan(?x)"), (Sampled, Proved));
    assert_eq!(basis("r: atanh(tanh(?x)) => ?x"), (Sampled, Sampled));
}

/// `# Unsound: left => right [if condition] at ?x = 1, …` in the shipped files.
fn unsound() -> Vec<(&'static str, String, Vec<(String, Option<Real>)>)> {
    let lines =
        library::FILES.iter().flat_map(|(file, text)| text.lines().map(move |l| (*file, l)));
    let candidates =
        lines.filter_map(|(file, line)| Some((file, line.strip_prefix("# Unsound: ")?)));
    candidates
        .map(|(file, line)| {
            let (rule, place) = line.rsplit_once(" at ").unwrap_or_else(|| panic!("{line}"));
            let point = place.split(", ").map(|part| {
                let (name, value) = part.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
                let number = |text| isoterm::session::batch::number(text).expect("a number");
                let value = match value.strip_prefix("pi/") {
                    Some(part) => Real::Turns(number(part).recip().expect("not zero")),
                    None => Real::Exact(number(value)),
                };
                (name.to_owned(), Some(value))
            });
            (file, rule.to_owned(), point.collect())
        })
        .collect()
}

#[test]
fn unsound_candidates_in_the_files_are_unsound() {
    let candidates = unsound();
    for (file, _) in library::FILES {
        let count = candidates.iter().filter(|(f, ..)| f == file).count();
        assert!(count >= 3, "{file}: {count}");
    }
    for (file, text, point) in candidates {
        assert!(confirmed(&text, &point), "{file}: {text} at {point:?}");
        let rule = Rule { expanding: true, ..one(&format!("candidate: {text}")) };
        let verdict = judge(&rule, POINTS);
        assert!(matches!(verdict, Err(Refusal::Counterexample(_))), "{file}: {text}: {verdict:?}");
    }
}

#[test]
fn mistakes_in_rules_files_are_told_with_their_place() {
    for (text, wanted) in [
        ("r: sin(?x) => ?y", "test.rules:1:15\n"),
        ("r: sin(?x) => ?y", "the left side does not say what `?y` is"),
        ("r: ?x/?x => 1", "the left side is read as `1`, which is no pattern"),
        ("r: ?x + ?y => ?y + ?x", "both sides are read as `?x + ?y`"),
        ("r [extend]: sin(?x) => 1", "did you mean `extends`?"),
        ("r [extends]: sin(?x) <=> 1 + ?x", "a rule that extends the domain has one direction"),
        ("r: abs(?n) => ?n if ?n evn", "did you mean `even`?"),
        ("r: abs(?n) => ?n if ?n evn", "properties are integer, even, odd, number, total"),
        ("r: abs(?n) => ?n if ?m > 0", "unknown `?m`"),
        ("r: abs(?n) => ?n if 2 > 1", "a condition is about variables of the rule"),
        ("r: abs(?n) => ?n if ?n > sqrt(log(1/2))", "a number in the condition has no value"),
        ("r: abs(?n) => ?n if ?n in 0", "expected `..`"),
        ("r: abs(?n) => ?n if", "expected a number, a name or a bracket, found the end"),
        ("r: snh(?x) => ?x", "did you mean `sinh`?"),
        ("r: abs(x) => ?x", "unknown name `x`"),
        ("r: ?a < ?b => ?a", "the right side"),
        (
            "r: abs(abs(?x)) => abs(?x)\nr: sign(sign(?x)) => sign(?x)",
            "there is a rule `r` already",
        ),
    ] {
        let shown = complaints(text);
        assert!(shown.contains(wanted) || wanted == "the right side", "{text}:\n{shown}");
        assert!(!shown.is_empty(), "{text}");
    }
    // All that is wrong with a file comes out together, in the order of its lines.
    let shown = complaints(
        "a: sqrt(?x^2) => ?x\nb: sin(?x) -> ?x\nc: abs(?x) => ?x if ?x positive\nd: acos(cos(?x)) => ?x",
    );
    let places: Vec<&str> = shown.lines().filter(|l| l.contains("-->")).collect();
    assert_eq!(places.len(), 4, "{shown}");
    assert!(
        places.iter().zip(1..).all(|(p, k)| p.contains(&format!("test.rules:{k}:"))),
        "{shown}"
    );
}

/// The shortest form of an expression under rules.
fn shortest(rules: &Ruleset, expression: &str) -> String {
    let mut graph = Graph::new();
    let source = Source::new("expression", expression);
    let root = term(&source, &mut graph, &Limits::default()).expect("an expression");
    let best = optimise(&mut graph, &[root], rules, &Options::reading()).roots[0];
    print(&graph, best)
}

#[test]
fn conditions_are_decided_on_what_is_bound() {
    let rules = |condition: &str| read(&format!("r: max(?x, ?y) => ?x if {condition}"));
    for (condition, expression, holds) in [
        ("?x > ?y", "max(exp(a) + 1, 1/2)", true),
        ("?x > ?y", "max(exp(a) + 1, 2)", false),
        ("?x - ?y == 3", "max(a + 3, a)", true),
        ("?x != ?y", "max(a + 3, a)", true),
        ("?x != ?y", "max(a, b)", false),
        ("?x + ?y <= 0", "max(-exp(a), -cosh(b))", true),
        ("?x*?y > 0", "max(exp(a), cosh(b))", true),
        ("?x in 1..pi and ?y number", "max(1 + 2*sin(a)^2, 0)", true),
        ("?x in 1..pi and ?y number", "max(1 + 3*sin(a)^2, 0)", false),
        ("?x in 1/2..3 + pi and ?y number", "max(1 + sin(a)^2, 0)", true),
        ("?x integer and ?y even", "max(floor(a), 4)", true),
        ("?x integer and ?y even", "max(floor(a), 3)", false),
        ("?y odd", "max(floor(a), 3)", true),
        ("?x total and ?y total", "max(a, 1/b)", false),
    ] {
        let found = shortest(&rules(condition), expression);
        assert_eq!(!found.contains("max"), holds, "{condition} for {expression}: {found}");
    }
}

#[test]
fn rules_reach_what_people_expect() {
    let standard = Ruleset::standard();
    for (expression, wanted) in [
        ("sin(7*pi/6)", "-0.5"),
        ("2*cos(31*pi/4)", "sqrt(2)"),
        ("tan(x + pi)", "tan(x)"),
        ("sin(x + pi/2)", "cos(x)"),
        ("(tan(x) + tan(y))/(1 - tan(x)*tan(y))", "tan(x + y)"),
        ("sqrt((cosh(x) + 1)/2)", "cosh(0.5*x)"),
        ("log(sqrt(x)) + log(x^3)/2", "2*log(x)"),
        ("abs(3*x)/3", "abs(x)"),
        ("if(x < y, x, y)", "min(x, y)"),
        ("max(x*cosh(z), y*cosh(z))", "cosh(z)*max(x, y)"),
        ("(1 + tanh(x))/(1 - tanh(x))", "exp(2*x)"),
        ("1/(sqrt(x + 1) + sqrt(x))", "sqrt(x + 1) - sqrt(x)"),
        ("asin(2/3) + acos(2/3)", "0.5*pi"),
    ] {
        assert_eq!(shortest(standard, expression), wanted, "{expression}");
    }
}

fn program(args: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_isoterm"));
    program.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// A file of the test with this text.
fn file(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the file is written");
    path
}

#[test]
fn rules_files_are_checked_at_the_command_line() {
    let output = program(&["rules", "check", "examples/rules/faulty.rules", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let refused = answer["refused"].as_array().expect("a list");
    assert_eq!(refused.len(), 4, "{answer}");
    assert_eq!(refused[0]["line"], 2);
    assert_eq!(refused[0]["column"], 1);
    assert_eq!(refused[0]["counterexample"]["point"]["?x"], "-1");
    assert_eq!(refused[0]["counterexample"]["left"], "1");
    assert_eq!(refused[0]["counterexample"]["right"], "-1");
    assert!(refused[2]["counterexample"]["left"].is_null(), "{answer}");
    let errors = said(&output);
    assert!(errors.contains("examples/rules/faulty.rules:3:1"), "{errors}");
    // Two files in one run; the sound one does not make the other sound.
    let sound = "examples/rules/neural.rules";
    assert!(program(&["rules", "check", sound]).status.success());
    assert_eq!(
        program(&["rules", "check", sound, "examples/rules/faulty.rules"]).status.code(),
        Some(2)
    );
    for (args, wanted) in [
        (
            vec!["rules", "check", "examples/rules/neurl.rules"],
            "did you mean `examples/rules/neural.rules`?",
        ),
        (vec!["rules", "chek"], "did you mean `check`?"),
        (vec!["rules", "show", "pythagras"], "did you mean `pythagoras`?"),
        (vec!["rules", "show"], "takes the name of a rule"),
        (vec!["rules", "show", "sine-of-arcsine"], "if ?x in -1..1"),
    ] {
        let shown = said(&program(&args));
        assert!(shown.contains(wanted), "{args:?}: {shown}");
    }
    let list = said(&program(&["rules"]));
    assert!(list.contains("# hyperbolic.rules") && list.lines().count() > 300, "{list}");
}

#[test]
fn rules_of_ones_own_are_added_or_take_the_place_of_the_shipped_ones() {
    let neural = ["--rules", "examples/rules/neural.rules"];
    let expression = "log(1 + exp(z)) - z";
    let run =
        |before: &[&str], args: &[&str]| said(&program(&[before, args].concat())).trim().to_owned();
    assert_eq!(run(&neural, &["simplify", expression]), "log1p(exp(-z))");
    assert_eq!(run(&["simplify", expression], &neural), "log1p(exp(-z))");
    // Beside them, the shipped ones.
    assert_eq!(run(&neural, &["simplify", "sin(x)^2 + cos(x)^2"]), "1");
    // One with a name that is there already takes its place.
    let own = file("own.rules", "pythagoras: sin(?x)^2 + cos(?x)^2 => 2 - 1^?x\n");
    let own = ["--rules", own.to_str().expect("UTF-8")];
    let shown = run(&own, &["rules", "show", "pythagoras"]);
    assert!(shown.contains("=> 2 - 1^?x"), "{shown}");
    // A folder takes their place; its files are all read, and judged.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules-folder");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("a.rules"), "hyper: cosh(?x)^2 - sinh(?x)^2 => 1\n")
        .expect("written");
    std::fs::write(folder.join("b.rules"), "abs: abs(abs(?x)*?y) => abs(?x*?y)\n")
        .expect("written");
    let folder = ["--rules", folder.to_str().expect("UTF-8")];
    assert_eq!(run(&folder, &["simplify", "cosh(x)^2 - sinh(x)^2"]), "1");
    assert_eq!(run(&folder, &["simplify", "sin(x)^2 + cos(x)^2"]), "sin(x)^2 + cos(x)^2");
    assert_eq!(run(&folder, &["rules", "list"]).lines().count(), 4);
    // The shipped folder in its own place; the derivatives are no rewrite rules.
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules-empty");
    std::fs::create_dir_all(&empty).expect("a folder");
    let shown = run(&["--rules", empty.to_str().expect("UTF-8")], &["simplify", "x"]);
    assert!(shown.contains("has no file that ends in `.rules`"), "{shown}");
    let shown = run(&["--rules", "nothing.rules"], &["simplify", "x"]);
    assert!(shown.contains("cannot read `nothing.rules`"), "{shown}");
    // A refused rule stops every command, with its counterexample.
    let faulty = program(&["--rules", "examples/rules/faulty.rules", "equal", "x", "x"]);
    assert_eq!(faulty.status.code(), Some(2));
    assert!(said(&faulty).contains("at ?x = -1 the left side is 1"), "{}", said(&faulty));
}
