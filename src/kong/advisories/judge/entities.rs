//! Plugins and other entities of the Admin API.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::evidence::{Entity, Evidence, Known};
use super::super::field::located;
use super::super::place::Place;
use super::super::probes::{Condition, EntityProbe, Names, PluginProbe};
use super::super::test::{Test, text};
use super::super::verdict::Verdict;
use super::collection;

/// Values longer than this are not shown.
const SHOWN: usize = 80;

pub(super) fn plugin(evidence: &Evidence, probe: &PluginProbe, test: &Test) -> Verdict {
    let configured = collection(evidence, "plugins", |plugins| {
        plugins_of(evidence, "plugins", plugins, probe, test)
    });
    // Files that are not listed are not missed here: what they hold was or will be configured too.
    let Known::Known(files) = &evidence.declarative else {
        return configured;
    };
    let in_files = files.iter().map(|(file, values)| {
        let mut plugins = Vec::new();
        gather_plugins(values, &mut plugins);
        plugins_of(evidence, &format!("{file}: plugins"), &plugins, probe, test)
    });
    in_files.fold(configured, Verdict::or)
}

/// The plugins of a declarative file, at any depth.
fn gather_plugins(values: &Value, plugins: &mut Vec<Entity>) {
    match values {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let (true, Value::Array(items)) = (key == "plugins", value) {
                    let items = items.iter().filter_map(|item| item.as_object());
                    plugins.extend(items.map(|fields| Entity {
                        workspace: None,
                        fields: fields.clone(),
                    }));
                } else {
                    gather_plugins(value, plugins);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather_plugins(item, plugins)),
        _ => {}
    }
}

fn plugins_of(
    evidence: &Evidence,
    kind: &str,
    plugins: &[Entity],
    probe: &PluginProbe,
    test: &Test,
) -> Verdict {
    let named = plugins.iter().filter(|plugin| {
        let name = name(plugin);
        name.is_some_and(|name| probe.plugin.has("*") || probe.plugin.has(name))
    });
    let meant = named.filter(|plugin| {
        probe
            .scope
            .as_ref()
            .is_none_or(|scope| is_on(plugin, scope))
            && all_hold(plugin, &probe.conditions)
    });
    let meant: Vec<&Entity> = meant.collect();
    if probe.not_available {
        return unavailable(evidence, kind, &meant);
    }
    let each = meant.iter().flat_map(|plugin| match &probe.differs_from {
        Some(other) => differing(kind, plugin, probe.field.as_ref(), other),
        None => places(kind, plugin, probe.field.as_ref(), test),
    });
    Verdict::found(each.collect())
}

pub(super) fn entity(evidence: &Evidence, probe: &EntityProbe, test: &Test) -> Verdict {
    collection(evidence, &probe.entity, |entities| {
        let meant: Vec<&Entity> = entities
            .iter()
            .filter(|entity| all_hold(entity, &probe.conditions))
            .collect();
        if !probe.group_by.is_empty() {
            return crowded(probe, &meant);
        }
        let each = meant
            .iter()
            .flat_map(|entity| places(&probe.entity, entity, probe.path.as_ref(), test));
        Verdict::found(each.collect())
    })
}

/// The fields of an entity of which a test holds, or the entity where no field is asked for.
fn places(kind: &str, entity: &Entity, fields: Option<&Names>, test: &Test) -> Vec<Place> {
    let Some(fields) = fields else {
        return vec![place(kind, entity, None, None)];
    };
    let each = fields.0.iter().flat_map(|field| {
        let found = located(&entity.fields, field);
        if test.is_null {
            let is_missing = found.is_empty();
            let missing = is_missing.then(|| place(kind, entity, Some(field.clone()), None));
            return missing.into_iter().collect::<Vec<Place>>();
        }
        let holds = found.into_iter().filter(|(_, value)| test.holds(value));
        holds
            .map(|(path, value)| {
                // What a rule names is shown, and what is only there is not: it may be a secret.
                let is_named =
                    test.names_values() || !value.is_string() || !kind.ends_with("plugins");
                let value = if test.is_presence() || !is_named {
                    "set".to_owned()
                } else {
                    short(&value.to_string())
                };
                place(kind, entity, Some(path), Some(value))
            })
            .collect()
    });
    each.collect()
}

/// Fields of a plugin that have another value than a further one.
fn differing(kind: &str, plugin: &Entity, fields: Option<&Names>, other: &str) -> Vec<Place> {
    let Some((_, other)) = located(&plugin.fields, other).pop() else {
        return Vec::new();
    };
    let fields = fields.map_or(&[][..], |fields| &fields.0);
    let values = fields
        .iter()
        .flat_map(|field| located(&plugin.fields, field));
    values
        .filter(|(_, value)| *value != other)
        .map(|(path, _)| place(kind, plugin, Some(path), Some("set".to_owned())))
        .collect()
}

/// Plugins that the version to go to does not have.
fn unavailable(evidence: &Evidence, kind: &str, plugins: &[&Entity]) -> Verdict {
    match &evidence.available_plugins {
        Known::Known(available) => {
            let missing = plugins
                .iter()
                .filter(|plugin| name(plugin).is_some_and(|name| !available.contains(name)));
            let places = missing.map(|plugin| place(kind, plugin, None, None));
            Verdict::found(places.collect())
        }
        // Where none is configured, none can be missing.
        Known::Unknown { .. } if plugins.is_empty() => Verdict::Absent,
        Known::Unknown { unknown } => {
            Verdict::unknown(&format!("the plugins of the version to go to: {unknown}"))
        }
    }
}

/// Groups of which there are too many.
fn crowded(probe: &EntityProbe, entities: &[&Entity]) -> Verdict {
    let mut groups: BTreeMap<Vec<String>, Vec<&Entity>> = BTreeMap::new();
    for entity in entities {
        let key = probe.group_by.iter().map(|field| {
            let found = located(&entity.fields, field);
            found.iter().map(|(_, value)| text(value)).collect()
        });
        groups.entry(key.collect()).or_default().push(entity);
    }
    let crowded = groups
        .into_iter()
        .filter(|(_, of)| of.len() > probe.count_gt);
    let places = crowded.flat_map(|(key, of)| {
        let key = short(&key.join(" "));
        let fields = probe.group_by.join(" and ");
        of.into_iter()
            .map(move |entity| {
                place(
                    &probe.entity,
                    entity,
                    Some(fields.clone()),
                    Some(key.clone()),
                )
            })
            .collect::<Vec<_>>()
    });
    Verdict::found(places.collect())
}

fn all_hold(entity: &Entity, conditions: &[Condition]) -> bool {
    conditions.iter().all(|condition| {
        let found = located(&entity.fields, &condition.path);
        if condition.test.is_null {
            found.is_empty()
        } else {
            found.iter().any(|(_, value)| condition.test.holds(value))
        }
    })
}

/// Whether a plugin is configured on what `scope` says.
fn is_on(plugin: &Entity, scope: &str) -> bool {
    let on = |field: &str| !located(&plugin.fields, field).is_empty();
    if scope == "global" {
        !["service", "route", "consumer", "consumer_group"]
            .into_iter()
            .any(on)
    } else {
        on(scope)
    }
}

fn name(entity: &Entity) -> Option<&str> {
    entity.fields.get("name")?.as_str()
}

pub(super) fn place(
    kind: &str,
    entity: &Entity,
    field: Option<String>,
    value: Option<String>,
) -> Place {
    let text = |field: &str| Some(entity.fields.get(field)?.as_str()?.to_owned());
    Place::Entity {
        kind: kind.to_owned(),
        workspace: entity.workspace.clone(),
        id: text("id"),
        name: text("name").or_else(|| text("username")),
        field,
        value,
    }
}

pub(super) fn short(value: &str) -> String {
    if value.chars().count() <= SHOWN {
        value.to_owned()
    } else {
        let start: String = value.chars().take(SHOWN).collect();
        format!("{start}…")
    }
}
