//! Where the child's messages go and come from: the pipe to the supervisor, or the same process.

use std::cell::{Cell, RefCell};
use std::io::{BufRead as _, BufReader, Read as _, Stdin, Stdout, Write as _};

use crate::script::protocol::{FromChild, LONGEST_LINE, Numbered, Taken, ToChild};
use crate::script::soon::stay_awake;

/// The other side is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) struct Gone;

/// A conversation, seen from the script's side.
pub(in crate::script) trait Channel {
    /// Sends a message of a script that took so much until now.
    fn send(&self, message: FromChild, taken: Taken) -> Result<(), Gone>;
    /// Waits for the next message; `None` when nobody is there any more, or what came is no message.
    fn receive(&self) -> Option<ToChild>;
}

/// One JSON value a line over standard input and output.
pub(in crate::script) struct StandardStreams {
    input: RefCell<BufReader<Stdin>>,
    output: RefCell<Stdout>,
    /// How many messages were sent.
    sent: Cell<u64>,
}

impl StandardStreams {
    pub(in crate::script) fn new() -> Self {
        Self {
            input: RefCell::new(BufReader::new(std::io::stdin())),
            output: RefCell::new(std::io::stdout()),
            sent: Cell::new(0),
        }
    }
}

impl Channel for StandardStreams {
    fn send(&self, message: FromChild, taken: Taken) -> Result<(), Gone> {
        let number = self.sent.get() + 1;
        self.sent.set(number);
        let message = Numbered {
            number,
            taken,
            message,
        };
        let mut line = serde_json::to_vec(&message).expect("messages are plain data");
        line.push(b'\n');
        let mut output = self.output.borrow_mut();
        let sent = output.write_all(&line).and_then(|()| output.flush());
        sent.map_err(|_| Gone)
    }

    fn receive(&self) -> Option<ToChild> {
        let mut line = Vec::new();
        let mut input = self.input.borrow_mut();
        if input.buffer().is_empty() {
            stay_awake(input.get_ref());
        }
        let read = input
            .by_ref()
            .take(LONGEST_LINE as u64)
            .read_until(b'\n', &mut line);
        read.ok()
            .filter(|length| *length > 0)
            .and_then(|_| serde_json::from_slice(&line).ok())
    }
}
