//! A curl command line as a check.
//!
//! What curl would send is taken from [`curl::sent`], so that both are the same to the byte; variables of the shell are sent through it
//! as marks, which become secrets of the environment in what comes out.

use std::collections::BTreeMap;

use super::CheckDescription;
use super::curl::{self, AddressFamily, Credentials, CurlCommand, DataContent, Given, Sent, Value};
use crate::gateway::{
    Body, Expectation, Failure, HttpRequest, HttpVersion, Login, OneOrMore, SecretText,
    StatusWanted, Text,
};

/// A check, and what it wants of the environment.
#[derive(Debug, Clone, PartialEq)]
pub struct FromCurl {
    /// The check. Without `-f` it expects nothing yet.
    pub check: CheckDescription,
    /// What must stand in the environment file for it, such as `[secrets.KEY]`.
    pub wants: Vec<String>,
    /// Options that only concern what curl prints, by their long names.
    pub ignored: Vec<String>,
}

/// Redirects are followed so often where the command line does not say it.
const REDIRECTS: u32 = 10;

/// Reads a curl command line; `files` are those that it sends, by their paths as it writes them.
pub fn from_curl(line: &str, files: BTreeMap<String, Vec<u8>>) -> Result<FromCurl, Failure> {
    let command = curl::read(line).map_err(|error| {
        let message = format!("{}: `{}` {}", error.place, error.word, error.problem);
        refused(message, error.remedy)
    })?;
    let marks = Marks::of(&command, line);
    refuse_encoded_variables(&command)?;
    let given = Given {
        variables: marks.given(),
        files,
    };
    let sent = curl::sent(&command, &given).map_err(|error| {
        let text = error.to_string();
        let (message, help) = text.split_once("\nhelp: ").unwrap_or((&text, ""));
        refused(message.to_owned(), help)
    })?;
    let mut wants = Vec::new();
    let request = request(&command, sent, &marks, &mut wants)?;
    wants.extend(
        request
            .names()
            .filter(|name| request.tls.as_ref() != Some(name))
            .map(|name| {
                format!(
                    "[secrets.{name}] with `from = {{ env = \"{name}\" }}`, a file or a command"
                )
            }),
    );
    let class = |class: &str| StatusWanted::Class(class.to_owned());
    let status = command
        .answer
        .fail
        .then(|| StatusWanted::Any(vec![class("2xx"), class("3xx")]));
    Ok(FromCurl {
        check: CheckDescription {
            name: None,
            request,
            expect: Expectation {
                status,
                ..Expectation::default()
            },
            retries: command.answer.retry.times,
        },
        wants,
        ignored: command.ignored,
    })
}

fn refused(message: impl Into<String>, remedy: impl Into<String>) -> Failure {
    Failure::new("http.curl", message).hint(remedy)
}

/// Percent-encoding would be done to the mark, and not to the secret that takes its place.
fn refuse_encoded_variables(command: &CurlCommand) -> Result<(), Failure> {
    let of_body = match &command.body {
        curl::Body::Data(data) => &data[..],
        curl::Body::Nothing | curl::Body::Form(_) => &[],
    };
    let mut pieces = command
        .query
        .iter()
        .chain(of_body)
        .map(|data| &data.content);
    let has_one = |value: &Value| value.variables().next().is_some();
    let encoded = pieces
        .any(|content| matches!(content, DataContent::Encoded { value, .. } if has_one(value)));
    if encoded {
        return Err(refused(
            "a variable is percent-encoded into the request",
            "write the request as a map: `query` and `form` encode what stands in them",
        ));
    }
    Ok(())
}

fn request(
    command: &CurlCommand,
    sent: Sent,
    marks: &Marks,
    wants: &mut Vec<String>,
) -> Result<HttpRequest, Failure> {
    let url = url(command, &sent, marks)?;
    let login = match &command.head.credentials {
        Some(Credentials::Basic { name, password }) => Some(Login {
            name: name
                .as_text()
                .ok_or_else(|| refused("a variable is the user's name", "write the name out"))?
                .to_owned(),
            password: marks.text(&marks.filled(password))?,
        }),
        Some(Credentials::Bearer(_)) | None => None,
    };
    let mut headers: BTreeMap<String, OneOrMore> = BTreeMap::new();
    for (name, value) in sent.headers {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        // Made anew where it is sent. A host that the URL names is said by it.
        let host_of_url = is("host")
            && (url.starts_with('/')
                || url.contains(&format!("//{value}/"))
                || url.ends_with(&format!("//{value}")));
        if is("content-length") || host_of_url || (is("authorization") && login.is_some()) {
            continue;
        }
        let text = marks.text(&value)?;
        let one = match headers.remove(&name) {
            Some(before) => before.and(text),
            None => OneOrMore::One(text),
        };
        headers.insert(name, one);
    }
    let body = if sent.body.is_empty() {
        None
    } else {
        let text = String::from_utf8(sent.body)
            .map_err(|_| refused("the body is no text (UTF-8)", "a check sends text alone"))?;
        Some(Body::Text(marks.text(&text)?))
    };
    let connection = &command.connection;
    if connection.family != AddressFamily::Any {
        return Err(refused(
            "`-4` and `-6` choose among a name's addresses",
            "leave it out, or write `--connect-to ::ADDRESS:PORT`",
        ));
    }
    let milliseconds =
        |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let plain = HttpRequest::get(url);
    Ok(HttpRequest {
        method: sent.method,
        headers,
        body,
        login,
        timeout: connection.timeout.map_or(plain.timeout, milliseconds),
        connect_timeout: connection.connect_timeout.map(milliseconds),
        http: match connection.http {
            curl::HttpVersion::Two | curl::HttpVersion::TwoAtOnce => HttpVersion::Two,
            curl::HttpVersion::Any | curl::HttpVersion::One => HttpVersion::One,
        },
        tls: profile(command, wants),
        connect_to: connect_to(command, &plain.url),
        redirects: if command.answer.follow {
            command
                .answer
                .most_redirects
                .unwrap_or(REDIRECTS)
                .min(REDIRECTS)
        } else {
            0
        },
        compressed: command.head.compressed,
        ..plain
    })
}

/// The URL; a path alone where a variable says whose it is.
fn url(command: &CurlCommand, sent: &Sent, marks: &Marks) -> Result<String, Failure> {
    let whole = marks.filled(&command.url);
    let (scheme, rest) = whole.split_once("://").unwrap_or(("http", &whole));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if !marks.text(&sent.target)?.is_plain() {
        return Err(refused(
            "a variable stands in the path or in the query",
            "write the request as a map, with `query: #{ key: #{ secret: \"NAME\" } }`",
        ));
    }
    if !marks.text(authority)?.is_plain() {
        return Ok(sent.target.clone());
    }
    Ok(format!(
        "{}://{authority}{}",
        scheme.to_ascii_lowercase(),
        sent.target
    ))
}

/// The server that `--connect-to` or `--resolve` leads to.
fn connect_to(command: &CurlCommand, url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    let connection = &command.connection;
    let fits = |wanted: Option<&str>, of: Option<u16>| {
        wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(host))
            && of.is_none_or(|of| of == port)
    };
    let elsewhere = connection.connect_to.iter();
    let elsewhere = elsewhere.filter(|entry| fits(entry.host.as_deref(), entry.port));
    if let Some(entry) = elsewhere.into_iter().next() {
        let host = entry.to_host.as_deref().unwrap_or(host);
        return Some(format!("{host}:{}", entry.to_port.unwrap_or(port)));
    }
    let mut resolved = connection.resolve.iter();
    let entry = resolved.find(|entry| {
        fits(
            Some(&entry.host)
                .filter(|name| *name != "*")
                .map(String::as_str),
            Some(entry.port),
        )
    })?;
    let address = entry.addresses.first()?;
    Some(std::net::SocketAddr::new(*address, port).to_string())
}

/// The `[tls]` of the environment that the options stand for, which must be written there.
fn profile(command: &CurlCommand, wants: &mut Vec<String>) -> Option<String> {
    let tls = &command.tls;
    let files = [
        ("ca", &tls.authorities),
        ("certificate", &tls.certificate),
        ("key", &tls.key),
    ];
    let mut lines: Vec<String> = files
        .into_iter()
        .filter_map(|(key, file)| Some(format!("{key} = {:?}", file.as_ref()?.as_text()?)))
        .collect();
    if tls.insecure {
        lines.push("insecure = true".to_owned());
    }
    if lines.is_empty() {
        return None;
    }
    wants.push(format!("[tls.of_curl] with {}", lines.join(", ")));
    Some("of_curl".to_owned())
}

/// Marks that stand for variables while the request is made.
struct Marks {
    /// The variables' names, each with its mark.
    all: Vec<(String, String)>,
}

impl Marks {
    fn of(command: &CurlCommand, line: &str) -> Self {
        let text = serde_json::to_string(command).expect("plain data");
        // Names are read off the line: a variable stands there with its sign.
        let name = regex::Regex::new(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)").expect("a pattern");
        let mut all: Vec<(String, String)> = Vec::new();
        for found in name.captures_iter(line) {
            let name = &found[1];
            if all.iter().any(|(known, _)| known == name) {
                continue;
            }
            let mut mark = format!("zq{}variable", all.len());
            while text.contains(&mark) {
                mark.push('q');
            }
            mark.push('z');
            all.push((name.to_owned(), mark));
        }
        Self { all }
    }

    fn given(&self) -> BTreeMap<String, String> {
        self.all.iter().cloned().collect()
    }

    /// A value with marks for its variables.
    fn filled(&self, value: &Value) -> String {
        let part = |part: &curl::Part| match part {
            curl::Part::Text(text) => text.clone(),
            curl::Part::Variable(name) => {
                let mark = self.all.iter().find(|(known, _)| known == name);
                mark.map(|(_, mark)| mark.clone()).unwrap_or_default()
            }
        };
        value.parts().iter().map(part).collect()
    }

    /// A text with a secret for its mark.
    fn text(&self, text: &str) -> Result<Text, Failure> {
        let mut found = self.all.iter().filter(|(_, mark)| text.contains(mark));
        let Some((name, mark)) = found.next() else {
            return Ok(Text::Plain(text.to_owned()));
        };
        let (before, after) = text.split_once(mark.as_str()).unwrap_or_default();
        if found.next().is_some() || after.contains(mark.as_str()) {
            return Err(refused(
                "two variables stand in one header, password or body",
                "make one secret of them",
            ));
        }
        Ok(Text::Secret(SecretText {
            secret: name.clone(),
            before: before.to_owned(),
            after: after.to_owned(),
        }))
    }
}
