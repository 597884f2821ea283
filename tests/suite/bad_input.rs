//! What an operator or a machine gets wrong: refused with the place and the remedy, before anything was touched, nothing left behind.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::harness::{Test, told};
use crate::practice_cluster::{PracticeCluster, World};

/// Everything that was said, and the exit code.
/// What a run says from its first mishap on, without what differs from run to run.
pub(crate) fn mishap(cluster: &PracticeCluster, code: Option<i32>, all: &str) -> String {
    let lines: Vec<&str> = all.lines().collect();
    let first = lines
        .iter()
        .position(|line| line.contains('✗'))
        .unwrap_or(0);
    // The excerpt of the playbook, which is wrapped wherever a path happens to end; `endings` has those.
    let excerpt = lines
        .iter()
        .position(|line| line.starts_with("  × "))
        .map_or(lines.len(), |at| at - 2);
    let verdict = lines
        .iter()
        .position(|line| line.starts_with("refused after"))
        .unwrap_or(lines.len());
    let kept = lines[first..excerpt.max(first)]
        .iter()
        .chain(&lines[verdict.max(excerpt)..]);
    let text = kept
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
        .replace(&cluster.directory(), "CLUSTER");
    let mut text = format!("{text}\n--- {}", code.expect("an exit code"));
    for (pattern, word) in [
        (r"\b\d+ ms\b|\b\d+\.\d s\b", "TIME"),
        (r"head [0-9a-f]{12}\b", "head DIGEST"),
        (r"\d{5,} bytes", "BYTES bytes"),
        (r"database's \d+", "database's BYTES"),
        (r"/\d+\.dat[.gz]*", "/TABLE.dat"),
    ] {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, word).into_owned();
    }
    text
}

/// Runs the upgrade after `preparation` in a mount namespace of its own, and `afterwards` in the same. Nothing where the machine does
/// not let us have one.
fn in_a_namespace(
    cluster: &PracticeCluster,
    run: &str,
    preparation: &str,
    afterwards: &str,
) -> Option<(Option<i32>, String)> {
    let allowed = Command::new("unshare").args(["-m", "true"]).output();
    if !allowed.is_ok_and(|done| done.status.success()) {
        println!("skipped: no mount namespace of our own, which needs root");
        return None;
    }
    let script = format!("{preparation} || exit 99; \"$@\"; code=$?; {afterwards}; exit $code");
    let upgrade = cluster.upgrade_command(run);
    let done = Command::new("unshare")
        .args(["-m", "sh", "-c", &script, "sh"])
        .arg(upgrade.get_program())
        .args(upgrade.get_args())
        .output()
        .expect("sh runs");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some((
        done.status.code(),
        format!("{}{}", text(&done.stderr), text(&done.stdout)),
    ))
}

pub(crate) fn unchanged(cluster: &PracticeCluster, old: &World) {
    assert_eq!(cluster.world(), *old);
}

#[test]
fn client_tools_that_are_older_than_the_server_are_named() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let places = tempfile::tempdir().expect("a directory");
    let tools = places.path().join("9/bin");
    std::fs::create_dir_all(&tools).expect("made");
    std::fs::copy("/bin/true", tools.join("pg_dump")).expect("copied");
    let hide = format!(
        "mount --bind {} /usr/lib/postgresql",
        places.path().display()
    );
    let Some((code, all)) = in_a_namespace(&cluster, "tools", &hide, "true") else {
        return;
    };
    assert_snapshot!(mishap(&cluster, code, &all), @r"
       17 ✗ database.backup main  TIME: no `pg_dump` for PostgreSQL 15 or newer is installed, only 9 [database.no_tool]
            help: install the server's own client tools, such as `postgresql-client-15`
    refused after TIME: no `pg_dump` for PostgreSQL 15 or newer is installed, only 9; run tools, journal head DIGEST; next: `cutover show tools`
    --- 4
    ");
    unchanged(&cluster, &old);
}

#[test]
fn too_little_room_for_a_backup_is_seen_before_one_is_begun() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let storage = cluster.storage();
    let (small, look) = small_storage(&storage, "size=8m");
    let Some((code, all)) = in_a_namespace(&cluster, "room", &small, &look) else {
        return;
    };
    assert_snapshot!(mishap(&cluster, code, &all), @r#"
    refused after TIME: BYTES bytes are free for backups, and three times the database's BYTES are wanted; run room, journal head DIGEST; next: `cutover show room`
    backups left: 0
    --- 4
"#);
    unchanged(&cluster, &old);
}

/// Room for files ends where room for bytes does not, which nobody can see beforehand.
#[test]
fn a_backup_that_runs_out_of_room_leaves_nothing_behind() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    let storage = cluster.storage();
    let (small, look) = small_storage(&storage, "size=99m,nr_inodes=50");
    let Some((code, all)) = in_a_namespace(&cluster, "full", &small, &look) else {
        return;
    };
    // How many of the tool's workers get to say that they found no room is theirs to know.
    let said = mishap(&cluster, code, &all);
    for told in [
        "No space left on device",
        "; the unfinished backup `CLUSTER/storage/backups/main-full-17-1` was removed [database.space]\n",
        "help: free some space, or name another storage in the environment file\n",
        "\nbackups left: 0\n--- 4",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    unchanged(&cluster, &old);
}

/// Commands that put a small file system in the place of the storage, and that list the backups there.
fn small_storage(storage: &Path, options: &str) -> (String, String) {
    let storage = storage.display();
    (
        format!("mkdir -p -m 700 {storage} && mount -t tmpfs -o {options},mode=700 none {storage}"),
        format!("echo backups left: $(ls {storage}/backups | wc -l)"),
    )
}

#[test]
fn an_admin_api_that_refuses_the_token_is_told_with_where_the_token_is_named() {
    let cluster = PracticeCluster::up();
    let old = cluster.world();
    cluster.demand_token("kong-1", "right");
    let refused = cluster.upgrade("token", &[]);
    assert_snapshot!(mishap(&cluster, refused.code, &refused.all), @r"
        3 ✗ kong.status kong-1: the Admin API of `kong-1` refuses the token [kong.admin.unauthorized]
            help: `admin_token` of the cluster in the environment file names where the token is
    refused after TIME: the Admin API of `kong-1` refuses the token; run token, journal head DIGEST; next: `cutover show token`
    --- 4
    ");
    cluster.demand_token("kong-1", "");
    unchanged(&cluster, &old);
}

#[test]
fn a_database_that_nobody_serves_is_told_with_what_to_look_at() {
    let test = Test::new()
        .playbook("const PLAYBOOK = #{ api: 1, needs: [\"database.facts\"] };\ndatabase::facts(env::database(\"main\"));\n")
        .environment(
        "[grants]\nallow = [\"*\"]\n[databases.main]\nhost = \"127.0.0.1\"\nport = 1\ndatabase = \"kong\"\nuser = \"kong\"\ntls = \"off\"\n",
    );
    assert_snapshot!(told(&test.run()), @r"
    error: whether another runner is at work cannot be seen: cannot connect to database `postgres` on 127.0.0.1:1 as `kong`: error connecting to server: Connection refused (os error 111)
    help: is the server up, and do `[databases]` and the secret of the environment file fit it?
    --- 4
");
}

#[test]
fn an_environment_file_that_is_not_there_or_not_right_is_told_with_its_place() {
    let test = Test::new().steps("practice::write(\"one\", \"1\");");
    let with = |environment: &str| {
        let test = Test::new()
            .steps("practice::write(\"one\", \"1\");")
            .environment(environment);
        told(&test.run())
    };
    assert_snapshot!(told(&test.cutover(&["run", "playbook.rhai", "--environment", "absent.toml"])), @r#"
    error: cannot read the environment file `absent.toml`: No such file or directory (os error 2)
    --- 2
"#);
    assert_snapshot!(with("[grants]\nalow = [\"practice.*\"]\n"), @r#"
    error: environment.toml:3:1: unknown key `alow`
    help: did you mean `allow`?
    --- 2
"#);
    assert_snapshot!(with("[databases.main]\nhost = \"db\"\nport = \"5432\"\ndatabase = \"kong\"\nuser = \"kong\"\n"), @r#"
    error: environment.toml:4:8: invalid type: string "5432", expected u16
    --- 2
"#);
    assert_snapshot!(with("[databases.main]\nhost = \"db\"\ndatabase = \"kong\"\nuser = \"kong\"\npassword = \"hunter2\"\n"), @r#"
    error: environment.toml:6:12: a secret cannot stand in this file
    help: write a reference: `{ env = "NAME" }`, `{ file = "/path" }` or `{ command = ["program", "argument"] }`
    --- 2
"#);
    assert_snapshot!(with("[clusters.main]\ndatabase = \"mian\"\nnodes = []\n[databases.main]\nhost = \"db\"\ndatabase = \"kong\"\nuser = \"kong\"\n"), @r#"
    error: environment.toml:3:12: `main` names the database `mian`, which does not exist
    help: did you mean `main`?
    --- 2
"#);
    assert!(test.world().is_empty());
}
