//! A person's body: VRM 1.0 over the canonical scene, and VRMA clips that move it.

use super::{
    animation::Animation,
    scene::{MaterialIndex, NodeIndex, Scene},
};
use crate::error::Issue;
use glam::{Vec2, Vec3, Vec4};
use std::collections::BTreeMap;

/// The bones that every VRM 1.0 avatar has.
pub const REQUIRED_BONES: [&str; 15] = [
    "hips",
    "spine",
    "head",
    "leftUpperLeg",
    "leftLowerLeg",
    "leftFoot",
    "rightUpperLeg",
    "rightLowerLeg",
    "rightFoot",
    "leftUpperArm",
    "leftLowerArm",
    "leftHand",
    "rightUpperArm",
    "rightLowerArm",
    "rightHand",
];

/// A VRM 1.0 avatar: a scene, and which of its nodes are what.
#[derive(Clone, Debug)]
pub struct Avatar {
    /// Meshes, materials, nodes; feet at the origin, facing +Z.
    pub scene: Scene,
    /// Node of each humanoid bone, by VRM bone name; the required ones are all there.
    pub bones: BTreeMap<String, NodeIndex>,
    /// Who made it and what it may be used for.
    pub meta: AvatarMeta,
    /// Facial expressions, presets by their VRM name.
    pub expressions: BTreeMap<String, Expression>,
    /// Which meshes are seen in first person.
    pub first_person: Vec<(NodeIndex, FirstPersonRule)>,
    /// From the head bone to between the eyes, metres.
    pub look_offset_from_head: Vec3,
    /// How the gaze moves; `None` when the avatar has no gaze.
    pub look_at: Option<LookAt>,
    /// Hair and cloth.
    pub springs: Springs,
    /// Nodes that follow others, in the order in which they are to be applied.
    pub constraints: Vec<NodeConstraint>,
    /// What is worth telling.
    pub issues: Vec<Issue>,
}

/// Authorship and permissions of VRM 1.0; absent ones have their strict defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AvatarMeta {
    /// Name of the avatar.
    pub name: String,
    /// Version in the author's words.
    pub version: String,
    /// At least one.
    pub authors: Vec<String>,
    /// Copyright line.
    pub copyright: String,
    /// How to reach the author.
    pub contact: String,
    /// Sources that it was made from.
    pub references: Vec<String>,
    /// Licences of parts by other people.
    pub third_party_licenses: String,
    /// Address of the licence.
    pub license_url: String,
    /// Address of a further licence.
    pub other_license_url: String,
    /// Image of the avatar, as an index into the scene's images.
    pub thumbnail: Option<u32>,
    /// `onlyAuthor`, `onlySeparatelyLicensedPerson` or `everyone`.
    pub avatar_permission: String,
    /// `personalNonProfit`, `personalProfit` or `corporation`.
    pub commercial_usage: String,
    /// `prohibited`, `allowModification` or `allowModificationRedistribution`.
    pub modification: String,
    /// True when its file may be sent to other people.
    pub is_redistribution_allowed: bool,
    /// True when the author must be named.
    pub is_credit_required: bool,
    /// True when it may be shown in excessively violent scenes.
    pub is_violence_allowed: bool,
    /// True when it may be shown in excessively sexual scenes.
    pub is_sexual_content_allowed: bool,
    /// True when it may be used politically or religiously.
    pub is_political_use_allowed: bool,
    /// True when it may be used in antisocial or hateful scenes.
    pub is_hateful_use_allowed: bool,
}

impl AvatarMeta {
    /// Whoever meets an avatar gets its file. A licence allows that when anybody may wear the avatar, or pass it on.
    #[must_use]
    pub fn may_be_sent_to_others(&self) -> bool {
        self.is_redistribution_allowed || self.avatar_permission == "everyone"
    }
}

/// A facial expression. At weight w everything bound moves by w of the way from its base to its target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expression {
    /// Node with the mesh, index of the morph target, weight at full expression.
    pub morphs: Vec<(NodeIndex, usize, f32)>,
    /// Colours of materials.
    pub colors: Vec<ColorBind>,
    /// Texture transforms of materials.
    pub texture_transforms: Vec<TextureTransformBind>,
    /// Above one half is full, below is nothing.
    pub is_binary: bool,
    /// What it does to mouth expressions (aa, ih, ou, ee, oh).
    pub override_mouth: ExpressionOverride,
    /// What it does to blink, blinkLeft and blinkRight.
    pub override_blink: ExpressionOverride,
    /// What it does to lookUp, lookDown, lookLeft and lookRight.
    pub override_look_at: ExpressionOverride,
}

impl Expression {
    /// Names that VRM 1.0 gives a meaning, in an order in which they can be shown.
    pub const PRESETS: [&str; 18] = [
        "neutral",
        "happy",
        "angry",
        "sad",
        "relaxed",
        "surprised",
        "aa",
        "ih",
        "ou",
        "ee",
        "oh",
        "blink",
        "blinkLeft",
        "blinkRight",
        "lookUp",
        "lookDown",
        "lookLeft",
        "lookRight",
    ];
}

/// How one expression holds others down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpressionOverride {
    /// Not at all.
    #[default]
    None,
    /// To nothing, while its weight is above zero.
    Block,
    /// By the factor 1 - weight.
    Blend,
}

/// A colour that an expression changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColorBind {
    /// The material.
    pub material: MaterialIndex,
    /// Which of its colours.
    pub kind: ColorKind,
    /// Linear RGBA at full expression.
    pub target: Vec4,
}

/// Colours of a material that expressions change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorKind {
    /// Base colour.
    Base,
    /// Emission.
    Emission,
    /// MToon shade.
    Shade,
    /// MToon matcap.
    Matcap,
    /// MToon rim.
    Rim,
    /// MToon outline.
    Outline,
}

/// A texture transform that an expression changes, on all slots of a material.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextureTransformBind {
    /// The material.
    pub material: MaterialIndex,
    /// Scale at full expression.
    pub scale: Vec2,
    /// Offset at full expression.
    pub offset: Vec2,
}

/// VRM first-person rule of a mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstPersonRule {
    /// Hidden where it hangs on the head.
    Auto,
    /// Always seen.
    Both,
    /// Seen by others only.
    ThirdPersonOnly,
    /// Seen by oneself only.
    FirstPersonOnly,
}

/// How the gaze moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LookAt {
    /// By the expressions lookLeft, lookRight, lookUp, lookDown instead of the eye bones.
    pub is_by_expression: bool,
    /// Towards the nose; eye bones only.
    pub inner: GazeRange,
    /// Away from the nose; for expressions both sides.
    pub outer: GazeRange,
    /// Downwards.
    pub down: GazeRange,
    /// Upwards.
    pub up: GazeRange,
}

/// Maps an angle of the gaze to an angle of an eye or a weight of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GazeRange {
    /// Angle at which the output is full, degrees.
    pub input_max_degrees: f32,
    /// Degrees of an eye bone, or weight of an expression.
    pub output_scale: f32,
}

impl GazeRange {
    /// Output for an angle in degrees, of either sign: `min(|v|, max) / max * scale`.
    #[must_use]
    pub fn apply(&self, degrees: f32) -> f32 {
        let angle = degrees.abs();
        if self.input_max_degrees > 0.0 {
            angle.min(self.input_max_degrees) / self.input_max_degrees * self.output_scale
        } else if angle > 0.0 {
            self.output_scale
        } else {
            0.0
        }
    }
}

/// VRMC_springBone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Springs {
    /// Bodies that push hair and cloth away.
    pub colliders: Vec<SpringCollider>,
    /// Chains from root to tip.
    pub chains: Vec<SpringChain>,
}

/// A sphere, or a capsule from `offset` to `tail`, or a plane, in its node's space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpringCollider {
    /// Node that it moves with.
    pub node: NodeIndex,
    /// Centre, metres.
    pub offset: Vec3,
    /// Other end of a capsule.
    pub tail: Option<Vec3>,
    /// Metres.
    pub radius: f32,
    /// Keeps joints inside instead of outside (VRMC_springBone_extended_collider).
    pub is_inside: bool,
    /// Makes it a plane through `offset` with this normal (VRMC_springBone_extended_collider).
    pub plane_normal: Option<Vec3>,
}

/// A chain of joints.
#[derive(Clone, Debug, PartialEq)]
pub struct SpringChain {
    /// From root to tip; the last one only marks the end.
    pub joints: Vec<SpringJoint>,
    /// Indices of colliders that push it.
    pub colliders: Vec<usize>,
    /// Inertia counts relative to this node; to the world when absent.
    pub center: Option<NodeIndex>,
}

/// A joint of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpringJoint {
    /// The node that turns.
    pub node: NodeIndex,
    /// Metres.
    pub hit_radius: f32,
    /// Pull to the rest direction.
    pub stiffness: f32,
    /// Strength of the pull along `gravity_direction`.
    pub gravity_power: f32,
    /// World space.
    pub gravity_direction: Vec3,
    /// Share of the motion that is lost each step, 0 to 1.
    pub drag_force: f32,
}

/// VRMC_node_constraint: a node whose rotation follows another's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeConstraint {
    /// The node that follows.
    pub node: NodeIndex,
    /// The node that it follows.
    pub source: NodeIndex,
    /// 0 rests, 1 follows fully (spherical interpolation from rest).
    pub weight: f32,
    /// How it follows.
    pub kind: ConstraintKind,
}

/// Kinds of constraint; axes are unit vectors of the node's local space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ConstraintKind {
    /// Takes the source's rotation about one axis.
    Roll(Vec3),
    /// Turns an axis towards the source.
    Aim(Vec3),
    /// Takes the source's rotation.
    Rotation,
}

/// A VRMA clip: an animation of a humanoid skeleton in its own rest pose.
#[derive(Clone, Debug)]
pub struct AvatarClip {
    /// The skeleton of the clip.
    pub scene: Scene,
    /// Node of each humanoid bone, by VRM bone name.
    pub bones: BTreeMap<String, NodeIndex>,
    /// Nodes whose X translation is the weight of an expression, by name.
    pub expressions: BTreeMap<String, NodeIndex>,
    /// Node whose rotation is the gaze.
    pub look_at: Option<NodeIndex>,
    /// The clip's first animation.
    pub animation: Animation,
    /// What is worth telling.
    pub issues: Vec<Issue>,
}
