//! Lines written by hand: `GET https://example.com/a X-Version: 2; Accept: text/html`, or a path alone.

use std::collections::BTreeMap;

use super::super::asked::Asked;
use super::presumed::{Presumed, Said, add_header};

/// The request of a line.
pub(super) fn read(line: &str, presumed: &Presumed) -> Option<Asked> {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    if first.starts_with('/') {
        let said = Said {
            method: "GET".to_owned(),
            target: first.to_owned(),
            ..Said::default()
        };
        return said.asked(presumed).filter(|_| rest.trim().is_empty());
    }
    let (target, written) = rest
        .trim_start()
        .split_once(' ')
        .unwrap_or((rest.trim(), ""));
    let mut headers = BTreeMap::new();
    let written = written.split(';').map(str::trim);
    for header in written.filter(|header| !header.is_empty()) {
        let (name, value) = header.split_once(':')?;
        add_header(&mut headers, name, value);
    }
    let said = Said {
        method: first.to_owned(),
        target: target.to_owned(),
        headers,
        ..Said::default()
    };
    said.asked(presumed)
}
