//! The same configuration as real Kong of three versions shows and stores it. Skipped where the recordings are not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Comparison, Entities, Schemas, Why, compare, differences, expected, schemas, version};

/// The kinds that were recorded, with the field by which an entity of a separately seeded gateway is found again.
const KINDS: [(&str, &str, &str); 7] = [
    ("services", "services", "name"),
    ("routes", "routes", "name"),
    ("plugins", "plugins", "name"),
    ("consumers", "consumers", "username"),
    ("upstreams", "upstreams", "name"),
    ("targets", "upstreams_pool1_targets", "target"),
    ("key-auths", "key-auths", "key"),
];

fn recordings() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/kong-observed");
    path.is_dir().then_some(path)
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a recording");
    serde_json::from_str(&text).expect("JSON")
}

/// What a version's Admin API answered, by kind.
fn answers(recordings: &Path, version: &str) -> BTreeMap<&'static str, Vec<Value>> {
    let folder = recordings.join("admin-api").join(version);
    let read = KINDS.map(|(kind, file, _)| {
        let answer = json(&folder.join(format!("{file}.json")));
        let Value::Array(data) = answer["data"].clone() else {
            unreachable!("a collection has data");
        };
        (kind, data)
    });
    read.into()
}

fn entities(answers: &BTreeMap<&'static str, Vec<Value>>) -> Entities {
    let mut entities = Entities::default();
    for (kind, data) in answers {
        entities.add(kind, "default", data.clone());
    }
    entities
}

/// The schemas of 3.9.1, with what the version itself answered of `rate-limiting`.
fn schemas_of(recordings: &Path, version: &str) -> Schemas {
    let mut schemas = schemas();
    let recorded = format!("admin-api/{version}/schemas_plugins_rate-limiting.json");
    let recorded = json(&recordings.join(recorded));
    schemas
        .add_named("plugins", "rate-limiting", &recorded)
        .expect("a schema");
    schemas
}

/// How often something was expected for each reason, of a kind or plugin; less what changes by itself.
fn tally(comparison: &Comparison) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for (line, expected) in expected(comparison).into_iter().zip(&comparison.expected) {
        let (_, why) = line.split_once(": ").expect("a path and why");
        let why = why.split(' ').next().unwrap_or_default();
        let of = match expected.subject.kind.as_str() {
            "plugins" => expected.subject.name.as_deref().unwrap_or_default(),
            kind => kind,
        };
        if expected.why != Why::Volatile {
            *tally.entry(format!("{of} {why}")).or_default() += 1;
        }
    }
    tally
}

fn assert_tally(comparison: &Comparison, told: &[(&str, usize)], of: &str) {
    let told = told
        .iter()
        .map(|(line, count)| ((*line).to_owned(), *count));
    assert_eq!(tally(comparison), told.collect(), "{of}");
}

/// What names an entity in every gateway that was seeded alike; of a plugin, with what it is for.
fn name(entity: &Value, field: &str, names: &BTreeMap<String, String>) -> String {
    let mut name = entity[field].to_string();
    for of in ["service", "route", "consumer"] {
        let id = entity[of]["id"].as_str().unwrap_or_default();
        if field == "name" && entity.get("config").is_some() {
            name += names.get(id).map_or("-", String::as_str);
        }
    }
    name
}

/// The ids of a gateway's entities by kind and name, and the names by id.
fn names(answers: &BTreeMap<&'static str, Vec<Value>>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    // Plugins last: their names are made of those of others.
    let (plugins, others): (Vec<_>, Vec<_>) =
        KINDS.iter().partition(|(kind, ..)| *kind == "plugins");
    for (kind, _, field) in others.into_iter().chain(plugins) {
        for entity in &answers[kind] {
            let named = format!("{kind} {}", name(entity, field, &names));
            let id = entity["id"].as_str().expect("an id").to_owned();
            names.insert(id, named);
        }
    }
    names
}

/// The answers with the ids of a gateway that was seeded alike.
fn with_ids_of(
    answers: &BTreeMap<&'static str, Vec<Value>>,
    other: &BTreeMap<&'static str, Vec<Value>>,
) -> BTreeMap<&'static str, Vec<Value>> {
    let theirs = names(other).into_iter().map(|(id, name)| (name, id));
    let theirs: BTreeMap<String, String> = theirs.collect();
    let mut text = serde_json::to_string(answers).expect("JSON");
    for (id, name) in names(answers) {
        text = text.replace(&id, &theirs[&name]);
    }
    let answers: BTreeMap<String, Vec<Value>> = serde_json::from_str(&text).expect("JSON");
    let kinds = KINDS.map(|(kind, ..)| (kind, answers[kind].clone()));
    kinds.into()
}

#[test]
fn the_gateway_of_3_4_2_is_the_same_after_its_upgrade_to_3_9_1() {
    let Some(recordings) = recordings() else {
        return;
    };
    let [blue, green] = ["3.4.2", "3.9.1"].map(|version| answers(&recordings, version));
    let found = compare(
        &entities(&blue),
        &entities(&green),
        &schemas_of(&recordings, "3.9.1"),
        &version("3.4.2"),
        &version("3.9.1"),
    );
    assert_eq!(differences(&found), [""; 0]);
    assert_eq!(found.compared.values().sum::<u64>(), 43);
    // Nine fields of Redis under two names each, some of them null, and a new field of `prometheus`.
    let told = [
        ("prometheus default", 1),
        ("rate-limiting derived", 27),
        ("rate-limiting renamed", 16),
    ];
    assert_tally(&found, &told, "3.9.1");
}

#[test]
fn the_configuration_of_2_8_5_is_that_of_3_4_2_and_3_9_1() {
    let Some(recordings) = recordings() else {
        return;
    };
    let three: &[_] = &[
        ("prometheus default", 4),
        ("rate-limiting default", 9),
        ("routes derived", 1),
        ("upstreams default", 1),
    ];
    let nine: &[_] = &[
        ("prometheus default", 5),
        ("rate-limiting default", 9),
        ("rate-limiting derived", 27),
        ("rate-limiting renamed", 16),
        ("routes derived", 1),
        ("upstreams default", 1),
    ];
    for (to, told) in [("3.4.2", three), ("3.9.1", nine)] {
        let [blue, green] = ["2.8.5", to].map(|version| answers(&recordings, version));
        // They were seeded alike, under ids of their own.
        let blue = with_ids_of(&blue, &green);
        let found = compare(
            &entities(&blue),
            &entities(&green),
            &schemas_of(&recordings, to),
            &version("2.8.5"),
            &version(to),
        );
        assert_eq!(differences(&found), [""; 0], "{to}");
        assert_eq!(found.compared.values().sum::<u64>(), 43, "{to}");
        assert_tally(&found, told, to);
    }
}

#[test]
fn a_value_that_was_changed_in_between_is_a_difference() {
    let Some(recordings) = recordings() else {
        return;
    };
    let [blue, mut green] = ["3.4.2", "3.9.1"].map(|version| answers(&recordings, version));
    for plugin in green.get_mut("plugins").expect("there") {
        if plugin["config"]["policy"] == "redis" {
            plugin["config"]["redis"]["host"] = "elsewhere".into();
            plugin["config"]["redis_host"] = "elsewhere".into();
        }
    }
    let found = compare(
        &entities(&blue),
        &entities(&green),
        &schemas_of(&recordings, "3.9.1"),
        &version("3.4.2"),
        &version("3.9.1"),
    );
    assert_eq!(
        differences(&found),
        [r#"config.redis.host: "127.0.0.1" -> "elsewhere""#]
    );
}

/// The rows of a table in a dump: by id, the columns that are asked for.
fn rows(dump: &str, table: &str, columns: &[&str]) -> BTreeMap<String, Vec<String>> {
    let head = format!("COPY public.{table} (");
    let (_, rest) = dump.split_once(&head).expect("the table");
    let (names, rest) = rest.split_once(") FROM stdin;\n").expect("its columns");
    let (lines, _) = rest.split_once("\\.\n").expect("its end");
    let names: Vec<&str> = names.split(", ").collect();
    let place = |column: &str| {
        names
            .iter()
            .position(|name| *name == column)
            .expect("a column")
    };
    let rows = lines.lines().map(|line| {
        let cells: Vec<String> = line
            .split('\t')
            .map(|cell| cell.replace("\\\\", "\\"))
            .collect();
        let asked = columns.iter().map(|column| cells[place(column)].clone());
        (cells[place("id")].clone(), asked.collect())
    });
    rows.collect()
}

/// What a database holds of plugins and paths, as entities.
fn stored(recordings: &Path, database: &str) -> Entities {
    let dump = recordings.join(format!("databases/{database}.sql"));
    let dump = std::fs::read_to_string(dump).expect("a dump");
    let mut entities = Entities::default();
    let plugins = rows(&dump, "plugins", &["name", "config"]);
    let plugins = plugins.into_iter().map(|(id, cells)| {
        let config: Value = serde_json::from_str(&cells[1]).expect("JSON");
        serde_json::json!({"id": id, "name": cells[0], "config": config})
    });
    entities.add("plugins", "default", plugins);
    let routes = rows(&dump, "routes", &["name", "paths"]);
    let routes = routes.into_iter().map(|(id, cells)| {
        let paths = cells[1].trim_matches(['{', '}']).split(',');
        let paths: Vec<&str> = paths.map(|path| path.trim_matches('"')).collect();
        serde_json::json!({"id": id, "name": cells[0], "paths": paths})
    });
    entities.add("routes", "default", routes);
    entities
}

#[test]
fn what_real_migrations_made_of_stored_rows_is_expected() {
    let Some(recordings) = recordings() else {
        return;
    };
    let paths: &[_] = &[("routes derived", 1)];
    let moved: &[_] = &[("rate-limiting renamed", 16)];
    // Until `finish` the old names stand beside the new ones.
    let both: &[_] = &[("rate-limiting derived", 27), ("rate-limiting renamed", 16)];
    for (before, after, from, to, told) in [
        ("st_28", "st_28_34up", "2.8.5", "3.4.2", paths),
        ("st_28", "st_28_34fin", "2.8.5", "3.4.2", paths),
        ("st_34", "st_39up", "3.4.2", "3.9.1", both),
        ("st_34", "st_39fin", "3.4.2", "3.9.1", moved),
    ] {
        let (blue, green) = (stored(&recordings, before), stored(&recordings, after));
        let schemas = schemas_of(&recordings, to);
        let found = compare(&blue, &green, &schemas, &version(from), &version(to));
        assert_eq!(differences(&found), [""; 0], "{after}");
        assert_eq!(found.compared["plugins"], 10, "{after}");
        assert_tally(&found, told, after);
    }
}
