//! What tests need to look at drawn meshes without drawing them.

use super::super::{
    Inbox,
    spawn::{self, Stores},
    surface::{DrawnMaterial, LobedMaterial, OutlineMaterial},
};
use bevy::{
    ecs::system::RunSystemOnce,
    mesh::skinning::{SkinnedMesh, SkinnedMeshInverseBindposes},
    prelude::*,
};
use scene::{MeshIndex, Node, NodeIndex, Primitive, Scene, Skin, Topology};
use std::sync::Arc;

/// A world with stores for what is drawn.
pub(crate) fn world() -> World {
    let mut world = World::new();
    add_stores(&mut world);
    world
}

/// Gives a world stores for what is drawn.
pub(crate) fn add_stores(world: &mut World) {
    world.init_resource::<Assets<Mesh>>();
    world.init_resource::<Assets<Image>>();
    world.init_resource::<Inbox>();
    world.init_resource::<Assets<StandardMaterial>>();
    world.init_resource::<Assets<LobedMaterial>>();
    world.init_resource::<Assets<DrawnMaterial>>();
    world.init_resource::<Assets<OutlineMaterial>>();
    world.init_resource::<Assets<SkinnedMeshInverseBindposes>>();
}

/// A world in which a scene was spawned.
pub(crate) fn spawned(scene: Scene) -> World {
    let (mut world, scene) = (world(), Arc::new(scene));
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

/// For each thing drawn, whether the side that is drawn is that of its normals.
pub(crate) fn facing(world: &mut World) -> Vec<bool> {
    let mut query = world.query::<(Entity, &Mesh3d)>();
    let drawn: Vec<(Entity, Mesh3d)> = query
        .iter(world)
        .map(|(entity, mesh)| (entity, mesh.clone()))
        .collect();
    drawn
        .into_iter()
        .map(|(entity, mesh)| {
            let to_world = placed(world, entity);
            let mesh = world.resource::<Assets<Mesh>>().get(&mesh.0).unwrap();
            let read = |attribute| {
                mesh.attribute(attribute)
                    .and_then(|values| values.as_float3())
                    .unwrap()
            };
            let (positions, normals) =
                (read(Mesh::ATTRIBUTE_POSITION), read(Mesh::ATTRIBUTE_NORMAL));
            let normals_to_world = to_world.matrix3.inverse().transpose();
            let corners: Vec<usize> = mesh.indices().unwrap().iter().collect();
            let outside = corners.chunks_exact(3).filter(|corners| {
                let at =
                    |corner: usize| to_world.transform_point3(positions[corners[corner]].into());
                let (a, b, c) = (at(0), at(1), at(2));
                let normal = normals_to_world * Vec3::from(normals[corners[0]]);
                (b - a).cross(c - a).dot(normal) > 0.0
            });
            outside.count() * 2 > corners.len() / 3
        })
        .collect()
}

/// From the space of something drawn to the world's.
pub(crate) fn placed(world: &World, entity: Entity) -> bevy::math::Affine3A {
    let own = world.get::<Transform>(entity).unwrap().compute_affine();
    let above = world
        .get::<ChildOf>(entity)
        .map(|above| placed(world, above.parent()));
    above.unwrap_or_default() * own
}

/// A triangle that faces +Z, bound to the first joint.
pub(crate) fn triangle() -> Primitive {
    Primitive {
        topology: Topology::Triangles,
        positions: vec![Vec3::ZERO, Vec3::X, Vec3::Y],
        normals: vec![Vec3::Z; 3],
        tangents: Vec::new(),
        uv_sets: Vec::new(),
        colors: Vec::new(),
        joints: vec![vec![[0; 4]; 3]],
        joint_weights: vec![vec![Vec4::X; 3]],
        indices: vec![0, 1, 2],
        targets: Vec::new(),
        material: None,
        variants: Vec::new(),
        splats: Vec::new(),
    }
}

/// Nodes that all draw the triangle, and a skin with one joint.
pub(crate) fn triangles(nodes: Vec<Node>, joint: u32) -> Scene {
    let draw = |node| Node {
        mesh: Some(MeshIndex(0)),
        ..node
    };
    Scene {
        roots: (0..nodes.len() as u32).map(NodeIndex).collect(),
        nodes: nodes.into_iter().map(draw).collect(),
        meshes: vec![scene::Mesh {
            primitives: vec![triangle()],
            ..scene::Mesh::default()
        }],
        skins: vec![Skin {
            name: String::new(),
            joints: vec![NodeIndex(joint)],
            skeleton: None,
            inverse_bind_matrices: vec![Mat4::IDENTITY],
        }],
        ..Scene::default()
    }
}
