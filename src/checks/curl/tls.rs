//! Whom a request trusts, and whom it says it is.

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::error::Refusal;
use super::options::{Followed, flag, valued};
use super::shell::Word;
use super::value::Value;

/// The encryption of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// The file with the authorities that are trusted instead of the machine's.
    pub authorities: Option<Value>,
    /// The directory with such authorities.
    pub authority_directory: Option<Value>,
    /// The file with the client's own certificate.
    pub certificate: Option<Value>,
    /// The file with the certificate's key, if it is not the same.
    pub key: Option<Value>,
    /// What the key is encrypted with.
    pub passphrase: Option<Value>,
    /// Whether any server is trusted.
    pub insecure: bool,
    /// The lowest version, where one was asked for.
    pub lowest: Option<TlsVersion>,
    /// The highest version, where one was asked for.
    pub highest: Option<TlsVersion>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TlsVersion {
    /// 1.0, which no check speaks any more; as the lowest version it forbids nothing.
    #[serde(rename = "1.0")]
    OneZero,
    /// 1.1, likewise.
    #[serde(rename = "1.1")]
    OneOne,
    /// 1.2.
    #[serde(rename = "1.2")]
    OneTwo,
    /// 1.3.
    #[serde(rename = "1.3")]
    OneThree,
}

pub(super) const OPTIONS: &[Followed] = &[
    valued("cacert").takes(|draft, word| {
        draft.command.tls.authorities = Some(path(word)?);
        Ok(())
    }),
    valued("capath").takes(|draft, word| {
        draft.command.tls.authority_directory = Some(path(word)?);
        Ok(())
    }),
    valued("cert").or('E').takes(certificate),
    valued("cert-type").takes(|_, word| file_type(word)),
    flag("insecure")
        .or('k')
        .switches(|draft, on| draft.command.tls.insecure = on),
    valued("key").takes(|draft, word| {
        draft.command.tls.key = Some(path(word)?);
        Ok(())
    }),
    valued("key-type").takes(|_, word| file_type(word)),
    valued("pass").takes(|draft, word| {
        draft.command.tls.passphrase = Some(word.value.clone());
        Ok(())
    }),
    valued("tls-max").takes(highest),
    flag("tlsv1")
        .or('1')
        .chooses(|draft| lowest(draft, TlsVersion::OneZero)),
    flag("tlsv1.0").chooses(|draft| lowest(draft, TlsVersion::OneZero)),
    flag("tlsv1.1").chooses(|draft| lowest(draft, TlsVersion::OneOne)),
    flag("tlsv1.2").chooses(|draft| lowest(draft, TlsVersion::OneTwo)),
    flag("tlsv1.3").chooses(|draft| lowest(draft, TlsVersion::OneThree)),
];

fn lowest(draft: &mut Draft, version: TlsVersion) {
    draft.command.tls.lowest = Some(version);
}

fn highest(draft: &mut Draft, word: &Word) -> Result<(), Refusal> {
    draft.command.tls.highest = match word.value.as_text() {
        Some("default") => None,
        Some("1.2") => Some(TlsVersion::OneTwo),
        Some("1.3") => Some(TlsVersion::OneThree),
        _ => {
            return Err(Refusal::new(
                "is no version of TLS that a check speaks",
                "write `1.2`, `1.3` or `default`",
            ));
        }
    };
    Ok(())
}

/// `file` or `file:passphrase`.
fn certificate(draft: &mut Draft, word: &Word) -> Result<(), Refusal> {
    let given = path(word)?;
    if given.contains(|character| character == '\\') || given.beginning().starts_with("pkcs11:") {
        return Err(Refusal::new(
            "is no plain path of a certificate",
            "give a file in PEM whose path has no backslash",
        ));
    }
    if let Some((file, passphrase)) = given.split_once(':') {
        draft.command.tls.certificate = Some(file);
        draft.command.tls.passphrase = Some(passphrase);
    } else {
        draft.command.tls.certificate = Some(given);
    }
    Ok(())
}

fn file_type(word: &Word) -> Result<(), Refusal> {
    match word.value.as_text() {
        Some(form) if form.eq_ignore_ascii_case("pem") => Ok(()),
        _ => Err(Refusal::new(
            "is a form of certificates and keys that is not read",
            "give a file in PEM",
        )),
    }
}

/// The path of a file or directory.
fn path(word: &Word) -> Result<Value, Refusal> {
    if word.value.is_empty() {
        return Err(Refusal::new("names no file", "write the file's path"));
    }
    Ok(word.value.clone())
}
