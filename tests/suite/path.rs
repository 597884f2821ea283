//! `cutover path`: which steps lead from one version to another, and what is refused.

use crate::practice_cluster::cutover;

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const REFUSED: i32 = 4;

/// Versions, and the stops between them, as far as the vendor's table and the guides of the time say; behind a colon what is said beside.
const WAYS: [(&str, &str); 64] = [
    // Patches of one line.
    ("2.8.1 2.8.5", "2.8.5"),
    ("3.4.0 3.4.2", "3.4.2"),
    ("3.4.3.1 3.4.3.20", "3.4.3.20"),
    ("0.14.0 0.14.1", "0.14.1"),
    ("3.15.0.0 3.15.0.1", "3.15.0.1"),
    // Adjacent minors, and the last of a major to the first of the next.
    ("2.7.2 2.8.5", "2.8.5"),
    ("3.0.2 3.1.1", "3.1.1"),
    ("3.3.1 3.4.2", "3.4.2"),
    ("3.8.1 3.9.1", "3.9.1"),
    ("3.14.0.0 3.15.0.0", "3.15.0.0"),
    ("1.5.1 2.0.5", "2.0.5"),
    ("2.8.5 3.0.2", "3.0.2"),
    ("1.0.3 1.1.2", "1.1.2"),
    // From one LTS line to the next.
    ("2.8.5 3.4.2", "3.4.2"),
    ("2.8.4.5 3.4.3.5", "3.4.3.5"),
    ("3.4.2 3.10.0.1", "3.10.0.1"),
    ("3.4.3.5 3.10.0.1", "3.10.0.1"),
    ("3.10.0.11 3.14.0.0", "3.14.0.0"),
    // Over several LTS lines.
    ("2.8.5 3.10.0.1", "3.4 3.10.0.1"),
    ("2.8.5 3.14.0.0", "3.4 3.10 3.14.0.0"),
    ("3.4.2 3.14.0.0", "3.10 3.14.0.0"),
    // To lines that are no LTS, by way of the LTS lines before them.
    ("2.8.5 3.1.1", "3.0 3.1.1"),
    ("2.8.5 3.2.2", "3.0 3.1 3.2.2"),
    ("2.8.5 3.3.1", "3.0 3.1 3.2 3.3.1"),
    ("2.8.5 3.5.0", "3.4 3.5.0"),
    ("2.8.5 3.6.1", "3.4 3.5 3.6.1"),
    ("2.8.5 3.9.1", "3.4 3.5 3.6 3.7 3.8 3.9.1"),
    ("2.8.5 3.12.0", "3.4 3.10 3.11 3.12.0"),
    ("2.8.5 3.15.0.0", "3.4 3.10 3.14 3.15.0.0"),
    ("3.4.2 3.9.1", "3.5 3.6 3.7 3.8 3.9.1"),
    ("3.4.2 3.12.0.0", "3.10 3.11 3.12.0.0"),
    ("3.4.2 3.13.0.0", "3.10 3.11 3.12 3.13.0.0"),
    ("3.10.0.1 3.13.0.0", "3.11 3.12 3.13.0.0"),
    ("3.10.0.1 3.15.0.0", "3.14 3.15.0.0"),
    // From lines that are none.
    ("3.0.2 3.4.2", "3.1 3.2 3.3 3.4.2"),
    ("3.2.2 3.4.2", "3.3 3.4.2"),
    ("3.1.1 3.10.0.1", "3.2 3.3 3.4 3.10.0.1"),
    ("3.5.0 3.10.0.1", "3.6 3.7 3.8 3.9 3.10.0.1"),
    ("3.9.1 3.14.0.0", "3.10 3.14.0.0"),
    ("3.6.1 3.8.1", "3.7 3.8.1"),
    ("3.11.0.0 3.14.0.0", "3.12 3.13 3.14.0.0"),
    // From 2.x: minor by minor to 2.8.
    ("2.5.0 2.8.5", "2.6 2.7 2.8.5"),
    ("2.5.0 3.4.2", "2.6 2.7 2.8 3.4.2"),
    ("2.1.4 3.0.2", "2.2 2.3 2.4 2.5 2.6 2.7 2.8 3.0.2"),
    ("2.7.2 3.9.1", "2.8 3.4 3.5 3.6 3.7 3.8 3.9.1"),
    ("2.0.5 2.1.4", "2.1.4"),
    // From 1.x: 2.x migrates from 1.0 on.
    ("1.0.3 2.8.5", "2.8.5"),
    ("1.3.0 3.4.2", "2.8 3.4.2"),
    ("1.5.1 3.0.2", "2.8 3.0.2"),
    ("1.4.3 3.14.0.0", "2.8 3.4 3.10 3.14.0.0"),
    ("1.2.0 2.3.3", "2.3.3"),
    // From 0.x: by way of 0.14.1 and 1.5.
    ("0.14.1 1.0.3", "1.0.3"),
    ("0.14.1 1.5.1", "1.5.1"),
    ("0.14.1 2.8.5", "1.5 2.8.5"),
    ("0.14.0 1.5.1", "0.14.1 1.5.1"),
    ("0.11.2 0.14.1", "0.14.1"),
    ("0.11.2 3.4.2", "0.14.1 1.5 2.8 3.4.2"),
    ("0.10.4 1.3.0", "0.14.1 1.3.0"),
    ("0.13.1 3.10.0.1", "0.14.1 1.5 2.8 3.4 3.10.0.1"),
    // Builds that data planes before 3.0 cannot connect to.
    (
        "3.1.0.0 3.4.3.5 --topology hybrid",
        "3.1.1.2 3.2 3.3 3.4.3.5",
    ),
    ("3.1.1.1 3.1.1.6 --topology hybrid", "3.1.1.2 3.1.1.6"),
    ("3.1.0.0 3.4.3.5", "3.2 3.3 3.4.3.5"),
    // Without PostgreSQL.
    ("2.5.0 2.8.5 --database cassandra", "2.6 2.7 2.8.5"),
    ("2.8.5 3.9.1 --topology dbless", "3.4 3.5 3.6 3.7 3.8 3.9.1"),
];

fn path(words: &str) -> (Option<i32>, String) {
    let ended = cutover().arg("path").args(words.split(' ')).output();
    let ended = ended.expect("started");
    let told = [&ended.stdout[..], &ended.stderr].concat();
    (ended.status.code(), String::from_utf8(told).expect("text"))
}

#[test]
fn each_way_is_the_one_that_is_guaranteed_or_described() {
    let mut wrong = Vec::new();
    for (words, wanted) in WAYS {
        let (code, told) = path(&format!("{words} --json"));
        assert_eq!(code, Some(DONE), "{words}: {told}");
        let plan: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        let hops = plan["hops"].as_array().expect("a list");
        let stops: Vec<&str> = hops
            .iter()
            .map(|hop| hop["to"].as_str().expect("a text"))
            .map(|to| to.trim_start_matches("the newest "))
            .collect();
        if stops.join(" ") != wanted {
            wrong.push(format!("{words}: {}, and not {wanted}", stops.join(" ")));
        }
        for (hop, next) in hops.iter().zip(hops.iter().skip(1)) {
            assert_eq!(hop["to"], next["from"], "{words}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_way_is_refused_with_what_to_do_instead() {
    let refusals = [
        "3.4.2 3.4.2",
        "3.4.2 2.8.5",
        "3.9.1 3.16.0",
        "0.9.0 0.11.2",
        "2.8.5 3.4.2 --database cassandra",
        "3.3.1 3.4.2 --database cassandra",
        "1.0.3 2.8.5 --topology dbless",
    ];
    let told = refusals.map(|words| {
        let (code, told) = path(words);
        assert_eq!(code, Some(REFUSED), "{words}: {told}");
        told.trim_end().to_owned()
    });
    insta::assert_snapshot!(told.join("\n"), @r"
    error: 3.4.2 is installed already
    help: nothing is to be done
    error: 2.8.5 is older than 3.4.2
    help: go back with the backup and the old package, not by an upgrade
    error: no release 3.16 is known
    help: look into the vendor's guide, or for a newer cutover
    error: nothing is known of upgrades to 0.11.2
    help: go to 0.14.1, from which there is a way on
    error: 3.4.2 has no Cassandra: 3.3 is the last line that has
    help: move to PostgreSQL first, on a line up to 3.3: `kong config db_export`, a new database, `kong config db_import`
    error: 3.4.2 has no Cassandra: 3.3 is the last line that has
    help: move to PostgreSQL first, on a line up to 3.3: `kong config db_export`, a new database, `kong config db_import`
    error: 1.0.3 cannot run without a database: 1.1 is the first that can
    help: say how it really gets its configuration: `--topology traditional`
    ");
}

#[test]
fn a_way_tells_what_each_step_needs_and_what_goes_it() {
    let (_, told) = path("0.11.2 3.4.2");
    insta::assert_snapshot!(told, @r"
    1. 0.11.2 to 0.14.1
       0.14.1 is where every older version must go first: 1.0 migrates from nowhere else; described by a guide, not guaranteed
       needs: PostgreSQL 9.5 or newer
       needs: all other nodes stopped: migrations have one phase, and the old version does not serve on what they leave
       no playbook ships for this step: it is gone by hand
    2. 0.14.1 to the newest 1.5
       1.x brings the APIs of 0.14 over to services and routes, and 1.5 is its last line; described by a guide, not guaranteed
       needs: PostgreSQL 9.5 or newer
       needs: `kong migrations migrate-apis` before `finish`, where there are APIs; `kong migrations up` refuses them otherwise
       needs: `kong migrations up` and `finish`: two phases from here on
       no playbook ships for this step: it is gone by hand
    3. the newest 1.5 to the newest 2.8
       the migrations of 2.x begin at 1.0, and the open source's guide goes there in one step; described by a guide, not guaranteed
       needs: PostgreSQL 9.5 or newer
       no playbook ships for this step: it is gone by hand
    4. the newest 2.8 to 3.4.2
       from one LTS line to the next, 2.8 to 3.4; guaranteed by the vendor
       needs: PostgreSQL 12 to 16 (tested; it starts from 9.5 on)
       needs: on PostgreSQL 15 and newer the right to create in the schema `public`
       needs: paths of routes that the new router takes: `cutover review` names those that it does not
       needs: declarative files brought over: `deck file convert --from kong-gateway-2.x --to kong-gateway-3.x`
       needs: another system than Ubuntu 18.04, CentOS or Alpine images
       `blue-green`: no downtime, and a way back that restores nothing; wants a second side and a second database
       `blue-green-shared`: 2.8.2 and later read the paths that 3.0 marks with `~`, and 2.8.5 was seen to start on a database after the `up` of 3.4.2
       `in-place`: wants nothing beside the nodes; downtime
    ");
    let (_, told) = path("3.10.0.1 3.14.0.0 --topology hybrid");
    insta::assert_snapshot!(told, @r"
    1. 3.10.0.1 to 3.14.0.0
       from one LTS line to the next, 3.10 to 3.14; guaranteed by the vendor
       needs: PostgreSQL 13 to 17 (tested; it starts from 9.5 on)
       needs: 3.10.0.11 or newer first
       needs: `kong check --lts-314-compatibility /etc/kong/kong.conf` without findings
       `blue-green`: no downtime, and a way back that restores nothing; wants a second side and a second database
       `in-place`: wants nothing beside the nodes; downtime
    note: control planes first, then data planes; a data plane is never newer than its control planes, and is older only until it is upgraded too
    ");
}
