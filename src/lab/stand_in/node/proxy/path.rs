//! The path that reaches an upstream: the service's path and what is left of the request's, as `path_handling` joins them.
//!
//! Pure. `v1` joins without minding slashes; since 3.0 the router that comes with Kong takes every route for `v0`, whatever it says.

/// What a path is joined of.
pub(super) struct Parts<'a> {
    /// The service's path; empty where it has none.
    pub(super) service: &'a str,
    /// The request's path.
    pub(super) request: &'a str,
    /// How much of the request's path the route's path matched; `None` for a route without paths.
    pub(super) matched: Option<usize>,
    pub(super) strip_path: bool,
    pub(super) is_v1: bool,
}

impl Parts<'_> {
    /// The path for the upstream.
    pub(super) fn joined(&self) -> String {
        let base = match self.service {
            "" => "/",
            base => base,
        };
        // Without a path in the route nothing is stripped but the first slash, which the join brings back.
        let rest = match self.matched {
            Some(matched) => self.request.get(matched..).unwrap_or_default(),
            None => self.request.get(1..).unwrap_or_default(),
        };
        match (self.is_v1, self.strip_path) {
            (true, true) => match base.strip_suffix('/') {
                Some(short) if rest.starts_with('/') => format!("{short}{rest}"),
                _ => format!("{base}{rest}"),
            },
            (true, false) => format!("{base}{}", &self.request[1..]),
            (false, true) => self.stripped(base, rest),
            (false, false) if base.ends_with('/') => format!("{base}{}", &self.request[1..]),
            (false, false) if self.request == "/" => base.to_owned(),
            (false, false) => format!("{base}{}", self.request),
        }
    }

    /// `v0`: exactly one slash between the two, and one at the end where the request has one.
    fn stripped(&self, base: &str, rest: &str) -> String {
        let short = base.strip_suffix('/').unwrap_or(base);
        if !rest.is_empty() {
            let slash = if rest.starts_with('/') { "" } else { "/" };
            return format!("{short}{slash}{rest}");
        }
        let has_slash = self.request.len() > 1 && self.request.ends_with('/');
        if base == "/" || has_slash {
            return format!("{short}/");
        }
        short.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;

    fn joined(service: &str, route: &str, request: &str, strip_path: bool) -> [String; 2] {
        [false, true].map(|is_v1| {
            let parts = Parts {
                service,
                request,
                matched: Some(route.len()),
                strip_path,
                is_v1,
            };
            parts.joined()
        })
    }

    /// Rows of the table in Kong's Admin API reference under "Path handling", with both columns.
    #[test]
    fn paths_are_joined_as_kong_documents_it() {
        for (service, route, strip, request, v0, v1) in [
            ("/s", "/fv0", false, "/fv0/req", "/s/fv0/req", "/sfv0/req"),
            ("/s", "/fv0", false, "/fv0", "/s/fv0", "/sfv0"),
            ("/s", "/tv0", true, "/tv0/req", "/s/req", "/s/req"),
            ("/s", "/tv0", true, "/tv0", "/s", "/s"),
            ("/s", "/fv0/", false, "/fv0/req", "/s/fv0/req", "/sfv0/req"),
            ("/s", "/tv0/", true, "/tv0/req", "/s/req", "/sreq"),
            ("/s", "/tv0/", true, "/tv0/", "/s/", "/s"),
            ("/s/", "/tv0", true, "/tv0", "/s", "/s/"),
            ("/s/", "/tv0", true, "/tv0/", "/s/", "/s/"),
            ("/s/", "/tv0/", true, "/tv0/req", "/s/req", "/s/req"),
            ("", "/tv0", true, "/tv0", "/", "/"),
            ("", "/fv0", false, "/fv0/req", "/fv0/req", "/fv0/req"),
        ] {
            let what = format!("{service} {route} {strip} {request}");
            assert_eq!(joined(service, route, request, strip), [v0, v1], "{what}");
        }
    }

    #[test]
    fn a_route_without_paths_strips_nothing() {
        let parts = Parts {
            service: "/s",
            request: "/a",
            matched: None,
            strip_path: true,
            is_v1: false,
        };
        assert_eq!(parts.joined(), "/s/a");
    }
}
