//! Several hosts that are reached by SSH: a real `sshd` for each, on an address of its own, and the configuration of a client that
//! knows them and nothing else of this machine.
//!
//! Beside `host-1`, `host-2` … there are two that are no hosts: nothing listens at [`DEAD`], and [`SILENT`] accepts and says nothing.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::harness::{KeptPort, short_directory};
use crate::practice_cluster::PracticeCluster;
use crate::ssh_host::{Making, SshHost, generate_key};

/// A name at whose port nothing listens.
pub(crate) const DEAD: &str = "dead";

/// A name that accepts and says nothing.
pub(crate) const SILENT: &str = "silent";

const NOBODY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 253);
const MUTE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 254);

/// Running hosts; they end when dropped.
pub(crate) struct SshHosts {
    // Before the directory, since that is the order of their ends.
    hosts: Vec<SshHost>,
    dead: KeptPort,
    silent: TcpListener,
    directory: tempfile::TempDir,
}

impl SshHosts {
    /// Starts so many; nothing, with the reason printed, where that cannot be done.
    pub(crate) fn start(count: u8) -> Option<Self> {
        let Some(found) = find() else {
            println!(
                "skipped: `ssh`, `ssh-keygen` or `sshd` is not installed, or the account is locked"
            );
            return None;
        };
        let directory = tempfile::Builder::new()
            .prefix("cutover-ssh-")
            .permissions(fs::Permissions::from_mode(0o711))
            .tempdir_in(short_directory())
            .expect("a directory");
        generate_key(&directory.path().join("user-key"));
        let public = fs::read_to_string(directory.path().join("user-key.pub"));
        let authorized = public.expect("a key");
        let make = |number| {
            SshHost::make(&Making {
                number,
                directory: directory.path(),
                program: &found.program,
                authorized: &authorized,
            })
        };
        let hosts: Vec<SshHost> = (1..=count).map(make).collect();
        hosts.iter().for_each(SshHost::wait);
        let silent = TcpListener::bind((MUTE, 0)).expect("bound");
        let all = Self {
            hosts,
            dead: KeptPort::on(NOBODY),
            silent,
            directory,
        };
        all.configure(&found.user);
        Some(all)
    }

    /// The client's configuration, for `ssh -F`.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.path().join("ssh_config")
    }

    /// The directory that all hosts share, for files of the test.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// `host-1` and so on.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.hosts.iter().map(|host| host.name.as_str()).collect()
    }

    /// A host for each node of a practice cluster, which is reached on it then.
    pub(crate) fn carrying(cluster: PracticeCluster) -> Option<(Self, PracticeCluster)> {
        let text = fs::read_to_string(cluster.environment()).expect("there");
        let nodes = text.matches("\n[[clusters.").count();
        let hosts = Self::start(u8::try_from(nodes).expect("a few"))?;
        let cluster = hosts.carry(cluster);
        Some((hosts, cluster))
    }

    /// Has each node of a practice cluster reached on a host of its own, in the order of the environment file.
    pub(crate) fn carry(&self, cluster: PracticeCluster) -> PracticeCluster {
        let path = cluster.environment();
        let text = fs::read_to_string(&path).expect("there");
        let mut hosts = self.names().into_iter();
        let mut carried = String::new();
        let mut is_node = false;
        for line in text.lines() {
            carried.push_str(line);
            carried.push('\n');
            if line.starts_with('[') {
                is_node = line.starts_with("[[clusters.") && line.ends_with(".nodes]]");
            } else if is_node && line.starts_with("name = ") {
                let host = hosts.next().expect("a host for each node");
                let _ = writeln!(carried, "transport = {{ ssh = \"{host}\" }}");
            }
        }
        assert_eq!(hosts.next(), None, "{text}");
        let configuration = self.configuration().display().to_string();
        let _ = write!(carried, "\n[ssh]\nconfiguration = {configuration:?}\n");
        fs::write(&path, carried).expect("written");
        cluster
    }

    /// Has each called from an address of its own, so that all that goes between it and its callers can be told from the rest.
    pub(crate) fn separate_callers(&self) {
        let own = |host: &SshHost| format!("Host {}\n  BindAddress {}\n", host.name, host.caller);
        let mut blocks: Vec<String> = self.hosts.iter().map(own).collect();
        blocks.push(fs::read_to_string(self.configuration()).expect("there"));
        fs::write(self.configuration(), blocks.concat()).expect("written");
    }

    /// The one of this number, from 1.
    pub(crate) fn host(&self, number: usize) -> &SshHost {
        &self.hosts[number - 1]
    }

    /// The client with these arguments, which asks nobody anything.
    pub(crate) fn client(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.arg("-F").arg(self.configuration());
        command.args(["-o", "BatchMode=yes"]).args(arguments);
        command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
        command
    }

    /// What became of the client with these arguments.
    pub(crate) fn ssh(&self, arguments: &[&str]) -> Output {
        self.client(arguments).output().expect("ssh starts")
    }

    fn configure(&self, user: &str) {
        let directory = self.path().display();
        let block = |name: &str, address: Ipv4Addr, port: u16| {
            format!("Host {name}\n  HostName {address}\n  Port {port}\n")
        };
        let mut blocks: Vec<String> = self
            .hosts
            .iter()
            .map(|host| block(&host.name, host.address, host.port()))
            .collect();
        blocks.push(block(DEAD, NOBODY, self.dead.port));
        let silent = self.silent.local_addr().expect("bound").port();
        blocks.push(block(SILENT, MUTE, silent));
        blocks.push(format!(
            "Host *\n  User {user}\n  IdentityFile {directory}/user-key\n  IdentitiesOnly yes\n  IdentityAgent none\n  \
             UserKnownHostsFile {directory}/known_hosts\n  GlobalKnownHostsFile /dev/null\n"
        ));
        fs::write(self.configuration(), blocks.concat()).expect("written");
    }
}

/// What the hosts need of this machine.
struct Found {
    program: PathBuf,
    /// Who runs the test, and logs in.
    user: String,
}

fn find() -> Option<Found> {
    let program = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())?;
    let answers = |command: &mut Command| command.stdin(Stdio::null()).output().ok();
    answers(Command::new("ssh").arg("-V"))?;
    answers(Command::new("ssh-keygen").arg("-?"))?;
    let user = answers(Command::new("id").arg("-un"))?;
    if rustix::process::getuid().is_root() {
        // Where root's `sshd` confines its children: the system makes it with the service, which need not run here.
        let _ = fs::create_dir("/run/sshd");
    }
    let user = String::from_utf8_lossy(&user.stdout).trim().to_owned();
    // Without PAM `sshd` lets nobody in whose account is locked, whatever key they have.
    let accounts = fs::read_to_string("/etc/shadow").unwrap_or_default();
    if accounts.contains(&format!("{user}:!")) {
        return None;
    }
    Some(Found { program, user })
}
