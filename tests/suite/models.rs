//! Model text and what is said about it: `tests/cases/model`.

use std::path::Path;

use isoterm::session::models;
use isoterm::text::{Limits, Source};

use crate::case;

#[test]
fn models_are_accepted_or_refused_with_a_place_and_a_hint() {
    case::run("model", |case| {
        assert_eq!(case.verb, "check", "{}", case.title);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/model");
        match models(Source::new("text", case.input.as_str()), &folder, &Limits::default()) {
            Ok(systems) => {
                let lines = systems.iter().map(|s| {
                    let (states, boxes) = (s.dimension(), s.equations.len());
                    format!("{}: dimension {states}, equations and families {boxes}", s.name)
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Err(refused) => refused.render(false),
        }
    });
}
