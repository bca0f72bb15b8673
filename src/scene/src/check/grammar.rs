//! The grammar of glTF 2.0: every object with its members (sections 5.1 to 5.30 of the specification).

use super::schema::{
    ANY, Kind, POSITIVE, POSITIVE_OR_ZERO, Pool, Rule::*, SHARE, SIGNED_SHARE, Schema, optional,
    required,
};

/// Largest whole number that JSON holds exactly.
const LARGEST: i64 = (1 << 53) - 1;
const SIZE: super::schema::Rule = Whole(0, LARGEST);
const COUNT: super::schema::Rule = Whole(1, LARGEST);

const COMPONENT_TYPES: &[i64] = &[5120, 5121, 5122, 5123, 5125, 5126];
const ELEMENT_TYPES: &[&str] = &["SCALAR", "VEC2", "VEC3", "VEC4", "MAT2", "MAT3", "MAT4"];

macro_rules! schemas {
    ($($name:ident $kind:ident [$($property:expr),* $(,)?])+) => {$(
        pub(super) static $name: Schema = Schema {
            kind: Kind::$kind,
            properties: &[$($property),*],
        };
    )+};
}

schemas! {
    ROOT Root [
        optional("extensionsUsed", Texts),
        optional("extensionsRequired", Texts),
        optional("accessors", Objects(&ACCESSOR)),
        optional("animations", Objects(&ANIMATION)),
        required("asset", Object(&ASSET)),
        optional("buffers", Objects(&BUFFER)),
        optional("bufferViews", Objects(&BUFFER_VIEW)),
        optional("cameras", Objects(&CAMERA)),
        optional("images", Objects(&IMAGE)),
        optional("materials", Objects(&MATERIAL)),
        optional("meshes", Objects(&MESH)),
        optional("nodes", Objects(&NODE)),
        optional("samplers", Objects(&SAMPLER)),
        optional("scene", Index(Pool::Scenes)),
        optional("scenes", Objects(&SCENE)),
        optional("skins", Objects(&SKIN)),
        optional("textures", Objects(&TEXTURE)),
    ]
    ASSET Asset [
        optional("copyright", Text),
        optional("generator", Text),
        required("version", Pattern(is_version)),
        optional("minVersion", Pattern(is_version)),
    ]
    ACCESSOR Accessor [
        optional("bufferView", Index(Pool::BufferViews)),
        optional("byteOffset", SIZE),
        required("componentType", WholeOf(COMPONENT_TYPES)),
        optional("normalized", Flag),
        required("count", COUNT),
        required("type", TextOf(ELEMENT_TYPES)),
        optional("max", Bounds),
        optional("min", Bounds),
        optional("sparse", Object(&SPARSE)),
        optional("name", Text),
    ]
    SPARSE Sparse [
        required("count", COUNT),
        required("indices", Object(&SPARSE_INDICES)),
        required("values", Object(&SPARSE_VALUES)),
    ]
    SPARSE_INDICES Other [
        required("bufferView", Index(Pool::BufferViews)),
        optional("byteOffset", SIZE),
        required("componentType", WholeOf(&[5121, 5123, 5125])),
    ]
    SPARSE_VALUES Other [
        required("bufferView", Index(Pool::BufferViews)),
        optional("byteOffset", SIZE),
    ]
    ANIMATION Animation [
        required("channels", Objects(&CHANNEL)),
        required("samplers", Objects(&ANIMATION_SAMPLER)),
        optional("name", Text),
    ]
    CHANNEL Channel [
        required("sampler", LocalIndex),
        required("target", Object(&CHANNEL_TARGET)),
    ]
    CHANNEL_TARGET ChannelTarget [
        optional("node", Index(Pool::Nodes)),
        required("path", TextOf(&["translation", "rotation", "scale", "weights", "pointer"])),
    ]
    ANIMATION_SAMPLER Other [
        required("input", Index(Pool::Accessors)),
        optional("interpolation", TextOf(&["LINEAR", "STEP", "CUBICSPLINE"])),
        required("output", Index(Pool::Accessors)),
    ]
    BUFFER Buffer [
        optional("uri", Text),
        required("byteLength", COUNT),
        optional("name", Text),
    ]
    BUFFER_VIEW BufferView [
        required("buffer", Index(Pool::Buffers)),
        optional("byteOffset", SIZE),
        required("byteLength", COUNT),
        optional("byteStride", Whole(4, 252)),
        optional("target", WholeOf(&[34962, 34963])),
        optional("name", Text),
    ]
    CAMERA Camera [
        optional("orthographic", Object(&ORTHOGRAPHIC)),
        optional("perspective", Object(&PERSPECTIVE)),
        required("type", TextOf(&["orthographic", "perspective"])),
        optional("name", Text),
    ]
    ORTHOGRAPHIC Orthographic [
        required("xmag", Number(ANY)),
        required("ymag", Number(ANY)),
        required("zfar", Number(POSITIVE)),
        required("znear", Number(POSITIVE_OR_ZERO)),
    ]
    PERSPECTIVE Perspective [
        optional("aspectRatio", Number(POSITIVE)),
        required("yfov", Number(POSITIVE)),
        optional("zfar", Number(POSITIVE)),
        required("znear", Number(POSITIVE)),
    ]
    IMAGE Image [
        optional("uri", Text),
        optional("mimeType", TextOf(&["image/jpeg", "image/png"])),
        optional("bufferView", Index(Pool::BufferViews)),
        optional("name", Text),
    ]
    MATERIAL Material [
        optional("pbrMetallicRoughness", Object(&METALLIC_ROUGHNESS)),
        optional("normalTexture", Object(&NORMAL_TEXTURE_INFO)),
        optional("occlusionTexture", Object(&OCCLUSION_TEXTURE_INFO)),
        optional("emissiveTexture", Object(&TEXTURE_INFO)),
        optional("emissiveFactor", Numbers(&[3], SHARE)),
        optional("alphaMode", TextOf(&["OPAQUE", "MASK", "BLEND"])),
        optional("alphaCutoff", Number(POSITIVE_OR_ZERO)),
        optional("doubleSided", Flag),
        optional("name", Text),
    ]
    METALLIC_ROUGHNESS Other [
        optional("baseColorFactor", Numbers(&[4], SHARE)),
        optional("baseColorTexture", Object(&TEXTURE_INFO)),
        optional("metallicFactor", Number(SHARE)),
        optional("roughnessFactor", Number(SHARE)),
        optional("metallicRoughnessTexture", Object(&TEXTURE_INFO)),
    ]
    TEXTURE_INFO TextureInfo [
        required("index", Index(Pool::Textures)),
        optional("texCoord", SIZE),
    ]
    NORMAL_TEXTURE_INFO NormalTextureInfo [
        required("index", Index(Pool::Textures)),
        optional("texCoord", SIZE),
        optional("scale", Number(ANY)),
    ]
    OCCLUSION_TEXTURE_INFO TextureInfo [
        required("index", Index(Pool::Textures)),
        optional("texCoord", SIZE),
        optional("strength", Number(SHARE)),
    ]
    MESH Mesh [
        required("primitives", Objects(&PRIMITIVE)),
        optional("weights", Numbers(&[], ANY)),
        optional("name", Text),
    ]
    PRIMITIVE Primitive [
        required("attributes", IndexMap(Pool::Accessors)),
        optional("indices", Index(Pool::Accessors)),
        optional("material", Index(Pool::Materials)),
        optional("mode", Whole(0, 6)),
        optional("targets", IndexMaps(Pool::Accessors)),
    ]
    NODE Node [
        optional("camera", Index(Pool::Cameras)),
        optional("children", Indices(Pool::Nodes)),
        optional("skin", Index(Pool::Skins)),
        optional("matrix", Numbers(&[16], ANY)),
        optional("mesh", Index(Pool::Meshes)),
        optional("rotation", Numbers(&[4], SIGNED_SHARE)),
        optional("scale", Numbers(&[3], ANY)),
        optional("translation", Numbers(&[3], ANY)),
        optional("weights", Numbers(&[], ANY)),
        optional("name", Text),
    ]
    SAMPLER Other [
        optional("magFilter", WholeOf(&[9728, 9729])),
        optional("minFilter", WholeOf(&[9728, 9729, 9984, 9985, 9986, 9987])),
        optional("wrapS", WholeOf(&[10497, 33071, 33648])),
        optional("wrapT", WholeOf(&[10497, 33071, 33648])),
        optional("name", Text),
    ]
    SCENE Scene [
        optional("nodes", Indices(Pool::Nodes)),
        optional("name", Text),
    ]
    SKIN Skin [
        optional("inverseBindMatrices", Index(Pool::Accessors)),
        optional("skeleton", Index(Pool::Nodes)),
        required("joints", Indices(Pool::Nodes)),
        optional("name", Text),
    ]
    TEXTURE Texture [
        optional("sampler", Index(Pool::Samplers)),
        optional("source", Index(Pool::Images)),
        optional("name", Text),
    ]
}

/// Major and minor version, digits with a point between them.
pub(super) fn is_version(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}
