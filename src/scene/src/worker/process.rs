//! The parent's side: starts a worker, asks it, and ends it when a payload takes too long.

use super::{ARGUMENT, Decoder, Program, WorkerLimits, frame};
use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

/// Most of what a dying worker says that is looked at.
const MAX_LAST_WORDS: u64 = 4 * 1024;

/// A running worker. It ends when this is dropped.
pub(super) struct Process {
    child: Arc<Mutex<Child>>,
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// Until when the present payload must be done; `None` between two.
    deadline: mpsc::SyncSender<Option<Instant>>,
    is_late: Arc<AtomicBool>,
    limits: WorkerLimits,
}

/// The worker is no more, or not to be trusted any more.
pub(super) struct Ended;

/// Where the running program is, for [`Program::this`].
pub(super) fn this_program() -> PathBuf {
    let running = Path::new("/proc/self/exe");
    if running.exists() {
        return running.to_owned();
    }
    // Without a name of its own nothing can be started, and every payload says so.
    std::env::current_exe().unwrap_or_default()
}

impl Process {
    pub(super) fn start(program: &Program) -> io::Result<Self> {
        let limits = program.limits;
        let mut child = Command::new(&program.path)
            .arg(ARGUMENT)
            .arg(limits.memory_bytes.to_string())
            .arg(limits.processor_time.as_secs().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let child = Arc::new(Mutex::new(child));
        let is_late = Arc::new(AtomicBool::new(false));
        // Room for the word before and the word after a payload: telling never waits.
        let (deadline, deadlines) = mpsc::sync_channel(2);
        let watched = (Arc::clone(&child), Arc::clone(&is_late));
        thread::Builder::new()
            .name("decode watch".to_owned())
            .spawn(move || watch(&deadlines, &watched.0, &watched.1))
            .inspect_err(|_no_thread| stop(&child))?;
        Ok(Self {
            child,
            input: Some(input),
            output,
            deadline,
            is_late,
            limits,
        })
    }

    /// Has a payload decoded; `told` hears of the stages of the work.
    pub(super) fn decode(
        &mut self,
        decoder: &Decoder,
        parts: &[&[u8]],
        limit: usize,
        told: &mut dyn FnMut(u8),
    ) -> Result<Result<Vec<u8>, String>, Ended> {
        let by = Instant::now() + self.limits.payload_time;
        // Without its watch a worker is not asked anything.
        self.deadline.send(Some(by)).map_err(|_over| Ended)?;
        let input = self.input.as_mut().ok_or(Ended)?;
        let asked = frame::write_request(input, decoder.name, parts, limit);
        let reply = asked.and_then(|()| frame::read_reply(&mut self.output, limit, told));
        let reply = reply.map_err(|_broken_pipe| Ended)?;
        self.deadline.send(None).map_err(|_over| Ended)?;
        Ok(reply)
    }

    /// What ended it, in one line; ends it if it has not.
    pub(super) fn fault(&mut self) -> String {
        self.input = None;
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let late = self.is_late.load(Ordering::Acquire);
        let status = match child.try_wait() {
            Ok(Some(status)) => Some(status),
            // What closed its pipe is about to end, and what did not has said something impossible.
            _ => child.kill().and_then(|()| child.wait()).ok(),
        };
        let mut words = Vec::new();
        if let Some(stream) = child.stderr.take() {
            // What was said before a fault of the pipe is all there is.
            drop(stream.take(MAX_LAST_WORDS).read_to_end(&mut words));
        }
        let words = String::from_utf8_lossy(&words);
        if late {
            let secs = self.limits.payload_time.as_secs_f32();
            return format!("it takes more than {secs} seconds");
        }
        if words.contains("memory allocation of") || words.contains("bad_alloc") {
            let bytes = self.limits.memory_bytes;
            return format!("it takes more than {bytes} bytes of memory");
        }
        if status.is_some_and(is_out_of_time) {
            let secs = self.limits.processor_time.as_secs();
            return format!("the file takes more than {secs} seconds of a processor");
        }
        let status = status.map_or_else(String::new, |status| format!(" ({status})"));
        match words.lines().find(|line| !line.trim().is_empty()) {
            Some(line) => format!(
                "its decoder broke down on it{status}: {}",
                frame::one_line(line)
            ),
            None => format!("its decoder broke down on it{status}"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        stop(&self.child);
    }
}

/// Ends the worker when a deadline passes.
fn watch(deadlines: &mpsc::Receiver<Option<Instant>>, child: &Mutex<Child>, is_late: &AtomicBool) {
    let mut next = deadlines.recv().ok();
    while let Some(deadline) = next {
        next = match deadline {
            None => deadlines.recv().ok(),
            Some(by) => {
                match deadlines.recv_timeout(by.saturating_duration_since(Instant::now())) {
                    Ok(deadline) => Some(deadline),
                    Err(mpsc::RecvTimeoutError::Disconnected) => None,
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        is_late.store(true, Ordering::Release);
                        stop(child);
                        None
                    }
                }
            }
        };
    }
}

fn stop(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // It may have ended by itself meanwhile; either way it is gone afterwards.
    drop(child.kill());
    drop(child.wait());
}

#[cfg(unix)]
fn is_out_of_time(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal() == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(not(unix))]
fn is_out_of_time(_status: ExitStatus) -> bool {
    false
}
