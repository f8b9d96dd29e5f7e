//! scratch
use isoterm::rewrite::{
    Budget, Ruleset,
    around::Around,
    matcher::Matcher,
    region::Region,
    saturate::{saturate, search},
};
use isoterm::term::Graph;
use isoterm::text::{Limits, Source};
fn main() {
    let new = Ruleset::standard();
    for e in std::env::args().skip(1) {
        let mut g = Graph::new();
        let root =
            isoterm::session::term(&Source::new("e", e.as_str()), &mut g, &Limits::default())
                .unwrap();
        let mut region = Region::load(&g, &[root], &Default::default(), &Default::default());
        for k in 0..6 {
            let around = Around::of(&region.classes);
            let mut all = vec![];
            let mut work = 0;
            let mut tried = 0;
            for rule in new.exact().filter(|r| around.has(r.needs)) {
                let m = Matcher::new(&region.classes, 1_000_000);
                let mut found = vec![];
                search(&region.classes, &around, &m, rule, 100, &mut found);
                work += m.work();
                tried += 1;
                if m.work() > 0 {
                    all.push(format!("{}:{}/{}", rule.name, found.len(), m.work()));
                }
            }
            let t = std::time::Instant::now();
            let stop =
                saturate(&mut region.classes, new, &Budget { iterations: 1, ..Budget::default() });
            println!(
                "iteration {k}: nodes {} classes {} tried {tried} work {work} {stop:?} {:?}\n   {}",
                region.classes.total_size(),
                region.classes.number_of_classes(),
                t.elapsed(),
                all.join(" ")
            );
        }
    }
}
