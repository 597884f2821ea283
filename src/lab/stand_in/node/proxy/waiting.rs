//! Increments that wait in this process for Redis, by `sync_rate`, and the timers that push them.
//!
//! As in Kong's source, a counter is read in Redis, and raised by that, when it is first asked about after a push; from then on it is
//! known here. Up to 3.5 that first request is counted twice, and everything is pushed by one timer to where the plugin counts that
//! came first. Whatever waits when workers end is lost, with `kong quit` and `kong reload` too. Kong also loses what comes in the
//! middle of a push; that is not modelled.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::RedisError;
use tokio::task::JoinSet;

use super::super::Node;
use super::counters::Counter;
use super::plugins::Plugin;
use super::redis::{Connected, Place};

/// What waits in this process.
#[derive(Default)]
pub(in super::super) struct Waiting {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<(Table, Counter), Known>,
    /// The plugins for which a timer runs.
    pending: HashSet<Timer>,
    timers: JoinSet<()>,
    /// Whether the process ends: from then on no timer is begun.
    is_ending: bool,
}

/// What is pushed together: all of a Redis, or, up to 3.5, all there is.
type Table = Option<Place>;

/// Whose timer it is: a plugin's, or, up to 3.5, everybody's.
type Timer = Option<String>;

/// A counter of which something is known here.
struct Known {
    /// What was in Redis.
    count: i64,
    /// What is to be added there.
    waits: i64,
}

/// Where a plugin with a `sync_rate` counts.
pub(super) struct Synced {
    redis: Connected,
    table: Table,
    timer: Timer,
    every: Duration,
}

impl Synced {
    /// For `plugin`, if it has a `sync_rate`; else the connection as it was.
    pub(super) fn of(node: &Node, plugin: &Plugin, redis: Connected) -> Result<Self, Connected> {
        let seconds = plugin.config["sync_rate"].as_f64();
        let every = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let Some(every) = every.filter(|every| !every.is_zero() && node.version.is_at_least(3, 4))
        else {
            return Err(redis);
        };
        let is_apart = is_apart(node);
        Ok(Self {
            table: is_apart.then(|| redis.place.clone()),
            timer: is_apart.then(|| plugin.id.clone()),
            every,
            redis,
        })
    }

    /// What was counted before this request, as far as this node knows.
    pub(super) async fn read(&self, node: &Node, counter: &Counter) -> Result<i64, RedisError> {
        let key = (self.table.clone(), counter.clone());
        if let Some(known) = node.waiting.state().known.get(&key) {
            return Ok(known.count + known.waits);
        }
        let count = self.redis.count_and_read(counter).await?;
        // By reading, this request is counted in Redis.
        let waits = if is_apart(node) { -1 } else { 0 };
        let mut state = node.waiting.state();
        state.known.insert(key, Known { count, waits });
        Ok(count)
    }

    /// Counts a request here, to be pushed by a timer.
    pub(super) fn count(self, node: &Arc<Node>, counters: Vec<Counter>) {
        let mut state = node.waiting.state();
        for counter in counters {
            let known = state.known.entry((self.table.clone(), counter));
            known.or_insert(Known { count: 0, waits: 0 }).waits += 1;
        }
        if state.is_ending || !state.pending.insert(self.timer.clone()) {
            return;
        }
        // What is done already need not be remembered.
        while state.timers.try_join_next().is_some() {}
        state.timers.spawn(self.push_later(Arc::clone(node)));
    }

    async fn push_later(self, node: Arc<Node>) {
        loop {
            tokio::time::sleep(self.every).await;
            let is_once = is_apart(&node);
            if is_once {
                // What is counted from here on is for the next timer.
                node.waiting.state().pending.remove(&self.timer);
            }
            for (counter, waits) in node.waiting.take(&self.table) {
                if let Err(error) = self.redis.add(&counter, waits).await {
                    tracing::warn!("{waits} increments are lost: {error}");
                }
            }
            if is_once {
                return;
            }
        }
    }
}

impl Waiting {
    /// Loses what waits, as workers do that give way to others.
    pub(in super::super) fn lose(&self) {
        let mut state = self.state();
        state.timers.abort_all();
        state.pending.clear();
        state.known.clear();
    }

    /// The same when none follow: what requests in flight still count is never pushed.
    pub(in super::super) fn end(&self) {
        self.state().is_ending = true;
        self.lose();
    }

    /// What is to be pushed of a table, of which nothing is known from here on.
    fn take(&self, table: &Table) -> Vec<(Counter, i64)> {
        let mut state = self.state();
        let taken = state.known.extract_if(|(of, _), _| of == table);
        taken
            .map(|((_, counter), known)| (counter, known.waits))
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this version keeps apart what plugins count in several Redis, and takes back what reading has counted.
fn is_apart(node: &Node) -> bool {
    node.version.is_at_least(3, 6)
}
