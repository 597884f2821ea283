//! Second names: deprecated fields that an answer shows beside those that they stand for.
//!
//! A second name that says the same is left out, so that it is not compared twice. One that says something else stays, and is compared
//! as a field of its own.

use serde_json::Value;

use super::equal::equal;
use super::field::{Field, Type};
use super::migrate::Note;
use super::path::{Object, get, put};
use super::verdict::Why;

/// Takes the second names out of a record that say the same as the fields that they stand for. `path` is where the record is, empty
/// for the entity itself.
pub(super) fn leave_out(record: &mut Object, field: &Field, path: &str, notes: &mut Vec<Note>) {
    for (alias, target) in &field.aliases {
        let stood_for = get(record, target).unwrap_or(&Value::Null);
        if record
            .get(alias)
            .is_some_and(|value| equal(value, stood_for, None))
        {
            record.remove(alias);
            notes.push((below(path, alias), Why::Derived));
        }
    }
    for (name, inner) in &field.fields {
        if inner.holds == Type::Record
            && let Some(Value::Object(record)) = record.get_mut(name)
        {
            leave_out(record, inner, &below(path, name), notes);
        }
    }
}

/// Moves what stands under a second name alone to the field itself, in a record of the old gateway: so a rename is known that only the
/// new version's schema tells of. Where the new gateway shows the second name too, both are compared as they are.
pub(super) fn settle(
    blue: &mut Object,
    green: &Object,
    field: &Field,
    path: &str,
    notes: &mut Vec<Note>,
) {
    for (alias, target) in &field.aliases {
        let is_alone = get(blue, target).is_none_or(Value::is_null) && !green.contains_key(alias);
        if is_alone && let Some(value) = blue.remove(alias) {
            put(blue, target, value);
            let (from, to) = (below(path, alias), below(path, target));
            notes.push((to.clone(), Why::Renamed { from, to }));
        }
    }
    for (name, inner) in &field.fields {
        if inner.holds == Type::Record
            && let Some(Value::Object(blue)) = blue.get_mut(name)
            && let Some(Value::Object(green)) = green.get(name)
        {
            settle(blue, green, inner, &below(path, name), notes);
        }
    }
}

fn below(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
