//! `stoa-import convert`: one canonical GLB from a file that passes the gate.
//! The work is done by this program once more, in a process of its own with limits: see `worker.rs`.

mod keys;
mod pack;
mod pipeline;
mod plain;
mod quantize;
mod report;
mod textures;
mod worker;

pub(crate) use worker::{Options as WorkerOptions, run_worker};

use crate::check::{self, PurposeName};
use report::Figures;
use scene::{FolderFiles, check_bytes};
use std::{
    io::{self, Write},
    num::NonZero,
    path::{Path, PathBuf},
};

/// Exit code when the file was not converted.
const FAILED: u8 = 1;

/// What to convert and how.
#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    /// File to convert: .gltf, .glb or .vrm.
    input: PathBuf,
    /// File to write: .glb, or .vrm for avatars.
    output: PathBuf,
    #[command(flatten)]
    wishes: Wishes,
    /// Prints one JSON object with what was made.
    #[arg(long)]
    json: bool,
}

/// What the result should be like.
#[derive(clap::Args, Clone)]
pub(crate) struct Wishes {
    /// What the file is for; without it .vrm is an avatar and everything else a world.
    #[arg(long = "as", value_name = "PURPOSE")]
    purpose: Option<PurposeName>,
    /// For every other program: PNG and JPEG images, floats, no compression.
    #[arg(long)]
    portable: bool,
    /// Most pixels on a side of an image; larger ones are made smaller.
    #[arg(long, value_name = "PIXELS", default_value_t = 2_048, value_parser = clap::value_parser!(u32).range(1..=16_384))]
    max_texture: u32,
    /// Threads to work with; the result is the same with any number.
    #[arg(long, value_name = "N", default_value_t = threads(), value_parser = threads_from)]
    threads: usize,
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

fn threads_from(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=64) => Ok(count),
        _ => Err("a number from 1 to 64".to_owned()),
    }
}

impl Wishes {
    /// The same wishes as flags for the worker.
    fn flags(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--max-texture={}", self.max_texture),
            format!("--threads={}", self.threads),
        ];
        if self.portable {
            flags.push("--portable".to_owned());
        }
        if let Some(purpose) = self.purpose {
            flags.push(format!("--as={}", purpose.name()));
        }
        flags
    }
}

/// Converts and says what was saved. Exit code 0 when the file was written, 1 when not.
pub(crate) fn run(
    options: &Options,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<u8> {
    let shown = options.input.display();
    let glb = match worker::convert(&options.input, &options.wishes) {
        Ok(glb) => glb,
        Err(fault) => {
            writeln!(errors, "stoa-import: {shown} is not converted: {fault}")?;
            return Ok(FAILED);
        }
    };
    if let Err(error) = write_whole(&options.output, &glb) {
        let shown = options.output.display();
        writeln!(errors, "stoa-import: {shown} cannot be written: {error}")?;
        return Ok(FAILED);
    }
    let purpose = check::purpose(&options.input, options.wishes.purpose);
    let before = std::fs::read(&options.input).ok().map(|bytes| {
        let folder = options.input.parent().unwrap_or(Path::new("."));
        check_bytes(&bytes, &FolderFiles::new(folder), purpose)
    });
    let after = check_bytes(&glb, &scene::NoSideFiles, purpose);
    let figures = Figures {
        input: &options.input,
        output: &options.output,
        before: before.as_ref(),
        after: &after,
        input_bytes: std::fs::metadata(&options.input).map_or(0, |data| data.len()),
    };
    if options.json {
        writeln!(output, "{}", figures.json())?;
    } else {
        figures.write(output)?;
    }
    Ok(check::NO_ERRORS)
}

/// Writes beside the file and renames, so that nobody ever reads half of it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    std::fs::write(&part, bytes)?;
    std::fs::rename(&part, path)
}
