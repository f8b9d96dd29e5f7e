//! scratch
use isoterm::rewrite::{Ruleset, library};
use isoterm::text::Source;
fn main() {
    let only = std::env::args().nth(1);
    for (file, text) in library::FILES {
        if only.as_ref().is_some_and(|o| !file.contains(o.as_str())) {
            continue;
        }
        let source = Source::new(*file, *text);
        let (rules, _) = Ruleset::read(&source);
        for rule in &rules.rules {
            let begun = std::time::Instant::now();
            let v = isoterm::rewrite::judge::judge(rule, 10_000);
            let t = begun.elapsed().as_secs_f64() * 1e3;
            match v {
                Ok(v) => {
                    println!("{:36} {:5.1} ms {} {} {:?}", rule.name, t, v.value, v.domain, v.tally)
                }
                Err(e) => println!("{}", e.diagnostic(rule).render(&source, false)),
            }
        }
        let (_, errors) = Ruleset::read(&source);
        for e in errors {
            println!("{}", e.render(&source, false));
        }
    }
}
