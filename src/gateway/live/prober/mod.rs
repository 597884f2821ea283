//! The prober: requests as clients send them, at a fixed rate, whatever the answers.
//!
//! On a thread of its own, so that nothing that a step does holds it up: it is to find the outages of others, and not its own. Those it
//! measures too.

mod account;
mod send;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::JoinSet;

use account::Account;
use send::{Question, Sender};

use super::Live;
use crate::gateway::{Failure, Moment, Probe, Probing, Seen, Turn, at};

/// At most so many requests wait for an answer: each is a connection, and a process may have a thousand files.
const MOST_IN_FLIGHT: usize = 400;

/// Further behind than this nothing is made up for: requests that were due are held back.
const HOPELESS: Duration = Duration::from_secs(1);

/// A prober at work.
pub(super) struct Prober {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// What the thread and its owner share.
struct Shared {
    stopped: AtomicBool,
    /// The moment of the run, as [`pack`] writes it.
    moment: AtomicU64,
    account: Mutex<Account>,
}

impl Shared {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Moment {
        unpack(self.moment.load(Ordering::Relaxed))
    }
}

impl Prober {
    /// Begins to ask `questions`, one after the other.
    fn start(questions: Vec<Question>, probe: &Probe, moment: Moment) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            stopped: AtomicBool::new(false),
            moment: AtomicU64::new(pack(moment)),
            account: Mutex::new(Account::new()),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let sender = Sender::new(Duration::from_millis(probe.timeout));
        let theirs = shared.clone();
        let pause = Duration::from_secs(1) / probe.rate.max(1);
        let thread = std::thread::Builder::new()
            .name("prober".to_owned())
            .spawn(move || runtime.block_on(ask(&theirs, sender, questions, pause)))?;
        Ok(Self { shared, thread })
    }

    fn turn_to(&self, moment: Moment) {
        self.shared.moment.store(pack(moment), Ordering::Relaxed);
    }

    /// Whether it ended by itself. What it saw until then says nothing of what came after.
    fn has_died(&self) -> bool {
        self.thread.is_finished() && !self.shared.stopped.load(Ordering::Relaxed)
    }

    /// Stops sending, and waits for the answers that are still due.
    async fn stop(&self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        while !self.thread.is_finished() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        // It sends no more; its thread ends with the process at the latest, and nobody is told of what it still waits for.
        self.shared.stopped.store(true, Ordering::Relaxed);
    }
}

/// Sends requests until told to stop, then waits for the last answers.
async fn ask(shared: &Arc<Shared>, sender: Sender, questions: Vec<Question>, pause: Duration) {
    let mut waiting = JoinSet::new();
    let mut due = Instant::now();
    let mut numbers = 0_usize;
    while !shared.stopped.load(Ordering::Relaxed) {
        tokio::time::sleep_until(due.into()).await;
        while waiting.try_join_next().is_some() {}
        let (now, moment) = (Instant::now(), shared.moment());
        let late = now.saturating_duration_since(due);
        due += pause;
        if late > HOPELESS {
            let missed = u64::try_from(late.as_nanos() / pause.as_nanos()).unwrap_or(u64::MAX);
            shared.account().hold_back(moment, missed);
            due = now + pause;
        } else if waiting.len() >= MOST_IN_FLIGHT {
            shared.account().hold_back(moment, 1);
            continue;
        }
        let number = shared.account().send(now, Timestamp::now(), moment, late);
        // Of two requests for the same thing one goes over a connection that is kept.
        let keeps = (numbers / questions.len()).is_multiple_of(2);
        let question = questions[numbers % questions.len()].clone();
        numbers += 1;
        let (sender, shared) = (sender.clone(), shared.clone());
        waiting.spawn(async move {
            let became = sender.send(&question, keeps).await;
            let moment = shared.moment();
            shared
                .account()
                .settle(number, became, Instant::now(), moment);
        });
    }
    while waiting.join_next().await.is_some() {}
    shared.account().end(Instant::now());
}

fn pack(moment: Moment) -> u64 {
    u64::from(moment.step.unwrap_or(0)) << 1 | u64::from(moment.undoing)
}

fn unpack(packed: u64) -> Moment {
    let step = u32::try_from(packed >> 1).unwrap_or(0);
    Moment {
        step: (step > 0).then_some(step),
        undoing: packed & 1 == 1,
    }
}

/// The moment of a run in which a step has its turn.
pub(super) fn moment_of(turn: &Turn<'_>) -> Moment {
    Moment {
        step: Some(turn.undoes.unwrap_or(turn.step)),
        undoing: turn.undoes.is_some(),
    }
}

impl Live {
    /// Tells every prober which moment of the run this is.
    pub(super) fn mark(&self, moment: Moment) {
        self.moment.set(moment);
        for prober in self.probers.borrow().values() {
            prober.turn_to(moment);
        }
    }

    /// Where clients reach a cluster.
    fn clients_url(&self, cluster: &str) -> Result<String, Failure> {
        let known = self.environment.clusters.get(cluster);
        let traffic = known
            .and_then(|cluster| cluster.traffic.as_ref())
            .and_then(|name| self.environment.traffic.get(name));
        let url = traffic.and_then(|traffic| traffic.url.clone());
        url.ok_or_else(|| {
            let message = format!("the environment does not say where clients reach `{cluster}`");
            Failure::new("traffic.watch.nowhere", message).hint(
                "give its load balancer a `url` under `[traffic]`, the base URL that clients use",
            )
        })
    }
}

impl Probing for Live {
    async fn watch(&self, cluster: &str, probe: &Probe) -> Result<(), Failure> {
        let base = self.clients_url(cluster)?;
        let mut questions = Vec::new();
        for check in &probe.checks {
            let url = at(&base, &check.path)?;
            // Only to learn whether it may be sent.
            drop(self.client.request(reqwest::Method::GET, &url)?);
            questions.push(Question {
                url,
                status: check.status,
            });
        }
        if self.probers.borrow().contains_key(cluster) {
            let message = format!("`{cluster}` is watched already");
            return Err(Failure::new("traffic.watch.twice", message)
                .hint("end the first with `traffic::unwatch`"));
        }
        let started = Prober::start(questions, probe, self.moment.get());
        let prober = started.map_err(|error| {
            let message = format!("cannot start watching `{cluster}`: {error}");
            Failure::new("traffic.watch.failed", message)
        })?;
        self.probers.borrow_mut().insert(cluster.to_owned(), prober);
        Ok(())
    }

    async fn unwatch(&self, cluster: &str) -> Result<(), Failure> {
        let prober = self.probers.borrow_mut().remove(cluster);
        if let Some(prober) = prober {
            prober.stop().await;
            let parts = prober.shared.account().take_parts();
            self.leave_seen(cluster, parts);
        }
        Ok(())
    }

    async fn watched(&self, cluster: &str) -> Result<Seen, Failure> {
        let probers = self.probers.borrow();
        let prober = probers.get(cluster).ok_or_else(|| {
            let message = format!("`{cluster}` is not watched");
            Failure::new("traffic.watch.none", message).hint("begin with `traffic::watch`")
        })?;
        if prober.has_died() {
            let message =
                format!("what watched `{cluster}` has died, so nothing is known of its clients");
            return Err(Failure::new("traffic.watch.failed", message));
        }
        Ok(prober.shared.account().take_asked())
    }

    fn seen(&self) -> Vec<(String, Moment, Seen)> {
        let mut seen = std::mem::take(&mut *self.last_seen.borrow_mut());
        for (cluster, prober) in self.probers.borrow().iter() {
            let parts = prober.shared.account().take_parts();
            seen.extend(
                parts
                    .into_iter()
                    .map(|(moment, part)| (cluster.clone(), moment, part)),
            );
        }
        seen
    }

    async fn stop_watching(&self) {
        let clusters: Vec<String> = self.probers.borrow().keys().cloned().collect();
        for cluster in clusters {
            // Nothing can fail here: what is not watched is let be.
            let _ = self.unwatch(&cluster).await;
        }
    }
}

impl Live {
    /// Keeps what a prober saw that is gone, for whoever asks next.
    fn leave_seen(&self, cluster: &str, parts: Vec<(Moment, Seen)>) {
        let parts = parts
            .into_iter()
            .map(|(moment, part)| (cluster.to_owned(), moment, part));
        self.last_seen.borrow_mut().extend(parts);
    }
}
