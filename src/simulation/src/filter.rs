//! Collision filters: the names of a file's collision systems as bits of the engine's groups.

use bevy_rapier3d::prelude::{CollisionGroups, Group};
use rapier3d::prelude::{InteractionGroups, InteractionTestMode};
use scene::{Scene, limits::MAX_COLLISION_SYSTEMS};

/// Group of avatars' capsules; nothing in a file can belong to it.
pub(crate) const AVATAR_GROUP: Group = Group::GROUP_32;
/// Group of everything without a filter.
pub(crate) const PLAIN_GROUP: Group = Group::GROUP_31;
/// Group of the rail around a thing on show, which holds back neither people nor what they carry.
pub(crate) const RAIL_GROUP: Group = Group::GROUP_30;

/// Names of collision systems as bits.
pub(crate) struct SystemGroups {
    names: Vec<String>,
}

impl SystemGroups {
    pub(crate) fn new(scene: &Scene) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mentioned = scene.physics.filters.iter().flat_map(|filter| {
            filter
                .systems
                .iter()
                .chain(filter.collide_with.iter().flatten())
                .chain(filter.not_collide_with.iter().flatten())
        });
        for name in mentioned {
            if names.len() < MAX_COLLISION_SYSTEMS && !names.contains(name) {
                names.push(name.clone());
            }
        }
        Self { names }
    }

    /// Groups of a collider with a filter of the file, or with none. People meet everything.
    pub(crate) fn of(&self, scene: &Scene, filter: Option<u32>) -> CollisionGroups {
        let Some(filter) = filter.and_then(|index| scene.physics.filters.get(index as usize))
        else {
            return CollisionGroups::new(PLAIN_GROUP, Group::all());
        };
        let memberships = if filter.systems.is_empty() {
            PLAIN_GROUP
        } else {
            self.bits(&filter.systems)
        };
        let filters = match (&filter.collide_with, &filter.not_collide_with) {
            (Some(names), _) => self.bits(names) | AVATAR_GROUP | RAIL_GROUP,
            (None, Some(names)) => Group::all() & !self.bits(names),
            (None, None) => Group::all(),
        };
        CollisionGroups::new(memberships, filters)
    }

    fn bits(&self, names: &[String]) -> Group {
        let bit = |name: &String| {
            let known = self.names.iter().position(|known| known == name);
            1u32 << known.unwrap_or(MAX_COLLISION_SYSTEMS - 1)
        };
        Group::from_bits_truncate(names.iter().map(bit).fold(0, |bits, bit| bits | bit))
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
