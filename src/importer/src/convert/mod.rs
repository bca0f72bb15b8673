//! `stoa-import convert`: one canonical GLB from a file that passes the gate.
//! The work is done by this program once more, in a process of its own with limits: see `worker/mod.rs`.

mod authorship;
mod compressed;
mod keys;
mod levels;
mod meanings;
mod pack;
mod physics;
mod pipeline;
mod plain;
mod quantize;
mod report;
mod simplify;
mod textures;

mod watch;
mod weights;
mod worker;

pub(crate) use worker::DECODER;

use crate::{
    check::{self, PurposeName},
    exit,
    formats::{self, Hints},
    output::{self, Replaces},
};
use clap::ValueEnum as _;
use physics::Physics;
use report::Figures;
use scene::{FolderFiles, Purpose, check_bytes};
use std::{
    io::{self, Write},
    num::NonZero,
    path::{Path, PathBuf},
    process, thread,
};
use worker::progress::Line;

/// Endings of files that are written.
const ENDINGS: [&str; 3] = ["glb", "vrm", "vrma"];

/// What to convert and how.
#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    /// File to convert: .gltf, .glb, .vrm, .fbx, .obj, .stl, .ply, .usdz, .usdc, .usda or .usd, or a .zip with one such model.
    input: PathBuf,
    /// File to write: .glb, .vrm for avatars, or .vrma; one that is there is replaced only when `stoa-import` made it.
    output: PathBuf,
    #[command(flatten)]
    wishes: Wishes,
    /// Prints one JSON object with what was made.
    #[arg(long)]
    json: bool,
    /// Converts again whenever the file, or one beside it, is saved; until Ctrl-C.
    #[arg(long)]
    watch: bool,
    /// Ends when its standard input does, whatever it is at: for programs that start this one.
    #[arg(long, hide = true)]
    end_with_input: bool,
}

/// What the result should be like.
#[derive(clap::Args, Clone, Default)]
pub(crate) struct Wishes {
    /// What the file is for; without it .vrm is an avatar, .vrma an animation, everything else a world.
    #[arg(long = "as", value_name = "PURPOSE")]
    purpose: Option<PurposeName>,
    /// For every other program: PNG and JPEG images, floats, no compression.
    #[arg(long)]
    portable: bool,
    /// Most pixels on a side of an image; larger ones are made smaller.
    #[arg(long, value_name = "PIXELS", default_value_t = 2_048, value_parser = clap::value_parser!(u32).range(1..=16_384))]
    max_texture: u32,
    /// Leave out triangles that change the shape by no more than rounding does.
    #[arg(long)]
    simplify: bool,
    /// Levels of detail to add to large meshes.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = levels_from)]
    levels: usize,
    /// Colliders to add where a file has no physics.
    #[arg(long, value_enum)]
    physics: Option<Physics>,
    /// What one unit of a file is that does not say it; without it a metre, of STL a millimetre.
    #[arg(long, value_enum)]
    unit: Option<Unit>,
    /// Which axis of a file points up that does not say it; without it Y, of STL Z.
    #[arg(long, value_enum)]
    up: Option<Up>,
    /// Folder where images of other formats are looked for, beside the file's own.
    #[arg(long, value_name = "DIR")]
    textures: Option<PathBuf>,
    /// Threads to work with; the result is the same with any number.
    #[arg(long, value_name = "N", default_value_t = processors(), value_parser = threads_from)]
    threads: usize,
}

/// Units of length.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Unit {
    M,
    Cm,
    Mm,
    Inch,
}

/// Axes that point up.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Up {
    Y,
    Z,
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

fn levels_from(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 0..=4) => Ok(count),
        _ => Err("a number from 0 to 4".to_owned()),
    }
}

fn threads_from(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=64) => Ok(count),
        _ => Err("a number from 1 to 64".to_owned()),
    }
}

impl Wishes {
    fn hints(&self) -> Hints {
        Hints {
            unit_metres: self.unit.map(|unit| match unit {
                Unit::M => 1.0,
                Unit::Cm => 0.01,
                Unit::Mm => 0.001,
                Unit::Inch => 0.0254,
            }),
            is_z_up: self.up.map(|up| up == Up::Z),
            textures: self.textures.clone(),
        }
    }

    /// What was said of a file and changes nothing of it, a line each.
    fn idle(&self, input: &Path) -> impl Iterator<Item = &'static str> {
        let says_space = self.unit.is_some() || self.up.is_some();
        let space = (says_space && formats::states_its_space(input))
            .then_some("`--unit` and `--up` change nothing: such a file states both itself");
        let images = (self.textures.is_some() && !formats::looks_for_images(input))
            .then_some("`--textures` changes nothing: only images of FBX, OBJ, PLY and layers of USD are looked for");
        space.into_iter().chain(images)
    }

    /// The same wishes as flags for the worker.
    fn flags(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--max-texture={}", self.max_texture),
            format!("--threads={}", self.threads),
            format!("--levels={}", self.levels),
        ];
        let unit = self.unit.and_then(|unit| unit.to_possible_value());
        flags.extend(unit.map(|unit| format!("--unit={}", unit.get_name())));
        let up = self.up.and_then(|up| up.to_possible_value());
        flags.extend(up.map(|up| format!("--up={}", up.get_name())));
        let physics = self.physics.and_then(|physics| physics.to_possible_value());
        flags.extend(physics.map(|physics| format!("--physics={}", physics.get_name())));
        if let Some(folder) = &self.textures {
            flags.push("--textures".to_owned());
            flags.push(folder.display().to_string());
        }
        if self.simplify {
            flags.push("--simplify".to_owned());
        }
        if self.portable {
            flags.push("--portable".to_owned());
        }
        if let Some(purpose) = self.purpose {
            flags.push(format!("--as={}", purpose.name()));
        }
        flags
    }
}

/// Converts, once or after every save, and says what was saved; `errors` shows what is being done when it is a terminal. Exit
/// code 0 when the file was written, 1 when not.
pub(crate) fn run(
    options: &Options,
    output: &mut dyn Write,
    errors: &mut dyn Write,
    is_terminal: bool,
) -> io::Result<u8> {
    if options.end_with_input {
        let waiting = thread::Builder::new().name("input".to_owned());
        waiting.spawn(|| {
            // However it ends, whoever wanted the file is gone.
            drop(io::copy(&mut io::stdin(), &mut io::sink()));
            process::exit(exit::FAILED.into());
        })?;
    }
    let shows_progress = is_terminal && !options.json;
    if !options.watch {
        return convert(options, output, errors, shows_progress);
    }
    let mut last = Ok(exit::DONE);
    watch::watch(&options.input, || {
        last = convert(options, output, errors, shows_progress)
            .and_then(|code| output.flush().map(|()| code));
        last.is_ok()
    });
    last
}

fn convert(
    options: &Options,
    output: &mut dyn Write,
    errors: &mut dyn Write,
    shows_progress: bool,
) -> io::Result<u8> {
    let inputs = [options.input.as_path()];
    let is_free = output::refuse_loss(&options.output, &inputs, &ENDINGS, Replaces::OwnGlb);
    if let Err(fault) = is_free {
        output::tell(errors, &fault)?;
        return Ok(exit::FAILED);
    }
    let shown = options.input.display();
    let terminal: Option<&mut dyn Write> = match shows_progress {
        true => Some(&mut *errors),
        false => None,
    };
    let wishes = wishes_of(options);
    let done = worker::convert(&options.input, &wishes, &mut Line::new(terminal));
    let done = match done {
        Ok(done) => done,
        Err(fault) => {
            output::tell(errors, &format!("{shown} is not converted: {fault}"))?;
            return Ok(exit::FAILED);
        }
    };
    if let Err(error) = output::write_whole(&options.output, &done.bytes) {
        let shown = options.output.display();
        output::tell(errors, &format!("{shown} cannot be written: {error}"))?;
        return Ok(exit::FAILED);
    }
    let purpose = check::purpose(&options.input, wishes.purpose);
    let is_gltf = !formats::is_foreign(&options.input) && !formats::is_archive(&options.input);
    // Whatever it is to become, it may still have other files beside it.
    let source = is_gltf
        .then(|| scene::read_bounded(&options.input, Purpose::World.limit()).ok())
        .flatten();
    let before = source.map(|bytes| {
        let folder = options.input.parent().unwrap_or(Path::new("."));
        check_bytes(&bytes, &FolderFiles::new(folder), Purpose::World)
    });
    let after = check_bytes(&done.bytes, &scene::NoSideFiles, purpose);
    let figures = Figures {
        input: &options.input,
        output: &options.output,
        before: before.as_ref(),
        after: &after,
        notes: &done.notes,
        input_bytes: std::fs::metadata(&options.input).map_or(0, |data| data.len()),
    };
    if options.json {
        writeln!(output, "{}", figures.json())?;
    } else {
        figures.write(output)?;
    }
    Ok(exit::DONE)
}

/// What is wished. What an archive is for, its name does not say, but that of the result may.
fn wishes_of(options: &Options) -> Wishes {
    let is_avatar = Purpose::of_file(&options.output) == Purpose::Avatar;
    let own = &options.wishes;
    let told = (formats::is_archive(&options.input) && is_avatar).then_some(PurposeName::Avatar);
    Wishes {
        purpose: own.purpose.or(told),
        ..own.clone()
    }
}

/// The file as a GLB that needs no decoder, for programs beside this one, and what is worth telling.
///
/// # Errors
/// One line that says why it was not converted.
pub(crate) fn plain(input: &Path, wishes: &Wishes) -> Result<(Vec<u8>, Vec<String>), String> {
    let wishes = Wishes {
        portable: true,
        ..wishes.clone()
    };
    let mut done = worker::convert(input, &wishes, &mut Line::new(None))?;
    // No file of it is kept.
    let of_files = [pipeline::UNWORN, pipeline::NOT_TO_BE_CHANGED];
    (done.notes).retain(|note| !of_files.contains(&note.as_str()));
    Ok((done.bytes, done.notes))
}
