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
        let begun = std::time::Instant::now();
        let source = Source::new(*file, *text);
        let (sound, errors) = Ruleset::judged(&source);
        for (rule, verdict) in &sound {
            println!(
                "{:40} {:?} {:?} {:?}",
                rule.name, verdict.value, verdict.domain, verdict.tally
            );
        }
        println!("{file}: {} rules in {:?}", sound.len(), begun.elapsed());
        let errors: String = errors.iter().map(|e| e.render(&source, false)).collect();
        println!("{errors}");
    }
}
