//! The HTTP client of checks against servers that are wrong, rude or unusual: a clear outcome with each, within the deadline, and never
//! more taken in than is allowed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cutover::environment::Environment;
use cutover::gateway::live::Live;
use cutover::gateway::{
    Body, Expectation, Failure, HttpAnswer, HttpRequest, HttpVersion, ProcessIdentity, Reach,
    Report, Text, Web as _, differences,
};
use serde_json::json;

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

/// Where the authority to trust stands.
fn authority(directory: &Path) -> PathBuf {
    directory.join("ca.pem")
}

/// Puts the authority of a server down for a world to trust.
pub(crate) fn trust(running: &Running, directory: &Path) {
    if let Some(pem) = &running.ca_pem {
        std::fs::write(authority(directory), pem).expect("written");
    }
}

/// A world that trusts the authority that stands in a directory.
fn world(directory: &Path) -> Live {
    let ca = authority(directory);
    let text = format!(
        "name = \"hostile\"\n[tls.hostile]\nca = {:?}\n[tls.anyone]\ninsecure = true\n[secrets.key]\nfrom = {{ env = \"PATH\" }}\nhosts = [\"127.0.0.1\"]\n[storage]\npath = \".\"\n",
        ca.display().to_string()
    );
    let environment = Environment::parse(Path::new("environment.toml"), &text).expect("sound");
    Live::new(environment, "test", directory.to_owned(), Rc::new(Nobody))
}

/// Asks a server as somebody would who wants what is wanted of it; with how long the last answer took.
pub(crate) fn ask(
    hostile: &Hostile,
    url: &str,
    directory: &Path,
) -> (Result<HttpAnswer, Failure>, Duration) {
    let world = world(directory);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let asked = |http| {
        let request = request(hostile, url, http);
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

/// How often a server is asked whose client was late, and one that anything else was wrong with.
const LATE: usize = 8;
const WRONG: usize = 3;

/// One server, asked until all is as it is meant to be; what was wrong the last time. A machine with other work makes anybody late by
/// chance, and a client that hangs is so every time.
fn judged(hostile: &Hostile, directory: &Path) -> Option<String> {
    let (mut late, mut wrong) = (0, 0);
    loop {
        let running = Servers::start(hostile);
        trust(&running, directory);
        let (came, took) = ask(hostile, &running.url, directory);
        let said = running.said();
        let told = if let Some(told) = self::wrong(hostile, &came) {
            wrong += 1;
            told
        } else if said > MOST_SAID {
            wrong += 1;
            format!("took in {said} bytes")
        } else if took > DEADLINE + GRACE {
            late += 1;
            format!("took {took:?}")
        } else {
            return None;
        };
        if late == LATE || wrong == WRONG {
            return Some(format!("{}: {told}", hostile.name));
        }
    }
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
                    if let Some(wrong) = judged(hostile, directory.path()) {
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

/// Asks the server of this name with a request that `change` has changed.
fn asked_otherwise(
    name: &str,
    change: impl Fn(&mut HttpRequest, &Running),
) -> Result<HttpAnswer, Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let directory = tempfile::tempdir().expect("a directory");
    let hostile = servers().find(|server| server.name == name).expect("there");
    let running = Servers::start(hostile);
    trust(&running, directory.path());
    let world = world(directory.path());
    let mut request = request(hostile, &running.url, HttpVersion::One);
    change(&mut request, &running);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let hoped = Expectation::default();
    let asked = world.request(&request, &Reach::Outside, &hoped);
    runtime.expect("a runtime").block_on(asked)
}

#[test]
fn a_certificate_is_told_and_can_be_expected() {
    let answer = asked_otherwise("tls-good", |_, _| {}).expect("answered");
    let told = |expect: serde_json::Value| {
        let expect = serde_json::from_value(expect).expect("an expectation");
        let told = differences(&expect, &answer);
        told.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let sound = json!({ "certificate": { "names": { "contains": "127.0.0.1" }, "days_left": { "at_least": 0 } } });
    assert!(told(sound).is_empty());
    let over = told(json!({ "certificate": { "days_left": { "at_least": 1_000_000 } } }));
    assert!(
        over[0].starts_with("certificate's `days_left` is "),
        "{over:?}"
    );
    // Whoever is named in the environment file as anyone may be anyone.
    let refused = asked_otherwise("tls-expired", |_, _| {}).expect_err("refused");
    assert_eq!(refused.code, "http.tls");
    let taken = asked_otherwise("tls-expired", |request, _| {
        request.tls = Some("anyone".to_owned());
    });
    assert_eq!(taken.expect("answered").status, 200);
    let unknown = asked_otherwise("tls-good", |request, _| {
        request.tls = Some("nobody".to_owned());
    });
    assert!(
        unknown
            .expect_err("refused")
            .message
            .contains("[tls.nobody]")
    );
}

#[test]
fn a_name_is_asked_at_another_address() {
    let url = |request: &mut HttpRequest, running: &Running| {
        let server = running.url.trim_end_matches('/').rsplit('/').next();
        request.connect_to = server.map(str::to_owned);
        request.url = request.url.replace("127.0.0.1", "shop.invalid");
    };
    // The certificate is for the address, and it is the name that is asked for.
    let refused = asked_otherwise("tls-good", url).expect_err("refused");
    assert!(refused.message.contains("not valid for"), "{refused}");
    let answer = asked_otherwise("http-1.0", url).expect("answered");
    assert!(
        answer.url.starts_with("http://shop.invalid:"),
        "{}",
        answer.url
    );
}

#[test]
fn a_secret_goes_to_a_proven_server_alone() {
    type Change<'a> = &'a dyn Fn(&mut HttpRequest);
    let key = || serde_json::from_value(json!({ "secret": "key" })).expect("a text");
    let with = |server: &str, change: &dyn Fn(&mut HttpRequest)| {
        asked_otherwise(server, |request, _| {
            request.headers.insert("x-key".to_owned(), key());
            change(request);
        })
    };
    assert_eq!(with("tls-good", &|_| {}).expect("answered").status, 200);
    let refused: [(&str, Change<'_>, &str); 4] = [
        ("http-1.0", &|_| {}, "not encrypted"),
        (
            "tls-good",
            &|request| request.connect_to = Some("127.0.0.1:9".to_owned()),
            "connected to elsewhere",
        ),
        (
            "tls-expired",
            &|request| request.tls = Some("anyone".to_owned()),
            "its certificate",
        ),
        (
            "tls-good",
            &|request| request.url = "https://localhost:9/".to_owned(),
            "not among its `hosts`",
        ),
    ];
    for (server, change, why) in refused {
        let failure = with(server, change).expect_err("refused");
        assert_eq!(failure.code, "http.secret");
        assert!(failure.message.contains(why), "{failure}");
    }
}

/// A server that reads a head, answers it, and tells what else came.
fn answering(answers: &'static [&'static str]) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut heard = String::new();
        let mut reader = BufReader::new(stream.try_clone().expect("another handle"));
        while !heard.ends_with("\r\n\r\n") {
            reader.read_line(&mut heard).expect("text");
        }
        for answer in answers {
            stream.write_all(answer.as_bytes()).expect("said");
        }
        reader.read_to_string(&mut heard).expect("text");
        heard
    });
    (url, server)
}

#[test]
fn a_body_is_announced_and_never_sent() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for (answers, status) in [
        (&["HTTP/1.1 100 Continue\r\n\r\n"][..], 100),
        (
            &[
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
                "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n",
            ],
            417,
        ),
    ] {
        let (url, server) = answering(answers);
        let directory = tempfile::tempdir().expect("a directory");
        let request = HttpRequest {
            method: "POST".to_owned(),
            body: Some(Body::Announced {
                announced: 9_000_000,
            }),
            ..HttpRequest::get(url)
        };
        let world = world(directory.path());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let hoped = Expectation::default();
        let answer = runtime.block_on(world.request(&request, &Reach::Outside, &hoped));
        // The connection ends with what was driving it.
        drop(runtime);
        assert_eq!(answer.expect("answered").status, status);
        let heard = server.join().expect("ended");
        assert!(heard.contains("expect: 100-continue\r\n"), "{heard}");
        assert!(heard.contains("content-length: 9000000\r\n"), "{heard}");
        assert!(
            heard.ends_with("\r\n\r\n"),
            "more came than a head: {heard}"
        );
    }
}
