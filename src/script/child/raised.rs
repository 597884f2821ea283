//! From an error of the interpreter to what is journaled and shown: the failure, its place, and the calls that led there.

use rhai::{Dynamic, EvalAltResult, Map, Position};

use super::values;
use crate::journal::Place;
use crate::primitive::Failure;
use crate::run::Raised;

/// A place, if the interpreter knows one.
pub(super) fn place(source: Option<&str>, position: Position) -> Option<Place> {
    Some(Place {
        source: source?.to_owned(),
        line: u32::try_from(position.line()?).ok()?,
        column: u32::try_from(position.position().unwrap_or(1)).ok()?,
    })
}

/// What an error that nobody caught says. The interpreter's own texts are used for its own errors alone.
/// The outermost frame is in the source called `playbook`.
pub(super) fn raised(error: &EvalAltResult, playbook: Option<&str>) -> Raised {
    let mut through = Vec::new();
    let mut current = error;
    let mut source = playbook;
    // From the outside in: each frame tells the place of the call in the caller, and the source that the callee is in.
    while let EvalAltResult::ErrorInFunctionCall(_, callee, inner, position) = current {
        through.extend(place(source, *position));
        source = Some(callee.as_str())
            .filter(|name| !name.is_empty())
            .or(source);
        current = inner;
    }
    through.reverse();
    let (failure, own_place) = match current {
        EvalAltResult::ErrorRuntime(value, position) => (thrown(value), place(source, *position)),
        other => {
            let message = without_position(other);
            (
                Failure::new("playbook.error", message),
                place(source, other.position()),
            )
        }
    };
    Raised {
        failure,
        place: own_place,
        through,
    }
}

/// The failure that a thrown value is.
pub(super) fn thrown(value: &Dynamic) -> Failure {
    if let Ok(serde_json::Value::Object(map)) = plain(value) {
        let text = |key: &str| {
            map.get(key)
                .and_then(|value| value.as_str())
                .map(str::to_owned)
        };
        if let Some(message) = text("message") {
            return Failure {
                code: text("code").unwrap_or_else(|| "playbook.raised".to_owned()),
                message,
                // A script sees every key; one without a hint passes on an empty text.
                hint: text("hint").filter(|hint| !hint.is_empty()),
                details: map.get("details").cloned().unwrap_or_default(),
            };
        }
    }
    let message = value
        .clone()
        .into_string()
        .unwrap_or_else(|_| "the playbook raised a value that is not a text".to_owned());
    Failure::new("playbook.raised", message)
}

/// A thrown value, without the details where those cannot leave the script.
fn plain(value: &Dynamic) -> Result<serde_json::Value, String> {
    values::to_json(value).or_else(|problem| {
        let mut map = value.clone().try_cast::<Map>().ok_or(problem)?;
        map.remove("details");
        values::to_json(&Dynamic::from_map(map))
    })
}

/// The interpreter's message without its own spelling of the place.
fn without_position(error: &EvalAltResult) -> String {
    let mut bare = error.unwrap_inner().to_string();
    if let Some(end) = bare.rfind(" (line ") {
        bare.truncate(end);
    }
    let mut characters = bare.chars();
    characters
        .next()
        .map(|first| first.to_lowercase().chain(characters).collect())
        .unwrap_or_default()
}
