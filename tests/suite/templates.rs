//! nginx templates of one's own on a practice cluster: Kong is started with them, they are brought to the next release by a merge of three,
//! what both sides changed is left to a person, and the way back is exact.

use std::fs;
use std::path::PathBuf;

use crate::practice_cluster::{Ended, PracticeCluster};

/// What an operator added to the release's template.
const OWN: &str = "env OPERATORS_OWN;";

/// What the template of 3.4.2 has and that of 2.8.5 has not.
const NEW: &str = "lmdb_environment_path dbless.lmdb;";

const BODY: &str = "const PLAYBOOK = #{ api: 1, needs: [\"config.*\", \"kong.*\", \"packages.*\"] };\n\
    let node = env::cluster(\"practice\").nodes[0];\n\
    config::mark(node);\nkong::stop([node]);\npackages::install([node], \"3.4.2\");\n\
    let rebased = config::rebase(node);\nrun::note(`wrote ${rebased.writes}, left ${rebased.left}`);\n";

/// A cluster whose nodes are started with a template that was made out of the release's.
pub(crate) struct Templated {
    pub(crate) cluster: PracticeCluster,
}

impl Templated {
    /// The template is what `change` makes of the release's, without the Lua around it.
    pub(crate) fn up(further: &[&str], change: impl Fn(&str) -> String) -> Self {
        let cluster = PracticeCluster::up_with(further);
        let environment = cluster.environment();
        let mut text = fs::read_to_string(&environment).expect("there");
        let names: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
            .filter(|name| name.starts_with("kong-") || name.starts_with("green-"))
            .map(str::to_owned)
            .collect();
        assert!(names.len() >= 2, "{text}");
        let world = Self { cluster };
        for name in names {
            let own = world.template(&name);
            fs::write(&own, change(&world.release(&name, "2.8.5"))).expect("written");
            let own = own.display().to_string();
            let line = format!("name = {name:?}\n");
            let with = format!(
                "{line}nginx_conf = {own:?}\nfiles = {{ \"template:nginx.lua\" = {own:?} }}\n"
            );
            text = text.replacen(&line, &with, 1);
        }
        fs::write(&environment, text).expect("written");
        world
    }

    pub(crate) fn template(&self, node: &str) -> PathBuf {
        self.cluster.path().join(format!("{node}.template"))
    }

    pub(crate) fn text(&self, node: &str) -> String {
        fs::read_to_string(self.template(node)).expect("there")
    }

    /// The release's template on a node, without the Lua around it.
    fn release(&self, node: &str, version: &str) -> String {
        let path =
            format!("nodes/{node}/packages/kong-{version}/share/lua/5.1/kong/templates/nginx.lua");
        let text = fs::read_to_string(self.cluster.path().join(path)).expect("there");
        let (_, inner) = text.split_once("return [[\n").expect("Lua");
        inner.rsplit_once("]]").expect("Lua").0.to_owned()
    }

    fn run(&self, run: &str, body: &str) -> Ended {
        let playbook = self.cluster.write("rebase.rhai", body);
        self.cluster.cutover(&["run", &playbook, "--run-id", run])
    }
}

/// With a line of the operator's own behind the first one.
pub(crate) fn with_own(release: &str) -> String {
    release.replacen('\n', &format!("\n{OWN}\n"), 1)
}

#[test]
fn a_template_is_brought_to_the_next_release_and_back() {
    let world = Templated::up(&[], with_own);
    let before = world.text("kong-1");
    let done = world.run("whole", &format!("{BODY}kong::check([node]);\n"));
    assert_eq!(done.code, Some(0), "{}", done.all);
    assert!(
        done.all.contains("wrote [\"template:nginx.lua\"], left []"),
        "{}",
        done.all
    );
    let now = world.text("kong-1");
    assert_eq!(now, with_own(&world.release("kong-1", "3.4.2")));
    assert!(now.contains(OWN) && now.contains(NEW), "{now}");
    assert_eq!(world.text("kong-2"), before);
    let back = world.cluster.cutover(&["rollback", "whole"]);
    assert_eq!(back.code, Some(0), "{}", back.all);
    assert_eq!(world.text("kong-1"), before);
    // It runs again, with the operator's template.
    let (_, prefix, _) = world.cluster.node_paths(1);
    let runs = fs::read_to_string(prefix.join("nginx.conf")).expect("there");
    assert_eq!(runs, before);
}

#[test]
fn lines_that_both_sides_changed_are_left_to_a_person() {
    let world = Templated::up(&[], |release| release.replace("# as of 2.8", "# ours"));
    let before = world.text("kong-1");
    let done = world.run("conflicting", BODY);
    assert_eq!(done.code, Some(0), "{}", done.all);
    let told = "`template:nginx.lua`: you and the release changed the same lines, at 10 of the marked text, which is in `";
    assert!(done.all.contains(told), "{}", done.all);
    assert!(done.all.contains("wrote [], left ["), "{}", done.all);
    assert_eq!(world.text("kong-1"), before);
    let path = done
        .all
        .split(told)
        .nth(1)
        .and_then(|rest| rest.split('`').next());
    let marked = fs::read_to_string(path.expect("told")).expect("kept");
    insta::assert_snapshot!(marked, @r"
    pid pids/nginx.pid;
    error_log logs/error.log notice;

    lmdb_environment_path dbless.lmdb;
    events {
        multi_accept on;
    }

    http {
    <<<<<<< your template
        # ours
    ||||||| template of the release before
        # as of 2.8
    =======
        # as of 3.4
    >>>>>>> template of the release after
        include 'nginx-kong.conf';
    }
    ");
    let back = world.cluster.cutover(&["rollback", "conflicting"]);
    assert_eq!(back.code, Some(0), "{}", back.all);
}

#[test]
fn what_the_new_kong_cannot_use_is_told_with_its_own_words() {
    let world = Templated::up(&[], |release| {
        release.trim_end().trim_end_matches('}').to_owned()
    });
    let done = world.run("broken", BODY);
    assert_ne!(done.code, Some(7), "{}", done.all);
    let told = "nginx: [emerg] unexpected end of file, expecting";
    assert!(done.all.contains(told), "{}", done.all);
}

/// The runner is killed around every record of it.
#[test]
fn a_rebase_that_is_killed_goes_on_or_back() {
    let world = Templated::up(&[], with_own);
    let before = world.text("kong-1");
    let whole = world.run("whole", BODY);
    assert_eq!(whole.code, Some(0), "{}", whole.all);
    let after = world.text("kong-1");
    let records = world.cluster.records("whole");
    let back = |run: &str| {
        let back = world.cluster.cutover(&["rollback", run]);
        assert_eq!(back.code, Some(0), "{run}: {}", back.all);
        assert_eq!(world.text("kong-1"), before, "{run}");
    };
    back("whole");
    let journal = world.cluster.journal("whole");
    let begins = journal
        .iter()
        .position(|event| event["intent"]["verb"] == "config.rebase");
    let begins = begins.expect("a rebase");
    let playbook = world.cluster.write("rebase.rhai", BODY);
    let is_done = |run: &str| assert_eq!(world.text("kong-1"), after, "{run}");
    let points = world
        .cluster
        .kill_around(&playbook, begins..=records, is_done, back);
    println!("rebase, crash sweep: {points} points, each went on or back exactly");
    assert!(points > 2, "{points}");
}
