//! `--watch`: converts again whenever the file, or another in its folder, was saved.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

/// Time between two looks at the folder.
const INTERVAL: Duration = Duration::from_millis(300);
/// Most files of a folder that are looked at.
const MAX_FILES: usize = 10_000;

/// What a folder looked like: names, sizes and times of the files in it and right below.
#[derive(Debug, Default, PartialEq, Eq)]
struct Look(Vec<(std::path::PathBuf, u64, Option<SystemTime>)>);

impl Look {
    /// The folder now, without the file that is written.
    fn at(folder: &Path, output: &Path) -> Self {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        for depth in 0..2 {
            for folder in std::mem::take(&mut folders) {
                for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                    let Ok(data) = entry.metadata() else { continue };
                    let path = entry.path();
                    if data.is_dir() && depth == 0 {
                        folders.push(path);
                    } else if data.is_file() && !is_output(&path, output) && found.len() < MAX_FILES
                    {
                        found.push((path, data.len(), data.modified().ok()));
                    }
                }
            }
        }
        found.sort();
        Self(found)
    }
}

/// The result, or the half of it that is being written.
fn is_output(path: &Path, output: &Path) -> bool {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    own.strip_prefix(name.as_ref())
        .is_some_and(|rest| matches!(rest, "" | ".part"))
}

/// Calls `convert` at once and after every change, until it says that it is enough.
pub(super) fn watch(input: &Path, output: &Path, mut convert: impl FnMut() -> bool) {
    let folder = input
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut seen = Look::at(folder, output);
    while convert() {
        // Wait for a change, and then until nothing changes any more: programs save in several steps.
        let mut now = Look::at(folder, output);
        while now == seen {
            thread::sleep(INTERVAL);
            now = Look::at(folder, output);
        }
        while now != seen {
            seen = now;
            thread::sleep(INTERVAL);
            now = Look::at(folder, output);
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
        watch(&input, &output, || {
            read.push(fs::read_to_string(&input).unwrap());
            fs::write(&output, &read[read.len() - 1]).unwrap();
            fs::write(&input, "1".repeat(read.len() + 1)).unwrap();
            read.len() < 3
        });
        assert_eq!(read, ["1", "11", "111"]);
    }
}
