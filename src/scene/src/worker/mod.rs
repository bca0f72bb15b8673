//! Foreign decoders, apart: a process of its own for each file, with limits of memory and time, so that whatever a payload
//! does to a decoder costs that one file. The process is the running program once more (`serve.rs` is what it does then), it
//! starts with the first payload, and files without one never start it. Start reading at [`Worker`].

mod frame;
mod process;
mod serve;

use crate::limits;
use process::Process;
use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

/// The first argument of a program that is to serve as a worker.
const ARGUMENT: &str = "decode-worker";
/// What is said of a payload that made its decoder panic.
const GAVE_UP: &str = "its decoder gave up on it";

/// This program, once it has said that it serves.
static PROGRAM: OnceLock<Program> = OnceLock::new();

/// Something that turns untrusted bytes into others. It is run in a worker and may panic, hang or run out of memory there.
pub struct Decoder {
    /// Names it between the two processes, at most 255 bytes.
    pub name: &'static str,
    /// Bytes from bytes, or one line that says what is wrong with them.
    pub decode: fn(&[u8]) -> Result<Vec<u8>, String>,
}

/// One of several payloads that are asked for together.
pub struct Payload<'p> {
    /// Joined to one.
    pub parts: Vec<&'p [u8]>,
    /// Memory that decoding it is thought to take, by headers that our own code has read: payloads that would take much are
    /// decoded alone.
    pub memory_bytes: u64,
}

/// What one worker may take.
#[derive(Clone, Copy, Debug)]
pub struct WorkerLimits {
    /// Bytes of memory of its own. In force on Unix.
    pub memory_bytes: u64,
    /// Time of a processor for all payloads together, in whole seconds. In force on Unix.
    pub processor_time: Duration,
    /// Time on the wall for each payload.
    pub payload_time: Duration,
    /// Payloads that are decoded at once, where several are asked for together.
    pub threads: u32,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self {
            memory_bytes: limits::MAX_WORKER_MEMORY_BYTES,
            processor_time: limits::MAX_WORKER_PROCESSOR_TIME,
            payload_time: limits::MAX_PAYLOAD_TIME,
            threads: 1,
        }
    }
}

/// A program whose `main` begins with [`serve_if_asked`], and what its workers may take.
#[derive(Clone, Debug)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// What a worker may take.
    pub limits: WorkerLimits,
}

impl Program {
    /// The running program, even when its file has been replaced since.
    #[must_use]
    pub fn this(limits: WorkerLimits) -> Self {
        Self {
            path: process::this_program(),
            limits,
        }
    }
}

/// To be called first in `main`. In a process that was started as a worker it serves until its parent has no more work, and the
/// exit code is all that is left to do. `own` are decoders of the program beside those of this crate.
#[must_use]
pub fn serve_if_asked(own: &[&'static Decoder]) -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let is_asked = arguments.next().is_some_and(|first| first == ARGUMENT);
    is_asked.then(|| serve::serve(arguments, own))
}

/// From here on the payloads of this process are decoded apart, within these limits for each file. Only for programs that begin
/// with [`serve_if_asked`].
pub fn decode_apart(limits: WorkerLimits) {
    // A second call changes nothing.
    PROGRAM.get_or_init(|| Program::this(limits));
}

/// Says to the parent of a worker which stage of its work a decoder has come to; elsewhere it does nothing. What a number
/// means is between the decoder and whoever [`Worker::decode_telling`] is called by.
pub fn tell_stage(stage: u8) {
    serve::tell_stage(stage);
}

/// The process for the next worker of this program that needs one.
static READY: Mutex<Option<Process>> = Mutex::new(None);

/// Starts a process for the next worker of this program, where none is ready: a start takes as long as a small picture, and
/// whoever reads a file then does not wait for it. It still serves one file alone. In a program that does not decode apart
/// nothing is started.
pub fn keep_ready() {
    let Some(program) = PROGRAM.get() else { return };
    let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
    if ready.is_none() {
        // Where none can be started, the next worker says so.
        *ready = Process::start(program).ok();
    }
}

fn take_ready() -> Option<Process> {
    let ready = READY.lock().unwrap_or_else(PoisonError::into_inner).take();
    ready.filter(Process::is_running)
}

/// The worker of one file. In a program that did not wish to [`decode_apart`] it decodes in this process, where it stops
/// panics and nothing else.
#[derive(Default)]
pub struct Worker {
    program: Option<Program>,
    /// `program` is the running one, as it wished to decode.
    is_own: bool,
    state: RefCell<State>,
    /// It may have seen something of a file.
    is_used: Cell<bool>,
}

impl Drop for Worker {
    /// A process that has seen nothing may serve the next file.
    fn drop(&mut self) {
        if let State::Running(process) = std::mem::take(self.state.get_mut())
            && self.is_own
            && !self.is_used.get()
        {
            let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
            let surplus = ready.replace(process);
            // Its end is not waited for by those who look for a process.
            drop(ready);
            drop(surplus);
        }
    }
}

#[derive(Default)]
enum State {
    #[default]
    Unstarted,
    Running(Process),
    /// What ended it.
    Over(String),
}

impl Worker {
    /// A worker of this program, for one file.
    #[must_use]
    pub fn new() -> Self {
        Self {
            program: PROGRAM.get().cloned(),
            is_own: true,
            state: RefCell::default(),
            is_used: Cell::default(),
        }
    }

    /// The same, and its process begins to start at once, for a file that is likely to need it: a start takes as long as a
    /// small picture.
    #[must_use]
    pub fn started() -> Self {
        let worker = Self::new();
        if let Some(program) = &worker.program {
            // A process that cannot be started is told of with the first payload.
            drop(worker.with_process(program, |_process| Ok(())));
        }
        worker
    }

    /// A worker of another program, or with other limits.
    #[must_use]
    pub fn of(program: Program) -> Self {
        Self {
            program: Some(program),
            is_own: false,
            state: RefCell::default(),
            is_used: Cell::default(),
        }
    }

    /// What `decoder` makes of a payload, at most `limit` bytes; `parts` are joined to one.
    ///
    /// # Errors
    /// One line that says what is wrong with the payload, or what ended the worker; nothing is decoded after that.
    pub fn decode(
        &self,
        decoder: &Decoder,
        parts: &[&[u8]],
        limit: usize,
    ) -> Result<Vec<u8>, String> {
        self.decode_telling(decoder, parts, limit, &mut |_stage| {})
    }

    /// The same as [`Self::decode`]; `told` hears of each stage that the decoder names, as it comes to it. A worker may name
    /// any, and as often as it likes.
    ///
    /// # Errors
    /// As for [`Self::decode`].
    pub fn decode_telling(
        &self,
        decoder: &Decoder,
        parts: &[&[u8]],
        limit: usize,
        told: &mut dyn FnMut(u8),
    ) -> Result<Vec<u8>, String> {
        let Some(program) = &self.program else {
            return decode_here(decoder, &parts.concat(), limit as u64);
        };
        self.is_used.set(true);
        self.with_process(program, |process| {
            process.decode(decoder, parts, limit, told)
        })?
    }

    /// What `decoder` makes of several payloads, at most `limit` bytes of each, as many at once as the limits of the worker say.
    /// `made` hears of the place and the result of each once, in any order: an error is as for [`Self::decode`].
    pub fn decode_all(
        &self,
        decoder: &Decoder,
        payloads: &[Payload<'_>],
        limit: usize,
        made: &mut dyn FnMut(usize, Result<Vec<u8>, String>),
    ) {
        // Nothing needs no process.
        if payloads.is_empty() {
            return;
        }
        let Some(program) = &self.program else {
            for (place, payload) in payloads.iter().enumerate() {
                let bytes = payload.parts.concat();
                made(place, decode_here(decoder, &bytes, limit as u64));
            }
            return;
        };
        self.is_used.set(true);
        let mut is_made = vec![false; payloads.len()];
        let outcome = self.with_process(program, |process| {
            process.decode_all(decoder, payloads, limit, &mut |place, result| {
                is_made[place] = true;
                made(place, result);
            })
        });
        let Err(fault) = outcome else { return };
        let places = is_made.iter().enumerate();
        for (place, _) in places.filter(|(_, is_made)| !**is_made) {
            made(place, Err(fault.clone()));
        }
    }

    /// Starts the process when this is its first work; when it ends at this work, the error says why.
    fn with_process<T>(
        &self,
        program: &Program,
        work: impl FnOnce(&mut Process) -> Result<T, process::Ended>,
    ) -> Result<T, String> {
        let mut state = self.state.borrow_mut();
        if matches!(*state, State::Unstarted) {
            let ready = self.is_own.then(take_ready).flatten();
            let process = ready.map_or_else(|| Process::start(program), Ok);
            *state = match process {
                Ok(process) => State::Running(process),
                Err(error) => State::Over(format!("its decoder cannot be started: {error}")),
            };
        }
        let process = match &mut *state {
            State::Running(process) => process,
            State::Over(fault) => return Err(fault.clone()),
            State::Unstarted => return Err(GAVE_UP.to_owned()),
        };
        match work(process) {
            Ok(result) => Ok(result),
            Err(process::Ended) => {
                let fault = process.fault();
                *state = State::Over(fault.clone());
                Err(fault)
            }
        }
    }
}

/// A panic of a decoder is a fault of its payload.
fn decode_here(decoder: &Decoder, bytes: &[u8], limit: u64) -> Result<Vec<u8>, String> {
    let attempt = || (decoder.decode)(bytes);
    match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(Ok(bytes)) if bytes.len() as u64 > limit => {
            Err(format!("it unpacks to more than {limit} bytes"))
        }
        Ok(result) => result,
        Err(_panic) => Err(GAVE_UP.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBLE: Decoder = Decoder {
        name: "double",
        decode: |bytes| match bytes {
            [] => Err("it is empty".to_owned()),
            [0, ..] => panic!("a fault of its own"),
            _ => Ok([bytes, bytes].concat()),
        },
    };

    #[test]
    fn a_panic_of_a_decoder_is_a_fault_of_its_payload() {
        let worker = Worker::default();
        let decode = |parts: &[&[u8]]| worker.decode(&DOUBLE, parts, 8);
        assert_eq!(decode(&[&[0, 1]]), Err(GAVE_UP.to_owned()));
        assert_eq!(decode(&[]), Err("it is empty".to_owned()));
        assert_eq!(decode(&[&[1], &[2, 3]]), Ok(vec![1, 2, 3, 1, 2, 3]));
        assert!(decode(&[&[1; 5]]).unwrap_err().contains("more than 8"));
    }

    #[test]
    fn of_several_payloads_each_has_its_own_result() {
        let bytes: [&[u8]; 3] = [&[0, 1], &[2], &[1; 5]];
        let payloads = bytes.map(|bytes| Payload {
            parts: vec![bytes],
            memory_bytes: 0,
        });
        let mut results = vec![None; payloads.len()];
        Worker::default().decode_all(&DOUBLE, &payloads, 8, &mut |place, result| {
            assert_eq!(results[place].replace(result), None);
        });
        let [first, second, third] = &results[..] else {
            panic!("there are three");
        };
        assert_eq!(*first, Some(Err(GAVE_UP.to_owned())));
        assert_eq!(*second, Some(Ok(vec![2, 2])));
        assert!(third.as_ref().is_some_and(Result::is_err));
    }

    #[test]
    fn what_a_broken_worker_says_is_bounded() {
        let read = |bytes: &[u8], limit| frame::read_reply(&mut &bytes[..], limit, &mut |_| {});
        let too_long = [&[1][..], &[0; 4], &9u64.to_le_bytes(), &[0; 9]].concat();
        assert!(read(&too_long, 8).is_err());
        let endless = [&[1][..], &[0; 4], &u64::MAX.to_le_bytes(), &[0; 9]].concat();
        assert!(read(&endless, usize::MAX).is_err());
        let lines = [&[7][..], &[5, 0, 0, 0], &3u64.to_le_bytes(), b"a\nb"].concat();
        let fault = read(&lines, 8).unwrap();
        assert_eq!(fault, (5, Err("a b".to_owned())));
    }

    #[test]
    fn stages_are_told_before_the_reply() {
        let mut bytes = Vec::new();
        frame::write_stage(&mut bytes, 3).unwrap();
        frame::write_stage(&mut bytes, 255).unwrap();
        assert!(frame::read_reply(&mut &bytes[..], 8, &mut |_| {}).is_err());
        frame::write_reply(&mut bytes, 9, &Ok(vec![7])).unwrap();
        let mut told = Vec::new();
        let reply = frame::read_reply(&mut &bytes[..], 8, &mut |stage| told.push(stage));
        assert_eq!((reply.unwrap(), told), ((9, Ok(vec![7])), vec![3, 255]));
    }

    #[cfg(unix)]
    #[test]
    fn a_process_that_may_have_seen_something_serves_no_other_file() {
        // There is no such script, so that it ends at once; that does not matter here.
        let program = || Program {
            path: "/bin/sh".into(),
            limits: WorkerLimits::default(),
        };
        let is_ready_after = |is_own: bool, use_it: &dyn Fn(&Worker)| {
            drop(take_ready());
            let mut worker = Worker::of(program());
            worker.is_own = is_own;
            let started = worker.with_process(&program(), |_process| Ok(()));
            assert_eq!(started, Ok(()));
            use_it(&worker);
            drop(worker);
            READY.lock().unwrap().take().is_some()
        };
        let payload = || Payload {
            parts: vec![b"1"],
            memory_bytes: 1,
        };
        let ask = |worker: &Worker, payloads: &[Payload<'_>]| {
            worker.decode_all(&DOUBLE, payloads, 8, &mut |_, _| {});
        };
        assert!(is_ready_after(true, &|_| {}));
        assert!(is_ready_after(true, &|worker| ask(worker, &[])));
        assert!(!is_ready_after(false, &|_| {}));
        assert!(!is_ready_after(true, &|worker| ask(worker, &[payload()])));
        assert!(!is_ready_after(true, &|worker| {
            drop(worker.decode(&DOUBLE, &[b"1"], 8));
        }));
        // One that has ended serves nobody.
        let ended = Process::start(&program()).unwrap();
        while ended.is_running() {
            std::thread::yield_now();
        }
        *READY.lock().unwrap() = Some(ended);
        assert!(take_ready().is_none());
    }
}
