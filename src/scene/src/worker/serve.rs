//! The worker's side: it takes its limits upon itself, decodes what it is asked to, and ends with its parent.

use super::{
    Decoder, decode_here,
    frame::{self, Request},
};
use crate::{
    limits::MAX_PAYLOADS_AT_ONCE,
    reader::{draco, foreign_image},
};
use std::{
    ffi::OsString,
    io,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

/// The decoders of this crate.
const OWN: [&Decoder; 4] = [
    &draco::DECODER,
    &foreign_image::WEBP_DECODER,
    &foreign_image::BASIS_DECODER,
    &foreign_image::DDS_DECODER,
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

/// Room on the stack of each thread that decodes beside the first: as much as that one has.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Serves until the parent closes the pipe, or is no more. `arguments` are the bytes of memory, the seconds of a processor, and
/// the threads that decode.
pub(super) fn serve(
    arguments: impl Iterator<Item = OsString>,
    own: &[&'static Decoder],
) -> ExitCode {
    let limits: Vec<u64> = arguments
        .filter_map(|argument| argument.to_str()?.parse().ok())
        .collect();
    let [memory_bytes, processor_secs, threads] = limits[..] else {
        return ExitCode::FAILURE;
    };
    let threads = threads.clamp(1, MAX_PAYLOADS_AT_ONCE.into());
    if obey(memory_bytes, processor_secs).is_err() {
        return ExitCode::FAILURE;
    }
    // Of a panic the reply tells.
    std::panic::set_hook(Box::new(|_| {}));
    // The parent asks for no more at once than there are threads, so that reading never waits for one.
    let (sender, requests) = mpsc::sync_channel(threads as usize);
    let reader = thread::Builder::new().name("requests".to_owned());
    if reader.spawn(move || read(&sender)).is_err() {
        return ExitCode::FAILURE;
    }
    SERVES.store(true, Ordering::Release);
    let requests = Mutex::new(requests);
    thread::scope(|scope| {
        for _ in 1..threads {
            let helper = thread::Builder::new()
                .name("decode".to_owned())
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || work(&requests, own));
            // With fewer threads it takes longer, and that is all.
            drop(helper);
        }
        work(&requests, own);
    });
    ExitCode::SUCCESS
}

/// Takes requests, one after the other, until there are no more.
fn work(requests: &Mutex<mpsc::Receiver<Request>>, own: &[&'static Decoder]) {
    loop {
        let next = requests.lock().map(|requests| requests.recv());
        let Ok(Ok(request)) = next else { return };
        let number = request.number;
        let reply = answer(&request, own);
        drop(request);
        // Held for the whole reply, and not before: a decoder may tell its stages.
        let mut output = io::BufWriter::new(io::stdout().lock());
        if frame::write_reply(&mut output, number, &reply).is_err() {
            return;
        }
    }
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
