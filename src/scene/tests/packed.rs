//! Compressed data, made by the published encoders, against what was compressed.

use crate::samples::samples;
use glam::Vec3;
use scene::{
    ImageFormat, NoSideFiles, Purpose, Scene,
    basis::{self, PixelForm},
    load_bytes, load_file,
};
use serde_json::{Value, json};

/// Twenty vertices whose coordinates are `((i * 7) % 11 - 5) / 4`, by both versions of the vertex codec.
const VERTICES: [&str; 2] = [
    "oAAABwAAP39//////4CAQAA/f3//AAAA/////wUwH4DA/3uD/34AAAB7gwAABwD/////gIBAAD9/f//////8AAAAgIBABR+AwH57g/97gwMAAAD/AAAHAICAQAA/f3//////gIBAAP8AAAA/f3//BQDAfgP/e4P/AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACgvwAAAD8AAAC/",
    "oWlpaADCEAQBBQQGAAEFAgAWLP/CYQFi9PQPAAz09AwADGEBBQQBBQgABAIM/8JhAWLP/PT09PQHAAIGAQEQhgQBBQQCAmEBYs/8JhD09A8AAQYCDAAAAAAAAAAAAAAAoL8AAAA/AAAAvzIyMg==",
];
/// Eight triangles, and the same indices as a sequence.
const TRIANGLES: &str = "4fAQ/v8ujv//8Az/AgIC/xABAZYhAHaHVmd4qYZliWiYAWkAAA==";
const SEQUENCE: &str = "0QAEBAACCAQIAggEBAICDB4EICACAkIUEAAAAAA=";
const INDICES: [u32; 24] = [
    0, 1, 2, 2, 1, 3, 4, 6, 5, 7, 8, 9, 8, 7, 10, 2, 3, 11, 19, 18, 17, 0, 5, 9,
];

/// Compressed forms of the sample models.
const KINDS: [&str; 6] = [
    "webp",
    "quantized",
    "meshopt_medium",
    "meshopt_high",
    "draco_edgebreaker",
    "draco_sequential",
];

fn vertex(number: usize) -> Vec3 {
    let coordinate = |at: usize| ((at * 7 % 11) as f32 - 5.0) * 0.25;
    Vec3::from_array([0, 1, 2].map(|axis| coordinate(number * 3 + axis)))
}

fn buffer(data: &str) -> Value {
    let length = data.len() / 4 * 3 - data.matches('=').count();
    json!({ "uri": format!("data:application/octet-stream;base64,{data}"), "byteLength": length })
}

fn document(vertices: &str, indices: &str, mode: &str) -> Value {
    let buffers = [
        buffer(vertices),
        buffer(indices),
        json!({ "byteLength": 336 }),
    ];
    let lengths = [0, 1].map(|number: usize| buffers[number]["byteLength"].clone());
    let name = "KHR_meshopt_compression";
    json!({
        "asset": { "version": "2.0" }, "extensionsUsed": [name], "extensionsRequired": [name],
        "buffers": buffers,
        "bufferViews": [
            { "buffer": 2, "byteLength": 240, "byteStride": 12, "extensions": { (name): {
                "buffer": 0, "byteLength": lengths[0], "byteStride": 12, "count": 20, "mode": "ATTRIBUTES" } } },
            { "buffer": 2, "byteOffset": 240, "byteLength": 96, "extensions": { (name): {
                "buffer": 1, "byteLength": lengths[1], "byteStride": 4, "count": 24, "mode": mode } } },
        ],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 20, "type": "VEC3", "min": [-2, -2, -2], "max": [2, 2, 2] },
            { "bufferView": 1, "componentType": 5125, "count": 24, "type": "SCALAR" },
        ],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
    })
}

#[test]
fn packed_vertices_of_both_versions_are_unpacked() {
    for vertices in VERTICES {
        for (indices, mode) in [(TRIANGLES, "TRIANGLES"), (SEQUENCE, "INDICES")] {
            let text = document(vertices, indices, mode).to_string();
            let loaded = load_bytes(text.as_bytes(), &NoSideFiles, Purpose::Prop).unwrap();
            let positions = &loaded.scene.meshes[0].primitives[0].positions;
            let expected = INDICES.map(|index| vertex(index as usize));
            // Triangles may begin at another of their corners.
            for (own, expected) in positions.chunks(3).zip(expected.chunks(3)) {
                let is_turned = |by: usize| (0..3).all(|at| own[(at + by) % 3] == expected[at]);
                assert!(
                    (0..3).any(is_turned),
                    "{mode}: {own:?} instead of {expected:?}"
                );
            }
            assert_eq!(positions.len(), 24);
        }
    }
}

#[test]
fn broken_packed_data_are_refused() {
    let whole = document(VERTICES[1], TRIANGLES, "TRIANGLES").to_string();
    for (old, new) in [
        ("\"count\":20,\"mode\"", "\"count\":19,\"mode\""),
        ("\"count\":20,\"mode\"", "\"count\":4000000,\"mode\""),
        ("\"byteStride\":12,\"count\"", "\"byteStride\":0,\"count\""),
        ("\"mode\":\"TRIANGLES\"", "\"mode\":\"INDICES\""),
        ("\"buffer\":0", "\"buffer\":3"),
    ] {
        let text = whole.replacen(old, new, 1);
        assert_ne!(text, whole, "{old}");
        let error = load_bytes(text.as_bytes(), &NoSideFiles, Purpose::Prop).unwrap_err();
        assert!(error.place.starts_with("/bufferViews/"), "{new}: {error}");
    }
}

/// The same models, compressed in different ways by public tools.
#[test]
fn compressed_samples_equal_the_plain_ones() {
    let Some(root) = samples() else { return };
    let load = |model: &str, kind: &str| -> Scene {
        let file = root.join(format!("ext/compressed/{model}.{kind}.glb"));
        load_file(&file, Purpose::World).unwrap().scene
    };
    for model in ["AnimatedMorphCube", "Fox"] {
        let plain = load(model, "plain");
        let (low, high) = plain.bounds().unwrap();
        for kind in KINDS {
            let other = load(model, kind);
            assert_eq!(plain.triangle_count(), other.triangle_count(), "{kind}");
            assert_eq!(plain.animations.len(), other.animations.len(), "{kind}");
            let tolerance = (high - low).max_element() * 0.005;
            let (other_low, other_high) = other.bounds().unwrap();
            for (own, plain) in [(other_low, low), (other_high, high)] {
                assert!(
                    own.abs_diff_eq(plain, tolerance),
                    "{model} {kind}: {own} {plain}"
                );
            }
        }
    }
}

#[test]
fn basis_images_are_kept_as_they_are() {
    let Some(root) = samples() else { return };
    let file = root.join("ext/textures/CesiumBalloonKTX2.glb");
    let scene = load_file(&file, Purpose::World).unwrap().scene;
    let sides: Vec<u32> = scene.images.iter().map(|image| image.width).collect();
    assert_eq!(sides, [1024, 1024, 64]);
    for image in &scene.images {
        assert_eq!(image.format, ImageFormat::Basis);
        for form in [PixelForm::Bc7, PixelForm::Astc4x4, PixelForm::Etc2] {
            let made = basis::transcode(&image.bytes, form, 256).unwrap();
            // The file has no smaller levels.
            assert_eq!((made.form, made.width, made.levels), (form, image.width, 1));
            let at = |level: u32| form.bytes(made.width >> level, made.height >> level);
            let bytes: u64 = (0..made.levels).map(at).sum();
            assert_eq!(made.bytes.len() as u64, bytes);
        }
    }
    // Whoever reads no such images gets PNG.
    let png = scene::writer::foreign_image_to_png(&scene.images[0].bytes);
    let image = &png.unwrap().unwrap()[..];
    let mut reader = png::Decoder::new(std::io::Cursor::new(image))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    // The picture holds more than one colour, and is opaque.
    assert!(pixels.chunks(4).any(|pixel| pixel[..3] != pixels[..3]));
    assert!(pixels.chunks(4).all(|pixel| pixel[3] == 255));
}
