//! Files beside the main one, only inside its folder.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

/// Gives the bytes of files that a scene names beside itself.
pub trait SideFiles {
    /// Bytes of a relative path that was checked to stay inside the scene's folder, at most `limit`.
    ///
    /// # Errors
    /// One line that says why there are none.
    fn read(&self, relative: &Path, limit: u64) -> Result<Vec<u8>, String>;
}

/// For bytes that come without a folder.
pub struct NoSideFiles;

impl SideFiles for NoSideFiles {
    fn read(&self, relative: &Path, _limit: u64) -> Result<Vec<u8>, String> {
        Err(format!(
            "it names the file {}, but came without a folder",
            relative.display()
        ))
    }
}

/// Files of a folder on disk.
pub struct FolderFiles {
    folder: PathBuf,
}

impl FolderFiles {
    /// Files below `folder` only, links that lead outside are refused.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
        }
    }
}

impl SideFiles for FolderFiles {
    fn read(&self, relative: &Path, limit: u64) -> Result<Vec<u8>, String> {
        let shown = relative.display();
        let path = path_inside(&self.folder, relative)
            .map_err(|error| format!("{shown}: {error}"))?
            .ok_or_else(|| format!("{shown} leads outside of the folder"))?;
        read_bounded(&path, limit)
    }
}

/// Where something in a folder is once all links are followed; `None` when it is not in the folder then.
///
/// # Errors
/// The folder or what the path names in it is not there, or cannot be looked at.
pub fn path_inside(folder: &Path, relative: &Path) -> io::Result<Option<PathBuf>> {
    let root = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let root = root.canonicalize()?;
    let path = root.join(relative).canonicalize()?;
    Ok(path.starts_with(&root).then_some(path))
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// One line with the file's name and the fault. Of larger files nothing is read.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    use io::Read as _;
    let shown = path.display();
    // Opening a named pipe would wait for its other end.
    let kind = std::fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    if !kind.is_file() {
        return Err(format!("{shown} is not a regular file"));
    }
    let file = std::fs::File::open(path).map_err(|error| format!("{shown}: {error}"))?;
    let metadata = file
        .metadata()
        .map_err(|error| format!("{shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is not a regular file"));
    }
    if metadata.len() > limit {
        return Err(format!(
            "{shown} has {} bytes, the limit is {limit}",
            metadata.len()
        ));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("{shown}: {error}"))?;
    if bytes.len() as u64 > limit {
        Err(format!("{shown} grew over the limit of {limit} bytes"))
    } else {
        Ok(bytes)
    }
}

/// A percent-decoded relative path without `..`, root, drive or scheme. Letters that begin a query or a fragment of an address
/// belong to the name when they are encoded.
pub(crate) fn inside_folder(uri: &str) -> Option<PathBuf> {
    let decoded = percent_encoding::percent_decode_str(uri)
        .decode_utf8()
        .ok()?;
    let is_plain = !uri.contains(['#', '?']) && !decoded.contains(['\\', ':', '\0']);
    if decoded.is_empty() || !is_plain {
        return None;
    }
    let mut path = PathBuf::new();
    for component in Path::new(decoded.as_ref()).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (!path.as_os_str().is_empty()).then_some(path)
}

/// True for a name that leads nowhere outside and is refused for its letters alone: those that mean something else in addresses
/// or on other systems.
pub(crate) fn has_foreign_letters(uri: &str) -> bool {
    let decoded = percent_encoding::percent_decode_str(uri).decode_utf8_lossy();
    let mut parts = decoded.split(['/', '\\']);
    // A drive, a scheme or a server begins so.
    let leads_elsewhere = decoded.split_once(':').is_some_and(|(before, after)| {
        before.len() == 1 || after.starts_with(['/', '\\']) || before == "data"
    });
    let is_relative = !decoded.starts_with(['/', '\\']) && parts.all(|part| part != "..");
    let is_strange = uri.contains(['#', '?']) || decoded.contains(['\\', ':']);
    is_relative && !leads_elsewhere && is_strange
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_inside_the_folder_pass() {
        for good in [
            "a.bin",
            "textures/a%20b.png",
            "./a.bin",
            "Material%20%2325.png",
            "what%3F.png",
        ] {
            assert!(inside_folder(good).is_some(), "{good}");
        }
        for bad in [
            "/etc/passwd",
            "../a.bin",
            "a/../../b",
            "http://x/a.bin",
            "C:/a",
            "a%00b",
            "..%2Fa",
            "a\\b",
            "a#b",
            "a?b",
            "a%3Ab",
            "",
            "%ff",
        ] {
            assert_eq!(inside_folder(bad), None, "{bad}");
        }
    }

    #[test]
    fn strange_letters_are_told_from_ways_out() {
        for strange in [
            "a#b.png",
            "a?b.png",
            "oak:dark.png",
            "oak%3Ab.png",
            "a\\b.png",
        ] {
            assert!(has_foreign_letters(strange), "{strange}");
        }
        for other in [
            "a.png",
            "a%23b.png",
            "../a#b.png",
            "..\\a.png",
            "/a:b.png",
            "C:\\a.png",
            "C:/a.png",
            "http://x/a.png",
            "file:///a.png",
        ] {
            assert!(!has_foreign_letters(other), "{other}");
        }
    }
}
