//! Where a kernel's inputs are: names, index ranges and places in the caller's slices.

use rustc_hash::FxHashMap;

use super::error::Error;
use super::tape::Slice;
use crate::term::Symbol;

/// A named scalar or array inside the slice of states or of parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    /// The name in the graph.
    pub name: Symbol,
    /// First and last index of each dimension; none for a scalar.
    pub extents: Vec<(i64, i64)>,
    /// Place of the first element; the others follow with the last index fastest.
    pub offset: usize,
}

impl Variable {
    /// The number of elements; zero when a range is reversed or the product overflows.
    pub fn length(&self) -> usize {
        self.extents
            .iter()
            .try_fold(1_usize, |product, &(first, last)| {
                let extent = last.checked_sub(first)?.checked_add(1)?;
                product.checked_mul(usize::try_from(extent).ok()?)
            })
            .unwrap_or(0)
    }
}

/// The inputs of a kernel: the time, a slice of states and a slice of parameters.
#[derive(Clone, Default, Debug)]
pub struct Layout {
    /// The name of the time, if the model has one.
    pub time: Option<Symbol>,
    /// Variables of the slice of states.
    pub states: Vec<Variable>,
    /// Variables of the slice of parameters.
    pub parameters: Vec<Variable>,
}

impl Layout {
    /// The least length of the slice of states.
    pub fn state_length(&self) -> usize {
        length(&self.states)
    }

    /// The least length of the slice of parameters.
    pub fn parameter_length(&self) -> usize {
        length(&self.parameters)
    }
}

/// What a name of a graph stands for in a kernel.
#[derive(Clone, Copy)]
pub(super) enum Meaning<'a> {
    Time,
    Variable(Slice, &'a Variable),
    /// Something that has no place yet.
    Anywhere,
}

/// The layout by name, checked.
#[derive(Default)]
pub(super) struct Inputs<'a> {
    by_name: FxHashMap<Symbol, Meaning<'a>>,
    /// Whether there is no layout: every name is an input.
    anywhere: bool,
}

impl<'a> Inputs<'a> {
    /// # Errors
    /// `Layout` with the symbol of a variable that is empty or shares its name or storage.
    pub(super) fn new(layout: &'a Layout, name: impl Fn(Symbol) -> String) -> Result<Self, Error> {
        let mut by_name = FxHashMap::default();
        by_name.extend(layout.time.map(|time| (time, Meaning::Time)));
        for (slice, variables) in
            [(Slice::States, &layout.states), (Slice::Parameters, &layout.parameters)]
        {
            let mut spans = Vec::with_capacity(variables.len());
            for variable in variables {
                let refuse = || Error::Layout { name: name(variable.name) };
                let length = variable.length();
                let end = variable.offset.checked_add(length).ok_or_else(refuse)?;
                // Places are 64-bit byte addresses in machine code.
                if length == 0 || end > (1 << 48) {
                    return Err(refuse());
                }
                spans.push((variable.offset, end, variable.name));
                let meaning = Meaning::Variable(slice, variable);
                if by_name.insert(variable.name, meaning).is_some() {
                    return Err(refuse());
                }
            }
            spans.sort_unstable();
            if let Some(pair) = spans.windows(2).find(|pair| pair[0].1 > pair[1].0) {
                return Err(Error::Layout { name: name(pair[1].2) });
            }
        }
        Ok(Inputs { by_name, anywhere: false })
    }

    /// Without a layout.
    pub(super) fn anywhere() -> Self {
        Inputs { anywhere: true, ..Inputs::default() }
    }

    pub(super) fn get(&self, name: Symbol) -> Option<Meaning<'a>> {
        match self.anywhere {
            true => Some(Meaning::Anywhere),
            false => self.by_name.get(&name).copied(),
        }
    }
}

fn length(variables: &[Variable]) -> usize {
    variables.iter().map(|v| v.offset + v.length()).max().unwrap_or(0)
}
