//! Files that nobody would write, for the laws.

use proptest::prelude::*;

use super::*;

pub(super) const KEYS: [&str; 6] = [
    "a",
    "pg_password",
    "pg_host",
    "plugins",
    "log_level",
    "nginx_http_x",
];
pub(super) const VALUES: [&str; 9] = [
    "",
    "x",
    "5432",
    "0042",
    "a#b",
    "\\#",
    "a = b ; c",
    "größer",
    "a\\",
];

/// Pieces of a kong.conf, of an environment file and of unit files.
pub(super) fn conf() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        (
            prop::sample::select(&KEYS[..]),
            prop::sample::select(&VALUES[..])
        )
            .prop_map(|(key, value)| format!("{key} = {value}")),
        (prop::sample::select(&KEYS[..]), "[ax#\\\\ ]{0,5}")
            .prop_map(|(key, value)| format!("{key}={value}")),
        prop::sample::select(vec![
            "",
            "# a comment",
            "#log_level = notice",
            "#pg_host=1",
            "[s]",
            "x",
            "\\",
            " a = 1 # b"
        ])
        .prop_map(str::to_owned),
    ];
    let ending = prop::sample::select(vec!["\n", "\n", "\n", "\r\n"]);
    (prop::collection::vec((line, ending), 0..8), any::<bool>()).prop_map(|(lines, ended)| {
        let text: String = lines
            .into_iter()
            .flat_map(|(line, ending)| [line, ending.to_owned()])
            .collect();
        if ended {
            text
        } else {
            text.trim_end_matches('\n').to_owned()
        }
    })
}

fn variables() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "KONG_A=1",
            "KONG_PG_PASSWORD=hunter2",
            "KONG_PG_PASSWORD='a b'",
            "KONG_A='2'",
            "B=\"x y\"",
            "# c",
            "",
            "export B=1",
            "C=a\\",
            "B = 3",
            "D=\"open",
            "D=\"",
        ]),
        0..7,
    )
    .prop_map(|lines| lines.join("\n"))
}

fn unit() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "[Service]",
            "[Service]",
            "[Unit]",
            "Environment=A=1",
            "Environment=A=1 B=2",
            "Environment=\"B=x y\"",
            "Environment=",
            "Nice=1",
            "# c",
            "",
            "Environment=C=50%%",
            "ExecStart=/bin/x \\",
            "Environment=D=%i",
        ]),
        0..8,
    )
    .prop_map(|lines| lines.join("\n"))
}

fn some_file() -> impl Strategy<Value = File> {
    let template = Kind::Template {
        name: "nginx".to_owned(),
    };
    let content = prop_oneof![
        (Just(Kind::KongConf), conf().prop_map(String::into_bytes)),
        (
            Just(Kind::EnvironmentFile),
            variables().prop_map(String::into_bytes)
        ),
        (Just(Kind::Unit), unit().prop_map(String::into_bytes)),
        (Just(template), conf().prop_map(String::into_bytes)),
        (Just(Kind::Other), conf().prop_map(String::into_bytes)),
        (
            prop::sample::select(vec![Kind::Other, Kind::KongConf, Kind::Unit]),
            prop::collection::vec(any::<u8>(), 0..9)
        ),
    ];
    let mode = prop::sample::select(vec![0o600, 0o644, 0o4755]);
    let owner = prop::sample::select(vec!["root:root", "kong:kong"]);
    (content, mode, owner).prop_map(|((kind, bytes), mode, owner)| File {
        kind,
        bytes,
        mode: Mode::of(mode),
        owner: owner.parse().expect("an owner"),
    })
}

/// Files of a node, with few places so that two nodes share some.
pub(super) fn some_files() -> impl Strategy<Value = Files> {
    let places = prop::sample::select(vec![
        "etc:kong.conf",
        "etc:kong.env",
        "units:kong.service",
        "p:x.lua",
        "p:y",
    ]);
    let files = prop::collection::btree_map(places.prop_map(location), some_file(), 0..5);
    (files, prop::sample::select(vec!["2.8.5", "3.9.1"])).prop_map(|(files, version)| {
        let release = |version: &str| ReleaseTemplate {
            name: "nginx".to_owned(),
            version: version.parse().expect("a version"),
            text: format!("a = 1\nof {version}\nb = 2\n"),
        };
        Files {
            version: version.parse().expect("a version"),
            comments: Comments::RunOn,
            files,
            releases: vec![release("2.8.5"), release("3.9.1")],
        }
    })
}
