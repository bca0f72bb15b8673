//! Sounds stay with their nodes: a radio that is carried away is heard from where it is.

use super::{emitters::Speaker, mixer::Command};
use crate::{app::order::ClientSystems, scenery::NodeEntities};
use bevy::{math::Affine3A, prelude::*};
use scene::NodeIndex;
use std::collections::BTreeMap;

/// Nobody hears that something moved by less, in metres.
const LEAST_METRES: f32 = 0.01;
/// Nor that it turned by less, as the cosine of the angle.
const LEAST_TURN: f32 = 0.999;

/// Where the loudspeaker was last told that nodes are, and where they point.
#[derive(Resource, Default)]
pub(super) struct Told(pub(super) BTreeMap<NodeIndex, (Vec3, Vec3)>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Told>().add_systems(
        Update,
        follow
            .in_set(ClientSystems::Show)
            .run_if(resource_exists::<Speaker>),
    );
}

/// Tells the loudspeaker of nodes that sound and have moved.
fn follow(
    speaker: Res<Speaker>,
    entities: Option<Res<NodeEntities>>,
    mut told: ResMut<Told>,
    places: Query<Ref<GlobalTransform>>,
) {
    let Some(entities) = entities else { return };
    for (&node, last) in &mut told.0 {
        let entity = entities.0.get(&node);
        // The engine has yet to compute the place of what was only just spawned.
        let place = entity.and_then(|&entity| places.get(entity).ok());
        let Some(place) = place.filter(|place| !place.is_added()) else {
            continue;
        };
        let Some((position, forward)) = moved(*last, &place.affine()) else {
            continue;
        };
        *last = (position, forward);
        speaker.send(Command::Move {
            source: node.0,
            position,
            forward,
        });
    }
}

/// Where a node is and where it points, when that is heard to differ from what was told last.
fn moved((position, forward): (Vec3, Vec3), place: &Affine3A) -> Option<(Vec3, Vec3)> {
    let now = Vec3::from(place.translation);
    let ahead = place.transform_vector3(Vec3::NEG_Z);
    let ahead = ahead.try_normalize().unwrap_or(forward);
    let is_heard = now.distance(position) >= LEAST_METRES || ahead.dot(forward) <= LEAST_TURN;
    (now.is_finite() && is_heard).then_some((now, ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_or_turns_is_told_and_what_rests_is_not() {
        let told = (Vec3::X, Vec3::NEG_Z);
        let at = |x: f32, turn: f32| {
            Affine3A::from_rotation_translation(Quat::from_rotation_y(turn), Vec3::X * x)
        };
        assert_eq!(moved(told, &at(1.001, 0.01)), None);
        assert_eq!(
            moved(told, &at(3.0, 0.0)),
            Some((Vec3::X * 3.0, Vec3::NEG_Z))
        );
        let (place, ahead) = moved(told, &at(1.0, std::f32::consts::FRAC_PI_2)).unwrap();
        assert!(place == Vec3::X && ahead.abs_diff_eq(Vec3::NEG_X, 1e-5));
        // Something without extent points where it did; something without a place is not told.
        let nothing = Affine3A::from_scale(Vec3::ZERO);
        assert_eq!(moved(told, &nothing), Some((Vec3::ZERO, Vec3::NEG_Z)));
        assert_eq!(moved(told, &Affine3A::from_translation(Vec3::NAN)), None);
    }
}
