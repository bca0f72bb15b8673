//! Bodies, joints, surfaces and triggers.

use crate::support::*;
use glam::{Quat, Vec2, Vec3};
use scene::{Combine, Geometry, MotionKind, NodeIndex, Shape, SurfaceMaterial, TriggerPart};
use simulation::{AvatarInput, AvatarMotion, BodyState, Role, Simulation};

#[test]
fn bodies_fall_asleep_and_restored_ones_lie_where_they_lay() {
    let world = || {
        Boxes::with_floor().dynamic(Vec3::new(0.0, 0.26, 0.0), Shape::Box(Vec3::splat(0.5)), 8.0)
    };
    let mut simulation = world().build(Role::Authority);
    for _ in 0..400 {
        simulation.step();
    }
    let rest = simulation.body(0).unwrap();
    assert!(rest.is_sleeping, "{rest:?}");
    let mut restored = world().build(Role::Authority);
    restored.set_body(0, &rest);
    restored.set_body(
        0,
        &BodyState {
            position: Vec3::NAN,
            ..rest
        },
    );
    for _ in 0..60 {
        restored.step();
    }
    assert!((restored.body(0).unwrap().position - rest.position).length() < 1e-3);
}

#[test]
fn a_described_file_without_numbers_does_not_stop_the_step() {
    let mut simulation = Boxes::with_floor()
        .add(
            Vec3::new(0.0, 3.0, 0.0),
            Quat::IDENTITY,
            Shape::Sphere(f32::MIN_POSITIVE),
            Some(motion(MotionKind::Dynamic, 1.0)),
        )
        .add(
            Vec3::new(2.0, 3.0, 0.0),
            Quat::IDENTITY,
            Shape::Capsule {
                height: 1.0,
                radius_top: 0.1,
                radius_bottom: 0.4,
            },
            Some(motion(MotionKind::Dynamic, 0.0)),
        )
        .build(Role::Authority);
    let mut avatar = AvatarMotion::at(Vec3::NAN, f32::NAN);
    for _ in 0..30 {
        simulation.advance_avatar(
            &mut avatar,
            &AvatarInput {
                walk: Vec2::NAN,
                yaw: f32::NAN,
                ..AvatarInput::default()
            },
        );
        simulation.step();
    }
    assert!(avatar.position.is_finite());
}

fn run(simulation: &mut Simulation, ticks: u32) {
    for _ in 0..ticks {
        simulation.step();
    }
}

#[test]
fn a_body_starts_where_the_file_has_it_and_as_fast() {
    let mut world = Boxes::default().dynamic(Vec3::new(0.0, 5.0, 0.0), Shape::Sphere(0.5), 1.0);
    let node = world.last();
    // A place with a spawn point: things on show stay inside their rail.
    world.0.nodes[node.index()].spawn_point = Some(scene::SpawnPoint::default());
    let body = world.0.nodes[node.index()].physics.motion.as_mut().unwrap();
    body.linear_velocity = Vec3::X * 3.0;
    body.gravity_factor = 0.0;
    let mut simulation = Simulation::new(
        std::sync::Arc::new(world.0),
        simulation::WorldRules { gravity: 9.81 },
        Role::Authority,
    );
    assert_eq!(
        simulation.body(0).unwrap().position,
        Vec3::new(0.0, 5.0, 0.0)
    );
    let down = simulation
        .cast_ray(Vec3::Y * 9.0, Vec3::NEG_Y, 20.0)
        .unwrap();
    assert_eq!(
        down.body,
        Some(0),
        "rays are answered before the first tick"
    );
    run(&mut simulation, 60);
    let state = simulation.body(0).unwrap();
    assert!(
        (state.position - Vec3::new(3.0, 5.0, 0.0)).length() < 0.15,
        "{state:?}"
    );
}

#[test]
fn a_door_swings_within_its_limits() {
    let world = Boxes::with_floor().dynamic(
        Vec3::new(0.5, 1.05, -1.0),
        Shape::Box(Vec3::new(0.98, 2.0, 0.06)),
        12.0,
    );
    let door = world.last();
    let world = world.empty(Some(door), Vec3::new(-0.5, 0.0, 0.0));
    let edge = world.last();
    let world = world.empty(None, Vec3::new(0.0, 1.05, -1.0));
    let post = world.last();
    let mut simulation = world.hinge(post, edge, 1, 1.2).build(Role::Authority);
    let mut avatar = standing(&mut simulation, Vec3::new(0.75, 0.1, 0.0));
    let mut widest = 0.0f32;
    for _ in 0..240 {
        walk(&mut simulation, &mut avatar, forward(), 1);
        let state = simulation.body(0).unwrap();
        let (axis, angle) = state.rotation.to_axis_angle();
        let hinge = state.position + state.rotation * Vec3::new(-0.5, 0.0, 0.0);
        assert!(
            (hinge - Vec3::new(0.0, 1.05, -1.0)).length() < 0.05,
            "{state:?}"
        );
        assert!(angle < 0.02 || axis.y.abs() > 0.99, "{state:?}");
        widest = widest.max(angle);
    }
    assert!(
        avatar.position.z < -1.3,
        "the door does not open: {avatar:?}"
    );
    assert!(widest > 0.6 && widest < 1.3, "{widest}");
}

#[test]
fn a_seesaw_tips_under_who_steps_on_it() {
    let world = Boxes::with_floor().dynamic(
        Vec3::new(0.0, 0.5, 0.0),
        Shape::Box(Vec3::new(4.0, 0.08, 0.8)),
        20.0,
    );
    let plank = world.last();
    let world = world.empty(None, Vec3::new(0.0, 0.5, 0.0));
    let pivot = world.last();
    let mut simulation = world.hinge(pivot, plank, 2, 0.2).build(Role::Authority);
    let tilt = |simulation: &Simulation| (simulation.body(0).unwrap().rotation * Vec3::X).y;
    for side in [1.0, -1.0f32] {
        let mut avatar = AvatarMotion::at(Vec3::new(side * 1.6, 1.1, 0.0), 0.0);
        walk(&mut simulation, &mut avatar, AvatarInput::default(), 180);
        assert!(
            tilt(&simulation) * side < -0.15,
            "{side}: {}",
            tilt(&simulation)
        );
        assert!(avatar.is_grounded && avatar.position.y < 0.5, "{avatar:?}");
    }
}

#[test]
fn the_first_of_two_rules_decides() {
    let surface = |restitution: f32, combine: Combine| SurfaceMaterial {
        restitution,
        restitution_combine: combine,
        ..SurfaceMaterial::default()
    };
    let bounce = |floor: SurfaceMaterial, ball: SurfaceMaterial| {
        let mut simulation = Boxes::with_floor()
            .with_surface(floor)
            .dynamic(Vec3::new(0.0, 2.0, 0.0), Shape::Sphere(0.2), 1.0)
            .with_surface(ball)
            .build(Role::Authority);
        let (mut has_touched, mut top) = (false, 0.0f32);
        for _ in 0..120 {
            simulation.step();
            let state = simulation.body(0).unwrap();
            has_touched |= state.position.y < 0.25;
            if has_touched {
                top = top.max(state.position.y);
            }
        }
        top
    };
    let (dead, live) = (
        surface(0.0, Combine::Minimum),
        surface(0.9, Combine::Maximum),
    );
    assert!(
        bounce(dead, live) < 0.3,
        "minimum comes before maximum: {}",
        bounce(dead, live)
    );
    assert!(bounce(surface(0.0, Combine::Maximum), live) > 1.2);
    let average = bounce(surface(0.0, Combine::Average), live);
    assert!(average > 0.4 && average < 1.0, "{average}");
}

#[test]
fn a_low_centre_of_mass_rights_a_body() {
    let mut world = Boxes::with_floor().add(
        Vec3::new(0.0, 0.5, 0.0),
        Quat::from_rotation_x(1.2),
        Shape::Sphere(0.5),
        Some(motion(MotionKind::Dynamic, 4.0)),
    );
    let node = world.last();
    let body = world.0.nodes[node.index()].physics.motion.as_mut().unwrap();
    body.center_of_mass = Some(Vec3::NEG_Y * 0.35);
    let mut simulation = world.build(Role::Authority);
    run(&mut simulation, 900);
    let up = simulation.body(0).unwrap().rotation * Vec3::Y;
    assert!(up.y > 0.98, "{up}");
}

#[test]
fn a_centre_of_mass_lies_in_the_space_of_its_node() {
    // A cube of a metre, most of it on a table whose edge is at zero.
    let mut world = Boxes::with_floor()
        .fixed(
            Vec3::new(-2.0, 1.0, 0.0),
            Vec3::new(4.0, 2.0, 4.0),
            Quat::IDENTITY,
        )
        .add(
            Vec3::new(-0.2, 2.5, 0.0),
            Quat::IDENTITY,
            Shape::Box(Vec3::splat(0.25)),
            Some(motion(MotionKind::Dynamic, 4.0)),
        );
    let node = world.last();
    let node = &mut world.0.nodes[node.index()];
    node.transform.scale = Vec3::splat(4.0);
    // Beyond the edge as the node has it, before the edge as the world would.
    node.physics.motion.as_mut().unwrap().center_of_mass = Some(Vec3::X * 0.1);
    let mut simulation = world.build(Role::Authority);
    run(&mut simulation, 240);
    let height = simulation.body(0).unwrap().position.y;
    assert!(height < 1.5, "{height}");
}

#[test]
fn small_fast_bodies_go_through_nothing() {
    let mut world = Boxes::with_floor().fixed(
        Vec3::new(0.0, 2.0, -5.0),
        Vec3::new(20.0, 4.0, 0.05),
        Quat::IDENTITY,
    );
    for index in 0..10 {
        let place = Vec3::new(index as f32 - 5.0, 1.0 + 0.1 * index as f32, 0.0);
        world = world.dynamic(place, Shape::Sphere(0.04), 0.05);
    }
    let mut simulation = world.build(Role::Authority);
    for index in 0..10 {
        let state = simulation.body(index).unwrap();
        let linear_velocity = if index % 2 == 0 {
            Vec3::NEG_Z * 60.0
        } else {
            Vec3::NEG_Y * 60.0
        };
        simulation.set_body(
            index,
            &BodyState {
                linear_velocity,
                ..state
            },
        );
    }
    for _ in 0..120 {
        simulation.step();
        for index in 0..10 {
            let state = simulation.body(index).unwrap();
            assert!(
                state.position.y > -0.1 && state.position.z > -5.1,
                "{index}: {state:?}"
            );
        }
    }
}

/// Walls around a square of 6 m, and bodies that rain into it.
fn heap(count: usize) -> Boxes {
    let mut world = Boxes::with_floor();
    for (x, z) in [(3.0, 0.0), (-3.0, 0.0), (0.0, 3.0), (0.0, -3.0f32)] {
        let size = Vec3::new(
            if x == 0.0 { 6.0 } else { 0.4 },
            4.0,
            if z == 0.0 { 6.0 } else { 0.4 },
        );
        world = world.fixed(Vec3::new(x, 2.0, z), size, Quat::IDENTITY);
    }
    for index in 0..count {
        let (layer, place) = (index / 25, index % 25);
        let position = Vec3::new(
            (place % 5) as f32 - 2.0 + 0.03 * layer as f32,
            0.6 + layer as f32 * 0.7,
            (place / 5) as f32 - 2.0,
        );
        let shape = match index % 4 {
            0 => Shape::Box(Vec3::splat(0.5)),
            1 => Shape::Sphere(0.25),
            2 => Shape::Capsule {
                height: 0.3,
                radius_top: 0.2,
                radius_bottom: 0.2,
            },
            _ => Shape::Cylinder {
                height: 0.4,
                radius_top: 0.15,
                radius_bottom: 0.25,
            },
        };
        world = world.dynamic(position, shape, 0.5 + (index % 7) as f32);
    }
    world
}

#[test]
fn a_heap_comes_to_rest_inside_its_walls_and_stays_asleep() {
    let mut simulation = heap(250).build(Role::Authority);
    run(&mut simulation, 60 * 30);
    let states = |simulation: &Simulation| -> Vec<BodyState> {
        (0..250)
            .map(|index| simulation.body(index).unwrap())
            .collect()
    };
    let settled = states(&simulation);
    let asleep = settled.iter().filter(|state| state.is_sleeping).count();
    assert!(asleep >= 240, "only {asleep} of 250 came to rest");
    for state in &settled {
        assert!(
            state.is_believable() && state.position.y > 0.05,
            "{state:?}"
        );
        assert!(
            state.position.x.abs() < 3.0 && state.position.z.abs() < 3.0,
            "{state:?}"
        );
    }
    run(&mut simulation, 120);
    for (before, after) in settled.iter().zip(states(&simulation)) {
        assert!(!before.is_sleeping || (after.is_sleeping && before.position == after.position));
    }
}

#[test]
fn the_same_world_does_the_same_twice() {
    let mut first = heap(60).build(Role::Authority);
    let mut second = heap(60).build(Role::Authority);
    run(&mut first, 300);
    run(&mut second, 300);
    for index in 0..60 {
        assert_eq!(first.body(index), second.body(index));
    }
}

#[test]
fn triggers_notice_people_and_stop_nobody() {
    let mut world = Boxes::with_floor().empty(None, Vec3::new(0.0, 1.0, -2.0));
    let (gate, shape) = (world.last(), world.0.physics.shapes.len() as u32);
    world
        .0
        .physics
        .shapes
        .push(Shape::Box(Vec3::new(2.0, 2.0, 0.5)));
    world.0.nodes[gate.index()].physics.trigger = Some(TriggerPart {
        geometry: Some(Geometry::Shape(shape)),
        nodes: Vec::new(),
        filter: None,
    });
    let mut world = world.empty(None, Vec3::ZERO);
    let whole = world.last();
    world.0.nodes[whole.index()].physics.trigger = Some(TriggerPart {
        geometry: None,
        nodes: vec![gate],
        filter: None,
    });
    let mut simulation = world.build(Role::Authority);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    let mut met = Vec::new();
    for _ in 0..150 {
        walk(&mut simulation, &mut avatar, forward(), 1);
        let now: Vec<NodeIndex> = simulation
            .triggers_around(avatar.position, false)
            .into_iter()
            .collect();
        if met.last() != Some(&now) {
            met.push(now);
        }
    }
    assert_eq!(met, [vec![], vec![gate, whole], vec![]]);
}

#[test]
fn collision_filters_need_both_sides() {
    let falls = |ball_meets: &str, floor_meets: &str| {
        let mut world = Boxes::with_floor().dynamic(Vec3::Y, Shape::Sphere(0.2), 1.0);
        for (own, meets) in [("ball", ball_meets), ("floor", floor_meets)] {
            world.0.physics.filters.push(scene::CollisionFilter {
                systems: vec![own.to_owned()],
                collide_with: Some(vec![meets.to_owned()]),
                not_collide_with: None,
            });
        }
        for (node, filter) in [(0, 1), (1, 0)] {
            let part = world.0.nodes[node].physics.collider.as_mut();
            part.unwrap().filter = Some(filter);
        }
        let mut simulation = world.build(Role::Authority);
        run(&mut simulation, 60);
        simulation.body(0).unwrap().position.y < 0.0
    };
    assert!(!falls("floor", "ball"));
    assert!(falls("floor", "other"));
    assert!(falls("other", "ball"));
}

#[test]
fn colliders_that_borrow_one_mesh_are_solid_where_they_are() {
    let mut world = Boxes::with_floor();
    world.0.meshes.push(cube());
    // A proxy outside of the scene, far away, turned and large.
    let proxy = NodeIndex(world.0.nodes.len() as u32);
    world.0.nodes.push(scene::Node {
        mesh: Some(scene::MeshIndex(0)),
        transform: scene::Transform {
            translation: Vec3::new(100.0, 50.0, 0.0),
            rotation: Quat::from_rotation_y(0.3),
            scale: Vec3::splat(7.0),
        },
        ..scene::Node::default()
    });
    let rocks: Vec<Vec3> = (0..10)
        .map(|rock| Vec3::new(rock as f32 * 3.0 - 15.0, 1.0, 5.0))
        .collect();
    for &place in &rocks {
        world = world.add(place, Quat::IDENTITY, Shape::Sphere(1.0), None);
        let rock = world.last();
        let node = &mut world.0.nodes[rock.index()];
        node.transform.scale = Vec3::splat(2.0);
        if let Some(part) = &mut node.physics.collider {
            part.geometry = Geometry::NodeMeshes {
                node: proxy,
                is_convex_hull: true,
            };
        }
    }
    for (rock, &place) in rocks.iter().enumerate() {
        world = world.dynamic(place + Vec3::Y * 2.0, Shape::Sphere(0.2), 1.0 + rock as f32);
    }
    let mut simulation = world.build(Role::Authority);
    run(&mut simulation, 120);
    for index in 0..rocks.len() {
        let ball = simulation.body(index).unwrap().position;
        assert!((ball.y - 2.2).abs() < 0.05, "ball {index}: {ball}");
    }
}

/// A mesh of a cube of 1 m.
fn cube() -> scene::Mesh {
    let corner = |index: u32| {
        let side = |bit: u32| if index & bit == 0 { -0.5 } else { 0.5 };
        Vec3::new(side(1), side(2), side(4))
    };
    let indices = [
        0, 2, 1, 1, 2, 3, 4, 5, 6, 5, 7, 6, 0, 1, 4, 1, 5, 4, 2, 6, 3, 3, 6, 7, 0, 4, 2, 2, 4, 6,
        1, 3, 5, 3, 7, 5,
    ];
    mesh((0..8).map(corner).collect(), indices.to_vec())
}
