//! Places that a file names: where people appear and where they sit.

use crate::stage::Stage;
use glam::{Affine3A, Quat, Vec3};
use scene::{NodeIndex, Scene};

/// A place to appear.
#[derive(Clone, Debug, PartialEq)]
pub struct SpawnPlace {
    /// Name after `#` in addresses.
    pub title: String,
    /// Feet, world space.
    pub position: Vec3,
    /// Heading in radians about +Y; 0 looks along -Z.
    pub yaw: f32,
}

/// A place to sit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeatPlace {
    /// Its node in the scene.
    pub node: NodeIndex,
    /// Where the pelvis rests, world space.
    pub position: Vec3,
    /// Heading in radians about +Y; 0 looks along -Z.
    pub yaw: f32,
}

/// Spawn points of a file; without any one stands on the stage, facing what is there.
pub(crate) fn spawn_places(scene: &Scene, stage: Option<&Stage>) -> Vec<SpawnPlace> {
    let worlds = scene.world_transforms();
    let mut places: Vec<SpawnPlace> = scene
        .nodes_in_scene()
        .into_iter()
        .filter_map(|node| {
            let point = scene.nodes[node.index()].spawn_point.as_ref()?;
            let world = worlds[node.index()];
            Some(SpawnPlace {
                title: point.title.clone(),
                position: Vec3::from(world.translation),
                yaw: yaw_along(world.transform_vector3(Vec3::Z)),
            })
        })
        .filter(|place| place.position.is_finite())
        .collect();
    if places.is_empty() {
        places.push(SpawnPlace {
            title: String::new(),
            position: stage.map_or(Vec3::ZERO, |stage| stage.feet),
            yaw: 0.0,
        });
    }
    places
}

pub(crate) fn seat_places(scene: &Scene) -> Vec<SeatPlace> {
    let worlds = scene.world_transforms();
    let nodes = scene.nodes_in_scene().into_iter();
    nodes
        .filter_map(|node| {
            let seat = scene.nodes[node.index()].seat?;
            let world = worlds[node.index()];
            let (back, knee) = (
                world.transform_point3(seat.back),
                world.transform_point3(seat.knee),
            );
            Some(SeatPlace {
                node,
                position: back,
                yaw: yaw_along(knee - back),
            })
        })
        .filter(|place| place.position.is_finite())
        .collect()
}

/// Position and rotation of a node in world space, without scale.
pub(crate) fn frame(scene: &Scene, node: NodeIndex) -> (Vec3, Quat) {
    frame_of(&scene.world_from_node(node))
}

/// Position and rotation of what is placed so, without scale.
pub(crate) fn frame_of(world: &Affine3A) -> (Vec3, Quat) {
    let (_, rotation, translation) = world.to_scale_rotation_translation();
    let is_rotation = rotation.is_finite() && rotation.length_squared() > 0.5;
    (
        translation,
        if is_rotation {
            rotation.normalize()
        } else {
            Quat::IDENTITY
        },
    )
}

/// Heading of a person who looks along a direction.
fn yaw_along(direction: Vec3) -> f32 {
    let yaw = f32::atan2(-direction.x, -direction.z);
    if yaw.is_finite() { yaw } else { 0.0 }
}
