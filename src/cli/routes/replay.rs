//! The requests of a log, played to the router of the version that runs and to that of the version to go to.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::json;

use super::Found;
use crate::cli::exit::{CliError, Exit};
use crate::cli::output;
use crate::kong::Version;
use crate::kong::router::requests::{Presumed, Requests};
use crate::kong::router::{Changed, Flavour, Matched, Router, Scheme, difference, migrated};
use crate::render::{clean, counted};

/// What is to be known of the requests and of the new router.
#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    /// The version to go to.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "3.9.1",
        requires = "requests"
    )]
    to: Version,
    /// Whether `router_flavor` is `traditional` there, instead of `traditional_compatible`.
    #[arg(long, requires = "requests")]
    traditional: bool,
    /// The host that clients ask for, where a log does not have it.
    #[arg(long, value_name = "HOST", default_value = "", requires = "requests")]
    host: String,
    /// Whether clients speak to Kong without encryption, where a log does not say it.
    #[arg(long, requires = "requests")]
    in_the_clear: bool,
}

/// Changed requests are told up to so many.
const TOLD: usize = 100;

pub(super) fn replay(
    found: &Found,
    file: &Path,
    arguments: &Replay,
    as_json: bool,
) -> Result<Exit, CliError> {
    let is_two = !found.version.is_at_least(3, 0);
    let of = |version: Version| {
        if arguments.traditional {
            Flavour::Traditional
        } else {
            Flavour::TraditionalCompatible(version)
        }
    };
    let old = if is_two {
        Flavour::Two
    } else {
        of(found.version)
    };
    let stored: Vec<_> = if is_two {
        found.routes.iter().map(migrated).collect()
    } else {
        found.routes.clone()
    };
    let (old, left_out) = Router::new(old, &found.routes, &found.services);
    let (new, more) = Router::new(of(arguments.to), &stored, &found.services);
    let mut left_out: Vec<String> = left_out
        .iter()
        .chain(&more)
        .map(ToString::to_string)
        .collect();
    left_out.sort();
    left_out.dedup();
    let unread = |error: std::io::Error| {
        CliError::usage(format!("cannot read `{}`: {error}", file.display()))
    };
    let text: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).map_err(unread)?))
    };
    let presumed = Presumed {
        host: arguments.host.clone(),
        scheme: if arguments.in_the_clear {
            Scheme::Http
        } else {
            Scheme::Https
        },
        port: None,
    };
    let mut requests = Requests::new(text, presumed);
    let changed = difference(&old, &new, requests.by_ref());
    let tally = requests.finish().map_err(unread)?;
    if tally.requests == 0 {
        return Err(CliError::usage(format!("`{}` has no request in it", file.display()))
            .hint("each line is of an access log, JSON, or `METHOD URL`, as in `GET https://shop.example/orders`"));
    }
    if as_json {
        let whole = json!({ "changed": changed, "not_judged": left_out, "lines": tally });
        output::json(&serde_json::to_string_pretty(&whole).expect("plain data"));
    } else {
        let mut lines: Vec<String> = left_out
            .iter()
            .map(|why| format!("not judged: {}", clean(why)))
            .collect();
        lines.extend(changed.iter().take(TOLD).flat_map(told));
        if changed.len() > TOLD {
            lines.push(format!(
                "and {} more; `--output json` has all",
                changed.len() - TOLD
            ));
        }
        if tally.unreadable > 0 {
            let numbers: Vec<String> = tally.first_unreadable.iter().map(u64::to_string).collect();
            let unreadable = usize::try_from(tally.unreadable).unwrap_or(usize::MAX);
            lines.push(format!(
                "{} could not be read: {}",
                counted(unreadable, "line"),
                numbers.join(", ")
            ));
        }
        let times: u64 = changed.iter().map(|one| one.times).sum();
        lines.push(format!(
            "{} requests: {times} of them go elsewhere, in {} different ones",
            tally.requests,
            changed.len()
        ));
        output::data(&lines.join("\n"));
    }
    Ok(if changed.is_empty() && left_out.is_empty() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// A request with where it went and where it goes.
fn told(changed: &Changed) -> [String; 3] {
    let to = |matched: &Option<Matched>| {
        let told = matched.as_ref().map(|matched| clean(&matched.to_string()));
        told.unwrap_or_else(|| "no route: 404".to_owned())
    };
    [
        format!(
            "{} times {}",
            changed.times,
            clean(&changed.asked.to_string())
        ),
        format!("  before: {}", to(&changed.old)),
        format!("  after:  {}", to(&changed.new)),
    ]
}
