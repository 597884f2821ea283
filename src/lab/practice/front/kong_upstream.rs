//! Two nodes of a Kong of its own in front of the nodes, which are the targets of its upstream.

use std::collections::BTreeMap;

use super::super::nodes::Addresses;
use super::super::planes::Storage;
use super::super::{PracticeError, PracticeNode, Role, database};
use super::{BACKEND, Behind, Front, Place};
use crate::kong::Version;
use crate::lab::seed;

/// The names of the Kongs in front.
pub(in super::super) const EDGES: [&str; 2] = ["edge-1", "edge-2"];

/// Their version. From 3.8 on Kong names itself behind who answered it (`Via`), and older ones instead.
const VERSION: Version = Version::new(3, 9, 1);

/// Starts them in front of `nodes`, on a database of their own.
pub(super) async fn start(
    place: &Place<'_>,
    nodes: &[Behind<'_>],
    weight: u16,
) -> Result<Front, PracticeError> {
    database::add(place.socket, place.access, database::EDGE).await?;
    let mut edges = Vec::new();
    for (name, &own) in EDGES.iter().zip(&place.edges) {
        // Clients use the first.
        let proxy = if edges.is_empty() {
            place.listen
        } else {
            own.proxy
        };
        let listen = Addresses { proxy, ..own };
        let edge = PracticeNode::create(
            place.cluster,
            (name, Role::Traditional),
            listen,
            &VERSION,
            place.binary,
        )?;
        edge.configure(listen, Storage::Database(place.access, database::EDGE))?;
        if edges.is_empty() {
            edge.kong(&["migrations", "bootstrap"]).await?;
        }
        edge.start().await?;
        edges.push(edge);
    }
    let servers: BTreeMap<String, String> = nodes
        .iter()
        .map(|behind| (behind.node.name.clone(), behind.address().to_owned()))
        .collect();
    // Kong knows no draining: what gets nothing has no weight.
    let targets = nodes.iter().map(|behind| {
        let weight = if behind.serves { weight } else { 0 };
        (behind.address(), weight)
    });
    seed::seed_edge(&edges[0].admin, BACKEND, targets).await?;
    Ok(Front::KongUpstream { edges, servers })
}
