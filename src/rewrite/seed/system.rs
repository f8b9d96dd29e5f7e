//! The polynomial equations of a graph: sums of monomials over atoms.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::rewrite::prologue::Prologue;
use crate::term::{Graph, Node, Number, Term};

/// Largest whole power that is written as a repeated atom, so that it can be factored.
const LARGEST_POWER: i64 = 3;

/// A signed product of atoms.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Monomial {
    /// Whether it is subtracted.
    pub negative: bool,
    /// The atoms, sorted; one that occurs twice is squared.
    pub atoms: SmallVec<[u32; 4]>,
}

/// Powers of terms that are not looked into, as one factor.
pub type Powers = SmallVec<[(Term, Number); 1]>;

/// Equations over atoms.
#[derive(Default)]
pub struct System {
    /// The terms to build, those that others stand on first; equations among them.
    pub terms: Vec<Term>,
    /// The equations of those terms that are sums or products.
    pub equations: FxHashMap<Term, Vec<Monomial>>,
    /// What atoms are. Those of variables have lower numbers than coefficients.
    pub atoms: Vec<Powers>,
}

/// A monomial whose factors have no numbers yet.
struct Raw {
    negative: bool,
    variables: SmallVec<[u32; 4]>,
    coefficient: Option<Term>,
}

impl System {
    /// Reads the roots and what they stand on. Factors that are fixed make one coefficient of each
    /// monomial; with `merged`, monomials that differ in it alone are taken together.
    pub fn read(
        graph: &mut Graph,
        roots: &[Term],
        prologue: &mut Prologue,
        merged: bool,
    ) -> System {
        let mut reader = Reader { system: System::default(), numbers: FxHashMap::default() };
        let mut raw: Vec<(Term, Vec<Raw>)> = Vec::new();
        let mut seen: FxHashSet<Term> = FxHashSet::default();
        let mut stack: Vec<Term> = roots.to_vec();
        while let Some(term) = stack.pop() {
            if !seen.insert(term) {
                continue;
            }
            reader.system.terms.push(term);
            if prologue.is_fixed(graph, term) {
                continue;
            }
            match graph.node(term).clone() {
                Node::Sum { constant, terms } => {
                    let mut list = Vec::with_capacity(terms.len() + 1);
                    if !constant.is_zero() {
                        list.push(reader.raw(graph, prologue, &constant, &[], &mut stack));
                    }
                    for (c, t) in terms.iter() {
                        let own = [(*t, Number::ONE)];
                        let factors = match graph.node(*t) {
                            Node::Product(factors) => factors.clone(),
                            _ => own.into(),
                        };
                        list.push(reader.raw(graph, prologue, c, &factors, &mut stack));
                    }
                    raw.push((term, list));
                }
                Node::Product(factors) => {
                    let one = reader.raw(graph, prologue, &Number::ONE, &factors, &mut stack);
                    raw.push((term, vec![one]));
                }
                node => graph.each_argument(&node, |t| stack.push(t)),
            }
        }
        reader.finish(graph, raw, merged)
    }
}

struct Reader {
    system: System,
    numbers: FxHashMap<Powers, u32>,
}

impl Reader {
    fn atom(&mut self, powers: Powers) -> u32 {
        let next = self.system.atoms.len() as u32;
        *self.numbers.entry(powers).or_insert_with_key(|powers| {
            self.system.atoms.push(powers.clone());
            next
        })
    }

    fn raw(
        &mut self,
        graph: &mut Graph,
        prologue: &mut Prologue,
        c: &Number,
        factors: &[(Term, Number)],
        stack: &mut Vec<Term>,
    ) -> Raw {
        let (mut variables, mut fixed) = (SmallVec::new(), Vec::new());
        let mut divisor = Powers::new();
        for (base, e) in factors {
            if prologue.is_fixed(graph, *base) {
                fixed.push((*base, e.clone()));
                continue;
            }
            stack.push(*base);
            match e.to_i64() {
                Some(n) if (1..=LARGEST_POWER).contains(&n) => {
                    let atom = self.atom(SmallVec::from_elem((*base, Number::ONE), 1));
                    variables.extend((0..n).map(|_| atom));
                }
                _ if e.is_negative() => divisor.push((*base, e.clone())),
                _ => variables.push(self.atom(SmallVec::from_elem((*base, e.clone()), 1))),
            }
        }
        if !divisor.is_empty() {
            // One division for all that a monomial divides by.
            variables.push(self.atom(divisor));
        }
        variables.sort_unstable();
        let size = c.abs();
        let coefficient = match fixed.is_empty() {
            true if size.is_one() && !variables.is_empty() => None,
            true => Some(graph.number(size)),
            false => {
                let body = graph.grouped_product(fixed);
                Some(graph.grouped_sum(Number::ZERO, vec![(size, body)]))
            }
        };
        Raw { negative: c.is_negative(), variables, coefficient }
    }

    /// Numbers the coefficients behind the variables.
    fn finish(mut self, graph: &mut Graph, raw: Vec<(Term, Vec<Raw>)>, merged: bool) -> System {
        for (term, list) in raw {
            let list = if merged { together(graph, list) } else { list };
            let monomials = list.into_iter().map(|raw| {
                let mut atoms = raw.variables;
                if let Some(coefficient) = raw.coefficient {
                    atoms.push(self.atom(SmallVec::from_elem((coefficient, Number::ONE), 1)));
                }
                Monomial { negative: raw.negative, atoms }
            });
            let monomials = monomials.collect();
            self.system.equations.insert(term, monomials);
        }
        // Arguments have smaller handles.
        self.system.terms.sort_unstable();
        self.system
    }
}

/// Monomials with the same variables as one.
fn together(graph: &mut Graph, list: Vec<Raw>) -> Vec<Raw> {
    let mut place: FxHashMap<SmallVec<[u32; 4]>, usize> = FxHashMap::default();
    let mut groups: Vec<Vec<Raw>> = Vec::new();
    for raw in list {
        let next = groups.len();
        let group = *place.entry(raw.variables.clone()).or_insert(next);
        if group == next {
            groups.push(Vec::new());
        }
        groups[group].push(raw);
    }
    let mut merge = |mut group: Vec<Raw>| {
        if group.len() == 1 || group.iter().any(|raw| raw.coefficient.is_none()) {
            return group;
        }
        let negative = group[0].negative;
        let sign = |raw: &Raw| match raw.negative == negative {
            true => Number::ONE,
            false => Number::MINUS_ONE,
        };
        let parts: Vec<(Number, Term)> =
            group.iter().filter_map(|raw| Some((sign(raw), raw.coefficient?))).collect();
        let all = graph.grouped_sum(Number::ZERO, parts);
        group.truncate(1);
        group[0].coefficient = Some(all);
        group
    };
    groups.into_iter().flat_map(&mut merge).collect()
}
