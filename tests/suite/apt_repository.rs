//! A signed repository of stand-in packages in a temporary directory, for machines that are a directory each: [`crate::apt_root`].

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use crate::apt_package::{AptPackage, Flaw, Making, architecture, checksum, write};
use crate::harness::short_directory;

/// How the repository is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Good,
    /// The text was changed after it was signed.
    Broken,
    /// With a key that no machine has.
    Foreign,
    /// Not at all.
    Absent,
    /// Well, and until a day that is over.
    Expired,
}

/// The repository; it ends when dropped.
pub(crate) struct AptRepository {
    directory: tempfile::TempDir,
    packages: Mutex<Vec<AptPackage>>,
}

impl AptRepository {
    /// One with these packages and versions; `contents` is the text of `/usr/local/bin/kong` in each.
    ///
    /// Nothing, with the reason printed, where the tools are missing.
    pub(crate) fn build(
        packages: &[(&str, &str)],
        contents: impl Fn(&str, &str) -> String,
    ) -> Option<Self> {
        for tool in ["apt-get", "dpkg-deb", "gpg", "gpgconf", "sha256sum"] {
            let found = Command::new(tool).arg("--version").output();
            if !found.is_ok_and(|found| found.status.success()) {
                println!("skipped: `{tool}` is not installed");
                return None;
            }
        }
        let directory = tempfile::Builder::new()
            .prefix("cutover-apt-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(short_directory())
            .expect("a directory");
        let repository = Self {
            directory,
            packages: Mutex::new(Vec::new()),
        };
        repository.make_keys();
        for (name, version) in packages {
            repository.build_package(&Making {
                name,
                version,
                flaw: Flaw::None,
                program: &contents(name, version),
            });
        }
        repository.publish(Signature::Good);
        Some(repository)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Adds a package to what is published.
    pub(crate) fn add(&self, making: &Making) {
        self.build_package(making);
        self.publish(Signature::Good);
    }

    /// Takes a version from the repository, as the vendors' do with old ones.
    pub(crate) fn drop_version(&self, name: &str, version: &str) {
        fs::remove_file(self.archive(name, version)).expect("removed");
        let mut packages = self.packages.lock().expect("not poisoned");
        packages.retain(|package| package.name != name || package.version != version);
        drop(packages);
        self.publish(Signature::Good);
    }

    /// The file of a version.
    pub(crate) fn archive(&self, name: &str, version: &str) -> PathBuf {
        let packages = self.packages.lock().expect("not poisoned");
        let mut all = packages.iter();
        let found = all.find(|package| package.name == name && package.version == version);
        self.path().join(&found.expect("it was built").archive)
    }

    /// Writes the index and signs it.
    pub(crate) fn publish(&self, signature: Signature) {
        let packages = self.packages.lock().expect("not poisoned");
        let entries = packages.iter().map(|package| package.entry(self.path()));
        let index = entries.collect::<String>();
        drop(packages);
        let path = write(self.path(), "Packages", 0o644, &index);
        // It was valid for a day, in a year that is over.
        let valid = match signature {
            Signature::Expired => "Thu, 02 Jan 2020 00:00:00 UTC",
            _ => "Thu, 02 Jan 2200 00:00:00 UTC",
        };
        let release = format!(
            "Origin: Practice\nLabel: Practice\nSuite: stable\nCodename: practice\n\
             Date: Wed, 01 Jan 2020 00:00:00 UTC\nValid-Until: {valid}\nArchitectures: {}\n\
             SHA256:\n {} {} Packages\n",
            architecture(),
            checksum(&path),
            index.len()
        );
        self.sign(&release, signature);
    }

    fn sign(&self, release: &str, signature: Signature) {
        let path = write(self.path(), "Release", 0o644, release);
        let signed = self.path().join("InRelease");
        let _ = fs::remove_file(&signed);
        let user = match signature {
            Signature::Absent => return,
            Signature::Foreign => "foreign@example.org",
            _ => "practice@example.org",
        };
        let arguments = ["--local-user", user, "--clearsign", "--output"];
        let mut all: Vec<&Path> = arguments.iter().map(Path::new).collect();
        all.extend([signed.as_path(), path.as_path()]);
        self.gpg(&all);
        self.end_agent();
        if signature == Signature::Broken {
            let text = fs::read_to_string(&signed).expect("signed");
            let changed = text.replace("Label: Practice", "Label: Practise");
            fs::write(&signed, changed).expect("written");
        }
    }

    /// What a machine that trusts this repository has in a keyring of its own.
    pub(crate) fn key(&self) -> PathBuf {
        self.path().join("practice.gpg")
    }

    fn make_keys(&self) {
        let home = self.path().join("gpg");
        fs::create_dir(&home).expect("made");
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).expect("a mode");
        for user in ["practice@example.org", "foreign@example.org"] {
            let arguments = ["--quick-generate-key", user, "ed25519", "sign", "never"];
            self.gpg(&arguments.map(Path::new));
        }
        let arguments = ["--export", "practice@example.org"];
        let key = self.gpg(&arguments.map(Path::new));
        fs::write(self.key(), key.stdout).expect("written");
        self.end_agent();
    }

    fn gpg(&self, arguments: &[&Path]) -> Output {
        let output = Command::new("gpg")
            .arg("--homedir")
            .arg(self.path().join("gpg"))
            .args(["--batch", "--quiet", "--passphrase", ""])
            .args(["--pinentry-mode", "loopback"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("gpg starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        output
    }

    /// Ends what `gpg` leaves running, and what it may have made beside its home.
    fn end_agent(&self) {
        let home = self.path().join("gpg");
        for last in [&["--kill", "gpg-agent"][..], &["--remove-socketdir"]] {
            let mut command = Command::new("gpgconf");
            command.arg("--homedir").arg(&home).args(last);
            // There is no directory of sockets to remove where they are in the home.
            command.output().expect("gpgconf starts");
        }
    }

    fn build_package(&self, making: &Making) {
        let package = AptPackage::build(self.path(), making);
        self.packages.lock().expect("not poisoned").push(package);
    }
}
