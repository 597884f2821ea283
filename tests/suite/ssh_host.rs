//! One host of [`crate::ssh_hosts`]: a real `sshd` with an address, a host key and a home of its own, and all that can befall it.
//!
//! Its login user is whoever runs the test. What a command sees is made by the program `login`, which `sshd` is forced to start: the
//! home is the host's own, the working directory is there, and nothing from the user's real home is read.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::KeptPort;
use crate::ssh_listener::SshListener;

const FORWARDING_DENIED: &str = "AllowTcpForwarding no\nAllowStreamLocalForwarding no\n";

/// A user who may nothing, with a group of the same number.
const NOBODY: u32 = 65534;

/// The numbers of users that hosts have of their own begin behind this one.
const FIRST_OWN: u32 = 61_000;

/// Where commands are looked for after the host's own.
const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A host; it ends when dropped, and what was started on it as well.
pub(crate) struct SshHost {
    number: u8,
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    /// From where it is called, where that is to be told from the others.
    pub(crate) caller: Ipv4Addr,
    // Before the port is given back.
    listener: SshListener,
    port: KeptPort,
    directory: PathBuf,
    known_hosts: PathBuf,
    authorized: String,
}

/// What a host is made of.
pub(crate) struct Making<'all> {
    pub(crate) number: u8,
    /// What all hosts share.
    pub(crate) directory: &'all Path,
    /// `sshd`, by its full path, without which it does not start itself again.
    pub(crate) program: &'all Path,
    /// The line of the user's public key.
    pub(crate) authorized: &'all str,
}

impl SshHost {
    /// Writes its files and starts it; [`SshHost::wait`] then tells when it accepts.
    pub(crate) fn make(making: &Making) -> Self {
        let name = format!("host-{}", making.number);
        let address = Ipv4Addr::new(127, 0, 0, making.number + 1);
        let directory = making.directory.join(&name);
        let home = directory.join("home");
        fs::create_dir_all(&home).expect("made");
        fs::create_dir(directory.join("bin")).expect("made");
        let variable = format!("HOME={}", home.display());
        let host = Self {
            number: making.number,
            name,
            address,
            caller: Ipv4Addr::new(127, 0, 1, making.number),
            listener: SshListener::new(making.program, &directory, variable),
            port: KeptPort::on(address),
            directory,
            known_hosts: making.directory.join("known_hosts"),
            authorized: making.authorized.to_owned(),
        };
        host.use_shell("/bin/sh");
        host.allow_login();
        host.generate_key();
        host.learn_key();
        host.configure("");
        host.listener.start();
        host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.port
    }

    /// The home of whoever logs in, and where commands begin.
    pub(crate) fn home(&self) -> PathBuf {
        self.directory.join("home")
    }

    /// Everything that `sshd` has said.
    pub(crate) fn log(&self) -> String {
        self.listener.log()
    }

    /// Puts a program of this host alone before all others.
    pub(crate) fn program(&self, name: &str, script: &str) {
        executable(&self.directory.join("bin").join(name), script);
    }

    /// Puts all programs of a directory before all others.
    pub(crate) fn programs_of(&self, directory: &Path) {
        for entry in fs::read_dir(directory).expect("listed") {
            let path = entry.expect("listed").path();
            let name = path.file_name().expect("a name");
            let link = self.directory.join("bin").join(name);
            std::os::unix::fs::symlink(&path, link).expect("linked");
        }
    }

    /// The shell that runs commands from now on. Bash reads the `.bashrc` of [`SshHost::home`], as it does under any `sshd`.
    pub(crate) fn use_shell(&self, shell: &str) {
        self.log_in(&format!("exec {shell} -c"), shell);
    }

    /// From now on commands run as somebody who is not root, and whom a real `sudo` allows what these lines say. Nothing where that cannot be
    /// had; the reason is printed.
    ///
    /// `sudo` reads one file of the system's.
    pub(crate) fn log_in_as_nobody(&self, sudoers: &str) -> Option<()> {
        let file = self.directory.join("sudoers");
        let _ = fs::remove_file(&file);
        fs::write(&file, sudoers).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).expect("a mode");
        let [user, group] = [NOBODY, NOBODY].map(Some);
        std::os::unix::fs::chown(self.home(), user, group).ok();
        let as_nobody = format!("setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups sh -c");
        self.log_in_with(&file, "/etc/sudoers", &as_nobody)
    }

    /// From now on commands run as a user whom this host alone has, with [`SshHost::home`] for a home, and no leave for anything of anybody
    /// else's: his number. Nothing where that cannot be had; the reason is printed.
    pub(crate) fn log_in_as_own_user(&self) -> Option<u32> {
        let user = FIRST_OWN + u32::from(self.number);
        let file = self.directory.join("passwd");
        let others = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let home = self.home();
        let own = format!(
            "operator-{}:x:{user}:{user}::{}:/bin/sh\n",
            self.number,
            home.display()
        );
        fs::write(&file, others + own.as_str()).expect("written");
        std::os::unix::fs::chown(&home, Some(user), Some(user)).ok();
        let as_user = format!("setpriv --reuid {user} --regid {user} --clear-groups sh -c");
        self.log_in_with(&file, "/etc/passwd", &as_user)?;
        Some(user)
    }

    /// From now on this host alone knows these lines of `/etc/hosts`. Nothing where that cannot be had; the reason is printed.
    pub(crate) fn know(&self, lines: &str) -> Option<()> {
        let file = self.directory.join("hosts");
        let own = fs::read_to_string("/etc/hosts").unwrap_or_default();
        fs::write(&file, own + "\n" + lines).expect("written");
        self.log_in_with(&file, "/etc/hosts", "sh -c")
    }

    /// From now on commands are run by these words, with a file in the place of one of the system's, in a mount namespace of their own.
    fn log_in_with(&self, file: &Path, place: &str, runs: &str) -> Option<()> {
        let within = format!(
            "unshare --mount sh -c 'mount --bind \"$1\" {place} && shift && exec \"$@\"' sh {} {runs}",
            file.display()
        );
        let tried = Command::new("sh")
            .args(["-c", &format!("{within} true")])
            .output();
        let tried = tried.expect("a shell starts");
        if !tried.status.success() {
            let why = String::from_utf8_lossy(&tried.stderr);
            println!("skipped: no `{place}` of a host's own: {}", why.trim());
            return None;
        }
        self.log_in(&format!("exec {within}"), "/bin/sh");
        Some(())
    }

    /// From now on every program that is started here is written down with its arguments and its environment, in files of this directory.
    pub(crate) fn trace_into(&self, directory: &Path) {
        let trace = format!(
            "exec strace -D -f --seccomp-bpf -v -s 65536 -e trace=execve,execveat -o {}/{}.$$ sh -c",
            directory.display(),
            self.name
        );
        self.log_in(&trace, "/bin/sh");
    }

    /// Writes the program that runs a command of whoever logs in, which is put behind these words.
    fn log_in(&self, runs: &str, shell: &str) {
        let (home, programs) = (self.home(), self.directory.join("bin"));
        let text = format!(
            "#!/bin/sh\n\
             export HOME={} PATH={}:{PROGRAMS} SHELL={shell}\n\
             cd || exit\n\
             [ -n \"$SSH_ORIGINAL_COMMAND\" ] || exec {shell}\n\
             command=$SSH_ORIGINAL_COMMAND\n\
             unset SSH_ORIGINAL_COMMAND\n\
             {runs} \"$command\"\n",
            home.display(),
            programs.display()
        );
        executable(&self.directory.join("login"), &text);
    }

    /// Switches it off: the listener, its connections and whatever runs on it.
    pub(crate) fn stop(&self) {
        self.listener.stop();
    }

    /// Switches it on again, where it was.
    pub(crate) fn start(&self) {
        self.listener.start();
        self.wait();
    }

    /// Waits until it accepts.
    pub(crate) fn wait(&self) {
        self.listener.wait();
    }

    /// Everything stands still: whoever connects is accepted by the kernel, and hears nothing.
    pub(crate) fn freeze(&self) {
        self.listener.freeze();
    }

    /// Everything goes on.
    pub(crate) fn thaw(&self) {
        self.listener.thaw();
    }

    /// Cuts the connections; the host itself is well, and what runs on it runs on.
    pub(crate) fn cut(&self) {
        self.listener.cut();
    }

    /// Another host key, which clients do not know.
    pub(crate) fn replace_key(&self) {
        self.generate_key();
        self.listener.reload();
    }

    /// Adds its present key to what clients know, in the place of another.
    pub(crate) fn learn_key(&self) {
        self.forget_key();
        let public = fs::read_to_string(self.directory.join("key.pub")).expect("a key");
        let known = fs::read_to_string(&self.known_hosts).unwrap_or_default();
        let known = [known, self.known_as(), public].concat();
        fs::write(&self.known_hosts, known).expect("written");
    }

    /// Takes its key from what clients know.
    pub(crate) fn forget_key(&self) {
        let known = fs::read_to_string(&self.known_hosts).unwrap_or_default();
        let mut lines: Vec<&str> = known.split_inclusive('\n').collect();
        lines.retain(|line| !line.starts_with(&self.known_as()));
        fs::write(&self.known_hosts, lines.concat()).expect("written");
    }

    /// New connections may forward neither ports nor sockets.
    pub(crate) fn deny_forwarding(&self) {
        self.reconfigure(FORWARDING_DENIED);
    }

    /// Reads these lines of `sshd_config` before its own, for new connections; with none it is as it was.
    pub(crate) fn reconfigure(&self, lines: &str) {
        self.configure(lines);
        self.listener.reload();
    }

    /// The user's key is none of those that may log in.
    pub(crate) fn refuse_login(&self) {
        fs::write(self.directory.join("authorized_keys"), "").expect("written");
    }

    /// The user's key may log in.
    pub(crate) fn allow_login(&self) {
        fs::write(self.directory.join("authorized_keys"), &self.authorized).expect("written");
    }

    // The first line for a keyword is the one that counts. The login shell's own home is a directory that is not there, so that it
    // reads nothing. The one key exchange that is left out takes a tenth of a second of computing.
    fn configure(&self, first: &str) {
        let directory = self.directory.display();
        let text = format!(
            "{first}ListenAddress {}:{}\n\
             HostKey {directory}/key\n\
             AuthorizedKeysFile {directory}/authorized_keys\n\
             ForceCommand exec {directory}/login\n\
             SetEnv HOME={directory}/nobody\n\
             PidFile none\nUsePAM no\nUseDNS no\nStrictModes no\nPermitUserRC no\nPrintMotd no\nPrintLastLog no\n\
             PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             AllowTcpForwarding yes\nAllowStreamLocalForwarding yes\nMaxStartups 200\nLogLevel VERBOSE\n\
             KexAlgorithms -sntrup761*\n",
            self.address,
            self.port()
        );
        fs::write(self.directory.join("sshd_config"), text).expect("written");
    }

    fn generate_key(&self) {
        generate_key(&self.directory.join("key"));
    }

    /// How `known_hosts` names it.
    fn known_as(&self) -> String {
        format!("[{}]:{} ", self.address, self.port())
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A key pair in the place of another.
pub(crate) fn generate_key(path: &Path) {
    let _ = fs::remove_file(path);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "practice", "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .status();
    assert!(made.expect("ssh-keygen starts").success());
}
