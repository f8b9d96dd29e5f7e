//! `export`: models in other languages.

use serde_json::json;

use super::models::{interpreted, target};
use super::{EXACT_ORDER, FILE, MODEL};
use crate::session::command::{Answer, Command, Example, Flag, Place, Stop};
use crate::session::output::Partial;
use crate::study::Compiled;
use crate::study::export::{export, languages};
use crate::text::{Diagnostic, Kind};

const LANGUAGE: Flag = Flag {
    choices: &["c", "rust", "python", "latex"],
    ..Flag::with(
        "to",
        "LANGUAGE",
        "c, rust, python or latex; by the ending of the file if left out",
    )
};

/// Files in other languages.
pub const EXPORT: Command = Command {
    name: "export",
    about: "a model as one self-contained file in C, Rust, Python with NumPy, or LaTeX",
    more: "Right-hand side, sparse Jacobian, observables, names, parameters and initial values; \
           without `--output` the text is printed.",
    arguments: &[FILE],
    options: &[
        LANGUAGE,
        MODEL,
        Flag {
            short: Some('o'),
            ..Flag::with("output", "FILE", "where to write: .c, .rs, .py or .tex")
        },
        EXACT_ORDER,
    ],
    place: Place::Everywhere,
    examples: &[Example {
        line: "export examples/models/lotka_volterra.model --to c",
        result: "/*…",
    }],
    run: |session, call| {
        let path = call.option("output").map(str::to_owned);
        let ending =
            path.as_deref().and_then(|p| p.rsplit_once('.')).map(|(_, e)| e.to_lowercase());
        let by_ending = || {
            let ending = ending?;
            languages().find(|(_, e)| *e == ending).map(|(name, _)| name.to_owned())
        };
        let language =
            call.option("to").map(str::to_owned).or_else(by_ending).ok_or_else(|| {
                let list: Vec<String> = languages().map(|(n, e)| format!("{n} (.{e})")).collect();
                let error = Diagnostic::without_place(Kind::Config, "no language to export to");
                error.help(format!("give one with `--to`: {}", list.join(", ")))
            })?;
        let model = target(session, call)?;
        let how = interpreted(call);
        let mut compiled = Compiled::new(&model.system, &how, &mut |_| {})
            .map_err(|e| Stop::failed(Kind::Domain, e))?;
        compiled.set(&model.system, &model.set).map_err(|e| Stop::refused(Kind::Name, e))?;
        let text = export(&model.system, &compiled, &language)
            .map_err(|e| Stop::failed(Kind::Config, e))?;
        let json = json!({"model": model.system.name, "language": language, "text": text});
        let Some(path) = path.filter(|path| path != "-") else {
            return Ok(Answer::text(text.trim_end()).json(json));
        };
        Partial::create(&path)?.write(text.as_bytes())?;
        let lines = text.lines().count();
        let json = json!({"model": model.system.name, "language": language, "output": path});
        Ok(Answer::text(format!("{path} ({lines} lines)")).json(json))
    },
};
