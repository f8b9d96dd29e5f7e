//! Random reaction networks as model text, from a seed.

use std::fmt::Write;

use super::seeded::Random;

/// A mass-action network: each reaction takes one or two species and makes one or two.
pub fn mass_action(species: usize, reactions: usize, seed: u64) -> String {
    let mut random = Random(seed);
    let mut rates = vec![String::new(); species];
    let mut text = String::from("ode network\n");
    for reaction in 0..reactions {
        writeln!(text, "  parameter k{reaction} = 0.{:03}", 1 + random.below(999)).expect("memory");
        let [a, b, c, d] = [(); 4].map(|()| random.below(species));
        let (mut flux, mut taken) = (format!("k{reaction}*x{a}"), vec![a]);
        if random.below(3) > 0 {
            flux += &format!("*x{b}");
            taken.push(b);
        }
        for s in taken {
            rates[s] += &format!(" - {flux}");
        }
        for &s in &[c, d][..1 + random.below(2)] {
            rates[s] += &format!(" + {flux}");
        }
    }
    for (k, rate) in rates.iter().enumerate() {
        writeln!(text, "  state x{k} = 0.{:02}\n  x{k}' = 0{rate}", 10 + k % 50).expect("memory");
    }
    text + "end\n"
}
