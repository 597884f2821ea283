//! Writes a drop-in that sets variables of a service. After `systemd.exec(5)` and `systemd.syntax(7)`; what is written here was read
//! back by version 252.

use super::escape::quoted;
use super::variable::{VariableError, check};

/// The text of a drop-in that sets `variables`, a line each. A `%` and a backslash are doubled and quotes escaped; a `$` stays, since
/// `Environment=` expands nothing.
pub fn drop_in<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<String, VariableError> {
    let mut text = "[Service]\n".to_owned();
    for (name, value) in variables {
        check(name, value)?;
        let assignment = quoted(&format!("{name}={value}"));
        text.extend(["Environment=", &assignment, "\n"]);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::effective::Effective;
    use super::super::environment::Environment;
    use super::super::unit_file::UnitFile;
    use super::*;

    #[test]
    fn every_character_that_means_something_is_escaped() {
        let value = "50% \"q\" 'q' $HOME a\\b\nx\t";
        let text = drop_in([("KONG_A", value), ("B", "")]).expect("a drop-in");
        let written = "[Service]\nEnvironment=\"KONG_A=50%% \\\"q\\\" 'q' $HOME a\\\\b\\nx\\t\"\nEnvironment=\"B=\"\n";
        assert_eq!(text, written);
        let error = drop_in([("A B", "x")]).expect_err("refused");
        assert_eq!(error.to_string(), "`A B` is not the name of a variable");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in "[a-c \"'\\\\#;$%`=\t\nü😀]{0,12}") {
            let text = drop_in([("A", value.as_str())]).expect("a drop-in");
            let file = UnitFile::of("/d", &text).expect("a unit file");
            let effective = Effective::of([&file]);
            let environment = Environment::of(&effective, &BTreeMap::new());
            prop_assert_eq!(environment.get("A"), Some(value.as_str()));
            prop_assert!(effective.broken.is_empty() && file.ignored.is_empty());
        }
    }
}
