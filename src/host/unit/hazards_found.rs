//! What is found in services: in answers recorded from systemd 252, and in files written here.

use std::collections::BTreeMap;

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

#[test]
fn states_that_hurt_are_found() {
    let none = (Effective::default(), Environment::default());
    let found = |unit: &Unit| {
        let all = hazards(unit, &none.0, &none.1).into_iter();
        all.map(|one| (one.hazard.to_string(), one.at))
            .collect::<Vec<_>>()
    };
    let load = Where::Property("LoadState");
    let masked = "it is masked: nobody can start it".to_owned();
    assert_eq!(found(&recorded!("masked")), [(masked, load.clone())]);
    let missing = "there is no such service".to_owned();
    assert_eq!(found(&recorded!("nowhere")), [(missing, load.clone())]);
    let bad = "its files cannot be read: org.freedesktop.systemd1.BadUnitSetting \"Unit bad.service has a bad unit file setting.\"".to_owned();
    assert_eq!(found(&recorded!("bad")), [(bad, load)]);
    let failed = (
        "it went down by itself: exit-code".to_owned(),
        Where::Property("Result"),
    );
    let few = (
        "it may open 1024 files at once".to_owned(),
        Where::Property("LimitNOFILESoft"),
    );
    assert_eq!(found(&recorded!("fails")), [failed, few]);
    assert_eq!(found(&recorded!("kong")), []);
}

/// The findings of a unit file and a drop-in about a service whose answer is the recorded one.
fn found_in(unit: &Unit, text: &str, dropped: &str) -> Vec<String> {
    let path = "/etc/systemd/system/kong.service";
    let files = [(path, text), ("/d.conf", dropped)]
        .map(|(path, text)| UnitFile::of(path, text).expect("a unit file"));
    let effective = Effective::of(&files);
    let text = "# a comment \\\nA=1\nexport KONG_PG_HOST=db\n";
    let file = EnvironmentFile::of(text, Comments::RunOn).expect("a file");
    let read = BTreeMap::from([("/etc/kong/kong.env".to_owned(), file)]);
    let environment = Environment::of(&effective, &read);
    let all = hazards(unit, &effective, &environment).into_iter();
    all.map(|one| format!("{}: {} -> {}", one.at, one.hazard, one.remedy()))
        .collect()
}

#[test]
fn lines_that_hurt_are_found() {
    let text = "[Service]\nType=forking\nExecStartPre=/usr/local/bin/kong  migrations up\nExecStart=/bin/sh -c 'exec kong start --run-migrations'\n\
        Environment=KONG_NGINX_DAEMON=off START=--run-migrations\nEnvironmentFile=/etc/default/kong\nEnvironment=\"A=\\q\"\n";
    let path = "/etc/systemd/system/kong.service";
    let found = [
        format!(
            "{path}:3: it runs `kong migrations` by itself -> take the command out, then `systemctl daemon-reload`"
        ),
        format!(
            "{path}:4: it is started with `--run-migrations` -> take `--run-migrations` out, then `systemctl daemon-reload`"
        ),
        format!("{path}:5: `START` makes it migrate the database by itself -> take `START` out"),
        format!(
            "{path}:5: `KONG_NGINX_DAEMON=off` keeps it in the foreground, and with `Type=forking` its start never ends -> take \
             `KONG_NGINX_DAEMON` out, or set `Type=simple` and no `PIDFile=`"
        ),
        format!(
            "{path}:6: `/etc/default/kong` must be there and was not read -> make `/etc/default/kong` readable, or put a `-` before it"
        ),
        format!(
            "{path}:7: systemd does not read this line to its end -> double the backslashes and close the quotes of the line"
        ),
    ];
    assert_eq!(found_in(&recorded!("kong"), text, ""), found);
}

#[test]
fn a_service_that_comes_back_or_ends_at_once_is_found() {
    let mut unit = recorded!("sleeper");
    unit.needs_reload = true;
    let text = "[Service]\nRestart=no\nExecStart=/usr/local/bin/kong start\nLimitNOFILE=2048\n";
    let found = [
        "NeedDaemonReload: its files have changed since systemd read them -> look at `systemctl cat sleeper.service`, then `systemctl daemon-reload`",
        "/d.conf:2: `Restart=always` brings it back after a stop that is not systemd's -> stop this node with `systemctl stop sleeper.service` only",
        "/etc/systemd/system/kong.service:4: it may open 2048 files at once -> set `LimitNOFILE=4096` or more, then `systemctl daemon-reload`",
        "/etc/systemd/system/kong.service:3: it leaves the foreground, which with `Type=simple` is its end -> set `KONG_NGINX_DAEMON=off`, or \
         `Type=forking` with `PIDFile=`",
    ];
    assert_eq!(found_in(&unit, text, "[Service]\nRestart=always\n"), found);
}

#[test]
fn lines_of_environment_files_that_hurt_are_found() {
    let found = [
        "/etc/kong/kong.env:3: this line sets no variable for systemd -> take `export` out, and use letters, digits and `_` for the name",
        "/etc/kong/kong.env:1: this comment ends with a backslash and may take the next line with it -> take the backslash out",
    ];
    let text = "[Service]\nEnvironmentFile=-/etc/kong/kong.env\n";
    assert_eq!(found_in(&recorded!("kong"), text, ""), found);
}
