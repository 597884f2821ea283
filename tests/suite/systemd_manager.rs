//! A real systemd for one user, in directories of its own: units, their states and `systemctl` are systemd's, and nothing of the machine's own
//! manager is asked or changed.
//!
//! It wants to see that the machine was booted with systemd. Where it was not, it is shown a directory that says so, in a mount namespace of
//! its own. Its control groups lie below one of its own as well, which is removed with it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::short_directory;

/// Where the program is, since it is in no path.
const PROGRAMS: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/// Where control groups are, one hierarchy or several.
const GROUPS: &str = "/sys/fs/cgroup";

/// Makes the group and the namespace, then is the manager: directory, name of the group, program.
const START: &str = r#"for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [ -e "$root/cgroup.procs" ] && mkdir "$root/$2" && echo $$ > "$root/$2/cgroup.procs"
done 2>/dev/null
[ -e /run/systemd/system ] || { mount -t tmpfs none /run && mkdir -p /run/systemd/system; } || exit
export HOME="$1" XDG_RUNTIME_DIR="$1/run" XDG_CONFIG_HOME="$1/config"
exec "$3" --user --unit=only.target --log-target=console"#;

/// A manager; it ends when dropped, with all its units.
pub(crate) struct Systemd {
    child: Child,
    directory: tempfile::TempDir,
}

impl Systemd {
    /// Starts one; nothing, with the reason printed, where that cannot be done.
    pub(crate) fn start() -> Option<Self> {
        let program = PROGRAMS.iter().find(|program| Path::new(program).exists());
        let Some(program) = program.filter(|_| Path::new("/usr/bin/systemctl").exists()) else {
            println!("skipped: systemd is not installed");
            return None;
        };
        let directory = tempfile::Builder::new()
            .prefix("cutover-sd-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(short_directory())
            .expect("a directory");
        let made = |name: &str, mode| {
            let path = directory.path().join(name);
            fs::create_dir_all(&path).expect("made");
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        };
        made("run", 0o700);
        made("config/systemd/user", 0o755);
        let only = directory.path().join("config/systemd/user/only.target");
        fs::write(only, "[Unit]\nDefaultDependencies=no\n").expect("written");
        let log = fs::File::create(directory.path().join("log")).expect("a log");
        let group = group_of(directory.path());
        let child = Command::new("unshare")
            .args(["--mount", "sh", "-c", START, "sh"])
            .arg(directory.path())
            .args([&group, *program])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn();
        let mut started = Self {
            child: child.ok()?,
            directory,
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while !started
            .systemctl(&["show", "--property=Version"])
            .status
            .success()
        {
            let has_ended = started.child.try_wait().expect("looked at").is_some();
            if has_ended || Instant::now() > deadline {
                let log = fs::read_to_string(started.directory.path().join("log"));
                println!(
                    "skipped: no systemd of a user's own here: {}",
                    log.unwrap_or_default()
                );
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(started)
    }

    /// The file of a unit.
    pub(crate) fn unit(&self, name: &str) -> PathBuf {
        self.directory.path().join("config/systemd/user").join(name)
    }

    /// A `systemctl` that speaks to this manager.
    pub(crate) fn command(&self) -> PathBuf {
        let path = self.directory.path().join("systemctl");
        let text = format!(
            "#!/bin/sh\nexport XDG_RUNTIME_DIR={}\nexec /usr/bin/systemctl --user \"$@\"\n",
            self.directory.path().join("run").display()
        );
        if !path.exists() {
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        path
    }

    /// What `systemctl` with these arguments came to.
    pub(crate) fn systemctl(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("sh");
        command.arg(self.command()).args(arguments).env_clear();
        command.output().expect("it starts")
    }

    /// The same, which must succeed.
    pub(crate) fn done(&self, arguments: &[&str]) {
        let output = self.systemctl(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        self.systemctl(&["exit"]);
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < deadline
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let group = group_of(self.directory.path());
        let hierarchies = fs::read_dir(GROUPS).into_iter().flatten().flatten();
        let hierarchies = hierarchies.map(|entry| entry.path());
        for root in hierarchies.chain([GROUPS.into()]) {
            remove_groups(&root.join(&group));
        }
    }
}

fn group_of(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Removes control groups, the deepest first: their files go with them.
fn remove_groups(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_groups(&entry.path());
        }
    }
    let _ = fs::remove_dir(path);
}
