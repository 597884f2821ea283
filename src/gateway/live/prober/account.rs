//! The prober's account: what became of each request, in the order in which they were sent.
//!
//! Pure: the times are given. A request that is answered late would otherwise end an outage, or begin one, that lies behind others; so
//! nothing is counted before everything that was sent earlier.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use jiff::Timestamp;

use crate::gateway::{Moment, Seen};

/// The longest that a right answer can take, in microseconds: a day, which no timeout reaches.
const LONGEST: u64 = 86_400_000_000;

/// At most so many names of who answered are told apart: they are a server's words.
const MOST_NAMES: usize = 8;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Became {
    /// The right answer, and which Kong gave it, where it says so.
    Answered { took: Duration, by: Option<String> },
    /// Anything else, in a word or two.
    Failed(String),
}

/// A request that was sent.
#[derive(Debug, Clone)]
struct Sent {
    at: Instant,
    clock: Timestamp,
    moment: Moment,
    /// How often the playbook had asked by then.
    asked_before: u64,
    became: Option<Became>,
}

/// What was counted in one moment of a run.
#[derive(Debug, Clone)]
struct Part {
    seen: Seen,
    latencies: Histogram<u64>,
}

impl Part {
    fn new() -> Self {
        Self {
            seen: Seen::default(),
            // With an error of one percent; it grows with what is recorded.
            latencies: Histogram::new(2).expect("two digits are possible"),
        }
    }

    fn told(mut self) -> Seen {
        let recorded = self.latencies.iter_recorded();
        self.seen.latencies = recorded
            .map(|value| (value.value_iterated_to(), value.count_at_value()))
            .collect();
        self.seen
    }
}

/// The account of one prober.
#[derive(Debug)]
pub(super) struct Account {
    /// The requests that are not counted yet, by number.
    sent: BTreeMap<u64, Sent>,
    next: u64,
    /// Since when requests fail, and in which moment that began.
    failing: Option<(Instant, Moment)>,
    /// When the last right answer came, or the first request was sent.
    answered: Option<Instant>,
    /// What was counted since the journal had it.
    parts: BTreeMap<Moment, Part>,
    /// What was counted since the playbook asked.
    asked: Part,
    /// How often it asked.
    times_asked: u64,
}

impl Account {
    pub(super) fn new() -> Self {
        Self {
            sent: BTreeMap::new(),
            next: 0,
            failing: None,
            answered: None,
            parts: BTreeMap::new(),
            asked: Part::new(),
            times_asked: 0,
        }
    }

    /// A request was sent, so much later than it was due. Answers its number.
    pub(super) fn send(
        &mut self,
        at: Instant,
        clock: Timestamp,
        moment: Moment,
        late: Duration,
    ) -> u64 {
        let number = self.next;
        self.next += 1;
        let sent = Sent {
            at,
            clock,
            moment,
            asked_before: self.times_asked,
            became: None,
        };
        self.sent.insert(number, sent);
        self.answered.get_or_insert(at);
        let late = milliseconds(late);
        self.both(moment, |part| {
            part.seen.longest_stall = part.seen.longest_stall.max(late);
        });
        number
    }

    /// Requests were not sent.
    pub(super) fn hold_back(&mut self, moment: Moment, requests: u64) {
        self.both(moment, |part| part.seen.held_back += requests);
    }

    /// The request `number` came to this at a moment of the run.
    pub(super) fn settle(&mut self, number: u64, became: Became, now: Instant, moment: Moment) {
        if matches!(became, Became::Answered { .. }) {
            let since = self.answered.replace(now).unwrap_or(now);
            let silence = milliseconds(now.saturating_duration_since(since));
            self.both(moment, |part| {
                part.seen.longest_silence = part.seen.longest_silence.max(silence);
            });
        }
        if let Some(sent) = self.sent.get_mut(&number) {
            sent.became = Some(became);
        }
        while let Some(first) = self.sent.first_entry() {
            if first.get().became.is_none() {
                return;
            }
            let sent = first.remove();
            self.count(sent);
        }
    }

    /// What was counted since this was asked last, by moment of the run.
    pub(super) fn take_parts(&mut self) -> Vec<(Moment, Seen)> {
        let parts = std::mem::take(&mut self.parts);
        let told = parts
            .into_iter()
            .map(|(moment, part)| (moment, part.told()));
        // A moment in which nothing was sent may be told of all the same: an outage that began in it has ended.
        told.filter(|(_, seen)| *seen != Seen::default()).collect()
    }

    /// What was counted since this was asked last. Who answered is told of requests alone that were sent since: of those before, some are
    /// counted late, and clients may have been moved in between.
    pub(super) fn take_asked(&mut self) -> Seen {
        self.times_asked += 1;
        std::mem::replace(&mut self.asked, Part::new()).told()
    }

    /// The end: what fails until now has failed until now.
    pub(super) fn end(&mut self, now: Instant) {
        self.end_outage(now);
    }

    fn count(&mut self, sent: Sent) {
        let Sent {
            at,
            clock,
            moment,
            asked_before,
            became,
        } = sent;
        match became.expect("only what is settled is counted") {
            Became::Answered { took, by } => {
                self.end_outage(at);
                let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                self.both(moment, |part| {
                    part.seen.sent_at(clock);
                    part.latencies
                        .record(took.min(LONGEST))
                        .expect("it grows as far as this");
                });
                if let Some(by) = &by {
                    let part = self.parts.entry(moment).or_insert_with(Part::new);
                    name(&mut part.seen.answered_by, by);
                    if asked_before == self.times_asked {
                        name(&mut self.asked.seen.answered_by, by);
                    }
                }
            }
            Became::Failed(how) => {
                let (_, began) = self.failing.get_or_insert((at, moment));
                // All moments between steps are one, which may be told of before the outage is over: the first step in which requests fail
                // stands for it.
                if began.step.is_none() {
                    *began = moment;
                }
                self.both(moment, |part| {
                    part.seen.sent_at(clock);
                    name(&mut part.seen.failed, &how);
                });
            }
        }
    }

    fn end_outage(&mut self, at: Instant) {
        let Some((since, moment)) = self.failing.take() else {
            return;
        };
        // A failure with a right answer in the same millisecond is an outage nonetheless.
        let lasted = milliseconds(at.saturating_duration_since(since)).max(1);
        self.both(moment, |part| {
            part.seen.longest_outage = part.seen.longest_outage.max(lasted);
        });
    }

    fn both(&mut self, moment: Moment, change: impl Fn(&mut Part)) {
        change(self.parts.entry(moment).or_insert_with(Part::new));
        change(&mut self.asked);
    }
}

impl Seen {
    fn sent_at(&mut self, clock: Timestamp) {
        if self.sent == 0 {
            self.from = clock;
        }
        self.to = clock;
        self.sent += 1;
    }
}

fn name(counts: &mut BTreeMap<String, u64>, name: &str) {
    let known = counts.len() < MOST_NAMES || counts.contains_key(name);
    let name = if known { name } else { "others" };
    *counts.entry(name.to_owned()).or_default() += 1;
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
