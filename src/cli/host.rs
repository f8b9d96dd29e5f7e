//! The world outside: clock, terminal, Ctrl-C.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::session::command::Host;

/// Whether Ctrl-C was pressed since the work at hand began.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What `--seconds` allows each piece of work.
static GUARD: OnceLock<Duration> = OnceLock::new();

/// Whether the guard has ended the work at hand.
static LATE: AtomicBool = AtomicBool::new(false);

/// When the program began, and the work at hand after that, in microseconds.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// Whether the work at hand should end.
pub fn interrupted() -> bool {
    if let Some(most) = GUARD.get() {
        let begun = Duration::from_micros(BEGUN.load(Ordering::Relaxed));
        if ORIGIN.elapsed() - begun > *most {
            LATE.store(true, Ordering::Relaxed);
        }
    }
    pressed() || LATE.load(Ordering::Relaxed)
}

/// Whether Ctrl-C was pressed since the last [`resume`].
pub fn pressed() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Ends work that takes longer.
pub fn guard(most: Duration) {
    begin();
    // There is one command line.
    let _ = GUARD.set(most);
}

/// Why the work at hand was ended, if it was.
pub fn reason() -> Option<String> {
    match GUARD.get() {
        _ if pressed() => Some("interrupted".to_owned()),
        Some(most) if LATE.load(Ordering::Relaxed) => {
            Some(format!("stopped after {} s (`--seconds`)", most.as_secs_f64()))
        }
        _ => None,
    }
}

/// Begins new work.
pub fn begin() {
    LATE.store(false, Ordering::Relaxed);
    BEGUN.store(ORIGIN.elapsed().as_micros() as u64, Ordering::Relaxed);
}

/// Begins new work and forgets an earlier Ctrl-C.
pub fn resume() {
    INTERRUPTED.store(false, Ordering::Relaxed);
    begin();
}

/// Notes Ctrl-C for [`interrupted`]. When the program is one command, it ends with it: what does
/// not end by itself soon is left.
pub fn listen(one_command: bool) {
    // Without a handler Ctrl-C ends the program, which is the second best.
    let _ = ctrlc::set_handler(move || {
        INTERRUPTED.store(true, Ordering::Relaxed);
        if one_command {
            std::thread::sleep(GRACE);
            let _ = writeln!(std::io::stderr(), "error: interrupted");
            std::process::exit(130);
        }
    });
}

/// How long a command may take to end by itself, with its message.
const GRACE: Duration = Duration::from_millis(700);

/// The terminal of the process.
pub struct Terminal {
    begun: Instant,
    run: RefCell<Run>,
}

/// A run that is being watched.
struct Run {
    since: Instant,
    bar: Option<ProgressBar>,
}

/// A run shows its progress when it takes longer than this.
const LONG: Duration = Duration::from_millis(800);

impl Terminal {
    /// A clock that starts now.
    pub fn new() -> Terminal {
        let begun = Instant::now();
        Terminal { begun, run: RefCell::new(Run { since: begun, bar: None }) }
    }
}

impl Host for Terminal {
    fn micros(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }

    fn stop(&self) -> fn() -> bool {
        interrupted
    }

    fn progress(&self, fraction: f64) {
        let mut run = self.run.borrow_mut();
        if fraction > 1.0 {
            if let Some(bar) = run.bar.take() {
                bar.finish_and_clear();
            }
            run.since = Instant::now();
            return;
        }
        if run.bar.is_none() && run.since.elapsed() > LONG && std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(PARTS);
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% {elapsed}") {
                bar.set_style(style);
            }
            run.bar = Some(bar);
        }
        if let Some(bar) = &run.bar {
            bar.set_position((fraction * PARTS as f64) as u64);
        }
    }

    fn size(&self) -> (usize, usize) {
        let size = terminal_size::terminal_size();
        size.map_or((80, 24), |(w, h)| (usize::from(w.0).max(20), usize::from(h.0).max(8)))
    }

    fn colour(&self) -> bool {
        std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
    }
}

/// Parts of a run in its progress bar.
const PARTS: u64 = 1000;
