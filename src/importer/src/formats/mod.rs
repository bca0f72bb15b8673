//! Files of other formats as glTF, before the gate: what comes out is trusted no more than any file.
//! They are read in the worker process of `convert`, so that a fault of a decoder costs one file.

mod archive;
mod channels;
mod fbx;
mod material;
mod model;
mod motion;
mod picture;
mod ply;
mod ply_header;
mod polygon;
#[cfg(test)]
mod sample;
mod skin;
mod splat;
mod stl;
#[cfg(test)]
mod tests;
mod text;
mod texture;
mod usd;
mod zip;
#[cfg(test)]
mod zip_sample;

pub(crate) use archive::Archive;
pub(crate) use picture::as_gltf as picture_as_gltf;

use model::Model;
use scene::SideFiles;
use std::path::{Path, PathBuf};

/// Largest file of another format.
pub(crate) const MAX_BYTES: u64 = 256 * 1024 * 1024;

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

fn has_ending(path: &Path, ending: &str) -> bool {
    (path.extension()).is_some_and(|own| own.eq_ignore_ascii_case(ending))
}

/// True for an archive, in which a model of any format may lie.
pub(crate) fn is_archive(path: &Path) -> bool {
    has_ending(path, "zip")
}

/// True when files of that kind state their unit and which axis points up.
pub(crate) fn states_its_space(path: &Path) -> bool {
    let states_it = matches!(format_of(path), None | Some(Format::Fbx | Format::Usd));
    states_it && !is_archive(path)
}

/// True when images of files of that kind are looked for beside them, by their names alone.
pub(crate) fn looks_for_images(path: &Path) -> bool {
    match format_of(path) {
        Some(Format::Fbx | Format::Obj | Format::Ply) => true,
        Some(Format::Usd) => !has_ending(path, "usdz"),
        Some(Format::Stl) => false,
        None => is_archive(path),
    }
}

/// True when a file is of a format beside glTF.
pub(crate) fn is_foreign(path: &Path) -> bool {
    format_of(path).is_some()
}

/// Reads a file of another format, whose ending says which, with what lies beside it.
///
/// # Errors
/// One line that says what is wrong with it.
pub(crate) fn read(
    path: &Path,
    bytes: &[u8],
    files: &dyn SideFiles,
    hints: &Hints,
) -> Result<Foreign, String> {
    let mut model = Model::new(path, files, hints);
    read_bytes(bytes, format_of(path), &mut model)?;
    model.finish()
}

/// Reads a file of that format without a name of its own, of which nobody has said more.
///
/// # Errors
/// One line that says what is wrong with it.
pub(crate) fn read_nameless(
    bytes: &[u8],
    format: Format,
    files: &dyn SideFiles,
) -> Result<Foreign, String> {
    nameless(files, |model| read_bytes(bytes, Some(format), model))
}

/// Reads an OBJ without a name of its own, with one material library.
///
/// # Errors
/// One line that says what is wrong with it.
pub(crate) fn read_nameless_obj(
    bytes: &[u8],
    library: Option<&[u8]>,
    files: &dyn SideFiles,
) -> Result<Foreign, String> {
    let library = library.map(<[u8]>::to_vec);
    nameless(files, |model| fbx::read_obj_with(bytes, library, model))
}

fn nameless(
    files: &dyn SideFiles,
    read: impl FnOnce(&mut Model<'_>) -> Result<(), String>,
) -> Result<Foreign, String> {
    let hints = Hints {
        unit_metres: None,
        is_z_up: None,
        textures: None,
    };
    let mut model = Model::new(Path::new("model"), files, &hints);
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
