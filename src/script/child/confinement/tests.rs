//! The layers, tried from inside: this test binary starts itself once more, confines itself as the script's process does, and what
//! runs then tries to get out.

use std::io::Write as _;
use std::process::Command;

use super::{confined, landlock, seccomp};
use crate::environment::Budgets;
use crate::journal::{Layer, Sandbox};

/// Says to the second process which of the payloads it is.
const PAYLOAD: &str = "CUTOVER_TEST_PAYLOAD";

/// The line in front of what a payload found.
const FOUND: &str = "found:";

/// The line behind it.
const END: &str = "\n:end";

/// Starts this test again as `payload`, and answers what that said.
fn in_confinement(payload: &str) -> String {
    let itself = std::env::current_exe().expect("known");
    let output = Command::new(itself)
        .args(["--exact", "script::child::confinement::tests::payload"])
        .args(["--nocapture", "--test-threads=1"])
        .env(PAYLOAD, payload)
        .output()
        .expect("started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = text.split_once(FOUND).map(|(_, found)| found);
    let found = found.unwrap_or_else(|| panic!("{}: {text}", output.status));
    let end = found.find(END).expect("a payload that came to its end");
    found[..end].to_owned()
}

/// What the second process does. In the first one it does nothing.
#[test]
fn payload() {
    let Ok(payload) = std::env::var(PAYLOAD) else {
        return;
    };
    let said = match payload.as_str() {
        "all" => confined(Budgets::default(), |sandbox| {
            format!("{}\n{}", told(&sandbox), attempts())
        })
        .expect("no panic"),
        "landlock" => match landlock::enforce() {
            Layer::Absent(why) => format!("absent: {why}"),
            Layer::Active | Layer::Version(_) => files(),
        },
        "seccomp" => match seccomp::enforce() {
            Ok(()) => attempts(),
            Err(why) => format!("absent: {why}"),
        },
        "memory" => confined(
            Budgets {
                memory_mib: 1,
                ..Budgets::default()
            },
            |_| hoard(),
        )
        .expect("no panic"),
        other => panic!("no such payload: {other}"),
    };
    let mut output = std::io::stdout();
    let _ = writeln!(output, "{FOUND}{said}{END}");
    let _ = output.flush();
}

fn told(sandbox: &Sandbox) -> String {
    let lacking: Vec<&str> = sandbox.lacking().map(|(name, _)| name).collect();
    format!("lacking: {}", lacking.join(", "))
}

/// Everything that a payload tries, one a line with what came of it.
fn attempts() -> String {
    format!("{}\n{}\n{}", files(), sockets(), processes())
}

fn files() -> String {
    lines([
        ("read /etc/passwd", outcome(std::fs::read("/etc/passwd"))),
        (
            "read /proc/self/environ",
            outcome(std::fs::read("/proc/self/environ")),
        ),
        ("list /proc", outcome(std::fs::read_dir("/proc"))),
        ("list /", outcome(std::fs::read_dir("/"))),
        (
            "write /tmp/escaped",
            outcome(std::fs::write("/tmp/escaped", "x")),
        ),
        (
            "make /tmp/escaped-too",
            outcome(std::fs::create_dir("/tmp/escaped-too")),
        ),
        (
            "remove /tmp/escaped",
            refused_or_absent(std::fs::remove_file("/tmp/escaped")),
        ),
    ])
}

fn sockets() -> String {
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::{UnixDatagram, UnixStream};
    lines([
        ("listen", outcome(TcpListener::bind("127.0.0.1:0"))),
        ("connect", outcome(TcpStream::connect("127.0.0.1:9"))),
        ("datagram", outcome(UdpSocket::bind("127.0.0.1:0"))),
        ("socket pair", outcome(UnixStream::pair())),
        ("unix datagram", outcome(UnixDatagram::unbound())),
    ])
}

#[expect(
    deprecated,
    reason = "the other one is unsafe for the sake of a flag that is not used here"
)]
fn processes() -> String {
    let namespaces = rustix::thread::UnshareFlags::NEWUSER;
    lines([
        (
            "start a program",
            outcome(Command::new("/bin/true").status()),
        ),
        (
            "start a thread",
            outcome(std::thread::Builder::new().spawn(|| {})),
        ),
        (
            "unshare a namespace",
            system(rustix::thread::unshare(namespaces)),
        ),
        (
            "signal a process",
            system(rustix::process::test_kill_process(
                rustix::process::Pid::INIT,
            )),
        ),
        (
            "raise a limit",
            system(rustix::process::setrlimit(
                rustix::process::Resource::Nofile,
                rustix::process::Rlimit {
                    current: Some(64),
                    maximum: Some(64),
                },
            )),
        ),
        ("change the root", system(rustix::process::chroot("/"))),
        (
            "duplicate a descriptor",
            system(rustix::io::dup(std::io::stdin()).map(drop)),
        ),
        (
            "read from standard error",
            system(rustix::io::read(std::io::stderr(), &mut [0_u8; 1]).map(drop)),
        ),
        (
            "ask what standard error holds",
            system(rustix::io::ioctl_fionread(std::io::stderr()).map(drop)),
        ),
        (
            "ask the input for a terminal",
            system(rustix::termios::tcgetwinsize(std::io::stdin()).map(drop)),
        ),
    ])
}

fn hoard() -> String {
    // The address space ends somewhere, far below what the machine has.
    let mut gib = 0;
    let mut kept: Vec<Vec<u8>> = Vec::new();
    while gib < 64 {
        let mut more = Vec::new();
        if more.try_reserve_exact(1 << 30).is_err() {
            break;
        }
        kept.push(more);
        gib += 1;
    }
    format!("reserved {gib} GiB")
}

fn lines<const N: usize>(attempts: [(&str, String); N]) -> String {
    attempts
        .map(|(what, came)| format!("{what}: {came}"))
        .join("\n")
}

fn outcome<Done>(tried: std::io::Result<Done>) -> String {
    match tried {
        Ok(_) => "DONE".to_owned(),
        Err(error) => match error.kind() {
            std::io::ErrorKind::PermissionDenied => "denied".to_owned(),
            _ => error.to_string(),
        },
    }
}

/// Landlock answers for a file that is not there as any kernel does; a file that is there is denied.
fn refused_or_absent(tried: std::io::Result<()>) -> String {
    match tried {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "denied".to_owned(),
        other => outcome(other),
    }
}

fn system(tried: rustix::io::Result<()>) -> String {
    outcome(tried.map_err(std::io::Error::from))
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn skip(why: &str) {
    println!("skipped: {why}");
}

/// Every line of `said`, which must be a denial; where the layer is absent, nothing is proved and that is said.
fn all_denied(layer: &str, said: &str) {
    if let Some(why) = said.strip_prefix("absent: ") {
        skip(&format!("this kernel has no {layer}: {why}"));
        return;
    }
    let attempts: Vec<&str> = said.lines().filter(|line| line.contains(": ")).collect();
    assert!(attempts.len() >= 5, "{said}");
    for attempt in attempts {
        assert!(attempt.ends_with(": denied"), "{layer}: {attempt}\n{said}");
    }
}

#[test]
fn nothing_is_reached_from_inside() {
    let said = in_confinement("all");
    let (lacking, attempts) = said.split_once('\n').expect("two parts");
    if lacking != "lacking: " {
        skip(&format!("this kernel lacks a layer: {lacking}"));
        return;
    }
    all_denied("sandbox", attempts);
}

#[test]
fn landlock_alone_keeps_files_away() {
    all_denied("Landlock", &in_confinement("landlock"));
}

#[test]
fn seccomp_alone_keeps_files_sockets_and_processes_away() {
    all_denied("seccomp", &in_confinement("seccomp"));
}

#[test]
fn the_address_space_is_bounded() {
    assert_eq!(in_confinement("memory"), "reserved 0 GiB");
}
