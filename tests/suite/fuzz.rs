//! Fuzzing what people and disks hand to the program: journals, environment files, needs, and playbooks through `cutover check`.

use std::cell::RefCell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use cutover::environment::{Environment, Need};
use cutover::journal::{Chain, Damage, Digest, FileJournal, Outage, RunState, WaysBack, verify};
use cutover::render;
use serde_json::Value;

use super::fuzzing::{Shape, Target, fuzz};
use super::harness::Test;

const JOURNALS: Target = Target {
    name: "journals",
    shape: Shape::JsonLines,
    words: &[
        "stored_value",
        "9999-12-31T23:59:59Z",
        "-009999-01-02T01:59:59Z",
        "kong.finish",
        "kong.migrate_up",
    ],
    executions: 500,
};

const ENVIRONMENTS: Target = Target {
    name: "environments",
    shape: Shape::Text,
    words: &[
        "[[",
        "]]",
        "'''",
        "\"\"\"",
        "= {",
        "inf",
        "nan",
        "0x",
        "1979-05-27T07:32:00Z",
        "http.check:https://kong/*",
        "://",
        "http.check:http://%2A/",
        "http:///kong*",
        "POST ",
        "\\u00e9",
        "99999999999999999999",
    ],
    executions: 8_000,
};

const CHECKED: Target = Target {
    name: "playbooks",
    shape: Shape::Text,
    words: &[
        "const PLAYBOOK = #{",
        "import \"std/smoke\" as smoke;",
        "|| {",
        "#{",
        "((((",
    ],
    executions: 25,
};

/// A journal, as the lines of `input` would be if they had been sealed in this order.
fn sealed(input: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    let mut prev = Digest::ZERO;
    for (number, line) in (1_u64..).zip(input.split(|byte| *byte == b'\n')) {
        let Ok(Value::Object(record)) = serde_json::from_slice(line) else {
            break;
        };
        let part = |key: &str| record.get(key).cloned().unwrap_or_default();
        let body = format!(
            "{{\"v\":1,\"seq\":{number},\"at\":{},\"prev\":\"{prev}\",\"event\":{}",
            part("at"),
            part("event")
        );
        prev = Digest::of(&body);
        sealed.extend(format!("{body},\"hash\":\"{prev}\"}}\n").into_bytes());
    }
    sealed
}

/// Folds what was read and shows it; how the run stands.
fn told(chain: &Chain) -> String {
    let mut state = RunState::default();
    for record in &chain.records {
        if let Err(problem) = state.apply(record) {
            assert!(RunState::of(&chain.records).is_err());
            return problem.to_string();
        }
        let _ = render::record_line(record, &state);
    }
    let at = state.last.unwrap_or_default();
    let _ = (
        render::verdict(&state),
        render::choices(&state, at),
        render::downtime(&state),
        render::production(&state),
    );
    let _ = (
        state.found(),
        state.left(),
        state.touched(),
        state.admitted(),
        state.past_return(),
        state.next_undo(),
    );
    let _ = (
        state.attempt(),
        state.step_at_work(),
        state.left_last(),
        state.phases(),
    );
    let _ = Outage::of(&state);
    if let Some(ways) = WaysBack::of(&state) {
        let _ = ways.told(at);
    }
    format!(
        "{:?} {:?} {}",
        state.direction,
        state.ending,
        state.steps.len().min(9)
    )
}

/// Reads `input` as a journal, as it is and sealed anew. `whole` are journals that nobody damaged.
fn read(input: &[u8], whole: &[Vec<u8>], directory: &Path) -> String {
    let damaged = verify(input);
    if let Ok(chain) = &damaged {
        let (intact, torn) =
            input.split_at(usize::try_from(chain.intact).expect("as long as the input"));
        assert_eq!(torn.len() as u64, chain.torn);
        assert!(
            intact.is_empty() || whole.iter().any(|whole| whole.starts_with(intact)),
            "records were read that nobody sealed"
        );
        // What is cut off is no record that was written to its end.
        let after = whole.iter().filter(|whole| whole.starts_with(intact));
        for whole in after {
            let next = whole[intact.len()..]
                .split(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default();
            let cut = !next.is_empty() && torn.len() > next.len() && torn.starts_with(next);
            assert!(!cut, "a whole record would be cut off");
        }
    }
    let told_first = damaged
        .as_ref()
        .map_or_else(|(_, damage)| damage.to_string(), told);
    let sealed = sealed(input);
    let path = directory.join("journal.ndjson");
    fs::write(&path, &sealed).expect("written");
    let read = FileJournal::read(&path);
    let told_then = match (verify(&sealed), read) {
        (Ok(chain), read) => {
            assert_eq!((chain.intact, chain.torn), (sealed.len() as u64, 0));
            let _ = read.map_err(|error| error.to_string());
            told(&chain)
        }
        (Err((_, damage)), Ok(_)) => panic!("read from the disk and not from memory: {damage}"),
        (Err((_, damage)), Err(_)) => {
            assert!(matches!(damage, Damage::Foreign(_)), "{damage}");
            damage.to_string()
        }
    };
    format!("{told_first} {told_then}")
}

#[test]
fn fuzz_journals() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/journals");
    let entries = fs::read_dir(folder).expect("seeds");
    let whole: Vec<Vec<u8>> = entries
        .map(|entry| fs::read(entry.expect("listed").path()).expect("read"))
        .collect();
    let directory = tempfile::tempdir().expect("a directory");
    fuzz(&JOURNALS, |input| read(input, &whole, directory.path()));
}

/// Reads `text` as an environment, and each of its lines as a need.
fn parsed(text: &str) -> String {
    let mut came_to = String::new();
    for line in text.lines() {
        for word in std::iter::once(line).chain(line.split('"').skip(1).step_by(2)) {
            if let Ok(need) = word.parse::<Need>() {
                let again: Need = need.to_string().parse().expect("what is written is read");
                assert_eq!(again, need);
                let told = serde_json::to_string(&need).expect("a text");
                assert_eq!(serde_json::from_str::<Need>(&told).expect("a need"), need);
            }
        }
    }
    match Environment::parse(Path::new("environment.toml"), text) {
        Ok(environment) => {
            let told = serde_json::to_string(&environment).expect("plain data");
            let again: Environment = serde_json::from_str(&told).expect("what is written is read");
            assert_eq!(again, environment);
            let _ = environment.permissions(Vec::new(), None);
            came_to.push_str("an environment");
        }
        Err(error) => {
            let told = error.to_string();
            let first = told.lines().next().unwrap_or_default();
            let place = first.strip_prefix("environment.toml:").expect("a place");
            let mut numbers = place.splitn(3, ':').map(str::to_owned);
            let mut number = || {
                numbers
                    .next()
                    .and_then(|number| number.parse::<usize>().ok())
            };
            let (line, column) = (number().expect("a line"), number().expect("a column"));
            let lines = text.split('\n').count();
            assert!((1..=lines).contains(&line) && column >= 1, "{first}");
            let length = text
                .split('\n')
                .nth(line - 1)
                .map_or(0, |line| line.chars().count());
            assert!(column <= length + 1, "{first}");
            came_to.push_str(place);
        }
    }
    came_to
}

#[test]
fn fuzz_environments() {
    fuzz(&ENVIRONMENTS, |input| {
        parsed(&String::from_utf8_lossy(input))
    });
}

#[test]
fn fuzz_the_program_that_checks() {
    let test = RefCell::new(Test::new());
    fuzz(&CHECKED, |input| {
        let test = test.borrow();
        fs::write(test.path("playbook.rhai"), input).expect("written");
        let finished = test.check();
        assert!(matches!(finished.status, 0 | 2 | 3), "{finished:?}");
        finished.stderr
    });
}

#[test]
fn an_input_that_fails_is_written_down_and_made_smaller() {
    const FAILING: Target = Target {
        name: "example",
        shape: Shape::Text,
        words: &[],
        executions: 1,
    };
    let failed = catch_unwind(AssertUnwindSafe(|| {
        fuzz(&FAILING, |input| {
            assert!(!input.windows(4).any(|part| part == b"kong"));
            String::new()
        });
    }));
    let told = failed.expect_err("every seed names kong");
    let told = told.downcast_ref::<String>().expect("a text");
    assert!(
        told.contains("CUTOVER_FUZZ_SEED=") && told.contains("failed-smaller"),
        "{told}"
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzzed/example/failed-smaller");
    assert_eq!(fs::read_to_string(path).expect("written"), "kong");
}
