//! A request as it is sent: its secrets put in, its parts encoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use hyper::body::Bytes;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{decoded, wrong};
use crate::environment::NamedSecret;
use crate::gateway::live::Live;
use crate::gateway::live::secret::{self, Secret};
use crate::gateway::{Body, Failure, HttpRequest, HttpVersion, MultipartPart, Reach, Text};

/// What is said of the client, where the request does not say it.
const USER_AGENT: &str = concat!("cutover/", env!("CARGO_PKG_VERSION"));

/// A request as it is sent.
pub(super) struct Filled {
    pub(super) method: Method,
    /// The header `Host`, where it is not the URL's.
    pub(super) host: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    /// Shared, since a request may be sent several times, and its body may be long.
    pub(super) body: Bytes,
    /// Whether a body is announced that is not sent.
    pub(super) is_announced: bool,
}

impl Filled {
    /// Makes it the request that follows a redirect with this status: what was posted is not posted again where the status says so.
    pub(super) fn follow(&mut self, status: u16) {
        if matches!(status, 307 | 308) || matches!(self.method, Method::GET | Method::HEAD) {
            return;
        }
        self.method = Method::GET;
        self.body = Bytes::new();
        self.is_announced = false;
        let of_body = |name: &str| {
            let of_body = ["content-type", "content-length", "expect"];
            of_body.iter().any(|one| name.eq_ignore_ascii_case(one))
        };
        self.headers.retain(|(name, _)| !of_body(name));
    }

    fn header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    fn has(&self, wanted: &str) -> bool {
        let is = |(name, _): &(String, String)| name.eq_ignore_ascii_case(wanted);
        self.headers.iter().any(is)
    }
}

impl Live {
    /// Puts in what `request` names: secrets, for the server of `url`. The query goes into the URL.
    pub(super) async fn filled(
        &self,
        request: &HttpRequest,
        reach: &Reach,
        url: &Url,
    ) -> Result<Filled, Failure> {
        let to = self.recipient(request, reach, url);
        let mut filled = Filled {
            method: request.method.parse().expect("it was looked at"),
            host: None,
            headers: Vec::new(),
            body: Bytes::new(),
            is_announced: false,
        };
        for (name, values) in &request.headers {
            for value in values.iter() {
                let value = self.text(value, &to).await?;
                if name.eq_ignore_ascii_case("host") {
                    filled.host = Some(value);
                } else {
                    filled.header(name, value);
                }
            }
        }
        if let Some(login) = &request.login {
            let password = self.text(&login.password, &to).await?;
            let word = STANDARD.encode(format!("{}:{password}", login.name));
            // What is sent is as secret as what it is made of.
            let word = Secret::new(word);
            filled.header("authorization", format!("Basic {}", word.expose()));
        }
        if let Some(Body::Announced { announced }) = &request.body {
            if request.http == HttpVersion::Two {
                return Err(wrong("a body is announced by HTTP/1.1 alone"));
            }
            filled.is_announced = true;
            filled.header("content-length", announced.to_string());
            filled.header("expect", "100-continue");
        } else if let Some(body) = &request.body {
            let (body, kind) = self.body(body, &to).await?;
            filled.body = body.into();
            if let Some(kind) = kind.filter(|_| !filled.has("content-type")) {
                filled.header("content-type", kind);
            }
        }
        for (name, value) in [("accept", "*/*"), ("user-agent", USER_AGENT)] {
            if !filled.has(name) {
                filled.header(name, value);
            }
        }
        if request.compressed && !filled.has("accept-encoding") {
            filled.header("accept-encoding", decoded::ACCEPTED);
        }
        Ok(filled)
    }

    /// The pairs that `query` appends.
    pub(super) async fn with_query(
        &self,
        request: &HttpRequest,
        reach: &Reach,
        url: &mut Url,
    ) -> Result<(), Failure> {
        let mut pairs = Vec::new();
        for (name, values) in &request.query {
            for value in values.iter() {
                let to = self.recipient(request, reach, url);
                let value = self.text(value, &to).await?;
                pairs.push((name.clone(), value));
            }
        }
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        Ok(())
    }

    fn recipient<'a>(
        &self,
        request: &HttpRequest,
        reach: &'a Reach,
        url: &'a Url,
    ) -> Recipient<'a> {
        let profile = request
            .tls
            .as_ref()
            .and_then(|name| self.environment.tls.get(name));
        Recipient {
            reach,
            url,
            // Whoever is connected to elsewhere, or is not asked for a certificate, is not known to be whom the URL names.
            is_unproven: request.connect_to.is_some()
                || profile.is_some_and(|profile| profile.insecure),
        }
    }

    /// The bytes of a body, and its media type.
    async fn body(
        &self,
        body: &Body,
        to: &Recipient<'_>,
    ) -> Result<(Vec<u8>, Option<String>), Failure> {
        Ok(match body {
            Body::Announced { .. } => (Vec::new(), None),
            Body::Text(text) => (self.text(text, to).await?.into_bytes(), None),
            Body::Json { json } => (
                json.to_string().into_bytes(),
                Some("application/json".to_owned()),
            ),
            Body::Form { form } => {
                let mut encoded = form_urlencoded::Serializer::new(String::new());
                for (name, values) in form {
                    for value in values.iter() {
                        encoded.append_pair(name, &self.text(value, to).await?);
                    }
                }
                let kind = "application/x-www-form-urlencoded".to_owned();
                (encoded.finish().into_bytes(), Some(kind))
            }
            Body::Multipart { multipart } => {
                let boundary = format!("cutover-{}", Uuid::new_v4().simple());
                let mut bytes = Vec::new();
                for part in multipart {
                    let value = self.text(&part.value, to).await?;
                    bytes.extend(head_of(part, &boundary).into_bytes());
                    bytes.extend(value.into_bytes());
                    bytes.extend(b"\r\n");
                }
                bytes.extend(format!("--{boundary}--\r\n").into_bytes());
                (
                    bytes,
                    Some(format!("multipart/form-data; boundary={boundary}")),
                )
            }
        })
    }

    /// A text with its secret put in, if it may be sent there.
    async fn text(&self, text: &Text, to: &Recipient<'_>) -> Result<String, Failure> {
        match text {
            Text::Plain(text) => Ok(text.clone()),
            Text::Secret(part) => {
                let name = &part.secret;
                let named = self.environment.secrets.get(name).ok_or_else(|| {
                    wrong(format!("the environment has no secret `{name}`"))
                        .hint(format!("write `[secrets.{name}]` with `from = {{ env = \"…\" }}` into the environment file"))
                })?;
                to.admit(name, named)?;
                let known = self.fetched.borrow().get(name).cloned();
                let secret = match known {
                    Some(secret) => secret,
                    None => secret::resolve(&named.from)
                        .await
                        .map_err(|error| Failure::new("secret.unavailable", error.to_string()))?,
                };
                // A thousand checks ask a vault once.
                self.fetched
                    .borrow_mut()
                    .insert(name.clone(), secret.clone());
                Ok(format!("{}{}{}", part.before, secret.expose(), part.after))
            }
            Text::Key { key_of_consumer } => {
                let Reach::Node(node) = to.reach else {
                    let message = format!(
                        "the key of consumer `{key_of_consumer}` is sent to nodes of its own gateway alone"
                    );
                    return Err(wrong(message));
                };
                let key = self.consumer_key(node, key_of_consumer).await?;
                Ok(key.expose().to_owned())
            }
        }
    }

    /// A key of a consumer's, as the node's Admin API has it.
    async fn consumer_key(&self, node: &str, consumer: &str) -> Result<Secret, Failure> {
        let known = format!("{node}\n{consumer}\n{}", self.step.get());
        if let Some(secret) = self.fetched.borrow().get(&known) {
            return Ok(secret.clone());
        }
        let encoded: String = form_urlencoded::byte_serialize(consumer.as_bytes()).collect();
        let found = self
            .admin_get(node, &format!("/consumers/{encoded}/key-auth"))
            .await?;
        let key = found["data"][0]["key"]
            .as_str()
            .ok_or_else(|| wrong(format!("consumer `{consumer}` has no key for `key-auth`")))?;
        let secret = Secret::new(key);
        self.fetched.borrow_mut().insert(known, secret.clone());
        Ok(secret)
    }
}

/// Who gets a request.
struct Recipient<'a> {
    reach: &'a Reach,
    url: &'a Url,
    /// Whether it need not be the server that the URL names.
    is_unproven: bool,
}

impl Recipient<'_> {
    /// Refuses a secret that must not be sent there.
    fn admit(&self, name: &str, secret: &NamedSecret) -> Result<(), Failure> {
        if matches!(self.reach, Reach::Node(_)) {
            return Ok(());
        }
        let host = self.url.host_str().unwrap_or_default();
        let with_port = format!(
            "{host}:{}",
            self.url.port_or_known_default().unwrap_or_default()
        );
        let is_listed = secret
            .hosts
            .iter()
            .any(|one| *one == host || *one == with_port);
        if is_listed && self.url.scheme() == "https" && !self.is_unproven {
            return Ok(());
        }
        let why = match (is_listed, self.is_unproven) {
            (false, _) => "not among its `hosts`",
            (true, true) => "connected to elsewhere, or not asked for its certificate",
            (true, false) => "not encrypted",
        };
        let message = format!("the secret `{name}` is not sent to `{host}`, which is {why}");
        Err(Failure::new("http.secret", message).hint(format!(
            "`hosts` under `[secrets.{name}]` lists who may have it, over https"
        )))
    }
}

/// What stands before the value of a form's part.
fn head_of(part: &MultipartPart, boundary: &str) -> String {
    // As browsers write names (WHATWG, multipart/form-data encoding).
    let quoted = |text: &str| {
        text.replace('"', "%22")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let mut head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
        quoted(&part.name)
    );
    if let Some(filename) = &part.filename {
        head.push_str(&["; filename=\"", &quoted(filename), "\""].concat());
    }
    if let Some(kind) = &part.content_type {
        head.push_str("\r\nContent-Type: ");
        head.push_str(&kind.replace(['\r', '\n'], ""));
    }
    head + "\r\n\r\n"
}
