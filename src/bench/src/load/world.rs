//! Worlds for load: with room for everybody.

use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A small flat world for `people`.
pub(super) fn flat(folder: &Path, people: u32) -> Result<PathBuf> {
    bots::write_box_world(folder, people).context("the bench's world cannot be written")
}

/// A copy of a world with room for `people`.
pub(super) fn copy_with_room(world: &Path, folder: &Path, people: u32) -> Result<PathBuf> {
    let unreadable = || format!("{} is no folder with a world", world.display());
    let name = world.file_name().with_context(unreadable)?;
    let copy = folder.join(name);
    fs::create_dir_all(&copy)?;
    for entry in fs::read_dir(world).with_context(unreadable)? {
        let path = entry?.path();
        if let Some(file) = path.file_name().filter(|_| path.is_file()) {
            fs::copy(&path, copy.join(file)).with_context(unreadable)?;
        }
    }
    let manifest = copy.join("world.toml");
    let text = fs::read_to_string(&manifest).with_context(unreadable)?;
    let lines = text.lines().filter(|line| !line.starts_with("capacity"));
    let text: String = std::iter::once(format!("capacity = {people}"))
        .chain(lines.map(str::to_owned))
        .map(|line| line + "\n")
        .collect();
    fs::write(&manifest, text)?;
    Ok(copy)
}
