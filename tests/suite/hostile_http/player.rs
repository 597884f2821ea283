//! Plays a server's moves on one connection, within bounds that hold whatever the client does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::sleep;

use super::bombs;
use super::stream::Stream;
use super::{Ending, Move};

/// How long a connection lasts at most.
pub(super) const LONGEST: Duration = Duration::from_secs(10);

/// How many bytes are said on a connection at most.
pub(super) const MOST: u64 = 64 << 20;

/// How much is written at once where there is no end of it.
const PIECE: usize = 64 << 10;

/// HTTP/2's frame of type HEADERS.
const HEADERS: u8 = 1;

/// A server at one connection.
pub(super) struct Player {
    pub(super) stream: Stream,
    /// How many connections came before.
    pub(super) before: usize,
    /// How many bytes were said on this and all other connections.
    pub(super) said: Arc<AtomicU64>,
    /// How many bytes may still be said on this one.
    pub(super) left: u64,
}

impl Player {
    /// Plays to the end, or until the client or a bound ends it.
    pub(super) async fn play(mut self, moves: &[Move], ends: Ending) -> io::Result<()> {
        for next in moves {
            self.make(*next).await?;
        }
        self.end(ends).await
    }

    async fn make(&mut self, next: Move) -> io::Result<()> {
        match next {
            Move::Request => self.request().await,
            Move::RequestOfHttp2 => self.request_of_http2().await,
            // To be told that something can be read is not enough: that may be wrong.
            Move::Knock => self.stream.beneath().peek(&mut [0]).await.map(|_| ()),
            Move::Say(bytes) => self.say(bytes).await,
            Move::Spell(bytes, pause) => {
                for byte in bytes {
                    self.say(&[*byte]).await?;
                    sleep(Duration::from_millis(pause)).await;
                }
                Ok(())
            }
            Move::Repeat(times, bytes) => self.say(&bytes.repeat(times)).await,
            Move::Endless(bytes) => {
                let piece = bytes.repeat(PIECE.div_ceil(bytes.len()));
                loop {
                    self.say(&piece).await?;
                }
            }
            Move::Drip(bytes, pause) => loop {
                self.say(bytes).await?;
                sleep(Duration::from_millis(pause)).await;
            },
            Move::InTurn(choice) => self.say(choice[self.before % choice.len()]).await,
            Move::Explode(bomb) => self.say(bombs::packed(bomb)).await,
            Move::Beneath(bytes) => {
                use tokio::io::AsyncWriteExt as _;
                self.stream.beneath().write_all(bytes).await
            }
            Move::Pause(pause) => {
                sleep(Duration::from_millis(pause)).await;
                Ok(())
            }
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        let enough = || io::Error::other("enough was said");
        self.left = self.left.checked_sub(length).ok_or_else(enough)?;
        self.stream.write(bytes).await?;
        self.said.fetch_add(length, Ordering::Relaxed);
        Ok(())
    }

    async fn request(&mut self) -> io::Result<()> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && head.len() < PIECE {
            self.stream.read_exact(&mut byte).await?;
            head.extend(byte);
        }
        Ok(())
    }

    async fn request_of_http2(&mut self) -> io::Result<()> {
        let mut preface = [0; 24];
        self.stream.read_exact(&mut preface).await?;
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut frame = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            self.stream.read_exact(&mut frame).await?;
            if head[3] == HEADERS {
                return Ok(());
            }
        }
    }

    async fn end(&mut self, ends: Ending) -> io::Result<()> {
        match ends {
            Ending::Close => {
                self.stream.finish().await?;
                let mut piece = vec![0; PIECE];
                while self.stream.read(&mut piece).await? > 0 {}
                Ok(())
            }
            Ending::Cut => Ok(()),
            Ending::Reset => self.stream.beneath().set_zero_linger(),
            Ending::Hold => {
                sleep(LONGEST).await;
                Ok(())
            }
        }
    }
}
