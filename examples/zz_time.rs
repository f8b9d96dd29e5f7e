//! scratch
use isoterm::rewrite::{
    Budget, Options, Ruleset, extend::extend, optimise, region::Region, saturate::saturate,
};
use isoterm::term::Graph;
use isoterm::text::{Limits, Source};
use std::time::Instant;
fn main() {
    let mut old = Ruleset::default();
    for f in ["arithmetic", "power", "exponential", "trigonometric", "hyperbolic", "piecewise"] {
        let t = std::fs::read_to_string(format!("/tmp/oldrules/{f}.rules")).unwrap();
        old = old.with(Ruleset::parse(&Source::new("x", t)).unwrap());
    }
    let new = Ruleset::standard();
    for e in std::env::args().skip(1) {
        for (n, r) in [("old", &old), ("new", new)] {
            let mut best = f64::MAX;
            let mut sat = f64::MAX;
            let mut ext = f64::MAX;
            let mut load = f64::MAX;
            let mut info = String::new();
            for _ in 0..30 {
                let mut g = Graph::new();
                let root = isoterm::session::term(
                    &Source::new("e", e.as_str()),
                    &mut g,
                    &Limits::default(),
                )
                .unwrap();
                let t = Instant::now();
                let out = optimise(&mut g, &[root], r, &Options::reading());
                best = best.min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                let mut region =
                    Region::load(&g, &[root], &Default::default(), &Default::default());
                load = load.min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                let stop = saturate(&mut region.classes, r, &Budget::KERNEL);
                sat = sat.min(t.elapsed().as_secs_f64());
                let mut roots = [root];
                let t = Instant::now();
                extend(
                    &mut g,
                    &mut roots,
                    &Default::default(),
                    r,
                    &Default::default(),
                    isoterm::rewrite::Measure::Size,
                    16,
                );
                ext = ext.min(t.elapsed().as_secs_f64());
                info = format!(
                    "{:?} {:?} nodes {} phases {}",
                    stop,
                    out.cost_after,
                    region.classes.total_size(),
                    out.stops.len()
                );
            }
            println!(
                "{e} {n}: {:.0} us; load {:.0} saturate {:.0} extend {:.0} {info}",
                best * 1e6,
                load * 1e6,
                sat * 1e6,
                ext * 1e6
            );
        }
    }
}
