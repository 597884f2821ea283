//! Playbooks that attack whoever runs them, each through the whole program: `tests/hostile/FAMILY/NAME.rhai`.
//!
//! A script's first line says how it must end, `// expect: ENDING`, and may add ` – ` and words that must be told. Whatever a script
//! does: the program comes to an end of its own, takes back what was done, keeps to the budgets and shows nothing that could repaint
//! a screen. What a script cannot hold in a few lines is written `{{TEXT*COUNT}}`, so many of a text, `{{U+XXXX}}`, a character that
//! must not stand in a file, or `{{BEGIN}}`, where the playbook begins.

mod bounds;
mod expectation;
mod primitives;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::harness::{Finished, RUN, Test, told};
use crate::practice_cluster::everything;
use bounds::{Watched, watched};
use expectation::Expectation;

/// What a hostile playbook is granted, and what it may use up.
const ENVIRONMENT: &str = "[grants]\nprotected = true\nallow = [\"practice.*\", \"node.exec:victim: /bin/echo {name}\", \"node.exec:victim: /bin/true\", \"node.exec:/usr/bin/tail -n {number} {path:/var/log/kong}\"]\ndeny = [\"practice.remove\"]\n[budgets]\noperations = 300000\nmemory_mib = 64\nseconds = 3\nsteps = 200\nsent_mib = 2\nmessages_per_second = 2000\ndepth = 64\n[[clusters.attacked.nodes]]\nname = \"victim\"\nconf = \"/none\"\nprefix = \"/none\"\npackages = { prefix = \"/none\" }\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n[[clusters.attacked.nodes]]\nname = \"other\"\nconf = \"/none\"\nprefix = \"/none\"\npackages = { prefix = \"/none\" }\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n";

/// What the script's process may take of memory of its own, in KiB: the budget, and the little that is there before a line is read.
/// The pages of the binary and its libraries come on top, 21 MiB as it is shipped: together that is within the budget and 32 MiB.
const PEAK: u64 = (64 + 4) << 10;

/// What the script's own time may come to, in seconds: its budget, and what the program needs to notice.
const SECONDS: u64 = 3 + 1;

/// How long a command may take, on a busy machine.
const WALL: Duration = Duration::from_secs(30);

/// How much a command may tell, in bytes: a long line or a long failure of the playbook is quoted whole, and more than once.
const TOLD: usize = 3 << 20;

/// What lies beside the playbook and must not be reached.
const SECRET: &str = "the secret beside the store";

/// The families, each a directory.
const FAMILIES: [&str; 14] = [
    "commands",
    "cpu",
    "errors",
    "grants",
    "imports",
    "memory",
    "network",
    "nondeterminism",
    "parser",
    "paths",
    "pipe",
    "screens",
    "shadowing",
    "stack",
];

/// One script.
struct Hostile {
    family: &'static str,
    name: String,
    path: PathBuf,
}

impl Hostile {
    fn text(&self) -> String {
        fs::read_to_string(&self.path).expect("read")
    }

    /// A directory of its own with the script as the playbook, its family's modules, and links that lead out.
    fn test(&self) -> Test {
        let text = expectation::expanded(&self.text());
        let mut test = Test::new()
            .environment(ENVIRONMENT)
            .playbook(&text)
            .file("secret.txt", SECRET)
            .file("outside/module.rhai", "fn secret() { \"out\" }");
        let modules = self.path.with_file_name("beside");
        for (name, text) in scripts(&modules) {
            test = test.file(&format!("folder/{name}"), &text);
        }
        let folder = test.path("folder");
        fs::create_dir_all(&folder).expect("made");
        fs::rename(test.path("playbook.rhai"), folder.join("playbook.rhai")).expect("moved");
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, folder.join(name)).expect("linked");
        };
        link("../outside/module.rhai", "linked.rhai");
        link("../outside", "linked_folder");
        link("/proc/self/environ", "environ.rhai");
        test
    }
}

/// The files of a directory that are scripts, with their texts.
fn scripts(directory: &Path) -> Vec<(String, String)> {
    let script = |(name, _): &(String, String)| {
        Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "rhai")
    };
    names(directory)
        .into_iter()
        .map(|name| {
            let text = fs::read_to_string(directory.join(&name)).expect("read");
            (name, text)
        })
        .filter(script)
        .collect()
}

/// The names of the files of a directory, in order; none if it is not there.
fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("listed"))
        .filter(|entry| entry.file_type().expect("known").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile")
}

/// The scripts of a family, in order.
fn scripts_of(family: &'static str) -> Vec<Hostile> {
    let directory = root().join(family);
    names(&directory)
        .into_iter()
        .map(|name| Hostile {
            family,
            path: directory.join(&name),
            name,
        })
        .collect()
}

/// Runs every script of a family, and tells how many there were and what they took; where the variable `HOSTILE` is set, only those
/// with such a name, and of each.
fn runs(family: &'static str) -> String {
    let only = std::env::var("HOSTILE").unwrap_or_default();
    let (mut count, mut most, mut longest) = (0, 0, Duration::ZERO);
    let mut wrong = String::new();
    for (place, script) in scripts_of(family).into_iter().enumerate() {
        if !script.name.contains(&only) {
            continue;
        }
        let views = everything() || !only.is_empty() || place % 3 == 0;
        let watched = run(&script, views, &mut wrong);
        if !only.is_empty() {
            println!(
                "{}: {} MiB, {} ms",
                script.name,
                watched.peak >> 10,
                watched.wall.as_millis()
            );
        }
        count += 1;
        most = most.max(watched.peak);
        longest = longest.max(watched.wall);
    }
    println!(
        "{family}: {count} scripts, at most {} MiB and {} ms",
        most >> 10,
        longest.as_millis()
    );
    wrong
}

/// Runs one script and writes down what is not as it must be; of one that attacks screens in every view of it, or in that of the run.
fn run(script: &Hostile, views: bool, wrong: &mut String) -> Watched {
    let test = script.test();
    let before = listing(&test);
    let watched = watched(&test, &["run", "folder/playbook.rhai", "--run-id", RUN]);
    let mut problems = judged(script, &test, &watched);
    if listing(&test) != before {
        problems.push(format!("files outside of the store: {:?}", listing(&test)));
    }
    if script.family == "screens" && views {
        problems.extend(viewed(&test));
    }
    if script.family == "nondeterminism" {
        let again = script.test();
        let second = again.cutover(&["run", "folder/playbook.rhai", "--run-id", RUN]);
        if told(&second) != told(&watched.finished) || again.world() != test.world() {
            problems.push(format!("a second run differs: {}", told(&second)));
        }
    }
    if !problems.is_empty() {
        let _ = writeln!(
            wrong,
            "\n=== {}/{}: {}\n{}",
            script.family,
            script.name,
            problems.join("; "),
            shortened(&told(&watched.finished))
        );
    }
    watched
}

/// What is not as it must be once the script has run.
fn judged(script: &Hostile, test: &Test, watched: &Watched) -> Vec<String> {
    let expectation = Expectation::of(&script.text());
    let mut problems = match &expectation {
        Ok(expectation) => expectation.missed(&watched.finished),
        Err(problem) => vec![problem.clone()],
    };
    let finished = &watched.finished;
    if finished.status == 1 || finished.status >= 128 {
        problems.push(format!("no end of its own: {}", finished.status));
    }
    if watched.wall > WALL {
        problems.push(format!("took {:?}", watched.wall));
    }
    if watched.peak > PEAK {
        problems.push(format!("took {} KiB", watched.peak));
    }
    if bounds::seconds(test).is_some_and(|seconds| seconds > SECONDS) {
        problems.push("more time of its own than its budget".to_owned());
    }
    let length = finished.stdout.len() + finished.stderr.len();
    if length > TOLD {
        problems.push(format!("told {length} bytes"));
    }
    let left = test.world();
    // What is not as it was found, and what the playbook itself did on the way back, is told in the verdict.
    let told_of = ["is not as it was found", "closures of the way back did"];
    let told_of = told_of.iter().any(|words| finished.stdout.contains(words));
    if finished.status != 0 && !left.is_empty() && !told_of {
        problems.push(format!("left {left:?}"));
    }
    problems.extend(repainted(finished));
    problems
}

/// Every other view of the run, and of the playbook.
fn viewed(test: &Test) -> Vec<String> {
    let commands: [&[&str]; 6] = [
        &["show", RUN],
        &["explain", RUN],
        &["list"],
        &["check", "folder/playbook.rhai"],
        &["plan", "folder/playbook.rhai"],
        &["drill", "folder/playbook.rhai"],
    ];
    let views = commands.iter().flat_map(|arguments| {
        let finished = test.cutover(arguments);
        let mut problems = repainted(&finished);
        if finished.status == 1 || finished.status >= 128 {
            problems.push(format!("no end of its own: {}", told(&finished)));
        }
        let named = |problem| format!("`{}`: {problem}", arguments.join(" "));
        problems.into_iter().map(named).collect::<Vec<_>>()
    });
    views.collect()
}

/// What of the output could deceive whoever reads it.
fn repainted(finished: &Finished) -> Vec<String> {
    let Finished {
        status,
        stdout,
        stderr,
    } = finished;
    let mut problems = Vec::new();
    let shown = format!("{stdout}\n{stderr}");
    let repaints = |c: &char| {
        let direction = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        direction || (c.is_control() && *c != '\n')
    };
    if let Some(found) = shown.chars().find(repaints) {
        problems.push(format!("U+{:04X} is shown", u32::from(found)));
    }
    // No run has so many steps.
    let forged = |line: &str| {
        line.starts_with("done after") && *status != 0 || line.trim_start().starts_with("9999 ✓")
    };
    if let Some(line) = shown.lines().find(|line| forged(line)) {
        problems.push(format!("a line is forged: {line}"));
    }
    problems
}

/// Every file and link of the test's directory that is not in the store.
fn listing(test: &Test) -> Vec<(PathBuf, Option<String>)> {
    let mut waiting = vec![test.path("")];
    let mut found = Vec::new();
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).expect("listed") {
            let entry = entry.expect("listed");
            let kind = entry.file_type().expect("known");
            if !kind.is_dir() {
                let text = kind.is_file().then(|| fs::read_to_string(entry.path()));
                found.push((entry.path(), text.map(|text| text.expect("read"))));
            } else if entry.file_name() != "store" {
                waiting.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// The beginning and the end of a text that may be long.
fn shortened(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= 3_000 {
        return text.to_owned();
    }
    let begin: String = characters[..1_000].iter().collect();
    let end: String = characters[characters.len() - 1_000..].iter().collect();
    format!("{begin}\n[…]\n{end}")
}

macro_rules! families {
    ($($family:ident),+) => {
        $(
            #[test]
            fn $family() {
                let wrong = runs(stringify!($family));
                assert!(wrong.is_empty(), "{wrong}");
            }
        )+
    };
}

families!(
    commands,
    cpu,
    errors,
    grants,
    imports,
    memory,
    network,
    nondeterminism,
    parser,
    paths,
    pipe,
    screens,
    shadowing,
    stack
);

#[test]
fn there_are_many_and_each_says_how_it_must_end() {
    let all: Vec<Hostile> = FAMILIES.into_iter().flat_map(scripts_of).collect();
    assert!(all.len() >= 150, "{}", all.len());
    for script in &all {
        let text = script.text();
        if let Err(problem) = Expectation::of(&text) {
            panic!("{}: {problem}", script.path.display());
        }
        let script = script.path.extension();
        assert!(script.is_some_and(|extension| extension == "rhai"));
    }
    let entries = fs::read_dir(root()).expect("listed");
    let mut directories: Vec<String> = entries
        .map(|entry| entry.expect("listed").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    directories.sort();
    assert_eq!(directories, FAMILIES);
}
