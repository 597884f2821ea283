//! What is done with each option of curl: followed, passed over because a check has no use for it, or refused.
//!
//! Followed ones stand in the file of what they set, the others in `ignored` and `refused`. An option that stands in none of the tables
//! is one that no curl up to 8.22 has.

use super::draft::Draft;
use super::error::Refusal;
use super::shell::Word;
use super::{address, answer, body, connection, form, head, ignored, refused, tls};

/// How an option is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    /// Its long name, without dashes.
    pub(super) long: &'static str,
    pub(super) short: Option<char>,
    /// Whether a value follows.
    pub(super) valued: bool,
}

/// An option that is followed.
pub(super) struct Followed {
    pub(super) spelling: Spelling,
    pub(super) take: Take,
}

/// How a followed option is taken into the draft of a command.
#[derive(Clone, Copy)]
pub(super) enum Take {
    /// As one of several, of which the last counts.
    Choice(fn(&mut Draft)),
    /// Turned on, or off by `--no-…`.
    Switch(fn(&mut Draft, bool)),
    /// With the value that follows it.
    Value(fn(&mut Draft, &Word) -> Result<(), Refusal>),
}

/// Options that are refused for one reason.
pub(super) struct Refused {
    pub(super) problem: &'static str,
    pub(super) remedy: &'static str,
    pub(super) options: &'static [Spelling],
}

/// What is done with an option.
#[derive(Clone, Copy)]
pub(super) enum Treatment {
    Followed(Take),
    Ignored,
    Refused {
        problem: &'static str,
        remedy: &'static str,
    },
}

/// An option that curl knows.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) spelling: Spelling,
    pub(super) treatment: Treatment,
}

impl Known {
    /// Whether `--no-…` turns it off.
    pub(super) fn can_be_off(&self) -> bool {
        let is_choice = matches!(self.treatment, Treatment::Followed(Take::Choice(_)));
        !self.spelling.valued && !is_choice
    }
}

const FOLLOWED: [&[Followed]; 7] = [
    address::OPTIONS,
    answer::OPTIONS,
    body::OPTIONS,
    connection::OPTIONS,
    form::OPTIONS,
    head::OPTIONS,
    tls::OPTIONS,
];

/// All options of all tables.
pub(super) fn all() -> impl Iterator<Item = Known> {
    let followed = FOLLOWED.into_iter().flatten().map(|option| Known {
        spelling: option.spelling,
        treatment: Treatment::Followed(option.take),
    });
    let ignored = ignored::OPTIONS.iter().map(|spelling| Known {
        spelling: *spelling,
        treatment: Treatment::Ignored,
    });
    let refused = refused::OPTIONS.iter().flat_map(|group| {
        group.options.iter().map(|spelling| Known {
            spelling: *spelling,
            treatment: Treatment::Refused {
                problem: group.problem,
                remedy: group.remedy,
            },
        })
    });
    followed.chain(ignored).chain(refused)
}

/// An option without a value.
pub(super) const fn flag(long: &'static str) -> Spelling {
    Spelling {
        long,
        short: None,
        valued: false,
    }
}

/// An option with a value.
pub(super) const fn valued(long: &'static str) -> Spelling {
    Spelling {
        long,
        short: None,
        valued: true,
    }
}

impl Spelling {
    /// The same, which can also be written with one letter.
    pub(super) const fn or(self, short: char) -> Self {
        Self {
            short: Some(short),
            ..self
        }
    }

    /// Followed, as one of several.
    pub(super) const fn chooses(self, take: fn(&mut Draft)) -> Followed {
        Followed {
            spelling: self,
            take: Take::Choice(take),
        }
    }

    /// Followed, as a switch.
    pub(super) const fn switches(self, take: fn(&mut Draft, bool)) -> Followed {
        Followed {
            spelling: self,
            take: Take::Switch(take),
        }
    }

    /// Followed, with its value.
    pub(super) const fn takes(
        self,
        take: fn(&mut Draft, &Word) -> Result<(), Refusal>,
    ) -> Followed {
        Followed {
            spelling: self,
            take: Take::Value(take),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Every option of curl 7.88 (`curl --help all`) and 8.22 (its manual): long name, letter or `.`, `value` or `flag`.
    const OPTIONS: &str = include_str!("../../../tests/fixtures/curl/options.txt");

    #[test]
    fn every_option_of_curl_stands_in_one_table() {
        let mut known = BTreeMap::new();
        for option in all() {
            let spelling = option.spelling;
            let twice = known.insert(spelling.long, spelling);
            assert_eq!(twice, None, "{}", spelling.long);
            if let Treatment::Followed(take) = option.treatment {
                let takes_value = matches!(take, Take::Value(_));
                assert_eq!(spelling.valued, takes_value, "{}", spelling.long);
            }
        }
        let mut count = 0;
        for line in OPTIONS.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let spelling = known.remove(words[0]).unwrap_or_else(|| panic!("{line}"));
            let short = spelling.short.map_or(".".to_owned(), String::from);
            let value = if spelling.valued { "value" } else { "flag" };
            assert_eq!([words[0], &short, value], words[..], "{line}");
            count += 1;
        }
        assert!(count >= 270, "{count}");
        assert!(known.is_empty(), "no options of curl: {:?}", known.keys());
    }
}
