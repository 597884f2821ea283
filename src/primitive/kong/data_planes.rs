//! `kong.data_planes` and `kong.await_sync`: what control planes hand to data planes, and whether it has arrived.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::gateway::{AdminStatus, DataPlane, Gateway, NO_CONFIGURATION};
use crate::primitive::{Failure, Look, milliseconds_since};

/// What the control plane says of one that it hands the configuration to.
const NORMAL: &str = "normal";

/// A data plane tells of itself every 30 seconds; one that was not heard of for longer than this is gone.
const STALE: u64 = 60;

/// The pause between two looks.
const BETWEEN: Duration = Duration::from_millis(500);

/// Asks a control plane for its data planes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPlanes {
    /// The control plane.
    pub node: String,
    /// The data planes that the environment lists.
    pub nodes: Vec<String>,
}

/// The data planes of a control plane, beside those that the environment lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPlanesSeen {
    /// Those that are nodes of the environment, by their names.
    pub known: BTreeMap<String, DataPlane>,
    /// The nodes of the environment that the control plane does not list, or does not know to be them.
    pub missing: Vec<String>,
    /// Data planes that are no nodes of the environment and were heard of within the last minute.
    pub strange: Vec<DataPlane>,
}

impl DataPlanesSeen {
    /// Of a node that is listed twice, as after its prefix was lost, the latest entry counts.
    fn of(planes: Vec<DataPlane>, listed: &[String]) -> Self {
        let mut known: BTreeMap<String, DataPlane> = BTreeMap::new();
        let mut strange = Vec::new();
        for plane in planes {
            match plane.node.clone().filter(|name| listed.contains(name)) {
                Some(name) => {
                    let later = known.get(&name);
                    if later.is_none_or(|later| later.seen_seconds_ago > plane.seen_seconds_ago) {
                        known.insert(name, plane);
                    }
                }
                None if plane.seen_seconds_ago <= STALE => strange.push(plane),
                None => {}
            }
        }
        let missing = listed.iter().filter(|name| !known.contains_key(*name));
        Self {
            missing: missing.cloned().collect(),
            known,
            strange,
        }
    }
}

impl DataPlanesSeen {
    /// One that can be the node that says this of itself: before 3.1 data planes keep no id, and one that has the same is as good as any.
    fn take_nameless(&mut self, own: &AdminStatus) -> Option<DataPlane> {
        if own.version.is_at_least(3, 1) {
            return None;
        }
        let version = own.version.to_string();
        let can_be = |plane: &DataPlane| {
            plane.version == version
                && Some(&plane.configuration_hash) == own.configuration_hash.as_ref()
        };
        let at = self.strange.iter().position(can_be)?;
        Some(self.strange.swap_remove(at))
    }
}

impl Look for DataPlanes {
    type Answer = DataPlanesSeen;
    const VERB: &'static str = "kong.data_planes";

    fn targets(&self) -> Vec<String> {
        vec![self.node.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<DataPlanesSeen, Failure> {
        Ok(DataPlanesSeen::of(
            world.data_planes(target).await?,
            &self.nodes,
        ))
    }
}

/// Waits until data planes have what their control plane hands to them, all of them the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwaitSync {
    /// The control plane that is asked.
    pub node: String,
    /// The data planes.
    pub nodes: Vec<String>,
    /// How long it may take, in milliseconds.
    pub within: u64,
}

impl Look for AwaitSync {
    type Answer = Value;
    const VERB: &'static str = "kong.await_sync";

    fn targets(&self) -> Vec<String> {
        vec![self.nodes.join(", ")]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Value, Failure> {
        let entities = world.entities(&self.node).await?;
        // Plugins, consumers and certificates answer no request.
        let routed = ["services", "routes"]
            .iter()
            .all(|kind| entities.get(*kind).is_some_and(|count| *count > 0));
        if !routed {
            let message = format!(
                "`{}` has no services or no routes to hand out: with them its data planes would answer 404 to everything",
                self.node
            );
            return Err(Failure::new("kong.sync.empty", message)
                .hint("does it use the right database? `kong::prove_database` tells")
                .details(json!({ "entities": entities })));
        }
        let begun = world.elapsed();
        // Counted beside the clock, as in a poll.
        let mut waited = Duration::ZERO;
        loop {
            let (hash, wrong) = self.compare(world).await;
            if wrong.is_empty() {
                return Ok(json!({ "configuration_hash": hash, "entities": entities }));
            }
            let in_vain = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
            if milliseconds_since(begun, world).max(in_vain) >= self.within {
                let message = format!(
                    "after {} ms not every data plane has what `{}` hands out: {}",
                    self.within,
                    self.node,
                    wrong.join("; ")
                );
                return Err(Failure::new("kong.sync.late", message)
                    .hint("`kong::data_planes` shows what the control plane says of each; the data plane's error log says why"));
            }
            waited += BETWEEN;
            world.pause(BETWEEN).await;
        }
    }
}

impl AwaitSync {
    /// The hash of what the data planes have, and what is wrong; nothing where all of them have the same and the control plane says so.
    async fn compare(&self, world: &impl Gateway) -> (Option<String>, Vec<String>) {
        let mut planes = match world.data_planes(&self.node).await {
            Ok(planes) => DataPlanesSeen::of(planes, &self.nodes),
            Err(failure) => return (None, vec![failure.message]),
        };
        let mut first: Option<(String, String)> = None;
        let mut wrong = Vec::new();
        for name in &self.nodes {
            let own = world.admin_status(name).await;
            let nameless = own.as_ref().ok().and_then(|own| planes.take_nameless(own));
            match agrees(name, own, planes.known.get(name).or(nameless.as_ref())) {
                Err(why) => wrong.push(why),
                Ok(hash) => match &first {
                    None => first = Some((name.clone(), hash)),
                    Some((other, of_other)) if *of_other != hash => wrong.push(format!(
                        "`{name}` has the configuration {hash} and `{other}` has {of_other}"
                    )),
                    Some(_) => {}
                },
            }
        }
        (first.map(|(_, hash)| hash), wrong)
    }
}

/// The hash that a data plane has, where its control plane says the same of it.
fn agrees(
    name: &str,
    own: Result<AdminStatus, Failure>,
    listed: Option<&DataPlane>,
) -> Result<String, String> {
    let own = own.map_err(|failure| failure.message)?;
    let hash = own.configuration_hash.unwrap_or_default();
    if hash.is_empty() || hash == NO_CONFIGURATION {
        return Err(format!("`{name}` has no configuration"));
    }
    let Some(listed) = listed else {
        return Err(format!(
            "the control plane does not list `{name}`: it listens to another one, or is older than 3.1 and keeps no id"
        ));
    };
    if listed.seen_seconds_ago > STALE {
        return Err(format!(
            "the control plane last heard of `{name}` {} s ago",
            listed.seen_seconds_ago
        ));
    }
    if listed.sync_status != NORMAL {
        return Err(format!(
            "the control plane hands `{name}`, which has {}, no configuration: {}",
            listed.version, listed.sync_status
        ));
    }
    if listed.version != own.version.to_string() {
        return Err(format!(
            "`{name}` runs {} and the control plane still lists {}",
            own.version, listed.version
        ));
    }
    if listed.configuration_hash != hash {
        return Err(format!(
            "`{name}` has the configuration {hash} and told the control plane {}",
            listed.configuration_hash
        ));
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kong::Version;

    const HASH: &str = "0123456789abcdef0123456789abcdef";

    fn plane(node: Option<&str>, seen_seconds_ago: u64) -> DataPlane {
        DataPlane {
            node: node.map(str::to_owned),
            id: format!("id-{seen_seconds_ago}"),
            hostname: "edge".to_owned(),
            ip: "10.0.0.4".to_owned(),
            version: "3.4.2".to_owned(),
            sync_status: NORMAL.to_owned(),
            configuration_hash: HASH.to_owned(),
            seen_seconds_ago,
        }
    }

    fn own(hash: &str) -> AdminStatus {
        AdminStatus {
            version: Version::new(3, 4, 2),
            database_reachable: true,
            configuration_hash: Some(hash.to_owned()),
            stand_in: true,
        }
    }

    #[test]
    fn the_latest_entry_of_a_node_counts_and_forgotten_ones_are_not_strange() {
        let planes = vec![
            plane(Some("dp-1"), 40),
            plane(Some("dp-1"), 3),
            plane(None, 5),
            plane(None, 700),
        ];
        let seen = DataPlanesSeen::of(planes, &["dp-1".to_owned(), "dp-2".to_owned()]);
        assert_eq!(seen.known["dp-1"].seen_seconds_ago, 3);
        assert_eq!(
            (seen.missing.as_slice(), seen.strange.len()),
            (["dp-2".to_owned()].as_slice(), 1)
        );
    }

    #[test]
    fn before_ids_were_kept_each_entry_stands_for_one_node() {
        let old = |hash: &str| AdminStatus {
            version: Version::new(2, 8, 5),
            ..own(hash)
        };
        let nameless = DataPlane {
            version: "2.8.5".to_owned(),
            ..plane(None, 3)
        };
        let mut seen = DataPlanesSeen::of(vec![nameless], &["dp-1".to_owned(), "dp-2".to_owned()]);
        assert!(seen.take_nameless(&own(HASH)).is_none(), "it keeps an id");
        assert!(seen.take_nameless(&old("f")).is_none());
        assert!(seen.take_nameless(&old(HASH)).is_some());
        assert!(seen.take_nameless(&old(HASH)).is_none(), "it is taken");
    }

    #[test]
    fn a_data_plane_and_its_control_plane_must_say_the_same() {
        assert_eq!(
            agrees("dp-1", Ok(own(HASH)), Some(&plane(Some("dp-1"), 3))),
            Ok(HASH.to_owned())
        );
        let wrong = [
            agrees(
                "dp-1",
                Ok(own(NO_CONFIGURATION)),
                Some(&plane(Some("dp-1"), 3)),
            ),
            agrees("dp-1", Ok(own(HASH)), None),
            agrees("dp-1", Ok(own(HASH)), Some(&plane(Some("dp-1"), 61))),
            agrees("dp-1", Ok(own("f")), Some(&plane(Some("dp-1"), 3))),
            agrees(
                "dp-1",
                Ok(own(HASH)),
                Some(&DataPlane {
                    sync_status: "kong_version_incompatible".to_owned(),
                    ..plane(Some("dp-1"), 3)
                }),
            ),
            agrees(
                "dp-1",
                Ok(own(HASH)),
                Some(&DataPlane {
                    version: "2.8.5".to_owned(),
                    ..plane(Some("dp-1"), 3)
                }),
            ),
        ];
        let told: Vec<String> = wrong
            .into_iter()
            .map(|wrong| wrong.expect_err("wrong"))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        `dp-1` has no configuration
        the control plane does not list `dp-1`: it listens to another one, or is older than 3.1 and keeps no id
        the control plane last heard of `dp-1` 61 s ago
        `dp-1` has the configuration f and told the control plane 0123456789abcdef0123456789abcdef
        the control plane hands `dp-1`, which has 3.4.2, no configuration: kong_version_incompatible
        `dp-1` runs 3.4.2 and the control plane still lists 2.8.5
        ");
    }
}
