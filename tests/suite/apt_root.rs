//! A machine as far as apt and dpkg know one: a directory with a package database of its own, which the real programs work in.
//!
//! Its [`AptRoot::programs`] are `apt-get`, `dpkg` and so on for this root alone, to be put before the others in a `PATH`. Neither
//! the package database nor the configuration nor a log of the machine that the tests run on is read or written.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, fcntl_lock};

use crate::apt_package::{BIG, write};
use crate::apt_programs::{PROGRAMS, keep_within};
use crate::apt_repository::AptRepository;
use crate::harness::short_directory;

/// Where dpkg is killed, or waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// While it unpacks; it is killed after the first files, and waits before them.
    Unpack,
    /// While `postinst` runs.
    Postinst,
}

impl Moment {
    /// As the files are called by which a test asks for something then.
    fn name(self) -> &'static str {
        match self {
            Self::Unpack => "unpack",
            Self::Postinst => "postinst",
        }
    }
}

/// What a program came to.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    /// What it printed, both streams.
    pub(crate) text: String,
}

/// A root; it ends when dropped.
pub(crate) struct AptRoot {
    directory: tempfile::TempDir,
}

/// Another one who works on the package database, until dropped.
pub(crate) struct Lock {
    _files: Vec<File>,
}

impl AptRoot {
    /// An empty one that trusts `repository`, and has not yet read what is there.
    pub(crate) fn of(repository: &AptRepository) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("cutover-root-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(short_directory())
            .expect("a directory");
        let root = Self { directory };
        keep_within(root.directory.path());
        root.follow(repository);
        root
    }

    /// Has apt go by this repository and no other, as another file of sources says.
    pub(crate) fn follow(&self, repository: &AptRepository) {
        let list = format!(
            "deb [signed-by={}] copy:{} ./\n",
            repository.key().display(),
            repository.path().display()
        );
        fs::write(self.file("etc/apt/sources.list.d/kong.list"), list).expect("written");
    }

    /// Programs for this root: `apt-get`, `apt-cache`, `apt-mark`, `apt-config`, `dpkg`, `dpkg-query`.
    pub(crate) fn programs(&self) -> PathBuf {
        self.directory.path().join("programs")
    }

    /// A file of this root, by its name there.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        let root = self.directory.path().join("root");
        root.join(name.trim_start_matches('/'))
    }

    /// Runs one of the programs with nobody to ask.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Answer {
        // Through the shell: a file that was just written is not always free to be started, where other tests start programs.
        let mut command = self.command("sh");
        command.arg(self.programs().join(program)).args(arguments);
        answer(&mut command)
    }

    /// `apt-get` with these arguments.
    pub(crate) fn apt(&self, arguments: &[&str]) -> Answer {
        self.run("apt-get", arguments)
    }

    /// `dpkg` with these arguments.
    pub(crate) fn dpkg(&self, arguments: &[&str]) -> Answer {
        self.run("dpkg", arguments)
    }

    /// How dpkg abbreviates its state, and the version: `ii 3.4.2`; nothing if dpkg does not know it.
    pub(crate) fn installed(&self, name: &str) -> String {
        let format = "--showformat=${db:Status-Abbrev} ${Version}";
        let answer = self.run("dpkg-query", &["--show", format, name]);
        let words: Vec<&str> = answer.text.split_whitespace().collect();
        match answer.code {
            Some(0) => words.join(" "),
            _ => String::new(),
        }
    }

    /// Holds a package at its version.
    pub(crate) fn hold(&self, name: &str) {
        assert_eq!(self.run("apt-mark", &["hold", name]).code, Some(0));
    }

    /// Holds it no longer.
    pub(crate) fn unhold(&self, name: &str) {
        assert_eq!(self.run("apt-mark", &["unhold", name]).code, Some(0));
    }

    /// What is held.
    pub(crate) fn held(&self) -> String {
        self.run("apt-mark", &["showhold"]).text.trim().to_owned()
    }

    /// Locks the package database, as another apt would, by this process; nothing while another one has done that.
    pub(crate) fn lock(&self) -> Option<Lock> {
        let lock = |name| {
            let path = self.file("var/lib/dpkg").join(name);
            let file = File::options().create(true).append(true).open(path);
            let file = file.expect("opened");
            let locked = fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive);
            locked.is_ok().then_some(file)
        };
        let files: Option<Vec<File>> = ["lock-frontend", "lock"].into_iter().map(lock).collect();
        Some(Lock { _files: files? })
    }

    /// `apt-get` with these arguments, whose dpkg is killed.
    pub(crate) fn kill_in_the_middle(&self, moment: Moment, arguments: &[&str]) -> Answer {
        let wish = self.file(&format!("kill-in-{}", moment.name()));
        fs::write(&wish, "").expect("written");
        let answer = self.apt(arguments);
        assert!(!wish.exists(), "not killed: {}", answer.text);
        answer
    }

    /// Has dpkg wait from now on; where it does, there is [`AptRoot::waits`].
    pub(crate) fn pause(&self, moment: Moment) {
        let _ = fs::remove_file(self.waits());
        fs::write(self.file(&format!("wait-in-{}", moment.name())), "").expect("written");
    }

    /// Has it wait no longer.
    pub(crate) fn go_on(&self, moment: Moment) {
        fs::remove_file(self.file(&format!("wait-in-{}", moment.name()))).expect("removed");
    }

    /// The file that is there once dpkg waits.
    pub(crate) fn waits(&self) -> PathBuf {
        self.file("waits")
    }

    /// What `policy-rc.d` answers whoever would start a service: 101 is no.
    pub(crate) fn answer_starts_with(&self, code: u8) {
        let text = format!("#!/bin/sh\nexit {code}\n");
        let root = self.directory.path();
        write(root, "root/usr/sbin/policy-rc.d", 0o755, &text);
    }

    /// What was started, a line each.
    pub(crate) fn started(&self) -> String {
        fs::read_to_string(self.file("started")).unwrap_or_default()
    }

    /// Runs one of the programs where there is hardly any room for what a package of [`crate::apt_package::Flaw::UnpackedSize`] unpacks.
    ///
    /// Nothing where this process may not have a mount of its own.
    pub(crate) fn run_with_little_space(
        &self,
        program: &str,
        arguments: &[&str],
    ) -> Option<Answer> {
        let place = self.file(BIG);
        let place = place.parent().expect("below the root");
        fs::create_dir_all(place).expect("made");
        let unshare = || {
            let mut command = self.command("unshare");
            command.args(["--map-root-user", "--mount", "sh", "-c"]);
            command
        };
        if !unshare().arg("true").output().ok()?.status.success() {
            return None;
        }
        let script = format!(
            "mount -t tmpfs -o size=64k little {} && exec \"$@\"",
            place.display()
        );
        let mut command = unshare();
        command.arg(script).arg("sh");
        command.arg(self.programs().join(program)).args(arguments);
        Some(answer(&mut command))
    }

    /// From now on there is hardly any room for that, whoever installs something. Answers whether this process may have a mount of its own.
    pub(crate) fn give_little_space(&self) -> bool {
        let place = self.file(BIG);
        let place = place.parent().expect("below the root");
        fs::create_dir_all(place).expect("made");
        let program = self.programs().join("apt-get");
        let real = self.programs().join("apt-get.real");
        fs::rename(&program, &real).expect("moved");
        let text = format!(
            "#!/bin/sh\nexec unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size=64k little {} && exec \"$@\"' sh {} \"$@\"\n",
            place.display(),
            real.display()
        );
        write(self.directory.path(), "programs/apt-get", 0o755, &text);
        self.apt(&["--version"]).code == Some(0)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", PROGRAMS)
            .env("LC_ALL", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .current_dir(self.file("tmp"))
            .stdin(Stdio::null());
        command
    }
}

fn answer(command: &mut Command) -> Answer {
    let output = command.output().expect("it starts");
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    Answer {
        code: output.status.code(),
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}
