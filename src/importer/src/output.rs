//! Files that are written: never in place of a designer's, and whole or not at all.

use serde_json::Value;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
};

/// What every result says of who made it.
pub(crate) const GENERATOR: &str = concat!("stoa-import ", env!("CARGO_PKG_VERSION"));
/// By what a result of any version is known again.
const OWN_NAME: &str = "stoa-import ";
/// Bytes of a GLB before its JSON.
const HEADER: usize = 20;
/// Most names that are tried for a file in the making.
const MAX_NAMES: u32 = 100;

/// What may be written over an existing file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaces {
    /// Any file with the right ending.
    Any,
    /// A GLB that this program made, or nothing.
    OwnGlb,
}

/// Writes a line about what went wrong. Names of files, and what is in them, say nothing to the terminal.
pub(crate) fn tell(errors: &mut dyn Write, line: &str) -> io::Result<()> {
    writeln!(errors, "stoa-import: {}", scene::printable(line))
}

/// A line on a terminal about what is being done; nothing where there is no terminal.
pub(crate) struct Status<'a>(Option<&'a mut dyn Write>);

/// Columns that are written over, and half as many characters that are shown: some take two.
const STATUS_COLUMNS: usize = 78;

impl<'a> Status<'a> {
    pub(crate) fn new(terminal: Option<&'a mut dyn Write>) -> Self {
        Self(terminal)
    }

    /// Shows a text in place of the one before; an empty one takes it away.
    pub(crate) fn show(&mut self, text: &str) {
        let Some(terminal) = &mut self.0 else {
            return;
        };
        let text: String = scene::printable(text)
            .chars()
            .take(STATUS_COLUMNS / 2)
            .collect();
        let written: io::Result<()> =
            write!(terminal, "\r{:STATUS_COLUMNS$}\r{text}", "").and_then(|()| terminal.flush());
        // Whoever is no more there sees nothing of it.
        drop(written);
    }
}

/// Refuses a name to write to under which a file of a person would be lost: that of an input, that of another kind of file,
/// and where it is asked for, that of a file from elsewhere.
///
/// # Errors
/// One line that says why not.
pub(crate) fn refuse_loss(
    output: &Path,
    inputs: &[&Path],
    endings: &[&str],
    replaces: Replaces,
) -> Result<(), String> {
    let shown = output.display();
    let ending = output.extension().and_then(|ending| ending.to_str());
    let is_fitting = ending.is_some_and(|own| {
        endings
            .iter()
            .any(|ending| own.eq_ignore_ascii_case(ending))
    });
    if !is_fitting {
        let endings: Vec<String> = endings.iter().map(|ending| format!(".{ending}")).collect();
        return Err(format!(
            "nothing is written to {shown}: its name must end with {}",
            endings.join(" or ")
        ));
    }
    let Ok(place) = output.canonicalize() else {
        // It is not there yet.
        return Ok(());
    };
    let is_input = |input: &&Path| input.canonicalize().is_ok_and(|input| input == place);
    if inputs.iter().any(is_input) {
        return Err(format!(
            "nothing is written to {shown}: it is a file that is read; give another name"
        ));
    }
    if replaces == Replaces::OwnGlb && !is_own(&place) {
        return Err(format!(
            "{shown} is there already and was not made by stoa-import: give another name, or remove it first"
        ));
    }
    Ok(())
}

/// True for a GLB that says so, and for an empty file.
fn is_own(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let most = (HEADER + scene::limits::MAX_JSON_BYTES) as u64;
    let mut bytes = Vec::new();
    if file.take(most).read_to_end(&mut bytes).is_err() {
        return false;
    }
    let Some((head, rest)) = bytes.split_at_checked(HEADER) else {
        return bytes.is_empty();
    };
    let length = u32::from_le_bytes([head[12], head[13], head[14], head[15]]) as usize;
    let json = rest.get(..length).filter(|_| head.starts_with(b"glTF"));
    let json: Option<Value> = json.and_then(|json| serde_json::from_slice(json).ok());
    json.is_some_and(|json| {
        let generator = json["asset"]["generator"].as_str();
        generator.is_some_and(|generator| generator.contains(OWN_NAME))
    })
}

/// Writes beside the file and renames, so that nobody ever reads half of it. What is equal already is not
/// written again: who watches it has nothing to do.
///
/// # Errors
/// When it cannot be written; the file is then as it was, and nothing lies beside it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if holds(path, bytes) {
        return Ok(());
    }
    let (part, mut file) = part_beside(path)?;
    let written = file.write_all(bytes);
    drop(file);
    written
        .and_then(|()| fs::rename(&part, path))
        .inspect_err(|_fault| drop(fs::remove_file(&part)))
}

fn holds(path: &Path, bytes: &[u8]) -> bool {
    let is_alike =
        fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() == bytes.len() as u64);
    is_alike && fs::read(path).is_ok_and(|own| own == bytes)
}

/// A new file beside another, under a name that nobody has.
fn part_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let process = std::process::id();
    let mut last = io::ErrorKind::AlreadyExists.into();
    for number in 0..MAX_NAMES {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{process}-{number}.part"));
        let part = path.with_file_name(name);
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Ok(file) => return Ok((part, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_status_fits_its_line_and_goes() {
        let mut terminal = Vec::new();
        let mut status = Status::new(Some(&mut terminal));
        status.show(&"\u{6a21}".repeat(200));
        status.show("");
        let text = String::from_utf8(terminal).unwrap();
        let shown: Vec<&str> = text.split('\r').collect();
        assert_eq!(shown[2].chars().count(), STATUS_COLUMNS / 2);
        assert_eq!(shown[3], " ".repeat(STATUS_COLUMNS));
        assert_eq!(shown[4], "");
    }

    #[test]
    fn a_file_is_written_whole_and_its_neighbours_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.glb");
        fs::write(folder.path().join("out.glb.part"), "somebody's").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["out.glb", "out.glb.part"]);
        let neighbour = fs::read(folder.path().join("out.glb.part")).unwrap();
        assert_eq!(neighbour, b"somebody's");
    }

    #[test]
    fn what_is_equal_already_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.glb");
        let modified = || fs::metadata(&path).unwrap().modified().unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        write_whole(&path, b"old").unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(long_ago).unwrap();
        write_whole(&path, b"old").unwrap();
        assert_eq!(modified(), long_ago);
        write_whole(&path, b"new").unwrap();
        assert_ne!(modified(), long_ago);
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.glb");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "").unwrap();
        assert!(write_whole(&path, b"new").is_err());
        assert_eq!(names(folder.path()), ["out.glb"]);
    }
}
