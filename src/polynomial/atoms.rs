//! Terms as polynomials and back: which terms the variables stand for.

use rustc_hash::FxHashMap;

use super::budget::{Budget, Exceeded};
use super::sparse::Polynomial;
use crate::term::{Graph, Node, Number, Term};

/// The terms that stand for the variables of polynomials, in the order of the variables.
///
/// Everything that is no sum, product or whole power is a variable: symbols, `sin(x)`, `x^y`, and
/// also `1/x` beside `x`, and `x^(1/2)`, of which `x` is the square when it occurs as well. Two
/// variables of one base are not independent: a polynomial that is not zero may stand for a term
/// that is, such as `x*(1/x) - 1`. [`Atoms::independent`] tells.
pub struct Atoms {
    atoms: Vec<Atom>,
    index: FxHashMap<(Term, bool), usize>,
    region: Vec<Term>,
}

/// What a factor of a product takes to be read or built, in products of machine words.
const FACTOR: u64 = 4;

/// `base ^ step`.
struct Atom {
    base: Term,
    step: Number,
    /// Whether whole powers of it are factors that a product keeps as they are.
    plain: bool,
}

impl Atoms {
    /// The variables that the terms need in common.
    pub fn of(graph: &Graph, roots: &[Term]) -> Atoms {
        let region = region(graph, roots);
        let mut steps: FxHashMap<(Term, bool), Number> = FxHashMap::default();
        let mut note = |base: Term, exponent: &Number| {
            let step = steps.entry((base, exponent.is_negative())).or_insert(Number::ZERO);
            *step = step.gcd(exponent);
        };
        for &term in &region {
            match graph.node(term) {
                Node::Number(_) | Node::Sum { .. } => {}
                Node::Product(factors) => {
                    for (base, exponent) in factors {
                        if inner(graph, *base, exponent).is_none() {
                            note(*base, exponent);
                        }
                    }
                }
                _ => note(term, &Number::ONE),
            }
        }
        let mut keys: Vec<(Term, bool)> = steps.keys().copied().collect();
        keys.sort_unstable();
        let index = keys.iter().enumerate().map(|(k, &key)| (key, k)).collect();
        let atoms = keys.into_iter().map(|key| {
            let step = &steps[&key];
            let plain = step.is_integer() && graph.is_factor(key.0);
            Atom { base: key.0, step: if key.1 { -step } else { step.clone() }, plain }
        });
        Atoms { atoms: atoms.collect(), index, region }
    }

    /// The number of variables.
    pub fn len(&self) -> usize {
        self.atoms.len()
    }

    /// Whether there is no variable.
    pub fn is_empty(&self) -> bool {
        self.atoms.is_empty()
    }

    /// The base and the exponent of the term that a variable stands for.
    pub fn atom(&self, variable: usize) -> (Term, &Number) {
        let Atom { base, step, .. } = &self.atoms[variable];
        (*base, step)
    }

    /// Whether no algebraic relation between the variables is visible: none is a root, a
    /// reciprocal or a number.
    pub fn independent(&self) -> bool {
        self.atoms.iter().all(|a| a.plain && a.step.is_positive())
    }

    /// The polynomial of a term that is among the roots of these variables or below one of them.
    ///
    /// It is computed once for each shared part, without recursion.
    ///
    /// # Errors
    /// When it takes more than the budget, or exponents are too large.
    ///
    /// # Panics
    /// When the term needs other variables.
    pub fn polynomial(
        &self,
        graph: &Graph,
        root: Term,
        budget: &mut Budget,
    ) -> Result<Polynomial, Exceeded> {
        let mut uses: FxHashMap<Term, usize> = FxHashMap::default();
        for &term in &self.region {
            each_inner(graph, term, |t| *uses.entry(t).or_default() += 1);
        }
        *uses.entry(root).or_default() += 1;
        let mut known: FxHashMap<Term, Polynomial> = FxHashMap::default();
        for &term in self.region.iter().take_while(|&&t| t <= root) {
            let polynomial = self.node(graph, term, &known, budget)?;
            known.insert(term, polynomial);
            // What nobody needs any more is forgotten: a long chain keeps one polynomial.
            each_inner(graph, term, |t| {
                if let Some(left) = uses.get_mut(&t) {
                    *left -= 1;
                    if *left == 0 {
                        known.remove(&t);
                    }
                }
            });
        }
        Ok(known.remove(&root).expect("a root of these variables"))
    }

    fn node(
        &self,
        graph: &Graph,
        term: Term,
        known: &FxHashMap<Term, Polynomial>,
        budget: &mut Budget,
    ) -> Result<Polynomial, Exceeded> {
        let variables = self.atoms.len();
        match graph.node(term) {
            Node::Number(n) => Polynomial::constant(variables, n.clone()),
            Node::Sum { constant, terms } => {
                let constant = Polynomial::constant(variables, constant.clone())?;
                let parts = terms.iter().map(|(c, t)| (c.clone(), &known[t]));
                let parts = parts.chain([(Number::ONE, &constant)]);
                Polynomial::sum(variables, parts, budget)
            }
            Node::Product(factors) => {
                budget.spend(FACTOR * factors.len() as u64)?;
                let mut powers: Vec<(usize, u32)> = Vec::new();
                let mut sums: Vec<(Term, u32)> = Vec::new();
                for (base, exponent) in factors {
                    match inner(graph, *base, exponent) {
                        Some(n) => sums.push((*base, n.ok_or(Exceeded::Exponents)?)),
                        None => powers.push(self.power(*base, exponent)?),
                    }
                }
                let mut product = Polynomial::from_terms(variables, [(Number::ONE, powers)])?;
                for (base, n) in sums {
                    product = match n {
                        1 => product.times(&known[&base], budget)?,
                        _ => product.times(&known[&base].power(n, budget)?, budget)?,
                    };
                }
                Ok(product)
            }
            _ => Polynomial::from_terms(
                variables,
                [(Number::ONE, [self.power(term, &Number::ONE)?])],
            ),
        }
    }

    /// The variable of a base and its exponent in a power of the base.
    fn power(&self, base: Term, exponent: &Number) -> Result<(usize, u32), Exceeded> {
        let variable = self.index[&(base, exponent.is_negative())];
        let steps = self.atoms[variable].step.recip().map(|r| &r * exponent);
        let steps = steps.and_then(|n| u32::try_from(n.to_i64()?).ok());
        Ok((variable, steps.ok_or(Exceeded::Exponents)?))
    }

    /// The term of a polynomial in these variables; new products are built from the lowest degree
    /// to the highest, which is then the order in which they are printed.
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn term(
        &self,
        graph: &mut Graph,
        polynomial: &Polynomial,
        budget: &mut Budget,
    ) -> Result<Term, Exceeded> {
        budget.spend(FACTOR * polynomial.factor_count() as u64)?;
        let mut constant = Number::ZERO;
        let mut terms: Vec<(Number, Term)> = Vec::with_capacity(polynomial.term_count());
        let mut factors: Vec<(Term, Number)> = Vec::new();
        let mut canonical = true;
        polynomial.each_term_by_degree(|c, powers| {
            let Some(&(first, _)) = powers.first() else {
                constant = c.clone();
                return;
            };
            factors.clear();
            let (mut plain, mut last) = (self.atoms[first].plain, None);
            for &(v, e) in powers {
                let Atom { base, step, plain: p } = &self.atoms[v];
                plain &= *p && last != Some(*base);
                last = Some(*base);
                let exponent = Number::from(i64::from(e));
                factors.push((*base, if step.is_one() { exponent } else { &exponent * step }));
            }
            canonical &= plain;
            let monomial = match plain {
                true => graph.monomial(&factors),
                false => graph.product(factors.iter().cloned()),
            };
            terms.push((c.clone(), monomial));
        });
        Ok(match canonical {
            true => graph.collected_sum(constant, terms),
            false => graph.sum(constant, terms),
        })
    }
}

/// The exponent of a factor that is itself a polynomial, a sum to a positive whole power; an inner
/// `None` when it is too large.
fn inner(graph: &Graph, base: Term, exponent: &Number) -> Option<Option<u32>> {
    let whole = exponent.is_integer() && exponent.is_positive();
    (whole && matches!(graph.node(base), Node::Sum { .. }))
        .then(|| exponent.to_i64().and_then(|n| u32::try_from(n).ok()))
}

/// Calls `f` with each part of a term that the term is a polynomial of: the terms of a sum, and
/// the sums that are factors of a product to a positive whole power.
pub fn each_inner(graph: &Graph, term: Term, mut f: impl FnMut(Term)) {
    match graph.node(term) {
        Node::Sum { terms, .. } => terms.iter().for_each(|&(_, t)| f(t)),
        Node::Product(factors) => {
            let inner = factors.iter().filter(|(b, e)| inner(graph, *b, e).is_some());
            inner.for_each(|&(base, _)| f(base));
        }
        _ => {}
    }
}

/// The terms that the roots combine by sums, products and whole powers, and these themselves,
/// parts before their users.
pub fn region(graph: &Graph, roots: &[Term]) -> Vec<Term> {
    crate::term::visit::closure(roots, |term, visit| each_inner(graph, term, visit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Op;

    #[test]
    fn terms_come_back() {
        let mut g = Graph::new();
        let [x, y] = ["x", "y"].map(|n| g.symbol(n));
        let (s, half) = (g.call(Op::Sin, &[y]), Number::HALF);
        // (sqrt(x) + sin(y))^2 * (1/x - 2) has the variables 1/x, sqrt(x) and sin(y).
        let root = g.power(x, half);
        let sum = g.add(root, s);
        let square = g.power(sum, 2);
        let (inverse, two) = (g.power(x, -1), g.number(2));
        let difference = g.sub(inverse, two);
        let term = g.mul(square, difference);
        let atoms = Atoms::of(&g, &[term]);
        assert_eq!(atoms.len(), 3);
        assert!(!atoms.independent());
        let p = atoms.polynomial(&g, term, &mut Budget::default()).unwrap();
        assert_eq!(p.term_count(), 6);
        let expanded = atoms.term(&mut g, &p, &mut Budget::default()).unwrap();
        let text = |t| format!("{:?}", g.node(t));
        // 1 - 2x + sin(y)^2/x + 2 sin(y)/sqrt(x) - 2 sin(y)^2 - 4 sqrt(x) sin(y)
        match g.node(expanded) {
            Node::Sum { constant, terms } => {
                assert_eq!((constant, terms.len()), (&Number::ONE, 5), "{}", text(expanded));
            }
            _ => panic!("a sum"),
        }
    }

    #[test]
    fn independent_variables_decide_identities() {
        let mut g = Graph::new();
        let [x, y] = ["x", "y"].map(|n| g.symbol(n));
        let (a, b) = (g.pow(x, y), g.pow(y, x));
        let (sum, difference) = (g.add(a, b), g.sub(a, b));
        let product = g.mul(sum, difference);
        let squares = [a, b].map(|t| g.power(t, 2));
        let squares = g.sub(squares[0], squares[1]);
        let zero = g.sub(product, squares);
        let atoms = Atoms::of(&g, &[zero]);
        assert!(atoms.independent());
        let p = atoms.polynomial(&g, zero, &mut Budget::default()).unwrap();
        assert!(p.is_zero());
    }
}
