//! The rocks that are installed, as `luarocks` tells them. After its own source, `search.print_result_tree` of 3.0 to 3.12.

use serde::Serialize;

/// The question whose answer [`rocks`] reads.
pub const ROCKS: [&str; 3] = ["luarocks", "list", "--porcelain"];

/// A rock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rock {
    /// Its name.
    pub name: String,
    /// Its version with the revision of its description, `1.2.3-1`.
    pub version: String,
    /// The directory of the tree that it is in.
    pub tree: String,
}

/// A line that tells of no rock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the answer of `luarocks` tells of no rock: `{text}`")]
pub struct RocksError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads the answer to [`ROCKS`].
pub fn rocks(answer: &str) -> Result<Vec<Rock>, RocksError> {
    let lines = answer.lines().zip(1..).filter(|(text, _)| !text.is_empty());
    let read = |(text, line): (&str, usize)| {
        of(text).ok_or_else(|| RocksError {
            line,
            text: text.to_owned(),
        })
    };
    lines.map(read).collect()
}

/// Name, version, that it is installed, the tree, and a namespace where it has one, between tabs.
fn of(text: &str) -> Option<Rock> {
    let mut fields = text.split('\t');
    let mut next = || fields.next().filter(|field| !field.is_empty());
    let (name, version, state, tree) = (next()?, next()?, next()?, next()?);
    (state == "installed").then(|| Rock {
        name: name.to_owned(),
        version: version.to_owned(),
        tree: tree.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rocks_are_read_with_and_without_a_namespace() {
        let rock = |name: &str, version: &str| Rock {
            name: name.to_owned(),
            version: version.to_owned(),
            tree: "/usr/local/lib/luarocks/rocks-5.1".to_owned(),
        };
        let answer = "kong\t3.4.2-0\tinstalled\t/usr/local/lib/luarocks/rocks-5.1\n\
            own\t1.0-1\tinstalled\t/usr/local/lib/luarocks/rocks-5.1\tada\n";
        let read = vec![rock("kong", "3.4.2-0"), rock("own", "1.0-1")];
        assert_eq!(rocks(answer), Ok(read));
        assert_eq!(rocks(""), Ok(vec![]));
    }

    #[test]
    fn other_lines_are_errors() {
        for text in [
            "Error: LuaRocks is not configured",
            "kong\t3.4.2-0",
            "kong\t3.4.2-0\trockspec\t/x",
            "kong\t\tinstalled\t/x",
        ] {
            let error = rocks(text).expect_err("refused");
            let told = format!("line 1 of the answer of `luarocks` tells of no rock: `{text}`");
            assert_eq!(error.to_string(), told);
        }
    }
}
