//! Stand-in packages, made by `dpkg-deb`: Kong's program and configuration, and what can be wrong with a package.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is wrong with a package.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    /// It is for other machines.
    Architecture,
    /// Its `postinst` fails.
    Postinst,
    /// Its archive is larger than any disk, as the repository says.
    ArchiveSize,
    /// It unpacks [`BIG`], which is [`BIG_SIZE`] bytes long.
    UnpackedSize,
    /// It says itself that it takes more than any disk once it is unpacked.
    InstalledSize,
}

/// A file that only a package too big for its disk has.
pub(crate) const BIG: &str = "usr/local/share/kong/big";

/// Larger than the disk of [`crate::apt_root::AptRoot::run_with_little_space`].
const BIG_SIZE: usize = 1 << 20;

/// Larger than any disk, in bytes.
const LARGER_THAN_ANY_DISK: u64 = 1 << 50;

/// What `postinst` does in all of them: it starts a service, as Debian's packages do, though Kong's do not.
///
/// By files a test asks it for the end of dpkg, and to wait until the file is gone; it tells that it waits by another one.
const POSTINST: &str = r#"#!/bin/sh
set -e
if [ "$1" = configure ] && [ -e "$DPKG_ROOT/kill-in-postinst" ]; then
    rm "$DPKG_ROOT/kill-in-postinst"
    kill -9 $PPID
    sleep 5
fi
while [ -e "$DPKG_ROOT/wait-in-postinst" ]; do
    touch "$DPKG_ROOT/waits"
    sleep 0.02
done
if command -v invoke-rc.d >/dev/null; then invoke-rc.d kong start || true; fi
"#;

const FAILING_POSTINST: &str = "#!/bin/sh\necho 'kong: no room for the user' >&2\nexit 3\n";

/// What a package is made of.
pub(crate) struct Making<'all> {
    pub(crate) name: &'all str,
    pub(crate) version: &'all str,
    pub(crate) flaw: Flaw,
    /// The text of `/usr/local/bin/kong`.
    pub(crate) program: &'all str,
}

/// An archive in the repository.
pub(crate) struct AptPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Below the repository.
    pub(crate) archive: String,
    flaw: Flaw,
    control: String,
}

impl AptPackage {
    /// Builds it into `repository`.
    pub(crate) fn build(repository: &Path, making: &Making) -> Self {
        let &Making {
            name,
            version,
            flaw,
            ..
        } = making;
        let architecture = match (flaw, architecture().as_str()) {
            (Flaw::Architecture, "amd64") => "arm64".to_owned(),
            (Flaw::Architecture, _) => "amd64".to_owned(),
            (_, own) => own.to_owned(),
        };
        let size = match flaw {
            Flaw::InstalledSize => format!("Installed-Size: {}\n", LARGER_THAN_ANY_DISK / 1024),
            _ => String::new(),
        };
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n{size}{}\
             Maintainer: Practice <practice@example.org>\nSection: default\nPriority: extra\nDescription: a stand-in for Kong\n",
            relations(name)
        );
        let package = Self {
            name: name.to_owned(),
            version: version.to_owned(),
            archive: format!("pool/{name}_{version}_{architecture}.deb"),
            flaw,
            control,
        };
        let tree = tempfile::tempdir_in(repository).expect("a directory");
        package.fill(tree.path(), making.program);
        let archive = repository.join(&package.archive);
        fs::create_dir_all(archive.parent().expect("in the pool")).expect("made");
        let built = Command::new("dpkg-deb")
            .args(["-Zgzip", "--build", "--root-owner-group"])
            .args([tree.path(), &archive])
            .stdout(Stdio::null())
            .status();
        assert!(built.expect("dpkg-deb starts").success());
        package
    }

    fn fill(&self, tree: &Path, program: &str) {
        fs::set_permissions(tree, fs::Permissions::from_mode(0o755)).expect("a mode");
        let defaults = format!("# kong.conf.default of {}\n", self.version);
        let postinst = match self.flaw {
            Flaw::Postinst => FAILING_POSTINST,
            _ => POSTINST,
        };
        write(tree, "usr/local/bin/kong", 0o755, program);
        write(tree, "etc/kong/kong.conf.default", 0o644, &defaults);
        if self.flaw == Flaw::UnpackedSize {
            write(tree, BIG, 0o644, &"x".repeat(BIG_SIZE));
        }
        write(tree, "DEBIAN/control", 0o644, &self.control);
        let conffiles = "/etc/kong/kong.conf.default\n";
        write(tree, "DEBIAN/conffiles", 0o644, conffiles);
        write(tree, "DEBIAN/postinst", 0o755, postinst);
    }

    /// What the repository's index says of it.
    pub(crate) fn entry(&self, repository: &Path) -> String {
        let archive = repository.join(&self.archive);
        let size = match self.flaw {
            Flaw::ArchiveSize => LARGER_THAN_ANY_DISK,
            _ => fs::metadata(&archive).expect("an archive").len(),
        };
        format!(
            "{}Filename: {}\nSize: {size}\nSHA256: {}\n\n",
            self.control,
            self.archive,
            checksum(&archive)
        )
    }
}

/// As Kong's own packages declare them: the two editions share a file, and neither gives way to the other.
fn relations(name: &str) -> &'static str {
    if name == "kong-enterprise-edition" {
        "Provides: kong, luarocks\n\
         Replaces: kong-community-edition, kong-enterprise-edition-fips\n\
         Conflicts: kong-community-edition, kong-enterprise-edition-fips\n"
    } else {
        "Provides: luarocks\n"
    }
}

/// This machine's, as dpkg calls it.
pub(crate) fn architecture() -> String {
    printed(Command::new("dpkg").arg("--print-architecture"))
}

/// SHA-256, in hexadecimal digits.
pub(crate) fn checksum(path: &Path) -> String {
    let printed = printed(Command::new("sha256sum").arg(path));
    printed.split(' ').next().expect("a checksum").to_owned()
}

fn printed(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A file with the folders above it.
pub(crate) fn write(root: &Path, name: &str, mode: u32, text: &str) -> PathBuf {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("below the root")).expect("made");
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    path
}
