//! Networks of any size, as `.net` text: proteins with many sites that bind or are modified.
//!
//! The sites are independent and share their rate constants, so a protein with `n` of them has
//! `2^n` states and a few parameters: the combinatorial growth of signalling networks (Blinov,
//! Faeder, Goldstein and Hlavacek 2006), from a handful of reactions to any number.

use std::fmt::Write;

/// What the sites do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Multisite {
    /// Each site binds a ligand: `2^n + 1` species, `n 2^n` reactions.
    Binding,
    /// A kinase and a phosphatase bind to a site and modify it: `2^n + 2 + n 2^n` species,
    /// `3 n 2^n` reactions.
    Phosphorylation,
}

/// The kinds by name.
pub const KINDS: [(&str, Multisite); 2] =
    [("binding", Multisite::Binding), ("phosphorylation", Multisite::Phosphorylation)];

/// The most sites: beyond, the text is larger than any source may be.
pub const SITES: u32 = 18;

/// The network as a `.net` file; `sites` is at most [`SITES`].
pub fn multisite(kind: Multisite, sites: u32) -> String {
    let states = 1_usize << sites;
    let mut net = Net::default();
    let mut text = format!("# A protein with {sites} sites.\n");
    match kind {
        Multisite::Binding => {
            text += "begin parameters\n    1 P0 100\n    2 L0 300\n    3 kon 0.01\n    4 koff 0.5\nend parameters\n";
            net.species("L(p)", "L0");
            for state in 0..states {
                let value = if state == 0 { "P0" } else { "0" };
                net.species(&pattern(state, sites, None), value);
            }
            // The ligand is species 1, so state s is species s + 2.
            for (state, site) in steps(states, sites) {
                let (free, bound) = (state + 2, (state | 1 << site) + 2);
                net.reaction(&[1, free], &[bound], "kon");
                net.reaction(&[bound], &[1, free], "koff");
            }
            net.group("Ltot_free", [(1, 1)].into_iter());
            let occupied = (1..states).map(|s| (s.count_ones(), s + 2));
            net.group("occupied", occupied);
        }
        Multisite::Phosphorylation => {
            text += "begin parameters\n    1 P0 1000\n    2 E0 50\n    3 F0 30\n    4 ka 0.01\n    5 kd 0.5\n    6 kp 1.5\n    7 fa 0.008\n    8 fd 0.4\n    9 fp 0.9\nend parameters\n";
            net.species("E(s)", "E0");
            net.species("F(s)", "F0");
            for state in 0..states {
                let value = if state == 0 { "P0" } else { "0" };
                net.species(&pattern(state, sites, None), value);
            }
            for (state, site) in steps(states, sites) {
                let (off, on) = (state + 3, (state | 1 << site) + 3);
                let kinase = net.species(&pattern(state, sites, Some((site, 'E'))), "0");
                net.reaction(&[1, off], &[kinase], "ka");
                net.reaction(&[kinase], &[1, off], "kd");
                net.reaction(&[kinase], &[1, on], "kp");
                let phosphatase =
                    net.species(&pattern(state | 1 << site, sites, Some((site, 'F'))), "0");
                net.reaction(&[2, on], &[phosphatase], "fa");
                net.reaction(&[phosphatase], &[2, on], "fd");
                net.reaction(&[phosphatase], &[2, off], "fp");
            }
            net.group("E_free", [(1, 1)].into_iter());
            net.group("phosphates", (1..states).map(|s| (s.count_ones(), s + 3)));
        }
    }
    let Net { species, reactions, groups, .. } = net;
    for (block, lines) in [("species", species), ("reactions", reactions), ("groups", groups)] {
        let _ = write!(text, "begin {block}\n{lines}end {block}\n");
    }
    text
}

/// Blocks as they grow; writing to a string cannot fail.
#[derive(Default)]
struct Net {
    species: String,
    reactions: String,
    groups: String,
    counts: [usize; 3],
}

impl Net {
    /// Adds a species and gives its number.
    fn species(&mut self, pattern: &str, value: &str) -> usize {
        self.counts[0] += 1;
        let _ = writeln!(self.species, "{:5} {pattern} {value}", self.counts[0]);
        self.counts[0]
    }

    fn reaction(&mut self, reactants: &[usize], products: &[usize], rate: &str) {
        self.counts[1] += 1;
        let side = |side: &[usize]| side.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let (from, to) = (side(reactants), side(products));
        let _ = writeln!(self.reactions, "{:5} {from} {to} {rate}", self.counts[1]);
    }

    fn group(&mut self, name: &str, parts: impl Iterator<Item = (u32, usize)>) {
        self.counts[2] += 1;
        let part = |(weight, species): (u32, usize)| match weight {
            1 => species.to_string(),
            _ => format!("{weight}*{species}"),
        };
        let parts = parts.map(part).collect::<Vec<_>>().join(",");
        let _ = writeln!(self.groups, "{:5} {name} {parts}", self.counts[2]);
    }
}

/// States with a site that is still free in them.
fn steps(states: usize, sites: u32) -> impl Iterator<Item = (usize, u32)> {
    (0..states).flat_map(move |state| {
        (0..sites).filter(move |site| state & (1 << site) == 0).map(move |site| (state, site))
    })
}

/// `P(s1~1,s2~0)`, with the enzyme at a site when there is one.
fn pattern(state: usize, sites: u32, enzyme: Option<(u32, char)>) -> String {
    let site = |k: u32| {
        let bond = if enzyme.is_some_and(|(at, _)| at == k) { "!1" } else { "" };
        format!("s{}~{}{bond}", k + 1, state >> k & 1)
    };
    let protein = format!("P({})", (0..sites).map(site).collect::<Vec<_>>().join(","));
    match enzyme {
        Some((_, name)) => format!("{name}(s!1).{protein}"),
        None => protein,
    }
}
