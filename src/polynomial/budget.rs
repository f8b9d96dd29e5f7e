//! What a computation with polynomials may use up.

use std::fmt;

/// How much a computation may still do; operations count it down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Budget {
    /// The most terms of a result.
    pub terms: usize,
    /// Products of machine words that are left: about ten nanoseconds each.
    pub work: u64,
}

/// Why a computation with polynomials has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exceeded {
    /// The result has more terms than [`Budget::terms`].
    Terms,
    /// It takes more than [`Budget::work`].
    Work,
    /// The exponents of one monomial need more than 1024 bits, or one of them more than 32.
    Exponents,
}

impl Default for Budget {
    /// A few seconds of work on results of any length.
    fn default() -> Budget {
        Budget { terms: usize::MAX, work: 200_000_000 }
    }
}

impl Budget {
    /// Takes work from what is left.
    ///
    /// # Errors
    /// When there is not so much.
    pub fn spend(&mut self, work: u64) -> Result<(), Exceeded> {
        self.work = self.work.checked_sub(work).ok_or(Exceeded::Work)?;
        Ok(())
    }

    /// Whether a result may have so many terms.
    ///
    /// # Errors
    /// When it may not.
    pub fn allow(&self, terms: usize) -> Result<(), Exceeded> {
        if terms > self.terms { Err(Exceeded::Terms) } else { Ok(()) }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Exceeded::Terms => "there are too many terms",
            Exceeded::Work => "it takes too many steps",
            Exceeded::Exponents => "the exponents are too large",
        })
    }
}

impl std::error::Error for Exceeded {}
