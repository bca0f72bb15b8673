//! How many triangles of meshes count in one place. The engine makes a contact for each that is near a body, and sweeps a
//! person past each some hundred times a tick: of a million in one place that takes minutes. Meshes as people make them stay far
//! below these numbers, since [`coarse`](crate::coarse) thins them out where they are crowded.

use glam::Vec3;
use rapier3d::{
    geometry::{ContactData, ContactManifoldData},
    parry::{
        bounding_volume::{Aabb, BoundingVolume},
        query::{
            ClosestPoints, Contact, ContactManifold, DefaultQueryDispatcher as Engine,
            NonlinearRigidMotion, PersistentQueryDispatcher, QueryDispatcher, ShapeCastHit,
            ShapeCastOptions, Unsupported,
            details::{ContactManifoldsWorkspace, NormalConstraints},
        },
        shape::TriMesh,
    },
    prelude::{ColliderHandle, Pose, QueryPipeline, Shape},
};
use std::collections::HashSet;

/// Most triangles of one mesh near another collider, for each square metre of half the surface of the bounds that are looked
/// into, of which there are always thought to be some. A mesh with more there is not met.
const MAX_NEAR_A_SQUARE_METRE: f32 = 1_000.0;
const LEAST_SQUARE_METRES: f32 = 2.0;
/// However large that is.
const MAX_NEAR_A_COLLIDER: usize = 30_000;
/// Most triangles of all meshes near a person: twice what floors and walls have that are as fine as they stay.
const MAX_NEAR_A_PERSON: usize = 2_000;

/// Asks the engine, but for what is crowded: that is not there.
pub(crate) struct Uncrowded;

/// What is not in the way of somebody who stays within bounds, world space: of meshes with more triangles there than count,
/// those with the most.
pub(crate) fn not_in_the_way(world: &QueryPipeline<'_>, bounds: Aabb) -> HashSet<ColliderHandle> {
    let near = world.intersect_aabb_conservative(bounds);
    let mut meshes: Vec<(usize, ColliderHandle)> = near
        .filter_map(|(handle, collider)| {
            let mesh = collider.shape().as_trimesh()?;
            let bounds = bounds.transform_by(&collider.position().inverse());
            Some((count(mesh, &bounds, MAX_NEAR_A_PERSON), handle))
        })
        .collect();
    if meshes.iter().map(|(near, _)| near).sum::<usize>() <= MAX_NEAR_A_PERSON {
        return HashSet::new();
    }
    meshes.sort_unstable_by_key(|(near, handle)| (*near, handle.into_raw_parts()));
    let mut room = MAX_NEAR_A_PERSON;
    let in_the_way = meshes.iter().take_while(|(near, _)| {
        room.checked_sub(*near).is_some_and(|left| {
            room = left;
            true
        })
    });
    let in_the_way = in_the_way.count();
    meshes[in_the_way..]
        .iter()
        .map(|(_, handle)| *handle)
        .collect()
}

/// Triangles of a mesh whose bounds meet these, in the space of the mesh; no more than one above `most` are counted.
fn count(mesh: &TriMesh, bounds: &Aabb, most: usize) -> usize {
    mesh.bvh().intersect_aabb(bounds).take(most + 1).count()
}

/// True when one is a mesh of which too much is near the other, or near where that comes: `from_first` is the second's pose in
/// the space of the first, which moves by `way` there.
fn is_crowded(
    from_first: &Pose,
    way: Vec3,
    first: &dyn Shape,
    second: &dyn Shape,
    reach: f32,
) -> bool {
    let is_crowded = |mesh: &TriMesh, other: &dyn Shape, pose: &Pose, way: Vec3| {
        let total = mesh.indices().len();
        if total as f32 <= MAX_NEAR_A_SQUARE_METRE * LEAST_SQUARE_METRES {
            return false;
        }
        let here = other.compute_aabb(pose);
        let bounds = here.merged(&here.translated(way)).loosened(reach);
        let size = bounds.half_area_or_perimeter().max(LEAST_SQUARE_METRES);
        let most = (size * MAX_NEAR_A_SQUARE_METRE) as usize;
        let most = most.min(MAX_NEAR_A_COLLIDER);
        total > most && count(mesh, &bounds, most) > most
    };
    let of_first = first
        .as_trimesh()
        .is_some_and(|mesh| is_crowded(mesh, second, from_first, way));
    of_first
        || second.as_trimesh().is_some_and(|mesh| {
            let from_second = from_first.inverse();
            is_crowded(mesh, first, &from_second, from_second.rotation * -way)
        })
}

impl QueryDispatcher for Uncrowded {
    fn intersection_test(
        &self,
        pos12: &Pose,
        g1: &dyn Shape,
        g2: &dyn Shape,
    ) -> Result<bool, Unsupported> {
        if is_crowded(pos12, Vec3::ZERO, g1, g2, 0.0) {
            return Ok(false);
        }
        Engine.intersection_test(pos12, g1, g2)
    }

    /// Of a crowded mesh as of any: nothing here asks for it.
    fn distance(&self, pos12: &Pose, g1: &dyn Shape, g2: &dyn Shape) -> Result<f32, Unsupported> {
        Engine.distance(pos12, g1, g2)
    }

    fn contact(
        &self,
        pos12: &Pose,
        g1: &dyn Shape,
        g2: &dyn Shape,
        prediction: f32,
    ) -> Result<Option<Contact>, Unsupported> {
        if is_crowded(pos12, Vec3::ZERO, g1, g2, prediction) {
            return Ok(None);
        }
        Engine.contact(pos12, g1, g2, prediction)
    }

    fn closest_points(
        &self,
        pos12: &Pose,
        g1: &dyn Shape,
        g2: &dyn Shape,
        max_dist: f32,
    ) -> Result<ClosestPoints, Unsupported> {
        if is_crowded(pos12, Vec3::ZERO, g1, g2, max_dist) {
            return Ok(ClosestPoints::Disjoint);
        }
        Engine.closest_points(pos12, g1, g2, max_dist)
    }

    fn cast_shapes(
        &self,
        pos12: &Pose,
        local_vel12: Vec3,
        g1: &dyn Shape,
        g2: &dyn Shape,
        options: ShapeCastOptions,
    ) -> Result<Option<ShapeCastHit>, Unsupported> {
        let way = local_vel12 * options.max_time_of_impact;
        if is_crowded(pos12, way, g1, g2, options.target_distance) {
            return Ok(None);
        }
        Engine.cast_shapes(pos12, local_vel12, g1, g2, options)
    }

    /// Along a straight line, without turning: the engine asks this of fast cylinders alone, so that they go through nothing, and
    /// with their turn thin ones beside a fine mesh take seconds.
    fn cast_shapes_nonlinear(
        &self,
        motion1: &NonlinearRigidMotion,
        g1: &dyn Shape,
        motion2: &NonlinearRigidMotion,
        g2: &dyn Shape,
        start_time: f32,
        end_time: f32,
        stop_at_penetration: bool,
    ) -> Result<Option<ShapeCastHit>, Unsupported> {
        let at = |time: f32| {
            let first = motion1.position_at_time(time);
            first.inv_mul(&motion2.position_at_time(time))
        };
        let (start, end) = (at(start_time), at(end_time));
        let secs = end_time - start_time;
        let velocity = (end.translation - start.translation) / secs;
        if !velocity.is_finite() {
            return Ok(None);
        }
        let options = ShapeCastOptions {
            stop_at_penetration,
            ..ShapeCastOptions::with_max_time_of_impact(secs)
        };
        let hit = self.cast_shapes(&start, velocity, g1, g2, options)?;
        Ok(hit.map(|hit| ShapeCastHit {
            time_of_impact: start_time + hit.time_of_impact,
            ..hit
        }))
    }
}

impl PersistentQueryDispatcher<ContactManifoldData, ContactData> for Uncrowded {
    fn contact_manifolds(
        &self,
        pos12: &Pose,
        g1: &dyn Shape,
        g2: &dyn Shape,
        prediction: f32,
        manifolds: &mut Vec<ContactManifold<ContactManifoldData, ContactData>>,
        workspace: &mut Option<ContactManifoldsWorkspace>,
    ) -> Result<(), Unsupported> {
        if is_crowded(pos12, Vec3::ZERO, g1, g2, prediction) {
            // The workspace names manifolds by their number.
            manifolds.clear();
            *workspace = None;
            return Ok(());
        }
        Engine.contact_manifolds(pos12, g1, g2, prediction, manifolds, workspace)
    }

    fn contact_manifold_convex_convex(
        &self,
        pos12: &Pose,
        g1: &dyn Shape,
        g2: &dyn Shape,
        normal_constraints1: Option<&dyn NormalConstraints>,
        normal_constraints2: Option<&dyn NormalConstraints>,
        prediction: f32,
        manifold: &mut ContactManifold<ContactManifoldData, ContactData>,
    ) -> Result<(), Unsupported> {
        Engine.contact_manifold_convex_convex(
            pos12,
            g1,
            g2,
            normal_constraints1,
            normal_constraints2,
            prediction,
            manifold,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rapier3d::{
        parry::partitioning::Bvh,
        prelude::{ColliderBuilder, ColliderSet, QueryFilter, RigidBodySet},
    };

    #[test]
    fn of_many_meshes_near_somebody_the_most_crowded_are_not_in_the_way() {
        let mut colliders = ColliderSet::new();
        let mut bvh = Bvh::new();
        let mut mesh = |count: u32, place: Vec3| {
            let points = vec![place, place + Vec3::X, place + Vec3::Y];
            let faces = vec![[0, 1, 2]; count as usize];
            let collider = ColliderBuilder::trimesh(points, faces).unwrap().build();
            let bounds = collider.compute_aabb();
            let handle = colliders.insert(collider);
            bvh.insert(bounds, handle.into_raw_parts().0);
            handle
        };
        let crowded: Vec<ColliderHandle> = (0..5).map(|_| mesh(900, Vec3::ZERO)).collect();
        let plain = mesh(300, Vec3::ZERO);
        mesh(100_000, Vec3::X * 50.0);
        let world = QueryPipeline {
            dispatcher: &Uncrowded,
            bvh: &bvh,
            bodies: &RigidBodySet::new(),
            colliders: &colliders,
            filter: QueryFilter::default(),
        };
        let left_out = not_in_the_way(&world, Aabb::new(Vec3::ZERO, Vec3::ONE));
        assert_eq!(left_out.len(), 4);
        assert!(!left_out.contains(&plain));
        assert!(left_out.iter().all(|handle| crowded.contains(handle)));
        let elsewhere = Aabb::new(Vec3::splat(9.0), Vec3::splat(10.0));
        assert!(not_in_the_way(&world, elsewhere).is_empty());
    }
}
