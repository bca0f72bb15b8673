//! How many colliders may be in one place. In each step the engine lists all two whose bounds meet and of which one moved, before
//! it asks whether they could touch, and keeps those of which forces move one: a hundred thousand in one spot would fill the
//! memory, at once or when what moves has come together.

use rapier3d::parry::{bounding_volume::Aabb, partitioning::Bvh};
use scene::NodeIndex;

/// Most pairs of colliders and triggers whose bounds meet where the file has them; the engine takes 8 bytes for each. What
/// would bring more is not solid.
const MAX_PAIRS: usize = 16_000_000;
/// Most of these of which forces move one, however it turns, and most of one collider that they move: the engine keeps each, in
/// some hundred bytes, and finds it among those of a collider one by one.
const MAX_KEPT_PAIRS: usize = 60_000;
const MAX_KEPT_PAIRS_OF_ONE: usize = 2_000;
/// Most pairs that could meet wherever forces take what they move: of all of that with everything there.
const MAX_FREE_PAIRS: u64 = 64_000_000;
/// The same of what animations and velocities move, which they may take anywhere: each pair is looked at in each step.
const MAX_LED_PAIRS: u64 = 16_000_000;

/// What becomes of a collider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mobility {
    Still,
    /// An animation or a velocity moves it, whatever it meets.
    Led,
    /// Forces move it, as a part of this body.
    Free(NodeIndex),
}

/// Bounds of what is solid so far.
pub(crate) struct Overlaps {
    tree: Bvh,
    /// Of each in the tree: the body that forces move.
    free: Vec<Option<NodeIndex>>,
    /// Pairs that may still come.
    room: usize,
    room_of_kept: usize,
    /// Colliders that may still come that move so.
    room_of_free: u64,
    room_of_led: u64,
}

impl Overlaps {
    /// Of a world with at most so many colliders and triggers, and so many of what people place.
    pub(crate) fn new(most: u64, placed: u64) -> Self {
        Self {
            tree: Bvh::new(),
            free: Vec::new(),
            room: MAX_PAIRS,
            room_of_kept: MAX_KEPT_PAIRS,
            room_of_free: MAX_FREE_PAIRS / (most + placed).max(1),
            room_of_led: MAX_LED_PAIRS / most.max(1),
        }
    }

    /// Takes in what is within such bounds, world space; of what is free, wherever it turns. False when it would meet too much, or
    /// could; from then on of what meets too much only what meets nothing is taken in, so that no more is looked at.
    pub(crate) fn admit(&mut self, bounds: Aabb, mobility: Mobility) -> bool {
        let mut of_those_that_stay = u64::MAX;
        let (body, room_of_kind) = match mobility {
            Mobility::Free(body) => (Some(body), &mut self.room_of_free),
            Mobility::Led => (None, &mut self.room_of_led),
            Mobility::Still => (None, &mut of_those_that_stay),
        };
        if *room_of_kind == 0 {
            return false;
        }
        let (mut met, mut kept) = (0, 0);
        for other in self.tree.intersect_aabb(&bounds) {
            let other = self.free[other as usize];
            met += 1;
            // Parts of one body never meet.
            kept += usize::from(body.or(other).is_some() && body != other);
            if met > self.room {
                self.room = 0;
                return false;
            }
            if kept > self.room_of_kept {
                self.room_of_kept = 0;
                return false;
            }
            if body.is_some() && kept > MAX_KEPT_PAIRS_OF_ONE {
                return false;
            }
        }
        self.room -= met;
        self.room_of_kept -= kept;
        *room_of_kind -= 1;
        self.tree.insert(bounds, self.free.len() as u32);
        self.free.push(body);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Mobility::*, *};
    use glam::Vec3;

    fn at(place: f32) -> Aabb {
        Aabb::new(Vec3::X * place, Vec3::X * place + Vec3::splat(0.5))
    }

    #[test]
    fn what_is_apart_is_taken_in_and_what_is_in_one_place_only_to_a_number() {
        let mut overlaps = Overlaps::new(100_000, 0);
        assert!((0..10_000).all(|index| overlaps.admit(at(index as f32), Still)));
        assert_eq!(overlaps.room, MAX_PAIRS);
        // A floor below all of it.
        let floor = Aabb::new(Vec3::ZERO, Vec3::new(10_000.0, 0.1, 1.0));
        assert!(overlaps.admit(floor, Still));
        assert_eq!(overlaps.room, MAX_PAIRS - 10_000);

        let crowd = (0..100_000).filter(|_| overlaps.admit(at(-5.0), Still));
        let crowd = crowd.count();
        assert!(crowd * (crowd - 1) / 2 <= MAX_PAIRS, "{crowd}");
        assert!(crowd > 5_000, "{crowd}");
        assert!(overlaps.admit(at(-50.0), Still) && !overlaps.admit(at(5.0), Still));
    }

    /// Each a body of its own.
    fn free(index: u32) -> Mobility {
        Free(NodeIndex(index))
    }

    #[test]
    fn of_what_forces_move_less_is_in_one_place() {
        let mut overlaps = Overlaps::new(2_000, 0);
        let standing = (0..900).filter(|_| overlaps.admit(at(0.0), Still));
        assert_eq!(standing.count(), 900);
        let crowd = (0..2_000).filter(|index| overlaps.admit(at(0.0), free(*index)));
        let crowd = crowd.count();
        assert!((50..80).contains(&crowd), "{crowd}");
        assert!(overlaps.admit(at(20.0), free(0)), "elsewhere there is room");

        let mut overlaps = Overlaps::new(2_000, 0);
        let of_one_body = (0..900).filter(|_| overlaps.admit(at(0.0), free(7)));
        assert_eq!(of_one_body.count(), 900);
        let standing = (0..2_000).filter(|_| overlaps.admit(at(0.0), Still));
        let standing = standing.count();
        assert!((50..80).contains(&standing), "{standing}");

        let mut overlaps = Overlaps::new(10_000, 0);
        assert!((0..3_000).all(|index| overlaps.admit(at(index as f32), Still)));
        let hub = Aabb::new(Vec3::ZERO, Vec3::splat(3_000.0));
        assert!(!overlaps.admit(hub, free(0)) && overlaps.admit(hub, Led));
    }

    #[test]
    fn what_moves_may_meet_everything() {
        for (mobility, most) in [(Led, 160), (free(3), 640)] {
            let mut overlaps = Overlaps::new(100_000, 0);
            let places = (0..2_000).map(|index| at(index as f32));
            let moving = places.filter(|place| overlaps.admit(*place, mobility));
            assert_eq!(moving.count(), most);
            assert!(
                overlaps.admit(at(-5.0), Still),
                "what stands still is solid"
            );
        }
        // As many bodies as there may be, on a floor, with all things that people may place.
        let mut overlaps = Overlaps::new(3_001, 64 * 256);
        assert!((0..3_000).all(|index| overlaps.admit(at(index as f32), free(index))));
    }
}
