//! Servers whose TLS is not to be trusted or breaks off, and some that are merely old or untidy.
//!
//! rustls calls a certificate that signed itself one of an unknown issuer; curl with OpenSSL tells the two apart.

use super::Ending::{Close, Cut, Reset};
use super::Move::{Beneath, Endless, Knock, Repeat, Request, Say};
use super::Outcome::Failure;
use super::{Address, Certificate, Hostile, Move, OK, PLAIN, Speaks, TLS, Tls};

/// A whole answer.
const ANSWER: &[Move] = &[
    Request,
    Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
];

/// A good server but for its certificate.
const fn showing(certificate: Certificate) -> Hostile {
    Hostile {
        address: Address::Tls(Tls { certificate, ..TLS }),
        moves: ANSWER,
        ..PLAIN
    }
}

/// Something that is said in place of TLS when the client's hello is there, which fails with a message that holds the word.
const fn saying(moves: &'static [Move], word: &'static str) -> Hostile {
    Hostile {
        address: Address::InPlaceOfTls,
        moves,
        ends: Cut,
        expect: Failure("http.tls", word),
        ..PLAIN
    }
}

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "tls-good",
        about: "shows a good certificate: what all others are compared with",
        ..showing(Certificate::Good)
    },
    Hostile {
        name: "tls-expired",
        about: "shows a certificate that has expired",
        expect: Failure("http.tls", "expired"),
        ..showing(Certificate::Expired)
    },
    Hostile {
        name: "tls-not-yet-valid",
        about: "shows a certificate that will be valid one day",
        expect: Failure("http.tls", "not valid yet"),
        ..showing(Certificate::NotYetValid)
    },
    Hostile {
        name: "tls-other-host",
        about: "shows a certificate for another address and another name",
        expect: Failure("http.tls", "not valid for"),
        ..showing(Certificate::OtherHost)
    },
    Hostile {
        // curl with OpenSSL takes the common name where a certificate names no host; rustls does not.
        name: "tls-name-in-subject",
        about: "shows a certificate with its address in the common name alone",
        expect: Failure("http.tls", "not valid for"),
        ..showing(Certificate::NameInSubject)
    },
    Hostile {
        name: "tls-other-issuer",
        about: "shows a certificate by an authority that is not known",
        expect: Failure("http.tls", "issuer"),
        ..showing(Certificate::OtherIssuer)
    },
    Hostile {
        name: "tls-self-signed",
        about: "shows a certificate that it signed itself",
        expect: Failure("http.tls", "issuer"),
        ..showing(Certificate::SelfSigned)
    },
    Hostile {
        name: "tls-without-intermediate",
        about: "leaves out the certificate between its own and the authority's",
        expect: Failure("http.tls", "issuer"),
        ..showing(Certificate::WithoutIntermediate)
    },
    Hostile {
        name: "tls-expired-intermediate",
        about: "shows an intermediate certificate that has expired",
        expect: Failure("http.tls", "expired"),
        ..showing(Certificate::ExpiredIntermediate)
    },
    Hostile {
        name: "tls-for-clients",
        about: "shows a certificate that is meant for clients",
        expect: Failure("http.tls", "certificate"),
        ..showing(Certificate::ForClients)
    },
    Hostile {
        // With TLS 1.3 the client is through with the handshake when it is told: what fails is the request. curl calls it a failure to
        // receive.
        name: "tls-wants-a-certificate",
        about: "wants a certificate of the client, with TLS 1.3",
        address: Address::Tls(Tls {
            wants_certificate: true,
            ..TLS
        }),
        expect: Failure("http.tls", "certificate"),
        ..showing(Certificate::Good)
    },
    Hostile {
        name: "tls-wants-a-certificate-early",
        about: "wants a certificate of the client, with TLS 1.2",
        address: Address::Tls(Tls {
            wants_certificate: true,
            is_old: true,
            ..TLS
        }),
        expect: Failure("http.tls", "certificate"),
        ..showing(Certificate::Good)
    },
    Hostile {
        name: "tls-old-and-good",
        about: "speaks TLS 1.2 and nothing newer",
        address: Address::Tls(Tls {
            is_old: true,
            ..TLS
        }),
        moves: ANSWER,
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "tls-without-alpn",
        about: "does not say what it will speak inside",
        address: Address::Tls(Tls {
            speaks: Speaks::Whatever,
            ..TLS
        }),
        moves: ANSWER,
        expect: OK,
        ..PLAIN
    },
    Hostile {
        name: "tls-too-old",
        about: "answers the hello with one of TLS 1.1",
        ..saying(
            &[
                Knock,
                Say(b"\x16\x03\x02\0\x2a\x02\0\0\x26\x03\x02"),
                Repeat(32, b"r"),
                Say(b"\0\xc0\x13\0"),
            ],
            "incompatible",
        )
    },
    Hostile {
        name: "tls-alert-version",
        about: "answers the hello with the alert that it does not speak such a version",
        ..saying(&[Knock, Say(b"\x15\x03\x01\0\x02\x02\x46")], "version")
    },
    Hostile {
        name: "tls-alert-handshake",
        about: "answers the hello with the alert that there is nothing to agree upon",
        ..saying(&[Knock, Say(b"\x15\x03\x03\0\x02\x02\x28")], "handshake")
    },
    Hostile {
        name: "tls-alert-name",
        about: "answers the hello with the alert that it does not know such a host",
        ..saying(&[Knock, Say(b"\x15\x03\x03\0\x02\x02\x70")], "alert")
    },
    Hostile {
        name: "tls-plain-text",
        about: "answers the hello with an HTTP error without TLS, as servers do on a port for `http://`",
        ..saying(
            &[
                Knock,
                Say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            ],
            "TLS",
        )
    },
    Hostile {
        name: "tls-garbage",
        about: "answers the hello with bytes that mean nothing",
        ..saying(&[Knock, Repeat(4096, b"\xa5\x5a\0\xff")], "TLS")
    },
    Hostile {
        name: "tls-closed-at-hello",
        about: "closes the connection when the client's hello has come",
        ends: Close,
        ..saying(&[Knock], "handshake")
    },
    Hostile {
        name: "tls-reset-at-hello",
        about: "resets the connection when the client's hello has come",
        ends: Reset,
        ..saying(&[Knock], "reset")
    },
    Hostile {
        name: "tls-truncated-hello",
        about: "announces a record of 122 bytes for its hello and closes after six of them",
        ends: Close,
        ..saying(
            &[Knock, Say(b"\x16\x03\x03\0\x7a\x02\0\0\x76\x03\x03")],
            "handshake",
        )
    },
    Hostile {
        name: "tls-endless-handshake",
        about: "announces a message of 16 MiB in its handshake, and says records of it for ever",
        ..saying(
            &[
                Knock,
                Say(b"\x16\x03\x03\x01\0\x0b\xff\xff\xff"),
                Repeat(252, b"c"),
                Endless(b"\x16\x03\x03\0\x0fccccccccccccccc"),
            ],
            "message",
        )
    },
    Hostile {
        name: "tls-corrupted-record",
        about: "says a record in the body that cannot be decrypted",
        address: Address::Tls(TLS),
        moves: &[
            Request,
            Say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
            Beneath(b"\x17\x03\x03\0\x20"),
            Beneath(b"................................"),
        ],
        expect: Failure("http.tls", "decrypt"),
        ..PLAIN
    },
    Hostile {
        name: "tls-body-to-the-end",
        about: "says a body without a length and ends it with `close_notify`",
        address: Address::Tls(TLS),
        moves: &[Request, Say(b"HTTP/1.1 200 OK\r\n\r\nok")],
        expect: OK,
        ..PLAIN
    },
    Hostile {
        // curl takes it for the end.
        name: "tls-cut-off",
        about: "says a body without a length and ends it without `close_notify`, as an attacker would who cuts it off",
        address: Address::Tls(TLS),
        moves: &[Request, Say(b"HTTP/1.1 200 OK\r\n\r\nok")],
        ends: Cut,
        expect: Failure("http.broken", "close_notify"),
        ..PLAIN
    },
    Hostile {
        name: "tls-cut-after-the-body",
        about: "says a body of the announced length and then closes without `close_notify`, as many servers do",
        address: Address::Tls(TLS),
        moves: ANSWER,
        ends: Cut,
        expect: OK,
        ..PLAIN
    },
];
