//! VRMC_springBone and its extended colliders.

use crate::{
    description::{
        avatar::{SpringChain, SpringCollider, SpringJoint, Springs},
        scene::NodeIndex,
    },
    error::{Issue, Issues, SceneError},
    limits::MAX_ELEMENTS,
    source::json::Item,
};
use glam::Vec3;
use std::collections::BTreeSet;

/// Most colliders that all chains together may name: groups are shared, so that names multiply.
pub(super) const MAX_CHAIN_COLLIDERS: usize = 100_000;

pub(crate) fn read_springs(
    root: &Item<'_>,
    nodes: usize,
    issues: &mut Issues,
) -> Result<Springs, SceneError> {
    let mut springs = Springs::default();
    let Some(extension) = root.extension("VRMC_springBone") else {
        return Ok(springs);
    };
    if let Some(list) = extension.get("colliders") {
        springs.colliders = list
            .elements(MAX_ELEMENTS)?
            .map(|item| read_collider(&item, nodes))
            .collect::<Result<_, _>>()?;
    }
    let groups = read_groups(&extension, springs.colliders.len())?;
    let Some(list) = extension.get("springs") else {
        return Ok(springs);
    };
    let mut seen = BTreeSet::new();
    let mut named = 0;
    for spring in list.elements(MAX_ELEMENTS)? {
        let joints = spring
            .require("joints")?
            .elements(MAX_ELEMENTS)?
            .map(|joint| read_joint(&joint, nodes))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(joint) = joints.iter().find(|joint| !seen.insert(joint.node)) {
            issues.push(Issue::warning(
                "STOA_VRM_SPRING_SHARED",
                spring.pointer(),
                format!(
                    "node {} is in two chains: this one is left out",
                    joint.node.0
                ),
            ));
            continue;
        }
        let mut colliders = Vec::new();
        if let Some(list) = spring.get("colliderGroups") {
            for group in list.elements(MAX_ELEMENTS)? {
                let members = &groups[group.index(groups.len(), "collider group")? as usize];
                named += members.len();
                if named > MAX_CHAIN_COLLIDERS {
                    return Err(list.over_limit(format!(
                        "the chains name more than {MAX_CHAIN_COLLIDERS} colliders"
                    )));
                }
                colliders.extend(members);
            }
        }
        let center = spring.index_of("center", nodes, "node")?.map(NodeIndex);
        springs.chains.push(SpringChain {
            joints,
            colliders,
            center,
        });
    }
    Ok(springs)
}

fn read_groups(extension: &Item<'_>, colliders: usize) -> Result<Vec<Vec<usize>>, SceneError> {
    let Some(list) = extension.get("colliderGroups") else {
        return Ok(Vec::new());
    };
    let read = |group: Item<'_>| {
        group
            .require("colliders")?
            .elements(MAX_ELEMENTS)?
            .map(|member| {
                member
                    .index(colliders, "collider")
                    .map(|index| index as usize)
            })
            .collect()
    };
    list.elements(MAX_ELEMENTS)?.map(read).collect()
}

fn read_collider(item: &Item<'_>, nodes: usize) -> Result<SpringCollider, SceneError> {
    let node = NodeIndex(item.require("node")?.index(nodes, "node")?);
    // The extended shape wins: the core one beside it is an approximation for readers that lack it.
    let extended = item
        .extension("VRMC_springBone_extended_collider")
        .and_then(|extension| extension.get("shape"));
    let shape = match extended {
        Some(shape) => shape,
        None => item.require("shape")?,
    };
    let forms = ["sphere", "capsule", "plane"].map(|form| shape.get(form));
    let (form, tail, normal) = match forms {
        [Some(sphere), _, _] => (sphere, None, None),
        [_, Some(capsule), _] => {
            let tail = Vec3::from(capsule.numbers_or("tail", [0.0; 3])?);
            (capsule, Some(tail), None)
        }
        [_, _, Some(plane)] if extended.is_some() => {
            let normal = Vec3::from(plane.numbers_or("normal", [0.0, 0.0, 1.0])?);
            (plane, None, Some(normal.normalize_or(Vec3::Z)))
        }
        _ => return Err(shape.fault("is neither sphere nor capsule")),
    };
    Ok(SpringCollider {
        node,
        offset: Vec3::from(form.numbers_or("offset", [0.0; 3])?),
        tail,
        radius: form.number_or("radius", 0.0)?.max(0.0),
        is_inside: form.flag_or("inside", false)?,
        plane_normal: normal,
    })
}

fn read_joint(item: &Item<'_>, nodes: usize) -> Result<SpringJoint, SceneError> {
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
