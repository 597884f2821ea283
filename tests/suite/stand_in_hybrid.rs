//! Control planes and data planes of the stand-in on a real PostgreSQL: what is given to whom, what is told of it, and what a data
//! plane goes on with.

use std::path::{Path, PathBuf};
use std::process::Command;

use cutover::kong::Version;
use cutover::lab::postgres::{PrivatePostgres, SUPERUSER};
use cutover::lab::stand_in::faults::{FAULTS, Faults, Pushes};
use serde_json::{Value, json};

use crate::stand_in_dbless::{Running, conf, start, upstream};
use crate::stand_in_node::{MIDDLE, NEW, OLD, eventually};

const EMPTY: &str = "00000000000000000000000000000000";

/// A private server and the certificate that all planes share.
struct World {
    directory: tempfile::TempDir,
    postgres: PrivatePostgres,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in(crate::harness::short_directory())
            .expect("a directory");
        let path = directory.path();
        let postgres =
            PrivatePostgres::create(&path.join("data"), &path.join("s")).expect("created");
        postgres.start(&["fsync=off"]).expect("started");
        let world = Self {
            directory,
            postgres,
        };
        world.certificate("cluster");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn certificate(&self, name: &str) {
        let names = vec!["kong_clustering".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("made");
        let certificate = self.path(&format!("{name}.crt"));
        std::fs::write(certificate, made.cert.pem()).expect("written");
        let key = self.path(&format!("{name}.key"));
        std::fs::write(key, made.signing_key.serialize_pem()).expect("written");
    }

    /// A new database of Kong's, named after the version.
    fn database(&self, version: Version) -> String {
        let name = format!("kong_{}", version.to_string().replace('.', "_"));
        let made = Command::new(self.postgres.binaries().join("createdb"))
            .args(["-U", SUPERUSER, "-h"])
            .arg(&self.postgres.socket)
            .arg(&name)
            .status()
            .expect("createdb runs");
        assert!(made.success());
        let prefix = self.path(&format!("bootstrap-{version}"));
        let socket = self.postgres.socket.display().to_string();
        let more = [
            ("pg_host", socket.as_str()),
            ("pg_user", SUPERUSER),
            ("pg_database", name.as_str()),
        ];
        let conf = conf(&prefix, &more);
        let done = Command::new(crate::harness::CUTOVER)
            .arg("stand-in")
            .arg(version.to_string())
            .args(["migrations", "bootstrap", "-c"])
            .arg(conf)
            .env_clear()
            .output()
            .expect("the binary runs");
        assert!(done.status.success());
        name
    }

    async fn control(
        &self,
        name: &str,
        version: Version,
        database: &str,
        more: &[(&str, &str)],
    ) -> Running {
        let socket = self.postgres.socket.display().to_string();
        let (certificate, key) = self.shared("cluster");
        let mut settings = vec![
            ("role", "control_plane"),
            ("cluster_listen", "127.0.0.1:0"),
            ("cluster_cert", certificate.as_str()),
            ("cluster_cert_key", key.as_str()),
            ("pg_host", socket.as_str()),
            ("pg_user", SUPERUSER),
            ("pg_database", database),
        ];
        settings.extend(more);
        start(version, &self.path(name), &settings).await
    }

    async fn data(&self, name: &str, version: Version, control: &str) -> Running {
        self.data_with(name, version, control, "cluster").await
    }

    async fn data_with(
        &self,
        name: &str,
        version: Version,
        control: &str,
        shared: &str,
    ) -> Running {
        let (certificate, key) = self.shared(shared);
        let settings = [
            ("role", "data_plane"),
            ("database", "off"),
            ("cluster_control_plane", control),
            ("cluster_cert", certificate.as_str()),
            ("cluster_cert_key", key.as_str()),
            ("practice_hostname", name),
            ("practice_reconnect", "0.1"),
        ];
        start(version, &self.path(name), &settings).await
    }

    fn shared(&self, name: &str) -> (String, String) {
        let path = |ending: &str| self.path(&format!("{name}.{ending}"));
        let shown = |path: PathBuf| path.display().to_string();
        (shown(path("crt")), shown(path("key")))
    }

    fn fault(&self, name: &str, faults: &Faults) {
        let text = serde_json::to_string(faults).expect("JSON");
        std::fs::write(self.path(name).join(FAULTS), text).expect("written");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.postgres.stop();
    }
}

fn outlet(control: &Running) -> String {
    let address = control.addresses["cluster"].as_str();
    address.expect("it takes data planes").to_owned()
}

/// What a control plane tells of the data plane that calls itself so.
async fn seen(control: &Running, name: &str) -> Option<Value> {
    let page = control.get("admin", "/clustering/data-planes").await.body;
    let rows = page["data"].as_array().cloned().unwrap_or_default();
    rows.into_iter().find(|row| row["hostname"] == name)
}

async fn is_seen_as(control: &Running, name: &str, status: &str) -> bool {
    seen(control, name)
        .await
        .is_some_and(|row| row["sync_status"] == status)
}

async fn post(control: &Running, path: &str, body: Value) {
    let (kind, body) = ("application/json", body.to_string());
    let answer = control.send("admin", "POST", path, kind, &body).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.body);
}

async fn seed(control: &Running, upstream: &str) {
    post(
        control,
        "/services",
        json!({"name": "echo", "url": upstream}),
    )
    .await;
    let route = json!({"name": "open", "paths": ["/open"]});
    post(control, "/services/echo/routes", route).await;
    let route = json!({"name": "closed", "paths": ["/closed"]});
    post(control, "/services/echo/routes", route).await;
    post(
        control,
        "/routes/closed/plugins",
        json!({"name": "key-auth"}),
    )
    .await;
    post(control, "/consumers", json!({"username": "alice"})).await;
    post(
        control,
        "/consumers/alice/key-auth",
        json!({"key": "alices-key"}),
    )
    .await;
}

fn kept_id(prefix: &Path) -> Option<String> {
    std::fs::read_to_string(prefix.join("kong.id")).ok()
}

#[tokio::test]
async fn a_data_plane_is_given_what_the_control_planes_have_and_goes_on_without_them() {
    let world = World::new();
    let (upstream, _stop) = upstream().await;
    for version in [OLD, MIDDLE, NEW] {
        let database = world.database(version);
        let name = |part: &str| format!("{part}-{version}");
        let control = world.control(&name("cp-1"), version, &database, &[]).await;
        let other = world.control(&name("cp-2"), version, &database, &[]).await;
        assert!(control.addresses["proxy"].is_null());
        assert_eq!(
            control.get("admin", "/").await.body["configuration"]["role"],
            "control_plane"
        );
        let data_name = name("dp-1");
        let data = world.data(&data_name, version, &outlet(&control)).await;
        assert!(data.addresses["admin"].is_null());

        seed(&other, &upstream).await;
        eventually("the data plane has it all", async || {
            data.proxied("/open", "").await == 200
                && data.proxied("/closed", "nobody").await == 401
                && data.proxied("/closed", "alices-key").await == 200
        })
        .await;
        let mut hash = String::new();
        eventually("the control planes hear of it", async || {
            hash = data.hash().await;
            let row = seen(&other, &data_name).await;
            row.is_some_and(|row| row["config_hash"] == hash.as_str())
        })
        .await;
        let row = seen(&control, &data_name).await.expect("seen");
        assert_eq!(row["sync_status"], "normal");
        assert_eq!(row["version"], version.to_string());
        assert_eq!(row["ip"], "127.0.0.1");
        assert!(
            row["ttl"].as_i64().is_some_and(|left| left > 1_209_000),
            "{row}"
        );
        assert!(row["last_seen"].is_i64());
        assert_eq!(row.get("updated_at").is_some(), version != OLD);
        assert_eq!(row.get("cert_details").is_some(), version == NEW);
        let id = row["id"].as_str().expect("an id").to_owned();
        let map = control.get("admin", "/clustering/status").await.body;
        assert_eq!(map[&id]["config_hash"], hash.as_str());

        control.end().await;
        other.end().await;
        assert_eq!(data.proxied("/open", "").await, 200);
        data.end().await;
        let data = world.data(&data_name, version, "127.0.0.1:1").await;
        assert_eq!(data.proxied("/closed", "alices-key").await, 200);
        if version == OLD {
            assert_eq!(kept_id(&world.path(&data_name)), None);
        } else {
            assert_eq!(kept_id(&world.path(&data_name)), Some(id));
            assert_eq!(data.get("status", "/status/ready").await.status, 200);
        }
        assert_eq!(data.hash().await, hash);
        data.end().await;
    }
}

#[tokio::test]
async fn who_does_not_fit_is_told_so_and_is_given_nothing() {
    let world = World::new();
    let (upstream, _stop) = upstream().await;
    let database = world.database(MIDDLE);
    let plugins = [("plugins", "bundled, canary")];
    let control = world.control("middle", MIDDLE, &database, &plugins).await;
    let newest = world
        .control("newest", NEW, &world.database(NEW), &[])
        .await;
    for control in [&control, &newest] {
        seed(control, &upstream).await;
    }
    world.certificate("strangers");
    let newer = world.data("newer", NEW, &outlet(&control)).await;
    let older = world.data("older", OLD, &outlet(&control)).await;
    let behind = world.data("behind", MIDDLE, &outlet(&newest)).await;
    let stranger = world
        .data_with("stranger", MIDDLE, &outlet(&control), "strangers")
        .await;
    let lacking = world.data("lacking", MIDDLE, &outlet(&control)).await;
    for name in ["newer", "older"] {
        eventually("it is refused", async || {
            is_seen_as(&control, name, "kong_version_incompatible").await
        })
        .await;
    }
    eventually("an older minor version is served", async || {
        behind.proxied("/closed", "alices-key").await == 200
            && is_seen_as(&newest, "behind", "normal").await
    })
    .await;
    eventually("it has what can be used", async || {
        lacking.proxied("/open", "").await == 200
    })
    .await;
    let hash = lacking.hash().await;
    let canary = json!({"name": "canary", "config": {"percentage": 1, "upstream_host": "h"}});
    post(&control, "/services/echo/plugins", canary).await;
    eventually("a plugin is missing", async || {
        is_seen_as(&control, "lacking", "plugin_set_incompatible").await
    })
    .await;
    assert_eq!(lacking.hash().await, hash);
    assert_eq!(lacking.proxied("/open", "").await, 200);
    for node in [&newer, &older, &stranger] {
        assert_eq!(node.hash().await, EMPTY);
        assert_eq!(node.proxied("/open", "").await, 404);
    }
    assert_eq!(seen(&control, "stranger").await, None);
}

#[tokio::test]
async fn faults_push_nothing_or_something_else_and_take_nothing() {
    let world = World::new();
    let (upstream, _stop) = upstream().await;
    let control = world
        .control("control", NEW, &world.database(NEW), &[])
        .await;
    seed(&control, &upstream).await;
    let one = world.data("one", NEW, &outlet(&control)).await;
    let deaf = world.data("deaf", NEW, &outlet(&control)).await;
    for data in [&one, &deaf] {
        eventually("it is served", async || {
            data.proxied("/closed", "alices-key").await == 200
        })
        .await;
    }
    let hash = one.hash().await;
    let takes_nothing = Faults {
        takes_nothing: true,
        ..Faults::default()
    };
    world.fault("deaf", &takes_nothing);

    let pushes_wrong = Faults {
        pushes: Some(Pushes::Wrong),
        ..Faults::default()
    };
    world.fault("control", &pushes_wrong);
    eventually("everybody is let in", async || {
        one.proxied("/closed", "nobody").await == 200
    })
    .await;
    assert_ne!(one.hash().await, hash);

    let pushes_empty = Faults {
        pushes: Some(Pushes::Empty),
        ..Faults::default()
    };
    world.fault("control", &pushes_empty);
    eventually("nothing is served", async || one.hash().await == EMPTY).await;
    assert_eq!(one.proxied("/open", "").await, 404);
    assert_eq!(one.get("status", "/status/ready").await.status, 503);
    eventually("the control plane is told", async || {
        let row = seen(&control, "one").await;
        row.is_some_and(|row| row["config_hash"] == EMPTY && row["sync_status"] == "normal")
    })
    .await;

    world.fault("control", &Faults::default());
    eventually("all is well again", async || one.hash().await == hash).await;
    assert_eq!(deaf.hash().await, hash);
    assert_eq!(deaf.proxied("/closed", "nobody").await, 401);
    post(&control, "/consumers", json!({"username": "bob"})).await;
    eventually("one is further", async || one.hash().await != hash).await;
    assert_eq!(deaf.hash().await, hash);
}
