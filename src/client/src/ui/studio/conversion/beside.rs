//! How a file lies on the disk, with what it may name beside it: whether it was saved since.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 2_000;
/// Endings of what files of other formats name: pictures, material libraries, layers.
const ENDINGS: [&str; 14] = [
    "mtl", "png", "jpg", "jpeg", "tga", "bmp", "tif", "tiff", "webp", "dds", "ktx2", "usd", "usda",
    "usdc",
];

/// Paths, sizes and times; nothing where the file itself is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Look {
    pub(super) fn is_there(&self) -> bool {
        !self.0.is_empty()
    }
}

/// How a file lies there now, with pictures and the like in its folder and in those right below.
pub(super) fn look(file: &Path) -> Look {
    let Some(own) = state(file) else {
        return Look::default();
    };
    let mut found = vec![own];
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let mut folders = vec![parent.unwrap_or(Path::new(".")).to_owned()];
    let mut left = MAX_ENTRIES;
    for depth in 0..2 {
        for folder in std::mem::take(&mut folders) {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            for entry in entries.take(left) {
                left -= 1;
                let path = entry.path();
                if crate::ui::studio::has_ending(&path, &ENDINGS) {
                    found.extend(state(&path));
                } else if depth == 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                }
            }
        }
    }
    found.sort();
    found.dedup();
    Look(found)
}

fn state(file: &Path) -> Option<(PathBuf, u64, Option<SystemTime>)> {
    let state = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    Some((file.to_owned(), state.len(), state.modified().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_and_what_it_may_name_count_and_others_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::create_dir(file("textures")).unwrap();
        fs::write(file("chair.obj"), "1").unwrap();
        let mut last = look(&file("chair.obj"));
        for name in ["chair.obj", "chair.mtl", "textures/wood.PNG"] {
            fs::write(file(name), "saved").unwrap();
            let now = look(&file("chair.obj"));
            assert_ne!(now, last, "{name}");
            last = now;
        }
        assert!(!look(&file("gone.obj")).is_there());
        for name in ["other.obj", "chair.glb", "notes.txt", "textures/a.part"] {
            fs::write(file(name), "saved").unwrap();
            assert_eq!(look(&file("chair.obj")), last, "{name}");
        }
    }
}
