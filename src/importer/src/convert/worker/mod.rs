//! The process that does the work, by the means of `scene::worker`: whatever a file makes it do, it takes bounded memory and
//! time, and a fault of a decoder costs that one file.

pub(super) mod progress;

use super::{Wishes, pipeline};
use crate::check;
use clap::Parser as _;
use progress::Line;
use scene::worker::{Decoder, Program, Worker, WorkerLimits};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

/// Longest time for one file.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Most memory for one file.
const MEMORY_LIMIT_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Largest result.
const MAX_RESULT_BYTES: usize = 1024 * 1024 * 1024;
/// Longest fault; what follows is cut.
const MAX_FAULT_CHARS: usize = 1_000;
/// Between the arguments of a task: no argument holds it.
const SEPARATOR: u8 = 0;

/// Converts apart.
pub(crate) const DECODER: Decoder = Decoder {
    name: "convert",
    decode: work,
};

/// What the worker is told.
#[derive(clap::Parser)]
#[command(no_binary_name = true)]
struct Task {
    input: PathBuf,
    #[command(flatten)]
    wishes: Wishes,
}

/// What a worker made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) bytes: Vec<u8>,
    /// What is worth telling, a line each.
    pub(super) notes: Vec<String>,
}

impl Done {
    /// The length of the notes, the notes, the GLB.
    fn pack(self) -> Vec<u8> {
        let notes = self.notes.join("\n");
        let length = (notes.len() as u64).to_le_bytes();
        [&length[..], notes.as_bytes(), &self.bytes].concat()
    }

    /// `None` for what is no result: a worker is not trusted.
    fn unpack(mut bytes: Vec<u8>) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (notes, glb) = rest.split_at_checked(length)?;
        if !glb.starts_with(b"glTF") {
            return None;
        }
        let notes = String::from_utf8_lossy(notes);
        let notes = notes.lines().map(str::to_owned).collect();
        bytes.drain(..length + 8);
        Some(Self { bytes, notes })
    }
}

/// The worker's side.
fn work(task: &[u8]) -> Result<Vec<u8>, String> {
    let arguments = task.split(|byte| *byte == SEPARATOR).map(argument);
    let task = arguments
        .collect::<Option<Vec<OsString>>>()
        .and_then(|arguments| Task::try_parse_from(arguments).ok());
    let task = task.ok_or("its name cannot be handed on")?;
    let purpose = check::purpose(&task.input, task.wishes.purpose);
    pipeline::convert(&task.input, purpose, &task.wishes)
        .map(|(bytes, notes)| Done { bytes, notes }.pack())
        .map_err(|fault| match fault.char_indices().nth(MAX_FAULT_CHARS) {
            Some((end, _)) => format!("{}...", &fault[..end]),
            None => fault,
        })
}

/// Has a worker convert a file, and shows what it is at.
///
/// # Errors
/// One line that says why it was not converted.
pub(super) fn convert(input: &Path, wishes: &Wishes, line: &mut Line<'_>) -> Result<Done, String> {
    let worker = Worker::of(Program::this(WorkerLimits {
        memory_bytes: MEMORY_LIMIT_BYTES,
        processor_time: TIME_LIMIT * wishes.threads as u32,
        payload_time: TIME_LIMIT,
        threads: 1,
    }));
    let mut task = Vec::new();
    for flag in wishes.flags() {
        task.extend(flag.as_bytes());
        task.push(SEPARATOR);
    }
    task.extend(b"--\0");
    let task = [&task, input.as_os_str().as_encoded_bytes()];
    let show = &mut |stage| line.show(stage);
    let bytes = worker.decode_telling(&DECODER, &task, MAX_RESULT_BYTES, show);
    line.clear();
    let bytes = bytes?;
    Done::unpack(bytes).ok_or_else(|| "the converter gave no GLB".to_owned())
}

#[cfg(unix)]
fn argument(bytes: &[u8]) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(OsString::from_vec(bytes.to_vec()))
}

#[cfg(not(unix))]
fn argument(bytes: &[u8]) -> Option<OsString> {
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_glb_is_no_result() {
        let done = Done {
            bytes: b"glTF...".to_vec(),
            notes: vec!["one".to_owned(), "two".to_owned()],
        };
        let packed = |bytes: &[u8]| {
            let notes = done.notes.clone();
            let bytes = bytes.to_vec();
            Done { bytes, notes }.pack()
        };
        assert_eq!(Done::unpack(packed(&done.bytes)).as_ref(), Some(&done));
        for broken in [
            packed(b""),
            packed(b"nothing"),
            vec![],
            vec![255; 8],
            vec![1; 7],
        ] {
            assert_eq!(Done::unpack(broken), None);
        }
    }

    #[test]
    fn a_fault_is_short_whatever_the_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.gltf");
        let name = "ä".repeat(10_000);
        let json = format!(
            r#"{{"asset":{{"version":"2.0"}},"extensionsUsed":["{name}"],"extensionsRequired":["{name}"]}}"#
        );
        std::fs::write(&path, json).unwrap();
        let task = [b"--\0", path.as_os_str().as_encoded_bytes()].concat();
        let fault = work(&task).unwrap_err();
        assert_eq!(fault.chars().count(), MAX_FAULT_CHARS + 3);
    }
}
