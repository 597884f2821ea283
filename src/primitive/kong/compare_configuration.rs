//! `kong.compare_configuration`: whether two gateways are configured the same, entity by entity.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::gateway::{Configuration, Gateway};
use crate::kong::advisories::Known;
use crate::kong::comparison::{
    Comparison, Difference, Entities, Schemas, WITH_SUBSCHEMAS, What, compare,
};
use crate::primitive::{Failure, Look};

/// Reads the configuration of two nodes and compares it by the schemas of the new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareConfiguration {
    /// The nodes: the old one and the new one.
    pub nodes: [String; 2],
}

/// What came of comparing two configurations that are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedConfiguration {
    /// How many entities of each kind both have.
    pub compared: BTreeMap<String, u64>,
    /// How many fields differ because the versions do.
    pub expected: usize,
}

/// The collections that are compared, as the Admin API calls them, each with the word under which its schema is found.
const KINDS: [(&str, &str); 19] = [
    ("services", "services"),
    ("routes", "routes"),
    ("upstreams", "upstreams"),
    ("targets", "targets"),
    ("plugins", "plugins"),
    ("consumers", "consumers"),
    ("consumer_groups", "consumer_groups"),
    ("certificates", "certificates"),
    ("ca_certificates", "ca_certificates"),
    ("snis", "snis"),
    ("vaults", "vaults"),
    ("keys", "keys"),
    ("key-sets", "key_sets"),
    ("key-auths", "keyauth_credentials"),
    ("basic-auths", "basicauth_credentials"),
    ("hmac-auths", "hmacauth_credentials"),
    ("jwts", "jwt_secrets"),
    ("acls", "acls"),
    ("oauth2", "oauth2_credentials"),
];

impl CompareConfiguration {
    /// Compares.
    pub async fn compare(&self, world: &impl Gateway) -> Result<Comparison, Failure> {
        let [blue, green] = &self.nodes;
        let kinds = KINDS.map(|(kind, _)| kind);
        let (one, other) = (
            world.configuration(blue, &kinds).await?,
            world.configuration(green, &kinds).await?,
        );
        let schemas = self.schemas(world, [&one, &other]).await?;
        let (from, to) = (one.version, other.version);
        Ok(compare(
            &entities(one),
            &entities(other),
            &schemas,
            &from,
            &to,
        ))
    }

    /// What the new version says of the kinds, and of every plugin and vault that either has.
    async fn schemas(
        &self,
        world: &impl Gateway,
        sides: [&Configuration; 2],
    ) -> Result<Schemas, Failure> {
        let named: BTreeSet<(&str, String)> = WITH_SUBSCHEMAS
            .into_iter()
            .flat_map(|kind| {
                let names = sides.into_iter().flat_map(move |side| names(side, kind));
                names.map(move |name| (kind, name))
            })
            .collect();
        let mut wanted: Vec<String> = KINDS
            .iter()
            .map(|(_, schema)| (*schema).to_owned())
            .collect();
        wanted.extend(named.iter().map(|(kind, name)| format!("{kind}/{name}")));
        let found = world.schemas(&self.nodes[1], &wanted).await?;
        let mut schemas = Schemas::default();
        let unread = |error: crate::kong::comparison::SchemaError| {
            Failure::new("kong.admin.shape", error.to_string())
        };
        for (kind, schema) in KINDS {
            if let Some(found) = found.get(schema) {
                schemas.add(kind, found).map_err(unread)?;
            }
        }
        for (kind, name) in &named {
            if let Some(found) = found.get(&format!("{kind}/{name}")) {
                schemas.add_named(kind, name, found).map_err(unread)?;
            }
        }
        Ok(schemas)
    }
}

/// The names of the entities of a kind.
fn names(side: &Configuration, kind: &str) -> Vec<String> {
    let Some(Known::Known(entities)) = side.entities.get(kind) else {
        return Vec::new();
    };
    let names = entities
        .iter()
        .filter_map(|one| one.fields.get("name")?.as_str());
    names.map(str::to_owned).collect()
}

fn entities(configuration: Configuration) -> Entities {
    let mut entities = Entities::default();
    for (kind, found) in configuration.entities {
        match found {
            Known::Unknown { unknown } => entities.unread(&kind, unknown),
            Known::Known(found) => {
                for one in found {
                    let workspace = one.workspace.unwrap_or_else(|| "default".to_owned());
                    entities.add(&kind, &workspace, [Value::Object(one.fields)]);
                }
            }
        }
    }
    entities
}

/// A difference in words.
#[must_use]
pub fn difference_words(difference: &Difference) -> String {
    let subject = &difference.subject;
    let name = subject.name.as_deref().unwrap_or(&subject.id);
    let what = match &difference.what {
        What::OnlyBlue => "is in the old gateway alone".to_owned(),
        What::OnlyGreen => "is in the new gateway alone".to_owned(),
        What::Field { path, blue, green } => {
            format!("`{path}` is {blue} in the old and {green} in the new")
        }
    };
    format!("{} `{name}`: {what}", subject.kind)
}

/// Differences are told up to so many.
const TOLD: usize = 10;

/// The details hold up to so many.
const DETAILED: usize = 200;

impl Look for CompareConfiguration {
    type Answer = ComparedConfiguration;
    const VERB: &'static str = "kong.compare_configuration";

    fn targets(&self) -> Vec<String> {
        vec![self.nodes.join(" and ")]
    }

    async fn look(
        &self,
        world: &impl Gateway,
        _target: &str,
    ) -> Result<ComparedConfiguration, Failure> {
        let found = self.compare(world).await?;
        let [blue, green] = &self.nodes;
        if !found.differences.is_empty() {
            let told: Vec<String> = found
                .differences
                .iter()
                .take(TOLD)
                .map(difference_words)
                .collect();
            let message = format!(
                "`{green}` is not configured as `{blue}`, in {} places:\n{}",
                found.differences.len(),
                told.join("\n")
            );
            let details: Vec<&Difference> = found.differences.iter().take(DETAILED).collect();
            return Err(Failure::new("kong.compare.different", message)
                .hint("look at what is missing, new or changed before going on")
                .details(json!(details)));
        }
        // The open source knows no collection that Enterprise has, and that is no gap: what is unread is.
        if let Some((kind, why)) = found.not_compared.first() {
            let message = format!(
                "whether `{green}` is configured as `{blue}` cannot be told: {kind}: {why}"
            );
            return Err(Failure::new("kong.compare.inconclusive", message)
                .details(json!(found.not_compared)));
        }
        Ok(ComparedConfiguration {
            compared: found.compared,
            expected: found.expected.len(),
        })
    }
}
