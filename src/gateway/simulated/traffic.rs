//! Load balancers in the model.

use super::{Happened, Simulated, Work};
use crate::gateway::{Failure, Rotation, RotationState, Traffic};

impl Traffic for Simulated {
    async fn rotation(&self, node: &str) -> Result<Rotation, Failure> {
        self.work(Work::Look, 0);
        self.node(node, |node| node.rotation)?.ok_or_else(|| {
            Failure::new(
                "traffic.unknown",
                format!("no load balancer of this world knows the node `{node}`"),
            )
        })
    }

    async fn set_rotation(&self, node: &str, rotation: &Rotation) -> Result<(), Failure> {
        let before = self.rotation(node).await?;
        self.work(Work::Rotate, 0);
        if rotation.state == RotationState::Drain && before.state == RotationState::Ready {
            self.work(Work::Drain, 0);
        }
        self.change_node(node, |node| node.rotation = Some(*rotation))?;
        self.happen(Happened::Rotated {
            node: node.to_owned(),
            rotation: *rotation,
        });
        Ok(())
    }
}
