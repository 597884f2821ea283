//! What Kong goes by, and where it comes from. The values were checked against Kong's own `conf_loader` of 2.8.5, 3.4.2 and 3.9.1.

use std::path::{Path, PathBuf};

use crate::kong::Version;
use crate::kong::conf::tests::fixtures::texts;
use crate::kong::conf::{
    Configuration, Document, Grammar, Layers, Origin, Place, Variable, effective,
};

/// What a version goes by with a file and variables of a process.
pub(super) fn configuration(
    version: &str,
    text: &str,
    variables: &[(&str, &str)],
) -> Configuration {
    let environment = variables.iter().map(|(name, value)| Variable {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
        place: Place::Process,
    });
    with_variables(version, text, environment.collect())
}

fn with_variables(version: &str, text: &str, environment: Vec<Variable>) -> Configuration {
    let version: Version = version.parse().expect("a version");
    let document = Document::parse(text, Grammar::of(version));
    let layers = Layers {
        version,
        file: Some((Path::new("kong.conf"), &document)),
        environment,
    };
    effective(&layers).expect("a known version")
}

/// A key's value, origin, and what it hides, in a line.
fn told(configuration: &Configuration, key: &str) -> String {
    let effective = &configuration.keys[key];
    let hidden = effective.hidden.iter();
    let hidden: Vec<String> = hidden
        .map(|hidden| format!(" | {} ({})", hidden.value, hidden.origin))
        .collect();
    let hidden = hidden.concat();
    let through = effective.through.as_ref();
    let through = through.map_or(String::new(), |key| format!(" through {key}"));
    format!(
        "{} ({}{through}){hidden}",
        effective.value, effective.origin
    )
}

#[test]
fn the_environment_hides_the_file_and_that_the_default() {
    let text = "pg_host = one\npg_host = two\nlog_level = debug\n";
    let found = configuration("3.9.1", text, &[("KONG_PG_HOST", " three ")]);
    assert_eq!(
        told(&found, "pg_host"),
        "three (environment of the process) | two (kong.conf:2) | one (kong.conf:1) | 127.0.0.1 (default)"
    );
    assert_eq!(
        told(&found, "log_level"),
        "debug (kong.conf:3) | notice (default)"
    );
    assert_eq!(told(&found, "pg_port"), "5432 (default)");
    assert_eq!(found.keys["pg_port"].origin, Origin::Default);
}

#[test]
fn of_the_places_of_a_variable_the_last_counts() {
    let place = |path: &str, line| Place::EnvironmentFile {
        path: PathBuf::from(path),
        line,
    };
    let variable = |value: &str, place| Variable {
        name: "KONG_PG_HOST".to_owned(),
        value: value.to_owned(),
        place,
    };
    let unit = Place::Unit {
        name: "kong.service".to_owned(),
    };
    let environment = vec![
        variable("two", place("/etc/default/kong", 3)),
        variable("three", place("/etc/kong/env", 1)),
        variable("one", unit),
    ];
    let found = with_variables("3.9.1", "", environment);
    assert_eq!(
        told(&found, "pg_host"),
        "three (environment from /etc/kong/env:1) | two (environment from /etc/default/kong:3) | \
         one (environment of `kong.service`) | 127.0.0.1 (default)"
    );
}

#[test]
fn nothing_takes_the_default_away() {
    let found = configuration("3.9.1", "pg_host =\n", &[("KONG_PG_USER", "")]);
    assert_eq!(
        told(&found, "pg_host"),
        " (kong.conf:1) | 127.0.0.1 (default)"
    );
    assert_eq!(found.get("pg_host"), None);
    assert_eq!(
        told(&found, "pg_user"),
        " (environment of the process) | kong (default)"
    );
}

#[test]
fn names_are_taken_as_kong_takes_them() {
    let text = "PG_HOST = a\npg-port = 1\nnginx_http_own = x\nnginx_location_own = x\nown = y\n[s]\npg_user = z\n";
    let variables = [
        ("kong_pg_user", "u"),
        ("KONG_OWN", "v"),
        ("PATH", "p"),
        ("KONG_", "w"),
    ];
    let found = configuration("3.4.2", text, &variables);
    assert_eq!(found.get("pg_host"), Some("127.0.0.1"));
    assert_eq!(told(&found, "pg_port"), "1 (kong.conf:2) | 5432 (default)");
    assert_eq!(found.get("pg_user"), Some("kong"));
    assert_eq!(told(&found, "nginx_http_own"), "x (kong.conf:3)");
    let unknown: Vec<&String> = found.unknown.keys().collect();
    assert_eq!(unknown, ["PG_HOST", "nginx_location_own", "own"]);
    assert_eq!(found.misspelt, ["kong_pg_user"]);
}

#[test]
fn another_name_gives_its_value_to_a_key_that_is_not_set() {
    let found = configuration("3.9.1", "", &[("KONG_NGINX_USER", "www www")]);
    assert_eq!(
        told(&found, "nginx_main_user"),
        "www www (environment of the process through nginx_user) | kong kong (default)"
    );
    // A file's key counts before another name in the environment.
    let found = configuration(
        "3.9.1",
        "nginx_main_worker_processes = 2\n",
        &[("KONG_NGINX_WORKER_PROCESSES", "8")],
    );
    assert_eq!(found.get("nginx_main_worker_processes"), Some("2"));
    let text = "opentelemetry_tracing = all\ncassandra_consistency = TWO\nupstream_keepalive = 0\nclient_max_body_size = 1m\n";
    let two = configuration("2.8.5", text, &[]);
    assert_eq!(two.get("upstream_keepalive_pool_size"), Some("0"));
    assert_eq!(two.get("cassandra_read_consistency"), Some("TWO"));
    assert_eq!(two.get("nginx_http_client_max_body_size"), Some("1m"));
    let three = configuration("3.9.1", text, &[]);
    assert_eq!(three.get("tracing_instrumentations"), Some("all"));
    assert_eq!(three.get("upstream_keepalive_pool_size"), Some("512"));
    assert!(three.unknown.contains_key("client_max_body_size"));
}

#[test]
fn a_setting_that_is_a_directive_as_well_counts_for_it() {
    let text = "ssl_session_timeout = 1m\nnginx_http_ssl_session_timeout = 7m\n";
    let found = configuration("3.9.1", text, &[("KONG_SSL_SESSION_TIMEOUT", "2m")]);
    assert_eq!(
        told(&found, "nginx_http_ssl_session_timeout"),
        "1m (kong.conf:1 through ssl_session_timeout) | 7m (kong.conf:2) | 1d (default)"
    );
    assert_eq!(found.get("ssl_session_timeout"), Some("2m"));
    // Without the file the variable does reach the directive.
    let found = configuration("3.9.1", "", &[("KONG_SSL_SESSION_TIMEOUT", "2m")]);
    assert_eq!(found.get("nginx_stream_ssl_session_timeout"), Some("2m"));
}

#[test]
fn a_named_suite_of_ciphers_overrides_what_is_set() {
    let text = "ssl_ciphers = A:B\nssl_protocols = TLSv1.1\n";
    let found = configuration("3.9.1", text, &[]);
    assert_eq!(
        told(&found, "nginx_http_ssl_protocols"),
        "TLSv1.2 TLSv1.3 (default through ssl_cipher_suite) | TLSv1.1 (kong.conf:2) | TLSv1.2 TLSv1.3 (default)"
    );
    assert_eq!(found.get("ssl_protocols"), Some("TLSv1.1"));
    assert!(
        found
            .get("ssl_ciphers")
            .is_some_and(|ciphers| ciphers != "A:B")
    );
    let found = configuration("3.9.1", &format!("{text}ssl_cipher_suite = custom\n"), &[]);
    assert_eq!(told(&found, "ssl_ciphers"), "A:B (kong.conf:1)");
    assert_eq!(found.get("nginx_stream_ssl_protocols"), Some("TLSv1.1"));
}

#[test]
fn comments_are_a_versions() {
    let text = "pg_password = ab#c\npg_host = # none\n";
    let told = |version| {
        let found = configuration(version, text, &[("KONG_PG_USER", "a\\#b")]);
        ["pg_password", "pg_host", "pg_user"].map(|key| found.get(key).map(str::to_owned))
    };
    let texts = |texts: [Option<&str>; 3]| texts.map(|text| text.map(str::to_owned));
    assert_eq!(
        told("2.8.5"),
        texts([Some("a"), Some("# none"), Some("a#b")])
    );
    assert_eq!(
        told("3.1.1"),
        texts([Some("a"), Some("# none"), Some("a#b")])
    );
    assert_eq!(told("3.4.2"), texts([Some("ab"), None, Some("a\\#b")]));
}

#[test]
fn another_versions_defaults_are_told_and_an_unknown_version_is_refused() {
    assert_eq!(
        configuration("3.4.3.5", "", &[]).defaults,
        Version::new(3, 4, 2)
    );
    let document = Document::parse("", Grammar::Until31);
    let layers = Layers {
        version: Version::new(2, 7, 0),
        file: Some((Path::new("kong.conf"), &document)),
        environment: Vec::new(),
    };
    assert!(effective(&layers).is_err());
}

#[test]
fn no_output_tells_a_secret() {
    let text = "pg_password = hunter2\npg_password = hunter2\nproxy_server = http://a:hunter2@proxy.example\nown_token = hunter2\n";
    let variables = [
        ("KONG_PG_PASSWORD", "hunter2"),
        ("KONG_REDIS_PASSWORD", "hunter2"),
    ];
    let found = configuration("3.9.1", text, &variables);
    assert_eq!(found.get("pg_password"), Some("hunter2"));
    let json = serde_json::to_string(&found).expect("JSON");
    assert!(!json.contains("hunter2"));
    assert!(!format!("{found:?}").contains("hunter2"));
    assert!(json.contains(
        r#""pg_password":{"value":"******","origin":"environment","place":{"place":"process"}"#
    ));
}

#[test]
fn every_fixture_has_a_configuration_in_every_version() {
    for (name, text) in texts() {
        for version in ["2.8.5", "3.4.2", "3.9.1", "3.9.1.2"] {
            let found = configuration(version, &text, &[]);
            assert!(found.keys.len() >= 164, "{name}");
        }
    }
}
