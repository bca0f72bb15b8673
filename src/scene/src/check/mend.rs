//! How to mend what a finding tells, in the words of the people who made the file.

use crate::error::Issue;

impl Issue {
    /// One sentence that says how to mend it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        let code = self.code;
        by_name(code).unwrap_or_else(|| by_family(code))
    }
}

/// What exporters write wrong by themselves, and no setting of theirs mends.
const EXPORTER: &str =
    "Update the exporter and export again; if it stays, mend the value at this place by hand.";
const CUT_OFF: &str = "Copy or download the file again: it did not arrive whole.";
const OTHER_FORMAT: &str = "Export it as glTF 2.0, GLB or VRM; of FBX, OBJ, STL, PLY, USD and zip archives `stoa-import convert` makes a GLB.";
const SKINNING: &str =
    "Normalise all weights, limit them to four bones a vertex, and export again.";
/// Of what is no fault here.
pub(super) const UNDERSTOOD: &str = "Nothing has to be done: the picture is named as what it is, KTX 2 or DDS, which is read, and the validator does not know that format.";
pub(super) const UNDERSTOOD_SPLATS: &str = "Nothing has to be done: it is an attribute of Gaussian splats, which are read, and the validator does not know them.";
const HARMLESS: &str = "Nothing has to be done; removing it makes the file smaller.";

fn by_name(code: &str) -> Option<&'static str> {
    let shapes = || by_name_of_shapes(code);
    let looks = || by_name_of_looks(code);
    by_name_of_ours(code)
        .or_else(|| by_name_of_unshown(code))
        .or_else(looks)
        .or_else(shapes)
}

fn by_name_of_ours(code: &str) -> Option<&'static str> {
    Some(match code {
        "STOA_REQUIRED_EXTENSION" => {
            "Switch this extension off in the exporter, or export without compression."
        }
        "STOA_EXTENSION_NOT_READ" => "Nothing has to be done if the file looks right without it.",
        "STOA_AUDIO_MISSING" | "STOA_IMAGE_MISSING" | "STOA_UNREADABLE" | "IO_ERROR" => {
            "Put the file beside the scene and name it as the scene does, in the same letters."
        }
        "STOA_MANIFEST_KEY" | "STOA_MANIFEST_ANIMATION" => {
            "Mend the name in world.toml; HOSTING lists the keys, and names are those in the file."
        }
        "STOA_OUTSIDE_FOLDER" | "NON_RELATIVE_URI" => {
            "Copy the file into the scene's folder and export with relative paths."
        }
        "STOA_FILE_NAME" => {
            "Rename the file without `:` and `\\`; in the scene `/` is between folders, `#` is %23 and `?` is %3F."
        }
        "STOA_OVER_LIMIT" => {
            "Make it smaller: fewer triangles, smaller textures, or several files instead of one."
        }
        "STOA_NOT_GLTF" | "GLB_INVALID_MAGIC" => OTHER_FORMAT,
        "INVALID_JSON" => {
            "Mend the text at the place that the refusal names, or save it without a byte order mark."
        }
        "STOA_SIDE_FILES" => "Export it as GLB, or let `stoa-import convert` make one file of it.",
        "STOA_IMAGE_NOT_READ" => "Save the image as PNG or JPEG and export again.",
        "STOA_POSITION_TOO_FAR" => {
            "Look for vertices far away, delete them, and check that the scene is in metres."
        }
        "STOA_ANIMATION_MANY_NODES" => {
            "Animate the weights of the nodes, or give some of them a mesh of their own."
        }
        "STOA_ANIMATION_TWICE" => {
            "Keep one of the tracks that move this, or put each into an animation of its own."
        }
        "STOA_SCALE_ZERO" => "Give the object a scale other than zero, or delete it.",
        "STOA_MANY_NODES" | "STOA_DEEP_NODES" => {
            "Join objects that never move by themselves, and remove empty levels."
        }
        "STOA_MANY_LIGHTS" => "Bake lights that never change into textures.",
        "STOA_SKIN_JOINTS" => "Split the mesh, or merge bones that always move together.",
        "STOA_PHYSICS_SHAPE" => {
            "Use a box, sphere, capsule, cylinder, convex hull or triangle mesh."
        }
        "STOA_VRM_DRAFT" | "STOA_VRM_BOTH_VERSIONS" => {
            "Export the avatar again as VRM 1.0 with a current exporter."
        }
        "STOA_DOUBLES_ROUNDED" => "Move the model to its origin and export it with floats.",
        "STOA_LIGHT_CONE" => {
            "Give the spot light a soft edge (`Blend` above 0 in Blender), however little."
        }
        "STOA_PORTAL_URI" => {
            "Name another world of the server (`../hall.glb`), a spawn point (`#Gate`) or a stoa:// address."
        }
        "STOA_NODE_NAME" => "Give the object a shorter name.",
        "STOA_ROTATION_NOT_UNIT" => "Apply the rotation of the object and export again.",
        "STOA_NUMBER_TOO_LARGE" => "Look for a value that grew out of all proportion.",
        "STOA_NOT_A_THING" => {
            "Give it something that can be seen; what is worn is checked with `--as avatar`."
        }
        "STOA_VRM_MISSING" => {
            "Export it with the VRM add-on of your application, or check it with `--as world` or `--as prop`."
        }
        "STOA_VRM_BONE" => {
            "Assign the bones in the humanoid settings of the VRM add-on, and export again."
        }
        "STOA_VRM_META" => "Fill in the avatar's name, author and licence, and export again.",
        "STOA_VRM_SPRING_SHARED" => "Let each bone belong to one spring chain only.",
        _ => return None,
    })
}

/// What the product does not show, play or obey.
fn by_name_of_unshown(code: &str) -> Option<&'static str> {
    Some(match code {
        "STOA_UV_SET" => {
            "Let the textures of the material use two UV maps of the mesh at most, those of a variant the same as the material that it stands in for; or bake them to these."
        }
        "STOA_INFLUENCES" => {
            "Limit the weights to four bones a vertex (`Limit Total` in Blender) if the mesh bends wrongly."
        }
        "STOA_SPLATS_AS_POINTS" => {
            "Leave away splats that hardly show, until the file has no more than it has room for."
        }
        "STOA_ANIMATION_OF_GRAPH" => {
            "Export without interactivity if the animations are to play by themselves."
        }
        "STOA_ANIMATION_LEFT_OUT" => {
            "Put into one animation what moves together, with keys at more than one time."
        }
        "STOA_SCENE_NOT_SHOWN" => {
            "Move its objects into the default scene, or export each scene as a file of its own."
        }
        "STOA_CAMERA_NOT_USED" => {
            "Nothing has to be done; a spawn point (`OMI_spawn_point`) says where people arrive and look."
        }
        "STOA_PHYSICS_DIALECT" => {
            "Describe the physics of all objects in one dialect, or of each in both."
        }
        "STOA_PHYSICS_JOINTS" => {
            "Join fewer bodies, or make one body of parts that never move against each other."
        }
        "STOA_PHYSICS_SYSTEMS" => "Let the collision filters name fewer systems.",
        "STOA_PHYSICS_HULL" => {
            "Nothing has to be done if the hull will do; otherwise build the body from boxes or convex parts."
        }
        "STOA_PHYSICS_NOT_SOLID" => "Give it a collider, unless people are to go through it.",
        "STOA_VRM_BONE_PARENT" => {
            "Assign the bone above as well in the humanoid settings of the VRM add-on, or take this one away."
        }
        "STOA_VRM_LICENSE" => {
            "Choose the VRM 1.0 licence in the exporter; the address of another one goes under `otherLicenseUrl`."
        }
        "STOA_VRM_THUMBNAIL" => {
            "Cut the picture to a square, best of 1,024 by 1,024 pixels, and export again."
        }
        "STOA_VRM_SPRING_CUT" => {
            "List the bones of a chain from its root down one branch; each further branch is a chain of its own."
        }
        "STOA_VRM_SPRING_STIFF" => {
            "Let fewer bones swing, and let each chain name only the colliders that it can touch."
        }
        "STOA_VRM_NOT_SHARED" => {
            "If it is yours to decide, let everyone use the avatar, or allow redistribution, in the export settings of VRoid Studio, UniVRM or your VRM add-on."
        }
        "STOA_THING_WITHOUT" => "Nothing has to be done; a world of this file would have them.",
        _ => return None,
    })
}

fn by_name_of_looks(code: &str) -> Option<&'static str> {
    Some(match code {
        "IMAGE_NPOT_DIMENSIONS" => {
            "Resize the image to 256, 512, 1024 or 2048 pixels a side if memory matters."
        }
        "IMAGE_FEATURES_UNSUPPORTED" => {
            "Save the image again as sRGB with square pixels and without a colour profile."
        }
        "IMAGE_MIME_TYPE_INVALID"
        | "TEXTURE_INVALID_IMAGE_MIME_TYPE"
        | "IMAGE_NON_ENABLED_MIME_TYPE"
        | "IMAGE_UNRECOGNIZED_FORMAT"
        | "IMAGE_DATA_INVALID"
        | "IMAGE_UNEXPECTED_EOS" => {
            "Open the image in a paint program, save it as PNG or JPEG, and export again."
        }
        "MESH_PRIMITIVE_GENERATED_TANGENT_SPACE" | "MESH_PRIMITIVE_NO_TANGENT_SPACE" => {
            "Switch on `Tangents` in the exporter, if you see seams."
        }
        "MESH_PRIMITIVE_TOO_FEW_TEXCOORDS" => {
            "Unwrap the mesh, or let the material use a UV map that the mesh has."
        }
        "MATERIAL_ALPHA_CUTOFF_INVALID_MODE" => {
            "Set the material to clip its alpha, or leave the threshold away."
        }
        "MULTIPLE_EXTENSIONS" => "Decide for one of the two looks of the material.",
        "KHR_MATERIALS_VOLUME_NO_TRANSMISSION" => "Give the material transmission, or no volume.",
        "KHR_MATERIALS_VOLUME_DOUBLE_SIDED" => "Switch back-face culling on for this material.",
        "KHR_MATERIALS_EMISSIVE_STRENGTH_ZERO_FACTOR" => {
            "Give the material an emission colour other than black, or no strength."
        }
        _ => return None,
    })
}

fn by_name_of_shapes(code: &str) -> Option<&'static str> {
    Some(match code {
        "NODE_MATRIX_NON_TRS" => "Apply rotation and scale of the object and its parents.",
        "NODE_SKINNED_MESH_NON_ROOT" | "NODE_SKINNED_MESH_LOCAL_TRANSFORMS" => {
            "Nothing has to be done if it looks right; otherwise apply the mesh's transform."
        }
        "NODE_SKINNED_MESH_WITHOUT_SKIN" => "Bind the mesh to its armature, or remove its weights.",
        "NODE_SKIN_WITH_NON_SKINNED_MESH" => "Give the mesh weights, or unbind it.",
        "NODE_SKIN_NO_SCENE" | "SKIN_NO_COMMON_ROOT" | "SKIN_SKELETON_INVALID" => {
            "Export the whole armature together with its mesh."
        }
        "NODE_EMPTY"
        | "UNUSED_OBJECT"
        | "UNUSED_MESH_TANGENT"
        | "UNUSED_MESH_WEIGHTS"
        | "NODE_MATRIX_DEFAULT"
        | "EXTRA_PROPERTY"
        | "GLB_EMPTY_BIN_CHUNK" => HARMLESS,
        "BUFFER_VIEW_TARGET_MISSING"
        | "INVALID_EXTENSION_NAME_FORMAT"
        | "UNSUPPORTED_EXTENSION"
        | "INCOMPLETE_EXTENSION_SUPPORT"
        | "URI_GLB"
        | "NON_OBJECT_EXTRAS"
        | "GLB_UNKNOWN_CHUNK_TYPE" => "Nothing has to be done.",
        "ACCESSOR_INDEX_TRIANGLE_DEGENERATE" => "Merge vertices by distance and export again.",
        "ACCESSOR_VECTOR3_NON_UNIT" => "Recalculate the normals and export again.",
        "ACCESSOR_JOINTS_USED_ZERO_WEIGHT"
        | "ACCESSOR_WEIGHTS_NON_NORMALIZED"
        | "ACCESSOR_WEIGHTS_NEGATIVE"
        | "ACCESSOR_JOINTS_INDEX_DUPLICATE" => SKINNING,
        "ACCESSOR_INVALID_FLOAT" => {
            "Look for a division by zero in a modifier or driver, and export again."
        }
        "ANIMATION_CHANNEL_TARGET_NODE_SKIN" => "Animate the bones and not the mesh.",
        "ACCESSOR_ANIMATION_INPUT_NON_INCREASING" | "ACCESSOR_ANIMATION_INPUT_NEGATIVE" => {
            "Let the clip begin at zero, with one key a frame, and export again."
        }
        "UNKNOWN_ASSET_MAJOR_VERSION" | "GLB_INVALID_VERSION" => "Export it as glTF 2.0.",
        "GLB_UNEXPECTED_END_OF_CHUNK_HEADER"
        | "GLB_UNEXPECTED_END_OF_CHUNK_DATA"
        | "GLB_UNEXPECTED_END_OF_HEADER"
        | "GLB_LENGTH_MISMATCH"
        | "GLB_CHUNK_TOO_BIG"
        | "BUFFER_BYTE_LENGTH_MISMATCH" => CUT_OFF,
        "UNDECLARED_EXTENSION" => "Add the extension's name to `extensionsUsed`.",
        "UNUSED_EXTENSION_REQUIRED" => "Add the extension's name to `extensionsUsed` as well.",
        "UNEXPECTED_PROPERTY" => "Put data of your own under `extras`; misspelt names are ignored.",
        _ => return None,
    })
}

/// The beginning of a code says what part of a file it is about.
fn by_family(code: &str) -> &'static str {
    let families = [
        (
            "ANIMATION_",
            "Bake the animation in the exporter and export again.",
        ),
        (
            "ACCESSOR_ANIMATION_",
            "Bake the animation in the exporter and export again.",
        ),
        (
            "CAMERA_",
            "Set the camera's field of view and its near and far distance anew.",
        ),
        (
            "KHR_MATERIALS_",
            "Set this part of the material anew in your application.",
        ),
        (
            "KHR_LIGHTS_",
            "Set the light's cone anew in your application.",
        ),
        (
            "STOA_VRM_",
            "Mend it in the avatar's settings of your application and export as VRM 1.0.",
        ),
        ("STOA_MANIFEST_", "Correct the key in `world.toml`."),
        ("STOA_PHYSICS_", "Mend the physics settings of this object."),
        (
            "STOA_ANIMATION_",
            "Remove the track, or let it move an object of the file.",
        ),
    ];
    let family = families.iter().find(|(start, _)| code.starts_with(start));
    family.map_or(EXPORTER, |(_, remedy)| *remedy)
}
