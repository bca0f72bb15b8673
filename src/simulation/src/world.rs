//! The simulation of one world: a small Bevy world of its own with bevy_rapier3d in it, stepped tick by tick.

use crate::{
    animate::AnimatedNodes,
    avatar::AvatarMotion,
    build::{self, Built},
    carried::CarriedPlace,
    filter::{AVATAR_GROUP, PLAIN_GROUP, RAIL_GROUP},
    gravity::Gravity,
    place::{self, SeatPlace, SpawnPlace},
    plugin::{self, Tick},
    rules::{FALL_BELOW_WORLD, is_moderate},
    shape,
    stage::{Stage, stage},
    trigger::{self, Compounds},
};
use bevy::prelude::{Entity, Transform, World};
use bevy_rapier3d::{
    plugin::context::{RapierContextColliders, RapierContextSimulation, RapierRigidBodySet},
    prelude::{CollisionGroups, Group, RapierConfiguration, RapierRigidBodyHandle},
};
use glam::{Quat, Vec3};
use rapier3d::prelude::{Pose, RigidBodyHandle};
use scene::{NodeIndex, Scene};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

/// A body of a follower that moves further in one tick was put elsewhere: nothing rides along, in metres.
const LONGEST_STRIDE: f32 = 1.0;

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
    /// Moved by forces.
    pub is_dynamic: bool,
    /// Its pose follows from the tick: it need not travel.
    pub is_animated: bool,
    /// Moves on at the velocity that the file states, whatever stands in its way.
    pub is_driven: bool,
    /// Light enough to be carried.
    pub is_carryable: bool,
}

impl WorldBody {
    /// True when its pose does not follow from the tick alone: it travels to clients.
    #[must_use]
    pub const fn travels(&self) -> bool {
        self.is_dynamic || self.is_driven
    }
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
    /// True when the engine can reckon with every number: none so large that products overflow, and a rotation that
    /// is about one.
    #[must_use]
    pub fn is_believable(&self) -> bool {
        is_moderate(self.position)
            && (0.5..2.0).contains(&self.rotation.length_squared())
            && is_moderate(self.linear_velocity)
            && is_moderate(self.angular_velocity)
    }
}

/// One world's physics. Cheap to query between ticks, and never reads a clock.
pub struct Simulation {
    pub(crate) world: World,
    pub(crate) scene: Arc<Scene>,
    pub(crate) animated: AnimatedNodes,
    /// Animated nodes that have rested for a while, from when somebody asks until the tick changes.
    pub(crate) resting: OnceLock<BTreeSet<NodeIndex>>,
    role: Role,
    pub(crate) gravity: Gravity,
    pub(crate) compounds: Compounds,
    bodies: Vec<WorldBody>,
    handles: Vec<RigidBodyHandle>,
    body_by_handle: HashMap<RigidBodyHandle, usize>,
    body_by_node: BTreeMap<NodeIndex, usize>,
    context: Entity,
    tick: u64,
    spawns: Vec<SpawnPlace>,
    stage: Option<Stage>,
    seats: Vec<SeatPlace>,
    kill_height: f32,
    /// Ticks for which each carried body has been far from its hand.
    pub(crate) carried: BTreeMap<usize, u32>,
    /// Bodies of a follower that forces move here for a while.
    pub(crate) local: BTreeSet<usize>,
    /// People in the way, see `obstacle.rs`.
    pub(crate) obstacles: Vec<Entity>,
    /// The colliders of each thing that was put here, see `thing.rs`.
    pub(crate) things: BTreeMap<u64, Vec<Entity>>,
}

impl Simulation {
    /// Builds a world at tick 0. Never fails: what cannot be built collides with nothing.
    #[must_use]
    pub fn new(scene: Arc<Scene>, rules: WorldRules, role: Role) -> Self {
        let mut world = plugin::world();
        let mut animated = AnimatedNodes::new(&scene);
        let context = find_context(&mut world);
        let gravity = Gravity::new(&scene, rules.gravity);
        let compounds = trigger::compounds(&scene);
        set_gravity(&mut world, gravity.world());
        let Built { bodies, bounds } = build::build(&mut world, &scene, &mut animated, role);
        let stage = stage(&scene);
        if let Some(stage) = stage {
            spawn_ground(&mut world, stage.floor);
            if let Some(corners) = stage.plinth {
                spawn_block(
                    &mut world,
                    corners,
                    CollisionGroups::new(PLAIN_GROUP, Group::all()),
                );
            }
            if let Some(corners) = stage.rail {
                spawn_rail(&mut world, corners);
            }
        }
        let lowest = [
            bounds.map(|(low, _)| low.y),
            scene.bounds().map(|(low, _)| low.y),
            stage.map(|stage| stage.floor),
        ];
        let lowest = lowest.into_iter().flatten().reduce(f32::min);
        let mut simulation = Self {
            spawns: place::spawn_places(&scene, stage.as_ref()),
            stage,
            seats: place::seat_places(&scene),
            kill_height: lowest.unwrap_or_default() - FALL_BELOW_WORLD,
            body_by_node: bodies
                .iter()
                .enumerate()
                .map(|(index, body)| (body.node, index))
                .collect(),
            world,
            scene,
            animated,
            resting: OnceLock::new(),
            role,
            gravity,
            compounds,
            bodies,
            handles: Vec::new(),
            body_by_handle: HashMap::new(),
            context,
            tick: 0,
            carried: BTreeMap::new(),
            local: BTreeSet::new(),
            obstacles: Vec::new(),
            things: BTreeMap::new(),
        };
        simulation.take_in();
        simulation.note_handles();
        simulation.place_animated(true);
        simulation.make_tree();
        simulation.start_moving();
        simulation
    }

    /// One tick of 1/60 s.
    pub fn step(&mut self) {
        self.put_tick(self.tick + 1);
        self.place_animated(false);
        self.place_obstacles();
        self.pull_bodies();
        self.world.run_schedule(Tick);
        self.world.clear_trackers();
    }

    /// Lets the engine take in what was spawned, without a step.
    fn take_in(&mut self) {
        self.set_active(false);
        self.world.run_schedule(Tick);
        self.set_active(true);
    }

    /// Makes what was added since the last step known to rays and casts. No time passes.
    pub fn settle(&mut self) {
        self.take_in();
        self.make_tree();
    }

    /// Jumps to a tick, so that what the tick decides (lifts, doors) is where it should be.
    pub fn set_tick(&mut self, tick: u64) {
        if tick != self.tick {
            self.put_tick(tick);
            self.place_animated(true);
        }
    }

    /// Jumps to a tick, and takes along who stands on something that the tick moves: a lift that jumped without them would be
    /// around them.
    pub fn set_tick_with(&mut self, tick: u64, motion: &mut AvatarMotion) {
        let carried = motion
            .is_grounded
            .then(|| self.animated_ground(motion.position))
            .flatten()
            .and_then(|body| CarriedPlace::new(self, body, motion.position, self.tick));
        self.set_tick(tick);
        if let Some(position) = carried.and_then(|place| place.at(self, tick)) {
            motion.position = position;
        }
    }

    /// Ticks since the world began.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// How much somebody is pulled down at a point, metres a second squared. People stand upright whatever pulls them
    /// sideways, and nothing pulls them up.
    #[must_use]
    pub fn gravity_at(&self, point: Vec3) -> f32 {
        (-self.gravity.at(point).y).max(0.0)
    }

    /// How the file is looked at when it has no spawn points of its own.
    #[must_use]
    pub fn stage(&self) -> Option<&Stage> {
        self.stage.as_ref()
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

    /// True for a body that the engine has switched off, because it had no finite place any more. [`Self::set_body`]
    /// switches it on again.
    #[must_use]
    pub fn is_switched_off(&self, index: usize) -> bool {
        let body = self
            .handle(index)
            .and_then(|handle| self.rigid_bodies().bodies.get(handle));
        body.is_some_and(|body| !body.is_enabled())
    }

    /// Puts a body somewhere: from a store, from the server, or back from below the world. Values that are no numbers
    /// change nothing, and neither does what the server says of a body that is [local](Self::is_local).
    pub fn set_body(&mut self, index: usize, state: &BodyState) {
        if !state.is_believable() || self.is_local(index) {
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
            let is_near = body.position().translation.distance(pose.translation) < LONGEST_STRIDE;
            if is_near {
                body.set_next_kinematic_position(pose);
            } else {
                body.set_position(pose, true);
            }
            return;
        }
        body.set_enabled(true);
        body.set_position(pose, !state.is_sleeping);
        body.set_linvel(state.linear_velocity, !state.is_sleeping);
        body.set_angvel(state.angular_velocity, !state.is_sleeping);
        if state.is_sleeping {
            body.sleep();
        }
    }

    pub(crate) const fn context(&self) -> Entity {
        self.context
    }

    /// The tick alone; bodies that follow from it are put where they belong by the next step.
    pub(crate) fn put_tick(&mut self, tick: u64) {
        self.tick = tick;
        self.resting = OnceLock::new();
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn handle(&self, index: usize) -> Option<RigidBodyHandle> {
        self.handles.get(index).copied()
    }

    pub(crate) fn index_of_handle(&self, handle: RigidBodyHandle) -> Option<usize> {
        self.body_by_handle.get(&handle).copied()
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

    /// Moves animated bodies to where they will be at the end of this tick; the engine derives their velocities, but not
    /// from a jump in time.
    fn place_animated(&mut self, is_jump: bool) {
        for (node, (position, rotation)) in self.animated.poses(&self.scene, self.tick) {
            let index = self.body_by_node.get(&node);
            let Some(handle) = index.and_then(|&index| self.handle(index)) else {
                continue;
            };
            if is_moderate(position)
                && let Some(body) = self
                    .rigid_bodies_mut()
                    .and_then(|set| set.into_inner().bodies.get_mut(handle))
            {
                let pose = Pose::from_parts(position, rotation);
                if is_jump {
                    body.set_position(pose, true);
                } else {
                    body.set_next_kinematic_position(pose);
                }
            }
        }
    }

    /// Lets the engine make its tree, so that there are answers before the first tick; everything stays where the file
    /// has it.
    fn make_tree(&mut self) {
        let states: Vec<Option<BodyState>> = (0..self.bodies.len())
            .map(|index| self.body(index))
            .collect();
        set_gravity(&mut self.world, Vec3::ZERO);
        self.world.run_schedule(Tick);
        let gravity = self.gravity.world();
        set_gravity(&mut self.world, gravity);
        for (index, state) in states.into_iter().enumerate() {
            if let Some(state) = state.filter(|_| self.bodies[index].is_dynamic) {
                self.set_body(
                    index,
                    &BodyState {
                        is_sleeping: false,
                        ..state
                    },
                );
            }
        }
    }

    /// Learns what the engine calls each body.
    fn note_handles(&mut self) {
        let handle_of = |body: &WorldBody| {
            let handle = self.world.get::<RapierRigidBodyHandle>(body.entity);
            handle.map_or_else(RigidBodyHandle::invalid, |handle| handle.0)
        };
        self.handles = self.bodies.iter().map(handle_of).collect();
        let handles = self.handles.iter().enumerate();
        self.body_by_handle = handles.map(|(index, handle)| (*handle, index)).collect();
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
            let body = self.bodies[index];
            let Some(state) = self
                .body(index)
                .filter(|_| self.role == Role::Authority && body.travels())
            else {
                continue;
            };
            if linear != Vec3::ZERO || angular != Vec3::ZERO {
                self.set_body(
                    index,
                    &BodyState {
                        linear_velocity: state.rotation * linear,
                        angular_velocity: state.rotation * angular,
                        is_sleeping: false,
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

fn find_context(world: &mut World) -> Entity {
    let mut query = world.query_filtered::<Entity, bevy::prelude::With<RapierContextSimulation>>();
    query.iter(world).next().unwrap_or(Entity::PLACEHOLDER)
}

fn set_gravity(world: &mut World, gravity: Vec3) {
    let mut query = world.query::<&mut RapierConfiguration>();
    for mut configuration in query.iter_mut(world) {
        configuration.gravity = gravity;
    }
}

/// A block that never moves.
fn spawn_block(world: &mut World, (low, high): (Vec3, Vec3), groups: CollisionGroups) {
    let half = (high - low) * 0.5;
    world.spawn((
        shape::block(half),
        Transform::from_translation(low + half),
        groups,
    ));
}

/// Four walls around a box, as thick as it is wide, so that nothing is too fast for them.
fn spawn_rail(world: &mut World, (low, high): (Vec3, Vec3)) {
    let size = high - low;
    let groups = CollisionGroups::new(RAIL_GROUP, Group::all() & !AVATAR_GROUP);
    for (axis, across) in [(Vec3::X, Vec3::Z), (Vec3::Z, Vec3::X)] {
        let (step, more) = (size * axis, size * across);
        spawn_block(world, (low - step - more, high - step + more), groups);
        spawn_block(world, (low + step - more, high + step + more), groups);
    }
}

/// The ground of a world without spawn points: endless, under everything.
fn spawn_ground(world: &mut World, height: f32) {
    let (collider, offset) = shape::endless_ground();
    world.spawn((
        collider,
        Transform::from_translation(Vec3::Y * height + offset),
        CollisionGroups::new(PLAIN_GROUP, Group::all()),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{Motion, Shape};

    #[test]
    fn what_the_engine_switched_off_goes_on_when_it_is_put_back() {
        let mut scene = Scene::default();
        let falls = Some(Motion::default());
        scene.add_solid(scene::Transform::default(), Shape::Box(Vec3::ONE), falls);
        let rules = WorldRules { gravity: 9.81 };
        let mut simulation = Simulation::new(Arc::new(scene), rules, Role::Authority);
        let state = simulation.body(0).unwrap();
        let handle = simulation.handle(0).unwrap();
        let set = simulation.rigid_bodies_mut().unwrap().into_inner();
        let body = set.bodies.get_mut(handle).unwrap();
        body.set_linvel(Vec3::splat(f32::NAN), true);
        simulation.step();
        assert!(simulation.is_switched_off(0));
        simulation.set_body(0, &state);
        simulation.step();
        assert!(!simulation.is_switched_off(0));
        assert!(simulation.body(0).unwrap().position.y < state.position.y);
    }
}
