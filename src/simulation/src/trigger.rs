//! Triggers: volumes that only notice.

use crate::{avatar::height, filter::avatar_obstacles, rules::AVATAR_RADIUS, world::Simulation};
use bevy::prelude::{Component, Entity};
use glam::Vec3;
use rapier3d::prelude::{Capsule, Pose, QueryFilter, QueryFilterFlags};
use scene::NodeIndex;
use std::collections::BTreeSet;

/// The node whose trigger a sensor is.
#[derive(Component, Clone, Copy, Debug)]
pub(crate) struct Trigger(pub(crate) NodeIndex);

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
        let mut touched = touched.unwrap_or_default();
        if !touched.is_empty() {
            let compound = self.scene.nodes.iter().enumerate().filter(|(_, node)| {
                let trigger = node.physics.trigger.as_ref();
                trigger
                    .is_some_and(|trigger| trigger.nodes.iter().any(|part| touched.contains(part)))
            });
            let compound: Vec<NodeIndex> =
                compound.map(|(index, _)| NodeIndex(index as u32)).collect();
            touched.extend(compound);
        }
        touched
    }
}
