//! Servers of HTTP/2 that say too much, or too little for anything to come of it.

use super::Move::{Drip, Endless, Repeat, RequestOfHttp2, Say};
use super::Outcome::Failure;
use super::http2::{BODY, HEAD, OFFERED, SERVER, SETTINGS};
use super::{Hostile, Outcome, Wanted};

const WAITING: Outcome = Failure("http.timeout", "waiting for the answer");

/// What the client itself gives up. hyper's words are those of a server that finds the client too eager, which is `http.broken`: who
/// found it tells the two apart.
const EXCESSIVE: Outcome = Failure("http.too_large", "excessive");

/// A frame with 1024 bytes of a body.
const KIBIBYTE: &[u8] = &{
    let mut frame = [b'.'; 9 + 1024];
    (frame[0], frame[1], frame[2]) = (0, 4, 0);
    (frame[3], frame[4]) = (0, 0);
    (frame[5], frame[6], frame[7], frame[8]) = (0, 0, 0, 1);
    frame
};

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "h2-no-settings",
        about: "agrees to HTTP/2 and says nothing",
        expect: WAITING,
        ..SERVER
    },
    Hostile {
        name: "h2-no-answer",
        about: "settles all and says nothing more",
        moves: &[RequestOfHttp2, SETTINGS],
        expect: WAITING,
        ..SERVER
    },
    Hostile {
        name: "h2-body-never-comes",
        about: "says headers and no body",
        moves: &[RequestOfHttp2, SETTINGS, HEAD],
        expect: Failure("http.timeout", "reading the body"),
        ..SERVER
    },
    Hostile {
        name: "h2-window-never-opened",
        about: "settles that nothing of a body may be sent, and allows no more later",
        wanted: Wanted {
            method: "POST",
            body: 1 << 20,
            ..OFFERED
        },
        moves: &[
            Say(b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0"),
            RequestOfHttp2,
            Say(b"\0\0\0\x04\x01\0\0\0\0"),
        ],
        expect: WAITING,
        ..SERVER
    },
    Hostile {
        name: "h2-no-streams",
        about: "settles that no stream may be open",
        moves: &[Say(
            b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x04\x01\0\0\0\0",
        )],
        expect: WAITING,
        ..SERVER
    },
    Hostile {
        name: "h2-endless-ping",
        about: "pings for ever, and reads no answer",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Drip(b"\0\0\x08\x06\0\0\0\0\0pingping", 1),
        ],
        expect: WAITING,
        ..SERVER
    },
    Hostile {
        name: "h2-flood-of-pings",
        about: "pings twenty thousand times at once, and reads no answer",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Repeat(20_000, b"\0\0\x08\x06\0\0\0\0\0pingping"),
        ],
        expect: WAITING,
        ..SERVER
    },
    Hostile {
        name: "h2-endless-settings",
        about: "settles the same for ever, and reads no acknowledgement",
        moves: &[RequestOfHttp2, Drip(b"\0\0\0\x04\0\0\0\0\0", 1)],
        expect: WAITING,
        ..SERVER
    },
    Hostile {
        // curl waits for the end of it.
        name: "h2-endless-empty-data",
        about: "says parts of a body that are empty for ever",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            HEAD,
            Endless(b"\0\0\0\0\0\0\0\0\x01"),
        ],
        expect: EXCESSIVE,
        ..SERVER
    },
    Hostile {
        name: "h2-endless-continuation",
        about: "goes on with the headers for ever",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x01\x01\0\0\0\0\x01\x88"),
            Endless(b"\0\0\x05\x09\0\0\0\0\x01\0\x01x\x01y"),
        ],
        expect: EXCESSIVE,
        ..SERVER
    },
    Hostile {
        // 108 KiB as HTTP/2 counts, which is 32 bytes more for each; hyper takes 16 KiB, and curl takes these.
        name: "h2-many-headers",
        about: "says 3199 headers in one frame",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\x3e\x7c\x01\x04\0\0\0\x01\x88"),
            Repeat(3199, b"\0\x01x\x01y"),
            BODY,
        ],
        expect: EXCESSIVE,
        ..SERVER
    },
    Hostile {
        name: "h2-compression-bomb",
        about: "says a header of 2000 bytes once and refers to it ten thousand times",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\x2e\xe7\x01\x04\0\0\0\x01\x88\x40\x01x\x7f\xd1\x0e"),
            Repeat(2000, b"y"),
            Repeat(10_000, b"\xbe"),
            BODY,
        ],
        expect: EXCESSIVE,
        ..SERVER
    },
    Hostile {
        // curl 7.88 gives up the connection and takes what it has for the answer.
        name: "h2-frame-too-large",
        about: "says a frame that is larger than the client allows",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            HEAD,
            Say(b"\0\x40\x01\0\x01\0\0\0\x01"),
            Repeat(16_385, b"."),
        ],
        expect: Failure("http.broken", "size"),
        ..SERVER
    },
    Hostile {
        name: "h2-window-overflow",
        about: "opens the client's window further than there are numbers for it",
        moves: &[
            RequestOfHttp2,
            SETTINGS,
            Say(b"\0\0\x04\x08\0\0\0\0\0\x7f\xff\xff\xff"),
            Say(b"\0\0\x04\x08\0\0\0\0\0\x7f\xff\xff\xff"),
        ],
        expect: Failure("http.broken", "flow"),
        ..SERVER
    },
    Hostile {
        // 1.9 MiB, within the 2 MiB that hyper allows a server to say before the client has read any.
        name: "h2-large-body",
        about: "says as much of a body as the client's window allows, and would go on",
        moves: &[RequestOfHttp2, SETTINGS, HEAD, Repeat(1900, KIBIBYTE)],
        expect: Failure("http.too_large", "body"),
        ..SERVER
    },
];
