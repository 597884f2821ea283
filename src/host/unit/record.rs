//! The `Key=value` lines of `systemctl show`. After recorded answers of version 252: a list of commands or files is a line each, and an
//! argument with a newline in it breaks its line.

/// What a block of a command begins and ends with.
const BLOCK: (&str, &str) = ("{ path=", " }");

/// The lines of one unit, as key and value, in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    lines: Vec<(&'a str, String)>,
}

/// What keeps an answer from being one unit's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Odd {
    /// Line `line` is none of `Key=value`.
    Line(usize),
    /// A second unit begins at `line`.
    Second(usize),
}

impl<'a> Record<'a> {
    /// Reads the answer about one unit.
    pub(super) fn of(answer: &'a str) -> Result<Self, Odd> {
        let mut lines: Vec<(&str, String)> = Vec::new();
        let mut ended = false;
        for (line, number) in answer.lines().zip(1..) {
            if let Some((_, value)) = lines.last_mut().filter(|(_, value)| is_open(value)) {
                value.push('\n');
                value.push_str(line);
            } else if line.is_empty() {
                // Between the answers about two units stands an empty line.
                ended = !lines.is_empty();
            } else if ended {
                return Err(Odd::Second(number));
            } else {
                let (key, value) = line.split_once('=').ok_or(Odd::Line(number))?;
                lines.push((key, value.to_owned()));
            }
        }
        Ok(Self { lines })
    }

    /// The value of `key`; of several, the first. Nothing where it is empty, which is how systemd prints what it has not.
    pub(super) fn one(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// The values of `key` that are not empty.
    pub(super) fn all<'s>(&'s self, key: &str) -> impl Iterator<Item = &'s str> + use<'s, 'a> {
        let key = key.to_owned();
        let of_key = self.lines.iter().filter(move |(name, _)| *name == key);
        of_key
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// Whether a value is a command's block whose end has not come yet.
fn is_open(value: &str) -> bool {
    value.starts_with(BLOCK.0) && !value.ends_with(BLOCK.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_and_broken_ones_joined() {
        let answer =
            "Id=a\nExecStart={ path=/x ; argv[]=/x a\n\nId=b }\nExecStart={ path=/y }\nUser=\n";
        let record = Record::of(answer).expect("a record");
        assert_eq!(record.one("Id"), Some("a"));
        assert_eq!(record.one("User"), None);
        let all: Vec<&str> = record.all("ExecStart").collect();
        assert_eq!(all, ["{ path=/x ; argv[]=/x a\n\nId=b }", "{ path=/y }"]);
    }

    #[test]
    fn only_one_unit_is_read() {
        assert_eq!(Record::of("Id=a\n\nId=b\n"), Err(Odd::Second(3)));
        assert_eq!(Record::of("Id=a\nhello\n"), Err(Odd::Line(2)));
    }
}
