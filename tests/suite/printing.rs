//! Terms in every notation: `tests/cases/print`; plain text reads back as the same term.

use isoterm::session::term;
use isoterm::syntax::print::{Latex, Notation, Plain, Unicode, print_as};
use isoterm::term::Graph;
use isoterm::text::{Limits, Source};

use crate::case;

#[test]
fn terms_are_written_in_every_notation() {
    case::run("print", |case| {
        let notation: &dyn Notation = match case.verb.as_str() {
            "print" => &Plain,
            "latex" => &Latex,
            "unicode" => &Unicode,
            verb => panic!("{verb} is no notation"),
        };
        let (mut graph, limits) = (Graph::new(), Limits::default());
        let source = Source::new("text", case.input.trim());
        let read = term(&source, &mut graph, &limits).expect("an expression");
        let text = print_as(notation, &graph, read);
        if case.verb == "print" {
            let again = term(&Source::new("text", text.as_str()), &mut graph, &limits);
            assert_eq!(again.expect("printed text is an expression"), read, "{text}");
        }
        text
    });
}
