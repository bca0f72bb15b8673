//! The files of `loading`: where they are, and what the importer makes of them.

use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Deepest folder below the given one in which models are looked for.
const MAX_DEPTH: u32 = 8;

/// What a file is called in the output.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) original: &'static str,
    pub(super) canonical: &'static str,
}

/// A file that is loaded.
pub(super) struct Subject {
    pub(super) names: Names,
    pub(super) original: PathBuf,
    pub(super) canonical: PathBuf,
}

/// What is there, and the names of what is not.
pub(super) struct Found {
    pub(super) subjects: Vec<Subject>,
    pub(super) absent: Vec<&'static str>,
}

/// Models, by their file's name without its ending, `_`, and capitals.
const MODELS: [(&str, Names); 4] = [
    (
        "flighthelmet",
        Names {
            original: "original_flight_helmet",
            canonical: "canonical_flight_helmet",
        },
    ),
    (
        "sheencloth",
        Names {
            original: "original_sheen_cloth",
            canonical: "canonical_sheen_cloth",
        },
    ),
    (
        "boombox",
        Names {
            original: "original_boom_box",
            canonical: "canonical_boom_box",
        },
    ),
    (
        "knight",
        Names {
            original: "original_knight",
            canonical: "canonical_knight",
        },
    ),
];
const WORLD: Names = Names {
    original: "original_world",
    canonical: "canonical_world",
};

/// Finds the files and has each converted into `folder`.
pub(super) fn find(world: &Path, models: Option<&Path>, folder: &Path) -> Result<Found> {
    let mut all = Vec::new();
    if let Some(models) = models {
        gather(models, 0, &mut all)?;
        all.sort();
    }
    let mut found = Found {
        subjects: Vec::new(),
        absent: Vec::new(),
    };
    for (stem, names) in MODELS {
        match all.iter().find(|path| stem_of(path) == stem) {
            Some(path) => found.subjects.push(subject(names, path, folder)?),
            None => found.absent.push(stem),
        }
    }
    let world = crate::engine::glb_in(world)?;
    found.subjects.push(subject(WORLD, &world, folder)?);
    Ok(found)
}

fn gather(folder: &Path, depth: u32, all: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && depth < MAX_DEPTH {
            gather(&path, depth + 1, all)?;
        } else if is_gltf(&path) {
            all.push(path);
        }
    }
    Ok(())
}

fn is_gltf(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "glb" || extension == "gltf")
}

fn stem_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.replace('_', "").to_lowercase()
}

/// A file, and its canonical form made by the importer beside this program.
fn subject(names: Names, original: &Path, folder: &Path) -> Result<Subject> {
    let original = std::path::absolute(original)?;
    let canonical = folder.join(names.canonical).with_extension("glb");
    let program = std::env::current_exe()?.with_file_name("stoa-import");
    let status = Command::new(&program)
        .arg("convert")
        .args([&original, &canonical])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("{} is built beside this program", program.display()))?;
    ensure!(
        status.success(),
        "{} cannot be converted",
        original.display()
    );
    Ok(Subject {
        names,
        original,
        canonical,
    })
}

impl Subject {
    /// Reads every byte that any side will ask for, so that the system's cache has it for all.
    pub(super) fn read_all(&self) -> Result<()> {
        fs::read(&self.canonical)?;
        fs::read(&self.original)?;
        let folder = self.original.parent().context("a file lies in a folder")?;
        // A `.glb` is whole; a `.gltf` has its buffers and pictures beside and below itself.
        if self.original.extension().is_some_and(|kind| kind == "gltf") {
            read_below(folder)?;
        }
        Ok(())
    }
}

fn read_below(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_below(&path)?;
        } else {
            fs::read(path)?;
        }
    }
    Ok(())
}
