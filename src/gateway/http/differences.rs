//! What of an answer is not as it must be.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Expectation, HttpAnswer, HttpVersion, Wanted};

/// One thing of an answer that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What of the answer, such as ``header `via` ``.
    pub about: String,
    /// How it is instead, in words that follow it.
    pub told: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.about, self.told)
    }
}

/// Headers whose values let somebody in, and so are shown nowhere.
const SECRET_HEADERS: [&str; 7] = [
    "set-cookie",
    "cookie",
    "authorization",
    "proxy-authorization",
    "apikey",
    "x-api-key",
    "kong-admin-token",
];

/// Whether the values of a header let somebody in.
#[must_use]
pub fn is_secret_header(header: &str) -> bool {
    let is = |secret: &&str| header.eq_ignore_ascii_case(secret);
    SECRET_HEADERS.iter().any(is)
}

/// What of `answer` is not as `expect` wants it.
#[must_use]
pub fn differences(expect: &Expectation, answer: &HttpAnswer) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut missed = |about: String, told: Vec<String>| {
        let about = |told| Difference {
            about: about.clone(),
            told,
        };
        all.extend(told.into_iter().map(about));
    };
    if let Some(wanted) = &expect.status
        && !wanted.takes(answer.status)
    {
        let told = format!("{} instead of {wanted}", answer.status);
        missed("status".to_owned(), vec![told]);
    }
    for (name, wanted) in &expect.headers {
        let found = answer.headers.get(&name.to_ascii_lowercase());
        let told = wanted.missed_by(found.map(|value| json!(value)).as_ref());
        let told = if is_secret_header(name) && found.is_some() && !told.is_empty() {
            vec!["is another".to_owned()]
        } else {
            told
        };
        missed(format!("header `{name}`"), told);
    }
    if !expect.json.is_empty() {
        let body = answer.json();
        for (path, wanted) in &expect.json {
            let found = value_at(&body, path);
            missed(
                format!("`{path}` in the body"),
                wanted.missed_by(found.as_ref()),
            );
        }
    }
    let mut value = |about: &str, wanted: Option<&Wanted>, found: &dyn Fn() -> Value| {
        if let Some(wanted) = wanted {
            missed(about.to_owned(), wanted.missed_by(Some(&found())));
        }
    };
    value("body", expect.body.as_ref(), &|| json!(answer.body));
    value("length of the body", expect.bytes.as_ref(), &|| {
        json!(answer.bytes)
    });
    if let Some(version) = &expect.http {
        let version = match version {
            HttpVersion::One => "1.1",
            HttpVersion::Two => "2",
        };
        value(
            "version of HTTP",
            Some(&Wanted::Value(json!(version))),
            &|| json!(answer.version),
        );
    }
    if let Some(wanted) = &expect.certificate {
        match &answer.certificate {
            None => missed("certificate".to_owned(), vec!["is missing".to_owned()]),
            Some(found) => {
                let mut part = |about: &str, wanted: Option<&Wanted>, found: Value| {
                    let told = wanted.map(|wanted| wanted.missed_by(Some(&found)));
                    missed(format!("certificate's {about}"), told.unwrap_or_default());
                };
                part("subject", wanted.subject.as_ref(), json!(found.subject));
                part("issuer", wanted.issuer.as_ref(), json!(found.issuer));
                part("names", wanted.names.as_ref(), json!(found.names));
                part(
                    "`days_left`",
                    wanted.days_left.as_ref(),
                    json!(found.days_left),
                );
            }
        }
    }
    if let Some(within) = expect.within.filter(|within| answer.milliseconds > *within) {
        let told = format!("{} ms instead of at most {within} ms", answer.milliseconds);
        missed("took".to_owned(), vec![told]);
    }
    all
}

/// The value at a JSON pointer or a JSON path.
fn value_at(body: &Value, path: &str) -> Option<Value> {
    if !path.starts_with('$') {
        return body.pointer(path).cloned();
    }
    let path = serde_json_path::JsonPath::parse(path).ok()?;
    let found = path.query(body).all();
    match found[..] {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(found.into_iter().cloned().collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn answer() -> HttpAnswer {
        HttpAnswer {
            url: "http://127.0.0.1:8000/orders".to_owned(),
            status: 200,
            version: "1.1".to_owned(),
            headers: BTreeMap::from([
                ("via".to_owned(), "kong/3.9.1".to_owned()),
                ("apikey".to_owned(), "a-secret".to_owned()),
                ("x-kong-proxy-latency".to_owned(), "7".to_owned()),
            ]),
            body: r#"{"orders":[{"id":1,"state":"open"},{"id":2,"state":"done"}]}"#.to_owned(),
            bytes: 60,
            milliseconds: 12,
            redirects: 0,
            certificate: None,
        }
    }

    fn told(expect: &Value) -> Vec<String> {
        let expect: Expectation = serde_json::from_value(expect.clone()).expect("an expectation");
        assert_eq!(expect.problem(), None);
        let found = differences(&expect, &answer());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_that_is_as_it_must_be_is_not_told() {
        let all = json!({
            "status": "2xx", "headers": {"Via": {"matches": "^kong/3"}, "x-kong-proxy-latency": {"at_most": 20}, "server": {"present": false}},
            "json": {"/orders/0/id": 1, "$.orders[?@.state=='done'].id": 2, "$.orders[*].id": [1, 2], "$..id": {"count": 2}, "$.customers": {"present": false}},
            "body": {"contains": "open"}, "bytes": {"at_least": 10}, "http": "1.1", "within": 12
        });
        assert!(told(&all).is_empty(), "{:?}", told(&all));
    }

    #[test]
    fn each_thing_that_is_not_is_told_by_itself() {
        insta::assert_snapshot!(told(&json!({
            "status": [201, 204], "headers": {"Via": "kong/2.8.5", "apikey": "b", "server": "x"},
            "json": {"/orders/0/id": 3, "$.orders[*].state": {"contains": "late"}, "/none": 1},
            "body": {"matches": "^x"}, "bytes": 3, "http": "2", "certificate": {"days_left": {"at_least": 30}}, "within": 5
        })).join("\n"), @r#"
        status 200 instead of 201 or 204
        header `Via` is "kong/3.9.1" instead of "kong/2.8.5"
        header `apikey` is another
        header `server` is missing
        `$.orders[*].state` in the body is ["open","done"], without "late"
        `/none` in the body is missing
        `/orders/0/id` in the body is 1 instead of 3
        body is "{\"orders\":[{\"id\":1,\"state\":\"open\"},{\"id\":2,\"state\":\"done\"}]}", not like `^x`
        length of the body is 60 instead of 3
        version of HTTP is "1.1" instead of "2"
        certificate is missing
        took 12 ms instead of at most 5 ms
        "#);
    }

    #[test]
    fn what_is_written_wrongly_is_told_before_anything_is_asked() {
        let problem = |expect: Value| {
            let expect: Expectation = serde_json::from_value(expect).expect("an expectation");
            expect.problem().expect("a problem")
        };
        for (expect, told) in [
            (
                json!({"status": "9xx"}),
                "`9xx` is no class of status: write `2xx`, or the number without quotes",
            ),
            (json!({"status": []}), "a list of no status is never right"),
            (json!({"status": 7}), "7 is no status"),
            (
                json!({"json": {"orders": 1}}),
                "`orders` is neither a JSON pointer nor a JSON path: it begins with `/` or `$`",
            ),
        ] {
            assert_eq!(problem(expect), told);
        }
        assert!(
            problem(json!({"body": {"matches": "("}})).starts_with("`(` is no regular expression")
        );
        assert!(problem(json!({"json": {"$[": 1}})).starts_with("`$[` is neither"));
    }
}
