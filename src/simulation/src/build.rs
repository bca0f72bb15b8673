//! From a scene to bodies, colliders and triggers.

use crate::{
    animate::AnimatedNodes,
    belong::Belonging,
    filter::{PLAIN_GROUP, SystemGroups},
    joint,
    overlap::{Mobility, Overlaps},
    place::frame_of,
    rules::is_moderate,
    shape::{self, PlacedCollider},
    surface::Surface,
    trigger::Trigger,
    world::{Role, WorldBody},
};
use bevy::{
    log::warn,
    prelude::{ChildOf, Entity, Transform, World},
};
use bevy_rapier3d::prelude as rapier;
use glam::{Affine3A, Quat, Vec3};
use protocol::limits::MAX_CARRIED_KILOGRAMS;
use rapier3d::{
    parry::bounding_volume::Aabb,
    prelude::{MassProperties, Pose},
};
use scene::{
    Motion, MotionKind, NodeIndex, Scene,
    limits::{MAX_COLLIDERS, MAX_COLLISION_TRIANGLES, MAX_PROP_COLLIDERS, MAX_THINGS},
};
use std::collections::{BTreeMap, BTreeSet};

/// Mass of a dynamic body whose file gives neither mass nor volume, kilograms.
const FALLBACK_MASS: f32 = 1.0;
/// Density of bodies without a stated mass, kilograms a cubic metre (water, as the KHR draft suggests).
const DEFAULT_DENSITY: f32 = 1_000.0;
/// Share of its speed that a body loses in a second.
const LINEAR_DAMPING: f32 = 0.05;
/// Share of its spin that a body loses in a second.
const ANGULAR_DAMPING: f32 = 0.2;
/// The same for bodies that roll: nothing else in the engine ever stops a ball on a plane.
const ROLLING_DAMPING: f32 = 2.0;
/// Anything wider has no bounds worth speaking of, in metres.
const ENDLESS: f32 = 1_500.0;

/// Most triggers that move: everything they reach is looked at in every step.
const MAX_MOVED_TRIGGERS: usize = 256;
/// Colliders of things that people place, at most.
const MAX_PLACED: u64 = MAX_THINGS as u64 * MAX_PROP_COLLIDERS;

/// What was built.
pub(crate) struct Built {
    pub(crate) bodies: Vec<WorldBody>,
    /// Smallest and largest corner of the solid parts in the file's pose; endless ones left out.
    pub(crate) bounds: Option<(Vec3, Vec3)>,
}

/// Spawns everything solid of a scene.
pub(crate) fn build(
    world: &mut World,
    scene: &Scene,
    animated: &mut AnimatedNodes,
    role: Role,
) -> Built {
    let order = scene.nodes_in_scene();
    let belonging = Belonging::new(scene, &order, animated);
    let mut builder = Builder {
        world,
        scene,
        worlds: scene.world_transforms(),
        belonging: &belonging,
        animated,
        groups: SystemGroups::new(scene),
        role,
        bodies: BTreeMap::new(),
        bounds: None,
        overlaps: Overlaps::new(most_colliders(scene, &order), MAX_PLACED),
        moved_triggers: 0,
        left_out: 0,
    };
    if scene.physics.is_described {
        builder.add_colliders(&order);
        builder.add_triggers(&order);
    } else {
        builder.add_drawn_meshes(&order);
    }
    let jointed = joint::jointed_bodies(scene, &order, &belonging);
    builder.finish_masses(&jointed);
    if builder.left_out > 0 {
        warn!(
            "{} colliders and triggers are left out: too far away, too many in one place, or too many that animations move",
            builder.left_out
        );
    }
    let (parts, bounds) = (builder.bodies, builder.bounds);
    let entities = parts.iter().map(|(node, part)| (*node, part.body.entity));
    let entities: BTreeMap<NodeIndex, Entity> = entities.collect();
    if role == Role::Authority {
        for node in joint::driven_bodies(scene, &order, &belonging) {
            if let Some(&entity) = entities.get(&node) {
                world
                    .entity_mut(entity)
                    .insert(rapier::Sleeping::disabled());
            }
        }
        joint::spawn_joints(world, scene, &order, &belonging, &entities);
    }
    Built {
        bodies: parts.into_values().map(|part| part.body).collect(),
        bounds,
    }
}

/// Colliders and triggers that come of a scene, at most.
fn most_colliders(scene: &Scene, order: &[NodeIndex]) -> u64 {
    if scene.physics.is_described {
        return scene.solid().colliders;
    }
    let nodes = order.iter().map(|node| &scene.nodes[node.index()]);
    let drawn = nodes.filter(|node| node.mesh.is_some());
    let parts: usize = drawn.map(|node| node.instances.len().max(1)).sum();
    MAX_COLLIDERS.min(parts as u64)
}

/// Bodies that animations move, as far as the file describes what is solid; of more than
/// [`MAX_BODIES`](protocol::limits::MAX_BODIES) the rest is not solid.
#[must_use]
pub fn count_animated_bodies(scene: &Scene) -> usize {
    let order = scene.nodes_in_scene();
    let belonging = Belonging::new(scene, &order, &AnimatedNodes::new(scene));
    let solid = order
        .iter()
        .filter(|node| scene.nodes[node.index()].physics.collider.is_some());
    let bodies = solid.filter_map(|node| belonging.body(*node));
    let animated: BTreeSet<NodeIndex> =
        bodies.filter(|body| belonging.is_animated(*body)).collect();
    animated.len()
}

/// A body while its parts are gathered.
struct Part {
    body: WorldBody,
    /// Of its form at a density of 1, in its own space.
    form: MassProperties,
    is_round: bool,
}

struct Builder<'a> {
    world: &'a mut World,
    scene: &'a Scene,
    /// From each node's space to the world's.
    worlds: Vec<Affine3A>,
    belonging: &'a Belonging,
    animated: &'a mut AnimatedNodes,
    groups: SystemGroups,
    role: Role,
    bodies: BTreeMap<NodeIndex, Part>,
    bounds: Option<(Vec3, Vec3)>,
    overlaps: Overlaps,
    /// Triggers that move.
    moved_triggers: usize,
    left_out: usize,
}

impl Builder<'_> {
    /// A body exists as soon as a collider belongs to it: what has no form cannot be met.
    fn add_colliders(&mut self, order: &[NodeIndex]) {
        for &node in order {
            let scene = self.scene;
            let Some(part) = scene.nodes[node.index()].physics.collider else {
                continue;
            };
            let owner = self.belonging.body(node);
            // A dynamic body of loose triangles would fall through things: its hull stands in.
            let is_hull = owner.is_some_and(|owner| self.is_dynamic(owner));
            let surface = part
                .material
                .and_then(|index| scene.physics.materials.get(index as usize));
            let surface = Surface(surface.copied().unwrap_or_default());
            let groups = self.groups.of(part.filter);
            let place = self.body_from_node(node, owner);
            for placed in shape::place(scene, node, part.geometry, &place, is_hull) {
                self.spawn_collider(placed, owner, surface, groups);
            }
        }
    }

    fn add_triggers(&mut self, order: &[NodeIndex]) {
        let scene = self.scene;
        for &node in order {
            let Some(part) = &scene.nodes[node.index()].physics.trigger else {
                continue;
            };
            let Some(geometry) = part.geometry else {
                continue;
            };
            let owner = self
                .belonging
                .body(node)
                .filter(|owner| self.bodies.contains_key(owner));
            let groups = self.groups.of(part.filter);
            let place = self.body_from_node(node, owner);
            // Something inside of loose triangles touches none of them: a trigger is the hull around them.
            for placed in shape::place(scene, node, geometry, &place, true) {
                let is_moved = owner.is_some_and(|owner| self.mobility(owner) != Mobility::Still);
                let has_room = !is_moved || self.moved_triggers < MAX_MOVED_TRIGGERS;
                if !has_room || !self.has_room(self.world_bounds(owner, &placed), owner) {
                    self.left_out += 1;
                    continue;
                }
                self.moved_triggers += usize::from(is_moved);
                let mut entity = self.world.spawn((
                    placed.collider,
                    transform(placed.translation, placed.rotation),
                    rapier::Sensor,
                    rapier::ColliderMassProperties::Density(0.0),
                    groups,
                    Trigger(node),
                ));
                if let Some(part) = owner.and_then(|owner| self.bodies.get(&owner)) {
                    entity.insert(ChildOf(part.body.entity));
                }
            }
        }
    }

    /// A file without any physics is solid as it is drawn.
    fn add_drawn_meshes(&mut self, order: &[NodeIndex]) {
        let scene = self.scene;
        let (mut budget, mut colliders) = (MAX_COLLISION_TRIANGLES, MAX_COLLIDERS);
        let mut is_hidden = vec![false; scene.nodes.len()];
        for &node in order {
            let drawn = &scene.nodes[node.index()];
            let is_below_hidden = drawn.parent.is_some_and(|parent| is_hidden[parent.index()]);
            is_hidden[node.index()] = drawn.is_hidden || is_below_hidden;
            let Some(mesh) = drawn.mesh.filter(|_| !is_hidden[node.index()]) else {
                continue;
            };
            // The pose of a skinned mesh is that of its bones, not of its node.
            let owner = self.belonging.body(node).filter(|_| drawn.skin.is_none());
            let place = self.body_from_node(node, owner);
            let triangles = scene.meshes[mesh.index()].solid_triangle_count();
            for instance in shape::instances(drawn, place) {
                if triangles > budget || colliders == 0 {
                    warn!(
                        "only {MAX_COLLISION_TRIANGLES} triangles of {MAX_COLLIDERS} meshes are solid, the rest of the world is not"
                    );
                    return;
                }
                budget -= triangles;
                colliders -= u64::from(triangles > 0);
                if let Some(placed) = shape::drawn(scene, mesh, &instance) {
                    let groups = rapier::CollisionGroups::new(PLAIN_GROUP, rapier::Group::all());
                    self.spawn_collider(placed, owner, Surface::default(), groups);
                }
            }
        }
    }

    fn spawn_collider(
        &mut self,
        placed: PlacedCollider,
        owner: Option<NodeIndex>,
        surface: Surface,
        groups: rapier::CollisionGroups,
    ) {
        let pose = Pose::from_parts(placed.translation, placed.rotation);
        let bounds = self.world_bounds(owner, &placed);
        if !self.has_room(bounds, owner) || !self.may_move(owner) {
            self.left_out += 1;
            return;
        }
        self.include(bounds);
        let parent = owner.map(|owner| {
            let is_dynamic = self.is_dynamic(owner);
            let part = self.body(owner);
            if is_dynamic {
                part.form += placed.collider.raw.mass_properties(1.0).transform_by(&pose);
                part.is_round |= placed.is_round;
            }
            part.body.entity
        });
        let mut entity = self.world.spawn((
            placed.collider,
            transform(placed.translation, placed.rotation),
            surface.components(),
            surface,
            groups,
            // Bodies get their mass as a whole.
            rapier::ColliderMassProperties::Density(0.0),
        ));
        if surface.has_own_rules() {
            entity.insert(rapier::ActiveHooks::MODIFY_SOLVER_CONTACTS);
        }
        if let Some(parent) = parent {
            entity.insert(ChildOf(parent));
        }
    }

    /// The body of a node, spawned when it is first asked for.
    fn body(&mut self, node: NodeIndex) -> &mut Part {
        let (is_dynamic, is_driven) = (self.is_dynamic(node), self.is_driven(node));
        let is_animated = self.belonging.is_animated(node);
        let (position, rotation) = self.frame(node);
        let (world, role) = (&mut *self.world, self.role);
        self.bodies.entry(node).or_insert_with(|| {
            let kind = match role {
                Role::Authority if is_dynamic => rapier::RigidBody::Dynamic,
                Role::Authority if is_driven => rapier::RigidBody::KinematicVelocityBased,
                _ => rapier::RigidBody::KinematicPositionBased,
            };
            Part {
                body: WorldBody {
                    node,
                    entity: world.spawn((kind, transform(position, rotation))).id(),
                    is_dynamic,
                    is_animated,
                    is_driven,
                    is_carryable: false,
                },
                form: MassProperties::default(),
                is_round: false,
            }
        })
    }

    fn finish_masses(&mut self, jointed: &BTreeSet<NodeIndex>) {
        for (node, part) in &mut self.bodies {
            let motion = self.scene.nodes[node.index()].physics.motion.as_ref();
            let Some(motion) = motion.filter(|_| part.body.is_dynamic) else {
                continue;
            };
            let (scale, ..) = self.worlds[node.index()].to_scale_rotation_translation();
            let properties = mass_properties(motion, part.form, scale);
            // What hangs on a joint is pushed, not taken away.
            part.body.is_carryable = properties.mass <= MAX_CARRIED_KILOGRAMS
                && !jointed.contains(node)
                && self.scene.is_selectable(*node);
            // No `Velocity` component: the engine would write it back over what carrying and restoring set.
            let mut entity = self.world.entity_mut(part.body.entity);
            entity.insert((
                rapier::AdditionalMassProperties::MassProperties(properties),
                rapier::GravityScale(motion.gravity_factor),
                rapier::Damping {
                    linear_damping: LINEAR_DAMPING,
                    angular_damping: if part.is_round {
                        ROLLING_DAMPING
                    } else {
                        ANGULAR_DAMPING
                    },
                },
            ));
            if self.role == Role::Authority {
                entity.insert(rapier::Ccd::enabled());
            }
        }
    }

    /// Moved by forces: animation wins over simulation.
    fn is_dynamic(&self, node: NodeIndex) -> bool {
        let motion = self.scene.nodes[node.index()].physics.motion.as_ref();
        motion.is_some_and(Motion::is_moved_by_forces) && !self.belonging.is_animated(node)
    }

    /// No force changes its velocity, and the file states one (KHR_physics_rigid_bodies: that of a kinematic body is
    /// constant).
    fn is_driven(&self, node: NodeIndex) -> bool {
        let motion = self.scene.nodes[node.index()].physics.motion.as_ref();
        let is_moving =
            motion.is_some_and(|motion| motion.kind != MotionKind::Static && motion.has_velocity());
        is_moving && !self.is_dynamic(node) && !self.belonging.is_animated(node)
    }

    fn body_from_node(&self, node: NodeIndex, owner: Option<NodeIndex>) -> Affine3A {
        let world_from_node = self.worlds[node.index()];
        owner.map_or(world_from_node, |owner| {
            let (position, rotation) = self.frame(owner);
            Affine3A::from_rotation_translation(rotation, position).inverse() * world_from_node
        })
    }

    fn frame(&self, node: NodeIndex) -> (Vec3, Quat) {
        frame_of(&self.worlds[node.index()])
    }

    /// False where the engine cannot reckon, and where there is too much already.
    fn has_room(&mut self, bounds: Aabb, owner: Option<NodeIndex>) -> bool {
        let mobility = owner.map_or(Mobility::Still, |owner| self.mobility(owner));
        let bounds = match mobility {
            Mobility::Free(body) => turned(&bounds, self.frame(body).0),
            Mobility::Still | Mobility::Led => bounds,
        };
        are_moderate(&bounds) && self.overlaps.admit(bounds, mobility)
    }

    /// Of what belongs to a body.
    fn mobility(&self, owner: NodeIndex) -> Mobility {
        if self.is_dynamic(owner) {
            Mobility::Free(owner)
        } else if self.is_driven(owner) || self.belonging.is_animated(owner) {
            Mobility::Led
        } else {
            Mobility::Still
        }
    }

    /// False for a body of an animation that would be one too many.
    fn may_move(&mut self, owner: Option<NodeIndex>) -> bool {
        let Some(owner) = owner else {
            return true;
        };
        !self.belonging.is_animated(owner)
            || self.bodies.contains_key(&owner)
            || self.animated.carry(self.scene, owner)
    }

    fn world_bounds(&self, owner: Option<NodeIndex>, placed: &PlacedCollider) -> Aabb {
        let (position, rotation) =
            owner.map_or((Vec3::ZERO, Quat::IDENTITY), |owner| self.frame(owner));
        let bounds = placed.bounds();
        bounds.transform_by(&Pose::from_parts(position, rotation))
    }

    fn include(&mut self, bounds: Aabb) {
        if (bounds.maxs - bounds.mins).max_element() > ENDLESS {
            return;
        }
        let (low, high) = self.bounds.unwrap_or((bounds.mins, bounds.maxs));
        self.bounds = Some((low.min(bounds.mins), high.max(bounds.maxs)));
    }
}

/// Around a part of a body however that turns about its origin.
fn turned(bounds: &Aabb, origin: Vec3) -> Aabb {
    let (low, high) = (bounds.mins - origin, bounds.maxs - origin);
    let reach = Vec3::splat(low.abs().max(high.abs()).length());
    Aabb::new(origin - reach, origin + reach)
}

fn are_moderate(bounds: &Aabb) -> bool {
    is_moderate(bounds.mins) && is_moderate(bounds.maxs)
}

/// What the file states, and for the rest what follows from the form. The file's points lie in the space of a node of that scale.
fn mass_properties(motion: &Motion, form: MassProperties, scale: Vec3) -> rapier::MassProperties {
    let mut form = form;
    let volume = form.mass();
    let mass = motion.mass.unwrap_or(volume * DEFAULT_DENSITY);
    let mass = if mass > 0.0 && mass.is_finite() {
        mass
    } else {
        FALLBACK_MASS
    };
    let is_solid = volume > 0.0
        && volume.is_finite()
        && form.principal_inertia().is_finite()
        && is_moderate(form.local_com);
    if is_solid {
        form.set_mass(mass, true);
    } else {
        // Without volume: as a ball half a metre across.
        form = MassProperties::new(Vec3::ZERO, mass, Vec3::splat(0.4 * mass * 0.0625));
    }
    let (inertia, orientation) = motion.inertia_diagonal.map_or_else(
        || (form.principal_inertia(), form.principal_inertia_local_frame),
        |inertia| (inertia, motion.inertia_orientation),
    );
    rapier::MassProperties {
        local_center_of_mass: motion
            .center_of_mass
            .map(|center| center * scale)
            .filter(|center| is_moderate(*center))
            .unwrap_or(form.local_com),
        mass,
        principal_inertia_local_frame: orientation,
        principal_inertia: inertia,
    }
}
fn transform(translation: Vec3, rotation: Quat) -> Transform {
    Transform {
        translation,
        rotation,
        scale: Vec3::ONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Simulation, WorldRules};
    use scene::{Geometry, Node, Shape, TriggerPart};
    use std::sync::Arc;

    #[test]
    fn so_many_triggers_move() {
        let triggers = |kind: Option<MotionKind>| {
            let mut scene = Scene::default();
            let motion = kind.map(|kind| Motion {
                kind,
                ..Motion::default()
            });
            let place = scene::Transform::default();
            let body = scene.add_solid(place, Shape::Box(Vec3::ONE), motion);
            for _ in 0..MAX_MOVED_TRIGGERS + 9 {
                let index = NodeIndex(scene.nodes.len() as u32);
                let mut node = Node {
                    parent: Some(body),
                    ..Node::default()
                };
                node.physics.trigger = Some(TriggerPart {
                    geometry: Some(Geometry::Shape(0)),
                    nodes: Vec::new(),
                    filter: None,
                });
                scene.nodes.push(node);
                scene.nodes[body.index()].children.push(index);
            }
            let rules = WorldRules { gravity: 9.81 };
            let mut simulation = Simulation::new(Arc::new(scene), rules, Role::Authority);
            let mut all = simulation.world.query::<&Trigger>();
            all.iter(&simulation.world).count()
        };
        assert_eq!(triggers(Some(MotionKind::Dynamic)), MAX_MOVED_TRIGGERS);
        assert_eq!(triggers(None), MAX_MOVED_TRIGGERS + 9);
    }
}
