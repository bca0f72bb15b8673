//! Both worlds look as they are meant to: pictures against small ones that are checked in. How to renew those is in
//! `docs/TESTING.md`.

use crate::harness::{Blocks, Program, Scratch, checkout, offscreen, picture, stoa_import, turn};
use image::{Rgb, RgbImage, imageops};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Another rasterizer may differ by so much in the mean over all blocks, in steps of 0 to 255.
const MEAN_STEPS: f32 = 4.0;
/// A block that differs by more shows something else.
const BLOCK_STEPS: f32 = 24.0;
/// Share of such blocks that is noise: edges, water, clouds.
const OTHER_SHARE: f32 = 0.03;

fn reference(world: &str) -> PathBuf {
    checkout()
        .join("tests/pictures")
        .join(format!("{world}.png"))
}

/// What speaks against two pictures showing the same.
fn objections(picture: &RgbImage, reference: &RgbImage) -> Vec<String> {
    let (blocks, wished) = (Blocks::of(picture), Blocks::of(reference));
    let mean = blocks.mean_difference(&wished);
    let other = blocks.share_beyond(&wished, BLOCK_STEPS);
    let mut objections = Vec::new();
    if mean > MEAN_STEPS {
        objections.push(format!("blocks differ by {mean:.1} steps in the mean"));
    }
    if other > OTHER_SHARE {
        objections.push(format!(
            "{:.1} % of the blocks show something else",
            other * 100.0
        ));
    }
    objections
}

fn world_folder(world: &str) -> PathBuf {
    checkout().join("assets/worlds").join(world)
}

/// A picture of the world in `folder` shows what the reference of `world` shows.
fn looks_as_meant(world: &str, folder: &Path) {
    let place = Scratch::new();
    let words = [
        "open",
        folder.to_str().unwrap(),
        "--plain",
        "--frames",
        "3",
        "--screenshot",
        "picture.png",
    ];
    Program::start("stoa", &mut offscreen(place.path(), words))
        .end()
        .in_order();
    let drawn = picture(&place.path().join("picture.png"));
    if std::env::var_os("STOA_RENEW_PICTURES").is_some() {
        drawn.save(reference(world)).unwrap();
    }
    let objections = objections(&drawn, &picture(&reference(world)));
    if !objections.is_empty() {
        let kept = std::env::temp_dir().join(format!("stoa_{world}.png"));
        drawn.save(&kept).unwrap();
        panic!(
            "{}: compare {} with {}",
            objections.join(", "),
            kept.display(),
            reference(world).display()
        );
    }
}

#[test]
fn the_plaza_looks_as_meant() {
    let _turn = turn();
    looks_as_meant("plaza", &world_folder("plaza"));
}

#[test]
fn the_workshop_looks_as_meant() {
    let _turn = turn();
    looks_as_meant("workshop", &world_folder("workshop"));
}

/// Its pictures are KTX 2 then, which the adapter reads as they are.
#[test]
fn a_world_looks_as_meant_when_it_is_converted() {
    let _turn = turn();
    let (place, source) = (Scratch::new(), world_folder("workshop"));
    fs::copy(source.join("world.toml"), place.path().join("world.toml")).unwrap();
    let converted = place.path().join("workshop.glb");
    let done = stoa_import()
        .arg("convert")
        .args([&source.join("workshop.glb"), &converted])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let bytes = fs::read(&converted).unwrap();
    let has_ktx = bytes.windows(7).any(|word| word == b"\xABKTX 20");
    assert!(has_ktx, "no picture is compressed");
    looks_as_meant("workshop", place.path());
}

/// Each channel times a factor.
fn lit(picture: &RgbImage, factors: [f32; 3]) -> RgbImage {
    let mut lit = picture.clone();
    for pixel in lit.pixels_mut() {
        for (channel, factor) in pixel.0.iter_mut().zip(factors) {
            *channel = (f32::from(*channel) * factor).min(255.0) as u8;
        }
    }
    lit
}

#[test]
fn a_black_empty_shifted_or_differently_lit_picture_is_not_taken_for_the_world() {
    for world in ["plaza", "workshop"] {
        let wished = picture(&reference(world));
        let (width, height) = wished.dimensions();
        assert_eq!((width, height), (320, 180));
        assert!(objections(&wished, &wished).is_empty());
        let sky = *wished.get_pixel(width / 2, 0);
        let mut moved = wished.clone();
        imageops::replace(&mut moved, &wished, 12, 0);
        let mut without_floor = wished.clone();
        for row in height * 2 / 3..height {
            for column in 0..width {
                without_floor.put_pixel(column, row, sky);
            }
        }
        for (name, other) in [
            ("black", RgbImage::new(width, height)),
            ("white", RgbImage::from_pixel(width, height, Rgb([255; 3]))),
            ("sky alone", RgbImage::from_pixel(width, height, sky)),
            ("no floor", without_floor),
            ("mirrored", imageops::flip_horizontal(&wished)),
            ("moved", moved),
            ("a quarter darker", lit(&wished, [0.75; 3])),
            ("a quarter brighter", lit(&wished, [1.25; 3])),
            ("by a bluer light", lit(&wished, [0.85, 1.0, 1.15])),
            (
                "without colour",
                image::DynamicImage::ImageRgb8(wished.clone())
                    .grayscale()
                    .to_rgb8(),
            ),
        ] {
            assert!(
                !objections(&other, &wished).is_empty(),
                "{world}: {name} passes"
            );
        }
        // What another rasterizer does at edges and with rounding is no objection.
        let noise = RgbImage::from_fn(width, height, |column, row| {
            let step = (column * 7 + row * 13) % 5;
            Rgb(wished
                .get_pixel(column, row)
                .0
                .map(|channel| channel.saturating_add(step as u8)))
        });
        assert_eq!(objections(&noise, &wished), Vec::<String>::new(), "{world}");
        assert_eq!(
            objections(&imageops::blur(&wished, 0.7), &wished),
            Vec::<String>::new(),
            "{world}"
        );
    }
}
