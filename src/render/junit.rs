//! Answers in the format of `JUnit`, which build servers read.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::clean_lines;
use super::drill::{story_of, title};
use super::smoke::{Smoke, story};
use crate::doctor::{self, Outcome};
use crate::drill;
use crate::primitive::Review;
use crate::trial::TestedFile;

/// Tests: a suite for each file.
#[must_use]
pub fn junit_of_tests(files: &[TestedFile]) -> String {
    let mut report = Report::new("cutover test");
    for file in files {
        let mut suite = TestSuite::new(file.file.as_str());
        for test in &file.tests {
            let mut case = TestCase::new(test.name.as_str(), TestCaseStatus::success());
            if let Some(raised) = &test.raised {
                let place = raised.place.as_ref();
                let place = place.map(|place| format!("{}.rhai:{}: ", place.source, place.line));
                let told = format!("{}{}", place.unwrap_or_default(), raised.failure.message);
                case.status = failed(&raised.failure.code, &told);
            }
            case.set_time(Duration::from_millis(test.milliseconds));
            suite.add_test_case(case);
        }
        if let Some(broken) = &file.broken {
            suite.add_test_case(TestCase::new("the whole file", failed("broken", broken)));
        }
        report.add_test_suite(suite);
    }
    written(&report)
}

/// A drill: a case for each fault.
#[must_use]
pub fn junit_of_drill(playbook: &str, drilled: &drill::Report) -> String {
    let mut report = Report::new("cutover drill");
    let mut suite = TestSuite::new(playbook);
    for outcome in std::iter::once(&drilled.calm).chain(&drilled.outcomes) {
        let mut case = TestCase::new(title(outcome), TestCaseStatus::success());
        if let Some(first) = outcome.broken.first() {
            case.status = failed(first.invariant.word(), &story_of(outcome));
        }
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    written(&report)
}

/// A review: a case for each rule that was found or could not be told.
#[must_use]
pub fn junit_of_review(review: &Review) -> String {
    let mut report = Report::new("cutover review");
    let mut suite = TestSuite::new(format!("{} to {}", review.from, review.to));
    for finding in &review.findings {
        let mut case = TestCase::new(finding.id.as_str(), TestCaseStatus::success());
        let told = format!(
            "{}\n{}\n{}",
            finding.summary,
            finding.places.join("\n"),
            finding.action
        );
        case.status = if finding.blocks() {
            failed("blocker", &told)
        } else if finding.is_found {
            TestCaseStatus::success()
        } else {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(clean_lines(&finding.places.join("; ")));
            skipped
        };
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    written(&report)
}

/// Checks: a suite for each place.
#[must_use]
pub fn junit_of_smoke(smoke: &Smoke) -> String {
    let mut report = Report::new("cutover smoke");
    for (place, all) in &smoke.places {
        let mut suite = TestSuite::new(clean_lines(place));
        for checked in all {
            let title = clean_lines(&checked.check.title());
            let mut case = TestCase::new(title, TestCaseStatus::success());
            if let Some(failure) = &checked.failure {
                let told = format!("{}\n{}", failure.message, story(checked));
                case.status = failed(&failure.code, &told);
            }
            case.set_time(Duration::from_millis(checked.milliseconds));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    written(&report)
}

/// A preflight: a case for each check of each thing.
#[must_use]
pub fn junit_of_doctor(environment: &str, doctor: &doctor::Report) -> String {
    let mut report = Report::new("cutover doctor");
    let mut suite = TestSuite::new(environment);
    for finding in &doctor.findings {
        let name = format!("{} {}", finding.code, clean_lines(&finding.subject));
        let mut case = TestCase::new(name, TestCaseStatus::success());
        case.status = match &finding.outcome {
            Outcome::Wrong(evidence) => {
                let told = format!("{}: {evidence}\n{}", finding.about, finding.remedy);
                failed("wrong", &told)
            }
            Outcome::Unknown(reason) => {
                let mut skipped = TestCaseStatus::skipped();
                skipped.set_message(clean_lines(reason));
                skipped
            }
            Outcome::Warning(evidence) | Outcome::Fine(evidence) => {
                case.set_system_out(clean_lines(evidence));
                TestCaseStatus::success()
            }
        };
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    written(&report)
}

fn failed(kind: &str, told: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let told = clean_lines(told);
    status.set_type(kind);
    status.set_message(told.lines().next().unwrap_or_default());
    status.set_description(told);
    status
}

fn written(report: &Report) -> String {
    report
        .to_string()
        .expect("what is cleaned is valid in XML, and a text takes everything")
}
