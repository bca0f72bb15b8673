//! VRMC_node_constraint: nodes that follow others, put in the order in which they are to be applied.

use crate::{
    description::{
        avatar::{ConstraintKind, NodeConstraint},
        scene::{NodeIndex, Scene},
    },
    error::{Issue, Issues, SceneError},
    limits::{MAX_CONSTRAINTS, MAX_NODES},
    source::json::Item,
};
use glam::Vec3;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn read_constraints(
    root: &Item<'_>,
    scene: &Scene,
    issues: &mut Issues,
) -> Result<Vec<NodeConstraint>, SceneError> {
    let Some(nodes) = root.get("nodes") else {
        return Ok(Vec::new());
    };
    let mut constraints = BTreeMap::new();
    for (index, node) in nodes.elements(MAX_NODES)?.enumerate() {
        let Some(extension) = node.extension("VRMC_node_constraint") else {
            continue;
        };
        let follower = NodeIndex(index as u32);
        if let Some(constraint) = read_constraint(&extension, follower, scene.nodes.len(), issues)?
        {
            constraints.insert(follower, constraint);
        }
        if constraints.len() > MAX_CONSTRAINTS {
            return Err(node.over_limit(format!("more than {MAX_CONSTRAINTS} nodes follow others")));
        }
    }
    order(&nodes, scene, &constraints)
}

fn read_constraint(
    extension: &Item<'_>,
    node: NodeIndex,
    nodes: usize,
    issues: &mut Issues,
) -> Result<Option<NodeConstraint>, SceneError> {
    let constraint = extension.require("constraint")?;
    let kinds = ["roll", "aim", "rotation"].map(|kind| constraint.get(kind));
    if kinds.iter().flatten().count() > 1 {
        return Err(constraint.fault("holds more than one of roll, aim and rotation"));
    }
    let [roll, aim, rotation] = kinds;
    let (item, kind) = if let Some(roll) = roll {
        let axis = roll.require("rollAxis")?;
        let direction = match axis.text()? {
            "X" => Vec3::X,
            "Y" => Vec3::Y,
            "Z" => Vec3::Z,
            other => return Err(axis.fault(format!("`{other}` is none of X, Y, Z"))),
        };
        (roll, ConstraintKind::Roll(direction))
    } else if let Some(aim) = aim {
        let axis = aim.require("aimAxis")?;
        let direction = match axis.text()? {
            "PositiveX" => Vec3::X,
            "NegativeX" => Vec3::NEG_X,
            "PositiveY" => Vec3::Y,
            "NegativeY" => Vec3::NEG_Y,
            "PositiveZ" => Vec3::Z,
            "NegativeZ" => Vec3::NEG_Z,
            other => return Err(axis.fault(format!("`{other}` is not one of the six axes"))),
        };
        (aim, ConstraintKind::Aim(direction))
    } else if let Some(rotation) = rotation {
        (rotation, ConstraintKind::Rotation)
    } else {
        issues.push(Issue::warning(
            "STOA_VRM_CONSTRAINT",
            constraint.pointer(),
            "is none of roll, aim and rotation: it does nothing",
        ));
        return Ok(None);
    };
    let source = NodeIndex(item.require("source")?.index(nodes, "node")?);
    if source == node {
        return Err(item.fault("a node cannot follow itself"));
    }
    Ok(Some(NodeConstraint {
        node,
        source,
        weight: item.number_or("weight", 1.0)?.clamp(0.0, 1.0),
        kind,
    }))
}

/// A node comes after the one that it follows, and an aim after everything that moves either of its ends.
fn order(
    nodes: &Item<'_>,
    scene: &Scene,
    constraints: &BTreeMap<NodeIndex, NodeConstraint>,
) -> Result<Vec<NodeConstraint>, SceneError> {
    refuse_rings(nodes, constraints)?;
    let mut ordered = Vec::with_capacity(constraints.len());
    let mut met = BTreeSet::new();
    // Depth first: `true` means that all that a node waits for is in the order already.
    let mut left: Vec<(NodeIndex, bool)> = constraints
        .keys()
        .rev()
        .map(|&node| (node, false))
        .collect();
    while let Some((node, is_ready)) = left.pop() {
        let constraint = constraints[&node];
        if is_ready {
            ordered.push(constraint);
        } else if met.insert(node) {
            left.push((node, true));
            let waits = awaited(scene, &constraint).filter(|node| constraints.contains_key(node));
            left.extend(waits.map(|node| (node, false)));
        }
    }
    Ok(ordered)
}

/// Nodes that have to be right before a constraint is applied.
fn awaited(scene: &Scene, constraint: &NodeConstraint) -> impl Iterator<Item = NodeIndex> {
    let above = |node: NodeIndex| {
        let parent = move |node: &NodeIndex| scene.nodes[node.index()].parent;
        std::iter::successors(parent(&node), parent)
    };
    let is_aim = matches!(constraint.kind, ConstraintKind::Aim(_));
    let ends = is_aim.then(|| above(constraint.node).chain(above(constraint.source)));
    ends.into_iter().flatten().chain([constraint.source])
}

/// Each node follows one other, so chains are walked to their start.
fn refuse_rings(
    nodes: &Item<'_>,
    constraints: &BTreeMap<NodeIndex, NodeConstraint>,
) -> Result<(), SceneError> {
    let mut safe = BTreeSet::new();
    for &first in constraints.keys() {
        let mut chain = BTreeSet::new();
        let mut next = first;
        while let Some(constraint) = constraints.get(&next).filter(|_| !safe.contains(&next)) {
            if !chain.insert(next) {
                return Err(nodes.fault(format!(
                    "the constraint of node {} follows itself in a ring",
                    next.0
                )));
            }
            next = constraint.source;
        }
        safe.extend(chain);
    }
    Ok(())
}
