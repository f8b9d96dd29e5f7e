//! The hash-consed arena: nodes, handles, names and registered functions.

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;

use super::function::{Function, FunctionId};
use super::index::{Affine, Binder};
use super::number::Number;
use super::op::Op;

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
    /// No term is a number or a sum that could be merged in. A scaled term `2*x` is a sum of one
    /// part. A zero coefficient stays only on a term that has not been shown to be defined
    /// anywhere.
    Sum {
        /// The rational part.
        constant: Number,
        /// Coefficients and terms.
        terms: Box<[(Number, Term)]>,
    },
    /// `Π base ^ exponent` with exact exponents, sorted by base; at least one part.
    Product(Box<[(Term, Number)]>),
    /// An operation of the table.
    Call(Op, Box<[Term]>),
    /// A registered function.
    Apply(FunctionId, Box<[Term]>),
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
}

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
    table: HashTable<u32>,
    names: Vec<String>,
    symbols: FxHashMap<String, Symbol>,
    functions: Vec<Function>,
    /// What sampling has shown of terms that are not total; see `sample`.
    pub(super) witnessed: FxHashMap<(Term, super::sample::Claim), bool>,
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
            table: HashTable::new(),
            names: Vec::new(),
            symbols: FxHashMap::default(),
            functions: Vec::new(),
            witnessed: FxHashMap::default(),
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
        matches!(self.node(term), Node::Call(Op::Undefined, _))
    }

    /// Whether the term is a truth value.
    pub fn is_truth(&self, term: Term) -> bool {
        self.shapes[term.index()].truth
    }

    /// Whether the term is defined for all real values of its symbols.
    pub fn is_total(&self, term: Term) -> bool {
        self.shapes[term.index()].total
    }

    /// The binders that occur free, as a set of bits by level.
    pub fn free_binders(&self, term: Term) -> u32 {
        self.shapes[term.index()].binders
    }

    /// Interns a name.
    pub fn intern(&mut self, name: &str) -> Symbol {
        if let Some(&symbol) = self.symbols.get(name) {
            return symbol;
        }
        let symbol = Symbol(self.names.len() as u32);
        self.names.push(name.to_owned());
        self.symbols.insert(name.to_owned(), symbol);
        symbol
    }

    /// The text of a name.
    pub fn name(&self, symbol: Symbol) -> &str {
        &self.names[symbol.0 as usize]
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
        self.insert(Node::Call(Op::Undefined, Box::default()))
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
        let hash = FxBuildHasher.hash_one(&node);
        let nodes = &self.nodes;
        if let Some(&found) = self.table.find(hash, |&i| nodes[i as usize] == node) {
            return Term(found);
        }
        let term = Term(u32::try_from(nodes.len()).expect("a graph holds fewer than 2^32 terms"));
        let shape = self.shape(&node);
        self.nodes.push(node);
        self.shapes.push(shape);
        let nodes = &self.nodes;
        self.table.insert_unique(hash, term.0, |&i| FxBuildHasher.hash_one(&nodes[i as usize]));
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
        let mut truth = false;
        match node {
            Node::Product(factors) => {
                total &= factors.iter().all(|(_, e)| e.is_integer() && !e.is_negative());
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
            Node::Number(_) | Node::Symbol(_) | Node::Sum { .. } => {}
        }
        Shape { binders, total, truth }
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
            symbols: self.symbols.clone(),
            functions: self.functions.clone(),
            ..Graph::with_form(form)
        }
    }
}
