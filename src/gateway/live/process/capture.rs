//! What a program prints: blacked out as it comes, bounded in memory, whole in a file when one is wanted.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::super::secret::Secret;
use crate::gateway::redaction::{BLACKED_OUT, known_shapes};

/// Bytes kept of the beginning, and again of the end. Tools say what they do first and why they failed last.
const KEPT: usize = 64 * 1024;

/// Which of the two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway::live) enum Stream {
    Out,
    Error,
}

/// Both outputs of one program.
pub(in crate::gateway::live) struct Capture {
    secrets: Vec<Vec<u8>>,
    kept: RefCell<[Kept; 2]>,
    log: Option<RefCell<File>>,
}

#[derive(Default)]
struct Kept {
    /// Bytes that may be the beginning of a secret and are not let through yet.
    pending: Vec<u8>,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: usize,
}

impl Capture {
    pub(in crate::gateway::live) fn new(
        secrets: &[Secret],
        log: Option<&Path>,
    ) -> io::Result<Self> {
        let log = log.map(|path| {
            OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(path)
                .map(RefCell::new)
        });
        let mut secrets: Vec<Vec<u8>> = secrets
            .iter()
            .map(|secret| secret.expose().to_owned())
            .chain(known_shapes())
            .map(String::into_bytes)
            .filter(|secret| !secret.is_empty())
            .collect();
        // The longest first, so that a secret which begins with another one disappears as a whole.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Ok(Self {
            secrets,
            kept: RefCell::default(),
            log: log.transpose()?,
        })
    }

    /// Reads `source` to its end.
    pub(in crate::gateway::live) async fn read(
        &self,
        mut source: impl AsyncRead + Unpin,
        stream: Stream,
    ) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = source.read(&mut buffer).await?;
            if count == 0 {
                return Ok(());
            }
            self.take(&buffer[..count], stream)?;
        }
    }

    /// Both outputs as text.
    pub(in crate::gateway::live) fn finish(&self) -> io::Result<(String, String)> {
        for stream in [Stream::Out, Stream::Error] {
            let pending = std::mem::take(&mut self.kept.borrow_mut()[stream as usize].pending);
            let (clear, rest) = self.black_out(&pending, 1);
            self.keep(&[clear.as_slice(), rest].concat(), stream)?;
        }
        let kept = self.kept.borrow();
        Ok((kept[0].text(), kept[1].text()))
    }

    pub(in crate::gateway::live) fn take(&self, bytes: &[u8], stream: Stream) -> io::Result<()> {
        let mut pending = std::mem::take(&mut self.kept.borrow_mut()[stream as usize].pending);
        pending.extend_from_slice(bytes);
        let longest = self.secrets.first().map_or(1, Vec::len);
        let (clear, rest) = self.black_out(&pending, longest);
        self.kept.borrow_mut()[stream as usize].pending = rest.to_vec();
        self.keep(&clear, stream)
    }

    /// Blacks out `bytes` up to where fewer than `needed` bytes are left to look at, and returns the rest as it is.
    fn black_out<'a>(&self, bytes: &'a [u8], needed: usize) -> (Vec<u8>, &'a [u8]) {
        let mut clear = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while rest.len() >= needed {
            if let Some(secret) = self.secrets.iter().find(|secret| rest.starts_with(secret)) {
                clear.extend_from_slice(BLACKED_OUT.as_bytes());
                rest = &rest[secret.len()..];
            } else if let Some((first, others)) = rest.split_first() {
                clear.push(*first);
                rest = others;
            } else {
                break;
            }
        }
        (clear, rest)
    }

    fn keep(&self, bytes: &[u8], stream: Stream) -> io::Result<()> {
        if let Some(log) = &self.log {
            log.borrow_mut().write_all(bytes)?;
        }
        self.kept.borrow_mut()[stream as usize].push(bytes);
        Ok(())
    }
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        let room = (KEPT - self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.tail.extend(&bytes[room..]);
        let surplus = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..surplus);
        self.left_out += surplus;
    }

    fn text(&self) -> String {
        let mut bytes = self.head.clone();
        if self.left_out > 0 {
            bytes.extend_from_slice(format!("\n[{} bytes left out]\n", self.left_out).as_bytes());
        }
        bytes.extend(&self.tail);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
