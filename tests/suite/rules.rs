//! Every shipped rule survives the judge; faulty rules are refused with a counterexample.

use isoterm::rewrite::judge::{Refusal, judge};
use isoterm::rewrite::{Ruleset, library};
use isoterm::text::Source;

fn one(text: &str) -> Ruleset {
    Ruleset::parse(&Source::new("test.rules", text)).expect("a rules file")
}

#[test]
fn shipped_rules_hold_at_thousands_of_points() {
    for (file, text) in library::FILES {
        let rules = one(text);
        assert!(!rules.rules.is_empty(), "{file}");
        for rule in &rules.rules {
            let verdict = judge(rule, 10_000);
            assert!(
                matches!(verdict, Ok(usable) if usable > 20),
                "{file}: {}: {verdict:?}",
                rule.name
            );
        }
    }
}

#[test]
fn faulty_rules_are_refused() {
    for line in [
        "root: sqrt(?x^2) => ?x",
        "log: log(?x*?y) => log(?x) + log(?y)",
        "arcsine: asin(sin(?x)) => ?x",
        "arccosine: acos(cos(?x)) => ?x",
        "cancel: ?x/?x + ?y => ?y + 2",
        "power: (?x^?a)^?b => ?x^(?a*?b)",
        "sign: sign(?x)^2 => 1",
        "roots: sqrt(?x)*sqrt(?y) => sqrt(?x*?y)",
        "slip: (?x + ?y)^2 => ?x^2 - 2*?x*?y + ?y^2",
        "abs: abs(?x + ?y) => abs(?x) + abs(?y)",
        "floor: floor(?x + ?y) => floor(?x) + floor(?y)",
        "atan: atan2(?y, ?x) => atan(?y/?x)",
    ] {
        let rules = one(line);
        let verdict = judge(&rules.rules[0], 10_000);
        assert!(matches!(verdict, Err(Refusal::Counterexample { .. })), "{line}: {verdict:?}");
    }
}

#[test]
fn a_condition_that_never_holds_checks_nothing() {
    let rules = one("never: abs(?x) => ?x if ?x > 0 and ?x < 0");
    assert_eq!(judge(&rules.rules[0], 1_000), Err(Refusal::NoUsablePoint));
}
