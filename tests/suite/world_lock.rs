//! The lock and the lease in the world: they keep out the runners of other machines, and not the next runner of a run whose last one
//! was killed; and a runner that has lost them does nothing more.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cutover::environment::Environment;
use cutover::gateway::live::postgres::Claim;
use cutover::gateway::live::world_lock::{WorldLockError, WorldLocks};
use cutover::gateway::{Holding, ProcessIdentity};
use cutover::lab::postgres::{PrivatePostgres, SUPERUSER};
use rustix::process::{Pid, Signal, kill_process};

use crate::practice_cluster::{PracticeCluster, cutover};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const PAUSED: i32 = 8;
const LOCKED: i32 = 12;

/// A term that a test can wait for, and that outlasts its other moments on a busy machine.
const TERM: Duration = Duration::from_secs(2);

/// Where a holder sits of whose process nothing can be seen.
const ELSEWHERE: &str = "elsewhere";

struct Server {
    server: PrivatePostgres,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let directory = tempfile::Builder::new()
            .prefix("cutover-w-")
            .permissions(permissions)
            .tempdir_in(crate::harness::short_directory())
            .expect("a directory");
        let server =
            PrivatePostgres::create(&directory.path().join("d"), &directory.path().join("s"))
                .expect("a server");
        server.start(&["fsync=off"]).expect("started");
        Self {
            server,
            _directory: directory,
        }
    }

    fn environment(&self, user: &str) -> Environment {
        let text = format!(
            "name = \"here\"\n[databases.main]\nhost = \"{}\"\ndatabase = \"postgres\"\nuser = \"{user}\"\ntls = \"off\"\n[storage]\npath = \"x\"\n",
            self.server.socket.display()
        );
        Environment::parse(Path::new("here.toml"), &text).expect("an environment")
    }

    async fn sql(&self, statement: &str) {
        let (client, connection) = tokio_postgres::Config::new()
            .host_path(&self.server.socket)
            .user(SUPERUSER)
            .dbname("postgres")
            .connect(tokio_postgres::NoTls)
            .await
            .expect("connected");
        tokio::spawn(connection);
        client.batch_execute(statement).await.expect(statement);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that does not stop is seen by the test of leftovers.
        let _ = self.server.stop();
    }
}

fn claim(run: &str, host: Option<&str>) -> Claim {
    let mut process = ProcessIdentity::own();
    if let Some(host) = host {
        host.clone_into(&mut process.host);
    }
    Claim {
        run: run.to_owned(),
        process,
        term: TERM,
    }
}

/// Breaks the connections that hold locks, as a server does to a client that sleeps for long.
const BREAK: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE 'cutover:%'";

#[tokio::test]
async fn another_run_is_kept_out_and_the_next_runner_of_the_same_waits_for_the_dead_one() {
    let server = Server::start();
    let environment = server.environment(SUPERUSER);
    let first = WorldLocks::take(&environment, &claim("one", None))
        .await
        .expect("free");
    assert_eq!(first.holding().await, Holding::Ours);
    let other = WorldLocks::take(&environment, &claim("two", None))
        .await
        .expect_err("held");
    assert!(
        matches!(&other, WorldLockError::Held { holder, .. } if holder.starts_with("cutover:one@")),
        "{other}"
    );

    // The session of the killed runner outlives it for a moment.
    let dying = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(first);
    };
    let again = claim("one", None);
    let (next, ()) = tokio::join!(WorldLocks::take(&environment, &again), dying);
    assert_eq!(next.expect("waited for").holding().await, Holding::Ours);
}

#[tokio::test]
async fn a_runner_of_another_host_is_waited_for_and_knows_that_it_was_replaced() {
    let server = Server::start();
    let environment = server.environment(SUPERUSER);
    let away = claim("one", Some(ELSEWHERE));
    let first = WorldLocks::take(&environment, &away).await.expect("free");
    server.sql(BREAK).await;
    let early = WorldLocks::take(&environment, &claim("two", None))
        .await
        .expect_err("its term is not over");
    assert!(
        early.to_string().contains("cutover:one@elsewhere")
            && early.to_string().contains("its lease ends after 2 s"),
        "{early}"
    );
    // Nobody came in between, so a broken connection alone loses nothing.
    assert_eq!(first.holding().await, Holding::Ours);
    server.sql(BREAK).await;

    let deadline = Instant::now() + 10 * TERM;
    let second = loop {
        match WorldLocks::take(&environment, &claim("two", None)).await {
            Ok(second) => break second,
            Err(held) => assert!(Instant::now() < deadline, "{held}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(matches!(first.holding().await, Holding::Lost(_)));
    second.release().await;
    drop(second);
    // Even when the one that replaced it is gone.
    assert!(matches!(first.holding().await, Holding::Lost(_)));
    // What was given back is waited for by nobody.
    let third = WorldLocks::take(&environment, &claim("three", None))
        .await
        .expect("free");
    assert_eq!(third.holding().await, Holding::Ours);
}

#[tokio::test]
async fn where_no_table_may_be_kept_the_lock_alone_keeps_others_out() {
    let server = Server::start();
    server.sql("CREATE ROLE plain LOGIN").await;
    let environment = server.environment("plain");
    let first = WorldLocks::take(&environment, &claim("one", None))
        .await
        .expect("free");
    assert_eq!(
        first.without_lease().await,
        ["permission denied for database postgres"]
    );
    assert!(
        WorldLocks::take(&environment, &claim("two", None))
            .await
            .is_err()
    );
    server.sql(BREAK).await;
    // Without a token nobody can tell what happened in between.
    assert!(matches!(first.holding().await, Holding::Lost(_)));
}

/// A playbook that waits in the middle of a change, and then changes something more.
const WAITING: &str = r#"
const PLAYBOOK = #{ api: 1, params: #{}, needs: ["traffic.*", "clock.*", "kong.*"] };
let cluster = env::cluster("practice");
kong::health(cluster.nodes);
clock::pause("3s");
traffic::drain(cluster.nodes);
traffic::admit(cluster.nodes);
"#;

fn start(cluster: &PracticeCluster, run: &str, environment: &Path) -> Child {
    let playbook = cluster.environment().with_file_name("waiting.rhai");
    std::fs::write(&playbook, WAITING).expect("written");
    cutover()
        .arg("run")
        .arg(playbook)
        .args(["--run-id", run, "--lease", "500", "--environment"])
        .arg(environment)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cutover runs")
}

/// Waits until the run has its journal, which comes after its locks.
fn await_journal(cluster: &PracticeCluster, run: &str) {
    let journal = cluster.path().join("storage/runs").join(run);
    let deadline = Instant::now() + Duration::from_mins(1);
    // A journal without a record is that of a run that never began, and cannot be gone on with.
    while !std::fs::read_to_string(journal.join("journal.ndjson"))
        .is_ok_and(|text| text.contains('\n'))
    {
        assert!(Instant::now() < deadline, "no journal");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("waited for");
    let all = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&all).into_owned(),
    )
}

#[test]
fn a_runner_that_was_suspended_past_its_term_stops_before_it_acts() {
    let cluster = PracticeCluster::up();
    // Another machine has another store.
    let text = std::fs::read_to_string(cluster.environment()).expect("the environment");
    let moved = text.replace("/storage\"", "/storage-of-another\"");
    assert_ne!(moved, text);
    let elsewhere = cluster.environment().with_file_name("elsewhere.toml");
    std::fs::write(&elsewhere, moved).expect("written");

    let first = start(&cluster, "first", &cluster.environment());
    let pid = Pid::from_child(&first);
    await_journal(&cluster, "first");
    kill_process(pid, Signal::STOP).expect("stopped");
    // While its connection lives, nobody comes in, however long it is silent.
    std::thread::sleep(Duration::from_secs(1));
    let (code, told) = end(start(&cluster, "second", &elsewhere));
    assert_eq!(code, Some(LOCKED), "{told}");
    // The server gives it up, and it lives all the same.
    cluster.maintenance(BREAK);
    let (code, told) = end(start(&cluster, "second", &elsewhere));
    assert_eq!(code, Some(LOCKED), "{told}");
    assert!(
        told.contains("it lives and has lost its connection"),
        "{told}"
    );
    // On another machine nobody would see that.
    cluster.maintenance("UPDATE cutover.lease SET host = 'elsewhere'");
    let (code, told) = end(start(&cluster, "second", &elsewhere));
    assert_eq!(code, Some(DONE), "{told}");

    kill_process(pid, Signal::CONT).expect("continued");
    let (code, told) = end(first);
    assert_eq!(code, Some(PAUSED), "{told}");
    assert!(
        told.contains("is not this runner's any more: another runner has taken it over"),
        "{told}"
    );
    assert!(!told.contains("traffic.drain kong-1"), "{told}");
}

#[test]
fn a_dead_runner_of_this_host_is_waited_for_by_nobody() {
    let cluster = PracticeCluster::up();
    let mut first = start(&cluster, "dead", &cluster.environment());
    await_journal(&cluster, "dead");
    first.kill().expect("killed");
    first.wait().expect("waited for");
    let on = cluster.cutover(&["resume", "dead"]);
    assert_eq!(on.code, Some(DONE), "{}", on.all);
}
