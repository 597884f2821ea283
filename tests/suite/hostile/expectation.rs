//! How a script must end, from its first line; and the text that it stands for.

use regex::{Captures, Regex};

use super::super::harness::Finished;

/// How a script must end.
pub(super) struct Expectation {
    ending: Ending,
    /// Words that must be told.
    words: Option<String>,
}

/// The ways to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The check refuses it.
    Rejected,
    /// What it wanted is not granted.
    Denied,
    /// It raised something that it did not catch.
    Failure,
    /// A budget is used up.
    Budget,
    /// Its process ended.
    Died,
    /// It waits for a person.
    Waits,
    /// Its own way back failed, and a person is needed.
    Stuck,
    /// It came to its end, and what it tried did not work.
    Harmless,
}

impl Ending {
    const ALL: [(&str, Self); 8] = [
        ("rejected", Self::Rejected),
        ("denied", Self::Denied),
        ("failure", Self::Failure),
        ("budget", Self::Budget),
        ("died", Self::Died),
        ("waits", Self::Waits),
        ("stuck", Self::Stuck),
        ("harmless", Self::Harmless),
    ];

    /// Whether a command that ended like this is one of a script that did.
    fn fits(self, finished: &Finished) -> bool {
        let told = format!("{}\n{}", finished.stderr, finished.stdout);
        let last = told.lines().last().unwrap_or_default();
        let taken_back = [4, 5].contains(&finished.status);
        let denied = told.contains("is not granted") || told.contains("does not grant");
        let budget = last.contains("the script used up its budget of");
        let died = last.contains("the script's process");
        match self {
            Self::Rejected => finished.status == 3,
            Self::Denied => taken_back && denied,
            Self::Failure => taken_back && !denied && !budget && !died,
            Self::Budget => taken_back && budget,
            Self::Died => taken_back && died,
            Self::Waits => finished.status == 8,
            Self::Stuck => finished.status == 7,
            Self::Harmless => finished.status == 0,
        }
    }
}

impl Expectation {
    /// What the first line of `text` says.
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let first = text.lines().next().unwrap_or_default();
        let Some(said) = first.strip_prefix("// expect: ") else {
            return Err("the first line is not `// expect: ENDING`".to_owned());
        };
        let (word, words) = match said.split_once(" – ") {
            Some((word, words)) => (word, Some(words.to_owned())),
            None => (said, None),
        };
        let ending = Ending::ALL.into_iter().find(|(known, _)| *known == word);
        match ending {
            Some((_, ending)) => Ok(Self { ending, words }),
            None => Err(format!("there is no ending `{word}`")),
        }
    }

    /// What of it did not come.
    pub(super) fn missed(&self, finished: &Finished) -> Vec<String> {
        let mut missed = Vec::new();
        if !self.ending.fits(finished) {
            missed.push(format!("not {:?}", self.ending));
        }
        if let Some(words) = &self.words
            && !finished.stdout.contains(words)
            && !finished.stderr.contains(words)
        {
            missed.push(format!("`{words}` is not told"));
        }
        missed
    }
}

/// The playbook that the text of a script stands for.
pub(super) fn expanded(text: &str) -> String {
    let text = match text.split_once("{{BEGIN}}") {
        Some((_, playbook)) => playbook,
        None => text,
    };
    let many = Regex::new(r"\{\{([^{}]+|[{}]|\{\})\*(\d+)\}\}").expect("a pattern");
    let text = many.replace_all(text, |found: &Captures<'_>| {
        let count = found[2].parse().expect("a number");
        found[1].replace("\\n", "\n").repeat(count)
    });
    let character = Regex::new(r"\{\{U\+([0-9A-F]{4,6})\}\}").expect("a pattern");
    let text = character.replace_all(&text, |found: &Captures<'_>| {
        let code = u32::from_str_radix(&found[1], 16).expect("a number");
        char::from_u32(code).expect("a character").to_string()
    });
    text.into_owned()
}
