//! An extraction problem without an e-graph: classes, the priced nodes of each, and roots.
//!
//! A solution takes a node for each class that is needed: the roots are needed, and the classes
//! of the children of taken nodes. It must be acyclic, and costs the price of its nodes, each
//! once.

use std::ops::Range;

/// A price in thousandths of an addition: a whole number, so that totals are exact.
pub type Price = u64;

/// For each class its node, or [`NONE`] where none is known.
pub type Choice = Vec<u32>;

/// No node, or no class.
pub const NONE: u32 = u32::MAX;

/// Classes and nodes, both numbered from zero; the nodes of a class are neighbours.
#[derive(Clone, Default, Debug)]
pub struct Problem {
    roots: Vec<u32>,
    first_node: Vec<u32>,
    class: Vec<u32>,
    price: Vec<Price>,
    first_child: Vec<u32>,
    children: Vec<u32>,
}

impl Problem {
    /// A problem without classes, to which [`Problem::push`] adds.
    pub fn new() -> Problem {
        Problem { first_node: vec![0], first_child: vec![0], ..Problem::default() }
    }

    /// Adds the next class with its nodes: price and classes of the children of each. Children
    /// may be classes that are added later.
    pub fn push(&mut self, nodes: impl IntoIterator<Item = (Price, Vec<u32>)>) -> u32 {
        let class = self.classes() as u32;
        for (price, mut children) in nodes {
            children.sort_unstable();
            children.dedup();
            self.class.push(class);
            self.price.push(price);
            self.children.extend(children);
            self.first_child.push(self.children.len() as u32);
        }
        self.first_node.push(self.price.len() as u32);
        class
    }

    /// Says what is wanted.
    pub fn set_roots(&mut self, mut roots: Vec<u32>) {
        roots.sort_unstable();
        roots.dedup();
        self.roots = roots;
    }

    /// The classes that are wanted, each once, in order.
    pub fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.first_node.len() - 1
    }

    /// The number of nodes.
    pub fn nodes(&self) -> usize {
        self.price.len()
    }

    /// The nodes of a class.
    pub fn nodes_of(&self, class: u32) -> Range<u32> {
        self.first_node[class as usize]..self.first_node[class as usize + 1]
    }

    /// The class of a node.
    pub fn class_of(&self, node: u32) -> u32 {
        self.class[node as usize]
    }

    /// The price of a node alone.
    pub fn price(&self, node: u32) -> Price {
        self.price[node as usize]
    }

    /// The classes that a node needs, each once, in order.
    pub fn children(&self, node: u32) -> &[u32] {
        let range = self.first_child[node as usize]..self.first_child[node as usize + 1];
        &self.children[range.start as usize..range.end as usize]
    }

    /// For each class the nodes that need it, each list in order.
    pub fn users(&self) -> Vec<Vec<u32>> {
        let mut users = vec![Vec::new(); self.classes()];
        for node in 0..self.nodes() as u32 {
            for &child in self.children(node) {
                users[child as usize].push(node);
            }
        }
        users
    }

    /// The classes that a choice needs, children before their users; `None` when it is cyclic or
    /// a node is missing.
    pub fn order(&self, choice: &[u32]) -> Option<Vec<u32>> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let mut state = vec![State::New; self.classes()];
        let mut order = Vec::new();
        let mut stack: Vec<(u32, usize)> = Vec::new();
        for &root in &self.roots {
            if state[root as usize] == State::New {
                state[root as usize] = State::Open;
                stack.push((root, 0));
            }
            while let Some((class, next)) = stack.pop() {
                let node = choice[class as usize];
                if node == NONE {
                    return None;
                }
                let Some(&child) = self.children(node).get(next) else {
                    state[class as usize] = State::Done;
                    order.push(class);
                    continue;
                };
                stack.push((class, next + 1));
                match state[child as usize] {
                    State::Done => {}
                    State::Open => return None,
                    State::New => {
                        state[child as usize] = State::Open;
                        stack.push((child, 0));
                    }
                }
            }
        }
        Some(order)
    }

    /// The cost of a choice; `None` when it is no solution.
    pub fn cost(&self, choice: &[u32]) -> Option<Price> {
        let order = self.order(choice)?;
        Some(order.iter().map(|&class| self.price(choice[class as usize])).sum())
    }

    /// The cost of a choice if everything is paid at each occurrence; `None` when it is no
    /// solution.
    pub fn tree_cost(&self, choice: &[u32]) -> Option<Price> {
        let mut tree: Vec<Price> = vec![0; self.classes()];
        for class in self.order(choice)? {
            let node = choice[class as usize];
            tree[class as usize] = self
                .children(node)
                .iter()
                .fold(self.price(node), |sum, &c| sum.saturating_add(tree[c as usize]));
        }
        Some(self.roots.iter().map(|&root| tree[root as usize]).fold(0, Price::saturating_add))
    }
}
