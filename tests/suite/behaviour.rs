//! Changes of behaviour between two gateways, and what checks that are made from the old one find of them. And that nothing is found where
//! nothing was changed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::rc::Rc;

use cutover::checks::compare::{Sameness, Scope};
use cutover::environment::Environment;
use cutover::gateway::live::Live;
use cutover::gateway::{Failure, ProcessIdentity, Report};
use cutover::kong::Version;
use cutover::primitive::{CompareAnswers, CompareConfiguration, ComparedAnswers};

use crate::behaviour_seeds::{Gateway, Seed, seeds};
use crate::practice_cluster::everything;
use crate::stand_in_node::{NEW, OLD};

/// Without the long sweeps every so manieth seed is played.
const EVERY: usize = 9;

/// At least so many of a hundred are found by answers alone, and by answers and configuration together.
const FOUND: usize = 95;

struct Nobody;

impl Report for Nobody {
    fn process_started(&self, _: &str, _: &ProcessIdentity) -> Result<(), Failure> {
        Ok(())
    }

    fn progress(&self, _: &str) {}
}

/// A world with both gateways, of which nothing but their addresses is used.
fn world(blue: &Gateway, green: &Gateway, directory: &Path) -> Live {
    let side = |name: &str, gateway: &Gateway| {
        let (admin, proxy) = gateway.addresses();
        format!(
            "[[clusters.{name}.nodes]]\nname = \"{name}\"\nconf = \"/none\"\nprefix = \"/none\"\npackages = {{ prefix = \"/none\" }}\n\
             admin = \"{admin}\"\nproxy = \"{proxy}\"\n"
        )
    };
    let password = directory.join("carol");
    std::fs::write(&password, "open-sesame").expect("written");
    std::fs::set_permissions(&password, Permissions::from_mode(0o600)).expect("closed");
    let text = format!(
        "name = \"behaviour\"\n{}{}[secrets.carol]\nfrom = {{ file = {:?} }}\n\
         [[credentials]]\nplugin = \"basic-auth\"\nlogin = \"carol\"\nsecret = \"carol\"\n[storage]\npath = \".\"\n",
        side("blue", blue),
        side("green", green),
        password.display().to_string(),
    );
    let environment = Environment::parse(Path::new("environment.toml"), &text).expect("sound");
    Live::new(environment, "test", directory.to_owned(), Rc::new(Nobody))
}

async fn compared(world: &Live) -> ComparedAnswers {
    let compare = CompareAnswers {
        nodes: ["blue".to_owned(), "green".to_owned()],
        checks: None,
        scope: Scope::default(),
        samples: 0,
        slower: 2.0,
        at_once: 4,
    };
    compare.compare(world).await.expect("compared")
}

async fn is_configured_otherwise(world: &Live) -> bool {
    let compare = CompareConfiguration {
        nodes: ["blue".to_owned(), "green".to_owned()],
    };
    !compare
        .compare(world)
        .await
        .expect("compared")
        .differences
        .is_empty()
}

/// The seeds of a version, of which nothing but every ninth is played where the long sweeps are not wanted.
fn played(version: &Version) -> Vec<Seed> {
    let all = seeds().into_iter();
    let all = all.filter(|seed| seed.is_for(version) && !seed.is_invisible());
    let step = if everything() { 1 } else { EVERY };
    all.step_by(step).collect()
}

async fn changes_are_found(version: Version) {
    if version == OLD && !everything() {
        return println!("skipped: one version is enough every day; set CUTOVER_TEST_ALL for both");
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let blue = Gateway::new(version).await;
    let green = blue.beside().await;
    let directory = tempfile::tempdir().expect("a directory");
    let world = world(&blue, &green, directory.path());
    let same = compared(&world).await;
    assert_eq!(same.verdict, Sameness::Same, "{same:#?}");
    assert!(!is_configured_otherwise(&world).await);
    println!(
        "{version}: {} requests, {}",
        same.compared,
        same.coverage.expect("made")
    );
    let seeds = played(&version);
    let (mut missed, mut unseen) = (Vec::new(), Vec::new());
    for seed in &seeds {
        // A comparison uses no limit up, and so does not see what happens then.
        let mut answers_differ = false;
        if seed.wants_repetition() {
            green.configured(seed).await;
        } else {
            green.bring_about(seed).await;
            answers_differ = compared(&world).await.verdict != Sameness::Same;
        }
        if !answers_differ {
            unseen.push(seed.name());
            if !is_configured_otherwise(&world).await {
                missed.push(seed.name());
            }
        }
        green.take_back(seed).await;
    }
    let (all, found) = (seeds.len(), seeds.len() - missed.len());
    let by_answers = all - unseen.len();
    println!(
        "{version}: {found} of {all} changes found, {by_answers} of them by answers alone, which miss {unseen:?}"
    );
    // Pairs of gateways that are the same: nothing may be found.
    let (mut pairs, mut alarms) = (0, Vec::new());
    for _ in 0..if everything() { 12 } else { 1 } {
        let same = compared(&world).await;
        pairs += same.compared;
        alarms.extend(same.told);
    }
    println!(
        "{version}: {pairs} pairs that are the same, {} differences in them",
        alarms.len()
    );
    assert!(alarms.len() * 1_000 < pairs, "{alarms:#?}");
    assert!(found * 100 >= all * FOUND, "missed: {missed:?}");
    // By nature answers do not show all: what happens once a limit is used up, how long a service may take.
    assert!(by_answers * 100 >= all * FOUND, "not seen: {unseen:?}");
    blue.end().await;
    green.end().await;
}

#[tokio::test]
async fn changes_between_two_gateways_of_2_8_are_found() {
    changes_are_found(OLD).await;
}

#[tokio::test]
async fn changes_between_two_gateways_of_3_9_are_found() {
    changes_are_found(NEW).await;
}
