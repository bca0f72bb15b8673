//! What the server believes.

use crate::{platforms::lift, support::*};
use glam::{Quat, Vec3};
use scene::Shape;
use simulation::{
    AvatarInput, AvatarMotion, BodyState, MotionCheck, MotionClaim, Role, Simulation, Verdict,
};
use std::collections::VecDeque;

/// Stairs, slopes, a low tunnel, walls with a gap, a lift, a shuttle, crates: whatever honest people meet.
fn course() -> Boxes {
    let mut world = lift();
    for step in 0..6 {
        let height = 0.3 * (step + 1) as f32;
        world = world.fixed(
            Vec3::new(-6.0, height * 0.5, -2.0 - 0.35 * step as f32),
            Vec3::new(3.0, height, 0.35),
            Quat::IDENTITY,
        );
    }
    for (x, degrees) in [(-10.0, 30.0f32), (-14.0, 44.0)] {
        let tilt = Quat::from_rotation_x(degrees.to_radians());
        world = world.fixed(
            tilt * Vec3::new(0.0, -0.5, -3.0) + Vec3::new(x, 0.0, 0.0),
            Vec3::new(3.0, 1.0, 6.0),
            tilt,
        );
    }
    for (x, z, width) in [(4.0, -6.0, 4.0), (9.5, -6.0, 4.0), (6.0, 5.0, 0.4)] {
        let size = Vec3::new(width, 3.0, 0.3);
        world = world.fixed(Vec3::new(x, 1.5, z), size, Quat::IDENTITY);
    }
    world = world.fixed(
        Vec3::new(6.0, 1.75, 0.0),
        Vec3::new(3.0, 1.0, 5.0),
        Quat::IDENTITY,
    );
    for place in 0..6 {
        let position = Vec3::new(2.0 + place as f32, 0.3, 8.0 + (place % 2) as f32);
        world = world.dynamic(position, Shape::Box(Vec3::splat(0.6)), 10.0);
    }
    let [here, there] = [-8.0, 8.0].map(|x| Vec3::new(x, 0.2, 12.0));
    world.platform(here, Vec3::new(3.0, 0.3, 3.0)).moved(&[
        (0.0, here),
        (1.0, here),
        (4.0, there),
        (5.0, there),
        (8.0, here),
    ])
}

/// A person's program with its own follower world, and the server, joined by 100 ms of round trip with 20 ms of jitter
/// and 5 % loss.
struct Link {
    client: Simulation,
    server: Simulation,
    avatar: AvatarMotion,
    obstacle: bevy::prelude::Entity,
    check: MotionCheck,
    judged: u64,
    sent: VecDeque<MotionClaim>,
    travelling: Vec<(u64, Vec<MotionClaim>)>,
    seen: VecDeque<Vec<BodyState>>,
    seed: u32,
}

impl Link {
    fn new(world: &Boxes, at: Vec3, seed: u32) -> Self {
        let mut server = world.clone().build(Role::Authority);
        Self {
            client: world.clone().build(Role::Follower),
            avatar: AvatarMotion::at(at, 0.0),
            obstacle: server.add_avatar(at),
            check: MotionCheck::at(at, server.tick()),
            judged: server.tick(),
            server,
            sent: VecDeque::new(),
            travelling: Vec::new(),
            seen: VecDeque::new(),
            seed,
        }
    }

    fn random(&mut self, below: u32) -> u32 {
        self.seed = self
            .seed
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.seed >> 8) % below
    }

    fn tick(&mut self, input: &AvatarInput) {
        self.client.advance_avatar(&mut self.avatar, input);
        self.client.step();
        let (tick, avatar) = (self.client.tick(), self.avatar);
        let claim = MotionClaim {
            tick,
            position: avatar.position,
            is_crouching: avatar.is_crouching,
        };
        self.sent.push_front(claim);
        self.sent.truncate(4);
        if tick.is_multiple_of(2) && self.random(100) >= 5 {
            let arrives = tick + 2 + u64::from(self.random(3));
            self.travelling
                .push((arrives, self.sent.iter().copied().collect()));
        }
        let (arrived, travelling) = std::mem::take(&mut self.travelling)
            .into_iter()
            .partition(|(arrives, _)| *arrives <= tick);
        self.travelling = travelling;
        for (_, claims) in arrived as Vec<(u64, Vec<MotionClaim>)> {
            for claim in claims.into_iter().rev() {
                if claim.tick <= self.judged {
                    continue;
                }
                let verdict = self.check.judge(&self.server, &claim);
                assert_eq!(
                    verdict,
                    Verdict::Accept,
                    "tick {tick}: {avatar:?}, {claim:?}"
                );
                self.judged = claim.tick;
            }
        }
        let feet = self.check.accepted();
        self.server.move_avatar(self.obstacle, feet);
        self.server.push_around(feet, avatar.is_crouching);
        self.server.step();
        self.show_bodies();
    }

    /// The client sees bodies as they were seven ticks ago.
    fn show_bodies(&mut self) {
        let count = self.server.bodies().len();
        let now = (0..count)
            .filter_map(|index| self.server.body(index))
            .collect();
        self.seen.push_back(now);
        if self.seen.len() > 7
            && let Some(states) = self.seen.pop_front()
        {
            for (index, state) in states.iter().enumerate() {
                if self.client.bodies()[index].is_dynamic {
                    self.client.set_body(index, state);
                }
            }
        }
    }
}

#[test]
fn honest_people_are_never_corrected() {
    let world = course();
    for seed in 0..4u32 {
        let mut link = Link::new(&world, Vec3::new(-3.0, 0.1, 3.0), seed * 7_919 + 1);
        let mut input = forward();
        let mut farthest = 0.0f32;
        for _ in 0..60 * 60 {
            if link.random(60) == 0 {
                input = AvatarInput {
                    yaw: link.random(6_283) as f32 * 1e-3,
                    is_running: link.random(3) > 0,
                    is_crouching: link.random(4) == 0,
                    ..forward()
                };
                // Back towards the middle, so that they meet something.
                if link.avatar.position.length() > 18.0 {
                    let away = link.avatar.position;
                    input.yaw = f32::atan2(away.x, away.z);
                }
            }
            input.is_jumping = link.random(70) == 0;
            link.tick(&input);
            farthest = farthest.max(link.avatar.position.length());
        }
        assert!(farthest > 5.0, "nobody went anywhere");
    }
}

#[test]
fn people_on_stairs_slopes_lifts_and_shuttles_are_never_corrected() {
    let world = course();
    let places = [
        Vec3::new(-6.0, 0.1, 0.0),
        Vec3::new(-10.0, 0.1, 1.0),
        Vec3::new(-14.0, 0.1, 1.0),
        Vec3::new(0.0, 0.2, 0.0),
        Vec3::new(-8.0, 0.4, 12.0),
    ];
    for (index, place) in places.into_iter().enumerate() {
        let mut link = Link::new(&world, place, index as u32 + 99);
        let is_riding = index >= 3;
        let mut top = 0.0f32;
        for tick in 0..60 * 16 {
            let input = AvatarInput {
                is_running: !is_riding,
                is_jumping: is_riding && tick % 90 == 0,
                walk: if is_riding {
                    glam::Vec2::ZERO
                } else {
                    glam::Vec2::Y
                },
                yaw: if tick / 200 % 2 == 0 {
                    0.0
                } else {
                    std::f32::consts::PI
                },
                ..AvatarInput::default()
            };
            link.tick(&input);
            top = top.max(link.avatar.position.y);
        }
        assert!(index == 4 || top > 1.4, "{place}: {top}");
    }
}

#[test]
fn jumps_on_the_moon_are_honest() {
    let scene = std::sync::Arc::new(Boxes::with_floor().0);
    let rules = simulation::WorldRules { gravity: 1.62 };
    let mut simulation = Simulation::new(scene, rules, Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.05, 0.0));
    let mut check = MotionCheck::at(avatar.position, simulation.tick());
    let mut top = 0.0f32;
    for tick in 0..600u64 {
        let input = AvatarInput {
            is_jumping: true,
            ..forward()
        };
        walk(&mut simulation, &mut avatar, input, 1);
        top = top.max(avatar.position.y);
        let claim = MotionClaim {
            tick: simulation.tick(),
            position: avatar.position,
            is_crouching: false,
        };
        assert_eq!(
            check.judge(&simulation, &claim),
            Verdict::Accept,
            "{tick} {avatar:?}"
        );
    }
    assert!((top - simulation::JUMP_HEIGHT).abs() < 0.1, "{top}");
}

#[test]
fn a_closed_door_is_a_wall_and_a_moving_one_is_not() {
    let [open, closed] = [3.0, 0.0].map(|x| Vec3::new(x, 1.5, -1.0));
    let mut simulation = Boxes::with_floor()
        .platform(open, Vec3::new(3.0, 3.0, 0.2))
        .moved(&[(0.0, open), (1.0, closed), (10.0, closed), (11.0, open)])
        .build(Role::Authority);
    let mut passes_at = |tick: u64| {
        simulation.set_tick(tick);
        simulation.step();
        let mut check = MotionCheck::at(Vec3::ZERO, tick);
        (1..=30).all(|step| {
            let claim = MotionClaim {
                tick: tick + step * 2,
                position: Vec3::NEG_Z * 0.06 * step as f32,
                is_crouching: false,
            };
            check.judge(&simulation, &claim) == Verdict::Accept
        })
    };
    assert!(passes_at(5), "open");
    assert!(passes_at(63), "just closed here, still open there");
    assert!(!passes_at(300), "closed");
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
        let mut check = MotionCheck::at(Vec3::ZERO, 0);
        (0..200).any(|index| {
            let claim = MotionClaim {
                tick: 3 * (index as u64 + 1),
                position: claims(index),
                is_crouching: false,
            };
            matches!(check.judge(&simulation, &claim), Verdict::Correct(_))
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

/// The claim that somebody is where their program has them.
fn honest(simulation: &Simulation, avatar: &AvatarMotion) -> MotionClaim {
    MotionClaim {
        tick: simulation.tick(),
        position: avatar.position,
        is_crouching: avatar.is_crouching,
    }
}

#[test]
fn who_is_not_heard_of_on_a_lift_is_believed_above_and_put_back_onto_it() {
    // What the lift leads to, whose wall it rises along.
    let mut simulation = lift()
        .fixed(
            Vec3::new(0.0, 2.05, -3.0),
            Vec3::new(4.0, 4.1, 4.0),
            Quat::IDENTITY,
        )
        .build(Role::Authority);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.2, -0.5));
    let mut check = MotionCheck::at(avatar.position, simulation.tick());
    let below = honest(&simulation, &avatar);
    assert_eq!(check.judge(&simulation, &below), Verdict::Accept);
    walk(&mut simulation, &mut avatar, AvatarInput::default(), 240);
    let carried = check.carried_to(&simulation, simulation.tick());
    assert!(carried.y > 1.0, "{carried}");
    assert!(
        carried.distance(avatar.position) < 0.1,
        "{carried} {avatar:?}"
    );
    walk(&mut simulation, &mut avatar, forward(), 180);
    assert!(
        avatar.position.y > 4.0 && avatar.position.z < -1.2,
        "{avatar:?}"
    );
    let above = honest(&simulation, &avatar);
    assert_eq!(check.judge(&simulation, &above), Verdict::Accept);
}

#[test]
fn who_claims_to_have_stood_on_a_lift_long_ago_is_carried_nowhere() {
    let [here, there] = [0.0, 20.0].map(|x| Vec3::new(x, 0.05, 0.0));
    let mut simulation = Boxes::with_floor()
        .platform(here, Vec3::new(3.0, 0.1, 3.0))
        .moved(&[(0.0, here), (4.0, there), (8.0, here)])
        .build(Role::Authority);
    for _ in 0..480 {
        simulation.step();
    }
    // It is here now, and was there four seconds ago.
    let mut check = MotionCheck::at(Vec3::new(0.0, 0.1, 0.0), 100);
    let claim = |tick: u64, x: f32| MotionClaim {
        tick,
        position: Vec3::new(x, 0.1, 0.0),
        is_crouching: false,
    };
    assert_eq!(check.judge(&simulation, &claim(240, 0.0)), Verdict::Accept);
    assert!(check.carried_to(&simulation, 480).x.abs() < 0.01);
    let far = check.judge(&simulation, &claim(480, -20.0));
    assert!(matches!(far, Verdict::Correct(_)), "{far:?}");
}

#[test]
fn who_is_left_behind_by_a_lift_that_begins_anew_is_believed() {
    let [low, high] = [0.05, 4.05].map(|y| Vec3::new(0.0, y, 0.0));
    let mut simulation = Boxes::with_floor()
        .platform(low, Vec3::new(2.0, 0.1, 2.0))
        .moved(&[(0.0, low), (4.0, high)])
        .build(Role::Authority);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.2, 0.0));
    let mut check = MotionCheck::at(avatar.position, simulation.tick());
    let mut top = 0.0f32;
    for tick in 0..8 * 60 {
        walk(&mut simulation, &mut avatar, AvatarInput::default(), 1);
        top = top.max(avatar.position.y);
        let claim = honest(&simulation, &avatar);
        let verdict = check.judge(&simulation, &claim);
        assert_eq!(verdict, Verdict::Accept, "{tick}: {avatar:?}");
    }
    assert!(top > 3.9, "{top}");
}
