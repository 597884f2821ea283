//! The side to which HAProxy sends all clients: the value of a key of one of its maps, and the same in that map's file.

use std::path::Path;
use std::time::Instant;

use super::super::super::Live;
use super::super::whole_file::replace;
use super::super::{PATIENCE, PAUSE};
use super::Place;
use crate::environment::{Access, HaproxyMap};
use crate::gateway::{Failure, SwitchSide};
use crate::haproxy::{Administrative, Haproxy};

/// A node's side, as one HAProxy has it; `None` where there are no sides.
pub(super) async fn side(
    place: &Place<'_>,
    haproxy: &Haproxy,
) -> Result<Option<SwitchSide>, Failure> {
    let Some(map) = &place.balancer.map else {
        return Ok(None);
    };
    let chosen = chosen(place, map, haproxy).await?;
    Ok(Some(SwitchSide {
        balancer: place.name.to_owned(),
        name: place.backend.to_owned(),
        chosen,
    }))
}

/// Refuses a file from which a reload of HAProxy would send clients elsewhere than they are sent now, or which a run could not change.
pub(super) async fn require_kept(place: &Place<'_>, access: Access) -> Result<(), Failure> {
    let Some(map) = place.balancer.map.as_ref().filter(|map| map.keep) else {
        return Ok(());
    };
    let [haproxy, ..] = &place.all()[..] else {
        return Ok(());
    };
    let running = chosen(place, map, haproxy).await?;
    let path = Path::new(&map.file);
    let text = std::fs::read_to_string(path).map_err(|error| unusable("read", path, &error))?;
    let kept = value(&text, &map.key).unwrap_or("nothing");
    if kept != running {
        let message = format!(
            "HAProxy sends clients to `{running}`, and its file `{}` says `{kept}` for `{}`: a reload would move them",
            map.file, map.key
        );
        return Err(Failure::new("traffic.side.file", message)
            .hint("find out who set one of them, and write into the file what is to be"));
    }
    if access == Access::Run {
        // A new file takes its place.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let directory = path.parent().unwrap_or(Path::new("/"));
        rustix::fs::access(directory, rustix::fs::Access::WRITE_OK)
            .map_err(|error| unusable("write", &path, &error.into()))?;
    }
    Ok(())
}

impl Live {
    /// Sends all clients to the side `backend`, once everything there that is to have some can have them.
    pub(super) async fn choose_side(
        &self,
        place: &Place<'_>,
        backend: &str,
    ) -> Result<(), Failure> {
        let Some(map) = &place.balancer.map else {
            return Ok(());
        };
        let mut other = Vec::new();
        for haproxy in place.all() {
            if haproxy.map_value(&map.file, &map.key).await?.as_deref() != Some(backend) {
                other.push(haproxy);
            }
        }
        if !other.is_empty() {
            self.await_checks(place, backend).await?;
        }
        // The file first, so that no reload between the two takes clients back. If it cannot be written they are moved all the same: on a
        // way back that is what counts, and on the way there it was seen before that it can.
        let kept = keep(map, backend);
        for haproxy in other {
            haproxy.set_map(&map.file, &map.key, backend).await?;
            if haproxy.map_value(&map.file, &map.key).await?.as_deref() != Some(backend) {
                let message = format!(
                    "HAProxy did not take `{backend}` for `{}` into its map",
                    map.key
                );
                return Err(Failure::new("traffic.not_set", message));
            }
        }
        kept
    }

    /// Waits until HAProxy's own checks pass for every node of the side that is ready.
    async fn await_checks(&self, place: &Place<'_>, backend: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Some(down) = down(place, backend).await? else {
                return Ok(());
            };
            let text = format!("the load balancer's checks of `{down}` fail");
            if Instant::now() > deadline {
                let message = format!("{text} after {} s", PATIENCE.as_secs());
                return Err(Failure::new("traffic.down", message).hint(
                    "no client was sent to its side: look at what is checked, and at the node; one that is to have none is drained first",
                ));
            }
            self.report.progress(&text);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// A node of the side `backend` that is ready and down.
async fn down(place: &Place<'_>, backend: &str) -> Result<Option<String>, Failure> {
    let clusters = place.environment.clusters.iter();
    let of_side = clusters.filter(|(name, cluster)| {
        let is_behind = cluster.traffic.as_deref() == Some(place.name);
        is_behind && place.balancer.backend_of(name) == backend
    });
    let nodes: Vec<&str> = of_side
        .flat_map(|(_, cluster)| &cluster.nodes)
        .map(|node| node.name.as_str())
        .collect();
    for haproxy in place.all() {
        for node in &nodes {
            let place = place.of_node(node).ok_or_else(|| place.unknown())?;
            let server = place.server(&haproxy).await?;
            let is_ready = server.administrative == Administrative::Ready && server.weight > 0;
            if is_ready && !server.is_up {
                return Ok(Some((*node).to_owned()));
            }
        }
    }
    Ok(None)
}

/// The backend to which one HAProxy sends clients, which is that of one of the clusters.
async fn chosen(place: &Place<'_>, map: &HaproxyMap, haproxy: &Haproxy) -> Result<String, Failure> {
    let value = haproxy.map_value(&map.file, &map.key).await?;
    let Some(value) = value else {
        let message = format!("HAProxy's map `{}` has nothing for `{}`", map.file, map.key);
        return Err(Failure::new("traffic.side.unknown", message).hint(
            "`map` under `[traffic]` names the file and the key by which `use_backend` chooses",
        ));
    };
    let mut backends = place.balancer.backends.values();
    if backends.any(|backend| *backend == value) {
        return Ok(value);
    }
    let message = format!(
        "HAProxy sends clients to `{value}`, which is the backend of none of the clusters behind `{}`",
        place.name
    );
    Err(Failure::new("traffic.side.unknown", message)
        .hint("find out who set that; `backends` under `[traffic]` names those of the clusters"))
}

/// Writes the backend into the map's file, where that is kept.
fn keep(map: &HaproxyMap, backend: &str) -> Result<(), Failure> {
    if !map.keep {
        return Ok(());
    }
    let path = Path::new(&map.file);
    let text = std::fs::read_to_string(path).map_err(|error| unusable("read", path, &error))?;
    let text = with_value(&text, &map.key, backend);
    replace(path, &text).map_err(|error| unusable("write", path, &error))
}

fn unusable(action: &str, path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot {action} `{}`: {}", path.display(), error.kind());
    Failure::new("traffic.side.file", message).hint(
        "it is `file` of `map` under `[traffic]`, and must be ours to change; with `keep = false` a reload of HAProxy goes back to it",
    )
}

/// A line of a map's file: what stands before its value, and the value.
fn entry<'a>(line: &'a str, key: &str) -> Option<(&'a str, &'a str)> {
    let words = line.trim_start();
    let rest = words.strip_prefix(key)?;
    let value = rest.trim_start_matches([' ', '\t']);
    // A longer key begins alike.
    let is_it = value.len() < rest.len() && !key.starts_with('#');
    let start = line.len() - value.len();
    is_it.then(|| (&line[..start], value.trim_end()))
}

/// What a map's file has for a key; HAProxy uses the first.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| entry(line, key))
        .map(|(_, value)| value)
}

/// The same text with another value for a key, everywhere: as `set map` does it.
fn with_value(text: &str, key: &str, value: &str) -> String {
    let changed = text.split_inclusive('\n').map(|line| {
        let end = &line[line.trim_end().len()..];
        entry(line, key).map_or_else(
            || line.to_owned(),
            |(before, _)| format!("{before}{value}{end}"),
        )
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{value, with_value};

    const FILE: &str = "# who serves\nsides blue\n\t side \t blue  \nside.old blue\r\nside green";

    #[test]
    fn only_the_value_of_the_key_changes() {
        assert_eq!(value(FILE, "side"), Some("blue"));
        assert_eq!(value(FILE, "sid"), None);
        assert_eq!(
            with_value(FILE, "side", "green"),
            "# who serves\nsides blue\n\t side \t green  \nside.old blue\r\nside green"
        );
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_and_the_way_back_is_exact(
            before in "([ \t]{0,2}[#a-z.]{0,5}[ \t]{0,2}[a-z ]{0,8}\n){0,4}",
            after in "([a-z#]{0,5} [a-z]{0,8}\r?\n){0,4}",
        ) {
            let text = format!("{before}SIDE blue\n{after}");
            let changed = with_value(&text, "SIDE", "green");
            prop_assert_eq!(value(&changed, "SIDE"), Some("green"));
            prop_assert_eq!(with_value(&changed, "SIDE", "blue"), text);
        }
    }
}
