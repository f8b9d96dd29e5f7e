//! Questions of linear algebra: determinants, inverses and linear systems.

use super::request::{Answer, Reduced, Workspace, error, helped};
use crate::calculus::{self, Solutions, expand};
use crate::term::Term;
use crate::term::visit::{contains, free_symbols, substitute};
use crate::text::{Diagnostic, Kind};

/// Most terms of a determinant that is multiplied out to see what cancels.
const MULTIPLIED: usize = 1000;

/// What `solve` is for.
const ONLY_LINEAR: &str = "only systems that are linear in their unknowns are solved";

impl Workspace {
    /// The determinant of a matrix of expressions, simplified.
    ///
    /// # Errors
    /// When the matrix is not square or too large.
    pub fn determinant(&mut self, matrix: &[Vec<Term>]) -> Answer<Reduced> {
        let det = calculus::determinant(&mut self.graph, matrix).ok_or_else(|| {
            let rows = calculus::determinant::ROWS;
            error(Kind::Arity, format!("a determinant needs a square matrix of 1 to {rows} rows"))
        })?;
        self.presentable(det, "the determinant")?;
        let short = self.shortest(det);
        // Cancellation between products shows once they are multiplied out.
        let expanded = expand(&mut self.graph, det, MULTIPLIED).unwrap_or(short);
        let other = self.shortest(expanded);
        let best = if self.size(other) < self.size(short) { other } else { short };
        self.go_on()?;
        self.reduced(det, best)
    }

    /// The solution of linear equations, each `left = right`, simplified; and the term that must
    /// not be zero for it to hold.
    ///
    /// # Errors
    /// An equation that is not linear, no solution or several.
    pub fn solve(
        &mut self,
        equations: &[(Term, Term)],
        unknowns: &[String],
    ) -> Answer<(Vec<Reduced>, Option<String>)> {
        let symbols: Vec<Term> = unknowns.iter().map(|n| self.graph.symbol(n)).collect();
        let sides: Vec<Term> = equations.iter().flat_map(|&(a, b)| [a, b]).collect();
        if let Some(k) = (0..symbols.len())
            .find(|&k| !sides.iter().any(|&side| contains(&self.graph, side, symbols[k])))
        {
            let present = free_symbols(&self.graph, &sides);
            let present: Vec<&str> = present.iter().map(|&s| self.graph.name(s)).collect();
            let message = format!("the unknown `{}` is in none of the equations", unknowns[k]);
            let error = Diagnostic::without_place(Kind::Name, message)
                .did_you_mean(crate::text::nearest(&unknowns[k], present.iter().copied()));
            return Err(vec![match present.is_empty() {
                true => error,
                false => error.note(format!("the names in them are {}", present.join(", "))),
            }]);
        }
        let zero = self.graph.number(0);
        let at_zero: Vec<(Term, Term)> = symbols.iter().map(|&x| (x, zero)).collect();
        let (mut matrix, mut right) = (Vec::new(), Vec::new());
        for (k, &(a, b)) in equations.iter().enumerate() {
            let rest = self.graph.sub(a, b);
            let rest = expand(&mut self.graph, rest, self.limits.terms).unwrap_or(rest);
            let slopes = calculus::gradient(&mut self.graph, rest, &symbols)
                .map_err(|e| error(Kind::Domain, e.to_string()))?;
            let slopes = self.shortest_of(&slopes);
            for (slope, name) in slopes.iter().zip(unknowns) {
                if symbols.iter().any(|&x| contains(&self.graph, *slope, x)) {
                    let message = format!("equation {} is not linear in `{name}`", k + 1);
                    return Err(helped(error(Kind::Domain, message), ONLY_LINEAR));
                }
            }
            let constant = substitute(&mut self.graph, rest, &at_zero);
            if self.graph.is_undefined(constant) {
                let message = format!("equation {} is not linear", k + 1);
                return Err(helped(error(Kind::Domain, message), ONLY_LINEAR));
            }
            matrix.push(slopes);
            right.push(self.graph.neg(constant));
        }
        let (solution, condition) = match calculus::solve(&mut self.graph, &matrix, &right) {
            Solutions::One(solution, condition) => (solution, condition),
            Solutions::None => {
                let message = "there is no solution: the equations contradict one another";
                return Err(error(Kind::Domain, message));
            }
            Solutions::Many => {
                let many = error(Kind::Domain, "there are infinitely many solutions");
                let help = "give more equations, or name fewer unknowns with `--for`";
                return Err(helped(many, help));
            }
            Solutions::Unsuited => {
                let message = format!(
                    "with symbols as many equations as unknowns are needed, at most {}: there are \
                     {} and {}",
                    calculus::determinant::ROWS,
                    equations.len(),
                    unknowns.len()
                );
                return Err(error(Kind::Arity, message));
            }
        };
        let otherwise = "the determinant is zero: there is no single solution";
        let condition = condition.map(|det| self.determined(det, otherwise)).transpose()?.flatten();
        let solution = solution.into_iter().map(|x| {
            let short = self.shortest(x);
            self.go_on()?;
            self.reduced(x, short)
        });
        Ok((solution.collect::<Answer<_>>()?, condition))
    }

    /// A determinant that must not be zero, simplified; nothing when it is a number. `otherwise`
    /// says what is wrong when it is zero.
    fn determined(&mut self, det: Term, otherwise: &str) -> Answer<Option<String>> {
        self.presentable(det, "the determinant")?;
        let expanded = expand(&mut self.graph, det, MULTIPLIED).unwrap_or(det);
        let short = self.shortest(expanded);
        match self.graph.as_number(short) {
            Some(n) if n.is_zero() => Err(error(Kind::Domain, otherwise)),
            Some(_) => Ok(None),
            None => self.print(short).map(Some),
        }
    }

    /// The inverse of a matrix, simplified; and the term that must not be zero for it to hold.
    ///
    /// # Errors
    /// When the matrix is not square, too large or singular.
    pub fn inverse(&mut self, matrix: &[Vec<Term>]) -> Answer<(Vec<Vec<Term>>, Option<String>)> {
        if let Some(det) = calculus::determinant(&mut self.graph, matrix) {
            self.presentable(det, "the determinant")?;
        }
        let Some((rows, det)) = calculus::inverse(&mut self.graph, matrix) else {
            let rows = calculus::determinant::ROWS;
            let message = format!("an inverse needs a square matrix of 1 to {rows} rows");
            return Err(error(Kind::Arity, message));
        };
        let condition =
            self.determined(det, "the matrix has no inverse: its determinant is zero")?;
        Ok((self.simplified(rows)?, condition))
    }

    /// The derivatives of terms by names: a row for each term.
    ///
    /// # Errors
    /// What is no name, and derivatives that are not known.
    pub fn jacobian(&mut self, roots: &[Term], names: &[String]) -> Answer<Vec<Vec<Term>>> {
        for name in names {
            if !crate::syntax::expression::is_name(name) {
                return Err(error(Kind::Name, format!("`{name}` is not a name")));
            }
        }
        let by: Vec<Term> = names.iter().map(|n| self.graph.symbol(n)).collect();
        let mut rows = Vec::with_capacity(roots.len());
        for &root in roots {
            let slopes = calculus::gradient(&mut self.graph, root, &by);
            rows.push(slopes.map_err(|e| error(Kind::Domain, e.to_string()))?);
        }
        self.simplified(rows)
    }

    /// The second derivatives of a term by names.
    ///
    /// # Errors
    /// See [`Workspace::jacobian`].
    pub fn hessian(&mut self, root: Term, names: &[String]) -> Answer<Vec<Vec<Term>>> {
        let gradient = self.jacobian(&[root], names)?;
        self.jacobian(&gradient.concat(), names)
    }

    /// A matrix with the shortest form of each entry.
    pub(super) fn simplified(&mut self, rows: Vec<Vec<Term>>) -> Answer<Vec<Vec<Term>>> {
        let mut entry = |t: Term| {
            self.go_on()?;
            Ok(self.shortest(t))
        };
        rows.into_iter().map(|row| row.into_iter().map(&mut entry).collect()).collect()
    }
}
