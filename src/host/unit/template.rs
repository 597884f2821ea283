//! The nginx template that a service starts Kong with.

use super::effective::Effective;
use super::place::Placed;

/// How `kong start` is told of it.
const OPTION: &str = "--nginx-conf";

impl Effective {
    /// The template that the commands of a start name, where they name one. It may hold a variable, or what only systemd knows.
    #[must_use]
    pub fn nginx_conf(&self) -> Option<Placed<String>> {
        let mut commands = self.commands.iter();
        commands.find_map(|one| {
            if !one.what.directive.is_of_a_start() {
                return None;
            }
            // A shell's command is one word with others in it.
            let text = one.what.words.join(" ");
            let mut words = text.split_whitespace();
            let named = words.find_map(|word| match word.strip_prefix(OPTION)? {
                "" => Some(None),
                rest => rest.strip_prefix('=').map(Some),
            })?;
            let path = named.or_else(|| words.next())?;
            Some(Placed {
                what: path.trim_matches(['"', '\'']).to_owned(),
                place: one.place.clone(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::host::unit::{Effective, UnitFile};

    fn of(commands: &str) -> Option<(String, usize)> {
        let file = UnitFile::of("/u", &format!("[Service]\n{commands}\n")).expect("a unit");
        let found = Effective::of([&file]).nginx_conf()?;
        Some((found.what, found.place.line))
    }

    #[test]
    fn the_template_of_a_start_is_found_however_it_is_written() {
        let named = Some(("/etc/kong/own.template".to_owned(), 2));
        for command in [
            "ExecStart=/usr/local/bin/kong start --nginx-conf /etc/kong/own.template",
            "ExecStart=/usr/local/bin/kong start --nginx-conf=/etc/kong/own.template --v",
            "ExecStart=/bin/sh -c 'exec kong start --nginx-conf \"/etc/kong/own.template\"'",
            "ExecStartPre=/usr/local/bin/kong prepare --nginx-conf /etc/kong/own.template",
        ] {
            assert_eq!(of(command), named, "{command}");
        }
        for command in [
            "ExecStart=/usr/local/bin/kong start --nginx-conf-flags x",
            "ExecStart=/usr/local/bin/kong start",
            "ExecReload=/usr/local/bin/kong reload --nginx-conf /other",
        ] {
            assert_eq!(of(command), None, "{command}");
        }
    }
}
