//! The node's process: a placeholder that binds the listeners and waits for a signal.

use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::conf::Settings;
use crate::kong::Version;

/// Runs a node of `version` until a signal ends it.
#[must_use]
pub fn main(_version: &Version, settings: Settings) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs only file descriptors");
    match runtime.block_on(serve(&settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn serve(settings: &Settings) -> std::io::Result<()> {
    let mut listeners = Vec::new();
    for listen in settings
        .proxy_listen
        .iter()
        .chain(&settings.admin_listen)
        .chain(&settings.status_listen)
    {
        listeners.push(TcpListener::bind(listen.address).await?);
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = quit.recv() => return Ok(()),
            _ = hangup.recv() => {}
        }
    }
}
