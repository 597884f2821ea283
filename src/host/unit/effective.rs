//! What a service's files come to together: its unit file and the drop-ins behind it. After `systemd.unit(5)`, `systemd.exec(5)` and
//! recorded answers of version 252.

use std::collections::BTreeMap;

use super::command::Directive;
use super::escape::Escapes;
use super::exec_line::ExecLine;
use super::place::{Place, Placed};
use super::show::EnvironmentFileReference;
use super::unit_file::{Setting, UnitFile};
use super::variable::Variable;
use super::words::words;

/// The section of a service's own settings.
const SERVICE: &str = "Service";

/// A service as its files have it, which systemd follows once it has read them again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effective {
    /// What `Environment=` sets, in order: of one name, the last counts.
    pub environment: Vec<Placed<Assigned>>,
    /// Where more is read from, in order; read later, these count more.
    pub environment_files: Vec<Placed<EnvironmentFileReference>>,
    /// Names or assignments that are taken out in the end.
    pub unset: Vec<Placed<String>>,
    /// The commands of all directives, in order.
    pub commands: Vec<Placed<ExecLine>>,
    /// The settings that hold one value, by key.
    pub single: BTreeMap<String, Placed<String>>,
    /// Where systemd stops reading a line, since it makes no sense from some word on.
    pub broken: Vec<Place>,
}

/// What a word of `Environment=` sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assigned {
    /// A variable to a text.
    Text(Variable),
    /// The variable of that name to something with a `%`, for which systemd puts in what only it knows.
    Specifier(String),
}

impl Effective {
    /// Puts `files` together, in the order in which systemd reads them: first the unit file, then [`Unit`]'s drop-ins.
    ///
    /// [`Unit`]: super::Unit
    #[must_use]
    pub fn of<'a>(files: impl IntoIterator<Item = &'a UnitFile>) -> Self {
        let mut effective = Self::default();
        for file in files {
            for setting in file.section(SERVICE) {
                let place = Place {
                    file: file.path.clone(),
                    line: setting.line,
                };
                effective.take(setting, &place);
            }
        }
        effective
    }

    fn take(&mut self, setting: &Setting, place: &Place) {
        let value = setting.value.as_str();
        let is_reset = value.is_empty();
        if let Some(directive) = Directive::named(&setting.key) {
            if is_reset {
                self.commands.retain(|one| one.what.directive != directive);
            }
            match ExecLine::all_of(directive, value) {
                Some(all) => self
                    .commands
                    .extend(all.into_iter().map(|what| placed(what, place))),
                None => self.broken.push(place.clone()),
            }
            return;
        }
        match setting.key.as_str() {
            "Environment" if is_reset => self.environment.clear(),
            "Environment" => self.take_environment(value, place),
            "EnvironmentFile" if is_reset => self.environment_files.clear(),
            "EnvironmentFile" => {
                let path = value.strip_prefix('-');
                let what = EnvironmentFileReference {
                    path: path.unwrap_or(value).to_owned(),
                    may_be_missing: path.is_some(),
                };
                self.environment_files.push(placed(what, place));
            }
            "UnsetEnvironment" if is_reset => self.unset.clear(),
            "UnsetEnvironment" => {
                let words = self.split(value, place).into_iter();
                self.unset.extend(words.map(|what| placed(what, place)));
            }
            key if is_reset => {
                self.single.remove(key);
            }
            key => {
                let what = placed(value.to_owned(), place);
                self.single.insert(key.to_owned(), what);
            }
        }
    }

    fn take_environment(&mut self, value: &str, place: &Place) {
        for word in self.split(value, place) {
            let assigned = match without_specifiers(&word) {
                Some(word) => Variable::of(&word).map(Assigned::Text),
                None => Variable::of(&word).map(|one| Assigned::Specifier(one.name)),
            };
            self.environment
                .extend(assigned.map(|what| placed(what, place)));
        }
    }

    fn split(&mut self, value: &str, place: &Place) -> Vec<String> {
        let (words, broken) = words(value, Escapes::UnitFile);
        self.broken.extend(broken.map(|_| place.clone()));
        words
    }
}

fn placed<T>(what: T, place: &Place) -> Placed<T> {
    Placed {
        what,
        place: place.clone(),
    }
}

/// `word` with `%%` read as `%`; `None` where a `%` stands before a letter or digit, which systemd replaces or refuses.
fn without_specifiers(word: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        out.push(letter);
        if letter == '%' {
            match letters.peek() {
                Some('%') => {
                    letters.next();
                }
                Some(next) if next.is_ascii_alphanumeric() => return None,
                _ => {}
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> UnitFile {
        UnitFile::of(path, text).expect("a unit file")
    }

    fn variables(effective: &Effective) -> Vec<String> {
        let told = |one: &Placed<Assigned>| match &one.what {
            Assigned::Text(text) => format!("{} {}={}", one.place, text.name, text.value.reveal()),
            Assigned::Specifier(name) => format!("{} {name}", one.place),
        };
        effective.environment.iter().map(told).collect()
    }

    #[test]
    fn drop_ins_add_and_an_empty_setting_takes_back() {
        let unit = file(
            "/u",
            "[Service]\nEnvironment=A=1 B=2\nExecStart=/bin/a\nExecStartPre=/bin/p\nRestart=always\nEnvironmentFile=/e\n",
        );
        let first = file(
            "/d1",
            "[Service]\nEnvironment=\"A=x y\"\nExecStart=\nExecStart=/bin/b\nEnvironmentFile=-/f\n",
        );
        let effective = Effective::of([&unit, &first]);
        assert_eq!(
            variables(&effective),
            ["/u:2 A=1", "/u:2 B=2", "/d1:2 A=x y"]
        );
        let programs = effective
            .commands
            .iter()
            .map(|one| one.what.words[0].as_str());
        assert_eq!(programs.collect::<Vec<_>>(), ["/bin/p", "/bin/b"]);
        let files = effective
            .environment_files
            .iter()
            .map(|one| (one.what.path.as_str(), one.what.may_be_missing));
        assert_eq!(files.collect::<Vec<_>>(), [("/e", false), ("/f", true)]);
        assert_eq!(effective.single["Restart"].what, "always");

        let second = file(
            "/d2",
            "[Service]\nEnvironment=\nEnvironment=C=3\nRestart=\n[Other]\nEnvironment=D=4\n",
        );
        let effective = Effective::of([&unit, &first, &second]);
        assert_eq!(variables(&effective), ["/d2:3 C=3"]);
        assert!(effective.single.is_empty());
    }

    #[test]
    fn the_environment_is_what_systemd_252_was_seen_to_make_of_it() {
        let text = "[Service]\nEnvironment=A3=%= A4=%% A5=%%%% A6=%%z A7=50% A8=%-x A9=%_ A10=%G 1Y=2 =x \"B1=% x\"\nEnvironment=C=1 \"D=\\q\" E=2\n";
        let effective = Effective::of([&file("/u", text)]);
        let seen = [
            "A3=%=", "A4=%", "A5=%%", "A6=%z", "A7=50%", "A8=%-x", "A9=%_", "A10", "B1=% x",
        ]
        .map(|one| format!("/u:2 {one}"));
        let seen: Vec<_> = seen.into_iter().chain(["/u:3 C=1".to_owned()]).collect();
        assert_eq!(variables(&effective), seen);
        assert_eq!(
            effective.broken,
            [Place {
                file: "/u".to_owned(),
                line: 3
            }]
        );
    }
}
