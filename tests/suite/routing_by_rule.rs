//! The routers again, written straight from their rules: no index, every route is compared with every request. Both must agree.

use cutover::kong::Version;
use cutover::kong::router::{Asked, Flavour, Router};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::routing_worlds::{Rule, host_fits, path_fits, requests, rules};

/// A version with the newest rules.
const NEWEST: Version = Version::new(3, 9, 1);

/// `traditional`: categories, and within them first those under what was hit.
fn by_categories(rules: &[Rule], asked: &Asked) -> Option<usize> {
    let mut entries: Vec<Rule> = rules.iter().flat_map(Rule::apart).collect();
    entries.sort_by_key(|rule| {
        let weight = u8::from(rule.has_expression()) + 2 * u8::from(rule.is_plain());
        let priority = if rule.has_expression() {
            rule.priority
        } else {
            0
        };
        let length = rule
            .path()
            .filter(|_| !rule.has_expression())
            .map_or(0, str::len);
        let greatest_first = (weight, rule.headers.len(), priority, length);
        (std::cmp::Reverse(greatest_first), rule.age)
    });
    let hosts = || entries.iter().flat_map(|rule| &rule.hosts);
    let is_plain = hosts().any(|host| *host == asked.host);
    let wild = hosts().find(|host| host.contains('*') && host_fits(host, &asked.host, false));
    let wild = wild.copied().filter(|_| !is_plain);
    let expressions = entries
        .iter()
        .filter(|rule| rule.has_expression())
        .filter_map(Rule::path);
    let expression = { expressions }.find(|path| path_fits(path, &asked.path));
    let prefixes = entries
        .iter()
        .filter(|rule| !rule.has_expression())
        .filter_map(Rule::path);
    let prefix = prefixes
        .filter(|path| path_fits(path, &asked.path))
        .max_by_key(|path| path.len());
    let hit = expression
        .or(prefix)
        .map(|path| path.trim_start_matches('~'));
    let names = entries
        .iter()
        .flat_map(|rule| rule.headers.iter().map(|(name, _)| *name));
    let header = { names }.find(|name| asked.headers.contains_key(*name));
    let sni = asked.sni.as_deref().unwrap_or_default();
    let own = [
        is_plain || wild.is_some(),
        header.is_some(),
        hit.is_some(),
        entries
            .iter()
            .any(|rule| rule.methods.contains(&&*asked.method)),
        entries.iter().any(|rule| rule.snis.contains(&sni)),
    ];
    let own = own
        .iter()
        .fold(0, |bits, is_there| bits << 1 | u32::from(*is_there));
    if own == 0 {
        return None;
    }
    let fits = |rule: &&&Rule| {
        let text = hit.unwrap_or(&asked.path);
        let path = rule.path().is_none_or(|path| {
            path.trim_start_matches('~') == text || path_fits(path, &asked.path)
        });
        path && rule.fits(asked, false)
    };
    let mut categories: Vec<u32> = entries.iter().map(Rule::kinds).collect();
    categories.sort_by_key(|kinds| std::cmp::Reverse((kinds.count_ones(), *kinds)));
    categories.dedup();
    let begin = categories
        .iter()
        .position(|kinds| *kinds == own)
        .unwrap_or(0);
    for kinds in &categories[begin..] {
        let all: Vec<&Rule> = entries
            .iter()
            .filter(|rule| rule.kinds() == *kinds)
            .collect();
        let under = |has: &dyn Fn(&Rule) -> bool| -> Vec<&Rule> {
            all.iter().copied().filter(|rule| has(rule)).collect()
        };
        let host = wild.unwrap_or(&asked.host);
        let headers = under(&|rule| rule.headers.iter().any(|(name, _)| Some(*name) == header));
        let sets = [
            under(&|rule| rule.hosts.contains(&host)),
            under(&|rule| {
                hit.is_some() && rule.path().map(|path| path.trim_start_matches('~')) == hit
            }),
            under(&|rule| rule.methods.contains(&&*asked.method)),
            under(&|rule| rule.snis.contains(&sni)),
        ];
        let fewest = sets
            .into_iter()
            .filter(|set| !set.is_empty())
            .min_by_key(Vec::len);
        let first = if headers.is_empty() {
            fewest.unwrap_or_default()
        } else {
            headers
        };
        if let Some(rule) = first.iter().find(fits).or_else(|| all.iter().find(fits)) {
            return Some(rule.number);
        }
    }
    None
}

/// `traditional_compatible`: the greatest number, and of those the greatest id.
fn by_numbers(rules: &[Rule], asked: &Asked) -> Option<usize> {
    let mut found: Vec<(u64, uuid::Uuid, usize)> = Vec::new();
    for rule in rules {
        // Prefixes of one length are one part; these routes have no two of them.
        let parts = rule.apart();
        for (part, number) in parts.iter().zip(1..) {
            let kinds = u64::from(rule.kinds().count_ones());
            let length = part
                .path()
                .filter(|_| !part.has_expression())
                .map_or(0, str::len) as u64;
            let flags = u64::from(rule.is_plain()) << 60 | u64::from(part.has_expression()) << 51;
            let headers = rule.headers.len() as u64;
            let order = match (kinds > 3, flags) {
                (true, 0) => 1 << 63,
                (true, _) => 1 << 63 | flags | headers << 20 | length,
                (false, _) => flags | kinds << 29 | headers << 20 | length,
            };
            let priority = if part.has_expression() {
                u64::from(rule.priority) << 19
            } else {
                0
            };
            let own = uuid::Uuid::parse_str(&rule.id()).expect("an id");
            let namespace =
                uuid::Uuid::parse_str("7f145bf9-0dce-4f91-98eb-debbce4b9f6b").expect("an id");
            let of_part =
                uuid::Uuid::new_v5(&namespace, format!("{}#{number}", rule.id()).as_bytes());
            let id = if parts.len() == 1 { own } else { of_part };
            let path = part.path().is_none_or(|path| path_fits(path, &asked.path));
            if path && rule.fits(asked, true) {
                found.push((order | priority, id, rule.number));
            }
        }
    }
    found.into_iter().max().map(|(_, _, number)| number)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if crate::practice_cluster::everything() { 512 } else { 24 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_looked_up_is_what_the_rules_say(rules in rules(), requests in requests()) {
        let routes: Vec<Map<String, Value>> = rules.iter().map(Rule::fields).collect();
        for flavour in [Flavour::Two, Flavour::Traditional, Flavour::TraditionalCompatible(NEWEST)] {
            let (router, left_out) = Router::new(flavour, &routes, &[]);
            prop_assert_eq!(&left_out, &[]);
            for asked in &requests {
                let expected = match flavour {
                    Flavour::TraditionalCompatible(_) => by_numbers(&rules, asked),
                    _ => by_categories(&rules, asked),
                };
                let found = router.find(asked).and_then(|found| found.route_name);
                prop_assert_eq!(found, expected.map(|number| format!("r{number}")), "{:?} {}", flavour, asked);
            }
        }
    }
}
