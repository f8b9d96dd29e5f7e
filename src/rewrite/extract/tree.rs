//! Cheapest trees: the best choice if nothing were shared, in nearly linear time.
//!
//! Knuth's generalisation of Dijkstra's algorithm (1977): classes are settled in order of the
//! price of their cheapest tree, and a node is considered once all of its children are settled.
//! So the choice is acyclic for all classes at once, also those that the roots do not need.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::problem::{Choice, NONE, Price, Problem};

/// Cheapest trees of all classes that have any.
pub struct Trees {
    /// The node of each class; [`NONE`] where no tree is finite.
    pub choice: Choice,
    /// The price of each class's tree.
    pub price: Vec<Price>,
    /// Where each class stands in the order of settling: children of chosen nodes come earlier.
    pub rank: Vec<u32>,
}

/// Finds the cheapest trees, where the tree of a child counts with its `share`; with all shares
/// one these are true trees.
///
/// Of equally cheap nodes whose children are settled the first is taken.
pub fn trees(problem: &Problem, users: &[Vec<u32>], share: &dyn Fn(u32) -> f64) -> Trees {
    let classes = problem.classes();
    let mut found = Trees {
        choice: vec![NONE; classes],
        price: vec![Price::MAX; classes],
        rank: vec![NONE; classes],
    };
    let mut waiting: Vec<u32> = Vec::with_capacity(problem.nodes());
    let mut total: Vec<Price> = Vec::with_capacity(problem.nodes());
    let mut heap: BinaryHeap<Reverse<(Price, u32)>> = BinaryHeap::new();
    for node in 0..problem.nodes() as u32 {
        waiting.push(problem.children(node).len() as u32);
        total.push(problem.price(node));
        if problem.children(node).is_empty() {
            heap.push(Reverse((problem.price(node), node)));
        }
    }
    let mut settled = 0;
    while let Some(Reverse((price, node))) = heap.pop() {
        let class = problem.class_of(node);
        if found.choice[class as usize] != NONE {
            continue;
        }
        found.choice[class as usize] = node;
        found.price[class as usize] = price;
        found.rank[class as usize] = settled;
        settled += 1;
        let part = (price as f64 * share(class)).round() as Price;
        for &user in &users[class as usize] {
            total[user as usize] = total[user as usize].saturating_add(part);
            waiting[user as usize] -= 1;
            if waiting[user as usize] == 0 {
                heap.push(Reverse((total[user as usize], user)));
            }
        }
    }
    found
}
