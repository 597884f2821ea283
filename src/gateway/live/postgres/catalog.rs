//! What belongs to a database and is carried neither by a dump nor by TEMPLATE: owner, grants, settings, limits, comment.

use serde::{Deserialize, Serialize};

use super::error::PostgresError;
use super::quote::{identifier, literal};
use super::session::Session;

/// Settings whose stored value is a list of quoted names, to be set as a list again (`GUC_LIST_QUOTE` in the server).
const LISTS: [&str; 5] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// What belongs to a database beside its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its object id.
    pub oid: u32,
    /// Its owner.
    pub owner: String,
    /// Its encoding, such as `UTF8`.
    pub encoding: String,
    /// `LC_COLLATE`.
    pub collate: String,
    /// `LC_CTYPE`.
    pub character_type: String,
    /// How many sessions it admits; -1 for any number.
    pub connection_limit: i32,
    /// Whether it admits sessions at all.
    pub allows_connections: bool,
    /// Who may do what with it; absent while the server's defaults hold.
    pub grants: Option<Vec<Grant>>,
    /// Settings of the database, and of roles in it.
    pub settings: Vec<Setting>,
    /// Its comment.
    pub comment: Option<String>,
    /// Its size in bytes, indexes included; absent where we may not connect to it.
    pub bytes: Option<u64>,
}

/// One privilege on a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who has it; absent for everybody.
    pub grantee: Option<String>,
    /// `CONNECT`, `CREATE` or `TEMPORARY`.
    pub privilege: String,
    /// Whether it may be passed on.
    pub grantable: bool,
}

/// One setting of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The role it holds for; absent for every role.
    pub role: Option<String>,
    /// Its name.
    pub name: String,
    /// Its value as stored.
    pub value: String,
}

/// Describes the database called `name`, if there is one.
pub async fn describe(session: &Session, name: &str) -> Result<Option<Description>, PostgresError> {
    let failed = || PostgresError::query(format!("describe the database `{name}`"));
    let Some(row) = session
        .query_opt(
            "SELECT d.oid, pg_get_userbyid(d.datdba)::text, pg_encoding_to_char(d.encoding)::text, d.datcollate::text,
                    d.datctype::text, d.datconnlimit, d.datallowconn, d.datacl IS NOT NULL,
                    shobj_description(d.oid, 'pg_database'),
                    CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) END
             FROM pg_catalog.pg_database d WHERE d.datname = $1",
            &[&name],
        )
        .await
        .map_err(failed())?
    else {
        return Ok(None);
    };
    let oid: u32 = row.get(0);
    let settings = session
        .query(
            "SELECT CASE WHEN s.setrole = 0 THEN NULL ELSE pg_get_userbyid(s.setrole)::text END, unnest(s.setconfig)
             FROM pg_catalog.pg_db_role_setting s WHERE s.setdatabase = $1 ORDER BY 1 NULLS FIRST, 2",
            &[&oid],
        )
        .await
        .map_err(failed())?;
    let grants = session
        .query(
            "SELECT CASE WHEN g.grantee = 0 THEN NULL ELSE pg_get_userbyid(g.grantee)::text END, g.privilege_type, g.is_grantable
             FROM pg_catalog.pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) AS g WHERE d.oid = $1 ORDER BY 1 NULLS FIRST, 2",
            &[&oid],
        )
        .await
        .map_err(failed())?;
    Ok(Some(Description {
        name: name.to_owned(),
        oid,
        owner: row.get(1),
        encoding: row.get(2),
        collate: row.get(3),
        character_type: row.get(4),
        connection_limit: row.get(5),
        allows_connections: row.get(6),
        grants: row.get::<_, bool>(7).then(|| {
            let grant = |row: &tokio_postgres::Row| Grant {
                grantee: row.get(0),
                privilege: row.get(1),
                grantable: row.get(2),
            };
            grants.iter().map(grant).collect()
        }),
        settings: settings.iter().filter_map(setting).collect(),
        comment: row.get(8),
        bytes: row.get::<_, Option<i64>>(9).map(i64::unsigned_abs),
    }))
}

fn setting(row: &tokio_postgres::Row) -> Option<Setting> {
    let (name, value) = row.get::<_, &str>(1).split_once('=')?;
    Some(Setting {
        role: row.get(0),
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

impl Description {
    /// The statements that give the database called `name` what this description says, except owner, comment and
    /// `allows_connections`. Each stands alone: what one role may not set must not keep the rest from being copied.
    pub(super) fn statements(&self, name: &str) -> Vec<String> {
        let database = identifier(name);
        let mut statements = vec![format!(
            "ALTER DATABASE {database} CONNECTION LIMIT {}",
            self.connection_limit
        )];
        if let Some(grants) = &self.grants {
            statements.push(format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"));
            statements.extend(grants.iter().map(|grant| {
                let grantee = grant
                    .grantee
                    .as_deref()
                    .map_or("PUBLIC".to_owned(), identifier);
                let option = if grant.grantable {
                    " WITH GRANT OPTION"
                } else {
                    ""
                };
                format!(
                    "GRANT {} ON DATABASE {database} TO {grantee}{option}",
                    grant.privilege
                )
            }));
        }
        statements.extend(self.settings.iter().map(|setting| {
            let target = match &setting.role {
                None => format!("DATABASE {database}"),
                Some(role) => format!("ROLE {} IN DATABASE {database}", identifier(role)),
            };
            format!(
                "ALTER {target} SET {} TO {}",
                parameter(&setting.name),
                value(setting)
            )
        }));
        statements
    }
}

/// A parameter's name; an extension's has two parts, `app.name`.
fn parameter(name: &str) -> String {
    name.split('.')
        .map(identifier)
        .collect::<Vec<_>>()
        .join(".")
}

fn value(setting: &Setting) -> String {
    if !LISTS.contains(&setting.name.to_lowercase().as_str()) {
        return literal(&setting.value);
    }
    let items: Vec<String> = items(&setting.value)
        .iter()
        .map(|item| literal(item))
        .collect();
    if items.is_empty() {
        "''".to_owned()
    } else {
        items.join(", ")
    }
}

/// The names in a stored list such as `"$user", public`.
fn items(list: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quoted = false;
    let mut characters = list.chars().peekable();
    while let Some(character) = characters.next() {
        let last = items.last_mut().expect("there is always a last item");
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                last.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => items.push(String::new()),
            ' ' if !quoted => {}
            other => last.push(other),
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_set_item_by_item_and_a_value_is_quoted() {
        let setting = |name: &str, value: &str| Setting {
            role: None,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!(
            value(&setting("search_path", "\"$user\", kong, \"a\"\"b, c\"")),
            "'$user', 'kong', 'a\"b, c'"
        );
        assert_eq!(value(&setting("search_path", "\"\"")), "''");
        assert_eq!(value(&setting("application_name", "it's")), "'it''s'");
        assert_eq!(parameter("app.x"), "\"app\".\"x\"");
    }
}
