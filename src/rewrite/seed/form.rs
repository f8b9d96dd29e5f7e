//! Sums of products under construction: shared nodes over atoms, apart from any graph.

use rustc_hash::FxHashMap;

use crate::term::Op;

/// A node of a [`Form`].
pub type Id = u32;

/// A summand: whether it is subtracted, and what it is.
pub type Signed = (bool, Id);

/// One node.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// An atom of the system, by number.
    Atom(u32),
    /// A product of nodes, sorted; one that occurs twice is squared.
    Product(Box<[Id]>),
    /// A sum of nodes, sorted; the first is not subtracted.
    Sum(Box<[Signed]>),
}

/// A shared form of several equations.
#[derive(Clone, Default, Debug)]
pub struct Form {
    nodes: Vec<Node>,
    ids: FxHashMap<Node, Id>,
    /// The equations, in the order of the system; none for zero.
    pub roots: Vec<Option<Signed>>,
}

impl Form {
    /// The nodes; the arguments of a node may come after it.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    fn add(&mut self, node: Node) -> Id {
        let next = self.nodes.len() as Id;
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        self.nodes.push(node.clone());
        self.ids.insert(node, next);
        next
    }

    /// The node of an atom.
    pub fn atom(&mut self, atom: u32) -> Id {
        self.add(Node::Atom(atom))
    }

    /// A product; products inside are opened.
    pub fn product(&mut self, factors: &[Id]) -> Id {
        if let [only] = factors {
            return *only;
        }
        let mut flat = Vec::with_capacity(factors.len() + 2);
        for &f in factors {
            match &self.nodes[f as usize] {
                Node::Product(inner) => flat.extend_from_slice(inner),
                _ => flat.push(f),
            }
        }
        flat.sort_unstable();
        self.add(Node::Product(flat.into()))
    }

    /// A sum of distinct terms and its sign; `None` for the empty one.
    pub fn sum(&mut self, mut terms: Vec<Signed>) -> Option<Signed> {
        terms.sort_unstable_by_key(|t| t.1);
        let negative = terms.first()?.0;
        if let [only] = terms.as_slice() {
            return Some(*only);
        }
        terms.iter_mut().for_each(|t| t.0 ^= negative);
        Some((negative, self.add(Node::Sum(terms.into()))))
    }

    /// A new node for each of `made`, which are numbered from the first free one on, and new
    /// arguments for nodes that are there.
    pub fn replace(&mut self, changed: Vec<(Id, Node)>, made: Vec<Node>) {
        for (id, node) in changed {
            self.nodes[id as usize] = node;
        }
        self.nodes.extend(made);
        self.ids.clear();
    }

    /// The operations that the roots need.
    pub fn length(&self) -> usize {
        let (sums, products) = self.joins();
        sums + products
    }

    /// What the operations that the roots need take in a kernel; multiples by numbers are not seen.
    pub fn cycles(&self) -> f64 {
        let (sums, products) = self.joins();
        sums as f64 * Op::Add.row().cycles + products as f64 * Op::Mul.row().cycles
    }

    /// The additions and the multiplications that the roots need.
    fn joins(&self) -> (usize, usize) {
        let (mut sums, mut products) = (0, 0);
        for id in self.needed() {
            match &self.nodes[id as usize] {
                Node::Atom(_) => {}
                Node::Product(factors) => products += factors.len().saturating_sub(1),
                Node::Sum(terms) => sums += terms.len().saturating_sub(1),
            }
        }
        (sums, products)
    }

    /// The nodes that the roots need.
    pub fn needed(&self) -> Vec<Id> {
        let mut seen = vec![false; self.nodes.len()];
        let mut stack: Vec<Id> = self.roots.iter().flatten().map(|&(_, id)| id).collect();
        while let Some(id) = stack.pop() {
            if std::mem::replace(&mut seen[id as usize], true) {
                continue;
            }
            match &self.nodes[id as usize] {
                Node::Atom(_) => {}
                Node::Product(factors) => stack.extend_from_slice(factors),
                Node::Sum(terms) => stack.extend(terms.iter().map(|t| t.1)),
            }
        }
        (0..self.nodes.len() as Id).filter(|&id| seen[id as usize]).collect()
    }
}
