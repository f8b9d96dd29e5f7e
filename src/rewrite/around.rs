//! Which operations stand close below each class, so that most rules need not be tried there.
//!
//! `sin(?x)^2 + cos(?x)^2` can match a sum only when a sine and a cosine are among its terms or
//! the factors of these. The sets are words, so that a rule is dismissed by one comparison.

use egg::{Id, Language};

use super::knowledge::Classes;
use super::language::Form;
use super::pattern::Pattern;
use super::rule::Operations;
use super::space::Space;
use crate::term::Op;

/// The operations around each class of an e-graph.
pub struct Around {
    /// All operations of the graph.
    present: Operations,
    /// By class: the operations of its arguments, and of the terms and factors of these.
    below: Vec<Operations>,
}

impl Around {
    /// Looks at a graph that is rebuilt.
    pub fn of(classes: &Classes) -> Around {
        let size = classes.classes().map(|c| usize::from(c.id) + 1).max().unwrap_or(0);
        let mut calls = vec![Operations::default(); size];
        let mut present = Operations::default();
        for class in classes.classes() {
            for node in &class.nodes {
                if let Form::Call(op, _) = node {
                    let set = &mut calls[usize::from(class.id)];
                    (*set, present) = (set.with(*op), present.with(*op));
                }
            }
        }
        let of = |sets: &[Operations], id: Id| sets[usize::from(classes.find(id))];
        // The terms and factors of sums and products belong to these; so do those of `c*(…)`.
        let mut parts = calls.clone();
        for class in classes.classes() {
            let set = &mut parts[usize::from(class.id)];
            for node in class.nodes.iter().filter(|n| is_collection(n)) {
                for &child in node.children() {
                    *set = set.union(of(&calls, child));
                    if matches!(node, Form::Sum { ids, .. } if ids.len() == 1) {
                        let inner = &classes[child].nodes;
                        for node in inner.iter().filter(|n| is_collection(n)) {
                            let factors = node.children().iter();
                            *set = factors.fold(*set, |set, &id| set.union(of(&calls, id)));
                        }
                    }
                }
            }
        }
        let mut below = vec![Operations::default(); size];
        for class in classes.classes() {
            let children = class.nodes.iter().flat_map(|n| n.children());
            let all = children.fold(Operations::default(), |set, &id| set.union(of(&parts, id)));
            below[usize::from(class.id)] = all;
        }
        Around { present, below }
    }

    /// Whether everything that a rule needs occurs somewhere.
    pub fn has(&self, needs: Operations) -> bool {
        needs.within(self.present)
    }

    /// Whether everything that a rule needs close below a class is there.
    pub fn has_below(&self, class: Id, near: Operations) -> bool {
        self.below.get(usize::from(class)).is_none_or(|below| near.within(*below))
    }
}

/// The operations close below one class, where classes have few nodes.
pub fn operations_below(space: &impl Space, id: Id) -> Operations {
    let mut found = Operations::default();
    let mut note = |id: Id, depth: usize, stack: &mut Vec<(Id, usize)>| {
        for node in space.forms(space.find(id)) {
            match node {
                Form::Call(op, _) => found = found.with(*op),
                node if is_collection(node) && depth > 0 => {
                    stack.extend(node.children().iter().map(|&c| (c, depth - 1)));
                }
                _ => {}
            }
        }
    };
    let mut stack = Vec::new();
    for node in space.forms(id) {
        // Of a multiple of a product the factors count.
        stack.extend(node.children().iter().map(|&c| (c, 2)));
    }
    while let Some((id, depth)) = stack.pop() {
        note(id, depth, &mut stack);
    }
    found
}

fn is_collection(node: &Form) -> bool {
    matches!(node, Form::Sum { .. } | Form::Product { .. })
}

/// The operations that must stand close below a class that matches a pattern.
pub fn near(pattern: &Pattern) -> Operations {
    let parts = |p: &Pattern| -> Vec<Pattern> {
        p.form().map(|(_, parts)| parts.into_iter().cloned().collect()).unwrap_or_default()
    };
    let mut found = Operations::default();
    for part in parts(pattern) {
        let inner = match part {
            Pattern::Sum(..) | Pattern::Product(_) => parts(&part),
            _ => vec![part],
        };
        for pattern in inner {
            // A symbolic power also stands for an exact one.
            if let Pattern::Call(op, _) = pattern
                && op != Op::Pow
            {
                found = found.with(op);
            }
        }
    }
    found
}
