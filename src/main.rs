//! The binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "stand-in") {
        return cutover::lab::stand_in::main(&arguments[1..]);
    }
    ExitCode::SUCCESS
}
