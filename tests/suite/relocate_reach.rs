//! What the new hosts of a move reach and whom they trust: real servers behind certificates, and names that one host knows and another does not.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::harness::KeptPort;
use crate::practice_cluster::PracticeCluster;
use crate::relocate::sides;
use crate::ssh_hosts::SshHosts;

const REFUSED: i32 = 4;

/// A server that shows a certificate; it ends when dropped.
struct Shows {
    child: Child,
    port: KeptPort,
}

impl Shows {
    /// One that is for this name, by this authority.
    fn start(directory: &Path, name: &str, authority: &Authority) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).expect("valid");
        parameters
            .distinguished_name
            .push(DnType::CommonName, "server");
        let certificate = parameters.signed_by(&key, &authority.0).expect("signed");
        let port = KeptPort::any();
        let file = directory.join(format!("{}.pem", port.port));
        fs::write(&file, [certificate.pem(), key.serialize_pem()].concat()).expect("written");
        let number = port.port;
        let child = Command::new("openssl")
            .args([
                "s_server",
                "-quiet",
                "-accept",
                &format!("127.0.0.1:{number}"),
                "-cert",
            ])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let shows = Self {
            child: child.expect("openssl starts"),
            port,
        };
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", number)).is_err() {
            assert!(std::time::Instant::now() < deadline, "it does not listen");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        shows
    }
}

impl Drop for Shows {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn called(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(parameters, key).expect("signed"))
    }
}

/// A service whose upstream is there.
fn serve(cluster: &PracticeCluster, name: &str, url: &str) {
    let service = format!("{{\"name\":\"{name}\",\"url\":\"{url}\"}}");
    cluster.admin("POST", "/services", &service);
}

#[test]
fn a_certificate_is_trusted_by_the_nodes_own_authorities_and_for_its_name_alone() {
    let cluster = sides();
    let (own, other) = (Authority::called("own"), Authority::called("other"));
    let trusted = cluster.path().join("authority.pem");
    fs::write(&trusted, own.0.pem()).expect("written");
    // Whom Kong's own manager asks who somebody is.
    let identities = Shows::start(&cluster.path(), "127.0.0.1", &other);
    let line = format!(
        "lua_ssl_trusted_certificate = {}\nadmin_gui_auth_conf = {{\"issuer\":\"https://127.0.0.1:{}/realm\"}}\n",
        trusted.display(),
        identities.port.port
    );
    for node in ["kong-1", "kong-2", "green-1", "green-2"] {
        let conf = cluster.path().join(format!("nodes/{node}/kong.conf"));
        let text = fs::read_to_string(&conf).expect("there");
        fs::write(&conf, [text.as_str(), line.as_str()].concat()).expect("written");
    }
    let directory = cluster.path();
    let well = Shows::start(&directory, "127.0.0.1", &own);
    serve(
        &cluster,
        "well",
        &format!("https://127.0.0.1:{}/", well.port.port),
    );
    let misnamed = Shows::start(&directory, "127.0.0.9", &own);
    let strange = Shows::start(&directory, "127.0.0.1", &other);
    serve(
        &cluster,
        "misnamed",
        &format!("https://127.0.0.1:{}/", misnamed.port.port),
    );
    serve(
        &cluster,
        "strange",
        &format!("https://127.0.0.1:{}/", strange.port.port),
    );
    let old = cluster.world();
    let refused = cluster.upgrade("refused", &[]);
    assert_eq!(refused.code, Some(REFUSED), "{}", refused.all);
    assert!(
        refused.all.contains("does not reach 3 of the "),
        "{}",
        refused.all
    );
    for (named, why) in [
        ("the service `misnamed`", "IP address mismatch"),
        (
            "the service `strange`",
            "unable to get local issuer certificate",
        ),
        (
            "the setting `admin_gui_auth_conf`",
            "unable to get local issuer certificate",
        ),
    ] {
        let told = format!("({named}): verify error:");
        let at = refused.all.find(&told);
        let at = at.unwrap_or_else(|| panic!("{told}: {}", refused.all));
        assert!(refused.all[at..].contains(why), "{why}: {}", refused.all);
    }
    assert_eq!(cluster.world(), old);
}

/// A name means what the new host makes of it, whatever this machine knows.
#[test]
fn a_name_is_resolved_where_the_new_node_is() {
    let Some((hosts, cluster)) = SshHosts::carrying(sides()) else {
        return;
    };
    let nodes = hosts.names().len();
    let port = cluster.upstream();
    let port = port
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    serve(&cluster, "named", &format!("http://orders.test:{port}/"));
    let old = cluster.world();
    for host in 1..nodes {
        if hosts.host(host).know("127.0.0.1 orders.test\n").is_none() {
            return;
        }
    }
    let refused = cluster.upgrade("refused", &[]);
    assert_eq!(refused.code, Some(REFUSED), "{}", refused.all);
    assert!(
        refused.all.contains("`green-2` does not reach 1 of the "),
        "{}",
        refused.all
    );
    assert!(
        !refused.all.contains("`green-1` does not reach"),
        "{}",
        refused.all
    );
    assert_eq!(cluster.world(), old);
    hosts.host(nodes).know("127.0.0.1 orders.test\n");
    let moved = cluster.upgrade("moved", &[]);
    assert_eq!(moved.code, Some(0), "{}", moved.all);
    cluster.roll_back("moved", &old);
}
