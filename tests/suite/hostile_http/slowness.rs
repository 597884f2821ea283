//! Servers that take longer than anybody waits, each in another phase, and some that are slow and still in time.

use super::Ending::Hold;
use super::Move::{Drip, Endless, Pause, Request, Say, Spell};
use super::Outcome::Failure;
use super::{Address, GET, Hostile, OK, Outcome, PLAIN, TLS, Wanted};

const WAITING: Outcome = Failure("http.timeout", "waiting for the answer");

const READING: Outcome = Failure("http.timeout", "reading the body");

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "never-answers",
        about: "accepts the connection, reads the request and says nothing",
        moves: &[Request],
        ends: Hold,
        expect: WAITING,
        ..PLAIN
    },
    Hostile {
        name: "never-reads",
        about: "accepts the connection, and neither reads what is sent nor answers",
        wanted: Wanted {
            method: "POST",
            body: 16 << 20,
            ..GET
        },
        ends: Hold,
        expect: WAITING,
        ..PLAIN
    },
    Hostile {
        name: "slow-status-line",
        about: "spells the status line, a byte in every 60 ms",
        moves: &[
            Request,
            Spell(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 60),
        ],
        expect: WAITING,
        ..PLAIN
    },
    Hostile {
        name: "slow-headers",
        about: "says a header in every 50 ms, and never the last",
        moves: &[Request, Say(b"HTTP/1.1 200 OK\r\n"), Drip(b"X: y\r\n", 50)],
        expect: WAITING,
        ..PLAIN
    },
    Hostile {
        name: "no-end-of-headers",
        about: "says all headers but not the empty line after them, and keeps the connection",
        moves: &[Request, Say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")],
        ends: Hold,
        expect: WAITING,
        ..PLAIN
    },
    Hostile {
        name: "endless-continue",
        about: "says `100 Continue` in every millisecond, and nothing else",
        moves: &[Request, Drip(b"HTTP/1.1 100 Continue\r\n\r\n", 1)],
        expect: WAITING,
        ..PLAIN
    },
    Hostile {
        // curl takes the first for the beginning of a document of HTTP/0.9, and refuses that at once.
        name: "endless-empty-lines",
        about: "says empty lines for ever in place of a status line",
        moves: &[Request, Drip(b"\r\n", 2)],
        expect: WAITING,
        ..PLAIN
    },
    Hostile {
        name: "body-never-comes",
        about: "announces ten bytes, and says none of them",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        ],
        ends: Hold,
        expect: READING,
        ..PLAIN
    },
    Hostile {
        name: "last-byte-never-comes",
        about: "says the body but for its last byte",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"),
        ],
        ends: Hold,
        expect: READING,
        ..PLAIN
    },
    Hostile {
        name: "slow-body",
        about: "says a byte of the body in every 50 ms, so that none is long in coming",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
            Drip(b".", 50),
        ],
        expect: READING,
        ..PLAIN
    },
    Hostile {
        name: "slow-chunks",
        about: "says a chunk of one byte in every 50 ms",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Drip(b"1\r\n.\r\n", 50),
        ],
        expect: READING,
        ..PLAIN
    },
    Hostile {
        name: "last-chunk-never-comes",
        about: "says all chunks but the empty one at the end",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"),
        ],
        ends: Hold,
        expect: READING,
        ..PLAIN
    },
    Hostile {
        name: "no-length-and-no-end",
        about: "announces no length, which means until the connection is closed, and does not close it",
        moves: &[Request, Say(b"HTTP/1.1 200 OK\r\n\r\nok")],
        ends: Hold,
        expect: READING,
        ..PLAIN
    },
    Hostile {
        name: "tls-slow-body",
        about: "says a byte of the body in every 50 ms, each in a record of its own",
        address: Address::Tls(TLS),
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
            Drip(b".", 50),
        ],
        expect: READING,
        ..PLAIN
    },
    Hostile {
        name: "tls-never-answers-hello",
        about: "accepts the connection and says nothing of TLS",
        address: Address::InPlaceOfTls,
        ends: Hold,
        expect: Failure("http.timeout", "TLS"),
        ..PLAIN
    },
    Hostile {
        name: "tls-slow-handshake",
        about: "begins its hello and goes on with a byte in every 50 ms",
        address: Address::InPlaceOfTls,
        moves: &[
            Say(b"\x16\x03\x03\x02\0\x02\0\x01\xfc\x03\x03"),
            Drip(b"\0", 50),
        ],
        expect: Failure("http.timeout", "TLS"),
        ..PLAIN
    },
    Hostile {
        name: "slow-and-in-time",
        about: "spells a whole answer, a byte in every millisecond",
        moves: &[
            Request,
            Spell(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "late-and-in-time",
        about: "thinks for 100 ms before it answers, and for 50 ms before the body",
        moves: &[
            Request,
            Pause(100),
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
            Pause(50),
            Say(b"ok"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "answers-in-half-and-floods-later",
        about: "says half of a chunk, and after the deadline says all that it can",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nok"),
            Pause(600),
            Endless(b"................................................................"),
        ],
        expect: READING,
        ..PLAIN
    },
];
