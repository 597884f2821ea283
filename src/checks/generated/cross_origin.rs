//! What a browser asks from another origin: whether it may (a preflight), and the request itself.

use serde_json::Value;

use super::Generated;
use super::plugins::{Plugin, Plugins, present, routed};
use super::route::{Request, Route};
use crate::gateway::{Expectation, StatusWanted};

/// Of more origins no requests are made.
const MOST_ORIGINS: usize = 3;

/// One that no configuration names.
const STRANGE: &str = "https://cutover.example";

impl Plugins<'_> {
    /// Adds the checks of a route with the plugin `cors`.
    pub(super) fn cross_origin(&self, route: &Route<'_>, request: &Request, made: &mut Generated) {
        let Some(plugin) = self.effective("cors", route, None) else {
            return;
        };
        let origins = plugin.config("origins").as_array();
        let origins = origins.into_iter().flatten().filter_map(Value::as_str);
        let literal =
            |origin: &&str| origin.starts_with("http") && !origin.contains(['*', '(', '\\']);
        let named: Vec<&str> = origins.filter(literal).take(MOST_ORIGINS).collect();
        for origin in named.iter().copied().chain([STRANGE]) {
            // What a strange one is told is for the comparison of two gateways to see.
            let may = named.is_empty() || origin != STRANGE;
            preflight(plugin, route, request, (origin, may), made);
            if request.takes("GET") {
                let mut asked = request.with("GET");
                asked.headers.insert("origin".to_owned(), origin.into());
                let title = format!("route {}: GET from {origin}", route.name());
                let expect = if may { allowed() } else { routed() };
                made.add(route, title, asked, expect, may.then_some(plugin.id));
            }
        }
    }
}

fn preflight(
    plugin: &Plugin<'_>,
    route: &Route<'_>,
    request: &Request,
    (origin, may): (&str, bool),
    made: &mut Generated,
) {
    let title = format!("route {}: preflight from {origin}", route.name());
    if !request.takes("OPTIONS") {
        return made.left(title, "the route does not take OPTIONS");
    }
    if plugin.config("preflight_continue") == &Value::Bool(true) {
        return made.left(title, "it goes on to the service");
    }
    let mut preflight = request.with("OPTIONS");
    for (name, value) in [("origin", origin), ("access-control-request-method", "GET")] {
        preflight.headers.insert(name.to_owned(), value.into());
    }
    let mut expect = if may {
        allowed()
    } else {
        Expectation::default()
    };
    let done = [200, 204].map(StatusWanted::One);
    expect.status = Some(StatusWanted::Any(done.to_vec()));
    made.add(route, title, preflight, expect, may.then_some(plugin.id));
}

fn allowed() -> Expectation {
    let mut expect = Expectation::default();
    let header = "access-control-allow-origin".to_owned();
    expect.headers.insert(header, present());
    expect
}
