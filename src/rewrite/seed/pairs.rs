//! Pairs that several sums, or several products, have in common become nodes of their own: the
//! most frequent first, until none is left (Paar 1997).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::form::{Form, Id, Node, Signed};

/// Two members of a list, and whether their signs differ.
type Pair = (Id, Id, bool);

/// Pairs of members of all lists that may be looked at in all, for each member: more would take
/// time and memory beyond what is proportional to the system.
const PAIRS: usize = 200;

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
        let made = paired(&mut lists, first);
        let node = |list: Vec<Signed>| match sums {
            true => Node::Sum(list.into()),
            false => Node::Product(list.into_iter().map(|(_, id)| id).collect()),
        };
        let made: Vec<Node> = made
            .into_iter()
            .map(|(a, b, differ)| node(vec![(false, a), (differ, b)]))
            .collect();
        if made.is_empty() {
            continue;
        }
        let changed = ids.into_iter().zip(lists).map(|(id, list)| (id, node(list))).collect();
        form.replace(changed, made);
    }
}

/// Replaces common pairs in the lists; the pairs, numbered from `next` on.
///
/// A list that becomes a single member stands for it, with the sign that it has there.
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
    let mut heap: BinaryHeap<(u32, Reverse<Pair>)> =
        counts.iter().filter(|(_, n)| **n > 1).map(|(&pair, &n)| (n, Reverse(pair))).collect();
    let mut made: Vec<Pair> = Vec::new();
    while let Some((count, Reverse(pair))) = heap.pop() {
        let now = counts.get(&pair).copied().unwrap_or(0);
        if now < count {
            if now > 1 {
                heap.push((now, Reverse(pair)));
            }
            continue;
        }
        let (a, b, differ) = pair;
        let node = next + made.len() as Id;
        let (first, second) = (&lists_of[&a], &lists_of[&b]);
        let candidates = if first.len() <= second.len() { first.clone() } else { second.clone() };
        let mut inside: Vec<u32> = Vec::new();
        let mut beside: FxHashSet<Pair> = FxHashSet::default();
        for k in candidates {
            let list = &mut lists[k as usize];
            let at = |id: Id| list.iter().position(|m| m.1 == id);
            let (Some(p), Some(q)) = (at(a), at(b)) else { continue };
            // A list of these two alone is the pair itself, under its other name.
            if p == q || (list[p].0 != list[q].0) != differ {
                continue;
            }
            let sign = list[p].0;
            list.remove(p.max(q));
            list.remove(p.min(q));
            for &(s, member) in list.iter() {
                for (gone, of_gone) in [(a, sign), (b, sign ^ differ)] {
                    let key = (member.min(gone), member.max(gone), s != of_gone);
                    if let Some(n) = counts.get_mut(&key) {
                        *n = n.saturating_sub(1);
                    }
                }
                // Members that occur nowhere else have no pairs to share.
                if lists_of[&member].len() > 1 {
                    let key = (member, node, s != sign);
                    *counts.entry(key).or_default() += 1;
                    beside.insert(key);
                }
            }
            list.push((sign, node));
            inside.push(k);
        }
        counts.remove(&pair);
        made.push(pair);
        for key in beside {
            match counts[&key] {
                n if n > 1 => heap.push((n, Reverse(key))),
                _ => {
                    counts.remove(&key);
                }
            }
        }
        lists_of.insert(node, inside);
    }
    made
}

/// How often pairs occur, of members that occur in several lists.
fn counted(lists: &[Vec<Signed>], lists_of: &FxHashMap<Id, Vec<u32>>) -> FxHashMap<Pair, u32> {
    let shared: Vec<Vec<Signed>> = lists
        .iter()
        .map(|list| list.iter().copied().filter(|m| lists_of[&m.1].len() > 1).collect())
        .collect();
    let members: usize = shared.iter().map(Vec::len).sum();
    // Short lists first, as long as there is room.
    let mut order: Vec<usize> = (0..shared.len()).filter(|&k| shared[k].len() > 1).collect();
    order.sort_by_key(|&k| shared[k].len());
    let mut room = members.saturating_mul(PAIRS);
    let mut counts: FxHashMap<Pair, u32> = FxHashMap::default();
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
                    *counts.entry((a, b, s != t)).or_default() += 1;
                }
            }
        }
    }
    counts.retain(|_, n| *n > 1);
    counts
}
