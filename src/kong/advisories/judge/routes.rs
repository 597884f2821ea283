//! What becomes of routes' paths in Kong 3.

use serde_json::Value;

use super::super::field::located;
use super::super::probes::PathFate;
use super::super::verdict::Verdict;
use super::entities::{place, short};
use super::{Case, collection};
use crate::kong::routes::{Fit, Fits, StoredPath};

pub(super) fn judge(case: Case<'_>, fate: PathFate) -> Verdict {
    collection(case.evidence, "routes", |routes| {
        let each = routes.iter().flat_map(|route| {
            let paths = located(&route.fields, "paths[*]").into_iter();
            paths.filter_map(|(field, path): (String, &Value)| {
                let why = met(case.fits, path.as_str()?, fate)?;
                let told = short(&path.to_string());
                let told = if why.is_empty() {
                    told
                } else {
                    format!("{told}: {why}")
                };
                Some(place("routes", route, Some(field), Some(told)))
            })
        });
        Verdict::found(each.collect())
    })
}

/// Whether that becomes of a path, which may stand there as either router writes it, and why where that does not go without saying.
fn met(fits: &Fits, text: &str, fate: PathFate) -> Option<String> {
    let path = StoredPath::of(text);
    let is_so = |is_so: bool| is_so.then(String::new);
    match fate {
        PathFate::Rewritten => is_so(path.is_rewritten()),
        PathFate::PercentEncoded => is_so(path.is_expression() && path.has_percent_encoding()),
        PathFate::Glob => is_so(path.is_glob()),
        PathFate::Rejected => match &*fits.of(text) {
            Fit::Rejected { why } => Some(why.clone()),
            _ => None,
        },
        PathFate::Different | PathFate::RarelyDifferent => {
            let fit = fits.of(text);
            let Fit::Different { by } = &*fit else {
                return None;
            };
            let is_rare = by.iter().all(|difference| difference.is_rare());
            let by: Vec<String> = by.iter().map(ToString::to_string).collect();
            (is_rare == (fate == PathFate::RarelyDifferent)).then(|| by.join("; "))
        }
    }
}
