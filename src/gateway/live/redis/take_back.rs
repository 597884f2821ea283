//! Taking back what was carried: from counters that are still there, and never below 0.

use std::sync::LazyLock;

use redis::Script;

use super::error::RedisError;
use super::round::{begin, books, numbered};
use super::scan::{Fields, Keys, Met, PAGE, mark};
use super::store::{Place, Store};
use crate::gateway::Totals;
use crate::kong::redis_counters::is_hash;

/// What becomes of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Books {
    /// They stay, so that rounds can begin again.
    Stay,
    /// They go, and the counters are brought back to what the side counted itself.
    Go,
    /// They go, and the counters stay as they are.
    GoAlone,
}

/// KEYS: the number of the round, then counter, book, and again; ARGV: the number that it must be, then the fields.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('OVERTAKEN by another round') end
         for i = 2, #KEYS, 2 do
             local key, book, mark = KEYS[i], KEYS[i + 1], ARGV[i / 2 + 1]
             local is_key, field = string.sub(mark, 1, 1) == 's', string.sub(mark, 2)
             local carried = tonumber(redis.call('HGET', book, 'c' .. field) or '0')
             local held = is_key and redis.call('GET', key) or redis.call('HGET', key, field)
             if held and carried > 0 then
                 local less = math.min(carried, math.max(tonumber(held), 0))
                 if is_key then redis.call('DECRBY', key, less) else redis.call('HINCRBY', key, field, -less) end
             end
             if carried > 0 then
                 local seen = tonumber(redis.call('HGET', book, 's' .. field) or '0')
                 redis.call('HSET', book, 's' .. field, math.max(seen - carried, 0))
                 redis.call('HDEL', book, 'c' .. field)
             end
         end",
    )
});

/// How many counters have something that was carried, and how much. KEYS: books; ARGV: the fields.
static CARRIED: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local counters, all = 0, 0
         for i = 1, #KEYS do
             local carried = tonumber(redis.call('HGET', KEYS[i], 'c' .. string.sub(ARGV[i], 2)) or '0')
             if carried > 0 then counters, all = counters + 1, all + carried end
         end
         return {counters, all}",
    )
});

/// Takes away from the counters of one Redis what came from the other.
pub async fn take_back(place: &Place, gap: &str, then: Books) -> Result<(), RedisError> {
    let store = place.open().await?;
    let known = redis::Cmd::exists(numbered(gap));
    if !store.ask::<bool>(&known, "look for books").await? {
        return Ok(());
    }
    // From here on nothing is added any more that was under way.
    let round = begin(&store, gap).await?;
    let prefix = books(gap);
    let pattern = format!("{prefix}*");
    let mut keys = Keys::matching(&store, &pattern);
    while let Some(found) = keys.next().await? {
        if then != Books::GoAlone {
            let mut pages = Pages::of(&store, &prefix, &found);
            while let Some(page) = pages.next().await? {
                let _: () = store
                    .change(&TAKE, "take back what was carried", |script| {
                        script.key(numbered(gap)).arg(round);
                        for (key, field) in &page {
                            script.key(key).key(format!("{prefix}{key}"));
                            script.arg(mark(field.as_deref()));
                        }
                    })
                    .await?;
            }
        }
        if then != Books::Stay && !found.is_empty() {
            remove(&store, &found).await?;
        }
    }
    if then != Books::Stay {
        remove(&store, &[numbered(gap)]).await?;
    }
    Ok(())
}

async fn remove(store: &Store, keys: &[String]) -> Result<(), RedisError> {
    store
        .tell(&redis::Cmd::unlink(keys), "take books away")
        .await
}

/// How much of what is in the counters of one Redis came from the other.
pub async fn carried_into(place: &Place, gap: &str) -> Result<Totals, RedisError> {
    let store = place.open().await?;
    let prefix = books(gap);
    let pattern = format!("{prefix}*");
    let mut keys = Keys::matching(&store, &pattern);
    let (mut met, mut all) = (Met::default(), Totals::default());
    while let Some(found) = keys.next().await? {
        let mut pages = Pages::of(&store, &prefix, &found);
        while let Some(mut page) = pages.next().await? {
            page.retain(|(key, field)| met.is_first(key, field.as_deref()));
            let (counters, increments): (u64, u64) = store
                .look(&CARRIED, "read what was carried", |script| {
                    for (key, field) in &page {
                        script.key(format!("{prefix}{key}"));
                        script.arg(mark(field.as_deref()));
                    }
                })
                .await?;
            all.counters += counters;
            all.increments += increments;
        }
    }
    Ok(all)
}

/// The counters of some books, in pages.
struct Pages<'a> {
    store: &'a Store,
    prefix: &'a str,
    books: std::slice::Iter<'a, String>,
    fields: Option<(String, Fields<'a>)>,
}

impl<'a> Pages<'a> {
    fn of(store: &'a Store, prefix: &'a str, books: &'a [String]) -> Self {
        Self {
            store,
            prefix,
            books: books.iter(),
            fields: None,
        }
    }

    /// Some more, each with its key and the field in it; nothing at the end.
    async fn next(&mut self) -> Result<Option<Vec<(String, Option<String>)>>, RedisError> {
        let mut page = Vec::new();
        while page.len() < PAGE {
            if let Some((key, fields)) = &mut self.fields {
                let Some(found) = fields.next().await? else {
                    self.fields = None;
                    continue;
                };
                let carried = found.iter().filter_map(|field| field.strip_prefix('c'));
                page.extend(carried.map(|field| (key.clone(), Some(field.to_owned()))));
                continue;
            }
            let Some(book) = self.books.next() else { break };
            let key = book.strip_prefix(self.prefix).unwrap_or(book).to_owned();
            if is_hash(&key) {
                self.fields = Some((key, Fields::of(self.store, book.clone())));
            } else {
                page.push((key, None));
            }
        }
        Ok((!page.is_empty()).then_some(page))
    }
}
