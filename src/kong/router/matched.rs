//! Where a request goes.

use std::fmt;

use serde::Serialize;

/// The route that a request is given to, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// The route's id, if it was given.
    pub route_id: Option<String>,
    /// The route's name, if it has one.
    pub route_name: Option<String>,
    /// The service, by its name or its id; a route may have none.
    pub service: Option<String>,
    /// The path that the upstream is asked for; `None` where no service has one.
    pub upstream_path: Option<String>,
    /// The status with which Kong answers itself, since the route is for encrypted requests alone.
    pub answered: Option<u16>,
}

impl fmt::Display for Matched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.route_name.as_ref().or(self.route_id.as_ref());
        out.write_str(route.map_or("one without a name", |route| route))?;
        if let Some(service) = &self.service {
            write!(out, " → {service}")?;
        }
        if let Some(path) = &self.upstream_path {
            write!(out, " {path}")?;
        }
        match self.answered {
            Some(status) => write!(out, ", answered with {status}"),
            None => Ok(()),
        }
    }
}
