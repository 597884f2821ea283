//! The environment that a service starts with, as far as its files say: `Environment=`, then the environment files, less what is unset.
//! After `systemd.exec(5)`.

use std::collections::BTreeMap;

use super::effective::{Assigned, Effective};
use super::environment_file::EnvironmentFile;
use super::place::{Place, Placed};
use super::show::EnvironmentFileReference;
use super::value::Value;

/// An environment by name, each with the place that sets it in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// The variables.
    pub variables: BTreeMap<String, Placed<Value>>,
    /// Files that are named and were not given: patterns, paths with specifiers, or files that are not there.
    pub not_read: Vec<Placed<EnvironmentFileReference>>,
    /// Variables that are set to something that only systemd knows.
    pub unknown: Vec<Placed<String>>,
    /// Lines of environment files that set no variable for systemd, and one for a shell: `export A=1`.
    pub ignored: Vec<Place>,
    /// Comments of environment files that end with a backslash, behind which systemd reads something else since version 254.
    pub run_on: Vec<Place>,
}

impl Environment {
    /// What `effective` comes to with the environment files `read`, by path.
    #[must_use]
    pub fn of(effective: &Effective, read: &BTreeMap<String, EnvironmentFile>) -> Self {
        let mut environment = Self::default();
        for one in &effective.environment {
            match &one.what {
                Assigned::Text(text) => {
                    environment.set(&text.name, text.value.clone(), one.place.clone());
                }
                Assigned::Specifier(name) => {
                    environment.unset(name);
                    let place = one.place.clone();
                    environment.unknown.push(Placed {
                        what: name.clone(),
                        place,
                    });
                }
            }
        }
        for one in &effective.environment_files {
            let Some(file) = read.get(&one.what.path) else {
                environment.not_read.push(one.clone());
                continue;
            };
            let place = |line| Place {
                file: one.what.path.clone(),
                line,
            };
            environment
                .ignored
                .extend(file.ignored().into_iter().map(place));
            environment
                .run_on
                .extend(file.run_on_comments().into_iter().map(place));
            for assignment in file.assignments() {
                let place = place(assignment.line);
                environment.set(&assignment.name, assignment.value, place);
            }
        }
        for one in &effective.unset {
            environment.unset(&one.what);
        }
        environment
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|one| one.what.reveal())
    }

    fn set(&mut self, name: &str, what: Value, place: Place) {
        self.unknown.retain(|one| one.what != name);
        self.variables
            .insert(name.to_owned(), Placed { what, place });
    }

    /// Takes out a name, or a name that has just that value.
    fn unset(&mut self, word: &str) {
        match word.split_once('=') {
            None => {
                self.variables.remove(word);
                self.unknown.retain(|one| one.what != word);
            }
            Some((name, value)) if self.get(name) == Some(value) => {
                self.variables.remove(name);
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::environment_file::Comments;
    use super::super::unit_file::UnitFile;
    use super::*;

    #[test]
    fn files_count_more_and_what_is_unset_is_gone() {
        let text = "[Service]\nEnvironment=A=1 B=1 C=1 D=1 H=%h I=%h J=%h J=1\nEnvironmentFile=/e\nEnvironmentFile=-/missing\nUnsetEnvironment=C D=2 E=5 I\n";
        let unit = UnitFile::of("/u", text).expect("a unit file");
        let file = EnvironmentFile::of("# x\nA=2\nE=5\n", Comments::RunOn).expect("a file");
        let read = BTreeMap::from([("/e".to_owned(), file)]);
        let environment = Environment::of(&Effective::of([&unit]), &read);
        let variables = environment.variables.iter();
        let told: Vec<String> = variables
            .map(|(name, one)| format!("{} {name}={}", one.place, one.what.reveal()))
            .collect();
        assert_eq!(told, ["/e:2 A=2", "/u:2 B=1", "/u:2 D=1", "/u:2 J=1"]);
        let not_read: Vec<_> = environment
            .not_read
            .iter()
            .map(|one| one.what.path.as_str())
            .collect();
        assert_eq!(not_read, ["/missing"]);
        let unknown: Vec<_> = environment
            .unknown
            .iter()
            .map(|one| one.what.as_str())
            .collect();
        assert_eq!(unknown, ["H"]);
    }
}
