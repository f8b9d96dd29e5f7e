//! The e-graph's language: n-ary sums and products over classes.
//!
//! Nodes mirror [`crate::term::Node`]. Sums hold sorted (coefficient, class) pairs and products
//! sorted (class, exponent) pairs, so that associativity and commutativity need no rules: when
//! classes are merged, [`egg::Language::update_children`] sorts and collects the pairs again, and
//! congruent nodes meet in the hash table.

use egg::{Id, Language};
use smallvec::SmallVec;

use crate::term::{Binder, FunctionId, Number, Op, Term};

/// Classes of a node's arguments.
pub type Ids = SmallVec<[Id; 4]>;

/// A node of the e-graph.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Form {
    /// A term that is not looked into: a symbol, an element, or a shared part of another region.
    Leaf(Term),
    /// An exact number.
    Number(Number),
    /// `constant + Σ coefficients[k] · ids[k]`, sorted by class, no class twice.
    Sum {
        /// The rational part.
        constant: Number,
        /// One coefficient for each class.
        coefficients: Box<[Number]>,
        /// The classes.
        ids: Ids,
    },
    /// `Π ids[k] ^ exponents[k]`, sorted by class; one class occurs twice only with exponents
    /// whose merging would change the domain.
    Product {
        /// One exponent for each class.
        exponents: Box<[Number]>,
        /// The classes.
        ids: Ids,
    },
    /// An operation of the table.
    Call(Op, Ids),
    /// A registered function.
    Apply(FunctionId, Ids),
    /// A sum over an index range.
    Reduce(Binder, i64, i64, Ids),
}

/// What kind of node this is, for egg's index of classes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Head {
    /// [`Form::Leaf`].
    Leaf,
    /// [`Form::Number`].
    Number,
    /// [`Form::Sum`].
    Sum,
    /// [`Form::Product`].
    Product,
    /// [`Form::Call`].
    Call(Op),
    /// [`Form::Apply`].
    Apply(FunctionId),
    /// [`Form::Reduce`].
    Reduce,
}

impl Form {
    /// A sum with its pairs sorted and collected.
    pub fn sum(constant: Number, mut terms: Vec<(Number, Id)>) -> Form {
        terms.sort_by_key(|(_, id)| *id);
        terms.dedup_by(|b, a| {
            let same = a.1 == b.1;
            if same {
                a.0 = &a.0 + &b.0;
            }
            same
        });
        let (coefficients, ids): (Vec<Number>, Ids) = terms.into_iter().unzip();
        Form::Sum { constant, coefficients: coefficients.into(), ids }
    }

    /// A multiple of a class.
    pub fn multiple(factor: &Number, id: Id) -> Form {
        Form::sum(Number::ZERO, vec![(factor.clone(), id)])
    }

    /// A product with its pairs sorted, and powers of one class merged where that is exact.
    pub fn product(mut factors: Vec<(Id, Number)>) -> Form {
        factors.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
        factors.dedup_by(|b, a| {
            let integers = a.1.is_integer() && b.1.is_integer();
            let same = a.0 == b.0 && integers && a.1.is_negative() == b.1.is_negative();
            if same {
                a.1 = &a.1 + &b.1;
            }
            same
        });
        let (ids, exponents): (Ids, Vec<Number>) = factors.into_iter().unzip();
        Form::Product { exponents: exponents.into(), ids }
    }

    /// Coefficients and classes of a sum.
    pub fn terms(&self) -> impl Iterator<Item = (&Number, Id)> + Clone {
        let (coefficients, ids): (&[Number], &[Id]) = match self {
            Form::Sum { coefficients, ids, .. } => (coefficients, ids),
            _ => (&[], &[]),
        };
        coefficients.iter().zip(ids.iter().copied())
    }

    /// Classes and exponents of a product.
    pub fn factors(&self) -> impl Iterator<Item = (Id, &Number)> + Clone {
        let (exponents, ids): (&[Number], &[Id]) = match self {
            Form::Product { exponents, ids } => (exponents, ids),
            _ => (&[], &[]),
        };
        ids.iter().copied().zip(exponents)
    }
}

impl Language for Form {
    type Discriminant = Head;

    fn discriminant(&self) -> Head {
        match self {
            Form::Leaf(_) => Head::Leaf,
            Form::Number(_) => Head::Number,
            Form::Sum { .. } => Head::Sum,
            Form::Product { .. } => Head::Product,
            Form::Call(op, _) => Head::Call(*op),
            Form::Apply(f, _) => Head::Apply(*f),
            Form::Reduce(..) => Head::Reduce,
        }
    }

    fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Form::Leaf(a), Form::Leaf(b)) => a == b,
            (Form::Number(a), Form::Number(b)) => a == b,
            (
                Form::Sum { constant: a, coefficients: c, .. },
                Form::Sum { constant: b, coefficients: d, .. },
            ) => a == b && c == d,
            (Form::Product { exponents: a, .. }, Form::Product { exponents: b, .. }) => a == b,
            (Form::Call(f, a), Form::Call(g, b)) => f == g && a.len() == b.len(),
            (Form::Apply(f, a), Form::Apply(g, b)) => f == g && a.len() == b.len(),
            (Form::Reduce(a, b, c, _), Form::Reduce(d, e, f, _)) => (a, b, c) == (d, e, f),
            _ => false,
        }
    }

    fn children(&self) -> &[Id] {
        match self {
            Form::Leaf(_) | Form::Number(_) => &[],
            Form::Sum { ids, .. }
            | Form::Product { ids, .. }
            | Form::Call(_, ids)
            | Form::Apply(_, ids)
            | Form::Reduce(_, _, _, ids) => ids,
        }
    }

    fn children_mut(&mut self) -> &mut [Id] {
        match self {
            Form::Leaf(_) | Form::Number(_) => &mut [],
            Form::Sum { ids, .. }
            | Form::Product { ids, .. }
            | Form::Call(_, ids)
            | Form::Apply(_, ids)
            | Form::Reduce(_, _, _, ids) => ids,
        }
    }

    /// Canonicalises classes and, for sums and products, the order and multiplicity of the pairs.
    fn update_children<F: FnMut(Id) -> Id>(&mut self, mut f: F) {
        let mut changed = false;
        for id in self.children_mut() {
            let new = f(*id);
            changed |= new != *id;
            *id = new;
        }
        if !changed {
            return;
        }
        match self {
            Form::Sum { constant, coefficients, ids } => {
                let terms = std::mem::take(coefficients).into_vec().into_iter().zip(ids.drain(..));
                *self = Form::sum(std::mem::replace(constant, Number::ZERO), terms.collect());
            }
            Form::Product { exponents, ids } => {
                let factors = ids.drain(..).zip(std::mem::take(exponents).into_vec());
                *self = Form::product(factors.collect());
            }
            _ => {}
        }
    }
}
