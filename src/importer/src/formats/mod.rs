//! Files of other formats as glTF, before the gate: what comes out is trusted no more than any file.
//! They are read in the worker process of `convert`, so that a fault of a decoder costs one file.

mod fbx;
mod material;
mod model;
mod motion;
mod ply;
mod ply_header;
mod polygon;
#[cfg(test)]
mod sample;
mod skin;
mod stl;
#[cfg(test)]
mod tests;
mod text;
mod texture;
mod usd;

use model::Model;
use std::path::{Path, PathBuf};

/// Largest file of another format.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What a file of another format does not say, or says elsewhere.
#[derive(Clone)]
pub(crate) struct Hints {
    /// Metres a unit, for formats without a unit; metres when nobody has said it.
    pub(crate) unit_metres: Option<f32>,
    /// The third axis of the file points up, for formats that do not say; the second when nobody has said it.
    pub(crate) is_z_up: Option<bool>,
    /// Where else images are looked for.
    pub(crate) textures: Option<PathBuf>,
}

/// A file as a GLB, with what is worth telling: what was guessed or left out.
pub(crate) struct Foreign {
    pub(crate) glb: Vec<u8>,
    pub(crate) notes: Vec<String>,
}

/// Formats beside glTF, by their ending.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Fbx,
    Obj,
    Stl,
    Ply,
    Usd,
}

fn format_of(path: &Path) -> Option<Format> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "fbx" => Format::Fbx,
        "obj" => Format::Obj,
        "stl" => Format::Stl,
        "ply" => Format::Ply,
        "usd" | "usda" | "usdc" | "usdz" => Format::Usd,
        _ => return None,
    })
}

/// True when files of that kind state their unit and which axis points up.
pub(crate) fn states_its_space(path: &Path) -> bool {
    matches!(format_of(path), None | Some(Format::Fbx | Format::Usd))
}

/// True when images of files of that kind are looked for beside them, by their names alone.
pub(crate) fn looks_for_images(path: &Path) -> bool {
    let is_package = (path.extension()).is_some_and(|ending| ending.eq_ignore_ascii_case("usdz"));
    match format_of(path) {
        Some(Format::Fbx | Format::Obj | Format::Ply) => true,
        Some(Format::Usd) => !is_package,
        Some(Format::Stl) | None => false,
    }
}

/// True when a file is of a format beside glTF.
pub(crate) fn is_foreign(path: &Path) -> bool {
    format_of(path).is_some()
}

/// Reads a file of another format.
///
/// # Errors
/// One line that says what is wrong with it.
pub(crate) fn read(path: &Path, hints: &Hints) -> Result<Foreign, String> {
    let bytes = scene::read_bounded(path, MAX_BYTES)?;
    let mut model = Model::new(path, hints);
    read_bytes(&bytes, format_of(path), &mut model)?;
    model.finish()
}

/// Reads a file that has nothing beside it, in metres with Y up.
///
/// # Errors
/// One line that says what is wrong with it.
pub(crate) fn read_alone(bytes: &[u8], format: Format) -> Result<Foreign, String> {
    alone(|model| read_bytes(bytes, Some(format), model))
}

/// Reads an OBJ with one material library.
///
/// # Errors
/// One line that says what is wrong with it.
pub(crate) fn read_obj_alone(bytes: &[u8], library: Option<&[u8]>) -> Result<Foreign, String> {
    alone(|model| fbx::read_obj_with(bytes, library.map(<[u8]>::to_vec), model))
}

fn alone(read: impl FnOnce(&mut Model<'_>) -> Result<(), String>) -> Result<Foreign, String> {
    let hints = Hints {
        unit_metres: None,
        is_z_up: None,
        textures: None,
    };
    // A folder that is not there.
    let mut model = Model::new(Path::new("\0/alone"), &hints);
    read(&mut model)?;
    model.finish()
}

fn read_bytes(bytes: &[u8], format: Option<Format>, model: &mut Model<'_>) -> Result<(), String> {
    match format {
        Some(Format::Fbx) => fbx::read(bytes, model),
        Some(Format::Obj) => fbx::read_obj(bytes, model),
        Some(Format::Stl) => stl::read(bytes, model),
        Some(Format::Ply) => ply::read(bytes, model),
        Some(Format::Usd) => usd::read(bytes, model),
        None => Err("its format is not one that can be converted".to_owned()),
    }
}
