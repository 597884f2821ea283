//! Names of hosts, as this machine resolves them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::timeout;

/// How long one name may take. A resolver that is asked in vain tries again after five seconds by its own preset.
const DEADLINE: Duration = Duration::from_secs(4);

/// How many names are asked for at once.
const AT_ONCE: usize = 16;

/// The most names that are asked for. Those behind it are told as not asked for.
const MOST: usize = 500;

/// The names without an address, each with the reason.
pub(super) async fn unresolved(names: &BTreeSet<String>) -> BTreeMap<String, String> {
    let (asked, others): (Vec<_>, Vec<_>) = names
        .iter()
        .filter(|name| name.parse::<IpAddr>().is_err())
        .enumerate()
        .partition(|(index, _)| *index < MOST);
    let asking = asked.into_iter().map(|(_, name)| async move {
        let found = timeout(DEADLINE, tokio::net::lookup_host((name.as_str(), 0))).await;
        let trouble = match found {
            Err(_) => Some(format!("no answer within {} s", DEADLINE.as_secs())),
            Ok(Err(error)) => Some(error.to_string()),
            Ok(Ok(mut addresses)) => addresses
                .next()
                .is_none()
                .then(|| "it has no address".to_owned()),
        };
        trouble.map(|trouble| (name.clone(), trouble))
    });
    let asked = futures_util::stream::iter(asking).buffer_unordered(AT_ONCE);
    let mut unresolved: BTreeMap<String, String> =
        asked.filter_map(std::future::ready).collect().await;
    let not_asked = |name: &String| {
        (
            name.clone(),
            format!("more than {MOST} names are not asked for"),
        )
    };
    unresolved.extend(others.into_iter().map(|(_, name)| not_asked(name)));
    unresolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_needs_no_name_and_a_name_needs_an_address() {
        let names = ["127.0.0.1", "::1", "localhost", "no-such-host.invalid"];
        let names = names.map(str::to_owned).into();
        let unresolved = unresolved(&names).await;
        let names: Vec<&String> = unresolved.keys().collect();
        assert_eq!(names, ["no-such-host.invalid"]);
    }
}
