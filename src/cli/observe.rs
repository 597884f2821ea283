//! `cutover observe`: the world as a plan begins with it, as JSON, from reads alone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::rc::Rc;

use super::Place;
use super::environment;
use super::exit::{CliError, Exit};
use super::output;
use crate::environment::Environment;
use crate::gateway::live::Live;
use crate::gateway::simulated::{ObserveError, World, observe, observe_hosts};
use crate::gateway::{Failure, ProcessIdentity, Report};

/// Arguments of `cutover observe`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Look at the hosts of nodes as well, for playbooks with `node::facts`.
    #[arg(long)]
    facts: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, CliError> {
    let environment = environment::load(&arguments.place.environment)?;
    let world = if arguments.facts {
        look_at_hosts(&environment).await?
    } else {
        look(&environment).await?
    };
    output::json(&serde_json::to_string_pretty(&world).expect("plain data"));
    Ok(Exit::Done)
}

/// A world that is only looked at, with the directory that its looks need.
pub(super) struct Looking {
    pub(super) world: Live,
    scratch: tempfile::TempDir,
}

impl Looking {
    /// The directory that its looks need, private and gone with it.
    pub(super) fn directory(&self) -> &Path {
        self.scratch.path()
    }
}

/// The world of `environment`, to be looked at.
pub(super) fn for_looking(environment: &Environment) -> Result<Looking, CliError> {
    // What the commands of a look print is of no use to anybody afterwards. Settings that Kong renders there may hold a password.
    let private = std::fs::Permissions::from_mode(0o700);
    let scratch = tempfile::Builder::new()
        .prefix("cutover-")
        .permissions(private)
        .tempdir()
        .map_err(|error| CliError::usage(format!("cannot make a temporary directory: {error}")))?;
    let world = Live::new(
        environment.clone(),
        "observe",
        scratch.path().to_owned(),
        Rc::new(Silent),
    )
    .for_looking();
    Ok(Looking { world, scratch })
}

/// An environment that may not have been named, to be looked at.
pub(super) fn named(path: Option<&Path>) -> Result<(Environment, Looking), CliError> {
    let path = path.ok_or_else(|| {
        CliError::usage("no environment file says where the cluster is")
            .hint("name it with `--environment`, or in CUTOVER_ENVIRONMENT")
    })?;
    let environment = environment::load(path)?;
    let looking = for_looking(&environment)?;
    Ok((environment, looking))
}

/// Looks at the world of `environment`.
pub(super) async fn look(environment: &Environment) -> Result<World, CliError> {
    let looking = for_looking(environment)?;
    observe(environment, &looking.world)
        .await
        .map_err(|error| CliError::refused(error.to_string()))
}

/// The same, and at the hosts of its nodes.
pub(super) async fn look_at_hosts(environment: &Environment) -> Result<World, CliError> {
    let looking = for_looking(environment)?;
    let unseen = |error: ObserveError| CliError::refused(error.to_string());
    let world = observe(environment, &looking.world).await;
    let mut world = world.map_err(unseen)?;
    let hosts = observe_hosts(&mut world, &looking.world).await;
    hosts.map_err(unseen)?;
    Ok(world)
}

/// Reads a world that was observed before.
pub(super) fn read(path: &Path) -> Result<World, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CliError::usage(format!("cannot read `{}`: {error}", path.display()))
            .hint("`cutover observe > world.json` writes one")
    })?;
    World::read(&text).map_err(|error| {
        CliError::usage(format!("`{}`: {error}", path.display()))
            .hint("`cutover observe > world.json` writes one")
    })
}

/// Looking tells nobody anything.
pub(super) struct Silent;

impl Report for Silent {
    fn process_started(&self, _: &str, _: &ProcessIdentity) -> Result<(), Failure> {
        Ok(())
    }

    fn progress(&self, _: &str) {}
}
