//! Tests of playbooks in their process: which files they may have read for them, and what comes back.

use super::{Host, HostError, Terms};
use crate::script::Sources;
use crate::script::protocol::{FromChild, Loaded, SourceKind, ToChild};
use crate::trial::{Coverage, Tested};

impl Host {
    /// Loads a source of tests: parsed, checked and with its modules, in a process of its own.
    pub async fn load_tests(sources: Sources, terms: Terms) -> Result<(Self, Loaded), HostError> {
        Self::load_as(SourceKind::Tests, sources, terms).await
    }

    /// Runs the tests, each of which is told to `ended`, and answers what they reached.
    pub async fn test(&mut self, mut ended: impl FnMut(Tested)) -> Result<Coverage, HostError> {
        self.begun = true;
        self.send(&ToChild::Test).await?;
        loop {
            match self.receive().await? {
                FromChild::NeedModule { of, path } => self.send_module(&of, &path).await?,
                FromChild::NeedPlaybook { name } => {
                    let text = match self.sources.playbook(&name) {
                        Ok(sources) => {
                            let text = sources.text.clone();
                            self.playbooks.insert(name, sources);
                            Ok(text)
                        }
                        Err(problem) => Err(problem),
                    };
                    self.send_text(text).await?;
                }
                FromChild::NeedWorld { path } => {
                    let text = self.sources.beside(&path);
                    self.send_text(text).await?;
                }
                FromChild::Tested(tested) => {
                    self.goes_on();
                    ended(*tested);
                }
                FromChild::TestsEnded { coverage } => return Ok(coverage),
                _ => return Err(self.out_of_turn()),
            }
        }
    }

    /// The texts of everything that was read, by the names that places have.
    #[must_use]
    pub fn text_of(&self, source: &str) -> Option<String> {
        let playbooks = self.playbooks.values();
        let mut all = std::iter::once(&self.sources).chain(playbooks);
        all.find_map(|sources| {
            let mut texts = sources.all();
            let (_, text) = texts.find(|(name, _)| *name == source)?;
            Some(text.to_owned())
        })
    }
}
