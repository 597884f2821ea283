//! What one value of an answer must be: exactly this, or something that holds of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a value must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wanted {
    /// What must hold of it.
    Predicate(Predicate),
    /// Exactly this.
    Value(Value),
}

/// What must hold of a value; all that is said. A value that looks like one of these itself is written as `is`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Predicate {
    /// Exactly this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<Value>,
    /// Anything but this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_not: Option<Value>,
    /// A text that this regular expression (of the crate `regex`) finds something in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// A text that has this in it, or a list that has this among its elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// Whether it is there at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// How many elements a list has, or characters a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// A number, or a text of one, that is not smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// A number, or a text of one, that is not greater.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

/// The fields as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    is: Option<Value>,
    is_not: Option<Value>,
    matches: Option<String>,
    contains: Option<Value>,
    present: Option<bool>,
    count: Option<u64>,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

impl TryFrom<Fields> for Predicate {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let predicate = Self {
            is: fields.is,
            is_not: fields.is_not,
            matches: fields.matches,
            contains: fields.contains,
            present: fields.present,
            count: fields.count,
            at_least: fields.at_least,
            at_most: fields.at_most,
        };
        if predicate == Self::default() {
            return Err("nothing is said");
        }
        Ok(predicate)
    }
}

/// The largest expression, compiled, in bytes.
const LARGEST_EXPRESSION: usize = 1 << 20;

/// A regular expression of a check.
pub(super) fn expression(text: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(text)
        .size_limit(LARGEST_EXPRESSION)
        .build()
        .map_err(|error| format!("`{text}` is no regular expression: {error}"))
}

impl Wanted {
    /// What is written wrongly.
    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Self::Predicate(Predicate {
                matches: Some(text),
                ..
            }) => expression(text).err(),
            _ => None,
        }
    }

    /// A value for which it holds, as far as one can be made up.
    #[must_use]
    pub fn example(&self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            Self::Predicate(predicate) if predicate.present == Some(false) => None,
            Self::Predicate(predicate) => {
                let number = predicate.at_least.or(predicate.at_most).map(Value::from);
                Some(
                    (predicate.is.clone())
                        .or(predicate.contains.clone())
                        .or(number)
                        .unwrap_or_else(|| Value::from("")),
                )
            }
        }
    }

    /// What of `found` is not as it must be, in words that follow the value's name. Nothing where it holds.
    pub(super) fn missed_by(&self, found: Option<&Value>) -> Vec<String> {
        match self {
            Self::Value(wanted) => exactly(wanted, found).into_iter().collect(),
            Self::Predicate(predicate) => predicate.missed_by(found),
        }
    }
}

impl Predicate {
    fn missed_by(&self, found: Option<&Value>) -> Vec<String> {
        let mut missed = Vec::new();
        if let Some(present) = self.present
            && present != found.is_some()
        {
            missed.push(if present {
                "is missing".to_owned()
            } else {
                format!("is there ({})", shown(found))
            });
        }
        missed.extend(self.is.as_ref().and_then(|wanted| exactly(wanted, found)));
        if let Some(other) = &self.is_not
            && found.is_some_and(|found| same(other, found))
        {
            missed.push(format!("is {}", shown(found)));
        }
        let said = self.matches.is_some()
            || self.contains.is_some()
            || self.count.is_some()
            || self.at_least.is_some()
            || self.at_most.is_some();
        let Some(value) = found else {
            if said && missed.is_empty() {
                missed.push("is missing".to_owned());
            }
            return missed;
        };
        if let Some(text) = &self.matches {
            let fits = expression(text).is_ok_and(|expression| expression.is_match(&plain(value)));
            missed.extend((!fits).then(|| format!("is {}, not like `{text}`", shown(found))));
        }
        if let Some(part) = &self.contains
            && !contains(value, part)
        {
            missed.push(format!("is {}, without {part}", shown(found)));
        }
        if let Some(count) = self.count {
            let of = match value {
                Value::Array(elements) => elements.len(),
                Value::Object(map) => map.len(),
                other => plain(other).chars().count(),
            };
            if of as u64 != count {
                missed.push(format!("has {of} instead of {count}"));
            }
        }
        missed.extend(self.out_of_bounds(value));
        missed
    }

    fn out_of_bounds(&self, value: &Value) -> Option<String> {
        if self.at_least.is_none() && self.at_most.is_none() {
            return None;
        }
        let number = value.as_f64().or_else(|| plain(value).trim().parse().ok());
        let Some(number) = number else {
            return Some(format!("is {}, no number", shown(Some(value))));
        };
        if let Some(least) = self.at_least.filter(|least| number < *least) {
            return Some(format!("is {number}, less than {least}"));
        }
        let most = self.at_most.filter(|most| number > *most)?;
        Some(format!("is {number}, more than {most}"))
    }
}

fn exactly(wanted: &Value, found: Option<&Value>) -> Option<String> {
    match found {
        None => Some("is missing".to_owned()),
        Some(value) if same(wanted, value) => None,
        Some(_) => Some(format!("is {} instead of {wanted}", shown(found))),
    }
}

/// Whether two values are one: numbers by their value, since `1` and `1.0` are one number in JSON.
fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| other.as_f64() == Some(one))
}

fn contains(value: &Value, part: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| same(element, part)),
        Value::Object(map) => part.as_str().is_some_and(|key| map.contains_key(key)),
        other => plain(other).contains(&plain(part)),
    }
}

/// A value as text: that of a text without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The longest value that is shown whole, in characters.
const LONGEST_SHOWN: usize = 120;

/// A value as a message shows it.
fn shown(found: Option<&Value>) -> String {
    let Some(value) = found else {
        return "missing".to_owned();
    };
    let text = value.to_string();
    if text.chars().count() <= LONGEST_SHOWN {
        return text;
    }
    let beginning: String = text.chars().take(LONGEST_SHOWN).collect();
    format!("{beginning}…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn missed(wanted: Value, found: Option<&Value>) -> String {
        let wanted: Wanted = serde_json::from_value(wanted).expect("wanted");
        wanted.missed_by(found).join("; ")
    }

    #[test]
    fn a_value_is_itself_and_a_predicate_what_holds_of_one() {
        let cases = [
            (json!(1), Some(json!(1.0)), ""),
            (json!(1), Some(json!(2)), "is 2 instead of 1"),
            (json!("a"), None, "is missing"),
            (json!({}), Some(json!({})), ""),
            (json!({"matches": 1}), Some(json!({"matches": 1})), ""),
            (
                json!({"is": {"matches": "x"}}),
                Some(json!({"matches": "x"})),
                "",
            ),
            (json!({"is_not": 1}), Some(json!(1)), "is 1"),
            (json!({"is_not": 1}), None, ""),
            (json!({"present": true}), None, "is missing"),
            (
                json!({"present": false}),
                Some(json!(null)),
                "is there (null)",
            ),
            (json!({"present": false}), None, ""),
            (json!({"matches": "^a+$"}), Some(json!("aa")), ""),
            (
                json!({"matches": "^a+$"}),
                Some(json!("ab")),
                "is \"ab\", not like `^a+$`",
            ),
            (json!({"matches": "1"}), None, "is missing"),
            (json!({"contains": "b"}), Some(json!("abc")), ""),
            (json!({"contains": 2}), Some(json!([1, 2])), ""),
            (
                json!({"contains": 3}),
                Some(json!([1, 2])),
                "is [1,2], without 3",
            ),
            (json!({"count": 2}), Some(json!([1, 2])), ""),
            (json!({"count": 2}), Some(json!("ü")), "has 1 instead of 2"),
            (json!({"at_least": 2, "at_most": 3}), Some(json!("2.5")), ""),
            (json!({"at_least": 2}), Some(json!(1)), "is 1, less than 2"),
            (json!({"at_most": 2}), Some(json!("3")), "is 3, more than 2"),
            (
                json!({"at_most": 2}),
                Some(json!("x")),
                "is \"x\", no number",
            ),
        ];
        for (wanted, found, told) in cases {
            assert_eq!(
                missed(wanted.clone(), found.as_ref()),
                told,
                "{wanted} of {found:?}"
            );
        }
    }
}
