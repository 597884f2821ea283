//! What needs leave.

use super::*;

fn lines(set: &ChangeSet) -> Vec<String> {
    let line = |need: &Need| match need.code {
        Some(why) => format!("{} {why}", need.subject),
        None => need.subject.to_string(),
    };
    needs(set).iter().map(line).collect()
}

#[test]
fn each_setting_and_each_file_needs_leave_and_code_is_told_apart() {
    let (before, after) = adaptation();
    assert_eq!(
        lines(&record(&before, &after, &seal())),
        [
            "`log_level` in `etc:kong.conf`",
            "`pg_password` in `etc:kong.conf`",
            "`plugins` in `etc:kong.conf` names Lua modules that Kong loads",
            "`nginx_http_gzip` in `etc:kong.conf` is a directive of nginx, which may load modules, include files and hold Lua",
            "mode of `etc:kong.conf`",
            "`LD_PRELOAD` in `units:kong.service.d/env.conf` says which libraries are loaded, or from where",
            "`etc:nginx.template` is what nginx's configuration is made of, which may load modules, include files and hold Lua",
            "`etc:logo.png` may be run, or say what is run",
            "`etc:old.pem`",
            "`etc:tls.key`",
            "`plugins:x/handler.lua` may be run, or say what is run",
        ]
    );
}

#[test]
fn modes_variables_and_commands_let_code_run() {
    let at = "etc:kong.env";
    let before = node("3.9.1", &[(at, Kind::EnvironmentFile, "A=1\n")]);
    let text = "A=1\nKONG_PLUGINS=x\nKONG_MEM_CACHE_SIZE=1m\nLUA_PATH_5_1=/x\nKONG_PG_PASSWORD=hunter2\nPATHS=1\n";
    let mut after = node(
        "3.9.1",
        &[
            (at, Kind::EnvironmentFile, text),
            ("etc:a.pem", Kind::Other, "a"),
        ],
    );
    after
        .files
        .values_mut()
        .for_each(|file| file.mode = Mode::of(0o750));
    let mut set = record(&before, &after, &seal());
    let Some(Stated::Secret(secret)) = &mut set.settings[0].change[3].after else {
        panic!("a secret");
    };
    secret.reference = Some(Reference::Command(vec!["pass".to_owned()]));
    assert_eq!(
        lines(&set),
        [
            "`KONG_PLUGINS` in `etc:kong.env` names Lua modules that Kong loads",
            "`KONG_MEM_CACHE_SIZE` in `etc:kong.env`",
            "`LUA_PATH_5_1` in `etc:kong.env` says which libraries are loaded, or from where",
            "`KONG_PG_PASSWORD` in `etc:kong.env` has its secret printed by a program",
            "`PATHS` in `etc:kong.env`",
            "mode of `etc:kong.env` lets the file be executed",
            "`etc:a.pem` lets the file be executed",
        ]
    );
}
