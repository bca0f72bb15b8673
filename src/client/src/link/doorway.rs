//! Ways to other places that a world's file has: portals.

use bevy::math::Vec3;
use scene::{NodeIndex, Scene};
use std::{
    collections::{BTreeMap, BTreeSet},
    iter::successors,
};

/// Distance from which a portal without a trigger is entered, metres.
const NEAR_METRES: f32 = 2.5;

/// Portals of a world that lead somewhere; what is beyond does not.
const MAX_DOORWAYS: usize = 1_024;

/// A portal of the world that one is in.
#[derive(Clone, Debug)]
pub(crate) struct Doorway {
    /// What the file calls it; may be empty, and is a stranger's text.
    pub(crate) title: String,
    /// Where it leads, as the file says it.
    pub(crate) uri: String,
    /// World space, as the file has it.
    place: Vec3,
    /// Triggers of its node and of those below it: its entrance.
    triggers: BTreeSet<NodeIndex>,
}

impl Doorway {
    /// All that can be seen. A trigger belongs to the portal that it is on, or else to the nearest one above it.
    pub(super) fn all(scene: &Scene) -> Vec<Self> {
        let nodes = scene.nodes_in_scene();
        let mut all = BTreeMap::new();
        for &node in &nodes {
            if let Some(portal) = &scene.nodes[node.index()].portal
                && all.len() < MAX_DOORWAYS
            {
                let doorway = Self {
                    title: portal.title.clone(),
                    uri: portal.uri.clone(),
                    place: scene.world_from_node(node).translation.into(),
                    triggers: BTreeSet::new(),
                };
                all.insert(node, doorway);
            }
        }
        for &node in &nodes {
            if scene.nodes[node.index()].physics.trigger.is_none() {
                continue;
            }
            let mut above = successors(Some(node), |node| scene.nodes[node.index()].parent);
            let owner = above.find(|node| all.contains_key(node));
            if let Some(doorway) = owner.and_then(|owner| all.get_mut(&owner)) {
                doorway.triggers.insert(node);
            }
        }
        all.into_values().collect()
    }

    /// Whether somebody whose feet are there, in those triggers, can go through.
    fn is_at(&self, feet: Vec3, inside: &BTreeSet<NodeIndex>) -> bool {
        if self.triggers.is_empty() {
            self.place.distance(feet) < NEAR_METRES
        } else {
            !self.triggers.is_disjoint(inside)
        }
    }

    /// The nearest of those that somebody can go through.
    pub(crate) fn before(
        all: &[Self],
        feet: Vec3,
        inside: impl FnOnce() -> BTreeSet<NodeIndex>,
    ) -> Option<usize> {
        if all.is_empty() {
            return None;
        }
        let inside = inside();
        let away = |index: &usize| all[*index].place.distance(feet);
        (0..all.len())
            .filter(|index| all[*index].is_at(feet, &inside))
            .min_by(|a, b| away(a).total_cmp(&away(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{Node, Portal, Transform, TriggerPart};

    fn portal(x: f32, uri: &str) -> Node {
        Node {
            transform: Transform {
                translation: Vec3::X * x,
                ..Transform::default()
            },
            portal: Some(Portal {
                uri: uri.to_owned(),
                title: String::new(),
            }),
            ..Node::default()
        }
    }

    #[test]
    fn the_nearest_portal_is_entered_and_triggers_are_doors() {
        let mut scene = Scene {
            nodes: vec![portal(0.0, "a"), portal(2.0, "b"), portal(50.0, "c")],
            roots: vec![NodeIndex(0), NodeIndex(1), NodeIndex(2)],
            ..Scene::default()
        };
        let mut door = Node {
            parent: Some(NodeIndex(2)),
            ..Node::default()
        };
        door.physics.trigger = Some(TriggerPart {
            geometry: None,
            nodes: Vec::new(),
            filter: None,
        });
        scene.nodes.push(door);
        scene.nodes[2].children.push(NodeIndex(3));
        let all = Doorway::all(&scene);
        let before = |x: f32, inside: &[u32]| {
            let inside = inside.iter().copied().map(NodeIndex).collect();
            let found = Doorway::before(&all, Vec3::X * x, || inside);
            found.map(|index| all[index].uri.as_str())
        };
        assert_eq!(before(0.5, &[]), Some("a"));
        assert_eq!(before(1.5, &[]), Some("b"));
        assert_eq!(before(20.0, &[]), None);
        // Close by is not inside.
        assert_eq!(before(50.0, &[]), None);
        assert_eq!(before(53.0, &[3]), Some("c"));
    }
}
