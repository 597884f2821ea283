//! Change sets as texts, written and read.

use proptest::prelude::*;

use super::*;

#[test]
fn a_change_set_is_written_for_a_person_and_read_again() {
    let mut before = kong_conf("2.8.5", "pg_password = hunter2\nlog_level = notice\n");
    let mut after = kong_conf("3.9.1", "pg_password = hunter3\nlog_level = debug\n");
    let at = location("plugins:x.lua");
    before
        .files
        .insert(at.clone(), file(Kind::Other, "return {\n}\n"));
    after
        .files
        .insert(at, file(Kind::Other, "return {\n  1,\n}\n"));
    after
        .files
        .values_mut()
        .for_each(|file| file.mode = Mode::of(0o600));
    let set = record(&before, &after, &seal());
    assert_eq!(
        set.to_toml(),
        r#"format = 1
seal = "38fb33693ca4579a9d7d9279a259381b"

[kong]
before = "2.8.5"
after = "3.9.1"

[[settings]]
kind = "kong_conf"

[settings.file]
location = "etc:kong.conf"

[settings.file.mode]
before = "0640"
after = "0600"

[[settings.change]]
name = "pg_password"

[settings.change.before]
secret = "858c8d5e04226a513c279bfaea9875a9"

[settings.change.after]
secret = "81d00f8e09d535e7b4047f725edc2d20"

[[settings.change]]
name = "log_level"
before = "notice"
after = "debug"

[[content]]

[content.file]
location = "plugins:x.lua"

[content.file.mode]
before = "0640"
after = "0600"

[content.before]
digest = "7848fd6cec80bb14847781c69e1f304c6bf5bb6004d8b051125a764f5b1f2145"

[content.after]
form = "diff"
digest = "05e6bb13d5769f525717d74d43a6ff3973fba48b8458661bacf2604145486dc7"
diff = """
--- before
+++ after
@@ -1,2 +1,3 @@
 return {
+  1,
 }
"""
"#
    );
}

#[test]
fn everything_that_is_recorded_can_be_read_from_both_forms() {
    let (before, after) = adaptation();
    for (before, after) in [(&before, &after), (&after, &before)] {
        let set = record(before, after, &seal());
        assert_eq!(ChangeSet::from_toml(&set.to_toml()), Ok(set.clone()));
        assert_eq!(ChangeSet::from_json(&set.to_json()), Ok(set));
    }
}

#[test]
fn references_are_written_as_in_the_inventory() {
    let text = r#"
format = 1
kong = { before = "2.8.5", after = "3.9.1" }
[[settings]]
kind = "environment_file"
file = { location = "etc:kong.env" }
[[settings.change]]
name = "KONG_PG_PASSWORD"
before = { secret = "any" }
after = { secret = "any", reference = { env = "PG_PASSWORD" } }
[[settings.change]]
name = "KONG_REDIS_PASSWORD"
after = { secret = "any", reference = { command = ["pass", "redis"] } }
[[content]]
file = { location = "etc:tls.key", presence = "added", mode = { after = "600" }, owner = { after = "root:kong" } }
after = { form = "secret", secret = "any", reference = { file = "/run/tls.key" } }
"#;
    let set = ChangeSet::from_toml(text).expect("a change set");
    let Some(Stated::Secret(secret)) = &set.settings[0].change[0].after else {
        panic!("a secret");
    };
    assert_eq!(secret.reference, Some(env("PG_PASSWORD")));
    let command = Reference::Command(vec!["pass".to_owned(), "redis".to_owned()]);
    let fetched = [
        (env("PG_PASSWORD"), "one"),
        (command, "two"),
        (Reference::File("/run/tls.key".to_owned()), "three"),
    ];
    let current = node(
        "2.8.5",
        &[(
            "etc:kong.env",
            Kind::EnvironmentFile,
            "KONG_PG_PASSWORD='whichever'\n",
        )],
    );
    let plan = replay(&set, &current, &secrets(&fetched)).expect("it fits");
    let written = texts(&plan.applied_to(&current));
    assert_eq!(
        written["etc:kong.env"],
        "KONG_PG_PASSWORD='one'\nKONG_REDIS_PASSWORD=two\n"
    );
    assert_eq!(written["etc:tls.key"], "three");
}

proptest! {
    #[test]
    fn every_text_survives_both_forms(before in any::<String>(), after in "(?s).{0,20}") {
        let (before, after) = (
            node("3.9.1", &[("p:x", Kind::Other, &before)]),
            node("3.9.1", &[("p:x", Kind::Other, &after), ("p:\u{e9}", Kind::Other, &after)]),
        );
        let set = record(&before, &after, &seal());
        prop_assert_eq!(ChangeSet::from_toml(&set.to_toml()), Ok(set.clone()));
        prop_assert_eq!(ChangeSet::from_json(&set.to_json()), Ok(set));
    }
}
