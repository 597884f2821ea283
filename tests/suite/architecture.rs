//! The shape of the code and of its documents, held by tests: arrows between rooms, length of files, pages of the language,
//! examples that pass the check, exit codes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cutover::cli::Exit;
use cutover::script::{SECTIONS, pages};

use super::harness::Test;

/// No file of the source has more lines than this, tests and pages of documentation not counted.
const LONGEST_FILE: usize = 400;

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Every source file below `src`, with what comes before its tests.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root("src")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("listed");
            waiting.extend(entries.map(|entry| entry.expect("listed").path()));
        } else if path.ends_with("fuzz.rs") {
            // A test as a whole, which names whatever it tries.
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("read");
            let own = text.split("\n#[cfg(test)]").next().expect("the beginning");
            let name = path.strip_prefix(root("src")).expect("below it");
            found.push((name.to_string_lossy().into_owned(), own.to_owned()));
        }
    }
    found.sort();
    found
}

/// The names that follow `crate::` in code, comments left out.
fn rooms_named_in(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let name = regex::Regex::new(r"crate::\{?([a-z_]+)").expect("a pattern");
    name.captures_iter(&code)
        .map(|found| found[1].to_owned())
        .collect()
}

/// The arrows that the map in `lib.rs` draws: lines such as `a → b, c`.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let map = fs::read_to_string(root("src/lib.rs")).expect("read");
    let line = regex::Regex::new(r"`([a-z_]+) → ([a-z_, ]+)`").expect("a pattern");
    let arrow = |found: regex::Captures<'_>| {
        let to = found[2].split(", ").map(str::to_owned).collect();
        (found[1].to_owned(), to)
    };
    line.captures_iter(&map).map(arrow).collect()
}

#[test]
fn rooms_import_only_along_the_arrows_of_the_map() {
    let arrows = arrows();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (file, text) in sources() {
        let Some((room, _)) = file.split_once('/') else {
            continue;
        };
        for target in rooms_named_in(&text) {
            if target == room || room == "cli" {
                continue;
            }
            let allowed = arrows.get(room).is_some_and(|to| to.contains(&target));
            if allowed {
                used.insert((room.to_owned(), target));
            } else {
                wrong.push(format!("{file}: {room} → {target}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "against the arrows:\n{}",
        wrong.join("\n")
    );
    let drawn = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from.clone(), to.clone())));
    let idle: Vec<_> = drawn.filter(|arrow| !used.contains(arrow)).collect();
    assert!(idle.is_empty(), "drawn and not used: {idle:?}");
}

#[test]
fn one_room_names_the_interpreter() {
    let named: Vec<String> = sources()
        .into_iter()
        .filter(|(file, text)| !file.starts_with("script/") && text.contains("rhai::"))
        .map(|(file, _)| file)
        .collect();
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn nothing_unwraps_and_nothing_is_left_to_do() {
    let mut found = Vec::new();
    for (file, text) in sources() {
        for word in [".unwrap()", "todo!(", "TODO", "FIXME", "dbg!(", "#[allow("] {
            if text.contains(word) {
                found.push(format!("{file}: {word}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_file_says_first_what_it_is_and_none_is_long() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{file}: does not say what it owns"));
        }
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("///"))
            .count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{file}: {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_word_of_the_language_has_a_page_with_its_sections() {
    let mut wrong = Vec::new();
    for page in pages() {
        let headings: Vec<&str> = page
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .collect();
        if headings != SECTIONS {
            wrong.push(format!("{}: {headings:?}", page.name));
        }
        for heading in SECTIONS {
            if page.section(heading).is_none_or(str::is_empty) {
                wrong.push(format!("{}: nothing under {heading}", page.name));
            }
        }
        if page.summary().is_empty() {
            wrong.push(format!("{}: no summary", page.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_word_of_the_language_is_one_that_rhai_reserves() {
    let reserved: Vec<&str> = "true false let const if else switch do while until loop for in fn private import export as
        return throw try catch break continue this global is_def_var is_def_fn is_shared type_of print debug eval call curry
        Fn go goto match case default with new use is void nil null async await sync spawn thread yield package super var
        static public protected shared module exit sleep timestamp"
        .split_whitespace()
        .collect();
    for page in pages() {
        for word in page
            .name
            .split("::")
            .chain(page.parameters.iter().map(String::as_str))
        {
            assert!(!reserved.contains(&word), "`{word}` in `{}`", page.name);
        }
    }
}

/// The blocks of Rhai in a Markdown text.
fn rhai_blocks(text: &str) -> Vec<String> {
    text.split("```rhai\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("the block").to_owned())
        .collect()
}

/// What the check says about a text that it refuses.
fn refusal(text: &str) -> Option<String> {
    let has_header = text.contains("const PLAYBOOK");
    let header = "const PLAYBOOK = #{ api: 1, params: #{ cluster: #{ type: \"cluster\", help: \"the cluster\" } }, needs: [\"*\"] };\n";
    let test = Test::new().playbook(&if has_header {
        text.to_owned()
    } else {
        format!("{header}{text}")
    });
    let finished = test.check();
    (finished.status != 0).then_some(finished.stderr)
}

#[test]
fn every_example_of_the_reference_passes_the_check() {
    let mut examples = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        let blocks = rhai_blocks(page.section("Example").unwrap_or_default());
        if blocks.is_empty() {
            wrong.push(format!("{}: no example in Rhai", page.name));
        }
        for block in blocks {
            examples += 1;
            if !block.contains(&format!("{}(", page.name)) {
                wrong.push(format!("{}: its example does not call it", page.name));
            }
            wrong.extend(refusal(&block).map(|told| format!("{}:\n{told}", page.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{examples} examples checked");
}

#[test]
fn every_playbook_in_the_documents_passes_the_check() {
    let mut wrong = Vec::new();
    let mut documents = vec![root("README.md"), root("stdlib/README.md")];
    let entries = fs::read_dir(root("docs")).into_iter().flatten();
    documents.extend(entries.map(|entry| entry.expect("listed").path()));
    for document in documents {
        // A folder of pictures is no document.
        let Ok(text) = fs::read_to_string(&document) else {
            continue;
        };
        for block in rhai_blocks(&text) {
            wrong.extend(refusal(&block).map(|told| format!("{}:\n{told}", document.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_shipped_playbook_passes_the_check_without_a_warning() {
    let mut playbooks = 0;
    for entry in fs::read_dir(root("playbooks")).expect("listed") {
        let path = entry.expect("listed").path();
        if path.is_dir() {
            continue;
        }
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let finished = Test::new().cutover(&["check", &name]);
        assert_eq!(
            (finished.status, finished.stderr.as_str()),
            (0, ""),
            "{name}"
        );
        playbooks += 1;
    }
    assert!(playbooks >= 3);
}

#[test]
fn every_standard_module_passes_the_check() {
    for entry in fs::read_dir(root("stdlib")).expect("listed") {
        let path = entry.expect("listed").path();
        if path.extension().is_none_or(|extension| extension != "rhai") {
            continue;
        }
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let told = refusal(&format!("import \"std/{name}\" as own;\n"));
        assert_eq!(told, None, "{name}");
    }
}

#[test]
fn the_documented_exit_codes_are_those_of_the_program() {
    let readme = fs::read_to_string(root("README.md")).expect("read");
    let section = readme
        .split("## Exit codes\n")
        .nth(1)
        .expect("the section")
        .split("\n## ")
        .next()
        .expect("its text");
    let row = regex::Regex::new(r"(?m)^\| (\d+) \|").expect("a pattern");
    let documented: BTreeSet<u8> = row
        .captures_iter(section)
        .map(|found| found[1].parse().expect("a number"))
        .collect();
    let codes = [
        Exit::Done,
        Exit::Bug,
        Exit::Usage,
        Exit::Rejected,
        Exit::Refused,
        Exit::Undone,
        Exit::UndoneUnverified,
        Exit::Stuck,
        Exit::Waiting,
        Exit::Journal,
        Exit::Changes,
        Exit::Locked,
    ];
    assert_eq!(documented, codes.map(|code| code as u8).into());
    // An exit code that this list leaves out would escape the comparison.
    let text = fs::read_to_string(root("src/cli/exit.rs")).expect("read");
    let variant = regex::Regex::new(r"(?m)^    [A-Z][A-Za-z]+ = \d+,").expect("a pattern");
    assert_eq!(variant.find_iter(&text).count(), codes.len());
}

#[test]
fn nothing_of_the_machine_it_was_written_on_is_in_the_repository() {
    let own = ["/wo", "/ho"]
        .map(|start| format!("{start}{}", if start == "/wo" { "rk/" } else { "me/" }));
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = [
        "src",
        "tests",
        "playbooks",
        "stdlib",
        "docs",
        "README.md",
        "x",
        "Cargo.toml",
    ]
    .map(root)
    .into();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("listed");
            waiting.extend(entries.map(|entry| entry.expect("listed").path()));
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        if own.iter().any(|own| text.contains(own.as_str())) {
            found.push(path.display().to_string());
        }
    }
    assert!(found.is_empty(), "{found:?}");
}
