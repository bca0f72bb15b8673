//! Designers' command line: says what is wrong with a file before a world does, makes one good GLB of it, and a picture.
//! It must not know Bevy or the network; what files mean is `scene`'s business.
//! Start reading at `check.rs` and `convert/mod.rs`.

mod check;
mod convert;
mod exit;
mod extensions;
mod formats;
mod fuzz;
mod html;
mod output;
mod preview;
mod text;

#[cfg(test)]
#[path = "../../scene/tests/mutate.rs"]
mod mutate;
#[cfg(test)]
#[path = "../../scene/tests/random.rs"]
mod random;

pub use fuzz::{fuzz_archive, fuzz_fbx, fuzz_obj, fuzz_picture, fuzz_ply, fuzz_stl, fuzz_usd};

use clap::{Parser, Subcommand};
use scene::worker::WorkerLimits;
use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

/// Checks and converts files for Stoa.
#[derive(Parser)]
#[command(name = "stoa-import", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reports what is wrong with files: exit 0 without errors, 1 with errors, 2 when no report can be made.
    Check(check::Options),
    /// Writes one canonical GLB: exit 0 when it is written, 1 when not.
    Convert(convert::Options),
    /// Draws a picture of a file from all sides: exit 0 when it is written, 1 when not.
    Preview(preview::Options),
    /// Prints what is done with each extension of glTF.
    Extensions,
}

/// The whole program: reads the arguments of the process, and serves when it was started as a worker.
#[must_use]
pub fn run() -> ExitCode {
    if let Some(code) = scene::worker::serve_if_asked(&[&convert::DECODER]) {
        return code;
    }
    let output = std::io::stdout();
    let mut output = std::io::BufWriter::new(output.lock());
    let command = Arguments::parse().command;
    scene::worker::decode_apart(WorkerLimits::default());
    let result = match command {
        Command::Check(options) => check::run(
            &options,
            &mut output,
            &mut std::io::stderr(),
            std::io::stderr().is_terminal(),
        ),
        Command::Convert(options) => convert::run(
            &options,
            &mut output,
            &mut std::io::stderr(),
            std::io::stderr().is_terminal(),
        ),
        Command::Preview(options) => preview::run(&options, &mut std::io::stderr()),
        Command::Extensions => extensions::write(&mut output).map(|()| exit::DONE),
    };
    match result.and_then(|code| output.flush().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        // A reader that closes the pipe has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(exit::NO_REPORT),
    }
}
