//! What a decoder is given: compressed meshes, buffer views and images, in a GLB that is right around them; images as the client
//! decodes them to draw them; and the pictures that models of other formats name.
//! Panics of foreign decoders are expected, and stopped where they are called; memory and time are limited by the fuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scene::{
    ImageFormat, NoSideFiles, Purpose,
    basis::PixelForm,
    picture::{self, Readings},
    worker::Worker,
};

/// The first byte chooses one, or a picture of another format.
const AROUND: [&str; 8] = [
    r#""extensionsUsed":["KHR_draco_mesh_compression"],"extensionsRequired":["KHR_draco_mesh_compression"],
    "bufferViews":[{"buffer":0,"byteLength":LENGTH}],"accessors":[{"componentType":5126,"count":24,"type":"VEC3",
    "min":[-1,-1,-1],"max":[1,1,1]},{"componentType":5123,"count":36,"type":"SCALAR"}],"meshes":[{"primitives":[{
    "attributes":{"POSITION":0},"indices":1,"extensions":{"KHR_draco_mesh_compression":{"bufferView":0,
    "attributes":{"POSITION":0}}}}]}]"#,
    r#""bufferViews":[{"buffer":0,"byteLength":LENGTH}],"images":[{"bufferView":0,"mimeType":"image/webp"}]"#,
    r#""extensionsUsed":["EXT_meshopt_compression"],"extensionsRequired":["EXT_meshopt_compression"],
    "bufferViews":[{"buffer":1,"byteLength":480,"byteStride":12,"extensions":{"EXT_meshopt_compression":{"buffer":0,
    "byteLength":LENGTH,"byteStride":12,"count":40,"mode":"ATTRIBUTES"}}}],"accessors":[{"bufferView":0,
    "componentType":5126,"count":40,"type":"VEC3","min":[-1,-1,-1],"max":[1,1,1]}],
    "meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}]"#,
    r#""extensionsUsed":["EXT_meshopt_compression"],"extensionsRequired":["EXT_meshopt_compression"],
    "bufferViews":[{"buffer":1,"byteLength":480,"extensions":{"EXT_meshopt_compression":{"buffer":0,
    "byteLength":LENGTH,"byteStride":4,"count":120,"mode":"TRIANGLES"}}},{"buffer":1,"byteLength":480,"byteStride":12}],
    "accessors":[{"bufferView":0,"componentType":5125,"count":120,"type":"SCALAR"},{"bufferView":1,
    "componentType":5126,"count":40,"type":"VEC3","min":[0,0,0],"max":[0,0,0]}],
    "meshes":[{"primitives":[{"attributes":{"POSITION":1},"indices":0}]}]"#,
    r#""bufferViews":[{"buffer":0,"byteLength":LENGTH}],"images":[{"bufferView":0,"mimeType":"image/ktx2"}]"#,
    r#""bufferViews":[{"buffer":0,"byteLength":LENGTH}],"images":[{"bufferView":0,"mimeType":"image/png"}]"#,
    r#""bufferViews":[{"buffer":0,"byteLength":LENGTH}],"images":[{"bufferView":0,"mimeType":"image/jpeg"}]"#,
    r#""bufferViews":[{"buffer":0,"byteLength":LENGTH}],"images":[{"bufferView":0,"mimeType":"image/vnd-ms.dds"}]"#,
];
/// Most pixels on a side of a picture that is drawn.
const MAX_SIDE: u32 = 1_024;

fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| {
        let Some((kind, payload)) = bytes.split_first() else {
            return;
        };
        let Some(around) = AROUND.get(usize::from(*kind) % (AROUND.len() + 1)) else {
            importer::fuzz_picture(payload);
            return;
        };
        let length = payload.len();
        let around = around.replace("LENGTH", &length.to_string());
        let mut text = format!(
            r#"{{"asset":{{"version":"2.0"}},"buffers":[{{"byteLength":{length}}},{{"byteLength":480}}],{around}}}"#
        )
        .into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let mut binary = payload.to_vec();
        binary.resize(length.next_multiple_of(4), 0);
        let whole = 28 + text.len() + binary.len();
        let mut glb = b"glTF\x02\0\0\0".to_vec();
        glb.extend((whole as u32).to_le_bytes());
        glb.extend((text.len() as u32).to_le_bytes());
        glb.extend(b"JSON");
        glb.extend(text);
        glb.extend((binary.len() as u32).to_le_bytes());
        glb.extend(b"BIN\0");
        glb.extend(binary);
        let Ok(loaded) = scene::load_bytes(&glb, &NoSideFiles, Purpose::World) else {
            return;
        };
        let both = Readings {
            color: true,
            numbers: true,
            covers: true,
        };
        let images: Vec<_> = (loaded.scene.images.iter())
            .filter(|image| image.width.max(image.height) <= MAX_SIDE)
            .map(|image| (image, both))
            .collect();
        // Forms are those of pictures that are compressed for adapters.
        let forms = [PixelForm::Bc7, PixelForm::Rgba8];
        let is_basis = loaded.scene.images.iter().any(|image| image.format == ImageFormat::Basis);
        for form in forms.into_iter().skip(usize::from(!is_basis)) {
            let worker = Worker::default();
            picture::decode_all(&images, MAX_SIDE / 2, form, &worker, &mut |_, _| {});
        }
    }
);
