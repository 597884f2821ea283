//! Files: sources of plugins, scripts, templates, manifests, values of Helm, declarative files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::super::evidence::{Evidence, TextFile};
use super::super::field::located;
use super::super::place::Place;
use super::super::probes::{DeclarativeProbe, HelmProbe, Priority, Source, TextProbe};
use super::super::test::Test;
use super::super::verdict::Verdict;
use super::entities::short;
use super::{known, lua};

/// A handler's priority, as a field or as an assignment.
static PRIORITY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\bPRIORITY("\s*\])?\s*=\s*(-?\d+)"#).expect("it is one"));

pub(super) fn judge(evidence: &Evidence, source: Source, probe: &TextProbe) -> Verdict {
    let (files, what) = match source {
        Source::Lua => (&evidence.lua, "the sources of custom plugins"),
        Source::Scripts => (&evidence.scripts, "the scripts"),
        Source::Templates => (&evidence.templates, "the nginx templates"),
        Source::Manifests => (&evidence.manifests, "the manifests"),
    };
    known(files, what, |files| {
        let files: Vec<TextFile> = match source {
            Source::Lua => files.iter().map(lua::without_comments).collect(),
            _ => files.clone(),
        };
        let meant = files.iter().filter(|file| {
            probe
                .in_file
                .as_ref()
                .is_none_or(|end| file.path.ends_with(end.as_str()))
                && probe
                    .without
                    .as_ref()
                    .is_none_or(|other| !other.is_in(&file.text))
        });
        Verdict::found(meant.flat_map(|file| places(file, probe)).collect())
    })
}

fn places(file: &TextFile, probe: &TextProbe) -> Vec<Place> {
    if probe.missing {
        let is_missing = !probe.pattern.is_in(&file.text);
        return is_missing.then(|| whole(file)).into_iter().collect();
    }
    if probe.pattern.is_empty() {
        return vec![whole(file)];
    }
    let lines = file.text.lines().enumerate();
    let found = lines.filter(|(_, line)| probe.pattern.is_in(line));
    let found = found.map(|(number, line)| at(file, number, line));
    let found: Vec<Place> = found.collect();
    // What stands over several lines is told where it begins.
    if let (true, Some(start)) = (found.is_empty(), probe.pattern.start_in(&file.text)) {
        let number = file.text[..start].matches('\n').count();
        let line = file.text.lines().nth(number).unwrap_or_default();
        return vec![at(file, number, line)];
    }
    found
}

pub(super) fn priority(evidence: &Evidence, priority: &Priority) -> Verdict {
    let is_meant = |found: i64| {
        let mut ranges = priority.handler_priority_between.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&found))
    };
    known(&evidence.lua, "the sources of custom plugins", |files| {
        let files: Vec<TextFile> = files.iter().map(lua::without_comments).collect();
        let handlers = files
            .iter()
            .filter(|file| file.path == "handler.lua" || file.path.ends_with("/handler.lua"));
        let found = handlers.flat_map(|file| {
            let lines = file.text.lines().enumerate();
            lines.filter_map(move |(number, line)| {
                let found: i64 = PRIORITY.captures(line)?[2].parse().ok()?;
                is_meant(found).then(|| at(file, number, line))
            })
        });
        Verdict::found(found.collect())
    })
}

pub(super) fn helm(evidence: &Evidence, probe: &HelmProbe, test: &Test) -> Verdict {
    known(&evidence.helm, "the values of Helm", |files| {
        let places = fields(files, &probe.helm, test);
        let named: std::collections::BTreeSet<&str> = places
            .iter()
            .filter_map(|place| match place {
                Place::Line { file, .. } => Some(file.as_str()),
                _ => None,
            })
            .collect();
        let is_enough = named.len() > probe.files_gt;
        Verdict::found(if is_enough { places } else { Vec::new() })
    })
}

pub(super) fn declarative(evidence: &Evidence, probe: &DeclarativeProbe, test: &Test) -> Verdict {
    known(&evidence.declarative, "the declarative files", |files| {
        Verdict::found(fields(files, &probe.decl, test))
    })
}

/// Where a field of a file is what is demanded.
fn fields(files: &BTreeMap<String, Value>, path: &str, test: &Test) -> Vec<Place> {
    let each = files
        .iter()
        .filter_map(|(file, values)| Some((file, values.as_object()?)));
    let found = each.flat_map(|(file, values)| {
        let found = located(values, path).into_iter();
        let holds = found.filter(|(_, value)| test.holds(value));
        holds.map(|(path, value)| Place::Line {
            file: file.clone(),
            line: None,
            text: Some(format!("`{path}` is {}", short(&value.to_string()))),
        })
    });
    found.collect()
}

fn at(file: &TextFile, number: usize, line: &str) -> Place {
    Place::Line {
        file: file.path.clone(),
        line: Some(number + 1),
        text: Some(short(line.trim())),
    }
}

fn whole(file: &TextFile) -> Place {
    Place::Line {
        file: file.path.clone(),
        line: None,
        text: None,
    }
}
