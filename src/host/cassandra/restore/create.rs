//! Tables that are gone, or others than they were. Tables are made again from the kept statements; they get new ids, so what is put into them
//! is planned only after they were asked for again.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::host::cassandra::answers::{Cqlsh, Kind, Schema, Statement, Table};
use crate::host::cassandra::plan::{Order, Proof, Purpose, Stage, Step};
use crate::host::cassandra::{Id, Name};

/// How the schema now differs from the kept one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// A table is gone.
    Gone(Name),
    /// A table has come, which a restore leaves as it is.
    Come(Name),
    /// A table, its columns or its indexes are others, which a restore leaves as they are.
    Other(Name),
}

/// The stage that makes the tables of `schema` which are not among `current`, by way of `node`. One statement at a time: two at once can
/// leave the nodes with different schemas.
#[must_use]
pub fn create(schema: &Schema, current: &[Table], node: Id, cqlsh: &Cqlsh) -> Stage {
    let is_gone = |one: &&Statement| match (&one.table, one.kind) {
        (Some(table), _) => current.iter().all(|current| current.name != *table),
        // The keyspace and what belongs to it alone is gone only with all its tables.
        (None, _) => current.is_empty(),
    };
    let gone = schema.statements.iter().filter(is_gone);
    Stage {
        purpose: Purpose::Create,
        order: Order::OneByOne,
        steps: gone
            .map(|one| Step::run(node, cqlsh.vector(&one.text)))
            .collect(),
        proof: Proof::Tables,
    }
}

/// How `now` differs from `kept`.
#[must_use]
pub fn differences(kept: &Schema, now: &Schema) -> Vec<Changed> {
    let tables = |schema: &Schema| -> BTreeSet<Name> { schema.tables().cloned().collect() };
    let texts = |schema: &Schema, table: &Name| -> BTreeSet<(Kind, String)> {
        schema
            .of_table(table)
            .map(|one| (one.kind, one.text.clone()))
            .collect()
    };
    let (before, after) = (tables(kept), tables(now));
    let gone = before.difference(&after).cloned().map(Changed::Gone);
    let come = after.difference(&before).cloned().map(Changed::Come);
    let both = before.intersection(&after);
    let other = both.filter(|table| texts(kept, table) != texts(now, table));
    gone.chain(come)
        .chain(other.cloned().map(Changed::Other))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::host::cassandra::plan::Act;
    use crate::host::cassandra::sample::{schema, tables};

    fn statements(current: &[Table]) -> Vec<String> {
        let cqlsh = Cqlsh {
            address: "10.0.0.1".to_owned(),
            port: 9042,
            settings: None,
        };
        let stage = create(&schema(), current, Id::new(1), &cqlsh);
        let steps = stage.steps.iter();
        steps
            .map(|step| match &step.act {
                Act::Run(vector) => vector[3].clone(),
                Act::Put { .. } => String::new(),
            })
            .collect()
    }

    #[test]
    fn only_what_is_gone_is_made() {
        assert_eq!(statements(&tables(1)), [""; 0]);
        assert_eq!(
            statements(&tables(1)[..2]),
            ["--execute=CREATE TABLE kong.services (id uuid PRIMARY KEY)"]
        );
        let all = statements(&[]);
        assert_eq!(
            (all.len(), all[0].as_str()),
            (4, "--execute=CREATE KEYSPACE kong WITH x")
        );
    }

    #[test]
    fn differences_are_told() {
        let kept = schema();
        assert_eq!(differences(&kept, &kept), []);
        let text = "CREATE KEYSPACE kong WITH x;CREATE TABLE kong.routes (id uuid PRIMARY KEY, x int);CREATE TABLE kong.services (id uuid PRIMARY KEY);CREATE TABLE kong.keys (id uuid PRIMARY KEY);";
        let now = Schema::of(text).expect("a schema");
        let name = |name: &str| name.parse().expect("a name");
        let changed = [
            Changed::Gone(name("ratelimiting_metrics")),
            Changed::Come(name("keys")),
            Changed::Other(name("routes")),
        ];
        assert_eq!(differences(&kept, &now), changed);
    }
}
