//! The grammar of the extensions that are checked, and the objects that they belong to.

use super::{
    grammar::{NORMAL_TEXTURE_INFO, TEXTURE_INFO},
    schema::{
        ANY, Kind, ONE_OR_MORE, POSITIVE, POSITIVE_OR_ZERO, Pool, Property, Range, Rule::*, SHARE,
        Schema, optional, required,
    },
};

/// An extension at one kind of object.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) at: &'static [Kind],
    pub(super) schema: &'static Schema,
}

macro_rules! places {
    ($($name:literal $static_name:ident [$($kind:ident),*] [$($property:expr),* $(,)?])+) => {
        $(static $static_name: Schema = Schema {
            kind: Kind::Other,
            properties: &[$($property),*],
        };)+
        /// Every extension that is checked, at every kind of object that it belongs to.
        pub(super) static PLACES: &[Place] = &[$(Place {
            name: $name,
            at: &[$(Kind::$kind),*],
            schema: &$static_name,
        }),+];
    };
}

/// Extensions of materials that replace its look and so exclude others.
pub(super) const ALONE_ON_A_MATERIAL: &[&str] =
    &["KHR_materials_pbrSpecularGlossiness", "KHR_materials_unlit"];

const fn texture(name: &'static str) -> Property {
    optional(name, Object(&TEXTURE_INFO))
}

const fn share(name: &'static str) -> Property {
    optional(name, Number(SHARE))
}

places! {
    "EXT_texture_webp" TEXTURE_WEBP [Texture] [optional("source", Index(Pool::Images))]
    "KHR_animation_pointer" ANIMATION_POINTER [ChannelTarget] [
        required("pointer", Pattern(is_pointer)),
    ]
    "KHR_lights_punctual" LIGHTS [Root] [required("lights", Objects(&LIGHT))]
    "KHR_lights_punctual" NODE_LIGHT [Node] [required("light", Index(Pool::Lights))]
    "KHR_materials_anisotropy" ANISOTROPY [Material] [
        share("anisotropyStrength"),
        optional("anisotropyRotation", Number(ANY)),
        texture("anisotropyTexture"),
    ]
    "KHR_materials_clearcoat" CLEARCOAT [Material] [
        share("clearcoatFactor"),
        texture("clearcoatTexture"),
        share("clearcoatRoughnessFactor"),
        texture("clearcoatRoughnessTexture"),
        optional("clearcoatNormalTexture", Object(&NORMAL_TEXTURE_INFO)),
    ]
    "KHR_materials_dispersion" DISPERSION [Material] [
        optional("dispersion", Number(POSITIVE_OR_ZERO)),
    ]
    "KHR_materials_emissive_strength" EMISSIVE_STRENGTH [Material] [
        optional("emissiveStrength", Number(POSITIVE_OR_ZERO)),
    ]
    "KHR_materials_ior" INDEX_OF_REFRACTION [Material] [optional("ior", Number(ANY))]
    "KHR_materials_iridescence" IRIDESCENCE [Material] [
        share("iridescenceFactor"),
        texture("iridescenceTexture"),
        optional("iridescenceIor", Number(ONE_OR_MORE)),
        optional("iridescenceThicknessMinimum", Number(POSITIVE_OR_ZERO)),
        optional("iridescenceThicknessMaximum", Number(POSITIVE_OR_ZERO)),
        texture("iridescenceThicknessTexture"),
    ]
    "KHR_materials_pbrSpecularGlossiness" SPECULAR_GLOSSINESS [Material] [
        optional("diffuseFactor", Numbers(&[4], SHARE)),
        texture("diffuseTexture"),
        optional("specularFactor", Numbers(&[3], SHARE)),
        share("glossinessFactor"),
        texture("specularGlossinessTexture"),
    ]
    "KHR_materials_sheen" SHEEN [Material] [
        optional("sheenColorFactor", Numbers(&[3], SHARE)),
        texture("sheenColorTexture"),
        share("sheenRoughnessFactor"),
        texture("sheenRoughnessTexture"),
    ]
    "KHR_materials_specular" SPECULAR [Material] [
        share("specularFactor"),
        texture("specularTexture"),
        optional("specularColorFactor", Numbers(&[3], POSITIVE_OR_ZERO)),
        texture("specularColorTexture"),
    ]
    "KHR_materials_transmission" TRANSMISSION [Material] [
        share("transmissionFactor"),
        texture("transmissionTexture"),
    ]
    "KHR_materials_unlit" UNLIT [Material] []
    "KHR_materials_variants" VARIANTS [Root] [required("variants", Objects(&VARIANT))]
    "KHR_materials_variants" MAPPINGS [Primitive] [required("mappings", Objects(&MAPPING))]
    "KHR_materials_volume" VOLUME [Material] [
        optional("thicknessFactor", Number(POSITIVE_OR_ZERO)),
        texture("thicknessTexture"),
        optional("attenuationDistance", Number(POSITIVE)),
        optional("attenuationColor", Numbers(&[3], SHARE)),
    ]
    "KHR_mesh_quantization" QUANTIZATION [] []
    "KHR_node_visibility" VISIBILITY [Node] [optional("visible", Flag)]
    "KHR_texture_transform" TEXTURE_TRANSFORM [TextureInfo, NormalTextureInfo] [
        optional("offset", Numbers(&[2], ANY)),
        optional("rotation", Number(ANY)),
        optional("scale", Numbers(&[2], ANY)),
        optional("texCoord", Whole(0, (1 << 53) - 1)),
    ]
}

static LIGHT: Schema = Schema {
    kind: Kind::Light,
    properties: &[
        optional("color", Numbers(&[3], SHARE)),
        optional("intensity", Number(POSITIVE_OR_ZERO)),
        optional("spot", Object(&SPOT)),
        required("type", TextOf(&["directional", "point", "spot"])),
        optional("range", Number(POSITIVE)),
        optional("name", Text),
    ],
};

static SPOT: Schema = Schema {
    kind: Kind::Other,
    properties: &[
        optional(
            "innerConeAngle",
            Number(Range {
                low: 0.0,
                high: std::f64::consts::FRAC_PI_2,
                is_above: false,
            }),
        ),
        optional(
            "outerConeAngle",
            Number(Range {
                low: 0.0,
                high: std::f64::consts::FRAC_PI_2,
                is_above: true,
            }),
        ),
    ],
};

static VARIANT: Schema = Schema {
    kind: Kind::Variant,
    properties: &[required("name", Text)],
};

static MAPPING: Schema = Schema {
    kind: Kind::Mapping,
    properties: &[
        required("variants", Indices(Pool::Variants)),
        required("material", Index(Pool::Materials)),
        optional("name", Text),
    ],
};

/// True when any kind of object knows the extension.
pub(super) fn is_known(name: &str) -> bool {
    PLACES.iter().any(|place| place.name == name)
}

/// A JSON pointer of RFC 6901: empty, or steps that begin with a slash; a tilde stands before 0 or 1.
fn is_pointer(text: &str) -> bool {
    let mut tildes = text.split('~').skip(1);
    (text.is_empty() || text.starts_with('/'))
        && tildes.all(|rest| rest.starts_with('0') || rest.starts_with('1'))
}
