//! `cutover environment check FILE` and `schema`: the inventory file by itself.

use std::path::PathBuf;

use super::exit::{CliError, Exit};
use super::output;
use crate::environment::Environment;
use crate::gateway::simulated::World;
use crate::plan::Plan;

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

pub(super) fn environment(verb: &Verb) -> Result<Exit, CliError> {
    match verb {
        Verb::Check { file } => {
            let environment = Environment::load(file)?;
            let nodes: usize = environment
                .clusters
                .values()
                .map(|cluster| cluster.nodes.len())
                .sum();
            output::data(&format!(
                "`{}` is sound: {} clusters, {nodes} nodes, {} databases",
                environment.name,
                environment.clusters.len(),
                environment.databases.len()
            ));
        }
        Verb::Schema { of } => {
            let schema = match of {
                SchemaOf::Environment => Environment::json_schema(),
                SchemaOf::World => schemars::schema_for!(World).into(),
                SchemaOf::Plan => schemars::schema_for!(Plan).into(),
            };
            output::data(&serde_json::to_string_pretty(&schema).expect("a schema is plain data"));
        }
    }
    Ok(Exit::Done)
}
