//! The list of a world's files, which a server writes: checked before a single one is fetched, and laid out as a
//! folder when all are there.

use crate::cache::{Cache, CacheError};
use protocol::limits::{MAX_WORLD_FILE_BYTES, MAX_WORLD_FILES};
use protocol::{FileEntry, WorldInfo};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Longest path of a file inside a world, in bytes.
const MAX_PATH_BYTES: usize = 256;
/// Deepest folder inside a world.
const MAX_PATH_DEPTH: usize = 8;

/// Where a world's files are on this machine: a folder that looks like the world's own.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct WorldFiles {
    folder: PathBuf,
    main_file: String,
}

impl WorldFiles {
    /// The folder; empty when no files were fetched.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The main file, a `.glb` or `.gltf`.
    #[must_use]
    pub fn main_file(&self) -> PathBuf {
        self.folder.join(&self.main_file)
    }

    /// Lays the folder out; every file must be in the cache.
    pub(crate) fn lay_out(cache: &Cache, world: &WorldInfo) -> Result<Self, CacheError> {
        Ok(Self {
            folder: cache.lay_out(&world.files)?,
            main_file: world.main_file.clone(),
        })
    }
}

/// Checks what a server says its world consists of.
///
/// # Errors
/// One line about the first thing that is wrong.
pub(crate) fn check(world: &WorldInfo) -> Result<(), String> {
    if world.files.len() > MAX_WORLD_FILES {
        return Err(format!(
            "{} files, more than {MAX_WORLD_FILES}",
            world.files.len()
        ));
    }
    let mut seen = HashSet::new();
    for entry in &world.files {
        check_entry(entry)?;
        // File systems that do not tell case apart must not lay one file over another.
        if !seen.insert(entry.path.to_lowercase()) {
            return Err(format!("the file `{}` is there twice", entry.path));
        }
    }
    if !world
        .files
        .iter()
        .any(|entry| entry.path == world.main_file)
    {
        return Err("its main file is not among its files".to_owned());
    }
    Ok(())
}

fn check_entry(entry: &FileEntry) -> Result<(), String> {
    let path = &entry.path;
    if path.len() > MAX_PATH_BYTES || path.split('/').count() > MAX_PATH_DEPTH {
        return Err("a file's path is too long".to_owned());
    }
    if !path.split('/').all(is_plain_name) {
        return Err(format!(
            "the file path `{}` leads outside or has characters that files cannot have",
            path.escape_debug()
        ));
    }
    if entry.bytes > MAX_WORLD_FILE_BYTES {
        return Err(format!("the file `{path}` is larger than any may be"));
    }
    Ok(())
}

/// A name that means a file inside its folder on every system.
fn is_plain_name(name: &str) -> bool {
    let is_plain = |character: char| {
        !character.is_control()
            && !matches!(character, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    !name.is_empty()
        && !name.starts_with('.')
        && !name.ends_with(['.', ' '])
        && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::ContentHash;

    fn world(paths: &[&str]) -> WorldInfo {
        WorldInfo {
            id: "w".to_owned(),
            title: "W".to_owned(),
            capacity: 8,
            main_file: paths[0].to_owned(),
            files: paths
                .iter()
                .map(|path| FileEntry {
                    path: (*path).to_owned(),
                    bytes: 10,
                    hash: ContentHash([0; 32]),
                })
                .collect(),
        }
    }

    #[test]
    fn plain_worlds_pass() {
        check(&world(&["scene.glb"])).unwrap();
        check(&world(&["scene.gltf", "textures/stone 1.png", "世界.bin"])).unwrap();
    }

    #[test]
    fn paths_that_lead_outside_are_refused() {
        for path in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "",
            "a/",
            "./a",
            "C:x",
            "a\\b",
            "a\u{0}",
            ".ssh/x",
            "a/.",
            "con:",
            "x ",
            "a/b/c/d/e/f/g/h/i",
        ] {
            assert!(check(&world(&[path])).is_err(), "{path:?}");
        }
    }

    #[test]
    fn doubles_missing_main_files_and_sizes_are_refused() {
        assert!(check(&world(&["a.glb", "A.glb"])).is_err());
        let mut without = world(&["a.glb"]);
        without.main_file = "b.glb".to_owned();
        assert!(check(&without).is_err());
        let mut large = world(&["a.glb"]);
        large.files[0].bytes = u64::MAX;
        assert!(check(&large).is_err());
        let many = vec!["a"; MAX_WORLD_FILES + 1];
        assert!(check(&world(&many)).is_err());
    }

    proptest! {
        #[test]
        fn a_path_that_passes_stays_inside(path in "[a-z./\\\\: ]{0,20}") {
            if check(&world(&[&path])).is_ok() {
                let is_normal = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(Path::new(&path).components().all(is_normal));
            }
        }
    }
}
