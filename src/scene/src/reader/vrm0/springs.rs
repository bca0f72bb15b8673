//! Spring bones of VRM 0.x: a root stands for all bones below it, and every end swings as if a bone more hung there.

use super::{add_node, index, list, number};
use crate::{
    description::scene::Scene,
    error::SceneError,
    limits::{MAX_ELEMENTS, MAX_NODES},
    reader::spring::MAX_CHAIN_COLLIDERS,
    source::json::Item,
};
use glam::Vec3;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Length of the bone that an end is given (as UniVRM does).
const TAIL_METRES: f32 = 0.07;

/// What `old` says, in the shape of VRM 1.0.
///
/// # Errors
/// [`SceneError`] at the extension `vrm`, when what it shares would become more than is read: all bones of a group share its
/// colliders here, and have them each in VRM 1.0.
pub(super) fn springs(old: &Value, vrm: &Item<'_>, scene: &mut Scene) -> Result<Value, SceneError> {
    let [mut colliders, mut groups] = [Vec::new(), Vec::new()];
    let nodes = scene.nodes.len();
    for group in list(&old["colliderGroups"]) {
        let mut members = Vec::new();
        if let Some(node) = index(&group["node"], nodes) {
            for collider in list(&group["colliders"]) {
                if colliders.len() >= MAX_ELEMENTS {
                    let fault = format!("its springs have more than {MAX_ELEMENTS} colliders");
                    return Err(vrm.over_limit(fault));
                }
                let offset = &collider["offset"];
                let [x, y, z] = ["x", "y", "z"].map(|axis| number(&offset[axis], 0.0));
                members.push(colliders.len());
                // Its axes are those of an engine whose z points the other way.
                colliders.push(json!({ "node": node, "shape": { "sphere": {
                    "offset": [x, y, -z], "radius": number(&collider["radius"], 0.0),
                } } }));
            }
        }
        groups.push(json!({ "colliders": members }));
    }
    let mut springs = Vec::new();
    let mut seen = BTreeSet::new();
    let mut named = 0;
    for group in list(&old["boneGroups"]) {
        let settings = Settings::of(group, nodes, groups.len());
        for root in list(&group["bones"]) {
            if let Some(root) = index(root, nodes) {
                for chain in chains(scene, root, &mut seen) {
                    named += settings.colliders.len();
                    if named > MAX_CHAIN_COLLIDERS {
                        return Err(vrm.over_limit(format!(
                            "its springs name more than {MAX_CHAIN_COLLIDERS} groups of colliders"
                        )));
                    }
                    springs.push(settings.spring(&chain));
                }
            }
        }
    }
    Ok(json!({
        "specVersion": "1.0", "colliders": colliders, "colliderGroups": groups, "springs": springs,
    }))
}

/// What all joints of a group share.
struct Settings {
    joint: Value,
    colliders: Vec<usize>,
    center: Option<usize>,
}

impl Settings {
    fn of(group: &Value, nodes: usize, collider_groups: usize) -> Self {
        let direction = &group["gravityDir"];
        let [x, y, z] = [("x", 0.0), ("y", -1.0), ("z", 0.0)]
            .map(|(axis, default)| number(&direction[axis], default));
        Self {
            joint: json!({
                // The field is spelled so.
                "stiffness": number(&group["stiffiness"], 1.0),
                "gravityPower": number(&group["gravityPower"], 0.0),
                "gravityDir": [-x, y, z],
                "dragForce": number(&group["dragForce"], 0.4),
                "hitRadius": number(&group["hitRadius"], 0.02),
            }),
            colliders: list(&group["colliderGroups"])
                .iter()
                .filter_map(|number| index(number, collider_groups))
                .collect(),
            center: index(&group["center"], nodes),
        }
    }

    fn spring(&self, chain: &[usize]) -> Value {
        let joint = |node: &usize| {
            let mut joint = self.joint.clone();
            joint["node"] = json!(node);
            joint
        };
        let joints: Vec<Value> = chain.iter().map(joint).collect();
        let mut spring = json!({ "joints": joints, "colliderGroups": self.colliders });
        if let Some(center) = self.center {
            spring["center"] = json!(center);
        }
        spring
    }
}

/// One chain from the root down along first children, and one for each branch; each bone swings once.
fn chains(scene: &mut Scene, root: usize, seen: &mut BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut chains = Vec::new();
    let mut open = vec![root];
    while let Some(start) = open.pop() {
        let mut chain = Vec::new();
        let mut next = Some(start);
        while let Some(node) = next.filter(|node| seen.insert(*node)) {
            chain.push(node);
            let mut children = scene.nodes[node].children.iter().map(|child| child.index());
            next = children.next();
            open.extend(children);
        }
        let Some(last) = chain.last().copied() else {
            continue;
        };
        if scene.nodes[last].children.is_empty() && scene.nodes.len() < MAX_NODES {
            let along = scene.nodes[last].transform.translation;
            let tail = along.normalize_or(Vec3::Y) * TAIL_METRES;
            let tail = add_node(scene, last, tail);
            seen.insert(tail);
            chain.push(tail);
        }
        chains.push(chain);
    }
    chains
}
