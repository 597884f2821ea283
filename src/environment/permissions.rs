//! What one run may do: the environment's grants, what was granted for this run alone, and the names that belong together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Counted, Decision, Environment, Gates, Grant, Grants, Need, Thing};

/// Verbs that change nothing outside the journal, and so need no grant.
const FREE: [&str; 2] = ["run.", "clock."];

/// Whether a request with this method asks for nothing but an answer (RFC 9110, safe methods).
#[must_use]
pub fn is_safe_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// What one run may do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Permissions {
    grants: Grants,
    gates: Gates,
    /// What was granted for this run alone.
    for_this_run: Vec<Need>,
    /// What the playbook declares that it needs; nothing where it is not known, as in a journal of an older cutover.
    declared: Option<Vec<Need>>,
    /// The other names under which something is granted as well: a node's cluster and that cluster's database.
    also: BTreeMap<String, Vec<String>>,
}

/// What a step wants leave for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Its verb.
    pub verb: &'a str,
    /// The method, of an HTTP request.
    pub method: Option<&'a str>,
    /// Everything that it names.
    pub things: Vec<Thing>,
}

impl Wanted<'_> {
    /// What leave is asked about: a step that names nothing is about one nameless thing.
    fn about(&self) -> Vec<Thing> {
        if self.things.is_empty() {
            return vec![Thing::Named(String::new())];
        }
        self.things.clone()
    }
}

/// What is said about a step, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// What is said.
    pub decision: Decision,
    /// What was listed that says so: grants, or a denial; nothing where the environment is open.
    pub by: Vec<Grant>,
    /// What would have granted it, where it is denied for want of a grant.
    pub lacking: Option<Need>,
    /// Whether it is the playbook that does not declare it.
    pub undeclared: bool,
}

/// What can be said about a need before it is known what a step will be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlook {
    /// The same whatever it will be about.
    Settled(Decision),
    /// It depends on that; so it stands in the grants.
    Depends(Vec<String>),
}

impl Environment {
    /// What a run may do here that declares `needs`, with what was granted `for_this_run`.
    #[must_use]
    pub fn permissions(&self, for_this_run: Vec<Need>, needs: Option<Vec<Need>>) -> Permissions {
        let clusters = self.clusters.iter().map(|(name, cluster)| {
            let nodes = cluster.nodes.iter().map(|node| node.name.clone()).collect();
            (
                name.clone(),
                nodes,
                cluster.database.clone(),
                cluster.traffic.clone(),
            )
        });
        Permissions {
            gates: self.gates.clone(),
            for_this_run,
            declared: needs,
            ..Permissions::new(self.grants.clone(), clusters)
        }
    }
}

impl Permissions {
    /// `grants` where there are these clusters: the name of each, its nodes, its database and its load balancer.
    pub fn new(
        grants: Grants,
        clusters: impl IntoIterator<Item = (String, Vec<String>, Option<String>, Option<String>)>,
    ) -> Self {
        let mut also: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (cluster, nodes, database, traffic) in clusters {
            // Whoever is granted something on a cluster is granted it on what belongs to it; and a step on a database names the
            // nodes that it goes by.
            let around: Vec<String> = std::iter::once(cluster.clone())
                .chain(database.clone())
                .collect();
            for name in nodes.into_iter().chain(traffic) {
                also.entry(name).or_default().extend(around.clone());
            }
            also.entry(cluster.clone())
                .or_default()
                .extend(database.clone());
            if let Some(database) = database {
                also.entry(database).or_default().push(cluster);
            }
        }
        Self {
            grants,
            also,
            ..Self::default()
        }
    }

    /// What is wanted of approvals.
    #[must_use]
    pub fn gates(&self) -> &Gates {
        &self.gates
    }

    /// Whether a person is asked before the step, whatever the playbook says.
    #[must_use]
    pub fn gated(&self, wanted: &Wanted<'_>) -> bool {
        let covers = |need: &Need| {
            let mut things = wanted.things.iter();
            covers_all(need, wanted) || things.any(|thing| self.concerns(need, wanted, thing))
        };
        self.gates.before.iter().any(covers)
    }

    /// Decides about a step: what is denied before what is asked before what is allowed, for each thing that it names.
    #[must_use]
    pub fn decide(&self, wanted: &Wanted<'_>) -> Leave {
        let mut whole = Leave {
            decision: Decision::Allow,
            by: Vec::new(),
            lacking: None,
            undeclared: false,
        };
        if FREE.iter().any(|room| wanted.verb.starts_with(room)) {
            return whole;
        }
        if let Some(undeclared) = self.undeclared(wanted) {
            return undeclared;
        }
        for thing in &wanted.about() {
            let one = self.decide_about(wanted, thing);
            match one.decision.cmp(&whole.decision) {
                std::cmp::Ordering::Greater => whole = one,
                std::cmp::Ordering::Equal => {
                    let new: Vec<Grant> = one
                        .by
                        .into_iter()
                        .filter(|by| !whole.by.contains(by))
                        .collect();
                    whole.by.extend(new);
                }
                std::cmp::Ordering::Less => {}
            }
        }
        whole
    }

    /// The denial of a step that the playbook does not declare. Its check sees verbs; what they are about is seen here.
    fn undeclared(&self, wanted: &Wanted<'_>) -> Option<Leave> {
        let declared = self.declared.as_ref()?;
        let covered = |thing: &Thing| {
            declared
                .iter()
                .any(|need| self.covers(need, wanted, thing) || covers_all(need, wanted))
        };
        let missing = if wanted.things.is_empty() {
            declared
                .iter()
                .all(|need| !need.speaks_of(wanted.verb))
                .then_some(None)
        } else {
            wanted.things.iter().find(|thing| !covered(thing)).map(Some)
        };
        missing.map(|thing| Leave {
            decision: Decision::Deny,
            by: Vec::new(),
            lacking: need_for(wanted, thing),
            undeclared: true,
        })
    }

    fn decide_about(&self, wanted: &Wanted<'_>, thing: &Thing) -> Leave {
        let by = |listed: &[Grant]| {
            let found = listed
                .iter()
                .find(|grant| self.covers(grant.need(), wanted, thing));
            found.cloned().map(|grant| vec![grant])
        };
        let leave = |decision, by| Leave {
            decision,
            by,
            lacking: None,
            undeclared: false,
        };
        // A denial needs no method: who denies a verb denies it by every one.
        let denies = |grant: &&Grant| {
            let looks = Wanted {
                method: None,
                ..wanted.clone()
            };
            self.concerns(grant.need(), &looks, thing) || self.concerns(grant.need(), wanted, thing)
        };
        if let Some(denial) = self.grants.deny.iter().find(denies) {
            return leave(Decision::Deny, vec![denial.clone()]);
        }
        if let Some(by) = by(&self.grants.ask) {
            return leave(Decision::Ask, by);
        }
        // Who is asked about a verb is asked about every address, method and command that is granted with it.
        let asked = |grant: &&Grant| self.concerns(grant.need(), wanted, thing);
        let asked = self.grants.ask.iter().find(asked).cloned();
        let granted = |by: Vec<Grant>| match asked.clone() {
            Some(ask) => leave(Decision::Ask, vec![ask]),
            None => leave(Decision::Allow, by),
        };
        if let Some(by) = by(&self.grants.allow) {
            return granted(by);
        }
        let now = |need: &&Need| self.covers(need, wanted, thing);
        if let Some(need) = self.for_this_run.iter().find(now) {
            return granted(vec![Grant::Always(need.clone())]);
        }
        // What leads out of the environment is granted by name alone, however open it is.
        let looks = wanted.method.is_none_or(is_safe_method);
        if !self.grants.protected && looks && matches!(thing, Thing::Named(_)) {
            return leave(Decision::Allow, Vec::new());
        }
        Leave {
            decision: Decision::Deny,
            by: Vec::new(),
            lacking: need_for(wanted, Some(thing)),
            undeclared: false,
        }
    }

    /// Whether `need` speaks of `thing` at all, which is enough to deny it or to ask about it: a command is on a node.
    fn concerns(&self, need: &Need, wanted: &Wanted<'_>, thing: &Thing) -> bool {
        let on_node = |node: &String| self.covers(need, wanted, &Thing::Named(node.clone()));
        covers_all(need, wanted)
            || self.covers(need, wanted, thing)
            || matches!(thing, Thing::Command { node, .. } if on_node(node))
    }

    fn covers(&self, need: &Need, wanted: &Wanted<'_>, thing: &Thing) -> bool {
        let also: Vec<&str> = match thing {
            Thing::Named(name) | Thing::Command { node: name, .. } => {
                let names = self.also.get(name).into_iter().flatten();
                names.map(String::as_str).collect()
            }
            Thing::Url(_) => Vec::new(),
        };
        need.covers(wanted.verb, wanted.method, thing, &also)
    }

    /// How often the steps that `grant` covers may be done, and whether it covers this one.
    #[must_use]
    pub fn counts<'a>(&self, grant: &'a Grant, wanted: &Wanted<'_>) -> Option<&'a Counted> {
        match grant {
            Grant::Counted(counted) => {
                let things = wanted.about();
                let mut things = things.iter();
                things
                    .any(|thing| self.covers(&counted.need, wanted, thing))
                    .then_some(counted)
            }
            Grant::Always(_) => None,
        }
    }

    /// What can be said of `need`, which names one verb, before any step.
    #[must_use]
    pub fn outlook(&self, need: &Need) -> Outlook {
        let (verb, object) = (need.verb(), need.object());
        let (object, by_name_alone) = (object.as_deref(), need.is_by_name_alone());
        if FREE.iter().any(|room| verb.starts_with(room)) {
            return Outlook::Settled(Decision::Allow);
        }
        let speaks = |listed: &Need| listed.speaks_of(verb) && listed.may_meet(need);
        let speaking = |listed: &[Grant]| -> Vec<Need> {
            let needs = listed.iter().map(Grant::need);
            needs.filter(|listed| speaks(listed)).cloned().collect()
        };
        let whole = |needs: &[Need]| {
            let all = |need: &Need| need.object().is_none() || need.object().as_deref() == object;
            needs.iter().any(all)
        };
        let granted = |needs: &[Need]| {
            let all = |need: &Need| match need.object() {
                None => !by_name_alone,
                named => named.as_deref() == object,
            };
            needs.iter().any(all)
        };
        let (deny, ask) = (speaking(&self.grants.deny), speaking(&self.grants.ask));
        let mut allow = speaking(&self.grants.allow);
        allow.extend(
            self.for_this_run
                .iter()
                .filter(|need| speaks(need))
                .cloned(),
        );
        if whole(&deny) {
            return Outlook::Settled(Decision::Deny);
        }
        let objects: Vec<String> = deny
            .iter()
            .chain(&ask)
            .chain(&allow)
            .filter_map(Need::object)
            .collect();
        let settled = if whole(&ask) {
            Decision::Ask
        } else if granted(&allow) || !(self.grants.protected || by_name_alone) {
            Decision::Allow
        } else {
            Decision::Deny
        };
        let open = match settled {
            Decision::Deny => !objects.is_empty(),
            // What is denied or asked about one thing alone depends on that thing.
            Decision::Ask | Decision::Allow => {
                let some = |needs: &[Need]| needs.iter().any(|need| need.object().is_some());
                some(&deny) || (settled == Decision::Allow && some(&ask))
            }
        };
        if open {
            Outlook::Depends(objects)
        } else {
            Outlook::Settled(settled)
        }
    }
}

/// A verb without an object, denied or declared, means URLs and every method as well; granted, it does not.
fn covers_all(need: &Need, wanted: &Wanted<'_>) -> bool {
    need.object().is_none() && need.speaks_of(wanted.verb)
}

/// The need that would have met what a step wants of `thing`, if there is one.
fn need_for(wanted: &Wanted<'_>, thing: Option<&Thing>) -> Option<Need> {
    let method = wanted.method.filter(|method| !is_safe_method(method));
    let object = thing
        .map(ToString::to_string)
        .filter(|object| !object.is_empty());
    let text = match (method, object) {
        (Some(method), Some(object)) => format!("{}:{method} {object}", wanted.verb),
        (None, Some(object)) => format!("{}:{object}", wanted.verb),
        (_, None) => wanted.verb.to_owned(),
    };
    let need = text.parse().ok();
    match thing {
        // The verb alone would not grant it.
        Some(Thing::Command { .. }) => need,
        _ => need.or_else(|| wanted.verb.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grants from the text of an environment file.
    fn permissions(grants: &str) -> Permissions {
        let grants: Grants = toml::from_str(grants).expect("grants");
        let cluster = |name: &str, node: &str, database: &str| {
            let traffic = Some(format!("{name}-edge"));
            let nodes = vec![node.to_owned()];
            (name.to_owned(), nodes, Some(database.to_owned()), traffic)
        };
        let clusters = [
            cluster("blue", "kong-1", "main"),
            cluster("green", "kong-2", "copy"),
        ];
        Permissions::new(grants, clusters)
    }

    fn wanted<'a>(verb: &'a str, method: Option<&'a str>, things: Vec<Thing>) -> Wanted<'a> {
        Wanted {
            verb,
            method,
            things,
        }
    }

    fn decide(permissions: &Permissions, verb: &str, names: &[&str]) -> Decision {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let things = names.into_iter().map(Thing::Named).collect();
        let wanted = wanted(verb, None, things);
        permissions.decide(&wanted).decision
    }

    fn request(permissions: &Permissions, method: &str, url: &str) -> Decision {
        let things = vec![Thing::url(url).expect("a URL")];
        let wanted = wanted("http.check", Some(method), things);
        permissions.decide(&wanted).decision
    }

    #[test]
    fn deny_comes_before_ask_before_allow() {
        let some = permissions(
            "protected = true\nallow = [\"kong.*\"]\nask = [\"kong.finish\"]\ndeny = [\"kong.reset\"]",
        );
        assert_eq!(decide(&some, "kong.stop", &["kong-1"]), Decision::Allow);
        assert_eq!(decide(&some, "kong.finish", &["main"]), Decision::Ask);
        assert_eq!(decide(&some, "kong.reset", &["main"]), Decision::Deny);
        assert_eq!(decide(&some, "database.restore", &["main"]), Decision::Deny);
        assert_eq!(decide(&some, "review.path", &[]), Decision::Deny);
        assert_eq!(decide(&some, "run.note", &[]), Decision::Allow);
    }

    #[test]
    fn an_open_environment_grants_what_is_not_listed() {
        let open = permissions("deny = [\"kong.reset\"]");
        assert_eq!(
            decide(&open, "database.restore", &["main"]),
            Decision::Allow
        );
        assert_eq!(decide(&open, "kong.reset", &["main"]), Decision::Deny);
    }

    #[test]
    fn a_clusters_grant_covers_what_belongs_to_it_and_nothing_of_another() {
        let blue = permissions("protected = true\nallow = [\"*:blue\"]");
        for name in ["blue", "kong-1", "main", "blue-edge"] {
            assert_eq!(
                decide(&blue, "kong.stop", &[name]),
                Decision::Allow,
                "{name}"
            );
        }
        for names in [
            &["kong-2"][..],
            &["copy"],
            &["green"],
            &["kong-1", "kong-2"],
            &["main", "kong-2"],
        ] {
            assert_eq!(
                decide(&blue, "kong.stop", names),
                Decision::Deny,
                "{names:?}"
            );
        }
        // The nodes by which a database is migrated are named by the step too.
        let database = permissions("protected = true\nallow = [\"kong.migrate_up:main\"]");
        assert_eq!(
            decide(&database, "kong.migrate_up", &["main", "kong-1"]),
            Decision::Allow
        );
        assert_eq!(
            decide(&database, "kong.migrate_up", &["main", "kong-2"]),
            Decision::Deny
        );
    }

    #[test]
    fn whoever_is_asked_about_a_verb_is_asked_about_its_addresses_and_methods() {
        let url = "https://kong.internal/x";
        let asks = permissions(
            "ask = [\"http.*\"]\nallow = [\"http.check:https://kong.internal/*\", \"http.check:POST https://kong.internal/*\"]",
        );
        assert_eq!(request(&asks, "GET", url), Decision::Ask);
        assert_eq!(request(&asks, "POST", url), Decision::Ask);
        // Asking alone grants no address.
        assert_eq!(
            request(&asks, "GET", "https://other.internal/"),
            Decision::Deny
        );
        assert_eq!(request(&permissions(""), "GET", url), Decision::Deny);
        let denies = permissions(
            "deny = [\"http.check\"]\nallow = [\"http.check:https://kong.internal/*\"]",
        );
        assert_eq!(request(&denies, "GET", url), Decision::Deny);
    }

    #[test]
    fn a_step_that_names_nothing_counts_as_well() {
        let counted =
            permissions("protected = true\nallow = [{ need = \"review.path\", at_most = 1 }]");
        let wanted = wanted("review.path", None, Vec::new());
        let leave = counted.decide(&wanted);
        let [grant] = &leave.by[..] else {
            panic!("{leave:?}");
        };
        assert!(counted.counts(grant, &wanted).is_some());
    }

    fn run(permissions: &Permissions, node: &str, command: &str) -> Leave {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        let node = node.to_owned();
        let things = vec![Thing::Command { node, words }];
        permissions.decide(&wanted("node.exec", None, things))
    }

    #[test]
    fn a_command_is_granted_by_a_command_alone() {
        for globs in [
            "",
            "allow = [\"*\", \"node.*\", \"node.exec\", \"*:blue\", \"node.*:kong-1\"]",
            "ask = [\"*\"]",
            "allow = [\"node.exec:green: kong version\", \"node.exec:kong health\"]",
        ] {
            let leave = run(&permissions(globs), "kong-1", "kong version");
            assert_eq!(leave.decision, Decision::Deny, "{globs}");
            let lacking = leave.lacking.expect("one can be named");
            assert_eq!(lacking.to_string(), "node.exec:kong version", "{globs}");
        }
        let leave = run(&permissions(""), "kong-1", "relative version");
        assert_eq!((leave.decision, leave.lacking), (Decision::Deny, None));

        let blue = permissions("protected = true\nallow = [\"node.exec:blue: kong version\"]");
        let decide = |node, command| run(&blue, node, command).decision;
        assert_eq!(decide("kong-1", "kong version"), Decision::Allow);
        assert_eq!(decide("kong-2", "kong version"), Decision::Deny);
        assert_eq!(decide("kong-1", "kong health"), Decision::Deny);
        // A verb that is asked about is asked about with every command that is granted.
        let asked = permissions("ask = [\"node.exec\"]\nallow = [\"node.exec:kong version\"]");
        let decision = run(&asked, "kong-1", "kong version").decision;
        assert_eq!(decision, Decision::Ask);
        for denial in [
            "*",
            "node.exec",
            "*:kong-1",
            "*:blue",
            "node.exec:kong version",
        ] {
            let grants = format!("deny = [\"{denial}\"]\nallow = [\"node.exec:kong version\"]");
            let decision = run(&permissions(&grants), "kong-1", "kong version").decision;
            assert_eq!(decision, Decision::Deny, "{denial}");
        }
    }

    #[test]
    fn two_grants_for_other_nodes_do_not_make_one() {
        let grants =
            "allow = [\"node.exec:kong-1: kong version\", \"node.exec:kong-2: kong health\"]";
        let both = permissions(grants);
        assert_eq!(
            run(&both, "kong-2", "kong version").decision,
            Decision::Deny
        );
        assert_eq!(
            run(&both, "kong-1", "kong version").decision,
            Decision::Allow
        );
    }

    #[test]
    fn before_a_run_a_command_is_as_granted_as_in_it() {
        let outlook =
            |grants: &str, need: &str| permissions(grants).outlook(&need.parse().expect("a need"));
        let denied = Outlook::Settled(Decision::Deny);
        for grants in ["", "allow = [\"node.exec\"]", "allow = [\"*\"]"] {
            assert_eq!(
                outlook(grants, "node.exec:kong version"),
                denied,
                "{grants}"
            );
            assert_eq!(outlook(grants, "node.exec"), denied, "{grants}");
            assert_eq!(
                outlook(grants, "http.check:https://other/"),
                denied,
                "{grants}"
            );
        }
        let granted = "allow = [\"node.exec:kong version\"]";
        assert_eq!(
            outlook(granted, "node.exec:kong version"),
            Outlook::Settled(Decision::Allow)
        );
        assert_eq!(outlook(granted, "node.exec:kong health"), denied);
        assert!(matches!(outlook(granted, "node.exec"), Outlook::Depends(_)));
    }

    #[test]
    fn what_is_said_of_one_command_is_not_said_of_another() {
        let health = "\"node.exec:kong health\"";
        let version = "allow = [\"node.exec:kong version\"]";
        let decide = |grants: &str| run(&permissions(grants), "kong-1", "kong version").decision;
        assert_eq!(
            decide(&format!("deny = [{health}]\n{version}")),
            Decision::Allow
        );
        assert_eq!(
            decide(&format!("ask = [{health}]\n{version}")),
            Decision::Allow
        );
        // What is said of the node is said of every command on it.
        assert_eq!(
            decide(&format!("ask = [\"*:blue\"]\n{version}")),
            Decision::Ask
        );

        let command = |words: &str| {
            let words = words.split(' ').map(str::to_owned).collect();
            let node = "kong-1".to_owned();
            wanted("node.exec", None, vec![Thing::Command { node, words }])
        };
        let counted = permissions(&format!("allow = [{{ need = {health}, at_most = 1 }}]"));
        let grant = &counted.grants.allow[0];
        assert!(counted.counts(grant, &command("kong health")).is_some());
        assert!(counted.counts(grant, &command("kong version")).is_none());

        for (before, gated) in [
            ("node.exec:kong health", false),
            ("*:kong-1", true),
            ("node.exec", true),
        ] {
            let gates = Gates {
                before: vec![before.parse().expect("a need")],
                ..Gates::default()
            };
            let permissions = Permissions {
                gates,
                ..permissions(version)
            };
            assert_eq!(
                permissions.gated(&command("kong version")),
                gated,
                "{before}"
            );
        }
    }
}
