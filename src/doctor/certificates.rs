//! Checks of certificates that end.

use jiff::{SignedDuration, Timestamp};

use super::check::{Check, Judge, Judged, Outcome};
use super::facts::{Cluster, Facts, Node};

/// A certificate that ends within this time ends before an upgrade is over that has a bake time, a watch, and a way back.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) const CHECKS: [Check; 3] = [
    Check {
        code: "doctor.certificate_ends",
        about: "a certificate among the entities is over, or soon will be",
        why: "clients that are refused during an upgrade are put down to it, and a renewal in the middle is lost with the copy of an earlier moment",
        remedy: "renew it before the upgrade: `PATCH /certificates/ID` at the Admin API of `{cluster}`",
        judge: Judge::Cluster(served),
    },
    Check {
        code: "doctor.certificate_file_ends",
        about: "a certificate that kong.conf names is over, or soon will be",
        why: "a node reads it when it starts: the new version begins with what is in the file then, and is refused by clients and load balancers",
        remedy: "renew the file, and let the node read it before the upgrade: `kong reload -c {conf} -p {prefix}`",
        judge: Judge::Node(files),
    },
    Check {
        code: "doctor.certificate_own_ends",
        about: "a certificate that our own connections need is over, or soon will be",
        why: "the run loses the database or the Redis in the middle, and so does Kong where it trusts the same one",
        remedy: "renew the file that `ca` or `certificate` in the environment file names",
        judge: Judge::Place(own),
    },
];

fn served(facts: &Facts, cluster: &Cluster) -> Judged {
    let all = cluster.certificates.get()?;
    let mut dated = Vec::new();
    for one in all {
        let ends = one
            .ends
            .ok_or_else(|| format!("{} does not tell its end", one.name))?;
        dated.push((one.name.as_str(), ends));
    }
    Ok(judged(facts.now, &dated))
}

fn files(facts: &Facts, node: &Node) -> Judged {
    let all = node.host.get()?.certificates.get()?.iter();
    let dated: Vec<(&str, Timestamp)> = all.map(|one| (one.name.as_str(), one.ends)).collect();
    Ok(judged(facts.now, &dated))
}

fn own(facts: &Facts) -> Judged {
    let all = facts.place.get()?.certificates.get()?.iter();
    let dated: Vec<(&str, Timestamp)> = all.map(|one| (one.name.as_str(), one.ends)).collect();
    Ok(judged(facts.now, &dated))
}

fn judged(now: Timestamp, dated: &[(&str, Timestamp)]) -> Outcome {
    if dated.is_empty() {
        return Outcome::Fine("there is none".to_owned());
    }
    let told = |(name, ends): &&(&str, Timestamp)| {
        let verb = if *ends <= now { "ended" } else { "ends" };
        format!("{name} {verb} on {}", ends.strftime("%Y-%m-%d"))
    };
    let is_soon = |(_, ends): &&(&str, Timestamp)| ends.duration_since(now) < SOON;
    let ending: Vec<String> = dated.iter().filter(is_soon).map(|one| told(&one)).collect();
    if dated.iter().any(|(_, ends)| *ends <= now) {
        return Outcome::Wrong(ending.join("; "));
    }
    let fine = format!("{} are valid for 30 days and more", dated.len());
    Outcome::warning_if_any(&ending, &fine)
}
