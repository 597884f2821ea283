//! Two entities, field by field: where they differ, and where a difference is what the new version fills in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::equal::{equal, holds, item, member};
use super::field::{Field, Type};
use super::path::Object;
use super::secret::is_secret;

/// A place where two entities differ.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// Its path.
    pub(super) path: String,
    /// The name of the field, or of the one that it is an item of.
    pub(super) name: &'a str,
    /// The old gateway's value, if it has the field.
    pub(super) blue: Option<&'a Value>,
    /// The new gateway's value, if it has the field.
    pub(super) green: Option<&'a Value>,
    /// What describes it.
    pub(super) field: Option<&'a Field>,
    /// Whether it, or what it is a part of, may be a secret.
    pub(super) is_secret: bool,
    /// Whether the new version fills it in.
    pub(super) is_default: bool,
}

impl<'a> Place<'a> {
    /// Both values; null is what is absent.
    pub(super) fn values(&self) -> (&'a Value, &'a Value) {
        (
            self.blue.unwrap_or(&Value::Null),
            self.green.unwrap_or(&Value::Null),
        )
    }

    fn differs(&self) -> bool {
        let (blue, green) = self.values();
        !equal(blue, green, self.field)
    }
}

/// The places where two records differ.
pub(super) fn places<'a>(blue: &'a Object, green: &'a Object, field: &'a Field) -> Vec<Place<'a>> {
    let mut walk = Walk { places: Vec::new() };
    let entity = Record {
        path: "",
        is_secret: false,
        blue: Some(blue),
        green,
        field: Some(field),
        filled_in: None,
    };
    walk.record(&entity);
    walk.places
}

struct Walk<'a> {
    places: Vec<Place<'a>>,
}

/// Two objects whose members are compared.
struct Record<'a, 'b> {
    path: &'b str,
    is_secret: bool,
    blue: Option<&'a Object>,
    green: &'a Object,
    field: Option<&'a Field>,
    /// What the new version fills in for the whole of a record that the old gateway does not have.
    filled_in: Option<&'b Value>,
}

impl<'a> Walk<'a> {
    fn record(&mut self, record: &Record<'a, '_>) {
        let names = record.blue.into_iter().flat_map(Object::keys);
        let names: BTreeSet<&'a String> = names.chain(record.green.keys()).collect();
        for name in names {
            let field = member(record.field, name);
            let place = Place {
                path: match record.path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                },
                name,
                blue: record.blue.and_then(|blue| blue.get(name)),
                green: record.green.get(name),
                field,
                is_secret: record.is_secret || is_secret(name, field),
                is_default: false,
            };
            if place.differs() {
                let default = match record.filled_in {
                    Some(whole) => whole[name.as_str()].clone(),
                    None => default_of(record.field, field),
                };
                self.place(place, &default);
            }
        }
    }

    fn place(&mut self, mut place: Place<'a>, default: &Value) {
        let (blue, green) = place.values();
        let field = place.field;
        // Null in a field that must hold something is read as what is filled in, like a field that is not there.
        let is_open = place.blue.is_none()
            || (blue.is_null() && field.is_some_and(|field| field.is_required));
        if is_open && equal(default, green, field) {
            place.is_default = true;
            self.places.push(place);
            return;
        }
        let record = |blue, green, filled_in| Record {
            path: &place.path,
            is_secret: place.is_secret,
            blue,
            green,
            field,
            filled_in,
        };
        match (blue, green) {
            (Value::Object(blue), Value::Object(green)) => {
                self.record(&record(Some(blue), green, None));
            }
            (Value::Null, Value::Object(green)) if is_open && holds(field) == Type::Record => {
                self.record(&record(None, green, Some(default)));
            }
            (Value::Array(blue), Value::Array(green)) if is_pairwise(blue, green, field) => {
                for (index, (blue, green)) in blue.iter().zip(green).enumerate() {
                    let item = Place {
                        path: format!("{}[{index}]", place.path),
                        blue: Some(blue),
                        green: Some(green),
                        field: item(field),
                        ..place
                    };
                    if item.differs() {
                        self.place(item, &Value::Null);
                    }
                }
            }
            _ => self.places.push(place),
        }
    }
}

/// What is filled in for a member: only a record's fields are, a map's values are not.
fn default_of(of: Option<&Field>, member: Option<&Field>) -> Value {
    match member {
        Some(member) if holds(of) != Type::Map => member.filled_in(),
        _ => Value::Null,
    }
}

/// Whether two lists are compared item by item: objects in an order that matters, as many of them on each side.
fn is_pairwise(blue: &[Value], green: &[Value], field: Option<&Field>) -> bool {
    holds(field) != Type::Set
        && blue.len() == green.len()
        && blue.iter().chain(green).all(Value::is_object)
}
