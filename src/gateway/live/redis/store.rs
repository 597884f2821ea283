//! One database of one Redis: connected with the environment's typed fields.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, FromRedisValue, RedisConnectionInfo, Script, ScriptInvocation};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};

use super::super::secret;
use super::super::trust::trust;
use super::error::RedisError;
use crate::environment::{Access, Redis};
use crate::tls;

/// How long connecting may take, name resolution and handshakes included.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// How long one answer may take. Each is about some hundreds of keys.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);

/// A database of a Redis of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As the environment calls it, with the number of the database, such as `counters/0`.
    pub name: String,
    pub(super) settings: Redis,
    pub(super) database: i64,
    /// What it is opened for.
    pub(super) access: Access,
}

/// A connection to one. It ends with this.
pub(super) struct Store {
    name: String,
    access: Access,
    connection: MultiplexedConnection,
    driver: JoinHandle<()>,
}

/// What a Redis says it is.
pub(super) struct Identity {
    /// What no other has, from its start to its end.
    pub(super) run: String,
    /// Whether it is one of several that share their keys.
    pub(super) is_cluster: bool,
}

impl Place {
    /// Connects.
    pub(super) async fn open(&self) -> Result<Store, RedisError> {
        let settings = &self.settings;
        let mut login = RedisConnectionInfo::default()
            .set_db(self.database)
            .set_skip_set_lib_name();
        if let Some(user) = &settings.user {
            login = login.set_username(user);
        }
        if let Some(reference) = &settings.password {
            login = login.set_password(secret::resolve(reference).await?.expose());
        }
        let trust = trust(settings.tls, settings.ca.as_deref())?;
        let connector = trust.map(|trust| tls::connector(trust, None)).transpose();
        let connector = connector.map_err(super::super::trust::TlsError::from)?;
        let failed = |reason: String| RedisError::Connect {
            name: self.name.clone(),
            address: format!("{}:{}", settings.host, settings.port),
            reason,
        };
        let connecting = async {
            let stream = TcpStream::connect((settings.host.as_str(), settings.port)).await;
            let stream = stream.map_err(|error| error.to_string())?;
            let config = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER_DEADLINE));
            let refused = |error: redis::RedisError| error.to_string();
            let Some(mut connector) = connector else {
                let connected =
                    MultiplexedConnection::new_with_config(&login, stream, config).await;
                let (connection, driver) = connected.map_err(refused)?;
                return Ok((connection, tokio::spawn(driver)));
            };
            let handshake =
                MakeTlsConnect::<TcpStream>::make_tls_connect(&mut connector, &settings.host);
            let handshake = handshake.map_err(|error| error.to_string())?;
            let stream = handshake.connect(stream).await;
            let stream = stream.map_err(|error| error.to_string())?;
            let connected = MultiplexedConnection::new_with_config(&login, stream, config).await;
            let (connection, driver) = connected.map_err(refused)?;
            Ok((connection, tokio::spawn(driver)))
        };
        let connected = tokio::time::timeout(CONNECT_DEADLINE, connecting).await;
        let connected = connected.unwrap_or_else(|_| Err("no answer".to_owned()));
        let (connection, driver) = connected.map_err(failed)?;
        Ok(Store {
            name: self.name.clone(),
            access: self.access,
            connection,
            driver,
        })
    }
}

/// Connects to the Redis `name` of the environment, and asks who it is.
pub async fn answers(name: &str, settings: &Redis) -> Result<(), RedisError> {
    let place = Place {
        name: name.to_owned(),
        settings: settings.clone(),
        database: 0,
        access: Access::Look,
    };
    place.open().await?.identity().await.map(drop)
}

impl Store {
    /// Whether it is another one than another.
    pub(super) async fn identity(&self) -> Result<Identity, RedisError> {
        let told: String = self
            .ask(redis::cmd("INFO").arg("server"), "ask who it is")
            .await?;
        let field = |name: &str| {
            let mut lines = told.lines().filter_map(|line| line.split_once(':'));
            let found = lines.find(|(field, _)| *field == name);
            found.map_or("", |(_, value)| value.trim()).to_owned()
        };
        Ok(Identity {
            run: field("run_id"),
            is_cluster: field("redis_mode") == "cluster",
        })
    }

    /// Sends a command that only reads.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        command: &redis::Cmd,
        doing: &'static str,
    ) -> Result<T, RedisError> {
        let answer = command.query_async(&mut self.connection.clone()).await;
        answer.map_err(|error| self.refused(doing, &error))
    }

    /// Sends a command that writes.
    pub(super) async fn tell<T: FromRedisValue>(
        &self,
        command: &redis::Cmd,
        doing: &'static str,
    ) -> Result<T, RedisError> {
        self.may_write()?;
        self.ask(command, doing).await
    }

    /// Runs a script that only reads, with what `prepare` gives it.
    pub(super) async fn look<T: FromRedisValue>(
        &self,
        script: &Script,
        doing: &'static str,
        prepare: impl FnOnce(&mut ScriptInvocation<'_>),
    ) -> Result<T, RedisError> {
        let mut invocation = script.prepare_invoke();
        prepare(&mut invocation);
        let answer = invocation.invoke_async(&mut self.connection.clone()).await;
        answer.map_err(|error| self.refused(doing, &error))
    }

    /// Runs a script that writes.
    pub(super) async fn change<T: FromRedisValue>(
        &self,
        script: &Script,
        doing: &'static str,
        prepare: impl FnOnce(&mut ScriptInvocation<'_>),
    ) -> Result<T, RedisError> {
        self.may_write()?;
        self.look(script, doing, prepare).await
    }

    fn may_write(&self) -> Result<(), RedisError> {
        if self.access == Access::Run {
            return Ok(());
        }
        Err(RedisError::Look {
            name: self.name.clone(),
        })
    }

    fn refused(&self, doing: &'static str, error: &redis::RedisError) -> RedisError {
        let name = self.name.clone();
        // The scripts of rounds say it by this word.
        if error.code() == Some(super::round::OVERTAKEN) {
            return RedisError::Overtaken { name };
        }
        RedisError::Command {
            name,
            doing,
            reason: error.to_string(),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
