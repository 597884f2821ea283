//! A request, as a playbook or a checks file writes it.
//!
//! Invariant: it holds no secret. A secret stands in it by its name, and is put in where the request is sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::is_secret_header;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRequest {
    /// The method; `GET` where none is given.
    #[serde(default = "get")]
    pub method: String,
    /// Where to: a path, or a whole URL. Sent to a node, a whole URL gives scheme, host and path, and the node's proxy is where the
    /// connection goes.
    pub url: String,
    /// What is appended to the query, by name, encoded here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, OneOrMore>,
    /// Headers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, OneOrMore>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Name and password for HTTP's basic authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// How long the whole answer may take, in milliseconds, redirects included.
    #[serde(default = "ten_seconds")]
    pub timeout: u64,
    /// How long connecting may take, encryption included, in milliseconds; the whole timeout where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<u64>,
    /// The version of HTTP.
    #[serde(default, skip_serializing_if = "HttpVersion::is_preset")]
    pub http: HttpVersion,
    /// Whom to trust and whom to be, by the name of a `[tls]` of the environment; the system's roots where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// The server to connect to instead of the URL's, as `host:port`; name and encryption stay the URL's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_to: Option<String>,
    /// How many redirects are followed, at the same server only.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redirects: u32,
    /// Whether the answer may come compressed (gzip, deflate).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compressed: bool,
    /// The longest body that is taken, in bytes, decompressed.
    #[serde(default = "eight_mebibytes", skip_serializing_if = "is_preset_limit")]
    pub body_limit: u64,
}

impl HttpRequest {
    /// A request for `url` and nothing else.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: get(),
            url: url.into(),
            query: BTreeMap::new(),
            headers: BTreeMap::new(),
            body: None,
            login: None,
            timeout: ten_seconds(),
            connect_timeout: None,
            http: HttpVersion::One,
            tls: None,
            connect_to: None,
            redirects: 0,
            compressed: false,
            body_limit: eight_mebibytes(),
        }
    }

    /// What of the environment it names: secrets, consumers whose keys it carries, whom to trust.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let texts = self.headers.values().chain(self.query.values());
        let mut texts: Vec<&Text> = texts.flat_map(OneOrMore::iter).collect();
        texts.extend(self.login.iter().map(|login| &login.password));
        texts.extend(self.body.iter().flat_map(Body::texts));
        let named = texts.into_iter().filter_map(Text::named);
        named.map(str::to_owned).chain(self.tls.clone())
    }
}

impl HttpRequest {
    /// A header that lets somebody in, or the password, if it stands there as it is.
    #[must_use]
    pub fn literal_secret(&self) -> Option<&str> {
        let is_plain = |text: &Text| matches!(text, Text::Plain(text) if !text.is_empty());
        let header = self
            .headers
            .iter()
            .find(|(name, values)| is_secret_header(name) && values.iter().any(is_plain));
        let login = self
            .login
            .as_ref()
            .filter(|login| is_plain(&login.password));
        header
            .map(|(name, _)| name.as_str())
            .or(login.map(|_| "the password of `login`"))
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn ten_seconds() -> u64 {
    10_000
}

fn eight_mebibytes() -> u64 {
    8 << 20
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_preset_limit(limit: &u64) -> bool {
    *limit == eight_mebibytes()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    #[serde(rename = "1.1")]
    One,
    /// HTTP/2: agreed on by ALPN where there is encryption, and known before where there is none.
    #[serde(rename = "2")]
    Two,
}

impl HttpVersion {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    fn is_preset(&self) -> bool {
        *self == Self::One
    }
}

/// A text, or several of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// Several, in order.
    More(Vec<Text>),
    /// One.
    One(Text),
}

impl OneOrMore {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Text> {
        match self {
            Self::One(text) => std::slice::from_ref(text).iter(),
            Self::More(texts) => texts.iter(),
        }
    }

    /// One more of the same name.
    #[must_use]
    pub fn and(self, text: Text) -> Self {
        let mut texts = match self {
            Self::One(first) => vec![first],
            Self::More(texts) => texts,
        };
        texts.push(text);
        Self::More(texts)
    }
}

impl<T: Into<String>> From<T> for OneOrMore {
    fn from(text: T) -> Self {
        Self::One(Text::Plain(text.into()))
    }
}

/// A text that may hold a secret, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Value")]
pub enum Text {
    /// As it is.
    Plain(String),
    /// With a secret of the environment's in it.
    Secret(SecretText),
    /// A consumer's key for `key-auth`, as the node's Admin API has it. Sent to a node's proxy alone.
    Key {
        /// The consumer's name or id.
        key_of_consumer: String,
    },
}

/// Told apart by hand: serde would take a list for the fields of a secret in their order.
impl TryFrom<Value> for Text {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self::Plain(text)),
            Value::Object(map) => {
                if let (Some(Value::String(consumer)), 1) = (map.get("key_of_consumer"), map.len())
                {
                    return Ok(Self::Key {
                        key_of_consumer: consumer.clone(),
                    });
                }
                let secret = SecretText::deserialize(Value::Object(map));
                secret.map(Self::Secret).map_err(|error| error.to_string())
            }
            other => Err(format!(
                "{other} is neither a text nor `#{{ secret: \"NAME\" }}`"
            )),
        }
    }
}

impl Text {
    /// Whether it is a text alone.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// The secret or the consumer that it names.
    fn named(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::Secret(secret) => Some(&secret.secret),
            Self::Key { key_of_consumer } => Some(key_of_consumer),
        }
    }
}

/// A text with a secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretText {
    /// The secret's name in the environment file.
    pub secret: String,
    /// What stands before it, such as `Bearer `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// What stands behind it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
}

/// Name and password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Text,
}

/// What is sent with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// A text, as it is or with a secret in it.
    Text(Text),
    /// A value, sent as JSON.
    Json {
        /// The value.
        json: Value,
    },
    /// Fields of a form, sent as `application/x-www-form-urlencoded`.
    Form {
        /// The fields by name.
        form: BTreeMap<String, OneOrMore>,
    },
    /// Parts of a form, sent as `multipart/form-data`.
    Multipart {
        /// The parts in order.
        multipart: Vec<MultipartPart>,
    },
    /// A body that is announced (`Expect: 100-continue`, RFC 9110, 10.1.1) and never sent: the status is 100 where the server would take
    /// it. What stands behind a gateway that reads bodies before it passes them on hears nothing of it.
    Announced {
        /// Its length, in bytes.
        announced: u64,
    },
}

impl Body {
    fn texts(&self) -> Vec<&Text> {
        match self {
            Self::Text(text) => vec![text],
            Self::Json { .. } | Self::Announced { .. } => Vec::new(),
            Self::Form { form } => form.values().flat_map(OneOrMore::iter).collect(),
            Self::Multipart { multipart } => multipart.iter().map(|part| &part.value).collect(),
        }
    }
}

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultipartPart {
    /// The field's name.
    pub name: String,
    /// What it holds.
    pub value: Text,
    /// The name of the file that it is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}
