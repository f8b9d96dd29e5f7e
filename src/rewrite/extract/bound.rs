//! A lower bound on the cost of all solutions, from disjoint landmarks.
//!
//! A landmark is a set of nodes of which every solution takes one, so that every solution pays at
//! least the least of their prices. The LM-cut method of Helmert and Domshlak (2009) for planning
//! without deletes, which is this problem in other words, finds one landmark after the other and
//! takes its price off its nodes, until the rest may cost nothing: what was taken off, together,
//! is the bound. What is left of a node's price is what a solution with that node costs more at
//! least.
//!
//! A landmark is a cut. The value of a class is the least over its nodes of price and greatest
//! value of a child; each node is joined with that child alone, its support, and in this graph the
//! landmark separates all that needs nothing from what leads to the dearest root for nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::problem::{NONE, Price, Problem};

/// A bound and what is left of the prices.
pub struct Bound {
    /// No solution costs less.
    pub value: Price,
    /// What is left of the price of each node.
    pub left: Vec<Price>,
    /// Classes and nodes looked at.
    pub work: u64,
}

/// The bound of a problem that has a solution; a lesser one when it is as large as `enough` or took
/// as much `work`.
pub fn bound(problem: &Problem, enough: Price, work: u64) -> Bound {
    let users = problem.users();
    let mut cuts = Cuts {
        problem,
        left: (0..problem.nodes() as u32).map(|node| problem.price(node)).collect(),
        value: vec![Price::MAX; problem.classes()],
        support: vec![NONE; problem.nodes()],
        zone: vec![Zone::Outside; problem.classes()],
        heap: BinaryHeap::new(),
        users,
        work: 0,
    };
    cuts.begin();
    let mut total = 0;
    while total < enough && cuts.work < work {
        match cuts.next() {
            0 => break,
            price => total += price,
        }
    }
    Bound { value: total, left: cuts.left, work: cuts.work }
}

#[derive(Clone, Copy, PartialEq)]
enum Zone {
    /// Not reached.
    Outside,
    /// Reached from what needs nothing, before the goal.
    Before,
    /// Leads to the dearest root for nothing.
    Goal,
}

struct Cuts<'p> {
    problem: &'p Problem,
    users: Vec<Vec<u32>>,
    left: Vec<Price>,
    /// The value of each class.
    value: Vec<Price>,
    /// The child of greatest value of each node; [`NONE`] where there are no children.
    support: Vec<u32>,
    zone: Vec<Zone>,
    /// Classes whose value is to be lowered.
    heap: BinaryHeap<Reverse<(Price, u32)>>,
    work: u64,
}

impl Cuts<'_> {
    /// Finds a landmark and takes its price off its nodes; 0 when none is left.
    fn next(&mut self) -> Price {
        let roots = self.problem.roots();
        let dearest = roots.iter().max_by_key(|&&r| (self.value[r as usize], Reverse(r)));
        let Some(&goal) = dearest.filter(|&&r| self.value[r as usize] > 0) else { return 0 };
        self.work += (self.problem.classes() + self.problem.nodes()) as u64 / 8;
        self.zone.fill(Zone::Outside);
        self.zone[goal as usize] = Zone::Goal;
        let (mut stack, mut border) = (vec![goal], Vec::new());
        while let Some(class) = stack.pop() {
            for node in self.problem.nodes_of(class) {
                let support = self.support[node as usize];
                if self.left[node as usize] > 0 {
                    border.push(node);
                } else if support != NONE && self.zone[support as usize] != Zone::Goal {
                    self.zone[support as usize] = Zone::Goal;
                    stack.push(support);
                }
            }
        }
        self.reach();
        border.retain(|&node| {
            let support = self.support[node as usize];
            support == NONE || self.zone[support as usize] == Zone::Before
        });
        let price = border.iter().map(|&node| self.left[node as usize]).min().unwrap_or(0);
        for node in border {
            self.left[node as usize] -= price;
            self.lowered(node);
        }
        self.spread();
        price
    }

    /// Finds what can be reached without entering the goal.
    fn reach(&mut self) {
        let mut stack: Vec<u32> = Vec::new();
        for node in 0..self.problem.nodes() as u32 {
            let class = self.problem.class_of(node);
            if self.support[node as usize] == NONE && self.zone[class as usize] == Zone::Outside {
                self.zone[class as usize] = Zone::Before;
                stack.push(class);
            }
        }
        while let Some(class) = stack.pop() {
            self.work += self.users[class as usize].len() as u64;
            for &user in &self.users[class as usize] {
                let owner = self.problem.class_of(user);
                if self.support[user as usize] == class
                    && self.zone[owner as usize] == Zone::Outside
                {
                    self.zone[owner as usize] = Zone::Before;
                    stack.push(owner);
                }
            }
        }
    }

    /// The first values and supports.
    fn begin(&mut self) {
        let problem = self.problem;
        let mut waiting: Vec<u32> =
            (0..problem.nodes() as u32).map(|node| problem.children(node).len() as u32).collect();
        let mut heap: BinaryHeap<Reverse<(Price, u32)>> = BinaryHeap::new();
        for node in (0..problem.nodes() as u32).filter(|&node| waiting[node as usize] == 0) {
            heap.push(Reverse((self.left[node as usize], node)));
        }
        while let Some(Reverse((value, node))) = heap.pop() {
            let class = problem.class_of(node);
            if self.value[class as usize] != Price::MAX {
                continue;
            }
            self.value[class as usize] = value;
            self.work += 1 + self.users[class as usize].len() as u64;
            for &user in &self.users[class as usize] {
                waiting[user as usize] -= 1;
                if waiting[user as usize] == 0 {
                    // Classes come in order of their values: this child is the dearest.
                    heap.push(Reverse((value.saturating_add(self.left[user as usize]), user)));
                }
            }
        }
        for node in 0..problem.nodes() as u32 {
            self.support[node as usize] = self.dearest(node);
        }
    }

    /// The child of greatest value, of equals the one with most users: what it costs is then taken
    /// off for many at once.
    fn dearest(&self, node: u32) -> u32 {
        let key = |&child: &u32| (self.value[child as usize], self.users[child as usize].len());
        self.problem.children(node).iter().copied().max_by_key(key).unwrap_or(NONE)
    }

    /// Queues the class of a node that may have become cheaper.
    fn lowered(&mut self, node: u32) {
        let support = self.support[node as usize];
        let dearest = if support == NONE { 0 } else { self.value[support as usize] };
        let value = dearest.saturating_add(self.left[node as usize]);
        let class = self.problem.class_of(node);
        if value < self.value[class as usize] {
            self.heap.push(Reverse((value, class)));
        }
    }

    /// Lowers values until all are right again, the least first.
    fn spread(&mut self) {
        while let Some(Reverse((value, class))) = self.heap.pop() {
            if value >= self.value[class as usize] {
                continue;
            }
            self.value[class as usize] = value;
            self.work += 1 + self.users[class as usize].len() as u64;
            for at in 0..self.users[class as usize].len() {
                let user = self.users[class as usize][at];
                // Only the dearest child counts.
                if self.support[user as usize] == class {
                    self.support[user as usize] = self.dearest(user);
                    self.lowered(user);
                }
            }
        }
    }
}
