//! A smaller problem with the same optimum.
//!
//! What is taken away: classes without a finite tree and classes that no root reaches; nodes that
//! need their own class; nodes for which another node of the class needs no more and costs no
//! more; classes that cost nothing; and classes with a single node, which is merged into the
//! nodes that need it where it is paid once or costs nothing. A class that every node of a root
//! needs becomes a root, and being there anyway, costs nobody else anything.

use super::needs::{Needs, Set};
use super::problem::{Choice, NONE, Price, Problem};
use super::tree::Trees;

/// A smaller problem, and the way back.
pub struct Pruned {
    /// The smaller problem.
    pub problem: Problem,
    /// For each of its classes the class of the larger problem.
    classes: Vec<u32>,
    /// For each of its nodes the node of the larger problem.
    nodes: Vec<u32>,
    /// For each class of the larger problem its only node, once that is clear.
    settled: Vec<u32>,
    /// For each node of the larger problem the node that is taken instead, itself if it is left.
    instead: Vec<u32>,
}

#[derive(Clone)]
struct Node {
    price: Price,
    children: Vec<u32>,
    origin: u32,
}

/// The most nodes of a class that each node is compared with.
const COMPARED: usize = 24;
/// The most children of a free node that is merged into several users.
const SPREAD: usize = 6;
/// The most passes over the problem; each is linear.
const PASSES: usize = 8;

/// Prunes a problem whose cheapest trees are known; of nodes that are equally good those of the
/// given choice are left.
pub fn prune(whole: &Problem, trees: &Trees, given: Option<&[u32]>) -> Pruned {
    let mut work = Work::new(whole, trees, given);
    // What is needed stays needed when nodes are taken away.
    let cyclic = work.order.iter().any(|&c| !work.alone[work.component[c as usize] as usize]);
    let needs = Needs::new(whole.classes(), &work.order, cyclic, |class| {
        work.nodes[class as usize].iter().map(|n| &n.children[..])
    });
    for _ in 0..PASSES {
        if !work.pass(&needs) {
            break;
        }
    }
    work.finish(whole)
}

struct Work<'t> {
    trees: &'t Trees,
    given: Option<&'t [u32]>,
    /// The strongly connected component of each class: only inside of one can there be cycles.
    component: Vec<u32>,
    /// Whether a component is one class.
    alone: Vec<bool>,
    /// Where each class stands in an order with children first.
    position: Vec<u32>,
    nodes: Vec<Vec<Node>>,
    /// The classes that may be needed, children first.
    order: Vec<u32>,
    /// Whether each class is among these.
    left: Vec<bool>,
    roots: Vec<u32>,
    settled: Vec<u32>,
    instead: Vec<u32>,
}

impl<'t> Work<'t> {
    fn new(whole: &Problem, trees: &'t Trees, given: Option<&'t [u32]>) -> Work<'t> {
        let finite = |node: u32| {
            let class = whole.class_of(node);
            whole.children(node).iter().all(|&k| trees.rank[k as usize] != NONE && k != class)
        };
        let nodes = (0..whole.classes() as u32)
            .map(|class| {
                let nodes = whole.nodes_of(class).filter(|&node| finite(node));
                nodes
                    .map(|node| Node {
                        price: whole.price(node),
                        children: whole.children(node).to_vec(),
                        origin: node,
                    })
                    .collect()
            })
            .collect();
        let (component, order) = components(whole);
        let mut position = vec![0; whole.classes()];
        order.iter().zip(0..).for_each(|(&class, at)| position[class as usize] = at);
        let mut members = vec![0_u32; whole.classes()];
        component.iter().for_each(|&c| members[c as usize] += 1);
        let mut work = Work {
            trees,
            given,
            component,
            alone: members.iter().map(|&n| n == 1).collect(),
            position,
            nodes,
            order: Vec::new(),
            left: vec![false; whole.classes()],
            roots: whole.roots().to_vec(),
            settled: vec![NONE; whole.classes()],
            instead: (0..whole.nodes() as u32).collect(),
        };
        work.reach();
        work
    }

    /// Finds the classes that are needed by some choice.
    fn reach(&mut self) {
        let seen = &mut self.left;
        seen.fill(false);
        let mut stack = self.roots.clone();
        self.roots.iter().for_each(|&r| seen[r as usize] = true);
        self.order.clear();
        while let Some(class) = stack.pop() {
            self.order.push(class);
            for &child in self.nodes[class as usize].iter().flat_map(|n| &n.children) {
                if !std::mem::replace(&mut seen[child as usize], true) {
                    stack.push(child);
                }
            }
        }
        self.order.sort_unstable_by_key(|&class| self.position[class as usize]);
    }

    /// One pass from the leaves to the roots; whether anything has changed.
    fn pass(&mut self, needs: &Needs) -> bool {
        let mut changed = false;
        let is_root = self.needed(needs);
        // The only class that needs each class, itself where there are several.
        let mut user = vec![NONE; self.nodes.len()];
        for &class in &self.order {
            for &child in self.nodes[class as usize].iter().flat_map(|n| &n.children) {
                let user = &mut user[child as usize];
                *user = if *user == NONE || *user == class { class } else { child };
            }
        }
        for &root in &self.roots {
            user[root as usize] = root;
        }
        for position in 0..self.order.len() {
            let class = self.order[position];
            let mut nodes = std::mem::take(&mut self.nodes[class as usize]);
            for node in &mut nodes {
                changed |= self.merge(node, class, &user);
                let before = node.children.len();
                node.children.retain(|&child| {
                    let cyclic = self.component[child as usize] == self.component[class as usize];
                    cyclic || !is_root[child as usize]
                });
                changed |= node.children.len() != before;
            }
            let before = nodes.len();
            nodes.retain(|node| node.children.binary_search(&class).is_err());
            self.dominate(class, &mut nodes, needs);
            // What costs nothing is taken, whatever else there is.
            if let Some(free) = nodes.iter().position(|n| n.price == 0 && n.children.is_empty()) {
                nodes.swap(0, free);
                let first = nodes[0].origin;
                nodes.drain(1..).for_each(|n| self.instead[n.origin as usize] = first);
            }
            changed |= nodes.len() != before;
            if let [only] = &nodes[..] {
                self.settled[class as usize] = only.origin;
            }
            self.nodes[class as usize] = nodes;
        }
        if changed {
            self.reach();
        }
        changed
    }

    /// Makes roots of the classes that all nodes of a root need; which classes are roots.
    fn needed(&mut self, needs: &Needs) -> Vec<bool> {
        let mut is_root = vec![false; self.nodes.len()];
        self.roots.iter().for_each(|&r| is_root[r as usize] = true);
        let mut at = 0;
        while let Some(&root) = self.roots.get(at) {
            at += 1;
            needs.each(root, |class| {
                // What has been merged into others is paid there.
                let left = self.left[class as usize];
                if left && !std::mem::replace(&mut is_root[class as usize], true) {
                    self.roots.push(class);
                }
            });
            let Some((first, others)) = self.nodes[root as usize].split_first() else { continue };
            for &child in &first.children {
                let everywhere = others.iter().all(|n| n.children.binary_search(&child).is_ok());
                if everywhere && !std::mem::replace(&mut is_root[child as usize], true) {
                    self.roots.push(child);
                }
            }
        }
        is_root
    }

    /// Replaces children that have a single node by what that node needs, where its price is paid
    /// once or is nothing.
    fn merge(&self, node: &mut Node, class: u32, user: &[u32]) -> bool {
        let single = |child: u32| match &self.nodes[child as usize][..] {
            [only] => {
                let once = user[child as usize] == class;
                let free = only.price == 0 && only.children.len() <= SPREAD;
                (once || free).then_some(only)
            }
            _ => None,
        };
        if node.children.iter().all(|&child| single(child).is_none()) {
            return false;
        }
        let mut children = Vec::with_capacity(node.children.len());
        for &child in &node.children {
            match single(child) {
                Some(only) => {
                    node.price += only.price;
                    children.extend(&only.children);
                }
                None => children.push(child),
            }
        }
        children.sort_unstable();
        children.dedup();
        node.children = children;
        true
    }

    /// Drops nodes that another one is never worse than, even if what it needs besides is built
    /// for it alone; that may not close a cycle.
    fn dominate(&mut self, class: u32, nodes: &mut Vec<Node>, needs: &Needs) {
        if nodes.len() < 2 {
            return;
        }
        let is_other = |n: &Node| self.given.is_none_or(|g| g[class as usize] != n.origin);
        nodes.sort_by_key(|n| (n.price, n.children.len(), is_other(n), n.origin));
        let alone = self.alone[self.component[class as usize] as usize];
        let mut kept: Vec<Node> = Vec::with_capacity(nodes.len());
        let mut closure = Set::new();
        for node in nodes.drain(..) {
            needs.closure(&node.children, &mut closure);
            let better = kept.iter().take(COMPARED).find(|other| {
                let missing = other
                    .children
                    .iter()
                    .filter(|&&child| !needs.covers(&node.children, &closure, child));
                let price = missing.fold(other.price, |sum, &child| {
                    let tree = if alone { self.trees.price[child as usize] } else { Price::MAX };
                    sum.saturating_add(tree)
                });
                // What was given is not replaced by what is only as good.
                price < node.price + Price::from(is_other(&node))
            });
            match better {
                Some(better) => self.instead[node.origin as usize] = better.origin,
                None => kept.push(node),
            }
        }
        kept.sort_by_key(|n| n.origin);
        *nodes = kept;
    }

    fn finish(mut self, whole: &Problem) -> Pruned {
        let mut number = vec![NONE; whole.classes()];
        self.order.sort_unstable();
        for (k, &class) in self.order.iter().enumerate() {
            number[class as usize] = k as u32;
        }
        let mut problem = Problem::new();
        let mut origins = Vec::new();
        for &class in &self.order {
            let nodes = &self.nodes[class as usize];
            problem.push(nodes.iter().map(|node| {
                origins.push(node.origin);
                (node.price, node.children.iter().map(|&c| number[c as usize]).collect())
            }));
        }
        problem.set_roots(self.roots.iter().map(|&r| number[r as usize]).collect());
        Pruned {
            problem,
            classes: self.order,
            nodes: origins,
            settled: self.settled,
            instead: self.instead,
        }
    }
}

/// The strongly connected component of each class, and all classes in an order in which children
/// come first but where there are cycles, by Tarjan's algorithm (1972).
fn components(problem: &Problem) -> (Vec<u32>, Vec<u32>) {
    let classes = problem.classes();
    let below: Vec<Vec<u32>> = (0..classes as u32)
        .map(|class| {
            let nodes = problem.nodes_of(class);
            let mut below: Vec<u32> =
                nodes.flat_map(|n| problem.children(n).iter().copied()).collect();
            below.sort_unstable();
            below.dedup();
            below
        })
        .collect();
    let (mut component, mut number, mut low) =
        (vec![NONE; classes], vec![NONE; classes], vec![0; classes]);
    let (mut open, mut stack, mut next): (Vec<u32>, Vec<(u32, usize)>, u32) = Default::default();
    let mut order = Vec::with_capacity(classes);
    for start in 0..classes as u32 {
        if number[start as usize] != NONE {
            continue;
        }
        stack.push((start, 0));
        while let Some((class, at)) = stack.pop() {
            let c = class as usize;
            if at == 0 {
                (number[c], low[c]) = (next, next);
                next += 1;
                open.push(class);
            } else {
                let child = below[c][at - 1] as usize;
                low[c] = low[c].min(low[child]);
            }
            let rest = (at..below[c].len()).find(|&k| {
                let child = below[c][k] as usize;
                if number[child] != NONE && component[child] == NONE {
                    low[c] = low[c].min(number[child]);
                }
                number[child] == NONE
            });
            if let Some(k) = rest {
                stack.push((class, k + 1));
                stack.push((below[c][k], 0));
            } else if low[c] == number[c] {
                while let Some(member) = open.pop() {
                    component[member as usize] = class;
                    order.push(member);
                    if member == class {
                        break;
                    }
                }
            }
        }
    }
    (component, order)
}

impl Pruned {
    /// A choice of the larger problem in the smaller one: its nodes, or those that dominate them;
    /// [`NONE`] where it has none.
    pub fn inside(&self, choice: &[u32]) -> Choice {
        let mut number = vec![NONE; self.instead.len()];
        for (k, &node) in self.nodes.iter().enumerate() {
            number[node as usize] = k as u32;
        }
        let inside = |class: &u32| {
            let mut node = choice[*class as usize];
            while node != NONE && self.instead[node as usize] != node {
                node = self.instead[node as usize];
            }
            if node == NONE { NONE } else { number[node as usize] }
        };
        self.classes.iter().map(inside).collect()
    }

    /// A choice of the smaller problem in the larger one, for all classes that it needs there.
    pub fn outside(&self, choice: &[u32]) -> Choice {
        let mut outside = self.settled.clone();
        for (&class, &node) in self.classes.iter().zip(choice) {
            if node != NONE {
                outside[class as usize] = self.nodes[node as usize];
            }
        }
        outside
    }
}
