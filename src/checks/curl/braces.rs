//! Braces outside quotes of which the shell would make several words: `{a,b}` and `{1..3}`.

/// The braces that a word has opened so far.
#[derive(Debug, Default)]
pub(super) struct Braces {
    open: Vec<Brace>,
}

#[derive(Debug, Default)]
struct Brace {
    has_comma: bool,
    /// What stands in it, if all of it is outside quotes.
    text: Option<String>,
}

impl Braces {
    /// Takes a character outside quotes, and answers whether it ends a list or a sequence.
    pub(super) fn see(&mut self, character: char) -> bool {
        match character {
            '{' => self.open.push(Brace {
                has_comma: false,
                text: Some(String::new()),
            }),
            '}' => {
                let closed = self.open.pop().unwrap_or_default();
                return closed.has_comma || closed.text.is_some_and(|text| is_sequence(&text));
            }
            _ => {}
        }
        if let Some(brace) = self.open.last_mut() {
            brace.has_comma |= character == ',';
            if let Some(text) = &mut brace.text
                && character != '{'
            {
                text.push(character);
            }
        }
        false
    }

    /// Takes note of something in quotes, or of a variable.
    pub(super) fn see_quoted(&mut self) {
        for brace in &mut self.open {
            brace.text = None;
        }
    }
}

/// `1..3`, `a..e`, `1..9..2`.
fn is_sequence(text: &str) -> bool {
    let ends: Vec<&str> = text.split("..").collect();
    let numbers = ends.iter().all(|end| end.parse::<i64>().is_ok());
    let is_letter = |end: &&str| end.len() == 1 && end.chars().all(|end| end.is_ascii_alphabetic());
    let letters = ends.iter().take(2).all(is_letter);
    let step = ends.get(2).is_none_or(|step| step.parse::<i64>().is_ok());
    matches!(ends.len(), 2 | 3) && step && (numbers || letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lists_and_sequences_are_expanded() {
        let expands = |word: &str| {
            let mut braces = Braces::default();
            word.chars().any(|character| braces.see(character))
        };
        for several in [
            "{a,b}",
            "x{,y}z",
            "{{a,b}}",
            "{1..3}",
            "{a..e}",
            "{1..9..2}",
            "{a,{b}}",
        ] {
            assert!(expands(several), "{several}");
        }
        for one in [
            "{a}", "{}", "a,b", "{a,b", "{a..}", "{1..b}", "}{", "{ab..cd}", "{a,{b}",
        ] {
            assert!(!expands(one), "{one}");
        }
    }
}
