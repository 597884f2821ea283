//! Load balancers in the model.

use super::{Happened, Simulated, Work};
use crate::gateway::{Failure, Rotation, SwitchSide, Traffic};

impl Traffic for Simulated {
    async fn rotation(&self, node: &str) -> Result<Rotation, Failure> {
        self.work(Work::Look, 0);
        self.node(node, |node| node.rotation.clone())?
            .ok_or_else(|| {
                Failure::new(
                    "traffic.none",
                    format!("no load balancer of this world knows the node `{node}`"),
                )
            })
    }

    async fn set_rotation(&self, node: &str, rotation: &Rotation) -> Result<(), Failure> {
        let before = self.rotation(node).await?;
        self.work(Work::Rotate, 0);
        if before.is_admitted() && !rotation.is_admitted() {
            self.work(Work::Drain, 0);
        }
        self.rotate(node, rotation)?;
        match &rotation.side {
            Some(side) => self.choose(side),
            None => Ok(()),
        }
    }
}

impl Simulated {
    fn rotate(&self, node: &str, rotation: &Rotation) -> Result<(), Failure> {
        self.change_node(node, |node| node.rotation = Some(rotation.clone()))?;
        self.happen(Happened::Rotated {
            node: node.to_owned(),
            rotation: rotation.clone(),
        });
        Ok(())
    }

    /// Sends all clients of a load balancer to one of its sides.
    fn choose(&self, wanted: &SwitchSide) -> Result<(), Failure> {
        let others: Vec<(String, Rotation)> = self.look(|state| {
            let nodes = state.world.nodes.iter();
            let behind = nodes.filter_map(|(name, node)| {
                let mut rotation = node.rotation.clone()?;
                let side = rotation.side.as_mut()?;
                if side.balancer != wanted.balancer || side.chosen == wanted.chosen {
                    return None;
                }
                side.chosen.clone_from(&wanted.chosen);
                Some((name.clone(), rotation))
            });
            behind.collect()
        });
        others
            .iter()
            .try_for_each(|(name, rotation)| self.rotate(name, rotation))
    }
}
