//! What an object of a glTF file may hold: the form in which `grammar` states it.

/// Arrays of the root (or of a root extension) that indices point into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Pool {
    Accessors,
    Buffers,
    BufferViews,
    Cameras,
    Images,
    Lights,
    Materials,
    Meshes,
    Nodes,
    Samplers,
    Scenes,
    Skins,
    Textures,
    Variants,
}

impl Pool {
    pub(super) const ALL: [Self; 14] = [
        Self::Accessors,
        Self::Buffers,
        Self::BufferViews,
        Self::Cameras,
        Self::Images,
        Self::Lights,
        Self::Materials,
        Self::Meshes,
        Self::Nodes,
        Self::Samplers,
        Self::Scenes,
        Self::Skins,
        Self::Textures,
        Self::Variants,
    ];

    /// Where the array stands, member by member.
    pub(super) fn path(self) -> &'static [&'static str] {
        match self {
            Self::Accessors => &["accessors"],
            Self::Buffers => &["buffers"],
            Self::BufferViews => &["bufferViews"],
            Self::Cameras => &["cameras"],
            Self::Images => &["images"],
            Self::Lights => &["extensions", "KHR_lights_punctual", "lights"],
            Self::Materials => &["materials"],
            Self::Meshes => &["meshes"],
            Self::Nodes => &["nodes"],
            Self::Samplers => &["samplers"],
            Self::Scenes => &["scenes"],
            Self::Skins => &["skins"],
            Self::Textures => &["textures"],
            Self::Variants => &["extensions", "KHR_materials_variants", "variants"],
        }
    }
}

/// What a member may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Flag,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// One of these whole numbers.
    WholeOf(&'static [i64]),
    /// An index into an array of the root.
    Index(Pool),
    /// An index that is resolved elsewhere.
    LocalIndex,
    Number(Range),
    Text,
    /// One of these texts.
    TextOf(&'static [&'static str]),
    /// A text of a form that is checked elsewhere.
    Pattern(fn(&str) -> bool),
    Object(&'static Schema),
    /// A list of objects that is not empty.
    Objects(&'static Schema),
    /// Different indices, at least one.
    Indices(Pool),
    /// Numbers; the list has one of these lengths, any when none is given.
    Numbers(&'static [usize], Range),
    /// Bounds of an accessor, whose rules depend on its type: see `objects`.
    Bounds,
    /// Different texts, at least one.
    Texts,
    /// An object whose members are indices.
    IndexMap(Pool),
    /// A list of those.
    IndexMaps(Pool),
}

/// Bounds of a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
    /// `low` itself is not allowed.
    pub(super) is_above: bool,
}

/// Any finite number.
pub(super) const ANY: Range = Range {
    low: f64::MIN,
    high: f64::MAX,
    is_above: false,
};
/// From 0 to 1.
pub(super) const SHARE: Range = Range {
    low: 0.0,
    high: 1.0,
    is_above: false,
};
/// 0 or more.
pub(super) const POSITIVE_OR_ZERO: Range = Range {
    low: 0.0,
    high: f64::MAX,
    is_above: false,
};
/// More than 0.
pub(super) const POSITIVE: Range = Range {
    low: 0.0,
    high: f64::MAX,
    is_above: true,
};
/// From -1 to 1.
pub(super) const SIGNED_SHARE: Range = Range {
    low: -1.0,
    high: 1.0,
    is_above: false,
};
/// 1 or more.
pub(super) const ONE_OR_MORE: Range = Range {
    low: 1.0,
    high: f64::MAX,
    is_above: false,
};

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    pub(super) is_required: bool,
}

/// An object.
#[derive(Debug)]
pub(super) struct Schema {
    /// Which object it is, for extensions that belong to some only.
    pub(super) kind: Kind,
    pub(super) properties: &'static [Property],
}

/// Kinds of object that extensions belong to or that need rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Accessor,
    Animation,
    Asset,
    Buffer,
    BufferView,
    Camera,
    Channel,
    ChannelTarget,
    Image,
    Light,
    Mapping,
    Material,
    Mesh,
    Node,
    Orthographic,
    Perspective,
    Primitive,
    Root,
    Scene,
    Skin,
    Sparse,
    Texture,
    TextureInfo,
    NormalTextureInfo,
    Variant,
    Other,
}

/// A member that may be absent.
pub(super) const fn optional(name: &'static str, rule: Rule) -> Property {
    Property {
        name,
        rule,
        is_required: false,
    }
}

/// A member that must be there.
pub(super) const fn required(name: &'static str, rule: Rule) -> Property {
    Property {
        name,
        rule,
        is_required: true,
    }
}
