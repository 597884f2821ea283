//! How the path of a service and what was requested become the path that the upstream is asked for.
//!
//! Source: `path_handling` in `router.lua` of 2.8.5 and `router/utils.lua` of 3.9.3.

use super::normal::sanitised;

/// How the two are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handling {
    /// With one slash between them.
    V0,
    /// One behind the other, without looking at slashes much.
    V1,
}

/// A path to ask a service for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// What was requested, as both routers write it.
    pub path: &'a [u8],
    /// How much of it the route's path takes; without one, the first slash.
    pub taken: usize,
    /// Whether that is taken away.
    pub is_stripped: bool,
}

/// The path that the upstream is asked for.
pub(super) fn joined(service: &[u8], request: Request<'_>, handling: Handling) -> Vec<u8> {
    let rest = sanitised(request.path.get(request.taken..).unwrap_or_default());
    match (handling, request.is_stripped) {
        (Handling::V1, true) if service.ends_with(b"/") && rest.starts_with(b"/") => {
            [without_last(service), rest].concat()
        }
        (Handling::V1, true) => [service, rest].concat(),
        (Handling::V1, false) => [service, without_first(request.path)].concat(),
        (Handling::V0, true) => stripped(service, rest, request.path),
        (Handling::V0, false) if service.ends_with(b"/") => {
            [service, without_first(request.path)].concat()
        }
        (Handling::V0, false) if request.path == b"/" => service.to_vec(),
        (Handling::V0, false) => [service, request.path].concat(),
    }
}

fn stripped(service: &[u8], rest: &[u8], path: &[u8]) -> Vec<u8> {
    let ends_open = path.ends_with(b"/");
    match (service.ends_with(b"/"), rest.first()) {
        (true, None) if service == b"/" || ends_open => service.to_vec(),
        (true, None) => without_last(service).to_vec(),
        (true, Some(b'/')) => [without_last(service), rest].concat(),
        (true, Some(_)) | (false, Some(b'/')) => [service, rest].concat(),
        (false, None) if path.len() > 1 && ends_open => [service, b"/"].concat(),
        (false, None) => service.to_vec(),
        (false, Some(_)) => [service, b"/", rest].concat(),
    }
}

fn without_first(path: &[u8]) -> &[u8] {
    path.get(1..).unwrap_or_default()
}

fn without_last(path: &[u8]) -> &[u8] {
    path.split_last().map_or(path, |(_, rest)| rest)
}
