//! What moves by itself on a body: followers of other nodes, hair and cloth. Far away nobody sees it, so only the nearest
//! people have it.

use super::{Dressed, Figure};
use crate::camera::Eye;
use bevy::prelude::*;
use scene::apply_constraints;

/// Metres within which faces move.
const FACE_METRES: f32 = 16.0;
/// Metres within which hair and cloth swing.
const SPRING_METRES: f32 = 28.0;
/// Most people whose hair and cloth swing at once.
const MOST_SPRINGING: usize = 32;
/// A figure that moves further between two frames was put elsewhere, metres.
const TELEPORT_METRES: f32 = 2.0;

/// How much of a person is worth computing this frame.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Attention {
    pub(super) has_face: bool,
    has_springs: bool,
    /// Where the figure stood in the frame before.
    stood: Option<Vec3>,
}

/// Decides from the distance to the eye.
pub(super) fn attend(
    eyes: Query<&Transform, With<Eye>>,
    mut figures: Query<(&Transform, &mut Attention), With<Figure>>,
) {
    let Some(eye) = eyes.iter().next() else {
        return;
    };
    let mut near: Vec<(f32, Mut<Attention>)> = figures
        .iter_mut()
        .map(|(place, attention)| (place.translation.distance(eye.translation), attention))
        .collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (rank, (metres, attention)) in near.iter_mut().enumerate() {
        (attention.has_face, attention.has_springs) = deserves(*metres, rank);
    }
}

/// Face and springs of somebody at a distance, when so many are nearer.
fn deserves(metres: f32, nearer: usize) -> (bool, bool) {
    (
        metres < FACE_METRES,
        metres < SPRING_METRES && nearer < MOST_SPRINGING,
    )
}

/// Constraints first, then springs, as VRM orders them.
pub(super) fn follow(
    time: Res<Time<Real>>,
    mut figures: Query<(&Transform, &mut Dressed, &mut Attention), With<Figure>>,
) {
    for (place, mut dressed, mut attention) in &mut figures {
        let body = &mut dressed.0;
        let avatar = &body.look.avatar;
        let position = place.translation;
        apply_constraints(&avatar.constraints, &mut body.skeleton);
        let stood = attention.stood.replace(position);
        let is_elsewhere = stood.is_none_or(|stood| stood.distance(position) > TELEPORT_METRES);
        if !attention.has_springs || body.springs.is_empty() {
            // Who comes near again starts at rest.
            attention.stood = None;
            continue;
        }
        if is_elsewhere {
            body.springs.reset();
        }
        body.skeleton.place(position, place.rotation);
        body.springs
            .advance(&avatar.springs, &mut body.skeleton, time.delta_secs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_nearest_people_are_computed_in_full() {
        assert_eq!(deserves(3.0, 0), (true, true));
        assert_eq!(deserves(20.0, 5), (false, true));
        assert_eq!(deserves(40.0, 5), (false, false));
        assert_eq!(deserves(10.0, 99), (true, false));
    }
}
