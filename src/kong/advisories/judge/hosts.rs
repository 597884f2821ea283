//! The hosts of nodes, and the certificates that they serve with.

use super::super::evidence::Evidence;
use super::super::probes::{CertificateProbe, KeyKind, NodeProbe, OsProbe};
use super::super::verdict::Verdict;
use super::{Case, fact, known};

pub(super) fn os(case: Case<'_>, probe: &OsProbe) -> Verdict {
    case.each_node(|name, node| {
        known(&node.os, &format!("the system of `{name}`"), |os| {
            // 18.04 is a release of its own, and 7.9 one of 7.
            let is_release = |wanted: &String| {
                os.version == *wanted || os.version.starts_with(&format!("{wanted}."))
            };
            let fits = probe.os.has(&os.id)
                && probe
                    .version
                    .as_ref()
                    .is_none_or(|all| all.0.iter().any(is_release));
            fact(fits, name, format!("it runs on {} {}", os.id, os.version))
        })
    })
}

pub(super) fn node(case: Case<'_>, probe: &NodeProbe) -> Verdict {
    case.each_node(|name, node| match probe {
        NodeProbe::ImageTag(pattern) => {
            known(&node.image_tag, &format!("the image of `{name}`"), |tag| {
                let fits = !tag.is_empty() && pattern.is_in(tag);
                fact(fits, name, format!("its image is `{tag}`"))
            })
        }
        NodeProbe::Package(names) => known(
            &node.package,
            &format!("the package of `{name}`"),
            |package| {
                fact(
                    names.has(package),
                    name,
                    format!("its package is `{package}`"),
                )
            },
        ),
        NodeProbe::Architecture(names) => {
            let what = format!("the processor of `{name}`");
            known(&node.architecture, &what, |processor| {
                fact(
                    names.has(processor),
                    name,
                    format!("its processor is {processor}"),
                )
            })
        }
        NodeProbe::OpenFilesLe(limit) => {
            let what = format!("the limits of `{name}`");
            known(&node.open_files, &what, |files| {
                fact(files <= limit, name, format!("it may open {files} files"))
            })
        }
        NodeProbe::ModifiedFile(file) => {
            let what = format!("the files of the package of `{name}`");
            known(&node.modified_files, &what, |files| {
                fact(files.contains(file), name, format!("`{file}` was changed"))
            })
        }
    })
}

pub(super) fn certificate(evidence: &Evidence, probe: &CertificateProbe) -> Verdict {
    known(&evidence.certificates, "the certificates", |all| {
        let each = all.iter().map(|one| {
            let (bits, kind) = match probe.cert {
                KeyKind::RsaBits => (one.rsa_bits, "RSA"),
                KeyKind::EcBits => (one.ec_bits, "EC"),
            };
            let bits = bits.filter(|bits| *bits < probe.lt);
            bits.map_or(Verdict::Absent, |bits| {
                fact(true, &one.name, format!("its {kind} key has {bits} bits"))
            })
        });
        each.fold(Verdict::Absent, Verdict::or)
    })
}
