//! How much memory asking hostile servers takes: the client is a process of its own, whose high-water mark is read, and set back, for each.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::hostile_http::{Hostile, LARGEST_BODY, Outcome, Servers, servers};
use super::http_client::{ask, trust};
use crate::practice_cluster::everything;

/// What the client may take for one server beyond what it has once it asked another, in KiB: a body as bytes, as text and decompressed,
/// what an encrypted connection takes, and what it sends itself, as it was written and as it is sent.
fn most(hostile: &Hostile) -> u64 {
    let kibibytes = |bytes: usize| bytes as u64 / 1024;
    16 * kibibytes(LARGEST_BODY) + 3 * kibibytes(hostile.wanted.body)
}

/// The server that is asked first.
const FIRST: &str = "http-1.0";

/// Begins the lines that the client answers.
const ANSWER: &str = "took ";

/// A number of `/proc/self/status`, in KiB.
fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("there is one");
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

/// The client: asks what each line of its input says, and answers how much more memory it took at most than it
/// had once the first was asked.
#[test]
#[ignore = "it is started by the test below"]
fn the_client() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let directory = std::env::var_os("CUTOVER_TEST_DIRECTORY_OF_CLIENT").expect("given");
    let mut begun = None;
    for line in std::io::stdin().lines() {
        let line = line.expect("text");
        let (name, url) = line.split_once(' ').expect("two words");
        let hostile = servers().find(|server| server.name == name).expect("there");
        // Where a system cannot set the mark back, it is that of all servers before, and must be as low.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let _ = ask(hostile, url, directory.as_ref());
        let begun = *begun.get_or_insert_with(|| status("VmRSS:"));
        println!("{ANSWER}{}", status("VmHWM:").saturating_sub(begun));
    }
}

#[test]
fn no_hostile_server_makes_the_client_take_much_memory() {
    let waits = |server: &&Hostile| matches!(server.expect, Outcome::Failure("http.timeout", _));
    let (slow, quick): (Vec<&Hostile>, Vec<&Hostile>) = servers().partition(waits);
    let asked = if everything() {
        [quick, slow].concat()
    } else {
        println!(
            "skipped: {} servers that answer too late; set CUTOVER_TEST_ALL for them",
            slow.len()
        );
        quick
    };
    let directory = tempfile::tempdir().expect("a directory");
    let mut client = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "http_client_memory::the_client",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env("CUTOVER_TEST_DIRECTORY_OF_CLIENT", directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut say = client.stdin.take().expect("piped");
    let mut lines = BufReader::new(client.stdout.take().expect("piped")).lines();
    let mut taken: Vec<(u64, &Hostile)> = Vec::new();
    let (first, mut others): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|server| server.name == FIRST);
    // What an allocator keeps of a long body is no server's that comes after, so those who are sent one come last.
    others.sort_by_key(|server: &&Hostile| server.wanted.body);
    for hostile in [first, others].concat() {
        let running = Servers::start(hostile);
        trust(&running, directory.path());
        writeln!(say, "{} {}", hostile.name, running.url).expect("said");
        let mut answers = lines.by_ref().map_while(Result::ok);
        let took = answers.find_map(|line| line.split_once(ANSWER)?.1.parse().ok());
        taken.push((took.expect("the client answers"), hostile));
    }
    drop(say);
    assert!(client.wait().expect("ended").success());
    taken.sort_unstable_by_key(|(took, _)| std::cmp::Reverse(*took));
    let told = |taken: &[(u64, &Hostile)]| {
        let each = taken.iter().map(|(took, of)| format!("{} {took}", of.name));
        each.collect::<Vec<_>>().join(", ")
    };
    println!(
        "{} servers; the most memory, in KiB: {}",
        taken.len(),
        told(&taken[..8])
    );
    taken.retain(|(took, hostile)| *took > most(hostile));
    assert!(taken.is_empty(), "{}", told(&taken));
}
