//! Pairs that several sums or products have in common, as ways to compute these.
//!
//! A sum or product of more than two members may compute two of them first. Which two is left to
//! the extraction, but only pairs are offered that sums or products of two different classes
//! contain: a pair that nothing else needs is as good as any other. Sums contain `a - b` also
//! where they contain `b - a`.

use rustc_hash::{FxHashMap, FxHashSet};

use super::load::{Candidate, Loader, Meaning, Part};

/// The longest sum or product whose pairs are looked at.
const LONGEST: usize = 24;
/// The most pairs offered for one sum or product.
const PAIRS: usize = 12;
/// How often the sums and products with a pair are looked at for further pairs.
const ROUNDS: usize = 2;
/// The most parts that are added for each part that is there.
const GROWTH: usize = 3;

/// Two members: of a product, or of a sum with whether the second has another sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pair {
    Times(u32, u32),
    Plus(u32, u32, bool),
}

/// Offers shared pairs.
pub fn share(loader: &mut Loader) {
    let most = loader.parts.len() * (1 + GROWTH);
    let mut homes = Homes::new(loader);
    let mut done: FxHashSet<(u32, Pair)> = FxHashSet::default();
    for _ in 0..ROUNDS {
        let mut users: FxHashMap<Pair, Vec<u32>> = FxHashMap::default();
        let all = loader.parts.len() as u32;
        for part in 0..all {
            for pair in pairs(&loader.parts[part as usize]) {
                let list = users.entry(pair).or_default();
                list.extend(&homes.of[part as usize]);
            }
        }
        for list in users.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        for part in 0..all {
            let mut shared: Vec<(usize, Pair)> = pairs(&loader.parts[part as usize])
                .into_iter()
                .map(|pair| (users[&pair].len(), pair))
                .filter(|(count, _)| *count > 1)
                .collect();
            // Those with most users first.
            shared.sort_by_key(|&(count, pair)| (std::cmp::Reverse(count), pair));
            for (_, pair) in shared.into_iter().take(PAIRS) {
                if loader.parts.len() < most && done.insert((part, pair)) {
                    offer(loader, &mut homes, part, pair);
                }
            }
        }
    }
}

/// All pairs of the members of a part that has more than two, or the two.
fn pairs(part: &Part) -> Vec<Pair> {
    let mut found = Vec::new();
    match part {
        Part::Times(members) if members.len() <= LONGEST => {
            for (k, &a) in members.iter().enumerate() {
                found.extend(members[k + 1..].iter().map(|&b| Pair::Times(a, b)));
            }
        }
        Part::Plus(members) if members.len() <= LONGEST => {
            for (k, &(a, minus)) in members.iter().enumerate() {
                let rest = members[k + 1..].iter();
                found.extend(rest.map(|&(b, other)| Pair::Plus(a, b, minus != other)));
            }
        }
        _ => {}
    }
    found.dedup();
    found
}

/// Lets a sum or product be computed with the pair as one member.
fn offer(loader: &mut Loader, homes: &mut Homes, part: u32, pair: Pair) {
    let through = match (&loader.parts[part as usize].clone(), pair) {
        (Part::Times(members), Pair::Times(a, b)) if members.len() > 2 => {
            let mut rest = members.to_vec();
            take(&mut rest, |m| *m == a);
            take(&mut rest, |m| *m == b);
            rest.push(loader.product_of(vec![a, b]));
            loader.product_of(rest)
        }
        (Part::Plus(members), Pair::Plus(a, b, other)) if members.len() > 2 => {
            let mut rest = members.to_vec();
            let Some((_, minus)) = take(&mut rest, |m| m.0 == a) else { return };
            if take(&mut rest, |m| *m == (b, minus != other)).is_none()
                // It would have to be turned.
                || minus && rest.iter().all(|(_, minus)| *minus)
            {
                return;
            }
            let Some(joined) = loader.sum_of(vec![(a, false), (b, other)]) else { return };
            rest.push((joined, minus));
            let Some(through) = loader.sum_of(rest) else { return };
            through
        }
        _ => return,
    };
    loader.complete();
    homes.grow(loader, through, part);
    loader.candidates[part as usize].push(Candidate {
        cycles: 0.0,
        needs: vec![through],
        meaning: Meaning::Through(through),
    });
}

/// Takes the first member that fits out of a list.
fn take<T: Copy>(list: &mut Vec<T>, fits: impl FnMut(&T) -> bool) -> Option<T> {
    let at = list.iter().position(fits)?;
    Some(list.remove(at))
}

/// Who needs each sum or product in the end: classes of the e-graph and other parts.
struct Homes {
    of: Vec<Vec<u32>>,
}

impl Homes {
    fn new(loader: &Loader) -> Homes {
        let mut homes = Homes { of: vec![Vec::new(); loader.parts.len()] };
        for (user, candidates) in loader.candidates.iter().enumerate() {
            for &need in candidates.iter().flat_map(|c| &c.needs) {
                homes.of[need as usize].push(user as u32);
            }
        }
        for list in &mut homes.of {
            list.sort_unstable();
            list.dedup();
        }
        homes
    }

    /// What is computed through a part is needed by the same.
    fn grow(&mut self, loader: &Loader, through: u32, part: u32) {
        self.of.resize(loader.parts.len(), Vec::new());
        let inherited = self.of[part as usize].clone();
        let list = &mut self.of[through as usize];
        list.extend(inherited);
        list.sort_unstable();
        list.dedup();
    }
}
