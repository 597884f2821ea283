//! The rules of a review: each is found where it must be and absent where it must not, and what is not known is never absent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cutover::kong::Version;
use cutover::kong::advisories::{
    Advisory, Entity, Evidence, Known, Node, Review, Verdict, judge, parse, shipped,
};
use serde::Deserialize;

/// The cases of rules, as data.
const CASES: [&str; 3] = [
    include_str!("../fixtures/advisories/cases-1.toml"),
    include_str!("../fixtures/advisories/cases-2.toml"),
    include_str!("../fixtures/advisories/cases-3.toml"),
];

/// Evidence in which a rule is found, and a near miss.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    from: Version,
    to: Version,
    /// Exactly what the positive finds.
    #[serde(default)]
    places: Vec<String>,
    positive: Option<Evidence>,
    negative: Option<Evidence>,
    /// Versions between which the rule does not apply.
    #[serde(default)]
    not: Vec<(Version, Version)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

fn cases() -> Vec<Case> {
    let files = CASES.map(|text| toml::from_str::<File>(text).expect("cases"));
    files.into_iter().flat_map(|file| file.case).collect()
}

fn rule<'a>(rules: &'a [Advisory], id: &str) -> &'a Advisory {
    let found = rules.iter().find(|rule| rule.id == id);
    found.unwrap_or_else(|| panic!("there is no rule `{id}`"))
}

#[test]
fn each_rule_is_found_and_is_not() {
    let rules = shipped();
    let (mut found, mut absent) = (BTreeSet::new(), BTreeSet::new());
    let mut wrong = Vec::new();
    for case in cases() {
        let rule = rule(&rules, &case.rule);
        let judged = |evidence: &Evidence| judge(rule, &case.from, &case.to, evidence);
        match case.positive.as_ref().map(judged) {
            Some(Some(Verdict::Found { places })) => {
                let told: Vec<String> = places.iter().map(ToString::to_string).collect();
                assert_eq!(told, case.places, "{}", case.rule);
                found.insert(case.rule.clone());
            }
            None => {}
            other => wrong.push(format!("{}: the positive is {other:?}", case.rule)),
        }
        match case.negative.as_ref().map(judged) {
            Some(Some(Verdict::Absent)) => {
                absent.insert(case.rule.clone());
            }
            None => {}
            other => wrong.push(format!("{}: the negative is {other:?}", case.rule)),
        }
        for (from, to) in &case.not {
            if judge(rule, from, to, &Evidence::default()).is_some() {
                wrong.push(format!("{}: it applies to {from} → {to}", case.rule));
            }
            absent.insert(case.rule.clone());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all: BTreeSet<String> = rules.iter().map(|rule| rule.id.clone()).collect();
    println!("{} rules, each found once and absent once", all.len());
    assert_eq!((all.len(), &found, &absent), (278, &all, &all));
}

#[test]
fn what_nobody_looked_at_is_unknown_and_never_absent() {
    let nothing = Evidence::default();
    let (rules, mut known) = (shipped(), BTreeSet::new());
    for case in cases() {
        let rule = rule(&rules, &case.rule);
        match judge(rule, &case.from, &case.to, &nothing) {
            Some(Verdict::Unknown { missing }) => {
                assert!(!missing.is_empty(), "{}", case.rule);
            }
            Some(Verdict::Found { .. }) => {
                known.insert(case.rule);
            }
            other => panic!("{}: {other:?}", case.rule),
        }
    }
    // Those that need no evidence but the versions.
    let known: Vec<String> = known.into_iter().collect();
    let known = known.join(" ");
    insta::assert_snapshot!(known, @"api-empty-map-encoding db-014-required-for-10 db-2x-needs-10 db-3x-needs-21 nginx-dup-headers pkg-oss-prebuilt-end");
}

#[test]
fn each_version_is_one_and_each_window_is_open() {
    for rule in shipped() {
        let windows = rule.also.iter().map(|(from, to)| (from, Some(to)));
        for (from, to) in windows.chain([(&rule.from, rule.to.as_ref())]) {
            assert!(to.is_none_or(|to| from < to), "{}", rule.id);
        }
        let sentences = [&rule.summary, &rule.action, &rule.source];
        assert!(
            sentences.iter().all(|text| !text.trim().is_empty()),
            "{}",
            rule.id
        );
    }
}

#[test]
fn a_rule_that_demands_in_vain_is_refused() {
    let with = |detect: &str| {
        let text = format!(
            "[[advisory]]\nid = \"one\"\nfrom = \"3.0.0\"\nkind = \"config\"\nsubject = \"x\"\nseverity = \"info\"\n\
             detect = {detect}\nsummary = \"s\"\naction = \"a\"\nsource = \"b\"\n"
        );
        let error = parse(&text).expect_err(detect).to_string();
        let mut told = error.lines().rev();
        let told = told.find(|line| !line.is_empty()).unwrap_or_default();
        // The subjects are many.
        let told = match (told.split_once(" one of "), told.split_once(", and has ")) {
            (Some((before, _)), Some((_, behind))) => format!("{before} one, and has {behind}"),
            _ => told.to_owned(),
        };
        format!("{detect}: {told}")
    };
    let refused = [
        "{ }",
        "{ conf_key = \"a\", plugin = \"b\" }",
        "{ conf_kye = \"a\" }",
        "{ conf_key = \"a\", equal = \"b\" }",
        "{ conf_key = \"a\", unset = true, equals = \"b\" }",
        "{ conf_key = \"a\", preset = \"b\" }",
        "{ conf_key = \"a\", matches = \"(\" }",
        "{ conf_key_regex = \"^a\", unset = true }",
        "{ helm = \"a\", is_null = true }",
        "{ always = true, equals = 1 }",
        "{ sql = \"DELETE FROM routes\", gt = 0 }",
        "{ sql = \"SELECT count(*) FROM routes; DROP TABLE routes\", gt = 0 }",
        "{ entity = \"routes\", and = \"x\" }",
        "{ topology = [\"mesh\"] }",
    ];
    insta::assert_snapshot!(refused.map(with).join("\n"), @r#"
    { }: `detect` needs one, and has []
    { conf_key = "a", plugin = "b" }: `detect` needs one, and has ["conf_key", "plugin"]
    { conf_kye = "a" }: `detect` needs one, and has []
    { conf_key = "a", equal = "b" }: `conf_key`: unknown field `equal`, expected one of `conf_key`, `conf_key_regex`, `unset`, `preset`
    { conf_key = "a", unset = true, equals = "b" }: `conf_key`: what is not set has no value, and is named by its key
    { conf_key = "a", preset = "b" }: `conf_key`: a default means nothing where no value is demanded of a named key
    { conf_key = "a", matches = "(" }: in `matches`
    { conf_key_regex = "^a", unset = true }: `conf_key_regex`: what is not set has no value, and is named by its key
    { helm = "a", is_null = true }: `helm` has no value of which anything could be demanded
    { always = true, equals = 1 }: `always` has no value of which anything could be demanded
    { sql = "DELETE FROM routes", gt = 0 }: `sql`: `DELETE FROM routes` is not `SELECT count(*) FROM` a table
    { sql = "SELECT count(*) FROM routes; DROP TABLE routes", gt = 0 }: `sql`: `SELECT count(*) FROM routes; DROP TABLE routes` is not `SELECT count(*) FROM` a table
    { entity = "routes", and = "x" }: `and` is a table, or a list of tables
    { topology = ["mesh"] }: in `topology`
    "#);
}

#[test]
fn what_is_demanded_of_a_node_is_demanded_of_one_and_the_same() {
    let text = "[[advisory]]\nid = \"one\"\nfrom = \"3.0.0\"\nkind = \"config\"\nsubject = \"x\"\nseverity = \"info\"\n\
        detect = { conf_key = \"a\", and = { conf_key = \"b\" } }\nsummary = \"s\"\naction = \"a\"\nsource = \"b\"\n";
    let rules = parse(text).expect("one rule");
    let node = |keys: &[&str]| {
        let set = keys
            .iter()
            .map(|key| serde_json::json!({ "key": key, "value": "1" }));
        let set: Vec<serde_json::Value> = set.collect();
        serde_json::from_value::<Node>(serde_json::json!({ "set": set })).expect("a node")
    };
    let judged = |one: &[&str], other: &[&str]| {
        let nodes = [("kong-1", node(one)), ("kong-2", node(other))];
        let evidence = Evidence {
            nodes: nodes.map(|(name, node)| (name.to_owned(), node)).into(),
            ..Evidence::default()
        };
        judge(
            &rules[0],
            &Version::new(2, 8, 5),
            &Version::new(3, 0, 0),
            &evidence,
        )
    };
    assert_eq!(judged(&["a"], &["b"]), Some(Verdict::Absent));
    assert!(matches!(
        judged(&["a"], &["a", "b"]),
        Some(Verdict::Found { .. })
    ));
}

/// What real Kong answered, where that is at hand.
fn recorded(version: &str, file: &str) -> Option<serde_json::Value> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/kong-observed/admin-api");
    let text = std::fs::read_to_string(path.join(version).join(file)).ok()?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// Evidence from the answers of a real Kong.
fn observed(version: &str) -> Option<Evidence> {
    let root = recorded(version, "root.json")?;
    let settings = root["configuration"].as_object().expect("settings");
    let settings: BTreeMap<_, _> = settings.clone().into_iter().collect();
    let node = Node {
        running: Known::Known(settings),
        ..Node::default()
    };
    let mut entities = BTreeMap::new();
    for (kind, file) in [
        ("services", "services.json"),
        ("routes", "routes.json"),
        ("plugins", "plugins.json"),
        ("upstreams", "upstreams.json"),
        ("targets", "upstreams_pool1_targets.json"),
    ] {
        let listed = recorded(version, file)?;
        let listed = listed["data"].as_array().cloned().unwrap_or_default();
        let listed = listed.into_iter().map(|one| Entity {
            workspace: None,
            fields: one.as_object().cloned().unwrap_or_default(),
        });
        entities.insert(kind.to_owned(), Known::Known(listed.collect()));
    }
    Some(Evidence {
        nodes: BTreeMap::from([("recorded".to_owned(), node)]),
        entities,
        ..Evidence::default()
    })
}

#[test]
fn what_real_kong_answers_is_judged_as_it_was() {
    let mut told = Vec::new();
    for (from, to) in [
        ("2.8.5", "3.4.2"),
        ("3.4.2", "3.9.1"),
        ("3.9.1", "3.14.0.0"),
    ] {
        let Some(evidence) = observed(from) else {
            println!("skipped: the recordings of real Kong are not there");
            return;
        };
        let version = |text: &str| text.parse::<Version>().expect("a version");
        let review = Review::of(&shipped(), &version(from), &version(to), &evidence);
        told.push(format!(
            "{from} to {to}: {} rules, {} absent",
            review.rules, review.absent
        ));
        for finding in review.findings.iter().filter(|finding| finding.is_found) {
            told.push(format!(
                "  {} ({} places)",
                finding.id,
                finding.places.len()
            ));
        }
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    2.8.5 to 3.4.2: 95 rules, 41 absent
      route-regex-tilde (1 places)
      conf-worker-consistency-eventual (1 places)
      plugin-rl-policy-default (2 places)
      plugin-prometheus-rework (1 places)
      db-ttl-triggers-33 (4 places)
    3.4.2 to 3.9.1: 35 rules, 7 absent
      route-pcre2 (1 places)
      nginx-dup-headers (1 places)
      plugin-rl-redis-flat (1 places)
      plugin-correlation-id-priority (1 places)
    3.9.1 to 3.14.0.0: 77 rules, 52 absent
      pkg-oss-prebuilt-end (1 places)
      plugin-key-auth-hide-credentials (1 places)
      api-empty-map-encoding (1 places)
    ");
}
