//! Connections from the hosts of nodes, by programs that every such host has: names, ways and trust are then the host's own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::Live;
use super::commands::login_environment;
use super::process::Program;
use crate::gateway::{Failure, Reached, Reaching};
use crate::kong::addresses::{Address, of_settings};

/// How long a connection may take.
const PATIENCE: &str = "5";

/// The same with what the program itself takes.
const DEADLINE: Duration = Duration::from_secs(10);

/// Opens a connection and closes it. The words behind it are the host and the port.
const CONNECT: &str = r#"exec 3<>"/dev/tcp/$1/$2""#;

/// The setting with the authorities that Kong trusts beside nothing or the system's.
const TRUSTED: &str = "lua_ssl_trusted_certificate";

impl Reaching for Live {
    async fn reach(&self, node: &str, address: &Address) -> Result<Reached, Failure> {
        let (_, found) = self.node(node).await?;
        let host = self.host(&found).await?;
        let port = address.port.to_string();
        let mut words = vec!["-k", "1", PATIENCE];
        let server = format!("{}:{port}", bracketed(&address.host));
        let trusted = if address.tls {
            self.trusted(node).await
        } else {
            None
        };
        if address.tls {
            words.extend([
                "openssl",
                "s_client",
                "-connect",
                &server,
                "-verify_return_error",
                "-brief",
            ]);
            if address.host.parse::<std::net::IpAddr>().is_ok() {
                words.extend(["-verify_ip", &address.host]);
            } else {
                words.extend([
                    "-servername",
                    &address.host,
                    "-verify_hostname",
                    &address.host,
                ]);
            }
            if let Some(file) = &trusted {
                words.extend(["-CAfile", file]);
            }
        } else {
            words.extend(["bash", "-c", CONNECT, "cutover", &address.host, &port]);
        }
        let mut program = Program::new(PathBuf::from("/usr/bin/timeout"), DEADLINE);
        program.arguments = words.iter().map(Into::into).collect();
        program.environment = login_environment();
        program.environment.push(("LC_ALL".into(), "C".into()));
        let finished = self.run_program_on(&host, program.on(&found)).await?;
        if finished.ending.is_success() {
            return Ok(Reached::Yes);
        }
        Ok(Reached::No(why(&finished.stderr)))
    }

    async fn named_by_settings(
        &self,
        node: &str,
    ) -> Result<BTreeMap<Address, BTreeSet<String>>, Failure> {
        Ok(of_settings(&self.prepared(node).await?))
    }
}

impl Live {
    /// The file with the authorities that a node trusts, where it names one.
    async fn trusted(&self, node: &str) -> Option<String> {
        let settings = self.settings_of(node).await.ok()?;
        let named = settings.keys.get(TRUSTED)?.value.shown()?.to_owned();
        let mut files = named.split(',').map(str::trim);
        files.find(|file| file.starts_with('/')).map(str::to_owned)
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

/// What a person needs of what the programs say; nothing is said where time ran out.
fn why(said: &str) -> String {
    const TELLING: [&str; 8] = [
        "verify error:",
        "refused",
        "not known",
        "unreachable",
        "timed out",
        "No route",
        "not found",
        "No such file",
    ];
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let telling = lines
        .clone()
        .find(|line| TELLING.iter().any(|word| line.contains(word)));
    match telling.or_else(|| lines.next_back()) {
        Some(line) => line.to_owned(),
        None => format!("no connection within {PATIENCE} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_tells_is_told() {
        assert_eq!(why(""), "no connection within 5 s");
        let said = "cutover: connect: Connection refused\ncutover: line 1: /dev/tcp/127.0.0.1/1: Connection refused\n";
        assert_eq!(why(said), "cutover: connect: Connection refused");
        let said = "depth=0 CN = x\nverify error:num=18:self-signed certificate\n40C7:error:0A000086:SSL routines\n";
        assert_eq!(why(said), "verify error:num=18:self-signed certificate");
    }
}
