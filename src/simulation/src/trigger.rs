//! Triggers: volumes that only notice.

use crate::{avatar::height, filter::avatar_obstacles, rules::AVATAR_RADIUS, world::Simulation};
use bevy::prelude::{Component, Entity};
use glam::Vec3;
use rapier3d::prelude::{Capsule, Pose, QueryFilter, QueryFilterFlags};
use scene::{NodeIndex, Scene};
use std::collections::{BTreeMap, BTreeSet};

/// The node whose trigger a sensor is.
#[derive(Component, Clone, Copy, Debug)]
pub(crate) struct Trigger(pub(crate) NodeIndex);

/// For each node: the triggers that are made of its own.
pub(crate) type Compounds = BTreeMap<NodeIndex, Vec<NodeIndex>>;

pub(crate) fn compounds(scene: &Scene) -> Compounds {
    let mut compounds = Compounds::new();
    for (index, node) in scene.nodes.iter().enumerate() {
        let trigger = node.physics.trigger.iter();
        for part in trigger.flat_map(|trigger| &trigger.nodes) {
            let whole = NodeIndex(index as u32);
            compounds.entry(*part).or_default().push(whole);
        }
    }
    compounds
}

impl Simulation {
    /// Nodes whose triggers a person is in: entrances of portals, approaches to seats. A trigger that is made of other
    /// nodes' triggers is entered with any of them.
    #[must_use]
    pub fn triggers_around(&self, feet: Vec3, is_crouching: bool) -> BTreeSet<NodeIndex> {
        if !feet.is_finite() {
            return BTreeSet::new();
        }
        let half = height(is_crouching) * 0.5;
        let capsule = Capsule::new_y(half - AVATAR_RADIUS, AVATAR_RADIUS);
        let filter = QueryFilter::from(QueryFilterFlags::EXCLUDE_SOLIDS).groups(avatar_obstacles());
        let touched = self.query(filter, |pipeline| {
            pipeline
                .intersect_shape(Pose::from_translation(feet + Vec3::Y * half), &capsule)
                .filter_map(|(_, collider)| Entity::try_from_bits(collider.user_data as u64))
                .filter_map(|entity| self.world.get::<Trigger>(entity))
                .map(|trigger| trigger.0)
                .collect::<BTreeSet<NodeIndex>>()
        });
        let touched = touched.unwrap_or_default();
        let wholes = touched.iter().filter_map(|part| self.compounds.get(part));
        let wholes: Vec<NodeIndex> = wholes.flatten().copied().collect();
        touched.into_iter().chain(wholes).collect()
    }
}
