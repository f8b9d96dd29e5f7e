//! Changes of variables: a part that stands for all occurrences of its names becomes a name.
//!
//! `atan((u - v)/sqrt(1 - (u - v)^2))` is a function of `u - v` alone, `acos(8*x^2 - 1)` one of
//! `2*x`, `exp(tanh(x))/(1 + exp(tanh(x)))` one of `tanh(x)`. What holds for all values of a name
//! with the facts of the part holds of the part.

use rustc_hash::{FxHashMap, FxHashSet};

use super::assumption::Assumptions;
use super::known::Known;
use crate::term::op::Op;
use crate::term::visit::{Rebuild, free_symbols, reachable};
use crate::term::{Graph, Node, Number, Term};

/// Most changes of one kind that are tried.
const TRIED: usize = 3;

/// Names for parts, in the order in which they are taken.
const NAMES: [&str; 8] = ["u", "v", "w", "s", "t", "p", "q", "r"];

/// Terms as functions of a new name.
#[derive(Clone, Debug)]
pub struct Change {
    /// The new name.
    pub name: Term,
    /// What it stands for.
    pub meaning: Term,
    /// The terms with the name in place of what it stands for.
    pub images: Vec<Term>,
    /// What is assumed, with the facts of what the name stands for.
    pub facts: Assumptions,
}

impl Change {
    /// A function of the new name in the names that were given.
    pub fn undone(&self, graph: &mut Graph, image: Term) -> Term {
        Rebuild::with([(self.name, self.meaning)]).within(graph, image)
    }
}

/// Changes of variables that terms suggest, the same for all of them.
///
/// Where a term has a choice in it the part has a value for all values of its names: the branch
/// that is not chosen needs none.
pub fn changes(graph: &mut Graph, roots: &[Term], facts: &Assumptions) -> Vec<Change> {
    let order = reachable(graph, roots);
    let users = users(graph, &order);
    let choice = order.iter().any(|&t| matches!(graph.node(t), Node::Call(Op::If, _)));
    let names: Vec<Term> =
        order.iter().copied().filter(|&t| matches!(graph.node(t), Node::Symbol(_))).collect();
    let Some(name) = free_name(graph, roots, facts) else { return Vec::new() };
    let mut found: Vec<Change> = Vec::new();
    let mut add = |graph: &mut Graph, meaning: Term, images: Vec<Term>| {
        let known = Known::new(facts).of(graph, meaning).clone();
        let repeated = found.iter().any(|c| c.meaning == meaning);
        if repeated || images == roots || known.nowhere() || (choice && !known.total()) {
            return;
        }
        let mut facts = facts.clone();
        facts.inherit(name, &known);
        found.push(Change { name, meaning, images, facts });
    };
    for part in passed(graph, roots, &order, &names).into_iter().take(TRIED) {
        let mut rebuild = Rebuild::with([(part, name)]);
        let images = roots.iter().map(|&t| rebuild.within(graph, t)).collect();
        add(graph, part, images);
    }
    for (k, &a) in names.iter().enumerate() {
        for &b in &names[k + 1..] {
            if let Some(meaning) = together(graph, &users, a, b) {
                let minus = match graph.node(meaning) {
                    Node::Sum { terms, .. } => {
                        terms.iter().any(|(c, t)| *t == a && c.is_negative())
                    }
                    _ => false,
                };
                let images = replaced(graph, roots, &order, [a, b], name, minus);
                add(graph, meaning, images);
            }
        }
    }
    for &x in &names {
        for (factor, shift) in linear(graph, &users, x) {
            let scaled = graph.scale(factor.clone(), x);
            let meaning = graph.sum(shift.clone(), [(Number::ONE, scaled)]);
            let Some(inverse) = factor.recip() else { continue };
            let image = graph.sum(-&(&shift * &inverse), [(inverse, name)]);
            let mut rebuild = Rebuild::with([(x, image)]);
            let images = roots.iter().map(|&t| rebuild.within(graph, t)).collect();
            add(graph, meaning, images);
        }
    }
    found
}

/// A name that neither the terms nor what is assumed have.
fn free_name(graph: &mut Graph, roots: &[Term], facts: &Assumptions) -> Option<Term> {
    let assumed = facts.terms();
    let mut used: FxHashSet<String> = FxHashSet::default();
    for symbol in free_symbols(graph, &[roots, &assumed[..]].concat()) {
        used.insert(graph.name(symbol).to_owned());
    }
    let name = NAMES.into_iter().find(|n| !used.contains(*n))?;
    Some(graph.symbol(name))
}

/// The terms that have each term as an argument.
fn users(graph: &Graph, order: &[Term]) -> FxHashMap<Term, Vec<Term>> {
    let mut users: FxHashMap<Term, Vec<Term>> = FxHashMap::default();
    for &term in order {
        graph.each_argument(graph.node(term), |t| {
            let list = users.entry(t).or_default();
            if list.last() != Some(&term) {
                list.push(term);
            }
        });
    }
    users
}

/// Parts through which all ways from the roots to some name lead: dominators, outer ones first.
fn passed(graph: &Graph, roots: &[Term], order: &[Term], names: &[Term]) -> Vec<Term> {
    // Users come before what they use; a root is used from outside.
    let mut above: FxHashMap<Term, Option<Term>> = FxHashMap::default();
    let mut depth: FxHashMap<Term, usize> = FxHashMap::default();
    let mut given: FxHashMap<Term, Vec<Option<Term>>> = FxHashMap::default();
    roots.iter().for_each(|&r| given.entry(r).or_default().push(None));
    for &term in order.iter().rev() {
        let mut nearest: Option<Option<Term>> = None;
        for &user in given.get(&term).into_iter().flatten() {
            let level = |t: Option<Term>| t.map_or(0, |t| depth[&t]);
            nearest = Some(match nearest {
                None => user,
                Some(mut other) => {
                    let mut user = user;
                    while other != user {
                        let longer =
                            if level(other) >= level(user) { &mut other } else { &mut user };
                        *longer = longer.and_then(|t| above[&t]);
                    }
                    other
                }
            });
        }
        let nearest = nearest.flatten();
        depth.insert(term, nearest.map_or(1, |t| depth[&t] + 1));
        above.insert(term, nearest);
        graph.each_argument(graph.node(term), |t| given.entry(t).or_default().push(Some(term)));
    }
    let mut found: Vec<Term> = Vec::new();
    for name in names {
        let mut at = above[name];
        while let Some(term) = at {
            let changes = !roots.contains(&term) && !found.contains(&term);
            if changes && !graph.is_truth(term) {
                found.push(term);
            }
            at = above[&term];
        }
    }
    found.sort_by_key(|t| depth[t]);
    found
}

/// The sum or product that two names stand in wherever they stand.
fn together(
    graph: &mut Graph,
    users: &FxHashMap<Term, Vec<Term>>,
    a: Term,
    b: Term,
) -> Option<Term> {
    if users.get(&a)? != users.get(&b)? {
        return None;
    }
    let mut ratio: Option<(bool, Number)> = None;
    for &user in &users[&a] {
        let here = match graph.node(user) {
            Node::Sum { terms, .. } => {
                let of = |t: Term| terms.iter().find(|(_, s)| *s == t).map(|(c, _)| c.clone());
                (false, &of(b)? * &of(a)?.recip()?)
            }
            Node::Product(factors) => {
                let of = |t: Term| factors.iter().find(|(s, _)| *s == t).map(|(_, e)| e.clone());
                let (m, n) = (of(a)?, of(b)?);
                if !m.is_integer() || !n.is_integer() {
                    return None;
                }
                (true, &n * &m.recip()?)
            }
            _ => return None,
        };
        match &ratio {
            Some(known) if *known != here => return None,
            _ => ratio = Some(here),
        }
    }
    let (product, ratio) = ratio?;
    Some(match product {
        false => {
            // In the sign in which it stands more often.
            let mut minus = 0;
            for user in &users[&a] {
                let Node::Sum { terms, .. } = graph.node(*user) else { continue };
                let first = terms.iter().find(|(_, t)| *t == a);
                minus += first.map_or(0, |(c, _)| if c.is_negative() { 1 } else { -1 });
            }
            let sign = if minus > 0 { Number::MINUS_ONE } else { Number::ONE };
            graph.sum(Number::ZERO, [(sign.clone(), a), (&sign * &ratio, b)])
        }
        // Powers of the name are those of both.
        true if ratio.abs().is_one() => graph.product([(a, Number::ONE), (b, ratio)]),
        true => return None,
    })
}

/// The roots with a name in place of two that stand together.
fn replaced(
    graph: &mut Graph,
    roots: &[Term],
    order: &[Term],
    [a, b]: [Term; 2],
    name: Term,
    minus: bool,
) -> Vec<Term> {
    let mut rebuild = Rebuild::with([]);
    for &term in order {
        let image = match graph.node(term).clone() {
            Node::Sum { constant, terms } if terms.iter().any(|(_, t)| *t == a) => {
                let mut parts = Vec::with_capacity(terms.len());
                for (c, t) in terms.iter().filter(|(_, t)| *t != b) {
                    match *t == a {
                        true => parts.push((if minus { -c } else { c.clone() }, name)),
                        false => parts.push((c.clone(), rebuild.within(graph, *t))),
                    }
                }
                graph.sum(constant, parts)
            }
            Node::Product(factors) if factors.iter().any(|(t, _)| *t == a) => {
                let mut parts = Vec::with_capacity(factors.len());
                for (t, e) in factors.iter().filter(|(t, _)| *t != b) {
                    let part = if *t == a { name } else { rebuild.within(graph, *t) };
                    parts.push((part, e.clone()));
                }
                graph.product(parts)
            }
            _ => continue,
        };
        rebuild.map(term, image);
    }
    roots.iter().map(|&t| rebuild.within(graph, t)).collect()
}

/// Factors and shifts of a name that sums suggest: `2*x` by `8*x^2 - 1`, `x + 1` by itself.
fn linear(graph: &Graph, users: &FxHashMap<Term, Vec<Term>>, x: Term) -> Vec<(Number, Number)> {
    let mut powers: Vec<(Term, i64)> = vec![(x, 1)];
    for &user in users.get(&x).into_iter().flatten() {
        if let Node::Product(factors) = graph.node(user)
            && let [(base, e)] = &**factors
            && let Some(n) = e.to_i64().filter(|n| *base == x && *n > 1)
        {
            powers.push((user, n));
        }
    }
    let (mut factors, mut shifts) = (Vec::new(), Vec::new());
    for (power, n) in powers {
        for user in users.get(&power).into_iter().flatten() {
            let Node::Sum { constant, terms } = graph.node(*user) else { continue };
            let Some((c, _)) = terms.iter().find(|(_, t)| *t == power) else { continue };
            let factor = rooted(&c.abs(), n);
            if !factor.is_one() && !factors.contains(&factor) {
                factors.push(factor.clone());
            }
            let shift = c.recip().map(|r| constant * &r).filter(|d| n == 1 && !d.is_zero());
            if let Some(shift) = shift
                && !shifts.contains(&shift)
            {
                shifts.push(shift);
            }
        }
    }
    let factors = factors.into_iter().take(TRIED).map(|f| (f, Number::ZERO));
    factors.chain(shifts.into_iter().take(TRIED).map(|d| (Number::ONE, d))).collect()
}

/// The largest number whose power divides a number, up to small primes.
fn rooted(c: &Number, n: i64) -> Number {
    if n == 1 {
        return c.clone();
    }
    let mut root = Number::ONE;
    for prime in [2, 3, 5, 7] {
        let prime = Number::from(prime);
        let (Some(power), Some(inverse)) = (prime.pow(n), prime.recip()) else { continue };
        let fits = |p: &Number, whole: &dyn Fn(&Number) -> bool| {
            p.recip().is_some_and(|r| whole(&(c * &r)))
        };
        // Whole powers above, and the same below.
        let mut at = power.clone();
        while fits(&at, &|q| {
            Number::from_integer(q.denominator()) == Number::from_integer(c.denominator())
        }) {
            root = &root * &prime;
            at = &at * &power;
        }
        let Some(mut at) = power.recip() else { continue };
        let below = at.clone();
        while fits(&at, &|q| {
            Number::from_integer(q.numerator()) == Number::from_integer(c.numerator())
        }) {
            root = &root * &inverse;
            at = &at * &below;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polynomial::expand;

    fn meanings(build: impl Fn(&mut Graph) -> Term) -> Vec<String> {
        let mut g = Graph::new();
        let root = build(&mut g);
        let found = changes(&mut g, &[root], &Assumptions::default());
        for change in &found {
            let undone = change.undone(&mut g, change.images[0]);
            let [undone, given] = [undone, root].map(|t| expand(&mut g, t, 100));
            assert_eq!(undone, given, "{change:?}");
        }
        found.iter().map(|c| crate::syntax::print::print(&g, c.meaning)).collect()
    }

    #[test]
    fn a_part_that_holds_all_of_a_name_becomes_a_name() {
        let found = meanings(|g| {
            let x = g.symbol("x");
            let t = g.call(Op::Tanh, &[x]);
            let [s, c] = [Op::Sin, Op::Cos].map(|op| g.call(op, &[t]));
            g.div(s, c)
        });
        assert_eq!(found, ["tanh(x)"]);
    }

    #[test]
    fn names_that_stand_together_become_one() {
        let found = meanings(|g| {
            let [x, y] = ["x", "y"].map(|n| g.symbol(n));
            let difference = g.sub(x, y);
            let sine = g.call(Op::Sin, &[difference]);
            let sum = g.sum(Number::ONE, [(Number::from(-2), x), (Number::from(2), y)]);
            g.mul(sine, sum)
        });
        assert_eq!(found[0], "x - y");
    }

    #[test]
    fn factors_and_shifts_are_suggested_by_sums() {
        let found = meanings(|g| {
            let x = g.symbol("x");
            let square = g.power(x, 2);
            let sum = g.sum(Number::MINUS_ONE, [(Number::from(8), square)]);
            g.call(Op::Acos, &[sum])
        });
        assert!(found.contains(&"2*x".to_owned()), "{found:?}");
    }
}
