//! Change sets that are refused, without telling what stands in them.

use super::*;

/// What is written below the head, and what is said of it.
const WRONG: &[(&str, &str)] = &[
    (
        "format = 2",
        "it is written in format 2, and this version reads format 1",
    ),
    ("", "line 1: missing field `format`"),
    (
        "format = \"hunter2\"",
        "line 1: something else belongs here: u32",
    ),
    (
        "format = 1\nkong = { before = \"2.8.5\", after = \"3.9.1\" }\nfiles = 1",
        "line 3: unknown field `files`, expected one of `format`, `kong`, `seal`, `settings`, `template`, `content`",
    ),
    (
        "format = 1\nkong = { before = \"hunter2\", after = \"3.9.1\" }",
        "line 2: this is not a version of Kong (`3.4.2`, or `3.4.3.5` for Enterprise)",
    ),
    (
        "S\n[[settings.change]]\nname = \"pg_password\"\nafter = { reference = \"hunter2\" }",
        "line 8: something else belongs here: one of `env`, `file`, `command`",
    ),
    (
        "S\n[[settings.change]]\nname = \"pg_password\"\nafter = { secret = \"hunter2\" }",
        "line 8: a secret is told as the 32 small hexadecimal digits of its keyed digest, or as `any`",
    ),
    (
        "S\n[[settings.change]]\nname = \"pg_password\"\nafter = { secret = \"any\", password = \"hunter2\" }",
        "line 8: unknown field `password`, expected `secret` or `reference`",
    ),
    (
        "S\n[[settings.change]]\nname = \"pg_password\"\nafter = \"hunter2\"",
        "`pg_password` in `etc:kong.conf` is a secret and stands there in plain: write `secret = \"any\"` and a `reference` instead",
    ),
    (
        "S\n[[settings.change]]\nname = \"pg_password\"\nafter = { secret = \"858c8d5e04226a513c279bfaea9875a9\" }",
        "it has keyed digests and does not say under which `seal`",
    ),
    (
        "S\n[[settings.change]]\nname = \"pg_password\"\nbefore = { secret = \"any\", reference = { env = \"X\" } }",
        "`pg_password` in `etc:kong.conf` has a reference in `before`, where nothing is fetched",
    ),
    (
        "S\n[[settings.change]]\nname = \"a\"\n[[settings.change]]\nname = \"a\"",
        "`a` in `etc:kong.conf` is changed twice",
    ),
    (
        "S\n[[settings.change]]\nname = \"a\\n\"",
        "`a\\n` in `etc:kong.conf` is not the name of a setting",
    ),
    (
        "S\n[[content]]\nfile = { location = \"etc:kong.conf\" }",
        "`etc:kong.conf` is changed twice",
    ),
    (
        "S\n[[content]]\nfile = { location = \"../x\" }",
        "line 7: this is not the place of a file: it is written as `place:path`",
    ),
    (
        "S\n[[content]]\nfile = { location = \"etc:x\", presence = \"added\" }",
        "what is said of `etc:x` before and after does not fit its `presence`",
    ),
    (
        "S\n[[content]]\nfile = { location = \"etc:x\", mode = { after = \"0600\" } }",
        "what is said of `etc:x` before and after does not fit its `presence`",
    ),
    (
        "S\n[[content]]\nfile = { location = \"etc:x\" }\nafter = { form = \"text\", digest = \"D\", text = \"a\" }",
        "what is said of `etc:x` before and after does not fit its `presence`",
    ),
    (
        "S\n[[content]]\nfile = { location = \"etc:x\" }\nbefore = { digest = \"D\" }\nafter = { form = \"text\", digest = \"D\", text = \"a\" }",
        "the content of `etc:x` does not fit its digest",
    ),
    (
        "S\n[[content]]\nfile = { location = \"etc:x\" }\nbefore = { digest = \"D\" }\nafter = { form = \"text\", digest = \"D\", text = \"password: hunter2\" }",
        "the text of `etc:x` looks as if it held a secret: write it as `form = \"secret\"` with a `reference`",
    ),
];

#[test]
fn what_is_wrong_is_told_and_no_value() {
    let head = "format = 1\nkong = { before = \"2.8.5\", after = \"3.9.1\" }\n[[settings]]\nkind = \"kong_conf\"\nfile = { location = \"etc:kong.conf\" }";
    let digest = Digest::of(b"").to_string();
    for (text, wanted) in WRONG {
        let text = match text.strip_prefix('S') {
            Some(rest) => format!("{head}{}", rest.replace("\"D\"", &format!("\"{digest}\""))),
            None => (*text).to_owned(),
        };
        let error = ChangeSet::from_toml(&text).expect_err("refused");
        assert_eq!(error.to_string(), *wanted, "{text}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
    }
}

#[test]
fn json_tells_no_value_either() {
    for text in [
        "{\"format\": \"hunter2\"}",
        "hunter2",
        "{\"format\": 1, \"kong\": {\"before\": \"hunter2\", \"after\": \"3.9.1\"}}",
    ] {
        let error = ChangeSet::from_json(text).expect_err("refused");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
