//! Codes of the Khronos validator with their severities, each with a sentence of ours that says what is wrong.

/// A kind of finding.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) name: &'static str,
    /// 0 error, 1 warning, 2 information, 3 hint.
    pub(super) severity: u8,
    pub(super) message: &'static str,
}

macro_rules! codes {
    ($($name:ident $severity:literal $message:literal;)+) => {$(
        pub(super) const $name: Code = Code {
            name: stringify!($name),
            severity: $severity,
            message: $message,
        };
    )+};
}

codes! {
    IO_ERROR 0 "the file cannot be read: put it beside the scene and export again";
    ARRAY_LENGTH_NOT_IN_LIST 0 "the list has a wrong number of elements";
    ARRAY_TYPE_MISMATCH 0 "the element is of a wrong type";
    DUPLICATE_ELEMENTS 0 "the element stands twice: remove one";
    EMPTY_ENTITY 0 "it is empty: leave it out or fill it";
    INVALID_INDEX 0 "an index is a whole number, zero or more";
    INVALID_JSON 0 "the JSON cannot be read";
    INVALID_URI 0 "the address cannot be read";
    ONE_OF_MISMATCH 0 "exactly one of the alternatives must be given";
    PATTERN_MISMATCH 0 "the text has a wrong form";
    TYPE_MISMATCH 0 "the value is of a wrong type";
    UNDEFINED_PROPERTY 0 "a required property is missing";
    UNEXPECTED_PROPERTY 1 "glTF has no such property here: put custom data under `extras`";
    UNSATISFIED_DEPENDENCY 0 "it needs another property that is missing";
    VALUE_MULTIPLE_OF 0 "the number must be a multiple of four";
    VALUE_NOT_IN_LIST 1 "glTF has no such value here";
    VALUE_NOT_IN_RANGE 0 "the number is out of its range";
    ACCESSOR_MATRIX_ALIGNMENT 0 "matrices must begin at multiples of four bytes";
    ACCESSOR_NORMALIZED_INVALID 0 "only bytes and shorts can be normalised";
    ACCESSOR_OFFSET_ALIGNMENT 0 "the offset must be a multiple of the component's size";
    ACCESSOR_SPARSE_COUNT_OUT_OF_RANGE 0 "it replaces more elements than there are";
    ANIMATION_CHANNEL_TARGET_NODE_SKIN 1 "moving the node of a skinned mesh changes nothing: animate its joints";
    ASSET_MIN_VERSION_GREATER_THAN_VERSION 0 "minVersion is above version";
    BUFFER_DATA_URI_MIME_TYPE_INVALID 0 "buffers in data URIs have the type application/octet-stream or application/gltf-buffer";
    BUFFER_VIEW_INVALID_BYTE_STRIDE 0 "only vertex data can have a stride";
    BUFFER_VIEW_TOO_BIG_BYTE_STRIDE 0 "the stride is longer than the whole view";
    CAMERA_XMAG_YMAG_NEGATIVE 1 "magnifications should not be negative";
    CAMERA_XMAG_YMAG_ZERO 0 "magnifications must not be zero";
    CAMERA_YFOV_GEQUAL_PI 1 "the field of view should be below half a turn";
    CAMERA_ZFAR_LEQUAL_ZNEAR 0 "the far plane must lie beyond the near plane";
    EXTRA_PROPERTY 2 "it has no effect here";
    INVALID_EXTENSION_NAME_FORMAT 1 "names of extensions begin with a vendor's prefix in capitals";
    INVALID_GL_VALUE 0 "the component type cannot hold the number";
    KHR_ANIMATION_POINTER_ANIMATION_CHANNEL_TARGET_NODE 0 "a channel with a pointer must not name a node";
    KHR_ANIMATION_POINTER_ANIMATION_CHANNEL_TARGET_PATH 0 "a channel with a pointer has the path `pointer`";
    KHR_LIGHTS_PUNCTUAL_LIGHT_SPOT_ANGLES 0 "the outer cone must be wider than the inner one";
    KHR_MATERIALS_ANISOTROPY_ANISOTROPY_TEXTURE_TEXCOORD 1 "normal and anisotropy textures should use the same UV set";
    KHR_MATERIALS_CLEARCOAT_CLEARCOAT_NORMAL_TEXTURE_TEXCOORD 1 "normal and clearcoat normal textures should use the same UV set";
    KHR_MATERIALS_DISPERSION_NO_VOLUME 1 "dispersion shows only with a volume";
    KHR_MATERIALS_EMISSIVE_STRENGTH_ZERO_FACTOR 1 "emissive strength shows only with an emissive colour";
    KHR_MATERIALS_IRIDESCENCE_THICKNESS_RANGE_WITHOUT_TEXTURE 2 "the minimum thickness shows only with a thickness texture";
    KHR_MATERIALS_IRIDESCENCE_THICKNESS_TEXTURE_UNUSED 2 "the thickness texture has no effect: minimum and maximum are equal";
    KHR_MATERIALS_VOLUME_DOUBLE_SIDED 1 "a volume should not be double-sided";
    KHR_MATERIALS_VOLUME_NO_TRANSMISSION 1 "a volume shows only with transmission";
    MATERIAL_ALPHA_CUTOFF_INVALID_MODE 1 "the alpha cutoff counts in the mode MASK only";
    MESH_INVALID_WEIGHTS_COUNT 0 "there must be as many weights as morph targets";
    MESH_PRIMITIVES_UNEQUAL_TARGETS_COUNT 0 "all primitives of a mesh have the same number of morph targets";
    MESH_PRIMITIVE_INDEXED_SEMANTIC_CONTINUITY 0 "attribute sets are numbered from 0 without gaps";
    MESH_PRIMITIVE_INVALID_ATTRIBUTE 0 "glTF has no such attribute: custom ones begin with an underscore";
    MESH_PRIMITIVE_JOINTS_WEIGHTS_MISMATCH 0 "joint and weight sets come in pairs";
    MESH_PRIMITIVE_NO_POSITION 1 "without positions nothing is drawn";
    MESH_PRIMITIVE_TANGENT_WITHOUT_NORMAL 1 "tangents count only with normals";
    MULTIPLE_EXTENSIONS 1 "it does not go together with another extension here";
    NODE_EMPTY 2 "the node holds nothing";
    NODE_MATRIX_DEFAULT 2 "the identity matrix can be left out";
    NODE_MATRIX_NON_TRS 0 "the matrix has shear: apply the transform before export";
    NODE_MATRIX_TRS 0 "give either a matrix or translation, rotation and scale";
    NODE_SKINNED_MESH_LOCAL_TRANSFORMS 1 "the transform of a skinned mesh changes nothing: apply it before export";
    NODE_SKINNED_MESH_NON_ROOT 1 "transforms above a skinned mesh change nothing: make it a root";
    NODE_SKIN_NO_SCENE 0 "the joints are not in the scene of their mesh";
    NON_OBJECT_EXTRAS 2 "extras should be an object";
    NON_RELATIVE_URI 1 "only relative addresses are portable, and only files inside the folder are read";
    NON_REQUIRED_EXTENSION 0 "this extension must be listed as required";
    ROTATION_NON_UNIT 0 "a rotation is a quaternion of length one";
    SKIN_NO_COMMON_ROOT 0 "the joints have no common root";
    SKIN_SKELETON_INVALID 0 "the skeleton node is not above all joints";
    UNKNOWN_ASSET_MAJOR_VERSION 0 "only glTF 2 is known: export as glTF 2.0";
    UNKNOWN_ASSET_MINOR_VERSION 1 "only glTF 2.0 is known";
    UNUSED_EXTENSION_REQUIRED 0 "a required extension must be listed as used";
    ACCESSOR_SMALL_BYTESTRIDE 0 "the stride is shorter than an element";
    ACCESSOR_TOO_LONG 0 "the accessor reaches beyond its buffer view";
    ACCESSOR_TOTAL_OFFSET_ALIGNMENT 0 "offsets of view and accessor together must be a multiple of the component's size";
    ACCESSOR_USAGE_OVERRIDE 0 "one accessor cannot be used in both ways";
    ANIMATION_CHANNEL_TARGET_NODE_MATRIX 0 "a node with a matrix cannot be animated: decompose the matrix";
    ANIMATION_CHANNEL_TARGET_NODE_WEIGHTS_NO_MORPHS 0 "the mesh has no morph targets to animate";
    ANIMATION_DUPLICATE_TARGETS 0 "two channels of one animation move the same property";
    ANIMATION_SAMPLER_ACCESSOR_WITH_BYTESTRIDE 0 "animation data must not have a stride";
    ANIMATION_SAMPLER_INPUT_ACCESSOR_INVALID_FORMAT 0 "key times are single floats";
    ANIMATION_SAMPLER_INPUT_ACCESSOR_TOO_FEW_ELEMENTS 0 "there are too few keys for this interpolation";
    ANIMATION_SAMPLER_INPUT_ACCESSOR_WITHOUT_BOUNDS 0 "key times need min and max";
    ANIMATION_SAMPLER_OUTPUT_ACCESSOR_INVALID_COUNT 0 "the number of values does not fit the number of keys";
    ANIMATION_SAMPLER_OUTPUT_ACCESSOR_INVALID_FORMAT 0 "values of this type cannot move this property";
    BUFFER_MISSING_GLB_DATA 0 "the buffer has neither an address nor a binary chunk";
    BUFFER_VIEW_TARGET_MISSING 3 "stating the target helps readers";
    BUFFER_VIEW_TARGET_OVERRIDE 0 "one buffer view cannot be used in both ways";
    BUFFER_VIEW_TOO_LONG 0 "the view reaches beyond its buffer";
    IMAGE_BUFFER_VIEW_WITH_BYTESTRIDE 0 "image data must not have a stride";
    INCOMPLETE_EXTENSION_SUPPORT 2 "this extension is checked in part only";
    INVALID_IBM_ACCESSOR_COUNT 0 "there are fewer inverse bind matrices than joints";
    KHR_MATERIALS_VARIANTS_NON_UNIQUE_VARIANT 0 "the variant is used twice on this primitive";
    MESH_PRIMITIVE_ACCESSOR_UNALIGNED 0 "vertex data must begin at multiples of four bytes";
    MESH_PRIMITIVE_ACCESSOR_WITHOUT_BYTESTRIDE 0 "a view shared by vertex attributes needs a stride";
    MESH_PRIMITIVE_ATTRIBUTES_ACCESSOR_INVALID_FORMAT 0 "this attribute has another format";
    MESH_PRIMITIVE_ATTRIBUTES_ACCESSOR_UNSIGNED_INT 0 "attributes cannot be unsigned integers of 32 bits";
    MESH_PRIMITIVE_GENERATED_TANGENT_SPACE 1 "export tangents: made ones may differ from program to program";
    MESH_PRIMITIVE_INCOMPATIBLE_MODE 1 "the number of vertices does not fit the kind of primitive";
    MESH_PRIMITIVE_INDICES_ACCESSOR_INVALID_FORMAT 0 "indices are single unsigned whole numbers";
    MESH_PRIMITIVE_INDICES_ACCESSOR_WITH_BYTESTRIDE 0 "indices must not have a stride";
    MESH_PRIMITIVE_MORPH_TARGET_INVALID_ATTRIBUTE_COUNT 0 "a morph target has as many elements as the mesh";
    MESH_PRIMITIVE_MORPH_TARGET_NO_BASE_ACCESSOR 0 "a morph target changes only what the mesh has";
    MESH_PRIMITIVE_NO_TANGENT_SPACE 0 "the material needs tangents: export them";
    MESH_PRIMITIVE_POSITION_ACCESSOR_WITHOUT_BOUNDS 0 "positions need min and max";
    MESH_PRIMITIVE_TOO_FEW_TEXCOORDS 0 "the material uses a UV set that the mesh lacks";
    MESH_PRIMITIVE_UNEQUAL_ACCESSOR_COUNT 0 "all attributes have the same number of elements";
    NODE_LOOP 0 "the node is its own ancestor";
    NODE_PARENT_OVERRIDE 0 "the node has two parents";
    NODE_SKINNED_MESH_WITHOUT_SKIN 1 "the mesh has joints, but the node has no skin";
    NODE_SKIN_WITH_NON_SKINNED_MESH 0 "the node has a skin, but the mesh has no joints";
    NODE_WEIGHTS_INVALID 0 "there must be as many weights as morph targets";
    SCENE_NON_ROOT_NODE 0 "a scene lists roots only";
    SKIN_IBM_ACCESSOR_WITH_BYTESTRIDE 0 "inverse bind matrices must not have a stride";
    SKIN_IBM_INVALID_FORMAT 0 "inverse bind matrices are matrices of four by four floats";
    TEXTURE_INVALID_IMAGE_MIME_TYPE 0 "this texture cannot use an image of that format";
    UNDECLARED_EXTENSION 0 "list the extension under extensionsUsed";
    UNEXPECTED_EXTENSION_OBJECT 0 "the extension does not belong here";
    UNRESOLVED_REFERENCE 0 "it names something that is not there";
    UNSUPPORTED_EXTENSION 2 "what this extension says is not checked";
    UNUSED_MESH_TANGENT 2 "the material has no normal texture: tangents can be left out";
    UNUSED_MESH_WEIGHTS 2 "every node has weights of its own: these are never used";
    UNUSED_OBJECT 2 "nothing uses it";
    ACCESSOR_ANIMATION_INPUT_NEGATIVE 0 "key times are zero or more";
    ACCESSOR_ANIMATION_INPUT_NON_INCREASING 0 "key times must grow from key to key";
    ACCESSOR_ANIMATION_SAMPLER_OUTPUT_NON_NORMALIZED_QUATERNION 0 "a rotation is a quaternion of length one";
    ACCESSOR_ELEMENT_OUT_OF_MAX_BOUND 0 "an element is above the stated maximum";
    ACCESSOR_ELEMENT_OUT_OF_MIN_BOUND 0 "an element is below the stated minimum";
    ACCESSOR_INDEX_OOB 0 "an index names a vertex that is not there";
    ACCESSOR_INDEX_PRIMITIVE_RESTART 0 "the largest index is reserved: use wider indices";
    ACCESSOR_INDEX_TRIANGLE_DEGENERATE 2 "some triangles have no area: merge or remove them";
    ACCESSOR_INVALID_FLOAT 0 "an element is not a number";
    ACCESSOR_INVALID_IBM 0 "the last row of an inverse bind matrix is 0 0 0 1";
    ACCESSOR_INVALID_SIGN 0 "the fourth component of a tangent is 1 or -1";
    ACCESSOR_JOINTS_INDEX_DUPLICATE 0 "a vertex names a joint twice";
    ACCESSOR_JOINTS_INDEX_OOB 0 "a vertex names a joint that the skin lacks";
    ACCESSOR_JOINTS_USED_ZERO_WEIGHT 1 "a joint of weight zero should have the index 0";
    ACCESSOR_MAX_MISMATCH 0 "the stated maximum is not the largest value";
    ACCESSOR_MIN_MISMATCH 0 "the stated minimum is not the smallest value";
    ACCESSOR_NON_CLAMPED 0 "colours lie between 0 and 1";
    ACCESSOR_SPARSE_INDEX_OOB 0 "a replaced element is not there";
    ACCESSOR_SPARSE_INDICES_NON_INCREASING 0 "sparse indices must grow from one to the next";
    ACCESSOR_VECTOR3_NON_UNIT 0 "normals and tangents have length one";
    ACCESSOR_WEIGHTS_NEGATIVE 0 "weights are zero or more";
    ACCESSOR_WEIGHTS_NON_NORMALIZED 0 "the weights of a vertex sum up to one";
    BUFFER_BYTE_LENGTH_MISMATCH 0 "the file has fewer bytes than stated";
    BUFFER_GLB_CHUNK_TOO_BIG 1 "the binary chunk has more bytes than its buffer";
    DATA_URI_GLB 1 "a GLB should hold its data in the binary chunk";
    IMAGE_DATA_INVALID 0 "the image is broken: save it again";
    IMAGE_FEATURES_UNSUPPORTED 1 "its own colours, oblong pixels and animation are passed over: save it as plain sRGB";
    IMAGE_MIME_TYPE_INVALID 0 "the image is of another format than stated";
    IMAGE_NON_ENABLED_MIME_TYPE 0 "images of this format need an extension";
    IMAGE_NPOT_DIMENSIONS 2 "width and height are not powers of two";
    IMAGE_UNEXPECTED_EOS 0 "the image ends too early: save it again";
    IMAGE_UNRECOGNIZED_FORMAT 1 "the image is neither a PNG nor a JPEG";
    URI_GLB 2 "a GLB should hold its data in the binary chunk";
    GLB_CHUNK_LENGTH_UNALIGNED 0 "chunks have lengths that are multiples of four";
    GLB_CHUNK_TOO_BIG 0 "the chunk reaches beyond the file";
    GLB_DUPLICATE_CHUNK 0 "the chunk stands twice";
    GLB_EMPTY_BIN_CHUNK 2 "an empty binary chunk can be left out";
    GLB_EMPTY_CHUNK 0 "the chunk is empty";
    GLB_EXTRA_DATA 1 "something follows the end of the GLB";
    GLB_INVALID_MAGIC 0 "it is not a GLB";
    GLB_INVALID_VERSION 0 "only version 2 of GLB is known";
    GLB_LENGTH_MISMATCH 0 "the stated length is not that of the file";
    GLB_LENGTH_TOO_SMALL 0 "the stated length is too small for a GLB";
    GLB_UNEXPECTED_BIN_CHUNK 0 "the binary chunk must be the second one";
    GLB_UNEXPECTED_END_OF_CHUNK_DATA 0 "the file ends inside a chunk: it was cut off";
    GLB_UNEXPECTED_END_OF_CHUNK_HEADER 0 "the file ends inside a chunk's header: it was cut off";
    GLB_UNEXPECTED_END_OF_HEADER 0 "the file ends inside its header: it was cut off";
    GLB_UNEXPECTED_FIRST_CHUNK 0 "the first chunk must be JSON";
    GLB_UNKNOWN_CHUNK_TYPE 1 "the chunk is of an unknown type";
}
