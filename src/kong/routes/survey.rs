//! The paths of many routes, judged together.

use serde::Serialize;
use serde_json::{Map, Value};

use super::fit::Fit;
use super::fits::Fits;
use super::stored_path::StoredPath;

/// Which router the paths are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// That of 2.x, which tells expressions by their characters.
    Two,
    /// That of 3.x, before whose expressions a `~` stands.
    Three,
}

/// What becomes of the routes of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Survey {
    /// How many routes there are.
    pub routes: usize,
    /// How many paths they have.
    pub paths: usize,
    /// How many of these are expressions.
    pub expressions: usize,
    /// Paths that are stored otherwise from 3.0 on, or do not match what they matched.
    pub changed: Vec<ChangedPath>,
    /// Routes with `path_handling` v1, which the new router does not have: it joins the paths of service and route as v0 does.
    pub joined_otherwise: Vec<String>,
}

/// A path of which something becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedPath {
    /// The route, by its name or its id.
    pub route: String,
    /// Which of its paths, from 0.
    pub index: usize,
    /// The path.
    pub path: String,
    /// How 3.0's migration stores it; `None` if it cannot.
    pub migrated: Option<String>,
    /// What the new router makes of it.
    #[serde(flatten)]
    pub fit: Fit,
}

impl Survey {
    /// Judges routes as the Admin API or a declarative file has them.
    #[must_use]
    pub fn of<'a>(routes: impl Iterator<Item = &'a Map<String, Value>>, era: Era) -> Self {
        let (mut survey, fits) = (Self::default(), Fits::default());
        for fields in routes {
            let text = |field: &str| fields.get(field).and_then(Value::as_str);
            let route = text("name").or_else(|| text("id"));
            let route = route.unwrap_or("one without a name");
            survey.routes += 1;
            if text("path_handling") == Some("v1") {
                survey.joined_otherwise.push(route.to_owned());
            }
            let paths = fields.get("paths").and_then(Value::as_array);
            let paths = paths.into_iter().flatten().filter_map(Value::as_str);
            for (index, path) in paths.enumerate() {
                survey.paths += 1;
                let stored = StoredPath::of(path);
                let is_expression = match era {
                    Era::Two => stored.is_expression(),
                    Era::Three => stored.is_expression() && !stored.is_rewritten(),
                };
                if !is_expression {
                    continue;
                }
                survey.expressions += 1;
                let fit = (*fits.of(path)).clone();
                if stored.is_rewritten() || fit != Fit::Same {
                    survey.changed.push(ChangedPath {
                        route: route.to_owned(),
                        index,
                        path: path.to_owned(),
                        migrated: stored.migrated().map(std::borrow::Cow::into_owned),
                        fit,
                    });
                }
            }
        }
        survey
    }

    /// Paths whose routes the new router does not build.
    pub fn rejected(&self) -> impl Iterator<Item = &ChangedPath> {
        let changed = self.changed.iter();
        changed.filter(|path| matches!(path.fit, Fit::Rejected { .. }))
    }
}
