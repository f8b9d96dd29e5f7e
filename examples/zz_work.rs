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
use std::collections::BTreeMap;
fn main() {
    let mut old = Ruleset::default();
    for f in ["arithmetic", "power", "exponential", "trigonometric", "hyperbolic", "piecewise"] {
        let t = std::fs::read_to_string(format!("/tmp/oldrules/{f}.rules")).unwrap();
        old = old.with(Ruleset::parse(&Source::new("x", t)).unwrap());
    }
    let new = if std::env::args().nth(2).is_some() { &old } else { Ruleset::standard() };
    let mut total: BTreeMap<String, (u64, u64, f64)> = BTreeMap::new();
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let mut stops: BTreeMap<String, u64> = BTreeMap::new();
    for line in text.lines() {
        let v: serde_json::Value = serde_json::from_str(line).unwrap();
        let e = v["expr"].as_str().unwrap();
        let mut g = Graph::new();
        let Ok(root) = isoterm::session::term(&Source::new("e", e), &mut g, &Limits::default())
        else {
            continue;
        };
        let mut region = Region::load(&g, &[root], &Default::default(), &Default::default());
        let mut last = String::new();
        for _ in 0..4 {
            let around = Around::of(&region.classes);
            for rule in new.exact().filter(|r| around.has(r.needs)) {
                let m = Matcher::new(&region.classes, 1_000_000);
                let mut found = vec![];
                let t = std::time::Instant::now();
                search(&region.classes, &around, &m, rule, 100, &mut found);
                let el = t.elapsed().as_secs_f64();
                let entry = total.entry(rule.name.clone()).or_default();
                entry.0 += m.work();
                entry.1 += found.len() as u64;
                entry.2 += el;
            }
            let stop =
                saturate(&mut region.classes, new, &Budget { iterations: 1, ..Budget::default() });
            last = format!("{stop:?}");
            if last != "Iterations" {
                break;
            }
        }
        *stops.entry(last).or_default() += 1;
    }
    let mut all: Vec<_> = total.into_iter().collect();
    all.sort_by_key(|(_, (w, _, _))| std::cmp::Reverse(*w));
    let sum: u64 = all.iter().map(|(_, (w, _, _))| w).sum();
    let time: f64 = all.iter().map(|(_, (_, _, t))| t).sum();
    println!("work {sum} time {:.1} ms {stops:?}", time * 1e3);
    for (n, (w, f, t)) in all.iter().take(60) {
        println!("{n:40} work {w} found {f} time {:.2} ms", t * 1e3);
    }
}
