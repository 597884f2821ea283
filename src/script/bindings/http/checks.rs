//! Checks as scripts write them: against what they run, what each asks, and which can be asked together.

use rhai::{Dynamic, EvalAltResult, Map};

use super::super::arguments::{Options, data, node};
use super::super::wrong_argument;
use crate::environment::is_safe_method;
use crate::gateway::Expectation;
use crate::primitive::{Against, Check, CheckDescription};
use crate::script::child::Raise as _;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// What the first argument says the checks run against.
pub(super) fn against(which: Dynamic) -> Result<Against> {
    if which.is_string() {
        return Ok(Against::Server(which.into_string().unwrap_or_default()));
    }
    Ok(Against::Node(node(which)?))
}

/// The check that a request and an expectation make.
pub(super) fn check_of(which: Dynamic, request: Dynamic, expect: Map) -> Result<Check> {
    let mut whole = Map::new();
    // What `http::curl` answers is a check already, to which the expectation is added.
    let of_curl = request
        .read_lock::<Map>()
        .is_some_and(|map| map.contains_key("request"));
    if of_curl {
        whole = request.cast();
        let mut wanted: Map = whole
            .remove("expect")
            .and_then(Dynamic::try_cast)
            .unwrap_or_default();
        wanted.extend(expect);
        whole.insert("expect".into(), wanted.into());
    } else {
        whole.insert("request".into(), request);
        whole.insert("expect".into(), expect.into());
    }
    described(&against(which)?, &whole.into())
}

/// A check that is written as one value.
pub(super) fn described(place: &Against, check: &Dynamic) -> Result<Check> {
    let description: CheckDescription = data("the check", check)?;
    refuse_literal_secret(&description)?;
    place.check(description).map_err(|failure| failure.raise())
}

/// A secret that stands in a check as it is would stand in the journal.
fn refuse_literal_secret(check: &CheckDescription) -> Result<()> {
    let Some(name) = check.request.literal_secret() else {
        return Ok(());
    };
    Err(wrong_argument(
        format!("`{name}` lets somebody in, and would stand in the journal"),
        "name a secret of the environment: #{ secret: \"NAME\" }, with `before: \"Bearer \"` as needed",
    ))
}

/// A whole number from 1.
pub(super) fn count(options: &mut Options, name: &'static str, preset: u32) -> Result<u32> {
    let given = options.number(name)?.unwrap_or(preset.into());
    let given = u32::try_from(given).ok().filter(|given| *given > 0);
    given.ok_or_else(|| {
        wrong_argument(
            format!("`{name}` is 1 or more"),
            &format!("#{{ {name}: {preset} }}"),
        )
    })
}

/// Checks that can be asked together: those that only look, and each method that changes something by itself, since leave is asked for
/// one.
pub(super) fn together(checks: Vec<Check>) -> Vec<Vec<Check>> {
    let mut groups: Vec<(Option<String>, Vec<Check>)> = Vec::new();
    for check in checks {
        let method = &check.request.method;
        let changing = (!is_safe_method(method)).then(|| method.clone());
        match groups.iter_mut().find(|(of, _)| *of == changing) {
            Some((_, group)) => group.push(check),
            None => groups.push((changing, vec![check])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The checks whose requests are compared; what they expect does not matter, and may be left out.
pub(super) fn compared_checks(checks: &Dynamic, node: &str) -> Result<Vec<CheckDescription>> {
    let checks: Vec<CheckDescription> = data("the checks", checks)?;
    if checks.is_empty() {
        return Err(wrong_argument(
            "no check proves nothing",
            "a list of checks, or \"generated\"",
        ));
    }
    let place = Against::Node(node.to_owned());
    for check in &checks {
        refuse_literal_secret(check)?;
        let mut check = check.clone();
        if check.expect == Expectation::default() {
            check.expect = Expectation::status(200);
        }
        place.check(check).map_err(|failure| failure.raise())?;
    }
    Ok(checks)
}
