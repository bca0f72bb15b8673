//! Standard formats: reads, checks and caps glTF worlds, props and VRM avatars into one description, from untrusted bytes.
//! It must not know Bevy, rendering, physics engines or the network.
//! Start reading in `description/` for what comes out, and at `reader/document.rs` for how.

pub mod basis;
mod check;
mod description;
mod error;
mod figure;
pub mod limits;
pub mod picture;
mod reader;
mod source;
mod support;
mod things;
pub mod threads;
mod wear;
pub mod worker;
mod world;
pub mod writer;

pub use check::{
    Authorship, Cost, Grade, NamedExtension, NamedObject, Outcome, PackedBytes, Report, Summary,
    Unit, amount, check_bytes, check_file,
};
pub use description::{
    animation::{Animation, Channel, Interpolation, Sample, Track},
    avatar::{
        Avatar, AvatarClip, AvatarMeta, ColorBind, ColorKind, ConstraintKind, Expression,
        ExpressionOverride, FirstPersonRule, GazeRange, LookAt, NodeConstraint, REQUIRED_BONES,
        SpringChain, SpringCollider, SpringJoint, Springs, TextureTransformBind,
    },
    counted::{Drawn, Solid},
    material::{
        AlphaMode, Image, ImageFormat, Iridescence, Material, Sampler, Sheen, Texture, TextureSlot,
        TextureTransform, Wrap,
    },
    physics::{
        ColliderPart, CollisionFilter, Combine, Geometry, GravityField, GravityKind,
        JointDescription, JointDrive, JointLimit, Motion, MotionKind, NodeJoint, NodePhysics,
        PhysicsWorld, Shape, SurfaceMaterial, TriggerPart,
    },
    pointer::{
        LightProperty, MaterialProperty, Property, PropertyChannel, Slot, TransformProperty,
    },
    retarget::AvatarPose,
    scene::{
        Camera, CameraIndex, ImageIndex, Levels, Light, LightIndex, LightKind, MaterialIndex, Mesh,
        MeshIndex, Metadata, MorphTarget, Node, NodeIndex, Portal, Primitive, Scene, Seat, Skin,
        SkinIndex, SpawnPoint, Splat, TextureIndex, Topology, Transform,
    },
    sky::{EnvironmentSky, EnvironmentSkyKind},
    sound::{
        AudioClip, AudioEmitter, AudioSource, DistanceModel, PositionalEmitter, Sound, SoundFormat,
    },
    toon::{OutlineMode, ToonMaterial},
};
pub use error::{ErrorKind, Issue, SceneError, is_unprintable, printable};
pub use figure::{
    constraint::apply_constraints,
    expression::{Face, bound_materials},
    gaze::Gaze,
    skeleton::Skeleton,
    spring::SpringMotion,
};
pub use reader::{
    document::Loaded,
    humanoid::{load_avatar, load_avatar_clip},
    linear_from_srgb,
    prop::{Prop, PropCost, load_prop},
    srgb_from_linear,
};
pub use source::files::{FolderFiles, NoSideFiles, SideFiles, path_inside, read_bounded};
pub use support::{EXTENSIONS, Extension, Support};
pub use things::{MayPlace, ThingRules};
pub use wear::{AvatarRules, PassedOn};
pub use world::{
    LoadedWorld, MANIFEST_FILE, Sky, SkyKind, WorldFile, WorldManifest, load_world,
    load_world_telling, main_file, require_what_it_is_called,
};

use std::path::Path;

/// What a file is for; decides its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A place.
    World,
    /// Somebody's body.
    Avatar,
    /// A thing.
    Prop,
    /// A VRMA clip.
    AnimationClip,
}

impl Purpose {
    /// What a file's ending says: `.vrm` is an avatar, `.vrma` an animation, everything else a world.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        let has_extension = |wanted: &str| {
            path.extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
        };
        if has_extension("vrm") {
            Self::Avatar
        } else if has_extension("vrma") {
            Self::AnimationClip
        } else {
            Self::World
        }
    }

    /// Most bytes of a file.
    #[must_use]
    pub fn limit(self) -> u64 {
        match self {
            Self::World => limits::MAX_WORLD_BYTES,
            Self::Avatar => limits::MAX_AVATAR_BYTES,
            Self::Prop => limits::MAX_PROP_BYTES,
            Self::AnimationClip => limits::MAX_CLIP_BYTES,
        }
    }
}

/// Reads a `.gltf`, `.glb` or `.vrm` and the files that it names inside its folder.
///
/// # Errors
/// [`SceneError`] with the file's name, the place and the fault. No bytes make it panic or exceed the limits.
pub fn load_file(path: &Path, purpose: Purpose) -> Result<Loaded, SceneError> {
    let shown = path.display().to_string();
    let bytes = read_bounded(path, purpose.limit())
        .map_err(|text| SceneError::new(ErrorKind::Unreadable, "", text))?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    load_bytes(&bytes, &FolderFiles::new(folder), purpose).map_err(|error| error.in_file(&shown))
}

/// Reads a glTF or GLB from bytes; `files` gives what it names beside itself.
///
/// # Errors
/// [`SceneError`] with the place and the fault. No bytes make it panic or exceed the limits.
pub fn load_bytes(
    bytes: &[u8],
    files: &dyn SideFiles,
    purpose: Purpose,
) -> Result<Loaded, SceneError> {
    reader::document::load(bytes, files, purpose.limit())
}
