//! The HTTP client of checks against servers that are wrong, rude or unusual: a clear outcome with each, within the deadline, and never
//! more taken in than is allowed.

use std::path::Path;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cutover::environment::Environment;
use cutover::gateway::live::Live;
use cutover::gateway::{
    Body, Expectation, Failure, HttpAnswer, HttpRequest, HttpVersion, ProcessIdentity, Reach,
    Report, Text, Web as _,
};

use super::hostile_http::{Hostile, Http2, LARGEST_BODY, Outcome, Running, Servers, servers};

/// How long an answer may take, and how much longer it may take to say that it did not come.
const DEADLINE: Duration = Duration::from_millis(400);
const GRACE: Duration = Duration::from_millis(50);

/// What a server gets rid of at most: the body, and what stands in the buffers of the system on both sides.
const MOST_SAID: u64 = 16 << 20;

struct Nobody;

impl Report for Nobody {
    fn process_started(&self, _: &str, _: &ProcessIdentity) -> Result<(), Failure> {
        Ok(())
    }

    fn progress(&self, _: &str) {}
}

fn request(hostile: &Hostile, url: &str, http: HttpVersion) -> HttpRequest {
    let wanted = hostile.wanted;
    HttpRequest {
        method: wanted.method.to_owned(),
        body: (wanted.body > 0).then(|| Body::Text(Text::Plain("b".repeat(wanted.body)))),
        timeout: u64::try_from(DEADLINE.as_millis()).expect("short"),
        http,
        tls: Some("hostile".to_owned()),
        redirects: u32::try_from(wanted.redirects).expect("few"),
        compressed: wanted.compressed,
        body_limit: LARGEST_BODY as u64,
        ..HttpRequest::get(url)
    }
}

/// Asks a server as somebody would who wants what is wanted of it; with how long the last answer took.
fn ask(
    hostile: &Hostile,
    running: &Running,
    directory: &Path,
) -> (Result<HttpAnswer, Failure>, Duration) {
    let ca = directory.join("ca.pem");
    if let Some(pem) = &running.ca_pem {
        std::fs::write(&ca, pem).expect("written");
    }
    let text = format!(
        "name = \"hostile\"\n[tls.hostile]\nca = {:?}\n[storage]\npath = \".\"\n",
        ca.display().to_string()
    );
    let environment = Environment::parse(Path::new("environment.toml"), &text).expect("sound");
    let world = Live::new(environment, "test", directory.to_owned(), Rc::new(Nobody));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let asked = |http| {
        let request = request(hostile, &running.url, http);
        let begun = Instant::now();
        let came =
            runtime.block_on(world.request(&request, &Reach::Outside, &Expectation::default()));
        (came, begun.elapsed())
    };
    match hostile.wanted.http2 {
        Http2::No => asked(HttpVersion::One),
        Http2::Known => asked(HttpVersion::Two),
        // Who would rather have the second version asks again where there is only the first.
        Http2::Offered => match asked(HttpVersion::Two) {
            (Err(failure), _) if failure.code == "http.version" => asked(HttpVersion::One),
            other => other,
        },
    }
}

/// What is not as it is meant to be.
fn wrong(hostile: &Hostile, came: &Result<HttpAnswer, Failure>) -> Option<String> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match (came, hostile.expect) {
        (Err(failure), expect) if expect.is_failure(&failure.code, &failure.message) => None,
        (Err(failure), expect) => Some(format!("{}: {failure}, not {expect:?}", failure.code)),
        (
            Ok(answer),
            Outcome::Answer {
                status,
                body,
                headers,
            },
        ) => {
            let value = |name: &str| {
                let of = headers.iter().filter(|(other, _)| *other == name);
                of.map(|(_, value)| lossy(value))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let header =
                |(name, _): &(&str, &[u8])| answer.headers.get(*name) == Some(&value(name));
            let is_right =
                answer.status == status && answer.body == lossy(body) && headers.iter().all(header);
            (!is_right).then(|| format!("{answer:?}"))
        }
        (Ok(answer), expect) => Some(format!("answered {}, not {expect:?}", answer.status)),
    }
}

/// One server; nothing where all is as it is meant to be.
fn judged(hostile: &Hostile, directory: &Path) -> Option<String> {
    let running = Servers::start(hostile);
    let (came, took) = ask(hostile, &running, directory);
    let wrong = wrong(hostile, &came)
        .or_else(|| (took > DEADLINE + GRACE).then(|| format!("took {took:?}")))
        .or_else(|| {
            (running.said() > MOST_SAID).then(|| format!("took in {} bytes", running.said()))
        });
    wrong.map(|wrong| format!("{}: {wrong}", hostile.name))
}

#[test]
fn every_hostile_server_comes_to_a_clear_outcome_in_time() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let only = std::env::var("CUTOVER_TEST_SERVER").unwrap_or_default();
    let all: Vec<&Hostile> = servers()
        .filter(|server| server.name.contains(&only))
        .collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let directory = tempfile::tempdir().expect("a directory");
                while let Some(hostile) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A machine with other work may be late by chance; a client that hangs is so every time.
                    let last = (0..3).map(|_| judged(hostile, directory.path()));
                    let mut last = last.take_while(Option::is_some);
                    if let Some(Some(wrong)) = last.nth(2) {
                        found.lock().expect("nobody panicked").push(wrong);
                    }
                }
            });
        }
    });
    let found = found.into_inner().expect("nobody panicked");
    println!("{} hostile servers, {} wrong", all.len(), found.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
