//! Recording a file of settings, one by one.

use super::{Pair, Recording};
use crate::change_set::reading::{Reading, Unwritable, value};
use crate::change_set::{File, Layout, Setting, SettingsKind};

/// What becomes of settings, in an order.
type Edits<'a> = Vec<(&'a str, Option<&'a str>)>;

impl Recording<'_> {
    /// The settings that were changed. `None` where that cannot be told setting by setting.
    pub(super) fn settings(
        &self,
        kind: SettingsKind,
        pair: &Pair<'_>,
    ) -> Option<(Vec<Setting>, Layout)> {
        let text = |file: Option<&File>| file.map_or(Some(""), File::text).map(str::to_owned);
        let (text_before, text_after) = (text(pair.before)?, text(pair.after)?);
        let [written, _] = Reading::both(kind, self.set.kong, self.before);
        let [_, reading] = Reading::both(kind, self.set.kong, self.after);
        let before = written.settings(&text_before).ok()?;
        let after = reading.settings(&text_after).ok()?;
        // Some values read otherwise to the version after, though nobody has touched them.
        let anew = reading.settings(&text_before).ok()?;

        let set = after.iter().filter(|(name, wanted)| {
            let wanted = Some(wanted.as_str());
            value(&before, name) != wanted || value(&anew, name) != wanted
        });
        let set: Edits<'_> = set
            .map(|(name, wanted)| (name.as_str(), Some(wanted.as_str())))
            .collect();
        let names = before.iter().chain(
            anew.iter()
                .filter(|(name, _)| value(&before, name).is_none()),
        );
        let gone = names.filter(|(name, _)| value(&after, name).is_none());
        let gone: Edits<'_> = gone.map(|(name, _)| (name.as_str(), None)).collect();

        // Where lines are taken away and others put in at the end, it may make a difference what comes first.
        let orders = [[gone.clone(), set.clone()].concat(), [set, gone].concat()];
        let mut orders = orders.into_iter().filter_map(|edits| {
            let edited = edited(reading, &text_before, &edits).ok()?;
            Some((edits, edited))
        });
        let first = orders.next()?;
        let is_exact = |edited: &str| match (pair.before, pair.after) {
            (_, Some(_)) => edited == text_after,
            // A unit file that says more than variables is more than these.
            (_, None) if kind == SettingsKind::Unit => is_made_of_settings(reading, &text_before),
            (_, None) => true,
        };
        let (edits, layout) = if is_exact(&first.1) {
            (first.0, Layout::Same)
        } else if let Some((edits, _)) = orders.find(|(_, edited)| is_exact(edited)) {
            (edits, Layout::Same)
        } else if kind == SettingsKind::Unit {
            return None;
        } else {
            (first.0, Layout::Differs)
        };
        let changes = edits.into_iter().map(|(name, wanted)| Setting {
            name: name.to_owned(),
            before: value(&before, name)
                .map(|value| self.secrecy.stated(kind, name, value, self.seal)),
            after: wanted.map(|value| self.secrecy.stated(kind, name, value, self.seal)),
        });
        Some((changes.collect(), layout))
    }
}

/// Whether a file holds nothing but its settings, as they are written here.
pub(in crate::change_set) fn is_made_of_settings(reading: Reading, text: &str) -> bool {
    let Ok(settings) = reading.settings(text) else {
        return false;
    };
    let all: Edits<'_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), Some(value.as_str())))
        .collect();
    edited(reading, "", &all).is_ok_and(|written| written == text)
}

fn edited(reading: Reading, text: &str, edits: &Edits<'_>) -> Result<String, Unwritable> {
    edits
        .iter()
        .try_fold(text.to_owned(), |text, (name, wanted)| {
            reading.set(&text, name, *wanted)
        })
}
