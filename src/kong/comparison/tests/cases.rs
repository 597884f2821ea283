//! The cases of `cases.toml`.

use serde::Deserialize;
use serde_json::Value;

use super::{Comparison, Schemas, compare, differences, expected, of, plugin, schemas, version};

/// Two entities, or the configurations of two plugins, and what is said of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    #[serde(default = "oldest")]
    from: String,
    #[serde(default = "newest")]
    to: String,
    /// The plugin whose configuration they are.
    plugin: Option<String>,
    /// Or their kind.
    kind: Option<String>,
    /// What the new gateway calls that.
    kind_of_green: Option<String>,
    /// The schema of the plugin, or of whatever its kind and name choose, where it is not one of 3.9.1.
    schema: Option<String>,
    blue: String,
    green: String,
    #[serde(default)]
    differences: Vec<String>,
    #[serde(default)]
    expected: Vec<String>,
}

fn oldest() -> String {
    "2.8.5".to_owned()
}

fn newest() -> String {
    "3.9.1".to_owned()
}

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    #[derive(Deserialize)]
    struct File {
        case: Vec<Case>,
    }
    let file: File = toml::from_str(include_str!("cases.toml")).expect("readable");
    file.case
}

impl Case {
    /// The new gateway's entity.
    pub(super) fn green(&self) -> Value {
        self.entity(&self.green)
    }

    /// Whether nothing but what was expected differs.
    pub(super) fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// The comparison with a new gateway's entity.
    pub(super) fn compared(&self, green: Value) -> Comparison {
        let kind = self.kind.as_deref().unwrap_or("plugins");
        let blue = of(kind, [self.entity(&self.blue)]);
        let green = of(self.kind_of_green.as_deref().unwrap_or(kind), [green]);
        let (from, to) = (version(&self.from), version(&self.to));
        compare(&blue, &green, &self.schemas(), &from, &to)
    }

    fn schemas(&self) -> Schemas {
        let mut schemas = schemas();
        if let Some(schema) = &self.schema {
            let schema = serde_json::from_str(schema).expect("JSON");
            let kind = self.kind.as_deref().unwrap_or("plugins");
            let named = self.entity(&self.blue);
            let name = named["name"].as_str().expect("a name");
            schemas.add_named(kind, name, &schema).expect("a schema");
        }
        schemas
    }

    fn entity(&self, text: &str) -> Value {
        let value = serde_json::from_str(text);
        let value = value.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        match &self.plugin {
            Some(name) => plugin(name, &value),
            None => value,
        }
    }
}

#[test]
fn each_case_is_judged_as_it_says() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let found = case.compared(case.green());
        let told = (differences(&found), expected(&found));
        let said = (case.differences, case.expected);
        if told != said {
            wrong.push(format!(
                "{}\n  found {told:?}\n  not   {said:?}\n",
                case.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}
