//! One session on a server: connected with the environment's typed fields, and pinned so that the same row always prints the same.
//!
//! Invariant: every session here has an empty `search_path`, so all SQL of this room is schema-qualified.

use std::ops::Deref;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, Socket};

use super::error::{PostgresError, words};
use super::tls;
use crate::environment::{Access, Database, SecretReference};
use crate::gateway::live::secret::{self, Secret};

/// How long connecting may take, name resolution and handshakes included.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// What the server holds a session to that only looks. It is given with the start of the session, where it comes before every
/// statement and over what is set for the role or the database. Production waits two seconds for such a session at most.
const LOOK: &str =
    "-c default_transaction_read_only=on -c statement_timeout=30s -c lock_timeout=2s";

/// How long a statement of a run may take, and block. Long work lifts the first itself.
const LIMITS: &str = "SET statement_timeout = '60s'; SET lock_timeout = '10s'";

/// Settings that change how a value prints. `row_security` off turns a silently filtered table into an error.
const PINNED: &str = "\
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';
    SET extra_float_digits = 3; SET standard_conforming_strings = on; SET client_min_messages = warning;
    SET row_security = off;
    SELECT pg_catalog.set_config('search_path', '', false)";

/// Whom to connect as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The owner of Kong's tables, to Kong's database.
    Owner,
    /// The role that creates, renames and ends sessions, to the maintenance database.
    Admin,
}

/// A connected session. Dropping it ends it soon; [`Session::close`] ends it now.
#[derive(Debug)]
pub struct Session {
    client: Client,
    connection: JoinHandle<()>,
}

/// Who connects to what: a role's fields in one place, for the driver and for libpq.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Option<Secret>,
    pub(super) database: String,
}

impl Login {
    pub(super) async fn resolve(
        database: &Database,
        role: Role,
        name: Option<&str>,
    ) -> Result<Self, PostgresError> {
        let (user, password, default): (&str, &Option<SecretReference>, &str) =
            match (role, &database.admin) {
                (Role::Owner, _) => (&database.user, &database.password, &database.database),
                (Role::Admin, Some(admin)) => (&admin.user, &admin.password, &admin.database),
                (Role::Admin, None) => (&database.user, &database.password, "postgres"),
            };
        let password = match password {
            Some(reference) => Some(secret::resolve(reference).await?),
            None => None,
        };
        Ok(Self {
            user: user.to_owned(),
            password,
            database: name.unwrap_or(default).to_owned(),
        })
    }
}

/// Connects as `role`, to the role's own database or to the one called `name`.
pub async fn connect(
    database: &Database,
    role: Role,
    name: Option<&str>,
) -> Result<Session, PostgresError> {
    // Nearly everything begins with this, and would carry its size for as long as it lasts.
    Box::pin(connect_as(database, role, name, "cutover")).await
}

/// The same under another application name, by which others recognise who holds a lock.
pub(super) async fn connect_as(
    database: &Database,
    role: Role,
    name: Option<&str>,
    application: &str,
) -> Result<Session, PostgresError> {
    let login = Login::resolve(database, role, name).await?;
    let mut config = Config::new();
    config
        .host(&database.host)
        .port(database.port)
        .user(&login.user)
        .dbname(&login.database)
        .application_name(application)
        .connect_timeout(CONNECT_DEADLINE);
    if database.access == Access::Look {
        config.options(LOOK);
    }
    if let Some(password) = &login.password {
        config.password(password.expose());
    }
    let attempt = async {
        if let Some(connector) = tls::connector(database)? {
            config.ssl_mode(SslMode::Require);
            Ok::<_, PostgresError>(establish(&config, connector).await)
        } else {
            config.ssl_mode(SslMode::Disable);
            Ok(establish(&config, NoTls).await)
        }
    };
    let refused = |state: Option<String>, reason| PostgresError::Connect {
        host: database.host.clone(),
        port: database.port,
        database: login.database.clone(),
        user: login.user.clone(),
        state,
        reason,
    };
    let session = tokio::time::timeout(CONNECT_DEADLINE, attempt)
        .await
        .map_err(|_| {
            refused(
                None,
                format!("no answer within {} s", CONNECT_DEADLINE.as_secs()),
            )
        })??
        .map_err(|error| {
            let state = error.code().map(|code| code.code().to_owned());
            refused(state, words(&error))
        })?;
    match database.access {
        Access::Run => session.prepare(LIMITS).await?,
        Access::Look => session.prove_read_only().await?,
    }
    session.prepare(PINNED).await?;
    Ok(session)
}

async fn establish<T>(config: &Config, tls: T) -> Result<Session, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await?;
    // An error of the connection also reaches the statement that waits for it, and is reported there.
    let connection = tokio::spawn(async {
        let _ = connection.await;
    });
    Ok(Session { client, connection })
}

impl Session {
    /// Ends the session and waits until its connection is closed.
    pub async fn close(self) {
        drop(self.client);
        // A connection that does not close in time is left to its task; the server notices the broken socket.
        let _ = tokio::time::timeout(CONNECT_DEADLINE, self.connection).await;
    }

    async fn prepare(&self, settings: &str) -> Result<(), PostgresError> {
        self.batch_execute(settings)
            .await
            .map_err(PostgresError::query("prepare a session"))
    }

    /// Asks the server: something between us and it may have dropped what the session was to begin with.
    async fn prove_read_only(&self) -> Result<(), PostgresError> {
        let shown = self.query_one("SHOW transaction_read_only", &[]).await;
        let shown = shown.map_err(PostgresError::query("see whether a session can write"))?;
        match shown.get(0) {
            "on" => Ok(()),
            _ => Err(PostgresError::Writable),
        }
    }

    /// Lets statements of this session run for as long as they take.
    pub(super) async fn without_limits(self) -> Result<Self, PostgresError> {
        self.batch_execute("SET statement_timeout = 0; SET lock_timeout = '60s'")
            .await
            .map_err(PostgresError::query("lift the session's limits"))?;
        Ok(self)
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
