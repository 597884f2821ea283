//! Change sets as a whole: recorded, written down, read, reviewed, replayed and undone.

mod attributes;
mod conflicts;
mod contents;
mod flaws;
mod format;
mod generated;
mod kong_conf;
mod laws;
mod needs;
mod rebases;
mod reviews;
mod secrecy;
mod templates;
mod undoing;
mod variables;

use std::collections::BTreeMap;

use super::*;
use crate::host::unit::Comments;

/// The key under which tests seal.
const KEY: &[u8] = b"a long and random key";

fn seal() -> Seal {
    Seal::new(KEY)
}

/// Secrets that references come to.
fn secrets(values: &[(Reference, &str)]) -> Secrets {
    let values = values
        .iter()
        .map(|(reference, value)| (reference.clone(), Secret::new(*value)));
    Secrets {
        seal: seal(),
        values: values.collect(),
    }
}

fn env(name: &str) -> Reference {
    Reference::Env(name.to_owned())
}

fn location(text: &str) -> Location {
    text.parse().expect("a location")
}

fn file(kind: Kind, text: &str) -> File {
    File {
        kind,
        bytes: text.into(),
        mode: Mode::of(0o640),
        owner: "root:kong".parse().expect("an owner"),
    }
}

/// The files of a node with a version of Kong.
fn node(version: &str, files: &[(&str, Kind, &str)]) -> Files {
    let files = files
        .iter()
        .map(|(at, kind, text)| (location(at), file(kind.clone(), text)));
    Files {
        version: version.parse().expect("a version"),
        comments: Comments::RunOn,
        files: files.collect(),
        releases: Vec::new(),
    }
}

/// One that has a kong.conf.
fn kong_conf(version: &str, text: &str) -> Files {
    node(version, &[("etc:kong.conf", Kind::KongConf, text)])
}

/// What a file holds after a replay of what was recorded between two others.
fn carried(before: &Files, after: &Files, current: &Files) -> BTreeMap<String, String> {
    let set = record(before, after, &seal());
    let plan = replay(&set, current, &secrets(&[])).expect("it fits");
    texts(&plan.applied_to(current))
}

fn texts(files: &Files) -> BTreeMap<String, String> {
    let text = |file: &File| String::from_utf8_lossy(&file.bytes).into_owned();
    files
        .files
        .iter()
        .map(|(location, file)| (location.to_string(), text(file)))
        .collect()
}

fn told(conflicts: &[Conflict]) -> Vec<String> {
    conflicts.iter().map(Conflict::to_string).collect()
}

/// An adaptation with something of everything in it.
fn adaptation() -> (Files, Files) {
    let template = || Kind::Template {
        name: "nginx".to_owned(),
    };
    let release = |version: &str, text: &str| ReleaseTemplate {
        name: "nginx".to_owned(),
        version: version.parse().expect("a version"),
        text: text.to_owned(),
    };
    let mut before = node(
        "2.8.5",
        &[
            (
                "etc:kong.conf",
                Kind::KongConf,
                "log_level = notice\npg_password = hunter2\nplugins = bundled\n",
            ),
            (
                "etc:nginx.template",
                template(),
                "worker_processes 4;\nevents {}\n",
            ),
            (
                "units:kong.service.d/env.conf",
                Kind::Unit,
                "[Service]\nEnvironment=\"KONG_PG_HOST=db\"\n",
            ),
            ("plugins:x/handler.lua", Kind::Other, "return 1\n"),
            ("etc:old.pem", Kind::Other, "old\n"),
        ],
    );
    let mut after = node(
        "3.9.1",
        &[
            (
                "etc:kong.conf",
                Kind::KongConf,
                "log_level = debug\npg_password = hunter3\nplugins = bundled,x\nnginx_http_gzip = on\n",
            ),
            (
                "etc:nginx.template",
                template(),
                "worker_processes 4;\nevents {}\nhttp {}\n",
            ),
            (
                "units:kong.service.d/env.conf",
                Kind::Unit,
                "[Service]\nEnvironment=\"KONG_PG_HOST=db\"\nEnvironment=\"LD_PRELOAD=/x.so\"\n",
            ),
            ("plugins:x/handler.lua", Kind::Other, "return 2\n"),
            ("etc:tls.key", Kind::Secret, "the key of the certificate\n"),
            ("etc:logo.png", Kind::Other, "\u{0}PNG"),
        ],
    );
    let logo = after
        .files
        .get_mut(&location("etc:logo.png"))
        .expect("it is there");
    logo.bytes.push(0xff);
    let conf = after
        .files
        .get_mut(&location("etc:kong.conf"))
        .expect("it is there");
    conf.mode = Mode::of(0o600);
    before.releases = vec![release("2.8.5", "events {}\n")];
    after.releases = vec![release("3.9.1", "events {}\nhttp {}\n")];
    (before, after)
}
