//! Walks over the graph without recursion: reachable terms, free names, substitution, size.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::function::Function;
use super::graph::{Graph, Node, Symbol, Term};
use super::number::Number;

/// All terms reachable from the roots, arguments before the terms that use them.
pub fn reachable(graph: &Graph, roots: &[Term]) -> Vec<Term> {
    closure(roots, |term, visit| graph.each_argument(graph.node(term), visit))
}

/// The roots and what is reached from them by `parts`, in the order of construction.
///
/// `parts` calls its second argument with terms that were built before the first one, such as
/// some of its arguments.
pub fn closure(roots: &[Term], parts: impl Fn(Term, &mut dyn FnMut(Term))) -> Vec<Term> {
    let mut marks = Marks::up_to(roots.iter().copied().max());
    let mut stack: Vec<Term> = roots.iter().copied().filter(|&t| marks.insert(t)).collect();
    while let Some(term) = stack.pop() {
        parts(term, &mut |t| {
            if marks.insert(t) {
                stack.push(t);
            }
        });
    }
    // Arguments have smaller handles than the terms built from them.
    marks.in_order()
}

/// A set of terms: by hash while they are few, by a bit for each handle when they are many.
struct Marks {
    range: usize,
    few: FxHashSet<Term>,
    many: Vec<u64>,
}

impl Marks {
    /// An empty set of terms that are not above `last`.
    fn up_to(last: Option<Term>) -> Marks {
        let range = last.map_or(0, |t| t.index() + 1);
        Marks { range, few: FxHashSet::default(), many: Vec::new() }
    }

    /// Adds a term; whether it is new.
    fn insert(&mut self, term: Term) -> bool {
        if self.many.is_empty() {
            let new = self.few.insert(term);
            if self.few.len() > self.range / 256 + 16 {
                self.many = vec![0; self.range.div_ceil(64)];
                self.few.drain().for_each(|t| self.many[t.index() / 64] |= 1 << (t.index() % 64));
            }
            return new;
        }
        let (word, bit) = (&mut self.many[term.index() / 64], 1 << (term.index() % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    fn in_order(self) -> Vec<Term> {
        let mut order: Vec<Term> = self.few.into_iter().collect();
        order.sort_unstable();
        for (k, mut word) in self.many.into_iter().enumerate() {
            while word != 0 {
                order.push(Term(64 * k as u32 + word.trailing_zeros()));
                word &= word - 1;
            }
        }
        order
    }
}

/// The scalar names that occur in the terms, in order of first construction.
pub fn free_symbols(graph: &Graph, roots: &[Term]) -> Vec<Symbol> {
    reachable(graph, roots)
        .into_iter()
        .filter_map(|t| match graph.node(t) {
            Node::Symbol(s) => Some(*s),
            _ => None,
        })
        .collect()
}

/// Whether one term occurs inside another.
pub fn contains(graph: &Graph, whole: Term, part: Term) -> bool {
    part <= whole && reachable(graph, &[whole]).binary_search(&part).is_ok()
}

/// A memo for rebuilding terms bottom-up, in the same graph or another one.
#[derive(Default)]
pub struct Rebuild {
    done: FxHashMap<Term, Term>,
    /// Whether sums and products inside of others stay as they are.
    grouped: bool,
}

impl Rebuild {
    /// A memo in which some terms are already mapped: a substitution.
    pub fn with(map: impl IntoIterator<Item = (Term, Term)>) -> Rebuild {
        Rebuild { done: map.into_iter().collect(), grouped: false }
    }

    /// A memo that keeps the grouping of sums and products.
    pub(crate) fn grouped() -> Rebuild {
        Rebuild { done: FxHashMap::default(), grouped: true }
    }

    /// Maps one more term.
    pub(crate) fn map(&mut self, from: Term, to: Term) {
        self.done.insert(from, to);
    }

    /// Rebuilds `root` in the graph itself; mapped terms are replaced and not looked into.
    pub fn within(&mut self, graph: &mut Graph, root: Term) -> Term {
        for term in self.pending(graph, root) {
            let node = graph.node(term).clone();
            let image = self.node(graph, &node, term);
            self.done.insert(term, image);
        }
        self.done[&root]
    }

    /// Rebuilds one node whose arguments are mapped or stay.
    pub fn within_node(mut self, graph: &mut Graph, term: Term) -> Term {
        let node = graph.node(term).clone();
        graph.each_argument(&node, |t| {
            self.done.entry(t).or_insert(t);
        });
        self.node(graph, &node, term)
    }

    /// Rebuilds `root` of `source` inside `target`, carrying names and functions over.
    pub fn across(&mut self, source: &Graph, target: &mut Graph, root: Term) -> Term {
        for term in self.pending(source, root) {
            let image = match source.node(term) {
                Node::Number(n) => target.number(n.clone()),
                Node::Symbol(s) => target.symbol(source.name(*s)),
                Node::Element(a, indices) => target.element(source.name(*a), indices.clone()),
                Node::Index(i) => target.index(i.clone()),
                Node::Apply(f, args) => {
                    let function: Function = source.function(*f).clone();
                    let id = target.register(function);
                    let args: Vec<Term> = args.iter().map(|a| self.done[a]).collect();
                    target.apply(id, &args)
                }
                node => self.node(target, &node.clone(), term),
            };
            self.done.insert(term, image);
        }
        self.done[&root]
    }

    /// Reachable terms that have no image yet, arguments first.
    fn pending(&self, graph: &Graph, root: Term) -> Vec<Term> {
        let unknown = |t: &Term| !self.done.contains_key(t);
        let roots: SmallVec<[Term; 1]> = [root].into_iter().filter(unknown).collect();
        closure(&roots, |term, visit| {
            graph.each_argument(graph.node(term), |t| {
                if unknown(&t) {
                    visit(t);
                }
            });
        })
    }

    /// The image of a node whose arguments have images; leaves map to themselves.
    fn node(&self, graph: &mut Graph, node: &Node, term: Term) -> Term {
        let image = |t: &Term| self.done[t];
        match node {
            Node::Sum { constant, terms } => {
                let parts: Vec<(Number, Term)> =
                    terms.iter().map(|(c, t)| (c.clone(), image(t))).collect();
                match self.grouped {
                    true => graph.grouped_sum(constant.clone(), parts),
                    false => graph.sum(constant.clone(), parts),
                }
            }
            Node::Product(factors) => {
                let parts: Vec<(Term, Number)> =
                    factors.iter().map(|(t, e)| (image(t), e.clone())).collect();
                match self.grouped {
                    true => graph.grouped_product(parts),
                    false => graph.product(parts),
                }
            }
            Node::Call(op, args) => {
                let args: Vec<Term> = args.iter().map(image).collect();
                graph.call(*op, &args)
            }
            Node::Apply(f, args) => {
                let args: Vec<Term> = args.iter().map(image).collect();
                graph.apply(*f, &args)
            }
            Node::Reduce { binder, from, to, body } => {
                graph.reduce(*binder, *from, *to, image(body))
            }
            Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_) => term,
        }
    }
}

/// Replaces terms by terms everywhere inside `root`.
pub fn substitute(graph: &mut Graph, root: Term, map: &[(Term, Term)]) -> Term {
    Rebuild::with(map.iter().copied()).within(graph, root)
}
