//! The parent's side: starts a worker, asks it, and ends it when a payload takes too long.

use super::{ARGUMENT, Decoder, Payload, Program, WorkerLimits, frame};
use crate::limits::MAX_BYTES_AT_ONCE;
use std::{
    collections::VecDeque,
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

/// How the C library of a worker on Linux keeps memory: what one picture has freed serves the next one, in large pages, so that
/// the system does not clear it again; its threads share it. Elsewhere nothing reads this.
const MEMORY_TUNABLES: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=4294967296:\
     glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1",
);

/// Room in each pipe to a worker, the most that Linux gives to everybody: with its default of 64 KiB both sides would wait for each
/// other some hundred times a picture.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1024 * 1024;

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

fn broken(_pipe: io::Error) -> Ended {
    Ended
}

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
            .arg(limits.threads.to_string())
            .env(MEMORY_TUNABLES.0, MEMORY_TUNABLES.1)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        widen(&input);
        widen(&output);
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

    /// It has not ended by itself.
    pub(super) fn is_running(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(child.try_wait(), Ok(None))
    }

    /// Has a payload decoded; `told` hears of the stages of the work.
    pub(super) fn decode(
        &mut self,
        decoder: &Decoder,
        parts: &[&[u8]],
        limit: usize,
        told: &mut dyn FnMut(u8),
    ) -> Result<Result<Vec<u8>, String>, Ended> {
        self.watch_until(Some(Instant::now() + self.limits.payload_time))?;
        self.ask(0, decoder, parts, limit)?;
        let (_, reply) = frame::read_reply(&mut self.output, limit, told).map_err(broken)?;
        self.watch_until(None)?;
        Ok(reply)
    }

    /// Has payloads decoded, several at once; `made` gets each result with the payload's place, in the order in which they are
    /// done. When the worker ends, the rest gets none.
    pub(super) fn decode_all(
        &mut self,
        decoder: &Decoder,
        payloads: &[Payload<'_>],
        limit: usize,
        made: &mut dyn FnMut(usize, Result<Vec<u8>, String>),
    ) -> Result<(), Ended> {
        let mut asked: VecDeque<(usize, Instant)> = VecDeque::new();
        let mut waiting = payloads.iter().enumerate().peekable();
        let mut memory_bytes = 0u64;
        loop {
            while let Some((place, payload)) = waiting.next_if(|(_, payload)| {
                asked.is_empty()
                    || (asked.len() < self.limits.threads as usize
                        && memory_bytes.saturating_add(payload.memory_bytes) <= MAX_BYTES_AT_ONCE)
            }) {
                let by = Instant::now() + self.limits.payload_time;
                asked.push_back((place, by));
                memory_bytes = memory_bytes.saturating_add(payload.memory_bytes);
                self.watch_until(asked.front().map(|(_, by)| *by))?;
                self.ask(place as u32, decoder, &payload.parts, limit)?;
            }
            self.watch_until(asked.front().map(|(_, by)| *by))?;
            if asked.is_empty() {
                return Ok(());
            }
            let reply = frame::read_reply(&mut self.output, limit, &mut |_stage| {});
            let (number, result) = reply.map_err(broken)?;
            let known = asked.iter().position(|(place, _)| *place as u32 == number);
            let (place, _) = known.and_then(|at| asked.remove(at)).ok_or(Ended)?;
            memory_bytes -= payloads[place].memory_bytes;
            made(place, result);
        }
    }

    /// Until when there must be a reply. Without its watch a worker is not asked anything.
    fn watch_until(&self, deadline: Option<Instant>) -> Result<(), Ended> {
        self.deadline.send(deadline).map_err(|_over| Ended)
    }

    fn ask(
        &mut self,
        number: u32,
        decoder: &Decoder,
        parts: &[&[u8]],
        limit: usize,
    ) -> Result<(), Ended> {
        let input = self.input.as_mut().ok_or(Ended)?;
        frame::write_request(input, number, decoder.name, parts, limit).map_err(broken)
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

/// Makes a pipe as large as it is best; where the system has no more room it stays as it is.
#[cfg(target_os = "linux")]
fn widen(pipe: impl std::os::fd::AsFd) {
    rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES).unwrap_or_default();
}

#[cfg(not(target_os = "linux"))]
fn widen<Pipe>(_pipe: Pipe) {}

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
