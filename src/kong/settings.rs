//! kong.conf and the environment variables beside it: which settings stand there, and where.
//!
//! Source: `conf_loader` of Kong: a line is `key = value`; what follows a `#` is a comment unless a backslash stands before it; of two lines
//! with one key the later counts; `KONG_PG_HOST` is `pg_host`, and counts before the file.

/// What variables of Kong's settings begin with.
const PREFIX: &str = "KONG_";

/// A setting that stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line, from 1.
    pub number: usize,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// The settings of a kong.conf; of several lines with one key the last.
#[must_use]
pub fn parse(text: &str) -> Vec<Line> {
    let mut settings: Vec<Line> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = without_comment(line);
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let key = key.trim().to_ascii_lowercase();
        if key.is_empty() {
            continue;
        }
        settings.retain(|before| before.key != key);
        settings.push(Line {
            number: index + 1,
            key,
            value: value.trim().replace("\\#", "#"),
        });
    }
    settings
}

/// The key of a variable of the environment, if it is one of Kong's settings.
#[must_use]
pub fn key_of_variable(name: &str) -> Option<String> {
    let key = name.strip_prefix(PREFIX)?;
    (!key.is_empty()).then(|| key.to_ascii_lowercase())
}

fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (index, letter) in line.char_indices() {
        if letter == '#' && before != '\\' {
            return &line[..index];
        }
        before = letter;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{key_of_variable, parse};

    #[test]
    fn comments_and_later_lines() {
        let text = "# pg_host = nobody\npg_host=one\n  Plugins = bundled, own # both\n\npg_password = a\\#b\nno setting\n= 1\npg_host = two\n";
        let told: Vec<String> = parse(text)
            .iter()
            .map(|line| format!("{}: {} = {}", line.number, line.key, line.value))
            .collect();
        assert_eq!(
            told,
            [
                "3: plugins = bundled, own",
                "5: pg_password = a#b",
                "8: pg_host = two"
            ]
        );
    }

    #[test]
    fn variables_of_kong_alone_are_settings() {
        assert_eq!(key_of_variable("KONG_PG_HOST").as_deref(), Some("pg_host"));
        assert_eq!(key_of_variable("KONG_"), None);
        assert_eq!(key_of_variable("PATH"), None);
    }
}
