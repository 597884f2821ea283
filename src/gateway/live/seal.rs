//! The key under which values are sealed that a script may compare and not see.
//!
//! A digest without a key is as good as the value where that is short or guessable. The key lies in the storage, beside backups that
//! hold the values themselves, and in no run's directory: a journal that is handed on gives nobody the means to guess.

use std::io::{self, Write as _};
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tempfile::NamedTempFile;

use crate::kong::rows::SEALED;

/// The key's file within the storage.
const FILE: &str = "seal.key";

/// How many bytes of a digest are told: enough that no two values have the same.
const TOLD: usize = 16;

/// A key that was made by this storage's first user and stays.
pub(super) struct Seal(Hmac<Sha256>);

impl Seal {
    /// The key of a storage.
    pub(super) fn of(storage: &Path) -> io::Result<Self> {
        let path = storage.join(FILE);
        if !path.exists() {
            make(storage, &path)?;
        }
        let key = std::fs::read(&path)?;
        if key.len() != 32 {
            return Err(io::Error::other("it does not hold 32 bytes"));
        }
        Ok(Self(
            Hmac::new_from_slice(&key).expect("HMAC takes keys of any length"),
        ))
    }

    /// The value, sealed.
    pub(super) fn seal(&self, value: &str) -> String {
        let digest = self.0.clone().chain_update(value).finalize().into_bytes();
        format!("{SEALED}{}", hex::encode(&digest[..TOLD]))
    }
}

/// Makes a key, or leaves the one that somebody made meanwhile.
fn make(storage: &Path, path: &Path) -> io::Result<()> {
    let mut key = [0_u8; 32];
    rustix::rand::getrandom(&mut key, rustix::rand::GetRandomFlags::empty())?;
    // Readable by us alone, as every temporary file of this crate is.
    let mut file = NamedTempFile::new_in(storage)?;
    file.write_all(&key)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        Ok(_) | Err(_) => std::fs::File::open(storage)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_same_values_have_the_same_seal_in_one_storage_and_in_no_other() {
        let (one, other) = (
            tempfile::tempdir().expect("made"),
            tempfile::tempdir().expect("made"),
        );
        let seal = Seal::of(one.path()).expect("a key").seal("hunter2");
        assert_eq!(seal, Seal::of(one.path()).expect("a key").seal("hunter2"));
        assert_ne!(seal, Seal::of(one.path()).expect("a key").seal("hunter3"));
        assert_ne!(seal, Seal::of(other.path()).expect("a key").seal("hunter2"));
        assert_eq!(seal.len(), SEALED.len() + 2 * TOLD);
        let mode = one
            .path()
            .join(FILE)
            .metadata()
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_was_cut_off_is_refused() {
        let storage = tempfile::tempdir().expect("made");
        std::fs::write(storage.path().join(FILE), "short").expect("written");
        assert!(Seal::of(storage.path()).is_err());
    }
}
