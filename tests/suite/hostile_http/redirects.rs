//! Servers that send the client elsewhere.
//!
//! Where the place is at fault, curl tells it as one does of a URL that one was given.

use super::Move::{Endless, InTurn, Pause, Repeat, Request, Say};
use super::Outcome::{Answer, Failure};
use super::{GET, Hostile, OK, Outcome, PLAIN, Wanted};

const FOLLOWED: Wanted = Wanted {
    redirects: 5,
    ..GET
};

/// What is given up for the redirects alone.
const REDIRECTS: Outcome = Failure("http.redirects", "redirect");

/// What is given up for the place that is named: the message names the header.
const LOCATION: Outcome = Failure("http.redirects", "location");

const SERVER: Hostile = Hostile {
    wanted: FOLLOWED,
    expect: REDIRECTS,
    ..PLAIN
};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "redirect-to-itself",
        about: "sends to the address that was asked",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
        ],
        ..SERVER
    },
    Hostile {
        name: "redirect-ping-pong",
        about: "sends to a second address, and from there back to the first",
        moves: &[
            Request,
            InTurn(&[
                b"HTTP/1.1 302 Found\r\nLocation: /pong\r\nContent-Length: 0\r\n\r\n",
                b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
            ]),
        ],
        ..SERVER
    },
    Hostile {
        name: "redirect-endless",
        about: "sends to another address each time, for ever",
        moves: &[
            Request,
            Say(b"HTTP/1.1 301 Moved Permanently\r\nLocation: on/\r\nContent-Length: 0\r\n\r\n"),
        ],
        ..SERVER
    },
    Hostile {
        name: "redirect-endless-308",
        about: "sends to another address each time, with method and body kept",
        wanted: Wanted {
            method: "POST",
            body: 1000,
            ..FOLLOWED
        },
        moves: &[
            Request,
            Say(b"HTTP/1.1 308 Permanent Redirect\r\nLocation: on/\r\nContent-Length: 0\r\n\r\n"),
        ],
        ..SERVER
    },
    Hostile {
        name: "redirect-slow",
        about: "sends to another address each time, after 150 ms: each is in time, and all are not",
        moves: &[
            Request,
            Pause(150),
            Say(b"HTTP/1.1 302 Found\r\nLocation: on/\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: Failure("http.timeout", "waiting for the answer"),
        ..SERVER
    },
    Hostile {
        name: "redirect-to-a-file",
        about: "sends to a file of the client's machine",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: Failure("http.redirects", "file"),
        ..SERVER
    },
    Hostile {
        name: "redirect-to-gopher",
        about: "sends to another protocol, by which one could speak to anything",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: gopher://127.0.0.1:1/_ok\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: Failure("http.redirects", "gopher"),
        ..SERVER
    },
    Hostile {
        name: "redirect-to-a-script",
        about: "sends to what a browser would run",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: javascript:alert(1)\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: Failure("http.redirects", "javascript"),
        ..SERVER
    },
    Hostile {
        // curl takes the redirect for the answer.
        name: "redirect-without-location",
        about: "sends elsewhere and does not say where",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: LOCATION,
        ..SERVER
    },
    Hostile {
        name: "redirect-to-nowhere",
        about: "sends to an address without a host",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: http://\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: LOCATION,
        ..SERVER
    },
    Hostile {
        name: "redirect-to-no-address",
        about: "sends to what is no address",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: http://[::1:99999/\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: LOCATION,
        ..SERVER
    },
    Hostile {
        name: "redirect-in-bytes",
        about: "sends to what is no text in UTF-8",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: LOCATION,
        ..SERVER
    },
    Hostile {
        name: "redirect-to-two-places",
        about: "names two addresses to go to",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: /one\r\nLocation: /two\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: LOCATION,
        ..SERVER
    },
    Hostile {
        name: "redirect-far",
        about: "sends to an address of 100 KiB",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: /"),
            Repeat(100 << 10, b"a"),
            Say(b"\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: LOCATION,
        ..SERVER
    },
    Hostile {
        // Leave is given for one server, so a redirect to another is not followed.
        name: "redirect-to-a-closed-port",
        about: "sends to a port at which nobody listens",
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        ],
        expect: Failure("http.redirects", "another server"),
        ..SERVER
    },
    Hostile {
        name: "redirect-not-followed",
        about: "sends elsewhere a client that does not follow: the redirect is the answer",
        wanted: GET,
        moves: &[
            Request,
            Say(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 2\r\n\r\nno"),
        ],
        expect: Answer {
            status: 302,
            body: b"no",
            headers: &[("location", b"file:///etc/hostname")],
        },
        ..SERVER
    },
    Hostile {
        name: "redirects-enough",
        about: "sends on five times, as often as is allowed, and answers",
        moves: &[
            Request,
            InTurn(&[
                b"HTTP/1.1 301 Moved Permanently\r\nLocation: a\r\nContent-Length: 0\r\n\r\n",
                b"HTTP/1.1 302 Found\r\nLocation: ?b\r\nContent-Length: 0\r\n\r\n",
                b"HTTP/1.1 303 See Other\r\nLocation: #c\r\nContent-Length: 0\r\n\r\n",
                b"HTTP/1.1 307 Temporary Redirect\r\nLocation: ../d\r\nContent-Length: 0\r\n\r\n",
                b"HTTP/1.1 308 Permanent Redirect\r\nLocation: ./e f\r\nContent-Length: 0\r\n\r\n",
                ANSWER,
            ]),
        ],
        expect: OK,
        ..SERVER
    },
    Hostile {
        name: "redirect-with-an-endless-body",
        about: "says a body for ever along with the redirect, which nobody has to read",
        moves: &[
            Request,
            InTurn(&[
                b"HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            ]),
            Endless(b"................................"),
        ],
        expect: OK,
        ..SERVER
    },
    Hostile {
        // curl 7.88 goes there.
        name: "redirect-that-is-none",
        about: "answers 304 with an address to go to, which does not mean to go there",
        moves: &[
            Request,
            Say(b"HTTP/1.1 304 Not Modified\r\nLocation: /away\r\n\r\n"),
        ],
        expect: Answer {
            status: 304,
            body: b"",
            headers: &[],
        },
        ..SERVER
    },
];
