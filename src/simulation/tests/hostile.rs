//! Scenes as nobody would make them by accident: numbers that overflow, and bodies without end.

use crate::support::{Boxes, forward, mesh, motion, standing, walk};
use glam::{Quat, Vec3};
use protocol::limits::MAX_BODIES;
use scene::{
    ColliderPart, Geometry, MeshIndex, MotionKind, NodeIndex, Scene, Shape, Transform, TriggerPart,
};
use simulation::{Role, Simulation, WorldRules, count_animated_bodies};
use std::sync::Arc;

/// Runs a little while, and finds every number sound.
fn survives(scene: Scene) -> Simulation {
    let mut simulation = Simulation::new(
        Arc::new(scene),
        WorldRules { gravity: 9.81 },
        Role::Authority,
    );
    for _ in 0..3 {
        simulation.step();
    }
    for place in simulation.spawn_places() {
        assert!(place.position.is_finite(), "{place:?}");
    }
    for index in 0..simulation.bodies().len() {
        let state = simulation.body(index).unwrap();
        assert!(state.is_believable(), "{state:?}");
    }
    simulation
}

/// A node with a shape below one that makes everything larger.
fn scaled(scale: f32, shape: Shape, kind: Option<MotionKind>) -> Scene {
    let mut boxes = Boxes::default().empty(None, Vec3::ONE);
    boxes.0.nodes[0].transform.scale = Vec3::splat(scale);
    let place = Transform {
        translation: Vec3::ONE,
        scale: Vec3::splat(scale),
        ..Transform::default()
    };
    let mut scene = boxes.0;
    let node = scene.add_solid(place, shape, kind.map(|kind| motion(kind, 1.0)));
    scene.roots.pop();
    scene.nodes[0].children.push(node);
    scene.nodes[node.index()].parent = Some(NodeIndex(0));
    scene
}

const SHAPES: [Shape; 6] = [
    Shape::Box(Vec3::ONE),
    Shape::Sphere(1.0),
    Shape::Capsule {
        height: 1.0,
        radius_top: 1.0,
        radius_bottom: 1.0,
    },
    Shape::Cylinder {
        height: 1.0,
        radius_top: 1.0,
        radius_bottom: 0.5,
    },
    Shape::Plane {
        size_x: Some(1.0),
        size_z: None,
        is_double_sided: false,
    },
    Shape::Plane {
        size_x: None,
        size_z: None,
        is_double_sided: false,
    },
];

#[test]
fn what_is_larger_than_numbers_is_not_solid() {
    for shape in SHAPES {
        for kind in [None, Some(MotionKind::Dynamic), Some(MotionKind::Kinematic)] {
            for scale in [1.0e20, 1.0e12, 1.0e5, 0.0, 1.0e-30, f32::MAX, -f32::MAX] {
                let mut scene = scaled(scale, shape, kind);
                let part = TriggerPart {
                    geometry: Some(Geometry::Shape(0)),
                    nodes: Vec::new(),
                    filter: None,
                };
                scene.nodes[1].physics.trigger = Some(part);
                let simulation = survives(scene);
                let is_over = scale.abs() > 1.0e6;
                assert!(
                    !is_over || simulation.bodies().is_empty(),
                    "{shape:?} {scale}"
                );
            }
        }
    }
}

#[test]
fn what_is_drawn_larger_than_numbers_is_seen_from_somewhere() {
    for far in [f32::MAX, 1.0e30, 1.0e12] {
        let corners = [Vec3::splat(-far), Vec3::X * far, Vec3::Y * far, Vec3::Z];
        let mut boxes = Boxes::default().empty(None, Vec3::ZERO);
        boxes.0.nodes[0].mesh = Some(MeshIndex(0));
        let drawn = mesh(corners.to_vec(), vec![0, 1, 2, 1, 2, 3]);
        boxes.0.meshes.push(drawn);
        survives(boxes.0);
    }
}

#[test]
fn what_an_animation_moves_beyond_numbers_stays() {
    for far in [f32::MAX, 1.0e12] {
        let boxes = Boxes::with_floor()
            .platform(Vec3::Y, Vec3::ONE)
            .moved(&[(0.0, Vec3::Y), (1.0, Vec3::splat(far))]);
        let simulation = survives(boxes.0);
        assert_eq!(simulation.body(0).unwrap().position, Vec3::Y);
    }
}

#[test]
fn of_bodies_that_animations_move_there_are_no_more_than_travel() {
    let many = |count: usize| {
        let mut boxes = Boxes::default().empty(None, Vec3::ZERO);
        boxes = boxes.moved(&[(0.0, Vec3::ZERO), (1.0, Vec3::Y)]);
        for index in 0..count {
            let place = Vec3::X * index as f32;
            boxes = boxes.add(place, Quat::IDENTITY, Shape::Sphere(0.1), None);
            let node = boxes.last();
            boxes.0.roots.pop();
            boxes.0.nodes[0].children.push(node);
            boxes.0.nodes[node.index()].parent = Some(NodeIndex(0));
        }
        boxes.0
    };
    let scene = many(3);
    assert_eq!(count_animated_bodies(&scene), 3);
    assert_eq!(survives(scene).bodies().len(), 3);
    let scene = many(MAX_BODIES + 5);
    assert_eq!(count_animated_bodies(&scene), MAX_BODIES + 5);
    let rules = WorldRules { gravity: 9.81 };
    let simulation = Simulation::new(Arc::new(scene), rules, Role::Follower);
    assert_eq!(simulation.bodies().len(), MAX_BODIES);
}

/// A node with a mesh that is solid as it is.
fn with_triangles(mut boxes: Boxes, positions: Vec<Vec3>, indices: Vec<u32>) -> Boxes {
    boxes = boxes.empty(None, Vec3::ZERO);
    let node = boxes.last();
    boxes.0.meshes.push(mesh(positions, indices));
    let geometry = Geometry::NodeMeshes {
        node,
        is_convex_hull: false,
    };
    let drawn = &mut boxes.0.nodes[node.index()];
    drawn.mesh = Some(MeshIndex(boxes.0.meshes.len() as u32 - 1));
    drawn.physics.collider = Some(ColliderPart {
        geometry,
        material: None,
        filter: None,
    });
    boxes
}

#[test]
fn ground_as_fine_as_a_scan_holds_people_and_crates() {
    let side = 401u32;
    for height in [0.0, 0.5, 0.98] {
        let point = |index: u32| {
            let place = Vec3::new((index % side) as f32, 0.0, (index / side) as f32) * 0.02 - 4.0;
            // As rough as gravel.
            let rough = (index.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 * 0.02;
            place.with_y(height + rough)
        };
        let faces =
            (0..side * side).filter(|index| index % side < side - 1 && index / side < side - 1);
        let indices =
            faces.flat_map(|at| [at, at + side, at + 1, at + 1, at + side, at + side + 1]);
        let boxes = with_triangles(
            Boxes::default(),
            (0..side * side).map(point).collect(),
            indices.collect(),
        );
        // With a place to appear no floor is added.
        let mut boxes = boxes.empty(None, Vec3::new(2.0, height + 0.1, 3.0));
        let spawn = boxes.last();
        boxes.0.nodes[spawn.index()].spawn_point = Some(scene::SpawnPoint::default());
        let crates = [(3.0, -2.0), (1.0, 0.5)];
        let boxes = crates.into_iter().fold(boxes, |boxes, (size, x)| {
            let place = Vec3::new(x, height + 0.6, -1.0);
            boxes.dynamic(place, Shape::Box(Vec3::new(size, 1.0, size)), 50.0)
        });
        let mut simulation = boxes.build(Role::Authority);
        assert!(simulation.stage().is_none());
        let mut avatar = standing(&mut simulation, Vec3::new(2.0, height + 0.1, 3.0));
        walk(&mut simulation, &mut avatar, forward(), 120);
        assert!(
            (height - 0.02..height + 0.05).contains(&avatar.position.y),
            "{avatar:?}"
        );
        assert!(avatar.position.z < 1.0, "{avatar:?}");
        for index in 0..2 {
            let fallen = simulation.body(index).unwrap().position.y - height;
            assert!((0.45..0.6).contains(&fallen), "{fallen}");
        }
    }
}

#[test]
fn a_fast_and_thin_cylinder_goes_through_no_mesh() {
    let corner = |x: f32, z: f32| Vec3::new(x, 0.0, z) * 20.0;
    let corners = [
        corner(-1.0, -1.0),
        corner(-1.0, 1.0),
        corner(1.0, 1.0),
        corner(1.0, -1.0),
    ];
    for (radius, speed) in [(0.2, 60.0), (0.01, 60.0), (0.001, 400.0)] {
        let floor = with_triangles(Boxes::default(), corners.to_vec(), vec![0, 1, 2, 0, 2, 3]);
        let cylinder = Shape::Cylinder {
            height: 1.0,
            radius_top: radius,
            radius_bottom: radius,
        };
        let thrown = scene::Motion {
            linear_velocity: Vec3::NEG_Y * speed,
            ..motion(MotionKind::Dynamic, 1.0)
        };
        let boxes = floor.add(
            Vec3::Y * 5.0,
            Quat::from_rotation_x(0.3),
            cylinder,
            Some(thrown),
        );
        let mut simulation = boxes.build(Role::Authority);
        for _ in 0..60 {
            simulation.step();
            let height = simulation.body(0).unwrap().position.y;
            assert!(height > -0.5, "{radius} {speed}: {height}");
        }
    }
}
