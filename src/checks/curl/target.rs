//! The target of a request: path and query as curl sends them, which is as they were written but for `.`, `..` and letters beyond ASCII.

use percent_encoding::{AsciiSet, utf8_percent_encode};

/// A path and a query, with `more` behind the query where something was added to it, if only an empty text.
pub(super) fn target(path: &str, query: Option<&str>, more: Option<&str>) -> String {
    let path = utf8_percent_encode(path, BEYOND_ASCII);
    match (query, more) {
        (None, None | Some("")) => path.to_string(),
        (None, Some(query)) | (Some(query), None) => format!("{path}?{query}"),
        (Some(query), Some(more)) if query.is_empty() || query.ends_with('&') => {
            format!("{path}?{query}{more}")
        }
        (Some(query), Some(more)) => format!("{path}?{query}&{more}"),
    }
}

/// Encoded in a path, and not in a query.
const BEYOND_ASCII: &AsciiSet = &AsciiSet::EMPTY;

/// A path with `.` and `..` worked out.
pub(super) fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_dots = matches!(segment, "." | "..");
        if segment == ".." {
            kept.pop();
        } else if !is_dots {
            kept.push(segment);
        }
        // `/a/..` is the directory `/`, with its slash.
        if is_dots && segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_worked_out() {
        for (path, without) in [
            ("/", "/"),
            ("/a/./b/../c", "/a/c"),
            ("/../../a", "/a"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/..", "/"),
            ("/a//../b", "/a/b"),
            ("/a/...", "/a/..."),
            ("/a/%2e%2e/b", "/a/%2e%2e/b"),
        ] {
            assert_eq!(without_dots(path), without, "{path}");
        }
    }
}
