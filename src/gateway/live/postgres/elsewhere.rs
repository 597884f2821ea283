//! Sessions of Kong's role that come from another place than the host of the nodes that we know, which is ours.

use std::net::{IpAddr, UdpSocket};

use super::error::PostgresError;
use super::session::{Role, connect};
use crate::environment::Database;

/// How we ourselves are connected.
#[derive(Debug, Clone, Copy)]
struct Own {
    /// Our address as the server sees it; absent on a socket.
    client: Option<IpAddr>,
    /// The server's address.
    server: Option<IpAddr>,
}

impl Own {
    /// Whether a session from `address` comes from this host.
    fn is_here(self, address: Option<IpAddr>) -> bool {
        let server_is_here = self
            .client
            .is_none_or(|own| own.is_loopback() || Some(own) == self.server);
        match address {
            _ if address == self.client => true,
            // On another host a socket and the loopback addresses are the server's own.
            None => server_is_here,
            Some(address) if address.is_loopback() => server_is_here,
            // Only an address of this host can be bound.
            Some(address) => UdpSocket::bind((address, 0)).is_ok(),
        }
    }
}

/// The sessions of the role of Kong's tables on Kong's database that come from another host, each described without what changes
/// from one look to the next.
pub async fn sessions_from_elsewhere(database: &Database) -> Result<Vec<String>, PostgresError> {
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
    let Some(own) = rows.iter().find(|row| row.get(2)).map(|row| Own {
        client: row.get(0),
        server: row.get(3),
    }) else {
        // We are always there; a pooler in between could show another user.
        return Ok(vec![
            "nowhere: not even our own session is shown".to_owned(),
        ]);
    };
    let mut described: Vec<String> = rows
        .iter()
        .filter(|row| !own.is_here(row.get(0)))
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
    fn another_host_is_told_from_this_one() {
        let here = Own {
            client: None,
            server: None,
        };
        assert!(here.is_here(None) && here.is_here(Some(address("127.0.0.1"))));
        // An address of a documentation network is nobody's.
        assert!(!here.is_here(Some(address("203.0.113.7"))));
        let away = Own {
            client: Some(address("198.51.100.2")),
            server: Some(address("198.51.100.1")),
        };
        assert!(away.is_here(Some(address("198.51.100.2"))));
        assert!(!away.is_here(None) && !away.is_here(Some(address("127.0.0.1"))));
        assert!(!away.is_here(Some(address("198.51.100.1"))));
    }
}
