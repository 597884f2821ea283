//! `test`: the words of tests. They exist in `cutover test` alone; a playbook that uses them does not pass the check.

use std::collections::BTreeMap;

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};
use serde_json::Value;

use super::arguments::Options;
use crate::gateway::{FaultMoment, StepFault};
use crate::primitive::{Failure, Intent};
use crate::run::{Afterwards, AtStep, Interference, Kill, KillMoment};
use crate::script::child::{Raise as _, SharedBench, text_argument, to_dynamic, to_json};

#[export_module]
pub(super) mod test {
    /// Describes the world that the next run begins in, over the presets: two nodes of Kong 2.8.5, `kong-1` and `kong-2`, in the
    /// cluster `practice` on the database `main`, behind a load balancer. `green: "3.4.2"` puts a second side beside them: the cluster `green`
    /// with two nodes of that version, `green-1` and `green-2` under `nodes`, that do not run and get no requests, and a database `green` that is
    /// yet to be made; with `one_database: true` it has that of the first.
    #[rhai_fn(return_raw, volatile)]
    pub fn world(context: NativeCallContext, words: Map) -> Result<(), Box<EvalAltResult>> {
        placed(&context, || {
            let words = json(&Dynamic::from_map(words))?;
            let words = words.as_object().expect("a map is an object");
            Ok(SharedBench::of(&context).describe(words)?)
        })
    }

    /// Begins with a world that `cutover observe` wrote, or somebody by hand, into a file beside the test.
    #[rhai_fn(return_raw, volatile)]
    pub fn world_file(context: NativeCallContext, path: &str) -> Result<(), Box<EvalAltResult>> {
        placed(
            &context,
            || Ok(SharedBench::of(&context).describe_by(path)?),
        )
    }

    /// Writes a playbook of the test's own, to be run by its name; for trying out a module.
    #[rhai_fn(return_raw, volatile)]
    pub fn playbook(
        context: NativeCallContext,
        name: &str,
        text: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        placed(
            &context,
            || Ok(SharedBench::of(&context).write(name, text)?),
        )
    }

    /// Runs a playbook and answers what came of it. The next run goes on in the world that this one leaves.
    #[rhai_fn(return_raw, volatile)]
    pub fn run(
        context: NativeCallContext,
        playbook: &str,
        parameters: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        placed(&context, || {
            let mut texts = BTreeMap::new();
            for (name, value) in &parameters {
                let text = match json(value)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                texts.insert(name.to_string(), text);
            }
            let told = SharedBench::of(&context).play(playbook, &texts)?;
            Ok(to_dynamic(&told))
        })
    }

    /// The first step of a verb fails in the next run, before it does anything.
    #[rhai_fn(name = "fails", return_raw, volatile)]
    pub fn fails_first(context: NativeCallContext, verb: &str) -> Result<(), Box<EvalAltResult>> {
        fails(context, verb, Map::new())
    }

    /// The `nth` step of a verb fails in the next run, at the call that changes the world of the number `at`, `when` "before" or
    /// "after" that did its work, with the failure's `code`. A step that only looks fails from its look of that number on.
    #[rhai_fn(return_raw, volatile)]
    pub fn fails(
        context: NativeCallContext,
        verb: &str,
        options: Map,
    ) -> Result<(), Box<EvalAltResult>> {
        placed(&context, || {
            let mut options = Options::new(options);
            let AtStep { verb, nth } = at(verb, &mut options)?;
            let fault = StepFault {
                verb,
                nth,
                call: count(&mut options, "at")?,
                when: match word(&mut options, "when")?.as_deref() {
                    None | Some("before") => FaultMoment::Before,
                    Some("after") => FaultMoment::After,
                    Some(other) => return Err(no_moment(other, "`before` or `after`")),
                },
                code: word(&mut options, "code")?.unwrap_or_else(|| "test.injected".to_owned()),
            };
            options.done()?;
            SharedBench::of(&context).trouble(|trouble| trouble.steps.push(fault));
            Ok(())
        })
    }

    /// The runner is killed in the next run when a step has done its work and nothing says so, and is resumed.
    #[rhai_fn(name = "crash", return_raw, volatile)]
    pub fn crash_during(context: NativeCallContext, verb: &str) -> Result<(), Box<EvalAltResult>> {
        crash(context, verb, Map::new())
    }

    /// The runner is killed in the next run at the `nth` step of a verb, `when` "before", "during" or "after", and is resumed.
    #[rhai_fn(return_raw, volatile)]
    pub fn crash(
        context: NativeCallContext,
        verb: &str,
        options: Map,
    ) -> Result<(), Box<EvalAltResult>> {
        placed(&context, || {
            let mut options = Options::new(options);
            let at = at(verb, &mut options)?;
            let when = match word(&mut options, "when")?.as_deref() {
                Some("before") => KillMoment::Before,
                None | Some("during") => KillMoment::During,
                Some("after") => KillMoment::After,
                Some(other) => return Err(no_moment(other, "`before`, `during` or `after`")),
            };
            options.done()?;
            SharedBench::of(&context).trouble(|trouble| trouble.kill = Some(Kill { at, when }));
            Ok(())
        })
    }

    /// Somebody writes configuration into a database in the next run, after the first step of a verb.
    #[rhai_fn(return_raw, volatile)]
    pub fn write_after(
        context: NativeCallContext,
        verb: &str,
        database: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        meanwhile(&context, verb, Interference::Write(database.to_owned()))
    }

    /// Kong dies on a node in the next run, after the first step of a verb.
    #[rhai_fn(return_raw, volatile)]
    pub fn node_dies_after(
        context: NativeCallContext,
        verb: &str,
        node: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        meanwhile(&context, verb, Interference::NodeDies(node.to_owned()))
    }

    /// Half a day passes in the next run, after the first step of a verb: windows close, approvals lapse.
    #[rhai_fn(return_raw, volatile)]
    pub fn half_a_day_after(
        context: NativeCallContext,
        verb: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        meanwhile(&context, verb, Interference::HalfADay)
    }

    /// A person does not approve in the next run what is shown with these words. Everything else is approved.
    #[rhai_fn(volatile)]
    pub fn refuse(context: NativeCallContext, words: &str) {
        let words = Some(words.to_owned());
        SharedBench::of(&context).trouble(|trouble| trouble.refused_words = words);
    }

    /// A person takes the next run back if it is held, paused or stuck.
    #[rhai_fn(volatile)]
    pub fn take_back(context: NativeCallContext) {
        SharedBench::of(&context).trouble(|trouble| trouble.afterwards = Afterwards::TakeBack);
    }

    /// Fails the test unless two values are equal: the one that is found, and the one that is right.
    #[rhai_fn(return_raw, volatile)]
    pub fn equal(
        context: NativeCallContext,
        found: Dynamic,
        right: Dynamic,
    ) -> Result<(), Box<EvalAltResult>> {
        placed(&context, || {
            let (found, right) = (json(&found)?, json(&right)?);
            if found == right {
                return Ok(());
            }
            let message = format!("found {found}, and {right} is right");
            Err(Failure::new("test.equal", message).raise())
        })
    }

    /// Fails the test with these words unless a condition holds.
    #[rhai_fn(return_raw, volatile)]
    pub fn that(
        context: NativeCallContext,
        condition: bool,
        words: &str,
    ) -> Result<(), Box<EvalAltResult>> {
        placed(&context, || {
            if condition {
                return Ok(());
            }
            Err(Failure::new("test.that", words).raise())
        })
    }

    /// The steps of a verb that a run took, in order.
    #[rhai_fn(return_raw, volatile)]
    pub fn steps(
        context: NativeCallContext,
        run: Map,
        verb: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        placed(&context, || Ok(known(verb)?))?;
        let steps = run.get("steps").cloned().unwrap_or_default();
        let steps = steps.into_typed_array::<Map>().unwrap_or_default();
        let of_verb = steps.into_iter().filter(|step| {
            step.get("verb")
                .is_some_and(|found| found.clone().into_string().is_ok_and(|found| found == verb))
        });
        Ok(of_verb.map(Dynamic::from_map).collect::<Vec<_>>().into())
    }
}

/// What `body` answers; what it raises bears the place of the call, which the interpreter gives to its own errors alone.
fn placed<T>(
    context: &NativeCallContext,
    body: impl FnOnce() -> Result<T, Box<EvalAltResult>>,
) -> Result<T, Box<EvalAltResult>> {
    body().map_err(|mut error| {
        error.set_position(context.call_position());
        error
    })
}

/// A script's value as plain data.
fn json(value: &Dynamic) -> Result<Value, Failure> {
    to_json(value).map_err(|problem| Failure::new("test.value", problem))
}

/// Refuses a verb that there is none of.
fn known(verb: &str) -> Result<(), Failure> {
    if Intent::VERBS.contains(&verb) {
        return Ok(());
    }
    let verbs = Intent::VERBS.iter();
    let near = verbs
        .map(|known| (strsim::damerau_levenshtein(verb, known), *known))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    let failure = Failure::new("test.verb", format!("there is no step `{verb}`"));
    Err(match near {
        Some((_, near)) => failure.hint(format!("did you mean `{near}`?")),
        None => failure,
    })
}

fn at(verb: &str, options: &mut Options) -> Result<AtStep, Box<EvalAltResult>> {
    known(verb)?;
    Ok(AtStep {
        verb: verb.to_owned(),
        nth: count(options, "nth")?,
    })
}

/// Which one, from 1; the first where nothing is said.
fn count(options: &mut Options, name: &'static str) -> Result<u32, Box<EvalAltResult>> {
    let number = options.number(name)?.unwrap_or(1);
    u32::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| super::wrong_argument(format!("`{name}` counts from 1"), ""))
}

/// An option that is a text.
fn word(options: &mut Options, name: &'static str) -> Result<Option<String>, Box<EvalAltResult>> {
    let value = options.take(name);
    value
        .map(|value| text_argument(&format!("`{name}`"), &value))
        .transpose()
}

fn meanwhile(
    context: &NativeCallContext,
    verb: &str,
    what: Interference,
) -> Result<(), Box<EvalAltResult>> {
    placed(context, || Ok(known(verb)?))?;
    let at = AtStep {
        verb: verb.to_owned(),
        nth: 1,
    };
    SharedBench::of(context).trouble(|trouble| trouble.meanwhile.push((at, what)));
    Ok(())
}

fn no_moment(found: &str, moments: &str) -> Box<EvalAltResult> {
    super::wrong_argument(format!("`{found}` is no moment"), moments)
}
