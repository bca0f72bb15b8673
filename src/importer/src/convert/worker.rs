//! The process that does the work: whatever a file makes it do, it takes bounded memory and time, and a fault of a decoder
//! costs that one file.

use super::{Wishes, pipeline};
use crate::check;
use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longest time for one file.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Most memory for one file, in KiB of address space.
const MEMORY_LIMIT_KIB: u64 = 2 * 1024 * 1024;
/// Largest result.
const MAX_RESULT_BYTES: u64 = 1024 * 1024 * 1024;
/// Longest message of a worker that is passed on.
const MAX_MESSAGE_BYTES: u64 = 4 * 1024;
/// Exit code of a worker that says in one line why there is no result.
const REFUSED: u8 = 1;

/// What the worker is told.
#[derive(clap::Args)]
pub(crate) struct Options {
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

/// The worker: a GLB on standard output and notes on standard error, or one line there that says why not.
pub(crate) fn run_worker(
    options: &Options,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<u8> {
    let purpose = check::purpose(&options.input, options.wishes.purpose);
    match pipeline::convert(&options.input, purpose, &options.wishes) {
        Ok((glb, notes)) => {
            for note in notes {
                writeln!(errors, "{note}")?;
            }
            output.write_all(&glb).map(|()| check::NO_ERRORS)
        }
        Err(fault) => writeln!(errors, "{fault}").map(|()| REFUSED),
    }
}

/// Has a worker convert a file.
///
/// # Errors
/// One line that says why it was not converted.
pub(super) fn convert(input: &Path, wishes: &Wishes) -> Result<Done, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = limited(&program);
    command
        .arg("convert-worker")
        .args(wishes.flags())
        .arg("--")
        .arg(input);
    collect(&mut command, TIME_LIMIT)
}

/// The command in a shell that lowers its limit of memory first; where there is no such shell, the command.
fn limited(program: &Path) -> Command {
    if !cfg!(unix) {
        return Command::new(program);
    }
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(format!("ulimit -v {MEMORY_LIMIT_KIB}; exec \"$0\" \"$@\""))
        .arg(program);
    command
}

/// What a command writes, within a time.
fn collect(command: &mut Command, limit: Duration) -> Result<Done, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the converter cannot be started: {error}"))?;
    let output = read_apart(child.stdout.take(), MAX_RESULT_BYTES);
    let message = read_apart(child.stderr.take(), MAX_MESSAGE_BYTES);
    let Ok(bytes) = output.recv_timeout(limit) else {
        stop(&mut child);
        return Err(format!("it takes more than {} seconds", limit.as_secs()));
    };
    if bytes.len() as u64 >= MAX_RESULT_BYTES {
        stop(&mut child);
        return Err(format!("the result has more than {MAX_RESULT_BYTES} bytes"));
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let message = message.recv_timeout(limit).unwrap_or_default();
    let message = String::from_utf8_lossy(&message);
    if status.success() {
        return Ok(Done {
            bytes,
            notes: message.lines().map(str::to_owned).collect(),
        });
    }
    if status.code() == Some(i32::from(REFUSED)) {
        return Err(message.trim().to_owned());
    }
    if message.contains("memory allocation of") || message.contains("bad_alloc") {
        let gib = MEMORY_LIMIT_KIB / 1024 / 1024;
        return Err(format!("it takes more than {gib} GiB of memory"));
    }
    let mut fault = format!("the converter broke down on it ({status})");
    if let Some(line) = message.lines().next() {
        write!(fault, ": {line}").map_err(|error| error.to_string())?;
    }
    Err(fault)
}

fn stop(child: &mut Child) {
    // It may have ended by itself meanwhile.
    drop(child.kill());
    drop(child.wait());
}

/// Reads a stream to its end, or to the limit, in a thread of its own.
fn read_apart(stream: Option<impl Read + Send + 'static>, limit: u64) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let read = move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            // What was read before a fault is all there is.
            drop(stream.take(limit).read_to_end(&mut bytes));
        }
        // Nobody waits any more when the time is over.
        drop(sender.send(bytes));
    };
    // Without a thread the receiver hears that nobody sends.
    drop(
        thread::Builder::new()
            .name("worker output".to_owned())
            .spawn(read),
    );
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script);
        command
    }

    #[test]
    fn a_worker_that_goes_on_for_ever_is_stopped() {
        let fault = collect(&mut shell("exec sleep 1000"), Duration::from_millis(50));
        assert_eq!(fault, Err("it takes more than 0 seconds".to_owned()));
    }

    #[test]
    fn a_worker_that_breaks_down_costs_one_line() {
        let limit = TIME_LIMIT;
        let fault = collect(&mut shell("kill -SEGV $$"), limit).unwrap_err();
        assert!(
            fault.contains("broke down") && !fault.contains('\n'),
            "{fault}"
        );
        let fault = collect(&mut shell("echo 'no such thing' >&2; exit 1"), limit);
        assert_eq!(fault, Err("no such thing".to_owned()));
        let fault = collect(
            &mut shell("echo 'memory allocation of 9 bytes failed' >&2; exit 134"),
            limit,
        );
        assert_eq!(fault, Err("it takes more than 2 GiB of memory".to_owned()));
    }

    #[test]
    fn the_limit_of_memory_is_in_force_inside() {
        let mut command = limited(Path::new("/bin/sh"));
        command.arg("-c").arg("ulimit -v");
        let limit = collect(&mut command, TIME_LIMIT).unwrap();
        assert_eq!(
            String::from_utf8(limit.bytes).unwrap().trim(),
            MEMORY_LIMIT_KIB.to_string()
        );
    }
}
