//! `cargo demo`: from a fresh machine to people in the plaza.

use crate::{
    command::{Failure, built, cargo, command, root, run as execute},
    system_packages,
};

/// Marked bots that stroll in the plaza.
const STROLLING_BOTS: &str = "6";

/// Builds every program and test once, so that nothing later starts a stale one.
pub(crate) fn build_workspace() -> Result<(), Failure> {
    execute(cargo(&[
        "build",
        "--workspace",
        "--all-targets",
        "--locked",
    ]))
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if arguments
        .iter()
        .any(|argument| argument == "--print-packages")
    {
        system_packages::print();
        return Ok(());
    }
    system_packages::ensure(arguments.iter().any(|argument| argument == "--yes"))?;
    build_workspace()?;
    let stoa = built("stoa");
    if has_display() {
        return execute(command(stoa, &["--bots", STROLLING_BOTS]));
    }
    let folder = root().join("target/demo");
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("{} cannot be made: {error}", folder.display())))?;
    println!("xtask: there is no display, so the plaza is drawn to target/demo/plaza.png");
    let picture = folder.join("plaza.png");
    let statistics = folder.join("stats.json");
    execute(command(
        stoa,
        &[
            "--offscreen",
            "--size",
            "960x540",
            "--frames",
            "24",
            "--bots",
            STROLLING_BOTS,
            "--summary",
            "--screenshot",
            &picture.to_string_lossy(),
            "--stats",
            &statistics.to_string_lossy(),
        ],
    ))
}

fn has_display() -> bool {
    cfg!(any(windows, target_os = "macos"))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
