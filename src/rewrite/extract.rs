//! Extraction: the choice of one node for each class that is cheapest under true shared cost.
//!
//! Several starts (cheapest trees, the input itself, cheapest trees that count sharing as they
//! go) are each improved by local search over single choices, priced over all roots at once; the
//! best is kept. Since the input is one of the starts, the result is never dearer.

use std::cell::RefCell;
use std::collections::VecDeque;

use egg::{Id, Language};
use rustc_hash::FxHashMap;

use super::cost::Measure;
use super::knowledge::Classes;
use super::language::Form;

/// A node that a class may be built from.
struct Candidate {
    /// Its own cost.
    cost: f64,
    /// The classes of its arguments.
    children: Vec<u32>,
    form: Form,
}

/// For each class, which of its nodes is taken.
pub type Choice = Vec<u32>;

/// The classes below some roots, numbered densely, with their nodes priced.
pub struct Extractor {
    measure: Measure,
    roots: Vec<u32>,
    ids: Vec<Id>,
    nodes: Vec<Vec<Candidate>>,
    users: Vec<Vec<u32>>,
    walk: RefCell<Walk>,
}

/// Reused by every pricing: states of classes and the order of a walk.
#[derive(Default)]
struct Walk {
    state: Vec<u8>,
    stack: Vec<(u32, bool)>,
    order: Vec<u32>,
}

impl Extractor {
    /// Prepares the classes below the roots.
    pub fn new(classes: &Classes, roots: &[Id], measure: Measure) -> Extractor {
        let functions = &classes.analysis.functions;
        let mut index: FxHashMap<Id, u32> = FxHashMap::default();
        let mut ids: Vec<Id> = Vec::new();
        let mut number = |id: Id, ids: &mut Vec<Id>| {
            *index.entry(id).or_insert_with(|| {
                ids.push(id);
                ids.len() as u32 - 1
            })
        };
        let roots: Vec<u32> = roots.iter().map(|&id| number(classes.find(id), &mut ids)).collect();
        let mut nodes: Vec<Vec<Candidate>> = Vec::new();
        while nodes.len() < ids.len() {
            let id = ids[nodes.len()];
            let mut candidates: Vec<Candidate> = classes[id]
                .nodes
                .iter()
                .map(|n| n.clone().map_children(|c| classes.find(c)))
                .filter(|n| !n.children().contains(&id))
                .map(|form| Candidate {
                    cost: measure.form(&form, functions),
                    children: form.children().iter().map(|&c| number(c, &mut ids)).collect(),
                    form,
                })
                .collect();
            candidates.sort_by(|a, b| a.cost.total_cmp(&b.cost).then_with(|| a.form.cmp(&b.form)));
            candidates.dedup_by(|a, b| a.form == b.form);
            nodes.push(candidates);
        }
        let mut users = vec![Vec::new(); ids.len()];
        for (user, candidates) in nodes.iter().enumerate() {
            for &child in candidates.iter().flat_map(|n| &n.children) {
                users[child as usize].push(user as u32);
            }
        }
        for list in &mut users {
            list.sort_unstable();
            list.dedup();
        }
        Extractor { measure, roots, ids, nodes, users, walk: RefCell::default() }
    }

    /// The best choice found from all starts.
    ///
    /// `input` gives the node that each class was loaded with, where it was; `rounds` bounds the
    /// local search. `None` only when some root has no finite form at all.
    pub fn best(&self, input: &FxHashMap<Id, Form>, rounds: usize) -> Option<Choice> {
        let trees = self.trees(false)?;
        let mut starts = vec![self.given(input, &trees), trees];
        if self.measure.shares() {
            starts.extend(self.trees(true));
        }
        let mut best: Option<(Choice, f64)> = None;
        for mut choice in starts {
            let Some(mut cost) = self.price(&choice) else {
                continue;
            };
            if self.measure.shares() {
                cost = self.improve(&mut choice, cost, rounds);
            }
            if best.as_ref().is_none_or(|(_, least)| cost < *least - 1e-9) {
                best = Some((choice, cost));
            }
        }
        best.map(|(choice, _)| choice)
    }

    /// Classes in use with their chosen nodes, arguments first, and the roots.
    pub fn program(&self, choice: &Choice) -> Option<(Vec<(Id, &Form)>, Vec<Id>)> {
        self.price(choice)?;
        let order = &self.walk.borrow().order;
        let steps = order
            .iter()
            .map(|&c| {
                (self.ids[c as usize], &self.nodes[c as usize][choice[c as usize] as usize].form)
            })
            .collect();
        Some((steps, self.roots.iter().map(|&r| self.ids[r as usize]).collect()))
    }

    /// The input's nodes, completed by those of another choice.
    fn given(&self, input: &FxHashMap<Id, Form>, other: &Choice) -> Choice {
        let mut choice = other.clone();
        for (k, id) in self.ids.iter().enumerate() {
            if let Some(form) = input.get(id)
                && let Some(at) = self.nodes[k].iter().position(|n| n.form == *form)
            {
                choice[k] = at as u32;
            }
        }
        choice
    }

    /// Cheapest trees by a worklist; with `sharing`, an argument used elsewhere costs its part.
    fn trees(&self, sharing: bool) -> Option<Choice> {
        let weight: Vec<f64> = self
            .users
            .iter()
            .map(|u| if sharing { 1.0 / (u.len().max(1) as f64).sqrt() } else { 1.0 })
            .collect();
        let mut cost = vec![f64::INFINITY; self.ids.len()];
        let mut choice: Choice = vec![0; self.ids.len()];
        // Arguments were numbered after their users: the way back meets most of them priced.
        let mut queue: VecDeque<u32> = (0..self.ids.len() as u32).rev().collect();
        let mut waiting = vec![true; self.ids.len()];
        while let Some(class) = queue.pop_front() {
            let c = class as usize;
            waiting[c] = false;
            let price = |n: &Candidate| {
                n.children
                    .iter()
                    .fold(n.cost, |sum, &a| sum + cost[a as usize] * weight[a as usize])
            };
            let least = self.nodes[c]
                .iter()
                .enumerate()
                .map(|(k, n)| (price(n), k as u32))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            // A strict decrease by more than rounding, so that cycles cannot keep it going.
            if let Some((new, k)) = least
                && new < cost[c] - 1e-9
            {
                (cost[c], choice[c]) = (new, k);
                for &user in &self.users[c] {
                    if !std::mem::replace(&mut waiting[user as usize], true) {
                        queue.push_back(user);
                    }
                }
            }
        }
        self.roots.iter().all(|&r| cost[r as usize].is_finite()).then_some(choice)
    }

    /// The cost of a choice over all roots; `None` when it is cyclic. Leaves the order behind.
    fn price(&self, choice: &Choice) -> Option<f64> {
        let walk = &mut *self.walk.borrow_mut();
        let chosen = |c: u32| self.nodes[c as usize].get(choice[c as usize] as usize);
        walk.state.clear();
        walk.state.resize(self.ids.len(), 0);
        walk.stack.clear();
        walk.order.clear();
        walk.stack.extend(self.roots.iter().rev().map(|&r| (r, false)));
        let mut shared = 0.0;
        while let Some((class, done)) = walk.stack.pop() {
            let state = &mut walk.state[class as usize];
            if done {
                *state = 2;
                walk.order.push(class);
                continue;
            }
            match *state {
                2 => continue,
                1 => return None,
                _ => *state = 1,
            }
            let node = chosen(class)?;
            shared += node.cost;
            walk.stack.push((class, true));
            for &child in node.children.iter().rev() {
                match walk.state[child as usize] {
                    2 => {}
                    1 => return None,
                    _ => walk.stack.push((child, false)),
                }
            }
        }
        if self.measure.shares() {
            return Some(shared);
        }
        let mut tree = vec![0.0; self.ids.len()];
        for &c in &walk.order {
            let node = chosen(c)?;
            tree[c as usize] =
                node.children.iter().fold(node.cost, |sum, &a| sum + tree[a as usize]);
        }
        Some(self.roots.iter().map(|&r| tree[r as usize]).sum())
    }

    /// Tries other nodes for each class in use until no single change helps.
    fn improve(&self, choice: &mut Choice, mut cost: f64, rounds: usize) -> f64 {
        for _ in 0..rounds {
            let before = cost;
            if self.price(choice).is_none() {
                return cost;
            }
            let order = self.walk.borrow().order.clone();
            for class in order {
                let c = class as usize;
                for k in 0..self.nodes[c].len() as u32 {
                    let old = std::mem::replace(&mut choice[c], k);
                    match self.price(choice) {
                        Some(price) if price < cost - 1e-9 => cost = price,
                        _ => choice[c] = old,
                    }
                }
            }
            if cost > before - 1e-9 {
                break;
            }
        }
        cost
    }
}
