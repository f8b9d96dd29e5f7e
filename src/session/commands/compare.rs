//! `compare`: what optimisation does to a model's kernels, in operations and in time.

use serde_json::json;

use super::models::target;
use super::{ELIMINATE, FILE, MODEL};
use crate::kernel::{Scratch, Tape};
use crate::session::command::{Answer, Call, Command, Example, Place, Stop};
use crate::study::{Compilation, Compiled};
use crate::text::Kind;

/// The right-hand side as written against optimised.
pub const COMPARE: Command = Command {
    name: "compare",
    about: "a model's kernels as written against optimised: operations, cost and time",
    more: "Costs are those of the table that the literature on optimised reaction networks uses: \
           1 for a sum, 3 for a product, 24 for a quotient. What depends on parameters alone is \
           computed once for each set of them, and not counted. Of the equations as written, each \
           product is computed once; the cost without that is given too.",
    arguments: &[FILE],
    options: &[MODEL, ELIMINATE],
    place: Place::Everywhere,
    examples: &[Example {
        line: "compare examples/models/robertson.model",
        result: "robertson: 3 states, 7 nonzeros in the Jacobian…",
    }],
    run: |session, call| {
        let rules = call.rules.clone();
        let model = target(session, call)?;
        let compiled = |exact_order| {
            let how = Compilation {
                exact_order,
                rules: rules.clone(),
                stop: call.host.stop(),
                ..Compilation::default()
            };
            Compiled::new(&model.system, &how, &mut |_| {})
                .map_err(|e| Stop::failed(Kind::Domain, e))
        };
        let (best, written) = (compiled(false)?, compiled(true)?);
        let states = best.initial().to_vec();
        let mut output = vec![0.0; states.len().max(best.nonzeros())];
        let (mut scratch, mut slots) = (Scratch::new(), Vec::new());
        let rows = [
            (
                "as written",
                &written.tape,
                nanoseconds(call, &mut || {
                    written.rates(0.0, &states, &mut output[..states.len()], &mut scratch);
                }),
            ),
            (
                "optimised",
                &best.tape,
                nanoseconds(call, &mut || {
                    best.rates(0.0, &states, &mut output[..states.len()], &mut scratch);
                }),
            ),
            (
                "its Jacobian",
                &best.jacobian_tape,
                nanoseconds(call, &mut || {
                    let entries = &mut output[..best.nonzeros()];
                    best.jacobian(0.0, &states, entries, &mut slots, &mut scratch);
                }),
            ),
        ];
        let (name, nonzeros) = (&model.system.name, best.nonzeros());
        let mut lines = vec![
            format!("{name}: {} states, {nonzeros} nonzeros in the Jacobian", states.len()),
            format!("{:<14}{:>12}{:>12}{:>15}", "", "operations", "cost", "time"),
        ];
        let unshared = written.tape.published_unshared();
        lines.push(format!("{:<14}{:>12}{unshared:>12}", "nothing shared", ""));
        let mut found = serde_json::Map::new();
        found.insert("nothing_shared".to_owned(), json!({"cost": unshared}));
        for (what, tape, time) in rows {
            let (operations, cost) = counted(tape);
            lines.push(format!("{what:<14}{operations:>12}{cost:>12}{time:>12.1} ns"));
            let row = json!({"operations": operations, "cost": cost, "nanoseconds": time});
            found.insert(what.replace(' ', "_"), row);
        }
        let ratio = |of: &dyn Fn(usize) -> f64| of(0) / of(1).max(f64::MIN_POSITIVE);
        let cost = ratio(&|k| counted(rows[k].1).1);
        let time = ratio(&|k| rows[k].2);
        lines.push(format!("as written, {cost:.2} times the cost and {time:.2} times the time"));
        Ok(Answer::text(lines.join("\n")).json(json!({"model": name, "kernels": found})))
    },
};

/// Operations of an evaluation and their cost.
fn counted(tape: &Tape) -> (u64, f64) {
    let counts = tape.operations_per_evaluation();
    (counts.total(), counts.published())
}

/// What a call takes: the least mean of some batches.
pub fn nanoseconds(call: &Call<'_>, work: &mut dyn FnMut()) -> f64 {
    let clock = |count: u64, work: &mut dyn FnMut()| {
        let start = call.host.micros();
        (0..count).for_each(|_| work());
        call.host.micros().saturating_sub(start)
    };
    // A batch takes some milliseconds, so that a clock of microseconds is enough.
    let mut count = 1;
    while count < 1 << 20 && clock(count, work) < 2_000 {
        count *= 2;
    }
    let batches = (0..10).map(|_| clock(count, work)).min().unwrap_or(0);
    1e3 * batches as f64 / count as f64
}
