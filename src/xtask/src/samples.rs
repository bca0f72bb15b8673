//! Files that chores work on, and where they write.

use crate::command::{Failure, root};
use std::path::{Path, PathBuf};

/// Folder with the sample files, as the checkout's root sees it.
pub(crate) const SHARED: &str = "../shared/data/gltf";

/// All files with one of the endings in files and folders, which lie where the checkout's root says, in the order of
/// their names; at least one.
///
/// # Errors
/// Something cannot be read, or there is none.
pub(crate) fn files(places: &[String], endings: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for place in places {
        let place = root().join(place);
        if place.is_dir() {
            collect(&place, endings, &mut files)?;
        } else {
            files.push(place);
        }
    }
    files.sort();
    if files.is_empty() {
        let (endings, places) = (endings.join(", "), places.join(", "));
        return Err(Failure::new(format!("no file with {endings} in {places}")));
    }
    Ok(files)
}

/// What lies in a folder, in the order of the names.
///
/// # Errors
/// It cannot be read.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fault = |error| Failure::of_file(folder, &error);
    let entries = std::fs::read_dir(folder).map_err(fault)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(fault));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for path in entries(folder)? {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            collect(&path, endings, files)?;
        } else if ending.is_some_and(|ending| endings.contains(&ending)) {
            files.push(path);
        }
    }
    Ok(())
}

/// Takes `--out FOLDER` from the arguments and makes the folder, which lies where one stands; the rest is left.
///
/// # Errors
/// There is no folder behind it, or it cannot be made.
pub(crate) fn take_out(arguments: &mut Vec<String>, usual: &str) -> Result<PathBuf, Failure> {
    let folder = match arguments.iter().position(|argument| argument == "--out") {
        None => root().join(usual),
        Some(place) if place + 1 < arguments.len() => {
            arguments.remove(place);
            PathBuf::from(arguments.remove(place))
        }
        Some(_) => return Err(Failure::new("--out needs a folder")),
    };
    let absolute = std::path::absolute(&folder);
    let folder = absolute.map_err(|error| Failure::of_file(&folder, &error))?;
    std::fs::create_dir_all(&folder).map_err(|error| Failure::of_file(&folder, &error))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_search_that_finds_nothing_fails() {
        assert!(files(&words("src/xtask"), &["gltf", "glb"]).is_err());
        assert!(
            files(&words("src/nowhere/else"), &["rs"]).is_ok(),
            "a file is taken at its word"
        );
    }

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let found = files(&words("src/xtask/src"), &["rs"]).unwrap();
        assert!(found.is_sorted() && found.len() > 3, "{found:?}");
    }

    #[test]
    fn the_folder_is_taken_from_the_arguments() {
        let usual = "target/xtask-test";
        let mut arguments = words("a.glb --out target/xtask-test b.glb");
        assert!(take_out(&mut arguments, usual).unwrap().ends_with(usual));
        assert_eq!(arguments, ["a.glb", "b.glb"]);
        assert!(take_out(&mut words("--out"), usual).is_err());
    }
}
