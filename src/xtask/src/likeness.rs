//! `cargo xtask likeness [FILE|FOLDER...] [--out FOLDER]`: converts files and compares the preview of what came out with the
//! preview of what went in.

use crate::{
    command::{Failure, build_programs, built, command, root},
    picture::Picture,
    samples,
    ssim::{self, Likeness},
};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

/// Folders of well-formed sample files.
const FOLDERS: &[&str] = &[
    "pbr", "core", "animated", "ext", "formats", "vrm1", "vrm0", "omi", "world",
];
/// Endings of what `stoa-import convert` takes.
const ENDINGS: &[&str] = &[
    "gltf", "glb", "vrm", "fbx", "obj", "stl", "ply", "usdz", "usdc", "usda", "usd",
];
/// Least likeness of the two pictures.
const LEAST: f64 = 0.98;
/// What the importer says of a file that is too large for eight views, and the one view that is compared then.
const TOO_LARGE: &str = "draw one with --from";
const ONE_VIEW: &[&str] = &["--from", "30,20", "--size", "512"];
/// What the importer says of a file without anything that can be seen.
const NOTHING_TO_SEE: &str = "nothing in it that can be seen";

/// How one file came out.
enum Outcome {
    Compared(Likeness),
    /// There is no picture of the file itself, since it shows nothing.
    Unseen,
    /// What went wrong, in one line.
    Fault(String),
}

impl Outcome {
    fn is_well(&self) -> bool {
        match self {
            Self::Compared(likeness) => likeness.whole >= LEAST,
            Self::Unseen => true,
            Self::Fault(_) => false,
        }
    }

    fn line(&self) -> String {
        match self {
            Self::Compared(likeness) => format!("{:.4}  {:.4}", likeness.whole, likeness.shown),
            Self::Unseen => "     -       -".to_owned(),
            Self::Fault(fault) => format!("     -       -  {fault}"),
        }
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let mut arguments = arguments.to_vec();
    let out = samples::take_out(&mut arguments, "target/likeness")?;
    if arguments.is_empty() {
        let folders = FOLDERS
            .iter()
            .map(|name| format!("{}/{name}", samples::SHARED));
        arguments.extend(folders);
    }
    let files = samples::files(&arguments, ENDINGS)?;
    build_programs(&["stoa", "stoa-import"])?;
    println!("         whole   model    time  pictures  file");
    let mut outcomes = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let start = Instant::now();
        let outcome = compare(file, &out.join(format!("{index:04}")));
        println!(
            "{}  {} {:5.1} s  {index:04}      {}",
            if outcome.is_well() { "ok   " } else { "FAULT" },
            outcome.line(),
            start.elapsed().as_secs_f32(),
            shown_name(file),
        );
        outcomes.push(outcome);
    }
    summarise(&outcomes, &out)
}

fn summarise(outcomes: &[Outcome], out: &Path) -> Result<(), Failure> {
    let count = |wished: &dyn Fn(&Outcome) -> bool| {
        outcomes.iter().filter(|outcome| wished(outcome)).count()
    };
    let alike = |least: fn(&Likeness) -> f64| {
        count(&|outcome| matches!(outcome, Outcome::Compared(likeness) if least(likeness) >= LEAST))
    };
    println!(
        "likeness: {} files, {} compared, {} of them at least {LEAST} alike, {} where the model alone is counted; \
         {} show nothing; pictures in {}",
        outcomes.len(),
        count(&|outcome| matches!(outcome, Outcome::Compared(_))),
        alike(|likeness| likeness.whole),
        alike(|likeness| likeness.shown),
        count(&|outcome| matches!(outcome, Outcome::Unseen)),
        out.display(),
    );
    match count(&|outcome| !outcome.is_well()) {
        0 => Ok(()),
        faults => Err(Failure::new(format!(
            "{faults} files did not come out alike"
        ))),
    }
}

/// Converts a file and compares; what is made is named by a number.
fn compare(file: &Path, number: &Path) -> Outcome {
    let named = |ending: &str| PathBuf::from(format!("{}{ending}", number.display()));
    let is_avatar = file.extension().is_some_and(|ending| ending == "vrm");
    let converted = named(if is_avatar { ".vrm" } else { ".glb" });
    let (before, after) = (named("-before.png"), named("-after.png"));
    let made = || -> Result<Likeness, String> {
        let view: &[&str] = match import("preview", file, &before, &[]) {
            Err(fault) if fault.contains(TOO_LARGE) => ONE_VIEW,
            other => other.map(|()| &[][..])?,
        };
        if !view.is_empty() {
            import("preview", file, &before, view)?;
        }
        import("convert", file, &converted, &[])?;
        import("preview", &converted, &after, view)?;
        let read = |path: &Path| Picture::read(path, [0; 3]).map_err(|error| error.to_string());
        let likeness = ssim::compare(&read(&before)?, &read(&after)?);
        likeness.ok_or_else(|| "the pictures cannot be compared".to_owned())
    };
    match made() {
        Ok(likeness) => Outcome::Compared(likeness),
        Err(fault) if fault.contains(NOTHING_TO_SEE) => Outcome::Unseen,
        Err(fault) => Outcome::Fault(fault),
    }
}

/// Runs the importer; what it said last is the fault.
fn import(task: &str, input: &Path, output: &Path, flags: &[&str]) -> Result<(), String> {
    let result = command(built("stoa-import"), &[task])
        .args(flags)
        .args([input, output])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("stoa-import: {error}"))?;
    if result.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&result.stderr);
    let last = said.lines().last().unwrap_or("it said nothing");
    Err(format!("{task}: {last}"))
}

/// A sample file by its place among them.
fn shown_name(file: &Path) -> String {
    let shared = root().join(samples::SHARED);
    let place = file.strip_prefix(shared).unwrap_or(file);
    place.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_alike_or_not_made_is_a_fault() {
        let compared = |whole| Outcome::Compared(Likeness { whole, shown: 0.5 });
        assert!(compared(0.98).is_well() && Outcome::Unseen.is_well());
        let faults = [compared(0.979), Outcome::Fault("no".to_owned())];
        assert!(!faults.iter().any(Outcome::is_well));
        let out = Path::new("x");
        assert!(summarise(&[compared(1.0), Outcome::Unseen], out).is_ok());
        assert!(summarise(&faults, out).is_err());
    }
}
