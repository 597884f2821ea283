//! Kong's routers: a table of routes and requests, each with the answer of every router; all of them were played to Kong's own code.

use cutover::kong::Version;
use cutover::kong::router::requests::{Presumed, Requests};
use cutover::kong::router::{Asked, Flavour, Matched, Router, Why};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A version with the newest rules.
const NEWEST: Version = Version::new(3, 9, 1);

/// The cases.
const CASES: &str = include_str!("../fixtures/routing/cases.toml");

#[derive(Deserialize)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    says: String,
    routes: Vec<Map<String, Value>>,
    ask: String,
    service: Option<String>,
    strip: Option<bool>,
    port: Option<u16>,
    sni: Option<String>,
    all: Option<String>,
    two: Option<String>,
    traditional: Option<String>,
    compatible: Option<String>,
    why: Option<String>,
}

impl Case {
    fn routes(&self) -> Vec<Map<String, Value>> {
        let mut routes = self.routes.clone();
        for (fields, number) in routes.iter_mut().zip(1..) {
            let mut set = |field: &str, value: Value| fields.entry(field).or_insert(value).clone();
            set("id", json!(format!("00000000-0000-4000-8000-{number:012}")));
            set("created_at", json!(number));
            set("strip_path", json!(self.strip.unwrap_or(true)));
            set("service", json!({ "id": "s" }));
        }
        routes
    }

    fn asked(&self) -> Asked {
        let presumed = Presumed {
            port: self.port,
            ..Presumed::default()
        };
        let mut asked = Requests::new(self.ask.as_bytes(), presumed);
        let mut asked = asked.next().expect("a request");
        if self.sni.is_some() {
            asked.sni.clone_from(&self.sni);
        }
        asked
    }

    fn expected(&self) -> [(Flavour, &str); 3] {
        [
            (Flavour::Two, self.answer(self.two.as_ref())),
            (Flavour::Traditional, self.answer(self.traditional.as_ref())),
            (
                Flavour::TraditionalCompatible(NEWEST),
                self.answer(self.compatible.as_ref()),
            ),
        ]
    }

    fn answer<'a>(&'a self, own: Option<&'a String>) -> &'a str {
        own.or(self.all.as_ref()).expect("an answer")
    }
}

fn told(found: Option<&Matched>) -> String {
    let Some(found) = found else {
        return "404".to_owned();
    };
    let route = found.route_name.as_deref().expect("a name");
    let path = found.upstream_path.as_deref().expect("a path");
    let status = found.answered.map(|status| format!(" {status}"));
    format!("{route} {path}{}", status.unwrap_or_default())
}

#[test]
fn each_router_answers_as_kong_does() {
    let cases = toml::from_str::<File>(CASES).expect("cases").case;
    let mut wrong = Vec::new();
    for case in &cases {
        let services = [json!({ "id": "s", "path": case.service.as_deref().unwrap_or("/") })];
        let services = services.map(|service| service.as_object().expect("fields").clone());
        for (flavour, expected) in case.expected() {
            let (router, _) = Router::new(flavour, &case.routes(), &services);
            let found = told(router.find(&case.asked()).as_ref());
            if found != expected {
                wrong.push(format!(
                    "{}: {flavour:?} {found}, not {expected}",
                    case.says
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 120, "{}", cases.len());
}

#[test]
fn where_routers_differ_it_says_why() {
    for case in toml::from_str::<File>(CASES).expect("cases").case {
        let answers = case.expected().map(|(_, answer)| answer);
        let is_same = answers.iter().all(|answer| *answer == answers[0]);
        assert_ne!(is_same, case.why.is_some(), "{}", case.says);
    }
}

#[test]
fn what_is_left_out_is_told() {
    let routes = json!([
        { "name": "expression", "expression": "http.path ^= \"/\"" },
        { "name": "stream", "protocols": ["tcp"], "snis": ["a"] },
        { "name": "addresses", "paths": ["/"], "sources": [{ "ip": "10.0.0.1" }] },
        { "name": "nothing", "paths": [] },
        { "name": "service", "paths": ["/"], "service": { "name": "gone" } },
        { "name": "written", "paths": "/" },
        { "name": "look-ahead", "paths": ["/a", "~/b(?=c)"] },
        { "name": "set", "paths": ["~/[a&&b]"] },
    ]);
    let routes: Vec<Map<String, Value>> = serde_json::from_value(routes).expect("routes");
    let left_out = |flavour| {
        let (_, left_out) = Router::new(flavour, &routes, &[]);
        let told = left_out.iter().map(ToString::to_string);
        told.collect::<Vec<String>>().join("\n")
    };
    let old = left_out(Flavour::Two);
    assert_eq!(
        old,
        "\
route `expression`: it has an `expression`, which is not judged; replay its requests against the new version
route `stream`: it routes connections, of which a log of requests says nothing
route `addresses`: it looks at `sources` or `destinations`, which a log of requests does not have
route `nothing`: it has no conditions, so that Kong cannot order it; give it a path or a host
route `service`: its service `gone` is not among those given; give all services
route `written`: it cannot be read (invalid type: string \"/\", expected a sequence); write it as the Admin API does
route `set`: `/[a&&b]` is not judged (not as in PCRE here: `&&`, `--`, `~~` and `[` in brackets are operations on sets); replay its requests against the new version"
    );
    let new = left_out(Flavour::TraditionalCompatible(NEWEST));
    let last = new.lines().last().expect("a line");
    assert_eq!(
        last,
        "route `look-ahead`: Kong does not build `/b(?=c)` (look-around, including look-ahead and look-behind, is not supported); \
         write it anew, or set router_flavor=traditional"
    );
}

#[test]
fn a_part_of_a_route_that_is_not_built_leaves_the_others() {
    let route = json!({ "name": "a", "paths": ["/a", "~/b(?=c)"], "id": "00000000-0000-4000-8000-000000000001" });
    let routes = [route.as_object().expect("fields").clone()];
    let (router, left_out) = Router::new(Flavour::TraditionalCompatible(NEWEST), &routes, &[]);
    assert!(matches!(left_out[0].why, Why::NotBuilt { .. }));
    let mut asked = Requests::new(&b"GET http://x/a\nGET http://x/bc"[..], Presumed::default());
    let found = asked.by_ref().map(|asked| router.find(&asked).is_some());
    assert_eq!(found.collect::<Vec<bool>>(), [true, false]);
}

#[test]
fn routes_of_disabled_services_are_not_there() {
    let route = json!({ "name": "a", "paths": ["/"], "service": { "id": "s" } });
    let service = json!({ "id": "s", "enabled": false });
    let fields = |value: Value| [value.as_object().expect("fields").clone()];
    let (router, left_out) = Router::new(Flavour::Two, &fields(route), &fields(service));
    assert_eq!(left_out, []);
    let mut asked = Requests::new(&b"/a"[..], Presumed::default());
    assert_eq!(router.find(&asked.next().expect("a request")), None);
}

#[test]
fn older_versions_of_the_new_router_know_less() {
    let routes = json!([
        { "name": "port", "hosts": ["a.example.com:8000"], "id": "00000000-0000-4000-8000-000000000001" },
        { "name": "name", "snis": ["*.example.org"], "id": "00000000-0000-4000-8000-000000000002" },
    ]);
    let routes: Vec<Map<String, Value>> = serde_json::from_value(routes).expect("routes");
    let text =
        "GET https://a.example.com:8000/\nGET https://a.example.com/\nGET https://a.example.org/";
    let found = |minor| {
        let flavour = Flavour::TraditionalCompatible(Version::new(3, minor, 0));
        let (router, _) = Router::new(flavour, &routes, &[]);
        let presumed = Presumed {
            port: Some(8000),
            ..Presumed::default()
        };
        let names = Requests::new(text.as_bytes(), presumed)
            .map(|asked| router.find(&asked).and_then(|found| found.route_name));
        names
            .map(Option::unwrap_or_default)
            .collect::<Vec<String>>()
    };
    assert_eq!(found(4), ["port", "", ""]);
    assert_eq!(found(6), ["port", "port", ""]);
    assert_eq!(found(7), ["port", "port", "name"]);
}

/// Which of two routes wins then is as good as chance, and another chance in each.
#[test]
fn parts_of_routes_are_named_otherwise_before_3_8() {
    let won = |minor| {
        let mut won = 0;
        for number in 0..64 {
            let routes = json!([
                { "name": "one", "paths": ["/a"], "id": format!("80000000-0000-4000-8000-{number:012}") },
                { "name": "two", "paths": ["/a", "/a/b"], "id": format!("00000000-0000-4000-8000-{number:012}") },
            ]);
            let routes: Vec<Map<String, Value>> = serde_json::from_value(routes).expect("routes");
            let flavour = Flavour::TraditionalCompatible(Version::new(3, minor, 0));
            let (router, _) = Router::new(flavour, &routes, &[]);
            let mut asked = Requests::new(&b"/a"[..], Presumed::default());
            let found = router
                .find(&asked.next().expect("a request"))
                .expect("a route");
            won = won << 1 | u64::from(found.route_name.as_deref() == Some("two"));
        }
        won
    };
    assert_eq!(won(4), won(7));
    assert_ne!(won(7), won(8));
    assert_eq!(won(8), won(9));
}
