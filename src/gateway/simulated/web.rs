//! Requests in the model. No server is there, so what a node that serves would answer is what the request hopes for; a node that
//! does not run, or runs on tables that are not its own any more, answers as such a node does.

use serde_json::Value;

use super::{Happened, Simulated, Work};
use crate::gateway::{Expectation, Failure, HttpAnswer, HttpRequest, Reach, Web};
use crate::kong::schema::Fit;

impl Web for Simulated {
    async fn request(
        &self,
        request: &HttpRequest,
        _reach: Reach,
        hoped: &Expectation,
    ) -> Result<HttpAnswer, Failure> {
        self.work(Work::Request, 0);
        let node = self.look(|state| {
            let asked = state
                .world
                .nodes
                .iter()
                .find(|(_, node)| request.url.starts_with(node.proxy.trim_end_matches('/')));
            asked.map(|(name, node)| {
                let schema = node
                    .database
                    .as_ref()
                    .and_then(|name| state.world.databases.get(name))
                    .map(|database| &database.schema);
                let fit = node
                    .running
                    .map(|version| schema.map_or(Fit::Serves, |schema| schema.fit(&version)));
                (name.clone(), fit)
            })
        });
        match node {
            Some((_, None)) => Err(Failure::new(
                "http.unreachable",
                format!(
                    "no answer from `{}`: Connection refused (os error 111)",
                    request.url
                ),
            )),
            Some((_, Some(Fit::Outdated | Fit::RefusesToStart))) => Ok(HttpAnswer {
                status: 500,
                ..hoped_for(hoped)
            }),
            Some((node, Some(Fit::Serves))) => {
                self.happen(Happened::Proven { node });
                Ok(hoped_for(hoped))
            }
            None => Ok(hoped_for(hoped)),
        }
    }

    async fn proxy_url(&self, node: &str) -> Result<String, Failure> {
        self.node(node, |node| node.proxy.clone())
    }
}

/// An answer that is what was hoped for.
fn hoped_for(hoped: &Expectation) -> HttpAnswer {
    let mut json = Value::Null;
    for (pointer, value) in &hoped.json {
        put(&mut json, pointer, value.clone());
    }
    HttpAnswer {
        status: hoped.status.unwrap_or(200),
        headers: hoped
            .headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.clone()))
            .collect(),
        json,
        bytes: 0,
        milliseconds: 1,
    }
}

/// Puts a value at a JSON pointer (RFC 6901), making objects on the way.
fn put(into: &mut Value, pointer: &str, value: Value) {
    let mut place = into;
    for key in pointer.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        if !place.is_object() {
            *place = Value::Object(serde_json::Map::new());
        }
        place = &mut place[key.as_str()];
    }
    *place = value;
}
