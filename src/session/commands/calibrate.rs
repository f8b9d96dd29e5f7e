//! `calibrate`: what operations take on this machine.

use serde_json::json;

use crate::kernel::calibrate::{calibrate, names};
use crate::session::command::{Answer, Argument, Command, Flag, Place, Sort, Stop};
use crate::session::output::Partial;
use crate::text::{Kind, nearest};

/// The table of cycles.
pub const CALIBRATE: Command = Command {
    name: "calibrate",
    about: "measures the cycles of operations in compiled kernels on this machine",
    more: "The unit is one addition among others. The whole table takes some seconds; written to \
           `src/term/cycles.txt` it is what the next build of isoterm prices operations with, in \
           choosing the cheapest form of a model. Nothing else should be running.",
    arguments: &[Argument {
        name: "ROW",
        about: "an operation, or `evaluation`, `function` or `kernel`; all if left out",
        sort: Sort::Word,
        optional: true,
        many: true,
    }],
    options: &[Flag {
        short: Some('o'),
        ..Flag::with("output", "FILE", "where to write the table")
    }],
    place: Place::Everywhere,
    examples: &[],
    run: |_, call| {
        for name in &call.arguments {
            if !names().any(|known| known == name) {
                let meant = nearest(name, names())
                    .map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                let message = format!("no row `{name}` in the table of cycles{meant}");
                return Err(Stop::refused(Kind::Name, message));
            }
        }
        // A file that cannot be written is refused before the work.
        let path = call.option("output");
        let file = path.map(Partial::create).transpose()?;
        let wanted =
            |name: &str| call.arguments.is_empty() || call.arguments.iter().any(|a| a == name);
        let (host, stop) = (call.host, call.host.stop());
        let clock = || host.micros() * 1_000;
        let watch = |fraction: f64| {
            host.progress(fraction);
            !stop()
        };
        let measured = calibrate(&clock, &wanted, &watch);
        host.progress(2.0);
        let table = measured
            .map_err(|e| Stop::failed(Kind::Domain, e))?
            .ok_or_else(|| Stop::failed(Kind::Domain, "stopped before the table was complete"))?;
        let text = format!(
            "# Cycles of operations in compiled kernels, written by `isoterm calibrate`.\n\
             # The unit is one addition among others; here it took {:.3} ns.\n\
             # name       cycles latency   (of a kernel: instructions, and cycles of each)\n\
             {table}",
            table.unit
        );
        let rows: serde_json::Map<String, serde_json::Value> =
            table.rows.iter().map(|row| (row.name.to_owned(), json!(row.numbers))).collect();
        let json = json!({"nanoseconds": table.unit, "rows": rows});
        let (Some(path), Some(file)) = (path, file) else {
            return Ok(Answer::text(text.trim_end()).json(json));
        };
        file.write(text.as_bytes())?;
        Ok(Answer::text(format!("{path} ({} rows)", table.rows.len())).json(json))
    },
};
