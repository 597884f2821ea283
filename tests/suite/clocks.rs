//! Nodes whose clocks differ: measured by the dates on their answers, and refused where both sides count.

use crate::practice_cluster::PracticeCluster;

/// The exit code of the product that this test speaks of.
const UNDONE: i32 = 5;

#[test]
fn a_second_side_with_another_time_gets_no_clients() {
    let cluster = PracticeCluster::up_with(&["--green", "3.4.2"]);
    let found = cluster.rotation();
    cluster.fault(&["clock-ahead", "green-2", "-5000"]);
    let upgraded = cluster.cutover(&[
        "run",
        "blue-green",
        "--run-id",
        "there",
        "--approve",
        "practice",
        "blue=practice",
        "green=green",
        "to=3.4.2",
        "checks=/catalogue=200",
        "interval=1s",
        "watch=1s",
    ]);
    assert_eq!(upgraded.code, Some(UNDONE), "{}", upgraded.all);
    let told = regex::Regex::new(
        r"the clock of (kong-1|kong-2|green-1) is (\d+) ms ahead of that of green-2: they would count in different windows \[preflight.clock\]",
    );
    let told = told.expect("a pattern").captures(&upgraded.all);
    let ahead = told.unwrap_or_else(|| panic!("{}", upgraded.all))[2].parse::<i64>();
    let ahead = ahead.expect("a number");
    // To some hundredths of a second on a quiet machine; this one may be busy.
    assert!((4_500..=5_500).contains(&ahead), "{ahead} ms");
    assert_eq!(cluster.rotation(), found);
}
