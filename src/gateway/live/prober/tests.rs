//! The prober against a server that fails for known times, and writes down whom it failed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::account::{Account, Became};
use super::send::Question;
use super::{Moment, Prober};
use crate::gateway::{Probe, Seen};

/// How the server fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Serves,
    Refuses,
    Resets,
    /// Takes a request, and closes the connection without an answer once it serves again.
    Hangs,
    Answers503,
    /// Takes a request, and answers it once it serves again.
    AnswersLate,
}

/// A server on a port that it keeps, on a thread of its own.
struct Server {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    failed: Arc<AtomicU64>,
}

impl Server {
    fn start() -> Self {
        let (mode, modes) = watch::channel(Mode::Serves);
        let failed = Arc::new(AtomicU64::new(0));
        let (told, address) = std::sync::mpsc::channel();
        let counts = failed.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(serve(modes, counts, told));
        });
        Self {
            address: address.recv().expect("it listens"),
            mode,
            failed,
        }
    }

    fn turn(&self, mode: Mode) {
        self.mode.send(mode).expect("the server is there");
    }
}

async fn serve(
    mut modes: watch::Receiver<Mode>,
    failed: Arc<AtomicU64>,
    told: std::sync::mpsc::Sender<SocketAddr>,
) {
    let mut listener = Some(TcpListener::bind("127.0.0.1:0").await.expect("bound"));
    let address = listener
        .as_ref()
        .expect("there")
        .local_addr()
        .expect("known");
    told.send(address).expect("somebody waits");
    loop {
        let mode = *modes.borrow_and_update();
        if mode == Mode::Refuses {
            listener = None;
        } else if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.expect("bound again"));
        }
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await.expect("accepted").0,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = modes.changed() => if changed.is_err() { return },
            stream = accept => {
                tokio::spawn(connection(stream, modes.clone(), failed.clone()));
            }
        }
    }
}

async fn connection(
    mut stream: TcpStream,
    mut modes: watch::Receiver<Mode>,
    failed: Arc<AtomicU64>,
) {
    let mut request = Vec::new();
    loop {
        request.clear();
        while !request.ends_with(b"\r\n\r\n") {
            let refuses = async {
                // A server that goes away takes its connections along.
                let gone = modes.wait_for(|mode| *mode == Mode::Refuses).await;
                drop(gone);
            };
            tokio::select! {
                () = refuses => return,
                read = stream.read_buf(&mut request) => if !matches!(read, Ok(1..)) { return },
            }
        }
        let mode = *modes.borrow();
        let answer = match mode {
            Mode::Serves => "HTTP/1.1 200 OK\r\nvia: 1.1 kong/3.9.1\r\ncontent-length: 2\r\n\r\nok",
            Mode::Answers503 => "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            Mode::AnswersLate => {
                if modes.wait_for(|mode| *mode == Mode::Serves).await.is_err() {
                    return;
                }
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
            }
            Mode::Resets | Mode::Refuses => {
                failed.fetch_add(1, Ordering::Relaxed);
                stream.set_zero_linger().expect("set");
                return;
            }
            Mode::Hangs => {
                failed.fetch_add(1, Ordering::Relaxed);
                let _ = modes.wait_for(|mode| *mode == Mode::Serves).await;
                return;
            }
        };
        if mode == Mode::Answers503 {
            failed.fetch_add(1, Ordering::Relaxed);
        }
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// What the prober sees of a server that fails in that way for so long, and for how long it really did.
async fn seen_of(server: &Server, mode: Mode, length: Duration) -> (Seen, Duration) {
    // The second call of a process changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    server.failed.store(0, Ordering::Relaxed);
    let probe = Probe {
        checks: Vec::new(),
        rate: 200,
        timeout: 1_000,
    };
    let question = Question {
        url: format!("http://{}/", server.address),
        status: 200,
    };
    let prober = Prober::start(vec![question], &probe, Moment::default()).expect("started");
    tokio::time::sleep(Duration::from_millis(150)).await;
    let begun = Instant::now();
    server.turn(mode);
    tokio::time::sleep(length).await;
    server.turn(Mode::Serves);
    let lasted = begun.elapsed();
    tokio::time::sleep(Duration::from_millis(150)).await;
    prober.stop().await;
    let mut parts = prober.shared.account().take_parts();
    assert_eq!(parts.len(), 1);
    (parts.remove(0).1, lasted)
}

#[tokio::test]
async fn every_outage_is_found_and_as_long_as_it_was() {
    let server = Server::start();
    for mode in [
        Mode::Refuses,
        Mode::Resets,
        Mode::Hangs,
        Mode::Answers503,
        Mode::AnswersLate,
    ] {
        for length in [20, 60, 250].map(Duration::from_millis) {
            let (seen, lasted) = seen_of(&server, mode, length).await;
            let told = format!("{mode:?} for {lasted:?}: {seen:?}");
            let within = u64::try_from(lasted.as_millis()).expect("short");
            let (found, failed) = if mode == Mode::AnswersLate {
                (seen.longest_silence, 0)
            } else {
                let failed = match mode {
                    // Whom nobody listened to nobody counted.
                    Mode::Refuses => seen.failures(),
                    _ => server.failed.load(Ordering::Relaxed),
                };
                assert!(failed > 0, "{told}");
                (seen.longest_outage, failed)
            };
            assert!(found.abs_diff(within) <= 20 + seen.longest_stall, "{told}");
            assert!(
                seen.failures().abs_diff(failed) <= 1,
                "{failed} in the log; {told}"
            );
            if mode == Mode::AnswersLate {
                let longest = seen.percentile(100).expect("answers") / 1_000;
                assert!(longest.abs_diff(found) <= 10 + seen.longest_stall, "{told}");
            }
            assert!(seen.answered_by["kong/3.9.1"] > 20, "{told}");
        }
    }
}

#[tokio::test]
async fn nothing_is_found_where_nothing_was() {
    let server = Server::start();
    let (seen, lasted) = seen_of(&server, Mode::Serves, Duration::from_millis(500)).await;
    assert_eq!((seen.failures(), seen.longest_outage), (0, 0), "{seen:?}");
    let expected =
        u64::try_from((lasted + Duration::from_millis(300)).as_millis() / 5).expect("few");
    assert!(
        seen.sent + seen.held_back >= expected - 10,
        "{expected} were due: {seen:?}"
    );
    let counted: u64 = seen.latencies.iter().map(|(_, count)| count).sum();
    assert_eq!(counted, seen.sent);
    let (half, most) = (seen.percentile(50), seen.percentile(99));
    assert!(
        half > Some(20) && half <= most && most < Some(200_000),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_prober_that_died_is_not_taken_for_one_that_sees_no_failure() {
    let probe = Probe {
        checks: Vec::new(),
        rate: 200,
        timeout: 1_000,
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Without a question there is nothing that it could go on with.
    let prober = Prober::start(Vec::new(), &probe, Moment::default()).expect("started");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !prober.has_died() {
        assert!(Instant::now() < deadline, "it lives on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn who_answered_is_told_of_requests_that_were_sent_since() {
    let (mut account, now, moment) = (Account::new(), Instant::now(), Moment::default());
    let send = |account: &mut Account| {
        account.send(now, jiff::Timestamp::UNIX_EPOCH, moment, Duration::ZERO)
    };
    let answered = |by: &str| Became::Answered {
        took: Duration::from_millis(1),
        by: Some(by.to_owned()),
    };
    // The first is slow, so the second, which was answered before clients were moved, is counted with it after that.
    let (slow, second) = (send(&mut account), send(&mut account));
    account.settle(second, answered("kong/2.8.5"), now, moment);
    assert_eq!(account.take_asked().sent, 0);
    let third = send(&mut account);
    account.settle(third, answered("kong/3.4.2"), now, moment);
    account.settle(slow, Became::Failed("reset".to_owned()), now, moment);
    let seen = account.take_asked();
    assert_eq!((seen.sent, seen.failures()), (3, 1));
    assert_eq!(
        seen.answered_by.into_iter().collect::<Vec<_>>(),
        [("kong/3.4.2".to_owned(), 1)]
    );
    // The journal has all of it.
    let all = &account.take_parts()[0].1;
    assert_eq!(
        (
            all.sent,
            all.answered_by["kong/2.8.5"],
            all.answered_by["kong/3.4.2"]
        ),
        (3, 1, 1)
    );
}

#[test]
fn an_outage_that_begins_between_steps_is_told_with_the_first_step_in_which_requests_fail() {
    let mut account = Account::new();
    let (begun, clock) = (Instant::now(), jiff::Timestamp::now());
    let (between, step) = (
        Moment::default(),
        Moment {
            step: Some(4),
            undoing: false,
        },
    );
    let fails = || Became::Failed("status 503".to_owned());
    let answers = || Became::Answered {
        took: Duration::from_millis(1),
        by: None,
    };
    let mut at = |milliseconds: u64, moment: Moment, became: Became| {
        let now = begun + Duration::from_millis(milliseconds);
        let number = account.send(now, clock, moment, Duration::ZERO);
        account.settle(number, became, now, moment);
        account.take_parts()
    };
    at(0, between, fails());
    at(10, step, fails());
    let told = at(320, between, answers());
    let outage = told.iter().find(|(_, seen)| seen.longest_outage > 0);
    let (moment, seen) = outage.expect("it is over");
    assert_eq!((*moment, seen.longest_outage), (step, 320));
}
