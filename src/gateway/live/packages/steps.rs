//! What is done with a package, in its order, whichever tools do it: what is replaced and what comes are kept and proven, then it is
//! installed, looked at, and held as it was held before.

use super::archive::{Proven, drop as drop_kept, keep as keep_proven, kept};
use super::directory;
use super::driver::{Driver, Installed, PackageVersion as _};
use crate::gateway::{Failure, KeptPackage};
use crate::host::packages::Edition;
use crate::kong::Version;

/// Where Kong's packages put their files.
const INSTALLED_BELOW: &str = "/usr";

/// The versions that could be installed: those that are kept, and those that can be had.
pub(super) async fn available<D: Driver>(driver: &D) -> Result<Vec<Version>, Failure> {
    let all = kept(driver)
        .await?
        .into_iter()
        .chain(offered(driver).await?);
    Ok(all.filter_map(|version| version.kong()).collect())
}

/// The versions that are kept.
pub(super) async fn kept_versions<D: Driver>(driver: &D) -> Result<Vec<Version>, Failure> {
    let kept = kept(driver).await?.into_iter();
    Ok(kept.filter_map(|version| version.kong()).collect())
}

/// Refuses a version that must not or cannot be installed beside what is there, with the reason.
pub(super) async fn admit<D: Driver>(driver: &D, version: &Version) -> Result<(), Failure> {
    driver.require_leave().await?;
    let place = driver.place();
    let names = driver.installed_names().await?;
    if let Some(other) = names.into_iter().find(|name| name != place.name) {
        let holds = |name: &str| {
            Edition::of_package(name).map_or_else(|| name.to_owned(), |one| one.to_string())
        };
        let message = format!(
            "the host of `{}` has `{other}` installed, which is {}, and `{}` is {}",
            place.node.name,
            holds(&other),
            place.name,
            holds(place.name)
        );
        return Err(Failure::new("packages.fit", message).hint(
            "name the package that is there: `name` of the node's `packages`; to change the edition is a move of its own, not an upgrade",
        ));
    }
    if kept_versions(driver).await?.contains(version) {
        return Ok(());
    }
    directory::refuse(driver, version).await?;
    driver.refuse(version).await
}

/// Keeps a version, without installing it; of the installed one, just the package that is installed.
pub(super) async fn keep<D: Driver>(driver: &D, version: &Version) -> Result<KeptPackage, Failure> {
    let installed = driver.installed().await?;
    let installed = installed.map(|installed| installed.version);
    let is_it = |one: &D::Version| one.kong().as_ref() == Some(version);
    let (wanted, is_to_come) = match installed.filter(is_it) {
        Some(installed) => (installed, false),
        None => (choose(driver, version).await?, true),
    };
    let proven = keep_proven(driver, &wanted).await?;
    if is_to_come {
        require_room(driver, &proven).await?;
    }
    Ok(KeptPackage {
        version: *version,
        sha256: Some(proven.sha256),
    })
}

/// Refuses a package that its host has no room for: installers unpack every file of the new one before they replace those of the old.
async fn require_room<D: Driver>(driver: &D, proven: &Proven) -> Result<(), Failure> {
    let place = driver.place();
    let Some(unpacked) = proven.unpacked else {
        return Ok(());
    };
    let free = place.host.free_bytes(INSTALLED_BELOW.as_ref()).await;
    let free = free.map_err(|error| place.unusable(&error))?;
    if unpacked <= free {
        return Ok(());
    }
    let message = format!(
        "`{}` takes {unpacked} bytes unpacked, and {free} are free at `{INSTALLED_BELOW}` on `{}`",
        proven.path.display(),
        place.node.name
    );
    Err(Failure::new("packages.space", message)
        .hint("free some space there: nothing was installed"))
}

/// Keeps a version no longer.
pub(super) async fn drop<D: Driver>(driver: &D, version: &Version) -> Result<(), Failure> {
    drop_kept(driver, version).await
}

/// Whether the version is installed, as a whole, and as much held as it was.
pub(super) async fn is_whole<D: Driver>(driver: &D, version: &Version) -> Result<bool, Failure> {
    let place = driver.place();
    let is_it = |installed: Installed<D::Version>| {
        installed.is_whole && installed.version.kong().as_ref() == Some(version)
    };
    let holds_again = !place.live.was_held(&place.node.name, place.name);
    Ok(holds_again && driver.installed().await?.is_some_and(is_it))
}

/// Installs a version, once it and what it replaces are kept and proven.
pub(super) async fn install<D: Driver>(driver: &D, version: &Version) -> Result<(), Failure> {
    let place = driver.place();
    admit(driver, version).await?;
    let before = driver.installed().await?;
    if let Some(replaced) = &before
        && replaced.version.kong().as_ref() != Some(version)
    {
        keep_proven(driver, &replaced.version).await?;
    }
    let wanted = choose(driver, version).await?;
    let proven = keep_proven(driver, &wanted).await?;
    require_room(driver, &proven).await?;
    // The tools forget that it was held by installing over it, also where that fails half-way, or whoever does it is killed.
    let node = &place.node.name;
    let is_held = driver.is_held(&wanted).await? || place.live.was_held(node, place.name);
    if is_held {
        place.live.remember_hold(node, place.name)?;
    }
    let done = driver.install(&proven.path, is_held, before.as_ref()).await;
    if is_held {
        let held = match driver.hold().await {
            Ok(()) => place.live.forget_hold(node, place.name),
            failed => failed,
        };
        done.and(held)?;
    } else {
        done?;
    }
    match driver.installed().await? {
        Some(now) if now.is_whole && now.version == wanted => Ok(()),
        now => {
            let told = now.map_or_else(
                || "it is not there".to_owned(),
                |now| {
                    let how = if now.is_whole { "" } else { " there in part" };
                    format!("{} is{how}", now.version)
                },
            );
            let message = format!(
                "`{}` is not installed as {wanted} on `{node}`: {told}",
                place.name
            );
            Err(Failure::new("packages.install.unfinished", message)
                .hint("`cutover retry` installs it again over what is there"))
        }
    }
}

/// The package of a version: the newest of those that are kept, which were installed before or fetched for it, else of those to be had.
async fn choose<D: Driver>(driver: &D, version: &Version) -> Result<D::Version, Failure> {
    let is_wanted = |one: &D::Version| one.kong().as_ref() == Some(version);
    if let Some(kept) = kept(driver).await?.into_iter().filter(is_wanted).max() {
        return Ok(kept);
    }
    let offered = offered(driver).await?.into_iter().filter(is_wanted).max();
    offered.ok_or_else(|| {
        let place = driver.place();
        let (nobody, hint) = match place.directory {
            Some(directory) => (
                format!("no file in `{}` on", directory.display()),
                "put its package there, and its digest into `sha256` of the node's `packages`",
            ),
            None => (
                "no repository of".to_owned(),
                "another minor version may be in another repository: set that up, and fetch its list",
            ),
        };
        let message = format!(
            "{nobody} `{}` has `{}` {version}, and it is not kept in `{}`",
            place.node.name,
            place.name,
            place.archive.display()
        );
        Failure::new("packages.install.unavailable", message).hint(hint)
    })
}

async fn offered<D: Driver>(driver: &D) -> Result<Vec<D::Version>, Failure> {
    match driver.place().directory {
        Some(_) => directory::offered(driver).await,
        None => driver.offered().await,
    }
}
