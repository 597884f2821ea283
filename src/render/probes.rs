//! What clients got while a run went on.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::{clean, text::milliseconds};
use crate::journal::{RunState, SeenThen, StepNo};
use crate::primitive::{Effect, Seen};

/// So much time without a request means that nobody looked, in milliseconds.
const NOBODY: i128 = 1_000;

/// What became of all requests of the run, in a few words; nothing where nobody looked.
#[must_use]
pub fn probed(state: &RunState) -> Option<String> {
    let all = sum(&state.seen.iter().collect::<Vec<_>>());
    (all.sent > 0).then(|| {
        let outage = match all.longest_outage {
            0 => String::new(),
            longest => format!(", longest outage {}", milliseconds(longest)),
        };
        format!(
            "{} probes, {} failed{outage}{}",
            all.sent,
            all.failures(),
            not_sent(&all)
        )
    })
}

/// The same at length, by cluster: before, while and after the run changed who gets requests, and each step in which some failed.
#[must_use]
pub fn probes(state: &RunState) -> Option<String> {
    let mut clusters: BTreeMap<&str, Vec<&SeenThen>> = BTreeMap::new();
    for seen in &state.seen {
        clusters.entry(&seen.cluster).or_default().push(seen);
    }
    let told: Vec<String> = clusters
        .into_iter()
        .map(|(cluster, seen)| of_cluster(state, cluster, seen))
        .collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

fn of_cluster(state: &RunState, cluster: &str, mut seen: Vec<&SeenThen>) -> String {
    let all = sum(&seen);
    // Where nothing was sent there is no time to tell.
    seen.retain(|then| then.seen.sent > 0);
    seen.sort_by_key(|then| then.seen.from);
    let mut text = format!(
        "clients of {}, as probed: {}; longest silence {}, own stalls at most {}",
        clean(cluster),
        told(&all),
        milliseconds(all.longest_silence),
        milliseconds(all.longest_stall),
    );
    text.push_str(&not_sent(&all));
    if let Some(moved) = Moved::of(state) {
        for (order, word) in [
            (Ordering::Less, "before"),
            (Ordering::Equal, "while shifting"),
            (Ordering::Greater, "after"),
        ] {
            let part = seen.iter().copied();
            let part: Vec<&SeenThen> = part.filter(|then| moved.order(then) == order).collect();
            let sum = sum(&part);
            if sum.sent > 0 {
                let _ = write!(text, "\n  {word:<16} {}{}", told(&sum), quality(&sum));
            }
        }
    }
    for then in seen.iter().filter(|then| then.seen.failures() > 0) {
        let _ = write!(text, "\n  {:<16} {}", moment(state, then), told(&then.seen));
    }
    for (from, to) in unseen(&seen) {
        let at = |moment: Timestamp| moment.strftime("%H:%M:%S").to_string();
        let _ = write!(
            text,
            "\n  nobody looked from {} to {} UTC",
            at(from),
            at(to)
        );
    }
    text
}

/// From when to when the run changed who gets requests, and the first and the last step that did.
struct Moved {
    first: (StepNo, Timestamp),
    last: (StepNo, Timestamp),
}

impl Moved {
    fn of(state: &RunState) -> Option<Self> {
        let mut acts = state.steps.iter().filter(|step| {
            let effect = step.intent.effect();
            step.is_act() && matches!(effect, Effect::StopsTraffic | Effect::AdmitsTraffic)
        });
        let first = acts.next()?;
        let last = acts.next_back().unwrap_or(first);
        Some(Self {
            first: (first.number, first.began),
            last: (last.number, last.ended.or(state.last)?),
        })
    }

    /// Whether what was seen then was before that, meanwhile, or after it. A step has its turn a little before it is recorded.
    fn order(&self, then: &SeenThen) -> Ordering {
        let (before, after) = match then.moment.step.map(StepNo) {
            // On the way back they are moved again.
            Some(_) if then.moment.undoing => (false, false),
            Some(step) => (step < self.first.0, step > self.last.0),
            None => (then.seen.from < self.first.1, then.seen.from > self.last.1),
        };
        match (before, after) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => Ordering::Equal,
        }
    }
}

fn moment(state: &RunState, then: &SeenThen) -> String {
    let Some(number) = then.moment.step else {
        return "between steps".to_owned();
    };
    let verb = state
        .step(StepNo(number))
        .map_or("", |step| step.intent.verb());
    let undoing = if then.moment.undoing { "undoing " } else { "" };
    format!("{undoing}step {number} {verb}")
}

fn told(seen: &Seen) -> String {
    let mut text = format!("{} requests, {} failed", seen.sent, seen.failures());
    let ways: Vec<String> = seen
        .failed
        .iter()
        .map(|(how, count)| format!("{count} {}", clean(how)))
        .collect();
    if !ways.is_empty() {
        let _ = write!(text, " ({})", ways.join(", "));
    }
    if seen.longest_outage > 0 {
        let _ = write!(
            text,
            ", longest outage {}",
            milliseconds(seen.longest_outage)
        );
    }
    text
}

/// Requests that were due and not sent: of those nobody knows.
fn not_sent(seen: &Seen) -> String {
    match seen.held_back {
        0 => String::new(),
        held_back => format!(", {held_back} not sent"),
    }
}

/// How long answers took, and who gave them.
fn quality(seen: &Seen) -> String {
    let mut text = String::new();
    for (word, hundredths) in [("p50", 50), ("p99", 99)] {
        if let Some(took) = seen.percentile(hundredths) {
            let _ = write!(text, ", {word} {}.{} ms", took / 1_000, took % 1_000 / 100);
        }
    }
    let by: Vec<String> = seen
        .answered_by
        .iter()
        .map(|(by, count)| format!("{} {count}", clean(by)))
        .collect();
    if !by.is_empty() {
        let _ = write!(text, "; {}", by.join(", "));
    }
    text
}

/// The times in which nobody looked, between those in which somebody did.
fn unseen(seen: &[&SeenThen]) -> Vec<(Timestamp, Timestamp)> {
    let mut gaps = Vec::new();
    let mut until: Option<Timestamp> = None;
    for then in seen {
        if let Some(until) = until
            && then.seen.from.duration_since(until).as_millis() > NOBODY
        {
            gaps.push((until, then.seen.from));
        }
        until = until.max(Some(then.seen.to));
    }
    gaps
}

fn sum(seen: &[&SeenThen]) -> Seen {
    let mut all = Seen::default();
    for then in seen {
        all.add(&then.seen);
    }
    all
}
