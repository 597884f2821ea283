//! The plugin `ip-restriction`: whose address is let in.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::Exchange;
use super::plugins::Plugin;
use crate::lab::http::Answer;

impl Exchange {
    /// Refuses an address that is denied, or is not among those that are allowed.
    pub(super) fn restrict(&self, plugin: &Plugin) -> Option<Answer> {
        let config = &plugin.config;
        let address: IpAddr = self.address.parse().ok()?;
        let (deny, allow) = (networks(&config["deny"]), networks(&config["allow"]));
        let is_among = |networks: &[IpNet]| networks.iter().any(|net| net.contains(&address));
        if !is_among(&deny) && (allow.is_empty() || is_among(&allow)) {
            return None;
        }
        let status = config["status"].as_u64().unwrap_or(403);
        let status = u16::try_from(status).unwrap_or(403);
        let message = match config["message"].as_str() {
            Some(message) => message.to_owned(),
            None if self.node.version.is_at_least(3, 0) => {
                format!("IP address not allowed: {address}")
            }
            None => "Your IP address is not allowed".to_owned(),
        };
        Some(self.error(status, &message))
    }
}

/// The networks of a list of addresses and ranges.
fn networks(list: &Value) -> Vec<IpNet> {
    let texts = list.as_array().into_iter().flatten();
    texts.filter_map(|text| network(text.as_str()?)).collect()
}

/// An address or a range of them, as Kong takes both.
pub(in super::super) fn network(text: &str) -> Option<IpNet> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::{IpAddr, network};

    #[test]
    fn an_address_is_a_range_of_one() {
        let holds = |range: &str, address: &str| {
            let address: IpAddr = address.parse().expect("an address");
            network(range).is_some_and(|range| range.contains(&address))
        };
        assert!(holds("10.1.0.0/16", "10.1.2.3"));
        assert!(!holds("10.1.0.0/16", "10.2.2.3"));
        assert!(holds("127.0.0.1", "127.0.0.1"));
        assert!(holds("fe80::/10", "fe80::1"));
        assert_eq!(network("10.1.0.0/33"), None);
    }
}
