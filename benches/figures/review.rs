//! Judging the rules of a review, and the paths of many routes.

use std::collections::BTreeMap;
use std::hint::black_box;

use cutover::kong::Version;
use cutover::kong::advisories::{Entity, Evidence, Known, Review, shipped};
use cutover::kong::routes::{Fits, StoredPath};
use serde_json::{Value, json};

use super::{Bench, row, timed};

/// Entities of the cluster that is reviewed.
const ENTITIES: usize = 10_000;

/// Routes whose paths are judged, and how many different expressions they have.
const ROUTES: usize = 100_000;
const EXPRESSIONS: usize = 10_000;

impl Bench {
    pub(super) fn review() {
        let rules = shipped();
        let evidence = evidence();
        let (from, to) = (Version::new(2, 8, 5), Version::new(3, 14, 0));
        let reviewed = timed(|| {
            black_box(Review::of(&rules, &from, &to, &evidence));
        });
        // What cannot be avoided: every entity is looked at once.
        let text = serde_json::to_string(&evidence).expect("plain data");
        let read = timed(|| {
            black_box(serde_json::from_str::<Value>(&text).expect("JSON"));
        });
        let name = format!("review of {ENTITIES} entities, {} rules", rules.len());
        row(&name, reviewed, "reading them as JSON", read);
        let paths: Vec<String> = (0..ROUTES).map(path).collect();
        let judged = timed(|| {
            let fits = Fits::default();
            for path in &paths {
                black_box(StoredPath::of(path).migrated());
                black_box(fits.of(path));
            }
        });
        let compiled = timed(|| {
            for path in paths.iter().take(EXPRESSIONS) {
                black_box(regex::Regex::new(&format!("^{path}")).is_ok());
            }
        });
        let name = format!("paths of {ROUTES} routes, {EXPRESSIONS} different");
        row(&name, judged, "compiling each different one", compiled);
    }
}

/// One path in ten is another expression.
fn path(number: usize) -> String {
    let number = number % EXPRESSIONS;
    match number % 4 {
        0 => format!("/api/v{number}/users/(?<id>[^/]+)/orders/[0-9]+$"),
        1 => format!("/shop-{number}/(?:items|carts)/\\d+"),
        2 => format!("/files/{number}/[a-z0-9_-]{{8,32}}\\.(json|xml)"),
        _ => format!("/legacy/{number}(/.*)?"),
    }
}

fn evidence() -> Evidence {
    let entity = |fields: Value| Entity {
        workspace: None,
        fields: fields.as_object().cloned().unwrap_or_default(),
    };
    let routes = (0..ENTITIES / 2).map(|number| {
        entity(json!({
            "id": format!("route-{number}"), "name": format!("route-{number}"), "paths": [path(number)],
            "path_handling": "v0", "protocols": ["http", "https"], "service": { "id": "one" },
        }))
    });
    let names = ["rate-limiting", "key-auth", "acl", "http-log", "session"];
    let plugins = (0..ENTITIES / 4).map(|number| {
        entity(json!({
            "id": format!("plugin-{number}"), "name": names[number % names.len()], "enabled": true,
            "config": { "policy": "local", "minute": 5, "whitelist": null, "redis_host": null },
        }))
    });
    let services = (0..ENTITIES / 4).map(|number| {
        entity(
            json!({ "id": format!("service-{number}"), "protocol": "https", "tls_verify": null }),
        )
    });
    let entities = BTreeMap::from([
        ("routes".to_owned(), Known::Known(routes.collect())),
        ("plugins".to_owned(), Known::Known(plugins.collect())),
        ("services".to_owned(), Known::Known(services.collect())),
    ]);
    Evidence {
        entities,
        ..Evidence::default()
    }
}
