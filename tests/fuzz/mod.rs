//! Fuzzing on a stable toolchain: seeds are mutated, inputs that come to something new become seeds of the same run, and an input
//! that fails is written to a file and named.
//!
//! A run of the tests fuzzes shortly and always alike. `./x fuzz` fuzzes for long with a seed of its own, which it prints:
//! `CUTOVER_FUZZ_SECONDS` says how long, `CUTOVER_FUZZ_SEED` repeats a run. Seeds lie in `seeds/`, one folder a target, and every
//! input that ever failed is among them.

#![expect(
    clippy::print_stdout,
    reason = "a run of fuzzing says how much it tried, and with which seed"
)]

mod mutation;
mod watch;

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mutatis::Session;

use mutation::Mutator;
pub(crate) use mutation::Shape;
use watch::Watch;

/// How many inputs are kept to be mutated further. Beyond that a new one takes the place of another.
const KEPT: usize = 2_000;

/// The longest input that is tried: what is larger is slower and comes to nothing else.
const LONGEST: usize = 64 << 10;

/// What is fuzzed.
pub(crate) struct Target {
    /// Its name, and that of its folder of seeds.
    pub(crate) name: &'static str,
    /// What its inputs are made of.
    pub(crate) shape: Shape,
    /// Words that are put into inputs, besides those of the seeds.
    pub(crate) words: &'static [&'static str],
    /// How many inputs a run of the tests tries: a few seconds' worth.
    pub(crate) executions: u64,
}

/// How long and how a run fuzzes.
struct Terms {
    seed: u64,
    /// Nothing in a run of the tests, which counts instead.
    until: Option<Instant>,
}

impl Terms {
    fn read() -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse::<u64>().expect("a whole number"))
        };
        let seconds = number("CUTOVER_FUZZ_SECONDS");
        Self {
            seed: number("CUTOVER_FUZZ_SEED").unwrap_or(1),
            until: seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
        }
    }
}

/// Tries the seeds of `target`, and then what becomes of them. `attempt` panics for an input that fails, and answers in a few words
/// what the input came to: an input that comes to something new is worth to be mutated further.
pub(crate) fn fuzz(target: &Target, attempt: impl Fn(&[u8]) -> String) {
    let terms = Terms::read();
    let mut run = Run {
        target,
        attempt,
        seed: terms.seed,
        kept: Vec::new(),
        seen: HashSet::new(),
        executions: 0,
        watch: Watch::over(target.name, terms.until.is_some()),
    };
    let began = Instant::now();
    let seeds = seeds(target.name);
    assert!(!seeds.is_empty(), "`{}` has no seeds", target.name);
    for (name, seed) in &seeds {
        run.one(seed, name);
    }
    run.kept = seeds.into_iter().map(|(_, seed)| seed).collect();
    let mut session = Session::new().seed(terms.seed);
    let mut mutator = Mutator::new(target.shape, target.words, &run.kept);
    let goes_on = |executions: u64| match terms.until {
        Some(until) => Instant::now() < until,
        None => executions < target.executions,
    };
    while goes_on(run.executions) {
        let mut input = mutator.next(&mut session, &run.kept);
        input.truncate(LONGEST);
        if run.one(&input, "a mutation") {
            keep(&mut run.kept, input, run.executions);
        }
    }
    let took = began.elapsed();
    let each_second = u128::from(run.executions) * 1_000 / took.as_millis().max(1);
    println!(
        "fuzzed {}: {} inputs in {} s, {each_second} a second, {} kept, seed {}",
        target.name,
        run.executions,
        took.as_secs(),
        run.kept.len(),
        terms.seed
    );
}

fn keep(kept: &mut Vec<Vec<u8>>, input: Vec<u8>, executions: u64) {
    if kept.len() < KEPT {
        kept.push(input);
    } else {
        let place = usize::try_from(executions).unwrap_or_default() % KEPT;
        kept[place] = input;
    }
}

/// A target that is being fuzzed.
struct Run<'a, Attempt> {
    target: &'a Target,
    attempt: Attempt,
    seed: u64,
    kept: Vec<Vec<u8>>,
    /// What inputs came to so far.
    seen: HashSet<String>,
    executions: u64,
    watch: Watch,
}

impl<Attempt: Fn(&[u8]) -> String> Run<'_, Attempt> {
    /// Tries one input; whether it came to something new.
    fn one(&mut self, input: &[u8], name: &str) -> bool {
        self.executions += 1;
        if let Some(came_to) = self.attempted(input) {
            return self.seen.insert(came_to);
        }
        let path = write(self.target.name, "failed", input);
        let small = self.smaller(input);
        let smaller = write(self.target.name, "failed-smaller", &small);
        panic!(
            "`{}` fails with {name}: the input is in `{}`, and as much smaller as it went in `{}`; repeat it with CUTOVER_FUZZ_SEED={}",
            self.target.name,
            path.display(),
            smaller.display(),
            self.seed
        );
    }

    /// What an input came to, in few words without numbers; nothing where it failed.
    fn attempted(&self, input: &[u8]) -> Option<String> {
        self.watch.begins(input);
        let came_to = catch_unwind(AssertUnwindSafe(|| (self.attempt)(input)));
        self.watch.ends();
        let came_to = came_to.ok()?;
        let plain = came_to
            .chars()
            .filter(|character| !character.is_ascii_digit());
        Some(plain.take(200).collect())
    }

    /// The input without what can be left out and it fails all the same.
    fn smaller(&self, input: &[u8]) -> Vec<u8> {
        let mut small = input.to_vec();
        let mut part = small.len() / 2;
        let mut tries = 0;
        while part > 0 && tries < 300 {
            let mut start = 0;
            while start < small.len() && tries < 300 {
                let mut less = small.clone();
                less.drain(start..(start + part).min(small.len()));
                tries += 1;
                if self.attempted(&less).is_none() {
                    small = less;
                } else {
                    start += part;
                }
            }
            part /= 2;
        }
        small
    }
}

/// The seeds of a target with their names, always in the same order.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/seeds"));
    let entries = fs::read_dir(folder.join(target)).expect("a folder of seeds");
    let mut seeds: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let path = entry.expect("listed").path();
            let name = format!("the seed `{}`", path.display());
            (name, fs::read(path).expect("read"))
        })
        .collect();
    seeds.sort();
    seeds
}

/// Writes an input where it is found again; where that is.
fn write(target: &str, name: &str, input: &[u8]) -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/fuzzed")).join(target);
    fs::create_dir_all(&folder).expect("made");
    let path = folder.join(name);
    fs::write(&path, input).expect("written");
    path
}
