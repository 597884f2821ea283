//! How a setting is written so that Kong reads the value that is meant.

use super::grammar::is_number;
use super::kind::{Kind, kind};
use super::line::Ending;
use super::read::Statement;
use super::{Document, EditError, Grammar, Setting, space};

/// What Kong tells its reader to take for the separator of lists, in the belief that no value has it.
const SEPARATOR: &str = "_blank_";

/// Refuses keys and values that no line of a kong.conf can give.
pub(super) fn check(key: &str, value: &str) -> Result<(), EditError> {
    let is_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let key = key.to_owned();
    if key.is_empty() || !key.bytes().all(is_key) {
        return Err(EditError::Key { key });
    }
    if value.contains(['\n', '\r']) {
        return Err(EditError::LineBreak { key });
    }
    if value
        .chars()
        .any(|character| character.is_control() && character != '\t')
    {
        return Err(EditError::Control { key });
    }
    if space::trim(value).len() < value.len() {
        return Err(EditError::Whitespace { key });
    }
    if value.contains(SEPARATOR) {
        return Err(EditError::Separator { key });
    }
    Ok(())
}

/// The lines that may give a new setting, the plainest first. The empty comment of the second keeps a backslash at the end from
/// joining the next line, and digits from becoming a number.
pub(super) fn lines(key: &str, value: &str, grammar: Grammar) -> Vec<String> {
    let escaped = Grammar::escaped(value);
    let line = format!("{key} = {escaped}");
    let plain = space::trim_end(&line);
    let mut lines = vec![plain.to_owned(), format!("{plain} #")];
    if refuses_number(key, value, grammar) {
        lines.remove(0);
    }
    lines
}

/// Whether a statement is read as the value it is meant to give, and refused all the same for being a number.
pub(super) fn is_refused(statement: &Statement, key: &str, grammar: Grammar) -> bool {
    let value = statement
        .text
        .split_once('=')
        .map_or("", |(_, value)| value);
    refuses_number(key, value, grammar)
}

/// Until 3.1, Kong does not start with a user or a database that is called `123`, for it wants text and has read a number. What
/// becomes a directive or a plugin server's setting is made text in time.
fn refuses_number(key: &str, value: &str, grammar: Grammar) -> bool {
    const MADE_TEXT: [&str; 3] = ["nginx_", "pluginserver_", "vault_"];
    grammar == Grammar::Until31
        && matches!(kind(key), Kind::Text | Kind::List)
        && !MADE_TEXT.iter().any(|prefix| key.starts_with(prefix))
        && is_number(value)
}

/// The statement of a setting.
pub(super) fn statement_of<'a>(document: &'a Document, setting: &Setting) -> &'a Statement {
    let mut statements = document.reading.statements.iter();
    statements
        .find(|statement| statement.lines[0] + 1 == setting.line)
        .expect("every setting of a document is one of its statements")
}

/// The texts that may replace a statement, the one that keeps most first: what stands before the value and the comment behind it
/// stay.
pub(super) fn rewritings(
    document: &Document,
    statement: &Statement,
    key: &str,
    value: &str,
) -> Vec<String> {
    let last = statement
        .lines
        .last()
        .map(|&index| document.lines[index].ending);
    let text = match last {
        Some(Ending::ReturnFeed | Ending::ReturnFile) => statement.text.strip_suffix('\r'),
        _ => None,
    };
    let text = text.unwrap_or(&statement.text);
    let escaped = Grammar::escaped(value);
    let parts = Parts::of(text, document.grammar);
    let mut texts = vec![format!("{}{escaped}{}", parts.before, parts.behind)];
    if !parts.has_comment && refuses_number(key, value, document.grammar) {
        texts.clear();
    }
    if parts.has_comment {
        texts.push(format!("{}{escaped} {}", parts.before, parts.behind));
    } else {
        texts.push(format!("{}{escaped} #", parts.before));
    }
    texts
}

/// What stands around the value of a setting.
struct Parts {
    before: String,
    behind: String,
    has_comment: bool,
}

impl Parts {
    fn of(text: &str, grammar: Grammar) -> Self {
        let sign = text.find('=').map_or(text.len(), |at| at + 1);
        let (name, rest) = text.split_at(sign);
        let start = rest.len() - space::trim_start(rest).len();
        let raw = &rest[start..];
        let (value, behind) = match grammar.comment(raw) {
            Some(comment) => raw.split_at(comment.gap),
            None => raw.split_at(space::trim_end(raw).len()),
        };
        let has_comment = grammar.comment(raw).is_some();
        let mut gap = &rest[..start];
        let mut behind = behind.to_owned();
        if value.is_empty() {
            // The whitespace behind the sign is that before the comment as well; the value takes one space of it.
            let spare = gap.strip_prefix(space::is_space).unwrap_or(gap);
            let spare = if spare.is_empty() && has_comment {
                " "
            } else {
                spare
            };
            behind.insert_str(0, spare);
            gap = &gap[..gap.len().min(1)];
        }
        let is_tight = gap.is_empty() && value.is_empty() && name.ends_with(" =");
        // Until 3.1 the sign of a comment needs a character to swallow.
        if grammar == Grammar::Until31 && behind.starts_with('#') {
            behind.insert(0, ' ');
        }
        Self {
            before: format!("{name}{}", if is_tight { " " } else { gap }),
            behind,
            has_comment,
        }
    }
}
