//! Which entities belong together, and what is said of those that have no other.

use serde_json::{Value, json};

use super::{Comparison, Entities, Schemas, compare, differences, expected, of, version};

fn compared(blue: &Entities, green: &Entities) -> Comparison {
    let (from, to) = (version("2.8.5"), version("3.9.1"));
    compare(blue, green, &Schemas::default(), &from, &to)
}

fn service(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name})
}

#[test]
fn what_one_gateway_has_and_the_other_has_not_is_told_by_its_name() {
    let blue = of("services", [service("1", "one"), service("2", "two")]);
    let green = of("services", [service("3", "one"), service("2", "two")]);
    let found = compared(&blue, &green);
    assert_eq!(differences(&found), ["1 only blue", "3 only green"]);
    assert_eq!(found.compared["services"], 1);
    let lost = serde_json::to_value(&found.differences[0]).expect("JSON");
    let told = json!({"kind": "services", "workspace": "default", "name": "one", "id": "1", "what": "only_blue"});
    assert_eq!(lost, told);
}

#[test]
fn a_kind_that_only_one_gateway_has_anything_of_is_compared_with_nothing() {
    let some = of("services", [service("1", "one")]);
    let none = Entities::default();
    assert_eq!(differences(&compared(&some, &none)), ["1 only blue"]);
    assert_eq!(differences(&compared(&none, &some)), ["1 only green"]);
    assert_eq!(compared(&none, &none), Comparison::default());
}

#[test]
fn the_same_id_in_two_workspaces_is_two_entities() {
    let (mut blue, mut green) = (Entities::default(), Entities::default());
    blue.add("services", "default", [service("1", "one")]);
    blue.add("services", "team", [service("1", "one")]);
    green.add("services", "default", [service("1", "one")]);
    green.add("services", "team", [service("1", "other")]);
    let found = compared(&blue, &green);
    let places: Vec<&str> = found
        .differences
        .iter()
        .map(|difference| difference.subject.workspace.as_str())
        .collect();
    assert_eq!(places, ["team"]);
    assert_eq!(found.compared["services"], 2);
}

#[test]
fn a_workspace_is_found_by_its_name() {
    let blue = of(
        "workspaces",
        [json!({"id": "1", "name": "default", "comment": null})],
    );
    let green = of(
        "workspaces",
        [json!({"id": "2", "name": "default", "comment": "ours"})],
    );
    let found = compared(&blue, &green);
    assert_eq!(differences(&found), [r#"comment: null -> "sealed""#]);
    assert_eq!(expected(&found), ["id: derived"]);
}

#[test]
fn what_was_not_read_is_not_compared_and_says_why() {
    let mut blue = of("services", [service("1", "one")]);
    let mut green = of("services", [service("2", "two")]);
    green.unread("services", "it answered 500");
    // What comes after does not make it whole again.
    green.add("services", "team", [service("3", "three")]);
    blue.unread("routes", "it was not asked");
    green.add("routes", "default", [service("4", "four")]);
    green.add("tags", "default", [json!({"tag": "a"})]);
    let found = compared(&blue, &green);
    assert_eq!(differences(&found), [""; 0]);
    assert!(found.compared.is_empty());
    let told: Vec<String> = found
        .not_compared
        .iter()
        .map(|(kind, why)| format!("{kind}: {why}"))
        .collect();
    assert_eq!(
        told,
        [
            "routes: it was not asked",
            "services: it answered 500",
            "tags: they are compared with the entities that have them",
        ]
    );
}

#[test]
fn a_kind_whose_new_name_is_taken_is_told() {
    let (mut blue, mut green) = (Entities::default(), Entities::default());
    blue.add("vaults", "default", [service("1", "hcv")]);
    blue.add("vaults-beta", "default", [service("2", "env")]);
    green.add("vaults", "default", [service("1", "hcv")]);
    let found = compared(&blue, &green);
    assert_eq!(differences(&found), [""; 0]);
    assert_eq!(found.compared["vaults"], 1);
    let why = "the new version calls it `vaults`, which the old gateway has too";
    assert_eq!(
        found.not_compared,
        [("vaults-beta".to_owned(), why.to_owned())]
    );
}

#[test]
fn what_is_said_comes_in_an_order_of_its_own() {
    let one = of(
        "services",
        [service("1", "b"), service("2", "a"), service("3", "c")],
    );
    let other = of(
        "services",
        [service("3", "c"), service("2", "a"), service("1", "b")],
    );
    let none = Entities::default();
    let told = differences(&compared(&one, &none));
    assert_eq!(told, ["2 only blue", "1 only blue", "3 only blue"]);
    assert_eq!(told, differences(&compared(&other, &none)));
}

#[test]
fn what_has_no_id_is_found_by_its_name_and_what_is_no_entity_is_left_out() {
    let blue = of("ours", [json!({"name": "a", "size": 1}), json!("?")]);
    let green = of("ours", [json!({"name": "a", "size": 2})]);
    let found = compared(&blue, &green);
    assert_eq!(differences(&found), ["size: 1 -> 2"]);
    assert_eq!(found.compared["ours"], 1);
}

#[test]
fn entities_that_cannot_be_told_apart_do_not_hide_each_other() {
    let blue = of("ours", [json!({"size": 1}), json!({"size": 2})]);
    let green = of("ours", [json!({"size": 3}), json!({"size": 2})]);
    assert_eq!(differences(&compared(&blue, &green)), ["size: 1 -> 3"]);
    let more = of(
        "ours",
        [json!({"size": 1}), json!({"size": 2}), json!({"size": 2})],
    );
    assert_eq!(differences(&compared(&blue, &more)), [" only green"]);
}
