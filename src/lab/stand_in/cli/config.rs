//! `kong config`: the database as a declarative file.
//!
//! As in Kong it prefers the settings of the node in the prefix over `-c`, which is a trap for whoever has two versions there.

use std::path::Path;
use std::process::ExitCode;

use super::error::CommandError;
use super::{Invocation, export, import, output, usage};
use crate::lab::stand_in::conf::{DatabaseKind, Declarative};
use crate::lab::stand_in::migrations::{MigrationError, connect};
use crate::lab::stand_in::node::{self, NodeError};

/// Where `db_export` writes when it is given no file.
const DEFAULT_FILE: &str = "kong.yml";

/// Runs `kong config COMMAND`.
pub(super) async fn run(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let mut words = invocation.arguments.words.iter().map(String::as_str);
    match (words.next(), words.next()) {
        (Some("db_export"), file) => {
            db_export(invocation, file.unwrap_or(DEFAULT_FILE)).await?;
            Ok(ExitCode::SUCCESS)
        }
        (Some("parse"), Some(file)) => {
            parse(invocation, file)?;
            output::line("parse successful");
            Ok(ExitCode::SUCCESS)
        }
        (Some("db_import"), Some(file)) => {
            db_import(invocation, file).await?;
            Ok(ExitCode::SUCCESS)
        }
        (Some("parse" | "db_import"), None) => Err(CommandError::NoDeclarativeFile),
        (Some(command), _) => Err(CommandError::Usage(format!(
            "No such command for config: {command}\n\n{}",
            usage::of("config", invocation.version)
        ))),
        (None, _) => Err(CommandError::Usage(usage::of("config", invocation.version))),
    }
}

async fn db_export(invocation: &Invocation<'_>, file: &str) -> Result<(), CommandError> {
    let settings = invocation.settings_of_node()?;
    if settings.database == DatabaseKind::Off {
        return Err(CommandError::NothingToExport);
    }
    if Path::new(file).exists() {
        return Err(CommandError::Exists(file.to_owned()));
    }
    let client = connect(&settings.postgres, settings.postgres.timeout).await?;
    let text = export::declarative(&client, invocation.version)
        .await
        .map_err(MigrationError::from)?;
    std::fs::write(file, text).map_err(CommandError::system(format!("write {file}")))?;
    output::verbose(invocation.arguments.verbosity, &format!("wrote {file}"));
    Ok(())
}

async fn db_import(invocation: &Invocation<'_>, file: &str) -> Result<(), CommandError> {
    let settings = invocation.settings_of_node()?;
    if settings.database == DatabaseKind::Off {
        return Err(CommandError::NothingToImportInto);
    }
    let declarative = read(invocation, file)?;
    output::line("parse successful, beginning import");
    let client = connect(&settings.postgres, settings.postgres.timeout).await?;
    import::import(&client, &declarative).await?;
    output::line("import successful");
    Ok(())
}

/// Judges a file as a node without a database would that reads it when it starts.
fn parse(invocation: &Invocation<'_>, file: &str) -> Result<(), CommandError> {
    let settings = invocation.settings_of_node()?;
    let path = std::path::absolute(file).map_err(CommandError::system(format!("read {file}")))?;
    let from = Declarative::File(path);
    node::check_declarative(invocation.version, &settings, &from).map_err(|error| {
        let told = error.to_string();
        // What a start tells before it is not the command's.
        let told = match error {
            NodeError::Declarative(_) => told.split_once('\n').map_or("", |(_, told)| told),
            _ => &told,
        };
        CommandError::Declarative(told.to_owned())
    })
}

fn read(invocation: &Invocation<'_>, file: &str) -> Result<import::Declarative, CommandError> {
    let text =
        std::fs::read_to_string(file).map_err(CommandError::system(format!("read {file}")))?;
    import::parse(&text, invocation.version)
}
