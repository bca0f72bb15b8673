//! Files for tests.

/// A glTF file with something to see and a solid cube of a metre around its origin; each `number` is another file.
pub(crate) fn cube(number: u32) -> Vec<u8> {
    // One triangle: (0, 0, 0), (1, 0, 0), (0, 1, 0).
    let data = "AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA";
    format!(
        r#"{{"asset": {{"version": "2.0", "generator": "{number}"}}, "scene": 0, "scenes": [{{"nodes": [0, 1]}}],
        "extensionsUsed": ["OMI_physics_shape", "OMI_physics_body"],
        "extensions": {{"OMI_physics_shape": {{"shapes": [{{"type": "box", "box": {{"size": [1, 1, 1]}}}}]}}}},
        "nodes": [{{"mesh": 0, "scale": [0.4, 0.4, 0.4]}},
            {{"extensions": {{"OMI_physics_body": {{"collider": {{"shape": 0}}}}}}}}],
        "meshes": [{{"primitives": [{{"attributes": {{"POSITION": 0}}}}]}}],
        "accessors": [{{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3",
            "min": [0, 0, 0], "max": [1, 1, 0]}}],
        "bufferViews": [{{"buffer": 0, "byteLength": 36}}],
        "buffers": [{{"byteLength": 36, "uri": "data:application/octet-stream;base64,{data}"}}]}}"#
    )
    .into_bytes()
}
