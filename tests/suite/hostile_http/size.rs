//! Servers that say too much, or say that they will.
//!
//! hyper takes 100 headers and some 400 KiB of them, 16 KiB of extensions in all chunks of a body, and 16 KiB of trailers. Of a body it
//! takes all: that limit is the client's. curl takes any number of headers, 300 KiB of them and 100 KiB of one, and all of extensions,
//! trailers and body.

use super::Ending::Hold;
use super::Move::{Drip, Endless, Repeat, Request, Say};
use super::Outcome::{Answer, Failure};
use super::{Address, Hostile, Outcome, PLAIN, TLS};

const HEAD: Outcome = Failure("http.too_large", "head");

const BODY: Outcome = Failure("http.too_large", "body");

/// A chunk of 4096 bytes: smaller ones are so much work for a client that time is up first.
const CHUNK: &[u8] = &{
    let mut chunk = [b'.'; 6 + 4096 + 2];
    (chunk[0], chunk[1], chunk[2], chunk[3]) = (b'1', b'0', b'0', b'0');
    (chunk[4], chunk[5]) = (b'\r', b'\n');
    (chunk[6 + 4096], chunk[6 + 4096 + 1]) = (b'\r', b'\n');
    chunk
};

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "endless-status-line",
        about: "says a reason that does not end",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 "),
            Endless(b"OK OK OK OK OK OK OK OK "),
        ],
        expect: HEAD,
        ..PLAIN
    },
    Hostile {
        name: "endless-headers",
        about: "says headers for ever",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n"),
            Endless(b"X-Header: value\r\n"),
        ],
        expect: HEAD,
        ..PLAIN
    },
    Hostile {
        // hyper skips all that is there before it looks at anything else, the time included, and goes on for as long as there is more:
        // a client has to count what it reads before an answer.
        name: "flood-of-early-hints",
        about: "says `103 Early Hints` as fast as it is taken, and never answers",
        moves: &[
            Request,
            Endless(b"HTTP/1.1 103 Early Hints\r\nLink: </aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>\r\n\r\n"),
        ],
        expect: HEAD,
        ..PLAIN
    },
    Hostile {
        name: "flood-of-empty-lines",
        about: "says empty lines as fast as they are taken, and no status line",
        moves: &[Request, Endless(b"\r\n")],
        expect: HEAD,
        ..PLAIN
    },
    Hostile {
        name: "many-headers",
        about: "says 100,000 headers and a good answer behind them",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n"),
            Repeat(100_000, b"X: y\r\n"),
            Say(b"Content-Length: 2\r\n\r\nok"),
        ],
        expect: HEAD,
        ..PLAIN
    },
    Hostile {
        name: "a-header-over-a-hundred",
        about: "says 101 headers, one more than hyper takes",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n"),
            Repeat(100, b"X: y\r\n"),
            Say(b"Content-Length: 2\r\n\r\nok"),
        ],
        expect: HEAD,
        ..PLAIN
    },
    Hostile {
        name: "a-hundred-headers",
        about: "says 100 headers, as many as hyper takes",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n"),
            Repeat(99, b"X: y\r\n"),
            Say(b"Content-Length: 2\r\n\r\nok"),
        ],
        ..PLAIN
    },
    Hostile {
        name: "long-header",
        about: "says one header of 1 MiB",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX: "),
            Repeat(1 << 20, b"y"),
            Say(b"\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEAD,
        ..PLAIN
    },
    Hostile {
        name: "long-name",
        about: "says a header with a name of 100 KiB",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n"),
            Repeat(100 << 10, b"x"),
            Say(b": y\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: HEAD,
        ..PLAIN
    },
    Hostile {
        name: "rather-long-header",
        about: "says one header of 64 KiB, which is much and not too much",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nX: "),
            Repeat(64 << 10, b"y"),
            Say(b"\r\nContent-Length: 2\r\n\r\nok"),
        ],
        ..PLAIN
    },
    Hostile {
        name: "endless-body",
        about: "says a body without a length for ever",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n\r\n"),
            Endless(b"................................"),
        ],
        expect: BODY,
        ..PLAIN
    },
    Hostile {
        name: "endless-chunks",
        about: "says chunks for ever",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Endless(CHUNK),
        ],
        expect: BODY,
        ..PLAIN
    },
    Hostile {
        name: "huge-body",
        about: "announces 1 TiB, and says it",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n"),
            Endless(b"................................"),
        ],
        expect: BODY,
        ..PLAIN
    },
    Hostile {
        name: "huge-chunk",
        about: "announces a chunk of 1 TiB, and says it",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000\r\n"),
            Endless(b"................................"),
        ],
        expect: BODY,
        ..PLAIN
    },
    Hostile {
        name: "tls-endless-body",
        about: "says a body for ever, with TLS",
        address: Address::Tls(TLS),
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n\r\n"),
            Endless(b"................................"),
        ],
        expect: BODY,
        ..PLAIN
    },
    Hostile {
        name: "endless-error-page",
        about: "says that it is unavailable, and why, for ever",
        moves: &[
            Request,
            Say(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"),
            Endless(b"................................"),
        ],
        expect: BODY,
        ..PLAIN
    },
    Hostile {
        name: "endless-extension",
        about: "says a chunk's extension that does not end",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"),
            Endless(b"name=value;"),
        ],
        expect: Failure("http.too_large", "extension"),
        ..PLAIN
    },
    Hostile {
        name: "many-extensions",
        about: "says chunks of one byte, each with an extension fifty times as long",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Endless(b"1;name=0123456789abcdef0123456789abcdef0123456789abcdef\r\n.\r\n"),
        ],
        expect: Failure("http.too_large", "extension"),
        ..PLAIN
    },
    Hostile {
        name: "endless-trailers",
        about: "says headers after the last chunk for ever",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"),
            Endless(b"X: y\r\n"),
        ],
        expect: Failure("http.too_large", "trailer"),
        ..PLAIN
    },
    Hostile {
        name: "slow-trailers",
        about: "says a header after the last chunk in every 50 ms, and never the last",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"),
            Drip(b"X: y\r\n", 50),
        ],
        expect: Failure("http.timeout", "reading the body"),
        ..PLAIN
    },
    Hostile {
        name: "flood-behind-the-answer",
        about: "says a whole answer and floods the connection behind it",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            Endless(b"................................"),
        ],
        ends: Hold,
        ..PLAIN
    },
    Hostile {
        name: "rather-large-body",
        about: "says a body of 512 KiB, and claims nothing of it",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\n\r\n"),
            Repeat(512 << 10, b"."),
        ],
        expect: Answer {
            status: 200,
            body: &[b'.'; 512 << 10],
            headers: &[],
        },
        ..PLAIN
    },
];
