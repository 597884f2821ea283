//! `cutover review` of a cluster that runs: where it is concerned, what could not be told, and what is accepted.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::practice_cluster::{Ended, PracticeCluster, cutover, cutover_in};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const USAGE: i32 = 2;
const REFUSED: i32 = 4;

/// A handler that builds on what 3.0 no longer has, in its third line.
const HANDLER: &str = "-- kong.singletons is named in a comment only\nlocal plugin = { PRIORITY = 900, VERSION = \"1.0\" }\n\
    local singletons = require \"kong.singletons\"\nreturn plugin\n";

/// Files of one's own beside the environment file, and what names them.
fn with_files(cluster: &PracticeCluster, further: &str) -> PathBuf {
    for (file, text) in [
        ("plugins/mine/handler.lua", HANDLER),
        ("plugins/mine/README", "kong.singletons in no Lua"),
        (
            "scripts/deploy.sh",
            "#!/bin/sh\nkong config db_import seed.lua\n",
        ),
        ("kong.yaml", "_format_version: \"2.1\"\nservices: []\n"),
    ] {
        let path = cluster.path().join("own").join(file);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let environment = std::fs::read_to_string(cluster.environment()).expect("read");
    let text = format!(
        "{environment}\n[review]\nplugins = [\"own/plugins\"]\nscripts = [\"own/scripts\"]\ntemplates = []\nmanifests = []\n\
         helm = []\ndeclarative = [\"own/kong.yaml\"]\nimage_tag = \"\"\n{further}"
    );
    let path = cluster.path().join("review.toml");
    std::fs::write(&path, text).expect("written");
    path
}

fn review(environment: &Path, further: &[&str]) -> Ended {
    let words = ["review", "practice", "--to", "3.4.2"];
    cutover_in(environment, &[&words[..], further].concat())
}

/// A review as JSON.
fn reviewed(environment: &Path) -> (Ended, Value) {
    let reviewed = review(environment, &["--output", "json"]);
    let told = serde_json::from_str(&reviewed.out).expect("JSON");
    (reviewed, told)
}

/// The findings of a review, found or not known.
fn findings(review: &Value, is_found: bool) -> Vec<&Value> {
    let all = review["findings"].as_array().expect("a list");
    let meant = all.iter().filter(|one| one["is_found"] == is_found);
    meant.collect()
}

fn name(finding: &Value) -> &str {
    finding["id"].as_str().expect("a name")
}

#[test]
fn a_cluster_is_concerned_where_it_is_said() {
    let cluster = PracticeCluster::up();
    let environment = with_files(&cluster, "");
    let (ended, told) = reviewed(&environment);
    assert_eq!(ended.code, Some(REFUSED), "{}", ended.all);
    assert_eq!(
        (&told["from"], &told["to"]),
        (&"2.8.5".into(), &"3.4.2".into())
    );
    // No node of the new version was asked.
    let unknown: Vec<&str> = findings(&told, false).into_iter().map(name).collect();
    assert_eq!(unknown, ["plugin-any-not-enabled"]);
    let found = findings(&told, true);
    let blockers = found.iter().filter(|one| one["severity"] == "blocker");
    let blockers: Vec<String> = blockers
        .map(|one| format!("{}: {}", name(one), one["places"]))
        .collect();
    let blockers = blockers
        .join("\n")
        .replace(&cluster.directory(), "DIRECTORY");
    insta::assert_snapshot!(blockers, @r#"
    lua-singletons: ["DIRECTORY/own/plugins/mine/handler.lua:3: local singletons = require \"kong.singletons\""]
    cli-db-import-lua: ["DIRECTORY/own/scripts/deploy.sh:2: kong config db_import seed.lua"]
    "#);
    // A route of the practice cluster is an expression, and its settings are those of 2.8.
    for id in [
        "route-regex-tilde",
        "router-flavor-default",
        "decl-format-30",
    ] {
        assert!(
            found.iter().any(|one| name(one) == id),
            "{id}: {}",
            ended.all
        );
    }
    in_other_formats(&environment);
    what_is_accepted(&cluster, &found);
    a_playbook_asks(&cluster, &environment);
}

fn in_other_formats(environment: &Path) {
    let text = review(environment, &[]).out;
    assert!(text.contains("handler.lua:3: local singletons"), "{text}");
    assert!(text.contains("not known, and so not passed:"), "{text}");
    let sarif = review(environment, &["--output", "sarif"]).out;
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    let handler = results
        .iter()
        .find(|result| result["ruleId"] == "lua-singletons");
    let handler = handler.expect("found");
    let place = &handler["locations"][0]["physicalLocation"];
    let uri = place["artifactLocation"]["uri"].as_str().expect("a file");
    assert!(uri.ends_with("own/plugins/mine/handler.lua"), "{uri}");
    assert_eq!(
        (&place["region"]["startLine"], &handler["level"]),
        (&3.into(), &"error".into())
    );
    let junit = review(environment, &["--output", "junit"]).out;
    for part in ["<testcase name=\"lua-singletons\"", "<failure", "<skipped"] {
        assert!(junit.contains(part), "{junit}");
    }
}

/// Accepted by name, until a day.
fn what_is_accepted(cluster: &PracticeCluster, found: &[&Value]) {
    let waived = |until: &str| {
        let blockers = found.iter().filter(|one| one["severity"] == "blocker");
        let waiver = |one: &&Value| {
            let id = name(one);
            format!(
                "[[review.waivers]]\nadvisory = \"{id}\"\nreason = \"known\"\nuntil = \"{until}\"\n"
            )
        };
        blockers.map(waiver).collect::<String>()
    };
    let accepted = review(&with_files(cluster, &waived("2999-01-01")), &[]);
    assert_eq!(accepted.code, Some(DONE), "{}", accepted.all);
    let words = "accepted: known (until 2999-01-01)";
    assert!(accepted.out.contains(words), "{}", accepted.all);
    let ended = review(&with_files(cluster, &waived("2020-01-01")), &[]);
    assert_eq!(ended.code, Some(REFUSED), "{}", ended.all);
    let words = "the waiver of `lua-singletons` ended on 2020-01-01";
    assert!(ended.all.contains(words), "{}", ended.all);
    let strange = waived("2999-01-01").replace("lua-singletons", "lua-singleton");
    let strange = review(&with_files(cluster, &strange), &[]);
    assert_eq!(strange.code, Some(USAGE), "{}", strange.all);
    let words = "did you mean `lua-singletons`?";
    assert!(strange.all.contains(words), "{}", strange.all);
}

fn a_playbook_asks(cluster: &PracticeCluster, environment: &Path) {
    let playbook = cluster.write(
        "asks.rhai",
        "const PLAYBOOK = #{ api: 1, params: #{}, needs: [\"review.advisories\", \"run.note\"] };\n\
         let review = review::advisories(env::cluster(\"practice\"), \"3.4.2\");\n\
         let blockers = review.findings.filter(|one| one.severity == \"blocker\" && one.is_found);\n\
         run::note(`${review.from} to ${review.to}: ${blockers.map(|one| one.id)}`);\n",
    );
    with_files(cluster, "");
    let asked = cutover_in(environment, &["run", &playbook, "--run-id", "asks"]);
    assert_eq!(asked.code, Some(DONE), "{}", asked.all);
    let words = "2.8.5 to 3.4.2: [\"lua-singletons\"";
    assert!(asked.all.contains(words), "{}", asked.all);
}

#[test]
fn without_a_cluster_every_rule_of_the_way_is_told() {
    let run = |words: &[&str]| {
        let output = cutover()
            .arg("review")
            .args(words)
            .output()
            .expect("started");
        let told = String::from_utf8([&output.stdout[..], &output.stderr].concat());
        (output.status.code(), told.expect("text"))
    };
    let (code, told) = run(&["--from", "3.8.0", "--to", "3.9.1"]);
    assert_eq!(code, Some(DONE), "{told}");
    insta::assert_snapshot!(told, @r"
    review of 3.8.0 to 3.9.1: 13 rules on the way

    not known, and so not passed:
      plugins: nobody looked
        blocker · plugin-any-not-enabled
        info · plugin-correlation-id-priority
      plugins: nobody looked; the topology: nobody looked
        blocker · plugin-rl-cluster-hybrid
      the data planes: nobody looked
        blocker · hybrid-cp-first
        blocker · hybrid-plugin-set
      the values of Helm: nobody looked
        blocker · helm-split-releases
        warning · helm-pg-subchart
        warning · helm-crds
      the nginx templates: nobody looked
        warning · nginx-template-any
      the values of Helm: nobody looked; the playbook: nobody looked
        warning · helm-bluegreen-hold
      the manifests: nobody looked
        warning · k8s-stale-sockets
        info · operator-dataplane-dbless
      the nodes: nobody looked
        info · conf-node-id

    0 of 13 rules found, 0 of them blockers that nobody accepted, 0 accepted; 13 not known; 0 do not concern it
    ");
    let refusals = [
        run(&["--to", "3.9.1"]),
        run(&["practice", "--to", "3.9.1"]),
        run(&["--from", "3.9", "--to", "3.9.1"]),
    ];
    let told: Vec<String> = refusals
        .into_iter()
        .map(|(code, told)| format!("{code:?} {}", told.trim_end()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Some(2) error: neither a version that runs nor a cluster is named
    help: `cutover review --from 2.8.5 --to 3.4.2`, or the name of a cluster
    Some(2) error: no environment file says where the cluster is
    help: name it with `--environment`, or in CUTOVER_ENVIRONMENT
    Some(2) error: invalid value '3.9' for '--from <VERSION>': `3.9` is not a version of Kong (`3.4.2`, or `3.4.3.5` for Enterprise)

    For more information, try '--help'.
    ");
}

/// An Admin API that answers `answers` by path, and 404 to everything else.
fn admin_api(answers: &'static [(&'static str, u16, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        // Ends with the test's process.
        for stream in listener.incoming() {
            let mut stream = stream.expect("accepted");
            let mut lines = BufReader::new(stream.try_clone().expect("cloned")).lines();
            let first = lines.next().and_then(Result::ok).unwrap_or_default();
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let path = first.split([' ', '?']).nth(1).unwrap_or_default();
            let found = answers.iter().find(|(known, ..)| *known == path);
            let (status, body) = found.map_or((404, "{}"), |(_, status, body)| (*status, *body));
            let _ = write!(
                stream,
                "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://{address}")
}

const ROUTE: &str = r#"{"data":[{"id":"r1","name":"mine","paths":["/(?!a)b"]}],"next":null}"#;
const NONE: &str = r#"{"data":[],"next":null}"#;

/// What becomes of the rule of rejected paths where an Admin API answers so: how many places, or none where it is not known.
fn rejected(answers: &'static [(&'static str, u16, &'static str)]) -> (bool, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("environment.toml");
    let text = format!(
        "name = \"strange\"\n[clusters.blue]\n[[clusters.blue.nodes]]\nname = \"kong-1\"\nconf = \"/none/kong.conf\"\n\
         prefix = \"/none\"\npackages = {{ prefix = \"/none\" }}\nadmin = \"{}\"\nproxy = \"http://127.0.0.1:9\"\n\
         [storage]\npath = \"store\"\n",
        admin_api(answers)
    );
    std::fs::write(&path, text).expect("written");
    let words = [
        "review", "blue", "--from", "2.8.5", "--to", "3.4.2", "--output", "json",
    ];
    let told: Value = serde_json::from_str(&cutover_in(&path, &words).out).expect("JSON");
    let all = told["findings"].as_array().expect("a list");
    let finding = all.iter().find(|one| name(one) == "router-regex-engine");
    let finding = finding.expect("neither found nor not known is absent");
    let places = finding["places"].as_array().expect("a list").iter();
    let places = places.map(|place| place.as_str().expect("a text").to_owned());
    (finding["is_found"] == true, places.collect())
}

#[test]
fn a_workspace_that_cannot_be_read_is_not_passed() {
    // The open source lists the one workspace that it has, and knows no path to it.
    let (is_found, places) = rejected(&[
        ("/", 200, "{}"),
        (
            "/workspaces",
            200,
            r#"{"data":[{"name":"default"}],"next":null}"#,
        ),
        ("/routes", 200, ROUTE),
    ]);
    assert!(is_found && places.len() == 1, "{places:?}");
    let (is_found, places) = rejected(&[
        ("/", 200, "{}"),
        (
            "/workspaces",
            200,
            r#"{"data":[{"name":"default"},{"name":"a"}],"next":null}"#,
        ),
        ("/routes", 200, NONE),
        ("/a/routes", 200, ROUTE),
    ]);
    assert!(
        is_found && places[0].contains("in the workspace `a`"),
        "{places:?}"
    );
    // One that is there and leads nowhere.
    let (is_found, places) = rejected(&[
        ("/", 200, "{}"),
        (
            "/workspaces",
            200,
            r#"{"data":[{"name":"default"},{"name":"a"}],"next":null}"#,
        ),
        ("/routes", 200, NONE),
    ]);
    assert!(
        !is_found && places[0].contains("has no `/a/routes`"),
        "{places:?}"
    );
    // A token that may not see which there are.
    let (is_found, places) = rejected(&[
        ("/", 200, "{}"),
        ("/workspaces", 403, "{}"),
        ("/routes", 200, NONE),
    ]);
    assert!(
        !is_found && places[0].contains("refuses the token"),
        "{places:?}"
    );
}
