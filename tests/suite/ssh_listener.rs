//! One `sshd` as processes: started, read by its log, stopped, frozen, cut off from its clients.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process_tree::{Process, below, carrying, kill_all, signal, stop_all};

/// How long a listener may need to listen, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `sshd` says once it accepts.
const LISTENING: &str = "Server listening on";

/// What separates the words of one listener from those of the next.
const MARK: &str = "--- sshd is started\n";

/// A listener that may be running; it ends when dropped, and what was started by it as well.
pub(crate) struct SshListener {
    program: PathBuf,
    configuration: PathBuf,
    log: PathBuf,
    /// A variable that everything has which a client starts.
    variable: String,
    child: Mutex<Option<Child>>,
}

impl SshListener {
    /// One that does not run yet, with its files in `directory`.
    pub(crate) fn new(program: &Path, directory: &Path, variable: String) -> Self {
        let log = directory.join("log");
        fs::write(&log, "").expect("written");
        Self {
            program: program.to_owned(),
            configuration: directory.join("sshd_config"),
            log,
            variable,
            child: Mutex::new(None),
        }
    }

    /// Everything that it has said.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(&self.log).expect("a log");
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Starts it; [`SshListener::wait`] then tells when it accepts.
    pub(crate) fn start(&self) {
        let mut child = self.child.lock().expect("not poisoned");
        assert!(child.is_none(), "it runs already");
        let log = fs::OpenOptions::new().append(true).open(&self.log);
        let mut log = log.expect("opened");
        log.write_all(MARK.as_bytes()).expect("written");
        let started = Command::new(&self.program)
            .args(["-D", "-e", "-f"])
            .arg(&self.configuration)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        *child = Some(started.expect("sshd starts"));
    }

    /// Waits until it accepts.
    pub(crate) fn wait(&self) {
        self.wait_for(1);
    }

    /// Has it read its files again, for new connections; the others go on as they are.
    pub(crate) fn reload(&self) {
        let before = self.times_listening();
        signal(self.pid(), Signal::HUP);
        self.wait_for(before + 1);
    }

    /// Kills it, its connections and whatever they started.
    pub(crate) fn stop(&self) {
        let child = self.child.lock().expect("not poisoned").take();
        if let Some(mut child) = child {
            let pid = number(&child);
            // Stopped first: else it would accept while its children are counted, and they would be nobody's once it is gone.
            signal(pid, Signal::STOP);
            kill_all(|| self.processes(pid));
            child.kill().expect("killed");
            child.wait().expect("waited for");
        }
    }

    /// Stops all of it: whoever connects is accepted by the kernel, and hears nothing.
    pub(crate) fn freeze(&self) {
        let pid = self.pid();
        signal(pid, Signal::STOP);
        stop_all(|| self.processes(pid));
    }

    /// All of it goes on.
    pub(crate) fn thaw(&self) {
        let pid = self.pid();
        for process in self.processes(pid) {
            signal(process.pid, Signal::CONT);
        }
        signal(pid, Signal::CONT);
    }

    /// Kills what holds its connections; what was started over them runs on.
    pub(crate) fn cut(&self) {
        let pid = self.pid();
        kill_all(|| {
            let mut found = below(pid);
            found.retain(|process| process.name.starts_with("sshd"));
            found
        });
    }

    fn wait_for(&self, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.times_listening() < times {
            let mut child = self.child.lock().expect("not poisoned");
            let ended = child.as_mut().expect("it was started").try_wait();
            assert!(
                ended.expect("asked").is_none() && Instant::now() < deadline,
                "it does not accept: {}",
                tail(&self.log())
            );
            drop(child);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How often the present one has said that it accepts: once, and once more for each reload.
    fn times_listening(&self) -> usize {
        let log = self.log();
        let present = log.rsplit(MARK).next().expect("one part at least");
        present.matches(LISTENING).count()
    }

    fn pid(&self) -> i32 {
        let child = self.child.lock().expect("not poisoned");
        number(child.as_ref().expect("it was started"))
    }

    /// What runs below it, and what outlived its connection.
    fn processes(&self, listener: i32) -> Vec<Process> {
        let mut found = below(listener);
        found.extend(carrying(&self.variable));
        found
    }
}

impl Drop for SshListener {
    fn drop(&mut self) {
        self.stop();
    }
}

fn number(child: &Child) -> i32 {
    i32::try_from(child.id()).expect("small")
}

/// The last lines of a log.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
