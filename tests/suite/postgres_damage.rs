//! Damage done to a real backup, and which tier of `verify` notices it first; the table in `docs/backup-damage.md` is what is measured.
//!
//! After a change that moves the table: `REGENERATE=1 cargo test --test suite postgres_damage`, and read the difference.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cutover::environment::Database;
use cutover::gateway::live::postgres::{
    Expectation, Role, Starts, Tier, VerifyRequest, backup, connect, verify,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::postgres_fixture::{Fixture, request};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/backup-damage.md");

/// The damaged copy, and another good backup of the same database at another time.
struct Patient {
    path: PathBuf,
    other: PathBuf,
}

impl Patient {
    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The dump's data files, the largest first; the last is of an empty table.
    fn data(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.file("dump"))
            .expect("a dump")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "gz"))
            .collect();
        files.sort_by_key(|path| (std::cmp::Reverse(size(path)), path.clone()));
        files
    }

    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let path = self.file("manifest.json");
        let mut manifest = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
        change(&mut manifest);
        fs::write(path, manifest.to_string()).expect("written");
    }

    /// Makes the manifest agree with the damaged files again, as a forger would.
    fn reseal(&self) {
        let Ok(mut manifest) = fs::read(self.file("manifest.json"))
            .map_err(|_| ())
            .and_then(|text| serde_json::from_slice::<Value>(&text).map_err(|_| ()))
        else {
            return;
        };
        let mut files: Vec<Value> = Vec::new();
        for entry in fs::read_dir(self.file("dump")).expect("a dump") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("a type").is_dir() {
                continue;
            }
            let bytes = fs::read(entry.path()).expect("read");
            files.push(serde_json::json!({
                "path": format!("dump/{}", entry.file_name().display()),
                "bytes": bytes.len(),
                "sha256": hex::encode(Sha256::digest(&bytes)),
            }));
        }
        manifest["files"] = Value::Array(files);
        fs::write(self.file("manifest.json"), manifest.to_string()).expect("written");
    }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).expect("there").len()
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("read");
    change(&mut bytes);
    fs::write(path, bytes).expect("written");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
}

fn replace(bytes: &mut [u8], before: &[u8], after: &[u8]) {
    let place = bytes
        .windows(before.len())
        .position(|window| window == before)
        .expect("there");
    bytes[place..place + after.len()].copy_from_slice(after);
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-aT").arg(from).arg(to).status();
    assert!(copied.expect("cp runs").success());
}

/// The first of Kong's tables in the manifest that has rows.
fn table(manifest: &mut Value) -> &mut Value {
    manifest["tables"]
        .as_array_mut()
        .expect("tables")
        .iter_mut()
        .find(|table| table["digest"]["rows"].as_u64() > Some(0))
        .expect("a table with rows")
}

type Damage = (&'static str, fn(&Patient));

const DAMAGES: &[Damage] = &[
    ("nothing", |_| ()),
    ("a data file cut in half", |p| {
        change(&p.data()[0], |b| b.truncate(b.len() / 2));
    }),
    ("a data file without its last byte", |p| {
        change(&p.data()[0], |b| b.truncate(b.len() - 1));
    }),
    ("an empty data file", |p| change(&p.data()[0], Vec::clear)),
    ("a bit flipped in a data file", |p| {
        change(&p.data()[0], |b| {
            let half = b.len() / 2;
            b[half] ^= 1;
        });
    }),
    ("a bit flipped in a data file's own checksum", |p| {
        change(&p.data()[0], |b| {
            let end = b.len() - 8;
            b[end] ^= 1;
        });
    }),
    ("a bit flipped in a data file's first byte", |p| {
        change(&p.data()[0], |b| b[0] ^= 1);
    }),
    ("bytes appended to a data file", |p| {
        change(&p.data()[0], |b| b.extend_from_slice(b"more"));
    }),
    ("a data file of zeros", |p| {
        change(&p.data()[0], |b| b.fill(0));
    }),
    ("a data file missing", |p| {
        fs::remove_file(&p.data()[0]).expect("removed");
    }),
    ("two data files exchanged", |p| {
        let data = p.data();
        let aside = p.file("aside");
        fs::rename(&data[0], &aside).expect("moved");
        fs::rename(&data[1], &data[0]).expect("moved");
        fs::rename(&aside, &data[1]).expect("moved");
    }),
    ("a data file overwritten with another table's", |p| {
        drop(fs::copy(&p.data()[1], &p.data()[0]));
    }),
    ("a data file overwritten with an empty table's", |p| {
        let data = p.data();
        fs::copy(&data[data.len() - 1], &data[0]).expect("copied");
    }),
    ("a data file from another backup", |p| {
        let other = Patient {
            path: p.other.clone(),
            other: p.other.clone(),
        };
        // The dumps number their files alike, so the changed table is the file whose content differs.
        let changed = other.data().into_iter().find_map(|path| {
            let mine = p.file("dump").join(path.file_name()?);
            (fs::read(&path).ok()? != fs::read(&mine).ok()?).then_some((path, mine))
        });
        let (path, mine) = changed.expect("the backups differ");
        fs::copy(path, mine).expect("copied");
    }),
    ("a data file that is a link to its copy", |p| {
        let first = p.data()[0].clone();
        let aside = p.path.with_extension("aside");
        fs::rename(&first, &aside).expect("moved");
        std::os::unix::fs::symlink(&aside, &first).expect("linked");
    }),
    ("an extra file in the dump", |p| {
        fs::write(p.file("dump/9999.dat.gz"), "x").expect("written");
        set_mode(&p.file("dump/9999.dat.gz"), 0o600);
    }),
    ("an extra file beside the manifest", |p| {
        fs::write(p.file("notes"), "x").expect("written");
        set_mode(&p.file("notes"), 0o600);
    }),
    ("an extra, empty directory", |p| {
        fs::create_dir(p.file("empty")).expect("made");
    }),
    ("the table of contents missing", |p| {
        fs::remove_file(p.file("dump/toc.dat")).expect("removed");
    }),
    ("an empty table of contents", |p| {
        change(&p.file("dump/toc.dat"), Vec::clear);
    }),
    ("the table of contents cut in half", |p| {
        change(&p.file("dump/toc.dat"), |b| b.truncate(b.len() / 2));
    }),
    ("a bit flipped in the table of contents' first byte", |p| {
        change(&p.file("dump/toc.dat"), |b| b[0] ^= 1);
    }),
    ("a letter changed in the table of contents' SQL", |p| {
        change(&p.file("dump/toc.dat"), |b| {
            replace(
                b,
                b"CREATE TABLE kong.my_plugin",
                b"CREATE TABLE kong.my_plugim",
            );
        });
    }),
    (
        "a column's type changed in the table of contents' SQL",
        |p| {
            change(&p.file("dump/toc.dat"), |b| {
                replace(
                    b,
                    b"CREATE TABLE kong.my_plugin (\n    id integer,",
                    b"CREATE TABLE kong.my_plugin (\n    id bigint ,",
                );
            });
        },
    ),
    ("an index renamed in the table of contents' SQL", |p| {
        change(&p.file("dump/toc.dat"), |b| {
            replace(
                b,
                b"CREATE INDEX my_plugin_id",
                b"CREATE INDEX my_plugin_ix",
            );
        });
    }),
    ("the whole dump of another backup", |p| {
        fs::remove_dir_all(p.file("dump")).expect("removed");
        copy(&p.other.join("dump"), &p.file("dump"));
    }),
    ("the manifest missing", |p| {
        fs::remove_file(p.file("manifest.json")).expect("removed");
    }),
    ("an empty manifest", |p| {
        change(&p.file("manifest.json"), Vec::clear);
    }),
    ("the manifest cut in half", |p| {
        change(&p.file("manifest.json"), |b| b.truncate(b.len() / 2));
    }),
    ("the manifest of another backup", |p| {
        drop(fs::copy(
            p.other.join("manifest.json"),
            p.file("manifest.json"),
        ));
    }),
    ("a table's count edited in the manifest", |p| {
        p.edit(|m| table(m)["digest"]["rows"] = 12345.into());
    }),
    ("a table's sum edited in the manifest", |p| {
        p.edit(|m| table(m)["digest"]["sum"] = "0".repeat(64).into());
    }),
    ("a table removed from the manifest", |p| {
        p.edit(|m| drop(m["tables"].as_array_mut().expect("tables").remove(0)));
    }),
    ("a file's checksum edited in the manifest", |p| {
        p.edit(|m| m["files"][0]["sha256"] = "0".repeat(64).into());
    }),
    ("a file removed from the manifest", |p| {
        p.edit(|m| drop(m["files"].as_array_mut().expect("files").remove(0)));
    }),
    ("a file outside the backup in the manifest", |p| {
        p.edit(|m| m["files"][0]["path"] = "../outside".into());
    }),
    ("a manifest from the future", |p| {
        p.edit(|m| m["format"] = 2.into());
    }),
    ("an unknown field in the manifest", |p| {
        p.edit(|m| m["surprise"] = true.into());
    }),
    ("`schema_meta` edited in the manifest", |p| {
        p.edit(|m| m["schema_meta"] = Value::Array(Vec::new()));
    }),
    ("the owner edited in the manifest", |p| {
        p.edit(|m| m["database"]["owner"] = "somebody".into());
    }),
    ("the directory open to others", |p| set_mode(&p.path, 0o755)),
    ("a data file open to others", |p| {
        set_mode(&p.data()[0], 0o644);
    }),
    ("the manifest open to the group", |p| {
        set_mode(&p.file("manifest.json"), 0o640);
    }),
    ("another, good backup in its place", |p| {
        fs::remove_dir_all(&p.path).expect("removed");
        copy(&p.other, &p.path);
    }),
];

const HEAD: &str = "\
# What is noticed when a backup is damaged

Measured by `tests/suite/postgres_damage.rs` on a real backup; the test fails when this table is not what it measures. Each cell names the
first tier of `verify` that notices: *checksum* (the manifest and every file), *decode* (the dump is read to its end), *restore* (it is
restored into a scratch database and every table's digest compared), or *no tier*.

* **recorded**: the digest of the manifest is known from the journal. This is how a run checks its own backups, and the only way in
  which they are restored.
* **unrecorded**: nothing is known; the backup only has to agree with itself.
* **resealed**: unrecorded, and whoever did the damage made the manifest's list of files agree again.

| damage | recorded | unrecorded | resealed |
|---|---|---|---|
";

#[tokio::test]
async fn the_documented_damage_is_noticed_where_the_document_says() {
    let fixture = Fixture::start();
    let database = fixture.database();
    let good = backup(&database, &request(&fixture.path("good")), |_| ())
        .await
        .expect("taken");
    let session = connect(&database, Role::Owner, None)
        .await
        .expect("connected");
    session
        .batch_execute("UPDATE kong.my_plugin SET note = 'changed' WHERE id = 2")
        .await
        .expect("changed");
    let other = backup(&database, &request(&fixture.path("other")), |_| ())
        .await
        .expect("taken");
    let recorded = Expectation::Manifest(good.manifest_digest);
    let patient = Patient {
        path: fixture.path("patient"),
        other: other.path,
    };
    let mut document = HEAD.to_owned();
    for (name, damage) in DAMAGES {
        let _ = fs::remove_dir_all(&patient.path);
        copy(&good.path, &patient.path);
        damage(&patient);
        let as_recorded = first_to_notice(&database, &patient, &recorded).await;
        let unrecorded = first_to_notice(&database, &patient, &Expectation::Any).await;
        patient.reseal();
        let resealed = first_to_notice(&database, &patient, &Expectation::Any).await;
        writeln!(
            document,
            "| {name} | {as_recorded} | {unrecorded} | {resealed} |"
        )
        .expect("a string takes everything");
    }
    assert!(DAMAGES.len() > 25);
    if std::env::var_os("REGENERATE").is_some() {
        fs::write(DOCUMENT, &document).expect("written");
    }
    let written = fs::read_to_string(DOCUMENT).expect("read");
    assert_eq!(written, document, "measured:\n{document}");
}

async fn first_to_notice(
    database: &Database,
    patient: &Patient,
    expectation: &Expectation,
) -> &'static str {
    for (tier, name) in [
        (Tier::Checksum, "checksum"),
        (Tier::Decode, "decode"),
        (Tier::Restore, "restore"),
    ] {
        let proof = VerifyRequest {
            backup: patient.path.clone(),
            expectation: expectation.clone(),
            tier,
            scratch_name: "proof".to_owned(),
            keep: false,
            run: "run-1".to_owned(),
            deadline: Duration::from_mins(1),
            starts: Starts::default(),
        };
        if verify(database, &proof).await.is_err() {
            return name;
        }
    }
    "*no tier*"
}
