//! Bringing all templates of a node to another release.

use std::fmt;

use super::{Conflicted, Files, Kind, Location, Plan, Rebase, Write, rebase};
use crate::kong::Version;

/// What became of a node's templates. What is left to a person is not in the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// What to write.
    pub plan: Plan,
    /// Those that a person has to look at.
    pub left: Vec<Left>,
}

/// A template that is left to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The template.
    pub location: Location,
    /// Why.
    pub why: WhyLeft,
}

/// Why a template is left to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyLeft {
    /// It is no text.
    NotText,
    /// The template of a release out of which it was made, or is to be made, is not at hand.
    NoRelease(Version),
    /// Somebody and the release changed the same lines.
    Conflicted(Conflicted),
}

/// Makes of the templates of the installed release what somebody made of those of the release `from`.
#[must_use]
pub fn rebase_templates(files: &Files, from: Version) -> Templates {
    let mut templates = Templates::default();
    for (location, file) in &files.files {
        let Kind::Template { name } = &file.kind else {
            continue;
        };
        let mut left = |why| {
            let location = location.clone();
            templates.left.push(Left { location, why });
        };
        let Some(operator) = file.text() else {
            left(WhyLeft::NotText);
            continue;
        };
        let [before, after] =
            [from, files.version].map(|version| files.release(name, version).ok_or(version));
        let (before, after) = match (before, after) {
            (Ok(before), Ok(after)) => (&before.text, &after.text),
            (Err(version), _) | (_, Err(version)) => {
                left(WhyLeft::NoRelease(version));
                continue;
            }
        };
        let texts = Rebase {
            before: body(before, operator),
            operator,
            after: body(after, operator),
        };
        match rebase(&texts) {
            Ok(made) if made == operator => {}
            Ok(made) => {
                let mut wanted = file.clone();
                wanted.bytes = made.into_bytes();
                templates.plan.writes.push(Write {
                    location: location.clone(),
                    before: Some(file.clone()),
                    after: Some(wanted),
                });
            }
            Err(conflicted) => left(WhyLeft::Conflicted(conflicted)),
        }
    }
    templates
}

/// A release's template without the Lua around it, where the operator's is without it too, as `--nginx-conf` wants it.
fn body<'t>(release: &'t str, operator: &str) -> &'t str {
    const LUA: &str = "return [[\n";
    if operator.contains(LUA) {
        return release;
    }
    let inner = release
        .split_once(LUA)
        .and_then(|(_, rest)| rest.rsplit_once("]]"));
    inner.map_or(release, |(inner, _)| inner)
}

impl fmt::Display for Left {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}`: ", self.location)?;
        match &self.why {
            WhyLeft::NotText => out.write_str("it is no text"),
            WhyLeft::NoRelease(version) => {
                write!(
                    out,
                    "the template of {version} that it goes with is not at hand"
                )
            }
            WhyLeft::Conflicted(conflicted) => {
                let lines: Vec<String> = (conflicted.hunks.iter())
                    .map(|hunk| hunk.line.to_string())
                    .collect();
                write!(
                    out,
                    "you and the release changed the same lines, at {} of the marked text",
                    lines.join(", ")
                )
            }
        }
    }
}
