//! Servers that are in order and say what a client may easily read wrongly: statuses, headers and bodies.

use super::Move::{Request, Say};
use super::Outcome::Answer;
use super::{Hostile, Outcome, PLAIN};

/// An answer without a body and with one header.
const fn with(status: u16, headers: &'static [(&'static str, &'static [u8])]) -> Outcome {
    Answer {
        status,
        body: b"",
        headers,
    }
}

/// An answer of 200.
const fn with_body(body: &'static [u8]) -> Outcome {
    Answer {
        status: 200,
        body,
        headers: &[],
    }
}

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "status-that-nobody-knows",
        about: "answers with a status of 799",
        moves: &[
            Request,
            Say(b"HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: with(799, &[]),
        ..PLAIN
    },
    Hostile {
        name: "too-many-requests",
        about: "answers 429 with the seconds to wait",
        moves: &[
            Request,
            Say(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: with(429, &[("retry-after", b"3")]),
        ..PLAIN
    },
    Hostile {
        name: "unavailable-until-a-date",
        about: "answers 503 with the date to wait for",
        moves: &[
            Request,
            Say(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: with(503, &[("retry-after", b"Fri, 31 Dec 2100 23:59:59 GMT")]),
        ..PLAIN
    },
    Hostile {
        name: "retry-after-nonsense",
        about: "answers 503 with something to wait for that is neither seconds nor a date",
        moves: &[
            Request,
            Say(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: soon -1\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: with(503, &[("retry-after", b"soon -1")]),
        ..PLAIN
    },
    Hostile {
        name: "retry-after-huge",
        about: "answers 429 with more seconds than any number holds",
        moves: &[
            Request,
            Say(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 99999999999999999999999\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: with(429, &[("retry-after", b"99999999999999999999999")]),
        ..PLAIN
    },
    Hostile {
        name: "lower-case-headers",
        about: "writes the names of headers in lower case, without spaces, and with many",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\ncontent-length:2\r\nx-NAME:  \t a b \t \r\n\r\nok"),
        ],
        expect: Answer {
            status: 200,
            body: b"ok",
            headers: &[("x-name", b"a b")],
        },
        ..PLAIN
    },
    Hostile {
        name: "repeated-headers",
        about: "says the same header several times, with another between them",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX: 1\r\nY: 2\r\nx: 3\r\nX: 1\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: Answer {
            status: 200,
            body: b"ok",
            headers: &[("x", b"1"), ("x", b"3"), ("x", b"1"), ("y", b"2")],
        },
        ..PLAIN
    },
    Hostile {
        name: "empty-value",
        about: "says a header without a value, and one of spaces",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX:\r\nY:   \r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: Answer {
            status: 200,
            body: b"ok",
            headers: &[("x", b""), ("y", b"")],
        },
        ..PLAIN
    },
    Hostile {
        name: "bytes-in-a-value",
        about: "says a header whose value is no text in UTF-8",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX: \xff\xfe\xe4\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: Answer {
            status: 200,
            body: b"ok",
            headers: &[("x", b"\xff\xfe\xe4")],
        },
        ..PLAIN
    },
    Hostile {
        name: "bytes-in-the-body",
        about: "calls its body UTF-8, which it is not",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\n\xff\xfe\0\xe4"),
        ],
        expect: with_body(b"\xff\xfe\0\xe4"),
        ..PLAIN
    },
    Hostile {
        name: "escape-in-the-body",
        about: "says a body that clears a terminal and names it anew",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n\x1b[2J\x1b]0;no\x07\x9b"),
        ],
        expect: with_body(b"\x1b[2J\x1b]0;no\x07\x9b"),
        ..PLAIN
    },
    Hostile {
        name: "json-called-html",
        about: "says JSON and calls it HTML",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\n{\"a\": 1}"),
        ],
        expect: with_body(b"{\"a\": 1}"),
        ..PLAIN
    },
    Hostile {
        name: "html-called-json",
        about: "says HTML and calls it JSON",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n<p>no</p>"),
        ],
        expect: with_body(b"<p>no</p>"),
        ..PLAIN
    },
    Hostile {
        name: "byte-order-mark",
        about: "begins its JSON with a byte order mark",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n\xef\xbb\xbf{\"a\": 1}"),
        ],
        expect: with_body(b"\xef\xbb\xbf{\"a\": 1}"),
        ..PLAIN
    },
    Hostile {
        name: "json-called-twice",
        about: "names two types of its body, one of them wrongly written",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json;;charset\r\nContent-Type: /\r\nContent-Length: 2\r\n\r\nok"),
        ],
        ..PLAIN
    },
];
