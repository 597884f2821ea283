//! The files of a node that change sets are about: which they are, read and written with mode and owner.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::change_set::{File, Files, Kind, Location, Mode, Owner, ReleaseTemplate};
use crate::environment::Node;
use crate::gateway::live::Live;
use crate::gateway::live::commands::login_environment;
use crate::gateway::live::hosts::Host;
use crate::gateway::live::packages::template_file;
use crate::gateway::live::process::Program;
use crate::gateway::{Failure, Kong as _};
use crate::host::unit::Comments;
use crate::kong::Version;

/// Where every node's kong.conf is, whatever it is called there.
const CONF: &str = "conf:kong.conf";

/// How long a file may take to be put in its place.
const PUTTING: Duration = Duration::from_secs(30);

/// More files than this are not adapted by hand.
const MOST: usize = 1_000;

/// A node's declared files: a location for each, and the directories whose files all count.
fn declared(node: &Node) -> impl Iterator<Item = (String, &Path)> {
    let own = std::iter::once((CONF.to_owned(), node.conf.as_path()));
    own.chain(
        node.files
            .iter()
            .map(|(name, path)| (name.clone(), path.as_path())),
    )
}

/// Where a location of a change set lies on a node.
pub(super) fn path_of(node: &Node, location: &Location) -> Option<PathBuf> {
    let whole = location.to_string();
    declared(node).find_map(|(name, path)| {
        if name == whole {
            return Some(path.to_owned());
        }
        (name == location.place()).then(|| path.join(location.path()))
    })
}

/// What a file is, by the place that it is declared in.
pub(super) fn kind_of(location: &Location) -> Kind {
    match location.place() {
        "conf" => Kind::KongConf,
        "environment" => Kind::EnvironmentFile,
        "unit" => Kind::Unit,
        "template" => Kind::Template {
            name: location.path().to_owned(),
        },
        // A declarative configuration holds the keys of consumers and of certificates.
        "secret" | "declarative" => Kind::Secret,
        _ => Kind::Other,
    }
}

impl Live {
    /// The files at these locations; one that is not there is not among them.
    pub(super) async fn files_at<'l>(
        &self,
        node: &Node,
        locations: impl IntoIterator<Item = &'l Location>,
        versions: &[Version],
    ) -> Result<Files, Failure> {
        let host = self.host(node).await?;
        let mut files = BTreeMap::new();
        for location in locations {
            let path = path_of(node, location).ok_or_else(|| {
                let message = format!("the node `{}` has no file `{location}`", node.name);
                Failure::new("config.place", message).hint(
                    "declare it under `files` of the node: a file by its location, or a directory by its place",
                )
            })?;
            if let Some(file) = read(&host, &path, kind_of(location)).await? {
                files.insert(location.clone(), file);
            }
        }
        let version = self.installed_version(&node.name).await?;
        let templates = Templates {
            host: &host,
            node,
            installed: version,
        };
        let releases = templates.of(files.keys(), versions).await;
        Ok(Files {
            version,
            // What ends with a backslash is read otherwise since systemd 254; the older reading is what both take for a comment.
            comments: Comments::RunOn,
            files,
            releases,
        })
    }

    /// Every location that a node declares.
    pub(super) async fn locations(&self, node: &Node) -> Result<Vec<Location>, Failure> {
        let host = self.host(node).await?;
        let mut locations = Vec::new();
        for (name, path) in declared(node) {
            if let Ok(location) = name.parse() {
                locations.push(location);
                continue;
            }
            for below in below(&host, path).await? {
                let location = Location::new(&name, &below).map_err(|error| {
                    Failure::new("config.place", error.to_string())
                        .hint("take the file away, or declare the others one by one")
                })?;
                locations.push(location);
            }
        }
        if locations.len() > MOST {
            let message = format!(
                "`{}` declares {} files, and {MOST} are the most",
                node.name,
                locations.len()
            );
            return Err(Failure::new("config.place", message)
                .hint("declare those one by one that are adapted"));
        }
        Ok(locations)
    }

    /// Puts a file in its place in one step, or takes it away.
    pub(super) async fn put_file(
        &self,
        node: &Node,
        path: &Path,
        file: Option<&File>,
    ) -> Result<(), Failure> {
        let host = self.host(node).await?;
        // A link stays one: what it leads to is written.
        let place = host.canonical(path).await.display().to_string();
        let Some(file) = file else {
            return self
                .place(&host, node, &["/bin/rm", "-f", "--", &place])
                .await;
        };
        let staged = self.temporary_on(&host).await.join("adapted");
        let unusable = |error: std::io::Error| {
            let message = format!("cannot put a file on the host of `{}`: {error}", node.name);
            Failure::new("config.unwritable", message)
        };
        host.write_private(&staged, &file.bytes)
            .await
            .map_err(unusable)?;
        let staged_at = staged.display().to_string();
        let beside = beside(&place);
        let (mode, owner) = (file.mode.to_string(), &file.owner);
        let install = [
            "/usr/bin/install",
            "-T",
            "-m",
            &mode,
            "-o",
            owner.user(),
            "-g",
            owner.group(),
            "--",
            &staged_at,
            &beside,
        ];
        let placed = match self.place(&host, node, &install).await {
            Ok(()) => {
                self.place(&host, node, &["/bin/mv", "-f", "-T", "--", &beside, &place])
                    .await
            }
            Err(failure) => Err(failure),
        };
        // It may hold a password.
        let removed = host.remove(&staged).await.map_err(unusable);
        placed.and(removed)
    }

    /// Takes away what a killed attempt left beside the place of a file.
    pub(super) async fn remove_beside(&self, node: &Node, path: &Path) -> Result<(), Failure> {
        let host = self.host(node).await?;
        let beside = beside(&host.canonical(path).await.display().to_string());
        if host.exists(Path::new(&beside)).await.unwrap_or(true) {
            self.place(&host, node, &["/bin/rm", "-f", "--", &beside])
                .await?;
        }
        Ok(())
    }

    async fn place(&self, host: &Host, node: &Node, words: &[&str]) -> Result<(), Failure> {
        let (program, arguments) = words.split_first().expect("a program");
        let mut program = Program::new(program, PUTTING);
        program.arguments = arguments.iter().map(Into::into).collect();
        program.environment = login_environment();
        program.environment.push(("LC_ALL".into(), "C".into()));
        let finished = self.run_program_on(host, program.on(node)).await?;
        if finished.ending.is_success() {
            return Ok(());
        }
        let message = format!(
            "`{}` on `{}` failed ({}): {}",
            words[0],
            node.name,
            finished.ending,
            finished.stderr.trim()
        );
        Err(Failure::new("config.unwritable", message).hint(
            "where only root may write there, list `/usr/bin/install *`, `/bin/mv *` and `/bin/rm *` under `sudo` of the node",
        ))
    }
}

/// The templates that releases bring along, as far as they are on a host.
struct Templates<'a> {
    host: &'a Host,
    node: &'a Node,
    installed: Version,
}

impl Templates<'_> {
    /// Those of `versions` that files at these locations were made out of.
    async fn of<'l>(
        &self,
        locations: impl IntoIterator<Item = &'l Location>,
        versions: &[Version],
    ) -> Vec<ReleaseTemplate> {
        let mut releases = Vec::new();
        for location in locations {
            let Kind::Template { name } = kind_of(location) else {
                continue;
            };
            for version in versions {
                let path = template_file(self.node, &self.installed, version, &name);
                let Some(path) = path else { continue };
                if let Ok(text) = self.host.read_text(&path).await {
                    releases.push(ReleaseTemplate {
                        name: name.clone(),
                        version: *version,
                        text,
                    });
                }
            }
        }
        releases
    }
}

/// Where a file is whole before it takes its place in one step.
fn beside(place: &str) -> String {
    format!("{place}.cutover-new")
}

/// A file with its mode and owner, if it is there.
async fn read(host: &Host, path: &Path, kind: Kind) -> Result<Option<File>, Failure> {
    let unreadable = |why: String| {
        let message = format!("cannot read `{}`: {why}", path.display());
        Failure::new("config.unreadable", message)
    };
    let attributes = match host.attributes(path).await {
        Ok(attributes) => attributes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let bytes = host
        .fetch(path)
        .await
        .map_err(|error| unreadable(error.to_string()))?;
    let known = (attributes.user.as_str(), attributes.group.as_str());
    // So `stat` calls those of whom the host knows only the number.
    let is_named = known.0 != "UNKNOWN" && known.1 != "UNKNOWN";
    let owner = Owner::new(known.0, known.1).ok().filter(|_| is_named);
    let owner = owner.ok_or_else(|| {
        unreadable(format!(
            "it belongs to `{}:{}`, which are no names",
            attributes.user, attributes.group
        ))
    })?;
    Ok(Some(File {
        kind,
        bytes,
        mode: Mode::of(attributes.mode),
        owner,
    }))
}

/// The files below a directory, by their paths from there.
async fn below(host: &Host, directory: &Path) -> Result<Vec<String>, Failure> {
    let found = host.files_below(directory, MOST).await.map_err(|error| {
        let message = format!("cannot list `{}`: {error}", directory.display());
        Failure::new("config.unreadable", message)
    })?;
    Ok(found)
}
