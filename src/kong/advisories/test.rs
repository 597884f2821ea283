//! What a rule demands of a value.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// An expression in a rule; two are equal if their texts are.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        Regex::new(&text).map(Self)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Pattern {
    /// Whether nothing is looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_str().is_empty()
    }

    /// Where it begins in a text.
    pub(super) fn start_in(&self, text: &str) -> Option<usize> {
        self.0.find(text).map(|found| found.start())
    }

    /// Whether it stands anywhere in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ValueType {
    Array,
    Object,
    Number,
    String,
    Boolean,
}

/// What must hold of a value; all of it. Nothing demanded means that there is one.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Test {
    equals: Option<Value>,
    not_equals: Option<Value>,
    #[serde(rename = "in")]
    one_of: Option<Vec<Value>>,
    not_in: Option<Vec<Value>>,
    matches: Option<Pattern>,
    not_matches: Option<Pattern>,
    value_type: Option<ValueType>,
    len_gt: Option<usize>,
    /// Instead of all others: that there is no value.
    #[serde(default)]
    pub(super) is_null: bool,
}

impl Test {
    /// The keys of a rule that say what is demanded.
    pub(super) const KEYS: [&str; 9] = [
        "equals",
        "not_equals",
        "in",
        "not_in",
        "matches",
        "not_matches",
        "value_type",
        "len_gt",
        "is_null",
    ];

    /// Whether nothing is demanded but that there is a value.
    pub(super) fn is_presence(&self) -> bool {
        *self == Self::default()
    }

    /// Whether only values can hold that the rule itself names.
    pub(super) fn names_values(&self) -> bool {
        self.equals.is_some() || self.one_of.is_some()
    }

    /// Whether it holds of a value that is there.
    pub(super) fn holds(&self, value: &Value) -> bool {
        !self.is_null
            && self.equals.as_ref().is_none_or(|wanted| wanted == value)
            && self.not_equals.as_ref().is_none_or(|other| other != value)
            && self.one_of.as_ref().is_none_or(|all| all.contains(value))
            && self.not_in.as_ref().is_none_or(|all| !all.contains(value))
            && self
                .matches
                .as_ref()
                .is_none_or(|pattern| pattern.is_in(&text(value)))
            && self
                .not_matches
                .as_ref()
                .is_none_or(|pattern| !pattern.is_in(&text(value)))
            && self.value_type.is_none_or(|wanted| is_of(value, wanted))
            && self.len_gt.is_none_or(|count| length(value) > count)
    }
}

/// A text as it is, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn is_of(value: &Value, wanted: ValueType) -> bool {
    match wanted {
        ValueType::Array => value.is_array(),
        ValueType::Object => value.is_object(),
        ValueType::Number => value.is_number(),
        ValueType::String => value.is_string(),
        ValueType::Boolean => value.is_boolean(),
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        value => text(value).chars().count(),
    }
}
