//! Checks against a gateway that runs: from files, from curl's command lines, made from its routes; and two of its nodes compared.

use std::path::{Path, PathBuf};

use cutover::lab::{echo, http};
use serde_json::Value;
use tokio::sync::watch;

use crate::practice_cluster::{Ended, PracticeCluster, cutover, cutover_in};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const PAUSED: i32 = 8;
const USAGE: i32 = 2;
const REJECTED: i32 = 3;
const REFUSED: i32 = 4;

/// Checks of the practice cluster, of all kinds, the last of which fail.
const CHECKS: &str = r#"//! What the practice cluster answers.
let checks = [
    #{ name: "a page", request: "/catalogue", expect: #{ status: "2xx", headers: #{ "via": #{ matches: "kong/2" } }, json: #{ "/path": "/", "$.method": "GET" } } },
    #{ name: "without a key", request: "/orders", expect: #{ status: 401, body: #{ contains: "No API key" } } },
    #{ name: "with a key", request: #{ url: "/orders", headers: #{ apikey: #{ secret: "key" } } }, expect: #{ status: 200, headers: #{ "x-ratelimit-limit-minute": "1000" } } },
    #{ name: "posted", request: #{ url: "/catalogue", method: "GET", query: #{ a: "1 2", b: ["x", "y"] } }, expect: #{ json: #{ "/query": "a=1+2&b=x&b=y" } } },
    http::curl("curl -fsS -H 'X-One: 1' http://www.example.test/page?q=1", #{ json: #{ "/headers/x-one": "1", "/headers/x-forwarded-host": "www.example.test", "/path": "/page" } }),
];
for item in 1..4 {
    checks.push(#{ name: `item ${item}`, request: `/items/${item}`, expect: #{ status: 200 } });
}
checks
"#;

/// An environment file beside the cluster's own, with a secret and what it allows.
fn with_secret(cluster: &PracticeCluster, allow: &str) -> PathBuf {
    let environment = std::fs::read_to_string(cluster.environment()).expect("read");
    let key = cluster.path().join("key");
    std::fs::write(&key, "practice-key-1\n").expect("written");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, private).expect("set");
    let path = cluster.path().join("smoke.toml");
    let environment = environment.replace("allow = [\"*\"]", allow);
    let text = format!(
        "{environment}\n[secrets.key]\nfrom = {{ file = {:?} }}\n",
        key.display().to_string()
    );
    std::fs::write(&path, text).expect("written");
    path
}

fn file(cluster: &PracticeCluster, name: &str, text: &str) -> String {
    let path = cluster.path().join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

/// What stays the same from run to run.
fn steady(text: &str) -> String {
    let replace = |pattern: &str, with: &str, text: &str| {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        pattern.replace_all(text, with).into_owned()
    };
    let text = replace(r"\d+(\.\d+)? (ms|s)\b", "TIME", text);
    let text = replace(r"duration_ms: \d+", "duration_ms: TIME", &text);
    let text = replace(r"at most \(.*\)", "at most (…)", &text);
    let text = replace(r"127\.0\.0\.1:\d+", "ADDRESS", &text);
    let text = replace(
        r"(date|x-correlation-id|x-kong-[a-z]+-latency): .*",
        "$1: …",
        &text,
    );
    replace(r"[0-9a-f]{8}-[0-9a-f-]{27}(#\d+)?", "ID", &text)
}

#[test]
fn checks_of_files_of_curl_and_made_ones_run_against_a_cluster() {
    let cluster = PracticeCluster::up();
    let environment = with_secret(&cluster, "allow = [\"*\"]");
    of_a_file(&cluster, &environment);
    that_fail(&cluster, &environment);
    in_other_formats(&environment);
    what_cannot_be_checked(&cluster, &environment);
    made_ones(&environment);
    two_nodes(&cluster, &environment);
    in_a_playbook(&cluster, &environment);
    in_a_playbook_that_cannot_tell(&cluster, &environment);
}

fn of_a_file(cluster: &PracticeCluster, environment: &Path) {
    let checks = file(cluster, "checks.rhai", CHECKS);
    let ended = cutover_in(
        environment,
        &[
            "smoke",
            &checks,
            "--against",
            "practice",
            "--passes",
            "2",
            "--within",
            "20s",
        ],
    );
    assert_eq!(ended.code, Some(DONE), "{}", ended.all);
    let told = steady(&ended.out);
    for node in ["kong-1", "kong-2"] {
        assert!(
            told.contains(&format!("{node}  8 of 8 checks passed")),
            "{told}"
        );
    }
    assert!(told.contains("32 requests in"), "{told}");
    assert!(!ended.all.contains("practice-key-1"), "{}", ended.all);
}

fn that_fail(cluster: &PracticeCluster, environment: &Path) {
    let checks = file(
        cluster,
        "failing.rhai",
        "[#{ name: \"closed\", request: #{ url: \"/health\", headers: #{ apikey: #{ secret: \"key\" } } }, expect: #{ status: 503, json: #{ \"/message\": \"down\" } } },\n\
         #{ request: \"/catalogue\", expect: #{ status: 200 } }]\n",
    );
    let ended = cutover_in(
        environment,
        &["smoke", &checks, "/maintenance=503", "--against", "kong-1"],
    );
    assert_eq!(ended.code, Some(REFUSED), "{}", ended.all);
    insta::assert_snapshot!(steady(&ended.out), @r##"
    FAILED closed at kong-1
      request:  GET http://ADDRESS/health
                apikey: (secret key)
      expected: {"status":503,"json":{"/message":"down"}}
      differs:  status 200 instead of 503
                `/message` in the body is "ok" instead of "down"
      answer:   HTTP/1.1 200, 16 bytes in TIME
                content-length: 16
                content-type: application/json; charset=utf-8
                date: …
                server: kong/2.8.5
                x-correlation-id: …
                x-kong-response-latency: …
                x-kong-stand-in: cutover practice
                {"message":"ok"}

    kong-1  2 of 3 checks passed; answers took TIME in the middle, TIME at most (…)
    3 requests in TIME
    "##);
}

fn in_other_formats(environment: &Path) {
    let run = |format: &str| {
        let words = [
            "smoke",
            "/health=200,/maintenance=200",
            "--against",
            "kong-1",
            "--output",
            format,
        ];
        cutover_in(environment, &words)
    };
    let tap = run("tap");
    assert_eq!(tap.code, Some(REFUSED), "{}", tap.all);
    insta::assert_snapshot!(steady(&tap.out), @r##"
    TAP version 14
    1..2
    ok 1 - GET /health at kong-1
    not ok 2 - GET /maintenance at kong-1
      ---
      message: "`GET http://ADDRESS/maintenance` answered wrongly: status 503 instead of 200"
      code: "http.check.different"
      duration_ms: TIME
      ...
    "##);
    let junit = run("junit").out;
    for part in [
        "tests=\"2\"",
        "failures=\"1\"",
        "<testcase name=\"GET /health\"",
        "status 503 instead of 200",
    ] {
        assert!(junit.contains(part), "{junit}");
    }
    let json: Value = serde_json::from_str(&run("json").out).expect("JSON");
    assert_eq!(
        (&json["summary"]["checks"], &json["summary"]["failed"]),
        (&2.into(), &1.into())
    );
    let lines = run("ndjson").out;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[2]["failed"], 1);
}

fn what_cannot_be_checked(cluster: &PracticeCluster, environment: &Path) {
    let run = |name: &str, text: &str| {
        let checks = file(cluster, name, text);
        cutover_in(environment, &["smoke", &checks, "--against", "kong-1"])
    };
    let told = [
        ("empty.rhai", "[]", USAGE),
        ("nothing.rhai", "let a = 1;", REJECTED),
        ("acts.rhai", "let checks = [];\nrun::note(\"acts\");\nchecks", REJECTED),
        ("vacuous.rhai", "[#{ request: \"/\" }]", USAGE),
        ("misspelt.rhai", "[#{ request: \"/\", expext: #{ status: 200 } }]", USAGE),
        ("unknown_secret.rhai", "[#{ request: #{ url: \"/\", headers: #{ a: #{ secret: \"nobody\" } } }, expect: #{ status: 404 } }]", REFUSED),
        ("posts.rhai", "[#{ request: #{ url: \"/catalogue\", method: \"POST\" }, expect: #{ status: 200 } }]", REFUSED),
    ]
    .map(|(name, text, code)| {
        let ended = run(name, text);
        assert_eq!(ended.code, Some(code), "{name}: {}", ended.all);
        format!("{name}: {}", steady(&ended.all).replace(&cluster.directory(), "DIRECTORY"))
    });
    insta::assert_snapshot!(told.join("\n"), @r##"
    empty.rhai: error: there is no check in what was given
    help: a file of checks ends with a list of them; no check proves nothing

    nothing.rhai: error: `DIRECTORY/nothing.rhai`: the file lists no checks
    help: the file ends with a list, as in `[ #{ request: "/status", expect: #{ status: 200 } } ]`

    acts.rhai: checks.acts

      × `run.note` is called where checks are listed
       ╭─[acts.rhai:2:6]
     1 │ let checks = [];
     2 │ run::note("acts");
       ·      ──┬─
       ·        ╰── here
     3 │ checks
       ╰────

    vacuous.rhai: error: the check `/`: a check without an expectation proves nothing
    help: say what must hold: #{ status: 200 }, with `headers`, `json`, `body` or `within` as needed

    misspelt.rhai: error: `DIRECTORY/misspelt.rhai`, check 1: unknown field `expext`, expected one of `name`, `request`, `expect`, `retries`
    help: a check is #{ request: "/status", expect: #{ status: 200 } }; `cutover api http::check` shows all that it may say

    unknown_secret.rhai: FAILED GET / at kong-1
      request:  GET /
                a: (secret nobody)
      expected: {"status":404}
      failed:   the environment has no secret `nobody` (http.request)
                help: write `[secrets.nobody]` with `from = { env = "…" }` into the environment file

    kong-1  0 of 1 check passed
    1 request in TIME

    posts.rhai: error: the check `POST /catalogue` needs `http.check:POST kong-1`, which `practice` does not grant
    help: add it to `allow` under `[grants]`
    "##);
    let granted = with_secret(cluster, "allow = [\"*\", \"http.check:POST kong-1\"]");
    let checks = file(
        cluster,
        "posts.rhai",
        "[#{ request: #{ url: \"/catalogue\", method: \"POST\", body: #{ form: #{ a: \"1&2\" } } }, expect: #{ json: #{ \"/body\": \"a=1%262\", \"/headers/content-type\": \"application/x-www-form-urlencoded\" } } }]",
    );
    let ended = cutover_in(&granted, &["smoke", &checks, "--against", "kong-1"]);
    assert_eq!(ended.code, Some(DONE), "{}", ended.all);
    with_secret(cluster, "allow = [\"*\"]");
}

fn made_ones(environment: &Path) {
    let ended = cutover_in(
        environment,
        &["smoke", "--generated", "--against", "kong-2"],
    );
    assert_eq!(ended.code, Some(DONE), "{}", ended.all);
    insta::assert_snapshot!(steady(&ended.all), @r##"
    kong-2: 9 of 9 routes reached (100 %), 7 of 8 plugins judged (87 %)
      left out: plugin `prometheus` (ID): what it must show is not known from its configuration, or no check reaches it
    kong-2  32 of 32 checks passed; answers took TIME in the middle, TIME at most (…)
    32 requests in TIME
    "##);
}

fn two_nodes(cluster: &PracticeCluster, environment: &Path) {
    let compare = |further: &[&str]| {
        cutover_in(
            environment,
            &[&["compare", "kong-1", "kong-2"], further].concat(),
        )
    };
    let ended = compare(&["--samples", "40"]);
    assert_eq!(ended.code, Some(DONE), "{}", ended.all);
    insta::assert_snapshot!(steady(&ended.out), @r##"
    configuration
      compared: 5 consumers, 5 key-auths, 8 plugins, 9 routes, 4 services; 0 differences
    answers
      pace: TIME before, TIME now, in the middle of 40 answers each: no slower
      made from the old gateway: 9 of 9 routes reached (100 %), 7 of 8 plugins judged (87 %)
      compared: 45 requests, 45 the same
    "##);
    let ended = compare(&["--output", "json"]);
    let told: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(
        (
            &told["answers"]["verdict"],
            &told["answers"]["coverage"]["routes_reached"]
        ),
        (&"same".into(), &9.into())
    );
    // What a request changes may have been meant to be sent once.
    let posts = file(
        cluster,
        "posts.rhai",
        "[#{ request: #{ url: \"/catalogue\", method: \"POST\" } }]",
    );
    let ended = compare(&[&posts]);
    assert_eq!(ended.code, Some(USAGE), "{}", ended.all);
    assert!(
        ended.all.contains("would be sent four times"),
        "{}",
        ended.all
    );
}

fn in_a_playbook(cluster: &PracticeCluster, environment: &Path) {
    let playbook = file(
        cluster,
        "checking.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"http.*\", \"kong.compare_configuration\"] };\n\n\
         let nodes = env::cluster(\"practice\").nodes;\n\
         let checks = [http::curl(\"curl http://shop.example/catalogue -H \\\"apikey: $key\\\"\", #{ status: 200 }),\n\
             #{ request: \"/health\", expect: #{ status: 200 }, retries: 2 }];\n\
         let all = http::check_all(nodes[0], checks, #{ passes: 2 });\n\
         run::note(`${all.passed} passed, asked ${all.asked} times`);\n\
         run::note(`made: ${http::check_generated(nodes[0], #{ coverage: 100 }).coverage.routes_reached}`);\n\
         run::note(`compared: ${http::compare(checks, nodes[0], nodes[1], #{}).compared}`);\n\
         run::note(`entities: ${kong::compare_configuration(nodes[0], nodes[1]).compared[\"routes\"]}`);\n\
         try { http::check_all(nodes[0], [#{ request: \"/health\", expect: #{ status: 404 } }], #{}); } catch (e) { run::note(e.code); }\n\
         try { http::compare(checks, nodes[0], nodes[1], #{ ignore: [\"etag\"] }); } catch (e) { run::note(e.message); }\n",
    );
    let ended = cutover_in(environment, &["run", &playbook, "--run-id", "checking"]);
    assert_eq!(ended.code, Some(DONE), "{}", ended.all);
    for told in [
        "2 passed, asked 4 times",
        "made: 9",
        "compared: 2",
        "entities: 9",
        "http.check_all.failed",
        "`etag` is nothing that is compared",
    ] {
        assert!(ended.all.contains(told), "{told}: {}", ended.all);
    }
    assert!(!ended.all.contains("practice-key-1"), "{}", ended.all);
}

/// What cannot be told puts the run down until a person says how to go on, unless the playbook wants it to fail.
fn in_a_playbook_that_cannot_tell(cluster: &PracticeCluster, environment: &Path) {
    // Neither side speaks HTTP/2, so neither answers.
    let comparing = |options: &str| {
        format!(
            "const PLAYBOOK = #{{ api: 1, needs: [\"http.compare\"] }};\n\n\
             let nodes = env::cluster(\"practice\").nodes;\n\
             let checks = [#{{ name: \"health\", request: #{{ url: \"/health\", http: \"2\" }} }}];\n\
             let told = http::compare(checks, nodes[0], nodes[1], {options});\n\
             run::note(`went on: ${{told.verdict}}`);\n"
        )
    };
    let playbook = file(cluster, "unclear.rhai", &comparing("#{}"));
    let ended = cutover_in(environment, &["run", &playbook, "--run-id", "unclear"]);
    assert_eq!(ended.code, Some(PAUSED), "{}", ended.all);
    let told = "go on although `kong-1` and `kong-2` cannot be told apart or the same for 1 of 1 requests:";
    assert!(ended.all.contains(told), "{}", ended.all);
    assert!(
        ended.all.contains("health: neither answers"),
        "{}",
        ended.all
    );
    let approved = cutover_in(environment, &["approve", "unclear"]);
    assert_eq!(approved.code, Some(DONE), "{}", approved.all);
    let ended = cutover_in(environment, &["resume", "unclear"]);
    assert_eq!(ended.code, Some(DONE), "{}", ended.all);
    assert!(ended.all.contains("went on: inconclusive"), "{}", ended.all);
    let playbook = file(
        cluster,
        "failing.rhai",
        &comparing("#{ unclear: \"fail\" }"),
    );
    let ended = cutover_in(environment, &["run", &playbook, "--run-id", "failing"]);
    assert_ne!(ended.code, Some(PAUSED), "{}", ended.all);
    let told = "refused after";
    assert!(ended.all.contains(told), "{}", ended.all);
    // A key that stands in a check would stand in the journal.
    let with_key =
        comparing("#{}").replace("http: \"2\"", "headers: #{ apikey: \"practice-key-1\" }");
    let playbook = file(cluster, "with-key.rhai", &with_key);
    let ended = cutover_in(environment, &["run", &playbook, "--run-id", "with-key"]);
    assert_ne!(ended.code, Some(DONE), "{}", ended.all);
    assert!(ended.all.contains("`apikey`"), "{}", ended.all);
    assert!(!ended.all.contains("practice-key-1"), "{}", ended.all);
}

/// A curl command line on the command line.
fn curl(line: &str) -> Ended {
    let output = cutover().args(["curl", line]).output().expect("started");
    let all = String::from_utf8([&output.stdout[..], &output.stderr].concat()).expect("text");
    Ended {
        code: output.status.code(),
        verdict: String::new(),
        out: String::from_utf8(output.stdout).expect("text"),
        all,
    }
}

#[test]
fn a_command_line_of_curl_is_written_as_a_check() {
    let lines = [
        "curl -i http://127.0.0.1:8000/orders",
        "curl -fsSL -m 5 -H 'Host: shop.example' -H \"apikey: $ORDERS_KEY\" \"$BASE/orders?a=1\"",
        "curl -k --resolve shop.example:443:127.0.0.1 -u \"admin:$PASSWORD\" https://shop.example/a",
        "curl --json '{\"a\": \"b\\n\"}' -X PUT http://x.example/",
        "curl -x proxy:3128 http://x.example/",
        "curl \"http://x.example/?key=$KEY\"",
    ];
    let told: Vec<String> = lines
        .iter()
        .map(|line| format!("$ {line}\n{}", curl(line).all.trim_end()))
        .collect();
    insta::assert_snapshot!(told.join("\n\n"), @r##"
    $ curl -i http://127.0.0.1:8000/orders
    // Without meaning here: --show-headers.
    // Say what the answer must be.
    #{
        request: "http://127.0.0.1:8000/orders",
        expect: #{ status: 200 },
    }

    $ curl -fsSL -m 5 -H 'Host: shop.example' -H "apikey: $ORDERS_KEY" "$BASE/orders?a=1"
    // The environment file wants [secrets.ORDERS_KEY] with `from = { env = "ORDERS_KEY" }`, a file or a command.
    // Without meaning here: --silent, --show-error.
    #{
        request: #{ headers: #{ apikey: #{ secret: "ORDERS_KEY" } }, redirects: 10, timeout: 5000, url: "/orders?a=1" },
        expect: #{ status: ["2xx", "3xx"] },
    }

    $ curl -k --resolve shop.example:443:127.0.0.1 -u "admin:$PASSWORD" https://shop.example/a
    // The environment file wants [tls.of_curl] with insecure = true.
    // The environment file wants [secrets.PASSWORD] with `from = { env = "PASSWORD" }`, a file or a command.
    // Say what the answer must be.
    #{
        request: #{
            connect_to: "127.0.0.1:443",
            login: #{ name: "admin", password: #{ secret: "PASSWORD" } },
            tls: "of_curl",
            url: "https://shop.example/a",
        },
        expect: #{ status: 200 },
    }

    $ curl --json '{"a": "b\n"}' -X PUT http://x.example/
    // Say what the answer must be.
    #{
        request: #{
            body: "{\"a\": \"b\\n\"}",
            headers: #{ Accept: "application/json", "Content-Type": "application/json" },
            method: "PUT",
            url: "http://x.example/",
        },
        expect: #{ status: 200 },
    }

    $ curl -x proxy:3128 http://x.example/
    error: 1:6: `-x, --proxy` goes through a proxy, which decides what arrives
    help: leave it out; `--connect-to` and `--resolve` send the request elsewhere

    $ curl "http://x.example/?key=$KEY"
    error: a variable stands in the path or in the query
    help: write the request as a map, with `query: #{ key: #{ secret: "NAME" } }`
    "##);
}

#[test]
fn the_checks_of_the_readme_are_a_file_of_checks() {
    let readme = include_str!("../../README.md");
    let begins = readme.find("let checks = [").expect("the checks");
    let checks = readme[begins..].split("```").next().expect("the block");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("checks.rhai");
    std::fs::write(&path, checks).expect("written");
    // Nobody listens there: each of them is sent and fails.
    let output = cutover()
        .args([
            "smoke",
            "--against",
            "http://127.0.0.1:9",
            "--output",
            "tap",
        ])
        .arg(&path)
        .output()
        .expect("started");
    let told = String::from_utf8(output.stdout).expect("text");
    assert!(told.starts_with("TAP version 14\n1..5\n"), "{told}");
    assert_eq!(told.matches("not ok").count(), 5, "{told}");
}

#[tokio::test]
async fn a_hurl_file_is_run_where_hurl_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("shop.hurl");
    let text = "GET {{base}}/orders\nHTTP 200\n\nGET {{base}}/orders?status=503\nHTTP 200\n";
    std::fs::write(&path, text).expect("written");
    let (listener, address) = http::bind("127.0.0.1:0").await.expect("bound");
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(echo::serve(listener, stopped));
    let mut command = cutover();
    command.args([
        "smoke",
        "--against",
        &format!("http://{address}"),
        "--output",
        "tap",
    ]);
    command.arg(&path);
    let output = tokio::task::spawn_blocking(move || command.output().expect("started"));
    let output = output.await.expect("ended");
    let told = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    let places = ["/usr/local/bin/hurl", "/usr/bin/hurl"];
    if !places.iter().any(|place| Path::new(place).exists()) {
        assert!(
            told.contains("is run by `hurl`, which must be in `/usr/local/bin`"),
            "{told}"
        );
        return println!("skipped: hurl is not installed");
    }
    assert!(told.starts_with("TAP version 14\n1..2\nok 1"), "{told}");
    assert!(
        told.contains("not ok 2") && told.contains("actual value is <503>"),
        "{told}"
    );
}
