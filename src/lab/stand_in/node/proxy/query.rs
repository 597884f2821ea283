//! A request's query as plugins change it: read, changed, and written out again.
//!
//! Pure. Kong keeps it in a Lua table and writes it in no order one could count on; here what was given keeps its place.

use hyper::Uri;
use hyper::http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What nginx leaves as it is in an argument.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The arguments; one without `=` has no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, Option<String>)>);

impl Query {
    /// The query of an address.
    pub(super) fn of(uri: &Uri) -> Self {
        let pairs = uri.query().unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| match pair.split_once('=') {
                    Some((name, value)) => (decoded(name), Some(decoded(value))),
                    None => (decoded(pair), None),
                })
                .collect(),
        )
    }

    /// All values of an argument.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(given, _)| given == name);
        named.filter_map(|(_, value)| value.as_deref())
    }

    /// Whether there is such an argument, with or without a value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| given == name)
    }

    /// Takes an argument out, with all its values.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(given, _)| given != name);
    }

    /// Gives an argument another name, in place of one that has it already.
    pub(super) fn rename(&mut self, name: &str, wanted: &str) {
        if name == wanted || !self.has(name) {
            return;
        }
        self.remove(wanted);
        for (given, _) in &mut self.0 {
            if given == name {
                wanted.clone_into(given);
            }
        }
    }

    /// Puts one value in place of all that an argument has.
    pub(super) fn replace(&mut self, name: &str, value: &str) {
        let place = self.0.iter().position(|(given, _)| given == name);
        let Some(place) = place else {
            return;
        };
        self.remove(name);
        let place = place.min(self.0.len());
        self.0
            .insert(place, (name.to_owned(), Some(value.to_owned())));
    }

    /// Adds a value, besides those that are there.
    pub(super) fn append(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), Some(value.to_owned())));
    }

    /// Puts the arguments into an address, in place of its own.
    pub(super) fn write(&self, uri: &mut Uri) {
        let pairs = self.0.iter().map(|(name, value)| {
            let escaped = |text| utf8_percent_encode(text, ESCAPED).to_string();
            match value {
                Some(value) => format!("{}={}", escaped(name), escaped(value)),
                None => escaped(name),
            }
        });
        let query = pairs.collect::<Vec<_>>().join("&");
        let path = uri.path();
        let whole = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        let mut parts = uri.clone().into_parts();
        // What is escaped is always an address; one that is not would leave the request as it was.
        if let Ok(whole) = whole.parse::<PathAndQuery>() {
            parts.path_and_query = Some(whole);
            if let Ok(changed) = Uri::from_parts(parts) {
                *uri = changed;
            }
        }
    }
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_changed_in_their_places() {
        let mut uri: Uri = "/a?x=1&y&z=a+b%26&x=2".parse().expect("an address");
        let mut query = Query::of(&uri);
        assert_eq!(query.values("x").collect::<Vec<_>>(), ["1", "2"]);
        query.replace("x", "3");
        query.rename("z", "w");
        query.rename("nope", "w");
        query.append("v", "ä");
        query.write(&mut uri);
        assert_eq!(uri, "/a?x=3&y&w=a%20b%26&v=%C3%A4");
        for name in ["x", "y", "w", "v"] {
            query.remove(name);
        }
        query.write(&mut uri);
        assert_eq!(uri, "/a");
    }
}
