//! Walks over the graph without recursion: reachable terms, free names, substitution, size.

use rustc_hash::{FxHashMap, FxHashSet};

use super::function::Function;
use super::graph::{Graph, Node, Symbol, Term};
use super::number::Number;

/// All terms reachable from the roots, arguments before the terms that use them.
pub fn reachable(graph: &Graph, roots: &[Term]) -> Vec<Term> {
    let mut seen: FxHashSet<Term> = roots.iter().copied().collect();
    let mut stack: Vec<Term> = seen.iter().copied().collect();
    while let Some(term) = stack.pop() {
        graph.each_argument(graph.node(term), |t| {
            if seen.insert(t) {
                stack.push(t);
            }
        });
    }
    let mut order: Vec<Term> = seen.into_iter().collect();
    // Arguments have smaller handles than the terms built from them.
    order.sort_unstable();
    order
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
}

impl Rebuild {
    /// A memo in which some terms are already mapped: a substitution.
    pub fn with(map: impl IntoIterator<Item = (Term, Term)>) -> Rebuild {
        Rebuild { done: map.into_iter().collect() }
    }

    /// Maps a term from now on, whatever it was mapped to.
    pub fn replace(&mut self, term: Term, image: Term) {
        self.done.insert(term, image);
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
        let (mut seen, mut stack) = (FxHashSet::default(), vec![root]);
        while let Some(term) = stack.pop() {
            if !self.done.contains_key(&term) && seen.insert(term) {
                graph.each_argument(graph.node(term), |t| stack.push(t));
            }
        }
        let mut order: Vec<Term> = seen.into_iter().collect();
        order.sort_unstable();
        order
    }

    /// The image of a node whose arguments have images; leaves map to themselves.
    fn node(&self, graph: &mut Graph, node: &Node, term: Term) -> Term {
        let image = |t: &Term| self.done[t];
        match node {
            Node::Sum { constant, terms } => {
                let parts: Vec<(Number, Term)> =
                    terms.iter().map(|(c, t)| (c.clone(), image(t))).collect();
                graph.sum(constant.clone(), parts)
            }
            Node::Product(factors) => {
                let parts: Vec<(Term, Number)> =
                    factors.iter().map(|(t, e)| (image(t), e.clone())).collect();
                graph.product(parts)
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
