//! Canaries: no secret is ever told, whatever it stands in.

use proptest::prelude::*;

use super::*;

/// Everything that can be told of a recording and of what comes of it on nodes that fit and that do not.
fn all_that_is_told(before: &Files, after: &Files, at_hand: &Secrets) -> String {
    let mut set = record(before, after, &at_hand.seal);
    let mut told = String::new();
    for _ in 0..2 {
        told.extend([
            set.to_toml(),
            set.to_json(),
            review(&set),
            format!("{set:?} {:?}", needs(&set)),
        ]);
        for current in [before, after, &node("2.8.5", &[]), &swapped(before)] {
            told.extend([format!("{current:?} {at_hand:?}")]);
            match replay(&set, current, at_hand) {
                Ok(plan) => {
                    told.extend([format!("{plan:?}")]);
                    let conflicts = undo(&plan, &swapped(&plan.applied_to(current)));
                    told.extend([format!("{conflicts:?}")]);
                }
                Err(conflicts) => {
                    let json = serde_json::to_string(&conflicts).expect("JSON");
                    let remedies: String = conflicts.iter().map(Conflict::remedy).collect();
                    told.extend([format!(
                        "{:?} {conflicts:?} {json} {remedies}",
                        super::told(&conflicts)
                    )]);
                }
            }
        }
        // And once more with references, where everything is fetched.
        for setting in set
            .settings
            .iter_mut()
            .flat_map(|change| &mut change.change)
        {
            if let Some(Stated::Secret(secret)) = &mut setting.after {
                secret.reference = Some(env("A"));
            }
        }
    }
    told
}

/// The same files with other secrets, which are no less secret.
fn swapped(files: &Files) -> Files {
    let mut files = files.clone();
    for file in files.files.values_mut() {
        let text = String::from_utf8_lossy(&file.bytes).replace("canary", "canary-of-another");
        file.bytes = text.into_bytes();
    }
    files
}

#[test]
fn no_secret_is_told_wherever_it_stands() {
    let certificate_key =
        "-----BEGIN PRIVATE KEY-----\ncanaryMIIEvQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----\n";
    let places: &[(&str, Kind, String)] = &[
        (
            "a:kong.conf",
            Kind::KongConf,
            "pg_password = canary#1\\#2 # canary\n# canary\n#pg_password = canary\nx = 1\n".into(),
        ),
        (
            "b:kong.conf",
            Kind::KongConf,
            "admin_gui_url = http://kong:canary@x/\nnginx_http_x = canary\n".into(),
        ),
        (
            "c:kong.conf",
            Kind::KongConf,
            format!("ssl_cert_key = {}\n", "canaryMIIEvQIBADAN"),
        ),
        (
            "d:kong.conf",
            Kind::KongConf,
            "[broken\npg_password = canary\n".into(),
        ),
        (
            "a:env",
            Kind::EnvironmentFile,
            "# canary\nKONG_PG_PASSWORD='canary 1'\nPGPASSWORD=canary\nA=\"b canary 1\"\n".into(),
        ),
        (
            "b:env",
            Kind::EnvironmentFile,
            "kong_pg_password=canary\nMY_API_TOKEN=canary\n".into(),
        ),
        (
            "a:unit",
            Kind::Unit,
            "[Service]\nEnvironment=\"KONG_PG_PASSWORD=canary\" A=1\n".into(),
        ),
        (
            "b:unit",
            Kind::Unit,
            "[Service]\nNice=1\n# Environment=KONG_PG_PASSWORD=canary\n".into(),
        ),
        (
            "c:unit",
            Kind::Unit,
            "[Service]\nExecStart=/bin/x --password=canary\nEnvironment=%d\n".into(),
        ),
        ("a:tls.pem", Kind::Other, certificate_key.into()),
        (
            "a:tls.key",
            Kind::Other,
            "canary, a key in no form that is known".into(),
        ),
        (
            "a:x.yaml",
            Kind::Other,
            "redis:\n  password: canary\n".into(),
        ),
        (
            "a:x.json",
            Kind::Other,
            "{\"key\": \"x\", \"client_secret\": \"canary\"}".into(),
        ),
        ("a:x.lua", Kind::Other, "local token = 'canary'\n".into()),
        (
            "a:tmpl",
            Kind::Template {
                name: "nginx".into(),
            },
            "proxy_set_header X-Auth-Token canary;\n".into(),
        ),
        ("a:anything", Kind::Secret, "canary".into()),
    ];
    for (at, kind, text) in places {
        let empty = if matches!(kind, Kind::Unit) {
            "[Service]\n"
        } else {
            "x = 1\n"
        };
        let with = node("2.8.5", &[(at, kind.clone(), text)]);
        let other = node(
            "3.9.1",
            &[(at, kind.clone(), &text.replace("canary", "canary-two"))],
        );
        let without = node("3.9.1", &[(at, kind.clone(), empty)]);
        let at_hand = secrets(&[(env("A"), "canary-three")]);
        for (before, after) in [
            (&with, &without),
            (&without, &with),
            (&with, &other),
            (&node("2.8.5", &[]), &with),
            (&with, &node("3.9.1", &[])),
        ] {
            let told = all_that_is_told(before, after, &at_hand);
            assert!(!told.contains("canary"), "{at}: {told}");
        }
    }
}

#[test]
fn what_is_a_secret_in_one_place_is_one_in_every_other() {
    let before = node("3.9.1", &[]);
    let mut after = node(
        "3.9.1",
        &[
            (
                "a:kong.conf",
                Kind::KongConf,
                "pg_password = canary\nnginx_http_set = $x canary\n",
            ),
            ("a:x.lua", Kind::Other, "connect(canary)\n"),
            ("a:y.lua", Kind::Other, "connect()\n"),
        ],
    );
    let told = all_that_is_told(&before, &after, &secrets(&[]));
    assert!(!told.contains("canary"), "{told}");
    assert!(told.contains("connect()"));
    // A short one is in half of all words, and would hide them.
    after.files.values_mut().for_each(|file| {
        file.bytes = String::from_utf8_lossy(&file.bytes)
            .replace("canary", "x")
            .into_bytes();
    });
    let told = all_that_is_told(&before, &after, &secrets(&[]));
    assert!(told.contains("connect(x)"));
}

proptest! {
    #[test]
    fn no_password_is_told(
        password in "[a-zA-Z0-9#\\\\%&'\"$ =;é_.-]{8,20}".prop_filter("Kong takes whitespace away", |text| text.trim() == text),
        key in prop::sample::select(vec!["pg_password", "redis_password", "vault_hcv_token", "admin_gui_session_conf"]),
    ) {
        let mut document = crate::kong::conf::Document::parse("a = 1\n", crate::kong::conf::Grammar::From32);
        prop_assume!(document.set(key, &password).is_ok());
        let (none, some) = (kong_conf("3.4.2", "a = 1\n"), kong_conf("3.9.1", &document.to_string()));
        for (before, after) in [(&none, &some), (&some, &none)] {
            let told = all_that_is_told(before, after, &secrets(&[(env("A"), &password)]));
            prop_assert!(!told.contains(&password), "{}", told);
        }
    }
}
