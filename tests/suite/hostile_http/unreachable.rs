//! Servers to which there is no connection.

use super::Outcome::Failure;
use super::{Address, Hostile, PLAIN};

pub(super) const SERVERS: &[Hostile] = &[
    Hostile {
        name: "refused",
        about: "nobody listens at the port",
        address: Address::Refused,
        expect: Failure("http.unreachable", "refused"),
        ..PLAIN
    },
    Hostile {
        name: "no-such-name",
        about: "the host's name cannot be looked up",
        address: Address::Unresolvable,
        // What the system says is `Name or service not known`, or that and another order.
        expect: Failure("http.unreachable", "name"),
        ..PLAIN
    },
    Hostile {
        name: "no-route",
        about: "no network leads to the address",
        address: Address::Unroutable,
        expect: Failure("http.request", "may not ask"),
        ..PLAIN
    },
    Hostile {
        name: "full-queue",
        about: "the queue of connections is full, and none is taken out of it",
        address: Address::Full,
        expect: Failure("http.timeout", "connecting"),
        ..PLAIN
    },
];
