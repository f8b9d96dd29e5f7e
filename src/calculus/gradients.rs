//! Derivatives by many targets at once, in one walk: of each term only those that are not zero.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::chain::{chain, nonzero, product, reduce};
use super::derivative::{Error, IndexRange, Target};
use crate::term::visit::closure;
use crate::term::{Graph, Node, Number, Term};

/// The derivatives of terms by several targets, remembered.
pub struct Gradients {
    targets: Vec<Target>,
    /// The targets of each leaf that is one.
    of_leaf: FxHashMap<Term, SmallVec<[u32; 1]>>,
    /// By term: positions of targets, in order, with derivatives that are not zero.
    memo: FxHashMap<Term, Box<[(u32, Term)]>>,
}

impl Gradients {
    /// Derivatives by these targets.
    pub fn by(targets: impl IntoIterator<Item = Target>) -> Gradients {
        let targets: Vec<Target> = targets.into_iter().collect();
        let mut of_leaf: FxHashMap<Term, SmallVec<[u32; 1]>> = FxHashMap::default();
        for (k, target) in targets.iter().enumerate() {
            of_leaf.entry(target.leaf).or_default().push(k as u32);
        }
        Gradients { targets, of_leaf, memo: FxHashMap::default() }
    }

    /// Differentiates a term, and gives the positions of the targets on which it depends with its
    /// derivatives by them.
    ///
    /// A derivative is that of [`Differentiation`](super::Differentiation) by the target.
    ///
    /// # Errors
    /// When a function without a known derivative depends on a target.
    pub fn of(&mut self, graph: &mut Graph, root: Term) -> Result<&[(u32, Term)], Error> {
        let known = |t: &Term| self.memo.contains_key(t);
        let roots: SmallVec<[Term; 1]> = [root].into_iter().filter(|t| !known(t)).collect();
        let pending = closure(&roots, |term, visit| {
            graph.each_argument(graph.node(term), |t| {
                if !known(&t) {
                    visit(t);
                }
            });
        });
        for term in pending {
            let image = self.node(graph, term)?;
            self.memo.insert(term, image.into());
        }
        Ok(&self.memo[&root])
    }

    /// The derivative by the target at a position of a term that was differentiated; none for
    /// zero.
    pub fn get(&self, term: Term, target: usize) -> Option<Term> {
        let entries = self.memo.get(&term)?;
        let found = entries.binary_search_by_key(&target, |(k, _)| *k as usize);
        found.ok().map(|place| entries[place].1)
    }

    fn node(&self, graph: &mut Graph, term: Term) -> Result<Vec<(u32, Term)>, Error> {
        if let Some(own) = self.of_leaf.get(&term) {
            let one = graph.number(1);
            return Ok(own.iter().map(|&k| (k, one)).collect());
        }
        match graph.node(term).clone() {
            Node::Sum { terms, .. } => Ok(self.collected(graph, terms.iter(), |graph, group| {
                graph.sum(Number::ZERO, group.iter().map(|((c, _), d)| (c.clone(), *d)))
            })),
            Node::Product(factors) => {
                let bases = factors.iter().enumerate().map(|(k, (base, _))| (k, *base));
                let bases: SmallVec<[(usize, Term); 6]> = bases.collect();
                Ok(self.collected(graph, bases.iter(), |graph, group| {
                    let of_bases: SmallVec<[(usize, Term); 4]> =
                        group.iter().map(|((k, _), d)| (*k, *d)).collect();
                    product(graph, &factors, &of_bases)
                }))
            }
            Node::Reduce { binder, from, to, body } => {
                let range = IndexRange { binder, from, to };
                let inner = self.memo[&body].iter();
                let through = inner.filter_map(|&(k, d)| {
                    Some((k, reduce(graph, range, d, Some(&self.targets[k as usize]))?))
                });
                Ok(through.collect())
            }
            _ => {
                let mut wanted: SmallVec<[u32; 8]> = SmallVec::new();
                graph.each_argument(graph.node(term), |t| {
                    wanted.extend(self.memo[&t].iter().map(|(k, _)| *k));
                });
                wanted.sort_unstable();
                wanted.dedup();
                let mut entries = Vec::with_capacity(wanted.len());
                for k in wanted {
                    let target = Some(&self.targets[k as usize]);
                    let d = chain(graph, term, target, &|t| self.get(t, k as usize))?;
                    entries.extend(d.map(|d| (k, d)));
                }
                Ok(entries)
            }
        }
    }

    /// The derivatives of parts, grouped by target; `build` makes one derivative of each group.
    fn collected<'a, T: 'a>(
        &self,
        graph: &mut Graph,
        parts: impl Iterator<Item = &'a (T, Term)>,
        build: impl Fn(&mut Graph, &[(&'a (T, Term), Term)]) -> Term,
    ) -> Vec<(u32, Term)> {
        let mut all: Vec<(u32, (&'a (T, Term), Term))> = Vec::new();
        for part in parts {
            all.extend(self.memo[&part.1].iter().map(|&(k, d)| (k, (part, d))));
        }
        // Stable: the parts of a group stay in their order.
        all.sort_by_key(|(k, _)| *k);
        let mut entries = Vec::new();
        let mut group = Vec::new();
        for run in all.chunk_by(|a, b| a.0 == b.0) {
            group.clear();
            group.extend(run.iter().map(|&(_, part)| part));
            let d = build(graph, &group);
            entries.extend(nonzero(graph, d).map(|d| (run[0].0, d)));
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Differentiation, derivative};
    use super::*;
    use crate::term::{Affine, Binder, Op};

    #[test]
    fn gradients_are_the_derivatives_one_by_one() {
        let mut g = Graph::new();
        let names: Vec<Term> = (0..6).map(|k| g.symbol(&format!("x{k}"))).collect();
        let mut roots = names.clone();
        for k in 0..40 {
            let (a, b) = (roots[(7 * k + 3) % roots.len()], roots[(5 * k + 1) % roots.len()]);
            let term = match k % 5 {
                0 => g.mul(a, b),
                1 => g.call(Op::Sin, &[a]),
                2 => g.sub(a, b),
                3 => g.call(Op::Hypot, &[a, b]),
                _ => g.power(a, Number::from(3)),
            };
            roots.push(term);
        }
        let mut gradients = Gradients::by(names.iter().map(|&x| x.into()));
        for &root in &roots {
            gradients.of(&mut g, root).unwrap();
            for (k, &x) in names.iter().enumerate() {
                let zero = g.number(0);
                let d = derivative(&mut g, root, x).unwrap();
                assert_eq!(gradients.get(root, k).unwrap_or(zero), d);
            }
        }
    }

    #[test]
    fn reductions_are_passed_by_their_own_targets() {
        let mut g = Graph::new();
        let at = Affine::binder(Binder(0));
        let x = g.element("x", [at]);
        let square = g.power(x, 2);
        let [short, long] = [3, 5].map(|to| g.reduce(Binder(0), 1, to, square));
        let both = g.mul(short, long);
        let targets = super::super::derivative::targets(&g, both, |_| true);
        assert_eq!(targets.len(), 2);
        let mut gradients = Gradients::by(targets.clone());
        gradients.of(&mut g, both).unwrap();
        for (k, target) in targets.into_iter().enumerate() {
            let alone = Differentiation::by(target).of(&mut g, both).unwrap();
            assert_eq!(gradients.get(both, k), Some(alone));
        }
    }
}
