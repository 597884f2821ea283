//! Servers whose status line is no HTTP.
//!
//! What httparse, and with it hyper, takes all the same stands in `tolerated`.

use super::Move::{Repeat, Request, Say};
use super::Outcome::Failure;
use super::{Hostile, Outcome, PLAIN};

/// What is refused for the number of the status.
const STATUS: Outcome = Failure("http.broken", "status");

/// What is refused for not beginning with `HTTP/1.`.
const VERSION: Outcome = Failure("http.broken", "version");

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "http-0.9",
        about: "says a document and neither a status line nor headers, as in HTTP/0.9",
        moves: &[Request, Say(b"<html>ok</html>\n")],
        expect: VERSION,
        ..PLAIN
    },
    Hostile {
        name: "garbage",
        about: "says 64 KiB that mean nothing",
        moves: &[Request, Repeat(8192, b"\xa5\x5a\xff\xfe\x01\x02\x7f\x80")],
        expect: VERSION,
        ..PLAIN
    },
    Hostile {
        name: "zeros",
        about: "says 64 KiB of zeros",
        moves: &[Request, Repeat(8192, b"\0\0\0\0\0\0\0\0")],
        expect: VERSION,
        ..PLAIN
    },
    Hostile {
        name: "ssh",
        about: "greets as a server of SSH, before it is asked",
        moves: &[Say(b"SSH-2.0-OpenSSH_9.2\r\n")],
        // What has come before the connection is first polled, hyper calls unexpected; it reads what comes later as an answer.
        expect: Failure("http.broken", "version|unexpected"),
        ..PLAIN
    },
    Hostile {
        name: "speaks-tls",
        about: "answers `http://` with an alert of TLS, as some servers do on a port for `https://`",
        moves: &[Request, Say(b"\x15\x03\x01\0\x02\x02\x16")],
        expect: VERSION,
        ..PLAIN
    },
    Hostile {
        name: "speaks-http2",
        about: "answers HTTP/1.1 with frames of HTTP/2",
        moves: &[
            Request,
            Say(b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
        ],
        expect: VERSION,
        ..PLAIN
    },
    Hostile {
        name: "icy",
        about: "calls its protocol ICY, as Shoutcast does",
        moves: &[Request, Say(b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nok")],
        expect: VERSION,
        ..PLAIN
    },
    Hostile {
        name: "version-3-in-text",
        about: "calls its protocol HTTP/3.0 in a text of HTTP/1",
        moves: &[
            Request,
            Say(b"HTTP/3.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: VERSION,
        ..PLAIN
    },
    Hostile {
        // curl takes it.
        name: "lower-case-version",
        about: "writes http/1.1 in lower case",
        moves: &[
            Request,
            Say(b"http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: VERSION,
        ..PLAIN
    },
    Hostile {
        name: "status-of-letters",
        about: "says letters where the status belongs",
        moves: &[
            Request,
            Say(b"HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: STATUS,
        ..PLAIN
    },
    Hostile {
        name: "status-of-two-digits",
        about: "says a status of two digits",
        moves: &[
            Request,
            Say(b"HTTP/1.1 99 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: STATUS,
        ..PLAIN
    },
    Hostile {
        name: "status-of-four-digits",
        about: "says a status of four digits",
        moves: &[
            Request,
            Say(b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: STATUS,
        ..PLAIN
    },
    Hostile {
        name: "status-zero",
        about: "says a status of 000",
        moves: &[
            Request,
            Say(b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: STATUS,
        ..PLAIN
    },
    Hostile {
        // curl takes it: whoever shows a reason on a terminal has to take care.
        name: "escape-in-the-reason",
        about: "says a reason that clears a terminal",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 \x1b[2J\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: STATUS,
        ..PLAIN
    },
];
