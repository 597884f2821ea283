//! Servers of HTTP/2, whose frames are written by hand: a length of three bytes, a type, flags, the stream in four, and what is in it.
//!
//! Types: 0 DATA, 1 HEADERS, 3 `RST_STREAM`, 4 SETTINGS, 5 `PUSH_PROMISE`, 6 PING, 7 GOAWAY, 9 CONTINUATION. Flags: 1 the end of the
//! stream, or an acknowledgement; 4 the end of the headers. In headers `\x88` is `:status: 200`.

use super::Ending::{Close, Hold};
use super::Move::{Knock, Pause, Request, RequestOfHttp2, Say};
use super::Outcome::Failure;
use super::{Address, GET, Hostile, Http2, Move, OK, Outcome, PLAIN, Speaks, TLS, Tls, Wanted};

/// A client that offers HTTP/2.
pub(super) const OFFERED: Wanted = Wanted {
    http2: Http2::Offered,
    ..GET
};

/// A server that agrees to speak HTTP/2, and keeps the connection.
pub(super) const SERVER: Hostile = Hostile {
    address: Address::Tls(Tls {
        speaks: Speaks::Http2,
        ..TLS
    }),
    wanted: OFFERED,
    ends: Hold,
    ..PLAIN
};

/// Nothing to settle, and an acknowledgement of what the client settled.
pub(super) const SETTINGS: Move = Say(b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0");

/// The headers of an answer of 200.
pub(super) const HEAD: Move = Say(b"\0\0\x01\x01\x04\0\0\0\x01\x88");

/// `ok`, and the end.
pub(super) const BODY: Move = Say(b"\0\0\x02\0\x01\0\0\0\x01ok");

/// What breaks the protocol.
const PROTOCOL: Outcome = Failure("http.broken", "protocol error");

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "h2-good",
        about: "answers as it should: what all others are compared with",
        moves: &[RequestOfHttp2, SETTINGS, HEAD, BODY],
        ..SERVER
    },
    Hostile {
        name: "h2-known",
        about: "answers without TLS a client that knows that HTTP/2 is spoken here",
        address: Address::Plain,
        wanted: Wanted {
            http2: Http2::Known,
            ..GET
        },
        moves: &[RequestOfHttp2, SETTINGS, HEAD, BODY],
        ..SERVER
    },
    Hostile {
        name: "h2-hints-and-trailers",
        about: "says 103 before the answer and a trailer after it",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x05\x01\x04\0\0\0\x01\x08\x03103"),
            HEAD,
            Say(b"\0\0\x02\0\0\0\0\0\x01ok"),
            Say(b"\0\0\x05\x01\x05\0\0\0\x01\0\x01x\x01y"),
        ],
        ..SERVER
    },
    Hostile {
        name: "h2-unknown-frames",
        about: "says frames and settings of kinds that there are not, which are to be ignored",
        moves: &[
            RequestOfHttp2,
            Say(b"\0\0\x06\x04\0\0\0\0\0\xff\xff\0\0\0\x01"),
            Say(b"\0\0\x04\xfe\xff\0\0\0\x01what"),
            HEAD,
            BODY,
        ],
        ..SERVER
    },
    Hostile {
        name: "h2-refused-by-alpn",
        about: "agrees to HTTP/1.1 though HTTP/2 was offered, and speaks it",
        address: Address::Tls(TLS),
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        ends: Close,
        expect: OK,
        ..SERVER
    },
    Hostile {
        name: "h2-agreed-and-not-spoken",
        about: "agrees to HTTP/2 and speaks HTTP/1.1",
        moves: &[
            RequestOfHttp2,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ],
        expect: Failure("http.broken", "http/2"),
        ..SERVER
    },
    Hostile {
        name: "h2-known-and-not-spoken",
        about: "answers HTTP/2 with the error of a server that knows HTTP/1.1 alone, and closes",
        address: Address::Plain,
        wanted: Wanted {
            http2: Http2::Known,
            ..GET
        },
        moves: &[
            Knock,
            Say(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
        ],
        ends: Close,
        expect: Failure("http.broken", "http/2"),
    },
    Hostile {
        name: "h2-closed",
        about: "closes when it has the request",
        moves: &[RequestOfHttp2, SETTINGS],
        ends: Close,
        expect: Failure("http.broken", "closed|reset"),
        ..SERVER
    },
    Hostile {
        name: "h2-closed-in-the-body",
        about: "closes in the middle of the body",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            HEAD,
            Say(b"\0\0\x02\0\0\0\0\0\x01ok"),
        ],
        ends: Close,
        expect: Failure("http.broken", "stream"),
        ..SERVER
    },
    Hostile {
        name: "h2-goaway",
        about: "says GOAWAY at once, because it is being shut down",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        ],
        expect: Failure("http.broken", "http/2"),
        ..SERVER
    },
    Hostile {
        name: "h2-goaway-calm",
        about: "says GOAWAY at once, because the client asks too much",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0b"),
        ],
        expect: Failure("http.broken", "excessive"),
        ..SERVER
    },
    Hostile {
        name: "h2-reset",
        about: "resets the stream for an error of its own",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x02"),
        ],
        expect: Failure("http.broken", "internal error"),
        ..SERVER
    },
    Hostile {
        // It says that the request was not worked on, so who likes may ask again. A client of one connection does not.
        name: "h2-refused",
        about: "refuses the stream",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x07"),
        ],
        expect: Failure("http.broken", "refused"),
        ..SERVER
    },
    Hostile {
        name: "h2-reset-in-the-body",
        about: "resets the stream in the middle of the body",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            HEAD,
            Say(b"\0\0\x02\0\0\0\0\0\x01ok"),
            Pause(20),
            Say(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08"),
        ],
        expect: Failure("http.broken", "stream"),
        ..SERVER
    },
    Hostile {
        name: "h2-wrong-length",
        about: "announces ten bytes and says two",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x06\x01\x04\0\0\0\x01\x88\x0f\x0d\x0210"),
            BODY,
        ],
        expect: PROTOCOL,
        ..SERVER
    },
    Hostile {
        name: "h2-no-status",
        about: "answers without a status",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x05\x01\x05\0\0\0\x01\0\x01x\x01y"),
        ],
        expect: PROTOCOL,
        ..SERVER
    },
    Hostile {
        name: "h2-upper-case-name",
        about: "says a header with a name in upper case, which HTTP/2 does not have",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x06\x01\x05\0\0\0\x01\x88\0\x01X\x01y"),
        ],
        expect: PROTOCOL,
        ..SERVER
    },
    Hostile {
        name: "h2-bad-compression",
        about: "says headers that refer to what was never said",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x02\x01\x05\0\0\0\x01\x88\xfe"),
        ],
        expect: Failure("http.broken", "http/2"),
        ..SERVER
    },
    Hostile {
        name: "h2-unopened-stream",
        about: "answers on a stream that nobody opened",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x01\x01\x05\0\0\0\x63\x88"),
        ],
        expect: PROTOCOL,
        ..SERVER
    },
    Hostile {
        name: "h2-push",
        about: "promises to push what the client said it does not want",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x05\x05\x04\0\0\0\x01\0\0\0\x02\x82"),
        ],
        expect: PROTOCOL,
        ..SERVER
    },
];
