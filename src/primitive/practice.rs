//! `practice.write` and `practice.remove`: small files in a directory of cutover's own, for trying out playbooks and for the tests
//! of everything that does not need a gateway.

use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Primitive, Settled};
use crate::gateway::Gateway;

/// The longest text of a practice file, in bytes. It is written to every file that a step names.
const LONGEST_TEXT: usize = 128 << 10;

/// Writes `text` to each of the named files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// File names: letters, digits, `-`, `_` and `.`.
    pub files: Vec<String>,
    /// What each will hold.
    pub text: String,
}

impl Primitive for Write {
    /// The file's text before, if it existed.
    type Observed = Option<String>;
    type Outcome = ();
    const VERB: &'static str = "practice.write";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "practice file";

    fn targets(&self) -> Vec<String> {
        self.files.clone()
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<Option<String>, Failure> {
        world.read_practice_file(target).await
    }

    fn undo(&self, target: &str, observed: &Option<String>) -> Option<Intent> {
        Some(match observed {
            Some(text) => Intent::Write(Self {
                files: vec![target.to_owned()],
                text: text.clone(),
            }),
            None => Intent::Remove(Remove {
                file: target.to_owned(),
            }),
        })
    }

    async fn require(
        &self,
        _world: &impl Gateway,
        _target: &str,
        _observed: &Option<String>,
    ) -> Result<(), Failure> {
        if self.text.len() > LONGEST_TEXT {
            let message = format!("a practice file holds at most {LONGEST_TEXT} bytes");
            return Err(Failure::new("practice.size", message));
        }
        Ok(())
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &Option<String>,
    ) -> Result<(), Failure> {
        world.write_practice_file(target, Some(&self.text)).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &Option<String>,
    ) -> Result<Settled<()>, Failure> {
        let found = world.read_practice_file(target).await?;
        Ok(if found.as_deref() == Some(&self.text) {
            Settled::Done(())
        } else {
            Settled::NotDone
        })
    }
}

/// Removes a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// The file's name.
    pub file: String,
}

impl Primitive for Remove {
    /// The file's text before, if it existed.
    type Observed = Option<String>;
    type Outcome = ();
    const VERB: &'static str = "practice.remove";
    const EFFECT: Effect = Effect::Change;
    const ASPECT: &'static str = "practice file";

    fn targets(&self) -> Vec<String> {
        vec![self.file.clone()]
    }

    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<Option<String>, Failure> {
        world.read_practice_file(target).await
    }

    fn undo(&self, target: &str, observed: &Option<String>) -> Option<Intent> {
        let text = observed.clone()?;
        Some(Intent::Write(Write {
            files: vec![target.to_owned()],
            text,
        }))
    }

    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &Option<String>,
    ) -> Result<(), Failure> {
        world.write_practice_file(target, None).await
    }

    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        _observed: &Option<String>,
    ) -> Result<Settled<()>, Failure> {
        let found = world.read_practice_file(target).await?;
        Ok(if found.is_none() {
            Settled::Done(())
        } else {
            Settled::NotDone
        })
    }
}
