//! Modes and owners.

use super::*;

fn with(mode: u32, owner: &str) -> Files {
    let mut files = kong_conf("3.9.1", "a = 1\n");
    for file in files.files.values_mut() {
        file.mode = Mode::of(mode);
        file.owner = owner.parse().expect("an owner");
    }
    files
}

#[test]
fn a_mode_and_an_owner_are_carried_and_others_stay() {
    let set = record(
        &with(0o644, "root:root"),
        &with(0o640, "root:kong"),
        &seal(),
    );
    let plan = replay(&set, &with(0o644, "root:root"), &secrets(&[])).expect("it fits");
    assert_eq!(
        plan.applied_to(&with(0o644, "root:root")),
        with(0o640, "root:kong")
    );
    assert!(
        replay(&set, &with(0o640, "root:kong"), &secrets(&[]))
            .expect("it fits")
            .is_empty()
    );
    let conflicts = replay(&set, &with(0o600, "kong:kong"), &secrets(&[])).expect_err("others");
    assert_eq!(
        told(&conflicts),
        [
            "mode of `etc:kong.conf`: it is not as it was in the recording: \"0600\" is there, \"0644\" was expected, \"0640\" is wanted",
            "owner of `etc:kong.conf`: it is not as it was in the recording: \"kong:kong\" is there, \"root:root\" was expected, \
             \"root:kong\" is wanted",
        ]
    );
    // Where only a setting changes, the node's mode is its own.
    let mut after = with(0o644, "root:root");
    after
        .files
        .values_mut()
        .for_each(|file| file.bytes = b"a = 2\n".to_vec());
    let set = record(&with(0o644, "root:root"), &after, &seal());
    let plan = replay(&set, &with(0o600, "kong:kong"), &secrets(&[])).expect("it fits");
    let written = plan.writes[0].after.as_ref().expect("a file");
    assert_eq!(
        (written.mode, written.owner.to_string()),
        (Mode::of(0o600), "kong:kong".to_owned())
    );
}

#[test]
fn an_added_file_has_the_mode_and_owner_of_the_recording() {
    let (none, some) = (node("3.9.1", &[]), with(0o600, "kong:kong"));
    let plan = replay(&record(&none, &some, &seal()), &none, &secrets(&[])).expect("it fits");
    assert_eq!(plan.applied_to(&none), some);
}
