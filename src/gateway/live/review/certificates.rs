//! The certificates that Kong serves with: those of its entities, and those that its settings name.

use crate::gateway::certificates::of_text;
use crate::kong::advisories::{Certificate, Known, Node, Setting};

/// `known` with those that the settings of nodes name; unknown if what is set is.
pub(super) fn with_settings<'a>(
    known: Known<Vec<Certificate>>,
    nodes: impl Iterator<Item = (&'a String, &'a Node)>,
) -> Known<Vec<Certificate>> {
    let Known::Known(mut all) = known else {
        return known;
    };
    for (name, node) in nodes {
        match of_settings(&node.set) {
            Ok(found) => all.extend(found),
            Err(why) => return Known::unknown(format!("what is set on `{name}`: {why}")),
        }
    }
    Known::Known(all)
}

/// Those that settings name.
pub(in crate::gateway::live) fn of_settings(
    set: &Known<Vec<Setting>>,
) -> Result<Vec<Certificate>, String> {
    let certificates = set
        .get()?
        .iter()
        .filter(|one| one.key.ends_with("ssl_cert") || one.key == "cluster_cert");
    let paths = certificates.flat_map(|one| one.value.split(','));
    let paths = paths.map(str::trim).filter(|path| !path.is_empty());
    let read = |path: &str| {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read `{path}`: {}", error.kind()))?;
        of_text(path.to_owned(), &text)
    };
    paths.map(read).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::kong::advisories::Setting;

    fn judged(set: Known<Vec<Setting>>) -> Known<Vec<Certificate>> {
        let node = Node {
            set,
            ..Node::default()
        };
        let nodes = BTreeMap::from([("kong-1".to_owned(), node)]);
        with_settings(Known::Known(Vec::new()), nodes.iter())
    }

    #[test]
    fn what_settings_name_is_looked_at_or_not_known() {
        let directory = tempfile::tempdir().expect("a directory");
        let made = rcgen::generate_simple_self_signed(vec!["kong".to_owned()]).expect("made");
        let path = directory.path().join("kong.pem").display().to_string();
        std::fs::write(&path, made.cert.pem()).expect("written");
        let of = |value: &str| {
            judged(Known::Known(vec![Setting {
                key: "admin_ssl_cert".to_owned(),
                value: value.to_owned(),
                origin: None,
            }]))
        };
        let Known::Known(found) = of(&path) else {
            panic!("it is there");
        };
        assert_eq!((found[0].ec_bits, &found[0].name), (Some(256), &path));
        for unknown in [of(&format!("{path}, /none.pem")), judged(Known::default())] {
            assert!(matches!(unknown, Known::Unknown { .. }), "{unknown:?}");
        }
    }
}
