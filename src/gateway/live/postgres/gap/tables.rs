//! The tables in which Kong counts, and when a row of one still matters.
//!
//! Sources: the migrations of the plugins `rate-limiting` and `response-ratelimiting`, and for `rl_counters` and the status codes of
//! Vitals the Enterprise dumps that the project's facts rest on.

use std::collections::BTreeSet;

use super::super::class::BOOKS;
use super::super::error::PostgresError;
use super::super::quote::{identifier, qualified};
use super::super::session::Session;

/// A table of counters: an addition to one commutes with every other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CounterTable {
    pub(super) name: &'static str,
    /// What identifies a counter: the columns of a unique index.
    key: &'static [&'static str],
    /// The column that counts.
    count: &'static str,
    /// Columns that go along with a new counter and say nothing of how it counts.
    along: &'static [&'static str],
    windows: Windows,
}

/// How long a row of a table matters, and what of it names its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Windows {
    /// Periods by the calendar of UTC, which begin at `period_date`. A period may bear the name of a limit before it.
    Calendar,
    /// So many seconds from `window_start`. The next window weighs this one, so a row matters for two.
    Sliding,
    /// Statistics from `at` on, for `duration` seconds. What was counted since the copy was made matters.
    Statistics,
}

/// When a window by the calendar ends, of the row `{row}`. By the end of the period's name, which is asked a million times.
const CALENDAR_END: &str = "({row}.period_date + CASE
    WHEN {row}.period LIKE '%second' THEN interval '1 second' WHEN {row}.period LIKE '%minute' THEN interval '1 minute'
    WHEN {row}.period LIKE '%hour' THEN interval '1 hour' WHEN {row}.period LIKE '%day' THEN interval '1 day'
    WHEN {row}.period LIKE '%month' THEN interval '1 month' WHEN {row}.period LIKE '%year' THEN interval '1 year'
    ELSE interval '0' END)";

impl Windows {
    /// Whether the row called `c` matters in a gap that began at `since`, which is SQL.
    fn open(self, since: &str) -> String {
        match self {
            Self::Calendar => format!("{} > now()", CALENDAR_END.replace("{row}", "c")),
            Self::Sliding => {
                "c.window_start + 2 * c.window_size > extract(epoch FROM now())".to_owned()
            }
            Self::Statistics => format!("c.at + make_interval(secs => c.duration) > {since}"),
        }
    }

    /// When the window of the row called `alias` ends, as a moment; statistics limit nothing.
    fn ends(self, alias: &str) -> String {
        match self {
            Self::Calendar => CALENDAR_END.replace("{row}", alias),
            Self::Sliding => format!("to_timestamp({alias}.window_start + {alias}.window_size)"),
            Self::Statistics => "now()".to_owned(),
        }
    }

    /// What a limit for the row called `alias` is found by: a service or namespace, a route, and who is counted.
    fn limited_by(self, alias: &str) -> Option<(String, String, String)> {
        let column = |name: &str| format!("{alias}.{name}::text");
        match self {
            Self::Calendar => Some((
                column("service_id"),
                column("route_id"),
                column("identifier"),
            )),
            Self::Sliding => Some((column("namespace"), "''".to_owned(), column("key"))),
            Self::Statistics => None,
        }
    }

    /// What the window of the row called `alias` is called.
    fn period(self, alias: &str) -> String {
        match self {
            Self::Calendar => format!("{alias}.period"),
            Self::Sliding => format!("({alias}.window_size || ' s')"),
            Self::Statistics => format!("({alias}.duration || ' s')"),
        }
    }
}

const COUNTERS: [CounterTable; 7] = [
    CounterTable {
        name: "ratelimiting_metrics",
        key: &[
            "identifier",
            "period",
            "period_date",
            "service_id",
            "route_id",
        ],
        count: "value",
        along: &["ttl"],
        windows: Windows::Calendar,
    },
    CounterTable {
        name: "response_ratelimiting_metrics",
        key: &[
            "identifier",
            "period",
            "period_date",
            "service_id",
            "route_id",
        ],
        count: "value",
        along: &["ttl"],
        windows: Windows::Calendar,
    },
    CounterTable {
        name: "rl_counters",
        key: &["key", "namespace", "window_start", "window_size"],
        count: "count",
        along: &[],
        windows: Windows::Sliding,
    },
    CounterTable {
        name: "vitals_code_classes_by_cluster",
        key: &["code_class", "at", "duration"],
        count: "count",
        along: &[],
        windows: Windows::Statistics,
    },
    CounterTable {
        name: "vitals_code_classes_by_workspace",
        key: &["workspace_id", "code_class", "at", "duration"],
        count: "count",
        along: &[],
        windows: Windows::Statistics,
    },
    CounterTable {
        name: "vitals_codes_by_route",
        key: &["route_id", "code", "at", "duration"],
        count: "count",
        along: &["service_id"],
        windows: Windows::Statistics,
    },
    CounterTable {
        name: "vitals_codes_by_consumer_route",
        key: &["consumer_id", "route_id", "code", "at", "duration"],
        count: "count",
        along: &["service_id"],
        windows: Windows::Statistics,
    },
];

/// A table of counters as a database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counters {
    table: &'static CounterTable,
    /// Those columns of it that this database's table has.
    along: Vec<&'static str>,
    schema: String,
}

/// The tables of counters that a database has. One of another layout than ours is an error: what identifies a counter there is not known.
pub(super) async fn counters(
    session: &Session,
    schema: &str,
) -> Result<Vec<Counters>, PostgresError> {
    let mut found = Vec::new();
    for table in &COUNTERS {
        let columns = columns(session, &qualified(schema, table.name)).await?;
        if columns.is_empty() {
            continue;
        }
        let wanted = table.key.iter().chain([&table.count]);
        let missing: Vec<&str> = wanted
            .copied()
            .filter(|column| !columns.contains(*column))
            .collect();
        let name = qualified(schema, table.name);
        if !missing.is_empty() || !is_key(session, &name, table.key).await? {
            return Err(PostgresError::Layout {
                table: table.name,
                missing: missing.into_iter().map(str::to_owned).collect(),
            });
        }
        let along = table.along.iter().copied();
        found.push(Counters {
            table,
            along: along.filter(|column| columns.contains(*column)).collect(),
            schema: schema.to_owned(),
        });
    }
    Ok(found)
}

/// The columns of a table; none where there is no such table.
pub(super) async fn columns(
    session: &Session,
    table: &str,
) -> Result<BTreeSet<String>, PostgresError> {
    let rows = session
        .query(
            "SELECT attname::text FROM pg_catalog.pg_attribute
             WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped",
            &[&table],
        )
        .await
        .map_err(PostgresError::query("look at a table of counters"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Whether the columns that are to identify a row of `table` do.
pub(super) async fn is_key(
    session: &Session,
    table: &str,
    key: &[&str],
) -> Result<bool, PostgresError> {
    let mut wanted: Vec<&str> = key.to_vec();
    wanted.sort_unstable();
    let row = session
        .query_one(
            "SELECT EXISTS (
                 SELECT FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                 WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indpred IS NULL
                 GROUP BY i.indexrelid
                 HAVING array_agg(a.attname::text ORDER BY a.attname::text COLLATE \"C\") = $2)",
            &[&table, &wanted],
        )
        .await
        .map_err(PostgresError::query("look at the key of a table of counters"))?;
    Ok(row.get(0))
}

impl Counters {
    pub(super) fn name(&self) -> &'static str {
        self.table.name
    }

    /// The table, for SQL.
    pub(super) fn table(&self) -> String {
        qualified(&self.schema, self.table.name)
    }

    /// The table of ours that goes with it.
    pub(super) fn books(&self) -> String {
        qualified(&self.schema, &format!("{BOOKS}_{}", self.table.name))
    }

    pub(super) fn count(&self) -> String {
        identifier(self.table.count)
    }

    /// A column of the key, which no row is without.
    pub(super) fn first_of_key(&self) -> String {
        identifier(self.table.key[0])
    }

    /// The columns of the key.
    pub(super) fn key(&self) -> String {
        list(self.table.key, identifier)
    }

    /// The columns of the key, of the row called `alias`.
    pub(super) fn key_of(&self, alias: &str) -> String {
        list(self.table.key, |column| {
            format!("{alias}.{}", identifier(column))
        })
    }

    /// That two rows are of the same counter.
    pub(super) fn same(&self, one: &str, other: &str) -> String {
        let equal = |column: &&str| {
            let column = identifier(column);
            format!("{one}.{column} = {other}.{column}")
        };
        let parts: Vec<String> = self.table.key.iter().map(equal).collect();
        parts.join(" AND ")
    }

    /// The columns that go along, each after a comma; of the row called `alias` if there is one.
    pub(super) fn along(&self, alias: Option<&str>) -> String {
        let row = alias.map_or(String::new(), |alias| format!("{alias}."));
        let columns = self.along.iter().map(|column| identifier(column));
        columns.fold(String::new(), |text, column| {
            text + ", " + &row[..] + &column[..]
        })
    }

    /// What both tables have, so that rows of one fit the other.
    pub(super) fn shared_with(&self, other: &Self) -> Self {
        let along = self.along.iter().copied();
        Self {
            along: along
                .filter(|column| other.along.contains(column))
                .collect(),
            ..self.clone()
        }
    }

    /// Whether the row `c` still matters, in a gap that began at `since`, which is SQL. Kong reads a row as 0 whose `ttl` is over.
    pub(super) fn open(&self, since: &str) -> String {
        let open = self.table.windows.open(since);
        if self.expires() {
            format!("({open}) AND (c.ttl IS NULL OR c.ttl > now())")
        } else {
            format!("({open})")
        }
    }

    /// Whether its rows say until when Kong heeds them.
    pub(super) fn expires(&self) -> bool {
        self.along.contains(&"ttl")
    }

    /// The same table of another schema.
    pub(super) fn within(&self, schema: &str) -> Self {
        Self {
            schema: schema.to_owned(),
            ..self.clone()
        }
    }

    pub(super) fn ends(&self, alias: &str) -> String {
        self.table.windows.ends(alias)
    }

    pub(super) fn limited_by(&self, alias: &str) -> Option<(String, String, String)> {
        self.table.windows.limited_by(alias)
    }

    pub(super) fn period(&self, alias: &str) -> String {
        self.table.windows.period(alias)
    }
}

fn list(columns: &[&str], named: impl Fn(&str) -> String) -> String {
    let names: Vec<String> = columns.iter().map(|column| named(column)).collect();
    names.join(", ")
}
