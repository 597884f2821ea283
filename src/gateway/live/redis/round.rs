//! One round: what one side has counted itself, added to the other.
//!
//! A round takes the next number in the Redis that it adds to, and each of its scripts says this number: what a runner sent that has been
//! killed, or stood still while another went on, is refused there. A counter and its book change in one script, so a round that is
//! broken off or made again adds each request once.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use redis::Script;

use super::error::RedisError;
use super::pairs::Pair;
use super::scan::{Counter, Counters};
use super::store::{Place, Store};
use crate::gateway::Totals;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the original to the copy.
    ToCopy,
    /// Back.
    ToOriginal,
}

/// The word of an error by which a script says that its round is over.
pub(super) const OVERTAKEN: &str = "OVERTAKEN";

/// For how long a round is begun again that another has overtaken.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause before it.
const PAUSE: Duration = Duration::from_millis(200);

/// How much longer than its window a book lives, in milliseconds.
const LONGER: i64 = 3_600_000;

/// What a side has counted itself, and how long the counter lives: −1 and −1 of one that is gone. KEYS: counter, book, and again; ARGV:
/// the fields.
static OWN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local told = {}
         for i = 1, #KEYS, 2 do
             local key, mark = KEYS[i], ARGV[(i + 1) / 2]
             local field = string.sub(mark, 2)
             local held = string.sub(mark, 1, 1) == 's' and redis.call('GET', key) or redis.call('HGET', key, field)
             local own, life = -1, -1
             if held then
                 own = tonumber(held)
                 local carried = tonumber(redis.call('HGET', KEYS[i + 1], 'c' .. field) or '0')
                 if own >= carried then own = own - carried end
                 life = redis.call('PTTL', key)
             end
             told[#told + 1] = own
             told[#told + 1] = life
         end
         return told",
    )
});

/// Adds what was not seen. KEYS: the number of the round, then counter, book, and again; ARGV: the number that it must be, then of each
/// counter its field, what the other side has counted itself, for how long a new one is to live, and for how long its book.
static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('OVERTAKEN by another round') end
         local raised, all = 0, 0
         for i = 2, #KEYS, 2 do
             local key, book, a = KEYS[i], KEYS[i + 1], 2 * i - 2
             local mark, own, life = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
             local is_key, field = string.sub(mark, 1, 1) == 's', string.sub(mark, 2)
             local seen = tonumber(redis.call('HGET', book, 's' .. field) or '0')
             local more = own
             if own >= seen then more = own - seen end
             if more > 0 then
                 local is_new = redis.call('EXISTS', key) == 0
                 if is_new or (not is_key and redis.call('HEXISTS', key, field) == 0) then redis.call('HDEL', book, 'c' .. field) end
                 if is_key then redis.call('INCRBY', key, more) else redis.call('HINCRBY', key, field, more) end
                 if is_new then redis.call('PEXPIRE', key, life) end
                 redis.call('HINCRBY', book, 'c' .. field, more)
                 raised, all = raised + 1, all + more
             end
             if own ~= seen then redis.call('HSET', book, 's' .. field, own) end
             redis.call('PEXPIRE', book, ARGV[a + 3])
         end
         return {raised, all}",
    )
});

/// Adds to one of two Redis what the other has counted itself and it has not seen.
pub async fn carry(pair: &Pair, gap: &str, direction: Direction) -> Result<Totals, RedisError> {
    let (from, to) = match direction {
        Direction::ToCopy => (&pair.from, &pair.to),
        Direction::ToOriginal => (&pair.to, &pair.from),
    };
    let begun = Instant::now();
    loop {
        match attempt(from, to, pair, gap).await {
            Err(RedisError::Overtaken { .. }) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

async fn attempt(from: &Place, to: &Place, pair: &Pair, gap: &str) -> Result<Totals, RedisError> {
    let (source, target) = (from.open().await?, to.open().await?);
    let round = begin(&target, gap).await?;
    let mut counters = Counters::of(&source, &pair.names);
    let mut all = Totals::default();
    let mut read = page(&source, &mut counters, gap).await?;
    while let Some((counters_read, own)) = read {
        // One server is written to while the other is read.
        let ((raised, increments), next) = tokio::try_join!(
            add(&target, gap, round, &counters_read, &own),
            page(&source, &mut counters, gap)
        )?;
        all.counters += raised;
        all.increments += increments;
        read = next;
    }
    Ok(all)
}

/// Some more counters, with what their side has counted itself; nothing at the end.
async fn page(
    source: &Store,
    counters: &mut Counters<'_>,
    gap: &str,
) -> Result<Option<(Vec<Counter>, Vec<(i64, i64)>)>, RedisError> {
    let Some(page) = counters.next().await? else {
        return Ok(None);
    };
    let own = own(source, gap, &page).await?;
    Ok(Some((page, own)))
}

/// Takes the next number: scripts of the one before are refused from here on.
pub(super) async fn begin(store: &Store, gap: &str) -> Result<u64, RedisError> {
    let command = redis::Cmd::incr(numbered(gap), 1);
    store.tell(&command, "begin a round").await
}

/// Whatever stands in the way of a number is gone with the gap.
pub(super) fn numbered(gap: &str) -> String {
    format!("cutover:{gap}")
}

/// The book of a counter's key.
pub(super) fn book(gap: &str, key: &str) -> String {
    format!("{}{key}", books(gap))
}

/// How the names of all books begin.
pub(super) fn books(gap: &str) -> String {
    format!("cutover:{gap}:")
}

/// What a side has counted itself of some counters, and how many milliseconds each lives: below 0 what has no end.
pub(super) async fn own(
    store: &Store,
    gap: &str,
    page: &[Counter],
) -> Result<Vec<(i64, i64)>, RedisError> {
    let told: Vec<i64> = store
        .look(&OWN, "read what was counted", |script| {
            for counter in page {
                script.key(&counter.key).key(book(gap, &counter.key));
                script.arg(counter.marked());
            }
        })
        .await?;
    Ok(told
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .collect())
}

async fn add(
    target: &Store,
    gap: &str,
    round: u64,
    page: &[Counter],
    own: &[(i64, i64)],
) -> Result<(u64, u64), RedisError> {
    let now = Timestamp::now().as_millisecond();
    target
        .change(&ADD, "add what was counted", |script| {
            script.key(numbered(gap)).arg(round);
            for (counter, (own, life)) in page.iter().zip(own) {
                // It died since it was found.
                if *own < 0 {
                    continue;
                }
                let left = (counter.named.matters_until.as_millisecond() - now).max(1);
                script.key(&counter.key).key(book(gap, &counter.key));
                script.arg(counter.marked()).arg(*own);
                // One that never ends is read by nobody after its window.
                script.arg(if *life > 0 { *life } else { left });
                script.arg(left + LONGER);
            }
        })
        .await
}
