//! Terms as rational functions of kernels, and back.

use rustc_hash::FxHashMap;

use super::fraction::Fraction;
use crate::polynomial::{Budget, Exceeded, Polynomial};
use crate::term::visit::closure;
use crate::term::{Graph, Node, Number, Op, Term};

/// The kernels of terms: each variable of their polynomials is a power `base ^ step`.
///
/// `exp(2*x)` is the square of `exp(x)`, `x^(2*y)` that of `x^y`.
pub struct Kernels {
    kernels: Vec<(Term, Number)>,
    index: FxHashMap<Term, usize>,
    powers: FxHashMap<Term, (Term, Number)>,
}

impl Kernels {
    /// The kernels of the terms together.
    pub fn of(graph: &mut Graph, roots: &[Term]) -> Kernels {
        let region = region(graph, roots);
        let mut powers: FxHashMap<Term, (Term, Number)> = FxHashMap::default();
        let mut steps: FxHashMap<Term, Number> = FxHashMap::default();
        for term in region {
            let mut found: Vec<(Term, Number)> = Vec::new();
            match graph.node(term) {
                Node::Number(_) | Node::Sum { .. } => {}
                Node::Product(factors) => {
                    let outer = factors.iter().filter(|(b, e)| !is_inner(graph, *b, e));
                    found.extend(outer.cloned());
                }
                _ => found.push((term, Number::ONE)),
            }
            for (base, exponent) in found {
                let (whole, power) =
                    powers.entry(base).or_insert_with(|| as_power(graph, base)).clone();
                let step = steps.entry(whole).or_insert(Number::ZERO);
                *step = step.gcd(&(&power * &exponent));
            }
        }
        // A root is a kernel, but whole powers are those of the base: x^4 + 4 has factors in x. With
        // a name in the exponent a smaller power may have a smaller domain.
        for (base, step) in &mut steps {
            if !matches!(graph.node(*base), Node::Call(Op::Pow, _)) {
                *step = step.gcd(&Number::ONE);
            }
        }
        let mut kernels: Vec<(Term, Number)> = steps.into_iter().collect();
        kernels.sort_unstable_by_key(|(t, _)| *t);
        let index = kernels.iter().enumerate().map(|(k, (t, _))| (*t, k)).collect();
        Kernels { kernels, index, powers }
    }

    /// The number of kernels.
    pub fn len(&self) -> usize {
        self.kernels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.kernels.is_empty()
    }

    /// The base and the exponent of a kernel.
    pub fn kernel(&self, variable: usize) -> &(Term, Number) {
        &self.kernels[variable]
    }

    /// The variable that stands for a term itself.
    pub fn variable(&self, term: Term) -> Option<usize> {
        let at = *self.index.get(&term)?;
        self.kernels[at].1.is_one().then_some(at)
    }

    /// The variable of a base and the exponent of it that a power of the base is.
    fn power(&self, base: Term, exponent: &Number) -> Result<(usize, i64), Exceeded> {
        let (whole, power) = &self.powers[&base];
        let variable = self.index[whole];
        let steps = self.kernels[variable].1.recip().map(|r| &(&r * power) * exponent);
        Ok((variable, steps.and_then(|n| n.to_i64()).ok_or(Exceeded::Exponents)?))
    }

    /// The fraction of a term among the roots, and all that is divided by on the way; `None` when
    /// that is the zero polynomial somewhere.
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn fraction(
        &self,
        graph: &Graph,
        root: Term,
        budget: &mut Budget,
    ) -> Result<Option<(Fraction, Vec<Polynomial>)>, Exceeded> {
        let n = self.len();
        let mut known: FxHashMap<Term, Fraction> = FxHashMap::default();
        let mut divisors: Vec<Polynomial> = Vec::new();
        let constant = |c: &Number| Fraction::whole(Polynomial::constant(n, c.clone())?);
        for term in region(graph, &[root]) {
            let value = match graph.node(term) {
                Node::Number(c) => constant(c)?,
                Node::Sum { constant: c, terms } => {
                    let mut total = constant(c)?;
                    for (c, t) in sorted_by_denominator(terms, &known) {
                        total = total.plus(&known[t].scaled(c), budget)?;
                    }
                    total
                }
                Node::Product(factors) => {
                    let mut product = constant(&Number::ONE)?;
                    for (base, exponent) in factors {
                        let part = if is_inner(graph, *base, exponent) {
                            let power = exponent.to_i64().ok_or(Exceeded::Exponents)?;
                            let base = &known[base];
                            if power < 0 {
                                divisors.push(base.numerator.clone());
                            }
                            match base.power(power, budget)? {
                                Some(part) => part,
                                None => return Ok(None),
                            }
                        } else {
                            self.kernel_power(*base, exponent, &mut divisors)?
                        };
                        product = product.times(&part, budget)?;
                    }
                    product
                }
                _ => self.kernel_power(term, &Number::ONE, &mut divisors)?,
            };
            known.insert(term, value);
        }
        Ok(known.remove(&root).map(|value| (value, divisors)))
    }

    fn kernel_power(
        &self,
        base: Term,
        exponent: &Number,
        divisors: &mut Vec<Polynomial>,
    ) -> Result<Fraction, Exceeded> {
        let (variable, power) = self.power(base, exponent)?;
        let size = u32::try_from(power.unsigned_abs()).map_err(|_| Exceeded::Exponents)?;
        let monomial = Polynomial::from_terms(self.len(), [(Number::ONE, [(variable, size)])])?;
        let one = Polynomial::constant(self.len(), Number::ONE)?;
        Ok(match power < 0 {
            true => {
                divisors.push(Polynomial::variable(self.len(), variable)?);
                Fraction { numerator: one, denominator: monomial }
            }
            false => Fraction { numerator: monomial, denominator: one },
        })
    }

    /// The term of a kernel to a power.
    fn raised(&self, graph: &mut Graph, variable: usize, power: i64) -> Vec<(Term, Number)> {
        let (base, step) = self.kernels[variable].clone();
        let exponent = &step * &Number::from(power);
        match graph.node(base).clone() {
            Node::Call(Op::Exp, args) => {
                let argument = graph.scale(exponent, args[0]);
                vec![(graph.call(Op::Exp, &[argument]), Number::ONE)]
            }
            Node::Call(Op::Pow, args) => {
                let argument = graph.scale(exponent, args[1]);
                vec![(graph.pow(args[0], argument), Number::ONE)]
            }
            _ => vec![(base, exponent)],
        }
    }

    /// The term of a polynomial, multiplied out.
    pub fn expanded(&self, graph: &mut Graph, polynomial: &Polynomial) -> Term {
        let mut constant = Number::ZERO;
        let mut terms: Vec<(Number, Vec<(usize, u32)>)> = Vec::new();
        polynomial.each_term_by_degree(|c, powers| match powers {
            [] => constant = c.clone(),
            _ => terms.push((c.clone(), powers.to_vec())),
        });
        let mut parts = Vec::with_capacity(terms.len());
        for (c, powers) in terms {
            let mut factors = Vec::new();
            for (v, e) in powers {
                factors.extend(self.raised(graph, v, e.into()));
            }
            parts.push((c, graph.product(factors)));
        }
        graph.sum(constant, parts)
    }

    /// The term of a product of powers of polynomials, each multiplied out, with a number.
    pub fn product(&self, graph: &mut Graph, unit: &Number, factors: &[(Polynomial, i64)]) -> Term {
        let mut parts: Vec<(Term, Number)> = Vec::new();
        let mut unit = unit.clone();
        for (factor, n) in factors {
            let monomial = factor.term_count() == 1;
            if monomial {
                let mut powers = Vec::new();
                factor.each_term(|c, p| powers.push((c.clone(), p.to_vec())));
                for (c, list) in powers {
                    unit = c.pow(*n).map_or_else(|| unit.clone(), |c| &unit * &c);
                    for (v, e) in list {
                        parts.extend(self.raised(graph, v, i64::from(e) * n));
                    }
                }
            } else {
                parts.push((self.expanded(graph, factor), Number::from(*n)));
            }
        }
        let product = graph.product(parts);
        graph.scale(unit, product)
    }
}

/// Terms with equal denominators stand together, short ones first.
fn sorted_by_denominator<'a>(
    terms: &'a [(Number, Term)],
    known: &FxHashMap<Term, Fraction>,
) -> Vec<(&'a Number, &'a Term)> {
    let mut list: Vec<(&Number, &Term)> = terms.iter().map(|(c, t)| (c, t)).collect();
    list.sort_by_cached_key(|(_, t)| {
        let denominator = &known[*t].denominator;
        (
            denominator.term_count(),
            denominator.total_degree().0,
            denominator.coefficients().to_vec(),
        )
    });
    list
}

/// Whether a factor is taken apart: a sum to a whole power.
fn is_inner(graph: &Graph, base: Term, exponent: &Number) -> bool {
    exponent.is_integer() && matches!(graph.node(base), Node::Sum { .. } | Node::Product(_))
}

/// Calls `f` with the parts that a term is a rational function of.
pub(super) fn each_part(graph: &Graph, term: Term, mut f: impl FnMut(Term)) {
    match graph.node(term) {
        Node::Sum { terms, .. } => terms.iter().for_each(|&(_, t)| f(t)),
        Node::Product(factors) => {
            factors.iter().filter(|(b, e)| is_inner(graph, *b, e)).for_each(|&(b, _)| f(b));
        }
        _ => {}
    }
}

/// The terms that the roots combine by sums, products and whole powers, parts before users.
pub(super) fn region(graph: &Graph, roots: &[Term]) -> Vec<Term> {
    closure(roots, |term, visit| each_part(graph, term, visit))
}

/// A term as a power of another one whose exponent has no rational factor.
fn as_power(graph: &mut Graph, term: Term) -> (Term, Number) {
    let (op, args) = match graph.node(term) {
        Node::Call(op @ (Op::Exp | Op::Pow), args) => (*op, args.to_vec()),
        _ => return (term, Number::ONE),
    };
    let exponent = args[args.len() - 1];
    let content = match graph.node(exponent) {
        Node::Sum { constant, terms } => {
            let gcd = terms.iter().fold(constant.abs(), |g, (c, _)| g.gcd(c));
            if graph.leads_negative(exponent) { -&gcd } else { gcd }
        }
        _ => Number::ONE,
    };
    let Some(inverse) = content.recip().filter(|_| !content.is_one()) else {
        return (term, Number::ONE);
    };
    let exponent = graph.scale(inverse, exponent);
    let base = match op {
        Op::Exp => graph.call(Op::Exp, &[exponent]),
        _ => graph.pow(args[0], exponent),
    };
    (base, content)
}
