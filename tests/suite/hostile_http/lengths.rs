//! Servers that say how long the body is, and say it wrongly or twice.

use super::Ending::Hold;
use super::Move::{Request, Say};
use super::Outcome::{Answer, Failure};
use super::{Hostile, OK, Outcome, PLAIN};

/// What is refused for the length.
const LENGTH: Outcome = Failure("http.broken", "content-length");

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "two-lengths",
        about: "announces two lengths that differ",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
        ],
        expect: LENGTH,
        ..PLAIN
    },
    Hostile {
        // curl takes the first.
        name: "two-lengths-in-one",
        about: "announces two lengths that differ in one header",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok"),
        ],
        expect: LENGTH,
        ..PLAIN
    },
    Hostile {
        name: "same-length-twice",
        about: "announces the same length twice, which may be taken for once",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "negative-length",
        about: "announces a length below zero",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok"),
        ],
        expect: LENGTH,
        ..PLAIN
    },
    Hostile {
        // curl takes it.
        name: "signed-length",
        about: "announces a length with a plus",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok"),
        ],
        expect: LENGTH,
        ..PLAIN
    },
    Hostile {
        name: "length-of-letters",
        about: "announces a length in words",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"),
        ],
        expect: LENGTH,
        ..PLAIN
    },
    Hostile {
        name: "empty-length",
        about: "announces a length and leaves it empty",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok"),
        ],
        expect: LENGTH,
        ..PLAIN
    },
    Hostile {
        // curl reads until the end.
        name: "huge-length",
        about: "announces a length of 2^64, which is 0 where it overflows",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\nok"),
        ],
        expect: LENGTH,
        ..PLAIN
    },
    Hostile {
        // hyper keeps the two largest numbers for `chunked` and `until the end`. curl reads until the end.
        name: "largest-length",
        about: "announces a length of 2^64 - 1",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nok"),
        ],
        expect: Failure("http.too_large", "large"),
        ..PLAIN
    },
    Hostile {
        // RFC 9112 gives chunks precedence and calls it an error at the same time; hyper and curl read the chunks.
        name: "length-and-chunked",
        about: "announces a length and chunks, which has two readers see different answers",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "more-than-its-length",
        about: "announces two bytes, says more and keeps the connection: the rest belongs to nobody",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more"),
        ],
        ends: Hold,
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "two-answers",
        about: "says a second answer behind the first, as a split one does",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "length-zero-and-a-body",
        about: "announces no bytes and says some",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nok"),
        ],
        expect: Answer {
            status: 200,
            body: b"",
            headers: &[],
        },
        ..PLAIN
    },
];
