//! `cutover environment check FILE` and `schema`: the inventory file by itself.

use std::path::{Path, PathBuf};

use super::exit::{CliError, Exit};
use super::output;
use crate::environment::{Environment, Need};
use crate::gateway::simulated::World;
use crate::plan::Plan;
use crate::primitive::Intent;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Reads an environment file and says what is wrong with it.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Prints the JSON schema of environment files, of observed worlds, or of plans.
    Schema {
        /// Of what.
        #[arg(value_enum, default_value = "environment")]
        of: SchemaOf,
    },
}

/// What has a published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum SchemaOf {
    /// An environment file.
    Environment,
    /// A world, as `cutover observe` writes it.
    World,
    /// A plan, as `cutover plan --output json` writes it.
    Plan,
}

/// Reads an environment file for somebody who is going to act by it. A word among its grants that means no verb is refused: a
/// denial that is misspelt denies nothing.
pub(super) fn load(path: &Path) -> Result<Environment, CliError> {
    let environment = Environment::load(path)?;
    let grants = environment.grants.all();
    let mut needs: Vec<(String, &Need)> = grants
        .map(|(list, grant)| (format!("[grants] {list}"), grant.need()))
        .collect();
    let gates = environment.gates.before.iter();
    needs.extend(gates.map(|need| ("[gates] before".to_owned(), need)));
    let nothing =
        |need: &&(String, &Need)| Intent::VERBS.iter().all(|verb| !need.1.speaks_of(verb));
    if let Some((place, need)) = needs.iter().find(nothing) {
        let message = format!("{}: `{need}` under `{place}` means no verb", path.display());
        return Err(CliError::usage(message).hint("`cutover api` lists them"));
    }
    Ok(environment)
}

pub(super) fn environment(verb: &Verb) -> Result<Exit, CliError> {
    match verb {
        Verb::Check { file } => {
            let environment = load(file)?;
            let nodes: usize = environment
                .clusters
                .values()
                .map(|cluster| cluster.nodes.len())
                .sum();
            output::data(&format!(
                "`{}` is sound: {} clusters, {nodes} nodes, {} databases",
                environment.name,
                environment.clusters.len(),
                environment.database_names().len()
            ));
        }
        Verb::Schema { of } => {
            let schema = match of {
                SchemaOf::Environment => Environment::json_schema(),
                SchemaOf::World => schemars::schema_for!(World).into(),
                SchemaOf::Plan => schemars::schema_for!(Plan).into(),
            };
            output::json(&serde_json::to_string_pretty(&schema).expect("a schema is plain data"));
        }
    }
    Ok(Exit::Done)
}
