//! Both physics dialects, read into one model. The dialects differ in defaults and in where things stand; the
//! differences are all in this file.

use crate::{
    description::{MeshIndex, NodeIndex},
    error::{Issue, SceneError},
    json::Item,
    limits::MAX_ELEMENTS,
    physics::{
        ColliderPart, CollisionFilter, Combine, Geometry, JointDescription, JointDrive, JointLimit,
        Motion, MotionKind, NodeJoint, NodePhysics, PhysicsWorld, Shape, SurfaceMaterial,
        TriggerPart,
    },
};
use glam::{Quat, Vec3};

/// Fastest initial speed that is believed, metres or radians a second.
const MAX_INITIAL_SPEED: f32 = 1_000.0;

pub(crate) fn read_physics(
    root: &Item<'_>,
    meshes: usize,
    issues: &mut Vec<Issue>,
) -> Result<PhysicsWorld, SceneError> {
    let mut world = PhysicsWorld::default();
    let used = root.get("extensionsUsed");
    world.is_described = match used {
        Some(list) => list.elements(MAX_ELEMENTS)?.any(|name| {
            matches!(
                name.text(),
                Ok("OMI_physics_body" | "OMI_physics_shape" | "KHR_physics_rigid_bodies")
            )
        }),
        None => false,
    };
    let shapes = [
        "OMI_physics_shape",
        "KHR_implicit_shapes",
        "KHR_collision_shapes",
    ];
    for name in shapes {
        let Some(extension) = root.extension(name) else {
            continue;
        };
        let Some(list) = extension.get("shapes") else {
            continue;
        };
        for item in list.elements(MAX_ELEMENTS)? {
            world
                .shapes
                .push(read_shape(&item, meshes, name.starts_with("OMI"), issues)?);
        }
        break;
    }
    for name in ["OMI_physics_body", "KHR_physics_rigid_bodies"] {
        let Some(extension) = root.extension(name) else {
            continue;
        };
        if let Some(list) = extension.get("physicsMaterials") {
            world.materials = list
                .elements(MAX_ELEMENTS)?
                .map(|item| read_surface(&item))
                .collect::<Result<_, _>>()?;
        }
        if let Some(list) = extension.get("collisionFilters") {
            world.filters = list
                .elements(MAX_ELEMENTS)?
                .map(|item| read_filter(&item))
                .collect::<Result<_, _>>()?;
        }
    }
    for name in ["OMI_physics_joint", "KHR_physics_rigid_bodies"] {
        let Some(extension) = root.extension(name) else {
            continue;
        };
        if let Some(list) = extension.get("physicsJoints") {
            world.joints = list
                .elements(MAX_ELEMENTS)?
                .map(|item| read_joint(&item))
                .collect::<Result<_, _>>()?;
        }
    }
    Ok(world)
}

pub(crate) fn read_node_physics(
    item: &Item<'_>,
    world: &PhysicsWorld,
    nodes: usize,
) -> Result<NodePhysics, SceneError> {
    let mut physics = NodePhysics::default();
    if let Some(body) = item.extension("OMI_physics_body") {
        physics.motion = body
            .get("motion")
            .map(|motion| read_omi_motion(&motion))
            .transpose()?;
        physics.collider = body
            .get("collider")
            .map(|collider| read_collider(&collider, world, nodes))
            .transpose()?
            .flatten();
        physics.trigger = body
            .get("trigger")
            .map(|trigger| read_trigger(&trigger, world, nodes))
            .transpose()?;
    }
    if let Some(body) = item.extension("KHR_physics_rigid_bodies") {
        physics.motion = body
            .get("motion")
            .map(|motion| read_khr_motion(&motion))
            .transpose()?;
        physics.collider = body
            .get("collider")
            .map(|collider| read_collider(&collider, world, nodes))
            .transpose()?
            .flatten();
        physics.trigger = body
            .get("trigger")
            .map(|trigger| read_trigger(&trigger, world, nodes))
            .transpose()?;
        physics.joint = body
            .get("joint")
            .map(|joint| read_node_joint(&joint, world, nodes))
            .transpose()?;
    }
    if let Some(joint) = item.extension("OMI_physics_joint") {
        physics.joint = Some(read_node_joint(&joint, world, nodes)?);
    }
    Ok(physics)
}

fn read_shape(
    item: &Item<'_>,
    meshes: usize,
    is_omi: bool,
    issues: &mut Vec<Issue>,
) -> Result<Shape, SceneError> {
    let kind_item = item.require("type")?;
    let kind = kind_item.text()?;
    let detail = item.get(kind);
    let number = |key: &str, default: f32| {
        detail
            .as_ref()
            .map_or(Ok(default), |detail| detail.number_or(key, default))
    };
    let size = |value: f32| {
        if value > 0.0 {
            Ok(value)
        } else {
            Err(item.fault(format!("its size {value} is not positive")))
        }
    };
    let radius = |value: f32| {
        if value >= 0.0 {
            Ok(value)
        } else {
            Err(item.fault(format!("its radius {value} is negative")))
        }
    };
    let mesh = |what: &str| {
        let detail = detail
            .as_ref()
            .ok_or_else(|| item.fault(format!("`{what}` is missing")))?;
        detail.require("mesh")?.index(meshes, "mesh").map(MeshIndex)
    };
    let (capsule_height, capsule_radius, cylinder_height, cylinder_radius) = if is_omi {
        (1.0, 0.5, 2.0, 0.5)
    } else {
        (0.5, 0.25, 0.5, 0.25)
    };
    Ok(match kind {
        "box" => {
            let edges = detail
                .as_ref()
                .map_or(Ok([1.0; 3]), |detail| detail.numbers_or("size", [1.0; 3]))?;
            for edge in edges {
                size(edge)?;
            }
            Shape::Box(Vec3::from(edges))
        }
        "sphere" => Shape::Sphere(size(number("radius", 0.5)?)?),
        "capsule" | "cylinder" => {
            let is_capsule = kind == "capsule";
            let (default_height, default_radius) = if is_capsule {
                (capsule_height, capsule_radius)
            } else {
                (cylinder_height, cylinder_radius)
            };
            let (top, bottom) = (
                radius(number("radiusTop", default_radius)?)?,
                radius(number("radiusBottom", default_radius)?)?,
            );
            if top == 0.0 && bottom == 0.0 {
                return Err(item.fault("both radii are zero"));
            }
            let height = number("height", default_height)?;
            if is_capsule {
                Shape::Capsule {
                    height: radius(height)?,
                    radius_top: top,
                    radius_bottom: bottom,
                }
            } else {
                Shape::Cylinder {
                    height: size(height)?,
                    radius_top: top,
                    radius_bottom: bottom,
                }
            }
        }
        "plane" => {
            let side = |key: &str| {
                detail
                    .as_ref()
                    .and_then(|detail| detail.get(key).map(|value| value.number()))
                    .transpose()
            };
            Shape::Plane {
                size_x: side("sizeX")?,
                size_z: side("sizeZ")?,
            }
        }
        "convex" => Shape::ConvexMesh(mesh("convex")?),
        "trimesh" => Shape::TriangleMesh(mesh("trimesh")?),
        other => {
            issues.push(Issue {
                code: "STOA_PHYSICS_SHAPE",
                severity: 1,
                pointer: kind_item.pointer(),
                message: format!(
                    "`{other}` is not a shape that is read: its colliders are left out"
                ),
            });
            // Kept so that indices stay right; a sphere of no size collides with nothing.
            Shape::Sphere(f32::MIN_POSITIVE)
        }
    })
}

fn read_surface(item: &Item<'_>) -> Result<SurfaceMaterial, SceneError> {
    let combine = |key: &str| -> Result<Combine, SceneError> {
        let Some(rule) = item.get(key) else {
            return Ok(Combine::Average);
        };
        Ok(match rule.text()? {
            "average" => Combine::Average,
            "minimum" => Combine::Minimum,
            "maximum" => Combine::Maximum,
            "multiply" => Combine::Multiply,
            other => return Err(rule.fault(format!("`{other}` is not a combine rule"))),
        })
    };
    Ok(SurfaceMaterial {
        static_friction: item.number_or("staticFriction", 0.6)?.max(0.0),
        dynamic_friction: item.number_or("dynamicFriction", 0.6)?.max(0.0),
        restitution: item.number_or("restitution", 0.0)?.clamp(0.0, 1.0),
        friction_combine: combine("frictionCombine")?,
        restitution_combine: combine("restitutionCombine")?,
    })
}

fn read_filter(item: &Item<'_>) -> Result<CollisionFilter, SceneError> {
    let names = |key: &str| -> Result<Option<Vec<String>>, SceneError> {
        let Some(list) = item.get(key) else {
            return Ok(None);
        };
        list.elements(64)?
            .map(|name| name.text().map(str::to_owned))
            .collect::<Result<_, _>>()
            .map(Some)
    };
    let filter = CollisionFilter {
        systems: names("collisionSystems")?.unwrap_or_default(),
        collide_with: names("collideWithSystems")?,
        not_collide_with: names("notCollideWithSystems")?,
    };
    if filter.collide_with.is_some() && filter.not_collide_with.is_some() {
        return Err(
            item.fault("names both systems to collide with and systems not to collide with")
        );
    }
    Ok(filter)
}

fn read_omi_motion(item: &Item<'_>) -> Result<Motion, SceneError> {
    // Older exporters leave the required type out of bodies that fall.
    let kind = match item.get("type").map_or(Ok("dynamic"), |kind| kind.text())? {
        "static" => MotionKind::Static,
        "kinematic" => MotionKind::Kinematic,
        "dynamic" => MotionKind::Dynamic,
        other => return Err(item.fault(format!("type `{other}` is not a kind of motion"))),
    };
    let inertia = Vec3::from(item.numbers_or("inertiaDiagonal", [0.0; 3])?);
    let motion = Motion {
        kind,
        mass: Some(item.number_or("mass", 1.0)?),
        center_of_mass: Some(Vec3::from(item.numbers_or("centerOfMass", [0.0; 3])?)),
        // A zero diagonal means "compute it" in this dialect.
        inertia_diagonal: (inertia != Vec3::ZERO).then_some(inertia),
        ..read_common_motion(item)?
    };
    check_mass(item, motion)
}

fn read_khr_motion(item: &Item<'_>) -> Result<Motion, SceneError> {
    let kind = if item.flag_or("isKinematic", false)? {
        MotionKind::Kinematic
    } else {
        MotionKind::Dynamic
    };
    let motion = Motion {
        kind,
        mass: item.get("mass").map(|mass| mass.number()).transpose()?,
        center_of_mass: item
            .get("centerOfMass")
            .map(|center| center.numbers().map(Vec3::from))
            .transpose()?,
        inertia_diagonal: item
            .get("inertiaDiagonal")
            .map(|inertia| inertia.numbers().map(Vec3::from))
            .transpose()?,
        ..read_common_motion(item)?
    };
    check_mass(item, motion)
}

fn check_mass(item: &Item<'_>, motion: Motion) -> Result<Motion, SceneError> {
    match motion.mass {
        Some(mass) if mass < 0.0 => Err(item.fault(format!("its mass {mass} is negative"))),
        _ => Ok(motion),
    }
}

/// What both dialects spell the same.
fn read_common_motion(item: &Item<'_>) -> Result<Motion, SceneError> {
    let orientation =
        Quat::from_array(item.numbers_or("inertiaOrientation", [0.0, 0.0, 0.0, 1.0])?);
    let velocity = |key: &str| -> Result<Vec3, SceneError> {
        Ok(Vec3::from(item.numbers_or(key, [0.0; 3])?).clamp_length_max(MAX_INITIAL_SPEED))
    };
    Ok(Motion {
        kind: MotionKind::Dynamic,
        mass: None,
        center_of_mass: None,
        inertia_diagonal: None,
        inertia_orientation: if orientation.length_squared() > 1e-6 {
            orientation.normalize()
        } else {
            Quat::IDENTITY
        },
        linear_velocity: velocity("linearVelocity")?,
        angular_velocity: velocity("angularVelocity")?,
        gravity_factor: item.number_or("gravityFactor", 1.0)?,
    })
}

/// OMI puts `shape` into the part, KHR a `geometry`; an old KHR text puts `shape` into the part as well.
fn read_geometry(
    item: &Item<'_>,
    world: &PhysicsWorld,
    nodes: usize,
) -> Result<Option<Geometry>, SceneError> {
    let is_none = |item: &Item<'_>| item.value().as_i64() == Some(-1);
    let shape = |item: &Item<'_>| -> Result<Option<Geometry>, SceneError> {
        match item.get("shape") {
            Some(index) if !is_none(&index) => index
                .index(world.shapes.len(), "shape")
                .map(|index| Some(Geometry::Shape(index))),
            _ => Ok(None),
        }
    };
    let Some(geometry) = item.get("geometry") else {
        return shape(item);
    };
    if let Some(found) = shape(&geometry)? {
        return Ok(Some(found));
    }
    let Some(node) = geometry.index_of("node", nodes, "node")? else {
        return Ok(None);
    };
    Ok(Some(Geometry::NodeMeshes {
        node: NodeIndex(node),
        is_convex_hull: geometry.flag_or("convexHull", false)?,
    }))
}

fn optional_index(
    item: &Item<'_>,
    key: &str,
    count: usize,
    what: &str,
) -> Result<Option<u32>, SceneError> {
    match item.get(key) {
        Some(index) if index.value().as_i64() != Some(-1) => index.index(count, what).map(Some),
        _ => Ok(None),
    }
}

fn read_collider(
    item: &Item<'_>,
    world: &PhysicsWorld,
    nodes: usize,
) -> Result<Option<ColliderPart>, SceneError> {
    let Some(geometry) = read_geometry(item, world, nodes)? else {
        return Ok(None);
    };
    let material = optional_index(
        item,
        "physicsMaterial",
        world.materials.len(),
        "physics material",
    )?;
    let filter = optional_index(
        item,
        "collisionFilter",
        world.filters.len(),
        "collision filter",
    )?;
    Ok(Some(ColliderPart {
        geometry,
        material,
        filter,
    }))
}

fn read_trigger(
    item: &Item<'_>,
    world: &PhysicsWorld,
    nodes: usize,
) -> Result<TriggerPart, SceneError> {
    let parts = match item.get("nodes") {
        Some(list) => list
            .elements(MAX_ELEMENTS)?
            .map(|node| node.index(nodes, "node").map(NodeIndex))
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let filter = optional_index(
        item,
        "collisionFilter",
        world.filters.len(),
        "collision filter",
    )?;
    Ok(TriggerPart {
        geometry: read_geometry(item, world, nodes)?,
        nodes: parts,
        filter,
    })
}

fn read_node_joint(
    item: &Item<'_>,
    world: &PhysicsWorld,
    nodes: usize,
) -> Result<NodeJoint, SceneError> {
    Ok(NodeJoint {
        joint: item.require("joint")?.index(world.joints.len(), "joint")?,
        connected_node: NodeIndex(item.require("connectedNode")?.index(nodes, "node")?),
        is_colliding: item.flag_or("enableCollision", false)?,
    })
}

fn read_joint(item: &Item<'_>) -> Result<JointDescription, SceneError> {
    let axes = |limit: &Item<'_>, key: &str| -> Result<Vec<u8>, SceneError> {
        let Some(list) = limit.get(key) else {
            return Ok(Vec::new());
        };
        list.elements(3)?
            .map(|axis| axis.index(3, "axis").map(|axis| axis as u8))
            .collect()
    };
    let limit = |limit: Item<'_>| -> Result<JointLimit, SceneError> {
        let optional = |key: &str| limit.get(key).map(|value| value.number()).transpose();
        Ok(JointLimit {
            linear_axes: axes(&limit, "linearAxes")?,
            angular_axes: axes(&limit, "angularAxes")?,
            min: optional("min")?,
            max: optional("max")?,
            stiffness: optional("stiffness")?,
            damping: limit.number_or("damping", 0.0)?,
        })
    };
    let drive = |drive: Item<'_>| -> Result<JointDrive, SceneError> {
        Ok(JointDrive {
            is_angular: drive.require("type")?.text()? == "angular",
            is_acceleration: drive.get("mode").map_or(Ok("force"), |mode| mode.text())?
                == "acceleration",
            axis: drive.require("axis")?.index(3, "axis")? as u8,
            max_force: drive
                .get("maxForce")
                .map(|force| force.number())
                .transpose()?,
            position_target: drive.number_or("positionTarget", 0.0)?,
            velocity_target: drive.number_or("velocityTarget", 0.0)?,
            stiffness: drive.number_or("stiffness", 0.0)?,
            damping: drive.number_or("damping", 0.0)?,
        })
    };
    let limits = item
        .get("limits")
        .map(|list| list.elements(64)?.map(limit).collect::<Result<_, _>>())
        .transpose()?
        .unwrap_or_default();
    let drives = item
        .get("drives")
        .map(|list| list.elements(64)?.map(drive).collect::<Result<_, _>>())
        .transpose()?
        .unwrap_or_default();
    Ok(JointDescription { limits, drives })
}
