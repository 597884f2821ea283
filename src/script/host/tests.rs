//! The supervisor against processes that do not keep to the protocol: each is a line of shell in the place of the child.

use std::time::{Duration, Instant};

use tokio::process::Command;

use super::HostError;
use super::meter::Meter;
use super::pipe::Pipe;
use crate::environment::Budgets;
use crate::journal::{Layer, Sandbox};
use crate::primitive::{Intent, Note};
use crate::run::{Answer, Request};
use crate::script::protocol::{FromChild, Numbered, Taken, ToChild};

const SMALL: Budgets = Budgets {
    operations: 1_000,
    memory_mib: 16,
    seconds: 1,
    steps: 5,
    sent_mib: 9,
    messages_per_second: 50,
    depth: 16,
};

/// A message, as the child writes it.
fn message(number: u64, message: FromChild) -> String {
    let whole = Numbered {
        number,
        taken: Taken::default(),
        message,
    };
    serde_json::to_string(&whole).expect("plain data")
}

fn confined(number: u64) -> String {
    let sandbox = Sandbox {
        no_new_privileges: Layer::Active,
        landlock: Layer::Active,
        seccomp: Layer::Active,
        limits: Layer::Active,
    };
    message(number, FromChild::Confined { sandbox })
}

fn call(number: u64) -> String {
    let intent = Intent::Note(Note {
        text: "said".to_owned(),
    });
    message(
        number,
        FromChild::Request(Request::Call {
            intent,
            place: None,
        }),
    )
}

/// A process that does what `script` says, with `lines` printed first.
fn child(lines: &[String], script: &str) -> Pipe {
    let printed = lines.iter().map(|line| format!("printf '%s\\n' '{line}'"));
    let printed = printed.collect::<Vec<_>>().join("\n");
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{printed}\n{script}")]);
    Pipe::to(&mut command, &SMALL).expect("started")
}

/// What the supervisor says of a child when it has read from it until it had enough of it.
async fn verdict(mut pipe: Pipe) -> String {
    let began = Instant::now();
    let error = loop {
        match pipe.receive().await {
            Ok(FromChild::Request(Request::Call { .. })) => {
                let answer: Answer = Ok(serde_json::Value::Null);
                if let Err(error) = pipe.send(&ToChild::Answer { answer }).await {
                    break error;
                }
            }
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(began.elapsed() < Duration::from_secs(30), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_child_that_says_nothing_is_ended_in_time() {
    let said = verdict(child(&[confined(1)], "exec sleep 600")).await;
    assert_eq!(said, "the script used up its budget of 1 s of its own time");
}

#[tokio::test]
async fn a_child_that_does_not_read_is_ended_in_time() {
    let mut pipe = child(&[confined(1)], "exec sleep 600");
    pipe.receive().await.expect("its first message");
    let text = Some("x".repeat(1 << 20));
    let problem = None;
    let error = pipe.send(&ToChild::Text { text, problem }).await;
    let error = error.expect_err("the pipe is full").to_string();
    assert_eq!(
        error,
        "the script used up its budget of 1 s of its own time"
    );
}

#[tokio::test]
async fn a_child_that_drips_is_ended_in_time() {
    let said = verdict(child(&[], "while :; do printf x; sleep 0.1; done")).await;
    assert_eq!(said, "the script used up its budget of 1 s of its own time");
}

#[tokio::test]
async fn a_child_that_ends_is_told_by_how_it_ended() {
    let ends = [
        (
            "exit 3",
            "the script's process ended unexpectedly (exit status: 3)",
        ),
        (
            "kill -SEGV $$",
            "the script's process ended unexpectedly (signal: 11 (SIGSEGV))",
        ),
    ];
    for (script, told) in ends {
        let said = verdict(child(&[confined(1)], script)).await;
        assert!(said.starts_with(told), "{said}");
    }
}

#[tokio::test]
async fn a_child_that_babbles_is_not_listened_to() {
    let noise = "the script's process sent something that is not a message";
    let long = "the script's process sent a line that is too long";
    let babble = [
        ("exec yes", noise),
        ("exec cat /dev/urandom", noise),
        ("exec cat /dev/zero", long),
        ("printf '\\n'", noise),
        ("printf 'null\\n'", noise),
        ("printf '{}\\n'", noise),
        // It ends in the middle of a line.
        ("printf '{\"number\":1'", noise),
    ];
    for (script, told) in babble {
        let said = verdict(child(&[], script)).await;
        // Random bytes have their first newline sooner or later than anything can be too long.
        assert_eq!(said, told, "{script}");
    }
}

#[tokio::test]
async fn a_message_is_what_this_binary_would_have_written_to_the_byte() {
    let right = confined(1);
    let noise = "the script's process sent something that is not a message";
    for wrong in [
        format!(" {right}"),
        right.replacen(':', ": ", 1),
        right.replacen("{\"number\":1", "{\"number\":1,\"more\":1", 1),
        right.replacen("{\"number\":1", "{\"number\":2,\"number\":1", 1),
        right.replacen("\"number\":1", "\"number\":1.0", 1),
        right.replacen("confined", "conf\\\\u0069ned", 1),
        right.replacen(
            "\"seccomp\":\"active\"",
            "\"seccomp\":\"active\",\"x\":{}",
            1,
        ),
    ] {
        assert_ne!(wrong, right);
        assert_eq!(
            verdict(child(std::slice::from_ref(&wrong), "")).await,
            noise,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_message_that_comes_twice_or_out_of_order_ends_it() {
    let order = "the script's process sent a message out of order";
    for lines in [
        vec![confined(1), confined(1)],
        vec![confined(2)],
        vec![confined(1), call(3)],
        vec![confined(0)],
    ] {
        assert_eq!(verdict(child(&lines, "exec sleep 600")).await, order);
    }
}

#[tokio::test]
async fn a_child_that_does_not_wait_for_its_answer_is_ended() {
    let said = verdict(child(
        &[confined(1), call(2), call(3), call(4)],
        "exec sleep 600",
    ))
    .await;
    // Whether the second call is there when the first is answered is a race that the child cannot win for long.
    let expected = [
        "the script's process spoke out of turn",
        "the script used up its budget of 1 s of its own time",
    ];
    assert!(expected.contains(&said.as_str()), "{said}");
}

#[test]
fn steps_bytes_and_messages_are_counted_here() {
    let entered = |number| Numbered {
        number,
        taken: Taken::default(),
        message: FromChild::Request(Request::Entered {
            name: "x".to_owned(),
        }),
    };
    let step = |number| Numbered {
        message: FromChild::Request(Request::Call {
            intent: Intent::Note(Note {
                text: String::new(),
            }),
            place: None,
        }),
        ..entered(number)
    };
    let spent = |result: Result<(), HostError>| result.expect_err("spent").to_string();
    let mut meter = Meter::new(SMALL);
    for number in 1..=5 {
        meter.received(10, &step(number)).expect("within");
    }
    assert_eq!(
        spent(meter.received(10, &step(6))),
        "the script used up its budget of 5 steps"
    );
    let mut meter = Meter::new(SMALL);
    meter.received(9 << 20, &entered(1)).expect("within");
    assert_eq!(
        spent(meter.received(1, &entered(2))),
        "the script used up its budget of 9 MiB sent"
    );
    let mut meter = Meter::new(SMALL);
    let mut said = Ok(());
    for number in 1..=51 {
        said = meter.received(1, &entered(number));
    }
    assert_eq!(
        spent(said),
        "the script used up its budget of 50 messages in a second"
    );
    // What a resumed run repeats is as fast as it can be, and no flood.
    let mut meter = Meter::new(SMALL);
    meter.repeats(3);
    for number in 1..=200 {
        meter.received(1, &entered(number)).expect("repeated");
    }
}
