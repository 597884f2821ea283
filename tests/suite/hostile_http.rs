//! Servers that are wrong, rude or merely unusual, to test that a client of HTTP comes to a clear outcome with each: within its
//! deadline, with little memory, and in words that say what happened.
//!
//! A server is data: what it says, move by move, and how it ends. Each is bounded by itself and knows nothing of the others. What is
//! expected is what an honest client says that is built on hyper's `client::conn` with its default limits; where hyper accepts what
//! others refuse, or the other way round, it is noted beside the server.

mod address;
mod bombs;
mod certificates;
mod chunks;
mod compression;
mod contents;
mod endings;
mod headers;
mod http2;
mod http2_limits;
mod lengths;
mod moves;
mod outcome;
mod place;
mod player;
mod redirects;
mod running;
mod size;
mod slowness;
mod status_lines;
mod stream;
mod tls;
mod tolerated;
mod unreachable;
mod unusual;

use std::collections::BTreeSet;

pub(crate) use address::{Address, Certificate, Speaks, TLS, Tls};
pub(crate) use moves::{Bomb, Ending, Move};
pub(crate) use outcome::Outcome;
pub(crate) use running::{Running, Servers};

/// What the client under test takes of a body at most: what is meant to be too large is larger, and what is not is at most half of it.
pub(crate) const LARGEST_BODY: usize = 1 << 20;

/// One server, and what must come of asking it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    /// What it does, in one sentence.
    pub(crate) about: &'static str,
    pub(crate) address: Address,
    pub(crate) wanted: Wanted,
    /// What it does on each connection, in this order.
    pub(crate) moves: &'static [Move],
    pub(crate) ends: Ending,
    pub(crate) expect: Outcome,
}

/// What is asked: the options of the request that differ from server to server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) method: &'static str,
    pub(crate) http2: Http2,
    /// Whether `Accept-Encoding: gzip, deflate` is sent and the body is taken as it is after decompression.
    pub(crate) compressed: bool,
    /// How many redirects are followed; with none, a redirect is an answer like others.
    pub(crate) redirects: usize,
    /// How many bytes of a body are sent.
    pub(crate) body: usize,
}

/// Whether HTTP/2 is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Http2 {
    No,
    /// Offered by ALPN beside HTTP/1.1, which will do as well.
    Offered,
    /// Spoken without asking.
    Known,
}

/// A plain `GET`.
const GET: Wanted = Wanted {
    method: "GET",
    http2: Http2::No,
    compressed: false,
    redirects: 0,
    body: 0,
};

/// An answer of 200 with `ok` as its body.
const OK: Outcome = Outcome::Answer {
    status: 200,
    body: b"ok",
    headers: &[],
};

/// What most servers have in common.
const PLAIN: Hostile = Hostile {
    name: "",
    about: "",
    address: Address::Plain,
    wanted: GET,
    moves: &[],
    ends: Ending::Close,
    expect: OK,
};

/// All of them.
pub(crate) fn servers() -> impl Iterator<Item = &'static Hostile> {
    let tables = [
        unreachable::SERVERS,
        slowness::SERVERS,
        tls::SERVERS,
        endings::SERVERS,
        status_lines::SERVERS,
        headers::SERVERS,
        lengths::SERVERS,
        chunks::SERVERS,
        size::SERVERS,
        compression::SERVERS,
        redirects::SERVERS,
        unusual::SERVERS,
        contents::SERVERS,
        tolerated::SERVERS,
        http2::SERVERS,
        http2_limits::SERVERS,
    ];
    tables.into_iter().flatten()
}

#[test]
fn each_server_has_a_name_of_its_own_and_a_code_that_there_is() {
    let codes = [
        "http.unreachable",
        "http.timeout",
        "http.tls",
        "http.broken",
        "http.too_large",
        "http.redirects",
        "http.request",
    ];
    let mut names = BTreeSet::new();
    let mut failures = BTreeSet::new();
    for server in servers() {
        assert!(names.insert(server.name), "{} twice", server.name);
        assert!(!server.about.is_empty(), "{}: about nothing", server.name);
        if let Outcome::Failure(code, word) = server.expect {
            assert!(!word.is_empty(), "{}: no word", server.name);
            failures.insert(code);
        }
    }
    assert_eq!(failures, BTreeSet::from(codes));
}
