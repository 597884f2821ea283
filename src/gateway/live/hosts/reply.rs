//! Reading what a program on another host prints, up to the mark of its end.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

use super::launch::identity;
use crate::gateway::ProcessIdentity;
use crate::gateway::live::process::{Capture, Stream};

/// What a login may print before it starts what it was told to, in bytes.
const GREETING: u64 = 64 << 10;

/// The longest line that ends a reply, beyond the token: a space, a code, line ends.
const CODE: usize = 8;

/// Reads standard output up to the line that tells which process it is.
pub(super) async fn first_line(
    output: &mut BufReader<impl AsyncRead + Unpin>,
    token: &str,
    node: &str,
) -> io::Result<Option<ProcessIdentity>> {
    let mut limited = output.take(GREETING);
    let mut line = Vec::new();
    loop {
        line.clear();
        if limited.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        if let Some(identity) = identity(&text, token, node) {
            return Ok(Some(identity));
        }
    }
}

/// Reads standard error up to the mark of the end, and answers the code that stands there; nothing where the output ends without it.
pub(super) async fn up_to_end(
    mut errors: impl AsyncRead + Unpin,
    capture: &Capture,
    token: &str,
) -> io::Result<Option<i32>> {
    let mark = format!("\n{token} ").into_bytes();
    let mut held: Vec<u8> = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = errors.read(&mut buffer).await?;
        held.extend_from_slice(&buffer[..count]);
        if let Some(code) = code_behind(&held, &mark) {
            let (at, code) = code;
            capture.take(&held[..at], Stream::Error)?;
            return Ok(Some(code));
        }
        if count == 0 {
            capture.take(&held, Stream::Error)?;
            return Ok(None);
        }
        // What may be the beginning of the mark is held back.
        let certain = held.len().saturating_sub(mark.len() + CODE);
        let rest = held.split_off(certain);
        capture.take(&held, Stream::Error)?;
        held = rest;
    }
}

/// Where the mark stands and the code behind it, once its line is whole.
fn code_behind(held: &[u8], mark: &[u8]) -> Option<(usize, i32)> {
    let at = held.windows(mark.len()).rposition(|bytes| bytes == mark)?;
    let line = held[at + mark.len()..].strip_suffix(b"\n")?;
    let code = std::str::from_utf8(line).ok()?.parse().ok()?;
    Some((at, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_mark_is_found_wherever_the_stream_is_cut() {
        let said = b"one\ntoken is not it\ntwo\ntoken 3\n";
        for size in 1..said.len() {
            let capture = Capture::new(&[], None).expect("nothing to open");
            let chunks = tokio_test_stream(said, size);
            let code = up_to_end(chunks, &capture, "token").await.expect("read");
            assert_eq!(code, Some(3), "in pieces of {size}");
            let (_, errors) = capture.finish().expect("text");
            assert_eq!(errors, "one\ntoken is not it\ntwo", "in pieces of {size}");
        }
    }

    #[tokio::test]
    async fn what_ends_without_a_mark_is_kept() {
        let capture = Capture::new(&[], None).expect("nothing to open");
        let code = up_to_end(&b"cut off\ntok"[..], &capture, "token").await;
        assert_eq!(code.expect("read"), None);
        assert_eq!(capture.finish().expect("text").1, "cut off\ntok");
    }

    #[tokio::test]
    async fn a_greeting_is_read_over() {
        let said = b"Welcome!\n\nt 7 99 boot host\nout";
        let mut output = BufReader::new(&said[..]);
        let found = first_line(&mut output, "t", "kong-1").await.expect("read");
        let found = found.expect("told");
        assert_eq!((found.pid, found.started), (7, 99));
        assert_eq!(found.node.as_deref(), Some("kong-1"));
        let mut rest = String::new();
        output.read_to_string(&mut rest).await.expect("text");
        assert_eq!(rest, "out");
    }

    /// A stream that gives so many bytes at a time.
    fn tokio_test_stream(said: &'static [u8], size: usize) -> impl AsyncRead + Unpin {
        let (mut writer, reader) = tokio::io::duplex(size);
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt as _;
            writer.write_all(said).await.expect("written");
        });
        reader
    }
}
