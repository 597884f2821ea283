//! One request over a connection of its own, and its answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::LOCATION;
use hyper::{HeaderMap, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use rustls::ClientConfig;
use tokio::task::JoinSet;
use url::Url;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::announced::{self, Outgoing};
use super::connection::{Stream, connect, encrypt, other_version};
use super::filled::Filled;
use super::phase::{Phase, Progress};
use super::trouble::{broken, trouble};
use super::wrong;
use super::{decoded, redirect};
use crate::gateway::{Failure, HttpAnswer, HttpVersion, ServerCertificate};

/// No request takes a longer body than this, in bytes: it is held in memory.
const LONGEST_BODY: u64 = 64 << 20;

/// How requests are sent.
pub(super) struct Exchange {
    /// The server to connect to, as `host:port`, where it is not the URL's.
    pub(super) server: Option<String>,
    /// Whether it leads out of the environment.
    pub(super) is_outside: bool,
    /// Whom to trust and to be.
    pub(super) encryption: Option<Arc<ClientConfig>>,
    /// The version to speak.
    pub(super) version: HttpVersion,
    /// How long connecting may take, in milliseconds.
    pub(super) connect_timeout: Option<u64>,
    /// Whether the answer may come compressed.
    pub(super) is_compressed: bool,
    /// The longest body that is taken, in bytes.
    pub(super) body_limit: u64,
    /// Whether redirects are followed: their bodies are not read then.
    pub(super) follows: bool,
}

impl Exchange {
    /// Sends a request to `url`, and reads its answer.
    pub(super) async fn send(
        &self,
        request: &Filled,
        url: &Url,
        progress: &Progress,
    ) -> Result<HttpAnswer, Failure> {
        let stream = self.stream(url, progress).await?;
        let certificate = stream.certificate().and_then(|shown| certificate(&shown));
        let is_two = self.version == HttpVersion::Two;
        if is_two && url.scheme() == "https" && !stream.agreed_on_two() {
            return Err(other_version(url));
        }
        progress.reach(Phase::Waiting);
        let trouble = |error: &hyper::Error| trouble(error, url);
        let allowance = stream.allowance();
        let stream = TokioIo::new(stream);
        // Ends with the answer, however that ends.
        let mut connection = JoinSet::new();
        let is_announced = request.is_announced;
        let mut request = request.to_hyper(url, is_two)?;
        let answer = if is_two {
            let (mut sender, driver) = http2::handshake(TokioExecutor::new(), stream)
                .await
                .map_err(|error| trouble(&error))?;
            connection.spawn(driver);
            sender.send_request(request).await
        } else {
            let (mut sender, driver) = http1::handshake(stream)
                .await
                .map_err(|error| trouble(&error))?;
            connection.spawn(driver);
            if is_announced {
                let wanted = announced::wanted(&mut request);
                tokio::select! {
                    answer = sender.send_request(request) => answer,
                    () = wanted.notified() => return Ok(announced::would_take(url, certificate)),
                }
            } else {
                sender.send_request(request).await
            }
        };
        let answer = answer.map_err(|error| trouble(&error))?;
        allowance.lift();
        progress.reach(Phase::Reading);
        self.read(answer, url, certificate).await
    }

    async fn stream(&self, url: &Url, progress: &Progress) -> Result<Stream, Failure> {
        let within = self.connect_timeout.map(Duration::from_millis);
        let connecting = async {
            let server = self.server.as_deref();
            let stream = connect(url, server, self.is_outside, within, progress).await?;
            match &self.encryption {
                Some(config) => encrypt(stream, url, config, progress).await,
                None => Ok(Stream::plain(stream)),
            }
        };
        match within {
            None => connecting.await,
            Some(within) => tokio::time::timeout(within, connecting)
                .await
                .unwrap_or_else(|_| {
                    let milliseconds = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
                    Err(progress.timed_out(url, milliseconds))
                }),
        }
    }

    async fn read(
        &self,
        answer: Response<Incoming>,
        url: &Url,
        certificate: Option<ServerCertificate>,
    ) -> Result<HttpAnswer, Failure> {
        let (head, mut incoming) = answer.into_parts();
        let limit = self.body_limit.min(LONGEST_BODY);
        let too_large = || {
            let message =
                format!("the body of the answer of `{url}` is too large: more than {limit} bytes");
            Failure::new("http.too_large", message)
        };
        let leads_on = self.follows && redirect::leads_on(head.status.as_u16());
        if incoming.size_hint().lower() > limit && !leads_on {
            return Err(too_large());
        }
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut body = Vec::new();
        if leads_on && head.headers.get_all(LOCATION).iter().count() > 1 {
            let message = format!(
                "a redirect of `{url}` names several places: `Location` is there more than once"
            );
            return Err(Failure::new("http.redirects", message));
        }
        while !leads_on && let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| trouble(&error, url))?;
            if let Some(bytes) = frame.data_ref() {
                if body.len() + bytes.len() > most {
                    return Err(too_large());
                }
                body.extend_from_slice(bytes);
            }
        }
        let headers = plain(&head.headers);
        if self.is_compressed
            && let Some(encoding) = headers.get("content-encoding")
        {
            body = decoded::decoded(&body, encoding, most).map_err(|problem| match problem {
                decoded::Problem::TooLarge => too_large(),
                decoded::Problem::Damaged(why) => broken(url, &why),
            })?;
        }
        Ok(HttpAnswer {
            url: url.to_string(),
            status: head.status.as_u16(),
            version: match head.version {
                Version::HTTP_10 => "1.0",
                Version::HTTP_2 => "2",
                _ => "1.1",
            }
            .to_owned(),
            headers,
            bytes: body.len() as u64,
            body: String::from_utf8(body)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            milliseconds: 0,
            redirects: 0,
            certificate,
        })
    }
}

impl Filled {
    /// As hyper takes it: the path for HTTP/1.1, the whole URL for HTTP/2, whose server stands in it.
    fn to_hyper(&self, url: &Url, is_two: bool) -> Result<Request<Outgoing>, Failure> {
        let host = match &self.host {
            Some(host) => host.clone(),
            None => match url.port() {
                Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
                None => url.host_str().unwrap_or_default().to_owned(),
            },
        };
        let query = url.query().map(|query| format!("?{query}"));
        let path = format!("{}{}", url.path(), query.unwrap_or_default());
        let mut building = Request::builder().method(self.method.clone());
        building = if is_two {
            building
                .uri(format!("{}://{host}{path}", url.scheme()))
                .version(Version::HTTP_2)
        } else {
            building.uri(path).header("host", host)
        };
        for (name, value) in &self.headers {
            building = building.header(name, value);
        }
        let body = if self.is_announced {
            announced::never()
        } else {
            announced::whole(self.body.clone())
        };
        building
            .body(body)
            .map_err(|error| wrong(format!("the request to `{url}` cannot be made: {error}")))
    }
}

/// Headers by name; several of one name in one text.
fn plain(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut plain: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        plain
            .entry(name.as_str().to_owned())
            .and_modify(|before| *before = format!("{before}, {value}"))
            .or_insert_with(|| value.into_owned());
    }
    plain
}

/// What there is to know of a certificate.
fn certificate(der: &[u8]) -> Option<ServerCertificate> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let not_after = Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?;
    let names = parsed.subject_alternative_name().ok().flatten();
    let names = names.map(|names| names.value.general_names.iter());
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(four) => Some(std::net::Ipv4Addr::from(four).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes)
                .ok()
                .map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string()),
        },
        _ => None,
    };
    let seconds = not_after.as_second() - Timestamp::now().as_second();
    Some(ServerCertificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        names: names.into_iter().flatten().filter_map(name).collect(),
        not_after,
        days_left: seconds.div_euclid(24 * 3_600),
    })
}
