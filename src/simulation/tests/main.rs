//! The shared world step, tick by tick, in small worlds made here.

use glam::{Quat, Vec2, Vec3};
use scene::{
    Animation, Channel, ColliderPart, Geometry, Interpolation, Motion, MotionKind, Node, NodeIndex,
    NodePhysics, Scene, Shape, Track, Transform,
};
use simulation::{
    AvatarInput, AvatarMotion, BodyState, CROUCHING_HEIGHT, JUMP_HEIGHT, MotionCheck, MotionClaim,
    Role, Simulation, Verdict, WorldRules,
};
use std::sync::Arc;

/// Builds little worlds of boxes.
#[derive(Default)]
struct Boxes(Scene);

impl Boxes {
    fn with_floor() -> Self {
        Self::default().fixed(
            Vec3::new(0.0, -0.5, 0.0),
            Vec3::new(60.0, 1.0, 60.0),
            Quat::IDENTITY,
        )
    }

    fn add(mut self, position: Vec3, rotation: Quat, shape: Shape, motion: Option<Motion>) -> Self {
        let scene = &mut self.0;
        scene.physics.is_described = true;
        scene.physics.shapes.push(shape);
        let geometry = Geometry::Shape(scene.physics.shapes.len() as u32 - 1);
        scene.roots.push(NodeIndex(scene.nodes.len() as u32));
        scene.nodes.push(Node {
            transform: Transform {
                translation: position,
                rotation,
                scale: Vec3::ONE,
            },
            physics: NodePhysics {
                motion,
                collider: Some(ColliderPart {
                    geometry,
                    material: None,
                    filter: None,
                }),
                ..NodePhysics::default()
            },
            ..Node::default()
        });
        self
    }

    fn fixed(self, position: Vec3, size: Vec3, rotation: Quat) -> Self {
        self.add(position, rotation, Shape::Box(size), None)
    }

    fn dynamic(self, position: Vec3, shape: Shape, mass: f32) -> Self {
        self.add(
            position,
            Quat::IDENTITY,
            shape,
            Some(motion(MotionKind::Dynamic, mass)),
        )
    }

    fn build(self, role: Role) -> Simulation {
        let mut simulation = Simulation::new(Arc::new(self.0), WorldRules { gravity: 9.81 }, role);
        simulation.step();
        simulation
    }
}

fn motion(kind: MotionKind, mass: f32) -> Motion {
    Motion {
        kind,
        mass: Some(mass),
        center_of_mass: None,
        inertia_diagonal: None,
        inertia_orientation: Quat::IDENTITY,
        linear_velocity: Vec3::ZERO,
        angular_velocity: Vec3::ZERO,
        gravity_factor: 1.0,
    }
}

/// Walks straight on for some ticks; the obstacle follows, as on the server.
fn walk(simulation: &mut Simulation, avatar: &mut AvatarMotion, input: AvatarInput, ticks: u32) {
    let obstacle = simulation.add_avatar(avatar.position);
    for _ in 0..ticks {
        simulation.advance_avatar(avatar, &input);
        simulation.move_avatar(obstacle, avatar.position);
        simulation.push_around(avatar.position, avatar.is_crouching);
        simulation.step();
    }
    simulation.remove_avatar(obstacle);
}

fn forward() -> AvatarInput {
    AvatarInput {
        walk: Vec2::Y,
        ..AvatarInput::default()
    }
}

fn standing(simulation: &mut Simulation, position: Vec3) -> AvatarMotion {
    let mut avatar = AvatarMotion::at(position, 0.0);
    walk(simulation, &mut avatar, AvatarInput::default(), 30);
    assert!(avatar.is_grounded, "{avatar:?}");
    avatar
}

#[test]
fn people_walk_at_walking_speed_and_stop() {
    let mut simulation = Boxes::with_floor().build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 120);
    assert!((avatar.position.z + 3.6).abs() < 0.2, "{avatar:?}");
    walk(&mut simulation, &mut avatar, AvatarInput::default(), 20);
    assert!(
        avatar.velocity.length() < 0.01 && avatar.position.y.abs() < 0.06,
        "{avatar:?}"
    );
}

#[test]
fn steps_are_climbed_and_walls_are_not() {
    let mut world = Boxes::with_floor();
    for step in 0..5 {
        let height = 0.18 * (step + 1) as f32;
        world = world.fixed(
            Vec3::new(0.0, height * 0.5, -2.0 - 0.35 * step as f32),
            Vec3::new(4.0, height, 0.35),
            Quat::IDENTITY,
        );
    }
    let mut simulation = world
        .fixed(
            Vec3::new(0.0, 1.5, -6.0),
            Vec3::new(10.0, 3.0, 0.5),
            Quat::IDENTITY,
        )
        .fixed(
            Vec3::new(0.0, 0.45, -4.6),
            Vec3::new(4.0, 0.9, 2.2),
            Quat::IDENTITY,
        )
        .build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 400);
    assert!((avatar.position.y - 0.9).abs() < 0.08, "{avatar:?}");
    assert!(
        avatar.position.z > -5.5 && avatar.position.z < -5.3,
        "{avatar:?}"
    );
}

#[test]
fn gentle_slopes_are_walked_and_steep_ones_are_not() {
    let climb = |degrees: f32| {
        let tilt = Quat::from_rotation_x(degrees.to_radians());
        let mut simulation = Boxes::with_floor()
            .fixed(
                tilt * Vec3::new(0.0, -0.5, -6.0) + Vec3::Z * -1.0,
                Vec3::new(6.0, 1.0, 12.0),
                tilt,
            )
            .build(Role::Follower);
        let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 1.0));
        walk(&mut simulation, &mut avatar, forward(), 300);
        avatar.position.y
    };
    assert!(climb(40.0) > 2.0, "{}", climb(40.0));
    assert!(climb(55.0) < 0.7, "{}", climb(55.0));
}

#[test]
fn a_jump_reaches_its_height() {
    let mut simulation = Boxes::with_floor().build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    let mut top = 0.0f32;
    for tick in 0..90 {
        walk(
            &mut simulation,
            &mut avatar,
            AvatarInput {
                is_jumping: tick == 0,
                ..AvatarInput::default()
            },
            1,
        );
        top = top.max(avatar.position.y);
    }
    assert!((top - JUMP_HEIGHT).abs() < 0.1, "{top}");
    assert!(avatar.is_grounded);
}

#[test]
fn a_low_tunnel_needs_a_crouch_and_keeps_people_low() {
    let clear = CROUCHING_HEIGHT + 0.12;
    let mut simulation = Boxes::with_floor()
        .fixed(
            Vec3::new(0.0, clear + 0.5, -4.0),
            Vec3::new(6.0, 1.0, 4.0),
            Quat::IDENTITY,
        )
        .build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 200);
    assert!(
        avatar.position.z > -2.1,
        "walked into the tunnel upright: {avatar:?}"
    );
    walk(
        &mut simulation,
        &mut avatar,
        AvatarInput {
            is_crouching: true,
            ..forward()
        },
        120,
    );
    assert!(avatar.position.z < -3.0, "{avatar:?}");
    walk(&mut simulation, &mut avatar, forward(), 10);
    assert!(avatar.is_crouching, "stood up inside the roof");
    walk(&mut simulation, &mut avatar, forward(), 400);
    assert!(
        !avatar.is_crouching && avatar.position.z < -6.0,
        "{avatar:?}"
    );
}

/// A floor that an animation lifts by 4 m in 4 s and lowers again.
fn lift() -> Boxes {
    let mut world = Boxes::with_floor().add(
        Vec3::new(0.0, 0.05, 0.0),
        Quat::IDENTITY,
        Shape::Box(Vec3::new(2.0, 0.1, 2.0)),
        Some(motion(MotionKind::Kinematic, 1.0)),
    );
    let node = NodeIndex(world.0.nodes.len() as u32 - 1);
    let [low, high] = [0.05, 4.05].map(|y| Vec3::new(0.0, y, 0.0));
    world.0.animations.push(Animation {
        name: "lift".to_owned(),
        duration_secs: 12.0,
        channels: vec![Channel {
            node,
            times: vec![0.0, 2.0, 6.0, 8.0, 12.0],
            interpolation: Interpolation::Linear,
            track: Track::Translation(vec![low, low, high, high, low]),
        }],
    });
    world
}

#[test]
fn a_lift_carries_people_up_and_down() {
    let mut simulation = lift().build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.2, 0.0));
    let mut top = 0.0f32;
    while simulation.tick() < 12 * 60 {
        walk(&mut simulation, &mut avatar, AvatarInput::default(), 1);
        top = top.max(avatar.position.y);
        let floor = simulation.body(0).unwrap().position.y + 0.05;
        assert!(
            (avatar.position.y - floor).abs() < 0.15,
            "tick {}: feet {} floor {floor}",
            simulation.tick(),
            avatar.position.y
        );
    }
    assert!((top - 4.1).abs() < 0.1, "{top}");
}

#[test]
fn authority_and_follower_agree_on_animated_bodies() {
    let (mut authority, mut follower) =
        (lift().build(Role::Authority), lift().build(Role::Follower));
    follower.set_tick(200);
    authority.set_tick(200);
    for _ in 0..50 {
        authority.step();
        follower.step();
        assert_eq!(
            authority.body(0).unwrap().position,
            follower.body(0).unwrap().position
        );
    }
}

#[test]
fn who_walks_against_a_crate_pushes_it() {
    let mut simulation = Boxes::with_floor()
        .dynamic(
            Vec3::new(0.0, 0.25, -1.5),
            Shape::Box(Vec3::splat(0.5)),
            8.0,
        )
        .build(Role::Authority);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 150);
    let pushed = simulation.body(0).unwrap().position;
    assert!(pushed.z < -2.2 && pushed.y < 0.4, "{pushed:?} {avatar:?}");
}

#[test]
fn a_ball_is_carried_thrown_and_comes_to_rest() {
    let mut simulation = Boxes::with_floor()
        .dynamic(Vec3::new(0.0, 0.15, -1.0), Shape::Sphere(0.15), 0.6)
        .build(Role::Authority);
    let eyes = Vec3::new(0.0, 1.6, 0.0);
    simulation.begin_carry(0);
    for _ in 0..60 {
        assert!(simulation.carry(0, Simulation::carry_point(eyes, 0.0, 0.0)));
        simulation.step();
    }
    let held = simulation.body(0).unwrap().position;
    assert!(
        (held - Simulation::carry_point(eyes, 0.0, 0.0)).length() < 0.1,
        "{held:?}"
    );
    simulation.end_carry(0, Vec3::new(0.0, 30.0, -100.0));
    simulation.step();
    assert!(simulation.body(0).unwrap().linear_velocity.length() <= 12.5);
    for _ in 0..1_500 {
        simulation.step();
    }
    let rest = simulation.body(0).unwrap();
    assert!(rest.position.z < -3.0 && rest.position.y > 0.1, "{rest:?}");
}

#[test]
fn a_carried_body_does_not_go_through_a_wall() {
    let mut simulation = Boxes::with_floor()
        .fixed(
            Vec3::new(0.0, 1.5, -1.0),
            Vec3::new(8.0, 3.0, 0.2),
            Quat::IDENTITY,
        )
        .dynamic(Vec3::new(0.0, 0.25, 0.5), Shape::Box(Vec3::splat(0.5)), 8.0)
        .build(Role::Authority);
    simulation.begin_carry(0);
    for _ in 0..120 {
        let _is_held = simulation.carry(0, Vec3::new(0.0, 1.4, -2.0));
        simulation.step();
    }
    assert!(
        simulation.body(0).unwrap().position.z > -0.8,
        "{:?}",
        simulation.body(0)
    );
}

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

/// Walks honestly while the server sees only every third tick, late and with losses.
#[test]
fn honest_people_are_never_corrected() {
    let mut world = lift();
    for step in 0..6 {
        let height = 0.18 * (step + 1) as f32;
        world = world.fixed(
            Vec3::new(-6.0, height * 0.5, -2.0 - 0.35 * step as f32),
            Vec3::new(3.0, height, 0.35),
            Quat::IDENTITY,
        );
    }
    let mut simulation = world.build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(-6.0, 0.1, 2.0));
    let mut check = MotionCheck::at(avatar.position);
    let mut seed = 0x1234_5678u32;
    let (mut last, mut input) = (0, forward());
    for tick in 0..3_000u64 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if seed >> 26 == 0 {
            input = AvatarInput {
                yaw: (seed >> 8) as f32 * 1e-6,
                is_running: seed & 0x100 != 0,
                is_crouching: seed & 0x600 == 0,
                ..forward()
            };
        }
        input.is_jumping = seed >> 25 == 1;
        walk(&mut simulation, &mut avatar, input, 1);
        if avatar.position.length() > 25.0 {
            input.yaw += 0.05;
        }
        let is_lost = (seed >> 12) & 31 == 0;
        if tick % 3 == 0 && !is_lost {
            let verdict = check.judge(
                &simulation,
                &MotionClaim {
                    position: avatar.position,
                    is_crouching: avatar.is_crouching,
                },
                tick - last,
            );
            assert_eq!(verdict, Verdict::Accept, "tick {tick}: {avatar:?}");
            last = tick;
        }
    }
}

#[test]
fn cheats_are_corrected() {
    let simulation = Boxes::with_floor()
        .fixed(
            Vec3::new(0.0, 1.5, -1.0),
            Vec3::new(8.0, 3.0, 0.2),
            Quat::IDENTITY,
        )
        .build(Role::Follower);
    let corrected = |claims: &mut dyn FnMut(usize) -> Vec3| {
        let mut check = MotionCheck::at(Vec3::ZERO);
        (0..200).any(|index| {
            matches!(
                check.judge(
                    &simulation,
                    &MotionClaim {
                        position: claims(index),
                        is_crouching: false
                    },
                    3
                ),
                Verdict::Correct(_)
            )
        })
    };
    assert!(
        corrected(&mut |_| Vec3::new(f32::NAN, 0.0, 0.0)),
        "no number"
    );
    assert!(corrected(&mut |_| Vec3::new(20.0, 0.0, 0.0)), "teleport");
    assert!(
        corrected(&mut |index| Vec3::new(0.4 * index as f32, 0.0, 0.0)),
        "too fast"
    );
    assert!(
        corrected(&mut |index| Vec3::new(0.0, 0.0, -0.05 * index as f32)),
        "through the wall"
    );
    assert!(
        corrected(&mut |index| Vec3::new(0.0, 0.06 * index as f32, 0.0)),
        "flying up"
    );
    assert!(
        corrected(&mut |index| Vec3::new(
            0.05 * index as f32,
            if index > 3 { 1.2 } else { 0.0 },
            0.0
        )),
        "hovering"
    );
    assert!(
        !corrected(&mut |index| Vec3::new(0.08 * index as f32, 0.0, 0.0)),
        "honest walk"
    );
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
