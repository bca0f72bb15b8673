//! Bodies that the server moves: their nodes follow the received poses, and so do their stand-ins in the local physics.

use super::{Form, NodeEntities};
use crate::{
    app::order::ClientSystems,
    link::{Link, Visit, VisitWorld},
    motion::{Me, OwnHands, news_of, state_of},
};
use bevy::prelude::*;
use replication::Flags;
use scene::{Geometry, NodeIndex, Scene, Shape};
use std::collections::BTreeMap;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, follow.in_set(ClientSystems::Pose));
}

fn follow(
    link: Option<Res<Link>>,
    world: Option<ResMut<VisitWorld>>,
    (visit, me): (Res<Visit>, Res<Me>),
    mut own: ResMut<OwnHands>,
    entities: Res<NodeEntities>,
    mut transforms: Query<&mut Transform>,
) {
    let (Some(link), Some(mut world)) = (link, world) else {
        return;
    };
    let world = &mut *world;
    let (node_of_body, simulation, scene) =
        (&world.node_of_body, &mut world.simulation, &world.scene);
    let my_avatar = visit.welcome.as_ref().map(|welcome| welcome.entity);
    let view = link.0.view();
    view.sample(link.0.now_secs(), |entity, pose, state| {
        let Some(&node) = node_of_body.get(&entity) else {
            return;
        };
        let (mut position, mut rotation) = (pose.position, pose.rotation);
        if let (Some(index), Some((tick, newest, told))) =
            (simulation.body_of_node(node), view.news(entity))
        {
            let followed = state_of(&pose, state.flags.contains(Flags::ASLEEP));
            let news = news_of(tick, &newest, told, my_avatar);
            let shown = own.follow(simulation, index, &followed, &news, me.fraction());
            (position, rotation) = (shown.position, shown.rotation);
        }
        let Some(mut transform) = entities
            .0
            .get(&node)
            .and_then(|entity| transforms.get_mut(*entity).ok())
        else {
            return;
        };
        // Poses are in world space, the node's transform is relative to its parent.
        let parent = scene.nodes[node.index()]
            .parent
            .map(|parent| scene.world_from_node(parent).inverse());
        let (scale, own_rotation, translation) = match parent {
            Some(inverse) => {
                let local =
                    inverse * bevy::math::Affine3A::from_rotation_translation(rotation, position);
                let (_, rotation, translation) = local.to_scale_rotation_translation();
                (transform.scale, rotation, translation)
            }
            None => (transform.scale, rotation, position),
        };
        *transform = Transform {
            translation,
            rotation: own_rotation,
            scale,
        };
    });
}

/// A file without anything to draw shows its colliders; they move with their nodes.
pub(super) fn draw_colliders(
    commands: &mut Commands,
    scene: &Scene,
    entities: &BTreeMap<NodeIndex, Entity>,
    meshes: &mut Assets<Mesh>,
    materials: &mut Assets<StandardMaterial>,
) {
    let solid = materials.add(StandardMaterial {
        base_color: Color::srgb(0.72, 0.75, 0.8),
        perceptual_roughness: 0.8,
        ..default()
    });
    let trigger = materials.add(StandardMaterial {
        base_color: Color::srgba(0.3, 0.7, 1.0, 0.35),
        alpha_mode: AlphaMode::Blend,
        ..default()
    });
    for (node, &entity) in entities {
        let physics = &scene.nodes[node.index()].physics;
        let parts = [
            (physics.collider.map(|part| part.geometry), &solid),
            (
                physics.trigger.as_ref().and_then(|part| part.geometry),
                &trigger,
            ),
        ];
        for (geometry, material) in parts {
            let Some(Geometry::Shape(index)) = geometry else {
                continue;
            };
            let Some(shape) = scene.physics.shapes.get(index as usize) else {
                continue;
            };
            for mesh in shape_meshes(scene, *shape) {
                commands.spawn((
                    Mesh3d(meshes.add(mesh)),
                    MeshMaterial3d(material.clone()),
                    ChildOf(entity),
                ));
            }
        }
    }
}

/// A shape as it can be drawn; a hull by the mesh that it is laid around.
fn shape_meshes(scene: &Scene, shape: Shape) -> Vec<Mesh> {
    let mesh = match shape {
        Shape::Box(size) => Cuboid::from_size(size).into(),
        Shape::Sphere(radius) => Sphere::new(radius).into(),
        Shape::Capsule {
            height,
            radius_top,
            radius_bottom,
        } => Capsule3d::new((radius_top + radius_bottom) * 0.5, height).into(),
        Shape::Cylinder {
            height,
            radius_top,
            radius_bottom,
        } => ConicalFrustum {
            radius_top,
            radius_bottom,
            height,
        }
        .into(),
        Shape::Plane { size_x, size_z, .. } => Plane3d::new(
            Vec3::Y,
            Vec2::new(size_x.unwrap_or(50.0), size_z.unwrap_or(50.0)) * 0.5,
        )
        .into(),
        Shape::ConvexMesh(index) | Shape::TriangleMesh(index) => {
            let primitives = scene.meshes[index.index()].primitives.iter();
            return primitives
                .filter(|primitive| !primitive.indices.is_empty())
                .map(|primitive| super::Geometry::of(scene, primitive, Form::default()).mesh)
                .collect();
        }
    };
    vec![mesh]
}
