//! `GET /metrics` in Prometheus' text format, with the names each version has.

use std::fmt::Write as _;

use super::super::Node;
use super::super::answers;
use crate::lab::http::Answer;

/// The metrics of the node.
pub(super) async fn answer(node: &Node) -> Answer {
    let mut text = String::new();
    let reachable = u8::from(node.reaches_database().await);
    gauge(
        &mut text,
        "kong_datastore_reachable",
        "Datastore reachable from Kong, 0 is unreachable",
    );
    line(&mut text, "kong_datastore_reachable", reachable);
    if node.version.is_at_least(3, 0) {
        let labels = format!("node_id=\"{}\"", node.id);
        gauge(
            &mut text,
            "kong_nginx_requests_total",
            "Total number of requests",
        );
        let name = format!("kong_nginx_requests_total{{{labels},subsystem=\"http\"}}");
        line(&mut text, &name, node.traffic.requests());
        gauge(
            &mut text,
            "kong_node_info",
            "Kong Node metadata information",
        );
        line(
            &mut text,
            &format!("kong_node_info{{{labels},version=\"{}\"}}", node.version),
            1,
        );
    } else {
        gauge(
            &mut text,
            "kong_nginx_http_current_connections",
            "Number of HTTP connections",
        );
        let name = "kong_nginx_http_current_connections{state=\"total\"}";
        line(&mut text, name, node.traffic.requests());
    }
    let name = if node.version.is_at_least(3, 0) {
        "kong_http_requests_total"
    } else {
        "kong_http_status"
    };
    heading(
        &mut text,
        name,
        "counter",
        "HTTP status codes per service/route in Kong",
    );
    for ((service, route, status), count) in node.traffic.statuses() {
        let name = format!("{name}{{service=\"{service}\",route=\"{route}\",code=\"{status}\"}}");
        line(&mut text, &name, count);
    }
    answers::text(200, "text/plain; charset=UTF-8", &text)
}

fn gauge(text: &mut String, name: &str, help: &str) {
    heading(text, name, "gauge", help);
}

fn heading(text: &mut String, name: &str, kind: &str, help: &str) {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a string takes any text");
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    writeln!(text, "{name} {value}").expect("a string takes any text");
}
