//! Fuzz targets: each takes any bytes as a file of another format and must neither panic nor swell. What becomes of them is
//! loaded, as `convert` would. Pictures that a file names lie beside it.

use crate::formats::{self, Archive, Foreign, Format};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use scene::SideFiles;
use std::{io::Cursor, path::Path, sync::LazyLock};

/// Small pictures that differ in what is made of them: one without colours, one of colours, one of normals, one with holes.
static PICTURES: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    let colors = [
        [90, 90, 90, 255],
        [200, 100, 50, 255],
        [128, 128, 255, 255],
        [10, 20, 30, 0],
    ];
    let sides = [(2, 2), (3, 1), (1, 1), (2, 5)];
    std::array::from_fn(|place| {
        let (width, height) = sides[place];
        let picture = RgbaImage::from_pixel(width, height, Rgba(colors[place]));
        let mut png = Cursor::new(Vec::new());
        let written = DynamicImage::from(picture).write_to(&mut png, ImageFormat::Png);
        written.map_or_else(|_fault| Vec::new(), |()| png.into_inner())
    })
});

/// A folder where one of them lies under most names.
struct Pictures;

impl SideFiles for Pictures {
    fn read(&self, relative: &Path, _limit: u64) -> Result<Vec<u8>, String> {
        let name = relative.as_os_str().as_encoded_bytes();
        let place = name.iter().fold(0, |sum, byte| sum + usize::from(*byte)) % 5;
        let known = PICTURES.get(place);
        known.cloned().ok_or_else(|| "it is not there".to_owned())
    }
}

/// Reads the bytes as an STL.
pub fn fuzz_stl(bytes: &[u8]) {
    follow(formats::read_nameless(bytes, Format::Stl, &Pictures));
}

/// Reads the bytes as a PLY.
pub fn fuzz_ply(bytes: &[u8]) {
    follow(formats::read_nameless(bytes, Format::Ply, &Pictures));
}

/// Reads the bytes as an FBX. Its decoder is C and runs in the calling process, which is for fuzzers alone: the product
/// calls it in a worker.
pub fn fuzz_fbx(bytes: &[u8]) {
    follow(formats::read_nameless(bytes, Format::Fbx, &Pictures));
}

/// Reads the bytes as an OBJ; what follows the first byte of zero is its material library. As with [`fuzz_fbx`], its decoder
/// runs in the calling process.
pub fn fuzz_obj(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0);
    let (obj, library) = bytes.split_at(end.unwrap_or(bytes.len()));
    follow(formats::read_nameless_obj(obj, library.get(1..), &Pictures));
}

/// Reads the bytes as a USD of any kind: a package, or a layer as text or binary.
pub fn fuzz_usd(bytes: &[u8]) {
    follow(formats::read_nameless(bytes, Format::Usd, &Pictures));
}

/// Reads the bytes as a zip archive: its model, and a file beside that.
pub fn fuzz_archive(bytes: &[u8]) {
    let model = Archive::open(bytes).and_then(|archive| {
        let choice = archive.choose()?;
        let beside = archive.beside(&choice.name);
        let limit = 1 << 20;
        if let Ok(content) = beside.read(Path::new("a.png"), limit) {
            assert!(content.len() as u64 <= limit);
        }
        archive.model(&choice)
    });
    if let Err(fault) = model {
        assert!(!fault.is_empty() && !fault.contains(char::is_control));
    }
}

/// Reads the bytes as a picture that a model names: a BMP or TIFF by how it begins, else a TGA.
pub fn fuzz_picture(bytes: &[u8]) {
    if let Ok(made) = formats::picture_as_gltf("a.tga", bytes.to_vec()) {
        assert!(made.starts_with(b"\x89PNG") || made.starts_with(b"\xFF\xD8"));
    }
}

fn follow(read: Result<Foreign, String>) {
    match read {
        Ok(foreign) => {
            for note in &foreign.notes {
                assert!(!note.is_empty() && !note.contains(char::is_control));
            }
            drop(scene::load_bytes(
                &foreign.glb,
                &scene::NoSideFiles,
                scene::Purpose::World,
            ));
        }
        Err(fault) => assert!(!fault.is_empty() && !fault.contains('\n')),
    }
}
