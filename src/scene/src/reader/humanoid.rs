//! Avatars of VRM 1.0, those of VRM 0.x once they have its shape, and VRMA clips.

use crate::{
    Loaded, Purpose, SideFiles,
    description::{
        avatar::{
            Avatar, AvatarClip, AvatarMeta, FirstPersonRule, GazeRange, LookAt, REQUIRED_BONES,
        },
        scene::{NodeIndex, Scene},
    },
    error::{ErrorKind, Issue, Issues, SceneError},
    limits::{
        MAX_AVATAR_BENDS, MAX_AVATAR_NODE_DEPTH, MAX_AVATAR_NODES, MAX_AVATAR_PARTS, MAX_ELEMENTS,
    },
    reader::{document, expression, follow, spring, vrm0},
    source::json::Item,
};
use glam::Vec3;
use std::collections::BTreeMap;

/// Each bone that VRM 1.0 names, and the bones above it, nearest first (humanoid.md of the specification).
pub(crate) const BONES: &[(&str, &[&str])] = &[
    ("hips", &[]),
    ("spine", &["hips"]),
    ("chest", &["spine"]),
    ("upperChest", &["chest"]),
    ("neck", &["upperChest", "chest", "spine"]),
    ("head", &["neck", "upperChest", "chest", "spine"]),
    ("jaw", &["head"]),
    ("leftEye", &["head"]),
    ("rightEye", &["head"]),
    ("leftUpperLeg", &["hips"]),
    ("leftLowerLeg", &["leftUpperLeg"]),
    ("leftFoot", &["leftLowerLeg"]),
    ("leftToes", &["leftFoot"]),
    ("rightUpperLeg", &["hips"]),
    ("rightLowerLeg", &["rightUpperLeg"]),
    ("rightFoot", &["rightLowerLeg"]),
    ("rightToes", &["rightFoot"]),
    ("leftShoulder", &["upperChest", "chest", "spine"]),
    (
        "leftUpperArm",
        &["leftShoulder", "upperChest", "chest", "spine"],
    ),
    ("leftLowerArm", &["leftUpperArm"]),
    ("leftHand", &["leftLowerArm"]),
    ("rightShoulder", &["upperChest", "chest", "spine"]),
    (
        "rightUpperArm",
        &["rightShoulder", "upperChest", "chest", "spine"],
    ),
    ("rightLowerArm", &["rightUpperArm"]),
    ("rightHand", &["rightLowerArm"]),
    ("leftThumbMetacarpal", &["leftHand"]),
    ("leftThumbProximal", &["leftThumbMetacarpal"]),
    ("leftThumbDistal", &["leftThumbProximal"]),
    ("leftIndexProximal", &["leftHand"]),
    ("leftIndexIntermediate", &["leftIndexProximal"]),
    ("leftIndexDistal", &["leftIndexIntermediate"]),
    ("leftMiddleProximal", &["leftHand"]),
    ("leftMiddleIntermediate", &["leftMiddleProximal"]),
    ("leftMiddleDistal", &["leftMiddleIntermediate"]),
    ("leftRingProximal", &["leftHand"]),
    ("leftRingIntermediate", &["leftRingProximal"]),
    ("leftRingDistal", &["leftRingIntermediate"]),
    ("leftLittleProximal", &["leftHand"]),
    ("leftLittleIntermediate", &["leftLittleProximal"]),
    ("leftLittleDistal", &["leftLittleIntermediate"]),
    ("rightThumbMetacarpal", &["rightHand"]),
    ("rightThumbProximal", &["rightThumbMetacarpal"]),
    ("rightThumbDistal", &["rightThumbProximal"]),
    ("rightIndexProximal", &["rightHand"]),
    ("rightIndexIntermediate", &["rightIndexProximal"]),
    ("rightIndexDistal", &["rightIndexIntermediate"]),
    ("rightMiddleProximal", &["rightHand"]),
    ("rightMiddleIntermediate", &["rightMiddleProximal"]),
    ("rightMiddleDistal", &["rightMiddleIntermediate"]),
    ("rightRingProximal", &["rightHand"]),
    ("rightRingIntermediate", &["rightRingProximal"]),
    ("rightRingDistal", &["rightRingIntermediate"]),
    ("rightLittleProximal", &["rightHand"]),
    ("rightLittleIntermediate", &["rightLittleProximal"]),
    ("rightLittleDistal", &["rightLittleIntermediate"]),
];

/// Reads a VRM avatar from untrusted bytes; 0.x comes out as 1.0.
///
/// # Errors
/// [`SceneError`]: every fault of glTF, a missing required bone, name, author or licence.
pub fn load_avatar(bytes: &[u8], files: &dyn SideFiles) -> Result<Avatar, SceneError> {
    read_avatar(document::load(bytes, files, Purpose::Avatar.limit())?)
}

/// Makes an avatar of a loaded file.
pub(crate) fn read_avatar(loaded: Loaded) -> Result<Avatar, SceneError> {
    let Loaded {
        mut scene,
        issues,
        document,
        ..
    } = loaded;
    let mut issues: Issues = issues.into_iter().collect();
    let file = Item::root(&document);
    limit_figure(&file, &scene)?;
    let normalised;
    let root = match (file.extension("VRMC_vrm"), file.extension("VRM")) {
        (None, Some(old)) => {
            normalised = vrm0::normalise(&old, &file, &mut scene, &mut issues)?;
            Item::root(&normalised)
        }
        _ => file,
    };
    let Some(vrm) = root.extension("VRMC_vrm") else {
        let fault = "it is not a VRM avatar: VRMC_vrm is missing";
        return Err(SceneError::new(ErrorKind::NoAvatar, "", fault));
    };
    if root.extension("VRM").is_some() {
        issues.push(Issue::warning(
            "STOA_VRM_BOTH_VERSIONS",
            "/extensions/VRM",
            "it holds a VRM 0.x and a VRM 1.0 avatar: the 1.0 one is used",
        ));
    }
    check_version(&vrm, &mut issues)?;
    let bones = read_bones(&vrm, &scene, true)?;
    if let Some(missing) = REQUIRED_BONES
        .iter()
        .find(|name| !bones.contains_key(**name))
    {
        let list = vrm.require("humanoid")?.require("humanBones")?;
        return Err(list.fault(format!("the required bone `{missing}` is missing")));
    }
    let meta = read_meta(&vrm.require("meta")?, scene.images.len())?;
    let expressions = expression::read_expressions(&vrm, &scene, &mut issues)?;
    let first_person = read_first_person(&vrm, scene.nodes.len())?;
    let default_offset = [0.0, 0.06, 0.0];
    let look_offset_from_head = match vrm.get("lookAt") {
        Some(look) => Vec3::from(look.numbers_or("offsetFromHeadBone", default_offset)?),
        None => Vec3::from(default_offset),
    };
    Ok(Avatar {
        bones,
        meta,
        expressions,
        first_person,
        look_offset_from_head,
        look_at: read_look_at(&vrm)?,
        springs: spring::read_springs(&root, scene.nodes.len(), &mut issues)?,
        constraints: follow::read_constraints(&root, &scene, &mut issues)?,
        issues: issues.into(),
        scene,
    })
}

/// Somebody's body is drawn and moved for each person who wears it, which a place is not.
fn limit_figure(root: &Item<'_>, scene: &Scene) -> Result<(), SceneError> {
    let drawn = scene.drawn();
    for (count, limit, what) in [
        (scene.nodes.len() as u64, MAX_AVATAR_NODES as u64, "nodes"),
        (
            scene.depth() as u64,
            MAX_AVATAR_NODE_DEPTH as u64,
            "nodes below each other",
        ),
        (drawn.parts, MAX_AVATAR_PARTS, "primitives drawn"),
        (
            drawn.bends,
            MAX_AVATAR_BENDS,
            "joints and morph weights of primitives drawn",
        ),
    ] {
        document::require_at_most(root, count, limit, what)?;
    }
    Ok(())
}

/// Reads a VRMA clip from untrusted bytes.
///
/// # Errors
/// [`SceneError`]: every fault of glTF, no VRMC_vrm_animation, no animation.
pub fn load_avatar_clip(bytes: &[u8], files: &dyn SideFiles) -> Result<AvatarClip, SceneError> {
    read_clip(document::load(
        bytes,
        files,
        Purpose::AnimationClip.limit(),
    )?)
}

/// Makes a clip of a loaded file.
pub(crate) fn read_clip(loaded: Loaded) -> Result<AvatarClip, SceneError> {
    let Loaded {
        mut scene,
        document,
        issues,
        ..
    } = loaded;
    let mut issues: Issues = issues.into_iter().collect();
    let root = Item::root(&document);
    let clip = root.extension("VRMC_vrm_animation").ok_or_else(|| {
        SceneError::new(
            ErrorKind::Invalid,
            "/extensions",
            "it is not a VRM animation: VRMC_vrm_animation is missing",
        )
    })?;
    check_version(&clip, &mut issues)?;
    let bones = read_bones(&clip, &scene, false)?;
    if scene.animations.is_empty() {
        return Err(root.fault("it holds no animation"));
    }
    let mut expressions = BTreeMap::new();
    for group in ["preset", "custom"] {
        let Some(group) = clip.get("expressions").and_then(|list| list.get(group)) else {
            continue;
        };
        for (name, item) in group.members().take(MAX_ELEMENTS) {
            let node = NodeIndex(item.require("node")?.index(scene.nodes.len(), "node")?);
            expressions.entry(name.to_owned()).or_insert(node);
        }
    }
    let look_at = match clip.get("lookAt") {
        Some(look) => look.index_of("node", scene.nodes.len(), "node")?,
        None => None,
    };
    let animation = scene.animations.remove(0);
    Ok(AvatarClip {
        scene,
        bones,
        expressions,
        look_at: look_at.map(NodeIndex),
        animation,
        issues: issues.into(),
    })
}

fn check_version(extension: &Item<'_>, issues: &mut Issues) -> Result<(), SceneError> {
    let version = extension.require("specVersion")?;
    match version.text()? {
        "1.0" => Ok(()),
        draft if draft.starts_with("1.0-") => {
            issues.push(Issue::warning(
                "STOA_VRM_DRAFT",
                version.pointer(),
                "a draft of version 1.0 is read as 1.0",
            ));
            Ok(())
        }
        other => Err(version.fault(format!("version `{other}` is not 1.0"))),
    }
}

/// Bones by name; each node once, each below the bone that VRM puts above it.
fn read_bones(
    vrm: &Item<'_>,
    scene: &Scene,
    is_strict: bool,
) -> Result<BTreeMap<String, NodeIndex>, SceneError> {
    let list = vrm.require("humanoid")?.require("humanBones")?;
    list.require_object()?;
    let mut bones = BTreeMap::new();
    for (name, bone) in list.members() {
        if !BONES.iter().any(|(known, _)| *known == name) {
            if is_strict {
                return Err(bone.fault("is not a bone of VRM 1.0"));
            }
            continue;
        }
        let node_item = bone.require("node")?;
        let node = NodeIndex(node_item.index(scene.nodes.len(), "node")?);
        if let Some((other, _)) = bones.iter().find(|(_, used)| **used == node) {
            return Err(node_item.fault(format!("node {} is already the bone `{other}`", node.0)));
        }
        if is_strict && scene.nodes[node.index()].transform.scale.min_element() <= 0.0 {
            return Err(node_item.fault("the scale of a bone must be above zero"));
        }
        bones.insert(name.to_owned(), node);
    }
    for (name, parents) in BONES {
        let (Some(node), true) = (bones.get(*name), is_strict) else {
            continue;
        };
        let Some(parent) = parents.iter().find_map(|parent| bones.get(*parent)) else {
            continue;
        };
        if !is_below(scene, *node, *parent) {
            let pointer = list.get(name).unwrap_or(list);
            return Err(pointer.fault(format!(
                "its node must be below the bone `{}`",
                parents
                    .iter()
                    .find(|parent| bones.contains_key(**parent))
                    .unwrap_or(&"hips")
            )));
        }
    }
    Ok(bones)
}

/// True when a node is below another, at any depth.
pub(crate) fn is_below(scene: &Scene, node: NodeIndex, above: NodeIndex) -> bool {
    let mut next = scene.nodes[node.index()].parent;
    while let Some(index) = next {
        if index == above {
            return true;
        }
        next = scene.nodes[index.index()].parent;
    }
    false
}

fn read_meta(meta: &Item<'_>, images: usize) -> Result<AvatarMeta, SceneError> {
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
    let texts = |key: &str| -> Result<Vec<String>, SceneError> {
        let Some(list) = meta.get(key) else {
            return Ok(Vec::new());
        };
        list.elements(64)?
            .map(|item| item.text().map(str::to_owned))
            .collect()
    };
    let one_of = |key: &str, allowed: &[&str]| -> Result<String, SceneError> {
        let Some(item) = meta.get(key) else {
            return Ok(allowed[0].to_owned());
        };
        let text = item.text()?;
        if allowed.contains(&text) {
            Ok(text.to_owned())
        } else {
            Err(item.fault(format!("`{text}` is none of {}", allowed.join(", "))))
        }
    };
    let authors = texts("authors")?;
    if authors.iter().all(|author| author.trim().is_empty()) {
        let place = meta.get("authors").unwrap_or(*meta);
        return Err(place.fault("names no author"));
    }
    let permissions = ["onlyAuthor", "onlySeparatelyLicensedPerson", "everyone"];
    let usages = ["personalNonProfit", "personalProfit", "corporation"];
    let changes = [
        "prohibited",
        "allowModification",
        "allowModificationRedistribution",
    ];
    Ok(AvatarMeta {
        name: required("name")?,
        version: text("version")?,
        authors,
        copyright: text("copyrightInformation")?,
        contact: text("contactInformation")?,
        references: texts("references")?,
        third_party_licenses: text("thirdPartyLicenses")?,
        license_url: required("licenseUrl")?,
        other_license_url: text("otherLicenseUrl")?,
        thumbnail: meta.index_of("thumbnailImage", images, "image")?,
        avatar_permission: one_of("avatarPermission", &permissions)?,
        commercial_usage: one_of("commercialUsage", &usages)?,
        modification: one_of("modification", &changes)?,
        is_redistribution_allowed: meta.flag_or("allowRedistribution", false)?,
        is_credit_required: one_of("creditNotation", &["required", "unnecessary"])? == "required",
        is_violence_allowed: meta.flag_or("allowExcessivelyViolentUsage", false)?,
        is_sexual_content_allowed: meta.flag_or("allowExcessivelySexualUsage", false)?,
        is_political_use_allowed: meta.flag_or("allowPoliticalOrReligiousUsage", false)?,
        is_hateful_use_allowed: meta.flag_or("allowAntisocialOrHateUsage", false)?,
    })
}

fn read_first_person(
    vrm: &Item<'_>,
    nodes: usize,
) -> Result<Vec<(NodeIndex, FirstPersonRule)>, SceneError> {
    let annotations = vrm
        .get("firstPerson")
        .and_then(|first_person| first_person.get("meshAnnotations"));
    let Some(list) = annotations else {
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

fn read_look_at(vrm: &Item<'_>) -> Result<Option<LookAt>, SceneError> {
    let Some(look) = vrm.get("lookAt") else {
        return Ok(None);
    };
    let is_by_expression = match look.get("type") {
        Some(kind) => match kind.text()? {
            "bone" => false,
            "expression" => true,
            other => return Err(kind.fault(format!("`{other}` is neither bone nor expression"))),
        },
        None => false,
    };
    let range = |key: &str| -> Result<GazeRange, SceneError> {
        let Some(map) = look.get(key) else {
            return Ok(GazeRange {
                input_max_degrees: 90.0,
                output_scale: if is_by_expression { 1.0 } else { 10.0 },
            });
        };
        Ok(GazeRange {
            input_max_degrees: map.number_or("inputMaxValue", 90.0)?.clamp(0.0, 180.0),
            output_scale: map.number_or("outputScale", 10.0)?,
        })
    };
    Ok(Some(LookAt {
        is_by_expression,
        inner: range("rangeMapHorizontalInner")?,
        outer: range("rangeMapHorizontalOuter")?,
        down: range("rangeMapVerticalDown")?,
        up: range("rangeMapVerticalUp")?,
    }))
}
