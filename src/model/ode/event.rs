//! Statements `when condition { … }`.

use super::names::{Names, TIME};
use super::region::Region;
use super::{Lowering, resolve};
use crate::calculus::Equation;
use crate::model::event::{Event, margin, parts};
use crate::syntax::Id;
use crate::syntax::block::{Declaration, WhenText};
use crate::syntax::lower::lower_condition;
use crate::syntax::print;
use crate::term::evaluate::element_name;
use crate::term::visit::reachable;
use crate::term::{Affine, Node, Op, Term};
use crate::text::{Diagnostic, Kind, nearest};

impl Lowering<'_> {
    /// The event of a statement; errors go to the list.
    pub(super) fn event(&mut self, text: &WhenText, names: &mut Names<'_>) -> Option<Event> {
        let condition = self.condition(text.condition, names);
        let (mut resets, mut given) = (Vec::new(), Vec::new());
        for reset in &text.resets {
            self.reset(reset, names, &mut resets, &mut given);
        }
        let condition = condition?;
        let name = print(self.graph, condition);
        let margin = margin(self.graph, condition);
        Some(Event { name, condition, margin, resets, stop: text.stop })
    }

    fn condition(&mut self, id: Id, names: &mut Names<'_>) -> Option<Term> {
        let span = self.tree.span(id);
        let term = match lower_condition(self.tree, id, self.graph, names, &[], self.limits) {
            Ok(term) => term,
            Err(mut found) => {
                self.errors.append(&mut found);
                return None;
            }
        };
        let row = Affine::constant(0);
        let term = match resolve::resolve(self.graph, &names.arrays, &[], &row, term) {
            Ok(equations) => equations.first()?.value,
            Err(problem) => {
                self.problem(problem, span, &[]);
                return None;
            }
        };
        let error = |message: &str| Diagnostic::error(Kind::Domain, span, message);
        let graph = &*self.graph;
        let changes = reachable(graph, &[term]).into_iter().any(|t| match graph.node(t) {
            Node::Symbol(s) | Node::Element(s, _) => {
                let name = graph.name(*s);
                name == TIME || names.state(name).is_some()
            }
            _ => false,
        });
        if !changes {
            let error = error("this condition depends neither on a state nor on time");
            self.errors.push(error.help("an event happens when its condition becomes true"));
            return None;
        }
        let equality = |t: &Term| matches!(graph.node(*t), Node::Call(Op::Equal, _));
        if parts(graph, term).iter().any(equality) {
            let error = error("an equality holds at single points of time and would be missed");
            self.errors.push(error.help("compare with `<`, `<=`, `>` or `>=`"));
            return None;
        }
        Some(term)
    }

    fn reset(
        &mut self,
        d: &Declaration,
        names: &mut Names<'_>,
        resets: &mut Vec<Equation>,
        given: &mut Vec<(String, Region)>,
    ) {
        let name = &d.name.text;
        if names.is_broken(name) {
            return;
        }
        let Some(variable) = names.state(name).cloned() else {
            let error = |message| Diagnostic::error(Kind::Name, d.name.span, message);
            return self.errors.push(if name == TIME {
                error(format!("`{TIME}` is the time and cannot be set"))
            } else if names.all_names().contains(name) {
                error(format!("`{name}` is not a state and cannot be set")).help(format!(
                    "declare `state {name} = …` with `{name}' = 0` if it changes at events only"
                ))
            } else {
                let known = names.states.iter().map(|v| v.name.as_str());
                error(format!("unknown state `{name}`")).did_you_mean(nearest(name, known))
            });
        };
        let Some(value) = d.value else { return };
        let Some((equations, region)) = self.family(d, &variable, value, names) else { return };
        let twice = given.iter().filter(|(n, _)| n == name).find_map(|(_, r)| region.meets(r));
        if let Some(point) = twice {
            let element = if point.is_empty() { name.clone() } else { element_name(name, &point) };
            let message = format!("`{element}` is set twice in one event");
            self.errors.push(Diagnostic::error(Kind::Name, d.name.span, message));
        }
        resets.extend(equations);
        given.push((name.clone(), region));
    }
}
