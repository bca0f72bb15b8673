//! `cargo xtask sweep [FOLDER]`: opens every sample file in a process of its own, as a person would.

use crate::{
    command::{Failure, built, command, root},
    demo,
};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Longest time that one file may take, loading and drawing included, on a software rasteriser.
const LIMIT: Duration = Duration::from_secs(120);

/// Exit code of one run, and what it said; drivers may say more on standard error.
struct Outcome {
    code: Option<i32>,
    line: String,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    demo::build_workspace()?;
    let folder = arguments
        .first()
        .map_or_else(|| root().join("../shared/data/gltf"), PathBuf::from);
    let mut files = Vec::new();
    collect(&folder, &mut files)
        .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    files.sort();
    let pictures = root().join("target/sweep");
    std::fs::create_dir_all(&pictures)
        .map_err(|error| Failure::new(format!("{}: {error}", pictures.display())))?;
    let mut faults = 0;
    for (index, file) in files.iter().enumerate() {
        let outcome = open(file, &pictures.join(format!("{index:04}.png")))?;
        let name = file.strip_prefix(&folder).unwrap_or(file).display();
        let is_sound = match outcome.code {
            Some(0) => true,
            Some(1) => !outcome.line.is_empty() && !outcome.line.contains("panicked"),
            _ => false,
        };
        faults += usize::from(!is_sound);
        println!(
            "{} {name} {}",
            if is_sound { "ok   " } else { "FAULT" },
            outcome.line
        );
    }
    println!(
        "sweep: {} files, {faults} faults, pictures in target/sweep",
        files.len()
    );
    if faults == 0 {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{faults} files crashed, hung or said nothing"
        )))
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "gltf" || extension == "glb")
        {
            files.push(path);
        }
    }
    Ok(())
}

fn open(file: &Path, picture: &Path) -> Result<Outcome, Failure> {
    let arguments = [
        "open",
        &file.to_string_lossy(),
        "--offscreen",
        "--frames",
        "30",
        "--screenshot",
        &picture.to_string_lossy(),
    ]
    .map(str::to_owned);
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let log = picture.with_extension("txt");
    let stderr = std::fs::File::create(&log)
        .map_err(|error| Failure::new(format!("{}: {error}", log.display())))?;
    let mut stoa: Command = command(built("stoa"), &words);
    let mut child = stoa
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map_err(|error| Failure::new(format!("stoa: {error}")))?;
    let start = Instant::now();
    let code = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.code(),
            Ok(None) if start.elapsed() < LIMIT => thread::sleep(Duration::from_millis(20)),
            _ => {
                child
                    .kill()
                    .and_then(|()| child.wait())
                    .map_err(|error| Failure::new(format!("stoa: {error}")))?;
                break None;
            }
        }
    };
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    Ok(Outcome {
        code,
        line: text
            .lines()
            .find(|line| line.starts_with("stoa: ") || line.contains("panicked"))
            .unwrap_or_default()
            .to_owned(),
    })
}
