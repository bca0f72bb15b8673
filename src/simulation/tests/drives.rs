//! What moves joints, and what pulls where.

use crate::support::*;
use glam::{Quat, Vec3};
use scene::{
    Geometry, GravityField, GravityKind, JointDrive, JointLimit, NodeIndex, NodePhysics, Shape,
    TriggerPart,
};
use simulation::{AvatarMotion, Role, Simulation, WorldRules};
use std::sync::Arc;

/// A wheel of four kilograms on a hinge about Z in the air, with a drive.
fn wheel(drive: JointDrive) -> Simulation {
    let boxes = Boxes::with_floor()
        .fixed(Vec3::new(0.0, 5.0, -1.0), Vec3::splat(0.2), Quat::IDENTITY)
        .dynamic(Vec3::Y * 5.0, Shape::Box(Vec3::new(1.0, 0.2, 0.2)), 4.0);
    let wheel = boxes.last();
    let boxes = boxes.empty(None, Vec3::Y * 5.0);
    let frame = boxes.last();
    let mut boxes = boxes.hinge(frame, wheel, 2, 100.0);
    // A turn without end: only the other five axes are held.
    boxes.0.physics.joints[0].limits.pop();
    boxes.0.physics.joints[0].drives.push(drive);
    boxes.build(Role::Authority)
}

fn drive() -> JointDrive {
    JointDrive {
        is_angular: true,
        is_acceleration: false,
        axis: 2,
        max_force: None,
        position_target: 0.0,
        velocity_target: 0.0,
        stiffness: 0.0,
        damping: 0.0,
    }
}

fn after(simulation: &mut Simulation, ticks: u32) -> simulation::BodyState {
    for _ in 0..ticks {
        simulation.step();
    }
    simulation.body(0).unwrap()
}

#[test]
fn a_motor_brings_a_wheel_to_its_speed() {
    let motor = JointDrive {
        velocity_target: 3.0,
        damping: 50.0,
        ..drive()
    };
    let turning = after(&mut wheel(motor), 120);
    assert!(
        (turning.angular_velocity.z - 3.0).abs() < 0.1,
        "{turning:?}"
    );
    let idle = after(&mut wheel(drive()), 120);
    assert!(idle.angular_velocity.length() < 0.05, "{idle:?}");
}

#[test]
fn a_drive_holds_an_angle() {
    for is_acceleration in [false, true] {
        let servo = JointDrive {
            is_acceleration,
            position_target: 0.8,
            stiffness: 200.0,
            damping: 30.0,
            ..drive()
        };
        let state = after(&mut wheel(servo), 400);
        let (axis, angle) = state.rotation.to_axis_angle();
        assert!(
            (angle * axis.z - 0.8).abs() < 0.05,
            "{is_acceleration}: {state:?}"
        );
    }
}

#[test]
fn a_drive_is_no_stronger_than_its_force() {
    let weak = JointDrive {
        velocity_target: 30.0,
        damping: 1.0e4,
        max_force: Some(0.1),
        ..drive()
    };
    // A bar of 4 kg and 1 m has 0.35 kg m2: 0.1 Nm bring it to 0.29 rad/s in a second.
    let state = after(&mut wheel(weak), 60);
    assert!((0.1..0.6).contains(&state.angular_velocity.z), "{state:?}");
}

/// Four kilograms that slide up and down five metres above the floor, within half a metre of it.
fn slider(stiffness: Option<f32>) -> Simulation {
    let boxes = Boxes::with_floor()
        .fixed(Vec3::new(0.0, 5.0, -1.0), Vec3::splat(0.2), Quat::IDENTITY)
        .dynamic(Vec3::Y * 5.0, Shape::Box(Vec3::splat(0.4)), 4.0);
    let thing = boxes.last();
    let boxes = boxes.empty(None, Vec3::Y * 5.0);
    let frame = boxes.last();
    let mut boxes = boxes.hinge(frame, thing, 2, 0.0);
    let limits = &mut boxes.0.physics.joints[0].limits;
    limits[0].linear_axes = vec![0, 2];
    limits.push(JointLimit {
        linear_axes: vec![1],
        angular_axes: Vec::new(),
        min: Some(-0.5),
        max: Some(0.5),
        stiffness,
        damping: 12.0,
    });
    boxes.build(Role::Authority)
}

#[test]
fn a_limit_that_yields_is_free_within_its_bounds_and_a_spring_beyond_them() {
    let hanging = |stiffness: Option<f32>| after(&mut slider(stiffness), 900).position.y;
    assert!((hanging(None) - 4.5).abs() < 0.02);
    for stiffness in [400.0f32, 60.0] {
        let expected = 4.5 - 4.0 * 9.81 / stiffness;
        let rests = hanging(Some(stiffness));
        assert!(
            (rests - expected).abs() < 0.02,
            "{rests} instead of {expected}"
        );
    }
    // A tenth of a second of free fall.
    let falling = after(&mut slider(Some(400.0)), 6).linear_velocity.y;
    assert!((-1.2..-0.9).contains(&falling), "{falling}");
}

#[test]
fn an_angle_that_yields_comes_back() {
    let mut boxes = Boxes::with_floor()
        .fixed(Vec3::new(0.0, 5.0, -1.0), Vec3::splat(0.2), Quat::IDENTITY)
        .dynamic(Vec3::Y * 5.0, Shape::Box(Vec3::new(1.0, 0.2, 0.2)), 4.0);
    let wheel = boxes.last();
    let motion = boxes.0.nodes[wheel.index()]
        .physics
        .motion
        .as_mut()
        .unwrap();
    motion.angular_velocity = Vec3::Z * 3.0;
    let boxes = boxes.empty(None, Vec3::Y * 5.0);
    let frame = boxes.last();
    let mut boxes = boxes.hinge(frame, wheel, 2, 0.3);
    let limit = boxes.0.physics.joints[0].limits.last_mut().unwrap();
    (limit.stiffness, limit.damping) = (Some(20.0), 0.0);
    let mut simulation = boxes.build(Role::Authority);
    let angles: Vec<f32> = (0..120)
        .map(|_| {
            let (axis, angle) = after(&mut simulation, 1).rotation.to_axis_angle();
            angle * axis.z
        })
        .collect();
    let furthest = angles.iter().copied().fold(0.0, f32::max);
    let back = angles.iter().copied().fold(0.0, f32::min);
    // 0.35 kg m2 at 3 rad/s, against 20 Nm a radian: 0.4 rad beyond the limit, and as far on the other side.
    assert!((0.55..0.8).contains(&furthest), "{furthest}");
    assert!((-0.8..-0.45).contains(&back), "{back}");
}

/// Four kilograms at a joint in the air, with one limit that yields.
struct Hung {
    /// From the joint.
    place: Vec3,
    rotation: Quat,
    /// Radians a second.
    turning: Vec3,
    linear_axes: &'static [u8],
    angular_axes: &'static [u8],
    min: Option<f32>,
    max: Option<f32>,
    stiffness: f32,
    damping: f32,
}

impl Default for Hung {
    fn default() -> Self {
        Self {
            place: Vec3::ZERO,
            rotation: Quat::IDENTITY,
            turning: Vec3::ZERO,
            linear_axes: &[],
            angular_axes: &[],
            min: None,
            max: None,
            stiffness: 0.0,
            damping: 0.0,
        }
    }
}

impl Hung {
    fn build(&self) -> Simulation {
        let mut boxes = Boxes::with_floor()
            .fixed(Vec3::new(0.0, 5.0, -3.0), Vec3::splat(0.2), Quat::IDENTITY)
            .dynamic(
                Vec3::Y * 5.0 + self.place,
                Shape::Box(Vec3::splat(0.4)),
                4.0,
            );
        let thing = boxes.last();
        let node = &mut boxes.0.nodes[thing.index()];
        node.transform.rotation = self.rotation;
        node.physics.motion.as_mut().unwrap().angular_velocity = self.turning;
        let boxes = boxes.empty(None, Vec3::Y * 5.0);
        let frame = boxes.last();
        let mut boxes = boxes.hinge(frame, thing, 2, 0.0);
        let limits = &mut boxes.0.physics.joints[0].limits;
        // Where an angle is limited the place stays.
        limits.truncate(usize::from(self.linear_axes.is_empty()));
        limits.push(JointLimit {
            linear_axes: self.linear_axes.to_vec(),
            angular_axes: self.angular_axes.to_vec(),
            min: self.min,
            max: self.max,
            stiffness: Some(self.stiffness),
            damping: self.damping,
        });
        boxes.build(Role::Authority)
    }
}

#[test]
fn a_rope_that_yields_is_free_within_its_length_and_a_spring_beyond_it() {
    let rope = |linear_axes, place| Hung {
        place,
        linear_axes,
        max: Some(0.5),
        stiffness: 400.0,
        damping: 30.0,
        ..Hung::default()
    };
    let expected = Vec3::Y * (4.5 - 4.0 * 9.81 / 400.0);
    let hanging = rope(&[0, 1, 2], Vec3::Y * -0.3);
    let hangs = after(&mut hanging.build(), 1_200).position;
    assert!((hangs - expected).length() < 0.02, "{hangs}");
    let falling = rope(&[0, 1, 2], Vec3::X * 0.4);
    let falling = after(&mut falling.build(), 6).linear_velocity;
    assert!(
        (-1.2..-0.9).contains(&falling.y) && falling.x.abs() < 0.01,
        "{falling}"
    );
    // From the line along Z, so that it may be anywhere along it.
    let sliding = rope(&[0, 1], Vec3::new(0.0, -0.3, 1.0));
    let slid = after(&mut sliding.build(), 1_200).position;
    assert!((slid - expected - Vec3::Z).length() < 0.02, "{slid}");
}

#[test]
fn a_stiff_rope_swings() {
    let rope = Hung {
        place: Vec3::X * 0.5,
        linear_axes: &[0, 1, 2],
        max: Some(0.5),
        stiffness: 20_000.0,
        ..Hung::default()
    };
    let mut rope = rope.build();
    let speeds = (0..40).map(|_| after(&mut rope, 1).linear_velocity.length());
    // From half a metre above its lowest point.
    let fastest = speeds.fold(0.0, f32::max);
    assert!((2.8..3.3).contains(&fastest), "{fastest}");
}

#[test]
fn a_distance_that_yields_keeps_what_is_too_near_away() {
    let distance = Hung {
        place: Vec3::Y * -0.3,
        linear_axes: &[0, 1, 2],
        min: Some(1.0),
        max: Some(1.0),
        stiffness: 600.0,
        damping: 20.0,
        ..Hung::default()
    };
    let rests = after(&mut distance.build(), 1_200).position;
    let expected = Vec3::Y * (4.0 - 4.0 * 9.81 / 600.0);
    assert!((rests - expected).length() < 0.02, "{rests}");
}

#[test]
fn a_cone_that_yields_is_free_within_its_angle_and_a_spring_beyond_it() {
    let cone = |angular_axes, stiffness| Hung {
        angular_axes,
        max: Some(0.3),
        stiffness,
        ..Hung::default()
    };
    let furthest = |hung: Hung| {
        let mut simulation = hung.build();
        let angles = (0..60).map(|_| after(&mut simulation, 1).rotation.to_axis_angle().1);
        angles.fold(0.0, f32::max)
    };
    // A cube of 4 kg and 0.4 m has 0.107 kg m2: at 2 rad/s, 4 Nm a radian stop it 0.33 rad beyond.
    for turning in [Vec3::X, Vec3::Y, Vec3::new(0.6, -0.8, 0.0)] {
        let turning = turning * 2.0;
        let cone = cone(&[0, 1], 4.0);
        let angle = furthest(Hung { turning, ..cone });
        assert!((0.55..0.7).contains(&angle), "{turning}: {angle}");
    }
    for axes in [[0, 1, 2].as_slice(), &[0, 1]] {
        let turning = Vec3::new(1.2, -1.6, 0.0);
        let cone = cone(axes, 40.0);
        let angle = furthest(Hung { turning, ..cone });
        assert!((0.35..0.46).contains(&angle), "{axes:?}: {angle}");
    }
    let turning = Vec3::Z * 2.0;
    let about_the_axis = furthest(Hung {
        turning,
        ..cone(&[0, 1], 40.0)
    });
    assert!(about_the_axis > 1.5, "{about_the_axis}");
}

#[test]
fn a_cone_that_yields_does_not_care_for_turns_about_its_axis() {
    let swing_after = |swing: f32, twist: f32, ticks: u32| {
        let hung = Hung {
            rotation: Quat::from_axis_angle(Vec3::new(0.6, 0.8, 0.0), swing)
                * Quat::from_rotation_z(twist),
            angular_axes: &[0, 1],
            max: Some(0.3),
            stiffness: 40.0,
            // Enough to come to rest where the spring ends.
            damping: 12.0,
            ..Hung::default()
        };
        let rotation = after(&mut hung.build(), ticks).rotation;
        (rotation * Vec3::Z).angle_between(Vec3::Z)
    };
    for twist in [0.0, 1.6, 3.0, -2.5] {
        let within = swing_after(0.25, twist, 60);
        assert!((within - 0.25).abs() < 0.01, "{twist}: {within}");
        let beyond = swing_after(0.6, twist, 300);
        assert!((0.28..0.33).contains(&beyond), "{twist}: {beyond}");
    }
}

/// A ball in the air in a trigger of twenty metres with a field.
fn in_field(field: GravityField) -> Boxes {
    let mut boxes = Boxes::with_floor().dynamic(Vec3::new(3.0, 10.0, 0.0), Shape::Sphere(0.2), 1.0);
    boxes = boxes.empty(None, Vec3::Y * 10.0);
    let node = boxes.last();
    boxes.0.physics.shapes.push(Shape::Box(Vec3::splat(20.0)));
    let shape = Geometry::Shape(boxes.0.physics.shapes.len() as u32 - 1);
    boxes.0.nodes[node.index()].gravity = Some(field);
    boxes.0.nodes[node.index()].physics = NodePhysics {
        trigger: Some(TriggerPart {
            geometry: Some(shape),
            nodes: Vec::new(),
            filter: None,
        }),
        ..NodePhysics::default()
    };
    boxes
}

fn field(kind: GravityKind) -> GravityField {
    GravityField {
        kind,
        strength: 6.0,
        unit_distance: 0.0,
        priority: 0,
        is_replacing: false,
        is_last: true,
    }
}

/// Acceleration of the ball in its first ten ticks, metres a second squared.
fn acceleration(boxes: Boxes) -> Vec3 {
    let mut simulation = boxes.build(Role::Authority);
    let before = simulation.body(0).unwrap().linear_velocity;
    let after = after(&mut simulation, 10).linear_velocity;
    (after - before) * 6.0
}

#[test]
fn bodies_in_a_field_are_pulled_by_it() {
    let near = |pull: Vec3, expected: Vec3| {
        assert!(
            (pull - expected).length() < 0.3,
            "{pull} instead of {expected}"
        );
    };
    near(
        acceleration(in_field(field(GravityKind::Directional(Vec3::Z)))),
        Vec3::Z * 6.0,
    );
    near(
        acceleration(in_field(field(GravityKind::Point))),
        Vec3::NEG_X * 6.0,
    );
    near(
        acceleration(in_field(field(GravityKind::Torus(5.0)))),
        Vec3::X * 6.0,
    );
    near(
        acceleration(in_field(field(GravityKind::Disc(1.0)))),
        Vec3::NEG_X * 6.0,
    );
    let line = vec![Vec3::new(3.0, 0.0, -4.0), Vec3::new(3.0, 0.0, -2.0)];
    near(
        acceleration(in_field(field(GravityKind::Line(line)))),
        Vec3::NEG_Z * 6.0,
    );
    let mut boxes = in_field(field(GravityKind::Shaped(2)));
    boxes
        .0
        .physics
        .shapes
        .insert(2, Shape::Box(Vec3::splat(1.0)));
    boxes.0.nodes[2].physics.trigger.as_mut().unwrap().geometry = Some(Geometry::Shape(3));
    near(acceleration(boxes), Vec3::NEG_X * 6.0);
}

#[test]
fn a_world_may_pull_sideways_and_up() {
    let mut boxes = Boxes::default().dynamic(Vec3::Y * 5.0, Shape::Box(Vec3::splat(0.4)), 1.0);
    let node = boxes.last();
    boxes.0.nodes[node.index()].spawn_point = Some(scene::SpawnPoint::default());
    boxes.0.physics.gravity = Some(Vec3::new(1.0, 2.0, 0.0));
    let rules = WorldRules { gravity: 0.0 };
    let mut simulation = Simulation::new(Arc::new(boxes.0), rules, Role::Authority);
    let before = after(&mut simulation, 10).linear_velocity;
    let pull = (after(&mut simulation, 10).linear_velocity - before) * 6.0;
    assert!(pull.distance(Vec3::new(1.0, 2.0, 0.0)) < 0.1, "{pull}");
    assert_eq!(
        simulation.gravity_at(Vec3::ZERO),
        0.0,
        "nothing pulls people up"
    );
}

#[test]
fn fields_add_up_by_priority_until_one_stops() {
    let with = |change: fn(&mut GravityField)| {
        let mut described = field(GravityKind::Directional(Vec3::Z));
        change(&mut described);
        let mut boxes = in_field(described);
        let mut second = boxes.0.nodes[2].clone();
        second.gravity = Some(GravityField {
            priority: 1,
            is_last: false,
            strength: 2.0,
            ..field(GravityKind::Directional(Vec3::X))
        });
        boxes.0.roots.push(NodeIndex(boxes.0.nodes.len() as u32));
        boxes.0.nodes.push(second);
        acceleration(boxes)
    };
    let close = |pull: Vec3, expected: Vec3| {
        assert!(
            (pull - expected).length() < 0.3,
            "{pull} instead of {expected}"
        );
    };
    close(with(|_| {}), Vec3::new(2.0, 0.0, 6.0));
    close(
        with(|field| field.is_last = false),
        Vec3::new(2.0, -9.81, 6.0),
    );
    close(
        with(|field| field.is_replacing = true),
        Vec3::new(0.0, 0.0, 6.0),
    );
    close(with(|field| field.priority = 2), Vec3::new(0.0, 0.0, 6.0));
    close(
        with(|field| field.unit_distance = 1.0),
        Vec3::new(2.0, 0.0, 6.0),
    );
}

#[test]
fn distance_weakens_a_field_and_its_walls_end_it() {
    let square = GravityField {
        unit_distance: 1.5,
        ..field(GravityKind::Point)
    };
    let pull = acceleration(in_field(square.clone()));
    assert!((pull.x + 1.5).abs() < 0.2, "{pull}");
    let mut outside = in_field(square);
    outside.0.nodes[1].transform.translation = Vec3::new(15.0, 10.0, 0.0);
    let pull = acceleration(outside);
    assert!((pull.y + 9.81).abs() < 0.3 && pull.x.abs() < 0.1, "{pull}");
}

#[test]
fn people_fall_slowly_where_gravity_is_weak() {
    let fall = |strength: f32| {
        let boxes = in_field(GravityField {
            strength,
            ..field(GravityKind::Directional(Vec3::NEG_Y))
        });
        let mut simulation = boxes.build(Role::Authority);
        let mut person = AvatarMotion::at(Vec3::new(0.0, 12.0, 0.0), 0.0);
        for _ in 0..30 {
            simulation.advance_avatar(&mut person, &simulation::AvatarInput::default());
            simulation.step();
        }
        12.0 - person.position.y
    };
    assert!((fall(1.6) - 0.2).abs() < 0.05);
    assert!((fall(9.81) - 1.25).abs() < 0.1);
}

#[test]
fn things_that_may_not_be_picked_cannot_be_carried() {
    let carryable = |is_unselectable: bool| {
        let mut boxes = Boxes::with_floor().dynamic(Vec3::Y, Shape::Sphere(0.2), 1.0);
        boxes.0.nodes[1].is_unselectable = is_unselectable;
        boxes.build(Role::Authority).bodies()[0].is_carryable
    };
    assert!(carryable(false) && !carryable(true));
}
