//! What there is to know of a node's host: of a practice node here, of a unit over SSH, of apt's package; and what a host that answers
//! nonsense, or not at all, leaves unknown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::harness::{Test, told};
use crate::apt_operators::{UPDATE, done};
use crate::apt_repository::AptRepository;
use crate::apt_root::AptRoot;
use crate::packages_dnf;
use crate::practice_cluster::{PracticeCluster, everything};
use crate::rpm_repository::RpmRepository;
use crate::rpm_root::{RpmRoot, has_dnf};
use crate::systemd_nodes::Units;

const PLAYBOOK: &str = "const PLAYBOOK = #{ api: 1, needs: [\"node.facts\"] };\n\n";

/// The facts of the first node, as a run wrote them down.
fn facts(cluster: &PracticeCluster, run: &str) -> Value {
    let playbook = format!("{PLAYBOOK}node::facts(env::cluster(\"practice\").nodes[0]);\n");
    let playbook = cluster.write("facts.rhai", &playbook);
    let ended = cluster.cutover(&["run", &playbook, "--run-id", run]);
    assert_eq!(ended.code, Some(0), "{}", ended.all);
    in_journal(&cluster.journal_text(run))
}

fn in_journal(text: &str) -> Value {
    let records = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let mut found = records.filter_map(|record: Value| find(&record).cloned());
    found.next().expect("facts in the journal")
}

/// The map that is one of facts.
fn find(value: &Value) -> Option<&Value> {
    match value {
        Value::Object(map) if map.contains_key("os") && map.contains_key("ports") => Some(value),
        Value::Object(map) => map.values().find_map(find),
        Value::Array(all) => all.iter().find_map(find),
        _ => None,
    }
}

/// Puts a sign for what is another one on each machine or at each moment. What is not known stays.
fn blackened(mut facts: Value) -> Value {
    for (part, keys) in [
        (
            "/os",
            &["id", "name", "version", "architecture", "kernel"][..],
        ),
        ("/disk/prefix", &DISK),
        ("/disk/packages", &DISK),
        ("/disk/temporary", &DISK),
        ("/clock", &["within"]),
        ("/kong", &["sha256", "conf_sha256"]),
        ("/settings", &["digest"]),
        ("/limits", &["process", "open_files", "open_files_most"]),
    ] {
        for key in keys {
            let place = facts.pointer_mut(&format!("{part}/{key}"));
            if let Some(place) = place.filter(|place| place.get("unknown").is_none()) {
                *place = json!("…");
            }
        }
    }
    if facts["sessions"].is_array() {
        facts["sessions"] = json!("…");
    }
    for port in facts["ports"].as_array_mut().into_iter().flatten() {
        port["port"] = json!("…");
        for listener in port["listeners"].as_array_mut().into_iter().flatten() {
            listener["process"] = json!("…");
            listener["name"] = json!("…");
        }
    }
    if let Some(ports) = facts["ports"].as_array_mut() {
        ports.sort_by_key(|port| port["settings"].to_string());
    }
    facts
}

const DISK: [&str; 6] = ["mount", "kind", "size", "free", "files", "free_files"];

/// The parts, one a line, with the directory of the test left out.
fn lines(facts: &Value, directory: &str) -> String {
    let parts = facts.as_object().expect("a map").iter();
    let line = |(name, part): (&String, &Value)| format!("{name}: {part}");
    let lines: Vec<String> = parts.map(line).collect();
    lines.join("\n").replace(directory, "DIR")
}

/// No key is a word that the language keeps for itself.
fn a_playbook_can_name_all(value: &Value) {
    for (key, within) in value.as_object().into_iter().flatten() {
        let named = rhai::Engine::new_raw().compile(format!("let facts = 1; facts.{key}"));
        assert!(named.is_ok(), "{key}");
        a_playbook_can_name_all(within);
    }
    for within in value.as_array().into_iter().flatten() {
        a_playbook_can_name_all(within);
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
}

#[test]
fn a_node_here_tells_all_parts_and_a_program_that_lies_or_hangs_hides_its_own_alone() {
    let cluster = PracticeCluster::up();
    cluster.configure("kong-1", "pg_ro_password", "canary-of-a-secret");
    cluster.configure("kong-1", "plugins", "bundled,own");
    let (.., kong) = cluster.node_paths(1);
    let directory = cluster.directory();
    let sound = facts(&cluster, "sound");
    assert!(!cluster.journal_text("sound").contains("canary"));
    let room = &sound["disk"]["prefix"];
    assert!(room["free"].as_u64() <= room["size"].as_u64() && room["size"].as_u64() > Some(0));
    assert_snapshot!(lines(&blackened(sound.clone()), &directory), @r#"
    clock: {"ahead":0,"within":"…"}
    disk: {"packages":{"files":"…","free":"…","free_files":"…","kind":"…","mount":"…","path":"DIR/nodes/kong-1/packages","size":"…"},"prefix":{"files":"…","free":"…","free_files":"…","kind":"…","mount":"…","path":"DIR/nodes/kong-1/prefix","size":"…"},"temporary":{"files":"…","free":"…","free_files":"…","kind":"…","mount":"…","path":"/tmp","size":"…"}}
    installed: {"available":["2.8.5","3.4.2","3.9.1"],"changed":{"unknown":"versions stand side by side, and no package brought them"},"driver":"prefix","edition":"open_source","held":false,"link":"DIR/nodes/kong-1/packages/kong-2.8.5","name":null,"origin":{"unknown":"versions stand side by side, and no package brought them"},"ready":true,"version":"2.8.5"}
    kong: {"conf_sha256":"…","sha256":"…","version":"2.8.5"}
    limits: {"open_files":"…","open_files_most":"…","process":"…"}
    os: {"architecture":"…","id":"…","kernel":"…","name":"…","version":"…"}
    plugins: {"lua_package_cpath":null,"lua_package_path":"./?.lua;./?/init.lua;","named":["own"]}
    ports: [{"listeners":[{"address":"127.0.0.1","name":"…","ours":true,"process":"…"}],"port":"…","settings":["admin_listen"]},{"listeners":[{"address":"127.0.0.1","name":"…","ours":true,"process":"…"}],"port":"…","settings":["proxy_listen"]},{"listeners":[{"address":"127.0.0.1","name":"…","ours":true,"process":"…"}],"port":"…","settings":["status_listen"]}]
    rocks: {"unknown":"cannot start `DIR/nodes/kong-1/packages/current/bin/luarocks`: No such file or directory (os error 2)"}
    sessions: "…"
    settings: {"conf":"DIR/nodes/kong-1/kong.conf","digest":"…","set":15,"sources":["DIR/nodes/kong-1/kong.conf"]}
    unit: {"unknown":"it is no service of systemd's: its own `kong` starts and stops it"}
    "#);
    a_playbook_can_name_all(&sound);

    // What the settings come to without secrets is the same; what the file is, another.
    cluster.configure("kong-1", "pg_ro_password", "another-canary");
    let other = facts(&cluster, "other");
    assert_eq!(other["settings"]["digest"], sound["settings"]["digest"]);
    assert_ne!(other["kong"]["conf_sha256"], sound["kong"]["conf_sha256"]);

    let luarocks = kong.with_file_name("luarocks");
    let rock = "own\\t1.0-1\\tinstalled\\t/opt/rocks";
    executable(&luarocks, &format!("#!/bin/sh\nprintf '{rock}\\n'\n"));
    let told = facts(&cluster, "rocks")["rocks"].clone();
    assert_eq!(
        told,
        json!([{ "name": "own", "version": "1.0-1", "tree": "/opt/rocks" }])
    );

    executable(&luarocks, "#!/bin/sh\necho 'lots of rocks'\n");
    cluster.wrap_kong(
        "2.8.5",
        "[ \"$1\" = version ] && echo 'Kong, the newest' && exit 0",
    );
    let lied = facts(&cluster, "lied");
    for (part, why) in [
        (
            "/rocks",
            "line 1 of the answer of `luarocks` tells of no rock: `lots of rocks`",
        ),
        (
            "/kong/version",
            "`kong version` on `kong-1` says `Kong, the newest`",
        ),
        (
            "/settings",
            "`kong version` on `kong-1` says `Kong, the newest`",
        ),
        (
            "/plugins",
            "`kong version` on `kong-1` says `Kong, the newest`",
        ),
        (
            "/ports",
            "`kong version` on `kong-1` says `Kong, the newest`",
        ),
    ] {
        assert_eq!(
            lied.pointer(part),
            Some(&json!({ "unknown": why })),
            "{part}"
        );
    }
    for part in [
        "/os/id",
        "/installed/version",
        "/kong/sha256",
        "/limits/process",
    ] {
        assert!(
            lied.pointer(part).is_some_and(|part| !part.is_null()),
            "{part}: {lied}"
        );
    }

    if everything() {
        executable(&luarocks, "#!/bin/sh\nexec sleep 600\n");
        let begun = Instant::now();
        let hung = facts(&cluster, "hung");
        assert_eq!(
            hung["rocks"]["unknown"],
            "`luarocks` failed (killed at its deadline)"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn a_plan_answers_what_was_observed_with_what_it_has_installed() {
    let cluster = PracticeCluster::up();
    let playbook = cluster.write(
        "planned.rhai",
        "const PLAYBOOK = #{ api: 1, needs: [\"node.facts\", \"kong.*\", \"packages.*\"] };\n\n\
         let node = env::cluster(\"practice\").nodes[0];\n\
         let before = node::facts(node);\n\
         if before.os.kernel == \"\" || before.limits.process == 0 { run::fail(\"nobody looked\"); }\n\
         kong::stop(node);\n\
         packages::install(node, \"3.4.2\");\n\
         let after = node::facts(node);\n\
         run::note(`${before.kong.version} to ${after.installed.version}, ${after.limits.unknown}, ${after.kong.sha256.unknown}`);\n",
    );
    let planned = cluster.cutover(&["plan", &playbook]);
    assert_eq!(planned.code, Some(0), "{}", planned.all);
    let note =
        "2.8.5 to 3.4.2, it does not run, 3.4.2 was not installed when the host was looked at";
    assert!(planned.all.contains(note), "{}", planned.all);
    // Of what was kept, a plan can be made elsewhere.
    let observed = cluster.cutover(&["observe", "--facts"]);
    assert_eq!(observed.code, Some(0), "{}", observed.all);
    let world = cluster.write("world.json", &observed.out);
    let planned = cluster.cutover(&["plan", &playbook, "--offline", &world]);
    assert!(planned.all.contains(note), "{}", planned.all);
}

#[test]
fn a_unit_on_another_host_tells_what_it_would_do() {
    let Some(units) = Units::up() else {
        return;
    };
    units.install(
        1,
        "ExecStartPre=/usr/local/bin/kong migrations up\nEnvironmentFile=-/none/kong.env\n",
    );
    let home = units.hosts.host(1).home();
    fs::write(
        home.join("kong.env"),
        "KONG_PG_RO_PASSWORD=canary-of-a-secret\nKONG_LOG_LEVEL=debug\n",
    )
    .expect("written");
    let told = facts(&units.cluster, "unit");
    assert!(!units.cluster.journal_text("unit").contains("canary"));
    assert!(
        told["clock"]["within"]
            .as_u64()
            .is_some_and(|within| within < 1000),
        "{told}"
    );
    let parts = json!({ "unit": told["unit"], "settings": blackened(told.clone())["settings"], "rocks": told["rocks"] });
    let shown = lines(&parts, &home.display().to_string());
    assert_snapshot!(shown.replace(&units.cluster.directory(), "CLUSTER"), @r#"
    rocks: {"unknown":"`luarocks` failed (exit code 127): env: 'CLUSTER/nodes/kong-1/packages/current/bin/luarocks': No such file or directory"}
    settings: {"conf":"CLUSTER/nodes/kong-1/kong.conf","digest":"…","set":15,"sources":["DIR/kong.env","CLUSTER/nodes/kong-1/kong.conf"]}
    unit: {"active":"active","enabled":"disabled","environment_files":["DIR/kong.env","/none/kong.env"],"files":["DIR/kong.service"],"hazards":["it runs `kong migrations` by itself (DIR/kong.service:4)"],"masked":false,"migrates":true,"name":"kong.service","needs_reload":false,"restart":"no","sub":"running"}
    "#);

    executable(
        &home.join("systemctl"),
        "#!/bin/sh\necho 'System has not been booted with systemd'\n",
    );
    let told = facts(&units.cluster, "no-systemd");
    let why =
        "`kong` of the node `kong-1`: line 1 of the answer of `systemctl show` is not `Key=value`";
    assert_eq!(told["unit"], json!({ "unknown": why }));
    assert_eq!(told["kong"]["version"], json!({ "unknown": why }));
    assert_eq!(told["os"]["architecture"], std::env::consts::ARCH);
}

#[test]
fn a_package_tells_its_origin_and_what_was_changed_of_it() {
    let kong = "#!/bin/sh\ncase $1 in version) echo 2.8.5;; *) exit 1;; esac\n";
    let Some(repository) = AptRepository::build(&[("kong", "2.8.5")], |_, _| kong.to_owned())
    else {
        return;
    };
    let root = AptRoot::of(&repository);
    done(&root.apt(&UPDATE));
    let text = |path: std::path::PathBuf| path.display().to_string();
    let test = Test::new().environment(&format!(
        "[grants]\nallow = [\"node.facts\"]\n[[clusters.blue.nodes]]\nname = \"kong-1\"\nconf = {:?}\nprefix = \"/nowhere/prefix\"\n\
         admin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n\
         packages = {{ apt = {{ archive = {:?}, command = {:?}, programs = {:?} }} }}\n",
        text(root.file("etc/kong/kong.conf.default")),
        text(root.file("var/cache/cutover")),
        text(root.file("usr/local/bin/kong")),
        text(root.programs()),
    ));
    let test = test.playbook(&format!(
        "{PLAYBOOK}node::facts(env::cluster(\"blue\").nodes[0]);\n"
    ));
    let facts = |run: &str| {
        let finished = test.cutover(&["run", "playbook.rhai", "--run-id", run]);
        assert_eq!(finished.status, 0, "{}", told(&finished));
        let journal = test.run_path().with_file_name(run).join("journal.ndjson");
        let facts = in_journal(&fs::read_to_string(journal).expect("there"));
        let package = facts["installed"].to_string();
        let package = package.replace(&repository.path().display().to_string(), "REPOSITORY");
        (package, facts)
    };
    assert_snapshot!(facts("absent").0, @r#"{"available":["2.8.5"],"changed":{"unknown":"`kong` is not installed"},"driver":"apt","edition":"open_source","held":false,"link":null,"name":"kong","origin":{"unknown":"`kong` is not installed"},"ready":false,"version":null}"#);

    done(&root.apt(&["-q", "-y", "install", "kong=2.8.5"]));
    root.hold("kong");
    let append = |name: &str| {
        let path = root.file(name);
        let before = fs::read_to_string(&path).expect("there");
        fs::write(&path, before + "# by hand\n").expect("written");
    };
    append("etc/kong/kong.conf.default");
    append("usr/local/bin/kong");
    let (package, all) = facts("changed");
    assert_snapshot!(package, @r#"{"available":["2.8.5"],"changed":[{"change":"content","configuration":true,"path":"/etc/kong/kong.conf.default"},{"change":"content","configuration":false,"path":"/usr/local/bin/kong"}],"driver":"apt","edition":"open_source","held":true,"link":null,"name":"kong","origin":["copy:REPOSITORY ./ Packages"],"ready":true,"version":"2.8.5"}"#);
    assert_eq!(all["kong"]["version"], "2.8.5");
    // Neither is there yet.
    assert_eq!(all["disk"]["prefix"]["path"], "/");
    assert_eq!(all["limits"]["unknown"], "it does not run");

    // One tool that fails hides what it alone knows.
    executable(
        &root.programs().join("dpkg"),
        "#!/bin/sh\necho 'dpkg: error: no disk' >&2\nexit 2\n",
    );
    fs::remove_file(root.programs().join("apt-mark")).expect("removed");
    let (_, all) = facts("broken");
    assert_eq!(
        all["installed"]["changed"]["unknown"],
        "`dpkg` failed (exit code 2): dpkg: error: no disk"
    );
    let held = all["installed"]["held"]["unknown"]
        .as_str()
        .expect("why")
        .to_owned();
    assert!(held.contains("No such file or directory"), "{held}");
    assert_eq!(all["installed"]["version"], "2.8.5");
}

#[test]
fn a_package_of_rpms_tells_its_repository_its_lock_and_what_was_changed_of_it() {
    if !has_dnf() {
        return;
    }
    let Some(repository) = RpmRepository::build(&["2.8.5", "3.4.2"]) else {
        return;
    };
    let Some(root) = RpmRoot::of(&repository) else {
        return;
    };
    let test = packages_dnf::on(&root, "dnf = { COMMON }").playbook(
        "const PLAYBOOK = #{ api: 1, needs: [\"packages.available\", \"node.facts\"] };\n\nnode::facts(env::cluster(\"blue\").nodes[0]);\n",
    );
    let facts = |run: &str| {
        let finished = test.cutover(&["run", "playbook.rhai", "--run-id", run]);
        assert_eq!(finished.status, 0, "{}", told(&finished));
        let journal = test.run_path().with_file_name(run).join("journal.ndjson");
        let facts = in_journal(&fs::read_to_string(journal).expect("there"));
        facts["installed"].to_string()
    };
    assert_snapshot!(facts("absent"), @r#"{"available":["2.8.5","3.4.2"],"changed":{"unknown":"`kong` is not installed"},"driver":"dnf","edition":"open_source","held":false,"link":null,"name":"kong","origin":{"unknown":"`kong` is not installed"},"ready":false,"version":null}"#);
    root.done("dnf", &["--quiet", "--assumeyes", "install", "kong-2.8.5"]);
    root.done("dnf", &["--quiet", "versionlock", "add", "kong"]);
    for name in ["etc/kong/kong.conf.default", "usr/local/bin/kong"] {
        let path = root.file(name);
        let before = fs::read_to_string(&path).expect("there");
        fs::write(&path, before + "# by hand\n").expect("written");
    }
    assert_snapshot!(facts("changed"), @r#"{"available":["2.8.5","3.4.2"],"changed":[{"change":"content","configuration":true,"path":"/etc/kong/kong.conf.default"},{"change":"content","configuration":false,"path":"/usr/local/bin/kong"}],"driver":"dnf","edition":"open_source","held":true,"link":null,"name":"kong","origin":["kong"],"ready":true,"version":"2.8.5-1"}"#);
}
