//! The functions that exist: asked from the engine itself, so that the check cannot disagree with it.

use std::collections::{BTreeMap, BTreeSet};

use rhai::Engine;
use serde::Deserialize;

/// Names and how many arguments they take.
pub(super) type Arities = BTreeMap<String, BTreeSet<usize>>;

/// What the engine offers.
pub(super) struct Known {
    /// Functions without a namespace, also callable as methods with one argument less.
    pub(super) plain: Arities,
    /// Functions by namespace.
    pub(super) namespaces: BTreeMap<String, Arities>,
}

/// The part of the engine's own description that is used here.
#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    functions: Vec<Function>,
    #[serde(default)]
    modules: BTreeMap<String, Description>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Function {
    name: String,
    num_params: usize,
}

impl Known {
    /// What `engine` offers.
    pub(super) fn of(engine: &Engine) -> Self {
        let description = engine
            .gen_fn_metadata_to_json(true)
            .expect("the engine describes itself");
        let description: Description =
            serde_json::from_str(&description).expect("in the shape that it documents");
        let mut plain = arities(&description.functions);
        // Words of the language that are calls in the parsed text.
        for (name, takes) in [
            ("Fn", 1..=1),
            ("curry", 1..=100),
            ("call", 1..=100),
            ("is_shared", 1..=1),
            ("type_of", 1..=1),
        ] {
            plain.entry(name.to_owned()).or_default().extend(takes);
        }
        for (name, takes) in [("is_def_var", 1..=1), ("is_def_fn", 2..=3), ("tag", 1..=1)] {
            plain.entry(name.to_owned()).or_default().extend(takes);
        }
        let namespaces = description
            .modules
            .iter()
            .map(|(name, module)| (name.clone(), arities(&module.functions)));
        Self {
            plain,
            namespaces: namespaces.collect(),
        }
    }
}

fn arities(functions: &[Function]) -> Arities {
    let mut arities = Arities::new();
    for function in functions {
        arities
            .entry(function.name.clone())
            .or_default()
            .insert(function.num_params);
    }
    arities
}
