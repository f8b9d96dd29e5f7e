//! The prologue: what depends on parameters alone is computed once for each set of parameters, and
//! stands in a kernel as one more parameter.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::term::visit::{Rebuild, closure, reachable};
use crate::term::{Affine, Graph, Node, Number, Symbol, Term};

/// Terms of parameters that have been hoisted; the k-th of them is the k-th element of an array
/// of its own.
#[derive(Clone, Debug, Default)]
pub struct Prologue {
    /// Names whose values change between evaluations seldom.
    fixed: FxHashSet<Symbol>,
    array: String,
    values: Vec<Term>,
    places: FxHashMap<Term, Term>,
    /// By term, whether it is made of numbers and fixed names alone.
    known: FxHashMap<Term, bool>,
}

impl Prologue {
    /// A prologue without values yet. Elements of arrays count as fixed at constant indices only;
    /// the values are called `array[0]`, `array[1]` and so on.
    pub fn new(graph: &Graph, fixed: impl IntoIterator<Item = Symbol>, array: &str) -> Prologue {
        let fixed: FxHashSet<Symbol> = fixed.into_iter().collect();
        let mut array = array.to_owned();
        while (0..graph.len()).any(|k| named(graph, Term(k as u32)) == Some(&array)) {
            array.push('_');
        }
        Prologue { fixed, array, ..Prologue::default() }
    }

    /// Whether nothing is fixed, so that nothing can be hoisted.
    pub fn is_inert(&self) -> bool {
        self.fixed.is_empty()
    }

    /// The name of the array of its values.
    pub fn array(&self) -> &str {
        &self.array
    }

    /// The terms to compute, by place.
    pub fn values(&self) -> &[Term] {
        &self.values
    }

    /// Whether a term is made of numbers and fixed names alone.
    pub fn is_fixed(&mut self, graph: &Graph, term: Term) -> bool {
        if self.is_inert() {
            return false;
        }
        if let Some(&known) = self.known.get(&term) {
            return known;
        }
        let known = &self.known;
        let pending = closure(&[term], |t, visit| {
            graph.each_argument(graph.node(t), |a| {
                if !known.contains_key(&a) {
                    visit(a);
                }
            });
        });
        for t in pending {
            let mut fixed = graph.free_binders(t) == 0;
            match graph.node(t) {
                Node::Symbol(s) => fixed &= self.fixed.contains(s),
                Node::Element(s, _) => {
                    fixed &= self.fixed.contains(s) || graph.name(*s) == self.array;
                }
                node => graph.each_argument(node, |a| fixed &= self.known[&a]),
            }
            self.known.insert(t, fixed);
        }
        self.known[&term]
    }

    /// What stands for a fixed term: itself when it is a leaf, or an element of the prologue.
    pub fn place(&mut self, graph: &mut Graph, term: Term) -> Term {
        let leaf =
            matches!(graph.node(term), Node::Number(_) | Node::Symbol(_) | Node::Element(..));
        if leaf {
            return term;
        }
        if let Some(&place) = self.places.get(&term) {
            return place;
        }
        let place = graph.element(&self.array, [Affine::constant(self.values.len() as i64)]);
        self.values.push(term);
        self.places.insert(term, place);
        place
    }

    /// The roots with everything that is fixed hoisted. Grouping stays; the fixed parts of a
    /// longer sum or product are taken together.
    pub fn hoist(&mut self, graph: &mut Graph, roots: &[Term]) -> Vec<Term> {
        if self.is_inert() {
            return roots.to_vec();
        }
        let mut image: FxHashMap<Term, Term> = FxHashMap::default();
        for term in reachable(graph, roots) {
            let to = self.node(graph, term, &image);
            image.insert(term, to);
        }
        let hoisted = |&t: &Term| match self.is_fixed(graph, t) {
            true => self.place(graph, t),
            false => image[&t],
        };
        roots.iter().map(hoisted).collect()
    }

    fn node(&mut self, graph: &mut Graph, term: Term, image: &FxHashMap<Term, Term>) -> Term {
        if self.is_fixed(graph, term) {
            // Below a larger fixed term, this place is never looked at.
            return term;
        }
        let outside = |prologue: &mut Prologue, graph: &mut Graph, t: Term| match image[&t] {
            same if prologue.is_fixed(graph, same) => prologue.place(graph, same),
            other => other,
        };
        match graph.node(term).clone() {
            Node::Sum { constant, terms } => {
                let (fixed, free): (Vec<_>, Vec<_>) =
                    terms.into_vec().into_iter().partition(|(_, t)| self.is_fixed(graph, *t));
                let mut parts: Vec<(Number, Term)> = Vec::with_capacity(free.len() + 1);
                for (c, t) in free {
                    // 2*(k*x) is (2*k)*x: the multiple goes to the parameters.
                    if !c.abs().is_one()
                        && let Node::Product(factors) = graph.node(t).clone()
                        && factors.iter().any(|(b, _)| self.is_fixed(graph, *b))
                    {
                        let scaled = self.product(graph, &factors, &c.abs(), image);
                        let sign = if c.is_negative() { Number::MINUS_ONE } else { Number::ONE };
                        parts.push((sign, scaled));
                    } else {
                        parts.push((c, outside(self, graph, t)));
                    }
                }
                let single = fixed.len() == 1 && constant.is_zero();
                match fixed.as_slice() {
                    [] => graph.grouped_sum(constant, parts),
                    [(c, t)] if single && c.abs().is_one() => {
                        parts.push((c.clone(), self.place(graph, *t)));
                        graph.grouped_sum(constant, parts)
                    }
                    _ => {
                        let all = graph.grouped_sum(constant, fixed);
                        let place = self.place(graph, all);
                        parts.push((Number::ONE, place));
                        graph.grouped_sum(Number::ZERO, parts)
                    }
                }
            }
            Node::Product(factors) => self.product(graph, &factors, &Number::ONE, image),
            Node::Call(op, args) => {
                let args: Vec<Term> = args.iter().map(|&a| outside(self, graph, a)).collect();
                graph.call(op, &args)
            }
            Node::Apply(f, args) => {
                let args: Vec<Term> = args.iter().map(|&a| outside(self, graph, a)).collect();
                graph.apply(f, &args)
            }
            Node::Reduce { binder, from, to, body } => {
                let body = outside(self, graph, body);
                graph.reduce(binder, from, to, body)
            }
            Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_) => term,
        }
    }

    /// A multiple of a product that is not fixed as a whole.
    fn product(
        &mut self,
        graph: &mut Graph,
        factors: &[(Term, Number)],
        scale: &Number,
        image: &FxHashMap<Term, Term>,
    ) -> Term {
        let (fixed, free): (Vec<_>, Vec<_>) =
            factors.iter().cloned().partition(|(t, _)| self.is_fixed(graph, *t));
        let mut parts: Vec<(Term, Number)> =
            free.into_iter().map(|(t, e)| (image[&t], e)).collect();
        if let [(t, e)] = fixed.as_slice()
            && e.is_one()
            && scale.is_one()
        {
            parts.push((self.place(graph, *t), Number::ONE));
        } else if !fixed.is_empty() || !scale.is_one() {
            let all = if fixed.is_empty() {
                graph.number(scale.clone())
            } else {
                let body = graph.grouped_product(fixed);
                graph.grouped_sum(Number::ZERO, vec![(scale.clone(), body)])
            };
            parts.push((self.place(graph, all), Number::ONE));
        }
        graph.grouped_product(parts)
    }

    /// The places in their order, with what they stand for.
    pub fn pairs(&self) -> Vec<(Term, Term)> {
        // Places have been built in their order.
        let mut pairs: Vec<(Term, Term)> = self.places.iter().map(|(&v, &p)| (p, v)).collect();
        pairs.sort_unstable();
        pairs
    }

    /// The roots, and a prologue of only those values that they need.
    pub fn kept(&self, graph: &mut Graph, roots: &[Term]) -> (Vec<Term>, Prologue) {
        let order = reachable(graph, roots);
        let mut kept = Prologue {
            fixed: self.fixed.clone(),
            array: self.array.clone(),
            ..Prologue::default()
        };
        let (mut rename, mut inline) = (Rebuild::grouped(), Rebuild::grouped());
        for (place, value) in self.pairs() {
            let value = inline.within(graph, value);
            inline.map(place, value);
            if order.binary_search(&place).is_ok() {
                let new = kept.place(graph, value);
                rename.map(place, new);
            }
        }
        (roots.iter().map(|&t| rename.within(graph, t)).collect(), kept)
    }

    /// The roots with the values of the prologue in the places where they are used.
    pub fn inlined(&self, graph: &mut Graph, roots: &[Term]) -> Vec<Term> {
        let mut rebuild = Rebuild::grouped();
        for (place, value) in self.pairs() {
            let value = rebuild.within(graph, value);
            rebuild.map(place, value);
        }
        roots.iter().map(|&t| rebuild.within(graph, t)).collect()
    }
}

fn named(graph: &Graph, term: Term) -> Option<&str> {
    match graph.node(term) {
        Node::Symbol(s) | Node::Element(s, _) => Some(graph.name(*s)),
        _ => None,
    }
}
