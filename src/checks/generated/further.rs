//! Requests to compare two gateways by, of whose answers nobody can say what they must be: at the edges of what routes take, with every name
//! of a key, with all that a transformer is told to touch.

use serde_json::Value;

use super::Generated;
use super::access::Access;
use super::plugins::{Plugin, Plugins};
use super::route::{Request, Route};
use crate::gateway::{HttpRequest, OneOrMore, Text};

impl Plugins<'_> {
    /// Adds the requests of a route.
    pub(super) fn further(
        &self,
        route: &Route<'_>,
        request: &Request,
        access: &Access<'_>,
        made: &mut Generated,
    ) {
        let mut all = route.further(request);
        let refusing = self.refusing(route);
        if let Some(plugin) = refusing {
            let let_in = |request: HttpRequest| {
                let as_it_is = request.clone();
                access.let_in(plugin, request).unwrap_or(as_it_is)
            };
            all = all.into_iter().map(let_in).collect();
        }
        if request.takes("GET") {
            let asked = request.with("GET");
            if let Some(plugin) = self.effective("request-transformer", route, None) {
                let touched = touched(plugin, asked.clone());
                let let_in = refusing.map(|plugin| access.let_in(plugin, touched.clone()));
                all.push(let_in.flatten().unwrap_or(touched));
            }
            if let Some(plugin) = refusing.filter(|plugin| plugin.name == "key-auth")
                && let Some(consumer) = access.key_holders.first()
            {
                all.extend(every_name(plugin, &asked, consumer));
            }
        }
        for request in all {
            made.further(route, request);
        }
    }
}

/// A request with everything in it that a transformer removes, renames or replaces.
fn touched(plugin: &Plugin<'_>, mut request: HttpRequest) -> HttpRequest {
    for change in ["remove", "rename", "replace", "append", "add"] {
        let names = |part: &str| {
            let list = plugin.config(change).get(part).and_then(Value::as_array);
            let texts = list.into_iter().flatten().filter_map(Value::as_str);
            // Names have their new name or their value behind a colon.
            texts
                .filter_map(|text| text.split(':').next())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        for name in names("headers") {
            request
                .headers
                .entry(name)
                .or_insert_with(|| "cutover".into());
        }
        for name in names("querystring") {
            request
                .query
                .entry(name)
                .or_insert_with(|| "cutover".into());
        }
    }
    request
}

/// A request for each name that the key may have, in a header and in the query.
fn every_name(plugin: &Plugin<'_>, asked: &HttpRequest, consumer: &str) -> Vec<HttpRequest> {
    let names = plugin.config("key_names").as_array();
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    let key = || {
        OneOrMore::One(Text::Key {
            key_of_consumer: consumer.to_owned(),
        })
    };
    names
        .flat_map(|name| {
            let (mut in_header, mut in_query) = (asked.clone(), asked.clone());
            in_header.headers.insert(name.to_owned(), key());
            in_query.query.insert(name.to_owned(), key());
            [in_header, in_query]
        })
        .collect()
}
