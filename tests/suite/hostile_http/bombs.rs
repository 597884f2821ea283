//! Bodies that grow when they are decompressed, made once in each process.
//!
//! The zeros of one MiB are compressed with a full flush at the end, after which a compressor remembers nothing: the piece may be
//! said as often as one likes, and nobody has to compress a GiB.

use std::io::Write as _;
use std::sync::LazyLock;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};

use super::{Bomb, Move};

/// How many MiB there are in a bomb.
const MEBIBYTES: usize = 1024;

/// The head of a gzip file: its magic number, `deflate`, and nothing else known.
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";

/// The head of a stream in zlib's format.
const ZLIB: &[u8] = b"\x78\x9c";

/// Packs what these moves need, which takes a while the first time.
pub(super) fn prepare(moves: &[Move]) {
    for next in moves {
        if let Move::Explode(bomb) = next {
            packed(*bomb);
        }
    }
}

/// A bomb, packed. It has no end: whoever gets that far finds it cut off.
pub(super) fn packed(bomb: Bomb) -> &'static [u8] {
    static GZIPPED: LazyLock<Vec<u8>> = LazyLock::new(|| [GZIP, &zeros()].concat());
    static DEFLATED: LazyLock<Vec<u8>> = LazyLock::new(|| [ZLIB, &zeros()].concat());
    static NESTED: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&GZIPPED));
    match bomb {
        Bomb::Gzip => &GZIPPED,
        Bomb::Deflate => &DEFLATED,
        Bomb::Nested => &NESTED,
    }
}

fn zeros() -> Vec<u8> {
    let mut piece = Vec::with_capacity(8 << 10);
    Compress::new(Compression::best(), false)
        .compress_vec(&vec![0; 1 << 20], &mut piece, FlushCompress::Full)
        .expect("zeros can be compressed");
    piece.repeat(MEBIBYTES)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::best());
    packing.write_all(bytes).expect("written to memory");
    packing.finish().expect("written to memory")
}
