//! The grammar of Kong's command lines: words, `-c FILE`, `--conf FILE`, `--conf=FILE`, flags, `--v` and `--vv`.

use std::collections::BTreeMap;

/// An option: its long name, its letter, and whether a value follows.
struct OptionKind(&'static str, Option<char>, bool);

/// All options of all commands; Kong's commands agree on what each means, except for `-t`, which only `quit` has.
const OPTIONS: [OptionKind; 16] = [
    OptionKind("conf", Some('c'), true),
    OptionKind("prefix", Some('p'), true),
    OptionKind("yes", Some('y'), false),
    OptionKind("quiet", Some('q'), false),
    OptionKind("force", Some('f'), false),
    OptionKind("all", Some('a'), false),
    OptionKind("timeout", Some('t'), true),
    OptionKind("wait", Some('w'), true),
    OptionKind("db-timeout", None, true),
    OptionKind("lock-timeout", None, true),
    OptionKind("nginx-conf", None, true),
    OptionKind("nginx-conf-flags", None, true),
    OptionKind("run-migrations", None, false),
    OptionKind("help", Some('h'), false),
    OptionKind("v", None, false),
    OptionKind("vv", None, false),
];

/// How much a command says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verbosity {
    /// What it must.
    Normal,
    /// `--v`.
    Verbose,
    /// `--vv`.
    Debug,
}

/// A command line, taken apart.
#[derive(Debug)]
pub(super) struct Arguments {
    /// What is no option, in order.
    pub(super) words: Vec<String>,
    /// `--v`, `--vv` or neither.
    pub(super) verbosity: Verbosity,
    options: BTreeMap<&'static str, String>,
}

/// Why a command line cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArgumentError {
    /// No command has this option.
    #[error("kong:{0}: unknown option")]
    Unknown(String),
    /// A value is missing.
    #[error("kong:{0}: missing argument")]
    MissingValue(&'static str),
}

impl Arguments {
    /// The value of the option `name`.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Whether the flag `name` is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }
}

/// Takes `arguments`, the command's own name left out, apart.
pub(super) fn parse(arguments: &[String]) -> Result<Arguments, ArgumentError> {
    let mut words = Vec::new();
    let mut options = BTreeMap::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (kind, attached) = match option(argument) {
            Some(found) => found,
            None if argument.len() > 1 && argument.starts_with('-') => {
                return Err(ArgumentError::Unknown(argument.clone()));
            }
            None => {
                words.push(argument.clone());
                continue;
            }
        };
        let OptionKind(name, _, takes_value) = *kind;
        let value = match (takes_value, attached) {
            (false, _) => String::new(),
            (true, Some(value)) => value.to_owned(),
            (true, None) => rest
                .next()
                .ok_or(ArgumentError::MissingValue(name))?
                .clone(),
        };
        options.insert(name, value);
    }
    let verbosity = if options.contains_key("vv") {
        Verbosity::Debug
    } else if options.contains_key("v") {
        Verbosity::Verbose
    } else {
        Verbosity::Normal
    };
    Ok(Arguments {
        words,
        verbosity,
        options,
    })
}

/// The option that `argument` is, with the value that is attached to it.
fn option(argument: &str) -> Option<(&'static OptionKind, Option<&str>)> {
    if let Some(long) = argument.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        // Kong takes `--db_timeout` for `--db-timeout`.
        let name = name.replace('_', "-");
        return OPTIONS
            .iter()
            .find(|kind| kind.0 == name)
            .map(|kind| (kind, value));
    }
    let letters = argument.strip_prefix('-')?;
    let letter = letters.chars().next()?;
    let value = &letters[letter.len_utf8()..];
    let kind = OPTIONS.iter().find(|kind| kind.1 == Some(letter))?;
    Some((kind, Some(value).filter(|value| !value.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Arguments, ArgumentError> {
        let arguments: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        parse(&arguments)
    }

    #[test]
    fn options_are_taken_in_all_their_forms() {
        let parsed = parse_text("up -c a.conf --prefix=/p --db-timeout 600 -q --vv").expect("read");
        assert_eq!(parsed.words, ["up"]);
        assert_eq!(parsed.value("conf"), Some("a.conf"));
        assert_eq!(parsed.value("prefix"), Some("/p"));
        assert_eq!(parsed.value("db-timeout"), Some("600"));
        assert!(parsed.has("quiet"));
        assert_eq!(parsed.verbosity, Verbosity::Debug);
        assert_eq!(parse_text("-cx").expect("read").value("conf"), Some("x"));
    }

    #[test]
    fn unknown_options_and_missing_values_are_refused() {
        assert!(matches!(
            parse_text("--nope"),
            Err(ArgumentError::Unknown(_))
        ));
        assert!(matches!(
            parse_text("up -c"),
            Err(ArgumentError::MissingValue("conf"))
        ));
    }
}
