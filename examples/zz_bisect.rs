//! scratch
use isoterm::rewrite::Ruleset;
use isoterm::session::request::Workspace;
use isoterm::text::Limits;
use std::sync::Arc;
fn main() {
    let e = std::env::args().nth(1).unwrap();
    let needle = std::env::args().nth(2).unwrap();
    let run = |r: Arc<Ruleset>| { let mut w = Workspace::new(&Limits::default()).with_rules(r); let t = w.read(&e).unwrap(); w.simplify(t).unwrap().expression };
    let full = run(Ruleset::standard().clone());
    println!("full: {full}");
    let all = Ruleset::standard();
    for r in &all.rules {
        let out = run(Arc::new(Ruleset::clone(all).without(&r.name)));
        if !out.contains(&needle) { println!("without {}: {out}", r.name); }
    }
}
