//! Where text came from and what to say about it: sources, spans, diagnostics, limits.
//!
//! Nothing here knows what the text means. Positions are byte spans into a [`Source`]; people see
//! lines and columns, protocols see character offsets.
//!
//! ```
//! use isoterm::text::{Diagnostic, Kind, Source, Span};
//! let source = Source::new("decay.model", "A' = -k*Bb\n");
//! let unknown = Diagnostic::error(Kind::Name, Span::new(8, 10), "unknown name `Bb`")
//!     .help("did you mean `B`?");
//! let shown = unknown.render(&source, false);
//! assert!(shown.contains("--> decay.model:1:9"));
//! ```

pub mod diagnostic;
pub mod limits;
pub mod nearest;
pub mod source;
pub mod span;

pub use diagnostic::{Diagnostic, Kind, Severity};
pub use limits::Limits;
pub use nearest::nearest;
pub use source::{Position, Source};
pub use span::Span;
