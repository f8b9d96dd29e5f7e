//! Local search: other nodes for classes, one at a time and by opening a shared class.
//!
//! A change is tried, priced by what begins and ceases to be needed, and kept when it is cheaper.
//! Classes near a change are tried again. Where nothing helps alone, a class that is not needed is
//! opened: paid for once, it may be worth its price when several classes use it together.

use std::collections::VecDeque;

use super::problem::{Price, Problem};
use super::state::State;
use super::tree::Trees;

/// Improves a solution until nothing helps or so much work is done.
pub fn improve<'p>(
    state: &mut State<'p>,
    problem: &'p Problem,
    users: &'p [Vec<u32>],
    trees: &'p Trees,
    work: u64,
) {
    let queue = Queue { waiting: vec![false; problem.classes()], classes: VecDeque::new() };
    let limit = state.work().saturating_add(work);
    Search { problem, users, trees, state, queue, limit }.run();
}

struct Search<'s, 'p> {
    problem: &'p Problem,
    users: &'p [Vec<u32>],
    trees: &'p Trees,
    state: &'s mut State<'p>,
    queue: Queue,
    limit: u64,
}

/// Classes to try, each at most once.
struct Queue {
    waiting: Vec<bool>,
    classes: VecDeque<u32>,
}

impl Queue {
    fn push(&mut self, class: u32) {
        if !std::mem::replace(&mut self.waiting[class as usize], true) {
            self.classes.push_back(class);
        }
    }

    fn pop(&mut self) -> Option<u32> {
        let class = self.classes.pop_front()?;
        self.waiting[class as usize] = false;
        Some(class)
    }
}

impl Search<'_, '_> {
    fn run(&mut self) {
        let classes = 0..self.problem.classes() as u32;
        classes.clone().filter(|&c| self.state.is_needed(c)).for_each(|c| self.queue.push(c));
        loop {
            while let Some(class) = self.queue.pop() {
                if self.state.work() > self.limit {
                    return;
                }
                if self.state.is_needed(class) {
                    self.keeping_changes(|search| search.switch(class));
                }
            }
            for class in classes.clone() {
                if self.state.work() > self.limit {
                    return;
                }
                self.keeping_changes(|search| search.open(class));
            }
            if self.queue.classes.is_empty() {
                return;
            }
        }
    }

    /// Queues the classes near those that a step changes for good.
    fn keeping_changes(&mut self, step: impl FnOnce(&mut Self)) {
        let mark = self.state.mark();
        step(self);
        for class in self.state.changes_since(mark) {
            self.queue.push(class);
            for &child in self.problem.children(self.state.node(class)) {
                self.queue.push(child);
                // Who could use what is there now.
                for &user in &self.users[child as usize] {
                    self.queue.push(self.problem.class_of(user));
                }
            }
            for &user in &self.users[class as usize] {
                self.queue.push(self.problem.class_of(user));
            }
        }
        self.state.forget();
    }

    /// Tries all other nodes of a class.
    fn switch(&mut self, class: u32) {
        for node in self.problem.nodes_of(class) {
            if node != self.state.node(class) {
                self.attempt(node);
            }
        }
    }

    /// Takes a node if that is cheaper.
    fn attempt(&mut self, node: u32) {
        let (mark, before) = (self.state.mark(), self.state.cost());
        for &child in self.problem.children(node) {
            self.prepare(child);
        }
        if !self.state.take(node) || self.state.cost() >= before {
            self.state.undo(mark);
        }
    }

    /// Lets a class that is about to be needed use what there is already.
    fn prepare(&mut self, class: u32) {
        if self.state.is_needed(class) {
            return;
        }
        let best = self.problem.nodes_of(class).min_by_key(|&node| self.adds(node));
        if let Some(best) = best
            && self.adds(best) < self.adds(self.state.node(class))
        {
            self.state.take(best);
        }
    }

    /// What a node adds at most: its price and the trees of children that are not needed yet.
    fn adds(&self, node: u32) -> Price {
        let missing = self.problem.children(node).iter().filter(|&&c| !self.state.is_needed(c));
        missing.fold(self.problem.price(node), |sum, &child| {
            sum.saturating_add(self.trees.price[child as usize])
        })
    }

    /// Pays for a class and lets all classes use it that become cheaper by it; keeps that if it is
    /// worth the price.
    fn open(&mut self, class: u32) {
        if self.state.is_needed(class) {
            return;
        }
        let owner = |user: u32| self.problem.class_of(user);
        let could_use = |&user: &u32| self.state.is_needed(owner(user));
        let users: Vec<u32> =
            self.users[class as usize].iter().copied().filter(could_use).collect();
        if users.len() < 2 {
            return;
        }
        let (mark, before) = (self.state.mark(), self.state.cost());
        self.prepare(class);
        self.state.hold(class);
        for user in users {
            if self.state.is_needed(owner(user)) {
                self.attempt(user);
            }
        }
        self.state.release(class);
        if self.state.cost() >= before {
            self.state.undo(mark);
        }
    }
}
