//! `cutover list`: the playbooks that ship.

use super::exit::{CliError, Exit};
use super::output;
use crate::script::{Host, Sources, Terms};

/// Arguments of `cutover list`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) async fn list(_arguments: &Arguments) -> Result<Exit, CliError> {
    let mut names: Vec<&str> = Sources::shipped().map(|(name, _)| name).collect();
    names.sort_unstable();
    for name in names {
        let (_, loaded) = Host::load(Sources::find(name)?, Terms::default()).await?;
        output::data(&format!(
            "{name}: {}",
            loaded.about.lines().next().unwrap_or_default()
        ));
        for (parameter, declared) in loaded
            .header
            .map(|header| header.params)
            .unwrap_or_default()
        {
            let preset = declared
                .preset
                .map(|preset| format!(" (preset {preset})"))
                .unwrap_or_default();
            output::data(&format!("    {parameter}: {}{preset}", declared.help));
        }
    }
    Ok(Exit::Done)
}
