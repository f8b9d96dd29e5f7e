//! The prompt, driven through a pseudo-terminal as a person would.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rexpect::session::{PtySession, spawn_command};

/// Milliseconds to wait for an answer: enough for a slow machine.
const PATIENCE: u64 = 60_000;

fn prompt(history: &Path) -> PtySession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isoterm"));
    command.arg("repl").arg("--history").arg(history).env("TERM", "xterm").env("NO_COLOR", "1");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let mut session = spawn_command(command, Some(PATIENCE)).expect("a pseudo-terminal");
    session.exp_string("isoterm").expect("a greeting");
    session
}

/// Waits until a line can be typed: what is typed before is lost when the terminal changes modes.
fn ready(session: &mut PtySession) {
    session.exp_string("\u{1b}[K> ").expect("the prompt");
    std::thread::sleep(Duration::from_millis(50));
}

fn ask(session: &mut PtySession, line: &str, wanted: &str) {
    ready(session);
    session.send_line(line).expect("a line is sent");
    session.exp_string(wanted).unwrap_or_else(|e| panic!("{line}: {e}"));
}

#[test]
fn a_conversation_through_a_terminal() {
    let history = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompt_history");
    let _ = std::fs::remove_file(&history);
    let mut session = prompt(&history);
    // The library that drives the terminal reads bytes and not characters.
    ask(&mut session, "style plain", "\n");
    ask(&mut session, "(x + 1)^2 - x^2", "ans1 = 2*x + 1");
    ask(&mut session, "ans*2", "ans2 = ");
    // A bracket that stays open asks for another line, and so does a model.
    ask(&mut session, "sin(x)^2 + (cos(x)^2\n)", "ans3 = 1");
    ask(
        &mut session,
        "ode decay\n parameter k = 0.5\n state u = 1\n u' = -k*u\n simulate t = 0..2\nend",
        "decay is sound: 1 states",
    );
    ask(&mut session, "simulate", "t = 2: u = 3.67879");
    ask(&mut session, "set k = 0", "k = 0");
    ask(&mut session, "simulate", "t = 2: u = 1.0000000000e0");
    // Tab completes.
    ready(&mut session);
    session.send("simpli\t").expect("keys are sent");
    session.flush().expect("keys are sent");
    session.exp_string("simplify").expect("the name is completed");
    session.send_line(" y/y").expect("the rest is sent");
    session.exp_string("ans4 = 1").expect("the result");
    ask(&mut session, "foo(1)", "unknown function `foo`");
    ask(&mut session, "x^2*y", "ans5 = x^2*y");
    ready(&mut session);
    session.send_control('d').expect("the end is sent");
    session.exp_eof().expect("the program ends");
    let kept = std::fs::read_to_string(&history).expect("the history");
    assert!(kept.contains("(x + 1)^2 - x^2") && kept.contains("style plain"), "{kept}");
}

#[test]
fn ctrl_c_stops_what_runs_and_keeps_the_session() {
    let history = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ctrl_c_history");
    let mut session = prompt(&history);
    ask(&mut session, "kept = 42", "kept = 42");
    // A run that would take hours.
    ask(
        &mut session,
        "ode spin\n state x = 1, y = 0\n x' = -1000*y\n y' = 1000*x\n simulate t = 0..1e9, points = 2\nend",
        "spin is sound",
    );
    ready(&mut session);
    session.send_line("simulate --method tsit5").expect("a line is sent");
    std::thread::sleep(Duration::from_millis(1500));
    let pressed = Instant::now();
    session.send_control('c').expect("Ctrl-C is sent");
    session.exp_string("interrupted at t =").expect("the run ends");
    // A second is what is promised; the rest is for a machine under load.
    assert!(pressed.elapsed() < Duration::from_secs(10), "{:?}", pressed.elapsed());
    ask(&mut session, "kept + 1", "43");
    // Nor does a value to very many digits hold the prompt.
    ready(&mut session);
    session.send_line("eval log(2) + asin(1/3) --digits 10000").expect("a line is sent");
    std::thread::sleep(Duration::from_millis(500));
    session.send_control('c').expect("Ctrl-C is sent");
    session.exp_string("interrupted").expect("the work ends");
    // On an empty line it does nothing.
    ready(&mut session);
    session.send_control('c').expect("Ctrl-C is sent");
    ask(&mut session, "kept + 2", "44");
    ready(&mut session);
    session.send_line("quit").expect("a line is sent");
    session.exp_eof().expect("the program ends");
}
