//! How many colliders may be in one place: the engine lists all two whose bounds meet before it asks whether they could touch, so
//! a hundred thousand in one spot would fill the memory.

use rapier3d::parry::{bounding_volume::Aabb, partitioning::Bvh};

/// Most pairs of colliders and triggers whose bounds meet where the file has them. What would bring more is not solid.
const MAX_PAIRS: usize = 16_000_000;

/// Bounds of what is solid so far.
pub(crate) struct Overlaps {
    tree: Bvh,
    count: u32,
    /// Pairs that may still come.
    room: usize,
}

impl Overlaps {
    pub(crate) fn new() -> Self {
        Self {
            tree: Bvh::new(),
            count: 0,
            room: MAX_PAIRS,
        }
    }

    /// Takes in what is within such bounds, world space. False when it would meet too much; from then on only what meets nothing
    /// is taken in, so that no more is looked at.
    pub(crate) fn admit(&mut self, bounds: Aabb) -> bool {
        let met = self.tree.intersect_aabb(&bounds).take(self.room + 1);
        let met = met.count();
        if met > self.room {
            self.room = 0;
            return false;
        }
        self.room -= met;
        self.tree.insert(bounds, self.count);
        self.count += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec3;

    fn at(place: f32) -> Aabb {
        Aabb::new(Vec3::X * place, Vec3::X * place + Vec3::splat(0.5))
    }

    #[test]
    fn what_is_apart_is_taken_in_and_what_is_in_one_place_only_to_a_number() {
        let mut overlaps = Overlaps::new();
        assert!((0..10_000).all(|index| overlaps.admit(at(index as f32))));
        assert_eq!(overlaps.room, MAX_PAIRS);
        // A floor below all of it.
        let floor = Aabb::new(Vec3::ZERO, Vec3::new(10_000.0, 0.1, 1.0));
        assert!(overlaps.admit(floor));
        assert_eq!(overlaps.room, MAX_PAIRS - 10_000);

        let crowd = (0..100_000).filter(|_| overlaps.admit(at(-5.0)));
        let crowd = crowd.count();
        assert!(crowd * (crowd - 1) / 2 <= MAX_PAIRS, "{crowd}");
        assert!(crowd > 5_000, "{crowd}");
        assert!(overlaps.admit(at(-50.0)) && !overlaps.admit(at(5.0)));
    }
}
