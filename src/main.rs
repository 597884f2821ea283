//! The binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    cutover::cli::ask_for_reports();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Asked first: what follows is Kong's command line, not cutover's.
    match arguments.split_first() {
        Some((first, rest)) if first == "stand-in" => cutover::lab::stand_in::main(rest),
        _ => cutover::cli::main(),
    }
}
