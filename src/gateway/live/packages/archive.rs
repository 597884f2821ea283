//! Packages that are kept on a host, so that the way back needs no repository: brought beside them, proven, and only then put there.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::directory;
use super::driver::{Driver, Inside, PackageVersion as _, Word};
use crate::gateway::Failure;
use crate::host::facts::Format;
use crate::kong::Version;

/// What comes is put here first.
const COMING: &str = ".coming";

/// A package's file.
pub(super) struct Lying<V> {
    pub(super) path: PathBuf,
    /// The name of the file.
    pub(super) name: String,
    pub(super) inside: Inside<V>,
}

/// A package's file that is what it must be.
pub(super) struct Proven {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
    /// How many bytes it takes once it is unpacked, if it says so.
    pub(super) unpacked: Option<u64>,
}

/// The package's files in a directory; none where that is not there.
pub(super) async fn lying<D: Driver>(
    driver: &D,
    directory: &Path,
) -> Result<Vec<Lying<D::Version>>, Failure> {
    let place = driver.place();
    let names = match place.host.names(directory).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        names => names.map_err(|error| place.unusable(&error))?,
    };
    let mut lying = Vec::new();
    for name in names {
        let ending = match place.format {
            Format::Deb => ".deb",
            Format::Rpm => ".rpm",
        };
        if !name.starts_with(place.name) || !name.ends_with(ending) {
            continue;
        }
        let path = directory.join(&name);
        let inside = driver.inside(&path).await?;
        if let Some(inside) = inside.filter(|inside| inside.package == place.name) {
            lying.push(Lying { path, name, inside });
        }
    }
    Ok(lying)
}

/// The versions that are kept.
pub(super) async fn kept<D: Driver>(driver: &D) -> Result<Vec<D::Version>, Failure> {
    let lying = lying(driver, driver.place().archive).await?;
    Ok(lying.into_iter().map(|one| one.inside.version).collect())
}

/// A version's file in the archive, brought there where it is not, and proven.
pub(super) async fn keep<D: Driver>(driver: &D, version: &D::Version) -> Result<Proven, Failure> {
    let place = driver.place();
    if let Some(kept) = find(driver, place.archive, version).await? {
        return prove(driver, &kept).await;
    }
    let unusable = |error: std::io::Error| place.unusable(&error);
    let coming = place.archive.join(COMING);
    // What a killed call has left there is no whole package.
    place.host.remove(&coming).await.map_err(unusable)?;
    place.host.make_directory(&coming).await.map_err(unusable)?;
    match place.directory {
        Some(_) => directory::copy(driver, version, &coming).await?,
        None => driver.fetch(version, &coming).await?,
    }
    let Some(mut come) = find(driver, &coming, version).await? else {
        let message = format!(
            "`{}` {version} was fetched on `{}`, and no such file is there",
            place.name, place.node.name
        );
        return Err(Failure::new("packages.fetch", message));
    };
    // A wrong one is left where nobody takes it for a kept one.
    prove(driver, &come).await?;
    let path = place.archive.join(&come.name);
    let moved = place.host.rename(&come.path, &path).await;
    moved.map_err(unusable)?;
    place.host.remove(&coming).await.map_err(unusable)?;
    come.path = path;
    prove(driver, &come).await
}

/// Takes the files of a version out of the archive.
pub(super) async fn drop<D: Driver>(driver: &D, version: &Version) -> Result<(), Failure> {
    let place = driver.place();
    for kept in lying(driver, place.archive).await? {
        if kept.inside.version.kong().as_ref() == Some(version) {
            let removed = place.host.remove(&kept.path).await;
            removed.map_err(|error| place.unusable(&error))?;
        }
    }
    Ok(())
}

async fn find<D: Driver>(
    driver: &D,
    directory: &Path,
    version: &D::Version,
) -> Result<Option<Lying<D::Version>>, Failure> {
    let lying = lying(driver, directory).await?.into_iter();
    Ok(lying.into_iter().find(|one| one.inside.version == *version))
}

/// Compares a file with what the environment file, else a signed list or its own signature, else an earlier proof says of it.
pub(super) async fn prove<D: Driver>(
    driver: &D,
    lying: &Lying<D::Version>,
) -> Result<Proven, Failure> {
    let place = driver.place();
    let version = &lying.inside.version;
    let written = version.to_string();
    let digest = place.host.digest(&lying.path).await;
    let digest = digest.map_err(|error| place.unusable(&error))?;
    let wanted = match place.pinned(version) {
        Some(pinned) => vec![pinned.to_owned()],
        None => match driver.word(version, &lying.path).await? {
            Word::Digest(listed) => vec![listed],
            Word::Signed => vec![digest.clone()],
            Word::Nobody => place.live.known_package(place.name, &written)?,
        },
    };
    let message = if wanted.is_empty() {
        format!(
            "nothing says what `{}` on `{}` must be: it is not in the environment file, nobody known has signed it, and no repository speaks of it",
            lying.path.display(),
            place.node.name
        )
    } else if wanted
        .iter()
        .any(|wanted| digest.eq_ignore_ascii_case(wanted))
    {
        place.live.remember_package(place.name, &written, &digest)?;
        return Ok(Proven {
            path: lying.path.clone(),
            sha256: digest,
            unpacked: lying.inside.unpacked,
        });
    } else {
        format!(
            "`{}` on `{}` is not what it must be: its SHA-256 is {digest}, not {}",
            lying.path.display(),
            place.node.name,
            wanted.join(" or ")
        )
    };
    let hint = if wanted.is_empty() {
        "give its digest in the environment file: `sha256 = { \"VERSION\" = \"…\" }` of its `packages`"
    } else {
        "take it away, so that it is fetched again; if that brings the same one, somebody changed it on the way"
    };
    Err(Failure::new("packages.digest", message).hint(hint))
}
