//! `stoa-import preview`: a picture of a file from all sides or from one, or of an avatar's expressions, the same each time.
//! The desktop program draws it, without a window: a world is made in which the model stands before one who stands still,
//! several times, each time turned a little further or with another face, or once. The page of `stoa-import check` holds one too.

mod faces;
mod grid;
mod label;
mod measures;
mod options;
mod sheet;
mod stage;
mod view;

#[cfg(test)]
mod testing;

pub(crate) use options::Options;

use grid::Grid;
use options::Look;

use crate::{
    check::PurposeName,
    convert, exit,
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

/// Longest time for one picture.
const TIME_LIMIT: Duration = Duration::from_secs(180);
/// Time between two looks at whether the picture is there.
const PATIENCE: Duration = Duration::from_millis(50);
/// Pictures that are drawn before the one that is kept: what glides into place has arrived by then.
const PICTURES: u32 = 4;
/// The one view of what is too large for eight: somewhat from its right and above.
const ONE_VIEW: [&str; 2] = ["--from=30,20", "--size=768x512"];
/// One looks with one's own eyes.
const SCRIPT: &str = "0 view\n";

/// Draws and writes the picture. Exit code 0 when it is written, 1 when not.
pub(crate) fn run(options: &Options, errors: &mut dyn Write) -> io::Result<u8> {
    let shown = options.input.display();
    match draw(options) {
        Ok(notes) => {
            for note in notes {
                writeln!(errors, "stoa-import: {}", scene::printable(&note))?;
            }
            Ok(exit::DONE)
        }
        Err(fault) => {
            let line = format!("{shown} has no preview: {fault}");
            writeln!(errors, "stoa-import: {}", scene::printable(&line))?;
            Ok(exit::FAILED)
        }
    }
}

/// Returns what is worth telling.
fn draw(options: &Options) -> Result<Vec<String>, String> {
    output::refuse_loss(&options.output, &[&options.input], &["png"], Replaces::Any)?;
    // Before what takes long.
    options.look.require_fitting_size()?;
    let program = desktop_program()?;
    let (glb, notes) = convert::plain(&options.input, &options.look.wishes)?;
    let drawn = Drawn::of(&options.look, &glb)?;
    let png = drawn.png(&options.look, &program, Stdio::inherit())?;
    output::write_whole(&options.output, &png).map_err(|error| error.to_string())?;
    Ok(notes)
}

/// The picture for the report on a file, as PNG: it from all sides, or from one when it is too large to stand eight times.
///
/// # Errors
/// Why there is none, in words that end a sentence.
pub(crate) fn of_report(input: &Path, purpose: Option<PurposeName>) -> Result<Vec<u8>, String> {
    let program = desktop_program()?;
    let main = scene::main_file(input).map_err(|error| error.to_string())?;
    let sheet = Look::of(&[], purpose)?;
    let (glb, _notes) = convert::plain(&main, &sheet.wishes)?;
    if let Ok(drawn) = Drawn::of(&sheet, &glb) {
        return drawn.png(&sheet, &program, Stdio::null());
    }
    let view = Look::of(&ONE_VIEW, purpose)?;
    Drawn::of(&view, &glb)?.png(&view, &program, Stdio::null())
}

/// What is drawn of a model.
struct Drawn {
    /// The world as a GLB.
    model: Vec<u8>,
    /// Pixels of the picture, and its vertical field of view in radians.
    kept: (u32, u32),
    field_of_view: f32,
    /// Cells with names: how they lie, how high they are in pixels, what they are called.
    names: Option<(Grid, u32, Vec<&'static str>)>,
}

impl Drawn {
    fn of(look: &Look, glb: &[u8]) -> Result<Self, String> {
        if look.expressions {
            let (faces, cell) = (faces::make(glb)?, look.cell());
            return Ok(Self {
                model: faces.glb,
                kept: faces.grid.size(cell),
                field_of_view: grid::FIELD_OF_VIEW,
                names: Some((faces.grid, cell, faces.labels)),
            });
        }
        let model = stage::Model::open(glb)?;
        Ok(match look.view() {
            Some(view) => Self {
                model: view::make(model, &view)?,
                kept: look.size(),
                field_of_view: view.field_of_view,
                names: None,
            },
            None => Self {
                model: sheet::make(model)?,
                kept: sheet::GRID.size(look.cell()),
                field_of_view: grid::FIELD_OF_VIEW,
                names: None,
            },
        })
    }

    /// Has the picture drawn, which is a PNG; `errors` is where the program that draws says what went wrong.
    fn png(self, look: &Look, program: &Path, errors: Stdio) -> Result<Vec<u8>, String> {
        let Self {
            model,
            kept,
            field_of_view,
            names,
        } = self;
        let folder = Folder::new()?;
        let world = folder.0.join("world");
        let write =
            |path: PathBuf, bytes: &[u8]| fs::write(path, bytes).map_err(|error| error.to_string());
        fs::create_dir(&world).map_err(|error| error.to_string())?;
        write(world.join("model.glb"), &model)?;
        write(world.join("world.toml"), look.world().as_bytes())?;
        write(folder.0.join("script"), SCRIPT.as_bytes())?;
        let settings = settings(field_of_view, look.view().is_none());
        write(folder.0.join("settings.toml"), settings.as_bytes())?;
        let picture = folder.0.join("picture.png");
        let (width, height) = stage::picture_size(kept, field_of_view);
        let mut command = Command::new(program);
        command
            .arg("open")
            .arg(&world)
            .arg("--data")
            .arg(&folder.0)
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
            .arg(&picture)
            .stderr(errors);
        wait(&mut command)?;
        let whole = image::open(&picture).map_err(|error| error.to_string())?;
        let (left, top, width, height) = stage::middle(whole.dimensions(), kept);
        let mut shown = whole.crop_imm(left, top, width, height).to_rgb8();
        if let Some((grid, cell, names)) = names {
            let cell = grid.cell_size(cell);
            for (place, name) in (0..).zip(names) {
                let (column, row) = (place % grid.columns as u32, place / grid.columns as u32);
                label::write(&mut shown, (column * cell.0, row * cell.1), cell, name);
            }
        }
        let mut png = io::Cursor::new(Vec::new());
        shown
            .write_to(&mut png, image::ImageFormat::Png)
            .map_err(|error| error.to_string())?;
        Ok(png.into_inner())
    }
}

/// The same on every machine: textures finer than small views show them, and smooth edges, are for large pictures alone, since
/// a software rasterizer takes long for them.
fn settings(field_of_view: f32, is_sheet: bool) -> String {
    let degrees = stage::eye(field_of_view).to_degrees();
    let graphics = if is_sheet { "low" } else { "medium" };
    format!("graphics = \"{graphics}\"\nfield_of_view_degrees = {degrees:?}\n")
}

/// `stoa`, which is installed beside this program.
fn desktop_program() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let name = format!("stoa{}", std::env::consts::EXE_SUFFIX);
    let program = own.parent().unwrap_or(Path::new("")).join(name);
    match program.is_file() {
        true => Ok(program),
        false => Err("`stoa`, which draws it, is not beside `stoa-import`".to_owned()),
    }
}

/// Waits for a program's end, within the time.
fn wait(command: &mut Command) -> Result<(), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
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
