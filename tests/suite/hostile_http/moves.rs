//! What a server does on a connection, as data. The bounds are the player's.

/// One thing that a server does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Move {
    /// Reads a request of HTTP/1 to the end of its head.
    Request,
    /// Reads HTTP/2's preface and frames, to the first that holds headers.
    RequestOfHttp2,
    /// Waits for the first byte of a request, and leaves it unread.
    Knock,
    Say(&'static [u8]),
    /// Says it one byte at a time, each followed by a pause of so many milliseconds.
    Spell(&'static [u8], u64),
    /// Says it so many times.
    Repeat(usize, &'static [u8]),
    /// Says it again and again, as fast as it is taken.
    Endless(&'static [u8]),
    /// Says it again and again, each time followed by a pause of so many milliseconds.
    Drip(&'static [u8], u64),
    /// Says one of them: each connection the next, and then from the beginning.
    InTurn(&'static [&'static [u8]]),
    /// Says a body that grows a thousand times and more when it is decompressed.
    Explode(Bomb),
    /// Says it beneath TLS, as it stands.
    Beneath(&'static [u8]),
    /// Does nothing for so many milliseconds.
    Pause(u64),
}

/// What is packed how. All are zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bomb {
    /// 1 GiB as `gzip`.
    Gzip,
    /// 1 GiB as `deflate`, in zlib's format.
    Deflate,
    /// 1 GiB as `gzip`, and that as `gzip` again.
    Nested,
}

/// How a server ends a connection after its moves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    /// As it should: `close_notify` where there is TLS, the end of what it says, and reading on until the client closes too. Seen from
    /// there that is a connection which is closed by half.
    Close,
    /// Without a word: no `close_notify`; and where something of the client's is unread, the system makes a reset of it.
    Cut,
    /// With a reset.
    Reset,
    /// Not at all: nothing is said any more, and nothing is read.
    Hold,
}
