//! Which sources apt believes whoever signed them, or nobody: `trusted=yes`. After `sources.list(5)` and `apt-get(8)`; tried with apt 2.6.
//!
//! apt tells both such a source and one that is well signed as trusted, so the entry itself is read.

use std::path::PathBuf;

/// The question which lists of packages apt has, and the entries that name them.
pub const TARGETS: [&str; 5] = [
    "apt-get",
    "indextargets",
    "--format",
    "$(SOURCESENTRY)\t$(DESCRIPTION)",
    "Created-By: Packages",
];

/// An entry of a list of sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The file.
    pub file: PathBuf,
    /// A line of it that belongs to the entry, from 1.
    pub line: usize,
}

/// The entry that names a repository, as [`offers`](super::offers) calls it, by the answer to [`TARGETS`].
#[must_use]
pub fn entry_of(answer: &str, repository: &str) -> Option<Entry> {
    let mut targets = answer.lines().filter_map(|line| line.split_once('\t'));
    let (place, _) = targets.find(|(_, described)| *described == repository)?;
    let (file, line) = place.rsplit_once(':')?;
    Some(Entry {
        file: file.into(),
        line: line.parse().ok()?,
    })
}

impl Entry {
    /// Whether it says that its repository is believed without a signature; `text` is that of its file.
    #[must_use]
    pub fn is_believed_unsigned(&self, text: &str) -> bool {
        let lines: Vec<&str> = text.lines().collect();
        let at = self.line.saturating_sub(1).min(lines.len());
        if self
            .file
            .extension()
            .is_some_and(|ending| ending == "sources")
        {
            let is_blank = |line: &&str| line.trim().is_empty();
            let before = lines[..at].iter().rev();
            let first = at - before.take_while(|line| !is_blank(line)).count();
            let stanza = lines[first..].iter().take_while(|line| !is_blank(line));
            let mut fields = stanza.filter_map(|line| line.split_once(':'));
            return fields
                .any(|(name, value)| name.eq_ignore_ascii_case("trusted") && is_yes(value));
        }
        let options = lines.get(at).and_then(|line| line.split_once('['));
        let options = options.and_then(|(_, rest)| rest.split_once(']'));
        let mut options = options
            .map_or("", |(options, _)| options)
            .split_whitespace();
        options.any(|option| option.strip_prefix("trusted=").is_some_and(is_yes))
    }
}

/// What apt takes for yes.
fn is_yes(value: &str) -> bool {
    let yes = ["yes", "true", "with", "on", "enable", "1"];
    yes.iter().any(|yes| value.trim().eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_by_what_apt_calls_its_repository() {
        let answer = "/etc/apt/sources.list:3\thttp://deb.debian.org/debian bookworm/main amd64 Packages\n\
                      /etc/apt/sources.list.d/kong.list:1\tcopy:/srv/kong ./ Packages\n";
        let found = entry_of(answer, "copy:/srv/kong ./ Packages");
        let wanted = Entry {
            file: "/etc/apt/sources.list.d/kong.list".into(),
            line: 1,
        };
        assert_eq!(found, Some(wanted));
        assert_eq!(entry_of(answer, "copy:/srv ./ Packages"), None);
    }

    #[test]
    fn an_entry_says_whether_it_is_believed_unsigned() {
        let of = |file: &str, line| Entry {
            file: file.into(),
            line,
        };
        let list = "# deb [trusted=yes] no entry\ndeb [arch=amd64 trusted=yes] http://one ./\ndeb [signed-by=/key] http://two/trusted=yes ./\n\
                    deb [trusted=no] http://three ./\ndeb http://four ./\n";
        let believed = (2..=5).map(|line| of("a.list", line).is_believed_unsigned(list));
        assert_eq!(believed.collect::<Vec<_>>(), [true, false, false, false]);
        let stanzas = "Types: deb\nURIs: http://one\nSuites: ./\nTrusted: yes\n\nTypes: deb\nURIs: http://two\nSuites: ./\n";
        let believed = [1, 3, 6].map(|line| of("a.sources", line).is_believed_unsigned(stanzas));
        assert_eq!(believed, [true, true, false]);
        assert!(
            !of("a.list", 9).is_believed_unsigned(list),
            "it was changed since"
        );
    }
}
