//! `--watch`: converts again whenever the file, or another in its folder, was saved.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

/// Time between two looks at the folder.
const INTERVAL: Duration = Duration::from_millis(300);
/// Most files of a folder that are looked at.
const MAX_FILES: usize = 10_000;

/// Endings of what converting writes: no model names such a file.
const RESULTS: [&str; 4] = ["glb", "vrm", "vrma", "part"];

/// What a model looked like: paths, sizes and times of its file, and of those in its folder and right below.
#[derive(Debug, Default, PartialEq, Eq)]
struct Look(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Look {
    /// The model now. Results of this watch or another one are no part of it, unless one is the model's own file.
    fn at(input: &Path) -> Self {
        let mut found: Vec<_> = fs::metadata(input)
            .map(|data| state(input.to_owned(), &data))
            .into_iter()
            .collect();
        let folder = input
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut folders = vec![folder.unwrap_or(Path::new(".")).to_owned()];
        for depth in 0..2 {
            for folder in std::mem::take(&mut folders) {
                for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                    let Ok(data) = entry.metadata() else { continue };
                    let path = entry.path();
                    if data.is_dir() && depth == 0 {
                        folders.push(path);
                    } else if data.is_file() && !is_result(&path) && found.len() < MAX_FILES {
                        found.push(state(path, &data));
                    }
                }
            }
        }
        found.sort();
        Self(found)
    }
}

fn state(path: PathBuf, data: &fs::Metadata) -> (PathBuf, u64, Option<SystemTime>) {
    (path, data.len(), data.modified().ok())
}

fn is_result(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|own| {
        RESULTS
            .iter()
            .any(|ending| own.eq_ignore_ascii_case(ending))
    })
}

/// Calls `convert` at once and after every change, until it says that it is enough.
pub(super) fn watch(input: &Path, mut convert: impl FnMut() -> bool) {
    let mut seen = Look::at(input);
    while convert() {
        // Wait for a change, and then until nothing changes any more: programs save in several steps.
        let mut now = Look::at(input);
        while now == seen {
            thread::sleep(INTERVAL);
            now = Look::at(input);
        }
        while now != seen {
            seen = now;
            thread::sleep(INTERVAL);
            now = Look::at(input);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_save_is_noticed_and_the_result_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let [input, output] = ["in.gltf", "out.glb"].map(|name| folder.path().join(name));
        fs::write(&input, "1").unwrap();
        let mut read = Vec::new();
        watch(&input, || {
            read.push(fs::read_to_string(&input).unwrap());
            fs::write(&output, &read[read.len() - 1]).unwrap();
            fs::write(&input, "1".repeat(read.len() + 1)).unwrap();
            read.len() < 3
        });
        assert_eq!(read, ["1", "11", "111"]);
    }

    #[test]
    fn the_file_itself_and_those_beside_it_count_and_results_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("hall.glb");
        fs::write(&input, "1").unwrap();
        let at_first = Look::at(&input);
        for result in ["other.glb", "other.glb.7-0.part", "me.VRM"] {
            fs::write(folder.path().join(result), "result").unwrap();
            assert_eq!(Look::at(&input), at_first, "{result}");
        }
        fs::write(folder.path().join("wall.png"), "picture").unwrap();
        let with_picture = Look::at(&input);
        assert_ne!(with_picture, at_first);
        // Its name is that of its result, which lies in another folder.
        fs::write(&input, "12").unwrap();
        assert_ne!(Look::at(&input), with_picture);
    }
}
