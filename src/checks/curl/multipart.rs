//! The body of a form in several parts, byte for byte as curl writes it.

use super::form::{FormContent, FormPart};
use super::request::{Given, NotSent};

/// The body and its boundary.
pub(super) fn body(parts: &[FormPart], given: &Given) -> Result<(Vec<u8>, String), NotSent> {
    let parts: Vec<_> = parts
        .iter()
        .map(|part| written(part, given))
        .collect::<Result<_, _>>()?;
    let mut boundary = "-".repeat(BOUNDARY_DASHES) + "cutover";
    // A boundary must not stand in what it separates.
    let stands = |boundary: &str| {
        parts.iter().any(|part| {
            part.windows(boundary.len())
                .any(|some| some == boundary.as_bytes())
        })
    };
    while stands(&boundary) {
        boundary.push('0');
    }
    let mut body = Vec::new();
    for part in &parts {
        body.extend(format!("--{boundary}\r\n").bytes());
        body.extend(part);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    Ok((body, boundary))
}

/// As many as curl writes.
const BOUNDARY_DASHES: usize = 24;

/// Headers and content of a part.
fn written(part: &FormPart, given: &Given) -> Result<Vec<u8>, NotSent> {
    let mut disposition = vec!["Content-Disposition: form-data".to_owned()];
    let name = given.non_empty(part.name.as_ref())?;
    disposition.extend(name.map(|name| format!("name=\"{}\"", escaped(&name))));
    let (content, path) = match &part.content {
        FormContent::Text(text) => (given.text(text)?.into_bytes(), None),
        FormContent::File(path) => (given.file(path)?.to_vec(), Some(given.text(path)?)),
        FormContent::TextOfFile(path) => (given.file(path)?.to_vec(), None),
    };
    let file_name = match &part.file_name {
        Some(name) => Some(given.text(name)?),
        None => path
            .as_deref()
            .map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()),
    };
    if let Some(name) = &file_name {
        disposition.push(format!("filename=\"{}\"", escaped(name)));
    }
    let content_type = match &part.content_type {
        Some(content_type) => Some(given.text(content_type)?),
        None => guessed(file_name.as_deref(), path.as_deref()).map(str::to_owned),
    };
    let mut written = disposition.join("; ").into_bytes();
    if let Some(content_type) = content_type {
        written.extend(format!("\r\nContent-Type: {content_type}").bytes());
    }
    written.extend(b"\r\n\r\n");
    written.extend(content);
    Ok(written)
}

/// What would end a name in a header.
fn escaped(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The type that curl tells by the end of a file's name, or of its path where the name tells none.
fn guessed(file_name: Option<&str>, path: Option<&str>) -> Option<&'static str> {
    let known = |name: &str| {
        let lower = name.to_ascii_lowercase();
        TYPES
            .iter()
            .find(|(end, _)| lower.ends_with(end))
            .map(|(_, told)| *told)
    };
    let found = file_name.and_then(known).or_else(|| path.and_then(known));
    found.or_else(|| path.map(|_| "application/octet-stream"))
}

const TYPES: [(&str, &str); 10] = [
    (".gif", "image/gif"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".png", "image/png"),
    (".svg", "image/svg+xml"),
    (".txt", "text/plain"),
    (".htm", "text/html"),
    (".html", "text/html"),
    (".pdf", "application/pdf"),
    (".xml", "application/xml"),
];
