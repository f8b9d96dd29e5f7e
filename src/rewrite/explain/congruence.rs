//! Congruence closure over terms that remembers why: each union is an edge between two terms, so
//! that the path between equal terms is a proof (Nieuwenhuis and Oliveras, 2005).

use rustc_hash::FxHashMap;

use crate::rewrite::language::Form;
use crate::rewrite::region::form_of;
use crate::term::{Graph, Term};

/// Why two terms are equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// An equation that was told, by its position; `true` from its left to its right.
    Told(usize, bool),
    /// Their arguments are equal, in the classes of that time, by their position in
    /// [`Closure::class_then`].
    Congruence(usize),
}

/// A node of the closure: the position of a term.
pub type At = usize;

/// Terms, which of them are equal, and why.
#[derive(Default)]
pub struct Closure {
    terms: Vec<Term>,
    index: FxHashMap<Term, At>,
    /// The class of each term, by union and find.
    parents: Vec<At>,
    /// Members of the class of each representative.
    members: Vec<Vec<At>>,
    /// The proof forest: where the next edge leads and why.
    edges: Vec<Option<(At, Why)>>,
    /// Terms that use a member of the class, by representative.
    users: Vec<Vec<At>>,
    /// Nodes over classes.
    table: FxHashMap<Form, At>,
    /// For each congruence, the classes of the arguments when it was found: later merges, which
    /// may follow from it, are no part of its proof.
    joints: Vec<FxHashMap<Term, At>>,
    pending: Vec<(At, At, usize)>,
}

impl Closure {
    /// How many terms there are.
    pub fn length(&self) -> usize {
        self.terms.len()
    }

    /// The term of a position.
    pub fn term(&self, at: At) -> Term {
        self.terms[at]
    }

    /// The position of a term that was added.
    pub fn position(&self, term: Term) -> Option<At> {
        self.index.get(&term).copied()
    }

    /// The representative of a class.
    pub fn find(&self, mut at: At) -> At {
        while self.parents[at] != at {
            at = self.parents[at];
        }
        at
    }

    /// Whether two terms are known to be equal.
    pub fn equal(&self, a: At, b: At) -> bool {
        self.find(a) == self.find(b)
    }

    /// The class that an argument was in when a congruence was found.
    pub fn class_then(&self, joint: usize, argument: Term) -> Option<At> {
        self.joints[joint].get(&argument).copied()
    }

    /// The terms equal to one, in order of their positions.
    pub fn members(&self, at: At) -> Vec<At> {
        let mut members = self.members[self.find(at)].clone();
        members.sort_unstable();
        members
    }

    /// Adds a term and everything below it.
    pub fn add(&mut self, graph: &Graph, root: Term) -> At {
        let mut stack = vec![root];
        while let Some(&term) = stack.last() {
            if self.index.contains_key(&term) {
                stack.pop();
                continue;
            }
            let waiting = stack.len();
            graph.each_argument(graph.node(term), |t| {
                if !self.index.contains_key(&t) {
                    stack.push(t);
                }
            });
            if stack.len() == waiting {
                stack.pop();
                self.push(graph, term);
            }
        }
        self.settle(graph);
        self.index[&root]
    }

    fn push(&mut self, graph: &Graph, term: Term) {
        let at = self.terms.len();
        self.terms.push(term);
        self.index.insert(term, at);
        self.parents.push(at);
        self.members.push(vec![at]);
        self.edges.push(None);
        self.users.push(Vec::new());
        graph.each_argument(graph.node(term), |t| {
            let class = self.find(self.index[&t]);
            self.users[class].push(at);
        });
        self.enter(graph, at);
    }

    /// Looks a term up by its node over classes; one that is there already is congruent.
    fn enter(&mut self, graph: &Graph, at: At) {
        let form = form_of(graph, self.terms[at], |t| egg::Id::from(self.find(self.index[&t])));
        match self.table.get(&form) {
            Some(&known) if known != at => {
                let mut classes: FxHashMap<Term, At> = FxHashMap::default();
                for node in [at, known] {
                    graph.each_argument(graph.node(self.terms[node]), |t| {
                        classes.insert(t, self.find(self.index[&t]));
                    });
                }
                self.joints.push(classes);
                self.pending.push((at, known, self.joints.len() - 1));
            }
            Some(_) => {}
            None => {
                self.table.insert(form, at);
            }
        }
    }

    /// Makes two terms equal.
    pub fn merge(&mut self, graph: &Graph, a: At, b: At, why: Why) {
        self.link(graph, a, b, why);
        self.settle(graph);
    }

    fn settle(&mut self, graph: &Graph) {
        while let Some((a, b, joint)) = self.pending.pop() {
            self.link(graph, a, b, Why::Congruence(joint));
        }
    }

    fn link(&mut self, graph: &Graph, a: At, b: At, why: Why) {
        let (mut from, mut to) = (self.find(a), self.find(b));
        if from == to {
            return;
        }
        // The smaller class joins the larger one; its tree of edges is turned to begin at `a`.
        let (a, b, why) = match self.members[from].len() > self.members[to].len() {
            true => {
                std::mem::swap(&mut from, &mut to);
                (b, a, why.reversed())
            }
            false => (a, b, why),
        };
        self.turn(a);
        self.edges[a] = Some((b, why));
        self.parents[from] = to;
        let joined = std::mem::take(&mut self.members[from]);
        self.members[to].extend(joined);
        let users = std::mem::take(&mut self.users[from]);
        for &user in &users {
            self.enter(graph, user);
        }
        self.users[to].extend(users);
    }

    /// Reverses the edges from a term to the end of its tree.
    fn turn(&mut self, at: At) {
        let (mut here, mut behind) = (at, None);
        while let Some((next, why)) = self.edges[here] {
            self.edges[here] = behind;
            behind = Some((here, why.reversed()));
            here = next;
        }
        self.edges[here] = behind;
    }

    /// The edges from one term to an equal one.
    pub fn path(&self, a: At, b: At) -> Vec<(At, At, Why)> {
        let upward = |mut at: At| {
            let mut path = Vec::new();
            while let Some((next, why)) = self.edges[at] {
                path.push((at, next, why));
                at = next;
            }
            path
        };
        let (mut up, mut down) = (upward(a), upward(b));
        while let (Some(x), Some(y)) = (up.last(), down.last()) {
            if (x.0, x.1) != (y.0, y.1) {
                break;
            }
            up.pop();
            down.pop();
        }
        let back = down.into_iter().rev().map(|(from, to, why)| (to, from, why.reversed()));
        up.into_iter().chain(back).collect()
    }
}

impl Why {
    /// The reason in the other direction.
    pub fn reversed(self) -> Why {
        match self {
            Why::Told(k, forward) => Why::Told(k, !forward),
            same => same,
        }
    }
}
