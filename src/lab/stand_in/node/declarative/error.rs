//! What is wrong with a declarative configuration, by the place in it: as a command prints it and as `/config` answers it.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

/// Why a configuration cannot be used.
#[derive(Debug)]
pub(in super::super) enum DeclarativeError {
    /// It is neither JSON nor YAML, or no object.
    Unreadable(String),
    /// What is wrong, in the shape of the configuration: names lead to problems, lists have one place for each entity.
    Invalid(Value),
}

impl DeclarativeError {
    /// The body of the Admin API's answer.
    pub(in super::super) fn body(&self) -> Value {
        let fields = match self {
            Self::Unreadable(problem) => json!({ "error": problem }),
            Self::Invalid(problems) => problems.clone(),
        };
        json!({
            "message": format!("declarative config is invalid: {}", lua(&fields)),
            "name": "invalid declarative configuration",
            "code": 14,
            "fields": fields,
        })
    }
}

impl fmt::Display for DeclarativeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(problem) => formatter.write_str(problem),
            Self::Invalid(problems) => {
                let mut lines = Vec::new();
                describe(problems, "", 0, &mut lines);
                formatter.write_str(&lines.join("\n"))
            }
        }
    }
}

/// Puts `problem` where `path` leads to: a name, then an entry's number and further names.
pub(super) fn put(problems: &mut Value, path: &[Step], problem: Value) {
    let Some((first, rest)) = path.split_first() else {
        merge(problems, problem);
        return;
    };
    let inner = match first {
        Step::Name(name) => {
            if !problems.is_object() {
                *problems = json!({});
            }
            &mut problems[name.as_str()]
        }
        Step::Entry(number) => {
            if !problems.is_array() {
                *problems = json!([]);
            }
            let list = problems.as_array_mut().expect("made one above");
            while list.len() <= *number {
                list.push(Value::Null);
            }
            &mut list[*number]
        }
    };
    put(inner, rest, problem);
}

/// One step on the way to an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The name of a list or a field.
    Name(String),
    /// The place in a list, from 0.
    Entry(usize),
}

fn merge(problems: &mut Value, problem: Value) {
    match (problems, problem) {
        (Value::Object(all), Value::Object(more)) => all.extend(more),
        (Value::Array(all), Value::Array(more)) => all.extend(more),
        (problems, problem) => *problems = problem,
    }
}

fn describe(problems: &Value, list: &str, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let places: Vec<(String, &str, &Value)> = match problems {
        Value::Object(fields) => fields
            .iter()
            .map(|(field, problem)| (format!("in '{field}'"), field.as_str(), problem))
            .collect(),
        Value::Array(entries) => (1..)
            .zip(entries)
            .filter(|(_, problem)| !problem.is_null())
            .map(|(number, problem)| {
                let place = format!("- in entry {number} of '{list}'");
                (place, list, problem)
            })
            .collect(),
        _ => Vec::new(),
    };
    for (place, name, problem) in places {
        match problem {
            Value::String(problem) => lines.push(format!("{indent}{place}: {problem}")),
            nested => {
                lines.push(format!("{indent}{place}:"));
                describe(nested, name, depth + 1, lines);
            }
        }
    }
}

/// A value as Lua writes it down.
fn lua(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(members) => {
            text.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                let is_word = name.chars().all(|one| one.is_alphanumeric() || one == '_');
                let comma = if place > 0 { "," } else { "" };
                let name = if is_word {
                    name.clone()
                } else {
                    format!("[{}]", json!(name))
                };
                write!(text, "{comma}{name}={}", lua(value)).expect("a string takes any text");
            }
            text.push('}');
        }
        Value::Array(values) => {
            let mut behind_gap = false;
            let mut parts = Vec::new();
            for (number, value) in (1..).zip(values) {
                match value {
                    Value::Null => behind_gap = true,
                    value if behind_gap => parts.push(format!("[{number}]={}", lua(value))),
                    value => parts.push(lua(value)),
                }
            }
            write!(text, "{{{}}}", parts.join(",")).expect("a string takes any text");
        }
        value => text.push_str(&value.to_string()),
    }
    text
}
