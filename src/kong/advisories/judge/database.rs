//! The server of Kong's database.

use super::super::evidence::Evidence;
use super::super::probes::{DatabaseProbe, Rows};
use super::super::verdict::Verdict;
use super::{fact, known};

pub(super) fn judge(evidence: &Evidence, probe: &DatabaseProbe) -> Verdict {
    known(&evidence.database, "the database", |database| {
        if database.kind != probe.db {
            return Verdict::Absent;
        }
        let of = format!("the {} server", database.kind);
        let mut demanded = Vec::new();
        for (bound, is_older) in [(&probe.version_lt, true), (&probe.version_ge, false)] {
            let Some(bound) = bound else { continue };
            demanded.push(known(&database.version, "its version", |version| {
                let fits = (numbers(version) < numbers(bound)) == is_older;
                fact(fits, &of, format!("it is {version}"))
            }));
        }
        if let Some((name, value)) = &probe.server_setting {
            demanded.push(known(&database.settings, "its settings", |settings| {
                let fits = settings.get(name).is_some_and(|found| found == value);
                fact(fits, &of, format!("`{name}` is `{value}`"))
            }));
        }
        if let Some(privilege) = &probe.lacks_privilege {
            demanded.push(known(&database.privileges, "Kong's privileges", |has| {
                let what = format!("Kong's role has no {privilege}");
                fact(!has.contains(privilege), &of, what)
            }));
        }
        let all = demanded.into_iter().reduce(Verdict::and);
        // Which kind it is goes without saying where more is demanded.
        all.unwrap_or_else(|| fact(true, &of, "Kong uses it".to_owned()))
    })
}

pub(super) fn rows(evidence: &Evidence, rows: &Rows) -> Verdict {
    known(&evidence.database, "the database", |database| {
        known(&database.rows, "its tables", |tables| {
            let count = tables.get(&rows.table).copied().unwrap_or(0);
            let what = format!("`{}` has {count} rows", rows.table);
            fact(count > rows.more_than, "the database", what)
        })
    })
}

/// The numbers of a version, to be compared: 3 is 3.0.
fn numbers(version: &str) -> [u32; 3] {
    let mut numbers = [0; 3];
    let parts = version.split(|letter: char| !letter.is_ascii_digit());
    let known = parts.map_while(|part| part.parse().ok());
    for (number, part) in numbers.iter_mut().zip(known) {
        *number = part;
    }
    numbers
}
