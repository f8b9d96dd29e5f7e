//! The terms of a graph as a space of classes with one node each, for the classical rewriter.
//!
//! Facts depend on what is assumed, and that on the branch of an `if` that a term stands in: each
//! set of assumptions is a `Context` with facts of its own.

use egg::Id;
use rustc_hash::{FxHashMap, FxHashSet};

use super::assumption::Assumptions;
use super::facts::Facts;
use super::knowledge::facts_of;
use super::language::Form;
use super::region::{form_of, leaf_facts};
use super::space::Space;
use crate::term::{Graph, Node, Number, Op, Term};

/// One set of assumptions, and the terms looked at under it.
struct Context {
    assumptions: Assumptions,
    /// The contexts in which, beyond these, a condition is true or false.
    inner: FxHashMap<(Term, bool), usize>,
    ids: FxHashMap<Term, Id>,
    terms: Vec<Term>,
    forms: Vec<Form>,
    facts: Vec<Facts>,
}

impl Context {
    fn new(assumptions: Assumptions) -> Context {
        Context {
            assumptions,
            inner: FxHashMap::default(),
            ids: FxHashMap::default(),
            terms: Vec::new(),
            forms: Vec::new(),
            facts: Vec::new(),
        }
    }
}

/// Terms of a graph, in the current context.
pub struct Terms<'g> {
    /// The graph, in canonical form.
    pub graph: &'g mut Graph,
    boundary: &'g FxHashSet<Term>,
    contexts: Vec<Context>,
    current: usize,
}

impl<'g> Terms<'g> {
    /// The terms of a graph under assumptions; terms of the boundary are not looked into.
    pub fn new(
        graph: &'g mut Graph,
        boundary: &'g FxHashSet<Term>,
        assumptions: &Assumptions,
    ) -> Terms<'g> {
        let contexts = vec![Context::new(assumptions.clone())];
        Terms { graph, boundary, contexts, current: 0 }
    }

    /// The current context.
    pub fn context(&self) -> usize {
        self.current
    }

    /// Makes a context the current one.
    pub fn enter(&mut self, context: usize) {
        self.current = context;
    }

    /// For each context, those of branches inside of it.
    pub fn branches(self) -> Vec<FxHashMap<(Term, bool), usize>> {
        self.contexts.into_iter().map(|c| c.inner).collect()
    }

    /// The context in which, beyond what is assumed now, a condition is true or false.
    pub fn under(&mut self, condition: Term, truth: bool) -> usize {
        if let Some(&known) = self.contexts[self.current].inner.get(&(condition, truth)) {
            return known;
        }
        let mut assumptions = self.contexts[self.current].assumptions.clone();
        assumptions.hold(self.graph, condition, truth);
        let context = self.contexts.len();
        self.contexts.push(Context::new(assumptions));
        self.contexts[self.current].inner.insert((condition, truth), context);
        context
    }

    /// Whether no values fulfil what is assumed in the current context.
    pub fn contradictory(&self) -> bool {
        self.contexts[self.current].assumptions.is_contradictory()
    }

    /// Whether a term is not looked into.
    pub fn is_boundary(&self, term: Term) -> bool {
        self.boundary.contains(&term)
    }

    /// The term of a class.
    pub fn term(&self, id: Id) -> Term {
        self.contexts[self.current].terms[usize::from(id)]
    }

    /// Takes over what is known of another class that is equal to this one.
    pub fn learn(&mut self, id: Id, other: Id) {
        let facts = &mut self.contexts[self.current].facts;
        let other = facts[usize::from(other)].clone();
        // A contradiction can only come from assumptions that no point fulfils.
        let _ = facts[usize::from(id)].meet(&other);
    }

    /// The class of a term; everything below it is looked at too.
    pub fn load(&mut self, root: Term) -> Id {
        let mut stack = vec![root];
        while let Some(&term) = stack.last() {
            let context = &self.contexts[self.current];
            if context.ids.contains_key(&term) {
                stack.pop();
                continue;
            }
            let leaf = self.boundary.contains(&term)
                || matches!(
                    self.graph.node(term),
                    Node::Symbol(_) | Node::Element(..) | Node::Index(_)
                );
            let waiting = stack.len();
            if !leaf {
                self.graph.each_argument(self.graph.node(term), |t| {
                    if !context.ids.contains_key(&t) {
                        stack.push(t);
                    }
                });
            }
            if stack.len() == waiting {
                stack.pop();
                self.add(term, leaf);
            }
        }
        self.contexts[self.current].ids[&root]
    }

    fn add(&mut self, term: Term, leaf: bool) {
        let context = &mut self.contexts[self.current];
        let known = context.assumptions.of(term);
        let (form, mut facts) = if leaf {
            (Form::Leaf(term), leaf_facts(self.graph, term))
        } else {
            let form = form_of(self.graph, term, |t| context.ids[&t]);
            let leaf = |_| unreachable!("leaves are handled before");
            let facts = facts_of(&form, self.graph.functions(), false, leaf, |id| {
                &context.facts[usize::from(id)]
            });
            (form, facts)
        };
        if let Some(known) = known {
            // A contradiction can only come from assumptions that no point fulfils.
            let _ = facts.meet(known);
        }
        let id = Id::from(context.terms.len());
        context.ids.insert(term, id);
        context.terms.push(term);
        context.forms.push(form);
        context.facts.push(facts);
    }
}

impl Space for Terms<'_> {
    fn find(&self, id: Id) -> Id {
        id
    }

    fn forms(&self, id: Id) -> &[Form] {
        std::slice::from_ref(&self.contexts[self.current].forms[usize::from(id)])
    }

    fn facts(&self, id: Id) -> &Facts {
        &self.contexts[self.current].facts[usize::from(id)]
    }

    /// Only numbers: that a term has one value is a step of its own.
    fn constant(&self, id: Id) -> Option<&Number> {
        match &self.forms(id)[0] {
            Form::Number(n) => Some(n),
            _ => None,
        }
    }

    fn insert(&mut self, form: Form) -> Id {
        use egg::Language;
        let args: Vec<Term> = form.children().iter().map(|&id| self.term(id)).collect();
        let term = term_of(self.graph, &form, &args);
        self.load(term)
    }
}

/// The canonical term of a node whose arguments have terms, in the order of its classes.
pub fn term_of(graph: &mut Graph, node: &Form, args: &[Term]) -> Term {
    match node {
        Form::Leaf(t) => *t,
        Form::Number(n) => graph.number(n.clone()),
        Form::Sum { constant, coefficients, .. } => {
            let parts: Vec<(Number, Term)> =
                coefficients.iter().cloned().zip(args.iter().copied()).collect();
            graph.sum(constant.clone(), parts)
        }
        Form::Product { exponents, .. } => {
            let parts: Vec<(Term, Number)> =
                args.iter().copied().zip(exponents.iter().cloned()).collect();
            graph.product(parts)
        }
        Form::Call(Op::Undefined, _) => graph.undefined(),
        Form::Call(op, _) => graph.call(*op, args),
        Form::Apply(f, _) => graph.apply(*f, args),
        Form::Reduce(binder, from, to, _) => graph.reduce(*binder, *from, *to, args[0]),
    }
}
