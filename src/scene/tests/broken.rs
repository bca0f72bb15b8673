//! Small documents with one fault each, and what the Khronos validator (2.0.0-dev.3.10) says of them.

use scene::{NoSideFiles, Purpose, check_bytes};

/// What a document shows, the document, and the codes with their places, in the order of the alphabet.
const CASES: &[(&str, &str, &[&str])] = &[
    (
        "an extension is an object, declared or not",
        r#"{"asset":{"version":"2.0"},"extensionsUsed":["XYZ_a"],"extensions":{"XYZ_a":1,"XYZ_b":[0]}}"#,
        &[
            "TYPE_MISMATCH /extensions/XYZ_a",
            "TYPE_MISMATCH /extensions/XYZ_b",
            "UNDECLARED_EXTENSION /extensions/XYZ_b",
            "UNSUPPORTED_EXTENSION /extensionsUsed/0",
        ],
    ),
    (
        "a broken accessor uses no view",
        r#"{"asset":{"version":"2.0"},"accessors":[{"bufferView":0,"componentType":8,"count":1,"type":"SCALAR"}],"bufferViews":[{"buffer":0,"byteLength":4}],"buffers":[{"byteLength":4,"uri":"data:application/octet-stream;base64,AAAAAA=="}]}"#,
        &[
            "UNUSED_OBJECT /accessors/0",
            "UNUSED_OBJECT /bufferViews/0",
            "VALUE_NOT_IN_LIST /accessors/0/componentType",
        ],
    ),
    (
        "an image with an extension that is not read may lie elsewhere",
        r#"{"asset":{"version":"2.0"},"images":[{"uri":"absent.png","extensions":{"XYZ_b":{}}},{"uri":"absent.png"}]}"#,
        &[
            "IO_ERROR /images/1/uri",
            "UNDECLARED_EXTENSION /images/0/extensions/XYZ_b",
            "UNUSED_OBJECT /images/0",
            "UNUSED_OBJECT /images/1",
        ],
    ),
    (
        "nothing is said of skin and weights of a mesh without primitives",
        r#"{"asset":{"version":"2.0"},"meshes":[{"primitives":[],"weights":[1]}],"nodes":[{"mesh":0,"skin":0},{}],"skins":[{"joints":[1]}]}"#,
        &[
            "EMPTY_ENTITY /meshes/0/primitives",
            "UNUSED_MESH_WEIGHTS /meshes/0/weights",
            "UNUSED_OBJECT /nodes/0",
        ],
    ),
    (
        "the search for a common root begins anew",
        r#"{"asset":{"version":"2.0"},"nodes":[{"children":[1,3]},{},{},{}],"skins":[{"joints":[1,2,3],"skeleton":0},{"joints":[1,2],"skeleton":0},{"joints":[1,3],"skeleton":1},{"joints":[-1],"skeleton":0}]}"#,
        &[
            "INVALID_INDEX /skins/3/joints/0",
            "SKIN_NO_COMMON_ROOT /skins/1/joints",
            "SKIN_NO_COMMON_ROOT /skins/3/joints",
            "SKIN_SKELETON_INVALID /skins/1/skeleton",
            "SKIN_SKELETON_INVALID /skins/2/skeleton",
            "SKIN_SKELETON_INVALID /skins/3/skeleton",
            "UNUSED_OBJECT /nodes/0",
            "UNUSED_OBJECT /skins/0",
            "UNUSED_OBJECT /skins/1",
            "UNUSED_OBJECT /skins/2",
            "UNUSED_OBJECT /skins/3",
        ],
    ),
    (
        "a ring is common to what hangs from it",
        r#"{"asset":{"version":"2.0"},"nodes":[{"children":[1]},{"children":[0,2]},{},{}],"skins":[{"joints":[0,2],"skeleton":1},{"joints":[2,3]}]}"#,
        &[
            "NODE_LOOP /nodes/0",
            "NODE_LOOP /nodes/1",
            "SKIN_NO_COMMON_ROOT /skins/1/joints",
            "UNUSED_OBJECT /skins/0",
            "UNUSED_OBJECT /skins/1",
        ],
    ),
    (
        "a scene reaches its nodes however they hang",
        r#"{"asset":{"version":"2.0"},"scenes":[{"nodes":[0]},{"nodes":[2]}],"nodes":[{"children":[1],"extras":{}},{},{"mesh":0,"skin":0}],"skins":[{"joints":[1]}],"meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]}],"bufferViews":[{"buffer":0,"byteLength":36,"target":34962}],"buffers":[{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]}"#,
        &[
            "NODE_SKIN_NO_SCENE /nodes/2",
            "NODE_SKIN_WITH_NON_SKINNED_MESH /nodes/2",
        ],
    ),
    (
        "without vertices every index is out of range",
        r#"{"asset":{"version":"2.0"},"meshes":[{"primitives":[{"attributes":{},"indices":0}]}],"accessors":[{"bufferView":0,"componentType":5123,"count":3,"type":"SCALAR"}],"bufferViews":[{"buffer":0,"byteLength":6,"target":34963}],"buffers":[{"byteLength":6,"uri":"data:application/octet-stream;base64,AAABAAIA"}]}"#,
        &[
            "ACCESSOR_INDEX_OOB /meshes/0/primitives/0/indices",
            "EMPTY_ENTITY /meshes/0/primitives/0/attributes",
            "UNUSED_OBJECT /meshes/0",
        ],
    ),
    (
        "vectors are looked at wherever they are used, in the right format alone",
        r#"{"asset":{"version":"2.0"},"meshes":[{"primitives":[{"attributes":{"POSITION":0,"NORMAL":0}},{"attributes":{"POSITION":0,"NORMAL":1}}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]},{"bufferView":1,"componentType":5120,"normalized":true,"count":3,"type":"VEC3"}],"bufferViews":[{"buffer":0,"byteLength":36,"target":34962,"byteStride":12},{"buffer":0,"byteLength":12,"byteStride":4,"target":34962}],"buffers":[{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]}"#,
        &[
            "ACCESSOR_VECTOR3_NON_UNIT /meshes/0/primitives/0/attributes/NORMAL",
            "MESH_PRIMITIVE_ATTRIBUTES_ACCESSOR_INVALID_FORMAT /meshes/0/primitives/1/attributes/NORMAL",
            "UNUSED_OBJECT /meshes/0",
        ],
    ),
    (
        "an offset that is none leaves nothing to read",
        r#"{"asset":{"version":"2.0"},"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[5,5,5],"max":[6,6,6]},{"bufferView":1,"componentType":5126,"count":3,"type":"VEC3","byteOffset":"x","min":[5,5,5],"max":[6,6,6]},{"bufferView":2,"componentType":5126,"count":3,"type":"VEC3","min":[5,5,5],"max":[6,6,6]}],"bufferViews":[{"buffer":0,"byteOffset":-1,"byteLength":36},{"buffer":0,"byteLength":36},{"buffer":0,"byteOffset":null,"byteLength":36}],"buffers":[{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]}"#,
        &[
            "ACCESSOR_ELEMENT_OUT_OF_MIN_BOUND /accessors/2/min/0",
            "ACCESSOR_ELEMENT_OUT_OF_MIN_BOUND /accessors/2/min/1",
            "ACCESSOR_ELEMENT_OUT_OF_MIN_BOUND /accessors/2/min/2",
            "ACCESSOR_MAX_MISMATCH /accessors/2/max/0",
            "ACCESSOR_MAX_MISMATCH /accessors/2/max/1",
            "ACCESSOR_MAX_MISMATCH /accessors/2/max/2",
            "ACCESSOR_MIN_MISMATCH /accessors/2/min/0",
            "ACCESSOR_MIN_MISMATCH /accessors/2/min/1",
            "ACCESSOR_MIN_MISMATCH /accessors/2/min/2",
            "TYPE_MISMATCH /accessors/1/byteOffset",
            "TYPE_MISMATCH /bufferViews/2/byteOffset",
            "UNUSED_OBJECT /accessors/0",
            "UNUSED_OBJECT /accessors/1",
            "UNUSED_OBJECT /accessors/2",
            "VALUE_NOT_IN_RANGE /bufferViews/0/byteOffset",
        ],
    ),
    (
        "bounds that the component type cannot hold are none",
        r#"{"asset":{"version":"2.0"},"accessors":[{"bufferView":0,"componentType":5121,"count":1,"type":"VEC2","min":[0.5,-1],"max":[7,7]},{"bufferView":0,"componentType":5126,"count":1,"type":"SCALAR","min":[],"max":[0]}],"bufferViews":[{"buffer":0,"byteLength":4}],"buffers":[{"byteLength":4,"uri":"data:application/octet-stream;base64,AAAAAA=="}]}"#,
        &[
            "ACCESSOR_MAX_MISMATCH /accessors/0/max/0",
            "ACCESSOR_MAX_MISMATCH /accessors/0/max/1",
            "ARRAY_TYPE_MISMATCH /accessors/0/min",
            "EMPTY_ENTITY /accessors/1/min",
            "INVALID_GL_VALUE /accessors/0/min",
            "UNUSED_OBJECT /accessors/0",
            "UNUSED_OBJECT /accessors/1",
        ],
    ),
    (
        "the later of two uses is told, skins before animations",
        r#"{"asset":{"version":"2.0"},"nodes":[{}],"skins":[{"joints":[0],"inverseBindMatrices":0}],"animations":[{"channels":[{"sampler":0,"target":{"node":0,"path":"scale"}}],"samplers":[{"input":0,"output":0}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":1,"type":"MAT4"}],"bufferViews":[{"buffer":0,"byteLength":64}],"buffers":[{"byteLength":64,"uri":"data:application/octet-stream;base64,AACAPwAAAAAAAAAAAAAAAAAAAAAAAIA/AAAAAAAAAAAAAAAAAAAAAAAAgD8AAAAAAAAAAAAAAAAAAAAAAACAPw=="}]}"#,
        &[
            "ACCESSOR_USAGE_OVERRIDE /animations/0/samplers/0/input",
            "ACCESSOR_USAGE_OVERRIDE /animations/0/samplers/0/output",
            "ANIMATION_SAMPLER_INPUT_ACCESSOR_INVALID_FORMAT /animations/0/samplers/0/input",
            "ANIMATION_SAMPLER_INPUT_ACCESSOR_WITHOUT_BOUNDS /animations/0/samplers/0/input",
            "ANIMATION_SAMPLER_OUTPUT_ACCESSOR_INVALID_FORMAT /animations/0/channels/0/sampler",
            "BUFFER_VIEW_TARGET_OVERRIDE /animations/0/samplers/0/input",
            "BUFFER_VIEW_TARGET_OVERRIDE /animations/0/samplers/0/output",
            "UNUSED_OBJECT /skins/0",
        ],
    ),
    (
        "elements that are no objects keep their places",
        r#"{"asset":{"version":"2.0"},"materials":[1,{"normalTexture":{"index":0}}],"textures":[{}],"meshes":[{"primitives":[{"attributes":{"POSITION":0,"TEXCOORD_0":1},"material":0},{"attributes":{"POSITION":0,"TEXCOORD_0":1},"material":1}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]},{"bufferView":1,"componentType":5126,"count":3,"type":"VEC2"}],"bufferViews":[{"buffer":1,"byteLength":36,"target":34962},{"buffer":1,"byteLength":24,"target":34962}],"buffers":[0,{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]}"#,
        &[
            "MESH_PRIMITIVE_GENERATED_TANGENT_SPACE /meshes/0/primitives/1/material",
            "TYPE_MISMATCH /buffers/0",
            "TYPE_MISMATCH /materials/0",
            "UNRESOLVED_REFERENCE /meshes/0/primitives/0/material",
            "UNUSED_OBJECT /meshes/0",
            "UNUSED_OBJECT /meshes/0/primitives/0/attributes/TEXCOORD_0",
        ],
    ),
    (
        "what an undeclared extension names is not used",
        r#"{"asset":{"version":"2.0"},"materials":[{"extensions":{"KHR_materials_sheen":{"sheenColorTexture":{"index":0}}}}],"textures":[{}],"meshes":[{"primitives":[{"attributes":{"POSITION":0,"TEXCOORD_0":1},"material":0}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]},{"bufferView":1,"componentType":5126,"count":3,"type":"VEC2"}],"bufferViews":[{"buffer":0,"byteLength":36,"target":34962},{"buffer":0,"byteLength":24,"target":34962}],"buffers":[{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]}"#,
        &[
            "UNDECLARED_EXTENSION /materials/0/extensions/KHR_materials_sheen",
            "UNUSED_OBJECT /meshes/0",
            "UNUSED_OBJECT /meshes/0/primitives/0/attributes/TEXCOORD_0",
            "UNUSED_OBJECT /textures/0",
        ],
    ),
    (
        "weights add up to one",
        r#"{"asset":{"version":"2.0"},"nodes":[{"mesh":0,"skin":0},{}],"skins":[{"joints":[1]}],"meshes":[{"primitives":[{"attributes":{"POSITION":0,"JOINTS_0":1,"WEIGHTS_0":2}}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":1,"type":"VEC3","min":[0.999,0,0],"max":[0.999,0,0]},{"bufferView":1,"componentType":5121,"count":1,"type":"VEC4"},{"bufferView":0,"componentType":5126,"count":1,"type":"VEC4"}],"bufferViews":[{"buffer":0,"byteLength":16,"byteStride":16,"target":34962},{"buffer":1,"byteLength":4,"target":34962}],"buffers":[{"byteLength":16,"uri":"data:application/octet-stream;base64,d75/PwAAAAAAAAAAAAAAAA=="},{"byteLength":4,"uri":"data:application/octet-stream;base64,AAAAAA=="}]}"#,
        &[
            "ACCESSOR_WEIGHTS_NON_NORMALIZED /meshes/0/primitives/0/attributes/WEIGHTS_0",
            "MESH_PRIMITIVE_INCOMPATIBLE_MODE /meshes/0/primitives/0",
            "UNUSED_OBJECT /nodes/0",
        ],
    ),
    (
        "a sparse part without a count uses no view",
        r#"{"asset":{"version":"2.0"},"accessors":[{"componentType":5126,"count":1,"type":"SCALAR","sparse":{"count":0,"indices":{"bufferView":0,"componentType":5123},"values":{"bufferView":0}}}],"bufferViews":[{"buffer":0,"byteLength":4}],"buffers":[{"byteLength":4,"uri":"data:application/octet-stream;base64,AAAAAA=="}]}"#,
        &[
            "UNUSED_OBJECT /accessors/0",
            "UNUSED_OBJECT /bufferViews/0",
            "VALUE_NOT_IN_RANGE /accessors/0/sparse/count",
        ],
    ),
    (
        "a stride that is none is none",
        r#"{"asset":{"version":"2.0"},"meshes":[{"primitives":[{"attributes":{"POSITION":0,"NORMAL":1}},{"attributes":{"POSITION":0,"NORMAL":1}}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]},{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3"}],"bufferViews":[{"buffer":0,"byteLength":36,"byteStride":300,"target":34962}],"buffers":[{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]}"#,
        &[
            "ACCESSOR_VECTOR3_NON_UNIT /meshes/0/primitives/0/attributes/NORMAL",
            "ACCESSOR_VECTOR3_NON_UNIT /meshes/0/primitives/1/attributes/NORMAL",
            "MESH_PRIMITIVE_ACCESSOR_WITHOUT_BYTESTRIDE /meshes/0/primitives/0/attributes/NORMAL",
            "UNUSED_OBJECT /meshes/0",
            "VALUE_NOT_IN_RANGE /bufferViews/0/byteStride",
        ],
    ),
    (
        "an animation is told what it points at, and a skin that it moves",
        r#"{"asset":{"version":"2.0"},"nodes":[{"mesh":0,"skin":0},{}],"skins":[{"joints":[1]}],"animations":[{"channels":[{"sampler":0,"target":{"node":0,"path":"scale"}},{"sampler":0,"target":{"path":"pointer"}}],"samplers":[{"input":9,"output":9}]}]}"#,
        &[
            "ANIMATION_CHANNEL_TARGET_NODE_SKIN /animations/0/channels/0/target/path",
            "NODE_EMPTY /nodes/0",
            "UNRESOLVED_REFERENCE /animations/0/samplers/0/input",
            "UNRESOLVED_REFERENCE /animations/0/samplers/0/output",
            "UNRESOLVED_REFERENCE /nodes/0/mesh",
            "VALUE_NOT_IN_LIST /animations/0/channels/1/target/path",
        ],
    ),
    (
        "one variant that is no object spoils their list",
        r#"{"asset":{"version":"2.0"},"extensionsUsed":["KHR_materials_variants","KHR_lights_punctual"],"extensions":{"KHR_materials_variants":{"variants":[null,{"name":"b"}]},"KHR_lights_punctual":true},"nodes":[{"extensions":{"KHR_lights_punctual":{"light":0}}}],"materials":[{}],"meshes":[{"primitives":[{"attributes":{"POSITION":0},"extensions":{"KHR_materials_variants":{"mappings":[{"material":0,"variants":[1]}]}}}]}],"accessors":[{"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[0,0,0]}]}"#,
        &[
            "ARRAY_TYPE_MISMATCH /extensions/KHR_materials_variants/variants",
            "TYPE_MISMATCH /extensions/KHR_lights_punctual",
            "UNDEFINED_PROPERTY /extensions/KHR_lights_punctual",
            "UNRESOLVED_REFERENCE /meshes/0/primitives/0/extensions/KHR_materials_variants/mappings/0/variants/0",
            "UNRESOLVED_REFERENCE /nodes/0/extensions/KHR_lights_punctual/light",
            "UNUSED_OBJECT /meshes/0",
            "UNUSED_OBJECT /nodes/0",
        ],
    ),
];

#[test]
fn broken_documents_are_reported_as_the_validator_does() {
    let mut others = Vec::new();
    for (name, document, expected) in CASES {
        let report = check_bytes(document.as_bytes(), &NoSideFiles, Purpose::World);
        let issues = report.issues.iter();
        let mut found: Vec<String> = issues
            .filter(|issue| !issue.code.starts_with("STOA_"))
            .map(|issue| format!("{} {}", issue.code, issue.pointer))
            .collect();
        found.sort();
        if found != *expected {
            others.push(format!(
                "{name}:\n  {found:?}\n  instead of\n  {expected:?}"
            ));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}
