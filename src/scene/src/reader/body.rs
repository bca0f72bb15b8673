//! Both physics dialects, read into one model. The dialects differ in defaults and in where things stand; the
//! differences are all in this file.

use super::around::gravity::read_world_gravity;
use crate::{
    description::physics::{
        ColliderPart, CollisionFilter, Combine, Geometry, JointDescription, JointDrive, JointLimit,
        Motion, MotionKind, NodeJoint, NodePhysics, PhysicsWorld, Shape, SurfaceMaterial,
        TriggerPart,
    },
    description::scene::{MeshIndex, NodeIndex},
    error::{Issue, Issues, SceneError},
    limits::{MAX_ELEMENTS, MAX_JOINT_PARTS, MAX_NODES},
    source::json::Item,
};
use glam::{Quat, Vec3};
use std::collections::BTreeSet;

/// Fastest initial speed that is believed, metres or radians a second.
const MAX_INITIAL_SPEED: f32 = 1_000.0;

/// What nodes need to know to read their own physics.
#[derive(Default)]
pub(crate) struct BodyReader {
    /// The file's dialect. One that uses both says the same twice: KHR is read.
    is_khr: bool,
    /// Shapes of kinds that are not read: their colliders are left out.
    unread_shapes: BTreeSet<u32>,
}

pub(crate) const KHR_BODY: &str = "KHR_physics_rigid_bodies";
/// Those of OMI that say what is solid.
pub(crate) const OMI_PARTS: [&str; 2] = ["OMI_physics_body", "OMI_physics_shape"];
/// Names of the extension with shapes, materials and filters, and joints, by dialect.
const OMI: [&[&str]; 3] = [
    &["OMI_physics_shape"],
    &["OMI_physics_body"],
    &["OMI_physics_joint"],
];
const KHR: [&[&str]; 3] = [
    &["KHR_implicit_shapes", "KHR_collision_shapes"],
    &[KHR_BODY],
    &[KHR_BODY],
];

pub(crate) fn read_physics(
    root: &Item<'_>,
    meshes: usize,
    issues: &mut Issues,
) -> Result<(PhysicsWorld, BodyReader), SceneError> {
    let Dialects { is_khr, is_omi } = Dialects::of(root)?;
    let mut reader = BodyReader {
        is_khr,
        ..BodyReader::default()
    };
    let mut world = PhysicsWorld {
        gravity: read_world_gravity(root)?,
        is_described: is_khr || is_omi,
        ..PhysicsWorld::default()
    };
    let [shapes, surfaces, joints] = if reader.is_khr { KHR } else { OMI };
    let list = |names: &[&str], key: &str| {
        let extension = names.iter().find_map(|name| root.extension(name));
        extension.and_then(|extension| extension.get(key))
    };
    if let Some(list) = list(shapes, "shapes") {
        for (index, item) in list.elements(MAX_ELEMENTS)?.enumerate() {
            let shape = read_shape(&item, meshes, !reader.is_khr, issues)?;
            if shape.is_none() {
                reader.unread_shapes.insert(index as u32);
            }
            // A placeholder keeps the indices right; nothing refers to it.
            world.shapes.push(shape.unwrap_or(Shape::Sphere(0.5)));
        }
    }
    if let Some(list) = list(surfaces, "physicsMaterials") {
        world.materials = list
            .elements(MAX_ELEMENTS)?
            .map(|item| read_surface(&item))
            .collect::<Result<_, _>>()?;
    }
    if let Some(list) = list(surfaces, "collisionFilters") {
        world.filters = parts(&list, "names", read_filter, |filter: &CollisionFilter| {
            let [own, other] = [&filter.collide_with, &filter.not_collide_with];
            let named = own.iter().chain(other).map(Vec::len).sum::<usize>();
            filter.systems.len() + named
        })?;
    }
    if let Some(list) = list(joints, "physicsJoints") {
        let read = |item: &Item<'_>| read_joint(item, reader.is_khr);
        world.joints = parts(
            &list,
            "limits and drives",
            read,
            |joint: &JointDescription| joint.limits.len() + joint.drives.len(),
        )?;
    }
    Ok((world, reader))
}

/// Reads a list whose elements have no more parts than they may have together.
fn parts<T>(
    list: &Item<'_>,
    what: &str,
    read: impl Fn(&Item<'_>) -> Result<T, SceneError>,
    count: impl Fn(&T) -> usize,
) -> Result<Vec<T>, SceneError> {
    let (mut all, mut parts) = (Vec::new(), 0);
    for item in list.elements(MAX_ELEMENTS)? {
        let own = read(&item)?;
        parts += count(&own);
        if parts > MAX_JOINT_PARTS {
            return Err(list.over_limit(format!(
                "its elements have more than {MAX_JOINT_PARTS} {what} together"
            )));
        }
        all.push(own);
    }
    Ok(all)
}

/// Which dialects a file uses.
#[derive(Default)]
pub(crate) struct Dialects {
    pub(crate) is_khr: bool,
    pub(crate) is_omi: bool,
}

impl Dialects {
    /// By what stands at the root and at nodes. The list of extensions is not asked: one tool forgets a name there, and another
    /// adds it.
    pub(crate) fn of(root: &Item<'_>) -> Result<Self, SceneError> {
        let nodes = root.get("nodes");
        let nodes = nodes.map(|nodes| nodes.elements(MAX_NODES)).transpose()?;
        let mut dialects = Self::default();
        for item in nodes.into_iter().flatten().chain([*root]) {
            dialects.is_khr |= item.extension(KHR_BODY).is_some();
            dialects.is_omi |= OMI_PARTS.iter().any(|name| item.extension(name).is_some());
        }
        Ok(dialects)
    }
}

pub(crate) fn read_node_physics(
    item: &Item<'_>,
    reader: &BodyReader,
    world: &PhysicsWorld,
    nodes: usize,
    issues: &mut Issues,
) -> Result<NodePhysics, SceneError> {
    let mut physics = NodePhysics::default();
    let name = if reader.is_khr {
        KHR_BODY
    } else {
        "OMI_physics_body"
    };
    if let Some(body) = item.extension(name) {
        if let Some(motion) = body.get("motion") {
            let read = if reader.is_khr {
                read_khr_motion(&motion)?
            } else {
                read_omi_motion(&motion)?
            };
            physics.motion = Some(hold_speed(&motion, read, issues));
        }
        if let Some(collider) = body.get("collider") {
            physics.collider = read_collider(&collider, reader, world, nodes)?;
        }
        physics.trigger = body
            .get("trigger")
            .map(|trigger| read_trigger(&trigger, reader, world, nodes))
            .transpose()?;
        if let (Some(joint), true) = (body.get("joint"), reader.is_khr) {
            physics.joint = Some(read_node_joint(&joint, world, nodes)?);
        }
    }
    if let (Some(joint), false) = (item.extension("OMI_physics_joint"), reader.is_khr) {
        physics.joint = Some(read_node_joint(&joint, world, nodes)?);
    }
    Ok(physics)
}

/// Brings absurd initial velocities down to what can be simulated.
fn hold_speed(item: &Item<'_>, mut motion: Motion, issues: &mut Issues) -> Motion {
    for (velocity, key) in [
        (&mut motion.linear_velocity, "linearVelocity"),
        (&mut motion.angular_velocity, "angularVelocity"),
    ] {
        if velocity.length() > MAX_INITIAL_SPEED {
            *velocity = velocity.clamp_length_max(MAX_INITIAL_SPEED);
            issues.push(Issue::warning(
                "STOA_PHYSICS_VELOCITY",
                item.get(key).unwrap_or(*item).pointer(),
                format!("is faster than can be simulated: {MAX_INITIAL_SPEED} is used"),
            ));
        }
    }
    motion
}

/// A form's entry in the file, with the default sizes of its dialect.
struct Form<'i, 'a> {
    item: &'i Item<'a>,
    /// The object named like the kind.
    detail: Option<Item<'a>>,
    is_omi: bool,
}

fn read_shape(
    item: &Item<'_>,
    meshes: usize,
    is_omi: bool,
    issues: &mut Issues,
) -> Result<Option<Shape>, SceneError> {
    let kind_item = item.require("type")?;
    let kind = kind_item.text()?;
    let form = Form {
        item,
        detail: item.get(kind),
        is_omi,
    };
    Ok(Some(match kind {
        "box" => form.read_box()?,
        "sphere" => Shape::Sphere(form.positive(form.number("radius", 0.5)?)?),
        "capsule" => form.read_capsule()?,
        "cylinder" => form.read_cylinder()?,
        "plane" => form.read_plane()?,
        "convex" => Shape::ConvexMesh(form.mesh(kind, meshes)?),
        "trimesh" => Shape::TriangleMesh(form.mesh(kind, meshes)?),
        // As KHR_collision_shapes names both.
        "mesh" if !is_omi => {
            let hull = item.extension("KHR_physics_rigid_bodies");
            let is_hull = hull.map_or(Ok(false), |own| own.flag_or("convexHull", false))?;
            let mesh = form.mesh(kind, meshes)?;
            match is_hull {
                true => Shape::ConvexMesh(mesh),
                false => Shape::TriangleMesh(mesh),
            }
        }
        other => {
            issues.push(Issue::warning(
                "STOA_PHYSICS_SHAPE",
                kind_item.pointer(),
                format!("`{other}` is not a shape that is read: its colliders are left out"),
            ));
            return Ok(None);
        }
    }))
}

impl Form<'_, '_> {
    fn number(&self, key: &str, default: f32) -> Result<f32, SceneError> {
        self.detail
            .as_ref()
            .map_or(Ok(default), |detail| detail.number_or(key, default))
    }

    fn positive(&self, value: f32) -> Result<f32, SceneError> {
        if value > 0.0 {
            Ok(value)
        } else {
            Err(self.item.fault(format!("its size {value} is not positive")))
        }
    }

    fn not_negative(&self, value: f32) -> Result<f32, SceneError> {
        if value >= 0.0 {
            Ok(value)
        } else {
            Err(self.item.fault(format!("its radius {value} is negative")))
        }
    }

    /// Top and bottom.
    fn radii(&self, default: f32) -> Result<(f32, f32), SceneError> {
        let top = self.not_negative(self.number("radiusTop", default)?)?;
        let bottom = self.not_negative(self.number("radiusBottom", default)?)?;
        if top == 0.0 && bottom == 0.0 {
            return Err(self.item.fault("both radii are zero"));
        }
        Ok((top, bottom))
    }

    fn read_box(&self) -> Result<Shape, SceneError> {
        let edges = self
            .detail
            .as_ref()
            .map_or(Ok([1.0; 3]), |detail| detail.numbers_or("size", [1.0; 3]))?;
        for edge in edges {
            self.positive(edge)?;
        }
        Ok(Shape::Box(Vec3::from(edges)))
    }

    fn read_capsule(&self) -> Result<Shape, SceneError> {
        let (height, radius) = if self.is_omi { (1.0, 0.5) } else { (0.5, 0.25) };
        let (radius_top, radius_bottom) = self.radii(radius)?;
        Ok(Shape::Capsule {
            height: self.not_negative(self.number("height", height)?)?,
            radius_top,
            radius_bottom,
        })
    }

    fn read_cylinder(&self) -> Result<Shape, SceneError> {
        let (height, radius) = if self.is_omi { (2.0, 0.5) } else { (0.5, 0.25) };
        let (radius_top, radius_bottom) = self.radii(radius)?;
        Ok(Shape::Cylinder {
            height: self.positive(self.number("height", height)?)?,
            radius_top,
            radius_bottom,
        })
    }

    fn read_plane(&self) -> Result<Shape, SceneError> {
        let side = |key: &str| {
            let value = self.detail.as_ref().and_then(|detail| detail.get(key));
            value.map(|value| value.number()).transpose()
        };
        Ok(Shape::Plane {
            size_x: side("sizeX")?,
            size_z: side("sizeZ")?,
            is_double_sided: self
                .detail
                .as_ref()
                .map_or(Ok(false), |detail| detail.flag_or("doubleSided", false))?,
        })
    }

    fn mesh(&self, kind: &str, meshes: usize) -> Result<MeshIndex, SceneError> {
        let detail = self
            .detail
            .as_ref()
            .ok_or_else(|| self.item.fault(format!("`{kind}` is missing")))?;
        detail.require("mesh")?.index(meshes, "mesh").map(MeshIndex)
    }
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
    let velocity =
        |key: &str| -> Result<Vec3, SceneError> { item.numbers_or(key, [0.0; 3]).map(Vec3::from) };
    Ok(Motion {
        inertia_orientation: if orientation.length_squared() > 1e-6 {
            orientation.normalize()
        } else {
            Quat::IDENTITY
        },
        linear_velocity: velocity("linearVelocity")?,
        angular_velocity: velocity("angularVelocity")?,
        gravity_factor: item.number_or("gravityFactor", 1.0)?,
        ..Motion::default()
    })
}

/// OMI puts `shape` into the part, KHR a `geometry`; an old KHR text puts `shape` into the part as well.
fn read_geometry(
    item: &Item<'_>,
    reader: &BodyReader,
    world: &PhysicsWorld,
    nodes: usize,
) -> Result<Option<Geometry>, SceneError> {
    let is_none = |item: &Item<'_>| item.as_number() == Some(-1.0);
    let shape = |item: &Item<'_>| -> Result<Option<Geometry>, SceneError> {
        match item.get("shape") {
            Some(index) if !is_none(&index) => {
                let index = index.index(world.shapes.len(), "shape")?;
                let is_read = !reader.unread_shapes.contains(&index);
                Ok(is_read.then_some(Geometry::Shape(index)))
            }
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
        Some(index) if index.as_number() != Some(-1.0) => index.index(count, what).map(Some),
        _ => Ok(None),
    }
}

fn read_collider(
    item: &Item<'_>,
    reader: &BodyReader,
    world: &PhysicsWorld,
    nodes: usize,
) -> Result<Option<ColliderPart>, SceneError> {
    let Some(geometry) = read_geometry(item, reader, world, nodes)? else {
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
    reader: &BodyReader,
    world: &PhysicsWorld,
    nodes: usize,
) -> Result<TriggerPart, SceneError> {
    let mut parts: Vec<NodeIndex> = match item.get("nodes") {
        Some(list) => list
            .elements(MAX_ELEMENTS)?
            .map(|node| node.index(nodes, "node").map(NodeIndex))
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    // Who is in one of them is in it once, however often it is named.
    let mut known = BTreeSet::new();
    parts.retain(|part| known.insert(*part));
    let filter = optional_index(
        item,
        "collisionFilter",
        world.filters.len(),
        "collision filter",
    )?;
    Ok(TriggerPart {
        geometry: read_geometry(item, reader, world, nodes)?,
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

/// Softest limit of OMI_physics_joint that yields, newton a metre. Files from older tools carry a unitless softness below 1
/// here, the samples of the specification included: such limits are rigid.
const SOFTEST_LINEAR: f32 = 10.0;
/// The same for angles, newton metres a radian.
const SOFTEST_ANGULAR: f32 = 1.0;

fn read_joint(item: &Item<'_>, is_khr: bool) -> Result<JointDescription, SceneError> {
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
        let linear_axes = axes(&limit, "linearAxes")?;
        let softest = match (is_khr, linear_axes.is_empty()) {
            (true, _) => 0.0,
            (false, true) => SOFTEST_ANGULAR,
            (false, false) => SOFTEST_LINEAR,
        };
        Ok(JointLimit {
            linear_axes,
            angular_axes: axes(&limit, "angularAxes")?,
            min: optional("min")?,
            max: optional("max")?,
            stiffness: optional("stiffness")?.filter(|stiffness| *stiffness >= softest),
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
