//! The hash-consed arena: nodes, handles, names and registered functions.

use rustc_hash::FxHashMap;

use super::arguments::Arguments;
use super::function::{Function, FunctionId};
use super::index::{Affine, Binder};
use super::names::Names;
use super::number::Number;
use super::op::Op;
use super::table::{Key, Table};

/// A term of one [`Graph`]: equal terms have equal handles, arguments have smaller handles.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Term(pub(crate) u32);

impl Term {
    /// The position in the arena, for tables indexed by term.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol(pub(crate) u32);

/// One node of the graph.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// An exact rational.
    Number(Number),
    /// A named scalar: unknown, parameter or variable.
    Symbol(Symbol),
    /// `constant + Σ coefficient · term`, sorted by term.
    ///
    /// No term is a number or a sum that could be merged in, save that adding little to a sum of
    /// more than [`LONG`] terms does not copy it. A scaled term `2*x` is a sum of one part. A zero
    /// coefficient stays only on a term that has not been shown to be defined anywhere.
    Sum {
        /// The rational part.
        constant: Number,
        /// Coefficients and terms.
        terms: Box<[(Number, Term)]>,
    },
    /// `Π base ^ exponent` with exact exponents, sorted by base; at least one part.
    Product(Box<[(Term, Number)]>),
    /// An operation of the table.
    Call(Op, Arguments),
    /// A registered function.
    Apply(FunctionId, Arguments),
    /// An element of an array at affine indices, one for each dimension.
    Element(Symbol, Box<[Affine]>),
    /// The value of an index expression as a number.
    Index(Affine),
    /// `sum(body for binder in from..to)`, inclusive.
    Reduce {
        /// The index bound in the body.
        binder: Binder,
        /// First value of the index.
        from: i64,
        /// Last value of the index; an empty range sums to zero.
        to: i64,
        /// The summand.
        body: Term,
    },
}

/// What is known of a term from its construction.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// Bit `k` is set when binder `k` occurs free.
    binders: u32,
    /// Whether it is defined for all real values of its symbols.
    total: bool,
    /// Whether it is a truth value.
    truth: bool,
    /// Whether it is a sum or a product that is long, or holds a long one of its own kind.
    long: bool,
}

/// Sums and products with more parts are not copied into one that adds little to them: chains of
/// a hundred thousand additions would otherwise take quadratic time and memory.
pub const LONG: usize = 1000;

/// Room for nodes that a graph makes with its first one.
const FIRST: usize = 100;

/// Whether a graph normalises what is built in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Sums and products are flattened, sorted and collected; constants are folded.
    Canonical,
    /// Every operation is kept as it was written; only equal nodes are shared.
    Written,
}

/// A hash-consing arena of terms.
///
/// It grows and never forgets; drop it as a whole. Handles of different graphs must not be mixed.
#[derive(Clone)]
pub struct Graph {
    form: Form,
    nodes: Vec<Node>,
    shapes: Vec<Shape>,
    table: Table,
    /// The constant that has no value, once it is there.
    undefined: Option<Term>,
    names: Names,
    functions: Vec<Function>,
    /// What sampling has shown of terms that are not total; see `sample`.
    pub(super) witnessed: FxHashMap<(Term, super::sample::Claim), bool>,
    /// Values at sample points.
    pub(super) samples: super::sample::Samples,
}

impl Default for Graph {
    fn default() -> Self {
        Self::new()
    }
}

impl Graph {
    /// An empty graph in canonical form.
    pub fn new() -> Graph {
        Self::with_form(Form::Canonical)
    }

    /// An empty graph that keeps every operation as written, for costs and exact-order kernels.
    pub fn written() -> Graph {
        Self::with_form(Form::Written)
    }

    fn with_form(form: Form) -> Graph {
        Graph {
            form,
            nodes: Vec::new(),
            shapes: Vec::new(),
            table: Table::default(),
            undefined: None,
            names: Names::default(),
            functions: Vec::new(),
            witnessed: FxHashMap::default(),
            samples: Default::default(),
        }
    }

    /// Whether this graph normalises.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The node of a term.
    pub fn node(&self, term: Term) -> &Node {
        &self.nodes[term.index()]
    }

    /// The number of terms.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no term has been built.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The exact value of a number term.
    pub fn as_number(&self, term: Term) -> Option<&Number> {
        match self.node(term) {
            Node::Number(n) => Some(n),
            _ => None,
        }
    }

    /// Whether the term is the constant that has no value.
    pub fn is_undefined(&self, term: Term) -> bool {
        self.undefined == Some(term)
    }

    /// Whether the term is a truth value.
    pub fn is_truth(&self, term: Term) -> bool {
        self.shapes[term.index()].truth
    }

    /// Whether the term is defined for all real values of its symbols.
    pub fn is_total(&self, term: Term) -> bool {
        self.shapes[term.index()].total
    }

    /// Whether the term is a sum or product that holds more parts than [`LONG`].
    pub(super) fn is_long(&self, term: Term) -> bool {
        self.shapes[term.index()].long
    }

    /// The binders that occur free, as a set of bits by level.
    pub fn free_binders(&self, term: Term) -> u32 {
        self.shapes[term.index()].binders
    }

    /// Interns a name.
    pub fn intern(&mut self, name: &str) -> Symbol {
        Symbol(self.names.intern(name))
    }

    /// The text of a name.
    pub fn name(&self, symbol: Symbol) -> &str {
        self.names.get(symbol.0)
    }

    /// A named scalar.
    pub fn symbol(&mut self, name: &str) -> Term {
        let symbol = self.intern(name);
        self.insert(Node::Symbol(symbol))
    }

    /// An exact number.
    pub fn number(&mut self, value: impl Into<Number>) -> Term {
        self.insert(Node::Number(value.into()))
    }

    /// The constant that has no value; every strict operation on it is undefined too.
    pub fn undefined(&mut self) -> Term {
        self.find_or_insert(Key::Call(Op::Undefined, &[]))
    }

    /// An element of an array.
    pub fn element(&mut self, array: &str, indices: impl Into<Box<[Affine]>>) -> Term {
        let array = self.intern(array);
        self.insert(Node::Element(array, indices.into()))
    }

    /// The value of an index expression; a number when it is constant.
    pub fn index(&mut self, index: Affine) -> Term {
        match index.as_constant() {
            Some(k) => self.number(k),
            None => self.insert(Node::Index(index)),
        }
    }

    /// Registers a function, or returns the one of that name.
    pub fn register(&mut self, function: Function) -> FunctionId {
        if let Some(id) = self.function_named(&function.name) {
            return id;
        }
        self.functions.push(function);
        FunctionId(self.functions.len() as u32 - 1)
    }

    /// The registered function of this name.
    pub fn function_named(&self, name: &str) -> Option<FunctionId> {
        self.functions.iter().position(|f| f.name == name).map(|i| FunctionId(i as u32))
    }

    /// A registered function.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.0 as usize]
    }

    /// All registered functions, by id.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The handle of a node that already obeys the invariants of its kind.
    pub(crate) fn insert(&mut self, node: Node) -> Term {
        match node {
            Node::Sum { constant, terms } => self.find_or_insert(Key::Sum(&constant, &terms)),
            Node::Product(factors) => self.find_or_insert(Key::Product(&factors)),
            Node::Call(op, args) => self.find_or_insert(Key::Call(op, &args)),
            node => self.find_or_insert(Key::Other(node)),
        }
    }

    /// As [`Graph::insert`], for parts that are copied only when the node is new.
    pub(super) fn find_or_insert(&mut self, key: Key<'_>) -> Term {
        let hash = match self.table.find(&key, &self.nodes) {
            Ok(found) => return found,
            Err(hash) => hash,
        };
        let count = u32::try_from(self.nodes.len());
        let term = Term(count.expect("a graph holds fewer than 2^32 terms"));
        let node = key.into_node();
        if matches!(node, Node::Call(Op::Undefined, _)) {
            self.undefined = Some(term);
        }
        if self.nodes.is_empty() {
            self.nodes.reserve(FIRST);
            self.shapes.reserve(FIRST);
            self.table.reserve(FIRST);
        }
        self.shapes.push(self.shape(&node));
        self.nodes.push(node);
        self.table.insert(hash, term);
        term
    }

    fn shape(&self, node: &Node) -> Shape {
        let (mut binders, mut total) = (0, true);
        self.each_argument(node, |t| {
            let s = self.shapes[t.index()];
            binders |= s.binders;
            total &= s.total;
        });
        let indices = |affine: &Affine| affine.terms.iter().fold(0, |m, (b, _)| m | 1 << b.0);
        let (mut truth, mut long) = (false, false);
        match node {
            Node::Sum { terms, .. } => {
                let is_sum = |t: Term| matches!(self.node(t), Node::Sum { .. });
                let nested =
                    |(c, t): &(Number, Term)| c.is_unit() && self.is_long(*t) && is_sum(*t);
                long = terms.len() > LONG || terms.iter().any(nested);
            }
            Node::Product(factors) => {
                total &= factors.iter().all(|(_, e)| e.is_integer() && !e.is_negative());
                let is_product = |t: Term| matches!(self.node(t), Node::Product(_));
                let nested =
                    |(t, e): &(Term, Number)| e.is_one() && self.is_long(*t) && is_product(*t);
                long = factors.len() > LONG || factors.iter().any(nested);
            }
            Node::Call(op, args) => {
                total &= op.row().total;
                truth =
                    op.is_truth() || (*op == Op::If && args[1..].iter().all(|&a| self.is_truth(a)));
            }
            Node::Apply(f, _) => total &= self.function(*f).total,
            Node::Element(_, affines) => binders |= affines.iter().fold(0, |m, a| m | indices(a)),
            Node::Index(affine) => binders |= indices(affine),
            Node::Reduce { binder, .. } => binders &= !(1 << binder.0),
            Node::Number(_) | Node::Symbol(_) => {}
        }
        Shape { binders, total, truth, long }
    }

    /// Calls `f` with each argument of a node, in order.
    pub fn each_argument(&self, node: &Node, mut f: impl FnMut(Term)) {
        match node {
            Node::Sum { terms, .. } => terms.iter().for_each(|&(_, t)| f(t)),
            Node::Product(factors) => factors.iter().for_each(|&(t, _)| f(t)),
            Node::Call(_, args) | Node::Apply(_, args) => args.iter().for_each(|&t| f(t)),
            Node::Reduce { body, .. } => f(*body),
            Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_) => {}
        }
    }

    /// A copy with the same names and functions and no terms, in the given form.
    pub fn sibling(&self, form: Form) -> Graph {
        Graph {
            names: self.names.clone(),
            functions: self.functions.clone(),
            ..Graph::with_form(form)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_small() {
        assert_eq!(size_of::<Number>(), 16);
        assert_eq!(size_of::<Node>(), 32);
    }

    #[test]
    fn nodes_and_names_are_stored_once() {
        let mut g = Graph::new();
        let names: Vec<String> = (0..5000).map(|k| format!("x{k}")).collect();
        let terms: Vec<Term> = names.iter().map(|n| g.symbol(n)).collect();
        let sums: Vec<Term> = terms.windows(2).map(|w| g.add(w[0], w[1])).collect();
        let count = g.len();
        for (name, &term) in names.iter().zip(&terms) {
            assert_eq!(g.symbol(name), term);
            assert!(matches!(g.node(term), Node::Symbol(s) if g.name(*s) == name));
        }
        for (w, &sum) in terms.windows(2).zip(&sums) {
            assert_eq!(g.add(w[1], w[0]), sum);
        }
        assert_eq!(g.len(), count);
    }
}
