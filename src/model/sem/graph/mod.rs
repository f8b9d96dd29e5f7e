//! Mixed graphs: directed arrows with coefficients Λ, bidirected ones with covariances Ω.

mod adjacency;
mod dot;
mod naming;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex, UnGraph};
use petgraph::visit::EdgeRef;
use rustc_hash::{FxHashMap, FxHashSet};

use super::types::{Arrow, Coefficient, Kind, StructuralModel, Value, Variable};
use crate::term::Number;
use crate::text::Span;

pub use adjacency::read as read_adjacency;
pub use dot::read as read_dot;
pub use naming::Naming;
use naming::fresh;

/// A vertex of a mixed graph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vertex {
    /// Its name.
    pub name: String,
    /// Whether it is not observed.
    pub latent: bool,
}

/// The coefficient of an arrow: a parameter or a number other than zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Weight {
    /// A position in [`MixedGraph::parameters`].
    Parameter(usize),
    /// A number that is not estimated.
    Constant(Number),
}

/// A free coefficient.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// Its name: the label, or `l_x_y` for `x -> y` and `w_x_y` for `x <-> y`.
    pub name: String,
    /// Its name where a notation makes Greek letters and subscripts of it: `lambda_x_y`.
    pub notation: String,
    /// The value that the model gives as a start.
    pub start: Option<Number>,
}

/// A mixed graph of the model `x = Λᵀ x + ε`, `Cov ε = Ω`.
///
/// Equal parameters of several arrows are one parameter; coefficients that are zero are no arrows.
#[derive(Clone, Debug)]
pub struct MixedGraph {
    /// The name of the model.
    pub name: String,
    /// Λ: an arrow `i -> j` carries `λ_ij`, the effect of `i` on `j`.
    pub directed: DiGraph<Vertex, Weight>,
    /// Ω: an arrow `i <-> j` carries `ω_ij`, and the loop at `i` the variance `ω_ii`.
    pub bidirected: UnGraph<(), Weight>,
    /// The parameters in the order of the arrows: first of Λ, then of Ω.
    pub parameters: Vec<Parameter>,
    /// How coefficients and covariances are called.
    pub naming: Naming,
}

/// An arrow before its coefficient has a name.
struct Draft {
    from: usize,
    to: usize,
    directed: bool,
    label: Option<String>,
    constant: Option<Number>,
    start: Option<Number>,
}

impl MixedGraph {
    /// The graph with the given arrows (pairs of positions) where every coefficient is a parameter
    /// and every vertex has a variance.
    pub fn with_arrows(
        name: &str,
        vertices: Vec<Vertex>,
        directed: &[(usize, usize)],
        bidirected: &[(usize, usize)],
    ) -> MixedGraph {
        let draft = |directed: bool| {
            move |&(from, to): &(usize, usize)| Draft {
                from,
                to,
                directed,
                label: None,
                constant: None,
                start: None,
            }
        };
        let loops: Vec<(usize, usize)> = (0..vertices.len()).map(|v| (v, v)).collect();
        let mut drafts: Vec<Draft> = directed.iter().map(draft(true)).collect();
        drafts.extend(loops.iter().chain(bidirected).map(draft(false)));
        Self::assemble(name, vertices, drafts, &FxHashMap::default())
    }

    /// The graph of a completed model in one of its groups, counted from 0.
    ///
    /// Coefficients with one label, or that a constraint says are equal, are one parameter; those
    /// that have the value of the data are parameters. Intercepts are no part of it.
    pub fn of(model: &StructuralModel, group: usize) -> MixedGraph {
        let vertex = |v: &super::Variable| Vertex { name: v.name.clone(), latent: v.latent };
        let vertices: Vec<Vertex> = model.variables.iter().map(vertex).collect();
        let mut drafts = Vec::new();
        for arrow in model.arrows.iter().filter(|a| a.kind != Kind::Intercept) {
            let coefficient = arrow.coefficient(group);
            let constant = match &coefficient.value {
                Value::Fixed(n) => Some(n.clone()),
                Value::Unsaid | Value::Absent | Value::Free | Value::Sample => None,
            };
            drafts.push(Draft {
                from: arrow.from,
                to: arrow.to,
                directed: arrow.kind != Kind::Covariance,
                label: coefficient.label.clone(),
                constant,
                start: coefficient.start.clone(),
            });
        }
        // A label that stands for a number does so wherever it stands.
        let known: Vec<(String, Number)> =
            drafts.iter().filter_map(|d| d.label.clone().zip(d.constant.clone())).collect();
        for draft in &mut drafts {
            if let Some(label) = &draft.label
                && let Some((_, value)) = known.iter().find(|(k, _)| k == label)
            {
                draft.constant = Some(value.clone());
            }
        }
        drafts.sort_by_key(|d| !d.directed);
        let same = model.constraints.iter().filter_map(|c| c.same.clone());
        let mut leader: FxHashMap<String, String> = FxHashMap::default();
        for (a, b) in same {
            let (a, b) = (find(&leader, &a), find(&leader, &b));
            if a != b {
                leader.insert(b, a);
            }
        }
        Self::assemble(&model.name, vertices, drafts, &leader)
    }

    /// The model of the graph: arrows from latent variables to observed ones are loadings, and nothing
    /// is added to it but the scales of latent variables.
    pub fn to_model(&self) -> StructuralModel {
        let latent = |v: usize| self.directed[NodeIndex::new(v)].latent;
        let coefficient = |w: &Weight| match w {
            Weight::Constant(value) => {
                Coefficient { value: Value::Fixed(value.clone()), ..Coefficient::default() }
            }
            Weight::Parameter(p) => {
                let parameter = &self.parameters[*p];
                let own = parameter.name == parameter.notation;
                let label = own.then(|| parameter.name.clone());
                Coefficient { label, start: parameter.start.clone(), ..Coefficient::default() }
            }
        };
        let arrow = |kind: Kind, from: usize, to: usize, coefficient: Coefficient| Arrow {
            kind,
            from,
            to,
            coefficients: vec![coefficient],
            added: None,
            span: Span::default(),
        };
        let mut arrows = Vec::new();
        for (a, b, w) in self.effects() {
            let kind = if latent(a) && !latent(b) { Kind::Loading } else { Kind::Regression };
            arrows.push(arrow(kind, a, b, coefficient(w)));
        }
        for (a, b, w) in self.covariances() {
            arrows.push(arrow(Kind::Covariance, a, b, coefficient(w)));
        }
        for v in 0..self.size() {
            if !self.covariances().any(|(a, b, _)| (a, b) == (v, v)) {
                let none = Value::Fixed(Number::ZERO);
                let none = Coefficient { value: none, ..Coefficient::default() };
                arrows.push(arrow(Kind::Covariance, v, v, none));
            }
        }
        let variable =
            |v: &Vertex| Variable { name: v.name.clone(), latent: v.latent, span: Span::default() };
        StructuralModel {
            name: self.name.clone(),
            variables: self.directed.node_weights().map(variable).collect(),
            arrows,
            quantities: Vec::new(),
            constraints: Vec::new(),
            terms: crate::term::Graph::new(),
            groups: 1,
            whole: true,
        }
    }

    fn assemble(
        name: &str,
        vertices: Vec<Vertex>,
        mut drafts: Vec<Draft>,
        leader: &FxHashMap<String, String>,
    ) -> MixedGraph {
        drafts.sort_by_key(|d| !d.directed);
        let names: Vec<String> = vertices.iter().map(|v| v.name.clone()).collect();
        let mut taken: FxHashSet<String> = drafts.iter().filter_map(|d| d.label.clone()).collect();
        let naming = Naming::new(&names, &taken);
        let mut written = taken.clone();
        let mut graph = MixedGraph {
            name: name.to_owned(),
            directed: DiGraph::new(),
            bidirected: UnGraph::new_undirected(),
            parameters: Vec::new(),
            naming,
        };
        for vertex in vertices {
            graph.directed.add_node(vertex);
            graph.bidirected.add_node(());
        }
        let mut labelled: FxHashMap<String, usize> = FxHashMap::default();
        for draft in drafts {
            let (a, b) = match draft.directed {
                true => (draft.from, draft.to),
                false => (draft.from.min(draft.to), draft.from.max(draft.to)),
            };
            let weight = match (draft.constant, draft.label) {
                (Some(value), _) if value.is_zero() => continue,
                (Some(value), _) => Weight::Constant(value),
                (None, label) => {
                    let label = label.map(|l| find(leader, &l));
                    let known = label.as_ref().and_then(|l| labelled.get(l)).copied();
                    Weight::Parameter(known.unwrap_or_else(|| {
                        let (letter, greek) = match draft.directed {
                            true => ("l", "lambda"),
                            false => ("w", "omega"),
                        };
                        let place = graph.parameters.len();
                        let (name, notation) = match label {
                            Some(label) => {
                                labelled.insert(label.clone(), place);
                                (label.clone(), label)
                            }
                            None => {
                                let name = |letter: &str| graph.naming.pair(letter, a, b);
                                (fresh(name(letter), &mut taken), fresh(name(greek), &mut written))
                            }
                        };
                        graph.parameters.push(Parameter { name, notation, start: draft.start });
                        place
                    }))
                }
            };
            let (a, b) = (NodeIndex::new(a), NodeIndex::new(b));
            match draft.directed {
                true => graph.directed.add_edge(a, b, weight),
                false => graph.bidirected.add_edge(a, b, weight),
            };
        }
        graph
    }

    /// The number of vertices.
    pub fn size(&self) -> usize {
        self.directed.node_count()
    }

    /// The name of a vertex.
    pub fn vertex_name(&self, v: usize) -> &str {
        &self.directed[NodeIndex::new(v)].name
    }

    /// The vertex of a name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.directed.node_weights().position(|v| v.name == name)
    }

    /// The vertices that are observed, in order.
    pub fn observed(&self) -> Vec<usize> {
        (0..self.size()).filter(|&v| !self.directed[NodeIndex::new(v)].latent).collect()
    }

    /// The directed arrows `(i, j, λ_ij)` in the order of the text.
    pub fn effects(&self) -> impl Iterator<Item = (usize, usize, &Weight)> {
        self.directed
            .edge_references()
            .map(|e| (e.source().index(), e.target().index(), e.weight()))
    }

    /// The entries `(i, j, ω_ij)` of Ω that are not zero, with `i <= j`, in the order of the text.
    pub fn covariances(&self) -> impl Iterator<Item = (usize, usize, &Weight)> {
        self.bidirected.edge_references().map(|e| {
            let (a, b) = (e.source().index(), e.target().index());
            (a.min(b), a.max(b), e.weight())
        })
    }

    /// What a vertex is the effect of, in order.
    pub fn parents(&self, v: usize) -> Vec<usize> {
        let mut list: Vec<usize> = self
            .directed
            .neighbors_directed(NodeIndex::new(v), petgraph::Incoming)
            .map(|p| p.index())
            .collect();
        list.sort_unstable();
        list
    }

    /// The vertices joined to one by `<->`, in order, without itself.
    pub fn siblings(&self, v: usize) -> Vec<usize> {
        let all = self.bidirected.neighbors(NodeIndex::new(v)).map(|s| s.index());
        let mut list: Vec<usize> = all.filter(|&s| s != v).collect();
        list.sort_unstable();
        list
    }

    /// The strongly connected components, causes before effects, each in order.
    pub fn components(&self) -> Vec<Vec<usize>> {
        let mut all: Vec<Vec<usize>> = tarjan_scc(&self.directed)
            .into_iter()
            .map(|c| {
                let mut c: Vec<usize> = c.into_iter().map(NodeIndex::index).collect();
                c.sort_unstable();
                c
            })
            .collect();
        // Tarjan's algorithm finds effects first.
        all.reverse();
        all
    }

    /// For each vertex whether it is reachable along directed arrows from one of `from`, which
    /// count themselves.
    pub fn descendants(&self, from: &[usize]) -> Vec<bool> {
        self.reach(from, petgraph::Outgoing)
    }

    /// For each vertex whether one of `to` is reachable from it; these count themselves.
    pub fn ancestors(&self, to: &[usize]) -> Vec<bool> {
        self.reach(to, petgraph::Incoming)
    }

    fn reach(&self, start: &[usize], direction: petgraph::Direction) -> Vec<bool> {
        let mut seen = vec![false; self.size()];
        let mut open: Vec<usize> = start.to_vec();
        while let Some(v) = open.pop() {
            if !std::mem::replace(&mut seen[v], true) {
                let next = self.directed.neighbors_directed(NodeIndex::new(v), direction);
                open.extend(next.map(NodeIndex::index).filter(|&w| !seen[w]));
            }
        }
        seen
    }

    /// Whether no directed walk returns to its beginning.
    pub fn is_acyclic(&self) -> bool {
        self.components().iter().all(|c| c.len() == 1)
    }

    /// The first pair of vertices joined by two of `i -> j`, `j -> i`, `i <-> j`.
    pub fn double_arrow(&self) -> Option<(usize, usize)> {
        let mut seen: FxHashSet<(usize, usize)> = FxHashSet::default();
        let effects = self.effects().map(|(a, b, _)| (a.min(b), a.max(b)));
        let covariances = self.covariances().map(|(a, b, _)| (a, b)).filter(|(a, b)| a != b);
        effects.chain(covariances).find(|pair| !seen.insert(*pair))
    }

    /// Whether every arrow has a parameter of its own and every vertex a free variance: formulas of
    /// the rule are in lowest terms then.
    pub fn has_own_parameters(&self) -> bool {
        let arrows = self.directed.edge_count() + self.bidirected.edge_count();
        let variances = self.covariances().filter(|(a, b, _)| a == b).count();
        let mut weights = self.effects().chain(self.covariances()).map(|(_, _, w)| w);
        variances == self.size()
            && self.parameters.len() == arrows
            && weights.all(|w| matches!(w, Weight::Parameter(_)))
    }

    /// Whether the graph has its own parameters and no latent vertex: the case of the theorems on
    /// mixed graphs.
    pub fn is_plain(&self) -> bool {
        self.observed().len() == self.size() && self.has_own_parameters()
    }
}

fn find(leader: &FxHashMap<String, String>, label: &str) -> String {
    let mut label = label;
    while let Some(next) = leader.get(label) {
        label = next;
    }
    label.to_owned()
}
