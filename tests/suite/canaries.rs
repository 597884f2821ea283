//! Secrets as canaries: a server and a program that echo the password in every shape they can think of, and not one that gets out.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::harness::{Finished, Test};
use super::in_place_over_ssh::NODES;
use super::practice_cluster::PracticeCluster;
use super::ssh_hosts::SshHosts;
use super::traced::can_trace;

/// With what quoting, addresses, JSON and XML each treat in their own way.
const PASSWORD: &str = "c4n4ry'\"\\ &<k3y>/+é%#:@{}";

/// The part of it that no quoting changes.
const BARE: &str = "c4n4ry";

/// The shapes in which a secret comes back, each with its name.
fn shapes(secret: &str) -> Vec<(&'static str, String)> {
    let json = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let percent = |keep: fn(u8) -> bool, upper: bool| -> String {
        let encode = |byte: u8| match byte {
            byte if keep(byte) => char::from(byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        };
        secret.bytes().map(encode).collect()
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let xml = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    vec![
        ("plain", secret.to_owned()),
        ("with a beginning and an end", format!("x{secret}y")),
        ("twice", format!("{secret}{secret}")),
        ("on a line of its own", format!("one\n{secret}\ntwo")),
        ("in JSON", json(secret)),
        ("in JSON in JSON", json(&json(secret))),
        ("as Rust shows it", format!("{secret:?}")),
        ("in SQL", format!("'{}'", secret.replace('\'', "''"))),
        ("in a shell", format!("'{}'", secret.replace('\'', "'\\''"))),
        (
            "for libpq",
            format!(
                "password='{}'",
                secret.replace('\\', "\\\\").replace('\'', "\\'")
            ),
        ),
        (
            "in an address",
            format!("postgres://kong:{}@host/kong", percent(unreserved, true)),
        ),
        ("in an address, small", percent(unreserved, false)),
        ("in a form", percent(unreserved, true).replace("%20", "+")),
        (
            "all encoded",
            percent(|byte| byte.is_ascii_alphanumeric(), true),
        ),
        ("in Base64", base64(secret.as_bytes(), false)),
        ("in Base64 for addresses", base64(secret.as_bytes(), true)),
        (
            "as credentials",
            base64(format!("kong:{secret}").as_bytes(), false),
        ),
        (
            "as credentials of another length",
            base64(format!("kong1:{secret}!").as_bytes(), false),
        ),
        ("in hexadecimal", hex::encode(secret)),
        ("in hexadecimal, large", hex::encode_upper(secret)),
        ("in XML", xml.clone()),
        (
            "in XML, quoted",
            xml.replace('"', "&quot;").replace('\'', "&apos;"),
        ),
    ]
}

/// Base64 of one's own: what is tested is not asked what is right.
fn base64(bytes: &[u8], for_addresses: bool) -> String {
    let alphabet: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: usize| match (char::from(alphabet[bits & 63]), for_addresses) {
        ('+', true) => '-',
        ('/', true) => '_',
        (letter, _) => letter,
    };
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |place: usize| usize::from(three.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=three.len() {
            text.push(letter(bits >> (18 - 6 * place)));
        }
    }
    text
}

/// What would give the secret away: the part of each shape that nothing around it changes.
fn traces(secret: &str, bare: &str) -> Vec<String> {
    let mut traces = vec![bare.to_owned()];
    let hex = hex::encode(bare);
    traces.extend([hex.to_uppercase(), hex]);
    for before in ["", "x", "xy"] {
        // Four characters in from the edge depend on the secret alone.
        let encoded = base64(format!("{before}{secret}").as_bytes(), false);
        traces.push(encoded[4..16].to_owned());
    }
    traces
}

/// Looks for the secret in `text`, and answers how many bytes were looked through.
fn look(place: &str, text: &[u8], traces: &[String]) -> usize {
    let text = String::from_utf8_lossy(text);
    for trace in traces {
        assert!(
            !text.contains(trace.as_str()),
            "{place} holds `{trace}`:\n{text}"
        );
    }
    text.len()
}

/// Looks through every file under `directory`.
fn look_through(directory: &Path, traces: &[String]) -> (usize, usize) {
    let (mut files, mut bytes) = (0, 0);
    let mut waiting = vec![directory.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("listed");
            waiting.extend(entries.map(|entry| entry.expect("listed").path()));
        } else if let Ok(text) = fs::read(&path) {
            files += 1;
            bytes += look(&path.display().to_string(), &text, traces);
        }
    }
    (files, bytes)
}

/// A server that asks for the password as PostgreSQL does, and says it again in its error.
fn echoing_server(shape: &'static str) -> u16 {
    let server = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = server.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for client in server.incoming().flatten() {
            // A client that goes away is no concern of the server's.
            let _ = echo(client, shape);
        }
    });
    port
}

fn echo(mut client: TcpStream, shape: &str) -> std::io::Result<()> {
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let mut startup = vec![0; u32::from_be_bytes(length) as usize - 4];
    client.read_exact(&mut startup)?;
    // Authentication: the password, as it is.
    client.write_all(b"R\0\0\0\x08\0\0\0\x03")?;
    let mut answer = [0; 5];
    client.read_exact(&mut answer)?;
    let length = u32::from_be_bytes([answer[1], answer[2], answer[3], answer[4]]) as usize - 4;
    let mut password = vec![0; length];
    client.read_exact(&mut password)?;
    let password = String::from_utf8_lossy(&password[..length - 1]).into_owned();
    let shapes = shapes(&password);
    let (_, echoed) = shapes
        .iter()
        .find(|(name, _)| *name == shape)
        .expect("a shape");
    let mut fields = Vec::new();
    for field in [
        "SFATAL",
        "VFATAL",
        "C28P01",
        &format!("Mno entry with {echoed} as it is"),
        &format!("D{echoed}"),
    ] {
        fields.extend_from_slice(field.as_bytes());
        fields.push(0);
    }
    fields.push(0);
    let length = u32::try_from(fields.len() + 4).expect("short");
    client.write_all(b"E")?;
    client.write_all(&length.to_be_bytes())?;
    client.write_all(&fields)
}

/// Every command that says something of a database or of a run.
const COMMANDS: [&[&str]; 12] = [
    &["observe"],
    &["plan", "playbook.rhai"],
    &["plan", "playbook.rhai", "--output", "json"],
    &["drill", "playbook.rhai"],
    &["drill", "playbook.rhai", "--output", "junit"],
    &["run", "playbook.rhai"],
    &["run", "playbook.rhai", "--output", "ndjson"],
    &["resume", "begun", "--approve", "practice"],
    &["show", "begun"],
    &["show", "begun", "--output", "ndjson"],
    &["why-down"],
    &["rollback", "begun", "--confirm", "practice"],
];

#[test]
fn what_a_server_echoes_gets_nowhere() {
    let traces = traces(PASSWORD, BARE);
    let (mut looked, mut bytes) = (0, 0);
    let names: Vec<&'static str> = shapes(PASSWORD).into_iter().map(|(name, _)| name).collect();
    assert!(names.len() >= 20);
    for name in names {
        let port = echoing_server(name);
        let test = Test::new().playbook("const PLAYBOOK = #{ api: 1, needs: [\"practice.*\", \"database.facts\"] };\n\npractice::write(\"one\", \"1\");\nrun::approve(\"go on\");\ntry { database::facts(env::database(\"main\")); } catch (error) { run::note(error.message); throw error; }");
        let alone = "[grants]\nallow = [\"*\"]\n";
        // A run that was begun before there was a database to ask.
        let test = test.environment(alone);
        let database = format!(
            "{alone}[databases.main]\nhost = \"127.0.0.1\"\nport = {port}\ndatabase = \"kong\"\nuser = \"kong\"\npassword = {{ file = \"secret\" }}\ntls = \"off\"\n"
        );
        let test = test.environment(&database).file("secret", PASSWORD);
        fs::set_permissions(test.path("secret"), fs::Permissions::from_mode(0o600)).expect("set");
        for arguments in COMMANDS {
            let finished = test.command(arguments).output().expect("ran");
            let place = format!("{name}: {arguments:?}");
            bytes +=
                look(&place, &finished.stdout, &traces) + look(&place, &finished.stderr, &traces);
            looked += 2;
        }
        let run = test.cutover(&["run", "playbook.rhai"]);
        assert!(said_something(&run), "{}", run.stderr);
        let store = test.path("store");
        if store.exists() {
            let (files, more) = look_through(&store, &traces);
            looked += files;
            bytes += more;
        }
    }
    println!("canaries: {looked} outputs and files, {bytes} bytes, no trace of the secret");
}

/// The server was really asked, and its answer is really told.
fn said_something(finished: &Finished) -> bool {
    finished.stderr.contains("no entry with") && finished.stderr.contains("[secret]")
}

#[test]
fn what_a_program_echoes_gets_nowhere() {
    let cluster = PracticeCluster::up_with(&["--hardened"]);
    let password = cluster.password();
    let bare = password
        .split('#')
        .nth(1)
        .expect("the part without a special character")
        .to_owned();
    let traces = traces(&password, &bare);
    let echoed: Vec<String> = shapes(&password)
        .into_iter()
        .map(|(_, shape)| shape)
        .collect();
    let text = cluster.path().join("echoed");
    fs::write(&text, echoed.join("\n")).expect("written");
    let line = format!(
        "case \"$1\" in check) cat '{0}'; cat '{0}' >&2; exit 1;; esac",
        text.display()
    );
    cluster.wrap_kong("3.4.2", &line);
    let run = cluster.upgrade("echo", &["--output", "ndjson"]);
    assert_ne!(run.code, Some(0), "{}", run.all);
    assert!(run.all.contains("[secret]"), "{}", run.all);
    let mut bytes = look("run", run.all.as_bytes(), &traces);
    for arguments in [
        &["show", "echo"][..],
        &["show", "echo", "--output", "ndjson"],
        &["why-down"],
        &["runs"],
    ] {
        let told = cluster.cutover(arguments);
        bytes += look(&format!("{arguments:?}"), told.all.as_bytes(), &traces);
    }
    let mut files = 0;
    for file in cluster.run_files("echo") {
        let text = fs::read(&file).expect("read");
        bytes += look(&file.display().to_string(), &text, &traces);
        files += 1;
    }
    println!(
        "canaries: {files} files of a run, {bytes} bytes with its outputs, no trace of the secret"
    );
}

#[test]
fn what_a_bug_tells_has_no_secret_in_it() {
    let traces = traces(PASSWORD, BARE);
    let shapes = shapes(PASSWORD);
    let echo = |(_, shape): &(_, String)| format!("run::note({});", serde_json::json!(shape));
    let echoes = shapes.iter().map(echo).collect::<Vec<_>>().join("\n");
    let test = Test::new()
        .playbook(&format!(
            "const PLAYBOOK = #{{ api: 1, needs: [\"kong.entities\"] }};\n\n\
            try {{ kong::entities(env::cluster(\"blue\")); }} catch {{ }}\n{echoes}"
        ))
        .environment(
            "[clusters.blue]\nadmin_token = { file = \"secret\" }\n[[clusters.blue.nodes]]\nname = \"kong-1\"\n\
            conf = \"/none\"\nprefix = \"/none\"\npackages = { prefix = \"/none\" }\n\
            admin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n",
        )
        .file("secret", PASSWORD);
    fs::set_permissions(test.path("secret"), fs::Permissions::from_mode(0o600)).expect("set");
    let (mut told, mut bytes) = (0, 0);
    // The header, the runner, the look, and a step for every shape.
    for record in 3..3 + shapes.len() {
        let crash = format!("bug:{record}");
        let words = ["run", "playbook.rhai", "--crash", &crash];
        let finished = test.command(&words).output().expect("ran");
        assert_eq!(finished.status.code(), Some(1), "{crash}");
        let text = String::from_utf8_lossy(&finished.stderr);
        let bug: String = text
            .lines()
            .filter(|line| line.starts_with("bug: "))
            .collect();
        told += usize::from(bug.contains("[secret]"));
        bytes += look(&crash, bug.as_bytes(), &traces);
        // A run that is not finished keeps the next one out.
        fs::remove_dir_all(test.path("store")).expect("removed");
    }
    assert!(told >= shapes.len() - 1, "only {told} told of the secret");
    println!("canaries: {told} bugs, {bytes} bytes, no trace of the secret");
}

fn hardened() -> PracticeCluster {
    PracticeCluster::up_with(&["--hardened"])
}

/// Lets rehearsals of `cluster` run on the server of `other`.
fn rehearse_on(cluster: &PracticeCluster, other: &PracticeCluster) {
    let read = |cluster: &PracticeCluster| {
        fs::read_to_string(cluster.environment()).expect("an environment")
    };
    let theirs = read(other);
    let (_, database) = theirs.split_once("[databases.main]").expect("a database");
    let (database, _) = database.split_once("\n#").expect("its end");
    let ours = read(cluster).replace("scratch = \"main\"", "scratch = \"apart\"");
    let text = format!("{ours}\n[databases.apart]{database}\n");
    fs::write(cluster.environment(), text).expect("written");
}

#[test]
fn no_process_is_given_a_secret_in_its_arguments_or_its_environment() {
    if !can_trace() {
        println!("skipped: `strace` is not here, or may not trace");
        return;
    }
    // The rehearsal is on another server, with another password.
    let (cluster, other) = (hardened(), hardened());
    rehearse_on(&cluster, &other);
    let traces: Vec<String> = [&cluster, &other]
        .into_iter()
        .flat_map(|cluster| {
            let password = cluster.password();
            let bare = password.split('#').nth(1).expect("a plain part");
            self::traces(&password, bare)
        })
        .collect();
    let trace = cluster.path().join("started");
    let mut command = Command::new("strace");
    // Detached: the nodes that the run starts live on, and are traced until they end.
    command.args(["-D", "-f", "--seccomp-bpf", "-v", "-s", "65536"]);
    command
        .args(["-e", "trace=execve,execveat", "-o"])
        .arg(&trace);
    let upgrade = cluster.upgrade_command("traced");
    command.arg(upgrade.get_program()).args(upgrade.get_args());
    for (name, value) in upgrade.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().expect("strace runs");
    assert_eq!(status.code(), Some(0));
    let seen = fs::read(&trace).expect("a trace");
    let bytes = look("what was started", &seen, &traces);
    let started = String::from_utf8_lossy(&seen);
    let started = started.lines().filter(|line| line.contains("execve"));
    let started: Vec<&str> = started.collect();
    for program in [
        "bin/kong",
        "pg_dump",
        "pg_restore",
        "cutover",
        "/temporary/",
    ] {
        let seen = started.iter().any(|line| line.contains(program));
        assert!(seen, "no `{program}` was seen");
    }
    // What the rehearsal needed of the other server went with it.
    for file in cluster.run_files("traced") {
        look(
            &file.display().to_string(),
            &fs::read(&file).expect("read"),
            &traces,
        );
    }
    println!(
        "canaries: {} programs with their arguments and environments, {bytes} bytes, no trace of the secret",
        started.len()
    );
}

/// Every user of a host sees the words of each process there.
#[test]
fn no_process_of_another_host_is_given_a_secret_either() {
    if !can_trace() {
        println!("skipped: `strace` is not here, or may not trace");
        return;
    }
    let Some(hosts) = SshHosts::start(NODES) else {
        return;
    };
    let (cluster, other) = (hosts.carry(hardened()), hardened());
    rehearse_on(&cluster, &other);
    let traces: Vec<String> = [&cluster, &other]
        .into_iter()
        .flat_map(|cluster| {
            let password = cluster.password();
            let bare = password.split('#').nth(1).expect("a plain part");
            self::traces(&password, bare)
        })
        .collect();
    let directory = hosts.path().join("started");
    fs::create_dir(&directory).expect("made");
    (1..=usize::from(NODES)).for_each(|host| hosts.host(host).trace_into(&directory));
    let run = cluster.upgrade("traced", &[]);
    assert_eq!(run.code, Some(0), "{}", run.all);
    let (mut started, mut bytes) = (String::new(), 0);
    for entry in fs::read_dir(&directory).expect("listed") {
        let text = fs::read(entry.expect("listed").path()).expect("a trace");
        bytes += look("what was started on a host", &text, &traces);
        started += &String::from_utf8_lossy(&text);
    }
    for program in ["kong", "setsid", "sha256sum"] {
        assert!(started.contains(program), "no `{program}` was seen");
    }
    println!(
        "canaries: {} programs on other hosts with their arguments and environments, {bytes} bytes, no trace of the secret",
        started.matches("execve").count()
    );
}
