//! What a person reads.

use super::*;

#[test]
fn everything_is_told_but_secrets() {
    let (before, after) = adaptation();
    let text = review(&record(&before, &after, &seal()));
    assert_eq!(
        text,
        r#"change set from Kong 2.8.5 to 3.9.1

etc:kong.conf
  mode: 0640 → 0600
  log_level: "notice" → "debug"
  pg_password: a secret → a secret (nobody has said yet where it is to be had)
  plugins: "bundled" → "bundled,x"
    ! code may run: it names Lua modules that Kong loads
  nginx_http_gzip: nothing → "on"
    ! code may run: it is a directive of nginx, which may load modules, include files and hold Lua

units:kong.service.d/env.conf
  LD_PRELOAD: nothing → "/x.so"
    ! code may run: it says which libraries are loaded, or from where

etc:nginx.template
  before, against the release's own `nginx` (b2496c33033e)
    --- nginx of 2.8.5
    +++ the template
    @@ -1 +1,2 @@
    +worker_processes 4;
     events {}
  after, against the release's own `nginx` (b08b92245ad2)
    --- nginx of 3.9.1
    +++ the template
    @@ -1,2 +1,3 @@
    +worker_processes 4;
     events {}
     http {}
    ! code may run: it is what nginx's configuration is made of

etc:logo.png (added)
  mode: nothing → 0640
  owner: nothing → root:kong
  its content is to be 5 bytes that are no text, SHA-256 83a8b5936a9b7558a08419c8c34eeb1482ec255e550af68db7539a73e300e756
    ! code may run: it may be run, or say what is run

etc:old.pem (taken away)
  mode: 0640 → nothing
  owner: root:kong → nothing

etc:tls.key (added)
  mode: nothing → 0640
  owner: nothing → root:kong
  its content is to be a secret (nobody has said yet where it is to be had)

plugins:x/handler.lua
    --- before
    +++ after
    @@ -1 +1 @@
    -return 1
    +return 2
    ! code may run: it may be run, or say what is run
"#
    );
}

#[test]
fn what_is_not_carried_or_only_written_anew_is_told() {
    let mut set = record(
        &kong_conf("2.8.5", "# a\nx = ab#c\npg_password = a\n"),
        &kong_conf("3.9.1", "# b\nx = a\npg_password = b\n"),
        &seal(),
    );
    let Some(Stated::Secret(secret)) = &mut set.settings[0].change[1].after else {
        panic!("a secret");
    };
    secret.reference = Some(Reference::Command(vec![
        "pass".to_owned(),
        "kong\u{1b}[2J".to_owned(),
    ]));
    assert_eq!(
        review(&set),
        r#"change set from Kong 2.8.5 to 3.9.1

etc:kong.conf
  x: "a", written so that both versions read it
  pg_password: a secret → a secret from command "pass" "kong\u{1b}[2J"
    ! code may run: it has its secret printed by a program
  (comments or the order of lines were changed too, which is not carried over)
"#
    );
    let same = kong_conf("3.9.1", "");
    assert_eq!(
        review(&record(&same, &same, &seal())),
        "change set from Kong 3.9.1 to 3.9.1\n\nnothing is changed\n"
    );
}

#[test]
fn foreign_text_does_not_play_with_the_terminal() {
    let before = node("3.9.1", &[]);
    let after = node(
        "3.9.1",
        &[("p:x.lua", Kind::Other, "a\u{1b}]0;x\u{7}\u{202e}\n\tb\r\n")],
    );
    assert_eq!(
        review(&record(&before, &after, &seal())),
        "change set from Kong 3.9.1 to 3.9.1\n\np:x.lua (added)\n  mode: nothing → 0640\n  owner: nothing → root:kong\n  \
         its content is to be\n    | a\\u{1b}]0;x\\u{7}\\u{202e}\n    | \tb\\r\n    ! code may run: it may be run, or say what is run\n"
    );
}
