//! Bodies that come compressed.

use std::io::Read as _;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// The encodings that are asked for.
pub(super) const ACCEPTED: &str = "gzip, deflate";

/// Encodings in one another that are undone.
const DEEPEST: usize = 4;

/// Why a body cannot be decoded.
pub(super) enum Problem {
    /// It is longer than it may be.
    TooLarge,
    /// It is not what its header says.
    Damaged(String),
}

/// `body` without the encodings that its header lists, the last of which was put on last. Never more than `most` bytes are made of it.
pub(super) fn decoded(body: &[u8], encodings: &str, most: usize) -> Result<Vec<u8>, Problem> {
    let mut body = body.to_vec();
    if encodings.split(',').count() > DEEPEST {
        return Err(Problem::Damaged(
            "it has too many encodings in one another".to_owned(),
        ));
    }
    for encoding in encodings.rsplit(',') {
        // A body that is not there, as after HEAD, is not encoded either.
        if body.is_empty() {
            break;
        }
        body = match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => body,
            "gzip" | "x-gzip" => bounded("gzip", MultiGzDecoder::new(&body[..]), most)?,
            // Half of the servers leave out the frame of zlib that the standard wants.
            "deflate" => match bounded("deflate", ZlibDecoder::new(&body[..]), most) {
                Err(Problem::Damaged(_)) => {
                    bounded("deflate", DeflateDecoder::new(&body[..]), most)?
                }
                other => other?,
            },
            other => {
                return Err(Problem::Damaged(format!(
                    "it is encoded as `{other}`, which was not asked for"
                )));
            }
        };
    }
    Ok(body)
}

fn bounded(encoding: &str, decoder: impl std::io::Read, most: usize) -> Result<Vec<u8>, Problem> {
    let mut decoded = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX) + 1;
    decoder
        .take(limit)
        .read_to_end(&mut decoded)
        .map_err(|error| Problem::Damaged(format!("its {encoding} is damaged: {error}")))?;
    if decoded.len() > most {
        return Err(Problem::TooLarge);
    }
    Ok(decoded)
}
