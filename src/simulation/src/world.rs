//! The simulation of one world: a small Bevy world of its own with bevy_rapier3d in it, stepped tick by tick.

use crate::{
    animate::AnimatedNodes,
    build::{self, AVATAR_GROUP, PLAIN_GROUP},
    rules::{AVATAR_RADIUS, FALL_BELOW_WORLD, STANDING_HEIGHT, TICK_SECS},
    stage,
};
use bevy::{
    ecs::schedule::{ScheduleLabel, SingleThreadedExecutor},
    prelude::{App, Entity, Time, Transform, TransformPlugin, World},
};
use bevy_rapier3d::{
    plugin::context::{RapierContextColliders, RapierContextSimulation, RapierRigidBodySet},
    prelude::{
        Collider, CollisionGroups, Group, NoUserData, RapierConfiguration, RapierPhysicsPlugin,
        RapierRigidBodyHandle, RigidBody, TimestepMode,
    },
};
use glam::{Quat, Vec3};
use rapier3d::prelude::{Pose, RigidBodyHandle};
use scene::{NodeIndex, Scene};
use std::{collections::BTreeMap, sync::Arc};

/// Schedule in which one tick happens.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Tick;

/// Who decides where dynamic bodies are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// This simulation does: forces move them.
    Authority,
    /// The server does: they are moved to the poses it sends, and only stand in the way.
    Follower,
}

/// What the world's host decides about physics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorldRules {
    /// Metres a second squared, downwards.
    pub gravity: f32,
}

/// A body that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldBody {
    /// Its node in the scene.
    pub node: NodeIndex,
    pub(crate) entity: Entity,
    /// Moved by forces; others are moved by the file's animation.
    pub is_dynamic: bool,
    /// Its pose follows from the tick: it need not travel.
    pub is_animated: bool,
    /// Light enough to be carried.
    pub is_carryable: bool,
}

/// Where a body is and how it moves; world space, metres, radians, seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodyState {
    /// Position of the node's origin.
    pub position: Vec3,
    /// Unit quaternion.
    pub rotation: Quat,
    /// Metres a second.
    pub linear_velocity: Vec3,
    /// Radians a second.
    pub angular_velocity: Vec3,
    /// At rest until something touches it.
    pub is_sleeping: bool,
}

impl BodyState {
    /// True when every number is one.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.position.is_finite()
            && self.rotation.is_finite()
            && self.rotation.length_squared() > 0.5
            && self.linear_velocity.is_finite()
            && self.angular_velocity.is_finite()
    }
}

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

/// One world's physics. Cheap to query between ticks, and never reads a clock.
pub struct Simulation {
    pub(crate) world: World,
    pub(crate) scene: Arc<Scene>,
    pub(crate) animated: AnimatedNodes,
    role: Role,
    gravity: f32,
    bodies: Vec<WorldBody>,
    handles: Vec<RigidBodyHandle>,
    body_by_node: BTreeMap<NodeIndex, usize>,
    context: Entity,
    tick: u64,
    spawns: Vec<SpawnPlace>,
    seats: Vec<SeatPlace>,
    kill_height: f32,
}

impl Simulation {
    /// Builds a world at tick 0. Never fails: what cannot be built collides with nothing.
    #[must_use]
    pub fn new(scene: Arc<Scene>, rules: WorldRules, role: Role) -> Self {
        let mut app = App::new();
        app.init_resource::<Time>()
            .insert_resource(TimestepMode::Fixed {
                dt: TICK_SECS,
                substeps: 1,
            });
        app.add_plugins(TransformPlugin).init_schedule(Tick);
        // One tick is a fraction of a millisecond of bookkeeping: handing it to other threads costs more than it saves.
        app.edit_schedule(Tick, |schedule| {
            schedule.set_executor(SingleThreadedExecutor::new());
        });
        app.add_plugins(RapierPhysicsPlugin::<NoUserData>::default().in_schedule(Tick));
        app.finish();
        app.cleanup();
        let mut world = std::mem::take(app.world_mut());
        let animated = AnimatedNodes::new(&scene);
        run_startup(&mut world);
        let context = find_context(&mut world);
        set_gravity(&mut world, rules.gravity);
        let built = build::build(&mut world, &scene, &animated, role);
        if let Some(stage) = stage::stage(&scene) {
            spawn_floor(&mut world, stage.floor);
        }
        let mut simulation = Self {
            spawns: spawn_places(&scene),
            seats: seat_places(&scene),
            kill_height: lowest(&scene) - FALL_BELOW_WORLD,
            body_by_node: built
                .bodies
                .iter()
                .enumerate()
                .map(|(index, body)| (body.node, index))
                .collect(),
            world,
            scene,
            animated,
            role,
            gravity: rules.gravity,
            bodies: built.bodies,
            handles: Vec::new(),
            context,
            tick: 0,
        };
        // The first step only lets the engine take in what was spawned.
        simulation.set_active(false);
        simulation.world.run_schedule(Tick);
        simulation.set_active(true);
        simulation.handles = simulation
            .bodies
            .iter()
            .map(|body| {
                simulation
                    .world
                    .get::<RapierRigidBodyHandle>(body.entity)
                    .map_or_else(RigidBodyHandle::invalid, |handle| handle.0)
            })
            .collect();
        simulation.start_moving();
        simulation
    }

    /// One tick of 1/60 s.
    pub fn step(&mut self) {
        self.tick += 1;
        self.place_animated();
        self.world.run_schedule(Tick);
        self.world.clear_trackers();
    }

    /// Jumps to a tick, so that what the tick decides (lifts, doors) is where it should be.
    pub fn set_tick(&mut self, tick: u64) {
        self.tick = tick;
    }

    /// Ticks since the world began.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// Metres a second squared, downwards.
    #[must_use]
    pub fn gravity(&self) -> f32 {
        self.gravity
    }

    /// The scene that this world was built from.
    #[must_use]
    pub fn scene(&self) -> &Arc<Scene> {
        &self.scene
    }

    /// Everything that moves.
    #[must_use]
    pub fn bodies(&self) -> &[WorldBody] {
        &self.bodies
    }

    /// Index in [`Self::bodies`] of a node's body.
    #[must_use]
    pub fn body_of_node(&self, node: NodeIndex) -> Option<usize> {
        self.body_by_node.get(&node).copied()
    }

    /// Places to appear; at least one.
    #[must_use]
    pub fn spawn_places(&self) -> &[SpawnPlace] {
        &self.spawns
    }

    /// Places to sit.
    #[must_use]
    pub fn seat_places(&self) -> &[SeatPlace] {
        &self.seats
    }

    /// Whoever is below this height has fallen out of the world, metres.
    #[must_use]
    pub fn kill_height(&self) -> f32 {
        self.kill_height
    }

    /// State of a body, by index in [`Self::bodies`].
    #[must_use]
    pub fn body(&self, index: usize) -> Option<BodyState> {
        let body = self.rigid_bodies().bodies.get(*self.handles.get(index)?)?;
        let pose = body.position();
        Some(BodyState {
            position: pose.translation,
            rotation: pose.rotation,
            linear_velocity: body.linvel(),
            angular_velocity: body.angvel(),
            is_sleeping: body.is_sleeping(),
        })
    }

    /// Puts a body somewhere: from a store, from the server, or back from below the world. Values that are no numbers change nothing.
    pub fn set_body(&mut self, index: usize, state: &BodyState) {
        if !state.is_finite() {
            return;
        }
        let role = self.role;
        let Some(&handle) = self.handles.get(index) else {
            return;
        };
        let Some(body) = self
            .rigid_bodies_mut()
            .and_then(|set| set.into_inner().bodies.get_mut(handle))
        else {
            return;
        };
        let pose = Pose::from_parts(state.position, state.rotation.normalize());
        if role == Role::Follower {
            body.set_next_kinematic_position(pose);
            return;
        }
        body.set_position(pose, !state.is_sleeping);
        body.set_linvel(state.linear_velocity, !state.is_sleeping);
        body.set_angvel(state.angular_velocity, !state.is_sleeping);
        if state.is_sleeping {
            body.sleep();
        }
    }

    /// Gives the authority's physics an obstacle for an avatar; things bounce off it, avatars pass through each other.
    #[must_use]
    pub fn add_avatar(&mut self, feet: Vec3) -> Entity {
        self.world
            .spawn((
                RigidBody::KinematicPositionBased,
                Collider::capsule_y(STANDING_HEIGHT * 0.5 - AVATAR_RADIUS, AVATAR_RADIUS),
                CollisionGroups::new(AVATAR_GROUP, Group::all() & !AVATAR_GROUP),
                Transform::from_translation(avatar_center(feet)),
            ))
            .id()
    }

    /// Moves an avatar's obstacle to where its person now stands.
    pub fn move_avatar(&mut self, avatar: Entity, feet: Vec3) {
        if !feet.is_finite() {
            return;
        }
        if let Some(mut transform) = self.world.get_mut::<Transform>(avatar) {
            transform.translation = avatar_center(feet);
        }
    }

    /// Takes an avatar's obstacle away.
    pub fn remove_avatar(&mut self, avatar: Entity) {
        self.world.despawn(avatar);
    }

    pub(crate) fn handle(&self, index: usize) -> Option<RigidBodyHandle> {
        self.handles.get(index).copied()
    }

    pub(crate) fn index_of_handle(&self, handle: RigidBodyHandle) -> Option<usize> {
        self.handles.iter().position(|known| *known == handle)
    }

    pub(crate) fn rigid_bodies(&self) -> &RapierRigidBodySet {
        static EMPTY: std::sync::LazyLock<RapierRigidBodySet> =
            std::sync::LazyLock::new(RapierRigidBodySet::default);
        self.world.get(self.context).unwrap_or(&EMPTY)
    }

    pub(crate) fn rigid_bodies_mut(
        &mut self,
    ) -> Option<bevy::ecs::world::Mut<'_, RapierRigidBodySet>> {
        self.world.get_mut(self.context)
    }

    pub(crate) fn colliders(&self) -> Option<&RapierContextColliders> {
        self.world.get(self.context)
    }

    pub(crate) fn colliders_mut(
        &mut self,
    ) -> Option<bevy::ecs::world::Mut<'_, RapierContextColliders>> {
        self.world.get_mut(self.context)
    }

    pub(crate) fn engine(&self) -> Option<&RapierContextSimulation> {
        self.world.get(self.context)
    }

    /// Moves animated bodies to where they will be at the end of this tick; the engine derives their velocities.
    fn place_animated(&mut self) {
        let tick = self.tick;
        for index in 0..self.bodies.len() {
            let body = self.bodies[index];
            if !body.is_animated {
                continue;
            }
            let (position, rotation) = self.animated.pose(&self.scene, body.node, tick);
            let Some(handle) = self.handle(index) else {
                continue;
            };
            if position.is_finite()
                && let Some(body) = self
                    .rigid_bodies_mut()
                    .and_then(|set| set.into_inner().bodies.get_mut(handle))
            {
                body.set_next_kinematic_position(Pose::from_parts(position, rotation));
            }
        }
    }

    /// Gives bodies the velocities that the file states.
    fn start_moving(&mut self) {
        for index in 0..self.bodies.len() {
            let Some(motion) = &self.scene.nodes[self.bodies[index].node.index()]
                .physics
                .motion
            else {
                continue;
            };
            let (linear, angular) = (motion.linear_velocity, motion.angular_velocity);
            let Some(state) = self
                .body(index)
                .filter(|_| self.role == Role::Authority && self.bodies[index].is_dynamic)
            else {
                continue;
            };
            if linear != Vec3::ZERO || angular != Vec3::ZERO {
                self.set_body(
                    index,
                    &BodyState {
                        linear_velocity: state.rotation * linear,
                        angular_velocity: state.rotation * angular,
                        ..state
                    },
                );
            }
        }
    }

    fn set_active(&mut self, is_active: bool) {
        if let Some(mut configuration) = self.world.get_mut::<RapierConfiguration>(self.context) {
            configuration.physics_pipeline_active = is_active;
        }
    }
}

/// Groups that an avatar's motion is stopped by: everything but avatars.
pub(crate) fn avatar_obstacles() -> rapier3d::prelude::InteractionGroups {
    let bits = |group: Group| rapier3d::prelude::Group::from_bits_truncate(group.bits());
    rapier3d::prelude::InteractionGroups::new(
        bits(AVATAR_GROUP),
        bits(Group::all() & !AVATAR_GROUP),
        rapier3d::prelude::InteractionTestMode::And,
    )
}

/// Groups of the fixed and moving world, for rays.
pub(crate) fn ray_obstacles() -> rapier3d::prelude::InteractionGroups {
    let bits = |group: Group| rapier3d::prelude::Group::from_bits_truncate(group.bits());
    rapier3d::prelude::InteractionGroups::new(
        bits(PLAIN_GROUP | AVATAR_GROUP),
        bits(Group::all() & !AVATAR_GROUP),
        rapier3d::prelude::InteractionTestMode::And,
    )
}

/// Centre of the obstacle above the feet.
fn avatar_center(feet: Vec3) -> Vec3 {
    feet + Vec3::Y * (STANDING_HEIGHT * 0.5)
}

/// bevy_rapier3d makes its context in a startup schedule, which this world has to run by itself.
fn run_startup(world: &mut World) {
    for label in [
        bevy::prelude::PreStartup.intern(),
        bevy::prelude::Startup.intern(),
        bevy::prelude::PostStartup.intern(),
    ] {
        drop(world.try_run_schedule(label));
    }
}

fn find_context(world: &mut World) -> Entity {
    let mut query = world.query_filtered::<Entity, bevy::prelude::With<RapierContextSimulation>>();
    query.iter(world).next().unwrap_or(Entity::PLACEHOLDER)
}

fn set_gravity(world: &mut World, gravity: f32) {
    let mut query = world.query::<&mut RapierConfiguration>();
    for mut configuration in query.iter_mut(world) {
        configuration.gravity = Vec3::NEG_Y * gravity;
    }
}

/// Height of the lowest thing that is drawn or stood on, metres.
fn lowest(scene: &Scene) -> f32 {
    let drawn = scene.bounds().map_or(0.0, |(low, _)| low.y);
    stage::stage(scene).map_or(drawn, |stage| stage.floor.min(drawn))
}

/// An endless floor, for files that are things rather than places.
fn spawn_floor(world: &mut World, height: f32) {
    let floor = Collider::cuboid(1_000.0, 0.5, 1_000.0);
    world.spawn((
        floor,
        Transform::from_xyz(0.0, height - 0.5, 0.0),
        CollisionGroups::new(PLAIN_GROUP, Group::all()),
    ));
}

/// Heading of a node whose +Z is its front.
fn yaw_of(rotation: Quat) -> f32 {
    let front = rotation * Vec3::Z;
    // A person at yaw 0 looks along -Z.
    f32::atan2(-front.x, -front.z)
}

fn spawn_places(scene: &Scene) -> Vec<SpawnPlace> {
    let mut places = Vec::new();
    for node in scene.visible_nodes() {
        if let Some(point) = &scene.nodes[node.index()].spawn_point {
            let (position, rotation) = build::body_frame(scene, node);
            places.push(SpawnPlace {
                title: point.title.clone(),
                position,
                yaw: yaw_of(rotation),
            });
        }
    }
    if let Some(stage) = stage::stage(scene) {
        places.push(SpawnPlace {
            title: String::new(),
            position: stage.feet,
            yaw: 0.0,
        });
    }
    places
}

fn seat_places(scene: &Scene) -> Vec<SeatPlace> {
    let mut places = Vec::new();
    for node in scene.visible_nodes() {
        let Some(seat) = scene.nodes[node.index()].seat else {
            continue;
        };
        let world = scene.world_from_node(node);
        let (back, knee) = (
            world.transform_point3(seat.back),
            world.transform_point3(seat.knee),
        );
        let forward = (knee - back) * Vec3::new(1.0, 0.0, 1.0);
        places.push(SeatPlace {
            node,
            position: back,
            yaw: f32::atan2(-forward.x, -forward.z),
        });
    }
    places
}
