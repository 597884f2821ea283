//! Bodies and queries: JSON, or a form with `config.minute=5`, `paths[]=/a` and `paths[1]=/a` as `curl -d` sends them.

use serde_json::{Map, Value};

use super::super::schema::Object;

/// The object a body holds; `None` when it holds none.
pub(super) fn object(content_type: &str, body: &[u8]) -> Option<Object> {
    if body.is_empty() {
        return Some(Object::new());
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let text = std::str::from_utf8(body).ok()?;
        let mut object = Object::new();
        for (key, value) in pairs(text) {
            put(&mut object, &key, value);
        }
        return Some(object);
    }
    match serde_json::from_slice(body).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// The pairs of a query or a form, decoded.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key), decoded(value))
    })
}

/// The fields of a form that `curl -F` sends, of which only names and texts matter here.
pub(super) fn multipart(content_type: &str, body: &str) -> Object {
    let boundary = content_type
        .split_once("boundary=")
        .map_or("", |(_, boundary)| boundary.trim_matches('"'));
    let mut object = Object::new();
    for part in body.split(&format!("--{boundary}")) {
        let Some((head, text)) = part.split_once("\r\n\r\n") else {
            continue;
        };
        let name = head.split_once(" name=\"").and_then(|(_, rest)| {
            let (name, _) = rest.split_once('"')?;
            Some(name)
        });
        if let Some(name) = name {
            let text = text.strip_suffix("\r\n").unwrap_or(text);
            object.insert(name.to_owned(), Value::String(text.to_owned()));
        }
    }
    object
}

fn put(object: &mut Object, key: &str, value: String) {
    if let Some((record, rest)) = key.split_once('.') {
        let inner = object
            .entry(record)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(inner) = inner {
            put(inner, rest, value);
        }
        return;
    }
    match key.split_once('[') {
        Some((list, _)) => {
            let inner = object
                .entry(list)
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(inner) = inner {
                inner.push(Value::String(value));
            }
        }
        None => {
            object.insert(key.to_owned(), Value::String(value));
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                let byte = std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                match byte {
                    Some(byte) => {
                        bytes.push(byte);
                        rest = after;
                    }
                    None => bytes.push(b'%'),
                }
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_becomes_an_object() {
        let form = b"name=a+b&paths[]=%2Fx&paths[]=/y&config.minute=5&service.id=1";
        let object = object("application/x-www-form-urlencoded", form).expect("a form");
        let wanted = json!({"name": "a b", "paths": ["/x", "/y"], "config": {"minute": "5"}, "service": {"id": "1"}});
        assert_eq!(Value::Object(object), wanted);
    }

    #[test]
    fn the_parts_of_a_form_become_fields() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"config\"; filename=\"kong.yml\"\r\n\
                    Content-Type: text/plain\r\n\r\n_format_version: '3.0'\n\r\n--x--\r\n";
        let object = multipart("multipart/form-data; boundary=x", body);
        assert_eq!(object["config"], "_format_version: '3.0'\n");
    }
}
