//! What acts say of themselves, where their exit code does not say enough. After `Snapshot.java` of 2.2.19 to 4.1.0, `RepairRunner.java` and
//! `RepairRunnable.java` of 2.2.19 to 4.1.0, `BulkLoader.java` and `SSTableLoader.java` of 3.11.14 and 4.1.0.

use serde::Serialize;

/// What a repair that exited 0 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repaired {
    /// The replicas are equal now.
    Equal,
    /// There is one replica of each row, so there is nothing to make equal.
    OneReplica,
    /// It does not say: messages were lost, or it was cut off. Repairing again is safe.
    Unknown,
}

/// The tag that a snapshot says it has. Without, it is not known to be whole.
#[must_use]
pub fn taken(answer: &str) -> Option<&str> {
    answer
        .lines()
        .find_map(|line| line.strip_prefix("Snapshot directory: "))
}

/// Reads what a repair printed, on both of its outputs.
#[must_use]
pub fn repaired(answer: &str) -> Repaired {
    let says = |phrase: &str| answer.lines().any(|line| line.contains(phrase));
    let failed =
        says("Some repair failed") || says("failed with error") || says("lost notification");
    if says("Replication factor is 1. No repair is needed") {
        Repaired::OneReplica
    } else if says("Repair completed successfully") && !failed {
        Repaired::Equal
    } else {
        Repaired::Unknown
    }
}

/// The files that `sstableloader` passed over, with its reasons: it exits 0 all the same.
#[must_use]
pub fn passed_over(answer: &str) -> Vec<&str> {
    let lines = answer.lines().map(str::trim_start);
    lines.filter(|line| line.starts_with("Skipping ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_says_its_tag() {
        let answer = "Requested creating snapshot(s) for [kong] with snapshot name [kong_1] and options {skipFlush=false}\nSnapshot directory: kong_1\n";
        assert_eq!(taken(answer), Some("kong_1"));
        let (asked, _) = answer.split_once('\n').expect("two lines");
        assert_eq!(taken(asked), None);
    }

    #[test]
    fn a_repair_says_whether_it_did() {
        let begun = "[2026-11-30 07:00:00,000] Starting repair command #1 (5b2c1f70-7c3a-11ee-b962-0242ac120002), repairing keyspace kong with repair options (parallelism: parallel, …)\n";
        for (rest, repaired_as) in [
            (
                "[2026-11-30 07:00:01,000] Repair completed successfully\n[2026-11-30 07:00:01,000] Repair command #1 finished in 1 second\n",
                Repaired::Equal,
            ),
            (
                "[2026-11-30 07:00:01,000] Some repair failed\n",
                Repaired::Unknown,
            ),
            (
                "There were some lost notification(s). You should check server log for repair status of keyspace kong\n",
                Repaired::Unknown,
            ),
            ("", Repaired::Unknown),
            (
                "[2026-11-30 07:00:01,000] Replication factor is 1. No repair is needed for keyspace 'kong'\n",
                Repaired::OneReplica,
            ),
        ] {
            assert_eq!(repaired(&format!("{begun}{rest}")), repaired_as, "{rest}");
        }
    }

    #[test]
    fn what_is_passed_over_is_told() {
        let answer = "Established connection to initial hosts\nOpening sstables and calculating sections to stream\nSkipping file mc-1-big-Data.db: table kong.services doesn't exist\n";
        assert_eq!(
            passed_over(answer),
            ["Skipping file mc-1-big-Data.db: table kong.services doesn't exist"]
        );
        assert_eq!(passed_over("Streaming relevant part of …\n"), [""; 0]);
    }
}
