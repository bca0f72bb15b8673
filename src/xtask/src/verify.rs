//! `cargo verify`: what a change must pass, cheapest first.

use crate::{
    command::{Failure, answers, cargo, root, run as execute, target_folder},
    demo, gates, system_packages,
};
use std::{collections::BTreeSet, fs, io, path::Path, time::Instant};

/// Names the file into which tests write what they could not check; nobody sees what a test prints that passes.
const NOT_CHECKED: &str = "STOA_NOT_CHECKED";
/// What the tests of several packages say without the sample files; those of the product in these words.
const NO_SAMPLES: &str = "the sample files ../shared/data/gltf are not there";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    system_packages::ensure(arguments.iter().any(|argument| argument == "--yes"))?;
    step("format", || execute(cargo(&["fmt", "--all", "--check"])))?;
    step("gates", gates::run)?;
    step("build", demo::build_workspace)?;
    let mut left_out = BTreeSet::new();
    step("tests", || run_tests(&mut left_out))?;
    step("clippy", || {
        execute(cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    step("documentation", || {
        let mut doc = cargo(&[
            "doc",
            "--workspace",
            "--no-deps",
            "--locked",
            "--document-private-items",
            "--quiet",
        ]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        execute(doc)
    })?;
    step("licences", || check_licences(&mut left_out))?;
    println!("verify: {}", verdict(&left_out));
    Ok(())
}

/// The last line: what was not checked has not passed.
fn verdict(left_out: &BTreeSet<String>) -> String {
    if left_out.is_empty() {
        return "everything passed".to_owned();
    }
    let list: Vec<&str> = left_out.iter().map(String::as_str).collect();
    let list = list.join("\n  NOT CHECKED: ");
    format!("what was checked passed\n  NOT CHECKED: {list}")
}

fn step(name: &str, check: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    println!("verify: {name}");
    let start = Instant::now();
    check()?;
    println!(
        "verify: {name} passed in {:.0} s",
        start.elapsed().as_secs_f32()
    );
    Ok(())
}

/// nextest where it is installed, cargo's own runner on a machine that has only the toolchain.
fn run_tests(left_out: &mut BTreeSet<String>) -> Result<(), Failure> {
    let words: &[&str] = if answers("cargo", &["nextest", "--version"]) {
        &["nextest", "run"]
    } else {
        &["test", "--all-targets"]
    };
    let notes = target_folder().join("not-checked.txt");
    match fs::remove_file(&notes) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::of_file(&notes, &error));
        }
        _ => {}
    }
    let mut tests = cargo(words);
    tests.args(["--workspace", "--locked", "--no-fail-fast"]);
    tests.env(NOT_CHECKED, &notes);
    execute(tests)?;
    left_out.extend(read_notes(&notes)?);
    if !root().join("../shared/data/gltf").is_dir() {
        left_out.insert(NO_SAMPLES.to_owned());
    }
    Ok(())
}

/// What tests wrote; nothing when there is no such file.
fn read_notes(file: &Path) -> Result<BTreeSet<String>, Failure> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(Failure::of_file(file, &error)),
    }
}

fn check_licences(left_out: &mut BTreeSet<String>) -> Result<(), Failure> {
    if answers("cargo", &["deny", "--version"]) {
        execute(cargo(&["deny", "--locked", "check", "licenses", "bans"]))
    } else {
        left_out.insert("licences: cargo-deny is not installed".to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_write_where_verify_reads_and_in_its_words() {
        let place = include_str!("../../../tests/harness/place.rs");
        assert!(place.contains(NOT_CHECKED) && place.contains(NO_SAMPLES));
        let studio = include_str!("../../client/src/app/studio.rs");
        assert!(studio.contains(NOT_CHECKED));
    }

    #[test]
    fn what_was_not_checked_is_named_last() {
        assert_eq!(verdict(&BTreeSet::new()), "everything passed");
        let left_out = ["licences", "a disk"].map(str::to_owned).into();
        assert_eq!(
            verdict(&left_out),
            "what was checked passed\n  NOT CHECKED: a disk\n  NOT CHECKED: licences"
        );
    }
}
