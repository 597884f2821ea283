//! A test of the whole program: a playbook, an environment and a command line in a private directory; then what was printed, the
//! exit code, the journal and the files.
//!
//! The binary gets no environment variables and a fixed run name, so that whole outputs can be stated. What differs from run to
//! run (times, digests, process ids, the directory) is replaced in [`normalised`] and nowhere else.

use std::fs;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cutover::journal::{Durability, Event, FileJournal, Journal as _, Record, RunState};
use tokio::net::TcpSocket;

/// Where tests keep what they make: sockets need short paths, and databases are copied a thousand times, for which `./x test` names a
/// place in memory where there is one.
pub(crate) fn short_directory() -> PathBuf {
    std::env::var_os("CUTOVER_TEST_DIRECTORY").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
}

/// The binary under test.
pub(crate) const CUTOVER: &str = env!("CARGO_BIN_EXE_cutover");

/// The name that every run gets.
pub(crate) const RUN: &str = "first";

/// How long a test waits for something that has to happen, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

/// A port on the loopback interface that nobody else is given, for a server that is told where to listen.
///
/// It is bound, and not listened on: a server that allows the address to be reused can, a client is refused until one does.
pub(crate) struct KeptPort {
    pub(crate) port: u16,
    _socket: TcpSocket,
}

impl KeptPort {
    /// A port that the kernel chose.
    pub(crate) fn any() -> Self {
        Self::on(Ipv4Addr::LOCALHOST)
    }

    /// The same at another of this machine's own addresses.
    pub(crate) fn on(address: Ipv4Addr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("set");
        socket.bind((address, 0).into()).expect("bound");
        let port = socket.local_addr().expect("bound").port();
        Self {
            port,
            _socket: socket,
        }
    }
}

/// A terminal that hangs up when it is dropped.
pub(crate) struct Terminal {
    _ours: OwnedFd,
    name: String,
}

impl Terminal {
    pub(crate) fn open() -> Self {
        let open = rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY;
        let ours = rustix::pty::openpt(open).expect("a terminal");
        rustix::pty::grantpt(&ours).expect("granted");
        rustix::pty::unlockpt(&ours).expect("unlocked");
        let name = rustix::pty::ptsname(&ours, Vec::new()).expect("a name");
        let name = name.to_string_lossy().into_owned();
        Self { _ours: ours, name }
    }

    /// What runs the command that its further arguments are, with this as the controlling terminal, so that its end is a real hangup.
    /// It has no environment variables.
    pub(crate) fn command(&self) -> Command {
        let end = || {
            let file = fs::OpenOptions::new()
                .read(true)
                .write(true)
                .open(&self.name);
            Stdio::from(file.expect("opened"))
        };
        let mut setsid = Command::new("setsid");
        setsid.args(["--ctty", "--wait"]).env_clear();
        setsid.stdin(end()).stdout(end()).stderr(end());
        setsid
    }
}

/// A private directory with a playbook and an environment named `practice`.
pub(crate) struct Test {
    directory: tempfile::TempDir,
}

/// What a command came to, normalised.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    /// The exit code; 128 and the signal's number where a signal ended it.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What somebody at a terminal saw, with the exit code between what was told and what was answered.
pub(crate) fn told(finished: &Finished) -> String {
    let Finished {
        status,
        stdout,
        stderr,
    } = finished;
    format!("{stderr}\n--- {status}\n{stdout}")
}

impl Test {
    /// A directory with an environment in which practice files may be written, and no playbook yet.
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("cutover-")
            .tempdir_in("/tmp")
            .expect("a directory");
        let test = Self { directory };
        test.environment("[grants]\nallow = [\"practice.*\"]\n")
    }

    /// The text of `playbook.rhai`.
    pub(crate) fn playbook(self, text: &str) -> Self {
        self.file("playbook.rhai", text)
    }

    /// `playbook.rhai` with a header that declares the practice files, and `body` from line 3 on.
    pub(crate) fn steps(self, body: &str) -> Self {
        self.playbook(&with_header(body))
    }

    /// A module beside the playbook.
    pub(crate) fn module(self, name: &str, text: &str) -> Self {
        self.file(&format!("{name}.rhai"), text)
    }

    /// The environment file: its name and storage, then `extra`.
    pub(crate) fn environment(self, extra: &str) -> Self {
        let text = format!("name = \"practice\"\n{extra}\n[storage]\npath = \"store\"\n");
        self.file("environment.toml", &text)
    }

    /// Any file of the directory.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("inside the directory")).expect("made");
        fs::write(path, text).expect("written");
        self
    }

    /// A practice file that is there before the run.
    pub(crate) fn practice(self, name: &str, text: &str) -> Self {
        // The store is made as the program makes it: closed to others.
        use std::os::unix::fs::DirBuilderExt as _;
        let directory = self.path("store/practice");
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory);
        made.expect("made");
        fs::write(directory.join(name), text).expect("written");
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program with `arguments`, in the directory and with an empty environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(CUTOVER);
        command
            .args(arguments)
            .env_clear()
            .env("USER", "operator")
            .env("CUTOVER_ENVIRONMENT", "environment.toml")
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program with `arguments` to its end.
    pub(crate) fn cutover(&self, arguments: &[&str]) -> Finished {
        self.finish(self.start(arguments))
    }

    /// Runs the playbook to its end.
    pub(crate) fn run(&self) -> Finished {
        self.cutover(&["run", "playbook.rhai", "--run-id", RUN])
    }

    /// Checks the playbook.
    pub(crate) fn check(&self) -> Finished {
        self.cutover(&["check", "playbook.rhai"])
    }

    /// Starts the program with `arguments`.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running(Some(self.command(arguments).spawn().expect("started")))
    }

    /// Waits for what was started.
    pub(crate) fn finish(&self, mut running: Running) -> Finished {
        let child = running.0.take().expect("waited for once");
        let output = child.wait_with_output().expect("waited for");
        let text = |bytes: &[u8]| self.normalised(&String::from_utf8_lossy(bytes));
        let signal = || 128 + output.status.signal().unwrap_or_default();
        Finished {
            status: output.status.code().unwrap_or_else(signal),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// `text` without what differs from run to run.
    pub(crate) fn normalised(&self, text: &str) -> String {
        let directory = self.directory.path().to_string_lossy().into_owned();
        let patterns = [
            (r"\b\d+ min \d+ s\b|\b\d+\.\d s\b|\b\d+ ms\b(?: *$)", "TIME"),
            (r"after (\d+ ms|\d+\.\d s)", "after TIME"),
            (r"\b[0-9a-f]{64}\b", "DIGEST"),
            (r"head [0-9a-f]{12}\b", "head DIGEST"),
            (r"process \d+", "process PID"),
        ];
        let mut text = text.replace(&directory, "DIRECTORY");
        for (pattern, word) in patterns {
            let pattern = regex::RegexBuilder::new(pattern)
                .multi_line(true)
                .build()
                .expect("a pattern");
            text = pattern.replace_all(&text, word).into_owned();
        }
        text.trim_end().to_owned()
    }

    /// The directory of the run.
    pub(crate) fn run_path(&self) -> PathBuf {
        self.path("store/runs").join(RUN)
    }

    /// The journal's path.
    pub(crate) fn journal_path(&self) -> PathBuf {
        self.run_path().join("journal.ndjson")
    }

    /// The records of the run so far; none while there is no journal.
    pub(crate) fn records(&self) -> Vec<Record> {
        FileJournal::read(&self.journal_path()).map_or_else(|_| Vec::new(), |chain| chain.records)
    }

    /// Writes the journal anew, a whole chain, with every event as `edit` leaves it.
    pub(crate) fn rewrite_journal(&self, edit: impl Fn(&mut Event)) {
        self.rewrite_records(|record| edit(&mut record.event));
    }

    /// The same with every record.
    pub(crate) fn rewrite_records(&self, edit: impl Fn(&mut Record)) {
        let records = self.records();
        fs::remove_file(self.journal_path()).expect("removed");
        let mut journal = FileJournal::create(&self.journal_path()).expect("made");
        for mut record in records {
            edit(&mut record);
            journal
                .append(record.at, record.event, Durability::WithNext)
                .expect("written");
        }
    }

    /// The state that the records fold to.
    pub(crate) fn state(&self) -> RunState {
        RunState::of(&self.records()).expect("a possible story")
    }

    /// The names of the events, one a line, each with the step or phase it is about.
    pub(crate) fn journal(&self) -> String {
        events(&self.records())
    }

    /// The practice files with their texts, in order.
    pub(crate) fn world(&self) -> Vec<(String, String)> {
        files(&self.path("store/practice"))
    }

    /// Waits until the journal says so.
    pub(crate) fn wait_until(&self, what: impl Fn(&[Record]) -> bool) {
        self.wait_for(|| what(&self.records()));
    }

    /// Waits until the journal says so and nobody of `running` has anything to do: a step that takes its time is going on.
    pub(crate) fn wait_until_idle(&self, running: &Running, what: impl Fn(&[Record]) -> bool) {
        // Asleep at one look may be waiting for the disk; ten looks in a row are a step that waits.
        let looks = std::cell::Cell::new(0);
        self.wait_for(|| {
            let idle = what(&self.records()) && running.asleep();
            looks.set(if idle { looks.get() + 1 } else { 0 });
            looks.get() == 10
        });
    }

    /// Waits until `there`.
    pub(crate) fn wait_for(&self, there: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !there() {
            assert!(
                Instant::now() < deadline,
                "waited in vain; the journal:\n{}",
                self.journal()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A process of the program; ended when the test ends.
pub(crate) struct Running(pub(crate) Option<Child>);

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().expect("not waited for yet").id()
    }

    /// Sends `signal` to the program.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(self.0.as_ref().expect("not waited for yet"));
        rustix::process::kill_process(pid, signal).expect("sent");
    }

    /// Whether both processes wait for something.
    fn asleep(&self) -> bool {
        let asleep = |pid: u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let state = stat
                .rsplit(") ")
                .next()
                .and_then(|rest| rest.chars().next());
            state == Some('S')
        };
        let script = self.script().map(|pid| pid.as_raw_nonzero().get());
        let script = script.and_then(|pid| u32::try_from(pid).ok());
        asleep(self.id()) && script.is_some_and(asleep)
    }

    /// The process that interprets the playbook, found as the program's child.
    pub(crate) fn script(&self) -> Option<rustix::process::Pid> {
        script_of(self.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The process that interprets the playbook of the program `runner`, found as its child.
pub(crate) fn script_of(runner: u32) -> Option<rustix::process::Pid> {
    let path = format!("/proc/{runner}/task/{runner}/children");
    let children = fs::read_to_string(path).ok()?;
    let first = children.split_whitespace().next()?.parse().ok()?;
    rustix::process::Pid::from_raw(first)
}

/// `body` behind a header that declares the practice files.
pub(crate) fn with_header(body: &str) -> String {
    format!("const PLAYBOOK = #{{ api: 1, needs: [\"practice.*\"] }};\n\n{body}")
}

/// The names of the events of `records`, one a line, each with what it is about.
pub(crate) fn events(records: &[Record]) -> String {
    let line = |record: &Record| {
        let value = serde_json::to_value(&record.event).expect("plain data");
        let mut line = value["event"].as_str().expect("a name").to_owned();
        for key in ["step", "target", "name", "mark", "ending", "bytes"] {
            if let Some(found) = value.get(key).filter(|found| !found.is_null()) {
                line.push(' ');
                line.push_str(&found.to_string().replace('"', ""));
            }
        }
        if let Event::Settled { found, .. } = &record.event {
            let found = serde_json::to_value(found).expect("plain data");
            line.push(' ');
            line.push_str(found["as"].as_str().expect("a word"));
        }
        line
    };
    records.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The files of a directory with their texts, in order; none if it is not there.
pub(crate) fn files(directory: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("listed");
        let text = fs::read_to_string(entry.path()).expect("read");
        (entry.file_name().to_string_lossy().into_owned(), text)
    };
    // A file that was being written when its writer was killed stays beside, under a name that no practice file can have.
    let whole = |(name, _): &(String, String)| !name.starts_with('.');
    let mut files: Vec<_> = entries.map(read).filter(whole).collect();
    files.sort();
    files
}
