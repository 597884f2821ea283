//! Stand-in packages for rpm, made by `rpmbuild`, signed, and in a repository of dnf's: for machines that are a directory each,
//! [`crate::rpm_root`].

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::apt_package::write;
use crate::harness::short_directory;

/// What a package's script does in all of them: it starts a service, which Kong's own do not.
///
/// By files a test asks it for the end of whoever runs it, and to wait until the file is gone; it tells that it waits by another one.
const POST: &str = r"if [ -e /kill-in-post ]; then
    rm /kill-in-post
    kill -9 $PPID
    sleep 5
fi
while [ -e /wait-in-post ]; do
    touch /waits
    sleep 0.02
done
systemctl start kong
";

/// A package.
#[derive(Clone, Copy)]
pub(crate) struct RpmMaking<'all> {
    pub(crate) name: &'all str,
    pub(crate) version: &'all str,
    pub(crate) architecture: &'all str,
    pub(crate) is_signed: bool,
    /// The text of `/usr/local/bin/kong`; where nothing is given it tells its version and does not run.
    pub(crate) program: Option<&'all str>,
}

impl<'all> RpmMaking<'all> {
    /// A sound one of Kong, for this machine.
    pub(crate) fn kong(version: &'all str) -> Self {
        Self {
            name: "kong",
            version,
            architecture: std::env::consts::ARCH,
            is_signed: true,
            program: None,
        }
    }
}

/// The repository; it ends when dropped.
pub(crate) struct RpmRepository {
    directory: tempfile::TempDir,
}

impl RpmRepository {
    /// One with these versions of Kong. Nothing, with the reason printed, where the tools are missing.
    pub(crate) fn build(versions: &[&str]) -> Option<Self> {
        for tool in [
            "rpm",
            "rpmbuild",
            "rpmsign",
            "rpmkeys",
            "createrepo_c",
            "gpg",
            "gpgconf",
        ] {
            let found = Command::new(tool).arg("--version").output();
            if !found.is_ok_and(|found| found.status.success()) {
                println!("skipped: `{tool}` is not installed");
                return None;
            }
        }
        let directory = tempfile::Builder::new()
            .prefix("cutover-rpm-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(short_directory())
            .expect("a directory");
        let repository = Self { directory };
        repository.make_key();
        // What every package wants of a system, which has nothing else installed.
        write(repository.path(), "base.spec", 0o644, BASE);
        repository.rpmbuild("base.spec", std::env::consts::ARCH, "base");
        for version in versions {
            repository.make(&RpmMaking::kong(version));
        }
        repository.publish();
        Some(repository)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The key of whoever signs, for `rpm --import`.
    pub(crate) fn key(&self) -> PathBuf {
        self.path().join("practice.asc")
    }

    /// The packages that dnf finds, and their list.
    pub(crate) fn published(&self) -> PathBuf {
        self.path().join("packages")
    }

    /// The file of the system's own package.
    pub(crate) fn base(&self) -> PathBuf {
        let architecture = std::env::consts::ARCH;
        let name = format!("base/{architecture}/base-1-1.{architecture}.rpm");
        self.path().join(name)
    }

    /// Adds a package to what is published.
    pub(crate) fn add(&self, making: &RpmMaking) {
        self.make(making);
        self.publish();
    }

    /// The file of a package.
    pub(crate) fn file(&self, making: &RpmMaking) -> PathBuf {
        let &RpmMaking {
            name,
            version,
            architecture,
            ..
        } = making;
        let name = format!("{architecture}/{name}-{version}-1.{architecture}.rpm");
        self.published().join(name)
    }

    fn make(&self, making: &RpmMaking) {
        let own = format!(
            "#!/bin/sh\ncase $1 in version) echo {};; *) exit 1;; esac\n",
            making.version
        );
        let program = making.program.unwrap_or(&own);
        let program = write(self.path(), "kong", 0o755, program);
        let text = SPEC
            .replace("PROGRAM", &program.display().to_string())
            .replace("NAME", making.name)
            .replace("VERSION", making.version)
            .replace("POST", POST);
        write(self.path(), "kong.spec", 0o644, &text);
        self.rpmbuild("kong.spec", making.architecture, "packages");
        if making.is_signed {
            let arguments =
                "_gpg_sign_cmd_extra_args --batch --pinentry-mode loopback --passphrase ''";
            let mut command = Command::new("rpmsign");
            command
                .args(["--define", "__gpg /usr/bin/gpg"])
                .args(["--define", "_gpg_name practice@example.org"])
                .args(["--define", arguments, "--addsign"])
                .arg(self.file(making))
                .env("GNUPGHOME", self.path().join("gpg"));
            done(&mut command);
            self.end_agent();
        }
    }

    fn rpmbuild(&self, specification: &str, architecture: &str, into: &str) {
        let defined =
            |name: &str, place: &str| format!("{name} {}", self.path().join(place).display());
        let mut command = Command::new("rpmbuild");
        command
            .args(["-bb", "--quiet", "--target", architecture])
            .args(["--define", &defined("_topdir", "build")])
            .args(["--define", &defined("_rpmdir", into)])
            .arg(self.path().join(specification))
            .env("HOME", self.path());
        done(&mut command);
    }

    fn publish(&self) {
        fs::create_dir_all(self.published()).expect("made");
        done(
            Command::new("createrepo_c")
                .arg("--quiet")
                .arg(self.published()),
        );
    }

    fn make_key(&self) {
        let home = self.path().join("gpg");
        fs::create_dir(&home).expect("made");
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).expect("a mode");
        let gpg = || {
            let mut command = Command::new("gpg");
            command.arg("--homedir").arg(&home);
            command.args(["--batch", "--quiet", "--passphrase", ""]);
            command.args(["--pinentry-mode", "loopback"]);
            command
        };
        let user = "practice@example.org";
        done(gpg().args(["--quick-generate-key", user, "ed25519", "sign", "never"]));
        let exported = gpg().args(["--armor", "--export", user]).output();
        fs::write(self.key(), exported.expect("gpg starts").stdout).expect("written");
        self.end_agent();
    }

    /// Ends what `gpg` leaves running.
    fn end_agent(&self) {
        let mut command = Command::new("gpgconf");
        command.arg("--homedir").arg(self.path().join("gpg"));
        command.args(["--kill", "gpg-agent"]);
        command.output().expect("gpgconf starts");
    }
}

fn done(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}");
}

const BASE: &str = "Name: base\nVersion: 1\nRelease: 1\nSummary: a stand-in for a system\nLicense: none\nProvides: /bin/sh\n%description\n\
    A stand-in.\n%files\n";

const SPEC: &str = r"Name: NAME
Version: VERSION
Release: 1
Summary: a stand-in for Kong
License: none
AutoReqProv: no
%global __os_install_post %{nil}
%global _build_id_links none
%description
A stand-in.
%install
mkdir -p %{buildroot}/usr/local/bin %{buildroot}/etc/kong
cp PROGRAM %{buildroot}/usr/local/bin/kong
echo '# kong.conf.default of VERSION' > %{buildroot}/etc/kong/kong.conf.default
%post
POST
%files
%attr(0755, root, root) /usr/local/bin/kong
%config(noreplace) %attr(0644, root, root) /etc/kong/kong.conf.default
";
