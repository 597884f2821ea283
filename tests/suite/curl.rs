//! curl command lines: each line of the corpus is read as it says, and the real curl, where there is one, sends just that.
//!
//! The expectations were made by curl 7.88.1 in bash. Newer versions write percent-encoded letters in capitals and a blank between
//! cookies, which is held to be the same; so is any boundary of a form.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use cutover::checks::curl::{CurlCommand, Given, Part, Sent, read, sent};
use proptest::prelude::*;
use serde::Deserialize;

const COMMANDS: &str = include_str!("../fixtures/curl/commands.toml");

/// The corpus, with what its lines refer to.
#[derive(Deserialize)]
struct Corpus {
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    command: Vec<Case>,
}

/// A command line, and the request or the refusal that becomes of it.
#[derive(Deserialize)]
struct Case {
    line: String,
    request: Option<Request>,
    refused: Option<String>,
}

/// A request, as far as curl decides about it.
#[derive(Debug, PartialEq, Deserialize)]
struct Request {
    method: String,
    target: String,
    headers: Vec<String>,
    #[serde(default)]
    body: String,
}

impl Corpus {
    fn read() -> Self {
        toml::from_str(COMMANDS).expect("the corpus")
    }

    fn given(&self) -> Given {
        let bytes = |(path, text): (&String, &String)| (path.clone(), text.clone().into_bytes());
        Given {
            variables: self.variables.clone(),
            files: self.files.iter().map(bytes).collect(),
        }
    }
}

impl Request {
    fn of(command: &CurlCommand, given: &Given) -> Self {
        let sent = sent(command, given).expect("all is given");
        Self::from_sent(sent)
    }

    fn from_sent(sent: Sent) -> Self {
        let header = |(name, value): (String, String)| format!("{name}: {value}");
        Self {
            method: sent.method,
            target: sent.target,
            headers: sent.headers.into_iter().map(header).collect(),
            body: String::from_utf8(sent.body).expect("the corpus has texts alone"),
        }
        .normalised()
    }

    /// With one boundary for all forms, and without what versions of curl write differently.
    fn normalised(mut self) -> Self {
        self.target = with_capitals(&self.target);
        let form = "Content-Type: multipart/form-data; boundary=------------------------";
        let boundary = self
            .headers
            .iter()
            .find_map(|header| header.strip_prefix(form));
        if let Some(random) = boundary.map(str::to_owned) {
            self.body = self.body.replace(&random, "BOUNDARY");
            let length = format!("Content-Length: {}", self.body.len());
            for header in &mut self.headers {
                *header = header.replace(&random, "BOUNDARY");
                if header.starts_with("Content-Length: ") {
                    header.clone_from(&length);
                }
            }
        }
        for header in self
            .headers
            .iter_mut()
            .filter(|header| header.starts_with("Cookie: "))
        {
            *header = header.replace("; ", ";");
        }
        self
    }
}

/// The digits of percent-encoded bytes in capitals.
fn with_capitals(target: &str) -> String {
    let mut parts = target.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| match part.split_at_checked(2) {
        Some((digits, rest)) => format!("{whole}%{}{rest}", digits.to_ascii_uppercase()),
        None => format!("{whole}%{part}"),
    })
}

#[test]
fn each_command_line_of_the_corpus_is_read_as_it_says() {
    let corpus = Corpus::read();
    let given = corpus.given();
    let mut wrong = Vec::new();
    for case in &corpus.command {
        match (read(&case.line), &case.request, &case.refused) {
            (Ok(command), Some(request), None) => {
                let sent = Request::of(&command, &given);
                if sent != *request {
                    wrong.push(format!("{}\n{sent:#?}\ninstead of {request:#?}", case.line));
                }
            }
            (Err(error), None, Some(refused)) if error.to_string() == *refused => {}
            (outcome, ..) => wrong.push(format!("{}\n{outcome:#?}", case.line)),
        }
    }
    let refused = corpus
        .command
        .iter()
        .filter(|case| case.refused.is_some())
        .count();
    println!(
        "{} command lines, {refused} of them refused",
        corpus.command.len()
    );
    assert!(corpus.command.len() >= 140);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_real_curl_sends_the_same() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: there is no curl here");
        return;
    }
    let corpus = Corpus::read();
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in &corpus.files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it is below")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let (mut compared, mut wrong) = (0, Vec::new());
    for case in &corpus.command {
        let Some(request) = &case.request else {
            continue;
        };
        let command = read(&case.line).expect(&case.line);
        if matches!(command.url.parts(), [Part::Text(url), ..] if url.starts_with("https:")) {
            continue;
        }
        let mut played = played(&case.line, &corpus.variables, directory.path());
        if let Some(played) = &mut played {
            let wanted =
                |header: &String| header != "Accept: */*" || request.headers.contains(header);
            played.headers.retain(wanted);
        }
        if played.as_ref() != Some(request) {
            wrong.push(format!(
                "{}\n{played:#?}\ninstead of {request:#?}",
                case.line
            ));
        }
        compared += 1;
    }
    println!("{compared} command lines played by curl");
    assert!(compared >= 120);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_no_request_shows_is_read_too() {
    let told = |line: &str| {
        let command = read(line).expect(line);
        let shown = [
            serde_json::to_string(&command.connection),
            serde_json::to_string(&command.tls),
            serde_json::to_string(&command.answer),
            Ok(command.ignored.join(" ")),
        ];
        shown.map(|shown| shown.expect("data")).join(
            "
",
        )
    };
    insta::assert_snapshot!(told(
        "curl -sSfkLm 10 --connect-timeout 2.5 --max-redirs 3 --retry 4 --retry-delay 1 --retry-max-time 60 --retry-connrefused \
         --retry-all-errors -6 --http2-prior-knowledge -o /dev/null -w '%{http_code}' h.example"
    ), @r#"
    {"resolve":[],"connect_to":[],"family":"six","http":"two_at_once","connect_timeout":{"secs":2,"nanos":500000000},"timeout":{"secs":10,"nanos":0}}
    {"authorities":null,"authority_directory":null,"certificate":null,"key":null,"passphrase":null,"insecure":true,"lowest":null,"highest":null}
    {"follow":true,"most_redirects":3,"fail":true,"retry":{"times":4,"delay":{"secs":1,"nanos":0},"within":{"secs":60,"nanos":0},"after":"all"}}
    --silent --show-error --output --write-out
    "#);
    insta::assert_snapshot!(told(
        "curl --resolve +h.example:8443:127.0.0.1,[::1] --connect-to h.example:443:[::1]:8443 --connect-to ::node: --tlsv1.2 \
         --tls-max 1.3 --cacert \"$HOME/ca.pem\" -E client.pem:secret --key client.key --cert-type PEM --max-redirs -1 https://h.example"
    ), @r#"
    {"resolve":[{"host":"h.example","port":8443,"addresses":["127.0.0.1","::1"]}],"connect_to":[{"host":"h.example","port":443,"to_host":"::1","to_port":8443},{"host":null,"port":null,"to_host":"node","to_port":null}],"family":"any","http":"any","connect_timeout":null,"timeout":null}
    {"authorities":[{"variable":"HOME"},{"text":"/ca.pem"}],"authority_directory":null,"certificate":[{"text":"client.pem"}],"key":[{"text":"client.key"}],"passphrase":[{"text":"secret"}],"insecure":false,"lowest":"1.2","highest":"1.3"}
    {"follow":false,"most_redirects":null,"fail":false,"retry":{"times":0,"delay":null,"within":null,"after":"transient"}}
    "#);
    insta::assert_snapshot!(told("curl -f --no-fail -k --no-insecure -L --no-location --no-verbose h.example"), @r#"
    {"resolve":[],"connect_to":[],"family":"any","http":"any","connect_timeout":null,"timeout":null}
    {"authorities":null,"authority_directory":null,"certificate":null,"key":null,"passphrase":null,"insecure":false,"lowest":null,"highest":null}
    {"follow":false,"most_redirects":50,"fail":false,"retry":{"times":0,"delay":null,"within":null,"after":"transient"}}
    --verbose
    "#);
}

#[test]
fn a_command_survives_json_and_names_what_is_missing() {
    let corpus = Corpus::read();
    for case in corpus.command.iter().filter(|case| case.request.is_some()) {
        let command = read(&case.line).expect(&case.line);
        let json = serde_json::to_string(&command).expect("data");
        assert_eq!(
            serde_json::from_str::<CurlCommand>(&json).expect("the same"),
            command
        );
    }
    let missing = |line: &str| {
        let refused = sent(&read(line).expect(line), &Given::default());
        refused.expect_err("something is missing").to_string()
    };
    let mut given = Given::default();
    given.variables.insert("ID".to_owned(), "a b\n".to_owned());
    let wrong = |line: &str| {
        let refused = sent(&read(line).expect(line), &given);
        refused.expect_err("a blank").to_string()
    };
    let told = [
        missing("curl -u ada:$PASSWORD http://h.example/"),
        missing("curl -d @body.json http://h.example/"),
        wrong("curl http://h.example/$ID"),
        wrong("curl --request-target $ID http://h.example/"),
        wrong("curl -H \"X: $ID\" http://h.example/"),
        wrong("curl -b a=$ID http://h.example/"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    the variable `PASSWORD` is not set
    help: give it a value, or a secret of this name
    the file `body.json` is not there
    help: put it beside the check, or write its path anew
    the URL has a blank, which no request can have there
    help: write it as `%20`
    the URL has a blank, which no request can have there
    help: write it as `%20`
    the header `X` has the end of a line in it
    help: take it out of the variable that is in the header
    the header `Cookie` has the end of a line in it
    help: take it out of the variable that is in the header
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_the_reader_panic(line in "(curl )?([-$'\"\\\\{}\\[\\]:;=@,#~^|&<>()`*?.a-zA-Z0-9 \n\té]|(-[a-zA-Z#:] )|(--[a-z]{2,8} )|http://h.example/){0,24}") {
        if let Ok(command) = read(&line) {
            let _whatever_it_sends = sent(&command, &Given::default());
        }
    }

    #[test]
    fn what_is_quoted_is_sent_as_it_is(text in "[^\0]{0,40}") {
        let quoted = shlex::try_quote(&text).expect("no zero byte");
        let line = format!("curl --data-raw {quoted} http://h.example/");
        // Ends of lines of Windows are those of the shell.
        let text = text.replace("\r\n", "\n");
        let sent = sent(&read(&line).expect("read"), &Given::default()).expect("sent");
        prop_assert_eq!(String::from_utf8(sent.body), Ok(text));
    }
}

/// What curl sends, run by bash as the line says, but to a server of ours.
fn played(line: &str, variables: &BTreeMap<String, String>, directory: &Path) -> Option<Request> {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("bound").port();
    let line = line.trim_start_matches("$ ").replace("\n$ ", "\n");
    // Of several entries of `--connect-to` the first counts, and paths and suffixes of the program's name do not.
    let script =
        format!("curl() {{ command curl --connect-to ::127.0.0.1:{port} \"$@\"; }}\n{line}");
    let script = script
        .replace("\n/usr/bin/curl ", "\ncurl ")
        .replace("\ncurl.exe ", "\ncurl ");
    let mut shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", directory)
        .env("LC_ALL", "C.UTF-8")
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("bash");
    let request = answered(&server, &mut shell);
    shell.wait().expect("it ends");
    request
}

/// Answers the one request that comes before the shell ends.
fn answered(server: &TcpListener, shell: &mut std::process::Child) -> Option<Request> {
    server.set_nonblocking(true).expect("set");
    let mut ended = false;
    loop {
        match server.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).expect("set");
                return Some(answer(&stream));
            }
            Err(_) if ended => return None,
            Err(_) => ended = shell.try_wait().expect("asked").is_some(),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn answer(mut stream: &TcpStream) -> Request {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("set");
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
    reader.read_exact(&mut body).expect("the body");
    let nothing = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    stream.write_all(nothing).expect("answered");
    request(lines, body)
}

/// The request of these lines, less the headers in which curl names itself.
fn request(mut lines: Vec<String>, body: Vec<u8>) -> Request {
    let first = lines.remove(0);
    let words: Vec<&str> = first.splitn(3, ' ').collect();
    let by_itself = |line: &String| line.starts_with("User-Agent: curl/");
    lines.retain(|line| !by_itself(line));
    let header = |line: String| {
        let (name, value) = line.split_once(':').expect("a header");
        (name.to_owned(), value.trim().to_owned())
    };
    Request::from_sent(Sent {
        method: words[0].to_owned(),
        target: words[1].to_owned(),
        headers: lines.into_iter().map(header).collect(),
        body,
    })
}
