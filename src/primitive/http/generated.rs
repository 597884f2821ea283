//! `http.check_generated`: checks made from what a node is configured with, and how much of it they reach.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Against, Check, CheckAll};
use crate::checks::generated::{Configured, Coverage, Generated, LeftOut, generated};
use crate::gateway::{Configuration, Gateway};
use crate::kong::advisories::{Entity, Known};
use crate::primitive::{Failure, Look};

/// Makes checks from the routes and plugins of a node, and sends them to its proxy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckGenerated {
    /// The node.
    pub node: String,
    /// How many right answers in a row are wanted of each check.
    pub passes: u32,
    /// How long each may take, in milliseconds.
    pub within: u64,
    /// How many are on their way at once.
    pub at_once: u32,
    /// The least part of the routes that must be reached, in percent.
    pub coverage: u32,
}

/// What came of generated checks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GeneratedOutcome {
    /// How many checks passed.
    pub passed: usize,
    /// How much they reach.
    pub coverage: Coverage,
    /// What no check was made for; the first of it where that is much.
    pub left_out: Vec<LeftOut>,
}

/// The collections that checks are made from.
const KINDS: [&str; 4] = ["routes", "services", "plugins", "key-auths"];

/// What is left out is told up to so many.
const TOLD: usize = 50;

/// The checks of what `node` is configured with.
pub async fn generated_checks(world: &impl Gateway, node: &str) -> Result<Generated, Failure> {
    let mut configuration = world.configuration(node, &KINDS).await?;
    let keys = taken(&mut configuration, node, "key-auths")?;
    let mut key_holders: Vec<String> = Vec::new();
    for key in &keys {
        let consumer = key
            .fields
            .get("consumer")
            .and_then(|consumer| consumer.get("id")?.as_str());
        // Another workspace's consumers are not found by their id alone.
        let is_found = matches!(key.workspace.as_deref(), None | Some("default"));
        if let Some(consumer) = consumer.filter(|_| is_found)
            && !key_holders.iter().any(|known| known == consumer)
        {
            key_holders.push(consumer.to_owned());
        }
    }
    // Always the same ones first.
    key_holders.sort();
    let mut of = |kind: &str| {
        let entities = taken(&mut configuration, node, kind)?;
        Ok::<_, Failure>(entities.into_iter().map(|one| one.fields).collect())
    };
    let (routes, services, plugins) = (of("routes")?, of("services")?, of("plugins")?);
    let made = generated(&Configured {
        version: configuration.version,
        routes,
        services,
        plugins,
        key_holders,
        credentials: configuration.credentials,
    });
    if made.checks.is_empty() {
        let message = format!(
            "no check can be made from the {} routes of `{node}`",
            made.routes
        );
        return Err(
            Failure::new("http.check_generated.none", message).details(json!(made.left_out))
        );
    }
    Ok(made)
}

fn taken(
    configuration: &mut Configuration,
    node: &str,
    kind: &str,
) -> Result<Vec<Entity>, Failure> {
    match configuration.entities.remove(kind) {
        Some(Known::Known(entities)) => Ok(entities),
        Some(Known::Unknown { unknown }) => Err(Failure::new(
            "http.check_generated.unknown",
            format!("the {kind} of `{node}` cannot be read: {unknown}"),
        )),
        None => Ok(Vec::new()),
    }
}

impl Look for CheckGenerated {
    type Answer = GeneratedOutcome;
    const VERB: &'static str = "http.check_generated";

    fn targets(&self) -> Vec<String> {
        vec![self.node.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<GeneratedOutcome, Failure> {
        let made = generated_checks(world, target).await?;
        let coverage = made.coverage();
        let reached = (coverage.routes_reached * 100)
            .checked_div(coverage.routes)
            .unwrap_or(100);
        if reached < self.coverage as usize {
            let message = format!(
                "generated checks reach {coverage}, and {} % of the routes are wanted",
                self.coverage
            );
            return Err(Failure::new("http.check_generated.coverage", message)
                .hint(
                    "the details say what was left out, and why; write checks for it, or want less",
                )
                .details(json!(made.left_out)));
        }
        let place = Against::Node(target.to_owned());
        let checks = made.checks.into_iter().map(|made| place.check(made.check));
        let all = CheckAll {
            node: Some(target.to_owned()),
            checks: checks.collect::<Result<Vec<Check>, _>>()?,
            passes: self.passes,
            within: self.within,
            at_once: self.at_once,
        };
        let passed: Value = all.look(world, target).await?;
        Ok(GeneratedOutcome {
            passed: passed["passed"]
                .as_u64()
                .and_then(|passed| usize::try_from(passed).ok())
                .unwrap_or_default(),
            coverage,
            left_out: made.left_out.into_iter().take(TOLD).collect(),
        })
    }
}
