//! The vanishing polynomials of a multidegree, and which of them are new.

use rustc_hash::FxHashMap;

use super::certify::{Certificate, Certifier};
use super::monomial::{Exponents, Pairs, multidegrees};
use super::prune::Supports;
use super::recognise::{Name, recognise};
use super::relation::{Products, lift, relations};
use crate::model::sem::graph::MixedGraph;
use crate::model::sem::structure::point::Point;
use crate::model::sem::structure::prime;
use crate::numeric::random::Random;

/// A minimal generator of the ideal.
#[derive(Clone, Debug)]
pub struct Generator {
    /// Its multidegree, one number for each observed variable.
    pub degree: Vec<usize>,
    /// Its monomials with whole coefficients without a common divisor, the first one positive.
    pub terms: Vec<(Exponents, i64)>,
    /// What it is called.
    pub name: Option<Name>,
    /// What shows that it vanishes.
    pub certificate: Certificate,
}

/// How many monomials there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// All monomials of the multidegree.
    pub before: usize,
    /// Those that the closed form leaves.
    pub after: usize,
}

/// What a multidegree holds.
#[derive(Clone, Debug)]
pub struct Found {
    /// Monomials before and after pruning.
    pub counted: Counted,
    /// The dimension of the vanishing polynomials of this multidegree.
    pub dimension: usize,
    /// Those of them that are no combinations of such of lower degree.
    pub generators: Vec<Generator>,
}

/// Why a search ends without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Fixed or shared coefficients tie the scales of observed variables together.
    NotGraded,
    /// `I − Λ` is singular whatever the parameters are.
    Singular,
    /// More monomials than the limit.
    TooMany(usize),
    /// It was stopped.
    Interrupted,
}

/// The vanishing polynomials of a multidegree modulo the prime.
struct Space {
    counted: Counted,
    monomials: Vec<Exponents>,
    basis: Vec<Vec<u64>>,
}

/// A search for vanishing polynomials of a model.
pub struct Search<'g> {
    graph: &'g MixedGraph,
    /// The observed variables.
    pub observed: Vec<usize>,
    /// Their pairs.
    pub pairs: Pairs,
    /// Pairs whose covariance is not zero throughout.
    allowed: Vec<bool>,
    /// The vertices of each pair.
    ends: Vec<(usize, usize)>,
    supports: Option<Supports>,
    certifier: Certifier,
    spaces: FxHashMap<Vec<usize>, Space>,
    most: usize,
    stop: fn() -> bool,
}

impl<'g> Search<'g> {
    /// Prepares the search; `most` is the largest number of monomials of one multidegree.
    ///
    /// # Errors
    /// [`Refused::NotGraded`] and [`Refused::Singular`].
    pub fn new(
        graph: &'g MixedGraph,
        most: usize,
        stop: fn() -> bool,
    ) -> Result<Search<'g>, Refused> {
        let observed = graph.observed();
        let pairs = Pairs::new(observed.len());
        let certifier = Certifier::new(graph, &observed).ok_or(Refused::NotGraded)?;
        let point = Point::random(graph, &mut Random::new(2)).ok_or(Refused::Singular)?;
        let ends: Vec<(usize, usize)> =
            pairs.all().iter().map(|&(i, j)| (observed[i], observed[j])).collect();
        let allowed = ends.iter().map(|&(i, j)| point.sigma[i][j] != 0).collect();
        let supports = Supports::new(graph, &observed, &pairs);
        let spaces = FxHashMap::default();
        Ok(Search {
            graph,
            observed,
            pairs,
            allowed,
            ends,
            supports,
            certifier,
            spaces,
            most,
            stop,
        })
    }

    /// All multidegrees of a degree, those with most of the first variables first.
    pub fn degrees(&self, degree: usize) -> Vec<Vec<usize>> {
        let mut all = multidegrees(2 * degree, &vec![0; self.pairs.size]);
        all.reverse();
        all
    }

    /// The generators of a multidegree.
    ///
    /// # Errors
    /// [`Refused::TooMany`] and [`Refused::Interrupted`].
    pub fn multidegree(&mut self, degree: &[usize]) -> Result<Found, Refused> {
        if let Some(zero) = self.zero_covariance(degree) {
            return Ok(zero);
        }
        self.fill(degree)?;
        let space = &self.spaces[degree];
        let (counted, dimension) = (space.counted, space.basis.len());
        let new = self.new_vectors(degree)?;
        let space = &self.spaces[degree];
        let lifted: Vec<Option<Vec<(Exponents, i64)>>> =
            new.iter().map(|v| lift(&space.monomials, v)).collect();
        let mut generators = Vec::new();
        for (terms, vector) in lifted.into_iter().zip(new) {
            let (terms, certificate) = match terms {
                Some(terms) => {
                    let certificate =
                        self.certifier.certify(self.graph, &self.pairs, &terms, self.stop);
                    if (self.stop)() {
                        return Err(Refused::Interrupted);
                    }
                    (terms, certificate)
                }
                None => {
                    let count = vector.iter().filter(|c| **c != 0).count();
                    (Vec::new(), Certificate::NotLifted(count))
                }
            };
            let name = recognise(&self.pairs, degree, &terms);
            generators.push(Generator { degree: degree.to_vec(), terms, name, certificate });
        }
        Ok(Found { counted, dimension, generators })
    }

    /// A covariance that is zero throughout is a generator of degree 1.
    fn zero_covariance(&self, degree: &[usize]) -> Option<Found> {
        if degree.iter().sum::<usize>() != 2 {
            return None;
        }
        let ends: Vec<usize> =
            degree.iter().enumerate().flat_map(|(v, &d)| std::iter::repeat_n(v, d)).collect();
        let place = self.pairs.place(ends[0], ends[1]);
        let generators = if self.allowed[place] {
            Vec::new()
        } else {
            let mut monomial = vec![0u8; self.pairs.all().len()];
            monomial[place] = 1;
            let terms = vec![(monomial.into(), 1)];
            let name = recognise(&self.pairs, degree, &terms);
            // No walk joins the two variables, or what it carries cancels identically.
            let certificate = self.certifier.certify(self.graph, &self.pairs, &terms, self.stop);
            vec![Generator { degree: degree.to_vec(), terms, name, certificate }]
        };
        let counted = Counted { before: 1, after: usize::from(!generators.is_empty()) };
        Some(Found { counted, dimension: generators.len(), generators })
    }

    /// Vectors of a multidegree that span it together with multiples of those of lower degree.
    fn new_vectors(&mut self, degree: &[usize]) -> Result<Vec<Vec<u64>>, Refused> {
        let space = &self.spaces[degree];
        if space.basis.is_empty() {
            return Ok(Vec::new());
        }
        // The only vanishing polynomial of its multidegree is new unless a variable divides it:
        // a multiple of another one would be a multiple by one monomial, all others being
        // multiples too.
        if let [only] = space.basis.as_slice() {
            let used: Vec<&Exponents> = space
                .monomials
                .iter()
                .zip(only)
                .filter(|(_, c)| **c != 0)
                .map(|(m, _)| m)
                .collect();
            let divides = |v: usize| used.iter().all(|m| m[v] > 0);
            if !(0..self.pairs.all().len()).any(divides) {
                return Ok(vec![only.clone()]);
            }
        }
        let places: FxHashMap<Exponents, usize> =
            space.monomials.iter().enumerate().map(|(k, m)| (m.clone(), k)).collect();
        let (width, basis) = (space.monomials.len(), space.basis.clone());
        let mut span: Vec<Vec<u64>> = Vec::new();
        for v in 0..self.pairs.all().len() {
            let (i, j) = self.pairs.all()[v];
            let mut lower = degree.to_vec();
            let fits = if i == j { lower[i] >= 2 } else { lower[i] >= 1 && lower[j] >= 1 };
            if !fits || !self.allowed[v] {
                continue;
            }
            lower[i] -= 1;
            lower[j] -= 1;
            self.fill(&lower)?;
            let below = &self.spaces[&lower];
            for vector in &below.basis {
                let mut row = vec![0; width];
                for (m, c) in below.monomials.iter().zip(vector).filter(|(_, c)| **c != 0) {
                    let mut product = m.clone();
                    product[v] += 1;
                    row[places[&product]] = *c;
                }
                span.push(row);
            }
            // All of them may be multiples already.
            prime::reduce(&mut span);
            if span.len() == basis.len() {
                return Ok(Vec::new());
            }
        }
        let mut new = Vec::new();
        for vector in basis {
            let mut with = span.clone();
            with.push(vector.clone());
            prime::reduce(&mut with);
            if with.len() > span.len() {
                new.push(vector);
                span = with;
            }
        }
        Ok(new)
    }

    /// Computes the vanishing polynomials of a multidegree unless they are known.
    fn fill(&mut self, degree: &[usize]) -> Result<(), Refused> {
        if self.spaces.contains_key(degree) {
            return Ok(());
        }
        if (self.stop)() {
            return Err(Refused::Interrupted);
        }
        let all = self.pairs.monomials(degree, &self.allowed, 8 * self.most);
        let all = all.ok_or(Refused::TooMany(self.most))?;
        let before = all.len();
        let monomials = match &self.supports {
            Some(supports) => supports.prune(all),
            None => all,
        };
        if monomials.len() > self.most {
            return Err(Refused::TooMany(self.most));
        }
        let counted = Counted { before, after: monomials.len() };
        let (graph, ends) = (self.graph, &self.ends);
        let products = Products::new(&monomials);
        let basis = relations(monomials.len(), self.stop, |random| {
            let point = Point::random(graph, random)?;
            let sigma: Vec<u64> = ends.iter().map(|&(i, j)| point.sigma[i][j]).collect();
            Some(products.values(&sigma).collect())
        })?;
        self.spaces.insert(degree.to_vec(), Space { counted, monomials, basis });
        Ok(())
    }
}
