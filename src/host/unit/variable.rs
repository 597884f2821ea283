//! A variable of an environment, and what systemd takes for one. After its `env-util.c` and `systemd.exec(5)`.

use super::value::Value;

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Value,
}

/// What cannot be written as a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// A name that systemd would ignore.
    #[error("`{name}` is not the name of a variable")]
    Name {
        /// The name.
        name: String,
    },
    /// A character that one version of systemd or another ignores the variable for.
    #[error("the value of `{name}` has the character {character:?}, which systemd does not take")]
    Character {
        /// The variable.
        name: String,
        /// The character.
        character: char,
    },
}

impl Variable {
    /// Reads `NAME=value`; `None` where systemd ignores it.
    pub(super) fn of(word: &str) -> Option<Self> {
        let (name, value) = word.split_once('=')?;
        is_name(name).then(|| Self {
            name: name.to_owned(),
            value: Value::new(value),
        })
    }
}

/// Whether systemd takes `name`.
pub(super) fn is_name(name: &str) -> bool {
    let is_inner = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(is_inner) && name.starts_with(|first: char| !first.is_ascii_digit())
}

/// Whether every version of systemd takes the variable.
pub(super) fn check(name: &str, value: &str) -> Result<(), VariableError> {
    if !is_name(name) {
        return Err(VariableError::Name {
            name: name.to_owned(),
        });
    }
    let refused = |letter: &char| {
        // Old versions drop a variable with any other control character in it.
        letter.is_ascii_control() && !matches!(letter, '\t' | '\n') || is_no_character(*letter)
    };
    match value.chars().find(refused) {
        None => Ok(()),
        Some(character) => Err(VariableError::Character {
            name: name.to_owned(),
            character,
        }),
    }
}

/// Whether Unicode has set the number aside for no character; the mark of byte order is not taken either.
fn is_no_character(letter: char) -> bool {
    let number = u32::from(letter);
    number & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&number) || letter == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_systemd() {
        for name in ["A", "_a", "KONG_PG_HOST", "a1"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "1X", "O-P", "export F", "ü", "A "] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn values_are_checked() {
        assert_eq!(check("A", "line\nand\ttab ü€😀"), Ok(()));
        for character in [
            '\0', '\r', '\u{7}', '\u{7f}', '\u{feff}', '\u{ffff}', '\u{fdd0}',
        ] {
            let error = VariableError::Character {
                name: "A".to_owned(),
                character,
            };
            assert_eq!(check("A", &format!("x{character}")), Err(error));
        }
    }
}
