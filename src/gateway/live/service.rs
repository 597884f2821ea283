//! Nodes whose Kong is a service of systemd's: started and stopped through it, since whatever else stops it may be undone by it, and with
//! its environment, without which `kong` would take another database for the node's.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::time::Duration;

use super::Live;
use super::commands::login_environment;
use super::hosts::Host;
use super::process::{Finished, Program};
use crate::environment::{Node, Service};
use crate::gateway::{Failure, ScratchNode};
use crate::host::unit::{
    ActiveState, Comments, Effective, Environment, EnvironmentFile, LoadState, Placed,
    ServiceResult, Unit, UnitFile, Value, hazards, show,
};
use crate::kong::conf::{Place, Variable};

/// How long a question, a start or a reload may take.
const ANSWER: Duration = Duration::from_mins(2);

/// A unit with what its files say.
pub(super) struct OfUnit {
    pub(super) unit: Unit,
    pub(super) effective: Effective,
    pub(super) environment: Environment,
}

/// The unit by which a node runs, if one is named. A scratch node is no service, whosever its node is.
pub(super) fn unit_name<'n>(node: &str, found: &'n Node) -> Option<&'n str> {
    match &found.service {
        Service::Systemd(unit) if ScratchNode::named(node).is_none() => Some(unit),
        Service::Systemd(_) | Service::Kong => None,
    }
}

/// What makes a start of a unit fail, or another one than is meant.
pub(super) struct Hindrance {
    pub(super) what: String,
    pub(super) remedy: String,
}

/// All that is in the way of starting the unit of a node.
pub(super) fn hindering(of: &OfUnit, node: &Node) -> Vec<Hindrance> {
    let found = hazards(&of.unit, &of.effective, &of.environment).into_iter();
    let found = found.filter(|finding| finding.hazard.blocks());
    let found = found.map(|finding| Hindrance {
        what: format!("{} ({})", finding.hazard, finding.at),
        remedy: finding.remedy(),
    });
    found.chain(other_template(of, node)).collect()
}

/// That a unit starts Kong with another nginx template than the environment file names: it is that one that is adapted and tried.
fn other_template(of: &OfUnit, node: &Node) -> Option<Hindrance> {
    let named = of.effective.nginx_conf();
    let ours = node
        .nginx_conf
        .as_ref()
        .map(|path| path.display().to_string());
    let theirs = named.as_ref().map(|one| one.what.clone());
    // What stands for something else only systemd can tell.
    if theirs == ours
        || theirs
            .as_ref()
            .is_some_and(|path| path.contains(['$', '%']))
    {
        return None;
    }
    let told = |path: Option<String>| path.map_or("none".to_owned(), |path| format!("`{path}`"));
    let at = named.map_or(String::new(), |one| format!(" ({})", one.place));
    let right = match &theirs {
        Some(path) => format!("`nginx_conf = {path:?}` of the node"),
        None => "no `nginx_conf` of the node".to_owned(),
    };
    Some(Hindrance {
        what: format!(
            "the nginx template that it starts Kong with is {}{at}, and that of the environment file {}",
            told(theirs),
            told(ours)
        ),
        remedy: format!("say in the environment file what is so: {right}; or mend the unit"),
    })
}

impl Live {
    /// Starts a unit, if nothing about it would make the start another one than is meant.
    pub(super) async fn start_unit(
        &self,
        host: &Host,
        node: &Node,
        name: &str,
    ) -> Result<(), Failure> {
        let of = self.unit(host, node, name).await?;
        if let Some(Hindrance { what, remedy }) = hindering(&of, node).into_iter().next() {
            let message = format!(
                "`{}` of the node `{}` is not started: {what}",
                of.unit.id, node.name
            );
            return Err(Failure::new("service.unit", message).hint(remedy));
        }
        self.systemctl(host, node, "start", name).await
    }

    /// Stops a unit. Answers whether what was in flight had the time it took.
    pub(super) async fn stop_unit(
        &self,
        host: &Host,
        node: &Node,
        name: &str,
    ) -> Result<bool, Failure> {
        self.systemctl(host, node, "stop", name).await?;
        let after = self.unit(host, node, name).await?.unit;
        if !matches!(after.active, ActiveState::Inactive | ActiveState::Failed) {
            let message = format!(
                "`{}` of the node `{}` was stopped and is {}",
                after.id, node.name, after.sub
            );
            return Err(Failure::new("service.unit", message)
                .hint("something starts it again: `systemctl list-dependencies --reverse` shows what wants it"));
        }
        Ok(after.result != ServiceResult::Timeout)
    }

    /// Stops a unit whose Kong does not run, if systemd is about to bring it back.
    pub(super) async fn keep_unit_down(
        &self,
        host: &Host,
        node: &Node,
        name: &str,
    ) -> Result<(), Failure> {
        let unit = self.unit(host, node, name).await?.unit;
        if !matches!(unit.active, ActiveState::Inactive | ActiveState::Failed) {
            self.stop_unit(host, node, name).await?;
        }
        Ok(())
    }

    /// Lets a unit's Kong read its configuration again.
    pub(super) async fn reload_unit(
        &self,
        host: &Host,
        node: &Node,
        name: &str,
    ) -> Result<(), Failure> {
        self.systemctl(host, node, "reload", name).await
    }

    /// The environment that a node's service gives to Kong; none where no service does.
    pub(super) async fn service_environment(
        &self,
        host: &Host,
        node: &Node,
    ) -> Result<Vec<(OsString, OsString)>, Failure> {
        let Service::Systemd(name) = &node.service else {
            return Ok(Vec::new());
        };
        let of = self.unit(host, node, name).await?;
        let missing = of
            .environment
            .not_read
            .iter()
            .find(|one| !one.what.may_be_missing);
        let unknown = of.environment.unknown.first();
        let why = match (missing, unknown) {
            (Some(file), _) => format!("`{}` cannot be read", file.what.path),
            (_, Some(variable)) => format!("only systemd knows what `{}` is set to", variable.what),
            (None, None) => {
                let variables = of.environment.variables.iter();
                return Ok(variables
                    .map(|(name, value)| (name.into(), value.what.reveal().into()))
                    .collect());
            }
        };
        let message = format!(
            "the environment of `{name}` on `{}` is not known: {why}",
            node.name
        );
        Err(Failure::new("service.environment", message)
            .hint("without it `kong` could take another database for the node's: let the user whom commands run as read it"))
    }

    /// The same with where each variable is given.
    pub(super) async fn variables_of_unit(
        &self,
        host: &Host,
        node: &Node,
        name: &str,
    ) -> Result<Vec<Variable>, Failure> {
        let of = self.unit(host, node, name).await?;
        let own: BTreeSet<&String> = of.unit.fragment.iter().chain(&of.unit.drop_ins).collect();
        let variables = of.environment.variables.iter();
        let variable = |(name, value): (&String, &Placed<Value>)| Variable {
            name: name.clone(),
            value: value.what.reveal().to_owned(),
            place: if own.contains(&value.place.file) {
                Place::Unit {
                    name: of.unit.id.clone(),
                }
            } else {
                Place::EnvironmentFile {
                    path: value.place.file.clone().into(),
                    line: value.place.line,
                }
            },
        };
        Ok(variables.map(variable).collect())
    }

    /// A unit as systemd has it, and as its files say.
    pub(super) async fn unit(
        &self,
        host: &Host,
        node: &Node,
        name: &str,
    ) -> Result<OfUnit, Failure> {
        let unreadable = |why: String| {
            Failure::new(
                "service.unit",
                format!("`{name}` of the node `{}`: {why}", node.name),
            )
        };
        let question = show(name);
        let told = self
            .ask_systemd(host, node, question.iter().skip(1).map(String::as_str))
            .await?;
        let unit = Unit::of(&told.stdout).map_err(|error| unreadable(error.to_string()))?;
        if unit.load == LoadState::NotFound {
            return Err(unreadable("there is no such unit".to_owned())
                .hint("`service = { systemd = \"NAME\" }` of the node names it, as `systemctl status` does"));
        }
        let mut files = Vec::new();
        for path in unit.fragment.iter().chain(&unit.drop_ins) {
            let text = host.read_text(path.as_ref()).await;
            let text =
                text.map_err(|error| unreadable(format!("cannot read `{path}`: {error}")))?;
            files.push(UnitFile::of(path, &text).map_err(|error| unreadable(error.to_string()))?);
        }
        let effective = Effective::of(&files);
        let mut read = BTreeMap::new();
        for reference in &effective.environment_files {
            let path = &reference.what.path;
            match host.read_text(path.as_ref()).await {
                Ok(text) => {
                    let file = EnvironmentFile::of(&text, Comments::RunOn);
                    let file = file.map_err(|error| unreadable(format!("`{path}`: {error}")))?;
                    read.insert(path.clone(), file);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(format!("cannot read `{path}`: {error}"))),
            }
        }
        let environment = Environment::of(&effective, &read);
        Ok(OfUnit {
            unit,
            effective,
            environment,
        })
    }

    /// Has systemd read the files of units again.
    pub(super) async fn reload_units(&self, host: &Host, node: &Node) -> Result<(), Failure> {
        self.succeeds(host, node, &["daemon-reload"]).await
    }

    async fn systemctl(
        &self,
        host: &Host,
        node: &Node,
        verb: &str,
        name: &str,
    ) -> Result<(), Failure> {
        self.succeeds(host, node, &[verb, "--", name]).await
    }

    async fn succeeds(&self, host: &Host, node: &Node, words: &[&str]) -> Result<(), Failure> {
        let whole = std::iter::once("--no-ask-password").chain(words.iter().copied());
        let told = self.ask_systemd(host, node, whole).await?;
        if told.ending.is_success() {
            return Ok(());
        }
        let said = told.stderr.trim();
        let told_words: Vec<&str> = words.iter().copied().filter(|word| *word != "--").collect();
        let message = format!(
            "`systemctl {}` on `{}` failed ({}): {said}",
            told_words.join(" "),
            node.name,
            told.ending
        );
        Err(Failure::new("service.systemctl", message).hint(
            "`journalctl --unit NAME` tells more; where it is not allowed, list it under `sudo` of the node",
        ))
    }

    async fn ask_systemd<'w>(
        &self,
        host: &Host,
        node: &Node,
        words: impl IntoIterator<Item = &'w str>,
    ) -> Result<Finished, Failure> {
        let mut program = Program::new(&node.systemctl, ANSWER);
        program.arguments = words.into_iter().map(Into::into).collect();
        program.environment = login_environment();
        program.environment.push(("LC_ALL".into(), "C".into()));
        self.run_program_on(host, program.on(node)).await
    }
}
