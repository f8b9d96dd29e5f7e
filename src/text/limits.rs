//! The limits on text and on what it declares, in one place.

use super::diagnostic::{Diagnostic, Kind};
use super::span::Span;

/// One row for each limit: what it bounds, its name and its value.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {
        /// How large inputs and what they declare may grow.
        ///
        /// Each field is a public number; a message about a limit names the field, its value and
        /// this struct's way to raise it.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct Limits {
            $($(#[$doc])* pub $name: usize,)*
        }

        impl Default for Limits {
            fn default() -> Limits {
                Limits { $($name: $value,)* }
            }
        }

        impl Limits {
            /// The names of all limits.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];

            fn field(&mut self, name: &str) -> Option<&mut usize> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

limits! {
    /// Bytes of one source.
    bytes = 64 << 20;
    /// Brackets open at one place.
    nesting = 1000;
    /// Digits of one number when it is written out: `1e300` has 301.
    digits = 100_000;
    /// Digits of all numbers of one source together that have more than 18.
    all_digits = 4_000_000;
    /// Items of the syntax tree of one source.
    items = 8_000_000;
    /// Indices bound around one place, by families and reductions together; at most 32.
    indices = 16;
    /// Elements of one indexed family.
    cells = 100_000_000;
    /// Bytes of one printed term.
    printed = 16_000_000;
    /// Terms of one sum that is multiplied out.
    terms = 100_000;
    /// Events of one run.
    events = 1_000_000;
    /// Variables of one structural equation model.
    variables = 500;
    /// Monomials of one multidegree of a vanishing ideal.
    monomials = 3000;
    /// Errors reported for one source.
    errors = 100;
}

impl Limits {
    /// The error that says which limit was passed, its value and how to raise it.
    pub fn exceeded(limit: &str, value: usize, what: &str, span: Option<Span>) -> Diagnostic {
        Diagnostic { span, ..Diagnostic::without_place(Kind::Resource, format!("too many {what}")) }
            .label(format!("beyond the limit `{limit}` of {value}"))
            .help(Self::remedy(limit))
    }

    /// How to raise the limit of this name.
    pub fn remedy(limit: &str) -> String {
        format!("raise it with `--limit {limit}=NUMBER`")
    }

    /// Whether a source of this many bytes is allowed.
    ///
    /// # Errors
    /// `resource_error` when it is not.
    pub fn check_bytes(&self, bytes: usize) -> Result<(), Diagnostic> {
        let most = self.bytes.min(u32::MAX as usize - 1);
        if bytes > most {
            let what = format!("bytes: the input has {bytes}");
            return Err(Self::exceeded("bytes", most, &what, None));
        }
        Ok(())
    }

    /// Sets the limit of this name; whether there is one.
    pub fn set(&mut self, name: &str, value: usize) -> bool {
        match self.field(name) {
            Some(field) => {
                *field = value;
                true
            }
            None => false,
        }
    }
}
