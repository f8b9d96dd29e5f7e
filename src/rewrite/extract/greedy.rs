//! A start that sees sharing: from the roots down, what is already needed is free.

use std::collections::BinaryHeap;

use super::problem::{Choice, Problem};
use super::tree::Trees;

/// Takes for each needed class the node that adds least: its price and the trees of those children
/// that nothing needs yet. Children of lower rank than their class keep it acyclic; classes that
/// are not needed have the nodes of their trees.
pub fn greedy(problem: &Problem, trees: &Trees) -> Choice {
    let mut choice = trees.choice.clone();
    let mut needed = vec![false; problem.classes()];
    let rank = |class: u32| trees.rank[class as usize];
    // By rank from above: every class comes after all that need it.
    let mut heap: BinaryHeap<(u32, u32)> = BinaryHeap::new();
    for &root in problem.roots() {
        needed[root as usize] = true;
        heap.push((rank(root), root));
    }
    while let Some((_, class)) = heap.pop() {
        let adds = |node: u32| {
            let missing = problem.children(node).iter().filter(|&&child| !needed[child as usize]);
            missing.fold(problem.price(node), |sum, &child| {
                sum.saturating_add(trees.price[child as usize])
            })
        };
        let sound = |node: &u32| problem.children(*node).iter().all(|&c| rank(c) < rank(class));
        let best = problem.nodes_of(class).filter(sound).min_by_key(|&node| adds(node));
        let best = best.unwrap_or(trees.choice[class as usize]);
        choice[class as usize] = best;
        for &child in problem.children(best) {
            if !std::mem::replace(&mut needed[child as usize], true) {
                heap.push((rank(child), child));
            }
        }
    }
    choice
}
