//! The real apt and dpkg, kept within one directory: the configuration that does it, and programs that apply it.

use std::fs;
use std::path::Path;

use crate::apt_package::{architecture, write};

/// Where programs are looked for after the directory's own.
pub(crate) const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The places that apt and dpkg want to find.
const PLACES: [&str; 11] = [
    "root/var/lib/dpkg/info",
    "root/var/lib/dpkg/updates",
    "root/var/lib/dpkg/triggers",
    "root/var/lib/apt/lists/partial",
    "root/var/cache/apt/archives/partial",
    "root/var/log/apt",
    "root/etc/apt/apt.conf.d",
    "root/etc/apt/preferences.d",
    "root/etc/apt/sources.list.d",
    "root/usr/sbin",
    "root/tmp",
];

/// Makes an empty machine in `directory/root`, and in `directory/programs` what works on it and on nothing else.
pub(crate) fn keep_within(directory: &Path) {
    for place in PLACES {
        fs::create_dir_all(directory.join(place)).expect("made");
    }
    write(directory, "root/var/lib/dpkg/status", 0o644, "");
    configure(directory);
    write_programs(directory);
}

/// What keeps dpkg there. Scripts of packages run as programs of this machine, with the root's name in `DPKG_ROOT`.
fn options(directory: &Path) -> [String; 5] {
    let root = directory.join("root");
    let root = root.display();
    [
        format!("--root={root}"),
        format!("--log={root}/var/log/dpkg.log"),
        "--force-script-chrootless".to_owned(),
        "--force-not-root".to_owned(),
        "--force-unsafe-io".to_owned(),
    ]
}

/// Writes what `APT_CONFIG` is to name: that file is read before the machine's own are looked for, which are then the root's.
fn configure(directory: &Path) {
    let options = options(directory).map(|option| format!("\"{option}\"; "));
    let (shown, architecture) = (directory.display(), architecture());
    let text = format!(
        "Dir \"{shown}/root/\";\n\
         Dir::Etc \"etc/apt/\";\nDir::State \"var/lib/apt/\";\nDir::Cache \"var/cache/apt/\";\nDir::Log \"var/log/apt/\";\n\
         Dir::State::status \"{shown}/root/var/lib/dpkg/status\";\n\
         APT::Architecture \"{architecture}\";\nAPT::Architectures {{ \"{architecture}\"; }};\n\
         APT::Sandbox::User \"\";\nDPkg::Path \"{shown}/inner:{PROGRAMS}\";\nDPkg::Options {{ {}}};\n",
        options.concat()
    );
    write(directory, "apt.conf", 0o644, &text);
}

fn write_programs(directory: &Path) {
    let shown = directory.display().to_string();
    let program = |name: &str, text: &str| {
        write(directory, name, 0o755, &format!("#!/bin/sh\n{text}\n"));
    };
    for name in ["apt-get", "apt-cache", "apt-mark", "apt-config"] {
        let text = format!("APT_CONFIG={shown}/apt.conf exec /usr/bin/{name} \"$@\"");
        program(&format!("programs/{name}"), &text);
    }
    let options = options(directory).join(" ");
    let path = format!("PATH={shown}/inner:{PROGRAMS}");
    let dpkg = format!("{path} exec /usr/bin/dpkg {options} \"$@\"");
    program("programs/dpkg", &dpkg);
    let query = format!("exec /usr/bin/dpkg-query --admindir={shown}/root/var/lib/dpkg \"$@\"");
    program("programs/dpkg-query", &query);
    program("programs/dpkg-deb", "exec /usr/bin/dpkg-deb \"$@\"");
    program("inner/dpkg-deb", &UNPACKER.replace("ROOT", &shown));
    program("inner/invoke-rc.d", &STARTER.replace("ROOT", &shown));
}

/// Unpacks for dpkg, and waits or kills it half-way where a test asks for that: the first kilobytes are the
/// configuration, and not the program.
const UNPACKER: &str = r#"case "$*" in
*--fsys-tarfile*)
    while [ -e ROOT/root/wait-in-unpack ]; do
        touch ROOT/root/waits
        sleep 0.02
    done
    if [ -e ROOT/root/kill-in-unpack ]; then
        rm ROOT/root/kill-in-unpack
        /usr/bin/dpkg-deb "$@" | head -c 4000
        turns=0
        until [ -e ROOT/root/etc/kong/kong.conf.default.dpkg-new ] || [ "$turns" -gt 1000 ]; do
            sleep 0.01
            turns=$((turns + 1))
        done
        kill -9 $PPID
        exit 1
    fi
    ;;
esac
exec /usr/bin/dpkg-deb "$@""#;

/// What Debian's `invoke-rc.d` does with the answer of `policy-rc.d`; here to start a service is a line in a file.
const STARTER: &str = r#"policy=ROOT/root/usr/sbin/policy-rc.d
code=0
if [ -x "$policy" ]; then "$policy" "$@" || code=$?; fi
if [ "$code" -eq 101 ]; then
    echo "invoke-rc.d: policy-rc.d denied execution of $2." >&2
    exit 0
fi
echo "$@" >> ROOT/root/started"#;
