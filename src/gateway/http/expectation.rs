//! What an answer must be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::wanted::Wanted;
use super::{HttpVersion, Predicate};

/// What an answer must be. At least one field is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The status code, several of which one is right, or a class such as `2xx`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusWanted>,
    /// Headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Wanted>,
    /// Values in the body, by JSON pointer (RFC 6901), or by JSON path (RFC 9535) where the key begins with `$`. A path that finds one
    /// value means it, any other the list of what it finds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, Wanted>,
    /// The body as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Wanted>,
    /// The body's length in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Wanted>,
    /// The version of HTTP that was spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpVersion>,
    /// The server's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateWanted>,
    /// The longest that it may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
}

impl Expectation {
    /// This status and nothing else.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status: Some(StatusWanted::One(status)),
            ..Self::default()
        }
    }

    /// What in it is written wrongly, such as an expression that is none.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let status = self.status.as_ref().and_then(StatusWanted::problem);
        let path = |key: &String| {
            let why = match key.chars().next() {
                Some('$') => serde_json_path::JsonPath::parse(key).err()?.to_string(),
                Some('/') | None => return None,
                Some(_) => "it begins with `/` or `$`".to_owned(),
            };
            Some(format!(
                "`{key}` is neither a JSON pointer nor a JSON path: {why}"
            ))
        };
        let certificate = self.certificate.iter().flat_map(CertificateWanted::each);
        let mut values = (self.headers.values())
            .chain(self.json.values())
            .chain(self.body.iter())
            .chain(self.bytes.iter())
            .chain(certificate);
        status
            .or_else(|| self.json.keys().find_map(path))
            .or_else(|| values.find_map(Wanted::problem))
    }
}

/// Which status is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StatusWanted {
    /// This one.
    One(u16),
    /// One of a class, such as `2xx`.
    Class(String),
    /// One of these.
    Any(Vec<StatusWanted>),
}

impl StatusWanted {
    /// Whether `status` is right.
    #[must_use]
    pub fn takes(&self, status: u16) -> bool {
        match self {
            Self::One(one) => *one == status,
            Self::Any(several) => several.iter().any(|one| one.takes(status)),
            Self::Class(class) => class_of(class) == Some(status / 100),
        }
    }

    /// One that is right.
    #[must_use]
    pub fn example(&self) -> u16 {
        match self {
            Self::One(one) => *one,
            Self::Any(several) => several.first().map_or(200, Self::example),
            Self::Class(class) => class_of(class).unwrap_or(2) * 100,
        }
    }

    fn problem(&self) -> Option<String> {
        match self {
            Self::One(status) => {
                (!(100..=999).contains(status)).then(|| format!("{status} is no status"))
            }
            Self::Any(several) if several.is_empty() => {
                Some("a list of no status is never right".to_owned())
            }
            Self::Any(several) => several.iter().find_map(Self::problem),
            Self::Class(class) => class_of(class).is_none().then(|| {
                format!(
                    "`{class}` is no class of status: write `2xx`, or the number without quotes"
                )
            }),
        }
    }
}

impl std::fmt::Display for StatusWanted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(status) => write!(formatter, "{status}"),
            Self::Any(several) => {
                let several: Vec<String> = several.iter().map(ToString::to_string).collect();
                formatter.write_str(&several.join(" or "))
            }
            Self::Class(class) => formatter.write_str(class),
        }
    }
}

/// The first digit that a class such as `2xx` names.
fn class_of(class: &str) -> Option<u16> {
    let digit = class.strip_suffix("xx")?.parse().ok()?;
    (1..=5).contains(&digit).then_some(digit)
}

/// What a server's certificate must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateWanted {
    /// Whom it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Wanted>,
    /// Who signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Wanted>,
    /// The names and addresses that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Wanted>,
    /// For how many days it is still valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<Wanted>,
}

impl CertificateWanted {
    fn each(&self) -> impl Iterator<Item = &Wanted> {
        let all = [&self.subject, &self.issuer, &self.names, &self.days_left];
        all.into_iter().flatten()
    }
}

impl From<Predicate> for Wanted {
    fn from(predicate: Predicate) -> Self {
        Self::Predicate(predicate)
    }
}
