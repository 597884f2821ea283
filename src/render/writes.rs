//! What was written into a database since some moment, for the person who is about to lose it.

use super::clean;
use crate::gateway::{RowWrites, TableWrites, Writes};

/// The writes, table by table; `since` names the moment.
#[must_use]
pub fn writes(found: &Writes, since: &str) -> String {
    if found.configuration.is_empty() && found.traffic.is_empty() {
        return format!("nothing was written since {since}");
    }
    let mut lines = vec![format!("written since {since}:")];
    if found.configuration.is_empty() {
        lines.push("  no configuration".to_owned());
    }
    for table in &found.configuration {
        lines.push(format!("  {}: {}", clean(&table.table), counted(table)));
        let keys = table.rows.as_ref().map(|rows| rows.keys.as_slice());
        for key in keys.unwrap_or_default() {
            lines.push(format!("    {}", clean(key)));
        }
        let named = keys.unwrap_or_default().len() as u64;
        let all = table.rows.as_ref().map_or(0, total);
        if all > named {
            lines.push(format!("    and {} more", all - named));
        }
    }
    for table in &found.traffic {
        lines.push(format!(
            "  {} (written by traffic): {}",
            clean(&table.table),
            counted(table)
        ));
    }
    lines.join("\n")
}

fn counted(table: &TableWrites) -> String {
    match &table.rows {
        Some(rows) => format!(
            "{} added, {} changed, {} removed",
            rows.added, rows.changed, rows.removed
        ),
        None => format!(
            "{} rows then, {} now; which of them differ is not known",
            table.before, table.after
        ),
    }
}

fn total(rows: &RowWrites) -> u64 {
    rows.added + rows.changed + rows.removed
}
