//! What ends a command of a shell, connects it with something else or runs another: named, and refused with what to write instead.

use super::error::Refusal;

/// Operators, longer ones first; a problem, and a remedy.
const OPERATORS: [(&str, &str, &str); 16] = [
    ("||", ANOTHER, ALONE),
    ("&&", ANOTHER, ALONE),
    ("&>", REDIRECTION, LEAVE_OUT),
    (
        "|",
        PIPE,
        "leave the pipe out and say in the check what the answer must be",
    ),
    (
        "&",
        "ends the command",
        "put quotes around the word that it belongs to, such as a URL; at the end leave it out",
    ),
    (";", ANOTHER, ALONE),
    (
        "<<",
        INPUT,
        "put the text behind `--data-raw` in quotes, or into a file for `--data-binary @FILE`",
    ),
    ("<(", SUBSTITUTION, VARIABLE),
    (
        "<",
        INPUT,
        "write `--data-binary @FILE`; a placeholder such as `<name>` becomes a variable, `\"$NAME\"`",
    ),
    (">(", SUBSTITUTION, VARIABLE),
    (">", REDIRECTION, LEAVE_OUT),
    ("(", "begins commands of their own", QUOTES),
    (")", "ends commands of their own", QUOTES),
    ("$(", SUBSTITUTION, VARIABLE),
    ("$[", SUBSTITUTION, VARIABLE),
    ("`", SUBSTITUTION, VARIABLE),
];

const ALONE: &str = "paste one curl command line at a time, alone";
const ANOTHER: &str = "begins another command";
const INPUT: &str = "gives curl a file as its standard input, which a check does not have";
const LEAVE_OUT: &str = "leave the redirection out";
const PIPE: &str = "passes curl's output to another command, which a check does not have";
const QUOTES: &str = "put quotes around the word if the parenthesis belongs to it";
const REDIRECTION: &str = "writes curl's output to a file, which a check does not have";
const SUBSTITUTION: &str = "is the output of another command, which is not run here";
const VARIABLE: &str = "write a variable, `\"$NAME\"`, which is then looked up as a secret";

/// What is said of the operator that `rest` begins with.
pub(super) fn refusal(rest: &str) -> Refusal {
    let begins = |operator: &&(&str, &str, &str)| rest.starts_with(operator.0);
    match OPERATORS.iter().find(begins) {
        Some((_, problem, remedy)) => Refusal::new(*problem, *remedy),
        None => Refusal::new(ANOTHER, ALONE),
    }
}

/// What is said of `^` at the end of a line.
pub(super) fn of_windows() -> Refusal {
    Refusal::new(
        "continues a line of Windows' own command line, whose quotes are others",
        "copy the command as cURL for bash",
    )
}

/// What is said of a line behind the command.
pub(super) fn second_line() -> Refusal {
    Refusal::new(
        ANOTHER,
        "paste one command line at a time; where it goes on, the line before ends in a backslash",
    )
}
