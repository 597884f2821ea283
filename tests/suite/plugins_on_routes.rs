//! `traffic.terminate`, `traffic.redirect` and `traffic.canary`: what clients get, and that the way back brings back what was found.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::practice_cluster::{Ended, PracticeCluster, everything};
use crate::simulated::{ended, fixture, played};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const UNDONE: i32 = 5;
const STUCK: i32 = 7;
const PAUSED: i32 = 8;

fn run(cluster: &PracticeCluster, name: &str, body: &str, further: &[&str]) -> Ended {
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"kong.*\", \"traffic.*\", \"run.*\"] }};\n\
         let cluster = env::cluster(\"practice\");\n{body}\n\
         if false {{ kong::health(cluster.nodes); traffic::status(cluster.nodes); run::note(\"\"); }}\n"
    );
    let path = cluster.write(&format!("{name}.rhai"), &text);
    let mut arguments = vec!["run", &path, "--run-id", name];
    arguments.extend(further);
    cluster.cutover(&arguments)
}

fn roll_back(cluster: &PracticeCluster, name: &str) -> Ended {
    cluster.cutover(&["rollback", name, "--confirm", "practice"])
}

/// What the proxy of every node answers, head and body.
fn answers(cluster: &PracticeCluster, path: &str) -> Vec<String> {
    let environment = std::fs::read_to_string(cluster.environment()).expect("the environment");
    let proxies = environment
        .lines()
        .filter_map(|line| line.trim().strip_prefix("proxy = "));
    let answer = |url: &str| {
        let address = url.trim_matches('"').trim_start_matches("http://");
        let mut stream = TcpStream::connect(address.trim_end_matches('/')).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    };
    proxies.map(answer).collect()
}

/// Waits until what every node answers has all of `parts`: proxies follow what is configured by themselves.
fn await_answers(cluster: &PracticeCluster, path: &str, parts: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let found = answers(cluster, path);
        let fits = |answer: &String| parts.iter().all(|part| answer.contains(part));
        if !found.is_empty() && found.iter().all(fits) {
            return;
        }
        assert!(Instant::now() < deadline, "{path}: {found:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn routes_answer_with_a_notice_and_go_back_to_what_they_were() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    // One of the routes has such a plugin already, with a message of its own.
    let body = "let before = kong::entities(cluster);\n\
        traffic::terminate(cluster, [\"catalogue\", \"maintenance\"], #{ status: 503, message: \"back at noon\" });\n\
        traffic::terminate(cluster, \"catalogue\", #{ status: 503, message: \"back at noon\" });\n\
        run::approve(\"look\");";
    let noticed = run(&cluster, "noticed", body, &[]);
    assert_eq!(noticed.code, Some(PAUSED), "{}", noticed.all);
    await_answers(&cluster, "/catalogue", &["HTTP/1.1 503", "back at noon"]);
    await_answers(&cluster, "/maintenance", &["HTTP/1.1 503", "back at noon"]);
    let back = roll_back(&cluster, "noticed");
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert_eq!(cluster.world(), old);
    await_answers(&cluster, "/catalogue", &["HTTP/1.1 200"]);
    await_answers(&cluster, "/maintenance", &["down for maintenance"]);
}

#[test]
fn a_notice_that_somebody_changed_is_left_to_them() {
    const OURS: &str = "SELECT id FROM plugins WHERE name = 'request-termination' AND config->>'message' = 'back at noon'";
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let body = "traffic::terminate(cluster, \"catalogue\", #{ message: \"back at noon\" });\nrun::approve(\"look\");";
    let noticed = run(&cluster, "noticed", body, &[]);
    assert_eq!(noticed.code, Some(PAUSED), "{}", noticed.all);
    let path = format!("/plugins/{}", cluster.ask(OURS).trim());
    cluster.admin("PATCH", &path, r#"{"config": {"trigger": "x-late"}}"#);
    let refused = roll_back(&cluster, "noticed");
    assert_eq!(refused.code, Some(STUCK), "{}", refused.all);
    let told =
        "the plugin `request-termination` of the route `catalogue` was changed by somebody else";
    assert!(refused.all.contains(told), "{}", refused.all);
    // Nothing was overwritten; whoever did that takes the plugin away, which is how the route was found.
    assert!(
        cluster
            .ask("SELECT config FROM plugins WHERE config->>'trigger' = 'x-late'")
            .contains("x-late")
    );
    cluster.admin("DELETE", &path, "");
    let back = roll_back(&cluster, "noticed");
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert_eq!(cluster.world(), old);
}

#[test]
fn a_runner_that_is_killed_around_a_notice_leaves_one_or_none() {
    const BODY: &str = "traffic::terminate(cluster, [\"catalogue\", \"maintenance\"], #{ message: \"back at noon\" });";
    const OURS: &str = "SELECT count(*) FROM plugins WHERE config->>'message' = 'back at noon'";
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let whole = run(&cluster, "whole", BODY, &[]);
    assert_eq!(whole.code, Some(DONE), "{}", whole.all);
    assert_eq!(roll_back(&cluster, "whole").code, Some(DONE));
    let (mut killed, step) = (0, if everything() { 1 } else { 3 });
    let records = cluster.records("whole");
    for record in (2..records.min(12)).step_by(step) {
        for (when, verb) in [("before", "resume"), ("after", "rollback")] {
            let name = format!("{when}-{record}");
            let crash = format!("{when}:{record}");
            let died = run(&cluster, &name, BODY, &["--crash", &crash]);
            if died.code.is_some() {
                // The run was over before that record came.
                assert_eq!(roll_back(&cluster, &name).code, Some(DONE), "{}", died.all);
                continue;
            }
            if verb == "resume" {
                let ended = cluster.cutover(&["resume", &name]);
                assert_eq!(ended.code, Some(DONE), "{name}: {}", ended.all);
                assert_eq!(cluster.ask(OURS).trim(), "2", "{name}");
            }
            let ended = roll_back(&cluster, &name);
            assert_eq!(ended.code, Some(DONE), "{name}: {}", ended.all);
            assert_eq!(cluster.world(), old, "{name}: {}", ended.all);
            killed += 1;
        }
    }
    assert!(killed > 0);
    println!("notices: {killed} kills, two or none after each");
    // The second of two routes fails: the first is undone.
    for call in ["before:2", "after:2", "after:1"] {
        let failed = run(
            &cluster,
            &format!("failed-{}", call.replace(':', "-")),
            BODY,
            &["--fail", call],
        );
        assert_eq!(failed.code, Some(UNDONE), "{}", failed.all);
        assert_eq!(cluster.world(), old, "{call}");
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let refused = |name: &str, body: &str, told: &str| {
        let ended = run(&cluster, name, body, &[]);
        assert_ne!(ended.code, Some(DONE), "{name}: {}", ended.all);
        assert!(ended.all.contains(told), "{name}: {}", ended.all);
        assert_eq!(cluster.world(), old, "{name}");
    };
    let notice = |named: &str, options: &str| {
        format!("traffic::terminate(cluster, {named}, #{{ {options} }});")
    };
    let canary = |options: &str| format!("traffic::canary(cluster, \"orders\", #{{ {options} }});");
    let elsewhere =
        |options: &str| format!("traffic::redirect(cluster, \"search\", #{{ {options} }});");
    refused(
        "nowhere",
        &notice("[\"search\", \"nowhere\"]", ""),
        "knows no route `nowhere`",
    );
    refused(
        "no-redirect",
        &elsewhere("to: \"https://example.com\""),
        "has no plugin `redirect`",
    );
    let share = "percent: 10, upstream: \"http://127.0.0.1:9\"";
    refused(
        "no-canary",
        &canary(share),
        "it comes with Kong Gateway Enterprise",
    );
    for (at, (body, told)) in [
        (notice("\"../consumers\"", ""), "is no name of a route"),
        (notice("\"..\"", ""), "is no name of a route"),
        (notice("[]", ""), "no route is named"),
        (notice("[\"search\", \"search\"]", ""), "is named twice"),
        (notice("\"search\"", "status: 99"), "a status is 200 to 599"),
        (
            notice("\"search\"", "message: \"a\\r\\nb\""),
            "a message is one line",
        ),
        (elsewhere("to: \"example.com\""), "is no URL"),
        (
            elsewhere("to: \"javascript:alert(1)\""),
            "is no URL that begins with",
        ),
        (
            elsewhere("to: \"https://a.example/\\r\\nb: c\""),
            "is no URL",
        ),
        (
            elsewhere("to: \"https://me:word@a.example/\""),
            "has a user in it",
        ),
        (
            elsewhere("to: \"https://a.example/\", status: 200"),
            "a redirect has the status",
        ),
        (
            canary("percent: -1, upstream: \"http://a.example\""),
            "`percent` is 0 to 100",
        ),
        (
            canary("percent: 101, upstream: \"http://a.example\""),
            "`percent` is 0 to 100",
        ),
        (
            canary("percent: 1, upstream: \"http://a.example/path\""),
            "a request keeps its own",
        ),
        (
            canary("percent: 1, upstream: \"http://a.example\", hash: \"header\""),
            "`hash` is one of",
        ),
    ]
    .iter()
    .enumerate()
    {
        refused(&format!("value-{at}"), body, told);
    }
    let frozen = format!(
        "kong::freeze(cluster, #{{ mode: \"deny\" }});\n{}",
        notice("\"search\"", "")
    );
    refused(
        "frozen",
        &frozen,
        "is frozen: its database denies the write",
    );
    let closed = format!(
        "kong::freeze(cluster, #{{ mode: \"admin_off\" }});\n{}",
        notice("\"search\"", "")
    );
    refused("closed", &closed, "is closed: `kong::freeze` closed it");
}

/// To bring such a plugin back, the journal would have to hold the secret.
#[test]
fn a_plugin_with_a_secret_in_it_is_left_alone() {
    let cluster = PracticeCluster::up_with(&["--hardened"]);
    let message = format!(
        "{{\"config\": {{\"message\": \"{}\"}}}}",
        cluster.password().trim()
    );
    let found = cluster
        .ask("SELECT id FROM gateway.plugins WHERE config->>'message' = 'down for maintenance'");
    cluster.admin("PATCH", &format!("/plugins/{}", found.trim()), &message);
    let body = "traffic::terminate(cluster, \"maintenance\", #{ message: \"back at noon\" });";
    let refused = run(&cluster, "secret", body, &[]);
    assert_ne!(refused.code, Some(DONE), "{}", refused.all);
    assert!(refused.all.contains("holds a secret"), "{}", refused.all);
    let journal = cluster.journal_text("secret");
    assert!(!journal.contains(cluster.password().trim()), "{journal}");
}

/// Any node that answers will do; what it refuses, another one is not asked for.
#[test]
fn a_node_that_is_down_is_passed_over_and_a_token_that_is_missing_is_told() {
    let cluster = PracticeCluster::up();
    let body = "traffic::terminate(cluster, \"catalogue\", #{ message: \"back at noon\" });";
    let token = "a-token-of-the-cluster";
    cluster.demand_token("kong-1", token);
    let refused = run(&cluster, "token", body, &[]);
    assert_ne!(refused.code, Some(DONE), "{}", refused.all);
    assert!(refused.all.contains("refuses the token"), "{}", refused.all);
    cluster.demand_token("kong-1", "");
    let old = cluster.world();
    let stopped = cluster.kong("2.8.5", &["stop"]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.all);
    let done = run(&cluster, "one-down", body, &[]);
    assert_eq!(done.code, Some(DONE), "{}", done.all);
    let back = roll_back(&cluster, "one-down");
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    let started = run(&cluster, "start", "kong::start(cluster.nodes);", &[]);
    assert_eq!(started.code, Some(DONE), "{}", started.all);
    assert_eq!(cluster.world(), old);
}

#[test]
fn clients_are_sent_elsewhere_where_kong_can_do_that() {
    let cluster = PracticeCluster::up_with(&["--version", "3.9.1"]);
    let old = cluster.world();
    let body = "traffic::redirect(cluster, \"catalogue\", #{ to: \"https://green.example/base?x=1\" });\n\
        traffic::redirect(cluster, \"health\", #{ to: \"https://green.example/base\", status: 302, keep_path: false });\n\
        run::approve(\"look\");";
    let sent = run(&cluster, "sent", body, &[]);
    assert_eq!(sent.code, Some(PAUSED), "{}", sent.all);
    let kept = [
        "HTTP/1.1 307",
        "Location: https://green.example/catalogue/a?q=1\r\n",
    ];
    await_answers(&cluster, "/catalogue/a?q=1", &kept);
    let plain = ["HTTP/1.1 302", "Location: https://green.example/base\r\n"];
    await_answers(&cluster, "/health", &plain);
    let back = roll_back(&cluster, "sent");
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert_eq!(cluster.world(), old);
    await_answers(&cluster, "/catalogue", &["HTTP/1.1 200"]);
}

#[test]
fn a_share_of_a_service_goes_elsewhere_and_comes_back() {
    let cluster = PracticeCluster::up();
    for node in ["kong-1", "kong-2"] {
        cluster.configure(node, "plugins", "bundled,canary");
    }
    let old = cluster.world();
    let other = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = other.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in other.incoming() {
            let mut stream = stream.expect("connected");
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let share = |percent: u8| {
        format!(
            "traffic::canary(cluster, \"catalogue\", #{{ percent: {percent}, upstream: \"http://127.0.0.1:{port}\", hash: \"none\" }});\n"
        )
    };
    let body = format!(
        "{}run::approve(\"look\");\n{}run::approve(\"look again\");",
        share(100),
        share(0)
    );
    let whole = run(&cluster, "share", &body, &[]);
    assert_eq!(whole.code, Some(PAUSED), "{}", whole.all);
    await_answers(&cluster, "/items/42", &["canary"]);
    // Other services are none of its business.
    assert!(
        answers(&cluster, "/health")
            .iter()
            .all(|answer| answer.contains("ok"))
    );
    assert_eq!(cluster.cutover(&["approve", "share"]).code, Some(DONE));
    let none = cluster.cutover(&["resume", "share"]);
    assert_eq!(none.code, Some(PAUSED), "{}", none.all);
    await_answers(&cluster, "/items/42", &["Via: "]);
    // One plugin all the time, and none afterwards.
    assert_eq!(
        cluster
            .ask("SELECT count(*) FROM plugins WHERE name = 'canary'")
            .trim(),
        "1"
    );
    let back = roll_back(&cluster, "share");
    assert_eq!(back.code, Some(DONE), "{}", back.all);
    assert_eq!(cluster.world(), old);
    let tls = share(1).replace("http:", "https:");
    let refused = run(&cluster, "tls", &tls, &[]);
    assert!(
        refused.all.contains("is not reached by `https`"),
        "{}",
        refused.all
    );
    assert_eq!(cluster.world(), old);
}

#[test]
fn notices_go_as_they_are_drilled_and_tested() {
    let playbook = fixture("tested/notices.rhai");
    let drilled = played("drill", playbook.to_str().expect("text"), &[]).output();
    let (code, told, error) = ended(&drilled.expect("cutover runs"));
    assert_eq!(code, Some(DONE), "{told}{error}");
    let tests = fixture("tested/notices_test.rhai");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
    command.env_clear().arg("test").arg::<&Path>(&tests);
    let (code, told, error) = ended(&command.output().expect("cutover runs"));
    assert_eq!(code, Some(DONE), "{told}{error}");
}
