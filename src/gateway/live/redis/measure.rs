//! What a copy lacks, and what both sides counted, of counters in Redis.
//!
//! Since 3.0 Kong counts a request in Redis before it judges it, so refused ones are in there too: what was admitted can only be told
//! between two bounds.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use jiff::Timestamp;
use redis::Script;

use super::error::RedisError;
use super::pairs::Pair;
use super::round::{book, own};
use super::scan::{Counter, Counters};
use super::store::Store;
use crate::gateway::{Counted, Lacking, Totals};
use crate::kong::rate_limits::Limit;

/// What is in counters, what was seen of the other side, and what came from there. KEYS: counter, book, and again; ARGV: the fields.
static HELD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local told = {}
         for i = 1, #KEYS, 2 do
             local key, mark = KEYS[i], ARGV[(i + 1) / 2]
             local field = string.sub(mark, 2)
             local held = string.sub(mark, 1, 1) == 's' and redis.call('GET', key) or redis.call('HGET', key, field)
             told[#told + 1] = tonumber(held or '0')
             told[#told + 1] = tonumber(redis.call('HGET', KEYS[i + 1], 's' .. field) or '0')
             told[#told + 1] = tonumber(redis.call('HGET', KEYS[i + 1], 'c' .. field) or '0')
         end
         return told",
    )
});

/// A counter as one side has it.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// What is in it.
    value: i64,
    /// How much of what the other side counted itself is in there.
    seen: i64,
    /// How much of it came from there.
    carried: i64,
}

impl Held {
    /// What this side counted itself. Less than was carried is a counter that began anew.
    fn own(self) -> i64 {
        if self.value >= self.carried {
            self.value - self.carried
        } else {
            self.value
        }
    }

    /// How much of `own`, what the other side counted, is not in here.
    fn unseen(self, own: i64) -> i64 {
        if own >= self.seen {
            own - self.seen
        } else {
            own
        }
    }

    /// How many requests this side can have admitted, at least and at most, of a limit: those that found less than that in the counter.
    fn admitted(self, limit: i64) -> (i64, i64) {
        let carried = self.value - self.own();
        (
            self.own().min((limit - carried).max(0)),
            self.own().min(limit),
        )
    }
}

/// The limits that count in Redis, by what a counter's name says.
#[derive(Debug, Default)]
pub struct Limits(HashMap<(&'static str, String, String, String, Option<String>), i64>);

impl Limits {
    /// Finds them by what counters say; of two for the same the lower one holds.
    #[must_use]
    pub fn of(limits: Vec<Limit>) -> Self {
        let mut least = HashMap::new();
        for limit in limits {
            let Limit {
                table,
                scope,
                route,
                period,
                consumer,
                limit,
            } = limit;
            least
                .entry((table, scope, route, period, consumer))
                .and_modify(|most: &mut i64| *most = limit.min(*most))
                .or_insert(limit);
        }
        Self(least)
    }

    /// That of whoever is counted, or else that of everybody.
    fn find(&self, counter: &Counter) -> Option<i64> {
        let named = &counter.named;
        let of = |consumer: Option<&str>| {
            let key = (
                named.table,
                named.scope.clone(),
                named.route.clone(),
                named.period.clone(),
                consumer.map(str::to_owned),
            );
            self.0.get(&key).copied()
        };
        of(Some(counter.identifier())).or_else(|| of(None))
    }
}

/// What the copy lacks of what the original counted.
pub async fn lacking(pair: &Pair, gap: &str, limits: &Limits) -> Result<Vec<Lacking>, RedisError> {
    let (source, target) = (pair.from.open().await?, pair.to.open().await?);
    let mut counters = Counters::of(&source, &pair.names);
    let mut found: BTreeMap<String, Lacking> = BTreeMap::new();
    let mut next = counters.next().await?;
    while let Some(page) = next {
        // The two servers and the search for more work at the same time.
        let (counted, there, further) = tokio::try_join!(
            own(&source, gap, &page),
            held(&target, gap, &page),
            counters.next()
        )?;
        next = further;
        let now = Timestamp::now();
        for ((counter, (own, _)), there) in page.iter().zip(counted).zip(there) {
            let more = there.unseen(own);
            if own <= 0 || more <= 0 {
                continue;
            }
            let period = counter.named.period.clone();
            let line = found.entry(period.clone()).or_insert_with(|| Lacking {
                table: pair.told(),
                period,
                totals: Totals::default(),
                largest: 0,
                limited: 0,
                over_at_most: 0,
                over_expected: 0,
            });
            line.totals.counters += 1;
            line.totals.increments += more.unsigned_abs();
            line.largest = line.largest.max(more.unsigned_abs());
            if let Some(limit) = limits.find(counter) {
                let left = (limit - there.value).max(0);
                let coming = coming(counter, own, now);
                line.limited += 1;
                line.over_at_most += more.min(left).unsigned_abs();
                line.over_expected +=
                    (coming.min(left) - coming.min((left - more).max(0))).unsigned_abs();
            }
        }
    }
    Ok(found.into_values().collect())
}

/// How many requests come until the end of the window, if they come as they did since its beginning.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "an expectation is rounded, and counts are far below 2^53"
)]
fn coming(counter: &Counter, own: i64, now: Timestamp) -> i64 {
    let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64().max(0.0);
    let passed = seconds(counter.named.begins, now).max(1.0);
    (own as f64 * seconds(now, counter.named.ends) / passed).round() as i64
}

/// What both sides counted.
pub async fn counted(pair: &Pair, gap: &str, limits: &Limits) -> Result<Vec<Counted>, RedisError> {
    let (original, copy) = (pair.from.open().await?, pair.to.open().await?);
    let mut found: BTreeMap<String, Counted> = BTreeMap::new();
    // What only the copy has is found there, what only the original has here, and what both have once.
    for (side, is_copy) in [(&original, false), (&copy, true)] {
        let mut counters = Counters::of(side, &pair.names);
        while let Some(page) = counters.next().await? {
            let (here, there) =
                tokio::try_join!(held(&original, gap, &page), held(&copy, gap, &page))?;
            for ((counter, here), there) in page.iter().zip(here).zip(there) {
                if is_copy && here.value > 0 {
                    continue;
                }
                if here.own() + there.own() > 0 {
                    let line = found.entry(counter.named.period.clone());
                    let line = line.or_insert_with(|| nothing(pair, counter));
                    add(line, here, there, limits.find(counter));
                }
            }
        }
    }
    Ok(found.into_values().collect())
}

fn nothing(pair: &Pair, counter: &Counter) -> Counted {
    Counted {
        table: pair.told(),
        period: counter.named.period.clone(),
        counters: 0,
        by_from: 0,
        by_to: 0,
        lacking: 0,
        over_admitted: 0,
        uncertain: 0,
    }
}

fn add(line: &mut Counted, here: Held, there: Held, limit: Option<i64>) {
    line.counters += 1;
    line.by_from += here.own().unsigned_abs();
    line.by_to += there.own().unsigned_abs();
    line.lacking += there.unseen(here.own()).unsigned_abs();
    if let Some(limit) = limit {
        let (here, there) = (here.admitted(limit), there.admitted(limit));
        let least = (here.0 + there.0 - limit).max(0).unsigned_abs();
        let most = (here.1 + there.1 - limit).max(0).unsigned_abs();
        line.over_admitted += most;
        line.uncertain += most - least;
    }
}

async fn held(store: &Store, gap: &str, page: &[Counter]) -> Result<Vec<Held>, RedisError> {
    let told: Vec<i64> = store
        .look(&HELD, "read what was counted", |script| {
            for counter in page {
                script.key(&counter.key).key(book(gap, &counter.key));
                script.arg(counter.marked());
            }
        })
        .await?;
    let held = |three: &[i64]| Held {
        value: three[0],
        seen: three[1],
        carried: three[2],
    };
    Ok(told.chunks_exact(3).map(held).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_admitted_lies_between_two_bounds() {
        let side = |held, carried| Held {
            value: held,
            seen: 0,
            carried,
        };
        // Nothing carried: each admits its limit at most.
        assert_eq!(side(7, 0).admitted(5), (5, 5));
        // 4 came over: if they came first there was room for one more, if they came last for all five.
        assert_eq!(side(9, 4).admitted(5), (1, 5));
        // A counter that began anew.
        assert_eq!(side(2, 4).admitted(5), (2, 2));
    }
}
