//! What stands before the body: the request line, the headers, and who asks.

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::error::Refusal;
use super::options::{Followed, flag, valued};
use super::shell::Word;
use super::value::Value;

/// Headers that have options of their own, and those of `-H`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// What `-H` says, in its order; it takes precedence over all else.
    pub headers: Vec<Header>,
    /// Who asks.
    pub credentials: Option<Credentials>,
    /// What each `-b` says.
    pub cookies: Vec<Value>,
    /// What `-A` says; an empty one is not sent.
    pub user_agent: Option<Value>,
    /// What `-e` says.
    pub referer: Option<Value>,
    /// Whether a compressed answer is asked for, and read.
    pub compressed: bool,
}

/// A header of `-H`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name, as it was written.
    pub name: String,
    /// What becomes of it.
    pub value: HeaderValue,
}

impl Head {
    /// Whether `-H` says something of the header of this name, be it that it is not sent.
    pub(super) fn says(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.is(name))
    }

    /// Whether the body is sent in chunks, whose sum is not told before.
    pub(super) fn is_chunked(&self) -> bool {
        self.headers.iter().any(|header| match &header.value {
            HeaderValue::Sent(value) => {
                header.is("Transfer-Encoding") && value.as_text() == Some("chunked")
            }
            HeaderValue::Removed => false,
        })
    }
}

impl Header {
    /// Whether this is its name, in which case letters are alike.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// What becomes of a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderValue {
    /// It is sent with this value, which is empty for `-H 'Name;'`.
    Sent(Value),
    /// It is not sent, although curl would by itself: `-H 'Name:'`.
    Removed,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// A name and a password.
    Basic {
        /// The name.
        name: Value,
        /// The password.
        password: Value,
    },
    /// A token.
    Bearer(Value),
}

pub(super) const OPTIONS: &[Followed] = &[
    // What curl would do without it: others are refused.
    flag("basic").switches(|_, _| ()),
    flag("compressed").switches(|draft, on| draft.command.head.compressed = on),
    valued("cookie").or('b').takes(cookie),
    flag("head").or('I').switches(|draft, on| draft.head = on),
    valued("header").or('H').takes(header),
    valued("oauth2-bearer")
        .takes(|draft, word| credentials(draft, Credentials::Bearer(word.value.clone()))),
    valued("referer").or('e').takes(referer),
    valued("request").or('X').takes(method),
    valued("user").or('u').takes(user),
    valued("user-agent").or('A').takes(|draft, word| {
        draft.command.head.user_agent = Some(word.value.clone());
        Ok(())
    }),
];

fn cookie(draft: &mut Draft, word: &Word) -> Result<(), Refusal> {
    let value = &word.value;
    let is_text = value.contains(|character| character == '=') || value.as_text().is_none();
    if value.beginning().starts_with('@') || !is_text {
        return Err(Refusal::new(
            "reads cookies from a file",
            "write the cookies themselves: `-b 'name=value'`",
        ));
    }
    draft.command.head.cookies.push(value.clone());
    Ok(())
}

fn header(draft: &mut Draft, word: &Word) -> Result<(), Refusal> {
    let written = &word.value;
    if written.beginning().starts_with('@') {
        return Err(Refusal::new(
            "reads headers from a file",
            "write one `-H 'Name: value'` for each",
        ));
    }
    if written.contains(|character| matches!(character, '\r' | '\n')) {
        return Err(Refusal::new(
            "has a header of several lines",
            "write one `-H 'Name: value'` for each",
        ));
    }
    let (name, value) = match written.split_once(':') {
        Some((name, value)) if value.trimmed().is_empty() => (name, HeaderValue::Removed),
        Some((name, value)) => (name, HeaderValue::Sent(value.trimmed())),
        None => match written.split_once(';') {
            Some((name, rest)) if rest.trimmed().is_empty() => {
                (name, HeaderValue::Sent(Value::default()))
            }
            _ => {
                return Err(Refusal::new(
                    "has no colon, so that curl would not send it",
                    "write `-H 'Name: value'`, or `-H 'Name;'` for an empty one",
                ));
            }
        },
    };
    match name.as_text() {
        Some(name) if is_token(name) => {
            draft.command.head.headers.push(Header {
                name: name.to_owned(),
                value,
            });
            Ok(())
        }
        Some(_) => Err(Refusal::new(
            "has something before the colon that is no name of a header",
            "write `-H 'Name: value'`",
        )),
        None => Err(Refusal::new(
            "has a variable in the name of a header",
            "write the name out: `-H \"Name: $VALUE\"`",
        )),
    }
}

fn user(draft: &mut Draft, word: &Word) -> Result<(), Refusal> {
    let Some((name, password)) = word.value.split_once(':') else {
        return Err(Refusal::new(
            "has no password, for which curl would ask",
            "write `-u \"$NAME:$PASSWORD\"`, and `-u \"$NAME:\"` for an empty one",
        ));
    };
    credentials(draft, Credentials::Basic { name, password })
}

fn credentials(draft: &mut Draft, given: Credentials) -> Result<(), Refusal> {
    let before = draft.command.head.credentials.replace(given);
    match (before, &draft.command.head.credentials) {
        (Some(Credentials::Basic { .. }), Some(Credentials::Bearer(_)))
        | (Some(Credentials::Bearer(_)), Some(Credentials::Basic { .. })) => Err(Refusal::new(
            "gives other credentials beside those before it",
            "keep `-u` or `--oauth2-bearer`",
        )),
        _ => Ok(()),
    }
}

fn referer(draft: &mut Draft, word: &Word) -> Result<(), Refusal> {
    if let Some((_, after)) = word.value.split_once(';')
        && after.beginning().starts_with("auto")
    {
        return Err(Refusal::new(
            "changes the referer with each redirect",
            "leave `;auto` out",
        ));
    }
    draft.command.head.referer = Some(word.value.clone());
    Ok(())
}

fn method(draft: &mut Draft, word: &Word) -> Result<(), Refusal> {
    match word.value.as_text() {
        Some(method) if is_token(method) => {
            draft.method = Some(method.to_owned());
            Ok(())
        }
        _ => Err(Refusal::new(
            "is no method",
            "write one such as `-X POST`, without a variable",
        )),
    }
}

/// What may be a method or the name of a header.
fn is_token(text: &str) -> bool {
    let is_allowed = |character: char| {
        character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
    };
    !text.is_empty() && text.chars().all(is_allowed)
}
