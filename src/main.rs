//! The `isoterm` program.

fn main() -> std::process::ExitCode {
    isoterm::cli::run()
}
