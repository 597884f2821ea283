//! Values between the script and the pipe.

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Map, NativeCallContext, Position};
use serde_json::Value;

use crate::primitive::Failure;

/// Makes errors that a script can catch.
pub(in crate::script) trait Raise {
    /// The failure as the map that `catch` sees. Where it came from is told by the step that it belongs to.
    fn raise(&self) -> Box<EvalAltResult>;

    /// The same for one that belongs to no step: where it came from is the call in `context`.
    fn raise_in(&self, context: &NativeCallContext) -> Box<EvalAltResult> {
        let mut error = self.raise();
        error.set_position(context.call_position());
        error
    }
}

impl Raise for Failure {
    fn raise(&self) -> Box<EvalAltResult> {
        let mut map = Map::new();
        map.insert("code".into(), self.code.as_str().into());
        map.insert("message".into(), self.message.as_str().into());
        map.insert(
            "hint".into(),
            self.hint.as_deref().unwrap_or_default().into(),
        );
        map.insert("details".into(), to_dynamic(&self.details));
        Box::new(EvalAltResult::ErrorRuntime(
            Dynamic::from_map(map),
            Position::NONE,
        ))
    }
}

/// Raises with a question mark.
impl From<Failure> for Box<EvalAltResult> {
    fn from(failure: Failure) -> Self {
        failure.raise()
    }
}

/// A JSON value as a script sees it.
pub(in crate::script) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => number
            .as_i64()
            .map(Dynamic::from)
            .or_else(|| number.as_f64().map(Dynamic::from))
            .unwrap_or(Dynamic::UNIT),
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => {
            Dynamic::from_array(values.iter().map(to_dynamic).collect::<Array>())
        }
        Value::Object(map) => Dynamic::from_map(
            map.iter()
                .map(|(key, value)| (key.as_str().into(), to_dynamic(value)))
                .collect::<Map>(),
        ),
    }
}

/// The deepest nesting of a value that leaves the script. Whoever reads JSON gives up somewhere; nobody means this much.
const DEEPEST: usize = 64;

/// A script's value as JSON. Only plain data has one; the interpreter's own conversion would turn a closure into its name.
pub(in crate::script) fn to_json(value: &Dynamic) -> Result<Value, String> {
    json_within(value, DEEPEST)
}

fn json_within(value: &Dynamic, depth: usize) -> Result<Value, String> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(flag.into());
    }
    if let Ok(number) = value.as_int() {
        return Ok(number.into());
    }
    if let Ok(number) = value.as_float() {
        return Ok(number.into());
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(text.as_str().into());
    }
    let deeper = depth
        .checked_sub(1)
        .ok_or_else(|| format!("it is nested deeper than {DEEPEST} levels"))?;
    if let Some(array) = value.read_lock::<Array>() {
        return array
            .iter()
            .map(|value| json_within(value, deeper))
            .collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map
            .iter()
            .map(|(key, value)| Ok((key.to_string(), json_within(value, deeper)?)))
            .collect();
    }
    Err(format!("a {} is not plain data", value.type_name()))
}

/// A text argument, or the failure that says which one is wrong.
pub(in crate::script) fn text_argument(
    what: &str,
    value: &Dynamic,
) -> Result<String, Box<EvalAltResult>> {
    value.clone().into_string().map_err(|found| {
        Failure::new("argument.type", format!("{what} is a text, not a {found}")).raise()
    })
}

/// One value or an array of them.
pub(in crate::script) fn values_argument(value: Dynamic) -> Vec<Dynamic> {
    match value.try_cast_result::<Array>() {
        Ok(array) => array,
        Err(single) => vec![single],
    }
}
