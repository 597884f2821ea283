//! Who listens where, as the kernel's own tables tell it to everyone. After `proc(5)`; recorded from Linux. For hosts without `ss`, and
//! without the names of processes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

/// The table of the older protocol.
pub const TCP: &str = "/proc/net/tcp";

/// The table of the newer one. A socket on `::` there may take both.
pub const TCP6: &str = "/proc/net/tcp6";

/// The state of a socket that listens.
const LISTEN: &str = "0A";

/// A socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Socket {
    /// Its address; unspecified for all.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// Whose it is.
    pub user: u32,
}

/// A line that is no socket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the kernel's table of sockets cannot be read: `{text}`")]
pub struct SocketsError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// The sockets of a table that listen.
pub fn listening(table: &str) -> Result<Vec<Socket>, SocketsError> {
    let mut sockets = Vec::new();
    for (text, line) in table.lines().zip(1..).skip(1) {
        let (state, socket) = of(text).ok_or_else(|| SocketsError {
            line,
            text: text.to_owned(),
        })?;
        if state == LISTEN {
            sockets.push(socket);
        }
    }
    Ok(sockets)
}

/// Number, our side, the other side, state, queues, timer, retransmissions, user.
fn of(text: &str) -> Option<(&str, Socket)> {
    let mut words = text.split_whitespace();
    let (address, port) = words.nth(1)?.split_once(':')?;
    let state = words.nth(1)?;
    let socket = Socket {
        address: self::address(address)?,
        port: u16::from_str_radix(port, 16).ok()?,
        user: words.nth(3)?.parse().ok()?,
    };
    Some((state, socket))
}

/// An address in words of four bytes, each printed as the processor has it: the processors that Kong runs on put the last byte first.
fn address(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = digits.get(at..at + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_le_bytes())
    };
    match digits.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words: Option<Vec<[u8; 4]>> = (0..4).map(|number| word(number * 8)).collect();
            let bytes: [u8; 16] = words?.concat().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(address: &str, port: u16) -> Socket {
        Socket {
            address: address.parse().expect("an address"),
            port,
            user: 0,
        }
    }

    #[test]
    fn recorded_tables_are_read() {
        let tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1060 1 0000000089880401 100 0 0 10 0\n";
        assert_eq!(listening(tcp), Ok(vec![socket("0.0.0.0", 2024)]));
        let head = "  sl  local_address                         remote_address                        st tx_queue rx_queue\n";
        let line = |address: &str| {
            format!(
                "   0: {address} 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12719214 1\n"
            )
        };
        let tcp6 = [
            head,
            &line("00000000000000000000000001000000:480C"),
            &line("00000000000000000000000000000000:4650"),
        ]
        .concat();
        assert_eq!(
            listening(&tcp6),
            Ok(vec![socket("::1", 18444), socket("::", 18000)])
        );
    }

    #[test]
    fn sockets_that_do_not_listen_are_left_out() {
        // After proc(5): state 01 is a connection.
        let tcp = "head\n 0: 0100007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000 33 0 1 1\n";
        assert_eq!(listening(tcp), Ok(vec![]));
        for text in [
            "0: 0100007F 1",
            "0: x:1F40 0:0 0A 0 0 0 0",
            "0: 0100007F:1F40 0:0 0A 0 0 0 x",
        ] {
            assert!(listening(&format!("head\n{text}\n")).is_err(), "{text}");
        }
    }
}
