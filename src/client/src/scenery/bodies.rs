//! Bodies that the server moves: their nodes follow the received poses, and so do their stand-ins in the local physics.

use super::{Form, NodeEntities, animate::animate};
use crate::{
    app::order::ClientSystems,
    link::{Link, Visit, VisitWorld},
    motion::{Me, OwnHands, news_of, state_of},
};
use bevy::{math::Affine3A, prelude::*};
use replication::Flags;
use scene::{Geometry, NodeIndex, Primitive, Scene, Shape};
use std::{collections::BTreeMap, iter::successors};

pub(super) fn plugin(app: &mut App) {
    // Bodies below something that an animation moves are placed after it.
    let follow = follow.in_set(ClientSystems::Pose).after(animate);
    app.add_systems(Update, follow);
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
    let mut poses = BTreeMap::new();
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
        poses.insert(node, (position, rotation));
    });
    place(scene, &poses, &entities.0, &mut transforms);
}

/// Puts nodes where their bodies are in the world, whatever moves above them.
fn place(
    scene: &Scene,
    poses: &BTreeMap<NodeIndex, (Vec3, Quat)>,
    entities: &BTreeMap<NodeIndex, Entity>,
    transforms: &mut Query<&mut Transform>,
) {
    let above = |node: &NodeIndex| scene.nodes[node.index()].parent;
    // From each node's space to the world's, as things are now: of bodies, and of all above them.
    let mut worlds: BTreeMap<NodeIndex, Affine3A> = BTreeMap::new();
    for &body in poses.keys() {
        let upwards = successors(Some(body), above);
        let path: Vec<NodeIndex> = upwards
            .take_while(|node| !worlds.contains_key(node))
            .collect();
        for node in path.into_iter().rev() {
            let parent = above(&node).map_or(Affine3A::IDENTITY, |parent| worlds[&parent]);
            let entity = entities.get(&node);
            let Some(mut shown) = entity.and_then(|&entity| transforms.get_mut(entity).ok()) else {
                worlds.insert(node, parent);
                continue;
            };
            if let Some(&(position, rotation)) = poses.get(&node) {
                let local =
                    parent.inverse() * Affine3A::from_rotation_translation(rotation, position);
                let (_, rotation, translation) = local.to_scale_rotation_translation();
                if rotation.is_finite() && translation.is_finite() {
                    shown.set_if_neq(Transform {
                        translation,
                        rotation,
                        scale: shown.scale,
                    });
                }
            }
            worlds.insert(node, parent * shown.compute_affine());
        }
    }
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
                .map(|primitive| {
                    // Nothing moves a collider's form, and the engine needs weights where there are targets.
                    let rigid = Primitive {
                        targets: Vec::new(),
                        ..primitive.clone()
                    };
                    super::Geometry::of(scene, &rigid, Form::default()).mesh
                })
                .collect();
        }
    };
    vec![mesh]
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::ecs::system::RunSystemOnce;
    use scene::Node;

    #[test]
    fn a_collider_of_a_mesh_that_morphs_is_drawn_rigid() {
        let mut scene = crate::scenery::mesh::testing::triangles(vec![Node::default()], 0);
        let targets = &mut scene.meshes[0].primitives[0].targets;
        targets.push(scene::MorphTarget::default());
        let drawn = shape_meshes(&scene, Shape::TriangleMesh(scene::MeshIndex(0)));
        assert!(drawn.len() == 1 && !drawn[0].has_morph_targets());
    }

    #[test]
    fn a_wheel_below_a_chassis_is_drawn_where_the_server_has_it() {
        let at = |translation| scene::Transform {
            translation,
            ..scene::Transform::default()
        };
        // A yard, a chassis in it, an axle on the chassis, a wheel on the axle. The wheel's number comes first.
        let (wheel, chassis, axle, yard) = (NodeIndex(0), NodeIndex(1), NodeIndex(2), NodeIndex(3));
        let node = |parent, child: Option<NodeIndex>, x: f32| Node {
            parent,
            children: child.into_iter().collect(),
            transform: at(Vec3::X * x),
            ..Node::default()
        };
        let scene = Scene {
            nodes: vec![
                node(Some(axle), None, 1.0),
                node(Some(yard), Some(axle), 5.0),
                node(Some(chassis), Some(wheel), 2.0),
                node(None, Some(chassis), 10.0),
            ],
            roots: vec![yard],
            ..Scene::default()
        };
        let mut world = World::new();
        let mut entities = BTreeMap::new();
        for (number, node) in scene.nodes.iter().enumerate() {
            let transform = super::super::engine_transform(&node.transform);
            entities.insert(NodeIndex(number as u32), world.spawn(transform).id());
        }
        // The chassis has driven away and turned by a quarter; the wheel is still one axle from it.
        let quarter = Quat::from_rotation_y(std::f32::consts::FRAC_PI_2);
        let poses = BTreeMap::from([
            (wheel, (Vec3::new(40.0, 0.0, -3.0), quarter)),
            (chassis, (Vec3::new(40.0, 0.0, 0.0), quarter)),
        ]);
        let shown = entities.clone();
        world
            .run_system_once(move |mut transforms: Query<&mut Transform>| {
                place(&scene, &poses, &entities, &mut transforms);
            })
            .unwrap();
        let place = |node| world.get::<Transform>(shown[&node]).unwrap();
        let near = |a: Vec3, b: Vec3| assert!(a.abs_diff_eq(b, 1e-4), "{a} {b}");
        near(place(chassis).translation, Vec3::X * 30.0);
        near(place(wheel).translation, Vec3::X);
        assert!(place(wheel).rotation.angle_between(Quat::IDENTITY) < 1e-3);
    }
}
