//! What evidence says of a rule.

mod database;
mod entities;
mod hosts;
mod lua;
mod routes;
mod settings;
mod texts;

use super::advisory::Advisory;
use super::detect::{Detect, Subject};
use super::evidence::{DataPlane, Entity, Evidence, Known, Node};
use super::place::Place;
use super::probes::DataPlaneFault;
use super::verdict::Verdict;
use crate::kong::Version;
use crate::kong::routes::Fits;

/// What is judged: the step from one version to another, and what is known of the cluster.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    from: &'a Version,
    to: &'a Version,
    evidence: &'a Evidence,
    /// What became of paths that were judged before.
    fits: &'a Fits,
    /// The one node that is looked at; nothing where it may be any.
    node: Option<&'a str>,
}

/// Whether a cluster is concerned by a rule on its way from one version to another; `None` where that way does not cross the change.
#[must_use]
pub fn judge(
    advisory: &Advisory,
    from: &Version,
    to: &Version,
    evidence: &Evidence,
) -> Option<Verdict> {
    judge_with(&Fits::default(), advisory, from, to, evidence)
}

/// The same, with what became of paths before.
pub(super) fn judge_with(
    fits: &Fits,
    advisory: &Advisory,
    from: &Version,
    to: &Version,
    evidence: &Evidence,
) -> Option<Verdict> {
    if !advisory.applies(from, to) {
        return None;
    }
    let case = Case {
        from,
        to,
        evidence,
        fits,
        node: None,
    };
    // What is demanded of a node beside something else is demanded of one and the same.
    if evidence.nodes.len() < 2 || !advisory.detect.demands_of_a_node() {
        return Some(case.judge(&advisory.detect));
    }
    let nodes = evidence.nodes.keys();
    let each = nodes.map(|node| {
        let node = Some(node.as_str());
        Case { node, ..case }.judge(&advisory.detect)
    });
    Some(each.fold(Verdict::Absent, Verdict::or))
}

impl Case<'_> {
    /// What is said of any of the nodes that are looked at.
    fn each_node(self, look: impl Fn(&str, &Node) -> Verdict) -> Verdict {
        if self.evidence.nodes.is_empty() {
            return Verdict::unknown("the nodes: nobody looked");
        }
        let nodes = self.evidence.nodes.iter();
        let meant = nodes.filter(|(name, _)| self.node.is_none_or(|node| node == *name));
        meant
            .map(|(name, node)| look(name, node))
            .fold(Verdict::Absent, Verdict::or)
    }

    fn judge(self, detect: &Detect) -> Verdict {
        let mut all = self.subject(&detect.subject);
        for further in &detect.and {
            all = all.and(self.judge(further));
        }
        for other in &detect.or {
            all = all.or(self.judge(other));
        }
        let excuses = detect.unless.iter();
        let is_excused = excuses
            .map(|excuse| self.judge(excuse))
            .any(|verdict| matches!(verdict, Verdict::Found { .. }));
        if is_excused { Verdict::Absent } else { all }
    }

    fn subject(self, subject: &Subject) -> Verdict {
        let evidence = self.evidence;
        match subject {
            Subject::Always => Verdict::found(vec![Place::Everywhere]),
            Subject::Setting(probe, test) => settings::judge(self, probe, test),
            Subject::Plugin(probe, test) => entities::plugin(evidence, probe, test),
            Subject::Entity(probe, test) => entities::entity(evidence, probe, test),
            Subject::RoutePaths(probe) => routes::judge(self, probe.route_paths),
            Subject::Database(probe) => database::judge(evidence, probe),
            Subject::Rows(rows) => database::rows(evidence, rows),
            Subject::Text(source, probe) => texts::judge(evidence, *source, probe),
            Subject::Priority(priority) => texts::priority(evidence, priority),
            Subject::Helm(probe, test) => texts::helm(evidence, probe, test),
            Subject::Declarative(probe, test) => texts::declarative(evidence, probe, test),
            Subject::Os(probe) => hosts::os(self, probe),
            Subject::Node(probe) => hosts::node(self, probe),
            Subject::Certificate(probe) => hosts::certificate(evidence, probe),
            Subject::Topology(probe) => known(&evidence.topology, "the topology", |topology| {
                let fits = probe.topology.contains(topology);
                fact(
                    fits,
                    "the cluster",
                    format!("its topology is {topology:?}").to_lowercase(),
                )
            }),
            Subject::SourceVersion(probe) => {
                let bounds = &probe.source_version;
                let fits = bounds.ge.is_none_or(|first| first <= *self.from)
                    && bounds.lt.is_none_or(|limit| *self.from < limit);
                fact(fits, "the cluster", format!("it runs {}", self.from))
            }
            Subject::Strategy(probe) => known(&evidence.strategy, "the playbook", |strategy| {
                fact(
                    probe.strategy.has(strategy),
                    "the upgrade",
                    format!("is made as {strategy}"),
                )
            }),
            Subject::License(probe) => known(&evidence.license, "the license", |license| {
                let what = format!("its license is {license:?}").to_lowercase();
                fact(*license == probe.license, "the cluster", what)
            }),
            Subject::DataPlanes(probe) => {
                known(&evidence.data_planes, "the data planes", |planes| {
                    self.data_planes(planes, probe.data_planes)
                })
            }
        }
    }

    fn data_planes(self, planes: &[DataPlane], fault: DataPlaneFault) -> Verdict {
        let each = planes.iter().map(|plane| {
            let version = plane.version;
            let told = |what: String| fact(true, &plane.name, what);
            match fault {
                DataPlaneFault::NewerThanControlPlane
                    if (version.major, version.minor) > (self.from.major, self.from.minor) =>
                {
                    told(format!(
                        "{version} is newer than the control planes' {}",
                        self.from
                    ))
                }
                DataPlaneFault::OtherMajor if version.major != self.to.major => {
                    told(format!("{version} and {} are two major versions", self.to))
                }
                DataPlaneFault::LacksPlugin => self.lacking(plane),
                _ => Verdict::Absent,
            }
        });
        each.fold(Verdict::Absent, Verdict::or)
    }

    /// The configured plugins that a data plane does not have.
    fn lacking(self, plane: &DataPlane) -> Verdict {
        let Some(has) = &plane.plugins else {
            return Verdict::unknown(&format!("the plugins of the data plane `{}`", plane.name));
        };
        collection(self.evidence, "plugins", |plugins| {
            let names = plugins
                .iter()
                .filter_map(|plugin| plugin.fields.get("name")?.as_str());
            let mut lacking: Vec<&str> = names.filter(|name| !has.contains(*name)).collect();
            lacking.sort_unstable();
            lacking.dedup();
            let what = format!("it lacks {}", lacking.join(", "));
            fact(!lacking.is_empty(), &plane.name, what)
        })
    }
}

/// What is said of something, if it is known; else that it is not.
fn known<T>(known: &Known<T>, what: &str, look: impl FnOnce(&T) -> Verdict) -> Verdict {
    match known {
        Known::Known(value) => look(value),
        Known::Unknown { unknown } => Verdict::unknown(&format!("{what}: {unknown}")),
    }
}

/// The same of the entities of a collection.
fn collection(evidence: &Evidence, kind: &str, look: impl FnOnce(&[Entity]) -> Verdict) -> Verdict {
    match evidence.entities.get(kind) {
        Some(entities) => known(entities, kind, |entities| look(entities)),
        None => Verdict::unknown(&format!("{kind}: nobody looked")),
    }
}

/// Found with a fact, if it is one.
fn fact(is_so: bool, of: &str, what: String) -> Verdict {
    let place = Place::Fact {
        of: of.to_owned(),
        what,
    };
    Verdict::found(if is_so { vec![place] } else { Vec::new() })
}
