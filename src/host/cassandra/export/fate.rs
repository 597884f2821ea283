//! What becomes of a table of Kong's when its database is exported and imported.

use serde::Serialize;

use crate::host::cassandra::answers::Table;

/// Which versions of Kong export the same tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// Before 3.0: sessions and authorisation codes are exported.
    Two,
    /// From 3.0 on: they are not.
    Three,
}

/// What becomes of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Its rows are exported.
    Exported,
    /// It is made anew by the import or the bootstrap.
    MadeAnew,
    /// Its rows are of the running cluster only, and mean nothing in another.
    OfThisCluster,
    /// Counters, which begin at nothing again.
    Counters,
    /// Sessions: people sign in again.
    Sessions,
    /// Codes of a sign-in that is under way: it is begun again.
    Codes,
    /// The authority of a hybrid cluster with its own certificates.
    Authority,
    /// The Enterprise edition's, which needs its vendor's way.
    Enterprise,
    /// Not known here: a plugin's, perhaps.
    Unknown,
}

/// The tables whose rows all versions export.
const EXPORTED: [&str; 22] = [
    "acls",
    "acme_storage",
    "basicauth_credentials",
    "ca_certificates",
    "certificates",
    "consumers",
    "hmacauth_credentials",
    "jwt_secrets",
    "key_sets",
    "keyauth_credentials",
    "keys",
    "oauth2_credentials",
    "oauth2_tokens",
    "parameters",
    "plugins",
    "routes",
    "services",
    "sm_vaults",
    "snis",
    "targets",
    "upstreams",
    "workspaces",
];

/// The other tables that are known, with what becomes of them.
const OTHERS: [(&str, Fate); 10] = [
    // The tags stand in the entities, which are exported.
    ("tags", Fate::MadeAnew),
    ("schema_meta", Fate::MadeAnew),
    ("schema_migrations", Fate::MadeAnew),
    ("cluster_events", Fate::OfThisCluster),
    ("clustering_data_planes", Fate::OfThisCluster),
    ("locks", Fate::OfThisCluster),
    ("cluster_ca", Fate::Authority),
    ("ratelimiting_metrics", Fate::Counters),
    ("response_ratelimiting_metrics", Fate::Counters),
    ("rl_counters", Fate::Counters),
];

/// What names of the Enterprise edition's tables begin with.
const ENTERPRISE: [&str; 27] = [
    "admins",
    "application",
    "audit_",
    "consumer_group",
    "consumer_reset_secrets",
    "credentials",
    "degraphql_routes",
    "developers",
    "document_objects",
    "event_hooks",
    "files",
    "graphql_",
    "group_rbac_roles",
    "groups",
    "jwt_signer_jwks",
    "keyauth_enc_credentials",
    "keyring_",
    "konnect_applications",
    "legacy_files",
    "licenses",
    "login_attempts",
    "mtls_auth_credentials",
    "oic_",
    "rbac_",
    "vault_auth_vaults",
    "vitals_",
    "workspace_entit",
];

/// What becomes of the table when a Kong of that era exports.
#[must_use]
pub fn fate(table: &Table, era: Era) -> Fate {
    let name = table.name.as_str();
    let other = OTHERS.iter().find(|(other, _)| *other == name);
    match (name, era) {
        // The table of vaults has another name from 3.0 on.
        ("sessions" | "oauth2_authorization_codes" | "vaults_beta", Era::Two) => Fate::Exported,
        ("sessions", Era::Three) => Fate::Sessions,
        ("oauth2_authorization_codes", Era::Three) => Fate::Codes,
        _ if other.is_some() => other.map_or(Fate::Unknown, |(_, fate)| *fate),
        // Whatever its name, a counter cannot be written, so no import could bring it back.
        _ if table.is_counter => Fate::Counters,
        _ if EXPORTED.contains(&name) => Fate::Exported,
        _ if ENTERPRISE.iter().any(|prefix| name.starts_with(prefix)) => Fate::Enterprise,
        _ => Fate::Unknown,
    }
}

impl Fate {
    /// Whether its rows are gone after the move.
    #[must_use]
    pub fn loses_rows(self) -> bool {
        !matches!(self, Self::Exported | Self::MadeAnew | Self::OfThisCluster)
    }

    /// What it means, in words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Exported => "its rows are exported",
            Self::MadeAnew => "it is made anew",
            Self::OfThisCluster => "its rows are of the running cluster only",
            Self::Counters => "counters are not exported: limits begin at nothing again",
            Self::Sessions => "sessions are not exported: people sign in again",
            Self::Codes => "codes are not exported: a sign-in under way is begun again",
            Self::Authority => {
                "the cluster's own authority is not exported: certificates of data planes in mode `shared` are to be made again"
            }
            Self::Enterprise => {
                "tables of the Enterprise edition are not exported: ask the vendor how they are moved"
            }
            Self::Unknown => {
                "the table is not known here: find out which plugin has it, and whether it is exported"
            }
        }
    }
}
