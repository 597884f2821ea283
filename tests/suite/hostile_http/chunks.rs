//! Servers that say the body in chunks, and what can be wrong with these.

use super::Ending::Hold;
use super::Move::{Request, Say};
use super::Outcome::Failure;
use super::{Hostile, Move, OK, Outcome, PLAIN};

/// What an answer in chunks begins with.
const HEAD: Move = Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");

/// What is refused for a chunk's size.
const SIZE: Outcome = Failure("http.broken", "chunk");

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "chunk-of-letters",
        about: "says a chunk's size in letters",
        moves: &[Request, HEAD, Say(b"xyz\r\nok\r\n0\r\n\r\n")],
        expect: SIZE,
        ..PLAIN
    },
    Hostile {
        name: "negative-chunk",
        about: "says a chunk's size below zero",
        moves: &[Request, HEAD, Say(b"-2\r\nok\r\n0\r\n\r\n")],
        expect: SIZE,
        ..PLAIN
    },
    Hostile {
        name: "chunk-overflow",
        about: "says a chunk's size that no number of 64 bits holds",
        moves: &[Request, HEAD, Say(b"10000000000000002\r\nok\r\n0\r\n\r\n")],
        expect: SIZE,
        ..PLAIN
    },
    Hostile {
        name: "chunk-without-size",
        about: "says an empty line where a chunk's size belongs",
        moves: &[Request, HEAD, Say(b"\r\nok\r\n0\r\n\r\n")],
        expect: SIZE,
        ..PLAIN
    },
    Hostile {
        name: "hexadecimal-mark",
        about: "writes 0x before a chunk's size, which read as 0 would be the end",
        moves: &[Request, HEAD, Say(b"0x2\r\nok\r\n0\r\n\r\n")],
        expect: SIZE,
        ..PLAIN
    },
    Hostile {
        name: "longer-than-its-chunk",
        about: "says more than a chunk's size and no end of line where the chunk ends",
        moves: &[Request, HEAD, Say(b"2\r\nokok\r\n0\r\n\r\n")],
        expect: SIZE,
        ..PLAIN
    },
    Hostile {
        // curl takes it.
        name: "chunk-size-after-bare-lf",
        about: "ends the line of a chunk's size with a line feed alone",
        moves: &[Request, HEAD, Say(b"2\nok\r\n0\r\n\r\n")],
        expect: SIZE,
        ..PLAIN
    },
    Hostile {
        name: "line-feed-in-an-extension",
        about: "says a line feed in a chunk's extension, where two readers may see different chunks",
        moves: &[Request, HEAD, Say(b"2;a\nb\r\nok\r\n0\r\n\r\n")],
        expect: SIZE,
        ..PLAIN
    },
    Hostile {
        name: "closed-in-a-chunk",
        about: "closes in the middle of a chunk",
        moves: &[Request, HEAD, Say(b"a\r\nok")],
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        name: "closed-before-the-last-chunk",
        about: "says whole chunks and closes without the empty one at the end",
        moves: &[Request, HEAD, Say(b"2\r\nok\r\n")],
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        name: "closed-in-the-last-chunk",
        about: "says the empty chunk at the end and closes before the line after it",
        moves: &[Request, HEAD, Say(b"2\r\nok\r\n0\r\n")],
        expect: Failure("http.broken", "closed"),
        ..PLAIN
    },
    Hostile {
        name: "trailer-without-colon",
        about: "says something after the last chunk that is no header",
        moves: &[Request, HEAD, Say(b"2\r\nok\r\n0\r\nno colon\r\n\r\n")],
        expect: Failure("http.broken", "header"),
        ..PLAIN
    },
    Hostile {
        // curl reads the chunks.
        name: "chunks-in-http-1.0",
        about: "says chunks in an answer of HTTP/1.0, which has none",
        moves: &[
            Request,
            Say(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ],
        expect: Failure("http.broken", "transfer-encoding"),
        ..PLAIN
    },
    Hostile {
        name: "trailers",
        about: "says headers after the last chunk, as it may",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"),
            Say(b"2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "trailers-that-would-be-headers",
        about: "says a status, a length and a place to go to after the last chunk, where they mean nothing",
        moves: &[
            Request,
            HEAD,
            Say(b"2\r\nok\r\n0\r\nStatus: 500\r\nContent-Length: 99\r\nLocation: /away\r\n\r\n"),
        ],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "odd-and-right-chunks",
        about: "writes sizes with zeros before them, in both cases, with extensions and spaces, and keeps the connection",
        moves: &[
            Request,
            HEAD,
            Say(b"0000000001;name=\"value\"\r\no\r\n01 \r\nk\r\n000;last\r\n\r\n"),
        ],
        ends: Hold,
        expect: OK,
        ..PLAIN
    },
];
