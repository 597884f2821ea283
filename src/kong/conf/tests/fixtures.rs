//! Files as people have them, run through the laws, each in both grammars.

use std::path::Path;

use crate::kong::conf::tests::laws::{KEYS, VALUES, hold};
use crate::kong::conf::{Document, Grammar};

/// The files, by name, with their texts.
pub(super) fn texts() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kong_conf");
    let entries = std::fs::read_dir(directory).expect("the fixtures are beside their tests");
    let mut texts: Vec<(String, String)> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    texts.sort();
    texts
}

#[test]
fn laws_hold_for_files_as_people_have_them() {
    let texts = texts();
    assert!(texts.len() >= 30, "{} fixtures", texts.len());
    for (name, text) in texts {
        for grammar in [Grammar::Until31, Grammar::From32] {
            for key in KEYS {
                for value in VALUES {
                    hold(&text, key, value, grammar)
                        .unwrap_or_else(|broken| panic!("{name}: {broken} ({key} = {value})"));
                }
            }
        }
    }
}

/// What a text comes to, in one line a setting.
fn told(name: &str, grammar: Grammar) -> String {
    let (_, text) = texts()
        .into_iter()
        .find(|(found, _)| found == name)
        .expect("there");
    let settings = Document::parse(&text, grammar).settings();
    let lines = settings.iter().map(|setting| {
        format!(
            "{} {}={} {:?}",
            setting.line, setting.key, setting.value, setting.standing
        )
    });
    lines.collect::<Vec<_>>().join("; ")
}

#[test]
fn fixtures_read_as_kong_reads_them() {
    let new = [
        (
            "hash_in_password.conf",
            "1 pg_user=kong Counts; 2 pg_password=s3#cr#et Counts; 3 pg_ro_password=#begins Counts; 4 cassandra_password=tail# Counts",
        ),
        (
            "unescaped_hash.conf",
            "1 pg_password=s3 Counts; 2 pg_user=kong Counts; 3 pg_host= Counts",
        ),
        (
            "continued_list.conf",
            "1 plugins=bundled,  rate-shaper,  own-auth Counts; 5 log_level=notice Counts",
        ),
        (
            "byte_order_mark.conf",
            "1 ___log_level=debug Counts; 2 pg_host=db Counts",
        ),
        (
            "numbers.conf",
            "1 pg_password=42 Counts; 2 pg_database=1.1 Counts; 3 db_cache_ttl=16 Counts; 4 mem_cache_size=64 Counts; \
             5 pg_user=1.2345678901235e+19 Counts; 6 db_update_frequency=5 Counts",
        ),
        (
            "sections.conf",
            "1 pg_host=db Counts; 4 pg_host=elsewhere InSection { since: 3 }; 5 log_level=debug InSection { since: 3 }",
        ),
        (
            "hyphens_and_capitals.conf",
            "1 pg_host=db Counts; 2 PG_PORT=5433 Counts; 3 Plugins=bundled Counts; 4 log_level=debug Counts",
        ),
        ("unfinished.conf", "1 pg_host=db Counts"),
        (
            "quotes.conf",
            "1 pg_user=\"kong\" Counts; 2 pg_password='hunter2' Counts; 3 nginx_http_log_format=own '\"$request\" $status' Counts",
        ),
        ("semicolons.conf", "3 pg_host=db ; not a comment Counts"),
        (
            "backslashes.conf",
            "1 nginx_http_rewrite_pattern=^/a\\.b$ Counts; 2 pg_password=a\\b\\\\c Counts; 3 admin_gui_path=/x\\ Counts; \
             4 log_level=notice Counts",
        ),
    ];
    for (name, settings) in new {
        assert_eq!(told(name, Grammar::From32), settings, "{name}");
    }
    assert_eq!(
        told("unescaped_hash.conf", Grammar::Until31),
        "1 pg_password=s Counts; 2 pg_user=kon Counts; 3 pg_host=#nothing Counts"
    );
}
