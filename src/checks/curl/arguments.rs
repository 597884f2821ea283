//! curl's own grammar: `--long value`, `-Xvalue`, clusters such as `-sSfd value`, `--no-…`, `--`, and URLs between them.

use super::draft::Draft;
use super::error::{CurlError, Place, Refusal};
use super::options::{self, Known, Take, Treatment};
use super::shell::Word;

/// Reads the words of a command line into a draft.
pub(super) fn read(words: &[Word]) -> Result<Draft, CurlError> {
    let mut rest = words.iter();
    let mut draft = Draft::new(program(rest.next())?);
    let mut options_ended = false;
    while let Some(word) = rest.next() {
        let beginning = word.value.beginning();
        if options_ended || !beginning.starts_with('-') {
            draft.urls.push(word.clone());
        } else if word.value.as_text() == Some("--") {
            options_ended = true;
        } else if beginning.starts_with("--") {
            long(&mut draft, word, &mut rest)?;
        } else {
            cluster(&mut draft, word, &mut rest)?;
        }
    }
    Ok(draft)
}

type Rest<'a> = std::slice::Iter<'a, Word>;

/// The word that names curl itself.
fn program(word: Option<&Word>) -> Result<Word, CurlError> {
    let refusal = Refusal::new(
        "is not curl",
        "paste a command line that begins with `curl`, without variables or another command before it",
    );
    let Some(word) = word else {
        return Err(refusal.at(Place { line: 1, column: 1 }, ""));
    };
    let name = word.value.as_text().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    if matches!(name, "curl" | "curl.exe") {
        Ok(word.clone())
    } else {
        Err(word.refused(refusal))
    }
}

fn long(draft: &mut Draft, word: &Word, rest: &mut Rest) -> Result<(), CurlError> {
    let Some(name) = word.value.as_text().map(|text| &text["--".len()..]) else {
        return Err(word.refused(with_variable()));
    };
    if let Some((option, value)) = name.split_once('=') {
        let remedy = format!("write `--{option} {value}`");
        return Err(word.refused(Refusal::new(
            "joins option and value by `=`, which curl does not read",
            remedy,
        )));
    }
    let exact = |wanted: &str| options::all().find(|known| known.spelling.long == wanted);
    if let Some(known) = exact(name) {
        let value = known
            .spelling
            .valued
            .then(|| next(word, rest))
            .transpose()?;
        return apply(draft, &known, word, value.as_ref(), true);
    }
    // The name that is listed may itself be one that turns something off.
    let positive = name.strip_prefix("no-").and_then(exact);
    let off = positive.or_else(|| exact(&format!("no-{name}")));
    match off.filter(Known::can_be_off) {
        Some(known) => apply(draft, &known, word, None, false),
        None => Err(word.refused(unknown(name))),
    }
}

fn cluster(draft: &mut Draft, word: &Word, rest: &mut Rest) -> Result<(), CurlError> {
    let mut letters = word.value.strip_prefix("-").unwrap_or_default();
    if letters.is_empty() {
        return Err(word.refused(Refusal::new("is no option", "give the URL")));
    }
    while !letters.is_empty() {
        let Some(letter) = letters.beginning().chars().next() else {
            return Err(word.refused(with_variable()));
        };
        letters = letters
            .strip_prefix(&letter.to_string())
            .unwrap_or_default();
        let Some(known) = options::all().find(|known| known.spelling.short == Some(letter)) else {
            let problem = format!("has the letter `{letter}`, which is no option of curl");
            return Err(word.refused(Refusal::new(
                problem,
                "leave it out, or write the long name of the option that is meant",
            )));
        };
        if !known.spelling.valued {
            apply(draft, &known, word, None, true)?;
            continue;
        }
        let value = if letters.is_empty() {
            next(word, rest)?
        } else {
            Word {
                value: std::mem::take(&mut letters),
                ..word.clone()
            }
        };
        return apply(draft, &known, word, Some(&value), true);
    }
    Ok(())
}

/// The word behind an option that has a value.
fn next(option: &Word, rest: &mut Rest) -> Result<Word, CurlError> {
    rest.next().cloned().ok_or_else(|| {
        option.refused(Refusal::new(
            "has no value, and wants one",
            "write the value behind it",
        ))
    })
}

/// Does with an option what its table says; `on` is false where it is turned off.
fn apply(
    draft: &mut Draft,
    known: &Known,
    word: &Word,
    value: Option<&Word>,
    on: bool,
) -> Result<(), CurlError> {
    let long = known.spelling.long;
    match known.treatment {
        Treatment::Followed(Take::Choice(take)) => take(draft),
        Treatment::Followed(Take::Switch(take)) => take(draft, on),
        Treatment::Followed(Take::Value(take)) => {
            if let Some(value) = value {
                take(draft, value).map_err(|refusal| value.refused(refusal))?;
            }
        }
        Treatment::Refused { problem, remedy } if on => {
            let is_long = word.value.beginning().starts_with("--");
            let name = match known.spelling.short {
                Some(short) if !is_long => format!("-{short}, --{long}"),
                _ => format!("--{long}"),
            };
            return Err(Refusal::new(problem, remedy).at(word.place, &name));
        }
        // What is refused is off by default, and may be turned off.
        Treatment::Ignored | Treatment::Refused { .. } => {
            draft.command.ignored.push(format!("--{long}"));
        }
    }
    Ok(())
}

fn with_variable() -> Refusal {
    Refusal::new(
        "has a variable in the name of an option",
        "write the option out",
    )
}

/// What is said of a long option that curl does not have, or only by its beginning.
fn unknown(name: &str) -> Refusal {
    if name.starts_with("expand-") {
        return Refusal::new(
            "expands variables of curl's own",
            "write the value itself, or a variable of the shell",
        );
    }
    let begun: Vec<&str> = options::all()
        .map(|known| known.spelling.long)
        .filter(|long| long.starts_with(name))
        .collect();
    if let [only] = begun[..] {
        return Refusal::new("is the beginning of an option", format!("write `--{only}`"));
    }
    let near = options::all()
        .map(|known| {
            (
                strsim::damerau_levenshtein(name, known.spelling.long),
                known.spelling.long,
            )
        })
        .min();
    let remedy = match near {
        Some((distance, long)) if distance <= 2 => format!("did you mean `--{long}`?"),
        _ => "leave it out".to_owned(),
    };
    Refusal::new("is no option of curl", remedy)
}
