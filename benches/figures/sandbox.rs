//! What the confined process costs: its start, and a step that crosses the pipe and the gate.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cutover::journal::{Event, FileJournal};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

use super::{Bench, cutover, journals, median, row, run, timed};

/// Steps that only look: their records are written and not synced, so that what is left is the way there and back.
const LOOKS: usize = 5_000;

impl Bench {
    /// Both figures, beside a process that starts and a line that goes through another one and back.
    pub(super) fn sandbox(&self) {
        self.write("empty.rhai", "", "");
        let playbook = self.directory.join("empty.rhai");
        let check = median(|| timed(|| run(cutover().arg("check").arg(&playbook))));
        let version = median(|| timed(|| run(cutover().arg("--version"))));
        row(
            "script's process: started, confined, loaded",
            check.saturating_sub(version),
            "cutover --version",
            version,
        );
        let body = format!("for look in 0..{LOOKS} {{ clock::now(); }}");
        self.write("looks.rhai", &body, "");
        // The script and the supervisor take turns, with one processor for both and with one for each. `cat` sleeps between its
        // lines, and its processor with it.
        let both = on_one_processor(|| (self.looks(), through_cat()));
        trip("a look: script, pipe, gate, record, back", both);
        trip("the same on two processors", (self.looks(), through_cat()));
    }

    /// The median of the time from one look to the next.
    fn looks(&self) -> Duration {
        let environment = self.environment("sandbox");
        self.cutover("looks.rhai", &environment, &[]);
        let mut journals = journals(&self.directory.join("sandbox/runs"));
        journals.sort_by_key(|path| path.metadata().and_then(|data| data.modified()).ok());
        let chain = FileJournal::read(&journals.pop().expect("a run")).expect("a journal");
        let looks: Vec<_> = chain
            .records
            .iter()
            .filter(|record| matches!(record.event, Event::Read { .. }))
            .map(|record| record.at)
            .collect();
        assert_eq!(looks.len(), LOOKS);
        let mut trips: Vec<Duration> = looks
            .windows(2)
            .map(|pair| Duration::try_from(pair[1].duration_since(pair[0])).unwrap_or_default())
            .collect();
        trips.sort();
        trips[trips.len() / 2]
    }
}

fn trip(what: &str, (look, cat): (Duration, Duration)) {
    println!(
        "{what:<44} {:>9.1} µs {:>9.1} µs a line through `cat` and back",
        microseconds(look),
        microseconds(cat)
    );
}

/// Does `work` with everything that it starts on the processor that runs this.
fn on_one_processor<T>(work: impl FnOnce() -> T) -> T {
    let all = sched_getaffinity(None).expect("known");
    let mut one = CpuSet::new();
    one.set(sched_getcpu());
    sched_setaffinity(None, &one).expect("set");
    let done = work();
    sched_setaffinity(None, &all).expect("set back");
    done
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000_000.0
}

/// The median of a line's way to another process and back.
fn through_cat() -> Duration {
    let mut cat = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cat starts");
    let mut input = cat.stdin.take().expect("piped");
    let mut output = BufReader::new(cat.stdout.take().expect("piped"));
    let line = format!("{}\n", "x".repeat(200));
    let mut back = String::new();
    let mut trips: Vec<Duration> = (0..LOOKS)
        .map(|_| {
            let began = Instant::now();
            input.write_all(line.as_bytes()).expect("written");
            back.clear();
            output.read_line(&mut back).expect("read");
            began.elapsed()
        })
        .collect();
    drop(input);
    cat.wait().expect("it ends");
    trips.sort();
    trips[trips.len() / 2]
}
