//! The cheapest solution, with proof: branch, reduce and bound.
//!
//! A problem is pruned, and falls into parts that have nothing in common; each part is solved for
//! itself. The landmarks of a part say what a solution costs at least, and more with this node or
//! that, so that nodes which no better solution takes are left out. What is left is divided: a
//! class is not used at all, or it is needed. Either way the problem becomes smaller, until
//! pruning decides it. Cyclic choices never arise: what has no finite tree is pruned.
//!
//! Work is counted and limited; when it ends early, what is returned is still a lower bound. The
//! use of landmarks in a search follows Pommerening and Helmert (2012).

use super::bound::{Bound, bound};
use super::problem::{Choice, NONE, Price, Problem};
use super::prune::prune;
use super::tree::trees;

/// What is known of the cheapest solution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Optimum {
    /// A solution cheaper than the one given, and its cost, if one was found.
    pub better: Option<(Price, Choice)>,
    /// No solution costs less.
    pub lower: Price,
}

/// Looks for a solution cheaper than the given one, with so much work.
///
/// # Panics
/// When what is given is no solution.
pub fn optimum(problem: &Problem, given: &[u32], work: u64) -> Optimum {
    let cost = problem.cost(given).expect("a solution to begin with");
    let mut search = Search { work, quantum: quantum(problem) };
    let found = search.solve(problem, Some(given), cost);
    Optimum { lower: found.lower.min(cost), ..found }
}

/// Where there is no solution.
const NEVER: Price = Price::MAX / 4;

/// The greatest number of which all prices are multiples.
fn quantum(problem: &Problem) -> Price {
    fn divisor(a: Price, b: Price) -> Price {
        if b == 0 { a } else { divisor(b, a % b) }
    }
    (0..problem.nodes() as u32).fold(0, |q, node| divisor(q, problem.price(node))).max(1)
}

struct Search {
    /// Work that is left.
    work: u64,
    quantum: Price,
}

impl Search {
    /// Looks for solutions cheaper than `limit`; a solution that is known may cost as much.
    fn solve(&mut self, problem: &Problem, given: Option<&[u32]>, limit: Price) -> Optimum {
        if self.work == 0 {
            return Optimum { better: None, lower: 0 };
        }
        let trees = trees(problem, &problem.users(), &|_| 1.0);
        if problem.roots().iter().any(|&r| trees.choice[r as usize] == NONE) {
            return Optimum { better: None, lower: NEVER };
        }
        self.spend(8 * problem.nodes() as u64);
        let pruned = prune(problem, &trees, given);
        let given = given.map(|choice| pruned.inside(choice));
        let (small, mut choice) = (&pruned.problem, vec![NONE; pruned.problem.classes()]);
        let (decided, parts) = parts(small, &mut choice);
        // Each part is bounded first, so that all know what the others cost at least.
        let mut bounded: Vec<(Part, Bound)> = Vec::with_capacity(parts.len());
        let mut total = decided;
        for part in parts {
            let found = bound(&part.problem, limit.saturating_sub(total), self.work);
            self.spend(found.work);
            total = total.saturating_add(found.value);
            bounded.push((part, found));
        }
        let mut complete = true;
        for (part, found) in bounded {
            if total >= limit {
                return Optimum { better: None, lower: total };
            }
            let others = total - found.value;
            let given = given.as_ref().and_then(|choice| part.inside(choice));
            let found = self.part(&part.problem, given, limit - others, found);
            total = others + found.lower;
            match found.better {
                Some((_, best)) => part.outside(&best, &mut choice),
                None => complete = false,
            }
        }
        let choice = complete.then(|| pruned.outside(&choice));
        let cost = choice.as_ref().and_then(|choice| problem.cost(choice));
        let better = cost.filter(|&cost| cost < limit).zip(choice);
        Optimum { better, lower: total }
    }

    /// Solves a problem that does not fall apart; its best solution, also if it was given, as long
    /// as it is cheaper than the limit.
    fn part(
        &mut self,
        problem: &Problem,
        given: Option<Choice>,
        limit: Price,
        found: Bound,
    ) -> Optimum {
        let candidates = [given, Some(trees(problem, &problem.users(), &|_| 1.0).choice)];
        let candidates = candidates.into_iter().flatten();
        let mut best = candidates
            .filter_map(|choice| Some((problem.cost(&choice)?, choice)))
            .filter(|(cost, _)| *cost < limit)
            .min_by_key(|(cost, _)| *cost);
        let mut target = best.as_ref().map_or(limit, |(cost, _)| *cost);
        let lower = found.value;
        if lower >= target || self.work == 0 {
            return Optimum { better: best, lower };
        }
        // What no better solution takes is left out.
        let keep: Vec<bool> = (0..problem.nodes() as u32)
            .map(|node| lower + found.left[node as usize] + self.quantum <= target)
            .collect();
        let left_out = keep.iter().filter(|keep| !**keep).count();
        let sides = match left_out * 10 > problem.nodes() {
            true => vec![Side::All],
            false => branch(problem),
        };
        let mut least = NEVER;
        for side in sides {
            let (smaller, nodes) = restricted(problem, &keep, side);
            let found = self.solve(&smaller, None, target);
            least = least.min(found.lower);
            if let Some((cost, choice)) = found.better {
                let back = |&node: &u32| if node == NONE { NONE } else { nodes[node as usize] };
                best = Some((cost, choice.iter().map(back).collect()));
                target = cost;
            }
        }
        Optimum { better: best, lower: lower.max(least.min(target)) }
    }

    fn spend(&mut self, work: u64) {
        self.work = self.work.saturating_sub(work);
    }
}

/// What is demanded of a smaller problem.
#[derive(Clone, Copy)]
enum Side {
    /// Nothing.
    All,
    /// This class is needed.
    Needed(u32),
    /// This class is not used.
    Unused(u32),
    /// This node of its class is taken.
    Taken(u32),
    /// This node is not taken.
    Refused(u32),
}

/// Divides a problem: by a class that is worth much to many, as long as not all are needed.
fn branch(problem: &Problem) -> Vec<Side> {
    let mut needed = vec![false; problem.classes()];
    problem.roots().iter().for_each(|&root| needed[root as usize] = true);
    let mut users = vec![0; problem.classes()];
    for node in 0..problem.nodes() as u32 {
        problem.children(node).iter().for_each(|&child| users[child as usize] += 1);
    }
    let worth = |class: u32| {
        let least = problem.nodes_of(class).map(|node| problem.price(node)).min().unwrap_or(0);
        (1 + least) * users[class as usize]
    };
    let open = (0..problem.classes() as u32).filter(|&class| !needed[class as usize]);
    if let Some(class) = open.min_by_key(|&class| (std::cmp::Reverse(worth(class)), class)) {
        return vec![Side::Unused(class), Side::Needed(class)];
    }
    // All classes are needed and all children are free, but where nodes could close a cycle.
    let several = (0..problem.classes() as u32).find(|&class| problem.nodes_of(class).len() > 1);
    several.map_or(Vec::new(), |class| {
        let node = problem.nodes_of(class).start;
        vec![Side::Taken(node), Side::Refused(node)]
    })
}

/// The problem without some nodes and with a demand; for each of its nodes the one it was.
fn restricted(problem: &Problem, keep: &[bool], side: Side) -> (Problem, Vec<u32>) {
    let fits = |class: u32, node: u32| match side {
        Side::All | Side::Needed(_) => true,
        Side::Unused(unused) => class != unused,
        Side::Taken(taken) => node == taken || class != problem.class_of(taken),
        Side::Refused(refused) => node != refused,
    };
    let (mut smaller, mut nodes) = (Problem::new(), Vec::new());
    for class in 0..problem.classes() as u32 {
        let kept = problem.nodes_of(class).filter(|&n| keep[n as usize] && fits(class, n));
        smaller.push(kept.map(|node| {
            nodes.push(node);
            (problem.price(node), problem.children(node).to_vec())
        }));
    }
    let mut roots = problem.roots().to_vec();
    if let Side::Needed(class) = side {
        roots.push(class);
    }
    smaller.set_roots(roots);
    (smaller, nodes)
}

/// Some classes of a problem as a problem of their own.
struct Part {
    problem: Problem,
    /// For each class the one it was.
    classes: Vec<u32>,
    /// The first node of each class in the whole.
    first: Vec<u32>,
}

impl Part {
    /// A choice of the whole for the part, if it has one.
    fn inside(&self, choice: &[u32]) -> Option<Choice> {
        let inside = |(k, &class): (usize, &u32)| match choice[class as usize] {
            NONE => NONE,
            node => node - self.first[k] + self.problem.nodes_of(k as u32).start,
        };
        let choice: Choice = self.classes.iter().enumerate().map(inside).collect();
        self.problem.roots().iter().all(|&r| choice[r as usize] != NONE).then_some(choice)
    }

    /// Writes a choice of the part into one of the whole.
    fn outside(&self, choice: &[u32], whole: &mut Choice) {
        for (k, &node) in choice.iter().enumerate().filter(|(_, node)| **node != NONE) {
            let start = self.problem.nodes_of(k as u32).start;
            whole[self.classes[k] as usize] = node - start + self.first[k];
        }
    }
}

/// The parts of a problem that have nothing in common, small ones first. What is decided already,
/// a class alone with a single node, is written into the choice; its cost is returned.
fn parts(problem: &Problem, choice: &mut Choice) -> (Price, Vec<Part>) {
    let classes = problem.classes() as u32;
    // Union and find, with the least class for its group.
    let mut group: Vec<u32> = (0..classes).collect();
    fn find(group: &mut [u32], mut class: u32) -> u32 {
        while group[class as usize] != class {
            group[class as usize] = group[group[class as usize] as usize];
            class = group[class as usize];
        }
        class
    }
    for class in 0..classes {
        for node in problem.nodes_of(class) {
            for &child in problem.children(node) {
                let (a, b) = (find(&mut group, class), find(&mut group, child));
                group[a.max(b) as usize] = a.min(b);
            }
        }
    }
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); classes as usize];
    let mut number = vec![0; classes as usize];
    for class in 0..classes {
        let list = &mut members[find(&mut group, class) as usize];
        number[class as usize] = list.len() as u32;
        list.push(class);
    }
    let is_root = |class: u32| problem.roots().binary_search(&class).is_ok();
    let (mut decided, mut parts) = (0, Vec::new());
    for classes in members.into_iter().filter(|list| !list.is_empty()) {
        if let [class] = classes[..]
            && problem.nodes_of(class).len() == 1
        {
            choice[class as usize] = problem.nodes_of(class).start;
            decided += problem.price(choice[class as usize]);
            continue;
        }
        let mut part = Problem::new();
        for &class in &classes {
            part.push(problem.nodes_of(class).map(|node| {
                let children = problem.children(node).iter().map(|&c| number[c as usize]);
                (problem.price(node), children.collect())
            }));
        }
        let roots = classes.iter().filter(|&&class| is_root(class));
        part.set_roots(roots.map(|&class| number[class as usize]).collect());
        let first = classes.iter().map(|&class| problem.nodes_of(class).start).collect();
        parts.push(Part { problem: part, classes, first });
    }
    parts.sort_by_key(|part| (part.problem.nodes(), part.classes[0]));
    (decided, parts)
}
