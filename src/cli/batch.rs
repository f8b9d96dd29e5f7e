//! `isoterm batch`: requests on standard input, answers on standard output.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;

use crate::rewrite::Ruleset;
use crate::session::batch::answer;
use crate::text::Limits;

/// Bytes of requests that are answered together when they are there already.
const TOGETHER: usize = 1 << 18;

/// Answers requests, a line each and in their order, until the input ends.
///
/// Who asks one thing at a time is answered at once; requests that wait already are answered on
/// all cores.
pub fn run(limits: &Limits, rules: &Arc<Ruleset>) -> ExitCode {
    let mut input = BufReader::with_capacity(TOGETHER, std::io::stdin().lock());
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let begun = Instant::now();
    let clock = || begun.elapsed().as_micros() as u64;
    loop {
        let lines = match waiting(&mut input, limits) {
            Ok(lines) if lines.is_empty() => return ExitCode::SUCCESS,
            Ok(lines) => lines,
            Err(e) => {
                let _ = writeln!(std::io::stderr(), "error: cannot read standard input: {e}");
                return ExitCode::from(1);
            }
        };
        let asked = lines.par_iter().map(|line| line.trim_ascii()).filter(|line| !line.is_empty());
        let replies: Vec<String> = asked.map(|line| answer(line, limits, rules, &clock)).collect();
        let written = replies.iter().try_for_each(|reply| writeln!(output, "{reply}"));
        // An answer leaves at once: who asks may wait for it before asking again.
        if written.and_then(|()| output.flush()).is_err() {
            return ExitCode::SUCCESS;
        }
    }
}

/// The next line and those that have come in whole behind it; none at the end of the input.
fn waiting(input: &mut BufReader<impl Read>, limits: &Limits) -> std::io::Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        let most = limits.bytes as u64 + 2;
        if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(lines);
        }
        lines.push(line);
        if !input.buffer().contains(&b'\n') {
            return Ok(lines);
        }
    }
}
