//! A cluster of stubs in a directory of its own, and what a plan is carried out with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cutover::host::cassandra::answers::{
    self, Cluster, Cqlsh, Information, Release, Schema, Streams, Table,
};
use cutover::host::cassandra::backup::{Checked, File, Found, Has, Manifest, NodeFiles, Seen, has};
use cutover::host::cassandra::files::{self, Checksum, Component, SstableFile};
use cutover::host::cassandra::plan::{Act, Node, Order, Source, Stage};
use cutover::host::cassandra::{Digest, Id, Name, Tag};

/// A cluster. It is gone with its value.
pub(crate) struct Stub {
    directory: tempfile::TempDir,
    nodes: usize,
}

pub(crate) fn kong() -> Name {
    "kong".parse().expect("a name")
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().expect("a tag")
}

pub(crate) fn cqlsh() -> Cqlsh {
    Cqlsh {
        address: "10.0.0.1".to_owned(),
        port: 9042,
        settings: None,
    }
}

impl Stub {
    pub(crate) fn new(nodes: usize) -> Self {
        let stub = Self {
            directory: tempfile::tempdir().expect("a directory"),
            nodes,
        };
        let make = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/cassandra/stub/make-cluster"
        );
        let status = Command::new("sh")
            .arg(make)
            .arg(stub.path(""))
            .arg(nodes.to_string())
            .status();
        assert!(status.expect("a shell").success());
        stub
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub(crate) fn fault(&self, fault: &str) {
        fs::write(self.path("faults").join(fault), "").expect("written");
    }

    pub(crate) fn mend(&self, fault: &str) {
        fs::remove_file(self.path("faults").join(fault)).expect("removed");
    }

    /// The vector as a command on node `number`.
    pub(crate) fn command(&self, number: usize, vector: &[String]) -> Command {
        let programs = self.path(&format!("bin/{number}"));
        let program = programs.join(&vector[0]);
        let program = if program.exists() {
            program
        } else {
            PathBuf::from(&vector[0])
        };
        let mut command = Command::new(program);
        command.args(&vector[1..]).stdin(Stdio::null());
        command
    }

    pub(crate) fn output(&self, number: usize, vector: &[String]) -> Output {
        self.command(number, vector).output().expect("it runs")
    }

    /// What the vector answers, which has to succeed.
    pub(crate) fn ask(&self, number: usize, vector: &[impl AsRef<str>]) -> String {
        let vector: Vec<String> = vector.iter().map(|word| word.as_ref().to_owned()).collect();
        let output = self.output(number, &vector);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{vector:?}: {error}");
        String::from_utf8(output.stdout).expect("a text")
    }

    pub(crate) fn insert(&self, table: &str, row: &str) {
        self.ask(
            1,
            &cqlsh().vector(&format!("INSERT INTO \"kong\".\"{table}\" JSON '{row}'")),
        );
    }

    pub(crate) fn rows(&self) -> BTreeMap<Name, u64> {
        let count = |table: Table| {
            let answer = self.ask(1, &cqlsh().count(&kong(), &table.name));
            (table.name, answers::counted(&answer).expect("read"))
        };
        self.tables().into_iter().map(count).collect()
    }

    pub(crate) fn tables(&self) -> Vec<Table> {
        let release = "3.11.14".parse().expect("a version");
        answers::tables(&self.ask(1, &cqlsh().tables(&release, &kong()))).expect("read")
    }

    pub(crate) fn schema(&self) -> Schema {
        Schema::of(&self.ask(1, &cqlsh().describe(&kong()))).expect("read")
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = |number| Seen {
            information: Information::of(&self.ask(number, &answers::INFORMATION)).expect("read"),
            status: answers::nodes(&self.ask(number, &answers::status(&kong()))).expect("read"),
            cluster: Cluster::of(&self.ask(number, &answers::CLUSTER)).expect("read"),
            streams: Streams::of(&self.ask(number, &answers::STREAMS)).expect("read"),
            release: Release::of(&self.ask(number, &answers::RELEASE)).expect("read"),
        };
        (1..=self.nodes).map(seen).collect()
    }

    /// The nodes; what their ids are stands in `make-cluster`.
    pub(crate) fn hosts(&self) -> Vec<Node> {
        let node = |number| Node {
            host: format!("5b2c1f707c3a11eeb9620242ac12{number:04x}")
                .parse()
                .expect("an id"),
            address: format!("10.0.0.{number}"),
            data: vec![self.data(number)],
        };
        (1..=self.nodes).map(node).collect()
    }

    fn data(&self, number: usize) -> String {
        self.path(&format!("nodes/{number}/data"))
            .to_str()
            .expect("a text")
            .to_owned()
    }

    /// How much of the snapshot each node lists.
    pub(crate) fn has(&self, tag: &Tag) -> BTreeMap<Id, Has> {
        let tables = self.tables();
        let has = |(node, number)| {
            let node: Node = node;
            let listed = answers::snapshots(&self.ask(number, &answers::SNAPSHOTS)).expect("read");
            (node.host, has(&listed, &kong(), tag, &tables))
        };
        self.hosts().into_iter().zip(1..).map(has).collect()
    }

    /// Carries a stage out; the vectors that failed, with what they printed.
    pub(crate) fn carry_out(&self, stage: &Stage, backup: &Path) -> Vec<String> {
        let numbers: BTreeMap<Id, usize> = self
            .hosts()
            .into_iter()
            .map(|node| node.host)
            .zip(1..)
            .collect();
        let mut running = Vec::new();
        let mut failed = Vec::new();
        for step in &stage.steps {
            match &step.act {
                Act::Run(vector) => {
                    let mut command = self.command(numbers[&step.node], vector);
                    let child = command
                        .stdout(Stdio::piped())
                        .stderr(Stdio::piped())
                        .spawn()
                        .expect("it runs");
                    running.push(child);
                    if stage.order == Order::OneByOne {
                        end(&mut running, &mut failed);
                    }
                }
                Act::Put { source, target } => {
                    assert!(!Path::new(target).exists(), "{target}");
                    fs::create_dir_all(Path::new(target).parent().expect("a directory"))
                        .expect("made");
                    fs::copy(kept(backup, source), target).expect("copied");
                }
            }
        }
        end(&mut running, &mut failed);
        failed
    }

    /// Copies the snapshot to `backup` and makes its manifest.
    pub(crate) fn copy(&self, tag: &Tag, backup: &Path) -> Manifest {
        let seen = self.seen();
        let mut nodes = BTreeMap::new();
        for (one, number) in seen.iter().zip(1..) {
            let mut node = NodeFiles::of(&one.information, &format!("10.0.0.{number}"));
            let data = self.data(number);
            let listed =
                files::listed(&self.ask(number, &files::list(&data, &kong(), tag))).expect("read");
            let mut kept_files = BTreeMap::new();
            for file in listed {
                let source = Source {
                    node: one.information.host,
                    data: data.clone(),
                    place: file.place.clone(),
                };
                let from = format!("{data}/kong/{}", file.place);
                let to = kept(backup, &source);
                fs::create_dir_all(to.parent().expect("a directory")).expect("made");
                fs::copy(&from, &to).expect("copied");
                let digest = Digest::of(&fs::read(&to).expect("read"));
                kept_files.insert(
                    file.place,
                    File {
                        size: file.size,
                        digest,
                    },
                );
            }
            node.data.insert(data, kept_files);
            nodes.insert(one.information.host, node);
        }
        Manifest {
            format: Manifest::FORMAT,
            cluster: seen[0].cluster.name.clone(),
            partitioner: seen[0].cluster.partitioner.clone(),
            release: seen[0].release.clone(),
            keyspace: kong(),
            tag: tag.clone(),
            schema: self.schema(),
            tables: self.tables().into_iter().collect(),
            rows: self.rows(),
            nodes,
        }
    }
}

fn end(running: &mut Vec<std::process::Child>, failed: &mut Vec<String>) {
    for child in running.drain(..) {
        let output = child.wait_with_output().expect("it ends");
        if !output.status.success() {
            failed.push(
                String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
            );
        }
    }
}

/// Where a file of the backup lies.
pub(crate) fn kept(backup: &Path, source: &Source) -> PathBuf {
    backup
        .join(source.node.digits())
        .join(source.place.to_string())
}

/// What is found of a backup.
pub(crate) fn found(manifest: &Manifest, backup: &Path) -> Found {
    let mut found = Found::default();
    for (source, _) in manifest.files() {
        let Ok(bytes) = fs::read(kept(backup, &source)) else {
            continue;
        };
        let file = File {
            size: bytes.len() as u64,
            digest: Digest::of(&bytes),
        };
        found.files.insert(source.clone(), file);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some(SstableFile { sstable, component }) = source.place.of_table() else {
            continue;
        };
        if component == Component::Toc {
            found.tocs.insert(source.clone(), text.clone());
        }
        if let Some(mut sum) = Checksum::of(&component) {
            let data = kept(backup, &source).with_file_name(format!("{sstable}-Data.db"));
            sum.update(&fs::read(data).unwrap_or_default());
            let stored = files::stored(&text).expect("a checksum");
            found.checked.insert(
                source,
                Checked {
                    stored,
                    counted: sum.value(),
                },
            );
        }
    }
    found.listed = manifest
        .nodes
        .keys()
        .map(|node| {
            (
                *node,
                manifest
                    .tables
                    .iter()
                    .map(|table| table.name.clone())
                    .collect::<BTreeSet<_>>(),
            )
        })
        .collect();
    found
}
