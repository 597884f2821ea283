//! Package files that somebody has put into a directory of the host: which of them fit, and are what they must be.

use std::path::Path;

use super::archive::{Lying, lying, prove};
use super::driver::{Driver, PackageVersion as _};
use crate::gateway::Failure;
use crate::host::facts::{Architecture, OS_RELEASE, OsRelease};
use crate::host::packages::{Edition, Misfit, PackageFile, Target, fit};
use crate::kong::Version;

/// The versions of files that fit and are proven.
pub(super) async fn offered<D: Driver>(driver: &D) -> Result<Vec<D::Version>, Failure> {
    let Some(target) = target(driver).await? else {
        return Ok(Vec::new());
    };
    let mut offered = Vec::new();
    for file in files(driver).await? {
        if misfits(&file, &target).is_empty() && prove(driver, &file).await.is_ok() {
            offered.push(file.inside.version);
        }
    }
    Ok(offered)
}

/// Copies the file of a version that fits and is proven into another directory.
pub(super) async fn copy<D: Driver>(
    driver: &D,
    version: &D::Version,
    into: &Path,
) -> Result<(), Failure> {
    let place = driver.place();
    let target = target(driver).await?;
    let (mut found, mut why) = (None, None);
    for file in files(driver).await? {
        let fits = target
            .iter()
            .any(|target| misfits(&file, target).is_empty());
        if fits && file.inside.version == *version {
            match prove(driver, &file).await {
                Ok(proven) => found = Some((proven.path, file.name)),
                Err(failure) => why = Some(failure),
            }
        }
    }
    let Some((path, name)) = found else {
        return Err(why.unwrap_or_else(|| absent(driver, version)));
    };
    let copied = place.host.copy(&path, &into.join(name)).await;
    copied.map_err(|error| place.unusable(&error))
}

/// Refuses a version of which there is a file that does not fit, or is not what it must be.
pub(super) async fn refuse<D: Driver>(driver: &D, version: &Version) -> Result<(), Failure> {
    let Some(target) = target(driver).await? else {
        return Ok(());
    };
    let node = &driver.place().node.name;
    let mut refusal = None;
    for file in files(driver).await? {
        if file.inside.version.kong().as_ref() != Some(version) {
            continue;
        }
        let found = misfits(&file, &target);
        if found.is_empty() {
            match prove(driver, &file).await {
                Ok(_) => return Ok(()),
                Err(failure) => refusal = Some(failure),
            }
        } else if refusal.is_none() {
            let told: Vec<String> = found.iter().map(ToString::to_string).collect();
            let message = format!(
                "`{}` does not fit the host of `{node}`: {}",
                file.path.display(),
                told.join("; ")
            );
            let remedies: Vec<String> = found.iter().map(Misfit::remedy).collect();
            refusal = Some(Failure::new("packages.fit", message).hint(remedies.join("; ")));
        }
    }
    refusal.map_or(Ok(()), Err)
}

async fn files<D: Driver>(driver: &D) -> Result<Vec<Lying<D::Version>>, Failure> {
    match driver.place().directory {
        Some(directory) => lying(driver, directory).await,
        None => Ok(Vec::new()),
    }
}

/// Where the files are to go; nothing where the package comes from no directory.
async fn target<D: Driver>(driver: &D) -> Result<Option<Target>, Failure> {
    let place = driver.place();
    if place.directory.is_none() {
        return Ok(None);
    }
    let architecture = place.host.architecture().await;
    let architecture = architecture.map_err(|error| place.unreadable(error))?;
    // Without the file no name of a distribution fits.
    let release = place.host.read_text(OS_RELEASE.as_ref()).await.ok();
    let release = release.and_then(|text| OsRelease::of(&text).ok());
    Ok(Some(Target {
        format: place.format,
        architecture: Architecture::of_machine(&architecture),
        distributions: release.map(|release| release.tags()).unwrap_or_default(),
        installed: Edition::of_package(place.name),
    }))
}

/// What does not fit, by the file's name and by what it says inside.
fn misfits<V>(file: &Lying<V>, target: &Target) -> Vec<Misfit> {
    let Ok(mut named) = PackageFile::of(&file.name) else {
        // It bears another name than Kong gives, so that nothing but what is inside counts.
        let architecture = file.inside.architecture.clone();
        return architecture
            .filter(|package| *package != target.architecture)
            .map(|package| Misfit::Architecture {
                package,
                host: target.architecture.clone(),
            })
            .into_iter()
            .collect();
    };
    if file.inside.architecture.is_some() {
        named.architecture.clone_from(&file.inside.architecture);
    }
    fit(&named, target)
}

fn absent<D: Driver>(driver: &D, version: &D::Version) -> Failure {
    let place = driver.place();
    let directory = place.directory.unwrap_or(place.archive);
    let message = format!(
        "no file of `{}` {version} lies in `{}` on `{}`, nor is one kept in `{}`",
        place.name,
        directory.display(),
        place.node.name,
        place.archive.display()
    );
    Failure::new("packages.install.unavailable", message)
        .hint("put the package of this version there, and its digest into `sha256` of the node's `packages`")
}
