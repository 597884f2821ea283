//! Change sets on a practice cluster: recorded on one node, reviewed, replayed on another; conflicts, code, and the exact way back.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::practice_cluster::PracticeCluster;
use crate::templates::{Templated, with_own};

const HEADER: &str = "const PLAYBOOK = #{ api: 1, needs: [\"config.*\", \"run.approve\"] };\n\
    let nodes = env::cluster(\"practice\").nodes;\n";

/// A cluster whose environment has a change set, and declares a directory of plugins on each node.
struct Adapted {
    cluster: PracticeCluster,
}

impl Adapted {
    fn up(code: &str) -> Self {
        let cluster = PracticeCluster::up();
        let environment = cluster.environment();
        let seal = cluster.path().join("seal");
        fs::write(&seal, "a long and random key of the operators").expect("written");
        private(&seal);
        let mut text = fs::read_to_string(&environment).expect("there");
        for number in [1, 2] {
            let plugins = plugins(&cluster, number);
            fs::create_dir_all(plugins.join("own")).expect("made");
            fs::write(plugins.join("own/schema.lua"), "return {}\n").expect("written");
            let name = format!("name = \"kong-{number}\"");
            let with = format!(
                "{name}\nfiles = {{ plugins = {:?} }}",
                plugins.display().to_string()
            );
            assert!(text.contains(&name), "{text}");
            text = text.replacen(&name, &with, 1);
        }
        let seal = seal.display().to_string();
        let set = format!(
            "\n[change_sets.to-3-4]\nfile = \"to-3-4.toml\"\nseal = {{ file = {seal:?} }}\ncode = [{code}]\n"
        );
        fs::write(&environment, text + set.as_str()).expect("written");
        Self { cluster }
    }

    fn conf(&self, number: usize) -> PathBuf {
        self.cluster.node_paths(number).0
    }

    fn run(&self, run: &str, body: &str) -> crate::practice_cluster::Ended {
        let playbook = self
            .cluster
            .write(&format!("{run}.rhai"), &format!("{HEADER}{body}"));
        self.cluster.cutover(&["run", &playbook, "--run-id", run])
    }

    /// Records what `change` does to the first node.
    fn record(&self, change: impl FnOnce(&Path, &Path)) -> String {
        let marked = self.cluster.write(
            "record.rhai",
            &format!("{HEADER}config::mark(nodes[0]);\nrun::approve(\"adapt it\");\nrun::note(config::record(nodes[0], \"to-3-4\").review);\n"),
        );
        let paused = self
            .cluster
            .cutover(&["run", &marked, "--run-id", "record"]);
        assert_eq!(paused.code, Some(8), "{}", paused.all);
        change(&self.conf(1), &plugins(&self.cluster, 1));
        let approved = self.cluster.cutover(&["approve", "record"]);
        assert_eq!(approved.code, Some(0), "{}", approved.all);
        let done = self.cluster.cutover(&["resume", "record"]);
        assert_eq!(done.code, Some(0), "{}", done.all);
        done.all
    }
}

fn plugins(cluster: &PracticeCluster, number: usize) -> PathBuf {
    cluster.path().join(format!("plugins-{number}"))
}

fn private(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
}

/// All that is to be as it was: bytes, mode, owner.
fn exactly(path: &Path) -> (Vec<u8>, u32, u32, u32) {
    let found = fs::metadata(path).expect("there");
    (
        fs::read(path).expect("read"),
        found.mode(),
        found.uid(),
        found.gid(),
    )
}

/// A setting, a plugin's file and a mode are changed; comments are not.
fn adapt_by_hand(conf: &Path, plugins: &Path) {
    let text = fs::read_to_string(conf).expect("there");
    fs::write(conf, text + "log_level = warn\n").expect("written");
    fs::write(
        plugins.join("own/handler.lua"),
        "return { VERSION = \"2\" }\n",
    )
    .expect("written");
    fs::set_permissions(
        plugins.join("own/schema.lua"),
        fs::Permissions::from_mode(0o640),
    )
    .expect("set");
}

#[test]
fn what_was_changed_on_one_node_is_done_on_another_and_taken_back_exactly() {
    let world = Adapted::up("\"plugins:own/handler.lua\"");
    let told = world.record(adapt_by_hand);
    for line in [
        "log_level: nothing → \"warn\"",
        "plugins:own/handler.lua",
        "0640",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let conf = world.conf(2);
    let text = fs::read_to_string(&conf).expect("there");
    fs::write(&conf, format!("# A comment of this node's own.\n{text}")).expect("written");
    fs::set_permissions(&conf, fs::Permissions::from_mode(0o604)).expect("set");
    let schema = plugins(&world.cluster, 2).join("own/schema.lua");
    let handler = plugins(&world.cluster, 2).join("own/handler.lua");
    // Where it may be given away, it is somebody else's.
    let given =
        [&conf, &schema].map(|path| std::os::unix::fs::chown(path, Some(65534), Some(65534)));
    if given.iter().any(Result::is_err) {
        println!("not root: the owner of the files is whoever runs the test");
    }
    let before = (exactly(&conf), exactly(&schema));

    let adapted = world.run("adapt", "config::adapt(nodes[1], \"to-3-4\");\nconfig::adapt(nodes[1], \"to-3-4\");\nrun::note(`left: ${config::review(nodes[1], \"to-3-4\").writes}`);");
    assert_eq!(adapted.code, Some(0), "{}", adapted.all);
    assert!(adapted.all.contains("left: []"), "{}", adapted.all);
    let now = fs::read_to_string(&conf).expect("there");
    assert!(
        now.starts_with("# A comment of this node's own.\n"),
        "{now}"
    );
    assert_eq!(now.matches("log_level = warn").count(), 1, "{now}");
    assert_eq!(fs::metadata(&conf).expect("there").mode() & 0o777, 0o604);
    assert_eq!(
        fs::read_to_string(&handler).expect("there"),
        "return { VERSION = \"2\" }\n"
    );
    assert_eq!(fs::metadata(&schema).expect("there").mode() & 0o777, 0o640);
    let owner = |path: &Path| {
        let (_, _, user, group) = exactly(path);
        (user, group)
    };
    assert_eq!(
        owner(&conf),
        (before.0.2, before.0.3),
        "a setting is no owner"
    );

    let back = world.cluster.cutover(&["rollback", "adapt"]);
    assert_eq!(back.code, Some(0), "{}", back.all);
    assert_eq!((exactly(&conf), exactly(&schema)), before);
    assert!(!handler.exists());
}

#[test]
fn what_was_rehearsed_in_pre_production_is_replayed_by_the_upgrade_of_production() {
    let world = Templated::up(&["--green", "2.8.5"], with_own);
    let cluster = &world.cluster;
    let environment = cluster.environment();
    let seal = cluster.path().join("seal");
    fs::write(&seal, "a long and random key of the operators").expect("written");
    private(&seal);
    let seal = seal.display().to_string();
    let set = format!(
        "\n[change_sets.to-3-4]\nfile = \"to-3-4.toml\"\nseal = {{ file = {seal:?} }}\ncode = [\"template:nginx.lua\"]\n"
    );
    let text = fs::read_to_string(&environment).expect("there");
    fs::write(&environment, text + set.as_str()).expect("written");
    let words = [
        "run",
        "rehearse",
        "production=practice",
        "cluster=green",
        "to=3.4.2",
        "checks=/health=200",
        "change_set=to-3-4",
        "--run-id",
        "rehearsal",
    ];
    let production = cluster.world();
    let paused = cluster.cutover(&words);
    assert_eq!(paused.code, Some(8), "{}", paused.all);
    let conf = cluster.path().join("nodes/green-1/kong.conf");
    let text = fs::read_to_string(&conf).expect("there");
    fs::write(&conf, text + "log_level = warn\n").expect("written");
    // The template was brought to the new release by the run itself.
    let rebased = world.text("green-1");
    assert_ne!(rebased, world.text("kong-1"));
    let rehearsed = cluster.cutover(&["resume", "rehearsal", "--approve", "practice"]);
    assert_eq!(rehearsed.code, Some(0), "{}", rehearsed.all);
    assert!(
        rehearsed
            .all
            .contains("rehearsed 3.4.2 on a copy of practice"),
        "{}",
        rehearsed.all
    );
    assert_eq!(cluster.world(), production, "production was only read");

    let confs = [1, 2].map(|number| cluster.node_paths(number).0);
    let before = confs.each_ref().map(|conf| exactly(conf));
    let run = cluster.upgrade("production", &["change_set=to-3-4"]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    for conf in &confs {
        assert!(
            fs::read_to_string(conf)
                .expect("there")
                .ends_with("log_level = warn\n")
        );
    }
    for node in ["kong-1", "kong-2"] {
        assert_eq!(world.text(node), rebased);
    }
    cluster.roll_back("production", &production);
    assert_ne!(world.text("kong-1"), rebased);
    assert_eq!(confs.each_ref().map(|conf| exactly(conf)), before);
}

/// The runner is killed around every record of an adaptation, which is every moment between two of its programs.
#[test]
fn an_adaptation_that_is_killed_goes_on_or_back_and_leaves_nothing_beside() {
    let world = Adapted::up("\"plugins:own/handler.lua\"");
    world.record(adapt_by_hand);
    let conf = world.conf(2);
    let plugins = plugins(&world.cluster, 2);
    // A link stays a link.
    let elsewhere = world.cluster.path().join("kong-2-elsewhere.conf");
    fs::rename(&conf, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &conf).expect("linked");
    let before = (exactly(&conf), exactly(&plugins.join("own/schema.lua")));
    let as_before = |run: &str| {
        assert!(
            fs::symlink_metadata(&conf).expect("there").is_symlink(),
            "{run}"
        );
        assert_eq!(
            (exactly(&conf), exactly(&plugins.join("own/schema.lua"))),
            before,
            "{run}"
        );
        assert!(!plugins.join("own/handler.lua").exists(), "{run}");
    };
    let playbook = world.cluster.write(
        "adapt.rhai",
        &format!("{HEADER}config::adapt(nodes[1], \"to-3-4\");\n"),
    );
    let whole = world
        .cluster
        .cutover(&["run", &playbook, "--run-id", "whole"]);
    assert_eq!(whole.code, Some(0), "{}", whole.all);
    let records = world.cluster.records("whole");
    let back = |run: &str| {
        let back = world.cluster.cutover(&["rollback", run]);
        assert_eq!(back.code, Some(0), "{run}: {}", back.all);
        as_before(run);
        let beside = fs::read_dir(elsewhere.parent().expect("a directory")).expect("listed");
        let beside = beside.chain(fs::read_dir(plugins.join("own")).expect("listed"));
        for entry in beside {
            let name = entry.expect("listed").file_name();
            assert!(
                !name.to_string_lossy().contains("cutover-new"),
                "{run}: {name:?}"
            );
        }
    };
    back("whole");
    let is_done = |run: &str| assert!(plugins.join("own/handler.lua").exists(), "{run}");
    let points = world
        .cluster
        .kill_around(&playbook, 3..=records, is_done, back);
    println!("adaptation, crash sweep: {points} points, each went on or back exactly");
    assert!(points > 4, "{points}");
}

#[test]
fn a_node_that_is_not_as_the_recording_began_keeps_what_it_has() {
    let world = Adapted::up("\"plugins:own/handler.lua\"");
    world.record(adapt_by_hand);
    let conf = world.conf(2);
    let text = fs::read_to_string(&conf).expect("there");
    fs::write(&conf, text + "log_level = error\n").expect("written");
    let before = exactly(&conf);
    let refused = world.run("adapt", "config::adapt(nodes[1], \"to-3-4\");");
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    let told = "does not fit on `kong-2`: `log_level` in `conf:kong.conf`: it is not as it was in the recording: \"error\" is there, nothing was expected, \"warn\" is wanted";
    assert!(refused.all.contains(told), "{}", refused.all);
    assert_eq!(exactly(&conf), before);
    assert!(!plugins(&world.cluster, 2).join("own/handler.lua").exists());
}

#[test]
fn code_that_nobody_let_in_is_refused_part_by_part() {
    let world = Adapted::up("");
    world.record(adapt_by_hand);
    let before = exactly(&world.conf(2));
    let refused = world.run("adapt", "config::adapt(nodes[1], \"to-3-4\");");
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    let told = "by the change set `to-3-4` code could run that nobody let in: `plugins:own/handler.lua` may be run";
    assert!(refused.all.contains(told), "{}", refused.all);
    assert_eq!(exactly(&world.conf(2)), before);
}

#[test]
fn what_kong_cannot_read_is_taken_back() {
    let world = Adapted::up("");
    world.record(|conf, _| {
        let text = fs::read_to_string(conf).expect("there");
        fs::write(conf, text + "pg_timeout = often\n").expect("written");
    });
    let before = exactly(&world.conf(2));
    let undone = world.run("adapt", "config::adapt(nodes[1], \"to-3-4\");");
    assert_eq!(undone.code, Some(5), "{}", undone.all);
    assert!(undone.all.contains("pg_timeout"), "{}", undone.all);
    assert_eq!(exactly(&world.conf(2)), before);
}

#[test]
fn a_secret_is_recorded_as_a_reference_and_never_told() {
    let world = Adapted::up("");
    let told = world.record(|conf, _| {
        let text = fs::read_to_string(conf).expect("there");
        fs::write(conf, text + "pg_ro_password = canary-of-a-secret\n").expect("written");
    });
    let recorded = fs::read_to_string(world.cluster.path().join("to-3-4.toml")).expect("there");
    let journal = world.cluster.journal_text("record");
    for text in [&told, &recorded, &journal] {
        assert!(!text.contains("canary"), "{text}");
    }
    let file = world
        .cluster
        .path()
        .join("to-3-4.toml")
        .display()
        .to_string();
    let shown = Command::new(env!("CARGO_BIN_EXE_cutover"))
        .args(["change-set", &file])
        .output();
    let shown = String::from_utf8(shown.expect("cutover runs").stdout).expect("text");
    insta::assert_snapshot!(shown, @r"
    change set from Kong 2.8.5 to 2.8.5

    conf:kong.conf
      pg_ro_password: nothing → a secret (nobody has said yet where it is to be had)
    ");
    let refused = world.run("unsaid", "config::adapt(nodes[1], \"to-3-4\");");
    assert_eq!(refused.code, Some(4), "{}", refused.all);
    assert!(
        refused.all.contains("does not say where to get it"),
        "{}",
        refused.all
    );
    let secret = world.cluster.path().join("production-secret");
    fs::write(&secret, "canary-of-production").expect("written");
    private(&secret);
    let after = recorded.find("[settings.change.after]").expect("set");
    let line = recorded[after..]
        .find("\n\n")
        .map_or(recorded.len(), |end| after + end + 1);
    let reference = format!(
        "reference = {{ file = {:?} }}\n",
        secret.display().to_string()
    );
    let said = format!("{}{reference}{}", &recorded[..line], &recorded[line..]);
    fs::write(world.cluster.path().join("to-3-4.toml"), said).expect("written");
    let adapted = world.run("said", "config::adapt(nodes[1], \"to-3-4\");");
    assert_eq!(adapted.code, Some(0), "{}", adapted.all);
    let now = fs::read_to_string(world.conf(2)).expect("there");
    assert!(
        now.contains("pg_ro_password = canary-of-production"),
        "{now}"
    );
    assert!(!world.cluster.journal_text("said").contains("canary"));
}
