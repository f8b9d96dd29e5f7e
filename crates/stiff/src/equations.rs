//! A [`Problem`] seen through diffsol's traits.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use diffsol::{
    ConstantOp, FaerContext, FaerMat, FaerSparseMat, FaerVec, LinearOp, Matrix, NonLinearOp,
    NonLinearOpJacobian, OdeEquations, OdeEquationsRef, Op, UnitCallable, Vector, VectorCommon,
};
use faer::sparse::SymbolicSparseColMat;

use crate::problem::{Pattern, Problem};

/// Magnitudes beyond this count as not finite: their squares, in error norms, would overflow.
pub(crate) const HUGE: f64 = 1e150;

/// The entries of a state vector.
pub(crate) fn entries(vector: &FaerVec<f64>) -> &[f64] {
    vector.inner().col_as_slice(0)
}

/// Copies `values` into a state vector of the same length.
pub(crate) fn write(vector: &mut FaerVec<f64>, values: &[f64]) {
    vector.inner_mut().col_as_slice_mut(0).copy_from_slice(values);
}

/// The first entry that is NaN, infinite or [`HUGE`].
pub(crate) fn unusable(values: &[f64]) -> Option<usize> {
    values.iter().position(|value| !(value.abs() < HUGE))
}

/// A matrix type that a Jacobian can be written into.
pub(crate) trait Storage: Matrix<T = f64, V = FaerVec<f64>, C = FaerContext> {
    /// The sparsity diffsol allocates matrices from; `None` for a dense matrix.
    fn layout(pattern: &Pattern) -> Option<Self::Sparsity>;

    /// Writes `values`, which are in the order of `pattern`.
    fn write(&mut self, pattern: &Pattern, values: &[f64]);
}

impl Storage for FaerMat<f64> {
    fn layout(_pattern: &Pattern) -> Option<Self::Sparsity> {
        None
    }

    fn write(&mut self, pattern: &Pattern, values: &[f64]) {
        let matrix = self.inner_mut();
        for column in 0..pattern.dimension {
            let target = matrix.col_as_slice_mut(column);
            let range = pattern.column_starts[column]..pattern.column_starts[column + 1];
            for (&row, &value) in pattern.row_indices[range.clone()].iter().zip(&values[range]) {
                target[row] = value;
            }
        }
    }
}

impl Storage for FaerSparseMat<f64> {
    fn layout(pattern: &Pattern) -> Option<Self::Sparsity> {
        Some(SymbolicSparseColMat::new_checked(
            pattern.dimension,
            pattern.dimension,
            pattern.column_starts.clone(),
            None,
            pattern.row_indices.clone(),
        ))
    }

    fn write(&mut self, _pattern: &Pattern, values: &[f64]) {
        self.inner_mut()[0].val_mut().copy_from_slice(values);
    }
}

/// What the operators note while the solver runs.
#[derive(Default)]
pub(crate) struct Notes {
    pub rhs_evaluations: Cell<usize>,
    pub jacobian_evaluations: Cell<usize>,
    /// The component of the last evaluation that was not finite, cleared by a finite one.
    pub unusable: Cell<Option<usize>>,
}

/// The equations `M u' = f(t, u)`, `u(t0) = u0` with Jacobians of type `M`; the mass matrix is a
/// diagonal of ones, with zeros in the algebraic rows.
pub(crate) struct Equations<'p, M> {
    problem: &'p dyn Problem,
    initial: &'p [f64],
    context: FaerContext,
    values: RefCell<Vec<f64>>,
    /// The diagonal of the mass matrix; empty where it is the identity.
    mass: Vec<f64>,
    /// The pattern of the mass matrix.
    diagonal: Pattern,
    pub notes: Notes,
    matrix: PhantomData<M>,
}

impl<'p, M> Equations<'p, M> {
    pub fn new(problem: &'p dyn Problem, initial: &'p [f64]) -> Self {
        let algebraic = problem.algebraic();
        let mut mass = vec![1.0; if algebraic.is_empty() { 0 } else { initial.len() }];
        algebraic.iter().for_each(|&row| mass[row] = 0.0);
        Self {
            problem,
            initial,
            context: FaerContext::default(),
            diagonal: Pattern::diagonal(mass.len()),
            mass,
            values: RefCell::new(vec![0.0; problem.pattern().entries()]),
            notes: Notes::default(),
            matrix: PhantomData,
        }
    }

    /// Evaluates the right-hand side and notes whether the result is usable.
    pub fn evaluate(&self, t: f64, u: &[f64], du: &mut [f64]) {
        let notes = &self.notes;
        notes.rhs_evaluations.set(notes.rhs_evaluations.get() + 1);
        self.problem.rhs(t, u, du);
        notes.unusable.set(unusable(du));
        if let Some(component) = notes.unusable.get() {
            // An infinity could pass a convergence test that a NaN cannot.
            du[component] = f64::NAN;
        }
    }

    /// Evaluates the Jacobian into the scratch `values`.
    ///
    /// Entries that are not finite become zero: the Newton iteration then converges badly and
    /// the step is refused, where a NaN would stop the factorization.
    pub fn differentiate(&self, t: f64, u: &[f64], values: &mut [f64]) {
        let notes = &self.notes;
        let count = &notes.jacobian_evaluations;
        count.set(count.get() + 1);
        self.problem.jacobian(t, u, values);
        for value in values {
            if !(value.abs() < HUGE) {
                *value = 0.0;
            }
        }
    }
}

/// Says for a type that borrows [`Equations`] how large it is and what it computes with.
macro_rules! operator {
    ($type:ty) => {
        impl<M: Storage> Op for $type {
            type T = f64;
            type V = FaerVec<f64>;
            type M = M;
            type C = FaerContext;
            fn context(&self) -> &FaerContext {
                &self.equations().context
            }
            fn nstates(&self) -> usize {
                self.equations().initial.len()
            }
            fn nout(&self) -> usize {
                self.equations().initial.len()
            }
            fn nparams(&self) -> usize {
                0
            }
        }
    };
}

/// The right-hand side as an operator.
pub(crate) struct RightHandSide<'a, 'p, M>(&'a Equations<'p, M>);

/// The mass matrix as an operator.
pub(crate) struct Mass<'a, 'p, M>(&'a Equations<'p, M>);

/// The initial state as an operator.
pub(crate) struct Initial<'a, 'p, M>(&'a Equations<'p, M>);

impl<'p, M> Equations<'p, M> {
    fn equations(&self) -> &Self {
        self
    }
}

impl<'a, 'p, M> RightHandSide<'a, 'p, M> {
    fn equations(&self) -> &'a Equations<'p, M> {
        self.0
    }
}

impl<'a, 'p, M> Mass<'a, 'p, M> {
    fn equations(&self) -> &'a Equations<'p, M> {
        self.0
    }
}

impl<'a, 'p, M> Initial<'a, 'p, M> {
    fn equations(&self) -> &'a Equations<'p, M> {
        self.0
    }
}

operator!(Equations<'_, M>);
operator!(RightHandSide<'_, '_, M>);
operator!(Mass<'_, '_, M>);
operator!(Initial<'_, '_, M>);

impl<M: Storage> NonLinearOp for RightHandSide<'_, '_, M> {
    fn call_inplace(&self, u: &FaerVec<f64>, t: f64, du: &mut FaerVec<f64>) {
        self.0.evaluate(t, entries(u), du.inner_mut().col_as_slice_mut(0));
    }
}

impl<M: Storage> NonLinearOpJacobian for RightHandSide<'_, '_, M> {
    fn jac_mul_inplace(
        &self,
        u: &FaerVec<f64>,
        t: f64,
        v: &FaerVec<f64>,
        product: &mut FaerVec<f64>,
    ) {
        let mut values = self.0.values.borrow_mut();
        self.0.differentiate(t, entries(u), &mut values);
        let (v, product) = (entries(v), product.inner_mut().col_as_slice_mut(0));
        product.fill(0.0);
        self.0
            .problem
            .pattern()
            .for_each(|entry, row, column| product[row] += values[entry] * v[column]);
    }

    fn jacobian_inplace(&self, u: &FaerVec<f64>, t: f64, matrix: &mut M) {
        let mut values = self.0.values.borrow_mut();
        self.0.differentiate(t, entries(u), &mut values);
        matrix.write(self.0.problem.pattern(), &values);
    }

    fn jacobian_sparsity(&self) -> Option<M::Sparsity> {
        M::layout(self.0.problem.pattern())
    }
}

impl<M: Storage> LinearOp for Mass<'_, '_, M> {
    fn gemv_inplace(&self, x: &FaerVec<f64>, _t: f64, beta: f64, y: &mut FaerVec<f64>) {
        let y = y.inner_mut().col_as_slice_mut(0);
        for ((y, x), mass) in y.iter_mut().zip(entries(x)).zip(&self.0.mass) {
            *y = mass * x + beta * *y;
        }
    }

    fn matrix_inplace(&self, _t: f64, matrix: &mut M) {
        matrix.write(&self.0.diagonal, &self.0.mass);
    }

    fn sparsity(&self) -> Option<M::Sparsity> {
        M::layout(&self.0.diagonal)
    }
}

impl<M: Storage> ConstantOp for Initial<'_, '_, M> {
    fn call_inplace(&self, _t: f64, u: &mut FaerVec<f64>) {
        write(u, self.0.initial);
    }
}

impl<'a, 'p, M: Storage> OdeEquationsRef<'a> for Equations<'p, M> {
    type Mass = Mass<'a, 'p, M>;
    type Rhs = RightHandSide<'a, 'p, M>;
    type Root = UnitCallable<M>;
    type Init = Initial<'a, 'p, M>;
    type Out = UnitCallable<M>;
    type Reset = UnitCallable<M>;
}

impl<'p, M: Storage> OdeEquations for Equations<'p, M> {
    fn rhs(&self) -> RightHandSide<'_, 'p, M> {
        RightHandSide(self)
    }

    fn mass(&self) -> Option<Mass<'_, 'p, M>> {
        (!self.mass.is_empty()).then_some(Mass(self))
    }

    fn init(&self) -> Initial<'_, 'p, M> {
        Initial(self)
    }

    fn set_params(&mut self, _p: &FaerVec<f64>) {}

    fn get_params(&self, _p: &mut FaerVec<f64>) {}
}
