//! Gravity of a place: that of the world, and volumes with their own (OMI_physics_gravity).

use crate::{
    place::frame,
    rules::{TICK_SECS, is_moderate},
    shape,
    world::Simulation,
};
use glam::{Affine3A, Vec3};
use rapier3d::{
    parry::bounding_volume::Aabb,
    prelude::{Pose, SharedShape},
};
use scene::{Geometry, GravityField, GravityKind, Node, NodeIndex, Scene, limits::MAX_GRAVITY};
use std::collections::BTreeMap;

/// Nearer to its centre than this, in metres, a field pulls nowhere in particular.
const NO_WAY_METRES: f32 = 1.0e-3;
/// Who is so near to a field may have come out of it in one jump, metres.
const NEAR_METRES: f32 = 20.0;
/// Most fields of a world.
const MAX_FIELDS: usize = 256;
/// Most volumes of one field, and of all fields of a world: each is asked whether it holds a body, in each tick.
const MAX_FIELD_VOLUMES: usize = 256;
const MAX_VOLUMES: usize = 1_024;
/// Most points of a line that pulls.
const MAX_LINE_POINTS: usize = 1_024;
/// Most of these of all fields: further fields along lines pull nothing.
const MAX_POINTS_OF_LINES: usize = 2_048;

/// What pulls where.
#[derive(Default)]
pub(crate) struct Gravity {
    /// Where no field says otherwise, metres a second squared.
    world: Vec3,
    /// Highest priority first.
    fields: Vec<Field>,
}

struct Field {
    described: GravityField,
    /// Where it reaches, in world space.
    volumes: Vec<Volume>,
    world_from_node: Affine3A,
    /// The body that a shaped field pulls to, in world space.
    target: Option<(Pose, SharedShape)>,
}

#[derive(Clone)]
struct Volume {
    pose: Pose,
    shape: SharedShape,
    bounds: Aabb,
}

/// The volumes of nodes' triggers, each made once: many fields may share them.
type Volumes = BTreeMap<NodeIndex, Vec<Volume>>;

impl Gravity {
    /// `down` is what the world's rules say; the file may add a pull sideways or upwards, which rules do not know.
    pub(crate) fn new(scene: &Scene, down: f32) -> Self {
        let stated = scene.physics.gravity.unwrap_or_default();
        let nodes = scene.nodes_in_scene().into_iter();
        let described = nodes.filter(|node| scene.nodes[node.index()].gravity.is_some());
        let (mut made, mut room) = (Volumes::new(), MAX_VOLUMES);
        let mut points = MAX_POINTS_OF_LINES;
        let mut fields: Vec<Field> = described
            .take(MAX_FIELDS)
            .filter_map(|node| {
                let field = Field::new(scene, node, room, &mut made)?;
                if let GravityKind::Line(line) = &field.described.kind {
                    points = points.checked_sub(line.len().min(MAX_LINE_POINTS))?;
                }
                room -= field.volumes.len();
                Some(field)
            })
            .collect();
        fields.sort_by_key(|field| std::cmp::Reverse(field.described.priority));
        Self {
            world: stated.with_y(stated.y.max(0.0) - down),
            fields,
        }
    }

    pub(crate) fn world(&self) -> Vec3 {
        self.world
    }

    /// True when it is the same everywhere.
    pub(crate) fn is_uniform(&self) -> bool {
        self.fields.is_empty()
    }

    /// At a point of the world, metres a second squared.
    pub(crate) fn at(&self, point: Vec3) -> Vec3 {
        let mut sum = Vec3::ZERO;
        for field in self.fields.iter().filter(|field| field.holds(point)) {
            if field.described.is_replacing {
                sum = Vec3::ZERO;
            }
            sum += field.pull(point);
            if field.described.is_last {
                return sum.clamp_length_max(MAX_GRAVITY);
            }
        }
        (sum + self.world).clamp_length_max(MAX_GRAVITY)
    }

    /// The least and the most that somebody near a point can have been pulled down lately, metres a second squared.
    pub(crate) fn range_near(&self, point: Vec3) -> (f32, f32) {
        let down = (-self.world.y).max(0.0);
        let near = self.fields.iter().filter(|field| field.is_near(point));
        // Fields add up, and a pull that points elsewhere is none downwards: only the most is known.
        let most = near.map(|field| {
            if field.described.unit_distance > 0.0 {
                MAX_GRAVITY
            } else {
                field.described.strength.abs()
            }
        });
        match most.reduce(|sum, one| sum + one) {
            Some(most) => (0.0, down + most),
            None => (down, down),
        }
    }
}

impl Field {
    fn new(scene: &Scene, node: NodeIndex, room: usize, made: &mut Volumes) -> Option<Self> {
        let described = scene.nodes[node.index()].gravity.clone()?;
        let trigger = scene.nodes[node.index()].physics.trigger.as_ref()?;
        let parts = trigger.nodes.iter().copied().chain([node]);
        let volumes: Vec<Volume> = parts
            .filter_map(|part| Some((part, trigger_geometry(&scene.nodes[part.index()])?)))
            .flat_map(|(part, geometry)| {
                let make = || placed(scene, part, geometry);
                made.entry(part).or_insert_with(make).clone()
            })
            .take(room.min(MAX_FIELD_VOLUMES))
            .collect();
        if volumes.is_empty() {
            return None;
        }
        let target = match described.kind {
            GravityKind::Shaped(shape) => {
                let volume = placed(scene, node, Geometry::Shape(shape)).pop()?;
                Some((volume.pose, volume.shape))
            }
            _ => None,
        };
        Some(Self {
            described,
            volumes,
            world_from_node: scene.world_from_node(node),
            target,
        })
    }

    fn holds(&self, point: Vec3) -> bool {
        let mut around = self.volumes.iter().filter(|volume| {
            point.cmpge(volume.bounds.mins).all() && point.cmple(volume.bounds.maxs).all()
        });
        around.any(|volume| volume.shape.contains_point(&volume.pose, point))
    }

    fn is_near(&self, point: Vec3) -> bool {
        let mut near = self.volumes.iter().filter(|volume| {
            let outside = point - point.clamp(volume.bounds.mins, volume.bounds.maxs);
            outside.length() < NEAR_METRES
        });
        near.any(|volume| {
            let distance = volume.shape.distance_to_point(&volume.pose, point, true);
            distance < NEAR_METRES
        })
    }

    fn pull(&self, point: Vec3) -> Vec3 {
        let way = self.way(point);
        let metres = way.length();
        let unit = self.described.unit_distance;
        let strength = match self.described.kind {
            GravityKind::Directional(_) => self.described.strength,
            _ if unit > 0.0 => self.described.strength * (unit / metres.max(NO_WAY_METRES)).powi(2),
            _ => self.described.strength,
        };
        if metres < NO_WAY_METRES {
            return Vec3::ZERO;
        }
        (way / metres * strength).clamp_length_max(MAX_GRAVITY)
    }

    /// From a point to what pulls it, in world space.
    fn way(&self, point: Vec3) -> Vec3 {
        if let Some((pose, shape)) = &self.target {
            let nearest = shape.project_point(pose, point, false);
            let out = nearest.point - point;
            // Inside of the body the way down leads on, away from its surface.
            return if nearest.is_inside { -out } else { out };
        }
        let place = &self.world_from_node;
        let local = place.inverse().transform_point3(point);
        let flat = local.with_y(0.0);
        let nearest = match &self.described.kind {
            GravityKind::Directional(direction) => local + *direction,
            GravityKind::Disc(radius) => flat.clamp_length_max(*radius),
            GravityKind::Torus(radius) => flat.normalize_or(Vec3::X) * *radius,
            GravityKind::Line(points) => nearest_on_line(points, local),
            GravityKind::Point | GravityKind::Shaped(_) => Vec3::ZERO,
        };
        place.transform_vector3(nearest - local)
    }
}

fn trigger_geometry(node: &Node) -> Option<Geometry> {
    node.physics.trigger.as_ref()?.geometry
}

/// In world space.
fn placed(scene: &Scene, node: NodeIndex, geometry: Geometry) -> Vec<Volume> {
    let (position, rotation) = frame(scene, node);
    let space = Affine3A::from_rotation_translation(rotation, position);
    let local = space.inverse() * scene.world_from_node(node);
    shape::place(scene, node, geometry, &local, true)
        .into_iter()
        .map(|part| {
            let pose = Pose::from_parts(
                position + rotation * part.translation,
                rotation * part.rotation,
            );
            let shape = part.collider.raw;
            let bounds = shape.compute_aabb(&pose);
            Volume {
                pose,
                shape,
                bounds,
            }
        })
        .filter(|volume| is_moderate(volume.bounds.mins) && is_moderate(volume.bounds.maxs))
        .take(MAX_FIELD_VOLUMES)
        .collect()
}

fn nearest_on_line(points: &[Vec3], to: Vec3) -> Vec3 {
    let on = |from: Vec3, end: Vec3| {
        let along = end - from;
        let share = (to - from).dot(along) / along.length_squared().max(f32::MIN_POSITIVE);
        from + along * share.clamp(0.0, 1.0)
    };
    let points = &points[..points.len().min(MAX_LINE_POINTS)];
    points
        .windows(2)
        .map(|pair| on(pair[0], pair[1]))
        .min_by(|a, b| a.distance_squared(to).total_cmp(&b.distance_squared(to)))
        .unwrap_or_default()
}

impl Simulation {
    /// Pulls bodies that are in a field of their own: the engine pulls all by the world's gravity.
    pub(crate) fn pull_bodies(&mut self) {
        if self.gravity.is_uniform() {
            return;
        }
        let world = self.gravity.world();
        for index in 0..self.bodies().len() {
            // Before the fields are asked: to a follower nearly everything is moved by somebody else.
            let is_pulled = self
                .handle(index)
                .and_then(|handle| self.rigid_bodies().bodies.get(handle))
                .is_some_and(|body| body.is_dynamic() && !body.is_sleeping());
            let Some(state) = self.body(index).filter(|_| is_pulled) else {
                continue;
            };
            let difference = self.gravity.at(state.position) - world;
            let Some(handle) = self.handle(index) else {
                continue;
            };
            if difference != Vec3::ZERO
                && let Some(body) = self
                    .rigid_bodies_mut()
                    .and_then(|set| set.into_inner().bodies.get_mut(handle))
            {
                let speed = difference * body.gravity_scale() * TICK_SECS;
                body.set_linvel(body.linvel() + speed, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{Shape, Transform, TriggerPart};

    /// So many nodes with a trigger each, and so many fields that are made of all of them.
    fn fields_of(parts: u32, fields: u32) -> Scene {
        let mut scene = Scene::default();
        for index in 0..parts + fields {
            let place = Transform::default();
            let node = scene.add_solid(place, Shape::Box(Vec3::ONE), None);
            let is_part = index < parts;
            let node = &mut scene.nodes[node.index()];
            node.physics.collider = None;
            node.physics.trigger = Some(TriggerPart {
                geometry: is_part.then_some(Geometry::Shape(0)),
                nodes: (0..parts).filter(|_| !is_part).map(NodeIndex).collect(),
                filter: None,
            });
            node.gravity = (!is_part).then_some(GravityField {
                kind: GravityKind::Point,
                strength: 1.0,
                unit_distance: 0.0,
                priority: 0,
                is_replacing: false,
                is_last: false,
            });
        }
        scene
    }

    #[test]
    fn fields_share_the_volumes_that_they_are_made_of() {
        let gravity = Gravity::new(&fields_of(1, 2), 9.81);
        let [one, other] = gravity.fields.as_slice() else {
            panic!("there are {} fields", gravity.fields.len());
        };
        assert!(std::ptr::addr_eq(
            one.volumes[0].shape.0.as_ref(),
            other.volumes[0].shape.0.as_ref()
        ));
    }

    #[test]
    fn lines_have_so_many_points_together() {
        let mut scene = fields_of(1, 4);
        for node in &mut scene.nodes[1..] {
            let field = node.gravity.as_mut().unwrap();
            field.kind = GravityKind::Line(vec![Vec3::ZERO; MAX_LINE_POINTS + 1]);
        }
        let pulling = Gravity::new(&scene, 9.81).fields.len();
        assert_eq!(pulling, MAX_POINTS_OF_LINES / MAX_LINE_POINTS);
    }

    #[test]
    fn a_field_and_all_of_them_are_made_of_no_more_than_so_much() {
        let volumes = |parts: u32, fields: u32| {
            let gravity = Gravity::new(&fields_of(parts, fields), 9.81);
            let volumes = gravity.fields.iter().map(|field| field.volumes.len());
            volumes.collect::<Vec<usize>>()
        };
        let most = MAX_FIELD_VOLUMES as u32;
        assert_eq!(volumes(most + 1, 1), [MAX_FIELD_VOLUMES]);
        assert_eq!(volumes(most, 9).iter().sum::<usize>(), MAX_VOLUMES);
        // What has no volume is one of them too.
        let mut scene = fields_of(1, MAX_FIELDS as u32 + 1);
        for node in &mut scene.nodes[1..=MAX_FIELDS] {
            node.physics.trigger = None;
        }
        assert!(Gravity::new(&scene, 9.81).is_uniform());
    }
}
