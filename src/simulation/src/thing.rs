//! Things that are put into a running world and taken out of it again: they stand still, and are solid.

use crate::{
    coarse::{self, Triangles},
    filter::PLAIN_GROUP,
    shape::{self, PlacedCollider},
    surface::Surface,
    world::Simulation,
};
use bevy::prelude::{Component, Entity, Transform};
use bevy_rapier3d::prelude::{ActiveHooks, Collider, CollisionGroups, Group};
use glam::{Affine3A, Quat, Vec3};
use rapier3d::{
    parry::shape::TriMesh,
    prelude::{ColliderHandle, Pose},
};
use scene::{NoSideFiles, Prop, Scene, limits::MAX_PROP_METRES};

/// A file that may be placed, with what is solid of it.
pub struct Thing {
    /// What it is made of.
    pub prop: Prop,
    /// What is solid of it.
    pub shape: ThingShape,
    /// Lowest and highest corner of what is seen and of what is solid, in the file's own space, metres.
    pub bounds: (Vec3, Vec3),
}

/// What is solid of a thing, ready for any number of places. It takes a moment to make and none to copy.
#[derive(Clone, Default)]
pub struct ThingShape(Vec<Part>);

/// On each collider of a thing: whose it is.
#[derive(Component, Clone, Copy)]
struct OfThing(u64);

#[derive(Clone)]
struct Part {
    collider: Collider,
    /// In the file's own space.
    translation: Vec3,
    rotation: Quat,
    surface: Surface,
}

impl Thing {
    /// Sends a file through the gate, which is the same for who brings it, for the server and for who fetches it.
    ///
    /// # Errors
    /// One line that is fit to show: a fault of [`scene::load_prop`], or solids that reach too far.
    pub fn load(bytes: &[u8]) -> Result<Self, String> {
        let prop = scene::load_prop(bytes, &NoSideFiles).map_err(|error| error.to_string())?;
        let shape = ThingShape::of(&prop.scene);
        let (low, high) = prop.bounds;
        let bounds = shape.bounds().map_or((low, high), |(lower, higher)| {
            (low.min(lower), high.max(higher))
        });
        let farthest = bounds.0.abs().max(bounds.1.abs()).max_element();
        if farthest.is_nan() || farthest > MAX_PROP_METRES {
            return Err(format!(
                "what is solid of it reaches further than {MAX_PROP_METRES} m from its origin"
            ));
        }
        Ok(Self {
            prop,
            shape,
            bounds,
        })
    }
}

impl ThingShape {
    /// What is solid of a file: its colliders where it describes physics, else what it draws. All of it stands still,
    /// also what the file would let fall; triggers and collision filters mean nothing in a world of somebody else.
    #[must_use]
    pub fn of(scene: &Scene) -> Self {
        let part = |placed: PlacedCollider, surface| Part {
            collider: placed.collider,
            translation: placed.translation,
            rotation: placed.rotation,
            surface,
        };
        let mut parts = Vec::new();
        for node in scene.nodes_in_scene() {
            let described = &scene.nodes[node.index()];
            let world_from_node = scene.world_from_node(node);
            if let Some(own) = described.physics.collider {
                let material = own.material;
                let material =
                    material.and_then(|index| scene.physics.materials.get(index as usize));
                let surface = Surface(material.copied().unwrap_or_default());
                let placed = shape::place(scene, node, own.geometry, &world_from_node, false);
                parts.extend(placed.into_iter().map(|placed| part(placed, surface)));
            }
            if scene.physics.is_described || scene.is_hidden(node) {
                continue;
            }
            let Some(mesh) = described.mesh else { continue };
            let places = shape::instances(described, world_from_node).into_iter();
            let placed = places.filter_map(|place: Affine3A| shape::drawn(scene, mesh, &place));
            parts.extend(placed.map(|placed| part(placed, Surface::default())));
        }
        thin_out(&mut parts);
        Self(parts)
    }

    /// Lowest and highest corner in the file's own space; `None` when nothing is solid.
    #[must_use]
    pub fn bounds(&self) -> Option<(Vec3, Vec3)> {
        let boxes = self.0.iter().map(|part| {
            let pose = Pose::from_parts(part.translation, part.rotation);
            let bounds = part.collider.raw.compute_aabb(&pose);
            (bounds.mins, bounds.maxs)
        });
        boxes.reduce(|(low, high), (lower, higher)| (low.min(lower), high.max(higher)))
    }
}

/// Makes meshes coarser that are crowded together.
fn thin_out(parts: &mut Vec<Part>) {
    let meshes = parts.iter().filter_map(Part::mesh);
    let meshes: Vec<Triangles> = meshes
        .map(|mesh| (mesh.vertices().to_vec(), mesh.indices().to_vec()))
        .collect();
    let Some(thinned) = coarse::solid_together(&meshes) else {
        return;
    };
    let mut thinned = thinned.into_iter();
    parts.retain_mut(|part| {
        if part.mesh().is_none() {
            return true;
        }
        let (points, faces) = thinned.next().unwrap_or_default();
        let collider = (!faces.is_empty()).then(|| Collider::trimesh(points, faces).ok());
        let collider = collider.flatten();
        let is_left = collider.is_some();
        part.collider = collider.unwrap_or_else(|| part.collider.clone());
        is_left
    });
}

impl Part {
    /// Its triangles where they lie in the file's own space, as those of all meshes do.
    fn mesh(&self) -> Option<&TriMesh> {
        let is_at_origin = self.translation == Vec3::ZERO && self.rotation == Quat::IDENTITY;
        self.collider.raw.as_trimesh().filter(|_| is_at_origin)
    }
}

const _: () = assert!(
    scene::limits::MAX_PROP_BYTES == protocol::limits::MAX_THING_BYTES,
    "what a check lets pass may be sent"
);

impl Simulation {
    /// Puts a thing into the world, its origin at `position`, turned by `yaw` about +Y. It is solid from the next step
    /// on. A thing of the same id goes before; nothing is put where a number is none.
    pub fn add_thing(&mut self, id: u64, shape: &ThingShape, position: Vec3, yaw: f32) {
        self.remove_thing(id);
        if !position.is_finite() || !yaw.is_finite() {
            return;
        }
        let turn = Quat::from_rotation_y(yaw);
        let spawned: Vec<Entity> = (shape.0.iter())
            .map(|part| {
                let mut entity = self.world.spawn((
                    OfThing(id),
                    part.collider.clone(),
                    Transform::from_translation(position + turn * part.translation)
                        .with_rotation(turn * part.rotation),
                    part.surface.components(),
                    part.surface,
                    CollisionGroups::new(PLAIN_GROUP, Group::all()),
                ));
                if part.surface.has_own_rules() {
                    entity.insert(ActiveHooks::MODIFY_SOLVER_CONTACTS);
                }
                entity.id()
            })
            .collect();
        self.things.insert(id, spawned);
    }

    /// Takes a thing out of the world; what lay on it falls.
    pub fn remove_thing(&mut self, id: u64) {
        for part in self.things.remove(&id).into_iter().flatten() {
            self.world.despawn(part);
        }
    }

    pub(crate) fn thing_of_collider(&self, collider: ColliderHandle) -> Option<u64> {
        let collider = self.colliders()?.colliders.get(collider)?;
        let entity = Entity::try_from_bits(collider.user_data as u64)?;
        self.world.get::<OfThing>(entity).map(|thing| thing.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meshes_of_a_thing_that_are_crowded_together_are_thinned_out_and_nothing_else_is() {
        let part = |collider, translation| Part {
            collider,
            translation,
            rotation: Quat::IDENTITY,
            surface: Surface::default(),
        };
        // Triangles around one axis, each turned a little further.
        let fan = |number: u32| {
            let corner = |index: u32| {
                let angle = (index * 201 + number) as f32 * 0.01;
                Vec3::new(angle.cos(), (index % 3) as f32, angle.sin())
            };
            let faces = (0..1_000u32).map(|face| [face * 3, face * 3 + 1, face * 3 + 2]);
            Collider::trimesh((0..3_000).map(corner).collect(), faces.collect()).unwrap()
        };
        let ground = Collider::trimesh(vec![Vec3::ZERO, Vec3::Z, Vec3::X], vec![[0, 1, 2]]);
        let mut parts: Vec<Part> = (0..40)
            .map(|number| part(fan(number), Vec3::ZERO))
            .collect();
        parts.push(part(ground.unwrap(), Vec3::Y));
        parts.push(part(shape::block(Vec3::ONE), Vec3::ZERO));
        let count = |parts: &[Part]| {
            let meshes = parts.iter().filter_map(Part::mesh);
            meshes.map(|mesh| mesh.indices().len()).sum::<usize>()
        };
        assert_eq!(count(&parts), 40_000);
        thin_out(&mut parts);
        assert!(
            (1_000..=24_000).contains(&count(&parts)),
            "{}",
            count(&parts)
        );
        let others: Vec<&Part> = parts.iter().filter(|part| part.mesh().is_none()).collect();
        assert_eq!(others.len(), 2);
        assert_eq!(others[0].translation, Vec3::Y);

        let mut few = vec![part(fan(0), Vec3::ZERO)];
        thin_out(&mut few);
        assert_eq!(count(&few), 1_000);
    }
}
