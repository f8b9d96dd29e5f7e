//! A stretch of source text.

use std::ops::Range;

/// Bytes `start..end` of a source; both ends lie on character boundaries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end`.
    ///
    /// # Panics
    /// Beyond 4 GiB, which [`Limits::bytes`](super::Limits) excludes.
    pub fn new(start: usize, end: usize) -> Span {
        let narrow = |at: usize| u32::try_from(at).expect("sources are smaller than 4 GiB");
        Span { start: narrow(start), end: narrow(end) }
    }

    /// An empty span: a place between two characters.
    pub fn at(offset: usize) -> Span {
        Self::new(offset, offset)
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether it holds no character.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes as a range, to slice text with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}
