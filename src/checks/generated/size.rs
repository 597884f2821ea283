//! How long bodies may be: one that just fits and one that does not, announced and never sent, so that nothing behind the gateway hears of
//! them.

use super::Generated;
use super::access::Access;
use super::plugins::{DECIDING, Plugin, Plugins};
use super::route::{Request, Route};
use crate::checks::CheckDescription;
use crate::gateway::{Body, Expectation, HttpRequest};

impl Plugins<'_> {
    /// Adds the checks of a route with the plugin `request-size-limiting`.
    pub(super) fn sizes(
        &self,
        route: &Route<'_>,
        request: &Request,
        access: &Access<'_>,
        made: &mut Generated,
    ) {
        let Some(plugin) = self.effective("request-size-limiting", route, None) else {
            return;
        };
        let title = format!("route {}: how long a body may be", route.name());
        if !route.buffers_requests() {
            return made.left(title, "it passes bodies on before they are whole");
        }
        let Some(most) = most_bytes(plugin) else {
            return made.left(title, "its limit is no number");
        };
        let refusing = self.refusing(route);
        let asked = request.with(request.method_with_body());
        let asked = match refusing {
            None => Some(asked),
            Some(refusing) => access.let_in(refusing, asked),
        };
        let Some(asked) = asked else {
            return made.left(title, "nobody is known who is let in");
        };
        let announced = |bytes: u64| HttpRequest {
            body: Some(Body::Announced { announced: bytes }),
            ..asked.clone()
        };
        let is_judged = self.asking(route).is_none()
            && DECIDING
                .iter()
                .all(|name| self.effective(name, route, None).is_none());
        let too_long = announced(most.saturating_add(1));
        if is_judged {
            let title = format!("route {}: a body that is too long", route.name());
            // What Kong answers to whom it is only announced; 413 is for one that was sent.
            let refused = Expectation::status(417);
            made.add(route, title, too_long, refused, [plugin.id]);
        } else {
            made.further(route, too_long);
        }
        made.further(route, announced(most));
    }
}

/// The longest body that is let in, in bytes.
fn most_bytes(plugin: &Plugin<'_>) -> Option<u64> {
    let unit = match plugin.config("size_unit").as_str() {
        Some("bytes") => 1,
        Some("kilobytes") => 1 << 10,
        _ => 1 << 20,
    };
    plugin
        .config("allowed_payload_size")
        .as_u64()?
        .checked_mul(unit)
}

impl Generated {
    /// Adds a request to compare by.
    pub(super) fn further(&mut self, route: &Route<'_>, request: HttpRequest) {
        let begun = format!("route {}: further request ", route.name());
        let before = self.further.iter().filter(|check| {
            let name = check.name.as_ref();
            name.is_some_and(|name| name.starts_with(&begun))
        });
        let name = format!("{begun}{}", before.count() + 1);
        self.further.push(CheckDescription {
            name: Some(name),
            request,
            expect: Expectation::default(),
            retries: 0,
        });
    }
}
