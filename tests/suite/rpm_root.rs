//! A machine as far as rpm and dnf know one: a directory with a package database of its own, which the real programs work in.
//!
//! Scripts of packages run within it, so it has a shell and what that needs. Nothing of the machine that the tests run on is read or
//! written but these programs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::apt_package::write;
use crate::apt_programs::PROGRAMS;
use crate::apt_root::Answer;
use crate::harness::short_directory;
use crate::rpm_repository::RpmRepository;

/// What scripts of packages start.
const WITHIN: [&str; 4] = ["/bin/sh", "/bin/rm", "/bin/sleep", "/bin/touch"];

/// What systemd's own command does with what it is told, as far as a test looks: off line it starts nothing.
const SYSTEMCTL: &str = "#!/bin/sh\n[ -n \"$SYSTEMD_OFFLINE\" ] || echo \"$@\" >> /started\n";

/// Version 3 of yum. A version lock hides all other versions from whoever does not switch its plugin off; `install` of a file that is older than
/// what is installed has nothing to do, and so has `downgrade` of one that is not.
const YUM: [(&str, &str); 4] = [
    (
        "repoquery",
        "#!/bin/sh\n[ \"$1 $2\" = '--disableplugin=versionlock --show-duplicates' ] || exit 1\n\
         exec HERE/.dnf --quiet repoquery --showduplicates \"$3\" \"$4\"\n",
    ),
    (
        "yumdownloader",
        "#!/bin/sh\n[ \"$1\" = --version ] && exec echo 1.0\n\
         [ \"$1 $2 $3\" = '--quiet --disableplugin=versionlock --destdir' ] || exit 1\n\
         HERE/.dnf --quiet download --destdir \"$4\" \"$5\" 2> /dev/null && exit\necho \"No Match for argument $5\" >&2\nexit 1\n",
    ),
    (
        "yum-config-manager",
        "#!/bin/sh\n[ $# = 1 ] || exit 1\necho \"=== repo: $1 ===\"\n\
         HERE/.dnf --quiet config-manager --dump \"$1\" | sed 's/= 1$/= True/; s/= 0$/= False/'\n",
    ),
    (
        "yum",
        r#"#!/bin/sh
[ "$1" = --version ] && exec echo 3.4.3
without=
while case $1 in --*) ;; *) false;; esac; do
    case $1 in --disablerepo=*) without=$1;; --quiet|--assumeyes|--setopt=exit_on_lock=True) ;; *) exit 1;; esac
    shift
done
version() { HERE/rpm --query --queryformat='%{VERSION}-%{RELEASE}' "$@"; }
case "$1 $2" in
'versionlock list') exec cat LOCKS;;
'versionlock add') echo "0:$3-$(version "$3").*" >> LOCKS;;
'versionlock delete')
    grep -qF ":$3." LOCKS || { echo 'Error: versionlock delete: no matches' >&2; exit 1; }
    grep -vF ":$3." LOCKS > LOCKS.new
    mv LOCKS.new LOCKS;;
'list --showduplicates') exec HERE/.dnf --quiet list --showduplicates "$3";;
install\ *|downgrade\ *)
    new=$(version --package "$2") old=$(version kong) || old=0
    [ "$(printf '%s
%s
' "$old" "$new" | sort -V | tail -n 1)" = "$new" ] && fits=install || fits=downgrade
    [ "$1" = $fits ] || { echo 'Nothing to do'; exit; }
    exec HERE/.dnf --quiet --assumeyes $without install "$2";;
*) exit 1;;
esac
"#,
    ),
];

/// A root; it ends when dropped.
pub(crate) struct RpmRoot {
    directory: tempfile::TempDir,
}

impl RpmRoot {
    /// One that trusts `repository` and has nothing installed. Nothing, with the reason printed, where a directory cannot be a root.
    pub(crate) fn of(repository: &RpmRepository) -> Option<Self> {
        let within = prefix()?;
        let directory = tempfile::Builder::new()
            .prefix("cutover-root-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(short_directory())
            .expect("a directory");
        let root = Self { directory };
        for program in WITHIN {
            root.bring(Path::new(program));
        }
        write(root.path(), "root/bin/systemctl", 0o755, SYSTEMCTL);
        for place in ["root/tmp", "root/var/tmp", "cache", "log", "state", "home"] {
            fs::create_dir_all(root.path().join(place)).expect("made");
        }
        root.configure(repository);
        root.write_programs(within);
        let key = repository.key().display().to_string();
        root.done("rpmkeys", &["--import", &key]);
        let base = repository.base().display().to_string();
        root.done("rpm", &["--install", "--justdb", &base]);
        Some(root)
    }

    /// Programs for this root: `rpm`, `rpmkeys`, `dnf`.
    pub(crate) fn programs(&self) -> PathBuf {
        self.path().join("programs")
    }

    /// A file of this root, by its name there.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join("root").join(name.trim_start_matches('/'))
    }

    /// Runs one of the programs with nobody to ask.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Answer {
        let output = Command::new("sh")
            .arg(self.programs().join(program))
            .args(arguments)
            .env_clear()
            .env("PATH", PROGRAMS)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .expect("it starts");
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        Answer {
            code: output.status.code(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// The same, which must end well.
    pub(crate) fn done(&self, program: &str, arguments: &[&str]) -> String {
        let answer = self.run(program, arguments);
        assert_eq!(answer.code, Some(0), "{program}: {}", answer.text);
        answer.text
    }

    /// Has yum and the programs of yum-utils in the place of dnf: stubs, after their sources, which let the hidden dnf do the work.
    pub(crate) fn have_yum(&self) {
        let programs = self.programs();
        fs::rename(programs.join("dnf"), programs.join(".dnf")).expect("renamed");
        let locks = self.path().join("plugins/yum.list");
        fs::write(&locks, "").expect("written");
        for (name, text) in YUM {
            let text = text
                .replace("HERE", &programs.display().to_string())
                .replace("LOCKS", &locks.display().to_string());
            write(self.path(), &format!("programs/{name}"), 0o755, &text);
        }
    }

    /// The versions of `kong` in the package database, with a word where files are not as they were brought.
    pub(crate) fn installed(&self) -> String {
        let format = "--queryformat=%{NAME} %{VERSION}\n";
        let known = self.run("rpm", &["--query", "--all", format]).text;
        let mut versions: Vec<&str> = known
            .lines()
            .filter_map(|line| line.strip_prefix("kong "))
            .collect();
        versions.sort_unstable();
        let verified = self.run("rpm", &["--verify", "--noscripts", "kong"]).text;
        if verified.contains("/usr/local/bin/kong") {
            versions.push("damaged");
        }
        versions.join(" ")
    }

    /// What `dnf versionlock` lists.
    pub(crate) fn locks(&self) -> String {
        let listed = self.done(
            "dnf",
            &["--quiet", "--disablerepo=*", "versionlock", "list"],
        );
        listed.trim().to_owned()
    }

    /// What packages' scripts have started, a line each.
    pub(crate) fn started(&self) -> String {
        fs::read_to_string(self.file("started")).unwrap_or_default()
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Copies a program and the libraries that it names.
    fn bring(&self, program: &Path) {
        let listed = Command::new("ldd")
            .arg(program)
            .output()
            .expect("ldd starts");
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let libraries = listed
            .split_whitespace()
            .filter(|word| word.starts_with('/'));
        for file in libraries.chain([program.to_str().expect("UTF-8")]) {
            let there = self.file(file);
            fs::create_dir_all(there.parent().expect("below the root")).expect("made");
            fs::copy(file, there).expect("copied");
        }
    }

    fn configure(&self, repository: &RpmRepository) {
        let shown = self.path().display();
        let text = format!(
            "[main]\ngpgcheck=1\nreposdir={shown}/repositories\npluginconfpath={shown}/plugins\ncachedir={shown}/cache\nlogdir={shown}/log\n\
             persistdir={shown}/state\nmetadata_expire=0\n"
        );
        write(self.path(), "dnf.conf", 0o644, &text);
        let text = format!(
            "[kong]\nname=kong\nbaseurl=file://{}\ngpgkey=file://{}\n",
            repository.published().display(),
            repository.key().display()
        );
        write(self.path(), "repositories/kong.repo", 0o644, &text);
        let text = format!("[main]\nenabled=1\nlocklist={shown}/plugins/versionlock.list\n");
        write(self.path(), "plugins/versionlock.conf", 0o644, &text);
        write(self.path(), "plugins/versionlock.list", 0o644, "");
    }

    /// Does not let dnf check the signatures of the repository's packages.
    pub(crate) fn check_nothing(&self) {
        let file = self.path().join("repositories/kong.repo");
        let text = fs::read_to_string(&file).expect("read");
        fs::write(&file, format!("{text}gpgcheck=0\n")).expect("written");
    }

    fn write_programs(&self, within: &str) {
        let shown = self.path().display();
        let program = |name: &str, options: &str| {
            let text = format!(
                "#!/bin/sh\nHOME={shown}/home exec {within}/usr/bin/{name} {options} \"$@\"\n"
            );
            write(self.path(), &format!("programs/{name}"), 0o755, &text);
        };
        // Debian's rpm asks whether one means it.
        let means_it = if Path::new("/etc/debian_version").exists() {
            " --force-debian"
        } else {
            ""
        };
        program("rpm", &format!("--root={shown}/root{means_it}"));
        program("rpmkeys", &format!("--root={shown}/root"));
        let options = format!(
            "--config={shown}/dnf.conf --installroot={shown}/root --releasever=8 --setopt=reposdir={shown}/repositories \
             --setopt=cachedir={shown}/cache --setopt=logdir={shown}/log --setopt=persistdir={shown}/state"
        );
        program("dnf", &options);
    }
}

/// What makes the directory a root for whoever runs the tests; nothing where there is no way.
fn prefix() -> Option<&'static str> {
    if rustix::process::geteuid().is_root() {
        return Some("");
    }
    let tried = Command::new("unshare")
        .args(["--map-root-user", "true"])
        .output();
    if tried.is_ok_and(|tried| tried.status.success()) {
        return Some("unshare --map-root-user ");
    }
    println!("skipped: rpm needs a root of its own, which only root makes here");
    None
}

/// Whether dnf is there; says so where it is not.
pub(crate) fn has_dnf() -> bool {
    let found = Command::new("dnf").arg("--version").output();
    let there = found.is_ok_and(|found| found.status.success());
    if !there {
        println!("skipped: `dnf` is not installed");
    }
    there
}
