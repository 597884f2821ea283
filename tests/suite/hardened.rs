//! The shipped `in-place` playbook where the database is as strict as in production: TLS with a private authority, SCRAM, a schema
//! of its own, an owner who is no superuser, and somebody else's superuser on the same server.

use crate::practice_cluster::PracticeCluster;

const REFUSED: i32 = 4;

#[test]
fn a_strict_database_is_upgraded_and_brought_back() {
    let cluster = PracticeCluster::up_with(&["--hardened"]);
    let old = cluster.world();
    // Every client is where it should be: nobody but the superuser has come another way.
    cluster.wait_for(
        "SELECT count(*) >= 6 AND bool_and(s.ssl) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE a.usename = 'kong'",
    );
    // Connected elsewhere, a superuser whom we may not end is in nobody's way.
    let elsewhere = cluster.foreign_session("postgres");
    let run = cluster.upgrade("strict", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    // How much room its server has only the superuser could see, so a person was asked before a copy went there.
    let asked = |event: &serde_json::Value| {
        let shown = event["shown"].as_str().unwrap_or_default();
        event["event"] == "approval_asked"
            && shown.contains("how much room there is on the server of `main`")
    };
    assert!(cluster.journal("strict").iter().any(asked), "{}", run.all);
    assert_eq!(cluster.world().version(), Some("3.4.2"));
    let secret = cluster.password();
    for file in cluster.run_files("strict") {
        let text = std::fs::read(&file).expect("read");
        let holds = text
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!holds, "the password is in {}", file.display());
    }
    assert!(!run.all.contains(&secret));
    cluster.roll_back("strict", &old);
    drop(elsewhere);
}

/// The way back renames the database, which nobody can while a session of a superuser is in it.
#[test]
fn a_session_that_cannot_be_ended_is_found_before_anything_stops() {
    let cluster = PracticeCluster::up_with(&["--hardened"]);
    let old = cluster.world();
    let inside = cluster.foreign_session("kong");
    let refused = cluster.upgrade("inside", &[]);
    assert_eq!(refused.code, Some(REFUSED), "{}", refused.all);
    let told = "the database could not be swapped for its backup";
    assert!(refused.all.contains(told), "{}", refused.all);
    assert_eq!(cluster.world(), old);
    drop(inside);
    let run = cluster.upgrade("outside", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
}
