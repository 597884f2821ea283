//! What a step names: everything that its leave is asked about, whatever the step calls its target.
//!
//! Read off the intent as data, by the keys that name things, so that no primitive can forget one and no field is left out that a
//! playbook has put another name into.

use serde_json::Value;

use super::{Check, Intent};
use crate::environment::{Thing, Wanted, is_safe_method};
use crate::gateway::{HttpRequest, ScratchCopy, ScratchNode};

/// The keys under which intents name things of an environment.
const NAMING: [&str; 11] = [
    "data_planes",
    "node",
    "nodes",
    "to_nodes",
    "from_nodes",
    "cluster",
    "database",
    "from_database",
    "to_database",
    "file",
    "files",
];

/// The keys under which intents carry what is said to a server, and what it must say.
const SAID: [&str; 2] = ["request", "expect"];

impl Intent {
    /// The names that this names, in order, each once.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let value = serde_json::to_value(self).expect("an intent is plain data");
        collect(&value, &mut names);
        let mut once: Vec<String> = Vec::new();
        for name in names.into_iter().flat_map(|name| plain(&name)) {
            if !once.contains(&name) {
                once.push(name);
            }
        }
        once
    }

    /// What leave is asked for before this is done; nothing where what it names cannot be read.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted<'_>> {
        let mut things: Vec<Thing> = match self {
            // A command and its node are one thing: granted apart, two grants would make a third.
            Self::Exec(exec) => exec.commands().collect(),
            other => other.names().into_iter().map(Thing::Named).collect(),
        };
        for (request, leads_out) in self.requests() {
            things.extend(request.names().map(Thing::Named));
            if !leads_out {
                continue;
            }
            // Whoever asks parses a URL, since there are many ways to write one.
            things.push(Thing::url(&request.url)?);
            if let Some(server) = &request.connect_to {
                let scheme = request.url.split(':').next().unwrap_or_default();
                things.push(Thing::url(&format!("{scheme}://{server}/"))?);
            }
        }
        let mut once = Vec::new();
        for thing in things {
            if !once.contains(&thing) {
                once.push(thing);
            }
        }
        Some(Wanted {
            verb: self.verb(),
            method: self.method(),
            things: once,
        })
    }

    /// The method of its requests that leave is asked about; nothing where it sends none.
    fn method(&self) -> Option<&str> {
        let requests = self.requests().into_iter();
        let methods: Vec<&str> = requests
            .map(|(request, _)| request.method.as_str())
            .collect();
        let changing = methods.iter().find(|method| !is_safe_method(method));
        changing.or(methods.first()).copied()
    }

    /// What leave is asked about, as a person reads it before giving it.
    #[must_use]
    pub fn objects(&self) -> String {
        match self {
            Self::Exec(exec) => format!("{}: `{}`", exec.nodes.join(", "), exec.typed()),
            Self::Check(_) | Self::Poll(_) | Self::CheckAll(_) => {
                format!("{} {}", self.method().unwrap_or_default(), self.words())
            }
            other => other.targets().join(", "),
        }
    }

    /// The requests, of an intent that sends some, each with whether it leads out of the environment.
    fn requests(&self) -> Vec<(&HttpRequest, bool)> {
        let of = |check: &'_ Check| check.node.is_none();
        match self {
            Self::Check(check) => vec![(&*check.request, of(check))],
            Self::Poll(poll) => vec![(&poll.check.request, of(&poll.check))],
            Self::CheckAll(all) => all
                .checks
                .iter()
                .map(|check| (&*check.request, of(check)))
                .collect(),
            Self::CompareAnswers(compare) => {
                let checks = compare.checks.iter().flatten();
                checks.map(|check| (&check.request, false)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether its requests have several methods that change something: leave is asked for one.
    fn changes_in_several_ways(&self) -> bool {
        let mut changing = self
            .requests()
            .into_iter()
            .map(|(request, _)| &request.method);
        let mut changing = changing.by_ref().filter(|method| !is_safe_method(method));
        let first = changing.next();
        changing.any(|method| Some(method) != first)
    }
}

/// The keys under which intents carry what an earlier step of the run has answered.
const CARRYING: [&str; 3] = ["backup", "baseline", "exported"];

impl Intent {
    /// What this carries that only an earlier step can have answered: a playbook hands such values on, and cannot make them.
    #[must_use]
    pub fn carries(&self) -> Vec<Value> {
        let mut carried = Vec::new();
        let value = serde_json::to_value(self).expect("an intent is plain data");
        collect_carried(&value, &mut carried);
        carried
    }
}

fn collect_carried(value: &Value, carried: &mut Vec<Value>) {
    let Value::Object(map) = value else { return };
    for (key, value) in map {
        if value.is_object() && CARRYING.contains(&key.as_str()) {
            carried.push(value.clone());
        } else {
            collect_carried(value, carried);
        }
    }
}

/// The keys under which intents carry durations, in milliseconds.
const LASTING: [&str; 9] = [
    "milliseconds",
    "within",
    "work",
    "way_back",
    "lock_timeout",
    "patience",
    "interval",
    "bake",
    "timeout",
];

/// The longest duration that a step may be given, in milliseconds: a year and a day. Clocks end somewhere.
const LONGEST: u64 = 366 * 24 * 3_600_000;

/// The longest command, in bytes of all its words.
const LONGEST_COMMAND: usize = 32 << 10;

/// The most things that one step may be about.
const MOST: usize = 256;

impl Intent {
    /// What of this no playbook can mean, if there is something.
    #[must_use]
    pub fn absurd(&self) -> Option<String> {
        if self.targets().len() > MOST {
            return Some(format!(
                "`{}` is about more than {MOST} things",
                self.verb()
            ));
        }
        if let Self::Exec(exec) = self
            && exec.command.iter().map(String::len).sum::<usize>() > LONGEST_COMMAND
        {
            return Some("a command has at most 32 KiB".to_owned());
        }
        if self.changes_in_several_ways() {
            let verb = self.verb();
            return Some(format!(
                "`{verb}` has requests of several methods that change something"
            ));
        }
        if let Self::CheckAll(all) = self
            && let Some(absurd) = all.absurd()
        {
            return Some(absurd);
        }
        let value = serde_json::to_value(self).expect("an intent is plain data");
        too_long(&value).map(|key| format!("`{key}` of `{}` is longer than a year", self.verb()))
    }
}

fn too_long(value: &Value) -> Option<&str> {
    match value {
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            let long = LASTING.contains(&key.as_str()) && value.as_u64() > Some(LONGEST);
            if long {
                Some(key.as_str())
            } else {
                too_long(value)
            }
        }),
        Value::Array(values) => values.iter().find_map(too_long),
        _ => None,
    }
}

/// Whether `answer` is `value`, or holds it.
#[must_use]
pub fn holds(answer: &Value, value: &Value) -> bool {
    answer == value
        || match answer {
            Value::Object(map) => map.values().any(|part| holds(part, value)),
            Value::Array(parts) => parts.iter().any(|part| holds(part, value)),
            _ => false,
        }
}

fn collect(value: &Value, things: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(name) if NAMING.contains(&key.as_str()) => {
                        things.push(name.clone());
                    }
                    Value::Array(names) if NAMING.contains(&key.as_str()) => {
                        things.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    // What is sent and wanted of servers names nothing by its keys; what a request names, it tells itself.
                    _ if SAID.contains(&key.as_str()) => {}
                    deeper => collect(deeper, things),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, things)),
        _ => {}
    }
}

/// The things of the environment that a name stands for: a rehearsal's node and copy have names made of theirs.
fn plain(name: &str) -> Vec<String> {
    if let Some(node) = ScratchNode::named(name) {
        return vec![node.node, node.copy.database];
    }
    if let Some(copy) = ScratchCopy::named(name) {
        return vec![copy.database];
    }
    vec![name.to_owned()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn leave_is_asked_about_both_sides_of_a_split() {
        let split: Intent = serde_json::from_value(json!({
            "verb": "traffic.split", "to_nodes": ["green-1"], "from_nodes": ["blue-1", "blue-2"], "percent": 10,
        }))
        .expect("an intent");
        let mut names = split.names();
        names.sort();
        assert_eq!(names, ["blue-1", "blue-2", "green-1"]);
        assert_eq!(split.words(), "10 % to green-1, the rest to blue-1, blue-2");
    }
}
