//! The changes of the way, applied to an entity of the old gateway.
//!
//! Each leaves a note of what it did. Whether that is what the new gateway has, the comparison of the fields tells afterwards.

use serde_json::Value;

use super::change::{Change, Target};
use super::path::{Object, get, put, take};
use super::verdict::Why;

/// What was done to a field, by its path afterwards.
pub(super) type Note = (String, Why);

/// Applies a change to `blue`. The new gateway's entity tells what has already happened there.
pub(super) fn apply(change: &Change, blue: &mut Object, green: &Object, notes: &mut Vec<Note>) {
    let holds = |(field, value): (&String, &Value)| get(blue, field) == Some(value);
    if !change.when.iter().all(holds) {
        return;
    }
    for (from, target) in &change.moved {
        if let Some(value) = take(blue, from) {
            match target {
                Target::One(to) => give(value, from, to, Over::Anything, blue, notes),
                Target::Several(all) => {
                    for to in all {
                        give(value.clone(), from, to, Over::Nothing, blue, notes);
                    }
                }
            }
        }
    }
    for replaced in &change.replaced {
        if get(blue, &replaced.field) == Some(&replaced.from) {
            write(
                change,
                &replaced.field,
                replaced.to.clone(),
                blue,
                green,
                notes,
            );
        }
    }
    for (field, rewrite) in &change.rewritten {
        if let Some(value) = get(blue, field) {
            let written = rewrite.apply(value);
            write(change, field, written, blue, green, notes);
        }
    }
    for field in &change.removed {
        // What the new gateway still has is compared.
        if get(green, field).is_none_or(Value::is_null)
            && let Some(value) = take(blue, field)
            && !is_empty(&value)
        {
            notes.push((field.clone(), Why::Removed));
        }
    }
}

/// Writes a value that the new version has otherwise.
fn write(
    change: &Change,
    field: &str,
    written: Value,
    blue: &mut Object,
    green: &Object,
    notes: &mut Vec<Note>,
) {
    let before = get(blue, field);
    let is_still_so = change.at_finish && before == get(green, field);
    if !is_still_so && before != Some(&written) {
        put(blue, field, written);
        notes.push((field.to_owned(), Why::Derived));
    }
}

/// What a value that has moved may take the place of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Anything,
    Nothing,
}

/// Puts what `from` held where it has gone. Nothing never takes the place of something.
fn give(value: Value, from: &str, to: &str, over: Over, blue: &mut Object, notes: &mut Vec<Note>) {
    let is_free = get(blue, to).is_none_or(is_empty);
    if !is_free && (over == Over::Nothing || is_empty(&value)) {
        return;
    }
    if !is_empty(&value) {
        let why = Why::Renamed {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        notes.push((to.to_owned(), why));
    }
    put(blue, to, value);
}

/// Whether a value says nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
