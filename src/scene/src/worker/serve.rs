//! The worker's side: it takes its limits upon itself, decodes what it is asked to, and ends with its parent.

use super::{
    Decoder, decode_here,
    frame::{self, Request},
};
use crate::reader::{draco, foreign_image};
use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

/// The decoders of this crate.
const OWN: [&Decoder; 3] = [
    &draco::DECODER,
    &foreign_image::WEBP_DECODER,
    &foreign_image::BASIS_DECODER,
];

/// True in a process that serves.
static SERVES: AtomicBool = AtomicBool::new(false);

/// Names the stage that a decoder has come to; see [`super::tell_stage`].
pub(super) fn tell_stage(stage: u8) {
    if SERVES.load(Ordering::Acquire) {
        // A parent that is gone ends this process by itself.
        drop(frame::write_stage(&mut io::stdout(), stage));
    }
}

/// Serves until the parent closes the pipe, or is no more. `arguments` are the bytes of memory and the seconds of a processor.
pub(super) fn serve(
    arguments: impl Iterator<Item = OsString>,
    own: &[&'static Decoder],
) -> ExitCode {
    let limits: Vec<u64> = arguments
        .filter_map(|argument| argument.to_str()?.parse().ok())
        .collect();
    let [memory_bytes, processor_secs] = limits[..] else {
        return ExitCode::FAILURE;
    };
    if obey(memory_bytes, processor_secs).is_err() {
        return ExitCode::FAILURE;
    }
    // Of a panic the reply tells.
    std::panic::set_hook(Box::new(|_| {}));
    let (sender, requests) = mpsc::sync_channel(0);
    let reader = thread::Builder::new().name("requests".to_owned());
    if reader.spawn(move || read(&sender)).is_err() {
        return ExitCode::FAILURE;
    }
    SERVES.store(true, Ordering::Release);
    // Not locked: a decoder may tell its stages in between.
    let mut output = io::BufWriter::new(io::stdout());
    while let Ok(request) = requests.recv() {
        let reply = answer(&request, own);
        drop(request);
        if frame::write_reply(&mut output, &reply).is_err() {
            break;
        }
    }
    drop(output.flush());
    ExitCode::SUCCESS
}

/// Reads apart from the decoding, so that a parent that is gone ends a worker in the middle of its work.
fn read(sender: &mpsc::SyncSender<Request>) {
    let mut input = io::stdin().lock();
    while let Ok(request) = frame::read_request(&mut input) {
        if sender.send(request).is_err() {
            return;
        }
    }
    std::process::exit(0);
}

fn answer(request: &Request, own: &[&'static Decoder]) -> Result<Vec<u8>, String> {
    let mut known = OWN.iter().chain(own);
    let decoder = known.find(|decoder| decoder.name == request.decoder);
    let decoder = decoder.ok_or_else(|| format!("there is no decoder `{}`", request.decoder))?;
    decode_here(decoder, &request.payload, request.limit)
}

/// Limits this process from here on.
#[cfg(unix)]
fn obey(memory_bytes: u64, processor_secs: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limited = |bound: u64| Rlimit {
        current: Some(bound),
        maximum: Some(bound),
    };
    // Of its own: the program's code, which is mapped and shared, is not counted.
    setrlimit(Resource::Data, limited(memory_bytes))?;
    // The system signals at the first bound and kills at the second.
    setrlimit(
        Resource::Cpu,
        Rlimit {
            current: Some(processor_secs),
            maximum: Some(processor_secs + 1),
        },
    )?;
    // It writes neither files nor its own image when it dies.
    setrlimit(Resource::Fsize, limited(0))?;
    setrlimit(Resource::Core, limited(0))?;
    Ok(())
}

#[cfg(not(unix))]
fn obey(_memory_bytes: u64, _processor_secs: u64) -> io::Result<()> {
    Ok(())
}
