//! `cargo xtask sweep [FOLDER...]`: opens every sample file in a process of its own, as a person would, and judges how it
//! ended and what was seen of it.

use crate::{
    command::{Failure, built, command, root},
    demo, samples,
};
use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Longest time that one file may take, loading and drawing included, on a software rasteriser.
const LIMIT: Duration = Duration::from_secs(120);

/// Sample folders whose files must be seen, or name what they require; others need only end well.
const SEEN: &[&str] = &["pbr", "core", "animated", "omi", "world"];

/// Endings of the files that are opened.
const ENDINGS: &[&str] = &["gltf", "glb"];

/// Share of the picture that a model must cover.
const LEAST_COVERED: f32 = 0.05;

/// Exit code of one run, and what it said; drivers may say more on standard error.
struct Outcome {
    code: Option<i32>,
    line: String,
    /// Something panicked, even if the program went on or said something else first.
    has_panicked: bool,
    /// Share of the picture that the model covers.
    covered: Option<f32>,
}

impl Outcome {
    /// What is wrong with how a file was taken; nothing when it was taken well.
    fn fault(&self, must_be_seen: bool) -> Option<String> {
        if self.has_panicked {
            return Some("panicked".to_owned());
        }
        match self.code {
            Some(0) => match self.covered {
                None => Some("does not say what it covers".to_owned()),
                Some(share) if must_be_seen && share < LEAST_COVERED => {
                    Some("hardly to be seen".to_owned())
                }
                Some(_) => None,
            },
            Some(1) if self.line.is_empty() => Some("failed without a line".to_owned()),
            Some(1) if must_be_seen && !self.line.contains("requires") => {
                Some("refused, and not for what it requires".to_owned())
            }
            Some(1) => None,
            None => Some("hung or crashed".to_owned()),
            Some(code) => Some(format!("ended with {code}")),
        }
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    demo::build_workspace()?;
    let files = if arguments.is_empty() {
        samples::files(&[samples::SHARED.to_owned()], ENDINGS)?
    } else {
        samples::files(arguments, ENDINGS)?
    };
    let pictures = root().join("target/sweep");
    std::fs::create_dir_all(&pictures).map_err(|error| Failure::of_file(&pictures, &error))?;
    let mut faults = 0;
    for (index, file) in files.iter().enumerate() {
        let picture = pictures.join(format!("{index:04}.png"));
        let start = Instant::now();
        let outcome = open(file, &picture)?;
        let must_be_seen = file.components().any(|part| {
            part.as_os_str()
                .to_str()
                .is_some_and(|part| SEEN.contains(&part))
        });
        let fault = outcome.fault(must_be_seen);
        faults += usize::from(fault.is_some());
        let covered = outcome.covered.map_or_else(
            || "     -".to_owned(),
            |share| format!("{:5.1}%", share * 100.0),
        );
        println!(
            "{} {covered} {:5.1} s {index:04} {} {} {}",
            if fault.is_some() { "FAULT" } else { "ok   " },
            start.elapsed().as_secs_f32(),
            file.display(),
            outcome.line,
            fault.unwrap_or_default(),
        );
    }
    println!(
        "sweep: {} files, {faults} faults, pictures in target/sweep",
        files.len()
    );
    match faults {
        0 => Ok(()),
        _ => Err(Failure::new(format!("{faults} files were not taken well"))),
    }
}

fn open(file: &Path, picture: &Path) -> Result<Outcome, Failure> {
    let figures = picture.with_extension("json");
    for old in [picture, &figures] {
        match std::fs::remove_file(old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::of_file(old, &error));
            }
            _ => {}
        }
    }
    let places = [file, picture, &figures].map(|path| path.to_string_lossy());
    let [file, screenshot, stats] = &places;
    let words = [
        "open",
        file,
        "--offscreen",
        "--plain",
        "--frames",
        "30",
        "--screenshot",
        screenshot,
        "--coverage",
        "--stats",
        stats,
    ];
    let log = picture.with_extension("txt");
    let stderr = std::fs::File::create(&log).map_err(|error| Failure::of_file(&log, &error))?;
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
        has_panicked: text.contains("panicked"),
        covered: covered_share(&std::fs::read_to_string(&figures).unwrap_or_default()),
    })
}

/// The one number that is looked for in the figures of a run.
fn covered_share(figures: &str) -> Option<f32> {
    let (_, rest) = figures.split_once("\"covered_share\":")?;
    let end = rest.find([',', '\n', '}'])?;
    rest[..end].trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(code: Option<i32>, line: &str, covered: Option<f32>) -> Outcome {
        Outcome {
            code,
            line: line.to_owned(),
            has_panicked: line.contains("panicked"),
            covered,
        }
    }

    #[test]
    fn what_is_not_seen_or_not_named_is_a_fault() {
        let sound = [
            outcome(Some(0), "", Some(0.05)),
            outcome(Some(1), "stoa: it requires EXT_x", None),
        ];
        assert!(sound.iter().all(|outcome| outcome.fault(true).is_none()));
        let faulty = [
            outcome(Some(0), "", Some(0.04)),
            outcome(Some(0), "", None),
            outcome(Some(0), "thread 'x' panicked at", Some(0.5)),
            outcome(Some(1), "", None),
            outcome(Some(1), "stoa: broken", None),
            outcome(Some(1), "thread panicked: it requires", None),
            outcome(Some(3), "stoa: no adapter", None),
            outcome(None, "", None),
        ];
        assert!(faulty.iter().all(|outcome| outcome.fault(true).is_some()));
        assert!(
            outcome(Some(1), "stoa: broken", None)
                .fault(false)
                .is_none()
        );
        assert!(outcome(Some(0), "", Some(0.0)).fault(false).is_none());
    }

    #[test]
    fn the_covered_share_is_found_among_the_figures() {
        assert_eq!(covered_share("{\n  \"covered_share\": 0.25\n}"), Some(0.25));
        assert_eq!(covered_share("{\"covered_share\": null}"), None);
        assert_eq!(covered_share("{}"), None);
    }
}
