//! Random reaction networks as model text, from a seed.

use std::fmt::Write;

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

/// A small seeded generator (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}
