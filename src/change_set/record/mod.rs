//! Recording: what was changed between two states of a node's files.

mod content;
mod settings;
mod template;

pub(super) use settings::is_made_of_settings;

use super::secrecy::Secrecy;
use super::{
    ChangeSet, Changed, ContentChange, File, Files, Kind, Location, Presence, Releases, Seal,
    SettingsKind, Touched,
};

/// What was changed from `before` to `after`. Secrets are sealed, and each that is set waits for a reference.
#[must_use]
pub fn record(before: &Files, after: &Files, seal: &Seal) -> ChangeSet {
    let mut recording = Recording {
        before,
        after,
        seal,
        secrecy: Secrecy::of([before, after]),
        set: ChangeSet {
            format: ChangeSet::FORMAT,
            kong: Releases {
                before: before.version,
                after: after.version,
            },
            seal: None,
            settings: Vec::new(),
            template: Vec::new(),
            content: Vec::new(),
        },
    };
    let locations: std::collections::BTreeSet<_> =
        before.files.keys().chain(after.files.keys()).collect();
    for location in locations {
        let pair = Pair {
            location,
            before: before.files.get(location),
            after: after.files.get(location),
        };
        recording.take(&pair);
    }
    let mut set = recording.set;
    set.seal = set.has_digests().then(|| seal.mark());
    set
}

struct Recording<'a> {
    before: &'a Files,
    after: &'a Files,
    seal: &'a Seal,
    secrecy: Secrecy,
    set: ChangeSet,
}

/// A file before and after.
struct Pair<'a> {
    location: &'a Location,
    before: Option<&'a File>,
    after: Option<&'a File>,
}

impl Recording<'_> {
    fn take(&mut self, pair: &Pair<'_>) {
        let file = pair.touched();
        let settings = pair
            .settings_kind()
            .map(|kind| (kind, self.settings(kind, pair)));
        if let Some((kind, Some((change, layout)))) = settings {
            let is_idle = change.is_empty() && layout == super::Layout::Same;
            if !is_idle || file.is_changed() {
                self.set.settings.push(super::SettingsChange {
                    kind,
                    layout,
                    file,
                    change,
                });
            }
            return;
        }
        if let Some(change) = self.template(pair, &file) {
            self.set.template.push(change);
            return;
        }
        let (before, after) = self.content(pair);
        if before.is_some() || after.is_some() || file.is_changed() {
            self.set.content.push(ContentChange {
                file,
                before,
                after,
            });
        }
    }
}

impl Pair<'_> {
    fn touched(&self) -> Touched {
        let presence = match (self.before, self.after) {
            (None, _) => Presence::Added,
            (_, None) => Presence::Removed,
            _ => Presence::Stays,
        };
        Touched {
            location: self.location.clone(),
            presence,
            mode: changed(
                self.before.map(|file| file.mode),
                self.after.map(|file| file.mode),
            ),
            owner: changed(
                self.before.map(|file| file.owner.clone()),
                self.after.map(|file| file.owner.clone()),
            ),
        }
    }

    /// What both sides are, if they are that alike.
    fn kind(&self) -> Option<&Kind> {
        match (self.before, self.after) {
            (Some(before), Some(after)) => (before.kind == after.kind).then_some(&before.kind),
            (before, after) => before.or(after).map(|file| &file.kind),
        }
    }

    fn settings_kind(&self) -> Option<SettingsKind> {
        match self.kind()? {
            Kind::KongConf => Some(SettingsKind::KongConf),
            Kind::EnvironmentFile => Some(SettingsKind::EnvironmentFile),
            Kind::Unit => Some(SettingsKind::Unit),
            Kind::Template { .. } | Kind::Other | Kind::Secret => None,
        }
    }
}

fn changed<T: PartialEq>(before: Option<T>, after: Option<T>) -> Option<Changed<T>> {
    (before != after).then_some(Changed { before, after })
}

impl Touched {
    fn is_changed(&self) -> bool {
        self.presence != Presence::Stays || self.mode.is_some() || self.owner.is_some()
    }
}
