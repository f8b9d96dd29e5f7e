//! A structural equation model: variables, arrows between them, and what is said of coefficients.

use super::conventions::Added;
use crate::syntax::sem::Operator;
use crate::term::{Graph, Number, Term};
use crate::text::Span;

/// A structural equation model `x = Λᵀ x + ε` with intercepts, as formulas describe it.
#[derive(Clone)]
pub struct StructuralModel {
    /// Its name.
    pub name: String,
    /// The variables, in the order in which the text names them.
    pub variables: Vec<Variable>,
    /// The arrows, those of the text first.
    pub arrows: Vec<Arrow>,
    /// Quantities to report, of labels.
    pub quantities: Vec<Quantity>,
    /// What must hold between labels.
    pub constraints: Vec<Constraint>,
    /// Holds the terms of quantities and constraints; their symbols are labels.
    pub terms: Graph,
    /// How many groups the coefficients distinguish; 1 when none does.
    pub groups: usize,
    /// Whether it says everything, as a graph does: no arrow is added to it.
    pub whole: bool,
}

/// A variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Whether it is measured by others and not in the data.
    pub latent: bool,
    /// Where the text names it first.
    pub span: Span,
}

/// What an arrow is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// From a latent variable to its indicator.
    Loading,
    /// From a predictor to what is regressed on it.
    Regression,
    /// Between two variables, or a variance at one: of residuals where something points to them.
    Covariance,
    /// The intercept of a variable; both ends are that variable.
    Intercept,
}

impl Kind {
    /// The operator of formulas about it.
    pub fn operator(self) -> Operator {
        match self {
            Kind::Loading => Operator::Measured,
            Kind::Regression | Kind::Intercept => Operator::Regressed,
            Kind::Covariance => Operator::Covaries,
        }
    }
}

/// An arrow between variables, given by their positions.
#[derive(Clone, PartialEq, Debug)]
pub struct Arrow {
    /// What it is.
    pub kind: Kind,
    /// Where it begins; of a covariance the end that the text names first.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What is said of its coefficient: once, or once for each group.
    pub coefficients: Vec<Coefficient>,
    /// Why it was added; absent for what the text says.
    pub added: Option<Added>,
    /// The place in the text.
    pub span: Span,
}

impl Arrow {
    /// Its coefficient in a group, counted from 0.
    pub fn coefficient(&self, group: usize) -> &Coefficient {
        &self.coefficients[group.min(self.coefficients.len() - 1)]
    }

    /// Whether it is a variance.
    pub fn is_variance(&self) -> bool {
        self.kind == Kind::Covariance && self.from == self.to
    }
}

/// What is said of a coefficient.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Coefficient {
    /// Its value.
    pub value: Value,
    /// Coefficients with equal labels are equal.
    pub label: Option<String>,
    /// Where the search begins.
    pub start: Option<Number>,
    /// It is not less.
    pub lower: Option<Number>,
    /// It is not more.
    pub upper: Option<Number>,
}

/// The value of a coefficient.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// Nothing is said; no coefficient of a completed model is left so.
    #[default]
    Unsaid,
    /// Formulas of another group name the arrow, those of this one do not; no coefficient of a
    /// completed model is left so.
    Absent,
    /// It is estimated.
    Free,
    /// It has this value.
    Fixed(Number),
    /// It has the value that the data have.
    Sample,
}

/// A quantity of labels to report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quantity {
    /// Its name.
    pub name: String,
    /// What it is, in [`StructuralModel::terms`].
    pub value: Term,
    /// What it is, as written.
    pub text: String,
}

/// How a constraint compares its margin with zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// The margin is zero.
    Zero,
    /// The margin is not negative.
    NotNegative,
}

/// A condition on labels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Constraint {
    /// The difference of its sides, in [`StructuralModel::terms`].
    pub margin: Term,
    /// What must hold of it.
    pub comparison: Comparison,
    /// The labels that must be equal, when it says nothing else.
    pub same: Option<(String, String)>,
    /// The constraint as written.
    pub text: String,
}

impl StructuralModel {
    /// The position of a variable.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|v| v.name == name)
    }

    /// Positions of the observed variables, in order.
    pub fn observed(&self) -> Vec<usize> {
        (0..self.variables.len()).filter(|&v| !self.variables[v].latent).collect()
    }

    /// Names of the observed variables, in order.
    pub fn observed_names(&self) -> Vec<String> {
        self.observed().into_iter().map(|v| self.variables[v].name.clone()).collect()
    }

    /// The formula of an arrow, without coefficients.
    pub fn formula(&self, arrow: &Arrow) -> String {
        let name = |v: usize| &self.variables[v].name;
        let symbol = arrow.kind.operator().symbol();
        match arrow.kind {
            Kind::Regression => format!("{} {symbol} {}", name(arrow.to), name(arrow.from)),
            Kind::Intercept => format!("{} {symbol} 1", name(arrow.to)),
            Kind::Loading | Kind::Covariance => {
                format!("{} {symbol} {}", name(arrow.from), name(arrow.to))
            }
        }
    }
}
