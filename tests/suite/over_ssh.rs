//! Nodes on hosts that are reached over SSH: exact words, nothing run twice, every trouble of a connection told, and a whole upgrade.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use cutover::environment::typed;

use super::harness::{Finished, RUN, Test, told};
use crate::practice_cluster::everything;
use crate::ssh_hosts::{DEAD, SILENT, SshHosts};

/// The exit code of a run that waits for a person.
const PAUSED: i32 = 8;

/// Nodes of one cluster, one on each of these hosts, with these grants.
fn test(hosts: &SshHosts, names: &[&str], grants: &str) -> Test {
    let nodes = names.iter().enumerate().map(|(place, host)| {
        format!(
            "[[clusters.blue.nodes]]\nname = \"kong-{}\"\ntransport = {{ ssh = \"{host}\" }}\nconf = \"/kong.conf\"\nprefix = \"/prefix\"\n\
             packages = {{ prefix = \"/none\" }}\nadmin = \"http://127.0.0.1:1\"\nproxy = \"http://127.0.0.1:1\"\n",
            place + 1
        )
    });
    let nodes: String = nodes.collect();
    let configuration = hosts.configuration().display().to_string();
    Test::new().environment(&format!(
        "[grants]\n{grants}\n[ssh]\nconfiguration = {configuration:?}\n[clusters.blue]\n{nodes}"
    ))
}

fn playbook(test: Test, body: &str) -> Test {
    test.playbook(&format!(
        "const PLAYBOOK = #{{ api: 1, needs: [\"node.exec\", \"practice.write\"] }};\n\
        let nodes = env::cluster(\"blue\").nodes;\n{body}"
    ))
}

/// A run with a script on the host, and one word for it: a file of the test.
fn run_of(hosts: &SshHosts, script: &str) -> (Test, std::path::PathBuf) {
    let program = hosts.path().join("program");
    fs::write(&program, format!("#!/bin/sh\n{script}")).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, mode).expect("set");
    let mark = hosts.path().join("mark");
    let (first, word) = (program.display().to_string(), mark.display().to_string());
    let command = format!("{first} {word}");
    let grants = format!("allow = [\"practice.*\", \"node.exec:{command}\"]");
    let test = test(hosts, &["host-1"], &grants);
    let body = format!(
        "practice::write(\"said\", node::exec(nodes[0], [{first:?}, {word:?}], #{{ within: \"20s\" }}).stdout);"
    );
    (playbook(test, &body), mark)
}

#[test]
fn words_arrive_on_another_host_as_they_were_written() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    hosts.host(1).use_shell("/bin/bash");
    fs::write(hosts.host(1).home().join(".bashrc"), "echo Welcome!\n").expect("written");
    let words = [
        "/usr/bin/printf",
        "%s|",
        "two words",
        "$HOME; id",
        "",
        "-n",
        "\\",
        "\"",
    ];
    let printf = typed(&words.map(str::to_owned));
    let commands = [
        printf.as_str(),
        "/usr/bin/env",
        "/bin/pwd",
        "/bin/cat",
        "/bin/false",
    ];
    let needs = commands.map(|command| format!("node.exec:{command}"));
    let grants = format!(
        "allow = {:?}",
        [&["practice.*".to_owned()][..], &needs].concat()
    );
    let test = test(&hosts, &["host-1"], &grants);
    let test = playbook(
        test,
        "let told = node::exec(nodes[0], [\"/usr/bin/printf\", \"%s|\", \"two words\", \"$HOME; id\", \"\", \"-n\", \"\\\\\", \"\\\"\"]);\n\
        practice::write(\"printf\", told.stdout);\n\
        practice::write(\"env\", node::exec(nodes[0], [\"/usr/bin/env\"]).stdout);\n\
        practice::write(\"pwd\", node::exec(nodes[0], [\"/bin/pwd\"]).stdout);\n\
        practice::write(\"cat\", `${node::exec(nodes[0], [\"/bin/cat\"])}`);\n\
        try { node::exec(nodes[0], [\"/bin/false\"]) } catch (e) { practice::write(\"false\", e.message) }",
    );
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    let found: Vec<String> = test
        .world()
        .into_iter()
        .map(|(name, text)| format!("{name}: {text:?}"))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r##"
    cat: "#{\"status\": 0, \"stderr\": \"\", \"stdout\": \"\"}"
    env: "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    false: "`/bin/false` on `kong-1` ended with exit code 1"
    printf: "two words|$HOME; id||-n|\\|\"|"
    pwd: "/\n"
    "##);
}

/// Nobody but root can end what `sudo` started: that it goes on is told, and it is waited for rather than taken for gone.
#[test]
fn what_root_does_and_cannot_be_ended_is_not_taken_for_gone() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let (test, mark) = run_of(&hosts, "echo $$ > \"$1\"; exec sleep 300");
    let program = hosts.path().join("program").display().to_string();
    let rule = format!("nobody ALL=(root) NOPASSWD:SETENV: {program}\n");
    if hosts.host(1).log_in_as_nobody(&rule).is_none() {
        return;
    }
    let environment = test.path("environment.toml");
    let text = fs::read_to_string(&environment).expect("there");
    let text = text.replace("conf = ", &format!("sudo = [\"{program} *\"]\nconf = "));
    fs::write(&environment, text).expect("written");
    let path = test.path("playbook.rhai");
    let text = fs::read_to_string(&path).expect("there");
    fs::write(&path, text.replace("20s", "1s")).expect("written");
    let finished = test.run();
    let said = told(&finished);
    // Where nobody can tell whether it is there, it may be.
    hosts.host(1).program("ps", "#!/bin/sh\nexit 1\n");
    let resumed = test.cutover(&["resume", RUN]);
    assert_eq!(resumed.status, PAUSED, "{}", told(&resumed));
    assert!(
        told(&resumed).contains("cannot be seen"),
        "{}",
        told(&resumed)
    );
    let pid: i32 = fs::read_to_string(&mark)
        .expect("it began")
        .trim()
        .parse()
        .expect("a number");
    let still = Path::new(&format!("/proc/{pid}")).exists();
    crate::process_tree::signal(pid, rustix::process::Signal::KILL);
    assert!(still, "{said}");
    assert_eq!(finished.status, PAUSED, "{said}");
    assert!(said.contains("does not end"), "{said}");
}

/// What a run of a harmless command on these hosts says.
fn harmless(hosts: &SshHosts, names: &[&str]) -> Finished {
    let test = test(hosts, names, "allow = [\"node.exec:/bin/true\"]");
    playbook(test, "node::exec(nodes, [\"/bin/true\"]);").run()
}

/// The last line of what was said, with ports and addresses of this run left out.
fn why(finished: &Finished) -> String {
    let told = told(finished);
    let told = told.replace('\n', " ");
    let address =
        regex::Regex::new(r"127\.0\.0\.\d+( port \d+|\]:\d+)?|\[127").expect("an expression");
    address.replace_all(&told, "ADDRESS").into_owned()
}

#[test]
fn a_host_that_cannot_be_used_is_told_with_the_reason() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let host = hosts.host(1);
    let refused = |names: &[&str], word: &str| {
        let begun = Instant::now();
        let finished = harmless(&hosts, names);
        let why = why(&finished);
        assert_ne!(finished.status, 0, "{why}");
        assert!(why.contains(word), "{word}: {why}");
        assert!(begun.elapsed() < Duration::from_secs(40), "{why}");
    };
    assert_eq!(harmless(&hosts, &["host-1"]).status, 0);
    host.forget_key();
    refused(&["host-1"], "Host key verification failed");
    host.learn_key();
    host.replace_key();
    refused(&["host-1"], "and another one is known for it");
    host.learn_key();
    assert_eq!(harmless(&hosts, &["host-1"]).status, 0);
    host.refuse_login();
    refused(&["host-1"], "Permission denied");
    host.allow_login();
    refused(&[DEAD], "Connection refused");
    refused(
        &[SILENT],
        "no connection to `silent`, the host of the node `kong-1`",
    );
    host.stop();
    refused(&["host-1"], "Connection refused");
}

#[test]
fn a_program_is_ended_at_its_deadline_with_all_that_it_started() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let program = hosts.path().join("slow");
    let mark = hosts.path().join("pid");
    let text = format!(
        "#!/bin/sh\nsleep 600 &\necho $! > {}\nwait\n",
        mark.display()
    );
    fs::write(&program, text).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, mode).expect("set");
    let grants = format!(
        "allow = [\"practice.*\", \"node.exec:{}\"]",
        program.display()
    );
    let test = playbook(
        test(&hosts, &["host-1"], &grants),
        &format!(
            "try {{ node::exec(nodes[0], [{program:?}], #{{ within: \"2s\" }}) }} catch (e) {{ practice::write(\"said\", e.code) }}"
        ),
    );
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert_eq!(
        test.world(),
        [("said".to_owned(), "node.exec.deadline".to_owned())]
    );
    let pid = fs::read_to_string(mark).expect("it ran");
    assert!(!is_running(pid.trim()));
}

fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

#[test]
fn a_service_that_keeps_its_outputs_open_is_not_waited_for() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let script = "setsid sleep 30 & echo $! > \"$1\"; echo started";
    let (test, mark) = run_of(&hosts, script);
    let begun = Instant::now();
    let finished = test.run();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(test.world(), [("said".to_owned(), "started\n".to_owned())]);
    assert!(is_running(fs::read_to_string(mark).expect("it ran").trim()));
}

#[test]
fn what_was_begun_when_the_connection_was_cut_is_ended_and_not_run_again() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    // Longer than the test would wait: it ends because it is ended.
    let script = "echo $$ >> \"$1\"; sleep 600; echo done >> \"$1\"";
    let (test, mark) = run_of(&hosts, script);
    let runner = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_for(|| fs::read_to_string(&mark).is_ok_and(|text| text.ends_with('\n')));
    hosts.host(1).cut();
    let finished = test.finish(runner);
    // Nothing tells of such a command whether it had its effect, so a person has to; but it has ended for certain.
    let said = told(&finished);
    assert_eq!(finished.status, PAUSED, "{said}");
    assert!(
        said.contains("it is not known whether step 1 took effect"),
        "{said}"
    );
    let lines = fs::read_to_string(&mark).expect("there");
    assert!(!is_running(lines.trim()), "{said}");
    let said = told(&test.cutover(&["resume", RUN]));
    let lines = fs::read_to_string(&mark).expect("there");
    assert_eq!(lines.lines().count(), 1, "{lines}\n{said}");
}

#[test]
fn a_runner_that_is_killed_leaves_what_the_next_one_ends() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let (test, mark) = run_of(&hosts, "echo $$ >> \"$1\"; sleep 600");
    let runner = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_for(|| fs::read_to_string(&mark).is_ok_and(|text| text.ends_with('\n')));
    drop(runner);
    let told = told(&test.cutover(&["resume", RUN]));
    let lines = fs::read_to_string(&mark).expect("there");
    assert_eq!(lines.lines().count(), 1, "{lines}\n{told}");
    assert!(!is_running(lines.trim()), "{told}");
    assert!(told.contains("nothing tells whether"), "{told}");
}

#[test]
fn no_leave_no_act() {
    let Some(hosts) = SshHosts::start(1) else {
        return;
    };
    let (test, mark) = run_of(&hosts, "echo $$ >> \"$1\"");
    // The connection stands still once it is made: nothing is told of, and nothing acts.
    let host = hosts.host(1);
    host.program(
        "setsid",
        "#!/bin/sh\necho begun > \"$HOME/begun\"\nexec sleep 600\n",
    );
    let runner = test.start(&["run", "playbook.rhai", "--run-id", RUN]);
    test.wait_for(|| host.home().join("begun").exists());
    host.cut();
    let finished = test.finish(runner);
    assert_ne!(finished.status, 0, "{}", told(&finished));
    assert!(!Path::new(&mark).exists());
}

#[test]
fn of_fifty_hosts_three_are_dead_or_slow() {
    const HOSTS: u8 = 48;
    if !everything() {
        return println!("skipped: fifty hosts are for the long sweeps; set CUTOVER_TEST_ALL");
    }
    let Some(hosts) = SshHosts::start(HOSTS) else {
        return;
    };
    hosts.host(20).freeze();
    let mut names = hosts.names();
    names.insert(5, DEAD);
    names.insert(35, SILENT);
    let test = test(
        &hosts,
        &names,
        "allow = [\"practice.*\", \"node.exec:/bin/true\"]",
    );
    let test = playbook(
        test,
        "for one in nodes { try { node::exec(one, [\"/bin/true\"]) } catch (e) { practice::write(one.name, e.code) } }",
    );
    let begun = Instant::now();
    let finished = test.run();
    let took = begun.elapsed();
    hosts.host(20).thaw();
    assert_eq!(finished.status, 0, "{}", told(&finished));
    // One that says nothing costs what connecting may take, and no more.
    assert!(took < Duration::from_secs(100), "{took:?}");
    let unreachable = |name: &str| (name.to_owned(), "host.unreachable".to_owned());
    let wanted = ["kong-21", "kong-36", "kong-6"].map(unreachable);
    assert_eq!(test.world(), wanted);
    let journal = test.journal();
    assert_eq!(
        journal.matches("finished ").count(),
        usize::from(HOSTS) - 1 + 3,
        "{journal}"
    );
    println!("50 hosts, one dead, one silent, one frozen: {took:?}");
}

/// The client's own agent and a host to jump over, as its configuration says.
#[test]
fn an_agent_has_the_key_and_a_jump_leads_to_the_host() {
    let Some(hosts) = SshHosts::start(2) else {
        return;
    };
    let socket = hosts.path().join("agent");
    let agent = std::process::Command::new("ssh-agent")
        .arg("-D")
        .arg("-a")
        .arg(&socket)
        .stdout(std::process::Stdio::null())
        .spawn();
    let Ok(mut agent) = agent else {
        return println!("skipped: `ssh-agent` is not installed");
    };
    let configuration = fs::read_to_string(hosts.configuration()).expect("there");
    let own = configuration
        .replace(
            &format!(
                "  IdentityFile {}\n",
                hosts.path().join("user-key").display()
            ),
            "",
        )
        .replace(
            "IdentitiesOnly yes\n  IdentityAgent none",
            &format!("IdentityAgent {}", socket.display()),
        )
        .replace(
            "Host host-2\n",
            "Host host-2\n  ProxyCommand ssh -F CONFIGURATION -W %h:%p host-1\n",
        )
        .replace(
            "CONFIGURATION",
            &hosts.configuration().display().to_string(),
        );
    fs::write(hosts.configuration(), own).expect("written");
    let denied = harmless(&hosts, &["host-1"]);
    let add = || {
        let mut add = std::process::Command::new("ssh-add");
        add.env("SSH_AUTH_SOCK", &socket)
            .arg(hosts.path().join("user-key"));
        add.output().expect("it starts").status.success()
    };
    let has_key = add();
    let ended = harmless(&hosts, &["host-2"]);
    agent.kill().expect("ended");
    agent.wait().expect("waited for");
    assert!(has_key);
    // Without the key in the agent nobody gets in, so it is that which did.
    assert!(why(&denied).contains("[host.refused]"), "{}", why(&denied));
    assert_eq!(ended.status, 0, "{}", told(&ended));
    // The run names the second host alone: the first one let in whoever jumped.
    assert!(
        hosts.host(1).log().contains("Accepted publickey for "),
        "{}",
        hosts.host(1).log()
    );
}

/// The most that were at work at one time, by a log in which each tells when it begins and when it ends.
fn most_at_once(log: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for line in log.lines() {
        now = match line {
            "+" => now + 1,
            _ => now.saturating_sub(1),
        };
        most = most.max(now);
    }
    most
}

/// Four at a time; one that is slow keeps nobody, one that fails has those that were done taken back, and those that are dead are found first.
#[test]
fn fifty_hosts_are_given_a_package_a_few_at_a_time_and_it_is_taken_back_where_one_fails() {
    const HOSTS: u8 = 50;
    if !everything() {
        return println!("skipped: fifty hosts are for the long sweeps; set CUTOVER_TEST_ALL");
    }
    let Some(hosts) = SshHosts::start(HOSTS) else {
        return;
    };
    let log = hosts.path().join("at-work");
    let current = |host: usize| hosts.host(host).home().join("opt/current");
    for host in 1..=usize::from(HOSTS) {
        let takes = if host == 10 { "4" } else { "0.05" };
        for version in ["2.8.5", "3.4.2"] {
            let directory = hosts
                .host(host)
                .home()
                .join(format!("opt/kong-{version}/bin"));
            fs::create_dir_all(&directory).expect("made");
            let text = format!(
                "#!/bin/sh\necho + >> {0}\nsleep {takes}\necho - >> {0}\ncase $1 in version) echo {version};; *) exit 1;; esac\n",
                log.display()
            );
            fs::write(directory.join("kong"), text).expect("written");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(directory.join("kong"), mode).expect("set");
        }
        std::os::unix::fs::symlink("kong-2.8.5", current(host)).expect("linked");
    }
    hosts.host(20).program(
        "ln",
        "#!/bin/sh\ncase \"$*\" in *kong-3.4.2*) echo 'no room' >&2; exit 1;; esac\nexec /bin/ln \"$@\"\n",
    );
    let nodes = |names: &[&str]| {
        let test = test(&hosts, names, "allow = [\"packages.*\"]");
        let path = test.path("environment.toml");
        let mut text = fs::read_to_string(&path).expect("there");
        for name in names {
            let home = hosts
                .path()
                .join(name)
                .join("home/opt")
                .display()
                .to_string();
            let of = format!(
                "ssh = \"{name}\" }}\nconf = \"/kong.conf\"\nprefix = \"/prefix\"\npackages = {{ prefix = "
            );
            text = text.replace(&format!("{of}\"/none\""), &format!("{of}{home:?}"));
        }
        fs::write(&path, text).expect("written");
        test.playbook(
            "const PLAYBOOK = #{ api: 1, needs: [\"packages.install\"] };\npackages::install(env::cluster(\"blue\").nodes, \"3.4.2\");\n",
        )
    };
    let begun = Instant::now();
    let test = nodes(&hosts.names());
    let finished = test.run();
    let took = begun.elapsed();
    assert_eq!(finished.status, 5, "{}", told(&finished));
    assert!(told(&finished).contains("no room"), "{}", told(&finished));
    let journal = test.journal();
    let count = |word: &str| journal.matches(word).count();
    let most = most_at_once(&fs::read_to_string(&log).expect("there"));
    println!("50 hosts, one slow, one fails: {took:?}, {most} at once at most");
    assert!((2..=4).contains(&most), "{most}");
    // Behind the one that fails nobody is begun with any more; whoever was is taken back.
    let begun_with = count("target_started ");
    assert!((20..=23).contains(&begun_with), "{journal}");
    assert_eq!(count("undo_finished "), begun_with, "{journal}");
    for host in 1..=usize::from(HOSTS) {
        let leads = fs::read_link(current(host)).expect("a link");
        assert_eq!(leads, Path::new("kong-2.8.5"), "host {host}");
    }
    // Where some are dead nothing is done at all.
    fs::remove_file(&log).expect("removed");
    hosts.host(40).freeze();
    let mut names = hosts.names();
    names.insert(5, DEAD);
    names.insert(35, SILENT);
    let begun = Instant::now();
    let test = nodes(&names);
    let finished = test.run();
    let took = begun.elapsed();
    hosts.host(40).thaw();
    println!("of 52 one dead, one silent, one frozen: {took:?}");
    assert_eq!(finished.status, 4, "{}", told(&finished));
    assert!(
        !test.journal().contains("target_started"),
        "{}",
        test.journal()
    );
}
