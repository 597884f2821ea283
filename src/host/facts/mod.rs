//! Plain facts about a host: its system, processor, disks, limits, addresses, listeners, clock, people, files and rocks.
//!
//! Sources: the manual pages `os-release(5)`, `df(1)`, `proc(5)`, `ss(8)`, `date(1)`, `who(1)`, `loginctl(1)`, `sha256sum(1)`, and answers
//! recorded from coreutils 9.1, iproute2 6.1 and Linux.

mod addresses;
mod checksum;
mod clock;
mod limits;
mod listeners;
mod logins;
mod machine;
mod os_release;
mod rocks;
mod sessions;
mod sockets;
mod space;

pub use addresses::{ADDRESSES6, ROUTES, addresses};
pub use checksum::{Checksum, ChecksumError, checksums, sha256sum};
pub use clock::{CLOCK, ClockError, Moments, Skew};
pub use limits::{Limit, Limits, LimitsError, limits_file};
pub use listeners::{Bound, LISTENERS, Listener, ListenersError, Process, listeners};
pub use logins::{Idle, LOGINS, Login, LoginsError, logins};
pub use machine::{Architecture, MACHINE};
pub use os_release::{Format, OS_RELEASE, OsRelease};
pub use rocks::{ROCKS, Rock, RocksError, rocks};
pub use sessions::{SESSIONS, Session, SessionsError, sessions};
pub use sockets::{Socket, SocketsError, TCP, TCP6, listening};
pub use space::{Space, SpaceError, space};
