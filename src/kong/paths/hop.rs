//! One step of a way: why it can be gone, what it needs, and which playbook goes it.

use serde::Serialize;

use super::line::Line;
use super::plan::{Setting, Store};
use super::step::judge;
use crate::kong::advisories::Topology;
use crate::kong::{Version, repackage};

/// A step from one version to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// Where it begins.
    pub from: String,
    /// Where it ends: a version, or a line of which the newest patch is meant.
    pub to: String,
    /// Whether the vendor guarantees it.
    pub guaranteed: bool,
    /// Why it can be gone.
    pub why: String,
    /// What must be there, or be done.
    pub needs: Vec<String>,
    /// The playbooks that go it, the first one preferred; none where none ships for it.
    pub playbooks: Vec<Playbook>,
}

/// A playbook, and when it is the one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Playbook {
    /// Its name.
    pub name: &'static str,
    /// Why it fits.
    pub why: String,
}

/// The step from `from` to `to`; the patch `u16::MAX` is whichever is the newest of its line.
pub(super) fn hop(from: &Version, to: &Version, setting: Setting) -> Hop {
    let (start, end) = (Line::of(from), Line::of(to));
    let judged = judge(from, to);
    let why = if judged.guaranteed {
        judged.why
    } else {
        described(start, end)
    };
    Hop {
        from: told(from),
        to: told(to),
        guaranteed: judged.guaranteed,
        why,
        needs: needs(from, to, setting),
        playbooks: playbooks(from, to, setting),
    }
}

fn told(version: &Version) -> String {
    if version.patch == u16::MAX {
        format!("the newest {}", Line::of(version))
    } else {
        version.to_string()
    }
}

/// What a guide says of a step that no table guarantees.
fn described(from: Line, to: Line) -> String {
    match (from, to) {
        (Line(0, _), Line(0, 14)) => {
            "0.14.1 is where every older version must go first: 1.0 migrates from nowhere else"
                .to_owned()
        }
        (Line(0, 14), _) => {
            "1.x brings the APIs of 0.14 over to services and routes, and 1.5 is its last line"
                .to_owned()
        }
        (Line(1, _), Line(2, _)) => {
            "the migrations of 2.x begin at 1.0, and the open source's guide goes there in one step"
                .to_owned()
        }
        _ => format!("{from} to {to}"),
    }
}

/// What must be there before the step, or be done in it.
fn needs(from: &Version, to: &Version, setting: Setting) -> Vec<String> {
    let (start, end) = (Line::of(from), Line::of(to));
    let mut needs = Vec::new();
    let mut need = |is_so: bool, text: &str| {
        if is_so {
            needs.push(text.to_owned());
        }
    };
    let crosses = |line: Line| start < line && line <= end;
    let has_database = setting.topology != Topology::Dbless;
    let postgres = has_database && setting.store == Store::Postgres;
    let cassandra = has_database && setting.store == Store::Cassandra;
    need(
        postgres && end >= Line(3, 9),
        "PostgreSQL 13 to 17 (tested; it starts from 9.5 on)",
    );
    need(
        postgres && (Line(3, 4)..Line(3, 9)).contains(&end),
        "PostgreSQL 12 to 16 (tested; it starts from 9.5 on)",
    );
    need(
        postgres && (Line(0, 14)..Line(3, 4)).contains(&end),
        "PostgreSQL 9.5 or newer",
    );
    need(
        postgres && crosses(Line(3, 3)),
        "on PostgreSQL 15 and newer the right to create in the schema `public`",
    );
    need(cassandra && end < Line(2, 2), "Cassandra 2.2 or newer");
    need(
        cassandra && end >= Line(2, 2),
        "Cassandra 3.0 or newer (2.2 is deprecated)",
    );
    need(
        has_database && end <= Line(0, 14),
        "all other nodes stopped: migrations have one phase, and the old version does not serve on what they leave",
    );
    need(
        has_database && start <= Line(0, 14) && end >= Line(1, 0),
        "`kong migrations migrate-apis` before `finish`, where there are APIs; `kong migrations up` refuses them otherwise",
    );
    need(
        has_database && crosses(Line(1, 0)),
        "`kong migrations up` and `finish`: two phases from here on",
    );
    need(
        crosses(Line(3, 0)),
        "paths of routes that the new router takes: `cutover review` names those that it does not",
    );
    need(
        crosses(Line(3, 0)),
        "declarative files brought over: `deck file convert --from kong-gateway-2.x --to kong-gateway-3.x`",
    );
    need(
        crosses(Line(3, 4)),
        "another system than Ubuntu 18.04, CentOS or Alpine images",
    );
    need(
        crosses(Line(3, 8)),
        "another system than Debian 10, CentOS 7 or RHEL 7",
    );
    need(crosses(Line(3, 15)), "another system than Amazon Linux 2");
    need(
        (start, end) == (Line(3, 10), Line(3, 14)) && *from < FOR_NEXT_LTS,
        "3.10.0.11 or newer first",
    );
    need(
        (start, end) == (Line(3, 10), Line(3, 14)),
        "`kong check --lts-314-compatibility /etc/kong/kong.conf` without findings",
    );
    needs
}

/// The first of 3.10 that can look whether it is ready for 3.14.
const FOR_NEXT_LTS: Version = Version {
    build: Some(11),
    ..Version::new(3, 10, 0)
};

/// The playbooks that go a step: those that the vendor guarantees, of versions that they know.
fn playbooks(from: &Version, to: &Version, setting: Setting) -> Vec<Playbook> {
    let has_postgres = setting.topology != Topology::Dbless && setting.store == Store::Postgres;
    if !has_postgres || !from.is_at_least(2, 1) || !judge(from, to).guaranteed {
        return Vec::new();
    }
    let of = |name, why: &str| Playbook {
        name,
        why: why.to_owned(),
    };
    let mut all = vec![of(
        "blue-green",
        "no downtime, and a way back that restores nothing; wants a second side and a second database",
    )];
    if let Ok(evidence) = repackage::judge(from, to) {
        all.push(of("blue-green-shared", evidence));
    }
    all.push(of("in-place", "wants nothing beside the nodes; downtime"));
    all
}
