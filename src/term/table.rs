//! Where nodes are found again: a hash table of handles, so that equal nodes are stored once.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::graph::{Node, Term};
use super::number::Number;
use super::op::Op;

/// A node to look up; its parts are copied only when it is new.
pub(super) enum Key<'a> {
    /// [`Node::Sum`].
    Sum(&'a Number, &'a [(Number, Term)]),
    /// [`Node::Product`].
    Product(&'a [(Term, Number)]),
    /// [`Node::Call`].
    Call(Op, &'a [Term]),
    /// Any other node.
    Other(Node),
}

impl Key<'_> {
    /// Equal nodes have equal hashes, whichever way they are given.
    fn hash(&self) -> u32 {
        let mut state = FxHasher::default();
        match self {
            Key::Sum(constant, terms) => {
                state.write_usize(terms.len());
                constant.hash(&mut state);
                for (c, t) in *terms {
                    c.hash(&mut state);
                    state.write_u32(t.0);
                }
            }
            Key::Product(factors) => {
                state.write_usize(!factors.len());
                for (t, e) in *factors {
                    state.write_u32(t.0);
                    e.hash(&mut state);
                }
            }
            Key::Call(op, args) => {
                state.write_u64(1 << 63 | *op as u64);
                args.iter().for_each(|t| state.write_u32(t.0));
            }
            Key::Other(node) => node.hash(&mut state),
        }
        let hash = state.finish();
        (hash ^ hash >> 32) as u32
    }

    fn is(&self, node: &Node) -> bool {
        match (self, node) {
            (Key::Sum(constant, terms), Node::Sum { constant: k, terms: t }) => {
                *constant == k && *terms == &**t
            }
            (Key::Product(factors), Node::Product(f)) => *factors == &**f,
            (Key::Call(op, args), Node::Call(o, a)) => op == o && *args == &**a,
            (Key::Other(key), node) => key == node,
            _ => false,
        }
    }

    /// The node itself.
    pub(super) fn into_node(self) -> Node {
        match self {
            Key::Sum(constant, terms) => {
                Node::Sum { constant: constant.clone(), terms: terms.into() }
            }
            Key::Product(factors) => Node::Product(factors.into()),
            Key::Call(op, args) => Node::Call(op, args.into()),
            Key::Other(node) => node,
        }
    }
}

/// A handle with the hash of its node, so that neither growth nor most misses look at nodes.
#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    term: u32,
}

/// The handles of all nodes, by their hashes.
#[derive(Clone, Default)]
pub(super) struct Table(HashTable<Entry>);

/// A hash of 64 bits, of which the table reads both ends, from one of 32.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Table {
    /// The handle of an equal node; or else the hash under which [`Table::insert`] takes it in.
    pub(super) fn find(&self, key: &Key<'_>, nodes: &[Node]) -> Result<Term, u32> {
        let hash = key.hash();
        let same = |e: &Entry| e.hash == hash && key.is(&nodes[e.term as usize]);
        self.0.find(spread(hash), same).map(|e| Term(e.term)).ok_or(hash)
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.0.reserve(more, |e| spread(e.hash));
    }

    /// Takes in a handle whose node is not there yet.
    pub(super) fn insert(&mut self, hash: u32, term: Term) {
        self.0.insert_unique(spread(hash), Entry { hash, term: term.0 }, |e| spread(e.hash));
    }
}
