//! `cutover environment check FILE` and `schema`: the inventory file by itself.

use std::path::PathBuf;

use super::exit::{CliError, Exit};
use super::output;
use crate::environment::Environment;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Reads an environment file and says what is wrong with it.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Prints the JSON schema of environment files.
    Schema,
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
        Verb::Schema => {
            let schema = Environment::json_schema();
            output::data(&serde_json::to_string_pretty(&schema).expect("a schema is plain data"));
        }
    }
    Ok(Exit::Done)
}
