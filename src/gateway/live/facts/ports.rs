//! The running node's process: what the kernel lets it have, and who listens on the ports that its settings name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::inquiry::Inquiry;
use crate::gateway::{LimitFacts, ListenerFacts, PortFacts};
use crate::host::facts::{
    Bound, LISTENERS, Limits, Listener, Process, Socket, TCP, TCP6, limits_file, listeners,
    listening,
};
use crate::kong::conf::Configuration;

impl Inquiry<'_> {
    pub(super) async fn of_process(
        &self,
        process: &Result<Option<u32>, String>,
        configuration: &Result<Configuration, String>,
    ) -> (Result<LimitFacts, String>, Result<Vec<PortFacts>, String>) {
        (
            self.limits(process).await,
            self.ports(process, configuration).await,
        )
    }

    async fn limits(&self, process: &Result<Option<u32>, String>) -> Result<LimitFacts, String> {
        let process = process.clone()?.ok_or("it does not run")?;
        let text = self.text(Path::new(&limits_file(process))).await?;
        let limits = Limits::of(&text).map_err(|error| error.to_string())?;
        let files = limits.open_files().ok_or("the kernel does not say")?;
        Ok(LimitFacts {
            process,
            open_files: files.soft,
            open_files_most: files.hard,
        })
    }

    async fn ports(
        &self,
        process: &Result<Option<u32>, String>,
        configuration: &Result<Configuration, String>,
    ) -> Result<Vec<PortFacts>, String> {
        let named = named(configuration.as_ref().map_err(Clone::clone)?);
        let listened = self.listened(process).await?;
        let of = |(port, settings): (u16, BTreeSet<String>)| PortFacts {
            port,
            settings: settings.into_iter().collect(),
            listeners: listened.get(&port).cloned().unwrap_or_default(),
        };
        Ok(named.into_iter().map(of).collect())
    }

    /// Who listens, by `ss`, or where that does not answer by the kernel's tables, which name nobody.
    async fn listened(
        &self,
        process: &Result<Option<u32>, String>,
    ) -> Result<BTreeMap<u16, Vec<ListenerFacts>>, String> {
        let told = self.told(&LISTENERS).await;
        let told = told.and_then(|told| listeners(&told).map_err(|error| error.to_string()));
        let why = match told {
            Ok(all) => return Ok(by_port(all.iter().map(|one| (one.port, of(one, process))))),
            Err(why) => why,
        };
        let mut sockets: Vec<Socket> = Vec::new();
        for table in [TCP, TCP6] {
            let table = self.text(Path::new(table)).await.map_err(|_| why.clone())?;
            sockets.extend(listening(&table).map_err(|_| why.clone())?);
        }
        let unnamed = |socket: &Socket| ListenerFacts {
            address: socket.address.to_string(),
            process: None,
            name: None,
            ours: None,
        };
        Ok(by_port(sockets.iter().map(|one| (one.port, unnamed(one)))))
    }
}

/// The same socket is there once for each of Kong's workers that has one of its own.
fn by_port(all: impl Iterator<Item = (u16, ListenerFacts)>) -> BTreeMap<u16, Vec<ListenerFacts>> {
    let mut ports: BTreeMap<u16, BTreeSet<ListenerFacts>> = BTreeMap::new();
    for (port, listener) in all {
        ports.entry(port).or_default().insert(listener);
    }
    let sorted = |(port, all): (u16, BTreeSet<_>)| (port, all.into_iter().collect());
    ports.into_iter().map(sorted).collect()
}

/// Of the processes that have a socket, Kong's first one, which its workers got it from, or else the lowest.
fn of(listener: &Listener, process: &Result<Option<u32>, String>) -> ListenerFacts {
    let all = &listener.processes;
    let is_own = |one: &&Process| process == &Ok(Some(one.process));
    let own = all.iter().find(is_own);
    let shown = own.or_else(|| all.iter().min_by_key(|one| one.process));
    ListenerFacts {
        address: match listener.bound {
            Bound::Everywhere => "*".to_owned(),
            Bound::Address(address) => address.to_string(),
        },
        process: shown.map(|one| one.process),
        name: shown.map(|one| one.name.clone()),
        ours: shown.filter(|_| process.is_ok()).map(|_| own.is_some()),
    }
}

/// The ports that settings name, each with the settings.
fn named(configuration: &Configuration) -> BTreeMap<u16, BTreeSet<String>> {
    let mut ports: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    // Nobody but a control plane listens for data planes.
    let is_control_plane = configuration.get("role") == Some("control_plane");
    let is_used =
        |key: &str| key.ends_with("_listen") && (is_control_plane || !key.starts_with("cluster_"));
    let all = configuration.keys.iter().chain(&configuration.unknown);
    for (key, effective) in all.filter(|(key, _)| is_used(key)) {
        for listener in effective.value.reveal().unwrap_or_default().split(',') {
            // `off`, or an address with flags behind it.
            let address = listener.split_whitespace().next().unwrap_or_default();
            let port = address.rsplit_once(':').map(|(_, port)| port.parse());
            if let Some(Ok(port)) = port {
                ports.entry(port).or_default().insert(key.clone());
            }
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kong::Version;
    use crate::kong::conf::{Document, Grammar, Layers, effective};

    #[test]
    fn ports_are_those_of_all_listeners() {
        let version = Version::new(3, 4, 2);
        let text = "proxy_listen = 0.0.0.0:8000 reuseport backlog=16384, [::]:8000, 0.0.0.0:8443 http2 ssl\n\
            admin_listen = 127.0.0.1:8000, unix:/tmp/admin.sock\nstatus_listen = off\nportal_gui_listen = 0.0.0.0:8003\n\
            admin_gui_listen = off\ncluster_listen = 0.0.0.0:8005\n";
        let document = Document::parse(text, Grammar::of(version));
        let layers = Layers {
            version,
            file: Some((Path::new("/kong.conf"), &document)),
            environment: Vec::new(),
        };
        let named = named(&effective(&layers).expect("known"));
        let told: Vec<_> = named
            .iter()
            .map(|(port, settings)| format!("{port} {settings:?}"))
            .collect();
        assert_eq!(
            told,
            [
                r#"8000 {"admin_listen", "proxy_listen"}"#,
                r#"8003 {"portal_gui_listen"}"#,
                r#"8443 {"proxy_listen"}"#,
            ]
        );
    }

    #[test]
    fn a_listener_is_ours_another_ones_or_nobody_may_know() {
        let listener = |processes: &[u32]| Listener {
            bound: Bound::Everywhere,
            interface: None,
            port: 8000,
            processes: processes
                .iter()
                .map(|&process| Process {
                    name: "nginx".to_owned(),
                    process,
                    descriptor: 6,
                })
                .collect(),
        };
        let told = |processes: &[u32], own: Result<Option<u32>, &str>| {
            let of = of(&listener(processes), &own.map_err(str::to_owned));
            (of.process, of.ours)
        };
        assert_eq!(told(&[7, 8, 9], Ok(Some(8))), (Some(8), Some(true)));
        assert_eq!(told(&[9, 7], Ok(Some(8))), (Some(7), Some(false)));
        assert_eq!(told(&[7], Ok(None)), (Some(7), Some(false)));
        assert_eq!(told(&[7], Err("who knows")), (Some(7), None));
        assert_eq!(told(&[], Ok(Some(8))), (None, None));
        let twice = [listener(&[7, 8]), listener(&[7, 9])];
        let twice = by_port(twice.iter().map(|one| (one.port, of(one, &Ok(Some(7))))));
        assert_eq!(twice[&8000].len(), 1);
    }
}
