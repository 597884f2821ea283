//! Answers of `systemctl show`, recorded from systemd 252, The service files are those of the tests here,
//! `kong.service` is laid out as Kong's packages have it.

use std::time::Duration;

use super::*;

macro_rules! recorded {
    ($name:literal) => {
        Unit::of(include_str!(concat!(
            "../../../tests/fixtures/host/systemctl/",
            $name,
            ".txt"
        )))
        .expect("it is read")
    };
}

fn command(path: &str, line: &str) -> Command {
    Command {
        path: path.to_owned(),
        line: line.to_owned(),
        ignores_errors: false,
        process: None,
        ending: None,
    }
}

#[test]
fn a_stopped_kong_is_read() {
    let (kong, nginx) = (
        "/usr/local/bin/kong",
        "/usr/local/openresty/nginx/sbin/nginx",
    );
    let prepare = command(kong, "/usr/local/bin/kong prepare -p /usr/local/kong");
    let start = format!("{nginx} -p /usr/local/kong -c nginx.conf");
    let file = |path: &str, may_be_missing| EnvironmentFileReference {
        path: path.to_owned(),
        may_be_missing,
    };
    let unit = Unit {
        id: "kong.service".to_owned(),
        r#type: Some(ServiceType::Forking),
        load: LoadState::Loaded,
        load_error: None,
        active: ActiveState::Inactive,
        sub: "dead".to_owned(),
        file_state: Some(UnitFileState::Disabled),
        main_process: None,
        restart: Restart::No,
        restart_after: Span::Of(Duration::from_millis(100)),
        restarts: 0,
        result: ServiceResult::Success,
        user: Some("kong".to_owned()),
        group: Some("kong".to_owned()),
        fragment: Some("/etc/systemd/system/kong.service".to_owned()),
        drop_ins: vec![],
        needs_reload: false,
        open_files: OpenFiles {
            soft: Some(4096),
            hard: Some(4096),
        },
        stop_timeout: Span::Of(Duration::from_secs(90)),
        commands: vec![
            (Directive::ExecStartPre, prepare.clone()),
            (Directive::ExecStart, command(nginx, &start)),
            (Directive::ExecReload, prepare),
            (
                Directive::ExecReload,
                command(nginx, &format!("{start} -s reload")),
            ),
            (
                Directive::ExecStop,
                command("/bin/kill", "/bin/kill -s QUIT $MAINPID"),
            ),
        ],
        environment: vec![],
        environment_files: vec![
            file("/etc/kong/kong.env", true),
            file("/etc/default/kong", false),
        ],
        unset: vec![],
        passed: vec![],
    };
    assert_eq!(recorded!("kong"), unit);
}

#[test]
fn a_running_service_is_read() {
    let unit = recorded!("sleeper");
    assert_eq!(
        (unit.active.clone(), unit.main_process),
        (ActiveState::Active, Some(28))
    );
    assert_eq!(unit.restart, Restart::Always);
    let drop_ins = ["10-x.conf", "20-x.conf"]
        .map(|one| format!("/etc/systemd/system/sleeper.service.d/{one}"));
    assert_eq!(unit.drop_ins, drop_ins);
    let variables: Vec<_> = unit
        .environment
        .iter()
        .map(|one| (one.name.as_str(), one.value.reveal()))
        .collect();
    let set = [
        ("KONG_PG_HOST", "db 1"),
        ("KONG_X", "from a drop-in"),
        ("KONG_Q", "it\"s"),
        ("KONG_D", "a$b"),
        ("KONG_P", "100%"),
        ("KONG_B", "a\\b"),
        ("KONG_T", "a\tb"),
        ("KONG_N", "a\nb"),
        ("Y", "1"),
    ];
    assert_eq!(variables, set);
    let before = unit
        .of_directive(Directive::ExecStartPre)
        .next()
        .expect("one");
    assert_eq!(before.line, "/bin/true two words semi\\;colon");
    assert_eq!(
        (before.ignores_errors, &before.ending),
        (true, &Some(Ending::Exited(0)))
    );
}

#[test]
fn odd_values_are_read() {
    let unit = recorded!("odd");
    assert_eq!(unit.restart_after, Span::Infinity);
    assert_eq!(
        unit.open_files,
        OpenFiles {
            soft: None,
            hard: None
        }
    );
    assert_eq!(unit.unset, ["FOO", "BAR=1"]);
    assert_eq!(unit.passed, ["P", "Q"]);
    let lines: Vec<_> = unit
        .commands
        .iter()
        .map(|(_, one)| one.line.as_str())
        .collect();
    assert_eq!(
        lines,
        ["/bin/echo a\nb  x ; y {", "/bin/sh -c exec sleep 4 $$"]
    );
}

#[test]
fn another_answer_is_an_error() {
    for (answer, error) in [
        ("", "the answer of `systemctl show` has no `Id`"),
        (
            "Id=a\n\nId=b\n",
            "the answer of `systemctl show` is about a second unit from line 3 on",
        ),
        (
            "Failed to connect to bus\n",
            "line 1 of the answer of `systemctl show` is not `Key=value`",
        ),
    ] {
        assert_eq!(Unit::of(answer).expect_err("refused").to_string(), error);
    }
    let odd = include_str!("../../../tests/fixtures/host/systemctl/kong.txt")
        .replace("MainPID=0", "MainPID=x");
    let error = Unit::of(&odd).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "`MainPID` in the answer of `systemctl show` cannot be read"
    );
}
