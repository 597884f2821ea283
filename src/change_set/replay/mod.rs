//! Replaying: what a change set would write on a node, or every reason why it does not fit there.
//!
//! Invariant: what already is as it is to be is left alone; what is neither that nor the base is a conflict; one conflict, and nothing
//! is planned.

mod content;
mod settings;
mod template;
mod touched;

use super::secrecy::Secrecy;
use super::{
    ChangeSet, Conflict, File, Files, Location, Plan, Reference, Secret, Secrets, Subject, Told,
    Why,
};
use crate::kong::conf::Grammar;

/// What to write so that a node's files are adapted as the change set says.
pub fn replay(set: &ChangeSet, current: &Files, secrets: &Secrets) -> Result<Plan, Vec<Conflict>> {
    let mut replay = Replay {
        set,
        current,
        secrets,
        secrecy: Secrecy::of([current]).with(secrets),
        plan: Plan::default(),
        conflicts: Vec::new(),
    };
    replay.check_set();
    if !replay.conflicts.is_empty() {
        // Under another seal or grammar everything else would differ too, and say nothing.
        return Err(replay.conflicts);
    }
    for change in &set.settings {
        replay.settings(change);
    }
    for change in &set.template {
        replay.template(change);
    }
    for change in &set.content {
        replay.content(change);
    }
    if !replay.conflicts.is_empty() {
        return Err(replay.conflicts);
    }
    replay
        .plan
        .writes
        .sort_by(|one, other| one.location.cmp(&other.location));
    Ok(replay.plan)
}

struct Replay<'a> {
    set: &'a ChangeSet,
    current: &'a Files,
    secrets: &'a Secrets,
    secrecy: Secrecy,
    plan: Plan,
    conflicts: Vec<Conflict>,
}

impl<'a> Replay<'a> {
    /// What concerns all of it.
    fn check_set(&mut self) {
        let version = self.current.version;
        let grammars = [self.set.kong.before, self.set.kong.after].map(Grammar::of);
        if !grammars.contains(&Grammar::of(version)) {
            let why = Why::OtherVersion { version };
            self.conflicts
                .push(Conflict::plain(Subject::ChangeSet, why));
        }
        if self
            .set
            .seal
            .as_ref()
            .is_some_and(|seal| *seal != self.secrets.seal.mark())
        {
            self.conflicts
                .push(Conflict::plain(Subject::ChangeSet, Why::OtherSeal));
        }
    }

    fn found(&self, location: &Location) -> Option<&'a File> {
        self.current.files.get(location)
    }

    /// What a reference came to.
    fn fetched(&self, reference: Option<&Reference>) -> Result<&'a Secret, Why> {
        let reference = reference.ok_or(Why::NoReference)?;
        self.secrets
            .values
            .get(reference)
            .ok_or_else(|| Why::NotFetched {
                reference: reference.to_string(),
            })
    }
}

/// What is told of something that is no secret.
fn told(text: Option<impl ToString>) -> Told {
    text.map_or(Told::Absent, |text| Told::Text(text.to_string()))
}
