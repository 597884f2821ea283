//! Servers that are in order and with which a client may easily be wrong: about where the answer ends, and which one it is.

use super::Ending::{Cut, Hold, Reset};
use super::Move::{Knock, Pause, Request, Say};
use super::Outcome::Answer;
use super::{GET, Hostile, Outcome, PLAIN, Wanted};

/// An answer without a body.
const fn bare(status: u16) -> Outcome {
    Answer {
        status,
        body: b"",
        headers: &[],
    }
}

/// An answer without a body and with one header.
const fn with(status: u16, headers: &'static [(&'static str, &'static [u8])]) -> Outcome {
    Answer {
        status,
        body: b"",
        headers,
    }
}

const HEAD: Wanted = Wanted {
    method: "HEAD",
    ..GET
};

/// A body that takes long enough to send for an answer to come in between.
const UPLOAD: Wanted = Wanted {
    method: "POST",
    body: 16 << 20,
    ..GET
};

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "http-1.0",
        about: "speaks HTTP/1.0, names no length and closes",
        moves: &[Request, Say(b"HTTP/1.0 200 OK\r\n\r\nok")],
        ..PLAIN
    },
    Hostile {
        name: "kept-open",
        about: "says a whole answer and keeps the connection, though it says that it closes it",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
        ],
        ends: Hold,
        ..PLAIN
    },
    Hostile {
        name: "chunked-and-kept-open",
        about: "says all chunks and keeps the connection",
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ],
        ends: Hold,
        ..PLAIN
    },
    Hostile {
        name: "no-content",
        about: "answers 204 with a length, says nothing more and keeps the connection",
        moves: &[
            Request,
            Say(b"HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n"),
        ],
        ends: Hold,
        expect: bare(204),
        ..PLAIN
    },
    Hostile {
        name: "no-content-and-a-body",
        about: "answers 204 and says a body, which belongs to nobody",
        moves: &[
            Request,
            Say(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: bare(204),
        ..PLAIN
    },
    Hostile {
        name: "not-modified",
        about: "answers 304 with the length that the body would have, and keeps the connection",
        moves: &[
            Request,
            Say(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"),
        ],
        ends: Hold,
        expect: bare(304),
        ..PLAIN
    },
    Hostile {
        name: "head-with-a-length",
        about: "answers `HEAD` with the length that the body would have, and keeps the connection",
        wanted: HEAD,
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n"),
        ],
        ends: Hold,
        expect: with(200, &[("content-length", b"1099511627776")]),
        ..PLAIN
    },
    Hostile {
        name: "head-with-chunks",
        about: "answers `HEAD` as if chunks followed, and keeps the connection",
        wanted: HEAD,
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ],
        ends: Hold,
        expect: bare(200),
        ..PLAIN
    },
    Hostile {
        name: "head-with-a-body",
        about: "answers `HEAD` with a body, which belongs to nobody",
        wanted: HEAD,
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: bare(200),
        ..PLAIN
    },
    Hostile {
        name: "continue-first",
        about: "says `100 Continue` unasked, before the answer",
        moves: &[
            Request,
            Say(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        ..PLAIN
    },
    Hostile {
        name: "hints-first",
        about: "says `102 Processing` and `103 Early Hints` before the answer, with pauses",
        moves: &[
            Request,
            Say(b"HTTP/1.1 102 Processing\r\n\r\n"),
            Pause(20),
            Say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 99\r\n\r\n"),
            Pause(20),
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        ..PLAIN
    },
    Hostile {
        // hyper hands it on as the answer. curl takes it for an interim answer and waits for the next.
        name: "switching-unasked",
        about: "answers 101 though no other protocol was asked for, and keeps the connection",
        moves: &[
            Request,
            Say(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\nhello"),
        ],
        ends: Hold,
        expect: with(101, &[("upgrade", b"chat")]),
        ..PLAIN
    },
    Hostile {
        name: "answer-before-the-body-is-sent",
        about: "answers 413 when it has the head of a large request, and reads nothing more",
        wanted: UPLOAD,
        moves: &[
            Request,
            Say(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"),
        ],
        ends: Hold,
        expect: Answer {
            status: 413,
            body: b"no",
            headers: &[],
        },
        ..PLAIN
    },
    Hostile {
        name: "answer-and-reset",
        about: "answers 413 when it has the head of a large request, and resets the connection 50 ms later",
        wanted: UPLOAD,
        moves: &[
            Request,
            Say(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"),
            Pause(50),
        ],
        ends: Reset,
        expect: Answer {
            status: 413,
            body: b"no",
            headers: &[],
        },
        ..PLAIN
    },
    Hostile {
        name: "answer-to-an-unread-request",
        about: "answers when the first byte of a request has come, and closes with the request unread, which resets the connection",
        moves: &[
            Knock,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            Pause(50),
        ],
        ends: Cut,
        ..PLAIN
    },
];
