//! The interpreter, with every limit set and nothing in it that acts by itself.

use rhai::packages::{
    BasicArrayPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage,
    MoreStringPackage, Package as _,
};
use rhai::{Dynamic, Engine, ImmutableString, OptimizationLevel};

use super::bench::SharedBench;
use super::comparing;
use super::link::SharedLink;
use super::resolver::Resolver;
use super::values::Raise as _;
use crate::primitive::Failure;
use crate::script::bindings;

/// Nesting of expressions, at the top and in functions. Closures in phases in loops add up.
const EXPRESSION_DEPTH: usize = 64;
/// Length of a text, in bytes.
const TEXT: usize = 1 << 20;
/// Elements of an array, entries of a map.
const ELEMENTS: usize = 10_000;
/// Variables in one scope, functions in one source, modules in all.
const NAMES: usize = 1_000;

/// Words that Rhai's core offers and that would act outside the journal, with what to use instead.
pub(in crate::script) const WITHHELD: [(&str, &str); 5] = [
    ("sleep", "use `clock::pause(\"30s\")`, which is journaled"),
    ("timestamp", "use `clock::now()`, which is journaled"),
    ("exit", "let the playbook end, or `throw` what is wrong"),
    ("print", "use `run::note(text)`, which is journaled"),
    ("debug", "use `run::note(text)`, which is journaled"),
];

/// An engine whose functions talk through `link`.
pub(in crate::script) fn engine(link: &SharedLink) -> Engine {
    let mut engine = bounded(link);
    engine.set_default_tag(Dynamic::from(link.clone()));
    bindings::register(&mut engine);
    engine
}

/// An engine for tests of playbooks: its functions talk to `bench`, and none of a playbook's words is there.
pub(super) fn for_tests(link: &SharedLink, bench: &SharedBench) -> Engine {
    let mut engine = bounded(link);
    engine.set_default_tag(Dynamic::from(bench.clone()));
    bindings::register_tests(&mut engine);
    engine
}

/// An engine that knows Rhai's own words, the harmless ones.
fn bounded(link: &SharedLink) -> Engine {
    let mut engine = Engine::new_raw();
    CorePackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    // The optimiser removes statements that have effects, such as an import inside `try`.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.disable_symbol("eval");
    engine.set_strict_variables(true);
    engine.set_allow_shadowing(true);
    engine.set_fail_on_invalid_map_property(true);
    // Each takes some 7 KiB of the interpreter's stack, closures inside natives 19 KiB.
    engine.set_max_call_levels(link.budgets().depth as usize);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
    engine.set_max_string_size(TEXT);
    engine.set_max_array_size(ELEMENTS);
    engine.set_max_map_size(ELEMENTS);
    engine.set_max_variables(NAMES);
    engine.set_max_functions(NAMES);
    engine.set_max_modules(NAMES);
    engine.set_max_strings_interned(NAMES);
    engine.set_module_resolver(Resolver(link.clone()));
    // Standard output is the pipe; what a script prints must not get into it.
    engine.on_print(|_| {});
    engine.on_debug(|_, _, _| {});
    let counted = link.clone();
    engine.on_progress(move |_| counted.on_operation());
    withhold(&mut engine);
    bound_replace(&mut engine);
    comparing::register(&mut engine);
    engine
}

/// Covers what Rhai's core offers and must not do. The check refuses these words beforehand; this is for what it cannot see.
fn withhold(engine: &mut Engine) {
    fn refused(word: &str) -> Box<rhai::EvalAltResult> {
        Failure::new(
            "playbook.withheld",
            format!("`{word}` is not part of the language of playbooks"),
        )
        .raise()
    }
    engine.register_fn(
        "sleep",
        |_: rhai::INT| -> Result<(), Box<rhai::EvalAltResult>> { Err(refused("sleep")) },
    );
    engine.register_fn(
        "sleep",
        |_: rhai::FLOAT| -> Result<(), Box<rhai::EvalAltResult>> { Err(refused("sleep")) },
    );
    engine.register_fn("exit", || -> Result<(), Box<rhai::EvalAltResult>> {
        Err(refused("exit"))
    });
    engine.register_fn(
        "exit",
        |_: Dynamic| -> Result<(), Box<rhai::EvalAltResult>> { Err(refused("exit")) },
    );
}

/// Rhai computes a replacement before it looks at the size limit, so a short script could take gigabytes.
fn bound_replace(engine: &mut Engine) {
    engine.register_fn(
        "replace",
        |text: &mut ImmutableString, find: char, with: ImmutableString| {
            replace(text, &find.to_string(), &with)
        },
    );
    engine.register_fn(
        "replace",
        |text: &mut ImmutableString, find: ImmutableString, with: ImmutableString| {
            replace(text, &find, &with)
        },
    );
}

fn replace(
    text: &mut ImmutableString,
    find: &str,
    with: &str,
) -> Result<(), Box<rhai::EvalAltResult>> {
    let found = if find.is_empty() {
        text.chars().count() + 1
    } else {
        text.matches(find).count()
    };
    let size = (text.len() + found * with.len()).saturating_sub(found * find.len());
    if size > TEXT {
        let message =
            format!("the replaced text would have {size} bytes, and {TEXT} are the limit");
        return Err(Failure::new("playbook.text_size", message).raise());
    }
    *text = text.replace(find, with).into();
    Ok(())
}
