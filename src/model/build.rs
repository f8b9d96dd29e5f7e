//! Systems built from Rust expressions instead of text.

use super::system::{Axis, Observable, Plan, System, Variable};
use crate::calculus::{Equation, IndexRange};
use crate::term::{Affine, Binder, Expr, Number, Scope, Term};

/// Collects the parts of a [`System`] that are written with [`Expr`].
///
/// ```
/// use isoterm::model::Builder;
/// use isoterm::term::Scope;
/// let scope = Scope::new();
/// let (k, x) = (scope.symbol("k"), scope.symbol("x"));
/// let system = Builder::new("decay")
///     .parameter("k", 2)
///     .state("x", scope.number(1), -k * x)
///     .finish(&scope);
/// assert_eq!(system.dimension(), 1);
/// ```
pub struct Builder {
    name: String,
    time: String,
    unknowns: Vec<Variable>,
    parameters: Vec<(Variable, Number)>,
    equations: Vec<Equation>,
    initial: Vec<Equation>,
    observables: Vec<(Variable, Term)>,
    plan: Option<Plan>,
}

impl Builder {
    /// An empty model; its time is called `t`.
    pub fn new(name: &str) -> Builder {
        Builder {
            name: name.to_owned(),
            time: "t".to_owned(),
            unknowns: Vec::new(),
            parameters: Vec::new(),
            equations: Vec::new(),
            initial: Vec::new(),
            observables: Vec::new(),
            plan: None,
        }
    }

    /// A parameter with its value.
    pub fn parameter(mut self, name: &str, value: impl Into<Number>) -> Builder {
        let variable = scalar(name, self.parameters.len());
        self.parameters.push((variable, value.into()));
        self
    }

    /// A scalar unknown with its initial value and its derivative with respect to time.
    pub fn state(self, name: &str, initial: Expr<'_>, rate: Expr<'_>) -> Builder {
        self.family(name, &[], initial, rate)
    }

    /// An array of unknowns over inclusive index ranges.
    ///
    /// `initial` and `rate` are those of the member at the binders 0, 1, … of the dimensions.
    /// Every element they refer to must exist: periodic neighbours and boundaries are the
    /// business of model text.
    pub fn family(
        mut self,
        name: &str,
        ranges: &[(i64, i64)],
        initial: Expr<'_>,
        rate: Expr<'_>,
    ) -> Builder {
        let axis = |&(from, to): &(i64, i64)| Axis { from, to, periodic: false };
        let variable = Variable {
            name: name.to_owned(),
            axes: ranges.iter().map(axis).collect(),
            offset: self.unknowns.last().map_or(0, |u| u.offset + u.len()),
        };
        let ranges: Vec<IndexRange> = (0..)
            .zip(ranges)
            .map(|(level, &(from, to))| IndexRange { binder: Binder(level), from, to })
            .collect();
        let indices: Vec<Affine> = ranges.iter().map(|r| Affine::binder(r.binder)).collect();
        let row = variable.place(&indices);
        for (list, value) in [(&mut self.initial, initial), (&mut self.equations, rate)] {
            list.push(Equation { ranges: ranges.clone(), row: row.clone(), value: value.term() });
        }
        self.unknowns.push(variable);
        self
    }

    /// A derived quantity to report.
    pub fn observe(mut self, name: &str, value: Expr<'_>) -> Builder {
        let variable = scalar(name, self.observables.len());
        self.observables.push((variable, value.term()));
        self
    }

    /// What to simulate.
    pub fn plan(mut self, plan: Plan) -> Builder {
        self.plan = Some(plan);
        self
    }

    /// The system, with a copy of the scope's terms.
    pub fn finish(self, scope: &Scope) -> System {
        let mut graph = scope.with(|g| g.clone());
        let scalar_equation = |row: usize, value: Term| Equation {
            ranges: Vec::new(),
            row: Affine::constant(row as i64),
            value,
        };
        let parameter_values = self.parameters.iter().map(|(variable, value)| {
            let value = graph.number(value.clone());
            scalar_equation(variable.offset, value)
        });
        let parameter_values = parameter_values.collect();
        let observables = self.observables.into_iter().map(|(variable, value)| {
            let equations = vec![scalar_equation(variable.offset, value)];
            Observable { variable, equations }
        });
        System {
            name: self.name,
            time: self.time,
            unknowns: self.unknowns,
            parameters: self.parameters.into_iter().map(|(v, _)| v).collect(),
            parameter_values,
            equations: self.equations,
            algebraic: Vec::new(),
            initial: self.initial,
            observables: observables.collect(),
            events: Vec::new(),
            plan: self.plan,
            tables: Vec::new(),
            written: None,
            network: None,
            eliminated: None,
            graph,
        }
    }
}

fn scalar(name: &str, offset: usize) -> Variable {
    Variable { name: name.to_owned(), axes: Vec::new(), offset }
}
