//! A thousand simple checks, beside hurl on the same requests where it is installed, and what wrk gets out of the server as the ceiling.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cutover::lab::{echo, http};
use tokio::sync::watch;

use super::{Bench, cutover, median, row, run, timed};

/// Checks in a file.
const CHECKS: usize = 1_000;

/// Files that they are spread over for hurl, which runs files side by side and what stands in one of them in turn.
const FILES: usize = 8;

impl Bench {
    pub(super) fn smoke(&self) {
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = watch::channel(false);
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let (listener, address) = http::bind("127.0.0.1:0").await.expect("bound");
                tell.send(address).expect("listening");
                echo::serve(listener, stopped).await;
            });
        });
        let server = format!("http://{}", told.recv().expect("bound"));
        let checks = self.directory.join("checks.rhai");
        let mut text = String::from("let checks = [];\n");
        let _ = writeln!(
            text,
            "for n in 0..{CHECKS} {{ checks.push(#{{ request: `/item/${{n}}`, expect: #{{ status: 200 }} }}); }}\nchecks"
        );
        std::fs::write(&checks, text).expect("written");
        let smoke = median(|| {
            timed(|| {
                run(cutover()
                    .args(["smoke", "--against", &server])
                    .arg(&checks)
                    .env_remove("CUTOVER_ENVIRONMENT"));
            })
        });
        let name = format!("smoke of {CHECKS} checks, a connection each");
        match self.hurl(&server) {
            Some((one, several)) => {
                row(&name, smoke, "hurl --parallel, one file", one);
                row(
                    "the same",
                    smoke,
                    &format!("hurl --parallel, {FILES} files"),
                    several,
                );
            }
            None => row(&name, smoke, "hurl is not installed", Duration::ZERO),
        }
        wrk(&server);
        stop.send(true).expect("serving");
        serving.join().expect("it ended");
    }

    /// The same requests by hurl: in one file, and in several.
    fn hurl(&self, server: &str) -> Option<(Duration, Duration)> {
        Command::new("hurl").arg("--version").output().ok()?;
        let write = |name: &str, numbers: &mut dyn Iterator<Item = usize>| {
            let mut text = String::new();
            for number in numbers {
                let _ = writeln!(text, "GET {server}/item/{number}\nHTTP 200\n");
            }
            let path = self.directory.join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let whole = write("whole.hurl", &mut (0..CHECKS));
        let parts: Vec<_> = (0..FILES)
            .map(|part| {
                let numbers = (0..CHECKS).filter(|number| number % FILES == part);
                write(&format!("part-{part}.hurl"), &mut numbers.into_iter())
            })
            .collect();
        let hurl = |files: &[&Path]| {
            median(|| {
                timed(|| {
                    run(Command::new("hurl")
                        .args(["--parallel", "--test", "--no-color"])
                        .args(files));
                })
            })
        };
        let parts: Vec<&Path> = parts.iter().map(std::path::PathBuf::as_path).collect();
        Some((hurl(&[&whole]), hurl(&parts)))
    }
}

/// What the server answers at most, over connections that are kept.
fn wrk(server: &str) {
    let output = Command::new("wrk")
        .args(["-t1", "-c8", "-d3s", &format!("{server}/item/1")])
        .output();
    let told = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    let rate = told.as_deref().and_then(|told| {
        let line = told
            .lines()
            .find(|line| line.starts_with("Requests/sec:"))?;
        line.split_whitespace().last()?.parse::<f64>().ok()
    });
    match rate {
        Some(rate) => println!(
            "  {:<42} {rate:>9.0} /s",
            "wrk on the same server, kept connections"
        ),
        None => println!("  wrk is not installed"),
    }
}
