//! Requests in the forms in which logs have them.

use std::io::{self, BufReader, Read};

use cutover::kong::router::Scheme;
use cutover::kong::router::requests::{Presumed, Requests};

fn presumed() -> Presumed {
    Presumed {
        host: "gateway".to_owned(),
        scheme: Scheme::Https,
        port: Some(8443),
    }
}

/// What a line is read as: the request, its port and the name of its handshake.
fn read(line: &str) -> String {
    let mut requests = Requests::new(line.as_bytes(), presumed());
    let Some(asked) = requests.next() else {
        return "unreadable".to_owned();
    };
    let port = asked
        .port
        .map_or_else(String::new, |port| format!(" :{port}"));
    let sni = asked.sni.as_deref().unwrap_or("no name");
    format!("{asked} ({sni}{port})")
}

#[test]
fn each_form_is_read() {
    let forms = [
        (
            r#"10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "GET /a?b=1 HTTP/1.1" 200 5 "-" "curl/8""#,
            "GET https://gateway/a (gateway :8443)",
        ),
        (
            r#"10.0.0.1 - ann lee [28/Nov/2026:10:00:00 +0000] "POST /a/b HTTP/2.0" 404 48"#,
            "POST https://gateway/a/b (gateway :8443)",
        ),
        (
            r#"a.example.com:8443 ::1 - - [28/Nov/2026:10:00:00 +0000] "GET / HTTP/1.0" 200 5 "-" "x" kong_request_id: "ab""#,
            "GET https://a.example.com:8443/ (a.example.com :8443)",
        ),
        (
            r#"10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "GET /a\x22\xC3\xA9 HTTP/1.1" 200 5"#,
            "GET https://gateway/a\"%C3%A9 (gateway :8443)",
        ),
        (
            r#"10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "GET http://b.example.com/a HTTP/1.1" 200 5"#,
            "GET http://b.example.com/a (no name :8443)",
        ),
        (
            r#"{"method":"PUT","path":"/a?x","host":"a.example.com","scheme":"http"}"#,
            "PUT http://a.example.com/a (no name :8443)",
        ),
        (
            r#"{"request_method":"GET","request_uri":"/a","uri":"/decoded","http_host":"a:80","ssl_server_name":"b"}"#,
            "GET https://a:80/a (b :8443)",
        ),
        (
            r#"{"request":"GET /a HTTP/1.1","host":"a.example.com","status":200}"#,
            "GET https://a.example.com/a (a.example.com :8443)",
        ),
        (
            r#"{"request":{"method":"GET","uri":"/a/b?c","url":"http://a.example.com:8000/a/b?c","size":1,
               "headers":{"host":"a.example.com:8000","x-version":["1","2"],"accept":"*/*"}},"latencies":{}}"#,
            "GET http://a.example.com:8000/a/b accept: */*; x-version: 1; x-version: 2 (no name :8443)",
        ),
        ("/a/b", "GET https://gateway/a/b (gateway :8443)"),
        (
            "DELETE http://a.example.com:8000 X-A: 1; x-b: 2:3",
            "DELETE http://a.example.com:8000/ x-a: 1; x-b: 2:3 (no name :8443)",
        ),
        (
            "GET /a Host: 10.0.0.1",
            "GET https://10.0.0.1/a (no name :8443)",
        ),
    ];
    for (line, expected) in forms {
        assert_eq!(read(&line.replace('\n', "")), expected, "{line}");
    }
}

#[test]
fn what_is_no_request_is_not_taken_for_one() {
    let lines = [
        r#"10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "-" 400 0 "-" "-""#,
        r#"10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "\x16\x03\x01" 400 150 "-" "-""#,
        r#"10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "CONNECT a:443 HTTP/1.1" 400 150"#,
        r#"10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "GET /a"#,
        r#"{"method":"GET"}"#,
        r#"{"method":"GET","path":"#,
        r#"{"request":{"method":"GET"}}"#,
        "GET",
        "GET a/b",
        "/a /b",
        "G!T /a",
        "GET https:///a",
        "GET /a Host",
    ];
    for line in lines {
        assert_eq!(read(line), "unreadable", "{line}");
    }
}

#[test]
fn unreadable_lines_are_counted_and_the_first_are_told() {
    let mut text = b"/a\n\n# a comment\n".to_vec();
    text.extend("?\n".repeat(7).bytes());
    text.extend(b"\xFF\xFE\n");
    text.extend(vec![b'/'; 3 << 20]);
    text.extend(b"\n/b");
    let mut requests = Requests::new(&*text, presumed());
    assert_eq!(requests.by_ref().count(), 2);
    let tally = requests.finish().expect("read");
    assert_eq!((tally.lines, tally.requests, tally.unreadable), (13, 2, 9));
    assert_eq!(tally.first_unreadable, [4, 5, 6, 7, 8]);
}

/// A text that breaks off.
struct Broken(bool);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if std::mem::replace(&mut self.0, true) {
            return Err(io::Error::other("the disk is gone"));
        }
        buffer[..3].copy_from_slice(b"/a\n");
        Ok(3)
    }
}

#[test]
fn a_text_that_breaks_off_is_an_error() {
    let mut requests = Requests::new(BufReader::new(Broken(false)), presumed());
    assert_eq!(requests.by_ref().count(), 1);
    let error = requests.finish().expect_err("broken off");
    assert_eq!(error.to_string(), "the disk is gone");
}
