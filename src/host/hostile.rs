//! Whatever a host answers, no reader panics: texts of all sorts, and recorded answers with something cut out or put in.

use proptest::prelude::*;

use super::{facts, packages, unit};

/// Answers that were recorded, and lines of each kind.
const SEEDS: [&str; 17] = [
    include_str!("../../tests/fixtures/host/systemctl/odd.txt"),
    include_str!("../../tests/fixtures/host/environment.env"),
    include_str!("../../tests/fixtures/host/dpkg/info.txt"),
    include_str!("../../tests/fixtures/host/dpkg/audit.txt"),
    include_str!("../../tests/fixtures/host/apt/policy.txt"),
    include_str!("../../tests/fixtures/host/dnf/list.txt"),
    include_str!("../../tests/fixtures/host/facts/limits.txt"),
    include_str!("../../tests/fixtures/host/facts/os-release.txt"),
    include_str!("../../tests/fixtures/host/facts/ss.txt"),
    include_str!("../../tests/fixtures/host/facts/who.txt"),
    "kong\tamd64\t3.4.2\tinstall\tok\tinstalled\n",
    "!kong-0:3.4.2-1.*\n??5?????? c /etc/kong/kong.logrotate\n",
    "[Service]\nExecStart=@-/bin/a b ; \\; \"c\nEnvironment=\"A=\\x41\" \\\n B=2\n",
    "head\n 0: 0100007F:1F40 0100007F:C350 0A 0:0 00:0 0 33 0 1 1\n",
    "SESSION  UID USER SEAT  TTY\n      2 1000 ada  seat0 tty2\n",
    "kong-enterprise-edition-3.4.3.5-1.el8.x86_64.rpm",
    "kong\t3.4.2-0\tinstalled\t/usr/local/lib/luarocks/rocks-5.1\n",
];

fn answers() -> impl Strategy<Value = String> {
    let changed = (
        prop::sample::select(&SEEDS),
        0..4000_usize,
        0..4_usize,
        "\\PC{0,3}|[\n\t \\\\\"'=:;%]{0,3}",
    );
    prop_oneof![
        4 => changed.prop_map(|(seed, at, cut, put)| {
            let letters: Vec<char> = seed.chars().collect();
            let at = at % letters.len();
            let rest = &letters[(at + cut).min(letters.len())..];
            let (before, behind): (String, String) =
                (letters[..at].iter().collect(), rest.iter().collect());
            [before, put, behind].concat()
        }),
        1 => "\\PC{0,40}",
        1 => "(\\PC{0,9}\n){0,5}",
    ]
}

/// Gives `text` to every reader.
fn read(text: &str) {
    let _ = unit::Unit::of(text);
    if let Ok(file) = unit::UnitFile::of("/u", text) {
        let effective = unit::Effective::of([&file]);
        let _ = unit::Environment::of(&effective, &std::collections::BTreeMap::new());
    }
    let _ = unit::drop_in([(text, text), ("A", text)]);
    for comments in [unit::Comments::RunOn, unit::Comments::EndAtLine] {
        if let Ok(mut file) = unit::EnvironmentFile::of(text, comments) {
            let _ = (
                file.ignored(),
                file.run_on_comments(),
                file.set("A", text),
                file.unset("A"),
            );
        }
    }
    let _ = text.parse::<unit::Span>();
    let _ = (
        packages::debian::installed(text),
        packages::debian::held(text),
        packages::debian::verified(text),
    );
    let _ = (
        packages::debian::policies(text),
        packages::debian::offers(text),
        packages::debian::unfinished(text),
    );
    let _ = (
        packages::debian::Archive::of_fields(text),
        packages::debian::Archive::of_info(text),
    );
    let _ = (
        packages::debian::failure(text),
        packages::rpm::failure(text),
    );
    let _ = (
        packages::rpm::installed(text),
        packages::rpm::listed(text),
        packages::rpm::offers(text),
    );
    let _ = (
        packages::rpm::locks(text),
        packages::rpm::verified(text),
        packages::PackageFile::of(text),
    );
    let _ = (
        text.parse::<packages::DebianVersion>(),
        text.parse::<packages::RpmVersion>(),
    );
    let moment = std::time::Duration::from_secs(1);
    let moments = facts::Moments {
        asked: moment,
        answered: moment,
    };
    let _ = (
        facts::Skew::of(text, moments),
        facts::checksums(text),
        facts::Limits::of(text),
        facts::OsRelease::of(text),
        facts::rocks(text),
    );
    let _ = (
        facts::listeners(text),
        facts::listening(text),
        facts::logins(text),
        facts::sessions(text),
        facts::Space::of(text),
    );
}

proptest! {
    #[test]
    fn no_answer_makes_a_reader_panic(text in answers()) {
        read(&text);
    }
}
