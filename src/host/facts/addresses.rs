//! The addresses of a host, as the kernel's own tables tell them to everyone. After `proc(5)`; recorded from Linux.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kernel's table of routes, in which each address of the host's own is one.
pub const ROUTES: &str = "/proc/net/fib_trie";

/// The addresses of the newer protocol. A kernel without that has no such file.
pub const ADDRESSES6: &str = "/proc/net/if_inet6";

/// The addresses of a host but those of its loopback interface, by what the two files hold.
#[must_use]
pub fn addresses(routes: &str, addresses6: &str) -> BTreeSet<IpAddr> {
    let newer = addresses6.lines().filter_map(|line| {
        let digits = line.split_whitespace().next()?;
        let bits = u128::from_str_radix(digits, 16).ok();
        bits.filter(|_| digits.len() == 32)
            .map(|bits| IpAddr::from(Ipv6Addr::from_bits(bits)))
    });
    let own = own(routes).into_iter().map(IpAddr::from);
    own.chain(newer)
        .filter(|address| !address.is_loopback())
        .collect()
}

/// The addresses of the older protocol. `|-- 10.0.0.11` is followed by what that is: `/32 host LOCAL`.
fn own(routes: &str) -> Vec<Ipv4Addr> {
    let mut address: Option<Ipv4Addr> = None;
    let mut found = Vec::new();
    for line in routes.lines() {
        let line = line.trim();
        if let Some(leaf) = line.strip_prefix("|-- ") {
            address = leaf.parse().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIE: &str = "Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
";

    const NEWER: &str = "fd000000000000000000000000000002 04 40 00 82     eth0
00000000000000000000000000000001 01 80 10 80       lo
";

    #[test]
    fn own_addresses_are_told_from_networks_broadcasts_and_loopback() {
        let told: Vec<String> = addresses(TRIE, NEWER)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(told, ["192.0.2.2", "fd00::2"]);
        assert_eq!(addresses("", ""), BTreeSet::new());
    }
}
