//! The little YAML that declarative files take.
//!
//! Kong's own order of keys is a hash table's; here keys are in the order of their names.

use serde_json::{Map, Value};

/// The text of a declarative file with these lists of entities.
pub(in crate::lab) fn declarative<'a, E>(
    format: &str,
    transform: bool,
    lists: impl IntoIterator<Item = (&'a str, E)>,
) -> String
where
    E: IntoIterator<Item = Map<String, Value>>,
{
    let mut text = format!("_format_version: '{format}'\n_transform: {transform}\n");
    for (table, entities) in lists {
        let mut entities = entities.into_iter().peekable();
        if entities.peek().is_some() {
            text.push_str(table);
            text.push_str(":\n");
        }
        for entity in entities {
            write_item(&mut text, &Value::Object(entity), 0);
        }
    }
    text
}

/// Writes `- value` at `indent`.
pub(super) fn write_item(text: &mut String, value: &Value, indent: usize) {
    text.push_str(&" ".repeat(indent));
    text.push_str("- ");
    match value {
        Value::Object(map) if !map.is_empty() => write_map(text, map, indent + 2, true),
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                write_item(text, item, indent + 2);
            }
        }
        scalar => {
            text.push_str(&scalar_text(scalar));
            text.push('\n');
        }
    }
}

/// Writes the pairs of `map` at `indent`; `inline` says that the first stands behind a dash already.
fn write_map(text: &mut String, map: &Map<String, Value>, indent: usize, inline: bool) {
    for (place, (key, value)) in map.iter().enumerate() {
        if place > 0 || !inline {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str(&scalar_text(&Value::String(key.clone())));
        text.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                text.push('\n');
                write_map(text, map, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                for item in items {
                    write_item(text, item, indent);
                }
            }
            scalar => {
                text.push(' ');
                text.push_str(&scalar_text(scalar));
                text.push('\n');
            }
        }
    }
}

/// A scalar, or an empty list or map. A text that could be taken for something else is quoted, as JSON quotes it, which YAML
/// reads too.
fn scalar_text(value: &Value) -> String {
    match value {
        Value::Null => "~".to_owned(),
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    let first_is_safe = text
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '/');
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    first_is_safe
        && !words.contains(&text.to_ascii_lowercase().as_str())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "/._- ~+".contains(letter))
        && !text.ends_with(' ')
}
