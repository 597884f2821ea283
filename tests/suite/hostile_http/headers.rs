//! Servers whose headers are no HTTP.
//!
//! curl takes all of these but those with a NUL and the line without a colon, and joins the lines of a folded header. What httparse, and
//! with it hyper, takes all the same stands in `tolerated`.

use super::Move::{Request, Say};
use super::Outcome::Failure;
use super::{Hostile, Outcome, PLAIN};

/// What is refused for a header is refused with this.
const HEADER: Outcome = Failure("http.broken", "header");

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "no-colon",
        about: "says a header without a colon",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        name: "no-name",
        about: "says a header without a name",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n: value\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        // The classical way to have two readers see different lengths.
        name: "space-before-the-colon",
        about: "says a header with a space between its name and the colon",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        name: "space-in-a-name",
        about: "says a header with a space in its name",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        name: "non-ascii-name",
        about: "says a header with a name that is not ASCII",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX-\xc3\xa4: z\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        name: "nul-in-a-value",
        about: "says a header with a NUL in its value",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        name: "nul-in-a-name",
        about: "says a header with a NUL in its name",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX\0Y: z\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        name: "bare-cr-in-a-value",
        about: "says a header with a carriage return in its value that ends no line",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        name: "escape-in-a-value",
        about: "says a header whose value clears a terminal",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX: \x1b[2J\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
    Hostile {
        // hyper joins the lines only when it is told to.
        name: "folded-header",
        about: "goes on with a header's value on a second line that begins with a space",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEADER,
        ..PLAIN
    },
];
