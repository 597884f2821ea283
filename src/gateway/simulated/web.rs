//! Requests in the model. No server is there, so what a node that serves would answer is what the request hopes for; a node that
//! does not run, or runs on tables that are not its own any more, answers as such a node does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Happened, Simulated, Work};
use crate::gateway::{
    Expectation, Failure, HttpAnswer, HttpRequest, Reach, Reached, Reaching, StatusWanted, Web, at,
};
use crate::kong::addresses::Address;
use crate::kong::schema::Fit;

impl Web for Simulated {
    async fn request(
        &self,
        request: &HttpRequest,
        reach: &Reach,
        hoped: &Expectation,
    ) -> Result<HttpAnswer, Failure> {
        self.work(Work::Request, 0);
        let node = self.look(|state| {
            let Reach::Node(name) = reach else {
                return None;
            };
            let asked = state.world.nodes.get_key_value(name);
            asked.map(|(name, node)| {
                let schema = node
                    .database
                    .as_ref()
                    .and_then(|name| state.world.databases.get(name))
                    .map(|database| &database.schema);
                let fit = node
                    .running
                    .map(|version| schema.map_or(Fit::Serves, |schema| schema.fit(&version)));
                let is_empty = (node.declared.as_ref()).is_some_and(|has| has.hash.is_none());
                (name.clone(), node.proxy.clone(), fit, is_empty)
            })
        });
        match node {
            Some((name, None, ..)) => Err(no_proxy(&name)),
            Some((_, Some(proxy), None, _)) => {
                let url = at(&proxy, &request.url).unwrap_or_else(|_| request.url.clone());
                let message = format!("no answer from `{url}`: Connection refused (os error 111)");
                Err(Failure::new("http.unreachable", message))
            }
            Some((_, _, Some(Fit::Outdated | Fit::RefusesToStart), _)) => Ok(HttpAnswer {
                status: 500,
                ..hoped_for(hoped)
            }),
            Some((_, _, _, true)) => Ok(HttpAnswer {
                status: 404,
                ..hoped_for(hoped)
            }),
            Some((node, _, Some(Fit::Serves), false)) => {
                self.happen(Happened::Proven { node });
                Ok(hoped_for(hoped))
            }
            None => Ok(hoped_for(hoped)),
        }
    }

    async fn answers_clients(&self, node: &str) -> Result<bool, Failure> {
        self.node(node, |node| node.proxy.is_some())
    }

    async fn proxy_url(&self, node: &str) -> Result<String, Failure> {
        let proxy = self.node(node, |node| node.proxy.clone())?;
        proxy.ok_or_else(|| no_proxy(node))
    }
}

impl Reaching for Simulated {
    async fn reach(&self, node: &str, _address: &Address) -> Result<Reached, Failure> {
        self.work(Work::Request, 0);
        self.node(node, |_| Reached::Yes)
    }

    /// A model's nodes have no settings of which this could be read.
    async fn named_by_settings(
        &self,
        node: &str,
    ) -> Result<BTreeMap<Address, BTreeSet<String>>, Failure> {
        self.node(node, |_| BTreeMap::new())
    }
}

fn no_proxy(node: &str) -> Failure {
    let message = format!("`{node}` is a control plane and answers no clients");
    Failure::new("http.no_proxy", message)
        .hint("check the data planes of its cluster: `cluster.data_planes`")
}

/// An answer that is what was hoped for.
fn hoped_for(hoped: &Expectation) -> HttpAnswer {
    let mut json = Value::Null;
    for (path, wanted) in &hoped.json {
        // What a JSON path would find is not made up.
        if let Some(value) = wanted.example().filter(|_| path.starts_with('/')) {
            put(&mut json, path, value);
        }
    }
    let headers = hoped.headers.iter().filter_map(|(name, wanted)| {
        let value = match wanted.example()? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some((name.to_lowercase(), value))
    });
    HttpAnswer {
        url: String::new(),
        status: hoped.status.as_ref().map_or(200, StatusWanted::example),
        version: "1.1".to_owned(),
        headers: headers.collect(),
        body: json.to_string(),
        bytes: 0,
        milliseconds: 1,
        redirects: 0,
        certificate: None,
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
