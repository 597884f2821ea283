//! Servers that compress the body, or say that they did.
//!
//! curl takes what is cut off for whole, and a bomb for a body: it decompresses all of it, for seconds after its `--max-time`.

use super::Ending::Hold;
use super::Move::{Explode, Repeat, Request, Say};
use super::Outcome::{Answer, Failure};
use super::{Bomb, GET, Hostile, Move, Outcome, PLAIN, Wanted};

const COMPRESSED: Wanted = Wanted {
    compressed: true,
    ..GET
};

/// What an answer in `gzip` begins with.
const GZIP: Move = Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");

/// What an answer in `deflate` begins with.
const DEFLATE: Move = Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n");

/// `ok`, stored rather than compressed, as gzip has it: head, one block, checksum, length.
const PACKED: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02\0\xfd\xffok\x47\xdd\xdc\x79\x02\0\0\0";

/// What is refused for the compression.
const BROKEN: Outcome = Failure("http.broken", "gzip");

/// What grows too large only when it is decompressed.
const BODY: Outcome = Failure("http.too_large", "body");

const EMPTY: Outcome = Answer {
    status: 200,
    body: b"",
    headers: &[],
};

/// A good client's question and what most of these have in common.
const SERVER: Hostile = Hostile {
    wanted: COMPRESSED,
    ..PLAIN
};

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "gzip-good",
        about: "compresses with `gzip`, as it was asked to",
        moves: &[Request, GZIP, Say(PACKED)],
        ..SERVER
    },
    Hostile {
        name: "deflate-good",
        about: "compresses with `deflate` in zlib's format, as it should",
        moves: &[
            Request,
            DEFLATE,
            Say(b"\x78\x9c\x01\x02\0\xfd\xffok\x01\x4b\0\xdb"),
        ],
        ..SERVER
    },
    Hostile {
        name: "deflate-bare",
        about: "compresses with `deflate` without zlib's head, as old servers do",
        moves: &[Request, DEFLATE, Say(b"\x01\x02\0\xfd\xffok")],
        ..SERVER
    },
    Hostile {
        name: "gzip-in-upper-case",
        about: "writes the name of the coding in upper case, and an old one",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: X-GZIP\r\n\r\n"),
            Say(PACKED),
        ],
        ..SERVER
    },
    Hostile {
        name: "gzip-identity",
        about: "names the coding `identity`, which is none",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nok"),
        ],
        ..SERVER
    },
    Hostile {
        name: "gzip-unasked",
        about: "compresses with `gzip`, though it was not asked to: the body is handed on as it came",
        wanted: GET,
        moves: &[Request, GZIP, Say(PACKED)],
        expect: Answer {
            status: 200,
            body: PACKED,
            headers: &[("content-encoding", b"gzip")],
        },
        ..SERVER
    },
    Hostile {
        name: "gzip-empty",
        about: "names the coding `gzip` and has no body at all",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: EMPTY,
        ..SERVER
    },
    Hostile {
        name: "gzip-head",
        about: "names coding and length in an answer to `HEAD`, which has no body",
        wanted: Wanted {
            method: "HEAD",
            ..COMPRESSED
        },
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n"),
        ],
        ends: Hold,
        expect: EMPTY,
        ..SERVER
    },
    Hostile {
        name: "gzip-not-at-all",
        about: "names the coding `gzip` and says plain text",
        moves: &[Request, GZIP, Say(b"this is no gzip")],
        expect: BROKEN,
        ..SERVER
    },
    Hostile {
        name: "gzip-truncated",
        about: "closes in the middle of what it compressed",
        moves: &[
            Request,
            GZIP,
            Say(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02\0\xfd\xffo"),
        ],
        expect: BROKEN,
        ..SERVER
    },
    Hostile {
        name: "gzip-without-checksum",
        about: "closes before the checksum of what it compressed",
        moves: &[
            Request,
            GZIP,
            Say(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02\0\xfd\xffok"),
        ],
        expect: BROKEN,
        ..SERVER
    },
    Hostile {
        name: "gzip-wrong-checksum",
        about: "says a checksum that is not that of what it compressed",
        moves: &[
            Request,
            GZIP,
            Say(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02\0\xfd\xffok\0\0\0\0\x02\0\0\0"),
        ],
        expect: BROKEN,
        ..SERVER
    },
    Hostile {
        name: "coding-unknown",
        about: "compresses with something that nobody asked for or knows",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: pack200\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: Failure("http.broken", "pack200"),
        ..SERVER
    },
    Hostile {
        name: "gzip-bomb",
        about: "says 1 MiB that decompresses to 1 GiB",
        moves: &[Request, GZIP, Explode(Bomb::Gzip)],
        expect: BODY,
        ..SERVER
    },
    Hostile {
        name: "deflate-bomb",
        about: "says 1 MiB that decompresses to 1 GiB, with `deflate`",
        moves: &[Request, DEFLATE, Explode(Bomb::Deflate)],
        expect: BODY,
        ..SERVER
    },
    Hostile {
        name: "nested-bomb",
        about: "says a few KiB that decompress to 1 MiB, and that to 1 GiB",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n"),
            Explode(Bomb::Nested),
        ],
        expect: BODY,
        ..SERVER
    },
    Hostile {
        name: "many-codings",
        about: "names a hundred codings, each to be undone",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip"),
            Repeat(99, b", gzip"),
            Say(b"\r\n\r\n"),
            Say(PACKED),
        ],
        // curl takes five at most.
        expect: Failure("http.broken", "coding"),
        ..SERVER
    },
];
