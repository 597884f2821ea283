//! Cassandra as a cluster's database, against the stubs of its tools: backups of all nodes or of none, proofs, restores, and what becomes of
//! each when it is killed. No real Cassandra is behind any of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::cassandra_stub::cluster::{Stub, kong, name};
use crate::harness::{Finished, RUN, Test, told};
use crate::practice_cluster::everything;
use crate::ssh_hosts::SshHosts;

/// A cluster of stubs, a Kong node that says what a script says, and a playbook's directory.
struct Old {
    stub: Stub,
    test: Test,
}

/// What a `kong` answers that is not running.
const STOPPED: &str = "#!/bin/sh\ncase $1 in version) echo 2.8.5;; *) exit 1;; esac\n";

impl Old {
    /// So many nodes, on these hosts or on this machine.
    fn new(nodes: usize, hosts: Option<&SshHosts>) -> Self {
        let stub = Stub::new(nodes);
        let listed = listed("old", &stub, hosts);
        let ssh = hosts.map_or_else(String::new, |hosts| {
            format!(
                "[ssh]\nconfiguration = {:?}\n",
                hosts.configuration().display().to_string()
            )
        });
        let test = Test::new();
        let (prefix, change) = (test.path("opt"), test.path("change"));
        let environment = format!(
            "[grants]\nallow = [\"database.*\", \"practice.*\", \"kong.*\", \"node.exec:{}\"]\n{ssh}\
             [clusters.blue]\ndatabase = \"old\"\n[[clusters.blue.nodes]]\nname = \"kong-1\"\nconf = \"DIRECTORY/kong.conf\"\nprefix = {:?}\n\
             packages = {{ prefix = {:?} }}\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n[cassandra.old]\n{listed}",
            change.display(),
            test.path("prefix").display().to_string(),
            prefix.display().to_string(),
        );
        let directory = test.path("").display().to_string();
        let environment = environment.replace("DIRECTORY", directory.trim_end_matches('/'));
        let test = test.file("kong.conf", "database = cassandra\n");
        let old = Self {
            test: test.environment(&environment),
            stub,
        };
        old.kong(STOPPED);
        for row in ["{\"id\": 1}", "{\"id\": 2}"] {
            old.stub.insert("services", row);
            old.stub.insert("ratelimiting_metrics", row);
        }
        old.stub.insert("schema_meta", "{\"key\": \"schema_meta\"}");
        old
    }

    /// What the node's `kong` is.
    fn kong(&self, text: &str) {
        program(&self.test.path("opt/current/bin/kong"), text);
    }

    /// A playbook with this body, for which `old` is the database; `change()` changes rows.
    fn playbook(self, body: &str) -> Self {
        let change = self.test.path("change");
        let cqlsh = self.stub.path("bin/1/cqlsh").display().to_string();
        let script = format!(
            "#!/bin/sh\n{cqlsh} --execute='INSERT INTO kong.services JSON '\\''{{\"id\": 3}}'\\' 10.0.0.1 9042\n{cqlsh} --execute='DROP TABLE kong.routes' 10.0.0.1 9042\n"
        );
        program(&change, &script);
        let text = format!(
            "const PLAYBOOK = #{{ api: 1, needs: [\"database.*\", \"node.exec\", \"practice.write\", \"kong.*\"] }};\n\
             let old = env::database(\"old\");\n\
             fn change() {{ node::exec(env::cluster(\"blue\").nodes, [{:?}]); }}\n{body}\n",
            change.display().to_string(),
        );
        Self {
            test: self.test.playbook(&text),
            stub: self.stub,
        }
    }

    fn services(&self) -> u64 {
        self.stub.rows()[&name("services")]
    }

    /// The tags of the snapshots on all nodes that are ours.
    fn snapshots(&self) -> Vec<String> {
        let mut tags: Vec<String> = (1..=self.stub.hosts().len())
            .flat_map(|number| {
                let told = self.stub.ask(number, &["nodetool", "listsnapshots"]);
                let tags = told.lines().filter_map(|line| line.split(' ').next());
                let ours = tags.filter(|tag| tag.starts_with("cut_") || tag.starts_with("pre_"));
                ours.map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        tags.sort();
        tags.dedup();
        tags
    }

    /// The directories of backups, whole or not.
    fn backups(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.test.path("store/backups"));
        let entries = entries.into_iter().flatten();
        entries.map(|entry| entry.expect("listed").path()).collect()
    }

    fn resume(&self) -> Finished {
        self.test.cutover(&["resume", RUN])
    }
}

/// The nodes of a Cassandra in the environment file, on these hosts or on this machine.
pub(crate) fn listed(called: &str, stub: &Stub, hosts: Option<&SshHosts>) -> String {
    let list = |number: usize| {
        let transport = hosts.map_or_else(String::new, |hosts| {
            format!("transport = {{ ssh = {:?} }}\n", hosts.names()[number - 1])
        });
        let path = |path: String| stub.path(&path).display().to_string();
        let program = |name: &str| path(format!("bin/{number}/{name}"));
        format!(
            "[[cassandra.{called}.nodes]]\nname = \"{called}-{number}\"\n{transport}address = \"10.0.0.{number}\"\ndata = [{:?}]\n\
             nodetool = {:?}\ncqlsh = {:?}\nsstableloader = {:?}\n",
            path(format!("nodes/{number}/data")),
            program("nodetool"),
            program("cqlsh"),
            program("sstableloader"),
        )
    };
    (1..=stub.hosts().len()).map(list).collect()
}

pub(crate) fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a directory")).expect("made");
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("listed") {
        let path = entry.expect("listed").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

const THERE_AND_BACK: &str = "practice::write(\"facts\", database::facts(old).server_version);\n\
    let backup = database::backup(old);\n\
    database::verify(old, backup, #{ tier: \"checksum\" });\n\
    database::verify(old, backup, #{ tier: \"decode\" });\n\
    practice::write(\"rows\", `${backup.rows}`);\n\
    change();\n\
    database::restore(old, backup);";

/// What holds after the playbook above.
fn came_back(old: &Old, finished: &Finished) {
    assert_eq!(finished.status, 0, "{}", told(finished));
    assert_eq!(old.services(), 2);
    let answers: Vec<String> = old.test.world().into_iter().map(|(_, text)| text).collect();
    assert_eq!(answers, ["Cassandra 3.11.14", "5"]);
    // What was there before the restore is all that is kept on the nodes.
    let snapshots = old.snapshots();
    assert!(
        matches!(&snapshots[..], [only] if only.starts_with("pre_")),
        "{snapshots:?}"
    );
    for file in files(&old.test.path("store/backups")) {
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    assert!(!old.test.path("store/cassandra/old.restoring").exists());
    let losses = files(&old.test.run_path());
    let losses = losses
        .iter()
        .find(|path| path.ends_with("step-8-restore-old.txt"));
    let losses = fs::read_to_string(losses.expect("told")).expect("read");
    assert!(
        losses.contains("the counters of `ratelimiting_metrics` may be off"),
        "{losses}"
    );
}

#[test]
fn rows_come_back_from_a_backup() {
    let old = Old::new(2, None).playbook(THERE_AND_BACK);
    let finished = old.test.run();
    came_back(&old, &finished);
}

#[test]
fn rows_come_back_from_a_backup_over_ssh() {
    if !everything() {
        return;
    }
    let Some(hosts) = SshHosts::start(2) else {
        return;
    };
    let old = Old::new(2, Some(&hosts)).playbook(THERE_AND_BACK);
    let finished = old.test.run();
    came_back(&old, &finished);
}

#[test]
fn rows_come_into_another_ring_by_the_loader() {
    if !everything() {
        return;
    }
    let old = Old::new(3, None).playbook(
        "let backup = database::backup(old);\ndatabase::restore(env::database(\"new\"), backup);",
    );
    let new = Stub::new(2);
    let environment = old.test.path("environment.toml");
    let text = fs::read_to_string(&environment).expect("there");
    let with = format!("[cassandra.new]\n{}[storage]", listed("new", &new, None));
    fs::write(&environment, text.replace("[storage]", &with)).expect("written");
    let finished = old.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(new.rows(), old.stub.rows());
}

#[test]
fn a_snapshot_that_fails_on_one_node_is_left_on_none() {
    let old = Old::new(3, None).playbook("database::backup(old);");
    old.stub.fault("snapshot-fails-2");
    let finished = old.test.run();
    assert_ne!(finished.status, 0);
    assert!(
        finished
            .stderr
            .contains("No space left on device (exit code 2); none is left on any node"),
        "{}",
        told(&finished)
    );
    assert_eq!(old.snapshots(), [""; 0]);
    assert!(old.backups().is_empty());
}

/// Near to one moment: each node waits until it has seen that the others have begun theirs, so one after the other would never end.
#[test]
fn all_nodes_take_their_snapshots_at_once() {
    let old = Old::new(3, None).playbook("database::backup(old);");
    let begun = old.test.path("begun");
    for number in 1..=3 {
        let nodetool = old.stub.path(&format!("bin/{number}/nodetool"));
        let real = nodetool.with_extension("real");
        fs::rename(&nodetool, &real).expect("moved");
        let text = format!(
            "#!/bin/sh\ncase \" $* \" in *\" snapshot \"*) echo begun >> {0}\nturns=0\n\
             until [ \"$(wc -l < {0})\" -ge 3 ]; do turns=$((turns + 1)); [ $turns -lt 500 ] || exit 9; sleep 0.02; done;; esac\nexec {1} \"$@\"\n",
            begun.display(),
            real.display()
        );
        program(&nodetool, &text);
    }
    let finished = old.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    let begun = fs::read_to_string(&begun).expect("written");
    assert_eq!(begun.lines().count(), 3, "{begun}");
}

#[test]
fn a_cluster_that_is_not_ready_is_refused_before_anything() {
    for (fault, why) in [
        ("down-2", "the node `old-2` does not answer"),
        ("schema-2", "the nodes have 2 schemas"),
    ] {
        let old = Old::new(2, None).playbook("database::backup(old);");
        old.stub.fault(fault);
        let finished = old.test.run();
        assert_ne!(finished.status, 0);
        assert!(finished.stderr.contains(why), "{}", told(&finished));
        old.stub.mend(fault);
        assert_eq!(old.snapshots(), [""; 0]);
        assert!(old.backups().is_empty());
    }
}

#[test]
fn a_cluster_that_is_not_ready_afterwards_is_told() {
    let old = Old::new(2, None).playbook("database::backup(old);");
    old.stub.fault("disagree-after-snapshot");
    let finished = old.test.run();
    assert_ne!(finished.status, 0);
    let why = "the nodes have 2 schemas";
    assert!(finished.stderr.contains(why), "{}", told(&finished));
    assert_eq!(old.snapshots(), [""; 0]);
    assert!(old.backups().is_empty());

    let old = Old::new(2, None).playbook(
        "let backup = database::backup(old);\nchange();\ndatabase::restore(old, backup);",
    );
    old.stub.fault("disagree-after-refresh");
    let finished = old.test.run();
    assert_ne!(finished.status, 0);
    assert!(finished.stderr.contains(why), "{}", told(&finished));
    // It is not said to be restored.
    assert!(old.test.path("store/cassandra/old.restoring").exists());
}

#[test]
fn a_damaged_file_is_found_and_nothing_is_restored() {
    let old = Old::new(1, None).playbook(
        "let backup = database::backup(old);\nchange();\n\
         try { database::verify(old, backup, #{ tier: \"checksum\" }) } catch (e) { practice::write(\"verify\", e.code) }\n\
         try { database::restore(old, backup) } catch (e) { practice::write(\"restore\", e.code) }\n\
         try { database::verify(old, backup, #{ tier: \"restore\" }) } catch (e) { practice::write(\"tier\", e.code) }\n\
         try { database::rows(old, \"services\") } catch (e) { practice::write(\"rows\", e.code) }",
    );
    // Whoever changes the rows damages the backup too.
    let store = old.test.path("store/backups").display().to_string();
    let change = fs::read_to_string(old.test.path("change")).expect("there");
    let damage = format!(
        "{change}for file in $(find {store} -name '*-Data.db'); do echo more >>\"$file\"; done\n"
    );
    program(&old.test.path("change"), &damage);
    let finished = old.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    let codes: Vec<String> = (old.test.world().into_iter())
        .map(|(name, code)| format!("{name} {code}"))
        .collect();
    insta::assert_snapshot!(codes.join("\n"), @r"
    restore database.backup.damaged
    rows database.cassandra
    tier database.cassandra
    verify database.backup.damaged
    ");
    assert_eq!(old.services(), 3);
    assert_eq!(old.snapshots(), [""; 0]);
}

#[test]
fn nothing_is_restored_under_a_kong_that_runs() {
    if !everything() {
        return;
    }
    let old = Old::new(1, None).playbook(
        "let backup = database::backup(old);\nchange();\ndatabase::restore(old, backup);",
    );
    old.kong("#!/bin/sh\ncase $1 in version) echo 2.8.5;; esac\n");
    let finished = old.test.run();
    assert_ne!(finished.status, 0);
    assert!(
        finished.stderr.contains("the node `kong-1` runs"),
        "{}",
        told(&finished)
    );
    assert_eq!(old.services(), 3);
}

#[test]
fn a_backup_that_was_killed_in_a_snapshot_is_taken_anew() {
    if !everything() {
        return;
    }
    let old = Old::new(2, None)
        .playbook("let backup = database::backup(old);\npractice::write(\"name\", backup.name);");
    old.stub.fault("hang-snapshot-2");
    let running = old.test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    old.test.wait_for(|| old.snapshots().len() == 1);
    running.signal(Signal::KILL);
    drop(running);
    old.stub.mend("hang-snapshot-2");
    let finished = old.resume();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(old.snapshots(), [""; 0]);
    assert_eq!(old.backups().len(), 1);
}

#[test]
fn a_restore_that_was_killed_begins_again_and_keeps_what_was_there_first() {
    let old = Old::new(2, None).playbook(
        "let backup = database::backup(old);\nchange();\ndatabase::restore(old, backup);",
    );
    old.stub.fault("hang-truncate");
    let running = old.test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    let mark = old.test.path("store/cassandra/old.restoring");
    old.test.wait_for(|| mark.exists());
    let before = old.snapshots();
    running.signal(Signal::KILL);
    drop(running);
    let looked = old
        .test
        .cutover(&["run", "playbook.rhai", "--run-id", "second"]);
    assert_ne!(looked.status, 0, "{}", told(&looked));
    old.stub.mend("hang-truncate");
    let finished = old.resume();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!((old.services(), old.snapshots()), (2, before));
    assert!(!mark.exists());
}

#[test]
fn a_backup_can_be_planned() {
    let old = Old::new(1, None).playbook(
        "let backup = database::backup(old);\ndatabase::verify(old, backup, #{ tier: \"decode\" });",
    );
    old.kong(&format!(
        "#!/bin/sh\ncase $1 in\nversion) echo 2.8.5;;\nprepare) printf 'database = cassandra\\ncassandra_keyspace = {}\\ncassandra_contact_points = 10.0.0.1\\n' >\"$5/.kong_env\";;\n*) exit 1;;\nesac\n",
        kong()
    ));
    let planned = old.test.cutover(&["plan", "playbook.rhai"]);
    assert_eq!(planned.status, 0, "{}", told(&planned));
    assert!(
        planned.stdout.contains("database.verify"),
        "{}",
        told(&planned)
    );
    assert_eq!(old.snapshots(), [""; 0]);
}

#[test]
fn an_export_tells_what_it_leaves_behind() {
    let old = Old::new(1, None).playbook(
        "let exported = kong::db_export(env::cluster(\"blue\"));\npractice::write(\"bytes\", `${exported.bytes}`);\n\
         for left in exported.left_behind { practice::write(left.table, `${left.rows}: ${left.why}`); }\n\
         try { kong::db_import(env::cluster(\"blue\"), exported) } catch (e) { practice::write(\"import\", e.code) }",
    );
    old.kong("#!/bin/sh\ncase $1 in version) echo 2.8.5;; config) echo \"_format_version: '2.1'\" >\"$3\";; *) exit 1;; esac\n");
    let finished = old.test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    let answers: Vec<String> = (old.test.world().into_iter())
        .map(|(name, text)| format!("{name} {text}"))
        .collect();
    insta::assert_snapshot!(answers.join("\n"), @r"
    bytes 23
    import database.cassandra
    ratelimiting_metrics 2: counters are not exported: limits begin at nothing again
    ");
    let file = old.test.run_path().join("output/exported/kong-1.yml");
    let mode = fs::metadata(file).expect("kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
