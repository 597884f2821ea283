//! The certificates that Kong serves with: those of its entities, and those that its settings name.

use std::collections::BTreeMap;

use crate::gateway::certificates::of_text;
use crate::gateway::live::hosts::Host;
use crate::kong::advisories::{Certificate, Known, Node, Setting};

/// `known` with those that the settings of nodes name; unknown if what is set is.
pub(super) async fn with_settings(
    known: Known<Vec<Certificate>>,
    nodes: &BTreeMap<String, (Option<Host>, Node)>,
) -> Known<Vec<Certificate>> {
    let Known::Known(mut all) = known else {
        return known;
    };
    for (name, (host, node)) in nodes {
        let Some(host) = host else {
            return Known::unknown(format!("the host of `{name}` is not reached"));
        };
        match of_settings(host, &node.set).await {
            Ok(found) => all.extend(found),
            Err(why) => return Known::unknown(format!("what is set on `{name}`: {why}")),
        }
    }
    Known::Known(all)
}

/// Those that settings name.
pub(in crate::gateway::live) async fn of_settings(
    host: &Host,
    set: &Known<Vec<Setting>>,
) -> Result<Vec<Certificate>, String> {
    let certificates = set
        .get()?
        .iter()
        .filter(|one| one.key.ends_with("ssl_cert") || one.key == "cluster_cert");
    let paths = certificates.flat_map(|one| one.value.split(','));
    let paths = paths.map(str::trim).filter(|path| !path.is_empty());
    let mut found = Vec::new();
    for path in paths {
        let text = host.read_text(path.as_ref()).await;
        let text = text.map_err(|error| format!("cannot read `{path}`: {}", error.kind()))?;
        found.push(of_text(path.to_owned(), &text)?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kong::advisories::Setting;

    async fn judged(set: Known<Vec<Setting>>) -> Known<Vec<Certificate>> {
        let node = Node {
            set,
            ..Node::default()
        };
        let nodes = BTreeMap::from([("kong-1".to_owned(), (Some(Host::Here), node))]);
        with_settings(Known::Known(Vec::new()), &nodes).await
    }

    #[tokio::test]
    async fn what_settings_name_is_looked_at_or_not_known() {
        let directory = tempfile::tempdir().expect("a directory");
        let made = rcgen::generate_simple_self_signed(vec!["kong".to_owned()]).expect("made");
        let path = directory.path().join("kong.pem").display().to_string();
        std::fs::write(&path, made.cert.pem()).expect("written");
        let of = async |value: &str| {
            judged(Known::Known(vec![Setting {
                key: "admin_ssl_cert".to_owned(),
                value: value.to_owned(),
                origin: None,
            }]))
            .await
        };
        let Known::Known(found) = of(&path).await else {
            panic!("it is there");
        };
        assert_eq!((found[0].ec_bits, &found[0].name), (Some(256), &path));
        for unknown in [
            of(&format!("{path}, /none.pem")).await,
            judged(Known::default()).await,
        ] {
            assert!(matches!(unknown, Known::Unknown { .. }), "{unknown:?}");
        }
    }
}
