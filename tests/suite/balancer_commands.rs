//! A load balancer that commands of the operator's own read and set.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;

use super::harness::{Test, told};

/// Keeps what it is told in a file for each node. Of a node that drains, the first look still tells of a request in flight.
const EDGE: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
verb=$1 node=$2 weight=$3 state=$4
echo "$*" >>calls
case "$verb" in
status)
    read -r weight state in_flight <"$node.edge" || { weight=100 state=ready in_flight=0; }
    [ ! -e "$node.edge" ] || echo "$weight $state 0" >"$node.edge"
    echo "{\"weight\": $weight, \"state\": \"$state\", \"in_flight\": $in_flight}"
    ;;
set) echo "$weight $state 1" >"$node.edge" ;;
esac
"#;

fn test(edge: &str) -> Test {
    let node = |name: &str| {
        format!(
            "[[clusters.blue.nodes]]\nname = \"{name}\"\nconf = \"/kong.conf\"\nprefix = \"/prefix\"\n\
            packages = {{ prefix = \"/packages\" }}\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n"
        )
    };
    let test = Test::new().file("edge", edge);
    let edge = test.path("edge");
    std::fs::set_permissions(&edge, std::fs::Permissions::from_mode(0o755)).expect("set");
    let edge = edge.display();
    test.environment(&format!(
        "[grants]\nallow = [\"*\"]\n[clusters.blue]\ntraffic = \"edge\"\n{}{}\
        [traffic.edge]\nkind = \"command\"\nstatus = [\"{edge}\", \"status\", \"{{node}}\"]\n\
        set = [\"{edge}\", \"set\", \"{{node}}\", \"{{weight}}\", \"{{state}}\"]\n",
        node("kong-1"),
        node("kong 2"),
    ))
}

fn playbook(test: Test, body: &str) -> Test {
    test.playbook(&format!(
        "const PLAYBOOK = #{{ api: 1, needs: [\"traffic.*\"] }};\n\
        let nodes = env::cluster(\"blue\").nodes;\n{body}"
    ))
}

#[test]
fn nodes_are_set_and_waited_for() {
    let test = playbook(
        test(EDGE),
        "traffic::admit(nodes[1], #{ weight: 12 });\ntraffic::drain(nodes[0]);",
    );
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    // A name with a space is one word; what is drained is looked at again while something is in flight.
    let calls = std::fs::read_to_string(test.path("calls")).expect("called");
    let mut calls: Vec<&str> = calls.lines().collect();
    calls.dedup();
    assert_snapshot!(calls.join("\n"), @r"
    status kong 2
    set kong 2 12 ready
    status kong 2
    status kong-1
    set kong-1 100 drain
    status kong-1
    ");
    assert_eq!(
        std::fs::read_to_string(test.path("kong-1.edge")).expect("set"),
        "100 drain 0\n"
    );
    assert_eq!(
        std::fs::read_to_string(test.path("kong 2.edge")).expect("set"),
        "12 ready 0\n"
    );
}

#[test]
fn commands_that_do_not_do_it_are_told() {
    let ends = [
        "#!/bin/sh\necho 'no such pool' >&2; exit 3\n",
        "#!/bin/sh\necho ready\n",
        "#!/bin/sh\necho '{\"weight\": 7, \"state\": \"ready\"}'\n",
    ];
    let ends = ends.map(|edge| {
        let test = playbook(test(edge), "traffic::admit(nodes[0], #{ weight: 8 });");
        let finished = test.run();
        let directory = test.path("").display().to_string();
        let told = told(&finished).replace(&directory, "DIRECTORY/");
        told.lines().last().unwrap_or_default().to_owned()
    });
    assert_snapshot!(ends.join("\n"), @r"
    refused after TIME: `DIRECTORY/edge status kong-1` failed (exit code 3): no such pool; run first, journal head DIGEST; next: `cutover show first`
    refused after TIME: `DIRECTORY/edge status kong-1` told of `kong-1` what is no status: expected value at line 1 column 1; run first, journal head DIGEST; next: `cutover show first`
    held after TIME: the load balancer did not keep what was set for `kong-1`; run first, journal head DIGEST; next: `cutover retry first` or `cutover rollback first`
    ");
}
