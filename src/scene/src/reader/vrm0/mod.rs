//! VRM 0.x in the shape of VRM 1.0: its one extension becomes those of 1.0, and the model turns to face +Z.
//! Licences are mapped towards the stricter side; the original words stay readable in the licence line.

mod face;
mod springs;
pub(crate) mod toon;

use crate::{
    description::{
        animation::Track,
        scene::{NodeIndex, Scene},
    },
    error::{Issue, Issues, SceneError},
    limits::MAX_ELEMENTS,
    reader::linear_from_srgb,
    source::{
        budget::Budget,
        json::{self, Item, Tree},
    },
};
use glam::Quat;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, io};

/// Longest extension `VRM` in bytes of JSON.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Memory that a byte of it takes for a while, as values and as what they become.
const MEMORY_A_BYTE: u64 = 64;
/// Longest JSON that it becomes in bytes.
const MAX_NEW_BYTES: usize = 3 * MAX_BYTES;

/// True for a document that holds an avatar of VRM 0.x, and none of 1.0.
pub(super) fn is_one(root: &Item<'_>) -> bool {
    root.extension("VRM").is_some() && root.extension("VRMC_vrm").is_none()
}

/// Gives a scene that holds an avatar of VRM 0.x, and none of 1.0, what VRM 1.0 says in the scene itself: it faces +Z, and
/// its materials have their drawn look. Nothing changes in any other scene.
pub(super) fn settle(
    root: &Item<'_>,
    scene: &mut Scene,
    budget: &Budget,
) -> Result<(), SceneError> {
    let Some(vrm) = root.extension("VRM").filter(|_| is_one(root)) else {
        return Ok(());
    };
    if vrm.json_bytes() > MAX_BYTES {
        return Err(vrm.over_limit(format!("it has more than {MAX_BYTES} bytes of JSON")));
    }
    budget.require(&vrm, MEMORY_A_BYTE * vrm.json_bytes() as u64)?;
    turn_round(scene);
    match vrm.get("materialProperties") {
        Some(properties) => toon::lay(&value(&properties)?, scene),
        None => Ok(()),
    }
}

/// Returns a document that holds what VRM 1.0 keeps beside a scene that was settled.
pub(super) fn normalise(
    vrm: &Item<'_>,
    root: &Item<'_>,
    scene: &mut Scene,
    issues: &mut Issues,
) -> Result<Tree, SceneError> {
    let old = value(vrm)?;
    let nodes_of_mesh = nodes_by_mesh(scene);
    let new_vrm = json!({
        "specVersion": "1.0",
        "meta": meta(&old["meta"], scene),
        "humanoid": { "humanBones": bones(&old["humanoid"], scene, vrm, issues) },
        "firstPerson": { "meshAnnotations": annotations(&old["firstPerson"], &nodes_of_mesh) },
        "lookAt": face::look_at(&old["firstPerson"]),
        "expressions": face::expressions(&old["blendShapeMaster"], root, scene, &nodes_of_mesh),
    });
    let springs = springs::springs(&old["secondaryAnimation"], vrm, scene)?;
    let document = json!({ "extensions": { "VRMC_vrm": new_vrm, "VRMC_springBone": springs } });
    let mut text = Bounded(Vec::new());
    serde_json::to_writer(&mut text, &document).map_err(|_over_limit| {
        vrm.over_limit(format!(
            "as VRM 1.0 it has more than {MAX_NEW_BYTES} bytes of JSON"
        ))
    })?;
    json::parse(&text.0)
}

/// JSON text which is no longer than it may become.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_NEW_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Who sees the meshes, said at each node with one. Nodes share a mesh, and annotations name it again: there is one more than
/// there may be at most, so that whoever reads them sees that there are too many.
fn annotations(first_person: &Value, nodes_of_mesh: &[Vec<usize>]) -> Vec<Value> {
    let mut annotations = Vec::new();
    for annotation in list(&first_person["meshAnnotations"]) {
        let kind = seen_by(annotation["firstPersonFlag"].as_str().unwrap_or_default());
        let mesh = index(&annotation["mesh"], nodes_of_mesh.len());
        let nodes = mesh.map_or(&[][..], |mesh| &nodes_of_mesh[mesh]);
        let left = (MAX_ELEMENTS + 1).saturating_sub(annotations.len());
        let of_nodes = nodes.iter().take(left);
        annotations.extend(of_nodes.map(|node| json!({ "node": node, "type": kind })));
    }
    annotations
}

/// The word of VRM 1.0 for a flag: what the file says would be repeated at each node, however long it is.
fn seen_by(flag: &str) -> &'static str {
    match flag {
        "Both" | "both" => "both",
        "ThirdPersonOnly" | "thirdPersonOnly" => "thirdPersonOnly",
        "FirstPersonOnly" | "firstPersonOnly" => "firstPersonOnly",
        _ => "auto",
    }
}

fn value(item: &Item<'_>) -> Result<Value, SceneError> {
    serde_json::from_str(&item.json()).map_err(|error| item.fault(error.to_string()))
}

/// Models of 0.x face -Z. Bones keep their own axes: the rest pose carries the turn, and what moves roots.
fn turn_round(scene: &mut Scene) {
    let half_turn = Quat::from_xyzw(0.0, 1.0, 0.0, 0.0);
    for node in scene.nodes.iter_mut().filter(|node| node.parent.is_none()) {
        node.transform.rotation = half_turn * node.transform.rotation;
        node.transform.translation = half_turn * node.transform.translation;
    }
    let nodes = &scene.nodes;
    let channels = scene
        .animations
        .iter_mut()
        .flat_map(|own| &mut own.channels);
    for channel in channels.filter(|own| nodes[own.node.index()].parent.is_none()) {
        match &mut channel.track {
            Track::Translation(values) => {
                values.iter_mut().for_each(|own| *own = half_turn * *own);
            }
            Track::Rotation(values) => values.iter_mut().for_each(|own| *own = half_turn * *own),
            Track::Scale(_) | Track::Weights { .. } | Track::Weight { .. } => {}
        }
    }
}

/// A list of bones becomes an object; thumbs are counted from the wrist.
fn bones(humanoid: &Value, scene: &Scene, vrm: &Item<'_>, issues: &mut Issues) -> Value {
    let mut bones = Map::new();
    let mut used = BTreeSet::new();
    for bone in list(&humanoid["humanBones"]) {
        let (Some(name), Some(node)) = (
            bone["bone"].as_str(),
            index(&bone["node"], scene.nodes.len()),
        ) else {
            continue;
        };
        let name = name
            .replace("ThumbProximal", "ThumbMetacarpal")
            .replace("ThumbIntermediate", "ThumbProximal");
        if bones.contains_key(&name) || !used.insert(node) {
            issues.push(Issue::warning(
                "STOA_VRM_BONE_TWICE",
                format!("{}/humanoid/humanBones", vrm.pointer()),
                format!("the bone `{name}` or its node stands twice: the first one is used"),
            ));
            continue;
        }
        bones.insert(name, json!({ "node": node }));
    }
    Value::Object(bones)
}

fn meta(old: &Value, scene: &Scene) -> Value {
    let text = |key: &str| old[key].as_str().unwrap_or_default().trim();
    let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    let is_allowed = |key: &str| text(key).eq_ignore_ascii_case("Allow");
    let license = text("licenseName");
    let is_shared = license == "CC0" || license.starts_with("CC_BY");
    let is_fixed = !is_shared || license.ends_with("_ND");
    let is_non_profit = license.contains("_NC") || !is_allowed("commercialUssageName");
    let other_license = text("otherLicenseUrl");
    let thumbnail = index(&old["texture"], scene.textures.len())
        .and_then(|texture| scene.textures.get(texture)?.image);
    let mut meta = json!({
        "name": or(text("title"), "unnamed"),
        "version": text("version"),
        "authors": [or(text("author"), "unknown")],
        "contactInformation": text("contactInformation"),
        "references": [text("reference")],
        "licenseUrl": or(other_license, &format!("VRM 0.x: {}", or(license, "no licence stated"))),
        "otherLicenseUrl": text("otherPermissionUrl"),
        "avatarPermission": match text("allowedUserName") {
            "Everyone" => "everyone",
            "ExplicitlyLicensedPerson" => "onlySeparatelyLicensedPerson",
            _ => "onlyAuthor",
        },
        "commercialUsage": if is_non_profit { "personalNonProfit" } else { "personalProfit" },
        "creditNotation": if license == "CC0" { "unnecessary" } else { "required" },
        "allowRedistribution": is_shared,
        "modification": if is_fixed { "prohibited" } else { "allowModificationRedistribution" },
        "allowExcessivelyViolentUsage": is_allowed("violentUssageName"),
        "allowExcessivelySexualUsage": is_allowed("sexualUssageName"),
        // These licences leave the purpose open.
        "allowPoliticalOrReligiousUsage": is_shared,
        "allowAntisocialOrHateUsage": is_shared,
    });
    if let Some(image) = thumbnail {
        meta["thumbnailImage"] = json!(image.0);
    }
    meta
}

/// The elements of a value that is a list; nothing otherwise.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A value that is an index below `count`; -1 stands for none in 0.x.
fn index(value: &Value, count: usize) -> Option<usize> {
    let index = usize::try_from(value.as_u64()?).ok()?;
    (index < count).then_some(index)
}

/// A finite number, or a default.
fn number(value: &Value, default: f32) -> f32 {
    let number = value.as_f64().map(|number| number as f32);
    number
        .filter(|number| number.is_finite())
        .unwrap_or(default)
}

/// The nodes that show each mesh.
fn nodes_by_mesh(scene: &Scene) -> Vec<Vec<usize>> {
    let mut nodes = vec![Vec::new(); scene.meshes.len()];
    for (number, node) in scene.nodes.iter().enumerate() {
        if let Some(mesh) = node.mesh {
            nodes[mesh.index()].push(number);
        }
    }
    nodes
}

/// A node below another, at a place in its space.
fn add_node(scene: &mut Scene, parent: usize, translation: glam::Vec3) -> usize {
    let number = scene.nodes.len();
    let mut node = crate::description::scene::Node {
        parent: Some(NodeIndex(parent as u32)),
        ..Default::default()
    };
    node.transform.translation = translation;
    scene.nodes.push(node);
    scene.nodes[parent].children.push(NodeIndex(number as u32));
    number
}

/// Colours of 0.x are encoded with a gamma, their alpha is not.
fn linear_color(color: &Value) -> [f32; 4] {
    let channel = |at: usize| number(&color[at], if at == 3 { 1.0 } else { 0.0 }).clamp(0.0, 1.0);
    [
        linear_from_srgb(channel(0)),
        linear_from_srgb(channel(1)),
        linear_from_srgb(channel(2)),
        channel(3),
    ]
}
