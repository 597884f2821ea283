//! The reference of the language: one page per function, made from its documentation comment.

use serde::Deserialize;

use super::child::{Link, SharedLink, StandardStreams, engine};

/// The sections that every page has, in order.
pub const SECTIONS: [&str; 6] = ["Needs", "Effect", "Undo", "On resume", "Errors", "Example"];

/// One function's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name with its namespace, such as `kong::stop`.
    pub name: String,
    /// The parameters' names.
    pub parameters: Vec<String>,
    /// The text, in Markdown, with the sections as headings.
    pub text: String,
}

impl Page {
    /// The text of one section, without its heading.
    #[must_use]
    pub fn section(&self, heading: &str) -> Option<&str> {
        let start = self.text.find(&format!("# {heading}\n"))? + heading.len() + 3;
        let rest = &self.text[start..];
        Some(rest.find("\n# ").map_or(rest, |end| &rest[..end]).trim())
    }

    /// The first sentence.
    #[must_use]
    pub fn summary(&self) -> &str {
        let line = self.text.lines().next().unwrap_or_default();
        line.split_inclusive(". ").next().unwrap_or(line).trim()
    }
}

#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    functions: Vec<Function>,
    #[serde(default)]
    modules: std::collections::BTreeMap<String, Description>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Function {
    name: String,
    #[serde(default)]
    params: Vec<Parameter>,
    #[serde(default)]
    doc_comments: Vec<String>,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(default)]
    name: Option<String>,
}

/// Every page, by namespace and name.
#[must_use]
pub fn pages() -> Vec<Page> {
    let engine = engine(&SharedLink::new(Link::over(
        StandardStreams::new(),
        crate::environment::Budgets::default(),
    )));
    let description = engine
        .gen_fn_metadata_to_json(false)
        .expect("the engine describes itself");
    let description: Description =
        serde_json::from_str(&description).expect("in the shape that it documents");
    let mut pages: Vec<Page> = Vec::new();
    for (namespace, module) in description.modules {
        for function in module.functions {
            let text: Vec<&str> = function
                .doc_comments
                .iter()
                .flat_map(|comment| comment.lines())
                .map(|line| line.strip_prefix("///").unwrap_or(line))
                .map(|line| line.strip_prefix(' ').unwrap_or(line))
                .collect();
            let parameters = function
                .params
                .into_iter()
                .filter_map(|parameter| parameter.name)
                .collect();
            pages.push(Page {
                name: format!("{namespace}::{}", function.name),
                parameters,
                text: text.join("\n"),
            });
        }
    }
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    pages
}
