//! Walks over the graph without recursion: reachable terms, free names, substitution, size.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::function::{Function, FunctionId};
use super::graph::{Graph, Node, Symbol, Term};
use super::index::Binder;
use super::number::Number;
use super::op::Op;

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
pub struct Rebuild {
    done: FxHashMap<Term, Term>,
    /// Whether terms whose arguments stay are built again.
    again: bool,
    /// Whether sums and products inside of others stay as they are.
    grouped: bool,
}

impl Default for Rebuild {
    /// An empty memo: every term is built again, which opens what was grouped.
    fn default() -> Rebuild {
        Rebuild { done: FxHashMap::default(), again: true, grouped: false }
    }
}

impl Rebuild {
    /// A memo in which some terms are already mapped: a substitution, which leaves terms alone
    /// that hold none of them.
    pub fn with(map: impl IntoIterator<Item = (Term, Term)>) -> Rebuild {
        Rebuild { done: map.into_iter().collect(), again: false, grouped: false }
    }

    /// A memo that keeps the grouping of sums and products.
    pub(crate) fn grouped() -> Rebuild {
        Rebuild { done: FxHashMap::default(), again: true, grouped: true }
    }

    /// Maps one more term.
    pub(crate) fn map(&mut self, from: Term, to: Term) {
        self.done.insert(from, to);
    }

    /// Maps a term from now on, whatever it was mapped to.
    pub fn replace(&mut self, term: Term, image: Term) {
        self.done.insert(term, image);
    }

    /// Rebuilds `root` in the graph itself; mapped terms are replaced and not looked into.
    pub fn within(&mut self, graph: &mut Graph, root: Term) -> Term {
        for term in self.pending(graph, root) {
            let mut stays = !self.again;
            graph.each_argument(graph.node(term), |t| stays &= self.done[&t] == t);
            let image = match stays {
                true => term,
                false => self.recipe(graph, term).build(graph, term, self.grouped),
            };
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
        self.recipe(graph, term).build(graph, term, self.grouped)
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
                _ => self.recipe(source, term).build(target, term, self.grouped),
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

    /// How to build a node whose arguments have images.
    fn recipe(&self, graph: &Graph, term: Term) -> Recipe {
        let image = |t: &Term| self.done[t];
        match graph.node(term) {
            Node::Sum { constant, terms } => Recipe::Sum(
                constant.clone(),
                terms.iter().map(|(c, t)| (c.clone(), image(t))).collect(),
            ),
            Node::Product(factors) => {
                Recipe::Product(factors.iter().map(|(t, e)| (image(t), e.clone())).collect())
            }
            Node::Call(op, args) => Recipe::Call(*op, args.iter().map(image).collect()),
            Node::Apply(f, args) => Recipe::Apply(*f, args.iter().map(image).collect()),
            Node::Reduce { binder, from, to, body } => {
                Recipe::Reduce(*binder, *from, *to, image(body))
            }
            Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_) => Recipe::Leaf,
        }
    }
}

/// A node with the images of its arguments, before it is built.
enum Recipe {
    Sum(Number, SmallVec<[(Number, Term); 6]>),
    Product(SmallVec<[(Term, Number); 6]>),
    Call(Op, SmallVec<[Term; 3]>),
    Apply(FunctionId, SmallVec<[Term; 3]>),
    Reduce(Binder, i64, i64, Term),
    Leaf,
}

impl Recipe {
    /// The term; leaves stand for themselves.
    fn build(self, graph: &mut Graph, term: Term, grouped: bool) -> Term {
        match self {
            Recipe::Sum(constant, terms) if grouped => graph.grouped_sum(constant, terms.to_vec()),
            Recipe::Product(factors) if grouped => graph.grouped_product(factors.to_vec()),
            Recipe::Sum(constant, terms) => graph.sum(constant, terms),
            Recipe::Product(factors) => graph.product(factors),
            Recipe::Call(op, args) => graph.call(op, &args),
            Recipe::Apply(f, args) => graph.apply(f, &args),
            Recipe::Reduce(binder, from, to, body) => graph.reduce(binder, from, to, body),
            Recipe::Leaf => term,
        }
    }
}

/// Replaces terms by terms everywhere inside `root`.
pub fn substitute(graph: &mut Graph, root: Term, map: &[(Term, Term)]) -> Term {
    Rebuild::with(map.iter().copied()).within(graph, root)
}
