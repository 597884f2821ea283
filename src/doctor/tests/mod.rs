//! Every check on facts that are sound, on facts that nobody knows, and on the ailment that it is there for.

mod ailments;
mod sound;

use std::collections::BTreeSet;

use super::facts::Facts;
use super::{Outcome, Report, checks};
use ailments::{Ailment, of_nodes, of_servers};
use sound::{not_looked_at, sound};

/// What is not fine, a line each.
fn told(facts: &Facts) -> Vec<(&'static str, String)> {
    let findings = Report::of(facts).findings.into_iter();
    let told = findings.filter_map(|finding| {
        let (word, evidence) = match finding.outcome {
            Outcome::Wrong(evidence) => ("wrong", evidence),
            Outcome::Warning(evidence) => ("warning", evidence),
            Outcome::Unknown(reason) => ("unknown", reason),
            Outcome::Fine(_) => return None,
        };
        let line = format!("{word} {} {}: {evidence}", finding.code, finding.subject);
        Some((finding.code, line))
    });
    told.collect()
}

#[test]
fn what_is_sound_is_fine() {
    let told = told(&sound());
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn what_nobody_looked_at_is_not_known() {
    let findings = Report::of(&not_looked_at()).findings;
    for finding in &findings {
        let outcome = &finding.outcome;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{finding:?}");
    }
    let told: BTreeSet<&str> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(told.len(), checks().count());
}

#[test]
fn every_check_finds_what_it_is_there_for() {
    let mut found = BTreeSet::new();
    for (code, ailment) in of_servers().chain(of_nodes()) {
        let mut facts = sound();
        ailment(&mut facts);
        let told = told(&facts);
        let own = told
            .iter()
            .find(|(told, _)| told.ends_with(&format!(".{code}")));
        let (own, _) = own.unwrap_or_else(|| panic!("{code} was not found: {told:?}"));
        found.insert(*own);
    }
    let all: BTreeSet<&str> = checks().map(|check| check.code).collect();
    assert_eq!(found, all, "a check without an ailment");
}

/// What is not fine with each ailment, a line each.
fn told_of(ailments: impl Iterator<Item = &'static (&'static str, Ailment)>) -> String {
    let mut lines = Vec::new();
    for (code, ailment) in ailments {
        let mut facts = sound();
        ailment(&mut facts);
        let told = told(&facts).into_iter();
        let (own, others): (Vec<_>, Vec<_>) =
            told.partition(|(told, _)| told.ends_with(&format!(".{code}")));
        lines.extend(own.into_iter().map(|(_, line)| line));
        // One ailment may be the business of several checks.
        lines.extend(others.into_iter().map(|(_, line)| format!("  also {line}")));
    }
    lines.join("\n")
}

#[test]
fn what_ails_servers_is_told_with_its_evidence() {
    insta::assert_snapshot!(told_of(of_servers()), @r#"
    wrong doctor.storage_open production: `/var/lib/cutover` has the mode 0755
    wrong doctor.storage_open production: `/var/lib/cutover` belongs to another user
    wrong doctor.secret_absent production: `databases.main.password`: no variable
    wrong doctor.name_unknown production: `postgres.internal` of databases.main: no address
    wrong doctor.redis_unreachable production: `counters`: refused
    warning doctor.sandbox_partial production: Landlock: no such call
    wrong doctor.run_unfinished production: not finished: `in-place-1`
    wrong doctor.storage_files production: 1999 files more
    warning doctor.storage_volatile production: `/var/lib/cutover` is gone with the machine's power
    wrong doctor.certificate_own_ends production: /etc/ca.pem ended on 2026-11-29
    wrong doctor.lock_held main: `cutover:other@host` holds it
    warning doctor.copies_left main: `cutover_kept`, made by the run `in-place-1`, 3.0 MiB
    wrong doctor.database_unreachable main: no answer
      also unknown doctor.database_empty main: no answer
      also unknown doctor.database_other kong-1: the database of its cluster cannot be reached
      also unknown doctor.database_other kong-2: the database of its cluster cannot be reached
    wrong doctor.database_standby main: `pg_is_in_recovery()` is true
    wrong doctor.database_read_only main: `default_transaction_read_only` is on for the role or the database
    warning doctor.statement_timeout main: `statement_timeout` is 30s for the role or the database
    wrong doctor.password_encryption main: `password_encryption` is scram-sha-256, and older than 2.7 are `kong-1`
      also wrong doctor.versions_mixed blue: 2.6.1 on `kong-1`, 2.8.5 on `kong-2`
    warning doctor.collation_changed main: made with 2.31, and the system has 2.36
    warning doctor.extensions_superuser main: `pg_stat_statements`
    wrong doctor.migrations_pending main: pending: core 021_unknown
    warning doctor.migrations_pending main: pending: core 016_280_to_300, http-log 001_280_to_300, post-function 001_280_to_300, pre-function 001_280_to_300; an upgrade to that version goes on with them
    wrong doctor.migrations_new kong-1: not run: core 014_230_to_260
    wrong doctor.locks_stale main: held by `kong-9`
    warning doctor.locks_stale main: `kong-9` held it, did not give it back, and its time is over
    wrong doctor.workspace_missing main: the table `workspaces` has no row `default`
    wrong doctor.database_empty main: it has no tables of Kong's, while `kong-1`, `kong-2` run on it
    warning doctor.database_empty main: its server has no such database, and no node runs on it
      also warning doctor.node_stopped kong-1: `kong health` says no
      also warning doctor.node_stopped kong-2: `kong health` says no
      also unknown doctor.database_other kong-1: the database of its cluster cannot be reached
      also unknown doctor.database_other kong-2: the database of its cluster cannot be reached
    wrong doctor.schema_create main: it has no `CREATE` on the schema
    wrong doctor.tables_owned main: some are another role's
    wrong doctor.databases_create main: it has no `CREATEDB`
    wrong doctor.database_owned main: it is none
    warning doctor.slots_logical main: `to_the_warehouse`
    warning doctor.connections_few main: 24 for all; 2 nodes and cutover keep 11 when idle, and may open 25
    wrong doctor.connections_few main: 10 for all; 2 nodes and cutover keep 11 when idle, and may open 25
    wrong doctor.connections_limited main: limited to 10; 2 nodes and cutover keep 11 when idle, and may open 25
    warning doctor.connections_limited main: limited to 20; 2 nodes and cutover keep 11 when idle, and may open 25
    warning doctor.connections_taken main: 80 of 97 are taken
    wrong doctor.connections_taken main: 95 of 97 are taken
    wrong doctor.transactions_long main: process 7 of `report`
    unknown doctor.transactions_long main: 4 sessions do not show their transactions to us; `GRANT pg_read_all_stats` to the administering role
    wrong doctor.transactions_prepared main: `forgotten`
    wrong doctor.sessions_foreign main: 10.9.9.9
    unknown doctor.sessions_foreign main: the pooler `pgbouncer:6432` hides where sessions come from
    wrong doctor.writes_denied main: it does
    warning doctor.writes_denied main: it did, and is to again
    wrong doctor.backup_space main: 512.0 MiB free, the database has 1.0 GiB
    warning doctor.backup_space main: 1.5 GiB free, the database has 1.0 GiB
    wrong doctor.scratch_space main: 1000 bytes free, the database has 1.0 GiB
    wrong doctor.scratch_space main: nobody says where it may run
    wrong doctor.tools_old main: the server is of 15, installed are 13, 14
    wrong doctor.tools_old main: the server is of 15, none are installed
    warning doctor.counters_many main: `ratelimiting_metrics` has 9000000 rows in 1.0 GiB
    warning doctor.tables_bloated main: `oauth2_tokens`
    wrong doctor.clock_server main: it is 2000 ms ahead
    warning doctor.clock_server main: it is 700 ms behind
    "#);
}

#[test]
fn what_ails_nodes_is_told_with_its_evidence() {
    insta::assert_snapshot!(told_of(of_nodes()), @r#"
    wrong doctor.prefix_space kong-1: 50.0 MiB free
    warning doctor.prefix_space kong-1: 500.0 MiB free
    wrong doctor.clock_node kong-1: it is 61000 ms behind
    warning doctor.node_stopped kong-1: `kong health` says no
    wrong doctor.version_other kong-1: 2.8.5 runs, 3.4.2 is installed
    wrong doctor.package_absent kong-1: 3.4.2 is not among 2.8.5
    warning doctor.trial_absent kong-1: 3.4.2 cannot be tried, where 2.8.5 can
    wrong doctor.admin_unreachable kong-1: no answer
      also unknown doctor.version_other kong-1: no answer
      also unknown doctor.versions_mixed blue: no answer
    wrong doctor.admin_unreachable kong-1: it says that its database does not answer
    warning doctor.admin_public kong-1: `0.0.0.0:8001 reuseport`, which is every address of the host
    wrong doctor.admin_public kong-1: `[2001:db8::7]:8444 ssl`
    wrong doctor.database_other kong-1: its settings lead to 10.0.0.1:5432/staging
    warning doctor.settings_changed kong-1: `pg_host`, `plugins`
    wrong doctor.node_unlisted kong-1: process 9
    warning doctor.node_unlisted kong-1: process 9 (which database it uses is not known)
    warning doctor.files_few kong-1: 1024 files
    wrong doctor.files_few kong-1: 65536 files for 40000 connections of each worker
    wrong doctor.user_other kong-1: its process is of the user of the number 101
    warning doctor.node_supervised kong-1: `kong.service`
    warning doctor.pid_stale kong-1: process 7 is gone
    wrong doctor.pid_stale kong-1: process 7 is `sshd`
    warning doctor.sockets_stale kong-1: nobody has bound `/var/kong-1/a.sock`
    wrong doctor.sockets_stale kong-1: nobody has bound `/var/kong-1/a.sock`
    wrong doctor.versions_mixed blue: 2.8.5 on `kong-2`, 3.4.2 on `kong-1`
    wrong doctor.settings_mixed blue: `router_flavor` is "expressions" on `kong-1`, nothing on `kong-2`
    wrong doctor.plugins_absent blue: `kong-1` lacks `cors`
    warning doctor.plugins_elsewhere blue: `green-1` lacks `cors`
    wrong doctor.balancer_unusable kong-1: HAProxy does not answer
      also unknown doctor.node_drained kong-1: HAProxy does not answer
    wrong doctor.balancer_unlisted blue: `gateway9`
    warning doctor.node_drained kong-1: requests go to `kong-2`
    wrong doctor.license_over blue: `/license/report` says so
    warning doctor.upstream_unknown blue: `orders.internal` of the service `orders`: no address
    warning doctor.certificate_file_ends kong-1: /etc/kong.pem ends on 2026-12-07
    warning doctor.certificate_ends blue: certificate 1 ends on 2026-12-29
    wrong doctor.certificate_ends blue: certificate 2 ended on 2026-11-27
    "#);
}

#[test]
fn every_check_says_why_and_what_to_do_with_names_filled_in() {
    for check in checks() {
        assert!(check.code.starts_with("doctor."), "{}", check.code);
        for text in [check.about, check.why, check.remedy] {
            assert!(
                text.len() > 10 && !text.ends_with('.'),
                "{}: {text}",
                check.code
            );
        }
    }
    for finding in Report::of(&sound()).findings {
        assert!(
            !finding.remedy.contains('{'),
            "{}: {}",
            finding.code,
            finding.remedy
        );
    }
    let codes: BTreeSet<&str> = checks().map(|check| check.code).collect();
    assert_eq!(codes.len(), checks().count(), "two checks bear one code");
}
