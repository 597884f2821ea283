//! The rate limits' counters in Redis, by the policy `redis`.
//!
//! Since 3.x a counter is raised as it is read, in one script that also sets how long a new one lives. Up to 2.8 it is read, and
//! raised once the request has passed. What waits for a push instead is in `waiting`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    AsyncCommands as _, Client, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo,
    RedisError, Script,
};
use serde_json::Value;

use super::counters::Counter;

/// The connections of this process, one to each server and database.
#[derive(Default)]
pub(in super::super) struct Redis {
    connections: Mutex<HashMap<Place, ConnectionManager>>,
}

/// Where a plugin counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    host: String,
    port: u16,
    database: i64,
    username: Option<String>,
    password: Option<String>,
}

/// Why counters in Redis cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreachable {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("the stand-in speaks to Redis without TLS only")]
    Encrypted,
}

impl Redis {
    /// A connection by the plugin's `config`, as versions have it before 3.6 or since.
    pub(super) async fn connected(&self, config: &Value) -> Result<Connected, Unreachable> {
        let setting = |name: &str| match config.get("redis") {
            Some(nested) => &nested[name],
            None => &config[format!("redis_{name}").as_str()],
        };
        if setting("ssl") == true {
            return Err(Unreachable::Encrypted);
        }
        let text = |name: &str| setting(name).as_str().map(str::to_owned);
        let port = setting("port").as_u64();
        let place = Place {
            host: text("host").unwrap_or_default(),
            port: port.and_then(|port| port.try_into().ok()).unwrap_or(6379),
            database: setting("database").as_i64().unwrap_or(0),
            username: text("username"),
            password: text("password"),
        };
        let known = self.connections().get(&place).cloned();
        if let Some(connection) = known {
            return Ok(Connected { place, connection });
        }
        let patience = Duration::from_millis(setting("timeout").as_u64().unwrap_or(2_000));
        let connection = place.connect(patience).await?;
        self.connections().insert(place.clone(), connection.clone());
        Ok(Connected { place, connection })
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<Place, ConnectionManager>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Opens a connection that is opened again when it has broken.
    async fn connect(&self, patience: Duration) -> Result<ConnectionManager, RedisError> {
        let mut settings = RedisConnectionInfo::default().set_db(self.database);
        if let Some(username) = &self.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        let address = ConnectionAddr::Tcp(self.host.clone(), self.port);
        let info = address.into_connection_info()?.set_redis_settings(settings);
        let once = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience));
        ConnectionManager::new_with_config(Client::open(info)?, once).await
    }
}

/// A connection to the Redis in which a plugin counts.
pub(super) struct Connected {
    pub(super) place: Place,
    connection: ConnectionManager,
}

/// Adds one to a counter and answers what was there before; a new one lives as long as its window is long.
const COUNT_AND_READ: &str = "
    local count = redis.call('INCR', KEYS[1])
    if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
    return count - 1";

/// Adds what waited. Kong takes the beginning of the window, which is in milliseconds, for seconds: a counter that is not there by then
/// never ends.
const ADD: &str = "
    local exists = redis.call('EXISTS', KEYS[1])
    redis.call('INCRBY', KEYS[1], ARGV[1])
    if exists == 0 then redis.call('EXPIREAT', KEYS[1], ARGV[2]) end";

impl Connected {
    /// What was counted.
    pub(super) async fn read(&self, counter: &Counter) -> Result<i64, RedisError> {
        let count: Option<i64> = self.connection.clone().get(key(counter)).await?;
        Ok(count.unwrap_or(0))
    }

    /// What was counted, and this request is from now on.
    pub(super) async fn count_and_read(&self, counter: &Counter) -> Result<i64, RedisError> {
        Script::new(COUNT_AND_READ)
            .key(key(counter))
            .arg(counter.lifetime)
            .invoke_async(&mut self.connection.clone())
            .await
    }

    /// Counts a request; a counter that was not there lives as long as its window is long.
    pub(super) async fn count(&self, counter: &Counter) -> Result<(), RedisError> {
        let (mut connection, key) = (self.connection.clone(), key(counter));
        let is_there: bool = connection.exists(&key).await?;
        let mut both = redis::pipe();
        both.incr(&key, 1).ignore();
        if !is_there {
            both.expire(&key, counter.lifetime).ignore();
        }
        both.query_async(&mut connection).await
    }

    /// Adds what was counted elsewhere.
    pub(super) async fn add(&self, counter: &Counter, increments: i64) -> Result<(), RedisError> {
        Script::new(ADD)
            .key(key(counter))
            .arg(increments)
            .arg(counter.date.as_millisecond() + counter.lifetime)
            .invoke_async(&mut self.connection.clone())
            .await
    }
}

/// A counter's key: route, service, who is counted, the beginning of the window in milliseconds, and the period.
fn key(counter: &Counter) -> String {
    format!(
        "ratelimit:{}:{}:{}:{}:{}",
        counter.route,
        counter.service,
        counter.identifier,
        counter.date.as_millisecond(),
        counter.period,
    )
}
