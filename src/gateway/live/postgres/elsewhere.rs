//! Sessions of Kong's role that come from another place than the hosts of the nodes that we know.

use std::collections::BTreeSet;
use std::net::{IpAddr, UdpSocket};

use super::error::PostgresError;
use super::session::{Role, connect};
use crate::environment::Database;

/// From where sessions may come.
#[derive(Debug, Clone, Copy)]
struct Known<'hosts> {
    /// Our own address as the server sees it; absent on a socket.
    client: Option<IpAddr>,
    /// The server's address.
    server: Option<IpAddr>,
    /// The addresses of other hosts on which nodes run.
    hosts: &'hosts BTreeSet<IpAddr>,
}

impl Known<'_> {
    /// Whether a session from `address` comes from this host or one of the others.
    fn has(self, address: Option<IpAddr>) -> bool {
        let server_is_here = self
            .client
            .is_none_or(|own| own.is_loopback() || Some(own) == self.server);
        let server_is_known = || {
            server_is_here
                || self
                    .server
                    .is_some_and(|server| self.hosts.contains(&server))
        };
        match address {
            _ if address == self.client => true,
            // A socket and the loopback addresses are of the server's host.
            None => server_is_known(),
            Some(address) if address.is_loopback() => server_is_known(),
            // Only an address of this host can be bound.
            Some(address) => self.hosts.contains(&address) || UdpSocket::bind((address, 0)).is_ok(),
        }
    }
}

/// The sessions of the role of Kong's tables on Kong's database that come neither from this host nor from one with an address among
/// `hosts`, each described without what changes from one look to the next.
pub async fn sessions_from_elsewhere(
    database: &Database,
    hosts: &BTreeSet<IpAddr>,
) -> Result<Vec<String>, PostgresError> {
    let session = connect(database, Role::Owner, None).await?;
    let rows = session
        .query(
            "SELECT client_addr, coalesce(application_name, ''), pid = pg_catalog.pg_backend_pid(), pg_catalog.inet_server_addr()
             FROM pg_catalog.pg_stat_activity
             WHERE datname = pg_catalog.current_database() AND usename = $1
             ORDER BY client_addr, application_name",
            &[&database.user],
        )
        .await
        .map_err(PostgresError::query("see where sessions come from"))?;
    let Some(known) = rows.iter().find(|row| row.get(2)).map(|row| Known {
        client: row.get(0),
        server: row.get(3),
        hosts,
    }) else {
        // We are always there; a pooler in between could show another user.
        return Ok(vec![
            "nowhere: not even our own session is shown".to_owned(),
        ]);
    };
    let mut described: Vec<String> = rows
        .iter()
        .filter(|row| !known.has(row.get(0)))
        .map(|row| describe(row.get(0), row.get(1)))
        .collect();
    described.dedup();
    Ok(described)
}

fn describe(address: Option<IpAddr>, application: &str) -> String {
    let address = address.map_or_else(
        || "a socket of the server".to_owned(),
        |address| address.to_string(),
    );
    if application.is_empty() {
        format!("from {address}")
    } else {
        format!("`{application}` from {address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn another_host_is_told_from_this_one_and_from_those_of_nodes() {
        let nobody = BTreeSet::new();
        let here = Known {
            client: None,
            server: None,
            hosts: &nobody,
        };
        assert!(here.has(None) && here.has(Some(address("127.0.0.1"))));
        // An address of a documentation network is nobody's.
        assert!(!here.has(Some(address("203.0.113.7"))));
        let away = Known {
            client: Some(address("198.51.100.2")),
            server: Some(address("198.51.100.1")),
            hosts: &nobody,
        };
        assert!(away.has(Some(address("198.51.100.2"))));
        assert!(!away.has(None) && !away.has(Some(address("127.0.0.1"))));
        assert!(!away.has(Some(address("198.51.100.1"))));
        let hosts = BTreeSet::from([address("203.0.113.7")]);
        let with_nodes = Known {
            hosts: &hosts,
            ..away
        };
        assert!(with_nodes.has(Some(address("203.0.113.7"))));
        assert!(!with_nodes.has(None) && !with_nodes.has(Some(address("203.0.113.8"))));
        // A node beside the server may connect over a socket.
        let hosts = BTreeSet::from([address("198.51.100.1")]);
        let beside = Known {
            hosts: &hosts,
            ..away
        };
        assert!(beside.has(None) && beside.has(Some(address("127.0.0.1"))));
    }
}
