//! VRM 1.0 avatars and VRMA clips, read from the extensions VRMC_vrm, VRMC_springBone and VRMC_vrm_animation.

use crate::{
    Loaded, Purpose, SideFiles,
    animation::Animation,
    description::{NodeIndex, Scene},
    document,
    error::{ErrorKind, Issue, SceneError},
    json::Item,
    limits::MAX_ELEMENTS,
};
use glam::Vec3;
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
    /// Node of each humanoid bone, by VRM bone name.
    pub bones: BTreeMap<String, NodeIndex>,
    /// Who made it and what it may be used for.
    pub meta: AvatarMeta,
    /// Facial expressions, presets by their VRM name.
    pub expressions: BTreeMap<String, Expression>,
    /// Which meshes are seen in first person.
    pub first_person: Vec<(NodeIndex, FirstPersonRule)>,
    /// From the head bone to between the eyes, metres.
    pub look_offset_from_head: Vec3,
    /// Hair and cloth.
    pub springs: Springs,
    /// What is worth telling.
    pub issues: Vec<Issue>,
}

/// Licence fields of VRM 1.0; absent ones have their strict defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AvatarMeta {
    /// Name of the avatar.
    pub name: String,
    /// At least one.
    pub authors: Vec<String>,
    /// Address of the licence.
    pub license_url: String,
    /// True when its file may be sent to other people.
    pub is_redistribution_allowed: bool,
    /// `onlyAuthor`, `onlySeparatelyLicensedPerson` or `everyone`.
    pub avatar_permission: String,
    /// True when the author must be named.
    pub is_credit_required: bool,
}

/// A facial expression.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expression {
    /// Node with the mesh, index of the morph target, weight at full expression.
    pub morphs: Vec<(NodeIndex, usize, f32)>,
    /// Above one half is full, below is nothing.
    pub is_binary: bool,
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

/// VRMC_springBone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Springs {
    /// Bodies that push hair and cloth away.
    pub colliders: Vec<SpringCollider>,
    /// Chains from root to tip.
    pub chains: Vec<SpringChain>,
}

/// A sphere, or a capsule from `offset` to `tail`, in its node's space.
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
}

/// A chain of joints.
#[derive(Clone, Debug, PartialEq)]
pub struct SpringChain {
    /// From root to tip; the last one only marks the end.
    pub joints: Vec<SpringJoint>,
    /// Indices of colliders that push it.
    pub colliders: Vec<usize>,
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

/// A VRMA clip: an animation of a humanoid skeleton in its own rest pose.
#[derive(Clone, Debug)]
pub struct AvatarClip {
    /// The skeleton of the clip.
    pub scene: Scene,
    /// Node of each humanoid bone, by VRM bone name.
    pub bones: BTreeMap<String, NodeIndex>,
    /// The clip's first animation.
    pub animation: Animation,
}

/// Reads a VRM 1.0 avatar from untrusted bytes.
///
/// # Errors
/// [`SceneError`]: every fault of glTF, VRM 0.x by name, a missing required bone, name, author or licence.
pub fn load_avatar(bytes: &[u8], files: &dyn SideFiles) -> Result<Avatar, SceneError> {
    let Loaded {
        scene,
        mut issues,
        document,
        ..
    } = document::load(bytes, files, Purpose::Avatar.limit())?;
    let root = Item::root(&document);
    let Some(vrm) = root.extension("VRMC_vrm") else {
        let fault = if root.extension("VRM").is_some() {
            "it is a VRM 0.x avatar: export it as VRM 1.0"
        } else {
            "it is not a VRM avatar: VRMC_vrm is missing"
        };
        return Err(SceneError::new(ErrorKind::Invalid, "/extensions", fault));
    };
    let version = vrm.require("specVersion")?;
    if !version.text()?.starts_with("1.0") {
        return Err(version.fault(format!("VRM version `{}` is not 1.0", version.text()?)));
    }
    if version.text()? != "1.0" {
        issues.push(Issue {
            code: "STOA_VRM_VERSION",
            severity: 1,
            pointer: version.pointer(),
            message: "a draft of VRM 1.0 is read as 1.0".to_owned(),
        });
    }
    let bones = read_bones(&vrm, scene.nodes.len())?;
    if let Some(missing) = REQUIRED_BONES
        .iter()
        .find(|name| !bones.contains_key(**name))
    {
        return Err(vrm.fault(format!("the required bone `{missing}` is missing")));
    }
    let meta = read_meta(&vrm.require("meta")?)?;
    let expressions = read_expressions(&vrm, &scene)?;
    let first_person = read_first_person(&vrm, scene.nodes.len())?;
    let look_offset_from_head = match vrm.get("lookAt") {
        Some(look) => Vec3::from(look.numbers_or("offsetFromHeadBone", [0.0, 0.06, 0.0])?),
        None => Vec3::new(0.0, 0.06, 0.0),
    };
    let springs = read_springs(&root, scene.nodes.len())?;
    Ok(Avatar {
        scene,
        bones,
        meta,
        expressions,
        first_person,
        look_offset_from_head,
        springs,
        issues,
    })
}

/// Reads a VRMA clip from untrusted bytes.
///
/// # Errors
/// [`SceneError`]: every fault of glTF, no VRMC_vrm_animation, no animation.
pub fn load_avatar_clip(bytes: &[u8], files: &dyn SideFiles) -> Result<AvatarClip, SceneError> {
    let Loaded {
        mut scene,
        document,
        ..
    } = document::load(bytes, files, Purpose::Prop.limit())?;
    let root = Item::root(&document);
    let clip = root.extension("VRMC_vrm_animation").ok_or_else(|| {
        SceneError::new(
            ErrorKind::Invalid,
            "/extensions",
            "it is not a VRM animation: VRMC_vrm_animation is missing",
        )
    })?;
    let bones = read_bones(&clip, scene.nodes.len())?;
    if scene.animations.is_empty() {
        return Err(root.fault("it holds no animation"));
    }
    let animation = scene.animations.remove(0);
    Ok(AvatarClip {
        scene,
        bones,
        animation,
    })
}

fn read_bones(vrm: &Item<'_>, nodes: usize) -> Result<BTreeMap<String, NodeIndex>, SceneError> {
    let humanoid = vrm.require("humanoid")?;
    let list = humanoid.require("humanBones")?;
    let mut bones = BTreeMap::new();
    for name in list.object()?.keys().take(64) {
        let Some(bone) = list.get(name) else { continue };
        let node = NodeIndex(bone.require("node")?.index(nodes, "node")?);
        if bones.values().any(|other| *other == node) {
            return Err(bone.fault(format!("node {} is already another bone", node.0)));
        }
        bones.insert(name.clone(), node);
    }
    Ok(bones)
}

fn read_meta(meta: &Item<'_>) -> Result<AvatarMeta, SceneError> {
    let text = |key: &str| -> Result<String, SceneError> {
        Ok(meta.get(key).map_or(Ok(""), |text| text.text())?.to_owned())
    };
    let required = |key: &str| -> Result<String, SceneError> {
        let item = meta.require(key)?;
        let text = item.text()?.trim();
        if text.is_empty() {
            Err(item.fault("is empty"))
        } else {
            Ok(text.to_owned())
        }
    };
    let authors_item = meta.require("authors")?;
    let authors = authors_item
        .elements(64)?
        .map(|author| author.text().map(str::to_owned))
        .collect::<Result<Vec<_>, _>>()?;
    if authors.iter().all(|author| author.trim().is_empty()) {
        return Err(authors_item.fault("names no author"));
    }
    Ok(AvatarMeta {
        name: required("name")?,
        authors,
        license_url: required("licenseUrl")?,
        is_redistribution_allowed: meta.flag_or("allowRedistribution", false)?,
        avatar_permission: Some(text("avatarPermission")?)
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "onlyAuthor".to_owned()),
        is_credit_required: text("creditNotation")? != "unnecessary",
    })
}

fn read_expressions(
    vrm: &Item<'_>,
    scene: &Scene,
) -> Result<BTreeMap<String, Expression>, SceneError> {
    let mut expressions = BTreeMap::new();
    let Some(groups) = vrm.get("expressions") else {
        return Ok(expressions);
    };
    for group_name in ["preset", "custom"] {
        let Some(group) = groups.get(group_name) else {
            continue;
        };
        for name in group.object()?.keys().take(256) {
            let Some(item) = group.get(name) else {
                continue;
            };
            expressions
                .entry(name.clone())
                .or_insert(read_expression(&item, scene)?);
        }
    }
    Ok(expressions)
}

fn read_expression(item: &Item<'_>, scene: &Scene) -> Result<Expression, SceneError> {
    let mut morphs = Vec::new();
    if let Some(list) = item.get("morphTargetBinds") {
        for bind in list.elements(MAX_ELEMENTS)? {
            let node = NodeIndex(bind.require("node")?.index(scene.nodes.len(), "node")?);
            let target = bind.require("index")?;
            let count = scene.nodes[node.index()]
                .mesh
                .map_or(0, |mesh| scene.meshes[mesh.index()].weights.len());
            morphs.push((
                node,
                target.index(count, "morph target")? as usize,
                bind.number_or("weight", 1.0)?.clamp(0.0, 1.0),
            ));
        }
    }
    Ok(Expression {
        morphs,
        is_binary: item.flag_or("isBinary", false)?,
    })
}

fn read_first_person(
    vrm: &Item<'_>,
    nodes: usize,
) -> Result<Vec<(NodeIndex, FirstPersonRule)>, SceneError> {
    let Some(first_person) = vrm.get("firstPerson") else {
        return Ok(Vec::new());
    };
    let Some(list) = first_person.get("meshAnnotations") else {
        return Ok(Vec::new());
    };
    let read = |item: Item<'_>| {
        let node = NodeIndex(item.require("node")?.index(nodes, "node")?);
        // The text of the specification says `firstPersonFlag`, its schema and all files say `type`.
        let rule = match item
            .get("type")
            .or_else(|| item.get("firstPersonFlag"))
            .map_or(Ok("auto"), |rule| rule.text())?
        {
            "both" => FirstPersonRule::Both,
            "thirdPersonOnly" => FirstPersonRule::ThirdPersonOnly,
            "firstPersonOnly" => FirstPersonRule::FirstPersonOnly,
            _ => FirstPersonRule::Auto,
        };
        Ok((node, rule))
    };
    list.elements(MAX_ELEMENTS)?.map(read).collect()
}

fn read_springs(root: &Item<'_>, nodes: usize) -> Result<Springs, SceneError> {
    let mut springs = Springs::default();
    let Some(extension) = root.extension("VRMC_springBone") else {
        return Ok(springs);
    };
    if let Some(list) = extension.get("colliders") {
        springs.colliders = list
            .elements(MAX_ELEMENTS)?
            .map(|item| read_spring_collider(&item, nodes))
            .collect::<Result<_, _>>()?;
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    if let Some(list) = extension.get("colliderGroups") {
        for group in list.elements(MAX_ELEMENTS)? {
            let members = group.require("colliders")?;
            groups.push(
                members
                    .elements(MAX_ELEMENTS)?
                    .map(|member| {
                        member
                            .index(springs.colliders.len(), "collider")
                            .map(|index| index as usize)
                    })
                    .collect::<Result<_, _>>()?,
            );
        }
    }
    let Some(list) = extension.get("springs") else {
        return Ok(springs);
    };
    for spring in list.elements(MAX_ELEMENTS)? {
        let joint_list = spring.require("joints")?;
        let joints = joint_list
            .elements(MAX_ELEMENTS)?
            .map(|joint| read_spring_joint(&joint, nodes))
            .collect::<Result<_, _>>()?;
        let mut colliders = Vec::new();
        if let Some(list) = spring.get("colliderGroups") {
            for group in list.elements(MAX_ELEMENTS)? {
                colliders.extend(&groups[group.index(groups.len(), "collider group")? as usize]);
            }
        }
        springs.chains.push(SpringChain { joints, colliders });
    }
    Ok(springs)
}

fn read_spring_collider(item: &Item<'_>, nodes: usize) -> Result<SpringCollider, SceneError> {
    let node = NodeIndex(item.require("node")?.index(nodes, "node")?);
    let shape = item.require("shape")?;
    let (form, tail) = match (shape.get("sphere"), shape.get("capsule")) {
        (Some(sphere), _) => (sphere, None),
        (None, Some(capsule)) => {
            let tail = Vec3::from(capsule.numbers_or("tail", [0.0; 3])?);
            (capsule, Some(tail))
        }
        (None, None) => return Err(shape.fault("is neither sphere nor capsule")),
    };
    Ok(SpringCollider {
        node,
        offset: Vec3::from(form.numbers_or("offset", [0.0; 3])?),
        tail,
        radius: form.number_or("radius", 0.0)?.max(0.0),
    })
}

fn read_spring_joint(item: &Item<'_>, nodes: usize) -> Result<SpringJoint, SceneError> {
    Ok(SpringJoint {
        node: NodeIndex(item.require("node")?.index(nodes, "node")?),
        hit_radius: item.number_or("hitRadius", 0.0)?.max(0.0),
        stiffness: item.number_or("stiffness", 1.0)?.max(0.0),
        gravity_power: item.number_or("gravityPower", 0.0)?,
        gravity_direction: Vec3::from(item.numbers_or("gravityDir", [0.0, -1.0, 0.0])?)
            .normalize_or_zero(),
        drag_force: item.number_or("dragForce", 0.5)?.clamp(0.0, 1.0),
    })
}
