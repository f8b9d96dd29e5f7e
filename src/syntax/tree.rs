//! Expressions as written: an arena of items, arguments before the items that use them.
//!
//! One tree holds all expressions of a source. Nothing is boxed, so no depth of nesting can
//! overflow the stack, neither in a walk nor in a drop.

use super::operators::Operator;
use crate::term::Number;
use crate::term::names::Names;
use crate::text::Span;

/// The handle of an item in its [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Id(pub(super) u32);

/// The handle of a name in its [`Tree`]; equal names have equal handles.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name(pub(super) u32);

/// A run of arguments, stored side by side in the tree; see [`Tree::arguments`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arguments {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// A run of index ranges in the tree; see [`Tree::ranges`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ranges {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// One item of an expression.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// A literal, never negative.
    Number(Number),
    /// A name.
    Name(Name),
    /// `?x`, in rules.
    Pattern(Name),
    /// An operator before its operand.
    Prefix(Operator, Id),
    /// An operator between its operands.
    Infix(Operator, Id, Id),
    /// `f(a, b)`.
    Call(Name, Arguments),
    /// `x[i, j]`.
    Element(Name, Arguments),
    /// `sum(body for i in 1..N)`; the name is the word before the bracket.
    Reduce(Name, Id, Ranges),
}

/// `index in from..to`, inclusive.
#[derive(Clone, PartialEq, Debug)]
pub struct Range {
    /// The index that the range binds.
    pub index: Name,
    /// Where the index is named.
    pub index_span: Span,
    /// First value.
    pub from: Id,
    /// Last value.
    pub to: Id,
}

/// An arena of items.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    items: Vec<Item>,
    spans: Vec<Span>,
    arguments: Vec<Id>,
    ranges: Vec<Range>,
    names: Names,
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Tree {
        Tree::default()
    }

    /// The item of a handle.
    pub fn item(&self, id: Id) -> &Item {
        &self.items[id.0 as usize]
    }

    /// Where an item stands, brackets around it not included.
    pub fn span(&self, id: Id) -> Span {
        self.spans[id.0 as usize]
    }

    /// The text of a name.
    pub fn name(&self, name: Name) -> &str {
        self.names.get(name.0)
    }

    /// The arguments of a call or the indices of an element.
    pub fn arguments(&self, arguments: Arguments) -> &[Id] {
        let start = arguments.start as usize;
        &self.arguments[start..start + arguments.len as usize]
    }

    /// The index ranges of a reduction.
    pub fn ranges(&self, ranges: Ranges) -> &[Range] {
        let start = ranges.start as usize;
        &self.ranges[start..start + ranges.len as usize]
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing was parsed into it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Interns a name.
    pub fn intern(&mut self, name: &str) -> Name {
        Name(self.names.intern(name))
    }

    /// Adds an item whose arguments are already there.
    pub fn push(&mut self, item: Item, span: Span) -> Id {
        let id = Id(self.items.len() as u32);
        self.items.push(item);
        self.spans.push(span);
        id
    }

    /// Stores arguments side by side.
    pub fn push_arguments(&mut self, arguments: &[Id]) -> Arguments {
        let start = self.arguments.len() as u32;
        self.arguments.extend_from_slice(arguments);
        Arguments { start, len: arguments.len() as u32 }
    }

    /// Stores ranges side by side.
    pub fn push_ranges(&mut self, ranges: impl IntoIterator<Item = Range>) -> Ranges {
        let start = self.ranges.len() as u32;
        self.ranges.extend(ranges);
        Ranges { start, len: self.ranges.len() as u32 - start }
    }

    /// Calls `f` with each part of an item, in the order of the text.
    pub fn each_part(&self, item: &Item, mut f: impl FnMut(Id)) {
        match item {
            Item::Number(_) | Item::Name(_) | Item::Pattern(_) => {}
            Item::Prefix(_, a) => f(*a),
            Item::Infix(_, a, b) => {
                f(*a);
                f(*b);
            }
            Item::Call(_, parts) | Item::Element(_, parts) => {
                self.arguments(*parts).iter().for_each(|&a| f(a));
            }
            Item::Reduce(_, body, ranges) => {
                f(*body);
                for range in self.ranges(*ranges) {
                    f(range.from);
                    f(range.to);
                }
            }
        }
    }

    /// The names that occur as plain names below an item, in the order of the text, each once,
    /// with the place of the first; indices bound inside are not among them.
    pub fn free_names(&self, root: Id) -> Vec<(Name, Span)> {
        let mut found: Vec<(Name, Span)> = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        // `Some(name)` ends the scope of an index.
        let (mut stack, mut bound) = (vec![Visit::Item(root)], Vec::<Name>::new());
        while let Some(visit) = stack.pop() {
            let id = match visit {
                Visit::Item(id) => id,
                Visit::Unbind(count) => {
                    bound.truncate(bound.len() - count);
                    continue;
                }
                Visit::Bind(name) => {
                    bound.push(name);
                    continue;
                }
            };
            match self.item(id) {
                Item::Name(name) if !bound.contains(name) && seen.insert(*name) => {
                    found.push((*name, self.span(id)));
                }
                Item::Reduce(_, body, ranges) => {
                    let ranges = self.ranges(*ranges);
                    stack.push(Visit::Unbind(ranges.len()));
                    stack.push(Visit::Item(*body));
                    for range in ranges.iter().rev() {
                        stack.push(Visit::Bind(range.index));
                        stack.push(Visit::Item(range.to));
                        stack.push(Visit::Item(range.from));
                    }
                }
                item => {
                    let first = stack.len();
                    self.each_part(item, |part| stack.push(Visit::Item(part)));
                    stack[first..].reverse();
                }
            }
        }
        found
    }
}

enum Visit {
    Item(Id),
    Bind(Name),
    Unbind(usize),
}
