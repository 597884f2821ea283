//! Names of package files and what they say. The names are of the forms that Kong has given its files.

use super::*;
use crate::host::facts::Architecture;

fn told(name: &str) -> String {
    match PackageFile::of(name) {
        Ok(file) => {
            let architecture = file
                .architecture
                .map_or("all".to_owned(), |one| one.to_string());
            let distribution = file.distribution.unwrap_or_default();
            format!(
                "{} {} {:?} {architecture} {distribution}",
                file.package, file.version, file.format
            )
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn names_of_all_times_are_read() {
    for (name, read) in [
        ("kong_3.9.1_amd64.deb", "kong 3.9.1 Deb x86_64 "),
        ("kong_3.4.2_arm64.deb", "kong 3.4.2 Deb aarch64 "),
        ("kong-3.4.2.el8.amd64.rpm", "kong 3.4.2 Rpm x86_64 el8"),
        ("kong-3.9.1-1.x86_64.rpm", "kong 3.9.1 Rpm x86_64 "),
        ("kong-3.9.1-1.el9.aarch64.rpm", "kong 3.9.1 Rpm aarch64 el9"),
        (
            "kong-2.8.1.bionic.amd64.deb",
            "kong 2.8.1 Deb x86_64 bionic",
        ),
        ("kong-1.3.0.el7.noarch.rpm", "kong 1.3.0 Rpm all el7"),
        (
            "kong-community-edition-0.14.1.xenial.all.deb",
            "kong-community-edition 0.14.1 Deb all xenial",
        ),
        (
            "kong-enterprise-edition_3.4.3.5_amd64.deb",
            "kong-enterprise-edition 3.4.3.5 Deb x86_64 ",
        ),
        (
            "kong-enterprise-edition-2.8.1.1.all.deb",
            "kong-enterprise-edition 2.8.1.1 Deb all ",
        ),
        (
            "kong-enterprise-edition-3.4.3.5.rhel8.amd64.rpm",
            "kong-enterprise-edition 3.4.3.5 Rpm x86_64 rhel8",
        ),
        (
            "kong-enterprise-edition-3.4.3.5-1.el8.x86_64.rpm",
            "kong-enterprise-edition 3.4.3.5 Rpm x86_64 el8",
        ),
        (
            "kong-enterprise-edition-fips_3.4.3.5_amd64.deb",
            "kong-enterprise-edition-fips 3.4.3.5 Deb x86_64 ",
        ),
        ("kong_3.9.1-2_amd64.deb", "kong 3.9.1 Deb x86_64 "),
    ] {
        assert_eq!(told(name), read, "{name}");
    }
}

#[test]
fn other_names_are_refused() {
    for (name, error) in [
        (
            "kong-3.9.1.tar.gz",
            "`kong-3.9.1.tar.gz` is neither a .deb nor an .rpm file",
        ),
        (
            "nginx_1.2.3_amd64.deb",
            "`nginx_1.2.3_amd64.deb` does not begin with the name of a package of Kong",
        ),
        (
            "kong-dashboard_1.0.0_amd64.deb",
            "`kong-dashboard_1.0.0_amd64.deb` does not begin with the name of a package of Kong",
        ),
        (
            "kong_3.9_amd64.deb",
            "`kong_3.9_amd64.deb` has no version of Kong",
        ),
        (
            "kong_3.9.1.1.1_amd64.deb",
            "`kong_3.9.1.1.1_amd64.deb` has no version of Kong",
        ),
        (
            "kong_3.9.1.deb",
            "`kong_3.9.1.deb` does not say which processor it is for",
        ),
        (
            "kong-3.9.1.el8.rpm",
            "`kong-3.9.1.el8.rpm` does not say which processor it is for",
        ),
        (
            "kong_.deb",
            "`kong_.deb` does not begin with the name of a package of Kong",
        ),
    ] {
        assert_eq!(told(name), error, "{name}");
    }
}

#[test]
fn names_that_are_looked_for_are_read_back() {
    for edition in Edition::ALL {
        for version in ["0.14.1", "1.3.0", "2.8.1", "3.4.3.5"] {
            let version = version.parse().expect("a version");
            for format in [Format::Deb, Format::Rpm] {
                for architecture in [Architecture::X8664, Architecture::Aarch64] {
                    for name in candidates(edition, &version, format, &architecture, Some("el8")) {
                        let file = PackageFile::of(&name).expect("a package's name");
                        assert_eq!(
                            (file.edition, file.version, file.format),
                            (edition, version, format)
                        );
                        assert_eq!(
                            file.architecture.unwrap_or(Architecture::X8664),
                            architecture
                        );
                    }
                }
            }
        }
    }
    let version = "2.8.1".parse().expect("a version");
    let names = candidates(
        Edition::OpenSource,
        &version,
        Format::Deb,
        &Architecture::X8664,
        Some("bionic"),
    );
    assert_eq!(
        names,
        ["kong_2.8.1_amd64.deb", "kong-2.8.1.bionic.amd64.deb"]
    );
}
