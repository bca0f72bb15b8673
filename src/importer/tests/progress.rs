//! The line that shows what `convert` is at: on a terminal, and nowhere else.

use crate::convert::import;
use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const TRIANGLE: &str = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";

/// What a terminal gets to see of a conversion; `None` where no program gives one.
#[cfg(target_os = "linux")]
fn on_terminal(folder: &Path, flags: &str) -> Option<String> {
    let [input, output] = ["in.obj", "out.glb"].map(|name| folder.join(name));
    std::fs::write(&input, TRIANGLE).unwrap();
    let program = env!("CARGO_BIN_EXE_stoa-import");
    let command = format!(
        "'{program}' convert {flags} '{}' '{}'",
        input.display(),
        output.display()
    );
    let done = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .output();
    let Ok(done) = done else {
        println!("`script` of util-linux is not installed: progress on a terminal was not tested");
        return None;
    };
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success() && output.exists(), "{said}");
    Some(said)
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_the_stages_and_then_the_report_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(said) = on_terminal(folder.path(), "--physics parts") else {
        return;
    };
    let places = [
        "reading, 0 %",
        "images, ",
        "colliders, ",
        "vertices, ",
        "packing, ",
        "checking, ",
        "is written",
    ]
    .map(|stage| {
        said.find(stage)
            .unwrap_or_else(|| panic!("no {stage}: {said:?}"))
    });
    assert!(places.is_sorted(), "{places:?} {said:?}");
    // What stood on the line is written over before the report.
    let (line, _) = said.split_once("is written").unwrap();
    let last = line.rsplit('\r').nth(1).unwrap();
    assert!(last.trim().is_empty(), "{said:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn json_on_a_terminal_is_json_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(said) = on_terminal(folder.path(), "--json") else {
        return;
    };
    assert!(
        serde_json::from_str::<serde_json::Value>(&said).is_ok(),
        "{said:?}"
    );
}

#[test]
fn a_pipe_gets_no_progress() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["in.obj", "out.glb"].map(|name| folder.path().join(name));
    std::fs::write(&input, TRIANGLE).unwrap();
    let done = import(&["convert"], &[&input, &output]);
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    assert!(!String::from_utf8(done.stdout).unwrap().contains('\r'));
}

#[test]
fn who_is_started_by_a_program_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["in.obj", "out.glb"].map(|name| folder.path().join(name));
    std::fs::write(&input, TRIANGLE).unwrap();
    // Without an end of its own.
    let mut watching = Command::new(env!("CARGO_BIN_EXE_stoa-import"))
        .args(["convert", "--watch", "--end-with-input"])
        .args([&input, &output])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !output.exists() {
        assert!(watching.try_wait().unwrap().is_none(), "it ended by itself");
        thread::sleep(Duration::from_millis(20));
    }
    drop(watching.stdin.take());
    assert_eq!(watching.wait().unwrap().code(), Some(1));
}
