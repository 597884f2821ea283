//! What rpm and dnf know of a node's package.

use super::inquiry::Inquiry;
use super::package::{COMPARING, Named, changed_file, edition};
use super::told;
use crate::gateway::live::process::Ending;
use crate::gateway::{ChangedFile, PackageFacts};
use crate::host::packages::Edition;
use crate::host::packages::rpm::{self, Manager};
use crate::kong::advisories::Known;

impl Inquiry<'_> {
    pub(super) async fn of_rpm(
        &self,
        driver: &str,
        manager: Manager,
        of: &Named<'_>,
    ) -> Result<PackageFacts, String> {
        let (answer, _) = self.of_asked(of, &rpm::query(&[of.name])).await?;
        let installed = rpm::installed(&answer).map_err(|error| error.to_string())?;
        let installed = installed.into_iter().next();
        let (origin, changed) = if installed.is_some() {
            let origin = match driver {
                "rpm" => Known::Known(Vec::new()),
                _ => told(self.repository_of(manager, of).await),
            };
            (origin, told(self.changed_of_rpm(of).await))
        } else {
            let absent = || format!("`{}` is not installed", of.name);
            (Known::unknown(absent()), Known::unknown(absent()))
        };
        Ok(PackageFacts {
            driver: driver.to_owned(),
            name: Some(of.name.to_owned()),
            edition: Edition::of_package(of.name).map(edition),
            ready: installed.is_some(),
            origin,
            held: told(self.is_locked(manager, of).await),
            changed,
            link: None,
            version: installed.map(|one| one.version.to_string()),
            available: self.available().await,
        })
    }

    /// The repository from which it was brought, where it was.
    async fn repository_of(&self, manager: Manager, of: &Named<'_>) -> Result<Vec<String>, String> {
        let question = manager.list(of.name);
        let answer = self.of_program(of, &question, COMPARING).await?;
        let listed = rpm::listed(&answer).map_err(|error| error.to_string())?;
        let installed = listed.into_iter();
        let installed = installed.filter(|one| one.section == rpm::Section::Installed);
        let repositories = installed.map(|one| one.repository);
        Ok(repositories.filter(|name| !name.is_empty()).collect())
    }

    async fn changed_of_rpm(&self, of: &Named<'_>) -> Result<Vec<ChangedFile>, String> {
        let (answer, _) = self.of_asked(of, &rpm::verify(of.name)).await?;
        let changed = rpm::verified(&answer).map_err(|error| error.to_string())?;
        Ok(changed.into_iter().map(changed_file).collect())
    }

    /// Whether it is to be left in its version. Without the manager or its plugin there is nobody to be told so.
    async fn is_locked(&self, manager: Manager, of: &Named<'_>) -> Result<bool, String> {
        // Where packages are files it is whoever is there.
        let mut keeper = None;
        for one in [manager, Manager::Yum] {
            let exists = self.host.exists(&of.programs.join(one.name())).await;
            if exists.map_err(|error| error.to_string())? {
                keeper = Some(one);
                break;
            }
        }
        let Some(keeper) = keeper else {
            return Ok(false);
        };
        let (answer, said) = self.of_asked(of, &keeper.locks()).await?;
        if said.contains("No such command: versionlock") {
            return Ok(false);
        }
        let locks = rpm::locks(&answer).map_err(|error| error.to_string())?;
        let mut locks = locks.iter().filter(|lock| !lock.is_exclusion);
        Ok(locks.any(|lock| lock.package == of.name))
    }

    /// What a program prints and says that ends with 1 also where it has only found something.
    async fn of_asked(
        &self,
        of: &Named<'_>,
        question: &[impl AsRef<str>],
    ) -> Result<(String, String), String> {
        let mut words = question.iter().map(AsRef::as_ref);
        let name = words.next().unwrap_or_default();
        let words: Vec<&str> = words.collect();
        let asked = self
            .finished(&of.programs.join(name), &words, COMPARING)
            .await?;
        if matches!(asked.ending, Ending::Exited(0 | 1)) {
            return Ok((asked.stdout, asked.stderr));
        }
        let said = asked.stderr.lines().next().unwrap_or_default();
        Err(format!("`{name}` failed ({}): {said}", asked.ending))
    }
}
