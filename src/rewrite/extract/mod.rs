//! Extraction: the choice of one node for each class that is cheapest under true shared cost.
//!
//! An e-graph becomes a [`Problem`] of classes and priced nodes (`load`, `share`), which is
//! pruned (`prune`). Several starts, the input, cheapest trees (`tree`) and a greedy choice that sees
//! sharing (`greedy`), are each improved by local search (`improve`), priced over all roots at
//! once by what changes (`state`); the best is kept. Since the input is one of the starts, the
//! result is never dearer. Then a search that ends with a proof (`exact`) looks for something
//! better as long as its work lasts; it tells how far the result can be from the optimum.
//!
//! Printed size counts a term at each occurrence: there the cheapest trees are the optimum.

mod bound;
mod build;
mod exact;
mod greedy;
mod improve;
mod load;
mod needs;
pub mod problem;
mod prune;
mod share;
mod state;
mod tree;

use egg::{Id, Language};
use rustc_hash::FxHashMap;

use super::cost::Measure;
use super::knowledge::Classes;
use super::language::Form;
use super::region::Region;
use crate::term::{Graph, Term};
use build::build;
use exact::optimum;
use load::{Loaded, Meaning, Part, load};
use problem::{Choice, NONE, Price, Problem};
use prune::prune;
use state::State;

/// How much work an extraction may do, in classes and nodes looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// Local search from each start.
    pub improve: u64,
    /// The search for the optimum and its proof; 0 for none.
    pub prove: u64,
}

impl Effort {
    /// For kernels of small systems: a millisecond or two at most.
    pub const KERNEL: Effort = Effort { improve: 100_000, prove: 200_000 };
    /// The best start, improved.
    pub const HEURISTIC: Effort = Effort { improve: 1_000_000, prove: 0 };
    /// Until the optimum is proven, for most e-graphs of a thousand classes.
    pub const EXACT: Effort = Effort { improve: 1_000_000, prove: 100_000_000 };
}

/// A solution of a [`Problem`] and how good it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Solution {
    /// The nodes taken.
    pub choice: Choice,
    /// What they cost.
    pub cost: Price,
    /// No solution costs less than this; 0 when nobody has looked.
    pub lower: Price,
}

impl Solution {
    /// Whether there is nothing cheaper.
    pub fn is_optimal(&self) -> bool {
        self.lower >= self.cost
    }
}

/// The best solution found from cheapest trees, greedy choices and the given one, which may lack
/// nodes that it does not need; `None` only when some root has no finite tree.
pub fn solve(problem: &Problem, given: Option<&[u32]>, effort: Effort) -> Option<Solution> {
    let whole = tree::trees(problem, &problem.users(), &|_| 1.0);
    if problem.roots().iter().any(|&root| whole.choice[root as usize] == NONE) {
        return None;
    }
    let pruned = prune(problem, &whole, given);
    let small = &pruned.problem;
    let users = small.users();
    let trees = tree::trees(small, &users, &|_| 1.0);
    let share = |class: u32| (users[class as usize].len().max(1) as f64).sqrt().recip();
    let shared = tree::trees(small, &users, &share);
    let completed = |mut choice: Choice| {
        let missing = choice.iter_mut().zip(&trees.choice).filter(|(node, _)| **node == NONE);
        missing.for_each(|(node, tree)| *node = *tree);
        choice
    };
    // The given one first: it stays where others are only as good.
    let starts = given.map(|choice| completed(pruned.inside(choice))).into_iter().chain([
        trees.choice.clone(),
        greedy::greedy(small, &trees),
        shared.choice.clone(),
        greedy::greedy(small, &shared),
    ]);
    let mut best: Option<(Price, Choice)> = None;
    for start in starts {
        let mut state = State::new(small, &users, start);
        improve::improve(&mut state, small, &users, &trees, effort.improve);
        if best.as_ref().is_none_or(|(least, _)| state.cost() < *least) {
            best = Some((state.cost(), state.into_choice()));
        }
    }
    let (mut cost, mut choice) = best?;
    let mut lower = 0;
    if effort.prove > 0 {
        let found = optimum(small, &choice, effort.prove);
        lower = found.lower;
        if let Some(better) = found.better {
            (cost, choice) = better;
        }
    }
    Some(Solution { choice: pruned.outside(&choice), cost, lower })
}

/// The classes below some roots, with their nodes priced.
pub struct Extractor {
    measure: Measure,
    loaded: Loaded,
    given: Choice,
    roots: Vec<Id>,
}

impl Extractor {
    /// Prepares the classes below the roots of a region; `graph` is the one that its leaves are
    /// terms of.
    pub fn new(graph: &Graph, region: &Region, measure: Measure) -> Extractor {
        let classes = &region.classes;
        let roots: Vec<Id> = region.roots.iter().map(|&id| classes.find(id)).collect();
        let loaded = load(graph, classes, &roots, measure);
        let mut terms: Vec<(Term, Id)> = region.ids.iter().map(|(&t, &id)| (t, id)).collect();
        // Arguments have smaller handles than the terms built from them.
        terms.sort_unstable();
        let given = given(&loaded, classes, terms.into_iter().map(|(_, id)| id));
        Extractor { measure, loaded, given, roots }
    }

    /// The problem of choosing a node for each class and for each part that lowering shares.
    pub fn problem(&self) -> &Problem {
        &self.loaded.problem
    }

    /// The choice of the nodes that the region was loaded with.
    pub fn given(&self) -> &Choice {
        &self.given
    }

    /// The best choice found; the input is one of the starts.
    ///
    /// `None` only when some root has no finite form at all.
    pub fn best(&self, effort: Effort) -> Option<Solution> {
        let problem = &self.loaded.problem;
        if self.measure.shares() {
            let given = problem.cost(&self.given).map(|_| &self.given[..]);
            return solve(problem, given, effort);
        }
        let trees = tree::trees(problem, &problem.users(), &|_| 1.0);
        let sum = |price: &dyn Fn(u32) -> Price| {
            problem.roots().iter().map(|&root| price(root)).fold(0, Price::saturating_add)
        };
        let lower = sum(&|root| trees.price[root as usize]);
        if lower == Price::MAX {
            return None;
        }
        // Of forms of equal length that of the input.
        let (choice, cost) = match problem.tree_cost(&self.given) {
            Some(cost) if cost <= lower => (self.given.clone(), cost),
            _ => (trees.choice, lower),
        };
        Some(Solution { choice, cost, lower })
    }

    /// The forms of the classes that a choice builds, arguments first; `None` when it is no
    /// solution or builds one class in two ways.
    pub fn forms(&self, choice: &[u32]) -> Option<Vec<(Id, &Form)>> {
        let mut forms = Vec::new();
        let mut at: FxHashMap<Id, &Form> = FxHashMap::default();
        for class in self.loaded.problem.order(choice)? {
            let meaning = &self.loaded.meanings[choice[class as usize] as usize];
            let (&id, form) = match (&self.loaded.parts[class as usize], meaning) {
                (Part::Class(id), Meaning::Form(form)) => (id, form),
                (Part::Scaled(_, id), Meaning::Quotient(form)) => (id, form),
                _ => continue,
            };
            match at.insert(id, form) {
                None => forms.push((id, form)),
                Some(other) if other == form => {}
                Some(_) => return None,
            }
        }
        Some(forms)
    }

    /// The terms of the roots as a choice builds them; `None` when it is no solution.
    ///
    /// Where sharing counts, sums and products keep the grouping that was chosen.
    pub fn terms(&self, graph: &mut Graph, choice: &[u32]) -> Option<Vec<Term>> {
        build(&self.loaded, graph, choice, &self.roots, self.measure.shares())
    }
}

/// The nodes that classes were loaded with, arguments first.
///
/// Where several terms were loaded into one class or have been merged, the first counts, which
/// keeps the choice acyclic.
fn given(loaded: &Loaded, classes: &Classes, terms: impl Iterator<Item = Id>) -> Choice {
    let Loaded { problem, meanings, plain, index, .. } = loaded;
    let mut choice = vec![NONE; problem.classes()];
    for term in terms {
        let form = classes.id_to_node(term).clone().map_children(|c| classes.find(c));
        let Some(&class) = index.get(&Part::Class(classes.find(term))) else { continue };
        let is_it =
            |&node: &u32| matches!(&meanings[node as usize], Meaning::Form(f) if *f == form);
        if choice[class as usize] == NONE
            && let Some(node) = problem.nodes_of(class).find(is_it)
        {
            choice[class as usize] = node;
        }
    }
    // The parts of these forms are computed as they stand.
    let mut stack = problem.roots().to_vec();
    let mut seen = vec![false; problem.classes()];
    while let Some(class) = stack.pop() {
        if std::mem::replace(&mut seen[class as usize], true) {
            continue;
        }
        if plain[class as usize] != NONE {
            choice[class as usize] = plain[class as usize];
        }
        if choice[class as usize] != NONE {
            stack.extend(problem.children(choice[class as usize]));
        }
    }
    choice
}
