//! scratch
use isoterm::rewrite::explain::check;
use isoterm::rewrite::{Assumptions, Options, Ruleset, engine, optimise};
use isoterm::syntax::print;
use isoterm::term::Graph;
use isoterm::text::{Limits, Source};
fn main() {
    for text in std::env::args().skip(1) {
        for e in ["egraph", "classical"] {
            let mut g = Graph::new();
            let root = isoterm::session::term(
                &Source::new("x", text.as_str()),
                &mut g,
                &Limits::default(),
            )
            .ok()
            .unwrap();
            let options =
                Options { engine: engine(e).unwrap(), explain: true, ..Options::reading() };
            let out = optimise(&mut g, &[root], Ruleset::standard(), &options);
            println!("{e}: {} -> {}", print(&g, root), print(&g, out.roots[0]));
            match out.explanation {
                None => println!("  no explanation"),
                Some(x) => {
                    for s in &x.steps {
                        println!(
                            "   {:?}\n      {}\n      {}",
                            s.reason,
                            print(&g, s.old),
                            print(&g, s.new)
                        );
                    }
                    println!(
                        "  {:?}",
                        check(&mut g, Ruleset::standard(), &Assumptions::default(), &x)
                    );
                }
            }
        }
    }
}
