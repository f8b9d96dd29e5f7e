//! Pairs that several sums, or several products, have in common become nodes of their own: the
//! most frequent first, until none is left (Paar 1997).

use rustc_hash::FxHashMap;

use super::form::{Form, Id, Node, Signed};

/// Two members of a list, and whether their signs differ.
type Pair = (Id, Id, bool);

/// Pairs of members of all lists that may be looked at in all, for each member: more would take
/// time and memory beyond what is proportional to the system.
const PAIRS: usize = 100;

/// Members of the longest list in which pairs are looked for.
const LONGEST: usize = 256;

/// Shares the pairs that sums have in common, then those of products.
pub fn share(form: &mut Form) {
    let needed = form.needed();
    for sums in [true, false] {
        let mut ids: Vec<Id> = Vec::new();
        let mut lists: Vec<Vec<Signed>> = Vec::new();
        for &id in &needed {
            match &form.nodes()[id as usize] {
                Node::Sum(terms) if sums => {
                    ids.push(id);
                    lists.push(terms.to_vec());
                }
                Node::Product(factors) if !sums => {
                    ids.push(id);
                    lists.push(factors.iter().map(|&f| (false, f)).collect());
                }
                _ => {}
            }
        }
        let first = form.nodes().len() as Id;
        // Where a pair is taken out, the whole list is walked: long ones are cut.
        let mut cut: Vec<Vec<Signed>> = Vec::with_capacity(lists.len());
        for list in &mut lists {
            list.sort_unstable_by_key(|m| m.1);
            cut.extend(list.chunks(LONGEST).map(<[Signed]>::to_vec));
        }
        let made = paired(&mut cut, first);
        let mut cut = cut.into_iter();
        for list in &mut lists {
            let parts = list.len().div_ceil(LONGEST);
            *list = cut.by_ref().take(parts).flatten().collect();
        }
        let node = |list: Vec<Signed>| match sums {
            true => Node::Sum(list.into()),
            false => Node::Product(list.into_iter().map(|(_, id)| id).collect()),
        };
        let made: Vec<Node> =
            made.into_iter().map(|(a, b, differ)| node(vec![(false, a), (differ, b)])).collect();
        if made.is_empty() {
            continue;
        }
        let changed = ids.into_iter().zip(lists).map(|(id, list)| (id, node(list))).collect();
        form.replace(changed, made);
    }
}

/// A pair as a key: the smaller member, the larger one, and whether their signs differ.
fn key((a, s): (Id, bool), (b, t): (Id, bool)) -> u64 {
    u64::from(a.min(b)) << 33 | u64::from(a.max(b)) << 1 | u64::from(s != t)
}

fn members(key: u64) -> Pair {
    ((key >> 33) as Id, (key >> 1) as Id, key & 1 == 1)
}

/// Replaces common pairs in the lists; the pairs, numbered from `next` on.
fn paired(lists: &mut [Vec<Signed>], next: Id) -> Vec<Pair> {
    let mut lists_of: FxHashMap<Id, Vec<u32>> = FxHashMap::default();
    for (k, list) in lists.iter_mut().enumerate() {
        list.sort_unstable_by_key(|m| m.1);
        for &(_, member) in list.iter() {
            let places = lists_of.entry(member).or_default();
            if places.last() != Some(&(k as u32)) {
                places.push(k as u32);
            }
        }
    }
    let mut counts = counted(lists, &lists_of);
    // Pairs by how often they occurred when they were put here.
    let mut queue = Queue::default();
    let mut all: Vec<(u64, u32)> = counts.iter().map(|(&pair, &n)| (pair, n)).collect();
    all.sort_unstable_by_key(|(pair, _)| std::cmp::Reverse(*pair));
    all.into_iter().for_each(|(pair, n)| queue.push(pair, n));
    let mut made: Vec<Pair> = Vec::new();
    let (mut inside, mut beside): (Vec<u32>, Vec<u64>) = (Vec::new(), Vec::new());
    while let Some((pair, count)) = queue.pop() {
        let now = counts.get(&pair).copied().unwrap_or(0);
        if now < count {
            queue.push(pair, now);
            continue;
        }
        let (a, b, differ) = members(pair);
        let node = next + made.len() as Id;
        let (first, second) = (&lists_of[&a], &lists_of[&b]);
        let candidates = if first.len() <= second.len() { first.clone() } else { second.clone() };
        inside.clear();
        beside.clear();
        for k in candidates {
            let list = &mut lists[k as usize];
            let at = |id: Id| list.iter().position(|m| m.1 == id);
            let (Some(p), Some(q)) = (at(a), at(b)) else { continue };
            if (list[p].0 != list[q].0) != differ {
                continue;
            }
            let sign = list[p].0;
            list.remove(p.max(q));
            list.remove(p.min(q));
            for &(s, member) in list.iter() {
                for gone in [(a, sign), (b, sign ^ differ)] {
                    if let Some(n) = counts.get_mut(&key((member, s), gone)) {
                        *n = n.saturating_sub(1);
                    }
                }
                // Members that occur nowhere else have no pairs to share.
                if lists_of[&member].len() > 1 {
                    beside.push(key((member, s), (node, sign)));
                }
            }
            list.push((sign, node));
            inside.push(k);
        }
        counts.remove(&pair);
        made.push((a, b, differ));
        beside.sort_unstable_by_key(|pair| std::cmp::Reverse(*pair));
        for run in beside.chunk_by(|x, y| x == y).filter(|run| run.len() > 1) {
            counts.insert(run[0], run.len() as u32);
            queue.push(run[0], run.len() as u32);
        }
        lists_of.insert(node, inside.clone());
    }
    made
}

/// Pairs by their counts, the largest first.
#[derive(Default)]
struct Queue {
    by_count: Vec<Vec<u64>>,
}

impl Queue {
    /// Pairs that occur once are not kept.
    fn push(&mut self, pair: u64, count: u32) {
        if count > 1 {
            let count = count as usize;
            if self.by_count.len() <= count {
                self.by_count.resize(count + 1, Vec::new());
            }
            self.by_count[count].push(pair);
        }
    }

    fn pop(&mut self) -> Option<(u64, u32)> {
        while let Some(last) = self.by_count.last_mut() {
            if let Some(pair) = last.pop() {
                return Some((pair, self.by_count.len() as u32 - 1));
            }
            self.by_count.pop();
        }
        None
    }
}

/// How often pairs occur, of members that occur in several lists; those that occur twice or more.
fn counted(lists: &[Vec<Signed>], lists_of: &FxHashMap<Id, Vec<u32>>) -> FxHashMap<u64, u32> {
    let shared: Vec<Vec<Signed>> = lists
        .iter()
        .map(|list| list.iter().copied().filter(|m| lists_of[&m.1].len() > 1).collect())
        .collect();
    let members: usize = shared.iter().map(Vec::len).sum();
    // Short lists first, as long as there is room.
    let mut order: Vec<usize> = (0..shared.len()).filter(|&k| shared[k].len() > 1).collect();
    order.sort_by_key(|&k| shared[k].len());
    let mut room = members.saturating_mul(PAIRS);
    let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
    for k in order {
        let list = &shared[k];
        let pairs = list.len() * (list.len() - 1) / 2;
        if pairs > room {
            break;
        }
        room -= pairs;
        for (i, &(s, a)) in list.iter().enumerate() {
            for &(t, b) in &list[i + 1..] {
                if a != b {
                    *counts.entry(key((a, s), (b, t))).or_default() += 1;
                }
            }
        }
    }
    counts.retain(|_, n| *n > 1);
    counts
}
