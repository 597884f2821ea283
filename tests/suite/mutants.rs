//! Faults put into the model of the world, one at a time: what compares the model with reality, or drills with it, must notice.
//!
//! The mutants are in `tests/mutants`. All of them are woven into one copy of the crate under `target/mutants`, which is built once;
//! a file says which of them its processes are. Only with `CUTOVER_TEST_ALL=1`; `CUTOVER_MUTANTS` names those to try, if not all.

mod table;
mod weave;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use self::table::{Mutated, table};
use self::weave::{CHOICE, weave};
use crate::practice_cluster::everything;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The tests that are to notice, those first that notice most for what they cost: recordings of Kong, drills, and the practice cluster.
/// Each is a run of its own, so that the first that notices is the last to run.
const NOTICERS: [&str; 11] = [
    "model_kong::",
    "drill::broken_",
    "agreement::world::",
    "agreement::seldom::two_versions_",
    "drill::shipped_",
    "agreement::seldom::locks_",
    "agreement::seldom::an_upgrade_",
    "agreement::seldom::as_many_",
    "agreement::seldom::a_",
    "agreement::shipped_",
    "agreement::random_",
];

/// The suite of the copy: the tests that are to notice, with what they need.
const SUITE: &str =
    "mod agreement;\nmod drill;\nmod model_kong;\nmod practice_cluster;\nmod simulated;\n";

#[test]
fn every_mutant_still_applies() {
    let mut names = BTreeSet::new();
    for Mutated { file, mutant } in &table() {
        if let Err(problem) = weave(&original(file), mutant) {
            panic!("{file}: {problem}");
        }
        for one in mutant {
            assert!(names.insert(one.name.clone()), "`{}` twice", one.name);
            assert!(one.forgets.ends_with('.'), "`{}`: a sentence", one.name);
            assert!(!one.find.contains(&format!("⟦{}⟧", one.put)));
        }
    }
    assert!(names.len() >= 40, "{} mutants", names.len());
}

#[test]
fn faults_in_the_model_are_noticed() {
    if !everything() {
        println!("skipped: each mutant runs long tests; set CUTOVER_TEST_ALL to try them");
        return;
    }
    let copy = Copy::made();
    let suite = copy.build();
    for noticer in NOTICERS {
        if let Some(why) = copy.notices(&suite, "", noticer) {
            panic!("`{noticer}` fails without any mutant: {why}");
        }
    }
    let wanted = std::env::var("CUTOVER_MUTANTS").ok();
    let chosen = |name: &str| {
        let listed = |names: &String| names.split(' ').any(|one| one == name);
        wanted.as_ref().is_none_or(listed)
    };
    let (mut noticed, mut survivors) = (0, Vec::new());
    for mutant in table().into_iter().flat_map(|file| file.mutant) {
        if !chosen(&mutant.name) {
            continue;
        }
        let found = NOTICERS.into_iter().find_map(|noticer| {
            let why = copy.notices(&suite, &mutant.name, noticer)?;
            Some(format!("noticed by `{noticer}`: {why}"))
        });
        println!(
            "{}: {}",
            mutant.name,
            found.as_deref().unwrap_or("not noticed")
        );
        match found {
            Some(_) => noticed += 1,
            None => survivors.push(format!("{}: {}", mutant.name, mutant.forgets)),
        }
    }
    let all = noticed + survivors.len();
    println!("mutants: {noticed} of {all} noticed");
    for survivor in &survivors {
        println!("not noticed: {survivor}");
    }
    assert!(noticed * 100 >= all * 95, "{}", survivors.join("\n"));
}

fn original(file: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(file)).expect("a file of the crate")
}

/// A copy of the crate with all mutants in it.
struct Copy {
    root: PathBuf,
}

impl Copy {
    /// Brings the copy up to date. What is as it was is not written again, so that little is built again.
    fn made() -> Self {
        let beside = Path::new(ROOT).join("target/mutants");
        let copy = Self {
            root: beside.join("crate"),
        };
        copy.take(Path::new(""));
        // The recordings are found beside the crate, where they are there at all.
        let recordings = beside.join("shared");
        if Path::new(ROOT).join("../shared").exists() && !recordings.exists() {
            std::os::unix::fs::symlink(Path::new(ROOT).join("../shared"), recordings)
                .expect("linked");
        }
        for Mutated { file, mutant } in table() {
            let woven = weave(&original(&file), &mutant);
            copy.write(&file, woven.expect("every mutant applies"));
        }
        copy.write("src/mutant.rs", CHOICE);
        let library = original("src/lib.rs");
        copy.write("src/lib.rs", format!("{library}\npub mod mutant;\n"));
        let main = "fn main() -> ExitCode {";
        let chosen = format!("{main} cutover::mutant::choose();");
        let binary = original("src/main.rs");
        assert_eq!(binary.matches(main).count(), 1);
        copy.write("src/main.rs", binary.replace(main, &chosen));
        copy.write("tests/suite/main.rs", SUITE);
        copy
    }

    /// Takes over a folder of the crate, without what is built, what is kept, and what is written anew.
    fn take(&self, folder: &Path) {
        const WRITTEN: [&str; 3] = ["src/lib.rs", "src/main.rs", "tests/suite/main.rs"];
        let mutated: Vec<String> = table().into_iter().map(|one| one.file).collect();
        self.forget(folder);
        for entry in fs::read_dir(Path::new(ROOT).join(folder)).expect("readable") {
            let entry = entry.expect("readable");
            let path = folder.join(entry.file_name());
            let name = path.to_str().expect("text");
            if ["target", ".git"].contains(&name)
                || WRITTEN.contains(&name)
                || mutated.iter().any(|file| file == name)
            {
                continue;
            }
            if entry.file_type().expect("known").is_dir() {
                self.take(&path);
            } else {
                self.write(name, fs::read(entry.path()).expect("readable"));
            }
        }
    }

    /// Removes what an earlier copy had in a folder and the crate has no more.
    fn forget(&self, folder: &Path) {
        for entry in fs::read_dir(self.root.join(folder)).into_iter().flatten() {
            let entry = entry.expect("readable");
            let path = folder.join(entry.file_name());
            if Path::new(ROOT).join(&path).exists() {
                continue;
            }
            if entry.file_type().expect("known").is_dir() {
                fs::remove_dir_all(entry.path()).expect("removed");
            } else {
                fs::remove_file(entry.path()).expect("removed");
            }
        }
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.root.join(file);
        if fs::read(&path).is_ok_and(|there| there == content.as_ref()) {
            return;
        }
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }

    /// Builds the copy, and says where its suite is.
    fn build(&self) -> PathBuf {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["test", "--locked", "--offline", "--test", "suite"])
            .args([
                "--no-run",
                "--message-format=json-render-diagnostics",
                "--target-dir",
            ])
            .arg(self.root.with_file_name("build"))
            .current_dir(&self.root)
            .output()
            .expect("cargo runs");
        let words = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{words}");
        let executable = String::from_utf8_lossy(&built.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["target"]["name"] == "suite")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from));
        executable.expect("cargo says where the suite is")
    }

    /// Runs the tests of `filter` as the mutant `name`; where they fail, their first words.
    fn notices(&self, suite: &Path, name: &str, filter: &str) -> Option<String> {
        self.write("chosen", name);
        let ended = Command::new(suite)
            .args([OsStr::new(filter), OsStr::new("--nocapture")])
            .env_remove("CUTOVER_TEST_ALL")
            .env("RUST_BACKTRACE", "0")
            .current_dir(&self.root)
            .output()
            .expect("the suite runs");
        let told = String::from_utf8_lossy(&ended.stdout);
        assert!(!told.contains("running 0 tests"), "no test is `{filter}`");
        if ended.status.success() {
            return None;
        }
        let error = String::from_utf8_lossy(&ended.stderr);
        let mut lines = error
            .lines()
            .skip_while(|line| !line.contains("panicked at"));
        let place = lines.next().unwrap_or_default();
        let words: Vec<&str> = lines.map(str::trim).take(3).collect();
        let words: String = format!("{place} {}", words.join(" "))
            .chars()
            .take(300)
            .collect();
        Some(words)
    }
}
