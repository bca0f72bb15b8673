//! Agreement with the published cases of the Khronos validator, each of which has its report beside it.

use crate::samples::{files, samples};
use scene::{Purpose, check_file};
use serde_json::Value;
use std::{collections::BTreeSet, path::Path};

/// Share of cases with the same errors, and with the same findings of every severity.
const LEAST_WITH_EQUAL_ERRORS: f64 = 0.97;
const LEAST_WITH_EQUAL_FINDINGS: f64 = 0.95;

/// What is compared: code, severity and place. The wording is each program's own.
type Finding = (String, u64, String);

#[test]
fn the_validators_cases_are_reported_alike() {
    let Some(root) = samples() else { return };
    let cases = files(&root.join("malformed/validator"));
    assert!(cases.len() > 150, "only {} cases", cases.len());
    let [mut equal_errors, mut equal] = [0usize; 2];
    for case in &cases {
        let [theirs, ours] = [expected(case), found(case)];
        let errors = |findings: &BTreeSet<Finding>| -> BTreeSet<Finding> {
            let errors = findings.iter().filter(|finding| finding.1 == 0);
            errors.cloned().collect()
        };
        equal_errors += usize::from(errors(&theirs) == errors(&ours));
        equal += usize::from(theirs == ours);
        for missing in theirs.difference(&ours) {
            println!("{}: missing {missing:?}", case.display());
        }
        for extra in ours.difference(&theirs) {
            println!("{}: too many {extra:?}", case.display());
        }
    }
    let share = |count: usize| count as f64 / cases.len() as f64;
    println!(
        "of {} cases {equal_errors} have equal errors, {equal} equal findings",
        cases.len()
    );
    assert!(share(equal_errors) >= LEAST_WITH_EQUAL_ERRORS);
    assert!(share(equal) >= LEAST_WITH_EQUAL_FINDINGS);
}

fn expected(case: &Path) -> BTreeSet<Finding> {
    let report = format!("{}.report.json", case.display());
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let messages = report["issues"]["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| {
            let place = match message["offset"].as_u64() {
                Some(offset) => format!("byte {offset}"),
                None => message["pointer"].as_str().unwrap_or_default().to_owned(),
            };
            let code = message["code"].as_str().unwrap().to_owned();
            (code, message["severity"].as_u64().unwrap(), place)
        })
        .collect()
}

fn found(case: &Path) -> BTreeSet<Finding> {
    let report = check_file(case, Purpose::World).unwrap();
    let issues = report.issues.into_iter();
    issues
        .filter(|issue| !issue.code.starts_with("STOA_"))
        .map(|issue| {
            let place = match issue.offset {
                Some(offset) => format!("byte {offset}"),
                None => issue.pointer,
            };
            (issue.code.to_owned(), u64::from(issue.severity), place)
        })
        .collect()
}
