//! `asteroids`: bytes an update for 250 bodies that tumble about a planetoid, sent 30 times a second against states that
//! are at least 100 ms old; every body is exact at every send. The scene is that of KinematicSoup's published
//! benchmark, in our physics engine.

use crate::link::Link;
use crate::random::Random;
use crate::report::Metric;
use crate::trace;
use anyhow::Result;
use glam::{Quat, Vec3};
use protocol::EntityId;
use rapier3d::prelude::{
    BroadPhaseBvh, CCDSolver, ColliderBuilder, ColliderSet, ImpulseJointSet, IntegrationParameters,
    IslandManager, MultibodyJointSet, NarrowPhase, PhysicsPipeline, RigidBodyBuilder,
    RigidBodyHandle, RigidBodySet,
};
use replication::{
    EntitySample, EntityState, Flags, Kind, Orientation, Pose, Salience, SymbolCounts, ViewPoint,
};
use std::path::Path;

const ASTEROIDS: usize = 250;
const TICKS_PER_SEND: u64 = 2;
const STEP_SECS: f32 = 1.0 / 60.0;
/// Sends before the one whose acknowledgement has come: with the one under way, 100 ms.
const LAG_SENDS: usize = 2;
/// Sends measured: twenty seconds.
const SENDS: u64 = 600;
const WARM_UP_SENDS: u64 = 60;
/// The scene: metres, metres a second, metres a second squared, radians a second.
const RADIUS: f32 = 31.5;
const PLANETOID_RADIUS: f32 = 6.0;
const SPEEDS: (f32, f32) = (1.0, 4.0);
const SPEED_CONTROL: f32 = 5.0;
const INWARD: f32 = 10.0;
const MOST_SPIN: f32 = std::f32::consts::FRAC_PI_4;
/// Targets: bytes an update; the pass line is what the best product publishes.
const PASS_BYTES: f64 = 1.33;
const GOAL_BYTES: f64 = 0.67;
const MOST_ERROR_METRES: f64 = 0.005;
const MOST_ERROR_COMPONENT: f64 = 0.0005;

/// The scene in the physics engine.
struct Field {
    pipeline: PhysicsPipeline,
    parameters: IntegrationParameters,
    islands: IslandManager,
    broad_phase: BroadPhaseBvh,
    narrow_phase: NarrowPhase,
    bodies: RigidBodySet,
    colliders: ColliderSet,
    joints: ImpulseJointSet,
    multibodies: MultibodyJointSet,
    ccd: CCDSolver,
    asteroids: Vec<RigidBodyHandle>,
}

impl Field {
    fn new(random: &mut Random) -> Self {
        let mut field = Self {
            pipeline: PhysicsPipeline::new(),
            parameters: IntegrationParameters {
                dt: STEP_SECS,
                ..IntegrationParameters::default()
            },
            islands: IslandManager::new(),
            broad_phase: BroadPhaseBvh::new(),
            narrow_phase: NarrowPhase::new(),
            bodies: RigidBodySet::new(),
            colliders: ColliderSet::new(),
            joints: ImpulseJointSet::new(),
            multibodies: MultibodyJointSet::new(),
            ccd: CCDSolver::new(),
            asteroids: Vec::with_capacity(ASTEROIDS),
        };
        field
            .colliders
            .insert(ColliderBuilder::ball(PLANETOID_RADIUS).restitution(0.8));
        for _ in 0..ASTEROIDS {
            field.add(random);
        }
        field
    }

    fn add(&mut self, random: &mut Random) {
        let place = loop {
            let place = in_ball(random) * RADIUS;
            if place.length() > PLANETOID_RADIUS + 1.0 {
                break place;
            }
        };
        let speed = SPEEDS.0 + (SPEEDS.1 - SPEEDS.0) * random.unit();
        let body = RigidBodyBuilder::dynamic()
            .translation(place)
            .rotation(in_ball(random) * std::f32::consts::PI)
            .linvel(in_ball(random).normalize_or(Vec3::X) * speed)
            .angvel(in_ball(random) * MOST_SPIN)
            .can_sleep(false)
            .build();
        let handle = self.bodies.insert(body);
        let scale = 0.25 + 0.75 * random.unit();
        let half = scale * 0.5;
        // An irregular rock: a box with unequal sides, as heavy as its scale says.
        let shape = ColliderBuilder::cuboid(half, half * 0.8, half * 0.9)
            .mass(scale.powi(3))
            .friction(0.5)
            .restitution(0.8);
        self.colliders
            .insert_with_parent(shape, handle, &mut self.bodies);
        self.asteroids.push(handle);
    }

    /// One tick: what is too slow or too fast is brought back, what is outside is drawn in.
    fn step(&mut self) {
        for handle in &self.asteroids {
            let Some(body) = self.bodies.get_mut(*handle) else {
                continue;
            };
            let (place, mut velocity) = (body.translation(), body.linvel());
            let speed = velocity.length();
            let direction = velocity.normalize_or(Vec3::X);
            if speed < SPEEDS.0 {
                velocity += direction * SPEED_CONTROL * STEP_SECS;
            } else if speed > SPEEDS.1 {
                velocity -= direction * SPEED_CONTROL * STEP_SECS;
            }
            if place.length() > RADIUS {
                velocity -= place.normalize_or_zero() * INWARD * STEP_SECS;
            }
            body.set_linvel(velocity, true);
            let spin = body.angvel().clamp_length_max(MOST_SPIN);
            body.set_angvel(spin, true);
        }
        self.pipeline.step(
            Vec3::ZERO,
            &self.parameters,
            &mut self.islands,
            &mut self.broad_phase,
            &mut self.narrow_phase,
            &mut self.bodies,
            &mut self.colliders,
            &mut self.joints,
            &mut self.multibodies,
            &mut self.ccd,
            &(),
            &(),
        );
    }

    fn samples(&self) -> impl Iterator<Item = (EntityId, EntitySample)> {
        self.asteroids
            .iter()
            .enumerate()
            .filter_map(|(index, handle)| {
                let body = self.bodies.get(*handle)?;
                let sample = EntitySample {
                    kind: Kind::Body,
                    pose: Pose {
                        position: body.translation(),
                        rotation: *body.rotation(),
                        head_pitch: 0.0,
                        linear_velocity: body.linvel(),
                        angular_velocity: body.angvel(),
                    },
                    flags: Flags::default(),
                    emote: 0,
                    parent: None,
                    teleport: 0,
                };
                Some((EntityId(index as u32 + 1), sample))
            })
    }
}

/// Evenly in the unit ball.
fn in_ball(random: &mut Random) -> Vec3 {
    loop {
        let point = Vec3::new(random.signed(), random.signed(), random.signed());
        if point.length_squared() <= 1.0 {
            return point;
        }
    }
}

/// What a run of the scene gave.
struct Outcome {
    bytes_per_update: f64,
    error_metres: f32,
    error_component: f32,
    encode_micros: f64,
    decode_micros: f64,
    counts: SymbolCounts,
}

pub(crate) fn run(seed: u64, trace: Option<&Path>) -> Result<()> {
    if let Some(path) = trace {
        return run_trace(path);
    }
    let outcome = simulate(seed)?;
    let metric = |metric, value, unit, baseline| Metric {
        bench: "asteroids",
        metric,
        value,
        unit,
        baseline,
    };
    metric(
        "bytes_per_update",
        outcome.bytes_per_update,
        "B",
        Some(PASS_BYTES),
    )
    .print_against(PASS_BYTES, GOAL_BYTES);
    let error_metres = f64::from(outcome.error_metres);
    metric("largest_error_metres", error_metres, "m", None)
        .print_against(MOST_ERROR_METRES, MOST_ERROR_METRES);
    let error = f64::from(outcome.error_component);
    metric("largest_error_of_a_sent_component", error, "", None)
        .print_against(MOST_ERROR_COMPONENT, MOST_ERROR_COMPONENT);
    metric("encode_micros_per_send", outcome.encode_micros, "us", None).print();
    metric("decode_micros_per_send", outcome.decode_micros, "us", None).print();
    Ok(())
}

/// The same measure for the bodies of a recording.
fn run_trace(path: &Path) -> Result<()> {
    let resent = trace::resend(path, Kind::Body, LAG_SENDS)?;
    let metric = |metric, value, unit| Metric {
        bench: "asteroids",
        metric,
        value,
        unit,
        baseline: None,
    };
    metric("bodies_of_trace", resent.entities, "").print();
    metric("snapshots_of_trace", resent.snapshots as f64, "").print();
    metric("bytes_per_update_of_trace", resent.bytes_per_update, "B")
        .print_against(PASS_BYTES, GOAL_BYTES);
    metric("encode_micros_of_trace", resent.encode_micros, "us").print();
    Ok(())
}

/// Symbols of a run, for training.
pub(crate) fn symbol_counts(seed: u64) -> Result<SymbolCounts> {
    Ok(simulate(seed)?.counts)
}

fn simulate(seed: u64) -> Result<Outcome> {
    let mut random = Random::new(seed);
    let mut field = Field::new(&mut random);
    let viewer = ViewPoint {
        own: None,
        position: Vec3::ZERO,
        forward: Vec3::NEG_Z,
    };
    let mut link = Link::new(viewer, LAG_SENDS);
    let (mut error_metres, mut error_component) = (0.0_f32, 0.0_f32);
    for send in 0..SENDS + WARM_UP_SENDS {
        for _ in 0..TICKS_PER_SEND {
            field.step();
        }
        if send == WARM_UP_SENDS {
            link.start_counting();
        }
        let mut entities = Vec::with_capacity(ASTEROIDS);
        for (id, sample) in field.samples() {
            entities.push((id, EntityState::quantise(&sample)?, Salience::AVATAR));
        }
        link.send(100 + send * TICKS_PER_SEND, &entities)?;
        if send < WARM_UP_SENDS {
            continue;
        }
        for (id, sample) in field.samples() {
            let Some(state) = link.decoder.state(id) else {
                continue;
            };
            let truth = sample.pose;
            error_metres = error_metres.max(state.position_in_world().distance(truth.position));
            error_component = error_component.max(component_error(state, truth.rotation));
        }
    }
    let packets = link.packets as f64;
    Ok(Outcome {
        bytes_per_update: link.payload_bytes as f64 / (packets * ASTEROIDS as f64),
        error_metres,
        error_component,
        encode_micros: link.encode_time.as_secs_f64() * 1.0e6 / packets,
        decode_micros: link.decode_time.as_secs_f64() * 1.0e6 / packets,
        counts: link.symbol_counts(),
    })
}

/// Largest difference of the three components that travel; the fourth follows from them.
fn component_error(state: &EntityState, truth: Quat) -> f32 {
    let Orientation::Rotation(sent) = state.orientation else {
        return f32::INFINITY;
    };
    let largest = usize::from(sent.largest);
    let parts = truth.to_array();
    let sign = parts[largest].signum();
    let others = (0..4).filter(|index| *index != largest);
    others
        .zip(
            sent.dequantise()
                .into_iter()
                .enumerate()
                .filter(|(index, _)| *index != largest),
        )
        .map(|(index, (_, value))| (parts[index] * sign - value).abs())
        .fold(0.0, f32::max)
}
