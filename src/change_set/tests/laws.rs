//! Laws of change sets, for files that nobody would write too.

use proptest::prelude::*;

use super::generated::{KEYS, VALUES, conf, some_files};
use super::*;
use crate::host::unit::EnvironmentFile;
use crate::kong::conf::{Document, Grammar, Standing};

/// The change set with a reference for every secret, and what they come to.
fn with_references(mut set: ChangeSet, after: &Files) -> (ChangeSet, Secrets) {
    let mut at_hand = secrets(&[]);
    for change in &mut set.settings {
        let location = &change.file.location;
        for setting in &mut change.change {
            if let Some(Stated::Secret(secret)) = &mut setting.after {
                let file = &after.files[location];
                let settings = settings_of(&file.kind, file, after.version).expect("readable");
                let of_setting = env(&format!("{location} {}", setting.name));
                let value = settings[&setting.name].as_str();
                at_hand
                    .values
                    .insert(of_setting.clone(), Secret::new(value));
                secret.reference = Some(of_setting);
            }
        }
    }
    for change in &mut set.content {
        if let Some(Content::Secret { reference, .. }) = &mut change.after {
            let of_file = env(&change.file.location.to_string());
            let bytes = after.files[&change.file.location].bytes.clone();
            at_hand.values.insert(of_file.clone(), Secret::new(bytes));
            *reference = Some(of_file);
        }
    }
    (set, at_hand)
}

fn settings_of(
    kind: &Kind,
    file: &File,
    version: crate::kong::Version,
) -> Option<BTreeMap<String, String>> {
    let text = file.text()?;
    if *kind == Kind::KongConf {
        let document = Document::parse(text, Grammar::of(version));
        let settings = document.settings().into_iter();
        let is_key = |key: &str| {
            !key.is_empty() && !key.contains(|letter: char| letter.is_ascii_uppercase())
        };
        let counting = settings.filter(|one| one.standing == Standing::Counts && is_key(&one.key));
        return Some(counting.map(|one| (one.key, one.value)).collect());
    }
    let file = EnvironmentFile::of(text, Comments::RunOn).ok()?;
    let all = file.assignments().into_iter();
    Some(
        all.map(|one| (one.name, one.value.reveal().to_owned()))
            .collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_replay_on_the_files_of_the_recording_makes_the_files_after(before in some_files(), after in some_files()) {
        let set = record(&before, &after, &seal());
        prop_assert_eq!(set.check(), Ok(()));
        let (set, at_hand) = with_references(set, &after);
        let plan = replay(&set, &before, &at_hand).expect("it fits");
        let made = plan.applied_to(&before);
        prop_assert_eq!(made.files.keys().collect::<Vec<_>>(), after.files.keys().collect::<Vec<_>>());
        for (location, wanted) in &after.files {
            let made = &made.files[location];
            let settings = set.settings.iter().find(|change| change.file.location == *location);
            if settings.is_some_and(|change| change.layout == Layout::Differs) {
                // Comments and order are not carried over, and it is told; the settings are.
                prop_assert_eq!((made.mode, &made.owner), (wanted.mode, &wanted.owner));
                prop_assert_eq!(settings_of(&wanted.kind, made, after.version), settings_of(&wanted.kind, wanted, after.version));
            } else {
                prop_assert!(made.is_same(wanted), "{}: {:?}", location, String::from_utf8_lossy(&made.bytes));
            }
        }

        // Twice is once.
        prop_assert!(replay(&set, &made, &at_hand).expect("it is so").is_empty());
        // And back, to the byte.
        let back = undo(&plan, &made).expect("nothing has changed since");
        let back = back.applied_to(&made);
        prop_assert!(before.files.iter().all(|(at, file)| back.files[at].is_same(file)) && back.files.len() == before.files.len());
        // Read again, it says the same.
        prop_assert_eq!(ChangeSet::from_toml(&set.to_toml()), Ok(set.clone()));
        prop_assert_eq!(ChangeSet::from_json(&set.to_json()), Ok(set));
    }

    #[test]
    fn on_any_other_node_it_fits_or_nothing_is_planned(before in some_files(), after in some_files(), current in some_files()) {
        let (set, at_hand) = with_references(record(&before, &after, &seal()), &after);
        let Ok(plan) = replay(&set, &current, &at_hand) else {
            return Ok(());
        };
        let made = plan.applied_to(&current);
        prop_assert!(replay(&set, &made, &at_hand).expect("it is so").is_empty());
        let back = undo(&plan, &made).expect("nothing has changed since").applied_to(&made);
        prop_assert!(current.files.iter().all(|(at, file)| back.files[at].is_same(file)) && back.files.len() == current.files.len());
        let touched: Vec<_> = set.touched().map(|touched| &touched.location).collect();
        for (location, file) in &current.files {
            prop_assert!(touched.contains(&location) || made.files[location].is_same(file));
        }
    }

    #[test]
    fn edits_are_carried_over_to_the_byte(
        text in conf(),
        edits in prop::collection::vec((prop::sample::select(&KEYS[..]), prop::option::of(prop::sample::select(&VALUES[..]))), 1..4),
    ) {
        let mut document = Document::parse(&text, Grammar::From32);
        for (key, value) in edits {
            let edited = match value {
                Some(value) => document.set(key, value),
                None => document.unset(key),
            };
            prop_assume!(edited.is_ok());
        }
        let (before, after) = (kong_conf("3.4.2", &text), kong_conf("3.9.1", &document.to_string()));
        let set = record(&before, &after, &seal());
        if set.settings.iter().all(|change| change.layout == Layout::Same) {
            let (set, at_hand) = with_references(set, &after);
            let plan = replay(&set, &before, &at_hand).expect("it fits");
            prop_assert_eq!(texts(&plan.applied_to(&before)), texts(&after));
        }
    }

    #[test]
    fn another_base_is_a_conflict(
        before in prop::sample::select(&VALUES[..]),
        after in prop::option::of(prop::sample::select(&VALUES[..])),
        found in prop::option::of(prop::sample::select(&VALUES[..])),
        rest in conf(),
    ) {
        let with = |version: &str, value: Option<&str>| {
            let mut document = Document::parse(&rest, Grammar::From32);
            let edited = match value {
                Some(value) => document.set("k", value).map(drop),
                None => Ok(()),
            };
            edited.map(|()| kong_conf(version, &document.to_string()))
        };
        let (Ok(before_files), Ok(after_files), Ok(current)) = (with("3.4.2", Some(before)), with("3.9.1", after), with("3.4.2", found)) else {
            return Ok(());
        };
        // The grammar that reads it may print a number anew.
        let read = |files: &Files| settings_of(&Kind::KongConf, &files.files[&location("etc:kong.conf")], files.version).expect("text").get("k").cloned();
        let (base, wanted, there) = (read(&before_files), read(&after_files), read(&current));
        // With the password of the rest for a value, it is a secret too.
        let (set, at_hand) = with_references(record(&before_files, &after_files, &seal()), &after_files);
        let replayed = replay(&set, &current, &at_hand);
        if base == wanted {
            prop_assert!(set.settings.iter().all(|change| change.change.is_empty()));
        } else if there == wanted {
            prop_assert!(replayed.expect("it is so").is_empty());
        } else if there == base {
            prop_assert_eq!(read(&replayed.expect("it fits").applied_to(&current)), wanted);
        } else {
            prop_assert_eq!(replayed.expect_err("another base").len(), 1);
        }
    }
}
