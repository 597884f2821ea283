//! `cutover api [NAME]`: the reference of the language.

use super::exit::Exit;
use super::output;
use crate::script::pages;

/// Arguments of `cutover api`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A function such as `run::note`, or a part of a name or page. Without it everything is listed.
    search: Option<String>,
}

pub(super) fn api(arguments: &Arguments) -> Exit {
    let search = arguments.search.as_deref().unwrap_or_default();
    let pages = pages();
    if let Some(page) = pages.iter().find(|page| page.name == search) {
        output::data(&format!(
            "{}({})\n\n{}",
            page.name,
            page.parameters.join(", "),
            page.text
        ));
        return Exit::Done;
    }
    let found: Vec<_> = pages
        .iter()
        .filter(|page| page.name.contains(search) || page.text.contains(search))
        .collect();
    for page in &found {
        output::data(&format!("{:<24} {}", page.name, page.summary()));
    }
    if found.is_empty() {
        output::people(&format!("nothing matches `{search}`"));
        return Exit::Usage;
    }
    Exit::Done
}
