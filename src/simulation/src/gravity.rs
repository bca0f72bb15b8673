//! Gravity of a place: that of the world, and volumes with their own (OMI_physics_gravity).

use crate::{place::frame, rules::TICK_SECS, shape, world::Simulation};
use glam::{Affine3A, Vec3};
use rapier3d::prelude::{Pose, SharedShape};
use scene::{Geometry, GravityField, GravityKind, NodeIndex, Scene, limits::MAX_GRAVITY};

/// Nearer to its centre than this, in metres, a field pulls nowhere in particular.
const NO_WAY_METRES: f32 = 1.0e-3;
/// Who is so near to a field may have come out of it in one jump, metres.
const NEAR_METRES: f32 = 20.0;
/// Most fields of a world.
const MAX_FIELDS: usize = 256;
/// Most points of a line that pulls.
const MAX_LINE_POINTS: usize = 1_024;

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
    volumes: Vec<(Pose, SharedShape)>,
    world_from_node: Affine3A,
    /// The body that a shaped field pulls to, in world space.
    target: Option<(Pose, SharedShape)>,
}

impl Gravity {
    /// `down` is what the world's rules say; the file may add a pull sideways or upwards, which rules do not know.
    pub(crate) fn new(scene: &Scene, down: f32) -> Self {
        let stated = scene.physics.gravity.unwrap_or_default();
        let mut fields: Vec<Field> = scene
            .nodes_in_scene()
            .into_iter()
            .filter_map(|node| Field::new(scene, node))
            .take(MAX_FIELDS)
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
    fn new(scene: &Scene, node: NodeIndex) -> Option<Self> {
        let described = scene.nodes[node.index()].gravity.clone()?;
        let trigger = scene.nodes[node.index()].physics.trigger.as_ref()?;
        let parts = trigger.nodes.iter().copied().chain([node]);
        let volumes: Vec<(Pose, SharedShape)> = parts
            .filter_map(|part| {
                let trigger = scene.nodes[part.index()].physics.trigger.as_ref()?;
                Some((part, trigger.geometry?))
            })
            .flat_map(|(part, geometry)| placed(scene, part, geometry))
            .collect();
        let target = match described.kind {
            GravityKind::Shaped(shape) => Some(placed(scene, node, Geometry::Shape(shape)).pop()?),
            _ => None,
        };
        (!volumes.is_empty()).then(|| Self {
            described,
            volumes,
            world_from_node: scene.world_from_node(node),
            target,
        })
    }

    fn holds(&self, point: Vec3) -> bool {
        self.volumes
            .iter()
            .any(|(pose, shape)| shape.contains_point(pose, point))
    }

    fn is_near(&self, point: Vec3) -> bool {
        self.volumes
            .iter()
            .any(|(pose, shape)| shape.distance_to_point(pose, point, true) < NEAR_METRES)
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

fn placed(scene: &Scene, node: NodeIndex, geometry: Geometry) -> Vec<(Pose, SharedShape)> {
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
            (pose, part.collider.raw)
        })
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
            let Some(state) = self.body(index).filter(|state| !state.is_sleeping) else {
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
                && body.is_dynamic()
            {
                let speed = difference * body.gravity_scale() * TICK_SECS;
                body.set_linvel(body.linvel() + speed, false);
            }
        }
    }
}
