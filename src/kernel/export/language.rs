//! What a language decides: how declarations, statements and calls are spelled.

use super::Program;
use super::functions::Row;

/// A function of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// The rates of change.
    RightHandSide,
    /// The nonzero entries of the Jacobian.
    Jacobian,
    /// The observables.
    Observables,
}

impl Entry {
    /// All functions in the order of the file.
    pub const ALL: [Entry; 3] = [Entry::RightHandSide, Entry::Jacobian, Entry::Observables];
}

/// The contents of a constant array.
#[derive(Clone, Copy)]
pub enum Array<'a> {
    /// Names of the model.
    Names(&'a [String]),
    /// Doubles.
    Numbers(&'a [f64]),
    /// Places.
    Integers(&'a [usize]),
}

impl Array<'_> {
    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        match self {
            Array::Names(items) => items.len(),
            Array::Numbers(items) => items.len(),
            Array::Integers(items) => items.len(),
        }
    }

    /// The items, separated by commas on indented lines of at most 96 columns.
    pub fn items(&self, language: &dyn Language) -> String {
        let items: Vec<String> = match self {
            Array::Names(items) => {
                items.iter().map(|s| quoted(s, &|c| language.escape(c))).collect()
            }
            Array::Numbers(items) => items.iter().map(|&x| language.number(x)).collect(),
            Array::Integers(items) => items.iter().map(usize::to_string).collect(),
        };
        let mut text = String::new();
        let mut column = 0;
        for item in items {
            let width = item.chars().count() + 2;
            if column == 0 || column + width > WIDTH {
                text += "\n   ";
                column = 3;
            }
            text += &format!(" {item},");
            column += width;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// What every file says of its functions; compiled forms are as a rule the optimised ones.
pub const FORM: [&str; 2] = [
    "All are the compiled form of the equations, as a rule optimised: equal over the real numbers,",
    "but not in the text's order of operations, so that the last digits may differ.",
];

/// Columns of a line that lists items.
pub const WIDTH: usize = 96;

/// How a language spells things; what is spelled is decided by the walk over the tape.
pub trait Language: Sync {
    /// The name by which it is asked for.
    fn name(&self) -> &'static str;

    /// The usual extension of its files.
    fn extension(&self) -> &'static str;

    /// A name of the file for one of this module's own names, such as `state_names`.
    fn identifier(&self, model: &str, base: &str) -> String;

    /// What stands before all else: the comment that says what this is and how to call it, and
    /// what is imported. `name` is [`Language::identifier`] for the model.
    fn head(&self, program: &Program, name: &dyn Fn(&str) -> String) -> String;

    /// Functions that the language lacks, by name, with their sources.
    fn helpers(&self) -> &'static [(&'static str, &'static str)];

    /// A constant number of things.
    fn count(&self, name: &str, value: usize) -> String;

    /// A constant array with a comment; a private one is for the file's own use.
    fn array(&self, name: &str, what: &str, array: Array<'_>, public: bool) -> String;

    /// A function around its body; `sums` says that entries of the Jacobian are added up.
    fn entry(&self, entry: Entry, name: &dyn Fn(&str) -> String, body: &str, sums: bool) -> String;

    /// A character of a string that is neither a letter nor plain ASCII.
    fn escape(&self, c: char) -> String;

    /// A double, exactly; without brackets.
    fn number(&self, x: f64) -> String;

    /// The column of the table of functions that is this language's.
    fn function(&self, row: &Row) -> &'static str;

    /// One of two values.
    fn choose(&self, condition: &str, then: &str, otherwise: &str) -> String;

    /// How two conditions are joined: both, either.
    fn connectives(&self) -> [&'static str; 2];

    /// A call of the helper `spline` with the arrays of a curve, so many points of each, and an
    /// order of derivative.
    fn spline(&self, arrays: [String; 3], points: usize, order: usize, argument: &str) -> String;

    /// A statement that names a value.
    fn define(&self, value: &str, expression: &str) -> String;

    /// A statement that begins a sum, or a pair of sums as an array.
    fn begin(&self, sum: &str, pair: bool) -> String;

    /// What ends a statement.
    fn end(&self) -> &'static str;

    /// The head of a counted loop; `named` says whether its index is used.
    fn open(&self, index: &str, from: i64, to: i64, named: bool) -> String;

    /// What ends a loop, if anything does.
    fn close(&self) -> Option<&'static str>;

    /// An integer expression with indices as a subscript.
    fn subscript(&self, expression: &str) -> String {
        expression.to_owned()
    }

    /// Which of a pair of sums takes the addend of this index in a loop.
    fn turn(&self, index: &str, from: i64) -> String {
        let even = if from % 2 == 0 { index.to_owned() } else { format!("({index} + 1)") };
        self.subscript(&format!("{even} & 1"))
    }

    /// An integer expression with indices as a double, as the operand of an operator when `tight`.
    fn index(&self, expression: &str, tight: bool) -> String;

    /// A number as the operand of an operation whose operands are all numbers.
    fn lone(&self, number: String) -> String {
        number
    }

    /// How loops become operations on arrays, where the language has them.
    fn arrays(&self) -> Option<&dyn Arrays> {
        None
    }
}

/// Operations on arrays in place of innermost loops.
pub trait Arrays {
    /// The values of an index from first to last, as doubles.
    fn range(&self, from: i64, to: i64) -> String;

    /// Elements from `first` to before `end` with a positive step.
    fn slice(&self, first: &str, end: &str, step: i64) -> String;

    /// The sum of `count` addends from first to last, an array or one number so many times; of a
    /// `pair` of sums of every other addend, the sum.
    fn total(&self, addend: &str, count: u64, pair: bool) -> String;

    /// Adds values to elements at places that may coincide.
    fn scatter(&self, array: &str, places: &str, values: &str) -> String;
}

/// A string literal in double quotes.
pub fn quoted(text: &str, escape: &dyn Fn(char) -> String) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_plain(c) => out.push(c),
            c => out += &escape(c),
        }
    }
    out.push('"');
    out
}

/// Text that cannot end a comment of any language, nor reorder what is read.
pub fn comment(text: &str) -> String {
    let text: String = text.chars().map(|c| if is_plain(c) { c } else { '?' }).collect();
    text.replace("*/", "* /").replace("/*", "/ *").trim_end_matches('\\').trim_end().to_owned()
}

/// Letters and printable ASCII. A question mark may begin a trigraph of C.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || (c.is_ascii_graphic() && c != '?')
}

/// Indents each line by a level.
pub fn indent(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") })
        .collect()
}
