//! Connections to hosts over SSH, one for each, kept as long as the run goes on and made again where they were cut.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs::{self, File};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use openssh::{ControlPersist, KnownHosts, Session, SessionBuilder};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::gateway::{Failure, ProcessIdentity};

/// How long TCP may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// How long all of it may take: names, jump hosts, keys, the first answer.
const ALL: Duration = Duration::from_secs(20);

/// How often a silent host is asked whether it is still there; after three times without an answer the connection is cut.
const ALIVE: Duration = Duration::from_secs(5);

/// How long ssh stays when nobody uses it any more, in seconds: a runner that was killed leaves it behind.
const LEFT_BEHIND: usize = 60;

/// The connections of a run.
#[derive(Default)]
pub(in crate::gateway::live) struct Connections {
    /// The client's configuration file, where it is not the operator's own.
    configuration: Option<PathBuf>,
    /// The directory of the run's files, below `.cutover` in the home of the user there.
    directory: String,
    open: RefCell<BTreeMap<String, Rc<Connection>>>,
}

/// A connection to a host.
pub(in crate::gateway::live) struct Connection {
    /// The node for whose sake it was made.
    pub(super) node: String,
    /// Where it leads, as the environment file has it.
    pub(super) destination: String,
    pub(super) session: Session,
    /// The run's own directory there, in the home of the user.
    pub(super) directory: PathBuf,
    /// Whether what a killed runner left there was removed.
    pub(super) is_swept: OnceCell<()>,
    /// Ports of this machine that lead to ports of the host.
    pub(super) forwards: RefCell<BTreeMap<(String, u16), u16>>,
    _control: Control,
}

impl Connections {
    /// None yet, for a run, by this configuration of the client.
    pub(in crate::gateway::live) fn of(
        run: &str,
        output: &Path,
        configuration: Option<PathBuf>,
    ) -> Self {
        // Somebody else may have a run of the same name on the same host, from another storage; and whoever only looks at a run, or
        // looks twice at once, must not take away what another one has there.
        let whose = format!("{} {}", ProcessIdentity::own().host, output.display());
        let whose = hex::encode(&Sha256::digest(whose)[..4]);
        Self {
            configuration,
            directory: format!("{run}-{whose}"),
            open: RefCell::default(),
        }
    }

    /// The connection to the host of a node.
    pub(super) async fn to(
        &self,
        node: &str,
        destination: &str,
    ) -> Result<Rc<Connection>, Failure> {
        let known = self.open.borrow().get(destination).cloned();
        if let Some(known) = known
            && known.session.check().await.is_ok()
        {
            return Ok(known);
        }
        let made = Rc::new(self.connect(node, destination).await?);
        let mut open = self.open.borrow_mut();
        open.insert(destination.to_owned(), Rc::clone(&made));
        Ok(made)
    }

    async fn connect(&self, node: &str, destination: &str) -> Result<Connection, Failure> {
        let failed = |why: &str| refusal(node, destination, why);
        let control = Control::make(&std::env::temp_dir());
        let control = control.map_err(|error| failed(&error.to_string()))?;
        let mut builder = SessionBuilder::default();
        builder
            .known_hosts_check(KnownHosts::Strict)
            .connect_timeout(CONNECTING)
            .server_alive_interval(ALIVE)
            .control_directory(control.directory.path());
        if let Some(seconds) = NonZeroUsize::new(LEFT_BEHIND) {
            builder.control_persist(ControlPersist::IdleFor(seconds));
        }
        if let Some(configuration) = &self.configuration {
            builder.config_file(configuration);
        }
        let making = async {
            let session = builder.connect_mux(destination).await?;
            let told = session.command("pwd").output().await?;
            Ok::<_, openssh::Error>((session, told.stdout))
        };
        let (session, home) = match timeout(ALL, making).await {
            Ok(Ok(made)) => made,
            Ok(Err(error)) => return Err(failed(&words(&error))),
            Err(_) => return Err(failed(&format!("no answer within {} s", ALL.as_secs()))),
        };
        // A login that greets everybody says so before.
        let home = String::from_utf8_lossy(&home).into_owned();
        let home = home.lines().last().map(str::trim).unwrap_or_default();
        if !home.starts_with('/') {
            return Err(failed(&format!("its login answers `pwd` with `{home}`")));
        }
        Ok(Connection {
            node: node.to_owned(),
            destination: destination.to_owned(),
            session,
            directory: PathBuf::from(home).join(".cutover").join(&self.directory),
            is_swept: OnceCell::new(),
            forwards: RefCell::default(),
            _control: control,
        })
    }
}

/// What directories of control sockets are called, before the number of the process that uses them.
const CONTROL: &str = "cutover-control-";

/// A file in each that is locked as long as the directory is used: a number says nothing of processes of another container.
const USED: &str = "used";

/// Where a control socket lies; short, since the path of a socket may have 107 bytes.
struct Control {
    directory: TempDir,
    _used: File,
}

impl Control {
    /// A directory of one's own. Those of runners that were killed, which could not remove theirs, go.
    fn make(among: &Path) -> io::Result<Self> {
        for entry in fs::read_dir(among)?.flatten() {
            if is_left(&entry) {
                // Somebody else's cannot be removed, and is theirs to remove.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let prefix = format!("{CONTROL}{}-", std::process::id());
        let directory = tempfile::Builder::new().prefix(&prefix).tempdir_in(among)?;
        let used = File::create(directory.path().join(USED))?;
        used.lock()?;
        Ok(Self {
            directory,
            _used: used,
        })
    }
}

/// Whether it is the directory of a control socket that nobody uses any more.
fn is_left(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let process = name
        .to_str()
        .and_then(|name| name.strip_prefix(CONTROL)?.split_once('-'))
        .and_then(|(process, _)| process.parse().ok());
    let is_here = |process| ProcessIdentity::of(process).is_some();
    let is_used = || {
        let file = File::open(entry.path().join(USED));
        file.is_ok_and(|file| file.try_lock().is_err())
    };
    process.is_some_and(|process| !is_here(process)) && !is_used()
}

/// The innermost reason, where ssh's own words stand.
pub(super) fn words(error: &openssh::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        words = inner.to_string();
        source = inner.source();
    }
    words
}

/// Why a host cannot be used, by what ssh says.
fn refusal(node: &str, destination: &str, why: &str) -> Failure {
    let told = why.to_lowercase();
    let (code, hint) = if told.contains("host key verification failed")
        || told.contains("host identification has changed")
        || told.contains("host key is known for")
    {
        (
            "host.key",
            "its key is not the one that is known, or none is known: compare it with what the host itself shows (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), then put it into known_hosts".to_owned(),
        )
    } else if told.contains("permission denied") || told.contains("too many authentication") {
        (
            "host.refused",
            "nobody can type a password here: give the user a key, and the agent or the configuration of ssh its private half".to_owned(),
        )
    } else {
        (
            "host.unreachable",
            format!(
                "`ssh {destination} true` must work without a question, by the same user on this machine"
            ),
        )
    };
    let why = changed_key(why).unwrap_or_else(|| why.trim().replace('\n', " "));
    let message = format!("no connection to `{destination}`, the host of the node `{node}`: {why}");
    Failure::new(code, message).hint(hint)
}

/// That a host shows another key than is known for it, in fewer words than ssh's.
fn changed_key(why: &str) -> Option<String> {
    let mut words = why.split_whitespace();
    let shown = words.find(|word| word.starts_with("SHA256:"))?;
    let known = why.lines().find_map(|line| {
        let (_, place) = line.trim().split_once("key in ")?;
        line.trim()
            .starts_with("Offending ")
            .then_some(place.trim())
    })?;
    let shown = shown.trim_end_matches('.');
    Some(format!(
        "it shows the key {shown}, and another one is known for it: `{known}`"
    ))
}

/// What an error of a channel is to those who read files there.
pub(super) fn as_io(error: &openssh::Error) -> io::Error {
    io::Error::other(format!("the connection failed: {}", words(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_runners_left_goes_and_what_is_used_stays() {
        let among = tempfile::tempdir().expect("made");
        let mut ended = std::process::Command::new("true").spawn().expect("started");
        ended.wait().expect("ended");
        let left = among.path().join(format!("{CONTROL}{}-left", ended.id()));
        let elsewhere = among
            .path()
            .join(format!("{CONTROL}{}-elsewhere", ended.id()));
        let others = [format!("{CONTROL}1-init"), "cutover-x".to_owned()];
        let others = others.map(|name| among.path().join(name));
        for made in others.iter().chain([&left, &elsewhere]) {
            fs::create_dir_all(made.join(".ssh-connection")).expect("made");
            fs::write(made.join(USED), "").expect("written");
        }
        let used = File::open(elsewhere.join(USED)).expect("there");
        used.lock().expect("locked");
        let first = Control::make(among.path()).expect("made");
        let _second = Control::make(among.path()).expect("made");
        assert!(!left.exists());
        let mut stay = others.iter().chain([&elsewhere]);
        assert!(first.directory.path().exists() && stay.all(|one| one.exists()));
    }
}
