//! `stoa-import preview`: a picture of a file from all sides, or of an avatar's expressions, in even light, the same each
//! time. The desktop program draws it, without a window: a world is made in which the model stands several times, each
//! time turned a little further or with another face, before one who stands still.

mod faces;
mod label;
mod sheet;

use crate::{
    check, convert,
    output::{self, Replaces},
};
use image::GenericImageView as _;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Exit code when no picture was made.
const FAILED: u8 = 1;
/// Longest time for one picture.
const TIME_LIMIT: Duration = Duration::from_secs(180);
/// Time between two looks at whether the picture is there.
const PATIENCE: Duration = Duration::from_millis(50);
/// Pictures that are drawn before the one that is kept: what glides into place has arrived by then.
const PICTURES: u32 = 4;
/// Sky and light of the studio: a clear sky, and a high sun from the left behind one.
const STUDIO: &str =
    "title = \"Preview\"\nmain = \"sheet.glb\"\n[sky]\nclouds = 0.0\nhaze_metres = 0.0\n";
const SUN: &str = "sun_azimuth = 215.0\nsun_elevation = 40.0\n";
/// Faces are lit from the front: hair and brows throw no shadow on what is to be seen.
const SUN_ON_FACES: &str = "sun_azimuth = 188.0\nsun_elevation = 10.0\n";
/// One looks with one's own eyes.
const SCRIPT: &str = "0 view\n";

/// What to draw and how large.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// File to draw: whatever `convert` takes.
    input: PathBuf,
    /// Picture to write, as PNG.
    output: PathBuf,
    /// Pixels on a side of each view; there are eight, in two rows. Heads are as high.
    #[arg(long, value_name = "PIXELS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(64..=768))]
    size: u32,
    /// Of an avatar: draw its head with each preset expression that its file has, named, instead of all sides.
    #[arg(long)]
    expressions: bool,
    #[command(flatten)]
    wishes: convert::Wishes,
}

/// Draws and writes the picture. Exit code 0 when it is written, 1 when not.
pub(crate) fn run(options: &Options, errors: &mut dyn Write) -> io::Result<u8> {
    let shown = options.input.display();
    match draw(options) {
        Ok(()) => Ok(check::NO_ERRORS),
        Err(fault) => {
            let line = format!("{shown} has no preview: {fault}");
            writeln!(errors, "stoa-import: {}", scene::printable(&line))?;
            Ok(FAILED)
        }
    }
}

fn draw(options: &Options) -> Result<(), String> {
    output::refuse_loss(&options.output, &[&options.input], &["png"], Replaces::Any)?;
    let folder = Folder::new()?;
    let glb = convert::plain(&options.input, &options.wishes)?;
    let (sheet, grid, labels, sun) = if options.expressions {
        let faces = faces::make(&glb)?;
        (faces.glb, faces.grid, faces.labels, SUN_ON_FACES)
    } else {
        (sheet::make(&glb)?, sheet::TURNTABLE, Vec::new(), SUN)
    };
    let world = folder.0.join("world");
    let write =
        |path: PathBuf, bytes: &[u8]| fs::write(path, bytes).map_err(|error| error.to_string());
    fs::create_dir(&world).map_err(|error| error.to_string())?;
    write(world.join("sheet.glb"), &sheet)?;
    write(
        world.join("world.toml"),
        format!("{STUDIO}{sun}").as_bytes(),
    )?;
    write(folder.0.join("script"), SCRIPT.as_bytes())?;
    let picture = folder.0.join("picture.png");
    let (width, height) = grid.picture_size(options.size);
    let mut command = Command::new(desktop_program()?);
    command
        .arg("open")
        .arg(&world)
        .args([
            "--offscreen",
            "--plain",
            "--size",
            &format!("{width}x{height}"),
        ])
        .args(["--frames", &PICTURES.to_string()])
        .arg("--script")
        .arg(folder.0.join("script"))
        .arg("--screenshot")
        .arg(&picture);
    wait(&mut command)?;
    let whole = image::open(&picture).map_err(|error| error.to_string())?;
    let (left, top, width, height) = grid.middle(whole.dimensions(), options.size);
    let mut sheet = whole.crop_imm(left, top, width, height).to_rgb8();
    let cell = grid.cell_size(options.size);
    for (place, name) in (0..).zip(labels) {
        let (column, row) = (place % grid.columns as u32, place / grid.columns as u32);
        let corner = (column * cell.0, row * cell.1);
        label::write(&mut sheet, corner, cell, name);
    }
    let mut png = io::Cursor::new(Vec::new());
    sheet
        .write_to(&mut png, image::ImageFormat::Png)
        .map_err(|error| error.to_string())?;
    output::write_whole(&options.output, png.get_ref()).map_err(|error| error.to_string())
}

/// `stoa`, which is installed beside this program.
fn desktop_program() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let name = format!("stoa{}", std::env::consts::EXE_SUFFIX);
    let program = own.parent().unwrap_or(Path::new("")).join(name);
    match program.is_file() {
        true => Ok(program),
        false => Err(format!(
            "{} is not there: it draws the picture",
            program.display()
        )),
    }
}

/// Waits for a program's end, within the time.
fn wait(command: &mut Command) -> Result<(), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("`stoa` cannot be started: {error}"))?;
    let started = Instant::now();
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) if status.code() == Some(3) => {
                return Err("there is no graphics adapter".to_owned());
            }
            Some(status) => return Err(format!("`stoa` could not draw it ({status})")),
            None if started.elapsed() > TIME_LIMIT => {
                // It may have ended by itself meanwhile.
                drop(child.kill());
                drop(child.wait());
                return Err(format!(
                    "drawing takes more than {} seconds",
                    TIME_LIMIT.as_secs()
                ));
            }
            None => thread::sleep(PATIENCE),
        }
    }
}

/// A folder that goes with its value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let base = std::env::temp_dir();
        let process = std::process::id();
        // A name that somebody took already is not used: its folder could be anybody's.
        let mut names =
            (0..100).map(|number| base.join(format!("stoa-preview-{process}-{number}")));
        let made = names.find(|path| fs::create_dir(path).is_ok());
        made.map(Self)
            .ok_or_else(|| format!("no folder can be made in {}", base.display()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clear.
        drop(fs::remove_dir_all(&self.0));
    }
}
