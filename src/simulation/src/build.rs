//! From a scene to bodies, colliders and joints.

use crate::{
    animate::AnimatedNodes,
    shape,
    world::{Role, WorldBody},
};
use bevy::prelude::{ChildOf, Entity, Transform, World};
use bevy_rapier3d::prelude as rapier;
use glam::{Affine3A, Quat, Vec3};
use protocol::limits::MAX_CARRIED_KILOGRAMS;
use scene::{ColliderPart, Combine, Geometry, Motion, MotionKind, NodeIndex, Scene};
use std::collections::{BTreeMap, BTreeSet};

/// Group of avatars' capsules; nothing in a file can belong to it.
pub(crate) const AVATAR_GROUP: rapier::Group = rapier::Group::GROUP_32;
/// Group of everything without a filter.
pub(crate) const PLAIN_GROUP: rapier::Group = rapier::Group::GROUP_31;
/// Systems that a file may name; more share the last group.
const MAX_SYSTEMS: usize = 30;
/// Mass of a dynamic body whose file gives neither mass nor volume, kilograms.
const FALLBACK_MASS: f32 = 1.0;
/// Density of bodies without a stated mass, kilograms a cubic metre (water, as the KHR draft suggests).
const DEFAULT_DENSITY: f32 = 1_000.0;

/// What was built.
pub(crate) struct Built {
    pub(crate) bodies: Vec<WorldBody>,
}

/// Spawns everything solid of a scene.
pub(crate) fn build(
    world: &mut World,
    scene: &Scene,
    animated: &AnimatedNodes,
    role: Role,
) -> Built {
    let visible = scene.visible_nodes();
    let groups = SystemGroups::new(scene);
    let mut bodies = Vec::new();
    let mut entities = BTreeMap::new();
    if !scene.physics.is_described {
        spawn_drawn_triangles(world, scene, &visible);
        return Built { bodies };
    }
    for &node in &visible {
        let Some(motion) = moving(scene, node) else {
            continue;
        };
        let body = spawn_body(world, scene, animated, node, motion, role);
        entities.insert(node, body.entity);
        bodies.push(body);
    }
    let mut has_collider = BTreeSet::new();
    for &node in &visible {
        let Some(part) = scene.nodes[node.index()].physics.collider else {
            continue;
        };
        let owner = owner(scene, node);
        spawn_collider(
            world,
            scene,
            node,
            &part,
            owner.and_then(|owner| entities.get(&owner).map(|&entity| (owner, entity))),
            &groups,
        );
        has_collider.extend(owner);
    }
    // A body without form has no volume to take its mass from.
    bodies.retain(|body| {
        let is_solid = has_collider.contains(&body.node);
        if !is_solid {
            world.despawn(body.entity);
        }
        is_solid
    });
    if role == Role::Authority {
        spawn_joints(world, scene, &visible, &entities);
    }
    Built { bodies }
}

/// The motion of a node that moves; static ones are part of the fixed world.
fn moving(scene: &Scene, node: NodeIndex) -> Option<&Motion> {
    scene.nodes[node.index()]
        .physics
        .motion
        .as_ref()
        .filter(|motion| motion.kind != MotionKind::Static)
}

/// The body that a node belongs to: the nearest node with motion, itself included.
fn owner(scene: &Scene, node: NodeIndex) -> Option<NodeIndex> {
    let mut next = Some(node);
    while let Some(node) = next {
        if scene.nodes[node.index()].physics.motion.is_some() {
            return moving(scene, node).map(|_| node);
        }
        next = scene.nodes[node.index()].parent;
    }
    None
}

/// A body's frame: position and rotation of its node, without scale.
pub(crate) fn body_frame(scene: &Scene, node: NodeIndex) -> (Vec3, Quat) {
    let (_, rotation, translation) = scene.world_from_node(node).to_scale_rotation_translation();
    (
        translation,
        if rotation.is_finite() && rotation.length_squared() > 0.5 {
            rotation.normalize()
        } else {
            Quat::IDENTITY
        },
    )
}

fn spawn_body(
    world: &mut World,
    scene: &Scene,
    animated: &AnimatedNodes,
    node: NodeIndex,
    motion: &Motion,
    role: Role,
) -> WorldBody {
    let (position, rotation) = body_frame(scene, node);
    let is_animated = animated.moves(scene, node);
    let is_dynamic = motion.kind == MotionKind::Dynamic && !is_animated && motion.mass != Some(0.0);
    let rigid_body = if is_dynamic && role == Role::Authority {
        rapier::RigidBody::Dynamic
    } else {
        rapier::RigidBody::KinematicPositionBased
    };
    let mut entity = world.spawn((
        rigid_body,
        Transform {
            translation: position,
            rotation,
            scale: Vec3::ONE,
        },
    ));
    if is_dynamic && role == Role::Authority {
        // No `Velocity` component: the engine would write it back over what carrying and restoring set.
        entity.insert((
            rapier::GravityScale(motion.gravity_factor),
            rapier::Ccd::enabled(),
            rapier::Damping {
                linear_damping: 0.08,
                angular_damping: 2.0,
            },
        ));
        if let Some(mass) = motion.mass.filter(|mass| *mass > 0.0) {
            entity.insert(mass_properties(motion, mass));
        }
    }
    let is_carryable = is_dynamic && motion.mass.unwrap_or(FALLBACK_MASS) <= MAX_CARRIED_KILOGRAMS;
    WorldBody {
        node,
        entity: entity.id(),
        is_dynamic,
        is_animated,
        is_carryable,
    }
}

fn mass_properties(motion: &Motion, mass: f32) -> rapier::AdditionalMassProperties {
    match motion.inertia_diagonal {
        Some(inertia) => rapier::AdditionalMassProperties::MassProperties(rapier::MassProperties {
            local_center_of_mass: motion.center_of_mass.unwrap_or_default(),
            mass,
            principal_inertia_local_frame: motion.inertia_orientation,
            principal_inertia: inertia,
        }),
        None => rapier::AdditionalMassProperties::Mass(mass),
    }
}

fn spawn_collider(
    world: &mut World,
    scene: &Scene,
    node: NodeIndex,
    part: &ColliderPart,
    body: Option<(NodeIndex, Entity)>,
    groups: &SystemGroups,
) {
    let world_from_node = scene.world_from_node(node);
    let body_from_node = match body {
        Some((owner, _)) => {
            let (position, rotation) = body_frame(scene, owner);
            Affine3A::from_rotation_translation(rotation, position).inverse() * world_from_node
        }
        None => world_from_node,
    };
    let surface = part
        .material
        .and_then(|index| scene.physics.materials.get(index as usize))
        .copied()
        .unwrap_or_default();
    let has_mass = body.is_some_and(|(owner, _)| {
        scene.nodes[owner.index()]
            .physics
            .motion
            .as_ref()
            .is_some_and(|motion| motion.mass.is_some())
    });
    // A dynamic body of loose triangles would fall through things: its hull stands in.
    let is_moving_dynamic = body
        .and_then(|(owner, _)| moving(scene, owner))
        .is_some_and(|motion| motion.kind == MotionKind::Dynamic);
    let geometry = if is_moving_dynamic {
        solid(scene, part.geometry)
    } else {
        part.geometry
    };
    for placed in shape::place(scene, node, geometry, &body_from_node) {
        let mut entity = world.spawn((
            placed.collider,
            Transform {
                translation: placed.translation,
                rotation: placed.rotation,
                scale: Vec3::ONE,
            },
            rapier::Friction {
                coefficient: surface.dynamic_friction,
                combine_rule: combine(surface.friction_combine),
            },
            rapier::Restitution {
                coefficient: surface.restitution,
                combine_rule: combine(surface.restitution_combine),
            },
            groups.of(scene, part.filter),
            // Mass comes from the motion where it is stated; the collider then only gives the shape of the inertia.
            rapier::ColliderMassProperties::Density(if has_mass {
                1.0e-3
            } else {
                DEFAULT_DENSITY
            }),
        ));
        if let Some((_, body)) = body {
            entity.insert(ChildOf(body));
        }
    }
}

fn solid(scene: &Scene, geometry: Geometry) -> Geometry {
    match geometry {
        Geometry::NodeMeshes { node, .. } => Geometry::NodeMeshes {
            node,
            is_convex_hull: true,
        },
        Geometry::Shape(index) => match scene.physics.shapes.get(index as usize) {
            Some(scene::Shape::TriangleMesh(mesh)) => {
                let convex = scene
                    .physics
                    .shapes
                    .iter()
                    .position(|shape| *shape == scene::Shape::ConvexMesh(*mesh));
                convex.map_or(geometry, |index| Geometry::Shape(index as u32))
            }
            _ => geometry,
        },
    }
}

fn combine(rule: Combine) -> rapier::CoefficientCombineRule {
    match rule {
        Combine::Average => rapier::CoefficientCombineRule::Average,
        Combine::Minimum => rapier::CoefficientCombineRule::Min,
        Combine::Maximum => rapier::CoefficientCombineRule::Max,
        Combine::Multiply => rapier::CoefficientCombineRule::Multiply,
    }
}

/// A file without any physics is solid as it is drawn.
fn spawn_drawn_triangles(world: &mut World, scene: &Scene, visible: &[NodeIndex]) {
    for &node in visible {
        let drawn = &scene.nodes[node.index()];
        let Some(mesh) = drawn.mesh else { continue };
        let place = scene.world_from_node(node);
        let instances: Vec<Affine3A> = if drawn.instances.is_empty() {
            vec![place]
        } else {
            drawn
                .instances
                .iter()
                .map(|instance| place * instance.affine())
                .collect()
        };
        for instance in instances {
            if let Some(collider) = shape::triangles(scene, mesh, &instance) {
                world.spawn((
                    collider,
                    Transform::IDENTITY,
                    rapier::CollisionGroups::new(PLAIN_GROUP, rapier::Group::all()),
                ));
            }
        }
    }
}

/// Names of collision systems as bits.
struct SystemGroups {
    names: Vec<String>,
}

impl SystemGroups {
    fn new(scene: &Scene) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mentioned = scene.physics.filters.iter().flat_map(|filter| {
            filter
                .systems
                .iter()
                .chain(filter.collide_with.iter().flatten())
                .chain(filter.not_collide_with.iter().flatten())
        });
        for name in mentioned {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Self { names }
    }

    fn bits(&self, names: &[String]) -> rapier::Group {
        let bit = |name: &String| {
            self.names
                .iter()
                .position(|known| known == name)
                .map_or(0, |index| 1u32 << index.min(MAX_SYSTEMS - 1))
        };
        rapier::Group::from_bits_truncate(names.iter().map(bit).fold(0, |bits, bit| bits | bit))
    }

    fn of(&self, scene: &Scene, filter: Option<u32>) -> rapier::CollisionGroups {
        let Some(filter) = filter.and_then(|index| scene.physics.filters.get(index as usize))
        else {
            return rapier::CollisionGroups::new(PLAIN_GROUP, rapier::Group::all());
        };
        let memberships = if filter.systems.is_empty() {
            PLAIN_GROUP
        } else {
            self.bits(&filter.systems)
        };
        let filters = match (&filter.collide_with, &filter.not_collide_with) {
            (Some(names), _) => self.bits(names) | AVATAR_GROUP,
            (None, Some(names)) => rapier::Group::all() & !self.bits(names),
            (None, None) => rapier::Group::all(),
        };
        rapier::CollisionGroups::new(memberships, filters)
    }
}

fn spawn_joints(
    world: &mut World,
    scene: &Scene,
    visible: &[NodeIndex],
    entities: &BTreeMap<NodeIndex, Entity>,
) {
    for &node in visible {
        let Some(joint) = scene.nodes[node.index()].physics.joint else {
            continue;
        };
        let (here, there) = (owner(scene, node), owner(scene, joint.connected_node));
        if here == there {
            continue;
        }
        let child = here.and_then(|owner| entities.get(&owner).copied());
        let parent = there.and_then(|owner| entities.get(&owner).copied());
        let mut generic = describe(scene, joint.joint as usize);
        let frame = |attachment: NodeIndex, owner: Option<NodeIndex>| {
            let (position, rotation) = body_frame(scene, attachment);
            match owner {
                Some(owner) => {
                    let (body_position, body_rotation) = body_frame(scene, owner);
                    (
                        body_rotation.inverse() * (position - body_position),
                        (body_rotation.inverse() * rotation).normalize(),
                    )
                }
                None => (position, rotation),
            }
        };
        // Rapier's first body is the parent entity, its second the one that carries the joint.
        let (mut first, mut second) = (frame(joint.connected_node, there), frame(node, here));
        let carrier = match child {
            Some(child) => child,
            None => {
                std::mem::swap(&mut first, &mut second);
                match parent {
                    Some(parent) => parent,
                    None => continue,
                }
            }
        };
        let other = if child.is_some() { parent } else { None };
        let anchor = other.unwrap_or_else(|| {
            world
                .spawn((rapier::RigidBody::Fixed, Transform::IDENTITY))
                .id()
        });
        generic
            .set_local_anchor1(first.0)
            .set_local_basis1(first.1)
            .set_local_anchor2(second.0)
            .set_local_basis2(second.1)
            .set_contacts_enabled(joint.is_colliding);
        // One entity carries one joint, so each joint gets an entity of its own below the body.
        world.spawn((
            ChildOf(carrier),
            Transform::IDENTITY,
            rapier::ImpulseJoint::new(anchor, rapier::TypedJoint::GenericJoint(generic)),
        ));
    }
}

fn describe(scene: &Scene, index: usize) -> rapier::GenericJoint {
    let mut generic = rapier::GenericJoint::new(rapier::JointAxesMask::empty());
    let Some(description) = scene.physics.joints.get(index) else {
        return generic;
    };
    let linear = [
        rapier::JointAxis::LinX,
        rapier::JointAxis::LinY,
        rapier::JointAxis::LinZ,
    ];
    let angular = [
        rapier::JointAxis::AngX,
        rapier::JointAxis::AngY,
        rapier::JointAxis::AngZ,
    ];
    for limit in &description.limits {
        let axes = limit
            .linear_axes
            .iter()
            .map(|&axis| linear[usize::from(axis.min(2))])
            .chain(
                limit
                    .angular_axes
                    .iter()
                    .map(|&axis| angular[usize::from(axis.min(2))]),
            );
        let (min, max) = (limit.min.unwrap_or(f32::MIN), limit.max.unwrap_or(f32::MAX));
        for axis in axes {
            if min == max && min == 0.0 {
                generic.lock_axes(rapier::JointAxesMask::from_bits_truncate(1 << axis as u8));
            } else {
                generic.set_limits(axis, [min, max]);
            }
        }
    }
    for drive in &description.drives {
        let axis = if drive.is_angular {
            angular[usize::from(drive.axis.min(2))]
        } else {
            linear[usize::from(drive.axis.min(2))]
        };
        let model = if drive.is_acceleration {
            rapier::MotorModel::AccelerationBased
        } else {
            rapier::MotorModel::ForceBased
        };
        generic.set_motor_model(axis, model).set_motor(
            axis,
            drive.position_target,
            drive.velocity_target,
            drive.stiffness,
            drive.damping,
        );
        if let Some(force) = drive.max_force {
            generic.set_motor_max_force(axis, force);
        }
    }
    generic
}
