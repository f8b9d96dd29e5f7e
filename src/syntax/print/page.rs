//! Text as parts of other text, so that nothing is copied before it is written.
//!
//! The text of a term contains those of its arguments. Put together as strings, a chain of a
//! hundred thousand functions would take gigabytes; a [`Text`] only points to its parts.

/// The parts of all texts, and the words that were made up for them.
#[derive(Default)]
pub struct Page {
    parts: Vec<Part>,
    words: String,
}

/// A text on a [`Page`].
#[derive(Clone, Copy, Debug)]
pub struct Text {
    start: u32,
    end: u32,
    /// Its length in bytes, written out.
    bytes: usize,
    /// Whether it begins with a digit.
    digit: bool,
}

/// A piece of a text.
#[derive(Clone, Copy)]
pub enum Part {
    /// Letters that are always the same.
    Fixed(&'static str),
    /// A run of the page's words.
    Word(u32, u32),
    /// Another text.
    Text(Text),
}

impl From<&'static str> for Part {
    fn from(fixed: &'static str) -> Part {
        Part::Fixed(fixed)
    }
}

impl From<Text> for Part {
    fn from(text: Text) -> Part {
        Part::Text(text)
    }
}

impl Text {
    /// Its length in bytes, written out.
    pub fn bytes(self) -> usize {
        self.bytes
    }

    /// Whether it begins with a digit.
    pub fn begins_with_digit(self) -> bool {
        self.digit
    }
}

impl Page {
    /// A text of letters.
    pub fn word(&mut self, letters: &str) -> Text {
        let start = place(self.words.len());
        self.words.push_str(letters);
        self.join([Part::Word(start, place(self.words.len()))])
    }

    /// A text of parts, one after the other.
    pub fn join(&mut self, parts: impl IntoIterator<Item = Part>) -> Text {
        let (start, mut bytes, mut digit) = (place(self.parts.len()), 0_usize, None);
        for part in parts {
            let (length, begins) = match part {
                Part::Fixed(letters) => (letters.len(), begins_with_digit(letters)),
                Part::Word(from, to) => {
                    let word = self.letters(from, to);
                    (word.len(), begins_with_digit(word))
                }
                Part::Text(text) => (text.bytes, text.digit),
            };
            if length > 0 {
                bytes = bytes.saturating_add(length);
                digit.get_or_insert(begins);
                self.parts.push(part);
            }
        }
        Text { start, end: place(self.parts.len()), bytes, digit: digit.unwrap_or(false) }
    }

    fn letters(&self, from: u32, to: u32) -> &str {
        &self.words[from as usize..to as usize]
    }

    /// Texts with something between any two of them.
    pub fn list(&mut self, texts: &[Text], between: &'static str) -> Text {
        let separated = texts.iter().enumerate().flat_map(|(k, &text)| {
            [Part::Fixed(if k == 0 { "" } else { between }), Part::Text(text)]
        });
        self.join(separated)
    }

    /// The letters of a text.
    pub fn read(&self, text: Text) -> String {
        let mut letters = String::with_capacity(text.bytes);
        let mut stack = Vec::new();
        stack.push(text.start..text.end);
        while let Some(range) = stack.last_mut() {
            let Some(part) = range.next() else {
                stack.pop();
                continue;
            };
            match self.parts[part as usize] {
                Part::Fixed(fixed) => letters.push_str(fixed),
                Part::Word(from, to) => letters.push_str(self.letters(from, to)),
                Part::Text(text) => stack.push(text.start..text.end),
            }
        }
        letters
    }
}

/// A place on the page, which memory ends long before half words do.
fn place(place: usize) -> u32 {
    u32::try_from(place).expect("a page has fewer than 2^32 parts")
}

fn begins_with_digit(letters: &str) -> bool {
    letters.starts_with(|c: char| c.is_ascii_digit())
}

/// Puts texts and fixed letters together: `text!(page, "sqrt(", argument, ")")`.
macro_rules! text {
    ($page:expr, $($part:expr),+ $(,)?) => {
        $page.join([$($crate::syntax::print::page::Part::from($part)),+])
    };
}
pub(crate) use text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_were_put_together() {
        let mut page = Page::default();
        let (two, x) = (page.word("2"), page.word("x"));
        let product = text!(page, two, "*", x);
        let sum = text!(page, product, " + ", product);
        let empty = page.list(&[], ", ");
        let call = text!(page, empty, "f(", sum, ")");
        assert_eq!(page.read(call), "f(2*x + 2*x)");
        assert_eq!(call.bytes(), 12);
        assert!(sum.begins_with_digit() && !call.begins_with_digit());
        assert_eq!(page.list(&[x, two, x], ", ").bytes(), 7);
    }

    #[test]
    fn depth_and_length_are_no_limit() {
        let mut page = Page::default();
        let mut text = page.word("x");
        for _ in 0..200_000 {
            text = text!(page, "(", text, ")");
        }
        assert_eq!(page.read(text).len(), 400_001);
        for _ in 0..100 {
            text = text!(page, text, text);
        }
        assert_eq!(text.bytes(), usize::MAX);
    }
}
