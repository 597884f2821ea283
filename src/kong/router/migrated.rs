//! A route as it is stored after the upgrade to Kong 3, whose migration writes paths anew.

use serde_json::{Map, Value};

use crate::kong::routes::StoredPath;

/// A route of Kong 2, as 3.0's migration stores it. A path that cannot be migrated stays as it is.
#[must_use]
pub fn migrated(route: &Map<String, Value>) -> Map<String, Value> {
    let mut route = route.clone();
    let paths = route.get_mut("paths").and_then(Value::as_array_mut);
    for path in paths.into_iter().flatten() {
        let new = path
            .as_str()
            .and_then(|path| StoredPath::of(path).migrated());
        if let Some(new) = new.map(std::borrow::Cow::into_owned) {
            *path = Value::String(new);
        }
    }
    route
}
