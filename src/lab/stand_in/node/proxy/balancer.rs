//! The targets of upstreams, as the balancer uses them: not as they stand in the tables now, but as they stood when it was built.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::super::schema::Object;

/// A target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Target {
    /// `host:port`.
    pub(in super::super) address: String,
    pub(in super::super) weight: i64,
}

/// The targets of every upstream, by the upstream's name.
#[derive(Debug, Default)]
pub(in super::super) struct Upstreams {
    balancers: BTreeMap<String, Balancer>,
}

/// One upstream's targets, and how much each is behind its share.
#[derive(Debug, Default)]
struct Balancer {
    targets: Vec<Target>,
    behind: Mutex<Vec<i64>>,
}

impl Upstreams {
    /// Upstreams over entities of the Admin API.
    pub(in super::super) fn new(upstreams: &[Object], targets: &[Object]) -> Self {
        let balancers = upstreams.iter().map(|upstream| {
            let own = targets
                .iter()
                .filter(|target| target["upstream"]["id"] == upstream["id"]);
            let targets = own.map(|target| Target {
                address: target["target"].as_str().unwrap_or_default().to_owned(),
                weight: target["weight"].as_i64().unwrap_or(0),
            });
            let name = upstream["name"].as_str().unwrap_or_default().to_owned();
            (name, Balancer::new(targets.collect()))
        });
        Self {
            balancers: balancers.collect(),
        }
    }

    /// The targets that an upstream has; `None` where there is no such upstream.
    pub(in super::super) fn targets(&self, name: &str) -> Option<&[Target]> {
        self.balancers
            .get(name)
            .map(|balancer| balancer.targets.as_slice())
    }

    /// Where an upstream's next request goes; nowhere without a target that has a weight.
    pub(super) fn next(&self, name: &str) -> Option<&str> {
        self.balancers.get(name)?.next()
    }
}

impl Balancer {
    fn new(targets: Vec<Target>) -> Self {
        let behind = Mutex::new(vec![0; targets.len()]);
        Self { targets, behind }
    }

    /// The target that is furthest behind its share: exact over as many requests as there is weight, and no target in a row without need.
    fn next(&self) -> Option<&str> {
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        for (behind, target) in behind.iter_mut().zip(&self.targets) {
            *behind += target.weight;
        }
        let weighty = (0..self.targets.len()).filter(|&at| self.targets[at].weight > 0);
        let chosen = weighty.max_by_key(|&at| behind[at])?;
        behind[chosen] -= self.targets.iter().map(|target| target.weight).sum::<i64>();
        Some(&self.targets[chosen].address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many requests each target gets.
    fn shares(weights: &[i64], requests: usize) -> Vec<usize> {
        let targets = weights.iter().enumerate().map(|(at, &weight)| Target {
            address: at.to_string(),
            weight,
        });
        let balancer = Balancer::new(targets.collect());
        let mut shares = vec![0; weights.len()];
        for _ in 0..requests {
            let Some(address) = balancer.next() else {
                break;
            };
            shares[address.parse::<usize>().expect("a number")] += 1;
        }
        shares
    }

    #[test]
    fn every_target_gets_exactly_its_weight() {
        assert_eq!(shares(&[1, 99], 100), [1, 99]);
        assert_eq!(shares(&[1, 9, 1, 9], 20), [1, 9, 1, 9]);
        assert_eq!(shares(&[3, 65535], 2 * 65538), [6, 131_070]);
        assert_eq!(shares(&[0, 5, 0], 7), [0, 7, 0]);
        assert_eq!(shares(&[0, 0], 7), [0, 0]);
        assert_eq!(shares(&[], 7), [0; 0]);
    }
}
