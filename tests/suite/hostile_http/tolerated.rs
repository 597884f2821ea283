//! Servers whose answers break the letter of HTTP, and which hyper takes all the same: so must who is built on it.

use super::Move::{Request, Say};
use super::Outcome::Answer;
use super::{Hostile, OK, PLAIN};

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "bare-line-feeds",
        about: "ends its lines with a line feed alone",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        // curl takes them for a document of HTTP/0.9, and refuses that.
        name: "empty-lines-first",
        about: "says empty lines before the status line",
        moves: &[
            Request,
            Say(b"\r\n\r\n\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "no-reason",
        about: "says a status and no reason, and leaves out the space between them",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "bytes-in-the-reason",
        about: "says a reason that is no text in UTF-8",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 \xe4\xff\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "odd-name",
        about: "says a header with signs in its name that are allowed and rare",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n!#$%&'*+-.^_`|~: z\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: Answer {
            status: 200,
            body: b"ok",
            headers: &[("!#$%&'*+-.^_`|~", b"z")],
        },
        ..PLAIN
    },
    Hostile {
        // Who does not know a coding cannot undo it, and hyper hands on what came until the end.
        name: "transfer-coding-unknown",
        about: "names a transfer coding that is not `chunked`",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "chunked-twice",
        about: "names `chunked` twice and does it once",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ],
        expect: OK,
        ..PLAIN
    },
];
