//! What is made of whole files: ids and references, what is wrong with them, and what is told of them.

use super::*;
use crate::lab::stand_in::conf::Settings;

fn node(version: Version) -> Node {
    let conf = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(conf.path(), "database = off\n").expect("written");
    let settings = Settings::load(Some(conf.path()), None, []).expect("valid");
    Node::new(version, settings).expect("a node")
}

fn parsed(version: Version, text: &str) -> Result<Held, String> {
    let node = node(version);
    unserialise(text, None)
        .and_then(|file| parse(&node, file, Some("h".repeat(32))))
        .map_err(|error| error.to_string())
}

const OLDER: Version = Version::new(2, 8, 5);
const NEWER: Version = Version::new(3, 9, 1);

const NESTED: &str = r"
_format_version: '2.1'
services:
- name: orders
  url: http://h:81/base
  routes:
  - name: lines
    paths: ['/orders/\d+$', /plain]
    plugins:
    - name: key-auth
consumers:
- username: alice
  basicauth_credentials:
  - username: alice
    password: secret
plugins:
- name: acl
  service: orders
  config: {allow: [friends]}
_comment: for people
";

#[test]
fn entities_in_each_other_get_ids_that_stay_and_refer_to_each_other() {
    let held = parsed(NEWER, NESTED).expect("valid");
    assert_eq!(held, {
        let mut again = parsed(NEWER, NESTED).expect("valid");
        // Only the moment of reading may differ.
        for (list, first) in again.entities.values_mut().zip(held.entities.values()) {
            for (entity, first) in list.iter_mut().zip(first) {
                for moment in ["created_at", "updated_at"] {
                    if let Some(found) = first.get(moment) {
                        entity.insert(moment.to_owned(), found.clone());
                    }
                }
            }
        }
        again
    });
    let one = |table: &str, at: usize| &held.entities[table][at];
    let (service, route) = (one("services", 0), one("routes", 0));
    assert_eq!(service["port"], 81);
    assert_eq!(route["service"]["id"], service["id"]);
    assert_eq!(route["paths"], json!(["~/orders/\\d+$", "/plain"]));
    let of = |name: &str| {
        let plugins = &held.entities["plugins"];
        plugins.iter().find(|plugin| plugin["name"] == name)
    };
    assert_eq!(of("key-auth").expect("there")["route"]["id"], route["id"]);
    assert_eq!(of("acl").expect("there")["service"]["id"], service["id"]);
    let credential = one("basicauth_credentials", 0);
    assert_eq!(credential["consumer"]["id"], one("consumers", 0)["id"]);
    assert_ne!(credential["password"], "secret");
    // 2.x knows an expression by its characters.
    let older = parsed(OLDER, NESTED).expect("valid");
    assert_eq!(older.entities["routes"][0]["paths"][0], "/orders/\\d+$");
    assert_eq!(older.entities["routes"][0]["id"], route["id"]);
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    for (version, text, told) in [
        (
            OLDER,
            "[]",
            "failed parsing declarative configuration: expected an object",
        ),
        (OLDER, "{}", "in '_format_version': required field missing"),
        (
            OLDER,
            "{_format_version: '3.0'}",
            "in '_format_version': expected one of: 1.1, 2.1",
        ),
        (
            NEWER,
            "{_format_version: '3.0', servises: []}",
            "in 'servises': unknown field",
        ),
        (
            NEWER,
            "{_format_version: '3.0', services: [{host: h}, {name: s, port: x}]}",
            "in 'services':\n  - in entry 2 of 'services':\n    in 'host': required field missing\n    in 'port': expected an integer",
        ),
        (
            NEWER,
            "{_format_version: '3.0', services: [{name: s, host: h, routes: [{name: r}]}]}",
            "in 'services':\n  - in entry 1 of 'services':\n    in 'routes':\n      - in entry 1 of 'routes':\n        in '@entity':\n          - in entry 1 of '@entity': at least one of these fields must be non-empty: 'methods', 'hosts', 'headers', 'paths', 'snis'",
        ),
        (
            NEWER,
            "{_format_version: '3.0', routes: [{name: r, paths: [/a], service: nobody}]}",
            "in 'routes':\n  in 'r':\n    - in entry 1 of 'r': invalid reference 'service: nobody' (no such entry in 'services')",
        ),
        (
            NEWER,
            "{_format_version: '3.0', services: [{name: s, host: h}, {name: s, host: i}]}",
            "in 'services':\n  - in entry 2 of 'services': uniqueness violation: 'services' entity with name set to 's' already declared",
        ),
        (
            NEWER,
            "{_format_version: '3.0', plugins: [{name: rate-limiting, config: {minute: 1, policy: cluster}}]}",
            "in 'plugins':\n  - in entry 1 of 'plugins':\n    in 'config':\n      in 'policy': expected one of: local, redis",
        ),
    ] {
        assert_eq!(parsed(version, text).expect_err(text), told);
    }
}

#[test]
fn an_answer_tells_the_same_as_kong_writes_tables() {
    let problems = json!({"services": [null, {"host": "required field missing"}]});
    let body = DeclarativeError::Invalid(problems).body();
    assert_eq!(
        body["message"],
        "declarative config is invalid: {services={[2]={host=\"required field missing\"}}}"
    );
    assert_eq!(body["code"], 14);
}

#[test]
fn what_is_told_is_read_again_as_the_same() {
    let node = node(NEWER);
    let held = parsed(NEWER, NESTED).expect("valid");
    let told = text(&NEWER, &node.schema, &held);
    assert!(
        told.starts_with("_format_version: '3.0'\n_transform: false\n"),
        "{told}"
    );
    assert_eq!(parsed(NEWER, &told).expect("valid"), held);
}

#[test]
fn no_entities_are_no_configuration_since_3() {
    let empty = "{_format_version: '2.1'}";
    assert_eq!(parsed(NEWER, empty).expect("valid").hash, EMPTY_HASH);
    assert_eq!(parsed(OLDER, empty).expect("valid").hash, "h".repeat(32));
}
