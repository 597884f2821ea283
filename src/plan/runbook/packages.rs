//! What a person would do in the place of the steps that deal with Kong's packages.

use super::RunbookStep;
use super::typed::{Typed, kong};
use crate::environment::{Node, PackageDriver};
use crate::primitive::{Archive, Fetch, Install};

pub(super) fn install(typed: &Typed<'_>, step: &mut RunbookStep, act: &Install) {
    let install = |node: &Node| match &node.packages {
        PackageDriver::Prefix(prefix) => format!(
            "ln -sfn kong-{} {}",
            act.version,
            prefix.join("current").display()
        ),
        PackageDriver::Apt(apt) => format!(
            "apt-get install --allow-downgrades {}={}",
            apt.name, act.version
        ),
        PackageDriver::Deb(files) => format!(
            "apt-get install --allow-downgrades {}/{}_{}_*.deb",
            files.directory.display(),
            files.name,
            act.version
        ),
        PackageDriver::Dnf(dnf) => format!("dnf install {}-{}", dnf.name, act.version),
        PackageDriver::Yum(yum) => format!(
            "yum install {0}-{1} || yum downgrade {0}-{1}",
            yum.name, act.version
        ),
        PackageDriver::Rpm(files) => format!(
            "rpm --upgrade --oldpackage {}/{}-{}*.rpm",
            files.directory.display(),
            files.name,
            act.version
        ),
    };
    step.commands = typed.on(&act.nodes, install);
    step.commands
        .extend(typed.on(&act.nodes, |node| format!("{} version", kong(node))));
    step.expect = Some(format!("`{}`", act.version));
    step.undo = vec!["install the version that was there before in the same way".to_owned()];
}

pub(super) fn fetch(typed: &Typed<'_>, step: &mut RunbookStep, act: &Fetch) {
    step.commands = typed.on(&act.nodes, |node| keep(node, &act.version.to_string()));
    step.expect = Some("the package's file, with the SHA-256 that it must have".to_owned());
}

pub(super) fn archive(typed: &Typed<'_>, step: &mut RunbookStep, act: &Archive) {
    step.commands = typed.on(&act.nodes, |node| keep(node, "INSTALLED"));
    step.expect =
        Some("the installed package's file, with the SHA-256 that it must have".to_owned());
}

/// How a version is kept, or the installed one.
fn keep(node: &Node, version: &str) -> String {
    match &node.packages {
        PackageDriver::Prefix(prefix) => format!("ls {}/kong-{version}", prefix.display()),
        PackageDriver::Apt(apt) => format!(
            "cd {} && apt-get download {}={version} && sha256sum {}_{version}_*.deb",
            apt.archive.display(),
            apt.name,
            apt.name
        ),
        PackageDriver::Dnf(dnf) => format!(
            "dnf download --destdir {} {}-{version} && rpmkeys --checksig {}/{}-{version}*.rpm",
            dnf.archive.display(),
            dnf.name,
            dnf.archive.display(),
            dnf.name
        ),
        PackageDriver::Yum(yum) => format!(
            "yumdownloader --destdir {0} {1}-{version} && rpmkeys --checksig {0}/{1}-{version}*.rpm",
            yum.archive.display(),
            yum.name,
        ),
        PackageDriver::Deb(files) | PackageDriver::Rpm(files) => format!(
            "cp {}/{}?{version}* {} && sha256sum {}/{}?{version}*",
            files.directory.display(),
            files.name,
            files.archive.display(),
            files.archive.display(),
            files.name
        ),
    }
}
