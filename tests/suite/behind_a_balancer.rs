//! What tests of load balancers share: playbooks about the practice cluster's nodes, and clients that notice everything.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cutover::lab::client::{Load, LoadReport};

use crate::practice_cluster::{Ended, PracticeCluster, cutover_in};

/// The exit codes of the product that these tests speak of.
const REFUSED: i32 = 4;
const UNDONE: i32 = 5;
const HELD: i32 = 8;

/// Runs a playbook about the practice cluster's nodes.
pub(crate) fn run(cluster: &PracticeCluster, environment: &Path, name: &str, body: &str) -> Ended {
    let text = format!(
        "const PLAYBOOK = #{{ api: 1, params: #{{}}, needs: [\"traffic.*\", \"run.*\", \"clock.pause\"] }};\n\
         let nodes = env::cluster(\"practice\").nodes;\n{body}\n"
    );
    let playbook = cluster.write(&format!("{name}.rhai"), &text);
    cutover_in(environment, &["run", &playbook, "--run-id", name])
}

pub(crate) fn told(cluster: &PracticeCluster) -> String {
    let rotation = cluster.rotation();
    let told = rotation.iter().map(|(node, told)| format!("{node} {told}"));
    told.collect::<Vec<_>>().join(", ")
}

/// An environment like the cluster's, with its traffic changed.
pub(crate) fn environment(
    cluster: &PracticeCluster,
    name: &str,
    change: impl FnOnce(&mut toml::Table),
) -> PathBuf {
    let text = std::fs::read_to_string(cluster.environment()).expect("read");
    let mut environment: toml::Table = text.parse().expect("TOML");
    let edge = environment["traffic"]["edge"]
        .as_table_mut()
        .expect("a table");
    change(edge);
    PathBuf::from(cluster.write(name, &environment.to_string()))
}

pub(crate) fn set(edge: &mut toml::Table, key: &str, value: impl Into<toml::Value>) {
    edge.insert(key.to_owned(), value.into());
}

/// What a run tells that was refused, held, or took back what it began.
pub(crate) fn refusal(ended: &Ended) -> String {
    assert!(
        matches!(ended.code, Some(REFUSED | UNDONE | HELD)),
        "{}",
        ended.all
    );
    let end = regex::Regex::new(r"(?m) after [^:]*: (.*); run ").expect("a pattern");
    let told = end.captures(&ended.all);
    told.map_or_else(|| ended.all.clone(), |told| told[1].to_owned())
}

/// A load that is being sent, on a thread of its own.
pub(crate) struct Sending {
    stop: tokio::sync::oneshot::Sender<()>,
    thread: std::thread::JoinHandle<LoadReport>,
}

impl Sending {
    pub(crate) fn of(load: Load) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let running = load.start().expect("a load");
                stopped.await.expect("told to stop");
                running.stop().await
            })
        });
        Self { stop, thread }
    }

    /// What became of the requests.
    pub(crate) fn stop(self) -> LoadReport {
        self.stop.send(()).expect("it is sending");
        self.thread.join().expect("sent to the end")
    }
}

/// What a practice cluster tells of itself.
pub(crate) fn record(cluster: &PracticeCluster) -> serde_json::Value {
    let record = std::fs::read(cluster.path().join("practice.json")).expect("read");
    serde_json::from_slice(&record).expect("JSON")
}

/// The load balancer's address, and a path there for load.
pub(crate) fn unlimited(cluster: &PracticeCluster) -> (String, String) {
    let record = record(cluster);
    let text = |key: &str| record[key].as_str().expect("a text").to_owned();
    let address = text("url").trim_start_matches("http://").to_owned();
    (address, text("unlimited_path"))
}

/// Clients of the load balancer, with kept connections and with new ones.
pub(crate) struct Clients {
    kept: Sending,
    one_shot: OneShot,
}

impl Clients {
    pub(crate) fn of(cluster: &PracticeCluster) -> Self {
        Self::at(cluster, 500.0)
    }

    /// The same with so many requests a second over kept connections.
    pub(crate) fn at(cluster: &PracticeCluster, rate: f64) -> Self {
        let record = record(cluster);
        let text = |key: &str| record[key].as_str().expect("a text").to_owned();
        let kept = Sending::of(Load {
            url: format!("{}{}", text("url"), text("unlimited_path")),
            rate,
            headers: BTreeMap::new(),
            timeout: Duration::from_secs(5),
        });
        let one_shot = OneShot::of(cluster);
        Self { kept, one_shot }
    }

    /// How many requests there were, of which none failed.
    pub(crate) fn stop(self) -> u64 {
        let (report, asked, failed) = self.account();
        assert_eq!(
            (report.failed(), failed),
            (0, 0),
            "{report:?}, {asked} over new connections"
        );
        report.sent + asked as u64
    }

    /// What became of the requests over kept connections; how many there were over new ones, and how many of these failed.
    pub(crate) fn account(self) -> (LoadReport, usize, usize) {
        let report = self.kept.stop();
        let (asked, failed) = self.one_shot.stop();
        (report, asked, failed)
    }
}

/// Clients that make a connection for each request.
pub(crate) struct OneShot {
    stop: Arc<AtomicUsize>,
    working: std::thread::JoinHandle<(usize, usize)>,
}

impl OneShot {
    pub(crate) fn of(cluster: &PracticeCluster) -> Self {
        let (address, path) = unlimited(cluster);
        let stop = Arc::new(AtomicUsize::new(0));
        let stopped = stop.clone();
        let working = std::thread::spawn(move || {
            let (mut asked, mut failed) = (0, 0);
            while stopped.load(Ordering::Relaxed) == 0 {
                asked += 1;
                failed += usize::from(!is_answered(&address, &path));
                std::thread::sleep(Duration::from_millis(4));
            }
            (asked, failed)
        });
        Self { stop, working }
    }

    /// How many requests there were, and how many failed.
    pub(crate) fn stop(self) -> (usize, usize) {
        self.stop.store(1, Ordering::Relaxed);
        self.working.join().expect("asked to the end")
    }
}

fn is_answered(address: &str, path: &str) -> bool {
    let Ok(mut stream) = std::net::TcpStream::connect(address) else {
        return false;
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: clients\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && std::io::Read::read_to_string(&mut stream, &mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}
