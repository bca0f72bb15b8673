//! A file of another format as a GLB: `stoa-import convert` makes it, in a process of its own and within its limits, and it lies
//! in a folder of this process that goes with the last who needs it. Nothing of the file is read here but how it lies there.

use super::beside::{self, Look};
use serde_json::Value;
use std::{
    env, fmt,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Endings of the files that are converted before they are shown.
pub(in crate::ui::studio) const ENDINGS: [&str; 9] = [
    "fbx", "obj", "stl", "ply", "usd", "usda", "usdc", "usdz", "zip",
];
/// Longest time for one file: the converter's own for its work, and some for its report.
const TIME_LIMIT: Duration = Duration::from_secs(75);
/// Time between two looks of somebody who waits.
const PATIENCE: Duration = Duration::from_millis(20);
/// Most bytes that are looked at of what the converter says.
const MAX_SAID_BYTES: u64 = 64 * 1024;
/// Most notes that are kept.
const MAX_NOTES: usize = 100;
/// Most names that are tried for a folder.
const MAX_NAMES: u32 = 1_000;
/// What the converter says of its work, and of a fault, beside the GLB.
const SAID_FILE: &str = "said.json";
const FAULT_FILE: &str = "fault.txt";
/// How the names of folders begin; the number of their process follows, and another.
const FOLDER_NAME: &str = "stoa-converted-";

/// True for a file that has to be converted before it is shown.
#[must_use]
pub fn needs_conversion(file: &Path) -> bool {
    crate::ui::studio::has_ending(file, &ENDINGS) && !file.is_dir()
}

/// A conversion that goes on. Its process ends when this is dropped.
#[derive(Debug)]
pub struct Conversion {
    becomes: Converted,
    /// `None` when it has ended.
    child: Option<Child>,
    began: Instant,
}

/// What a file of another format became.
#[derive(Clone, Debug)]
pub struct Converted {
    source: PathBuf,
    folder: Arc<Folder>,
    /// How the source lay there when its conversion began.
    pub(super) seen: Look,
    /// What the converter says of it, a line each: what was guessed, what was left out.
    pub(super) notes: Vec<String>,
}

/// Why a file was not converted; one line each, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// The converter is not there, with where it would be.
    #[error("converting it takes stoa-import, and there is no {}: install it beside stoa, or export the file as glTF", .0.display())]
    Absent(PathBuf),
    /// It takes too long.
    #[error(
        "converting it takes more than {} seconds: make it smaller, or export it as glTF",
        TIME_LIMIT.as_secs()
    )]
    Late,
    /// The converter refuses the file, and says why.
    #[error("{0}; mend that, or export the file as glTF")]
    Refused(String),
    /// The system does not let it be converted.
    #[error("it cannot be converted here: {0}")]
    Here(String),
}

impl ConversionError {
    /// What happened, without what to do.
    pub(in crate::ui::studio) fn particulars(&self) -> String {
        match self {
            Self::Absent(importer) => format!("there is no {}", importer.display()),
            Self::Late => format!("it takes more than {} seconds", TIME_LIMIT.as_secs()),
            Self::Refused(line) | Self::Here(line) => line.clone(),
        }
    }
}

impl From<io::Error> for ConversionError {
    fn from(error: io::Error) -> Self {
        Self::Here(error.to_string())
    }
}

impl Conversion {
    /// Begins to convert a file with the program `importer`.
    ///
    /// # Errors
    /// When nothing can be started.
    pub fn begin(file: &Path, importer: &Path) -> Result<Self, ConversionError> {
        let becomes = Converted {
            source: file.to_path_buf(),
            folder: Arc::new(Folder::new()?),
            seen: beside::look(file),
            notes: Vec::new(),
        };
        Self::start(becomes, importer)
    }

    /// The same file once more, since it was saved; the GLB takes the place of the one before, when there is one.
    pub(super) fn again(
        converted: &Converted,
        seen: Look,
        importer: &Path,
    ) -> Result<Self, ConversionError> {
        let becomes = Converted {
            seen,
            notes: Vec::new(),
            ..converted.clone()
        };
        Self::start(becomes, importer)
    }

    fn start(becomes: Converted, importer: &Path) -> Result<Self, ConversionError> {
        if !importer.is_file() {
            return Err(ConversionError::Absent(importer.to_path_buf()));
        }
        let said = File::create(becomes.folder.0.join(SAID_FILE))?;
        let fault = File::create(becomes.folder.0.join(FAULT_FILE))?;
        let mut command = Command::new(importer);
        command
            .args(["convert", "--json", "--end-with-input", "--"])
            .args([&becomes.source, &becomes.glb()])
            // Open as long as this process is there, however that ends.
            .stdin(Stdio::piped())
            .stdout(said)
            .stderr(fault);
        lead_group(&mut command);
        Ok(Self {
            becomes,
            child: Some(command.spawn()?),
            began: Instant::now(),
        })
    }

    /// The file that is converted.
    pub(in crate::ui::studio) fn source(&self) -> &Path {
        &self.becomes.source
    }

    /// For how long it has been going on.
    pub(in crate::ui::studio) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// What it came to, once, when it has ended; takes no time.
    pub fn poll(&mut self) -> Option<Result<Converted, ConversionError>> {
        let child = self.child.as_mut()?;
        match child.try_wait() {
            Ok(Some(status)) => {
                self.child = None;
                Some(self.finish(status.success()))
            }
            Ok(None) if self.began.elapsed() > TIME_LIMIT => {
                self.end();
                Some(Err(ConversionError::Late))
            }
            Ok(None) => None,
            Err(error) => {
                self.end();
                Some(Err(error.into()))
            }
        }
    }

    /// Waits for what it comes to.
    ///
    /// # Errors
    /// [`ConversionError`].
    pub fn wait(mut self) -> Result<Converted, ConversionError> {
        loop {
            if let Some(result) = self.poll() {
                return result;
            }
            thread::sleep(PATIENCE);
        }
    }

    fn finish(&self, is_done: bool) -> Result<Converted, ConversionError> {
        let becomes = &self.becomes;
        if is_done && becomes.glb().is_file() {
            let said = becomes.folder.read(SAID_FILE)?;
            return Ok(Converted {
                notes: notes_of(&said),
                ..becomes.clone()
            });
        }
        let said = becomes.folder.read(FAULT_FILE)?;
        Err(ConversionError::Refused(fault_of(&said, &becomes.source)))
    }

    /// Ends what goes on, with the process that it has for the work.
    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            end_group(&mut child);
            // It may have ended by itself meanwhile; either way it is gone afterwards.
            drop(child.wait());
        }
    }
}

impl Drop for Conversion {
    fn drop(&mut self) {
        self.end();
    }
}

impl Converted {
    /// The file that it was.
    #[must_use]
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The file that it became, which is there as long as this is; it is called like the source.
    #[must_use]
    pub fn glb(&self) -> PathBuf {
        let stem = self.source.file_stem().unwrap_or_default();
        let mut name = stem.to_owned();
        name.push(".glb");
        self.folder.0.join(name)
    }
}

#[cfg(test)]
impl Converted {
    /// What was made of a file, without a converter.
    pub(super) fn sample(source: &str) -> Self {
        Self {
            source: source.into(),
            folder: Arc::new(Folder::new().unwrap()),
            seen: Look::default(),
            notes: Vec::new(),
        }
    }
}

/// What the converter says that is worth telling.
fn notes_of(said: &str) -> Vec<String> {
    let said: Value = serde_json::from_str(said).unwrap_or_default();
    let notes = said["notes"].as_array().into_iter().flatten();
    let lines = notes.filter_map(|note| Some(note.as_str()?.to_owned()));
    lines.take(MAX_NOTES).collect()
}

/// Why the converter refuses a file, without the name of either.
fn fault_of(said: &str, source: &Path) -> String {
    let line = said.lines().find(|line| !line.trim().is_empty());
    let line = line.unwrap_or("stoa-import ended without a word").trim();
    let line = line.strip_prefix("stoa-import: ").unwrap_or(line);
    let about = format!("{} is not converted: ", source.display());
    let about = scene::printable(&about);
    line.strip_prefix(about.as_str()).unwrap_or(line).to_owned()
}

/// A folder that nobody else looks into, and that goes with its value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let base = env::temp_dir();
        clear(&base);
        // A name that somebody took already is not used: its folder could be anybody's.
        for number in 0..MAX_NAMES {
            let path = base.join(format!("{FOLDER_NAME}{}-{number}", process::id()));
            match own_folder(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The beginning of a text that the converter left there.
    fn read(&self, name: &str) -> io::Result<String> {
        let mut bytes = Vec::new();
        let file = File::open(self.0.join(name))?;
        file.take(MAX_SAID_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clear.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Removes folders of processes that ended before they could.
fn clear(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let left = name
            .to_str()
            .and_then(|name| name.strip_prefix(FOLDER_NAME));
        let process = left.and_then(|left| left.split_once('-')?.0.parse().ok());
        if process.is_some_and(has_ended) {
            // That of somebody else stays theirs.
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(unix)]
fn has_ended(process: i32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let process = Pid::from_raw(process);
    process.is_some_and(|process| test_kill_process(process) == Err(rustix::io::Errno::SRCH))
}

/// It is not asked here.
#[cfg(not(unix))]
fn has_ended(_process: i32) -> bool {
    false
}

#[cfg(unix)]
fn own_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// Folders for passing files are the user's own here.
#[cfg(not(unix))]
fn own_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

/// The converter has a process of its own for the work, which is to end with it.
#[cfg(unix)]
fn lead_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn lead_group(_command: &mut Command) {}

#[cfg(unix)]
fn end_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // Where it has ended already there is nobody to tell.
    kill_process_group(Pid::from_child(child), Signal::KILL).unwrap_or_default();
}

/// The process for the work ends when it has no more of it.
#[cfg(not(unix))]
fn end_group(child: &mut Child) {
    drop(child.kill());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_formats_are_told_by_their_endings() {
        for name in [
            "a.fbx",
            "a.OBJ",
            "a b.stl",
            "a.ply",
            "a.usdz",
            "a.zip",
            "dir/a.Usda",
        ] {
            assert!(needs_conversion(Path::new(name)), "{name}");
        }
        for name in ["a.glb", "a.vrm", "obj", "a.obj.gltf", "", "a.mtl"] {
            assert!(!needs_conversion(Path::new(name)), "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let named_so = folder.path().join("world.obj");
        fs::create_dir(&named_so).unwrap();
        assert!(!needs_conversion(&named_so));
    }

    #[test]
    fn without_the_converter_one_line_says_what_to_do() {
        let nowhere = Path::new("/nowhere/stoa-import");
        let fault = Conversion::begin(Path::new("a.obj"), nowhere).unwrap_err();
        assert_eq!(fault, ConversionError::Absent(nowhere.to_owned()));
        let line = fault.to_string();
        assert!(
            line.contains("beside stoa") && line.contains("glTF"),
            "{line}"
        );
    }

    #[test]
    fn what_the_converter_says_of_a_fault_is_told_without_names() {
        let source = Path::new("/tmp/a b.fbx");
        let said = "\nstoa-import: /tmp/a b.fbx is not converted: it is empty\nmore\n";
        assert_eq!(fault_of(said, source), "it is empty");
        assert_eq!(fault_of("Segmentation fault", source), "Segmentation fault");
        assert!(fault_of(" \n", source).contains("without a word"));
    }

    #[test]
    fn notes_are_taken_from_what_is_well_said_and_from_nothing_else() {
        let said = r#"{"input": "a.obj", "notes": ["one", 2, "three"]}"#;
        assert_eq!(notes_of(said), ["one", "three"]);
        for said in ["", "[]", "{\"notes\": 1}", "{\"notes\": [\"cut"] {
            assert_eq!(notes_of(said), [""; 0]);
        }
        let many = serde_json::json!({ "notes": vec!["again"; 1_000] }).to_string();
        assert_eq!(notes_of(&many).len(), MAX_NOTES);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_ones_own_and_goes_with_its_value() {
        use std::os::unix::fs::PermissionsExt as _;
        let [one, other] = [Folder::new().unwrap(), Folder::new().unwrap()];
        assert_ne!(one.0, other.0);
        let mode = fs::metadata(&one.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        fs::write(one.0.join(SAID_FILE), "x").unwrap();
        let path = one.0.clone();
        drop(one);
        assert!(!path.exists() && other.0.exists());
    }

    #[cfg(unix)]
    #[test]
    fn folders_of_processes_that_ended_are_removed_and_no_others() {
        let base = tempfile::tempdir().unwrap();
        let mut ended = Command::new("true").spawn().unwrap();
        let number = ended.id();
        ended.wait().unwrap();
        let names = [
            format!("{FOLDER_NAME}{number}-0"),
            format!("{FOLDER_NAME}{}-0", process::id()),
            format!("{FOLDER_NAME}x-0"),
            "another".to_owned(),
        ];
        for name in &names {
            fs::create_dir(base.path().join(name)).unwrap();
        }
        clear(base.path());
        let there = names.map(|name| base.path().join(name).exists());
        assert_eq!(there, [false, true, true, true]);
    }

    /// A program in the converter's place, which gets `convert --json --end-with-input -- IN OUT`.
    #[cfg(unix)]
    fn program(folder: &Path, lines: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join("importer");
        fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    #[cfg(unix)]
    #[test]
    fn a_conversion_gives_a_file_with_notes_or_a_fault_and_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let source = place.path().join("chair.obj");
        let writes = "cp /dev/null \"$6\"; echo '{\"notes\":[\"well done\"]}'";
        let good = program(place.path(), writes);
        let converted = Conversion::begin(&source, &good).unwrap().wait().unwrap();
        assert_eq!(converted.source(), source);
        assert_eq!(converted.notes, ["well done"]);
        let glb = converted.glb();
        assert!(glb.ends_with("chair.glb") && glb.is_file());
        let bad = program(place.path(), "echo 'stoa-import: no' >&2; exit 1");
        let again = Conversion::again(&converted, Look::default(), &bad).unwrap();
        let fault = again.wait().unwrap_err();
        assert_eq!(fault, ConversionError::Refused("no".to_owned()));
        assert!(glb.is_file(), "what there is stays");
        drop(converted);
        assert!(!glb.parent().unwrap().exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_waited_for_ends_with_all_its_processes() {
        let place = tempfile::tempdir().unwrap();
        let pipe = place.path().join("pipe");
        let lines = format!("mkfifo '{0}'; (sleep 30 > '{0}') & wait", pipe.display());
        let slow = program(place.path(), &lines);
        let mut conversion = Conversion::begin(Path::new("a.obj"), &slow).unwrap();
        let folder = conversion.becomes.folder.0.clone();
        while !pipe.exists() {
            assert!(conversion.poll().is_none());
            thread::yield_now();
        }
        // It opens when the worker has it open, and is at its end when nobody has.
        let mut pipe = File::open(pipe).unwrap();
        let began = Instant::now();
        drop(conversion);
        assert_eq!(pipe.read_to_end(&mut Vec::new()).unwrap(), 0);
        assert!(began.elapsed().as_secs() < 15, "its worker went on");
        assert!(!folder.exists());
    }
}
