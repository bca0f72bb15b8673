//! What references multiply: files of a few kilobytes that ask for work and memory which their bytes do not pay for.

use crate::extensions::{buffer, load, triangle};
use scene::{ErrorKind, SceneError};
use serde_json::{Value, json};

/// The file is over a limit, in these words.
fn is_over(document: Value, words: &str) {
    let error = refused(document);
    assert_eq!(error.kind, ErrorKind::OverLimit, "{error}");
    assert!(error.fault.contains(words), "{error}");
}

fn refused(document: Value) -> SceneError {
    load(document).expect_err("it loads")
}

#[test]
fn morph_targets_have_an_attribute_and_cost_what_draws_them() {
    let morphing = |targets: Vec<Value>| {
        let mut document = triangle();
        let primitive = &mut document["meshes"][0]["primitives"][0];
        primitive["targets"] = Value::from(targets);
        document
    };
    assert!(load(morphing(vec![json!({ "POSITION": 0 }); 256])).is_ok());
    let error = refused(morphing(vec![json!({})]));
    assert_eq!(error.place, "/meshes/0/primitives/0/targets/0");
    assert!(error.fault.contains("attribute"), "{error}");

    // Tangents are not read, and yet what draws has room for them: 48 bytes a vertex and target.
    let mut document = morphing(vec![json!({ "TANGENT": 0 }); 256]);
    document["accessors"] = json!([{ "componentType": 5126, "count": 60_000, "type": "VEC3" }]);
    is_over(document, "memory once it is read");
}

/// The head of a PNG, which is all that the gate looks at.
fn png_head(side: u32, bits: u8) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend([side.to_be_bytes(), side.to_be_bytes()].concat());
    png.extend([bits, 6, 0, 0, 0]);
    png
}

#[test]
fn images_that_no_decoder_may_decode_are_refused() {
    let with_image = |png: Vec<u8>| {
        json!({ "buffers": [buffer(&png)],
            "bufferViews": [{ "buffer": 0, "byteLength": png.len() }],
            "images": [{ "bufferView": 0, "mimeType": "image/png" }] })
    };
    assert!(load(with_image(png_head(11_585, 8))).is_ok());
    assert!(load(with_image(png_head(8_192, 16))).is_ok());
    is_over(with_image(png_head(12_000, 8)), "12000 x 12000");
    is_over(with_image(png_head(9_000, 16)), "9000 x 9000");
}
