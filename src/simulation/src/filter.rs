//! Collision filters: the names of a file's collision systems as bits of the engine's groups.

use bevy_rapier3d::prelude::{CollisionGroups, Group};
use rapier3d::prelude::{InteractionGroups, InteractionTestMode};
use scene::{CollisionFilter, Scene, limits::MAX_COLLISION_SYSTEMS};
use std::collections::HashMap;

/// Group of avatars' capsules; nothing in a file can belong to it.
pub(crate) const AVATAR_GROUP: Group = Group::GROUP_32;
/// Group of everything without a filter.
pub(crate) const PLAIN_GROUP: Group = Group::GROUP_31;
/// Group of the rail around a thing on show, which holds back neither people nor what they carry.
pub(crate) const RAIL_GROUP: Group = Group::GROUP_30;

/// Groups of the file's filters, in their order.
pub(crate) struct SystemGroups(Vec<CollisionGroups>);

impl SystemGroups {
    pub(crate) fn new(scene: &Scene) -> Self {
        let filters = &scene.physics.filters;
        let mentioned = filters.iter().flat_map(|filter| {
            filter
                .systems
                .iter()
                .chain(filter.collide_with.iter().flatten())
                .chain(filter.not_collide_with.iter().flatten())
        });
        let mut bits: HashMap<&str, u32> = HashMap::new();
        for name in mentioned {
            let next = bits.len().min(MAX_COLLISION_SYSTEMS - 1);
            bits.entry(name).or_insert(1 << next);
        }
        let of_names = |names: &[String]| {
            let bits = names.iter().filter_map(|name| bits.get(name.as_str()));
            Group::from_bits_truncate(bits.fold(0, |all, bit| all | bit))
        };
        let of_filter = |filter: &CollisionFilter| {
            let memberships = if filter.systems.is_empty() {
                PLAIN_GROUP
            } else {
                of_names(&filter.systems)
            };
            let filters = match (&filter.collide_with, &filter.not_collide_with) {
                (Some(names), _) => of_names(names) | AVATAR_GROUP | RAIL_GROUP,
                (None, Some(names)) => Group::all() & !of_names(names),
                (None, None) => Group::all(),
            };
            CollisionGroups::new(memberships, filters)
        };
        Self(filters.iter().map(of_filter).collect())
    }

    /// Groups of a collider with a filter of the file, or with none. People meet everything.
    pub(crate) fn of(&self, filter: Option<u32>) -> CollisionGroups {
        let known = filter.and_then(|index| self.0.get(index as usize));
        known
            .copied()
            .unwrap_or_else(|| CollisionGroups::new(PLAIN_GROUP, Group::all()))
    }
}

/// Groups that an avatar's motion is stopped by: everything but avatars, what is carried and rails.
pub(crate) fn avatar_obstacles() -> InteractionGroups {
    InteractionGroups::new(
        bits(AVATAR_GROUP),
        bits(Group::all() & !AVATAR_GROUP & !RAIL_GROUP),
        InteractionTestMode::And,
    )
}

/// Groups of the fixed and moving world, for rays.
pub(crate) fn ray_obstacles() -> InteractionGroups {
    InteractionGroups::new(
        bits(Group::all()),
        bits(Group::all() & !AVATAR_GROUP & !RAIL_GROUP),
        InteractionTestMode::And,
    )
}

/// bevy_rapier3d and rapier3d each have a type of their own for the same bits.
pub(crate) fn bits(group: Group) -> rapier3d::prelude::Group {
    rapier3d::prelude::Group::from_bits_truncate(group.bits())
}
