//! `cutover path FROM TO`: the steps from one version of Kong to another.

use clap::ValueEnum;

use super::exit::{CliError, Exit};
use super::output;
use crate::kong::Version;
use crate::kong::advisories::Topology;
use crate::kong::paths::{Hop, Plan, Setting, Store, plan};

/// Arguments of `cutover path`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The version that runs, as in `2.8.5`, or `3.4.3.5` of Enterprise.
    from: Version,
    /// The version to go to.
    to: Version,
    /// How nodes get their configuration.
    #[arg(long, value_enum, default_value_t)]
    topology: TopologyWord,
    /// Where it is.
    #[arg(long, value_enum, default_value_t)]
    database: StoreWord,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum TopologyWord {
    /// From a database, all of them.
    #[default]
    Traditional,
    /// Data planes from control planes.
    Hybrid,
    /// From a file.
    Dbless,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum StoreWord {
    /// PostgreSQL.
    #[default]
    Postgres,
    /// Cassandra.
    Cassandra,
}

pub(super) fn path(arguments: &Arguments) -> Result<Exit, CliError> {
    let setting = Setting {
        topology: match arguments.topology {
            TopologyWord::Traditional => Topology::Traditional,
            TopologyWord::Hybrid => Topology::Hybrid,
            TopologyWord::Dbless => Topology::Dbless,
        },
        store: match arguments.database {
            StoreWord::Postgres => Store::Postgres,
            StoreWord::Cassandra => Store::Cassandra,
        },
    };
    let planned = plan(&arguments.from, &arguments.to, setting)
        .map_err(|refusal| CliError::refused(refusal.why).hint(refusal.instead))?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&planned).expect("a plan is JSON");
        output::json(&text);
    } else {
        output::data(&told(&planned));
    }
    Ok(Exit::Done)
}

fn told(plan: &Plan) -> String {
    let steps = plan.hops.iter().enumerate();
    let mut lines: Vec<String> = steps
        .flat_map(|(index, hop)| step(index + 1, hop))
        .collect();
    lines.extend(plan.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

fn step(number: usize, hop: &Hop) -> Vec<String> {
    let guarantee = if hop.guaranteed {
        "guaranteed by the vendor"
    } else {
        "described by a guide, not guaranteed"
    };
    let mut lines = vec![
        format!("{number}. {} to {}", hop.from, hop.to),
        format!("   {}; {guarantee}", hop.why),
    ];
    lines.extend(hop.needs.iter().map(|need| format!("   needs: {need}")));
    let playbooks = hop.playbooks.iter();
    lines.extend(playbooks.map(|one| format!("   `{}`: {}", one.name, one.why)));
    if hop.playbooks.is_empty() {
        lines.push("   no playbook ships for this step: it is gone by hand".to_owned());
    }
    lines
}
