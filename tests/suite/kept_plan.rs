//! A plan that is kept: a run is held to it, it is used once, what drifted is listed, and the run tells how well it was foretold.

use crate::practice_cluster::{Ended, PracticeCluster};

/// The exit codes of the product that these tests speak of.
const DONE: i32 = 0;
const WRONG_INPUT: i32 = 2;
const REFUSED: i32 = 4;

const PLAYBOOK: &str = r#"const PLAYBOOK = #{ api: 1, params: #{ text: #{ type: "text", help: "what is written" } }, needs: ["kong.*", "practice.*"] };
let cluster = env::cluster("practice");
kong::status(cluster.nodes[0]);
practice::write("kept", params.text);
kong::reload(cluster.nodes);
if false { practice::remove("kept"); }
"#;

const FREEZE: &str = r#"const PLAYBOOK = #{ api: 1, params: #{}, needs: ["kong.freeze"] };
kong::freeze(env::cluster("practice"), #{ mode: "deny" });
"#;

/// A playbook, and a plan of it that was kept.
fn planned(cluster: &PracticeCluster) -> (String, String) {
    let playbook = cluster.write("held.rhai", PLAYBOOK);
    let plan = cluster.write("plan.json", "");
    std::fs::remove_file(&plan).expect("removed");
    let made = cluster.cutover(&["plan", &playbook, "text=one", "--out", &plan]);
    assert_eq!(made.code, Some(DONE), "{}", made.all);
    (playbook, plan)
}

fn run(cluster: &PracticeCluster, plan: &str, name: &str) -> Ended {
    cluster.cutover(&["run", "--plan", plan, "--run-id", name])
}

#[test]
fn a_plan_is_used_once_and_its_run_tells_how_well_it_was_foretold() {
    let cluster = PracticeCluster::up();
    let (_, plan) = planned(&cluster);
    let held = run(&cluster, &plan, "held");
    assert_eq!(held.code, Some(DONE), "{}", held.all);
    assert!(
        held.verdict.contains("; 100 % as planned"),
        "{}",
        held.verdict
    );
    let shown = cluster.cutover(&["show", "held"]);
    assert!(shown.all.contains("100 % as planned"), "{}", shown.all);
    let again = run(&cluster, &plan, "again");
    assert_eq!(again.code, Some(REFUSED), "{}", again.all);
    assert_eq!(
        again.all.trim(),
        "error: this plan was used already, by the run `held`\n\
         help: a plan is used once: make another one of the world as it is now"
    );
}

#[test]
fn a_run_is_refused_with_everything_that_drifted_since_its_plan() {
    let cluster = PracticeCluster::up();
    let (playbook, plan) = planned(&cluster);
    std::fs::write(&playbook, format!("{PLAYBOOK}// Another line.\n")).expect("written");
    cluster.admin("POST", "/consumers", r#"{"username":"late"}"#);
    cluster.configure("kong-1", "log_level", "debug");
    cluster.link(1, "3.4.2");
    let freeze = cluster.write("freeze.rhai", FREEZE);
    let frozen = cluster.cutover(&["run", &freeze, "--run-id", "freeze"]);
    assert_eq!(frozen.code, Some(DONE), "{}", frozen.all);
    let refused = run(&cluster, &plan, "drifted");
    assert_eq!(refused.code, Some(REFUSED), "{}", refused.all);
    for drift in [
        "the source `held` has changed",
        "the node `kong-1` has another `kong.conf`",
        "the node `kong-2` has another version installed",
        "the node `kong-2` has another `kong`",
        "the database `main` holds other entities",
        "the database `main` denies writes",
    ] {
        assert!(refused.all.contains(drift), "{drift}: {}", refused.all);
    }
    assert!(cluster.journal_so_far("drifted").is_empty());
}

#[test]
fn a_file_that_is_no_plan_of_this_version_is_told_with_the_remedy() {
    let cluster = PracticeCluster::up();
    let (_, plan) = planned(&cluster);
    let text = std::fs::read_to_string(&plan).expect("a plan");
    let told = |text: String| {
        std::fs::write(&plan, text).expect("written");
        let refused = run(&cluster, &plan, "wrong");
        assert_eq!(refused.code, Some(WRONG_INPUT), "{}", refused.all);
        refused.all.replace(&plan, "PLAN")
    };
    let help = "help: `cutover plan PLAYBOOK … --out FILE` writes one";
    let another = told(text.replacen("\"format\":", "\"format\": 9, \"was\":", 1));
    let of_format = "this plan has format 9, and this version of cutover reads format 1";
    assert_eq!(
        another.trim(),
        format!("error: `PLAN`: {of_format}\n{help}")
    );
    let no_plan = "error: `PLAN`: this is not a plan that `cutover plan --out` wrote: ";
    for text in ["{}", "not JSON"] {
        let refused = told(text.to_owned());
        assert!(refused.starts_with(no_plan), "{refused}");
        assert!(refused.trim().ends_with(help), "{refused}");
    }
}
