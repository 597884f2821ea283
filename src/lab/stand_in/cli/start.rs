//! `kong start` and `kong restart`: the schema's state is judged first, then the node is started in a session of its own.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::error::CommandError;
use super::migrations::Migrations;
use super::template::nginx_conf;
use super::{Invocation, output, process};
use crate::kong::migrations::Verdict;
use crate::lab::stand_in::conf::{DatabaseKind, KONG_ENV, Settings};
use crate::lab::stand_in::migrations::lines;
use crate::lab::stand_in::node;

/// How long a node may take to listen; a loaded machine needs seconds, never this many.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Where Kong's `init.lua` of 2.8.5, 3.4.2 and 3.9.1 gives up a declarative configuration.
const INIT_LINES: [u16; 3] = [553, 652, 731];

/// How long `restart` waits for the old node.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// Runs `kong start`.
pub(super) async fn start(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let settings = invocation.settings()?;
    start_with(invocation, &settings).await
}

/// Runs `kong restart`; without `-c` with the settings the node had.
pub(super) async fn restart(invocation: &Invocation<'_>) -> Result<ExitCode, CommandError> {
    let settings = if invocation.arguments.value("conf").is_some() {
        invocation.settings()?
    } else {
        invocation.settings_of_node()?
    };
    if let Some(pid) = process::running(&settings.prefix) {
        process::send(pid, Signal::TERM)?;
        output::line("Kong stopped");
        let deadline = Instant::now() + STOP_DEADLINE;
        while process::running(&settings.prefix).is_some() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    start_with(invocation, &settings).await
}

/// Makes the prefix and what a node reads in it.
pub(super) fn prepare(
    invocation: &Invocation<'_>,
    settings: &Settings,
) -> Result<(), CommandError> {
    let prefix = &settings.prefix;
    let nginx_conf = nginx_conf(invocation, prefix)?;
    for directory in ["pids", "logs"] {
        let directory = prefix.join(directory);
        std::fs::create_dir_all(&directory).map_err(CommandError::system(format!(
            "create {}",
            directory.display()
        )))?;
    }
    let files = [
        (KONG_ENV, settings.to_kong_env()),
        ("nginx.conf", nginx_conf),
    ];
    for (name, text) in files {
        let path = prefix.join(name);
        std::fs::write(&path, text)
            .map_err(CommandError::system(format!("write {}", path.display())))?;
    }
    Ok(())
}

async fn start_with(
    invocation: &Invocation<'_>,
    settings: &Settings,
) -> Result<ExitCode, CommandError> {
    let prefix = &settings.prefix;
    if process::running(prefix).is_some() {
        return Err(CommandError::AlreadyRunning(prefix.clone()));
    }
    if settings.database == DatabaseKind::Postgres {
        check_schema(invocation, settings).await?;
    }
    prepare(invocation, settings)?;
    check_declarative(invocation, settings)?;
    let listens = settings
        .proxy_listen
        .iter()
        .chain(&settings.admin_listen)
        .chain(&settings.status_listen)
        .chain(&settings.cluster.listen);
    let addresses: Vec<_> = listens.map(|listen| listen.address).collect();
    for address in &addresses {
        // A port that somebody else has would answer below as if it were the node's.
        TcpListener::bind(address).map_err(|_| CommandError::AddressInUse { address: *address })?;
    }
    // What a crashed predecessor left there would be taken for the node's.
    process::forget(prefix).map_err(CommandError::system("remove a process id"))?;
    let mut node = spawn(invocation, prefix)?;
    let deadline = Instant::now() + START_DEADLINE;
    loop {
        let ended = node
            .try_wait()
            .map_err(CommandError::system("wait for the node"))?;
        if ended.is_some() {
            return Err(CommandError::NodeEnded(prefix.join("logs/error.log")));
        }
        if Instant::now() > deadline {
            node.kill()
                .and_then(|()| node.wait())
                .map_err(CommandError::system("end the node that does not listen"))?;
            return Err(CommandError::NodeEnded(prefix.join("logs/error.log")));
        }
        // It says who it is when it listens everywhere.
        if process::running(prefix).is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    output::line("Kong started");
    Ok(ExitCode::SUCCESS)
}

/// A declarative configuration that cannot be used forbids a start, as nginx's own word.
fn check_declarative(invocation: &Invocation<'_>, settings: &Settings) -> Result<(), CommandError> {
    match &settings.declarative {
        Some(from) if settings.database == DatabaseKind::Off => {
            node::check_declarative(invocation.version, settings, from).map_err(|error| {
                let version = invocation.version;
                let newer = usize::from(version.is_at_least(3, 0));
                let newest = usize::from(version.is_at_least(3, 9));
                CommandError::Init {
                    line: INIT_LINES[newer + newest],
                    problem: error.to_string(),
                }
            })
        }
        _ => Ok(()),
    }
}

/// New migrations forbid a start, pending ones are only told.
async fn check_schema(
    invocation: &Invocation<'_>,
    settings: &Settings,
) -> Result<(), CommandError> {
    let migrations = Migrations::open(invocation, settings).await?;
    let mut state = migrations.state().await?;
    let complete = matches!(state.verdict(), Verdict::UpToDate | Verdict::Pending);
    if invocation.arguments.has("run-migrations") && !complete {
        migrations.up(&state).await.map_err(|error| match error {
            CommandError::CannotMigrateEmpty => located(60, error),
            CommandError::Pending => located(67, error),
            other => other,
        })?;
        state = migrations.state().await?;
    }
    match state.verdict() {
        Verdict::NeedsBootstrap => Err(located(16, CommandError::Empty)),
        Verdict::New | Verdict::PendingAndNew => Err(located(20, CommandError::New)),
        Verdict::Pending => {
            let pending = lines(&state.pending);
            output::line(&format!("Database has pending migrations:\n{pending}"));
            Ok(())
        }
        Verdict::UpToDate => Ok(()),
    }
}

fn located(line: u16, error: CommandError) -> CommandError {
    CommandError::Located {
        line,
        source: Box::new(error),
    }
}

fn spawn(invocation: &Invocation<'_>, prefix: &Path) -> Result<Child, CommandError> {
    let failed = || CommandError::system("start the node");
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(prefix.join("logs/error.log"))
        .map_err(failed())?;
    Command::new(std::env::current_exe().map_err(failed())?)
        .arg("stand-in")
        .arg(invocation.version.to_string())
        .arg("node")
        .arg("--prefix")
        .arg(prefix)
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed())?)
        .stderr(log)
        .current_dir("/")
        .spawn()
        .map_err(failed())
}
