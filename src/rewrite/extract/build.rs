//! Terms of a choice, with the grouping of sums and products that was chosen.

use egg::{Id, Language};

use super::load::{Factors, Loaded, Meaning, Part, sides};
use crate::rewrite::language::Form;
use crate::rewrite::terms::term_of;
use crate::term::{Graph, Number, Term};

/// The terms of some classes of the e-graph; `None` when the choice is no solution.
///
/// Unless terms are paid at each occurrence, sums and products stay as they were chosen.
pub fn build(
    loaded: &Loaded,
    graph: &mut Graph,
    choice: &[u32],
    roots: &[Id],
    shares: bool,
) -> Option<Vec<Term>> {
    let order = loaded.problem.order(choice)?;
    let mut builder = Builder { loaded, graph, choice, terms: vec![None; choice.len()] };
    // Sums and products that are members of others are terms of their own.
    let mut is_member = vec![false; choice.len()];
    for &class in &order {
        if matches!(builder.meaning(class), Meaning::Plain) {
            builder.members(class).iter().for_each(|(m, _)| is_member[*m as usize] = true);
        }
    }
    for class in order {
        let term = match &loaded.parts[class as usize] {
            Part::Class(_) => match builder.meaning(class) {
                Meaning::Form(form) if shares => builder.form(class, form),
                Meaning::Form(form) => builder.canonical(form),
                _ => None,
            },
            Part::Scaled(_, id) => match builder.meaning(class) {
                // Written as the constant times one over something.
                Meaning::Quotient(form) => builder.canonical(form),
                _ => builder.class(*id),
            },
            Part::Constant(n) => Some(builder.graph.number(n.clone())),
            Part::Plus(_) if is_member[class as usize] => builder.sum(class, false),
            Part::Times(_) if is_member[class as usize] => {
                let factors = builder.factors(class, &Number::ONE)?;
                Some(builder.graph.grouped_product(factors))
            }
            // The rest follows from the forms.
            _ => continue,
        };
        builder.terms[class as usize] = Some(term?);
    }
    roots.iter().map(|&id| builder.class(id)).collect()
}

struct Builder<'b> {
    loaded: &'b Loaded,
    graph: &'b mut Graph,
    choice: &'b [u32],
    /// Terms of classes of the problem; of scaled ones without the constant.
    terms: Vec<Option<Term>>,
}

impl<'b> Builder<'b> {
    fn meaning(&self, class: u32) -> &'b Meaning {
        &self.loaded.meanings[self.choice[class as usize] as usize]
    }

    fn class(&self, id: Id) -> Option<Term> {
        self.terms[*self.loaded.index.get(&Part::Class(id))? as usize]
    }

    /// The members of a sum or product as it is computed, with whether they are subtracted; of
    /// anything else itself.
    fn members(&self, mut class: u32) -> Vec<(u32, bool)> {
        while let Meaning::Through(next) = self.meaning(class) {
            class = *next;
        }
        match &self.loaded.parts[class as usize] {
            Part::Plus(members) => members.to_vec(),
            Part::Times(members) => members.iter().map(|&member| (member, false)).collect(),
            _ => vec![(class, false)],
        }
    }

    /// A form of terms that are built already, in canonical form.
    fn canonical(&mut self, form: &Form) -> Option<Term> {
        let args: Option<Vec<Term>> = form.children().iter().map(|&id| self.class(id)).collect();
        Some(term_of(self.graph, form, &args?))
    }

    fn form(&mut self, class: u32, form: &Form) -> Option<Term> {
        match form {
            Form::Sum { constant, coefficients, .. } => {
                // Only plain terms, all subtracted: the sum is added up and turned.
                let turned =
                    constant.is_zero() && coefficients.iter().all(|c| *c == Number::MINUS_ONE);
                let node = self.choice[class as usize];
                match self.loaded.problem.children(node) {
                    [sum] => self.sum(*sum, turned),
                    _ => self.canonical(form),
                }
            }
            Form::Product { .. } => {
                let (over, under) = sides(form.factors());
                let mut factors = self.side(&over, &Number::ONE)?;
                factors.extend(self.side(&under, &Number::MINUS_ONE)?);
                Some(self.graph.grouped_product(factors))
            }
            _ => self.canonical(form),
        }
    }

    /// The sum of the members of a class, or its negative.
    fn sum(&mut self, class: u32, turned: bool) -> Option<Term> {
        let (mut constant, mut parts) = (Number::ZERO, Vec::new());
        for (member, minus) in self.members(class) {
            let sign = |n: &Number| if minus != turned { -n } else { n.clone() };
            match &self.loaded.parts[member as usize] {
                Part::Constant(n) => constant = &constant + &sign(n),
                part => {
                    let factor = match part {
                        Part::Scaled(c, _) => sign(c),
                        _ => sign(&Number::ONE),
                    };
                    parts.push((factor, self.terms[member as usize]?));
                }
            }
        }
        Some(self.graph.grouped_sum(constant, parts))
    }

    /// The factors of one side of a division, with their exponents times a sign.
    fn side(&self, side: &Factors, sign: &Number) -> Option<Vec<(Term, Number)>> {
        if side.len() > 1 && side.iter().all(|(_, e)| e.is_one()) {
            let number = |(id, _): &(Id, Number)| self.loaded.index.get(&Part::Class(*id)).copied();
            let mut members: Vec<u32> = side.iter().map(number).collect::<Option<_>>()?;
            members.sort_unstable();
            return self.factors(*self.loaded.index.get(&Part::Times(members.into()))?, sign);
        }
        side.iter().map(|(id, e)| Some((self.class(*id)?, e * sign))).collect()
    }

    /// The members of a product with one exponent.
    fn factors(&self, class: u32, exponent: &Number) -> Option<Vec<(Term, Number)>> {
        let member =
            |(member, _): (u32, bool)| Some((self.terms[member as usize]?, exponent.clone()));
        self.members(class).into_iter().map(member).collect()
    }
}
