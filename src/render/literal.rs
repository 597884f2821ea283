//! Plain data as a literal of Rhai, as a person would write it into a playbook.

use std::fmt::Write as _;

use serde_json::Value;

/// Lines longer than this are broken, in characters.
const WIDTH: usize = 110;

/// `value` as a literal, its first line not indented, the others by `indent` blanks.
#[must_use]
pub fn literal(value: &Value, indent: usize) -> String {
    let short = in_one_line(value);
    let is_nested = matches!(value, Value::Object(_) | Value::Array(_));
    if !is_nested || indent + short.chars().count() <= WIDTH {
        return short;
    }
    let inner = " ".repeat(indent + 4);
    let mut told = String::new();
    let (open, close) = match value {
        Value::Object(map) => {
            for (key, value) in map {
                let _ = writeln!(
                    told,
                    "{inner}{}: {},",
                    name(key),
                    literal(value, indent + 4)
                );
            }
            ("#{", "}")
        }
        Value::Array(elements) => {
            for element in elements {
                let _ = writeln!(told, "{inner}{},", literal(element, indent + 4));
            }
            ("[", "]")
        }
        _ => return short,
    };
    format!("{open}\n{told}{}{close}", " ".repeat(indent))
}

fn in_one_line(value: &Value) -> String {
    match value {
        Value::Null => "()".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(in_one_line).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(map) if map.is_empty() => "#{}".to_owned(),
        Value::Object(map) => {
            let fields = map.iter();
            let fields: Vec<String> = fields
                .map(|(key, value)| format!("{}: {}", name(key), in_one_line(value)))
                .collect();
            format!("#{{ {} }}", fields.join(", "))
        }
    }
}

/// Words that cannot be a field's name without quotes.
const RESERVED: [&str; 6] = ["is", "in", "if", "for", "let", "const"];

fn name(key: &str) -> String {
    let is_word = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&key);
    if is_word { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if super::acts(c) => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_literal_is_read_as_what_it_was_made_of() {
        let value = json!({
            "a-b": [1, 2.5, true, null], "is": "x", "text": "\"\\\n\r\t\u{7}\u{202e}ü€\u{1F600}",
            "long": {"one": "x".repeat(80), "two": ["y".repeat(80)]}, "empty": {}, "none": [],
        });
        let text = literal(&value, 0);
        let engine = rhai::Engine::new();
        let read: rhai::Dynamic = engine.eval(&text).expect(&text);
        let back: Value = rhai::serde::from_dynamic(&read).expect("plain data");
        assert_eq!(back, value, "{text}");
    }
}
