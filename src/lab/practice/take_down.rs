//! Taking a practice cluster down, whether it came up whole or in part, and whatever died since.

use std::path::Path;

use super::ledger::Ledger;
use super::{PracticeError, database, files, nodes};

/// What becomes of the cluster's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// They stay, to be looked at.
    Keep,
    /// They go.
    Remove,
}

/// Ends every process of the cluster in `directory` and answers how many there were; nothing else with their ids is touched.
pub async fn down(directory: &Path, remains: Remains) -> Result<usize, PracticeError> {
    let directory = &std::path::absolute(directory).map_err(files::failed("find", directory))?;
    let ledger = Ledger::open(directory)?;
    let mut ended = 0;
    // From the front to the back: clients first find nobody, rather than half of the cluster.
    let parts = ledger
        .processes
        .values()
        .filter(|process| process.is_alive());
    for process in parts.cloned().chain(nodes::stand_ins(directory)) {
        process.end().await?;
        ended += 1;
    }
    if database::running(directory).is_some() {
        database::stop(directory, &ledger.socket)?;
        ended += 1;
    }
    if remains == Remains::Remove {
        // A socket directory elsewhere was made for this cluster and holds nothing but what the server left there.
        for path in [&ledger.socket, directory] {
            if path.exists() {
                std::fs::remove_dir_all(path).map_err(files::failed("remove", path))?;
            }
        }
    }
    Ok(ended)
}
