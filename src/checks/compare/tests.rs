//! Pairs of answers, and what is told of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

fn answer(status: u16, headers: &Value, body: &Value) -> HttpAnswer {
    let headers: BTreeMap<String, String> =
        serde_json::from_value(headers.clone()).expect("headers");
    HttpAnswer {
        url: "http://127.0.0.1/".to_owned(),
        status,
        version: "1.1".to_owned(),
        headers,
        body: body
            .as_str()
            .map_or_else(|| body.to_string(), str::to_owned),
        bytes: 1,
        milliseconds: 1,
        redirects: 0,
        certificate: None,
    }
}

fn silence() -> Result<HttpAnswer, Failure> {
    Err(Failure::new("http.unreachable", "no answer"))
}

fn told(blue: &Answers, green: &Answers) -> String {
    let compared = compare(blue, green, &Scope::default());
    format!("{:?}: {}", compared.verdict, compared.told.join("; "))
}

#[test]
fn what_is_otherwise_each_time_is_no_difference() {
    let at = |time: u32| {
        answer(
            200,
            &json!({"date": time.to_string(), "etag": time.to_string()}),
            &json!({"time": time, "same": [1, {}]}),
        )
    };
    let compared = compare(
        &[Ok(at(1)), Ok(at(2))],
        &[Ok(at(3)), Ok(at(4))],
        &Scope::default(),
    );
    assert_eq!(compared.verdict, Sameness::Same);
    assert_eq!(compared.noise, ["body /time", "header etag"]);
}

#[test]
fn what_each_side_says_twice_and_not_the_other_is_told() {
    let blue = || {
        answer(
            401,
            &json!({"server": "kong/2.8.5", "www-authenticate": "Key realm=\"kong\"", "x-ratelimit-limit-minute": "10", "x-ratelimit-remaining-minute": "3"}),
            &json!({"message": "Unauthorized"}),
        )
    };
    let green = || {
        answer(
            401,
            &json!({"server": "kong/3.9.1", "x-ratelimit-limit-minute": "5", "x-ratelimit-remaining-minute": "4"}),
            &json!({"message": "No"}),
        )
    };
    insta::assert_snapshot!(told(&[Ok(blue()), Ok(blue())], &[Ok(green()), Ok(green())]), @r#"Different: body /message: `"Unauthorized"` in blue, `"No"` in green; header www-authenticate: `Key realm="kong"` in blue, missing in green; header x-ratelimit-limit-minute: `10` in blue, `5` in green"#);
}

#[test]
fn silence_and_wavering_are_told_apart_from_a_difference() {
    let ok = || Ok(answer(200, &json!({}), &json!("x")));
    let limited = || Ok(answer(429, &json!({}), &json!("x")));
    assert_eq!(told(&[ok(), ok()], &[ok(), ok()]), "Same: ");
    assert_eq!(
        told(&[ok(), ok()], &[silence(), silence()]),
        "Different: one side alone answers: green: no answer"
    );
    assert_eq!(
        told(&[silence(), silence()], &[silence(), silence()]),
        "Inconclusive: neither answers: blue: no answer; green: no answer"
    );
    assert_eq!(
        told(&[ok(), silence()], &[ok(), ok()]),
        "Inconclusive: blue answers only once of two times: no answer"
    );
    assert_eq!(
        told(&[ok(), ok()], &[ok(), limited()]),
        "Inconclusive: green answers with status 200 and then with 429"
    );
    assert_eq!(
        told(&[ok(), ok()], &[limited(), limited()]),
        "Different: status: `200` in blue, `429` in green"
    );
}

#[test]
fn what_is_left_out_by_rule_is_not_compared() {
    let blue = || {
        let body = json!({"one": 1, "two": {"three": 3}});
        answer(200, &json!({"x-a": "1", "x-b": "1"}), &body)
    };
    let green = || {
        let body = json!({"one": 1, "two": {"three": 4, "five": 5}});
        answer(200, &json!({"x-a": "2"}), &body)
    };
    let told = |scope: &Scope| {
        let compared = compare(
            &[Ok(blue()), Ok(blue())],
            &[Ok(green()), Ok(green())],
            scope,
        );
        compared.told.len()
    };
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let without = |left_out: &[&str]| Scope::of(names(left_out), None, BodyCompared::Values);
    assert_eq!(told(&Scope::default()), 4);
    assert_eq!(told(&without(&["header X-A", "body /two/*"])), 1);
    assert_eq!(told(&without(&["header x-*", "body*"])), 0);
    assert_eq!(without(&["header x-*", "body*", "status"]).problem(), None);
    assert!(without(&["x-a"]).problem().is_some());
    // A value that is another one has the same shape; one more has not.
    let chosen = |body| Scope::of(Vec::new(), Some(names(&["X-B"])), body);
    assert_eq!(told(&chosen(BodyCompared::Values)), 3);
    assert_eq!(told(&chosen(BodyCompared::Shape)), 2);
    assert_eq!(told(&chosen(BodyCompared::None)), 1);
}

#[test]
fn a_pace_wants_a_sample() {
    assert_eq!(
        pace(vec![1; 19], vec![900; 19], 2.0)
            .expect("some")
            .is_slower,
        None
    );
    assert_eq!(
        pace(vec![10; 20], vec![900; 20], 2.0)
            .expect("some")
            .is_slower,
        Some(true)
    );
    assert_eq!(
        pace(vec![1; 20], vec![15; 20], 2.0)
            .expect("some")
            .is_slower,
        Some(false)
    );
    assert_eq!(
        pace(vec![100; 20], vec![150; 20], 2.0)
            .expect("some")
            .is_slower,
        Some(false)
    );
    assert!(pace(Vec::new(), vec![1], 2.0).is_none());
}
