//! What can be wrong with a backup's files, before anything is decoded.

use serde::{Deserialize, Serialize};

/// What is wrong with a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// There is no manifest: the backup was never finished.
    #[error("it has no manifest")]
    NoManifest,
    /// The manifest cannot be read.
    #[error("its manifest is unreadable: {0}")]
    Manifest(String),
    /// The manifest is of another format.
    #[error("its format is version {0}, which this cutover does not read")]
    Format(u32),
    /// It is not the backup that was meant.
    #[error("its manifest is `{found}`, not the recorded `{recorded}`")]
    Foreign {
        /// The digest that the caller knows.
        recorded: String,
        /// The digest that was found.
        found: String,
    },
    /// A file of the manifest is not there.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A file is there that the manifest does not name.
    #[error("`{0}` does not belong to it")]
    Extra(String),
    /// A file is a link.
    #[error("`{0}` is a link")]
    Link(String),
    /// Others can read or change a file.
    #[error("`{file}` is open to others, its mode is {mode:04o}")]
    Mode {
        /// The file.
        file: String,
        /// Its permission bits.
        mode: u32,
    },
    /// A file has another size.
    #[error("`{file}` has {found} bytes instead of {recorded}")]
    Size {
        /// The file.
        file: String,
        /// Bytes in the manifest.
        recorded: u64,
        /// Bytes on disk.
        found: u64,
    },
    /// A file has another content.
    #[error("`{0}` has another checksum than recorded")]
    Checksum(String),
    /// The dump lists other tables than the manifest.
    #[error("its dump lists {found} tables with rows instead of {recorded}{}", absent.as_deref().map(|table| format!(", without `{table}`")).unwrap_or_default())]
    Contents {
        /// Tables in the manifest.
        recorded: usize,
        /// Tables in the dump.
        found: usize,
        /// A table of the manifest that the dump lacks.
        absent: Option<String>,
    },
}
