//! How the exponents of a monomial are packed into machine words.
//!
//! Each variable has a field of its own width; the first variable stands in the highest bits of
//! the first word. While no field overflows, the words of a product are the sums of the words of
//! its factors, and comparing words compares exponents lexicographically.

/// The most words of one monomial.
pub const WORDS: usize = 16;

/// Where the exponent of one variable is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Field {
    word: usize,
    shift: u32,
    bits: u32,
}

/// Words that fields with so many spare bits take: few counts, since code is compiled for each.
fn words(bounds: &[u32], spare: u32) -> usize {
    let (mut words, mut left) = (1_usize, u64::BITS);
    for &bound in bounds {
        let bits = (width(bound) + spare).min(u32::BITS);
        if bits > left {
            (words, left) = (words + 1, u64::BITS);
        }
        left -= bits;
    }
    words.next_power_of_two()
}

/// Fields for all variables of a polynomial.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    words: usize,
    fields: Vec<Field>,
    /// The variable of each bit, the lowest bit of the first word first.
    owners: Vec<u16>,
}

/// Bits that hold `bound`; every variable has at least one.
fn width(bound: u32) -> u32 {
    (32 - bound.leading_zeros()).max(1)
}

impl Layout {
    /// Fields that hold exponents up to `bounds`, and larger ones where there is room.
    ///
    /// `None` when more than [`WORDS`] words are needed.
    pub fn fitting(bounds: &[u32]) -> Option<Layout> {
        let words = words(bounds, 0);
        if words > WORDS {
            return None;
        }
        let used: usize = bounds.iter().map(|&bound| width(bound) as usize).sum();
        let spare = (words * u64::BITS as usize - used) / bounds.len().max(1);
        // No field ends beyond its word, so that not all of what is spare may be of use.
        let spare = (0..=spare.min(32) as u32).rev().find(|&s| self::words(bounds, s) == words);
        Some(Self::widened(bounds, spare.unwrap_or(0), words))
    }

    fn widened(bounds: &[u32], spare: u32, words: usize) -> Layout {
        let mut fields = Vec::with_capacity(bounds.len());
        let mut owners = vec![0; words * u64::BITS as usize];
        let (mut word, mut left) = (0, u64::BITS);
        for (variable, &bound) in bounds.iter().enumerate() {
            let bits = (width(bound) + spare).min(u32::BITS);
            if bits > left {
                (word, left) = (word + 1, u64::BITS);
            }
            left -= bits;
            fields.push(Field { word, shift: left, bits });
            let first = word * u64::BITS as usize + left as usize;
            owners[first..first + bits as usize].fill(variable as u16);
        }
        Layout { words, fields, owners }
    }

    /// Words of one monomial: 1, 2, 4, 8 or 16.
    pub fn words(&self) -> usize {
        self.words
    }

    /// The number of variables.
    pub fn variables(&self) -> usize {
        self.fields.len()
    }

    /// Whether exponents up to these bounds have room.
    pub fn holds(&self, bounds: &[u32]) -> bool {
        self.fields.iter().zip(bounds).all(|(f, &bound)| width(bound) <= f.bits)
    }

    /// The exponent of one variable.
    pub fn exponent(&self, monomial: &[u64], variable: usize) -> u32 {
        let Field { word, shift, bits } = self.fields[variable];
        (monomial[word] >> shift) as u32 & (u32::MAX >> (u32::BITS - bits))
    }

    /// Adds to the exponent of one variable, for which there must be room.
    pub fn raise(&self, monomial: &mut [u64], variable: usize, by: u32) {
        let Field { word, shift, .. } = self.fields[variable];
        monomial[word] += u64::from(by) << shift;
    }

    /// Calls `f` with each variable that occurs and its exponent, in order.
    pub fn each_power(&self, monomial: &[u64], mut f: impl FnMut(usize, u32)) {
        for (&word, owners) in monomial.iter().zip(self.owners.chunks_exact(u64::BITS as usize)) {
            let mut rest = word;
            while rest != 0 {
                let variable = usize::from(owners[rest.ilog2() as usize]);
                let shift = self.fields[variable].shift;
                f(variable, (rest >> shift) as u32);
                rest &= !(u64::MAX << shift);
            }
        }
    }

    /// The highest bit of every field: clear in all monomials of a layout with a bit to spare.
    pub fn guards(&self) -> Vec<u64> {
        let mut guards = vec![0; self.words];
        for f in &self.fields {
            guards[f.word] |= 1 << (f.shift + f.bits - 1);
        }
        guards
    }
}

/// Compiles a body for each count of words: `with_words!(words, W => body)`.
macro_rules! with_words {
    ($words:expr, $W:ident => $body:expr) => {
        match $words {
            1 => {
                const $W: usize = 1;
                $body
            }
            2 => {
                const $W: usize = 2;
                $body
            }
            4 => {
                const $W: usize = 4;
                $body
            }
            8 => {
                const $W: usize = 8;
                $body
            }
            _ => {
                const $W: usize = 16;
                $body
            }
        }
    };
}
pub(super) use with_words;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_come_back() {
        let bounds = [3, 0, 1000, 1, u32::MAX, 7, 2];
        let layout = Layout::fitting(&bounds).expect("few words");
        assert!(layout.holds(&bounds));
        let mut monomial = vec![0; layout.words()];
        for (v, &bound) in bounds.iter().enumerate() {
            layout.raise(&mut monomial, v, bound);
        }
        for (v, &bound) in bounds.iter().enumerate() {
            assert_eq!(layout.exponent(&monomial, v), bound);
        }
        let mut seen = Vec::new();
        layout.each_power(&monomial, |v, e| seen.push((v, e)));
        let nonzero: Vec<_> = bounds.iter().copied().enumerate().filter(|b| b.1 > 0).collect();
        assert_eq!(seen, nonzero);
    }

    #[test]
    fn room_is_used_and_ends() {
        assert_eq!(Layout::fitting(&[1; 64]).expect("one bit each").words(), 1);
        assert_eq!(Layout::fitting(&[1; 65]).expect("two words").words(), 2);
        assert!(Layout::fitting(&[15, 15, 15, 15]).expect("one word").holds(&[60_000; 4]));
        assert!(Layout::fitting(&[u32::MAX; 33]).is_none());
        assert!(Layout::fitting(&[]).is_some());
    }
}
