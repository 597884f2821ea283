//! Servers that end the connection before the answer is whole.

use super::Ending::{Close, Cut, Reset};
use super::Move::{InTurn, Knock, Pause, Request, Say};
use super::Outcome::Failure;
use super::{GET, Hostile, PLAIN, Wanted};

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "closed-at-once",
        about: "closes each connection when it has accepted it",
        ends: Cut,
        // Whether the request was written before or after, and thus what the system says, is chance.
        expect: Failure("http.broken", "closed|reset|pipe"),
        ..PLAIN
    },
    Hostile {
        name: "closed-by-half",
        about: "says at once that it will say nothing, and reads on",
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        name: "closed-after-the-request",
        about: "reads the request and closes the connection",
        moves: &[Request],
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        name: "reset-after-the-request",
        about: "reads the request and resets the connection",
        moves: &[Request],
        ends: Reset,
        expect: Failure("http.broken", "reset"),
        ..PLAIN
    },
    Hostile {
        name: "unread-request",
        about: "closes the connection with the request unread, which resets it",
        moves: &[Knock],
        ends: Cut,
        expect: Failure("http.broken", "reset"),
        ..PLAIN
    },
    Hostile {
        name: "closed-in-the-status-line",
        about: "closes in the middle of the status line",
        moves: &[Request, Say(b"HTTP/1.1 2")],
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        // curl takes it for an answer without a body.
        name: "closed-in-the-headers",
        about: "closes in the middle of a header",
        moves: &[Request, Say(b"HTTP/1.1 200 OK\r\nContent-Le")],
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        name: "closed-after-continue",
        about: "says `100 Continue` and closes",
        moves: &[Request, Say(b"HTTP/1.1 100 Continue\r\n\r\n")],
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        name: "closed-in-the-body",
        about: "announces ten bytes, says two and closes",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok"),
        ],
        // hyper: `end of file before message length reached`.
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        name: "reset-in-the-body",
        about: "announces ten bytes, says two and resets the connection",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok"),
            Pause(20),
        ],
        ends: Reset,
        expect: Failure("http.broken", "reset"),
        ..PLAIN
    },
    Hostile {
        name: "reset-in-place-of-the-end",
        about: "says a body without a length and resets the connection where it should close it",
        moves: &[Request, Say(b"HTTP/1.1 200 OK\r\n\r\nok"), Pause(20)],
        ends: Reset,
        expect: Failure("http.broken", "reset"),
        ..PLAIN
    },
    Hostile {
        name: "closed-while-sending",
        about: "reads the head of a large request and closes the connection in the middle of its body",
        wanted: Wanted {
            method: "POST",
            body: 16 << 20,
            ..GET
        },
        moves: &[Request],
        ends: Cut,
        // Which it is depends on whether it is noticed while writing or while reading.
        expect: Failure("http.broken", "closed|reset|pipe"),
        ..PLAIN
    },
    Hostile {
        name: "closed-the-first-time",
        about: "closes the first connection and would answer on the next: what is asked once is not asked again unbidden",
        wanted: Wanted {
            method: "POST",
            body: 2,
            ..GET
        },
        moves: &[
            Request,
            InTurn(&[b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]),
        ],
        ends: Close,
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
];
