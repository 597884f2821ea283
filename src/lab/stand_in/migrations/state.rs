//! What has run on a database, seen from one version of Kong: `schema_meta` held against the migrations that version knows.

use serde::Serialize;
use tokio_postgres::Client;

use super::MigrationError;
use crate::kong::Version;
use crate::kong::catalogue::{self, Migration, Subsystem};
use crate::kong::migrations::Verdict;

/// Some migrations of one subsystem.
#[derive(Debug, Clone)]
pub struct Section {
    /// The subsystem; all its migrations that this version knows.
    pub subsystem: Subsystem,
    /// Those of them that are meant.
    pub migrations: Vec<Migration>,
}

/// Where the schema stands. A migration that this version does not know is not seen at all, as in Kong.
#[derive(Debug, Clone)]
pub struct SchemaState {
    /// There is no `schema_meta`.
    pub needs_bootstrap: bool,
    /// What has run to its end.
    pub executed: Vec<Section>,
    /// What waits for `finish`.
    pub pending: Vec<Section>,
    /// What waits for `up`.
    pub new: Vec<Section>,
}

#[derive(Serialize)]
struct SectionOut<'a> {
    subsystem: &'a str,
    namespace: String,
    migrations: Vec<&'a str>,
}

impl SchemaState {
    /// Reads the state from the database.
    pub async fn load(client: &Client, version: &Version) -> Result<Self, MigrationError> {
        let present: bool = client
            .query_one("SELECT to_regclass('schema_meta') IS NOT NULL", &[])
            .await?
            .get(0);
        let rows = if present {
            let select = "SELECT subsystem, coalesce(executed, '{}'), coalesce(pending, '{}') FROM schema_meta WHERE key = 'schema_meta'";
            client.query(select, &[]).await?
        } else {
            Vec::new()
        };
        let mut state = Self {
            needs_bootstrap: !present,
            executed: Vec::new(),
            pending: Vec::new(),
            new: Vec::new(),
        };
        for subsystem in catalogue::of(version) {
            let row = rows
                .iter()
                .find(|row| row.get::<_, &str>(0) == subsystem.name);
            let (executed, pending) = row.map_or_else(Default::default, |row| {
                (row.get::<_, Vec<String>>(1), row.get::<_, Vec<String>>(2))
            });
            let in_list = |list: &[String], migration: &Migration| {
                list.iter().any(|name| name == migration.name)
            };
            let add = |sections: &mut Vec<Section>, wanted: &dyn Fn(&Migration) -> bool| {
                let migrations: Vec<_> = subsystem
                    .migrations
                    .iter()
                    .copied()
                    .filter(wanted)
                    .collect();
                if !migrations.is_empty() {
                    sections.push(Section {
                        subsystem: subsystem.clone(),
                        migrations,
                    });
                }
            };
            add(&mut state.executed, &|it| in_list(&executed, it));
            add(&mut state.pending, &|it| in_list(&pending, it));
            add(&mut state.new, &|it| {
                !in_list(&executed, it) && !in_list(&pending, it)
            });
        }
        Ok(state)
    }

    /// The state of a database on which all that `version` knows has run.
    #[must_use]
    pub fn complete(version: &Version) -> Self {
        let executed = catalogue::of(version).into_iter().map(|subsystem| {
            let migrations = subsystem.migrations.clone();
            Section {
                subsystem,
                migrations,
            }
        });
        Self {
            needs_bootstrap: false,
            executed: executed.collect(),
            pending: Vec::new(),
            new: Vec::new(),
        }
    }

    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (
            self.needs_bootstrap,
            self.pending.is_empty(),
            self.new.is_empty(),
        ) {
            (true, _, _) => Verdict::NeedsBootstrap,
            (false, true, true) => Verdict::UpToDate,
            (false, false, true) => Verdict::Pending,
            (false, true, false) => Verdict::New,
            (false, false, false) => Verdict::PendingAndNew,
        }
    }

    /// What `kong migrations status` prints; empty lists are left out.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        object.insert("needs_bootstrap".to_owned(), self.needs_bootstrap.into());
        let lists = [
            ("executed_migrations", &self.executed),
            ("pending_migrations", &self.pending),
            ("new_migrations", &self.new),
        ];
        for (key, sections) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            let sections: Vec<_> = sections.iter().map(section_out).collect();
            let value = serde_json::to_value(sections).expect("names are JSON");
            object.insert(key.to_owned(), value);
        }
        serde_json::Value::Object(object)
    }
}

fn section_out(section: &Section) -> SectionOut<'_> {
    SectionOut {
        subsystem: section.subsystem.name,
        namespace: section.subsystem.namespace(),
        migrations: section.migrations.iter().map(|it| it.name).collect(),
    }
}

/// The lines `subsystem: a, b, c` of a list, the subsystems flush right.
#[must_use]
pub fn lines(sections: &[Section]) -> String {
    let width = sections.iter().map(|it| it.subsystem.name.len()).max();
    let width = width.unwrap_or_default();
    let lines: Vec<String> = sections
        .iter()
        .map(|section| {
            let names: Vec<_> = section.migrations.iter().map(|it| it.name).collect();
            format!("{:>width$}: {}", section.subsystem.name, names.join(", "))
        })
        .collect();
    lines.join("\n")
}
