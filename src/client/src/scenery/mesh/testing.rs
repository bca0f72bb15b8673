//! What tests need to look at drawn meshes without drawing them.

use super::super::{
    lobes::LobedMaterial,
    spawn::{self, Stores},
    toon::DrawnMaterial,
};
use bevy::{
    ecs::system::RunSystemOnce,
    mesh::skinning::{SkinnedMesh, SkinnedMeshInverseBindposes},
    prelude::*,
};
use scene::Scene;

/// A world with stores for what is drawn.
pub(crate) fn world() -> World {
    let mut world = World::new();
    world.init_resource::<Assets<Mesh>>();
    world.init_resource::<Assets<Image>>();
    world.init_resource::<Assets<StandardMaterial>>();
    world.init_resource::<Assets<LobedMaterial>>();
    world.init_resource::<Assets<DrawnMaterial>>();
    world.init_resource::<Assets<SkinnedMeshInverseBindposes>>();
    world
}

/// A world in which a scene was spawned.
pub(crate) fn spawned(scene: Scene) -> World {
    let mut world = world();
    world
        .run_system_once(move |mut commands: Commands, mut stores: Stores| {
            spawn::spawn(&mut commands, &scene, &mut stores);
        })
        .unwrap();
    world
}

/// For each thing drawn, whether it is bent by joints; fails where mesh and skin do not fit.
pub(crate) fn skinned(world: &mut World) -> Vec<bool> {
    let mut query = world.query::<(&Mesh3d, Option<&SkinnedMesh>)>();
    let meshes = world.resource::<Assets<Mesh>>();
    query
        .iter(world)
        .map(|(mesh, skin)| {
            let mesh = meshes.get(&mesh.0).unwrap();
            let has_joints = mesh.contains_attribute(Mesh::ATTRIBUTE_JOINT_INDEX);
            assert_eq!(has_joints, skin.is_some(), "mesh and skin do not fit");
            assert_eq!(
                has_joints,
                mesh.contains_attribute(Mesh::ATTRIBUTE_JOINT_WEIGHT)
            );
            has_joints
        })
        .collect()
}
