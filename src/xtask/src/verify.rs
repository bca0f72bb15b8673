//! `cargo verify`: what a change must pass, cheapest first.

use crate::{
    command::{Failure, answers, cargo, run as execute},
    demo, gates, system_packages,
};
use std::time::Instant;

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    system_packages::ensure(arguments.iter().any(|argument| argument == "--yes"))?;
    step("format", || execute(cargo(&["fmt", "--all", "--check"])))?;
    step("gates", gates::run)?;
    step("build", demo::build_workspace)?;
    step("tests", run_tests)?;
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
    step("licences", check_licences)?;
    println!("verify: everything passed");
    Ok(())
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
fn run_tests() -> Result<(), Failure> {
    if answers("cargo", &["nextest", "--version"]) {
        execute(cargo(&[
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--no-fail-fast",
        ]))
    } else {
        execute(cargo(&[
            "test",
            "--workspace",
            "--all-targets",
            "--locked",
            "--no-fail-fast",
        ]))
    }
}

fn check_licences() -> Result<(), Failure> {
    if answers("cargo", &["deny", "--version"]) {
        execute(cargo(&[
            "deny",
            "--offline",
            "check",
            "--disable-fetch",
            "licenses",
            "bans",
        ]))
    } else {
        println!("verify: cargo-deny is not installed, so licences were not checked here");
        Ok(())
    }
}
